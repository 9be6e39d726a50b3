/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Leader services: what one mount does for all of them.
 *
 * The leader owns the volume tree and the super block.  Each service is one or
 * more leader operations; an operation is atomic, and what a mount may rely on
 * is durable before the service returns.  Requests carry ids, so that asking
 * twice has the effect once (I5).
 */
#ifndef SFS_COORD_H
#define SFS_COORD_H

#include "format/btree.h"
#include "format/trans.h"
#include "format/volume.h"

struct sfs_plock_service;

/**
 * struct sfs_leader - the leader's state
 * @vol: volume
 * @lock: one operation at a time
 * @trans: the leader's pipeline; its root is the super block
 * @tree: volume tree
 * @sb: image of the super; counters in it are current
 * @image: the super being written
 * @pool_list: list blocks of the leader's own pool
 * @seq_lock: guards @next_seq, @next_group and their limits
 * @next_seq: next transaction seq to give out
 * @seq_limit: seqs below are safe to give out: the durable super says so
 * @next_group: next group number to give out; @sb has where the promise ends
 * @group_limit: as @seq_limit, for group numbers
 * @inode_delta: what all members made and deleted that the super does not count
 * @ask: ask a mount, see sfs_lock_space_ask(); NULL: there are no others
 * @ask_arg: passed to it
 * @plocks: file locks of all mounts; NULL: nobody asks for any.  Whoever made
 *	it ends it before the leader is stopped
 * @zone_blocks: of the zones that @zone_of means; 0: off, or not loaded (zone.c)
 * @zone_of: each slot's zone of the data device and one, 0: none
 */
struct sfs_leader {
	struct sfs_volume *vol;
	struct mutex lock;		/* operations */
	struct sfs_trans trans;
	struct sfs_tree tree;
	struct sfs_super_block *sb;
	struct sfs_super_block *image;	/* being written */
	struct sfs_ref pool_list;
	spinlock_t seq_lock;		/* the next four */
	u64 next_seq;
	u64 seq_limit;
	u64 next_group;
	u64 group_limit;
	atomic64_t inode_delta;
	int (*ask)(void *arg, u64 rid, u8 type, const void *req, u32 req_len,
		   void *reply, u32 reply_max, u32 *reply_len);
	void *ask_arg;
	struct sfs_plock_service *plocks;
	u64 zone_blocks;
	u16 zone_of[SFS_SLOTS_MAX];
};

int sfs_leader_start(struct sfs_volume *vol, struct sfs_leader **ret);
void sfs_leader_stop(struct sfs_leader *ld);
int sfs_leader_commit(struct sfs_leader *ld);

/* Leader operations: begin takes the lock and a hold for nr_changes. */
int sfs_leader_begin(struct sfs_leader *ld, unsigned int nr_changes);
void sfs_leader_end(struct sfs_leader *ld, unsigned int nr_changes);

/* ---- services --------------------------------------------------------------- */

/* Seq for a transaction that opens; 0 after an error. */
u64 sfs_leader_next_seq(struct sfs_leader *ld);
/* A range of group numbers nobody ever used; -EINVAL: more than may be asked for. */
int sfs_leader_group_range(struct sfs_leader *ld, u64 nr, u64 *first);
/* The list of quorum slots after @version; -EAGAIN: the newest is another one. */
int sfs_leader_set_slots(struct sfs_leader *ld, u64 version,
			 const struct sfs_disk_quorum_slot *slots);
/* Enter the mount table: a free slot for rid, or the one it has already. */
int sfs_leader_join(struct sfs_leader *ld, u64 rid, u32 *slot);

/* Is rid's slot still its own? */
bool sfs_leader_is_joined(struct sfs_leader *ld, u32 slot, u64 rid);

#define SFS_GRANT_EXTENTS	16

struct sfs_grant {
	u64 id;
	u8 space;
	unsigned int nr;
	struct sfs_extent ext[SFS_GRANT_EXTENTS];
};

/**
 * sfs_leader_grant() - give a mount free space
 * @ld: leader
 * @slot: of the mount
 * @taken_id: grants up to this id are in the mount's durable record
 * @have_id: grants up to this id reached the mount
 * @space: enum sfs_space
 * @want: blocks
 * @reserve: may take what is kept for deletes
 * @grant: what was given, durable; fewer blocks when space is short
 *
 * A grant that was made and did not reach the mount is given again, whatever
 * its space is, and nothing else with it (I5).
 *
 * Return: 0, -ENOSPC when there is nothing to give.
 */
int sfs_leader_grant(struct sfs_leader *ld, u32 slot, u64 taken_id, u64 have_id,
		     u8 space, u64 want, bool reserve, struct sfs_grant *grant);

/**
 * struct sfs_free_range - which free extents are looked for
 * @from: first block
 * @end: behind the last one
 * @min_len: of extents' parts that are shorter nothing is taken
 */
struct sfs_free_range {
	u64 from;
	u64 end;
	u64 min_len;
};

/**
 * sfs_leader_grant_at() - give a mount a free extent of data by its place
 * @ld: leader
 * @slot: of the mount
 * @taken_id: as for sfs_leader_grant()
 * @have_id: as for sfs_leader_grant()
 * @range: where
 * @want: blocks at most; in short supply half of the free ones, though not less than
 *	@range's min_len
 * @grant: the first extent that the range has, from its first block in there on;
 *	or a grant that did not reach the mount, as with sfs_leader_grant()
 *
 * Return: 0, -ENOSPC when the range has nothing.
 */
int sfs_leader_grant_at(struct sfs_leader *ld, u32 slot, u64 taken_id,
			u64 have_id, const struct sfs_free_range *range,
			u64 want, struct sfs_grant *grant);

