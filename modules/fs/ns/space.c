// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mount's space: getting grants, taking data blocks, freeing extents, discarding.
 *
 * Metadata blocks that a commit frees come back to the mount's own pool; data
 * extents and surplus metadata go into the freed tree, which is offered to the
 * leader as a numbered return.
 */
#include "fs/ns/fs.h"

#define SFS_META_GRANT_MIN	1024	/* blocks asked for at once */
#define SFS_META_GRANT_MAX	16384
#define SFS_DATA_GRANT_MIN	1024
#define SFS_DATA_GRANT_MAX	262144	/* 1 GiB */
/* A pool with more pieces gives the small ones back. */
#define SFS_META_POOL_EXTENTS	1024
#define SFS_META_TRIM_BATCH	32
/* splitting one extent adds one; the record holds SFS_RECORD_DATA_EXTENTS */
#define SFS_DATA_POOL_EXTENTS	(SFS_RECORD_DATA_EXTENTS - 2)
/* so many extents that were discarded are returned together */
#define SFS_TRIM_KEPT_EXTENTS	256
/* who asks for so many at once is a stream: it will ask again */
#define SFS_DATA_STREAM_MIN	256

static u64 grant_size(u64 total, u64 least, u64 most)
{
	return clamp_t(u64, total / 64, least, most);
}

static u64 data_grant_size(const struct sfs_fs *fs)
{
	return grant_size(fs->vol->total_data_blocks, SFS_DATA_GRANT_MIN,
			  SFS_DATA_GRANT_MAX);
}

/* One more extent of data; held: not for allocation. */
static int take_data_extent(struct sfs_fs *fs, const struct sfs_extent *ext,
			    bool held)
{
	int ret = 0;

	mutex_lock(&fs->data_lock);
	if (held)
		fs->data_held = *ext;
	else
		ret = sfs_pool_add(&fs->data_pool, ext->start, ext->len);
	mutex_unlock(&fs->data_lock);
	return ret;
}

/*
 * Take a grant's extents and its id in one transaction: a commit in between
 * would store some of the extents under the old id.
 */
static int take_grant(struct sfs_fs *fs, const struct sfs_grant *grant,
		      bool held)
{
	unsigned int i;
	int ret;

	ret = sfs_trans_hold(&fs->trans, 0, SFS_HOLD_RESERVE);
	if (ret)
		return ret;
	/* before the extents: see sfs_space_has_moved() */
	WRITE_ONCE(fs->grant_id, grant->id);
	for (i = 0; i < grant->nr && !ret; i++) {
		const struct sfs_extent *ext = &grant->ext[i];

		if (grant->space == SFS_SPACE_META)
			ret = sfs_trans_add_space(&fs->trans, ext->start,
						  ext->len);
		else
			ret = take_data_extent(fs, ext, held);
	}
	if (ret)
		sfs_volume_withdraw(fs->vol, ret, "grant-overlaps-pool");
	sfs_trans_changed(&fs->trans);
	sfs_trans_release(&fs->trans, 0);
	return ret;
}

static int get_grant_locked(struct sfs_fs *fs, u8 space, u64 want, bool reserve)
	__must_hold(&fs->grant_lock)
{
	struct sfs_grant *grant;
	int ret;

	lockdep_assert_held(&fs->grant_lock);
	if (fs->vol->read_only)
		return -EROFS;
	grant = kmalloc(sizeof(*grant), GFP_NOFS);
	if (!grant)
		return -ENOMEM;
	do {
		ret = sfs_coord_grant(&fs->coord, fs->slot, fs->grant_durable,
				      fs->grant_id, space, want, reserve,
				      grant);
		if (!ret)
			ret = take_grant(fs, grant, false);
		/* one of before, whose reply got lost: ask again */
	} while (!ret && grant->space != space);
	kfree(grant);
	return ret;
}

static bool have_freed(struct sfs_fs *fs)
{
	return fs->trans.freed.total || fs->freed.height || fs->ret.height;
}

static bool meta_suffices(struct sfs_fs *fs, u64 blocks, bool reserve)
{
	return sfs_trans_available(&fs->trans,
				   reserve ? SFS_HOLD_RESERVE : 0) >= blocks;
}

