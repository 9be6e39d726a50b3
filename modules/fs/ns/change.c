// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes: several btree changes, in several groups, all or none of them.
 *
 * Each change is remembered with what it replaced.  Taking changes back needs
 * blocks that are dirty in this transaction already, so it can hardly fail; if
 * it does the volume is withdrawn.
 */
#include "fs/ns/items.h"

#ifdef __KERNEL__
static bool sfs_change_is_failed(void)
{
	return false;
}
#else
long sfs_change_fail;

static bool sfs_change_is_failed(void)
{
	return sfs_change_fail && --sfs_change_fail == 0;
}
#endif

/* Larger ones are rare. */
#define SFS_CHANGE_SPARE_BYTES	8192

/*
 * What the mount's last change left is used again: kernels clear what they allocate,
 * which for some thousand bytes costs more than a search in a tree.
 */
static struct sfs_change *sfs_change_alloc(struct sfs_fs *fs, size_t bytes)
{
	struct sfs_change *ch = xchg(&fs->spare_change, NULL);

	if (ch && ch->bytes >= bytes)
		return ch;
	kfree(ch);
	ch = kmalloc(bytes, GFP_NOFS);
	if (ch)
		ch->bytes = bytes;
	return ch;
}

int sfs_change_create(struct sfs_fs *fs, unsigned int max_undo,
		      unsigned int nr_nodes, unsigned int nr_dents,
		      struct sfs_change **ret)
{
	struct sfs_change *ch;

	if (fs->read_only)
		return -EROFS;
	ch = sfs_change_alloc(fs, sizeof(*ch) + max_undo * sizeof(*ch->undo) +
				  nr_nodes * sizeof(*ch->node) +
				  nr_dents * sizeof(*ch->dent));
	if (!ch)
		return -ENOMEM;
	ch->fs = fs;
	ch->max_undo = max_undo;
	ch->undo = (struct sfs_undo *)(ch + 1);
	ch->node = (struct sfs_node *)(ch->undo + max_undo);
	ch->dent = (struct sfs_dent *)(ch->node + nr_nodes);
	*ret = ch;
	return 0;
}

void sfs_change_destroy(struct sfs_change *ch)
{
	if (ch && ch->bytes <= SFS_CHANGE_SPARE_BYTES)
		ch = xchg(&ch->fs->spare_change, ch);
	kfree(ch);
}

void sfs_change_begin(struct sfs_change *ch, struct sfs_fs *fs)
{
	ch->nr_undo = 0;
	sfs_op_init(&ch->op, fs);
}

static int sfs_undo_one(struct sfs_change *ch, const struct sfs_undo *undo)
{
	struct sfs_tree *tree = sfs_op_tree(&ch->op, undo->key.ino);

	switch (undo->kind) {
	case SFS_UNDO_INSERT:
		return sfs_btree_delete(ch->op.tr, tree, &undo->key);
	case SFS_UNDO_UPDATE:
		return sfs_btree_update(ch->op.tr, tree, &undo->key, undo->old,
					undo->old_len);
	case SFS_UNDO_DELETE:
		return sfs_btree_insert(ch->op.tr, tree, &undo->key, undo->old,
					undo->old_len);
	}
	return -EINVAL;
}

static void sfs_change_undo(struct sfs_change *ch)
{
	int ret;

	while (ch->nr_undo) {
		ret = sfs_undo_one(ch, &ch->undo[--ch->nr_undo]);
		if (ret) {
			sfs_volume_withdraw(ch->op.fs->vol, ret,
					    "half an operation cannot be undone");
			return;
		}
	}
}

int sfs_change_end(struct sfs_change *ch, int ret)
{
	if (ret < 0)
		sfs_change_undo(ch);
	sfs_op_end(&ch->op);
	return ret;
}

static int sfs_undo_add(struct sfs_change *ch, const struct sfs_key *key,
			enum sfs_undo_kind kind, const void *old,
			unsigned int old_len)
{
	struct sfs_undo *undo = &ch->undo[ch->nr_undo];

	if (WARN_ON_ONCE(ch->nr_undo == ch->max_undo))
		return -EIO;
	if (sfs_change_is_failed())
		return -ENOMEM;
	undo->key = *key;
	undo->kind = kind;
	undo->old = old;
	undo->old_len = old_len;
	ch->nr_undo++;
	sfs_op_dirty(&ch->op, key->ino);
	return 0;
}

/* The last change did not happen; its failure left the tree as it was. */
static int sfs_undo_settle(struct sfs_change *ch, int ret)
{
	if (!ret)
		return 0;
	ch->nr_undo--;
	/* what was read under this very lock is gone or there already */
	return ret == -ENOENT || ret == -EEXIST ? -EUCLEAN : ret;
}

int sfs_change_insert(struct sfs_change *ch, const struct sfs_key *key,
		      const void *val, unsigned int len)
{
	int ret = sfs_undo_add(ch, key, SFS_UNDO_INSERT, NULL, 0);

	if (ret)
		return ret;
	ret = sfs_btree_insert(ch->op.tr, sfs_op_tree(&ch->op, key->ino), key,
			       val, len);
	return sfs_undo_settle(ch, ret);
}

int sfs_change_update(struct sfs_change *ch, const struct sfs_key *key,
		      const void *val, unsigned int len, const void *old,
		      unsigned int old_len)
{
	int ret = sfs_undo_add(ch, key, SFS_UNDO_UPDATE, old, old_len);

	if (ret)
		return ret;
	ret = sfs_btree_update(ch->op.tr, sfs_op_tree(&ch->op, key->ino), key,
			       val, len);
	return sfs_undo_settle(ch, ret);
}

int sfs_change_delete(struct sfs_change *ch, const struct sfs_key *key,
		      const void *old, unsigned int old_len)
{
	int ret = sfs_undo_add(ch, key, SFS_UNDO_DELETE, old, old_len);

	if (ret)
		return ret;
	ret = sfs_btree_delete(ch->op.tr, sfs_op_tree(&ch->op, key->ino), key);
	return sfs_undo_settle(ch, ret);
}
