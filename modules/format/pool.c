// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools of free extents: a sorted array.
 *
 * Extents never touch, so the array is as short as it can be.  What can fail
 * is checked before the array changes.
 */
#include "format/pool.h"

#define SFS_POOL_SIZE_MIN	32U

static u64 sfs_extent_end(const struct sfs_extent *ext)
{
	return ext->start + ext->len;
}

void sfs_pool_init(struct sfs_pool *pool)
{
	memset(pool, 0, sizeof(*pool));
}
EXPORT_SYMBOL_GPL(sfs_pool_init);

void sfs_pool_exit(struct sfs_pool *pool)
{
	kvfree(pool->ext);
	sfs_pool_init(pool);
}
EXPORT_SYMBOL_GPL(sfs_pool_exit);

void sfs_pool_grow(struct sfs_pool *pool, unsigned int nr_more)
{
	struct sfs_extent *ext;
	unsigned int size;

	if (nr_more <= pool->size - pool->nr)
		return;
	/* more than was asked for, or asking for as much again costs a copy */
	size = max3(pool->nr + nr_more + nr_more / 2, 2 * pool->nr,
		    SFS_POOL_SIZE_MIN);
	/* what is freed, or committed, cannot be given up for want of memory */
	ext = kvmalloc_array(size, sizeof(*ext), GFP_NOFS | __GFP_NOFAIL);
	if (pool->nr)
		memcpy(ext, pool->ext, pool->nr * sizeof(*ext));
	kvfree(pool->ext);
	pool->ext = ext;
	pool->size = size;
}
EXPORT_SYMBOL_GPL(sfs_pool_grow);

