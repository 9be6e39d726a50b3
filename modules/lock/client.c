// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock client: one handle's life between the filesystem and the provider.
 *
 *	            +------------------- waiters left ------------------+
 *	            v                                                   |
 *	settled --request--> asked --grant()--> has_grant --granted()--> settled
 *	   |                   |                    |
 *	   +-------------------+-- revoke() -> want --invalidate()-> released()
 *
 * Everything that sleeps is done by whoever set is_running, one step after
 * another, in sfs_lock_run(): an acquirer runs requests and grants, a work item
 * runs these and revocations.  Others leave their wish in the handle (a waiter,
 * has_grant, want) and the runner looks once more before it stops, under the
 * same spinlock, so no wish is lost.
 *
 * Order of steps: a revoke is served before a grant that arrived after it and
 * before any request.  A revoke that arrives after a grant is kept in want_next
 * until the grant's waiters have become users: the grant makes users of all
 * waiters it suffices for before the revoke can stop them, so everybody who
 * queued gets a turn however fast revokes come.
 *
 * The cached mode is never below a user's.  While set, want is below mode.  Until
 * the handle's hold time is over (hold.c) want neither stops new users nor counts
 * as something to do; whoever leaves it so arms the work's timer.
 *
 * lockdep sees one map per space: acquire takes it for a moment, callbacks run
 * inside it.  So a lock that a callback takes and that somebody holds while
 * acquiring is reported, although the wait itself is a completion.
 *
 * Lock order: see Documentation/lock-order.rst, level "cluster".
 */
#include "lock/lock_priv.h"

enum sfs_lock_step {
	SFS_LOCK_STEP_NONE,
	SFS_LOCK_STEP_HOLD,	/* a revocation that has to wait a little */
	SFS_LOCK_STEP_REVOKE,
	SFS_LOCK_STEP_GRANT,
	SFS_LOCK_STEP_REQUEST,
};

static bool sfs_lock_has_users_above_locked(const struct sfs_lock *lock,
					    unsigned int mode)
{
	if (lock->users_ex && mode < SFS_LOCK_EX)
		return true;
	return lock->users_pr && mode < SFS_LOCK_PR;
}

/* May a new user of this mode start now? */
static bool sfs_lock_suffices_locked(const struct sfs_lock *lock,
				     enum sfs_lock_mode mode)
{
	return lock->mode >= mode &&
	       (lock->want >= mode || !sfs_lock_hold_is_over_locked(lock));
}

static enum sfs_lock_step sfs_lock_next_step_locked(const struct sfs_lock *lock)
{
	if (READ_ONCE(lock->space->is_shutdown))
		return SFS_LOCK_STEP_NONE;
	if (lock->want != SFS_LOCK_NO_MODE) {
		if (sfs_lock_has_users_above_locked(lock, lock->want))
			return SFS_LOCK_STEP_NONE;
		return sfs_lock_hold_is_over_locked(lock) ?
		       SFS_LOCK_STEP_REVOKE : SFS_LOCK_STEP_HOLD;
	}
	if (lock->has_grant)
		return SFS_LOCK_STEP_GRANT;
	if (lock->asked == SFS_LOCK_NL && !list_empty(&lock->waiters))
		return SFS_LOCK_STEP_REQUEST;
	return SFS_LOCK_STEP_NONE;
}

/* Nothing cached, nothing under way: the handle could be freed. */
bool sfs_lock_is_settled_locked(const struct sfs_lock *lock)
{
	return lock->mode == SFS_LOCK_NL && lock->asked == SFS_LOCK_NL &&
	       !lock->is_running && list_empty(&lock->waiters);
}

void sfs_lock_queue_locked(struct sfs_lock *lock)
	__must_hold(&lock->lock)
{
	lockdep_assert_held(&lock->lock);
	refcount_inc(&lock->refs);
	if (mod_delayed_work(lock->space->wq, &lock->work, 0))
		refcount_dec(&lock->refs);	/* it holds one already */
}

/*
 * Come again when the hold is over.  Not to be asked again whether it is: time goes
 * on, and nobody else would come.
 */
static void sfs_lock_queue_hold_locked(struct sfs_lock *lock)
	__must_hold(&lock->lock)
{
	lockdep_assert_held(&lock->lock);
	refcount_inc(&lock->refs);
	if (!queue_delayed_work(lock->space->wq, &lock->work,
				sfs_lock_hold_left_locked(lock)))
		refcount_dec(&lock->refs);
}

