// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transport "loop": mounts of one kernel, without sockets.
 *
 * Two connections are each other's other end; what is sent on one is copied into
 * the other one's queue, which a work item empties.  The net layer uses it for
 * sessions of a mount with itself, whatever its transport is.
 */
#include "net/net_priv.h"

struct sfs_loop_endpoint {
	struct list_head link;		/* sfs_loop_endpoints */
	struct sfs_net *net;
	struct sfs_net_addr addr;
};

struct sfs_loop_frame {
	struct list_head link;
	u32 len;
	u8 data[] __aligned(8);
};

/* One end; each refers to the other. */
struct sfs_loop_end {
	refcount_t refs;
	spinlock_t lock;		/* queue, the two flags */
	struct list_head queue;
	bool is_down;			/* the twin sends nothing any more */
	bool is_dead;			/* nobody listens here any more */
	struct sfs_conn *conn;		/* until it is released */
	struct sfs_loop_end *twin;	/* referenced */
	struct work_struct work;
};

static DEFINE_MUTEX(sfs_loop_lock);	/* the list */
static LIST_HEAD(sfs_loop_endpoints);

/* ---- ends --------------------------------------------------------------- */

static void sfs_loop_end_put(struct sfs_loop_end *end)
{
	struct sfs_loop_frame *frame, *next;

	if (!refcount_dec_and_test(&end->refs))
		return;
	list_for_each_entry_safe(frame, next, &end->queue, link)
		kfree(frame);
	kfree(end);
}

/* NULL: there is none now; *is_over: and none will come. */
static struct sfs_loop_frame *sfs_loop_next(struct sfs_loop_end *end,
					    bool *is_over)
{
	struct sfs_loop_frame *frame = NULL;

	spin_lock(&end->lock);
	if (!end->is_dead)
		frame = list_first_entry_or_null(&end->queue,
						 struct sfs_loop_frame, link);
	if (frame)
		list_del(&frame->link);
	*is_over = !frame && (end->is_down || end->is_dead);
	spin_unlock(&end->lock);
	return frame;
}

static void sfs_loop_work(struct work_struct *work)
{
	struct sfs_loop_end *end = container_of(work, struct sfs_loop_end,
						work);
	struct sfs_loop_frame *frame;
	bool is_over = false;
	int ret = 0;

	while (!ret && (frame = sfs_loop_next(end, &is_over)) != NULL) {
		ret = sfs_conn_input(end->conn, frame->data, frame->len);
		kfree(frame);
	}
	if (is_over || ret)
		sfs_conn_lost(end->conn, ret ?: -ENOTCONN);
}

static struct sfs_loop_end *sfs_loop_end_create(void)
{
	struct sfs_loop_end *end = kzalloc(sizeof(*end), GFP_NOFS);

	if (!end)
		return NULL;
	refcount_set(&end->refs, 1);
	spin_lock_init(&end->lock);
	INIT_LIST_HEAD(&end->queue);
	INIT_WORK(&end->work, sfs_loop_work);
	return end;
}

/* ---- endpoints ---------------------------------------------------------- */

static bool sfs_loop_addr_is(const struct sfs_net_addr *a,
			     const struct sfs_net_addr *b)
{
	return a->family == b->family && a->port == b->port &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr));
}

static struct sfs_loop_endpoint *
sfs_loop_find_locked(u64 fsid, const struct sfs_net_addr *addr)
{
	struct sfs_loop_endpoint *ep;

	list_for_each_entry(ep, &sfs_loop_endpoints, link)
		if (ep->net->fsid == fsid && sfs_loop_addr_is(&ep->addr, addr))
			return ep;
	return NULL;
}

static int sfs_loop_open(struct sfs_net *net, const struct sfs_net_addr *addr,
			 unsigned int keepalive_ms, void **priv)
{
	struct sfs_loop_endpoint *ep = kzalloc(sizeof(*ep), GFP_KERNEL);
	int ret = 0;

	if (!ep)
		return -ENOMEM;
	ep->net = net;
	ep->addr = *addr;
	mutex_lock(&sfs_loop_lock);
	if (addr->family && sfs_loop_find_locked(net->fsid, addr))
		ret = -EADDRINUSE;
	else
		list_add_tail(&ep->link, &sfs_loop_endpoints);
	mutex_unlock(&sfs_loop_lock);
	if (ret)
		kfree(ep);
	else
		*priv = ep;
	return ret;
}

static void sfs_loop_close(void *priv)
{
	struct sfs_loop_endpoint *ep = priv;

	mutex_lock(&sfs_loop_lock);
	list_del(&ep->link);
	mutex_unlock(&sfs_loop_lock);
	kfree(ep);
}

