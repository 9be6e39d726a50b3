// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of file locks: each rule by itself, and a random crowd of owners
 * checked against a model that knows bytes instead of ranges.
 */
#include "fs/coord/plock.h"

#include <setjmp.h>

#include <cmocka.h>

static struct sfs_plock_table *t;
static unsigned int nr_calls;

static void decided(void *arg, u64 rid)
{
	nr_calls++;
}

static int setup_max(u32 max)
{
	struct sfs_plock_params params = {
		.mount_max = max,
		.gfp = GFP_NOFS,
		.decided = decided,
	};

	t = sfs_plock_table_create(&params);
	return t ? 0 : -1;
}

static int setup(void **state)
{
	return setup_max(SFS_PLOCK_MOUNT_MAX);
}

static int teardown(void **state)
{
	struct sfs_plock_stats stats;
	u64 rid;

	for (rid = 1; rid < 8; rid++)
		sfs_plock_drop_mount(t, rid);
	sfs_plock_stats(t, &stats);
	assert_int_equal(stats.nr_mounts, 0);
	assert_int_equal(stats.nr_files, 0);
	assert_int_equal(stats.nr_owners, 0);
	assert_int_equal(stats.nr_ranges, 0);
	assert_int_equal(stats.nr_waits, 0);
	sfs_plock_table_destroy(t);
	return 0;
}

/* ---- shorthands ---------------------------------------------------------------- */

#define R SFS_PLOCK_READ
#define W SFS_PLOCK_WRITE
#define U SFS_PLOCK_UNLOCK
#define END U64_MAX

static int set_as(u64 rid, u64 owner, u64 ino, u8 kind, u64 start, u64 end,
		  u64 wait, bool is_ofd)
{
	struct sfs_plock lock = {
		.ino = ino,
		.owner = owner,
		.start = start,
		.end = end,
		.pid = rid * 100 + owner,
		.space = SFS_PLOCK_FCNTL,
		.kind = kind,
		.is_ofd = is_ofd,
	};

	return sfs_plock_set(t, rid, &lock, wait);
}

static int set(u64 rid, u64 owner, u64 ino, u8 kind, u64 start, u64 end)
{
	return set_as(rid, owner, ino, kind, start, end, 0, false);
}

static int wait(u64 rid, u64 owner, u64 ino, u8 kind, u64 start, u64 end,
		u64 id)
{
	return set_as(rid, owner, ino, kind, start, end, id, false);
}

static int flock_as(u64 rid, u64 owner, u64 ino, u8 kind, u64 id)
{
	struct sfs_plock lock = {
		.ino = ino,
		.owner = owner,
		.end = END,
		.space = SFS_PLOCK_FLOCK,
		.kind = kind,
	};

	return sfs_plock_set(t, rid, &lock, id);
}

/* What a mount holds, as text: "ino:owner kind start-end " in any order. */
static char text[4096];

static int print_one(void *arg, const struct sfs_plock *lock)
{
	size_t len = strlen(text);

	if (lock->end == END)
		scnprintf(text + len, sizeof(text) - len, "%llu:%llu%c%llu- ",
			  (unsigned long long)lock->ino,
			  (unsigned long long)lock->owner, " RW"[lock->kind],
			  (unsigned long long)lock->start);
	else
		scnprintf(text + len, sizeof(text) - len,
			  "%llu:%llu%c%llu-%llu ",
			  (unsigned long long)lock->ino,
			  (unsigned long long)lock->owner, " RW"[lock->kind],
			  (unsigned long long)lock->start,
			  (unsigned long long)lock->end);
	return 0;
}

static const char *held(u64 rid)
{
	text[0] = '\0';
	assert_int_equal(sfs_plock_for_each(t, rid, print_one, NULL), 0);
	return text;
}

/* The waits a mount would be told of now, which then it was. */
static const char *news(u64 rid)
{
	u64 ids[16];
	unsigned int nr = sfs_plock_decided(t, rid, ids, 16);
	unsigned int i;

	text[0] = '\0';
	for (i = 0; i < nr; i++) {
		scnprintf(text + strlen(text), sizeof(text) - strlen(text),
			  "%llu ", (unsigned long long)ids[i]);
		sfs_plock_told(t, rid, ids[i]);
	}
	return text;
}

/* ---- ranges -------------------------------------------------------------------- */

