// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deletes of what another mount may have open: when the others are asked, what
 * their answers do, and that what was left is deleted at last.
 *
 * The other mount is one in the mount table, and its answers are the test's.
 */
#include "format/port.h"
#include "fs/coord/proto.h"
#include "ns_volume.h"

#define OTHER_RID	77

struct setup {
	struct nv nv;
	u32 slot;
	u64 dir;
	u64 open[8];		/* inodes the other mount has open */
	u64 here[8];		/* and this one */
	unsigned int nr_open, nr_here;
	int error;		/* what asking it returns */
	u32 len;		/* bytes of its answer */
	bool is_noisy;		/* it answers with bits that stand for nothing */
	unsigned int nr_asked;
	u64 asked_first;
	struct sfs_open_map wanted;	/* of the last question */
};

static u64 now_ns = NSEC_PER_SEC;

static u64 test_clock(void)
{
	return now_ns;
}

/* ---- the other mount --------------------------------------------------------------- */

static bool is_in(const u64 *inos, unsigned int nr, u64 ino)
{
	while (nr--)
		if (inos[nr] == ino)
			return true;
	return false;
}

static int ask_other(void *arg, u64 rid, u8 type, const void *data, u32 req_len,
		     void *reply, u32 reply_max, u32 *reply_len)
{
	const struct sfs_coord_open_req *req = data;
	struct sfs_open_map map = { 0 };
	struct setup *s = arg;
	unsigned int i, nr = sfs_open_inos(&s->nv.vol);

	assert_int_equal(rid, OTHER_RID);
	assert_int_equal(type, SFS_COORD_ASK_OPEN);
	assert_int_equal(req_len, sizeof(*req));
	s->nr_asked++;
	s->asked_first = le64_to_cpu(req->first);
	assert_true(sfs_open_decode(&s->nv.vol, &s->wanted, &req->wanted));
	for (i = 0; i < nr; i++)
		if (is_in(s->open, s->nr_open, s->asked_first + i))
			sfs_open_set(&map, i);
	if (s->is_noisy)
		sfs_open_set(&map, nr);
	sfs_open_encode(reply, &map);
	*reply_len = s->len;
	return s->error;
}

static bool is_open_here(void *arg, u64 ino)
{
	struct setup *s = arg;

	return is_in(s->here, s->nr_here, ino);
}

static bool was_wanted(const struct setup *s, u64 ino)
{
	return ino - s->asked_first < sfs_open_inos(&s->nv.vol) &&
	       sfs_open_test(&s->wanted, ino - s->asked_first);
}

/* ---- setup --------------------------------------------------------------------------- */

static void start(struct setup *s)
{
	nv_mount(&s->nv);
	s->nv.leader->ask = ask_other;
	s->nv.leader->ask_arg = s;
	s->nv.fs->inode_is_open = is_open_here;
	s->nv.fs->vfs_arg = s;
	s->len = sizeof(struct sfs_coord_open);
	assert_int_equal(sfs_leader_join(s->nv.leader, OTHER_RID, &s->slot), 0);
}

static void recover_other(struct setup *s)
{
	assert_int_equal(sfs_leader_recover_slot(s->nv.leader, s->slot,
						 OTHER_RID), 0);
}

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	port_clock = test_clock;
	nv_mkfs(&s->nv, NV_META_BYTES, NV_DATA_BYTES, 12, 4);
	start(s);
	s->dir = nv_dir(&s->nv, SFS_ROOT_INO, "dir");
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	s->nv.leader->ask = NULL;
	recover_other(s);
	nv_exit(&s->nv);
	port_clock = NULL;
	free(s);
	return 0;
}

/* All locks are given up: others may have looked at anything. */
static void lose_locks(struct setup *s)
{
	assert_int_equal(sfs_fs_sync(s->nv.fs), 0);
	while (sfs_lock_shrink(s->nv.fs->locks, 1000))
		sfs_lock_space_flush(s->nv.fs->locks);
}

static u64 unlinked(struct setup *s, const char *name)
{
	struct sfs_inode inode;
	u64 ino = nv_file(&s->nv, s->dir, name);

	assert_int_equal(nv_unlink(&s->nv, s->dir, name, false, &inode), 0);
	return ino;
}

static bool is_there(struct setup *s, u64 ino)
{
	struct sfs_inode inode;
	int ret = sfs_ns_getattr(s->nv.fs, ino, 0, &inode, NULL);

	assert_true(!ret || ret == -ESTALE);
	return !ret;
}

static void later(void)
{
	now_ns += NSEC_PER_SEC;
}

