// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock provider "local": one node, no network, every request is granted.
 *
 * Nobody else may have the volume mounted; the filesystem sees to that by
 * opening the devices exclusively.  Values survive their handles while the
 * space exists, as in a leader's memory.
 */
#include "lock/provider.h"
#include "lock/values.h"

enum { SFS_LOCK_LOCAL_MAX_IDLE_VALUES = 4096 };

static int sfs_lock_local_join(struct sfs_lock_space *space,
			       const struct sfs_lock_params *params,
			       void **priv)
{
	*priv = sfs_lock_values_create(SFS_LOCK_LOCAL_MAX_IDLE_VALUES);
	return *priv ? 0 : -ENOMEM;
}

static void sfs_lock_local_leave(struct sfs_lock_space *space, void *priv)
{
	sfs_lock_values_destroy(priv);
}

static int sfs_lock_local_request(void *priv, struct sfs_lock *lock,
				  enum sfs_lock_mode mode, unsigned int flags)
{
	u8 lvb[SFS_LOCK_LVB_BYTES];
	bool is_known;

	is_known = sfs_lock_values_load(priv, sfs_lock_type(lock),
					sfs_lock_nr(lock), lvb);
	sfs_lock_grant(lock, mode, 0, is_known ? lvb : NULL);
	return 0;
}

static void sfs_lock_local_released(void *priv, struct sfs_lock *lock,
				    enum sfs_lock_mode mode, const void *lvb)
{
	if (lvb)
		sfs_lock_values_store(priv, sfs_lock_type(lock),
				      sfs_lock_nr(lock), lvb);
}

static void sfs_lock_local_forget(void *priv, struct sfs_lock *lock)
{
	sfs_lock_values_idle(priv, sfs_lock_type(lock), sfs_lock_nr(lock));
}

static struct sfs_lock_provider_ops sfs_lock_local_ops = {
	.owner = THIS_MODULE,
	.name = "local",
	.api_version = SFS_LOCK_API_VERSION,
	.join = sfs_lock_local_join,
	.leave = sfs_lock_local_leave,
	.request = sfs_lock_local_request,
	.released = sfs_lock_local_released,
	.forget = sfs_lock_local_forget,
};

int sfs_lock_local_init(void)
{
	return sfs_lock_provider_register(&sfs_lock_local_ops);
}

void sfs_lock_local_exit(void)
{
	sfs_lock_provider_unregister(&sfs_lock_local_ops);
}
