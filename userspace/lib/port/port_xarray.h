/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sparse arrays of pointers indexed by unsigned long: a radix tree with 64
 * slots a node whose height follows the largest index.
 *
 * The xa_ functions take xa_lock, which must not be held; the __xa_ ones need
 * it held.  Stored pointers must be aligned to 4 bytes or be value entries.
 */
#ifndef SFS_PORT_XARRAY_H
#define SFS_PORT_XARRAY_H

#include "port_lock.h"
#include "port_mem.h"

typedef unsigned int __bitwise xa_mark_t;

#define XA_MARK_0	((__force xa_mark_t)0U)
#define XA_MARK_1	((__force xa_mark_t)1U)
#define XA_MARK_2	((__force xa_mark_t)2U)
#define XA_PRESENT	((__force xa_mark_t)8U)

#define XA_FLAGS_LOCK_IRQ	((__force gfp_t)1U)
#define XA_FLAGS_LOCK_BH	((__force gfp_t)2U)
#define XA_FLAGS_ALLOC		((__force gfp_t)4U)
#define XA_FLAGS_ALLOC1		((__force gfp_t)12U)

struct port_xa_node;

struct xarray {
	spinlock_t xa_lock;
	struct port_xa_node *root;
	gfp_t xa_flags;
};

struct xa_limit { u32 max; u32 min; };
#define XA_LIMIT(lo, hi)	(struct xa_limit) { .min = (lo), .max = (hi) }
#define xa_limit_32b		XA_LIMIT(0, UINT_MAX)
#define xa_limit_31b		XA_LIMIT(0, INT_MAX)
#define xa_limit_16b		XA_LIMIT(0, USHRT_MAX)

#define XARRAY_INIT(n, f) \
	{ .xa_lock = __SPIN_LOCK_UNLOCKED(n.xa_lock), .xa_flags = (f) }
#define DEFINE_XARRAY_FLAGS(n, f)	struct xarray n = XARRAY_INIT(n, f)
#define DEFINE_XARRAY(n)		DEFINE_XARRAY_FLAGS(n, 0)
#define DEFINE_XARRAY_ALLOC(n)	DEFINE_XARRAY_FLAGS(n, XA_FLAGS_ALLOC)
#define DEFINE_XARRAY_ALLOC1(n)	DEFINE_XARRAY_FLAGS(n, XA_FLAGS_ALLOC1)

static inline void xa_init_flags(struct xarray *xa, gfp_t flags)
{
	spin_lock_init(&xa->xa_lock);
	xa->root = NULL;
	xa->xa_flags = flags;
}

static inline void xa_init(struct xarray *xa)
{
	xa_init_flags(xa, (__force gfp_t)0);
}

static inline void *xa_mk_value(unsigned long v)
{
	return (void *)((v << 1) | 1);
}

static inline unsigned long xa_to_value(const void *entry)
{
	return (unsigned long)entry >> 1;
}

static inline bool xa_is_value(const void *entry)
{
	return (unsigned long)entry & 1;
}

static inline void *port_xa_error(long error)
{
	return (void *)(((unsigned long)error << 2) | 2);
}

static inline bool xa_is_err(const void *entry)
{
	return ((unsigned long)entry & 3) == 2 &&
	       (unsigned long)entry >= (unsigned long)port_xa_error(-MAX_ERRNO);
}

static inline int xa_err(const void *entry)
{
	return xa_is_err(entry) ? (int)((long)entry >> 2) : 0;
}

#define xa_lock(xa)		spin_lock(&(xa)->xa_lock)
#define xa_trylock(xa)		spin_trylock(&(xa)->xa_lock)
#define xa_unlock(xa)		spin_unlock(&(xa)->xa_lock)
#define xa_lock_nested(xa, c)	spin_lock(&(xa)->xa_lock)
#define xa_lock_bh(xa)		spin_lock(&(xa)->xa_lock)
#define xa_unlock_bh(xa)	spin_unlock(&(xa)->xa_lock)
#define xa_lock_irq(xa)		spin_lock(&(xa)->xa_lock)
#define xa_unlock_irq(xa)	spin_unlock(&(xa)->xa_lock)
#define xa_lock_irqsave(xa, f)	spin_lock_irqsave(&(xa)->xa_lock, f)
#define xa_unlock_irqrestore(xa, f) spin_unlock_irqrestore(&(xa)->xa_lock, f)

static inline bool xa_empty(const struct xarray *xa)
{
	return !xa->root;
}

bool xa_marked(const struct xarray *xa, xa_mark_t mark);
void *xa_load(struct xarray *xa, unsigned long index);
void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
void *xa_erase(struct xarray *xa, unsigned long index);
int xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
void *xa_cmpxchg(struct xarray *xa, unsigned long index, void *old,
		 void *entry, gfp_t gfp);
int xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit,
	     gfp_t gfp);
int xa_alloc_cyclic(struct xarray *xa, u32 *id, void *entry,
		    struct xa_limit limit, u32 *next, gfp_t gfp);
void *__xa_store(struct xarray *xa, unsigned long index, void *entry,
		 gfp_t gfp);
void *__xa_erase(struct xarray *xa, unsigned long index);
int __xa_insert(struct xarray *xa, unsigned long index, void *entry,
		gfp_t gfp);
void *__xa_cmpxchg(struct xarray *xa, unsigned long index, void *old,
		   void *entry, gfp_t gfp);
int __xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit,
	       gfp_t gfp);
bool xa_get_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
void xa_set_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
void xa_clear_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
void __xa_set_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
void __xa_clear_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max,
	      xa_mark_t filter);
void *xa_find_after(struct xarray *xa, unsigned long *index, unsigned long max,
		    xa_mark_t filter);
void xa_destroy(struct xarray *xa);

#define xa_store_irq	xa_store
#define xa_store_bh	xa_store
#define xa_erase_irq	xa_erase
#define xa_erase_bh	xa_erase
#define xa_insert_irq	xa_insert
#define xa_insert_bh	xa_insert

#define port_xa_each(xa, index, entry, first, last, filter)		\
	for (index = (first),						\
	     entry = xa_find(xa, &index, (last), (filter));		\
	     entry;							\
	     entry = xa_find_after(xa, &index, (last), (filter)))
#define xa_for_each_range(xa, index, entry, first, last) \
	port_xa_each(xa, index, entry, first, last, XA_PRESENT)
#define xa_for_each_start(xa, index, entry, first) \
	port_xa_each(xa, index, entry, first, ULONG_MAX, XA_PRESENT)
#define xa_for_each(xa, index, entry) \
	port_xa_each(xa, index, entry, 0, ULONG_MAX, XA_PRESENT)
#define xa_for_each_marked(xa, index, entry, filter) \
	port_xa_each(xa, index, entry, 0, ULONG_MAX, filter)

#endif
