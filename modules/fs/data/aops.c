// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of files: reading, write-back, and what follows its completion.
 *
 * Reading starts with a page locked, and a revocation waits for that page.  So
 * the cluster lock is taken by trying only; when that fails the page is let go
 * first.  While we are its user the lock stays, and the mapping is looked up
 * without asking for it again.
 *
 * Write-back asks for nothing: dirty pages mean that EX is held.
 */
#include "fs/data/data.h"
#include "fs/vfs/trace.h"
#include "fs/vfs/vfs.h"

#include <linux/bio.h>
#include <linux/pagemap.h>
#include <linux/writeback.h>

/* ---- reading ------------------------------------------------------------------ */

static struct sfs_lock *sfs_data_lock(struct inode *inode)
{
	return SFS_I(inode)->grp->lock;
}

static int sfs_data_wait_for_lock(struct inode *inode)
{
	struct sfs_op op;
	int ret;

	sfs_op_init(&op, sfs_inode_fs(inode));
	sfs_op_add(&op, sfs_ino(inode), SFS_LOCK_PR);
	ret = sfs_op_start(&op, 0, 0);
	sfs_op_end(&op);
	return ret;
}

static int sfs_data_read_folio(struct file *file, struct folio *folio)
{
	struct inode *inode = folio->mapping->host;
	struct sfs_lock *lock = sfs_data_lock(inode);
	int ret;

	ret = sfs_lock_acquire(lock, SFS_LOCK_PR, SFS_LOCK_TRY);
	if (!ret) {
		ret = iomap_read_folio(folio, &sfs_data_read_ops);
		sfs_lock_release(lock, SFS_LOCK_PR);
		return ret;
	}
	folio_unlock(folio);
	if (ret != -EAGAIN)
		return -EIO;
	ret = sfs_data_wait_for_lock(inode);
	return ret ? ret : AOP_TRUNCATED_PAGE;
}

static void sfs_data_readahead(struct readahead_control *rac)
{
	struct sfs_lock *lock = sfs_data_lock(rac->mapping->host);

	/* what is not read ahead will be read */
	if (sfs_lock_acquire(lock, SFS_LOCK_PR, SFS_LOCK_TRY))
		return;
	iomap_readahead(rac, &sfs_data_read_ops);
	sfs_lock_release(lock, SFS_LOCK_PR);
}

/* ---- completion ------------------------------------------------------------------ */

/* End of what was written; unsigned, for the last block ends at 2^63. */
static u64 sfs_data_ioend_end(const struct iomap_ioend *ioend)
{
	return (u64)ioend->io_offset + ioend->io_size;
}

static int sfs_data_ioend_finish(struct iomap_ioend *ioend)
{
	struct inode *inode = ioend->io_inode;
	u64 end = sfs_data_ioend_end(ioend);
	u64 block = ioend->io_offset >> SFS_DATA_BLOCK_SHIFT;
	u64 len = DIV_ROUND_UP_ULL(end, SFS_DATA_BLOCK_BYTES) - block;
	int ret;

	ret = sfs_ns_written(sfs_inode_fs(inode), sfs_ino(inode), block, len,
			     min_t(u64, i_size_read(inode), end), SFS_NS_IO);
	atomic64_inc(&SFS_I(inode)->map_seq);
	sfs_inode_changed(inode);
	return ret;
}

/* Ends write-back of an inode; its last page done, the inode may go away. */
void sfs_data_ioend_work(struct work_struct *work)
{
	struct sfs_inode_info *si = container_of(work, struct sfs_inode_info,
						 ioend_work);
	unsigned int nofs = memalloc_nofs_save();
	struct iomap_ioend *ioend;
	unsigned long irq_flags;
	LIST_HEAD(list);
	int ret;

	spin_lock_irqsave(&si->ioend_lock, irq_flags);
	list_splice_init(&si->ioends, &list);
	spin_unlock_irqrestore(&si->ioend_lock, irq_flags);

	iomap_sort_ioends(&list);
	while ((ioend = list_first_entry_or_null(&list, struct iomap_ioend,
						 io_list))) {
		list_del_init(&ioend->io_list);
		iomap_ioend_try_merge(ioend, &list);
		ret = blk_status_to_errno(sfs_compat_ioend_bio(ioend)->bi_status);
		trace_scoutfs_data_ioend(ioend, ret);
		if (!ret)
			ret = sfs_data_ioend_finish(ioend);
		iomap_finish_ioends(ioend, ret);
	}
	memalloc_nofs_restore(nofs);
}

