// SPDX-License-Identifier: GPL-2.0-only
/*
 * The workload: random operations on a small tree that all machines share.
 */
#include "fs/ns/items.h"
#include "model.h"
#include "ops.h"

enum { CL_LIVE_MAX = 25, CL_BUF_BYTES = 4096 };

/* ---- places -------------------------------------------------------------------- */

void __real_sfs_op_end(struct sfs_op *op);
void __wrap_sfs_op_end(struct sfs_op *op);
int __real_sfs_change_end(struct sfs_change *ch, int ret);
int __wrap_sfs_change_end(struct sfs_change *ch, int ret);
int __real_sfs_ns_delete(struct sfs_fs *fs, u64 ino);
int __wrap_sfs_ns_delete(struct sfs_fs *fs, u64 ino);

static struct cl_op *cl_op_current(void)
{
	struct cl_fiber *f = cl_fiber_current();

	return f ? f->op : NULL;
}

void __wrap_sfs_op_end(struct sfs_op *op)
{
	struct cl_op *cur = cl_op_current();

	if (cur && (op->nr_locked || op->rename_locked))
		cl_op_look(cur);
	__real_sfs_op_end(op);
}

int __wrap_sfs_change_end(struct sfs_change *ch, int ret)
{
	struct cl_op *cur = cl_op_current();

	if (cur && !ret)
		cl_op_apply(cur, ch);
	return __real_sfs_change_end(ch, ret);
}

static struct mutex *cl_inode_lock(struct cl_node *node, u64 ino)
{
	return &node->inode_lock[ino % CL_INODE_LOCKS];
}

/* Also the background's: an inode is not deleted while its data is changed. */
int __wrap_sfs_ns_delete(struct sfs_fs *fs, u64 ino)
{
	struct cl_fiber *f = cl_fiber_current();
	struct cl_op op = { .kind = CL_OP_DELETE, .ino = ino };
	int ret;

	if (!f || !f->node)
		return __real_sfs_ns_delete(fs, ino);
	op.node = f->node;
	f->op = &op;
	mutex_lock(cl_inode_lock(f->node, ino));
	cl_trace("delete of %llu", ino);
	ret = __real_sfs_ns_delete(fs, ino);
	cl_op_check(&op, ret);
	cl_trace("delete of %llu: %d", ino, ret);
	mutex_unlock(cl_inode_lock(f->node, ino));
	f->op = NULL;
	return ret;
}

static struct timespec64 cl_time(void)
{
	return ns_to_timespec64(port_now_ns());
}

/* ---- what to work on -------------------------------------------------------------- */

static u64 cl_pick(bool is_dir)
{
	bool is_stale = cl_chance(12);
	unsigned int nr = cl_nr_inodes();
	unsigned int tries;

	for (tries = 0; tries < 60; tries++) {
		u64 ino = cl_inode(cl_below(nr));

		if (!cl_get(ino, CL_MODE, 0) || cl_is_dir(ino) != is_dir)
			continue;
		if (is_stale || cl_get(ino, CL_NLINK, 0))
			return ino;
	}
	return is_dir ? SFS_ROOT_INO : 0;
}

/* A directory and an entry of it; false: none was found. */
static bool cl_pick_entry(u64 *dir, unsigned int *name, u64 *ino)
{
	unsigned int tries;

	for (tries = 0; tries < 20; tries++) {
		*dir = cl_pick(true);
		*name = cl_below(CL_NAMES);
		*ino = cl_get(*dir, CL_NAME, *name);
		if (*ino)
			return true;
	}
	return false;
}

static u64 cl_tag(void)
{
	static u32 tag;

	return ++tag;
}

static unsigned int cl_nr_live(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < cl_nr_inodes(); i++)
		nr += cl_get(cl_inode(i), CL_NLINK, 0) != 0;
	return nr;
}

/* ---- names ------------------------------------------------------------------------- */

