// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driving the quorum of a mount that has a slot.
 *
 * The state machine runs in one work item of a queue of its own: it writes to
 * the device and must not wait for anything else.  What follows from its
 * decisions is done elsewhere.
 */
#include "lock/cluster/cluster.h"

/* ---- what the state machine asks for ------------------------------------ */

static void sfs_cl_quorum_send(void *arg, unsigned int slot, const void *msg,
			       u32 len)
{
	u8 buf[sizeof(struct sfs_cl_quorum_msg) + SFS_QUORUM_MSG_MAX]
		__aligned(8) = { 0 };
	struct sfs_cl_quorum_msg *wire = (void *)buf;
	struct sfs_cluster *c = arg;
	struct sfs_net_addr addr;

	if (WARN_ON_ONCE(len > SFS_QUORUM_MSG_MAX))
		return;
	sfs_cl_slot_addr(c, slot, &addr);
	wire->slot = cpu_to_le32(c->slot);
	memcpy(wire->msg, msg, len);
	/* it may get lost anyway */
	sfs_net_send_datagram(c->net, &addr, SFS_CL_DATAGRAM_QUORUM, wire,
			      sizeof(*wire) + len);
}

static int sfs_cl_quorum_read_page(void *arg, unsigned int slot,
				   struct sfs_quorum_page *page)
{
	struct sfs_cluster *c = arg;

	return sfs_quorum_page_read(c->vol, slot, page, c->quorum_room);
}

static int sfs_cl_quorum_write_page(void *arg, unsigned int slot,
				    struct sfs_quorum_page *page, bool is_beat)
{
	struct sfs_cluster *c = arg;

	/* withdrawn: nothing is written any more, so somebody else will lead */
	if (sfs_volume_error(c->vol))
		return -EIO;
	return is_beat ? sfs_quorum_page_beat(c->vol, slot, page) :
			 sfs_quorum_page_write(c->vol, slot, page);
}

static void sfs_cl_quorum_elected(void *arg, u64 term)
{
	sfs_cl_lead_elected(arg, term);
}

static void sfs_cl_quorum_deposed(void *arg, u64 term, int error)
{
	sfs_cl_lead_deposed(arg, error);
}

static void sfs_cl_quorum_leader(void *arg, int slot, u64 term)
{
	sfs_cl_member_leader(arg, slot, term);
}

static void sfs_cl_quorum_lease(void *arg, u64 until_ns)
{
	struct sfs_cluster *c = arg;

	WRITE_ONCE(c->quorum_lease_ns, until_ns);
	/* the leader's own writes; those of a follower depend on its leader */
	c->ops->lease(c->arg, until_ns);
}

static int sfs_cl_quorum_read_list(void *arg, u64 *version, u32 *slots)
{
	struct sfs_cluster *c = arg;
	int ret = sfs_cl_slots_read(c);

	*slots = sfs_cl_slots(c, version);
	return ret;
}

static void sfs_cl_quorum_removed(void *arg)
{
	struct sfs_cluster *c = arg;

	sfs_cl_err(c, "quorum slot %d was removed, or has another address",
		   c->slot);
	sfs_cl_member_lost(c, -ESTALE);
}

static const struct sfs_quorum_ops sfs_cl_quorum_ops = {
	.send		= sfs_cl_quorum_send,
	.read_page	= sfs_cl_quorum_read_page,
	.write_page	= sfs_cl_quorum_write_page,
	.elected	= sfs_cl_quorum_elected,
	.deposed	= sfs_cl_quorum_deposed,
	.leader		= sfs_cl_quorum_leader,
	.lease		= sfs_cl_quorum_lease,
	.read_list	= sfs_cl_quorum_read_list,
	.removed	= sfs_cl_quorum_removed,
};

/* ---- running ------------------------------------------------------------ */

