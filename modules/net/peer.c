// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: how one begins, loses and finds its connection, and ends.
 *
 *	ours:    CONNECTING --answer--> OPEN --+
 *	theirs:  ACCEPTING --accept()-> OPEN --+--> CLOSING --idle, closed()--> CLOSED
 *
 * ctl_work alone calls accept(), opened() and closed(), so they follow one
 * another.  A session that is CLOSING begins no callback but closed(), which
 * waits until none runs; whoever leaves the last one queues ctl_work.
 *
 * A connection may outlive its session for a moment: it sends what the owner had
 * sent before the close, and then says that the session is over.
 */
#include "net/net_priv.h"

/* ---- references, work ---- */

void sfs_net_peer_get(struct sfs_net_peer *peer)
{
	refcount_inc(&peer->refs);
}
EXPORT_SYMBOL_GPL(sfs_net_peer_get);

void sfs_net_peer_put(struct sfs_net_peer *peer)
{
	if (!refcount_dec_and_test(&peer->refs))
		return;
	sfs_net_stream_exit(peer);
	sfs_frame_put(peer->answer_frame);
	kfree(peer);
}
EXPORT_SYMBOL_GPL(sfs_net_peer_put);

void sfs_net_peer_kick_ctl(struct sfs_net_peer *peer)
{
	sfs_net_peer_get(peer);
	if (!queue_work(peer->net->wq, &peer->ctl_work))
		refcount_dec(&peer->refs);
}

void sfs_net_peer_kick_tx_locked(struct sfs_net_peer *peer)
{
	lockdep_assert_held(&peer->lock);
	if (peer->conn)
		sfs_net_conn_kick(peer->conn);
}

/* Look at the session's times in @ms. */
static void sfs_net_peer_arm_locked(struct sfs_net_peer *peer, unsigned int ms)
{
	lockdep_assert_held(&peer->lock);
	if (peer->state >= SFS_PEER_CLOSING)
		return;
	sfs_net_peer_get(peer);
	if (mod_delayed_work(peer->net->wq, &peer->timer, msecs_to_jiffies(ms)))
		refcount_dec(&peer->refs);
}

/* A callback has returned. */
void sfs_net_peer_leave_locked(struct sfs_net_peer *peer)
{
	lockdep_assert_held(&peer->lock);
	peer->nr_busy--;
	if (!peer->nr_busy && peer->state == SFS_PEER_CLOSING)
		sfs_net_peer_kick_ctl(peer);
}

bool sfs_net_peer_is_over(struct sfs_net_peer *peer)
{
	bool is_over;

	spin_lock(&peer->lock);
	is_over = peer->state >= SFS_PEER_CLOSING;
	spin_unlock(&peer->lock);
	return is_over;
}
EXPORT_SYMBOL_GPL(sfs_net_peer_is_over);

void sfs_net_peer_fill_hdr_locked(struct sfs_net_peer *peer,
				  struct sfs_frame_hdr *hdr)
{
	unsigned int i;

	lockdep_assert_held(&peer->lock);
	hdr->fsid = cpu_to_le64(peer->net->fsid);
	hdr->rid = cpu_to_le64(peer->net->rid);
	hdr->session = cpu_to_le64(peer->session);
	for (i = 0; i < SFS_NR_STREAMS; i++) {
		struct sfs_net_stream *s = &peer->streams[i];

		hdr->ack[i] = cpu_to_le64(s->consumed_seq);
		s->told_seq = s->consumed_seq;
	}
	peer->need_ack = false;
	peer->last_tx_ns = ktime_get_ns();
	peer->info.bytes_sent += sizeof(*hdr) + le32_to_cpu(hdr->len);
}

void sfs_net_peer_fill_hdr(struct sfs_net_peer *peer, struct sfs_frame_hdr *hdr)
{
	spin_lock(&peer->lock);
	sfs_net_peer_fill_hdr_locked(peer, hdr);
	spin_unlock(&peer->lock);
}

/* ---- the end ---- */

/*
 * The first reason stays.  What connection there is tells the other side, unless
 * there was no hello yet.
 */
