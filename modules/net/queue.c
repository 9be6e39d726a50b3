// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of a session: queued until acknowledged, delivered in order.
 *
 *	add --> queue --sent--> still queued --acknowledged--> freed
 *	           ^------ a new connection: what the other side lacks ------
 *
 * One work item sends, a frame of each class in turn, so that none waits behind
 * another.  A class whose messages the other side does not get done with is
 * stopped by its window; the others go on.
 */
#include "net/net_priv.h"

static u32 sfs_msg_len(const struct sfs_net_msg *msg)
{
	return le32_to_cpu(msg->hdr.len);
}

static struct sfs_net_msg *sfs_msg_create(u32 len)
{
	struct sfs_net_msg *msg;

	msg = kmalloc(sizeof(*msg) + len, GFP_NOFS | __GFP_NOFAIL);
	INIT_LIST_HEAD(&msg->link);
	memset(&msg->hdr, 0, sizeof(msg->hdr));
	msg->hdr.len = cpu_to_le32(len);
	return msg;
}

static void sfs_msg_fill(struct sfs_net_peer *peer, struct sfs_net_msg *msg,
			 u8 kind, u8 class, u8 type, u64 id)
{
	msg->hdr.magic = cpu_to_le32(SFS_FRAME_MAGIC);
	msg->hdr.version = SFS_FRAME_VERSION;
	msg->hdr.fsid = cpu_to_le64(peer->net->fsid);
	msg->hdr.rid = cpu_to_le64(peer->net->rid);
	msg->hdr.session = cpu_to_le64(peer->session);
	msg->hdr.kind = kind;
	msg->hdr.class = class;
	msg->hdr.type = type;
	msg->hdr.id = cpu_to_le64(id);
}

/* ---- sending ------------------------------------------------------------ */

void sfs_queue_kick(struct sfs_net_peer *peer)
{
	queue_work(peer->net->wq, &peer->send_work);
}

int sfs_queue_add(struct sfs_net_peer *peer, u8 kind, u8 class, u8 type, u64 id,
		  const void *data, u32 len, unsigned int flags)
{
	struct sfs_net_tx *tx = &peer->tx[class];
	struct sfs_net_msg *msg;
	bool is_closed, is_dropped;

	if (WARN_ON_ONCE(len > SFS_NET_PAYLOAD_MAX))
		return -EINVAL;
	msg = sfs_msg_create(len);
	if (len)
		memcpy(msg->payload, data, len);
	sfs_msg_fill(peer, msg, kind, class, type, id);

	spin_lock(&peer->lock);
	is_closed = peer->state == SFS_PEER_CLOSED;
	is_dropped = flags & SFS_NET_DROPPABLE && !peer->is_up;
	if (!is_closed && !is_dropped) {
		msg->hdr.seq = cpu_to_le64(tx->next_seq++);
		list_add_tail(&msg->link, &tx->queue);
		if (!tx->next)
			tx->next = msg;
		msg = NULL;
	}
	spin_unlock(&peer->lock);
	kfree(msg);
	if (is_closed)
		return -ENOTCONN;
	sfs_queue_kick(peer);
	return 0;
}

static bool sfs_tx_may_send(const struct sfs_net_tx *tx)
{
	return tx->next && le64_to_cpu(tx->next->hdr.seq) <=
			   tx->nr_consumed + SFS_NET_WINDOW;
}

static struct sfs_net_msg *sfs_msg_copy(const struct sfs_net_msg *msg)
{
	struct sfs_net_msg *copy = kmalloc(sizeof(*msg) + sfs_msg_len(msg),
					   GFP_ATOMIC);

	if (!copy)
		return NULL;
	copy->hdr = msg->hdr;
	memcpy(copy->payload, msg->payload, sfs_msg_len(msg));
	return copy;
}

static struct sfs_net_msg *sfs_queue_make_ack_locked(struct sfs_net_peer *peer,
						     struct sfs_net_msg *msg)
{
	struct sfs_ack_msg *ack = (void *)msg->payload;
	unsigned int class;

	for (class = 0; class < SFS_NET_NR_CLASSES; class++) {
		ack->next_seq[class] = cpu_to_le64(peer->rx[class].next_seq);
		ack->nr_consumed[class] =
			cpu_to_le64(peer->rx[class].nr_consumed);
	}
	peer->wants_ack = false;
	peer->acked_ns = ktime_get_ns();
	return msg;
}

/*
 * The next frame to send, a copy, because it may be acknowledged while it
 * is being sent; @turn goes through the classes.  NULL: none now.
 */
static struct sfs_net_msg *sfs_queue_next(struct sfs_net_peer *peer,
					  unsigned int *turn,
					  struct sfs_conn **conn,
					  struct sfs_net_msg *ack, bool *retry)
{
	struct sfs_net_msg *copy = NULL;
	struct sfs_net_tx *tx;
	unsigned int i;

