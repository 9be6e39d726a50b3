// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock spaces: create and destroy, the table of handles, returning idle ones.
 *
 * A handle is found under RCU and by taking a reference that is not zero.  One
 * whose references are zero is being freed; it stays in the table until the
 * provider has forgotten it, so that a new handle's request cannot overtake the
 * old one's forget, and who looks it up waits that long.
 *
 * The LRU is a clock: releases only set a flag in the handle, shrink gives
 * flagged handles another round.
 */
#include "lock/lock_priv.h"

static struct lock_class_key sfs_lock_dep_key;

/*
 * Visits handles with a reference held; those that are being freed are left
 * out, those that are added meanwhile may be.
 */
struct sfs_lock_iter {
	struct sfs_lock_space *space;
	unsigned int type;
	unsigned long nr;
	bool is_inside;
};

static struct sfs_lock *sfs_lock_iter_next(struct sfs_lock_iter *iter,
					   struct sfs_lock *prev)
{
	struct sfs_lock *lock = NULL;
	struct xarray *xa;

	if (prev)
		sfs_lock_put(prev);
	rcu_read_lock();
	while (iter->type < SFS_LOCK_NR_TYPES) {
		xa = &iter->space->locks[iter->type];
		if (iter->is_inside)
			lock = xa_find_after(xa, &iter->nr, ULONG_MAX,
					     XA_PRESENT);
		else
			lock = xa_find(xa, &iter->nr, ULONG_MAX, XA_PRESENT);
		iter->is_inside = lock;
		if (!lock) {
			iter->type++;
			iter->nr = 0;
		} else if (refcount_inc_not_zero(&lock->refs)) {
			break;
		}
	}
	rcu_read_unlock();
	return lock;
}

#define sfs_lock_for_each_handle(lock, iter)				\
	for (lock = sfs_lock_iter_next(iter, NULL); lock;		\
	     lock = sfs_lock_iter_next(iter, lock))

/* --- handles ------------------------------------------------------------- */

static bool sfs_lock_is_gone(struct sfs_lock_space *space,
			     enum sfs_lock_type type, u64 nr)
{
	struct sfs_lock *lock;
	bool is_gone;

	rcu_read_lock();
	lock = xa_load(&space->locks[type], nr);
	is_gone = !lock || refcount_read(&lock->refs);
	rcu_read_unlock();
	return is_gone;
}

/* NULL: there is none; waits while one is being freed. */
static struct sfs_lock *sfs_lock_lookup(struct sfs_lock_space *space,
					enum sfs_lock_type type, u64 nr)
{
	struct sfs_lock *lock;

	for (;;) {
		rcu_read_lock();
		lock = xa_load(&space->locks[type], nr);
		if (!lock || refcount_inc_not_zero(&lock->refs)) {
			rcu_read_unlock();
			return lock;
		}
		rcu_read_unlock();
		wait_event(space->wait, sfs_lock_is_gone(space, type, nr));
	}
}

static struct sfs_lock *sfs_lock_alloc(struct sfs_lock_space *space,
				       enum sfs_lock_type type, u64 nr)
{
	struct sfs_lock *lock;

	lock = sfs_lock_mem_alloc();
	if (!lock)
		return NULL;
	spin_lock_init(&lock->lock);
	refcount_set(&lock->refs, 2);	/* the table's and the caller's */
	lock->space = space;
	lock->type = type;
	lock->nr = nr;
	lock->head.generation = atomic64_inc_return(&space->generation);
	lock->want = SFS_LOCK_NO_MODE;
	lock->want_next = SFS_LOCK_NO_MODE;
	INIT_LIST_HEAD(&lock->waiters);
	INIT_LIST_HEAD(&lock->lru);
	INIT_DELAYED_WORK(&lock->work, sfs_lock_work);
	lock->is_hold_over = true;
	return lock;
}

struct sfs_lock *sfs_lock_get(struct sfs_lock_space *space,
			      enum sfs_lock_type type, u64 nr)
{
	struct sfs_lock *lock, *fresh;
	int ret;

	BUILD_BUG_ON(sizeof(unsigned long) < sizeof(u64));
	if (WARN_ON_ONCE(!type || type > SFS_LOCK_LEADER))
		return NULL;
	lock = sfs_lock_lookup(space, type, nr);
	if (lock)
		return lock;
	fresh = sfs_lock_alloc(space, type, nr);
	if (!fresh)
		return NULL;

	do {
		ret = xa_insert(&space->locks[type], nr, fresh, GFP_NOFS);
		if (ret == -EBUSY)
			lock = sfs_lock_lookup(space, type, nr);
	} while (ret == -EBUSY && !lock);
	if (ret) {
		sfs_lock_mem_free(fresh);
		return lock;
	}