void sfs_net_peer_end_locked(struct sfs_net_peer *peer, int error)
{
	lockdep_assert_held(&peer->lock);
	if (peer->state >= SFS_PEER_CLOSING)
		return;
	peer->state = SFS_PEER_CLOSING;
	peer->error = error;
	sfs_net_call_fail_locked(peer);
	if (peer->conn) {
		sfs_net_conn_expire(peer->conn,
				    READ_ONCE(peer->conn->is_connected) ?
				    SFS_NET_LINGER_MS : 0);
		sfs_net_conn_kick(peer->conn);
	}
	if (cancel_delayed_work(&peer->timer))
		refcount_dec(&peer->refs);
	sfs_net_stream_kick_rx_locked(peer);
	sfs_net_peer_kick_ctl(peer);
}

void sfs_net_peer_abort(struct sfs_net_peer *peer, int error)
{
	spin_lock(&peer->lock);
	sfs_net_peer_end_locked(peer, error);
	spin_unlock(&peer->lock);
}

/* A callback said that no correct peer would have sent this. */
void sfs_net_peer_protocol(struct sfs_net_peer *peer, const char *what, u8 type,
			   int error)
{
	struct sfs_net *net = peer->net;

	pr_warn_ratelimited("scoutfs: fsid %016llx: mount %016llx sent a bad %s of type %u: error %d\n",
			    net->fsid, sfs_net_peer_rid(peer), what, type,
			    error);
	sfs_net_count(net, &net->stats.nr_protocol);
	sfs_net_peer_abort(peer, -EPROTO);
}

void sfs_net_close(struct sfs_net_peer *peer)
{
	spin_lock(&peer->lock);
	peer->is_owner_done = true;
	sfs_net_peer_end_locked(peer, 0);
	spin_unlock(&peer->lock);
}
EXPORT_SYMBOL_GPL(sfs_net_close);

static bool sfs_net_peer_is_closed(struct sfs_net_peer *peer)
{
	bool is_closed;

	spin_lock(&peer->lock);
	is_closed = peer->state == SFS_PEER_CLOSED;
	spin_unlock(&peer->lock);
	return is_closed;
}

void sfs_net_close_sync(struct sfs_net_peer *peer)
{
	sfs_net_close(peer);
	wait_event(peer->wait, sfs_net_peer_is_closed(peer));
}
EXPORT_SYMBOL_GPL(sfs_net_close_sync);

/* ---- accept(), opened(), closed() ---- */

static void sfs_net_peer_answer_locked(struct sfs_net_peer *peer)
{
	struct sfs_net_conn *conn = peer->conn;
	struct sfs_frame *answer = peer->answer_frame;

	lockdep_assert_held(&peer->lock);
	if (!conn || !answer)
		return;
	peer->info.is_up = true;
	peer->info.nr_connects++;
	sfs_frame_get(answer);
	sfs_net_conn_set_first(conn, answer, peer->error != 0);
	sfs_net_peer_arm_locked(peer, 0);
}

static void sfs_net_peer_accept(struct sfs_net_peer *peer)
{
	struct sfs_net *net = peer->net;
	struct sfs_frame *answer;
	u8 reply[SFS_NET_HELLO_MAX] __aligned(8);
	u32 len = 0;
	int ret;

	ret = net->ops->accept(net->arg, peer, peer->hello, peer->hello_len,
			       reply, &len);
	if (WARN_ON_ONCE(len > sizeof(reply)))
		len = 0;
	answer = sfs_frame_alloc(ret ? 0 : len);
	answer->hdr.kind = SFS_FRAME_HELLO_REPLY;
	answer->hdr.status = cpu_to_le32(sfs_frame_status(ret));
	memcpy(answer->data, reply, answer->len);
	if (ret)
		sfs_net_count(net, &net->stats.nr_refused);

	spin_lock(&peer->lock);
	peer->is_known = !ret;
	peer->answer_frame = answer;
	if (peer->state == SFS_PEER_ACCEPTING) {
		if (ret) {
			sfs_net_peer_end_locked(peer, ret);
		} else {
			peer->state = SFS_PEER_OPEN;
			peer->is_delivering = true;
		}
		sfs_net_peer_answer_locked(peer);
	}
	sfs_net_peer_leave_locked(peer);
	spin_unlock(&peer->lock);
}

