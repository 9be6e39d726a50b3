// SPDX-License-Identifier: GPL-2.0-only
/*
 * Crashes: at points of the log and, for some of them, again while the volume
 * recovers (I6).
 *
 * After each: the check finds nothing wrong, the volume mounts, the namespace
 * is what it was at the newest commit that may have become durable and not
 * older than the newest that must have, file data is right, the volume can be
 * used, and after an unmount the check finds it clean.
 */
#include "sim.h"

#include "format/trans.h"
#include "lib/print.h"

enum {
	SIM_AGAIN_EVERY	= 8,	/* crashes also during recovery */
	SIM_AGAIN_TIMES	= 3,
	SIM_ENTRIES_BYTES = 8192,
	SIM_DIRS_MAX	= 4096,
};

/* What a mounted volume holds. */
struct sim_state {
	u64 hash;
	u64 part_hash;		/* of the inode that may be in between */
	u32 crash_op;		/* under way at the crash */
	u32 synced_op;
};

struct sim_walk {
	struct sim *sim;
	struct sim_mount *mnt;
	const struct m_commit *commit;	/* assumed state, for file data */
	struct sim_state *st;
	u64 *dir;
	u32 nr_dirs;
	char what[256];
	int ret;
};

/* ---- walking a volume ---------------------------------------------------------------- */

static void sim_walk_fail(struct sim_walk *w, int ret, const char *fmt, ...)
{
	va_list ap;

	if (w->ret)
		return;
	w->ret = ret ?: -EUCLEAN;
	va_start(ap, fmt);
	vsnprintf(w->what, sizeof(w->what), fmt, ap);
	va_end(ap);
}

/* A commit within an operation has the state before it, or the one after. */
static bool sim_walk_accepts(const struct sim_walk *w, const struct m_block *b,
			     u32 tag)
{
	const struct m_commit *c = w->commit;
	const struct sim_state *st = w->st;

	return m_block_accepts(b, c->op, st->crash_op, st->synced_op, tag) ||
	       (c->is_inside && m_block_accepts(b, c->op + 1, st->crash_op,
						st->synced_op, tag));
}

static void sim_walk_block(struct sim_walk *w, const struct m_inode *mi,
			   u64 ino, unsigned int idx, u64 phys)
{
	struct sfs_dev *dev = w->mnt->data;
	u64 block = m_block_nr(idx);
	u8 data[SFS_DATA_BLOCK_BYTES];
	unsigned int s;

	if (dev->ops->read(dev, w->mnt->vol.data_start_bytes +
			   (phys << SFS_DATA_BLOCK_SHIFT), data, sizeof(data)))
		sim_walk_fail(w, -EIO, "data of inode %llu", ino);
	for (s = 0; s < sizeof(data); s += SIM_SECTOR_BYTES) {
		u32 tag = m_sector_tag(data + s, ino, block);

		if (!sim_walk_accepts(w, &mi->block[idx], tag))
			sim_walk_fail(w, 0, "inode %llu block %llu sector %u: written by op %u, state of op %u, crash in op %u, synced op %u",
				      ino, block, s / SIM_SECTOR_BYTES, tag,
				      w->commit->op, w->st->crash_op,
				      w->st->synced_op);
	}
}

static u64 sim_walk_blocks(struct sim_walk *w, u64 ino)
{
	const struct m_inode *mi = m_inode_find(&w->sim->model, ino);
	struct sfs_map map;
	u64 sum = 0;
	unsigned int idx = 0;
	int ret;

	while (idx < M_BLOCKS && !w->ret) {
		unsigned int limit = idx < M_FAR_INDEX ? M_FAR_INDEX : M_BLOCKS;
		unsigned int i;

		ret = sfs_ns_map(w->mnt->fs, ino, m_block_nr(idx), limit - idx,
				 0, &map);
		if (ret || !map.len) {
			sim_walk_fail(w, ret, "map of inode %llu: error %d",
				      ino, ret);
			break;
		}
		for (i = 0; i < map.len && map.phys &&
			    !(map.flags & SFS_EXT_UNWRITTEN); i++) {
			sum += sim_mix(m_block_nr(idx + i) ^ 0x5555);
			if (mi && mi->block && ino != w->commit->part_ino)
				sim_walk_block(w, mi, ino, idx + i,
					       map.phys + i);
		}
		idx += map.len;
	}
	return sum;
}

