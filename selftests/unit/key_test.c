// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys: the encoding gives the numbers back and keeps their order.
 */
#include "format/key.h"

#include <setjmp.h>

#include <cmocka.h>

static u64 seed;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dULL;
}

/* Numbers with few, many, leading and trailing zero bytes. */
static u64 rnd_num(void)
{
	unsigned int shift = 8 * (rnd() % 8);

	switch (rnd() % 6) {
	case 0: return 0;
	case 1: return rnd() >> shift;
	case 2: return rnd() << shift;
	case 3: return (rnd() & 0xff) << shift;
	case 4: return U64_MAX;
	default: return rnd() % 4;
	}
}

static struct sfs_key rnd_key(void)
{
	return SFS_KEY(rnd_num(), (u8)(rnd() % 3 ? rnd() % 8 : rnd()),
		       rnd_num(), rnd_num());
}

static int cmp_bytes(const u8 *x, unsigned int x_len, const u8 *y,
		     unsigned int y_len)
{
	int c = memcmp(x, y, min(x_len, y_len));

	return c ? c : (int)x_len - (int)y_len;
}

static int sign(int c)
{
	return (c > 0) - (c < 0);
}

static void test_round_trip(void **state)
{
	u8 bytes[SFS_KEY_BYTES + 1];
	struct sfs_key key, back;
	unsigned int len;
	int i;

	for (i = 0; i < 300000; i++) {
		key = rnd_key();
		memset(bytes, 0xa5, sizeof(bytes));
		len = sfs_key_encode(&key, bytes);
		assert_true(len <= SFS_KEY_BYTES);
		assert_true(len == 0 || bytes[len - 1]);
		assert_int_equal(bytes[SFS_KEY_BYTES], 0xa5);
		memset(bytes + len, 0x5a, sizeof(bytes) - len);
		sfs_key_decode(&back, bytes, len);
		assert_int_equal(sfs_key_cmp(&key, &back), 0);
	}
}

static void test_order(void **state)
{
	u8 x_bytes[SFS_KEY_BYTES], y_bytes[SFS_KEY_BYTES];
	unsigned int x_len, y_len;
	struct sfs_key x, y;
	int i;

	for (i = 0; i < 300000; i++) {
		x = rnd_key();
		y = rnd_key();
		if (rnd() % 2)
			y.ino = x.ino;
		if (rnd() % 2)
			y.type = x.type;
		if (rnd() % 2)
			y.a = x.a;
		x_len = sfs_key_encode(&x, x_bytes);
		y_len = sfs_key_encode(&y, y_bytes);
		assert_int_equal(sign(cmp_bytes(x_bytes, x_len, y_bytes,
						y_len)), sfs_key_cmp(&x, &y));
	}
}

static void test_inc(void **state)
{
	struct sfs_key key, was;
	int i;

	for (i = 0; i < 300000; i++) {
		was = rnd_key();
		key = was;
		if (sfs_key_is_max(&key))
			continue;
		sfs_key_inc(&key);
		assert_int_equal(sfs_key_cmp(&was, &key), -1);
	}
	key = SFS_KEY_MAX;
	assert_true(sfs_key_is_max(&key));
	sfs_key_inc(&key);
	was = SFS_KEY_MIN;
	assert_int_equal(sfs_key_cmp(&was, &key), 0);
	key = SFS_KEY(7, U8_MAX, U64_MAX, U64_MAX);
	sfs_key_inc(&key);
	assert_true(key.ino == 8 && !key.type && !key.a && !key.b);
}

static void test_known(void **state)
{
	static const u8 want[] = {
		0, 0, 0, 0, 0, 0, 1, 2, 5, 0, 0, 0, 0, 0, 0, 0, 3,
	};
	u8 bytes[SFS_KEY_BYTES];
	struct sfs_key key = SFS_KEY(0x102, 5, 3, 0);

	assert_int_equal(sfs_key_encode(&key, bytes), sizeof(want));
	assert_memory_equal(bytes, want, sizeof(want));
	key = SFS_KEY_MIN;
	assert_int_equal(sfs_key_encode(&key, bytes), 0);
	key = SFS_KEY_MAX;
	assert_int_equal(sfs_key_encode(&key, bytes), SFS_KEY_BYTES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_inc),
	};
	const char *env = getenv("SEED");

	seed = env ? strtoull(env, NULL, 0) : 1;
	seed = seed ? seed : 1;
	printf("# key_test SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
