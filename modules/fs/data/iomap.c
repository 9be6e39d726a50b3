// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings for iomap: looking up, allocating, and keeping them true.
 *
 * Who dirties pages is a user of the group's lock in EX from before it looks at
 * the size until the pages are dirty (sfs_data_hold()), so no other mount comes
 * in between.  A mapping may be wrong all the same when its page is finally
 * locked, for write-back may have converted the extent: that advances map_seq,
 * and iomap asks sfs_data_iomap_is_valid() with the page locked.
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

int sfs_data_map_rest(struct inode *inode, u64 block, unsigned int flags,
		      struct sfs_map *map)
{
	u64 last = inode->i_sb->s_maxbytes >> SFS_DATA_BLOCK_SHIFT;

	return sfs_ns_map(sfs_inode_fs(inode), sfs_ino(inode), block,
			  min(last - block + 1, SFS_DATA_MAP_BLOCKS), flags,
			  map);
}

void sfs_data_freed(struct inode *inode)
{
	atomic64_inc(&SFS_I(inode)->free_seq);
	atomic64_inc(&SFS_I(inode)->map_seq);
}

static bool sfs_data_iomap_is_valid(struct inode *inode,
				    const struct iomap *iomap)
{
	return atomic64_read(&SFS_I(inode)->map_seq) == iomap->validity_cookie;
}

SFS_COMPAT_FOLIO_OPS(sfs_data_folio_ops, sfs_data_iomap_is_valid);

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
	int ret = 1;

	/* sfs_data_read_folio() and _readahead() are users of the lock */
	if (sfs_data_may_be_inline(inode, pos))
		ret = sfs_data_map_inline(inode, iomap);
	return ret <= 0 ? ret :
			  sfs_data_map(inode, pos, length, SFS_NS_IO, iomap);
}

static int sfs_data_read_end(struct inode *inode, loff_t pos, loff_t length,
			     ssize_t written, unsigned int flags,
			     struct iomap *iomap)
{
	sfs_data_unmap_inline(iomap);
	return 0;
}

const struct iomap_ops sfs_data_read_ops = {
	.iomap_begin	= sfs_data_read_begin,
	.iomap_end	= sfs_data_read_end,
};

static int sfs_data_report_begin(struct inode *inode, loff_t pos,
				 loff_t length, unsigned int flags,
				 struct iomap *iomap, struct iomap *srcmap)
{
	int ret = sfs_data_map(inode, pos, length, 0, iomap);

	if (!ret && iomap->type != IOMAP_MAPPED &&
	    sfs_data_may_be_inline(inode, pos))
		ret = sfs_data_report_inline(inode, iomap);
	return ret;
}

const struct iomap_ops sfs_data_report_ops = {
	.iomap_begin	= sfs_data_report_begin,
};

/* ---- writing ------------------------------------------------------------------ */

/**
 * sfs_data_hold() - keep other mounts away from a file while it is changed
 * @inode: a file
 *
 * Until sfs_data_release() the group's lock is EX and the attributes are true.
 * Operations have to be asked for with %SFS_NS_IO meanwhile, for who waits for a
 * lock that is about to be revoked waits for its users, that is for itself; and
 * user memory must not be touched in a way that faults, because a fault may
 * need a lock.
 *
 * Context: Process context; with i_rwsem, or in a fault with no page locked.
 * Return: 0, then sfs_data_release() has to follow; -ESTALE when the inode is
 * gone, and errors of sfs_lock_acquire().
 */
int sfs_data_hold(struct inode *inode)
{
	struct sfs_lock *lock = SFS_I(inode)->grp->lock;
	int ret;

	ret = sfs_volume_error(&SFS_SB(inode->i_sb)->vol);
	if (!ret)
		ret = sfs_lock_acquire(lock, SFS_LOCK_EX, 0);
	if (ret)
		return ret;
	if (!sfs_inode_is_valid(inode))
		ret = sfs_inode_reread(inode, SFS_NS_IO);
	if (ret)
		sfs_data_release(inode);
	return ret;
}

void sfs_data_release(struct inode *inode)
{
	sfs_lock_release(SFS_I(inode)->grp->lock, SFS_LOCK_EX);
}

/* map: all up to the next extent, as far as the caller knows */
static int sfs_data_give_space(struct inode *inode, struct sfs_map *map,
			       u64 len)
{
	struct sfs_fill fill;
	int ret;

	ret = sfs_data_choose(inode, map, len, &fill);
	if (!ret)
		ret = sfs_prealloc_alloc(inode, &fill, map);
	trace_scoutfs_data_alloc(inode, fill.from, fill.end - fill.from, map,
				 ret);
	if (!ret && WARN_ON_ONCE(!map->phys || !map->len))
		ret = -EIO;
	return ret;
}

int sfs_data_give_first(struct inode *inode)
{
	struct sfs_map map = { .block = 0, .len = 1 };
	int ret;

	ret = sfs_ns_map(sfs_inode_fs(inode), sfs_ino(inode), 0, 1, SFS_NS_IO,
			 &map);
	return ret || map.phys ? ret : sfs_data_give_space(inode, &map, 1);
}

