// SPDX-License-Identifier: GPL-2.0-only
/*
 * The leader's services by message: what is refused, what asking twice does,
 * what an answer that is none does to the mount that gets it.
 */
#include "format/port.h"
#include "fs/coord/proto.h"
#include "ns_volume.h"

struct setup {
	struct nv nv;
	u8 reply[SFS_COORD_REPLY_MAX] __aligned(8);
	unsigned int len;
};

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));
	struct sfs_fs_params params = { 0 };

	assert_non_null(s);
	nv_mkfs(&s->nv, NV_META_BYTES, NV_DATA_BYTES, 12, 8);
	nv_start_leader(&s->nv, &params);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	nv_stop_leader(&s->nv);
	nv_check(&s->nv);
	nv_exit(&s->nv);
	free(s);
	return 0;
}

static int serve(struct setup *s, u8 type, const void *req, unsigned int len)
{
	memset(s->reply, 0xff, sizeof(s->reply));
	s->len = 0;
	return sfs_coord_serve(s->nv.leader, &s->nv.peer, type, req, len,
			       s->reply, &s->len);
}

static u32 status(struct setup *s)
{
	const struct sfs_coord_reply *reply = (void *)s->reply;

	return le32_to_cpu(reply->status);
}

static int serve_u64(struct setup *s, u8 type, u64 value)
{
	struct sfs_coord_u64 req = { cpu_to_le64(value) };

	return serve(s, type, &req, sizeof(req));
}

static u64 answer_u64(struct setup *s)
{
	struct sfs_coord_u64 answer;

	assert_int_equal(status(s), SFS_COORD_OK);
	assert_int_equal(s->len, 16);
	memcpy(&answer, s->reply + 8, sizeof(answer));
	return le64_to_cpu(answer.value);
}

static void join(struct setup *s)
{
	assert_int_equal(serve_u64(s, SFS_COORD_JOIN, s->nv.peer.rid), 0);
	assert_true(s->nv.peer.is_joined);
}

static void leave(struct setup *s)
{
	assert_int_equal(serve_u64(s, SFS_COORD_LEAVE, s->nv.peer.rid), 0);
	assert_int_equal(status(s), SFS_COORD_OK);
}

/* ---- the leader's side ----------------------------------------------------------- */

static void test_refused(void **state)
{
	struct setup *s = *state;
	struct sfs_coord_grant_req grant = {
		.want = cpu_to_le64(1),
		.space = SFS_SPACE_META,
	};
	struct sfs_coord_tree_req tree = {
		.tree.height = SFS_TREE_HEIGHT_MAX + 1,
	};
	u8 buf[SFS_COORD_REQUEST_MAX + 1] = { 0 };
	unsigned int type, len;

	/* before it joined a mount can do nothing but that, as itself */
	for (type = 0; type < 256; type++)
		for (len = 0; len <= SFS_COORD_REQUEST_MAX; len++)
			assert_int_equal(serve(s, type, buf, len), -EPROTO);
	assert_int_equal(serve_u64(s, SFS_COORD_JOIN, s->nv.peer.rid + 1),
			 -EPROTO);
	join(s);
	assert_int_equal(serve_u64(s, SFS_COORD_LEAVE, s->nv.peer.rid + 1),
			 -EPROTO);
	assert_int_equal(serve_u64(s, SFS_COORD_GROUP_RANGE, 0), -EPROTO);
	assert_int_equal(serve_u64(s, SFS_COORD_GROUP_RANGE, 1 << 20),
			 -EPROTO);
	assert_int_equal(serve(s, SFS_COORD_NEXT_SEQ, buf, 1), -EPROTO);
	assert_int_equal(serve(s, SFS_COORD_GRANT, &grant, sizeof(grant) - 1),
			 -EPROTO);
	grant.space = 3;
	assert_int_equal(serve(s, SFS_COORD_GRANT, &grant, sizeof(grant)),
			 -EPROTO);
	grant.space = SFS_SPACE_META;
	grant.pad[5] = 1;
	assert_int_equal(serve(s, SFS_COORD_GRANT, &grant, sizeof(grant)),
			 -EPROTO);
	grant.pad[5] = 0;
	assert_int_equal(serve(s, SFS_COORD_GRANT_AT, buf,
			       sizeof(struct sfs_coord_grant_at_req)), -EPROTO);
	grant.want = cpu_to_le64(U64_MAX);
	assert_int_equal(serve(s, SFS_COORD_GRANT, &grant, sizeof(grant)),
			 -EPROTO);
	assert_int_equal(serve(s, SFS_COORD_FOLD, &tree, sizeof(tree)),
			 -EPROTO);
	leave(s);
}

