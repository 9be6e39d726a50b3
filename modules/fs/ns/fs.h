/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One mount without its VFS half: volume, transactions, locks, groups.
 *
 * A group is 2^k inode numbers whose items live in one btree under one cluster
 * lock.  struct sfs_group is the mount's view of it; its rwsem excludes the
 * mount's own threads, its cluster lock the other mounts.  Operations name the
 * groups they need in a struct sfs_op and get everything in the right order:
 * cluster locks by group number, the transaction hold, the rwsems by number.
 */
#ifndef SFS_FS_H
#define SFS_FS_H

#include "format/btree.h"
#include "format/trans.h"
#include "format/volume.h"
#include "fs/coord/plock_member.h"
#include "fs/coord/service.h"
#include "lock/lock.h"

/* who serves a question waits for others: a session's window must not be full of them */
#define SFS_OTHERS_ASKING_MAX	8

/**
 * struct sfs_group - one group in memory
 * @nr: group number
 * @lock: its cluster lock
 * @rwsem: guards @tree and what follows; taken after the transaction hold
 * @tree: the group tree; owner is @nr
 * @version: of the EX grant, I3
 * @max_meta_seq: newest meta_seq of its inodes
 * @max_data_seq: newest data_seq of its inodes
 * @dirty_seq: newest transaction that changed the tree, 0: clean
 * @nr_numbers: inode numbers handed out
 * @nr_inodes: inodes that exist
 * @flags: SFS_ROOT_*
 * @loaded: root valid under the lock's current generation
 * @referenced: used since reclaim last looked
 * @is_private: no other mount has any of its inodes cached, as long as EX is held
 * @others: who has, NULL: unknown; as long as EX is held (others.c)
 * @touched: inodes whose items the commit brings up to date, or NULL (touch.c)
 * @refs: references; one is the table's, others are operations' and inodes'
 * @dirty_link: in sfs_fs.dirty_groups
 * @lru: guarded by sfs_fs.group_lock
 * @rcu: for freeing
 */
struct sfs_change;
struct sfs_others;
struct sfs_touched;

struct sfs_group {
	u64 nr;
	struct sfs_lock *lock;
	struct rw_semaphore rwsem;
	struct sfs_tree tree;
	u64 version;
	u64 max_meta_seq;
	u64 max_data_seq;
	u64 dirty_seq;
	u32 nr_numbers;
	u32 nr_inodes;
	u32 flags;
	bool loaded;
	bool referenced;		/* used since reclaim last looked */
	bool is_private;		/* fs->group_lock, with others */
	struct sfs_others *others;
	struct sfs_touched *touched;	/* rwsem */
	atomic_t refs;			/* one is the table's; ops and inodes */
	struct list_head dirty_link;	/* fs->dirty_groups */
	struct list_head lru;		/* fs->group_lock */
	struct rcu_head rcu;
};

