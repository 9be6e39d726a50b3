// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespace operations that fail half way: what they had changed is taken
 * back, damage stays where it is, and the mount goes on.
 */
#include "ns_volume.h"

enum {
	NR_GROUPS = 32,		/* of the volume, looked at */
	NR_TRIES = 4000,
};

static int setup_blocks(void **state, u32 block_shift)
{
	return nv_setup(state, NV_META_BYTES << (block_shift - 12), NV_DATA_BYTES,
			block_shift, 8);
}

static int setup(void **state)
{
	return setup_blocks(state, 12);
}

/* More than the page allocator promises to find. */
static int setup_large_blocks(void **state)
{
	return setup_blocks(state, 16);
}

/* ---- what there is, as one number ---------------------------------------------------- */

static int digest_item(void *arg, const struct sfs_key *key, const void *val,
		       unsigned int len)
{
	u32 *crc = arg;

	*crc = crc32c(*crc, &key->ino, sizeof(key->ino));
	*crc = crc32c(*crc, &key->a, sizeof(key->a));
	*crc = crc32c(*crc, &key->b, sizeof(key->b));
	*crc = crc32c(*crc, &key->type, sizeof(key->type));
	*crc = crc32c(*crc, val, len);
	return 0;
}

static u32 digest(struct nv *nv)
{
	struct sfs_key first = SFS_KEY_MIN;
	struct sfs_key last = SFS_KEY_MAX;
	struct sfs_op op;
	u32 crc = ~0U;
	u64 nr;

	for (nr = 0; nr < NR_GROUPS; nr++) {
		sfs_op_init(&op, nv->fs);
		sfs_op_add_group(&op, nr, SFS_LOCK_PR);
		assert_int_equal(sfs_op_start(&op, 0, 0), 0);
		assert_int_equal(sfs_btree_walk(&nv->vol,
						sfs_op_tree(&op, nr << 8),
						&first, &last, digest_item,
						&crc), 0);
		crc = crc32c(crc, &sfs_op_group(&op, nr << 8)->nr_inodes, 4);
		sfs_op_end(&op);
	}
	return crc;
}

/* ---- memory ----------------------------------------------------------------------------- */

struct scene {
	struct nv *nv;
	u64 dir;
	u64 sub;
	u64 file;
	u64 other;
	u64 linked;
	u64 old;
	u64 whiteout;
	char *value;
	long *countdown;
};

/* Inodes enough to make trees of several blocks. */
static void scene_init(struct scene *s, struct nv *nv)
{
	char name[16];
	unsigned int i;

	s->nv = nv;
	s->dir = nv_dir(nv, 1, "dir");
	s->sub = nv_dir(nv, s->dir, "sub");
	s->file = nv_file(nv, s->dir, "file");
	s->other = nv_file(nv, s->sub, "other");
	s->linked = nv_file(nv, s->dir, "linked");
	assert_int_equal(nv_link(nv, s->linked, s->sub, "linked2", false), 0);
	s->value = malloc(SFS_XATTR_VALUE_MAX);
	memset(s->value, 'v', SFS_XATTR_VALUE_MAX);
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "filler%u", i);
		nv_file(nv, i % 2 ? s->dir : s->sub, name);
	}
	assert_int_equal(nv_setxattr(nv, s->file, "user.big", s->value, 20000,
				     0), 0);
}

static int do_create(struct scene *s)
{
	struct sfs_inode in;
	const struct sfs_create_xattr xa = { "user.x", s->value, 3000 };
	char target[3000];

	memset(target, 't', sizeof(target));
	target[sizeof(target) - 1] = 0;
	return nv_create_xattr(s->nv, s->sub, "new", S_IFLNK | 0777, target,
			       &xa, 1, &in);
}

static int do_mkdir(struct scene *s)
{
	u64 ino;

	return nv_create(s->nv, s->sub, "newdir", S_IFDIR, &ino);
}

static int do_tmpfile(struct scene *s)
{
	u64 ino;

	return nv_create(s->nv, s->dir, NULL, S_IFREG, &ino);
}

