// SPDX-License-Identifier: GPL-2.0-only
/*
 * The namespace, one behaviour after the other, on a volume in memory.  After
 * each test the volume is unmounted and checked.
 */
#include "ns_volume.h"

static int setup(void **state)
{
	return nv_setup(state, NV_META_BYTES, NV_DATA_BYTES, 12, 8);
}

/* ---- inodes ----------------------------------------------------------------------- */

static void test_codec(void **state)
{
	struct sfs_inode in = {
		.ino = 77,
		.mode = S_IFREG | 0640,
		.nlink = 3,
		.uid = 1,
		.rdev = 0,
		.flags = 5,
		.size = S64_MAX,
		.atime = { .tv_sec = -5, .tv_nsec = 999999999 },
		.ctime = { .tv_sec = 1ULL << 40, .tv_nsec = 1 },
		.project = U64_MAX,
	};
	struct sfs_inode out;
	u8 buf[SFS_INODE_ITEM_MAX + 8] = {};
	unsigned int len = sfs_inode_encode(&in, buf);

	assert_true(len < SFS_INODE_ITEM_MAX);
	memset(&out, 0xff, sizeof(out));
	assert_int_equal(sfs_inode_decode(&out, 77, buf, len), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(sfs_inode_decode(&out, 77, buf, len - 1), -EUCLEAN);
	assert_int_equal(sfs_inode_decode(&out, 77, buf, len + 8), -EUCLEAN);
	assert_int_equal(sfs_inode_decode(&out, 77, buf, 3), -EUCLEAN);
	in.size = 1ULL << 63;
	len = sfs_inode_encode(&in, buf);
	assert_int_equal(sfs_inode_decode(&out, 77, buf, len), -EUCLEAN);
	in.size = 0;
	in.mode = 0644;
	len = sfs_inode_encode(&in, buf);
	assert_int_equal(sfs_inode_decode(&out, 77, buf, len), -EUCLEAN);
	in.mode = S_IFDIR | 0755;
	len = sfs_inode_encode(&in, buf);
	assert_int_equal(sfs_inode_decode(&out, 77, buf, len), -EUCLEAN);
	in.next_pos = 2;
	in.mtime.tv_nsec = NSEC_PER_SEC;
	len = sfs_inode_encode(&in, buf);
	assert_int_equal(sfs_inode_decode(&out, 77, buf, len), -EUCLEAN);
}

static void test_attributes(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, SFS_ROOT_INO, "f");
	struct sfs_inode was = nv_stat(nv, ino);
	struct sfs_inode attr = {
		.mode = S_IFDIR | 04711,
		.uid = 9,
		.size = 10,
		.atime = { .tv_sec = 4 },
	};
	struct sfs_inode in;
	u64 gen;

	assert_int_equal(was.nlink, 1);
	assert_int_equal(was.iversion, 1);
	assert_int_equal(was.data_version, 0);
	assert_int_equal(was.data_seq, was.meta_seq);
	assert_int_equal(was.parent_ino, SFS_ROOT_INO);
	assert_int_equal(sfs_ns_setattr(nv->fs, ino, SFS_ATTR_MODE |
					SFS_ATTR_UID, &attr, 0, &in), 0);
	assert_int_equal(in.mode, S_IFREG | 04711);
	assert_int_equal(in.uid, 9);
	assert_int_equal(in.gid, 6);
	assert_int_equal(in.iversion, 2);
	assert_int_equal(sfs_ns_setattr(nv->fs, ino, SFS_ATTR_ATIME, &attr,
					0, &in), 0);
	assert_int_equal(in.iversion, 2);
	assert_int_equal(in.atime.tv_sec, 4);
	assert_int_equal(sfs_ns_setattr(nv->fs, ino, SFS_ATTR_SIZE |
					SFS_ATTR_DATA_CHANGED, &attr, 0, &in), 0);
	assert_int_equal(in.size, 10);
	assert_int_equal(in.data_version, 1);
	attr.size = 5;
	assert_int_equal(sfs_ns_setattr(nv->fs, ino, SFS_ATTR_SIZE, &attr,
					0, &in), 0);
	assert_int_equal(in.size, 10);
	attr.size = 1ULL << 63;
	assert_int_equal(sfs_ns_setattr(nv->fs, ino, SFS_ATTR_SIZE, &attr,
					0, &in), -EINVAL);
	assert_int_equal(sfs_ns_getattr(nv->fs, ino, 0, &in, &gen), 0);
	assert_int_equal(sfs_ns_getattr(nv->fs, ino + 1, 0, &in, &gen), -ESTALE);
	assert_int_equal(sfs_ns_getattr(nv->fs, U64_MAX, 0, &in, &gen), -ESTALE);
	assert_int_equal(sfs_ns_setattr(nv->fs, ino + 1, SFS_ATTR_UID, &attr,
					0, &in), -ESTALE);
}

