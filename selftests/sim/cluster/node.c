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
#include "full.h"
#include "oracle.h"
#include "transport.h"

enum { CL_DETECT_NS = 50000000 };

int cl_node_drift(const struct cl_node *node)
{
	return node->drift_permille;
}

struct cl_node *cl_node_current(void)
{
	struct cl_fiber *f = cl_fiber_current();

	return f ? f->node : NULL;
}

bool cl_node_is_lost(const struct cl_node *node)
{
	return cl.is_full && sfs_volume_error(&node->vol);
}

/* As modules/fs/vfs/mount.c does. */
static void cl_withdraw_work(struct work_struct *work)
{
	struct cl_node *node = container_of(work, struct cl_node,
					    withdraw_work);

	if (node->fs)
		sfs_fs_shutdown(node->fs);
}

static void cl_node_withdrawn(void *arg, int error)
{
	struct cl_node *node = arg;

	if (node->fs)
		schedule_work(&node->withdraw_work);
}

static bool cl_node_mount(struct cl_node *node)
{
	struct sfs_fs_params params = {
		.vol = &node->vol,
		.rid = node->rid,
	};
	int ret;

	if (cl.is_full) {
		cl_full_mount_params(node, &params);
	} else {
		params.coord_call = cl_coord_call;
		params.coord_arg = node;
		params.lock_provider = "sim";
	}

	node->vol.meta = &node->dev[SIM_META].dev;
	node->vol.data = &node->dev[SIM_DATA].dev;
	node->vol.rid = node->rid;
	node->vol.on_withdraw = cl_node_withdrawn;
	node->vol.withdraw_arg = node;
	node->peer = (struct sfs_coord_peer) { .rid = node->rid };
	ret = sfs_volume_open(&node->vol);
	if (!ret)
		ret = sfs_fs_open(&params, &node->fs);
	if (ret && !cl.is_full)
		cl_fail("mount %u: error %d", node->mount, ret);
	if (ret) {
		cl_trace("mount: error %d", ret);
		sfs_volume_close(&node->vol);
		return false;
	}
	cl_trace("mounted, slot %u", node->fs->slot);
	return true;
}

static void cl_node_is_down(struct cl_node *node)
{
	node->state = CL_NODE_DOWN;
	port_wake_obj(&node->nr_fibers);
	port_wake_obj(&cl);
	cl_workers_stop(node);
	cl_trace("is down");
}

static void cl_node_unmount(struct cl_node *node)
{
	bool is_forced = cl.is_full && cl_full_is_forced(node);
	struct sfs_fs *fs;

	cl_trace("unmounts%s", is_forced ? " by force" : "");
	cancel_work_sync(&node->withdraw_work);
	fs = node->fs;
	node->fs = NULL;
	sfs_fs_close(fs, is_forced);
	node->is_clean = !sfs_volume_error(&node->vol);
	if (!node->is_clean && !cl.is_full)
		cl_fail("mount %u was withdrawn by its unmount", node->mount);
	sfs_volume_close(&node->vol);
}

/* From power on to power off. */
static void cl_node_fiber(void *arg)
{
	struct cl_node *node = arg;
	unsigned int nr = 1 + cl_below(CL_FIBERS);
	unsigned int i;

	if (!cl_node_mount(node)) {
		cl_node_is_down(node);
		return;
	}
	node->state = CL_NODE_UP;
	node->nr_fibers = nr + 1;
	for (i = 0; i < nr; i++)
		cl_fiber_start(node, false, cl_workload_fiber, node,
			       "mnt%u/%c", node->mount, 'a' + i);
	cl_fiber_start(node, false, cl_background_fiber, node, "mnt%u/bg",
		       node->mount);
	while (node->nr_fibers > 1)
		port_wait_on("workload", &node->nr_fibers, U64_MAX);
	if (cl.is_full)
		cl_full_before_unmount(node);
	node->state = CL_NODE_STOPPING;
	while (node->nr_fibers)
		port_wait_on("background", &node->nr_fibers, U64_MAX);
	cl_node_unmount(node);
	cl_node_is_down(node);
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
	node->started_ns = cl_now();
	if (cl.is_full)
		node->drift_permille = cl_full_drift();
	INIT_WORK(&node->withdraw_work, cl_withdraw_work);
	node->rid = sim_rand(cl_rng()) >> 1 | 1;
	for (i = 0; i < CL_INODE_LOCKS; i++)
		mutex_init(&node->inode_lock[i]);
	mutex_init(&node->rename_lock);
	cl_disk_dev_init(&node->dev[SIM_META], SIM_META, node);
	cl_disk_dev_init(&node->dev[SIM_DATA], SIM_DATA, node);
	cl.node[nr] = node;
	cl_fiber_start(node, false, cl_node_fiber, node, "mnt%u", node->mount);
	cl_workers_start(node);
	return node;
}

