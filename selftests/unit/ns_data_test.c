// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extents, xattrs and deletion on a volume in memory.  After each test the
 * volume is unmounted and checked.
 */
#include "fs/coord/proto.h"
#include "ns_volume.h"

static int setup_sized(void **state, u64 meta_bytes, u64 data_bytes,
		       u32 block_shift)
{
	return nv_setup(state, meta_bytes, data_bytes, block_shift, 8);
}

static int setup(void **state)
{
	return setup_sized(state, NV_META_BYTES, NV_DATA_BYTES, 12);
}

static int setup_large_blocks(void **state)
{
	return setup_sized(state, NV_META_BYTES, NV_DATA_BYTES, 16);
}

static int setup_wide(void **state)
{
	return setup_sized(state, NV_META_BYTES, 8ULL << 30, 12);
}

static int setup_small(void **state)
{
	return setup_sized(state, SFS_MKFS_SMALL_BYTES, SFS_MKFS_SMALL_BYTES,
			   12);
}

static bool is_remote_here;

static int setup_remote(void **state)
{
	is_remote_here = !nv_remote();
	if (is_remote_here)
		setenv("NV_REMOTE", "1", 1);
	return setup(state);
}

static int teardown_remote(void **state)
{
	int ret = nv_teardown(state);

	if (is_remote_here)
		unsetenv("NV_REMOTE");
	return ret;
}

static struct sfs_map map_at(struct nv *nv, u64 ino, u64 block, u64 len)
{
	struct sfs_map map;

	assert_int_equal(sfs_ns_map(nv->fs, ino, block, len, 0, &map), 0);
	assert_int_equal(map.block, block);
	return map;
}

static void assert_map(struct nv *nv, u64 ino, u64 block, u64 len, u64 phys,
		       u32 flags)
{
	struct sfs_map map = map_at(nv, ino, block, 1ULL << 40);

	if (block + len < 1ULL << 40)
		assert_int_equal(map.len, len);
	assert_int_equal(map.phys, phys);
	assert_int_equal(map.flags, flags);
}

static u64 alloc(struct nv *nv, u64 ino, u64 block, u64 len)
{
	struct sfs_map map;

	assert_int_equal(sfs_ns_alloc(nv->fs, ino, block, len, len, 0, &map),
			 0);
	assert_int_equal(map.block, block);
	assert_int_equal(map.len, len);
	assert_true(map.phys >= SFS_DATA_FIRST_BLOCK);
	return map.phys;
}

static u64 write_blocks(struct nv *nv, u64 ino, u64 block, u64 len)
{
	u64 phys = alloc(nv, ino, block, len);

	assert_int_equal(sfs_ns_written(nv->fs, ino, block, len,
					(block + len) * 4096, 0), 0);
	return phys;
}

/* ---- where streams go ------------------------------------------------------------ */

static unsigned int nr_extents(struct nv *nv, u64 ino, u64 blocks)
{
	unsigned int nr = 0;
	struct sfs_map map;
	u64 block;

	for (block = 0; block < blocks; block += map.len, nr++) {
		map = map_at(nv, ino, block, blocks - block);
		assert_true(map.phys != 0);
	}
	return nr;
}

/* Files that grow in turns, as writes with preallocation make them. */
static void test_streams_stay_apart(void **state)
{
	enum { STREAMS = 4, BLOCKS = 32768, STEP = 16, MOST = 2048 };
	struct nv *nv = *state;
	u64 ino[STREAMS], next[STREAMS] = { 0 };
	struct sfs_map map;
	u64 block, want;
	char name[8];
	unsigned int i, nr;

	for (i = 0; i < STREAMS; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		ino[i] = nv_file(nv, 1, name);
	}
	for (block = 0; block < BLOCKS; block += STEP)
		for (i = 0; i < STREAMS; i++)
			while (next[i] < block + STEP) {
				want = clamp_t(u64, next[i], STEP, MOST);
				assert_int_equal(sfs_ns_alloc(nv->fs, ino[i],
							      next[i], want,
							      want, 0, &map),
						 0);
				next[i] += map.len;
			}
	for (i = 0; i < STREAMS; i++) {
		nr = nr_extents(nv, ino[i], BLOCKS);
		print_message("stream %u: %u extents\n", i, nr);
		if (nr > 16)
			fail_msg("stream %u has %u extents", i, nr);
	}
}

/* ---- discarding ------------------------------------------------------------------ */

