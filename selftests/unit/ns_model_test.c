// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on the namespace beside a simple model of it.
 *
 * The model is an array of inodes with their entries, xattrs and blocks; each
 * operation's result is foretold by it, and now and then the whole volume is
 * compared with it, through a remount or a crash too.  NS_SEEDS and NS_OPS in
 * the environment make it longer.
 */
#include "ns_volume.h"

enum {
	NR_NODES	= 160,
	NR_ENTRIES	= 64,
	NR_XATTRS	= 4,
	NR_BLOCKS	= 48,
	NR_NAMES	= 24,
	NR_DIRS		= 12,
};

struct m_entry {
	char name[16];
	u64 pos;
	unsigned int node;
};

struct m_node {
	u64 ino;
	u32 mode;
	u32 nlink;
	u64 size;
	u64 data_version;
	time64_t mtime;
	time64_t ctime;
	u64 next_pos;
	unsigned int parent;		/* directories */
	unsigned int nr;
	struct m_entry entry[NR_ENTRIES];
	int xattr_len[NR_XATTRS];	/* -1: absent */
	u8 xattr_byte[NR_XATTRS];
	u64 phys[NR_BLOCKS];		/* 0: hole */
	bool written[NR_BLOCKS];
};

struct model {
	struct nv nv;
	u64 rnd;
	struct m_node node[NR_NODES];	/* ino 0: free; [0] is the root */
	unsigned long done[16];
	unsigned long good[16];
};

static u32 rnd(struct model *m, u32 n)
{
	m->rnd ^= m->rnd << 13;
	m->rnd ^= m->rnd >> 7;
	m->rnd ^= m->rnd << 17;
	return (m->rnd >> 16) % n;
}

static void rnd_name(struct model *m, char *name)
{
	u32 n = rnd(m, NR_NAMES);

	snprintf(name, 16, "%.*s%u", (int)(n % 9), "abcdefghij", n);
}

static bool is_dir(const struct m_node *n)
{
	return S_ISDIR(n->mode);
}

static struct m_node *find_dir(struct model *m)
{
	struct m_node *n;

	do {
		n = &m->node[rnd(m, NR_NODES)];
	} while (!n->ino || !is_dir(n));
	return rnd(m, 4) ? n : m->node;
}

static struct m_node *find_any(struct model *m)
{
	struct m_node *n;

	do {
		n = &m->node[rnd(m, NR_NODES)];
	} while (!n->ino);
	return n;
}

static struct m_node *find_file(struct model *m)
{
	struct m_node *n;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		n = find_any(m);
		if (S_ISREG(n->mode))
			return n;
	}
	return NULL;
}

static unsigned int count_dirs(struct model *m)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_NODES; i++)
		nr += m->node[i].ino && is_dir(&m->node[i]);
	return nr;
}

static struct m_node *find_free(struct model *m)
{
	unsigned int i;

	for (i = 0; i < NR_NODES; i++)
		if (!m->node[i].ino)
			return &m->node[i];
	return NULL;
}

static struct m_entry *m_lookup(struct m_node *dir, const char *name)
{
	unsigned int i;

	for (i = 0; i < dir->nr; i++)
		if (!strcmp(dir->entry[i].name, name))
			return &dir->entry[i];
	return NULL;
}

static struct m_node *m_node_of(struct model *m, struct m_entry *e)
{
	return e ? &m->node[e->node] : NULL;
}

static void m_touch(struct m_node *n, struct timespec64 now)
{
	n->ctime = now.tv_sec;
	if (is_dir(n))
		n->mtime = now.tv_sec;
}

static void m_add(struct model *m, struct m_node *dir, const char *name,
		  struct m_node *n, struct timespec64 now)
{
	struct m_entry *e = &dir->entry[dir->nr++];

	strcpy(e->name, name);
	e->pos = dir->next_pos++;
	e->node = n - m->node;
	dir->size += strlen(name);
	m_touch(dir, now);
	if (is_dir(n)) {
		dir->nlink++;
		n->parent = dir - m->node;
	}
}