/* A wish changed; somebody must look, unless somebody is about to. */
static void sfs_lock_kick_locked(struct sfs_lock *lock)
	__must_hold(&lock->lock)
{
	enum sfs_lock_step step = SFS_LOCK_STEP_NONE;

	if (!lock->is_running)
		step = sfs_lock_next_step_locked(lock);
	if (step == SFS_LOCK_STEP_HOLD)
		sfs_lock_queue_hold_locked(lock);
	else if (step != SFS_LOCK_STEP_NONE)
		sfs_lock_queue_locked(lock);
}

static void sfs_lock_add_user_locked(struct sfs_lock *lock,
				     enum sfs_lock_mode mode)
{
	if (mode == SFS_LOCK_EX)
		lock->users_ex++;
	else
		lock->users_pr++;
}

/* The waiter's stack frame may be gone when this returns and unlocks. */
static void sfs_lock_finish_waiter_locked(struct sfs_lock_waiter *waiter,
					  int result)
{
	list_del_init(&waiter->link);
	waiter->result = result;
	complete(&waiter->done);
}

static void sfs_lock_admit_waiters_locked(struct sfs_lock *lock)
	__must_hold(&lock->lock)
{
	struct sfs_lock_waiter *waiter, *next;

	lockdep_assert_held(&lock->lock);
	list_for_each_entry_safe(waiter, next, &lock->waiters, link) {
		if (!sfs_lock_suffices_locked(lock, waiter->mode))
			continue;
		sfs_lock_add_user_locked(lock, waiter->mode);
		sfs_lock_finish_waiter_locked(waiter, 0);
	}
}

void sfs_lock_fail_waiters_locked(struct sfs_lock *lock, int error)
	__must_hold(&lock->lock)
{
	struct sfs_lock_waiter *waiter, *next;

	lockdep_assert_held(&lock->lock);
	list_for_each_entry_safe(waiter, next, &lock->waiters, link)
		sfs_lock_finish_waiter_locked(waiter, error);
}

/* Those who waited for up to this mode; asking for more may succeed. */
static void sfs_lock_fail_request_locked(struct sfs_lock *lock,
					 unsigned int mode, int error)
	__must_hold(&lock->lock)
{
	struct sfs_lock_waiter *waiter, *next;

	atomic64_inc(&lock->space->nr_errors);
	list_for_each_entry_safe(waiter, next, &lock->waiters, link) {
		if (waiter->mode > lock->mode && waiter->mode <= mode)
			sfs_lock_finish_waiter_locked(waiter, error);
	}
}

/* A revoke took effect at the provider: after the pending grant, if any. */
void sfs_lock_want_locked(struct sfs_lock *lock, enum sfs_lock_mode mode)
	__must_hold(&lock->lock)
{
	lockdep_assert_held(&lock->lock);
	if (lock->has_grant)
		lock->want_next = min_t(u8, lock->want_next, mode);
	else if (lock->mode > mode)
		lock->want = min_t(u8, lock->want, mode);
}

/* --- steps: called with lock->lock held and is_running set, return so --- */

static void sfs_lock_step_request(struct sfs_lock *lock)
	__must_hold(&lock->lock)
{
	struct sfs_lock_space *space = lock->space;
	enum sfs_lock_mode mode = SFS_LOCK_NL;
	struct sfs_lock_waiter *waiter;
	unsigned int flags = 0;
	int ret;

	list_for_each_entry(waiter, &lock->waiters, link) {
		mode = max(mode, waiter->mode);
		flags |= waiter->flags;
	}
	lock->asked = mode;
	sfs_lock_hold_wanted_locked(lock);
	spin_unlock(&lock->lock);

	ret = space->provider->request(space->provider_priv, lock, mode, flags);

	spin_lock(&lock->lock);
	if (ret && !WARN_ON_ONCE(lock->has_grant)) {
		lock->asked = SFS_LOCK_NL;
		sfs_lock_fail_request_locked(lock, mode, ret);
	}
}

