// SPDX-License-Identifier: GPL-2.0-only
/*
 * One seed: make a volume, let machines work and die, check what is left.
 */
#include "full.h"
#include "lib/check.h"
#include "lib/mkfs.h"
#include "oracle.h"

enum {
	CL_META_BYTES	= 32 << 20,
	CL_DATA_BYTES	= 32 << 20,
	CL_EVENT_NS	= 200000000,
};

#define CL_FULL_NS	(1000ULL * NSEC_PER_SEC)	/* something hangs */

struct cluster cl;
const char *cl_mistake_name = "";

static struct sim_img cl_base[SIM_NR_DEVS];

/* How this seed's run goes. */
static struct {
	unsigned int nr_ops;
	unsigned int nr_events;
	bool has_power_loss;
} cl_plan;

bool cl_mistake(const char *name)
{
	return !strcmp(name, cl_mistake_name);
}

/* ---- start ------------------------------------------------------------------------ */

static void cl_mkfs(u64 seed)
{
	struct sim_dev dev[SIM_NR_DEVS];
	struct sfs_mkfs_params p;
	int ret;

	sfs_mkfs_params_init(&p);
	p.fsid = sim_mix(seed) | 1;
	p.allow_small = true;
	p.nr_slots = 8;
	p.group_shift = cl_chance(70) ? 4 : 8;
	p.now = ns_to_timespec64(port_now_ns());
	if (cl.is_full)
		cl_full_mkfs_params(&p);
	sim_img_init_flat(&cl_base[SIM_META], CL_META_BYTES);
	sim_img_init_flat(&cl_base[SIM_DATA], CL_DATA_BYTES);
	sim_dev_init(&dev[SIM_META], &cl_base[SIM_META], NULL, SIM_META);
	sim_dev_init(&dev[SIM_DATA], &cl_base[SIM_DATA], NULL, SIM_DATA);
	ret = sfs_mkfs(&dev[SIM_META].dev, &dev[SIM_DATA].dev, &p, NULL);
	if (ret)
		cl_fail("mkfs: error %d", ret);
}

static void cl_leader_up(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < SIM_NR_DEVS; i++)
		cl_disk_dev_init(&cl.leader_dev[i], i, NULL);
	cl.leader_vol.meta = &cl.leader_dev[SIM_META].dev;
	cl.leader_vol.data = &cl.leader_dev[SIM_DATA].dev;
	ret = sfs_volume_open(&cl.leader_vol);
	if (!ret)
		ret = sfs_leader_start(&cl.leader_vol, &cl.leader);
	if (!ret)
		ret = sfs_leader_recover_all(cl.leader);
	if (ret)
		cl_fail("the leader does not start: error %d", ret);
	cl_rpc_start();
}

/* ---- what happens to the machines ---------------------------------------------------- */

static void cl_crash_one(void)
{
	unsigned int nr = cl_below(cl.nr_nodes);
	struct cl_node *node = cl.node[nr];

	if (cl_chance(50))
		cl_wait_for_write(node);
	if (node->state == CL_NODE_DOWN || node->state == CL_NODE_DEAD)
		return;
	cl_node_crash(node);
	cl_node_recover(node);
	/* often its slot is used again at once */
	if (cl_chance(40))
		cl_node_start(nr, cl_plan.nr_ops / 2);
}

static void cl_remount_one(void)
{
	unsigned int nr = cl_below(cl.nr_nodes);

	if (cl.node[nr]->state != CL_NODE_DOWN)
		return;
	cl.stat.nr_remounts++;
	cl_node_start(nr, cl_plan.nr_ops / 2);
}

static void cl_events_fiber(void *arg)
{
	unsigned int i;

	for (i = 0; i < cl_plan.nr_events; i++) {
		cl_sleep_below(CL_EVENT_NS);
		if (cl_chance(60))
			cl_crash_one();
		else
			cl_remount_one();
	}
	cl.nr_done = cl.nr_nodes;
	port_wake_obj(&cl);
}

static bool cl_all_down(void)
{
	unsigned int i;

	if (cl.nr_done < cl.nr_nodes)
		return false;
	for (i = 0; i < cl.nr_nodes; i++) {
		if (cl.node[i]->state != CL_NODE_DOWN)
			return false;
	}
	return true;
}

/* ---- what is left ---------------------------------------------------------------------- */

/* A machine that has the volume at the end all for itself. */
struct cl_last {
	struct sim_dev dev[SIM_NR_DEVS];
	struct sim_img img[SIM_NR_DEVS];
	struct sfs_volume vol;
};

static void cl_problem(void *arg, const struct sfs_check_problem *p)
{
	char *text = arg;

	cl_trace("check: %s: %s", p->id, p->text);
	if (!*text)
		snprintf(text, 300, "%s: %.200s", p->id, p->text);
}

static void cl_check(struct cl_last *last, const char *when,
		     struct sfs_check_stat *st)
{
	char text[300] = "";
	struct sfs_check_params params = {
		.problem = cl_problem,
		.arg = text,
	};
	int ret;

	ret = sfs_check(&last->dev[SIM_META].dev, &last->dev[SIM_DATA].dev,
			&params, st);
	if (ret || st->nr_problems)
		cl_fail("check %s: error %d, %llu problems: %s", when, ret,
			st->nr_problems, text);
}

static void cl_last_open(struct cl_last *last)
{
	int ret;

	memset(&last->vol, 0, sizeof(last->vol));
	last->vol.meta = &last->dev[SIM_META].dev;
	last->vol.data = &last->dev[SIM_DATA].dev;
	ret = sfs_volume_open(&last->vol);
	if (ret)
		cl_fail("at the end: volume: error %d", ret);
}

