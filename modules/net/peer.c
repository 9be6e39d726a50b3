// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: their beginning, their connections, their end.
 *
 * A session that is closed ends in a work item, which waits for whatever runs for
 * it and says so once; so closing never waits, whoever does it.
 */
#include "net/net_priv.h"

enum { SFS_PEER_CLOSE_MS = 200 };	/* for telling the other side */

static void sfs_peer_connect_work(struct work_struct *work);
static void sfs_peer_end_work(struct work_struct *work);

/* ---- life --------------------------------------------------------------- */

/* Referenced twice: by the endpoint until its end, and for the caller. */
struct sfs_net_peer *sfs_peer_create(struct sfs_net *net, bool is_ours,
				     u64 rid, u64 session)
{
	struct sfs_net_peer *peer = kzalloc(sizeof(*peer), GFP_NOFS);
	bool is_leaving;

	if (!peer)
		return ERR_PTR(-ENOMEM);
	refcount_set(&peer->refs, 2);
	peer->net = net;
	peer->is_ours = is_ours;
	peer->rid = rid;
	peer->session = session;
	peer->down_ns = ktime_get_ns();
	spin_lock_init(&peer->lock);
	init_waitqueue_head(&peer->wait);
	xa_init(&peer->calls);
	INIT_WORK(&peer->connect_work, sfs_peer_connect_work);
	INIT_WORK(&peer->end_work, sfs_peer_end_work);
	sfs_queue_init(peer);
	spin_lock(&net->lock);
	is_leaving = net->is_leaving;
	if (!is_leaving)
		list_add_tail(&peer->link, &net->peers);
	spin_unlock(&net->lock);
	if (is_leaving) {
		kfree(peer);
		return ERR_PTR(-ESHUTDOWN);
	}
	return peer;
}

void sfs_net_peer_get(struct sfs_net_peer *peer)
{
	refcount_inc(&peer->refs);
}
EXPORT_SYMBOL_GPL(sfs_net_peer_get);

void sfs_net_peer_put(struct sfs_net_peer *peer)
{
	if (!refcount_dec_and_test(&peer->refs))
		return;
	sfs_queue_exit(peer);
	xa_destroy(&peer->calls);
	kfree(peer);
}
EXPORT_SYMBOL_GPL(sfs_net_peer_put);

/* One that the other mount asked for, referenced; NULL. */
struct sfs_net_peer *sfs_peer_find(struct sfs_net *net, u64 rid)
{
	struct sfs_net_peer *peer, *found = NULL;

	spin_lock(&net->lock);
	list_for_each_entry(peer, &net->peers, link) {
		if (peer->is_ours || peer->rid != rid)
			continue;
		sfs_net_peer_get(peer);
		found = peer;
		break;
	}
	spin_unlock(&net->lock);
	return found;
}

u64 sfs_net_peer_rid(const struct sfs_net_peer *peer)
{
	return peer->rid;
}
EXPORT_SYMBOL_GPL(sfs_net_peer_rid);

void sfs_net_peer_addr(struct sfs_net_peer *peer, struct sfs_net_addr *addr)
{
	spin_lock(&peer->lock);
	*addr = peer->addr;
	spin_unlock(&peer->lock);
}
EXPORT_SYMBOL_GPL(sfs_net_peer_addr);

void *sfs_net_peer_priv(const struct sfs_net_peer *peer)
{
	return READ_ONCE(peer->priv);
}
EXPORT_SYMBOL_GPL(sfs_net_peer_priv);

void sfs_net_peer_set_priv(struct sfs_net_peer *peer, void *priv)
{
	WRITE_ONCE(peer->priv, priv);
}
EXPORT_SYMBOL_GPL(sfs_net_peer_set_priv);

/* ---- connections -------------------------------------------------------- */

void sfs_peer_attach(struct sfs_net_peer *peer, struct sfs_conn *conn,
		     const struct sfs_hello_msg *hello)
{
	struct sfs_conn *old = NULL;

	spin_lock(&peer->lock);
	if (peer->state != SFS_PEER_CLOSED) {
		if (peer->conn != conn) {
			old = peer->conn;
			sfs_conn_get(conn);
			peer->conn = conn;
		}
		peer->addr = conn->addr;
		peer->nr_connects++;
		sfs_queue_rewind_locked(peer, hello);
		peer->is_up = true;
		peer->wants_ack = true;
		peer->heard_ns = ktime_get_ns();
	}
	spin_unlock(&peer->lock);
	if (old) {
		sfs_conn_end(old);
		sfs_conn_put(old);
	}
	sfs_queue_kick(peer);
}

