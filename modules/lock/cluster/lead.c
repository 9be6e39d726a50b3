// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leading: from being elected to serving locks, and back.
 *
 *	FOLLOWS --elected--> ELECTED --those who led before are fenced--> GATHERING
 *	GATHERING --all of the mount table are there or recovered--> SERVING
 *	any --leaving, fencing failed--> RESIGNING --services ended--> FOLLOWS
 *	any --the quorum is lost--> DEPOSED: withdrawn --services ended--> FOLLOWS
 *
 * One work item does the steps, which may wait; another one looks who is silent.
 */
#include "lock/cluster/cluster.h"

/* Let others lead first when fencing failed. */
enum { SFS_CL_PAUSE_BEATS = 2 };

static void sfs_cl_lead_set(struct sfs_cluster *c, enum sfs_cl_lead_state state)
{
	mutex_lock(&c->members_lock);
	WRITE_ONCE(c->lead_state, state);
	mutex_unlock(&c->members_lock);
	sfs_cl_wake(c);
}

/* From one state to the next, unless it was left meanwhile. */
static bool sfs_cl_lead_advance(struct sfs_cluster *c,
				enum sfs_cl_lead_state from,
				enum sfs_cl_lead_state to)
{
	bool is_there;

	mutex_lock(&c->members_lock);
	is_there = c->lead_state == from;
	if (is_there)
		WRITE_ONCE(c->lead_state, to);
	mutex_unlock(&c->members_lock);
	sfs_cl_wake(c);
	return is_there;
}

void sfs_cl_lead_kick(struct sfs_cluster *c)
{
	mod_delayed_work(c->wq, &c->lead_work, 0);
}

/* ---- what the quorum says ----------------------------------------------- */

void sfs_cl_lead_elected(struct sfs_cluster *c, u64 term)
{
	mutex_lock(&c->members_lock);
	if (!WARN_ON_ONCE(c->lead_state != SFS_CL_FOLLOWS)) {
		WRITE_ONCE(c->lead_state, SFS_CL_ELECTED);
		c->lead_term = term;
	}
	mutex_unlock(&c->members_lock);
	sfs_cl_info(c, "leads in term %llu", term);
	sfs_cl_lead_kick(c);
}

/* Not in good order: somebody else may lead soon, so this mount writes no more. */
void sfs_cl_lead_deposed(struct sfs_cluster *c, int error)
{
	bool was_leading;

	mutex_lock(&c->members_lock);
	was_leading = c->lead_state != SFS_CL_FOLLOWS;
	if (was_leading)
		WRITE_ONCE(c->lead_state, SFS_CL_DEPOSED);
	mutex_unlock(&c->members_lock);
	if (!was_leading)
		return;
	if (!sfs_volume_error(c->vol))
		sfs_cl_err(c, "leadership is lost: error %d", error);
	sfs_cl_member_lost(c, error ?: -ESTALE);
	/* the work may wait for one of them, and judges nobody any more */
	sfs_cl_peers_hang_up(c);
	sfs_cl_wake(c);
	sfs_cl_lead_kick(c);
}

/* ---- steps -------------------------------------------------------------- */

/* Whoever is in the mount table has to come, or is recovered. */
static int sfs_cl_expect_members(struct sfs_cluster *c)
{
	struct sfs_cl_peer *peer;
	u64 rid = 0;
	int ret;

	while ((ret = c->ops->next_member(c->arg, &rid)) == 0) {
		mutex_lock(&c->members_lock);
		peer = sfs_cl_peer_add_locked(c, rid);
		if (peer)
			peer->state = SFS_CL_EXPECTED;
		mutex_unlock(&c->members_lock);
		if (!peer)
			return -ENOMEM;
	}
	return ret == -ENOENT ? 0 : ret;
}

static int sfs_cl_lead_start(struct sfs_cluster *c)
{
	struct sfs_lock_master *master;
	int ret;

	ret = sfs_cl_recover_stale_leaders(c);
	if (ret)
		return ret;
	ret = c->ops->lead(c->arg);
	if (ret)
		return ret;
	c->is_leader_on = true;
	ret = sfs_cl_expect_members(c);
	if (ret)
		return ret;
	master = sfs_lock_master_create(&sfs_cl_master_ops, c);
	if (!master)
		return -ENOMEM;
	c->gather_until_ns = ktime_get_ns() +
			     c->heartbeat_ms * (u64)NSEC_PER_MSEC;
	down_write(&c->serve_sem);
	c->master = master;
	up_write(&c->serve_sem);
	sfs_cl_lead_advance(c, SFS_CL_ELECTED, SFS_CL_GATHERING);
	queue_delayed_work(c->wq, &c->look_work, 0);
	return 0;
}

/* Sessions, then services, then what they use. */
static void sfs_cl_lead_end(struct sfs_cluster *c)
{
	struct sfs_lock_master *master;

	cancel_delayed_work_sync(&c->look_work);
	sfs_cl_recover_cancel(c);
	sfs_cl_peers_exit(c);
	down_write(&c->serve_sem);
	master = c->master;
	c->master = NULL;
	up_write(&c->serve_sem);
	/* a session that was being accepted */
	sfs_cl_peers_exit(c);
	if (master)
		sfs_lock_master_destroy(master);
	if (c->is_leader_on)
		c->ops->unlead(c->arg);
	c->is_leader_on = false;
	xa_destroy(&c->fenced);
	xa_destroy(&c->let_go);
	memset(c->stranger, 0, sizeof(c->stranger));
}

