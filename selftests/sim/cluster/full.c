// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole stack: each machine mounts with lock provider "cluster" over transport
 * "sim", and whatever happens happens to machines, disks and the network.
 *
 * At each place there is a machine that is mounted again whenever it is down.
 * When enough has happened everything is left alone ("calm"): all mount once
 * more, the leader recovers who is lost, and all leave in good order.
 *
 * Checked here: what a leader may do to others (recover who is fenced, and
 * nobody else), that no two of them have a lease, that who has none does not
 * write, and that mounts withdraw only where they must.
 */
#include "lock/cluster/cluster.h"
#include "full.h"
#include "oracle.h"
#include "transport.h"

enum {
	CL_MOUNT_TRIES	= 40,
	CL_TERMS	= 4096,
	CL_SLACK_NS	= 5000000,	/* from asking for a lease to the write */
};

#define CL_PATIENCE_NS	(120ULL * NSEC_PER_SEC)	/* until a mount has failed */

static struct {
	unsigned int nr_quorum;		/* places with a slot */
	unsigned int nr_ops;
	unsigned int nr_events;
	unsigned int nr_faults;		/* going on now */
	unsigned int timeout_ms;
	unsigned int keepalive_ms;
	unsigned int bad_agent_percent;
	unsigned int drift_permille;
	u64 unclean_ns;			/* when somebody ended in bad order */
	bool is_calm;
	bool may_leave;
	unsigned int led[CL_TERMS];	/* by term: mount */
} cl_full;

static u64 cl_timeout_ns(void)
{
	return cl_full.timeout_ms * (u64)NSEC_PER_MSEC;
}

static struct cl_node *cl_node_of_rid(u64 rid)
{
	unsigned int i;

	for (i = 0; i < cl.nr_mounts; i++) {
		if (cl.mount[i]->rid == rid)
			return cl.mount[i];
	}
	return NULL;
}

static bool cl_node_runs(const struct cl_node *node)
{
	return node->state != CL_NODE_DOWN && node->state != CL_NODE_DEAD;
}

static bool cl_node_leads(const struct cl_node *node)
{
	return cl_node_runs(node) && node->cluster &&
	       node->cluster->lead_state != SFS_CL_FOLLOWS &&
	       node->cluster->lead_state != SFS_CL_DEPOSED;
}

/* ---- what must hold --------------------------------------------------------------- */

void __real_sfs_cl_lead_elected(struct sfs_cluster *c, u64 term);
void __wrap_sfs_cl_lead_elected(struct sfs_cluster *c, u64 term);
void __real_sfs_cl_lead_stop(struct sfs_cluster *c);
void __wrap_sfs_cl_lead_stop(struct sfs_cluster *c);
void __real_sfs_volume_lease(struct sfs_volume *vol, u64 until_ns);
void __wrap_sfs_volume_lease(struct sfs_volume *vol, u64 until_ns);
void __real_sfs_volume_withdraw(struct sfs_volume *vol, int error,
				const char *why);
void __wrap_sfs_volume_withdraw(struct sfs_volume *vol, int error,
				const char *why);

void __wrap_sfs_cl_lead_elected(struct sfs_cluster *c, u64 term)
{
	struct cl_node *node = cl_node_current();

	if (term >= CL_TERMS)
		cl_fail("term %llu is reached", term);
	if (cl_full.led[term])
		cl_fail("mounts %u and %u both lead in term %llu",
			cl_full.led[term], node->mount, term);
	cl_full.led[term] = node->mount;
	node->cluster = c;
	cl.stat.nr_leaders++;
	cl_trace("leads in term %llu", term);
	__real_sfs_cl_lead_elected(c, term);
}

/* It will be gone soon. */
void __wrap_sfs_cl_lead_stop(struct sfs_cluster *c)
{
	__real_sfs_cl_lead_stop(c);
	cl_node_current()->cluster = NULL;
}

/* Whoever leads has a lease, and nobody else has one as a leader. */
void __wrap_sfs_volume_lease(struct sfs_volume *vol, u64 until_ns)
{
	struct cl_node *node = cl_node_current();
	unsigned int i;

	__real_sfs_volume_lease(vol, until_ns);
	if (!node || !cl_node_leads(node) || until_ns <= port_now_ns())
		return;
	for (i = 0; i < cl.nr_mounts; i++) {
		const struct cl_node *other = cl.mount[i];

		if (other != node && cl_node_leads(other) &&
		    other->cluster->quorum_lease_ns > cl_node_now(other))
			cl_fail("mounts %u and %u both have a leader's lease",
				node->mount, other->mount);
	}
}

