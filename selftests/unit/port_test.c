// SPDX-License-Identifier: GPL-2.0-only
/*
 * The userspace port layer against naive models and known values.
 */
#include "format/port.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dev_file.h"

static void quiet_log(int level, const char *msg)
{
	(void)level;
	(void)msg;
}

/* does @func end the program?  Checked in a child. */
static bool dies(void (*func)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(2);
		func();
		_exit(0);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* ---- lists ---- */

struct item {
	int nr;
	struct list_head entry;
	struct hlist_node hash;
};

static int list_digits(struct list_head *head)
{
	struct item *it;
	int v = 0;

	list_for_each_entry(it, head, entry)
		v = v * 10 + it->nr;
	return v;
}

static void test_list(void **state)
{
	struct item it[6], *pos, *n;
	LIST_HEAD(a);
	LIST_HEAD(b);
	int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		it[i].nr = i + 1;
		list_add_tail(&it[i].entry, &a);
	}
	assert_int_equal(list_digits(&a), 123456);
	assert_int_equal(list_count_nodes(&a), 6);
	list_move(&it[2].entry, &a);
	assert_int_equal(list_digits(&a), 312456);
	list_move_tail(&it[2].entry, &a);
	assert_int_equal(list_digits(&a), 124563);
	assert_true(list_is_last(&it[2].entry, &a));
	assert_true(list_is_first(&it[0].entry, &a));
	list_cut_position(&b, &a, &it[3].entry);
	assert_int_equal(list_digits(&b), 124);
	assert_int_equal(list_digits(&a), 563);
	list_splice_init(&a, &b);
	assert_int_equal(list_digits(&b), 563124);
	assert_true(list_empty(&a));
	list_bulk_move_tail(&a, &it[5].entry, &it[0].entry);
	assert_int_equal(list_digits(&a), 631);
	assert_int_equal(list_digits(&b), 524);
	list_swap(&it[5].entry, &it[2].entry);
	assert_int_equal(list_digits(&a), 361);
	list_splice_tail_init(&b, &a);
	assert_int_equal(list_digits(&a), 361524);
	list_rotate_left(&a);
	assert_int_equal(list_digits(&a), 615243);
	i = 0;
	list_for_each_entry_reverse(pos, &a, entry)
		i = i * 10 + pos->nr;
	assert_int_equal(i, 342516);
	list_for_each_entry_safe(pos, n, &a, entry)
		if (pos->nr % 2)
			list_del_init(&pos->entry);
	assert_int_equal(list_digits(&a), 624);
	pos = list_first_entry_or_null(&b, struct item, entry);
	assert_null(pos);
	assert_int_equal(list_last_entry(&a, struct item, entry)->nr, 4);
	list_del(&it[1].entry);
	list_del(&it[3].entry);
	assert_true(list_is_singular(&a));
}

static void test_hlist(void **state)
{
	struct item it[4], *pos;
	struct hlist_node *n;
	HLIST_HEAD(h);
	int i, v = 0;

	(void)state;
	for (i = 0; i < 4; i++) {
		it[i].nr = i + 1;
		INIT_HLIST_NODE(&it[i].hash);
		hlist_add_head(&it[i].hash, &h);
	}
	hlist_for_each_entry_safe(pos, n, &h, hash)
		if (pos->nr == 3)
			hlist_del_init(&pos->hash);
	assert_true(hlist_unhashed(&it[2].hash));
	hlist_add_behind(&it[2].hash, &it[0].hash);
	hlist_for_each_entry(pos, &h, hash)
		v = v * 10 + pos->nr;
	assert_int_equal(v, 4213);
}

static void list_del_twice(void)
{
	LIST_HEAD(a);
	struct list_head n;

	list_add(&n, &a);
	list_del(&n);
	list_del(&n);
}

static void test_list_corruption(void **state)
{
	(void)state;
	assert_true(dies(list_del_twice));
}

/* ---- rbtree against a bitmap of present keys ---- */

