/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File locks by message: what the leader does, see plock.h for the table.
 *
 *	member					leader
 *	BEGIN nr	------------------>	forgets what the mount held
 *			<---- token -------
 *	HELD, HELD ...	------------------>	until END or its death nobody
 *	END		------------------>	is served
 *
 *	SET id, wait	------------------>	queued
 *			<- -EINPROGRESS ---
 *			<- ASK_PLOCKS id --	offered, or failed
 *	ACCEPT id	------------------>	held
 *			<---- 0 -----------
 *
 * A request counts once however often it arrives.  The ids of a lane grow, and the
 * next request of a lane is sent when the answer to the one before it is there:
 * an id that is the lane's newest is answered as the first time, an older one is
 * a straggler and void.  One with another token than that of the newest BEGIN is
 * -ESTALE and had no effect: its leader is gone, or the mount began anew.  BEGINs
 * are numbered for the same reason.
 *
 * News of a wait tell the mount to look, nothing more; they are repeated until it
 * has heard them.
 *
 * A leader that is new waits for each mount in the mount table to tell what it
 * holds, or to be recovered; -EBUSY until then.  So is a request that overtakes the
 * END of its own mount.
 */
#ifndef SFS_PLOCK_SERVE_H
#define SFS_PLOCK_SERVE_H

#include "fs/coord/plock.h"

#define SFS_PLOCK_LANES		64	/* of a mount; a file's is the same always */

struct sfs_plock_service;
struct sfs_coord_plock_head;

/**
 * struct sfs_plock_service_params - what the service needs
 * @ask: ask a member, see sfs_lock_space_ask()
 * @arg: passed to it
 */
struct sfs_plock_service_params {
	int (*ask)(void *arg, u64 rid, u8 type, const void *req, u32 req_len,
		   void *reply, u32 reply_max, u32 *reply_len);
	void *arg;
};

/* NULL: no memory. */
struct sfs_plock_service *
sfs_plock_service_create(const struct sfs_plock_service_params *params);
/* Nobody asks any more, and asking members fails. */
void sfs_plock_service_destroy(struct sfs_plock_service *svc);

/* Before anything is served: this mount may hold locks. 0, -ENOMEM. */
int sfs_plock_service_expect(struct sfs_plock_service *svc, u64 rid);
/* It is gone, and with it what it held; waits for news that are on their way. */
void sfs_plock_service_drop(struct sfs_plock_service *svc, u64 rid);

/* The requests, decoded; errors as in the table, -ESTALE and -EBUSY as above. */
int sfs_plock_service_begin(struct sfs_plock_service *svc, u64 rid, u64 nr,
			    u64 *token);
/* -EIO: another mount told before that it holds that; this one has lost it. */
int sfs_plock_service_held(struct sfs_plock_service *svc, u64 rid, u64 token,
			   const struct sfs_plock *lock);
int sfs_plock_service_end(struct sfs_plock_service *svc, u64 rid, u64 token);
int sfs_plock_service_set(struct sfs_plock_service *svc, u64 rid, u64 token,
			  u64 id, const struct sfs_plock *lock, bool is_wait);
int sfs_plock_service_accept(struct sfs_plock_service *svc, u64 rid, u64 token,
			     u64 id, u64 wait_id);
int sfs_plock_service_cancel(struct sfs_plock_service *svc, u64 rid, u64 token,
			     u64 id, u64 wait_id);
/* *conflict has the kind UNLOCK when there is none. */
int sfs_plock_service_test(struct sfs_plock_service *svc, u64 rid, u64 token,
			   const struct sfs_plock *lock,
			   struct sfs_plock *conflict, u64 *conflict_rid);

#endif
