// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams: one for each class and one for replies, apart from one another.
 *
 * What is sent stays in the queue until the other side says that it consumed
 * it, and is sent again on the next connection; numbers make the receiver take
 * each frame once and in order.  At most SFS_NET_CREDITS frames of a stream are
 * on their way or wait to be consumed, the rest waits at the sender: so a class
 * that is slow to consume stops neither the connection nor the other classes,
 * and no peer makes another one store much.
 */
#include "net/net_priv.h"

static void sfs_net_stream_rx_work(struct work_struct *work);

void sfs_net_stream_init(struct sfs_net_peer *peer)
{
	unsigned int i;

	for (i = 0; i < SFS_NR_STREAMS; i++) {
		struct sfs_net_stream *s = &peer->streams[i];

		s->peer = peer;
		INIT_LIST_HEAD(&s->queue);
		INIT_LIST_HEAD(&s->received);
		INIT_WORK(&s->rx_work, sfs_net_stream_rx_work);
	}
}

void sfs_net_stream_exit(struct sfs_net_peer *peer)
{
	unsigned int i;

	for (i = 0; i < SFS_NR_STREAMS; i++) {
		sfs_frame_put_list(&peer->streams[i].queue);
		sfs_frame_put_list(&peer->streams[i].received);
	}
}

static u64 sfs_frame_seq(const struct sfs_frame *frame)
{
	return le64_to_cpu(frame->hdr.seq);
}

/* ---- sending ---- */

static bool sfs_net_stream_has_credit(const struct sfs_net_stream *s, u64 seq)
{
	return seq - s->acked_seq <= SFS_NET_CREDITS;
}

/*
 * Takes over the frame.  Return: 0, -ENOTCONN; a droppable frame counts as sent
 * when it is dropped.
 */
int sfs_net_stream_queue(struct sfs_net_peer *peer, unsigned int nr,
			 struct sfs_frame *frame, unsigned int flags)
{
	struct sfs_net_stream *s = &peer->streams[nr];
	bool is_dropped = true;
	int ret = 0;

	frame->hdr.stream = nr;
	spin_lock(&peer->lock);
	if (peer->state >= SFS_PEER_CLOSING) {
		ret = -ENOTCONN;
	} else if (!(flags & SFS_NET_DROPPABLE) ||
		   (peer->info.is_up &&
		    sfs_net_stream_has_credit(s, s->queued_seq + 1))) {
		is_dropped = false;
		frame->hdr.seq = cpu_to_le64(++s->queued_seq);
		list_add_tail(&frame->list, &s->queue);
		if (!s->next)
			s->next = frame;
		peer->info.nr_sent++;
		sfs_net_peer_kick_tx_locked(peer);
	}
	spin_unlock(&peer->lock);
	if (is_dropped)
		sfs_frame_put(frame);
	return ret;
}

/* A new connection begins with the first frame that was not consumed. */
void sfs_net_stream_rewind_locked(struct sfs_net_peer *peer)
{
	unsigned int i;

	lockdep_assert_held(&peer->lock);
	for (i = 0; i < SFS_NR_STREAMS; i++) {
		struct sfs_net_stream *s = &peer->streams[i];

		s->next = list_first_entry_or_null(&s->queue, struct sfs_frame,
						   list);
	}
}

/* The next frame of the stream whose turn it is; nothing after an error. */
static bool sfs_net_stream_pick_locked(struct sfs_net_peer *peer,
				       struct sfs_frame **ret)
{
	struct sfs_net_stream *s;
	struct sfs_frame *frame;
	unsigned int i, nr;

	lockdep_assert_held(&peer->lock);
	if (peer->state >= SFS_PEER_CLOSING && peer->error)
		return false;
	for (i = 0; i < SFS_NR_STREAMS; i++) {
		nr = (peer->next_stream + i) % SFS_NR_STREAMS;
		s = &peer->streams[nr];
		frame = s->next;
		if (!frame || !sfs_net_stream_has_credit(s,
							 sfs_frame_seq(frame)))
			continue;
		peer->next_stream = nr + 1;
		s->next = list_is_last(&frame->list, &s->queue) ? NULL :
			  list_next_entry(frame, list);
		if (sfs_frame_seq(frame) <= s->sent_seq)
			peer->info.nr_resent++;
		else
			s->sent_seq = sfs_frame_seq(frame);
		sfs_frame_get(frame);
		*ret = frame;
		return true;
	}
	return false;
}

static bool sfs_net_stream_all_sent(const struct sfs_net_peer *peer)
{
	unsigned int i;

	for (i = 0; i < SFS_NR_STREAMS; i++)
		if (peer->streams[i].next)
			return false;
	return true;
}

/*
 * What a connection sends next: false is nothing; a header without a frame has
 * no payload.
 */
bool sfs_net_stream_next(struct sfs_net_peer *peer, struct sfs_net_conn *conn,
			 struct sfs_frame_hdr *hdr, struct sfs_frame **frame)
{
	bool is_over, is_some = true;