static int trim_all(struct nv *nv, struct sfs_trim *trim)
{
	int ret;

	trim->range = (struct sfs_free_range){ 0, U64_MAX, 1 };
	trim->blocks = 0;
	trim->kept = 0;
	ret = sfs_trim_start(nv->fs, trim);
	while (!ret)
		ret = sfs_trim_next(nv->fs, trim);
	return sfs_trim_end(nv->fs, trim) ?: ret;
}

static void commit_and_die(void *arg)
{
	struct nv *nv = arg;

	nv_on_discard = NULL;
	assert_int_equal(sfs_fs_sync(nv->fs), 0);
	sfs_volume_withdraw(&nv->vol, -EIO, "dies while it discards");
}

static void test_trim(void **state)
{
	struct nv *nv = *state;
	struct sfs_fs_stat before, st;
	struct sfs_trim trim;
	u64 ino = nv_file(nv, 1, "f");

	write_blocks(nv, ino, 0, 100);
	assert_int_equal(sfs_ns_punch(nv->fs, ino, 20, 30, 0), 0);
	assert_int_equal(sfs_fs_statfs(nv->fs, &before), 0);
	assert_int_equal(trim_all(nv, &trim), -ENOENT);
	/* all but the pool */
	assert_int_equal(trim.blocks,
			 before.free_data_blocks - nv->fs->data_pool.total);
	assert_int_equal(sfs_fs_statfs(nv->fs, &st), 0);
	assert_int_equal(st.free_data_blocks, before.free_data_blocks);
	assert_true(!nv->fs->data_held.len);
	nv_remount(nv, false);
	/* what is held is in the record, the checker misses nothing */
	nv_discard_arg = nv;
	nv_on_discard = commit_and_die;
	assert_true(trim_all(nv, &trim) < 0);
	nv_umount(nv, true);
	nv_check(nv);
	nv_mount(nv);
	assert_int_equal(sfs_fs_statfs(nv->fs, &st), 0);
	assert_int_equal(st.free_data_blocks, before.free_data_blocks);
}

/* ---- what is free ----------------------------------------------------------------- */

static u64 free_data(struct nv *nv)
{
	struct sfs_fs_stat st;

	assert_int_equal(sfs_fs_statfs(nv->fs, &st), 0);
	return st.free_data_blocks;
}

static u64 fresh_free;

/* Space that the leader has just taken, or given. */
static void stat_in_between(struct nv *nv, u8 type)
{
	void (*on_call)(struct nv *nv, u8 type) = nv->on_call;

	nv->on_call = NULL;
	if (type == SFS_COORD_RETURN || type == SFS_COORD_GRANT)
		assert_true(free_data(nv) <= fresh_free);
	nv->on_call = on_call;
}

/* Space moves while the answer is on its way. */
static void grant_in_between(struct nv *nv, u8 type)
{
	if (type != SFS_COORD_STAT)
		return;
	nv->on_call = NULL;
	assert_int_equal(sfs_data_refill(nv->fs, 1), 0);
}

static void return_in_between(struct nv *nv, u8 type)
{
	if (type != SFS_COORD_STAT)
		return;
	nv->on_call = NULL;
	assert_int_equal(sfs_fs_offer_returns(nv->fs), 0);
}

static void test_free_is_not_counted_twice(void **state)
{
	struct nv *nv = *state;
	u64 ino;

	fresh_free = free_data(nv);
	assert_int_equal(nv->fs->data_pool.total, 0);
	nv->on_call = grant_in_between;
	assert_int_equal(free_data(nv), fresh_free);
	assert_true(nv->fs->data_pool.total > 0);
	nv->on_call = stat_in_between;
	ino = nv_file(nv, 1, "f");
	write_blocks(nv, ino, 0, 1000);
	assert_int_equal(free_data(nv), fresh_free - 1000);
	assert_int_equal(sfs_ns_punch(nv->fs, ino, 0, 600, 0), 0);
	assert_int_equal(free_data(nv), fresh_free - 400);
	assert_int_equal(sfs_fs_offer_returns(nv->fs), 0);
	assert_int_equal(free_data(nv), fresh_free - 400);
	assert_int_equal(sfs_ns_punch(nv->fs, ino, 600, 400, 0), 0);
	nv->on_call = return_in_between;
	assert_int_equal(free_data(nv), fresh_free);
	assert_null(nv->on_call);
}

/* ---- extents --------------------------------------------------------------------- */

