// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections: one transport connection from its beginning to lost().
 *
 *	asked for:  connect --connected--> HELLO --> HELLO_REPLY --> open
 *	accepted:   accepted --HELLO--> attached to a session --> HELLO_REPLY, open
 *	                |
 *	                +------DATAGRAM--> delivered, ended
 *
 * The latter where the transport has no datagrams: each has a connection then,
 * which may come to nothing as a datagram may get lost.
 *
 * Whatever is sent goes through tx_work, so a transport sees one sender.  A
 * connection that must go later has a deadline, which the reaper looks at.
 */
#include "net/net_priv.h"

static u64 sfs_net_in_ms(unsigned int ms)
{
	return ktime_get_ns() + (u64)ms * NSEC_PER_MSEC;
}

void sfs_net_conn_get(struct sfs_net_conn *conn)
{
	refcount_inc(&conn->refs);
}

void sfs_net_conn_put(struct sfs_net_conn *conn)
{
	struct sfs_net *net = conn->net;

	if (!refcount_dec_and_test(&conn->refs))
		return;
	if (conn->handle)
		conn->transport->release(conn->handle);
	sfs_frame_put(conn->first);
	sfs_frame_reader_exit(&conn->reader);
	if (conn->peer)
		sfs_net_peer_put(conn->peer);
	spin_lock(&net->lock);
	list_del(&conn->entry);
	kfree(conn);
	/* under the lock: the endpoint may be gone right after */
	wake_up_all(&net->wait);
	spin_unlock(&net->lock);
}

void sfs_net_conn_kick(struct sfs_net_conn *conn)
{
	sfs_net_conn_get(conn);
	if (!queue_work(conn->net->wq, &conn->tx_work))
		sfs_net_conn_put(conn);
}

/* Ends it now; not under a spinlock. */
void sfs_net_conn_shutdown(struct sfs_net_conn *conn)
{
	void *handle;

	spin_lock(&conn->lock);
	conn->is_shut = true;
	handle = conn->handle;
	spin_unlock(&conn->lock);
	/* without a handle connect() has not returned, and looks at is_shut */
	if (handle)
		conn->transport->shutdown(handle);
}

/* Ends it after a while unless it ends by itself; under any lock. */
void sfs_net_conn_expire(struct sfs_net_conn *conn, unsigned int ms)
{
	u64 deadline_ns = sfs_net_in_ms(ms);

	spin_lock(&conn->lock);
	conn->is_expiring = true;
	conn->deadline_ns = min(conn->deadline_ns, deadline_ns);
	spin_unlock(&conn->lock);
	mod_delayed_work(conn->net->wq, &conn->net->reap_work, 0);
}

/* What goes out before anything else; after an answer streams may flow. */
void sfs_net_conn_set_first(struct sfs_net_conn *conn, struct sfs_frame *first,
			    bool is_refusal)
{
	struct sfs_frame *old;

	spin_lock(&conn->lock);
	old = conn->first;
	conn->first = first;
	if (is_refusal)
		conn->is_refused = true;
	else
		conn->is_open = true;
	if (!is_refusal)
		conn->deadline_ns = U64_MAX;
	spin_unlock(&conn->lock);
	sfs_frame_put(old);
	if (is_refusal)
		sfs_net_conn_expire(conn, SFS_NET_LINGER_MS);
	sfs_net_conn_kick(conn);
}

/* The answer has come: streams may flow. */
void sfs_net_conn_open(struct sfs_net_conn *conn)
{
	spin_lock(&conn->lock);
	conn->is_open = true;
	conn->deadline_ns = U64_MAX;
	spin_unlock(&conn->lock);
}

/* It is not one of those without a session any more; was it? */
static bool sfs_net_conn_greeted_locked(struct sfs_net_conn *conn)
{
	struct sfs_net *net = conn->net;
	bool was_greeting = conn->is_greeting;

	lockdep_assert_held(&net->lock);
	if (was_greeting)
		net->nr_greeting--;
	conn->is_greeting = false;
	return was_greeting;
}

