// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections: their life, the hello that makes them a session's, their input.
 *
 * The side that connected says hello with its session; the other one knows the
 * session and goes on with it, or asks its owner whether there shall be one.
 */
#include "net/net_priv.h"

/* ---- life --------------------------------------------------------------- */

static void sfs_conn_release_work(struct work_struct *work)
{
	struct sfs_conn *conn = container_of(work, struct sfs_conn,
					     release_work);
	struct sfs_net *net = conn->net;

	if (conn->peer)
		sfs_peer_detach(conn->peer, conn);
	conn->ops->release(conn);
	spin_lock(&net->lock);
	list_del_init(&conn->link);
	if (conn->is_pending)
		net->nr_pending--;
	spin_unlock(&net->lock);
	wake_up_all(&net->wait);
	sfs_conn_put(conn);
}

/* Referenced twice: until it is released, and for the caller. */
struct sfs_conn *sfs_conn_create(struct sfs_net *net,
				 const struct sfs_transport_ops *ops,
				 const struct sfs_net_addr *addr)
{
	struct sfs_conn *conn = kzalloc(sizeof(*conn), GFP_NOFS);

	if (!conn)
		return NULL;
	refcount_set(&conn->refs, 2);
	conn->net = net;
	conn->ops = ops;
	conn->addr = *addr;
	conn->since_ns = ktime_get_ns();
	INIT_WORK(&conn->release_work, sfs_conn_release_work);
	spin_lock(&net->lock);
	list_add_tail(&conn->link, &net->conns);
	spin_unlock(&net->lock);
	return conn;
}

void sfs_conn_get(struct sfs_conn *conn)
{
	refcount_inc(&conn->refs);
}

void sfs_conn_put(struct sfs_conn *conn)
{
	if (!refcount_dec_and_test(&conn->refs))
		return;
	if (conn->peer)
		sfs_net_peer_put(conn->peer);
	kfree(conn);
}

void sfs_conn_end(struct sfs_conn *conn)
{
	struct sfs_net *net = conn->net;
	bool was_released;

	spin_lock(&net->lock);
	was_released = conn->is_released;
	conn->is_released = true;
	spin_unlock(&net->lock);
	if (was_released)
		return;
	conn->ops->shutdown(conn);
	queue_work(net->wq, &conn->release_work);
}

struct sfs_conn *sfs_conn_accept(struct sfs_net *net,
				 const struct sfs_net_addr *from, void *priv)
{
	const struct sfs_transport_ops *ops = net->transport;
	struct sfs_conn *conn;
	bool is_wanted;

	/* only sessions with oneself are of no family */
	if (!from->family)
		ops = &sfs_loop_ops;
	conn = sfs_conn_create(net, ops, from);
	if (!conn)
		return NULL;
	conn->priv = priv;
	spin_lock(&net->lock);
	is_wanted = !net->is_leaving && net->nr_pending < SFS_NET_MAX_PENDING;
	if (is_wanted) {
		conn->is_pending = true;
		net->nr_pending++;
	} else {
		list_del_init(&conn->link);
	}
	spin_unlock(&net->lock);
	sfs_conn_put(conn);
	if (is_wanted)
		return conn;
	atomic64_inc(&net->nr_refused);
	sfs_conn_put(conn);
	return NULL;
}
EXPORT_SYMBOL_GPL(sfs_conn_accept);

void sfs_conn_lost(struct sfs_conn *conn, int error)
{
	sfs_conn_end(conn);
}
EXPORT_SYMBOL_GPL(sfs_conn_lost);

void *sfs_conn_priv(const struct sfs_conn *conn)
{
	return conn->priv;
}
EXPORT_SYMBOL_GPL(sfs_conn_priv);

void sfs_conn_set_priv(struct sfs_conn *conn, void *priv)
{
	conn->priv = priv;
}
EXPORT_SYMBOL_GPL(sfs_conn_set_priv);

struct sfs_net *sfs_conn_net(const struct sfs_conn *conn)
{
	return conn->net;
}
EXPORT_SYMBOL_GPL(sfs_conn_net);

/* One without a hello for too long, referenced; NULL. */
static struct sfs_conn *sfs_conn_next_mute(struct sfs_net *net, u64 now_ns)
{
	u64 limit = SFS_NET_HELLO_MS * (u64)NSEC_PER_MSEC;
	struct sfs_conn *conn, *found = NULL;

	spin_lock(&net->lock);
	list_for_each_entry(conn, &net->conns, link) {
		if (conn->is_released || !conn->is_pending ||
		    now_ns < conn->since_ns + limit)
			continue;
		sfs_conn_get(conn);
		found = conn;
		break;
	}
	spin_unlock(&net->lock);
	return found;
}