/* One round of the background work, not one of the slow ones. */
static void work(struct setup *s)
{
	if (s->nv.fs->work_nr % 8 == 0)
		s->nv.fs->work_nr++;
	assert_int_equal(sfs_fs_work(s->nv.fs, 1000000), 0);
}

static void slow_work(struct setup *s)
{
	s->nv.fs->work_nr = 8;
	assert_int_equal(sfs_fs_work(s->nv.fs, 1000000), 0);
}

/* ---- when others are asked --------------------------------------------------------- */

static void test_private_group(void **state)
{
	struct setup *s = *state;
	u64 a = unlinked(s, "a");

	/* nobody can have seen it, whatever he says */
	s->open[s->nr_open++] = a;
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), 0);
	assert_int_equal(s->nr_asked, 0);
	assert_false(is_there(s, a));
	assert_false(sfs_ns_is_open_elsewhere(s->nv.fs, nv_file(&s->nv, s->dir,
								"b")));
	assert_int_equal(s->nr_asked, 0);
}

static void test_once_for_a_group(void **state)
{
	struct setup *s = *state;
	u64 a = nv_file(&s->nv, s->dir, "a");
	u64 b, c;

	lose_locks(s);
	b = unlinked(s, "b");
	c = unlinked(s, "c");
	assert_int_equal(sfs_ino_group(s->nv.fs, a),
			 sfs_ino_group(s->nv.fs, b));
	assert_int_equal(sfs_ns_delete(s->nv.fs, b), 0);
	/* each message comes twice */
	assert_int_equal(s->nr_asked, 2);
	assert_int_equal(sfs_ns_delete(s->nv.fs, c), 0);
	assert_int_equal(s->nr_asked, 2);
	/* who gave the lock up asks again */
	c = unlinked(s, "c");
	lose_locks(s);
	assert_int_equal(sfs_ns_delete(s->nv.fs, c), 0);
	assert_int_equal(s->nr_asked, 4);
	/* a group that went out of memory is asked for again as well */
	c = unlinked(s, "c");
	assert_int_equal(sfs_fs_sync(s->nv.fs), 0);
	sfs_group_shrink(s->nv.fs, 100);
	sfs_group_shrink(s->nv.fs, 100);
	assert_int_equal(sfs_ns_delete(s->nv.fs, c), 0);
	assert_int_equal(s->nr_asked, 6);
}

/* ---- what is open ------------------------------------------------------------------ */

static void test_open_elsewhere(void **state)
{
	struct setup *s = *state;
	u64 a, b, c;

	lose_locks(s);
	a = unlinked(s, "a");
	b = unlinked(s, "b");
	c = unlinked(s, "c");
	s->open[s->nr_open++] = a;
	s->open[s->nr_open++] = c;
	s->here[s->nr_here++] = c;
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), -EAGAIN);
	assert_true(is_there(s, a));
	assert_true(was_wanted(s, a));
	assert_false(was_wanted(s, b));
	/* it is not asked for each time */
	s->nr_asked = 0;
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), -EAGAIN);
	assert_int_equal(sfs_ns_delete(s->nv.fs, b), 0);
	assert_int_equal(s->nr_asked, 0);
	later();
	/* but before long, along with all that was left */
	s->here[0] = 0;
	assert_int_equal(sfs_ns_delete(s->nv.fs, c), -EAGAIN);
	assert_int_equal(s->nr_asked, 2);
	assert_true(was_wanted(s, a));
	assert_true(was_wanted(s, c));
	assert_false(was_wanted(s, b));
	later();
	work(s);
	assert_true(is_there(s, a));
	/* closed: the next round that looks finds out */
	s->open[0] = 0;
	later();
	work(s);
	assert_true(is_there(s, a));
	slow_work(s);
	assert_false(is_there(s, a));
	assert_true(is_there(s, c));
	/* opened here, by whatever means: not now */
	s->nr_open = 0;
	s->here[0] = c;
	later();
	slow_work(s);
	assert_true(is_there(s, c));
	s->nr_here = 0;
	slow_work(s);
	assert_false(is_there(s, c));
	assert_true(xa_empty(&s->nv.fs->orphans));
}

