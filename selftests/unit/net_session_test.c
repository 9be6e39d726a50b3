// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: how they begin, lose connections, and end.
 */
#include "net_pair.h"

/* ---- beginning ---- */

static void test_open(void **state)
{
	struct sfs_net_addr addr;

	pair_open();
	assert_int_equal(sfs_net_peer_rid(a.peer), RID_B);
	assert_int_equal(sfs_net_peer_rid(b.peer), RID_A);
	assert_ptr_equal(sfs_net_peer_priv(a.peer), &a);
	sfs_net_peer_set_priv(b.peer, &b);
	assert_ptr_equal(sfs_net_peer_priv(b.peer), &b);
	sfs_net_peer_addr(a.peer, &addr);
	assert_int_equal(addr.port, PORT_B);
	assert_true(side_info(&a).is_up && side_info(&a).is_ours);
	assert_true(side_info(&b).is_up && !side_info(&b).is_ours);
	settle(10000);
	assert_events("");
	assert_int_equal(side_info(&a).nr_connects, 1);
	assert_in_range(side_info(&a).silent_ms, 0, 1000);
}

static void test_refused(void **state)
{
	b.accept_error = -EBUSY;
	side_connect(&a, PORT_B, "hi");
	settle(5000);
	assert_events("B:accept(hi) A:closed(-16) ");
	assert_int_equal(side_stats(&b).nr_refused, 1);
	assert_int_equal(side_send(&a, SFS_NET_LOCK, 8, 0), -ENOTCONN);
	assert_int_equal(side_call(&a, 8), -ENOTCONN);
}

static void test_give_up(void **state)
{
	u64 began = now_ns;

	side_connect(&a, 999, "hi");
	settle(19000);
	assert_events("");
	side_connect(&a, 999, "again");
	settle(2000);
	assert_events("A:closed(-110) ");
	assert_in_range((now_ns - began) / NSEC_PER_SEC, 20, 21);
}

/* It listens later than the first attempts. */
static void test_retry(void **state)
{
	side_connect(&a, 30, "hi");
	settle(3000);
	side_stop(&b);
	side_start(&b, "B", RID_B, 30);
	settle(1100);
	assert_events("B:accept(hi) A:opened(welcome) ");
}

/* The answer gets lost: the same session, accept() is not called again. */
static void test_lost_answer(void **state)
{
	kill_at = 2;
	side_connect(&a, PORT_B, "hi");
	settle(1000);
	assert_events("B:accept(hi) A:opened(welcome) ");
	assert_int_equal(nr_kills, 1);
}

static void test_lost_hello(void **state)
{
	kill_at = 1;
	side_connect(&a, PORT_B, "hi");
	settle(1000);
	assert_events("B:accept(hi) A:opened(welcome) ");
	assert_int_equal(nr_kills, 1);
}

/* ---- connections get lost ---- */

static void send_some(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		assert_int_equal(side_send(&a, SFS_NET_LOCK, 40, 0), 0);
		assert_int_equal(side_send(&b, SFS_NET_LOCK, 8192, 0), 0);
		assert_int_equal(side_send(&a, SFS_NET_BULK, 8000, 0), 0);
		assert_int_equal(side_send(&b, SFS_NET_MEMBER, 8, 0), 0);
	}
}

static void assert_all_came(void)
{
	unsigned int i;

	for (i = 0; i < SFS_NET_NR_CLASSES; i++) {
		assert_int_equal(a.nr_received[i], b.nr_sent[i]);
		assert_int_equal(b.nr_received[i], a.nr_sent[i]);
	}
}

static void exchange_with_kill(unsigned long at, bool after)
{
	pair_setup(NULL);
	pair_open();
	nr_frames = 0;
	kill_at = at;
	kill_after = after;
	send_some(20);
	assert_int_equal(side_call(&a, 100), 0);
	assert_int_equal(side_call(&b, 5000), 0);
	send_some(1);
	assert_int_equal(side_call(&a, 1), 0);
	settle(3000);
	assert_all_came();
	assert_events("");
	assert_int_equal(side_info(&a).nr_queued, 0);
	assert_int_equal(b.nr_accepts, 1);
	assert_int_equal(b.nr_served, 2);
	assert_int_equal(a.nr_served, 1);
	assert_int_equal(pair_teardown(NULL), 0);
	pair_reset();
}