	*retry = false;
	spin_lock(&peer->lock);
	if (!peer->is_up || !peer->conn || peer->is_close_sent)
		goto out;
	*conn = peer->conn;
	if (peer->wants_ack) {
		copy = sfs_queue_make_ack_locked(peer, ack);
		sfs_conn_get(*conn);
		goto out;
	}
	for (i = 0; i < SFS_NET_NR_CLASSES; i++) {
		tx = &peer->tx[(*turn)++ % SFS_NET_NR_CLASSES];
		if (!sfs_tx_may_send(tx))
			continue;
		copy = sfs_msg_copy(tx->next);
		if (!copy) {
			*retry = true;
			break;
		}
		tx->next = list_is_last(&tx->next->link, &tx->queue) ?
			   NULL : list_next_entry(tx->next, link);
		break;
	}
	if (!copy && !*retry && peer->wants_close && !peer->is_close_sent) {
		peer->is_close_sent = true;
		ack->hdr.kind = SFS_FRAME_CLOSE;
		ack->hdr.len = 0;
		copy = ack;
	}
	if (copy)
		sfs_conn_get(*conn);
out:
	spin_unlock(&peer->lock);
	return copy;
}

void sfs_queue_send_work(struct work_struct *work)
{
	struct sfs_net_peer *peer = container_of(work, struct sfs_net_peer,
						 send_work);
	struct sfs_net_msg *ack = sfs_msg_create(sizeof(struct sfs_ack_msg));
	unsigned int turn = 0;
	struct sfs_net_msg *msg;
	struct sfs_conn *conn;
	bool retry;
	u32 len;
	int ret;

	sfs_msg_fill(peer, ack, SFS_FRAME_ACK, SFS_NET_MEMBER, 0, 0);
	for (;;) {
		msg = sfs_queue_next(peer, &turn, &conn, ack, &retry);
		if (retry) {
			schedule_timeout_uninterruptible(1);
			continue;
		}
		if (!msg)
			break;
		len = sizeof(msg->hdr) + sfs_msg_len(msg);
		sfs_frame_seal(&msg->hdr);
		ret = conn->ops->send(conn, &msg->hdr, len);
		spin_lock(&peer->lock);
		peer->nr_sent++;
		peer->bytes_sent += len;
		spin_unlock(&peer->lock);
		if (msg != ack)
			kfree(msg);
		if (ret)
			sfs_conn_end(conn);
		sfs_conn_put(conn);
		if (ret)
			break;
	}
	if (READ_ONCE(peer->is_close_sent))
		wake_up_all(&peer->wait);
	kfree(ack);
}

/* The other side has all before @next_seq. */
static int sfs_tx_acked_locked(struct sfs_net_tx *tx, u64 next_seq,
			       struct list_head *done)
{
	struct sfs_net_msg *msg, *tmp;

	if (next_seq > tx->next_seq)
		return -EPROTO;
	list_for_each_entry_safe(msg, tmp, &tx->queue, link) {
		if (le64_to_cpu(msg->hdr.seq) >= next_seq)
			break;
		if (tx->next == msg)
			return -EPROTO;	/* it was not even sent */
		list_move_tail(&msg->link, done);
	}
	return 0;
}

static void sfs_msgs_free(struct list_head *list)
{
	struct sfs_net_msg *msg, *tmp;

	list_for_each_entry_safe(msg, tmp, list, link)
		kfree(msg);
}

int sfs_queue_ack(struct sfs_net_peer *peer, const struct sfs_ack_msg *ack)
{
	struct sfs_net_tx *tx;
	unsigned int class;
	LIST_HEAD(done);
	int ret = 0;
	u64 nr;

	spin_lock(&peer->lock);
	for (class = 0; class < SFS_NET_NR_CLASSES && !ret; class++) {
		tx = &peer->tx[class];
		nr = le64_to_cpu(ack->nr_consumed[class]);
		if (nr >= tx->next_seq)
			ret = -EPROTO;
		else
			tx->nr_consumed = max(tx->nr_consumed, nr);
		if (!ret)
			ret = sfs_tx_acked_locked(tx,
						  le64_to_cpu(ack->next_seq[class]),
						  &done);
	}
	spin_unlock(&peer->lock);
	sfs_msgs_free(&done);
	sfs_queue_kick(peer);
	return ret;
}

/* A new connection begins: send again what the other side does not have. */
void sfs_queue_rewind_locked(struct sfs_net_peer *peer,
			     const struct sfs_hello_msg *hello)
{
	struct sfs_net_msg *msg;
	struct sfs_net_tx *tx;
	unsigned int class;
	u64 next_seq;

	for (class = 0; class < SFS_NET_NR_CLASSES; class++) {
		tx = &peer->tx[class];
		next_seq = le64_to_cpu(hello->next_seq[class]);
		tx->next = NULL;
		list_for_each_entry_reverse(msg, &tx->queue, link) {
			if (le64_to_cpu(msg->hdr.seq) < next_seq)
				break;
			tx->next = msg;
			peer->nr_resent += peer->nr_connects > 1;
		}
	}
}

