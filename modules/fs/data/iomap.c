// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings for iomap: looking up, allocating, and keeping them true.
 *
 * A mapping that write(2) got may be wrong when its page is finally locked:
 * write-back may have converted the extent, or a revocation may have taken EX
 * away.  Both advance map_seq, and iomap asks sfs_data_iomap_is_valid() with the
 * page locked; revoke_sem keeps revocations out until the page is dirty.
 */
#include "fs/data/data.h"
#include "fs/vfs/trace.h"
#include "fs/vfs/vfs.h"

#include <linux/pagemap.h>

/* First block and number of blocks of a byte range. */
static u64 sfs_data_blocks(loff_t pos, u64 length, u64 *block)
{
	u64 last = (pos + length - 1) >> SFS_DATA_BLOCK_SHIFT;

	*block = pos >> SFS_DATA_BLOCK_SHIFT;
	return min(last - *block + 1, SFS_DATA_MAP_BLOCKS);
}

void sfs_data_freed(struct inode *inode)
{
	atomic64_inc(&SFS_I(inode)->free_seq);
	atomic64_inc(&SFS_I(inode)->map_seq);
}

static void sfs_data_page_begin(struct inode *inode)
{
	down_read(&SFS_I(inode)->revoke_sem);
}

static void sfs_data_page_end(struct inode *inode)
{
	up_read(&SFS_I(inode)->revoke_sem);
}

static bool sfs_data_iomap_is_valid(struct inode *inode,
				    const struct iomap *iomap)
{
	return atomic64_read(&SFS_I(inode)->map_seq) == iomap->validity_cookie;
}

SFS_COMPAT_FOLIO_OPS(sfs_data_folio_ops, sfs_data_page_begin,
		     sfs_data_page_end, sfs_data_iomap_is_valid);

void sfs_data_to_iomap(struct inode *inode, const struct sfs_map *map,
		       u64 seq, struct iomap *iomap)
{
	struct sfs_volume *vol = &SFS_SB(inode->i_sb)->vol;

	iomap->offset = map->block << SFS_DATA_BLOCK_SHIFT;
	iomap->length = map->len << SFS_DATA_BLOCK_SHIFT;
	iomap->bdev = inode->i_sb->s_bdev;
	iomap->flags = 0;
	iomap->validity_cookie = seq;
	if (!map->phys) {
		iomap->type = IOMAP_HOLE;
		iomap->addr = IOMAP_NULL_ADDR;
		return;
	}
	iomap->type = map->flags & SFS_EXT_UNWRITTEN ? IOMAP_UNWRITTEN :
						       IOMAP_MAPPED;
	iomap->addr = vol->data_start_bytes +
		      (map->phys << SFS_DATA_BLOCK_SHIFT);
}

/* ---- reading ---------------------------------------------------------------- */

static int sfs_data_map(struct inode *inode, loff_t pos, loff_t length,
			unsigned int flags, struct iomap *iomap)
{
	u64 seq = atomic64_read(&SFS_I(inode)->map_seq);
	struct sfs_map map;
	u64 block, len;
	int ret;

	len = sfs_data_blocks(pos, length, &block);
	ret = sfs_ns_map(sfs_inode_fs(inode), sfs_ino(inode), block, len, flags,
			 &map);
	if (ret)
		return ret;
	sfs_data_to_iomap(inode, &map, seq, iomap);
	return 0;
}

static int sfs_data_read_begin(struct inode *inode, loff_t pos, loff_t length,
			       unsigned int flags, struct iomap *iomap,
			       struct iomap *srcmap)
{
	/* sfs_data_read_folio() and _readahead() are users of the lock */
	return sfs_data_map(inode, pos, length, SFS_NS_IO, iomap);
}

const struct iomap_ops sfs_data_read_ops = {
	.iomap_begin	= sfs_data_read_begin,
};

static int sfs_data_report_begin(struct inode *inode, loff_t pos,
				 loff_t length, unsigned int flags,
				 struct iomap *iomap, struct iomap *srcmap)
{
	return sfs_data_map(inode, pos, length, 0, iomap);
}

const struct iomap_ops sfs_data_report_ops = {
	.iomap_begin	= sfs_data_report_begin,
};

/* ---- writing ------------------------------------------------------------------ */

/*
 * How much to allocate at a block that is not allocated: a stream that appends
 * gets as much again as it has, so that its extents grow with it.
 */
static u64 sfs_data_want(struct inode *inode, u64 block, u64 len)
{
	struct sfs_mount_opts *opts = &SFS_SB(inode->i_sb)->opts;
	u64 most = READ_ONCE(opts->data_prealloc_blocks);
	u64 next = block;

	if (!READ_ONCE(opts->data_prealloc_contig_only)) {
		u64 in_region;

		div64_u64_rem(block, most, &in_region);
		return max(len, min(most - in_region, max(block, 1ULL)));
	}
	if (block != DIV_ROUND_UP_ULL(i_size_read(inode), SFS_DATA_BLOCK_BYTES))
		return len;
	/* what block by block would allocate: ever as much as there is */
	while (next < block + len)
		next += next > 1 ? min(next, most) : 1;
	return next - block;
}

