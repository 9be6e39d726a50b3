// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transaction pipeline: holds, commits, and the pool behind them.
 *
 *	hold ... release	any number, in the open transaction
 *	commit			closes it when the last holder left, opens the
 *				next, writes blocks, flushes, writes the root
 *	sync			the same, but writes blocks and root at once, then
 *				flushes; the root counts if all blocks are there
 *
 * Only blocks of the transaction that is open are ever changed, so the writes
 * need no copies and no locks.  commit_lock serialises commits; lock is never
 * held across I/O.
 *
 * Lock order: see Documentation/lock-order.rst, level "transaction".
 */
#include "format/trans.h"
#include "format/volume.h"

/* Kept free beyond all reservations, for pool list blocks and rounding. */
#define SFS_TRANS_SLACK		32
#define SFS_TRANS_WRITE_RUN	256
/* others wait for it that syncs are settled: memory, statfs, the stable seq */
#define SFS_TRANS_SETTLE_NS	NSEC_PER_SEC

int sfs_trans_init(struct sfs_trans *tr, struct sfs_volume *vol,
		   const struct sfs_trans_ops *ops, void *arg, u64 seq)
{
	memset(tr, 0, sizeof(*tr));
	tr->vol = vol;
	tr->ops = ops;
	tr->arg = arg;
	tr->seq = seq;
	mutex_init(&tr->lock);
	mutex_init(&tr->commit_lock);
	init_waitqueue_head(&tr->wait);
	INIT_LIST_HEAD(&tr->dirty);
	sfs_pool_init(&tr->pool);
	sfs_pool_init(&tr->freed);
	sfs_pool_init(&tr->writing_freed);
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_trans_init);

static void drop_dirty_list(struct list_head *list)
{
	struct sfs_block *blk, *tmp;

	list_for_each_entry_safe(blk, tmp, list, dirty_link) {
		list_del_init(&blk->dirty_link);
		smp_mb__before_atomic(); /* off the list before it is clean */
		clear_bit(SFS_BLOCK_DIRTY, &blk->flags);
		sfs_block_put(blk);
	}
}

void sfs_trans_exit(struct sfs_trans *tr)
{
	WARN_ON_ONCE(tr->holders);
	drop_dirty_list(&tr->dirty);
	sfs_pool_exit(&tr->pool);
	sfs_pool_exit(&tr->freed);
	sfs_pool_exit(&tr->writing_freed);
	mutex_destroy(&tr->lock);
	mutex_destroy(&tr->commit_lock);
}
EXPORT_SYMBOL_GPL(sfs_trans_exit);

/* ---- holds ------------------------------------------------------------------ */

static u64 trans_available_locked(struct sfs_trans *tr, unsigned int flags)
	__must_hold(&tr->lock)
{
	u64 used = tr->reserved + tr->commit_need + SFS_TRANS_SLACK;

	lockdep_assert_held(&tr->lock);
	if (!(flags & SFS_HOLD_RESERVE))
		used += tr->keep;
	return tr->pool.total > used ? tr->pool.total - used : 0;
}

u64 sfs_trans_available(struct sfs_trans *tr, unsigned int flags)
{
	u64 avail;

	mutex_lock(&tr->lock);
	avail = trans_available_locked(tr, flags);
	mutex_unlock(&tr->lock);
	return avail;
}
EXPORT_SYMBOL_GPL(sfs_trans_available);

/* Make room in the arrays now: holders would wait for memory with more locks. */
static void grow_pools_locked(struct sfs_trans *tr, u64 blocks)
	__must_hold(&tr->lock)
{
	u64 more = tr->reserved + tr->commit_need + SFS_TRANS_SLACK + blocks;

	sfs_pool_grow(&tr->freed, more);
	sfs_pool_grow(&tr->pool, more);
}

int sfs_trans_hold(struct sfs_trans *tr, u64 blocks, unsigned int flags)
{
	int ret;

	for (;;) {
		ret = sfs_volume_error(tr->vol);
		if (ret)
			return ret;
		mutex_lock(&tr->lock);
		if (tr->closing) {
			mutex_unlock(&tr->lock);
			wait_event(tr->wait, !READ_ONCE(tr->closing));
			continue;
		}
		if (trans_available_locked(tr, flags) >= blocks) {
			grow_pools_locked(tr, blocks);
			tr->holders++;
			tr->reserved += blocks;
			mutex_unlock(&tr->lock);
			sfs_count(tr->vol, trans_hold);
			return 0;
		}
		mutex_unlock(&tr->lock);
		ret = tr->ops->need_space(tr->arg, blocks, flags);
		if (ret)
			return ret;
	}
}
EXPORT_SYMBOL_GPL(sfs_trans_hold);

