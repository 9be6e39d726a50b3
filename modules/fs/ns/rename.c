// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rename, within a directory and between two, replacing and exchanging.
 *
 * A directory that gets another parent must not end up below itself.  Parents
 * of directories change only under the volume's RENAME lock; with it held the
 * ancestors of the new parent are walked, then the rename itself is done.
 * Whether the lock is needed shows only when the inodes are read, so the first
 * try of such a rename ends there.
 */
#include "fs/ns/items.h"

enum sfs_rename_ops {
	SFS_RENAME_CHANGES = 14,	/* btree changes of one rename at most */
};

/* One rename. */
struct sfs_renaming {
	struct sfs_change *ch;
	const struct sfs_rename *args;
	struct sfs_op lock;		/* of the RENAME lock */
	bool is_locked;
	struct sfs_node *old_dir;
	struct sfs_node *new_dir;	/* may be old_dir */
	struct sfs_node *inode;
	struct sfs_node *target;	/* may be NULL, or inode */
	struct sfs_node *whiteout;	/* may be NULL */
	struct sfs_dent *old_dent;	/* renamed */
	struct sfs_dent *new_dent;	/* replaced or exchanged */
	struct sfs_link inode_link;
	struct sfs_link target_link;
};

static bool sfs_rename_is_exchange(const struct sfs_renaming *rn)
{
	return rn->args->flags & SFS_RENAME_EXCHANGE;
}

static bool sfs_rename_is_whiteout(const struct sfs_renaming *rn)
{
	return rn->args->flags & SFS_RENAME_WHITEOUT;
}

static bool sfs_node_is_dir(const struct sfs_node *node)
{
	return node && S_ISDIR(node->in.mode);
}