static void test_split_and_join(void **state)
{
	assert_int_equal(set(1, 1, 9, W, 0, END), 0);
	assert_string_equal(held(1), "9:1W0- ");
	assert_int_equal(set(1, 1, 9, U, 10, 19), 0);
	assert_string_equal(held(1), "9:1W0-9 9:1W20- ");
	assert_int_equal(set(1, 1, 9, R, 5, 24), 0);
	assert_string_equal(held(1), "9:1W0-4 9:1R5-24 9:1W25- ");
	/* neighbours of one kind are one, in both directions */
	assert_int_equal(set(1, 1, 9, W, 5, 24), 0);
	assert_string_equal(held(1), "9:1W0- ");
	assert_int_equal(set(1, 1, 9, U, 0, END - 1), 0);
	assert_string_equal(held(1), "9:1W18446744073709551615- ");
	assert_int_equal(set(1, 1, 9, U, END, END), 0);
	assert_string_equal(held(1), "");
	/* unlocking what is not there is no error */
	assert_int_equal(set(1, 1, 9, U, 0, END), 0);
	assert_int_equal(set(7, 7, 7, U, 0, END), 0);
}

static void test_conflicts(void **state)
{
	struct sfs_plock want = {
		.ino = 9,
		.owner = 1,
		.start = 0,
		.end = END,
		.space = SFS_PLOCK_FCNTL,
		.kind = W,
	};
	struct sfs_plock found;
	u64 rid = 0;

	assert_int_equal(set(1, 1, 9, R, 10, 19), 0);
	assert_int_equal(set(2, 1, 9, R, 15, 29), 0);
	assert_int_equal(set(2, 2, 9, W, 30, 30), 0);
	assert_int_equal(set(3, 1, 9, R, 0, 0), 0);
	assert_int_equal(set(3, 1, 9, U, 0, 0), 0);
	assert_int_equal(set(3, 1, 9, R, 12, 12), 0);
	/* the same number in another mount is somebody else */
	assert_int_equal(set(2, 1, 9, W, 15, 15), -EAGAIN);
	assert_int_equal(set(2, 1, 9, W, 20, 20), 0);
	assert_int_equal(set(1, 1, 9, R, 0, 19), 0);
	assert_int_equal(set(1, 1, 9, R, 0, 20), -EAGAIN);
	/* another file, another space */
	assert_int_equal(set(1, 1, 8, W, 0, END), 0);
	assert_int_equal(flock_as(3, 3, 9, W, 0), 0);
	/* the first conflict by its place */
	assert_true(sfs_plock_test(t, 1, &want, &found, &rid));
	assert_int_equal(found.start, 12);
	assert_int_equal(rid, 3);
	assert_int_equal(set(3, 1, 9, U, 0, END), 0);
	assert_true(sfs_plock_test(t, 1, &want, &found, &rid));
	assert_int_equal(found.start, 15);
	assert_int_equal(found.end, 19);
	assert_int_equal(found.kind, R);
	assert_int_equal(found.pid, 201);
	assert_int_equal(rid, 2);
	want.kind = R;
	assert_true(sfs_plock_test(t, 1, &want, &found, &rid));
	assert_int_equal(found.start, 20);
	assert_int_equal(found.kind, W);
	want.start = 31;
	assert_false(sfs_plock_test(t, 1, &want, &found, &rid));
	assert_int_equal(found.kind, U);
}

static int weaken(u8 space, u8 kind, u64 start, u64 end)
{
	struct sfs_plock lock = {
		.ino = 9,
		.owner = 1,
		.start = start,
		.end = end,
		.space = space,
		.kind = kind,
	};

	return sfs_plock_weaken(t, 1, &lock);
}

static void test_weaken(void **state)
{
	assert_int_equal(weaken(SFS_PLOCK_FCNTL, U, 0, END), 0);
	assert_int_equal(set(1, 1, 9, W, 0, 4), 0);
	assert_int_equal(set(1, 1, 9, R, 5, 9), 0);
	assert_int_equal(set(1, 1, 9, W, 10, 14), 0);
	assert_int_equal(set(1, 1, 9, W, 20, END), 0);
	assert_int_equal(weaken(SFS_PLOCK_FCNTL, W, 0, END), 0);
	assert_string_equal(held(1), "9:1W0-4 9:1R5-9 9:1W10-14 9:1W20- ");
	/* what is not held does not come into being */
	assert_int_equal(weaken(SFS_PLOCK_FCNTL, R, 2, 24), 0);
	assert_string_equal(held(1), "9:1W0-1 9:1R2-14 9:1R20-24 9:1W25- ");
	assert_int_equal(weaken(SFS_PLOCK_FCNTL, R, 30, END), 0);
	assert_int_equal(weaken(SFS_PLOCK_FCNTL, U, 0, 29), 0);
	assert_string_equal(held(1), "9:1R30- ");
	assert_int_equal(weaken(SFS_PLOCK_FCNTL, U, 0, END), 0);
	assert_string_equal(held(1), "");
	assert_int_equal(flock_as(1, 1, 9, R, 0), 0);
	assert_int_equal(weaken(SFS_PLOCK_FLOCK, R, 0, END), 0);
	assert_string_equal(held(1), "9:1R0- ");
	/* a conversion may have given it up */
	assert_int_equal(weaken(SFS_PLOCK_FLOCK, W, 0, END), 0);
	assert_string_equal(held(1), "");
}

