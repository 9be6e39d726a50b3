// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock master, see master.h.
 *
 * Objects live in stripes by number; a stripe's mutex guards its objects and
 * orders the answers.  An object is freed when it has neither parts nor a
 * value.  Lock order: the ranges' lock is inside stripe mutexes.
 */
#include "lock/lock_priv.h"
#include "lock/master.h"
#include "lock/ranges.h"

enum {
	SFS_MASTER_STRIPES = 64,	/* a power of two */
};

/* A mount's part in a lock: it holds, waits, or both. */
struct sfs_master_part {
	struct list_head link;		/* sfs_master_lock.parts */
	struct list_head wait_link;	/* .waiters while want is not NL */
	u64 node;
	u64 since_ns;			/* of the request or the revoke */
	u8 mode;
	u8 want;
	u8 revoke;			/* unanswered: go down to, or NO_MODE */
};

struct sfs_master_lock {
	struct sfs_lock_name name;
	struct list_head parts;
	struct list_head waiters;	/* oldest first */
	bool has_value;
	u8 lvb[SFS_LOCK_LVB_BYTES] __aligned(8);
};

struct sfs_master_stripe {
	struct mutex lock;		/* all below, and the order of answers */
	struct xarray locks[SFS_LOCK_NR_TYPES];
	u64 nr_locks;
	u64 nr_values;			/* objects without parts */
};

struct sfs_lock_master {
	const struct sfs_lock_master_ops *ops;
	void *arg;
	bool is_open;
	atomic_t next_scan;		/* stripe that gives values first */
	atomic64_t nr_requests;
	atomic64_t nr_grants;
	atomic64_t nr_revokes;
	struct sfs_lock_ranges ranges;
	struct sfs_master_stripe stripes[SFS_MASTER_STRIPES];
};

/* ---- objects --------------------------------------------------------------------- */

static struct sfs_master_stripe *
sfs_master_stripe(struct sfs_lock_master *master,
		  const struct sfs_lock_name *name)
{
	return &master->stripes[name->nr & (SFS_MASTER_STRIPES - 1)];
}

static bool sfs_master_name_is_valid(const struct sfs_lock_name *name)
{
	return name->type >= SFS_LOCK_GROUP && name->type <= SFS_LOCK_LEADER;
}

static struct sfs_master_part *sfs_master_part(struct sfs_master_lock *ml,
					       u64 node)
{
	struct sfs_master_part *part;

	list_for_each_entry(part, &ml->parts, link)
		if (part->node == node)
			return part;
	return NULL;
}

static struct sfs_master_part *sfs_master_part_add(struct sfs_master_lock *ml,
						   u64 node)
{
	struct sfs_master_part *part = kzalloc(sizeof(*part), GFP_NOFS);

	if (!part)
		return NULL;
	INIT_LIST_HEAD(&part->wait_link);
	part->node = node;
	part->revoke = SFS_LOCK_NO_MODE;
	list_add_tail(&part->link, &ml->parts);
	return part;
}

static void sfs_master_part_del(struct sfs_master_part *part)
{
	list_del(&part->wait_link);
	list_del(&part->link);
	kfree(part);
}

/* A number out of somebody's range: the range has it no longer, the object does. */
static int sfs_master_take_range(struct sfs_lock_master *master,
				 struct sfs_master_lock *ml)
{
	struct sfs_master_part *part;
	int ret;

	if (ml->name.type != SFS_LOCK_GROUP)
		return 0;
	/* there may be no need for it, but not afterwards */
	part = sfs_master_part_add(ml, 0);
	if (!part)
		return -ENOMEM;
	ret = sfs_lock_ranges_take(&master->ranges, ml->name.nr, &part->node);
	if (ret > 0)
		part->mode = SFS_LOCK_EX;
	else
		sfs_master_part_del(part);
	return min(ret, 0);
}