enum { RB_KEYS = 512, RB_STEPS = 20000 };

struct rb_item {
	struct rb_node node;
	unsigned int key;
};

static int rb_black_height(const struct rb_node *n)
{
	int left, right;

	if (!n)
		return 0;
	if (n->is_red) {
		assert_false(n->rb_left && n->rb_left->is_red);
		assert_false(n->rb_right && n->rb_right->is_red);
	}
	if (n->rb_left)
		assert_ptr_equal(n->rb_left->parent, n);
	if (n->rb_right)
		assert_ptr_equal(n->rb_right->parent, n);
	left = rb_black_height(n->rb_left);
	right = rb_black_height(n->rb_right);
	assert_int_equal(left, right);
	return left + !n->is_red;
}

static bool rb_item_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct rb_item, node)->key <
	       rb_entry(b, struct rb_item, node)->key;
}

static void rb_compare(struct rb_root *root, const unsigned long *present)
{
	unsigned long key = find_first_bit(present, RB_KEYS);
	struct rb_node *n;

	assert_false(root->rb_node && root->rb_node->is_red);
	rb_black_height(root->rb_node);
	for (n = rb_first(root); n; n = rb_next(n)) {
		assert_int_equal(rb_entry(n, struct rb_item, node)->key, key);
		key = find_next_bit(present, RB_KEYS, key + 1);
	}
	assert_int_equal(key, RB_KEYS);
	key = find_last_bit(present, RB_KEYS);
	for (n = rb_last(root); n; n = rb_prev(n)) {
		assert_int_equal(rb_entry(n, struct rb_item, node)->key, key);
		key = find_last_bit(present, key);
	}
}

static void test_rbtree(void **state)
{
	static struct rb_item items[RB_KEYS], other;
	DECLARE_BITMAP(present, RB_KEYS);
	struct rb_root root = RB_ROOT;
	struct rb_item *pos, *n;
	unsigned int i, key, nr = 0;

	(void)state;
	port_seed(1);
	bitmap_zero(present, RB_KEYS);
	for (i = 0; i < RB_KEYS; i++)
		items[i].key = i;
	for (i = 0; i < RB_STEPS; i++) {
		key = get_random_u32_below(RB_KEYS);
		if (test_bit(key, present)) {
			rb_erase(&items[key].node, &root);
			__clear_bit(key, present);
		} else {
			rb_add(&items[key].node, &root, rb_item_less);
			__set_bit(key, present);
		}
		if (i % 16 == 0)
			rb_compare(&root, present);
	}
	key = find_first_bit(present, RB_KEYS);
	other.key = key;
	rb_replace_node(&items[key].node, &other.node, &root);
	rb_compare(&root, present);
	/* each may be freed when it is visited */
	rbtree_postorder_for_each_entry_safe(pos, n, &root, node) {
		memset(&pos->node, 0x5a, sizeof(pos->node));
		nr++;
	}
	assert_int_equal(nr, bitmap_weight(present, RB_KEYS));
}

/* ---- xarray against a plain array ---- */

enum { XA_KEYS = 300, XA_STEPS = 30000 };

struct xa_model {
	unsigned long index[XA_KEYS];	/* ascending */
	void *entry[XA_KEYS];
	bool mark[XA_KEYS][2];
};

