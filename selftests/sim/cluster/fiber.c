// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fibers, a virtual clock and timers.
 */
#include "fiber.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define CL_STACK_BYTES	(1 << 20)
#else
#define CL_STACK_BYTES	(256 << 10)
#endif

enum {
	CL_FIBERS_MAX	= 512,
	CL_SWITCH_NS	= 150,
	CL_SWITCHES_MAX	= 20000000,
};

#define CL_EPOCH_NS	(1700000000ULL * NSEC_PER_SEC)

struct cl_timer {
	struct list_head link;
	u64 at_ns;
	void (*fn)(void *arg);
	void *arg;
};

static struct {
	struct sim_rng rng;
	struct cl_fiber *fiber[CL_FIBERS_MAX];
	unsigned int nr_fibers;
	struct cl_fiber *ready[CL_FIBERS_MAX];
	unsigned int nr_ready;
	struct cl_fiber main;
	struct cl_fiber *current;
	struct list_head timers;	/* by time */
	u64 now;
	u64 next_deadline;		/* no blocked fiber's is earlier */
	u64 nr_switches;
	unsigned int yield_mean;
	int countdown;
} cl_sched;

bool cl_is_verbose;
int (*cl_drift_permille)(const struct cl_node *node);
void (*cl_on_fail)(const char *text);
void (*cl_on_deadlock)(void);

/* ---- trace and failure ----------------------------------------------------------- */