static struct sfs_master_lock *
sfs_master_lock_add(struct sfs_lock_master *master,
		    struct sfs_master_stripe *st,
		    const struct sfs_lock_name *name)
{
	struct sfs_master_lock *ml = kzalloc(sizeof(*ml), GFP_NOFS);

	if (!ml)
		return NULL;
	ml->name = *name;
	INIT_LIST_HEAD(&ml->parts);
	INIT_LIST_HEAD(&ml->waiters);
	if (xa_insert(&st->locks[name->type], name->nr, ml, GFP_NOFS))
		goto err_free;
	if (sfs_master_take_range(master, ml))
		goto err_erase;
	st->nr_locks++;
	return ml;

err_erase:
	xa_erase(&st->locks[name->type], name->nr);
err_free:
	kfree(ml);
	return NULL;
}

/* After a change: what is of no use to anybody goes. */
static void sfs_master_lock_trim(struct sfs_master_stripe *st,
				 struct sfs_master_lock *ml)
{
	if (!list_empty(&ml->parts) || ml->has_value)
		return;
	xa_erase(&st->locks[ml->name.type], ml->name.nr);
	st->nr_locks--;
	kfree(ml);
}

static void sfs_master_part_trim(struct sfs_master_part *part)
{
	if (part->mode == SFS_LOCK_NL && part->want == SFS_LOCK_NL &&
	    part->revoke == SFS_LOCK_NO_MODE)
		sfs_master_part_del(part);
}

/* ---- serving --------------------------------------------------------------------- */

/* The highest mode others may keep beside a mode. */
static enum sfs_lock_mode sfs_master_beside(enum sfs_lock_mode mode)
{
	return mode == SFS_LOCK_EX ? SFS_LOCK_NL : SFS_LOCK_PR;
}

static void sfs_master_revoke(struct sfs_lock_master *master,
			      struct sfs_master_lock *ml,
			      struct sfs_master_part *part,
			      enum sfs_lock_mode mode)
{
	if (part->revoke <= mode)
		return;
	/* while it waits itself, the request's age is of more interest */
	if (part->revoke == SFS_LOCK_NO_MODE && part->want == SFS_LOCK_NL)
		part->since_ns = ktime_get_ns();
	part->revoke = mode;
	atomic64_inc(&master->nr_revokes);
	master->ops->revoke(master->arg, part->node, &ml->name, mode);
}

/* Whether the oldest waiter may have its mode; who is in the way is asked. */
static bool sfs_master_make_way(struct sfs_lock_master *master,
				struct sfs_master_lock *ml,
				struct sfs_master_part *head)
{
	enum sfs_lock_mode beside = sfs_master_beside(head->want);
	struct sfs_master_part *part;
	bool is_clear = head->revoke == SFS_LOCK_NO_MODE;

	list_for_each_entry(part, &ml->parts, link) {
		if (part == head || part->mode <= beside)
			continue;
		sfs_master_revoke(master, ml, part, beside);
		is_clear = false;
	}
	return is_clear;
}

/* What nobody here remembers the filesystem may know. */
static bool sfs_master_has_value(struct sfs_lock_master *master,
				 struct sfs_master_lock *ml)
{
	if (!ml->has_value && master->ops->value)
		ml->has_value = !master->ops->value(master->arg, &ml->name,
						    ml->lvb);
	return ml->has_value;
}

static void sfs_master_grant(struct sfs_lock_master *master,
			     struct sfs_master_lock *ml,
			     struct sfs_master_part *part)
{
	/* who holds something knows the value, EX even a newer one */
	bool tells = part->mode == SFS_LOCK_NL && sfs_master_has_value(master,
								       ml);

	part->mode = max(part->mode, part->want);
	part->want = SFS_LOCK_NL;
	list_del_init(&part->wait_link);
	atomic64_inc(&master->nr_grants);
	master->ops->grant(master->arg, part->node, &ml->name, part->mode, 0,
			   tells ? ml->lvb : NULL);
}

static void sfs_master_serve(struct sfs_lock_master *master,
			     struct sfs_master_lock *ml)
{
	struct sfs_master_part *head;

