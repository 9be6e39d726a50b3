// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module around transport "loop"; programs link loop.c alone.
 */
#include "net/transport.h"

static int __init sfs_net_loop_module_init(void)
{
	return sfs_net_loop_init();
}

static void __exit sfs_net_loop_module_exit(void)
{
	sfs_net_loop_exit();
}

module_init(sfs_net_loop_module_init);
module_exit(sfs_net_loop_module_exit);
MODULE_ALIAS("scoutfs_net-loop");
MODULE_DESCRIPTION("scoutfs transport: mounts of the same kernel");
MODULE_LICENSE("GPL");