/* A connection is lost at each frame there is, arrived or not. */
static void test_kill_everywhere(void **state)
{
	unsigned long at, nr;

	exchange_with_kill(0, false);
	for (at = 1, nr = 1; nr; at++) {
		exchange_with_kill(at, false);
		exchange_with_kill(at, true);
		nr = at < 110;
	}
}

static void test_kill_often(void **state)
{
	unsigned int round;

	pair_open();
	kill_percent = 20;
	for (round = 0; round < 60; round++) {
		send_some(5);
		assert_int_equal(side_call(&a, round), 0);
		assert_int_equal(side_call(&b, 3 * round), 0);
	}
	kill_percent = 0;
	settle(5000);
	assert_all_came();
	assert_int_equal(a.nr_served, 60);
	assert_int_equal(b.nr_served, 60);
	assert_true(nr_kills > 50);
	assert_true(side_info(&a).nr_resent > 0);
	assert_events("");
}

/* Heartbeats are not kept for later. */
static void test_droppable(void **state)
{
	pair_open();
	assert_int_equal(side_send(&a, SFS_NET_MEMBER, 8,
				   SFS_NET_DROPPABLE), 0);
	settle(10);
	assert_int_equal(b.nr_received[SFS_NET_MEMBER], 1);
	side_stop(&b);
	settle(10);
	assert_events("A:closed(0) ");

	side_connect(&a, 999, "hi");
	assert_int_equal(side_send(&a, SFS_NET_MEMBER, 8,
				   SFS_NET_DROPPABLE), 0);
	assert_int_equal(side_info(&a).nr_queued, 0);
}

/* ---- the end ---- */

/* What was sent before the close arrives before closed(). */
static void test_close(void **state)
{
	unsigned int i;

	pair_open();
	for (i = 0; i < 200; i++)
		assert_int_equal(side_send(&a, SFS_NET_LOCK, 100, 0), 0);
	sfs_net_close(a.peer);
	assert_int_equal(side_send(&a, SFS_NET_LOCK, 100, 0), -ENOTCONN);
	settle(500);
	assert_int_equal(b.nr_received[SFS_NET_LOCK], 200);
	assert_events("B:closed(0) ");
	assert_int_equal(side_send(&b, SFS_NET_LOCK, 100, 0), -ENOTCONN);
	assert_int_equal(side_info(&b).rid, 0);
}

static void test_close_sync(void **state)
{
	pair_open();
	sfs_net_close_sync(b.peer);
	assert_int_equal(side_info(&b).rid, 0);
	sfs_net_close_sync(b.peer);
	settle(500);
	assert_events("A:closed(0) ");
	/* closing what is closed */
	sfs_net_close(a.peer);
	sfs_net_close_sync(a.peer);
	assert_events("");
}

/* The acceptor forgot the session while there was no connection. */
static void test_stale(void **state)
{
	pair_open();
	kill_at = nr_frames + 1;
	assert_int_equal(side_send(&a, SFS_NET_LOCK, 8, 0), 0);
	settle(10);
	assert_int_equal(nr_kills, 1);
	sfs_net_close(b.peer);
	settle(2000);
	assert_events("A:closed(-116) ");
}

/* Sessions of the acceptor stay without a connection until closed. */
static void test_acceptor_stays(void **state)
{
	pair_open();
	kill_percent = 100;
	settle(30000);
	assert_events("A:closed(-110) ");
	assert_int_equal(side_info(&b).rid, RID_A);
	assert_false(side_info(&b).is_up);
	assert_int_equal(side_send(&b, SFS_NET_LOCK, 8, 0), 0);
	sfs_net_close_sync(b.peer);
	assert_int_equal(side_info(&b).rid, 0);
}

/* The other mount begins anew: the old session ends first. */
static void test_reset(void **state)
{
	pair_open();
	side_connect(&a, PORT_B, "anew");
	settle(500);
	/* the old one's other end is told, too */
	assert_events("B:closed(-104) B:accept(anew) A:closed(-104) A:opened(welcome) ");
}

/* ... also when a callback of the old one takes its time. */
static int slow_receive(struct side *side, struct sfs_net_peer *peer,
			enum sfs_net_class class, u8 type)
{
	side->on_receive = NULL;
	side_connect(&a, PORT_B, "anew");
	settle(500);
	assert_int_equal(side->nr_accepts, 1);
	event("B:received ");
	return 0;
}

