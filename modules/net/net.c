// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endpoints: what all sessions and connections of a mount share.
 *
 * A connection that says hello finds its session here.  A mount has one session
 * with us that it asked for: a newer one ends the older ones, and its accept()
 * waits until their closed() has returned.
 */
#include "net/net_priv.h"

void sfs_net_count(struct sfs_net *net, u64 *counter)
{
	spin_lock(&net->lock);
	(*counter)++;
	spin_unlock(&net->lock);
}

void sfs_net_addr_print(const struct sfs_net_addr *addr, char *buf, u32 size)
{
	const u8 *a = addr->addr;

	if (addr->family == 4)
		scnprintf(buf, size, "%u.%u.%u.%u:%u", a[0], a[1], a[2], a[3],
			  addr->port);
	else if (addr->family == 6)
		scnprintf(buf, size,
			  "[%x:%x:%x:%x:%x:%x:%x:%x]:%u",
			  a[0] << 8 | a[1], a[2] << 8 | a[3],
			  a[4] << 8 | a[5], a[6] << 8 | a[7],
			  a[8] << 8 | a[9], a[10] << 8 | a[11],
			  a[12] << 8 | a[13], a[14] << 8 | a[15], addr->port);
	else if (addr->family == SFS_FAMILY_VSOCK)
		scnprintf(buf, size, "vsock:%u:%u", get_unaligned_be32(a),
			  addr->port);
	else
		scnprintf(buf, size, "-");
}
EXPORT_SYMBOL_GPL(sfs_net_addr_print);

/* A connection that did not get to be a session's. */
void sfs_net_refused(struct sfs_net *net, const struct sfs_net_addr *from,
		     const char *why)
{
	char name[SFS_NET_ADDR_TEXT];

	sfs_net_addr_print(from, name, sizeof(name));
	sfs_net_count(net, &net->stats.nr_refused);
	pr_warn_ratelimited("scoutfs: fsid %016llx: connection from %s dropped: %s\n",
			    net->fsid, name, why);
}

/* @error: -EXDEV: of another volume, else @bad says what is wrong */
void sfs_net_bad_frame(struct sfs_net *net, const struct sfs_net_addr *from,
		       int error, const char *bad)
{
	char name[SFS_NET_ADDR_TEXT];

	sfs_net_addr_print(from, name, sizeof(name));
	if (error == -EXDEV) {
		sfs_net_count(net, &net->stats.nr_foreign);
		pr_warn_ratelimited("scoutfs: fsid %016llx: frame of another volume from %s\n",
				    net->fsid, name);
	} else {
		sfs_net_count(net, &net->stats.nr_bad_frames);
		pr_warn_ratelimited("scoutfs: fsid %016llx: bad frame from %s: %s\n",
				    net->fsid, name, bad);
	}
}

/* ---- hello ---- */

/* Lists hold sessions without a reference of the finder's: take one. */
static struct sfs_net_peer *sfs_net_find_locked(struct sfs_net *net, u64 rid,
						u64 session, bool *has_newer)
{
	struct sfs_net_peer *peer;

	lockdep_assert_held(&net->lock);
	list_for_each_entry(peer, &net->peers, entry) {
		if (peer->is_ours || peer->rid != rid ||
		    sfs_net_peer_is_over(peer))
			continue;
		if (peer->session == session) {
			sfs_net_peer_get(peer);
			return peer;
		}
		if (peer->session > session)
			*has_newer = true;
	}
	return NULL;
}

/* An older session of the same mount that is not over, referenced. */
static struct sfs_net_peer *sfs_net_find_older(struct sfs_net_peer *than)
{
	struct sfs_net *net = than->net;
	struct sfs_net_peer *peer, *found = NULL;

	spin_lock(&net->lock);
	list_for_each_entry(peer, &net->peers, entry) {
		if (peer->is_ours || peer->rid != than->rid ||
		    peer->session >= than->session ||
		    sfs_net_peer_is_over(peer))
			continue;
		sfs_net_peer_get(peer);
		found = peer;
		break;
	}
	spin_unlock(&net->lock);
	return found;
}

