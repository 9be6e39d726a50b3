// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work items that run when somebody pumps them.
 *
 * An item is on port_queued, on port_timed ordered by due time, or idle; while
 * its function runs a record is on port_running.  Whoever waits for an item
 * remembers its sequence number and never looks into it again, since the
 * function may have freed it.
 *
 * port_wake() is called with the item and its queue when it finished, and with
 * the item's owner whenever there is something new for its workers to do.
 */
#include "port_user.h"

struct port_running {
	struct list_head entry;
	const struct work_struct *work;
	struct workqueue_struct *wq;
	const void *owner;
	u64 seq;
};

struct workqueue_struct port_system_wq = { .name = "events" };
const void *(*port_work_owner)(void);

static LIST_HEAD(port_queued);
static LIST_HEAD(port_timed);
static LIST_HEAD(port_running);
static u64 port_work_seq;

static struct port_running *port_find_running(const struct work_struct *w)
{
	struct port_running *run;

	list_for_each_entry(run, &port_running, entry)
		if (run->work == w)
			return run;
	return NULL;
}

/* ---- queueing ---- */

static const void *port_owner(void)
{
	return port_work_owner ? port_work_owner() : &port_system_wq;
}

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...)
{
	struct workqueue_struct *wq;
	va_list ap;

	(void)flags;
	wq = kzalloc(sizeof(*wq), GFP_KERNEL);
	if (!wq)
		return NULL;
	va_start(ap, max_active);
	vscnprintf(wq->name, sizeof(wq->name), fmt, ap);
	va_end(ap);
	wq->max_active = max_active;
	wq->owner = port_owner();
	return wq;
}

/* Whoever queues it: a queue's items are its owner's, but all share this one. */
static void port_assign(struct workqueue_struct *wq, struct work_struct *w)
{
	w->wq = wq;
	w->owner = wq == &port_system_wq ? port_owner() : wq->owner;
	w->is_pending = true;
	w->seq = ++port_work_seq;
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *w)
{
	if (w->is_pending)
		return false;
	port_assign(wq, w);
	list_add_tail(&w->entry, &port_queued);
	port_wake_obj(w->owner);
	return true;
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dw,
			unsigned long delay)
{
	struct delayed_work *pos;

	if (!delay)
		return queue_work(wq, &dw->work);
	if (dw->work.is_pending)
		return false;
	dw->due_ns = port_deadline(delay);
	dw->is_timed = true;
	port_assign(wq, &dw->work);
	list_for_each_entry_reverse(pos, &port_timed, work.entry)
		if (pos->due_ns <= dw->due_ns)
			break;
	list_add(&dw->work.entry, &pos->work.entry);
	port_wake_obj(dw->work.owner);
	return true;
}

bool cancel_work(struct work_struct *w)
{
	if (!w->is_pending)
		return false;
	list_del_init(&w->entry);
	w->is_pending = false;
	port_wake_obj(w);
	port_wake_obj(w->wq);
	return true;
}

bool cancel_delayed_work(struct delayed_work *dw)
{
	dw->is_timed = false;
	return cancel_work(&dw->work);
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dw,
		      unsigned long delay)
{
	bool was_pending = cancel_delayed_work(dw);

	queue_delayed_work(wq, dw, delay);
	return was_pending;
}

/* ---- running ---- */

/* The clock may be the owner's own: it says nothing about the items of others. */
static void port_queue_due(const void *owner)
{
	struct delayed_work *dw, *n;

	list_for_each_entry_safe(dw, n, &port_timed, work.entry) {
		if (owner && dw->work.owner != owner)
			continue;
		if (dw->due_ns > port_now_ns())
			break;
		dw->is_timed = false;
		list_move_tail(&dw->work.entry, &port_queued);
	}
}

/* @owner: of that one, NULL: of any */
static struct work_struct *port_next_ready(u64 max_seq, const void *owner)
{
	struct work_struct *w;

	port_queue_due(owner);
	list_for_each_entry(w, &port_queued, entry) {
		if (w->seq > max_seq || (owner && w->owner != owner))
			continue;
		if (w->wq->max_active && w->wq->nr_running >= w->wq->max_active)
			continue;
		if (!port_find_running(w))
			return w;
	}
	return NULL;
}

static bool port_run_one(u64 max_seq, const void *owner)
{
	struct work_struct *w = port_next_ready(max_seq, owner);
	struct port_running run;

	if (!w)
		return false;
	list_del_init(&w->entry);
	w->is_pending = false;
	run.work = w;
	run.wq = w->wq;
	run.owner = w->owner;
	run.seq = w->seq;
	list_add_tail(&run.entry, &port_running);
	run.wq->nr_running++;

	w->func(w);	/* may free w */

	run.wq->nr_running--;
	list_del(&run.entry);
	port_wake_obj(run.work);
	port_wake_obj(run.wq);
	port_wake_obj(run.owner);
	return true;
}

