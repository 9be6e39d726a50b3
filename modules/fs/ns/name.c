// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names: create, link, unlink.
 *
 * An inode's first link is in its item, as directory and position; each
 * further one is a BACKREF item.  When the first goes away a backref takes its
 * place.  nlink counts both; a directory has the first one only.
 */
#include "fs/ns/items.h"

/* ---- links -------------------------------------------------------------- */

static int sfs_link_next(struct sfs_op *op, u64 ino, struct sfs_link *link)
{
	struct sfs_key key = SFS_KEY(ino, SFS_ITEM_BACKREF, 0, 0);
	struct sfs_key last = SFS_KEY(ino, SFS_ITEM_BACKREF, U64_MAX, U64_MAX);
	int ret;

	ret = sfs_btree_next(op->fs->vol, sfs_op_tree(op, ino), &key, &last,
			     NULL, 0);
	if (ret < 0)
		return ret == -ENOENT ? -EUCLEAN : ret;
	link->kind = SFS_LINK_PROMOTE;
	link->dir = key.a;
	link->pos = key.b;
	return 0;
}

static bool sfs_link_is_before(u64 dir, u64 pos, u64 other_dir, u64 other_pos)
{
	return dir < other_dir || (dir == other_dir && pos < other_pos);
}

/* The first one by (dir, pos) at or after the given place. */
static int sfs_link_next_after(struct sfs_op *op, const struct sfs_inode *in,
			       u64 *dir, u64 *pos)
{
	struct sfs_key key = SFS_KEY(in->ino, SFS_ITEM_BACKREF, *dir, *pos);
	struct sfs_key last = SFS_KEY(in->ino, SFS_ITEM_BACKREF, U64_MAX,
				      U64_MAX);
	bool is_first = in->parent_ino &&
			!sfs_link_is_before(in->parent_ino, in->parent_pos,
					    *dir, *pos);
	int ret;

	ret = sfs_btree_next(op->fs->vol, sfs_op_tree(op, in->ino), &key,
			     &last, NULL, 0);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (ret == -ENOENT && !is_first)
		return ret;
	if (is_first && (ret == -ENOENT ||
			 sfs_link_is_before(in->parent_ino, in->parent_pos,
					    key.a, key.b)))
		key = SFS_KEY(0, 0, in->parent_ino, in->parent_pos);
	*dir = key.a;
	*pos = key.b;
	return 0;
}

int sfs_ns_next_link(struct sfs_fs *fs, u64 ino, u64 *dir, u64 *pos)
{
	struct sfs_node node;
	struct sfs_op op;
	int ret;

	if (ino == SFS_ROOT_INO)
		return -ENOENT;
	sfs_op_init(&op, fs);
	sfs_op_add(&op, ino, SFS_LOCK_PR);
	ret = sfs_op_start(&op, 0, 0);
	if (!ret)
		ret = sfs_node_read(&op, ino, &node);
	if (!ret && !node.in.nlink)
		ret = -ENOENT;
	if (!ret)
		ret = sfs_link_next_after(&op, &node.in, dir, pos);
	sfs_op_end(&op);
	return ret;
}

int sfs_link_find(struct sfs_op *op, const struct sfs_node *node, u64 dir,
		  u64 pos, struct sfs_link *link)
{
	const struct sfs_inode *in = &node->in;
	struct sfs_key key = SFS_KEY(in->ino, SFS_ITEM_BACKREF, dir, pos);
	int ret;

	if (!in->nlink)
		return -EUCLEAN;
	if (in->parent_ino == dir && in->parent_pos == pos) {
		link->kind = SFS_LINK_FIRST;
		if (S_ISDIR(in->mode) || in->nlink == 1)
			return 0;
		return sfs_link_next(op, in->ino, link);
	}
	if (S_ISDIR(in->mode) || in->nlink == 1)
		return -EUCLEAN;
	ret = sfs_btree_lookup(op->fs->vol, sfs_op_tree(op, in->ino), &key,
			       NULL, 0);
	if (ret < 0)
		return ret == -ENOENT ? -EUCLEAN : ret;
	link->kind = SFS_LINK_BACKREF;
	link->dir = dir;
	link->pos = pos;
	return 0;
}

