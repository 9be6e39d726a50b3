// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata block cache and copy-on-write of single blocks.
 *
 * A block in the cache holds one reference for being there; reclaim takes a
 * block out by turning that last reference from one into zero, and so does
 * renumbering, so that a lookup either gets a reference first or misses.
 *
 * Dirty blocks hold another reference for their transaction and never leave
 * the cache before it is durable.
 */
#include "format/block.h"
#include "format/btree.h"
#include "format/trans.h"
#include "format/volume.h"

/* Reclaim this many blocks when an insertion finds the cache over its bound. */
#define SFS_CACHE_BATCH		32

void sfs_ref_from_disk(struct sfs_ref *ref, const struct sfs_disk_ref *disk)
{
	ref->blkno = le64_to_cpu(disk->blkno);
	ref->seq = le64_to_cpu(disk->seq);
	ref->crc = le32_to_cpu(disk->crc);
}
EXPORT_SYMBOL_GPL(sfs_ref_from_disk);

void sfs_ref_to_disk(struct sfs_disk_ref *disk, const struct sfs_ref *ref)
{
	disk->blkno = cpu_to_le64(ref->blkno);
	disk->seq = cpu_to_le64(ref->seq);
	disk->crc = cpu_to_le32(ref->crc);
	disk->pad = 0;
}
EXPORT_SYMBOL_GPL(sfs_ref_to_disk);

/* For what is only worth trying. */
#define GFP_TRY		(GFP_NOFS | __GFP_NORETRY | __GFP_NOWARN)
/* Waits for memory: failing would only move the waiting, or cost a commit. */
#define GFP_MUST	(GFP_NOFS | __GFP_NOFAIL)
#define SFS_BLOCK_ALLOC_WAIT_MS	10

/*
 * Powers of two from the slab are naturally aligned and page backed.  The page
 * allocator promises a single page or two, no more: larger blocks ask again.
 */
static void *block_alloc_data(struct sfs_volume *vol, gfp_t gfp)
{
	void *data;

	if (vol->block_bytes <= PAGE_SIZE)
		return kmalloc(vol->block_bytes, gfp);
	do {
		data = kmalloc(vol->block_bytes, gfp & ~__GFP_NOFAIL);
		if (!data && (gfp & __GFP_NOFAIL))
			msleep(SFS_BLOCK_ALLOC_WAIT_MS);
	} while (!data && (gfp & __GFP_NOFAIL));
	return data;
}

static struct sfs_block *block_alloc(struct sfs_volume *vol, u64 blkno,
				     gfp_t gfp)
{
	struct sfs_block *blk = kzalloc(sizeof(*blk), gfp);

	if (!blk)
		return NULL;
	blk->data = block_alloc_data(vol, gfp);
	if (!blk->data) {
		kfree(blk);
		return NULL;
	}
	blk->blkno = blkno;
	atomic_set(&blk->refs, 2);
	mutex_init(&blk->read_lock);
	INIT_LIST_HEAD(&blk->lru);
	INIT_LIST_HEAD(&blk->dirty_link);
	return blk;
}

static void block_free_rcu(struct rcu_head *rcu)
{
	struct sfs_block *blk = container_of(rcu, struct sfs_block, rcu);

	mutex_destroy(&blk->read_lock);
	kfree(blk->data);
	kfree(blk);
}

static void block_free(struct sfs_block *blk)
{
	WARN_ON_ONCE(!list_empty(&blk->dirty_link));
	call_rcu(&blk->rcu, block_free_rcu);
}

void sfs_block_get(struct sfs_block *blk)
{
	atomic_inc(&blk->refs);
}
EXPORT_SYMBOL_GPL(sfs_block_get);

void sfs_block_put(struct sfs_block *blk)
{
	if (blk && atomic_dec_and_test(&blk->refs))
		block_free(blk);
}
EXPORT_SYMBOL_GPL(sfs_block_put);

