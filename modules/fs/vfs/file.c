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
	if (!ret)
		file->f_mode |= FMODE_CAN_ODIRECT | FMODE_NOWAIT;
	return ret;
}

/* ---- reading ------------------------------------------------------------------ */

static ssize_t sfs_file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	int ret;

	if (iocb->ki_flags & IOCB_NOWAIT)
		ret = sfs_inode_is_valid(inode) ? 0 : -EAGAIN;
	else
		ret = sfs_inode_revalidate(inode);
	if (ret)
		return ret;
	if (!(iocb->ki_flags & IOCB_DIRECT))
		return generic_file_read_iter(iocb, to);
	if (!iov_iter_count(to))
		return 0;
	file_accessed(iocb->ki_filp);
	return sfs_data_is_direct(iocb, to) ? sfs_data_direct_read(iocb, to) :
					      filemap_read(iocb, to, 0);
}

static ssize_t sfs_file_splice_read(struct file *file, loff_t *pos,
				    struct pipe_inode_info *pipe, size_t len,
				    unsigned int flags)
{
	int ret = sfs_inode_revalidate(file_inode(file));

	return ret ? ret : filemap_splice_read(file, pos, pipe, len, flags);
}

/* ---- writing -------------------------------------------------------------------- */

/*
 * The part that other mounts see at once.  A fault of the source would wait for
 * locks, the very one that is held perhaps: it makes the write short instead.
 */
static ssize_t sfs_file_write_held(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t pos;
	ssize_t ret;

	/* where an append begins is known only now */
	ret = generic_write_checks(iocb, from);
	if (ret <= 0)
		return ret;
	ret = sfs_inode_touch_data(inode);
	pos = iocb->ki_pos;
	if (!ret)
		ret = sfs_data_outgrow(inode, pos + iov_iter_count(from));
	if (!ret && iocb->ki_flags & IOCB_DIRECT &&
	    sfs_data_may_be_inline(inode, pos))
		ret = sfs_data_leave_inline(inode);
	if (!ret)
		ret = sfs_data_extend(inode, pos);
	if (ret)
		return ret;
	if (sfs_data_is_direct(iocb, from)) {
		ret = sfs_data_direct_write(iocb, from);
		if (ret != -ENOTBLK)
			return ret;
	}
	pagefault_disable();
	ret = iomap_file_buffered_write(iocb, from, &sfs_data_write_ops, NULL);
	pagefault_enable();
	if (ret > 0)
		iocb->ki_pos = pos + ret;
	return ret;
}

/* At most so many bytes; -EFAULT with a source that can be read: again. */
static ssize_t sfs_file_write_part(struct kiocb *iocb, struct iov_iter *from,
				   size_t bytes)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	size_t count = iov_iter_count(from);
	ssize_t ret;

	ret = sfs_data_hold(inode);
	if (ret)
		return ret;
	iov_iter_truncate(from, bytes);
	ret = sfs_file_write_held(iocb, from);
	iov_iter_reexpand(from, count - max_t(ssize_t, ret, 0));
	sfs_data_release(inode);
	return ret;
}

static ssize_t sfs_file_write_parts(struct kiocb *iocb, struct iov_iter *from)
{
	size_t bytes = SFS_DATA_WRITE_BYTES;
	unsigned int tries = 0;
	ssize_t done = 0, ret;

	do {
		bytes = min(bytes, iov_iter_count(from));
		if (fault_in_iov_iter_readable(from, bytes) == bytes) {
			ret = -EFAULT;
			break;
		}
		ret = sfs_file_write_part(iocb, from, bytes);
		if (ret > 0) {
			done += ret;
			bytes = SFS_DATA_WRITE_BYTES;
			tries = 0;
		} else if (ret == -EFAULT && tries++ < SFS_DATA_WRITE_TRIES) {
			/* what it needs at once has to stay in memory */
			bytes = PAGE_SIZE;
		} else {
			break;
		}
	} while (iov_iter_count(from));
	return done ? done : ret;
}

static ssize_t sfs_file_write_locked(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t ret;

	ret = sfs_inode_revalidate(inode);
	if (!ret && IS_IMMUTABLE(inode))
		ret = -EPERM;
	if (!ret)
		ret = generic_write_checks(iocb, from);
	if (ret <= 0)
		return ret;
	ret = file_remove_privs(iocb->ki_filp);
	return ret ? ret : sfs_file_write_parts(iocb, from);
}

static ssize_t sfs_file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t end;
	ssize_t ret;

	ret = sfs_volume_error(&SFS_SB(inode->i_sb)->vol);
	if (ret)
		return ret;
	/* each changes times, in a transaction, and may have to wait for it */
	if (iocb->ki_flags & IOCB_NOWAIT)
		return -EOPNOTSUPP;
	if (iocb->ki_flags & IOCB_DIRECT) {
		ret = sfs_data_direct_overwrite(iocb, from);
		if (ret != -ENOTBLK)
			return ret;
	}
	inode_lock(inode);
	inode_dio_wait(inode);
	ret = sfs_file_write_locked(iocb, from);
	inode_unlock(inode);
	if (ret <= 0)
		return ret;

	/* what had to go through the page cache does not stay there */
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

/* The VFS has looked at flags that may have been out of date. */
static long sfs_file_fallocate(struct file *file, int mode, loff_t pos,
			       loff_t len)
{
	struct inode *inode = file_inode(file);
	int ret = sfs_inode_revalidate(inode);

	if (ret)
		return ret;
	if (IS_IMMUTABLE(inode) ||
	    (IS_APPEND(inode) && mode & ~FALLOC_FL_KEEP_SIZE))
		return -EPERM;
	return sfs_data_fallocate(file, mode, pos, len);
}

/* ---- seeking ---------------------------------------------------------------------- */

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

/* ---- mapping ------------------------------------------------------------------------ */

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

	ret = sfs_inode_revalidate(inode);
	if (!ret && IS_IMMUTABLE(inode))
		return VM_FAULT_SIGBUS;
	if (ret)
		return vmf_error(ret);
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

/* ---- syncing ------------------------------------------------------------------------- */

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
	.fallocate	= sfs_file_fallocate,		\
	.unlocked_ioctl	= sfs_ioctl,			\
	.compat_ioctl	= compat_ptr_ioctl,		\
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
