/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lock master: who holds what, who waits for it, and what the values are.
 *
 *	request --> queued --[nobody in the way]--> grant
 *	                \--[holders in the way]--> revoke .. released --/
 *
 * One master serves all mounts of a volume; the provider carries its calls and
 * answers over the network.  Requests for one lock are served strictly in the
 * order in which they came, so nobody starves.  A holder is only asked to go
 * down as far as the request at the head needs.
 *
 * A mount owns the locks of its number ranges (EX) without the master having
 * an object for each: creating files in new groups sends no message.  The
 * object comes into being, and the number leaves its range, when somebody else
 * asks or when the owner goes down; the owner is then asked to go down whether it
 * ever used the lock or not.
 *
 * The value of a lock that nobody holds is kept until the filesystem has seen
 * that the root map has it (sfs_lock_master_forget()), and never dropped before.
 *
 * What a mount that died held stays held until sfs_lock_master_remove(), which
 * comes after its recovery.  The values of locks it had in EX are those of the
 * grants, and may be outdated: when the root map has all that anybody committed,
 * they are dropped (sfs_lock_master_drop_values()).
 */
#ifndef SFS_LOCK_MASTER_H
#define SFS_LOCK_MASTER_H

#include "lock/lock.h"

struct sfs_lock_master;

struct sfs_lock_name {
	enum sfs_lock_type type;
	u64 nr;
};

/**
 * struct sfs_lock_master_ops - how the master answers
 * @grant: @node holds @mode from now on, or with @error its request is void;
 *	@lvb is NULL when no value is known or the node has a newer one
 * @revoke: @node shall go down to @mode and say so
 * @value: the value of a lock that the master has none of, from elsewhere; 0 or
 *	-errno when nobody knows one; may be NULL; sleeps, for I/O too
 *
 * Called with the lock's mutex held, in the order in which they take effect,
 * which the messages made of them must keep for each lock and node.  May sleep
 * for memory, must not wait for an answer or call the master.
 */
struct sfs_lock_master_ops {
	void (*grant)(void *arg, u64 node, const struct sfs_lock_name *name,
		      enum sfs_lock_mode mode, int error, const void *lvb);
	void (*revoke)(void *arg, u64 node, const struct sfs_lock_name *name,
		       enum sfs_lock_mode mode);
	int (*value)(void *arg, const struct sfs_lock_name *name, void *lvb);
};

/* Closed at first: requests queue up.  NULL: no memory. */
struct sfs_lock_master *
sfs_lock_master_create(const struct sfs_lock_master_ops *ops, void *arg);
void sfs_lock_master_destroy(struct sfs_lock_master *master);

/* All mounts have told what they hold: serve requests from now on. */
void sfs_lock_master_open(struct sfs_lock_master *master);

/**
 * sfs_lock_master_request() - a mount asks for a higher mode
 * @master: master
 * @node: rid of the mount
 * @name: lock
 * @mode: PR or EX
 *
 * Context: May sleep; answers, possibly before it returns, with grant().
 * Return: 0, -EPROTO when no correct mount would ask this (an unknown type or
 * mode, a second request for the lock), -ENOMEM; without 0 no grant follows.
 */
int sfs_lock_master_request(struct sfs_lock_master *master, u64 node,
			    const struct sfs_lock_name *name,
			    enum sfs_lock_mode mode);

/**
 * sfs_lock_master_released() - a mount went down, asked or by itself
 * @master: master
 * @node: rid of the mount
 * @name: lock
 * @mode: what it holds now
 * @lvb: value to keep, NULL when it held no EX or did not use it
 *
 * Going down to NL without holding anything is no error: the answer to a revoke
 * that crossed an earlier release.
 * Return: 0, -EPROTO when it did not hold as much, or has no value to give.
 */
int sfs_lock_master_released(struct sfs_lock_master *master, u64 node,
			     const struct sfs_lock_name *name,
			     enum sfs_lock_mode mode, const void *lvb);

/**
 * sfs_lock_master_assert() - a mount tells a new master what it holds
 * @master: master that is not open yet
 * @node: rid of the mount
 * @name: lock
 * @mode: PR or EX
 * @lvb: value under PR, else NULL
 *
 * Return: 0, -EPROTO when it contradicts what another one told, -ENOMEM.
 */
int sfs_lock_master_assert(struct sfs_lock_master *master, u64 node,
			   const struct sfs_lock_name *name,
			   enum sfs_lock_mode mode, const void *lvb);

/**
 * sfs_lock_master_add_range() - GROUP locks become a mount's own
 * @master: master
 * @node: rid of the mount
 * @first: first number; nobody ever asked for any of these
 * @count: numbers
 *
 * Return: 0, -EPROTO when it overlaps a range, -ENOMEM.
 */
int sfs_lock_master_add_range(struct sfs_lock_master *master, u64 node,
			      u64 first, u64 count);

/* A mount is lost: what it asked for is void; what it holds stays held. */
void sfs_lock_master_stop(struct sfs_lock_master *master, u64 node);

/*
 * A mount is lost and the root map has all that it and anybody else committed:
 * forget the values of the locks it has in EX.
 */
void sfs_lock_master_drop_values(struct sfs_lock_master *master, u64 node);
/* A mount left, or was fenced and recovered: it holds nothing any more. */
void sfs_lock_master_remove(struct sfs_lock_master *master, u64 node);
/* false: no more; must not sleep on locks */
typedef bool sfs_lock_value_fn(void *arg, const struct sfs_lock_name *name,
			       const void *lvb);
/* Visit values of locks nobody has to do with, each time from elsewhere on. */
void sfs_lock_master_visit_values(struct sfs_lock_master *master,
				  sfs_lock_value_fn *fn, void *arg);
/* The root map has this value: drop it if it is still that, and unused. */
void sfs_lock_master_forget(struct sfs_lock_master *master,
			    const struct sfs_lock_name *name, const void *lvb);

/**
 * struct sfs_lock_master_info - one mount's part in one lock
 * @name: lock
 * @node: rid of the mount
 * @mode: what it holds
 * @want: what it waits for, NL: nothing
 * @is_revoked: was asked to go down and has not answered
 * @wait_ms: since when it waits, or the revoke has been unanswered
 */
struct sfs_lock_master_info {
	struct sfs_lock_name name;
	u64 node;
	enum sfs_lock_mode mode;
	enum sfs_lock_mode want;
	bool is_revoked;
	u64 wait_ms;
};

/* Visit all; fn returns false to end and must not sleep on locks. */
void sfs_lock_master_for_each(struct sfs_lock_master *master,
			      bool (*fn)(void *arg,
					 const struct sfs_lock_master_info *info),
			      void *arg);

struct sfs_lock_master_stats {
	u64 nr_locks;		/* objects that exist */
	u64 nr_values;		/* of them with a value and no holder */
	u64 requests;
	u64 grants;
	u64 revokes;
};

void sfs_lock_master_stats(struct sfs_lock_master *master,
			   struct sfs_lock_master_stats *stats);

#endif
