// SPDX-License-Identifier: GPL-2.0-only
/*
 * Edits of a file's extents: from what is there to what shall be there.
 *
 * An edit loads the extents of a range and the ones that touch it, computes
 * the list that shall replace them, and changes the items in which the two
 * differ.  Whoever adds to the new list adds in order; neighbours that can be
 * one extent become one, so extents are merged whatever was done to them.
 *
 * Invariants: extents do not overlap; an extent has space (phys) unless it is
 * offline and not unwritten; online_blocks counts blocks without flags,
 * offline_blocks those with SFS_EXT_OFFLINE.  The bytes of an inline file count as
 * one online block, see inline.c.
 */
#include "fs/ns/items.h"

static u64 sfs_ext_end(const struct sfs_ext *ext)
{
	return ext->block + ext->len;
}

static void sfs_ext_encode(const struct sfs_ext *ext,
			   struct sfs_disk_file_extent *disk)
{
	*disk = (struct sfs_disk_file_extent) {
		.phys = cpu_to_le64(ext->phys),
		.len = cpu_to_le64(ext->len),
		.flags = cpu_to_le32(ext->flags),
	};
}

static int sfs_ext_decode(struct sfs_volume *vol, const struct sfs_key *key,
			  const struct sfs_disk_file_extent *disk,
			  unsigned int len, struct sfs_ext *ext)
{
	if (len != sizeof(*disk) || key->b)
		return -EUCLEAN;
	ext->block = key->a;
	ext->len = le64_to_cpu(disk->len);
	ext->phys = le64_to_cpu(disk->phys);
	ext->flags = le32_to_cpu(disk->flags);
	if (disk->pad || ext->flags & ~(SFS_EXT_UNWRITTEN | SFS_EXT_OFFLINE))
		return -EUCLEAN;
	if (!ext->len || ext->len > SFS_FILE_BLOCKS_MAX ||
	    ext->block > SFS_FILE_BLOCKS_MAX - ext->len)
		return -EUCLEAN;
	if (ext->flags == SFS_EXT_OFFLINE)
		return ext->phys ? -EUCLEAN : 0;
	if (ext->phys < SFS_DATA_FIRST_BLOCK ||
	    ext->len > vol->total_data_blocks ||
	    ext->phys > vol->total_data_blocks - ext->len)
		return -EUCLEAN;
	return 0;
}

int sfs_ext_prev(struct sfs_op *op, u64 ino, u64 block, struct sfs_ext *ext)
{
	struct sfs_key key = SFS_KEY(ino, SFS_ITEM_EXTENT, block, 0);
	struct sfs_key first = SFS_KEY(ino, SFS_ITEM_EXTENT, 0, 0);
	struct sfs_disk_file_extent disk;
	int ret;

	ret = sfs_btree_prev(op->fs->vol, sfs_op_tree(op, ino), &key, &first,
			     &disk, sizeof(disk));
	return ret < 0 ? ret :
			 sfs_ext_decode(op->fs->vol, &key, &disk, ret, ext);
}

/* The first extent that begins at or after block; -ENOENT. */
static int sfs_ext_next(struct sfs_op *op, u64 ino, u64 block,
			struct sfs_ext *ext)
{
	struct sfs_key key = SFS_KEY(ino, SFS_ITEM_EXTENT, block, 0);
	struct sfs_key last = SFS_KEY(ino, SFS_ITEM_EXTENT, U64_MAX, U64_MAX);
	struct sfs_disk_file_extent disk;
	int ret;

	ret = sfs_btree_next(op->fs->vol, sfs_op_tree(op, ino), &key, &last,
			     &disk, sizeof(disk));
	return ret < 0 ? ret :
			 sfs_ext_decode(op->fs->vol, &key, &disk, ret, ext);
}

int sfs_ext_find(struct sfs_op *op, u64 ino, u64 block, struct sfs_ext *ext)
{
	int ret;

	ret = sfs_ext_prev(op, ino, block, ext);
	if (ret != -ENOENT && (ret || sfs_ext_end(ext) > block))
		return ret;
	return sfs_ext_next(op, ino, block, ext);
}

/* ---- life --------------------------------------------------------------- */

/* Splitting the first and the last old extent, and one new piece between. */
static unsigned int sfs_edit_max_new(unsigned int max)
{
	return max + 3;
}

int sfs_edit_create(struct sfs_fs *fs, unsigned int max, struct sfs_edit **ret)
{
	unsigned int nr = 2 * max + sfs_edit_max_new(max);
	struct sfs_edit *e;
	int err;

	e = kmalloc(sizeof(*e) + nr * sizeof(struct sfs_ext) +
		    max * sizeof(struct sfs_disk_file_extent), GFP_NOFS);
	if (!e)
		return -ENOMEM;
	/* every item changed at most once, the inode, and the bytes */
	err = sfs_change_create(fs, max + sfs_edit_max_new(max) + 2, 1, 0,
				&e->ch);
	if (err) {
		kfree(e);
		return err;
	}
	e->node = &e->ch->node[0];
	e->max = max;
	e->old = (struct sfs_ext *)(e + 1);
	e->drop = e->old + max;
	e->new = e->drop + max;
	e->old_val = (void *)(e->new + sfs_edit_max_new(max));
	e->bytes = NULL;
	*ret = e;
	return 0;
}

