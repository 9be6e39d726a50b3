/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock space with one handle, its filesystem, and two providers.
 *
 * Callbacks and provider calls append a word each to events; tests compare the
 * text.  Provider "manual" answers when a test says so.  While a task is
 * blocked, script runs once: there other nodes, and other tasks, act.
 */
#ifndef SFS_TEST_LOCK_SPACE_H
#define SFS_TEST_LOCK_SPACE_H

#include "format/port.h"
#include "lock/lock_priv.h"
#include "lock/values.h"

#include <setjmp.h>

#include <cmocka.h>

#include "events.h"

static int granted_error;
static int invalidate_error;
static void (*in_granted)(struct sfs_lock *lock);
static void (*in_invalidate)(struct sfs_lock *lock);
static void (*in_request)(struct sfs_lock *lock);
static void (*script)(void);

static struct sfs_lock_space *space;
static struct sfs_lock *lock;
static unsigned long warns;

/* --- the filesystem ------------------------------------------------------ */

static inline int fs_granted(void *arg, struct sfs_lock *l, enum sfs_lock_mode from,
		      enum sfs_lock_mode to)
{
	assert_ptr_equal(arg, events);
	event("granted:%s-%s ", mode_name(from), mode_name(to));
	if (in_granted)
		in_granted(l);
	return granted_error;
}

static inline int fs_invalidate(void *arg, struct sfs_lock *l, enum sfs_lock_mode from,
			 enum sfs_lock_mode to)
{
	assert_ptr_equal(arg, events);
	assert_int_equal(sfs_lock_mode(l), from);
	event("invalidate:%s-%s ", mode_name(from), mode_name(to));
	if (in_invalidate)
		in_invalidate(l);
	return invalidate_error;
}

static inline void fs_release(void *arg, struct sfs_lock *l)
{
	event("release:%llu ", (unsigned long long)sfs_lock_nr(l));
}

static const struct sfs_lock_client_ops fs_ops = {
	.granted = fs_granted,
	.invalidate = fs_invalidate,
	.release = fs_release,
};

/* --- provider "manual" --------------------------------------------------- */

static int manual_request_error;
static int manual_join_error;

static inline int manual_join(struct sfs_lock_space *s,
		       const struct sfs_lock_params *params, void **priv)
{
	assert_int_equal(params->fsid, 7);
	assert_int_equal(params->rid, 8);
	*priv = &manual_request_error;
	return manual_join_error;
}

static inline void manual_leave(struct sfs_lock_space *s, void *priv)
{
	event("leave");
}

static inline int manual_request(void *priv, struct sfs_lock *l,
			  enum sfs_lock_mode mode, unsigned int flags)
{
	assert_ptr_equal(priv, &manual_request_error);
	event("request:%s%s ", mode_name(mode),
	      flags & SFS_LOCK_FRESH ? "-fresh" : "");
	if (flags & SFS_LOCK_FRESH)
		sfs_lock_grant(l, mode, 0, NULL);
	else if (in_request)
		in_request(l);
	return manual_request_error;
}

static inline void manual_released(void *priv, struct sfs_lock *l,
			    enum sfs_lock_mode mode, const void *lvb)
{
	event("released:%s%s ", mode_name(mode), lvb ? "-lvb" : "");
}

static inline void manual_forget(void *priv, struct sfs_lock *l)
{
	event("forget ");
}

static struct sfs_lock_provider_ops manual_ops = {
	.name = "manual",
	.api_version = SFS_LOCK_API_VERSION,
	.join = manual_join,
	.leave = manual_leave,
	.request = manual_request,
	.released = manual_released,
	.forget = manual_forget,
};

/* --- setting up ---------------------------------------------------------- */

static inline void block(const char *why)
{
	void (*now)(void) = script;

	script = NULL;
	if (now)
		now();
	else
		port_block_default(why);
}

static inline void quiet_log(int level, const char *msg)
{
}

static inline int make_space(const char *provider, u64 fsid, u64 rid,
		      struct sfs_lock_space **ret)
{
	struct sfs_lock_params params = {
		.provider = provider,
		.fsid = fsid,
		.rid = rid,
		.ops = &fs_ops,
		.arg = events,
		.quorum_slot = -1,
	};

	return sfs_lock_space_create(&params, ret);
}

static inline int setup(void **state, const char *provider)
{
	events[0] = '\0';
	granted_error = 0;
	invalidate_error = 0;
	manual_request_error = 0;
	in_granted = NULL;
	in_invalidate = NULL;
	in_request = NULL;
	script = NULL;
	port_block = block;
	warns = port_warn_count;
	if (sfs_lock_local_init() || sfs_lock_provider_register(&manual_ops))
		return -1;
	if (make_space(provider, 7, 8, &space))
		return -1;
	lock = sfs_lock_get(space, SFS_LOCK_GROUP, 5);
	return lock ? 0 : -1;
}

static inline int setup_local(void **state)
{
	return setup(state, "local");
}

static inline int setup_manual(void **state)
{
	return setup(state, "manual");
}

/* Tests that need the events of destroy set space to NULL. */
static inline int teardown(void **state)
{
	if (space) {
		sfs_lock_put(lock);
		sfs_lock_space_destroy(space);
	}
	space = NULL;
	sfs_lock_provider_unregister(&manual_ops);
	sfs_lock_local_exit();
	port_block = port_block_default;
	return port_warn_count == warns && !script ? 0 : -1;
}

static inline void destroy(void)
{
	sfs_lock_put(lock);
	sfs_lock_space_destroy(space);
	space = NULL;
}

static inline void acquire(enum sfs_lock_mode mode)
{
	assert_int_equal(sfs_lock_acquire(lock, mode, 0), 0);
}

static inline int try(enum sfs_lock_mode mode)
{
	return sfs_lock_acquire(lock, mode, SFS_LOCK_TRY);
}

static inline void release(enum sfs_lock_mode mode)
{
	sfs_lock_release(lock, mode);
}

static inline void revoke(enum sfs_lock_mode mode)
{
	sfs_lock_revoke(lock, mode);
	sfs_lock_space_flush(space);
}

/* become a user in manual without waiting, and stop */
static inline void hold_fresh(enum sfs_lock_mode mode)
{
	assert_int_equal(sfs_lock_acquire(lock, mode, SFS_LOCK_FRESH), 0);
	release(mode);
	events[0] = '\0';
}

/* Who wants the lock back afterwards does not want it soon (hold.c). */
static inline void pause_tenures(void)
{
	msleep(40);
}

#define local_test(f) \
	cmocka_unit_test_setup_teardown(f, setup_local, teardown)
#define manual_test(f) \
	cmocka_unit_test_setup_teardown(f, setup_manual, teardown)

#endif
