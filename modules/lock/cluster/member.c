// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mount as a member: its session with the leader, and its lease.
 *
 *	ALONE --a leader is known--> CONNECTING --opened--> JOINING --> JOINED
 *	  ^                              |                    |            |
 *	  +---- closed, another leader --+--------------------+------------+
 *	  any --the leader does not know us any more--> LOST
 *
 * Joining tells the leader what this mount holds, brings its log into the root
 * map, and says that it is ready.  A member sends heartbeats and may write for a
 * while after it sent one that a leader answered; without answers it waits, and
 * goes on when the same leader or the next one answers.
 */
#include "lock/cluster/cluster.h"

static void sfs_cl_member_kick(struct sfs_cluster *c)
{
	if (!READ_ONCE(c->is_leaving))
		mod_delayed_work(c->wq, &c->member_work, 0);
}

/* ---- who leads ---------------------------------------------------------- */

void sfs_cl_member_leader(struct sfs_cluster *c, int slot, u64 term)
{
	mutex_lock(&c->member_lock);
	c->leader_slot = slot;
	c->leader_term = term;
	mutex_unlock(&c->member_lock);
	sfs_cl_wake(c);
	sfs_cl_member_kick(c);
}

/* Mounts without a slot ask the device. */
static void sfs_cl_member_look(struct sfs_cluster *c)
{
	unsigned int slot;
	u64 version, term, rid;

	if (c->quorum)
		return;
	/* nobody tells it of another list, in which the next leader may be */
	sfs_cl_slots_read(c);
	if (sfs_quorum_find_leader(c->vol, sfs_cl_slots(c, &version), &slot,
				   &term, &rid))
		return;
	mutex_lock(&c->member_lock);
	c->leader_slot = slot;
	c->leader_term = term;
	mutex_unlock(&c->member_lock);
}

/* ---- the session -------------------------------------------------------- */

static struct sfs_net_peer *sfs_cl_member_take_session(struct sfs_cluster *c)
{
	struct sfs_net_peer *old;

	mutex_lock(&c->member_lock);
	old = c->session;
	c->session = NULL;
	WRITE_ONCE(c->is_session_open, false);
	c->session_error = 1;
	if (c->member_state != SFS_CL_LOST)
		c->member_state = SFS_CL_ALONE;
	mutex_unlock(&c->member_lock);
	return old;
}

/* Nothing is delivered from it afterwards. */
static void sfs_cl_member_disconnect(struct sfs_cluster *c)
{
	struct sfs_net_peer *old = sfs_cl_member_take_session(c);

	sfs_cl_held_detach(c);
	if (!old)
		return;
	sfs_net_close_sync(old);
	sfs_net_peer_put(old);
}

/*
 * A leader must not take in again whom another one has recovered.  Whoever leaves and
 * holds no lock any more has nothing that could be void, and may be in the mount table
 * no more: it comes as a new one, since those who stay need its vote until its BYE.
 */
static bool sfs_cl_member_rejoins(struct sfs_cluster *c)
{
	return c->was_member && !sfs_lock_space_is_drained(c->space);
}

static void sfs_cl_member_connect(struct sfs_cluster *c)
{
	struct sfs_cl_hello_msg hello = {
		.version = cpu_to_le32(SFS_CLUSTER_VERSION),
		.flags = cpu_to_le32((sfs_cl_member_rejoins(c) ?
				      SFS_CL_REJOINS : 0) |
				     (c->vol->read_only ? SFS_CL_READS : 0) |
				     (c->slot >= 0 ? SFS_CL_VOTES : 0)),
		.heartbeat_ms = cpu_to_le32(c->heartbeat_ms),
	};
	struct sfs_net_addr addr = { 0 };
	struct sfs_net_peer *peer;
	unsigned int slot;

	mutex_lock(&c->member_lock);
	slot = c->leader_slot;
	if (c->member_state != SFS_CL_ALONE || c->leader_slot < 0) {
		mutex_unlock(&c->member_lock);
		return;
	}
	if (slot != (unsigned int)c->slot)
		sfs_cl_slot_addr(c, slot, &addr);
	c->member_state = SFS_CL_CONNECTING;
	c->session_term = c->leader_term;
	c->session_error = 1;
	peer = sfs_net_connect(c->net, &addr, &hello, sizeof(hello),
			       c->heartbeat_ms, c);
	if (IS_ERR(peer))
		c->member_state = SFS_CL_ALONE;
	else
		c->session = peer;
	mutex_unlock(&c->member_lock);
}

void sfs_cl_member_opened(struct sfs_cluster *c, struct sfs_net_peer *peer)
{
	mutex_lock(&c->member_lock);
	/* connect() may not have returned yet, but it holds the lock */
	if (c->session == peer && c->member_state == SFS_CL_CONNECTING &&
	    !sfs_cl_is_down(c)) {
		c->member_state = SFS_CL_JOINING;
		WRITE_ONCE(c->is_session_open, true);
	}
	mutex_unlock(&c->member_lock);
	sfs_cl_wake(c);
	sfs_cl_member_kick(c);
}