	if (!READ_ONCE(master->is_open))
		return;
	while (!list_empty(&ml->waiters)) {
		head = list_first_entry(&ml->waiters, struct sfs_master_part,
					wait_link);
		if (!sfs_master_make_way(master, ml, head))
			return;
		sfs_master_grant(master, ml, head);
	}
}

/* ---- calls of mounts ------------------------------------------------------------- */

static bool sfs_master_has_idle_value(const struct sfs_master_lock *ml)
{
	return ml->has_value && list_empty(&ml->parts);
}

int sfs_lock_master_request(struct sfs_lock_master *master, u64 node,
			    const struct sfs_lock_name *name,
			    enum sfs_lock_mode mode)
{
	struct sfs_master_stripe *st = sfs_master_stripe(master, name);
	struct sfs_master_part *part = NULL;
	struct sfs_master_lock *ml;
	bool was_idle;
	int ret = -ENOMEM;

	if (!sfs_master_name_is_valid(name) ||
	    (mode != SFS_LOCK_PR && mode != SFS_LOCK_EX))
		return -EPROTO;
	atomic64_inc(&master->nr_requests);
	mutex_lock(&st->lock);
	ml = xa_load(&st->locks[name->type], name->nr);
	if (!ml)
		ml = sfs_master_lock_add(master, st, name);
	if (!ml)
		goto out;
	was_idle = sfs_master_has_idle_value(ml);
	part = sfs_master_part(ml, node) ?: sfs_master_part_add(ml, node);
	if (!part) {
		sfs_master_lock_trim(st, ml);
		goto out;
	}
	ret = -EPROTO;
	if (part->want != SFS_LOCK_NL)
		goto out;
	st->nr_values -= was_idle;
	part->want = mode;
	part->since_ns = ktime_get_ns();
	list_add_tail(&part->wait_link, &ml->waiters);
	sfs_master_serve(master, ml);
	ret = 0;
out:
	mutex_unlock(&st->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_lock_master_request);

int sfs_lock_master_released(struct sfs_lock_master *master, u64 node,
			     const struct sfs_lock_name *name,
			     enum sfs_lock_mode mode, const void *lvb)
{
	struct sfs_master_stripe *st = sfs_master_stripe(master, name);
	struct sfs_master_part *part;
	struct sfs_master_lock *ml;
	int ret = -EPROTO;

	if (!sfs_master_name_is_valid(name))
		return -EPROTO;
	mutex_lock(&st->lock);
	/* out of its range: there is no object yet */
	ml = xa_load(&st->locks[name->type], name->nr) ?:
	     sfs_master_lock_add(master, st, name);
	if (!ml) {
		ret = -ENOMEM;
		goto out;
	}
	part = sfs_master_part(ml, node);
	/* a revoke that found nothing any more is answered all the same */
	if (!part && mode == SFS_LOCK_NL && !lvb)
		ret = 0;
	if (!part || mode > part->mode || (lvb && part->mode != SFS_LOCK_EX)) {
		sfs_master_lock_trim(st, ml);
		goto out;
	}
	if (lvb) {
		memcpy(ml->lvb, lvb, sizeof(ml->lvb));
		ml->has_value = true;
	}
	part->mode = mode;
	if (part->revoke != SFS_LOCK_NO_MODE && mode <= part->revoke)
		part->revoke = SFS_LOCK_NO_MODE;
	sfs_master_part_trim(part);
	sfs_master_serve(master, ml);
	st->nr_values += sfs_master_has_idle_value(ml);
	sfs_master_lock_trim(st, ml);
	ret = 0;
out:
	mutex_unlock(&st->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_lock_master_released);

/* Would this fit beside what others told? */
static bool sfs_master_is_consistent(struct sfs_master_lock *ml, u64 node,
				     enum sfs_lock_mode mode)
{
	struct sfs_master_part *part;