static void test_seqs_follow_transactions(void **state)
{
	struct nv *nv = *state;
	u64 dir = nv_dir(nv, SFS_ROOT_INO, "d");
	u64 ino = nv_file(nv, dir, "f");
	struct sfs_inode a = nv_stat(nv, ino);
	struct sfs_inode b;

	assert_int_equal(nv_stat(nv, dir).meta_seq, a.meta_seq);
	assert_int_equal(sfs_fs_sync(nv->fs), 0);
	assert_int_equal(nv_setxattr(nv, ino, "user.x", "y", 1, 0), 0);
	b = nv_stat(nv, ino);
	assert_true(b.meta_seq > a.meta_seq);
	assert_int_equal(b.data_seq, a.data_seq);
	assert_int_equal(nv_truncate(nv, ino, 0), 0);
	b = nv_stat(nv, ino);
	assert_int_equal(b.data_seq, b.meta_seq);
	assert_int_equal(b.data_version, 0);
	assert_int_equal(nv_truncate(nv, ino, 1), 0);
	assert_int_equal(nv_stat(nv, ino).data_version, 1);
}

/* ---- names ------------------------------------------------------------------------- */

static void test_name_errors(void **state)
{
	static const char * const bad[] = { "a/b", "/", ".", ".." };
	struct nv *nv = *state;
	struct sfs_create args = { .dir = 1, .name = "a\0b", .name_len = 3,
				   .mode = S_IFREG };
	struct sfs_inode in, dir;
	char name[258];
	u64 ino;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(nv_create(nv, 1, bad[i], S_IFREG, &ino),
				 -EINVAL);
	assert_int_equal(sfs_ns_create(nv->fs, &args, &in, &dir), -EINVAL);
	assert_int_equal(nv_create(nv, 1, "", S_IFREG, &ino), -ENOENT);
	memset(name, 'x', sizeof(name));
	name[256] = 0;
	assert_int_equal(nv_create(nv, 1, name, S_IFREG, &ino), -ENAMETOOLONG);
	name[255] = 0;
	assert_int_equal(nv_create(nv, 1, name, S_IFREG, &ino), 0);
	assert_int_equal(nv_create(nv, 1, name, S_IFREG, &ino), -EEXIST);
	assert_int_equal(nv_lookup(nv, 1, name), ino);
	assert_int_equal(nv_stat(nv, 1).size, 255);
	assert_int_equal(nv_create(nv, ino, "x", S_IFREG, &ino), -ENOTDIR);
	assert_int_equal(nv_create(nv, 999999, "x", S_IFREG, &ino), -ENOENT);
	/* failed creates did not count */
	assert_int_equal(nv_stat(nv, 1).nr_entries, 1);
}

static bool name_fits(u64 w)
{
	unsigned int i;

	for (i = 0; i < 64; i += 8)
		if ((u8)(w >> i) == 0 || (u8)(w >> i) == '/')
			return false;
	return true;
}

