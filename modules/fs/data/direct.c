// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct I/O: between the caller's memory and the data device.
 *
 * The group's lock has a user until the device is done, in PR or EX, so that no
 * other mount sees a part; therefore each call waits for the device, also those
 * that the caller would like to be asynchronous (io_uring's are made by its
 * workers).  The caller's pages must not be faulted in meanwhile: their file may
 * need the same lock.  So what is not in memory makes the transfer short, and is
 * faulted in between two holds.
 *
 * What the device cannot transfer (alignment), or what is in the page cache and
 * cannot be taken out of it, goes through the page cache: see file.c.
 */
#include "fs/data/data.h"
#include "fs/vfs/vfs.h"

#include <linux/blkdev.h>
#include <linux/pagemap.h>
#include <linux/uio.h>

bool sfs_data_is_direct(const struct kiocb *iocb, const struct iov_iter *iter)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	struct block_device *bdev = inode->i_sb->s_bdev;
	u64 bytes = (u64)iocb->ki_pos | iov_iter_count(iter);

	return iocb->ki_flags & IOCB_DIRECT &&
	       !(bytes & (bdev_logical_block_size(bdev) - 1)) &&
	       bdev_iter_is_aligned(bdev, (struct iov_iter *)iter);
}

static ssize_t sfs_direct_rw(struct kiocb *iocb, struct iov_iter *iter,
			     const struct iomap_ops *ops,
			     const struct iomap_dio_ops *dops)
{
	int flags = iocb->ki_flags;
	ssize_t ret;

	/* who waits for the device to be flushed does that without a lock */
	iocb->ki_flags &= ~(IOCB_DSYNC | IOCB_SYNC);
	pagefault_disable();
	iter->nofault = true;
	ret = iomap_dio_rw(iocb, iter, ops, dops,
			   IOMAP_DIO_PARTIAL | IOMAP_DIO_FORCE_WAIT, NULL, 0);
	iter->nofault = false;
	pagefault_enable();
	iocb->ki_flags = flags;
	return ret;
}

/* ---- reading ------------------------------------------------------------ */

static ssize_t sfs_direct_read_part(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	struct sfs_lock *lock = SFS_I(inode)->grp->lock;
	ssize_t ret;

	ret = sfs_lock_acquire(lock, SFS_LOCK_PR, 0);
	if (ret)
		return ret;
	if (!sfs_inode_is_valid(inode))
		ret = sfs_inode_reread(inode, SFS_NS_IO);
	if (!ret)
		ret = sfs_direct_rw(iocb, to, &sfs_data_read_ops, NULL);
	sfs_lock_release(lock, SFS_LOCK_PR);
	return ret;
}

/* Like a buffered read it is not atomic; truncation waits for a part. */
ssize_t sfs_data_direct_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	unsigned int tries = 0;
	ssize_t done = 0, ret;

	do {
		inode_lock_shared(inode);
		ret = sfs_direct_read_part(iocb, to);
		inode_unlock_shared(inode);
		if (ret > 0) {
			done += ret;
			tries = 0;
		} else if (ret != -EFAULT || tries++ == SFS_DATA_WRITE_TRIES ||
			   fault_in_iov_iter_writeable(to, PAGE_SIZE) ==
			   PAGE_SIZE) {
			break;
		}
	} while (iov_iter_count(to) && !fatal_signal_pending(current));
	return done ? done : ret;
}

/* ---- writing ------------------------------------------------------------ */

/* The device has the bytes; EX is held. */
static int sfs_direct_written(struct kiocb *iocb, ssize_t bytes, int error,
			      unsigned int flags)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	struct sfs_inode_info *si = SFS_I(inode);
	loff_t pos = iocb->ki_pos, end = pos + bytes;
	u64 block = pos >> SFS_DATA_BLOCK_SHIFT;
	int ret = 0;

	if (error || bytes <= 0)
		return error;
	if (flags & IOMAP_DIO_UNWRITTEN || end > READ_ONCE(si->ni.size)) {
		ret = sfs_ns_written(sfs_inode_fs(inode), sfs_ino(inode), block,
				     ((end - 1) >> SFS_DATA_BLOCK_SHIFT) -
				     block + 1, end, SFS_NS_IO);
		atomic64_inc(&si->map_seq);
		sfs_inode_changed(inode);
	} else {
		set_bit(SFS_INODE_FLUSH_DATA, &si->flags);
	}
	if (!ret && end > i_size_read(inode))
		i_size_write(inode, end);
	return ret;
}

static const struct iomap_dio_ops sfs_direct_write_ops = {
	.end_io		= sfs_direct_written,
};

/**
 * sfs_data_direct_write() - write from the caller's memory to the device
 * @iocb: of a write with IOCB_DIRECT; its position moves
 * @from: what to write, see sfs_data_is_direct()
 *
 * Context: Process context; i_rwsem, and between sfs_data_hold() and
 * sfs_data_release().
 * Return: bytes, fewer when the source is not in memory, or then -EFAULT;
 * -ENOTBLK when the page cache has to be used; errors of the device.
 */
ssize_t sfs_data_direct_write(struct kiocb *iocb, struct iov_iter *from)
{
	return sfs_direct_rw(iocb, from, &sfs_data_write_ops,
			     &sfs_direct_write_ops);
}
