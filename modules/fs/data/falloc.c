// SPDX-License-Identifier: GPL-2.0-only
/*
 * fallocate(2): space for a range that has none, and ranges without data.
 *
 * A range is done in pieces, each under one hold of the group's lock, so that
 * other mounts need not wait for all of it.  What is cut short by an error or a
 * signal has been done up to there; the size changes last.
 *
 * Moving what lies behind a range (COLLAPSE_RANGE, INSERT_RANGE) is refused: a
 * file may have more extents than one transaction can move, and half of it moved
 * is no state that a crash may leave.
 */
#include "fs/data/data.h"
#include "fs/vfs/vfs.h"

#include <linux/falloc.h>
#include <linux/pagemap.h>

enum { SFS_FALLOC_MODES = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE |
			  FALLOC_FL_ZERO_RANGE };

/* Bytes that are cleared under one hold of the lock. */
#define SFS_FALLOC_PIECE	(1LL << 30)

/* ---- giving space ------------------------------------------------------- */

/* Something from the block on; *len is how much. */
static int sfs_falloc_some(struct inode *inode, u64 block, u64 *len)
{
	struct sfs_fs *fs = sfs_inode_fs(inode);
	struct sfs_fill fill = { .from = block, .block = block };
	struct sfs_map map;
	int ret;

	ret = sfs_data_hold(inode);
	if (ret)
		return ret;
	ret = sfs_ns_map(fs, sfs_ino(inode), block, *len, SFS_NS_IO, &map);
	if (!ret && !map.phys) {
		fill.len = map.len;
		fill.end = block + map.len;
		ret = sfs_prealloc_alloc(inode, &fill, &map);
	}
	sfs_data_release(inode);
	if (!ret && WARN_ON_ONCE(!map.phys || !map.len))
		ret = -EIO;
	if (!ret)
		*len = map.len;
	return ret;
}

static int sfs_falloc_alloc(struct inode *inode, loff_t pos, loff_t end)
{
	u64 block = pos >> SFS_DATA_BLOCK_SHIFT;
	u64 last = (end - 1) >> SFS_DATA_BLOCK_SHIFT;
	u64 len;
	int ret = 0;

	for (; !ret && block <= last; block += len) {
		len = last - block + 1;
		ret = fatal_signal_pending(current) ? -EINTR :
		      sfs_falloc_some(inode, block, &len);
	}
	return ret;
}

/* ---- clearing ----------------------------------------------------------- */

/* What is left of blocks at both ends.  Past the size there is nothing to see. */
static int sfs_falloc_zero_ends(struct inode *inode, loff_t pos, loff_t end)
{
	loff_t first = round_up(pos, SFS_DATA_BLOCK_BYTES);
	loff_t last = round_down(end, SFS_DATA_BLOCK_BYTES);
	loff_t size = i_size_read(inode);
	int ret = 0;

	end = min(end, size);
	if (pos < min(first, end))
		ret = iomap_zero_range(inode, pos, min(first, end) - pos, NULL,
				       &sfs_data_write_ops);
	if (!ret && max(first, last) < end)
		ret = iomap_zero_range(inode, last, end - last, NULL,
				       &sfs_data_write_ops);
	return ret;
}

static int sfs_falloc_clear_blocks(struct inode *inode, loff_t pos, loff_t end,
				   int mode)
{
	u64 first = DIV_ROUND_UP_ULL((u64)pos, SFS_DATA_BLOCK_BYTES);
	u64 last = end >> SFS_DATA_BLOCK_SHIFT;
	struct sfs_fs *fs = sfs_inode_fs(inode);
	u64 ino = sfs_ino(inode);
	int ret;

	if (first >= last)
		return 0;
	if (mode & FALLOC_FL_PUNCH_HOLE)
		ret = sfs_ns_punch(fs, ino, first, last - first, SFS_NS_IO);
	else
		ret = sfs_ns_zero(fs, ino, first, last - first, SFS_NS_IO);
	sfs_data_freed(inode);
	sfs_inode_changed(inode);
	return ret;
}