static void sfs_net_peer_opened(struct sfs_net_peer *peer)
{
	struct sfs_net *net = peer->net;

	net->ops->opened(net->arg, peer, peer->answer, peer->answer_len);

	spin_lock(&peer->lock);
	peer->is_delivering = true;
	sfs_net_stream_kick_rx_locked(peer);
	sfs_net_peer_leave_locked(peer);
	spin_unlock(&peer->lock);
}

static void sfs_net_peer_finish(struct sfs_net_peer *peer, bool call_closed)
{
	struct sfs_net *net = peer->net;
	u64 rid;

	if (call_closed)
		net->ops->closed(net->arg, peer, peer->error);
	spin_lock(&peer->lock);
	peer->nr_busy--;
	peer->state = SFS_PEER_CLOSED;
	rid = peer->rid;
	wake_up_all(&peer->wait);
	spin_unlock(&peer->lock);
	sfs_net_forget_peer(peer);
	sfs_net_kick_waiting(net, rid);
}

static void sfs_net_peer_ctl_work(struct work_struct *work)
{
	struct sfs_net_peer *peer = container_of(work, struct sfs_net_peer,
						 ctl_work);
	enum { NOTHING, ACCEPT, OPENED, FINISH } step = NOTHING;
	bool must_wait = !peer->is_ours && sfs_net_must_wait(peer);
	unsigned int nofs = memalloc_nofs_save();
	bool call_closed;

	spin_lock(&peer->lock);
	call_closed = peer->is_known && !peer->is_owner_done;
	if (peer->state == SFS_PEER_ACCEPTING && !must_wait &&
	    !peer->is_accept_begun) {
		peer->is_accept_begun = true;
		step = ACCEPT;
	} else if (peer->state == SFS_PEER_OPEN && peer->is_ours &&
		   !peer->is_open_told) {
		peer->is_open_told = true;
		step = OPENED;
	} else if (peer->state == SFS_PEER_CLOSING && !peer->nr_busy &&
		   !sfs_net_stream_has_received(peer)) {
		step = FINISH;
	}
	if (step != NOTHING)
		peer->nr_busy++;
	spin_unlock(&peer->lock);

	if (step == ACCEPT)
		sfs_net_peer_accept(peer);
	else if (step == OPENED)
		sfs_net_peer_opened(peer);
	else if (step == FINISH)
		sfs_net_peer_finish(peer, call_closed);
	sfs_net_peer_put(peer);
	memalloc_nofs_restore(nofs);
}

/* ---- connections come and go ---- */

static void sfs_net_peer_set_conn_locked(struct sfs_net_peer *peer,
					 struct sfs_net_conn *conn)
{
	sfs_net_conn_get(conn);
	peer->conn = conn;
	peer->last_rx_ns = ktime_get_ns();
}

/* For a session of this side; false: it is over or has a connection. */
bool sfs_net_peer_attach_ours(struct sfs_net_peer *peer,
			      struct sfs_net_conn *conn)
{
	bool ok;

	spin_lock(&peer->lock);
	ok = peer->state < SFS_PEER_CLOSING && !peer->conn;
	if (ok)
		sfs_net_peer_set_conn_locked(peer, conn);
	spin_unlock(&peer->lock);
	return ok;
}

/*
 * A connection said hello for this session of the other side; it takes the place
 * of the old one, of which the other side knows more.  NULL, or what is wrong.
 */
const char *sfs_net_peer_attach(struct sfs_net_peer *peer,
				struct sfs_net_conn *conn,
				const struct sfs_frame_hdr *hello)
{
	struct sfs_net_conn *old;
	const char *bad;
	LIST_HEAD(done);

	spin_lock(&peer->lock);
	bad = sfs_net_stream_ack_locked(peer, hello, &done);
	if (bad && !peer->is_accept_begun)
		sfs_net_peer_end_locked(peer, -EPROTO);
	if (bad || peer->state >= SFS_PEER_CLOSING) {
		sfs_net_conn_expire(conn, 0);
		spin_unlock(&peer->lock);
		return bad;
	}
	old = peer->conn;
	peer->addr = conn->addr;
	sfs_net_peer_set_conn_locked(peer, conn);
	sfs_net_stream_rewind_locked(peer);
	if (peer->state == SFS_PEER_OPEN)
		sfs_net_peer_answer_locked(peer);
	else
		sfs_net_peer_kick_ctl(peer);
	spin_unlock(&peer->lock);

	sfs_frame_put_list(&done);
	if (old) {
		sfs_net_conn_shutdown(old);
		sfs_net_conn_put(old);
	}
	return NULL;
}

