// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module that makes the transport "loop" selectable.
 */
#include "net/transport.h"

static struct sfs_transport_ops sfs_loop_named_ops;

static int __init sfs_loop_init(void)
{
	sfs_loop_named_ops = sfs_loop_ops;
	sfs_loop_named_ops.owner = THIS_MODULE;
	return sfs_transport_register(&sfs_loop_named_ops, SFS_NET_API_VERSION);
}

static void __exit sfs_loop_exit(void)
{
	sfs_transport_unregister(&sfs_loop_named_ops);
}

module_init(sfs_loop_init);
module_exit(sfs_loop_exit);
MODULE_ALIAS("scoutfs_net-loop");
MODULE_DESCRIPTION("scoutfs transport: mounts of one kernel");
MODULE_LICENSE("GPL");
