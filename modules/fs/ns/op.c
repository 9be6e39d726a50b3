// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations: the one place where an operation's locks are taken.
 *
 * Cluster locks in order of group number (the RENAME lock before all), then
 * the transaction hold, then the groups' rwsems in the same order.
 */
#include "fs/ns/fs.h"

/* Commits are started in the background from here on, and forced at the limit. */
#define SFS_DIRTY_KICK		4096	/* blocks */
#define SFS_DIRTY_LIMIT		32768
/* blocks of the mount log that one dirty group may cost the commit */
#define SFS_GROUP_COMMIT_NEED	4

void sfs_op_init(struct sfs_op *op, struct sfs_fs *fs)
{
	memset(op, 0, sizeof(*op));
	op->fs = fs;
}

void sfs_op_add_group(struct sfs_op *op, u64 group, enum sfs_lock_mode mode)
{
	unsigned int i = op->nr;

	while (i && op->g[i - 1].nr > group)
		i--;
	if (i && op->g[i - 1].nr == group) {
		op->g[i - 1].mode = max(op->g[i - 1].mode, mode);
		return;
	}
	if (WARN_ON_ONCE(op->nr == SFS_OP_GROUPS_MAX))
		return;
	memmove(&op->g[i + 1], &op->g[i], (op->nr - i) * sizeof(op->g[0]));
	op->g[i].grp = NULL;
	op->g[i].nr = group;
	op->g[i].mode = mode;
	op->nr++;
}

void sfs_op_add(struct sfs_op *op, u64 ino, enum sfs_lock_mode mode)
{
	sfs_op_add_group(op, sfs_ino_group(op->fs, ino), mode);
}

static int lock_rename(struct sfs_op *op)
{
	int ret;

	op->rename_lock = sfs_lock_get(op->fs->locks, SFS_LOCK_RENAME, 0);
	if (!op->rename_lock)
		return -ENOMEM;
	ret = sfs_lock_acquire(op->rename_lock, SFS_LOCK_EX, 0);
	op->rename_locked = !ret;
	return ret;
}

static int lock_group(struct sfs_op *op, unsigned int i, unsigned int flags)
{
	struct sfs_group *grp = sfs_group_get(op->fs, op->g[i].nr);
	int ret = 0;

	if (IS_ERR(grp))
		return PTR_ERR(grp);
	op->g[i].grp = grp;
	if (!(flags & SFS_OP_IO))
		ret = sfs_lock_acquire(grp->lock, op->g[i].mode,
				       flags & SFS_OP_TRY ? SFS_LOCK_TRY : 0);
	else if (WARN_ON_ONCE(sfs_lock_mode(grp->lock) < op->g[i].mode))
		ret = -EIO;
	if (ret) {
		op->g[i].grp = NULL;
		sfs_group_put(op->fs, grp);
		return ret;
	}
	op->nr_locked++;
	return sfs_group_load(op->fs, grp);
}

static int hold(struct sfs_op *op, unsigned int tree_ops, unsigned int flags)
{
	struct sfs_fs *fs = op->fs;
	u8 height = READ_ONCE(fs->freed.height);
	unsigned int i;
	int ret;

	if (fs->read_only)
		return -EROFS;
	if (fs->trans.nr_dirty > SFS_DIRTY_LIMIT) {
		ret = sfs_trans_commit(&fs->trans);
		if (ret)
			return ret;
	}
	for (i = 0; i < op->nr; i++)
		height = max(height, READ_ONCE(op->g[i].grp->tree.height));
	op->blocks = (u64)tree_ops * SFS_BTREE_DIRTY_MAX(height + 1) +
		     (u64)op->nr * SFS_GROUP_COMMIT_NEED;
	ret = sfs_trans_hold(&fs->trans, op->blocks,
			     flags & SFS_OP_DELETE ? SFS_HOLD_RESERVE : 0);
	if (ret)
		return ret;
	op->held = true;
	op->tr = &fs->trans;
	op->seq = sfs_trans_seq(&fs->trans);
	return 0;
}