static int cl_run_create(struct cl_op *op)
{
	struct sfs_inode inode, parent;
	struct sfs_create args = {
		.dir = op->dir,
		.name = cl_name(op->name),
		.name_len = strlen(cl_name(op->name)),
		.mode = op->mode,
		.now = cl_time(),
		.target = "target",
		.target_len = S_ISLNK(op->mode) ? 6 : 0,
	};

	return sfs_ns_create(op->node->fs, &args, &inode, &parent);
}

static bool cl_make_create(struct cl_op *op)
{
	static const u32 types[] = { S_IFREG, S_IFREG, S_IFREG, S_IFDIR,
				     S_IFIFO };

	op->dir = cl_pick(true);
	op->name = cl_below(CL_NAMES);
	op->mode = types[cl_below(ARRAY_SIZE(types))] | 0640;
	return true;
}

static int cl_run_link(struct cl_op *op)
{
	struct sfs_inode inode, parent;

	return sfs_ns_link(op->node->fs, op->ino, op->dir, cl_name(op->name),
			   strlen(cl_name(op->name)), false, cl_time(), &inode,
			   &parent);
}

static bool cl_make_link(struct cl_op *op)
{
	op->dir = cl_pick(true);
	op->name = cl_below(CL_NAMES);
	op->ino = cl_pick(false);
	return op->ino;
}

static int cl_run_unlink(struct cl_op *op)
{
	struct sfs_inode inode, parent;

	return sfs_ns_unlink(op->node->fs, op->dir, cl_name(op->name),
			     strlen(cl_name(op->name)), op->ino,
			     cl_is_dir(op->ino), cl_time(), &inode, &parent);
}

static bool cl_make_unlink(struct cl_op *op)
{
	return cl_pick_entry(&op->dir, &op->name, &op->ino);
}

static int cl_run_rename(struct cl_op *op)
{
	struct sfs_rename_result res;
	struct sfs_rename args = {
		.old_dir = op->dir,
		.old_name = cl_name(op->name),
		.old_len = strlen(cl_name(op->name)),
		.new_dir = op->dir2,
		.new_name = cl_name(op->name2),
		.new_len = strlen(cl_name(op->name2)),
		.ino = op->ino,
		.target_ino = op->target,
		.flags = op->flags,
		.now = cl_time(),
	};
	int ret;

	if (op->dir != op->dir2)
		mutex_lock(&op->node->rename_lock);
	ret = sfs_ns_rename(op->node->fs, &args, &res);
	if (op->dir != op->dir2)
		mutex_unlock(&op->node->rename_lock);
	return ret;
}

static bool cl_make_rename(struct cl_op *op)
{
	if (!cl_pick_entry(&op->dir, &op->name, &op->ino))
		return false;
	if (cl_chance(40)) {
		if (!cl_pick_entry(&op->dir2, &op->name2, &op->target))
			return false;
		if (cl_chance(50))
			op->flags = SFS_RENAME_EXCHANGE;
	} else {
		op->dir2 = cl_pick(true);
		op->name2 = cl_below(CL_NAMES);
		op->target = cl_get(op->dir2, CL_NAME, op->name2);
		if (!op->target && cl_chance(20))
			op->flags = SFS_RENAME_NOREPLACE;
	}
	/* refused without a look at anything */
	return op->ino != op->dir && op->ino != op->dir2 &&
	       op->target != op->dir && op->target != op->dir2;
}

/* ---- attributes ---------------------------------------------------------------------- */

static int cl_run_setattr(struct cl_op *op)
{
	struct sfs_inode inode;
	struct sfs_inode attr = { .mode = op->mode };

	return sfs_ns_setattr(op->node->fs, op->ino, SFS_ATTR_MODE, &attr,
			      0, &inode);
}

static bool cl_make_inode(struct cl_op *op)
{
	op->ino = cl_pick(cl_chance(30));
	op->mode = cl_below(01000);
	op->idx = cl_below(CL_XATTRS);
	op->val = op->kind == CL_OP_SETXATTR && cl_chance(70) ? cl_tag() : 0;
	return op->ino;
}

static const char *cl_xattr_name(const struct cl_op *op)
{
	return op->idx ? "user.one" : "user.zero";
}