static bool cl_may_withdraw(const struct cl_node *node, const char *why)
{
	if (!strcmp(why, "forced unmount"))
		return true;
	/* it is lost, which it is about to be told */
	if (node->cluster && node->cluster->member_state == SFS_CL_LOST)
		return !cl_full.may_leave;
	return !strcmp(why, "not a member any more") && !cl_full.may_leave;
}

void __wrap_sfs_volume_withdraw(struct sfs_volume *vol, int error,
				const char *why)
{
	struct cl_node *node = cl_node_current();

	if (cl.is_full && node && !sfs_volume_error(vol)) {
		cl_trace("withdrawn: %s", why);
		cl.stat.nr_withdrawn++;
		if (!cl_may_withdraw(node, why))
			cl_fail("mount %u is withdrawn: %s: error %d",
				node->mount, why, error);
	}
	__real_sfs_volume_withdraw(vol, error, why);
}

bool cl_full_is_quorum_page(unsigned int nr, u64 off)
{
	return nr == SIM_META && off >= SFS_QUORUM_COPY_BYTES &&
	       off < SFS_QUORUM_BYTES + SFS_QUORUM_PAGES * SFS_PAGE_BYTES;
}

void cl_full_check_write(const struct cl_node *node, unsigned int nr, u64 off)
{
	u64 until;

	if (!cl.is_full || !node || cl_full_is_quorum_page(nr, off))
		return;
	until = max(node->vol.lease_until_ns, node->resumed_ns);
	if (until < U64_MAX - CL_SLACK_NS &&
	    port_now_ns() > until + CL_SLACK_NS)
		cl_fail("mount %u writes at %llu %llu us after its lease",
			node->mount, off, (port_now_ns() - until) / 1000);
}

void cl_full_check_recovery(const struct cl_node *node)
{
	if (cl.is_full && !node->is_fenced)
		cl_fail("mount %u is recovered and was not fenced",
			node->mount);
}

static bool cl_has_lease(const struct cl_node *node, u64 until_ns)
{
	return cl_node_now(node) <= max(until_ns, node->resumed_ns) +
				    CL_SLACK_NS;
}

/* Who leads may call others lost, and who is called so writes no more by itself. */
static void cl_check_lost(const struct cl_node *owner,
			  const struct cl_node *node,
			  enum sfs_fence_reason reason)
{
	if (!node)
		cl_fail("mount %u calls a mount lost that is none",
			owner->mount);
	if (reason != SFS_FENCE_QUORUM_BLOCK_LEADER &&
	    !cl_has_lease(owner, owner->cluster->quorum_lease_ns))
		cl_fail("mount %u leads no more and calls mount %u lost",
			owner->mount, node->mount);
	if (cl_node_runs(node) && !sfs_volume_error(&node->vol) &&
	    node->vol.lease_until_ns != U64_MAX &&
	    node->vol.lease_until_ns > cl_node_now(node))
		cl_fail("mount %u is called lost by mount %u and has a lease",
			node->mount, owner->mount);
}

/* ---- fencing ------------------------------------------------------------------------ */

struct cl_fence {
	u64 fsid, owner, rid;
};

/* Nothing of the mount runs or lands any more. */
static void cl_fence_node(struct cl_node *node)
{
	struct cl_node *newer = cl.node[node->nr];

	cl_node_crash(node);
	/* agents know machines, not mounts */
	if (newer != node && !cl_full.is_calm && cl_chance(20))
		cl_node_crash(newer);
	cl_disk_fence(node);
	node->is_fenced = true;
	cl_trace("mount %u is fenced", node->mount);
}

/* An agent of the leader's machine, for one request. */
static void cl_agent_fiber(void *arg)
{
	static const unsigned int slow_ms[] = { 5, 5, 50, 50, 500, 5000 };
	struct cl_node *node;
	struct cl_fence *f = arg;
	bool is_bad = !cl_full.is_calm && cl_chance(cl_full.bad_agent_percent);

	cl_sleep_below(slow_ms[cl_below(ARRAY_SIZE(slow_ms))] *
		       (u64)NSEC_PER_MSEC);
	node = cl_node_of_rid(f->rid);
	if (!node)
		cl_fail("an unknown mount %016llx is to be fenced", f->rid);
	if (!is_bad || cl_chance(50))
		cl_fence_node(node);
	cl_sleep_below(20 * NSEC_PER_MSEC);
	sfs_fence_answer(f->fsid, f->owner, f->rid, !is_bad);
	free(f);
}

