// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls: requests that wait for their reply, and how they are served.
 *
 * Replies have a stream of their own and are consumed as they come, so that two
 * mounts that call each other, each with all its servers waiting, get them.
 */
#include "net/net_priv.h"

struct sfs_net_call {
	struct list_head entry;		/* peer->lock, like the rest */
	u64 id;
	void *reply;
	u32 reply_max;
	u32 reply_len;
	int error;
	bool is_done;			/* and off the list */
	struct completion done;
};

struct sfs_net_serve {
	struct work_struct work;
	struct sfs_net_peer *peer;
	struct sfs_frame *request;
};

static void sfs_net_call_end_locked(struct sfs_net_call *call, int error)
{
	list_del_init(&call->entry);
	call->error = error;
	call->is_done = true;
	complete(&call->done);
}

/* The session is over. */
void sfs_net_call_fail_locked(struct sfs_net_peer *peer)
{
	struct sfs_net_call *call, *next;

	lockdep_assert_held(&peer->lock);
	list_for_each_entry_safe(call, next, &peer->calls, entry)
		sfs_net_call_end_locked(call, -ENOTCONN);
}

/* A reply came; nobody waits for it when its caller was killed. */
void sfs_net_call_reply(struct sfs_net_peer *peer, struct sfs_frame *frame)
{
	struct sfs_net_call *call;
	bool is_bad = false;

	spin_lock(&peer->lock);
	list_for_each_entry(call, &peer->calls, entry) {
		if (call->id != le64_to_cpu(frame->hdr.request))
			continue;
		is_bad = frame->len > call->reply_max;
		if (!is_bad) {
			if (frame->len)
				memcpy(call->reply, frame->data, frame->len);
			call->reply_len = frame->len;
		}
		sfs_net_call_end_locked(call, is_bad ? -EPROTO : 0);
		break;
	}
	spin_unlock(&peer->lock);
	if (is_bad)
		sfs_net_peer_protocol(peer, "reply", frame->hdr.type, -EPROTO);
}

static int sfs_net_call_wait(struct sfs_net_peer *peer,
			     struct sfs_net_call *call, bool is_killable)
{
	bool is_killed = false;

	if (is_killable)
		is_killed = wait_for_completion_killable(&call->done) != 0;
	else
		wait_for_completion(&call->done);
	/* the lock also waits for whoever completed it to let go of it */
	spin_lock(&peer->lock);
	if (is_killed && !call->is_done)
		sfs_net_call_end_locked(call, -EINTR);
	spin_unlock(&peer->lock);
	return call->error;
}

/* see net.h */
int sfs_net_call(struct sfs_net_peer *peer, u8 type, const void *req,
		 u32 req_len, void *reply, u32 reply_max, u32 *reply_len,
		 bool is_killable)
{
	struct sfs_net_call call = {
		.reply = reply,
		.reply_max = reply_max,
	};
	struct sfs_frame *frame;
	int ret;

	if (WARN_ON_ONCE(req_len > SFS_NET_PAYLOAD_MAX))
		return -EINVAL;
	init_completion(&call.done);
	frame = sfs_frame_alloc(req_len);
	frame->hdr.kind = SFS_FRAME_REQUEST;
	frame->hdr.type = type;
	if (req_len)
		memcpy(frame->data, req, req_len);

	spin_lock(&peer->lock);
	call.id = ++peer->next_request;
	frame->hdr.request = cpu_to_le64(call.id);
	list_add_tail(&call.entry, &peer->calls);
	if (peer->state >= SFS_PEER_CLOSING)
		sfs_net_call_end_locked(&call, -ENOTCONN);
	spin_unlock(&peer->lock);

	/* when the session is over by now, the call has failed already */
	sfs_net_stream_queue(peer, SFS_NET_REQUEST, frame, 0);
	ret = sfs_net_call_wait(peer, &call, is_killable);
	*reply_len = call.reply_len;
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_net_call);

/* ---- serving ---- */

static void sfs_net_serve_done(struct sfs_net_peer *peer)
{
	spin_lock(&peer->lock);
	peer->nr_serving--;
	sfs_net_stream_kick_rx_locked(peer);
	sfs_net_peer_leave_locked(peer);
	spin_unlock(&peer->lock);
}

/* The owner's answer in @room; a request may be repeated (I5), so also here. */
static int sfs_net_serve_one(struct sfs_net_peer *peer,
			     const struct sfs_frame *req,
			     struct sfs_frame *room, u32 *len)
{
	struct sfs_net *net = peer->net;
	int ret = -ENOMEM;

	while (ret == -ENOMEM && !sfs_net_peer_is_over(peer)) {
		*len = 0;
		ret = net->ops->serve(net->arg, peer, req->hdr.type, req->data,
				      req->len, room->data, len);
		if (ret == -ENOMEM)
			schedule_timeout_uninterruptible(1);
	}
	if (WARN_ON_ONCE(!ret && *len > SFS_NET_PAYLOAD_MAX))
		ret = -EPROTO;
	return ret == -ENOMEM ? -ENOTCONN : ret;
}

static void sfs_net_serve_work(struct work_struct *work)
{
	struct sfs_net_serve *serve = container_of(work, struct sfs_net_serve,
						   work);
	struct sfs_net_peer *peer = serve->peer;
	struct sfs_frame *req = serve->request;
	unsigned int nofs = memalloc_nofs_save();
	struct sfs_frame *room, *reply;
	u32 len;
	int ret;

	/* a frame of its own for the room, a frame that fits for the queue */
	room = sfs_frame_alloc(SFS_NET_PAYLOAD_MAX);
	ret = sfs_net_serve_one(peer, req, room, &len);
	if (!ret) {
		reply = sfs_frame_alloc(len);
		reply->hdr.kind = SFS_FRAME_REPLY;
		reply->hdr.request = req->hdr.request;
		memcpy(reply->data, room->data, len);
		sfs_net_stream_queue(peer, SFS_STREAM_REPLY, reply, 0);
	} else if (ret != -ENOTCONN) {
		sfs_net_peer_protocol(peer, "request", req->hdr.type, ret);
	}
	sfs_frame_put(room);
	sfs_frame_put(req);
	sfs_net_serve_done(peer);
	sfs_net_peer_put(peer);
	kfree(serve);
	memalloc_nofs_restore(nofs);
}

/* nr_serving counts it already. */
void sfs_net_call_serve(struct sfs_net_peer *peer, struct sfs_frame *frame)
{
	struct sfs_net_serve *serve;

	serve = kmalloc(sizeof(*serve), GFP_NOFS | __GFP_NOFAIL);
	INIT_WORK(&serve->work, sfs_net_serve_work);
	serve->peer = peer;
	serve->request = frame;
	sfs_net_peer_get(peer);
	sfs_frame_get(frame);
	spin_lock(&peer->lock);
	peer->nr_busy++;
	spin_unlock(&peer->lock);
	queue_work(peer->net->serve_wq, &serve->work);
}
