// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module around lock provider "local"; programs link local.c alone.
 */
#include "lock/provider.h"

static int __init sfs_lock_local_module_init(void)
{
	return sfs_lock_local_init();
}

static void __exit sfs_lock_local_module_exit(void)
{
	sfs_lock_local_exit();
}

module_init(sfs_lock_local_module_init);
module_exit(sfs_lock_local_module_exit);
MODULE_ALIAS("scoutfs_lock-local");
MODULE_DESCRIPTION("scoutfs lock provider: one node, no network");
MODULE_LICENSE("GPL");
