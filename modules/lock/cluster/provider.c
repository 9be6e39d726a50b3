// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock provider "cluster": joining and leaving, and the table.
 *
 * Joining: the network first, then the election if the mount has a slot, then the
 * search for a leader, until one has taken this mount in.  Leaving: say good-bye
 * to the leader until it lets go, stop leading, then the same backwards.  A forced end does not
 * wait for anybody.
 */
#include "lock/cluster/cluster.h"

void sfs_cl_wake(struct sfs_cluster *c)
{
	wake_up_all(&c->wait);
}

/* ---- what the network says ---------------------------------------------- */

/* Sessions that this mount asked for have it as owner, those of members a peer. */
static bool sfs_cl_is_to_leader(struct sfs_cluster *c,
				struct sfs_net_peer *session)
{
	return sfs_net_peer_priv(session) == c;
}

static int sfs_cl_net_accept(void *arg, struct sfs_net_peer *session,
			     const void *hello, u32 hello_len, void *reply,
			     u32 *reply_len)
{
	return sfs_cl_leader_accept(arg, session, hello, hello_len, reply,
				    reply_len);
}

static void sfs_cl_net_opened(void *arg, struct sfs_net_peer *session,
			      const void *hello, u32 hello_len)
{
	sfs_cl_member_opened(arg, session);
}

static int sfs_cl_net_receive(void *arg, struct sfs_net_peer *session,
			      enum sfs_net_class class, u8 type,
			      const void *data, u32 len)
{
	struct sfs_cluster *c = arg;

	if (!sfs_cl_is_to_leader(c, session))
		return sfs_cl_leader_receive(c, session, class, type, data,
					     len);
	if (class == SFS_NET_MEMBER)
		return type == SFS_CL_ECHO ? sfs_cl_member_echo(c, data, len) :
					     -EPROTO;
	if (class == SFS_NET_LOCK)
		return sfs_cl_held_receive(c, type, data, len);
	return -EPROTO;
}

static int sfs_cl_net_serve(void *arg, struct sfs_net_peer *session, u8 type,
			    const void *req, u32 req_len, void *reply,
			    u32 *reply_len)
{
	struct sfs_cluster *c = arg;

	*reply_len = 0;
	if (!sfs_cl_is_to_leader(c, session))
		return sfs_cl_leader_serve(c, session, type, req, req_len,
					   reply, reply_len);
	return sfs_cl_member_serve(c, type, req, req_len, reply, reply_len);
}

static void sfs_cl_net_closed(void *arg, struct sfs_net_peer *session,
			      int error)
{
	struct sfs_cluster *c = arg;

	if (sfs_cl_is_to_leader(c, session))
		sfs_cl_member_closed(c, session, error);
	else
		sfs_cl_leader_closed(c, session, error);
}

static void sfs_cl_net_datagram(void *arg, const struct sfs_net_addr *from,
				u64 rid, u8 type, const void *data, u32 len)
{
	if (type == SFS_CL_DATAGRAM_QUORUM)
		sfs_cl_election_datagram(arg, data, len);
}

static const struct sfs_net_ops sfs_cl_net_ops = {
	.accept		= sfs_cl_net_accept,
	.opened		= sfs_cl_net_opened,
	.receive	= sfs_cl_net_receive,
	.serve		= sfs_cl_net_serve,
	.closed		= sfs_cl_net_closed,
	.datagram	= sfs_cl_net_datagram,
};

/* ---- joining ------------------------------------------------------------ */

static struct sfs_cluster *sfs_cl_alloc(struct sfs_lock_space *space,
					const struct sfs_lock_params *params)
{
	struct sfs_cluster *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	c->space = space;
	c->ops = params->leader_ops;
	c->arg = params->arg;
	c->vol = params->vol;
	c->fsid = params->fsid;
	c->rid = params->rid;
	c->slot = params->quorum_slot;
	c->heartbeat_ms = params->heartbeat_ms;
	init_waitqueue_head(&c->wait);
	sfs_cl_member_init(c);
	sfs_cl_held_init(c);
	sfs_cl_slots_init(c);
	sfs_cl_lead_init(c);
	sfs_cl_election_init(c);
	c->beat_page = kmalloc(sizeof(*c->beat_page), GFP_KERNEL);
	c->quorum_room = kmalloc(sizeof(*c->quorum_room), GFP_KERNEL);
	c->list_sb = kmalloc_array(2, sizeof(*c->list_sb), GFP_KERNEL);
	c->wq = alloc_workqueue("scoutfs_cluster/%s",
				WQ_UNBOUND | WQ_MEM_RECLAIM, 0, c->vol->ident);
	return c;
}

static void sfs_cl_free(struct sfs_cluster *c)
{
	if (c->wq)
		destroy_workqueue(c->wq);
	sfs_cl_held_exit(c);
	xa_destroy(&c->fenced);
	xa_destroy(&c->let_go);
	mutex_destroy(&c->members_lock);
	mutex_destroy(&c->member_lock);
	mutex_destroy(&c->change_lock);
	kfree(c->beat_page);
	kfree(c->quorum_room);
	kfree(c->list_sb);
	kfree(c);
}