static void cache_unlink_lru(struct sfs_cache *cache, struct sfs_block *blk)
{
	spin_lock(&cache->lock);
	if (!list_empty(&blk->lru)) {
		list_del_init(&blk->lru);
		cache->nr--;
	}
	spin_unlock(&cache->lock);
}

/* Take a block out of the cache if it is still the one there. */
static void cache_remove(struct sfs_volume *vol, struct sfs_block *blk)
{
	struct sfs_cache *cache = &vol->cache;

	if (xa_cmpxchg(&cache->blocks, blk->blkno, blk, NULL, GFP_NOFS) != blk)
		return;
	cache_unlink_lru(cache, blk);
	sfs_block_put(blk);
}

static int cache_insert(struct sfs_volume *vol, struct sfs_block *blk,
			gfp_t gfp)
{
	struct sfs_cache *cache = &vol->cache;
	int ret = xa_insert(&cache->blocks, blk->blkno, blk, gfp);

	if (ret)
		return ret;
	spin_lock(&cache->lock);
	list_add_tail(&blk->lru, &cache->lru);
	cache->nr++;
	spin_unlock(&cache->lock);
	if (cache->nr > cache->nr_max)
		sfs_cache_shrink(vol, SFS_CACHE_BATCH);
	return 0;
}

/*
 * Insert a block that this transaction allocated.  Whatever the cache still
 * has under the number is from a former life of it.
 */
static int cache_insert_new(struct sfs_volume *vol, struct sfs_block *blk,
			    gfp_t gfp)
{
	struct sfs_block *old;
	int ret;

	while ((ret = cache_insert(vol, blk, gfp)) == -EBUSY) {
		rcu_read_lock();
		old = xa_load(&vol->cache.blocks, blk->blkno);
		if (old && !atomic_inc_not_zero(&old->refs))
			old = NULL;
		rcu_read_unlock();
		if (!old) {
			cond_resched();
			continue;
		}
		if (sfs_block_is_dirty(old)) {
			sfs_block_put(old);
			sfs_volume_withdraw(vol, -EUCLEAN,
					    "block-allocated-while-dirty");
			return -EUCLEAN;
		}
		cache_remove(vol, old);
		sfs_block_put(old);
	}
	return ret;
}

/* Find or create the cache's block; it may not have been read yet. */
static struct sfs_block *cache_get(struct sfs_volume *vol, u64 blkno,
				   gfp_t gfp)
{
	struct sfs_block *blk;
	int ret;

	for (;;) {
		rcu_read_lock();
		blk = xa_load(&vol->cache.blocks, blkno);
		if (blk && !atomic_inc_not_zero(&blk->refs))
			blk = NULL;
		rcu_read_unlock();
		if (blk)
			return blk;

		blk = block_alloc(vol, blkno, gfp);
		if (!blk)
			return ERR_PTR(-ENOMEM);
		ret = cache_insert(vol, blk, gfp);
		if (!ret)
			return blk;
		block_free(blk);
		if (ret != -EBUSY)
			return ERR_PTR(ret);
		cond_resched();
	}
}

const char *sfs_block_verify(const struct sfs_volume *vol, const void *data,
			     const struct sfs_ref *ref)
{
	const struct sfs_block_hdr *hdr = data;
	u32 csum = sfs_hdr_csum(data, vol->block_bytes);

	if (le32_to_cpu(hdr->csum) != csum)
		return "block-csum";
	if (le64_to_cpu(hdr->fsid) != vol->fsid)
		return "block-fsid";
	if (le64_to_cpu(hdr->blkno) != ref->blkno)
		return "block-address";
	if (le64_to_cpu(hdr->seq) != ref->seq || csum != ref->crc)
		return "block-reference";
	return sfs_block_check(data, vol->block_bytes);
}

