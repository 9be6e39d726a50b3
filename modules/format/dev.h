/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block device as the format layer sees it: bytes, batches and flushes.
 *
 * There are three implementations: the kernel's (dev_bdev.c), a file or block
 * device in userspace, and the simulated device with a volatile write cache.
 * A completed write is not durable until a flush that started after its
 * completion has completed, or unless it carried SFS_IO_FUA.
 */
#ifndef SFS_DEV_H
#define SFS_DEV_H

#include "format/port.h"

enum sfs_io_flags {
	SFS_IO_PREFLUSH	= 1 << 0,	/* flush the volatile cache first */
	SFS_IO_FUA	= 1 << 1,	/* durable on completion */
};

/**
 * struct sfs_io_batch - writes in flight that are waited for together
 * @pending: writes started and not completed, plus one until the wait
 * @error: first error seen, 0 or -errno
 * @done: completed when @pending drops to zero
 */
struct sfs_io_batch {
	atomic_t pending;
	int error;
	struct completion done;
};

struct sfs_dev;

/**
 * struct sfs_dev_ops - what a device implementation supplies
 * @read: read @len bytes at byte @off into @buf; sleeps; 0 or -EIO
 * @write: start writing @nr buffers of @buf_len bytes each to consecutive
 *	addresses from byte @off; may sleep for memory; completion is reported
 *	to @batch; buffers must stay unchanged until then
 * @write_sync: write @len bytes and wait; @flags of enum sfs_io_flags
 * @flush: make all writes completed before the call durable; sleeps
 * @discard: forget what @len bytes at byte @off contain; sleeps; 0, -EIO, or
 *	-EOPNOTSUPP when the device cannot; NULL: the implementation cannot
 */
struct sfs_dev_ops {
	int (*read)(struct sfs_dev *dev, u64 off, void *buf, u32 len);
	void (*write)(struct sfs_dev *dev, struct sfs_io_batch *batch, u64 off,
		      void **bufs, u32 nr, u32 buf_len);
	int (*write_sync)(struct sfs_dev *dev, u64 off, void *buf, u32 len,
			  unsigned int flags);
	int (*flush)(struct sfs_dev *dev);
	int (*discard)(struct sfs_dev *dev, u64 off, u64 len);
};

/**
 * struct sfs_dev - one opened device
 * @ops: implementation
 * @priv: the implementation's own
 * @size_bytes: usable size
 * @name: for messages
 * @nr_writes: write requests submitted, for accounting
 * @nr_flushes: flushes submitted, PREFLUSH included
 */
struct sfs_dev {
	const struct sfs_dev_ops *ops;
	void *priv;
	u64 size_bytes;
	char name[64];
	atomic64_t nr_writes;
	atomic64_t nr_flushes;
};

static inline void sfs_io_batch_init(struct sfs_io_batch *batch)
{
	atomic_set(&batch->pending, 1);
	batch->error = 0;
	init_completion(&batch->done);
}

static inline void sfs_io_batch_end(struct sfs_io_batch *batch, int error)
{
	if (error && !READ_ONCE(batch->error))
		WRITE_ONCE(batch->error, error);
	if (atomic_dec_and_test(&batch->pending))
		complete(&batch->done);
}

static inline int sfs_io_batch_wait(struct sfs_io_batch *batch)
{
	sfs_io_batch_end(batch, 0);
	wait_for_completion(&batch->done);
	return batch->error;
}

#endif