/**
 * sfs_leader_return() - take over the extents of a mount's return tree
 * @ld: leader
 * @slot: of the mount
 * @id: of the return; taking it twice has no effect
 * @ret_tree: durable, not changed by the mount any more; its blocks become free
 *
 * Return: 0 when it is durable that the leader has them, or the error.
 */
int sfs_leader_return(struct sfs_leader *ld, u32 slot, u64 id,
		      const struct sfs_tree *ret_tree);
/*
 * Fold the root entries of a durable mount log into the root map; folded_seq
 * of the slot becomes seq.
 */
int sfs_leader_fold(struct sfs_leader *ld, u32 slot,
		    const struct sfs_tree *mlog, u64 seq);
/*
 * The first half of a recovery: the roots of a mount that is gone are in the
 * root map, and stay there until its slot is recovered.  Whoever keeps the
 * values of locks now replaces those of the locks that the mount had in EX by
 * the root map's entry where that is newer: the mount may have committed after
 * it was granted the lock, even that the group is empty.
 */
int sfs_leader_recover_roots(struct sfs_leader *ld, u32 slot, u64 rid);
/* Take back everything a mount that is gone had, from its record. */
int sfs_leader_recover_slot(struct sfs_leader *ld, u32 slot, u64 rid);
/* All slots in the mount table: after a crash. */
int sfs_leader_recover_all(struct sfs_leader *ld);
/* Root map entry of a group, also of one that became empty; -ENOENT. */
int sfs_leader_lookup_root(struct sfs_leader *ld, u64 group,
			   struct sfs_disk_root_entry *entry);
/* Next inode at or after *ino left behind unlinked by mounts that are gone. */
int sfs_leader_next_orphan(struct sfs_leader *ld, u64 *ino);
int sfs_leader_del_orphan(struct sfs_leader *ld, u64 ino);

/* Blocks of the zones that mounts' data is kept apart in, 0: off. */
void sfs_leader_data_zone(struct sfs_leader *ld, u64 *blocks);
/* Change it, durably; -EINVAL: see sfs_data_zones_fit(). */
int sfs_leader_set_data_zone(struct sfs_leader *ld, u64 blocks);

struct sfs_coord_open_req;
struct sfs_open_map;

/*
 * Which inodes mounts other than rid have open, see struct sfs_coord_open_req;
 * all of them when one cannot be asked.  The request is valid.
 */
int sfs_leader_inodes_open(struct sfs_leader *ld, u64 rid,
			   const struct sfs_coord_open_req *req,
			   struct sfs_open_map *open);

struct sfs_leader_stat {
	u64 free_meta_blocks;
	u64 free_data_blocks;
	u64 reserved_meta_blocks;
	u64 nr_inodes;
};

void sfs_leader_stat(struct sfs_leader *ld, struct sfs_leader_stat *st);

/* ---- inside leader operations (freespace.c, mounts.c) ------------------------- */

/* each is at most SFS_FREE_CHANGES btree changes */
#define SFS_FREE_CHANGES	6
int sfs_free_add(struct sfs_leader *ld, u8 space, u64 start, u64 len);
/* Cut up to want off the largest extent; -ENOENT when there is none. */
int sfs_free_take(struct sfs_leader *ld, u8 space, u64 want, u64 *start,
		  u64 *len);
/*
 * Cut up to want off the beginning of the first extent in the range; -ENOENT when
 * there is none, -EAGAIN: none so far, the range begins later now.
 */
#define SFS_FREE_LOOK_MAX	64
int sfs_free_take_at(struct sfs_leader *ld, u8 space,
		     struct sfs_free_range *range, u64 want, u64 *start,
		     u64 *len);
/*
 * The extent after *ext by size, the largest first, of those of a size by place; len
 * U64_MAX to begin; -ENOENT.
 */
int sfs_free_next_smaller(struct sfs_leader *ld, u8 space,
			  struct sfs_extent *ext);
u64 sfs_free_blocks(struct sfs_leader *ld, u8 space);
/* metadata blocks kept back for deletes and for the leader itself */
u64 sfs_leader_meta_reserve(const struct sfs_leader *ld);

int sfs_mount_item_read(struct sfs_leader *ld, u32 slot,
			struct sfs_disk_mount *item);
int sfs_mount_item_write(struct sfs_leader *ld, u32 slot,
			 const struct sfs_disk_mount *item);
/* Outside of operations: the first at or after *slot; -ENOENT. */
int sfs_mount_item_next(struct sfs_leader *ld, u32 *slot,
			struct sfs_disk_mount *item);

/* ---- zones (zone.c) -------------------------------------------------------------- */

/* Outside of operations, before the mount's last grant is forgotten. */
int sfs_zone_load(struct sfs_leader *ld);
/* The slot is free: so is its zone. */
void sfs_zone_forget(struct sfs_leader *ld, u32 slot);
/* As sfs_free_take(), of data, for a mount: of its zone if that has any. */
int sfs_zone_take(struct sfs_leader *ld, u32 slot, u64 want, u64 *start,
		  u64 *len);

/* ---- root map (rootmap.c) ------------------------------------------------------- */

/*
 * Take a root from a mount's log into the map, unless it has a newer one: at
 * most SFS_ROOTMAP_CHANGES btree changes inside an operation.  stamp: of the
 * fold, grows with each.
 */
#define SFS_ROOTMAP_CHANGES	2
int sfs_rootmap_apply(struct sfs_leader *ld, u64 group,
		      const struct sfs_disk_root_entry *entry, u64 stamp);
/* Outside of operations: forget emptied groups no mount has a root of. */
int sfs_rootmap_prune(struct sfs_leader *ld);

#endif
