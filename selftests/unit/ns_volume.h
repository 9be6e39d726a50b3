/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole volume in memory for tests of the namespace: make, mount, unmount,
 * crash, check.  A write is durable at once, so what is on the devices after a
 * forced unmount is what a crash at that moment would have left.
 */
#ifndef SFS_NS_VOLUME_H
#define SFS_NS_VOLUME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "fs/ns/items.h"
#include "lib/check.h"
#include "lib/mkfs.h"

int sfs_lock_local_init(void);
void sfs_lock_local_exit(void);

static inline int nv_group_setup(void **state)
{
	return sfs_lock_local_init();
}

static inline int nv_group_teardown(void **state)
{
	sfs_lock_local_exit();
	return 0;
}

#define NV_META_BYTES	(64ULL << 20)
#define NV_DATA_BYTES	(256ULL << 20)

struct nv {
	struct sfs_dev meta;
	struct sfs_dev data;
	struct sfs_volume vol;
	struct sfs_fs *fs;
	struct sfs_volume leader_vol;	/* when the leader is another node */
	struct sfs_leader *leader;
	struct sfs_coord_peer peer;
	u64 nr_calls;
	void (*on_call)(struct nv *nv, u8 type);	/* with NV_REMOTE */
	u64 rid;
	unsigned int nr_problems;
	time64_t clock;
};

static inline struct timespec64 nv_now(struct nv *nv)
{
	return (struct timespec64) { .tv_sec = nv->clock++, .tv_nsec = 7 };
}

/* ---- device -------------------------------------------------------------------- */

static int nv_dev_read(struct sfs_dev *dev, u64 off, void *buf, u32 len)
{
	if (off > dev->size_bytes || len > dev->size_bytes - off)
		return -EIO;
	memcpy(buf, (u8 *)dev->priv + off, len);
	return 0;
}

static int nv_dev_write_sync(struct sfs_dev *dev, u64 off, void *buf, u32 len,
			     unsigned int flags)
{
	if (off > dev->size_bytes || len > dev->size_bytes - off)
		return -EIO;
	memcpy((u8 *)dev->priv + off, buf, len);
	return 0;
}

static void nv_dev_write(struct sfs_dev *dev, struct sfs_io_batch *batch,
			 u64 off, void **bufs, u32 nr, u32 buf_len)
{
	u32 i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++)
		ret = nv_dev_write_sync(dev, off + (u64)i * buf_len, bufs[i],
					buf_len, 0);
	if (ret)
		batch->error = ret;
}

static int nv_dev_flush(struct sfs_dev *dev)
{
	return 0;
}

/* called while an extent is discarded */
static void (*nv_on_discard)(void *arg);
static void *nv_discard_arg;

/* Nobody may need what was there. */
static int nv_dev_discard(struct sfs_dev *dev, u64 off, u64 len)
{
	if (nv_on_discard)
		nv_on_discard(nv_discard_arg);
	if (off > dev->size_bytes || len > dev->size_bytes - off)
		return -EIO;
	memset((u8 *)dev->priv + off, 0xd5, len);
	return 0;
}

static const struct sfs_dev_ops nv_dev_ops = {
	.read = nv_dev_read,
	.write = nv_dev_write,
	.write_sync = nv_dev_write_sync,
	.flush = nv_dev_flush,
	.discard = nv_dev_discard,
};

static inline void nv_dev_init(struct sfs_dev *dev, u64 bytes)
{
	memset(dev, 0, sizeof(*dev));
	dev->ops = &nv_dev_ops;
	dev->size_bytes = bytes;
	dev->priv = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(dev->priv, MAP_FAILED);
}

/* ---- volume -------------------------------------------------------------------- */

static inline void nv_mkfs(struct nv *nv, u64 meta_bytes, u64 data_bytes,
			   u32 block_shift, u32 group_shift)
{
	struct sfs_mkfs_params p;

	memset(nv, 0, sizeof(*nv));
	nv->clock = 1000000;
	nv_dev_init(&nv->meta, meta_bytes);
	nv_dev_init(&nv->data, data_bytes);
	sfs_mkfs_params_init(&p);
	p.fsid = 0x5f5f;
	p.block_shift = block_shift;
	p.group_shift = group_shift;
	p.nr_slots = 4;
	p.allow_small = true;
	p.now = nv_now(nv);
	assert_int_equal(sfs_mkfs(&nv->meta, &nv->data, &p, NULL), 0);
}

static inline void nv_open_volume(struct nv *nv, struct sfs_volume *vol,
				  u64 rid)
{
	memset(vol, 0, sizeof(*vol));
	vol->meta = &nv->meta;
	vol->data = &nv->data;
	vol->rid = rid;
	assert_int_equal(sfs_volume_open(vol), 0);
}

/*
 * NV_REMOTE=1: the leader is a node of its own that gets messages; each one
 * NV_REMOTE times, as after lost replies.
 */