void cl_trace(const char *fmt, ...)
{
	va_list ap;

	if (!cl_is_verbose)
		return;
	fprintf(stderr, "%12.6f %-12s ", (cl_sched.now - CL_EPOCH_NS) / 1e9,
		port_current->comm);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void cl_fail(const char *fmt, ...)
{
	char text[480];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cl_trace("FAILED: %s", text);
	if (cl_on_fail)
		cl_on_fail(text);
	_exit(1);
}

/* ---- random numbers ---------------------------------------------------------------- */

struct sim_rng *cl_rng(void)
{
	return &cl_sched.rng;
}

u64 cl_below(u64 n)
{
	return sim_below(&cl_sched.rng, n);
}

bool cl_chance(unsigned int percent)
{
	return sim_chance(&cl_sched.rng, percent);
}

/* ---- clock -------------------------------------------------------------------------- */

u64 cl_now(void)
{
	return cl_sched.now;
}

static int cl_drift(const struct cl_node *node)
{
	return node && cl_drift_permille ? cl_drift_permille(node) : 0;
}

u64 cl_node_now(const struct cl_node *node)
{
	s64 ns = cl_sched.now - CL_EPOCH_NS;

	ns += ns / 1000 * cl_drift(node);
	return CL_EPOCH_NS + ns;
}

static u64 cl_clock(void)
{
	return cl_node_now(cl_sched.current->node);
}

/* When a machine's clock will say that. */
static u64 cl_world_ns(const struct cl_node *node, u64 at_ns)
{
	s64 ns = at_ns - CL_EPOCH_NS;

	if (!cl_drift(node) || at_ns == U64_MAX)
		return at_ns;
	/* a little later: the other direction is rounded */
	return CL_EPOCH_NS + ns / (1000 + cl_drift(node)) * 1000 + 3000;
}

static void cl_clock_advance(u64 ns)
{
	cl_sched.now = max(cl_sched.now, ns);
}

/* ---- switching ------------------------------------------------------------------------ */

static void cl_make_ready(struct cl_fiber *f)
{
	if (f->is_paused) {
		f->state = CL_FIBER_HELD;
		return;
	}
	f->state = CL_FIBER_READY;
	cl_sched.ready[cl_sched.nr_ready++] = f;
}

static const char *cl_owner(const struct port_waiting *w)
{
	const struct rw_semaphore *sem = w->obj;
	const struct mutex *m = w->obj;
	const struct task_struct *t = NULL;

	if (!strcmp(w->why, "mutex_lock"))
		t = m->owner;
	else if (!strcmp(w->why, "down_read") || !strcmp(w->why, "down_write"))
		t = sem->writer ?: sem->reader[0];
	return t ? t->comm : "?";
}

void cl_stuck(const char *what)
{
	char text[400];
	size_t len;
	unsigned int i;

	len = scnprintf(text, sizeof(text), "%s:", what);
	for (i = 0; i < cl_sched.nr_fibers; i++) {
		const struct cl_fiber *f = cl_sched.fiber[i];
		const struct port_waiting *w = &f->wait;

		if (f->state == CL_FIBER_READY && !f->is_daemon)
			len += scnprintf(text + len, sizeof(text) - len,
					 " [%s runs]", f->task.comm);
		if (f->state != CL_FIBER_BLOCKED)
			continue;
		cl_trace("%s waits: %s %s, owner %s", f->task.comm, w->why,
			 w->name ?: "", cl_owner(w));
		if (f->is_daemon)
			continue;
		len += scnprintf(text + len, sizeof(text) - len,
				 " [%s: %.60s %.30s of %s]", f->task.comm,
				 w->why, w->name ?: "", cl_owner(w));
	}
	if (cl_on_deadlock)
		cl_on_deadlock();
	cl_fail("%s", text);
}

/* Fibers whose time has come may run. */
static void cl_wake_due(void)
{
	u64 next = U64_MAX;
	unsigned int i;

	if (cl_sched.now < cl_sched.next_deadline)
		return;
	for (i = 0; i < cl_sched.nr_fibers; i++) {
		struct cl_fiber *f = cl_sched.fiber[i];

		if (f->state != CL_FIBER_BLOCKED)
			continue;
		if (f->wait.deadline_ns <= cl_sched.now)
			cl_make_ready(f);
		else
			next = min(next, f->wait.deadline_ns);
	}
	cl_sched.next_deadline = next;
}

static struct cl_fiber *cl_pick(void)
{
	struct cl_fiber *f;
	unsigned int i;

	cl_sched.now += CL_SWITCH_NS;
	cl_wake_due();
	while (!cl_sched.nr_ready) {
		if (cl_sched.next_deadline == U64_MAX)
			cl_stuck("deadlock");
		cl_sched.now = max(cl_sched.now, cl_sched.next_deadline);
		cl_wake_due();
	}
	i = cl_below(cl_sched.nr_ready);
	f = cl_sched.ready[i];
	cl_sched.ready[i] = cl_sched.ready[--cl_sched.nr_ready];
	return f;
}

#if defined(__SANITIZE_ADDRESS__)
static void cl_leave(struct cl_fiber *from, struct cl_fiber *to)
{
	__sanitizer_start_switch_fiber(&from->asan_stack, to->stack,
				       to->stack_bytes);
}

/* What was left first is the program's own stack: learn where it is. */
static void cl_enter(struct cl_fiber *self)
{
	const void *bottom;
	size_t bytes;

	__sanitizer_finish_switch_fiber(self->asan_stack, &bottom, &bytes);
	if (!cl_sched.main.stack) {
		cl_sched.main.stack = (void *)bottom;
		cl_sched.main.stack_bytes = bytes;
	}
}
#else
static void cl_leave(struct cl_fiber *from, struct cl_fiber *to)
{
}

static void cl_enter(struct cl_fiber *self)
{
}
#endif

/* The caller is on the ready list, or blocked, or dead. */
static void cl_switch(void)
{
	struct cl_fiber *from = cl_sched.current;
	struct cl_fiber *to = cl_pick();

	if (++cl_sched.nr_switches > CL_SWITCHES_MAX)
		cl_stuck("livelock");
	if (to == from)
		return;
	cl_sched.current = to;
	port_current = &to->task;
	cl_leave(from, to);
	swapcontext(&from->ctx, &to->ctx);
	cl_enter(from);
}

static void cl_yield(void)
{
	if (--cl_sched.countdown > 0)
		return;
	cl_sched.countdown = 1 + cl_below(2 * cl_sched.yield_mean);
	if (!cl_sched.nr_ready && cl_sched.now < cl_sched.next_deadline)
		return;
	cl_make_ready(cl_sched.current);
	cl_switch();
}

static void cl_block(const char *why)
{
	struct cl_fiber *f = cl_sched.current;

	f->wait = port_waiting;
	f->wait.deadline_ns = cl_world_ns(f->node, f->wait.deadline_ns);
	f->state = CL_FIBER_BLOCKED;
	cl_sched.next_deadline = min(cl_sched.next_deadline,
				     f->wait.deadline_ns);
	cl_switch();
}

static void cl_wake(const void *obj)
{
	unsigned int i;

	for (i = 0; i < cl_sched.nr_fibers; i++) {
		struct cl_fiber *f = cl_sched.fiber[i];

		if (f->state == CL_FIBER_BLOCKED && f->wait.obj == obj)
			cl_make_ready(f);
	}
}

/* ---- fibers ---------------------------------------------------------------------------- */

static void cl_fiber_main(void)
{
	struct cl_fiber *f = cl_sched.current;

	cl_enter(f);
	f->fn(f->arg);
	f->state = CL_FIBER_DEAD;
	port_wake_obj(f);
	cl_switch();
	abort();
}

static void cl_fiber_add(struct cl_fiber *f)
{
	unsigned int i;

	for (i = 0; i < cl_sched.nr_fibers; i++) {
		if (cl_sched.fiber[i]->state == CL_FIBER_DEAD)
			break;
	}
	if (i == CL_FIBERS_MAX)
		port_die("too many fibers");
	f->task.pid = 1 + cl_sched.nr_switches + i;
	cl_sched.fiber[i] = f;
	cl_sched.nr_fibers = max(cl_sched.nr_fibers, i + 1);
}

struct cl_fiber *cl_fiber_start(struct cl_node *node, bool is_daemon,
				void (*fn)(void *arg), void *arg,
				const char *name, ...)
{
	struct cl_fiber *f = calloc(1, sizeof(*f));
	va_list ap;

	if (!f)
		port_die("out of memory");
	va_start(ap, name);
	vsnprintf(f->task.comm, sizeof(f->task.comm), name, ap);
	va_end(ap);
	f->stack = malloc(CL_STACK_BYTES);
	if (!f->stack || getcontext(&f->ctx))
		port_die("no fiber");
	f->stack_bytes = CL_STACK_BYTES;
	f->node = node;
	f->is_daemon = is_daemon;
	f->fn = fn;
	f->arg = arg;
	f->ctx.uc_stack.ss_sp = f->stack;
	f->ctx.uc_stack.ss_size = CL_STACK_BYTES;
	makecontext(&f->ctx, cl_fiber_main, 0);
	cl_fiber_add(f);
	cl_make_ready(f);
	return f;
}

struct cl_fiber *cl_fiber_current(void)
{
	return cl_sched.current;
}

void cl_fiber_kill(const struct cl_node *node)
{
	unsigned int n = 0;
	unsigned int i;

	for (i = 0; i < cl_sched.nr_ready; i++) {
		if (cl_sched.ready[i]->node != node)
			cl_sched.ready[n++] = cl_sched.ready[i];
	}
	cl_sched.nr_ready = n;
	for (i = 0; i < cl_sched.nr_fibers; i++) {
		if (cl_sched.fiber[i]->node == node)
			cl_sched.fiber[i]->state = CL_FIBER_DEAD;
	}
}

void cl_fiber_pause(const struct cl_node *node, bool is_paused)
{
	unsigned int n = 0;
	unsigned int i;

	for (i = 0; i < cl_sched.nr_fibers; i++) {
		struct cl_fiber *f = cl_sched.fiber[i];

		if (f->node != node || f->state == CL_FIBER_DEAD)
			continue;
		f->is_paused = is_paused;
		if (is_paused && f->state == CL_FIBER_READY)
			f->state = CL_FIBER_HELD;
		else if (!is_paused && f->state == CL_FIBER_HELD)
			cl_make_ready(f);
	}
	for (i = 0; i < cl_sched.nr_ready; i++) {
		if (cl_sched.ready[i]->state != CL_FIBER_HELD)
			cl_sched.ready[n++] = cl_sched.ready[i];
	}
	cl_sched.nr_ready = n;
}

static bool cl_fiber_has_global(const struct cl_node *node)
{
	unsigned int i;

	for (i = 0; i < cl_sched.nr_fibers; i++) {
		const struct cl_fiber *f = cl_sched.fiber[i];

		if (f->node == node && f->state != CL_FIBER_DEAD &&
		    f->nr_global)
			return true;
	}
	return false;
}

void cl_fiber_wait_global(const struct cl_node *node)
{
	while (cl_fiber_has_global(node))
		port_sleep_ns(1000);
}

void cl_sleep_below(u64 ns)
{
	port_sleep_ns(1 + cl_below(ns));
}

/* ---- timers ------------------------------------------------------------------------------ */

void cl_timer_add(u64 at_ns, void (*fn)(void *arg), void *arg)
{
	struct cl_timer *t = malloc(sizeof(*t));
	struct cl_timer *pos;

	if (!t)
		port_die("out of memory");
	t->at_ns = at_ns;
	t->fn = fn;
	t->arg = arg;
	list_for_each_entry_reverse(pos, &cl_sched.timers, link)
		if (pos->at_ns <= at_ns)
			break;
	list_add(&t->link, &pos->link);
	port_wake_obj(&cl_sched.timers);
}

static void cl_timer_fiber(void *arg)
{
	struct cl_timer *t;

	for (;;) {
		t = list_first_entry_or_null(&cl_sched.timers, struct cl_timer,
					     link);
		if (!t || t->at_ns > cl_sched.now) {
			port_wait_on("timers", &cl_sched.timers,
				     t ? t->at_ns : U64_MAX);
			continue;
		}
		list_del(&t->link);
		t->fn(t->arg);
		free(t);
	}
}

/* ---- works ------------------------------------------------------------------------------- */

/* The machine; what is nobody's is the system's. */
static const void *cl_work_owner(void)
{
	return cl_sched.current->node ?: (const void *)&port_system_wq;
}

/* ---- start and stop -------------------------------------------------------------------------- */

u64 cl_nr_switches(void)
{
	return cl_sched.nr_switches;
}

void cl_sched_start(u64 seed)
{
	static const unsigned int means[] = { 2, 8, 30, 120, 1000 };

	memset(&cl_sched, 0, sizeof(cl_sched));
	cl_sched.rng.state = sim_mix(seed);
	cl_sched.now = CL_EPOCH_NS;
	cl_sched.next_deadline = U64_MAX;
	cl_sched.yield_mean = means[cl_below(ARRAY_SIZE(means))];
	INIT_LIST_HEAD(&cl_sched.timers);
	strscpy(cl_sched.main.task.comm, "main",
		sizeof(cl_sched.main.task.comm));
	cl_sched.current = &cl_sched.main;
	cl_fiber_add(&cl_sched.main);
	port_current = &cl_sched.main.task;
	port_clock = cl_clock;
	port_clock_advance = cl_clock_advance;
	port_block = cl_block;
	port_yield = cl_yield;
	port_wake = cl_wake;
	port_work_owner = cl_work_owner;
	cl_fiber_start(NULL, true, cl_timer_fiber, NULL, "timers");
}

static void cl_any_worker_fiber(void *arg)
{
	for (;;) {
		if (!port_run_one_work())
			port_wait_on("works", &port_system_wq, U64_MAX);
	}
}

void cl_sched_alone(void)
{
	unsigned int i;

	for (i = 0; i < cl_sched.nr_fibers; i++) {
		if (cl_sched.fiber[i] != cl_sched.current)
			cl_sched.fiber[i]->state = CL_FIBER_DEAD;
	}
	cl_sched.nr_ready = 0;
	port_drop_works(NULL);
	for (i = 0; i < 2; i++)
		cl_fiber_start(NULL, true, cl_any_worker_fiber, NULL, "last%u",
			       i);
}
