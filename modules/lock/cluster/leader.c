// SPDX-License-Identifier: GPL-2.0-only
/*
 * A leader's members: their sessions, their messages, what the master tells them.
 *
 *	EXPECTED --session--> JOINING --asserted, and READY called--> READY
 *	any --silent for too long--> LOST --fenced--> FENCED --recovered--> gone
 *
 * Lock order: a master's stripe -> members_lock.  So nothing is asked of the
 * master under members_lock.
 */
#include "lock/cluster/cluster.h"

/* ---- peers -------------------------------------------------------------- */

struct sfs_cl_peer *sfs_cl_peer_find_locked(struct sfs_cluster *c, u64 rid)
{
	struct sfs_cl_peer *peer;

	lockdep_assert_held(&c->members_lock);
	list_for_each_entry(peer, &c->members, link)
		if (peer->rid == rid)
			return peer;
	return NULL;
}

struct sfs_cl_peer *sfs_cl_peer_add_locked(struct sfs_cluster *c, u64 rid)
{
	struct sfs_cl_peer *peer = kzalloc(sizeof(*peer), GFP_NOFS);

	lockdep_assert_held(&c->members_lock);
	if (!peer)
		return NULL;
	refcount_set(&peer->refs, 1);
	peer->c = c;
	peer->rid = rid;
	peer->heard_ns = ktime_get_ns();
	list_add_tail(&peer->link, &c->members);
	return peer;
}

void sfs_cl_peer_put(struct sfs_cl_peer *peer)
{
	if (refcount_dec_and_test(&peer->refs))
		kfree(peer);
}

/* Closed by this side, so there is no closed() that would let go of the peer. */
static void sfs_cl_session_end(struct sfs_net_peer *session)
{
	struct sfs_cl_peer *peer;

	sfs_net_close_sync(session);
	peer = sfs_net_peer_priv(session);
	sfs_net_peer_set_priv(session, NULL);
	sfs_net_peer_put(session);
	if (peer)
		sfs_cl_peer_put(peer);
}

void sfs_cl_peer_close(struct sfs_cl_peer *peer)
{
	struct sfs_cluster *c = peer->c;
	struct sfs_net_peer *session;

	mutex_lock(&c->members_lock);
	session = peer->session;
	peer->session = NULL;
	mutex_unlock(&c->members_lock);
	if (session)
		sfs_cl_session_end(session);
}

void sfs_cl_peer_remove(struct sfs_cluster *c, struct sfs_cl_peer *peer)
{
	bool was_in;

	mutex_lock(&c->members_lock);
	was_in = !list_empty(&peer->link);
	list_del_init(&peer->link);
	mutex_unlock(&c->members_lock);
	if (was_in)
		sfs_cl_peer_put(peer);
}

void sfs_cl_peers_hang_up(struct sfs_cluster *c)
{
	struct sfs_cl_peer *peer;

	mutex_lock(&c->members_lock);
	list_for_each_entry(peer, &c->members, link)
		if (peer->session)
			sfs_net_close(peer->session);
	mutex_unlock(&c->members_lock);
}

void sfs_cl_peers_exit(struct sfs_cluster *c)
{
	struct sfs_net_peer *session;
	struct sfs_cl_peer *peer;

	/* calls between members end first, then it can be waited for each */
	sfs_cl_peers_hang_up(c);
	for (;;) {
		mutex_lock(&c->members_lock);
		peer = list_first_entry_or_null(&c->members,
						struct sfs_cl_peer, link);
		session = peer ? peer->session : NULL;
		if (peer) {
			peer->session = NULL;
			list_del_init(&peer->link);
		}
		mutex_unlock(&c->members_lock);
		if (!peer)
			break;
		if (session)
			sfs_cl_session_end(session);
		sfs_cl_peer_put(peer);
	}
}

/* ---- sessions ----------------------------------------------------------- */

static int sfs_cl_hello_check(struct sfs_cluster *c, u64 rid,
			      const struct sfs_cl_hello_msg *hello, u32 len)
{
	if (len != sizeof(*hello) ||
	    le32_to_cpu(hello->flags) & ~SFS_CL_HELLO_FLAGS)
		return -EPROTO;
	if (le32_to_cpu(hello->version) != SFS_CLUSTER_VERSION) {
		sfs_cl_err(c, "mount %016llx speaks cluster protocol %u, not %u",
			   rid, le32_to_cpu(hello->version),
			   SFS_CLUSTER_VERSION);
		return -EPROTO;
	}
	return 0;
}