/*
 * The mapping that the last write got, which is true as long as nothing made
 * mappings wrong and the lock was not away.  Guarded by i_rwsem.
 */
static bool sfs_data_map_last(struct inode *inode, u64 seq, u64 block, u64 len,
			      struct sfs_map *map)
{
	const struct sfs_data_last *last = &SFS_I(inode)->last_map;
	u64 skip = block - last->map.block;

	if (last->seq != seq || last->gen != READ_ONCE(SFS_I(inode)->gen) ||
	    block < last->map.block || skip >= last->map.len)
		return false;
	map->block = block;
	map->len = min(len, last->map.len - skip);
	map->phys = last->map.phys + skip;
	map->flags = last->map.flags;
	return true;
}

static void sfs_data_keep_last(struct inode *inode, u64 seq,
			       const struct sfs_map *map)
{
	SFS_I(inode)->last_map = (struct sfs_data_last) {
		.map = *map,
		.seq = seq,
		.gen = READ_ONCE(SFS_I(inode)->gen),
	};
}

/* What happens to a hole that is written to. */
enum sfs_data_hole {
	SFS_HOLE_STAYS,
	SFS_HOLE_ALLOC,
	SFS_HOLE_SMALL,		/* it is block 0 of a file that has bytes inline */
};

/* What map says of a hole is all of it, or all up to the end of what was asked. */
static int sfs_data_fill_hole(struct inode *inode, u64 len,
			      enum sfs_data_hole hole, struct sfs_map *map)
{
	if (map->phys || hole == SFS_HOLE_STAYS)
		return 0;
	if (hole == SFS_HOLE_ALLOC || map->flags)
		return sfs_data_give_space(inode, map, len);
	map->len = 1;
	set_bit(SFS_INODE_SMALL, &SFS_I(inode)->flags);
	return 0;
}

static int sfs_data_load_first(struct inode *inode, const struct sfs_map *map)
{
	int ret;

	if (map->block || (map->phys && !(map->flags & SFS_EXT_UNWRITTEN)))
		return 0;
	ret = sfs_data_load_inline(inode);
	return ret == -ENODATA ? 0 : ret;
}

/* The rest of an extent, not only what one write wants of it. */
static int sfs_data_map_for_write(struct inode *inode, u64 seq, u64 block,
				  u64 len, enum sfs_data_hole hole,
				  struct sfs_map *map)
{
	int ret;

	if (sfs_data_map_last(inode, seq, block, len, map) &&
	    (map->phys || hole == SFS_HOLE_SMALL))
		return 0;
	ret = sfs_data_map_rest(inode, block, SFS_NS_IO, map);
	if (!ret)
		ret = sfs_data_fill_hole(inode, len, hole, map);
	if (!ret && hole != SFS_HOLE_STAYS)
		ret = sfs_data_load_first(inode, map);
	if (ret)
		return ret;
	if (map->phys || hole == SFS_HOLE_SMALL)
		sfs_data_keep_last(inode, seq, map);
	map->len = min(len, map->len);
	return 0;
}

static enum sfs_data_hole sfs_data_hole_of(struct inode *inode, loff_t pos,
					   loff_t length, unsigned int flags)
{
	if (!(flags & IOMAP_WRITE))
		return SFS_HOLE_STAYS;
	if (pos < SFS_DATA_BLOCK_BYTES && !(flags & IOMAP_DIRECT) &&
	    sfs_data_is_small(inode, max(pos + length, i_size_read(inode))))
		return SFS_HOLE_SMALL;
	return SFS_HOLE_ALLOC;
}

/* Between sfs_data_hold() and sfs_data_release(), with i_rwsem. */
static int sfs_data_write_begin(struct inode *inode, loff_t pos, loff_t length,
				unsigned int flags, struct iomap *iomap,
				struct iomap *srcmap)
{
	enum sfs_data_hole hole;
	struct sfs_map map;
	u64 seq, block, len;
	int ret;

	seq = atomic64_read_acquire(&SFS_I(inode)->map_seq);
	len = sfs_data_blocks(pos, length, &block);
	hole = sfs_data_hole_of(inode, pos, length, flags);
	ret = sfs_data_map_for_write(inode, seq, block, len, hole, &map);
	if (ret)
		return ret;
	if (hole != SFS_HOLE_STAYS)
		sfs_data_stream_write(inode, block, map.len);
	if (flags & IOMAP_WRITE && flags & IOMAP_DIRECT &&
	    map.flags & SFS_EXT_UNWRITTEN)
		SFS_I(inode)->direct_new += map.len;
	sfs_data_to_iomap(inode, &map, seq, iomap);
	if (!map.phys && hole == SFS_HOLE_SMALL)
		iomap->type = IOMAP_DELALLOC;
	sfs_compat_set_folio_ops(iomap, &sfs_data_folio_ops);
	return 0;
}

