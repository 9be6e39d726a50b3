// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock client and provider "local": what callers see, in which order.
 */
#include "lock_space.h"

/* --- the cached mode ----------------------------------------------------- */

static void test_cached_mode_needs_no_provider(void **state)
{
	struct sfs_lock_stats stats;

	assert_int_equal(sfs_lock_mode(lock), SFS_LOCK_NL);
	assert_int_equal(sfs_lock_type(lock), SFS_LOCK_GROUP);
	assert_int_equal(sfs_lock_nr(lock), 5);
	assert_int_equal(try(SFS_LOCK_PR), -EAGAIN);
	acquire(SFS_LOCK_PR);
	assert_events("granted:NL-PR ");
	acquire(SFS_LOCK_PR);
	assert_int_equal(try(SFS_LOCK_PR), 0);
	release(SFS_LOCK_PR);
	release(SFS_LOCK_PR);
	release(SFS_LOCK_PR);
	assert_int_equal(sfs_lock_mode(lock), SFS_LOCK_PR);
	acquire(SFS_LOCK_PR);
	release(SFS_LOCK_PR);
	assert_events("");

	acquire(SFS_LOCK_EX);
	assert_events("granted:PR-EX ");
	acquire(SFS_LOCK_PR);
	release(SFS_LOCK_PR);
	release(SFS_LOCK_EX);
	acquire(SFS_LOCK_EX);
	release(SFS_LOCK_EX);
	assert_events("");
	assert_int_equal(sfs_lock_mode(lock), SFS_LOCK_EX);

	sfs_lock_space_stats(space, &stats);
	assert_int_equal(stats.nr_locks, 1);
	assert_int_equal(stats.grants, 2);
	assert_int_equal(stats.waits, 2);
	assert_int_equal(stats.hits, 5);
	assert_int_equal(stats.revokes, 0);
	assert_int_equal(stats.errors, 0);
}

static void test_same_handle_for_same_name(void **state)
{
	struct sfs_lock *other = sfs_lock_get(space, SFS_LOCK_GROUP, 5);

	assert_ptr_equal(other, lock);
	sfs_lock_put(other);
	other = sfs_lock_get(space, SFS_LOCK_RENAME, 5);
	assert_ptr_not_equal(other, lock);
	assert_int_not_equal(sfs_lock_generation(other),
			     sfs_lock_generation(lock));
	sfs_lock_put(other);
	other = sfs_lock_get(space, SFS_LOCK_GROUP, U64_MAX);
	assert_int_equal(sfs_lock_nr(other), U64_MAX);
	sfs_lock_put(other);
}

static void test_no_memory(void **state)
{
	struct sfs_lock_space *other;
	struct sfs_lock *l;
	int ret = -ENOMEM;
	long nr;

	for (nr = 1; ret; nr++) {
		port_alloc_fail = nr;
		ret = make_space("local", 1, 2, &other);
		port_alloc_fail = 0;
		assert_true(!ret || ret == -ENOMEM);
	}
	assert_true(nr > 3);
	for (nr = 1, l = NULL; !l; nr++) {
		port_alloc_fail = nr;
		l = sfs_lock_get(other, SFS_LOCK_GROUP, 70000);
		port_alloc_fail = 0;
	}
	assert_true(nr > 2);
	sfs_lock_put(l);
	sfs_lock_space_destroy(other);
}

/* --- revocation ---------------------------------------------------------- */

static void test_revoke_waits_for_users_above(void **state)
{
	struct sfs_lock_stats stats;
	u64 generation;

	acquire(SFS_LOCK_EX);
	acquire(SFS_LOCK_PR);
	events[0] = '\0';
	generation = sfs_lock_generation(lock);
	revoke(SFS_LOCK_PR);
	assert_events("");
	assert_int_equal(try(SFS_LOCK_EX), -EAGAIN);
	assert_int_equal(try(SFS_LOCK_PR), 0);
	release(SFS_LOCK_PR);

	release(SFS_LOCK_EX);
	assert_events("");	/* never in the releaser's context */
	sfs_lock_space_flush(space);
	assert_events("invalidate:EX-PR ");
	assert_int_equal(sfs_lock_mode(lock), SFS_LOCK_PR);
	assert_int_equal(sfs_lock_generation(lock), generation);

	revoke(SFS_LOCK_NL);
	assert_events("");
	assert_int_equal(try(SFS_LOCK_PR), -EAGAIN);
	release(SFS_LOCK_PR);
	sfs_lock_space_flush(space);
	assert_events("invalidate:PR-NL ");
	assert_int_equal(sfs_lock_mode(lock), SFS_LOCK_NL);
	assert_true(sfs_lock_generation(lock) > generation);

	revoke(SFS_LOCK_NL);
	assert_events("");
	sfs_lock_space_stats(space, &stats);
	assert_int_equal(stats.revokes, 2);
}

