// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams and edges: credits, parallel classes, calls, self-sessions, datagrams,
 * and what hostile bytes do, which is nothing.
 */
#include "net_pair.h"

/* ---- credits ---- */

static int bulk_stands(struct side *side, struct sfs_net_peer *peer,
		       enum sfs_net_class class, u8 type)
{
	unsigned int i;

	if (class != SFS_NET_BULK)
		return 0;
	side->on_receive = NULL;
	/* while this one is not consumed, all else goes on */
	for (i = 0; i < 200; i++) {
		assert_int_equal(side_send(&a, SFS_NET_LOCK, 8, 0), 0);
		assert_int_equal(side_send(&b, SFS_NET_BULK, 8, 0), 0);
	}
	assert_int_equal(side_call(&a, 100), 0);
	assert_int_equal(side_call(&b, 100), 0);
	settle(2500);
	assert_int_equal(b.nr_received[SFS_NET_LOCK], 200);
	assert_int_equal(a.nr_received[SFS_NET_BULK], 200);
	assert_int_equal(b.nr_received[SFS_NET_BULK], 1);
	/* and no more of them came than there are credits */
	assert_int_equal(b.peer->streams[SFS_NET_BULK].received_seq,
			 SFS_NET_CREDITS);
	assert_int_equal(a.peer->streams[SFS_NET_BULK].sent_seq,
			 SFS_NET_CREDITS);
	event("stood ");
	return 0;
}

static void test_credits(void **state)
{
	unsigned int i;

	pair_open();
	b.on_receive = bulk_stands;
	for (i = 0; i < 300; i++)
		assert_int_equal(side_send(&a, SFS_NET_BULK, 8, 0), 0);
	settle(3000);
	assert_events("stood ");
	assert_int_equal(b.nr_received[SFS_NET_BULK], 300);
	assert_int_equal(side_info(&a).nr_queued, 0);
}

static int drop_at_limit(struct side *side, struct sfs_net_peer *peer,
			 enum sfs_net_class class, u8 type)
{
	unsigned int i;

	side->on_receive = NULL;
	side->nr_received[class] = 0;
	for (i = 0; i < 1000; i++)
		assert_int_equal(side_send(&a, SFS_NET_MEMBER, 4,
					   SFS_NET_DROPPABLE), 0);
	assert_in_range(side_info(&a).nr_queued, 1, SFS_NET_CREDITS);
	return 0;
}

/* A peer that consumes nothing does not make heartbeats pile up. */
static void test_droppable_limit(void **state)
{
	pair_open();
	b.on_receive = drop_at_limit;
	assert_int_equal(sfs_net_send(a.peer, SFS_NET_MEMBER, 1, "", 0, 0), 0);
	settle(2000);
	assert_in_range(b.nr_received[SFS_NET_MEMBER], 1, SFS_NET_CREDITS);
	assert_int_equal(side_info(&a).nr_queued, 0);
	assert_events("");
}

/* ---- calls ---- */

static unsigned int nr_in_serve, max_in_serve;

static int serve_nested(struct side *side, struct sfs_net_peer *peer, u8 type)
{
	nr_in_serve++;
	max_in_serve = max(max_in_serve, nr_in_serve);
	/* both sides serve the limit and wait for the other's replies */
	if (nr_in_serve < 2 * SFS_NET_MAX_SERVING)
		assert_int_equal(side_call(side, 10), 0);
	nr_in_serve--;
	return 0;
}

static void test_nested_calls(void **state)
{
	pair_open();
	a.on_serve = serve_nested;
	b.on_serve = serve_nested;
	assert_int_equal(side_call(&a, 10), 0);
	assert_int_equal(max_in_serve, 2 * SFS_NET_MAX_SERVING);
}

static int bad_serve(struct side *side, struct sfs_net_peer *peer, u8 type)
{
	return -EPROTO;
}

static void test_bad_request(void **state)
{
	pair_open();
	b.on_serve = bad_serve;
	assert_int_equal(side_call(&a, 10), -ENOTCONN);
	settle(100);
	assert_events("B:closed(-71) A:closed(-71) ");
}

