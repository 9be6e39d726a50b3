// SPDX-License-Identifier: GPL-2.0-only
/*
 * Machines: each mounts the volume, runs its part of the workload and unmounts,
 * unless it dies.
 *
 * A machine that dies keeps its memory for ever: what it asked the leader for
 * may still be executed.  Its locks stay with it until it was fenced, what is
 * not durable was taken back from the model, and the leader has recovered its
 * slot, in this order.
 */
#include "cluster.h"
#include "oracle.h"

enum { CL_DETECT_NS = 50000000 };

void __real_destroy_workqueue(struct workqueue_struct *wq);
void __wrap_destroy_workqueue(struct workqueue_struct *wq);

struct cl_node *cl_node_current(void)
{
	struct cl_fiber *f = cl_fiber_current();

	return f ? f->node : NULL;
}

/* Another machine's queue may get the same address at once. */
void __wrap_destroy_workqueue(struct workqueue_struct *wq)
{
	struct cl_node *node = cl_node_current();

	__real_destroy_workqueue(wq);
	if (node)
		node->wq = NULL;
}

static void cl_worker_fiber(void *arg)
{
	struct cl_node *node = arg;

	while (node->state != CL_NODE_DOWN) {
		if (!node->wq || !port_run_one_work_of(node->wq))
			port_wait_on("works", &port_system_wq,
				     port_next_work_ns());
	}
}

static void cl_node_mount(struct cl_node *node)
{
	struct sfs_fs_params params = {
		.vol = &node->vol,
		.coord_call = cl_coord_call,
		.coord_arg = node,
		.lock_provider = "sim",
		.rid = node->rid,
	};
	int ret;

	node->vol.meta = &node->dev[SIM_META].dev;
	node->vol.data = &node->dev[SIM_DATA].dev;
	node->vol.rid = node->rid;
	node->peer = (struct sfs_coord_peer) { .rid = node->rid };
	ret = sfs_volume_open(&node->vol);
	if (!ret)
		ret = sfs_fs_open(&params, &node->fs);
	if (ret)
		cl_fail("mount %u: error %d", node->mount, ret);
	cl_trace("mounted, slot %u", node->fs->slot);
}

static void cl_node_unmount(struct cl_node *node)
{
	cl_trace("unmounts");
	sfs_fs_close(node->fs, false);
	if (sfs_volume_error(&node->vol))
		cl_fail("mount %u was withdrawn by its unmount", node->mount);
	sfs_volume_close(&node->vol);
	node->state = CL_NODE_DOWN;
	port_wake_obj(&node->nr_fibers);
	cl_trace("is down");
}

/* From power on to power off. */
static void cl_node_fiber(void *arg)
{
	struct cl_node *node = arg;
	unsigned int nr = 1 + cl_below(CL_FIBERS);
	unsigned int i;

	cl_node_mount(node);
	node->state = CL_NODE_UP;
	node->nr_fibers = nr + 1;
	for (i = 0; i < nr; i++)
		cl_fiber_start(node, false, cl_workload_fiber, node,
			       "mnt%u/%c", node->mount, 'a' + i);
	cl_fiber_start(node, false, cl_background_fiber, node, "mnt%u/bg",
		       node->mount);
	while (node->nr_fibers > 1)
		port_wait_on("workload", &node->nr_fibers, U64_MAX);
	node->state = CL_NODE_STOPPING;
	while (node->nr_fibers)
		port_wait_on("background", &node->nr_fibers, U64_MAX);
	cl_node_unmount(node);
	port_wake_obj(&cl);
	port_wake_obj(&port_system_wq);
}

struct cl_node *cl_node_start(unsigned int nr, unsigned int nr_ops)
{
	struct cl_node *node = calloc(1, sizeof(*node));
	unsigned int i;

	if (!node || cl.nr_mounts == CL_MOUNTS)
		port_die("too many mounts");
	node->nr = nr;
	cl.mount[cl.nr_mounts++] = node;
	node->mount = cl.nr_mounts;
	node->state = CL_NODE_STARTING;
	node->nr_ops = nr_ops;
	node->rid = sim_rand(cl_rng()) >> 1 | 1;
	for (i = 0; i < CL_INODE_LOCKS; i++)
		mutex_init(&node->inode_lock[i]);
	mutex_init(&node->rename_lock);
	cl_disk_dev_init(&node->dev[SIM_META], SIM_META, node);
	cl_disk_dev_init(&node->dev[SIM_DATA], SIM_DATA, node);
	cl.node[nr] = node;
	cl_fiber_start(node, false, cl_node_fiber, node, "mnt%u", node->mount);
	for (i = 0; i < CL_WORKERS; i++)
		cl_fiber_start(node, true, cl_worker_fiber, node, "mnt%u/w%u",
			       node->mount, i);
	return node;
}

/* ---- death ------------------------------------------------------------------------ */