static void lock_trees(struct sfs_op *op)
{
	unsigned int i;

	for (i = 0; i < op->nr; i++) {
		if (op->g[i].mode == SFS_LOCK_EX)
			down_write_nested(&op->g[i].grp->rwsem, i);
		else
			down_read_nested(&op->g[i].grp->rwsem, i);
		op->g[i].tree_locked = true;
	}
}

int sfs_op_lock(struct sfs_op *op, unsigned int flags)
{
	unsigned int i;
	int ret;

	ret = sfs_volume_error(op->fs->vol);
	if (ret)
		return ret;
	op->is_io = flags & SFS_OP_IO;
	if (flags & SFS_OP_RENAME) {
		ret = lock_rename(op);
		if (ret)
			return ret;
	}
	for (i = 0; i < op->nr; i++) {
		ret = lock_group(op, i, flags);
		if (ret)
			return ret;
	}
	return 0;
}

int sfs_op_enter(struct sfs_op *op, unsigned int tree_ops, unsigned int flags)
{
	int ret;

	if (tree_ops) {
		ret = hold(op, tree_ops, flags);
		if (ret)
			return ret;
	}
	lock_trees(op);
	return 0;
}

int sfs_op_start(struct sfs_op *op, unsigned int tree_ops, unsigned int flags)
{
	int ret = sfs_op_lock(op, flags);

	return ret ? ret : sfs_op_enter(op, tree_ops, flags);
}

static void unlock_trees(struct sfs_op *op)
{
	unsigned int i = op->nr;

	while (i--) {
		if (!op->g[i].tree_locked)
			continue;
		if (op->g[i].mode == SFS_LOCK_EX)
			up_write(&op->g[i].grp->rwsem);
		else
			up_read(&op->g[i].grp->rwsem);
		op->g[i].tree_locked = false;
	}
}

void sfs_op_end(struct sfs_op *op)
{
	struct sfs_fs *fs = op->fs;
	unsigned int i = op->nr_locked;

	unlock_trees(op);
	if (op->held) {
		sfs_trans_release(op->tr, op->blocks);
		if (!fs->opened_ns)
			WRITE_ONCE(fs->opened_ns, ktime_get_ns());
		if (fs->kick && (fs->trans.nr_dirty > SFS_DIRTY_KICK ||
				 sfs_meta_is_low(fs, READ_ONCE(fs->meta_low))))
			fs->kick(fs->vfs_arg);
	}
	while (i--) {
		if (!op->is_io)
			sfs_lock_release(op->g[i].grp->lock, op->g[i].mode);
		sfs_group_put(fs, op->g[i].grp);
	}
	if (op->rename_locked)
		sfs_lock_release(op->rename_lock, SFS_LOCK_EX);
	if (op->rename_lock)
		sfs_lock_put(op->rename_lock);
	sfs_op_init(op, fs);
}

struct sfs_group *sfs_op_group(struct sfs_op *op, u64 ino)
{
	u64 nr = sfs_ino_group(op->fs, ino);
	unsigned int i;

	for (i = 0; i < op->nr; i++)
		if (op->g[i].nr == nr)
			return op->g[i].grp;
	WARN_ON_ONCE(1);
	return NULL;
}

struct sfs_tree *sfs_op_tree(struct sfs_op *op, u64 ino)
{
	return &sfs_op_group(op, ino)->tree;
}

void sfs_op_dirty(struct sfs_op *op, u64 ino)
{
	struct sfs_group *grp = sfs_op_group(op, ino);
	struct sfs_fs *fs = op->fs;

	lockdep_assert_held_write(&grp->rwsem);
	if (grp->dirty_seq == op->seq)
		return;
	grp->dirty_seq = op->seq;
	atomic_inc(&grp->refs);
	mutex_lock(&fs->trans.lock);
	list_add_tail(&grp->dirty_link, &fs->dirty_groups);
	fs->trans.commit_need += SFS_GROUP_COMMIT_NEED;
	/* An emptied tree leaves no dirty block behind, but a new root. */
	sfs_trans_changed(&fs->trans);
	mutex_unlock(&fs->trans.lock);
}