int sfs_link_drop(struct sfs_change *ch, struct sfs_node *node,
		  const struct sfs_link *link)
{
	struct sfs_inode *in = &node->in;
	struct sfs_key key = SFS_KEY(in->ino, SFS_ITEM_BACKREF, link->dir,
				     link->pos);
	int ret;

	if (link->kind == SFS_LINK_FIRST) {
		in->nlink = 0;
		in->parent_ino = 0;
		in->parent_pos = 0;
		return 0;
	}
	ret = sfs_change_delete(ch, &key, NULL, 0);
	if (ret)
		return ret;
	in->nlink--;
	if (link->kind == SFS_LINK_PROMOTE) {
		in->parent_ino = link->dir;
		in->parent_pos = link->pos;
	}
	return 0;
}

int sfs_link_move(struct sfs_change *ch, struct sfs_node *node,
		  const struct sfs_link *link, u64 dir, u64 pos)
{
	struct sfs_inode *in = &node->in;
	struct sfs_key key;
	int ret;

	if (link->kind != SFS_LINK_BACKREF) {
		in->parent_ino = dir;
		in->parent_pos = pos;
		return 0;
	}
	key = SFS_KEY(in->ino, SFS_ITEM_BACKREF, link->dir, link->pos);
	ret = sfs_change_delete(ch, &key, NULL, 0);
	if (ret)
		return ret;
	key = SFS_KEY(in->ino, SFS_ITEM_BACKREF, dir, pos);
	return sfs_change_insert(ch, &key, NULL, 0);
}

/* ---- create ------------------------------------------------------------- */

/*
 * Where the new inode's number comes from.  A directory opens a group of its
 * own.  Other inodes go to the group the directory names; when that one is
 * full, to a fresh one, which the directory then names.
 */
struct sfs_creation {
	struct sfs_change *ch;
	const struct sfs_create *args;
	unsigned int tree_ops;
	u64 group;		/* locked by the next step */
	u64 fresh;		/* nobody's, 0: none */
	u64 full;		/* has no number left, SFS_NO_GROUP: none */
};

#define SFS_NO_GROUP	U64_MAX

static int sfs_create_check(struct sfs_fs *fs, const struct sfs_create *args,
			    unsigned int *nr_items)
{
	struct sfs_volume *vol = fs->vol;
	unsigned int i;
	int ret;

	*nr_items = 4;
	if (args->name) {
		ret = sfs_name_check(args->name, args->name_len);
		if (ret)
			return ret;
	} else if (S_ISDIR(args->mode)) {
		return -EINVAL;
	}
	if (S_ISLNK(args->mode)) {
		if (!args->target || !args->target_len)
			return -ENOENT;
		if (args->target_len > SFS_SYMLINK_MAX)
			return -ENAMETOOLONG;
		if (memchr(args->target, 0, args->target_len))
			return -EINVAL;
		*nr_items += sfs_nr_chunks(vol, args->target_len);
	}
	for (i = 0; i < args->nr_xattrs; i++) {
		ret = sfs_xattr_check(args->xattrs[i].name,
				      args->xattrs[i].len);
		if (ret)
			return ret;
		*nr_items += sfs_xattr_nr_chunks(vol, args->xattrs[i].name,
						 args->xattrs[i].len);
	}
	return 0;
}

