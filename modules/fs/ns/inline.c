// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small files: their bytes are in an item of the group tree.
 *
 * Write-back of a file of a few hundred bytes stores them next to the inode
 * instead of giving it a block, so creating, writing and syncing it is one commit,
 * and reading it reads nothing but the tree.
 *
 * Invariants: with SFS_INODE_INLINE there is one item, of no more bytes than the
 * size, which is at most sfs_inline_max(); what it lacks reads as zeroes; block 0
 * is a hole or unwritten.  When block 0 has been written, in the same transaction,
 * the item goes: so the bytes that were durable are, in one place or the other.
 * For users and counts an inline file has one block online.
 */
#include "fs/ns/items.h"

unsigned int sfs_inline_max(const struct sfs_volume *vol)
{
	if (!(le64_to_cpu(vol->sb->incompat) & SFS_INCOMPAT_INLINE))
		return 0;
	return min_t(unsigned int, SFS_INLINE_BYTES_MAX,
		     SFS_VAL_MAX(vol->block_bytes));
}

static struct sfs_key sfs_inline_key(u64 ino)
{
	return SFS_KEY(ino, SFS_ITEM_BYTES, 0, 0);
}

/* ---- changes ------------------------------------------------------------ */

/* What is stored, which stays in memory until the change has ended: its length. */
static int sfs_inline_load(struct sfs_edit *e)
{
	struct sfs_op *op = &e->ch->op;
	struct sfs_key key = sfs_inline_key(e->node->in.ino);
	int ret;

	if (!e->bytes)
		e->bytes = kmalloc(SFS_INLINE_BYTES_MAX, GFP_NOFS);
	if (!e->bytes)
		return -ENOMEM;
	ret = sfs_btree_lookup(op->fs->vol, sfs_op_tree(op, key.ino), &key,
			       e->bytes, SFS_INLINE_BYTES_MAX);
	if (ret == -ENOENT || ret > SFS_INLINE_BYTES_MAX)
		return -EUCLEAN;
	return ret;
}

int sfs_inline_drop(struct sfs_edit *e)
{
	struct sfs_inode *in = &e->node->in;
	struct sfs_key key = sfs_inline_key(in->ino);
	int ret;

	if (!sfs_node_is_inline(e->node))
		return 0;
	if (!in->online_blocks)
		return -EUCLEAN;
	ret = sfs_inline_load(e);
	if (ret >= 0)
		ret = sfs_change_delete(e->ch, &key, e->bytes, ret);
	if (ret)
		return ret;
	in->flags &= ~SFS_INODE_INLINE;
	in->online_blocks--;
	return 0;
}

int sfs_inline_cut(struct sfs_edit *e)
{
	struct sfs_inode *in = &e->node->in;
	struct sfs_key key = sfs_inline_key(in->ino);
	int ret;

	if (!sfs_node_is_inline(e->node))
		return 0;
	if (!in->size)
		return sfs_inline_drop(e);
	ret = sfs_inline_load(e);
	if (ret < 0)
		return ret;
	if ((u64)ret <= in->size)
		return 0;
	return sfs_change_update(e->ch, &key, e->bytes, in->size, e->bytes,
				 ret);
}

static int sfs_inline_set(struct sfs_edit *e, const void *bytes,
			  unsigned int len)
{
	struct sfs_inode *in = &e->node->in;
	struct sfs_key key = sfs_inline_key(in->ino);
	int ret;

	if (!sfs_node_is_inline(e->node)) {
		in->flags |= SFS_INODE_INLINE;
		in->online_blocks++;
		return sfs_change_insert(e->ch, &key, bytes, len);
	}
	ret = sfs_inline_load(e);
	return ret < 0 ? ret : sfs_change_update(e->ch, &key, bytes, len,
						 e->bytes, ret);
}

/* ---- storing ------------------------------------------------------------ */

/* 0 when neither block 0 nor the size stands against it. */
static int sfs_inline_check(struct sfs_edit *e)
{
	struct sfs_op *op = &e->ch->op;
	struct sfs_inode *in = &e->node->in;
	struct sfs_ext ext;
	int ret;

	if (in->size > sfs_inline_max(op->fs->vol))
		return -EEXIST;
	ret = sfs_ext_find(op, in->ino, 0, &ext);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	return ext.block ? 0 : -EEXIST;
}

static int sfs_inline_store_once(struct sfs_edit *e, struct sfs_fs *fs, u64 ino,
				 const void *bytes, unsigned int len,
				 unsigned int flags)
{
	struct sfs_inode *in = &e->node->in;
	int ret;

	/* the bytes were accepted, like those that have a block already */
	ret = sfs_file_start(e, fs, ino, SFS_EXT_FEW, SFS_OP_DELETE | flags);
	if (!ret && in->flags & SFS_INODE_TRUNCATE)
		ret = SFS_AGAIN;
	if (!ret)
		ret = sfs_inline_check(e);
	if (!ret)
		ret = sfs_inline_set(e, bytes, len);
	if (!ret) {
		in->size = max_t(u64, in->size, len);
		sfs_node_seq(&e->ch->op, e->node);
		ret = sfs_node_write(e->ch, e->node);
	}
	return sfs_change_end(e->ch, ret);
}

int sfs_ns_inline_store(struct sfs_fs *fs, u64 ino, const void *bytes,
			unsigned int len, unsigned int flags)
{
	unsigned int op_flags = sfs_ns_op_flags(flags);
	unsigned int tries = 0;
	struct sfs_edit *e;
	int ret;

	if (!len || len > sfs_inline_max(fs->vol))
		return -EINVAL;
	ret = sfs_edit_create(fs, SFS_EXT_FEW, &e);
	if (ret)
		return ret;
	do {
		ret = sfs_inline_store_once(e, fs, ino, bytes, len, op_flags);
	} while (sfs_truncate_again(fs, ino, op_flags, &tries, &ret));
	sfs_edit_destroy(e);
	return ret;
}

/* ---- reading ------------------------------------------------------------ */

int sfs_ns_inline_read(struct sfs_fs *fs, u64 ino, void *buf, unsigned int size,
		       unsigned int flags)
{
	struct sfs_key key = sfs_inline_key(ino);
	struct sfs_op op;
	int ret;

	sfs_op_init(&op, fs);
	sfs_op_add(&op, ino, SFS_LOCK_PR);
	ret = sfs_op_start(&op, 0, sfs_ns_op_flags(flags));
	if (!ret)
		ret = sfs_btree_lookup(fs->vol, sfs_op_tree(&op, ino), &key,
				       buf, size);
	sfs_op_end(&op);
	return ret == -ENOENT ? -ENODATA : ret;
}