/* By its place, whatever is free before and behind; nothing leaks when it is lost. */
static void test_grant_at(void **state)
{
	struct setup *s = *state;
	struct sfs_leader *ld = s->nv.leader;
	struct sfs_free_range range = { 1000, 1100, 1 };
	struct sfs_leader_stat before, st;
	struct sfs_grant grant, again;
	u32 slot;

	join(s);
	slot = s->nv.peer.slot;
	sfs_leader_stat(ld, &before);
	assert_int_equal(sfs_leader_grant_at(ld, slot, 0, 0, &range, 60, &grant),
			 0);
	assert_int_equal(grant.nr, 1);
	assert_int_equal(grant.space, SFS_SPACE_DATA);
	assert_int_equal(grant.ext[0].start, 1000);
	assert_int_equal(grant.ext[0].len, 60);
	/* the answer was lost: the same again */
	range.from = 1010;
	assert_int_equal(sfs_leader_grant_at(ld, slot, 0, grant.id - 1, &range,
					     7, &again), 0);
	assert_memory_equal(&again, &grant, sizeof(grant));
	/* it came: what is left of the range, and no more */
	range.min_len = 41;
	assert_int_equal(sfs_leader_grant_at(ld, slot, 0, grant.id, &range, 60,
					     &again), -ENOSPC);
	range.min_len = 40;
	assert_int_equal(sfs_leader_grant_at(ld, slot, 0, grant.id, &range, 60,
					     &again), 0);
	assert_int_equal(again.id, grant.id + 1);
	assert_int_equal(again.ext[0].start, 1060);
	assert_int_equal(again.ext[0].len, 40);
	range.min_len = 1;
	assert_int_equal(sfs_leader_grant_at(ld, slot, 0, again.id, &range, 60,
					     &again), -ENOSPC);
	sfs_leader_stat(ld, &st);
	assert_int_equal(st.free_data_blocks, before.free_data_blocks - 100);
	/* no record of the mount has any of it */
	leave(s);
	sfs_leader_stat(ld, &st);
	assert_int_equal(st.free_data_blocks, before.free_data_blocks);
}

/* The leader before this one took the slot back and could not say so any more. */
/* What is given out is promised by a durable super, but not by one for each. */
static void test_group_ranges(void **state)
{
	enum { NR = 1024, RANGES = 200 };
	struct setup *s = *state;
	struct sfs_leader *ld = s->nv.leader;
	struct sfs_super_block *sb = malloc(sizeof(*sb));
	u64 first, next = 0, began;
	const char *why;
	unsigned int i;

	began = le64_to_cpu(ld->sb->hdr.seq);
	for (i = 0; i < RANGES; i++) {
		assert_int_equal(sfs_leader_group_range(ld, NR, &first), 0);
		if (i)
			assert_int_equal(first, next);
		next = first + NR;
		assert_int_equal(sfs_super_read(ld->vol->meta, sb, &why), 0);
		assert_true(le64_to_cpu(sb->next_group) >= next);
	}
	assert_in_range(le64_to_cpu(ld->sb->hdr.seq) - began, 1, 8);
	assert_int_equal(sfs_leader_group_range(ld, 1 << 17, &first), -EINVAL);
	/* the next leader knows the promise */
	assert_int_equal(sfs_super_read(ld->vol->meta, sb, &why), 0);
	sfs_leader_stop(ld);
	assert_int_equal(sfs_leader_start(&s->nv.leader_vol, &s->nv.leader), 0);
	assert_int_equal(sfs_leader_group_range(s->nv.leader, NR, &first), 0);
	assert_true(first >= le64_to_cpu(sb->next_group));
	free(sb);
}

