/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Comparison, rounding, division, logarithms, overflow checks and hashes.
 */
#ifndef SFS_PORT_MATH_H
#define SFS_PORT_MATH_H

#include "port_types.h"

/* comparing pointers makes the compiler report operands of unlike types */
#define port_same_type(x, y) \
	((void)sizeof((__typeof__(x) *)1 == (__typeof__(y) *)1))
#define port_pick(x, y, op) ({						\
	__typeof__(x) port_px_ = (x);					\
	__typeof__(y) port_py_ = (y);					\
	port_same_type(x, y);						\
	port_px_ op port_py_ ? port_px_ : port_py_; })
#define port_pick_t(type, x, y, op) ({					\
	type port_tx_ = (x);						\
	type port_ty_ = (y);						\
	port_tx_ op port_ty_ ? port_tx_ : port_ty_; })

#undef min
#undef max
#define min(x, y)		port_pick(x, y, <)
#define max(x, y)		port_pick(x, y, >)
#define min_t(type, x, y)	port_pick_t(type, x, y, <)
#define max_t(type, x, y)	port_pick_t(type, x, y, >)
#define min3(x, y, z)		min(min(x, y), z)
#define max3(x, y, z)		max(max(x, y), z)
#define min_not_zero(x, y) ({						\
	__typeof__(x) port_nx_ = (x);					\
	__typeof__(y) port_ny_ = (y);					\
	port_nx_ == 0 ? port_ny_ :					\
		(port_ny_ == 0 ? port_nx_ : min(port_nx_, port_ny_)); })
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define clamp_val(v, lo, hi)	clamp_t(__typeof__(v), v, lo, hi)
#define swap(a, b) do {							\
	__typeof__(a) port_sw_ = (a);					\
	(a) = (b);							\
	(b) = port_sw_;							\
} while (0)

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL(n, d) \
	((u64)((unsigned long long)(n) + (d) - 1) / (d))
#define DIV64_U64_ROUND_UP(n, d) DIV_ROUND_UP_ULL(n, d)
#define DIV_ROUND_CLOSEST_ULL(n, d) (((u64)(n) + (d) / 2) / (d))

/* powers of two only */
#define port_round_mask(x, y)	((__typeof__(x))((y) - 1))
#define round_up(x, y)		((((x) - 1) | port_round_mask(x, y)) + 1)
#define round_down(x, y)	((x) & ~port_round_mask(x, y))
#define ALIGN(x, a) \
	(((x) + ((__typeof__(x))(a) - 1)) & ~((__typeof__(x))(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)
#define PTR_ALIGN(p, a)		((__typeof__(p))ALIGN((unsigned long)(p), (a)))
#define PAGE_ALIGN(x)		ALIGN(x, PAGE_SIZE)

/* any divisor */
#undef roundup
#define roundup(x, y) ({						\
	__typeof__(y) port_ry_ = (y);					\
	(((x) + (port_ry_ - 1)) / port_ry_) * port_ry_; })
#define rounddown(x, y) ({						\
	__typeof__(x) port_rx_ = (x);					\
	port_rx_ - (port_rx_ % (y)); })

#define upper_32_bits(n)	((u32)(((n) >> 16) >> 16))
#define lower_32_bits(n)	((u32)((n) & 0xffffffff))

#define BIT(nr)			(1UL << (nr))
#define BIT_ULL(nr)		(1ULL << (nr))
#define GENMASK(h, l) \
	((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))
#define GENMASK_ULL(h, l)	((~0ULL << (l)) & (~0ULL >> (63 - (h))))

static inline u64 div_u64_rem(u64 n, u32 d, u32 *rem)
{
	*rem = n % d;
	return n / d;
}

static inline u64 div64_u64_rem(u64 n, u64 d, u64 *rem)
{
	*rem = n % d;
	return n / d;
}

static inline u64 div_u64(u64 n, u32 d)
{
	return n / d;
}

static inline u64 div64_u64(u64 n, u64 d)
{
	return n / d;
}

