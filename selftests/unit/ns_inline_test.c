// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes of small files in items: on a volume in memory, which is unmounted and
 * checked after each test.
 */
#include "ns_volume.h"

static u8 bytes[SFS_INLINE_BYTES_MAX];
static u8 buf[SFS_INLINE_BYTES_MAX];

static int setup_blocks(void **state, u32 block_shift)
{
	unsigned int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i % 7 ? i : 0;
	return nv_setup(state, NV_META_BYTES, NV_DATA_BYTES, block_shift, 8);
}

static int setup(void **state)
{
	return setup_blocks(state, 12);
}

static int setup_large_blocks(void **state)
{
	return setup_blocks(state, 16);
}

static int store(struct nv *nv, u64 ino, unsigned int len)
{
	return sfs_ns_inline_store(nv->fs, ino, bytes, len, 0);
}

/* The first len bytes are inline, and the file has one block. */
static void assert_inline(struct nv *nv, u64 ino, unsigned int len)
{
	struct sfs_inode in = nv_stat(nv, ino);

	assert_int_equal(sfs_ns_inline_read(nv->fs, ino, buf, sizeof(buf), 0),
			 len);
	assert_memory_equal(buf, bytes, len);
	assert_true(in.flags & SFS_INODE_INLINE);
	assert_int_equal(in.online_blocks, 1);
}

static void assert_not_inline(struct nv *nv, u64 ino, u64 online)
{
	struct sfs_inode in = nv_stat(nv, ino);

	assert_int_equal(sfs_ns_inline_read(nv->fs, ino, buf, sizeof(buf), 0),
			 -ENODATA);
	assert_false(in.flags & SFS_INODE_INLINE);
	assert_int_equal(in.online_blocks, online);
}

static void alloc(struct nv *nv, u64 ino, u64 block, u64 len)
{
	struct sfs_map map;

	assert_int_equal(sfs_ns_alloc(nv->fs, ino, block, len, len, 0, &map),
			 0);
}

static void test_store_and_read(void **state)
{
	struct nv *nv = *state;
	unsigned int max = sfs_inline_max(&nv->vol);
	u64 ino = nv_file(nv, 1, "f");

	assert_true(max >= 900 && max <= SFS_INLINE_BYTES_MAX);
	assert_not_inline(nv, ino, 0);
	assert_int_equal(store(nv, ino, 1), 0);
	assert_inline(nv, ino, 1);
	assert_int_equal(nv_stat(nv, ino).size, 1);
	assert_int_equal(store(nv, ino, max), 0);
	assert_inline(nv, ino, max);
	/* fewer do not make the file shorter: what is missing are zeroes */
	assert_int_equal(store(nv, ino, 10), 0);
	assert_inline(nv, ino, 10);
	assert_int_equal(nv_stat(nv, ino).size, max);
	assert_int_equal(store(nv, ino, 0), -EINVAL);
	assert_int_equal(store(nv, ino, max + 1), -EINVAL);
	assert_int_equal(store(nv, 1, 5), -EINVAL);
	nv_remount(nv, true);
	assert_inline(nv, ino, 10);
}

/* A block that has been written takes the item's place, in one transaction. */
static void test_block_takes_over(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");

	assert_int_equal(store(nv, ino, 300), 0);
	alloc(nv, ino, 0, 3);
	assert_inline(nv, ino, 300);
	assert_int_equal(store(nv, ino, 301), -EEXIST);
	/* others of its blocks do not */
	assert_int_equal(sfs_ns_written(nv->fs, ino, 1, 1, 300, 0), 0);
	assert_int_equal(nv_stat(nv, ino).online_blocks, 2);
	assert_true(nv_stat(nv, ino).flags & SFS_INODE_INLINE);
	assert_int_equal(sfs_ns_written(nv->fs, ino, 0, 1, 8192, 0), 0);
	assert_not_inline(nv, ino, 2);
	assert_int_equal(nv_stat(nv, ino).size, 8192);
	assert_int_equal(store(nv, ino, 300), -EEXIST);
}