void sfs_cl_member_closed(struct sfs_cluster *c, struct sfs_net_peer *peer,
			  int error)
{
	mutex_lock(&c->member_lock);
	if (c->session == peer) {
		c->session_error = error;
		WRITE_ONCE(c->is_session_open, false);
	}
	mutex_unlock(&c->member_lock);
	/* the work looks now and then; at once would be a busy loop of refusals */
	sfs_cl_wake(c);
}

struct sfs_net_peer *sfs_cl_member_try_session(struct sfs_cluster *c)
{
	struct sfs_net_peer *peer = NULL;

	mutex_lock(&c->member_lock);
	if (c->is_session_open && c->member_state != SFS_CL_LOST) {
		peer = c->session;
		sfs_net_peer_get(peer);
	}
	mutex_unlock(&c->member_lock);
	return peer;
}

static bool sfs_cl_member_is_hopeless(struct sfs_cluster *c)
{
	return sfs_cl_is_down(c) ||
	       READ_ONCE(c->member_state) == SFS_CL_LOST;
}

struct sfs_net_peer *sfs_cl_member_session(struct sfs_cluster *c)
{
	struct sfs_net_peer *peer;

	/* a mutex is nothing for a wait's condition */
	do {
		wait_event(c->wait, sfs_cl_member_is_hopeless(c) ||
			   READ_ONCE(c->is_session_open));
		if (sfs_cl_member_is_hopeless(c))
			return NULL;
		peer = sfs_cl_member_try_session(c);
	} while (!peer);
	return peer;
}

void sfs_cl_member_lost(struct sfs_cluster *c, int error)
{
	bool was_lost;

	mutex_lock(&c->member_lock);
	was_lost = c->member_state == SFS_CL_LOST;
	mutex_unlock(&c->member_lock);
	/* first: calls that fail from now on are those of a mount that is withdrawn */
	if (!was_lost)
		c->ops->lost(c->arg, error);
	mutex_lock(&c->member_lock);
	WRITE_ONCE(c->member_state, SFS_CL_LOST);
	mutex_unlock(&c->member_lock);
	sfs_cl_wake(c);
}

/* ---- joining ------------------------------------------------------------ */

bool sfs_cl_member_has_leader(struct sfs_cluster *c)
{
	struct sfs_net_peer *peer = sfs_cl_member_try_session(c);
	bool has = peer && !sfs_net_peer_is_over(peer);

	if (peer)
		sfs_net_peer_put(peer);
	return has;
}

/*
 * A commit that is under way may wait for the next leader, who is not looked for
 * before this is over: so it is waited for only while there is one.
 */
static int sfs_cl_member_fold(struct sfs_cluster *c)
{
	int ret;

	while ((ret = c->ops->fold(c->arg)) == -EAGAIN) {
		if (!sfs_cl_member_has_leader(c) || sfs_cl_is_down(c))
			return -ENOTCONN;
		schedule_timeout_uninterruptible(1);
	}
	return ret;
}

/* Asserted, folded, told: whatever fails, the session ends and comes again. */
static int sfs_cl_member_join(struct sfs_cluster *c, struct sfs_net_peer *peer)
{
	u32 len;
	int ret;

	sfs_cl_held_assert(c, peer);
	ret = sfs_cl_member_fold(c);
	if (!ret)
		ret = c->ops->rejoin(c->arg);
	if (!ret)
		ret = sfs_net_call(peer, SFS_CL_CALL_READY, NULL, 0, NULL, 0,
				   &len, false);
	if (ret && ret != -ENOTCONN)
		sfs_cl_err(c, "joining the leader: error %d", ret);
	return ret;
}

static void sfs_cl_member_do_join(struct sfs_cluster *c)
{
	struct sfs_net_peer *peer = sfs_cl_member_try_session(c);
	int ret;

	if (!peer)
		return;
	/* who finds the next leader must not wait for him */
	WRITE_ONCE(c->joining, current);
	ret = sfs_cl_member_join(c, peer);
	WRITE_ONCE(c->joining, NULL);
	mutex_lock(&c->member_lock);
	if (!ret && c->session == peer &&
	    c->member_state == SFS_CL_JOINING) {
		c->member_state = SFS_CL_JOINED;
		c->was_member = true;
	}
	mutex_unlock(&c->member_lock);
	sfs_net_peer_put(peer);
	if (ret)
		sfs_cl_member_disconnect(c);
	sfs_cl_wake(c);
}

/* Has the session ended, or is there a newer leader? */
static bool sfs_cl_member_must_change(struct sfs_cluster *c, int *error)
{
	bool must;

	mutex_lock(&c->member_lock);
	*error = c->session_error;
	must = c->session && (c->session_error <= 0 ||
			      c->session_term != c->leader_term);
	mutex_unlock(&c->member_lock);
	return must;
}

