// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes that stat(2) does not have: archive ABI, 1.7 and 1.20.
 */
#include "fs/scoutfs_ioctl.h"
#include "fs/vfs/vfs.h"

/* What users see: with what is dirty, as by stat(2). */
static int sfs_attr_x_read(struct inode *inode, struct sfs_inode *ni)
{
	struct sfs_inode_info *si = SFS_I(inode);
	int ret = sfs_attr_refresh(inode);

	if (ret)
		return ret;
	spin_lock(&si->lock);
	*ni = si->ni;
	spin_unlock(&si->lock);
	ni->size = i_size_read(inode);
	if (S_ISREG(inode->i_mode))
		ni->online_blocks = sfs_attr_online_blocks(inode,
							   ni->online_blocks);
	return 0;
}

int sfs_ioctl_stat_more(struct file *file,
			struct scoutfs_ioctl_stat_more __user *arg)
{
	struct scoutfs_ioctl_stat_more stm = { };
	struct sfs_inode ni;
	int ret;

	ret = sfs_attr_x_read(file_inode(file), &ni);
	if (ret)
		return ret;
	stm.meta_seq = ni.meta_seq;
	stm.data_seq = ni.data_seq;
	stm.data_version = ni.data_version;
	stm.online_blocks = ni.online_blocks;
	stm.offline_blocks = ni.offline_blocks;
	stm.crtime_sec = ni.crtime.tv_sec;
	stm.crtime_nsec = ni.crtime.tv_nsec;
	return copy_to_user(arg, &stm, sizeof(stm)) ? -EFAULT : 0;
}

static int sfs_attr_x_check(struct inode *inode, u64 mask, u64 flags)
{
	const struct sfs_volume *vol = &SFS_SB(inode->i_sb)->vol;

	if (mask & SCOUTFS_IOC_IAX__UNKNOWN ||
	    flags & SCOUTFS_IOC_IAX_F__UNKNOWN)
		return -EINVAL;
	if (mask & (SCOUTFS_IOC_IAX_RETENTION | SCOUTFS_IOC_IAX_PROJECT_ID) &&
	    le32_to_cpu(vol->sb->format_version) < 2)
		return -EOPNOTSUPP;
	return 0;
}

static void sfs_attr_x_fill(struct scoutfs_ioctl_inode_attr_x *iax,
			    const struct sfs_inode *ni)
{
	const u64 mask = iax->x_mask;

	if (mask & SCOUTFS_IOC_IAX_META_SEQ)
		iax->meta_seq = ni->meta_seq;
	if (mask & SCOUTFS_IOC_IAX_DATA_SEQ)
		iax->data_seq = ni->data_seq;
	if (mask & SCOUTFS_IOC_IAX_DATA_VERSION)
		iax->data_version = ni->data_version;
	if (mask & SCOUTFS_IOC_IAX_ONLINE_BLOCKS)
		iax->online_blocks = ni->online_blocks;
	if (mask & SCOUTFS_IOC_IAX_OFFLINE_BLOCKS)
		iax->offline_blocks = ni->offline_blocks;
	if (mask & SCOUTFS_IOC_IAX_CTIME) {
		iax->ctime_sec = ni->ctime.tv_sec;
		iax->ctime_nsec = ni->ctime.tv_nsec;
	}
	if (mask & SCOUTFS_IOC_IAX_CRTIME) {
		iax->crtime_sec = ni->crtime.tv_sec;
		iax->crtime_nsec = ni->crtime.tv_nsec;
	}
	if (mask & SCOUTFS_IOC_IAX_SIZE)
		iax->size = ni->size;
	if (mask & SCOUTFS_IOC_IAX_PROJECT_ID)
		iax->project_id = ni->project;
}

/* Where the last member that was asked for ends: callers may have no more memory. */
static size_t sfs_attr_x_bytes(u64 mask)
{
	static const u8 end[] = {
#define END(member)	offsetofend(struct scoutfs_ioctl_inode_attr_x, member)
		END(meta_seq), END(data_seq), END(data_version),
		END(online_blocks), END(offline_blocks), END(ctime_nsec),
		END(crtime_sec), END(size), END(bits), END(project_id),
#undef END
	};

	return end[__fls(mask)];
}

int sfs_ioctl_get_attr_x(struct file *file,
			 struct scoutfs_ioctl_inode_attr_x __user *arg)
{
	struct scoutfs_ioctl_inode_attr_x iax = { };
	struct sfs_inode ni;
	int ret;

	if (get_user(iax.x_mask, &arg->x_mask) ||
	    get_user(iax.x_flags, &arg->x_flags))
		return -EFAULT;
	if (!iax.x_mask)
		return 0;
	ret = sfs_attr_x_check(file_inode(file), iax.x_mask, iax.x_flags);
	if (!ret)
		ret = sfs_attr_x_read(file_inode(file), &ni);
	if (ret)
		return ret;
	sfs_attr_x_fill(&iax, &ni);
	return copy_to_user(arg, &iax, sfs_attr_x_bytes(iax.x_mask)) ?
	       -EFAULT : 0;
}