void sfs_net_peer_detach(struct sfs_net_peer *peer, struct sfs_net_conn *conn)
{
	u64 now = ktime_get_ns();
	bool was_ours;

	spin_lock(&peer->lock);
	was_ours = peer->conn == conn;
	if (was_ours) {
		peer->conn = NULL;
		if (peer->info.is_up)
			peer->lost_ns = now;
		peer->info.is_up = false;
		peer->retry_ns = now + peer->backoff_ms * (u64)NSEC_PER_MSEC;
		peer->backoff_ms = min_t(unsigned int, 2 * peer->backoff_ms,
					 SFS_NET_BACKOFF_MAX_MS);
		sfs_net_peer_arm_locked(peer, 0);
	}
	spin_unlock(&peer->lock);
	if (was_ours)
		sfs_net_conn_put(conn);
}

/* Yes to our hello. NULL, or what is wrong with it. */
static const char *sfs_net_peer_opens_locked(struct sfs_net_peer *peer,
					     struct sfs_net_conn *conn,
					     const struct sfs_frame *reply,
					     struct list_head *done)
{
	u64 rid = le64_to_cpu(reply->hdr.rid);
	const char *bad;

	lockdep_assert_held(&peer->lock);
	if (peer->state == SFS_PEER_CONNECTING) {
		WRITE_ONCE(peer->rid, rid);
		memcpy(peer->answer, reply->data, reply->len);
		peer->answer_len = reply->len;
	} else if (rid != peer->rid && peer->rid) {
		return "other mount";
	}
	bad = sfs_net_stream_ack_locked(peer, &reply->hdr, done);
	if (bad)
		return bad;
	sfs_net_stream_rewind_locked(peer);
	sfs_net_conn_open(conn);
	if (peer->state == SFS_PEER_CONNECTING)
		peer->state = SFS_PEER_OPEN;
	peer->info.is_up = true;
	peer->info.nr_connects++;
	peer->backoff_ms = SFS_NET_BACKOFF_MIN_MS;
	peer->last_rx_ns = ktime_get_ns();
	if (peer->state >= SFS_PEER_CLOSING)
		sfs_net_conn_expire(conn, SFS_NET_LINGER_MS);
	sfs_net_peer_arm_locked(peer, 0);
	sfs_net_peer_kick_ctl(peer);
	sfs_net_conn_kick(conn);
	return NULL;
}

int sfs_net_peer_answered(struct sfs_net_peer *peer, struct sfs_net_conn *conn,
			  const struct sfs_frame *reply, const char **bad)
{
	int error = sfs_frame_error(le32_to_cpu(reply->hdr.status));
	LIST_HEAD(done);

	spin_lock(&peer->lock);
	if (peer->conn != conn)
		error = -ENOTCONN;	/* an old connection */
	else if (error)
		sfs_net_peer_end_locked(peer, error);
	else
		*bad = sfs_net_peer_opens_locked(peer, conn, reply, &done);
	spin_unlock(&peer->lock);
	sfs_frame_put_list(&done);
	return error;
}

/* ---- times ---- */

/* What is due; returns in how many ms to look again, 0: never. */
static unsigned int sfs_net_peer_due_locked(struct sfs_net_peer *peer,
					    bool *connect, bool *silent)
{
	u64 now = ktime_get_ns();
	u64 keepalive_ns = peer->net->keepalive_ms * (u64)NSEC_PER_MSEC;
	u64 give_up_ns = peer->give_up_ms * (u64)NSEC_PER_MSEC;
	unsigned int ping_ms = min_t(unsigned int, SFS_NET_PING_MS,
				     peer->net->keepalive_ms / 3);

	if (peer->info.is_up) {
		*silent = now - peer->last_rx_ns >= keepalive_ns;
		if (now - peer->last_tx_ns >= ping_ms * (u64)NSEC_PER_MSEC / 2) {
			peer->need_ack = true;
			sfs_net_peer_kick_tx_locked(peer);
		}
		return ping_ms;
	}
	if (!peer->is_ours)
		return 0;
	if (now - peer->lost_ns >= give_up_ns) {
		sfs_net_peer_end_locked(peer, -ETIMEDOUT);
		return 0;
	}
	if (!peer->conn && now >= peer->retry_ns)
		*connect = true;
	now = min(peer->lost_ns + give_up_ns - now,
		  peer->conn || *connect ? U64_MAX : peer->retry_ns - now);
	return div_u64(now, NSEC_PER_MSEC) + 1;
}