static int do_link(struct scene *s)
{
	return nv_link(s->nv, s->file, s->sub, "link", false);
}

static int do_unlink(struct scene *s)
{
	struct sfs_inode in;

	return nv_unlink(s->nv, s->sub, "other", false, &in);
}

static int do_unlink_promoting(struct scene *s)
{
	struct sfs_inode in;

	return nv_unlink(s->nv, s->dir, "linked", false, &in);
}

static int do_rename(struct scene *s)
{
	return nv_rename(s->nv, s->dir, "file", s->file, s->sub, "file2", 0, 0);
}

static int do_rename_over(struct scene *s)
{
	return nv_rename(s->nv, s->sub, "linked2", s->linked, s->sub, "file2",
			 s->file, 0);
}

static int do_rename_whiteout(struct scene *s)
{
	return nv_rename_whiteout(s->nv, s->dir, "file2", s->linked, 1, "old",
				  s->old, s->whiteout, SFS_RENAME_WHITEOUT);
}

static int do_exchange(struct scene *s)
{
	return nv_rename(s->nv, s->dir, "file2", s->linked, 1, "sub1", s->sub,
			 SFS_RENAME_EXCHANGE);
}

static int do_rename_dir(struct scene *s)
{
	return nv_rename(s->nv, s->dir, "sub", s->sub, 1, "sub1", 0, 0);
}

static int do_setxattr(struct scene *s)
{
	memset(s->value, 'w', SFS_XATTR_VALUE_MAX);
	return nv_setxattr(s->nv, s->file, "user.big", s->value, 40000, 0);
}

static int do_shrink_xattr(struct scene *s)
{
	memset(s->value, 'x', SFS_XATTR_VALUE_MAX);
	return nv_setxattr(s->nv, s->file, "user.big", s->value, 10, 0);
}

static int do_removexattr(struct scene *s)
{
	return nv_setxattr(s->nv, s->file, "user.big", NULL, 0, 0);
}

/* Both or neither, as an ACL and its mode. */
static int do_setattr_xattr(struct scene *s)
{
	struct sfs_xattr_change xattr = {
		.name = "system.posix_acl_access",
		.value = s->value,
		.len = 9000,
	};
	struct sfs_inode in, attr = { .mode = 0751 };

	return sfs_ns_setattr_xattr(s->nv->fs, s->file, &xattr, SFS_ATTR_MODE,
				    &attr, &in);
}

static int do_set_flags(struct scene *s)
{
	struct sfs_inode in;

	return sfs_ns_set_flags(s->nv->fs, s->file, SFS_INODE_NODUMP, 0,
				nv_now(s->nv), &in);
}

static int do_alloc(struct scene *s)
{
	struct sfs_map map;

	return sfs_ns_alloc(s->nv->fs, s->file, 5, 10, 10, 0, &map);
}

static int do_written(struct scene *s)
{
	return sfs_ns_written(s->nv->fs, s->file, 7, 3, 40000, 0);
}

static int do_punch(struct scene *s)
{
	return sfs_ns_punch(s->nv->fs, s->file, 8, 1, 0);
}

static int do_truncate(struct scene *s)
{
	return nv_truncate(s->nv, s->file, 9 * 4096);
}

static int do_inline_store(struct scene *s)
{
	return sfs_ns_inline_store(s->nv->fs, s->linked, s->value, 700, 0);
}

static int do_inline_again(struct scene *s)
{
	return sfs_ns_inline_store(s->nv->fs, s->linked, s->value, 300, 0);
}

static int do_inline_truncate(struct scene *s)
{
	return nv_truncate(s->nv, s->linked, 200);
}

static int do_inline_give_space(struct scene *s)
{
	struct sfs_map map;

	return sfs_ns_alloc(s->nv->fs, s->linked, 0, 1, 1, 0, &map);
}

static int do_inline_written(struct scene *s)
{
	return sfs_ns_written(s->nv->fs, s->linked, 0, 1, 4096, 0);
}

static int do_delete(struct scene *s)
{
	return sfs_ns_delete(s->nv->fs, s->file);
}

