// SPDX-License-Identifier: GPL-2.0-only
/*
 * Final deletion of an inode without links.
 *
 * Items go first, in as many transactions as it takes, the inode item and the
 * orphan record last and together.  A crash leaves a smaller orphan, on which
 * the same is done again.
 *
 * Another mount may have the inode open: see others.c.  What takes more than one
 * transaction is marked in the first, SFS_INODE_DELETING: from then on the inode
 * does not exist for anybody who looks for it, though EX may be given up before
 * all of it is gone.
 */
#include "fs/ns/items.h"

/* Names, xattrs, backrefs: all items that hold no space. 1: some are left. */
static int sfs_delete_items(struct sfs_op *op, u64 ino)
{
	struct sfs_key first = SFS_KEY(ino, SFS_ITEM_BYTES, 0, 0);
	struct sfs_key last = SFS_KEY(ino, SFS_ITEM_DIRENT_HASH, U64_MAX,
				      U64_MAX);

	static_assert(SFS_ITEM_INODE + 1 == SFS_ITEM_BYTES);
	static_assert(SFS_ITEM_DIRENT_HASH + 1 == SFS_ITEM_EXTENT);
	return sfs_btree_delete_range(op->tr, sfs_op_tree(op, ino), &first,
				      &last, SFS_DELETE_ITEMS);
}

/* The inode goes with its last extents. */
static int sfs_delete_last(struct sfs_edit *e)
{
	struct sfs_op *op = &e->ch->op;
	u64 ino = e->node->in.ino;
	bool counts_changed;
	int ret;

	ret = sfs_edit_items(e, &counts_changed);
	if (!ret)
		ret = sfs_node_delete(e->ch, e->node);
	if (!ret)
		ret = sfs_edit_free(e);
	if (ret)
		return ret;
	sfs_orphan_del(op, ino);
	sfs_group_drop_ino(op->fs, sfs_op_group(op, ino));
	return 0;
}

/*
 * One transaction's part, with the inode read; SFS_AGAIN when more is left.
 * The items' range and the extents share the reservation: at most
 * SFS_DELETE_ITEMS / 4 blocks and one path for the former.
 */
static int sfs_delete_part(struct sfs_edit *e)
{
	struct sfs_op *op = &e->ch->op;
	u64 ino = e->node->in.ino;
	int ret;

	if (!sfs_op_group(op, ino)->nr_inodes)
		return -EUCLEAN;
	ret = sfs_edit_range(e, 0, SFS_FILE_BLOCKS_MAX, SFS_EDIT_DROP);
	if (ret)
		return ret;
	sfs_op_dirty(op, ino);
	ret = sfs_delete_items(op, ino);
	if (ret < 0)
		return ret;
	if (!ret && !e->more)
		return sfs_delete_last(e);
	e->node->in.flags |= SFS_INODE_DELETING;
	if (ret)
		ret = sfs_node_write(e->ch, e->node);
	else
		ret = sfs_edit_apply(e, true);
	return ret ? ret : SFS_AGAIN;
}

/* Between the cluster lock and the hold others are asked. */
static int sfs_delete_start(struct sfs_edit *e, struct sfs_fs *fs, u64 ino,
			    unsigned int tree_ops)
{
	struct sfs_op *op = &e->ch->op;
	int ret;

	sfs_edit_begin(e, fs, ino);
	ret = sfs_op_lock(op, SFS_OP_DELETE);
	if (!ret)
		ret = sfs_others_check(op, ino);
	if (!ret)
		ret = sfs_op_enter(op, tree_ops, SFS_OP_DELETE);
	return ret ? ret : sfs_node_read(op, ino, e->node);
}

static int sfs_delete_once(struct sfs_edit *e, struct sfs_fs *fs, u64 ino)
{
	unsigned int tree_ops = sfs_edit_ops(SFS_EXT_MANY, true) +
				1 + SFS_DELETE_ITEMS / 4 / 4;
	int ret;

	ret = sfs_delete_start(e, fs, ino, tree_ops);
	if (ret == -ESTALE) {
		sfs_orphan_del(&e->ch->op, ino);
		ret = 0;
	} else if (!ret && e->node->in.nlink) {
		ret = -EBUSY;
	} else if (!ret) {
		ret = sfs_delete_part(e);
	}
	return sfs_change_end(e->ch, ret);
}

int sfs_ns_delete(struct sfs_fs *fs, u64 ino)
{
	struct sfs_edit *e;
	int ret;

	ret = sfs_edit_create(fs, SFS_EXT_MANY, &e);
	if (ret) {
		sfs_orphan_left(fs, ino);
		return ret;
	}
	do {
		ret = sfs_delete_once(e, fs, ino);
	} while (ret == SFS_AGAIN);
	sfs_edit_destroy(e);
	if (ret && ret != -EBUSY)
		sfs_orphan_left(fs, ino);
	return ret;
}

bool sfs_ns_is_open_elsewhere(struct sfs_fs *fs, u64 ino)
{
	struct sfs_op op;
	int ret;

	if (fs->coord.leader)
		return false;
	sfs_op_init(&op, fs);
	sfs_op_add(&op, ino, SFS_LOCK_EX);
	/* somebody wants the lock: he may open it next */
	ret = sfs_op_lock(&op, SFS_OP_TRY);
	if (!ret)
		ret = sfs_others_check(&op, ino);
	sfs_op_end(&op);
	return ret;
}
