// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests and their replies.
 *
 * A request names itself by an id that its reply repeats.  Requests are served by
 * work items of their own, several at a time; each counts as consumed when its
 * reply is queued, so that the window bounds how many wait.
 */
#include "net/net_priv.h"

/* One that waits, on its caller's stack. */
struct sfs_net_call {
	struct completion done;
	void *reply;
	u32 reply_max;
	u32 reply_len;
	int result;
};

struct sfs_net_serving {
	struct work_struct work;
	struct sfs_net_peer *peer;
	struct sfs_net_msg *msg;
};

/* ---- asking ------------------------------------------------------------- */

static int sfs_call_enter(struct sfs_net_peer *peer, struct sfs_net_call *call,
			  u64 *id)
{
	int ret;

	spin_lock(&peer->lock);
	*id = ++peer->next_id;
	spin_unlock(&peer->lock);
	ret = xa_insert(&peer->calls, *id, call, GFP_NOFS | __GFP_NOFAIL);
	return ret;
}

/* Whoever takes it out of the table completes it. */
static bool sfs_call_leave(struct sfs_net_peer *peer, u64 id)
{
	return xa_erase(&peer->calls, id);
}

int sfs_net_call(struct sfs_net_peer *peer, u8 type, const void *req,
		 u32 req_len, void *reply, u32 reply_max, u32 *reply_len,
		 bool is_killable)
{
	struct sfs_net_call call = {
		.reply = reply,
		.reply_max = reply_max,
		.result = -ENOTCONN,
	};
	u64 id;
	int ret;

	init_completion(&call.done);
	ret = sfs_call_enter(peer, &call, &id);
	if (ret)
		return ret;
	ret = sfs_queue_add(peer, SFS_FRAME_REQUEST, SFS_NET_REQUEST, type, id,
			    req, req_len, 0);
	if (ret && sfs_call_leave(peer, id))
		return ret;
	if (is_killable && wait_for_completion_killable(&call.done)) {
		if (sfs_call_leave(peer, id))
			return -EINTR;
	}
	wait_for_completion(&call.done);
	*reply_len = call.reply_len;
	return call.result;
}
EXPORT_SYMBOL_GPL(sfs_net_call);

void sfs_call_fail_all(struct sfs_net_peer *peer)
{
	struct sfs_net_call *call;
	unsigned long id;

	xa_for_each(&peer->calls, id, call)
		if (sfs_call_leave(peer, id))
			complete(&call->done);
}

static int sfs_call_answered(struct sfs_net_peer *peer, struct sfs_net_msg *msg)
{
	struct sfs_net_call *call;
	u32 len = le32_to_cpu(msg->hdr.len);
	int ret = 0;

	/* NULL: given up by a task that was killed */
	call = xa_erase(&peer->calls, le64_to_cpu(msg->hdr.id));
	if (call && len > call->reply_max) {
		call->result = -EPROTO;
		ret = -EPROTO;
	} else if (call) {
		if (len)
			memcpy(call->reply, msg->payload, len);
		call->reply_len = len;
		call->result = 0;
	}
	if (call)
		complete(&call->done);
	kfree(msg);
	sfs_queue_consumed(peer, SFS_NET_REQUEST);
	return ret;
}

/* ---- serving ------------------------------------------------------------ */

static void sfs_call_serve_work(struct work_struct *work)
{
	struct sfs_net_serving *sv = container_of(work, struct sfs_net_serving,
						  work);
	struct sfs_net_peer *peer = sv->peer;
	struct sfs_net *net = peer->net;
	void *reply = kmalloc(SFS_NET_PAYLOAD_MAX, GFP_NOFS | __GFP_NOFAIL);
	u32 len = 0;
	int ret = -ENOTCONN;

	if (READ_ONCE(peer->state) == SFS_PEER_OPEN)
		ret = net->ops->serve(net->arg, peer, sv->msg->hdr.type,
				      sv->msg->payload,
				      le32_to_cpu(sv->msg->hdr.len), reply,
				      &len);
	if (!ret)
		sfs_queue_add(peer, SFS_FRAME_REPLY, SFS_NET_REQUEST,
			      sv->msg->hdr.type, le64_to_cpu(sv->msg->hdr.id),
			      reply, len, 0);
	sfs_queue_consumed(peer, SFS_NET_REQUEST);
	if (ret == -EPROTO) {
		atomic64_inc(&net->nr_protocol);
		sfs_peer_close(peer, -EPROTO, false);
	}
	kfree(reply);
	kfree(sv->msg);
	kfree(sv);
	if (atomic_dec_and_test(&peer->nr_serving))
		wake_up_all(&peer->wait);
	sfs_net_peer_put(peer);
}

int sfs_call_input(struct sfs_net_peer *peer, struct sfs_net_msg *msg)
{
	struct sfs_net_serving *sv;

	if (msg->hdr.kind == SFS_FRAME_REPLY)
		return sfs_call_answered(peer, msg);
	sv = kmalloc(sizeof(*sv), GFP_NOFS | __GFP_NOFAIL);
	INIT_WORK(&sv->work, sfs_call_serve_work);
	sfs_net_peer_get(peer);
	sv->peer = peer;
	sv->msg = msg;
	atomic_inc(&peer->nr_serving);
	queue_work(peer->net->wq, &sv->work);
	return 0;
}