/**
 * struct sfs_fs - one mount
 * @vol: volume
 * @trans: this mount's transaction pipeline
 * @coord: the leader's services
 * @leader: the leader, while this mount leads
 * @leader_sem: @leader comes and goes
 * @peers: who asks this mount's leader: struct sfs_fs_peer by rid
 * @locks: lock space of the mount
 * @plocks: file locks; of use only where there is a leader to ask
 * @rid: random incarnation of the mount
 * @slot: mount slot in the mount table
 * @read_only: users may not change anything
 * @is_open: the pipeline exists
 * @fold_sem: @is_open stays while the log is folded for others
 * @rec: image of the mount record
 * @mlog_sem: commits change @mlog, root lookups read it
 * @mlog: roots changed since the last fold, and orphans
 * @mlog_folded: the root entries of @mlog may be dropped
 * @nr_mlog: upper bound of root entries in @mlog
 * @pool_list: list blocks of the metadata pool
 * @freed: extents freed and not offered yet
 * @freed_lock: guards @freed, its counts, @ret_blocks
 * @nr_freed: extents in @freed
 * @freed_blocks: blocks in @freed by space
 * @return_lock: one hand-over at a time
 * @ret: extents offered under @return_id
 * @ret_blocks: blocks in @ret by space
 * @return_id: newest return offered
 * @return_sent: newest return the leader may have begun to take
 * @return_acked: newest return the leader has taken
 * @want_return: the next commit offers @freed
 * @grant_lock: grants are taken one by one, in order
 * @meta_low: see sfs_meta_is_low(): sfs_fs_work() is wanted then, to get more; 0: it
 *	could not
 * @grant_id: newest grant in the pools
 * @grant_durable: newest grant in the durable record
 * @data_lock: guards @data_pool and @data_held
 * @data_pool: free data extents
 * @data_held: one more, which is being discarded; len 0: there is none
 * @trim_lock: whoever has it discards, or gives back what is held
 * @groups: struct sfs_group by number
 * @group_lock: guards @group_lru and @nr_groups
 * @group_lru: least recently used groups first
 * @nr_groups: groups in memory
 * @nr_groups_max: soft bound of @nr_groups
 * @dirty_groups: groups changed in the open transaction; guarded by trans.lock
 * @spare_change: memory of a change that ended, for the next one, or NULL
 * @opened_ns: when the open transaction was first changed, 0: it was not
 * @work_nr: calls of sfs_fs_work()
 * @next_group: first of the own range of fresh groups
 * @end_group: end of that range
 * @range_lock: guards the range
 * @orphans: ino -> value: SFS_ORPHAN_*; marked: nobody here has it, but it could
 *	not be deleted
 * @has_left: some were marked just now
 * @creating_lock: guards @creating
 * @creating: struct sfs_creating
 * @asking: bounds the questions of what others have open
 * @inode_delta: inodes created minus deleted by this mount
 * @invalidate_inodes: VFS half: write back, and with drop forget, what is
 *	cached of a group's inodes
 * @inode_is_open: VFS half: is the inode referenced in this mount?
 * @inodes_open: VFS half: which of @nr inodes from @first are cached here?  Others
 *	have deleted those that are @wanted: the last one who closes them shall try
 *	again.  Must not wait for cluster locks or ask the leader
 * @vfs_arg: passed to the VFS half
 * @kick: VFS half: call sfs_fs_work() soon; may not sleep
 */
struct sfs_fs {
	struct sfs_volume *vol;
	struct sfs_trans trans;
	struct sfs_coord coord;
	struct sfs_leader *leader;
	struct rw_semaphore leader_sem;	/* leader, peers */
	struct xarray peers;
	struct sfs_lock_space *locks;
	struct sfs_plock_member *plocks;
	u64 rid;
	u32 slot;
	bool read_only;
	bool is_open;
	struct rw_semaphore fold_sem;	/* is_open */

	struct sfs_mount_record *rec;	/* image being built or last written */
	struct rw_semaphore mlog_sem;	/* commits change mlog, loads read it */
	struct sfs_tree mlog;
	bool mlog_folded;		/* its root entries may be dropped */
	u64 nr_mlog;			/* upper bound of root entries in mlog */
	struct sfs_ref pool_list;

	struct sfs_tree freed;		/* changed inside holds, under freed_lock */
	struct mutex freed_lock;	/* freed, its counts, ret_blocks */
	u64 nr_freed;			/* extents in freed */
	u64 freed_blocks[SFS_SPACE_DATA + 1];	/* by space */
	struct mutex return_lock;	/* one hand-over at a time */
	struct sfs_tree ret;
	u64 ret_blocks[SFS_SPACE_DATA + 1];
	u64 return_id;
	u64 return_sent;		/* under freed_lock, as the next */
	u64 return_acked;
	bool want_return;		/* the next commit offers freed */

	struct mutex grant_lock;	/* grants are taken one by one, in order */
	u64 meta_low;
	u64 grant_id;
	u64 grant_durable;

	struct mutex data_lock;		/* data_pool, data_held */
	struct sfs_pool data_pool;
	struct sfs_extent data_held;	/* changed inside holds, under data_lock */
	struct mutex trim_lock;		/* discarding */

	struct xarray groups;
	spinlock_t group_lock;		/* lru, number ranges, dirty_groups */
	struct list_head group_lru;
	unsigned long nr_groups;
	unsigned long nr_groups_max;
	struct sfs_change *spare_change;
	struct list_head dirty_groups;
	u64 opened_ns;			/* when the open transaction was first changed */
	unsigned int work_nr;
	u64 next_group;			/* own range of fresh groups */
	u64 end_group;
	struct mutex range_lock;	/* next_group, end_group */

	struct xarray orphans;
	bool has_left;
	spinlock_t creating_lock;	/* creating */
	struct list_head creating;
	struct semaphore asking;
	atomic64_t inode_delta;
	int (*invalidate_inodes)(void *arg, u64 group, bool drop);
	bool (*inode_is_open)(void *arg, u64 ino);
	void (*inodes_open)(void *arg, u64 first, unsigned int nr,
			    const struct sfs_open_map *wanted,
			    struct sfs_open_map *open);
	void *vfs_arg;
	void (*kick)(void *arg);
};