static u64 sim_walk_xattrs(struct sim_walk *w, u64 ino)
{
	static u8 value[SFS_XATTR_VALUE_MAX];
	char name[32];
	unsigned int i;
	u64 sum = 0;
	int ret;

	for (i = 0; i < M_XATTRS; i++) {
		snprintf(name, sizeof(name), "user.x%u", i);
		ret = sfs_ns_getxattr(w->mnt->fs, ino, name, value,
				      sizeof(value));
		if (ret == -ENODATA)
			continue;
		if (ret < 0)
			sim_walk_fail(w, ret, "getxattr of %llu: error %d",
				      ino, ret);
		else
			sum += sim_mix(m_hash_bytes(value, ret) + i);
	}
	return sum;
}

static u64 sim_walk_inline(struct sim_walk *w, u64 ino)
{
	u8 bytes[SFS_INLINE_BYTES_MAX];
	int ret;

	ret = sfs_ns_inline_read(w->mnt->fs, ino, bytes, sizeof(bytes), 0);
	if (ret < 0 && ret != -ENODATA)
		sim_walk_fail(w, ret, "inline bytes of %llu: error %d", ino,
			      ret);
	return ret > 0 ? m_hash_bytes(bytes, ret) : 0;
}

static void sim_walk_inode(struct sim_walk *w, u64 ino, struct sfs_inode *in)
{
	static char target[SFS_SYMLINK_MAX];
	u64 link = 0;
	u64 sum;
	u64 h;
	int ret;

	ret = sfs_ns_getattr(w->mnt->fs, ino, 0, in, NULL);
	if (ret) {
		sim_walk_fail(w, ret, "getattr of %llu: error %d", ino, ret);
		return;
	}
	sum = sim_walk_xattrs(w, ino);
	if (S_ISLNK(in->mode)) {
		ret = sfs_ns_readlink(w->mnt->fs, ino, target, sizeof(target));
		if (ret < 0)
			sim_walk_fail(w, ret, "readlink of %llu: error %d",
				      ino, ret);
		else
			link = m_hash_bytes(target, ret);
	}
	if (S_ISREG(in->mode)) {
		sum += sim_walk_blocks(w, ino);
		link = sim_walk_inline(w, ino);
	}
	h = sim_mix(in->ino) ^ sim_mix((u64)in->mode << 32 | in->nlink);
	h = sim_mix(h ^ sim_mix(in->size) ^ link);
	h = sim_mix(sim_mix(h ^ in->data_version) + sum);
	if (ino == w->commit->part_ino)
		w->st->part_hash = h;
	w->st->hash += h;
}

/* A file with several names is counted once: where its first link is. */
static bool sim_walk_is_first(const struct sfs_inode *in, u64 dir, u64 pos)
{
	return in->parent_ino == dir && in->parent_pos == pos;
}

static void sim_walk_entry(struct sim_walk *w, u64 dir,
			   const struct sfs_readdir_entry *de)
{
	struct sfs_dirent found;
	struct sfs_inode in;
	int ret;

	ret = sfs_ns_lookup(w->mnt->fs, dir, de->name, de->name_len, &found,
			    NULL);
	if (ret || found.ino != de->ino || found.pos != de->pos) {
		sim_walk_fail(w, ret, "lookup in %llu: error %d", dir, ret);
		return;
	}
	w->st->hash += m_name_hash(dir, de->name, de->name_len, de->ino);
	ret = sfs_ns_getattr(w->mnt->fs, de->ino, 0, &in, NULL);
	if (ret)
		sim_walk_fail(w, ret, "getattr of %llu: error %d", de->ino,
			      ret);
	else if (sim_walk_is_first(&in, dir, de->pos))
		sim_walk_inode(w, de->ino, &in);
	if (!ret && S_ISDIR(in.mode) && w->nr_dirs < SIM_DIRS_MAX)
		w->dir[w->nr_dirs++] = de->ino;
}

