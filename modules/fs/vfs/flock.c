// SPDX-License-Identifier: GPL-2.0-only
/*
 * fcntl() and flock() locks for all mounts of a volume.
 *
 * The leader decides; the kernel's own table follows, so that close(2) finds what
 * it has to unlock, and /proc/locks shows it.  It is changed in the order in which
 * the leader decided: after it for a lock, before it for an unlock, or another
 * task of this mount could get the lock from the leader and find it taken here.
 *
 * Mounts that are alone use the kernel's table and other file operations.
 */
#include "fs/vfs/trace.h"
#include "fs/vfs/vfs.h"

#include <linux/fcntl.h>
#include <linux/random.h>

/* A request, and the kernel's idea of it. */
struct sfs_flock_request {
	struct file *file;
	struct file_lock *fl;
};

void sfs_flock_init(struct sfs_sb_info *sbi)
{
	sbi->lock_owner_key = get_random_u64();
}

/* Addresses tell owners apart, but nobody shall learn them. */
static u64 sfs_flock_owner(const struct sfs_sb_info *sbi, const void *owner)
{
	return (unsigned long)owner ^ sbi->lock_owner_key;
}

static u8 sfs_flock_kind(const struct file_lock *fl)
{
	switch (SFS_COMPAT_FL(fl, type)) {
	case F_RDLCK:
		return SFS_PLOCK_READ;
	case F_WRLCK:
		return SFS_PLOCK_WRITE;
	}
	return SFS_PLOCK_UNLOCK;
}

static void sfs_flock_encode(struct file *file, const struct file_lock *fl,
			     struct sfs_plock *lock)
{
	struct inode *inode = file_inode(file);
	const struct sfs_sb_info *sbi = SFS_SB(inode->i_sb);
	bool is_flock = SFS_COMPAT_FL(fl, flags) & FL_FLOCK;

	*lock = (struct sfs_plock) {
		.ino = sfs_ino(inode),
		.end = U64_MAX,
		.pid = SFS_COMPAT_FL(fl, pid),
		.kind = sfs_flock_kind(fl),
		.space = is_flock ? SFS_PLOCK_FLOCK : SFS_PLOCK_FCNTL,
	};
	if (is_flock) {
		lock->owner = sfs_flock_owner(sbi, file);
		return;
	}
	lock->owner = sfs_flock_owner(sbi, SFS_COMPAT_FL(fl, owner));
	lock->is_ofd = SFS_COMPAT_FL(fl, flags) & FL_OFDLCK;
	if (lock->is_ofd)
		lock->pid = -1;
	lock->start = fl->fl_start;
	if (fl->fl_end != OFFSET_MAX)
		lock->end = fl->fl_end;
}

/* The kernel's table; it may join the request with others: that is taken back. */
static int sfs_flock_set(void *arg, u8 kind)
{
	struct sfs_flock_request *rq = arg;
	struct file_lock *fl = rq->fl;
	unsigned int flags = SFS_COMPAT_FL(fl, flags);
	unsigned char type = SFS_COMPAT_FL(fl, type);
	loff_t start = fl->fl_start;
	loff_t end = fl->fl_end;
	int ret;

	if (kind == SFS_PLOCK_UNLOCK)
		SFS_COMPAT_FL(fl, type) = F_UNLCK;
	/* there is nobody to wait for: the leader would know of him */
	SFS_COMPAT_FL(fl, flags) = flags & ~FL_SLEEP;
	ret = locks_lock_file_wait(rq->file, fl);
	SFS_COMPAT_FL(fl, flags) = flags;
	SFS_COMPAT_FL(fl, type) = type;
	fl->fl_start = start;
	fl->fl_end = end;
	return ret;
}

static int sfs_flock_error(int ret)
{
	switch (ret) {
	case -EINTR:
		return -ERESTARTSYS;
	case -ENOMEM:
		return -ENOLCK;
	case -ESHUTDOWN:
		return -EIO;
	}
	return ret;
}

static int sfs_flock_change(struct file *file, int cmd, struct file_lock *fl)
{
	struct sfs_sb_info *sbi = SFS_SB(file_inode(file)->i_sb);
	struct sfs_flock_request rq = { .file = file, .fl = fl };
	const struct sfs_plock_apply apply = {
		.set = sfs_flock_set,
		.arg = &rq,
	};
	struct sfs_plock lock;
	int ret;

	sfs_flock_encode(file, fl, &lock);
	if (sfs_volume_error(&sbi->vol))
		return lock.kind == SFS_PLOCK_UNLOCK ?
		       sfs_flock_set(&rq, lock.kind) : -EIO;
	ret = sfs_plock_member_lock(sbi->fs->plocks, &lock, IS_SETLKW(cmd),
				    &apply);
	trace_scoutfs_flock(file_inode(file), &lock, IS_SETLKW(cmd), ret);
	return sfs_flock_error(ret);
}

static int sfs_flock_test(struct file *file, struct file_lock *fl)
{
	struct sfs_sb_info *sbi = SFS_SB(file_inode(file)->i_sb);
	struct sfs_plock lock, found;
	bool is_remote;
	int ret;

	sfs_flock_encode(file, fl, &lock);
	if (lock.kind == SFS_PLOCK_UNLOCK)
		return -EINVAL;
	ret = sfs_plock_member_test(sbi->fs->plocks, &lock, &found, &is_remote);
	if (ret)
		return sfs_flock_error(ret);
	SFS_COMPAT_FL(fl, type) = F_UNLCK;
	if (found.kind == SFS_PLOCK_UNLOCK)
		return 0;
	SFS_COMPAT_FL(fl, type) = found.kind == SFS_PLOCK_WRITE ? F_WRLCK :
								  F_RDLCK;
	fl->fl_start = found.start;
	fl->fl_end = min_t(u64, found.end, OFFSET_MAX);
	SFS_COMPAT_FL(fl, flags) = FL_POSIX;
	/* that of a process elsewhere is negative, as from other filesystems */
	SFS_COMPAT_FL(fl, pid) = is_remote && !found.is_ofd ? -found.pid :
							      found.pid;
	return 0;
}

int sfs_flock_fcntl(struct file *file, int cmd, struct file_lock *fl)
{
	if (!(SFS_COMPAT_FL(fl, flags) & FL_POSIX))
		return -ENOLCK;
	if (IS_GETLK(cmd))
		return sfs_flock_test(file, fl);
	/* nothing is ever left waiting behind the back of a lock manager */
	if (cmd == F_CANCELLK)
		return 0;
	return sfs_flock_change(file, cmd, fl);
}

int sfs_flock_flock(struct file *file, int cmd, struct file_lock *fl)
{
	if (!(SFS_COMPAT_FL(fl, flags) & FL_FLOCK))
		return -ENOLCK;
	return sfs_flock_change(file, cmd, fl);
}