static void cl_crash_soon(struct cl_node *node);

static void cl_fence_changed(struct sfs_fence_listener *listener,
			     const struct sfs_fence_info *info, bool is_new)
{
	struct cl_node *owner = cl_node_of_rid(info->owner);
	struct cl_fence *f;

	if (!is_new)
		return;
	cl_check_lost(owner, cl_node_of_rid(info->rid), info->reason);
	f = calloc(1, sizeof(*f));
	if (!f)
		port_die("out of memory");
	f->fsid = info->fsid;
	f->owner = info->owner;
	f->rid = info->rid;
	cl.stat.nr_fences++;
	cl_fiber_start(owner, true, cl_agent_fiber, f, "mnt%u/agent",
		       owner->mount);
	/* in the middle of a recovery */
	if (!cl_full.is_calm && cl_chance(12))
		cl_crash_soon(owner);
}

static struct sfs_fence_listener cl_fence_listener = {
	.changed = cl_fence_changed,
};

/* ---- faults --------------------------------------------------------------------------- */

/* Something that happens to a machine and is over after a while. */
struct cl_fault {
	struct cl_node *node;
	unsigned int other;	/* place */
	bool is_one_way;
	u64 delay_ns;
	u64 ns;
};

static void cl_fault_end(struct cl_fault *fault)
{
	cl_full.nr_faults--;
	port_wake_obj(&cl_full);
	free(fault);
}

static void cl_pause_fiber(void *arg)
{
	struct cl_fault *fault = arg;
	struct cl_node *node = fault->node;

	cl_fiber_wait_global(node);
	if (cl_node_runs(node) && !node->is_paused) {
		cl_trace("mount %u stands still", node->mount);
		node->is_paused = true;
		cl_fiber_pause(node, true);
		port_sleep_ns(fault->ns);
		node->is_paused = false;
		node->resumed_ns = cl_node_now(node);
		cl_fiber_pause(node, false);
		cl_trace("mount %u goes on", node->mount);
	}
	cl_fault_end(fault);
}

static void cl_stall_fiber(void *arg)
{
	struct cl_fault *fault = arg;

	cl_trace("the disks of mount %u stall", fault->node->mount);
	fault->node->stall_until_ns = cl_now() + fault->ns;
	port_sleep_ns(fault->ns);
	cl_fault_end(fault);
}

static void cl_cut(const struct cl_fault *fault, unsigned int other,
		   bool is_cut)
{
	unsigned int nr = fault->node->nr;

	if (other == nr)
		return;
	cl_net_cut(nr, other, is_cut);
	if (!fault->is_one_way || !is_cut)
		cl_net_cut(other, nr, is_cut);
}

/* From one other machine, or from all. */
static void cl_cut_fiber(void *arg)
{
	struct cl_fault *fault = arg;
	bool is_all = fault->other == fault->node->nr;
	unsigned int i;

	cl_trace("machine %u is cut off %s %u%s", fault->node->nr,
		 is_all ? "all but" : "from", fault->other,
		 fault->is_one_way ? ", one way" : "");
	for (i = 0; i < cl.nr_nodes; i++) {
		if (is_all || i == fault->other)
			cl_cut(fault, i, true);
	}
	port_sleep_ns(fault->ns);
	for (i = 0; i < cl.nr_nodes; i++) {
		if (is_all || i == fault->other)
			cl_cut(fault, i, false);
	}
	cl_trace("machine %u is connected again", fault->node->nr);
	cl_fault_end(fault);
}

static void cl_crash_fiber(void *arg)
{
	struct cl_fault *fault = arg;

	port_sleep_ns(fault->delay_ns);
	if (cl_chance(40))
		cl_wait_for_write(fault->node);
	if (cl_node_runs(fault->node))
		cl_node_crash(fault->node);
	cl_fault_end(fault);
}

static void cl_crash_soon(struct cl_node *node)
{
	struct cl_fault *fault = calloc(1, sizeof(*fault));

	if (!fault)
		port_die("out of memory");
	fault->node = node;
	fault->delay_ns = cl_below(300 * NSEC_PER_MSEC);
	cl_full.nr_faults++;
	cl_fiber_start(NULL, false, cl_crash_fiber, fault, "crash%u",
		       node->mount);
}