static void test_alloc_and_convert(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");
	struct sfs_map map;
	u64 p;

	assert_map(nv, ino, 0, 1ULL << 40, 0, 0);
	p = alloc(nv, ino, 10, 20);
	assert_map(nv, ino, 0, 10, 0, 0);
	assert_map(nv, ino, 10, 20, p, SFS_EXT_UNWRITTEN);
	assert_map(nv, ino, 15, 15, p + 5, SFS_EXT_UNWRITTEN);
	assert_int_equal(nv_stat(nv, ino).online_blocks, 0);
	/* the middle becomes written */
	assert_int_equal(sfs_ns_written(nv->fs, ino, 14, 4, 100, 0), 0);
	assert_map(nv, ino, 10, 4, p, SFS_EXT_UNWRITTEN);
	assert_map(nv, ino, 14, 4, p + 4, 0);
	assert_map(nv, ino, 18, 12, p + 8, SFS_EXT_UNWRITTEN);
	assert_int_equal(nv_stat(nv, ino).online_blocks, 4);
	assert_int_equal(nv_stat(nv, ino).size, 100);
	/* then all of it, holes on both sides: one extent again */
	assert_int_equal(sfs_ns_written(nv->fs, ino, 0, 64, 50, 0), 0);
	assert_map(nv, ino, 10, 20, p, 0);
	assert_int_equal(nv_stat(nv, ino).online_blocks, 20);
	assert_int_equal(nv_stat(nv, ino).size, 100);
	/* what is there is not allocated again; a hole ends where data begins */
	assert_int_equal(sfs_ns_alloc(nv->fs, ino, 12, 30, 30, 0, &map), 0);
	assert_int_equal(map.len, 18);
	assert_int_equal(map.phys, p + 2);
	assert_int_equal(map.flags, 0);
	assert_int_equal(sfs_ns_alloc(nv->fs, ino, 5, 30, 100, 0, &map), 0);
	assert_int_equal(map.len, 5);
	assert_int_equal(map.flags, SFS_EXT_UNWRITTEN);
	/* preallocation: more than asked for */
	assert_int_equal(sfs_ns_alloc(nv->fs, ino, 30, 1, 50, 0, &map), 0);
	assert_int_equal(map.len, 1);
	assert_map(nv, ino, 30, 50, map.phys, SFS_EXT_UNWRITTEN);
	assert_int_equal(sfs_ns_trim_prealloc(nv->fs, ino, 0,
					      SFS_FILE_BLOCKS_MAX, 0), 0);
	assert_map(nv, ino, 30, 1ULL << 40, 0, 0);
	assert_map(nv, ino, 10, 20, p, 0);
}

static struct sfs_map alloc_around(struct nv *nv, u64 ino, u64 from, u64 block,
				   u64 end)
{
	struct sfs_fill fill = {
		.from = from, .block = block, .len = 1, .end = end,
	};
	struct sfs_map map;

	assert_int_equal(sfs_ns_alloc_around(nv->fs, ino, &fill, 0, &map), 0);
	assert_int_equal(map.block, block);
	assert_int_equal(map.len, 1);
	assert_true(map.phys != 0);
	return map;
}

/* Space before the block that needs it. */
static void test_alloc_around(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");
	struct sfs_map map;
	u64 p, total;

	map = alloc_around(nv, ino, 100, 110, 120);
	p = map.phys - 10;
	assert_map(nv, ino, 0, 100, 0, 0);
	assert_map(nv, ino, 100, 20, p, SFS_EXT_UNWRITTEN);
	/* as far as the hole goes, and contiguous with what is before it */
	alloc(nv, ino, 140, 10);
	map = alloc_around(nv, ino, 90, 130, 145);
	assert_map(nv, ino, 120, 20, map.phys - 10, SFS_EXT_UNWRITTEN);
	/* what has space stays as it is */
	map = alloc_around(nv, ino, 0, 105, 1000);
	assert_int_equal(map.phys, p + 5);
	assert_map(nv, ino, 0, 100, 0, 0);
	assert_map(nv, ino, 150, 1ULL << 40, 0, 0);
	/* with too little for all of it, the block is the last that gets some */
	ino = nv_file(nv, 1, "g");
	assert_int_equal(nv->fs->data_pool.nr, 1);
	total = nv->fs->data_pool.total;
	alloc_around(nv, ino, 0, total + 9, total + 20);
	assert_map(nv, ino, 0, 10, 0, 0);
	map = map_at(nv, ino, 10, 1ULL << 40);
	assert_int_equal(map.len, total);
}