/* ---- receiving ---------------------------------------------------------- */

void sfs_queue_consumed(struct sfs_net_peer *peer, u8 class)
{
	bool kicks;

	spin_lock(&peer->lock);
	kicks = !(++peer->rx[class].nr_consumed % SFS_NET_ACK_EVERY);
	if (kicks)
		peer->wants_ack = true;
	spin_unlock(&peer->lock);
	if (kicks)
		sfs_queue_kick(peer);
}

static struct sfs_net_msg *sfs_rx_next(struct sfs_net_peer *peer,
				       struct sfs_net_rx *rx)
{
	struct sfs_net_msg *msg = NULL;

	spin_lock(&peer->lock);
	if (peer->state == SFS_PEER_OPEN)
		msg = list_first_entry_or_null(&rx->queue, struct sfs_net_msg,
					       link);
	if (msg)
		list_del_init(&msg->link);
	spin_unlock(&peer->lock);
	return msg;
}

static int sfs_queue_deliver(struct sfs_net_peer *peer, struct sfs_net_msg *msg)
{
	struct sfs_net *net = peer->net;
	u8 class = msg->hdr.class;
	int ret;

	if (class == SFS_NET_REQUEST)
		return sfs_call_input(peer, msg);
	ret = net->ops->receive(net->arg, peer, class, msg->hdr.type,
				msg->payload, sfs_msg_len(msg));
	sfs_queue_consumed(peer, class);
	kfree(msg);
	return ret;
}

static void sfs_queue_deliver_work(struct work_struct *work)
{
	struct sfs_net_rx *rx = container_of(work, struct sfs_net_rx, work);
	struct sfs_net_peer *peer = rx->peer;
	struct sfs_net_msg *msg;

	while ((msg = sfs_rx_next(peer, rx)) != NULL) {
		if (sfs_queue_deliver(peer, msg)) {
			atomic64_inc(&peer->net->nr_protocol);
			sfs_peer_close(peer, -EPROTO, false);
		}
	}
}

/* -EPROTO: the connection makes no sense; duplicates are dropped. */
int sfs_queue_input(struct sfs_net_peer *peer, const struct sfs_frame_hdr *hdr)
{
	struct sfs_net_rx *rx = &peer->rx[hdr->class];
	u64 seq = le64_to_cpu(hdr->seq);
	struct sfs_net_msg *msg;
	int ret = 0;

	msg = sfs_msg_create(le32_to_cpu(hdr->len));
	msg->hdr = *hdr;
	memcpy(msg->payload, hdr + 1, sfs_msg_len(msg));
	spin_lock(&peer->lock);
	if (seq == rx->next_seq && peer->state == SFS_PEER_OPEN) {
		if (seq > rx->nr_consumed + SFS_NET_WINDOW) {
			ret = -EPROTO;
		} else {
			rx->next_seq++;
			peer->nr_received++;
			list_add_tail(&msg->link, &rx->queue);
			msg = NULL;
		}
	} else if (seq > rx->next_seq) {
		ret = -EPROTO;
	}
	spin_unlock(&peer->lock);
	if (!msg)
		queue_work(peer->net->wq, &rx->work);
	kfree(msg);
	return ret;
}

/* ---- life --------------------------------------------------------------- */

void sfs_queue_init(struct sfs_net_peer *peer)
{
	unsigned int class;

	for (class = 0; class < SFS_NET_NR_CLASSES; class++) {
		INIT_LIST_HEAD(&peer->tx[class].queue);
		peer->tx[class].next_seq = 1;
		INIT_LIST_HEAD(&peer->rx[class].queue);
		peer->rx[class].next_seq = 1;
		peer->rx[class].peer = peer;
		INIT_WORK(&peer->rx[class].work, sfs_queue_deliver_work);
	}
	INIT_WORK(&peer->send_work, sfs_queue_send_work);
}

/* Nothing is sent or delivered any more; the session is closed. */
void sfs_queue_stop(struct sfs_net_peer *peer)
{
	unsigned int class;

	cancel_work_sync(&peer->send_work);
	for (class = 0; class < SFS_NET_NR_CLASSES; class++)
		cancel_work_sync(&peer->rx[class].work);
}

void sfs_queue_exit(struct sfs_net_peer *peer)
{
	unsigned int class;

	for (class = 0; class < SFS_NET_NR_CLASSES; class++) {
		sfs_msgs_free(&peer->tx[class].queue);
		sfs_msgs_free(&peer->rx[class].queue);
	}
}
