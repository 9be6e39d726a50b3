/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A btree over the mock with a model beside it: a sorted table of all keys
 * that a run may use, with a bit for those that are there.  Included by one
 * file of a program.
 */
#ifndef SFS_BTREE_MODEL_H
#define SFS_BTREE_MODEL_H

#include "format/btree_priv.h"

#include <setjmp.h>

#include <cmocka.h>

#include "mock_block.h"

#define OWNER	77

enum pattern { SEQUENTIAL, RANDOM, INODES, NASTY, NR_PATTERNS };

struct model {
	struct sfs_key *keys;
	u32 *ver;
	u16 *len;
	bool *is_there;
	unsigned int nr;
	unsigned int nr_there;
};

struct run {
	struct mock m;
	struct sfs_tree tree;
	struct model model;
	unsigned int val_max;
	u8 *val;
	u8 *want;
	unsigned int density;	/* percent of inserts among changes */
};

static u64 seed;
static u64 nr_ops;

static u64 rnd(u64 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed * 0x2545f4914f6cdd1dULL >> 11) % below;
}

static u64 rnd64(void)
{
	return rnd(1ULL << 32) << 32 | rnd(1ULL << 32);
}

/* ---- model ----------------------------------------------------------------- */

static struct sfs_key inode_key(void)
{
	u64 ino = (5ULL << 8) + rnd(256);

	switch (rnd(6)) {
	case 0:
		return SFS_KEY(ino, SFS_ITEM_INODE, 0, 0);
	case 1:
		return SFS_KEY(ino, SFS_ITEM_XATTR, rnd64() & ~0xffULL,
			       rnd(3));
	case 2:
		return SFS_KEY(5ULL << 8, SFS_ITEM_DIRENT, rnd(10000), 0);
	case 3:
		return SFS_KEY(5ULL << 8, SFS_ITEM_DIRENT_HASH, rnd64(),
			       rnd(10000));
	case 4:
		return SFS_KEY(ino, SFS_ITEM_EXTENT, rnd(1000) << rnd(30), 0);
	default:
		return SFS_KEY(ino, SFS_ITEM_BACKREF, ino + rnd(5), rnd(50));
	}
}

/* Prefixes of all lengths, zeros at ends. */
static struct sfs_key nasty_key(void)
{
	u8 bytes[SFS_KEY_BYTES] = { 0 };
	unsigned int n = rnd(SFS_KEY_BYTES + 1);
	struct sfs_key key;
	unsigned int i;

	for (i = 0; i < n; i++)
		bytes[i] = rnd(5) ? 0xff * rnd(2) : rnd(256);
	sfs_key_decode(&key, bytes, SFS_KEY_BYTES);
	return key;
}

static struct sfs_key pattern_key(enum pattern pattern, unsigned int i)
{
	switch (pattern) {
	case SEQUENTIAL:
		return SFS_KEY(9, SFS_ITEM_DIRENT, 3 + i, 0);
	case RANDOM:
		return SFS_KEY(rnd64(), rnd(256), rnd64(), rnd64());
	case INODES:
		return inode_key();
	default:
		return i == 0 ? SFS_KEY_MIN : i == 1 ? SFS_KEY_MAX :
						       nasty_key();
	}
}

static int cmp_keys(const void *x, const void *y)
{
	return sfs_key_cmp(x, y);
}

static void model_init(struct model *md, enum pattern pattern, unsigned int nr)
{
	unsigned int i;

	memset(md, 0, sizeof(*md));
	md->keys = mock_malloc(nr * sizeof(*md->keys));
	for (i = 0; i < nr; i++)
		md->keys[i] = pattern_key(pattern, i);
	qsort(md->keys, nr, sizeof(*md->keys), cmp_keys);
	for (i = 0; i < nr; i++) {
		if (!i || sfs_key_cmp(&md->keys[md->nr - 1], &md->keys[i]))
			md->keys[md->nr++] = md->keys[i];
	}
	md->ver = calloc(md->nr, sizeof(*md->ver));
	md->len = calloc(md->nr, sizeof(*md->len));
	md->is_there = calloc(md->nr, sizeof(*md->is_there));
	assert_true(md->ver && md->len && md->is_there);
}

static void model_exit(struct model *md)
{
	free(md->keys);
	free(md->ver);
	free(md->len);
	free(md->is_there);
}

static void model_set(struct model *md, unsigned int i, bool is_there)
{
	md->nr_there += is_there - md->is_there[i];
	md->is_there[i] = is_there;
}

/* The first index whose key is there, from i on, md->nr when there is none. */
static unsigned int model_next(const struct model *md, unsigned int i)
{
	while (i < md->nr && !md->is_there[i])
		i++;
	return i;
}