/*
 * May it be a member, and from what state?  Who was one of a leader that already
 * serves, or is neither in the table nor a mere reader, has been recovered.
 */
static int sfs_cl_may_join_locked(struct sfs_cluster *c,
				  struct sfs_cl_peer *peer, u32 flags)
{
	if (sfs_volume_error(c->vol) || (c->lead_state != SFS_CL_GATHERING &&
					 c->lead_state != SFS_CL_SERVING))
		return SFS_CL_NO_LEADER;
	if (peer && peer->state >= SFS_CL_PEER_LOST)
		return SFS_CL_NO_MEMBER;
	if (!(flags & SFS_CL_REJOINS))
		return 0;
	if (c->lead_state == SFS_CL_SERVING)
		return SFS_CL_NO_MEMBER;
	return peer || flags & SFS_CL_READS ? 0 : SFS_CL_NO_MEMBER;
}

static int sfs_cl_join_locked(struct sfs_cluster *c,
			      struct sfs_net_peer *session,
			      const struct sfs_cl_hello_msg *hello)
{
	u64 rid = sfs_net_peer_rid(session);
	struct sfs_cl_peer *peer = sfs_cl_peer_find_locked(c, rid);
	int ret;

	ret = sfs_cl_may_join_locked(c, peer, le32_to_cpu(hello->flags));
	if (ret)
		return ret;
	if (!peer)
		peer = sfs_cl_peer_add_locked(c, rid);
	if (!peer)
		return -ENOMEM;
	/* the net has closed an older session before it asked */
	if (peer->session)
		return -EBUSY;
	sfs_net_peer_get(session);
	peer->session = session;
	sfs_net_peer_addr(session, &peer->addr);
	peer->state = SFS_CL_PEER_JOINING;
	peer->has_asserted = false;
	peer->is_told = false;
	peer->has_drained = false;
	peer->has_slot = le32_to_cpu(hello->flags) & SFS_CL_VOTES;
	peer->is_leaving = false;
	peer->heard_ns = ktime_get_ns();
	peer->timeout_ms = max(c->heartbeat_ms,
			       min(le32_to_cpu(hello->heartbeat_ms), 60000U));
	refcount_inc(&peer->refs);
	sfs_net_peer_set_priv(session, peer);
	return 0;
}

int sfs_cl_leader_accept(struct sfs_cluster *c, struct sfs_net_peer *session,
			 const void *data, u32 len, void *reply, u32 *reply_len)
{
	struct sfs_cl_welcome_msg *welcome = reply;
	u64 rid = sfs_net_peer_rid(session);
	int ret;

	ret = sfs_cl_hello_check(c, rid, data, len);
	if (ret)
		return ret;
	down_read(&c->serve_sem);
	/* what an earlier attempt of it to join has told is void */
	if (c->master) {
		mutex_lock(&c->members_lock);
		ret = sfs_cl_join_locked(c, session, data);
		mutex_unlock(&c->members_lock);
		if (!ret)
			sfs_lock_master_remove(c->master, rid);
	} else {
		ret = SFS_CL_NO_LEADER;
	}
	up_read(&c->serve_sem);
	if (ret)
		return ret;
	welcome->version = cpu_to_le32(SFS_CLUSTER_VERSION);
	welcome->heartbeat_ms = cpu_to_le32(c->heartbeat_ms);
	welcome->term = cpu_to_le64(c->lead_term);
	*reply_len = sizeof(*welcome);
	return 0;
}

/* Silence decides what becomes of it. */
void sfs_cl_leader_closed(struct sfs_cluster *c, struct sfs_net_peer *session,
			  int error)
{
	struct sfs_cl_peer *peer = sfs_net_peer_priv(session);
	bool was_ours = false;

	if (!peer)
		return;
	mutex_lock(&c->members_lock);
	if (peer->session == session) {
		peer->session = NULL;
		was_ours = true;
	}
	mutex_unlock(&c->members_lock);
	if (was_ours)
		sfs_net_peer_put(session);
	sfs_net_peer_set_priv(session, NULL);
	sfs_cl_peer_put(peer);
}

/* ---- heartbeats --------------------------------------------------------- */

