// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct I/O: between the caller's memory and the data device.
 *
 * Who submits is a user of the group's lock, in PR or EX, and has i_rwsem.  What the
 * device has not finished yet is counted by iomap in the inode, and
 * inode_dio_wait() waits for it: revocations do, once there are no users left, so
 * that no other mount sees a part or gets blocks that are still read; and so does
 * whoever has i_rwsem alone and frees blocks, changes the size or writes.  So there
 * is nothing to give up when the device is ready, which is in an interrupt, and
 * calls that are asynchronous are so here too.
 *
 * Writes over blocks that are written, inside of the size, change nothing but bytes
 * and times: they have i_rwsem shared.  Other writes have it alone and wait for the
 * device, also if the caller would not.
 *
 * The caller's pages must not be faulted in while the lock has a user: their file
 * may need the same lock.  So what is not in memory makes the transfer short, and is
 * faulted in between two holds.
 *
 * What the device cannot transfer (alignment), or what is in the page cache and
 * cannot be taken out of it, goes through the page cache: see file.c.
 */
#include "fs/data/data.h"
#include "fs/vfs/vfs.h"

#include <linux/bio.h>
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

/* ---- mappings ----------------------------------------------------------- */

/* The extent that was used last, if it has the position. */
static bool sfs_direct_map_last(struct inode *inode, loff_t pos,
				struct iomap *iomap)
{
	struct sfs_inode_info *si = SFS_I(inode);
	u64 seq = atomic64_read_acquire(&si->map_seq);
	struct sfs_direct_map map;

	spin_lock(&si->lock);
	map = si->direct_map;
	spin_unlock(&si->lock);
	if (map.seq != seq || map.gen != READ_ONCE(si->gen) || pos < map.pos ||
	    pos - map.pos >= map.bytes)
		return false;
	iomap->type = IOMAP_MAPPED;
	iomap->flags = 0;
	iomap->offset = map.pos;
	iomap->length = map.bytes;
	iomap->addr = map.addr;
	iomap->bdev = inode->i_sb->s_bdev;
	iomap->validity_cookie = seq;
	return true;
}

static void sfs_direct_map_keep(struct inode *inode, const struct iomap *iomap)
{
	struct sfs_inode_info *si = SFS_I(inode);

	spin_lock(&si->lock);
	si->direct_map = (struct sfs_direct_map) {
		.pos = iomap->offset,
		.bytes = iomap->length,
		.addr = iomap->addr,
		.seq = iomap->validity_cookie,
		.gen = si->gen,
	};
	spin_unlock(&si->lock);
}

/* All of the extent, not only what is asked for: there are others after it. */
static int sfs_direct_map(struct inode *inode, loff_t pos, loff_t length,
			  unsigned int flags, struct iomap *iomap,
			  struct iomap *srcmap)
{
	bool is_kept = sfs_direct_map_last(inode, pos, iomap);
	int ret;

	/* a second look may need the device, when the first part is on its way */
	if (flags & IOMAP_NOWAIT && !(is_kept && pos + length <=
				      iomap->offset + iomap->length))
		return -EAGAIN;
	if (is_kept)
		return 0;
	length = max(length, inode->i_sb->s_maxbytes - pos);
	ret = sfs_data_read_ops.iomap_begin(inode, pos, length, flags, iomap,
					    srcmap);
	if (!ret && iomap->type == IOMAP_MAPPED)
		sfs_direct_map_keep(inode, iomap);
	return ret;
}

static int sfs_direct_read_end(struct inode *inode, loff_t pos, loff_t length,
			       ssize_t done, unsigned int flags,
			       struct iomap *iomap)
{
	sfs_data_unmap_inline(iomap);
	return 0;
}

static const struct iomap_ops sfs_direct_read_map_ops = {
	.iomap_begin	= sfs_direct_map,
	.iomap_end	= sfs_direct_read_end,
};

/* ---- transfers ---------------------------------------------------------- */

/*
 * The locks are let go when all is submitted, and not held when O_DSYNC has the
 * device flushed.  What has been done before belongs to the same call.
 */
static struct iomap_dio *sfs_direct_submit(struct kiocb *iocb,
					   struct iov_iter *iter,
					   const struct iomap_ops *ops,
					   const struct iomap_dio_ops *dops,
					   unsigned int flags, ssize_t done)
{
	struct iomap_dio *dio;

	pagefault_disable();
	iter->nofault = true;
	dio = __iomap_dio_rw(iocb, iter, ops, dops, IOMAP_DIO_PARTIAL | flags,
			     NULL, done);
	iter->nofault = false;
	pagefault_enable();
	return dio;
}

static ssize_t sfs_direct_finish(struct iomap_dio *dio)
{
	return IS_ERR_OR_NULL(dio) ? PTR_ERR_OR_ZERO(dio) :
				     iomap_dio_complete(dio);
}