	list_for_each_entry(part, &ml->parts, link) {
		if (part->node == node)
			return false;
		if (part->mode > sfs_master_beside(mode))
			return false;
	}
	return true;
}

int sfs_lock_master_assert(struct sfs_lock_master *master, u64 node,
			   const struct sfs_lock_name *name,
			   enum sfs_lock_mode mode, const void *lvb)
{
	struct sfs_master_stripe *st = sfs_master_stripe(master, name);
	struct sfs_master_part *part;
	struct sfs_master_lock *ml;
	bool was_idle;
	int ret = -EPROTO;

	if (!sfs_master_name_is_valid(name) ||
	    (mode != SFS_LOCK_PR && mode != SFS_LOCK_EX) ||
	    READ_ONCE(master->is_open))
		return -EPROTO;
	mutex_lock(&st->lock);
	ml = xa_load(&st->locks[name->type], name->nr) ?:
	     sfs_master_lock_add(master, st, name);
	if (!ml) {
		ret = -ENOMEM;
		goto out;
	}
	if (!sfs_master_is_consistent(ml, node, mode))
		goto out;
	was_idle = sfs_master_has_idle_value(ml);
	part = sfs_master_part_add(ml, node);
	if (!part) {
		ret = -ENOMEM;
		sfs_master_lock_trim(st, ml);
		goto out;
	}
	st->nr_values -= was_idle;
	part->mode = mode;
	if (lvb && mode == SFS_LOCK_PR) {
		memcpy(ml->lvb, lvb, sizeof(ml->lvb));
		ml->has_value = true;
	}
	ret = 0;
out:
	mutex_unlock(&st->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_lock_master_assert);

int sfs_lock_master_add_range(struct sfs_lock_master *master, u64 node,
			      u64 first, u64 count)
{
	return sfs_lock_ranges_add(&master->ranges, node, first, count);
}
EXPORT_SYMBOL_GPL(sfs_lock_master_add_range);

/* ---- mounts that go away --------------------------------------------------------- */

/* fn for every object; it may free the object it is called for. */
static void sfs_master_walk(struct sfs_lock_master *master,
			    void (*fn)(struct sfs_lock_master *master,
				       struct sfs_master_stripe *st,
				       struct sfs_master_lock *ml, void *arg),
			    void *arg)
{
	struct sfs_master_stripe *st;
	struct sfs_master_lock *ml;
	unsigned int i, type;
	unsigned long nr;

	for (i = 0; i < SFS_MASTER_STRIPES; i++) {
		st = &master->stripes[i];
		mutex_lock(&st->lock);
		for (type = 0; type < SFS_LOCK_NR_TYPES; type++)
			xa_for_each(&st->locks[type], nr, ml)
				fn(master, st, ml, arg);
		mutex_unlock(&st->lock);
		cond_resched();
	}
}

static void sfs_master_serve_one(struct sfs_lock_master *master,
				 struct sfs_master_stripe *st,
				 struct sfs_master_lock *ml, void *arg)
{
	sfs_master_serve(master, ml);
}

void sfs_lock_master_open(struct sfs_lock_master *master)
{
	WRITE_ONCE(master->is_open, true);
	sfs_master_walk(master, sfs_master_serve_one, NULL);
}
EXPORT_SYMBOL_GPL(sfs_lock_master_open);

static void sfs_master_stop_one(struct sfs_lock_master *master,
				struct sfs_master_stripe *st,
				struct sfs_master_lock *ml, void *arg)
{
	struct sfs_master_part *part = sfs_master_part(ml, *(u64 *)arg);

	if (!part || part->want == SFS_LOCK_NL)
		return;
	part->want = SFS_LOCK_NL;
	list_del_init(&part->wait_link);
	sfs_master_part_trim(part);
	sfs_master_serve(master, ml);
	st->nr_values += sfs_master_has_idle_value(ml);
	sfs_master_lock_trim(st, ml);
}

void sfs_lock_master_stop(struct sfs_lock_master *master, u64 node)
{
	sfs_master_walk(master, sfs_master_stop_one, &node);
}
EXPORT_SYMBOL_GPL(sfs_lock_master_stop);

static void sfs_master_drop_value(struct sfs_lock_master *master,
				  struct sfs_master_stripe *st,
				  struct sfs_master_lock *ml, void *arg)
{
	struct sfs_master_part *part = sfs_master_part(ml, *(u64 *)arg);

