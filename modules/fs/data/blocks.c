// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which blocks a write to a hole gives space, as section 3.7 of the archive ABI has it.
 *
 * The ABI tells what each block does that is written where there is no space; here a
 * write does at once what its blocks would do one after the other.  The rules ask how
 * many blocks of the file are online.  For users those are what was written; on the
 * device they become so in write-back, so what is dirty is counted with them.
 *
 * Counting is for the first write that asks.  Of a file that is written from front to
 * back it is known from then on: its blocks up to the end of the last write, and no
 * others (struct sfs_data_stream).
 */
#include "fs/data/data.h"
#include "fs/vfs/vfs.h"

#include <linux/pagemap.h>

/* Files with more dirty folios than this have them elsewhere than a stream would. */
#define SFS_DATA_COUNT_FOLIOS	2048

/* ---- blocks that are going to be online ---------------------------------- */

/* The first folio from *block on with the tag; *nr blocks, *block is its first. */
static bool sfs_data_next_tagged(struct address_space *mapping, xa_mark_t tag,
				 u64 *block, u64 *nr)
{
	const unsigned int shift = PAGE_SHIFT - SFS_DATA_BLOCK_SHIFT;
	XA_STATE(xas, &mapping->i_pages, *block >> shift);
	struct folio *folio;
	bool is_found = false;

	rcu_read_lock();
	xas_for_each_marked(&xas, folio, ULONG_MAX, tag) {
		if (xas_retry(&xas, folio))
			continue;
		if (!folio_try_get(folio)) {
			xas_reset(&xas);
			continue;
		}
		*block = (u64)folio->index << shift;
		*nr = (u64)folio_nr_pages(folio) << shift;
		folio_put(folio);
		is_found = true;
		break;
	}
	rcu_read_unlock();
	return is_found;
}

/* The first dirty folio from *block on, or one on its way to the device. */
static bool sfs_data_next_dirty(struct inode *inode, u64 *block, u64 *nr)
{
	u64 dirty = *block, written = *block, nr_written;
	bool is_dirty, is_written;

	is_dirty = sfs_data_next_tagged(inode->i_mapping, PAGECACHE_TAG_DIRTY,
					&dirty, nr);
	is_written = sfs_data_next_tagged(inode->i_mapping,
					  PAGECACHE_TAG_WRITEBACK, &written,
					  &nr_written);
	*block = dirty;
	if (is_written && (!is_dirty || written < dirty)) {
		*block = written;
		*nr = nr_written;
	}
	return is_dirty || is_written;
}

static bool sfs_map_is_online(const struct sfs_map *map)
{
	return map->phys && !(map->flags & SFS_EXT_UNWRITTEN);
}

/* How many of blocks [block, end) are not online; map: that of the last question. */
static int sfs_data_count_new(struct inode *inode, u64 block, u64 end,
			      unsigned int flags, struct sfs_map *map, u64 *nr)
{
	u64 next;
	int ret;

	/* bytes in an item count as a block */
	if (!block && READ_ONCE(SFS_I(inode)->ni.flags) & SFS_INODE_INLINE)
		block++;
	for (; block < end; block = next) {
		if (block < map->block || block >= map->block + map->len) {
			ret = sfs_data_map_rest(inode, block, flags, map);
			if (ret)
				return ret;
		}
		next = min(end, map->block + map->len);
		if (!sfs_map_is_online(map))
			*nr += next - block;
	}
	return 0;
}

int sfs_data_dirty_blocks(struct inode *inode, u64 most, unsigned int flags,
			  u64 *blocks)
{
	u64 end = DIV_ROUND_UP_ULL((u64)i_size_read(inode),
				   SFS_DATA_BLOCK_BYTES);
	struct sfs_map map = { .len = 0 };
	u64 block, len;
	unsigned int i = 0;
	int ret = 0;

	*blocks = 0;
	for (block = 0; !ret && *blocks < most; block += len) {
		if (!sfs_data_next_dirty(inode, &block, &len) || block >= end)
			return 0;
		if (i++ == SFS_DATA_COUNT_FOLIOS)
			return -E2BIG;
		ret = sfs_data_count_new(inode, block, min(end, block + len),
					 flags, &map, blocks);
	}
	return ret;
}

/* ---- streams ------------------------------------------------------------- */

/* Online blocks, exactly unless there are @most or more; held. */
static int sfs_data_online(struct inode *inode, u64 most, u64 *online)
{
	u64 stored = READ_ONCE(SFS_I(inode)->ni.online_blocks);
	u64 dirty = 0;
	int ret = 0;

	if (stored < most)
		ret = sfs_data_dirty_blocks(inode, most - stored, SFS_NS_IO,
					    &dirty);
	/* what a direct write has come to is neither online nor dirty */
	*online = stored + dirty + READ_ONCE(SFS_I(inode)->direct_new);
	return ret;
}

static bool sfs_data_stream_is_known(struct inode *inode)
{
	const struct sfs_inode_info *si = SFS_I(inode);

	return si->stream.blocks &&
	       si->stream.seq == atomic64_read(&si->free_seq) &&
	       si->stream.gen == READ_ONCE(si->gen);
}