static void sfs_cl_member_work(struct work_struct *work)
{
	struct sfs_cluster *c = container_of(to_delayed_work(work),
					     struct sfs_cluster, member_work);
	unsigned int nofs = memalloc_nofs_save();
	int error;

	sfs_cl_member_look(c);
	if (sfs_cl_member_must_change(c, &error)) {
		sfs_cl_member_disconnect(c);
		/* a leader that knows its members does not know this one */
		if (error == SFS_CL_NO_MEMBER && c->was_member)
			sfs_cl_member_lost(c, error);
	}
	if (c->member_state == SFS_CL_ALONE)
		sfs_cl_member_connect(c);
	if (c->member_state == SFS_CL_JOINING)
		sfs_cl_member_do_join(c);
	memalloc_nofs_restore(nofs);
	if (!READ_ONCE(c->is_leaving) && c->member_state != SFS_CL_LOST)
		queue_delayed_work(c->wq, &c->member_work,
				   msecs_to_jiffies(SFS_CL_POLL_MS));
}

/* ---- heartbeats and the lease ------------------------------------------- */

static void sfs_cl_beat_work(struct work_struct *work)
{
	struct sfs_cluster *c = container_of(to_delayed_work(work),
					     struct sfs_cluster, beat_work);
	struct sfs_net_peer *peer = sfs_cl_member_try_session(c);
	struct sfs_dev *dev = c->vol->meta;
	struct sfs_cl_beat_msg msg;
	unsigned int interval_ms;

	/* who cannot reach the device any more is not alive */
	if (peer && !dev->ops->read(dev, SFS_QUORUM_BYTES, c->beat_page,
				    sizeof(*c->beat_page))) {
		msg.sent_ns = cpu_to_le64(ktime_get_ns());
		sfs_net_send(peer, SFS_NET_MEMBER, SFS_CL_BEAT, &msg,
			     sizeof(msg), SFS_NET_DROPPABLE);
	}
	if (peer)
		sfs_net_peer_put(peer);
	interval_ms = sfs_quorum_interval_ms(c->heartbeat_ms);
	if (!READ_ONCE(c->is_leaving))
		queue_delayed_work(c->wq, &c->beat_work,
				   msecs_to_jiffies(interval_ms));
}

int sfs_cl_member_echo(struct sfs_cluster *c, const void *data, u32 len)
{
	const struct sfs_cl_beat_msg *msg = data;
	u64 sent, until;
	bool is_newer;

	if (len != sizeof(*msg))
		return -EPROTO;
	sent = le64_to_cpu(msg->sent_ns);
	if (sent > ktime_get_ns())
		return -EPROTO;
	until = sent + sfs_quorum_lease_ms(c->heartbeat_ms) *
		       (u64)NSEC_PER_MSEC;
	mutex_lock(&c->member_lock);
	/* the leader's own lease comes from the quorum */
	is_newer = until > c->lease_ns && c->member_state != SFS_CL_LOST &&
		   READ_ONCE(c->lead_state) == SFS_CL_FOLLOWS;
	if (is_newer) {
		c->lease_ns = until;
		c->ops->lease(c->arg, until);
	}
	mutex_unlock(&c->member_lock);
	return 0;
}

/* ---- questions of the leader -------------------------------------------- */

int sfs_cl_member_serve(struct sfs_cluster *c, u8 type, const void *req,
			u32 req_len, void *reply, u32 *reply_len)
{
	struct sfs_cl_status_msg *status = reply;
	int ret;

	if (type < SFS_CL_CALL_OWN)
		return c->ops->answer(c->arg, type, req, req_len, reply,
				      reply_len);
	if (type != SFS_CL_CALL_FOLD || req_len)
		return -EPROTO;
	/* one at a time, and leaders ask for one at a time */
	ret = -EBUSY;
	if (!cmpxchg(&c->folding, NULL, current)) {
		ret = sfs_cl_member_fold(c);
		WRITE_ONCE(c->folding, NULL);
	}
	memset(status, 0, sizeof(*status));
	status->is_error = cpu_to_le32(ret ? 1 : 0);
	*reply_len = sizeof(*status);
	return 0;
}

/* ---- life --------------------------------------------------------------- */

void sfs_cl_member_init(struct sfs_cluster *c)
{
	mutex_init(&c->member_lock);
	c->leader_slot = -1;
	c->session_error = 1;
	INIT_DELAYED_WORK(&c->member_work, sfs_cl_member_work);
	INIT_DELAYED_WORK(&c->beat_work, sfs_cl_beat_work);
}

void sfs_cl_member_start(struct sfs_cluster *c)
{
	queue_delayed_work(c->wq, &c->member_work, 0);
	queue_delayed_work(c->wq, &c->beat_work, 0);
}

void sfs_cl_member_stop(struct sfs_cluster *c)
{
	WRITE_ONCE(c->is_leaving, true);
	cancel_delayed_work_sync(&c->member_work);
	cancel_delayed_work_sync(&c->beat_work);
	sfs_cl_member_disconnect(c);
}
