// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small files: their bytes go into an item instead of a block, see ns/inline.c.
 *
 * A write to a file that stays small gives block 0, when that is a hole, no space.
 * Write-back then stores the bytes; the page is like any other, so many writes cost
 * one change of the item.  Before the file outgrows an item, or is to be written
 * past the page cache, block 0 gets space; from then on nothing is stored, and
 * bytes that were are written to the block before the file grows.
 *
 *	page 0 dirty, block 0 a hole	write-back stores the bytes
 *	item, page 0 clean		reads come from the item
 *	item, block 0 unwritten		the same; written, it takes the item's place
 *
 * What is in the item is brought into the page before a part of that changes: iomap
 * takes an unwritten block for zeroes.
 */
#include "fs/data/data.h"
#include "fs/vfs/vfs.h"

#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/writeback.h>

bool sfs_data_is_small(struct inode *inode, loff_t size)
{
	return size <= sfs_inline_max(&SFS_SB(inode->i_sb)->vol);
}

/* Unless the attributes say for certain that there is no item. */
static bool sfs_data_may_have_item(struct inode *inode)
{
	const struct sfs_inode_info *si = SFS_I(inode);

	return READ_ONCE(si->ni.flags) & SFS_INODE_INLINE ||
	       test_bit(SFS_INODE_ATTRS_STALE, &si->flags) ||
	       !sfs_inode_is_valid(inode);
}

bool sfs_data_may_be_inline(struct inode *inode, loff_t pos)
{
	return pos < SFS_DATA_BLOCK_BYTES &&
	       (test_bit(SFS_INODE_SMALL, &SFS_I(inode)->flags) ||
		sfs_data_may_have_item(inode));
}

/* The number of bytes in the item, all the same when bytes is NULL; -ENODATA. */
static int sfs_data_read_item(struct inode *inode, void *bytes,
			      unsigned int flags)
{
	return sfs_ns_inline_read(sfs_inode_fs(inode), sfs_ino(inode), bytes,
				  bytes ? SFS_INLINE_BYTES_MAX : 0, flags);
}

/* ---- reading ------------------------------------------------------------ */

int sfs_data_map_inline(struct inode *inode, struct iomap *iomap)
{
	void *bytes;
	int ret = 0;

	/* the size as well may be from before the lock was away */
	if (!sfs_inode_is_valid(inode))
		ret = sfs_inode_reread(inode, SFS_NS_IO);
	if (ret || !sfs_data_may_have_item(inode))
		return ret ? ret : 1;
	bytes = kzalloc(SFS_DATA_BLOCK_BYTES, GFP_NOFS);
	if (!bytes)
		return -ENOMEM;
	ret = sfs_data_read_item(inode, bytes, SFS_NS_IO);
	if (ret > SFS_INLINE_BYTES_MAX ||
	    (ret >= 0 && i_size_read(inode) > SFS_DATA_BLOCK_BYTES))
		ret = -EUCLEAN;
	if (ret < 0) {
		kfree(bytes);
		return ret == -ENODATA ? 1 : ret;
	}
	iomap->type = IOMAP_INLINE;
	iomap->offset = 0;
	iomap->length = SFS_DATA_BLOCK_BYTES;
	iomap->addr = IOMAP_NULL_ADDR;
	iomap->flags = 0;
	iomap->bdev = inode->i_sb->s_bdev;
	iomap->inline_data = bytes;
	return 0;
}

void sfs_data_unmap_inline(struct iomap *iomap)
{
	if (iomap->type == IOMAP_INLINE)
		kfree(iomap->inline_data);
}

static struct folio *sfs_data_first_folio(struct inode *inode)
{
	struct folio *folio = filemap_get_folio(inode->i_mapping, 0);

	return IS_ERR(folio) ? NULL : folio;
}

static bool sfs_data_is_first_dirty(struct inode *inode)
{
	struct folio *folio = sfs_data_first_folio(inode);
	bool is_dirty;

	if (!folio)
		return false;
	is_dirty = folio_test_dirty(folio) || folio_test_writeback(folio);
	folio_put(folio);
	return is_dirty;
}

int sfs_data_report_inline(struct inode *inode, struct iomap *iomap)
{
	int ret = sfs_data_read_item(inode, NULL, 0);

	if (ret >= 0)
		iomap->type = IOMAP_INLINE;
	else if (ret != -ENODATA)
		return ret;
	else if (iomap->type == IOMAP_HOLE && sfs_data_is_first_dirty(inode))
		iomap->type = IOMAP_DELALLOC;
	else
		return 0;
	iomap->addr = IOMAP_NULL_ADDR;
	iomap->length = SFS_DATA_BLOCK_BYTES;
	return 0;
}

/* ---- writing ------------------------------------------------------------ */

static void sfs_data_fill_folio(struct folio *folio, const void *bytes,
				unsigned int len)
{
	void *to = kmap_local_folio(folio, 0);

	memcpy(to, bytes, len);
	kunmap_local(to);
	folio_zero_segment(folio, len, folio_size(folio));
	folio_mark_uptodate(folio);
}

/* Dirty, so it stays until the bytes are stored or written. */
static int sfs_data_dirty_first(struct inode *inode, const void *bytes,
				unsigned int len)
{
	struct page *page = find_or_create_page(inode->i_mapping, 0,
				mapping_gfp_constraint(inode->i_mapping,
						       ~__GFP_FS));
	struct folio *folio;

	if (!page)
		return -ENOMEM;
	folio = page_folio(page);
	if (!folio_test_uptodate(folio))
		sfs_data_fill_folio(folio, bytes, len);
	folio_mark_dirty(folio);
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}