static void m_del(struct model *m, struct m_node *dir, struct m_entry *e,
		  struct timespec64 now)
{
	if (is_dir(m_node_of(m, e)))
		dir->nlink--;
	dir->size -= strlen(e->name);
	m_touch(dir, now);
	memmove(e, e + 1, (&dir->entry[dir->nr] - e - 1) * sizeof(*e));
	dir->nr--;
}

static void m_drop_link(struct m_node *n, struct timespec64 now)
{
	n->nlink = is_dir(n) ? 0 : n->nlink - 1;
	n->ctime = now.tv_sec;
}

static void m_init(struct m_node *n, u64 ino, u32 mode, time64_t now)
{
	unsigned int i;

	memset(n, 0, sizeof(*n));
	n->ino = ino;
	n->mode = mode;
	n->nlink = S_ISDIR(mode) ? 2 : 1;
	n->next_pos = 2;
	n->mtime = now;
	n->ctime = now;
	for (i = 0; i < NR_XATTRS; i++)
		n->xattr_len[i] = -1;
}

/* ---- operations: 0, or why nothing was done ------------------------ */

static int op_create(struct model *m)
{
	static const u32 types[] = { S_IFREG, S_IFREG, S_IFDIR, S_IFLNK,
				     S_IFIFO };
	struct m_node *dir = find_dir(m);
	struct m_node *n = find_free(m);
	u32 mode = types[rnd(m, ARRAY_SIZE(types))] | 0600;
	bool tmp = !rnd(m, 8);
	struct timespec64 now = { .tv_sec = m->nv.clock };
	char name[16];
	u64 ino;
	int want = 0;
	int ret;

	rnd_name(m, name);
	if (!n || dir->nr == NR_ENTRIES)
		return -1;
	if (S_ISDIR(mode) && count_dirs(m) >= NR_DIRS)
		mode = S_IFREG | 0600;
	if (tmp && S_ISDIR(mode))
		want = -EINVAL;
	else if (!dir->nlink)
		want = -ENOENT;
	else if (!tmp && m_lookup(dir, name))
		want = -EEXIST;
	ret = nv_create(&m->nv, dir->ino, tmp ? NULL : name, mode, &ino);
	assert_int_equal(ret, want);
	if (ret)
		return ret;
	m_init(n, ino, mode, now.tv_sec);
	if (S_ISLNK(mode))
		n->size = 6;
	if (tmp)
		n->nlink = 0;
	else
		m_add(m, dir, name, n, now);
	return 0;
}

static int op_link(struct model *m)
{
	struct m_node *dir = find_dir(m);
	struct m_node *n = find_any(m);
	bool from_tmpfile = rnd(m, 2);
	struct timespec64 now = { .tv_sec = m->nv.clock };
	char name[16];
	int want = 0;
	int ret;

	rnd_name(m, name);
	if (dir->nr == NR_ENTRIES)
		return -1;
	if (!dir->nlink)
		want = -ENOENT;
	else if (is_dir(n))
		want = -EPERM;
	else if (!n->nlink && !from_tmpfile)
		want = -ENOENT;
	else if (m_lookup(dir, name))
		want = -EEXIST;
	ret = nv_link(&m->nv, n->ino, dir->ino, name, from_tmpfile);
	assert_int_equal(ret, want);
	if (ret)
		return ret;
	m_add(m, dir, name, n, now);
	n->nlink++;
	m_touch(n, now);
	return 0;
}