	if (part && part->mode == SFS_LOCK_EX)
		ml->has_value = false;
}

void sfs_lock_master_drop_values(struct sfs_lock_master *master, u64 node)
{
	sfs_master_walk(master, sfs_master_drop_value, &node);
}
EXPORT_SYMBOL_GPL(sfs_lock_master_drop_values);

static void sfs_master_remove_one(struct sfs_lock_master *master,
				  struct sfs_master_stripe *st,
				  struct sfs_master_lock *ml, void *arg)
{
	struct sfs_master_part *part = sfs_master_part(ml, *(u64 *)arg);

	if (!part)
		return;
	sfs_master_part_del(part);
	sfs_master_serve(master, ml);
	st->nr_values += sfs_master_has_idle_value(ml);
	sfs_master_lock_trim(st, ml);
}

void sfs_lock_master_remove(struct sfs_lock_master *master, u64 node)
{
	/* first, or an object made meanwhile would get a part of it */
	sfs_lock_ranges_remove(&master->ranges, node);
	sfs_master_walk(master, sfs_master_remove_one, &node);
}
EXPORT_SYMBOL_GPL(sfs_lock_master_remove);

/* ---- values ---------------------------------------------------------------------- */

struct sfs_master_value_visit {
	sfs_lock_value_fn *fn;
	void *arg;
};

/* false: enough seen. */
static bool sfs_master_visit_values(struct sfs_master_stripe *st,
				    const struct sfs_master_value_visit *visit)
{
	struct sfs_master_lock *ml;
	unsigned int type;
	unsigned long nr;

	for (type = 0; type < SFS_LOCK_NR_TYPES; type++) {
		xa_for_each(&st->locks[type], nr, ml) {
			if (sfs_master_has_idle_value(ml) &&
			    !visit->fn(visit->arg, &ml->name, ml->lvb))
				return false;
		}
	}
	return true;
}

void sfs_lock_master_visit_values(struct sfs_lock_master *master,
				  sfs_lock_value_fn *fn, void *arg)
{
	struct sfs_master_value_visit visit = { .fn = fn, .arg = arg };
	unsigned int first = atomic_inc_return(&master->next_scan);
	struct sfs_master_stripe *st;
	bool goes_on = true;
	unsigned int i;

	for (i = 0; i < SFS_MASTER_STRIPES && goes_on; i++) {
		st = &master->stripes[(first + i) & (SFS_MASTER_STRIPES - 1)];
		mutex_lock(&st->lock);
		goes_on = sfs_master_visit_values(st, &visit);
		mutex_unlock(&st->lock);
		cond_resched();
	}
}
EXPORT_SYMBOL_GPL(sfs_lock_master_visit_values);

void sfs_lock_master_forget(struct sfs_lock_master *master,
			    const struct sfs_lock_name *name, const void *lvb)
{
	struct sfs_master_stripe *st = sfs_master_stripe(master, name);
	struct sfs_master_lock *ml;

	if (WARN_ON_ONCE(!sfs_master_name_is_valid(name)))
		return;
	mutex_lock(&st->lock);
	ml = xa_load(&st->locks[name->type], name->nr);
	if (ml && sfs_master_has_idle_value(ml) &&
	    !memcmp(ml->lvb, lvb, sizeof(ml->lvb))) {
		ml->has_value = false;
		st->nr_values--;
		sfs_master_lock_trim(st, ml);
	}
	mutex_unlock(&st->lock);
}
EXPORT_SYMBOL_GPL(sfs_lock_master_forget);

/* ---- looking --------------------------------------------------------------------- */

static u64 sfs_master_part_wait_ms(const struct sfs_master_part *part)
{
	if (part->want == SFS_LOCK_NL && part->revoke == SFS_LOCK_NO_MODE)
		return 0;
	return div_u64(ktime_get_ns() - part->since_ns, NSEC_PER_MSEC);
}

struct sfs_master_visit {
	bool (*fn)(void *arg, const struct sfs_lock_master_info *info);
	void *arg;
	bool is_over;
};

static void sfs_master_visit_one(struct sfs_lock_master *master,
				 struct sfs_master_stripe *st,
				 struct sfs_master_lock *ml, void *arg)
{
	struct sfs_master_visit *visit = arg;
	struct sfs_lock_master_info info = { .name = ml->name };
	struct sfs_master_part *part;

