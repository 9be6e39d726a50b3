// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a pool is stored: extents inline in the root page, the rest in a chain
 * of extent list blocks that each commit writes anew when it needs any.
 */
#include "format/trans.h"
#include "format/volume.h"

static unsigned int extlist_max(const struct sfs_volume *vol)
{
	return (vol->block_bytes - sizeof(struct sfs_extlist_block)) /
	       sizeof(struct sfs_disk_extent);
}

const char *sfs_extlist_check(const void *data, unsigned int block_bytes)
{
	const struct sfs_extlist_block *el = data;
	unsigned int max = (block_bytes - sizeof(*el)) /
			   sizeof(struct sfs_disk_extent);
	u32 nr = le32_to_cpu(el->nr);
	u64 end = 0;
	u32 i;

	if (nr > max)
		return "extlist-count";
	if (el->pad || el->next.pad)
		return "extlist-padding";
	for (i = 0; i < nr; i++) {
		u64 start = le64_to_cpu(el->ext[i].start);
		u64 len = le64_to_cpu(el->ext[i].len);

		if (!len || start + len < start)
			return "extlist-extent";
		if (start < end || (i && start == end))
			return "extlist-order";
		end = start + len;
	}
	if (memchr_inv(&el->ext[nr], 0, block_bytes -
		       ((const u8 *)&el->ext[nr] - (const u8 *)data)))
		return "extlist-padding";
	return NULL;
}
EXPORT_SYMBOL_GPL(sfs_extlist_check);

int sfs_pool_list_visit(struct sfs_volume *vol, u64 owner,
			const struct sfs_ref *list,
			int (*fn)(void *arg, const struct sfs_ref *ref,
				  struct sfs_block *blk), void *arg)
{
	const struct sfs_extlist_block *el;
	struct sfs_ref ref = *list;
	struct sfs_block *blk;
	u64 left = vol->total_meta_blocks;
	int ret = 0;

	while (!ret && !sfs_ref_is_null(&ref)) {
		if (!left--)
			return -EUCLEAN; /* a chain longer than the device */
		ret = sfs_block_read(vol, &ref, owner, SFS_BLOCK_EXTLIST, &blk);
		if (ret)
			break;
		ret = fn(arg, &ref, blk);
		el = blk->data;
		sfs_ref_from_disk(&ref, &el->next);
		sfs_block_put(blk);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_pool_list_visit);

static int add_disk_extents(struct sfs_pool *pool,
			    const struct sfs_disk_extent *ext, unsigned int nr)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++)
		ret = sfs_pool_add(pool, le64_to_cpu(ext[i].start),
				   le64_to_cpu(ext[i].len));
	return ret;
}

static int read_list_block(void *arg, const struct sfs_ref *ref,
			   struct sfs_block *blk)
{
	const struct sfs_extlist_block *el = blk->data;

	return add_disk_extents(arg, el->ext, le32_to_cpu(el->nr));
}

int sfs_pool_read(struct sfs_volume *vol, struct sfs_pool *pool, u64 owner,
		  const struct sfs_disk_extent *ext, unsigned int nr,
		  const struct sfs_ref *list)
{
	int ret = add_disk_extents(pool, ext, nr);

	return ret ?: sfs_pool_list_visit(vol, owner, list, read_list_block,
					  pool);
}
EXPORT_SYMBOL_GPL(sfs_pool_read);

/* ---- writing -------------------------------------------------------------------- */

static int collect_ref(void *arg, const struct sfs_ref *ref,
		       struct sfs_block *blk)
{
	sfs_block_free(arg, ref);
	return 0;
}

struct pool_cursor {
	struct sfs_pool all;
	unsigned int next;
};

static unsigned int encode_some(struct pool_cursor *pc,
				struct sfs_disk_extent *ext, unsigned int max)
{
	unsigned int n = min(max, pc->all.nr - pc->next);
	unsigned int i;

	for (i = 0; i < n; i++) {
		ext[i].start = cpu_to_le64(pc->all.ext[pc->next + i].start);
		ext[i].len = cpu_to_le64(pc->all.ext[pc->next + i].len);
	}
	pc->next += n;
	return n;
}

/* Allocate the chain before the final state of the pool is encoded. */
static int alloc_list(struct sfs_trans *tr, u64 owner, unsigned int nr,
		      struct sfs_block **blks, struct sfs_ref *refs)
{
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = sfs_block_new(tr, owner, SFS_BLOCK_EXTLIST, &refs[i],
				    &blks[i]);
		if (ret) {
			while (i--)
				sfs_block_put(blks[i]);
			return ret;
		}
	}
	return 0;
}

/* Checksums go from the tail of the chain to its head. */
static void seal_list(struct sfs_volume *vol, unsigned int nr,
		      struct sfs_block **blks, struct sfs_ref *refs)
{
	struct sfs_extlist_block *el;

	while (nr--) {
		el = blks[nr]->data;
		sfs_ref_to_disk(&el->next, &refs[nr + 1]);
		sfs_hdr_seal(el, vol->block_bytes);
		refs[nr].crc = le32_to_cpu(el->hdr.csum);
		sfs_block_put(blks[nr]);
	}
}

static int encode_list(struct sfs_trans *tr, u64 owner, unsigned int nr,
		       struct pool_cursor *pc, struct sfs_ref *head,
		       struct sfs_disk_extent *ext, unsigned int max,
		       __le32 *nr_inline)
{
	unsigned int per = extlist_max(tr->vol);
	struct sfs_block **blks;
	struct sfs_ref *refs;
	unsigned int i;
	int ret;

	blks = kcalloc(nr + 1, sizeof(*blks), GFP_NOFS | __GFP_NOFAIL);
	refs = kcalloc(nr + 1, sizeof(*refs), GFP_NOFS | __GFP_NOFAIL);
	ret = alloc_list(tr, owner, nr, blks, refs);
	if (ret)
		goto out;
	sfs_pool_copy(&pc->all, &tr->pool);
	ret = sfs_pool_merge(&pc->all, &tr->freed);
	*nr_inline = cpu_to_le32(encode_some(pc, ext, max));
	for (i = 0; i < nr; i++) {
		struct sfs_extlist_block *el = blks[i]->data;

		el->nr = cpu_to_le32(encode_some(pc, el->ext, per));
	}
	if (!ret && WARN_ON_ONCE(pc->next != pc->all.nr))
		ret = -EUCLEAN;
	seal_list(tr->vol, nr, blks, refs);
	*head = refs[0];
out:
	kfree(blks);
	kfree(refs);
	return ret;
}

int sfs_trans_encode_pool(struct sfs_trans *tr, u64 owner, struct sfs_ref *old,
			  struct sfs_disk_extent *ext, unsigned int max,
			  __le32 *nr)
{
	struct pool_cursor pc = { .next = 0 };
	unsigned int count;
	unsigned int blocks = 0;
	int ret;

	ret = sfs_pool_list_visit(tr->vol, owner, old, collect_ref, tr);
	if (ret)
		return ret;
	memset(old, 0, sizeof(*old));
	memset(ext, 0, max * sizeof(*ext));
	sfs_pool_init(&pc.all);
	/* Merging neighbours only lowers this; taking blocks splits nothing. */
	count = tr->pool.nr + tr->freed.nr + 1;
	if (count > max)
		blocks = DIV_ROUND_UP(count - max, extlist_max(tr->vol));
	ret = encode_list(tr, owner, blocks, &pc, old, ext, max, nr);
	sfs_pool_exit(&pc.all);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_trans_encode_pool);
