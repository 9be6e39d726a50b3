// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revocation: what the VFS caches of a group is written back and dropped.
 *
 * Runs in the lock client's work item while nobody uses the lock, so no page
 * becomes dirty; it must not wait for anybody who waits for the lock: it takes no i_rwsem and no
 * invalidate_lock, and it never evicts an inode, for that may delete it.  Page
 * locks are fine, their owners do not wait for cluster locks.
 *
 * Inodes that are being made have no pages yet.  One that is being evicted is
 * waited for while it has dirty ones, or they would be written to blocks that
 * another mount has freed by then: until they are gone an eviction waits for no
 * cluster lock, and neither does the write-back that it waits for.
 */
#include "fs/data/data.h"
#include "fs/vfs/trace.h"
#include "fs/vfs/vfs.h"

#include <linux/pagemap.h>

/* Pages that are pinned for I/O become dirty when they like. */
#define SFS_REVOKE_TRIES	16

/*
 * An inode that is looked for.
 * @ino: number
 * @is_leaving: it is being evicted and has pages that must not be written late
 */
struct sfs_revoke_look {
	u64 ino;
	bool is_leaving;
};

static bool sfs_revoke_is_dirty(struct inode *inode)
{
	return S_ISREG(inode->i_mode) &&
	       !test_bit(SFS_INODE_NO_PAGES, &SFS_I(inode)->flags) &&
	       (mapping_tagged(&inode->i_data, PAGECACHE_TAG_DIRTY) ||
		mapping_tagged(&inode->i_data, PAGECACHE_TAG_WRITEBACK));
}

/* find_inode_nowait(): 1: take it, referenced; 0: go on; -1: there is none. */
static int sfs_revoke_match(struct inode *inode, unsigned long hash, void *arg)
{
	struct sfs_revoke_look *look = arg;
	int ret = -1;

	if (sfs_ino(inode) != look->ino)
		return 0;
	spin_lock(&inode->i_lock);
	if (inode->i_state & (I_FREEING | I_WILL_FREE)) {
		look->is_leaving = sfs_revoke_is_dirty(inode);
	} else if (!(inode->i_state & I_NEW)) {
		__iget(inode);
		ret = 1;
	}
	spin_unlock(&inode->i_lock);
	return ret;
}

/* The inode, referenced, or NULL; with is_leaving look again when it has left. */
static struct inode *sfs_revoke_find(struct sfs_sb_info *sbi,
				     struct sfs_revoke_look *look)
{
	look->is_leaving = false;
	return find_inode_nowait(sbi->sb, look->ino, sfs_revoke_match, look);
}

static struct inode *sfs_revoke_get(struct sfs_sb_info *sbi, u64 ino)
{
	struct sfs_revoke_look look = { .ino = ino };
	struct inode *inode;

	wait_event(sbi->evict_wait,
		   (inode = sfs_revoke_find(sbi, &look)) || !look.is_leaving);
	return inode;
}

/* A reference that is the last one is dropped by a work item. */
void sfs_revoke_iput(struct sfs_sb_info *sbi, struct inode *inode)
{
	if (atomic_add_unless(&inode->i_count, -1, 1))
		return;
	llist_add(&SFS_I(inode)->iput_node, &sbi->iputs);
	queue_work(sbi->wq, &sbi->iput_work);
}

void sfs_revoke_iput_work(struct work_struct *work)
{
	struct sfs_sb_info *sbi = container_of(work, struct sfs_sb_info,
					       iput_work);
	struct sfs_inode_info *si, *next;

	llist_for_each_entry_safe(si, next, llist_del_all(&sbi->iputs), iput_node)
		iput(&si->vfs_inode);
}

static int sfs_revoke_drop_pages(struct address_space *mapping)
{
	unsigned int tries;
	int ret = -EBUSY;

	for (tries = 0; tries < SFS_REVOKE_TRIES && ret == -EBUSY; tries++) {
		unmap_mapping_range(mapping, 0, 0, 0);
		ret = invalidate_inode_pages2(mapping);
	}
	return ret;
}

static int sfs_revoke_inode(struct inode *inode, bool is_drop)
{
	struct address_space *mapping = inode->i_mapping;
	int ret, ret2;

	/* the VFS refuses by them before it asks us, and another mount may clear them */
	if (is_drop)
		inode_set_flags(inode, 0, S_IMMUTABLE | S_APPEND);
	if (!S_ISREG(inode->i_mode))
		return 0;
	/* what users of the lock have left to the device; it may dirty pages, too */
	inode_dio_wait(inode);
	/* an error is kept in the mapping for the next fsync as well */
	ret = filemap_fdatawrite(mapping);
	ret2 = filemap_fdatawait_keep_errors(mapping);
	if (is_drop) {
		int ret3 = sfs_revoke_drop_pages(mapping);

		if (ret3)
			return ret3;
		/* others may free blocks that write-back remembers */
		sfs_data_freed(inode);
	}
	trace_scoutfs_revoke(inode, is_drop, ret ? ret : ret2);
	return 0;
}

/**
 * sfs_revoke_inodes() - give up what is cached of a group
 * @arg: the mount
 * @group: group number
 * @is_drop: the lock goes to NL: drop pages too; else dirty ones are written
 *
 * Data that cannot be written is lost and reported by fsync(2), as ever.
 *
 * Return: 0, or an error when pages could not be dropped.
 */
int sfs_revoke_inodes(void *arg, u64 group, bool is_drop)
{
	struct sfs_sb_info *sbi = arg;
	u64 ino = group << sbi->vol.group_shift;
	u64 end = ino + (1ULL << sbi->vol.group_shift);
	struct blk_plug plug;
	int ret = 0;

	down_read(&sbi->gate);
	blk_start_plug(&plug);
	for (; ino < end && !ret && !sbi->is_unmounting; ino++) {
		struct inode *inode = sfs_revoke_get(sbi, ino);

		if (!inode)
			continue;
		ret = sfs_revoke_inode(inode, is_drop);
		sfs_revoke_iput(sbi, inode);
	}
	blk_finish_plug(&plug);
	up_read(&sbi->gate);
	return ret;
}

/* ---- the end --------------------------------------------------------------------- */

void sfs_revoke_stop(struct sfs_sb_info *sbi)
{
	down_write(&sbi->gate);
	sbi->is_unmounting = true;
	up_write(&sbi->gate);
	flush_work(&sbi->iput_work);
	flush_work(&sbi->asked_work);
	flush_work(&sbi->atime_work);
}
