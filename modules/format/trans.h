/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transactions: a pipeline of one open and at most one committing transaction.
 *
 *	open --commit--> closing (no holders) --> writing --> durable
 *	                    \--> the next one is open from here on
 *
 * A mount has one pipeline whose root is the mount record; the leader has one
 * whose root is the super block.  Whoever wants something durable commits
 * itself; who comes second waits for the first one's and shares it.
 *
 * Blocks dirtied in a transaction never change after it closed.  Numbers freed
 * in it enter the pool when it is durable, not before.
 */
#ifndef SFS_TRANS_H
#define SFS_TRANS_H

#include "format/block.h"
#include "format/btree.h"
#include "format/dev.h"
#include "format/pool.h"

struct sfs_trans;

/**
 * struct sfs_trans_ops - what differs between a mount and the leader
 * @next_seq: seq for the transaction that opens next; sleeps; 0 on failure
 * @prepare: nothing holds the transaction any more; update the trees that
 *	only commits touch, fill the checksums, make the root image.  May call
 *	sfs_block_new() and friends.
 * @write_root: all blocks are written; flush and write the root image
 * @start_root: start to write the root image along with the blocks, so that it
 *	counts when all of them are there; NULL: the pipeline cannot do that
 * @settle_root: the root written last was started so, and all is durable: let it
 *	count without a look at its blocks
 * @durable: the transaction is durable, the pool has what it freed
 * @need_space: the pool has too little for a hold of @blocks; get more.
 *	Called without locks.  Return 0 to try again, -ENOSPC to fail.
 */
struct sfs_trans_ops {
	u64 (*next_seq)(void *arg);
	int (*prepare)(void *arg, u64 seq);
	int (*write_root)(void *arg, u64 seq);
	void (*start_root)(void *arg, u64 seq, struct sfs_io_batch *batch);
	int (*settle_root)(void *arg);
	void (*durable)(void *arg, u64 seq);
	int (*need_space)(void *arg, u64 blocks, unsigned int flags);
};

enum sfs_hold_flags {
	SFS_HOLD_RESERVE	= 1 << 0,	/* may use the reserve: deletes, folds */
};

/**
 * struct sfs_trans - one pipeline
 * @vol: volume
 * @ops: what differs between pipelines
 * @arg: passed to @ops
 * @lock: guards everything below up to @commit_lock
 * @wait: for @closing and @holders
 * @seq: of the open transaction
 * @closed_seq: of the newest closed transaction
 * @durable_seq: of the newest one that is durable and settled: others may build on it
 * @synced_seq: of the newest one that survives a crash
 * @settled_ns: when @durable_seq became that
 * @holders: operations inside the open transaction
 * @closing: a commit waits for @holders; no new ones enter
 * @changed: it must be written even without dirty blocks
 * @new_data: file data became visible, flush the data device
 * @reserved: blocks promised to holders
 * @commit_need: blocks the commit itself will need
 * @keep: blocks only SFS_HOLD_RESERVE holds may use
 * @pool: blocks free for use
 * @freed: numbers freed in the open transaction
 * @dirty: blocks dirty in it
 * @nr_dirty: their number
 * @commit_lock: one commit at a time
 * @writing_freed: numbers freed in the transaction being written
 */
struct sfs_trans {
	struct sfs_volume *vol;
	const struct sfs_trans_ops *ops;
	void *arg;
	struct mutex lock;		/* see above */
	wait_queue_head_t wait;
	u64 seq;
	u64 closed_seq;
	u64 durable_seq;
	u64 synced_seq;
	u64 settled_ns;
	unsigned int holders;
	bool closing;
	bool changed;
	bool new_data;
	u64 reserved;
	u64 commit_need;
	u64 keep;
	struct sfs_pool pool;
	struct sfs_pool freed;
	struct list_head dirty;
	unsigned long nr_dirty;
	struct mutex commit_lock;	/* one commit at a time */
	struct sfs_pool writing_freed;
};