static void sfs_net_peer_timer(struct work_struct *work)
{
	struct sfs_net_peer *peer = container_of(to_delayed_work(work),
						 struct sfs_net_peer, timer);
	struct sfs_net_conn *conn = NULL;
	bool connect = false, silent = false, is_resume = false;
	unsigned int ms = 0;

	spin_lock(&peer->lock);
	if (peer->state < SFS_PEER_CLOSING)
		ms = sfs_net_peer_due_locked(peer, &connect, &silent);
	if (silent && peer->conn) {
		conn = peer->conn;
		sfs_net_conn_get(conn);
	}
	is_resume = peer->state == SFS_PEER_OPEN;
	if (ms)
		sfs_net_peer_arm_locked(peer, ms);
	spin_unlock(&peer->lock);

	if (conn) {
		sfs_net_conn_shutdown(conn);
		sfs_net_conn_put(conn);
	}
	if (connect && sfs_net_conn_start(peer, is_resume)) {
		spin_lock(&peer->lock);
		sfs_net_peer_arm_locked(peer, SFS_NET_BACKOFF_MAX_MS);
		spin_unlock(&peer->lock);
	}
	sfs_net_peer_put(peer);
}

/* Begin to connect. */
void sfs_net_peer_start(struct sfs_net_peer *peer)
{
	spin_lock(&peer->lock);
	sfs_net_peer_arm_locked(peer, 0);
	spin_unlock(&peer->lock);
}

/* ---- making, looking ---- */

struct sfs_net_peer *sfs_net_peer_create(struct sfs_net *net, bool is_ours,
					 const void *hello, u32 hello_len)
{
	struct sfs_net_peer *peer = kzalloc(sizeof(*peer), GFP_NOFS);

	if (!peer)
		return NULL;
	peer->net = net;
	refcount_set(&peer->refs, 1);
	INIT_LIST_HEAD(&peer->entry);
	peer->is_ours = is_ours;
	peer->is_known = is_ours;
	peer->state = is_ours ? SFS_PEER_CONNECTING : SFS_PEER_ACCEPTING;
	spin_lock_init(&peer->lock);
	peer->lost_ns = ktime_get_ns();
	peer->last_rx_ns = peer->lost_ns;
	peer->backoff_ms = SFS_NET_BACKOFF_MIN_MS;
	INIT_LIST_HEAD(&peer->calls);
	if (hello_len)
		memcpy(peer->hello, hello, hello_len);
	peer->hello_len = hello_len;
	INIT_WORK(&peer->ctl_work, sfs_net_peer_ctl_work);
	INIT_DELAYED_WORK(&peer->timer, sfs_net_peer_timer);
	init_waitqueue_head(&peer->wait);
	sfs_net_stream_init(peer);
	return peer;
}

u64 sfs_net_peer_rid(const struct sfs_net_peer *peer)
{
	return READ_ONCE(peer->rid);
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

void sfs_net_peer_info(struct sfs_net_peer *peer,
		       struct sfs_net_peer_info *info)
{
	unsigned int i;

	spin_lock(&peer->lock);
	*info = peer->info;
	info->rid = peer->rid;
	info->addr = peer->addr;
	info->is_ours = peer->is_ours;
	info->nr_queued = 0;
	for (i = 0; i < SFS_NR_STREAMS; i++)
		info->nr_queued += peer->streams[i].queued_seq -
				   peer->streams[i].acked_seq;
	info->silent_ms = div_u64(ktime_get_ns() - peer->last_rx_ns,
				  NSEC_PER_MSEC);
	spin_unlock(&peer->lock);
}
