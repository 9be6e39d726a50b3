// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on the namespace and on the model.
 */
#include "workload.h"

#include "format/trans.h"
#include "lib/mkfs.h"
#include "lock/provider.h"

enum {
	SIM_META_BYTES	= 32 << 20,
	SIM_DATA_BYTES	= 32 << 20,
	SIM_NAMES	= 40,		/* different names per directory */
	SIM_NLINK_MAX	= 5,
};

u64 sim_now_ns = 1700000000ULL * NSEC_PER_SEC;

void sim_fail(struct sim *sim, const char *fmt, ...)
{
	va_list ap;

	if (sim->has_failed)
		return;
	sim->has_failed = true;
	va_start(ap, fmt);
	vsnprintf(sim->failure, sizeof(sim->failure), fmt, ap);
	va_end(ap);
}

struct timespec64 sim_time(void)
{
	sim_now_ns += 1000000;
	return ns_to_timespec64(sim_now_ns);
}

/* ---- mounting ---------------------------------------------------------------------- */

int sim_mount(struct sim_mount *mnt, struct sim_img *img, struct sim_log *log,
	      bool is_one_device, u64 rid)
{
	struct sfs_fs_params params = { .vol = &mnt->vol, .rid = rid };
	int ret;

	memset(mnt, 0, sizeof(*mnt));
	sim_preempt_start(get_random_u64(), mnt);
	sim_dev_init(&mnt->dev[SIM_META], &img[SIM_META], log, SIM_META);
	if (!is_one_device)
		sim_dev_init(&mnt->dev[SIM_DATA], &img[SIM_DATA], log,
			     SIM_DATA);
	mnt->data = &mnt->dev[is_one_device ? SIM_META : SIM_DATA].dev;
	mnt->vol.meta = &mnt->dev[SIM_META].dev;
	mnt->vol.data = mnt->data;
	mnt->vol.rid = rid;
	ret = sfs_volume_open(&mnt->vol);
	if (ret)
		return ret;
	ret = sfs_fs_open(&params, &mnt->fs);
	if (ret)
		sfs_volume_close(&mnt->vol);
	return ret;
}

void sim_unmount(struct sim_mount *mnt, bool forced)
{
	struct sfs_fs *fs = mnt->fs;

	mnt->fs = NULL;
	sfs_fs_close(fs, forced);
	sfs_volume_close(&mnt->vol);
}

static void sim_start(struct sim *sim)
{
	u64 rid = sim_mix(sim->opts.seed + 77 * ++sim->nr_mounts) | 2;
	int ret = sim_mount(&sim->mnt, sim->cur, &sim->log, sim->is_one_device,
			    rid & ~(1ULL << 63));

	if (ret)
		sim_fail(sim, "mount: error %d", ret);
}

static void sim_mkfs(struct sim *sim)
{
	u64 meta_bytes = SIM_META_BYTES;
	struct sim_dev dev[SIM_NR_DEVS];
	struct sfs_mkfs_params p;
	struct sfs_super_block sb;
	int ret;

	sfs_mkfs_params_init(&p);
	p.fsid = sim_mix(sim->opts.seed) | 1;
	p.allow_small = true;
	p.nr_slots = 4;
	p.group_shift = sim_chance(&sim->rng, 50) ? 4 : 8;
	p.now = sim_time();
	if (sim->is_one_device) {
		p.one_device = true;
		p.data_start_bytes = meta_bytes;
		meta_bytes += SIM_DATA_BYTES;
	}
	sim_img_init_flat(&sim->base[SIM_META], meta_bytes);
	sim_img_init_flat(&sim->base[SIM_DATA], SIM_DATA_BYTES);
	sim_dev_init(&dev[SIM_META], &sim->base[SIM_META], NULL, SIM_META);
	sim_dev_init(&dev[SIM_DATA], &sim->base[SIM_DATA], NULL, SIM_DATA);
	ret = sfs_mkfs(&dev[SIM_META].dev,
		       &dev[p.one_device ? SIM_META : SIM_DATA].dev, &p, &sb);
	if (ret)
		sim_fail(sim, "mkfs: error %d", ret);
	sim->records_end = le64_to_cpu(sb.first_meta_block) << p.block_shift;
	sim_img_init_layer(&sim->cur[SIM_META], &sim->base[SIM_META]);
	sim_img_init_layer(&sim->cur[SIM_DATA], &sim->base[SIM_DATA]);
}

/* ---- commits ------------------------------------------------------------------------- */

