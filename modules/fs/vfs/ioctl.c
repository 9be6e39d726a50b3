// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ioctls of files and directories.
 *
 * FITRIM: its range counts bytes of the data blocks, as those that fiemap shows.
 * Metadata is not discarded, nor what lies in the pools of mounts, which is less
 * than a 64th of the volume each.  A freeze or a remount comes between two
 * extents.
 */
#include "fs/scoutfs_ioctl.h"
#include "fs/vfs/vfs.h"

#include <linux/blkdev.h>
#include <linux/mount.h>
#include <linux/sched/signal.h>

static int sfs_ioctl_trim_range(struct block_device *bdev,
				const struct fstrim_range *range,
				struct sfs_trim *trim, u64 total)
{
	u64 min_bytes = max_t(u64, range->minlen, bdev_discard_granularity(bdev));

	if (range->len < SFS_DATA_BLOCK_BYTES ||
	    range->start >> SFS_DATA_BLOCK_SHIFT >= total ||
	    range->minlen >> SFS_DATA_BLOCK_SHIFT >= total)
		return -EINVAL;
	trim->range.from = DIV_ROUND_UP_ULL(range->start,
					    SFS_DATA_BLOCK_BYTES);
	trim->range.end = total;
	if (range->len < U64_MAX - range->start)
		trim->range.end = min(total, (range->start + range->len) >>
					     SFS_DATA_BLOCK_SHIFT);
	trim->range.min_len = DIV_ROUND_UP_ULL(min_bytes,
					       SFS_DATA_BLOCK_BYTES);
	return 0;
}

/* Nobody waits with a step's rights for the next one. */
static int sfs_ioctl_trim_step(struct file *file, struct sfs_fs *fs,
			       struct sfs_trim *trim)
{
	int ret = fatal_signal_pending(current) ? -ERESTARTSYS :
						  mnt_want_write_file(file);

	if (ret)
		return ret;
	ret = sfs_trim_next(fs, trim);
	mnt_drop_write_file(file);
	cond_resched();
	return ret;
}

static int sfs_ioctl_trim(struct file *file, struct fstrim_range __user *arg)
{
	struct sfs_sb_info *sbi = SFS_SB(file_inode(file)->i_sb);
	struct block_device *bdev = sbi->sb->s_bdev;
	struct fstrim_range range;
	struct sfs_trim trim = { };
	int ret, err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!bdev_max_discard_sectors(bdev))
		return -EOPNOTSUPP;
	if (copy_from_user(&range, arg, sizeof(range)))
		return -EFAULT;
	ret = sfs_ioctl_trim_range(bdev, &range, &trim,
				   sbi->vol.total_data_blocks);
	if (ret)
		return ret;
	if (mutex_lock_killable(&sbi->trim_lock))
		return -ERESTARTSYS;
	ret = mnt_want_write_file(file);
	if (!ret) {
		ret = sfs_trim_start(sbi->fs, &trim);
		mnt_drop_write_file(file);
	}
	while (!ret)
		ret = sfs_ioctl_trim_step(file, sbi->fs, &trim);
	err = sfs_trim_end(sbi->fs, &trim);
	mutex_unlock(&sbi->trim_lock);
	if (ret == -ENOENT)
		ret = err;
	if (ret)
		return ret;
	range.len = trim.blocks << SFS_DATA_BLOCK_SHIFT;
	return copy_to_user(arg, &range, sizeof(range)) ? -EFAULT : 0;
}

long sfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *ptr = (void __user *)arg;

	switch (cmd) {
	case FITRIM:
		return sfs_ioctl_trim(file, ptr);
	case SCOUTFS_IOC_INO_PATH:
		return sfs_ioctl_ino_path(file, ptr);
	case SCOUTFS_IOC_STAT_MORE:
		return sfs_ioctl_stat_more(file, ptr);
	case SCOUTFS_IOC_GET_REFERRING_ENTRIES:
		return sfs_ioctl_referring_entries(file, ptr);
	case SCOUTFS_IOC_GET_ATTR_X:
		return sfs_ioctl_get_attr_x(file, ptr);
	}
	return -ENOTTY;
}