/*
 * A call in parts, of which only the last one can be asynchronous.  @part returns
 * what has been done in all; *done is what was before it.
 */
typedef ssize_t sfs_direct_part_fn(struct kiocb *iocb, struct iov_iter *iter,
				   ssize_t done);

static bool sfs_direct_fault_in(struct iov_iter *iter)
{
	size_t left;

	if (iov_iter_rw(iter) == READ)
		left = fault_in_iov_iter_writeable(iter, PAGE_SIZE);
	else
		left = fault_in_iov_iter_readable(iter, PAGE_SIZE);
	return left != PAGE_SIZE;
}

static ssize_t sfs_direct_parts(struct kiocb *iocb, struct iov_iter *iter,
				sfs_direct_part_fn *part)
{
	unsigned int tries = 0;
	ssize_t done = 0, ret;

	do {
		ret = part(iocb, iter, done);
		if (ret == -EIOCBQUEUED)
			return ret;
		if (ret > 0) {
			done = ret;
			tries = 0;
		} else if (ret != -EFAULT) {
			break;
		} else if (iocb->ki_flags & IOCB_NOWAIT) {
			ret = -EAGAIN;
			break;
		} else if (tries++ == SFS_DATA_WRITE_TRIES ||
			   !sfs_direct_fault_in(iter)) {
			break;
		}
	} while (iov_iter_count(iter) && !fatal_signal_pending(current));
	return done ? done : ret;
}

/* ---- reading ------------------------------------------------------------ */

/* A user of the lock, and attributes are true. */
static int sfs_direct_hold_read(struct inode *inode, bool is_nowait)
{
	struct sfs_lock *lock = SFS_I(inode)->grp->lock;
	int ret;

	ret = sfs_lock_acquire(lock, SFS_LOCK_PR, is_nowait ? SFS_LOCK_TRY : 0);
	if (ret)
		return ret;
	if (!sfs_inode_is_valid(inode))
		ret = is_nowait ? -EAGAIN : sfs_inode_reread(inode, SFS_NS_IO);
	if (ret)
		sfs_lock_release(lock, SFS_LOCK_PR);
	return ret;
}

static ssize_t sfs_direct_read_part(struct kiocb *iocb, struct iov_iter *to,
				    ssize_t done)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	bool is_nowait = iocb->ki_flags & IOCB_NOWAIT;
	struct iomap_dio *dio;
	int ret;

	if (!is_nowait)
		inode_lock_shared(inode);
	else if (!inode_trylock_shared(inode))
		return -EAGAIN;
	ret = sfs_direct_hold_read(inode, is_nowait);
	if (ret) {
		inode_unlock_shared(inode);
		return ret;
	}
	dio = sfs_direct_submit(iocb, to, &sfs_direct_read_map_ops, NULL, 0,
				done);
	sfs_lock_release(SFS_I(inode)->grp->lock, SFS_LOCK_PR);
	inode_unlock_shared(inode);
	return sfs_direct_finish(dio);
}

/**
 * sfs_data_direct_read() - read from the device to the caller's memory
 * @iocb: of a read with IOCB_DIRECT; its position moves
 * @to: where to, see sfs_data_is_direct()
 *
 * Like a buffered read it is not atomic; truncation waits for a part.
 *
 * Context: Process context, nothing held.
 * Return: bytes; -EIOCBQUEUED: it is going to be completed; -EAGAIN with
 * IOCB_NOWAIT; errors of the device.
 */
ssize_t sfs_data_direct_read(struct kiocb *iocb, struct iov_iter *to)
{
	return sfs_direct_parts(iocb, to, sfs_direct_read_part);
}

/* ---- writing ------------------------------------------------------------ */

/* As with write-back: nothing once others may take us for dead. */
static void sfs_direct_submit_write(const struct iomap_iter *iter,
				    struct bio *bio, loff_t pos)
{
	if (sfs_volume_may_write(&SFS_SB(iter->inode->i_sb)->vol))
		bio_io_error(bio);
	else
		submit_bio(bio);
}

/* The device has the bytes; EX is held, or a revocation waits for us. */
static int sfs_direct_overwritten(struct kiocb *iocb, ssize_t bytes, int error,
				  unsigned int flags)
{
	if (!error && bytes > 0)
		set_bit(SFS_INODE_FLUSH_DATA,
			&SFS_I(file_inode(iocb->ki_filp))->flags);
	return error;
}

static const struct iomap_dio_ops sfs_direct_overwrite_ops = {
	.end_io		= sfs_direct_overwritten,
	.submit_io	= sfs_direct_submit_write,
};

static int sfs_direct_overwrite_map(struct inode *inode, loff_t pos,
				    loff_t length, unsigned int flags,
				    struct iomap *iomap, struct iomap *srcmap)
{
	int ret = sfs_direct_map(inode, pos, length, flags, iomap, srcmap);