static int block_fill(struct sfs_volume *vol, struct sfs_block *blk,
		      const struct sfs_ref *ref, u64 owner)
{
	const char *why;
	int ret;

	ret = vol->meta->ops->read(vol->meta, blk->blkno << vol->block_shift,
				   blk->data, vol->block_bytes);
	if (ret) {
		sfs_err(vol, "metadata block %llu of %llx: block-read: error %d",
			blk->blkno, owner, ret);
		return ret;
	}
	why = sfs_block_verify(vol, blk->data, ref);
	if (why) {
		sfs_err(vol, "metadata block %llu of %llx: %s: corrupt",
			blk->blkno, owner, why);
		return -EUCLEAN;
	}
	blk->seq = ref->seq;
	return 0;
}

static int block_make_uptodate(struct sfs_volume *vol, struct sfs_block *blk,
			       const struct sfs_ref *ref, u64 owner)
{
	int ret = 0;

	mutex_lock(&blk->read_lock);
	if (test_bit(SFS_BLOCK_ERROR, &blk->flags)) {
		ret = -EAGAIN;	/* another reader failed and took it out */
	} else if (!test_bit(SFS_BLOCK_UPTODATE, &blk->flags)) {
		ret = block_fill(vol, blk, ref, owner);
		sfs_count(vol, block_cache_miss);
		if (ret) {
			set_bit(SFS_BLOCK_ERROR, &blk->flags);
			sfs_count(vol, block_read_error);
			cache_remove(vol, blk);
		} else {
			smp_mb__before_atomic(); /* contents before the bit */
			set_bit(SFS_BLOCK_UPTODATE, &blk->flags);
		}
	}
	mutex_unlock(&blk->read_lock);
	return ret;
}

static bool ref_in_bounds(struct sfs_volume *vol, const struct sfs_ref *ref)
{
	return ref->blkno >= vol->first_meta_block &&
	       ref->blkno < vol->total_meta_blocks;
}

/* A cached block of another seq is from the number's former life: drop it. */
static bool block_is_stale(struct sfs_block *blk, const struct sfs_ref *ref)
{
	return blk->seq != ref->seq && !sfs_block_is_dirty(blk);
}

static const char *block_mismatch(struct sfs_block *blk,
				  const struct sfs_ref *ref, u64 owner, u8 type)
{
	const struct sfs_block_hdr *hdr = blk->data;

	if (blk->seq != ref->seq)
		return "block-reference";
	if (le64_to_cpu(hdr->owner) != owner)
		return "block-owner";
	if (hdr->type != type)
		return "block-type";
	return NULL;
}

int sfs_block_read(struct sfs_volume *vol, const struct sfs_ref *ref, u64 owner,
		   u8 type, struct sfs_block **ret_blk)
{
	struct sfs_block *blk;
	const char *why;
	int tries = 0;
	int ret;

	if (!ref_in_bounds(vol, ref)) {
		sfs_err(vol, "metadata block %llu of %llx: block-bounds: corrupt",
			ref->blkno, owner);
		return -EUCLEAN;
	}
	do {
		blk = cache_get(vol, ref->blkno, GFP_MUST);
		if (IS_ERR(blk))
			return PTR_ERR(blk);
		if (test_bit(SFS_BLOCK_UPTODATE, &blk->flags)) {
			smp_mb__after_atomic(); /* the bit before contents */
			sfs_count(vol, block_cache_hit);
			ret = 0;
		} else {
			ret = block_make_uptodate(vol, blk, ref, owner);
		}
		if (!ret && block_is_stale(blk, ref)) {
			sfs_count(vol, block_cache_remove_stale);
			cache_remove(vol, blk);
			ret = -EAGAIN;
		}
		if (ret)
			sfs_block_put(blk);
	} while (ret == -EAGAIN && ++tries < 8);
	if (ret)
		return ret == -EAGAIN ? -EUCLEAN : ret;

	why = block_mismatch(blk, ref, owner, type);
	if (why) {
		sfs_err(vol, "metadata block %llu of %llx: %s: corrupt",
			blk->blkno, owner, why);
		sfs_block_put(blk);
		return -EUCLEAN;
	}
	if (!test_bit(SFS_BLOCK_REFERENCED, &blk->flags))
		set_bit(SFS_BLOCK_REFERENCED, &blk->flags);
	*ret_blk = blk;
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_block_read);