static void sfs_cl_quorum_work(struct work_struct *work)
{
	struct sfs_cluster *c = container_of(to_delayed_work(work),
					     struct sfs_cluster, quorum_work);
	unsigned int nofs = memalloc_nofs_save();
	u64 now = ktime_get_ns();
	u64 next;

	next = sfs_quorum_run(c->quorum, now);
	memalloc_nofs_restore(nofs);
	now = ktime_get_ns();
	if (!READ_ONCE(c->is_election_over))
		queue_delayed_work(c->quorum_wq, &c->quorum_work,
				   next > now ? nsecs_to_jiffies(next - now) + 1 : 0);
}

static void sfs_cl_election_kick_locked(struct sfs_cluster *c)
	__must_hold(&c->quorum_sem)
{
	if (!c->is_election_over)
		mod_delayed_work(c->quorum_wq, &c->quorum_work, 0);
}

void sfs_cl_election_kick(struct sfs_cluster *c)
{
	down_read(&c->quorum_sem);
	if (c->quorum)
		sfs_cl_election_kick_locked(c);
	up_read(&c->quorum_sem);
}

void sfs_cl_election_datagram(struct sfs_cluster *c, const void *data, u32 len)
{
	const struct sfs_cl_quorum_msg *wire = data;

	if (len < sizeof(*wire) ||
	    le32_to_cpu(wire->slot) >= SFS_QUORUM_SLOTS_MAX)
		return;
	/* they come as long as there is a network, which outlives the quorum */
	down_read(&c->quorum_sem);
	if (c->quorum) {
		sfs_quorum_receive(c->quorum, le32_to_cpu(wire->slot),
				   wire->msg, len - sizeof(*wire),
				   ktime_get_ns());
		sfs_cl_election_kick_locked(c);
	}
	up_read(&c->quorum_sem);
}

int sfs_cl_election_start(struct sfs_cluster *c)
{
	struct sfs_quorum_params params = {
		.fsid = c->fsid,
		.rid = c->rid,
		.slot = c->slot,
		.timeout_ms = c->heartbeat_ms,
		.seed = c->rid,
		.node = "",
		.ops = &sfs_cl_quorum_ops,
		.arg = c,
	};
	struct sfs_quorum *q;
	int ret;

	if (c->slot < 0)
		return 0;
	params.slots = sfs_cl_slots(c, &params.list_version);
	c->quorum_wq = alloc_workqueue("scoutfs_quorum/%s",
				       WQ_MEM_RECLAIM | WQ_HIGHPRI, 1,
				       c->vol->ident);
	if (!c->quorum_wq)
		return -ENOMEM;
	ret = sfs_quorum_create(&params, &q);
	if (ret) {
		if (ret == -EBUSY)
			sfs_cl_err(c, "quorum slot %d is in use by another mount",
				   c->slot);
		destroy_workqueue(c->quorum_wq);
		c->quorum_wq = NULL;
		return ret;
	}
	down_write(&c->quorum_sem);
	c->quorum = q;
	up_write(&c->quorum_sem);
	sfs_cl_election_kick(c);
	return 0;
}

void sfs_cl_election_init(struct sfs_cluster *c)
{
	init_rwsem(&c->quorum_sem);
	INIT_DELAYED_WORK(&c->quorum_work, sfs_cl_quorum_work);
}

void sfs_cl_election_end(struct sfs_cluster *c)
{
	/* those who kick the work have seen it, or have queued what is cancelled */
	down_write(&c->quorum_sem);
	WRITE_ONCE(c->is_election_over, true);
	up_write(&c->quorum_sem);
	cancel_delayed_work_sync(&c->quorum_work);
}

void sfs_cl_election_stop(struct sfs_cluster *c)
{
	struct sfs_quorum *q;

	down_write(&c->quorum_sem);
	q = c->quorum;
	c->quorum = NULL;
	up_write(&c->quorum_sem);
	if (!q)
		return;
	if (!sfs_cl_is_down(c) && !sfs_volume_error(c->vol))
		sfs_quorum_leave(q);
	destroy_workqueue(c->quorum_wq);
	sfs_quorum_destroy(q);
}