void sfs_peer_detach(struct sfs_net_peer *peer, struct sfs_conn *conn)
{
	bool was_ours;

	spin_lock(&peer->lock);
	was_ours = peer->conn == conn;
	if (was_ours) {
		peer->conn = NULL;
		peer->is_up = false;
		peer->down_ns = ktime_get_ns();
	}
	spin_unlock(&peer->lock);
	wake_up_all(&peer->wait);
	if (was_ours)
		sfs_conn_put(conn);
}

/* A connection to be, referenced; NULL: none is wanted. */
static struct sfs_conn *sfs_peer_new_conn(struct sfs_net_peer *peer)
{
	const struct sfs_transport_ops *ops = peer->net->transport;
	struct sfs_conn *conn;
	bool is_wanted;

	if (peer->is_self)
		ops = &sfs_loop_ops;
	conn = sfs_conn_create(peer->net, ops, &peer->addr);
	if (!conn)
		return NULL;
	sfs_net_peer_get(peer);
	conn->peer = peer;
	spin_lock(&peer->lock);
	is_wanted = peer->state != SFS_PEER_CLOSED && !peer->conn &&
		    !peer->connecting;
	if (is_wanted) {
		sfs_conn_get(conn);
		peer->connecting = conn;
	}
	spin_unlock(&peer->lock);
	if (is_wanted)
		return conn;
	sfs_conn_end(conn);
	sfs_conn_put(conn);
	return NULL;
}

static void sfs_peer_connect_work(struct work_struct *work)
{
	struct sfs_net_peer *peer = container_of(work, struct sfs_net_peer,
						 connect_work);
	struct sfs_conn *conn = sfs_peer_new_conn(peer);
	void *tpriv = peer->is_self ? peer->net : peer->net->tpriv;
	int ret;

	if (!conn)
		return;
	ret = conn->ops->connect(tpriv, &conn->addr, conn);
	spin_lock(&peer->lock);
	peer->connecting = NULL;
	if (!ret && peer->state != SFS_PEER_CLOSED)
		peer->conn = conn;	/* takes the reference over */
	else
		ret = ret ?: -ENOTCONN;
	spin_unlock(&peer->lock);
	if (ret)
		sfs_conn_put(conn);
	else
		ret = sfs_conn_say_hello(conn, peer, SFS_FRAME_HELLO, 0,
					 peer->hello, peer->hello_len);
	if (ret)
		sfs_conn_end(conn);
	sfs_conn_put(conn);
}

/* The clock: signs of life, silence, another attempt, giving up. */
void sfs_peer_look(struct sfs_net_peer *peer, u64 now_ns)
{
	u64 ping_ns = SFS_NET_PING_MS * (u64)NSEC_PER_MSEC;
	struct sfs_conn *silent = NULL;
	bool connects = false, kicks = false, gives_up = false;

	spin_lock(&peer->lock);
	if (peer->state == SFS_PEER_CLOSED) {
		spin_unlock(&peer->lock);
		return;
	}
	if (peer->is_up && now_ns > peer->heard_ns +
	    peer->net->keepalive_ms * (u64)NSEC_PER_MSEC) {
		silent = peer->conn;
		sfs_conn_get(silent);
	} else if (peer->is_up) {
		kicks = peer->acked_ns + ping_ns <= now_ns;
		peer->wants_ack |= kicks;
	} else if (peer->is_ours) {
		gives_up = now_ns > peer->down_ns +
			   peer->give_up_ms * (u64)NSEC_PER_MSEC;
		connects = !peer->conn && !peer->connecting;
	}
	spin_unlock(&peer->lock);
	if (silent) {
		sfs_conn_end(silent);
		sfs_conn_put(silent);
	}
	if (kicks)
		sfs_queue_kick(peer);
	if (gives_up)
		sfs_peer_close(peer, -ETIMEDOUT, false);
	else if (connects)
		queue_work(peer->net->wq, &peer->connect_work);
}

/* ---- the end ------------------------------------------------------------ */