	spin_lock(&space->lru_lock);
	list_add_tail(&fresh->lru, &space->lru);
	space->nr_locks++;
	spin_unlock(&space->lru_lock);
	return fresh;
}
EXPORT_SYMBOL_GPL(sfs_lock_get);

void sfs_lock_put(struct sfs_lock *lock)
{
	/* the table's reference stays */
	refcount_dec(&lock->refs);
}
EXPORT_SYMBOL_GPL(sfs_lock_put);

/*
 * Take a handle nobody refers to out of the world.  Who could still use it: the
 * provider, until its forget() returns, and RCU readers.
 */
static void sfs_lock_forget(struct sfs_lock *lock)
{
	struct sfs_lock_space *space = lock->space;

	spin_lock(&space->lru_lock);
	list_del_init(&lock->lru);
	space->nr_locks--;
	spin_unlock(&space->lru_lock);

	space->provider->forget(space->provider_priv, lock);
	space->ops->release(space->arg, lock);
	atomic64_add(lock->nr_hits, &space->nr_hits_gone);
	xa_erase(&space->locks[lock->type], lock->nr);
	wake_up_all(&space->wait);
}

/* The caller brought the references from 1 to 0. */
void sfs_lock_free(struct sfs_lock *lock)
{
	sfs_lock_forget(lock);
	sfs_lock_mem_free(lock);
}

/* --- returning idle locks ------------------------------------------------ */

static bool sfs_lock_return_locked(struct sfs_lock *lock)
	__must_hold(&lock->lock)
{
	bool is_held = lock->mode != SFS_LOCK_NL;

	if (lock->is_referenced) {
		lock->is_referenced = false;
		return false;
	}
	if (lock->users_pr || lock->users_ex || !list_empty(&lock->waiters) ||
	    lock->is_running || lock->is_returning ||
	    lock->asked != SFS_LOCK_NL || lock->want != SFS_LOCK_NO_MODE)
		return false;
	/* nothing to gain: the handle is in use, but not the lock */
	if (!is_held && refcount_read(&lock->refs) != 1)
		return false;

	lock->is_returning = true;
	lock->is_hold_over = true;	/* nobody here has use for it */
	if (is_held)
		sfs_lock_want_locked(lock, SFS_LOCK_NL);
	sfs_lock_queue_locked(lock);
	return true;
}

unsigned long sfs_lock_shrink(struct sfs_lock_space *space, unsigned long nr)
{
	unsigned long nr_scan, nr_found = 0;
	struct sfs_lock *lock;

	spin_lock(&space->lru_lock);
	nr_scan = 2 * space->nr_locks;	/* once to clear flags, once to take */
	while (nr_found < nr && nr_scan-- && !list_empty(&space->lru)) {
		lock = list_first_entry(&space->lru, struct sfs_lock, lru);
		list_move_tail(&lock->lru, &space->lru);
		/*
		 * Freeing needs lru_lock, so the memory stays; it begins under
		 * lock->lock, so references that are not zero stay so.
		 */
		spin_lock(&lock->lock);
		if (refcount_read(&lock->refs) && sfs_lock_return_locked(lock))
			nr_found++;
		spin_unlock(&lock->lock);
	}
	spin_unlock(&space->lru_lock);

	atomic64_add(nr_found, &space->nr_returns);
	return nr_found;
}
EXPORT_SYMBOL_GPL(sfs_lock_shrink);

/* --- create and destroy -------------------------------------------------- */

static struct sfs_lock_space *
sfs_lock_space_alloc(const struct sfs_lock_params *params)
{
	struct sfs_lock_space *space;
	unsigned int type;

	space = kzalloc(sizeof(*space), GFP_KERNEL);
	if (!space)
		return NULL;
	space->ops = params->ops;
	space->leader_ops = params->leader_ops;
	space->arg = params->arg;
	space->fsid = params->fsid;
	space->rid = params->rid;
	for (type = 0; type < SFS_LOCK_NR_TYPES; type++)
		xa_init(&space->locks[type]);
	init_waitqueue_head(&space->wait);
	spin_lock_init(&space->lru_lock);
	INIT_LIST_HEAD(&space->lru);
	lockdep_init_map(&space->dep_map, "sfs_cluster_lock", &sfs_lock_dep_key,
			 0);
	return space;
}

/* Without a provider that finds a leader each mount is its own. */
static int sfs_lock_space_lead(struct sfs_lock_space *space)
{
	if (space->provider->call || !space->leader_ops)
		return 0;
	return space->leader_ops->lead(space->arg);
}

static void sfs_lock_space_unlead(struct sfs_lock_space *space)
{
	if (!space->provider->call && space->leader_ops)
		space->leader_ops->unlead(space->arg);
}

int sfs_lock_space_create(const struct sfs_lock_params *params,
			  struct sfs_lock_space **ret_space)
{
	const struct sfs_lock_client_ops *ops = params->ops;
	struct sfs_lock_space *space;
	int ret;

