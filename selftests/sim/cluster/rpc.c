// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leader services as requests to the leader's fibers.
 *
 * The linker sends the calls of sfs_leader_*() here.  A machine's request takes
 * time both ways and is executed by one of the leader's fibers, several at a
 * time; a request of a machine that died may be executed or not, one that has
 * begun is finished before the machine is recovered.  The leader's own calls
 * are plain calls.
 */
#include "cluster.h"

enum { CL_RPC_NS = 2000000, CL_LEADER_FIBERS = 3 };

struct cl_rpc {
	struct list_head link;
	struct cl_node *node;
	const char *name;
	void (*run)(struct cl_rpc *rpc);
	void *p[3];
	u64 a[5];
	u64 result;
	bool is_done;
};

static LIST_HEAD(cl_rpc_queue);

static void cl_leader_fiber(void *arg)
{
	struct cl_rpc *rpc;

	for (;;) {
		rpc = list_first_entry_or_null(&cl_rpc_queue, struct cl_rpc,
					       link);
		if (!rpc) {
			port_wait_on("requests", &cl_rpc_queue, U64_MAX);
			continue;
		}
		list_del(&rpc->link);
		rpc->node->nr_calls++;
		cl_trace("%s of mount %u: %llu %llu", rpc->name,
			 rpc->node->mount, rpc->a[0], rpc->a[1]);
		rpc->run(rpc);
		cl_trace("%s of mount %u: result %lld", rpc->name,
			 rpc->node->mount, rpc->result);
		rpc->is_done = true;
		rpc->node->nr_calls--;
		port_wake_obj(rpc);
		port_wake_obj(&rpc->node->nr_calls);
	}
}

void cl_rpc_start(void)
{
	unsigned int i;

	for (i = 0; i < CL_LEADER_FIBERS; i++)
		cl_fiber_start(NULL, true, cl_leader_fiber, NULL, "leader%u",
			       i);
}

void cl_rpc_node_died(struct cl_node *node)
{
	bool is_late = false;
	struct cl_rpc *rpc, *n;

	list_for_each_entry_safe(rpc, n, &cl_rpc_queue, link) {
		if (rpc->node == node && (is_late || cl_chance(50))) {
			is_late = true;
			list_del(&rpc->link);
		}
	}
}

void cl_rpc_drain(struct cl_node *node)
{
	struct cl_rpc *rpc, *n;

	list_for_each_entry_safe(rpc, n, &cl_rpc_queue, link) {
		if (rpc->node == node)
			list_del(&rpc->link);
	}
	while (node->nr_calls)
		port_wait_on("leader requests", &node->nr_calls, U64_MAX);
}

static u64 cl_call(struct cl_rpc *rpc)
{
	rpc->node = cl_node_current();
	if (!rpc->node) {
		rpc->run(rpc);
		return rpc->result;
	}
	cl_sleep_below(CL_RPC_NS);
	list_add_tail(&rpc->link, &cl_rpc_queue);
	port_wake_obj(&cl_rpc_queue);
	while (!rpc->is_done)
		port_wait_on("leader", rpc, U64_MAX);
	cl_sleep_below(CL_RPC_NS);
	return rpc->result;
}

#define CL_RPC(n)	.name = #n, .run = cl_run_##n

/* ---- services --------------------------------------------------------------------- */

#define CL_LEADER(type, name, ...)					\
	type __real_sfs_leader_##name(struct sfs_leader *ld, ##__VA_ARGS__); \
	type __wrap_sfs_leader_##name(struct sfs_leader *ld, ##__VA_ARGS__)

CL_LEADER(u64, next_seq);
CL_LEADER(int, group_range, u64 nr, u64 *first);
CL_LEADER(int, join, u64 rid, u32 *slot);
CL_LEADER(int, grant, u32 slot, u64 taken_id, u8 space, u64 want, bool reserve,
	  struct sfs_grant *grant);
CL_LEADER(int, return, u32 slot, u64 id, const struct sfs_tree *tree);
CL_LEADER(int, fold, u32 slot, const struct sfs_tree *mlog, u64 seq);
CL_LEADER(int, recover_slot, u32 slot, u64 rid);
CL_LEADER(int, lookup_root, u64 group, struct sfs_disk_root_entry *entry);
CL_LEADER(int, next_orphan, u64 *ino);
CL_LEADER(int, del_orphan, u64 ino);
CL_LEADER(void, stat, struct sfs_leader_stat *st);

static void cl_run_next_seq(struct cl_rpc *r)
{
	r->result = __real_sfs_leader_next_seq(r->p[0]);
}