static int sfs_cl_leader_beat(struct sfs_cluster *c, struct sfs_cl_peer *peer,
			      struct sfs_net_peer *session, const void *data,
			      u32 len)
{
	u64 now = ktime_get_ns();
	bool is_alive;

	if (len != sizeof(struct sfs_cl_beat_msg))
		return -EPROTO;
	mutex_lock(&c->members_lock);
	is_alive = peer->session == session &&
		   peer->state < SFS_CL_PEER_LOST;
	if (is_alive)
		peer->heard_ns = now;
	mutex_unlock(&c->members_lock);
	/* who may not lead any more cannot vouch for others */
	if (is_alive && now < READ_ONCE(c->quorum_lease_ns))
		sfs_net_send(session, SFS_NET_MEMBER, SFS_CL_ECHO, data, len,
			     SFS_NET_DROPPABLE);
	return 0;
}

/* ---- locks -------------------------------------------------------------- */

static int sfs_cl_leader_request(struct sfs_cluster *c,
				 struct sfs_cl_peer *peer,
				 struct sfs_net_peer *session,
				 const struct sfs_lock_name *name,
				 enum sfs_lock_mode mode)
{
	u8 buf[SFS_CL_LOCK_MSG_MAX] __aligned(8);
	int ret;

	ret = sfs_lock_master_request(c->master, peer->rid, name, mode);
	if (ret != -ENOMEM)
		return ret;
	/* NL: an error */
	sfs_net_send(session, SFS_NET_LOCK, SFS_CL_GRANT, buf,
		     sfs_cl_lock_msg_encode(buf, name, SFS_LOCK_NL, NULL), 0);
	return 0;
}

static int sfs_cl_leader_released(struct sfs_cluster *c,
				  struct sfs_cl_peer *peer,
				  const struct sfs_lock_name *name,
				  enum sfs_lock_mode mode, const void *lvb)
{
	int ret;

	do {
		ret = sfs_lock_master_released(c->master, peer->rid, name, mode,
					       lvb);
		if (ret == -ENOMEM)
			schedule_timeout_uninterruptible(1);
	} while (ret == -ENOMEM);
	return ret;
}

static int sfs_cl_leader_range(struct sfs_cluster *c, struct sfs_cl_peer *peer,
			       const void *data, u32 len)
{
	const struct sfs_cl_range_msg *msg = data;

	if (len != sizeof(*msg))
		return -EPROTO;
	return sfs_lock_master_add_range(c->master, peer->rid,
					 le64_to_cpu(msg->first),
					 le64_to_cpu(msg->count));
}

/*
 * Assertions are messages about locks and READY is a call: whichever comes last,
 * for a call may overtake messages of another class.
 */
static void sfs_cl_peer_ready_if_all_came_locked(struct sfs_cl_peer *peer)
{
	lockdep_assert_held(&peer->c->members_lock);
	if (peer->has_asserted && peer->is_told &&
	    peer->state == SFS_CL_PEER_JOINING)
		peer->state = SFS_CL_PEER_READY;
}

static void sfs_cl_leader_asserted(struct sfs_cluster *c,
				   struct sfs_cl_peer *peer,
				   struct sfs_net_peer *session)
{
	mutex_lock(&c->members_lock);
	if (peer->session == session) {
		peer->has_asserted = true;
		sfs_cl_peer_ready_if_all_came_locked(peer);
	}
	mutex_unlock(&c->members_lock);
	sfs_cl_lead_kick(c);
}

/* BYE waits for it: what came before it must not be overtaken. */
static int sfs_cl_leader_drained(struct sfs_cluster *c,
				 struct sfs_cl_peer *peer,
				 struct sfs_net_peer *session, u32 len)
{
	if (len)
		return -EPROTO;
	mutex_lock(&c->members_lock);
	if (peer->session == session)
		peer->has_drained = true;
	mutex_unlock(&c->members_lock);
	sfs_cl_wake(c);
	return 0;
}