/* Take the pending grant, or its error, into the handle. */
static void sfs_lock_apply_grant_locked(struct sfs_lock *lock, int error)
	__must_hold(&lock->lock)
{
	unsigned int asked = lock->asked;

	lock->has_grant = false;
	lock->asked = SFS_LOCK_NL;
	if (error) {
		sfs_lock_fail_request_locked(lock, asked, error);
	} else {
		atomic64_inc(&lock->space->nr_grants);
		lock->mode = lock->grant_mode;
		sfs_lock_hold_begin_locked(lock);
		sfs_lock_admit_waiters_locked(lock);
	}

	/* from here on the revoke that followed the grant counts */
	if (lock->mode > lock->want_next)
		lock->want = lock->want_next;
	lock->want_next = SFS_LOCK_NO_MODE;
	if (lock->space->is_leaving && lock->mode > SFS_LOCK_NL)
		lock->want = SFS_LOCK_NL;
}

static void sfs_lock_step_grant(struct sfs_lock *lock)
	__must_hold(&lock->lock)
{
	struct sfs_lock_space *space = lock->space;
	enum sfs_lock_mode from = lock->mode;
	enum sfs_lock_mode to = lock->grant_mode;
	int ret;

	if (lock->grant_error) {
		sfs_lock_apply_grant_locked(lock, lock->grant_error);
		return;
	}
	spin_unlock(&lock->lock);

	lock_map_acquire(&space->dep_map);
	ret = space->ops->granted(space->arg, lock, from, to);
	lock_map_release(&space->dep_map);

	spin_lock(&lock->lock);
	if (space->is_shutdown)
		return;
	sfs_lock_apply_grant_locked(lock, ret);
	if (!ret)
		return;

	spin_unlock(&lock->lock);
	space->provider->released(space->provider_priv, lock, from, NULL);
	spin_lock(&lock->lock);
}

static int sfs_lock_call_invalidate(struct sfs_lock *lock,
				    enum sfs_lock_mode from,
				    enum sfs_lock_mode to)
{
	struct sfs_lock_space *space = lock->space;
	unsigned int nofs;
	int ret;

	lock_map_acquire(&space->dep_map);
	nofs = memalloc_nofs_save();
	ret = space->ops->invalidate(space->arg, lock, from, to);
	memalloc_nofs_restore(nofs);
	lock_map_release(&space->dep_map);
	if (ret && !READ_ONCE(space->is_shutdown)) {
		pr_err("scoutfs: fsid=%016llx lock type=%u nr=%llu could not be given up (%d), shutting down\n",
		       space->fsid, lock->type, lock->nr, ret);
		atomic64_inc(&space->nr_errors);
		sfs_lock_space_shutdown(space);
	}
	return ret;
}

static void sfs_lock_step_revoke(struct sfs_lock *lock)
	__must_hold(&lock->lock)
{
	struct sfs_lock_space *space = lock->space;
	enum sfs_lock_mode from = lock->mode;
	enum sfs_lock_mode to = lock->want;
	u8 lvb[SFS_LOCK_LVB_BYTES];
	int ret;

	sfs_lock_hold_finish_locked(lock);
	spin_unlock(&lock->lock);
	ret = sfs_lock_call_invalidate(lock, from, to);
	spin_lock(&lock->lock);
	if (ret || space->is_shutdown)
		return;

	/* a grant may overwrite the value as soon as the provider knows */
	if (from == SFS_LOCK_EX)
		memcpy(lvb, lock->lvb, sizeof(lvb));
	WRITE_ONCE(lock->mode, to);
	if (to == SFS_LOCK_NL)
		WRITE_ONCE(lock->head.generation,
			   atomic64_inc_return(&space->generation));
	if (lock->want >= to)	/* it may have been lowered meanwhile */
		lock->want = SFS_LOCK_NO_MODE;
	sfs_lock_admit_waiters_locked(lock);
	spin_unlock(&lock->lock);

	space->provider->released(space->provider_priv, lock, to,
				  from == SFS_LOCK_EX ? lvb : NULL);
	spin_lock(&lock->lock);
}

/*
 * Do what there is to do, unless somebody does.  With @self this is an acquire:
 * it leaves revocations, and all that remains once it was decided itself, to
 * the work item.
 */