/* Names of 16 bytes whose hashes are alike. */
static void make_colliding(char (*names)[17], unsigned int nr)
{
	const u64 h0 = 16;
	u64 first = 0x6161616161616161ULL;
	u64 w = first;
	u64 target = sfs_hash_mix(sfs_hash_mix(h0 ^ first)) ^ first;
	u64 second;
	unsigned int i = 0;

	while (i < nr) {
		second = sfs_hash_mix(sfs_hash_mix(h0 ^ w)) ^ target;
		if (name_fits(w) && name_fits(second)) {
			memcpy(names[i], &w, 8);
			memcpy(names[i] + 8, &second, 8);
			names[i][16] = 0;
			i++;
		}
		w++;
	}
}

static void test_hash_collisions(void **state)
{
	enum { NR = 20 };
	struct nv *nv = *state;
	struct sfs_inode in;
	char names[NR][17];
	u64 ino[NR];
	unsigned int i;

	make_colliding(names, NR);
	for (i = 0; i < NR; i++)
		assert_int_equal(sfs_name_hash(names[i], 16),
				 sfs_name_hash(names[0], 16));
	for (i = 0; i < NR; i++) {
		assert_int_equal(nv_lookup(nv, 1, names[i]), 0);
		ino[i] = nv_file(nv, 1, names[i]);
	}
	for (i = 0; i < NR; i++)
		assert_int_equal(nv_lookup(nv, 1, names[i]), ino[i]);
	for (i = 0; i < NR; i += 2) {
		assert_int_equal(nv_unlink(nv, 1, names[i], false, &in), 0);
		assert_int_equal(in.ino, ino[i]);
		assert_int_equal(sfs_ns_delete(nv->fs, in.ino), 0);
	}
	for (i = 0; i < NR; i++)
		assert_int_equal(nv_lookup(nv, 1, names[i]),
				 i % 2 ? ino[i] : 0);
}

/* A file goes beside its directory until the group is full. */
static void test_groups_fill(void **state)
{
	struct nv *nv = *state;
	u64 dir = nv_dir(nv, 1, "d");
	u64 other = nv_dir(nv, 1, "e");
	struct sfs_inode in;
	char name[16];
	u64 ino = 0;
	unsigned int i;

	assert_int_equal(dir & 255, 0);
	assert_int_not_equal(dir >> 8, other >> 8);
	for (i = 1; i < 256; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		assert_int_equal(nv_file(nv, dir, name), dir + i);
	}
	assert_int_equal(nv_stat(nv, dir).alloc_group, 0);
	for (i = 256; i < 700; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		ino = nv_file(nv, dir, name);
		assert_int_not_equal(ino >> 8, dir >> 8);
	}
	in = nv_stat(nv, dir);
	assert_int_equal(in.alloc_group, ino >> 8);
	assert_int_equal(in.nr_entries, 699);
	/* nothing of a user's is in the lowest groups */
	assert_true(nv_file(nv, 1, "root's") >= SFS_FIRST_USER_INO);
	nv_remount(nv, true);
	for (i = 1; i < 700; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		assert_int_not_equal(nv_lookup(nv, dir, name), 0);
	}
	ino = nv_file(nv, dir, "more");
	assert_int_equal(ino >> 8, nv_stat(nv, dir).alloc_group);
}

static void test_hard_links(void **state)
{
	struct nv *nv = *state;
	u64 dir = nv_dir(nv, 1, "d");
	u64 ino = nv_file(nv, dir, "a");
	struct sfs_inode in;
	u64 parent, pos;

	assert_int_equal(nv_link(nv, ino, dir, "b", false), 0);
	assert_int_equal(nv_link(nv, ino, 1, "c", false), 0);
	assert_int_equal(nv_link(nv, ino, 1, "c", false), -EEXIST);
	assert_int_equal(nv_link(nv, dir, 1, "x", false), -EPERM);
	assert_int_equal(nv_link(nv, ino + 1, 1, "x", false), -ENOENT);
	assert_int_equal(nv_link(nv, ino, ino, "x", false), -ENOTDIR);
	assert_int_equal(nv_stat(nv, ino).nlink, 3);
	/* the first link goes: another one becomes the first */
	assert_int_equal(nv_unlink(nv, dir, "a", false, &in), 0);
	assert_int_equal(in.nlink, 2);
	assert_int_equal(sfs_ns_parent(nv->fs, ino, &parent, &pos), 0);
	assert_int_equal(parent, 1);
	assert_int_equal(sfs_ns_delete(nv->fs, ino), -EBUSY);
	assert_int_equal(nv_unlink(nv, dir, "b", false, &in), 0);
	assert_int_equal(nv_unlink(nv, 1, "c", false, &in), 0);
	assert_int_equal(in.nlink, 0);
	assert_int_equal(sfs_ns_parent(nv->fs, ino, &parent, &pos), -ENOENT);
	assert_int_equal(nv_link(nv, ino, 1, "d2", false), -ENOENT);
	assert_int_equal(sfs_ns_delete(nv->fs, ino), 0);
	assert_int_equal(sfs_ns_delete(nv->fs, ino), 0);
	assert_int_equal(sfs_ns_getattr(nv->fs, ino, 0, &in, NULL), -ESTALE);
}

