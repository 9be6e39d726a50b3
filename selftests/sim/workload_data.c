// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on the bytes of files.
 */
#include "workload.h"

#include "fs/ns/items.h"

enum {
	SIM_WRITE_MAX	= 24,		/* blocks */
};

static void sim_write_device(struct sim *sim, struct m_inode *in,
			     const struct sfs_map *map, u32 tag)
{
	struct sfs_dev *dev = sim->mnt.data;
	u8 block[SFS_DATA_BLOCK_BYTES];
	void *bufs[1] = { block };
	struct sfs_io_batch batch;
	unsigned int s;
	u64 i;

	for (i = 0; i < map->len; i++) {
		for (s = 0; s < sizeof(block); s += SIM_SECTOR_BYTES)
			m_sector_fill(block + s, in->ino, map->block + i, tag);
		sfs_io_batch_init(&batch);
		dev->ops->write(dev, &batch, sim->mnt.vol.data_start_bytes +
				((map->phys + i) << SFS_DATA_BLOCK_SHIFT),
				bufs, 1, sizeof(block));
		sfs_io_batch_wait(&batch);
	}
}

/* Give a range space; what it got first. */
static bool sim_alloc(struct sim *sim, struct m_inode *in, u64 block, u64 len,
		      struct sfs_map *map)
{
	struct sfs_fill fill = {
		.from = block, .block = block, .len = len, .end = block + len,
	};
	int ret;

	if (sim_chance(&sim->rng, 20))
		fill.end += 16;
	if (sim_chance(&sim->rng, 20))
		fill.from -= min_t(u64, block, 16);
	sim_begin(sim, in->ino);
	ret = sfs_ns_alloc_around(sim->mnt.fs, in->ino, &fill, 0, map);
	if (!sim_end(sim, "alloc", ret))
		return false;
	m_op_done(&sim->model);
	if (!map->phys || !map->len || map->block != block || map->len > len) {
		sim_fail(sim, "op %u: alloc gave %llu, %llu for %llu, %llu",
			 sim->model.op, map->block, map->len, block, len);
		return false;
	}
	return true;
}

static void sim_written(struct sim *sim, struct m_inode *in, unsigned int idx,
			unsigned int nr, u32 tag)
{
	u64 size = ((m_block_nr(idx) + nr) << SFS_DATA_BLOCK_SHIFT) -
		   sim_below(&sim->rng, SFS_DATA_BLOCK_BYTES);
	unsigned int i;
	int ret;

	sim_begin(sim, in->ino);
	ret = sfs_ns_written(sim->mnt.fs, in->ino, m_block_nr(idx), nr, size,
			     0);
	if (!sim_end(sim, "written", ret))
		return;
	m_change(&sim->model, in);
	for (i = 0; i < nr; i++)
		m_block_write(in, idx + i, sim->model.op + 1, tag);
	in->size = max(in->size, size);
	if (!idx)
		m_inline_set(in, 0, 0);
	m_changed(&sim->model, in);
	m_op_done(&sim->model);
}

static void sim_op_write(struct sim *sim)
{
	struct m_inode *in = sim_pick(sim, S_IFREG);
	unsigned int idx = sim_below(&sim->rng, M_BLOCKS);
	unsigned int nr = 1 + sim_below(&sim->rng, SIM_WRITE_MAX);
	unsigned int limit = idx < M_FAR_INDEX ? M_FAR_INDEX : M_BLOCKS;
	struct sfs_map map;

	if (!in)
		return;
	/* a file does not grow before its bytes are in block 0 */
	if (in->inline_len) {
		idx = 0;
		limit = M_FAR_INDEX;
	}
	nr = min(nr, limit - idx);
	while (nr && !sim->has_failed) {
		u32 tag;

		if (!sim_alloc(sim, in, m_block_nr(idx), nr, &map))
			return;
		tag = sim->model.op + 1;
		sim->log.op = tag;
		sim_write_device(sim, in, &map, tag);
		if (sim_chance(&sim->rng, 5)) {
			while (map.len--)
				m_block_scribble(in, idx++, tag);
			m_op_done(&sim->model);
			return;
		}
		sim_written(sim, in, idx, map.len, tag);
		idx += map.len;
		nr -= map.len;
	}
}

static void sim_free_blocks(struct sim *sim, struct m_inode *in, u64 from,
			    u64 to)
{
	unsigned int i;

	for (i = 0; i < M_BLOCKS; i++) {
		if (m_block_nr(i) >= from && m_block_nr(i) < to)
			m_block_free(in, i, sim->model.op + 1);
	}
}

/* As write-back does with a small file. */
static void sim_op_inline(struct sim *sim)
{
	struct m_inode *in = sim_pick(sim, S_IFREG);
	u32 max_len = sfs_inline_max(&sim->mnt.vol);
	u32 len = 1 + sim_below(&sim->rng, max_len);
	u8 bytes[SFS_INLINE_BYTES_MAX];
	int ret;

	if (!in || in->size > max_len)
		return;
	m_inline_fill(bytes, sim->model.op, len);
	sim_begin(sim, 0);
	ret = sfs_ns_inline_store(sim->mnt.fs, in->ino, bytes, len, 0);
	/* block 0 has space, for all the model knows */
	if (!sim_end(sim, "inline", ret == -EEXIST ? -ENOSPC : ret))
		return;
	m_change(&sim->model, in);
	in->size = max(in->size, (u64)len);
	m_inline_set(in, sim->model.op, len);
	m_changed(&sim->model, in);
	m_op_done(&sim->model);
}