/* ---- reading several at once ------------------------------------------------ */

/* Largest request, so that its buffer is easy to get. */
#define SFS_READAHEAD_BYTES	(128U << 10)

/* Give a block the bytes that were read for it, if they are what ref says. */
static void block_take_bytes(struct sfs_volume *vol, const struct sfs_ref *ref,
			     const void *bytes)
{
	struct sfs_block *blk = cache_get(vol, ref->blkno, GFP_TRY);

	if (IS_ERR(blk))
		return;
	if (mutex_trylock(&blk->read_lock)) {
		if (!test_bit(SFS_BLOCK_UPTODATE, &blk->flags) &&
		    !test_bit(SFS_BLOCK_ERROR, &blk->flags)) {
			memcpy(blk->data, bytes, vol->block_bytes);
			if (!sfs_block_verify(vol, blk->data, ref)) {
				blk->seq = ref->seq;
				/* contents before the bit */
				smp_mb__before_atomic();
				set_bit(SFS_BLOCK_UPTODATE, &blk->flags);
			}
		}
		mutex_unlock(&blk->read_lock);
	}
	sfs_block_put(blk);
}

static bool block_is_wanted(struct sfs_volume *vol, const struct sfs_ref *ref)
{
	return ref_in_bounds(vol, ref) &&
	       !xa_load(&vol->cache.blocks, ref->blkno);
}

/* How many of the references follow each other on the device. */
static unsigned int run_length(struct sfs_volume *vol,
			       const struct sfs_ref *refs, unsigned int nr)
{
	unsigned int most = min(nr, SFS_READAHEAD_BYTES >> vol->block_shift);
	unsigned int i = 1;

	while (i < most && refs[i].blkno == refs[0].blkno + i &&
	       block_is_wanted(vol, &refs[i]))
		i++;
	return i;
}

static void read_run(struct sfs_volume *vol, const struct sfs_ref *refs,
		     unsigned int nr)
{
	u32 len = nr << vol->block_shift;
	void *buf = kvmalloc(len, GFP_NOFS | __GFP_NOWARN);
	unsigned int i;

	if (!buf)
		return;
	if (!vol->meta->ops->read(vol->meta, refs[0].blkno << vol->block_shift,
				  buf, len)) {
		for (i = 0; i < nr; i++)
			block_take_bytes(vol, &refs[i],
					 buf + ((size_t)i << vol->block_shift));
		sfs_count_add(vol, block_readahead, nr);
	}
	kvfree(buf);
}

static int cmp_refs(const void *a, const void *b)
{
	const struct sfs_ref *x = a;
	const struct sfs_ref *y = b;

	return x->blkno < y->blkno ? -1 : x->blkno > y->blkno;
}

void sfs_block_readahead(struct sfs_volume *vol, struct sfs_ref *refs,
			 unsigned int nr)
{
	unsigned int i = 0, run;

	sort(refs, nr, sizeof(*refs), cmp_refs, NULL);
	while (i < nr) {
		run = 1;
		if (block_is_wanted(vol, &refs[i])) {
			run = run_length(vol, &refs[i], nr - i);
			/* A single one is read when somebody needs it. */
			if (run > 1)
				read_run(vol, &refs[i], run);
		}
		i += run;
	}
}
EXPORT_SYMBOL_GPL(sfs_block_readahead);

static void block_stamp(struct sfs_trans *tr, struct sfs_block *blk,
			struct sfs_ref *ref)
{
	struct sfs_block_hdr *hdr = blk->data;