static inline unsigned int nv_remote(void)
{
	const char *text = getenv("NV_REMOTE");

	return text ? strtoul(text, NULL, 0) : 0;
}

static int nv_coord_call(void *arg, u8 type, const void *req,
			 unsigned int req_len, void *reply,
			 unsigned int *reply_len)
{
	struct nv *nv = arg;
	unsigned int i;

	for (i = 0; i < nv_remote(); i++)
		assert_int_equal(sfs_coord_serve(nv->leader, &nv->peer, type,
						 req, req_len, reply,
						 reply_len), 0);
	nv->nr_calls++;
	/* the leader has done it, who asked does not know yet */
	if (nv->on_call)
		nv->on_call(nv, type);
	return sfs_volume_error(&nv->leader_vol);
}

static inline void nv_start_leader(struct nv *nv, struct sfs_fs_params *params)
{
	nv_open_volume(nv, &nv->leader_vol, ++nv->rid);
	assert_int_equal(sfs_leader_start(&nv->leader_vol, &nv->leader), 0);
	assert_int_equal(sfs_leader_recover_all(nv->leader), 0);
	params->rid = ++nv->rid;
	params->coord_call = nv_coord_call;
	params->coord_arg = nv;
	nv->peer = (struct sfs_coord_peer) { .rid = nv->rid };
}

static inline void nv_stop_leader(struct nv *nv)
{
	sfs_leader_stop(nv->leader);
	sfs_volume_close(&nv->leader_vol);
	nv->leader = NULL;
}

static inline void nv_mount_mode(struct nv *nv, bool read_only)
{
	struct sfs_fs_params params = {
		.vol = &nv->vol,
		.rid = ++nv->rid,
		.read_only = read_only,
	};

	if (nv_remote())
		nv_start_leader(nv, &params);
	nv_open_volume(nv, &nv->vol, nv->rid);
	assert_int_equal(sfs_fs_open(&params, &nv->fs), 0);
}

static inline void nv_mount(struct nv *nv)
{
	nv_mount_mode(nv, false);
}

static inline void nv_umount(struct nv *nv, bool forced)
{
	if (!forced)
		assert_int_equal(sfs_volume_error(&nv->vol), 0);
	sfs_fs_close(nv->fs, forced);
	sfs_volume_close(&nv->vol);
	nv->fs = NULL;
	if (nv->leader)
		nv_stop_leader(nv);
}

static void nv_problem(void *arg, const struct sfs_check_problem *p)
{
	struct nv *nv = arg;

	nv->nr_problems++;
	print_error("check: %s: %s\n", p->id, p->text);
}

/* The volume, not mounted, is sound. */
static inline void nv_check(struct nv *nv)
{
	struct sfs_check_params params = { .problem = nv_problem, .arg = nv };
	struct sfs_check_stat st;

	nv->nr_problems = 0;
	assert_int_equal(sfs_check(&nv->meta, &nv->data, &params, &st), 0);
	assert_int_equal(nv->nr_problems, 0);
}

/* Delete what earlier mounts left unlinked. */
static inline void nv_work(struct nv *nv)
{
	unsigned int i;

	for (i = 0; i < 32; i++)
		assert_int_equal(sfs_fs_work(nv->fs, 0), 0);
}

static inline void nv_remount(struct nv *nv, bool crash)
{
	if (crash)
		assert_int_equal(sfs_fs_sync(nv->fs), 0);
	nv_umount(nv, crash);
	nv_check(nv);
	nv_mount(nv);
}

static inline void nv_exit(struct nv *nv)
{
	if (nv->fs) {
		nv_umount(nv, false);
		nv_check(nv);
	}
	munmap(nv->meta.priv, nv->meta.size_bytes);
	munmap(nv->data.priv, nv->data.size_bytes);
}

/* cmocka's setup and teardown of a test whose state is a mounted struct nv */
static inline int nv_setup(void **state, u64 meta_bytes, u64 data_bytes,
			   u32 block_shift, u32 group_shift)
{
	struct nv *nv = malloc(sizeof(*nv));

	nv_mkfs(nv, meta_bytes, data_bytes, block_shift, group_shift);
	nv_mount(nv);
	*state = nv;
	return 0;
}

static inline int nv_teardown(void **state)
{
	struct nv *nv = *state;

	nv_exit(nv);
	free(nv);
	return 0;
}

/* ---- shorthands ------------------------------------------------------------------ */

static inline int nv_create_xattr(struct nv *nv, u64 dir, const char *name,
				  u32 mode, const char *target,
				  const struct sfs_create_xattr *xattrs,
				  unsigned int nr_xattrs,
				  struct sfs_inode *inode)
{
	struct sfs_inode parent;
	struct sfs_create args = {
		.dir = dir,
		.name = name,
		.name_len = name ? strlen(name) : 0,
		.mode = mode,
		.uid = 5,
		.gid = 6,
		.target = target,
		.target_len = target ? strlen(target) : 0,
		.now = nv_now(nv),
		.xattrs = xattrs,
		.nr_xattrs = nr_xattrs,
	};