/*
 * Let each allocation, or each change, of the operation fail in turn, in a new
 * transaction each time so that every block it changes has to be copied.
 */
static void fail_each(struct scene *s, const char *name,
		      int (*fn)(struct scene *s))
{
	struct nv *nv = s->nv;
	unsigned int i, failed = 0;
	u64 delta;
	u32 before;
	int ret;

	for (i = 1; i < NR_TRIES; i++) {
		assert_int_equal(sfs_fs_sync(nv->fs), 0);
		before = digest(nv);
		delta = atomic64_read(&nv->fs->inode_delta);
		/* the operation's own memory is allocated, too */
		kfree(xchg(&nv->fs->spare_change, NULL));
		*s->countdown = i;
		ret = fn(s);
		if (!ret || *s->countdown)
			break;	/* nothing failed, or it did not matter */
		failed++;
		assert_int_equal(ret, -ENOMEM);
		assert_int_equal(sfs_volume_error(&nv->vol), 0);
		assert_int_equal(atomic64_read(&nv->fs->inode_delta), delta);
		if (digest(nv) != before)
			fail_msg("%s: failure %u: something is left", name, i);
	}
	*s->countdown = 0;
	assert_int_equal(ret, 0);
	assert_true(failed >= 1);
	print_message("# %s: %u failures\n", name, failed);
}

static void fail_all(struct nv *nv, long *countdown)
{
	struct scene s = { .countdown = countdown };

	scene_init(&s, nv);
	port_log_level = 0;
#define FAIL(what) fail_each(&s, #what, do_##what)
	FAIL(create);
	FAIL(mkdir);
	FAIL(tmpfile);
	FAIL(link);
	FAIL(unlink);
	FAIL(unlink_promoting);
	FAIL(setxattr);
	FAIL(shrink_xattr);
	FAIL(removexattr);
	FAIL(setattr_xattr);
	/* what is left for the deletion fits into one transaction */
	assert_int_equal(nv_setxattr(nv, s.file, "system.posix_acl_access",
				     NULL, 0, 0), 0);
	FAIL(set_flags);
	FAIL(alloc);
	FAIL(written);
	FAIL(punch);
	FAIL(truncate);
	FAIL(inline_store);
	FAIL(inline_again);
	FAIL(inline_truncate);
	FAIL(inline_give_space);
	FAIL(inline_written);
	FAIL(rename);
	assert_int_equal(nv_unlink(s.nv, s.sub, "link", false,
				   &(struct sfs_inode) {}), 0);
	FAIL(rename_over);
	FAIL(delete);
	FAIL(rename_dir);
	assert_int_equal(nv_rename(s.nv, s.sub, "file2", s.linked, s.dir,
				   "file2", 0, 0), 0);
	FAIL(exchange);
	s.old = nv_file(nv, 1, "old");
	assert_int_equal(nv_create(nv, s.dir, NULL, S_IFCHR, &s.whiteout), 0);
	assert_int_equal(nv_rename(nv, 1, "sub1", s.linked, s.dir, "file2",
				   s.sub, SFS_RENAME_EXCHANGE), 0);
	FAIL(rename_whiteout);
	assert_int_equal(nv_lookup(nv, s.dir, "file2"), s.whiteout);
	port_log_level = 5;
	free(s.value);
}

static void test_no_memory(void **state)
{
	fail_all(*state, &port_alloc_fail);
}

/* Reading waits for memory, also where the allocator promises none. */
static void test_reads_find_memory(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "file");
	unsigned long failed = port_alloc_failed;
	struct sfs_inode in;

	assert_int_equal(sfs_fs_sync(nv->fs), 0);
	sfs_cache_shrink(&nv->vol, 1000000);
	port_alloc_fail = 1;
	assert_int_equal(sfs_ns_getattr(nv->fs, ino, 0, &in, NULL), 0);
	port_alloc_fail = 0;
	assert_int_equal(port_alloc_failed, failed + 1);
}

static void test_failing_changes(void **state)
{
	fail_all(*state, &sfs_change_fail);
}

/* ---- damage ------------------------------------------------------------------------------- */