static struct m_commit *sim_add_commit(struct sim *sim)
{
	struct model *m = &sim->model;

	if (m->nr_commits == m->size_commits) {
		m->size_commits = m->size_commits ? m->size_commits * 2 : 64;
		m->commit = realloc(m->commit, m->size_commits *
				    sizeof(*m->commit));
		if (!m->commit)
			port_die("out of memory");
	}
	memset(&m->commit[m->nr_commits], 0, sizeof(*m->commit));
	return &m->commit[m->nr_commits++];
}

/* A mount record is written: remember what it stands for. */
static void sim_on_record(void *arg, size_t event)
{
	struct sim *sim = arg;
	struct model *m = &sim->model;
	const struct sfs_mount_record *rec = (void *)sim->log.ev[event].data;
	struct m_commit *c = sim_add_commit(sim);
	u64 seq = le64_to_cpu(rec->hdr.seq);
	bool is_again = m->nr_commits > 1 && seq && c[-1].seq == seq;
	struct m_inode *in;

	/* certain now; later operations may have changed something since */
	if (is_again)
		*c = c[-1];
	c->event = event;
	c->durable_event = SIZE_MAX;
	if (is_again)
		return;
	c->seq = seq;
	c->op = m->op;
	c->is_inside = sim->in_call;
	c->hash = m->hash;
	in = sim->part_ino ? m_inode_find(m, sim->part_ino) : NULL;
	if (in) {
		c->part_ino = in->ino;
		c->part_hash = m_inode_hash(in);
	}
}

static void sim_add_sync(struct sim *sim)
{
	struct model *m = &sim->model;
	struct m_commit *c = &m->commit[m->nr_commits - 1];

	/*
	 * Nothing was left to do: it came within the last operation that
	 * changed anything; punching a hole, for example, does not.
	 */
	if (c->is_inside && c->op < m->op &&
	    m->hashes[c->op + 1] == m->hash) {
		c->op = m->op;
		c->hash = m->hash;
		c->is_inside = false;
		c->part_ino = 0;
	}

	if (m->nr_syncs == m->size_syncs) {
		m->size_syncs = m->size_syncs ? m->size_syncs * 2 : 64;
		m->sync = realloc(m->sync, m->size_syncs * sizeof(*m->sync));
		if (!m->sync)
			port_die("out of memory");
	}
	m->sync[m->nr_syncs].event = sim->log.nr;
	m->sync[m->nr_syncs].op = m->op;
	m->nr_syncs++;
	if (c->hash != m->hash)
		sim_fail(sim, "op %u: sync returned without a commit", m->op);
}

/* ---- operations ------------------------------------------------------------------------ */

void sim_begin(struct sim *sim, u64 part_ino)
{
	sim->log.op = sim->model.op + 1;
	sim->in_call = true;
	sim->part_ino = part_ino;
}

bool sim_end(struct sim *sim, const char *what, int ret)
{
	sim->in_call = false;
	sim->part_ino = 0;
	if (!ret)
		return true;
	if (ret != -ENOSPC)
		sim_fail(sim, "op %u: %s: error %d", sim->model.op + 1, what,
			 ret);
	return false;
}

struct m_inode *sim_pick(struct sim *sim, u32 want)
{
	struct model *m = &sim->model;
	unsigned int tries;

	for (tries = 0; tries < 200; tries++) {
		struct m_inode *in =
			&m->inode[sim_below(&sim->rng, m->nr_inodes)];

		if (in->is_deleted || !in->nlink)
			continue;
		if (want ? (in->mode & S_IFMT) == want : in != m->inode)
			return in;
	}
	return want == S_IFDIR ? m->inode : NULL;
}

static struct m_name *sim_pick_name(struct sim *sim)
{
	struct model *m = &sim->model;
	unsigned int tries;

	for (tries = 0; m->nr_names && tries < 100; tries++) {
		struct m_name *n = &m->name[sim_below(&sim->rng, m->nr_names)];

		if (n->is_used)
			return n;
	}
	return NULL;
}

static void sim_new_name(struct sim *sim, char *name)
{
	unsigned int nr = sim_below(&sim->rng, SIM_NAMES);
	unsigned int len;

	snprintf(name, 256, "n%u", nr);
	if (nr % 5 == 0) {
		len = 10 + nr * 6;
		memset(name, 'a' + nr % 26, len);
		name[len] = 0;
	}
}

static u32 sim_index(struct sim *sim, const struct m_inode *in)
{
	return in - sim->model.inode;
}