static void test_reset_waits(void **state)
{
	pair_open();
	b.on_receive = slow_receive;
	assert_int_equal(side_send(&a, SFS_NET_LOCK, 8, 0), 0);
	settle(1000);
	assert_events("A:closed(-104) B:received B:closed(-104) B:accept(anew) A:opened(welcome) ");
}

static int bad_receive(struct side *side, struct sfs_net_peer *peer,
		       enum sfs_net_class class, u8 type)
{
	return -EPROTO;
}

static void test_protocol_error(void **state)
{
	pair_open();
	b.on_receive = bad_receive;
	assert_int_equal(side_send(&a, SFS_NET_LOCK, 8, 0), 0);
	settle(500);
	assert_events("B:closed(-71) A:closed(-71) ");
	assert_int_equal(side_stats(&b).nr_protocol, 1);
}

static void test_destroy_tells(void **state)
{
	pair_open();
	side_stop(&a);
	settle(100);
	assert_events("B:closed(0) ");
}

/* ---- closing from callbacks ---- */

static void do_close(struct side *side, struct sfs_net_peer *peer)
{
	event("%s:close ", side->name);
	sfs_net_close(peer);
}

static int close_in_receive(struct side *side, struct sfs_net_peer *peer,
			    enum sfs_net_class class, u8 type)
{
	do_close(side, peer);
	return 0;
}

static int close_in_serve(struct side *side, struct sfs_net_peer *peer, u8 type)
{
	do_close(side, peer);
	return 0;
}

static void test_close_in_accept(void **state)
{
	b.on_accept = do_close;
	side_connect(&a, PORT_B, "hi");
	settle(3000);
	/* the other side asks until it is told */
	assert_true(strstarts(events, "B:accept(hi) B:close "));
	assert_null(strstr(events, "B:closed"));
	events[0] = '\0';
}

static void test_close_in_opened(void **state)
{
	a.on_opened = do_close;
	side_connect(&a, PORT_B, "hi");
	settle(500);
	assert_events("B:accept(hi) A:opened(welcome) A:close B:closed(0) ");
}

static void test_close_in_receive(void **state)
{
	pair_open();
	b.on_receive = close_in_receive;
	assert_int_equal(side_send(&a, SFS_NET_LOCK, 8, 0), 0);
	assert_int_equal(side_send(&a, SFS_NET_LOCK, 8, 0), 0);
	settle(500);
	assert_events("B:close A:closed(0) ");
	assert_int_equal(b.nr_received[SFS_NET_LOCK], 1);
}

static void test_close_in_serve(void **state)
{
	pair_open();
	b.on_serve = close_in_serve;
	assert_int_equal(side_call(&a, 8), -ENOTCONN);
	settle(500);
	assert_events("B:close A:closed(0) ");
}

static void test_close_in_closed(void **state)
{
	pair_open();
	a.on_closed = do_close;
	sfs_net_close(b.peer);
	settle(500);
	assert_events("A:closed(0) A:close ");
}

static int close_caller(struct side *side, struct sfs_net_peer *peer, u8 type)
{
	sfs_net_close(a.peer);
	settle(500);
	assert_true(sfs_net_peer_is_over(peer));
	event("served ");
	return 0;
}

/* A call ends with the session, its server's callback before closed(). */
static void test_call_fails(void **state)
{
	pair_open();
	b.on_serve = close_caller;
	assert_int_equal(side_call(&a, 8), -ENOTCONN);
	settle(500);
	assert_events("served B:closed(0) ");
}

#define net_test(name) \
	cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		net_test(test_open),
		net_test(test_refused),
		net_test(test_give_up),
		net_test(test_retry),
		net_test(test_lost_answer),
		net_test(test_lost_hello),
		cmocka_unit_test(test_kill_everywhere),
		net_test(test_kill_often),
		net_test(test_droppable),
		net_test(test_close),
		net_test(test_close_sync),
		net_test(test_stale),
		net_test(test_acceptor_stays),
		net_test(test_reset),
		net_test(test_reset_waits),
		net_test(test_protocol_error),
		net_test(test_destroy_tells),
		net_test(test_close_in_accept),
		net_test(test_close_in_opened),
		net_test(test_close_in_receive),
		net_test(test_close_in_serve),
		net_test(test_close_in_closed),
		net_test(test_call_fails),
	};

	return cmocka_run_group_tests(tests, pair_group_setup,
				      pair_group_teardown);
}