/*
 * A write or truncation is about to look at the size, under i_rwsem: should the
 * lock be lost before it has it in EX, it looks again.  That the inode is valid
 * again by then tells nothing, anybody may have refreshed it meanwhile.
 */
void sfs_data_begin(struct inode *inode)
{
	struct sfs_inode_info *si = SFS_I(inode);

	/* pairs with sfs_revoke_begin() */
	WRITE_ONCE(si->op_epoch, smp_load_acquire(&si->epoch));
}

/* Let a write know that the group's lock is EX under this epoch. */
static int sfs_data_get_ex(struct inode *inode)
{
	struct sfs_inode_info *si = SFS_I(inode);
	bool is_valid = true;
	struct sfs_op op;
	u32 epoch;
	int ret;

	/* before the lock is looked at; pairs with sfs_revoke_begin() */
	epoch = smp_load_acquire(&si->epoch);
	if (likely(READ_ONCE(si->ex_epoch) == epoch))
		return 0;
	sfs_op_init(&op, sfs_inode_fs(inode));
	sfs_op_add(&op, si->ni.ino, SFS_LOCK_EX);
	ret = sfs_op_start(&op, 0, 0);
	if (!ret)
		is_valid = sfs_inode_is_valid(inode);
	sfs_op_end(&op);
	if (ret)
		return ret;
	/* the size may have changed since the caller looked at it */
	if (!is_valid)
		return SFS_DATA_AGAIN;
	WRITE_ONCE(si->ex_epoch, epoch);
	return 0;
}

static int sfs_data_give_space(struct inode *inode, struct sfs_map *map)
{
	u64 want = sfs_data_want(inode, map->block, map->len);
	u64 block = map->block;
	int ret;

	ret = sfs_ns_alloc(sfs_inode_fs(inode), sfs_ino(inode), block,
			   map->len, want, 0, map);
	trace_scoutfs_data_alloc(inode, block, want, map, ret);
	if (!ret && WARN_ON_ONCE(!map->phys || !map->len))
		ret = -EIO;
	return ret;
}

static int sfs_data_write_begin(struct inode *inode, loff_t pos, loff_t length,
				unsigned int flags, struct iomap *iomap,
				struct iomap *srcmap)
{
	struct sfs_inode_info *si = SFS_I(inode);
	struct sfs_map map;
	u64 seq, block, len;
	int ret;

	/* before EX is looked at, so that losing it in between is noticed */
	seq = atomic64_read_acquire(&si->map_seq);
	ret = sfs_data_get_ex(inode);
	if (ret)
		return ret;
	/* the size that the position follows from may be outdated, see there */
	if (READ_ONCE(si->op_epoch) != smp_load_acquire(&si->epoch))
		return SFS_DATA_AGAIN;
	len = sfs_data_blocks(pos, length, &block);
	ret = sfs_ns_map(sfs_inode_fs(inode), si->ni.ino, block, len, 0, &map);
	if (!ret && !map.phys && (flags & IOMAP_WRITE))
		ret = sfs_data_give_space(inode, &map);
	if (ret)
		return ret;
	sfs_data_to_iomap(inode, &map, seq, iomap);
	sfs_compat_set_folio_ops(iomap, &sfs_data_folio_ops);
	return 0;
}

const struct iomap_ops sfs_data_write_ops = {
	.iomap_begin	= sfs_data_write_begin,
};

/* ---- page faults ----------------------------------------------------------------- */

/* The page is locked and EX is held, see sfs_data_mkwrite(). */
static int sfs_data_fault_begin(struct inode *inode, loff_t pos, loff_t length,
				unsigned int flags, struct iomap *iomap,
				struct iomap *srcmap)
{
	int ret = sfs_data_map(inode, pos, length, SFS_NS_IO, iomap);

	/* the file grew since; -EAGAIN makes the task fault once more */
	if (!ret && iomap->type == IOMAP_HOLE)
		ret = -EAGAIN;
	return ret;
}

static const struct iomap_ops sfs_data_fault_ops = {
	.iomap_begin	= sfs_data_fault_begin,
};

/* Give the part of a page that lies in the file space. */
static int sfs_data_fault_alloc(struct inode *inode, loff_t pos)
{
	loff_t end = min_t(loff_t, i_size_read(inode), pos + PAGE_SIZE);
	u64 block, len;
	int ret = 0;

	if (pos >= end)
		return 0;	/* iomap finds out with the page locked */
	len = sfs_data_blocks(pos, end - pos, &block);
	while (len && !ret) {
		struct sfs_map map = { .block = block, .len = len };

		ret = sfs_ns_map(sfs_inode_fs(inode), sfs_ino(inode), block,
				 len, 0, &map);
		if (!ret && !map.phys)
			ret = sfs_data_give_space(inode, &map);
		if (!ret) {
			block += map.len;
			len -= map.len;
		}
	}
	return ret;
}

/*
 * Give the page space and keep revocations out: with 0 the caller holds
 * revoke_sem and EX is held.
 */