void sfs_trans_release(struct sfs_trans *tr, u64 blocks)
{
	mutex_lock(&tr->lock);
	tr->reserved -= blocks;
	if (!--tr->holders && tr->closing)
		wake_up_all(&tr->wait);
	mutex_unlock(&tr->lock);
}
EXPORT_SYMBOL_GPL(sfs_trans_release);

/* ---- blocks ------------------------------------------------------------------ */

int sfs_trans_alloc_block(struct sfs_trans *tr, u64 *blkno)
{
	u64 len;

	mutex_lock(&tr->lock);
	len = sfs_pool_take(&tr->pool, 1, blkno);
	mutex_unlock(&tr->lock);
	/* Reservations make sure that this does not happen. */
	return WARN_ON_ONCE(!len) ? -ENOSPC : 0;
}

void sfs_trans_free_block(struct sfs_trans *tr, u64 blkno, bool at_once)
{
	int ret;

	mutex_lock(&tr->lock);
	if (sfs_pool_overlaps(&tr->pool, blkno, 1) ||
	    sfs_pool_overlaps(&tr->freed, blkno, 1) ||
	    sfs_pool_overlaps(&tr->writing_freed, blkno, 1))
		ret = -EUCLEAN;
	else
		ret = sfs_pool_add(at_once ? &tr->pool : &tr->freed, blkno, 1);
	mutex_unlock(&tr->lock);
	if (ret) {
		sfs_err(tr->vol, "metadata block %llu: free-twice: error %d",
			blkno, ret);
		sfs_volume_withdraw(tr->vol, ret, "free-twice");
	}
}

int sfs_trans_add_space(struct sfs_trans *tr, u64 start, u64 len)
{
	int ret;

	mutex_lock(&tr->lock);
	if (sfs_pool_overlaps(&tr->freed, start, len) ||
	    sfs_pool_overlaps(&tr->writing_freed, start, len))
		ret = -EUCLEAN;
	else
		ret = sfs_pool_add(&tr->pool, start, len);
	mutex_unlock(&tr->lock);
	if (ret == -EUCLEAN)
		sfs_volume_withdraw(tr->vol, ret, "grant-overlaps-pool");
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_trans_add_space);

void sfs_trans_dirty_block(struct sfs_trans *tr, struct sfs_block *blk)
{
	sfs_block_get(blk);
	set_bit(SFS_BLOCK_DIRTY, &blk->flags);
	mutex_lock(&tr->lock);
	list_add_tail(&blk->dirty_link, &tr->dirty);
	tr->nr_dirty++;
	mutex_unlock(&tr->lock);
}

void sfs_trans_forget_block(struct sfs_trans *tr, struct sfs_block *blk)
{
	mutex_lock(&tr->lock);
	list_del_init(&blk->dirty_link);
	tr->nr_dirty--;
	mutex_unlock(&tr->lock);
	clear_bit(SFS_BLOCK_DIRTY, &blk->flags);
	sfs_block_put(blk);
}

/* ---- commit ------------------------------------------------------------------- */

static int cmp_blocks(const void *a, const void *b)
{
	const struct sfs_block *x = *(struct sfs_block * const *)a;
	const struct sfs_block *y = *(struct sfs_block * const *)b;

	return x->blkno < y->blkno ? -1 : x->blkno > y->blkno;
}

/* Write a run of consecutive numbers starting at blks[0]; its length. */
static unsigned int write_run(struct sfs_volume *vol,
			      struct sfs_io_batch *batch,
			      struct sfs_block **blks, void **bufs,
			      unsigned int nr)
{
	unsigned int i = 0;

	do {
		bufs[i] = blks[i]->data;
		i++;
	} while (i < nr && i < SFS_TRANS_WRITE_RUN &&
		 blks[i]->blkno == blks[0]->blkno + i);
	vol->meta->ops->write(vol->meta, batch,
			      blks[0]->blkno << vol->block_shift, bufs, i,
			      vol->block_bytes);
	return i;
}

static int check_before_write(struct sfs_volume *vol, struct sfs_block *blk)
{
	const char *why = sfs_block_check(blk->data, vol->block_bytes);

	if (!why)
		return 0;
	sfs_err(vol, "metadata block %llu about to be written: %s: corrupt",
		blk->blkno, why);
	return -EUCLEAN;
}

