// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transport "sim": the network between machines.
 *
 * What is under way to an end of a connection is a list of chunks; a timer takes
 * those that arrive off it, and a work item of the end's machine hands them on:
 * so an end's callbacks do not overlap, and stand still with their machine.
 *
 * Connections are never freed: their ends are looked at after their machines died,
 * and a use after release() is noticed.
 */
#include "net/frame.h"
#include "net/transport.h"
#include "transport.h"

enum {
	CL_NET_NS	= 1000000,
	CL_NET_LATE_NS	= 150000000,
	CL_RETRY_NS	= 200000000,	/* of what a cut holds up */
	CL_PORT		= 5000,
	CL_PIECES	= 3,
};

struct cl_chunk {
	struct list_head link;
	u64 at_ns;
	bool is_end;		/* nothing follows: the other end is gone */
	u32 len;
	u8 data[];
};

struct cl_conn;

/**
 * struct cl_conn_end - one side of a connection
 * @conn: connection
 * @other: other side
 * @place: of the machine
 * @node: machine, NULL: nobody has accepted yet
 * @user: callbacks
 * @wq: of the endpoint
 * @owner: the user's, NULL: nobody has accepted yet
 * @work: calls back
 * @flying: on the way to this side
 * @arrived: waits for @work
 * @bytes: of both
 * @last_ns: when the newest of them arrives
 * @has_timer: for the first one that is flying
 * @is_made: connected() is due or was called
 * @is_made_told: it was called
 * @is_over: lost() is due or was called
 * @is_lost: it was called
 * @is_released: the user has forgotten it
 * @error: for lost()
 */
struct cl_conn_end {
	struct cl_conn *conn;
	struct cl_conn_end *other;
	unsigned int place;
	struct cl_node *node;
	const struct sfs_transport_user *user;
	struct workqueue_struct *wq;
	void *owner;
	struct work_struct work;
	struct list_head flying;
	struct list_head arrived;
	u32 bytes;
	u64 last_ns;
	bool has_timer;
	bool is_made;
	bool is_made_told;
	bool is_over;
	bool is_lost;
	bool is_released;
	int error;
};

struct cl_conn {
	struct list_head link;		/* of all */
	struct list_head asking_link;	/* cl_ep.asking */
	struct cl_conn_end end[2];	/* who asked, who was asked */
	u32 window;			/* bytes that a side takes unread */
};

struct cl_datagram {
	struct list_head link;
	unsigned int from, to;
	u32 len;
	u8 data[] __aligned(8);
};

struct cl_ep {
	struct list_head link;
	struct cl_node *node;
	struct sfs_transport_params p;
	struct list_head asking;	/* connections to be accepted */
	struct list_head datagrams;
	struct work_struct accept_work;
	struct work_struct datagram_work;
};

static struct {
	struct list_head eps;
	struct list_head conns;
	bool is_cut[CL_NODES][CL_NODES];	/* from, to */
	unsigned int late_percent;
	unsigned int lost_percent;
	unsigned int doubled_percent;
	unsigned int break_permille;
} cl_net;

/* ---- places ------------------------------------------------------------------------ */

void cl_net_addr(unsigned int nr, struct sfs_net_addr *addr)
{
	*addr = (struct sfs_net_addr) {
		.family = 4,
		.port = CL_PORT,
		.addr = { 10, 0, 0, 1 + nr },
	};
}

static unsigned int cl_net_place(const struct sfs_net_addr *addr)
{
	if (addr->family != 4 || addr->addr[3] - 1U >= CL_NODES)
		cl_fail("a connection to an address that is none");
	return addr->addr[3] - 1;
}

static struct cl_ep *cl_ep_at(unsigned int place)
{
	struct cl_ep *ep;

	list_for_each_entry(ep, &cl_net.eps, link) {
		if (ep->node->nr == place && ep->p.addr.family)
			return ep;
	}
	return NULL;
}

static bool cl_net_is_cut(unsigned int a, unsigned int b)
{
	return cl_net.is_cut[a][b] || cl_net.is_cut[b][a];
}

static bool cl_end_is_dead(const struct cl_conn_end *end)
{
	return end->node && end->node->state == CL_NODE_DEAD;
}

/* Does it run, or is at least its kernel alive? */
static bool cl_place_answers(unsigned int place)
{
	return cl.node[place] && cl.node[place]->state != CL_NODE_DEAD;
}