static int op_unlink(struct model *m)
{
	struct m_node *dir = find_dir(m);
	struct timespec64 now = { .tv_sec = m->nv.clock };
	struct m_entry *e;
	struct m_node *n;
	struct sfs_inode in;
	bool is_rmdir;
	char name[16];
	int want = 0;
	int ret;

	rnd_name(m, name);
	e = m_lookup(dir, name);
	n = m_node_of(m, e);
	is_rmdir = n && is_dir(n) ? rnd(m, 8) : !rnd(m, 8);
	if (!n)
		want = -ENOENT;
	else if (is_rmdir && !is_dir(n))
		want = -ENOTDIR;
	else if (!is_rmdir && is_dir(n))
		want = -EISDIR;
	else if (is_rmdir && n->nr)
		want = -ENOTEMPTY;
	ret = nv_unlink(&m->nv, dir->ino, name, is_rmdir, &in);
	assert_int_equal(ret, want);
	if (ret)
		return ret;
	assert_int_equal(in.ino, n->ino);
	m_del(m, dir, e, now);
	m_drop_link(n, now);
	m_touch(n, now);
	if (is_dir(n))
		n->mtime = in.mtime.tv_sec;
	return 0;
}

static bool is_below(struct model *m, struct m_node *n, struct m_node *top)
{
	while (n != m->node) {
		if (n == top)
			return true;
		n = &m->node[n->parent];
	}
	return n == top;
}

static int rename_error(struct model *m, struct m_node *od, struct m_node *nd,
			struct m_entry *oe, struct m_entry *ne,
			struct m_node *w, unsigned int flags)
{
	struct m_node *n = m_node_of(m, oe);
	struct m_node *t = m_node_of(m, ne);
	bool is_exchange = flags & SFS_RENAME_EXCHANGE;

	if (is_exchange && flags != SFS_RENAME_EXCHANGE)
		return -EINVAL;
	if (is_exchange && !t)
		return -ENOENT;
	if (t && (flags & SFS_RENAME_NOREPLACE))
		return -EEXIST;
	if (n == nd || n == od || t == nd)
		return -EINVAL;
	if (t == od)
		return is_exchange ? -EINVAL : -ENOTEMPTY;
	if (!od->nlink || !nd->nlink || !n)
		return -ENOENT;
	if (w && (w->nlink || is_dir(w)))
		return -EINVAL;
	if (n == t)
		return 0;
	if (od != nd && is_dir(n) && is_below(m, nd, n))
		return -EINVAL;
	if (od != nd && is_exchange && is_dir(t) && is_below(m, od, t))
		return -EINVAL;
	if (is_exchange || !t)
		return 0;
	if (is_dir(n) && !is_dir(t))
		return -ENOTDIR;
	if (is_dir(t) && !is_dir(n))
		return -EISDIR;
	return is_dir(t) && t->nr ? -ENOTEMPTY : 0;
}

static void m_exchange(struct model *m, struct m_node *od, struct m_node *nd,
		       struct m_entry *oe, struct m_entry *ne,
		       struct timespec64 now)
{
	struct m_node *n = m_node_of(m, oe);
	struct m_node *t = m_node_of(m, ne);

	od->nlink += is_dir(t) - is_dir(n);
	nd->nlink += is_dir(n) - is_dir(t);
	oe->node = t - m->node;
	ne->node = n - m->node;
	n->parent = nd - m->node;
	t->parent = od - m->node;
	n->ctime = now.tv_sec;
	t->ctime = now.tv_sec;
	m_touch(od, now);
	m_touch(nd, now);
}

/* Mostly one without a name, as it has to be. */
static struct m_node *find_whiteout(struct model *m)
{
	struct m_node *n = NULL;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		n = find_any(m);
		if (!is_dir(n) && !n->nlink)
			break;
	}
	return n;
}

