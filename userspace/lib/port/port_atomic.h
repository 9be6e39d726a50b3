/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Atomic integers, exchange on plain memory, and reference counts.
 */
#ifndef SFS_PORT_ATOMIC_H
#define SFS_PORT_ATOMIC_H

#include "port_types.h"

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { long counter; } atomic_long_t;

#define ATOMIC_INIT(i)		{ (i) }
#define ATOMIC64_INIT(i)	{ (i) }
#define ATOMIC_LONG_INIT(i)	{ (i) }

#define PORT_ATOMIC_VOID(p, t, i, op, bop)				\
static inline void p##_##op(i v, t *a)					\
{									\
	(void)__atomic_fetch_##bop(&a->counter, v, __ATOMIC_SEQ_CST);	\
}									\
static inline i p##_fetch_##op(i v, t *a)				\
{									\
	return __atomic_fetch_##bop(&a->counter, v, __ATOMIC_SEQ_CST);	\
}									\
static inline i p##_fetch_##op##_relaxed(i v, t *a)			\
{									\
	return __atomic_fetch_##bop(&a->counter, v, __ATOMIC_RELAXED);	\
}

#define PORT_ATOMIC(p, t, i)						\
static inline i p##_read(const t *a)					\
{									\
	return __atomic_load_n(&a->counter, __ATOMIC_RELAXED);		\
}									\
static inline i p##_read_acquire(const t *a)				\
{									\
	return __atomic_load_n(&a->counter, __ATOMIC_ACQUIRE);		\
}									\
static inline void p##_set(t *a, i v)					\
{									\
	__atomic_store_n(&a->counter, v, __ATOMIC_RELAXED);		\
}									\
static inline void p##_set_release(t *a, i v)				\
{									\
	__atomic_store_n(&a->counter, v, __ATOMIC_RELEASE);		\
}									\
PORT_ATOMIC_VOID(p, t, i, add, add)					\
PORT_ATOMIC_VOID(p, t, i, sub, sub)					\
PORT_ATOMIC_VOID(p, t, i, or, or)					\
PORT_ATOMIC_VOID(p, t, i, and, and)					\
PORT_ATOMIC_VOID(p, t, i, xor, xor)					\
static inline void p##_andnot(i v, t *a)				\
{									\
	p##_and(~v, a);							\
}									\
static inline i p##_fetch_andnot(i v, t *a)				\
{									\
	return p##_fetch_and(~v, a);					\
}									\
static inline i p##_add_return(i v, t *a)				\
{									\
	return __atomic_add_fetch(&a->counter, v, __ATOMIC_SEQ_CST);	\
}									\
static inline i p##_sub_return(i v, t *a)				\
{									\
	return __atomic_sub_fetch(&a->counter, v, __ATOMIC_SEQ_CST);	\
}									\
static inline i p##_inc_return(t *a) { return p##_add_return(1, a); }	\
static inline i p##_dec_return(t *a) { return p##_sub_return(1, a); }	\
static inline i p##_fetch_inc(t *a) { return p##_fetch_add(1, a); }	\
static inline i p##_fetch_dec(t *a) { return p##_fetch_sub(1, a); }	\
static inline void p##_inc(t *a) { p##_add(1, a); }			\
static inline void p##_dec(t *a) { p##_sub(1, a); }			\
static inline bool p##_inc_and_test(t *a)				\
{									\
	return p##_add_return(1, a) == 0;				\
}									\
static inline bool p##_dec_and_test(t *a)				\
{									\
	return p##_sub_return(1, a) == 0;				\
}									\
static inline bool p##_sub_and_test(i v, t *a)				\
{									\
	return p##_sub_return(v, a) == 0;				\
}									\
static inline bool p##_add_negative(i v, t *a)				\
{									\
	return p##_add_return(v, a) < 0;				\
}									\
static inline i p##_xchg(t *a, i v)					\
{									\
	return __atomic_exchange_n(&a->counter, v, __ATOMIC_SEQ_CST);	\
}									\
static inline bool p##_try_cmpxchg(t *a, i *old, i new)			\
{									\
	return __atomic_compare_exchange_n(&a->counter, old, new, false,\
			__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);		\
}									\
static inline i p##_cmpxchg(t *a, i old, i new)				\
{									\
	(void)p##_try_cmpxchg(a, &old, new);				\
	return old;							\
}									\
static inline i p##_fetch_add_unless(t *a, i v, i unless)		\
{									\
	i c = p##_read(a);						\
									\
	while (c != unless && !p##_try_cmpxchg(a, &c,			\
				(i)((unsigned long long)c + v)))	\
		;							\
	return c;							\
}									\
static inline bool p##_add_unless(t *a, i v, i unless)			\
{									\
	return p##_fetch_add_unless(a, v, unless) != unless;		\
}									\
static inline bool p##_inc_not_zero(t *a)				\
{									\
	return p##_add_unless(a, 1, 0);					\
}									\
static inline bool p##_inc_unless_negative(t *a)			\
{									\
	i c = p##_read(a);						\
									\
	while (c >= 0 && !p##_try_cmpxchg(a, &c, c + 1))		\
		;							\
	return c >= 0;							\
}									\
static inline i p##_dec_if_positive(t *a)				\
{									\
	i c = p##_read(a);						\
									\
	while (c > 0 && !p##_try_cmpxchg(a, &c, c - 1))			\
		;							\
	return c - 1;							\
}

PORT_ATOMIC(atomic, atomic_t, int)
PORT_ATOMIC(atomic64, atomic64_t, s64)
PORT_ATOMIC(atomic_long, atomic_long_t, long)

#define xchg(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define cmpxchg(p, o, n) ({						\
	__typeof__(*(p)) port_cx_ = (o);				\
	(void)__atomic_compare_exchange_n((p), &port_cx_, (n), false,	\
			__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);		\
	port_cx_; })