static int cmp_ulong(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static void xa_compare(struct xarray *xa, const struct xa_model *m)
{
	unsigned long index;
	bool is_empty = true;
	void *entry;
	int i = 0, k;

	xa_for_each(xa, index, entry) {
		while (i < XA_KEYS && !m->entry[i])
			i++;
		assert_true(i < XA_KEYS);
		assert_true(index == m->index[i]);
		assert_ptr_equal(entry, m->entry[i]);
		is_empty = false;
		i++;
	}
	while (i < XA_KEYS && !m->entry[i])
		i++;
	assert_int_equal(i, XA_KEYS);
	assert_int_equal(xa_empty(xa), is_empty);

	for (k = 0; k < 2; k++) {
		xa_mark_t mark = k ? XA_MARK_1 : XA_MARK_0;

		i = 0;
		is_empty = true;
		xa_for_each_marked(xa, index, entry, mark) {
			while (!m->mark[i][k])
				i++;
			assert_true(index == m->index[i]);
			is_empty = false;
			i++;
		}
		while (i < XA_KEYS && !m->mark[i][k])
			i++;
		assert_int_equal(i, XA_KEYS);
		assert_int_equal(!xa_marked(xa, mark), is_empty);
	}
}

static void xa_step(struct xarray *xa, struct xa_model *m)
{
	int i = get_random_u32_below(XA_KEYS);
	unsigned long index = m->index[i];
	void *val = xa_mk_value(get_random_u32());
	int k = get_random_u32() & 1;
	xa_mark_t mark = k ? XA_MARK_1 : XA_MARK_0;

	switch (get_random_u32_below(8)) {
	case 0:
	case 1:
		assert_ptr_equal(xa_store(xa, index, val, GFP_KERNEL),
				 m->entry[i]);
		m->entry[i] = val;
		break;
	case 2:
		assert_int_equal(xa_insert(xa, index, val, GFP_NOFS),
				 m->entry[i] ? -EBUSY : 0);
		if (!m->entry[i])
			m->entry[i] = val;
		break;
	case 3:
	case 4:
		assert_ptr_equal(xa_erase(xa, index), m->entry[i]);
		m->entry[i] = NULL;
		m->mark[i][0] = m->mark[i][1] = false;
		break;
	case 5:
		assert_ptr_equal(xa_cmpxchg(xa, index, NULL, val, GFP_KERNEL),
				 m->entry[i]);
		if (!m->entry[i])
			m->entry[i] = val;
		break;
	case 6:
		xa_set_mark(xa, index, mark);
		m->mark[i][k] = m->entry[i] != NULL;
		break;
	case 7:
		xa_clear_mark(xa, index, mark);
		m->mark[i][k] = false;
		break;
	}
	assert_ptr_equal(xa_load(xa, index), m->entry[i]);
	assert_int_equal(xa_get_mark(xa, index, mark), m->mark[i][k]);
}

static void xa_check_find(struct xarray *xa, const struct xa_model *m)
{
	unsigned long from = m->index[get_random_u32_below(XA_KEYS)];
	unsigned long max = m->index[get_random_u32_below(XA_KEYS)];
	unsigned long at = from;
	void *entry = xa_find(xa, &at, max, XA_PRESENT);
	int i = 0;

	while (i < XA_KEYS && (m->index[i] < from || !m->entry[i]))
		i++;
	if (i == XA_KEYS || m->index[i] > max) {
		assert_null(entry);
		assert_true(at == from);
	} else {
		assert_ptr_equal(entry, m->entry[i]);
		assert_true(at == m->index[i]);
	}
}

static void test_xarray(void **state)
{
	struct xa_model *m = calloc(1, sizeof(*m));
	struct xarray xa;
	int i;

	(void)state;
	port_seed(2);
	xa_init(&xa);
	/* dense, sparse and both ends */
	for (i = 0; i < XA_KEYS; i++)
		m->index[i] = i < 150 ? (unsigned long)i :
			get_random_u64() >> get_random_u32_below(50) |
			(1UL << 13);
	sort(m->index + 150, XA_KEYS - 150, sizeof(m->index[0]), cmp_ulong,
	     NULL);
	m->index[XA_KEYS - 1] = ULONG_MAX;
	for (i = 151; i < XA_KEYS; i++)
		if (m->index[i] <= m->index[i - 1])
			m->index[i] = m->index[i - 1] + 1;

	for (i = 0; i < XA_STEPS; i++) {
		xa_step(&xa, m);
		xa_check_find(&xa, m);
		if (i % 32 == 0)
			xa_compare(&xa, m);
	}
	for (i = 0; i < XA_KEYS; i++) {
		xa_erase(&xa, m->index[i]);
		m->entry[i] = NULL;
		m->mark[i][0] = m->mark[i][1] = false;
	}
	xa_compare(&xa, m);
	xa_store(&xa, 1UL << 40, xa_mk_value(1), GFP_KERNEL);
	xa_destroy(&xa);
	assert_true(xa_empty(&xa));
	free(m);
}

static void test_xarray_alloc(void **state)
{
	DEFINE_XARRAY_ALLOC1(xa);
	u32 next = 3;
	u32 id;

	(void)state;
	assert_int_equal(xa_alloc(&xa, &id, &xa, xa_limit_32b, GFP_KERNEL), 0);
	assert_int_equal(id, 1);
	assert_int_equal(xa_alloc_cyclic(&xa, &id, &xa, XA_LIMIT(1, 3), &next,
					 GFP_KERNEL), 0);
	assert_int_equal(id, 3);
	assert_int_equal(xa_alloc_cyclic(&xa, &id, &xa, XA_LIMIT(1, 3), &next,
					 GFP_KERNEL), 1);
	assert_int_equal(id, 2);
	assert_int_equal(xa_alloc(&xa, &id, &xa, XA_LIMIT(1, 3), GFP_KERNEL),
			 -EBUSY);
	xa_destroy(&xa);
}

static void test_xarray_enomem(void **state)
{
	unsigned long index = 1UL << 50;
	struct xarray xa;
	int i;

	(void)state;
	xa_init(&xa);
	for (i = 1; i < 100; i++) {
		port_alloc_fail = i;
		if (xa_err(xa_store(&xa, index, &xa, GFP_KERNEL)) != -ENOMEM)
			break;
		assert_true(xa_empty(&xa));
	}
	port_alloc_fail = 0;
	assert_int_equal(i, 10);	/* 9 levels hold 54 bits */
	assert_ptr_equal(xa_load(&xa, index), &xa);
	assert_ptr_equal(xa_erase(&xa, index), &xa);
	assert_true(xa_empty(&xa));
}

/* ---- checksums, sorting, numbers ---- */

static void test_crc32c(void **state)
{
	u8 buf[4096];
	u32 i, off, len;

	(void)state;
	/* RFC 3720 B.4 inverts before and after */
	memset(buf, 0, 32);
	assert_int_equal(~crc32c(~0U, buf, 32), 0x8a9136aa);
	memset(buf, 0xff, 32);
	assert_int_equal(~crc32c(~0U, buf, 32), 0x62a8ab43);
	for (i = 0; i < 32; i++)
		buf[i] = i;
	assert_int_equal(~crc32c(~0U, buf, 32), 0x46dd794e);
	assert_int_equal(~crc32c(~0U, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, buf, 1), 0);

	port_seed(3);
	get_random_bytes(buf, sizeof(buf));
	for (i = 0; i < 500; i++) {
		off = get_random_u32_below(64);
		len = get_random_u32_below(sizeof(buf) - off);
		assert_int_equal(crc32c(i, buf + off, len),
				 port_crc32c_table(i, buf + off, len));
		/* in two parts */
		assert_int_equal(crc32c(crc32c(i, buf + off, len / 3),
					buf + off + len / 3, len - len / 3),
				 crc32c(i, buf + off, len));
	}
}

static void test_sort(void **state)
{
	unsigned long v[257], sum = 0, sum2 = 0;
	unsigned int n, i;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(v); n++) {
		for (i = 0; i < n; i++)
			sum += v[i] = get_random_u32_below(n);
		sort(v, n, sizeof(v[0]), cmp_ulong, NULL);
		for (i = 0; i < n; i++) {
			sum2 += v[i];
			assert_true(i == 0 || v[i - 1] <= v[i]);
		}
		assert_true(sum == sum2);
	}
}

