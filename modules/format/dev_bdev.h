/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device of the format layer over a block device of the kernel.
 */
#ifndef SFS_DEV_BDEV_H
#define SFS_DEV_BDEV_H

#include "format/dev.h"

struct block_device;

/* Fill @dev; the block device stays open and the caller's. */
void sfs_dev_bdev_init(struct sfs_dev *dev, struct block_device *bdev);

#endif
