// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes that change together, and flags of inodes.
 */
#include "ns_volume.h"

#define ACL "system.posix_acl_access"

static int setup(void **state)
{
	return nv_setup(state, NV_META_BYTES, NV_DATA_BYTES, 12, 8);
}

static int set_acl(struct nv *nv, u64 ino, u32 mode, const char *acl,
		   unsigned int flags, unsigned int mask, struct sfs_inode *in)
{
	struct sfs_inode attr = { .mode = mode, .ctime = nv_now(nv) };
	struct sfs_xattr_change xattr = {
		.name = ACL,
		.value = acl,
		.len = acl ? strlen(acl) : 0,
		.flags = flags,
	};

	return sfs_ns_setattr_xattr(nv->fs, ino, &xattr,
				    SFS_ATTR_MODE | SFS_ATTR_CTIME | mask,
				    &attr, in);
}

/* The length of the ACL, 0: none. */
static int acl_len(struct nv *nv, u64 ino)
{
	int ret = sfs_ns_getxattr(nv->fs, ino, ACL, NULL, 0);

	return ret == -ENODATA ? 0 : ret;
}

static void assert_is(struct nv *nv, u64 ino, u32 mode, int len)
{
	assert_int_equal(nv_stat(nv, ino).mode & 07777, mode);
	assert_int_equal(acl_len(nv, ino), len);
}

static void test_acl_and_mode(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, SFS_ROOT_INO, "f");
	struct sfs_inode was = nv_stat(nv, ino);
	struct sfs_inode in;

	/* one change, not two */
	assert_int_equal(set_acl(nv, ino, 0640, "acl", 0, 0, &in), 0);
	assert_int_equal(in.iversion, was.iversion + 1);
	assert_int_equal(in.ctime.tv_sec, nv->clock - 1);
	assert_int_equal(in.mtime.tv_sec, was.mtime.tv_sec);
	assert_is(nv, ino, 0640, 3);
	/* what the xattr refuses leaves the mode alone */
	assert_int_equal(set_acl(nv, ino, 0600, "b", SFS_XATTR_CREATE, 0, &in),
			 -EEXIST);
	assert_is(nv, ino, 0640, 3);
	assert_int_equal(set_acl(nv, ino, 0600, NULL, 0, 0, &in), 0);
	assert_is(nv, ino, 0600, 0);
	assert_int_equal(set_acl(nv, ino, 0604, NULL, 0, 0, &in), -ENODATA);
	assert_int_equal(set_acl(nv, ino, 0604, "b", SFS_XATTR_REPLACE, 0, &in),
			 -ENODATA);
	assert_is(nv, ino, 0600, 0);
	assert_int_equal(set_acl(nv, ino, 0604, NULL, SFS_XATTR_MAY_LACK, 0,
				 &in), 0);
	assert_is(nv, ino, 0604, 0);
	assert_int_equal(set_acl(nv, ino, 0, "x", 0, SFS_ATTR_SIZE, &in),
			 -EINVAL);
	assert_int_equal(set_acl(nv, ino, 0, "x", 0, SFS_ATTR_DATA_CHANGED,
				 &in), -EINVAL);
	assert_int_equal(set_acl(nv, ino + 1, 0, "x", 0, 0, &in), -ESTALE);
	nv_remount(nv, true);
	assert_is(nv, ino, 0604, 0);
}

/* ---- power fails ------------------------------------------------------------ */

static unsigned long writes_left;

static bool is_lost(void)
{
	if (!writes_left)
		return true;
	writes_left--;
	return false;
}

static int cut_write_sync(struct sfs_dev *dev, u64 off, void *buf, u32 len,
			  unsigned int flags)
{
	return is_lost() ? 0 : nv_dev_write_sync(dev, off, buf, len, flags);
}

static void cut_write(struct sfs_dev *dev, struct sfs_io_batch *batch, u64 off,
		      void **bufs, u32 nr, u32 buf_len)
{
	u32 i;

	for (i = 0; i < nr; i++)
		cut_write_sync(dev, off + (u64)i * buf_len, bufs[i], buf_len, 0);
}

static const struct sfs_dev_ops cut_ops = {
	.read = nv_dev_read,
	.write = cut_write,
	.write_sync = cut_write_sync,
	.flush = nv_dev_flush,
};

/* The commit loses its writes from one on; true: the change is there. */
static bool cut_at(struct nv *nv, u64 ino, unsigned long nr_writes)
{
	struct sfs_inode in;
	int len;

	assert_int_equal(set_acl(nv, ino, 0711, "acl", 0, 0, &in), 0);
	nv->meta.ops = &cut_ops;
	writes_left = nr_writes;
	sfs_fs_sync(nv->fs);
	nv_umount(nv, true);
	nv->meta.ops = &nv_dev_ops;
	nv_mount(nv);
	len = acl_len(nv, ino);
	assert_is(nv, ino, len ? 0711 : 0644, len ? 3 : 0);
	return len;
}