/* Parent and name as creation needs them; -EEXIST. */
static int sfs_create_read_dir(struct sfs_creation *cr)
{
	const struct sfs_create *args = cr->args;
	struct sfs_change *ch = cr->ch;
	struct sfs_node *dir = &ch->node[0];
	int ret;

	ret = sfs_dir_read(&ch->op, args->dir, dir);
	if (!ret)
		ret = sfs_flags_may_add(&dir->in);
	if (ret)
		return ret;
	if (!args->name)
		return 0;
	ret = sfs_dent_find(&ch->op, args->dir, args->name, args->name_len,
			    &ch->dent[0]);
	if (ret != -ENOENT)
		return ret ? ret : -EEXIST;
	if (S_ISDIR(args->mode) && dir->in.nlink >= SFS_LINK_MAX)
		return -EMLINK;
	return 0;
}

/* A number for the new inode, or SFS_AGAIN with the group to try next. */
static int sfs_create_take_ino(struct sfs_creation *cr, u64 *ino)
{
	struct sfs_op *op = &cr->ch->op;
	struct sfs_inode *dir = &cr->ch->node[0].in;
	unsigned int shift = op->fs->vol->group_shift;
	u64 want = cr->fresh;
	int ret;

	if (!S_ISDIR(cr->args->mode)) {
		want = dir->alloc_group ?: dir->ino >> shift;
		if (want > U64_MAX >> shift)
			return -EUCLEAN;
		if (want == cr->full)
			want = cr->fresh;
	}
	if (cr->group != want) {
		cr->group = want;
		return SFS_AGAIN;
	}
	ret = sfs_group_take_ino(op->fs, sfs_op_group(op, want << shift), ino);
	if (ret == -ENOSPC) {
		cr->full = want;
		if (cr->fresh == want)
			cr->fresh = 0;
		return SFS_AGAIN;
	}
	if (!ret && want == cr->fresh && !S_ISDIR(cr->args->mode))
		dir->alloc_group = want;
	return ret;
}

static void sfs_create_fill(struct sfs_creation *cr, u64 ino)
{
	const struct sfs_create *args = cr->args;
	struct sfs_node *node = &cr->ch->node[1];

	node->in = (struct sfs_inode) {
		.ino = ino,
		.mode = args->mode,
		.nlink = !args->name ? 0 : S_ISDIR(args->mode) ? 2 : 1,
		.uid = args->uid,
		.gid = args->gid,
		.rdev = args->rdev,
		.flags = sfs_flags_inherit(cr->ch->node[0].in.flags, args->mode),
		.size = S_ISLNK(args->mode) ? args->target_len : 0,
		.atime = args->now,
		.mtime = args->now,
		.ctime = args->now,
		.crtime = args->now,
		.next_pos = S_ISDIR(args->mode) ? SFS_FIRST_POS : 0,
		.iversion = 1,
		.project = args->project,
		.next_xattr_id = 1 + args->nr_xattrs,
	};
	sfs_node_data_seq(&cr->ch->op, node);
}

static int sfs_create_symlink(struct sfs_creation *cr, u64 ino)
{
	const struct sfs_create *args = cr->args;
	unsigned int size = sfs_chunk_bytes(cr->ch->op.fs->vol);
	unsigned int off;
	struct sfs_key key;
	int ret;

	for (off = 0; off < args->target_len; off += size) {
		key = SFS_KEY(ino, SFS_ITEM_BYTES, off / size, 0);
		ret = sfs_change_insert(cr->ch, &key, args->target + off,
					min(size, args->target_len - off));
		if (ret)
			return ret;
	}
	return 0;
}

/* The new inode's own items. */
static int sfs_create_items(struct sfs_creation *cr, u64 ino)
{
	const struct sfs_create *args = cr->args;
	unsigned int i;
	int ret;

	ret = sfs_node_insert(cr->ch, &cr->ch->node[1]);
	if (!ret && S_ISLNK(args->mode))
		ret = sfs_create_symlink(cr, ino);
	for (i = 0; !ret && i < args->nr_xattrs; i++)
		ret = sfs_xattr_insert(cr->ch, ino, i + 1, args->xattrs[i].name,
				       args->xattrs[i].value,
				       args->xattrs[i].len);
	return ret;
}