static void test_math(void **state)
{
	u64 n = 1000000000007ULL, rem;
	__le32 le = cpu_to_le32(5);
	u8 b[8];

	(void)state;
	assert_int_equal(do_div(n, 10), 7);
	assert_true(n == 100000000000ULL);
	assert_true(div64_u64_rem(17, 5, &rem) == 3 && rem == 2);
	assert_int_equal(ilog2(1), 0);
	assert_int_equal(ilog2(4097), 12);
	assert_int_equal(fls(0), 0);
	assert_int_equal(fls64(1ULL << 63), 64);
	assert_true(roundup_pow_of_two(n - n + 65) == 128);
	assert_true(round_up((u64)4097, 4096) == 8192);
	assert_int_equal(DIV_ROUND_UP(7, 3), 3);
	assert_int_equal(clamp(9, 1, 5), 5);
	assert_int_equal(order_base_2(5), 3);
	assert_true(size_mul(SIZE_MAX, 2) == SIZE_MAX);
	le32_add_cpu(&le, 3);
	assert_int_equal(le32_to_cpu(le), 8);
	put_unaligned_be64(0x0102030405060708ULL, b);
	assert_int_equal(b[0], 1);
	assert_true(get_unaligned_le64(b) == 0x0807060504030201ULL);
	/* the kernel's values */
	assert_int_equal(hash_32(1, 8), 0x61);
	assert_int_equal(hash_64(1, 16), 0x61c8);
}

