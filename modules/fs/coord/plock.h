/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Table of fcntl() and flock() locks: who holds what of which file, who waits.
 *
 *	set --nobody in the way--> held
 *	   \--wait--> queued --way free--> offered --accept--> held
 *	                 \--deadlock--> failed --accept--> told so, gone
 *
 * The leader has one table for the files of all mounts; each mount has one of
 * what it holds itself, to tell a new leader.
 *
 * An offer keeps others away as the lock would, but belongs to nobody yet: the
 * mount accepts it or cancels the wait.  So a grant takes effect in the order of
 * the mount's own requests, whenever the news of it arrives, and an unlock or a
 * cancel that crosses the news finds the wait as it was.
 *
 * Who waits is served in the order in which he came, and who comes later and
 * would wait as well queues behind him.  Owners that hold a lock, of whatever
 * file, do not queue: they wait for holders only, or the queue itself would make
 * deadlocks.  Requests that do not wait look at holders and offers only.
 *
 * Deadlocks are those of the graph "owner waits for owner" over all files and
 * mounts.  Locks of open file descriptions (OFD) and flock() locks take no part
 * in it, as ever in Linux.
 */
#ifndef SFS_PLOCK_H
#define SFS_PLOCK_H

#include "format/port.h"

enum sfs_plock_space {
	SFS_PLOCK_FCNTL	= 1,	/* byte ranges */
	SFS_PLOCK_FLOCK	= 2,	/* whole files, one lock for each owner */
};

enum sfs_plock_kind {
	SFS_PLOCK_UNLOCK = 0,
	SFS_PLOCK_READ	= 1,
	SFS_PLOCK_WRITE	= 2,
};

enum sfs_plock_limits {
	/* of one mount: ranges held and waits */
	SFS_PLOCK_MOUNT_MAX = 65536,
};

/**
 * struct sfs_plock - one lock, or a request for one
 * @ino: file
 * @owner: who, within his mount and @space
 * @start: first byte
 * @end: last byte, U64_MAX: to the end, however far that is
 * @pid: what F_GETLK says of it
 * @space: enum sfs_plock_space; the spaces do not see each other
 * @kind: enum sfs_plock_kind
 * @is_ofd: of an open file description; the same for all of an owner
 */
struct sfs_plock {
	u64 ino;
	u64 owner;
	u64 start;
	u64 end;
	u32 pid;
	u8 space;
	u8 kind;
	bool is_ofd;
};

struct sfs_plock_table;

/**
 * struct sfs_plock_params - a table
 * @mount_max: ranges and waits of one mount, then -ENOLCK
 * @gfp: how to allocate
 * @decided: a wait of the mount @rid is offered or failed; tell it.  Called
 *	inside the calls below; must not call back.  NULL: nobody ever waits
 * @arg: passed to it
 */
struct sfs_plock_params {
	u32 mount_max;
	gfp_t gfp;
	void (*decided)(void *arg, u64 rid);
	void *arg;
};

/* No call here locks: one at a time, please.  NULL: no memory. */
struct sfs_plock_table *
sfs_plock_table_create(const struct sfs_plock_params *params);
void sfs_plock_table_destroy(struct sfs_plock_table *table);

/**
 * sfs_plock_set() - lock, convert or unlock
 * @table: table
 * @rid: mount
 * @lock: what; for flock() locks the range must be everything
 * @wait_id: unless 0, wait under this number, which is new for the mount
 *
 * A flock() lock that cannot be converted is given up before the wait or the
 * -EAGAIN, as flock(2) does.
 *
 * Context: May allocate.
 * Return: 0 when it is done; -EINPROGRESS: queued; -EAGAIN: somebody is in the
 * way; -EDEADLK; -ENOLCK: too many; -ENOMEM.  Unless it is 0, -EAGAIN or
 * -EINPROGRESS nothing changed.
 */
int sfs_plock_set(struct sfs_plock_table *table, u64 rid,
		  const struct sfs_plock *lock, u64 wait_id);
/*
 * Take what was offered: 0, -EDEADLK: it failed, -EINPROGRESS: not yet, -ENOENT:
 * no such wait, -ENOLCK and -ENOMEM: not any more.  But for -EINPROGRESS the wait
 * is over.
 */
int sfs_plock_accept(struct sfs_plock_table *table, u64 rid, u64 wait_id);
/* Nothing is held of this wait afterwards: 0, -ENOENT: there is none. */
int sfs_plock_cancel(struct sfs_plock_table *table, u64 rid, u64 wait_id);
/*
 * The lock with the lowest start that is in the way, and its mount: true, or
 * false when there is none.
 */
bool sfs_plock_test(struct sfs_plock_table *table, u64 rid,
		    const struct sfs_plock *lock, struct sfs_plock *conflict,
		    u64 *conflict_rid);
/* Does the owner hold anything in the range? */
bool sfs_plock_holds(struct sfs_plock_table *table, u64 rid,
		     const struct sfs_plock *lock);
/*
 * This request may have been done or not: let the owner hold no more than what
 * is left in either case.  Never fails in a table that waits for memory.
 */
int sfs_plock_weaken(struct sfs_plock_table *table, u64 rid,
		     const struct sfs_plock *lock);
/* The mount is gone, or has to tell anew what it holds. */
void sfs_plock_drop_mount(struct sfs_plock_table *table, u64 rid);
/* Does it hold anything or wait? */
bool sfs_plock_has_mount(struct sfs_plock_table *table, u64 rid);
/* Not all is known: offer nothing in between. */
void sfs_plock_table_pause(struct sfs_plock_table *table);
void sfs_plock_table_resume(struct sfs_plock_table *table);

/* Up to max decided waits the mount does not know of yet; returns how many. */
unsigned int sfs_plock_decided(struct sfs_plock_table *table, u64 rid, u64 *ids,
			       unsigned int max);
/* It knows. */
void sfs_plock_told(struct sfs_plock_table *table, u64 rid, u64 wait_id);

/* All that a mount holds, in no order, until fn returns an error, which is returned. */
int sfs_plock_for_each(struct sfs_plock_table *table, u64 rid,
		       int (*fn)(void *arg, const struct sfs_plock *lock),
		       void *arg);

/**
 * struct sfs_plock_stats - what a table has
 * @nr_mounts: mounts with locks or waits
 * @nr_files: files and spaces with any
 * @nr_owners: owners with any
 * @nr_ranges: ranges held
 * @nr_waits: waits, offers included
 */
struct sfs_plock_stats {
	u64 nr_mounts;
	u64 nr_files;
	u64 nr_owners;
	u64 nr_ranges;
	u64 nr_waits;
};

void sfs_plock_stats(const struct sfs_plock_table *table,
		     struct sfs_plock_stats *stats);

#endif