static void test_revoke_tells_provider_after_invalidate(void **state)
{
	hold_fresh(SFS_LOCK_EX);
	revoke(SFS_LOCK_PR);
	assert_events("invalidate:EX-PR released:PR-lvb ");
	revoke(SFS_LOCK_PR);
	assert_events("");
	revoke(SFS_LOCK_NL);
	assert_events("invalidate:PR-NL released:NL ");
	pause_tenures();
	hold_fresh(SFS_LOCK_EX);
	revoke(SFS_LOCK_NL);
	assert_events("invalidate:EX-NL released:NL-lvb ");
}

static void revoke_to_nl(struct sfs_lock *l)
{
	in_invalidate = NULL;
	sfs_lock_revoke(l, SFS_LOCK_NL);
}

static void test_revoke_lowered_while_served(void **state)
{
	hold_fresh(SFS_LOCK_EX);
	in_invalidate = revoke_to_nl;
	revoke(SFS_LOCK_PR);
	assert_events("invalidate:EX-PR released:PR-lvb "
		      "invalidate:PR-NL released:NL ");
}

static void script_release_ex(void)
{
	event("blocked ");
	release(SFS_LOCK_EX);
}

static void test_acquire_waits_for_revoke(void **state)
{
	acquire(SFS_LOCK_EX);
	revoke(SFS_LOCK_NL);
	events[0] = '\0';
	script = script_release_ex;
	acquire(SFS_LOCK_PR);	/* another task */
	assert_events("blocked invalidate:EX-NL granted:NL-PR ");
	release(SFS_LOCK_PR);
}

/* --- revokes that cross requests ----------------------------------------- */

static void script_revoke_then_grant(void)
{
	revoke(SFS_LOCK_NL);
	event("other ");
	sfs_lock_grant(lock, SFS_LOCK_EX, 0, NULL);
}

static void test_revoke_crosses_upgrade(void **state)
{
	hold_fresh(SFS_LOCK_PR);
	script = script_revoke_then_grant;
	acquire(SFS_LOCK_EX);
	assert_events("request:EX invalidate:PR-NL released:NL other "
		      "granted:NL-EX ");
	release(SFS_LOCK_EX);
}

static void script_revoke_at_once_grant(void)
{
	/* no work runs in between: as with "local" and a revoke by a test */
	sfs_lock_revoke(lock, SFS_LOCK_NL);
	sfs_lock_grant(lock, SFS_LOCK_EX, 0, NULL);
}

static void test_revoke_before_grant_is_served_first(void **state)
{
	hold_fresh(SFS_LOCK_PR);
	script = script_revoke_at_once_grant;
	acquire(SFS_LOCK_EX);
	assert_events("request:EX invalidate:PR-NL released:NL granted:NL-EX ");
	assert_int_equal(sfs_lock_mode(lock), SFS_LOCK_EX);
	release(SFS_LOCK_EX);
	sfs_lock_space_flush(space);
	assert_events("");
}

static void script_stale_revoke_then_grant(void)
{
	revoke(SFS_LOCK_NL);	/* of what was held before */
	sfs_lock_grant(lock, SFS_LOCK_PR, 0, NULL);
}

static void test_stale_revoke_is_answered_already(void **state)
{
	script = script_stale_revoke_then_grant;
	acquire(SFS_LOCK_PR);
	assert_events("request:PR granted:NL-PR ");
	release(SFS_LOCK_PR);
	sfs_lock_space_flush(space);
	assert_events("");
}