static void sim_walk_dir(struct sim_walk *w, u64 dir)
{
	static u64 buf[SIM_ENTRIES_BYTES / sizeof(u64)];
	u64 pos = 2;
	int off;
	int ret;

	while (!w->ret) {
		ret = sfs_ns_readdir(w->mnt->fs, dir, pos, buf, sizeof(buf));
		if (ret < 0)
			sim_walk_fail(w, ret, "readdir of %llu: error %d", dir,
				      ret);
		if (ret <= 0)
			return;
		for (off = 0; off < ret && !w->ret;) {
			struct sfs_readdir_entry *de = (void *)buf + off;

			sim_walk_entry(w, dir, de);
			pos = de->next;
			off += de->rec_len;
		}
	}
}

static int sim_walk(struct sim_walk *w)
{
	struct sfs_inode root;
	u32 i;

	w->dir = calloc(SIM_DIRS_MAX, sizeof(u64));
	if (!w->dir)
		port_die("out of memory");
	w->dir[w->nr_dirs++] = SFS_ROOT_INO;
	sim_walk_inode(w, SFS_ROOT_INO, &root);
	for (i = 0; i < w->nr_dirs && !w->ret; i++)
		sim_walk_dir(w, w->dir[i]);
	free(w->dir);
	return w->ret;
}

/* ---- comparing with the model ------------------------------------------------------------- */

static bool sim_state_is(const struct model *m, const struct m_commit *c,
			 const struct sim_state *st)
{
	if (st->hash == c->hash)
		return true;
	if (!c->is_inside)
		return false;
	/* it was written within the operation: after its change, or between
	 * two parts of it
	 */
	if (c->op < m->op && st->hash == m->hashes[c->op + 1])
		return true;
	return c->part_ino && st->hash - st->part_hash == c->hash - c->part_hash;
}

/* The volume's state is that of one of the commits first..last. */
static bool sim_compare(struct sim *sim, struct sim_mount *mnt, size_t first,
			size_t last, struct sim_state *st, char *why,
			size_t why_bytes)
{
	struct model *m = &sim->model;
	size_t c;

	why[0] = 0;
	for (c = last + 1; c-- > first;) {
		struct sim_walk w = {
			.sim = sim,
			.mnt = mnt,
			.commit = &m->commit[c],
			.st = st,
		};

		st->hash = 0;
		st->part_hash = 0;
		if (sim_walk(&w)) {
			if (!why[0])
				snprintf(why, why_bytes, "%s", w.what);
			continue;
		}
		if (sim_state_is(m, w.commit, st))
			return true;
	}
	if (!why[0])
		snprintf(why, why_bytes,
			 "the namespace is none of those after ops %u to %u",
			 m->commit[first].op, m->commit[last].op);
	return false;
}

/* ---- one crash ------------------------------------------------------------------------------- */

struct sim_problem {
	char text[320];
};

static void sim_on_problem(void *arg, const struct sfs_check_problem *p)
{
	struct sim_problem *first = arg;

	if (!first->text[0])
		snprintf(first->text, sizeof(first->text), "%s: %s", p->id,
			 p->text);
}

static void sim_dump(struct sim *sim, struct sim_dev *dev)
{
	const struct sfs_print_params params = { .out = stderr };

	if (sim->opts.is_verbose)
		sfs_print(&dev[SIM_META].dev, NULL, &params);
}