static bool sfs_net_conn_greeted(struct sfs_net_conn *conn)
{
	struct sfs_net *net = conn->net;
	bool was_greeting;

	spin_lock(&net->lock);
	was_greeting = sfs_net_conn_greeted_locked(conn);
	spin_unlock(&net->lock);
	return was_greeting;
}

/* ---- sending ---- */

/* false: there is nothing to send */
static bool sfs_net_conn_take(struct sfs_net_conn *conn,
			      struct sfs_frame_hdr *hdr,
			      struct sfs_frame **frame)
{
	struct sfs_net_peer *peer;
	bool is_open;

	spin_lock(&conn->lock);
	if (!conn->is_connected || conn->is_shut) {
		spin_unlock(&conn->lock);
		return false;
	}
	*frame = conn->first;
	conn->first = NULL;
	peer = conn->peer;
	is_open = conn->is_open;
	spin_unlock(&conn->lock);

	if (*frame) {
		*hdr = (*frame)->hdr;
		if (peer)
			sfs_net_peer_fill_hdr(peer, hdr);
		return true;
	}
	return is_open && sfs_net_stream_next(peer, conn, hdr, frame);
}

static void sfs_net_conn_tx_work(struct work_struct *work)
{
	struct sfs_net_conn *conn = container_of(work, struct sfs_net_conn,
						 tx_work);
	struct sfs_frame_hdr hdr;
	struct sfs_frame *frame;

	while (sfs_net_conn_take(conn, &hdr, &frame)) {
		const void *data = frame ? frame->data : NULL;
		u32 len = frame ? frame->len : 0;
		int ret;

		sfs_frame_seal(&hdr, data);
		ret = conn->transport->send(conn->handle, &hdr, sizeof(hdr),
					    data, len);
		sfs_frame_put(frame);
		if (ret) {
			sfs_net_conn_shutdown(conn);
			break;
		}
		cond_resched();
	}
	sfs_net_conn_put(conn);
}

/* ---- receiving ---- */

static int sfs_net_conn_bad(struct sfs_net_conn *conn, const char *bad)
{
	sfs_net_bad_frame(conn->net, &conn->addr, -EBADMSG, bad);
	return -EBADMSG;
}

static int sfs_net_conn_hello(struct sfs_net_conn *conn,
			      const struct sfs_frame *hello)
{
	struct sfs_net *net = conn->net;
	struct sfs_net_peer *peer;
	struct sfs_frame *reply;
	const char *bad;
	int error;

	if (conn->is_accepted && hello->hdr.kind == SFS_FRAME_DATAGRAM &&
	    !conn->transport->send_datagram) {
		net->ops->datagram(net->arg, &conn->addr,
				   le64_to_cpu(hello->hdr.rid), hello->hdr.type,
				   hello->data, hello->len);
		return -ESHUTDOWN;
	}
	if (!conn->is_accepted || hello->hdr.kind != SFS_FRAME_HELLO)
		return sfs_net_conn_bad(conn, "no hello");
	peer = sfs_net_greet(net, conn, hello, &error);
	if (!peer) {
		reply = sfs_frame_alloc(0);
		reply->hdr.kind = SFS_FRAME_HELLO_REPLY;
		reply->hdr.session = hello->hdr.session;
		reply->hdr.fsid = cpu_to_le64(net->fsid);
		reply->hdr.rid = cpu_to_le64(net->rid);
		reply->hdr.status = cpu_to_le32(sfs_frame_status(error));
		sfs_net_count(net, &net->stats.nr_refused);
		sfs_net_conn_set_first(conn, reply, true);
		return 0;
	}
	sfs_net_conn_greeted(conn);
	spin_lock(&conn->lock);
	conn->peer = peer;	/* with the reference */
	spin_unlock(&conn->lock);
	bad = sfs_net_peer_attach(peer, conn, &hello->hdr);
	return bad ? sfs_net_conn_bad(conn, bad) : 0;
}

/* A frame on a connection that belongs to a session. */
static int sfs_net_conn_input(struct sfs_net_conn *conn,
			      struct sfs_net_peer *peer,
			      struct sfs_frame *frame)
{
	const struct sfs_frame_hdr *hdr = &frame->hdr;
	const char *bad = NULL;
	bool is_open;
	int ret = 0;