static void script_grant_then_revoke(void)
{
	sfs_lock_grant(lock, SFS_LOCK_EX, 0, NULL);
	sfs_lock_revoke(lock, SFS_LOCK_NL);
}

static void test_waiter_gets_a_turn_before_revoke(void **state)
{
	script = script_grant_then_revoke;
	acquire(SFS_LOCK_EX);
	assert_events("request:EX granted:NL-EX ");
	assert_int_equal(try(SFS_LOCK_PR), -EAGAIN);
	sfs_lock_space_flush(space);
	assert_events("");
	release(SFS_LOCK_EX);
	sfs_lock_space_flush(space);
	assert_events("invalidate:EX-NL released:NL-lvb ");
}

static void grant_ex_then_revoke(struct sfs_lock *l)
{
	in_granted = NULL;
	sfs_lock_revoke(l, SFS_LOCK_NL);
}

static void test_revoke_during_granted(void **state)
{
	in_granted = grant_ex_then_revoke;
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_EX, SFS_LOCK_FRESH),
			 0);
	sfs_lock_space_flush(space);
	assert_events("request:EX-fresh granted:NL-EX ");
	release(SFS_LOCK_EX);
	sfs_lock_space_flush(space);
	assert_events("invalidate:EX-NL released:NL-lvb ");
}

static void script_grant_ex(void)
{
	sfs_lock_grant(lock, SFS_LOCK_EX, 0, NULL);
}

static void script_second_waiter(void)
{
	script = script_grant_then_revoke;
	acquire(SFS_LOCK_PR);
	event("second ");
}

static void test_all_waiters_get_a_turn(void **state)
{
	script = script_second_waiter;
	acquire(SFS_LOCK_EX);
	assert_events("request:EX granted:NL-EX second ");
	release(SFS_LOCK_EX);
	sfs_lock_space_flush(space);
	assert_events("");
	release(SFS_LOCK_PR);
	sfs_lock_space_flush(space);
	assert_events("invalidate:EX-NL released:NL-lvb ");
}

static void script_grant_pr_for_second(void)
{
	sfs_lock_grant(lock, SFS_LOCK_PR, 0, NULL);
	sfs_lock_space_flush(space);
	script = script_grant_ex;
}

static void script_higher_waiter(void)
{
	script = script_grant_pr_for_second;
	acquire(SFS_LOCK_EX);
}

static void test_higher_waiter_asks_again(void **state)
{
	script = script_higher_waiter;
	acquire(SFS_LOCK_PR);
	assert_events("request:PR granted:NL-PR request:EX granted:PR-EX ");
	release(SFS_LOCK_PR);
	release(SFS_LOCK_EX);
}

/* --- values -------------------------------------------------------------- */

static void test_value_survives_nl_and_handle(void **state)
{
	u8 *lvb = sfs_lock_lvb(lock);
	struct sfs_lock *other;

	acquire(SFS_LOCK_EX);
	assert_true(mem_is_zero(lvb, SFS_LOCK_LVB_BYTES));
	memset(lvb, 0x5a, SFS_LOCK_LVB_BYTES);
	release(SFS_LOCK_EX);
	revoke(SFS_LOCK_NL);
	memset(lvb, 0, SFS_LOCK_LVB_BYTES);
	acquire(SFS_LOCK_PR);
	assert_int_equal(lvb[0], 0x5a);
	assert_int_equal(lvb[SFS_LOCK_LVB_BYTES - 1], 0x5a);
	release(SFS_LOCK_PR);

	acquire(SFS_LOCK_EX);
	assert_int_equal(lvb[0], 0x5a);
	lvb[0] = 0x11;
	release(SFS_LOCK_EX);
	sfs_lock_put(lock);
	assert_int_equal(sfs_lock_shrink(space, 10), 1);
	sfs_lock_space_flush(space);

	other = sfs_lock_get(space, SFS_LOCK_GROUP, 6);
	lock = sfs_lock_get(space, SFS_LOCK_GROUP, 5);
	lvb = sfs_lock_lvb(lock);
	acquire(SFS_LOCK_PR);
	assert_int_equal(lvb[0], 0x11);
	assert_int_equal(lvb[1], 0x5a);
	release(SFS_LOCK_PR);
	sfs_lock_put(other);
}