static void test_tmpfile(void **state)
{
	struct nv *nv = *state;
	u64 ino, lost;

	assert_int_equal(nv_create(nv, 1, NULL, S_IFREG | 0600, &ino), 0);
	assert_int_equal(nv_create(nv, 1, NULL, S_IFREG | 0600, &lost), 0);
	assert_int_equal(nv_create(nv, 1, NULL, S_IFDIR | 0700, &lost),
			 -EINVAL);
	assert_int_equal(nv_stat(nv, ino).nlink, 0);
	assert_int_equal(nv_stat(nv, 1).nr_entries, 0);
	assert_int_equal(nv_link(nv, ino, 1, "t", false), -ENOENT);
	assert_int_equal(nv_link(nv, ino, 1, "t", true), 0);
	assert_int_equal(nv_stat(nv, ino).nlink, 1);
	assert_int_equal(nv_link(nv, ino, 1, "u", true), 0);
	assert_int_equal(nv_stat(nv, ino).nlink, 2);
	/* what nobody linked is gone after a crash */
	nv_remount(nv, true);
	nv_work(nv);
	assert_int_equal(nv_lookup(nv, 1, "t"), ino);
	assert_int_equal(sfs_ns_getattr(nv->fs, lost, 0, &(struct sfs_inode) {},
					NULL), -ESTALE);
}

/* What is unlinked and deleted before a commit leaves it nothing to log. */
static void test_deletion_in_one_transaction(void **state)
{
	struct nv *nv = *state;
	struct sfs_inode in;
	char name[16];
	u64 before, ino;
	unsigned int i;

	nv_file(nv, 1, "first");
	before = nv->fs->trans.commit_need;
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		ino = nv_file(nv, 1, name);
		assert_int_equal(nv_unlink(nv, 1, name, false, &in), 0);
		assert_int_equal(sfs_ns_delete(nv->fs, ino), 0);
	}
	assert_int_equal(nv->fs->trans.commit_need, before);
	/* one that a commit logged costs the next one its removal */
	ino = nv_file(nv, 1, "late");
	assert_int_equal(nv_unlink(nv, 1, "late", false, &in), 0);
	assert_int_equal(sfs_fs_sync(nv->fs), 0);
	assert_int_equal(nv->fs->trans.commit_need, 0);
	assert_int_equal(sfs_ns_delete(nv->fs, ino), 0);
	assert_true(nv->fs->trans.commit_need > 0);
}

static void test_unlink_errors(void **state)
{
	struct nv *nv = *state;
	u64 dir = nv_dir(nv, 1, "d");
	u64 ino = nv_file(nv, dir, "f");
	struct sfs_inode in, parent;

	assert_int_equal(nv_unlink(nv, 1, "nope", false, &in), -ENOENT);
	assert_int_equal(nv_unlink(nv, 1, "d", false, &in), -EISDIR);
	assert_int_equal(nv_unlink(nv, dir, "f", true, &in), -ENOTDIR);
	assert_int_equal(nv_unlink(nv, 1, "d", true, &in), -ENOTEMPTY);
	assert_int_equal(sfs_ns_unlink(nv->fs, dir, "f", 1, ino + 1, false,
				       nv_now(nv), &in, &parent), -EAGAIN);
	assert_int_equal(sfs_ns_unlink(nv->fs, dir, "f", 1, ino, false,
				       nv_now(nv), &in, &parent), 0);
	assert_int_equal(parent.size, 0);
	assert_int_equal(nv_stat(nv, 1).nlink, 3);
	assert_int_equal(nv_unlink(nv, 1, "d", true, &in), 0);
	assert_int_equal(nv_stat(nv, 1).nlink, 2);
	assert_int_equal(in.nlink, 0);
	/* nothing can be made in a directory that was removed */
	assert_int_equal(nv_create(nv, dir, "x", S_IFREG, &ino), -ENOENT);
	assert_int_equal(nv_link(nv, ino, dir, "x", true), -ENOENT);
}

