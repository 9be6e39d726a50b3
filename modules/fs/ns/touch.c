// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes of a file change, and change again in the same transaction.
 *
 * Each write(2) changes data_version and times, but only what the commit finds
 * counts.  So a change of them is made in the item once in a transaction, which
 * has made the leaf dirty; later ones are made in memory, and the commit, or
 * whoever changes the inode otherwise, brings the item up to date.  The item keeps
 * its length, so that takes no space.
 *
 *	none --sfs_ns_setattr()--> as the item --sfs_ns_touch()--> ahead of it
 *	ahead --a reader--> it sees what is in memory
 *	ahead --a change, or the commit--> the item is written first
 *	any --the inode changes, or another transaction--> none
 *
 * All of this is guarded by the group's rwsem, which readers have for reading and
 * changes for writing.
 */
#include "fs/ns/items.h"

enum { SFS_TOUCHED_MAX = 4 };	/* files of a group that are written to at a time */

/* An inode that changed in transaction @seq; 0: none. */
struct sfs_touched_inode {
	u64 seq;
	bool is_ahead;		/* of the item */
	struct sfs_inode in;
};

struct sfs_touched {
	struct sfs_touched_inode inode[SFS_TOUCHED_MAX];
};

static struct sfs_touched_inode *sfs_touched_find(struct sfs_group *grp, u64 ino)
{
	struct sfs_touched *touched = grp->touched;
	unsigned int i;

	for (i = 0; touched && i < SFS_TOUCHED_MAX; i++)
		if (touched->inode[i].seq && touched->inode[i].in.ino == ino)
			return &touched->inode[i];
	return NULL;
}

/* Words that are zero are not in the item: the next one would be longer. */
static bool sfs_touched_is_time(const struct timespec64 *ts)
{
	return ts->tv_sec && ts->tv_nsec;
}

void sfs_touched_add(struct sfs_op *op, const struct sfs_inode *in)
{
	struct sfs_group *grp = sfs_op_group(op, in->ino);
	struct sfs_touched_inode *ti = NULL;
	unsigned int i;

	lockdep_assert_held_write(&grp->rwsem);
	if (!sfs_touched_is_time(&in->mtime) || !sfs_touched_is_time(&in->ctime))
		return;
	if (!grp->touched)
		grp->touched = kzalloc(sizeof(*grp->touched), GFP_NOFS);
	/* without memory each change is made in the item */
	for (i = 0; grp->touched && i < SFS_TOUCHED_MAX; i++)
		if (!grp->touched->inode[i].is_ahead)
			ti = &grp->touched->inode[i];
	if (!ti)
		return;
	ti->seq = op->seq;
	ti->in = *in;
}

void sfs_touched_drop(struct sfs_group *grp, u64 ino)
{
	struct sfs_touched_inode *ti = sfs_touched_find(grp, ino);

	if (!ti)
		return;
	WARN_ON_ONCE(ti->is_ahead);
	ti->seq = 0;
}

/* ---- the item ------------------------------------------------------------ */

static int sfs_touched_store(struct sfs_trans *tr, struct sfs_group *grp,
			     struct sfs_touched_inode *ti)
{
	struct sfs_key key = SFS_KEY(ti->in.ino, SFS_ITEM_INODE, 0, 0);
	u8 item[SFS_INODE_ITEM_MAX];
	int ret;

	ret = sfs_btree_update(tr, &grp->tree, &key, item,
			       sfs_inode_encode(&ti->in, item));
	if (!ret)
		ti->is_ahead = false;
	return ret;
}

int sfs_touched_read(struct sfs_op *op, u64 ino, struct sfs_node *node)
{
	struct sfs_group *grp = sfs_op_group(op, ino);
	struct sfs_touched_inode *ti = sfs_touched_find(grp, ino);

	if (!ti || !ti->is_ahead)
		return 0;
	if (!op->held) {
		node->in = ti->in;
		return 0;
	}
	node->item_len = sfs_inode_encode(&ti->in, node->item);
	node->in = ti->in;
	return sfs_touched_store(op->tr, grp, ti);
}

int sfs_touched_commit(struct sfs_trans *tr, struct sfs_group *grp)
{
	struct sfs_touched *touched = grp->touched;
	unsigned int i;
	int ret = 0;

	if (!touched)
		return 0;
	down_write(&grp->rwsem);
	for (i = 0; !ret && i < SFS_TOUCHED_MAX; i++)
		if (touched->inode[i].is_ahead)
			ret = sfs_touched_store(tr, grp, &touched->inode[i]);
	up_write(&grp->rwsem);
	return ret;
}

/* ---- changes ------------------------------------------------------------- */

static int sfs_touch_again(struct sfs_op *op, u64 ino, struct timespec64 now,
			   struct sfs_inode *inode)
{
	struct sfs_touched_inode *ti;

	ti = sfs_touched_find(sfs_op_group(op, ino), ino);
	if (!ti || ti->seq != op->seq || !sfs_touched_is_time(&now))
		return SFS_AGAIN;
	ti->in.data_version++;
	ti->in.iversion++;
	ti->in.mtime = now;
	ti->in.ctime = now;
	ti->is_ahead = true;
	*inode = ti->in;
	return 0;
}

int sfs_ns_touch(struct sfs_fs *fs, u64 ino, struct timespec64 now,
		 unsigned int flags, struct sfs_inode *inode)
{
	struct sfs_inode attr = { .mtime = now, .ctime = now };
	struct sfs_op op;
	int ret;

	if (fs->read_only)
		return -EROFS;
	sfs_op_init(&op, fs);
	sfs_op_add(&op, ino, SFS_LOCK_EX);
	ret = sfs_op_start(&op, 1, sfs_ns_op_flags(flags));
	if (!ret)
		ret = sfs_touch_again(&op, ino, now, inode);
	sfs_op_end(&op);
	if (ret != SFS_AGAIN)
		return ret;
	return sfs_ns_setattr(fs, ino, SFS_ATTR_MTIME | SFS_ATTR_CTIME |
			      SFS_ATTR_DATA_CHANGED, &attr, flags, inode);
}