	if (le64_to_cpu(hdr->session) != peer->session)
		return sfs_net_conn_bad(conn, "other session");
	spin_lock(&conn->lock);
	is_open = conn->is_open;
	spin_unlock(&conn->lock);
	if (hdr->kind == SFS_FRAME_HELLO_REPLY) {
		if (conn->is_accepted || is_open)
			return sfs_net_conn_bad(conn, "second answer");
		ret = sfs_net_peer_answered(peer, conn, frame, &bad);
	} else if (!is_open || hdr->kind == SFS_FRAME_HELLO) {
		bad = "hello";
	} else if (le64_to_cpu(hdr->rid) != sfs_net_peer_rid(peer)) {
		bad = "other mount";
	} else {
		ret = sfs_net_stream_input(peer, conn, frame, &bad);
	}
	return bad ? sfs_net_conn_bad(conn, bad) : ret;
}

static int sfs_net_conn_frame(void *arg, struct sfs_frame *frame)
{
	struct sfs_net_conn *conn = arg;
	struct sfs_net_peer *peer;
	bool is_refused;
	int ret;

	spin_lock(&conn->lock);
	peer = conn->peer;
	is_refused = conn->is_refused;
	spin_unlock(&conn->lock);
	if (is_refused)
		ret = 0;	/* he has not read it yet */
	else if (!peer)
		ret = sfs_net_conn_hello(conn, frame);
	else
		ret = sfs_net_conn_input(conn, peer, frame);
	sfs_frame_put(frame);
	return ret;
}

static int sfs_net_conn_received(void *owner, const void *data, u32 len)
{
	struct sfs_net_conn *conn = owner;
	const char *bad = NULL;
	int ret;

	ret = sfs_frame_reader_push(&conn->reader, data, len,
				    sfs_net_conn_frame, conn, &bad);
	if (bad || ret == -EXDEV)
		sfs_net_bad_frame(conn->net, &conn->addr, ret, bad);
	if (ret)
		sfs_net_conn_shutdown(conn);
	return ret;
}

/* ---- beginning and end ---- */

static struct sfs_net_conn *
sfs_net_conn_create(struct sfs_net *net,
		    const struct sfs_transport_ops *transport,
		    const struct sfs_net_addr *addr)
{
	struct sfs_net_conn *conn = kzalloc(sizeof(*conn), GFP_NOFS);

	if (!conn)
		return NULL;
	conn->net = net;
	refcount_set(&conn->refs, 1);
	conn->transport = transport;
	conn->addr = *addr;
	sfs_frame_reader_init(&conn->reader, net->fsid);
	INIT_WORK(&conn->tx_work, sfs_net_conn_tx_work);
	spin_lock_init(&conn->lock);
	conn->deadline_ns = sfs_net_in_ms(SFS_NET_GREETING_MS);
	return conn;
}

/*
 * Those that came first have had the most time to say hello: they make room, so
 * that a flood keeps nobody out who means it.  The oldest one, referenced.
 */
static struct sfs_net_conn *sfs_net_conn_oldest_locked(struct sfs_net *net)
{
	struct sfs_net_conn *conn;

	lockdep_assert_held(&net->lock);
	list_for_each_entry(conn, &net->conns, entry) {
		if (!conn->is_greeting || !refcount_inc_not_zero(&conn->refs))
			continue;
		sfs_net_conn_greeted_locked(conn);
		return conn;
	}
	return NULL;
}

static void sfs_net_conn_evict(struct sfs_net_conn *conn)
{
	sfs_net_refused(conn->net, &conn->addr, "too many without a session");
	sfs_net_conn_shutdown(conn);
	sfs_net_conn_put(conn);
}

