/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cooperative scheduler's hooks, the current task, clocks and waiting.
 *
 * A task that must wait evaluates its condition, and while that is false calls
 * port_wait_on(), which fills port_waiting and calls port_block().  The default
 * port_block() runs queued works, sleeps until a deadline if there is one, and
 * reports a deadlock otherwise.  A simulator's port_block() copies port_waiting,
 * switches to another fiber (setting port_current) and returns when the task
 * shall look at its condition again; returning too early is harmless.  Whatever
 * may have made a condition true calls port_wake_obj() with the object waited
 * for, so a simulator that resumes tasks only on wakes of their own object also
 * finds forgotten wake-ups.
 *
 * No task is switched away while it holds a spinlock, has preemption disabled
 * or is inside an RCU read section, so spinlocks are never contended.
 */
#ifndef SFS_PORT_SCHED_H
#define SFS_PORT_SCHED_H

#include "port_types.h"
#include "port_misc.h"

#define TASK_COMM_LEN	16

/* a fiber; simulators embed it and point port_current to it */
struct task_struct {
	char comm[TASK_COMM_LEN];
	int pid;
	unsigned int flags;
	bool has_signal;	/* ends interruptible waits once they are woken */
	void *sim;
};

extern struct task_struct *port_current;
#define current		port_current

/**
 * struct port_waiting - what the task calling port_block() waits for
 * @why: constant text naming the primitive or condition
 * @name: name of the lock, or NULL; lives as long as the lock's code
 * @obj: address port_wake() will be called with; NULL for plain sleeping
 * @deadline_ns: port_now_ns() to return at in any case; U64_MAX for never
 */
struct port_waiting {
	const char *why;
	const char *name;
	const void *obj;
	u64 deadline_ns;
};

extern struct port_waiting port_waiting;
extern u64 port_wake_seq;		/* counts wake-ups of anything */
extern unsigned int port_atomic_depth;	/* spinlocks, preemption, RCU */
extern unsigned int port_rcu_depth;

extern void (*port_block)(const char *why);
extern void (*port_yield)(void);
extern void (*port_wake)(const void *obj);	/* NULL by default */

void port_block_default(const char *why);
void port_wait_named(const char *why, const char *name, const void *obj,
		     u64 deadline_ns);
void port_might_sleep(const char *file, int line);

static inline void port_wake_obj(const void *obj)
{
	port_wake_seq++;
	if (port_wake)
		port_wake(obj);
}

static inline void port_yield_point(void)
{
	if (!port_atomic_depth)
		port_yield();
}

static inline void port_wait_on(const char *why, const void *obj,
				u64 deadline_ns)
{
	port_wait_named(why, NULL, obj, deadline_ns);
}

#define might_sleep()		port_might_sleep(__FILE__, __LINE__)
#define might_sleep_if(c)	do { if (c) might_sleep(); } while (0)
#define might_lock(l)		((void)(l))
#define might_alloc(gfp)	((void)(gfp))
#define cant_sleep()		((void)0)
#define in_interrupt()		0
#define in_task()		1
#define in_atomic()		(port_atomic_depth != 0)

static inline int cond_resched(void)
{
	might_sleep();
	port_yield_point();
	return 0;
}

#define need_resched()		0
#define schedule()		((void)cond_resched())
#define yield()			((void)cond_resched())
#define preempt_disable()	((void)port_atomic_depth++)
#define preempt_enable()	((void)port_atomic_depth--)

#define signal_pending(t)	((t)->has_signal)
#define fatal_signal_pending(t)	((void)(t), 0)
#define task_pid_nr(t)		((t)->pid)

#define TASK_RUNNING		0
#define TASK_INTERRUPTIBLE	1
#define TASK_UNINTERRUPTIBLE	2
#define TASK_KILLABLE		(0x100 | TASK_UNINTERRUPTIBLE)

/* ---- sleeping ---- */

void port_sleep_ns(u64 ns);

#define msleep(ms)		port_sleep_ns((u64)(ms) * NSEC_PER_MSEC)
#define msleep_interruptible(ms) \
	(msleep(ms), signal_pending(current) ? 1UL : 0UL)
#define ssleep(s)		port_sleep_ns((u64)(s) * NSEC_PER_SEC)
#define usleep_range(lo, hi)	port_sleep_ns((u64)(lo) * NSEC_PER_USEC)
#define fsleep(us)		port_sleep_ns((u64)(us) * NSEC_PER_USEC)
#define udelay(us)		((void)(us))