static void test_grant_brings_value_only_at_nl(void **state)
{
	u8 *lvb = sfs_lock_lvb(lock);

	hold_fresh(SFS_LOCK_EX);
	lvb[0] = 0x77;
	revoke(SFS_LOCK_PR);
	pause_tenures();
	hold_fresh(SFS_LOCK_EX);	/* granted with unknown value */
	assert_int_equal(lvb[0], 0x77);
	revoke(SFS_LOCK_NL);
	hold_fresh(SFS_LOCK_EX);
	assert_int_equal(lvb[0], 0);
}

static void test_values_are_bounded(void **state)
{
	struct sfs_lock_values *values = sfs_lock_values_create(2);
	u8 lvb[SFS_LOCK_LVB_BYTES];
	u64 nr;

	for (nr = 0; nr < 5; nr++) {
		memset(lvb, (int)nr + 1, sizeof(lvb));
		sfs_lock_values_store(values, SFS_LOCK_GROUP, nr, lvb);
	}
	for (nr = 0; nr < 5; nr++)
		assert_true(sfs_lock_values_load(values, SFS_LOCK_GROUP, nr,
						 lvb));
	for (nr = 0; nr < 3; nr++)
		sfs_lock_values_idle(values, SFS_LOCK_GROUP, nr);
	assert_false(sfs_lock_values_load(values, SFS_LOCK_GROUP, 0, lvb));
	assert_true(sfs_lock_values_load(values, SFS_LOCK_GROUP, 1, lvb));
	assert_int_equal(lvb[95], 2);
	/* 1 has a handle again: 2 and 3 fit */
	sfs_lock_values_idle(values, SFS_LOCK_GROUP, 3);
	assert_true(sfs_lock_values_load(values, SFS_LOCK_GROUP, 2, lvb));
	assert_true(sfs_lock_values_load(values, SFS_LOCK_GROUP, 3, lvb));
	assert_false(sfs_lock_values_load(values, SFS_LOCK_RENAME, 3, lvb));
	sfs_lock_values_idle(values, SFS_LOCK_GROUP, 77);
	sfs_lock_values_destroy(values);
}

/* --- shrink -------------------------------------------------------------- */

static void test_shrink_returns_idle_locks(void **state)
{
	struct sfs_lock *old = lock, *busy, *idle[3];
	struct sfs_lock_stats stats;
	int i;

	busy = sfs_lock_get(space, SFS_LOCK_GROUP, 100);
	assert_int_equal(sfs_lock_acquire(busy, SFS_LOCK_EX, 0), 0);
	for (i = 0; i < 3; i++) {
		idle[i] = sfs_lock_get(space, SFS_LOCK_GROUP, i);
		assert_int_equal(sfs_lock_acquire(idle[i], SFS_LOCK_PR, 0), 0);
		sfs_lock_release(idle[i], SFS_LOCK_PR);
	}
	sfs_lock_put(idle[0]);
	sfs_lock_put(idle[1]);
	events[0] = '\0';

	/* all flags are cleared first, then the oldest goes */
	assert_int_equal(sfs_lock_shrink(space, 1), 1);
	sfs_lock_space_flush(space);
	assert_events("invalidate:PR-NL release:0 ");
	assert_int_equal(sfs_lock_shrink(space, 10), 2);
	sfs_lock_space_flush(space);
	/* 2 is referenced and stays as a handle */
	assert_events("invalidate:PR-NL release:1 invalidate:PR-NL ");
	assert_int_equal(sfs_lock_mode(idle[2]), SFS_LOCK_NL);
	assert_int_equal(sfs_lock_shrink(space, 10), 0);
	assert_int_equal(sfs_lock_mode(busy), SFS_LOCK_EX);

	assert_int_equal(sfs_lock_acquire(idle[2], SFS_LOCK_PR, 0), 0);
	sfs_lock_release(idle[2], SFS_LOCK_PR);
	sfs_lock_release(busy, SFS_LOCK_EX);
	sfs_lock_put(busy);
	sfs_lock_put(idle[2]);
	events[0] = '\0';
	assert_int_equal(sfs_lock_shrink(space, 10), 2);
	sfs_lock_space_flush(space);
	sfs_lock_space_stats(space, &stats);
	assert_int_equal(stats.nr_locks, 1);
	assert_int_equal(stats.returns, 5);
	assert_int_equal(stats.revokes, 0);
	assert_ptr_equal(lock, old);
}