	blk->seq = sfs_trans_seq(tr);
	hdr->blkno = cpu_to_le64(blk->blkno);
	hdr->seq = cpu_to_le64(blk->seq);
	hdr->csum = 0;
	ref->blkno = blk->blkno;
	ref->seq = blk->seq;
	ref->crc = 0;
}

/*
 * An operation can be told that there is no memory.  Without a holder it is
 * the commit that changes blocks, and that must not fail half way.
 */
static gfp_t change_gfp(struct sfs_trans *tr)
{
	return READ_ONCE(tr->holders) ? GFP_NOFS : GFP_MUST;
}

int sfs_block_new(struct sfs_trans *tr, u64 owner, u8 type, struct sfs_ref *ref,
		  struct sfs_block **ret_blk)
{
	struct sfs_volume *vol = tr->vol;
	struct sfs_block_hdr *hdr;
	struct sfs_block *blk;
	u64 blkno;
	int ret;

	ret = sfs_trans_alloc_block(tr, &blkno);
	if (ret)
		return ret;
	blk = block_alloc(vol, blkno, change_gfp(tr) | __GFP_ZERO);
	ret = blk ? cache_insert_new(vol, blk, change_gfp(tr)) : -ENOMEM;
	if (ret) {
		if (blk)
			block_free(blk);
		sfs_trans_free_block(tr, blkno, true);
		return ret;
	}
	hdr = blk->data;
	hdr->magic = cpu_to_le32(type == SFS_BLOCK_BTREE ? SFS_MAGIC_BTREE :
							   SFS_MAGIC_EXTLIST);
	hdr->fsid = cpu_to_le64(vol->fsid);
	hdr->owner = cpu_to_le64(owner);
	hdr->type = type;
	block_stamp(tr, blk, ref);
	set_bit(SFS_BLOCK_UPTODATE, &blk->flags);
	sfs_trans_dirty_block(tr, blk);
	*ret_blk = blk;
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_block_new);

/*
 * Give a clean block that nobody else uses another number instead of copying
 * it.  Its old contents stay on the device under the old number.
 */
static bool block_rehome(struct sfs_trans *tr, struct sfs_block *blk, u64 blkno)
{
	struct sfs_volume *vol = tr->vol;

	/* Two references: the cache's and the caller's. Zero hides it. */
	if (atomic_cmpxchg(&blk->refs, 2, 0) != 2)
		return false;
	if (xa_cmpxchg(&vol->cache.blocks, blk->blkno, blk, NULL, GFP_NOFS) !=
	    blk) {
		atomic_set(&blk->refs, 2);
		return false;
	}
	cache_unlink_lru(&vol->cache, blk);
	blk->blkno = blkno;
	atomic_set(&blk->refs, 2);
	if (cache_insert_new(vol, blk, change_gfp(tr))) {
		/* No memory for the index: the caller's copy dies with it. */
		atomic_set(&blk->refs, 1);
		return false;
	}
	sfs_count(vol, block_rehome);
	return true;
}

static int block_copy(struct sfs_trans *tr, struct sfs_block **blk, u64 blkno)
{
	struct sfs_volume *vol = tr->vol;
	struct sfs_block *copy = block_alloc(vol, blkno, change_gfp(tr));
	int ret;

	if (!copy)
		return -ENOMEM;
	memcpy(copy->data, (*blk)->data, vol->block_bytes);
	set_bit(SFS_BLOCK_UPTODATE, &copy->flags);
	ret = cache_insert_new(vol, copy, change_gfp(tr));
	if (ret) {
		block_free(copy);
		return ret;
	}
	/* A clean original is of no further use. */
	if (!sfs_block_is_dirty(*blk))
		cache_remove(vol, *blk);
	sfs_block_put(*blk);
	*blk = copy;
	sfs_count(vol, block_cow);
	return 0;
}

