// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which inodes other mounts have open, before one without links is deleted.
 *
 * The leader asks all other mounts which inodes of a group they have cached, in
 * whatever state, and adds up the answers.  Whoever asks has EX on the group from
 * before he asks until the inode is gone, or marked in its item as being deleted.
 * Meanwhile the answer can become less true only in one way, that somebody closes
 * an inode: to open one a mount has to read its item, for which it needs PR, after
 * which the inode has no links or does not exist.  One that has read the item and
 * lost PR since, or that waits for PR, has a place for the inode in its cache
 * already and says so.  One that has made the inode, and lost EX before the inode
 * came to its cache, has it in sfs_fs.creating.
 *
 * So one answer serves all deletes in the group while EX is held, and a group that
 * this mount made and nobody else ever asked for needs none.  An inode that was
 * open when the others were asked is asked for again after a while.
 *
 * Who closes the last one?  A mount that is asked about an inode that it has open
 * tries to delete the inode when it closes it.  The one that asked keeps it in its
 * log as an orphan and tries again now and then, until it is gone: the other one
 * may die, or have had the inode only in its cache.  So:
 *
 *  - both close at once: the later one to get EX finds the other's inode on its
 *    way out of the cache, which does not count, or gone;
 *  - the leader changes: the provider asks the new one, who asks the others again;
 *  - a mount cannot be asked: it may have everything open, until it is recovered;
 *  - a mount dies: what it had open is not asked for any more, what it left
 *    unlinked is on the volume's list, which all mounts work on;
 *  - by file handle: inodes without links are not found by their number.
 */
#include "fs/ns/items.h"

enum {
	SFS_OTHERS_AGAIN_MS	= 100,	/* what was open then is asked for again */
};

/**
 * struct sfs_others - what other mounts have open of a group
 * @first: the first inode that was asked for
 * @asked_ns: when
 * @open: those that were open
 */
struct sfs_others {
	u64 first;
	u64 asked_ns;
	struct sfs_open_map open;
};

void sfs_others_forget(struct sfs_fs *fs, struct sfs_group *grp)
{
	struct sfs_others *others;

	spin_lock(&fs->group_lock);
	others = grp->others;
	grp->others = NULL;
	grp->is_private = false;
	spin_unlock(&fs->group_lock);
	kfree(others);
}

void sfs_others_none(struct sfs_fs *fs, struct sfs_group *grp)
{
	spin_lock(&fs->group_lock);
	grp->is_private = true;
	spin_unlock(&fs->group_lock);
}

/* What is known: 0, -EAGAIN as in fs.h; -ENOENT: ask. */
static int sfs_others_known(struct sfs_fs *fs, struct sfs_group *grp, u64 ino,
			    u64 first)
{
	const struct sfs_others *others;
	int ret = -ENOENT;

	spin_lock(&fs->group_lock);
	others = grp->others;
	if (grp->is_private) {
		ret = 0;
	} else if (others && others->first == first) {
		if (!sfs_open_test(&others->open, ino - first))
			ret = 0;
		else if (ktime_get_ns() - others->asked_ns <
			 SFS_OTHERS_AGAIN_MS * NSEC_PER_MSEC)
			ret = -EAGAIN;
	}
	spin_unlock(&fs->group_lock);
	return ret;
}

/* What we would delete now, if nobody had it open. */
static void sfs_others_want(struct sfs_fs *fs, u64 ino, u64 first,
			    struct sfs_open_map *wanted)
{
	u64 last = first + sfs_open_inos(fs->vol) - 1;
	unsigned long nr;
	void *entry;

	memset(wanted, 0, sizeof(*wanted));
	sfs_open_set(wanted, ino - first);
	xa_for_each_range(&fs->orphans, nr, entry, first, last)
		if (sfs_orphan_is_left(fs, nr))
			sfs_open_set(wanted, nr - first);
}

static int sfs_others_ask(struct sfs_fs *fs, struct sfs_group *grp, u64 ino,
			  u64 first)
{
	struct sfs_others *others = kmalloc(sizeof(*others), GFP_NOFS);
	struct sfs_others *old;
	struct sfs_open_map wanted;
	int ret;

	if (!others)
		return -ENOMEM;
	others->first = first;
	sfs_others_want(fs, ino, first, &wanted);
	down(&fs->asking);
	others->asked_ns = ktime_get_ns();
	ret = sfs_coord_inodes_open(&fs->coord, first, &wanted, &others->open);
	up(&fs->asking);
	sfs_count(fs->vol, open_asked);
	if (ret) {
		kfree(others);
		return ret;
	}
	ret = sfs_open_test(&others->open, ino - first) ? -EAGAIN : 0;
	spin_lock(&fs->group_lock);
	old = grp->others;
	grp->others = others;
	spin_unlock(&fs->group_lock);
	kfree(old);
	return ret;
}

int sfs_others_check(struct sfs_op *op, u64 ino)
{
	struct sfs_group *grp = sfs_op_group(op, ino);
	struct sfs_fs *fs = op->fs;
	u64 first;
	int ret;

	/* alone: who has it open in this mount is the caller's matter */
	if (fs->coord.leader)
		return 0;
	WARN_ON_ONCE(op->held);
	first = ino & ~(u64)(sfs_open_inos(fs->vol) - 1);
	ret = sfs_others_known(fs, grp, ino, first);
	if (ret == -ENOENT)
		ret = sfs_others_ask(fs, grp, ino, first);
	if (ret == -EAGAIN)
		sfs_count(fs->vol, open_elsewhere);
	return ret;
}

/* ---- what this mount is making ------------------------------------------ */

void sfs_creating_begin(struct sfs_fs *fs, struct sfs_creating *creating,
			u64 ino)
{
	/* alone: nobody asks */
	if (fs->coord.leader)
		return;
	creating->ino = ino;
	spin_lock(&fs->creating_lock);
	if (list_empty(&creating->link))
		list_add(&creating->link, &fs->creating);
	spin_unlock(&fs->creating_lock);
}

void sfs_creating_end(struct sfs_fs *fs, struct sfs_creating *creating)
{
	/* only the task that made it puts it there */
	if (list_empty(&creating->link))
		return;
	spin_lock(&fs->creating_lock);
	list_del_init(&creating->link);
	spin_unlock(&fs->creating_lock);
}

void sfs_creating_add_open(struct sfs_fs *fs, u64 first,
			   struct sfs_open_map *open)
{
	unsigned int nr = sfs_open_inos(fs->vol);
	struct sfs_creating *creating;

	spin_lock(&fs->creating_lock);
	list_for_each_entry(creating, &fs->creating, link)
		if (creating->ino - first < nr)
			sfs_open_set(open, creating->ino - first);
	spin_unlock(&fs->creating_lock);
}