static inline long schedule_timeout_uninterruptible(long timeout)
{
	port_sleep_ns((u64)timeout * PORT_NSEC_PER_JIFFY);
	return 0;
}

#define schedule_timeout_killable(t)	schedule_timeout_uninterruptible(t)
#define schedule_timeout_interruptible(t) schedule_timeout_uninterruptible(t)

/* ---- wait queues ---- */

typedef struct wait_queue_head {
	unsigned int nr_sleepers;
	unsigned int nr_wakes;	/* one may come while a condition is evaluated */
} wait_queue_head_t;

#define __WAIT_QUEUE_HEAD_INITIALIZER(n) { 0, 0 }
#define DECLARE_WAIT_QUEUE_HEAD(n) \
	wait_queue_head_t n = __WAIT_QUEUE_HEAD_INITIALIZER(n)
#define DECLARE_WAIT_QUEUE_HEAD_ONSTACK(n) DECLARE_WAIT_QUEUE_HEAD(n)

static inline void init_waitqueue_head(struct wait_queue_head *wq)
{
	wq->nr_sleepers = 0;
	wq->nr_wakes = 0;
}

static inline bool waitqueue_active(struct wait_queue_head *wq)
{
	return wq->nr_sleepers != 0;
}

static inline bool wq_has_sleeper(struct wait_queue_head *wq)
{
	smp_mb();
	return waitqueue_active(wq);
}

void port_wait_queue(struct wait_queue_head *wq, const char *why,
		     u64 deadline_ns);

static inline void port_wake_queue(struct wait_queue_head *wq)
{
	wq->nr_wakes++;
	port_wake_obj(wq);
}

#define wake_up(wq)			port_wake_queue(wq)
#define wake_up_all(wq)			port_wake_queue(wq)
#define wake_up_nr(wq, nr)		port_wake_queue(wq)
#define wake_up_interruptible(wq)	port_wake_queue(wq)
#define wake_up_interruptible_all(wq)	port_wake_queue(wq)
#define wake_up_locked(wq)		port_wake_queue(wq)

/* a wake-up since nr_wakes was read: look at the condition again */
#define wait_event(wq, cond) do {					\
	might_sleep();							\
	port_yield_point();						\
	for (;;) {							\
		unsigned int port_wn_ = (wq).nr_wakes;			\
									\
		if (cond)						\
			break;						\
		if (port_wn_ == (wq).nr_wakes)				\
			port_wait_queue(&(wq), "wait_event: " #cond,	\
					U64_MAX);			\
	}								\
} while (0)

/* jiffies left, at least 1, when the condition became true; else 0 */
#define wait_event_timeout(wq, cond, timeout) ({			\
	u64 port_we_ = port_deadline(timeout);				\
	unsigned int port_wn_ = (wq).nr_wakes;				\
	bool port_wc_;							\
	might_sleep();							\
	port_yield_point();						\
	while (!(port_wc_ = !!(cond)) && port_now_ns() < port_we_) {	\
		if (port_wn_ == (wq).nr_wakes)				\
			port_wait_queue(&(wq), "wait_event: " #cond,	\
					port_we_);			\
		port_wn_ = (wq).nr_wakes;				\
	}								\
	port_jiffies_left(port_wc_, port_we_); })

#define wait_event_killable(wq, cond)	({ wait_event(wq, cond); 0; })
#define wait_event_interruptible(wq, cond) ({				\
	int port_wi_ = 0;						\
	might_sleep();							\
	port_yield_point();						\
	for (;;) {							\
		unsigned int port_wn_ = (wq).nr_wakes;			\
									\
		if (cond)						\
			break;						\
		port_wi_ = signal_pending(current) ? -ERESTARTSYS : 0;	\
		if (port_wi_)						\
			break;						\
		if (port_wn_ == (wq).nr_wakes)				\
			port_wait_queue(&(wq), "wait_event: " #cond,	\
					U64_MAX);			\
	}								\
	port_wi_; })
#define wait_event_freezable(wq, cond)	({ wait_event(wq, cond); 0; })
#define wait_event_idle(wq, cond)	wait_event(wq, cond)
#define wait_event_idle_timeout(wq, cond, t) wait_event_timeout(wq, cond, t)
#define wait_event_interruptible_timeout(wq, cond, t) \
	wait_event_timeout(wq, cond, t)