static inline u64 sfs_ino_group(struct sfs_fs *fs, u64 ino)
{
	return ino >> fs->vol->group_shift;
}

/* ---- mount and unmount (fs.c) ------------------------------------------------ */

/**
 * struct sfs_fs_params - how to mount
 * @vol: opened volume; stays the caller's
 * @lock_provider: overrides the super's when not NULL
 * @rid: random incarnation, not 0 nor U64_MAX
 * @read_only: users may not change anything
 * @quorum_slot: of this mount, or -1
 * @heartbeat_ms: silence after which a mount is taken for lost
 * @keepalive_ms: silence after which a connection is given up
 * @coord_call: reaches the leader, see struct sfs_coord; NULL: as the lock
 *	provider says
 * @coord_arg: passed to it
 * @invalidate_inodes: see struct sfs_fs
 * @inode_is_open: see struct sfs_fs
 * @inodes_open: see struct sfs_fs
 * @kick: see struct sfs_fs
 * @vfs_arg: passed to the four
 */
struct sfs_fs_params {
	struct sfs_volume *vol;
	const char *lock_provider;
	u64 rid;
	bool read_only;
	int quorum_slot;
	unsigned int heartbeat_ms;
	unsigned int keepalive_ms;
	int (*coord_call)(void *arg, u8 type, const void *req,
			  unsigned int req_len, void *reply,
			  unsigned int *reply_len);
	void *coord_arg;
	int (*invalidate_inodes)(void *arg, u64 group, bool drop);
	bool (*inode_is_open)(void *arg, u64 ino);
	void (*inodes_open)(void *arg, u64 first, unsigned int nr,
			    const struct sfs_open_map *wanted,
			    struct sfs_open_map *open);
	void (*kick)(void *arg);
	void *vfs_arg;
};

/*
 * Recovers what a crash left, takes a slot, opens the pipelines.  A read-only
 * mount of a device that can be written recovers too; on a read-only device
 * the unrecovered state is used without writing.
 */
int sfs_fs_open(const struct sfs_fs_params *params, struct sfs_fs **ret);
/* Commit, fold, give everything back, drop the slot.  forced: write nothing. */
void sfs_fs_close(struct sfs_fs *fs, bool forced);
/* Withdrawn: whoever waits for others gets an error.  Does not sleep. */
void sfs_fs_shutdown(struct sfs_fs *fs);
/* sync: all that was done before is durable afterwards, and others may build on it. */
int sfs_fs_sync(struct sfs_fs *fs);
/* fsync: the same, but others may not yet, see sfs_trans_sync(). */
int sfs_fs_fsync(struct sfs_fs *fs);
/*
 * Background work: commit when old or large, offer and hand over returns, fold,
 * delete orphans left by mounts that are gone. Call after kick() and every second;
 * age_ms is how old the open transaction may get.
 */
int sfs_fs_work(struct sfs_fs *fs, unsigned int age_ms);

struct sfs_fs_stat {
	u64 total_meta_blocks;
	u64 free_meta_blocks;
	u64 reserved_meta_blocks;
	u64 total_data_blocks;
	u64 free_data_blocks;
	u64 nr_inodes;
	u64 committed_seq;
};

int sfs_fs_statfs(struct sfs_fs *fs, struct sfs_fs_stat *st);

/* The volume's data_alloc_zone_blocks as the leader has it, 0: off. */
int sfs_fs_data_zone(struct sfs_fs *fs, u64 *blocks);
/* Change it for all mounts; -EINVAL when the device cannot be divided so, -EROFS. */
int sfs_fs_set_data_zone(struct sfs_fs *fs, u64 blocks);

/* ---- as a member of a cluster (lead.c) ---------------------------------- */

extern const struct sfs_lock_leader_ops sfs_fs_leader_ops;
/* struct sfs_coord's call through the lock space; arg is the mount */
int sfs_fs_call_leader(void *arg, u8 type, const void *req,
		       unsigned int req_len, void *reply,
		       unsigned int *reply_len);
void sfs_fs_peers_exit(struct sfs_fs *fs);

/* ---- groups (group.c) --------------------------------------------------- */

