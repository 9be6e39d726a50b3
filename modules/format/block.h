/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The metadata block cache.
 *
 * A cached block is found by its number and trusted only through a reference:
 * its header must carry the reference's seq, and a block that was read from
 * the device must have the reference's crc.  Each block passes the structural
 * validator of its type after it was read and before it is written.
 *
 * A block belongs to the transaction whose seq it carries.  While that
 * transaction is open and the block is dirty it may be changed in place by the
 * holder of the tree's lock; afterwards it never changes again: changing it
 * means sfs_block_dirty(), which gives a copy under another number.
 */
#ifndef SFS_BLOCK_H
#define SFS_BLOCK_H

#include "format/port.h"
#include "format/format.h"

struct sfs_volume;
struct sfs_trans;

struct sfs_ref {
	u64 blkno;	/* 0: null */
	u64 seq;
	u32 crc;	/* 0 until the transaction that wrote the block closes */
};

enum sfs_block_bits {
	SFS_BLOCK_UPTODATE,	/* contents valid */
	SFS_BLOCK_DIRTY,	/* of a transaction that is not durable */
	SFS_BLOCK_REFERENCED,	/* used since reclaim last looked */
	SFS_BLOCK_ERROR,	/* failed to read or verify; leaves the cache */
};

/**
 * struct sfs_block - one cached metadata block
 * @data: block_bytes bytes, begins with struct sfs_block_hdr
 * @blkno: own number; changes only in sfs_block_dirty()
 * @seq: transaction that wrote it
 * @flags: enum sfs_block_bits
 * @refs: references; one is the cache's
 * @read_lock: held while the contents are read
 * @lru: guarded by the cache's lock
 * @dirty_link: owned by the transaction
 * @rcu: for freeing
 */
struct sfs_block {
	void *data;
	u64 blkno;
	u64 seq;
	unsigned long flags;
	atomic_t refs;			/* one is the cache's */
	struct mutex read_lock;		/* held while it is read */
	struct list_head lru;		/* cache->lock */
	struct list_head dirty_link;	/* owned by its transaction */
	struct rcu_head rcu;
};

/**
 * struct sfs_cache - all cached blocks of a volume
 * @blocks: struct sfs_block by number
 * @lock: guards @lru and @nr
 * @lru: least recently inserted or looked at first
 * @nr: blocks cached
 * @nr_max: soft bound, reclaim starts there
 */
struct sfs_cache {
	struct xarray blocks;
	spinlock_t lock;	/* lru, nr */
	struct list_head lru;
	unsigned long nr;
	unsigned long nr_max;	/* soft bound, reclaim starts there */
};

/* Key of a block is its number; null references are all zero. */
static inline bool sfs_ref_is_null(const struct sfs_ref *ref)
{
	return ref->blkno == 0;
}

void sfs_ref_from_disk(struct sfs_ref *ref, const struct sfs_disk_ref *disk);
void sfs_ref_to_disk(struct sfs_disk_ref *disk, const struct sfs_ref *ref);

/**
 * sfs_block_read() - get the block a reference names
 * @vol: volume
 * @ref: what the parent says about it
 * @owner: group or tree that must own it
 * @type: enum sfs_block_type it must have
 * @ret: the block, referenced; drop with sfs_block_put()
 *
 * Context: Sleeps for I/O and for memory.
 * Return: 0, -EIO when the device failed, -EUCLEAN when the block is not what
 * the reference promised, -ESHUTDOWN after a withdraw.
 */
int sfs_block_read(struct sfs_volume *vol, const struct sfs_ref *ref, u64 owner,
		   u8 type, struct sfs_block **ret);
/* What is wrong with a block that was just read, NULL when nothing is. */
const char *sfs_block_verify(const struct sfs_volume *vol, const void *data,
			     const struct sfs_ref *ref);
/*
 * Read those blocks that are not cached and follow each other on the device, in
 * few requests.  refs get sorted; what cannot be read or does not verify is
 * left to sfs_block_read().  Sleeps.
 */
void sfs_block_readahead(struct sfs_volume *vol, struct sfs_ref *refs,
			 unsigned int nr);
void sfs_block_get(struct sfs_block *blk);
void sfs_block_put(struct sfs_block *blk);

/**
 * sfs_block_new() - allocate a block in the open transaction
 * @tr: transaction pipeline the caller holds
 * @owner: group or tree
 * @type: enum sfs_block_type
 * @ref: filled: number and seq, crc still 0
 * @ret: the block, zeroed behind its filled header, dirty, referenced
 *
 * Return: 0, -ENOSPC when the reservation was too small (a bug), -ENOMEM
 * (to operations; a commit that prepares waits for memory).
 */
int sfs_block_new(struct sfs_trans *tr, u64 owner, u8 type, struct sfs_ref *ref,
		  struct sfs_block **ret);

/**
 * sfs_block_dirty() - make a block writable in the open transaction
 * @tr: transaction pipeline the caller holds
 * @blk: block the caller has a reference on; replaced by the writable one,
 *	which the caller then has a reference on instead
 * @ref: the parent's reference; updated when the block got another number
 *
 * A block already dirty in the open transaction is left where it is.
 * Otherwise the old number is freed when the transaction is durable.
 * Context: The caller holds the lock of the tree exclusively.
 * Return: 0, -ENOSPC, -ENOMEM; nothing has changed on error.
 */
int sfs_block_dirty(struct sfs_trans *tr, struct sfs_block **blk,
		    struct sfs_ref *ref);

/**
 * sfs_block_free() - free the block a reference names
 * @tr: transaction pipeline the caller holds
 * @ref: reference; a block of the open transaction is dropped at once, others
 *	become reusable when the transaction is durable
 */
void sfs_block_free(struct sfs_trans *tr, const struct sfs_ref *ref);

static inline bool sfs_block_is_dirty(const struct sfs_block *blk)
{
	return test_bit(SFS_BLOCK_DIRTY, &blk->flags);
}

int sfs_cache_init(struct sfs_cache *cache, unsigned long nr_max);
void sfs_cache_exit(struct sfs_volume *vol);
/* Drop up to nr clean, unused blocks; returns how many. */
unsigned long sfs_cache_shrink(struct sfs_volume *vol, unsigned long nr);

#endif