static void test_text(void **state)
{
	static const u8 uuid[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
				     13, 14, 255 };
	char buf[64];
	char *p;

	(void)state;
	assert_int_equal(scnprintf(buf, 4, "%s", "abcdef"), 3);
	assert_string_equal(buf, "abc");
	scnprintf(buf, sizeof(buf), "%pU", (const void *)uuid);
	assert_string_equal(buf, "00010203-0405-0607-0809-0a0b0c0d0eff");
	scnprintf(buf, sizeof(buf), "%pe %5u|%-4s|%.2s|%llx", ERR_PTR(-EIO), 7,
		  "ab", "xyz", ~0ULL);
	assert_string_equal(buf, "-EIO     7|ab  |xy|ffffffffffffffff");
	scnprintf(buf, sizeof(buf), "%*ph %zu%%", 3, (const void *)uuid,
		  (size_t)9);
	assert_string_equal(buf, "00 01 02 9%");
	p = kasprintf(GFP_KERNEL, "%0*d", 5, 42);
	assert_string_equal(p, "00042");
	kfree(p);
	assert_int_equal(strscpy(buf, "12345", 4), -E2BIG);
	assert_string_equal(buf, "123");
	assert_int_equal(strscpy(buf, "12345", 6), 5);
	memset(buf, 0, sizeof(buf));
	assert_null(memchr_inv(buf, 0, sizeof(buf)));
	buf[63] = 1;
	assert_ptr_equal(memchr_inv(buf, 0, sizeof(buf)), buf + 63);
	buf[1] = 1;
	assert_ptr_equal(memchr_inv(buf, 0, sizeof(buf)), buf + 1);
}

static void test_bitmap(void **state)
{
	DECLARE_BITMAP(map, 130);
	unsigned long bit;
	int nr = 0;

	(void)state;
	bitmap_zero(map, 130);
	assert_true(bitmap_empty(map, 130));
	bitmap_set(map, 60, 70);
	assert_int_equal(find_first_bit(map, 130), 60);
	assert_int_equal(find_next_zero_bit(map, 130, 60), 130);
	assert_int_equal(bitmap_weight(map, 130), 70);
	assert_true(test_and_clear_bit(100, map));
	assert_false(test_and_clear_bit(100, map));
	assert_int_equal(find_next_zero_bit(map, 130, 60), 100);
	for_each_set_bit(bit, map, 130)
		nr++;
	assert_int_equal(nr, 69);
	assert_int_equal(find_next_bit(map, 62, 62), 62);
}

/* ---- allocation, counts, warnings ---- */

