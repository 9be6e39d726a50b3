// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers: each machine runs the items of its own work queues.
 *
 * One worker of a machine watches for items.  Before it runs one, which may
 * wait for long, another one takes over the watch: an item never waits for the
 * end of another one unless its queue says so.
 */
#include "cluster.h"

enum { CL_LAZY_NS = 150000000 };

struct cl_worker {
	struct list_head idle;	/* of node->idle_workers, but for who watches */
	struct cl_node *node;
};

static void cl_worker_fiber(void *arg);

static void cl_worker_start(struct cl_node *node)
{
	struct cl_worker *w = calloc(1, sizeof(*w));

	if (!w)
		port_die("out of memory");
	w->node = node;
	node->watching = w;
	cl_fiber_start(node, true, cl_worker_fiber, w, "mnt%u/w%u", node->mount,
		       node->nr_workers++);
}

static void cl_worker_pass_watch(struct cl_node *node)
{
	struct cl_worker *w;

	w = list_first_entry_or_null(&node->idle_workers, struct cl_worker,
				     idle);
	if (!w) {
		cl_worker_start(node);
		return;
	}
	list_del(&w->idle);
	node->watching = w;
	port_wake_obj(w);
}

static void cl_worker_fiber(void *arg)
{
	struct cl_worker *w = arg;
	struct cl_node *node = w->node;

	while (node->state != CL_NODE_DOWN) {
		if (node->watching != w) {
			port_wait_on("watch", w, U64_MAX);
		} else if (!port_work_ready_of(node)) {
			port_wait_on("works", node, port_next_work_ns_of(node));
		} else {
			cl_worker_pass_watch(node);
			/* a processor that has other things to do */
			if (cl_chance(cl.lazy_percent))
				cl_sleep_below(CL_LAZY_NS);
			while (port_run_one_work_of(node))
				;
			list_add(&w->idle, &node->idle_workers);
		}
	}
}

void cl_workers_start(struct cl_node *node)
{
	INIT_LIST_HEAD(&node->idle_workers);
	cl_worker_start(node);
}

void cl_workers_stop(struct cl_node *node)
{
	struct cl_worker *w;

	port_wake_obj(node);
	list_for_each_entry(w, &node->idle_workers, idle)
		port_wake_obj(w);
}