static u64 cl_net_delay(void)
{
	if (cl_chance(cl_net.late_percent))
		return 1 + cl_below(CL_NET_LATE_NS);
	return cl_chance(40) ? 20000 : 1 + cl_below(CL_NET_NS);
}

/* ---- ends ---------------------------------------------------------------------------- */

static void cl_end_kick(struct cl_conn_end *end)
{
	if (end->owner && !end->is_lost && !cl_end_is_dead(end))
		queue_work(end->wq, &end->work);
}

static void cl_end_arrive(void *arg);

static void cl_end_arm(struct cl_conn_end *end, u64 at_ns)
{
	if (end->has_timer)
		return;
	end->has_timer = true;
	cl_timer_add(at_ns, cl_end_arrive, end);
}

/* Who sends to a machine that has started anew learns that. */
static void cl_end_refuse(struct cl_conn_end *end)
{
	struct cl_conn_end *sender = end->other;

	if (!cl_place_answers(end->place)) {
		cl_end_arm(end, cl_now() + CL_RETRY_NS);
		return;
	}
	sender->is_over = true;
	sender->error = -ECONNRESET;
	port_wake_obj(end);
	cl_end_kick(sender);
}

static void cl_end_arrive(void *arg)
{
	struct cl_conn_end *end = arg;
	struct cl_chunk *c;

	end->has_timer = false;
	if (cl_net_is_cut(end->other->place, end->place)) {
		cl_end_arm(end, cl_now() + 1 + cl_below(CL_RETRY_NS));
		return;
	}
	if (cl_end_is_dead(end)) {
		cl_end_refuse(end);
		return;
	}
	while ((c = list_first_entry_or_null(&end->flying, struct cl_chunk,
					     link))) {
		if (c->at_ns > cl_now()) {
			cl_end_arm(end, c->at_ns);
			break;
		}
		list_move_tail(&c->link, &end->arrived);
	}
	cl_end_kick(end);
}

static struct cl_chunk *cl_end_push(struct cl_conn_end *end, u32 len)
{
	struct cl_chunk *c = calloc(1, sizeof(*c) + len);

	if (!c)
		port_die("out of memory");
	end->last_ns = max(end->last_ns + 1, cl_now() + cl_net_delay());
	c->at_ns = end->last_ns;
	c->len = len;
	c->is_end = !len;
	end->bytes += len;
	list_add_tail(&c->link, &end->flying);
	cl_end_arm(end, c->at_ns);
	return c;
}

static void cl_chunk_free(struct cl_conn_end *end, struct cl_chunk *c)
{
	end->bytes -= c->len;
	list_del(&c->link);
	free(c);
	port_wake_obj(end);
}

/* A part of what is under way does not arrive. */
static void cl_end_truncate(struct cl_conn_end *end)
{
	struct cl_chunk *c, *n;
	bool is_gone = false;
	u32 len;

	list_for_each_entry_safe(c, n, &end->flying, link) {
		if (is_gone) {
			cl_chunk_free(end, c);
		} else if (cl_chance(30)) {
			is_gone = true;
			len = c->len ? cl_below(c->len) : 0;
			end->bytes -= c->len - len;
			c->len = len;
		}
	}
}

static void cl_conn_break(struct cl_conn *conn)
{
	unsigned int i;

	cl_trace("net: a connection of %u and %u breaks", conn->end[0].place,
		 conn->end[1].place);
	for (i = 0; i < 2; i++) {
		cl_end_truncate(&conn->end[i]);
		cl_end_push(&conn->end[i], 0);
	}
}

/* A piece of any length at a time. */
static void cl_end_deliver(struct cl_conn_end *end, struct cl_chunk *c)
{
	u32 off = 0, len;
	int ret = 0;

	while (!ret && off < c->len && !end->is_over) {
		len = c->len - off;
		if (cl_chance(10))
			len = 1 + cl_below(len);
		ret = end->user->received(end->owner, c->data + off, len);
		off += len;
	}
	if (ret || c->is_end)
		end->is_over = true;
}