static void sfs_lock_run(struct sfs_lock *lock, struct sfs_lock_waiter *self)
{
	enum sfs_lock_step step;

	spin_lock(&lock->lock);
	if (lock->is_running) {
		spin_unlock(&lock->lock);
		return;
	}
	lock->is_running = true;
	while ((step = sfs_lock_next_step_locked(lock)) != SFS_LOCK_STEP_NONE) {
		if (step == SFS_LOCK_STEP_HOLD) {
			sfs_lock_queue_hold_locked(lock);
			break;
		}
		if (self && (step == SFS_LOCK_STEP_REVOKE ||
			     list_empty(&self->link))) {
			sfs_lock_queue_locked(lock);
			break;
		}
		switch (step) {
		case SFS_LOCK_STEP_REVOKE:
			sfs_lock_step_revoke(lock);
			break;
		case SFS_LOCK_STEP_GRANT:
			sfs_lock_step_grant(lock);
			break;
		case SFS_LOCK_STEP_REQUEST:
			sfs_lock_step_request(lock);
			break;
		case SFS_LOCK_STEP_HOLD:
		case SFS_LOCK_STEP_NONE:
			break;
		}
	}
	lock->is_running = false;
	if (lock->space->is_leaving || lock->space->is_shutdown)
		wake_up_all(&lock->space->wait);
	spin_unlock(&lock->lock);
}

/* Per handle: revocations, grants nobody runs for, and the end of a return. */
void sfs_lock_work(struct work_struct *work)
{
	struct sfs_lock *lock = container_of(to_delayed_work(work),
					     struct sfs_lock, work);
	bool is_last = false;

	sfs_lock_run(lock, NULL);

	/* RCU: with our reference gone another work may free the handle */
	rcu_read_lock();
	spin_lock(&lock->lock);
	refcount_dec(&lock->refs);
	if (lock->is_returning && sfs_lock_is_settled_locked(lock)) {
		lock->is_returning = false;
		is_last = refcount_dec_if_one(&lock->refs);
	}
	spin_unlock(&lock->lock);
	rcu_read_unlock();
	if (is_last)
		sfs_lock_free(lock);
}

/* --- the filesystem's side ----------------------------------------------- */

static int sfs_lock_wait(struct sfs_lock *lock, struct sfs_lock_waiter *waiter)
{
	int ret;

	sfs_lock_run(lock, waiter);
	if (!wait_for_completion_killable(&waiter->done))
		return waiter->result;

	spin_lock(&lock->lock);
	if (list_empty(&waiter->link)) {
		ret = waiter->result;
	} else {
		list_del_init(&waiter->link);
		ret = -EINTR;
	}
	spin_unlock(&lock->lock);
	return ret;
}

int sfs_lock_acquire(struct sfs_lock *lock, enum sfs_lock_mode mode,
		     unsigned int flags)
{
	struct sfs_lock_space *space = lock->space;
	struct sfs_lock_waiter waiter;

	if (WARN_ON_ONCE(mode != SFS_LOCK_PR && mode != SFS_LOCK_EX))
		return -EINVAL;
	if (!(flags & SFS_LOCK_TRY)) {
		might_sleep();
		lock_map_acquire(&space->dep_map);
		lock_map_release(&space->dep_map);
	}

	spin_lock(&lock->lock);
	if (unlikely(READ_ONCE(space->is_shutdown))) {
		spin_unlock(&lock->lock);
		return -ESHUTDOWN;
	}
	if (likely(sfs_lock_suffices_locked(lock, mode))) {
		sfs_lock_add_user_locked(lock, mode);
		lock->nr_hits++;
		spin_unlock(&lock->lock);
		return 0;
	}
	if (flags & SFS_LOCK_TRY) {
		spin_unlock(&lock->lock);
		return -EAGAIN;
	}
	waiter.mode = mode;
	waiter.flags = flags;
	waiter.result = 0;
	waiter.since_ns = ktime_get_ns();
	init_completion(&waiter.done);
	list_add_tail(&waiter.link, &lock->waiters);
	lock->is_returning = false;
	spin_unlock(&lock->lock);

	atomic64_inc(&space->nr_waits);
	return sfs_lock_wait(lock, &waiter);
}
EXPORT_SYMBOL_GPL(sfs_lock_acquire);

/**
 * sfs_lock_release() - stop being a user
 * @lock: handle
 * @mode: what was acquired
 *
 * Context: Process context; takes the handle's spinlock only.
 */
void sfs_lock_release(struct sfs_lock *lock, enum sfs_lock_mode mode)
{
	u32 *users = mode == SFS_LOCK_EX ? &lock->users_ex : &lock->users_pr;

	spin_lock(&lock->lock);
	if (!WARN_ON_ONCE(!*users))
		(*users)--;
	lock->is_referenced = true;
	if (unlikely(lock->want != SFS_LOCK_NO_MODE))
		sfs_lock_kick_locked(lock);
	spin_unlock(&lock->lock);
}
EXPORT_SYMBOL_GPL(sfs_lock_release);

