// SPDX-License-Identifier: GPL-2.0-only
/*
 * The btree against a model: random operations, several transactions, reads
 * and allocations that fail.
 */
#include "btree_model.h"

/* ---- single operations -------------------------------------------------------- */

static unsigned int model_prev(const struct model *md, unsigned int i)
{
	for (;; i--) {
		if (md->is_there[i])
			return i;
		if (!i)
			return md->nr;
	}
}

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
		r->m.fail_at = 0;
		port_alloc_fail = 0;
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
	mock_commit(&r->m, &r->tree);
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
		r.m.fail_at = 0;
		port_alloc_fail = 0;
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
			r.m.fail_at = 0;
			port_alloc_fail = 0;
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
		r->m.fail_at = 0;
		port_alloc_fail = 0;
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

/* The same for every insertion while a tree grows to three levels. */
static void test_failures_growing(void **state)
{
	struct run r;
	unsigned int i, k, n;
	u64 failed;
	int ret;

	run_init(&r, 4096, RANDOM, 400);
	for (i = 0; i < r.model.nr; i++) {
		k = i * 7 % r.model.nr;
		if (r.model.is_there[k])
			continue;
		fill_val(r.val, k, 1, 900);
		for (n = 1; ; n++) {
			failed = r.m.nr_failed;
			r.m.fail_at = n;
			ret = sfs_btree_insert(&r.m.tr, &r.tree,
					       &r.model.keys[k], r.val, 900);
			r.m.fail_at = 0;
			if (r.m.nr_failed == failed)
				break;
			assert_true(ret == -EIO || ret == -ENOSPC);
			check_tree(&r);
			nr_ops++;
		}
		assert_int_equal(ret, 0);
		model_set(&r.model, k, true);
		r.model.ver[k] = 1;
		r.model.len[k] = 900;
		if (i % 3 == 0)
			mock_commit(&r.m, &r.tree);
	}
	assert_true(r.tree.height >= 3);
	check_tree(&r);
	run_exit(&r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_4k),
		cmocka_unit_test(test_model_16k),
		cmocka_unit_test(test_model_64k),
		cmocka_unit_test(test_model_small),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_failures_growing),
	};
	int ret;

	set_seed("btree_test");
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	printf("# btree_test: %llu operations\n", (unsigned long long)nr_ops);
	return ret;
}