static void test_range_errors(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");
	u64 end = SFS_FILE_BLOCKS_MAX;
	struct sfs_map map;

	assert_int_equal(sfs_ns_map(nv->fs, ino, 0, 0, 0, &map), -EINVAL);
	assert_int_equal(sfs_ns_map(nv->fs, ino, end, 1, 0, &map), -EFBIG);
	assert_int_equal(sfs_ns_map(nv->fs, ino, 1, U64_MAX, 0, &map), -EFBIG);
	assert_int_equal(sfs_ns_map(nv->fs, ino, end - 1, 1, 0, &map), 0);
	assert_int_equal(sfs_ns_alloc(nv->fs, ino, end, 1, 1, 0, &map),
			 -EFBIG);
	assert_int_equal(sfs_ns_alloc(nv->fs, ino, end - 1, 1, U64_MAX, 0,
				      &map), 0);
	assert_int_equal(sfs_ns_written(nv->fs, ino, end - 1, 1, S64_MAX, 0),
			 0);
	assert_int_equal(sfs_ns_written(nv->fs, ino, 1, 1, 1ULL << 63, 0),
			 -EFBIG);
	assert_int_equal(nv_truncate(nv, ino, 1ULL << 63), -EFBIG);
	assert_int_equal(nv_stat(nv, ino).size, S64_MAX);
	assert_int_equal(nv_truncate(nv, ino, S64_MAX), 0);
	assert_int_equal(nv_stat(nv, ino).online_blocks, 1);
	assert_int_equal(sfs_ns_alloc(nv->fs, 1, 0, 1, 1, 0, &map), -EINVAL);
	assert_int_equal(nv_truncate(nv, 1, 0), -EINVAL);
	assert_int_equal(nv_truncate(nv, ino + 1, 0), -ESTALE);
	assert_int_equal(sfs_ns_punch(nv->fs, ino, 0, 0, 0), -EINVAL);
	assert_int_equal(sfs_ns_punch(nv->fs, ino, 0, end, 0), 0);
	assert_int_equal(nv_stat(nv, ino).online_blocks, 0);
}

/* Two files written in turns: many extents in each. */
static void fragment(struct nv *nv, u64 a, u64 b, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		write_blocks(nv, a, 2 * i, 1);
		write_blocks(nv, b, i, 1);
	}
}

static void test_truncate_many(void **state)
{
	enum { NR = 500 };
	struct nv *nv = *state;
	u64 a = nv_file(nv, 1, "a");
	u64 b = nv_file(nv, 1, "b");
	struct sfs_inode was, in;
	u64 size = (2 * NR - 1) * 4096;

	fragment(nv, a, b, NR);
	was = nv_stat(nv, a);
	assert_int_equal(was.size, size);
	assert_int_equal(was.online_blocks, NR);
	/* to the same size: no data_version */
	assert_int_equal(nv_truncate(nv, a, size), 0);
	in = nv_stat(nv, a);
	assert_int_equal(in.data_version, was.data_version);
	assert_true(in.mtime.tv_sec > was.mtime.tv_sec);
	assert_int_equal(nv_truncate(nv, a, 300 * 4096 + 1), 0);
	in = nv_stat(nv, a);
	assert_int_equal(in.data_version, was.data_version + 1);
	assert_int_equal(in.online_blocks, 151);
	assert_int_equal(in.flags, 0);
	assert_int_equal(map_at(nv, a, 300, 1).phys != 0, 1);
	assert_map(nv, a, 301, 1ULL << 40, 0, 0);
	assert_int_equal(sfs_ns_punch(nv->fs, b, 3, NR - 6, 0), 0);
	assert_int_equal(nv_stat(nv, b).online_blocks, 6);
	assert_map(nv, b, 3, NR - 6, 0, 0);
	assert_int_equal(nv_truncate(nv, a, 0), 0);
	assert_int_equal(nv_stat(nv, a).online_blocks, 0);
	nv_remount(nv, true);
	assert_int_equal(nv_stat(nv, b).online_blocks, 6);
}