static int sfs_cl_leader_lock_msg(struct sfs_cluster *c,
				  struct sfs_cl_peer *peer,
				  struct sfs_net_peer *session, u8 type,
				  const void *data, u32 len)
{
	struct sfs_lock_name name;
	enum sfs_lock_mode mode;
	const void *lvb;
	int ret;

	if (type == SFS_CL_DRAINED)
		return sfs_cl_leader_drained(c, peer, session, len);
	if (type == SFS_CL_ASSERTED || type == SFS_CL_RANGE) {
		if (peer->has_asserted)
			return -EPROTO;
		if (type == SFS_CL_RANGE)
			return sfs_cl_leader_range(c, peer, data, len);
		if (len)
			return -EPROTO;
		sfs_cl_leader_asserted(c, peer, session);
		return 0;
	}
	ret = sfs_cl_lock_msg_decode(data, len, &name, &mode, &lvb);
	if (ret)
		return ret;
	switch (type) {
	case SFS_CL_REQUEST:
		return sfs_cl_leader_request(c, peer, session, &name, mode);
	case SFS_CL_RELEASED:
		return sfs_cl_leader_released(c, peer, &name, mode, lvb);
	case SFS_CL_ASSERT:
		if (peer->has_asserted)
			return -EPROTO;
		return sfs_lock_master_assert(c->master, peer->rid, &name,
					      mode, NULL);
	default:
		return -EPROTO;
	}
}

int sfs_cl_leader_receive(struct sfs_cluster *c, struct sfs_net_peer *session,
			  enum sfs_net_class class, u8 type, const void *data,
			  u32 len)
{
	struct sfs_cl_peer *peer = sfs_net_peer_priv(session);
	int ret;

	if (!peer)
		return -EPROTO;
	if (class == SFS_NET_MEMBER)
		return type == SFS_CL_BEAT ?
		       sfs_cl_leader_beat(c, peer, session, data, len) :
		       -EPROTO;
	if (class != SFS_NET_LOCK)
		return -EPROTO;
	down_read(&c->serve_sem);
	/* LOST: the master has forgotten what it asked for */
	ret = c->master && READ_ONCE(peer->state) < SFS_CL_PEER_LOST ?
	      sfs_cl_leader_lock_msg(c, peer, session, type, data, len) : 0;
	up_read(&c->serve_sem);
	if (ret)
		sfs_cl_err(c, "mount %016llx: message %u about locks: error %d",
			   peer->rid, type, ret);
	return ret ? -EPROTO : 0;
}

/* ---- calls -------------------------------------------------------------- */

/* A call may come twice (I5). */
static int sfs_cl_leader_ready(struct sfs_cluster *c, struct sfs_cl_peer *peer,
			       struct sfs_net_peer *session)
{
	int ret = -ENOTCONN;	/* it has another session by now */

	mutex_lock(&c->members_lock);
	if (peer->session == session && peer->state < SFS_CL_PEER_LOST) {
		peer->is_told = true;
		sfs_cl_peer_ready_if_all_came_locked(peer);
		ret = 0;
	}
	mutex_unlock(&c->members_lock);
	sfs_cl_lead_kick(c);
	return ret;
}

/*
 * Who leaves takes its vote along: those who stay must be able to elect without
 * it, and lose their leader otherwise.  When all leave, the leader goes last.
 */
static enum sfs_cl_bye sfs_cl_may_leave_locked(struct sfs_cluster *c,
					       const struct sfs_cl_peer *peer)
{
	unsigned int voters = 0, staying = 0, others = 0;
	const struct sfs_cl_peer *other;

	lockdep_assert_held(&c->members_lock);
	list_for_each_entry(other, &c->members, link) {
		if (other == peer || other->state >= SFS_CL_PEER_LOST)
			continue;
		others++;
		staying += !other->is_leaving;
		voters += !other->is_leaving && other->has_slot;
	}
	if (!peer->has_slot || voters >= sfs_quorum_votes_needed(c->quorum))
		return SFS_CL_BYE_GO;
	if (staying || (peer->rid == c->rid && others))
		return SFS_CL_BYE_WAIT;
	return SFS_CL_BYE_LAST;
}

static bool sfs_cl_is_known(struct sfs_cluster *c, u64 rid)
{
	bool is_member;

	mutex_lock(&c->members_lock);
	is_member = sfs_cl_peer_find_locked(c, rid);
	mutex_unlock(&c->members_lock);
	return is_member || xa_load(&c->let_go, rid);
}

/*
 * Whose page moves may come as a member yet.  One that was withdrawn still answers
 * heartbeats, but writes nothing and needs nobody.
 */