static u64 meta_grant_size(const struct sfs_fs *fs)
{
	return grant_size(fs->vol->total_meta_blocks, SFS_META_GRANT_MIN,
			  SFS_META_GRANT_MAX);
}

/* So that operations need not wait for the leader's commit. */
void sfs_meta_refill_ahead(struct sfs_fs *fs)
{
	u64 low = fs->trans.keep + meta_grant_size(fs) / 4;

	/* not for who changes nothing */
	if (READ_ONCE(fs->opened_ns) && sfs_meta_is_low(fs, low)) {
		mutex_lock(&fs->grant_lock);
		/* who cannot do without asks again, and hears why there is none */
		get_grant_locked(fs, SFS_SPACE_META, meta_grant_size(fs),
				 false);
		mutex_unlock(&fs->grant_lock);
	}
	/* a volume that has little left is not asked with each operation */
	WRITE_ONCE(fs->meta_low, sfs_meta_is_low(fs, low) ? 0 : low);
}

int sfs_meta_refill(struct sfs_fs *fs, u64 blocks, bool reserve)
{
	u64 want = meta_grant_size(fs);
	int ret = 0;

	want = max(want, 2 * blocks + fs->trans.keep);
	mutex_lock(&fs->grant_lock);
	if (!meta_suffices(fs, blocks, reserve))
		ret = get_grant_locked(fs, SFS_SPACE_META, want, reserve);
	mutex_unlock(&fs->grant_lock);
	if (ret != -ENOSPC || !have_freed(fs))
		return ret;
	/* What was freed and is not durable yet may be all there is. */
	ret = sfs_fs_offer_returns(fs);
	if (ret || meta_suffices(fs, blocks, reserve))
		return ret;
	mutex_lock(&fs->grant_lock);
	ret = get_grant_locked(fs, SFS_SPACE_META, want, reserve);
	mutex_unlock(&fs->grant_lock);
	return ret;
}

/* ---- data --------------------------------------------------------------- */

/* What is being discarded is free soon. */
static bool have_freed_data(struct sfs_fs *fs)
{
	if (READ_ONCE(fs->data_held.len)) {
		mutex_lock(&fs->trim_lock);
		mutex_unlock(&fs->trim_lock);
	}
	return have_freed(fs);
}

int sfs_data_refill(struct sfs_fs *fs, u64 want)
{
	u64 ask = data_grant_size(fs);
	int ret = 0;

	mutex_lock(&fs->grant_lock);
	if (!fs->data_pool.total)
		ret = get_grant_locked(fs, SFS_SPACE_DATA, max(ask, want),
				       false);
	mutex_unlock(&fs->grant_lock);
	if (ret != -ENOSPC || !have_freed_data(fs))
		return ret;
	ret = sfs_fs_offer_returns(fs);
	if (ret)
		return ret;
	mutex_lock(&fs->grant_lock);
	if (!fs->data_pool.total)
		ret = get_grant_locked(fs, SFS_SPACE_DATA, max(ask, want),
				       false);
	mutex_unlock(&fs->grant_lock);
	return ret;
}

/* From the front of the largest extent: never makes one more of them. */
static u64 take_front(struct sfs_pool *pool, u64 want, u64 *start)
{
	unsigned int best = 0;
	unsigned int i;
	u64 len;

	if (!pool->nr)
		return 0;
	for (i = 1; i < pool->nr; i++)
		if (pool->ext[i].len > pool->ext[best].len)
			best = i;
	*start = pool->ext[best].start;
	len = min(want, pool->ext[best].len);
	return sfs_pool_remove(pool, *start, len) ? 0 : len;
}

/* Right behind the data before, even if that is less than what is wanted. */
static u64 take_at(struct sfs_pool *pool, u64 hint, u64 want, u64 *start)
{
	unsigned int i;
	u64 into, len;

	for (i = 0; i < pool->nr; i++) {
		into = hint - pool->ext[i].start;
		if (hint < pool->ext[i].start || into >= pool->ext[i].len)
			continue;
		/* at the record's limit no extent may become two */
		if (into && pool->nr >= SFS_DATA_POOL_EXTENTS)
			return 0;
		*start = hint;
		len = min(want, pool->ext[i].len - into);
		return sfs_pool_remove(pool, hint, len) ? 0 : len;
	}
	return 0;
}