/* Stop a truncate after its first transaction, as a crash would. */
static void test_truncate_is_finished(void **state)
{
	enum { NR = 100 };
	struct nv *nv = *state;
	u64 a = nv_file(nv, 1, "a");
	u64 b = nv_file(nv, 1, "b");
	struct sfs_inode in, attr = { .size = 1 << 20 };
	struct sfs_map map;
	unsigned int way;
	u64 phys;

	fragment(nv, a, b, NR);
	for (way = 0; way < 4; way++) {
		struct sfs_edit *e;

		phys = write_blocks(nv, a, 2 * NR, 40);
		/* size 4096, everything behind it still there */
		assert_int_equal(sfs_edit_create(nv->fs, 8, &e), 0);
		assert_int_equal(sfs_edit_start(e, nv->fs, a, 1, 0), 0);
		e->node->in.size = 4096;
		e->node->in.flags |= SFS_INODE_TRUNCATE;
		assert_int_equal(sfs_node_write(e->ch, e->node), 0);
		sfs_change_end(e->ch, 0);
		sfs_edit_destroy(e);
		nv_remount(nv, true);
		assert_map(nv, a, 2 * NR, 40, phys, 0);
		switch (way) {
		case 0:
			assert_int_equal(nv_truncate(nv, a, 1 << 20), 0);
			break;
		case 1:
			assert_int_equal(sfs_ns_setattr(nv->fs, a,
							SFS_ATTR_SIZE, &attr,
							0, &in), 0);
			break;
		case 2:
			/* write-back: the lock is held */
			assert_int_equal(nv_setxattr(nv, a, "user.x", "x", 1,
						     0), 0);
			assert_int_equal(sfs_ns_alloc(nv->fs, a, 0, 1, 1,
						      SFS_NS_IO, &map), 0);
			break;
		case 3:
			assert_int_equal(sfs_ns_written(nv->fs, a, 0, 1,
							8192, 0), 0);
			break;
		}
		assert_int_equal(nv_stat(nv, a).flags, 0);
		assert_int_equal(nv_stat(nv, a).online_blocks, 1);
		assert_map(nv, a, 1, 1ULL << 40, 0, 0);
	}
}

/* Offline extents as release, restore and stage will make them. */
static void put_offline(struct nv *nv, u64 ino, u64 block, u64 len)
{
	struct sfs_ext ext = { block, len, 0, SFS_EXT_OFFLINE };
	struct sfs_edit *e;

	assert_int_equal(sfs_edit_create(nv->fs, 8, &e), 0);
	assert_int_equal(sfs_edit_start(e, nv->fs, ino, 8, 0), 0);
	assert_int_equal(sfs_edit_push(e, &ext), 0);
	assert_int_equal(sfs_edit_apply(e, true), 0);
	assert_int_equal(sfs_change_end(e->ch, 0), 0);
	sfs_edit_destroy(e);
}

static void test_offline(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");
	struct sfs_map map;
	u64 p;

	put_offline(nv, ino, 100, 1000);
	assert_int_equal(nv_stat(nv, ino).offline_blocks, 1000);
	assert_map(nv, ino, 100, 1000, 0, SFS_EXT_OFFLINE);
	assert_int_equal(sfs_ns_alloc(nv->fs, ino, 300, 10, 50, 0, &map), 0);
	assert_int_equal(map.flags, SFS_EXT_OFFLINE | SFS_EXT_UNWRITTEN);
	p = map.phys;
	assert_map(nv, ino, 100, 200, 0, SFS_EXT_OFFLINE);
	assert_map(nv, ino, 300, 50, p, SFS_EXT_OFFLINE | SFS_EXT_UNWRITTEN);
	assert_map(nv, ino, 350, 750, 0, SFS_EXT_OFFLINE);
	assert_int_equal(nv_stat(nv, ino).offline_blocks, 1000);
	assert_int_equal(sfs_ns_written(nv->fs, ino, 300, 20, 0, 0), 0);
	assert_int_equal(nv_stat(nv, ino).offline_blocks, 980);
	assert_int_equal(nv_stat(nv, ino).online_blocks, 20);
	/* trimming leaves what is offline */
	assert_int_equal(sfs_ns_trim_prealloc(nv->fs, ino, 0,
					      SFS_FILE_BLOCKS_MAX, 0), 0);
	assert_map(nv, ino, 320, 30, p + 20,
		   SFS_EXT_OFFLINE | SFS_EXT_UNWRITTEN);
	assert_int_equal(sfs_ns_punch(nv->fs, ino, 310, 100, 0), 0);
	assert_int_equal(nv_stat(nv, ino).offline_blocks, 890);
	assert_int_equal(nv_stat(nv, ino).online_blocks, 10);
	assert_map(nv, ino, 310, 100, 0, 0);
	assert_map(nv, ino, 410, 690, 0, SFS_EXT_OFFLINE);
}

