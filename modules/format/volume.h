/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An opened volume: its devices, its geometry, its block cache, its health.
 */
#ifndef SFS_VOLUME_H
#define SFS_VOLUME_H

#include "format/block.h"
#include "format/dev.h"

/* Event counters of one mount: name and meaning.  Append only. */
#define SFS_COUNTERS(X) \
	X(block_cache_hit,		"metadata blocks found in the cache") \
	X(block_cache_miss,		"metadata blocks read from the device") \
	X(block_cache_remove_stale,	"cached blocks dropped as stale") \
	X(block_cache_reclaim,		"cached blocks dropped by reclaim") \
	X(block_readahead,		"metadata blocks read with their neighbours") \
	X(block_read_error,		"metadata reads that failed or did not verify") \
	X(block_cow,			"metadata blocks copied") \
	X(block_rehome,			"metadata blocks renumbered without a copy") \
	X(trans_commit,			"transactions committed") \
	X(trans_commit_blocks,		"metadata blocks written by commits") \
	X(trans_commit_wait,		"callers that shared another's commit") \
	X(trans_hold,			"transaction holds") \
	X(leader_commit,		"leader transactions committed") \
	X(leader_grant,			"space grants made") \
	X(leader_return,		"space returns taken") \
	X(leader_fold,			"mount logs folded into the root map") \
	X(group_load,			"group roots looked up") \
	X(group_ahead,			"of these for who reads a directory") \
	X(group_evict,			"groups dropped from memory") \
	X(lock_invalidate,		"cluster lock invalidations served") \
	X(inode_created,		"inodes created") \
	X(inode_deleted,		"inodes finally deleted") \
	X(orphan_scan,			"scans for orphans") \
	X(orphan_scan_attempts,		"orphans a scan tried to delete") \
	X(orphan_scan_empty,		"scans that found none") \
	X(reclaimed_open_logs,		"mounts recovered") \
	X(open_asked,			"times other mounts were asked what they have open") \
	X(open_elsewhere,		"deletes put off because another mount may have it open") \
	X(prealloc_trim,		"files whose space set aside was given back") \
	X(discard,			"free data extents discarded")

enum sfs_counter {
#define SFS_COUNTER_ENUM(name, text)	SFS_CNT_##name,
	SFS_COUNTERS(SFS_COUNTER_ENUM)
#undef SFS_COUNTER_ENUM
	SFS_CNT_NR,
};

extern const char * const sfs_counter_names[SFS_CNT_NR];

/**
 * struct sfs_volume - one opened volume
 * @meta: metadata device
 * @data: data device; the same as @meta or another window for one device
 * @sb: super block as read, geometry and names only; the leader owns the rest
 * @fsid: of the volume
 * @rid: of this mount
 * @block_bytes: metadata block size
 * @block_shift: log2 of @block_bytes
 * @group_shift: log2 of the inode numbers of a group
 * @first_meta_block: first one trees may use
 * @total_meta_blocks: end of the metadata device
 * @total_data_blocks: end of the data device
 * @data_start_bytes: of data block 0 on the data device
 * @read_only: nothing may be written to the devices; set by sfs_volume_open(),
 *	too, when unknown ro-compat features ask for it
 * @user_read_only: the mount is read-only
 * @error: 0, or why the volume was withdrawn
 * @lease_until_ns: no write is submitted after this, CLOCK_MONOTONIC; U64_MAX
 *	where no other node has the volume
 * @lease_wait: writes wait for a new lease
 * @on_withdraw: called once, from any context that may not sleep
 * @withdraw_arg: passed to @on_withdraw
 * @cache: of metadata blocks
 * @ident: f.XXXXXX.r.YYYYYY, for messages
 * @counters: by enum sfs_counter
 */
struct sfs_volume {
	struct sfs_dev *meta;
	struct sfs_dev *data;
	struct sfs_super_block *sb;
	u64 fsid;
	u64 rid;
	unsigned int block_bytes;
	unsigned int block_shift;
	unsigned int group_shift;
	u64 first_meta_block;
	u64 total_meta_blocks;
	u64 total_data_blocks;
	u64 data_start_bytes;
	bool read_only;
	bool user_read_only;
	int error;
	u64 lease_until_ns;
	wait_queue_head_t lease_wait;
	void (*on_withdraw)(void *arg, int error);
	void *withdraw_arg;
	struct sfs_cache cache;
	char ident[32];		/* f.XXXXXX.r.YYYYYY */
	atomic64_t counters[SFS_CNT_NR];
};