static void test_limit(void **state)
{
	teardown(state);
	setup_max(3);
	assert_int_equal(set(1, 1, 9, R, 0, END), 0);
	/* a hole makes two of one */
	assert_int_equal(set(1, 1, 9, U, 10, 10), 0);
	assert_int_equal(set(1, 2, 9, R, 0, 0), 0);
	assert_int_equal(set(1, 1, 9, U, 20, 20), -ENOLCK);
	assert_int_equal(set(1, 3, 9, R, 0, 0), -ENOLCK);
	assert_int_equal(set(2, 1, 9, R, 0, 0), 0);
	assert_int_equal(wait(1, 2, 9, W, 0, 0, 1), -ENOLCK);
	assert_string_equal(held(1), "9:1R0-9 9:1R11- 9:2R0-0 ");
	/* giving all of it up never needs more */
	assert_int_equal(set(1, 1, 9, U, 0, END), 0);
	assert_int_equal(wait(1, 2, 9, W, 0, 0, 1), -EINPROGRESS);
	assert_int_equal(wait(1, 2, 9, W, 0, 0, 2), -EINPROGRESS);
	assert_int_equal(wait(1, 2, 9, W, 0, 0, 3), -ENOLCK);
	assert_int_equal(sfs_plock_cancel(t, 1, 1), 0);
	assert_int_equal(wait(1, 2, 9, W, 0, 0, 3), -EINPROGRESS);
}

/* ---- waiting ------------------------------------------------------------------- */

static void test_fifo(void **state)
{
	assert_int_equal(set(1, 1, 9, R, 0, 9), 0);
	assert_int_equal(wait(2, 1, 9, W, 0, 9, 1), -EINPROGRESS);
	/* a reader that would wait does not overtake the writer */
	assert_int_equal(wait(3, 1, 9, R, 0, 9, 1), -EINPROGRESS);
	/* one that would not, does; one elsewhere in the file too */
	assert_int_equal(set(3, 2, 9, R, 0, 9), 0);
	assert_int_equal(set(3, 2, 9, U, 0, 9), 0);
	assert_int_equal(wait(3, 3, 9, R, 10, 19, 2), 0);
	assert_string_equal(news(2), "");
	assert_int_equal(set(1, 1, 9, U, 0, 9), 0);
	assert_string_equal(news(3), "");
	assert_string_equal(news(2), "1 ");
	/* an offer keeps others away, and belongs to nobody */
	assert_string_equal(held(2), "");
	assert_int_equal(set(1, 1, 9, R, 0, 0), -EAGAIN);
	assert_int_equal(sfs_plock_accept(t, 2, 1), 0);
	assert_string_equal(held(2), "9:1W0-9 ");
	assert_int_equal(sfs_plock_accept(t, 2, 1), -ENOENT);
	assert_int_equal(sfs_plock_accept(t, 3, 1), -EINPROGRESS);
	assert_int_equal(set(2, 1, 9, R, 0, 9), 0);
	assert_string_equal(news(3), "1 ");
	assert_int_equal(sfs_plock_accept(t, 3, 1), 0);
	assert_string_equal(held(3), "9:1R0-9 9:3R10-19 ");
}

static void test_cancel(void **state)
{
	assert_int_equal(set(1, 1, 9, W, 0, 9), 0);
	assert_int_equal(wait(2, 1, 9, W, 0, 9, 1), -EINPROGRESS);
	assert_int_equal(wait(3, 1, 9, W, 5, 9, 1), -EINPROGRESS);
	assert_int_equal(sfs_plock_cancel(t, 2, 1), 0);
	assert_int_equal(sfs_plock_cancel(t, 2, 1), -ENOENT);
	assert_int_equal(sfs_plock_accept(t, 2, 1), -ENOENT);
	assert_int_equal(wait(2, 1, 9, W, 0, 9, 2), -EINPROGRESS);
	assert_int_equal(set(1, 1, 9, U, 0, 9), 0);
	assert_string_equal(news(3), "1 ");
	/* the cancel crosses the news: the next one gets the lock */
	assert_int_equal(sfs_plock_cancel(t, 3, 1), 0);
	assert_string_equal(held(3), "");
	assert_string_equal(news(2), "2 ");
	/* an unlock that crosses the news leaves the wait alone */
	assert_int_equal(set(2, 1, 9, U, 0, END), 0);
	assert_int_equal(sfs_plock_accept(t, 2, 2), 0);
	assert_string_equal(held(2), "9:1W0-9 ");
}