static int sfs_falloc_clear_held(struct inode *inode, loff_t pos, loff_t end,
				 int mode)
{
	loff_t first = round_down(pos, PAGE_SIZE);
	int ret = 0;

	if (sfs_data_may_be_inline(inode, pos))
		ret = sfs_data_leave_inline(inode);
	/* iomap zeroes only what it finds written, so what is dirty is written */
	if (!ret)
		ret = filemap_write_and_wait_range(inode->i_mapping, first,
						   end - 1);
	if (!ret)
		ret = sfs_inode_touch_data(inode);
	if (!ret)
		ret = sfs_falloc_zero_ends(inode, pos, end);
	if (ret)
		return ret;
	truncate_pagecache_range(inode, pos, end - 1);
	return sfs_falloc_clear_blocks(inode, pos, end, mode);
}

static int sfs_falloc_clear(struct inode *inode, loff_t pos, loff_t end,
			    int mode)
{
	loff_t to;
	int ret = 0;

	for (; !ret && pos < end; pos = to) {
		to = min(end, round_down(pos, SFS_FALLOC_PIECE) +
			      SFS_FALLOC_PIECE);
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = sfs_data_hold(inode);
		if (ret)
			break;
		ret = sfs_falloc_clear_held(inode, pos, to, mode);
		sfs_data_release(inode);
	}
	return ret;
}

/* ---- the call ----------------------------------------------------------- */

/* Another mount may have made it larger meanwhile. */
static int sfs_falloc_grow(struct inode *inode, loff_t size)
{
	int ret;

	ret = sfs_data_hold(inode);
	if (ret)
		return ret;
	if (size > i_size_read(inode)) {
		ret = sfs_data_outgrow(inode, size);
		if (!ret)
			ret = sfs_data_extend(inode, size);
		if (!ret)
			ret = sfs_inode_grow(inode, size);
	}
	sfs_data_release(inode);
	return ret;
}

static int sfs_falloc_range(struct inode *inode, int mode, loff_t pos,
			    loff_t end)
{
	int ret = 0;

	if (mode & FALLOC_FL_KEEP_SIZE && !(mode & FALLOC_FL_PUNCH_HOLE) &&
	    end > i_size_read(inode))
		sfs_prealloc_keep(inode);
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		ret = sfs_falloc_clear(inode, pos, end, mode);
	if (!ret && !(mode & FALLOC_FL_PUNCH_HOLE))
		ret = sfs_falloc_alloc(inode, pos, end);
	if (!ret && !(mode & FALLOC_FL_KEEP_SIZE))
		ret = sfs_falloc_grow(inode, end);
	return ret;
}

/**
 * sfs_data_fallocate() - file_operations.fallocate
 * @file: opened for writing
 * @mode: 0, FALLOC_FL_KEEP_SIZE, _PUNCH_HOLE or _ZERO_RANGE
 * @pos: first byte
 * @len: bytes; the VFS has checked that they are in the file's limits
 *
 * data_version, data_seq and times change when the size or bytes do.
 *
 * Context: Process context, nothing held.
 * Return: 0; -EOPNOTSUPP other modes; -ENOSPC, -EFBIG, -EINTR after a fatal
 * signal; others of sfs_data_hold().
 */
long sfs_data_fallocate(struct file *file, int mode, loff_t pos, loff_t len)
{
	struct inode *inode = file_inode(file);
	loff_t end = pos + len;
	int ret;

	if (mode & ~SFS_FALLOC_MODES)
		return -EOPNOTSUPP;
	inode_lock(inode);
	inode_dio_wait(inode);
	ret = sfs_inode_revalidate(inode);
	if (!ret && !(mode & FALLOC_FL_KEEP_SIZE))
		ret = inode_newsize_ok(inode, max(end, i_size_read(inode)));
	if (!ret)
		ret = file_remove_privs(file);
	if (!ret) {
		filemap_invalidate_lock(inode->i_mapping);
		ret = sfs_falloc_range(inode, mode, pos, end);
		filemap_invalidate_unlock(inode->i_mapping);
	}
	inode_unlock(inode);
	if (!ret && (file->f_flags & O_DSYNC || IS_SYNC(inode)))
		ret = vfs_fsync_range(file, pos, end - 1, 1);
	return ret;
}