static void test_symlink(void **state)
{
	struct nv *nv = *state;
	struct sfs_inode in;
	char *target = malloc(SFS_SYMLINK_MAX + 2);
	char *buf = malloc(SFS_SYMLINK_MAX);
	unsigned int i, len;

	for (i = 0; i <= SFS_SYMLINK_MAX; i++)
		target[i] = 'a' + i % 23;
	target[SFS_SYMLINK_MAX + 1] = 0;
	assert_int_equal(nv_create_xattr(nv, 1, "l", S_IFLNK | 0777, target,
					 NULL, 0, &in), -ENAMETOOLONG);
	assert_int_equal(nv_create_xattr(nv, 1, "l", S_IFLNK | 0777, "",
					 NULL, 0, &in), -ENOENT);
	for (len = 1; len <= SFS_SYMLINK_MAX; len = len * 3 + 1) {
		if (len * 3 + 1 > SFS_SYMLINK_MAX)
			len = SFS_SYMLINK_MAX;
		target[len] = 0;
		snprintf(buf, 8, "l%u", len);
		assert_int_equal(nv_create_xattr(nv, 1, buf, S_IFLNK | 0777,
						 target, NULL, 0, &in), 0);
		target[len] = 'a' + len % 23;
		assert_int_equal(in.size, len);
		assert_int_equal(sfs_ns_readlink(nv->fs, in.ino, buf,
						 SFS_SYMLINK_MAX), len);
		assert_memory_equal(buf, target, len);
		assert_int_equal(sfs_ns_readlink(nv->fs, in.ino, buf, 1), 1);
	}
	assert_int_equal(sfs_ns_readlink(nv->fs, 1, buf, 10), -EINVAL);
	free(target);
	free(buf);
}

static void test_create_with_xattrs(void **state)
{
	struct nv *nv = *state;
	char big[3000];
	const struct sfs_create_xattr xa[] = {
		{ "system.posix_acl_access", "acl", 3 },
		{ "security.big", big, sizeof(big) },
		{ "user.empty", NULL, 0 },
	};
	struct sfs_inode in;
	char buf[4000];

	memset(big, 'b', sizeof(big));
	assert_int_equal(nv_create_xattr(nv, 1, "f", S_IFREG, NULL, xa, 3,
					 &in), 0);
	assert_int_equal(sfs_ns_getxattr(nv->fs, in.ino, xa[1].name, buf,
					 sizeof(buf)), sizeof(big));
	assert_memory_equal(buf, big, sizeof(big));
	assert_int_equal(sfs_ns_getxattr(nv->fs, in.ino, xa[2].name, buf,
					 sizeof(buf)), 0);
	assert_int_equal(nv_setxattr(nv, in.ino, "user.empty2", "", 0,
				     SFS_XATTR_CREATE), 0);
	assert_int_equal(sfs_ns_listxattr(nv->fs, in.ino, buf, sizeof(buf)),
			 24 + 13 + 11 + 12);
	assert_int_equal(sfs_ns_listxattr(nv->fs, in.ino, NULL, 0), 60);
	assert_int_equal(sfs_ns_listxattr(nv->fs, in.ino, buf, 59), -ERANGE);
}

/* ---- listing ------------------------------------------------------------------------- */

