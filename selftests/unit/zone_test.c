// SPDX-License-Identifier: GPL-2.0-only
/*
 * data_alloc_zone_blocks: in which zones mounts get their data, who changes the option.
 */
#include "format/port.h"
#include "fs/coord/proto.h"
#include "ns_volume.h"

#define ZONE		((u64)SFS_DATA_ZONE_BLOCKS)
#define NR_ZONES	3
#define NR_MOUNTS	3

struct member {
	u64 rid;
	u32 slot;
	u64 taken_id;
	u64 have_id;
	u64 blocks;
	bool is_joined;
};

struct setup {
	struct nv nv;
	struct member mount[NR_MOUNTS];
	bool has_lost_blocks;
};

static void start_leader(struct setup *s)
{
	nv_open_volume(&s->nv, &s->nv.leader_vol, ++s->nv.rid);
	assert_int_equal(sfs_leader_start(&s->nv.leader_vol, &s->nv.leader),
			 0);
}

static void join(struct setup *s, unsigned int nr)
{
	struct member *m = &s->mount[nr];

	*m = (struct member) { .rid = ++s->nv.rid, .is_joined = true };
	assert_int_equal(sfs_leader_join(s->nv.leader, m->rid, &m->slot), 0);
}

/* Its record has nothing, so all comes back from its grants. */
static void leave(struct setup *s, unsigned int nr)
{
	struct member *m = &s->mount[nr];

	assert_int_equal(sfs_leader_recover_slot(s->nv.leader, m->slot, m->rid),
			 0);
	m->is_joined = false;
}

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));
	unsigned int i;

	assert_non_null(s);
	nv_mkfs(&s->nv, NV_META_BYTES, NR_ZONES * ZONE << SFS_DATA_BLOCK_SHIFT,
		12, 8);
	start_leader(s);
	assert_int_equal(sfs_leader_set_data_zone(s->nv.leader, ZONE), 0);
	for (i = 0; i < NR_MOUNTS; i++)
		join(s, i);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;
	unsigned int i;

	for (i = 0; i < NR_MOUNTS; i++)
		if (s->mount[i].is_joined)
			leave(s, i);
	nv_stop_leader(&s->nv);
	if (!s->has_lost_blocks)
		nv_check(&s->nv);
	nv_exit(&s->nv);
	free(s);
	return 0;
}

static u64 free_blocks(struct setup *s)
{
	struct sfs_leader_stat st;

	sfs_leader_stat(s->nv.leader, &st);
	return st.free_data_blocks;
}

static int grant(struct setup *s, unsigned int nr, u64 want,
		 struct sfs_grant *grant)
{
	struct member *m = &s->mount[nr];
	unsigned int i;
	int ret;

	ret = sfs_leader_grant(s->nv.leader, m->slot, m->taken_id, m->have_id,
			       SFS_SPACE_DATA, want, false, grant);
	if (ret)
		return ret;
	m->have_id = grant->id;
	for (i = 0; i < grant->nr; i++)
		m->blocks += grant->ext[i].len;
	return 0;
}

static unsigned int zone_of(const struct sfs_extent *ext)
{
	assert_int_equal(ext->start / ZONE, (ext->start + ext->len - 1) / ZONE);
	return ext->start / ZONE;
}

/* A grant of so many blocks in one piece. */
static unsigned int grant_zone(struct setup *s, unsigned int nr, u64 want)
{
	struct sfs_grant got;

	assert_int_equal(grant(s, nr, want, &got), 0);
	assert_int_equal(got.nr, 1);
	assert_int_equal(got.ext[0].len, want);
	return zone_of(&got.ext[0]);
}

/* All that is free in there. */
static void take_range(struct setup *s, unsigned int nr, u64 from, u64 end)
{
	struct sfs_free_range range = { from, end, 1 };
	struct member *m = &s->mount[nr];
	struct sfs_grant got;
	int ret;

	while ((ret = sfs_leader_grant_at(s->nv.leader, m->slot, 0, m->have_id,
					  &range, end - from, &got)) == 0)
		m->have_id = got.id;
	assert_int_equal(ret, -ENOSPC);
}

static void take_zone(struct setup *s, unsigned int nr, unsigned int zone)
{
	take_range(s, nr, zone * ZONE, (zone + 1) * ZONE);
}

/* ---- where data is ------------------------------------------------------ */