static void test_flock_converts(void **state)
{
	assert_int_equal(flock_as(1, 1, 9, R, 0), 0);
	assert_int_equal(flock_as(2, 1, 9, R, 0), 0);
	/* what cannot be converted at once is given up first */
	assert_int_equal(flock_as(1, 1, 9, W, 0), -EAGAIN);
	assert_string_equal(held(1), "");
	assert_int_equal(flock_as(1, 1, 9, R, 0), 0);
	assert_int_equal(flock_as(1, 1, 9, W, 1), -EINPROGRESS);
	assert_string_equal(held(1), "");
	/* so two that convert do not wait for each other */
	assert_int_equal(flock_as(2, 1, 9, W, 1), 0);
	assert_int_equal(flock_as(3, 1, 9, R, 1), -EINPROGRESS);
	assert_string_equal(news(1), "");
	/* what is offered then need not be the converted one's */
	assert_int_equal(flock_as(2, 1, 9, R, 2), 0);
	assert_string_equal(news(1), "");
	assert_string_equal(news(3), "");
	assert_int_equal(flock_as(2, 1, 9, U, 0), 0);
	assert_string_equal(news(1), "1 ");
	assert_int_equal(sfs_plock_accept(t, 1, 1), 0);
	assert_string_equal(held(1), "9:1W0- ");
	assert_int_equal(flock_as(1, 1, 9, R, 0), 0);
	assert_string_equal(news(3), "1 ");
}

static void test_mount_dies(void **state)
{
	assert_int_equal(set(1, 1, 9, W, 0, 9), 0);
	assert_int_equal(set(1, 2, 8, W, 0, 9), 0);
	assert_int_equal(wait(1, 3, 9, W, 0, 9, 1), -EINPROGRESS);
	assert_int_equal(wait(2, 1, 9, W, 0, 9, 1), -EINPROGRESS);
	assert_int_equal(wait(3, 1, 8, W, 0, 9, 1), -EINPROGRESS);
	nr_calls = 0;
	sfs_plock_drop_mount(t, 1);
	assert_string_equal(held(1), "");
	assert_string_equal(news(2), "1 ");
	assert_string_equal(news(3), "1 ");
	assert_true(nr_calls >= 2);
	assert_int_equal(sfs_plock_accept(t, 1, 1), -ENOENT);
	/* one that was offered a lock */
	assert_int_equal(wait(3, 2, 9, R, 3, 3, 2), -EINPROGRESS);
	sfs_plock_drop_mount(t, 2);
	assert_string_equal(news(3), "2 ");
}

/* ---- deadlocks ----------------------------------------------------------------- */

static void test_deadlock_two(void **state)
{
	assert_int_equal(set(1, 1, 8, W, 0, 0), 0);
	assert_int_equal(set(2, 1, 9, W, 0, 0), 0);
	assert_int_equal(wait(1, 1, 9, R, 0, 9, 1), -EINPROGRESS);
	assert_int_equal(wait(2, 1, 8, W, 0, 9, 1), -EDEADLK);
	assert_string_equal(held(2), "9:1W0-0 ");
	/* elsewhere it may wait */
	assert_int_equal(set(3, 1, 7, W, 0, 0), 0);
	assert_int_equal(wait(2, 1, 7, W, 0, 0, 2), -EINPROGRESS);
	assert_int_equal(set(2, 1, 8, R, 0, 0), -EAGAIN);
}

static void test_deadlock_three(void **state)
{
	u64 i;

	for (i = 1; i <= 3; i++)
		assert_int_equal(set(i, 7, 9, W, i, i), 0);
	assert_int_equal(wait(1, 7, 9, W, 2, 2, 1), -EINPROGRESS);
	assert_int_equal(wait(2, 7, 9, W, 3, 3, 1), -EINPROGRESS);
	assert_int_equal(wait(3, 7, 9, W, 1, 1, 1), -EDEADLK);
	/* a third party may wait for any of them */
	assert_int_equal(wait(4, 7, 9, W, 0, END, 1), -EINPROGRESS);
	/* after a cancel the circle is open */
	assert_int_equal(sfs_plock_cancel(t, 1, 1), 0);
	assert_int_equal(wait(3, 7, 9, W, 1, 1, 2), -EINPROGRESS);
	assert_int_equal(wait(1, 7, 9, R, 3, 3, 2), -EDEADLK);
}

