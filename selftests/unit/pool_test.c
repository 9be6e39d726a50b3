// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools against a map of single blocks.
 */
#include "format/pool.h"

#include <setjmp.h>

#include <cmocka.h>

#define SPACE	4096

static u64 seed;

static u64 rnd(u64 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed * 0x2545f4914f6cdd1dULL >> 11) % below;
}

/* Is the whole range of the map that value? */
static bool map_is(const u8 *map, u64 start, u64 len, u8 val)
{
	for (; len; len--)
		if (map[start + len - 1] != val)
			return false;
	return true;
}

static void check_pool(const struct sfs_pool *pool, const u8 *map)
{
	u64 total = 0;
	unsigned int i;
	u64 at = 0;

	for (i = 0; i < pool->nr; i++) {
		const struct sfs_extent *ext = &pool->ext[i];

		assert_true(ext->len > 0);
		assert_true(i == 0 || ext->start > at);	/* never touch */
		assert_true(map_is(map, at, ext->start - at, 0));
		assert_true(map_is(map, ext->start, ext->len, 1));
		at = ext->start + ext->len;
		total += ext->len;
	}
	assert_true(map_is(map, at, SPACE - at, 0));
	assert_true(total == pool->total);
	assert_true(pool->nr <= pool->size);
}

static u64 largest_run(const u8 *map)
{
	u64 best = 0, run = 0, i;

	for (i = 0; i < SPACE; i++) {
		run = map[i] ? run + 1 : 0;
		best = max(best, run);
	}
	return best;
}

/* First run of that length at or after a position, SPACE when there is none. */
static u64 first_run(const u8 *map, u64 from, u64 want)
{
	u64 run = 0;

	for (; from < SPACE; from++) {
		run = map[from] ? run + 1 : 0;
		if (run == want)
			return from + 1 - want;
	}
	return SPACE;
}

static void op_take(struct sfs_pool *pool, u8 *map)
{
	u64 cursor = pool->cursor, want = 1 + rnd(40), start, got, pos;

	got = sfs_pool_take(pool, want, &start);
	pos = first_run(map, min_t(u64, cursor, SPACE), 1);
	if (pos == SPACE)
		pos = first_run(map, 0, 1);
	assert_true((pos == SPACE) == (got == 0));
	if (!got)
		return;
	assert_true(start == pos && got <= want);
	assert_true(map_is(map, start, got, 1));
	assert_true(got == want || start + got == SPACE || !map[start + got]);
	assert_true(pool->cursor == start + got);
	memset(map + start, 0, got);
}

static void op_take_near(struct sfs_pool *pool, u8 *map)
{
	u64 hint = rnd(SPACE), want = 1 + rnd(60), start, got, pos;

	pos = first_run(map, hint, want);
	got = sfs_pool_take_near(pool, hint, want, &start);
	if (pos < SPACE)
		assert_true(got == want && start == pos);
	else
		assert_true(got == min(want, largest_run(map)));
	if (!got)
		return;
	assert_true(map_is(map, start, got, 1));
	memset(map + start, 0, got);
}

static void op_add(struct sfs_pool *pool, u8 *map)
{
	u64 start = rnd(SPACE), len = min_t(u64, 1 + rnd(30), SPACE - start);
	bool is_free = map_is(map, start, len, 0);
	int ret;

	assert_true(sfs_pool_overlaps(pool, start, len) == !is_free);
	ret = sfs_pool_add(pool, start, len);
	assert_int_equal(ret, is_free ? 0 : -EUCLEAN);
	if (!ret)
		memset(map + start, 1, len);
}

static void op_remove(struct sfs_pool *pool, u8 *map)
{
	u64 start = rnd(SPACE), len = min_t(u64, 1 + rnd(20), SPACE - start);
	int ret = sfs_pool_remove(pool, start, len);

	assert_int_equal(ret, map_is(map, start, len, 1) ? 0 : -ENOENT);
	if (!ret)
		memset(map + start, 0, len);
}

static void op_merge(struct sfs_pool *pool, u8 *map)
{
	unsigned int nr = rnd(30);
	u8 other_map[SPACE] = { 0 };
	struct sfs_pool other;
	bool overlaps = false;
	u64 i;

	sfs_pool_init(&other);
	while (nr--) {
		u64 start = rnd(SPACE);
		u64 len = min_t(u64, 1 + rnd(30), SPACE - start);

		/* mostly what does not overlap */
		if (rnd(50) && !map_is(map, start, len, 0))
			continue;
		if (sfs_pool_overlaps(&other, start, len))
			continue;
		assert_int_equal(sfs_pool_add(&other, start, len), 0);
		memset(other_map + start, 1, len);
		overlaps |= !map_is(map, start, len, 0);
	}
	check_pool(&other, other_map);
	assert_int_equal(sfs_pool_merge(pool, &other),
			 overlaps ? -EUCLEAN : 0);
	for (i = 0; !overlaps && i < SPACE; i++)
		map[i] |= other_map[i];
	sfs_pool_exit(&other);
}