/* Is there another session of the same mount whose closed() is to come? */
bool sfs_net_must_wait(struct sfs_net_peer *peer)
{
	struct sfs_net *net = peer->net;
	struct sfs_net_peer *other;
	bool must_wait = false;

	spin_lock(&net->lock);
	list_for_each_entry(other, &net->peers, entry)
		if (other != peer && !other->is_ours &&
		    other->rid == peer->rid &&
		    other->session <= peer->session)
			must_wait = true;
	spin_unlock(&net->lock);
	return must_wait;
}

/* A session of @rid is over; others may wait for that. */
void sfs_net_kick_waiting(struct sfs_net *net, u64 rid)
{
	struct sfs_net_peer *peer;

	spin_lock(&net->lock);
	list_for_each_entry(peer, &net->peers, entry)
		if (!peer->is_ours && peer->rid == rid)
			sfs_net_peer_kick_ctl(peer);
	spin_unlock(&net->lock);
}

/* The session is off the list and lives on for its owner alone. */
void sfs_net_forget_peer(struct sfs_net_peer *peer)
{
	struct sfs_net *net = peer->net;

	spin_lock(&net->lock);
	list_del_init(&peer->entry);
	wake_up_all(&net->wait);
	spin_unlock(&net->lock);
	sfs_net_peer_put(peer);
}

/* The session of a hello, made when there is none; referenced. */
static struct sfs_net_peer *sfs_net_find_or_add(struct sfs_net *net,
						struct sfs_net_peer *new,
						u64 rid, u64 session,
						int *error)
{
	struct sfs_net_peer *peer;
	bool has_newer = false;

	spin_lock(&net->lock);
	peer = sfs_net_find_locked(net, rid, session, &has_newer);
	if (net->is_ending) {
		*error = -ESHUTDOWN;
	} else if (!peer && (has_newer || !new)) {
		*error = -ESTALE;
	} else if (!peer) {
		sfs_net_peer_get(new);	/* the list's */
		list_add_tail(&new->entry, &net->peers);
		sfs_net_peer_get(new);	/* the caller's */
		peer = new;
	}
	spin_unlock(&net->lock);
	if (*error && peer) {
		sfs_net_peer_put(peer);
		peer = NULL;
	}
	return peer;
}

/**
 * sfs_net_greet() - a connection said hello
 * @net: endpoint
 * @conn: connection that was accepted
 * @hello: what it said, checked
 * @error: set when there is no session for it
 *
 * Return: the session, referenced, or NULL.
 */
struct sfs_net_peer *sfs_net_greet(struct sfs_net *net,
				   struct sfs_net_conn *conn,
				   const struct sfs_frame *hello, int *error)
{
	u64 rid = le64_to_cpu(hello->hdr.rid);
	u64 session = le64_to_cpu(hello->hdr.session);
	bool is_resume = le32_to_cpu(hello->hdr.flags) & SFS_FRAME_RESUME;
	struct sfs_net_peer *peer, *older, *new = NULL;

	*error = 0;
	if (!is_resume) {
		new = sfs_net_peer_create(net, false, hello->data, hello->len);
		if (!new) {
			*error = -ENOMEM;
			return NULL;
		}
		new->rid = rid;
		new->session = session;
		new->addr = conn->addr;
	}
	peer = sfs_net_find_or_add(net, new, rid, session, error);
	if (peer && peer == new) {
		while ((older = sfs_net_find_older(peer))) {
			sfs_net_peer_abort(older, -ECONNRESET);
			sfs_net_peer_put(older);
		}
	}
	if (new)
		sfs_net_peer_put(new);
	return peer;
}