static void cl_break_fiber(void *arg)
{
	struct cl_fault *fault = arg;

	cl_net_break(fault->node);
	cl_fault_end(fault);
}

/* Leaders are worth more. */
static struct cl_node *cl_pick_victim(void)
{
	unsigned int i;

	for (i = 0; i < cl.nr_nodes && cl_chance(45); i++) {
		if (cl_node_leads(cl.node[i]))
			return cl.node[i];
	}
	return cl.node[cl_below(cl.nr_nodes)];
}

static void cl_fault_start(void)
{
	static const struct {
		unsigned int weight;
		void (*fn)(void *arg);
		const char *name;
	} kinds[] = {
		{ 35, cl_crash_fiber, "crash" },
		{ 15, cl_pause_fiber, "pause" },
		{ 20, cl_cut_fiber, "cut" },
		{ 15, cl_stall_fiber, "stall" },
		{ 15, cl_break_fiber, "break" },
	};
	struct cl_fault *fault = calloc(1, sizeof(*fault));
	unsigned int r = cl_below(100), i;

	if (!fault)
		port_die("out of memory");
	fault->node = cl_pick_victim();
	fault->other = cl_below(cl.nr_nodes);
	fault->is_one_way = cl_chance(25);
	fault->ns = 1 + cl_below(cl_timeout_ns() * 5 / 2);
	for (i = 0; r >= kinds[i].weight; i++)
		r -= kinds[i].weight;
	cl_full.nr_faults++;
	cl_fiber_start(NULL, false, kinds[i].fn, fault, "%s%u", kinds[i].name,
		       fault->node->mount);
}

static void cl_faults_fiber(void *arg)
{
	unsigned int i;

	while (cl.nr_mounts < cl.nr_nodes)
		cl_sleep_below(NSEC_PER_MSEC);
	for (i = 0; i < cl_full.nr_events; i++) {
		/* often several at a time */
		cl_sleep_below(cl_chance(30) ? cl_timeout_ns() / 4 :
					       cl_timeout_ns() * 2);
		cl_fault_start();
	}
	while (cl_full.nr_faults)
		port_wait_on("faults", &cl_full, U64_MAX);
	cl_sleep_below(cl_timeout_ns());
	cl_trace("from now on nothing happens");
	cl_net_calm();
	cl_full.is_calm = true;
	port_wake_obj(&cl);
}

/* ---- machines ------------------------------------------------------------------------- */

/* A lease is three quarters of a timeout: clocks may differ by less than that. */
int cl_full_drift(void)
{
	return (int)cl_below(2 * cl_full.drift_permille + 1) -
	       (int)cl_full.drift_permille;
}

void cl_full_mount_params(const struct cl_node *node,
			  struct sfs_fs_params *params)
{
	params->quorum_slot = node->nr < cl_full.nr_quorum ? (int)node->nr : -1;
	params->heartbeat_ms = cl_full.timeout_ms;
	params->keepalive_ms = cl_full.keepalive_ms;
}

/* All are there, and who is not has been recovered. */
static bool cl_is_complete(void)
{
	bool has_leader = false;
	unsigned int i;

	/* the leader notices after a timeout of its clock */
	if (cl_now() < cl_full.unclean_ns + 2 * cl_timeout_ns())
		return false;
	for (i = 0; i < cl.nr_nodes; i++) {
		const struct cl_node *node = cl.node[i];

		if (!node || !node->is_calm || node->state != CL_NODE_UP ||
		    sfs_volume_error(&node->vol))
			return false;
		if (cl_node_leads(node) &&
		    node->cluster->lead_state == SFS_CL_SERVING)
			has_leader = sfs_cl_recover_is_over(node->cluster);
	}
	return has_leader;
}

/* One that has begun to waits for the others to leave as well. */
static bool cl_must_leave(void)
{
	unsigned int i;

	for (i = 0; i < cl.nr_nodes; i++) {
		const struct cl_node *node = cl.node[i];

		/* a leader whose mount fails is needed like any other */
		if (!node->is_last && (node->state == CL_NODE_STOPPING ||
				       (node->state == CL_NODE_STARTING &&
					cl_now() > node->started_ns +
							CL_PATIENCE_NS)))
			return true;
	}
	return false;
}