static void op_copy(struct sfs_pool *pool, u8 *map)
{
	struct sfs_pool copy;

	sfs_pool_init(&copy);
	if (rnd(2))
		assert_int_equal(sfs_pool_add(&copy, 5, 7), 0);
	sfs_pool_copy(&copy, pool);
	check_pool(&copy, map);
	assert_true(copy.cursor == pool->cursor);
	sfs_pool_exit(pool);
	*pool = copy;
}

static void test_model(void **state)
{
	static void (*const ops[])(struct sfs_pool *pool, u8 *map) = {
		op_add, op_add, op_add, op_add, op_take, op_take_near,
		op_remove, op_merge, op_copy,
	};
	u8 map[SPACE] = { 0 };
	struct sfs_pool pool;
	int i;

	sfs_pool_init(&pool);
	for (i = 0; i < 40000; i++) {
		ops[rnd(ARRAY_SIZE(ops))](&pool, map);
		check_pool(&pool, map);
		/* emptied now and then, so that all densities occur */
		while (rnd(2000) == 0 && pool.nr)
			op_take(&pool, map);
	}
	sfs_pool_exit(&pool);
}

/* Freed space cannot be given up, so nothing here may ask in vain. */
static void test_no_memory(void **state)
{
	struct sfs_pool pool, other;
	u64 start;
	u64 i;

	sfs_pool_init(&pool);
	sfs_pool_init(&other);
	port_alloc_fail = 1;
	for (i = 0; i < 1000; i++)
		assert_int_equal(sfs_pool_add(&pool, 10 * i, 5), 0);
	sfs_pool_copy(&other, &pool);
	sfs_pool_grow(&other, 5000);
	assert_int_equal(sfs_pool_add(&other, 7, 1), 0);
	assert_int_equal(sfs_pool_remove(&pool, 11, 1), 0);
	pool.cursor = 22;
	assert_true(sfs_pool_take(&pool, 2, &start) == 2 && start == 22);
	assert_true(sfs_pool_take_near(&pool, 31, 2, &start) == 2 &&
		    start == 31);
	for (i = 0; i < 1000; i++)
		assert_int_equal(sfs_pool_add(&other, 10 * i + 5, 1), 0);
	sfs_pool_exit(&pool);
	sfs_pool_init(&pool);
	assert_int_equal(sfs_pool_merge(&pool, &other), 0);
	assert_true(port_alloc_fail == 1);
	port_alloc_fail = 0;
	sfs_pool_exit(&pool);
	sfs_pool_exit(&other);
}

static void test_limits(void **state)
{
	struct sfs_pool pool;
	u64 start;

	sfs_pool_init(&pool);
	assert_int_equal(sfs_pool_add(&pool, U64_MAX - 9, 9), 0);
	assert_int_equal(sfs_pool_add(&pool, U64_MAX - 9, 9), -EUCLEAN);
	assert_int_equal(sfs_pool_add(&pool, U64_MAX - 9, 11), -EUCLEAN);
	assert_int_equal(sfs_pool_add(&pool, 5, U64_MAX - 3), -EUCLEAN);
	assert_int_equal(sfs_pool_add(&pool, 5, 0), 0);
	assert_false(sfs_pool_overlaps(&pool, U64_MAX - 9, 0));
	assert_true(sfs_pool_overlaps(&pool, 0, U64_MAX));
	assert_int_equal(sfs_pool_remove(&pool, U64_MAX - 9, 10), -ENOENT);
	assert_int_equal(sfs_pool_remove(&pool, U64_MAX - 5, U64_MAX), -ENOENT);
	pool.cursor = U64_MAX;
	assert_true(sfs_pool_take(&pool, U64_MAX, &start) == 9);
	assert_true(start == U64_MAX - 9 && !pool.nr && !pool.total);
	assert_int_equal(sfs_pool_add(&pool, 5, U64_MAX - 4), -EUCLEAN);
	assert_true(sfs_pool_take(&pool, 1, &start) == 0);
	assert_true(sfs_pool_take_near(&pool, 0, 1, &start) == 0);
	sfs_pool_exit(&pool);
}

/* Room for as much as before, asked for again and again, is not copied each time. */
static void test_growth(void **state)
{
	struct sfs_pool pool;
	unsigned int grown = 0;
	unsigned int size;
	u64 i;

	sfs_pool_init(&pool);
	for (i = 0; i < 20000; i++) {
		size = pool.size;
		sfs_pool_grow(&pool, 1500);
		assert_int_equal(sfs_pool_add(&pool, 10 * i, 5), 0);
		grown += pool.size != size;
	}
	assert_true(grown < 30);
	sfs_pool_exit(&pool);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_limits),
	};
	const char *env = getenv("SEED");

	seed = env ? strtoull(env, NULL, 0) : 1;
	seed = seed ? seed : 1;
	printf("# pool_test SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
