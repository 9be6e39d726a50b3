// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commits at places where a kernel could have run another thread: in between
 * the transactions of one operation, in the middle of returns and recoveries.
 *
 * One thread runs everything, so the other one must not need anything that
 * the interrupted one holds.
 */
#include "sim.h"

#include "fs/coord/coord.h"

enum { SIM_PREEMPT_ONE_IN = 400 };

static struct {
	struct sim_rng rng;
	struct sfs_leader *leader;
	struct sim_mount *mnt;
	bool is_inside;
	bool is_off;
} sim_preempt;

/* the linker sends calls of sfs_leader_start() and _stop() here */
int __real_sfs_leader_start(struct sfs_volume *vol, struct sfs_leader **ret);
void __real_sfs_leader_stop(struct sfs_leader *ld);
int __wrap_sfs_leader_start(struct sfs_volume *vol, struct sfs_leader **ret);
void __wrap_sfs_leader_stop(struct sfs_leader *ld);

int __wrap_sfs_leader_start(struct sfs_volume *vol, struct sfs_leader **ret)
{
	int err = __real_sfs_leader_start(vol, ret);

	if (!err)
		sim_preempt.leader = *ret;
	return err;
}

void __wrap_sfs_leader_stop(struct sfs_leader *ld)
{
	sim_preempt.leader = NULL;
	__real_sfs_leader_stop(ld);
}

static bool sim_trans_is_idle(struct sfs_trans *tr)
{
	return !tr->holders && !tr->closing && !mutex_is_locked(&tr->lock) &&
	       !mutex_is_locked(&tr->commit_lock);
}

static bool sim_leader_is_idle(struct sfs_leader *ld)
{
	return !mutex_is_locked(&ld->lock) && sim_trans_is_idle(&ld->trans);
}

static bool sim_mount_is_idle(struct sfs_fs *fs)
{
	return sim_trans_is_idle(&fs->trans) &&
	       !mutex_is_locked(&fs->freed_lock) &&
	       !mutex_is_locked(&fs->data_lock) &&
	       !rwsem_is_locked(&fs->mlog_sem);
}

static void sim_yield(void)
{
	struct task_struct task = { .comm = "preempt", .pid = 1000 };
	struct sfs_leader *ld = sim_preempt.leader;
	struct task_struct *saved = port_current;
	struct sim_mount *mnt = sim_preempt.mnt;

	if (!ld || sim_preempt.is_inside || sim_preempt.is_off ||
	    sim_below(&sim_preempt.rng, SIM_PREEMPT_ONE_IN) ||
	    !sim_leader_is_idle(ld))
		return;
	sim_preempt.is_inside = true;
	port_current = &task;
	/* a commit that fails withdraws the volume, which is seen elsewhere */
	if (mnt && mnt->fs && sim_mount_is_idle(mnt->fs) &&
	    sim_chance(&sim_preempt.rng, 50))
		sfs_trans_commit(&mnt->fs->trans);
	else
		sfs_leader_commit(ld);
	port_current = saved;
	sim_preempt.is_inside = false;
}

void sim_preempt_allow(bool is_allowed)
{
	sim_preempt.is_off = !is_allowed;
}

void sim_preempt_start(u64 seed, struct sim_mount *mnt)
{
	sim_preempt.rng.state = seed;
	sim_preempt.mnt = mnt;
	port_yield = sim_yield;
}
