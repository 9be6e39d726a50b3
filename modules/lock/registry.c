// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registry of lock providers: by name, of one API version, pinned while used.
 *
 * Lock order: sfs_lock_providers_mutex is taken with no other lock of ours held
 * and not held while a module loads.
 */
#include "lock/lock_priv.h"

enum { SFS_LOCK_PROVIDER_NAME_BYTES = 16 };

static DEFINE_MUTEX(sfs_lock_providers_mutex);	/* guards the two that follow */
static LIST_HEAD(sfs_lock_providers);
/* the last one with another API version: says why a module did not load */
static char sfs_lock_refused[SFS_LOCK_PROVIDER_NAME_BYTES];

static struct sfs_lock_provider_ops *
sfs_lock_provider_find_locked(const char *name)
	__must_hold(&sfs_lock_providers_mutex)
{
	struct sfs_lock_provider_ops *ops;

	lockdep_assert_held(&sfs_lock_providers_mutex);
	list_for_each_entry(ops, &sfs_lock_providers, list) {
		if (!strcmp(ops->name, name))
			return ops;
	}
	return NULL;
}

/**
 * sfs_lock_provider_register() - make a lock provider selectable by name
 * @ops: filled table; stays valid until sfs_lock_provider_unregister()
 *
 * Context: Process context; takes and drops the registry mutex.
 * Return: 0, -EPROTO when it was built for another %SFS_LOCK_API_VERSION,
 * -EEXIST when the name is taken, -EINVAL for an incomplete table.
 */
int sfs_lock_provider_register(struct sfs_lock_provider_ops *ops)
{
	int ret = 0;

	if (!ops->name || !ops->name[0] ||
	    strlen(ops->name) >= SFS_LOCK_PROVIDER_NAME_BYTES)
		return -EINVAL;

	mutex_lock(&sfs_lock_providers_mutex);
	if (ops->api_version != SFS_LOCK_API_VERSION) {
		pr_err("scoutfs: lock provider %s has API version %u, not %u\n",
		       ops->name, ops->api_version, SFS_LOCK_API_VERSION);
		strscpy(sfs_lock_refused, ops->name, sizeof(sfs_lock_refused));
		ret = -EPROTO;
	} else if (!ops->join || !ops->leave || !ops->request ||
		   !ops->released || !ops->forget) {
		ret = -EINVAL;
	} else if (sfs_lock_provider_find_locked(ops->name)) {
		ret = -EEXIST;
	} else {
		list_add_tail(&ops->list, &sfs_lock_providers);
	}
	mutex_unlock(&sfs_lock_providers_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_lock_provider_register);

/**
 * sfs_lock_provider_unregister() - take a lock provider off the list
 * @ops: a registered table
 *
 * No space uses it any more: a module that is pinned does not get here.
 *
 * Context: Process context; takes and drops the registry mutex.
 */
void sfs_lock_provider_unregister(struct sfs_lock_provider_ops *ops)
{
	mutex_lock(&sfs_lock_providers_mutex);
	list_del_init(&ops->list);
	mutex_unlock(&sfs_lock_providers_mutex);
}
EXPORT_SYMBOL_GPL(sfs_lock_provider_unregister);

void sfs_lock_provider_for_each(bool (*fn)(void *arg, const char *name),
				void *arg)
{
	struct sfs_lock_provider_ops *ops;

	mutex_lock(&sfs_lock_providers_mutex);
	list_for_each_entry(ops, &sfs_lock_providers, list) {
		if (!fn(arg, ops->name))
			break;
	}
	mutex_unlock(&sfs_lock_providers_mutex);
}
EXPORT_SYMBOL_GPL(sfs_lock_provider_for_each);

static int sfs_lock_provider_try_get(const char *name,
				     struct sfs_lock_provider_ops **ret_ops)
{
	struct sfs_lock_provider_ops *ops;
	int ret = 0;

	mutex_lock(&sfs_lock_providers_mutex);
	ops = sfs_lock_provider_find_locked(name);
	if (ops && try_module_get(ops->owner))
		*ret_ops = ops;
	else if (!ops && !strcmp(sfs_lock_refused, name))
		ret = -EPROTO;
	else
		ret = -ENOENT;
	mutex_unlock(&sfs_lock_providers_mutex);
	return ret;
}

int sfs_lock_provider_get(const char *name, struct sfs_lock_provider_ops **ret)
{
	int error;

	if (!name[0] || strlen(name) >= SFS_LOCK_PROVIDER_NAME_BYTES)
		return -ENOENT;
	error = sfs_lock_provider_try_get(name, ret);
#ifdef __KERNEL__
	if (error) {
		request_module("scoutfs_lock-%s", name);
		error = sfs_lock_provider_try_get(name, ret);
	}
#endif
	return error;
}

void sfs_lock_provider_put(struct sfs_lock_provider_ops *ops)
{
	module_put(ops->owner);
}