static bool sfs_cl_is_stranger(struct sfs_cluster *c, unsigned int slot,
			       struct sfs_quorum_page *page, u64 now_ns)
{
	u64 beat;

	if (sfs_quorum_page_read(c->vol, slot, page, &page[1]) || !page->rid ||
	    sfs_cl_is_known(c, le64_to_cpu(page->rid)))
		return false;
	beat = le64_to_cpu(page->beat);
	if (c->stranger[slot].beat != beat) {
		c->stranger[slot].beat = beat;
		c->stranger[slot].moved_ns = now_ns;
	}
	return now_ns < c->stranger[slot].moved_ns +
			c->heartbeat_ms * (u64)NSEC_PER_MSEC;
}

/*
 * A mount that leaves is in the mount table no more once its LEAVE was served.  If it
 * had no answer it asks the next leader, who knows nothing of it before its hello:
 * when that one is the last to leave, it would be alone and could elect nobody.
 */
static bool sfs_cl_has_strangers(struct sfs_cluster *c)
{
	u64 timeout_ns = c->heartbeat_ms * (u64)NSEC_PER_MSEC;
	u64 now_ns = ktime_get_ns();
	struct sfs_quorum_page *page;
	bool has_any = false;
	unsigned int slot;
	u32 slots;

	if (sfs_quorum_votes_needed(c->quorum) == 1)
		return false;
	page = kmalloc_array(2, sizeof(*page), GFP_NOFS);
	if (!page)
		return true;	/* it asks again soon */
	slots = sfs_quorum_answering(c->quorum, max(now_ns, timeout_ns + 1) -
						timeout_ns);
	for (slot = 0; slot < SFS_QUORUM_SLOTS_MAX; slot++)
		if (slots & 1U << slot)
			has_any |= sfs_cl_is_stranger(c, slot, page, now_ns);
	kfree(page);
	return has_any;
}

/*
 * Releases are messages about locks and BYE is a call.  One that came after it would be
 * in vain, and what it has to tell, the newest root of a group, need not be in the root
 * map: the mount's log was folded, but the root may be of a mount that had the lock
 * before, and whose log was not.
 */
static bool sfs_cl_has_drained(struct sfs_cluster *c, struct sfs_cl_peer *peer)
{
	return wait_event_timeout(c->wait, READ_ONCE(peer->has_drained) ||
				  READ_ONCE(c->lead_state) > SFS_CL_SERVING,
				  msecs_to_jiffies(SFS_CL_RETRY_MS)) &&
	       READ_ONCE(peer->has_drained);
}

static void sfs_cl_leader_bye(struct sfs_cluster *c, struct sfs_cl_peer *peer,
			      struct sfs_cl_bye_msg *reply)
{
	enum sfs_cl_bye answer = SFS_CL_BYE_WAIT;
	bool has_drained = sfs_cl_has_drained(c, peer);

	mutex_lock(&c->members_lock);
	peer->is_leaving = true;
	if (has_drained)
		answer = sfs_cl_may_leave_locked(c, peer);
	mutex_unlock(&c->members_lock);
	/* the leader itself goes after all others */
	if (answer == SFS_CL_BYE_LAST && peer->rid == c->rid &&
	    sfs_cl_has_strangers(c))
		answer = SFS_CL_BYE_WAIT;
	*reply = (struct sfs_cl_bye_msg) { .answer = cpu_to_le32(answer) };
	if (answer == SFS_CL_BYE_WAIT)
		return;
	/* without memory it may be waited for until its page stands still */
	xa_store(&c->let_go, peer->rid, peer->c, GFP_NOFS);
	sfs_lock_master_stop(c->master, peer->rid);
	sfs_lock_master_remove(c->master, peer->rid);
	sfs_cl_peer_remove(c, peer);
	sfs_cl_lead_kick(c);
}

static int sfs_cl_leader_own_call(struct sfs_cluster *c,
				  struct sfs_cl_peer *peer,
				  struct sfs_net_peer *session, u8 type,
				  u32 req_len, void *reply, u32 *reply_len)
{
	*reply_len = 0;
	if (req_len)
		return -EPROTO;
	switch (type) {
	case SFS_CL_CALL_READY:
		return sfs_cl_leader_ready(c, peer, session);
	case SFS_CL_CALL_BYE:
		sfs_cl_leader_bye(c, peer, reply);
		*reply_len = sizeof(struct sfs_cl_bye_msg);
		return 0;
	default:
		return -EPROTO;
	}
}

