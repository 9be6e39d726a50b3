// SPDX-License-Identifier: GPL-2.0-only
/*
 * The btree against a model: a sorted table of all keys that a run may use,
 * with a bit for those that are there.
 */
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

static unsigned int model_prev(const struct model *md, unsigned int i)
{
	for (;; i--) {
		if (md->is_there[i])
			return i;
		if (!i)
			return md->nr;
	}
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

/* ---- single operations -------------------------------------------------------- */

static unsigned int rnd_len(struct run *r)
{
	u64 p = rnd(1000);

	if (p < 50)
		return 0;
	if (p < 500)
		return rnd(32);
	if (p < 900)
		return 24 + rnd(100);
	if (p < 990)
		return rnd(min(400U, r->val_max));
	return p == 999 ? r->val_max : rnd(r->val_max + 1);
}

/* A change came back: apply it to the model, or see that it left no trace. */
static void after_change(struct run *r, unsigned int i, int ret, bool is_there,
			 unsigned int len)
{
	if (!ret) {
		model_set(&r->model, i, is_there);
		if (is_there) {
			r->model.ver[i]++;
			r->model.len[i] = len;
		}
	}
	assert_int_equal(r->m.nr_refs, 0);
}

static bool may_fail(struct run *r, int ret, u64 failed)
{
	return r->m.nr_failed + port_alloc_failed != failed &&
	       (ret == -EIO || ret == -ENOSPC || ret == -ENOMEM);
}

static void op_store(struct run *r)
{
	int (*store)(struct sfs_trans *tr, struct sfs_tree *tree,
		     const struct sfs_key *key, const void *val,
		     unsigned int len);
	u64 failed = r->m.nr_failed + port_alloc_failed;
	unsigned int i = rnd(r->model.nr), len = rnd_len(r);
	u64 max = SFS_BTREE_DIRTY_MAX(r->tree.height);
	bool is_there = r->model.is_there[i];
	int want = 0, ret;

	switch (rnd(4)) {
	case 0:
		store = sfs_btree_insert;
		want = is_there ? -EEXIST : 0;
		break;
	case 1:
		store = sfs_btree_update;
		want = is_there ? 0 : -ENOENT;
		break;
	default:
		store = sfs_btree_set;
	}
	fill_val(r->val, i, r->model.ver[i] + 1, len);
	r->m.nr_allocs = 0;
	len += rnd(5000) == 0 ? r->val_max + 1 - len : 0;
	if (len > r->val_max)
		want = -E2BIG;
	ret = store(&r->m.tr, &r->tree, &r->model.keys[i], len ? r->val : NULL,
		    len);
	if (!may_fail(r, ret, failed))
		assert_int_equal(ret, want);
	assert_true(r->m.nr_allocs <= max);
	after_change(r, i, ret, true, len);
}

static void op_delete(struct run *r)
{
	u64 failed = r->m.nr_failed + port_alloc_failed;
	unsigned int i = rnd(r->model.nr);
	int ret;

	if (rnd(4))
		i = model_next(&r->model, i) % r->model.nr;
	r->m.nr_allocs = 0;
	ret = sfs_btree_delete(&r->m.tr, &r->tree, &r->model.keys[i]);
	if (!may_fail(r, ret, failed))
		assert_int_equal(ret, r->model.is_there[i] ? 0 : -ENOENT);
	assert_true(r->m.nr_allocs <= r->tree.height + 1U);
	after_change(r, i, ret, false, 0);
}

static void op_lookup(struct run *r)
{
	u64 failed = r->m.nr_failed + port_alloc_failed;
	unsigned int i = rnd(r->model.nr);
	unsigned int size = rnd(2) ? r->val_max : rnd(40);
	int ret;

	ret = sfs_btree_lookup(&r->m.vol, &r->tree, &r->model.keys[i],
			       size ? r->val : NULL, size);
	if (may_fail(r, ret, failed))
		return;
	assert_int_equal(ret, r->model.is_there[i] ? r->model.len[i] :
						     -ENOENT);
	if (ret > 0 && (unsigned int)ret <= size)
		check_val(r, i, r->val, ret);
	if (ret > 0) {
		fill_val(r->want, i, r->model.ver[i], ret);
		assert_true(!memcmp(r->want, r->val,
				    min(size, (unsigned int)ret)));
	}
}

/* A key that need not be one of the model's, and the index it lies at. */
static unsigned int rnd_near(struct run *r, struct sfs_key *key, bool above)
{
	unsigned int i = rnd(r->model.nr);

	*key = r->model.keys[i];
	if (above && rnd(3) == 0 && !sfs_key_is_max(key)) {
		sfs_key_inc(key);
		return i + 1;
	}
	return i;
}

static void op_next(struct run *r)
{
	u64 failed = r->m.nr_failed + port_alloc_failed;
	struct sfs_key key, was, last;
	unsigned int i = rnd_near(r, &key, true);
	unsigned int l = min_t(u64, i + rnd(60), r->model.nr - 1);
	unsigned int want;
	int ret;

	last = rnd(3) ? r->model.keys[l] : SFS_KEY_MAX;
	was = key;
	want = model_next(&r->model, i);
	if (want < r->model.nr && sfs_key_cmp(&r->model.keys[want], &last) > 0)
		want = r->model.nr;
	ret = sfs_btree_next(&r->m.vol, &r->tree, &key, &last, r->val,
			     r->val_max);
	assert_int_equal(r->m.nr_refs, 0);
	if (may_fail(r, ret, failed) || want == r->model.nr) {
		assert_int_equal(sfs_key_cmp(&key, &was), 0);
		assert_true(ret < 0 && (ret == -ENOENT ||
					may_fail(r, ret, failed)));
		return;
	}
	assert_int_equal(sfs_key_cmp(&key, &r->model.keys[want]), 0);
	check_val(r, want, r->val, ret);
}

static void op_prev(struct run *r)
{
	u64 failed = r->m.nr_failed + port_alloc_failed;
	struct sfs_key key, first;
	unsigned int i = rnd_near(r, &key, false);
	unsigned int f = i - min_t(u64, i, rnd(60));
	unsigned int want = model_prev(&r->model, i);
	int ret;

	first = rnd(3) ? r->model.keys[f] : SFS_KEY_MIN;
	if (want < r->model.nr && sfs_key_cmp(&r->model.keys[want], &first) < 0)
		want = r->model.nr;
	ret = sfs_btree_prev(&r->m.vol, &r->tree, &key, &first, r->val,
			     r->val_max);
	assert_int_equal(r->m.nr_refs, 0);
	if (may_fail(r, ret, failed))
		return;
	if (want == r->model.nr) {
		assert_int_equal(ret, -ENOENT);
		return;
	}
	assert_int_equal(sfs_key_cmp(&key, &r->model.keys[want]), 0);
	check_val(r, want, r->val, ret);
}

static void op_walk(struct run *r)
{
	u64 failed = r->m.nr_failed + port_alloc_failed;
	unsigned int i = rnd(r->model.nr);
	unsigned int l = min_t(u64, i + rnd(100), r->model.nr - 1);
	struct walk w = {
		.r = r, .next = i, .left = rnd(3) ? UINT_MAX : 1 + rnd(40),
	};
	int ret;

	ret = sfs_btree_walk(&r->m.vol, &r->tree, &r->model.keys[i],
			     &r->model.keys[l], walk_item, &w);
	assert_int_equal(r->m.nr_refs, 0);
	if (may_fail(r, ret, failed))
		return;
	assert_int_equal(ret, w.left ? 0 : 7);
	if (w.left)
		assert_true(model_next(&r->model, w.next) > l);
}

/* What the call did is what the tree says: a lower part of the range is gone. */
static void op_delete_range(struct run *r)
{
	u64 failed = r->m.nr_failed + port_alloc_failed;
	unsigned int f = rnd(r->model.nr);
	unsigned int l = min_t(u64, f + rnd(rnd(20) ? 30 : r->model.nr),
			       r->model.nr - 1);
	struct sfs_key first = r->model.keys[f], last = r->model.keys[l], key;
	unsigned int max = 1 + rnd(rnd(2) ? 20 : 2000);
	u8 height = r->tree.height;
	unsigned int end = l + 1, had = model_next(&r->model, f), i;
	long fail_at, alloc_fail;
	int ret, err;

	r->m.nr_allocs = 0;
	ret = sfs_btree_delete_range(&r->m.tr, &r->tree, &first, &last, max);
	assert_true(r->m.nr_allocs <= SFS_BTREE_DIRTY_MAX(height) + max / 4);
	assert_int_equal(r->m.nr_refs, 0);
	if (may_fail(r, ret, failed))
		return;
	assert_true(ret == 0 || ret == 1);
	if (ret == 1) {
		fail_at = r->m.fail_at;
		alloc_fail = port_alloc_fail;
		r->m.fail_at = port_alloc_fail = 0;
		key = first;
		err = sfs_btree_next(&r->m.vol, &r->tree, &key, &last, NULL, 0);
		r->m.fail_at = fail_at;
		port_alloc_fail = alloc_fail;
		if (err == -ENOENT) {
			/* only when it could not look */
			assert_true(r->m.nr_failed + port_alloc_failed !=
				    failed);
		} else {
			end = model_find(&r->model, &key);
			assert_true(end > had);
		}
	}
	for (i = f; i < end; i++)
		model_set(&r->model, i, false);
}

static void op_commit(struct run *r)
{
	long fail_at = r->m.fail_at;

	r->m.fail_at = 0;
	mock_commit(&r->m);
	r->m.fail_at = fail_at;
}

static void one_op(struct run *r)
{
	u64 p = rnd(1000);

	nr_ops++;
	if (p < 300)
		op_lookup(r);
	else if (p < 400)
		op_next(r);
	else if (p < 500)
		op_prev(r);
	else if (p < 510)
		op_walk(r);
	else if (p < 515)
		op_delete_range(r);
	else if (p < 519)
		op_commit(r);
	else if (rnd(100) < r->density)
		op_store(r);
	else
		op_delete(r);
}

/* ---- model tests -------------------------------------------------------------- */

static void rnd_fault(struct run *r)
{
	if (rnd(4))
		return;
	if (rnd(2))
		r->m.fail_at = 1 + rnd(12);
	else
		port_alloc_fail = 1 + rnd(3);
}

static void run_model(unsigned int block_bytes, enum pattern pattern,
		      unsigned int nr, bool evict, bool faults)
{
	unsigned int nr_keys = block_bytes == 4096 ? 12000 : 30000;
	struct run r;
	unsigned int i;

	run_init(&r, block_bytes, pattern, nr_keys);
	r.m.evict = evict;
	for (i = 0; i < nr; i++) {
		if (i % 20000 == 0) {
			static const u8 phases[] = { 90, 60, 50, 15 };

			r.density = phases[i / 20000 % ARRAY_SIZE(phases)];
		}
		if (faults)
			rnd_fault(&r);
		one_op(&r);
		r.m.fail_at = port_alloc_fail = 0;
		if (i % 10000 == 0)
			check_tree(&r);
	}
	op_commit(&r);
	check_tree(&r);
	if (!faults)
		assert_int_equal(r.m.nr_failed, 0);
	assert_int_equal(sfs_btree_free_blocks(&r.m.tr, &r.tree), 0);
	assert_int_equal(r.m.nr_live, 0);
	assert_int_equal(r.tree.height, 0);
	op_commit(&r);
	run_exit(&r);
}

static void run_patterns(unsigned int block_bytes, unsigned int nr)
{
	enum pattern p;

	for (p = 0; p < NR_PATTERNS; p++)
		run_model(block_bytes, p, nr, false, false);
	for (p = 0; p < NR_PATTERNS; p++)
		run_model(block_bytes, p, nr / 4, true, true);
}

static void test_model_4k(void **state)
{
	run_patterns(4096, 300000);
}

static void test_model_16k(void **state)
{
	run_patterns(16384, 200000);
}

static void test_model_64k(void **state)
{
	run_patterns(65536, 200000);
}

/* Few keys: trees that come and go, blocks of any few items. */
static void test_model_small(void **state)
{
	struct run r;
	int i, k;

	for (i = 0; i < 400; i++) {
		run_init(&r, 4096, i % 8 ? NASTY : RANDOM, 2 + rnd(i % 4 ? 40 :
									 8));
		r.density = 30 + rnd(60);
		r.m.evict = i % 2;
		for (k = 0; k < 1000; k++) {
			if (i % 3 == 0)
				rnd_fault(&r);
			one_op(&r);
			r.m.fail_at = port_alloc_fail = 0;
			if (k % 16 == 0)
				check_tree(&r);
		}
		run_exit(&r);
	}
}

/* ---- failures ------------------------------------------------------------------ */

static void any_change(struct run *r)
{
	u64 p = rnd(100);

	if (p < 45)
		op_store(r);
	else if (p < 90)
		op_delete(r);
	else
		op_delete_range(r);
}

/*
 * Let each read and each allocation of a change fail in turn; only then the
 * change succeeds.
 */
static void fail_each(struct run *r, bool memory)
{
	unsigned int n;
	u64 failed;
	u64 start;

	start = seed;
	for (n = 1; ; n++) {
		failed = r->m.nr_failed + port_alloc_failed;
		seed = start;
		r->m.fail_at = memory ? 0 : n;
		port_alloc_fail = memory ? n : 0;
		any_change(r);
		nr_ops++;
		r->m.fail_at = port_alloc_fail = 0;
		check_tree(r);
		if (r->m.nr_failed + port_alloc_failed == failed)
			break;
	}
}

static void test_failures(void **state)
{
	enum pattern p;
	struct run r;
	int i;

	for (p = 0; p < NR_PATTERNS; p++) {
		run_init(&r, 4096, p, 350);
		r.m.evict = true;
		for (i = 0; i < 200; i++)
			op_store(&r);
		for (i = 0; i < 1000; i++) {
			op_store(&r);
			if (i % 4)
				continue;
			fail_each(&r, false);
			fail_each(&r, true);
			op_commit(&r);
		}
		assert_true(r.m.nr_failed > 300);
		run_exit(&r);
	}
}

/* ---- ranges ---------------------------------------------------------------------- */

/* Deleting a range that holds the whole tree takes few steps and reads. */
static void test_delete_all(void **state)
{
	struct sfs_key min = SFS_KEY_MIN, max = SFS_KEY_MAX;
	struct run r;
	unsigned int i;
	u64 blocks;
	int calls = 0;
	int ret;

	run_init(&r, 4096, SEQUENTIAL, 100000);
	for (i = 0; i < r.model.nr; i++)
		assert_int_equal(sfs_btree_insert(&r.m.tr, &r.tree,
						  &r.model.keys[i], "0123456789",
						  10), 0);
	op_commit(&r);
	assert_true(r.tree.height >= 3);
	blocks = r.m.nr_live;
	r.m.nr_reads = 0;
	do {
		r.m.nr_allocs = 0;
		ret = sfs_btree_delete_range(&r.m.tr, &r.tree, &min, &max, 400);
		assert_true(ret >= 0);
		assert_true(r.m.nr_allocs <= 109);
		calls++;
	} while (ret);
	assert_int_equal(r.tree.height, 0);
	assert_int_equal(r.m.nr_live, 0);
	printf("# %llu blocks deleted as one range: %d calls, %llu reads\n",
	       (unsigned long long)blocks, calls,
	       (unsigned long long)r.m.nr_reads);
	assert_true(r.m.nr_reads < blocks / 2);
	op_commit(&r);
	run_exit(&r);
}

static void delete_there(struct run *r, unsigned int i)
{
	assert_int_equal(sfs_btree_delete(&r->m.tr, &r->tree,
					  &r->model.keys[i]), 0);
	model_set(&r->model, i, false);
	nr_ops++;
}

/* Deletion in any order leaves no more blocks and levels than needed. */
static void run_shrink(int order)
{
	unsigned int nr, i, left;
	struct fill f;
	struct run r;

	run_init(&r, 4096, RANDOM, 20000);
	nr = r.model.nr;
	for (i = 0; i < nr; i++) {
		assert_int_equal(sfs_btree_insert(&r.m.tr, &r.tree,
						  &r.model.keys[i], r.val, 0),
				 0);
		model_set(&r.model, i, true);
	}
	assert_true(r.tree.height >= 3);
	for (left = nr; left > 20; left--) {
		i = order == 0 ? nr - left : order == 1 ? left - 1 : rnd(nr);
		if (order == 2)
			i = model_next(&r.model, i);
		if (i == nr)
			i = model_next(&r.model, 0);
		delete_there(&r, i);
		if (left % 1000)
			continue;
		/* a quarter full, and what does not fit a neighbour's slack */
		f = check_tree(&r);
		assert_true(f.leaf_used * 5 > f.leaves * 4000 ||
			    f.leaves < 3);
	}
	assert_int_equal(r.tree.height, 1);
	check_tree(&r);
	run_exit(&r);
}

static void test_shrink(void **state)
{
	int order;

	for (order = 0; order < 3; order++)
		run_shrink(order);
}

/* A walk over cold leaves asks for each of them ahead, and for no other. */
static void test_read_ahead(void **state)
{
	struct run r;
	unsigned int i;
	struct fill f;

	run_init(&r, 4096, SEQUENTIAL, 20000);
	for (i = 0; i < r.model.nr; i++) {
		fill_val(r.val, i, 1, 50);
		assert_int_equal(sfs_btree_insert(&r.m.tr, &r.tree,
						  &r.model.keys[i], r.val, 50),
				 0);
		model_set(&r.model, i, true);
		r.model.ver[i] = 1;
		r.model.len[i] = 50;
	}
	r.m.nr_ahead = 0;
	f = check_tree(&r);
	/* not for the first of each branch, which the descent reads */
	assert_true(r.m.nr_ahead < f.leaves);
	assert_true(r.m.nr_ahead + (f.blocks - f.leaves) >= f.leaves);
	r.m.nr_ahead = 0;
	struct walk w = { .r = &r, .next = 5, .left = UINT_MAX };

	assert_int_equal(sfs_btree_walk(&r.m.vol, &r.tree, &r.model.keys[5],
					&r.model.keys[150], walk_item, &w), 0);
	assert_true(r.m.nr_ahead >= 1 && r.m.nr_ahead <= 4);
	run_exit(&r);
}

/* ---- prefixes -------------------------------------------------------------------- */

static void insert_there(struct run *r, const struct sfs_key *key)
{
	unsigned int i = model_find(&r->model, key);

	assert_int_equal(sfs_btree_insert(&r->m.tr, &r->tree, key, NULL, 0), 0);
	model_set(&r->model, i, true);
	nr_ops++;
}

/*
 * Full blocks of keys that share nearly everything, then keys that share
 * nothing with them: there is no room for the longer suffixes.
 */
static void run_prefix(unsigned int nr)
{
	struct sfs_key key;
	struct run r;
	unsigned int i;

	run_init(&r, 4096, SEQUENTIAL, nr);
	/* of the table's keys, make the first and the last ones far away */
	for (i = 0; i < nr; i++)
		r.model.keys[i] = SFS_KEY(~0ULL / 3, 5, ~0ULL / 3, i);
	for (i = 0; i < 8; i++) {
		r.model.keys[i] = SFS_KEY(i, 1, 2, 3);
		r.model.keys[nr - 1 - i] = SFS_KEY(U64_MAX - i, 1, 2, 3);
	}
	for (i = 8; i < nr - 8; i++)
		insert_there(&r, &r.model.keys[i]);
	for (i = 8; i-- > 0; ) {
		key = r.model.keys[i];
		insert_there(&r, &key);
		key = r.model.keys[nr - 1 - i];
		insert_there(&r, &key);
	}
	check_tree(&r);
	run_exit(&r);
}

/*
 * Two neighbours, each with a long prefix of its own: as one block they would
 * be larger than the sum of both.
 */
static void run_merge(unsigned int nr_left, unsigned int nr_right)
{
	unsigned int i;
	struct run r;

	run_init(&r, 4096, SEQUENTIAL, 800);
	for (i = 0; i < 800; i++)
		r.model.keys[i] = SFS_KEY(i < 400 ? 3 : ~0ULL / 3, 5,
					  ~0ULL / 3, i);
	for (i = 0; i < 800; i++)
		insert_there(&r, &r.model.keys[i]);
	for (i = 0; i < 400; i++) {
		if (i >= nr_left) {
			assert_int_equal(sfs_btree_delete(&r.m.tr, &r.tree,
					 &r.model.keys[i]), 0);
			model_set(&r.model, i, false);
		}
		if (i >= nr_right) {
			assert_int_equal(sfs_btree_delete(&r.m.tr, &r.tree,
					 &r.model.keys[799 - i]), 0);
			model_set(&r.model, 799 - i, false);
		}
	}
	check_tree(&r);
	run_exit(&r);
}

static void test_prefix(void **state)
{
	unsigned int nr;

	for (nr = 0; nr < 400; nr += 13) {
		run_merge(nr, 190);
		run_merge(190, nr);
		run_merge(nr, 60);
	}

	for (nr = 300; nr < 500; nr++)
		run_prefix(nr);
	for (nr = 50000; nr < 55000; nr += 700)
		run_prefix(nr);
}

/* ---- how full ---------------------------------------------------------------------- */

static struct fill load(enum pattern pattern, unsigned int block_bytes,
			unsigned int nr, bool shuffle)
{
	struct run r;
	struct fill f;
	unsigned int *order;
	unsigned int i;

	run_init(&r, block_bytes, pattern, nr);
	order = mock_malloc(r.model.nr * sizeof(*order));
	for (i = 0; i < r.model.nr; i++)
		order[i] = i;
	for (i = 0; shuffle && i < r.model.nr; i++) {
		unsigned int k = i + rnd(r.model.nr - i);

		swap(order[i], order[k]);
	}
	for (i = 0; i < r.model.nr; i++) {
		unsigned int k = order[i], len = 16 + rnd(60);

		fill_val(r.val, k, 1, len);
		assert_int_equal(sfs_btree_insert(&r.m.tr, &r.tree,
						  &r.model.keys[k], r.val,
						  len), 0);
		model_set(&r.model, k, true);
		r.model.ver[k] = 1;
		r.model.len[k] = len;
		nr_ops++;
	}
	f = check_tree(&r);
	free(order);
	run_exit(&r);
	return f;
}

/*
 * Files made in one directory: entries and inodes each in order, hashes
 * anywhere, and the directory's inode changes with each.
 */
static struct fill load_creates(unsigned int block_bytes, unsigned int nr)
{
	struct run r;
	struct visit v = { .r = &r };
	struct sfs_key key;
	unsigned int i;

	run_init(&r, block_bytes, SEQUENTIAL, 1);
	memset(r.val, 0x33, 100);
	for (i = 0; i < nr; i++) {
		struct sfs_key keys[] = {
			SFS_KEY(256, SFS_ITEM_DIRENT, i, 0),
			SFS_KEY(256, SFS_ITEM_DIRENT_HASH, rnd64(), i),
			SFS_KEY(257 + i, SFS_ITEM_INODE, 0, 0),
		};

		assert_int_equal(sfs_btree_insert(&r.m.tr, &r.tree, &keys[0],
						  r.val, 17), 0);
		assert_int_equal(sfs_btree_insert(&r.m.tr, &r.tree, &keys[1],
						  NULL, 0), 0);
		assert_int_equal(sfs_btree_insert(&r.m.tr, &r.tree, &keys[2],
						  r.val, 92), 0);
		key = SFS_KEY(256, SFS_ITEM_INODE, 0, 0);
		assert_int_equal(sfs_btree_set(&r.m.tr, &r.tree, &key, r.val,
					       100), 0);
		nr_ops += 4;
	}
	assert_int_equal(sfs_btree_visit_blocks(&r.m.vol, &r.tree, visit_block,
						&v), 0);
	run_exit(&r);
	return v.fill;
}

static unsigned int percent(const char *what, unsigned int block_bytes,
			    struct fill f)
{
	u64 space = sfs_btree_space(block_bytes);
	u64 leaf = f.leaf_used * 100 / (f.leaves * space);
	u64 all = f.used * 100 / (f.blocks * space);

	printf("# %2u KiB blocks, %s: leaves %llu%% full, all %llu%%, "
	       "%llu blocks\n", block_bytes >> 10, what,
	       (unsigned long long)leaf, (unsigned long long)all,
	       (unsigned long long)f.blocks);
	return leaf;
}

static void test_fill(void **state)
{
	static const unsigned int sizes[] = { 4096, 16384, 65536 };
	unsigned int i, b, low;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		b = sizes[i];
		/* few large blocks split at about the same time */
		low = b == 4096 ? 62 : 50;
		assert_true(percent("ascending", b,
				    load(SEQUENTIAL, b, 60000, false)) >= 95);
		assert_true(percent("ascending random keys", b,
				    load(RANDOM, b, 60000, false)) >= 92);
		assert_true(percent("random", b,
				    load(RANDOM, b, 60000, true)) >= low);
		assert_true(percent("shuffled inodes", b,
				    load(INODES, b, 60000, true)) >= low);
		assert_true(percent("creates in one directory", b,
				    load_creates(b, 20000)) >= 75);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_4k),
		cmocka_unit_test(test_model_16k),
		cmocka_unit_test(test_model_64k),
		cmocka_unit_test(test_model_small),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_delete_all),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_read_ahead),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_fill),
	};
	const char *env = getenv("SEED");
	int ret;

	seed = env ? strtoull(env, NULL, 0) : 1;
	seed = seed ? seed : 1;
	printf("# btree_test SEED=%llu\n", (unsigned long long)seed);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	printf("# btree_test: %llu operations\n", (unsigned long long)nr_ops);
	return ret;
}