/* The first extent that ends behind a position. */
static unsigned int sfs_pool_search(const struct sfs_pool *pool, u64 pos)
{
	unsigned int low = 0;
	unsigned int high = pool->nr;
	unsigned int mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (sfs_extent_end(&pool->ext[mid]) > pos)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

bool sfs_pool_overlaps(const struct sfs_pool *pool, u64 start, u64 len)
{
	unsigned int i = sfs_pool_search(pool, start);

	if (!len || i == pool->nr)
		return false;
	return pool->ext[i].start < start || pool->ext[i].start - start < len;
}
EXPORT_SYMBOL_GPL(sfs_pool_overlaps);

static void sfs_pool_insert_at(struct sfs_pool *pool, unsigned int i, u64 start,
			       u64 len)
{
	memmove(&pool->ext[i + 1], &pool->ext[i],
		(pool->nr - i) * sizeof(pool->ext[0]));
	pool->ext[i].start = start;
	pool->ext[i].len = len;
	pool->nr++;
}

static void sfs_pool_remove_at(struct sfs_pool *pool, unsigned int i)
{
	pool->nr--;
	memmove(&pool->ext[i], &pool->ext[i + 1],
		(pool->nr - i) * sizeof(pool->ext[0]));
}

int sfs_pool_add(struct sfs_pool *pool, u64 start, u64 len)
{
	bool joins_left;
	bool joins_right;
	unsigned int i;

	if (!len)
		return 0;
	if (len > U64_MAX - start || sfs_pool_overlaps(pool, start, len))
		return -EUCLEAN;

	i = sfs_pool_search(pool, start);
	joins_left = i && sfs_extent_end(&pool->ext[i - 1]) == start;
	joins_right = i < pool->nr && pool->ext[i].start == start + len;
	if (joins_left) {
		pool->ext[i - 1].len += len;
		if (joins_right) {
			pool->ext[i - 1].len += pool->ext[i].len;
			sfs_pool_remove_at(pool, i);
		}
	} else if (joins_right) {
		pool->ext[i].start = start;
		pool->ext[i].len += len;
	} else {
		sfs_pool_grow(pool, 1);
		sfs_pool_insert_at(pool, i, start, len);
	}
	pool->total += len;
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_pool_add);

static bool sfs_pool_overlaps_any(const struct sfs_pool *pool,
				  const struct sfs_pool *other)
{
	unsigned int i = 0;
	unsigned int k = 0;

	while (i < pool->nr && k < other->nr) {
		if (sfs_extent_end(&pool->ext[i]) <= other->ext[k].start)
			i++;
		else if (sfs_extent_end(&other->ext[k]) <= pool->ext[i].start)
			k++;
		else
			return true;
	}
	return false;
}

/* Join extents that touch. */
static void sfs_pool_join(struct sfs_pool *pool)
{
	unsigned int to = 0;
	unsigned int i;

	for (i = 1; i < pool->nr; i++) {
		if (sfs_extent_end(&pool->ext[to]) == pool->ext[i].start)
			pool->ext[to].len += pool->ext[i].len;
		else
			pool->ext[++to] = pool->ext[i];
	}
	if (pool->nr)
		pool->nr = to + 1;
}

int sfs_pool_merge(struct sfs_pool *pool, const struct sfs_pool *other)
{
	unsigned int to = pool->nr + other->nr;
	unsigned int i = pool->nr;
	unsigned int k = other->nr;

	if (sfs_pool_overlaps_any(pool, other))
		return -EUCLEAN;
	sfs_pool_grow(pool, other->nr);

	/* from the end, so that nothing is overwritten before it was moved */
	while (k) {
		if (i && pool->ext[i - 1].start > other->ext[k - 1].start)
			pool->ext[--to] = pool->ext[--i];
		else
			pool->ext[--to] = other->ext[--k];
	}
	pool->nr += other->nr;
	pool->total += other->total;
	sfs_pool_join(pool);
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_pool_merge);

/* Cut a part out of an extent; there is room when both its ends remain. */
static void sfs_pool_cut(struct sfs_pool *pool, unsigned int i, u64 start,
			 u64 len)
{
	struct sfs_extent *ext = &pool->ext[i];
	u64 left = start - ext->start;
	u64 right = ext->len - left - len;

	pool->total -= len;
	if (left && right) {
		ext->len = left;
		sfs_pool_insert_at(pool, i + 1, start + len, right);
	} else if (left) {
		ext->len = left;
	} else if (right) {
		ext->start += len;
		ext->len = right;
	} else {
		sfs_pool_remove_at(pool, i);
	}
}

u64 sfs_pool_take(struct sfs_pool *pool, u64 want, u64 *start)
{
	struct sfs_extent *ext;
	unsigned int i;
	u64 pos;
	u64 len;

	if (!pool->nr || !want)
		return 0;
	i = sfs_pool_search(pool, pool->cursor);
	if (i == pool->nr)
		i = 0;
	ext = &pool->ext[i];
	pos = ext->start;
	if (pool->cursor > pos && pool->cursor < sfs_extent_end(ext)) {
		sfs_pool_grow(pool, 1);
		ext = &pool->ext[i];
		pos = pool->cursor;
	}
	len = min(want, sfs_extent_end(ext) - pos);
	sfs_pool_cut(pool, i, pos, len);
	pool->cursor = pos + len;
	*start = pos;
	return len;
}
EXPORT_SYMBOL_GPL(sfs_pool_take);

u64 sfs_pool_take_near(struct sfs_pool *pool, u64 hint, u64 want, u64 *start)
{
	unsigned int largest = 0;
	unsigned int i;
	u64 pos;
	u64 len;

	if (!pool->nr || !want)
		return 0;
	for (i = sfs_pool_search(pool, hint); i < pool->nr; i++) {
		pos = max(hint, pool->ext[i].start);
		if (sfs_extent_end(&pool->ext[i]) - pos < want)
			continue;
		sfs_pool_grow(pool, 1);
		sfs_pool_cut(pool, i, pos, want);
		*start = pos;
		return want;
	}

	for (i = 1; i < pool->nr; i++) {
		if (pool->ext[i].len > pool->ext[largest].len)
			largest = i;
	}
	*start = pool->ext[largest].start;
	len = min(want, pool->ext[largest].len);
	sfs_pool_cut(pool, largest, *start, len);
	return len;
}
EXPORT_SYMBOL_GPL(sfs_pool_take_near);

int sfs_pool_remove(struct sfs_pool *pool, u64 start, u64 len)
{
	unsigned int i = sfs_pool_search(pool, start);
	u64 into;

	if (!len)
		return 0;
	if (i == pool->nr || pool->ext[i].start > start)
		return -ENOENT;
	into = start - pool->ext[i].start;
	if (len > pool->ext[i].len - into)
		return -ENOENT;
	sfs_pool_grow(pool, 1);
	sfs_pool_cut(pool, i, start, len);
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_pool_remove);

void sfs_pool_copy(struct sfs_pool *dst, const struct sfs_pool *src)
{
	if (src->nr > dst->size)
		sfs_pool_grow(dst, src->nr - dst->nr);
	if (src->nr)
		memcpy(dst->ext, src->ext, src->nr * sizeof(src->ext[0]));
	dst->nr = src->nr;
	dst->total = src->total;
	dst->cursor = src->cursor;
}
EXPORT_SYMBOL_GPL(sfs_pool_copy);