static int cl_run_setxattr(struct cl_op *op)
{
	u64 value[40];
	struct sfs_inode inode;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(value); i++)
		value[i] = op->val;
	return sfs_ns_setxattr(op->node->fs, op->ino, cl_xattr_name(op),
			       op->val ? value : NULL,
			       op->val ? 8 * (1 + op->val % 40) : 0, 0,
			       cl_time(), &inode);
}

static int cl_run_getxattr(struct cl_op *op)
{
	u64 value[40];
	int ret;

	ret = sfs_ns_getxattr(op->node->fs, op->ino, cl_xattr_name(op), value,
			      sizeof(value));
	if (ret < 0)
		return ret;
	if (value[0] != op->seen[0])
		cl_fail("mount %u: xattr %u of %llu is %llu, must be %llu",
			op->node->mount, op->idx, op->ino, value[0],
			op->seen[0]);
	return 0;
}

static void cl_compare_attr(const struct sfs_inode *in, const u64 *seen,
			    const char *who)
{
	const u64 is[] = { 1, in->mode, in->nlink, in->size, in->nr_entries };
	unsigned int i;

	for (i = CL_EXISTS; i <= CL_ENTRIES; i++) {
		if (is[i] != seen[i])
			cl_fail("%s: inode %llu mode %o: attribute %u is %llu, must be %llu",
				who, in->ino, in->mode, i, is[i], seen[i]);
	}
}

static int cl_run_getattr(struct cl_op *op)
{
	struct sfs_inode inode;
	int ret;

	ret = sfs_ns_getattr(op->node->fs, op->ino, 0, &inode, NULL);
	if (!ret)
		cl_compare_attr(&inode, op->seen, port_current->comm);
	return ret;
}

static int cl_run_lookup(struct cl_op *op)
{
	const char *name = cl_name(op->name);
	struct sfs_dirent de;
	int ret;

	ret = sfs_ns_lookup(op->node->fs, op->dir, name, strlen(name), &de,
			    NULL);
	if (!ret && de.ino != op->seen[0])
		cl_fail("mount %u: lookup of %llu/%u finds %llu, must be %llu",
			op->node->mount, op->dir, op->name, de.ino,
			op->seen[0]);
	return ret;
}

static bool cl_make_lookup(struct cl_op *op)
{
	op->dir = cl_pick(true);
	op->name = cl_below(CL_NAMES);
	return true;
}

/* Entries of a directory, all of them, against what must be there. */
static int cl_compare_dir(struct sfs_fs *fs, u64 dir, const u64 *seen)
{
	u64 *buf = calloc(1, CL_BUF_BYTES);
	unsigned int found = 0, want = 0;
	int ret, idx, off;
	unsigned int i;

	ret = sfs_ns_readdir(fs, dir, 0, buf, CL_BUF_BYTES);
	for (off = 0; off < ret;) {
		struct sfs_readdir_entry *de = (void *)((char *)buf + off);

		idx = cl_name_index(de->name, de->name_len);
		if (idx < 0 || seen[idx] != de->ino)
			cl_fail("%s: directory %llu has %.*s as %llu, must be %llu",
				port_current->comm, dir, de->name_len, de->name,
				de->ino, idx < 0 ? 0 : seen[idx]);
		found++;
		off += de->rec_len;
	}
	free(buf);
	if (ret < 0)
		return ret;
	for (i = 0; i < CL_NAMES; i++)
		want += seen[i] != 0;
	if (found != want)
		cl_fail("%s: directory %llu has %u entries, must be %u",
			port_current->comm, dir, found, want);
	return 0;
}

static int cl_run_readdir(struct cl_op *op)
{
	return cl_compare_dir(op->node->fs, op->dir, op->seen);
}

/* ---- data ----------------------------------------------------------------------------- */