static int sfs_data_fault_prepare(struct inode *inode, loff_t pos)
{
	struct sfs_inode_info *si = SFS_I(inode);
	u32 epoch;
	int ret;

	/* before EX is asked for; pairs with sfs_revoke_begin() */
	epoch = smp_load_acquire(&si->epoch);
	ret = sfs_inode_revalidate(inode);
	if (!ret)
		ret = sfs_data_get_ex(inode);
	if (!ret)
		ret = sfs_data_fault_alloc(inode, pos);
	if (ret)
		return ret;
	down_read(&si->revoke_sem);
	if (si->epoch == epoch)
		return 0;
	up_read(&si->revoke_sem);
	return SFS_DATA_AGAIN;
}

/* A clean page is about to be stored to through a mapping. */
vm_fault_t sfs_data_mkwrite(struct vm_fault *vmf)
{
	struct inode *inode = file_inode(vmf->vma->vm_file);
	unsigned int tries = 0;
	vm_fault_t fault;
	int ret;

	do {
		ret = sfs_data_fault_prepare(inode, page_offset(vmf->page));
	} while (ret == SFS_DATA_AGAIN && tries++ < SFS_DATA_TRIES);
	if (ret)
		return ret == SFS_DATA_AGAIN ? VM_FAULT_NOPAGE : vmf_error(ret);
	fault = iomap_page_mkwrite(vmf, &sfs_data_fault_ops);
	up_read(&SFS_I(inode)->revoke_sem);
	return fault;
}

/* ---- sizes ------------------------------------------------------------------------ */

/*
 * Before the file grows past pos: what lies between the size and pos reads as
 * zeroes.  A mapped page may have been stored to behind the size, and a crash
 * may have left written blocks there.
 */
int sfs_data_extend(struct inode *inode, loff_t pos)
{
	loff_t size = i_size_read(inode);
	struct folio *folio;

	if (pos <= size)
		return 0;
	if (offset_in_page(size)) {
		folio = filemap_lock_folio(inode->i_mapping,
					   size >> PAGE_SHIFT);
		if (!IS_ERR_OR_NULL(folio)) {
			if (folio_test_uptodate(folio))
				folio_zero_segment(folio,
						   offset_in_folio(folio, size),
						   folio_size(folio));
			folio_unlock(folio);
			folio_put(folio);
		}
	}
	return iomap_zero_range(inode, size, pos - size, NULL,
				&sfs_data_write_ops);
}

/* The part of the last block that remains is written, the rest of it zero. */
static int sfs_data_zero_tail(struct inode *inode, loff_t size)
{
	int ret;

	if (!(size & (SFS_DATA_BLOCK_BYTES - 1)))
		return 0;
	/*
	 * iomap does not zero unwritten blocks, and cannot know that one is
	 * dirty or on its way to the device; when it has been written it can.
	 */
	ret = filemap_write_and_wait_range(inode->i_mapping, size, size);
	if (ret)
		return ret;
	return iomap_truncate_page(inode, size, NULL, &sfs_data_write_ops);
}

/* Zero what the new size exposes or hides, while EX is held. */
static int sfs_data_truncate_prepare(struct inode *inode, loff_t size)
{
	unsigned int tries = 0;
	int ret;

	do {
		sfs_data_begin(inode);
		ret = sfs_inode_revalidate(inode);
		if (!ret)
			ret = sfs_data_get_ex(inode);
		if (!ret)
			ret = size > i_size_read(inode) ?
				sfs_data_extend(inode, size) :
				sfs_data_zero_tail(inode, size);
	} while (ret == SFS_DATA_AGAIN && tries++ < SFS_DATA_TRIES);
	return ret == SFS_DATA_AGAIN ? -EIO : ret;
}

/* Cached pages up to the smaller of both sizes are left. */
static void sfs_data_truncate_failed(struct inode *inode, loff_t old,
				     loff_t size)
{
	sfs_inode_changed(inode);
	if (size < old && !sfs_inode_reread(inode))
		old = clamp_t(loff_t, SFS_I(inode)->ni.size, size, old);
	truncate_setsize(inode, old);
}

int sfs_data_truncate(struct inode *inode, loff_t size, struct timespec64 now)
{
	struct sfs_inode ni;
	loff_t old;
	int ret;

	filemap_invalidate_lock(inode->i_mapping);
	ret = sfs_data_truncate_prepare(inode, size);
	if (ret)
		goto out;
	old = i_size_read(inode);
	truncate_setsize(inode, size);
	ret = sfs_ns_truncate(sfs_inode_fs(inode), sfs_ino(inode), size, now,
			      &ni);
	sfs_data_freed(inode);
	if (ret) {
		sfs_data_truncate_failed(inode, old, size);
		goto out;
	}
	sfs_inode_update(inode, &ni);
	/* after a revocation a reader may have seen the item before it changed */
	if (i_size_read(inode) != size)
		truncate_setsize(inode, size);
out:
	filemap_invalidate_unlock(inode->i_mapping);
	return ret;
}
