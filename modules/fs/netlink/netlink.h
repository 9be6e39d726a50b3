/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generic netlink: what the families have in common, and events.
 *
 * A mount is named by fsid and rid.  Answers are made while locks, members or
 * the leader are stuck; the mount is pinned meanwhile, so its unmount waits for
 * them, see fs/vfs/mounts.c.  All three families are here, because this layer
 * knows the mounts; what they show comes from the layers below.
 */
#ifndef SFS_FS_NETLINK_H
#define SFS_FS_NETLINK_H

#include "fs/netlink/scoutfs_netlink.h"
#include "fs/vfs/vfs.h"
#include "lock/fence.h"

#include <net/genetlink.h>

/* Where a dump goes on; in netlink_callback.ctx. */
struct sfs_nl_dump {
	u64 next;		/* items before this one are done */
	u32 type;		/* likewise, for locks */
	bool is_over;
};

/* One call of a dump: items are added until the message is full. */
struct sfs_nl_iter {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	struct sfs_nl_dump *dump;
	const struct genl_family *family;
	u64 at;			/* number of the item that is visited */
	u8 cmd;
	bool is_full;
	bool is_waiting_only;
};

/* netlink.c */
void sfs_nl_iter_init(struct sfs_nl_iter *iter, struct sk_buff *skb,
		      struct netlink_callback *cb,
		      const struct genl_family *family, u8 cmd);
/* Header of an item; NULL: the message is full, and is_full is set. */
void *sfs_nl_iter_begin(struct sfs_nl_iter *iter);
/* The item is complete unless @ret; false: full, or nothing more is wanted. */
bool sfs_nl_iter_end(struct sfs_nl_iter *iter, void *hdr, int ret);
/*
 * Put @item, unless it was in an earlier message of this dump.  false: full.  @item is
 * what the visited list has, @put writes its attributes.
 */
bool sfs_nl_iter_put(struct sfs_nl_iter *iter,
		     int (*put)(struct sk_buff *skb, const void *item),
		     const void *item);
/* What the dump's call returns. */
int sfs_nl_iter_done(struct sfs_nl_iter *iter, int ret);

/* The mount that is named, pinned and open: sfs_mount_put() it. */
int sfs_nl_mount(struct nlattr **attrs, int fsid_attr, int rid_attr,
		 struct netlink_ext_ack *extack, struct sfs_sb_info **ret);
/* A reply with its header, or an error. */
int sfs_nl_reply_begin(struct genl_info *info, const struct genl_family *family,
		       u8 cmd, struct sk_buff **skb, void **hdr);
int sfs_nl_reply_end(struct genl_info *info, struct sk_buff *skb, void *hdr,
		     int ret);

int sfs_nl_init(void);
void sfs_nl_exit(void);
void sfs_nl_mount_event(struct sfs_sb_info *sbi, u8 cmd, int error);

extern struct genl_family sfs_nl_family;	/* scoutfs.c */
int sfs_nl_slot_change(struct sk_buff *in, struct genl_info *info);	/* slots.c */

extern struct genl_family sfs_nl_lock_family;	/* lock.c */
extern struct genl_family sfs_nl_net_family;	/* net.c */
extern struct sfs_fence_listener sfs_nl_fence_listener;

#endif