static void test_data_space(void **state)
{
	struct nv *nv = *state;
	u64 a = nv_file(nv, 1, "a");
	u64 b = nv_file(nv, 1, "b");
	struct sfs_fs_stat st;
	struct sfs_inode in;
	struct sfs_map map;
	u64 total, i;
	unsigned int round;
	int ret;

	assert_int_equal(sfs_fs_statfs(nv->fs, &st), 0);
	total = st.free_data_blocks;
	for (round = 0; round < 3; round++) {
		i = 0;
		do {
			ret = sfs_ns_alloc(nv->fs, a, 3 * i, 2, 2, 0, &map);
			if (!ret)
				i++;
		} while (!ret);
		assert_int_equal(ret, -ENOSPC);
		assert_true(2 * i <= total && 2 * i + 2 > total - 8);
		assert_int_equal(nv_truncate(nv, a, 0), 0);
	}
	/* contiguous as long as there is room, then smaller pieces */
	for (i = 0; ; i += map.len) {
		ret = sfs_ns_alloc(nv->fs, b, i, 1 << 20, 0, 0, &map);
		if (ret)
			break;
	}
	assert_int_equal(ret, -ENOSPC);
	assert_int_equal(i, total);
	assert_int_equal(sfs_ns_written(nv->fs, b, 0, total, 1, 0), 0);
	assert_int_equal(nv_unlink(nv, 1, "b", false, &in), 0);
	assert_int_equal(sfs_ns_delete(nv->fs, b), 0);
	assert_int_equal(sfs_ns_alloc(nv->fs, a, 0, 1, 1, 0, &map), 0);
}

/* Removing works when no metadata block is left for anything else. */
static unsigned int nr_kicks;

static void count_kick(void *arg)
{
	nr_kicks++;
}

/* Until the pool is short, with nothing else that would have work done. */
static void drain_meta_pool(struct nv *nv, u64 low)
{
	static unsigned int nr;
	char name[16];

	while (!sfs_meta_is_low(nv->fs, low)) {
		while (!sfs_meta_is_low(nv->fs, low)) {
			snprintf(name, sizeof(name), "d%u", nr++);
			nv_dir(nv, 1, name);
		}
		assert_int_equal(sfs_fs_sync(nv->fs), 0);
	}
}

/* A pool that runs short is filled before somebody has to wait for it. */
static void test_meta_is_granted_ahead(void **state)
{
	struct nv *nv = *state;
	struct sfs_fs *fs = nv->fs;
	u64 low;

	fs->kick = count_kick;
	nv_dir(nv, 1, "first");
	assert_int_equal(sfs_fs_work(fs, 1000000), 0);
	low = fs->meta_low;
	assert_true(low > fs->trans.keep);
	nr_kicks = 0;
	nv_dir(nv, 1, "second");
	assert_int_equal(nr_kicks, 0);
	drain_meta_pool(nv, low);
	/* nobody changes anything: nothing is got */
	assert_int_equal(sfs_fs_work(fs, 1000000), 0);
	assert_true(sfs_meta_is_low(fs, low));
	fs->meta_low = low;
	nr_kicks = 0;
	nv_dir(nv, 1, "third");
	assert_int_equal(nr_kicks, 1);
	assert_int_equal(sfs_fs_work(fs, 1000000), 0);
	assert_true(!sfs_meta_is_low(fs, low));
	assert_int_equal(fs->meta_low, low);
	nr_kicks = 0;
	nv_dir(nv, 1, "fourth");
	assert_int_equal(nr_kicks, 0);
	fs->kick = NULL;
}