	*frame = NULL;
	memset(hdr, 0, sizeof(*hdr));
	spin_lock(&peer->lock);
	is_over = peer->state >= SFS_PEER_CLOSING;
	if (peer->conn != conn || conn->is_close_sent) {
		is_some = false;
	} else if (sfs_net_stream_pick_locked(peer, frame)) {
		*hdr = (*frame)->hdr;
	} else if (is_over &&
		   (peer->error || sfs_net_stream_all_sent(peer))) {
		conn->is_close_sent = true;
		hdr->kind = SFS_FRAME_CLOSE;
		hdr->status = cpu_to_le32(sfs_frame_status(peer->error));
	} else if (peer->need_ack) {
		hdr->kind = SFS_FRAME_ACK;
	} else {
		is_some = false;
	}
	if (is_some)
		sfs_net_peer_fill_hdr_locked(peer, hdr);
	spin_unlock(&peer->lock);
	return is_some;
}

static void sfs_net_stream_ack_one(struct sfs_net_stream *s, u64 acked,
				   struct list_head *done)
{
	struct sfs_frame *frame, *tmp;

	list_for_each_entry_safe(frame, tmp, &s->queue, list) {
		if (sfs_frame_seq(frame) > acked)
			break;
		if (s->next == frame)
			s->next = list_is_last(&frame->list, &s->queue) ?
				  NULL : tmp;
		list_move_tail(&frame->list, done);
	}
	s->acked_seq = acked;
}

/* Frames that were consumed go to @done.  NULL, or what is wrong. */
const char *sfs_net_stream_ack_locked(struct sfs_net_peer *peer,
				      const struct sfs_frame_hdr *hdr,
				      struct list_head *done)
{
	bool is_news = false;
	unsigned int i;

	lockdep_assert_held(&peer->lock);
	for (i = 0; i < SFS_NR_STREAMS; i++)
		if (le64_to_cpu(hdr->ack[i]) > peer->streams[i].sent_seq)
			return "ack of what was not sent";
	for (i = 0; i < SFS_NR_STREAMS; i++) {
		u64 acked = le64_to_cpu(hdr->ack[i]);

		/* a frame may have overtaken one of an older connection */
		if (acked <= peer->streams[i].acked_seq)
			continue;
		sfs_net_stream_ack_one(&peer->streams[i], acked, done);
		is_news = true;
	}
	if (is_news)
		sfs_net_peer_kick_tx_locked(peer);
	return NULL;
}

/* ---- receiving ---- */

static void sfs_net_stream_queue_rx_locked(struct sfs_net_stream *s)
{
	sfs_net_peer_get(s->peer);
	if (!queue_work(s->peer->net->wq, &s->rx_work))
		refcount_dec(&s->peer->refs);
}

void sfs_net_stream_kick_rx_locked(struct sfs_net_peer *peer)
{
	unsigned int i;

	lockdep_assert_held(&peer->lock);
	for (i = 0; i < SFS_NR_STREAMS; i++)
		if (!list_empty(&peer->streams[i].received))
			sfs_net_stream_queue_rx_locked(&peer->streams[i]);
}

bool sfs_net_stream_has_received(const struct sfs_net_peer *peer)
{
	unsigned int i;

	for (i = 0; i < SFS_NR_STREAMS; i++)
		if (!list_empty(&peer->streams[i].received))
			return true;
	return false;
}

void sfs_net_stream_consumed_locked(struct sfs_net_peer *peer, unsigned int nr)
{
	struct sfs_net_stream *s = &peer->streams[nr];

	lockdep_assert_held(&peer->lock);
	s->consumed_seq++;
	if (s->consumed_seq - s->told_seq >= SFS_NET_ACK_EVERY) {
		peer->need_ack = true;
		sfs_net_peer_kick_tx_locked(peer);
	}
}

/* NULL, or what is wrong; *is_new: a frame that was not there yet */
static const char *sfs_net_stream_take_locked(struct sfs_net_peer *peer,
					      struct sfs_frame *frame,
					      bool *is_new)
{
	struct sfs_net_stream *s = &peer->streams[frame->hdr.stream];
	u64 seq = sfs_frame_seq(frame);

	lockdep_assert_held(&peer->lock);
	if (seq <= s->received_seq)
		return NULL;
	if (seq != s->received_seq + 1)
		return "seq with a gap";
	if (seq - s->consumed_seq > SFS_NET_CREDITS)
		return "more frames than credits";
	s->received_seq = seq;
	peer->info.nr_received++;
	*is_new = true;
	if (frame->hdr.kind == SFS_FRAME_REPLY) {
		sfs_net_stream_consumed_locked(peer, SFS_STREAM_REPLY);
		return NULL;
	}
	sfs_frame_get(frame);
	list_add_tail(&frame->list, &s->received);
	if (peer->is_delivering)
		sfs_net_stream_queue_rx_locked(s);
	return NULL;
}

