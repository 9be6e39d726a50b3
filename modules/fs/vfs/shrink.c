// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory pressure: metadata blocks and groups that nobody uses.
 */
#include "fs/vfs/vfs.h"

#include <linux/shrinker.h>

static unsigned long sfs_shrink_count_blocks(struct shrinker *shrinker,
					     struct shrink_control *sc)
{
	struct sfs_sb_info *sbi = sfs_compat_shrinker_data(shrinker);

	return READ_ONCE(sbi->vol.cache.nr) ?: SHRINK_EMPTY;
}

static unsigned long sfs_shrink_scan_blocks(struct shrinker *shrinker,
					    struct shrink_control *sc)
{
	struct sfs_sb_info *sbi = sfs_compat_shrinker_data(shrinker);

	return sfs_cache_shrink(&sbi->vol, sc->nr_to_scan) ?: SHRINK_STOP;
}

static unsigned long sfs_shrink_count_groups(struct shrinker *shrinker,
					     struct shrink_control *sc)
{
	struct sfs_sb_info *sbi = sfs_compat_shrinker_data(shrinker);

	return READ_ONCE(sbi->fs->nr_groups) ?: SHRINK_EMPTY;
}

/* May give up locks, for which something may have to be written. */
static unsigned long sfs_shrink_scan_groups(struct shrinker *shrinker,
					    struct shrink_control *sc)
{
	struct sfs_sb_info *sbi = sfs_compat_shrinker_data(shrinker);

	if (!(sc->gfp_mask & __GFP_FS))
		return SHRINK_STOP;
	return sfs_group_shrink(sbi->fs, sc->nr_to_scan) ?: SHRINK_STOP;
}

int sfs_shrink_start(struct sfs_sb_info *sbi)
{
	sbi->cache_shrinker =
		sfs_compat_shrinker_create(sfs_shrink_count_blocks,
					   sfs_shrink_scan_blocks, sbi,
					   "blocks", sbi->vol.ident);
	sbi->group_shrinker =
		sfs_compat_shrinker_create(sfs_shrink_count_groups,
					   sfs_shrink_scan_groups, sbi,
					   "groups", sbi->vol.ident);
	return sbi->cache_shrinker && sbi->group_shrinker ? 0 : -ENOMEM;
}

void sfs_shrink_stop(struct sfs_sb_info *sbi)
{
	sfs_compat_shrinker_destroy(sbi->group_shrinker);
	sfs_compat_shrinker_destroy(sbi->cache_shrinker);
	sbi->group_shrinker = NULL;
	sbi->cache_shrinker = NULL;
}