void sfs_edit_destroy(struct sfs_edit *e)
{
	sfs_change_destroy(e->ch);
	kfree(e->bytes);
	kfree(e);
}

void sfs_edit_begin(struct sfs_edit *e, struct sfs_fs *fs, u64 ino)
{
	e->nr_old = 0;
	e->nr_new = 0;
	e->nr_drop = 0;
	e->end = 0;
	e->more = false;
	sfs_change_begin(e->ch, fs);
	sfs_op_add(&e->ch->op, ino, SFS_LOCK_EX);
}

int sfs_edit_start(struct sfs_edit *e, struct sfs_fs *fs, u64 ino,
		   unsigned int tree_ops, unsigned int flags)
{
	int ret;

	sfs_edit_begin(e, fs, ino);
	ret = sfs_op_start(&e->ch->op, tree_ops, flags);
	if (!ret)
		ret = sfs_node_read(&e->ch->op, ino, e->node);
	return ret;
}

/* ---- loading ------------------------------------------------------------ */

static int sfs_edit_add_old(struct sfs_edit *e, const struct sfs_ext *ext)
{
	if (e->nr_old && sfs_ext_end(&e->old[e->nr_old - 1]) > ext->block)
		return -EUCLEAN;
	sfs_ext_encode(ext, &e->old_val[e->nr_old]);
	e->old[e->nr_old++] = *ext;
	return 0;
}

/*
 * Load [first, end) and what touches it.  When there is more than fits, the
 * range handled ends before the last extent that did, which is only there to
 * be merged with.
 */
int sfs_edit_load(struct sfs_edit *e, u64 first, u64 end)
{
	struct sfs_op *op = &e->ch->op;
	u64 ino = e->node->in.ino;
	struct sfs_ext ext;
	u64 from = first;
	int ret = -ENOENT;

	e->end = end;
	e->more = false;
	if (first)
		ret = sfs_ext_prev(op, ino, first - 1, &ext);
	if (!ret && sfs_ext_end(&ext) >= first)
		ret = sfs_edit_add_old(e, &ext);
	if (ret == -ENOENT)
		ret = 0;
	while (!ret) {
		ret = sfs_ext_next(op, ino, from, &ext);
		if (ret || ext.block > end)
			break;
		if (e->nr_old == e->max) {
			e->more = true;
			e->end = e->old[e->max - 1].block;
			break;
		}
		ret = sfs_edit_add_old(e, &ext);
		from = ext.block + 1;
	}
	return ret == -ENOENT ? 0 : ret;
}

/* ---- the new list ------------------------------------------------------- */

static bool sfs_ext_is_followed(const struct sfs_ext *a,
				const struct sfs_ext *b)
{
	if (sfs_ext_end(a) != b->block || a->flags != b->flags)
		return false;
	return a->phys ? a->phys + a->len == b->phys : !b->phys;
}

int sfs_edit_push(struct sfs_edit *e, const struct sfs_ext *ext)
{
	struct sfs_ext *prev = e->new + e->nr_new - 1;

	if (e->nr_new && sfs_ext_is_followed(prev, ext)) {
		prev->len += ext->len;
		return 0;
	}
	if (WARN_ON_ONCE(e->nr_new == sfs_edit_max_new(e->max)))
		return -EIO;
	e->new[e->nr_new++] = *ext;
	return 0;
}

/* The part of an extent inside [first, end); false when there is none. */
static bool sfs_ext_cut(const struct sfs_ext *ext, u64 first, u64 end,
			struct sfs_ext *cut)
{
	u64 from = max(ext->block, first);
	u64 to = min(sfs_ext_end(ext), end);

	if (from >= to)
		return false;
	*cut = *ext;
	cut->block = from;
	cut->len = to - from;
	if (cut->phys)
		cut->phys += from - ext->block;
	return true;
}

static bool sfs_edit_drops(const struct sfs_ext *ext,
			   enum sfs_edit_action action)
{
	return action == SFS_EDIT_DROP ||
	       (action == SFS_EDIT_DROP_UNWRITTEN &&
		ext->flags == SFS_EXT_UNWRITTEN) ||
	       (action == SFS_EDIT_ZERO && !ext->phys);
}

static void sfs_edit_convert(struct sfs_ext *ext, enum sfs_edit_action action)
{
	if (action == SFS_EDIT_WRITTEN && (ext->flags & SFS_EXT_UNWRITTEN))
		ext->flags = 0;
	if (action == SFS_EDIT_ZERO && ext->phys)
		ext->flags = SFS_EXT_UNWRITTEN;
}