int sfs_block_dirty(struct sfs_trans *tr, struct sfs_block **blk,
		    struct sfs_ref *ref)
{
	u64 old = ref->blkno;
	u64 blkno;
	int ret;

	if ((*blk)->seq == sfs_trans_seq(tr))
		return 0;
	ret = sfs_trans_alloc_block(tr, &blkno);
	if (ret)
		return ret;
	if (sfs_block_is_dirty(*blk) || !block_rehome(tr, *blk, blkno)) {
		ret = block_copy(tr, blk, blkno);
		if (ret) {
			sfs_trans_free_block(tr, blkno, true);
			return ret;
		}
	}
	block_stamp(tr, *blk, ref);
	sfs_trans_dirty_block(tr, *blk);
	sfs_trans_free_block(tr, old, false);
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_block_dirty);

void sfs_block_free(struct sfs_trans *tr, const struct sfs_ref *ref)
{
	struct sfs_volume *vol = tr->vol;
	bool at_once = ref->seq == sfs_trans_seq(tr);
	struct sfs_block *blk;

	rcu_read_lock();
	blk = xa_load(&vol->cache.blocks, ref->blkno);
	if (blk && !atomic_inc_not_zero(&blk->refs))
		blk = NULL;
	rcu_read_unlock();

	if (blk && at_once)
		sfs_trans_forget_block(tr, blk);
	if (blk && !sfs_block_is_dirty(blk))
		cache_remove(vol, blk);
	sfs_block_put(blk);
	sfs_trans_free_block(tr, ref->blkno, at_once);
}
EXPORT_SYMBOL_GPL(sfs_block_free);

int sfs_cache_init(struct sfs_cache *cache, unsigned long nr_max)
{
	xa_init(&cache->blocks);
	spin_lock_init(&cache->lock);
	INIT_LIST_HEAD(&cache->lru);
	cache->nr = 0;
	cache->nr_max = nr_max;
	return 0;
}

static bool cache_evict_locked(struct sfs_cache *cache, struct sfs_block *blk)
	__must_hold(&cache->lock)
{
	lockdep_assert_held(&cache->lock);
	if (sfs_block_is_dirty(blk) ||
	    test_and_clear_bit(SFS_BLOCK_REFERENCED, &blk->flags) ||
	    atomic_cmpxchg(&blk->refs, 1, 0) != 1) {
		list_move_tail(&blk->lru, &cache->lru);
		return false;
	}
	list_del_init(&blk->lru);
	cache->nr--;
	return true;
}

unsigned long sfs_cache_shrink(struct sfs_volume *vol, unsigned long nr)
{
	struct sfs_cache *cache = &vol->cache;
	unsigned long scan = 4 * nr;
	unsigned long freed = 0;
	struct sfs_block *blk;

	while (freed < nr && scan--) {
		spin_lock(&cache->lock);
		blk = list_first_entry_or_null(&cache->lru, struct sfs_block,
					       lru);
		if (blk && !cache_evict_locked(cache, blk)) {
			spin_unlock(&cache->lock);
			continue;
		}
		spin_unlock(&cache->lock);
		if (!blk)
			break;
		xa_cmpxchg(&cache->blocks, blk->blkno, blk, NULL, GFP_NOFS);
		block_free(blk);
		freed++;
	}
	sfs_count_add(vol, block_cache_reclaim, freed);
	return freed;
}
EXPORT_SYMBOL_GPL(sfs_cache_shrink);

void sfs_cache_exit(struct sfs_volume *vol)
{
	struct sfs_cache *cache = &vol->cache;
	struct sfs_block *blk;
	unsigned long index;

	xa_for_each(&cache->blocks, index, blk) {
		xa_erase(&cache->blocks, index);
		list_del_init(&blk->lru);
		WARN_ON_ONCE(atomic_read(&blk->refs) != 1);
		sfs_block_put(blk);
	}
	xa_destroy(&cache->blocks);
}