/* ---- death ------------------------------------------------------------------------ */

void cl_node_crash(struct cl_node *node)
{
	cl_fiber_wait_global(node);
	if (node->state == CL_NODE_DOWN || node->state == CL_NODE_DEAD)
		return;
	cl_trace("mount %u dies", node->mount);
	cl.stat.nr_crashes++;
	node->state = CL_NODE_DEAD;
	cl_fiber_kill(node);
	port_drop_works(node);
	cl_disk_node_died(node);
	if (cl.is_full) {
		cl_net_node_died(node);
	} else {
		cl_master_node_died(node);
		cl_rpc_node_died(node);
	}
	port_wake_obj(&node->nr_fibers);
	port_wake_obj(&cl);
}

void cl_wait_for_write(const struct cl_node *node)
{
	unsigned int tries = 200;

	while (--tries && !cl_disk_is_writing(node))
		cl_sleep_below(300000);
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

static void cl_node_rollback(struct sfs_volume *vol, struct cl_node *node,
			     u32 slot)
{
	struct sfs_mount_record *rec = calloc(1, sizeof(*rec));
	u64 seq;
	int ret;

	ret = min(sfs_record_find(vol, slot, node->rid, rec), 0);
	/* a leader that does not know that it is one no more */
	if (ret && node->is_rolled_back) {
		free(rec);
		return;
	}
	if (ret)
		cl_fail("no record of mount %u: error %d", node->mount, ret);
	seq = le64_to_cpu(rec->hdr.seq);
	cl_trace("mount %u: durable up to seq %llu", node->mount, seq);
	if (!cl_oracle_rollback(node->mount, seq, node->synced))
		cl_fail("mount %u: what was synced is lost, record has seq %llu",
			node->mount, seq);
	node->is_rolled_back = true;
	free(rec);
}

int __real_sfs_leader_recover_roots(struct sfs_leader *ld, u32 slot, u64 rid);
int __wrap_sfs_leader_recover_roots(struct sfs_leader *ld, u32 slot, u64 rid);

/*
 * A leader takes back what a mount left, perhaps not the first one to do so.  From
 * here on others may see it: only now does the model forget what is not durable.
 */
int __wrap_sfs_leader_recover_roots(struct sfs_leader *ld, u32 slot, u64 rid)
{
	unsigned int i;

	for (i = 0; i < cl.nr_mounts; i++) {
		if (cl.mount[i]->rid != rid)
			continue;
		cl_full_check_recovery(cl.mount[i]);
		cl_node_rollback(ld->vol, cl.mount[i], slot);
		cl.stat.nr_recoveries++;
	}
	return __real_sfs_leader_recover_roots(ld, slot, rid);
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
		ret = sfs_leader_recover_slot(cl.leader, slot,
					      node->rid);
		if (ret)
			cl_fail("recovery of mount %u: error %d", node->mount,
				ret);
	}
	if (!cl_mistake("locks-never-released"))
		cl_master_node_recovered(node);
	node->state = CL_NODE_DOWN;
	cl_trace("mount %u is recovered", node->mount);
	port_wake_obj(&cl);
}