static int sfs_create_do(struct sfs_creation *cr, u64 ino)
{
	const struct sfs_create *args = cr->args;
	struct sfs_change *ch = cr->ch;
	struct sfs_node *dir = &ch->node[0];
	struct sfs_node *node = &ch->node[1];
	int ret;

	sfs_create_fill(cr, ino);
	if (args->name) {
		ret = sfs_dent_add(ch, dir, args->name, args->name_len, ino,
				   sfs_mode_dtype(args->mode),
				   &node->in.parent_pos);
		if (ret)
			return ret;
		node->in.parent_ino = args->dir;
		sfs_dir_touch(&ch->op, dir, args->now);
		if (S_ISDIR(args->mode))
			dir->in.nlink++;
	} else {
		sfs_node_seq(&ch->op, dir);
	}
	ret = sfs_create_items(cr, ino);
	if (!ret)
		ret = sfs_node_write(ch, dir);
	/* last: needs no undo */
	if (!ret && !args->name)
		ret = sfs_orphan_add(&ch->op, ino);
	return ret;
}

static int sfs_create_once(struct sfs_creation *cr, struct sfs_fs *fs)
{
	struct sfs_change *ch = cr->ch;
	u64 ino;
	int ret;

	sfs_change_begin(ch, fs);
	sfs_op_add(&ch->op, cr->args->dir, SFS_LOCK_EX);
	sfs_op_add_group(&ch->op, cr->group, SFS_LOCK_EX);
	ret = sfs_op_start(&ch->op, cr->tree_ops, 0);
	if (!ret)
		ret = sfs_create_read_dir(cr);
	if (!ret)
		ret = sfs_create_take_ino(cr, &ino);
	if (!ret) {
		ret = sfs_create_do(cr, ino);
		if (ret)
			sfs_group_drop_ino(fs, sfs_op_group(&ch->op, ino));
		else if (cr->args->creating)
			sfs_creating_begin(fs, cr->args->creating, ino);
	}
	return sfs_change_end(ch, ret);
}

int sfs_ns_create(struct sfs_fs *fs, const struct sfs_create *args,
		  struct sfs_inode *inode, struct sfs_inode *dir)
{
	struct sfs_creation cr = {
		.args = args,
		.group = args->group_hint,
		.full = SFS_NO_GROUP,
	};
	bool is_dir = S_ISDIR(args->mode);
	unsigned int nr_items;
	unsigned int tries;
	int ret;

	ret = sfs_create_check(fs, args, &nr_items);
	if (ret)
		return ret;
	cr.tree_ops = 4 + sfs_run_ops(nr_items - 4);
	if (!cr.group || cr.group > U64_MAX >> fs->vol->group_shift)
		cr.group = sfs_ino_group(fs, args->dir);
	ret = sfs_change_create(fs, nr_items, 2, 1, &cr.ch);
	if (ret)
		return ret;
	for (tries = 0; tries < SFS_NS_RETRIES; tries++) {
		/* after a full group, and before a directory is made */
		if (!cr.fresh && (is_dir || cr.full != SFS_NO_GROUP)) {
			ret = sfs_group_fresh(fs, &cr.fresh);
			if (ret)
				break;
			cr.group = cr.fresh;
		}
		ret = sfs_create_once(&cr, fs);
		if (ret != SFS_AGAIN)
			break;
	}
	if (ret == SFS_AGAIN) {
		sfs_warn(fs->vol, "no group for a new inode in directory %llu",
			 (unsigned long long)args->dir);
		ret = -EBUSY;
	}
	if (!ret) {
		*inode = cr.ch->node[1].in;
		*dir = cr.ch->node[0].in;
	}
	sfs_change_destroy(cr.ch);
	return ret;
}

/* ---- link --------------------------------------------------------------- */

struct sfs_linking {
	u64 ino;
	u64 dir;
	const char *name;
	unsigned int len;
	bool from_tmpfile;
	struct timespec64 now;
};