static void cl_write_blocks(struct cl_op *op, const struct sfs_map *map)
{
	struct sfs_dev *dev = op->node->vol.data;
	struct sfs_io_batch batch;
	void *bufs[CL_BLOCKS];
	unsigned int i, s;

	sfs_io_batch_init(&batch);
	for (i = 0; i < map->len; i++) {
		bufs[i] = malloc(SFS_DATA_BLOCK_BYTES);
		for (s = 0; s < SFS_DATA_BLOCK_BYTES; s += SIM_SECTOR_BYTES)
			m_sector_fill(bufs[i] + s, op->ino, map->block + i,
				      op->val);
	}
	dev->ops->write(dev, &batch, op->node->vol.data_start_bytes +
			(map->phys << SFS_DATA_BLOCK_SHIFT), bufs, map->len,
			SFS_DATA_BLOCK_BYTES);
	sfs_io_batch_wait(&batch);
	for (i = 0; i < map->len; i++)
		free(bufs[i]);
}

/* As write-back does: EX is held while the blocks are written and shown. */
static int cl_write_locked(struct cl_op *op)
{
	struct sfs_fs *fs = op->node->fs;
	struct sfs_map map;
	int ret;

	ret = sfs_ns_alloc(fs, op->ino, op->idx, op->len,
			   op->len + (cl_chance(20) ? 3 : 0), SFS_NS_IO, &map);
	if (ret || map.flags != SFS_EXT_UNWRITTEN)
		return ret;
	if (map.block != op->idx || !map.len || map.len > op->len)
		cl_fail("alloc of %u,%u gave %llu,%llu", op->idx, op->len,
			map.block, map.len);
	op->len = map.len;
	ret = sfs_volume_may_write(&op->node->vol);
	if (ret)
		return ret;
	cl_write_blocks(op, &map);
	op->is_ready = true;
	return sfs_ns_written(fs, op->ino, op->idx, op->len,
			      cl_op_file_size(op), SFS_NS_IO);
}

static void cl_check_block(struct sfs_fs *fs, struct sfs_dev *dev, u64 ino,
			   unsigned int idx, u64 phys, u64 tag)
{
	u8 data[SFS_DATA_BLOCK_BYTES];
	unsigned int s;

	if (!tag)
		cl_fail("%s: inode %llu block %u is written, must not be",
			port_current->comm, ino, idx);
	if (dev->ops->read(dev, fs->vol->data_start_bytes +
			   (phys << SFS_DATA_BLOCK_SHIFT), data, sizeof(data)))
		cl_fail("data cannot be read");
	for (s = 0; s < sizeof(data); s += SIM_SECTOR_BYTES) {
		if (m_sector_tag(data + s, ino, idx) != tag)
			cl_fail("%s: inode %llu block %u sector %u at %llu has tag %u, must be %llu",
				port_current->comm, ino, idx,
				s / SIM_SECTOR_BYTES, phys,
				m_sector_tag(data + s, ino, idx), tag);
	}
}

/* All blocks of a file, whose cluster lock is held with SFS_NS_IO. */
static int cl_compare_file(struct sfs_fs *fs, struct sfs_dev *dev, u64 ino,
			   const u64 *seen, unsigned int flags)
{
	struct sfs_map map;
	unsigned int idx = 0, i;
	int ret;

	while (idx < CL_BLOCKS) {
		ret = sfs_ns_map(fs, ino, idx, CL_BLOCKS - idx, flags, &map);
		if (ret)
			return ret;
		if (map.block != idx || !map.len)
			cl_fail("map of inode %llu: %llu,%llu", ino, map.block,
				map.len);
		for (i = 0; i < map.len; i++) {
			if (map.phys && !(map.flags & SFS_EXT_UNWRITTEN))
				cl_check_block(fs, dev, ino, idx + i,
					       map.phys + i, seen[idx + i]);
			else if (seen[idx + i])
				cl_fail("%s: inode %llu block %u is not there",
					port_current->comm, ino, idx + i);
		}
		idx += map.len;
	}
	return 0;
}

