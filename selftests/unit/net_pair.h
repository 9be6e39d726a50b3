/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two endpoints in one program, over a transport that loses connections when a
 * test says so, with a virtual clock.
 *
 * Messages carry their number within class and direction, so that each side
 * checks by itself that all came once and in order.
 */
#ifndef SFS_TEST_NET_PAIR_H
#define SFS_TEST_NET_PAIR_H

#include "net/net_priv.h"

#include <setjmp.h>

#include <cmocka.h>

#include "events.h"

enum { FSID = 77, RID_A = 1, RID_B = 2, PORT_A = 10, PORT_B = 20 };

/* ---- clock ---- */

static u64 now_ns = NSEC_PER_SEC;

static u64 test_clock(void)
{
	return now_ns;
}

static void test_clock_advance(u64 ns)
{
	if (ns > now_ns)
		now_ns = ns;
}

static void settle(unsigned int ms)
{
	msleep(ms);
}

/* ---- transport "lossy": "loop", and some sends end the connection ---- */

static struct sfs_transport_ops lossy_ops;
static struct sfs_transport_ops plain_ops;	/* "plain": no datagrams */
static const char *pair_transport = "lossy";
static struct sfs_transport_ops *loop_ops;
static unsigned long nr_frames;		/* sent so far */
static unsigned long kill_at;		/* the connection dies at this one */
static bool kill_after;			/* when it has arrived */
static unsigned int kill_percent;	/* of all frames */
static unsigned long nr_kills;

static int lossy_send(void *conn, const void *head, u32 head_len,
		      const void *body, u32 body_len)
{
	bool is_killed = ++nr_frames == kill_at ||
			 get_random_u32_below(100) < kill_percent;

	if (is_killed && kill_percent)
		kill_after = get_random_u32() & 1;
	nr_kills += is_killed;
	if (is_killed && !kill_after) {
		sfs_pair_shutdown(conn);
		return -EPIPE;
	}
	if (sfs_pair_send(conn, head, head_len, body, body_len))
		return -EPIPE;
	if (is_killed)
		sfs_pair_shutdown(conn);
	return 0;
}

/* ---- endpoints ---- */

struct side {
	const char *name;
	struct sfs_net *net;
	struct sfs_net_peer *peer;	/* accepted or connected; referenced */
	u64 nr_sent[SFS_NET_NR_CLASSES];
	u64 nr_received[SFS_NET_NR_CLASSES];
	unsigned int nr_accepts;
	unsigned int nr_served;
	int accept_error;
	void (*on_accept)(struct side *side, struct sfs_net_peer *peer);
	void (*on_opened)(struct side *side, struct sfs_net_peer *peer);
	int (*on_receive)(struct side *side, struct sfs_net_peer *peer,
			  enum sfs_net_class class, u8 type);
	int (*on_serve)(struct side *side, struct sfs_net_peer *peer, u8 type);
	void (*on_closed)(struct side *side, struct sfs_net_peer *peer);
};

static struct side a, b;

static int side_accept(void *arg, struct sfs_net_peer *peer, const void *hello,
		       u32 hello_len, void *reply, u32 *reply_len)
{
	struct side *side = arg;

	event("%s:accept(%.*s) ", side->name, (int)hello_len,
	      (const char *)hello);
	side->nr_accepts++;
	if (side->on_accept)
		side->on_accept(side, peer);
	if (side->accept_error)
		return side->accept_error;
	sfs_net_peer_get(peer);
	if (side->peer)
		sfs_net_peer_put(side->peer);
	side->peer = peer;
	memcpy(reply, "welcome", 7);
	*reply_len = 7;
	return 0;
}

static void side_opened(void *arg, struct sfs_net_peer *peer, const void *hello,
			u32 hello_len)
{
	struct side *side = arg;

	event("%s:opened(%.*s) ", side->name, (int)hello_len,
	      (const char *)hello);
	if (side->on_opened)
		side->on_opened(side, peer);
}

static int side_receive(void *arg, struct sfs_net_peer *peer,
			enum sfs_net_class class, u8 type, const void *data,
			u32 len)
{
	struct side *side = arg;
	u64 nr;

	if (len >= sizeof(nr)) {
		memcpy(&nr, data, sizeof(nr));
		assert_int_equal(nr, side->nr_received[class]);
	}
	side->nr_received[class]++;
	return side->on_receive ? side->on_receive(side, peer, class, type) : 0;
}

static int side_serve(void *arg, struct sfs_net_peer *peer, u8 type,
		      const void *req, u32 req_len, void *reply, u32 *reply_len)
{
	struct side *side = arg;

	side->nr_served++;
	assert_int_equal((uintptr_t)req % 8, 0);
	assert_int_equal((uintptr_t)reply % 8, 0);
	memcpy(reply, req, req_len);
	*reply_len = req_len;
	return side->on_serve ? side->on_serve(side, peer, type) : 0;
}

static void side_closed(void *arg, struct sfs_net_peer *peer, int error)
{
	struct side *side = arg;

	event("%s:closed(%d) ", side->name, error);
	if (side->on_closed)
		side->on_closed(side, peer);
}