static void sim_op_create(struct sim *sim)
{
	static const u32 types[] = { S_IFREG, S_IFREG, S_IFREG, S_IFDIR,
				     S_IFLNK, S_IFIFO };
	struct m_inode *dir = sim_pick(sim, S_IFDIR);
	u32 mode = types[sim_below(&sim->rng, ARRAY_SIZE(types))] | 0640;
	struct sfs_inode inode, parent;
	char name[256];
	char target[SFS_SYMLINK_MAX + 1];
	struct sfs_create args = {
		.dir = dir->ino,
		.name = name,
		.mode = mode,
		.now = sim_time(),
	};
	u32 idx;
	int ret;

	sim_new_name(sim, name);
	args.name_len = strlen(name);
	if (S_ISLNK(mode)) {
		args.target_len = 1 + sim_below(&sim->rng, SFS_SYMLINK_MAX);
		memset(target, 'x', args.target_len);
		args.target = target;
	}
	sim_begin(sim, 0);
	ret = sfs_ns_create(sim->mnt.fs, &args, &inode, &parent);
	if (m_name_find(&sim->model, sim_index(sim, dir), name)) {
		sim_end(sim, "create of an existing name",
			ret == -EEXIST || ret == -ENOSPC ? -ENOSPC : -EINVAL);
		return;
	}
	if (!sim_end(sim, "create", ret))
		return;
	if (m_inode_find(&sim->model, inode.ino))
		sim_fail(sim, "op %u: inode number %llu used again",
			 sim->model.op + 1, inode.ino);
	idx = m_inode_add(&sim->model, inode.ino, mode);
	if (S_ISLNK(mode)) {
		m_change(&sim->model, &sim->model.inode[idx]);
		sim->model.inode[idx].size = args.target_len;
		sim->model.inode[idx].link_hash =
			m_hash_bytes(target, args.target_len);
		m_changed(&sim->model, &sim->model.inode[idx]);
	}
	m_name_add(&sim->model, sim_index(sim, dir), idx, name);
	m_op_done(&sim->model);
}

static void sim_op_link(struct sim *sim)
{
	struct m_inode *dir = sim_pick(sim, S_IFDIR);
	struct m_inode *in = sim_pick(sim, S_IFREG);
	struct sfs_inode inode, parent;
	char name[256];
	int ret;

	sim_new_name(sim, name);
	if (!in || in->nlink >= SIM_NLINK_MAX ||
	    m_name_find(&sim->model, sim_index(sim, dir), name))
		return;
	sim_begin(sim, 0);
	ret = sfs_ns_link(sim->mnt.fs, in->ino, dir->ino, name, strlen(name),
			  false, sim_time(), &inode, &parent);
	if (!sim_end(sim, "link", ret))
		return;
	m_change(&sim->model, in);
	in->nlink++;
	m_changed(&sim->model, in);
	m_name_add(&sim->model, sim_index(sim, dir), sim_index(sim, in), name);
	m_op_done(&sim->model);
}

/* The model's inode loses a link. */
static void sim_drop_link(struct sim *sim, struct m_inode *in)
{
	m_change(&sim->model, in);
	in->nlink = S_ISDIR(in->mode) ? 0 : in->nlink - 1;
	m_changed(&sim->model, in);
}

static void sim_delete(struct sim *sim, struct m_inode *in)
{
	int ret;

	sim_begin(sim, in->ino);
	ret = sfs_ns_delete(sim->mnt.fs, in->ino);
	if (!sim_end(sim, "delete", ret))
		return;
	in->is_deleted = true;
	m_op_done(&sim->model);
}

static void sim_op_unlink(struct sim *sim)
{
	struct m_name *n = sim_pick_name(sim);
	struct sfs_inode inode, parent;
	struct m_inode *dir, *in;
	int ret;

	if (!n)
		return;
	dir = &sim->model.inode[n->dir];
	in = &sim->model.inode[n->inode];
	sim_begin(sim, 0);
	ret = sfs_ns_unlink(sim->mnt.fs, dir->ino, n->name, strlen(n->name),
			    in->ino, S_ISDIR(in->mode), sim_time(), &inode,
			    &parent);
	if (S_ISDIR(in->mode) && in->nr_entries) {
		sim_end(sim, "rmdir of a directory with entries",
			ret == -ENOTEMPTY ? -ENOSPC : -EINVAL);
		return;
	}
	if (!sim_end(sim, "unlink", ret))
		return;
	m_name_del(&sim->model, n);
	sim_drop_link(sim, in);
	m_op_done(&sim->model);
	/* else it stays open, for a while or until the crash */
	if (!in->nlink && sim_chance(&sim->rng, 70))
		sim_delete(sim, in);
}

