// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endpoints: a mount's part in the network, datagrams, the clock.
 */
#include "net/net_priv.h"

void sfs_net_addr_print(const struct sfs_net_addr *addr, char *buf, u32 size)
{
	const u8 *a = addr->addr;

	if (addr->family == 4)
		snprintf(buf, size, "%u.%u.%u.%u:%u", a[0], a[1], a[2], a[3],
			 addr->port);
	else if (addr->family == 6)
		snprintf(buf, size,
			 "[%x:%x:%x:%x:%x:%x:%x:%x]:%u", a[0] << 8 | a[1],
			 a[2] << 8 | a[3], a[4] << 8 | a[5], a[6] << 8 | a[7],
			 a[8] << 8 | a[9], a[10] << 8 | a[11],
			 a[12] << 8 | a[13], a[14] << 8 | a[15], addr->port);
	else
		snprintf(buf, size, "-");
}
EXPORT_SYMBOL_GPL(sfs_net_addr_print);

/* ---- the clock ---------------------------------------------------------- */

/* The n-th session, referenced; NULL past the last. */
static struct sfs_net_peer *sfs_net_nth_peer(struct sfs_net *net,
					     unsigned int n)
{
	struct sfs_net_peer *peer, *found = NULL;

	spin_lock(&net->lock);
	list_for_each_entry(peer, &net->peers, link) {
		if (n--)
			continue;
		sfs_net_peer_get(peer);
		found = peer;
		break;
	}
	spin_unlock(&net->lock);
	return found;
}

static void sfs_net_tick_work(struct work_struct *work)
{
	struct sfs_net *net = container_of(to_delayed_work(work),
					   struct sfs_net, tick_work);
	struct sfs_net_peer *peer;
	unsigned int n;

	/* one that is passed over because another one ended gets the next tick */
	for (n = 0; (peer = sfs_net_nth_peer(net, n)) != NULL; n++) {
		sfs_peer_look(peer, ktime_get_ns());
		sfs_net_peer_put(peer);
	}
	sfs_conn_look(net, ktime_get_ns());
	queue_delayed_work(net->wq, &net->tick_work,
			   msecs_to_jiffies(SFS_NET_TICK_MS));
}

/* ---- life --------------------------------------------------------------- */

static struct sfs_net *sfs_net_alloc(const struct sfs_net_params *params)
{
	struct sfs_net *net = kzalloc(sizeof(*net), GFP_KERNEL);

	if (!net)
		return NULL;
	net->ops = params->ops;
	net->arg = params->arg;
	net->fsid = params->fsid;
	net->rid = params->rid;
	net->keepalive_ms = params->keepalive_ms;
	spin_lock_init(&net->lock);
	INIT_LIST_HEAD(&net->peers);
	INIT_LIST_HEAD(&net->conns);
	init_waitqueue_head(&net->wait);
	INIT_DELAYED_WORK(&net->tick_work, sfs_net_tick_work);
	net->wq = alloc_workqueue("scoutfs_net", WQ_UNBOUND | WQ_MEM_RECLAIM,
				  0);
	if (net->wq)
		return net;
	kfree(net);
	return NULL;
}

int sfs_net_create(const struct sfs_net_params *params, struct sfs_net **ret_net)
{
	struct sfs_net *net = sfs_net_alloc(params);
	int ret;

	if (!net)
		return -ENOMEM;
	ret = sfs_transport_get(params->transport, &net->transport);
	if (ret)
		goto err_free;
	/* whoever connects at once finds what it needs */
	*ret_net = net;
	ret = net->transport->open(net, &params->addr, params->keepalive_ms,
				   &net->tpriv);
	if (ret)
		goto err_transport;
	queue_delayed_work(net->wq, &net->tick_work,
			   msecs_to_jiffies(SFS_NET_TICK_MS));
	return 0;

err_transport:
	sfs_transport_put(net->transport);
err_free:
	*ret_net = NULL;
	destroy_workqueue(net->wq);
	kfree(net);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_net_create);

static bool sfs_net_is_quiet(struct sfs_net *net)
{
	bool is_quiet;

	spin_lock(&net->lock);
	is_quiet = list_empty(&net->peers) && list_empty(&net->conns);
	spin_unlock(&net->lock);
	return is_quiet;
}

static void sfs_net_end_conns(struct sfs_net *net)
{
	struct sfs_conn *conn, *found;

	do {
		found = NULL;
		spin_lock(&net->lock);
		list_for_each_entry(conn, &net->conns, link) {
			if (conn->is_released)
				continue;
			sfs_conn_get(conn);
			found = conn;
			break;
		}
		spin_unlock(&net->lock);
		if (found) {
			sfs_conn_end(found);
			sfs_conn_put(found);
		}
	} while (found);
}