/* What has links is never asked for; one the other mount deleted is forgotten. */
static void test_other_deletes(void **state)
{
	struct setup *s = *state;
	u64 a;

	lose_locks(s);
	a = unlinked(s, "a");
	s->open[s->nr_open++] = a;
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), -EAGAIN);
	assert_int_equal(sfs_fs_sync(s->nv.fs), 0);
	/* as if it was the other mount: without this one's list */
	xa_erase(&s->nv.fs->orphans, a);
	s->nr_open = 0;
	later();
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), 0);
	assert_int_equal(xa_err(xa_store(&s->nv.fs->orphans, a,
					 xa_mk_value(2), GFP_NOFS)), 0);
	sfs_orphan_left(s->nv.fs, a);
	work(s);
	assert_int_equal(sfs_fs_sync(s->nv.fs), 0);
	assert_true(xa_empty(&s->nv.fs->orphans));
	a = nv_file(&s->nv, s->dir, "linked");
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), -EBUSY);
}

/* An orphan of a mount that is gone, which another one has open. */
static void test_after_a_crash(void **state)
{
	struct setup *s = *state;
	u64 a, b;

	lose_locks(s);
	a = unlinked(s, "a");
	b = unlinked(s, "b");
	s->open[s->nr_open++] = a;
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), -EAGAIN);
	recover_other(s);
	nv_remount(&s->nv, true);
	nv_umount(&s->nv, false);
	start(s);
	slow_work(s);
	assert_true(is_there(s, a));
	assert_false(is_there(s, b));
	later();
	s->nr_open = 0;
	slow_work(s);
	assert_false(is_there(s, a));
}

/* ---- others that do not answer ------------------------------------------------------ */

static void test_no_answer(void **state)
{
	struct setup *s = *state;
	u64 a;

	lose_locks(s);
	a = unlinked(s, "a");
	s->error = -ENOTCONN;
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), -EAGAIN);
	assert_true(sfs_ns_is_open_elsewhere(s->nv.fs, a));
	s->error = 0;
	s->len--;
	later();
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), -EAGAIN);
	s->len++;
	s->is_noisy = true;
	later();
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), -EAGAIN);
	s->is_noisy = false;
	s->error = -ENOTCONN;
	later();
	work(s);
	assert_true(is_there(s, a));
	/* it is dead and gone */
	recover_other(s);
	later();
	slow_work(s);
	assert_false(is_there(s, a));
	assert_int_equal(sfs_leader_join(s->nv.leader, OTHER_RID, &s->slot), 0);
}

static void test_without_waiting(void **state)
{
	struct setup *s = *state;
	u64 a;

	lose_locks(s);
	a = unlinked(s, "a");
	s->open[s->nr_open++] = a;
	assert_true(sfs_ns_is_open_elsewhere(s->nv.fs, a));
	s->nr_open = 0;
	later();
	assert_false(sfs_ns_is_open_elsewhere(s->nv.fs, a));
	/* waits for nobody: without the lock it might be */
	lose_locks(s);
	assert_true(sfs_ns_is_open_elsewhere(s->nv.fs, a));
	assert_int_equal(sfs_ns_delete(s->nv.fs, a), 0);
}

/* ---- deletions that take long ---------------------------------------------------------- */

static void test_half_deleted(void **state)
{
	struct setup *s = *state;
	u64 ino = nv_file(&s->nv, s->dir, "big");
	struct sfs_inode inode;
	char name[32];
	unsigned int i;

	for (i = 0; i < 200; i++) {
		scnprintf(name, sizeof(name), "user.attribute%u", i);
		assert_int_equal(nv_setxattr(&s->nv, ino, name, "value", 5, 0),
				 0);
	}
	lose_locks(s);
	assert_int_equal(nv_unlink(&s->nv, s->dir, "big", false, &inode), 0);
	/* the first transaction writes the inode, the second one fails */
	sfs_change_fail = 2;
	assert_int_equal(sfs_ns_delete(s->nv.fs, ino), -ENOMEM);
	assert_int_equal(sfs_change_fail, 0);
	/* nobody can open it any more */
	assert_int_equal(sfs_ns_getattr(s->nv.fs, ino, 0, &inode, NULL),
			 -ESTALE);
	recover_other(s);
	nv_remount(&s->nv, true);
	assert_int_equal(sfs_ns_getattr(s->nv.fs, ino, 0, &inode, NULL),
			 -ESTALE);
	nv_umount(&s->nv, false);
	start(s);
	slow_work(s);
	nv_umount(&s->nv, false);
	nv_check(&s->nv);
	start(s);
}

/* ---- messages ------------------------------------------------------------------------------ */

static u64 got_first;
static struct sfs_open_map got_wanted;

static void answer_one(void *arg, u64 first, unsigned int nr,
		       const struct sfs_open_map *wanted,
		       struct sfs_open_map *open)
{
	assert_int_equal(nr, 16);
	got_first = first;
	got_wanted = *wanted;
	sfs_open_set(open, 3);
}