int sfs_trans_init(struct sfs_trans *tr, struct sfs_volume *vol,
		   const struct sfs_trans_ops *ops, void *arg, u64 seq);
void sfs_trans_exit(struct sfs_trans *tr);

/**
 * sfs_trans_hold() - enter the open transaction
 * @tr: pipeline
 * @blocks: most blocks the caller will dirty or allocate
 * @flags: enum sfs_hold_flags
 *
 * Context: Sleeps; cluster locks are held already, no page lock is.
 * Return: 0, -ENOSPC, or the error of a withdrawn volume (-EIO).
 */
int sfs_trans_hold(struct sfs_trans *tr, u64 blocks, unsigned int flags);
void sfs_trans_release(struct sfs_trans *tr, u64 blocks);
/**
 * sfs_trans_commit() - make everything done so far durable
 * @tr: pipeline
 * Return: 0 or the error that withdrew the volume.
 */
int sfs_trans_commit(struct sfs_trans *tr);
/* The same up to a transaction: returns at once when it is durable. */
int sfs_trans_commit_seq(struct sfs_trans *tr, u64 seq);
/**
 * sfs_trans_sync() - let everything done so far survive a crash
 * @tr: pipeline
 *
 * Takes fewer rounds of the device than sfs_trans_commit(), which has to follow
 * before anybody else may build on what was done.
 * Return: 0 or the error that withdrew the volume.
 */
int sfs_trans_sync(struct sfs_trans *tr);
/*
 * What was synced can be built on afterwards; nothing else is committed.  The caller
 * holds commit_lock.  0 or the error that withdrew the volume.
 */
int sfs_trans_settle(struct sfs_trans *tr);

static inline u64 sfs_trans_seq(struct sfs_trans *tr)
{
	return READ_ONCE(tr->seq);
}

static inline struct sfs_volume *sfs_trans_volume(struct sfs_trans *tr)
{
	return tr->vol;
}

static inline void sfs_trans_changed(struct sfs_trans *tr)
{
	WRITE_ONCE(tr->changed, true);
}

static inline void sfs_trans_new_data(struct sfs_trans *tr)
{
	WRITE_ONCE(tr->new_data, true);
}

/* Add granted space; overlap withdraws. */
int sfs_trans_add_space(struct sfs_trans *tr, u64 start, u64 len);
/* Blocks a hold with these flags could get at most right now. */
u64 sfs_trans_available(struct sfs_trans *tr, unsigned int flags);

/**
 * sfs_trans_encode_pool() - write the pool as it will be when durable
 * @tr: pipeline that is closing
 * @owner: of the list blocks
 * @old: list written by the previous commit, freed here; updated
 * @ext: inline extents of the root page
 * @max: room there
 * @nr: set to the number used
 *
 * Return: 0, -ENOMEM, or an error of reading the old list.
 */
int sfs_trans_encode_pool(struct sfs_trans *tr, u64 owner, struct sfs_ref *old,
			  struct sfs_disk_extent *ext, unsigned int max,
			  __le32 *nr);
/* Read inline extents and list blocks into a pool. */
int sfs_pool_read(struct sfs_volume *vol, struct sfs_pool *pool, u64 owner,
		  const struct sfs_disk_extent *ext, unsigned int nr,
		  const struct sfs_ref *list);
/* Call fn for each list block's reference. */
int sfs_pool_list_visit(struct sfs_volume *vol, u64 owner,
			const struct sfs_ref *list,
			int (*fn)(void *arg, const struct sfs_ref *ref,
				  struct sfs_block *blk), void *arg);

/* ---- for block.c ---------------------------------------------------------- */
int sfs_trans_alloc_block(struct sfs_trans *tr, u64 *blkno);
void sfs_trans_free_block(struct sfs_trans *tr, u64 blkno, bool at_once);
void sfs_trans_dirty_block(struct sfs_trans *tr, struct sfs_block *blk);
void sfs_trans_forget_block(struct sfs_trans *tr, struct sfs_block *blk);

#endif