static void test_apart(void **state)
{
	struct setup *s = *state;
	unsigned int i, round;

	for (round = 0; round < 5; round++)
		for (i = 0; i < NR_MOUNTS; i++)
			assert_int_equal(grant_zone(s, i, 1000), i);
	/* with the option cleared the largest extent is taken, which is another's */
	assert_int_equal(sfs_leader_set_data_zone(s->nv.leader, 0), 0);
	assert_int_not_equal(grant_zone(s, 0, 1000), 0);
}

static void test_full_zone(void **state)
{
	struct setup *s = *state;
	struct sfs_grant got;

	assert_int_equal(grant_zone(s, 0, 1000), 0);
	assert_int_equal(grant_zone(s, 1, 1000), 1);
	take_zone(s, 0, 0);
	/* not that of the other */
	assert_int_equal(grant_zone(s, 0, 1000), 2);
	assert_int_equal(grant_zone(s, 1, 1000), 1);
	take_zone(s, 0, 2);
	/* now this is better than nothing */
	assert_int_equal(grant_zone(s, 0, 1000), 1);
	while (!grant(s, 0, ZONE / 3, &got))
		;
	assert_int_equal(free_blocks(s), 0);
	assert_int_equal(grant(s, 1, 1, &got), -ENOSPC);
}

/* Who gets all gets it in the order of zones, and as much as there is. */
static void test_all_of_it(void **state)
{
	struct setup *s = *state;
	u64 all = free_blocks(s);
	struct sfs_grant got;
	unsigned int i;

	assert_int_equal(grant_zone(s, 1, 1000), 0);
	/* one grant, though no zone has that much */
	assert_int_equal(grant(s, 0, all, &got), 0);
	assert_int_equal(got.nr, NR_ZONES);
	for (i = 0; i < NR_ZONES; i++)
		assert_int_equal(zone_of(&got.ext[i]), (i + 1) % NR_ZONES);
	assert_int_equal(s->mount[0].blocks + s->mount[1].blocks, all);
	assert_int_equal(grant(s, 1, 1, &got), -ENOSPC);
}

/* The largest piece of the zone; crumbs last, wherever they are. */
static void test_pieces(void **state)
{
	struct setup *s = *state;
	struct sfs_grant got;

	assert_int_equal(grant_zone(s, 0, 1), 0);
	/*
	 * Free: 200, 300 and 5000 blocks in zone 0, 60000 and 30000 at both sides of
	 * where zone 2 begins.
	 */
	take_range(s, 1, 0, 1000);
	take_range(s, 1, 1200, 1500);
	take_range(s, 1, 1800, 2000);
	take_range(s, 1, 7000, 2 * ZONE - 60000);
	take_range(s, 1, 2 * ZONE + 30000, NR_ZONES * ZONE);
	assert_int_equal(grant(s, 0, 4000, &got), 0);
	assert_int_equal(got.nr, 1);
	assert_int_equal(got.ext[0].start, 2000);
	/* the rest of it, then that of the next zone up to its end, and of the last */
	assert_int_equal(grant(s, 0, 2 * ZONE, &got), 0);
	assert_int_equal(got.nr, 5);
	assert_int_equal(got.ext[0].start, 6000);
	assert_int_equal(got.ext[0].len, 1000);
	assert_int_equal(got.ext[1].start, 1500);
	assert_int_equal(got.ext[1].len, 300);
	assert_int_equal(got.ext[2].start, 2 * ZONE - 60000);
	assert_int_equal(got.ext[2].len, 60000);
	assert_int_equal(got.ext[3].start, 2 * ZONE);
	assert_int_equal(got.ext[3].len, 30000);
	assert_int_equal(got.ext[4].start, 1000);
	assert_int_equal(got.ext[4].len, 200);
	assert_int_equal(free_blocks(s), 0);
}

/* More extents elsewhere than are looked at: the zone still has what it has. */
static void test_many_pieces(void **state)
{
	struct setup *s = *state;
	unsigned int i;

	assert_int_equal(grant_zone(s, 0, 1), 0);
	for (i = 0; i < 100; i++)
		take_range(s, 1, ZONE + i * 10000, ZONE + i * 10000 + 1);
	take_range(s, 1, 0, ZONE - 9000);
	take_range(s, 1, ZONE - 6000, ZONE);
	assert_int_equal(grant_zone(s, 0, 2000), 0);
	assert_int_equal(grant_zone(s, 0, 1000), 0);
	/* that was all */
	assert_int_not_equal(grant_zone(s, 0, 1000), 0);
}