static void test_meta_space(void **state)
{
	struct nv *nv = *state;
	u64 dir = nv_dir(nv, 1, "d");
	char *value = malloc(SFS_XATTR_VALUE_MAX);
	struct sfs_inode in;
	char name[16];
	unsigned int nr;
	u64 ino;
	int ret;

	memset(value, 'v', SFS_XATTR_VALUE_MAX);
	for (nr = 0; ; nr++) {
		snprintf(name, sizeof(name), "f%u", nr);
		ret = nv_create(nv, dir, name, S_IFREG, &ino);
		if (!ret)
			ret = nv_setxattr(nv, ino, "user.x", value,
					  SFS_XATTR_VALUE_MAX, 0);
		if (ret)
			break;
	}
	assert_int_equal(ret, -ENOSPC);
	assert_true(nr > 50);
	/* there is little to get ahead, and nobody keeps asking for it */
	assert_int_equal(sfs_fs_work(nv->fs, 1000000), 0);
	assert_int_equal(nv->fs->meta_low, 0);
	while (nr--) {
		snprintf(name, sizeof(name), "f%u", nr);
		assert_int_equal(nv_unlink(nv, dir, name, false, &in), 0);
		assert_int_equal(sfs_ns_delete(nv->fs, in.ino), 0);
	}
	assert_int_equal(sfs_fs_sync(nv->fs), 0);
	nv_work(nv);
	ino = nv_file(nv, dir, "again");
	assert_int_equal(nv_setxattr(nv, ino, "user.x", value,
				     SFS_XATTR_VALUE_MAX, 0), 0);
	free(value);
}

/* ---- deletion ----------------------------------------------------------------------- */

static void test_delete_large(void **state)
{
	enum { NR = 200 };
	struct nv *nv = *state;
	u64 a = nv_file(nv, 1, "a");
	u64 b = nv_file(nv, 1, "b");
	char *value = malloc(SFS_XATTR_VALUE_MAX);
	struct sfs_inode in;
	char name[32];
	unsigned int i;

	memset(value, 'v', SFS_XATTR_VALUE_MAX);
	fragment(nv, a, b, NR);
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "user.%u", i);
		assert_int_equal(nv_setxattr(nv, a, name, value,
					     SFS_XATTR_VALUE_MAX, 0), 0);
	}
	assert_int_equal(nv_unlink(nv, 1, "a", false, &in), 0);
	/* open and unlinked: it can be used */
	write_blocks(nv, a, 1000, 10);
	assert_int_equal(nv_stat(nv, a).online_blocks, NR + 10);
	assert_int_equal(sfs_ns_delete(nv->fs, a), 0);
	assert_int_equal(sfs_ns_getattr(nv->fs, a, 0, &in, NULL), -ESTALE);
	assert_int_equal(nv_unlink(nv, 1, "b", false, &in), 0);
	/* the other one by recovery */
	nv_remount(nv, true);
	assert_int_equal(nv_stat(nv, b).nlink, 0);
	nv_work(nv);
	assert_int_equal(sfs_ns_getattr(nv->fs, b, 0, &in, NULL), -ESTALE);
	free(value);
}

/* ---- xattrs -------------------------------------------------------------------------- */

static void assert_xattr(struct nv *nv, u64 ino, const char *name, char byte,
			 int len)
{
	char *buf = malloc(SFS_XATTR_VALUE_MAX);
	int i;

	assert_int_equal(sfs_ns_getxattr(nv->fs, ino, name, NULL, 0), len);
	assert_int_equal(sfs_ns_getxattr(nv->fs, ino, name, buf,
					 SFS_XATTR_VALUE_MAX), len);
	for (i = 0; i < len; i++)
		assert_int_equal(buf[i], byte);
	if (len > 1)
		assert_int_equal(sfs_ns_getxattr(nv->fs, ino, name, buf,
						 len - 1), -ERANGE);
	free(buf);
}

static void test_xattr_sizes(void **state)
{
	static const unsigned int sizes[] = { 0, 1, 65535, 5, 957, 958, 959,
		960, 1925, 65535, 30000, 65535, 0 };
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");
	char *value = malloc(SFS_XATTR_VALUE_MAX);
	struct sfs_inode was, in;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(value, 'a' + i, SFS_XATTR_VALUE_MAX);
		was = nv_stat(nv, ino);
		assert_int_equal(nv_setxattr(nv, ino, "user.x", value,
					     sizes[i], 0), 0);
		in = nv_stat(nv, ino);
		assert_int_equal(in.iversion, was.iversion + 1);
		assert_true(in.ctime.tv_sec > was.ctime.tv_sec);
		assert_int_equal(in.mtime.tv_sec, was.mtime.tv_sec);
		assert_xattr(nv, ino, "user.x", 'a' + i, sizes[i]);
		if (i % 4 == 3)
			nv_remount(nv, true);
	}
	assert_int_equal(in.next_xattr_id, 2);
	free(value);
}