static inline s64 div_s64(s64 n, s32 d)
{
	return n / d;
}

static inline s64 div64_s64(s64 n, s64 d)
{
	return n / d;
}

static inline u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 d)
{
	return (u64)((unsigned __int128)a * b / d);
}

static inline u64 mul_u64_u64_shr(u64 a, u64 b, unsigned int shift)
{
	return (u64)(((unsigned __int128)a * b) >> shift);
}

#define do_div(n, base) ({						\
	u32 port_db_ = (base);						\
	u32 port_dr_ = (u64)(n) % port_db_;				\
	(n) = (u64)(n) / port_db_;					\
	port_dr_; })

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline unsigned int fls_long(unsigned long x)
{
	return fls64(x);
}

static inline unsigned long __fls(unsigned long x)
{
	return BITS_PER_LONG - 1 - __builtin_clzl(x);
}

static inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}

static inline unsigned int __ffs64(u64 x)
{
	return __builtin_ctzll(x);
}

#define ffz(x)		__ffs(~(x))
#define hweight8(x)	((unsigned int)__builtin_popcount((u8)(x)))
#define hweight16(x)	((unsigned int)__builtin_popcount((u16)(x)))
#define hweight32(x)	((unsigned int)__builtin_popcount((u32)(x)))
#define hweight64(x)	((unsigned int)__builtin_popcountll((u64)(x)))
#define hweight_long(x)	((unsigned long)__builtin_popcountl(x))

static inline bool is_power_of_2(unsigned long n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/* usable in constant expressions; undefined for 0 as in the kernel */
#define ilog2(n)	(63 - __builtin_clzll((unsigned long long)(n)))

static inline unsigned long port_roundup_pow2(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << fls_long(n - 1);
}

#define roundup_pow_of_two(n)						\
	(__builtin_constant_p(n) ?					\
		((n) <= 1 ? 1UL : 1UL << (ilog2((n) - 1) + 1)) :	\
		port_roundup_pow2(n))
#define rounddown_pow_of_two(n)	(1UL << ilog2(n))

static inline int order_base_2(unsigned long n)
{
	return n > 1 ? (int)fls_long(n - 1) : 0;
}

#define PORT_ROTATE(bits)						\
static inline u##bits rol##bits(u##bits w, unsigned int s)		\
{									\
	return (w << (s & (bits - 1))) | (w >> ((-s) & (bits - 1)));	\
}									\
static inline u##bits ror##bits(u##bits w, unsigned int s)		\
{									\
	return (w >> (s & (bits - 1))) | (w << ((-s) & (bits - 1)));	\
}
PORT_ROTATE(32)
PORT_ROTATE(64)

#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d)	__builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)

static inline size_t size_mul(size_t a, size_t b)
{
	size_t n;

	return __builtin_mul_overflow(a, b, &n) ? SIZE_MAX : n;
}

static inline size_t size_add(size_t a, size_t b)
{
	size_t n;

	return __builtin_add_overflow(a, b, &n) ? SIZE_MAX : n;
}

#define array_size(a, b)	size_mul(a, b)
#define array3_size(a, b, c)	size_mul(size_mul(a, b), c)
#define flex_array_size(p, m, n) size_mul(n, sizeof(*(p)->m))
#define struct_size(p, m, n)	size_add(sizeof(*(p)), flex_array_size(p, m, n))

#define GOLDEN_RATIO_32	0x61C88647
#define GOLDEN_RATIO_64	0x61C8864680B583EBull

static inline u32 hash_32(u32 val, unsigned int bits)
{
	return (u32)(val * (u32)GOLDEN_RATIO_32) >> (32 - bits);
}

static inline u32 hash_64(u64 val, unsigned int bits)
{
	return (u32)((val * GOLDEN_RATIO_64) >> (64 - bits));
}

#define hash_long(val, bits)	hash_64(val, bits)
#define hash_ptr(ptr, bits)	hash_64((unsigned long)(ptr), bits)

#endif
