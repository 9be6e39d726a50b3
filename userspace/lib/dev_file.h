/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file or block device, or a window of one, as struct sfs_dev.
 */
#ifndef SFS_DEV_FILE_H
#define SFS_DEV_FILE_H

#include "format/dev.h"

/**
 * sfs_dev_file_open() - open all of a file or block device
 * @dev: filled in; closed with sfs_dev_file_close()
 * @path: regular file or block device
 * @writable: open for writing; without it writes give -EBADF
 * @excl: refuse a block device that is mounted or otherwise claimed
 *
 * Context: may sleep.
 * Return: 0, -EBUSY when @excl and the device is in use, -ENOTBLK when @path
 * is neither a regular file nor a block device, -ENOMEM, or what open(2) gives.
 */
int sfs_dev_file_open(struct sfs_dev *dev, const char *path, bool writable,
		      bool excl);

/**
 * sfs_dev_file_open_window() - open a byte range of a file or block device
 * @dev: filled in; its address 0 is byte @start of @path
 * @path: as for sfs_dev_file_open()
 * @writable: as for sfs_dev_file_open()
 * @excl: as for sfs_dev_file_open(); of several windows of one block device
 *	only the first may ask for it, and it protects all of them
 * @start: first byte of the window
 * @len: bytes in the window; 0 for all up to the end
 *
 * Return: as sfs_dev_file_open(), and -EINVAL when the window does not lie
 * within the device.
 */
int sfs_dev_file_open_window(struct sfs_dev *dev, const char *path,
			     bool writable, bool excl, u64 start, u64 len);

/**
 * sfs_dev_file_drop_cache() - let later reads see what other hosts wrote
 * @dev: an open device
 *
 * What is not flushed stays.  Best effort: a page that somebody reads at this
 * moment stays, too, so who waits for a change asks more than once.
 */
void sfs_dev_file_drop_cache(struct sfs_dev *dev);

/**
 * sfs_dev_file_close() - close what sfs_dev_file_open() opened
 * @dev: the device; does nothing when it is not open
 *
 * Completed writes that were not flushed may still be lost.
 */
void sfs_dev_file_close(struct sfs_dev *dev);

#endif