/* Take back from the model what each mount in the table had not committed. */
static void cl_last_rollback(struct cl_last *last)
{
	struct sfs_mount_record *rec = calloc(1, sizeof(*rec));
	struct sfs_disk_mount item;
	struct sfs_leader *ld;
	unsigned int i;
	u32 slot;
	u64 seq;

	cl_last_open(last);
	if (sfs_leader_start(&last->vol, &ld))
		cl_fail("at the end: the leader does not start");
	for (slot = 0; slot < le32_to_cpu(ld->sb->nr_slots); slot++) {
		if (sfs_mount_item_read(ld, slot, &item))
			continue;
		for (i = 0; i < cl.nr_mounts; i++) {
			if (cl.mount[i]->rid == le64_to_cpu(item.rid))
				break;
		}
		if (i == cl.nr_mounts)
			cl_fail("slot %u has an unknown mount", slot);
		if (sfs_record_find(&last->vol, slot, cl.mount[i]->rid, rec) < 0)
			cl_fail("slot %u has no record", slot);
		seq = le64_to_cpu(rec->hdr.seq);
		cl_trace("slot %u mount %u: durable up to %llu", slot, i + 1,
			 seq);
		if (!cl_oracle_rollback(i + 1, seq, cl.mount[i]->synced))
			cl_fail("mount %u: what was synced is lost, record has seq %llu",
				i + 1, seq);
	}
	sfs_leader_stop(ld);
	sfs_volume_close(&last->vol);
	free(rec);
}

static void cl_last_mount(struct cl_last *last)
{
	struct sfs_fs_params params = {
		.vol = &last->vol,
		.lock_provider = "local",
		.rid = 3,
	};
	struct sfs_check_stat st;
	struct sfs_fs *fs;
	unsigned int i;
	int ret;

	cl_last_open(last);
	ret = sfs_fs_open(&params, &fs);
	if (ret)
		cl_fail("at the end: mount: error %d", ret);
	cl_verify(fs, &last->dev[SIM_DATA].dev);
	for (i = 0; i < 20; i++) {
		ret = sfs_fs_work(fs, 0);
		if (ret)
			cl_fail("at the end: background work: error %d", ret);
	}
	cl_verify(fs, &last->dev[SIM_DATA].dev);
	sfs_fs_close(fs, false);
	sfs_volume_close(&last->vol);
	cl_check(last, "after the last unmount", &st);
	if (st.nr_mounts || st.nr_orphans)
		cl_fail("at the end: %llu mounts, %llu orphans", st.nr_mounts,
			st.nr_orphans);
}

static void cl_end(bool is_power_loss)
{
	struct cl_last *last = calloc(1, sizeof(*last));
	struct sfs_check_stat st;
	unsigned int i;

	if (!is_power_loss && !cl.is_full) {
		cl_master_check_idle();
		if (sfs_leader_commit(cl.leader))
			cl_fail("the leader's last commit");
	}
	cl_trace("the end%s", is_power_loss ? ", power is lost" : "");
	for (i = 0; i < SIM_NR_DEVS; i++) {
		if (is_power_loss)
			cl_disk_power_loss(i, &last->img[i]);
		else
			sim_img_init_layer(&last->img[i], cl_disk_contents(i));
		sim_dev_init(&last->dev[i], &last->img[i], NULL, i);
	}
	cl_sched_alone();
	cl_last_rollback(last);
	cl_check(last, "of what was left", &st);
	if (!is_power_loss && st.nr_mounts)
		cl_fail("%llu mounts are left", st.nr_mounts);
	cl_last_mount(last);
	if (port_warn_count)
		cl_fail("%lu warnings", port_warn_count);
}

/* ---- the run ------------------------------------------------------------------------------ */

static void cl_draw_plan(void)
{
	cl.nr_nodes = 2 + cl_below(CL_NODES - 1);
	cl_plan.nr_ops = 10 + cl_below(40);
	cl_plan.nr_events = cl_below(10);
	cl_plan.has_power_loss = cl_chance(25);
	cl.pace_ns = 5 * NSEC_PER_MSEC;
	if (cl.is_full)
		cl_full_draw_plan();
}

/* One leader for all, which cannot be lost. */
static void cl_start(void)
{
	unsigned int i;

	cl_master_init();
	cl_leader_up();
	for (i = 0; i < cl.nr_nodes; i++)
		cl_node_start(i, cl_plan.nr_ops);
	cl_fiber_start(NULL, false, cl_events_fiber, NULL, "events");
}

void cl_run(const struct cl_opts *opts)
{
	u64 end = U64_MAX;
	unsigned int i;

	cl_is_verbose = opts->is_verbose;
	port_seed(opts->seed);
	cl_drift_permille = cl_node_drift;
	cl_sched_start(opts->seed);
	cl.is_full = opts->is_full;
	cl_on_deadlock = cl.is_full ? cl_full_print : cl_master_print;
	cl_draw_plan();
	cl_mkfs(opts->seed);
	cl_oracle_init();
	for (i = 0; i < SIM_NR_DEVS; i++)
		cl_disk_init(i, &cl_base[i]);
	if (cl.is_full)
		cl_full_start();
	else
		cl_start();
	if (cl_plan.has_power_loss) {
		end = cl_below(4ULL * CL_EVENT_NS) * (cl.is_full ? 20 : 1);
		cl.stat.nr_power_losses++;
	} else if (cl.is_full) {
		end = CL_FULL_NS;
	}
	if (end < U64_MAX)
		end += port_now_ns();
	while (!cl_all_down() && port_now_ns() < end)
		port_wait_on("machines", &cl, end);
	if (!cl_all_down() && !cl_plan.has_power_loss)
		cl_stuck("no end");
	cl_end(!cl_all_down());
}