void cl_node_crash(struct cl_node *node)
{
	cl_trace("mount %u dies", node->mount);
	cl.stat.nr_crashes++;
	node->state = CL_NODE_DEAD;
	cl_fiber_kill(node);
	if (node->wq)
		port_drop_works(node->wq);
	cl_disk_node_died(node);
	cl_master_node_died(node);
	cl_rpc_node_died(node);
	port_wake_obj(&node->nr_fibers);
}

/* The machine's slot; false: it is not in the mount table. */
static bool cl_find_slot(const struct cl_node *node, u32 *slot)
{
	u32 nr_slots = le32_to_cpu(cl.leader->sb->nr_slots);
	struct sfs_disk_mount item;
	bool is_found = false;
	int ret;

	mutex_lock(&cl.leader->lock);
	for (*slot = 0; *slot < nr_slots; (*slot)++) {
		ret = sfs_mount_item_read(cl.leader, *slot, &item);
		is_found = !ret && le64_to_cpu(item.rid) == node->rid;
		if (is_found)
			break;
	}
	mutex_unlock(&cl.leader->lock);
	return is_found;
}

static void cl_node_rollback(struct cl_node *node, u32 slot)
{
	struct sfs_mount_record *rec = calloc(1, sizeof(*rec));
	u64 seq;
	int ret;

	ret = sfs_record_read(&cl.leader_vol, slot, node->rid, rec);
	if (ret)
		cl_fail("no record of mount %u: error %d", node->mount, ret);
	seq = le64_to_cpu(rec->hdr.seq);
	cl_trace("mount %u: durable up to seq %llu", node->mount, seq);
	if (!cl_oracle_rollback(node->mount, seq, node->synced))
		cl_fail("mount %u: what was synced is lost, record has seq %llu",
			node->mount, seq);
	free(rec);
}

static void cl_node_fold_fiber(void *arg)
{
	struct cl_node *node = arg;
	int ret;

	while ((ret = sfs_fs_leader_ops.fold(node->fs)) == -EAGAIN)
		schedule_timeout_uninterruptible(1);
	if (ret)
		cl_fail("mount %u cannot fold", node->mount);
	node->nr_folds++;
	node->nr_fibers--;
	port_wake_obj(&node->nr_fibers);
}

/* Or until it is dead or has left: what it committed is in the root map then. */
static void cl_node_fold(struct cl_node *node)
{
	unsigned int nr = node->nr_folds;

	/* an unmount that has begun folds by itself */
	if (node->nr_fibers) {
		node->nr_fibers++;
		cl_fiber_start(node, false, cl_node_fold_fiber, node,
			       "mnt%u/fold", node->mount);
	}
	while (node->nr_folds == nr && node->state != CL_NODE_DEAD &&
	       node->state != CL_NODE_DOWN)
		port_wait_on("fold", &node->nr_fibers, U64_MAX);
}

/* What the dead committed is all that matters, and nobody changes it. */
static void cl_node_recover_roots(struct cl_node *node)
{
	u32 slot;
	int ret;

	cl_disk_fence(node);
	cl_rpc_drain(node);
	cl_master_node_stopped(node);
	if (!cl_find_slot(node, &slot))
		return;
	ret = sfs_leader_recover_roots(cl.leader, slot, node->rid);
	if (ret)
		cl_fail("roots of mount %u: error %d", node->mount, ret);
}

/* All that anybody committed gets into the root map. */
static void cl_fold_all(void)
{
	unsigned int i;

	for (i = 0; i < cl.nr_mounts; i++) {
		struct cl_node *node = cl.mount[i];

		if (node->state == CL_NODE_UP || node->state == CL_NODE_STOPPING)
			cl_node_fold(node);
		if (node->state == CL_NODE_DEAD)
			cl_node_recover_roots(node);
	}
}

void cl_node_recover(struct cl_node *node)
{
	u32 slot;
	int ret;

	cl_sleep_below(CL_DETECT_NS);
	if (cl_mistake("release-before-recovery"))
		cl_master_node_recovered(node);
	cl_node_recover_roots(node);
	if (!cl_mistake("others-not-folded"))
		cl_fold_all();
	/*
	 * Also when it has left the table already: releases may have been lost that
	 * brought values of what was folded then.
	 */
	if (!cl_mistake("values-not-dropped"))
		cl_master_drop_values(node);
	if (cl_find_slot(node, &slot)) {
		cl_node_rollback(node, slot);
		ret = sfs_leader_recover_slot(cl.leader, slot,
					      node->rid);
		if (ret)
			cl_fail("recovery of mount %u: error %d", node->mount,
				ret);
		cl.stat.nr_recoveries++;
	}
	if (!cl_mistake("locks-never-released"))
		cl_master_node_recovered(node);
	node->state = CL_NODE_DOWN;
	cl_trace("mount %u is recovered", node->mount);
	port_wake_obj(&cl);
}
