/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bit operations and bitmaps on arrays of unsigned long.
 */
#ifndef SFS_PORT_BITS_H
#define SFS_PORT_BITS_H

#include "port_math.h"

#define BIT_MASK(nr)	(1UL << ((nr) % BITS_PER_LONG))
#define BIT_WORD(nr)	((nr) / BITS_PER_LONG)
#define BITS_TO_LONGS(n) DIV_ROUND_UP(n, BITS_PER_LONG)
#define BITS_TO_BYTES(n) DIV_ROUND_UP(n, 8)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

static inline bool test_bit(unsigned long nr, const volatile unsigned long *p)
{
	return (p[BIT_WORD(nr)] >> (nr % BITS_PER_LONG)) & 1;
}

static inline bool test_and_set_bit(unsigned long nr,
				    volatile unsigned long *p)
{
	return __atomic_fetch_or(&p[BIT_WORD(nr)], BIT_MASK(nr),
				 __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static inline bool test_and_clear_bit(unsigned long nr,
				      volatile unsigned long *p)
{
	return __atomic_fetch_and(&p[BIT_WORD(nr)], ~BIT_MASK(nr),
				  __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static inline bool test_and_change_bit(unsigned long nr,
				       volatile unsigned long *p)
{
	return __atomic_fetch_xor(&p[BIT_WORD(nr)], BIT_MASK(nr),
				  __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static inline void set_bit(unsigned long nr, volatile unsigned long *p)
{
	(void)test_and_set_bit(nr, p);
}

static inline void clear_bit(unsigned long nr, volatile unsigned long *p)
{
	(void)test_and_clear_bit(nr, p);
}

static inline void change_bit(unsigned long nr, volatile unsigned long *p)
{
	(void)test_and_change_bit(nr, p);
}

static inline void __set_bit(unsigned long nr, volatile unsigned long *p)
{
	p[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static inline void __clear_bit(unsigned long nr, volatile unsigned long *p)
{
	p[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static inline void __change_bit(unsigned long nr, volatile unsigned long *p)
{
	p[BIT_WORD(nr)] ^= BIT_MASK(nr);
}

#define test_bit_acquire(nr, p)		test_bit(nr, p)
#define test_and_set_bit_lock(nr, p)	test_and_set_bit(nr, p)
#define clear_bit_unlock(nr, p)		clear_bit(nr, p)
#define __test_and_set_bit(nr, p)	test_and_set_bit(nr, p)
#define __test_and_clear_bit(nr, p)	test_and_clear_bit(nr, p)
#define assign_bit(nr, p, v) \
	((v) ? set_bit((nr), (p)) : clear_bit((nr), (p)))
#define __assign_bit(nr, p, v) \
	((v) ? __set_bit((nr), (p)) : __clear_bit((nr), (p)))

unsigned long find_next_bit(const unsigned long *p, unsigned long size,
			    unsigned long from);
unsigned long find_next_zero_bit(const unsigned long *p, unsigned long size,
				 unsigned long from);
unsigned long find_last_bit(const unsigned long *p, unsigned long size);

#define find_first_bit(p, size)		find_next_bit(p, size, 0)
#define find_first_zero_bit(p, size)	find_next_zero_bit(p, size, 0)
#define for_each_set_bit(bit, p, size)					\
	for ((bit) = find_first_bit((p), (size)); (bit) < (size);	\
	     (bit) = find_next_bit((p), (size), (bit) + 1))
#define for_each_set_bit_from(bit, p, size)				\
	for ((bit) = find_next_bit((p), (size), (bit)); (bit) < (size);	\
	     (bit) = find_next_bit((p), (size), (bit) + 1))
#define for_each_clear_bit(bit, p, size)				\
	for ((bit) = find_first_zero_bit((p), (size)); (bit) < (size);	\
	     (bit) = find_next_zero_bit((p), (size), (bit) + 1))

void bitmap_set(unsigned long *p, unsigned int start, unsigned int nr);
void bitmap_clear(unsigned long *p, unsigned int start, unsigned int nr);
unsigned int bitmap_weight(const unsigned long *p, unsigned int nr);

static inline void bitmap_zero(unsigned long *p, unsigned int nr)
{
	memset(p, 0, BITS_TO_LONGS(nr) * sizeof(long));
}

static inline void bitmap_fill(unsigned long *p, unsigned int nr)
{
	memset(p, 0xff, BITS_TO_LONGS(nr) * sizeof(long));
}

static inline void bitmap_copy(unsigned long *dst, const unsigned long *src,
			       unsigned int nr)
{
	memcpy(dst, src, BITS_TO_LONGS(nr) * sizeof(long));
}

static inline bool bitmap_empty(const unsigned long *p, unsigned int nr)
{
	return find_first_bit(p, nr) >= nr;
}

static inline bool bitmap_full(const unsigned long *p, unsigned int nr)
{
	return find_first_zero_bit(p, nr) >= nr;
}

#endif