static void test_shrink_prefers_unused(void **state)
{
	struct sfs_lock *unused = sfs_lock_get(space, SFS_LOCK_GROUP, 9);

	assert_int_equal(sfs_lock_acquire(unused, SFS_LOCK_PR, 0), 0);
	sfs_lock_release(unused, SFS_LOCK_PR);
	acquire(SFS_LOCK_PR);
	release(SFS_LOCK_PR);
	unused->is_referenced = false;	/* an earlier scan saw it */
	sfs_lock_put(unused);
	events[0] = '\0';
	assert_int_equal(sfs_lock_shrink(space, 1), 1);
	sfs_lock_space_flush(space);
	assert_events("invalidate:PR-NL release:9 ");
}

static void test_acquire_meets_shrink(void **state)
{
	hold_fresh(SFS_LOCK_PR);
	assert_int_equal(sfs_lock_shrink(space, 1), 1);
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_PR, SFS_LOCK_FRESH),
			 0);
	assert_events("invalidate:PR-NL released:NL request:PR-fresh "
		      "granted:NL-PR ");
	release(SFS_LOCK_PR);
	sfs_lock_space_flush(space);
	assert_int_equal(sfs_lock_mode(lock), SFS_LOCK_PR);
}

/* --- errors -------------------------------------------------------------- */

static void test_granted_error_gives_back(void **state)
{
	granted_error = -EUCLEAN;
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_PR, SFS_LOCK_FRESH),
			 -EUCLEAN);
	assert_events("request:PR-fresh granted:NL-PR released:NL ");
	assert_int_equal(sfs_lock_mode(lock), SFS_LOCK_NL);

	granted_error = 0;
	hold_fresh(SFS_LOCK_PR);
	granted_error = -EIO;
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_EX, SFS_LOCK_FRESH),
			 -EIO);
	assert_events("request:EX-fresh granted:PR-EX released:PR ");
	assert_int_equal(try(SFS_LOCK_PR), 0);
	release(SFS_LOCK_PR);
	granted_error = 0;
	hold_fresh(SFS_LOCK_EX);
}

static void test_granted_error_and_revoke(void **state)
{
	hold_fresh(SFS_LOCK_PR);
	granted_error = -EIO;
	in_granted = grant_ex_then_revoke;
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_EX, SFS_LOCK_FRESH),
			 -EIO);
	sfs_lock_space_flush(space);
	assert_events("request:EX-fresh granted:PR-EX released:PR "
		      "invalidate:PR-NL released:NL ");
}

static void script_grant_error(void)
{
	sfs_lock_grant(lock, SFS_LOCK_NL, -ETIMEDOUT, NULL);
}

static void test_provider_errors(void **state)
{
	struct sfs_lock_stats stats;

	manual_request_error = -ENOMEM;
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_PR, 0), -ENOMEM);
	manual_request_error = 0;
	script = script_grant_error;
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_EX, 0), -ETIMEDOUT);
	assert_events("request:PR request:EX ");
	sfs_lock_space_stats(space, &stats);
	assert_int_equal(stats.errors, 2);
	hold_fresh(SFS_LOCK_EX);
}

static void test_invalidate_error_shuts_down(void **state)
{
	void (*log)(int, const char *) = port_log;

	hold_fresh(SFS_LOCK_EX);
	invalidate_error = -EIO;
	port_log = quiet_log;
	revoke(SFS_LOCK_NL);
	port_log = log;
	assert_events("invalidate:EX-NL ");	/* the provider is not told */
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_PR, 0), -ESHUTDOWN);
}

static void script_shutdown(void)
{
	sfs_lock_space_shutdown(space);
	sfs_lock_grant(lock, SFS_LOCK_EX, 0, NULL);	/* too late */
}