/* Two readers that both want to write. */
static void test_deadlock_upgrade(void **state)
{
	assert_int_equal(set(1, 1, 9, R, 0, 9), 0);
	assert_int_equal(set(2, 1, 9, R, 0, 9), 0);
	assert_int_equal(wait(1, 1, 9, W, 0, 9, 1), -EINPROGRESS);
	assert_int_equal(wait(2, 1, 9, W, 0, 9, 1), -EDEADLK);
	assert_string_equal(held(1), "9:1R0-9 ");
	assert_int_equal(set(2, 1, 9, U, 0, 9), 0);
	assert_string_equal(news(1), "1 ");
	assert_int_equal(sfs_plock_accept(t, 1, 1), 0);
	assert_string_equal(held(1), "9:1W0-9 ");
}

/* An offer is waited for as the lock is. */
static void test_deadlock_offer(void **state)
{
	assert_int_equal(set(1, 1, 8, W, 0, 0), 0);
	assert_int_equal(set(2, 1, 9, W, 0, 0), 0);
	assert_int_equal(wait(1, 1, 9, W, 0, 0, 1), -EINPROGRESS);
	assert_int_equal(set(2, 1, 9, U, 0, 0), 0);
	/* 1 has been offered 9 and waits no more */
	assert_int_equal(set(2, 1, 7, W, 0, 0), 0);
	assert_int_equal(wait(2, 1, 8, W, 0, 0, 1), -EINPROGRESS);
	assert_int_equal(sfs_plock_accept(t, 1, 1), 0);
	assert_int_equal(wait(1, 1, 7, W, 0, 0, 2), -EDEADLK);
}

/* What the queue alone holds up may be waited for by nobody it waits for. */
static void test_deadlock_not_by_queue(void **state)
{
	assert_int_equal(set(1, 1, 8, W, 0, 0), 0);
	assert_int_equal(set(3, 1, 9, R, 0, 0), 0);
	assert_int_equal(wait(2, 1, 9, W, 0, 0, 1), -EINPROGRESS);
	/* owners of locks pass the queue: else 3, 1, 2 were a circle now */
	assert_int_equal(wait(1, 1, 9, R, 0, 0, 1), 0);
	assert_int_equal(wait(3, 1, 8, W, 0, 0, 1), -EINPROGRESS);
	assert_int_equal(wait(2, 2, 9, R, 0, 0, 2), -EINPROGRESS);
	/* and those who get one while they are in the queue */
	assert_int_equal(set(2, 2, 7, R, 0, 0), 0);
	assert_string_equal(news(2), "2 ");
}

/* A process with two tasks closes a circle by getting a lock. */
static void test_deadlock_two_tasks(void **state)
{
	assert_int_equal(set(1, 1, 8, W, 0, 0), 0);
	assert_int_equal(set(3, 3, 9, W, 0, 0), 0);
	assert_int_equal(wait(2, 2, 8, W, 0, 0, 1), -EINPROGRESS);
	assert_int_equal(wait(1, 1, 9, W, 0, 0, 1), -EINPROGRESS);
	/* 1 waits for 3; now 3 waits for what 2 has */
	assert_int_equal(set(2, 2, 7, W, 0, 0), 0);
	assert_int_equal(wait(3, 3, 7, W, 0, 0, 1), -EDEADLK);
	assert_int_equal(set(2, 2, 7, U, 0, 0), 0);
	assert_int_equal(set(4, 4, 7, R, 0, 0), 0);
	assert_int_equal(wait(3, 3, 7, W, 0, 0, 1), -EINPROGRESS);
	assert_string_equal(news(2), "");
	/* by a second task: 3 waits for 2 from now on, and 2 for 1, and 1 for 3 */
	assert_int_equal(set(2, 2, 7, R, 0, 0), 0);
	assert_string_equal(news(2), "1 ");
	assert_int_equal(sfs_plock_accept(t, 2, 1), -EDEADLK);
	assert_int_equal(sfs_plock_accept(t, 2, 1), -ENOENT);
	assert_string_equal(held(2), "7:2R0-0 ");
}