static void test_readdir(void **state)
{
	struct nv *nv = *state;
	u64 dir = nv_dir(nv, 1, "d");
	struct sfs_readdir_entry *e;
	struct sfs_inode in;
	char name[8];
	u8 buf[64] __aligned(8);
	u64 pos = 0;
	unsigned int i;

	assert_int_equal(sfs_ns_readdir(nv->fs, dir, 0, buf, sizeof(buf)), 0);
	for (i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		nv_file(nv, dir, name);
	}
	for (i = 0; i < 9; i += 3) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(nv_unlink(nv, dir, name, false, &in), 0);
	}
	/* positions 3 4, 6 7, 9 10 are left */
	for (i = 0; i < 6; i++) {
		assert_int_equal(sfs_ns_readdir(nv->fs, dir, pos, buf, 39),
				 32);
		e = (void *)buf;
		assert_int_equal(e->pos, 3 + i + i / 2);
		assert_int_equal(e->next, i == 5 ? 11 : 4 + i + (i + 1) / 2);
		assert_int_equal(e->dtype, 8);
		assert_int_equal(e->name_len, 2);
		pos = e->next;
	}
	assert_int_equal(sfs_ns_readdir(nv->fs, dir, pos, buf, 39), 0);
	assert_int_equal(sfs_ns_readdir(nv->fs, dir, 0, buf, 31), -ERANGE);
	assert_int_equal(sfs_ns_readdir(nv->fs, dir, U64_MAX, buf, 39), 0);
	assert_int_equal(sfs_ns_readdir(nv->fs, dir, 8, buf, 64), 64);
}

/* ---- rename ---------------------------------------------------------------------------- */

static void test_rename_errors(void **state)
{
	struct nv *nv = *state;
	u64 a = nv_dir(nv, 1, "a");
	u64 b = nv_dir(nv, a, "b");
	u64 c = nv_dir(nv, b, "c");
	u64 f = nv_file(nv, 1, "f");
	u64 g = nv_file(nv, c, "g");

	assert_int_equal(nv_rename(nv, 1, "a", a, c, "x", 0, 0), -EINVAL);
	assert_int_equal(nv_rename(nv, 1, "a", a, a, "x", 0, 0), -EINVAL);
	assert_int_equal(nv_rename(nv, b, "c", c, 1, "a", a, 0), -ENOTEMPTY);
	assert_int_equal(nv_rename(nv, a, "b", b, 1, "a", a, 0), -ENOTEMPTY);
	assert_int_equal(nv_rename(nv, b, "c", c, 1, "a", a,
				   SFS_RENAME_EXCHANGE), -EINVAL);
	assert_int_equal(nv_rename(nv, 1, "f", f, 1, "a", a, 0), -EISDIR);
	assert_int_equal(nv_rename(nv, 1, "a", a, 1, "f", f, 0), -ENOTDIR);
	assert_int_equal(nv_rename(nv, 1, "f", f, c, "g", g,
				   SFS_RENAME_NOREPLACE), -EEXIST);
	assert_int_equal(nv_rename(nv, 1, "f", f, c, "g", 0,
				   SFS_RENAME_NOREPLACE), -EEXIST);
	assert_int_equal(nv_rename(nv, 1, "f", f, c, "g", 0, 0), -EAGAIN);
	assert_int_equal(nv_rename(nv, 1, "f", f, c, "h", g, 0), -EAGAIN);
	assert_int_equal(nv_rename(nv, 1, "f", g, c, "h", 0, 0), -EAGAIN);
	assert_int_equal(nv_rename(nv, 1, "z", f, c, "h", 0, 0), -ENOENT);
	assert_int_equal(nv_rename(nv, 1, "f", f, c, "h", 0,
				   SFS_RENAME_EXCHANGE), -ENOENT);
	assert_int_equal(nv_rename(nv, 1, "f", f, c, "h", 0, 8), -EINVAL);
	assert_int_equal(nv_rename(nv, 1, "f", f, c, "..", 0, 0), -EINVAL);
	assert_int_equal(nv_rename(nv, 1, "f", f, f, "h", 0, 0), -EINVAL);
	assert_int_equal(nv_rename(nv, 1, "f", f, g, "h", 0, 0), -ENOTDIR);
}

