// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module around the lock provider "cluster".
 */
#include "lock/cluster/cluster.h"

static int __init sfs_cluster_module_init(void)
{
	return sfs_lock_cluster_init();
}

static void __exit sfs_cluster_module_exit(void)
{
	sfs_lock_cluster_exit();
}

module_init(sfs_cluster_module_init);
module_exit(sfs_cluster_module_exit);
MODULE_ALIAS("scoutfs_lock-cluster");
MODULE_DESCRIPTION("scoutfs lock provider for clusters");
MODULE_LICENSE("GPL");