static u64 root_block(struct nv *nv, u64 ino, u8 *height)
{
	struct sfs_op op;
	u64 blkno;

	sfs_op_init(&op, nv->fs);
	sfs_op_add(&op, ino, SFS_LOCK_PR);
	assert_int_equal(sfs_op_start(&op, 0, 0), 0);
	blkno = sfs_op_tree(&op, ino)->ref.blkno;
	*height = sfs_op_tree(&op, ino)->height;
	sfs_op_end(&op);
	return blkno;
}

static u8 *block_bytes(struct nv *nv, u64 blkno)
{
	return (u8 *)nv->meta.priv + blkno * 4096;
}

/* A group is lost; nothing else is. */
static void test_damaged_group(void **state)
{
	struct nv *nv = *state;
	u64 good = nv_dir(nv, 1, "good");
	u64 bad = nv_dir(nv, good, "bad");
	u64 file = nv_file(nv, bad, "f");
	struct sfs_inode in;
	struct sfs_dirent de;
	u8 height, *byte;
	u64 ino;

	assert_int_equal(nv_link(nv, file, good, "f", false), 0);
	assert_int_equal(sfs_fs_sync(nv->fs), 0);
	byte = block_bytes(nv, root_block(nv, bad, &height)) + 2000;
	nv_umount(nv, false);
	*byte ^= 1;
	nv_mount(nv);
	port_log_level = 0;
	assert_int_equal(sfs_ns_getattr(nv->fs, bad, 0, &in, NULL), -EUCLEAN);
	assert_int_equal(sfs_ns_lookup(nv->fs, bad, "f", 1, &de, NULL),
			 -EUCLEAN);
	assert_int_equal(nv_create(nv, bad, "g", S_IFREG, &ino), -EUCLEAN);
	assert_int_equal(nv_link(nv, file, good, "g", false), -EUCLEAN);
	assert_int_equal(nv_unlink(nv, good, "f", false, &in), -EUCLEAN);
	assert_int_equal(nv_unlink(nv, good, "bad", true, &in), -EUCLEAN);
	assert_int_equal(nv_rename(nv, good, "f", file, 1, "x", 0, 0),
			 -EUCLEAN);
	assert_int_equal(nv_rename(nv, good, "bad", bad, 1, "x", 0, 0),
			 -EUCLEAN);
	assert_int_equal(nv_setxattr(nv, file, "user.x", "x", 1, 0),
			 -EUCLEAN);
	assert_int_equal(nv_truncate(nv, file, 0), -EUCLEAN);
	assert_int_equal(sfs_ns_delete(nv->fs, file), -EUCLEAN);
	assert_int_equal(sfs_volume_error(&nv->vol), 0);
	nv_file(nv, good, "g");
	assert_int_equal(nv_lookup(nv, good, "f"), file);
	assert_int_equal(nv_lookup(nv, good, "bad"), bad);
	assert_int_equal(sfs_fs_sync(nv->fs), 0);
	nv_umount(nv, false);
	*byte ^= 1;
	nv_check(nv);
	nv_mount(nv);
	assert_int_equal(nv_lookup(nv, bad, "f"), file);
	assert_int_equal(nv_lookup(nv, good, "g") != 0, 1);
	port_log_level = 5;
}

/* The leaves of a tree of two levels, from the device. */
static unsigned int leaf_blocks(struct nv *nv, u64 root, u64 *leaf,
				unsigned int max)
{
	struct sfs_btree_block *bt = (void *)block_bytes(nv, root);
	struct sfs_btree_slot *slot = (void *)(bt + 1);
	unsigned int i, nr = le16_to_cpu(bt->nr_items);
	struct sfs_disk_ref ref;

	slot = (void *)((u8 *)slot + ALIGN(bt->prefix_len, 8) * 0);
	for (i = 0; i < nr && i < max; i++) {
		memcpy(&ref, (u8 *)bt + le16_to_cpu(slot[i].off) +
		       slot[i].key_len, sizeof(ref));
		leaf[i] = le64_to_cpu(ref.blkno);
	}
	return i;
}