static void sim_check(struct sim *sim, struct sim_img *img, bool must_be_clean,
		      const char *when)
{
	struct sim_problem first = { .text = "" };
	const struct sfs_check_params params = {
		.problem = sim_on_problem,
		.arg = &first,
	};
	struct sim_dev dev[SIM_NR_DEVS];
	struct sfs_check_stat st;
	int ret;

	sim_dev_init(&dev[SIM_META], &img[SIM_META], NULL, SIM_META);
	sim_dev_init(&dev[SIM_DATA], &img[SIM_DATA], NULL, SIM_DATA);
	ret = sfs_check(&dev[SIM_META].dev,
			&dev[sim->is_one_device ? SIM_META : SIM_DATA].dev,
			&params, &st);
	if (ret || st.nr_problems)
		sim_fail(sim, "check %s: error %d, %llu problems: %s", when,
			 ret, st.nr_problems, first.text);
	else if (must_be_clean && st.nr_mounts)
		sim_fail(sim, "check %s: %llu mounts left", when, st.nr_mounts);
	else if (must_be_clean && st.nr_orphans)
		sim_fail(sim, "check %s: %llu orphans left", when,
			 st.nr_orphans);
	if (sim->has_failed)
		sim_dump(sim, dev);
	if (st.nr_mounts)
		sim->nr_unclean++;
}

/* The recovered volume can be used: everything a mount has to do, and a file. */
static void sim_use(struct sim *sim, struct sim_mount *mnt)
{
	struct sfs_inode inode, dir;
	struct sfs_create args = {
		.dir = SFS_ROOT_INO,
		.name = "after the crash",
		.name_len = strlen("after the crash"),
		.mode = S_IFREG | 0600,
	};
	unsigned int i;
	int ret;

	ret = sfs_ns_create(mnt->fs, &args, &inode, &dir);
	if (ret && ret != -ENOSPC)
		sim_fail(sim, "create after recovery: error %d", ret);
	for (i = 0; i < 10 && !sim->has_failed; i++) {
		ret = sfs_fs_work(mnt->fs, 0);
		if (ret && ret != -ENOSPC)
			sim_fail(sim, "work after recovery: error %d", ret);
	}
}

/*
 * Check, recover, compare, use, unmount, check.  rec, when given, gets the
 * devices' events up to and including the comparison.
 */
static void sim_recover(struct sim *sim, struct sim_img *img,
			struct sim_log *rec, size_t first, size_t last,
			struct sim_state *st)
{
	struct sim_mount mnt;
	char why[256];
	int ret;

	sim_check(sim, img, false, "after the crash");
	if (sim->has_failed)
		return;
	ret = sim_mount(&mnt, img, rec, sim->is_one_device,
			sim_mix(sim->opts.seed ^ 0xabcdef) >> 1 | 2);
	if (ret) {
		sim_fail(sim, "mount after the crash: error %d", ret);
		return;
	}
	if (!sim_compare(sim, &mnt, first, last, st, why, sizeof(why)))
		sim_fail(sim, "after recovery: %s", why);
	mnt.dev[SIM_META].log = NULL;
	mnt.dev[SIM_DATA].log = NULL;
	if (!sim->has_failed)
		sim_use(sim, &mnt);
	sim_unmount(&mnt, sim->has_failed);
	if (!sim->has_failed)
		sim_check(sim, img, true, "after recovery");
}

/* Crash again during the recovery that the log recorded. */
static void sim_recover_again(struct sim *sim, const struct sim_img *crashed,
			      const struct sim_log *rec, struct sim_rng *rng,
			      size_t first, size_t last, struct sim_state *st)
{
	struct sim_img durable[SIM_NR_DEVS];
	struct sim_img img[SIM_NR_DEVS];
	struct sim_replay rp;
	unsigned int dev;

	if (!rec->nr)
		return;
	for (dev = 0; dev < SIM_NR_DEVS; dev++)
		sim_img_init_layer(&durable[dev], &crashed[dev]);
	sim_replay_init(&rp, rec, &durable[SIM_META], &durable[SIM_DATA]);
	sim_replay_to(&rp, sim_below(rng, rec->nr + 1));
	sim_replay_crash(&rp, rng, img);
	sim_recover(sim, img, NULL, first, last, st);
	sim->nr_recovery_crashes++;
	for (dev = 0; dev < SIM_NR_DEVS; dev++) {
		sim_img_exit(&img[dev]);
		sim_img_exit(&durable[dev]);
	}
	sim_replay_exit(&rp);
}