static void sim_op_delete_open(struct sim *sim)
{
	struct model *m = &sim->model;
	u32 i;

	for (i = 1; i < m->nr_inodes; i++) {
		if (!m->inode[i].nlink && !m->inode[i].is_deleted &&
		    sim_chance(&sim->rng, 50)) {
			sim_delete(sim, &m->inode[i]);
			return;
		}
	}
}

/* Would a directory become its own ancestor? */
static bool sim_is_below(struct sim *sim, u32 dir, u32 top)
{
	struct model *m = &sim->model;
	u32 i;

	while (dir != top && dir) {
		for (i = 0; i < m->nr_names; i++) {
			if (m->name[i].is_used && m->name[i].inode == dir)
				break;
		}
		if (i == m->nr_names)
			return false;
		dir = m->name[i].dir;
	}
	return dir == top;
}

static void sim_rename_model(struct sim *sim, struct m_name *n, u32 new_dir,
			     const char *name, struct m_name *target)
{
	struct model *m = &sim->model;
	u32 inode = n->inode;

	if (target) {
		struct m_inode *victim = &m->inode[target->inode];

		m_name_del(m, target);
		sim_drop_link(sim, victim);
	}
	m_name_del(m, n);
	m_name_add(m, new_dir, inode, name);
	m_op_done(m);
}

static void sim_op_rename(struct sim *sim)
{
	struct m_inode *dir = sim_pick(sim, S_IFDIR);
	struct m_name *n = sim_pick_name(sim);
	struct model *m = &sim->model;
	struct sfs_rename_result res;
	struct sfs_rename args = { .now = sim_time() };
	struct m_name *target;
	char name[256];
	int want = 0;
	int ret;

	if (!n)
		return;
	sim_new_name(sim, name);
	target = m_name_find(m, sim_index(sim, dir), name);
	if (target && target->inode == n->inode)
		return;
	args.old_dir = m->inode[n->dir].ino;
	args.old_name = n->name;
	args.old_len = strlen(n->name);
	args.new_dir = dir->ino;
	args.new_name = name;
	args.new_len = strlen(name);
	args.ino = m->inode[n->inode].ino;
	if (sim_is_below(sim, sim_index(sim, dir), n->inode))
		want = -EINVAL;
	if (target) {
		struct m_inode *in = &m->inode[n->inode];
		struct m_inode *victim = &m->inode[target->inode];

		args.target_ino = victim->ino;
		if (S_ISDIR(in->mode) != S_ISDIR(victim->mode) ||
		    (S_ISDIR(victim->mode) && victim->nr_entries) ||
		    sim_is_below(sim, n->dir, target->inode))
			want = -EINVAL;
	}
	sim_begin(sim, 0);
	ret = sfs_ns_rename(sim->mnt.fs, &args, &res);
	if (want) {
		sim_end(sim, "rename that must fail", ret ? -ENOSPC : -EINVAL);
		return;
	}
	if (sim_end(sim, "rename", ret))
		sim_rename_model(sim, n, sim_index(sim, dir), name, target);
}

static void sim_op_exchange(struct sim *sim)
{
	struct m_name *a = sim_pick_name(sim);
	struct m_name *b = sim_pick_name(sim);
	struct model *m = &sim->model;
	struct sfs_rename_result res;
	struct sfs_rename args = {
		.now = sim_time(),
		.flags = SFS_RENAME_EXCHANGE,
	};
	struct m_name was_a, was_b;
	int ret;

	if (!a || !b || a == b || a->inode == b->inode ||
	    sim_is_below(sim, a->dir, b->inode) ||
	    sim_is_below(sim, b->dir, a->inode))
		return;
	args.old_dir = m->inode[a->dir].ino;
	args.old_name = a->name;
	args.old_len = strlen(a->name);
	args.new_dir = m->inode[b->dir].ino;
	args.new_name = b->name;
	args.new_len = strlen(b->name);
	args.ino = m->inode[a->inode].ino;
	args.target_ino = m->inode[b->inode].ino;
	sim_begin(sim, 0);
	ret = sfs_ns_rename(sim->mnt.fs, &args, &res);
	if (!sim_end(sim, "exchange", ret))
		return;
	was_a = *a;
	was_b = *b;
	m_name_del(m, a);
	m_name_del(m, b);
	m_name_add(m, was_a.dir, was_b.inode, was_a.name);
	m_name_add(m, was_b.dir, was_a.inode, was_b.name);
	m_op_done(m);
}