static void *sfs_net_conn_accepted(void *arg, void *handle,
				   const struct sfs_net_addr *from)
{
	const struct sfs_transport_ops *transport;
	struct sfs_net_conn *conn, *oldest = NULL;
	struct sfs_net *net = arg;
	bool is_welcome;

	transport = from->family ? net->transport : &sfs_self_ops;
	conn = sfs_net_conn_create(net, transport, from);
	if (!conn)
		return NULL;
	conn->handle = handle;
	conn->is_accepted = true;
	conn->is_connected = true;

	spin_lock(&net->lock);
	is_welcome = !net->is_ending;
	if (is_welcome && from->family &&
	    net->nr_greeting >= SFS_NET_MAX_GREETING)
		oldest = sfs_net_conn_oldest_locked(net);
	if (is_welcome) {
		conn->is_greeting = from->family;
		net->nr_greeting += conn->is_greeting;
		list_add_tail(&conn->entry, &net->conns);
	}
	spin_unlock(&net->lock);
	if (oldest)
		sfs_net_conn_evict(oldest);
	if (!is_welcome) {
		kfree(conn);
		return NULL;
	}
	mod_delayed_work(net->wq, &net->reap_work, 0);
	return conn;
}

static void sfs_net_conn_connected(void *owner)
{
	struct sfs_net_conn *conn = owner;

	spin_lock(&conn->lock);
	conn->is_connected = true;
	if (!conn->is_expiring)
		conn->deadline_ns = sfs_net_in_ms(SFS_NET_GREETING_MS);
	spin_unlock(&conn->lock);
	sfs_net_conn_kick(conn);
}

static void sfs_net_conn_lost(void *owner, int error)
{
	struct sfs_net_conn *conn = owner;
	struct sfs_net_peer *peer;

	spin_lock(&conn->lock);
	conn->is_shut = true;
	peer = conn->peer;
	spin_unlock(&conn->lock);
	sfs_net_conn_greeted(conn);
	if (peer)
		sfs_net_peer_detach(peer, conn);
	sfs_net_conn_put(conn);
}

static void sfs_net_conn_datagram(void *arg, const struct sfs_net_addr *from,
				  const void *data, u32 len)
{
	sfs_net_datagram(arg, from, data, len);
}

const struct sfs_transport_user sfs_net_conn_user = {
	.accepted	= sfs_net_conn_accepted,
	.connected	= sfs_net_conn_connected,
	.received	= sfs_net_conn_received,
	.lost		= sfs_net_conn_lost,
	.datagram	= sfs_net_conn_datagram,
};

static struct sfs_frame *sfs_net_conn_make_hello(struct sfs_net_peer *peer,
						 bool is_resume)
{
	struct sfs_frame *hello = sfs_frame_alloc(peer->hello_len);

	hello->hdr.kind = SFS_FRAME_HELLO;
	if (is_resume)
		hello->hdr.flags = cpu_to_le32(SFS_FRAME_RESUME);
	memcpy(hello->data, peer->hello, peer->hello_len);
	return hello;
}

/* Begins to connect what is on the list; lost() has run after an error. */
static int sfs_net_conn_connect(struct sfs_net_conn *conn, void *ep)
{
	bool is_shut;
	int ret;

	sfs_net_conn_get(conn);
	ret = conn->transport->connect(ep, &conn->addr, conn, &conn->handle);
	if (ret) {
		conn->handle = NULL;
		sfs_net_conn_lost(conn, ret);
	} else {
		spin_lock(&conn->lock);
		is_shut = conn->is_shut;
		spin_unlock(&conn->lock);
		if (is_shut)
			conn->transport->shutdown(conn->handle);
		mod_delayed_work(conn->net->wq, &conn->net->reap_work, 0);
	}
	sfs_net_conn_put(conn);
	return ret;
}

/**
 * sfs_net_conn_start() - try to connect for a session that has no connection
 * @peer: session of this side
 * @is_resume: it was open before
 *
 * Context: Process context, no locks.
 * Return: 0: detach follows when it comes to nothing; -errno: nothing follows.
 */
int sfs_net_conn_start(struct sfs_net_peer *peer, bool is_resume)
{
	struct sfs_net *net = peer->net;
	struct sfs_net_conn *conn;

	conn = sfs_net_conn_create(net, peer->is_self ? &sfs_self_ops :
						net->transport, &peer->addr);
	if (!conn)
		return -ENOMEM;
	conn->deadline_ns = sfs_net_in_ms(SFS_NET_CONNECT_MS);
	conn->first = sfs_net_conn_make_hello(peer, is_resume);
	sfs_net_peer_get(peer);
	conn->peer = peer;
	spin_lock(&net->lock);
	list_add_tail(&conn->entry, &net->conns);
	spin_unlock(&net->lock);

	sfs_net_conn_get(conn);
	if (sfs_net_peer_attach_ours(peer, conn))
		sfs_net_conn_connect(conn, peer->is_self ? net : net->ep);
	else
		sfs_net_conn_put(conn);
	sfs_net_conn_put(conn);
	return 0;
}

