// SPDX-License-Identifier: GPL-2.0-only
/*
 * File extents: mapping, allocation, conversion, truncation, punching.
 *
 * Space enters a file unwritten and becomes written when its data is on the
 * device.  A truncate that takes several transactions sets the size and
 * SFS_INODE_TRUNCATE in the first; while the flag is set there may be written
 * extents past the size, and nothing may grow the file before they are gone.
 */
#include "fs/ns/items.h"

int sfs_file_start(struct sfs_edit *e, struct sfs_fs *fs, u64 ino,
		   unsigned int max, unsigned int flags)
{
	bool is_drop = flags & SFS_OP_DELETE;
	int ret;

	ret = sfs_edit_start(e, fs, ino, sfs_edit_ops(max, is_drop), flags);
	if (!ret && !S_ISREG(e->node->in.mode))
		ret = -EINVAL;
	return ret;
}

static int sfs_range_check(u64 block, u64 len)
{
	if (!len)
		return -EINVAL;
	if (len > SFS_FILE_BLOCKS_MAX || block > SFS_FILE_BLOCKS_MAX - len)
		return -EFBIG;
	return 0;
}

/* What an extent says about [block, block + len), which begins inside. */
static void sfs_map_from_ext(struct sfs_map *map, const struct sfs_ext *ext,
			     u64 block, u64 len)
{
	u64 skip = block - ext->block;

	map->block = block;
	map->len = min(len, ext->len - skip);
	map->phys = ext->phys ? ext->phys + skip : 0;
	map->flags = ext->flags;
}

int sfs_ns_map(struct sfs_fs *fs, u64 ino, u64 block, u64 len,
	       unsigned int flags, struct sfs_map *map)
{
	struct sfs_ext ext;
	struct sfs_op op;
	int ret;

	ret = sfs_range_check(block, len);
	if (ret)
		return ret;
	sfs_op_init(&op, fs);
	sfs_op_add(&op, ino, SFS_LOCK_PR);
	ret = sfs_op_start(&op, 0, sfs_ns_op_flags(flags));
	if (!ret) {
		*map = (struct sfs_map) { .block = block, .len = len };
		ret = sfs_ext_find(&op, ino, block, &ext);
		if (!ret && ext.block <= block)
			sfs_map_from_ext(map, &ext, block, len);
		else if (!ret)
			map->len = min(len, ext.block - block);
		else if (ret == -ENOENT)
			ret = 0;
	}
	sfs_op_end(&op);
	return ret;
}

/* ---- allocation --------------------------------------------------------- */

/* One call of sfs_ns_alloc_around(). */
struct sfs_allocating {
	u64 ino;
	struct sfs_fill fill;
	unsigned int flags;	/* enum sfs_op_flags */
	struct sfs_ext got;	/* what was given space */
	u64 ask;		/* blocks asked for when there was no space */
};

/* The new list: the old one with the new piece in its place. */
static int sfs_alloc_place(struct sfs_edit *e, const struct sfs_ext *piece)
{
	u64 end = piece->block + piece->len;
	const struct sfs_ext *old;
	struct sfs_ext rest;
	bool is_placed = false;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < e->nr_old; i++) {
		old = &e->old[i];
		if (old->block + old->len <= piece->block) {
			ret = sfs_edit_push(e, old);
			continue;
		}
		/* offline without space: any part is like any other */
		rest = *old;
		if (old->block < piece->block) {
			rest.len = piece->block - old->block;
			ret = sfs_edit_push(e, &rest);
		}
		if (!ret && !is_placed)
			ret = sfs_edit_push(e, piece);
		is_placed = true;
		rest = *old;
		if (old->block < end) {
			rest.block = end;
			rest.len = old->block + old->len - end;
		}
		if (!ret && rest.len)
			ret = sfs_edit_push(e, &rest);
	}
	if (!ret && !is_placed)
		ret = sfs_edit_push(e, piece);
	return ret;
}

/* The hole begins where the extent before it ends. */
static int sfs_alloc_load(struct sfs_edit *e, struct sfs_fill *gap)
{
	struct sfs_ext ext;
	int ret;

	if (gap->from < gap->block) {
		ret = sfs_ext_prev(&e->ch->op, e->node->in.ino, gap->block - 1,
				   &ext);
		if (!ret)
			gap->from = clamp(ext.block + ext.len, gap->from,
					  gap->block);
		else if (ret != -ENOENT)
			return ret;
	}
	return sfs_edit_load(e, gap->from, gap->end);
}

/*
 * Where space is missing: *gap is cut to what may be filled, and empty when nothing
 * is missing and *map tells.  *hint: right behind the data before.
 */