/* A reference on a group, or ERR_PTR(-ENOMEM). */
struct sfs_group *sfs_group_get(struct sfs_fs *fs, u64 nr);
void sfs_group_put(struct sfs_fs *fs, struct sfs_group *grp);
/* Find the root; the caller is a user of the group's lock. */
int sfs_group_load(struct sfs_fs *fs, struct sfs_group *grp);
/* Get the lock (PR), the root and leaves of a group that will be wanted soon. */
void sfs_group_ahead(struct sfs_fs *fs, u64 nr);
/* Would that be in vain?  Without locks, so only a hint. */
bool sfs_group_is_loaded(struct sfs_fs *fs, u64 nr);
static inline u64 sfs_group_generation(const struct sfs_group *grp)
{
	return sfs_lock_generation(grp->lock);
}

unsigned long sfs_group_shrink(struct sfs_fs *fs, unsigned long nr);
/* A group nobody ever used, EX held by nobody but us: its number. */
int sfs_group_fresh(struct sfs_fs *fs, u64 *nr);
/*
 * Take an inode number of a group locked EX by the op and count the inode as
 * created; -ENOSPC when the group is full, reserved, or of unknown history.
 */
int sfs_group_take_ino(struct sfs_fs *fs, struct sfs_group *grp, u64 *ino);
/* The reverse, for an inode finally deleted or a create that failed. */
void sfs_group_drop_ino(struct sfs_fs *fs, struct sfs_group *grp);
void sfs_groups_exit(struct sfs_fs *fs);
extern const struct sfs_lock_client_ops sfs_group_lock_ops;

/* ---- operations (op.c) -------------------------------------------------- */

#define SFS_OP_GROUPS_MAX	6

/**
 * struct sfs_op - the groups an operation works on
 * @fs: mount
 * @tr: valid while held
 * @seq: of the held transaction
 * @nr: groups in @g
 * @nr_locked: cluster locks held, from the first of @g on
 * @held: inside the transaction
 * @is_io: started with SFS_OP_IO
 * @rename_locked: the RENAME lock is held
 * @blocks: reserved by the hold
 * @rename_lock: handle of the RENAME lock
 * @g: groups in ascending order
 *
 *	sfs_op_init(&op, fs);
 *	sfs_op_add(&op, ino, SFS_LOCK_EX);	(any number, any order, repeats)
 *	ret = sfs_op_start(&op, tree_ops, flags);
 *	... sfs_op_tree(&op, ino), sfs_btree_*(op.tr, ...) ...
 *	sfs_op_end(&op);
 *
 * tree_ops is the number of btree changes the operation makes at most; 0 with
 * only PR groups takes no transaction hold.  sfs_op_end() is also the way out
 * when sfs_op_start() failed or never ran.
 */
struct sfs_op {
	struct sfs_fs *fs;
	struct sfs_trans *tr;		/* valid while held */
	u64 seq;			/* of the held transaction */
	unsigned int nr;
	unsigned int nr_locked;		/* cluster locks held */
	bool held;
	bool is_io;			/* started with SFS_OP_IO */
	bool rename_locked;
	u64 blocks;
	struct sfs_lock *rename_lock;
	struct {
		struct sfs_group *grp;
		u64 nr;
		enum sfs_lock_mode mode;
		bool tree_locked;
	} g[SFS_OP_GROUPS_MAX];
};

enum sfs_op_flags {
	SFS_OP_DELETE	= 1 << 0,	/* may use the space reserve */
	SFS_OP_TRY	= 1 << 1,	/* cluster locks: -EAGAIN instead of waiting */
	SFS_OP_RENAME	= 1 << 2,	/* take the RENAME lock first */
	/*
	 * The cluster lock cannot be given up, so it is not asked for; during a
	 * revocation it would not be granted.  The caller is a user of it, or
	 * this is write-back and its completion: a dirty page proves that EX is
	 * held, and it is not given up before the page is clean.
	 */
	SFS_OP_IO	= 1 << 3,
};

void sfs_op_init(struct sfs_op *op, struct sfs_fs *fs);
void sfs_op_add(struct sfs_op *op, u64 ino, enum sfs_lock_mode mode);
void sfs_op_add_group(struct sfs_op *op, u64 group, enum sfs_lock_mode mode);
int sfs_op_start(struct sfs_op *op, unsigned int tree_ops, unsigned int flags);
/* Its two halves: the cluster locks; the hold and the trees. */
int sfs_op_lock(struct sfs_op *op, unsigned int flags);
int sfs_op_enter(struct sfs_op *op, unsigned int tree_ops, unsigned int flags);
void sfs_op_end(struct sfs_op *op);
/* The group tree of an inode; the group is part of the started op. */
struct sfs_group *sfs_op_group(struct sfs_op *op, u64 ino);
struct sfs_tree *sfs_op_tree(struct sfs_op *op, u64 ino);
/* An item of this group changes: call before the first btree change of an op. */
void sfs_op_dirty(struct sfs_op *op, u64 ino);