u64 __wrap_sfs_leader_next_seq(struct sfs_leader *ld)
{
	struct cl_rpc r = { CL_RPC(next_seq), .p = { ld } };

	return cl_call(&r);
}

static void cl_run_group_range(struct cl_rpc *r)
{
	r->result = __real_sfs_leader_group_range(r->p[0], r->a[0], r->p[1]);
}

int __wrap_sfs_leader_group_range(struct sfs_leader *ld, u64 nr, u64 *first)
{
	struct cl_rpc r = { CL_RPC(group_range), .p = { ld, first },
			    .a = { nr } };

	return cl_call(&r);
}

static void cl_run_join(struct cl_rpc *r)
{
	r->result = __real_sfs_leader_join(r->p[0], r->a[0], r->p[1]);
}

int __wrap_sfs_leader_join(struct sfs_leader *ld, u64 rid, u32 *slot)
{
	struct cl_rpc r = { CL_RPC(join), .p = { ld, slot },
			    .a = { rid } };

	return cl_call(&r);
}

static void cl_run_grant(struct cl_rpc *r)
{
	r->result = __real_sfs_leader_grant(r->p[0], r->a[0], r->a[1], r->a[2],
					    r->a[3], r->a[4], r->p[1]);
}

int __wrap_sfs_leader_grant(struct sfs_leader *ld, u32 slot, u64 taken_id,
			    u8 space, u64 want, bool reserve,
			    struct sfs_grant *grant)
{
	struct cl_rpc r = { CL_RPC(grant), .p = { ld, grant },
			    .a = { slot, taken_id, space, want, reserve } };

	return cl_call(&r);
}

static void cl_run_return(struct cl_rpc *r)
{
	r->result = __real_sfs_leader_return(r->p[0], r->a[0], r->a[1],
					     r->p[1]);
}

int __wrap_sfs_leader_return(struct sfs_leader *ld, u32 slot, u64 id,
			     const struct sfs_tree *tree)
{
	struct sfs_tree copy = *tree;
	struct cl_rpc r = { CL_RPC(return), .p = { ld, &copy },
			    .a = { slot, id } };

	return cl_call(&r);
}

static void cl_run_fold(struct cl_rpc *r)
{
	r->result = __real_sfs_leader_fold(r->p[0], r->a[0], r->p[1], r->a[1]);
}

int __wrap_sfs_leader_fold(struct sfs_leader *ld, u32 slot,
			   const struct sfs_tree *mlog, u64 seq)
{
	struct sfs_tree copy = *mlog;
	struct cl_rpc r = { CL_RPC(fold), .p = { ld, &copy },
			    .a = { slot, seq } };

	return cl_call(&r);
}

static void cl_run_recover_slot(struct cl_rpc *r)
{
	r->result = __real_sfs_leader_recover_slot(r->p[0], r->a[0], r->a[1]);
}

int __wrap_sfs_leader_recover_slot(struct sfs_leader *ld, u32 slot, u64 rid)
{
	struct cl_rpc r = { CL_RPC(recover_slot), .p = { ld },
			    .a = { slot, rid } };

	return cl_call(&r);
}

static void cl_run_lookup_root(struct cl_rpc *r)
{
	r->result = __real_sfs_leader_lookup_root(r->p[0], r->a[0], r->p[1]);
}

int __wrap_sfs_leader_lookup_root(struct sfs_leader *ld, u64 group,
				  struct sfs_disk_root_entry *entry)
{
	struct cl_rpc r = { CL_RPC(lookup_root), .p = { ld, entry },
			    .a = { group } };

	return cl_call(&r);
}

static void cl_run_next_orphan(struct cl_rpc *r)
{
	r->result = __real_sfs_leader_next_orphan(r->p[0], r->p[1]);
}

int __wrap_sfs_leader_next_orphan(struct sfs_leader *ld, u64 *ino)
{
	struct cl_rpc r = { CL_RPC(next_orphan), .p = { ld, ino } };

	return cl_call(&r);
}

static void cl_run_del_orphan(struct cl_rpc *r)
{
	r->result = __real_sfs_leader_del_orphan(r->p[0], r->a[0]);
}

int __wrap_sfs_leader_del_orphan(struct sfs_leader *ld, u64 ino)
{
	struct cl_rpc r = { CL_RPC(del_orphan), .p = { ld },
			    .a = { ino } };

	return cl_call(&r);
}

static void cl_run_stat(struct cl_rpc *r)
{
	__real_sfs_leader_stat(r->p[0], r->p[1]);
}

void __wrap_sfs_leader_stat(struct sfs_leader *ld, struct sfs_leader_stat *st)
{
	struct cl_rpc r = { CL_RPC(stat), .p = { ld, st } };

	cl_call(&r);
}