static int sfs_rename_check(const struct sfs_rename *args)
{
	bool is_exchange = args->flags & SFS_RENAME_EXCHANGE;
	bool is_whiteout = args->flags & SFS_RENAME_WHITEOUT;
	int ret;

	if (args->flags & ~(SFS_RENAME_NOREPLACE | SFS_RENAME_EXCHANGE |
			    SFS_RENAME_WHITEOUT))
		return -EINVAL;
	if (is_exchange && args->flags != SFS_RENAME_EXCHANGE)
		return -EINVAL;
	if (is_whiteout != !!args->whiteout_ino)
		return -EINVAL;
	ret = sfs_name_check(args->old_name, args->old_len);
	if (!ret)
		ret = sfs_name_check(args->new_name, args->new_len);
	if (ret)
		return ret;
	if (is_exchange && !args->target_ino)
		return -ENOENT;
	if (args->target_ino && (args->flags & SFS_RENAME_NOREPLACE))
		return -EEXIST;
	/* a directory and an entry of its own */
	if (args->ino == args->new_dir || args->ino == args->old_dir ||
	    args->target_ino == args->new_dir)
		return -EINVAL;
	if (args->target_ino == args->old_dir)
		return is_exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/* ---- ancestors ---------------------------------------------------------- */

/*
 * -EINVAL when the directory is ino or below it.  The RENAME lock is held.
 * Damage may have made a circle of parents: a directory seen some steps ago
 * is kept and replaced at growing distances, so that it will be met again.
 */
static int sfs_rename_walk_up(struct sfs_fs *fs, u64 dir, u64 ino)
{
	struct sfs_inode inode;
	u64 seen = 0;
	u64 steps = 0;
	u64 limit = 16;
	int ret;

	while (dir != ino) {
		if (dir == SFS_ROOT_INO)
			return 0;
		if (dir == seen)
			return -EUCLEAN;
		if (++steps == limit) {
			seen = dir;
			limit *= 2;
		}
		ret = sfs_ns_getattr(fs, dir, 0, &inode, NULL);
		if (ret)
			return ret == -ESTALE ? -ENOENT : ret;
		if (!S_ISDIR(inode.mode))
			return -ENOTDIR;
		if (!inode.nlink || !inode.parent_ino)
			return -ENOENT;
		dir = inode.parent_ino;
	}
	return -EINVAL;
}

static int sfs_rename_lock(struct sfs_renaming *rn, struct sfs_fs *fs)
{
	const struct sfs_rename *args = rn->args;
	int ret;

	ret = sfs_op_start(&rn->lock, 0, SFS_OP_RENAME);
	if (ret)
		return ret;
	rn->is_locked = true;
	ret = sfs_rename_walk_up(fs, args->new_dir, args->ino);
	if (!ret && sfs_rename_is_exchange(rn))
		ret = sfs_rename_walk_up(fs, args->old_dir, args->target_ino);
	return ret;
}

/* ---- reading and checking ----------------------------------------------- */

static int sfs_rename_read_dirs(struct sfs_renaming *rn)
{
	const struct sfs_rename *args = rn->args;
	struct sfs_change *ch = rn->ch;
	int ret;

	rn->old_dir = &ch->node[0];
	ret = sfs_dir_read(&ch->op, args->old_dir, rn->old_dir);
	if (ret)
		return ret;
	rn->new_dir = rn->old_dir;
	if (args->new_dir == args->old_dir)
		return 0;
	rn->new_dir = &ch->node[1];
	return sfs_dir_read(&ch->op, args->new_dir, rn->new_dir);
}

/* Both names refer to what the caller believes. */
static int sfs_rename_read_names(struct sfs_renaming *rn)
{
	const struct sfs_rename *args = rn->args;
	struct sfs_change *ch = rn->ch;
	int ret;

	rn->old_dent = &ch->dent[0];
	ret = sfs_dent_find(&ch->op, args->old_dir, args->old_name,
			    args->old_len, rn->old_dent);
	if (ret)
		return ret;
	if (rn->old_dent->ino != args->ino)
		return -EAGAIN;
	rn->new_dent = &ch->dent[1];
	ret = sfs_dent_find(&ch->op, args->new_dir, args->new_name,
			    args->new_len, rn->new_dent);
	if (ret == -ENOENT) {
		rn->new_dent = NULL;
		return args->target_ino ? -EAGAIN : 0;
	}
	if (ret)
		return ret;
	if (args->flags & SFS_RENAME_NOREPLACE)
		return -EEXIST;
	return rn->new_dent->ino == args->target_ino ? 0 : -EAGAIN;
}

/* It must not have got a name, nor be deleted, since the caller made it. */
static int sfs_rename_read_whiteout(struct sfs_renaming *rn)
{
	int ret;

	rn->whiteout = NULL;
	if (!sfs_rename_is_whiteout(rn))
		return 0;
	rn->whiteout = &rn->ch->node[4];
	ret = sfs_node_read(&rn->ch->op, rn->args->whiteout_ino, rn->whiteout);
	if (ret)
		return ret == -ESTALE ? -ENOENT : ret;
	return rn->whiteout->in.nlink || sfs_node_is_dir(rn->whiteout) ?
	       -EINVAL : 0;
}

static int sfs_rename_read_inodes(struct sfs_renaming *rn)
{
	const struct sfs_rename *args = rn->args;
	struct sfs_op *op = &rn->ch->op;
	int ret;

	rn->inode = &rn->ch->node[2];
	rn->target = NULL;
	ret = sfs_node_read(op, args->ino, rn->inode);
	if (!ret && args->target_ino == args->ino) {
		rn->target = rn->inode;
	} else if (!ret && args->target_ino) {
		rn->target = &rn->ch->node[3];
		ret = sfs_node_read(op, args->target_ino, rn->target);
	}
	/* an entry without inode is damage */
	if (ret)
		return ret == -ESTALE ? -EUCLEAN : ret;
	ret = sfs_rename_read_whiteout(rn);
	if (ret)
		return ret;
	ret = sfs_link_find(op, rn->inode, args->old_dir, rn->old_dent->pos,
			    &rn->inode_link);
	if (!ret && rn->target)
		ret = sfs_link_find(op, rn->target, args->new_dir,
				    rn->new_dent->pos, &rn->target_link);
	return ret;
}

/* Whiteouts are made of files without flags. */
static int sfs_rename_check_flags(struct sfs_renaming *rn)
{
	int ret;

	ret = sfs_flags_may_remove(&rn->old_dir->in, &rn->inode->in);
	if (!ret)
		ret = sfs_flags_may_add(&rn->new_dir->in);
	if (!ret && rn->target)
		ret = sfs_flags_may_remove(&rn->new_dir->in, &rn->target->in);
	return ret;
}

/* Flags, types, emptiness, link counts. */
static int sfs_rename_validate(struct sfs_renaming *rn)
{
	bool is_dir = sfs_node_is_dir(rn->inode);
	bool is_target_dir = sfs_node_is_dir(rn->target);
	const struct sfs_inode *old = &rn->old_dir->in;
	const struct sfs_inode *new = &rn->new_dir->in;
	int ret = sfs_rename_check_flags(rn);

	if (ret)
		return ret;
	if ((is_dir && old->nlink < 3) || (is_target_dir && new->nlink < 3))
		return -EUCLEAN;
	if (sfs_rename_is_exchange(rn)) {
		if (is_dir && !is_target_dir && old != new &&
		    new->nlink >= SFS_LINK_MAX)
			return -EMLINK;
		if (!is_dir && is_target_dir && old != new &&
		    old->nlink >= SFS_LINK_MAX)
			return -EMLINK;
		return 0;
	}
	if (rn->target && is_dir && !is_target_dir)
		return -ENOTDIR;
	if (is_target_dir && !is_dir)
		return -EISDIR;
	if (is_target_dir && rn->target->in.nr_entries)
		return -ENOTEMPTY;
	if (is_dir && !rn->target && old != new && new->nlink >= SFS_LINK_MAX)
		return -EMLINK;
	return 0;
}

static bool sfs_rename_needs_lock(const struct sfs_renaming *rn)
{
	if (rn->old_dir == rn->new_dir)
		return false;
	return sfs_node_is_dir(rn->inode) ||
	       (sfs_rename_is_exchange(rn) && sfs_node_is_dir(rn->target));
}

/* ---- doing it ----------------------------------------------------------- */

/* Remove what the new name refers to. */
static int sfs_rename_replace(struct sfs_renaming *rn)
{
	struct sfs_change *ch = rn->ch;
	int ret;

	ret = sfs_dent_del(ch, rn->new_dir, rn->new_dent);
	if (!ret)
		ret = sfs_link_drop(ch, rn->target, &rn->target_link);
	if (!ret && sfs_node_is_dir(rn->target))
		rn->new_dir->in.nlink--;
	return ret;
}

/* The whiteout takes the place of what is renamed, or nothing does. */
static int sfs_rename_leave(struct sfs_renaming *rn)
{
	struct sfs_inode *in;

	if (!rn->whiteout)
		return sfs_dent_del(rn->ch, rn->old_dir, rn->old_dent);
	in = &rn->whiteout->in;
	in->nlink = 1;
	in->parent_ino = rn->args->old_dir;
	in->parent_pos = rn->old_dent->pos;
	return sfs_dent_set(rn->ch, rn->args->old_dir, rn->old_dent, in->ino,
			    sfs_mode_dtype(in->mode));
}

static int sfs_rename_move(struct sfs_renaming *rn)
{
	const struct sfs_rename *args = rn->args;
	struct sfs_change *ch = rn->ch;
	struct sfs_inode *in = &rn->inode->in;
	u64 pos;
	int ret;

	ret = sfs_rename_leave(rn);
	if (!ret && rn->target)
		ret = sfs_rename_replace(rn);
	if (!ret)
		ret = sfs_dent_add(ch, rn->new_dir, args->new_name,
				   args->new_len, in->ino,
				   sfs_mode_dtype(in->mode), &pos);
	if (!ret)
		ret = sfs_link_move(ch, rn->inode, &rn->inode_link,
				    args->new_dir, pos);
	if (!ret && S_ISDIR(in->mode)) {
		rn->old_dir->in.nlink--;
		rn->new_dir->in.nlink++;
	}
	return ret;
}

static int sfs_rename_swap(struct sfs_renaming *rn)
{
	const struct sfs_rename *args = rn->args;
	struct sfs_change *ch = rn->ch;
	struct sfs_inode *in = &rn->inode->in;
	struct sfs_inode *target = &rn->target->in;
	int is_dir = S_ISDIR(in->mode);
	int is_target_dir = S_ISDIR(target->mode);
	int ret;

	ret = sfs_dent_set(ch, args->old_dir, rn->old_dent, target->ino,
			   sfs_mode_dtype(target->mode));
	if (!ret)
		ret = sfs_dent_set(ch, args->new_dir, rn->new_dent, in->ino,
				   sfs_mode_dtype(in->mode));
	if (!ret)
		ret = sfs_link_move(ch, rn->inode, &rn->inode_link,
				    args->new_dir, rn->new_dent->pos);
	if (!ret)
		ret = sfs_link_move(ch, rn->target, &rn->target_link,
				    args->old_dir, rn->old_dent->pos);
	rn->old_dir->in.nlink += is_target_dir - is_dir;
	rn->new_dir->in.nlink += is_dir - is_target_dir;
	return ret;
}

static int sfs_rename_write(struct sfs_renaming *rn)
{
	struct timespec64 now = rn->args->now;
	struct sfs_change *ch = rn->ch;
	int ret;

	sfs_node_touch(&ch->op, rn->inode, now);
	ret = sfs_node_write(ch, rn->inode);
	if (!ret && rn->target) {
		sfs_node_touch(&ch->op, rn->target, now);
		ret = sfs_node_write(ch, rn->target);
	}
	if (!ret && rn->whiteout) {
		sfs_node_touch(&ch->op, rn->whiteout, now);
		ret = sfs_node_write(ch, rn->whiteout);
	}
	sfs_dir_touch(&ch->op, rn->old_dir, now);
	if (!ret)
		ret = sfs_node_write(ch, rn->old_dir);
	if (ret || rn->new_dir == rn->old_dir)
		return ret;
	sfs_dir_touch(&ch->op, rn->new_dir, now);
	return sfs_node_write(ch, rn->new_dir);
}

static int sfs_rename_do(struct sfs_renaming *rn)
{
	int ret;

	ret = sfs_rename_is_exchange(rn) ? sfs_rename_swap(rn) :
					   sfs_rename_move(rn);
	if (!ret)
		ret = sfs_rename_write(rn);
	/* last: needs no undo */
	if (!ret && rn->target && !rn->target->in.nlink)
		ret = sfs_orphan_add(&rn->ch->op, rn->args->target_ino);
	if (!ret && rn->whiteout)
		sfs_orphan_del(&rn->ch->op, rn->args->whiteout_ino);
	return ret;
}

static int sfs_rename_once(struct sfs_renaming *rn, struct sfs_fs *fs)
{
	const struct sfs_rename *args = rn->args;
	struct sfs_change *ch = rn->ch;
	int ret;

	sfs_change_begin(ch, fs);
	sfs_op_add(&ch->op, args->old_dir, SFS_LOCK_EX);
	sfs_op_add(&ch->op, args->new_dir, SFS_LOCK_EX);
	sfs_op_add(&ch->op, args->ino, SFS_LOCK_EX);
	if (args->target_ino)
		sfs_op_add(&ch->op, args->target_ino, SFS_LOCK_EX);
	if (args->whiteout_ino)
		sfs_op_add(&ch->op, args->whiteout_ino, SFS_LOCK_EX);
	ret = sfs_op_start(&ch->op, SFS_RENAME_CHANGES, 0);
	if (!ret)
		ret = sfs_rename_read_dirs(rn);
	if (!ret)
		ret = sfs_rename_read_names(rn);
	if (!ret)
		ret = sfs_rename_read_inodes(rn);
	if (!ret && args->ino == args->target_ino)
		goto out;
	if (!ret && !rn->is_locked && sfs_rename_needs_lock(rn))
		ret = SFS_AGAIN;
	if (!ret)
		ret = sfs_rename_validate(rn);
	if (!ret)
		ret = sfs_rename_do(rn);
out:
	return sfs_change_end(ch, ret);
}

int sfs_ns_rename(struct sfs_fs *fs, const struct sfs_rename *args,
		  struct sfs_rename_result *res)
{
	struct sfs_renaming rn = { .args = args };
	int ret;

	ret = sfs_rename_check(args);
	if (!ret)
		ret = sfs_change_create(fs, SFS_RENAME_CHANGES, 5, 2, &rn.ch);
	if (ret)
		return ret;
	sfs_op_init(&rn.lock, fs);
	ret = sfs_rename_once(&rn, fs);
	if (ret == SFS_AGAIN) {
		ret = sfs_rename_lock(&rn, fs);
		if (!ret)
			ret = sfs_rename_once(&rn, fs);
	}
	sfs_op_end(&rn.lock);
	if (!ret) {
		res->old_dir = rn.old_dir->in;
		res->new_dir = rn.new_dir->in;
		res->inode = rn.inode->in;
		if (rn.target)
			res->target = rn.target->in;
		if (rn.whiteout)
			res->whiteout = rn.whiteout->in;
	}
	sfs_change_destroy(rn.ch);
	return ret;
}
