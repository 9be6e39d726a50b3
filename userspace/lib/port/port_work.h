/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work items that run when somebody pumps them.
 *
 * All queues share one first-in, first-out list; an ordered queue runs one item
 * at a time and no item runs twice at once.  port_run_works() runs what is
 * queued or due in the calling task; the default port_block() does so in a
 * task of its own.  A simulator calls it from its worker fibers.
 *
 * When a simulator's tasks are of several machines, port_work_owner() tells
 * which one the current task is of: a queue belongs to the machine that made it,
 * an item of the system's queue to the one that queues it.
 */
#ifndef SFS_PORT_WORK_H
#define SFS_PORT_WORK_H

#include "port_list.h"
#include "port_sched.h"

struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct workqueue_struct {
	char name[24];
	int max_active;		/* 0: no limit */
	int nr_running;
	const void *owner;
};

struct work_struct {
	struct list_head entry;
	work_func_t func;
	struct workqueue_struct *wq;
	const void *owner;
	u64 seq;		/* number of this queueing */
	bool is_pending;	/* on the list of queued or of timed items */
};

struct delayed_work {
	struct work_struct work;
	u64 due_ns;
	bool is_timed;
};

extern struct workqueue_struct port_system_wq;
/* never NULL what it returns; without it &port_system_wq owns everything */
extern const void *(*port_work_owner)(void);
#define system_wq		(&port_system_wq)
#define system_long_wq		(&port_system_wq)
#define system_unbound_wq	(&port_system_wq)
#define system_highpri_wq	(&port_system_wq)

#define WQ_UNBOUND		0x02
#define WQ_FREEZABLE		0x04
#define WQ_MEM_RECLAIM		0x08
#define WQ_HIGHPRI		0x10
#define WQ_CPU_INTENSIVE	0x20

#define __WORK_INITIALIZER(n, f) \
	{ .entry = LIST_HEAD_INIT((n).entry), .func = (f) }
#define DECLARE_WORK(n, f)	struct work_struct n = __WORK_INITIALIZER(n, f)
#define DECLARE_DELAYED_WORK(n, f) \
	struct delayed_work n = { .work = __WORK_INITIALIZER((n).work, f) }

static inline void INIT_WORK(struct work_struct *w, work_func_t func)
{
	*w = (struct work_struct) { .func = func };
	INIT_LIST_HEAD(&w->entry);
}

static inline void INIT_DELAYED_WORK(struct delayed_work *dw, work_func_t func)
{
	INIT_WORK(&dw->work, func);
	dw->due_ns = 0;
	dw->is_timed = false;
}

#define INIT_WORK_ONSTACK(w, f)		INIT_WORK(w, f)
#define INIT_DELAYED_WORK_ONSTACK(w, f)	INIT_DELAYED_WORK(w, f)
#define destroy_work_on_stack(w)	((void)(w))
#define INIT_DEFERRABLE_WORK(w, f)	INIT_DELAYED_WORK(w, f)

static inline struct delayed_work *to_delayed_work(struct work_struct *w)
{
	return container_of(w, struct delayed_work, work);
}

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...) __printf(1, 4);
#define alloc_ordered_workqueue(fmt, flags, args...) \
	alloc_workqueue(fmt, flags, 1, ##args)
void destroy_workqueue(struct workqueue_struct *wq);
void flush_workqueue(struct workqueue_struct *wq);
#define drain_workqueue(wq)	flush_workqueue(wq)

bool queue_work(struct workqueue_struct *wq, struct work_struct *w);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dw,
			unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dw,
		      unsigned long delay);
bool flush_work(struct work_struct *w);
bool flush_delayed_work(struct delayed_work *dw);
bool cancel_work(struct work_struct *w);
bool cancel_work_sync(struct work_struct *w);
bool cancel_delayed_work(struct delayed_work *dw);
bool cancel_delayed_work_sync(struct delayed_work *dw);

#define schedule_work(w)		queue_work(system_wq, w)
#define schedule_delayed_work(w, d)	queue_delayed_work(system_wq, w, d)
#define flush_scheduled_work()		flush_workqueue(system_wq)
#define work_pending(w)			((w)->is_pending)
#define delayed_work_pending(dw)	work_pending(&(dw)->work)

/* run one item that is queued or due; false when there was none */
bool port_run_one_work(void);
/* the same for items of one owner */
bool port_run_one_work_of(const void *owner);
/* run what is queued or due now; returns how many ran */
unsigned int port_run_works(void);
/* can port_run_one_work() do anything now? */
bool port_work_ready(void);
bool port_work_ready_of(const void *owner);
/* when the next timed item becomes due; U64_MAX for never */
u64 port_next_work_ns(void);
u64 port_next_work_ns_of(const void *owner);
/* forget all items of @owner, as when a machine dies; NULL: of all */
void port_drop_works(const void *owner);

#endif