static void sfs_data_stream_begin(struct inode *inode, u64 blocks)
{
	struct sfs_inode_info *si = SFS_I(inode);

	si->stream = (struct sfs_data_stream) {
		.blocks = blocks,
		.seq = atomic64_read(&si->free_seq),
		.gen = READ_ONCE(si->gen),
	};
}

void sfs_data_stream_write(struct inode *inode, u64 block, u64 len)
{
	struct sfs_data_stream *stream = &SFS_I(inode)->stream;

	if (block > stream->blocks)
		WRITE_ONCE(stream->blocks, 0);
	else if (block + len > stream->blocks && stream->blocks)
		WRITE_ONCE(stream->blocks, block + len);
}

void sfs_data_stream_fault(struct inode *inode)
{
	WRITE_ONCE(SFS_I(inode)->stream.blocks, 0);
}

/* Are exactly as many blocks online as there are before this one? */
static int sfs_data_is_stream(struct inode *inode, const struct sfs_map *hole,
			      bool *is_stream)
{
	u64 cached = (u64)READ_ONCE(inode->i_mapping->nrpages) <<
		     (PAGE_SHIFT - SFS_DATA_BLOCK_SHIFT);
	struct sfs_inode_info *si = SFS_I(inode);
	u64 block = hole->block;
	u64 online;
	int ret;

	if (sfs_data_stream_is_known(inode)) {
		*is_stream = block == si->stream.blocks;
		return 0;
	}
	*is_stream = false;
	WRITE_ONCE(si->stream.blocks, 0);
	/* not even if all that is cached were dirty */
	if (block > READ_ONCE(si->ni.online_blocks) + cached + si->direct_new)
		return 0;
	ret = sfs_data_online(inode, block + 1, &online);
	if (ret)
		return ret == -E2BIG ? 0 : ret;
	*is_stream = online == block;
	/* with nothing behind the block, they are those before it */
	if (*is_stream && hole->len == SFS_DATA_MAP_BLOCKS)
		sfs_data_stream_begin(inode, block);
	return 0;
}

/* ---- choosing ------------------------------------------------------------ */

/* hole: from the block that is written up to the next extent */
static int sfs_data_choose_contig(struct inode *inode,
				  const struct sfs_map *hole, u64 most,
				  struct sfs_fill *fill)
{
	u64 last = fill->end;
	u64 next = fill->block;
	bool is_stream;
	int ret;

	ret = sfs_data_is_stream(inode, hole, &is_stream);
	if (ret || !is_stream)
		return ret;
	while (next < last)
		next += next > 1 ? min(next, most) : 1;
	fill->end = min(next, hole->block + hole->len);
	return 0;
}

/* Has the file no extent in the region before the block? */
static int sfs_data_region_is_empty(struct inode *inode, u64 region, u64 block,
				    bool *is_empty)
{
	struct sfs_map map;
	int ret;

	*is_empty = true;
	if (region == block)
		return 0;
	ret = sfs_ns_map(sfs_inode_fs(inode), sfs_ino(inode), region,
			 block - region, SFS_NS_IO, &map);
	*is_empty = !ret && !map.phys && !map.flags &&
		    map.len == block - region;
	return ret;
}

static u64 sfs_data_region_of(u64 block, u64 most)
{
	u64 into;

	div64_u64_rem(block, most, &into);
	return block - into;
}

static int sfs_data_choose_region(struct inode *inode,
				  const struct sfs_map *hole, u64 most,
				  struct sfs_fill *fill)
{
	u64 hole_end = hole->block + hole->len;
	u64 region = sfs_data_region_of(fill->block, most);
	u64 last = fill->end;
	u64 online, len, next;
	bool is_empty;
	int ret;

	ret = sfs_data_region_is_empty(inode, region, fill->block, &is_empty);
	if (!ret)
		ret = sfs_data_online(inode, most, &online);
	if (ret && ret != -E2BIG)
		return ret;
	if (is_empty)
		fill->from = region;
	len = clamp(online, 1ULL, min(region + most, hole_end) - fill->from);
	if (fill->from + len <= fill->block)
		fill->from = fill->block + 1 - len;
	/* and those which the rest of the write comes to */
	for (next = fill->from + len; next < last; next += len) {
		len = min(sfs_data_region_of(next, most) + most, hole_end) -
		      next;
		len = clamp(online + next - fill->block, 1ULL, len);
	}
	fill->end = next;
	return 0;
}

int sfs_data_choose(struct inode *inode, const struct sfs_map *hole, u64 len,
		    struct sfs_fill *fill)
{
	struct sfs_mount_opts *opts = &SFS_SB(inode->i_sb)->opts;
	u64 most = READ_ONCE(opts->data_prealloc_blocks);

	len = min(len, hole->len);
	*fill = (struct sfs_fill) {
		.from = hole->block,
		.block = hole->block,
		.len = len,
		.end = hole->block + len,
	};
	if (hole->flags & SFS_EXT_OFFLINE) {
		fill->end = hole->block +
			    min(hole->len, DIV64_U64_ROUND_UP(len, most) * most);
		return 0;
	}
	if (READ_ONCE(opts->data_prealloc_contig_only))
		return sfs_data_choose_contig(inode, hole, most, fill);
	return sfs_data_choose_region(inode, hole, most, fill);
}