static void test_forgotten(void **state)
{
	struct setup *s = *state;
	unsigned int i;

	for (i = 0; i < NR_MOUNTS; i++)
		assert_int_equal(grant_zone(s, i, 1000), i);
	leave(s, 1);
	take_zone(s, 2, 2);
	/* zone 0 comes first, but somebody has it */
	assert_int_equal(grant_zone(s, 2, 1000), 1);
}

/* The next one, though another has more. */
static void test_shared_zone(void **state)
{
	struct setup *s = *state;

	assert_int_equal(grant_zone(s, 0, 2000), 0);
	assert_int_equal(grant_zone(s, 1, 1000), 1);
	assert_int_equal(grant_zone(s, 2, 1000), 2);
	take_zone(s, 2, 2);
	assert_int_equal(grant_zone(s, 2, 1000), 0);
	assert_int_equal(grant_zone(s, 2, 1000), 0);
}

/* Where a mount is can be seen from its last grant. */
static void test_new_leader(void **state)
{
	struct setup *s = *state;

	assert_int_equal(grant_zone(s, 0, 1000), 0);
	assert_int_equal(grant_zone(s, 1, 1000), 1);
	nv_stop_leader(&s->nv);
	start_leader(s);
	assert_int_equal(grant_zone(s, 2, 1000), 2);
	assert_int_equal(grant_zone(s, 1, 1000), 1);
	assert_int_equal(grant_zone(s, 0, 1000), 0);
}

/* Also if it is forgotten with the next one. */
static void test_last_grant_is_taken(void **state)
{
	struct setup *s = *state;

	assert_int_equal(grant_zone(s, 0, 1000), 0);
	assert_int_equal(grant_zone(s, 1, 1000), 1);
	leave(s, 0);
	nv_stop_leader(&s->nv);
	start_leader(s);
	/* says its record, which is none: these mounts do not write any */
	s->mount[1].taken_id = s->mount[1].have_id;
	s->has_lost_blocks = true;
	assert_int_equal(grant_zone(s, 1, 1000), 1);
}

/* Other zones: who is in which is known at once. */
static void test_other_size(void **state)
{
	struct setup *s = *state;
	struct sfs_grant got;

	assert_int_equal(grant_zone(s, 0, 1000), 0);
	assert_int_equal(grant_zone(s, 1, 1000), 1);
	assert_int_equal(sfs_leader_set_data_zone(s->nv.leader, 3 * ZONE / 2),
			 0);
	/* both are in the first one of two now */
	assert_int_equal(grant(s, 2, 1000, &got), 0);
	assert_int_equal(got.ext[0].start, 3 * ZONE / 2);
	assert_int_equal(sfs_leader_set_data_zone(s->nv.leader, ZONE), 0);
	assert_int_equal(grant_zone(s, 1, 1000), 1);
}

/* ---- the option --------------------------------------------------------- */

static u8 reply[SFS_COORD_REPLY_MAX] __aligned(8);

static int ask(struct setup *s, const struct sfs_coord_zone_req *req)
{
	struct sfs_coord_peer peer = {
		.rid = s->mount[0].rid,
		.slot = s->mount[0].slot,
		.is_joined = true,
	};
	unsigned int len = 0;

	return sfs_coord_serve(s->nv.leader, &peer, SFS_COORD_ZONE, req,
			       sizeof(*req), reply, &len);
}

static u32 set_status(struct setup *s, u64 blocks)
{
	struct sfs_coord_zone_req req = {
		.blocks = cpu_to_le64(blocks),
		.set = 1,
	};

	assert_int_equal(ask(s, &req), 0);
	return le32_to_cpu(((struct sfs_coord_reply *)reply)->status);
}

static u64 get(struct setup *s)
{
	struct sfs_coord_zone_req req = { 0 };
	struct sfs_coord_u64 answer;

	assert_int_equal(ask(s, &req), 0);
	assert_int_equal(((struct sfs_coord_reply *)reply)->status, 0);
	memcpy(&answer, reply + sizeof(struct sfs_coord_reply), sizeof(answer));
	return le64_to_cpu(answer.value);
}