static void sfs_cl_lead_step_resign(struct sfs_cluster *c)
{
	unsigned int pause_ms = READ_ONCE(c->is_leaving) ? 0 :
				SFS_CL_PAUSE_BEATS * c->heartbeat_ms;

	sfs_cl_lead_end(c);
	/* before the others elect: what the quorum says next is news */
	sfs_cl_lead_set(c, SFS_CL_FOLLOWS);
	sfs_quorum_resign(c->quorum, pause_ms);
	sfs_cl_election_kick(c);
	sfs_cl_info(c, "leads no more");
}

static void sfs_cl_lead_fail(struct sfs_cluster *c, int error)
{
	sfs_cl_err(c, "cannot lead: error %d", error);
	mutex_lock(&c->members_lock);
	if (c->lead_state != SFS_CL_DEPOSED && c->lead_state != SFS_CL_FOLLOWS)
		WRITE_ONCE(c->lead_state, SFS_CL_RESIGNING);
	mutex_unlock(&c->members_lock);
}

static int sfs_cl_lead_step_gather(struct sfs_cluster *c)
{
	int ret = sfs_cl_recover_run(c);

	if (ret || !sfs_cl_recover_is_over(c))
		return ret;
	if (sfs_cl_lead_advance(c, SFS_CL_GATHERING, SFS_CL_SERVING)) {
		sfs_lock_master_open(c->master);
		sfs_cl_info(c, "serves locks");
	}
	return 0;
}

static void sfs_cl_lead_step(struct sfs_cluster *c)
{
	int ret = 0;

	switch (READ_ONCE(c->lead_state)) {
	case SFS_CL_FOLLOWS:
		return;
	case SFS_CL_ELECTED:
		ret = sfs_cl_lead_start(c);
		break;
	case SFS_CL_GATHERING:
		ret = sfs_cl_lead_step_gather(c);
		break;
	case SFS_CL_SERVING:
		ret = sfs_cl_recover_run(c);
		break;
	case SFS_CL_RESIGNING:
		sfs_cl_lead_step_resign(c);
		return;
	case SFS_CL_DEPOSED:
		sfs_cl_lead_end(c);
		sfs_cl_lead_set(c, SFS_CL_FOLLOWS);
		return;
	}
	if (ret)
		sfs_cl_lead_fail(c, ret);
	mod_delayed_work(c->wq, &c->lead_work,
			 ret ? 0 : msecs_to_jiffies(SFS_CL_RETRY_MS));
}

static void sfs_cl_lead_work(struct work_struct *work)
{
	struct sfs_cluster *c = container_of(to_delayed_work(work),
					     struct sfs_cluster, lead_work);
	unsigned int nofs = memalloc_nofs_save();

	sfs_cl_lead_step(c);
	memalloc_nofs_restore(nofs);
}

static void sfs_cl_look_work(struct work_struct *work)
{
	struct sfs_cluster *c = container_of(to_delayed_work(work),
					     struct sfs_cluster, look_work);
	unsigned int nofs = memalloc_nofs_save();

	sfs_cl_recover_look(c, ktime_get_ns());
	memalloc_nofs_restore(nofs);
	queue_delayed_work(c->wq, &c->look_work,
			   msecs_to_jiffies(SFS_CL_RETRY_MS));
}

/* ---- life --------------------------------------------------------------- */

void sfs_cl_lead_init(struct sfs_cluster *c)
{
	mutex_init(&c->members_lock);
	init_rwsem(&c->serve_sem);
	INIT_LIST_HEAD(&c->members);
	xa_init(&c->fenced);
	xa_init(&c->let_go);
	INIT_DELAYED_WORK(&c->lead_work, sfs_cl_lead_work);
	INIT_DELAYED_WORK(&c->look_work, sfs_cl_look_work);
}

void sfs_cl_lead_resign(struct sfs_cluster *c)
{
	mutex_lock(&c->members_lock);
	if (c->lead_state != SFS_CL_FOLLOWS && c->lead_state != SFS_CL_DEPOSED)
		WRITE_ONCE(c->lead_state, SFS_CL_RESIGNING);
	mutex_unlock(&c->members_lock);
	/* the work may wait for one of them */
	sfs_cl_peers_hang_up(c);
	sfs_cl_wake(c);
	sfs_cl_lead_kick(c);
	wait_event(c->wait, READ_ONCE(c->lead_state) == SFS_CL_FOLLOWS);
}

void sfs_cl_lead_stop(struct sfs_cluster *c)
{
	/*
	 * The quorum says nothing any more, but sessions and fences still kick
	 * the work: from here on it does nothing, and does not queue itself.
	 */
	sfs_cl_lead_set(c, SFS_CL_FOLLOWS);
	cancel_delayed_work_sync(&c->lead_work);
	sfs_cl_lead_end(c);
}