	if (WARN_ON_ONCE(!ops->granted || !ops->invalidate || !ops->release))
		return -EINVAL;
	space = sfs_lock_space_alloc(params);
	if (!space)
		return -ENOMEM;

	ret = sfs_lock_provider_get(params->provider, &space->provider);
	if (ret)
		goto err_free;
	space->wq = alloc_workqueue("sfs_lock", WQ_UNBOUND | WQ_MEM_RECLAIM |
				    WQ_FREEZABLE, 0);
	if (!space->wq) {
		ret = -ENOMEM;
		goto err_provider;
	}
	*ret_space = space;
	ret = sfs_lock_space_lead(space);
	if (ret)
		goto err_wq;
	ret = space->provider->join(space, params, &space->provider_priv);
	if (ret)
		goto err_lead;
	return 0;

err_lead:
	sfs_lock_space_unlead(space);
err_wq:
	*ret_space = NULL;
	destroy_workqueue(space->wq);
err_provider:
	sfs_lock_provider_put(space->provider);
err_free:
	kfree(space);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_lock_space_create);

/**
 * sfs_lock_space_is_clustered() - does a leader somewhere serve this space?
 * @space: space
 *
 * Return: false when the provider reaches only this mount, which is its own
 * leader then; sfs_lock_space_call() works otherwise.
 */
bool sfs_lock_space_is_clustered(struct sfs_lock_space *space)
{
	return space->provider->call;
}
EXPORT_SYMBOL_GPL(sfs_lock_space_is_clustered);

int sfs_lock_space_call(struct sfs_lock_space *space, u8 type, const void *req,
			u32 req_len, void *reply, u32 reply_max,
			u32 *reply_len)
{
	if (!space->provider->call)
		return -EOPNOTSUPP;
	return space->provider->call(space->provider_priv, type, req, req_len,
				     reply, reply_max, reply_len);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_call);

int sfs_lock_space_ask(struct sfs_lock_space *space, u64 rid, u8 type,
		       const void *req, u32 req_len, void *reply, u32 reply_max,
		       u32 *reply_len)
{
	if (!space->provider->ask)
		return -EOPNOTSUPP;
	return space->provider->ask(space->provider_priv, rid, type, req,
				    req_len, reply, reply_max, reply_len);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_ask);

int sfs_lock_space_add_range(struct sfs_lock_space *space, u64 rid, u64 first,
			     u64 count)
{
	if (!space->provider->add_range)
		return 0;
	return space->provider->add_range(space->provider_priv, rid, first,
					  count);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_add_range);

int sfs_lock_space_own_range(struct sfs_lock_space *space, u64 first,
			     u64 count)
{
	if (!space->provider->own_range)
		return 0;
	return space->provider->own_range(space->provider_priv, first, count);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_own_range);

void sfs_lock_space_shutdown(struct sfs_lock_space *space)
{
	struct sfs_lock_iter iter = { .space = space };
	struct sfs_lock *lock;

	/*
	 * acquire looks at the flag under lock->lock, so whoever queued before
	 * it was set is found here
	 */
	WRITE_ONCE(space->is_shutdown, true);
	sfs_lock_for_each_handle(lock, &iter) {
		spin_lock(&lock->lock);
		sfs_lock_fail_waiters_locked(lock, -ESHUTDOWN);
		spin_unlock(&lock->lock);
	}
	wake_up_all(&space->wait);
	if (space->provider->shutdown && space->provider_priv)
		space->provider->shutdown(space->provider_priv);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_shutdown);

void sfs_lock_space_flush(struct sfs_lock_space *space)
{
	flush_workqueue(space->wq);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_flush);

/* Start giving up a handle for good. */
static void sfs_lock_leave(struct sfs_lock *lock)
{
	spin_lock(&lock->lock);
	if (WARN_ON_ONCE(lock->users_pr || lock->users_ex)) {
		lock->users_pr = 0;
		lock->users_ex = 0;
	}
	WARN_ON_ONCE(!list_empty(&lock->waiters));
	sfs_lock_want_locked(lock, SFS_LOCK_NL);
	if (lock->want != SFS_LOCK_NO_MODE && !lock->is_running)
		sfs_lock_queue_locked(lock);
	spin_unlock(&lock->lock);
}

static bool sfs_lock_has_left(struct sfs_lock *lock)
{
	bool has_left;

	spin_lock(&lock->lock);
	has_left = sfs_lock_is_settled_locked(lock) ||
		   (lock->space->is_shutdown && !lock->is_running);
	spin_unlock(&lock->lock);
	return has_left;
}

