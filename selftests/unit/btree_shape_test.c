// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shape of btrees: how full blocks are, what deletion leaves, long
 * prefixes, what is read and what is not.
 */
#include "btree_model.h"

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
	mock_commit(&r.m, &r.tree);
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
	mock_commit(&r.m, &r.tree);
	run_exit(&r);
}

static void insert_there(struct run *r, const struct sfs_key *key)
{
	unsigned int i = model_find(&r->model, key);

	assert_int_equal(sfs_btree_insert(&r->m.tr, &r->tree, key, NULL, 0), 0);
	model_set(&r->model, i, true);
	nr_ops++;
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
	for (i = 0; i < nr; i++)
		insert_there(&r, &r.model.keys[i]);
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

/* The last leaf has a neighbour only to the left. */
static void test_shrink_last(void **state)
{
	struct run r;
	unsigned int i;

	run_init(&r, 4096, SEQUENTIAL, 700);
	for (i = 0; i < 700; i++)
		insert_there(&r, &r.model.keys[i]);
	assert_int_equal(r.m.nr_live, 3);
	for (i = 150; i < 690; i++)
		delete_there(&r, i);
	check_tree(&r);
	assert_int_equal(r.m.nr_live, 1);
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

static int count_block(void *arg, const struct sfs_ref *ref, u8 level,
		       struct sfs_block *blk, int err)
{
	struct fill *f = arg;

	f->leaves += !level;
	return err;
}

/* All leaves of a tree of two levels, and none of any other tree. */
static void test_read_leaves(void **state)
{
	struct fill f;
	struct run r;
	unsigned int i;

	run_init(&r, 4096, SEQUENTIAL, 20000);
	memset(r.val, 1, 50);
	for (i = 0; i < r.model.nr; i++) {
		memset(&f, 0, sizeof(f));
		r.m.nr_ahead = 0;
		if (i % 500 == 0)
			sfs_btree_readahead(&r.m.vol, &r.tree);
		if (i % 500 == 0 && r.tree.height == 2) {
			sfs_btree_visit_blocks(&r.m.vol, &r.tree, count_block,
					       &f);
			assert_true(r.m.nr_ahead == f.leaves);
		} else {
			assert_true(r.m.nr_ahead == 0);
		}
		assert_int_equal(sfs_btree_insert(&r.m.tr, &r.tree,
						  &r.model.keys[i], r.val, 50),
				 0);
	}
	assert_true(r.tree.height == 3);
	run_exit(&r);
}

/* ---- prefixes -------------------------------------------------------------------- */

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
		if (i >= nr_left)
			delete_there(&r, i);
		if (i >= nr_right)
			delete_there(&r, 799 - i);
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

	printf("# %2u KiB, %s: leaves %llu%% full, all %llu%%, %llu blocks\n",
	       block_bytes >> 10, what, (unsigned long long)leaf,
	       (unsigned long long)all, (unsigned long long)f.blocks);
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
		cmocka_unit_test(test_delete_all),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_shrink_last),
		cmocka_unit_test(test_read_ahead),
		cmocka_unit_test(test_read_leaves),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_fill),
	};
	int ret;

	set_seed("btree_shape_test");
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	printf("# btree_shape_test: %llu operations\n", (unsigned long long)nr_ops);
	return ret;
}