static int sfs_link_read(struct sfs_change *ch, const struct sfs_linking *l)
{
	struct sfs_node *node = &ch->node[1];
	int ret;

	ret = sfs_dir_read(&ch->op, l->dir, &ch->node[0]);
	if (!ret)
		ret = sfs_flags_may_add(&ch->node[0].in);
	if (ret)
		return ret;
	ret = sfs_node_read(&ch->op, l->ino, node);
	if (ret)
		return ret == -ESTALE ? -ENOENT : ret;
	if (S_ISDIR(node->in.mode) || node->in.flags & SFS_INODE_FIXED)
		return -EPERM;
	if (!node->in.nlink && !l->from_tmpfile)
		return -ENOENT;
	if (node->in.nlink >= SFS_LINK_MAX)
		return -EMLINK;
	ret = sfs_dent_find(&ch->op, l->dir, l->name, l->len, &ch->dent[0]);
	if (ret != -ENOENT)
		return ret ? ret : -EEXIST;
	return 0;
}

static int sfs_link_do(struct sfs_change *ch, const struct sfs_linking *l)
{
	struct sfs_node *dir = &ch->node[0];
	struct sfs_node *node = &ch->node[1];
	struct sfs_key key;
	bool was_orphan = !node->in.nlink;
	u64 pos;
	int ret;

	ret = sfs_dent_add(ch, dir, l->name, l->len, l->ino,
			   sfs_mode_dtype(node->in.mode), &pos);
	if (ret)
		return ret;
	if (was_orphan) {
		node->in.parent_ino = l->dir;
		node->in.parent_pos = pos;
	} else {
		key = SFS_KEY(l->ino, SFS_ITEM_BACKREF, l->dir, pos);
		ret = sfs_change_insert(ch, &key, NULL, 0);
		if (ret)
			return ret;
	}
	node->in.nlink++;
	sfs_node_touch(&ch->op, node, l->now);
	sfs_dir_touch(&ch->op, dir, l->now);
	ret = sfs_node_write(ch, node);
	if (!ret)
		ret = sfs_node_write(ch, dir);
	if (!ret && was_orphan)
		sfs_orphan_del(&ch->op, l->ino);
	return ret;
}

int sfs_ns_link(struct sfs_fs *fs, u64 ino, u64 dir, const char *name,
		unsigned int len, bool from_tmpfile, struct timespec64 now,
		struct sfs_inode *inode, struct sfs_inode *dir_inode)
{
	struct sfs_linking l = {
		.ino = ino,
		.dir = dir,
		.name = name,
		.len = len,
		.from_tmpfile = from_tmpfile,
		.now = now,
	};
	struct sfs_change *ch;
	int ret;

	ret = sfs_name_check(name, len);
	if (!ret)
		ret = sfs_change_create(fs, 5, 2, 1, &ch);
	if (ret)
		return ret;
	sfs_change_begin(ch, fs);
	sfs_op_add(&ch->op, dir, SFS_LOCK_EX);
	sfs_op_add(&ch->op, ino, SFS_LOCK_EX);
	ret = sfs_op_start(&ch->op, 5, 0);
	if (!ret)
		ret = sfs_link_read(ch, &l);
	if (!ret)
		ret = sfs_link_do(ch, &l);
	ret = sfs_change_end(ch, ret);
	if (!ret) {
		*inode = ch->node[1].in;
		*dir_inode = ch->node[0].in;
	}
	sfs_change_destroy(ch);
	return ret;
}

/* ---- unlink ------------------------------------------------------------- */

struct sfs_unlinking {
	u64 dir;
	const char *name;
	unsigned int len;
	u64 ino;
	bool is_rmdir;
	struct timespec64 now;
	struct sfs_link link;
};

