/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fibers, a virtual clock and timers: one seed is one schedule.
 *
 * Clocks of machines run at rates of their own, and start together.
 *
 * A fiber runs until it blocks or until a yield point lets another one run;
 * which one is drawn from the seed.  A blocked fiber runs again when the object
 * it waits for is woken or its deadline has come, so a forgotten wake-up is a
 * deadlock.  The clock moves a little with each switch, and jumps to the next
 * deadline when nobody can run.
 */
#ifndef CL_FIBER_H
#define CL_FIBER_H

#include <ucontext.h>
#include <unistd.h>

#include "format/port.h"
#include "sim_dev.h"

struct cl_node;
struct cl_op;

enum cl_fiber_state {
	CL_FIBER_READY,
	CL_FIBER_BLOCKED,
	CL_FIBER_HELD,		/* would be ready, but its machine is paused */
	CL_FIBER_DEAD,
};

/**
 * struct cl_fiber - one thread of control
 * @task: what the port layer calls current
 * @ctx: saved registers
 * @stack: its memory, never freed: a dead machine's requests point into it
 * @stack_bytes: its size
 * @asan_stack: the sanitizer's shadow of it
 * @state: enum cl_fiber_state
 * @wait: what it waits for while blocked
 * @node: machine it dies with, NULL: none
 * @is_daemon: nobody misses it when it waits for ever
 * @is_paused: with its machine
 * @nr_global: mutexes it has that are not of one machine
 * @fn: what it does
 * @arg: passed to @fn
 * @op: operation of the workload it executes
 */
struct cl_fiber {
	struct task_struct task;
	ucontext_t ctx;
	void *stack;
	size_t stack_bytes;
	void *asan_stack;
	enum cl_fiber_state state;
	struct port_waiting wait;
	struct cl_node *node;
	bool is_daemon;
	bool is_paused;
	unsigned int nr_global;
	void (*fn)(void *arg);
	void *arg;
	struct cl_op *op;
};

/* The caller becomes the first fiber. */
void cl_sched_start(u64 seed);
/* All others end, and nothing they started comes to an end; works run. */
void cl_sched_alone(void);
struct cl_fiber *cl_fiber_start(struct cl_node *node, bool is_daemon,
				void (*fn)(void *arg), void *arg,
				const char *name, ...) __printf(5, 6);
struct cl_fiber *cl_fiber_current(void);
/* The machine's fibers never run again; the caller is not one of them. */
void cl_fiber_kill(const struct cl_node *node);
/* They do not run until they are told to go on. */
void cl_fiber_pause(const struct cl_node *node, bool is_paused);
/*
 * Until no fiber of the machine has a mutex that all machines of the process
 * share, as real ones do not: who has it must not stop.
 */
void cl_fiber_wait_global(const struct cl_node *node);
void cl_sleep_below(u64 ns);

/* Random numbers of the schedule: delays, fates, victims. */
u64 cl_below(u64 n);
bool cl_chance(unsigned int percent);
struct sim_rng *cl_rng(void);

/* The world's clock; port_now_ns() is that of the current fiber's machine. */
u64 cl_now(void);
/* How much faster the machine's clock runs; NULL: all are right. */
extern int (*cl_drift_permille)(const struct cl_node *node);
/* What the machine's clock says. */
u64 cl_node_now(const struct cl_node *node);

/* Run fn at that time of the world in a fiber of its own kind; it must not sleep. */
void cl_timer_add(u64 at_ns, void (*fn)(void *arg), void *arg);

extern bool cl_is_verbose;
/* A line of the trace, with time and fiber. */
void cl_trace(const char *fmt, ...) __printf(1, 2);
/* Say who waits for what, and fail. */
void cl_stuck(const char *what) __noreturn;
/* Note why this seed fails and end the process. */
void cl_fail(const char *fmt, ...) __printf(1, 2) __noreturn;
extern void (*cl_on_fail)(const char *text);
extern void (*cl_on_deadlock)(void);

u64 cl_nr_switches(void);

#endif