#define sfs_count(vol, name) \
	atomic64_inc(&(vol)->counters[SFS_CNT_##name])
#define sfs_count_add(vol, name, n) \
	atomic64_add(n, &(vol)->counters[SFS_CNT_##name])

#define sfs_err(vol, fmt, ...) \
	pr_err("scoutfs %s error: " fmt "\n", (vol)->ident, ##__VA_ARGS__)
#define sfs_warn(vol, fmt, ...) \
	pr_warn("scoutfs %s warning: " fmt "\n", (vol)->ident, ##__VA_ARGS__)
#define sfs_info(vol, fmt, ...) \
	pr_info("scoutfs %s: " fmt "\n", (vol)->ident, ##__VA_ARGS__)

/**
 * sfs_volume_open() - read and check the supers, set up the cache
 * @vol: zeroed; @meta, @data, @rid, @read_only and @user_read_only set by the
 *	caller
 *
 * Return: 0; -EINVAL for no scoutfs, swapped or foreign devices, or an
 * unsupported version or feature (the log names it); -EUCLEAN when no super
 * copy verifies; -EIO, -ENOMEM.
 */
int sfs_volume_open(struct sfs_volume *vol);
void sfs_volume_close(struct sfs_volume *vol);

/* Stop all further writes because of an error; the first reason is kept. */
void sfs_volume_withdraw(struct sfs_volume *vol, int error, const char *why);
static inline int sfs_volume_error(const struct sfs_volume *vol)
{
	return READ_ONCE(vol->error);
}

/*
 * Ask before each write is submitted: waits while the lease is over, because the
 * others may have taken this mount for dead.  0, or why the volume was withdrawn.
 */
int sfs_volume_may_write(struct sfs_volume *vol);
/* Writes may be submitted until then. */
void sfs_volume_lease(struct sfs_volume *vol, u64 until_ns);

static inline unsigned int sfs_volume_block_bytes(struct sfs_volume *vol)
{
	return vol->block_bytes;
}

/*
 * Can the data device be divided into zones of so many blocks, see
 * data_alloc_zone_blocks?  No: that counts as off.
 */
static inline bool sfs_data_zones_fit(u64 total_data_blocks, u64 blocks)
{
	return blocks >= SFS_DATA_ZONE_BLOCKS && blocks <= total_data_blocks &&
	       blocks >= DIV_ROUND_UP_ULL(total_data_blocks,
					  SFS_DATA_ZONES_MAX);
}

/* ---- pages: supers, records, quorum pages -------------------------------- */

/* crc32c of a block or page with its csum field taken as zero */
u32 sfs_hdr_csum(const void *data, unsigned int len);
void sfs_hdr_seal(void *page, unsigned int len);
/* NULL when sound, else an identifier such as "super-csum". */
const char *sfs_super_check(const struct sfs_super_block *sb, u8 type);
/* Can the transport reach all?  That of VSOCK reaches slots of VSOCK, no other. */
bool sfs_quorum_slots_fit(const struct sfs_disk_quorum_slot *slots,
			  const char *transport);
const char *sfs_record_check(const struct sfs_mount_record *rec, u64 fsid,
			     u32 slot);
const char *sfs_quorum_check(const struct sfs_quorum_page *page, u64 fsid,
			     u32 nr);
/* Structural check of a metadata block by its type; NULL when sound. */
const char *sfs_block_check(const void *data, unsigned int block_bytes);
const char *sfs_extlist_check(const void *data, unsigned int block_bytes);

/* Newest valid super of both; -EUCLEAN when none; *why names what is wrong */
int sfs_super_read(struct sfs_dev *dev, struct sfs_super_block *sb,
		   const char **why);
/* The same with memory of the caller's: @other is room for the other copy. */
int sfs_super_read_into(struct sfs_dev *dev, struct sfs_super_block *sb,
			struct sfs_super_block *other, const char **why);
int sfs_super_read_data(struct sfs_dev *dev, u64 byte,
			struct sfs_super_block *sb, const char **why);
/* Write one copy, chosen by the generation's parity, with PREFLUSH and FUA. */
int sfs_super_write(struct sfs_volume *vol, struct sfs_super_block *sb);
/*
 * Newest valid record of a slot with the rid, also one whose blocks may be missing;
 * -ENOENT when there is none.
 */
int sfs_record_read(struct sfs_volume *vol, u32 slot, u64 rid,
		    struct sfs_mount_record *rec);
int sfs_record_find(struct sfs_volume *vol, u32 slot, u64 rid,
		    struct sfs_mount_record *rec);
/* All that it refers to was written: make that durable, then the record. */
int sfs_record_write(struct sfs_volume *vol, struct sfs_mount_record *rec);
/* Let the record stand alone: in place of the other page, and without a doubt. */
int sfs_record_settle(struct sfs_volume *vol, struct sfs_mount_record *rec);
/*
 * Start to write it along with the blocks of its transaction: it counts when all
 * of them are there.  The device is to be flushed when the batch has ended; @rec
 * stays as it is until then.
 */
void sfs_record_start(struct sfs_volume *vol, struct sfs_mount_record *rec,
		      struct sfs_io_batch *batch);
static inline u64 sfs_record_byte(u32 slot, u64 seq_parity)
{
	return SFS_RECORDS_BYTES + (((u64)slot << 1) + (seq_parity & 1)) *
				   SFS_PAGE_BYTES;
}

/* Metadata blocks before the first tree block for this geometry. */
u64 sfs_first_meta_block(unsigned int nr_slots, unsigned int block_shift);

#endif