/* What is said to be written, and is a hole, leaves the bytes alone. */
static void test_hole_takes_nothing(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");

	assert_int_equal(store(nv, ino, 300), 0);
	alloc(nv, ino, 1, 1);
	assert_int_equal(sfs_ns_written(nv->fs, ino, 0, 2, 300, 0), 0);
	assert_true(nv_stat(nv, ino).flags & SFS_INODE_INLINE);
	assert_int_equal(sfs_ns_inline_read(nv->fs, ino, buf, 300, 0), 300);
	assert_int_equal(nv_stat(nv, ino).online_blocks, 2);
}

static void test_truncate(void **state)
{
	struct nv *nv = *state;
	unsigned int max = sfs_inline_max(&nv->vol);
	u64 ino = nv_file(nv, 1, "f");

	assert_int_equal(store(nv, ino, 300), 0);
	assert_int_equal(nv_truncate(nv, ino, 100), 0);
	assert_inline(nv, ino, 100);
	assert_int_equal(nv_truncate(nv, ino, max), 0);
	assert_inline(nv, ino, 100);
	/* its bytes have to be in a block before it may be larger */
	assert_int_equal(nv_truncate(nv, ino, max + 1), -EINVAL);
	assert_int_equal(nv_truncate(nv, ino, 0), 0);
	assert_not_inline(nv, ino, 0);
	assert_int_equal(nv_truncate(nv, ino, max + 1), 0);
	assert_int_equal(store(nv, ino, 300), -EEXIST);
}

static void test_punch_and_delete(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");
	struct sfs_inode in;

	assert_int_equal(store(nv, ino, 300), 0);
	assert_int_equal(sfs_ns_punch(nv->fs, ino, 1, 5, 0), 0);
	assert_inline(nv, ino, 300);
	assert_int_equal(sfs_ns_trim_prealloc(nv->fs, ino, 0,
					      SFS_FILE_BLOCKS_MAX, 0), 0);
	assert_inline(nv, ino, 300);
	assert_int_equal(sfs_ns_punch(nv->fs, ino, 0, 1, 0), 0);
	assert_not_inline(nv, ino, 0);
	assert_int_equal(store(nv, ino, 300), 0);
	alloc(nv, ino, 0, 1);
	assert_int_equal(sfs_ns_zero(nv->fs, ino, 0, 1, 0), 0);
	assert_not_inline(nv, ino, 0);
	assert_int_equal(sfs_ns_punch(nv->fs, ino, 0, 1, 0), 0);
	assert_int_equal(store(nv, ino, 300), 0);
	assert_int_equal(nv_unlink(nv, 1, "f", false, &in), 0);
	assert_int_equal(sfs_ns_delete(nv->fs, ino), 0);
}

/* Many in one group: leaves split, and each file keeps what it has. */
static void test_many(void **state)
{
	struct nv *nv = *state;
	unsigned int max = sfs_inline_max(&nv->vol);
	u64 inos[200];
	char name[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(inos); i++) {
		snprintf(name, sizeof(name), "f%u", i);
		inos[i] = nv_file(nv, 1, name);
		assert_int_equal(store(nv, inos[i], 1 + i * 37 % max), 0);
	}
	nv_remount(nv, true);
	for (i = 0; i < ARRAY_SIZE(inos); i++)
		assert_inline(nv, inos[i], 1 + i * 37 % max);
	for (i = 0; i < ARRAY_SIZE(inos); i += 2)
		assert_int_equal(nv_truncate(nv, inos[i], i % 4), 0);
	nv_remount(nv, true);
	for (i = 1; i < ARRAY_SIZE(inos); i += 2)
		assert_inline(nv, inos[i], 1 + i * 37 % max);
}

/* A volume that was made before there were inline files has none. */
static void test_feature_off(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "f");

	nv->vol.sb->incompat &= cpu_to_le64(~SFS_INCOMPAT_INLINE);
	assert_int_equal(sfs_inline_max(&nv->vol), 0);
	assert_int_equal(store(nv, ino, 1), -EINVAL);
}

#define T(name, s) cmocka_unit_test_setup_teardown(test_##name, s, nv_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(store_and_read, setup),
		T(store_and_read, setup_large_blocks),
		T(block_takes_over, setup),
		T(hole_takes_nothing, setup),
		T(truncate, setup),
		T(truncate, setup_large_blocks),
		T(punch_and_delete, setup),
		T(many, setup),
		T(many, setup_large_blocks),
		T(feature_off, setup),
	};

	return cmocka_run_group_tests(tests, nv_group_setup, nv_group_teardown);
}
