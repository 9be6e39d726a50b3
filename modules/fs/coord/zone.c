// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zones of the data device: data_alloc_zone_blocks keeps the mounts' data apart.
 *
 * A mount is given data of its zone while that has an extent worth having; then of
 * the next zone that has one and is no other mount's; then of any that has one; then
 * of the largest extent, as without zones.  So a zone is preferred and never a reason
 * to give nothing.
 *
 * Which zone is whose is in memory only, until the mount's slot is free.  A leader
 * that does not know, being new or having another zone size, looks where the last
 * grant of each mount is: its GRANT items stay until the mount asks again.  A mount
 * whose last grant was by place, to be discarded, may change its zone then.
 *
 * All is guarded by sfs_leader.lock.
 */
#include "fs/coord/coord.h"

/* Shorter pieces are given when no zone has anything longer. */
#define SFS_ZONE_LEN_MIN	256
/* So many of the largest extents are looked at. */
#define SFS_ZONE_LOOK_MAX	64

struct sfs_zone_map {
	DECLARE_BITMAP(bit, SFS_DATA_ZONES_MAX);
};

static u64 zone_blocks_of(const struct sfs_leader *ld)
{
	u64 blocks = le64_to_cpu(ld->sb->data_alloc_zone_blocks);

	return sfs_data_zones_fit(ld->vol->total_data_blocks, blocks) ? blocks :
									0;
}

static unsigned int nr_zones(const struct sfs_leader *ld)
{
	return div64_u64(ld->vol->total_data_blocks - 1, ld->zone_blocks) + 1;
}

static struct sfs_free_range zone_range(const struct sfs_leader *ld,
					unsigned int zone)
{
	u64 from = zone * ld->zone_blocks;

	return (struct sfs_free_range) {
		.from = from,
		.end = min(from + ld->zone_blocks,
			   ld->vol->total_data_blocks),
	};
}

/* ---- which zone is whose ------------------------------------------------ */

static int load_zone(struct sfs_leader *ld, u32 slot, u64 blocks)
{
	struct sfs_key first = SFS_KEY(SFS_VOL_GRANT, SFS_SPACE_DATA,
				       (u64)slot << 48, 0);
	struct sfs_key key = SFS_KEY(SFS_VOL_GRANT, SFS_SPACE_DATA,
				     (u64)slot << 48 | U64_MAX >> 16, U64_MAX);
	int ret;

	ret = sfs_btree_prev(ld->vol, &ld->tree, &key, &first, NULL, 0);
	if (ret >= 0 && key.b < ld->vol->total_data_blocks)
		ld->zone_of[slot] = div64_u64(key.b, blocks) + 1;
	return ret == -ENOENT ? 0 : min(ret, 0);
}

int sfs_zone_load(struct sfs_leader *ld)
{
	u32 nr_slots = le32_to_cpu(ld->sb->nr_slots);
	int ret = 0;
	u64 blocks;
	u32 slot;

	mutex_lock(&ld->lock);
	blocks = zone_blocks_of(ld);
	if (ld->zone_blocks != blocks) {
		ld->zone_blocks = 0;
		memset(ld->zone_of, 0, sizeof(ld->zone_of));
		for (slot = 0; blocks && slot < nr_slots && !ret; slot++)
			ret = load_zone(ld, slot, blocks);
		if (!ret)
			ld->zone_blocks = blocks;
	}
	mutex_unlock(&ld->lock);
	return ret;
}

void sfs_zone_forget(struct sfs_leader *ld, u32 slot)
{
	lockdep_assert_held(&ld->lock);
	if (slot < SFS_SLOTS_MAX)
		ld->zone_of[slot] = 0;
}

static void mark_others(const struct sfs_leader *ld, u32 slot,
			struct sfs_zone_map *map)
{
	u32 nr_slots = le32_to_cpu(ld->sb->nr_slots);
	u32 i;

	memset(map, 0, sizeof(*map));
	for (i = 0; i < nr_slots; i++)
		if (i != slot && ld->zone_of[i])
			__set_bit(ld->zone_of[i] - 1, map->bit);
}

/* ---- what zones have ---------------------------------------------------- */

static u64 cut_to_zone(const struct sfs_extent *ext,
		       const struct sfs_free_range *range, u64 *start)
{
	u64 end = min(ext->start + ext->len, range->end);

	*start = max(ext->start, range->from);
	return end > *start ? end - *start : 0;
}

/*
 * Narrow the range to the largest piece in it, as far as the largest extents tell;
 * -ENOENT: it has none that is long enough.
 */
static int find_largest(struct sfs_leader *ld, struct sfs_free_range *range)
{
	struct sfs_free_range all = *range;
	struct sfs_extent ext = { .len = U64_MAX };
	u64 best = range->min_len - 1;
	unsigned int i;
	u64 start, len;
	int ret;

	for (i = 0; i < SFS_ZONE_LOOK_MAX; i++) {
		ret = sfs_free_next_smaller(ld, SFS_SPACE_DATA, &ext);
		if (ret && ret != -ENOENT)
			return ret;
		if (ret || ext.len <= best)
			return best < range->min_len ? -ENOENT : 0;
		len = cut_to_zone(&ext, &all, &start);
		if (len <= best)
			continue;
		best = len;
		range->from = start;
		range->end = start + len;
	}
	return 0;
}