static int serve_until_closed(struct side *side, struct sfs_net_peer *peer,
			      u8 type)
{
	event("B:close ");
	sfs_net_close(peer);
	return -ENOMEM;
}

static int serve_without_memory(struct side *side, struct sfs_net_peer *peer,
				u8 type)
{
	return side->nr_served < 4 ? -ENOMEM : 0;
}

static void test_no_memory(void **state)
{
	pair_open();
	b.on_serve = serve_without_memory;
	assert_int_equal(side_call(&a, 10), 0);
	assert_int_equal(b.nr_served, 4);
	/* nor does it go on for ever */
	b.on_serve = serve_until_closed;
	assert_int_equal(side_call(&a, 10), -ENOTCONN);
	settle(100);
	assert_events("B:close A:closed(0) ");
}

static void test_long_reply(void **state)
{
	u8 reply[16];
	u32 len;

	pair_open();
	assert_int_equal(sfs_net_call(a.peer, 1, "0123456789abcdefg", 17, reply,
				      sizeof(reply), &len, true), -EPROTO);
	settle(100);
	assert_events("A:closed(-71) B:closed(-71) ");
	assert_int_equal(side_stats(&a).nr_protocol, 1);
}

static void test_call_sizes(void **state)
{
	pair_open();
	assert_int_equal(side_call(&a, 0), 0);
	assert_int_equal(side_call(&a, SFS_NET_PAYLOAD_MAX), 0);
	assert_int_equal(side_call(&b, SFS_NET_PAYLOAD_MAX), 0);
}

/* ---- the mount's session with itself ---- */

static struct sfs_net_peer *asking;

static void test_self(void **state)
{
	u32 len, i;
	u8 reply[8];

	side_connect(&a, 0, "me");
	asking = a.peer;
	sfs_net_peer_get(asking);
	settle(100);
	assert_events("A:accept(me) A:opened(welcome) ");
	/* accept() kept the other end */
	assert_ptr_not_equal(a.peer, asking);
	assert_int_equal(sfs_net_peer_rid(a.peer), RID_A);
	assert_int_equal(sfs_net_peer_rid(asking), RID_A);
	for (i = 0; i < 200; i++)
		assert_int_equal(side_send(&a, SFS_NET_LOCK, 8, 0), 0);
	assert_int_equal(sfs_net_call(asking, 1, "self", 4, reply, 8, &len,
				      false), 0);
	assert_memory_equal(reply, "self", 4);
	settle(10);
	assert_int_equal(a.nr_received[SFS_NET_LOCK], 200);
	assert_int_equal(nr_frames, 0);		/* no transport */
	settle(10000);
	assert_int_equal(side_info(&a).nr_connects, 1);
	sfs_net_close(asking);
	sfs_net_peer_put(asking);
	settle(100);
	assert_events("A:closed(0) ");
}

/* ---- datagrams ---- */

static void test_datagrams(void **state)
{
	struct sfs_net_addr addr = addr_of(PORT_B), nobody = addr_of(999);
	u8 big[SFS_NET_DATAGRAM_MAX] = { };

	assert_int_equal(sfs_net_send_datagram(a.net, &addr, 3, "ping", 4), 0);
	settle(1);
	assert_events("B:datagram(10,1,3,ping) ");
	assert_int_equal(sfs_net_send_datagram(a.net, &nobody, 3, "ping", 4),
			 -ECONNREFUSED);
	assert_int_equal(sfs_net_send_datagram(a.net, &addr, 4, big,
					       sizeof(big)), 0);
	settle(1);
	assert_events("B:datagram(10,1,4,) ");
}

/* ---- hostile bytes ---- */

static struct raw {
	unsigned int nr_lost;
	unsigned int nr_bytes;
} raw;

static bool raw_is_silent;		/* takes connections and says nothing */
static void *raw_accepted_conn;

static void *raw_accepted(void *arg, void *conn,
			  const struct sfs_net_addr *from)
{
	raw_accepted_conn = conn;
	return raw_is_silent ? &raw : NULL;
}

static void raw_connected(void *owner)
{
}

static int raw_received(void *owner, const void *data, u32 len)
{
	raw.nr_bytes += len;
	return 0;
}