int sfs_cl_leader_serve(struct sfs_cluster *c, struct sfs_net_peer *session,
			u8 type, const void *req, u32 req_len, void *reply,
			u32 *reply_len)
{
	struct sfs_cl_peer *peer = sfs_net_peer_priv(session);
	int ret = -ENOTCONN;

	/* who asks one that leads no more, or counts it as lost, does nothing wrong */
	down_read(&c->serve_sem);
	if (peer && c->master && READ_ONCE(peer->state) < SFS_CL_PEER_LOST) {
		if (type < SFS_CL_CALL_OWN)
			ret = c->ops->serve(c->arg, peer->rid, type, req,
					    req_len, reply, reply_len);
		else
			ret = sfs_cl_leader_own_call(c, peer, session, type,
						     req_len, reply, reply_len);
	}
	up_read(&c->serve_sem);
	if (ret != -ENOTCONN && !sfs_volume_error(c->vol))
		return ret;
	/*
	 * What fails here need not fail with the next leader; and whoever waits for
	 * an answer may be who this one waits for.
	 */
	sfs_net_close(session);
	return -ENOTCONN;
}

/* From inside of ops->serve(), so that the master stays. */
int sfs_cl_leader_add_range(struct sfs_cluster *c, u64 rid, u64 first,
			    u64 count)
{
	return sfs_lock_master_add_range(c->master, rid, first, count);
}

static struct sfs_net_peer *sfs_cl_leader_session(struct sfs_cluster *c,
						  u64 rid)
{
	struct sfs_net_peer *session = NULL;
	struct sfs_cl_peer *peer;

	mutex_lock(&c->members_lock);
	peer = sfs_cl_peer_find_locked(c, rid);
	if (peer && peer->state < SFS_CL_PEER_LOST && peer->session) {
		session = peer->session;
		sfs_net_peer_get(session);
	}
	mutex_unlock(&c->members_lock);
	return session;
}

int sfs_cl_leader_ask(struct sfs_cluster *c, u64 rid, u8 type, const void *req,
		      u32 req_len, void *reply, u32 reply_max, u32 *reply_len)
{
	struct sfs_net_peer *session = sfs_cl_leader_session(c, rid);
	int ret;

	if (!session)
		return -ENOTCONN;
	ret = sfs_net_call(session, type, req, req_len, reply, reply_max,
			   reply_len, false);
	sfs_net_peer_put(session);
	return ret;
}

/* ---- what the master says ----------------------------------------------- */

static void sfs_cl_leader_tell(struct sfs_cluster *c, u64 rid, u8 type,
			       const struct sfs_lock_name *name,
			       enum sfs_lock_mode mode, const void *lvb)
{
	struct sfs_net_peer *session = sfs_cl_leader_session(c, rid);
	u8 buf[SFS_CL_LOCK_MSG_MAX] __aligned(8);

	/* who has no session is lost or tells a next leader what it holds */
	if (!session)
		return;
	sfs_net_send(session, SFS_NET_LOCK, type, buf,
		     sfs_cl_lock_msg_encode(buf, name, mode, lvb), 0);
	sfs_net_peer_put(session);
}

static void sfs_cl_master_grant(void *arg, u64 rid,
				const struct sfs_lock_name *name,
				enum sfs_lock_mode mode, int error,
				const void *lvb)
{
	sfs_cl_leader_tell(arg, rid, SFS_CL_GRANT, name,
			   error ? SFS_LOCK_NL : mode, lvb);
}

static void sfs_cl_master_revoke(void *arg, u64 rid,
				 const struct sfs_lock_name *name,
				 enum sfs_lock_mode mode)
{
	sfs_cl_leader_tell(arg, rid, SFS_CL_REVOKE, name, mode, NULL);
}

static int sfs_cl_master_value(void *arg, const struct sfs_lock_name *name,
			       void *lvb)
{
	struct sfs_cluster *c = arg;

	return c->ops->value(c->arg, name->type, name->nr, lvb);
}

const struct sfs_lock_master_ops sfs_cl_master_ops = {
	.grant	= sfs_cl_master_grant,
	.revoke	= sfs_cl_master_revoke,
	.value	= sfs_cl_master_value,
};