static int cl_run_data(struct cl_op *op)
{
	bool is_write = op->kind == CL_OP_WRITE;
	enum sfs_lock_mode mode = is_write ? SFS_LOCK_EX : SFS_LOCK_PR;
	struct sfs_fs *fs = op->node->fs;
	struct sfs_lock *lock;
	int ret;

	lock = sfs_lock_get(fs->locks, SFS_LOCK_GROUP,
			    sfs_ino_group(fs, op->ino));
	mutex_lock(cl_inode_lock(op->node, op->ino));
	ret = sfs_lock_acquire(lock, mode, 0);
	if (ret && !cl_node_is_lost(op->node))
		cl_fail("lock: error %d", ret);
	if (!ret) {
		ret = is_write ? cl_write_locked(op) :
		      cl_compare_file(fs, op->node->vol.data, op->ino,
				      op->seen, SFS_NS_IO);
		sfs_lock_release(lock, mode);
	}
	mutex_unlock(cl_inode_lock(op->node, op->ino));
	sfs_lock_put(lock);
	return ret;
}

static int cl_run_shorten(struct cl_op *op)
{
	struct sfs_fs *fs = op->node->fs;
	struct sfs_inode inode;
	int ret;

	mutex_lock(cl_inode_lock(op->node, op->ino));
	if (op->kind == CL_OP_TRUNCATE)
		ret = sfs_ns_truncate(fs, op->ino, op->val, cl_time(), 0, &inode);
	else
		ret = sfs_ns_punch(fs, op->ino, op->idx, op->len, 0);
	mutex_unlock(cl_inode_lock(op->node, op->ino));
	return ret;
}

static bool cl_make_data(struct cl_op *op)
{
	unsigned int tries;

	for (tries = 0; tries < 10; tries++) {
		op->ino = cl_pick(false);
		if (op->ino && S_ISREG(cl_get(op->ino, CL_MODE, 0)))
			break;
	}
	if (tries == 10)
		return false;
	op->idx = cl_below(CL_BLOCKS);
	op->len = 1 + cl_below(min(4U, CL_BLOCKS - op->idx));
	if (op->kind == CL_OP_WRITE)
		op->val = cl_tag();
	else if (op->kind == CL_OP_TRUNCATE)
		op->val = cl_chance(30) ? 0 :
			  cl_below(CL_BLOCKS * SFS_DATA_BLOCK_BYTES);
	return true;
}

static int cl_run_delete(struct cl_op *op)
{
	return sfs_ns_delete(op->node->fs, op->ino);
}

static bool cl_make_delete(struct cl_op *op)
{
	unsigned int i, first = cl_below(cl_nr_inodes());

	for (i = 0; i < cl_nr_inodes(); i++) {
		op->ino = cl_inode((first + i) % cl_nr_inodes());
		if (cl_get(op->ino, CL_EXISTS, 0) &&
		    !cl_get(op->ino, CL_NLINK, 0))
			return true;
	}
	return false;
}

/* ---- the mixture --------------------------------------------------------------------------- */

static const struct {
	unsigned int weight;
	bool (*make)(struct cl_op *op);
	int (*run)(struct cl_op *op);
} cl_op_table[CL_OP_NR] = {
	[CL_OP_CREATE]	 = { 24, cl_make_create, cl_run_create },
	[CL_OP_LINK]	 = { 5, cl_make_link, cl_run_link },
	[CL_OP_UNLINK]	 = { 14, cl_make_unlink, cl_run_unlink },
	[CL_OP_RENAME]	 = { 12, cl_make_rename, cl_run_rename },
	[CL_OP_SETATTR]	 = { 3, cl_make_inode, cl_run_setattr },
	[CL_OP_SETXATTR] = { 4, cl_make_inode, cl_run_setxattr },
	[CL_OP_GETATTR]	 = { 6, cl_make_inode, cl_run_getattr },
	[CL_OP_LOOKUP]	 = { 4, cl_make_lookup, cl_run_lookup },
	[CL_OP_READDIR]	 = { 5, cl_make_lookup, cl_run_readdir },
	[CL_OP_GETXATTR] = { 2, cl_make_inode, cl_run_getxattr },
	[CL_OP_WRITE]	 = { 12, cl_make_data, cl_run_data },
	[CL_OP_READ]	 = { 5, cl_make_data, cl_run_data },
	[CL_OP_TRUNCATE] = { 4, cl_make_data, cl_run_shorten },
	[CL_OP_PUNCH]	 = { 3, cl_make_data, cl_run_shorten },
	[CL_OP_DELETE]	 = { 8, cl_make_delete, cl_run_delete },
};