static void sfs_alloc_gap(struct sfs_edit *e, struct sfs_fill *gap, u64 *hint,
			  u32 *flags, struct sfs_map *map)
{
	const struct sfs_ext *old;
	unsigned int i;

	*hint = 0;
	*flags = SFS_EXT_UNWRITTEN;
	for (i = 0; i < e->nr_old; i++) {
		old = &e->old[i];
		if (old->block > gap->block) {
			gap->end = min(gap->end, old->block);
			return;
		}
		if (old->block + old->len <= gap->block) {
			*hint = old->phys ? old->phys + old->len : 0;
			continue;
		}
		sfs_map_from_ext(map, old, gap->block, gap->len);
		gap->from = gap->block;
		gap->end = old->phys ? gap->block :
				       min(gap->end, old->block + old->len);
		*flags |= SFS_EXT_OFFLINE;
		return;
	}
}

static int sfs_alloc_fill(struct sfs_edit *e, struct sfs_allocating *al,
			  struct sfs_map *map)
{
	struct sfs_op *op = &e->ch->op;
	struct sfs_fill gap = al->fill;
	u64 hint;
	int ret;

	ret = sfs_alloc_load(e, &gap);
	if (ret)
		return ret;
	sfs_alloc_gap(e, &gap, &hint, &al->got.flags, map);
	if (gap.from == gap.end)
		return 0;
	ret = sfs_data_alloc(op, hint, gap.end - gap.from, &al->got.phys,
			     &al->got.len);
	if (ret) {
		al->ask = gap.end - gap.from;
		return ret == -ENOSPC ? SFS_AGAIN : ret;
	}
	al->got.block = gap.from;
	if (gap.from + al->got.len <= gap.block)
		al->got.block = gap.block + 1 - al->got.len;
	ret = sfs_alloc_place(e, &al->got);
	if (!ret)
		ret = sfs_edit_apply(e, false);
	if (!ret)
		sfs_map_from_ext(map, &al->got, gap.block, gap.len);
	else if (sfs_data_free(op, al->got.phys, al->got.len))
		sfs_volume_withdraw(op->fs->vol, ret,
				    "unused data space cannot be freed");
	return ret;
}

static int sfs_alloc_once(struct sfs_edit *e, struct sfs_fs *fs,
			  struct sfs_allocating *al, struct sfs_map *map,
			  bool *is_truncating)
{
	int ret;

	ret = sfs_file_start(e, fs, al->ino, SFS_EXT_FEW, al->flags);
	if (!ret)
		*is_truncating = e->node->in.flags & SFS_INODE_TRUNCATE;
	if (!ret && *is_truncating)
		ret = SFS_AGAIN;
	if (!ret)
		ret = sfs_alloc_fill(e, al, map);
	return sfs_change_end(e->ch, ret);
}

int sfs_ns_alloc_around(struct sfs_fs *fs, u64 ino, const struct sfs_fill *fill,
			unsigned int flags, struct sfs_map *map)
{
	struct sfs_allocating al = {
		.ino = ino,
		.fill = *fill,
		.flags = sfs_ns_op_flags(flags),
	};
	bool is_truncating;
	struct sfs_edit *e;
	unsigned int tries;
	int ret;

	ret = sfs_range_check(fill->block, fill->len);
	if (ret)
		return ret;
	al.fill.from = min(fill->from, fill->block);
	al.fill.end = clamp(fill->end, fill->block + fill->len,
			    SFS_FILE_BLOCKS_MAX);
	ret = sfs_edit_create(fs, SFS_EXT_FEW, &e);
	if (ret)
		return ret;
	for (tries = 0; tries < SFS_NS_RETRIES; tries++) {
		is_truncating = false;
		ret = sfs_alloc_once(e, fs, &al, map, &is_truncating);
		if (ret != SFS_AGAIN)
			break;
		ret = is_truncating ? sfs_truncate_finish(fs, ino,
							    al.flags) :
				      sfs_data_refill(fs, al.ask);
		if (ret)
			break;
		ret = -ENOSPC;
	}
	sfs_edit_destroy(e);
	return ret;
}

int sfs_ns_alloc(struct sfs_fs *fs, u64 ino, u64 block, u64 len, u64 want,
		 unsigned int flags, struct sfs_map *map)
{
	struct sfs_fill fill = { .from = block, .block = block, .len = len };

	if (check_add_overflow(block, max(len, want), &fill.end))
		fill.end = U64_MAX;
	return sfs_ns_alloc_around(fs, ino, &fill, flags, map);
}

/* ---- conversion --------------------------------------------------------- */

struct sfs_writing {
	u64 ino;
	u64 block;	/* next one to do */
	u64 end;
	u64 size;
	unsigned int flags;
};