static void test_xattr_errors(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");
	char name[258];

	memset(name, 'n', sizeof(name));
	name[256] = 0;
	assert_int_equal(nv_setxattr(nv, ino, name, "v", 1, 0), -ERANGE);
	assert_int_equal(sfs_ns_getxattr(nv->fs, ino, name, NULL, 0), -ERANGE);
	name[255] = 0;
	assert_int_equal(nv_setxattr(nv, ino, name, "v", 1, 0), 0);
	assert_xattr(nv, ino, name, 'v', 1);
	assert_int_equal(nv_setxattr(nv, ino, "a", "v", 65536, 0), -E2BIG);
	assert_int_equal(nv_setxattr(nv, ino, "a", "v", 1,
				     SFS_XATTR_REPLACE), -ENODATA);
	assert_int_equal(nv_setxattr(nv, ino, "a", NULL, 0, 0), -ENODATA);
	assert_int_equal(nv_setxattr(nv, ino, "a", "v", 1, 3), -EINVAL);
	assert_int_equal(nv_setxattr(nv, ino, "a", "v", 1, 8), -EINVAL);
	assert_int_equal(nv_setxattr(nv, ino, "a", "v", 1,
				     SFS_XATTR_CREATE), 0);
	assert_int_equal(nv_setxattr(nv, ino, "a", "v", 1,
				     SFS_XATTR_CREATE), -EEXIST);
	assert_int_equal(nv_setxattr(nv, ino, "a", "w", 1,
				     SFS_XATTR_REPLACE), 0);
	assert_xattr(nv, ino, "a", 'w', 1);
	assert_int_equal(nv_setxattr(nv, ino, "a", NULL, 0, 0), 0);
	assert_int_equal(sfs_ns_getxattr(nv->fs, ino, "a", NULL, 0),
			 -ENODATA);
	assert_int_equal(nv_setxattr(nv, ino + 1, "a", "v", 1, 0), -ESTALE);
}

/* Two names with one crc32c; crc32c is linear, so any pair gives others. */
static void test_xattr_collisions(void **state)
{
	enum { NR = 1 << 18 };
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");
	struct { u32 crc; u32 nr; } *t = calloc(NR * 4, sizeof(*t));
	char a[16], b[16], list[64];
	u32 i, crc, slot;

	for (i = 1; ; i++) {
		assert_true(i < NR);
		crc = crc32c(~0U, a, snprintf(a, sizeof(a), "user.%x",
					      i * 2654435761U));
		for (slot = crc % (NR * 4); t[slot].nr && t[slot].crc != crc;
		     slot = (slot + 1) % (NR * 4))
			;
		if (t[slot].nr)
			break;
		t[slot].crc = crc;
		t[slot].nr = i;
	}
	snprintf(b, sizeof(b), "user.%x", t[slot].nr * 2654435761U);
	free(t);
	assert_int_equal(nv_setxattr(nv, ino, a, "A", 1, 0), 0);
	assert_int_equal(sfs_ns_getxattr(nv->fs, ino, b, NULL, 0), -ENODATA);
	assert_int_equal(nv_setxattr(nv, ino, b, "BB", 2, 0), 0);
	assert_xattr(nv, ino, a, 'A', 1);
	assert_xattr(nv, ino, b, 'B', 2);
	assert_int_equal(sfs_ns_listxattr(nv->fs, ino, list, sizeof(list)),
			 strlen(a) + strlen(b) + 2);
	assert_string_equal(list, a);
	assert_int_equal(nv_setxattr(nv, ino, a, NULL, 0, 0), 0);
	assert_xattr(nv, ino, b, 'B', 2);
	assert_int_equal(sfs_ns_getxattr(nv->fs, ino, a, NULL, 0), -ENODATA);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TS(name, s) cmocka_unit_test_setup_teardown(test_##name, s, nv_teardown)
#define T(name) TS(name, setup)
		T(alloc_and_convert),
		cmocka_unit_test_setup_teardown(test_free_is_not_counted_twice,
						setup_remote, teardown_remote),
		T(alloc_around),
		T(range_errors),
		TS(streams_stay_apart, setup_wide),
		T(trim),
		T(truncate_many),
		TS(truncate_many, setup_large_blocks),
		T(truncate_is_finished),
		T(offline),
		TS(data_space, setup_small),
		T(meta_is_granted_ahead),
		TS(meta_space, setup_small),
		T(delete_large),
		TS(delete_large, setup_large_blocks),
		T(xattr_sizes),
		TS(xattr_sizes, setup_large_blocks),
		T(xattr_errors),
		T(xattr_collisions),
	};

	return cmocka_run_group_tests_name("ns data", tests, nv_group_setup,
					   nv_group_teardown);
}