static void sfs_data_bio_end(struct bio *bio)
{
	struct iomap_ioend *ioend = iomap_ioend_from_bio(bio);
	struct sfs_inode_info *si = SFS_I(ioend->io_inode);
	unsigned long irq_flags;

	spin_lock_irqsave(&si->ioend_lock, irq_flags);
	if (list_empty(&si->ioends))
		queue_work(SFS_SB(ioend->io_inode->i_sb)->io_wq,
			   &si->ioend_work);
	list_add_tail(&ioend->io_list, &si->ioends);
	spin_unlock_irqrestore(&si->ioend_lock, irq_flags);
}

/* ---- write-back -------------------------------------------------------------------- */

static bool sfs_data_wpc_covers(struct iomap_writepage_ctx *wpc,
				struct inode *inode, loff_t pos)
{
	const struct iomap *iomap = &wpc->iomap;

	return pos >= iomap->offset && pos < iomap->offset + iomap->length &&
	       iomap->validity_cookie ==
	       atomic64_read(&SFS_I(inode)->free_seq);
}

static int sfs_data_map_blocks(struct iomap_writepage_ctx *wpc,
			       struct inode *inode, loff_t pos,
			       unsigned int len)
{
	u64 block = pos >> SFS_DATA_BLOCK_SHIFT;
	u64 end = inode->i_sb->s_maxbytes >> SFS_DATA_BLOCK_SHIFT;
	struct sfs_map map;
	u64 seq;
	int ret;

	if (sfs_data_wpc_covers(wpc, inode, pos))
		return 0;
	seq = atomic64_read_acquire(&SFS_I(inode)->free_seq);
	ret = sfs_ns_map(sfs_inode_fs(inode), sfs_ino(inode), block,
			 min(end - block + 1, SFS_DATA_MAP_BLOCKS), SFS_NS_IO,
			 &map);
	trace_scoutfs_data_writeback(inode, block, 0, &map, ret);
	if (ret)
		return ret;
	/* a hole: other blocks of the folio are dirty, this one has only zeroes */
	sfs_data_to_iomap(inode, &map, seq, &wpc->iomap);
	return 0;
}

SFS_COMPAT_DEFINE_MAP_BLOCKS(sfs_data_map_blocks)

static int sfs_data_prepare_ioend(struct iomap_ioend *ioend, int status)
{
	struct inode *inode = ioend->io_inode;
	u64 end = min_t(u64, sfs_data_ioend_end(ioend), i_size_read(inode));

	if (ioend->io_type == IOMAP_UNWRITTEN ||
	    end > READ_ONCE(SFS_I(inode)->ni.size))
		sfs_compat_ioend_bio(ioend)->bi_end_io = sfs_data_bio_end;
	else
		set_bit(SFS_INODE_FLUSH_DATA, &SFS_I(inode)->flags);
	return status ?: sfs_volume_may_write(&SFS_SB(inode->i_sb)->vol);
}

static const struct iomap_writeback_ops sfs_data_writeback_ops = {
	.map_blocks	= SFS_COMPAT_MAP_BLOCKS(sfs_data_map_blocks),
	.prepare_ioend	= sfs_data_prepare_ioend,
};

static int sfs_data_writepages(struct address_space *mapping,
			       struct writeback_control *wbc)
{
	struct iomap_writepage_ctx wpc = { };
	int ret;

	ret = sfs_data_store_inline(mapping, wbc);
	if (ret)
		return ret;
	return iomap_writepages(mapping, wbc, &wpc, &sfs_data_writeback_ops);
}

const struct address_space_operations sfs_data_aops = {
	.read_folio		= sfs_data_read_folio,
	.readahead		= sfs_data_readahead,
	.writepages		= sfs_data_writepages,
	.dirty_folio		= iomap_dirty_folio,
	.release_folio		= iomap_release_folio,
	.invalidate_folio	= iomap_invalidate_folio,
	.migrate_folio		= filemap_migrate_folio,
	.is_partially_uptodate	= iomap_is_partially_uptodate,
	.error_remove_folio	= generic_error_remove_folio,
};