#define try_cmpxchg(p, o, n) \
	__atomic_compare_exchange_n((p), (o), (n), false, \
			__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define cmpxchg_relaxed		cmpxchg
#define cmpxchg64		cmpxchg

/* ---- reference counts: misuse warns and the count saturates ---- */

typedef struct { atomic_t refs; } refcount_t;

#define REFCOUNT_INIT(n)	{ .refs = ATOMIC_INIT(n) }
#define REFCOUNT_SATURATED	(INT_MIN / 2)

static inline void refcount_set(refcount_t *r, int n)
{
	atomic_set(&r->refs, n);
}

static inline unsigned int refcount_read(const refcount_t *r)
{
	return atomic_read(&r->refs);
}

static inline void port_refcount_bad(refcount_t *r, const char *what)
{
	atomic_set(&r->refs, REFCOUNT_SATURATED);
	port_warn("refcount_t", 0, "%s", what);
}

static inline bool refcount_add_not_zero(int n, refcount_t *r)
{
	int old = atomic_fetch_add_unless(&r->refs, n, 0);

	if (old < 0)
		port_refcount_bad(r, "increment of a saturated count");
	return old != 0;
}

static inline bool refcount_inc_not_zero(refcount_t *r)
{
	return refcount_add_not_zero(1, r);
}

static inline void refcount_add(int n, refcount_t *r)
{
	if (atomic_fetch_add(n, &r->refs) <= 0)
		port_refcount_bad(r, "increment from 0: use after free");
}

static inline void refcount_inc(refcount_t *r)
{
	refcount_add(1, r);
}

static inline bool refcount_sub_and_test(int n, refcount_t *r)
{
	int old = atomic_fetch_sub(n, &r->refs);

	if (old == n)
		return true;
	if (old < n)
		port_refcount_bad(r, "underflow: use after free");
	return false;
}

static inline bool refcount_dec_and_test(refcount_t *r)
{
	return refcount_sub_and_test(1, r);
}

static inline void refcount_dec(refcount_t *r)
{
	if (atomic_fetch_sub(1, &r->refs) <= 1)
		port_refcount_bad(r, "decrement hit 0: leaking memory");
}

static inline bool refcount_dec_if_one(refcount_t *r)
{
	return atomic_cmpxchg(&r->refs, 1, 0) == 1;
}

static inline bool refcount_dec_not_one(refcount_t *r)
{
	return atomic_add_unless(&r->refs, -1, 1);
}

struct kref { refcount_t refcount; };

static inline void kref_init(struct kref *k)
{
	refcount_set(&k->refcount, 1);
}

static inline void kref_get(struct kref *k)
{
	refcount_inc(&k->refcount);
}

static inline int kref_get_unless_zero(struct kref *k)
{
	return refcount_inc_not_zero(&k->refcount);
}

static inline int kref_put(struct kref *k, void (*release)(struct kref *k))
{
	if (!refcount_dec_and_test(&k->refcount))
		return 0;
	release(k);
	return 1;
}

static inline unsigned int kref_read(const struct kref *k)
{
	return refcount_read(&k->refcount);
}

#endif