static void mark_pieces(const struct sfs_leader *ld,
			const struct sfs_extent *ext, u64 min_len,
			struct sfs_zone_map *map)
{
	unsigned int zone = div64_u64(ext->start, ld->zone_blocks);
	unsigned int nr = nr_zones(ld);
	u64 start;

	for (; zone < nr; zone++) {
		struct sfs_free_range range = zone_range(ld, zone);

		if (range.from >= ext->start + ext->len)
			return;
		if (cut_to_zone(ext, &range, &start) >= min_len)
			__set_bit(zone, map->bit);
	}
}

/* Zones in which the largest extents have something. */
static int mark_free(struct sfs_leader *ld, u64 min_len,
		     struct sfs_zone_map *map)
{
	struct sfs_extent ext = { .len = U64_MAX };
	unsigned int i;
	int ret;

	memset(map, 0, sizeof(*map));
	for (i = 0; i < SFS_ZONE_LOOK_MAX; i++) {
		ret = sfs_free_next_smaller(ld, SFS_SPACE_DATA, &ext);
		if (ret)
			return ret == -ENOENT ? 0 : ret;
		if (ext.len < min_len)
			break;
		mark_pieces(ld, &ext, min_len, map);
	}
	return 0;
}

/* ---- taking ------------------------------------------------------------- */

/* -ENOENT: the zone has nothing worth having, or one would have to look for long. */
static int take_in_zone(struct sfs_leader *ld, unsigned int zone, u64 min_len,
			u64 want, u64 *start, u64 *len)
{
	struct sfs_free_range range = zone_range(ld, zone);
	int ret;

	range.min_len = min_len;
	ret = find_largest(ld, &range) ?:
	      sfs_free_take_at(ld, SFS_SPACE_DATA, &range, want, start, len);
	return ret == -EAGAIN ? -ENOENT : ret;
}

/* The first zone from there on, around the end, that has something. */
static int find_zone(const struct sfs_leader *ld, unsigned int from,
		     const struct sfs_zone_map *has,
		     const struct sfs_zone_map *others, unsigned int *zone)
{
	unsigned int nr = nr_zones(ld);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		*zone = (from + i) % nr;
		if (test_bit(*zone, has->bit) &&
		    !(others && test_bit(*zone, others->bit)))
			return 0;
	}
	return -ENOENT;
}

static int take_of_next(struct sfs_leader *ld, u32 slot, u64 min_len, u64 want,
			u64 *start, u64 *len)
{
	struct sfs_zone_map has, others;
	unsigned int zone;
	int ret;

	ret = mark_free(ld, min_len, &has);
	if (ret)
		return ret;
	mark_others(ld, slot, &others);
	/* zone_of is one more: the zone after the one it had */
	ret = find_zone(ld, ld->zone_of[slot], &has, &others, &zone);
	if (ret)
		ret = find_zone(ld, ld->zone_of[slot], &has, NULL, &zone);
	if (!ret)
		ret = take_in_zone(ld, zone, min_len, want, start, len);
	if (!ret)
		ld->zone_of[slot] = zone + 1;
	return ret;
}

int sfs_zone_take(struct sfs_leader *ld, u32 slot, u64 want, u64 *start,
		  u64 *len)
{
	u64 min_len = min_t(u64, want, SFS_ZONE_LEN_MIN);
	int ret = -ENOENT;

	lockdep_assert_held(&ld->lock);
	/* the zones may be other ones since they were loaded */
	if (ld->zone_blocks && ld->zone_blocks == zone_blocks_of(ld)) {
		if (ld->zone_of[slot])
			ret = take_in_zone(ld, ld->zone_of[slot] - 1, min_len,
					   want, start, len);
		if (ret == -ENOENT)
			ret = take_of_next(ld, slot, min_len, want, start, len);
	}
	if (ret == -ENOENT)
		ret = sfs_free_take(ld, SFS_SPACE_DATA, want, start, len);
	return ret;
}

/* ---- the option --------------------------------------------------------- */

void sfs_leader_data_zone(struct sfs_leader *ld, u64 *blocks)
{
	mutex_lock(&ld->lock);
	*blocks = zone_blocks_of(ld);
	mutex_unlock(&ld->lock);
}

int sfs_leader_set_data_zone(struct sfs_leader *ld, u64 blocks)
{
	int ret;

	if (blocks && !sfs_data_zones_fit(ld->vol->total_data_blocks, blocks))
		return -EINVAL;
	ret = sfs_leader_begin(ld, 0);
	if (ret)
		return ret;
	ld->sb->data_alloc_zone_blocks = cpu_to_le64(blocks);
	sfs_trans_changed(&ld->trans);
	sfs_leader_end(ld, 0);
	return sfs_leader_commit(ld);
}