static void test_shutdown(void **state)
{
	struct sfs_lock *held = sfs_lock_get(space, SFS_LOCK_GROUP, 3);

	assert_int_equal(sfs_lock_acquire(held, SFS_LOCK_EX, SFS_LOCK_FRESH),
			 0);
	events[0] = '\0';
	script = script_shutdown;
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_EX, 0), -ESHUTDOWN);
	assert_int_equal(sfs_lock_acquire(held, SFS_LOCK_EX, 0), -ESHUTDOWN);
	assert_int_equal(sfs_lock_acquire(held, SFS_LOCK_EX, SFS_LOCK_TRY),
			 -ESHUTDOWN);
	sfs_lock_release(held, SFS_LOCK_EX);
	sfs_lock_revoke(held, SFS_LOCK_NL);
	sfs_lock_space_flush(space);
	assert_events("request:EX ");
	sfs_lock_put(held);
	destroy();
	assert_events("forget release:3 forget release:5 leave");
}

/* --- destroy ------------------------------------------------------------- */

static void test_destroy_gives_up_everything(void **state)
{
	struct sfs_lock *other = sfs_lock_get(space, SFS_LOCK_GROUP, 6);

	sfs_lock_put(sfs_lock_get(space, SFS_LOCK_RENAME, 0));
	hold_fresh(SFS_LOCK_EX);
	assert_int_equal(sfs_lock_acquire(other, SFS_LOCK_PR, SFS_LOCK_FRESH),
			 0);
	sfs_lock_release(other, SFS_LOCK_PR);
	sfs_lock_put(other);
	events[0] = '\0';
	destroy();
	assert_events("invalidate:EX-NL released:NL-lvb "
		      "invalidate:PR-NL released:NL "
		      "forget release:5 forget release:6 forget release:0 "
		      "leave");
}

static void test_destroy_warns_of_leaks(void **state)
{
	void (*log)(int, const char *) = port_log;
	struct sfs_lock *leaked = lock;

	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_EX, SFS_LOCK_FRESH),
			 0);
	events[0] = '\0';
	sfs_lock_get(space, SFS_LOCK_GROUP, 5);
	port_log = quiet_log;
	destroy();
	port_log = log;
	assert_true(port_warn_count > warns);
	warns = port_warn_count;
	assert_events("invalidate:EX-NL released:NL-lvb forget release:5 "
		      "leave");
	sfs_lock_put(leaked);	/* late, but harmless */
	kfree(leaked);
}

/* --- support ------------------------------------------------------------- */

static bool show(void *arg, const struct sfs_lock_info *info)
{
	event("%u/%llu:%s:%u:%u:%u:%s ", info->type,
	      (unsigned long long)info->nr, mode_name(info->mode),
	      info->users_pr, info->users_ex, info->waiters,
	      info->revoking ? "revoking" : "");
	return --*(int *)arg;
}

static void script_show(void)
{
	int max = 10;

	events[0] = '\0';
	sfs_lock_for_each(space, show, &max);
	release(SFS_LOCK_PR);
}

static void test_for_each_shows_waiters(void **state)
{
	int max = 1;

	sfs_lock_put(sfs_lock_get(space, SFS_LOCK_RENAME, 0));
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_PR, SFS_LOCK_FRESH),
			 0);
	revoke(SFS_LOCK_NL);
	script = script_show;
	assert_int_equal(sfs_lock_acquire(lock, SFS_LOCK_EX, SFS_LOCK_FRESH),
			 0);
	assert_events("1/5:PR:1:0:1:revoking 2/0:NL:0:0:0: "
		      "invalidate:PR-NL released:NL request:EX-fresh "
		      "granted:NL-EX ");
	sfs_lock_for_each(space, show, &max);
	assert_events("1/5:EX:0:1:0: ");
	release(SFS_LOCK_EX);
}