static void cl_end_work(struct work_struct *work)
{
	struct cl_conn_end *end = container_of(work, struct cl_conn_end, work);
	struct cl_chunk *c;

	if (end->is_lost)
		return;
	if (end->is_made && !end->is_made_told && !end->is_over) {
		end->is_made_told = true;
		end->user->connected(end->owner);
	}
	while (!end->is_over &&
	       (c = list_first_entry_or_null(&end->arrived, struct cl_chunk,
					     link))) {
		cl_end_deliver(end, c);
		cl_chunk_free(end, c);
	}
	if (!end->is_over)
		return;
	end->is_lost = true;
	port_wake_obj(end->other);
	end->user->lost(end->owner, end->error ?: -ECONNRESET);
}

static void cl_end_init(struct cl_conn *conn, unsigned int i,
			unsigned int place)
{
	struct cl_conn_end *end = &conn->end[i];

	end->conn = conn;
	end->other = &conn->end[!i];
	end->place = place;
	INIT_WORK(&end->work, cl_end_work);
	INIT_LIST_HEAD(&end->flying);
	INIT_LIST_HEAD(&end->arrived);
}

static void cl_end_own(struct cl_conn_end *end, const struct cl_ep *ep)
{
	end->node = ep->node;
	end->user = ep->p.user;
	end->wq = ep->p.wq;
}

static void cl_end_check(const struct cl_conn_end *end, const char *what)
{
	if (end->is_released)
		cl_fail("%s of a connection that is released", what);
}

/* ---- connecting ------------------------------------------------------------------------ */

static void cl_conn_fail(struct cl_conn *conn, int error)
{
	struct cl_conn_end *end = &conn->end[0];

	end->error = error;
	end->is_over = true;
	cl_end_kick(end);
}

static void cl_conn_asked(void *arg)
{
	struct cl_conn *conn = arg;
	struct cl_conn_end *from = &conn->end[0], *to = &conn->end[1];
	struct cl_ep *ep = cl_ep_at(to->place);

	if (from->is_over || cl_end_is_dead(from))
		return;
	if (cl_net_is_cut(from->place, to->place) ||
	    (!ep && !cl_place_answers(to->place))) {
		cl_timer_add(cl_now() + CL_RETRY_NS +
			     cl_below(CL_RETRY_NS), cl_conn_asked, conn);
		return;
	}
	if (!ep) {
		cl_conn_fail(conn, -ECONNREFUSED);
		return;
	}
	cl_end_own(to, ep);
	list_add_tail(&conn->asking_link, &ep->asking);
	queue_work(ep->p.wq, &ep->accept_work);
}

static void cl_conn_made(void *arg)
{
	struct cl_conn *conn = arg;
	struct cl_conn_end *from = &conn->end[0];

	if (from->is_over || cl_end_is_dead(from))
		return;
	if (cl_net_is_cut(from->place, conn->end[1].place)) {
		cl_timer_add(cl_now() + 1 + cl_below(CL_RETRY_NS),
			     cl_conn_made, conn);
		return;
	}
	if (!conn->end[1].owner) {
		cl_conn_fail(conn, -ECONNRESET);
		return;
	}
	from->is_made = true;
	cl_end_kick(from);
}

static void cl_conn_accept(struct cl_ep *ep, struct cl_conn *conn)
{
	struct cl_conn_end *to = &conn->end[1];
	struct sfs_net_addr from;

	cl_net_addr(conn->end[0].place, &from);
	from.port = CL_PORT + 1;
	to->owner = to->user->accepted(ep->p.arg, to, &from);
	to->is_released = !to->owner;
	to->is_lost = !to->owner;
	cl_timer_add(cl_now() + cl_net_delay(), cl_conn_made, conn);
	cl_end_kick(to);
}

static void cl_ep_accept_work(struct work_struct *work)
{
	struct cl_ep *ep = container_of(work, struct cl_ep, accept_work);
	struct cl_conn *conn;

	while ((conn = list_first_entry_or_null(&ep->asking, struct cl_conn,
						asking_link))) {
		list_del_init(&conn->asking_link);
		cl_conn_accept(ep, conn);
	}
}