static void raw_lost(void *owner, int error)
{
	raw.nr_lost++;
}

static const struct sfs_transport_user raw_user = {
	.accepted = raw_accepted,
	.connected = raw_connected,
	.received = raw_received,
	.lost = raw_lost,
};

enum { PORT_RAW = 66 };

static void *raw_ep;

static void raw_open(void)
{
	struct sfs_transport_params params = {
		.fsid = FSID,
		.addr = addr_of(PORT_RAW),
		.user = &raw_user,
		.wq = system_wq,
	};

	memset(&raw, 0, sizeof(raw));
	assert_int_equal(loop_ops->open(&params, &raw_ep), 0);
}

static void *raw_connect(void)
{
	struct sfs_net_addr addr = addr_of(PORT_B);
	void *conn = NULL;

	if (loop_ops->connect(raw_ep, &addr, &raw, &conn))
		return NULL;
	return conn;
}

static void make_hdr(struct sfs_frame_hdr *hdr, u8 kind)
{
	memset(hdr, 0, sizeof(*hdr));
	hdr->fsid = cpu_to_le64(FSID);
	hdr->rid = cpu_to_le64(5);
	hdr->session = cpu_to_le64(1);
	hdr->kind = kind;
	hdr->magic = cpu_to_le32(SFS_FRAME_MAGIC);
	hdr->version = SFS_FRAME_VERSION;
}

/* B drops the connection. */
static void expect_dropped(void *conn)
{
	unsigned int before = raw.nr_lost;

	settle(1);
	assert_int_equal(raw.nr_lost, before + 1);
	loop_ops->release(conn);
}

static void raw_hello(void *conn, u64 rid, u64 session)
{
	struct sfs_frame_hdr hdr;

	make_hdr(&hdr, SFS_FRAME_HELLO);
	hdr.rid = cpu_to_le64(rid);
	hdr.session = cpu_to_le64(session);
	sfs_frame_seal(&hdr, NULL);
	assert_int_equal(loop_ops->send(conn, &hdr, sizeof(hdr), NULL, 0), 0);
	settle(1);
}

static void send_raw_frame(void *conn, struct sfs_frame_hdr *hdr,
			   const void *data)
{
	sfs_frame_seal(hdr, data);
	loop_ops->send(conn, hdr, sizeof(*hdr), data, le32_to_cpu(hdr->len));
}

static bool has_conns(struct side *side)
{
	return !list_empty(&side->net->conns);
}

/* The same over a transport that has connections only. */
static void test_datagrams_on_connections(void **state)
{
	struct sfs_net_addr addr = addr_of(PORT_B), nobody = addr_of(999);
	unsigned int i;

	side_stop(&a);
	side_stop(&b);
	pair_transport = "plain";
	side_start(&a, "A", RID_A, PORT_A);
	side_start(&b, "B", RID_B, PORT_B);
	pair_transport = "lossy";
	assert_int_equal(sfs_net_send_datagram(a.net, &nobody, 3, "ping", 4),
			 -ECONNREFUSED);
	assert_int_equal(sfs_net_send_datagram(a.net, &addr, 3, "ping", 4), 0);
	settle(1);
	assert_events("B:datagram(10,1,3,ping) ");

	/* both ends are gone, and no session was made or refused */
	assert_false(has_conns(&a) || has_conns(&b));
	assert_int_equal(b.net->nr_greeting, 0);
	assert_int_equal(side_stats(&b).nr_refused, 0);
	assert_int_equal(side_stats(&b).nr_bad_frames, 0);

	/* as many as may be under way to one address */
	for (i = 0; i < SFS_NET_MAX_DATAGRAMS; i++)
		assert_int_equal(sfs_net_send_datagram(a.net, &addr, 5, "x", 1),
				 0);
	assert_int_equal(sfs_net_send_datagram(a.net, &addr, 5, "x", 1),
			 -EBUSY);
	assert_int_equal(sfs_net_send_datagram(b.net, &addr, 6, "", 0), 0);
	settle(1);
	events[0] = '\0';
	assert_int_equal(sfs_net_send_datagram(a.net, &addr, 7, "y", 1), 0);
	settle(1);
	assert_events("B:datagram(10,1,7,y) ");

	/* what the other side does not end is given up */
	raw_open();
	raw_is_silent = true;
	addr = addr_of(PORT_RAW);
	assert_int_equal(sfs_net_send_datagram(a.net, &addr, 3, "ping", 4), 0);
	settle(1);
	assert_true(has_conns(&a));
	assert_int_equal(raw.nr_bytes, sizeof(struct sfs_frame_hdr) + 4);
	settle(SFS_NET_CONNECT_MS + 100);
	assert_false(has_conns(&a));
	assert_int_equal(raw.nr_lost, 1);
	loop_ops->release(raw_accepted_conn);
	raw_is_silent = false;
	loop_ops->close(raw_ep);
}