static void sim_op_setattr(struct sim *sim)
{
	struct m_inode *in = sim_pick(sim, 0);
	struct sfs_inode attr, inode;
	int ret;

	if (!in)
		return;
	memset(&attr, 0, sizeof(attr));
	attr.mode = sim_below(&sim->rng, 01000);
	sim_begin(sim, 0);
	ret = sfs_ns_setattr(sim->mnt.fs, in->ino, SFS_ATTR_MODE, &attr,
			     0, &inode);
	if (!sim_end(sim, "setattr", ret))
		return;
	m_change(&sim->model, in);
	in->mode = (in->mode & S_IFMT) | attr.mode;
	m_changed(&sim->model, in);
	m_op_done(&sim->model);
}

static void sim_op_xattr(struct sim *sim)
{
	static u8 value[SFS_XATTR_VALUE_MAX];
	struct m_inode *in = sim_pick(sim, 0);
	unsigned int nr = sim_below(&sim->rng, M_XATTRS);
	unsigned int len = sim_below(&sim->rng, sim_chance(&sim->rng, 10) ?
						20000 : 200);
	bool is_set = sim_chance(&sim->rng, 70);
	struct sfs_inode inode;
	char name[32];
	int ret;

	if (!in)
		return;
	snprintf(name, sizeof(name), "user.x%u", nr);
	memset(value, sim_rand(&sim->rng), len);
	sim_begin(sim, 0);
	ret = sfs_ns_setxattr(sim->mnt.fs, in->ino, name, is_set ? value : NULL,
			      is_set ? len : 0, 0, sim_time(), &inode);
	if (!is_set && !in->xattr[nr].hash) {
		sim_end(sim, "removal of no xattr",
			ret == -ENODATA ? -ENOSPC : -EINVAL);
		return;
	}
	if (!sim_end(sim, "setxattr", ret))
		return;
	m_change(&sim->model, in);
	in->xattr[nr].hash = is_set ? m_hash_bytes(value, len) : 0;
	m_changed(&sim->model, in);
	m_op_done(&sim->model);
}

/* ---- everything else ---------------------------------------------------------------------- */

void sim_op_sync(struct sim *sim)
{
	int ret = sim_chance(&sim->rng, 60) ? sfs_fs_fsync(sim->mnt.fs) :
					      sfs_fs_sync(sim->mnt.fs);

	if (ret)
		sim_fail(sim, "op %u: sync: error %d", sim->model.op, ret);
	else
		sim_add_sync(sim);
}

static void sim_op_work(struct sim *sim)
{
	int ret;

	sim_now_ns += 2ULL * NSEC_PER_SEC;
	ret = sfs_fs_work(sim->mnt.fs, sim_chance(&sim->rng, 50) ? 0 : 3000);
	if (ret && ret != -ENOSPC)
		sim_fail(sim, "op %u: work: error %d", sim->model.op, ret);
	port_run_works();
}

static void sim_op_revoke(struct sim *sim)
{
	struct m_inode *in = sim_pick(sim, 0);
	struct sfs_lock *lock;

	if (!in)
		return;
	lock = sfs_lock_get(sim->mnt.fs->locks, SFS_LOCK_GROUP,
			    sfs_ino_group(sim->mnt.fs, in->ino));
	if (!lock) {
		sim_fail(sim, "no lock handle");
		return;
	}
	sfs_lock_revoke(lock, sim_chance(&sim->rng, 50) ? SFS_LOCK_NL :
							  SFS_LOCK_PR);
	port_run_works();
	sfs_lock_put(lock);
}

static void sim_op_shrink(struct sim *sim)
{
	sim_preempt_allow(false);
	sfs_group_shrink(sim->mnt.fs, 1 + sim_below(&sim->rng, 16));
	sfs_cache_shrink(&sim->mnt.vol, sim_below(&sim->rng, 64));
	sfs_lock_shrink(sim->mnt.fs->locks, sim_below(&sim->rng, 8));
	sim_preempt_allow(true);
	port_run_works();
}

/* What was unlinked and open is deleted by the next mount at its leisure. */
static void sim_op_remount(struct sim *sim)
{
	struct model *m = &sim->model;
	u32 i;

	sim_unmount(&sim->mnt, false);
	sim_add_sync(sim);
	for (i = 1; i < m->nr_inodes; i++) {
		if (!m->inode[i].nlink)
			m->inode[i].is_deleted = true;
	}
	if (!sim->has_failed)
		sim_start(sim);
}