static void test_alloc_fail(void **state)
{
	void *p;

	(void)state;
	port_alloc_fail = 2;
	p = kmalloc(1, GFP_KERNEL);
	assert_non_null(p);
	kfree(p);
	p = kmalloc(1, GFP_KERNEL | __GFP_NOFAIL);
	assert_non_null(p);
	kfree(p);
	assert_null(kzalloc(1, GFP_KERNEL));
	p = krealloc(NULL, 10, GFP_KERNEL);
	assert_non_null(p);
	kfree(p);
	assert_null(kcalloc(SIZE_MAX / 2, 4, GFP_KERNEL));
}

static void test_warnings(void **state)
{
	unsigned long before = port_warn_count;
	refcount_t ref;
	int i, nr = 0;

	(void)state;
	port_log = quiet_log;
	for (i = 0; i < 3; i++)
		nr += WARN_ON_ONCE(i >= 1);
	assert_int_equal(nr, 2);
	assert_int_equal(port_warn_count, before + 1);
	refcount_set(&ref, 1);
	assert_true(refcount_inc_not_zero(&ref));
	assert_false(refcount_dec_and_test(&ref));
	assert_true(refcount_dec_and_test(&ref));
	assert_false(refcount_inc_not_zero(&ref));
	assert_int_equal(port_warn_count, before + 1);
	refcount_inc(&ref);
	assert_int_equal(port_warn_count, before + 2);
	port_log = port_log_default;
}

/* ---- locks, waiting, works ---- */

static DEFINE_MUTEX(a_mutex);
static DECLARE_RWSEM(a_rwsem);
static DEFINE_SPINLOCK(a_spinlock);
static DECLARE_COMPLETION(a_completion);

static void lock_mutex_twice(void)
{
	mutex_lock(&a_mutex);
	mutex_lock(&a_mutex);
}

static void write_while_reading(void)
{
	down_read(&a_rwsem);
	down_write(&a_rwsem);
}

static void sleep_under_spinlock(void)
{
	spin_lock(&a_spinlock);
	mutex_lock(&a_mutex);
}

static void alloc_under_spinlock(void)
{
	spin_lock(&a_spinlock);
	free(kmalloc(1, GFP_KERNEL));
}

static void assert_unheld(void)
{
	lockdep_assert_held(&a_mutex);
}

static void assert_write_held_for_read(void)
{
	down_read(&a_rwsem);
	lockdep_assert_held(&a_rwsem);
	lockdep_assert_held_write(&a_rwsem);
}

static void wait_for_nothing(void)
{
	wait_for_completion(&a_completion);
}

static void test_lock_misuse(void **state)
{
	(void)state;
	assert_true(dies(lock_mutex_twice));
	assert_true(dies(write_while_reading));
	assert_true(dies(sleep_under_spinlock));
	assert_true(dies(alloc_under_spinlock));
	assert_true(dies(assert_unheld));
	assert_true(dies(assert_write_held_for_read));
	assert_true(dies(wait_for_nothing));
}

static void test_locks(void **state)
{
	unsigned long before = port_warn_count;
	unsigned long flags;

	(void)state;
	mutex_lock(&a_mutex);
	lockdep_assert_held(&a_mutex);
	assert_false(mutex_trylock(&a_mutex));
	mutex_unlock(&a_mutex);
	assert_false(mutex_is_locked(&a_mutex));

	down_write(&a_rwsem);
	lockdep_assert_held_write(&a_rwsem);
	assert_false(down_read_trylock(&a_rwsem));
	downgrade_write(&a_rwsem);
	lockdep_assert_held_read(&a_rwsem);
	assert_true(down_read_trylock(&a_rwsem));
	assert_false(down_write_trylock(&a_rwsem));
	up_read(&a_rwsem);
	up_read(&a_rwsem);
	assert_false(rwsem_is_locked(&a_rwsem));

	spin_lock_irqsave(&a_spinlock, flags);
	assert_true(in_atomic());
	spin_unlock_irqrestore(&a_spinlock, flags);
	assert_false(in_atomic());
	assert_int_equal(port_warn_count, before);
}

struct test_work {
	struct delayed_work dwork;
	struct completion done;
	int nr_runs;
};