/* Start to write all of them; only a batch that has ended tells whether they are. */
static int start_blocks(struct sfs_volume *vol, struct list_head *list,
			unsigned long nr, struct sfs_io_batch *batch)
{
	struct sfs_block **blks;
	struct sfs_block *blk;
	unsigned long i = 0;
	void **bufs;
	int ret = 0;

	if (!nr)
		return 0;
	blks = kvmalloc_array(nr, sizeof(*blks), GFP_NOFS | __GFP_NOFAIL);
	bufs = kmalloc_array(SFS_TRANS_WRITE_RUN, sizeof(*bufs),
			     GFP_NOFS | __GFP_NOFAIL);
	list_for_each_entry(blk, list, dirty_link) {
		ret = check_before_write(vol, blk);
		if (ret)
			goto out;
		blks[i++] = blk;
	}
	sort(blks, nr, sizeof(*blks), cmp_blocks, NULL);
	for (i = 0; i < nr;)
		i += write_run(vol, batch, &blks[i], bufs, nr - i);
	sfs_count_add(vol, trans_commit_blocks, nr);
out:
	kfree(bufs);
	kvfree(blks);
	return ret;
}

/* What a closed transaction takes along. */
struct closed_trans {
	u64 seq;
	struct list_head dirty;
	unsigned long nr_dirty;
	bool new_data;
};

/*
 * Let the holders finish, make the transaction's final image, and open the
 * next one.  Nobody but us is inside between the wait and the wake-up.
 */
static int close_trans(struct sfs_trans *tr, u64 next_seq,
		       struct closed_trans *ct)
{
	int ret;

	mutex_lock(&tr->lock);
	tr->closing = true;
	mutex_unlock(&tr->lock);
	wait_event(tr->wait, !READ_ONCE(tr->holders));

	ret = tr->ops->prepare(tr->arg, tr->seq);

	mutex_lock(&tr->lock);
	ct->seq = tr->seq;
	ct->nr_dirty = tr->nr_dirty;
	ct->new_data = tr->new_data;
	list_replace_init(&tr->dirty, &ct->dirty);
	tr->nr_dirty = 0;
	tr->new_data = false;
	tr->changed = false;
	tr->commit_need = 0;
	swap(tr->writing_freed, tr->freed);
	tr->closed_seq = tr->seq;
	WRITE_ONCE(tr->seq, next_seq);
	WRITE_ONCE(tr->closing, false);
	wake_up_all(&tr->wait);
	mutex_unlock(&tr->lock);
	return ret;
}

/*
 * Data that the transaction makes visible reached the device already: make it
 * durable, meanwhile the blocks are written.
 */
static int flush_data(struct sfs_trans *tr, const struct closed_trans *ct)
{
	return ct->new_data ? tr->vol->data->ops->flush(tr->vol->data) : 0;
}

static int start_root(struct sfs_trans *tr, u64 seq, struct sfs_io_batch *batch)
{
	/* the flush before it may have taken longer than the lease */
	int ret = sfs_volume_may_write(tr->vol);

	if (!ret)
		tr->ops->start_root(tr->arg, seq, batch);
	return ret;
}

static bool is_one_device(const struct sfs_volume *vol)
{
	return vol->data->priv == vol->meta->priv;
}

/*
 * A commit's root comes when all else is durable.  A sync writes in no order, but that
 * data comes before the root.
 */
static int write_trans(struct sfs_trans *tr, struct closed_trans *ct,
		       bool is_sync)
{
	struct sfs_volume *vol = tr->vol;
	struct sfs_io_batch batch;
	int ret, err;

	ret = sfs_volume_may_write(vol);
	if (ret)
		return ret;
	sfs_io_batch_init(&batch);
	ret = start_blocks(vol, &ct->dirty, ct->nr_dirty, &batch);
	/* on one device the flush of a commit's root does both */
	if (!ret && (is_sync || !is_one_device(vol)))
		ret = flush_data(tr, ct);
	if (!ret && is_sync)
		ret = start_root(tr, ct->seq, &batch);
	err = sfs_io_batch_wait(&batch);
	ret = ret ?: err;
	if (ret)
		return ret;
	return is_sync ? vol->meta->ops->flush(vol->meta) :
			 tr->ops->write_root(tr->arg, ct->seq);
}

static void set_durable_locked(struct sfs_trans *tr, u64 seq)
	__must_hold(&tr->lock)
{
	WRITE_ONCE(tr->durable_seq, seq);
	tr->settled_ns = ktime_get_ns();
}