void *sfs_lock_lvb(struct sfs_lock *lock)
{
	return lock->lvb;
}
EXPORT_SYMBOL_GPL(sfs_lock_lvb);

enum sfs_lock_mode sfs_lock_mode(struct sfs_lock *lock)
{
	return READ_ONCE(lock->mode);
}
EXPORT_SYMBOL_GPL(sfs_lock_mode);

enum sfs_lock_type sfs_lock_type(struct sfs_lock *lock)
{
	return lock->type;
}
EXPORT_SYMBOL_GPL(sfs_lock_type);

u64 sfs_lock_nr(struct sfs_lock *lock)
{
	return lock->nr;
}
EXPORT_SYMBOL_GPL(sfs_lock_nr);

void sfs_lock_set_priv(struct sfs_lock *lock, void *priv)
{
	WRITE_ONCE(lock->priv, priv);
}
EXPORT_SYMBOL_GPL(sfs_lock_set_priv);

void *sfs_lock_priv(struct sfs_lock *lock)
{
	return READ_ONCE(lock->priv);
}
EXPORT_SYMBOL_GPL(sfs_lock_priv);

/* --- the provider's side ------------------------------------------------- */

/**
 * sfs_lock_grant() - answer the outstanding request of a handle
 * @lock: handle; the provider has not returned from its forget() yet
 * @mode: at least what was asked for
 * @error: 0, or why there is no grant
 * @lvb: %SFS_LOCK_LVB_BYTES, copied; NULL when no value is known
 *
 * Context: Process context; takes the handle's spinlock, does not sleep.
 */
void sfs_lock_grant(struct sfs_lock *lock, enum sfs_lock_mode mode, int error,
		    const void *lvb)
{
	spin_lock(&lock->lock);
	if (READ_ONCE(lock->space->is_shutdown) ||
	    WARN_ON_ONCE(lock->asked == SFS_LOCK_NL || lock->has_grant)) {
		spin_unlock(&lock->lock);
		return;
	}
	if (!error && WARN_ON_ONCE(mode < lock->asked || mode > SFS_LOCK_EX))
		error = -EIO;
	if (WARN_ON_ONCE(error > 0 || error < -MAX_ERRNO))
		error = -EIO;

	lock->has_grant = true;
	lock->grant_mode = mode;
	lock->grant_error = error;
	/* who holds PR has the value, and readers that must not see it move */
	if (!error && lock->mode == SFS_LOCK_NL) {
		if (lvb)
			memcpy(lock->lvb, lvb, sizeof(lock->lvb));
		else
			memset(lock->lvb, 0, sizeof(lock->lvb));
	}
	sfs_lock_kick_locked(lock);
	spin_unlock(&lock->lock);
}
EXPORT_SYMBOL_GPL(sfs_lock_grant);

/**
 * sfs_lock_revoke() - take a handle's mode back
 * @lock: handle; the provider has not returned from its forget() yet
 * @mode: NL or PR
 *
 * The provider's released() follows unless the mode is not above @mode.
 *
 * Context: Process context; takes the handle's spinlock, does not sleep.
 */
void sfs_lock_revoke(struct sfs_lock *lock, enum sfs_lock_mode mode)
{
	spin_lock(&lock->lock);
	if (!WARN_ON_ONCE(mode >= SFS_LOCK_EX)) {
		if (lock->has_grant || lock->mode > mode)
			atomic64_inc(&lock->space->nr_revokes);
		sfs_lock_want_locked(lock, mode);
		sfs_lock_kick_locked(lock);
	}
	spin_unlock(&lock->lock);
}
EXPORT_SYMBOL_GPL(sfs_lock_revoke);

void *sfs_lock_provider_priv(struct sfs_lock *lock)
{
	return READ_ONCE(lock->provider_priv);
}
EXPORT_SYMBOL_GPL(sfs_lock_provider_priv);

void sfs_lock_set_provider_priv(struct sfs_lock *lock, void *priv)
{
	WRITE_ONCE(lock->provider_priv, priv);
}
EXPORT_SYMBOL_GPL(sfs_lock_set_provider_priv);