static void test_work_func(struct work_struct *work)
{
	struct test_work *tw = container_of(to_delayed_work(work),
					    struct test_work, dwork);

	lockdep_assert_not_held(&a_mutex);
	tw->nr_runs++;
	complete(&tw->done);
}

static u64 fake_ns;

static u64 fake_clock(void)
{
	return fake_ns;
}

static void fake_advance(u64 ns)
{
	fake_ns = ns;
}

static void test_works(void **state)
{
	struct test_work tw = { .nr_runs = 0 };
	struct workqueue_struct *wq;

	(void)state;
	wq = alloc_workqueue("test-%d", WQ_UNBOUND, 0, 1);
	assert_string_equal(wq->name, "test-1");
	INIT_DELAYED_WORK(&tw.dwork, test_work_func);
	init_completion(&tw.done);
	port_clock = fake_clock;
	port_clock_advance = fake_advance;

	assert_true(queue_work(wq, &tw.dwork.work));
	assert_false(queue_work(wq, &tw.dwork.work));
	assert_int_equal(tw.nr_runs, 0);
	mutex_lock(&a_mutex);
	wait_for_completion(&tw.done);
	mutex_unlock(&a_mutex);
	assert_int_equal(tw.nr_runs, 1);

	assert_true(queue_delayed_work(wq, &tw.dwork, msecs_to_jiffies(500)));
	assert_int_equal(port_run_works(), 0);
	assert_int_equal(wait_for_completion_timeout(&tw.done, HZ / 10), 0);
	assert_true(fake_ns == 100 * NSEC_PER_MSEC);
	assert_int_equal(wait_for_completion_timeout(&tw.done, HZ), HZ * 6 / 10);
	assert_true(fake_ns == 500 * NSEC_PER_MSEC);

	assert_true(queue_delayed_work(wq, &tw.dwork, HZ));
	assert_true(cancel_delayed_work_sync(&tw.dwork));
	assert_false(cancel_delayed_work_sync(&tw.dwork));
	assert_true(queue_delayed_work(wq, &tw.dwork, HZ));
	assert_true(flush_delayed_work(&tw.dwork));
	assert_int_equal(tw.nr_runs, 3);

	queue_work(wq, &tw.dwork.work);
	port_drop_works(&port_system_wq);
	assert_false(work_pending(&tw.dwork.work));
	msleep(10);
	assert_int_equal(tw.nr_runs, 3);
	destroy_workqueue(wq);
	port_clock = NULL;
	port_clock_advance = NULL;
}

static const void *work_owner;

static const void *get_work_owner(void)
{
	return work_owner;
}

/* Items are of who made the queue; on the system's, of who queues them. */
static void test_work_owner(void **state)
{
	struct test_work own, shared;
	struct workqueue_struct *wq;
	int a, b;

	INIT_DELAYED_WORK(&own.dwork, test_work_func);
	INIT_DELAYED_WORK(&shared.dwork, test_work_func);
	init_completion(&own.done);
	init_completion(&shared.done);
	own.nr_runs = 0;
	shared.nr_runs = 0;
	port_work_owner = get_work_owner;
	work_owner = &a;
	wq = alloc_workqueue("a", 0, 0);
	work_owner = &b;
	queue_work(wq, &own.dwork.work);
	queue_work(system_wq, &shared.dwork.work);
	assert_true(port_work_ready_of(&a));
	assert_true(port_run_one_work_of(&b));
	assert_false(port_run_one_work_of(&b));
	assert_int_equal(own.nr_runs, 0);
	assert_int_equal(shared.nr_runs, 1);

	queue_delayed_work(system_wq, &shared.dwork, HZ);
	assert_true(port_next_work_ns_of(&a) == U64_MAX);
	assert_true(port_next_work_ns_of(&b) == port_next_work_ns());
	port_drop_works(&b);
	assert_false(delayed_work_pending(&shared.dwork));
	assert_true(work_pending(&own.dwork.work));
	port_drop_works(&a);
	assert_false(port_work_ready());
	destroy_workqueue(wq);
	port_work_owner = NULL;
}