/* Block 0 has just been written, the inode is not yet. */
static bool sfs_written_first(const struct sfs_edit *e,
			      const struct sfs_writing *wr)
{
	return !wr->block && e->nr_new && !e->new[0].block && !e->new[0].flags;
}

static int sfs_written_once(struct sfs_edit *e, struct sfs_fs *fs,
			    struct sfs_writing *wr)
{
	struct sfs_inode *in = &e->node->in;
	bool is_changed = false;
	int ret;

	ret = sfs_file_start(e, fs, wr->ino, SFS_EXT_FEW, wr->flags);
	if (!ret)
		ret = sfs_edit_range(e, wr->block, wr->end, SFS_EDIT_WRITTEN);
	if (!ret && sfs_node_is_inline(e->node) && sfs_written_first(e, wr)) {
		ret = sfs_inline_drop(e);
		is_changed = true;
	}
	if (ret)
		goto out;
	/* the size comes with the last part */
	if (e->end >= wr->end && in->size < wr->size) {
		if (in->flags & SFS_INODE_TRUNCATE) {
			ret = SFS_AGAIN;
			goto out;
		}
		if (WARN_ON_ONCE(!sfs_inline_allows(fs, e->node, wr->size))) {
			ret = -EIO;
			goto out;
		}
		in->size = wr->size;
		is_changed = true;
	}
	ret = sfs_edit_apply(e, is_changed);
	if (!ret) {
		sfs_trans_new_data(e->ch->op.tr);
		wr->block = e->end;
	}
out:
	return sfs_change_end(e->ch, ret);
}

int sfs_ns_written(struct sfs_fs *fs, u64 ino, u64 block, u64 len, u64 size,
		   unsigned int flags)
{
	struct sfs_writing wr = {
		.ino = ino,
		.block = block,
		.end = block + len,
		.size = size,
		.flags = sfs_ns_op_flags(flags),
	};
	unsigned int tries = 0;
	struct sfs_edit *e;
	int ret;

	ret = sfs_range_check(block, len);
	if (ret)
		return ret;
	if (size > S64_MAX)
		return -EFBIG;
	ret = sfs_edit_create(fs, SFS_EXT_FEW, &e);
	if (ret)
		return ret;
	while (wr.block < wr.end) {
		ret = sfs_written_once(e, fs, &wr);
		if (ret &&
		    !sfs_truncate_again(fs, ino, wr.flags, &tries, &ret))
			break;
	}
	sfs_edit_destroy(e);
	return ret;
}

/* ---- truncation --------------------------------------------------------- */

/* Free a part of what is past the size; the flag says whether that was all. */
static int sfs_truncate_part(struct sfs_edit *e, bool is_changed)
{
	struct sfs_inode *in = &e->node->in;
	u32 flags = in->flags;
	int ret;

	ret = sfs_edit_range(e, sfs_size_blocks(in->size), SFS_FILE_BLOCKS_MAX,
			     SFS_EDIT_DROP);
	if (!ret)
		ret = sfs_inline_cut(e);
	if (ret)
		return ret;
	in->flags &= ~SFS_INODE_TRUNCATE;
	if (e->more)
		in->flags |= SFS_INODE_TRUNCATE;
	return sfs_edit_apply(e, is_changed || in->flags != flags);
}

/* Parts until nothing is left; the node is what the last one wrote. */
static int sfs_truncate_rest(struct sfs_edit *e, struct sfs_fs *fs, u64 ino,
			     unsigned int flags)
{
	bool more = true;
	int ret = 0;

	while (!ret && more) {
		ret = sfs_file_start(e, fs, ino, SFS_EXT_MANY,
				     SFS_OP_DELETE | flags);
		more = !ret && (e->node->in.flags & SFS_INODE_TRUNCATE);
		if (more)
			ret = sfs_truncate_part(e, false);
		ret = sfs_change_end(e->ch, ret);
	}
	return ret;
}

int sfs_truncate_finish(struct sfs_fs *fs, u64 ino, unsigned int flags)
{
	struct sfs_edit *e;
	int ret;

	ret = sfs_edit_create(fs, SFS_EXT_MANY, &e);
	if (ret)
		return ret;
	ret = sfs_truncate_rest(e, fs, ino, flags);
	sfs_edit_destroy(e);
	return ret;
}

bool sfs_truncate_again(struct sfs_fs *fs, u64 ino, unsigned int flags,
			unsigned int *tries, int *ret)
{
	if (*ret != SFS_AGAIN)
		return false;
	*ret = (*tries)++ < SFS_NS_RETRIES ?
	       sfs_truncate_finish(fs, ino, flags) : -EBUSY;
	return !*ret;
}