static int sfs_cl_open_net(struct sfs_cluster *c,
			   const struct sfs_lock_params *params)
{
	struct sfs_net_params net = {
		.transport = c->vol->sb->transport,
		.fsid = c->fsid,
		.rid = c->rid,
		.keepalive_ms = params->keepalive_ms,
		.ops = &sfs_cl_net_ops,
		.arg = c,
	};
	int ret;

	if (c->slot >= 0)
		sfs_cl_slot_addr(c, c->slot, &net.addr);
	ret = sfs_net_create(&net, &c->net);
	if (ret == -EADDRINUSE || ret == -EADDRNOTAVAIL)
		sfs_cl_err(c, "the address of quorum slot %d is %s", c->slot,
			   ret == -EADDRINUSE ? "in use" :
			   "none of this machine's");
	else if (ret == -EAFNOSUPPORT)
		sfs_cl_err(c, "transport \"%s\" has no addresses like that of quorum slot %d",
			   net.transport, c->slot);
	else if (ret)
		sfs_cl_err(c, "transport \"%s\": error %d", net.transport, ret);
	return ret;
}

/* No works and no callbacks afterwards. */
static void sfs_cl_stop(struct sfs_cluster *c)
{
	sfs_cl_member_stop(c);
	sfs_cl_election_end(c);
	sfs_cl_lead_stop(c);
	sfs_cl_election_stop(c);
	sfs_net_destroy(c->net);
}

static bool sfs_cl_join_is_over(struct sfs_cluster *c)
{
	return sfs_cl_is_down(c) || c->member_state == SFS_CL_JOINED ||
	       c->member_state == SFS_CL_LOST;
}

static int sfs_cl_join(struct sfs_lock_space *space,
		       const struct sfs_lock_params *params, void **priv)
{
	struct sfs_cluster *c;
	int ret;

	if (!params->leader_ops || !params->vol)
		return -EINVAL;
	c = sfs_cl_alloc(space, params);
	if (!c || !c->wq || !c->beat_page || !c->quorum_room || !c->list_sb) {
		if (c)
			sfs_cl_free(c);
		return -ENOMEM;
	}
	/* nobody has vouched for this mount */
	c->ops->lease(c->arg, 0);
	ret = sfs_cl_open_net(c, params);
	if (ret)
		goto err_free;
	*priv = c;
	ret = sfs_cl_election_start(c);
	if (!ret) {
		sfs_cl_member_start(c);
		ret = wait_event_killable(c->wait, sfs_cl_join_is_over(c)) ?
		      -EINTR : 0;
		if (!ret && c->member_state != SFS_CL_JOINED)
			ret = -ESHUTDOWN;
	}
	if (!ret)
		return 0;
	WRITE_ONCE(c->is_leaving, true);
	sfs_cl_lead_resign(c);
	sfs_cl_stop(c);
	/* until then it may serve others, and ask them through the space */
	*priv = NULL;
err_free:
	sfs_cl_free(c);
	return ret;
}

/* ---- leaving ------------------------------------------------------------ */

/* One attempt; WAIT also when there is no answer, -ENOTCONN without a leader. */
static int sfs_cl_ask_bye(struct sfs_cluster *c)
{
	struct sfs_net_peer *leader = sfs_cl_member_try_session(c);
	struct sfs_cl_bye_msg reply;
	u32 len = 0;
	int ret;

	if (!leader)
		return -ENOTCONN;
	/* behind all that was released; again, for this leader may be another one */
	ret = sfs_net_send(leader, SFS_NET_LOCK, SFS_CL_DRAINED, NULL, 0, 0);
	if (!ret)
		ret = sfs_net_call(leader, SFS_CL_CALL_BYE, NULL, 0, &reply,
				   sizeof(reply), &len, false);
	sfs_net_peer_put(leader);
	if (ret || len != sizeof(reply))
		return SFS_CL_BYE_WAIT;
	return le32_to_cpu(reply.answer);
}

/*
 * So that the leader need not wait for signs of life, and that those who stay keep
 * one.  This mount has no place in the mount table any more: when there is no
 * leader for long, there is nobody who could miss it.
 */
static int sfs_cl_say_bye(struct sfs_cluster *c)
{
	unsigned long patience = msecs_to_jiffies(2 * c->heartbeat_ms);
	unsigned long since = jiffies;
	bool is_told = false;
	int ret;

	while (!sfs_cl_is_down(c) && !sfs_volume_error(c->vol)) {
		ret = sfs_cl_ask_bye(c);
		if (ret == -ENOTCONN &&
		    !wait_event_timeout(c->wait, sfs_cl_is_down(c) ||
					READ_ONCE(c->is_session_open), patience))
			return ret;
		if (ret == SFS_CL_BYE_GO || ret == SFS_CL_BYE_LAST)
			return ret;
		if (!is_told && time_after(jiffies, since + patience)) {
			sfs_cl_info(c, "unmount waits: the mounts that stay would be too few to elect a leader; unmount them too");
			is_told = true;
		}
		schedule_timeout_uninterruptible(msecs_to_jiffies(SFS_CL_RETRY_MS));
	}
	return -ESHUTDOWN;
}