	return sfs_ns_create(nv->fs, &args, inode, &parent);
}

static inline int nv_create(struct nv *nv, u64 dir, const char *name, u32 mode,
			    u64 *ino)
{
	struct sfs_inode inode;
	int ret;

	ret = nv_create_xattr(nv, dir, name, mode,
			      S_ISLNK(mode) ? "target" : NULL, NULL, 0, &inode);
	if (!ret)
		*ino = inode.ino;
	return ret;
}

static inline u64 nv_file(struct nv *nv, u64 dir, const char *name)
{
	u64 ino;

	assert_int_equal(nv_create(nv, dir, name, S_IFREG | 0644, &ino), 0);
	return ino;
}

static inline u64 nv_dir(struct nv *nv, u64 dir, const char *name)
{
	u64 ino;

	assert_int_equal(nv_create(nv, dir, name, S_IFDIR | 0755, &ino), 0);
	return ino;
}

static inline int nv_unlink(struct nv *nv, u64 dir, const char *name,
			    bool is_rmdir, struct sfs_inode *inode)
{
	struct sfs_inode parent;

	return sfs_ns_unlink(nv->fs, dir, name, strlen(name), 0, is_rmdir,
			     nv_now(nv), inode, &parent);
}

static inline int nv_link(struct nv *nv, u64 ino, u64 dir, const char *name,
			  bool from_tmpfile)
{
	struct sfs_inode inode;
	struct sfs_inode parent;

	return sfs_ns_link(nv->fs, ino, dir, name, strlen(name), from_tmpfile,
			   nv_now(nv), &inode, &parent);
}

static inline int nv_rename_whiteout(struct nv *nv, u64 old_dir,
				     const char *old_name, u64 ino, u64 new_dir,
				     const char *new_name, u64 target_ino,
				     u64 whiteout_ino, unsigned int flags)
{
	struct sfs_rename_result res;
	struct sfs_rename args = {
		.old_dir = old_dir,
		.old_name = old_name,
		.old_len = strlen(old_name),
		.new_dir = new_dir,
		.new_name = new_name,
		.new_len = strlen(new_name),
		.ino = ino,
		.target_ino = target_ino,
		.whiteout_ino = whiteout_ino,
		.flags = flags,
		.now = nv_now(nv),
	};

	return sfs_ns_rename(nv->fs, &args, &res);
}

static inline int nv_rename(struct nv *nv, u64 old_dir, const char *old_name,
			    u64 ino, u64 new_dir, const char *new_name,
			    u64 target_ino, unsigned int flags)
{
	return nv_rename_whiteout(nv, old_dir, old_name, ino, new_dir, new_name,
				  target_ino, 0, flags);
}

static inline u64 nv_lookup(struct nv *nv, u64 dir, const char *name)
{
	struct sfs_dirent de;
	int ret = sfs_ns_lookup(nv->fs, dir, name, strlen(name), &de, NULL);

	if (ret == -ENOENT)
		return 0;
	assert_int_equal(ret, 0);
	return de.ino;
}

static inline struct sfs_inode nv_stat(struct nv *nv, u64 ino)
{
	struct sfs_inode inode;

	assert_int_equal(sfs_ns_getattr(nv->fs, ino, 0, &inode, NULL), 0);
	return inode;
}

static inline int nv_setxattr(struct nv *nv, u64 ino, const char *name,
			      const void *value, unsigned int len,
			      unsigned int flags)
{
	struct sfs_inode inode;

	return sfs_ns_setxattr(nv->fs, ino, name, value, len, flags,
			       nv_now(nv), &inode);
}

static inline int nv_truncate(struct nv *nv, u64 ino, u64 size)
{
	struct sfs_inode inode;

	return sfs_ns_truncate(nv->fs, ino, size, nv_now(nv), 0, &inode);
}

/*
 * As many links as nobody wants to make.  What refers to the inode is not changed,
 * so the number has to be right again before the volume is checked.
 */
static inline void nv_set_nlink(struct nv *nv, u64 ino, u32 nlink)
{
	struct sfs_change *ch;
	int ret;

	assert_int_equal(sfs_change_create(nv->fs, 1, 1, 0, &ch), 0);
	sfs_change_begin(ch, nv->fs);
	sfs_op_add(&ch->op, ino, SFS_LOCK_EX);
	ret = sfs_op_start(&ch->op, 1, 0);
	if (!ret)
		ret = sfs_node_read(&ch->op, ino, &ch->node[0]);
	if (!ret) {
		ch->node[0].in.nlink = nlink;
		ret = sfs_node_write(ch, &ch->node[0]);
	}
	assert_int_equal(sfs_change_end(ch, ret), 0);
	sfs_change_destroy(ch);
}

#endif