/*
 * Each extent's front is where some stream goes on, so one that has to begin
 * elsewhere leaves it alone and takes half of the largest extent's room.
 */
static u64 take_apart(struct sfs_pool *pool, u64 want, u64 *start)
{
	unsigned int best = 0;
	unsigned int i;
	u64 have;

	for (i = 1; i < pool->nr; i++)
		if (pool->ext[i].len > pool->ext[best].len)
			best = i;
	have = pool->nr ? pool->ext[best].len : 0;
	if (have <= want || pool->nr >= SFS_DATA_POOL_EXTENTS)
		return take_front(pool, want, start);
	*start = pool->ext[best].start + min(have / 2, have - want);
	return sfs_pool_remove(pool, *start, want) ? 0 : want;
}

static u64 take_data(struct sfs_pool *pool, u64 hint, u64 want, u64 *start)
{
	u64 len = hint ? take_at(pool, hint, want, start) : 0;

	if (len)
		return len;
	if (hint && want >= SFS_DATA_STREAM_MIN)
		return take_apart(pool, want, start);
	if (pool->nr < SFS_DATA_POOL_EXTENTS)
		return sfs_pool_take_near(pool, hint, want, start);
	return take_front(pool, want, start);
}

int sfs_data_alloc(struct sfs_op *op, u64 hint, u64 want, u64 *start, u64 *len)
{
	struct sfs_fs *fs = op->fs;

	mutex_lock(&fs->data_lock);
	*len = take_data(&fs->data_pool, hint, want, start);
	mutex_unlock(&fs->data_lock);
	if (!*len)
		return -ENOSPC;
	sfs_trans_changed(&fs->trans);
	return 0;
}

static int free_extent_locked(struct sfs_fs *fs, u8 space, u64 start, u64 len)
	__must_hold(&fs->freed_lock)
{
	struct sfs_key first = SFS_KEY(space, 0, 0, 0);
	struct sfs_key key = SFS_KEY(space, 0, start + len - 1, 0);
	__le64 val;
	u64 have = 0;
	int ret;

	lockdep_assert_held(&fs->freed_lock);
	ret = sfs_btree_prev(fs->vol, &fs->freed, &key, &first, &val,
			     sizeof(val));
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (ret >= 0)
		have = le64_to_cpu(val);
	if (have && key.a + have > start)
		return -EUCLEAN;
	if (have && key.a + have == start) {
		val = cpu_to_le64(have + len);
		ret = sfs_btree_update(&fs->trans, &fs->freed, &key, &val,
				       sizeof(val));
	} else {
		key = SFS_KEY(space, 0, start, 0);
		val = cpu_to_le64(len);
		ret = sfs_btree_insert(&fs->trans, &fs->freed, &key, &val,
				       sizeof(val));
		if (!ret)
			fs->nr_freed++;
	}
	if (!ret)
		fs->freed_blocks[space] += len;
	return ret;
}

static int free_extent(struct sfs_fs *fs, u8 space, u64 start, u64 len)
{
	int ret;

	mutex_lock(&fs->freed_lock);
	ret = free_extent_locked(fs, space, start, len);
	mutex_unlock(&fs->freed_lock);
	if (ret == -EUCLEAN) {
		sfs_err(fs->vol, "%s extent %llu,%llu: free-twice: corrupt",
			space == SFS_SPACE_META ? "metadata" : "data", start,
			len);
		sfs_volume_withdraw(fs->vol, ret, "free-twice");
	}
	return ret;
}

int sfs_data_free(struct sfs_op *op, u64 start, u64 len)
{
	struct sfs_volume *vol = op->fs->vol;

	if (start < SFS_DATA_FIRST_BLOCK || !len ||
	    start >= vol->total_data_blocks ||
	    len > vol->total_data_blocks - start) {
		sfs_err(vol, "data extent %llu,%llu: extent-bounds: corrupt",
			start, len);
		return -EUCLEAN;
	}
	return free_extent(op->fs, SFS_SPACE_DATA, start, len);
}

/* ---- keeping the metadata pool in shape --------------------------------- */

