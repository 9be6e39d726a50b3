/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of numbers that belong to mounts, until they are taken one by one.
 *
 * The leader gives fresh group numbers to mounts in ranges, together with EX on
 * each.  The master keeps whom they belong to, the mount which ones it has; both
 * take a number out when its lock becomes an object of its own.
 */
#ifndef SFS_LOCK_RANGES_H
#define SFS_LOCK_RANGES_H

#include "format/port.h"

/**
 * struct sfs_lock_ranges - disjoint ranges
 * @lock: guards @tree
 * @tree: by number
 */
struct sfs_lock_ranges {
	struct mutex lock;		/* tree */
	struct rb_root tree;
};

struct sfs_lock_range_info {
	u64 owner;
	u64 first;
	u64 last;
};

void sfs_lock_ranges_init(struct sfs_lock_ranges *rs);
void sfs_lock_ranges_exit(struct sfs_lock_ranges *rs);
/* -EPROTO: no numbers, past the end, or some belong to somebody; -ENOMEM. */
int sfs_lock_ranges_add(struct sfs_lock_ranges *rs, u64 owner, u64 first,
			u64 count);
/* 1: @nr was in a range of *@owner and is not any more; 0: was not; -ENOMEM. */
int sfs_lock_ranges_take(struct sfs_lock_ranges *rs, u64 nr, u64 *owner);
void sfs_lock_ranges_remove(struct sfs_lock_ranges *rs, u64 owner);
/* The first range that ends at or after @nr; false: there is none. */
bool sfs_lock_ranges_next(struct sfs_lock_ranges *rs, u64 nr,
			  struct sfs_lock_range_info *info);

#endif