static void test_deadlock_not_ofd(void **state)
{
	assert_int_equal(set_as(1, 1, 8, W, 0, 0, 0, true), 0);
	assert_int_equal(set_as(2, 1, 9, W, 0, 0, 0, true), 0);
	assert_int_equal(set_as(1, 1, 9, W, 0, 0, 1, true), -EINPROGRESS);
	assert_int_equal(set_as(2, 1, 8, W, 0, 0, 1, true), -EINPROGRESS);
	/* a circle with one of them, closed by him or by the other */
	assert_int_equal(set(3, 1, 7, W, 0, 0), 0);
	assert_int_equal(set_as(1, 1, 6, W, 0, 0, 0, true), 0);
	assert_int_equal(set_as(1, 1, 7, W, 0, 0, 2, true), -EINPROGRESS);
	assert_int_equal(wait(3, 1, 6, W, 0, 0, 1), -EINPROGRESS);
	assert_int_equal(sfs_plock_cancel(t, 1, 2), 0);
	assert_int_equal(set_as(1, 1, 7, W, 0, 0, 3, true), -EINPROGRESS);
}

/* ---- the model ------------------------------------------------------------------- */

enum {
	NR_RIDS		= 3,
	NR_OWNERS	= 3,	/* of each mount */
	NR_FILES	= 2,
	NR_BYTES	= 10,	/* the last one stands for all that follow */
	NR_SPACES	= 2,
	NR_WAITS	= 24,
	NR_STEPS	= 3000,
};

enum { NONE, QUEUED, OFFERED, FAILED };

struct model_wait {
	int state;
	u64 id;
	unsigned int rid, owner, space, file;
	unsigned int first, last;
	u8 kind;
};

/* kind of each byte; waits in the order in which they came */
static u8 model[NR_RIDS][NR_OWNERS][NR_SPACES][NR_FILES][NR_BYTES];
static struct model_wait waits[NR_WAITS];
static unsigned int nr_waits;
static u64 next_id;
static u64 seed;

static unsigned int rnd(unsigned int n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % n;
}

static bool model_same(const struct model_wait *a, const struct model_wait *b)
{
	return a->rid == b->rid && a->owner == b->owner;
}

static bool model_clash(const struct model_wait *a, const struct model_wait *b)
{
	return a->space == b->space && a->file == b->file &&
	       a->first <= b->last && b->first <= a->last &&
	       (a->kind == W || b->kind == W) && !model_same(a, b);
}

/* Does this owner, by what he holds or was offered, stand in the way? */
static bool model_owner_blocks(const struct model_wait *w, unsigned int rid,
			       unsigned int owner)
{
	unsigned int i;

	if (rid == w->rid && owner == w->owner)
		return false;
	for (i = w->first; i <= w->last; i++) {
		u8 has = model[rid][owner][w->space][w->file][i];

		if (has == W || (has == R && w->kind == W))
			return true;
	}
	for (i = 0; i < nr_waits; i++)
		if (waits[i].state == OFFERED && waits[i].rid == rid &&
		    waits[i].owner == owner && model_clash(&waits[i], w))
			return true;
	return false;
}

static bool model_blocked(const struct model_wait *w)
{
	unsigned int rid, owner;

	for (rid = 0; rid < NR_RIDS; rid++)
		for (owner = 0; owner < NR_OWNERS; owner++)
			if (model_owner_blocks(w, rid, owner))
				return true;
	return false;
}

static bool model_holds_any(const struct model_wait *w)
{
	unsigned int file, i;

	for (file = 0; file < NR_FILES; file++)
		for (i = 0; i < NR_BYTES; i++)
			if (model[w->rid][w->owner][w->space][file][i])
				return true;
	return false;
}

static bool model_in_queue(const struct model_wait *w, unsigned int before)
{
	unsigned int i;

	for (i = 0; i < before; i++)
		if (waits[i].state == QUEUED && model_clash(&waits[i], w))
			return true;
	return false;
}

/* Transitive closure of "waits for" over all owners of fcntl() locks. */
static bool model_deadlock(const struct model_wait *w)
{
	enum { N = NR_RIDS * NR_OWNERS };
	bool to[N][N] = { 0 };
	unsigned int me = w->rid * NR_OWNERS + w->owner;
	unsigned int i, j, k;

	if (w->space)
		return false;
	for (k = 0; k <= nr_waits; k++) {
		const struct model_wait *x = k < nr_waits ? &waits[k] : w;

		if (k < nr_waits && (x->state != QUEUED || x->space))
			continue;
		i = x->rid * NR_OWNERS + x->owner;
		for (j = 0; j < N; j++)
			to[i][j] |= model_owner_blocks(x, j / NR_OWNERS,
						       j % NR_OWNERS);
	}
	for (k = 0; k < N; k++)
		for (i = 0; i < N; i++)
			for (j = 0; j < N; j++)
				to[i][j] |= to[i][k] && to[k][j];
	/* w itself must be part of it, not another wait of the same owner */
	for (j = 0; j < N; j++)
		if (model_owner_blocks(w, j / NR_OWNERS, j % NR_OWNERS) &&
		    to[j][me])
			return true;
	return false;
}