static int op_rename(struct model *m)
{
	static const unsigned int kinds[] = { 0, 0, 0, SFS_RENAME_NOREPLACE,
		SFS_RENAME_EXCHANGE, SFS_RENAME_EXCHANGE, 3,
		SFS_RENAME_WHITEOUT, SFS_RENAME_WHITEOUT, 5, 6 };
	struct m_node *od = find_dir(m);
	struct m_node *nd = rnd(m, 3) ? find_dir(m) : od;
	unsigned int flags = kinds[rnd(m, ARRAY_SIZE(kinds))];
	struct timespec64 now = { .tv_sec = m->nv.clock };
	char old_name[16], new_name[16];
	struct m_entry *oe, *ne;
	struct m_node *n, *t, *w = NULL;
	int want, ret;

	rnd_name(m, old_name);
	rnd_name(m, new_name);
	oe = m_lookup(od, old_name);
	ne = m_lookup(nd, new_name);
	n = m_node_of(m, oe);
	t = m_node_of(m, ne);
	if (nd->nr == NR_ENTRIES)
		return -1;
	if (flags & SFS_RENAME_WHITEOUT)
		w = find_whiteout(m);
	want = rename_error(m, od, nd, oe, ne, w, flags);
	ret = nv_rename_whiteout(&m->nv, od->ino, old_name, n ? n->ino : 12345,
				 nd->ino, new_name, t ? t->ino : 0,
				 w ? w->ino : 0, flags);
	assert_int_equal(ret, want);
	if (ret || n == t)
		return ret;
	if (flags & SFS_RENAME_EXCHANGE) {
		m_exchange(m, od, nd, oe, ne, now);
		return 0;
	}
	if (t) {
		m_del(m, nd, ne, now);
		m_drop_link(t, now);
		oe = m_lookup(od, old_name);
	}
	if (w) {
		od->nlink -= is_dir(n);
		oe->node = w - m->node;
		w->nlink = 1;
		m_touch(w, now);
		m_touch(od, now);
	} else {
		m_del(m, od, oe, now);
	}
	m_add(m, nd, new_name, n, now);
	n->ctime = now.tv_sec;
	return 0;
}

static int op_xattr(struct model *m)
{
	static const unsigned int sizes[] = { 0, 1, 100, 2000, 65535 };
	struct m_node *n = find_any(m);
	u32 i = rnd(m, NR_XATTRS);
	unsigned int len = sizes[rnd(m, ARRAY_SIZE(sizes))];
	unsigned int flags = rnd(m, 6);
	bool remove = !rnd(m, 4);
	struct timespec64 now = { .tv_sec = m->nv.clock };
	u8 byte = rnd(m, 256);
	char name[16];
	void *value;
	int want = 0;
	int ret;

	flags = flags > SFS_XATTR_REPLACE ? 0 : flags;
	if (n->xattr_len[i] >= 0 && (flags & SFS_XATTR_CREATE))
		want = -EEXIST;
	else if (n->xattr_len[i] < 0 && (remove || flags & SFS_XATTR_REPLACE))
		want = -ENODATA;
	snprintf(name, sizeof(name), "user.%u", i);
	value = malloc(len + 1);
	memset(value, byte, len);
	ret = nv_setxattr(&m->nv, n->ino, name, remove ? NULL : value, len,
			  flags);
	free(value);
	assert_int_equal(ret, want);
	if (ret)
		return ret;
	n->xattr_len[i] = remove ? -1 : (int)len;
	n->xattr_byte[i] = byte;
	n->ctime = now.tv_sec;
	return 0;
}

/* ---- blocks ------------------------------------------------------------------------ */

static struct sfs_map m_map(struct model *m, struct m_node *n, unsigned int b)
{
	struct sfs_map map;

	assert_int_equal(sfs_ns_map(m->nv.fs, n->ino, b, NR_BLOCKS - b, 0,
				    &map), 0);
	assert_int_equal(map.block, b);
	assert_in_range(map.len, 1, NR_BLOCKS - b);
	return map;
}