static void sfs_lock_free_all(struct sfs_lock_space *space)
{
	struct sfs_lock *lock;
	unsigned int type;
	unsigned long nr;

	for (type = 0; type < SFS_LOCK_NR_TYPES; type++) {
		xa_for_each(&space->locks[type], nr, lock) {
			if (!WARN_ON_ONCE(!refcount_dec_if_one(&lock->refs)))
				sfs_lock_free(lock);
			else	/* somebody may put it: leave the memory */
				sfs_lock_forget(lock);
		}
	}
}

void sfs_lock_space_drain(struct sfs_lock_space *space)
{
	struct sfs_lock_iter iter = { .space = space };
	struct sfs_lock *lock;

	WRITE_ONCE(space->is_leaving, true);
	sfs_lock_for_each_handle(lock, &iter)
		sfs_lock_leave(lock);

	iter = (struct sfs_lock_iter) { .space = space };
	sfs_lock_for_each_handle(lock, &iter)
		wait_event(space->wait, sfs_lock_has_left(lock));

	/* timers of holds that something else has ended */
	iter = (struct sfs_lock_iter) { .space = space };
	sfs_lock_for_each_handle(lock, &iter)
		flush_delayed_work(&lock->work);
	/* works that have nothing more to do may still hold references */
	destroy_workqueue(space->wq);
	WRITE_ONCE(space->wq, NULL);
	sfs_lock_free_all(space);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_drain);

void sfs_lock_space_destroy(struct sfs_lock_space *space)
{
	if (!sfs_lock_space_is_drained(space))
		sfs_lock_space_drain(space);
	space->provider->leave(space, space->provider_priv);
	sfs_lock_space_unlead(space);
	sfs_lock_provider_put(space->provider);
	kfree(space);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_destroy);

/* --- for tests and support ----------------------------------------------- */

static u64 sfs_lock_waited_ms(const struct sfs_lock_waiter *waiter)
{
	return div_u64(ktime_get_ns() - waiter->since_ns, NSEC_PER_MSEC);
}

static void sfs_lock_get_info(struct sfs_lock *lock, struct sfs_lock_info *info)
{
	struct sfs_lock_waiter *waiter;

	memset(info, 0, sizeof(*info));
	spin_lock(&lock->lock);
	info->type = lock->type;
	info->nr = lock->nr;
	info->mode = lock->mode;
	info->users_pr = lock->users_pr;
	info->users_ex = lock->users_ex;
	info->revoking = lock->want != SFS_LOCK_NO_MODE;
	list_for_each_entry(waiter, &lock->waiters, link) {
		if (!info->waiters++)
			info->oldest_wait_ms = sfs_lock_waited_ms(waiter);
	}
	spin_unlock(&lock->lock);
}

void sfs_lock_for_each(struct sfs_lock_space *space,
		       bool (*fn)(void *arg, const struct sfs_lock_info *info),
		       void *arg)
{
	sfs_lock_visit_from(space, 0, 0, fn, arg);
}
EXPORT_SYMBOL_GPL(sfs_lock_for_each);

void sfs_lock_visit_from(struct sfs_lock_space *space, unsigned int type,
			 u64 nr, sfs_lock_info_fn *fn, void *arg)
{
	struct sfs_lock_iter iter = { .space = space, .type = type, .nr = nr };
	struct sfs_lock_info info;
	struct sfs_lock *lock;

	sfs_lock_for_each_handle(lock, &iter) {
		sfs_lock_get_info(lock, &info);
		if (!fn(arg, &info)) {
			sfs_lock_put(lock);
			break;
		}
		cond_resched();
	}
}
EXPORT_SYMBOL_GPL(sfs_lock_visit_from);

u32 sfs_lock_space_seq(struct sfs_lock_space *space)
{
	u32 seq = atomic64_read(&space->nr_grants) +
		  atomic64_read(&space->nr_revokes) +
		  atomic64_read(&space->nr_returns);

	return seq ?: 1;
}
EXPORT_SYMBOL_GPL(sfs_lock_space_seq);

void sfs_lock_space_stats(struct sfs_lock_space *space,
			  struct sfs_lock_stats *stats)
{
	struct sfs_lock_iter iter = { .space = space };
	struct sfs_lock *lock;

	memset(stats, 0, sizeof(*stats));
	stats->hits = atomic64_read(&space->nr_hits_gone);
	stats->waits = atomic64_read(&space->nr_waits);
	stats->grants = atomic64_read(&space->nr_grants);
	stats->revokes = atomic64_read(&space->nr_revokes);
	stats->returns = atomic64_read(&space->nr_returns);
	stats->errors = atomic64_read(&space->nr_errors);
	sfs_lock_for_each_handle(lock, &iter) {
		spin_lock(&lock->lock);
		stats->hits += lock->nr_hits;
		spin_unlock(&lock->lock);
		stats->nr_locks++;
		cond_resched();
	}
}
EXPORT_SYMBOL_GPL(sfs_lock_space_stats);