static int cl_net_connect(void *priv, const struct sfs_net_addr *addr,
			  void *owner, void **ret)
{
	static const u32 windows[] = { 3000, 20000, 200000 };
	struct cl_ep *ep = priv;
	struct cl_conn *conn;

	if (cl_chance(cl_net.break_permille / 4))
		return -ECONNREFUSED;
	conn = calloc(1, sizeof(*conn));
	if (!conn)
		port_die("out of memory");
	INIT_LIST_HEAD(&conn->asking_link);
	cl_end_init(conn, 0, ep->node->nr);
	cl_end_init(conn, 1, cl_net_place(addr));
	cl_end_own(&conn->end[0], ep);
	conn->window = windows[cl_below(ARRAY_SIZE(windows))];
	*ret = &conn->end[0];
	conn->end[0].owner = owner;
	list_add_tail(&conn->link, &cl_net.conns);
	cl_timer_add(cl_now() + cl_net_delay(), cl_conn_asked, conn);
	return 0;
}

/* ---- sending ----------------------------------------------------------------------------- */

static void cl_net_trace(const struct cl_conn_end *end, const void *head,
			 u32 len)
{
	static const char * const kinds[] = {
		[SFS_FRAME_HELLO] = "hello", [SFS_FRAME_HELLO_REPLY] = "welcome",
		[SFS_FRAME_MESSAGE] = "message", [SFS_FRAME_REQUEST] = "request",
		[SFS_FRAME_REPLY] = "reply", [SFS_FRAME_CLOSE] = "close",
	};
	const struct sfs_frame_hdr *hdr = head;

	if (!cl_is_verbose || len < sizeof(*hdr))
		return;
	cl_trace("net: %u to %u: %s stream %u type %u seq %llu, %u bytes",
		 end->place, end->other->place,
		 hdr->kind < ARRAY_SIZE(kinds) && kinds[hdr->kind] ?
		 kinds[hdr->kind] : "?", hdr->stream, hdr->type,
		 le64_to_cpu(hdr->seq), le32_to_cpu(hdr->len));
}

static int cl_net_send(void *priv, const void *head, u32 head_len,
		       const void *body, u32 body_len)
{
	struct cl_conn_end *end = priv, *to = end->other;
	struct cl_chunk *c;

	cl_end_check(end, "send");
	while (!end->is_over && to->bytes > end->conn->window)
		port_wait_on("send buffer", to, U64_MAX);
	if (end->is_over)
		return -EPIPE;
	cl_net_trace(end, head, head_len);
	c = cl_end_push(to, head_len + body_len);
	memcpy(c->data, head, head_len);
	if (body_len)
		memcpy(c->data + head_len, body, body_len);
	if (cl_below(1000) < cl_net.break_permille)
		cl_conn_break(end->conn);
	return 0;
}

static void cl_net_shutdown(void *priv)
{
	struct cl_conn_end *end = priv;

	cl_end_check(end, "shutdown");
	if (end->is_over)
		return;
	end->is_over = true;
	port_wake_obj(end->other);
	if (cl_chance(50))
		cl_end_truncate(end->other);
	if (!end->other->is_over)
		cl_end_push(end->other, 0);
	cl_end_kick(end);
}

static void cl_net_release(void *priv)
{
	struct cl_conn_end *end = priv;

	cl_end_check(end, "release");
	if (!end->is_lost)
		cl_fail("release of a connection that is not lost");
	end->is_released = true;
}

/* ---- datagrams ---------------------------------------------------------------------------- */

static void cl_ep_datagram_work(struct work_struct *work)
{
	struct cl_ep *ep = container_of(work, struct cl_ep, datagram_work);
	struct sfs_net_addr from;
	struct cl_datagram *d;

	while ((d = list_first_entry_or_null(&ep->datagrams,
					     struct cl_datagram, link))) {
		list_del(&d->link);
		cl_net_addr(d->from, &from);
		ep->p.user->datagram(ep->p.arg, &from, d->data, d->len);
		free(d);
	}
}

static void cl_datagram_arrives(void *arg)
{
	struct cl_datagram *d = arg;
	struct cl_ep *ep = cl_ep_at(d->to);

	if (!ep || cl_net.is_cut[d->from][d->to]) {
		free(d);
		return;
	}
	list_add_tail(&d->link, &ep->datagrams);
	queue_work(ep->p.wq, &ep->datagram_work);
}