	/* O_DSYNC: the extent may not be committed yet, so FUA would not do */
	iomap->flags |= IOMAP_F_DIRTY;
	return ret;
}

static const struct iomap_ops sfs_direct_overwrite_map_ops = {
	.iomap_begin	= sfs_direct_overwrite_map,
};

/* 0, -EAGAIN: there are blocks that are not written, or the file is too short. */
static int sfs_direct_check_written(struct inode *inode, loff_t pos, loff_t end)
{
	struct iomap iomap = { };
	int ret;

	if (end > i_size_read(inode))
		return -EAGAIN;
	for (; pos < end; pos = iomap.offset + iomap.length) {
		ret = sfs_direct_map(inode, pos, end - pos, 0, &iomap, NULL);
		if (ret)
			return ret;
		if (iomap.type != IOMAP_MAPPED) {
			sfs_data_unmap_inline(&iomap);
			return -EAGAIN;
		}
	}
	return 0;
}

static ssize_t sfs_direct_overwrite_held(struct kiocb *iocb,
					 struct iov_iter *from, ssize_t done,
					 struct iomap_dio **dio)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	int ret;

	if (IS_IMMUTABLE(inode))
		return -EPERM;
	/* taking privileges away needs i_rwsem alone */
	if (!IS_NOSEC(inode))
		return -EAGAIN;
	ret = sfs_direct_check_written(inode, iocb->ki_pos,
				       iocb->ki_pos + iov_iter_count(from));
	if (!ret)
		ret = sfs_inode_touch_data(inode);
	if (ret)
		return ret;
	*dio = sfs_direct_submit(iocb, from, &sfs_direct_overwrite_map_ops,
				 &sfs_direct_overwrite_ops, 0, done);
	return 0;
}

static ssize_t sfs_direct_overwrite_part(struct kiocb *iocb,
					 struct iov_iter *from, ssize_t done)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	struct iomap_dio *dio = NULL;
	ssize_t ret;

	inode_lock_shared(inode);
	ret = sfs_data_hold(inode);
	if (!ret) {
		ret = sfs_direct_overwrite_held(iocb, from, done, &dio);
		sfs_data_release(inode);
	}
	inode_unlock_shared(inode);
	return ret ? ret : sfs_direct_finish(dio);
}

/**
 * sfs_data_direct_overwrite() - write over blocks that are written
 * @iocb: of a write with IOCB_DIRECT; its position moves
 * @from: what to write
 *
 * Several of them run at a time; those to the same bytes have no order.
 *
 * Context: Process context, nothing held.
 * Return: bytes, which are durable if they shall be; -EIOCBQUEUED: it is going to be
 * completed; -ENOTBLK: it is none of these writes, or the page cache has to be used;
 * -EPERM: the file has become immutable; errors of the device.
 */
ssize_t sfs_data_direct_overwrite(struct kiocb *iocb, struct iov_iter *from)
{
	ssize_t ret;

	if (iocb->ki_flags & IOCB_APPEND)
		return -ENOTBLK;
	ret = generic_write_checks(iocb, from);
	if (ret <= 0)
		return ret;
	if ((iocb->ki_pos | iov_iter_count(from)) & (SFS_DATA_BLOCK_BYTES - 1) ||
	    !sfs_data_is_direct(iocb, from))
		return -ENOTBLK;
	ret = sfs_direct_parts(iocb, from, sfs_direct_overwrite_part);
	return ret == -EAGAIN ? -ENOTBLK : ret;
}

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
	.submit_io	= sfs_direct_submit_write,
};

/**
 * sfs_data_direct_write() - write from the caller's memory to the device
 * @iocb: of a write with IOCB_DIRECT; its position moves
 * @from: what to write, see sfs_data_is_direct()
 *
 * Waits for the device.  It is not durable, who wants that sees to it without locks.
 *
 * Context: Process context; i_rwsem alone and nothing in flight, and between
 * sfs_data_hold() and sfs_data_release().
 * Return: bytes, fewer when the source is not in memory, or then -EFAULT;
 * -ENOTBLK when the page cache has to be used; errors of the device.
 */
ssize_t sfs_data_direct_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct sfs_inode_info *si = SFS_I(file_inode(iocb->ki_filp));
	int flags = iocb->ki_flags;
	ssize_t ret;

	iocb->ki_flags &= ~(IOCB_DSYNC | IOCB_SYNC);
	ret = sfs_direct_finish(sfs_direct_submit(iocb, from,
						  &sfs_data_write_ops,
						  &sfs_direct_write_ops,
						  IOMAP_DIO_FORCE_WAIT, 0));
	iocb->ki_flags = flags;
	WRITE_ONCE(si->direct_new, 0);
	return ret;
}