static enum cl_op_kind cl_draw_kind(void)
{
	unsigned int sum = 0, i;
	u64 r;

	for (i = 0; i < CL_OP_NR; i++)
		sum += cl_op_table[i].weight;
	r = cl_below(sum);
	for (i = 0; r >= cl_op_table[i].weight; i++)
		r -= cl_op_table[i].weight;
	if (i == CL_OP_CREATE && cl_nr_live() > CL_LIVE_MAX)
		return CL_OP_UNLINK;
	return i;
}

static void cl_run_op(struct cl_node *node)
{
	struct cl_op op = { .kind = cl_draw_kind(), .node = node };
	struct cl_fiber *f = cl_fiber_current();
	int ret;

	if (!cl_op_table[op.kind].make(&op))
		return;
	cl_trace("%s %llu/%u %llu/%u ino %llu target %llu flags %u idx %u len %u val %llu",
		 cl_op_names[op.kind], op.dir, op.name, op.dir2, op.name2,
		 op.ino, op.target, op.flags, op.idx, op.len, op.val);
	/* deletes come with an operation of their own */
	f->op = op.kind == CL_OP_DELETE ? NULL : &op;
	ret = cl_op_table[op.kind].run(&op);
	f->op = NULL;
	cl_trace("%s ino %llu: %d", cl_op_names[op.kind], op.ino, ret);
	if (op.kind != CL_OP_DELETE)
		cl_op_check(&op, ret);
	/* as the last close does, if it was not open */
	if (!ret && (op.kind == CL_OP_UNLINK || op.kind == CL_OP_RENAME)) {
		u64 gone = op.kind == CL_OP_UNLINK ? op.ino : op.target;

		if (gone && !cl_get(gone, CL_NLINK, 0) && cl_chance(45))
			sfs_ns_delete(node->fs, gone);
	}
}

/* As FITRIM does, of a part of the device. */
static int cl_run_trim(struct cl_node *node)
{
	struct sfs_trim trim = { .range.min_len = 1 };
	int ret, err;

	/* what is used lies at the beginning */
	trim.range.from = cl_below(cl_chance(50) ? 1024 :
				   node->vol.total_data_blocks);
	trim.range.end = trim.range.from + 1 + cl_below(32);
	cl_trace("trim %llu to %llu", trim.range.from, trim.range.end);
	ret = sfs_trim_start(node->fs, &trim);
	while (!ret)
		ret = sfs_trim_next(node->fs, &trim);
	err = sfs_trim_end(node->fs, &trim);
	return ret == -ENOENT ? err : ret;
}

static void cl_run_other(struct cl_node *node)
{
	struct sfs_fs *fs = node->fs;
	size_t pos = cl_oracle_pos();
	struct sfs_fs_stat st;
	u64 r = cl_below(100);
	int ret = 0;

	if (r < 40) {
		cl_trace("sync");
		ret = cl_chance(60) ? sfs_fs_fsync(fs) : sfs_fs_sync(fs);
		if (!ret)
			node->synced = max(node->synced, pos);
	} else if (r < 55) {
		ret = sfs_fs_fold(fs);
	} else if (r < 65) {
		ret = sfs_fs_offer_returns(fs);
	} else if (r < 72) {
		ret = cl_run_trim(node);
	} else if (r < 95) {
		cl_trace("shrink");
		sfs_group_shrink(fs, 1 + cl_below(16));
		sfs_cache_shrink(&node->vol, cl_below(64));
		sfs_lock_shrink(fs->locks, cl_below(8));
	} else {
		ret = sfs_fs_statfs(fs, &st);
	}
	if (ret && ret != -ENOSPC && !cl_node_is_lost(node))
		cl_fail("mount %u: sync, fold or return: error %d",
			node->mount, ret);
}