/**
 * sfs_net_stream_input() - a frame came for a session
 * @peer: session
 * @conn: its connection, or an old one, which is told to end
 * @frame: anything but a hello and its answer
 * @bad: set to what is wrong with the frame
 *
 * Return: 0, or -errno to end the connection.
 */
int sfs_net_stream_input(struct sfs_net_peer *peer, struct sfs_net_conn *conn,
			 struct sfs_frame *frame, const char **bad)
{
	const struct sfs_frame_hdr *hdr = &frame->hdr;
	bool is_new = false;
	int ret = 0;
	LIST_HEAD(done);

	spin_lock(&peer->lock);
	peer->last_rx_ns = ktime_get_ns();
	peer->info.bytes_received += sizeof(*hdr) + frame->len;
	if (peer->conn != conn) {
		ret = -ENOTCONN;
		goto out;
	}
	*bad = sfs_net_stream_ack_locked(peer, hdr, &done);
	if (*bad)
		goto out;
	if (hdr->kind == SFS_FRAME_CLOSE) {
		peer->is_drained = true;
		ret = sfs_frame_error(le32_to_cpu(hdr->status));
		sfs_net_peer_end_locked(peer, ret);
		ret = -ENOTCONN;
	} else if (hdr->kind != SFS_FRAME_ACK &&
		   peer->state < SFS_PEER_CLOSING) {
		*bad = sfs_net_stream_take_locked(peer, frame, &is_new);
	}
out:
	spin_unlock(&peer->lock);
	sfs_frame_put_list(&done);
	if (is_new && hdr->kind == SFS_FRAME_REPLY)
		sfs_net_call_reply(peer, frame);
	return ret;
}

/* The next one to deliver; *discard: it is too late for it. */
static struct sfs_frame *sfs_net_stream_deliver_locked(struct sfs_net_stream *s,
						       bool *discard)
{
	struct sfs_net_peer *peer = s->peer;
	bool is_over = peer->state >= SFS_PEER_CLOSING;
	struct sfs_frame *frame;

	lockdep_assert_held(&peer->lock);
	frame = list_first_entry_or_null(&s->received, struct sfs_frame, list);
	if (!frame)
		return NULL;
	*discard = is_over && (!peer->is_drained || peer->is_owner_done ||
			       !peer->is_delivering ||
			       frame->hdr.kind == SFS_FRAME_REQUEST);
	if (!is_over && !peer->is_delivering)
		return NULL;
	if (!is_over && frame->hdr.kind == SFS_FRAME_REQUEST &&
	    peer->nr_serving >= SFS_NET_MAX_SERVING)
		return NULL;
	list_del_init(&frame->list);
	peer->nr_busy++;
	if (!*discard && frame->hdr.kind == SFS_FRAME_REQUEST)
		peer->nr_serving++;
	return frame;
}

static void sfs_net_stream_rx_work(struct work_struct *work)
{
	struct sfs_net_stream *s = container_of(work, struct sfs_net_stream,
						rx_work);
	struct sfs_net_peer *peer = s->peer;
	struct sfs_net *net = peer->net;
	unsigned int nofs = memalloc_nofs_save();
	unsigned int nr = s - peer->streams;
	struct sfs_frame *frame;
	bool discard = false;
	int ret;

	spin_lock(&peer->lock);
	while ((frame = sfs_net_stream_deliver_locked(s, &discard))) {
		spin_unlock(&peer->lock);
		ret = 0;
		if (!discard && frame->hdr.kind == SFS_FRAME_REQUEST)
			sfs_net_call_serve(peer, frame);
		else if (!discard)
			ret = net->ops->receive(net->arg, peer, nr,
						frame->hdr.type, frame->data,
						frame->len);
		if (ret)
			sfs_net_peer_protocol(peer, "message",
					      frame->hdr.type, ret);
		sfs_frame_put(frame);
		cond_resched();
		spin_lock(&peer->lock);
		sfs_net_stream_consumed_locked(peer, nr);
		sfs_net_peer_leave_locked(peer);
	}
	spin_unlock(&peer->lock);
	sfs_net_peer_put(peer);
	memalloc_nofs_restore(nofs);
}

/* see net.h */
int sfs_net_send(struct sfs_net_peer *peer, enum sfs_net_class class, u8 type,
		 const void *data, u32 len, unsigned int flags)
{
	struct sfs_frame *frame;

	if (WARN_ON_ONCE(class >= SFS_NET_NR_CLASSES ||
			 class == SFS_NET_REQUEST || len > SFS_NET_PAYLOAD_MAX))
		return -EINVAL;
	frame = sfs_frame_alloc(len);
	frame->hdr.kind = SFS_FRAME_MESSAGE;
	frame->hdr.type = type;
	if (len)
		memcpy(frame->data, data, len);
	return sfs_net_stream_queue(peer, class, frame, flags);
}
EXPORT_SYMBOL_GPL(sfs_net_send);