static int op_alloc(struct model *m)
{
	struct m_node *n = find_file(m);
	u32 b = rnd(m, NR_BLOCKS);
	u32 len = 1 + rnd(m, NR_BLOCKS - b);
	u32 want = rnd(m, NR_BLOCKS - b + 1);
	u32 from = rnd(m, b + 1);
	struct sfs_fill fill;
	struct sfs_map map;
	unsigned int i;

	if (!n)
		return -1;
	want = max(want, len);
	fill = (struct sfs_fill) { from, b, len, b + want };
	assert_int_equal(sfs_ns_alloc_around(m->nv.fs, n->ino, &fill, 0, &map),
			 0);
	assert_in_range(map.len, 1, len);
	assert_int_equal(map.block, b);
	if (n->phys[b]) {
		assert_int_equal(map.phys, n->phys[b]);
		return 0;
	}
	/* how much of what was wanted there is */
	for (i = b; i < b + want && !n->phys[i]; i++) {
		map = m_map(m, n, i);
		if (!map.phys)
			break;
		assert_int_equal(map.flags, SFS_EXT_UNWRITTEN);
		n->phys[i] = map.phys;
		n->written[i] = false;
	}
	assert_true(i > b);
	for (i = b; i-- > from && !n->phys[i];) {
		map = m_map(m, n, i);
		if (!map.phys)
			break;
		assert_int_equal(map.flags, SFS_EXT_UNWRITTEN);
		n->phys[i] = map.phys;
		n->written[i] = false;
	}
	return 0;
}

static int op_written(struct model *m)
{
	struct m_node *n = find_file(m);
	u32 b = rnd(m, NR_BLOCKS);
	u32 len = 1 + rnd(m, NR_BLOCKS - b);
	u64 size = (u64)rnd(m, NR_BLOCKS) * 4096 + rnd(m, 4096);
	unsigned int i;

	if (!n)
		return -1;
	assert_int_equal(sfs_ns_written(m->nv.fs, n->ino, b, len, size, 0), 0);
	n->size = max(n->size, size);
	for (i = b; i < b + len; i++)
		n->written[i] = n->phys[i] != 0;
	return 0;
}

static void m_free(struct m_node *n, unsigned int b, unsigned int end,
		   bool unwritten_only)
{
	for (; b < end; b++) {
		if (unwritten_only && n->written[b])
			continue;
		n->phys[b] = 0;
		n->written[b] = false;
	}
}

static int op_truncate(struct model *m)
{
	struct m_node *n = find_file(m);
	u64 size = rnd(m, 4) ? (u64)rnd(m, NR_BLOCKS * 4096) : 0;
	struct timespec64 now = { .tv_sec = m->nv.clock };

	if (!n)
		return -1;
	assert_int_equal(nv_truncate(&m->nv, n->ino, size), 0);
	n->data_version += size != n->size;
	n->size = size;
	n->mtime = now.tv_sec;
	n->ctime = now.tv_sec;
	m_free(n, sfs_size_blocks(size), NR_BLOCKS, false);
	return 0;
}

static int op_punch(struct model *m)
{
	struct m_node *n = find_file(m);
	u32 b = rnd(m, NR_BLOCKS);
	u32 len = 1 + rnd(m, NR_BLOCKS - b);

	if (!n)
		return -1;
	if (!rnd(m, 3)) {
		assert_int_equal(sfs_ns_zero(m->nv.fs, n->ino, b, len, 0), 0);
		memset(&n->written[b], 0, len * sizeof(n->written[0]));
		return 0;
	}
	if (rnd(m, 3)) {
		assert_int_equal(sfs_ns_punch(m->nv.fs, n->ino, b, len, 0), 0);
		m_free(n, b, b + len, false);
		return 0;
	}
	assert_int_equal(sfs_ns_trim_prealloc(m->nv.fs, n->ino, 0,
					      SFS_FILE_BLOCKS_MAX, 0), 0);
	m_free(n, sfs_size_blocks(n->size), NR_BLOCKS, true);
	return 0;
}

