// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cooperative scheduler's hooks, waiting, completions and RCU.
 *
 * port_waiting is valid from the call of port_block() until another task runs.
 */
#include <execinfo.h>

#include "port_user.h"

static struct task_struct port_main_task = { .comm = "main", .pid = 1 };

struct task_struct *port_current = &port_main_task;
struct port_waiting port_waiting;
u64 port_wake_seq;
unsigned int port_atomic_depth;
unsigned int port_rcu_depth;
unsigned long port_warn_count;

static struct rcu_head *port_rcu_first;
static struct rcu_head **port_rcu_last = &port_rcu_first;

static void port_yield_default(void)
{
}

void (*port_block)(const char *why) = port_block_default;
void (*port_yield)(void) = port_yield_default;
void (*port_wake)(const void *obj);

static void port_backtrace(void)
{
	void *frames[32];

	fflush(NULL);
	backtrace_symbols_fd(frames, backtrace(frames, 32), 2);
}

void dump_stack(void)
{
	port_backtrace();
}

void port_warn(const char *file, int line, const char *fmt, ...)
{
	struct va_format vf = { .fmt = fmt };
	va_list ap;

	port_warn_count++;
	va_start(ap, fmt);
	vf.va = &ap;
	printk(KERN_WARNING "WARNING: %s:%d: task %s: %pV\n", file, line,
	       current->comm, (void *)&vf);
	va_end(ap);
	if (getenv("PORT_WARN_ABORT")) {
		port_backtrace();
		abort();
	}
}

void port_die(const char *fmt, ...)
{
	struct va_format vf = { .fmt = fmt };
	va_list ap;

	va_start(ap, fmt);
	vf.va = &ap;
	printk(KERN_EMERG "task %s: %pV\n", current->comm, (void *)&vf);
	va_end(ap);
	port_backtrace();
	abort();
}

void port_might_sleep(const char *file, int line)
{
	if (unlikely(port_atomic_depth))
		port_die("%s:%d: sleeping function called while atomic", file,
			 line);
}

/* each work run from a blocked task is a task of its own to the locks */
static unsigned int port_run_nested(void)
{
	static int nr_tasks;
	struct task_struct task = { .pid = 2 + nr_tasks };
	struct task_struct *saved = current;
	unsigned int nr;

	scnprintf(task.comm, sizeof(task.comm), "work/%d", ++nr_tasks);
	port_current = &task;
	nr = port_run_works();
	port_current = saved;
	nr_tasks--;
	return nr;
}

void port_block_default(const char *why)
{
	const char *name = port_waiting.name ? port_waiting.name : "";
	u64 deadline = port_waiting.deadline_ns;
	struct timespec ts;
	u64 now;

	if (port_run_nested())
		return;

	if (deadline > port_next_work_ns())
		deadline = port_next_work_ns();
	if (deadline == U64_MAX)
		port_die("deadlock: %s %s", why, name);

	now = port_now_ns();
	if (now >= deadline)
		return;
	if (port_clock) {
		if (!port_clock_advance)
			port_die("deadlock: the clock stands still: %s %s",
				 why, name);
		port_clock_advance(deadline);
		return;
	}
	ts.tv_sec = (deadline - now) / NSEC_PER_SEC;
	ts.tv_nsec = (deadline - now) % NSEC_PER_SEC;
	nanosleep(&ts, NULL);
}

void port_wait_named(const char *why, const char *name, const void *obj,
		     u64 deadline_ns)
{
	if (unlikely(port_atomic_depth))
		port_die("waiting while atomic: %s", why);
	port_waiting.why = why;
	port_waiting.name = name;
	port_waiting.obj = obj;
	port_waiting.deadline_ns = deadline_ns;
	port_block(why);
}

void port_wait_queue(struct wait_queue_head *wq, const char *why,
		     u64 deadline_ns)
{
	wq->nr_sleepers++;
	port_wait_on(why, wq, deadline_ns);
	wq->nr_sleepers--;
}

void port_sleep_ns(u64 ns)
{
	u64 until = port_now_ns() + ns;

	might_sleep();
	port_yield_point();
	while (port_now_ns() < until)
		port_wait_on("sleep", NULL, until);
}

/* ---- completions ---- */

void complete(struct completion *c)
{
	if (c->done != UINT_MAX)
		c->done++;
	port_wake_obj(&c->wait);
}

void complete_all(struct completion *c)
{
	c->done = UINT_MAX;
	port_wake_obj(&c->wait);
}

bool try_wait_for_completion(struct completion *c)
{
	if (!c->done)
		return false;
	if (c->done != UINT_MAX)
		c->done--;
	return true;
}

void wait_for_completion(struct completion *c)
{
	might_sleep();
	port_yield_point();
	while (!try_wait_for_completion(c))
		port_wait_queue(&c->wait, "wait_for_completion", U64_MAX);
}

/* a signal counts when the task is woken for whatever reason */
int wait_for_completion_interruptible(struct completion *c)
{
	might_sleep();
	port_yield_point();
	while (!try_wait_for_completion(c)) {
		if (signal_pending(current))
			return -ERESTARTSYS;
		port_wait_queue(&c->wait, "wait_for_completion", U64_MAX);
	}
	return 0;
}

unsigned long wait_for_completion_timeout(struct completion *c,
					  unsigned long timeout)
{
	u64 deadline = port_deadline(timeout);
	bool is_done;

	might_sleep();
	port_yield_point();
	while (!(is_done = try_wait_for_completion(c)) &&
	       port_now_ns() < deadline)
		port_wait_queue(&c->wait, "wait_for_completion", deadline);
	return port_jiffies_left(is_done, deadline);
}

/* ---- RCU ---- */

static void port_rcu_run(void)
{
	struct rcu_head *head;

	while (!port_rcu_depth && (head = port_rcu_first)) {
		port_rcu_first = head->next;
		if (!port_rcu_first)
			port_rcu_last = &port_rcu_first;
		if (head->func)
			head->func(head);
		else
			kfree(head->ptr);
	}
}

void rcu_read_lock(void)
{
	port_rcu_depth++;
	port_atomic_depth++;
}

void rcu_read_unlock(void)
{
	if (!port_rcu_depth)
		port_die("rcu_read_unlock without rcu_read_lock");
	port_rcu_depth--;
	port_atomic_depth--;
	port_rcu_run();
	port_yield_point();
}

static void port_rcu_queue(struct rcu_head *head)
{
	head->next = NULL;
	*port_rcu_last = head;
	port_rcu_last = &head->next;
	port_rcu_run();
}

void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	head->func = func;
	port_rcu_queue(head);
}

void port_kfree_rcu(struct rcu_head *head, void *ptr)
{
	head->func = NULL;
	head->ptr = ptr;
	port_rcu_queue(head);
}

void synchronize_rcu(void)
{
	might_sleep();
	port_rcu_run();
	port_yield_point();
}