bool port_run_one_work(void)
{
	return port_run_one(U64_MAX, NULL);
}

bool port_run_one_work_of(const void *owner)
{
	return port_run_one(U64_MAX, owner);
}

unsigned int port_run_works(void)
{
	u64 max_seq = port_work_seq;	/* a work may queue itself for ever */
	unsigned int nr = 0;

	while (port_run_one(max_seq, NULL))
		nr++;
	return nr;
}

bool port_work_ready(void)
{
	return port_next_ready(U64_MAX, NULL) != NULL;
}

bool port_work_ready_of(const void *owner)
{
	return port_next_ready(U64_MAX, owner) != NULL;
}

u64 port_next_work_ns(void)
{
	struct delayed_work *dw;

	dw = list_first_entry_or_null(&port_timed, struct delayed_work,
				      work.entry);
	return dw ? dw->due_ns : U64_MAX;
}

u64 port_next_work_ns_of(const void *owner)
{
	struct delayed_work *dw;

	list_for_each_entry(dw, &port_timed, work.entry)
		if (dw->work.owner == owner)
			return dw->due_ns;
	return U64_MAX;
}

/* ---- waiting ---- */

/* is item number @seq queued or running? */
static bool port_seq_busy(u64 seq)
{
	struct port_running *run;
	struct work_struct *w;

	list_for_each_entry(w, &port_queued, entry)
		if (w->seq == seq)
			return true;
	list_for_each_entry(run, &port_running, entry)
		if (run->seq == seq)
			return true;
	return false;
}

bool flush_work(struct work_struct *w)
{
	struct port_running *run = port_find_running(w);
	u64 seq;

	might_sleep();
	if (w->is_pending)
		seq = w->seq;
	else if (run)
		seq = run->seq;
	else
		return false;
	while (port_seq_busy(seq))
		port_wait_on("flush_work", w, U64_MAX);
	return true;
}

bool flush_delayed_work(struct delayed_work *dw)
{
	if (dw->is_timed) {
		dw->is_timed = false;
		list_move_tail(&dw->work.entry, &port_queued);
		port_wake_obj(dw->work.owner);
	}
	return flush_work(&dw->work);
}

bool cancel_work_sync(struct work_struct *w)
{
	bool was_pending = cancel_work(w);

	might_sleep();
	while (port_find_running(w)) {
		port_wait_on("cancel_work_sync", w, U64_MAX);
		cancel_work(w);
	}
	return was_pending;
}

bool cancel_delayed_work_sync(struct delayed_work *dw)
{
	bool was_pending = cancel_delayed_work(dw);

	might_sleep();
	while (port_find_running(&dw->work)) {
		port_wait_on("cancel_delayed_work_sync", &dw->work, U64_MAX);
		cancel_delayed_work(dw);
	}
	return was_pending;
}

static bool port_wq_busy(const struct workqueue_struct *wq, u64 max_seq)
{
	struct port_running *run;
	struct work_struct *w;

	list_for_each_entry(w, &port_queued, entry)
		if (w->wq == wq && w->seq <= max_seq)
			return true;
	list_for_each_entry(run, &port_running, entry)
		if (run->wq == wq && run->seq <= max_seq)
			return true;
	return false;
}

void flush_workqueue(struct workqueue_struct *wq)
{
	u64 max_seq = port_work_seq;

	might_sleep();
	while (port_wq_busy(wq, max_seq))
		port_wait_on("flush_workqueue", wq, U64_MAX);
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	struct work_struct *w;

	while (port_wq_busy(wq, U64_MAX))
		flush_workqueue(wq);
	list_for_each_entry(w, &port_timed, entry)
		WARN(w->wq == wq, "workqueue %s destroyed with a timed item",
		     wq->name);
	kfree(wq);
}

static void port_drop_list(struct list_head *list, const void *owner)
{
	struct work_struct *w, *n;

	list_for_each_entry_safe(w, n, list, entry) {
		if (owner && w->owner != owner)
			continue;
		list_del_init(&w->entry);
		w->is_pending = false;
	}
}

void port_drop_works(const void *owner)
{
	struct port_running *run, *n;

	port_drop_list(&port_queued, owner);
	port_drop_list(&port_timed, owner);
	list_for_each_entry_safe(run, n, &port_running, entry) {
		if (owner && run->owner != owner)
			continue;
		run->wq->nr_running--;
		list_del(&run->entry);
	}
}
