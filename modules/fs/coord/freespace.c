// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free space of the volume: two sorted views of the same extents.
 *
 * FREE_POS finds neighbours to merge with, FREE_SIZE the largest extent.
 * Every function here runs inside a leader operation; the counters in the
 * super change with the trees.
 */
#include "fs/coord/coord.h"

static __le64 *free_counter(struct sfs_leader *ld, u8 space)
{
	return space == SFS_SPACE_META ? &ld->sb->free_meta_blocks :
					 &ld->sb->free_data_blocks;
}

u64 sfs_free_blocks(struct sfs_leader *ld, u8 space)
{
	return le64_to_cpu(*free_counter(ld, space));
}

static struct sfs_key pos_key(u8 space, u64 start)
{
	return SFS_KEY(SFS_VOL_FREE_POS, space, start, 0);
}

static struct sfs_key size_key(u8 space, u64 start, u64 len)
{
	return SFS_KEY(SFS_VOL_FREE_SIZE, space, ~len, start);
}

static int insert_both(struct sfs_leader *ld, u8 space, u64 start, u64 len)
{
	struct sfs_key key = pos_key(space, start);
	__le64 val = cpu_to_le64(len);
	int ret;

	ret = sfs_btree_insert(&ld->trans, &ld->tree, &key, &val, sizeof(val));
	if (ret)
		return ret;
	key = size_key(space, start, len);
	return sfs_btree_insert(&ld->trans, &ld->tree, &key, NULL, 0);
}

static int delete_both(struct sfs_leader *ld, u8 space, u64 start, u64 len)
{
	struct sfs_key key = pos_key(space, start);
	int ret;

	ret = sfs_btree_delete(&ld->trans, &ld->tree, &key);
	if (ret)
		return ret;
	key = size_key(space, start, len);
	return sfs_btree_delete(&ld->trans, &ld->tree, &key);
}

/* Half a change in the free trees must never commit. */
static int free_result(struct sfs_leader *ld, int ret, const char *what)
{
	if (ret)
		sfs_volume_withdraw(ld->vol, ret, what);
	return ret;
}

/* The extent that starts last up to start; len 0 when there is none. */
static int find_before(struct sfs_leader *ld, u8 space, u64 start,
		       struct sfs_extent *ext)
{
	struct sfs_key first = pos_key(space, 0);
	struct sfs_key key = pos_key(space, start);
	__le64 val = 0;
	int ret;

	ret = sfs_btree_prev(ld->vol, &ld->tree, &key, &first, &val,
			     sizeof(val));
	ext->start = key.a;
	ext->len = ret < 0 ? 0 : le64_to_cpu(val);
	return ret == -ENOENT ? 0 : min(ret, 0);
}

/* The first extent that starts at or after start; len 0 when there is none. */
static int find_after(struct sfs_leader *ld, u8 space, u64 start,
		      struct sfs_extent *ext)
{
	struct sfs_key last = pos_key(space, U64_MAX);
	struct sfs_key key = pos_key(space, start);
	__le64 val = 0;
	int ret;

	ret = sfs_btree_next(ld->vol, &ld->tree, &key, &last, &val,
			     sizeof(val));
	ext->start = key.a;
	ext->len = ret < 0 ? 0 : le64_to_cpu(val);
	return ret == -ENOENT ? 0 : min(ret, 0);
}

static bool bounds_ok(struct sfs_leader *ld, u8 space, u64 start, u64 len)
{
	u64 first = space == SFS_SPACE_META ? ld->vol->first_meta_block :
					      SFS_DATA_FIRST_BLOCK;
	u64 total = space == SFS_SPACE_META ? ld->vol->total_meta_blocks :
					      ld->vol->total_data_blocks;

	return len && start >= first && start < total && len <= total - start;
}

static bool overlaps(const struct sfs_extent *ext, u64 start, u64 len)
{
	return ext->len && ext->start < start + len &&
	       start < ext->start + ext->len;
}

static int add_and_merge(struct sfs_leader *ld, u8 space, u64 start, u64 len,
			 const struct sfs_extent *before,
			 const struct sfs_extent *after)
{
	int ret = 0;

	if (after->len && after->start == start + len) {
		ret = delete_both(ld, space, after->start, after->len);
		len += after->len;
	}
	if (!ret && before->len && before->start + before->len == start) {
		ret = delete_both(ld, space, before->start, before->len);
		start = before->start;
		len += before->len;
	}
	return ret ?: insert_both(ld, space, start, len);
}

