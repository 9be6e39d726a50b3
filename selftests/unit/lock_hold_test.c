// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lock client's minimum hold time: when a revocation counts.
 */
#include "lock_space.h"

/* A tenure: granted, used @hits times without waiting, and asked back. */
static void tenure(unsigned int hits)
{
	hold_fresh(SFS_LOCK_EX);
	while (hits--) {
		acquire(SFS_LOCK_EX);
		release(SFS_LOCK_EX);
	}
	revoke(SFS_LOCK_NL);
}

static void assert_given_up(bool is)
{
	assert_events(is ? "invalidate:EX-NL released:NL-lvb " : "");
}

/* Milliseconds until it is given up, from the grant on. */
static unsigned int held_ms(unsigned int hits)
{
	u64 start = ktime_get_ns();

	tenure(hits);
	while (sfs_lock_mode(lock) != SFS_LOCK_NL)
		msleep(1);
	assert_given_up(true);
	return div_u64(ktime_get_ns() - start, NSEC_PER_MSEC);
}

static void test_used_once_is_given_up_at_once(void **state)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		pause_tenures();
		tenure(3);
		assert_given_up(true);
	}
}

static const unsigned int want_ms[] = {
	0, 4, 8, 16, 32, 64, 128, 128
};

/* As many uses as make a hold grow, whatever it is. */
enum { BUSY_HITS = 128 };

/* The shortest times so far. */
static void grow_and_shrink(unsigned int *least)
{
	unsigned int i, took;

	for (i = 0; i < ARRAY_SIZE(want_ms); i++) {
		took = held_ms(BUSY_HITS);
		assert_in_range(took, want_ms[i], UINT_MAX);
		least[i] = min(least[i], took);
	}
	for (i = 0; i < 9; i++) {
		pause_tenures();
		held_ms(3);
	}
	pause_tenures();
	tenure(0);
	assert_given_up(true);
}

/* Is each given up in time?  A busy machine may be late, but not always for one. */
static bool are_in_time(const unsigned int *least)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(want_ms); i++)
		if (least[i] > want_ms[i] + 8)
			return false;
	return true;
}

static void test_hold_grows_with_use_and_shrinks_without(void **state)
{
	unsigned int least[ARRAY_SIZE(want_ms)];
	unsigned int tries;

	memset(least, 0xff, sizeof(least));
	for (tries = 0; tries < 20; tries++) {
		grow_and_shrink(least);
		if (are_in_time(least))
			return;
	}
	fail_msg("always late");
}

static void test_slow_use_does_not_make_it_long(void **state)
{
	unsigned int i;

	for (i = 0; i < 20; i++)
		held_ms(9);
	/* 16 ms need 16 uses */
	tenure(9);
	assert_true(sfs_lock_mode(lock) == SFS_LOCK_NL ||
		    held_ms(9) < 64);
}

static void make_hold_long(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(want_ms); i++)
		held_ms(BUSY_HITS);
}

static void test_who_comes_back_soon_gets_time(void **state)
{
	tenure(0);
	assert_given_up(true);
	assert_in_range(held_ms(0), 4, UINT_MAX);
	assert_in_range(held_ms(0), 4, UINT_MAX);
	pause_tenures();
	assert_in_range(held_ms(0), 2, UINT_MAX);
}

static void test_users_may_start_during_the_hold(void **state)
{
	make_hold_long();
	tenure(BUSY_HITS);
	assert_given_up(false);
	assert_int_equal(try(SFS_LOCK_EX), 0);
	assert_int_equal(try(SFS_LOCK_PR), 0);
	release(SFS_LOCK_PR);
	/* when it is over no more of them, but this one may stay */
	msleep(150);
	assert_given_up(false);
	assert_int_equal(try(SFS_LOCK_PR), -EAGAIN);
	release(SFS_LOCK_EX);
	assert_int_equal(try(SFS_LOCK_PR), -EAGAIN);
	sfs_lock_space_flush(space);
	assert_given_up(true);
}

static void revoke_pr(struct sfs_lock *l)
{
	in_request = NULL;
	sfs_lock_revoke(l, SFS_LOCK_NL);
}

static void script_grant_after_release(void)
{
	msleep(150);
	assert_events("request:EX invalidate:PR-NL released:NL ");
	sfs_lock_grant(lock, SFS_LOCK_EX, 0, NULL);
}

/* The leader grants the upgrade to one of two only after the other gave up. */
static void test_hold_ends_during_an_upgrade(void **state)
{
	make_hold_long();
	hold_fresh(SFS_LOCK_PR);
	in_request = revoke_pr;
	script = script_grant_after_release;
	acquire(SFS_LOCK_EX);
	release(SFS_LOCK_EX);
}

static void test_hold_counts_from_the_grant(void **state)
{
	make_hold_long();
	hold_fresh(SFS_LOCK_EX);
	msleep(129);
	revoke(SFS_LOCK_NL);
	assert_given_up(true);
}

static void test_long_tenures_are_no_fight(void **state)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		hold_fresh(SFS_LOCK_EX);
		for (int n = 0; n < 100; n++) {
			acquire(SFS_LOCK_EX);
			release(SFS_LOCK_EX);
		}
		msleep(600);
		revoke(SFS_LOCK_NL);
		assert_given_up(true);
	}
	tenure(0);
	assert_given_up(true);
}

static void test_leaving_waits_for_no_hold(void **state)
{
	u64 start;

	make_hold_long();
	tenure(BUSY_HITS);
	assert_given_up(false);
	start = ktime_get_ns();
	destroy();
	assert_in_range(ktime_get_ns() - start, 0, 64 * NSEC_PER_MSEC);
	assert_events("invalidate:EX-NL released:NL-lvb forget release:5 leave");
}

static void test_shutdown_waits_for_no_hold(void **state)
{
	make_hold_long();
	tenure(BUSY_HITS);
	sfs_lock_space_shutdown(space);
	destroy();
	assert_events("forget release:5 leave");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		manual_test(test_used_once_is_given_up_at_once),
		manual_test(test_hold_grows_with_use_and_shrinks_without),
		manual_test(test_slow_use_does_not_make_it_long),
		manual_test(test_who_comes_back_soon_gets_time),
		manual_test(test_users_may_start_during_the_hold),
		manual_test(test_hold_ends_during_an_upgrade),
		manual_test(test_hold_counts_from_the_grant),
		manual_test(test_long_tenures_are_no_fight),
		manual_test(test_leaving_waits_for_no_hold),
		manual_test(test_shutdown_waits_for_no_hold),
	};

	return cmocka_run_group_tests_name("lock hold", tests, NULL, NULL);
}