static void model_apply(const struct model_wait *w)
{
	memset(&model[w->rid][w->owner][w->space][w->file][w->first], w->kind,
	       w->last - w->first + 1);
}

static void model_pump(void)
{
	unsigned int i;

	for (i = 0; i < nr_waits; i++) {
		struct model_wait *w = &waits[i];

		if (w->state == QUEUED && !model_blocked(w) &&
		    (model_holds_any(w) || !model_in_queue(w, i)))
			w->state = OFFERED;
	}
}

static void model_gained(const struct model_wait *owner)
{
	unsigned int i;

	for (i = 0; i < nr_waits; i++) {
		struct model_wait *w = &waits[i];

		if (w->state != QUEUED || !model_same(w, owner) ||
		    w->space != owner->space)
			continue;
		if (model_deadlock(w))
			w->state = FAILED;
		model_pump();
	}
	model_pump();
}

static void model_remove(unsigned int i)
{
	memmove(&waits[i], &waits[i + 1],
		(nr_waits - i - 1) * sizeof(waits[0]));
	nr_waits--;
}

static void model_give_up(const struct model_wait *w)
{
	memset(model[w->rid][w->owner][w->space][w->file], U, NR_BYTES);
}

/* What sfs_plock_set() should return; does it to the model. */
static int model_set(const struct model_wait *w, bool is_wait)
{
	bool is_queue = is_wait && !model_holds_any(w) &&
			model_in_queue(w, nr_waits);

	if (w->kind == U) {
		model_apply(w);
		model_pump();
		return 0;
	}
	if (!model_blocked(w) && !is_queue) {
		model_apply(w);
		model_gained(w);
		return 0;
	}
	if (is_wait && model_deadlock(w))
		return -EDEADLK;
	if (w->space)
		model_give_up(w);
	if (is_wait) {
		waits[nr_waits] = *w;
		waits[nr_waits++].state = QUEUED;
	}
	model_pump();
	return is_wait ? -EINPROGRESS : -EAGAIN;
}

/* ---- comparing --------------------------------------------------------------------- */

static u64 byte_end(unsigned int last)
{
	return last == NR_BYTES - 1 ? END : last;
}

static struct sfs_plock to_lock(const struct model_wait *w)
{
	return (struct sfs_plock) {
		.ino = w->file,
		.owner = w->owner,
		.start = w->first,
		.end = byte_end(w->last),
		.space = w->space ? SFS_PLOCK_FLOCK : SFS_PLOCK_FCNTL,
		.kind = w->kind,
	};
}

/* Remove a range from a copy of the model, where it must be in full length. */
static int match_one(void *arg, const struct sfs_plock *lock)
{
	u8 (*copy)[NR_SPACES][NR_FILES][NR_BYTES] = arg;
	u8 *bytes = copy[lock->owner][lock->space == SFS_PLOCK_FLOCK][lock->ino];
	unsigned int last = lock->end == END ? NR_BYTES - 1 : lock->end;
	unsigned int i;

	assert_true(!lock->start || bytes[lock->start - 1] != lock->kind);
	assert_true(last == NR_BYTES - 1 || bytes[last + 1] != lock->kind);
	for (i = lock->start; i <= last; i++) {
		assert_int_equal(bytes[i], lock->kind);
		bytes[i] |= 0x80;
	}
	return 0;
}

static void compare_held(void)
{
	u8 copy[NR_OWNERS][NR_SPACES][NR_FILES][NR_BYTES];
	const u8 *bytes = (void *)copy;
	unsigned int rid, i;

	for (rid = 0; rid < NR_RIDS; rid++) {
		memcpy(copy, model[rid], sizeof(copy));
		sfs_plock_for_each(t, rid + 1, match_one, copy);
		for (i = 0; i < sizeof(copy); i++)
			assert_true(!bytes[i] || bytes[i] & 0x80);
	}
}

static void compare_waits(void)
{
	u64 ids[NR_WAITS];
	unsigned int rid, i, j, nr, expected;

	for (rid = 0; rid < NR_RIDS; rid++) {
		nr = sfs_plock_decided(t, rid + 1, ids, NR_WAITS);
		expected = 0;
		for (i = 0; i < nr_waits; i++) {
			if (waits[i].rid != rid || waits[i].state == QUEUED)
				continue;
			expected++;
			for (j = 0; j < nr && ids[j] != waits[i].id; j++)
				;
			assert_true(j < nr);
		}
		assert_int_equal(nr, expected);
	}
}