/* Commits that may be the newest after a crash during event pos. */
static void sim_candidates(const struct model *m, size_t pos, size_t *first,
			   size_t *last)
{
	size_t c;

	*first = 0;
	*last = 0;
	for (c = 1; c < m->nr_commits && m->commit[c].event <= pos; c++) {
		*last = c;
		if (m->commit[c].durable_event <= pos)
			*first = c;
	}
}

static void sim_crash(struct sim *sim, struct sim_replay *rp, unsigned int k)
{
	struct sim_rng rng = { .state = sim_mix(sim->opts.seed * 1000003 + k) };
	struct model *m = &sim->model;
	struct sim_state st = { .synced_op = 0 };
	struct sim_img crashed[SIM_NR_DEVS];
	struct sim_img img[SIM_NR_DEVS];
	struct sim_log rec = { .records_end = sim->records_end };
	bool is_again = k % SIM_AGAIN_EVERY == 0;
	size_t first, last, i;
	unsigned int dev;

	port_seed(rng.state);
	sim_replay_crash(rp, &rng, crashed);
	sim_candidates(m, rp->pos, &first, &last);
	st.crash_op = rp->pos < sim->log.nr ? sim->log.ev[rp->pos].op :
					      m->op + 1;
	for (i = 0; i < m->nr_syncs && m->sync[i].event <= rp->pos; i++)
		st.synced_op = m->sync[i].op;

	for (dev = 0; dev < SIM_NR_DEVS; dev++)
		sim_img_init_layer(&img[dev], &crashed[dev]);
	sim_recover(sim, img, is_again ? &rec : NULL, first, last, &st);
	sim->nr_crashes++;
	for (i = 0; is_again && i < SIM_AGAIN_TIMES && !sim->has_failed; i++) {
		sim_recover_again(sim, crashed, &rec, &rng, first, last, &st);
		if (sim->has_failed)
			snprintf(sim->failure + strlen(sim->failure),
				 sizeof(sim->failure) - strlen(sim->failure),
				 " (after a crash of the recovery)");
	}
	for (dev = 0; dev < SIM_NR_DEVS; dev++) {
		sim_img_exit(&img[dev]);
		sim_img_exit(&crashed[dev]);
	}
	sim_log_exit(&rec);
}

void sim_crashes(struct sim *sim)
{
	struct sim_img durable[SIM_NR_DEVS];
	struct sim_replay rp;
	unsigned int dev;
	unsigned int k;

	for (dev = 0; dev < SIM_NR_DEVS; dev++)
		sim_img_init_layer(&durable[dev], &sim->base[dev]);
	sim_replay_init(&rp, &sim->log, &durable[SIM_META],
			&durable[SIM_DATA]);
	for (k = 0; k < sim->opts.nr_crashes && !sim->has_failed; k++) {
		if (sim->opts.crash >= 0 && k != sim->opts.crash)
			continue;
		sim_replay_to(&rp, (u64)k * (sim->log.nr + 1) /
				   sim->opts.nr_crashes);
		sim_crash(sim, &rp, k);
		if (sim->has_failed) {
			char text[400];

			strscpy(text, sim->failure, sizeof(text));
			snprintf(sim->failure, sizeof(sim->failure),
				 "CRASH=%u at event %zu of %zu: %s", k, rp.pos,
				 sim->log.nr, text);
		}
	}
	sim_replay_exit(&rp);
	for (dev = 0; dev < SIM_NR_DEVS; dev++)
		sim_img_exit(&durable[dev]);
}
