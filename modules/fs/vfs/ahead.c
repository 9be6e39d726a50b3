// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks over directories read ahead.
 *
 * Whoever lists a directory and looks at each entry needs the groups of these
 * inodes one after another: a lock, a root and some leaves each.  Those of an own
 * directory's files are there with the directory; subdirectories, and what other
 * mounts made, lie in other groups.  When a directory is read on after entries of
 * it were looked up, the groups of the entries that are listed are got by a few
 * workers.  A directory that is found by such a walk counts as walked itself.
 *
 * A mere listing reads nothing ahead.  What is got for nothing is dropped like any
 * other group that nobody uses.  Where names and inodes are cached here and other
 * mounts changed them, looking them up again counts as well.
 */
#include "fs/ns/fs.h"
#include "fs/vfs/vfs.h"

#include <linux/kfifo.h>

#define SFS_AHEAD_WORKERS	8
#define SFS_AHEAD_GROUPS	256	/* that wait for a worker; power of two */

struct sfs_ahead_worker {
	struct sfs_ahead *ahead;
	struct work_struct work;
};

/**
 * struct sfs_ahead - what a mount is going to read ahead
 * @fs: mount
 * @wq: where the workers run
 * @lock: guards @groups
 * @groups: numbers of groups that wait
 * @worker: each takes from these until there are none
 */
struct sfs_ahead {
	struct sfs_fs *fs;
	struct workqueue_struct *wq;
	spinlock_t lock;	/* see above */
	DECLARE_KFIFO(groups, u64, SFS_AHEAD_GROUPS);
	struct sfs_ahead_worker worker[SFS_AHEAD_WORKERS];
};

static void sfs_ahead_work(struct work_struct *work)
{
	struct sfs_ahead *ahead = container_of(work, struct sfs_ahead_worker,
					       work)->ahead;
	unsigned int nofs = memalloc_nofs_save();
	u64 nr;

	while (kfifo_out_spinlocked(&ahead->groups, &nr, 1, &ahead->lock)) {
		sfs_group_ahead(ahead->fs, nr);
		cond_resched();
	}
	memalloc_nofs_restore(nofs);
}

/* false: there is no more room. */
static bool sfs_ahead_push(struct sfs_ahead *ahead, u64 nr)
{
	unsigned int i;

	if (!kfifo_in_spinlocked(&ahead->groups, &nr, 1, &ahead->lock))
		return false;
	for (i = 0; i < SFS_AHEAD_WORKERS; i++)
		if (queue_work(ahead->wq, &ahead->worker[i].work))
			break;
	return true;
}

/* Entries of dir are about to be handed to who reads it. */
void sfs_ahead_listed(struct inode *dir, const void *buf, unsigned int len)
{
	struct sfs_sb_info *sbi = SFS_SB(dir->i_sb);
	struct sfs_inode_info *si = SFS_I(dir);
	u64 last = sfs_ino_group(sbi->fs, sfs_ino(dir));
	const struct sfs_readdir_entry *entry;
	unsigned int off;
	u64 nr;

	if (!test_bit(SFS_INODE_LISTED, &si->flags))
		set_bit(SFS_INODE_LISTED, &si->flags);
	if (!test_and_clear_bit(SFS_INODE_WALKED, &si->flags))
		return;
	for (off = 0; off < len; off += entry->rec_len) {
		entry = buf + off;
		nr = sfs_ino_group(sbi->fs, entry->ino);
		if (nr == last)
			continue;
		last = nr;
		if (!sfs_group_is_loaded(sbi->fs, nr) &&
		    !sfs_ahead_push(sbi->ahead, nr))
			break;
	}
}

/* An entry of dir was looked up in the tree; inode is NULL when there is none. */
void sfs_ahead_looked_up(struct inode *dir, struct inode *inode)
{
	struct sfs_inode_info *si = SFS_I(dir);

	if (!inode || !test_bit(SFS_INODE_LISTED, &si->flags))
		return;
	if (!test_bit(SFS_INODE_WALKED, &si->flags))
		set_bit(SFS_INODE_WALKED, &si->flags);
	if (S_ISDIR(inode->i_mode))
		set_bit(SFS_INODE_WALKED, &SFS_I(inode)->flags);
}

/* The name is known, what is known of its inode is outdated. */
void sfs_ahead_stat(struct dentry *dentry)
{
	struct dentry *parent = dget_parent(dentry);

	if (parent != dentry)
		sfs_ahead_looked_up(d_inode(parent), d_inode(dentry));
	dput(parent);
}

int sfs_ahead_start(struct sfs_sb_info *sbi)
{
	struct sfs_ahead *ahead = kzalloc(sizeof(*ahead), GFP_KERNEL);
	unsigned int i;

	if (!ahead)
		return -ENOMEM;
	ahead->fs = sbi->fs;
	ahead->wq = sbi->wq;
	spin_lock_init(&ahead->lock);
	INIT_KFIFO(ahead->groups);
	for (i = 0; i < SFS_AHEAD_WORKERS; i++) {
		ahead->worker[i].ahead = ahead;
		INIT_WORK(&ahead->worker[i].work, sfs_ahead_work);
	}
	sbi->ahead = ahead;
	return 0;
}

/* Nobody reads directories any more. */
void sfs_ahead_stop(struct sfs_sb_info *sbi)
{
	struct sfs_ahead *ahead = sbi->ahead;
	unsigned int i;

	if (!ahead)
		return;
	spin_lock(&ahead->lock);
	kfifo_reset(&ahead->groups);
	spin_unlock(&ahead->lock);
	for (i = 0; i < SFS_AHEAD_WORKERS; i++)
		cancel_work_sync(&ahead->worker[i].work);
	sbi->ahead = NULL;
	kfree(ahead);
}