void cl_full_before_unmount(struct cl_node *node)
{
	while (node->is_calm && !cl_full.may_leave &&
	       !sfs_volume_error(&node->vol) && !cl_must_leave()) {
		if (cl_is_complete()) {
			cl_trace("all are there");
			cl_full.may_leave = true;
			port_wake_obj(&cl);
			break;
		}
		port_wait_on("the others", &cl,
			     port_now_ns() + 20 * NSEC_PER_MSEC);
	}
	node->is_last = cl_full.may_leave;
}

bool cl_full_is_forced(const struct cl_node *node)
{
	if (cl_full.may_leave)
		return false;
	return cl_chance(sfs_volume_error(&node->vol) ? 50 : 10);
}

/* Until it has left in good order at the end. */
static void cl_place_fiber(void *arg)
{
	unsigned int nr = (unsigned long)arg;
	unsigned int nr_failed = 0;
	struct cl_node *node;
	bool is_calm;

	do {
		is_calm = cl_full.is_calm;
		node = cl_node_start(nr, is_calm ? 4 : cl_full.nr_ops);
		node->is_calm = is_calm;
		while (cl_node_runs(node))
			port_wait_on("machine", &cl, U64_MAX);
		nr_failed = node->is_clean ? 0 : nr_failed + 1;
		if (!node->is_clean)
			cl_full.unclean_ns = cl_now();
		if (nr_failed == CL_MOUNT_TRIES)
			cl_fail("the machine at %u does not mount", nr);
		if (node->is_last && !node->is_clean)
			cl_fail("mount %u does not end in good order",
				node->mount);
		cl_sleep_below(cl_chance(50) ? cl_timeout_ns() / 10 :
					       cl_timeout_ns() * 2);
	} while (!node->is_last);
	cl.nr_done++;
	port_wake_obj(&cl);
}

/* ---- the run ------------------------------------------------------------------------------ */

void cl_full_print(void)
{
	unsigned int i;

	for (i = 0; i < cl.nr_nodes; i++) {
		const struct cl_node *node = cl.node[i];
		const struct sfs_cluster *c = node ? node->cluster : NULL;

		if (node)
			cl_trace("machine %u: mount %u state %u%s, leading %d, member %d",
				 i, node->mount, node->state,
				 node->is_paused ? ", paused" : "",
				 c && cl_node_runs(node) ? (int)c->lead_state : -1,
				 c && cl_node_runs(node) ? (int)c->member_state : -1);
	}
}

void cl_full_draw_plan(void)
{
	static const unsigned int pace_ms[] = { 2, 20, 100 };

	cl_full.nr_quorum = 1 + cl_below(cl.nr_nodes);
	cl_full.nr_ops = 10 + cl_below(40);
	cl_full.nr_events = cl_below(cl_chance(25) ? 30 : 9);
	cl_full.timeout_ms = 1000 * (1 + cl_below(3));
	cl_full.keepalive_ms = cl_full.timeout_ms / 2 +
			       cl_below(2 * cl_full.timeout_ms);
	cl.lazy_percent = cl_chance(60) ? 0 : cl_below(5);
	cl_full.drift_permille = cl_chance(50) ? 0 : 50;
	cl_full.bad_agent_percent = cl_chance(80) ? 0 : 10;
	cl.pace_ns = pace_ms[cl_below(ARRAY_SIZE(pace_ms))] *
		     (u64)NSEC_PER_MSEC;
}

void cl_full_mkfs_params(struct sfs_mkfs_params *p)
{
	struct sfs_net_addr addr;
	unsigned int i;

	p->lock_provider = "cluster";
	p->transport = "sim";
	for (i = 0; i < cl_full.nr_quorum; i++) {
		cl_net_addr(i, &addr);
		p->quorum[i].family = addr.family;
		p->quorum[i].port = cpu_to_le16(addr.port);
		memcpy(p->quorum[i].addr, addr.addr, sizeof(addr.addr));
	}
}

void cl_full_start(void)
{
	unsigned long i;

	cl_trace("%u machines, %u with slots, timeout %u ms", cl.nr_nodes,
		 cl_full.nr_quorum, cl_full.timeout_ms);
	cl_net_init();
	if (sfs_lock_cluster_init())
		cl_fail("no provider");
	sfs_fence_listen(&cl_fence_listener);
	for (i = 0; i < cl.nr_nodes; i++)
		cl_fiber_start(NULL, false, cl_place_fiber, (void *)i,
			       "place%lu", i);
	cl_fiber_start(NULL, false, cl_faults_fiber, NULL, "faults");
}