static void test_left_before(void **state)
{
	struct setup *s = *state;
	u64 rid = s->nv.peer.rid;

	assert_int_equal(serve_u64(s, SFS_COORD_LEAVE, rid + 1), -EPROTO);
	leave(s);
	leave(s);
	assert_int_equal(serve_u64(s, SFS_COORD_JOIN, rid), -EPROTO);
	assert_int_equal(serve(s, SFS_COORD_NEXT_SEQ, NULL, 0), -EPROTO);
}

/* A tree that is none of the mount's: the leader says so and goes on. */
/* Inodes, as another mount is told. */
static u64 inodes_of(struct setup *s, struct sfs_coord_peer *peer, s64 delta)
{
	struct sfs_coord_u64 req = { cpu_to_le64(delta) };
	const struct sfs_coord_stat_reply *st = (void *)(s->reply + 8);

	s->len = 0;
	assert_int_equal(sfs_coord_serve(s->nv.leader, peer, SFS_COORD_STAT,
					 &req, sizeof(req), s->reply, &s->len),
			 0);
	assert_int_equal(status(s), SFS_COORD_OK);
	return le64_to_cpu(st->nr_inodes);
}

static void test_inodes_of_all_mounts_count(void **state)
{
	struct sfs_coord_peer other = { .rid = 77, .is_joined = true };
	struct setup *s = *state;
	u64 before;

	join(s);
	before = inodes_of(s, &s->nv.peer, 0);
	assert_int_equal(inodes_of(s, &other, 5), before + 5);
	assert_int_equal(inodes_of(s, &s->nv.peer, -2), before + 3);
	/* not once more */
	assert_int_equal(inodes_of(s, &s->nv.peer, -2), before + 3);
	assert_int_equal(inodes_of(s, &other, 6), before + 4);
	sfs_coord_peer_end(s->nv.leader, &other);
	assert_int_equal(inodes_of(s, &s->nv.peer, -2), before - 2);
	/* its record has the truth: it made nothing */
	leave(s);
	assert_int_equal(inodes_of(s, &other, 0), before);
}

static void test_foreign_tree(void **state)
{
	struct setup *s = *state;
	struct sfs_coord_tree_req req = { .id = cpu_to_le64(1) };

	join(s);
	port_log_level = 0;
	sfs_tree_to_disk(&req.tree, &s->nv.leader->tree);
	assert_int_equal(serve(s, SFS_COORD_FOLD, &req, sizeof(req)), 0);
	assert_int_equal(status(s), SFS_COORD_EUCLEAN);
	assert_int_equal(serve(s, SFS_COORD_RETURN, &req, sizeof(req)), 0);
	assert_int_equal(status(s), SFS_COORD_EUCLEAN);
	req.tree.ref.blkno = cpu_to_le64(U64_MAX);
	assert_int_equal(serve(s, SFS_COORD_RETURN, &req, sizeof(req)), 0);
	assert_int_not_equal(status(s), SFS_COORD_OK);
	port_log_level = 5;
	assert_int_equal(sfs_volume_error(&s->nv.leader_vol), 0);
	leave(s);
}

