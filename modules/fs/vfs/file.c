// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regular files: open, read, write, seek, map, sync.
 */
#include "fs/data/data.h"
#include "fs/vfs/vfs.h"

#include <linux/falloc.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/splice.h>
#include <linux/uio.h>

static int sfs_file_open(struct inode *inode, struct file *file)
{
	int ret = sfs_volume_error(&SFS_SB(inode->i_sb)->vol);

	if (!ret)
		ret = generic_file_open(inode, file);
	/* served through the page cache, see sfs_file_read_iter() */
	if (!ret)
		file->f_mode |= FMODE_CAN_ODIRECT;
	return ret;
}

/* ---- reading ------------------------------------------------------------ */

static ssize_t sfs_file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	int ret;

	ret = sfs_inode_revalidate(inode);
	if (ret)
		return ret;
	if (!(iocb->ki_flags & IOCB_DIRECT))
		return generic_file_read_iter(iocb, to);
	if (!iov_iter_count(to))
		return 0;
	file_accessed(iocb->ki_filp);
	return filemap_read(iocb, to, 0);
}

static ssize_t sfs_file_splice_read(struct file *file, loff_t *pos,
				    struct pipe_inode_info *pipe, size_t len,
				    unsigned int flags)
{
	int ret = sfs_inode_revalidate(file_inode(file));

	return ret ? ret : filemap_splice_read(file, pos, pipe, len, flags);
}

/* ---- writing ------------------------------------------------------------ */

/*
 * One attempt: SFS_DATA_AGAIN, or fewer bytes than asked for, when the group's
 * lock was lost in between.  The position of an append is chosen anew then.
 */
static ssize_t sfs_file_write_try(struct kiocb *iocb, struct iov_iter *from,
				  bool *is_touched)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t pos;
	ssize_t ret;

	sfs_data_begin(inode);
	ret = sfs_inode_revalidate(inode);
	if (!ret)
		ret = generic_write_checks(iocb, from);
	if (ret <= 0)
		return ret;
	if (!*is_touched) {
		ret = file_remove_privs(iocb->ki_filp);
		if (!ret)
			ret = sfs_inode_touch_data(inode);
		if (ret)
			return ret;
		*is_touched = true;
	}
	pos = iocb->ki_pos;
	ret = sfs_data_extend(inode, pos);
	if (!ret)
		ret = iomap_file_buffered_write(iocb, from, &sfs_data_write_ops,
						NULL);
	if (ret > 0)
		iocb->ki_pos = pos + ret;
	return ret;
}

static ssize_t sfs_file_write_locked(struct kiocb *iocb, struct iov_iter *from)
{
	unsigned int tries = 0;
	bool is_touched = false;
	ssize_t done = 0, ret;

	do {
		size_t left = iov_iter_count(from);

		ret = sfs_file_write_try(iocb, from, &is_touched);
		if (ret > 0) {
			done += ret;
			tries = 0;
		}
		/* short for a reason that the next attempt tells, or finds gone */
		if (ret > 0 && ret < left)
			continue;
		if (ret != SFS_DATA_AGAIN)
			break;
	} while (tries++ < SFS_DATA_TRIES);
	if (ret == SFS_DATA_AGAIN)
		ret = -EIO;
	return done ? done : ret;
}

static ssize_t sfs_file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t end;
	ssize_t ret;

	ret = sfs_volume_error(&SFS_SB(inode->i_sb)->vol);
	if (ret)
		return ret;
	inode_lock(inode);
	ret = sfs_file_write_locked(iocb, from);
	inode_unlock(inode);
	if (ret <= 0)
		return ret;

	/* who writes directly expects the device to have it */
	if (iocb->ki_flags & IOCB_DIRECT) {
		int err;

		end = iocb->ki_pos - 1;
		err = filemap_write_and_wait_range(inode->i_mapping,
						   iocb->ki_pos - ret, end);
		if (err)
			return err;
		invalidate_mapping_pages(inode->i_mapping,
					 (iocb->ki_pos - ret) >> PAGE_SHIFT,
					 end >> PAGE_SHIFT);
	}
	return generic_write_sync(iocb, ret);
}

/* ---- seeking ------------------------------------------------------------ */

static loff_t sfs_file_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	int ret = 0;

	if (whence != SEEK_SET && whence != SEEK_CUR)
		ret = sfs_inode_revalidate(inode);
	if (ret)
		return ret;
	switch (whence) {
	case SEEK_HOLE:
	case SEEK_DATA:
		inode_lock_shared(inode);
		if (whence == SEEK_HOLE)
			offset = iomap_seek_hole(inode, offset,
						 &sfs_data_report_ops);
		else
			offset = iomap_seek_data(inode, offset,
						 &sfs_data_report_ops);
		inode_unlock_shared(inode);
		if (offset < 0)
			return offset;
		return vfs_setpos(file, offset, inode->i_sb->s_maxbytes);
	default:
		return generic_file_llseek(file, offset, whence);
	}
}

/* ---- mapping ------------------------------------------------------------ */

static vm_fault_t sfs_file_fault(struct vm_fault *vmf)
{
	int ret = sfs_inode_revalidate(file_inode(vmf->vma->vm_file));

	return ret ? vmf_error(ret) : filemap_fault(vmf);
}

static vm_fault_t sfs_file_mkwrite(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct inode *inode = file_inode(file);
	vm_fault_t fault;
	int ret;

	sb_start_pagefault(inode->i_sb);
	ret = file_update_time(file);
	filemap_invalidate_lock_shared(inode->i_mapping);
	fault = ret ? vmf_error(ret) : sfs_data_mkwrite(vmf);
	filemap_invalidate_unlock_shared(inode->i_mapping);
	sb_end_pagefault(inode->i_sb);
	return fault;
}

static const struct vm_operations_struct sfs_file_vm_ops = {
	.fault		= sfs_file_fault,
	.map_pages	= filemap_map_pages,
	.page_mkwrite	= sfs_file_mkwrite,
};

static int sfs_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	file_accessed(file);
	vma->vm_ops = &sfs_file_vm_ops;
	return 0;
}

/* ---- syncing ------------------------------------------------------------ */

int sfs_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	int ret = file_write_and_wait_range(file, start, end);

	return ret ? ret : sfs_inode_sync(file_inode(file));
}

#define SFS_FILE_OPS					\
	.open		= sfs_file_open,		\
	.read_iter	= sfs_file_read_iter,		\
	.write_iter	= sfs_file_write_iter,		\
	.llseek		= sfs_file_llseek,		\
	.mmap		= sfs_file_mmap,		\
	.fsync		= sfs_fsync,			\
	.splice_read	= sfs_file_splice_read,		\
	.splice_write	= iter_file_splice_write

const struct file_operations sfs_file_ops = {
	SFS_FILE_OPS,
};

const struct file_operations sfs_file_cluster_ops = {
	SFS_FILE_OPS,
	SFS_FLOCK_OPS,
	.lock		= sfs_flock_fcntl,
};