static int finish_trans(struct sfs_trans *tr, struct closed_trans *ct,
			bool is_settled, int ret)
{
	if (ret)
		sfs_volume_withdraw(tr->vol, ret, "commit failed");
	mutex_lock(&tr->lock);
	drop_dirty_list(&ct->dirty);
	if (!ret) {
		ret = sfs_pool_merge(&tr->pool, &tr->writing_freed);
		if (ret)
			sfs_volume_withdraw(tr->vol, ret, "freed overlaps pool");
		WRITE_ONCE(tr->synced_seq, ct->seq);
		if (is_settled)
			set_durable_locked(tr, ct->seq);
	}
	sfs_pool_exit(&tr->writing_freed);
	sfs_pool_init(&tr->writing_freed);
	mutex_unlock(&tr->lock);
	if (!ret)
		tr->ops->durable(tr->arg, ct->seq);
	return ret;
}

static bool trans_is_dirty(struct sfs_trans *tr)
{
	return READ_ONCE(tr->nr_dirty) || READ_ONCE(tr->changed) ||
	       READ_ONCE(tr->new_data);
}

int sfs_trans_settle(struct sfs_trans *tr)
{
	int ret;

	lockdep_assert_held(&tr->commit_lock);
	if (tr->synced_seq <= tr->durable_seq)
		return 0;
	ret = tr->ops->settle_root(tr->arg);
	if (ret) {
		sfs_volume_withdraw(tr->vol, ret, "commit failed");
		return ret;
	}
	mutex_lock(&tr->lock);
	set_durable_locked(tr, tr->synced_seq);
	mutex_unlock(&tr->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_trans_settle);

static bool may_sync(struct sfs_trans *tr)
{
	return tr->ops->start_root &&
	       ktime_get_ns() - tr->settled_ns < SFS_TRANS_SETTLE_NS;
}

static int commit_dirty(struct sfs_trans *tr, bool is_sync)
	__must_hold(&tr->commit_lock)
{
	struct closed_trans ct;
	u64 next_seq;
	int ret;

	lockdep_assert_held(&tr->commit_lock);
	next_seq = tr->ops->next_seq(tr->arg);
	if (!next_seq)
		return sfs_volume_error(tr->vol) ?: -EIO;
	is_sync = is_sync && may_sync(tr);
	ret = close_trans(tr, next_seq, &ct);
	if (!ret)
		ret = write_trans(tr, &ct, is_sync);
	ret = finish_trans(tr, &ct, !is_sync, ret);
	if (!ret)
		sfs_count(tr->vol, trans_commit);
	return ret;
}

static int commit_locked(struct sfs_trans *tr, bool is_sync)
	__must_hold(&tr->commit_lock)
{
	unsigned int nofs;
	int ret;

	lockdep_assert_held(&tr->commit_lock);
	ret = sfs_volume_error(tr->vol);
	if (ret)
		return ret;
	if (!trans_is_dirty(tr))
		return is_sync ? 0 : sfs_trans_settle(tr);
	if (tr->vol->read_only)
		return -EROFS;
	nofs = memalloc_nofs_save();
	ret = commit_dirty(tr, is_sync);
	memalloc_nofs_restore(nofs);
	return ret;
}

int sfs_trans_commit_seq(struct sfs_trans *tr, u64 seq)
{
	int ret;

	if (READ_ONCE(tr->durable_seq) >= seq)
		return 0;
	mutex_lock(&tr->commit_lock);
	if (tr->synced_seq >= seq) {
		sfs_count(tr->vol, trans_commit_wait);
		ret = sfs_trans_settle(tr);
	} else {
		ret = commit_locked(tr, false);
	}
	mutex_unlock(&tr->commit_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_trans_commit_seq);

static int sync_seq(struct sfs_trans *tr, u64 seq)
{
	int ret = 0;

	mutex_lock(&tr->commit_lock);
	if (tr->synced_seq >= seq)
		sfs_count(tr->vol, trans_commit_wait);
	else
		ret = commit_locked(tr, true);
	mutex_unlock(&tr->commit_lock);
	return ret;
}

/* Clean: what was done before is in the newest closed transaction. */
static u64 newest_seq(struct sfs_trans *tr)
{
	u64 seq;

	mutex_lock(&tr->lock);
	seq = trans_is_dirty(tr) || tr->holders ? tr->seq : tr->closed_seq;
	mutex_unlock(&tr->lock);
	return seq;
}

int sfs_trans_commit(struct sfs_trans *tr)
{
	return sfs_trans_commit_seq(tr, newest_seq(tr)) ?:
	       sfs_volume_error(tr->vol);
}
EXPORT_SYMBOL_GPL(sfs_trans_commit);

int sfs_trans_sync(struct sfs_trans *tr)
{
	return sync_seq(tr, newest_seq(tr)) ?: sfs_volume_error(tr->vol);
}
EXPORT_SYMBOL_GPL(sfs_trans_sync);