#define wait_event_killable_timeout(wq, cond, t) \
	wait_event_timeout(wq, cond, t)
#define wait_event_exclusive_cmd(wq, cond, before, after) do {		\
	while (!(cond)) {						\
		before;							\
		port_wait_queue(&(wq), "wait_event: " #cond, U64_MAX);	\
		after;							\
	}								\
} while (0)
#define wait_event_cmd(wq, cond, before, after) \
	wait_event_exclusive_cmd(wq, cond, before, after)
#define wait_event_lock_irq(wq, cond, lock) \
	wait_event_cmd(wq, cond, spin_unlock(&(lock)), spin_lock(&(lock)))

#define wait_var_event(var, cond) do {					\
	might_sleep();							\
	while (!(cond))							\
		port_wait_on("wait_var_event: " #cond, (var), U64_MAX);	\
} while (0)
#define wake_up_var(var)	port_wake_obj(var)

static inline int wait_on_bit(unsigned long *word, int bit, unsigned int mode)
{
	(void)mode;
	might_sleep();
	while ((READ_ONCE(*word) >> bit) & 1)
		port_wait_on("wait_on_bit", word, U64_MAX);
	return 0;
}

#define wake_up_bit(word, bit)	port_wake_obj(word)

static inline void clear_and_wake_up_bit(int bit, unsigned long *word)
{
	*word &= ~(1UL << bit);
	wake_up_bit(word, bit);
}

/* ---- completions ---- */

struct completion {
	unsigned int done;
	wait_queue_head_t wait;
};

#define COMPLETION_INITIALIZER(n)	{ 0, { 0, 0 } }
#define DECLARE_COMPLETION(n)	struct completion n = COMPLETION_INITIALIZER(n)
#define DECLARE_COMPLETION_ONSTACK(n)	DECLARE_COMPLETION(n)

static inline void init_completion(struct completion *c)
{
	c->done = 0;
	init_waitqueue_head(&c->wait);
}

static inline void reinit_completion(struct completion *c)
{
	c->done = 0;
}

static inline bool completion_done(struct completion *c)
{
	return c->done != 0;
}

void complete(struct completion *c);
void complete_all(struct completion *c);
void wait_for_completion(struct completion *c);
unsigned long wait_for_completion_timeout(struct completion *c,
					  unsigned long timeout);
bool try_wait_for_completion(struct completion *c);

#define wait_for_completion_io(c)	wait_for_completion(c)
#define wait_for_completion_killable(c)	({ wait_for_completion(c); 0; })
int wait_for_completion_interruptible(struct completion *c);
#define wait_for_completion_killable_timeout(c, t) \
	((long)wait_for_completion_timeout(c, t))
#define wait_for_completion_interruptible_timeout(c, t) \
	((long)wait_for_completion_timeout(c, t))

/* ---- RCU: a grace period ends as soon as no read section is open ---- */

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
	void *ptr;
};
#define callback_head rcu_head

typedef void (*rcu_callback_t)(struct rcu_head *head);

void rcu_read_lock(void);
void rcu_read_unlock(void);
void call_rcu(struct rcu_head *head, rcu_callback_t func);
void port_kfree_rcu(struct rcu_head *head, void *ptr);
void synchronize_rcu(void);

#define synchronize_rcu_expedited()	synchronize_rcu()
#define rcu_barrier()			synchronize_rcu()
#define kfree_rcu(p, member)		port_kfree_rcu(&(p)->member, (p))
#define kvfree_rcu(p, member)		port_kfree_rcu(&(p)->member, (p))
#define rcu_read_lock_held()		(port_rcu_depth != 0)
#define rcu_dereference(p)		READ_ONCE(p)
#define rcu_dereference_check(p, c)	READ_ONCE(p)
#define rcu_dereference_protected(p, c)	(p)
#define rcu_dereference_raw(p)		READ_ONCE(p)
#define rcu_access_pointer(p)		READ_ONCE(p)
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), (v))
#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)
#define rcu_replace_pointer(p, v, c) ({					\
	__typeof__(p) port_rp_ = (p);					\
	rcu_assign_pointer(p, v);					\
	port_rp_; })

#endif
