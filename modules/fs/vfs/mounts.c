// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mounts of this kernel, for those who name them by volume and rid.
 *
 * A mount is in the list from before it joins its cluster until its unmount
 * begins, which waits for those that have it pinned.
 *
 * Lock order: sfs_mounts_mutex is taken with no other lock of ours held.
 */
#include "fs/vfs/vfs.h"

static DEFINE_MUTEX(sfs_mounts_mutex);	/* guards the list and its number */
static LIST_HEAD(sfs_mounts);
static unsigned int sfs_mounts_seq = 1;	/* changes with the list, never 0 */

static void sfs_mounts_changed_locked(void)
{
	lockdep_assert_held(&sfs_mounts_mutex);
	if (!++sfs_mounts_seq)
		sfs_mounts_seq = 1;
}

void sfs_mounts_add(struct sfs_sb_info *sbi)
{
	init_completion(&sbi->pins_gone);
	refcount_set(&sbi->pins, 1);
	mutex_lock(&sfs_mounts_mutex);
	list_add_tail(&sbi->mounts_link, &sfs_mounts);
	sfs_mounts_changed_locked();
	mutex_unlock(&sfs_mounts_mutex);
	sbi->is_listed = true;
}

void sfs_mounts_del(struct sfs_sb_info *sbi)
{
	if (!sbi->is_listed)
		return;
	sbi->is_listed = false;
	mutex_lock(&sfs_mounts_mutex);
	list_del(&sbi->mounts_link);
	sfs_mounts_changed_locked();
	mutex_unlock(&sfs_mounts_mutex);
	sfs_mounts_put(sbi);
	wait_for_completion(&sbi->pins_gone);
}

struct sfs_sb_info *sfs_mounts_get(u64 fsid, u64 rid)
{
	struct sfs_sb_info *sbi;

	mutex_lock(&sfs_mounts_mutex);
	list_for_each_entry(sbi, &sfs_mounts, mounts_link) {
		if (sbi->vol.fsid == fsid && sbi->vol.rid == rid) {
			refcount_inc(&sbi->pins);
			goto out;
		}
	}
	sbi = NULL;
out:
	mutex_unlock(&sfs_mounts_mutex);
	return sbi;
}

void sfs_mounts_put(struct sfs_sb_info *sbi)
{
	if (refcount_dec_and_test(&sbi->pins))
		complete(&sbi->pins_gone);
}

void sfs_mounts_for_each(bool (*fn)(void *arg, struct sfs_sb_info *sbi),
			 void *arg)
{
	struct sfs_sb_info *sbi;

	mutex_lock(&sfs_mounts_mutex);
	list_for_each_entry(sbi, &sfs_mounts, mounts_link) {
		if (!fn(arg, sbi))
			break;
	}
	mutex_unlock(&sfs_mounts_mutex);
}

unsigned int sfs_mounts_generation(void)
{
	return READ_ONCE(sfs_mounts_seq);
}