/* ---- connections -------------------------------------------------------- */

/* Both ends, or nothing. */
static int sfs_loop_join(struct sfs_conn *conn, struct sfs_net *other,
			 const struct sfs_net_addr *from)
{
	struct sfs_loop_end *near = sfs_loop_end_create();
	struct sfs_loop_end *far = sfs_loop_end_create();

	if (!near || !far)
		goto err;
	near->twin = far;
	far->twin = near;
	refcount_inc(&near->refs);
	refcount_inc(&far->refs);
	far->conn = sfs_conn_accept(other, from, far);
	if (!far->conn) {
		refcount_dec(&near->refs);
		refcount_dec(&far->refs);
		goto err;
	}
	near->conn = conn;
	sfs_conn_set_priv(conn, near);
	return 0;

err:
	kfree(near);
	kfree(far);
	return far && near ? -ECONNREFUSED : -ENOMEM;
}

/* @priv: an endpoint, or for family 0 the net itself. */
static int sfs_loop_connect(void *priv, const struct sfs_net_addr *addr,
			    struct sfs_conn *conn)
{
	struct sfs_net_addr self = { 0 };
	struct sfs_loop_endpoint *ep = priv, *to;
	int ret = -ECONNREFUSED;

	if (!addr->family)
		return sfs_loop_join(conn, priv, &self);
	mutex_lock(&sfs_loop_lock);
	to = sfs_loop_find_locked(ep->net->fsid, addr);
	/* who listens nowhere is known by where it went */
	if (to)
		ret = sfs_loop_join(conn, to->net,
				    ep->addr.family ? &ep->addr : addr);
	mutex_unlock(&sfs_loop_lock);
	return ret;
}

static int sfs_loop_send(struct sfs_conn *conn, const void *data, u32 len)
{
	struct sfs_loop_end *near = sfs_conn_priv(conn);
	struct sfs_loop_end *far = near->twin;
	struct sfs_loop_frame *frame;
	bool is_down;

	frame = kmalloc(sizeof(*frame) + len, GFP_NOFS);
	if (!frame)
		return -ENOMEM;
	frame->len = len;
	memcpy(frame->data, data, len);
	spin_lock(&far->lock);
	is_down = far->is_down || far->is_dead;
	if (!is_down) {
		list_add_tail(&frame->link, &far->queue);
		/* under the lock: release() waits for it once it is dead */
		queue_work(system_unbound_wq, &far->work);
	}
	spin_unlock(&far->lock);
	if (is_down)
		kfree(frame);
	return is_down ? -ENOTCONN : 0;
}

static void sfs_loop_shutdown(struct sfs_conn *conn)
{
	struct sfs_loop_end *near = sfs_conn_priv(conn);

	if (!near)
		return;
	spin_lock(&near->lock);
	near->is_dead = true;
	spin_unlock(&near->lock);
	/* what was sent before is still delivered there */
	spin_lock(&near->twin->lock);
	near->twin->is_down = true;
	if (!near->twin->is_dead)
		queue_work(system_unbound_wq, &near->twin->work);
	spin_unlock(&near->twin->lock);
}

static void sfs_loop_release(struct sfs_conn *conn)
{
	struct sfs_loop_end *near = sfs_conn_priv(conn);

	if (!near)
		return;
	cancel_work_sync(&near->work);
	sfs_conn_set_priv(conn, NULL);
	sfs_loop_end_put(near->twin);
	sfs_loop_end_put(near);
}

static int sfs_loop_datagram(void *priv, const struct sfs_net_addr *addr,
			     const void *frame, u32 len)
{
	struct sfs_loop_endpoint *ep = priv, *to;
	int ret = -ECONNREFUSED;

	mutex_lock(&sfs_loop_lock);
	to = sfs_loop_find_locked(ep->net->fsid, addr);
	if (to) {
		sfs_net_datagram_input(to->net, &ep->addr, frame, len);
		ret = 0;
	}
	mutex_unlock(&sfs_loop_lock);
	return ret;
}

struct sfs_transport_ops sfs_loop_ops = {
	.owner		= THIS_MODULE,
	.name		= "loop",
	.open		= sfs_loop_open,
	.close		= sfs_loop_close,
	.connect	= sfs_loop_connect,
	.send		= sfs_loop_send,
	.shutdown	= sfs_loop_shutdown,
	.release	= sfs_loop_release,
	.datagram	= sfs_loop_datagram,
};
EXPORT_SYMBOL_GPL(sfs_loop_ops);