/* A run is too short for pools to come round: freed numbers are used soon. */
static void cl_rewind_pools(struct cl_node *node)
{
	node->fs->trans.pool.cursor = 0;
	if (cl_chance(30) && cl.leader)
		cl.leader->trans.pool.cursor = 0;
	else if (node->fs->leader && cl_chance(30))
		node->fs->leader->trans.pool.cursor = 0;
}

void cl_workload_fiber(void *arg)
{
	struct cl_node *node = arg;
	unsigned int i;

	for (i = 0; i < node->nr_ops && node->state == CL_NODE_UP; i++) {
		if (cl_chance(60))
			cl_sleep_below(cl.pace_ns);
		if (cl_chance(25))
			cl_rewind_pools(node);
		if (cl_chance(12))
			cl_run_other(node);
		else
			cl_run_op(node);
		if (cl_node_is_lost(node))
			break;
		if (sfs_volume_error(&node->vol))
			cl_fail("mount %u is withdrawn", node->mount);
	}
	node->nr_fibers--;
	port_wake_obj(&node->nr_fibers);
}

void cl_background_fiber(void *arg)
{
	struct cl_node *node = arg;
	int ret;

	while (node->state == CL_NODE_UP) {
		cl_sleep_below(100 * NSEC_PER_MSEC);
		if (node->state != CL_NODE_UP)
			break;
		ret = sfs_fs_work(node->fs, cl_chance(50) ? 0 : 200);
		if (cl_node_is_lost(node))
			break;
		if (ret && ret != -ENOSPC)
			cl_fail("mount %u: background work: error %d",
				node->mount, ret);
	}
	node->nr_fibers--;
	port_wake_obj(&node->nr_fibers);
}

/* ---- the whole tree ------------------------------------------------------------------------- */

static void cl_verify_inode(struct sfs_fs *fs, struct sfs_dev *data, u64 ino)
{
	u64 attr[CL_ENTRIES + 1], blocks[CL_BLOCKS], value[40];
	struct cl_op op = { .ino = ino };
	struct sfs_inode in;
	unsigned int i;
	int ret;

	for (i = 0; i <= CL_ENTRIES; i++)
		attr[i] = cl_get(ino, i, 0);
	ret = sfs_ns_getattr(fs, ino, 0, &in, NULL);
	if (ret)
		cl_fail("at the end: inode %llu: error %d", ino, ret);
	cl_compare_attr(&in, attr, "at the end");
	for (op.idx = 0; op.idx < CL_XATTRS; op.idx++) {
		u64 want = cl_get(ino, CL_XATTR, op.idx);

		ret = sfs_ns_getxattr(fs, ino, cl_xattr_name(&op), value,
				      sizeof(value));
		if (want ? ret < 0 || value[0] != want : ret != -ENODATA)
			cl_fail("at the end: xattr %u of %llu: %d, must be %llu",
				op.idx, ino, ret, want);
	}
	if (!S_ISREG(in.mode))
		return;
	for (i = 0; i < CL_BLOCKS; i++)
		blocks[i] = cl_get(ino, CL_BLOCK, i);
	ret = cl_compare_file(fs, data, ino, blocks, 0);
	if (ret)
		cl_fail("at the end: data of %llu: error %d", ino, ret);
}

void cl_verify(struct sfs_fs *fs, struct sfs_dev *data)
{
	u64 names[CL_NAMES];
	unsigned int i, n;
	int ret;

	for (i = 0; i < cl_nr_inodes(); i++) {
		u64 ino = cl_inode(i);

		if (!cl_get(ino, CL_EXISTS, 0) || !cl_get(ino, CL_NLINK, 0))
			continue;
		cl_verify_inode(fs, data, ino);
		if (!cl_is_dir(ino))
			continue;
		for (n = 0; n < CL_NAMES; n++)
			names[n] = cl_get(ino, CL_NAME, n);
		ret = cl_compare_dir(fs, ino, names);
		if (ret)
			cl_fail("at the end: directory %llu: error %d", ino,
				ret);
	}
}