void sfs_conn_look(struct sfs_net *net, u64 now_ns)
{
	struct sfs_conn *conn;

	while ((conn = sfs_conn_next_mute(net, now_ns)) != NULL) {
		sfs_conn_end(conn);
		sfs_conn_put(conn);
	}
}

/* ---- hello -------------------------------------------------------------- */

struct sfs_hello_frame {
	struct sfs_frame_hdr hdr;
	struct sfs_hello_msg msg;
	u8 owner[SFS_NET_HELLO_MAX];
};

int sfs_conn_say_hello(struct sfs_conn *conn, struct sfs_net_peer *peer,
		       u8 kind, int error, const void *hello, u32 len)
{
	struct sfs_hello_frame frame = {
		.hdr = {
			.magic = cpu_to_le32(SFS_FRAME_MAGIC),
			.version = SFS_FRAME_VERSION,
			.fsid = cpu_to_le64(conn->net->fsid),
			.rid = cpu_to_le64(conn->net->rid),
			.len = cpu_to_le32(sizeof(frame.msg) + len),
			.kind = kind,
		},
		.msg.status = cpu_to_le32(sfs_hello_status(error)),
	};
	unsigned int class;

	if (peer) {
		frame.hdr.session = cpu_to_le64(peer->session);
		spin_lock(&peer->lock);
		frame.msg.is_resumed = cpu_to_le32(peer->state ==
						   SFS_PEER_OPEN);
		for (class = 0; class < SFS_NET_NR_CLASSES; class++)
			frame.msg.next_seq[class] =
				cpu_to_le64(peer->rx[class].next_seq);
		spin_unlock(&peer->lock);
	}
	if (len)
		memcpy(frame.owner, hello, len);
	sfs_frame_seal(&frame.hdr);
	return conn->ops->send(conn, &frame,
			       sizeof(frame.hdr) + sizeof(frame.msg) + len);
}

/* The connection belongs to a session now. */
static void sfs_conn_is_known(struct sfs_conn *conn, struct sfs_net_peer *peer)
{
	struct sfs_net *net = conn->net;

	spin_lock(&net->lock);
	if (conn->is_pending)
		net->nr_pending--;
	conn->is_pending = false;
	spin_unlock(&net->lock);
	sfs_net_peer_get(peer);
	conn->peer = peer;
}

/* Go on with a session, or make room for a new one: 1. */
static int sfs_conn_resume(struct sfs_conn *conn, struct sfs_net_peer *old,
			   const struct sfs_frame_hdr *hdr,
			   const struct sfs_hello_msg *msg)
{
	int ret;

	if (old->session != le64_to_cpu(hdr->session) ||
	    READ_ONCE(old->state) == SFS_PEER_CLOSED) {
		if (msg->is_resumed)
			return -ESTALE;
		sfs_peer_close(old, -ECONNRESET, false);
		sfs_peer_wait_end(old);
		return 1;
	}
	sfs_conn_is_known(conn, old);
	ret = sfs_conn_say_hello(conn, old, SFS_FRAME_HELLO_REPLY, 0, NULL, 0);
	if (!ret)
		sfs_peer_attach(old, conn, msg);
	return ret;
}

static int sfs_conn_begin(struct sfs_conn *conn,
			  const struct sfs_frame_hdr *hdr,
			  const struct sfs_hello_msg *msg)
{
	u32 len = le32_to_cpu(hdr->len) - sizeof(*msg);
	u8 reply[SFS_NET_HELLO_MAX] __aligned(8) = { 0 };
	struct sfs_net *net = conn->net;
	struct sfs_net_peer *peer;
	u32 reply_len = 0;
	int ret;

	if (msg->is_resumed)
		return -ESTALE;
	peer = sfs_peer_create(net, false, le64_to_cpu(hdr->rid),
			       le64_to_cpu(hdr->session));
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	peer->addr = conn->addr;
	ret = net->ops->accept(net->arg, peer, msg + 1, len, reply, &reply_len);
	if (!ret) {
		sfs_conn_is_known(conn, peer);
		ret = sfs_conn_say_hello(conn, peer, SFS_FRAME_HELLO_REPLY, 0,
					 reply, reply_len);
		spin_lock(&peer->lock);
		if (peer->state == SFS_PEER_NEW)
			peer->state = SFS_PEER_OPEN;
		spin_unlock(&peer->lock);
		if (!ret)
			sfs_peer_attach(peer, conn, msg);
	} else {
		sfs_peer_close(peer, ret, true);
	}
	sfs_net_peer_put(peer);
	return ret;
}