static void test_registry(void **state)
{
	struct sfs_lock_provider_ops other = manual_ops;
	void (*log)(int, const char *) = port_log;
	struct sfs_lock_space *s;

	assert_int_equal(sfs_lock_provider_register(&other), -EEXIST);
	other.name = "sixteen-chars-ab";
	assert_int_equal(sfs_lock_provider_register(&other), -EINVAL);
	other.name = "";
	assert_int_equal(sfs_lock_provider_register(&other), -EINVAL);
	other.name = "other";
	other.forget = NULL;
	assert_int_equal(sfs_lock_provider_register(&other), -EINVAL);
	other.forget = manual_ops.forget;

	assert_int_equal(make_space("other", 1, 2, &s), -ENOENT);
	assert_int_equal(make_space("", 1, 2, &s),
			 -ENOENT);
	other.api_version++;
	port_log = quiet_log;
	assert_int_equal(sfs_lock_provider_register(&other), -EPROTO);
	port_log = log;
	assert_int_equal(make_space("other", 1, 2, &s), -EPROTO);
	other.api_version--;
	assert_int_equal(sfs_lock_provider_register(&other), 0);
	manual_join_error = -EHOSTUNREACH;
	assert_int_equal(make_space("other", 7, 8, &s), -EHOSTUNREACH);
	manual_join_error = 0;
	sfs_lock_provider_unregister(&other);
}

/* --- random -------------------------------------------------------------- */

enum { RANDOM_LOCKS = 8, RANDOM_STEPS = 200000 };

/* The value counts the increments made under EX; it must never go back. */
static void test_random_operations_keep_values(void **state)
{
	u64 counts[RANDOM_LOCKS] = { };
	struct sfs_lock *l;
	enum sfs_lock_mode mode;
	u64 value;
	u32 nr;
	int i;

	port_seed(42);
	for (i = 0; i < RANDOM_STEPS; i++) {
		nr = get_random_u32_below(RANDOM_LOCKS);
		l = sfs_lock_get(space, SFS_LOCK_GROUP, nr * 1000 + 10);
		mode = SFS_LOCK_PR + get_random_u32_below(2);
		if (!get_random_u32_below(3))
			sfs_lock_revoke(l, get_random_u32_below(2));
		if (!get_random_u32_below(3))
			port_run_one_work();
		if (!get_random_u32_below(50))
			sfs_lock_shrink(space, get_random_u32_below(4));
		assert_int_equal(sfs_lock_acquire(l, mode, 0), 0);
		if (!get_random_u32_below(3))
			sfs_lock_revoke(l, get_random_u32_below(2));
		if (!get_random_u32_below(3))
			port_run_works();
		assert_true(sfs_lock_mode(l) >= mode);
		memcpy(&value, sfs_lock_lvb(l), sizeof(value));
		assert_int_equal(value, counts[nr]);
		if (mode == SFS_LOCK_EX) {
			value = ++counts[nr];
			memcpy(sfs_lock_lvb(l), &value, sizeof(value));
		}
		sfs_lock_release(l, mode);
		sfs_lock_put(l);
		events[0] = '\0';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		local_test(test_cached_mode_needs_no_provider),
		local_test(test_same_handle_for_same_name),
		local_test(test_no_memory),
		local_test(test_revoke_waits_for_users_above),
		manual_test(test_revoke_tells_provider_after_invalidate),
		manual_test(test_revoke_lowered_while_served),
		local_test(test_acquire_waits_for_revoke),
		manual_test(test_revoke_crosses_upgrade),
		manual_test(test_revoke_before_grant_is_served_first),
		manual_test(test_stale_revoke_is_answered_already),
		manual_test(test_waiter_gets_a_turn_before_revoke),
		manual_test(test_revoke_during_granted),
		manual_test(test_all_waiters_get_a_turn),
		manual_test(test_higher_waiter_asks_again),
		local_test(test_value_survives_nl_and_handle),
		manual_test(test_grant_brings_value_only_at_nl),
		local_test(test_values_are_bounded),
		local_test(test_shrink_returns_idle_locks),
		local_test(test_shrink_prefers_unused),
		manual_test(test_acquire_meets_shrink),
		manual_test(test_granted_error_gives_back),
		manual_test(test_granted_error_and_revoke),
		manual_test(test_provider_errors),
		manual_test(test_invalidate_error_shuts_down),
		manual_test(test_shutdown),
		manual_test(test_destroy_gives_up_everything),
		manual_test(test_destroy_warns_of_leaks),
		manual_test(test_for_each_shows_waiters),
		local_test(test_registry),
		local_test(test_random_operations_keep_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