static void test_acl_and_mode_after_a_crash(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, SFS_ROOT_INO, "f");
	unsigned long nr;
	struct sfs_inode in;

	for (nr = 0; ; nr++) {
		assert_int_equal(sfs_fs_sync(nv->fs), 0);
		if (cut_at(nv, ino, nr))
			break;
	}
	/* blocks, and a record that names them */
	assert_true(nr > 1);
	assert_int_equal(set_acl(nv, ino, 0644, NULL, 0, 0, &in), 0);
}

/* ---- flags -------------------------------------------------------------------- */

static int set_flags(struct nv *nv, u64 ino, u32 set, u32 clear)
{
	struct sfs_inode in;

	return sfs_ns_set_flags(nv->fs, ino, set, clear, nv_now(nv), &in);
}

static void test_set_flags(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, SFS_ROOT_INO, "f");
	struct sfs_inode was = nv_stat(nv, ino);
	struct sfs_inode in;

	assert_int_equal(sfs_ns_set_flags(nv->fs, ino, SFS_INODE_NODUMP |
					  SFS_INODE_SYNC, 0, nv_now(nv), &in),
			 0);
	assert_int_equal(in.flags, SFS_INODE_NODUMP | SFS_INODE_SYNC);
	assert_int_equal(in.iversion, was.iversion + 1);
	assert_int_equal(in.ctime.tv_sec, nv->clock - 1);
	/* others stay as they are */
	assert_int_equal(set_flags(nv, ino, SFS_INODE_NOATIME, SFS_INODE_SYNC),
			 0);
	assert_int_equal(nv_stat(nv, ino).flags,
			 SFS_INODE_NODUMP | SFS_INODE_NOATIME);
	assert_int_equal(set_flags(nv, ino, SFS_INODE_DIRSYNC, 0), -EINVAL);
	assert_int_equal(set_flags(nv, ino, SFS_INODE_TRUNCATE, 0), -EINVAL);
	assert_int_equal(set_flags(nv, ino, 0, SFS_INODE_DELETING), -EINVAL);
	assert_int_equal(set_flags(nv, ino, 1U << 6, 0), -EINVAL);
	assert_int_equal(set_flags(nv, ino + 1, SFS_INODE_SYNC, 0), -ESTALE);
	assert_int_equal(set_flags(nv, SFS_ROOT_INO, SFS_INODE_USER, 0), 0);
	nv_remount(nv, true);
	assert_int_equal(nv_stat(nv, ino).flags,
			 SFS_INODE_NODUMP | SFS_INODE_NOATIME);
	assert_int_equal(nv_stat(nv, SFS_ROOT_INO).flags, SFS_INODE_USER);
}

static void test_inherited_flags(void **state)
{
	struct nv *nv = *state;
	u32 down = SFS_INODE_SYNC | SFS_INODE_NODUMP | SFS_INODE_NOATIME;
	u64 dir = nv_dir(nv, SFS_ROOT_INO, "d");
	u64 ino;

	assert_int_equal(set_flags(nv, dir, SFS_INODE_USER &
				   ~SFS_INODE_IMMUTABLE, 0), 0);
	assert_int_equal(nv_stat(nv, nv_file(nv, dir, "f")).flags, down);
	assert_int_equal(nv_stat(nv, nv_dir(nv, dir, "d")).flags,
			 down | SFS_INODE_DIRSYNC);
	assert_int_equal(nv_create(nv, dir, "l", S_IFLNK | 0777, &ino), 0);
	assert_int_equal(nv_stat(nv, ino).flags, 0);
	assert_int_equal(nv_create(nv, dir, "p", S_IFIFO | 0644, &ino), 0);
	assert_int_equal(nv_stat(nv, ino).flags, 0);
	assert_int_equal(nv_create(nv, dir, NULL, S_IFREG | 0644, &ino), 0);
	assert_int_equal(nv_stat(nv, ino).flags, down);
}