static void sim_op_fold(struct sim *sim)
{
	int ret = sfs_fs_fold(sim->mnt.fs);

	if (!ret && sim_chance(&sim->rng, 50))
		ret = sfs_fs_offer_returns(sim->mnt.fs);
	if (ret && ret != -ENOSPC)
		sim_fail(sim, "op %u: fold: error %d", sim->model.op, ret);
}

/* ---- the mixture ------------------------------------------------------------------------------ */

static void sim_names_op(struct sim *sim)
{
	u64 r = sim_below(&sim->rng, 100);

	if (sim->model.nr_names > sim->max_files && r < 50)
		sim_op_unlink(sim);
	else if (r < 45)
		sim_op_create(sim);
	else if (r < 53)
		sim_op_link(sim);
	else if (r < 70)
		sim_op_unlink(sim);
	else if (r < 85)
		sim_op_rename(sim);
	else if (r < 88)
		sim_op_exchange(sim);
	else if (r < 91)
		sim_op_setattr(sim);
	else
		sim_op_xattr(sim);
}

static void sim_other_op(struct sim *sim)
{
	u64 r = sim_below(&sim->rng, 100);

	if (r < 35)
		sim_op_work(sim);
	else if (r < 60)
		sim_op_revoke(sim);
	else if (r < 75)
		sim_op_shrink(sim);
	else if (r < 85)
		sim_op_delete_open(sim);
	else if (r < 96)
		sim_op_fold(sim);
	else
		sim_op_remount(sim);
}

static void sim_step(struct sim *sim)
{
	sim->log.op = sim->model.op + 1;
	sim_now_ns += 1000000;
	if (sim_chance(&sim->rng, sim->sync_percent))
		sim_op_sync(sim);
	else if (sim_chance(&sim->rng, 12))
		sim_other_op(sim);
	else if (sim_chance(&sim->rng, sim->data_percent))
		sim_data_op(sim);
	else
		sim_names_op(sim);
	if (!sim->has_failed && sfs_volume_error(&sim->mnt.vol))
		sim_fail(sim, "op %u: the volume was withdrawn",
			 sim->model.op);
}

/* From which event on each commit is known to be durable. */
static void sim_mark_durable(struct sim *sim)
{
	struct model *m = &sim->model;
	size_t c = 0;
	size_t i;

	for (i = 0; i < sim->log.nr; i++) {
		const struct sim_event *ev = &sim->log.ev[i];

		if (ev->kind != SIM_DURABLE)
			continue;
		while (c < m->nr_commits && m->commit[c].event < ev->write)
			c++;
		if (c < m->nr_commits && m->commit[c].event == ev->write &&
		    c)
			m->commit[c].durable_event = i + 1;
	}
	/* what a sync acknowledged must be, whatever the device says */
	for (c = 1, i = 0; i < m->nr_syncs; i++) {
		while (c < m->nr_commits &&
		       m->commit[c].event < m->sync[i].event) {
			m->commit[c].durable_event =
				min(m->commit[c].durable_event,
				    m->sync[i].event);
			c++;
		}
	}
}

void sim_workload(struct sim *sim)
{
	unsigned int i;

	sim->rng.state = sim_mix(sim->opts.seed);
	port_seed(sim->opts.seed);
	sim->is_one_device = sim_chance(&sim->rng, 25);
	sim->max_files = 20 + sim_below(&sim->rng, 200);
	sim->sync_percent = 2 + sim_below(&sim->rng, 20);
	sim->data_percent = sim_below(&sim->rng, 70);
	model_init(&sim->model);
	sim_add_commit(sim)->hash = sim->model.hash;	/* what mkfs made */
	sim_mkfs(sim);
	sim->log.on_record = sim_on_record;
	sim->log.arg = sim;
	sim->log.records_end = sim->records_end;
	if (!sim->has_failed)
		sim_start(sim);
	for (i = 0; i < sim->opts.nr_ops && !sim->has_failed; i++)
		sim_step(sim);
	if (!sim->has_failed)
		sim_unmount(&sim->mnt, false);
	sim_mark_durable(sim);
}

void sim_exit(struct sim *sim)
{
	unsigned int i;

	for (i = 0; i < SIM_NR_DEVS; i++) {
		sim_img_exit(&sim->cur[i]);
		sim_img_exit(&sim->base[i]);
	}
	sim_log_exit(&sim->log);
	model_exit(&sim->model);
}