int sfs_edit_range(struct sfs_edit *e, u64 first, u64 end,
		   enum sfs_edit_action action)
{
	const struct sfs_ext *old;
	struct sfs_ext cut;
	unsigned int i;
	int ret;

	ret = sfs_edit_load(e, first, end);
	for (i = 0; !ret && i < e->nr_old; i++) {
		old = &e->old[i];
		if (sfs_ext_cut(old, 0, first, &cut))
			ret = sfs_edit_push(e, &cut);
		if (!ret && sfs_ext_cut(old, first, e->end, &cut)) {
			sfs_edit_convert(&cut, action);
			if (!sfs_edit_drops(&cut, action))
				ret = sfs_edit_push(e, &cut);
			else if (cut.phys)
				e->drop[e->nr_drop++] = cut;
		}
		if (!ret && sfs_ext_cut(old, e->end, U64_MAX, &cut))
			ret = sfs_edit_push(e, &cut);
	}
	return ret;
}

/* ---- applying ----------------------------------------------------------- */

static void sfs_ext_count(const struct sfs_ext *ext, unsigned int nr,
			  u64 *online, u64 *offline)
{
	*online = 0;
	*offline = 0;
	for (; nr; nr--, ext++) {
		if (!ext->flags)
			*online += ext->len;
		if (ext->flags & SFS_EXT_OFFLINE)
			*offline += ext->len;
	}
}

static int sfs_edit_count(struct sfs_edit *e, bool *is_changed)
{
	struct sfs_inode *in = &e->node->in;
	u64 old_online, old_offline;
	u64 new_online, new_offline;

	sfs_ext_count(e->old, e->nr_old, &old_online, &old_offline);
	sfs_ext_count(e->new, e->nr_new, &new_online, &new_offline);
	*is_changed = old_online != new_online || old_offline != new_offline;
	if (in->online_blocks < old_online || in->offline_blocks < old_offline)
		return -EUCLEAN;
	in->online_blocks += new_online - old_online;
	in->offline_blocks += new_offline - old_offline;
	return 0;
}

static bool sfs_ext_equal(const struct sfs_ext *a, const struct sfs_ext *b)
{
	return a->block == b->block && a->len == b->len &&
	       a->phys == b->phys && a->flags == b->flags;
}

/* One step of comparing the lists: old, new or both may be NULL. */
static int sfs_edit_item(struct sfs_edit *e, const struct sfs_ext *old,
			 const struct sfs_ext *new)
{
	struct sfs_key key = SFS_KEY(e->node->in.ino, SFS_ITEM_EXTENT,
				     old ? old->block : new->block, 0);
	const struct sfs_disk_file_extent *old_val = NULL;
	struct sfs_disk_file_extent val;

	if (old && new && sfs_ext_equal(old, new))
		return 0;
	if (old)
		old_val = &e->old_val[old - e->old];
	if (!new)
		return sfs_change_delete(e->ch, &key, old_val,
					 sizeof(*old_val));
	sfs_ext_encode(new, &val);
	if (!old)
		return sfs_change_insert(e->ch, &key, &val, sizeof(val));
	return sfs_change_update(e->ch, &key, &val, sizeof(val), old_val,
				 sizeof(*old_val));
}

int sfs_edit_items(struct sfs_edit *e, bool *counts_changed)
{
	const struct sfs_ext *old = e->old;
	const struct sfs_ext *new = e->new;
	const struct sfs_ext *old_end = old + e->nr_old;
	const struct sfs_ext *new_end = new + e->nr_new;
	int ret;

	ret = sfs_edit_count(e, counts_changed);
	if (ret)
		return ret;
	while (!ret && (old < old_end || new < new_end)) {
		if (new == new_end ||
		    (old < old_end && old->block < new->block))
			ret = sfs_edit_item(e, old++, NULL);
		else if (old == old_end || new->block < old->block)
			ret = sfs_edit_item(e, NULL, new++);
		else
			ret = sfs_edit_item(e, old++, new++);
	}
	return ret;
}

int sfs_edit_free(struct sfs_edit *e)
{
	struct sfs_op *op = &e->ch->op;
	unsigned int i;
	int ret;

	for (i = 0; i < e->nr_drop; i++) {
		ret = sfs_data_free(op, e->drop[i].phys, e->drop[i].len);
		if (!ret)
			continue;
		/* the first one can be taken back with the items */
		if (i)
			sfs_volume_withdraw(op->fs->vol, ret,
					    "half of the extents are free");
		return ret;
	}
	return 0;
}

int sfs_edit_apply(struct sfs_edit *e, bool is_changed)
{
	bool counts_changed;
	int ret;

	ret = sfs_edit_items(e, &counts_changed);
	if (!ret && (is_changed || counts_changed)) {
		sfs_node_seq(&e->ch->op, e->node);
		ret = sfs_node_write(e->ch, e->node);
	}
	return ret ? ret : sfs_edit_free(e);
}