static int sfs_truncate_first(struct sfs_edit *e, struct sfs_fs *fs, u64 ino,
			      u64 size, struct timespec64 now,
			      unsigned int flags)
{
	struct sfs_inode *in = &e->node->in;
	int ret;

	ret = sfs_file_start(e, fs, ino, SFS_EXT_MANY,
			     SFS_OP_DELETE | flags);
	if (!ret && size > in->size && (in->flags & SFS_INODE_TRUNCATE))
		ret = SFS_AGAIN;
	if (!ret && size > in->size && !sfs_inline_allows(fs, e->node, size))
		ret = -EINVAL;
	if (!ret) {
		if (size != in->size)
			in->data_version++;
		in->size = size;
		in->mtime = now;
		sfs_node_data_seq(&e->ch->op, e->node);
		sfs_node_touch(&e->ch->op, e->node, now);
		ret = sfs_truncate_part(e, true);
	}
	return sfs_change_end(e->ch, ret);
}

int sfs_ns_truncate(struct sfs_fs *fs, u64 ino, u64 size, struct timespec64 now,
		    unsigned int flags, struct sfs_inode *inode)
{
	unsigned int op_flags = sfs_ns_op_flags(flags);
	struct sfs_edit *e;
	unsigned int tries;
	int ret;

	if (size > S64_MAX)
		return -EFBIG;
	ret = sfs_edit_create(fs, SFS_EXT_MANY, &e);
	if (ret)
		return ret;
	for (tries = 0; tries < SFS_NS_RETRIES; tries++) {
		ret = sfs_truncate_first(e, fs, ino, size, now, op_flags);
		if (ret != SFS_AGAIN)
			break;
		ret = sfs_truncate_rest(e, fs, ino, op_flags);
		if (ret)
			break;
		ret = -EBUSY;
	}
	/* others may want the lock by then: see sfs_ns_truncate_rest() */
	if (!ret && (e->node->in.flags & SFS_INODE_TRUNCATE) &&
	    !(flags & SFS_NS_IO))
		ret = sfs_truncate_rest(e, fs, ino, 0);
	if (!ret)
		*inode = e->node->in;
	sfs_edit_destroy(e);
	return ret;
}

int sfs_ns_truncate_rest(struct sfs_fs *fs, u64 ino)
{
	return sfs_truncate_finish(fs, ino, 0);
}

/* ---- clearing a range --------------------------------------------------- */

/* from: blocks before it stay; with past_size also those before the size's end */
static int sfs_clear_range(struct sfs_fs *fs, u64 ino, u64 from, u64 end,
			   bool past_size, enum sfs_edit_action action,
			   unsigned int flags)
{
	unsigned int op_flags = SFS_OP_DELETE | sfs_ns_op_flags(flags);
	struct sfs_edit *e;
	bool is_inline;
	int ret;

	ret = sfs_edit_create(fs, SFS_EXT_MANY, &e);
	if (ret)
		return ret;
	do {
		ret = sfs_file_start(e, fs, ino, SFS_EXT_MANY, op_flags);
		if (!ret && past_size)
			from = clamp(sfs_size_blocks(e->node->in.size), from,
				     end);
		is_inline = !ret && !from && sfs_node_is_inline(e->node);
		if (!ret)
			ret = sfs_edit_range(e, from, end, action);
		if (!ret && is_inline)
			ret = sfs_inline_drop(e);
		if (!ret)
			ret = sfs_edit_apply(e, is_inline);
		ret = sfs_change_end(e->ch, ret);
		from = e->end;
	} while (!ret && e->more);
	sfs_edit_destroy(e);
	return ret;
}

int sfs_ns_trim_prealloc(struct sfs_fs *fs, u64 ino, u64 block, u64 end,
			 unsigned int flags)
{
	return sfs_clear_range(fs, ino, block, end, true,
			       SFS_EDIT_DROP_UNWRITTEN, flags);
}

static int sfs_clear_blocks(struct sfs_fs *fs, u64 ino, u64 block, u64 len,
			    enum sfs_edit_action action, unsigned int flags)
{
	int ret = sfs_range_check(block, len);

	return ret ? ret : sfs_clear_range(fs, ino, block, block + len, false,
					   action, flags);
}

int sfs_ns_punch(struct sfs_fs *fs, u64 ino, u64 block, u64 len,
		 unsigned int flags)
{
	return sfs_clear_blocks(fs, ino, block, len, SFS_EDIT_DROP, flags);
}

int sfs_ns_zero(struct sfs_fs *fs, u64 ino, u64 block, u64 len,
		unsigned int flags)
{
	return sfs_clear_blocks(fs, ino, block, len, SFS_EDIT_ZERO, flags);
}