static void test_twice(void **state)
{
	struct setup *s = *state;
	struct sfs_coord_grant_req req = {
		.want = cpu_to_le64(100),
		.space = SFS_SPACE_META,
	};
	u8 first[SFS_COORD_REPLY_MAX];
	u64 slot, seq;

	join(s);
	slot = answer_u64(s);
	/* by a new leader's session, which does not know */
	s->nv.peer.is_joined = false;
	join(s);
	assert_int_equal(answer_u64(s), slot);

	assert_int_equal(serve(s, SFS_COORD_NEXT_SEQ, NULL, 0), 0);
	seq = answer_u64(s);
	assert_int_equal(serve(s, SFS_COORD_NEXT_SEQ, NULL, 0), 0);
	assert_true(answer_u64(s) > seq);

	assert_int_equal(serve(s, SFS_COORD_GRANT, &req, sizeof(req)), 0);
	memcpy(first, s->reply, sizeof(first));
	/* the same again, even for the other space */
	req.space = SFS_SPACE_DATA;
	assert_int_equal(serve(s, SFS_COORD_GRANT, &req, sizeof(req)), 0);
	assert_memory_equal(first, s->reply, s->len);
	req.have_id = cpu_to_le64(1);
	assert_int_equal(serve(s, SFS_COORD_GRANT, &req, sizeof(req)), 0);
	assert_memory_not_equal(first, s->reply, s->len);
	leave(s);
	leave(s);
	/* the slot may be another mount's now */
	assert_int_equal(serve(s, SFS_COORD_GRANT, &req, sizeof(req)), -EPROTO);
	assert_int_equal(serve_u64(s, SFS_COORD_JOIN, s->nv.peer.rid), -EPROTO);
}

/* ---- the mount's side ------------------------------------------------------------- */

struct answer {
	int error;
	u32 status;
	unsigned int len;
};

static int fake_call(void *arg, u8 type, const void *req, unsigned int req_len,
		     void *reply, unsigned int *reply_len)
{
	const struct answer *answer = arg;
	struct sfs_coord_reply *head = reply;

	memset(reply, 0xee, SFS_COORD_REPLY_MAX);
	head->status = cpu_to_le32(answer->status);
	*reply_len = answer->len;
	return answer->error;
}

static void test_bad_answers(void **state)
{
	struct answer answer = { 0 };
	struct sfs_coord co = { .call = fake_call, .arg = &answer };
	struct sfs_disk_root_entry entry;
	struct sfs_leader_stat st;
	struct sfs_grant grant;
	u64 value = 0;
	u32 slot;

	answer.error = -ETIMEDOUT;
	assert_int_equal(sfs_coord_stat(&co, 0, &st), -ETIMEDOUT);
	assert_int_equal(sfs_coord_next_seq(&co), 0);
	answer = (struct answer) { .status = SFS_COORD_ENOSPC, .len = 8 };
	assert_int_equal(sfs_coord_del_orphan(&co, 1), -ENOSPC);
	answer.status = SFS_COORD_EINVAL;
	assert_int_equal(sfs_coord_set_data_zone(&co, 1), -EINVAL);
	answer.status = 4711;
	assert_int_equal(sfs_coord_del_orphan(&co, 1), -EPROTO);
	answer.status = 0;
	assert_int_equal(sfs_coord_del_orphan(&co, 1), 0);
	assert_int_equal(sfs_coord_next_orphan(&co, &value), -EPROTO);
	for (answer.len = 0; answer.len < SFS_COORD_REPLY_MAX + 2;
	     answer.len++) {
		if (answer.len != 8 + sizeof(entry))
			assert_int_equal(sfs_coord_lookup_root(&co, 1, &entry),
					 -EPROTO);
		if (answer.len != 8 + sizeof(struct sfs_coord_stat_reply))
			assert_int_equal(sfs_coord_stat(&co, 0, &st), -EPROTO);
		if (answer.len != 8 + sizeof(struct sfs_coord_u64))
			assert_int_equal(sfs_coord_data_zone(&co, &value),
					 -EPROTO);
		/* too many extents, a slot that is none */
		assert_int_equal(sfs_coord_grant(&co, 0, 0, 0, 1, 1, false,
						 &grant), -EPROTO);
		assert_int_equal(sfs_coord_join(&co, 1, &slot), -EPROTO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_grant_at, setup, teardown),
		cmocka_unit_test_setup_teardown(test_group_ranges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_before, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_foreign_tree, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_inodes_of_all_mounts_count,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_twice, setup, teardown),
		cmocka_unit_test(test_bad_answers),
	};

	return cmocka_run_group_tests_name("coord", tests, NULL, NULL);
}