static bool take_fragment(struct sfs_trans *tr, u64 keep_total,
			  struct sfs_extent *ext)
{
	bool found = false;
	unsigned int i;

	mutex_lock(&tr->lock);
	if (tr->pool.nr > SFS_META_POOL_EXTENTS && tr->pool.total > keep_total)
		for (i = 0; i < tr->pool.nr && !found; i++) {
			*ext = tr->pool.ext[i];
			found = ext->len <= 8;
		}
	if (found)
		found = !sfs_pool_remove(&tr->pool, ext->start, ext->len);
	mutex_unlock(&tr->lock);
	return found;
}

int sfs_meta_trim(struct sfs_fs *fs)
{
	u64 keep_total = meta_grant_size(fs);
	struct sfs_trans *tr = &fs->trans;
	struct sfs_extent ext;
	unsigned int i;
	u64 blocks;
	int ret;

	if (READ_ONCE(tr->pool.nr) <= SFS_META_POOL_EXTENTS)
		return 0;
	blocks = SFS_META_TRIM_BATCH * SFS_BTREE_DIRTY_MAX(fs->freed.height + 1);
	ret = sfs_trans_hold(tr, blocks, 0);
	if (ret)
		return ret == -ENOSPC ? 0 : ret;
	for (i = 0; i < SFS_META_TRIM_BATCH && !ret; i++) {
		if (!take_fragment(tr, keep_total, &ext))
			break;
		ret = free_extent(fs, SFS_SPACE_META, ext.start, ext.len);
		if (ret && ret != -EUCLEAN)
			ret = sfs_trans_add_space(tr, ext.start, ext.len);
	}
	sfs_trans_release(tr, blocks);
	return ret;
}

/* ---- discarding ---------------------------------------------------------- */

/*
 * One extent at a time: granted by its place, held beside the pool, discarded, freed,
 * returned with others.  It is the leader's, then this mount's, and free all the
 * while: what the leader has to give was free in a durable transaction of whoever
 * freed it.  The record names it as one of the pool's, so a crash loses nothing.
 */

/* An answer may be to a request of before: that is a grant like any other. */
static bool is_to_discard(const struct sfs_fs *fs, const struct sfs_trim *trim,
			  const struct sfs_grant *grant)
{
	const struct sfs_extent *ext = &grant->ext[0];

	return grant->space == SFS_SPACE_DATA && grant->nr == 1 && ext->len &&
	       ext->start >= trim->range.from &&
	       ext->start < trim->range.end &&
	       ext->len <= trim->range.end - ext->start;
}

static int hold_extent_locked(struct sfs_fs *fs, const struct sfs_trim *trim)
	__must_hold(&fs->grant_lock)
{
	u64 want = max(data_grant_size(fs), trim->range.min_len);
	struct sfs_grant *grant;
	bool held = false;
	int ret;

	lockdep_assert_held(&fs->grant_lock);
	grant = kmalloc(sizeof(*grant), GFP_NOFS);
	if (!grant)
		return -ENOMEM;
	do {
		ret = sfs_coord_grant_at(&fs->coord, fs->slot,
					 fs->grant_durable, fs->grant_id,
					 &trim->range, want, grant);
		held = !ret && is_to_discard(fs, trim, grant);
		if (!ret)
			ret = take_grant(fs, grant, held);
	} while (!ret && !held);
	kfree(grant);
	return ret == -ENOSPC ? -ENOENT : ret;
}

static void no_more_held(struct sfs_fs *fs)
{
	mutex_lock(&fs->data_lock);
	fs->data_held.len = 0;
	mutex_unlock(&fs->data_lock);
	sfs_trans_changed(&fs->trans);
}

/* Without metadata for the freed tree, files may have it. */
static int pool_held(struct sfs_fs *fs)
{
	int ret = sfs_trans_hold(&fs->trans, 0, SFS_HOLD_RESERVE);

	if (ret)
		return ret;
	ret = take_data_extent(fs, &fs->data_held, false);
	if (!ret)
		no_more_held(fs);
	sfs_trans_release(&fs->trans, 0);
	return ret ?: -ENOSPC;
}