static int sfs_conn_hello(struct sfs_conn *conn,
			  const struct sfs_frame_hdr *hdr)
{
	const struct sfs_hello_msg *msg = (const void *)(hdr + 1);
	struct sfs_net_peer *old;
	int ret = 1;

	if (conn->peer || !hdr->session)
		return -EPROTO;
	old = sfs_peer_find(conn->net, le64_to_cpu(hdr->rid));
	if (old) {
		ret = sfs_conn_resume(conn, old, hdr, msg);
		sfs_net_peer_put(old);
	}
	if (ret == 1)
		ret = sfs_conn_begin(conn, hdr, msg);
	if (!ret || conn->peer)
		return ret;
	atomic64_inc(&conn->net->nr_refused);
	sfs_conn_say_hello(conn, NULL, SFS_FRAME_HELLO_REPLY, ret, NULL, 0);
	return ret;
}

static int sfs_conn_hello_reply(struct sfs_conn *conn,
				const struct sfs_frame_hdr *hdr)
{
	const struct sfs_hello_msg *msg = (const void *)(hdr + 1);
	struct sfs_net_peer *peer = conn->peer;
	int error = sfs_hello_error(le32_to_cpu(msg->status));
	bool is_first, is_current;

	if (!peer || !peer->is_ours || READ_ONCE(peer->is_up))
		return -EPROTO;
	if (error) {
		sfs_peer_close(peer, error, false);
		return error;
	}
	if (le64_to_cpu(hdr->session) != peer->session)
		return -EPROTO;
	spin_lock(&peer->lock);
	is_current = peer->conn == conn && peer->state != SFS_PEER_CLOSED;
	is_first = peer->state == SFS_PEER_NEW;
	spin_unlock(&peer->lock);
	if (!is_current)
		return -ENOTCONN;
	if (is_first) {
		peer->rid = le64_to_cpu(hdr->rid);
		/* before anything is delivered: that takes the state OPEN */
		peer->net->ops->opened(peer->net->arg, peer, msg + 1,
				       le32_to_cpu(hdr->len) - sizeof(*msg));
		spin_lock(&peer->lock);
		if (peer->state == SFS_PEER_NEW)
			peer->state = SFS_PEER_OPEN;
		spin_unlock(&peer->lock);
	}
	sfs_peer_attach(peer, conn, msg);
	return 0;
}

/* ---- input -------------------------------------------------------------- */

static int sfs_conn_session_input(struct sfs_conn *conn,
				  const struct sfs_frame_hdr *hdr, u32 len)
{
	struct sfs_net_peer *peer = conn->peer;

	if (!peer || le64_to_cpu(hdr->session) != peer->session ||
	    le64_to_cpu(hdr->rid) != peer->rid)
		return -EPROTO;
	spin_lock(&peer->lock);
	peer->heard_ns = ktime_get_ns();
	peer->bytes_received += len;
	spin_unlock(&peer->lock);
	switch (hdr->kind) {
	case SFS_FRAME_MESSAGE:
	case SFS_FRAME_REQUEST:
	case SFS_FRAME_REPLY:
		return sfs_queue_input(peer, hdr);
	case SFS_FRAME_ACK:
		return sfs_queue_ack(peer, (const void *)(hdr + 1));
	case SFS_FRAME_CLOSE:
		sfs_peer_close(peer, 0, false);
		return -ENOTCONN;
	default:
		return -EPROTO;
	}
}

int sfs_conn_input(struct sfs_conn *conn, const void *frame, u32 len)
{
	const struct sfs_frame_hdr *hdr = frame;
	struct sfs_net *net = conn->net;
	char text[SFS_NET_ADDR_TEXT];
	const char *why;
	int ret;

	why = sfs_frame_check(hdr, len);
	if (!why && le64_to_cpu(hdr->fsid) != net->fsid) {
		atomic64_inc(&net->nr_foreign);
		why = "frame-volume";
	} else if (why) {
		atomic64_inc(&net->nr_bad_frames);
	}
	if (why) {
		sfs_net_addr_print(&conn->addr, text, sizeof(text));
		pr_warn_ratelimited("scoutfs: frame from %s dropped with its connection: %s\n",
				    text, why);
		return -EPROTO;
	}
	if (hdr->kind == SFS_FRAME_HELLO)
		ret = sfs_conn_hello(conn, hdr);
	else if (hdr->kind == SFS_FRAME_HELLO_REPLY)
		ret = sfs_conn_hello_reply(conn, hdr);
	else
		ret = sfs_conn_session_input(conn, hdr, len);
	if (ret == -EPROTO)
		atomic64_inc(&net->nr_bad_frames);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_conn_input);
