// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fence requests: answers, time-outs, ends, and what listeners hear.
 */
#include "format/port.h"
#include "lock/fence.h"

#include <setjmp.h>

#include <cmocka.h>

#include "events.h"

static u64 now_ns;

static u64 test_clock(void)
{
	return now_ns;
}

static void test_advance(u64 ns)
{
	now_ns = ns;
}

static void later_ms(u64 ms)
{
	now_ns += ms * NSEC_PER_MSEC;
	port_run_works();
}

static void on_done(void *arg, int error)
{
	event("%s:%d ", (const char *)arg, error);
}

static void on_changed(struct sfs_fence_listener *listener,
		       const struct sfs_fence_info *info, bool is_new)
{
	event("%s%llu ", is_new ? "+" : "-", (unsigned long long)info->rid);
}

static struct sfs_fence_listener listener = { .changed = on_changed };

static int setup(void **state)
{
	events[0] = '\0';
	now_ns = 5 * NSEC_PER_SEC;
	port_clock = test_clock;
	port_clock_advance = test_advance;
	sfs_fence_listen(&listener);
	return 0;
}

static int teardown(void **state)
{
	sfs_fence_unlisten(&listener);
	port_clock = NULL;
	return 0;
}

static struct sfs_fence *start(u64 rid, const char *name)
{
	struct sfs_net_addr addr = { .family = 4, .addr = { 192, 0, 2, 7 } };
	struct sfs_fence *fence;

	fence = sfs_fence_start(1, 2, rid, &addr, SFS_FENCE_CLIENT_RECONNECT,
				1000, on_done, (void *)name);
	assert_false(IS_ERR(fence));
	return fence;
}

static bool see(void *arg, const struct sfs_fence_info *info)
{
	*(struct sfs_fence_info *)arg = *info;
	return true;
}

static void test_fenced(void **state)
{
	struct sfs_fence *fence = start(3, "a");
	struct sfs_fence_info info = { 0 };

	assert_events("+3 ");
	later_ms(400);
	sfs_fence_for_each(see, &info);
	assert_int_equal(info.elapsed_ms, 400);
	assert_int_equal(info.addr.addr[3], 7);
	assert_false(info.is_fenced);

	assert_int_equal(sfs_fence_answer(1, 2, 3, true), 0);
	port_run_works();
	assert_events("a:0 ");
	sfs_fence_for_each(see, &info);
	assert_true(info.is_fenced);
	assert_false(info.is_error);
	/* neither the time-out nor a second answer changes that */
	assert_int_equal(sfs_fence_answer(1, 2, 3, false), -ENOENT);
	later_ms(5000);
	assert_events("");
	sfs_fence_end(fence);
	assert_events("-3 ");
}

static void test_agent_fails(void **state)
{
	struct sfs_fence *fence = start(3, "a");
	struct sfs_fence_info info = { 0 };

	assert_int_equal(sfs_fence_answer(1, 2, 3, false), 0);
	port_run_works();
	sfs_fence_for_each(see, &info);
	assert_true(info.is_error);
	assert_false(info.is_fenced);
	assert_int_equal(sfs_fence_answer(1, 2, 3, true), -ENOENT);
	sfs_fence_end(fence);
	assert_string_equal(strchr(events, 'a'), "a:-5 -3 ");
}

static void test_timeout(void **state)
{
	struct sfs_fence *fence = start(3, "a");
	struct sfs_fence_info info = { 0 };

	later_ms(999);
	assert_events("+3 ");
	later_ms(2);
	port_run_works();
	sfs_fence_for_each(see, &info);
	assert_true(info.is_error);
	assert_int_equal(sfs_fence_answer(1, 2, 3, true), -ENOENT);
	sfs_fence_end(fence);
	assert_string_equal(strchr(events, 'a'), "a:-110 -3 ");
}

/* An answer is for one request of one mount of one volume. */
static void test_others(void **state)
{
	struct sfs_fence *a = start(3, "a");
	struct sfs_fence *b = start(4, "b");

	assert_events("+3 +4 ");
	assert_int_equal(sfs_fence_answer(9, 2, 3, true), -ENOENT);
	assert_int_equal(sfs_fence_answer(1, 9, 3, true), -ENOENT);
	assert_int_equal(sfs_fence_answer(1, 2, 9, true), -ENOENT);
	port_run_works();
	assert_events("");
	assert_int_equal(sfs_fence_answer(1, 2, 4, true), 0);
	port_run_works();
	assert_events("b:0 ");
	sfs_fence_end(a);
	sfs_fence_end(b);
	assert_events("-3 -4 ");
}

/* Nobody hears the answer to a request that was ended first. */
static void test_end_before_answer(void **state)
{
	struct sfs_fence *fence = start(3, "a");

	assert_int_equal(sfs_fence_answer(1, 2, 3, true), 0);
	sfs_fence_end(fence);
	port_run_works();
	assert_events("+3 -3 ");
	fence = start(3, "a");
	sfs_fence_end(fence);
	later_ms(5000);
	assert_events("+3 -3 ");
	assert_int_equal(sfs_fence_answer(1, 2, 3, true), -ENOENT);
}

static void test_listen_late(void **state)
{
	struct sfs_fence *fence;

	sfs_fence_unlisten(&listener);
	fence = start(3, "a");
	assert_events("");
	sfs_fence_listen(&listener);
	assert_events("+3 ");
	sfs_fence_end(fence);
	assert_events("-3 ");
}

static void test_names(void **state)
{
	assert_string_equal(sfs_fence_reason_name(SFS_FENCE_CLIENT_RECOVERY),
			    "client_recovery");
	assert_string_equal(sfs_fence_reason_name(SFS_FENCE_CLIENT_RECONNECT),
			    "client_reconnect");
	assert_string_equal(sfs_fence_reason_name(SFS_FENCE_QUORUM_BLOCK_LEADER),
			    "quorum_block_leader");
	assert_string_equal(sfs_fence_reason_name(0), "unknown");
}

#define SFS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SFS_TEST(test_fenced),
		SFS_TEST(test_agent_fails),
		SFS_TEST(test_timeout),
		SFS_TEST(test_others),
		SFS_TEST(test_end_before_answer),
		SFS_TEST(test_listen_late),
		SFS_TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