/*
 * One leaf of a group is damaged: operations that meet it fail, whether they
 * looked for something in it or had to merge with it; the others work.
 */
static void test_damaged_leaf(void **state)
{
	enum { NR = 250 };
	struct nv *nv = *state;
	u64 dir = nv_dir(nv, 1, "d");
	unsigned int i, j, nr, lost, gone;
	struct sfs_inode in;
	u64 leaf[64], root;
	char name[16];
	u8 height;
	int ret;

	for (i = 0; i < NR; i++) {
		snprintf(name, sizeof(name), "file%u", i);
		nv_file(nv, dir, name);
	}
	assert_int_equal(sfs_fs_sync(nv->fs), 0);
	root = root_block(nv, dir, &height);
	assert_int_equal(height, 2);
	nr = leaf_blocks(nv, root, leaf, ARRAY_SIZE(leaf));
	assert_true(nr > 4);
	nv_umount(nv, false);
	port_log_level = 0;
	for (j = 0; j < nr; j++) {
		u8 *copy = malloc(NV_META_BYTES);
		u8 *byte = block_bytes(nv, leaf[j]) + 4000;

		memcpy(copy, nv->meta.priv, NV_META_BYTES);
		*byte ^= 1;
		nv_mount(nv);
		lost = 0;
		gone = 0;
		for (i = 0; i < NR; i++) {
			snprintf(name, sizeof(name), "file%u", i * 7 % NR);
			ret = nv_unlink(nv, dir, name, false, &in);
			if (!ret)
				ret = sfs_ns_delete(nv->fs, in.ino);
			lost += ret == -EUCLEAN;
			gone += !ret;
			assert_int_equal(sfs_volume_error(&nv->vol), 0);
		}
		assert_int_equal(lost + gone, NR);
		assert_int_equal(sfs_fs_sync(nv->fs), 0);
		nv_umount(nv, false);
		*byte ^= 1;
		nv_check(nv);
		memcpy(nv->meta.priv, copy, NV_META_BYTES);
		free(copy);
	}
	port_log_level = 5;
	nv_mount(nv);
}

/* ---- read-only ---------------------------------------------------------------------------- */

static void test_read_only(void **state)
{
	struct scene s;
	struct nv *nv = *state;
	struct sfs_inode in, attr = { .uid = 1 };

	scene_init(&s, nv);
	nv_umount(nv, false);
	nv_mount_mode(nv, true);
	assert_int_equal(do_create(&s), -EROFS);
	assert_int_equal(do_mkdir(&s), -EROFS);
	assert_int_equal(do_tmpfile(&s), -EROFS);
	assert_int_equal(do_link(&s), -EROFS);
	assert_int_equal(do_unlink(&s), -EROFS);
	assert_int_equal(do_rename(&s), -EROFS);
	assert_int_equal(do_setxattr(&s), -EROFS);
	assert_int_equal(do_setattr_xattr(&s), -EROFS);
	assert_int_equal(do_set_flags(&s), -EROFS);
	assert_int_equal(do_alloc(&s), -EROFS);
	assert_int_equal(do_written(&s), -EROFS);
	assert_int_equal(do_punch(&s), -EROFS);
	assert_int_equal(do_truncate(&s), -EROFS);
	assert_int_equal(do_delete(&s), -EROFS);
	assert_int_equal(sfs_ns_setattr(nv->fs, s.file, SFS_ATTR_UID, &attr,
					0, &in), -EROFS);
	assert_int_equal(nv_lookup(nv, s.dir, "file"), s.file);
	free(s.value);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, nv_teardown)
		T(no_memory),
		cmocka_unit_test_setup_teardown(test_no_memory,
						setup_large_blocks, nv_teardown),
		cmocka_unit_test_setup_teardown(test_reads_find_memory,
						setup_large_blocks, nv_teardown),
		T(failing_changes),
		T(damaged_group),
		T(damaged_leaf),
		T(read_only),
	};

	return cmocka_run_group_tests_name("ns failures", tests,
					   nv_group_setup, nv_group_teardown);
}
