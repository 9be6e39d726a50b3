// SPDX-License-Identifier: GPL-2.0-only
/*
 * Space that was set aside past the end of files that grow, and its return.
 *
 * It stays where it is when the file is closed, for programs may see it, and the
 * writer may come again.  It is given back when the file has not been written for
 * a minute or two, when its inode leaves the cache, when the mount becomes
 * read-only, and when a write of this mount finds no other space.
 *
 * Only what was set aside by this mount while it had the inode cached is given
 * back: the blocks are remembered.  Space past the end that fallocate(2) was asked
 * for is the user's: a file that has some is left alone from then on.
 *
 * Nobody is disturbed for this.  The inode's i_rwsem keeps writers out, the
 * group's lock has to be here in EX already; whatever would have to be waited for
 * makes it wait for the next time.  What is freed lies past i_size, where no
 * page can be dirty or become so.
 *
 * The list holds no references.  Who takes one from it drops it as revocations
 * do, because the eviction of an inode may wait for a lock.
 */
#include "fs/data/data.h"
#include "fs/vfs/vfs.h"

enum sfs_prealloc_limits {
	SFS_PREALLOC_IDLE_MS	= 60000,	/* without a write */
	SFS_PREALLOC_BATCH	= 512,		/* files looked at in one go */
	/* blocks of metadata without which memory reclaim leaves it alone */
	SFS_PREALLOC_META	= 512,
};

struct sfs_prealloc_range {
	u64 block;
	u64 end;
};

static bool sfs_prealloc_is_young(unsigned long since)
{
	return time_before(jiffies,
			   since + msecs_to_jiffies(SFS_PREALLOC_IDLE_MS));
}

/* ---- what is known of a file --------------------------------------------- */

static void sfs_prealloc_note(struct inode *inode, u64 block, u64 end)
{
	struct sfs_sb_info *sbi = SFS_SB(inode->i_sb);
	struct sfs_inode_info *si = SFS_I(inode);

	if (test_bit(SFS_INODE_KEEP_SPACE, &si->flags))
		return;
	spin_lock(&sbi->prealloc_lock);
	if (list_empty(&si->prealloc_link)) {
		list_add_tail(&si->prealloc_link, &sbi->preallocs);
		sbi->nr_preallocs++;
		si->prealloc_at = jiffies;
		si->prealloc_block = block;
		si->prealloc_end = end;
	} else {
		si->prealloc_block = min(si->prealloc_block, block);
		si->prealloc_end = max(si->prealloc_end, end);
	}
	spin_unlock(&sbi->prealloc_lock);
}

/* What lies past the size; false: there is none. */
static bool sfs_prealloc_get(struct inode *inode,
			     struct sfs_prealloc_range *range)
{
	u64 size = DIV_ROUND_UP_ULL((u64)i_size_read(inode),
				    SFS_DATA_BLOCK_BYTES);
	struct sfs_sb_info *sbi = SFS_SB(inode->i_sb);
	struct sfs_inode_info *si = SFS_I(inode);
	bool is_some;

	spin_lock(&sbi->prealloc_lock);
	is_some = !list_empty(&si->prealloc_link);
	range->block = max(si->prealloc_block, size);
	range->end = si->prealloc_end;
	spin_unlock(&sbi->prealloc_lock);
	return is_some && range->block < range->end;
}

static void sfs_prealloc_forget(struct inode *inode)
{
	struct sfs_sb_info *sbi = SFS_SB(inode->i_sb);
	struct sfs_inode_info *si = SFS_I(inode);

	spin_lock(&sbi->prealloc_lock);
	if (!list_empty(&si->prealloc_link)) {
		list_del_init(&si->prealloc_link);
		sbi->nr_preallocs--;
	}
	spin_unlock(&sbi->prealloc_lock);
}

/* The caller holds i_rwsem and is about to reserve space past the size. */
void sfs_prealloc_keep(struct inode *inode)
{
	set_bit(SFS_INODE_KEEP_SPACE, &SFS_I(inode)->flags);
	sfs_prealloc_forget(inode);
}

/* ---- giving it back ------------------------------------------------------ */

/* With i_rwsem and as a user of the group's lock in EX. */
static int sfs_prealloc_trim_held(struct inode *inode)
{
	struct sfs_fs *fs = sfs_inode_fs(inode);
	struct sfs_prealloc_range range;
	int ret = 0;

	if (!sfs_inode_is_valid(inode))
		ret = sfs_inode_reread(inode, SFS_NS_IO);
	if (ret)
		return ret;
	if (sfs_prealloc_get(inode, &range)) {
		ret = sfs_ns_trim_prealloc(fs, sfs_ino(inode), range.block,
					   range.end, SFS_NS_IO);
		sfs_data_freed(inode);
		sfs_inode_changed(inode);
	}
	if (ret)
		return ret;
	sfs_prealloc_forget(inode);
	sfs_count(fs->vol, prealloc_trim);
	return 0;
}

/* -EAGAIN: something would have to be waited for. */
static int sfs_prealloc_trim(struct inode *inode)
{
	struct sfs_lock *lock = SFS_I(inode)->grp->lock;
	int ret = -EAGAIN;

	/* the last user of one without links frees all of it */
	if (!inode->i_nlink || !inode_trylock(inode))
		return ret;
	if (!atomic_read(&inode->i_dio_count))
		ret = sfs_lock_acquire(lock, SFS_LOCK_EX, SFS_LOCK_TRY);
	if (!ret) {
		ret = sfs_prealloc_trim_held(inode);
		sfs_lock_release(lock, SFS_LOCK_EX);
	}
	inode_unlock(inode);
	return ret;
}