/* ---- orphans (orphan.c) ------------------------------------------------- */

/* Inside an op: the inode lost its last link / was finally deleted. */
int sfs_orphan_add(struct sfs_op *op, u64 ino);
void sfs_orphan_del(struct sfs_op *op, u64 ino);
/* It could not be deleted: sfs_orphans_retry() will try again. */
void sfs_orphan_left(struct sfs_fs *fs, u64 ino);
/* Is it among those? */
bool sfs_orphan_is_left(struct sfs_fs *fs, u64 ino);
int sfs_orphans_retry(struct sfs_fs *fs);

/* ---- other mounts (others.c) -------------------------------------------- */

/*
 * The op has the inode's group in EX, and no hold: 0 when no other mount has it
 * open, and none can open it before EX is given up; -EAGAIN when one has, or may
 * have; errors of asking.
 */
int sfs_others_check(struct sfs_op *op, u64 ino);
/* For a mount that is asked: add those from first on that are being made here. */
void sfs_creating_add_open(struct sfs_fs *fs, u64 first,
			   struct sfs_open_map *open);
/* EX was given up. */
void sfs_others_forget(struct sfs_fs *fs, struct sfs_group *grp);
/* A fresh group in EX: nobody has any of its inodes. */
void sfs_others_none(struct sfs_fs *fs, struct sfs_group *grp);

/* ---- commits (commit.c), space.c: between these files ------------------- */

extern const struct sfs_trans_ops sfs_fs_trans_ops;
int sfs_orphans_log(struct sfs_fs *fs);
void sfs_root_to_disk(struct sfs_disk_root_entry *disk,
		      const struct sfs_group *grp);
int sfs_fs_offer_returns(struct sfs_fs *fs);
int sfs_fs_fold(struct sfs_fs *fs);
/* -EAGAIN: a commit is under way. */
int sfs_fs_try_fold(struct sfs_fs *fs);
int sfs_meta_refill(struct sfs_fs *fs, u64 blocks, bool reserve);
/* Would operations soon find less than low blocks beside what the commit needs? */
static inline bool sfs_meta_is_low(const struct sfs_fs *fs, u64 low)
{
	return low && READ_ONCE(fs->trans.pool.total) <
		      READ_ONCE(fs->trans.commit_need) + low;
}

/* When it becomes short; errors are for those who ask. */
void sfs_meta_refill_ahead(struct sfs_fs *fs);
int sfs_meta_trim(struct sfs_fs *fs);

/* ---- data space (space.c) ----------------------------------------------- */

/*
 * Take up to want contiguous data blocks, near the hint when possible, inside an
 * op's hold. *len blocks from *start; -ENOSPC when none (the caller ends its op and
 * calls sfs_data_refill(), then tries again).
 */
int sfs_data_alloc(struct sfs_op *op, u64 hint, u64 want, u64 *start, u64 *len);
/* Without locks: get more data space; -ENOSPC when the volume is full. */
int sfs_data_refill(struct sfs_fs *fs, u64 want);
/* Free data blocks inside an op's hold (counts as one btree change). */
int sfs_data_free(struct sfs_op *op, u64 start, u64 len);

/**
 * struct sfs_trim - discarding free data blocks
 * @range: of data blocks; begins later with each step
 * @blocks: discarded so far
 * @kept: of these, not returned to the leader yet
 */
struct sfs_trim {
	struct sfs_free_range range;
	u64 blocks;
	u64 kept;
};

/*
 * sfs_trim_start(), sfs_trim_next() for each step until it fails, -ENOENT: that was
 * all, sfs_trim_end(); without locks and holds.  The first also fails with -EROFS and
 * -EOPNOTSUPP.  Free blocks in the pools of mounts are left alone.
 */
int sfs_trim_start(struct sfs_fs *fs, struct sfs_trim *trim);
int sfs_trim_next(struct sfs_fs *fs, struct sfs_trim *trim);
int sfs_trim_end(struct sfs_fs *fs, struct sfs_trim *trim);

#endif
