// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minimum hold time: how long a grant is used before a revocation counts.
 *
 * A hand-over costs messages, a commit and write-back, whatever was done in
 * between.  Where two mounts want the same group again and again, the one that has
 * it goes on for some milliseconds, users of it that come meanwhile included, and
 * does many operations for one hand-over.
 *
 * The time adapts to each handle.  It counts from the grant, not from the
 * revocation, so a lock that nobody asked back for long is given up at once.  It
 * starts at nothing, doubles with each short tenure that was used well, the more so
 * the longer it is, and halves with each that was not; who waits for one handle waits
 * for no more than SFS_LOCK_HOLD_MAX_MS for this.
 *
 * A mount that is asked for its lock back before it could use it well would never get
 * to a hold while the other one has a long one.  So who gave a lock up after a short
 * tenure and wants it again soon has SFS_LOCK_HOLD_MIN_MS to show what it is worth.
 */
#include "lock/lock_priv.h"

#define SFS_LOCK_HOLD_MAX_MS	128
/*
 * Acquires without waiting that make a tenure worth its hand-over; and there must be
 * one for each millisecond that others are kept waiting.
 */
#define SFS_LOCK_HOLD_HITS	4
#define SFS_LOCK_HOLD_MIN_MS	4
#define SFS_LOCK_HOLD_SOON_NS	(32ULL * NSEC_PER_MSEC)
/* revoked later than this, nobody fights for it */
#define SFS_LOCK_HOLD_SHORT_NS	(4ULL * SFS_LOCK_HOLD_MAX_MS * NSEC_PER_MSEC)

static u64 sfs_lock_hold_end_locked(const struct sfs_lock *lock)
{
	return lock->granted_ns + lock->hold_ms * (u64)NSEC_PER_MSEC;
}

/* A grant was taken into the handle. */
void sfs_lock_hold_begin_locked(struct sfs_lock *lock)
{
	lockdep_assert_held(&lock->lock);
	lock->granted_ns = ktime_get_ns();
	lock->granted_hits = lock->nr_hits;
	lock->is_hold_over = false;
}

/* May a revocation take effect?  Who leaves waits for nothing. */
bool sfs_lock_hold_is_over_locked(const struct sfs_lock *lock)
{
	return !lock->hold_ms || lock->is_hold_over ||
	       READ_ONCE(lock->space->is_leaving) ||
	       READ_ONCE(lock->space->is_shutdown) ||
	       ktime_get_ns() >= sfs_lock_hold_end_locked(lock);
}

/* The revocation takes effect: no more users, and what the tenure was worth. */
void sfs_lock_hold_finish_locked(struct sfs_lock *lock)
{
	u64 hits = lock->nr_hits - lock->granted_hits;
	u64 tenure_ns = ktime_get_ns() - lock->granted_ns;

	lockdep_assert_held(&lock->lock);
	if (lock->is_hold_over)
		return;
	lock->is_hold_over = true;
	lock->granted_ns = tenure_ns <= SFS_LOCK_HOLD_SHORT_NS ?
			   ktime_get_ns() : 0;
	if (hits >= max_t(u64, SFS_LOCK_HOLD_HITS, lock->hold_ms) &&
	    tenure_ns <= SFS_LOCK_HOLD_SHORT_NS)
		lock->hold_ms = clamp(2 * lock->hold_ms, 1,
				      SFS_LOCK_HOLD_MAX_MS);
	else
		lock->hold_ms /= 2;
}

/* Somebody here waits for more than is held. */
void sfs_lock_hold_wanted_locked(struct sfs_lock *lock)
{
	lockdep_assert_held(&lock->lock);
	if (lock->is_hold_over && lock->hold_ms < SFS_LOCK_HOLD_MIN_MS &&
	    ktime_get_ns() - lock->granted_ns < SFS_LOCK_HOLD_SOON_NS)
		lock->hold_ms = SFS_LOCK_HOLD_MIN_MS;
}

/* In jiffies, one or more; it may be a little early. */
unsigned long sfs_lock_hold_left_locked(const struct sfs_lock *lock)
{
	u64 end = sfs_lock_hold_end_locked(lock);
	u64 now = ktime_get_ns();

	if (now >= end)
		return 1;
	return max(usecs_to_jiffies(div_u64(end - now, NSEC_PER_USEC)), 1UL);
}