/* As writes do that change bytes in place. */
static void sim_op_touch(struct sim *sim)
{
	struct m_inode *in = sim_pick(sim, S_IFREG);
	struct sfs_inode inode;
	int ret;

	if (!in)
		return;
	sim_begin(sim, 0);
	ret = sfs_ns_touch(sim->mnt.fs, in->ino, sim_time(), 0, &inode);
	if (!sim_end(sim, "touch", ret))
		return;
	m_change(&sim->model, in);
	in->data_version++;
	if (inode.data_version != in->data_version)
		sim_fail(sim, "op %u: inode %llu: data_version %llu, not %llu",
			 sim->model.op, in->ino, inode.data_version,
			 in->data_version);
	m_changed(&sim->model, in);
	m_op_done(&sim->model);
}

static void sim_op_truncate(struct sim *sim)
{
	struct m_inode *in = sim_pick(sim, S_IFREG);
	u64 size = sim_below(&sim->rng, M_FAR_INDEX * SFS_DATA_BLOCK_BYTES);
	struct sfs_inode inode;
	int ret;

	if (!in)
		return;
	if (sim_chance(&sim->rng, 30))
		size = 0;
	if (sim_chance(&sim->rng, 30))
		size = sim_below(&sim->rng, 1000);
	if (in->inline_len && size > in->size)
		return;
	sim_begin(sim, in->ino);
	ret = sfs_ns_truncate(sim->mnt.fs, in->ino, size, sim_time(), 0, &inode);
	if (!sim_end(sim, "truncate", ret))
		return;
	m_change(&sim->model, in);
	in->data_version += size != in->size;
	in->size = size;
	m_inline_set(in, in->inline_tag, min_t(u64, in->inline_len, size));
	sim_free_blocks(sim, in, (size + SFS_DATA_BLOCK_BYTES - 1) >>
				 SFS_DATA_BLOCK_SHIFT, U64_MAX);
	m_changed(&sim->model, in);
	m_op_done(&sim->model);
}

static int sim_clear(struct sim *sim, u64 ino, u64 block, u64 len, bool is_zero)
{
	return is_zero ? sfs_ns_zero(sim->mnt.fs, ino, block, len, 0) :
			 sfs_ns_punch(sim->mnt.fs, ino, block, len, 0);
}

static void sim_op_punch(struct sim *sim)
{
	struct m_inode *in = sim_pick(sim, S_IFREG);
	u64 block = sim_below(&sim->rng, M_FAR_INDEX);
	u64 len = 1 + sim_below(&sim->rng, 16);
	bool is_trim = sim_chance(&sim->rng, 30);
	bool is_zero = !is_trim && sim_chance(&sim->rng, 30);
	int ret;

	if (!in)
		return;
	sim_begin(sim, in->ino);
	if (is_trim)
		ret = sfs_ns_trim_prealloc(sim->mnt.fs, in->ino, 0,
					   SFS_FILE_BLOCKS_MAX, 0);
	else
		ret = sim_clear(sim, in->ino, block, len, is_zero);
	if (!sim_end(sim, "punch", ret))
		return;
	m_change(&sim->model, in);
	if (!is_trim)
		sim_free_blocks(sim, in, block, block + len);
	if (!is_trim && !block)
		m_inline_set(in, 0, 0);
	m_changed(&sim->model, in);
	m_op_done(&sim->model);
	/* the next write may be to the same place, over what was synced */
	if (is_zero)
		sim_op_sync(sim);
}

/* As FITRIM does, of a part of the device. */
static void sim_op_trim(struct sim *sim)
{
	struct sfs_trim trim = { .range.min_len = 1 };
	int ret, err;

	trim.range.from = sim_below(&sim->rng, sim->mnt.vol.total_data_blocks);
	trim.range.end = trim.range.from + 1 + sim_below(&sim->rng, 64);
	sim_begin(sim, 0);
	ret = sfs_trim_start(sim->mnt.fs, &trim);
	while (!ret)
		ret = sfs_trim_next(sim->mnt.fs, &trim);
	err = sfs_trim_end(sim->mnt.fs, &trim);
	if (sim_end(sim, "trim", ret == -ENOENT ? err : ret))
		m_op_done(&sim->model);
}

void sim_data_op(struct sim *sim)
{
	u64 r = sim_below(&sim->rng, 100);

	if (r < 40)
		sim_op_write(sim);
	else if (r < 55)
		sim_op_inline(sim);
	else if (r < 70)
		sim_op_touch(sim);
	else if (r < 85)
		sim_op_truncate(sim);
	else if (r < 88)
		sim_op_trim(sim);
	else
		sim_op_punch(sim);
}
