/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lock client internals: the handle, the space, the registry's inner side.
 *
 * Lock order: space->lru_lock, lock->lock; a provider's own locks are outside
 * both.  No callback runs with either held.
 */
#ifndef SFS_LOCK_PRIV_H
#define SFS_LOCK_PRIV_H

#include "lock/provider.h"

enum {
	SFS_LOCK_NR_TYPES = SFS_LOCK_LEADER + 1,
	SFS_LOCK_NO_MODE = 0xff,	/* no revoke is pending */
	SFS_LOCK_MAX_BYTES = 400,	/* a promise to administrators */
};

/*
 * A handle.  It lives in space->locks with one reference of the cache's own;
 * freeing it begins with that reference going from 1 to 0 under lock->lock.
 */
struct sfs_lock {
	struct sfs_lock_head head;	/* written under the lock */
	/* guards all that follows up to the waiters */
	spinlock_t lock;
	refcount_t refs;
	struct sfs_lock_space *space;	/* constant, as type and nr */
	u64 nr;
	u64 nr_hits;
	u64 granted_ns;		/* when the mode was granted, or a short tenure ended */
	u64 granted_hits;	/* nr_hits then */
	u32 users_pr;
	u32 users_ex;
	s16 grant_error;
	u8 type;
	u8 mode;
	u8 asked;		/* outstanding request, NL: none */
	u8 grant_mode;		/* its answer when has_grant */
	u8 want;		/* lower to this before anything else */
	u8 want_next;		/* what want becomes after the grant */
	bool is_running;	/* somebody is in sfs_lock_run() */
	bool has_grant;
	bool is_referenced;	/* used since shrink last looked */
	u8 hold_ms;		/* from granted_ns on no revocation counts */
	bool is_hold_over;	/* whatever hold_ms says */
	bool is_returning;	/* shrink chose it: free it at NL */
	struct list_head waiters;	/* sfs_lock_waiter, oldest first */
	void *priv;			/* the filesystem's */
	void *provider_priv;		/* the provider's */
	struct delayed_work work;	/* holds a reference while queued */
	union {
		struct list_head lru;	/* space->lru, under its lru_lock */
		struct rcu_head rcu;
	};
	u8 lvb[SFS_LOCK_LVB_BYTES] __aligned(8);
};

static_assert(!offsetof(struct sfs_lock, head));

#if !defined(CONFIG_DEBUG_SPINLOCK) && !defined(CONFIG_LOCKDEP) && \
	!defined(CONFIG_DEBUG_LOCK_ALLOC) && !defined(CONFIG_PREEMPT_RT)
static_assert(sizeof(struct sfs_lock) <= SFS_LOCK_MAX_BYTES);
#endif

struct sfs_lock_space {
	/* constant after creation, but for the two flags */
	const struct sfs_lock_client_ops *ops;
	const struct sfs_lock_leader_ops *leader_ops;
	void *arg;
	struct sfs_lock_provider_ops *provider;
	void *provider_priv;
	struct workqueue_struct *wq;	/* NULL once it is drained */
	u64 fsid;
	u64 rid;
	bool is_shutdown;	/* set once, before the handles are visited */
	bool is_leaving;	/* likewise */
	struct lockdep_map dep_map;	/* every cluster lock of the space */

	struct xarray locks[SFS_LOCK_NR_TYPES];		/* by number */
	wait_queue_head_t wait;	/* handles vanish; destroy waits for handles */

	spinlock_t lru_lock;	/* guards the two that follow */
	struct list_head lru;	/* all handles, oldest first */
	unsigned long nr_locks;

	atomic64_t generation;
	atomic64_t nr_hits_gone;	/* of handles that were freed */
	atomic64_t nr_waits;
	atomic64_t nr_grants;
	atomic64_t nr_revokes;
	atomic64_t nr_returns;
	atomic64_t nr_errors;
};

/* It leaves, and holds nothing and asks for nothing any more. */
static inline bool sfs_lock_space_is_drained(const struct sfs_lock_space *space)
{
	return !READ_ONCE(space->wq);
}

/* One acquire that waits, on its task's stack; linked until it is decided. */
struct sfs_lock_waiter {
	struct list_head link;
	struct completion done;
	u64 since_ns;
	unsigned int flags;
	enum sfs_lock_mode mode;
	int result;
};

/* Memory of a handle, all zero; freed when no RCU reader can see it. */
#ifdef __KERNEL__
/* module_kernel.c */
struct sfs_lock *sfs_lock_mem_alloc(void);
void sfs_lock_mem_free(struct sfs_lock *lock);
#else
static inline struct sfs_lock *sfs_lock_mem_alloc(void)
{
	return kzalloc(sizeof(struct sfs_lock), GFP_NOFS);
}

static inline void sfs_lock_mem_free(struct sfs_lock *lock)
{
	kfree_rcu(lock, rcu);
}
#endif

/* client.c */
void sfs_lock_work(struct work_struct *work);
void sfs_lock_queue_locked(struct sfs_lock *lock);
void sfs_lock_want_locked(struct sfs_lock *lock, enum sfs_lock_mode mode);
void sfs_lock_fail_waiters_locked(struct sfs_lock *lock, int error);
bool sfs_lock_is_settled_locked(const struct sfs_lock *lock);

/* hold.c */
void sfs_lock_hold_begin_locked(struct sfs_lock *lock);
bool sfs_lock_hold_is_over_locked(const struct sfs_lock *lock);
void sfs_lock_hold_finish_locked(struct sfs_lock *lock);
void sfs_lock_hold_wanted_locked(struct sfs_lock *lock);
unsigned long sfs_lock_hold_left_locked(const struct sfs_lock *lock);

/* space.c */
void sfs_lock_free(struct sfs_lock *lock);

/* registry.c: a pinned provider, or -ENOENT, -EPROTO */
int sfs_lock_provider_get(const char *name,
			  struct sfs_lock_provider_ops **ret);
void sfs_lock_provider_put(struct sfs_lock_provider_ops *ops);

#endif
