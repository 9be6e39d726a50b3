// SPDX-License-Identifier: GPL-2.0-only
/*
 * Orphans: inodes without links that are not deleted yet.
 *
 * An inode that is unlinked and deleted between two commits costs nothing on
 * disk.  One that is still there when the transaction closes gets an item in
 * the mount log, which recovery hands to the volume's list.
 */
#include "fs/coord/coord.h"
#include "fs/ns/ns.h"

enum orphan_state {
	ORPHAN_NEW	= 1,	/* not in the log */
	ORPHAN_LOGGED	= 2,
	ORPHAN_GONE	= 3,	/* deleted, still in the log */
};

#define ORPHAN_LEFT		XA_MARK_0

/* blocks that one change of the log may cost the commit */
#define ORPHAN_NEED		4

static void add_commit_need(struct sfs_fs *fs)
{
	mutex_lock(&fs->trans.lock);
	fs->trans.commit_need += ORPHAN_NEED;
	mutex_unlock(&fs->trans.lock);
}

static void sub_commit_need(struct sfs_fs *fs)
{
	mutex_lock(&fs->trans.lock);
	if (!WARN_ON_ONCE(fs->trans.commit_need < ORPHAN_NEED))
		fs->trans.commit_need -= ORPHAN_NEED;
	mutex_unlock(&fs->trans.lock);
}

int sfs_orphan_add(struct sfs_op *op, u64 ino)
{
	struct sfs_fs *fs = op->fs;
	void *old;

	old = xa_store(&fs->orphans, ino, xa_mk_value(ORPHAN_NEW), GFP_NOFS);
	if (xa_is_err(old))
		return xa_err(old);
	/* Linked and unlinked again while its removal was not logged. */
	if (old && xa_to_value(old) != ORPHAN_NEW)
		xa_store(&fs->orphans, ino, xa_mk_value(ORPHAN_LOGGED),
			 GFP_NOFS);
	add_commit_need(fs);
	return 0;
}

void sfs_orphan_del(struct sfs_op *op, u64 ino)
{
	struct sfs_fs *fs = op->fs;
	void *old = xa_load(&fs->orphans, ino);

	if (!old)
		return;		/* left by a mount that is gone */
	if (xa_to_value(old) == ORPHAN_NEW) {
		/* of the open transaction, whose commit need not log it now */
		xa_erase(&fs->orphans, ino);
		sub_commit_need(fs);
		return;
	}
	/* The entry exists, so this needs no memory. */
	xa_store(&fs->orphans, ino, xa_mk_value(ORPHAN_GONE), GFP_NOFS);
	add_commit_need(fs);
}

void sfs_orphan_left(struct sfs_fs *fs, u64 ino)
{
	if (!xa_load(&fs->orphans, ino))
		return;		/* it is on the volume's list */
	/* gone meanwhile: nothing is marked then */
	xa_set_mark(&fs->orphans, ino, ORPHAN_LEFT);
	WRITE_ONCE(fs->has_left, true);
}

bool sfs_orphan_is_left(struct sfs_fs *fs, u64 ino)
{
	return xa_get_mark(&fs->orphans, ino, ORPHAN_LEFT);
}

int sfs_orphans_retry(struct sfs_fs *fs)
{
	unsigned long ino;
	void *entry;
	int ret = 0;

	WRITE_ONCE(fs->has_left, false);
	xa_for_each_marked(&fs->orphans, ino, entry, ORPHAN_LEFT) {
		/* deleted, but not in the log yet; or opened again by its number */
		if (xa_to_value(entry) == ORPHAN_GONE ||
		    (fs->inode_is_open && fs->inode_is_open(fs->vfs_arg, ino)))
			continue;
		sfs_count(fs->vol, orphan_scan_attempts);
		ret = sfs_ns_delete(fs, ino);
		if (ret && ret != -EAGAIN)
			break;
	}
	/* those that are left still can wait for the next round */
	WRITE_ONCE(fs->has_left, false);
	return ret == -EAGAIN ? 0 : ret;
}

static int log_one(struct sfs_fs *fs, u64 ino, enum orphan_state state)
{
	struct sfs_key key = SFS_KEY(SFS_MLOG_ORPHAN, 0, ino, 0);
	int ret;

	switch (state) {
	case ORPHAN_NEW:
		ret = sfs_btree_set(&fs->trans, &fs->mlog, &key, NULL, 0);
		if (!ret)
			xa_store(&fs->orphans, ino, xa_mk_value(ORPHAN_LOGGED),
				 GFP_NOFS);
		return ret;
	case ORPHAN_GONE:
		ret = sfs_btree_delete(&fs->trans, &fs->mlog, &key);
		if (!ret)
			xa_erase(&fs->orphans, ino);
		return ret;
	case ORPHAN_LOGGED:
		return 0;
	}
	return -EUCLEAN;
}

int sfs_orphans_log(struct sfs_fs *fs)
{
	unsigned long ino;
	void *entry;
	int ret = 0;

	xa_for_each(&fs->orphans, ino, entry) {
		ret = log_one(fs, ino, xa_to_value(entry));
		if (ret)
			break;
	}
	return ret;
}