	list_for_each_entry(part, &ml->parts, link) {
		info.node = part->node;
		info.mode = part->mode;
		info.want = part->want;
		info.is_revoked = part->revoke != SFS_LOCK_NO_MODE;
		info.wait_ms = sfs_master_part_wait_ms(part);
		if (!visit->is_over)
			visit->is_over = !visit->fn(visit->arg, &info);
	}
}

void sfs_lock_master_for_each(struct sfs_lock_master *master,
			      bool (*fn)(void *arg,
					 const struct sfs_lock_master_info *info),
			      void *arg)
{
	struct sfs_master_visit visit = { .fn = fn, .arg = arg };

	sfs_master_walk(master, sfs_master_visit_one, &visit);
}
EXPORT_SYMBOL_GPL(sfs_lock_master_for_each);

void sfs_lock_master_stats(struct sfs_lock_master *master,
			   struct sfs_lock_master_stats *stats)
{
	unsigned int i;

	memset(stats, 0, sizeof(*stats));
	stats->requests = atomic64_read(&master->nr_requests);
	stats->grants = atomic64_read(&master->nr_grants);
	stats->revokes = atomic64_read(&master->nr_revokes);
	for (i = 0; i < SFS_MASTER_STRIPES; i++) {
		stats->nr_locks += READ_ONCE(master->stripes[i].nr_locks);
		stats->nr_values += READ_ONCE(master->stripes[i].nr_values);
	}
}
EXPORT_SYMBOL_GPL(sfs_lock_master_stats);

/* ---- life ------------------------------------------------------------------------ */

struct sfs_lock_master *
sfs_lock_master_create(const struct sfs_lock_master_ops *ops, void *arg)
{
	struct sfs_lock_master *master = kvzalloc(sizeof(*master), GFP_KERNEL);
	unsigned int i, type;

	if (!master)
		return NULL;
	master->ops = ops;
	master->arg = arg;
	sfs_lock_ranges_init(&master->ranges);
	for (i = 0; i < SFS_MASTER_STRIPES; i++) {
		mutex_init(&master->stripes[i].lock);
		for (type = 0; type < SFS_LOCK_NR_TYPES; type++)
			xa_init(&master->stripes[i].locks[type]);
	}
	return master;
}
EXPORT_SYMBOL_GPL(sfs_lock_master_create);

static void sfs_master_free_one(struct sfs_lock_master *master,
				struct sfs_master_stripe *st,
				struct sfs_master_lock *ml, void *arg)
{
	struct sfs_master_part *part, *next;

	list_for_each_entry_safe(part, next, &ml->parts, link)
		sfs_master_part_del(part);
	ml->has_value = false;
	sfs_master_lock_trim(st, ml);
}

void sfs_lock_master_destroy(struct sfs_lock_master *master)
{
	unsigned int i;

	sfs_master_walk(master, sfs_master_free_one, NULL);
	sfs_lock_ranges_exit(&master->ranges);
	for (i = 0; i < SFS_MASTER_STRIPES; i++)
		mutex_destroy(&master->stripes[i].lock);
	kvfree(master);
}
EXPORT_SYMBOL_GPL(sfs_lock_master_destroy);