static int answer(struct setup *s, const void *req, u32 len,
		  struct sfs_coord_open *reply, u32 *reply_len)
{
	*reply_len = 0;
	return sfs_fs_leader_ops.answer(s->nv.fs, SFS_COORD_ASK_OPEN, req, len,
					reply, reply_len);
}

static void test_messages(void **state)
{
	struct setup *s = *state;
	struct sfs_coord_open_req req = { .first = cpu_to_le64(32) };
	u8 reply[SFS_COORD_REPLY_MAX] __aligned(8);
	struct sfs_coord_open open;
	unsigned int reply_len;
	u32 len;

	req.wanted.word[0] = cpu_to_le64(1 << 15);
	assert_int_equal(answer(s, &req, sizeof(req), &open, &len), 0);
	assert_int_equal(len, sizeof(open));
	assert_int_equal(open.word[0], 0);
	s->nv.fs->inodes_open = answer_one;
	assert_int_equal(answer(s, &req, sizeof(req), &open, &len), 0);
	assert_int_equal(le64_to_cpu(open.word[0]), 1 << 3);
	assert_int_equal(got_first, 32);
	assert_int_equal(got_wanted.word[0], 1 << 15);
	assert_int_equal(answer(s, &req, sizeof(req) - 1, &open, &len),
			 -EPROTO);
	assert_int_equal(sfs_fs_leader_ops.answer(s->nv.fs, 99, &req,
						  sizeof(req), &open, &len),
			 -EPROTO);
	assert_int_equal(sfs_coord_serve(s->nv.leader, &s->nv.peer,
					 SFS_COORD_INODES_OPEN, &req,
					 sizeof(req), reply, &reply_len), 0);
	assert_int_equal(reply_len, 8 + sizeof(open));
	/* beyond the group; not aligned */
	req.wanted.word[0] = cpu_to_le64(1 << 16);
	assert_int_equal(answer(s, &req, sizeof(req), &open, &len), -EPROTO);
	assert_int_equal(sfs_coord_serve(s->nv.leader, &s->nv.peer,
					 SFS_COORD_INODES_OPEN, &req,
					 sizeof(req), reply, &reply_len),
			 -EPROTO);
	req.wanted.word[0] = 0;
	req.first = cpu_to_le64(33);
	assert_int_equal(answer(s, &req, sizeof(req), &open, &len), -EPROTO);
	assert_int_equal(sfs_coord_serve(s->nv.leader, &s->nv.peer,
					 SFS_COORD_INODES_OPEN, &req,
					 sizeof(req), reply, &reply_len),
			 -EPROTO);
}

/* Made, EX given up, and not in the cache yet: it is open all the same. */
static void test_being_made(void **state)
{
	struct setup *s = *state;
	struct sfs_creating creating;
	struct sfs_create args = {
		.dir = s->dir,
		.name = "new",
		.name_len = 3,
		.mode = S_IFREG | 0644,
		.creating = &creating,
	};
	struct sfs_coord_open_req req = { };
	struct sfs_inode inode, parent;
	struct sfs_coord_open open;
	u64 bit;
	u32 len;

	sfs_creating_init(&creating);
	assert_int_equal(sfs_ns_create(s->nv.fs, &args, &inode, &parent), 0);
	lose_locks(s);
	req.first = cpu_to_le64(round_down(inode.ino,
					   (u64)sfs_open_inos(&s->nv.vol)));
	bit = 1ULL << (inode.ino - le64_to_cpu(req.first));
	assert_int_equal(answer(s, &req, sizeof(req), &open, &len), 0);
	assert_int_equal(le64_to_cpu(open.word[0]), bit);
	sfs_creating_end(s->nv.fs, &creating);
	assert_int_equal(answer(s, &req, sizeof(req), &open, &len), 0);
	assert_int_equal(open.word[0], 0);
	/* one that could not be made */
	assert_int_equal(sfs_ns_create(s->nv.fs, &args, &inode, &parent),
			 -EEXIST);
	assert_true(list_empty(&creating.link));
	sfs_creating_end(s->nv.fs, &creating);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_private_group),
		TEST(test_once_for_a_group),
		TEST(test_open_elsewhere),
		TEST(test_other_deletes),
		TEST(test_after_a_crash),
		TEST(test_no_answer),
		TEST(test_without_waiting),
		TEST(test_half_deleted),
		TEST(test_messages),
		TEST(test_being_made),
	};

	/* the leader is another node, and each message comes twice */
	setenv("NV_REMOTE", "2", 1);
	return cmocka_run_group_tests_name("ns open", tests, nv_group_setup,
					   nv_group_teardown);
}