static void test_rename_directories(void **state)
{
	struct nv *nv = *state;
	u64 a = nv_dir(nv, 1, "a");
	u64 b = nv_dir(nv, 1, "b");
	u64 c = nv_dir(nv, a, "c");
	u64 f = nv_file(nv, b, "f");
	u64 parent, pos;

	assert_int_equal(nv_rename(nv, a, "c", c, b, "c2", 0, 0), 0);
	assert_int_equal(nv_stat(nv, a).nlink, 2);
	assert_int_equal(nv_stat(nv, b).nlink, 3);
	assert_int_equal(sfs_ns_parent(nv->fs, c, &parent, &pos), 0);
	assert_int_equal(parent, b);
	assert_int_equal(pos, 3);
	/* over an empty directory */
	assert_int_equal(nv_rename(nv, b, "c2", c, 1, "a", a, 0), 0);
	assert_int_equal(nv_stat(nv, 1).nlink, 4);
	assert_int_equal(nv_stat(nv, a).nlink, 0);
	assert_int_equal(sfs_ns_delete(nv->fs, a), 0);
	/* a directory and a file change places */
	assert_int_equal(nv_rename(nv, 1, "a", c, b, "f", f,
				   SFS_RENAME_EXCHANGE), 0);
	assert_int_equal(nv_stat(nv, 1).nlink, 3);
	assert_int_equal(nv_stat(nv, b).nlink, 3);
	assert_int_equal(nv_lookup(nv, 1, "a"), f);
	assert_int_equal(nv_lookup(nv, b, "f"), c);
	assert_int_equal(sfs_ns_parent(nv->fs, f, &parent, &pos), 0);
	assert_int_equal(parent, 1);
	/* two names of one inode */
	assert_int_equal(nv_link(nv, f, 1, "f2", false), 0);
	assert_int_equal(nv_rename(nv, 1, "a", f, 1, "f2", f, 0), 0);
	assert_int_equal(nv_stat(nv, f).nlink, 2);
	assert_int_equal(nv_rename(nv, 1, "a", f, b, "x", 0, 0), 0);
	assert_int_equal(nv_rename(nv, 1, "f2", f, b, "y", 0, 0), 0);
	assert_int_equal(nv_stat(nv, f).nlink, 2);
}

/* A directory that has as many subdirectories as can be. */
static void test_most_subdirectories(void **state)
{
	struct nv *nv = *state;
	u64 full = nv_dir(nv, 1, "full");
	u64 sub = nv_dir(nv, full, "sub");
	u64 d = nv_dir(nv, 1, "d");
	u64 f = nv_file(nv, full, "f");
	u64 g = nv_file(nv, 1, "g");
	struct sfs_inode in;
	u64 ino;

	nv_set_nlink(nv, full, SFS_LINK_MAX);
	assert_int_equal(nv_create(nv, full, "x", S_IFDIR | 0755, &ino),
			 -EMLINK);
	assert_int_equal(nv_rename(nv, 1, "d", d, full, "x", 0, 0), -EMLINK);
	/* for a file, whichever of the two is named first */
	assert_int_equal(nv_rename(nv, 1, "d", d, full, "f", f,
				   SFS_RENAME_EXCHANGE), -EMLINK);
	assert_int_equal(nv_rename(nv, full, "f", f, 1, "d", d,
				   SFS_RENAME_EXCHANGE), -EMLINK);
	assert_int_equal(nv_lookup(nv, full, "x"), 0);
	assert_int_equal(nv_lookup(nv, full, "f"), f);
	assert_int_equal(nv_lookup(nv, 1, "d"), d);
	assert_int_equal(nv_stat(nv, full).nlink, SFS_LINK_MAX);
	assert_int_equal(nv_stat(nv, 1).nlink, 4);
	/* what makes it no fuller */
	nv_file(nv, full, "x");
	assert_int_equal(nv_link(nv, g, full, "y", false), 0);
	assert_int_equal(nv_rename(nv, 1, "g", g, full, "g", 0, 0), 0);
	assert_int_equal(nv_rename(nv, full, "sub", sub, full, "s", 0, 0), 0);
	assert_int_equal(nv_rename(nv, 1, "d", d, full, "s", sub,
				   SFS_RENAME_EXCHANGE), 0);
	assert_int_equal(nv_rename(nv, 1, "d", sub, full, "s", d, 0), 0);
	assert_int_equal(sfs_ns_delete(nv->fs, d), 0);
	assert_int_equal(nv_stat(nv, full).nlink, SFS_LINK_MAX);
	/* one goes, one comes */
	assert_int_equal(nv_unlink(nv, full, "s", true, &in), 0);
	assert_int_equal(sfs_ns_delete(nv->fs, sub), 0);
	assert_int_equal(nv_stat(nv, full).nlink, SFS_LINK_MAX - 1);
	nv_dir(nv, full, "s");
	assert_int_equal(nv_create(nv, full, "t", S_IFDIR | 0755, &ino),
			 -EMLINK);
	nv_set_nlink(nv, full, 3);
}

