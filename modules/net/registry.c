// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registry of network transports.
 *
 * Lock order: sfs_transports_mutex is taken with no other lock of ours held and
 * not held while a module loads.
 */
#include "net/transport.h"

enum { SFS_TRANSPORT_NAME_BYTES = 16 };

static DEFINE_MUTEX(sfs_transports_mutex);	/* guards the list */
static LIST_HEAD(sfs_transports);

static struct sfs_transport_ops *sfs_transport_find_locked(const char *name)
	__must_hold(&sfs_transports_mutex)
{
	struct sfs_transport_ops *ops;

	lockdep_assert_held(&sfs_transports_mutex);
	list_for_each_entry(ops, &sfs_transports, list) {
		if (!strcmp(ops->name, name))
			return ops;
	}
	return NULL;
}

/**
 * sfs_transport_register() - make a transport selectable by name
 * @ops: filled table; stays valid until sfs_transport_unregister()
 * @version: %SFS_NET_API_VERSION the provider was built with
 *
 * Context: Process context; takes and drops the registry mutex.
 * Return: 0, -EPROTO on version mismatch, -EEXIST when the name is taken,
 * -EINVAL for a bad name.
 */
int sfs_transport_register(struct sfs_transport_ops *ops, u32 version)
{
	int ret = 0;

	if (version != SFS_NET_API_VERSION)
		return -EPROTO;
	if (!ops->name || !ops->name[0] ||
	    strlen(ops->name) >= SFS_TRANSPORT_NAME_BYTES)
		return -EINVAL;

	mutex_lock(&sfs_transports_mutex);
	if (sfs_transport_find_locked(ops->name))
		ret = -EEXIST;
	else
		list_add_tail(&ops->list, &sfs_transports);
	mutex_unlock(&sfs_transports_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_transport_register);

/**
 * sfs_transport_unregister() - take a transport off the list
 * @ops: a registered table that nobody uses
 *
 * Context: Process context; takes and drops the registry mutex.
 */
void sfs_transport_unregister(struct sfs_transport_ops *ops)
{
	mutex_lock(&sfs_transports_mutex);
	list_del_init(&ops->list);
	mutex_unlock(&sfs_transports_mutex);
}
EXPORT_SYMBOL_GPL(sfs_transport_unregister);

/**
 * sfs_transport_for_each() - visit the names of the registered transports
 * @fn: returns false to end; registers nothing
 * @arg: passed to it
 */
void sfs_transport_for_each(bool (*fn)(void *arg, const char *name), void *arg)
{
	struct sfs_transport_ops *ops;

	mutex_lock(&sfs_transports_mutex);
	list_for_each_entry(ops, &sfs_transports, list) {
		if (!fn(arg, ops->name))
			break;
	}
	mutex_unlock(&sfs_transports_mutex);
}
EXPORT_SYMBOL_GPL(sfs_transport_for_each);

static int sfs_transport_try_get(const char *name,
				 struct sfs_transport_ops **ret)
{
	struct sfs_transport_ops *ops;

	mutex_lock(&sfs_transports_mutex);
	ops = sfs_transport_find_locked(name);
	if (ops && !try_module_get(ops->owner))
		ops = NULL;
	mutex_unlock(&sfs_transports_mutex);
	if (!ops)
		return -ENOENT;
	*ret = ops;
	return 0;
}

/**
 * sfs_transport_get() - find a transport and pin its module
 * @name: as registered
 * @ret: the table
 *
 * Loads the module scoutfs_net-<name> when it is not registered.
 *
 * Context: Process context; may load a module.
 * Return: 0, or -ENOENT.
 */
int sfs_transport_get(const char *name, struct sfs_transport_ops **ret)
{
	int error;

	if (!name[0] || strlen(name) >= SFS_TRANSPORT_NAME_BYTES)
		return -ENOENT;
	error = sfs_transport_try_get(name, ret);
#ifdef __KERNEL__
	if (error) {
		request_module("scoutfs_net-%s", name);
		error = sfs_transport_try_get(name, ret);
	}
#endif
	return error;
}
EXPORT_SYMBOL_GPL(sfs_transport_get);

/**
 * sfs_transport_put() - the transport is not used any more
 * @ops: from sfs_transport_get()
 */
void sfs_transport_put(struct sfs_transport_ops *ops)
{
	module_put(ops->owner);
}
EXPORT_SYMBOL_GPL(sfs_transport_put);