static int cl_net_send_datagram(void *priv, const struct sfs_net_addr *addr,
				const void *data, u32 len)
{
	unsigned int nr = cl_chance(cl_net.doubled_percent) ? 2 : 1;
	struct cl_ep *ep = priv;
	struct cl_datagram *d;

	if (!ep->p.addr.family)
		return -EADDRNOTAVAIL;
	while (nr--) {
		if (cl_chance(cl_net.lost_percent))
			continue;
		d = calloc(1, sizeof(*d) + len);
		if (!d)
			port_die("out of memory");
		d->from = ep->node->nr;
		d->to = cl_net_place(addr);
		d->len = len;
		memcpy(d->data, data, len);
		cl_timer_add(cl_now() + cl_net_delay(),
			     cl_datagram_arrives, d);
	}
	return 0;
}

/* ---- endpoints ------------------------------------------------------------------------------ */

static int cl_net_open(const struct sfs_transport_params *params, void **ret)
{
	struct cl_ep *ep;

	if (params->addr.family && cl_ep_at(cl_net_place(&params->addr)))
		return -EADDRINUSE;
	ep = calloc(1, sizeof(*ep));
	if (!ep)
		port_die("out of memory");
	ep->node = cl_node_current();
	ep->p = *params;
	INIT_LIST_HEAD(&ep->asking);
	INIT_LIST_HEAD(&ep->datagrams);
	INIT_WORK(&ep->accept_work, cl_ep_accept_work);
	INIT_WORK(&ep->datagram_work, cl_ep_datagram_work);
	list_add_tail(&ep->link, &cl_net.eps);
	*ret = ep;
	return 0;
}

static void cl_net_close(void *priv)
{
	struct cl_ep *ep = priv;
	struct cl_datagram *d, *n;
	struct cl_conn *conn;
	unsigned int i;

	list_del(&ep->link);
	flush_work(&ep->accept_work);
	flush_work(&ep->datagram_work);
	list_for_each_entry(conn, &cl_net.conns, link) {
		for (i = 0; i < 2; i++) {
			if (conn->end[i].node == ep->node &&
			    conn->end[i].owner && !conn->end[i].is_released)
				cl_fail("close with a connection");
		}
	}
	list_for_each_entry_safe(d, n, &ep->datagrams, link)
		free(d);
	free(ep);
}

static struct sfs_transport_ops cl_net_ops = {
	.name		= "sim",
	.open		= cl_net_open,
	.close		= cl_net_close,
	.connect	= cl_net_connect,
	.send		= cl_net_send,
	.shutdown	= cl_net_shutdown,
	.release	= cl_net_release,
	.send_datagram	= cl_net_send_datagram,
};

/* ---- what happens to the network ---------------------------------------------------------------- */

void cl_net_cut(unsigned int from, unsigned int to, bool is_cut)
{
	cl_net.is_cut[from][to] = is_cut;
}

void cl_net_break(const struct cl_node *node)
{
	struct cl_conn *conn;

	list_for_each_entry(conn, &cl_net.conns, link) {
		if ((conn->end[0].node == node || conn->end[1].node == node) &&
		    conn->end[0].is_made && !conn->end[0].is_over &&
		    !conn->end[1].is_over)
			cl_conn_break(conn);
	}
}

void cl_net_node_died(const struct cl_node *node)
{
	struct cl_conn *conn;
	struct cl_ep *ep, *n;
	unsigned int i;

	list_for_each_entry_safe(ep, n, &cl_net.eps, link) {
		if (ep->node == node)
			list_del(&ep->link);
	}
	list_for_each_entry(conn, &cl_net.conns, link) {
		for (i = 0; i < 2; i++) {
			if (conn->end[i].node == node)
				cl_end_truncate(&conn->end[!i]);
		}
	}
}

void cl_net_calm(void)
{
	cl_net.late_percent = 0;
	cl_net.lost_percent = 0;
	cl_net.doubled_percent = 0;
	cl_net.break_permille = 0;
	memset(cl_net.is_cut, 0, sizeof(cl_net.is_cut));
}

void cl_net_init(void)
{
	INIT_LIST_HEAD(&cl_net.eps);
	INIT_LIST_HEAD(&cl_net.conns);
	cl_net.late_percent = cl_chance(50) ? 0 : cl_below(6);
	cl_net.lost_percent = cl_chance(50) ? 0 : cl_below(15);
	cl_net.doubled_percent = cl_chance(50) ? 0 : cl_below(20);
	cl_net.break_permille = cl_chance(50) ? 0 : cl_below(12);
	if (sfs_transport_register(&cl_net_ops, SFS_NET_API_VERSION))
		cl_fail("no transport");
}