/* A file that has as many names as can be. */
static void test_most_links(void **state)
{
	struct nv *nv = *state;
	u64 f = nv_file(nv, 1, "f");
	struct sfs_inode in;

	assert_int_equal(nv_link(nv, f, 1, "g", false), 0);
	nv_set_nlink(nv, f, SFS_LINK_MAX);
	assert_int_equal(nv_link(nv, f, 1, "h", false), -EMLINK);
	assert_int_equal(nv_lookup(nv, 1, "h"), 0);
	assert_int_equal(nv_stat(nv, f).nlink, SFS_LINK_MAX);
	assert_int_equal(nv_rename(nv, 1, "f", f, 1, "h", 0, 0), 0);
	assert_int_equal(nv_unlink(nv, 1, "h", false, &in), 0);
	assert_int_equal(in.nlink, SFS_LINK_MAX - 1);
	assert_int_equal(nv_link(nv, f, 1, "h", false), 0);
	assert_int_equal(nv_link(nv, f, 1, "i", false), -EMLINK);
	nv_set_nlink(nv, f, 2);
}

/* Links of several directories, told in the order of directory and position. */
static void test_next_link(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, 1, "first");
	u64 dir[3], last_dir = 0, last_pos = 0, d = 0, p = 0;
	unsigned int i, nr = 0;
	char name[8];

	assert_int_equal(sfs_ns_next_link(nv->fs, 1, &d, &p), -ENOENT);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		dir[i] = nv_dir(nv, 1, name);
	}
	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "l%u", i);
		assert_int_equal(nv_link(nv, ino, dir[(i * 7) % 3], name, false),
				 0);
	}
	for (; !sfs_ns_next_link(nv->fs, ino, &d, &p); p++, nr++) {
		assert_true(d > last_dir || (d == last_dir && p > last_pos));
		last_dir = d;
		last_pos = p;
	}
	assert_int_equal(nr, 31);
	/* from the middle; where the first one is does not matter */
	d = dir[1];
	p = 0;
	assert_int_equal(sfs_ns_next_link(nv->fs, ino, &d, &p), 0);
	assert_int_equal(d, dir[1]);
	d = U64_MAX;
	p = U64_MAX;
	assert_int_equal(sfs_ns_next_link(nv->fs, ino, &d, &p), -ENOENT);
	d = 0;
	p = 0;
	assert_int_equal(sfs_ns_next_link(nv->fs, ino + 100, &d, &p), -ESTALE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, nv_teardown)
		cmocka_unit_test(test_codec),
		T(attributes),
		T(seqs_follow_transactions),
		T(name_errors),
		T(hash_collisions),
		T(groups_fill),
		T(hard_links),
		T(tmpfile),
		T(deletion_in_one_transaction),
		T(unlink_errors),
		T(symlink),
		T(create_with_xattrs),
		T(readdir),
		T(rename_errors),
		T(rename_directories),
		T(most_subdirectories),
		T(most_links),
		T(next_link),
	};

	return cmocka_run_group_tests_name("ns", tests, nv_group_setup,
					   nv_group_teardown);
}
