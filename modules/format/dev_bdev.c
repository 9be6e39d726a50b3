// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format layer's device over a block device.
 *
 * Buffers are kernel memory that has pages: from the page or slab allocator,
 * or vmalloc.  Bios go past the block device's page cache; whoever opens the
 * device has written that back before.
 *
 * Bios come from the mempool of bio_alloc() and each one is submitted before
 * the next is allocated, so writes make progress without free memory.
 */
#include "format/dev_bdev.h"

#include <linux/bio.h>
#include <linux/blkdev.h>

#define SFS_META_WRITE	(REQ_OP_WRITE | REQ_META | REQ_SYNC)

static struct block_device *sfs_bdev_of(const struct sfs_dev *dev)
{
	return dev->priv;
}

static struct page *sfs_bdev_page(const void *buf)
{
	return is_vmalloc_addr(buf) ? vmalloc_to_page(buf) : virt_to_page(buf);
}

static unsigned int sfs_bdev_nr_vecs(const void *buf, u32 len)
{
	return DIV_ROUND_UP(offset_in_page(buf) + len, PAGE_SIZE);
}

/* The bio has room for it, see sfs_bdev_nr_vecs(). */
static void sfs_bdev_add(struct bio *bio, void *buf, u32 len)
{
	while (len) {
		u32 bytes = min_t(u32, len, PAGE_SIZE - offset_in_page(buf));

		__bio_add_page(bio, sfs_bdev_page(buf), bytes,
			       offset_in_page(buf));
		buf += bytes;
		len -= bytes;
	}
}

static int sfs_bdev_rw(struct sfs_dev *dev, u64 off, void *buf, u32 len,
		       blk_opf_t opf)
{
	struct bio *bio;
	int ret;

	if (WARN_ON_ONCE(off & (SECTOR_SIZE - 1) || len & (SECTOR_SIZE - 1)))
		return -EIO;
	bio = bio_alloc(sfs_bdev_of(dev), sfs_bdev_nr_vecs(buf, len), opf,
			GFP_NOIO);
	bio->bi_iter.bi_sector = off >> SECTOR_SHIFT;
	sfs_bdev_add(bio, buf, len);
	ret = submit_bio_wait(bio);
	bio_put(bio);
	/* the format layer knows one error for a device that failed */
	return ret ? -EIO : 0;
}

static int sfs_bdev_read(struct sfs_dev *dev, u64 off, void *buf, u32 len)
{
	return sfs_bdev_rw(dev, off, buf, len, REQ_OP_READ | REQ_META);
}

static int sfs_bdev_write_sync(struct sfs_dev *dev, u64 off, void *buf,
			       u32 len, unsigned int flags)
{
	blk_opf_t opf = SFS_META_WRITE;

	if (flags & SFS_IO_PREFLUSH) {
		opf |= REQ_PREFLUSH;
		atomic64_inc(&dev->nr_flushes);
	}
	if (flags & SFS_IO_FUA)
		opf |= REQ_FUA;
	atomic64_inc(&dev->nr_writes);
	return sfs_bdev_rw(dev, off, buf, len, opf);
}

static void sfs_bdev_write_end(struct bio *bio)
{
	struct sfs_io_batch *batch = bio->bi_private;
	int error = bio->bi_status ? -EIO : 0;

	bio_put(bio);
	sfs_io_batch_end(batch, error);
}

static void sfs_bdev_write(struct sfs_dev *dev, struct sfs_io_batch *batch,
			   u64 off, void **bufs, u32 nr, u32 buf_len)
{
	unsigned int vecs = sfs_bdev_nr_vecs(bufs[0], buf_len);
	u32 per_bio = max_t(u32, BIO_MAX_VECS / vecs, 1);
	struct blk_plug plug;

	blk_start_plug(&plug);
	while (nr) {
		u32 count = min(nr, per_bio);
		struct bio *bio;
		u32 i;

		bio = bio_alloc(sfs_bdev_of(dev), count * vecs, SFS_META_WRITE,
				GFP_NOIO);
		bio->bi_iter.bi_sector = off >> SECTOR_SHIFT;
		bio->bi_private = batch;
		bio->bi_end_io = sfs_bdev_write_end;
		for (i = 0; i < count; i++)
			sfs_bdev_add(bio, bufs[i], buf_len);
		atomic_inc(&batch->pending);
		atomic64_inc(&dev->nr_writes);
		submit_bio(bio);
		bufs += count;
		nr -= count;
		off += (u64)count * buf_len;
	}
	blk_finish_plug(&plug);
}

static int sfs_bdev_flush(struct sfs_dev *dev)
{
	atomic64_inc(&dev->nr_flushes);
	return blkdev_issue_flush(sfs_bdev_of(dev)) ? -EIO : 0;
}

static int sfs_bdev_discard(struct sfs_dev *dev, u64 off, u64 len)
{
	int ret = blkdev_issue_discard(sfs_bdev_of(dev), off >> SECTOR_SHIFT,
				       len >> SECTOR_SHIFT, GFP_NOFS);

	return ret && ret != -EOPNOTSUPP ? -EIO : ret;
}

static const struct sfs_dev_ops sfs_dev_bdev_ops = {
	.read		= sfs_bdev_read,
	.write		= sfs_bdev_write,
	.write_sync	= sfs_bdev_write_sync,
	.flush		= sfs_bdev_flush,
	.discard	= sfs_bdev_discard,
};

/**
 * sfs_dev_bdev_init() - make a device of an open block device
 * @dev: filled
 * @bdev: open for reading, and for writing if @dev is to be written; stays
 *	the caller's and open for as long as @dev is used
 *
 * Context: Any.
 */
void sfs_dev_bdev_init(struct sfs_dev *dev, struct block_device *bdev)
{
	memset(dev, 0, sizeof(*dev));
	dev->ops = &sfs_dev_bdev_ops;
	dev->priv = bdev;
	dev->size_bytes = bdev_nr_bytes(bdev);
	snprintf(dev->name, sizeof(dev->name), "%pg", bdev);
}
EXPORT_SYMBOL_GPL(sfs_dev_bdev_init);