static int sfs_data_load_item(struct inode *inode)
{
	void *bytes;
	int ret;

	bytes = kmalloc(SFS_INLINE_BYTES_MAX, GFP_NOFS);
	if (!bytes)
		return -ENOMEM;
	ret = sfs_data_read_item(inode, bytes, SFS_NS_IO);
	if (ret > SFS_INLINE_BYTES_MAX)
		ret = -EUCLEAN;
	if (ret >= 0)
		ret = sfs_data_dirty_first(inode, bytes, ret);
	kfree(bytes);
	return ret;
}

int sfs_data_load_inline(struct inode *inode)
{
	return sfs_data_may_have_item(inode) ? sfs_data_load_item(inode) :
					       -ENODATA;
}

/* ---- growing ------------------------------------------------------------ */

int sfs_data_leave_inline(struct inode *inode)
{
	struct folio *folio = sfs_data_first_folio(inode);
	int ret;

	/* in this order: what is stored just now was in a page */
	ret = sfs_data_read_item(inode, NULL, SFS_NS_IO);
	if (folio)
		folio_put(folio);
	if (ret < 0 && (ret != -ENODATA || !folio))
		return ret == -ENODATA ? 0 : ret;
	ret = sfs_data_give_first(inode);
	if (ret)
		return ret;
	/* nothing is stored any more; what just was the attributes may not say yet */
	clear_bit(SFS_INODE_SMALL, &SFS_I(inode)->flags);
	ret = sfs_data_load_item(inode);
	if (!ret)
		ret = filemap_write_and_wait_range(inode->i_mapping, 0,
						   SFS_DATA_BLOCK_BYTES - 1);
	return ret == -ENODATA ? 0 : ret;
}

int sfs_data_outgrow(struct inode *inode, loff_t size)
{
	loff_t old = i_size_read(inode);

	if (!old || !sfs_data_is_small(inode, old) ||
	    sfs_data_is_small(inode, size))
		return 0;
	return sfs_data_leave_inline(inode);
}

/* ---- write-back --------------------------------------------------------- */

static int sfs_data_store_bytes(struct inode *inode, const void *bytes,
				unsigned int len)
{
	unsigned int nofs = memalloc_nofs_save();
	int ret;

	ret = sfs_ns_inline_store(sfs_inode_fs(inode), sfs_ino(inode), bytes,
				  len, SFS_NS_IO);
	memalloc_nofs_restore(nofs);
	/* before the page may go: see sfs_data_map_last() */
	sfs_inode_changed(inode);
	atomic64_inc(&SFS_I(inode)->map_seq);
	return ret;
}

/*
 * The folio is locked.  Returns the bytes that are to be stored, copied, and the
 * folio is under write-back; 0: there is nothing to do, or it is not for us.
 */
static unsigned int sfs_data_store_start(struct inode *inode,
					 struct folio *folio, void *bytes,
					 struct writeback_control *wbc)
{
	loff_t size;
	void *from;

	if (folio->mapping != inode->i_mapping || !folio_test_dirty(folio))
		return 0;
	if (folio_test_writeback(folio)) {
		if (wbc->sync_mode == WB_SYNC_NONE)
			return 0;
		folio_wait_writeback(folio);
	}
	size = i_size_read(inode);
	if (!size || !sfs_data_is_small(inode, size) ||
	    !folio_clear_dirty_for_io(folio))
		return 0;
	folio_start_writeback(folio);
	from = kmap_local_folio(folio, 0);
	memcpy(bytes, from, size);
	kunmap_local(from);
	return size;
}

static int sfs_data_store_folio(struct inode *inode, struct folio *folio,
				void *bytes, struct writeback_control *wbc)
{
	unsigned int len;
	int ret;

	folio_lock(folio);
	len = sfs_data_store_start(inode, folio, bytes, wbc);
	folio_unlock(folio);
	if (!len)
		return 0;
	ret = sfs_data_store_bytes(inode, bytes, len);
	if (ret == -EEXIST || ret == -ENOMEM)
		folio_redirty_for_writepage(wbc, folio);
	else if (ret)
		mapping_set_error(inode->i_mapping, ret);
	folio_end_writeback(folio);
	return ret == -EEXIST ? 0 : ret;
}

int sfs_data_store_inline(struct address_space *mapping,
			  struct writeback_control *wbc)
{
	struct inode *inode = mapping->host;
	struct folio *folio;
	void *bytes;
	int ret;

	if (!test_bit(SFS_INODE_SMALL, &SFS_I(inode)->flags) ||
	    (!wbc->range_cyclic && wbc->range_start >= SFS_DATA_BLOCK_BYTES) ||
	    !sfs_data_is_small(inode, i_size_read(inode)))
		return 0;
	folio = sfs_data_first_folio(inode);
	if (!folio)
		return 0;
	bytes = kmalloc(SFS_INLINE_BYTES_MAX, GFP_NOFS);
	ret = bytes ? sfs_data_store_folio(inode, folio, bytes, wbc) : -ENOMEM;
	kfree(bytes);
	folio_put(folio);
	return ret;
}