static void test_hostile_hello(void **state)
{
	struct sfs_frame_hdr hdr;
	unsigned int i;
	void *conn;

	raw_open();
	for (i = 0; i < 10; i++) {
		conn = raw_connect();
		make_hdr(&hdr, SFS_FRAME_HELLO);
		if (i == 0)
			hdr.magic = 0;
		if (i == 1)
			hdr.version = 9;
		if (i == 2)
			hdr.kind = SFS_FRAME_NR_KINDS;
		if (i == 3)
			hdr.len = cpu_to_le32(SFS_NET_HELLO_MAX + 1);
		if (i == 4)
			hdr.len = cpu_to_le32(U32_MAX);
		if (i == 5)	/* the checksum is wrong */
			hdr.rid = cpu_to_le64(6);
		if (i == 6)
			hdr.kind = SFS_FRAME_ACK;
		if (i == 7)
			hdr.kind = SFS_FRAME_HELLO_REPLY;
		if (i == 8)	/* acks in a new session */
			hdr.ack[2] = cpu_to_le64(1);
		if (i == 9)
			hdr.kind = SFS_FRAME_CLOSE;
		if (i >= 6)
			sfs_frame_seal(&hdr, NULL);
		loop_ops->send(conn, &hdr, sizeof(hdr), NULL, 0);
		expect_dropped(conn);
		assert_int_equal(side_stats(&b).nr_bad_frames, i + 1);
	}
	assert_events("");
	conn = raw_connect();
	make_hdr(&hdr, SFS_FRAME_HELLO);
	hdr.fsid = cpu_to_le64(FSID + 1);
	send_raw_frame(conn, &hdr, NULL);
	expect_dropped(conn);
	assert_int_equal(side_stats(&b).nr_foreign, 1);
	assert_int_equal(side_stats(&b).nr_bad_frames, 10);
	assert_int_equal(side_info(&b).rid, 0);
	loop_ops->close(raw_ep);
}

static void test_hostile_session(void **state)
{
	struct sfs_frame_hdr hdr;
	unsigned int i;
	void *conn;

	pair_open();
	raw_open();
	for (i = 0; i < 7; i++) {
		conn = raw_connect();
		raw_hello(conn, 5, 1);
		make_hdr(&hdr, SFS_FRAME_MESSAGE);
		hdr.stream = SFS_NET_LOCK;
		hdr.seq = cpu_to_le64(1);
		if (i == 0)
			hdr.seq = cpu_to_le64(2);
		if (i == 1)
			hdr.session = cpu_to_le64(2);
		if (i == 2)
			hdr.rid = cpu_to_le64(RID_A);
		if (i == 3)
			hdr.ack[0] = cpu_to_le64(1);
		if (i == 4)
			hdr.stream = SFS_NR_STREAMS;
		if (i == 5)
			hdr.kind = SFS_FRAME_DATAGRAM;
		if (i == 6)
			hdr.kind = SFS_FRAME_HELLO_REPLY;
		send_raw_frame(conn, &hdr, NULL);
		expect_dropped(conn);
		assert_int_equal(side_stats(&b).nr_bad_frames, i + 1);
	}
	/* one session, whose connections got lost; A's is as it was */
	assert_events("B:accept() ");
	assert_int_equal(side_call(&a, 8), 0);
	assert_int_equal(b.nr_received[SFS_NET_LOCK], 0);
	assert_int_equal(side_info(&a).nr_connects, 1);
	loop_ops->close(raw_ep);
}