/* see net.h */
struct sfs_net_peer *sfs_net_connect(struct sfs_net *net,
				     const struct sfs_net_addr *addr,
				     const void *hello, u32 hello_len,
				     unsigned int give_up_ms, void *priv)
{
	struct sfs_net_peer *peer;
	bool is_ending;

	if (WARN_ON_ONCE(hello_len > SFS_NET_HELLO_MAX))
		return ERR_PTR(-EINVAL);
	peer = sfs_net_peer_create(net, true, hello, hello_len);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	peer->addr = *addr;
	peer->is_self = !addr->family;
	peer->give_up_ms = give_up_ms;
	peer->priv = priv;

	spin_lock(&net->lock);
	is_ending = net->is_ending;
	if (!is_ending) {
		peer->session = net->next_session++;
		sfs_net_peer_get(peer);
		list_add_tail(&peer->entry, &net->peers);
	}
	spin_unlock(&net->lock);
	if (is_ending) {
		sfs_net_peer_put(peer);
		return ERR_PTR(-ESHUTDOWN);
	}
	sfs_net_peer_start(peer);
	return peer;
}
EXPORT_SYMBOL_GPL(sfs_net_connect);

/* ---- datagrams ---- */

void sfs_net_datagram(struct sfs_net *net, const struct sfs_net_addr *from,
		      const void *data, u32 len)
{
	struct sfs_frame *frame;
	const char *bad = NULL;
	int error = -EBADMSG;

	if (len < sizeof(frame->hdr) ||
	    len - sizeof(frame->hdr) > SFS_NET_DATAGRAM_MAX) {
		sfs_net_bad_frame(net, from, error, "length");
		return;
	}
	len -= sizeof(frame->hdr);
	frame = sfs_frame_alloc(len);
	memcpy(&frame->hdr, data, sizeof(frame->hdr));
	memcpy(frame->data, data + sizeof(frame->hdr), len);
	bad = sfs_frame_check(&frame->hdr, frame->data, len);
	if (!bad && frame->hdr.kind != SFS_FRAME_DATAGRAM)
		bad = "kind";
	if (!bad && le64_to_cpu(frame->hdr.fsid) != net->fsid)
		error = -EXDEV;
	if (bad || error == -EXDEV)
		sfs_net_bad_frame(net, from, error, bad);
	else
		net->ops->datagram(net->arg, from,
				   le64_to_cpu(frame->hdr.rid),
				   frame->hdr.type, frame->data, len);
	sfs_frame_put(frame);
}

/* see net.h */
int sfs_net_send_datagram(struct sfs_net *net, const struct sfs_net_addr *addr,
			  u8 type, const void *data, u32 len)
{
	const struct sfs_transport_ops *transport = net->transport;
	struct sfs_frame *frame;
	int ret;

	if (WARN_ON_ONCE(len > SFS_NET_DATAGRAM_MAX))
		return -EMSGSIZE;
	frame = sfs_frame_alloc(len);
	frame->hdr.fsid = cpu_to_le64(net->fsid);
	frame->hdr.rid = cpu_to_le64(net->rid);
	frame->hdr.kind = SFS_FRAME_DATAGRAM;
	frame->hdr.type = type;
	if (len)
		memcpy(frame->data, data, len);
	sfs_frame_seal(&frame->hdr, frame->data);
	if (transport->send_datagram)
		ret = transport->send_datagram(net->ep, addr, &frame->hdr,
					       sizeof(frame->hdr) + len);
	else
		ret = sfs_net_conn_send_datagram(net, addr, frame);
	sfs_frame_put(frame);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_net_send_datagram);

/* ---- beginning and end ---- */

static int sfs_net_open(struct sfs_net *net, const char *transport)
{
	struct sfs_transport_params params = {
		.addr = net->addr,
		.fsid = net->fsid,
		.keepalive_ms = net->keepalive_ms,
		.datagram_max = sizeof(struct sfs_frame_hdr) +
				SFS_NET_DATAGRAM_MAX,
		.user = &sfs_net_conn_user,
		.arg = net,
		.wq = net->wq,
	};
	int ret;

	ret = sfs_transport_get(transport, &net->transport);
	if (ret)
		return ret;
	ret = net->transport->open(&params, &net->ep);
	if (ret)
		sfs_transport_put(net->transport);
	return ret;
}

