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
 * @ext: the extents
 * @nr: how many
 * @size: room for so many
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

/*
 * The caller serialises.  What returns an error has changed nothing.  Nothing
 * fails for want of memory: what needs some waits for it, because neither a
 * commit nor the freeing of space may be given up half way.
 */

void sfs_pool_init(struct sfs_pool *pool);
void sfs_pool_exit(struct sfs_pool *pool);

/**
 * sfs_pool_add() - add an extent
 * @pool: pool
 * @start: first unit
 * @len: units, 0 changes nothing
 *
 * Context: May sleep for memory, with GFP_NOFS, when @size is used up.
 * Return: 0, -EUCLEAN when part of it is there already.
 */
int sfs_pool_add(struct sfs_pool *pool, u64 start, u64 len);

/**
 * sfs_pool_merge() - add all extents of another pool
 * @pool: pool
 * @other: another one, which stays as it is
 *
 * Context: May sleep for memory, with GFP_NOFS.
 * Return: 0, -EUCLEAN when they overlap.
 */
int sfs_pool_merge(struct sfs_pool *pool, const struct sfs_pool *other);

/**
 * sfs_pool_take() - take one piece from the cursor on, wrapping at the end
 * @pool: pool; its cursor moves behind the piece
 * @want: most units to take
 * @start: set to the first one taken
 *
 * Context: May sleep for memory, with GFP_NOFS.
 * Return: units taken, 0 when the pool is empty.
 */
u64 sfs_pool_take(struct sfs_pool *pool, u64 want, u64 *start);

/**
 * sfs_pool_take_near() - take one piece, rather whole than near
 * @pool: pool; its cursor stays
 * @hint: where to look from
 * @want: most units to take
 * @start: set to the first one taken
 *
 * The first piece of @want units at or after @hint, else as much as possible
 * from the beginning of the largest extent, wherever that is.
 * Context: May sleep for memory, with GFP_NOFS.
 * Return: units taken, 0 when the pool is empty.
 */
u64 sfs_pool_take_near(struct sfs_pool *pool, u64 hint, u64 want, u64 *start);

/**
 * sfs_pool_remove() - take a given extent
 * @pool: pool
 * @start: first unit
 * @len: units
 *
 * Context: May sleep for memory, with GFP_NOFS.
 * Return: 0, -ENOENT when not all of it is there.
 */
int sfs_pool_remove(struct sfs_pool *pool, u64 start, u64 len);

/* Is any unit of the range in the pool? */
bool sfs_pool_overlaps(const struct sfs_pool *pool, u64 start, u64 len);

/**
 * sfs_pool_copy() - make a pool the same as another one
 * @dst: initialised pool; what it has is replaced
 * @src: the other one
 *
 * Context: May sleep for memory, with GFP_NOFS.
 */
void sfs_pool_copy(struct sfs_pool *dst, const struct sfs_pool *src);

/**
 * sfs_pool_grow() - make room, so that additions do not wait for memory
 * @pool: pool
 * @nr_more: additions, or extents of pools merged; taking or removing from
 *	inside of an extent uses one up as well
 *
 * Context: May sleep for memory, with GFP_NOFS.
 */
void sfs_pool_grow(struct sfs_pool *pool, unsigned int nr_more);

#endif