struct rcu_item {
	struct rcu_head rcu;
	int *nr_freed;
};

static void rcu_item_free(struct rcu_head *head)
{
	struct rcu_item *it = container_of(head, struct rcu_item, rcu);

	(*it->nr_freed)++;
	kfree(it);
}

static void test_rcu(void **state)
{
	struct rcu_item *it = kmalloc(sizeof(*it), GFP_KERNEL);
	int nr_freed = 0;

	(void)state;
	it->nr_freed = &nr_freed;
	rcu_read_lock();
	call_rcu(&it->rcu, rcu_item_free);
	assert_int_equal(nr_freed, 0);
	rcu_read_unlock();
	assert_int_equal(nr_freed, 1);
	it = kmalloc(sizeof(*it), GFP_KERNEL);
	kfree_rcu(it, rcu);
	rcu_barrier();
}

static void test_random(void **state)
{
	u64 a, b;

	(void)state;
	port_seed(7);
	a = get_random_u64();
	b = get_random_u64();
	port_seed(7);
	assert_true(get_random_u64() == a);
	assert_true(get_random_u64() == b);
	assert_true(a != b);
}

/* ---- files as devices ---- */

static void test_dev_file(void **state)
{
	char path[] = "/tmp/port_test.XXXXXX";
	char a[4096], b[4096], got[8192];
	void *bufs[2] = { a, b };
	struct sfs_io_batch batch;
	struct sfs_dev whole, part;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 65536), 0);
	close(fd);
	assert_int_equal(sfs_dev_file_open(&whole, path, false, true), 0);
	assert_true(whole.size_bytes == 65536);
	assert_int_equal(sfs_dev_file_open_window(&part, path, true, true,
						  8192, 16384), 0);
	assert_true(part.size_bytes == 16384);

	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	sfs_io_batch_init(&batch);
	part.ops->write(&part, &batch, 8192, bufs, 2, 4096);
	assert_int_equal(sfs_io_batch_wait(&batch), 0);
	assert_int_equal(part.ops->flush(&part), 0);
	assert_int_equal(whole.ops->read(&whole, 16384, got, 8192), 0);
	assert_memory_equal(got, a, 4096);
	assert_memory_equal(got + 4096, b, 4096);
	assert_int_equal(part.ops->write_sync(&part, 0, b, 4096,
				SFS_IO_PREFLUSH | SFS_IO_FUA), 0);
	assert_int_equal(atomic64_read(&part.nr_flushes), 2);
	assert_int_equal(atomic64_read(&part.nr_writes), 2);

	sfs_io_batch_init(&batch);
	part.ops->write(&part, &batch, 12288, bufs, 2, 4096);
	assert_int_equal(sfs_io_batch_wait(&batch), -EIO);
	assert_int_equal(part.ops->read(&part, 16384, got, 1), -EIO);
	assert_int_equal(whole.ops->write_sync(&whole, 0, a, 4096, 0), -EBADF);
	sfs_dev_file_close(&part);
	sfs_dev_file_close(&whole);

	assert_int_equal(sfs_dev_file_open_window(&part, path, true, true,
						  65536, 1), -EINVAL);
	assert_int_equal(sfs_dev_file_open(&part, "/dev/null", true, true),
			 -ENOTBLK);
	unlink(path);
	assert_int_equal(sfs_dev_file_open(&part, path, true, true), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_hlist),
		cmocka_unit_test(test_list_corruption),
		cmocka_unit_test(test_rbtree),
		cmocka_unit_test(test_xarray),
		cmocka_unit_test(test_xarray_alloc),
		cmocka_unit_test(test_xarray_enomem),
		cmocka_unit_test(test_crc32c),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_math),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_bitmap),
		cmocka_unit_test(test_alloc_fail),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_lock_misuse),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_works),
		cmocka_unit_test(test_work_owner),
		cmocka_unit_test(test_rcu),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_dev_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
