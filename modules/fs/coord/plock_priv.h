/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between plock.c (objects), plock_range.c (what is held) and plock_wait.c (who
 * waits, and deadlocks).
 *
 * An object lives while something is in it: a holder has ranges, a file holders
 * or waiters, an owner the same, a mount owners.  Each call gets what it needs
 * and, at its end, puts what is empty.
 */
#ifndef SFS_PLOCK_PRIV_H
#define SFS_PLOCK_PRIV_H

#include "fs/coord/plock.h"

/**
 * struct sfs_plock_table - all locks
 * @params: as given
 * @mounts: struct sfs_plock_mount by rid
 * @files: struct sfs_plock_file by inode and space
 * @nr: what there is
 * @visit: number of the newest search for a deadlock
 * @is_paused: nothing is offered
 */
struct sfs_plock_table {
	struct sfs_plock_params params;
	struct rb_root mounts;
	struct rb_root files;
	struct sfs_plock_stats nr;
	u64 visit;
	bool is_paused;
};

/**
 * struct sfs_plock_mount - a mount's part
 * @node: in the table's mounts
 * @rid: mount
 * @owners: struct sfs_plock_owner by space and number
 * @waits: struct sfs_plock_wait by number
 * @decided: waits the mount has to hear of
 * @nr: ranges and waits
 */
struct sfs_plock_mount {
	struct rb_node node;
	u64 rid;
	struct rb_root owners;
	struct rb_root waits;
	struct list_head decided;
	u32 nr;
};

/**
 * struct sfs_plock_owner - somebody who holds locks or waits
 * @node: in the mount's owners
 * @mount: mount
 * @id: his number there
 * @space: enum sfs_plock_space
 * @is_ofd: takes no part in deadlocks
 * @holders: his struct sfs_plock_holder, one for each file
 * @waits: his struct sfs_plock_wait
 * @visit: search that has seen him
 * @visit_link: in the list of those it has to look at
 */
struct sfs_plock_owner {
	struct rb_node node;
	struct sfs_plock_mount *mount;
	u64 id;
	u8 space;
	bool is_ofd;
	struct list_head holders;
	struct list_head waits;
	u64 visit;
	struct list_head visit_link;
};

/**
 * struct sfs_plock_file - a file in one space
 * @node: in the table's files
 * @ino: inode number
 * @space: enum sfs_plock_space
 * @holders: who holds locks
 * @queued: waits in the order in which they came, failed ones too
 * @offered: waits that were offered the lock
 */
struct sfs_plock_file {
	struct rb_node node;
	u64 ino;
	u8 space;
	struct list_head holders;
	struct list_head queued;
	struct list_head offered;
};

/**
 * struct sfs_plock_holder - what one owner holds of one file
 * @file: file
 * @owner: owner
 * @file_link: in the file's holders
 * @owner_link: in the owner's holders
 * @ranges: struct sfs_plock_range by start; they do not overlap, and neighbours
 *	of one kind are one
 */
struct sfs_plock_holder {
	struct sfs_plock_file *file;
	struct sfs_plock_owner *owner;
	struct list_head file_link;
	struct list_head owner_link;
	struct rb_root ranges;
};

struct sfs_plock_range {
	struct rb_node node;
	u64 start;
	u64 end;
	u32 pid;
	u8 kind;
};

enum sfs_plock_state {
	SFS_PLOCK_QUEUED,
	SFS_PLOCK_OFFERED,
	SFS_PLOCK_FAILED,	/* a deadlock */
};

/**
 * struct sfs_plock_wait - a request that waits
 * @node: in the mount's waits
 * @id: its number there
 * @lock: what is wanted
 * @state: enum sfs_plock_state
 * @file: file
 * @owner: owner
 * @file_link: in the file's queued or offered
 * @owner_link: in the owner's waits
 * @decided_link: in the mount's decided
 */
struct sfs_plock_wait {
	struct rb_node node;
	u64 id;
	struct sfs_plock lock;
	enum sfs_plock_state state;
	struct sfs_plock_file *file;
	struct sfs_plock_owner *owner;
	struct list_head file_link;
	struct list_head owner_link;
	struct list_head decided_link;
};

/* ---- plock.c ------------------------------------------------------------ */

struct sfs_plock_mount *sfs_plock_mount_find(struct sfs_plock_table *table,
					     u64 rid);
struct sfs_plock_owner *sfs_plock_owner_find(struct sfs_plock_mount *mount,
					     u8 space, u64 id);
struct sfs_plock_file *sfs_plock_file_find(struct sfs_plock_table *table,
					   u64 ino, u8 space);
struct sfs_plock_holder *sfs_plock_holder_find(struct sfs_plock_file *file,
					       struct sfs_plock_owner *owner);
/* Forget what is empty; the owner's mount too. */
void sfs_plock_put(struct sfs_plock_table *table, struct sfs_plock_file *file,
		   struct sfs_plock_owner *owner);

/* ---- plock_range.c ------------------------------------------------------ */

/* The first range that overlaps [start, end]; NULL. */
struct sfs_plock_range *sfs_plock_range_find(struct sfs_plock_holder *holder,
					     u64 start, u64 end);
struct sfs_plock_range *sfs_plock_range_next(struct sfs_plock_range *range,
					     u64 end);
/*
 * Let the owner hold the range in this kind, or not at all: 0, -ENOLCK, -ENOMEM
 * with nothing changed.  Both exist; the caller puts them.
 */
int sfs_plock_range_set(struct sfs_plock_table *table,
			struct sfs_plock_file *file,
			struct sfs_plock_owner *owner,
			const struct sfs_plock *lock);
/* Drop all ranges, and the holder. */
void sfs_plock_holder_drop(struct sfs_plock_table *table,
			   struct sfs_plock_holder *holder);

/* ---- plock_wait.c ------------------------------------------------------- */

/* Is anybody but the owner in the way, holding or offered? */
bool sfs_plock_is_blocked(struct sfs_plock_file *file,
			  const struct sfs_plock_owner *owner,
			  const struct sfs_plock *lock);
/* Would the owner wait for ever? */
bool sfs_plock_is_deadlock(struct sfs_plock_table *table,
			   struct sfs_plock_file *file,
			   struct sfs_plock_owner *owner,
			   const struct sfs_plock *lock);
/* Does anybody in the queue up to @before (NULL: all) have to come first? */
bool sfs_plock_has_queue(struct sfs_plock_file *file,
			 const struct sfs_plock_owner *owner,
			 const struct sfs_plock *lock,
			 const struct sfs_plock_wait *before);
/* 0, -ENOLCK, -ENOMEM */
int sfs_plock_wait_add(struct sfs_plock_table *table,
		       struct sfs_plock_file *file,
		       struct sfs_plock_owner *owner,
		       const struct sfs_plock *lock, u64 id);
void sfs_plock_wait_del(struct sfs_plock_table *table,
			struct sfs_plock_wait *wait);
/* Something was given up: offer what can be had now. */
void sfs_plock_pump(struct sfs_plock_table *table, struct sfs_plock_file *file);
/* The owner has got a lock while he waits for others. */
void sfs_plock_owner_gained(struct sfs_plock_table *table,
			    struct sfs_plock_owner *owner);

#endif