/* ---- steps ------------------------------------------------------------------------- */

static void random_lock(struct model_wait *w)
{
	memset(w, 0, sizeof(*w));
	w->rid = rnd(NR_RIDS);
	w->owner = rnd(NR_OWNERS);
	w->space = rnd(4) == 0;
	w->file = rnd(NR_FILES);
	w->first = w->space ? 0 : rnd(NR_BYTES);
	w->last = w->space ? NR_BYTES - 1 :
			     w->first + rnd(NR_BYTES - w->first);
	w->kind = rnd(3);
	w->id = ++next_id;
}

static void step_set(bool is_failing)
{
	bool is_wait = rnd(2) && nr_waits < NR_WAITS;
	struct sfs_plock lock;
	struct model_wait w;
	int ret;

	random_lock(&w);
	lock = to_lock(&w);
	port_alloc_fail = is_failing && rnd(3) == 0 ? 1 + rnd(5) : 0;
	ret = sfs_plock_set(t, w.rid + 1, &lock, is_wait ? w.id : 0);
	port_alloc_fail = 0;
	if (ret == -ENOMEM)
		return;	/* as if it had never been */
	assert_int_equal(ret, model_set(&w, is_wait));
}

static void step_test(void)
{
	struct sfs_plock lock, conflict;
	struct model_wait w;
	u64 rid = 0;
	bool is_found;

	random_lock(&w);
	if (w.kind == U)
		w.kind = R;
	lock = to_lock(&w);
	is_found = sfs_plock_test(t, w.rid + 1, &lock, &conflict, &rid);
	assert_int_equal(is_found, model_blocked(&w));
	if (is_found)
		assert_true(model_owner_blocks(&w, rid - 1, conflict.owner));
}

static void step_end_wait(bool is_accept)
{
	struct model_wait w;
	unsigned int i;
	int ret;

	if (!nr_waits)
		return;
	i = rnd(nr_waits);
	w = waits[i];
	if (!is_accept) {
		assert_int_equal(sfs_plock_cancel(t, w.rid + 1, w.id), 0);
		model_remove(i);
		model_pump();
		return;
	}
	ret = sfs_plock_accept(t, w.rid + 1, w.id);
	if (w.state == QUEUED) {
		assert_int_equal(ret, -EINPROGRESS);
		return;
	}
	assert_int_equal(ret, w.state == OFFERED ? 0 : -EDEADLK);
	model_remove(i);
	if (!ret) {
		model_apply(&w);
		model_gained(&w);
	}
	model_pump();
}

static void step_die(void)
{
	unsigned int rid = rnd(NR_RIDS);
	unsigned int i;

	sfs_plock_drop_mount(t, rid + 1);
	memset(model[rid], 0, sizeof(model[rid]));
	for (i = nr_waits; i--;)
		if (waits[i].rid == rid)
			model_remove(i);
	model_pump();
}

static void run_model(u64 run, bool is_failing)
{
	unsigned int i;

	seed = run;
	nr_waits = 0;
	memset(model, 0, sizeof(model));
	for (i = 0; i < NR_STEPS; i++) {
		switch (rnd(40)) {
		case 0 ... 24:
			step_set(is_failing);
			break;
		case 25 ... 28:
			step_test();
			break;
		case 29 ... 35:
			step_end_wait(true);
			break;
		case 36 ... 38:
			step_end_wait(false);
			break;
		default:
			if (rnd(10) == 0)
				step_die();
		}
		compare_held();
		compare_waits();
	}
}

static void test_model(void **state)
{
	u64 run;

	for (run = 1; run <= 20; run++) {
		run_model(run, false);
		teardown(state);
		setup(state);
	}
}

static void test_model_without_memory(void **state)
{
	u64 run;

	for (run = 1; run <= 10; run++) {
		run_model(run, true);
		teardown(state);
		setup(state);
	}
	assert_true(port_alloc_failed > 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_split_and_join),
		TEST(test_conflicts),
		TEST(test_weaken),
		TEST(test_limit),
		TEST(test_fifo),
		TEST(test_cancel),
		TEST(test_flock_converts),
		TEST(test_mount_dies),
		TEST(test_deadlock_two),
		TEST(test_deadlock_three),
		TEST(test_deadlock_upgrade),
		TEST(test_deadlock_offer),
		TEST(test_deadlock_not_by_queue),
		TEST(test_deadlock_two_tasks),
		TEST(test_deadlock_not_ofd),
		TEST(test_model),
		TEST(test_model_without_memory),
	};

	return cmocka_run_group_tests_name("plock", tests, NULL, NULL);
}