static int op_touch(struct model *m)
{
	struct m_node *n = find_file(m);
	struct timespec64 now = { .tv_sec = m->nv.clock, .tv_nsec = 1 };
	unsigned int times = 1 + rnd(m, 4);
	struct sfs_inode in, seen;

	if (!n)
		return -1;
	while (times--) {
		assert_int_equal(sfs_ns_touch(m->nv.fs, n->ino, now, 0, &in), 0);
		n->data_version++;
	}
	n->mtime = now.tv_sec;
	n->ctime = now.tv_sec;
	seen = nv_stat(&m->nv, n->ino);
	assert_memory_equal(&seen, &in, sizeof(in));
	return 0;
}

static int op_delete(struct model *m)
{
	struct m_node *n = find_any(m);
	int want = n->nlink ? -EBUSY : 0;

	assert_int_equal(sfs_ns_delete(m->nv.fs, n->ino), want);
	if (!want)
		n->ino = 0;
	return want;
}

/* ---- comparing ------------------------------------------------------------------------ */

static void compare_dir(struct model *m, struct m_node *n)
{
	unsigned int size = 48 + rnd(m, 500);
	u8 *buf = malloc(size);
	struct sfs_readdir_entry *e;
	struct m_node *child;
	unsigned int i = 0;
	u64 pos = 0;
	int used, off;

	for (;;) {
		used = sfs_ns_readdir(m->nv.fs, n->ino, pos, buf, size);
		assert_true(used >= 0);
		if (!used)
			break;
		for (off = 0; off < used; off += e->rec_len, i++) {
			e = (void *)(buf + off);
			assert_true(i < n->nr);
			assert_int_equal(e->pos, n->entry[i].pos);
			assert_int_equal(e->next, i + 1 < n->nr ?
					 n->entry[i + 1].pos : e->pos + 1);
			child = m_node_of(m, &n->entry[i]);
			assert_int_equal(e->ino, child->ino);
			assert_int_equal(e->dtype, child->mode >> 12);
			assert_int_equal(e->name_len,
					 strlen(n->entry[i].name));
			assert_memory_equal(e->name, n->entry[i].name,
					    e->name_len);
			pos = e->next;
		}
		assert_int_equal(off, used);
	}
	assert_int_equal(i, n->nr);
	for (i = 0; i < n->nr; i++)
		assert_int_equal(nv_lookup(&m->nv, n->ino, n->entry[i].name),
				 m_node_of(m, &n->entry[i])->ino);
	free(buf);
}

static void compare_blocks(struct model *m, struct m_node *n,
			   const struct sfs_inode *in)
{
	struct sfs_map map, prev = {};
	unsigned int b, i, online = 0;

	for (b = 0; b < NR_BLOCKS; b += map.len, prev = map) {
		map = m_map(m, n, b);
		for (i = 0; i < map.len; i++) {
			assert_int_equal(map.phys ? map.phys + i : 0,
					 n->phys[b + i]);
			if (map.phys)
				assert_int_equal(!map.flags,
						 n->written[b + i]);
			online += n->written[b + i];
		}
		/* what could be one extent is one */
		assert_false(b && map.flags == prev.flags &&
			     (map.phys ? prev.phys && prev.phys + prev.len ==
			      map.phys : !prev.phys));
	}
	assert_int_equal(in->online_blocks, online);
}

static void compare_xattrs(struct model *m, struct m_node *n)
{
	u8 *buf = malloc(SFS_XATTR_VALUE_MAX);
	unsigned int i, names = 0;
	char name[16];
	int j, len;

	for (i = 0; i < NR_XATTRS; i++) {
		snprintf(name, sizeof(name), "user.%u", i);
		len = sfs_ns_getxattr(m->nv.fs, n->ino, name, buf,
				      SFS_XATTR_VALUE_MAX);
		if (n->xattr_len[i] < 0) {
			assert_int_equal(len, -ENODATA);
			continue;
		}
		assert_int_equal(len, n->xattr_len[i]);
		for (j = 0; j < len; j++)
			assert_int_equal(buf[j], n->xattr_byte[i]);
		names += 7;
	}
	assert_int_equal(sfs_ns_listxattr(m->nv.fs, n->ino, NULL, 0), names);
	free(buf);
}

