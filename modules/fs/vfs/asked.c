// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another mount deletes inodes of a group, and asks which ones are open here.
 *
 * "Open" is what has a place in the inode cache, but for inodes that are on their
 * way out of it: nobody uses those, and a revocation has waited for their pages.
 * The answer is given at once, with no more than spinlocks; it must not wait for
 * anybody who waits for the group's lock, which the one that asks holds.
 *
 * What is merely cached would be kept from being deleted for long, so a work item
 * drops what nobody uses of the group's inodes.  If one that the other mount wants
 * to delete is in use, its last user is to delete it: its cached attributes do not
 * tell that it has no links any more, and nobody may ever look at them again.
 */
#include "fs/vfs/vfs.h"

#include <linux/dcache.h>

struct sfs_asked_look {
	u64 ino;
	bool is_any;		/* even one on its way out */
	bool is_wanted;
	bool is_ref;		/* take a reference, unless it is in the list */
	bool is_found;
};

static int sfs_asked_match(struct inode *inode, unsigned long hash, void *arg)
{
	struct sfs_inode_info *si = SFS_I(inode);
	struct sfs_asked_look *look = arg;
	int ret = -1;

	if (sfs_ino(inode) != look->ino)
		return 0;
	spin_lock(&inode->i_lock);
	if (look->is_any || !(inode->i_state & (I_FREEING | I_WILL_FREE)))
		look->is_found = true;
	if (look->is_ref && look->is_found && !(inode->i_state & I_NEW)) {
		if (look->is_wanted)
			set_bit(SFS_INODE_WANTED, &si->flags);
		if (!test_and_set_bit(SFS_INODE_ASKED, &si->flags)) {
			__iget(inode);
			ret = 1;
		}
	}
	spin_unlock(&inode->i_lock);
	return ret;
}

/* Cached in whatever state: its eviction will delete it if it has no links. */
bool sfs_asked_is_open(void *arg, u64 ino)
{
	struct sfs_asked_look look = { .ino = ino, .is_any = true };
	struct sfs_sb_info *sbi = arg;

	find_inode_nowait(sbi->sb, ino, sfs_asked_match, &look);
	return look.is_found;
}

void sfs_asked_open(void *arg, u64 first, unsigned int nr,
		    const struct sfs_open_map *wanted,
		    struct sfs_open_map *open)
{
	struct sfs_sb_info *sbi = arg;
	struct inode *inode;
	unsigned int i;
	bool is_in;

	/* an unmount may wait there for a revocation, which may wait for the leader */
	is_in = down_read_trylock(&sbi->gate);
	for (i = 0; i < nr; i++) {
		struct sfs_asked_look look = {
			.ino = first + i,
			.is_wanted = sfs_open_test(wanted, i),
			.is_ref = is_in && !sbi->is_unmounting,
		};

		inode = find_inode_nowait(sbi->sb, look.ino, sfs_asked_match,
					  &look);
		if (inode)
			llist_add(&SFS_I(inode)->asked_node, &sbi->asked);
		if (look.is_found)
			sfs_open_set(open, i);
	}
	if (!is_in)
		return;
	if (!llist_empty(&sbi->asked))
		queue_work(sbi->wq, &sbi->asked_work);
	up_read(&sbi->gate);
}

static void sfs_asked_drop(struct inode *inode)
{
	struct sfs_inode_info *si = SFS_I(inode);

	d_prune_aliases(inode);
	clear_bit(SFS_INODE_ASKED, &si->flags);
	if (atomic_read(&inode->i_count) == 1) {
		/*
		 * The other mount finds it gone when it asks again.  A time of
		 * last access that is not stored yet is lost with its inode only.
		 */
		if (test_and_clear_bit(SFS_INODE_WANTED, &si->flags) ||
		    !test_bit(SFS_INODE_ATIME_DIRTY, &si->flags))
			set_bit(SFS_INODE_DROP, &si->flags);
	} else if (test_bit(SFS_INODE_WANTED, &si->flags)) {
		set_bit(SFS_INODE_DROP, &si->flags);
		d_mark_dontcache(inode);
	}
	iput(inode);
}

void sfs_asked_work(struct work_struct *work)
{
	struct sfs_sb_info *sbi = container_of(work, struct sfs_sb_info,
					       asked_work);
	struct sfs_inode_info *si, *next;

	llist_for_each_entry_safe(si, next, llist_del_all(&sbi->asked), asked_node) {
		sfs_asked_drop(&si->vfs_inode);
		cond_resched();
	}
}
