/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File locks of one mount: asking the leader, waiting, and remembering what is
 * held, for the next leader.
 *
 * Requests for one file go one after another, in the file's lane; so what the
 * caller does to its own records inside apply() happens in the order in which the
 * leader decided.
 */
#ifndef SFS_PLOCK_MEMBER_H
#define SFS_PLOCK_MEMBER_H

#include "fs/coord/plock.h"
#include "fs/coord/service.h"

struct sfs_plock_member;

/* NULL: no memory.  @coord is how to reach the leader, by message; copied. */
struct sfs_plock_member *
sfs_plock_member_create(const struct sfs_coord *coord, u64 rid);
/* Nobody waits and nobody asks any more. */
void sfs_plock_member_destroy(struct sfs_plock_member *m);

/**
 * struct sfs_plock_apply - the caller's own records
 * @set: what @lock describes is held in this @kind now, or not at all; called
 *	with the file's lane held, must not call back.  0 or -errno, upon which the
 *	lock is given up
 * @arg: passed to it
 */
struct sfs_plock_apply {
	int (*set)(void *arg, u8 kind);
	void *arg;
};

/**
 * sfs_plock_member_lock() - lock, convert or unlock
 * @m: mount
 * @lock: what
 * @is_wait: wait for it
 * @apply: told when it is done; when a flock() lock that should be converted is
 *	lost; and for an unlock before others may have it
 *
 * Context: Sleeps, for as long as there is no leader.
 * Return: 0; -EAGAIN; -EDEADLK; -ENOLCK; -EINTR: a signal, nothing was locked; or
 * the errors of apply() and of asking the leader.
 */
int sfs_plock_member_lock(struct sfs_plock_member *m,
			  const struct sfs_plock *lock, bool is_wait,
			  const struct sfs_plock_apply *apply);
/*
 * What is in the way of this lock; its kind is UNLOCK when nothing is.
 * -EINTR and errors of asking the leader.
 */
int sfs_plock_member_test(struct sfs_plock_member *m,
			  const struct sfs_plock *lock,
			  struct sfs_plock *conflict, bool *is_remote);

/*
 * There is a leader, or a new one: tell it what this mount holds.  Nothing is asked
 * of it before.  Errors of asking it.
 */
int sfs_plock_member_rejoin(struct sfs_plock_member *m);
/* SFS_COORD_ASK_PLOCKS: 0, -EPROTO. */
int sfs_plock_member_news(struct sfs_plock_member *m, const void *req,
			  unsigned int req_len);
/* Whoever waits gets -ESHUTDOWN; does not sleep. */
void sfs_plock_member_shutdown(struct sfs_plock_member *m);

#endif