static int sfs_unlink_read(struct sfs_change *ch, struct sfs_unlinking *u)
{
	struct sfs_node *node = &ch->node[1];
	struct sfs_dent *dent = &ch->dent[0];
	int ret;

	ret = sfs_dir_read(&ch->op, u->dir, &ch->node[0]);
	if (!ret)
		ret = sfs_dent_find(&ch->op, u->dir, u->name, u->len, dent);
	if (ret)
		return ret;
	if (dent->ino != u->ino)
		return -EAGAIN;
	/* an entry without inode is damage */
	ret = sfs_node_read(&ch->op, u->ino, node);
	if (ret)
		return ret == -ESTALE ? -EUCLEAN : ret;
	ret = sfs_flags_may_remove(&ch->node[0].in, &node->in);
	if (ret)
		return ret;
	if (u->is_rmdir && !S_ISDIR(node->in.mode))
		return -ENOTDIR;
	if (!u->is_rmdir && S_ISDIR(node->in.mode))
		return -EISDIR;
	if (u->is_rmdir && node->in.nr_entries)
		return -ENOTEMPTY;
	if (u->is_rmdir && ch->node[0].in.nlink < 3)
		return -EUCLEAN;
	return sfs_link_find(&ch->op, node, u->dir, dent->pos, &u->link);
}

static int sfs_unlink_do(struct sfs_change *ch, struct sfs_unlinking *u)
{
	struct sfs_node *dir = &ch->node[0];
	struct sfs_node *node = &ch->node[1];
	int ret;

	ret = sfs_dent_del(ch, dir, &ch->dent[0]);
	if (!ret)
		ret = sfs_link_drop(ch, node, &u->link);
	if (ret)
		return ret;
	if (u->is_rmdir)
		dir->in.nlink--;
	sfs_node_touch(&ch->op, node, u->now);
	sfs_dir_touch(&ch->op, dir, u->now);
	ret = sfs_node_write(ch, node);
	if (!ret)
		ret = sfs_node_write(ch, dir);
	/* last: needs no undo */
	if (!ret && !node->in.nlink)
		ret = sfs_orphan_add(&ch->op, u->ino);
	return ret;
}

static int sfs_unlink_once(struct sfs_change *ch, struct sfs_fs *fs,
			   struct sfs_unlinking *u)
{
	int ret;

	sfs_change_begin(ch, fs);
	sfs_op_add(&ch->op, u->dir, SFS_LOCK_EX);
	sfs_op_add(&ch->op, u->ino, SFS_LOCK_EX);
	ret = sfs_op_start(&ch->op, 5, SFS_OP_DELETE);
	if (!ret)
		ret = sfs_unlink_read(ch, u);
	if (!ret)
		ret = sfs_unlink_do(ch, u);
	return sfs_change_end(ch, ret);
}

int sfs_ns_unlink(struct sfs_fs *fs, u64 dir, const char *name,
		  unsigned int len, u64 ino, bool is_rmdir,
		  struct timespec64 now, struct sfs_inode *inode,
		  struct sfs_inode *dir_inode)
{
	struct sfs_unlinking u = {
		.dir = dir,
		.name = name,
		.len = len,
		.ino = ino,
		.is_rmdir = is_rmdir,
		.now = now,
	};
	struct sfs_dirent de;
	struct sfs_change *ch;
	unsigned int tries;
	int ret;

	ret = sfs_name_check(name, len);
	if (!ret)
		ret = sfs_change_create(fs, 5, 2, 1, &ch);
	if (ret)
		return ret;
	for (tries = 0; tries < SFS_NS_RETRIES; tries++) {
		if (!ino) {
			ret = sfs_ns_lookup(fs, dir, name, len, &de, NULL);
			if (ret)
				break;
			u.ino = de.ino;
		}
		ret = sfs_unlink_once(ch, fs, &u);
		if (ret != -EAGAIN || ino)
			break;
	}
	if (!ret) {
		*inode = ch->node[1].in;
		*dir_inode = ch->node[0].in;
	}
	sfs_change_destroy(ch);
	return ret;
}