static void side_datagram(void *arg, const struct sfs_net_addr *from, u64 rid,
			  u8 type, const void *data, u32 len)
{
	struct side *side = arg;

	event("%s:datagram(%u,%u,%u,%.*s) ", side->name, from->port,
	      (unsigned int)rid, type, (int)len, len ? (const char *)data : "");
}

static const struct sfs_net_ops side_ops = {
	.accept = side_accept,
	.opened = side_opened,
	.receive = side_receive,
	.serve = side_serve,
	.closed = side_closed,
	.datagram = side_datagram,
};

static struct sfs_net_addr addr_of(u16 port)
{
	struct sfs_net_addr addr = { .family = 4, .port = port };

	return addr;
}

static void side_start(struct side *side, const char *name, u64 rid, u16 port)
{
	struct sfs_net_params params = {
		.transport = pair_transport,
		.fsid = FSID,
		.rid = rid,
		.addr = addr_of(port),
		.keepalive_ms = 3000,
		.ops = &side_ops,
		.arg = side,
	};

	if (!port)
		params.addr.family = 0;
	side->name = name;
	assert_int_equal(sfs_net_create(&params, &side->net), 0);
}

static void side_stop(struct side *side)
{
	struct sfs_net_peer *peer = side->peer;

	if (side->net)
		sfs_net_destroy(side->net);
	if (peer)
		sfs_net_peer_put(peer);
	memset(side, 0, sizeof(*side));
}

static void side_connect(struct side *side, u16 port, const char *hello)
{
	struct sfs_net_addr addr = addr_of(port);
	struct sfs_net_peer *peer;

	if (!port)
		addr.family = 0;
	peer = sfs_net_connect(side->net, &addr, hello, strlen(hello), 20000,
			       side);
	assert_false(IS_ERR(peer));
	if (side->peer)
		sfs_net_peer_put(side->peer);
	side->peer = peer;
}

static int side_send(struct side *side, enum sfs_net_class class, u32 len,
		     unsigned int flags)
{
	u8 data[SFS_NET_PAYLOAD_MAX];
	int ret;

	memset(data, class, sizeof(data));
	memcpy(data, &side->nr_sent[class], sizeof(u64));
	ret = sfs_net_send(side->peer, class, class + 1, data,
			   max_t(u32, len, sizeof(u64)), flags);
	if (!ret)
		side->nr_sent[class]++;
	return ret;
}

static int side_call(struct side *side, u32 len)
{
	u8 req[SFS_NET_PAYLOAD_MAX], reply[SFS_NET_PAYLOAD_MAX];
	u32 reply_len;
	int ret;

	memset(req, len, len);
	ret = sfs_net_call(side->peer, 9, req, len, reply, sizeof(reply),
			   &reply_len, false);
	if (!ret) {
		assert_int_equal(reply_len, len);
		assert_memory_equal(req, reply, len);
	}
	return ret;
}

static struct sfs_net_peer_info found_info;

static bool find_info(void *arg, const struct sfs_net_peer_info *info)
{
	found_info = *info;
	return false;
}

static struct sfs_net_peer_info side_info(struct side *side)
{
	memset(&found_info, 0, sizeof(found_info));
	sfs_net_visit_peers(side->net, find_info, NULL);
	return found_info;
}

static struct sfs_net_stats side_stats(struct side *side)
{
	struct sfs_net_stats stats;

	sfs_net_stats(side->net, &stats);
	return stats;
}

static int pair_group_setup(void **state)
{
	port_clock = test_clock;
	port_clock_advance = test_clock_advance;
	assert_int_equal(sfs_net_loop_init(), 0);
	assert_int_equal(sfs_transport_get("loop", &loop_ops), 0);
	lossy_ops = *loop_ops;
	lossy_ops.name = "lossy";
	lossy_ops.send = lossy_send;
	plain_ops = *loop_ops;
	plain_ops.name = "plain";
	plain_ops.send_datagram = NULL;
	assert_int_equal(sfs_transport_register(&plain_ops,
						SFS_NET_API_VERSION), 0);
	return sfs_transport_register(&lossy_ops, SFS_NET_API_VERSION);
}

static int pair_group_teardown(void **state)
{
	sfs_transport_unregister(&lossy_ops);
	sfs_transport_unregister(&plain_ops);
	sfs_transport_put(loop_ops);
	sfs_net_loop_exit();
	port_clock = NULL;
	port_clock_advance = NULL;
	return 0;
}

static void pair_reset(void)
{
	nr_frames = 0;
	kill_at = 0;
	kill_after = false;
	kill_percent = 0;
	nr_kills = 0;
	events[0] = '\0';
}

/* B listens, A does too but for @a_port 0; nobody is connected. */
static int pair_setup(void **state)
{
	pair_reset();
	side_start(&a, "A", RID_A, PORT_A);
	side_start(&b, "B", RID_B, PORT_B);
	return 0;
}

static int pair_teardown(void **state)
{
	kill_percent = 0;
	kill_at = 0;
	side_stop(&a);
	side_stop(&b);
	return port_warn_count != 0;
}

/* A has a session with B. */
static void pair_open(void)
{
	side_connect(&a, PORT_B, "hi");
	settle(100);
	assert_events("B:accept(hi) A:opened(welcome) ");
}

#endif
