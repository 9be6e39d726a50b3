/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network transports: selected by name, of one API version, pinned while used.
 *
 * The calls of a transport join this table with the first provider.
 */
#ifndef SFS_NET_TRANSPORT_H
#define SFS_NET_TRANSPORT_H

#include "format/port.h"

#define SFS_NET_API_VERSION	1

struct module;

/**
 * struct sfs_transport_ops - one transport
 * @owner: module that is pinned while the transport is used
 * @name: as stored in the super block, shorter than 16 bytes
 * @list: the registry's
 *
 * Stays valid and unchanged while registered.
 */
struct sfs_transport_ops {
	struct module *owner;
	const char *name;
	struct list_head list;
};

int sfs_transport_register(struct sfs_transport_ops *ops, u32 version);
void sfs_transport_unregister(struct sfs_transport_ops *ops);

int sfs_transport_get(const char *name, struct sfs_transport_ops **ret);
void sfs_transport_put(struct sfs_transport_ops *ops);

#endif