/* Good ones, but not where there are datagrams for that; B has seen @nr bad frames. */
static void raw_datagram(void *conn, unsigned int nr)
{
	struct sfs_frame_hdr hdr;

	make_hdr(&hdr, SFS_FRAME_DATAGRAM);
	hdr.session = 0;
	send_raw_frame(conn, &hdr, NULL);
	expect_dropped(conn);
	assert_int_equal(side_stats(&b).nr_bad_frames, nr);
}

static void test_datagrams_in_connections(void **state)
{
	void *conn;

	raw_open();
	raw_datagram(raw_connect(), 1);
	conn = raw_connect();
	raw_hello(conn, 5, 1);
	raw_datagram(conn, 2);
	assert_events("B:accept() ");
	loop_ops->close(raw_ep);
}

/* Resuming what is not known. */
static void test_resume_unknown(void **state)
{
	struct sfs_frame_hdr hdr;
	void *conn;

	raw_open();
	conn = raw_connect();
	make_hdr(&hdr, SFS_FRAME_HELLO);
	hdr.flags = cpu_to_le32(SFS_FRAME_RESUME);
	send_raw_frame(conn, &hdr, NULL);
	settle(1);
	/* told so, and the connection ended when it does not end by itself */
	assert_int_equal(raw.nr_bytes, sizeof(hdr));
	assert_int_equal(raw.nr_lost, 0);
	settle(SFS_NET_LINGER_MS + 10);
	assert_int_equal(raw.nr_lost, 1);
	loop_ops->release(conn);
	assert_events("");
	loop_ops->close(raw_ep);
}

/* More than the credits allow. */
static int never_consume(struct side *side, struct sfs_net_peer *peer,
			 enum sfs_net_class class, u8 type)
{
	struct sfs_frame_hdr hdr;
	void *conn = side->peer->priv;
	u64 seq;

	side->on_receive = NULL;
	for (seq = 2; seq <= SFS_NET_CREDITS + 1; seq++) {
		make_hdr(&hdr, SFS_FRAME_MESSAGE);
		hdr.seq = cpu_to_le64(seq);
		assert_int_equal(side_stats(&b).nr_bad_frames, 0);
		send_raw_frame(conn, &hdr, NULL);
	}
	assert_int_equal(side_stats(&b).nr_bad_frames, 1);
	event("flooded ");
	return 0;
}

static void test_more_than_credits(void **state)
{
	struct sfs_frame_hdr hdr;
	void *conn;

	raw_open();
	conn = raw_connect();
	raw_hello(conn, 5, 1);
	sfs_net_peer_set_priv(b.peer, conn);
	b.on_receive = never_consume;
	make_hdr(&hdr, SFS_FRAME_MESSAGE);
	hdr.seq = cpu_to_le64(1);
	send_raw_frame(conn, &hdr, NULL);
	expect_dropped(conn);
	assert_events("B:accept() flooded ");
	assert_int_equal(b.nr_received[0], SFS_NET_CREDITS);
	loop_ops->close(raw_ep);
}

/* Connections that say nothing are few and short, and keep nobody out. */
static void test_silent_connections(void **state)
{
	void *conns[SFS_NET_MAX_GREETING + 10];
	unsigned int i;

	raw_open();
	for (i = 0; i < ARRAY_SIZE(conns); i++) {
		conns[i] = raw_connect();
		assert_non_null(conns[i]);
	}
	settle(1);
	/* the oldest make room */
	assert_int_equal(raw.nr_lost, 10);
	assert_int_equal(side_stats(&b).nr_refused, 10);
	pair_open();
	assert_int_equal(raw.nr_lost, 11);
	settle(SFS_NET_GREETING_MS - 200);
	assert_int_equal(raw.nr_lost, 11);
	settle(200);
	assert_int_equal(raw.nr_lost, ARRAY_SIZE(conns));
	assert_int_equal(side_stats(&b).nr_refused, ARRAY_SIZE(conns));
	for (i = 0; i < ARRAY_SIZE(conns); i++)
		loop_ops->release(conns[i]);
	assert_int_equal(side_call(&a, 8), 0);
	assert_int_equal(side_info(&a).nr_connects, 1);
	loop_ops->close(raw_ep);
}

