// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module around the lock client; programs link its parts alone.
 *
 * Handles have a slab cache of their own: millions of them are cached, and the
 * next size that kmalloc() has is more than half as large again.
 */
#include "lock/lock_priv.h"

static struct kmem_cache *sfs_lock_cache;

struct sfs_lock *sfs_lock_mem_alloc(void)
{
	return kmem_cache_zalloc(sfs_lock_cache, GFP_NOFS);
}

static void sfs_lock_mem_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(sfs_lock_cache, container_of(rcu, struct sfs_lock, rcu));
}

void sfs_lock_mem_free(struct sfs_lock *lock)
{
	call_rcu(&lock->rcu, sfs_lock_mem_free_rcu);
}

static int __init sfs_lock_module_init(void)
{
	sfs_lock_cache = kmem_cache_create("scoutfs_lock",
					   sizeof(struct sfs_lock), 0,
					   SLAB_RECLAIM_ACCOUNT, NULL);
	return sfs_lock_cache ? 0 : -ENOMEM;
}

static void __exit sfs_lock_module_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(sfs_lock_cache);
}

module_init(sfs_lock_module_init);
module_exit(sfs_lock_module_exit);
MODULE_DESCRIPTION("scoutfs lock client and registry of lock providers");
MODULE_LICENSE("GPL");