/* The leader needs votes until its services have ended. */
static void sfs_cl_outlast_leader(struct sfs_cluster *c)
{
	u64 term = READ_ONCE(c->session_term);

	wait_event_timeout(c->wait, sfs_cl_is_down(c) ||
			   READ_ONCE(c->leader_slot) < 0 ||
			   READ_ONCE(c->leader_term) != term,
			   msecs_to_jiffies(2 * c->heartbeat_ms));
}

static void sfs_cl_leave(struct sfs_lock_space *space, void *priv)
{
	struct sfs_cluster *c = priv;
	int ret;

	ret = sfs_cl_say_bye(c);
	WRITE_ONCE(c->is_leaving, true);
	if (ret == SFS_CL_BYE_LAST && c->slot >= 0 &&
	    READ_ONCE(c->lead_state) == SFS_CL_FOLLOWS)
		sfs_cl_outlast_leader(c);
	sfs_cl_lead_resign(c);
	sfs_cl_stop(c);
	sfs_cl_free(c);
}

static void sfs_cl_shutdown(void *priv)
{
	struct sfs_cluster *c = priv;

	WRITE_ONCE(c->is_shutdown, true);
	sfs_cl_wake(c);
	mutex_lock(&c->member_lock);
	/* calls that are under way end, and none begins: closed() does not follow */
	WRITE_ONCE(c->is_session_open, false);
	if (c->session)
		sfs_net_close(c->session);
	mutex_unlock(&c->member_lock);
}

/* ---- requests ----------------------------------------------------------- */

/*
 * While this mount joins a leader the task that does so is the one that would find
 * another leader; and it waits for the one that folds because the old leader asked.
 * Both get -ENOTCONN.
 */
static bool sfs_cl_may_wait(const struct sfs_cluster *c)
{
	return READ_ONCE(c->joining) != current &&
	       READ_ONCE(c->folding) != current;
}

static int sfs_cl_call(void *priv, u8 type, const void *req, u32 req_len,
		       void *reply, u32 reply_max, u32 *reply_len)
{
	struct sfs_net_peer *leader;
	struct sfs_cluster *c = priv;
	bool may_wait = sfs_cl_may_wait(c);
	int ret;

	if (WARN_ON_ONCE(type >= SFS_CL_CALL_OWN))
		return -EINVAL;
	do {
		leader = may_wait ? sfs_cl_member_session(c) :
				    sfs_cl_member_try_session(c);
		if (!leader)
			return may_wait ? -ESHUTDOWN : -ENOTCONN;
		ret = sfs_net_call(leader, type, req, req_len, reply, reply_max,
				   reply_len, false);
		sfs_net_peer_put(leader);
		/* until the next one is found, which takes a while */
		if (ret == -ENOTCONN && may_wait)
			schedule_timeout_uninterruptible(1);
	} while (ret == -ENOTCONN && may_wait);
	return ret;
}

static int sfs_cl_ask(void *priv, u64 rid, u8 type, const void *req,
		      u32 req_len, void *reply, u32 reply_max, u32 *reply_len)
{
	if (WARN_ON_ONCE(type >= SFS_CL_CALL_OWN))
		return -EINVAL;
	return sfs_cl_leader_ask(priv, rid, type, req, req_len, reply,
				 reply_max, reply_len);
}

static int sfs_cl_add_range(void *priv, u64 rid, u64 first, u64 count)
{
	return sfs_cl_leader_add_range(priv, rid, first, count);
}

static int sfs_cl_own_range(void *priv, u64 first, u64 count)
{
	return sfs_cl_held_add_range(priv, first, count);
}

static struct sfs_lock_provider_ops sfs_cl_provider_ops = {
	.owner		= THIS_MODULE,
	.name		= "cluster",
	.api_version	= SFS_LOCK_API_VERSION,
	.join		= sfs_cl_join,
	.leave		= sfs_cl_leave,
	.request	= sfs_cl_request,
	.released	= sfs_cl_released,
	.forget		= sfs_cl_forget,
	.call		= sfs_cl_call,
	.ask		= sfs_cl_ask,
	.add_range	= sfs_cl_add_range,
	.own_range	= sfs_cl_own_range,
	.shutdown	= sfs_cl_shutdown,
	.quorum_status	= sfs_cl_info_quorum_status,
	.is_leader	= sfs_cl_info_is_leader,
	.leader		= sfs_cl_info_leader,
	.members	= sfs_cl_info_members,
	.peers		= sfs_cl_info_peers,
	.net_stats	= sfs_cl_info_net_stats,
	.master_locks	= sfs_cl_info_master_locks,
	.change_slot	= sfs_cl_slots_change,
	.visit_slots	= sfs_cl_slots_visit,
};

int sfs_lock_cluster_init(void)
{
	return sfs_lock_provider_register(&sfs_cl_provider_ops);
}

void sfs_lock_cluster_exit(void)
{
	sfs_lock_provider_unregister(&sfs_cl_provider_ops);
}