/* What an inode with one of these flags refuses. */
static void assert_fixed_inode(struct nv *nv, u64 ino)
{
	struct sfs_inode in, attr = { .mode = 0600, .uid = 9 };
	u64 other = nv_file(nv, SFS_ROOT_INO, "other");

	assert_int_equal(nv_link(nv, ino, SFS_ROOT_INO, "g", false), -EPERM);
	assert_int_equal(nv_unlink(nv, SFS_ROOT_INO, "f", false, &in), -EPERM);
	assert_int_equal(nv_rename(nv, SFS_ROOT_INO, "f", ino, SFS_ROOT_INO,
				   "g", 0, 0), -EPERM);
	assert_int_equal(nv_rename(nv, SFS_ROOT_INO, "other", other,
				   SFS_ROOT_INO, "f", ino, 0), -EPERM);
	assert_int_equal(nv_rename(nv, SFS_ROOT_INO, "other", other,
				   SFS_ROOT_INO, "f", ino,
				   SFS_RENAME_EXCHANGE), -EPERM);
	assert_int_equal(sfs_ns_setattr(nv->fs, ino, SFS_ATTR_UID |
					SFS_ATTR_GUARDED, &attr, 0, &in),
			 -EPERM);
	assert_int_equal(set_acl(nv, ino, 0600, "acl", 0, SFS_ATTR_GUARDED,
				 &in), -EPERM);
	assert_is(nv, ino, 0644, 0);
	/* the mount's own changes */
	assert_int_equal(sfs_ns_setattr(nv->fs, ino, SFS_ATTR_ATIME, &attr, 0,
					&in), 0);
	assert_int_equal(nv_unlink(nv, SFS_ROOT_INO, "other", false, &in), 0);
}

static void test_fixed_inodes(void **state)
{
	struct nv *nv = *state;
	u64 ino = nv_file(nv, SFS_ROOT_INO, "f");
	struct sfs_inode in;

	assert_int_equal(set_flags(nv, ino, SFS_INODE_IMMUTABLE, 0), 0);
	assert_fixed_inode(nv, ino);
	assert_int_equal(set_flags(nv, ino, SFS_INODE_APPEND,
				   SFS_INODE_IMMUTABLE), 0);
	assert_fixed_inode(nv, ino);
	assert_int_equal(set_flags(nv, ino, 0, SFS_INODE_APPEND), 0);
	assert_int_equal(set_acl(nv, ino, 0600, "acl", 0, SFS_ATTR_GUARDED,
				 &in), 0);
	assert_int_equal(nv_unlink(nv, SFS_ROOT_INO, "f", false, &in), 0);
}

static void test_fixed_directories(void **state)
{
	struct nv *nv = *state;
	u64 dir = nv_dir(nv, SFS_ROOT_INO, "d");
	u64 ino = nv_file(nv, dir, "f");
	u64 other = nv_file(nv, SFS_ROOT_INO, "other");
	struct sfs_inode in;
	u64 new;

	assert_int_equal(set_flags(nv, dir, SFS_INODE_APPEND, 0), 0);
	assert_int_equal(nv_create(nv, dir, "new", S_IFREG | 0644, &new), 0);
	assert_int_equal(nv_link(nv, other, dir, "link", false), 0);
	assert_int_equal(nv_unlink(nv, dir, "link", false, &in), -EPERM);
	assert_int_equal(nv_rename(nv, dir, "f", ino, dir, "g", 0, 0), -EPERM);
	assert_int_equal(nv_rename(nv, SFS_ROOT_INO, "other", other, dir, "f",
				   ino, 0), -EPERM);
	assert_int_equal(nv_rename(nv, SFS_ROOT_INO, "other", other, dir,
				   "came", 0, 0), 0);
	other = nv_file(nv, SFS_ROOT_INO, "other");

	assert_int_equal(set_flags(nv, dir, SFS_INODE_IMMUTABLE,
				   SFS_INODE_APPEND), 0);
	assert_int_equal(nv_create(nv, dir, "newer", S_IFREG | 0644, &new),
			 -EPERM);
	assert_int_equal(nv_create(nv, dir, NULL, S_IFREG | 0644, &new),
			 -EPERM);
	assert_int_equal(nv_link(nv, other, dir, "other", false), -EPERM);
	assert_int_equal(nv_unlink(nv, dir, "f", false, &in), -EPERM);
	assert_int_equal(nv_rename(nv, SFS_ROOT_INO, "other", other, dir, "x",
				   0, 0), -EPERM);
	assert_int_equal(nv_rename(nv, dir, "f", ino, SFS_ROOT_INO, "x", 0, 0),
			 -EPERM);
	assert_int_equal(nv_unlink(nv, SFS_ROOT_INO, "d", true, &in), -EPERM);
	assert_int_equal(set_flags(nv, dir, 0, SFS_INODE_IMMUTABLE), 0);
	assert_int_equal(nv_unlink(nv, dir, "f", false, &in), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, nv_teardown)
		T(acl_and_mode),
		T(acl_and_mode_after_a_crash),
		T(set_flags),
		T(inherited_flags),
		T(fixed_inodes),
		T(fixed_directories),
	};

	return cmocka_run_group_tests_name("ns attributes", tests,
					   nv_group_setup, nv_group_teardown);
}