static void compare(struct model *m)
{
	struct sfs_inode in;
	struct m_node *n;
	unsigned int i;

	for (i = 0; i < NR_NODES; i++) {
		n = &m->node[i];
		if (!n->ino)
			continue;
		in = nv_stat(&m->nv, n->ino);
		assert_int_equal(in.mode, n->mode);
		assert_int_equal(in.nlink, n->nlink);
		assert_int_equal(in.size, n->size);
		assert_int_equal(in.mtime.tv_sec, n->mtime);
		assert_int_equal(in.ctime.tv_sec, n->ctime);
		if (is_dir(n)) {
			assert_int_equal(in.next_pos, n->next_pos);
			assert_int_equal(in.nr_entries, n->nr);
			compare_dir(m, n);
		}
		if (S_ISREG(n->mode)) {
			assert_int_equal(in.data_version, n->data_version);
			compare_blocks(m, n, &in);
		}
		compare_xattrs(m, n);
	}
}

/* After a remount what had no links is deleted; until then it can be used. */
static void remount(struct model *m, bool crash)
{
	struct sfs_inode in;
	unsigned int i;

	nv_remount(&m->nv, crash);
	compare(m);
	nv_work(&m->nv);
	for (i = 0; i < NR_NODES; i++) {
		if (!m->node[i].ino || m->node[i].nlink)
			continue;
		assert_int_equal(sfs_ns_getattr(m->nv.fs, m->node[i].ino, 0, &in,
						NULL), -ESTALE);
		m->node[i].ino = 0;
	}
}

static int (*const ops[])(struct model *m) = {
	op_create, op_create, op_link, op_unlink, op_unlink, op_rename,
	op_rename, op_xattr, op_alloc, op_written, op_truncate, op_punch,
	op_touch, op_touch, op_delete,
};

static unsigned long env(const char *name, unsigned long def)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 0) : def;
}

static void run(struct model *m, unsigned long nr_ops)
{
	unsigned long i;
	u32 op;

	for (i = 0; i < nr_ops; i++) {
		op = rnd(m, ARRAY_SIZE(ops));
		m->done[op]++;
		m->good[op] += !ops[op](m);
		if (i % 64 == 63)
			compare(m);
		if (!rnd(m, 100))
			assert_int_equal(sfs_fs_sync(m->nv.fs), 0);
		if (!rnd(m, 100))
			assert_int_equal(sfs_fs_work(m->nv.fs, 0), 0);
		if (!rnd(m, 300))
			remount(m, rnd(m, 2));
	}
}

static void model_run(u64 seed, u32 block_shift, u32 group_shift)
{
	struct model *m = calloc(1, sizeof(*m));
	struct sfs_inode in;
	unsigned int i;

	m->rnd = seed * 0x9e3779b97f4a7c15ULL + 1;
	nv_mkfs(&m->nv, NV_META_BYTES, NV_DATA_BYTES, block_shift,
		group_shift);
	nv_mount(&m->nv);
	in = nv_stat(&m->nv, SFS_ROOT_INO);
	m_init(&m->node[0], SFS_ROOT_INO, in.mode, in.mtime.tv_sec);
	run(m, env("NS_OPS", 3000));
	compare(m);
	nv_exit(&m->nv);
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		if (m->done[i] && env("NS_VERBOSE", 0))
			print_message("op %u: %lu, %lu good\n", i, m->done[i],
				      m->good[i]);
	free(m);
}

static void test_model(void **state)
{
	unsigned long seeds = env("NS_SEEDS", 4);
	unsigned long seed;

	for (seed = env("NS_SEED", 1); seeds--; seed++) {
		print_message("# seed %lu\n", seed);
		model_run(seed, seed % 3 ? 12 : 14, seed % 2 ? 4 : 8);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests_name("ns model", tests, nv_group_setup,
					   nv_group_teardown);
}