const struct iomap_ops sfs_data_write_ops = {
	.iomap_begin	= sfs_data_write_begin,
};

/* ---- page faults ----------------------------------------------------------------- */

/* The page is locked, EX is held: see sfs_data_mkwrite(). */
static int sfs_data_fault_begin(struct inode *inode, loff_t pos, loff_t length,
				unsigned int flags, struct iomap *iomap,
				struct iomap *srcmap)
{
	int ret = sfs_data_map(inode, pos, length, SFS_NS_IO, iomap);

	if (ret || iomap->type != IOMAP_HOLE)
		return ret;
	if (pos < SFS_DATA_BLOCK_BYTES &&
	    test_bit(SFS_INODE_SMALL, &SFS_I(inode)->flags) &&
	    sfs_data_is_small(inode, i_size_read(inode))) {
		iomap->type = IOMAP_DELALLOC;
		return 0;
	}
	/* the file grew since; -EAGAIN makes the task fault once more */
	return -EAGAIN;
}

static const struct iomap_ops sfs_data_fault_ops = {
	.iomap_begin	= sfs_data_fault_begin,
};

/*
 * Give the part of a folio that lies in the file space: all of it is going to be
 * dirty.  It may be split meanwhile, but does not grow.
 */
static int sfs_data_fault_alloc(struct inode *inode, struct folio *folio)
{
	loff_t pos = folio_pos(folio);
	loff_t size = i_size_read(inode);
	loff_t end = min_t(loff_t, size, pos + folio_size(folio));
	enum sfs_data_hole hole = sfs_data_is_small(inode, size) ?
				  SFS_HOLE_SMALL : SFS_HOLE_ALLOC;
	u64 block, len;
	int ret = 0;

	if (pos >= end)
		return 0;	/* iomap finds out with the page locked */
	sfs_data_stream_fault(inode);
	len = sfs_data_blocks(pos, end - pos, &block);
	while (len && !ret) {
		struct sfs_map map;

		ret = sfs_data_map_rest(inode, block, SFS_NS_IO, &map);
		if (!ret)
			ret = sfs_data_fill_hole(inode, len, hole, &map);
		if (!ret) {
			block += map.len;
			len -= min(len, map.len);
		}
	}
	return ret;
}

/* A clean page is about to be stored to through a mapping. */
vm_fault_t sfs_data_mkwrite(struct vm_fault *vmf)
{
	struct inode *inode = file_inode(vmf->vma->vm_file);
	vm_fault_t fault;
	int ret;

	ret = sfs_data_hold(inode);
	if (ret)
		return vmf_error(ret);
	ret = sfs_data_fault_alloc(inode, page_folio(vmf->page));
	fault = ret ? vmf_error(ret) :
		      iomap_page_mkwrite(vmf, &sfs_data_fault_ops);
	sfs_data_release(inode);
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

/* Zero what the new size exposes or hides. */
static int sfs_data_truncate_zero(struct inode *inode, loff_t size)
{
	int ret;

	if (size <= i_size_read(inode))
		return sfs_data_zero_tail(inode, size);
	ret = sfs_data_outgrow(inode, size);
	return ret ? ret : sfs_data_extend(inode, size);
}

/* Cached pages up to the smaller of both sizes are left. */
static void sfs_data_truncate_failed(struct inode *inode, loff_t old,
				     loff_t size)
{
	sfs_inode_changed(inode);
	if (size < old && !sfs_inode_reread(inode, SFS_NS_IO))
		old = clamp_t(loff_t, SFS_I(inode)->ni.size, size, old);
	truncate_setsize(inode, old);
}

static int sfs_data_truncate_held(struct inode *inode, loff_t size,
				  struct timespec64 now, struct sfs_inode *ni)
{
	loff_t old = i_size_read(inode);
	int ret;

	ret = sfs_data_truncate_zero(inode, size);
	if (ret)
		return ret;
	truncate_setsize(inode, size);
	ret = sfs_ns_truncate(sfs_inode_fs(inode), sfs_ino(inode), size, now,
			      SFS_NS_IO, ni);
	sfs_data_freed(inode);
	if (ret)
		sfs_data_truncate_failed(inode, old, size);
	else
		sfs_inode_update(inode, ni);
	return ret;
}

int sfs_data_truncate(struct inode *inode, loff_t size, struct timespec64 now)
{
	struct sfs_inode ni;
	int ret;

	inode_dio_wait(inode);
	filemap_invalidate_lock(inode->i_mapping);
	ret = sfs_data_hold(inode);
	if (ret)
		goto out;
	ret = sfs_data_truncate_held(inode, size, now, &ni);
	sfs_data_release(inode);
	/* it has its size; freeing a large file may take long */
	if (!ret && (ni.flags & SFS_INODE_TRUNCATE)) {
		ret = sfs_ns_truncate_rest(sfs_inode_fs(inode),
					   sfs_ino(inode));
		sfs_inode_changed(inode);
	}
out:
	filemap_invalidate_unlock(inode->i_mapping);
	return ret;
}