static unsigned int model_find(const struct model *md,
			       const struct sfs_key *key)
{
	struct sfs_key *k = bsearch(key, md->keys, md->nr, sizeof(*key),
				    cmp_keys);

	assert_non_null(k);
	return k - md->keys;
}

static void fill_val(u8 *val, unsigned int i, u32 ver, unsigned int len)
{
	u32 words[2] = { i, ver };

	memset(val, (u8)(i * 31 + ver * 7), len);
	memcpy(val, words, min_t(unsigned int, len, sizeof(words)));
}

static void check_val(struct run *r, unsigned int i, const void *val,
		      unsigned int len)
{
	assert_true(r->model.is_there[i]);
	assert_int_equal(len, r->model.len[i]);
	if (!len)
		return;
	fill_val(r->want, i, r->model.ver[i], len);
	assert_true(!memcmp(r->want, val, len));
}

static void run_init(struct run *r, unsigned int block_bytes,
		     enum pattern pattern, unsigned int nr_keys)
{
	memset(r, 0, sizeof(*r));
	mock_init(&r->m, block_bytes);
	sfs_tree_init(&r->tree, OWNER);
	model_init(&r->model, pattern, nr_keys);
	r->val_max = SFS_VAL_MAX(block_bytes);
	r->val = mock_malloc(r->val_max + 1);
	r->want = mock_malloc(r->val_max + 1);
	r->density = 60;
}

static void run_exit(struct run *r)
{
	mock_exit(&r->m);
	model_exit(&r->model);
	free(r->val);
	free(r->want);
}

/* ---- the whole tree ---------------------------------------------------------- */

struct fill {
	u64 leaves;
	u64 leaf_used;
	u64 blocks;
	u64 used;
};

struct visit {
	struct run *r;
	struct fill fill;
};

static int visit_block(void *arg, const struct sfs_ref *ref, u8 level,
		       struct sfs_block *blk, int err)
{
	struct visit *v = arg;
	unsigned int bytes = v->r->m.vol.block_bytes;
	struct mock_slot *s = &v->r->m.slots[ref->blkno];
	u64 used;

	assert_int_equal(err, 0);
	assert_true(s->state == MOCK_LIVE && !s->is_seen);
	s->is_seen = true;
	assert_null(sfs_btree_check_block(blk->data, bytes));
	assert_int_equal(sfs_btree_of(blk)->level, level);
	used = sfs_btree_used(sfs_btree_of(blk), bytes);
	v->fill.blocks++;
	v->fill.used += used;
	if (!level) {
		v->fill.leaves++;
		v->fill.leaf_used += used;
	}
	return 0;
}

struct walk {
	struct run *r;
	unsigned int next;
	unsigned int left;
};

static int walk_item(void *arg, const struct sfs_key *key, const void *val,
		     unsigned int len)
{
	struct walk *w = arg;

	w->next = model_next(&w->r->model, w->next);
	assert_true(w->next < w->r->model.nr);
	assert_int_equal(sfs_key_cmp(key, &w->r->model.keys[w->next]), 0);
	check_val(w->r, w->next, val, len);
	w->next++;
	return --w->left ? 0 : 7;
}

/* Every item, and every block exactly once. */
static struct fill check_tree(struct run *r)
{
	struct walk w = { .r = r, .left = UINT_MAX };
	struct sfs_key min = SFS_KEY_MIN, max = SFS_KEY_MAX;
	struct visit v = { .r = r };
	u64 i;

	assert_int_equal(sfs_btree_visit_blocks(&r->m.vol, &r->tree,
						visit_block, &v), 0);
	assert_int_equal(v.fill.blocks, r->m.nr_live);
	for (i = 0; i < r->m.nr_slots; i++)
		r->m.slots[i].is_seen = false;

	assert_int_equal(sfs_btree_walk(&r->m.vol, &r->tree, &min, &max,
					walk_item, &w), 0);
	assert_int_equal(model_next(&r->model, w.next), r->model.nr);
	assert_true(!r->model.nr_there == !r->tree.height);
	assert_true(!r->tree.height == sfs_ref_is_null(&r->tree.ref));
	assert_int_equal(r->m.nr_refs, 0);
	return v.fill;
}

/* The seed comes from the environment and is printed. */
static void set_seed(const char *name)
{
	const char *env = getenv("SEED");

	seed = env ? strtoull(env, NULL, 0) : 1;
	seed = seed ? seed : 1;
	printf("# %s SEED=%llu\n", name, (unsigned long long)seed);
}

#endif