/* see net.h */
int sfs_net_create(const struct sfs_net_params *params, struct sfs_net **ret)
{
	struct sfs_net *net = kzalloc(sizeof(*net), GFP_KERNEL);
	int error = -ENOMEM;

	*ret = NULL;
	if (!net)
		return -ENOMEM;
	net->ops = params->ops;
	net->arg = params->arg;
	net->fsid = params->fsid;
	net->rid = params->rid;
	net->keepalive_ms = max_t(unsigned int, params->keepalive_ms,
				  SFS_NET_KEEPALIVE_MIN_MS);
	net->addr = params->addr;
	spin_lock_init(&net->lock);
	INIT_LIST_HEAD(&net->peers);
	INIT_LIST_HEAD(&net->conns);
	/* newer sessions have higher numbers, also after a restart */
	net->next_session = ktime_get_real_ns() | 1;
	INIT_DELAYED_WORK(&net->reap_work, sfs_net_reap_work);
	init_waitqueue_head(&net->wait);
	net->wq = alloc_workqueue("scoutfs_net", WQ_UNBOUND | WQ_MEM_RECLAIM,
				  0);
	if (!net->wq)
		goto err_free;
	net->serve_wq = alloc_workqueue("scoutfs_serve",
					WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!net->serve_wq)
		goto err_wq;
	*ret = net;	/* callbacks may come before open() returns */
	error = sfs_net_open(net, params->transport);
	if (error)
		goto err_serve;
	return 0;

err_serve:
	destroy_workqueue(net->serve_wq);
err_wq:
	destroy_workqueue(net->wq);
err_free:
	*ret = NULL;
	kfree(net);
	return error;
}
EXPORT_SYMBOL_GPL(sfs_net_create);

/* A session whose owner has not closed it, or a connection without one. */
static bool sfs_net_end_next(struct sfs_net *net)
{
	struct sfs_net_peer *peer, *found = NULL;
	struct sfs_net_conn *conn;

	spin_lock(&net->lock);
	net->is_ending = true;
	list_for_each_entry(peer, &net->peers, entry) {
		if (READ_ONCE(peer->is_owner_done))
			continue;
		sfs_net_peer_get(peer);
		found = peer;
		break;
	}
	list_for_each_entry(conn, &net->conns, entry)
		if (!READ_ONCE(conn->peer))
			sfs_net_conn_expire(conn, 0);
	spin_unlock(&net->lock);
	if (!found)
		return false;
	sfs_net_close(found);
	sfs_net_peer_put(found);
	return true;
}

static bool sfs_net_is_empty(struct sfs_net *net)
{
	bool is_empty;

	spin_lock(&net->lock);
	is_empty = list_empty(&net->peers) && list_empty(&net->conns);
	spin_unlock(&net->lock);
	return is_empty;
}

/* see net.h */
void sfs_net_destroy(struct sfs_net *net)
{
	while (sfs_net_end_next(net))
		;
	wait_event(net->wait, sfs_net_is_empty(net));
	net->transport->close(net->ep);
	cancel_delayed_work_sync(&net->reap_work);
	destroy_workqueue(net->serve_wq);
	destroy_workqueue(net->wq);
	sfs_transport_put(net->transport);
	kfree(net);
}
EXPORT_SYMBOL_GPL(sfs_net_destroy);

/* ---- for support ---- */

/* see net.h */
void sfs_net_visit_peers(struct sfs_net *net, sfs_net_peer_fn *fn, void *arg)
{
	struct sfs_net_peer_info info;
	struct sfs_net_peer *peer;

	spin_lock(&net->lock);
	list_for_each_entry(peer, &net->peers, entry) {
		sfs_net_peer_info(peer, &info);
		if (!fn(arg, &info))
			break;
	}
	spin_unlock(&net->lock);
}
EXPORT_SYMBOL_GPL(sfs_net_visit_peers);

/* see net.h */
void sfs_net_stats(struct sfs_net *net, struct sfs_net_stats *stats)
{
	spin_lock(&net->lock);
	*stats = net->stats;
	spin_unlock(&net->lock);
}
EXPORT_SYMBOL_GPL(sfs_net_stats);