/* Those that bring a datagram to @addr; when it is silent they pile up. */
static unsigned int sfs_net_nr_datagrams_locked(struct sfs_net *net,
						const struct sfs_net_addr *addr)
{
	struct sfs_net_conn *conn;
	unsigned int nr = 0;

	lockdep_assert_held(&net->lock);
	list_for_each_entry(conn, &net->conns, entry)
		nr += conn->is_datagram && conn->addr.port == addr->port &&
		      !memcmp(conn->addr.addr, addr->addr, sizeof(addr->addr));
	return nr;
}

/**
 * sfs_net_conn_send_datagram() - send one over a transport without datagrams
 * @net: endpoint
 * @addr: the other side's listening address
 * @frame: the datagram; sealed
 *
 * The other side ends the connection when it has it, or the reaper does.
 *
 * Context: Process context, no locks; does not wait.
 * Return: 0, or why it was surely not sent; -EBUSY when earlier ones are
 * still on their way.
 */
int sfs_net_conn_send_datagram(struct sfs_net *net,
			       const struct sfs_net_addr *addr,
			       struct sfs_frame *frame)
{
	struct sfs_net_conn *conn;
	int ret = 0;

	/* as from a transport that has them */
	if (!net->addr.family)
		return -EADDRNOTAVAIL;
	conn = sfs_net_conn_create(net, net->transport, addr);
	if (!conn)
		return -ENOMEM;
	conn->is_datagram = true;
	conn->is_expiring = true;
	conn->deadline_ns = sfs_net_in_ms(SFS_NET_CONNECT_MS);

	spin_lock(&net->lock);
	if (net->is_ending)
		ret = -ESHUTDOWN;
	else if (sfs_net_nr_datagrams_locked(net, addr) >=
		 SFS_NET_MAX_DATAGRAMS)
		ret = -EBUSY;
	else
		list_add_tail(&conn->entry, &net->conns);
	spin_unlock(&net->lock);
	if (ret) {
		kfree(conn);
		return ret;
	}
	sfs_frame_get(frame);
	conn->first = frame;
	return sfs_net_conn_connect(conn, net->ep);
}

/* ---- the reaper ---- */

/* The next connection whose time is over; else when to look again. */
static struct sfs_net_conn *sfs_net_reap_next(struct sfs_net *net,
					      u64 *next_ns)
{
	struct sfs_net_conn *conn, *found = NULL;
	u64 now = ktime_get_ns();

	*next_ns = U64_MAX;
	spin_lock(&net->lock);
	list_for_each_entry(conn, &net->conns, entry) {
		spin_lock(&conn->lock);
		if (conn->deadline_ns <= now) {
			conn->deadline_ns = U64_MAX;
			if (refcount_inc_not_zero(&conn->refs))
				found = conn;
		}
		*next_ns = min(*next_ns, conn->deadline_ns);
		spin_unlock(&conn->lock);
		if (found)
			break;
	}
	spin_unlock(&net->lock);
	return found;
}

void sfs_net_reap_work(struct work_struct *work)
{
	struct sfs_net *net = container_of(to_delayed_work(work),
					   struct sfs_net, reap_work);
	struct sfs_net_conn *conn;
	u64 next_ns, now;

	while ((conn = sfs_net_reap_next(net, &next_ns))) {
		if (sfs_net_conn_greeted(conn) && !READ_ONCE(conn->is_refused) &&
		    !READ_ONCE(net->is_ending))
			sfs_net_refused(net, &conn->addr, "no hello");
		sfs_net_conn_shutdown(conn);
		sfs_net_conn_put(conn);
	}
	if (next_ns == U64_MAX)
		return;
	now = ktime_get_ns();
	next_ns = next_ns > now ? next_ns - now : 0;
	queue_delayed_work(net->wq, &net->reap_work,
			   nsecs_to_jiffies(next_ns) + 1);
}