void sfs_peer_close(struct sfs_net_peer *peer, int error, bool is_here)
{
	bool was_open;

	spin_lock(&peer->lock);
	was_open = peer->state != SFS_PEER_CLOSED;
	if (is_here)
		peer->is_closed_here = true;
	if (was_open) {
		peer->state = SFS_PEER_CLOSED;
		peer->error = error;
		peer->wants_close = peer->is_up;
	}
	spin_unlock(&peer->lock);
	if (!was_open)
		return;
	sfs_queue_kick(peer);
	sfs_call_fail_all(peer);
	sfs_net_peer_get(peer);
	queue_work(peer->net->wq, &peer->end_work);
}

static void sfs_peer_drop_conns(struct sfs_net_peer *peer)
{
	struct sfs_conn *conn, *connecting;

	spin_lock(&peer->lock);
	conn = peer->conn;
	peer->conn = NULL;
	peer->is_up = false;
	connecting = peer->connecting;
	if (connecting)
		sfs_conn_get(connecting);
	spin_unlock(&peer->lock);
	if (conn) {
		sfs_conn_end(conn);
		sfs_conn_put(conn);
	}
	if (connecting) {
		connecting->ops->shutdown(connecting);
		sfs_conn_put(connecting);
	}
	cancel_work_sync(&peer->connect_work);
}

static void sfs_peer_end_work(struct work_struct *work)
{
	struct sfs_net_peer *peer = container_of(work, struct sfs_net_peer,
						 end_work);
	struct sfs_net *net = peer->net;
	bool tells;

	wait_event_timeout(peer->wait, !READ_ONCE(peer->wants_close) ||
			   READ_ONCE(peer->is_close_sent) ||
			   !READ_ONCE(peer->is_up),
			   msecs_to_jiffies(SFS_PEER_CLOSE_MS));
	sfs_peer_drop_conns(peer);
	sfs_queue_stop(peer);
	sfs_call_fail_all(peer);
	wait_event(peer->wait, !atomic_read(&peer->nr_serving));
	spin_lock(&net->lock);
	list_del_init(&peer->link);
	spin_unlock(&net->lock);
	spin_lock(&peer->lock);
	/* accept() refused it: its owner never had it */
	tells = !peer->is_closed_here && (peer->is_ours || peer->priv);
	spin_unlock(&peer->lock);
	if (tells)
		net->ops->closed(net->arg, peer, peer->error);
	WRITE_ONCE(peer->is_ended, true);
	wake_up_all(&peer->wait);
	wake_up_all(&net->wait);
	sfs_net_peer_put(peer);		/* the endpoint's */
	sfs_net_peer_put(peer);		/* this work's */
}

void sfs_peer_wait_end(struct sfs_net_peer *peer)
{
	wait_event(peer->wait, READ_ONCE(peer->is_ended));
}

void sfs_net_close(struct sfs_net_peer *peer)
{
	sfs_peer_close(peer, 0, true);
}
EXPORT_SYMBOL_GPL(sfs_net_close);

void sfs_net_close_sync(struct sfs_net_peer *peer)
{
	sfs_peer_close(peer, 0, true);
	sfs_peer_wait_end(peer);
}
EXPORT_SYMBOL_GPL(sfs_net_close_sync);

/* ---- asking for one ----------------------------------------------------- */

struct sfs_net_peer *sfs_net_connect(struct sfs_net *net,
				     const struct sfs_net_addr *addr,
				     const void *hello, u32 hello_len,
				     unsigned int give_up_ms, void *priv)
{
	struct sfs_net_peer *peer;

	if (WARN_ON_ONCE(hello_len > SFS_NET_HELLO_MAX))
		return ERR_PTR(-EINVAL);
	peer = sfs_peer_create(net, true, 0, get_random_u64() | 1);
	if (IS_ERR(peer))
		return peer;
	peer->addr = *addr;
	peer->is_self = !addr->family;
	peer->give_up_ms = give_up_ms;
	peer->priv = priv;
	peer->hello_len = hello_len;
	memcpy(peer->hello, hello, hello_len);
	queue_work(net->wq, &peer->connect_work);
	return peer;
}
EXPORT_SYMBOL_GPL(sfs_net_connect);

int sfs_net_send(struct sfs_net_peer *peer, enum sfs_net_class class, u8 type,
		 const void *data, u32 len, unsigned int flags)
{
	if (WARN_ON_ONCE(class == SFS_NET_REQUEST))
		return -EINVAL;
	return sfs_queue_add(peer, SFS_FRAME_MESSAGE, class, type, 0, data,
			     len, flags);
}
EXPORT_SYMBOL_GPL(sfs_net_send);