void sfs_net_destroy(struct sfs_net *net)
{
	struct sfs_net_peer *peer;
	unsigned int n;

	spin_lock(&net->lock);
	net->is_leaving = true;
	spin_unlock(&net->lock);
	cancel_delayed_work_sync(&net->tick_work);
	for (n = 0; (peer = sfs_net_nth_peer(net, n)) != NULL; n++) {
		sfs_net_close(peer);
		sfs_net_peer_put(peer);
	}
	/* again and again: some may have been passed over */
	while (!sfs_net_is_quiet(net)) {
		peer = sfs_net_nth_peer(net, 0);
		if (peer) {
			sfs_net_close(peer);
			sfs_net_peer_put(peer);
		}
		sfs_net_end_conns(net);
		wait_event_timeout(net->wait, sfs_net_is_quiet(net),
				   msecs_to_jiffies(SFS_NET_TICK_MS));
	}
	net->transport->close(net->tpriv);
	/* what was accepted while it was being closed */
	sfs_net_end_conns(net);
	wait_event(net->wait, sfs_net_is_quiet(net));
	destroy_workqueue(net->wq);
	sfs_transport_put(net->transport);
	kfree(net);
}
EXPORT_SYMBOL_GPL(sfs_net_destroy);

/* ---- datagrams ---------------------------------------------------------- */

struct sfs_datagram_frame {
	struct sfs_frame_hdr hdr;
	u8 data[SFS_NET_DATAGRAM_MAX];
};

int sfs_net_send_datagram(struct sfs_net *net, const struct sfs_net_addr *addr,
			  u8 type, const void *data, u32 len)
{
	struct sfs_datagram_frame *frame;
	int ret;

	if (len > SFS_NET_DATAGRAM_MAX)
		return -EINVAL;
	frame = kzalloc(sizeof(*frame), GFP_NOFS);
	if (!frame)
		return -ENOMEM;
	frame->hdr.magic = cpu_to_le32(SFS_FRAME_MAGIC);
	frame->hdr.version = SFS_FRAME_VERSION;
	frame->hdr.fsid = cpu_to_le64(net->fsid);
	frame->hdr.rid = cpu_to_le64(net->rid);
	frame->hdr.kind = SFS_FRAME_DATAGRAM;
	frame->hdr.type = type;
	frame->hdr.len = cpu_to_le32(len);
	memcpy(frame->data, data, len);
	sfs_frame_seal(&frame->hdr);
	ret = net->transport->datagram(net->tpriv, addr, frame,
				       sizeof(frame->hdr) + len);
	kfree(frame);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_net_send_datagram);

void sfs_net_datagram_input(struct sfs_net *net,
			    const struct sfs_net_addr *from, const void *frame,
			    u32 len)
{
	const struct sfs_frame_hdr *hdr = frame;

	if (sfs_frame_check(hdr, len) || hdr->kind != SFS_FRAME_DATAGRAM) {
		atomic64_inc(&net->nr_bad_frames);
		return;
	}
	if (le64_to_cpu(hdr->fsid) != net->fsid) {
		atomic64_inc(&net->nr_foreign);
		return;
	}
	net->ops->datagram(net->arg, from, le64_to_cpu(hdr->rid), hdr->type,
			   hdr + 1, le32_to_cpu(hdr->len));
}
EXPORT_SYMBOL_GPL(sfs_net_datagram_input);

/* ---- for support -------------------------------------------------------- */

static void sfs_net_peer_info(struct sfs_net_peer *peer,
			      struct sfs_net_peer_info *info)
{
	struct sfs_net_msg *msg;
	unsigned int class;

	memset(info, 0, sizeof(*info));
	spin_lock(&peer->lock);
	info->rid = peer->rid;
	info->addr = peer->addr;
	info->is_up = peer->is_up;
	info->is_ours = peer->is_ours;
	info->nr_sent = peer->nr_sent;
	info->nr_received = peer->nr_received;
	info->nr_resent = peer->nr_resent;
	info->nr_connects = peer->nr_connects;
	info->bytes_sent = peer->bytes_sent;
	info->bytes_received = peer->bytes_received;
	for (class = 0; class < SFS_NET_NR_CLASSES; class++)
		list_for_each_entry(msg, &peer->tx[class].queue, link)
			info->nr_queued++;
	if (peer->heard_ns)
		info->silent_ms = div_u64(ktime_get_ns() - peer->heard_ns,
					  NSEC_PER_MSEC);
	spin_unlock(&peer->lock);
}

void sfs_net_visit_peers(struct sfs_net *net, sfs_net_peer_fn *fn, void *arg)
{
	struct sfs_net_peer_info info;
	struct sfs_net_peer *peer;

	spin_lock(&net->lock);
	list_for_each_entry(peer, &net->peers, link) {
		sfs_net_peer_info(peer, &info);
		if (!fn(arg, &info))
			break;
	}
	spin_unlock(&net->lock);
}
EXPORT_SYMBOL_GPL(sfs_net_visit_peers);

void sfs_net_stats(struct sfs_net *net, struct sfs_net_stats *stats)
{
	stats->nr_bad_frames = atomic64_read(&net->nr_bad_frames);
	stats->nr_foreign = atomic64_read(&net->nr_foreign);
	stats->nr_refused = atomic64_read(&net->nr_refused);
	stats->nr_protocol = atomic64_read(&net->nr_protocol);
}
EXPORT_SYMBOL_GPL(sfs_net_stats);
