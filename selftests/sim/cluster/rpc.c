// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leader services by message, executed by the leader's fibers.
 *
 * A request takes time both ways; several are executed at a time.  Now and then
 * one is executed twice, as when a reply got lost.  A request of a machine that
 * died may be executed or not; one that has begun is finished before the
 * machine is recovered.
 */
#include "cluster.h"
#include "fs/coord/proto.h"

enum { CL_RPC_NS = 2000000, CL_LEADER_FIBERS = 3, CL_REPEAT_PERCENT = 5 };

struct cl_rpc {
	struct list_head link;
	struct cl_node *node;
	u8 type;
	u8 req[SFS_COORD_REQUEST_MAX] __aligned(8);
	unsigned int req_len;
	u8 reply[SFS_COORD_REPLY_MAX] __aligned(8);
	unsigned int reply_len;
	bool is_done;
};

static LIST_HEAD(cl_rpc_queue);

static const char * const cl_rpc_names[SFS_COORD_NR_TYPES] = {
	[SFS_COORD_NEXT_SEQ]	= "next_seq",
	[SFS_COORD_GROUP_RANGE]	= "group_range",
	[SFS_COORD_JOIN]	= "join",
	[SFS_COORD_LEAVE]	= "leave",
	[SFS_COORD_GRANT]	= "grant",
	[SFS_COORD_RETURN]	= "return",
	[SFS_COORD_FOLD]	= "fold",
	[SFS_COORD_LOOKUP_ROOT]	= "lookup_root",
	[SFS_COORD_NEXT_ORPHAN]	= "next_orphan",
	[SFS_COORD_DEL_ORPHAN]	= "del_orphan",
	[SFS_COORD_STAT]	= "stat",
	[SFS_COORD_GRANT_AT]	= "grant_at",
	[SFS_COORD_ZONE]	= "zone",
};

static void cl_rpc_execute(struct cl_rpc *rpc)
{
	unsigned int times = cl_chance(CL_REPEAT_PERCENT) ? 2 : 1;
	struct cl_node *node = rpc->node;

	while (times--) {
		if (sfs_coord_serve(cl.leader, &node->peer, rpc->type, rpc->req,
				    rpc->req_len, rpc->reply, &rpc->reply_len))
			cl_fail("mount %u: bad request %s", node->mount,
				cl_rpc_names[rpc->type]);
		cl_trace("%s of mount %u: status %u", cl_rpc_names[rpc->type],
			 node->mount, rpc->reply[0]);
	}
}

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
		cl_rpc_execute(rpc);
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

int cl_coord_call(void *arg, u8 type, const void *req, unsigned int req_len,
		  void *reply, unsigned int *reply_len)
{
	struct cl_rpc rpc = {
		.node = arg,
		.type = type,
		.req_len = req_len,
	};

	if (req_len > sizeof(rpc.req))
		cl_fail("request of %u bytes", req_len);
	if (req_len)
		memcpy(rpc.req, req, req_len);
	cl_sleep_below(CL_RPC_NS);
	list_add_tail(&rpc.link, &cl_rpc_queue);
	port_wake_obj(&cl_rpc_queue);
	while (!rpc.is_done)
		port_wait_on("leader", &rpc, U64_MAX);
	memcpy(reply, rpc.reply, rpc.reply_len);
	*reply_len = rpc.reply_len;
	cl_sleep_below(CL_RPC_NS);
	return 0;
}
