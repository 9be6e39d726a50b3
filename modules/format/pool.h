/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pools: free extents that belong to one mount, or to the leader.
 *
 * An array of extents sorted by start, never overlapping, never touching.
 * Allocation goes forward from a cursor so that what one transaction writes
 * lies together.  Adding what is already there is corruption (I4).
 */
#ifndef SFS_POOL_H
#define SFS_POOL_H

#include "format/port.h"
#include "format/format.h"

struct sfs_extent {
	u64 start;
	u64 len;
};

/**
 * struct sfs_pool - sorted free extents
 * @ext: @nr extents, room for @size
 * @total: sum of their lengths
 * @cursor: where the next allocation looks first
 */
struct sfs_pool {
	struct sfs_extent *ext;
	unsigned int nr;
	unsigned int size;
	u64 total;
	u64 cursor;
};

void sfs_pool_init(struct sfs_pool *pool);
void sfs_pool_exit(struct sfs_pool *pool);
/* Add one extent: 0, -EUCLEAN when part of it is there already, -ENOMEM. */
int sfs_pool_add(struct sfs_pool *pool, u64 start, u64 len);
/* Add all extents of another pool; on error @pool is as before. */
int sfs_pool_merge(struct sfs_pool *pool, const struct sfs_pool *other);
/* Take up to want from the cursor on: the length got (0: empty pool). */
u64 sfs_pool_take(struct sfs_pool *pool, u64 want, u64 *start);
/* Take want in one piece at or after the hint, else the largest piece. */
u64 sfs_pool_take_near(struct sfs_pool *pool, u64 hint, u64 want, u64 *start);
/* Take an exact extent out: 0 or -ENOENT. */
int sfs_pool_remove(struct sfs_pool *pool, u64 start, u64 len);
bool sfs_pool_overlaps(const struct sfs_pool *pool, u64 start, u64 len);
int sfs_pool_copy(struct sfs_pool *dst, const struct sfs_pool *src);
/* Room for more entries so that later additions cannot fail for memory. */
int sfs_pool_grow(struct sfs_pool *pool, unsigned int nr_more);

#endif