/* A peer that says nothing more is not up for ever. */
static void test_silent_peer(void **state)
{
	void *conn;

	raw_open();
	conn = raw_connect();
	raw_hello(conn, 5, 1);
	assert_events("B:accept() ");
	settle(2900);
	assert_true(side_info(&b).is_up);
	settle(1200);
	assert_false(side_info(&b).is_up);
	assert_int_equal(raw.nr_lost, 1);
	loop_ops->release(conn);
	loop_ops->close(raw_ep);
}

/* Hellos of older sessions come too late. */
static void test_older_hello(void **state)
{
	struct sfs_frame_hdr hdr;
	void *conn, *late;

	raw_open();
	conn = raw_connect();
	raw_hello(conn, 5, 9);
	late = raw_connect();
	make_hdr(&hdr, SFS_FRAME_HELLO);
	hdr.session = cpu_to_le64(8);
	send_raw_frame(late, &hdr, NULL);
	settle(500);
	assert_events("B:accept() ");
	assert_true(side_info(&b).is_up);
	loop_ops->shutdown(conn);
	loop_ops->shutdown(late);
	settle(10);
	loop_ops->release(conn);
	loop_ops->release(late);
	loop_ops->close(raw_ep);
}

static void test_hostile_datagrams(void **state)
{
	struct sfs_net_addr addr = addr_of(PORT_B);
	struct sfs_frame_hdr hdr;
	u8 buf[sizeof(hdr) + SFS_NET_DATAGRAM_MAX + 1] = { };
	unsigned int i;

	raw_open();
	make_hdr(&hdr, SFS_FRAME_DATAGRAM);
	hdr.session = 0;
	sfs_frame_seal(&hdr, NULL);
	memcpy(buf, &hdr, sizeof(hdr));
	for (i = 0; i < sizeof(hdr); i++)
		loop_ops->send_datagram(raw_ep, &addr, buf, i);
	loop_ops->send_datagram(raw_ep, &addr, buf, sizeof(hdr) + 1);
	loop_ops->send_datagram(raw_ep, &addr, buf, sizeof(buf));
	settle(1);
	assert_int_equal(side_stats(&b).nr_bad_frames, sizeof(hdr) + 2);
	for (i = 0; i < sizeof(hdr) * 8; i++) {
		buf[i / 8] ^= 1 << (i % 8);
		loop_ops->send_datagram(raw_ep, &addr, buf, sizeof(hdr));
		buf[i / 8] ^= 1 << (i % 8);
		settle(1);
	}
	assert_int_equal(side_stats(&b).nr_bad_frames, 9 * sizeof(hdr) + 2);
	assert_events("");
	loop_ops->send_datagram(raw_ep, &addr, buf, sizeof(hdr));
	settle(1);
	assert_events("B:datagram(66,5,0,) ");
	loop_ops->close(raw_ep);
}

static void quiet_log(int level, const char *msg)
{
}

static int quiet_setup(void **state)
{
	port_log = quiet_log;
	return pair_setup(state);
}

static int loud_teardown(void **state)
{
	port_log = port_log_default;
	return pair_teardown(state);
}

#define net_test(name) \
	cmocka_unit_test_setup_teardown(name, quiet_setup, loud_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		net_test(test_credits),
		net_test(test_droppable_limit),
		net_test(test_nested_calls),
		net_test(test_bad_request),
		net_test(test_no_memory),
		net_test(test_long_reply),
		net_test(test_call_sizes),
		net_test(test_self),
		net_test(test_datagrams),
		net_test(test_datagrams_on_connections),
		net_test(test_hostile_hello),
		net_test(test_hostile_session),
		net_test(test_datagrams_in_connections),
		net_test(test_resume_unknown),
		net_test(test_more_than_credits),
		net_test(test_silent_connections),
		net_test(test_silent_peer),
		net_test(test_older_hello),
		net_test(test_hostile_datagrams),
	};

	return cmocka_run_group_tests(tests, pair_group_setup,
				      pair_group_teardown);
}