/*
 * The one that was looked at longest ago, referenced, or NULL when it is on its
 * way out; false: there is none, or none that is old enough.
 */
static bool sfs_prealloc_next(struct sfs_sb_info *sbi, bool is_old,
			      struct inode **inode)
{
	struct sfs_inode_info *si;

	*inode = NULL;
	spin_lock(&sbi->prealloc_lock);
	si = list_first_entry_or_null(&sbi->preallocs, struct sfs_inode_info,
				      prealloc_link);
	if (si && is_old && sfs_prealloc_is_young(si->prealloc_at))
		si = NULL;
	if (si) {
		list_move_tail(&si->prealloc_link, &sbi->preallocs);
		si->prealloc_at = jiffies;
		*inode = igrab(&si->vfs_inode);
	}
	spin_unlock(&sbi->prealloc_lock);
	return si;
}

/* Of at most @max files; returns of how many. */
static unsigned int sfs_prealloc_scan(struct sfs_sb_info *sbi, bool is_old,
				      unsigned long max)
{
	struct inode *inode;
	unsigned int nr = 0;

	/* the unmount wants no references, and evicts them all */
	if (!down_read_trylock(&sbi->gate))
		return 0;
	while (max-- && !sbi->is_unmounting && !sfs_volume_error(&sbi->vol) &&
	       sfs_prealloc_next(sbi, is_old, &inode)) {
		if (!inode)
			continue;
		if (!(is_old &&
		      sfs_prealloc_is_young(READ_ONCE(SFS_I(inode)->written_at))) &&
		    !sfs_prealloc_trim(inode))
			nr++;
		sfs_revoke_iput(sbi, inode);
		cond_resched();
	}
	up_read(&sbi->gate);
	return nr;
}

/*
 * Background work of a mount that may write: that of files which nobody writes to
 * any more.  An unmount may have come so far that sbi->fs is NULL; there are no
 * inodes then.
 */
void sfs_prealloc_work(struct sfs_sb_info *sbi)
{
	sfs_prealloc_scan(sbi, true, SFS_PREALLOC_BATCH);
}

/* That of all files that nobody is busy with. */
void sfs_prealloc_return(struct sfs_sb_info *sbi)
{
	sfs_prealloc_scan(sbi, false, READ_ONCE(sbi->nr_preallocs));
}

/*
 * The inode leaves the cache.  Memory reclaim must not wait for the leader to give
 * the mount metadata space.
 */
void sfs_prealloc_evict(struct inode *inode, bool is_deleted)
{
	struct sfs_fs *fs = sfs_inode_fs(inode);
	struct sfs_prealloc_range range;
	bool is_some;

	if (list_empty(&SFS_I(inode)->prealloc_link))
		return;
	is_some = sfs_prealloc_get(inode, &range);
	sfs_prealloc_forget(inode);
	if (!is_some || is_deleted || is_bad_inode(inode) || fs->read_only ||
	    sfs_volume_error(fs->vol))
		return;
	if (current->flags & PF_MEMALLOC &&
	    sfs_trans_available(&fs->trans, SFS_HOLD_RESERVE) <
	    SFS_PREALLOC_META)
		return;
	if (!sb_start_intwrite_trylock(inode->i_sb))
		return;
	if (!sfs_ns_trim_prealloc(fs, sfs_ino(inode), range.block, range.end,
				  SFS_NS_NOWAIT))
		sfs_count(fs->vol, prealloc_trim);
	sb_end_intwrite(inode->i_sb);
}

/* ---- setting it aside ---------------------------------------------------- */

/**
 * sfs_prealloc_alloc() - sfs_ns_alloc_around() for a file, with space set aside
 * @inode: a file
 * @fill: which blocks; those that are not needed are set aside
 * @map: set as by sfs_ns_alloc_around()
 *
 * When there is no space, what other files have set aside is used, and nothing is set
 * aside for this one.
 *
 * Context: Process context; between sfs_data_hold() and sfs_data_release().
 * Return: as sfs_ns_alloc_around().
 */
int sfs_prealloc_alloc(struct inode *inode, const struct sfs_fill *fill,
		       struct sfs_map *map)
{
	struct sfs_sb_info *sbi = SFS_SB(inode->i_sb);
	u64 needed = fill->block + fill->len;
	bool is_aside = fill->end > needed;
	int ret;

	ret = sfs_ns_alloc_around(sbi->fs, sfs_ino(inode), fill, SFS_NS_IO,
				  map);
	if (ret == -ENOSPC &&
	    sfs_prealloc_scan(sbi, false,
			      min_t(unsigned long, SFS_PREALLOC_BATCH,
				    READ_ONCE(sbi->nr_preallocs)))) {
		is_aside = false;
		ret = sfs_ns_alloc(sbi->fs, sfs_ino(inode), fill->block,
				   fill->len, fill->len, SFS_NS_IO, map);
	}
	if (!ret && is_aside)
		sfs_prealloc_note(inode, needed, fill->end);
	return ret;
}