int sfs_free_add(struct sfs_leader *ld, u8 space, u64 start, u64 len)
{
	struct sfs_extent before, after;
	int ret;

	if (!bounds_ok(ld, space, start, len))
		return free_result(ld, -EUCLEAN, "free-extent-bounds");
	ret = find_before(ld, space, start, &before) ?:
	      find_after(ld, space, start, &after);
	if (ret)
		return free_result(ld, ret, "free-tree");
	if (overlaps(&before, start, len) || overlaps(&after, start, len)) {
		sfs_err(ld->vol, "inserting extent %llu,%llu overlaps existing free extent",
			start, len);
		return free_result(ld, -EUCLEAN, "free-twice");
	}
	ret = add_and_merge(ld, space, start, len, &before, &after);
	if (!ret)
		le64_add_cpu(free_counter(ld, space), len);
	return free_result(ld, ret, "free-tree");
}

int sfs_free_take(struct sfs_leader *ld, u8 space, u64 want, u64 *start,
		  u64 *len)
{
	struct sfs_key key = size_key(space, 0, U64_MAX);
	struct sfs_key last = size_key(space, U64_MAX, 0);
	u64 have;
	int ret;

	ret = sfs_btree_next(ld->vol, &ld->tree, &key, &last, NULL, 0);
	if (ret < 0)
		return ret;
	*start = key.b;
	have = ~key.a;
	*len = min(have, want);
	ret = delete_both(ld, space, *start, have);
	if (!ret && have > *len)
		ret = insert_both(ld, space, *start + *len, have - *len);
	if (ret)
		return free_result(ld, ret, "free-tree");
	le64_add_cpu(free_counter(ld, space), -*len);
	return 0;
}

int sfs_free_next_smaller(struct sfs_leader *ld, u8 space,
			  struct sfs_extent *ext)
{
	struct sfs_key key = size_key(space, ext->start, ext->len);
	struct sfs_key last = size_key(space, U64_MAX, 0);
	int ret;

	sfs_key_inc(&key);
	ret = sfs_btree_next(ld->vol, &ld->tree, &key, &last, NULL, 0);
	if (ret < 0)
		return ret;
	ext->start = key.b;
	ext->len = ~key.a;
	return 0;
}

/* Without what is not of the range. */
static void cut_to_range(struct sfs_extent *ext,
			 const struct sfs_free_range *range)
{
	u64 end = min(ext->start + ext->len, range->end);

	ext->start = max(ext->start, range->from);
	ext->len = ext->len && end > ext->start ? end - ext->start : 0;
}

/*
 * The first extent that has enough of the range, whole, and that part of it; a part
 * without blocks: there is none.
 */
static int find_in_range(struct sfs_leader *ld, u8 space,
			 struct sfs_free_range *range, struct sfs_extent *ext,
			 struct sfs_extent *part)
{
	unsigned int i;
	int ret;

	ret = find_before(ld, space, range->from, ext);
	for (i = 0; !ret; i++) {
		*part = *ext;
		cut_to_range(part, range);
		if (part->len && part->len >= range->min_len)
			return 0;
		/* that before the range does not count */
		if (i && (!ext->len || ext->start >= range->end)) {
			part->len = 0;
			return 0;
		}
		if (i == SFS_FREE_LOOK_MAX)
			return -EAGAIN;
		if (part->len)
			range->from = part->start + part->len;
		ret = find_after(ld, space, range->from, ext);
	}
	return ret;
}

int sfs_free_take_at(struct sfs_leader *ld, u8 space,
		     struct sfs_free_range *range, u64 want, u64 *start,
		     u64 *len)
{
	struct sfs_extent ext, part;
	u64 end;
	int ret;

	ret = find_in_range(ld, space, range, &ext, &part);
	if (ret)
		return ret;
	if (!part.len)
		return -ENOENT;
	*start = part.start;
	*len = min(part.len, want);
	end = part.start + *len;
	ret = delete_both(ld, space, ext.start, ext.len);
	if (!ret && part.start > ext.start)
		ret = insert_both(ld, space, ext.start,
				  part.start - ext.start);
	if (!ret && ext.start + ext.len > end)
		ret = insert_both(ld, space, end, ext.start + ext.len - end);
	if (ret)
		return free_result(ld, ret, "free-tree");
	le64_add_cpu(free_counter(ld, space), -*len);
	return 0;
}