/* What was held is free, and returned with all else that is. */
static int free_held(struct sfs_fs *fs)
{
	u64 blocks;
	int ret;

	if (!fs->data_held.len)
		return 0;
	blocks = SFS_BTREE_DIRTY_MAX(fs->freed.height + 1);
	ret = sfs_trans_hold(&fs->trans, blocks, SFS_HOLD_RESERVE);
	if (ret)
		return ret == -ENOSPC ? pool_held(fs) : ret;
	ret = free_extent(fs, SFS_SPACE_DATA, fs->data_held.start,
			  fs->data_held.len);
	if (!ret)
		no_more_held(fs);
	sfs_trans_release(&fs->trans, blocks);
	return ret;
}

/*
 * The record has room for what is held, and for one extent more than the pool has when
 * this begins: a grant whose answer got lost may come before the one that is asked for.
 */
static int shorten_pool(struct sfs_fs *fs)
{
	struct sfs_extent ext;
	int ret = 0;

	while (!ret && READ_ONCE(fs->data_pool.nr) > SFS_DATA_POOL_EXTENTS) {
		ret = sfs_trans_hold(&fs->trans, 0, SFS_HOLD_RESERVE);
		if (ret)
			break;
		mutex_lock(&fs->data_lock);
		ext = fs->data_pool.ext[fs->data_pool.nr - 1];
		ret = sfs_pool_remove(&fs->data_pool, ext.start, ext.len);
		if (!ret)
			fs->data_held = ext;
		mutex_unlock(&fs->data_lock);
		sfs_trans_changed(&fs->trans);
		sfs_trans_release(&fs->trans, 0);
		if (!ret)
			ret = free_held(fs);
	}
	return ret;
}

static int discard_held(struct sfs_fs *fs)
{
	struct sfs_volume *vol = fs->vol;
	int ret = sfs_volume_may_write(vol);

	if (ret)
		return ret;
	return vol->data->ops->discard(vol->data, vol->data_start_bytes +
				       (fs->data_held.start <<
					SFS_DATA_BLOCK_SHIFT),
				       fs->data_held.len <<
				       SFS_DATA_BLOCK_SHIFT);
}

static int trim_next_locked(struct sfs_fs *fs, struct sfs_trim *trim)
	__must_hold(&fs->trim_lock)
{
	struct sfs_extent ext;
	int ret, err;

	/* held still: freeing it failed before */
	ret = free_held(fs) ?: shorten_pool(fs);
	if (ret)
		return ret;
	mutex_lock(&fs->grant_lock);
	ret = hold_extent_locked(fs, trim);
	mutex_unlock(&fs->grant_lock);
	if (ret)
		return ret;
	ext = fs->data_held;
	ret = discard_held(fs);
	err = free_held(fs);
	if (ret)
		return ret;
	sfs_count(fs->vol, discard);
	trim->range.from = ext.start + ext.len;
	trim->blocks += ext.len;
	trim->kept += ext.len;
	return err;
}

int sfs_trim_start(struct sfs_fs *fs, struct sfs_trim *trim)
{
	if (fs->read_only || fs->vol->read_only)
		return -EROFS;
	if (!fs->vol->data->ops->discard)
		return -EOPNOTSUPP;
	trim->range.end = min(trim->range.end, fs->vol->total_data_blocks);
	trim->range.from = clamp_t(u64, trim->range.from, SFS_DATA_FIRST_BLOCK,
				   trim->range.end);
	return sfs_fs_offer_returns(fs);
}

int sfs_trim_next(struct sfs_fs *fs, struct sfs_trim *trim)
{
	int ret;

	mutex_lock(&fs->trim_lock);
	ret = trim_next_locked(fs, trim);
	mutex_unlock(&fs->trim_lock);
	if (ret)
		return ret;
	if (trim->kept < data_grant_size(fs) &&
	    READ_ONCE(fs->nr_freed) < SFS_TRIM_KEPT_EXTENTS)
		return 0;
	return sfs_trim_end(fs, trim);
}

int sfs_trim_end(struct sfs_fs *fs, struct sfs_trim *trim)
{
	int ret = trim->kept ? sfs_fs_offer_returns(fs) : 0;

	trim->kept = 0;
	return ret;
}
