// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clocks, randomness, strings, bitmaps and sorting.
 */
#include <sys/random.h>

#include "port_user.h"

/* ---- clocks ---- */

u64 (*port_clock)(void);
u64 port_clock_epoch_ns = 1700000000ULL * NSEC_PER_SEC;
void (*port_clock_advance)(u64 ns);

static u64 port_read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

u64 port_now_ns(void)
{
	return port_clock ? port_clock() : port_read_clock(CLOCK_BOOTTIME);
}

u64 ktime_get_real_ns(void)
{
	return port_clock ? port_clock() + port_clock_epoch_ns :
			    port_read_clock(CLOCK_REALTIME);
}

struct timespec64 ns_to_timespec64(s64 ns)
{
	struct timespec64 ts = {
		.tv_sec = ns / NSEC_PER_SEC,
		.tv_nsec = ns % NSEC_PER_SEC,
	};

	if (ts.tv_nsec < 0) {
		ts.tv_sec--;
		ts.tv_nsec += NSEC_PER_SEC;
	}
	return ts;
}

/* ---- randomness ---- */

static bool port_is_seeded;
static u64 port_random_state;

void port_seed(u64 seed)
{
	port_is_seeded = true;
	port_random_state = seed;
}

/* SplitMix64: every state is a good one */
static u64 port_random_next(void)
{
	u64 z = port_random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void get_random_bytes(void *buf, size_t len)
{
	u8 *p = buf;
	ssize_t got;
	size_t part;
	u64 v;

	while (len) {
		part = len < sizeof(v) ? len : sizeof(v);
		if (port_is_seeded) {
			v = port_random_next();
			memcpy(p, &v, part);
		} else {
			got = getrandom(p, part, 0);
			if (got < 0 && errno == EINTR)
				continue;
			if (got <= 0)
				port_die("getrandom: %s", strerror(errno));
			part = got;
		}
		p += part;
		len -= part;
	}
}

u64 get_random_u64(void)
{
	u64 v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

/* ---- strings and memory ---- */

ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t len;

	if (!size || size > INT_MAX)
		return -E2BIG;
	len = strnlen(src, size);
	if (len == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(dst, src, len + 1);
	return len;
}

ssize_t strscpy_pad(char *dst, const char *src, size_t size)
{
	ssize_t len = strscpy(dst, src, size);

	if (len >= 0)
		memset(dst + len, 0, size - len);
	return len;
}

void *memchr_inv(const void *p, int c, size_t len)
{
	const u8 *b = p;

	while (len && *b == (u8)c) {
		b++;
		len--;
		/* the rest equals itself shifted by one: all bytes alike */
		if (len && *b == (u8)c && !memcmp(b, b - 1, len))
			return NULL;
	}
	return len ? (void *)b : NULL;
}

#define PORT_MEMSET(bits)						\
void *memset##bits(u##bits *p, u##bits v, size_t n)			\
{									\
	size_t i;							\
									\
	for (i = 0; i < n; i++)						\
		p[i] = v;						\
	return p;							\
}
PORT_MEMSET(16)
PORT_MEMSET(32)
PORT_MEMSET(64)

static int port_strto_end(const char *s, const char *end)
{
	if (end == s)
		return -EINVAL;
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	return errno == ERANGE ? -ERANGE : 0;
}

int kstrtou64(const char *s, unsigned int base, u64 *res)
{
	char *end;
	u64 v;
	int ret;

	if (*s == '+')
		s++;
	if (!isalnum((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, base);
	ret = port_strto_end(s, end);
	if (!ret)
		*res = v;
	return ret;
}

int kstrtou32(const char *s, unsigned int base, u32 *res)
{
	u64 v;
	int ret = kstrtou64(s, base, &v);

	if (ret)
		return ret;
	if (v > U32_MAX)
		return -ERANGE;
	*res = v;
	return 0;
}

int kstrtos64(const char *s, unsigned int base, s64 *res)
{
	char *end;
	s64 v;
	int ret;

	if (!isalnum((unsigned char)s[*s == '-' || *s == '+']))
		return -EINVAL;
	errno = 0;
	v = strtoll(s, &end, base);
	ret = port_strto_end(s, end);
	if (!ret)
		*res = v;
	return ret;
}

int kstrtoint(const char *s, unsigned int base, int *res)
{
	s64 v;
	int ret = kstrtos64(s, base, &v);

	if (ret)
		return ret;
	if (v > INT_MAX || v < INT_MIN)
		return -ERANGE;
	*res = v;
	return 0;
}

/* ---- bitmaps ---- */

static unsigned long port_find(const unsigned long *p, unsigned long size,
			       unsigned long from, unsigned long invert)
{
	unsigned long word;
	unsigned long w;

	if (from >= size)
		return size;
	w = from / BITS_PER_LONG;
	word = (p[w] ^ invert) & (~0UL << (from % BITS_PER_LONG));
	while (!word) {
		if (++w >= BITS_TO_LONGS(size))
			return size;
		word = p[w] ^ invert;
	}
	return min(w * BITS_PER_LONG + __ffs(word), size);
}

unsigned long find_next_bit(const unsigned long *p, unsigned long size,
			    unsigned long from)
{
	return port_find(p, size, from, 0);
}

unsigned long find_next_zero_bit(const unsigned long *p, unsigned long size,
				 unsigned long from)
{
	return port_find(p, size, from, ~0UL);
}

unsigned long find_last_bit(const unsigned long *p, unsigned long size)
{
	unsigned long bit = size;

	while (bit--)
		if (test_bit(bit, p))
			return bit;
	return size;
}

void bitmap_set(unsigned long *p, unsigned int start, unsigned int nr)
{
	while (nr--)
		__set_bit(start++, p);
}

void bitmap_clear(unsigned long *p, unsigned int start, unsigned int nr)
{
	while (nr--)
		__clear_bit(start++, p);
}

unsigned int bitmap_weight(const unsigned long *p, unsigned int nr)
{
	unsigned int weight = 0;
	unsigned int i;

	for (i = 0; i < nr / BITS_PER_LONG; i++)
		weight += hweight_long(p[i]);
	if (nr % BITS_PER_LONG)
		weight += hweight_long(p[i] &
				       (BIT(nr % BITS_PER_LONG) - 1));
	return weight;
}

/* ---- sorting: a heap sort, in place and without worst case ---- */

struct port_sort {
	char *base;
	size_t size;
	cmp_func_t cmp;
	cmp_r_func_t cmp_r;
	swap_func_t swap_func;
	swap_r_func_t swap_r_func;
	const void *priv;
};

static bool port_sort_less(const struct port_sort *s, size_t a, size_t b)
{
	const void *pa = s->base + a * s->size;
	const void *pb = s->base + b * s->size;

	return (s->cmp ? s->cmp(pa, pb) : s->cmp_r(pa, pb, s->priv)) < 0;
}

static void port_sort_swap(const struct port_sort *s, size_t a, size_t b)
{
	char *pa = s->base + a * s->size;
	char *pb = s->base + b * s->size;
	size_t i;

	if (s->swap_func) {
		s->swap_func(pa, pb, s->size);
	} else if (s->swap_r_func) {
		s->swap_r_func(pa, pb, s->size, s->priv);
	} else {
		for (i = 0; i < s->size; i++)
			swap(pa[i], pb[i]);
	}
}

static void port_sort_sink(const struct port_sort *s, size_t root, size_t num)
{
	size_t child;

	while ((child = 2 * root + 1) < num) {
		if (child + 1 < num && port_sort_less(s, child, child + 1))
			child++;
		if (!port_sort_less(s, root, child))
			return;
		port_sort_swap(s, root, child);
		root = child;
	}
}

static void port_sort_run(const struct port_sort *s, size_t num)
{
	size_t i;

	for (i = num / 2; i-- > 0;)
		port_sort_sink(s, i, num);
	for (i = num; i-- > 1;) {
		port_sort_swap(s, 0, i);
		port_sort_sink(s, 0, i);
	}
}

void sort(void *base, size_t num, size_t size, cmp_func_t cmp,
	  swap_func_t swap_func)
{
	struct port_sort s = {
		.base = base, .size = size, .cmp = cmp, .swap_func = swap_func,
	};

	port_sort_run(&s, num);
}

void sort_r(void *base, size_t num, size_t size, cmp_r_func_t cmp,
	    swap_r_func_t swap_func, const void *priv)
{
	struct port_sort s = {
		.base = base, .size = size, .cmp_r = cmp, .swap_r_func = swap_func,
		.priv = priv,
	};

	port_sort_run(&s, num);
}