static void test_set(void **state)
{
	static const u64 bad[] = { 1, ZONE - 1, NR_ZONES * ZONE + 1, U64_MAX };
	struct setup *s = *state;
	unsigned int i;

	assert_int_equal(get(s), ZONE);
	assert_int_equal(set_status(s, 2 * ZONE), SFS_COORD_OK);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(set_status(s, bad[i]), SFS_COORD_EINVAL);
	assert_int_equal(get(s), 2 * ZONE);
	/* it is durable */
	nv_stop_leader(&s->nv);
	start_leader(s);
	assert_int_equal(get(s), 2 * ZONE);
	assert_int_equal(set_status(s, NR_ZONES * ZONE), SFS_COORD_OK);
	assert_int_equal(set_status(s, 0), SFS_COORD_OK);
	assert_int_equal(get(s), 0);
}

static void test_bad_requests(void **state)
{
	struct sfs_coord_zone_req req = { .set = 2 };
	struct setup *s = *state;

	assert_int_equal(ask(s, &req), -EPROTO);
	req.set = 1;
	req.pad[6] = 1;
	assert_int_equal(ask(s, &req), -EPROTO);
	req = (struct sfs_coord_zone_req) { .blocks = cpu_to_le64(ZONE) };
	assert_int_equal(ask(s, &req), -EPROTO);
	assert_int_equal(get(s), ZONE);
}

/* Written by a mkfs that checked nothing: off. */
static void test_invalid_on_disk(void **state)
{
	struct setup *s = *state;

	s->nv.leader->sb->data_alloc_zone_blocks = cpu_to_le64(1);
	assert_int_equal(get(s), 0);
	assert_int_equal(grant_zone(s, 0, 1000), 0);
	assert_int_equal(grant_zone(s, 1, 1000), 0);
	assert_int_equal(set_status(s, ZONE), SFS_COORD_OK);
}

/* As a mount has it, its leader here or elsewhere. */
static void use_mount(bool is_remote)
{
	struct nv nv;
	u64 blocks;

	if (is_remote)
		setenv("NV_REMOTE", "2", 1);
	nv_mkfs(&nv, NV_META_BYTES, 2 * ZONE << SFS_DATA_BLOCK_SHIFT, 12, 8);
	nv_mount(&nv);
	assert_int_equal(sfs_fs_data_zone(nv.fs, &blocks), 0);
	assert_int_equal(blocks, 0);
	assert_int_equal(sfs_fs_set_data_zone(nv.fs, ZONE), 0);
	assert_int_equal(sfs_fs_set_data_zone(nv.fs, ZONE - 1), -EINVAL);
	assert_int_equal(sfs_coord_set_data_zone(&nv.fs->coord, ZONE - 1),
			 -EINVAL);
	assert_int_equal(sfs_fs_data_zone(nv.fs, &blocks), 0);
	assert_int_equal(blocks, ZONE);
	nv_umount(&nv, false);
	nv_mount_mode(&nv, true);
	assert_int_equal(sfs_fs_set_data_zone(nv.fs, 0), -EROFS);
	assert_int_equal(sfs_fs_data_zone(nv.fs, &blocks), 0);
	assert_int_equal(blocks, ZONE);
	nv_umount(&nv, false);
	nv_mount(&nv);
	assert_int_equal(sfs_fs_set_data_zone(nv.fs, 0), 0);
	assert_int_equal(sfs_fs_data_zone(nv.fs, &blocks), 0);
	assert_int_equal(blocks, 0);
	nv_exit(&nv);
	unsetenv("NV_REMOTE");
}

static void test_by_a_mount(void **state)
{
	use_mount(false);
	use_mount(true);
}

#define TEST(func)	cmocka_unit_test_setup_teardown(func, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_apart),
		TEST(test_full_zone),
		TEST(test_all_of_it),
		TEST(test_pieces),
		TEST(test_many_pieces),
		TEST(test_forgotten),
		TEST(test_shared_zone),
		TEST(test_new_leader),
		TEST(test_last_grant_is_taken),
		TEST(test_other_size),
		TEST(test_set),
		TEST(test_bad_requests),
		TEST(test_invalid_on_disk),
		cmocka_unit_test(test_by_a_mount),
	};

	return cmocka_run_group_tests_name("zone", tests, nv_group_setup,
					   nv_group_teardown);
}
