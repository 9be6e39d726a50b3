/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory allocation.  Allocations without __GFP_NOFAIL can be made to fail:
 * port_alloc_fail = N lets the Nth of them from now fail, once.
 */
#ifndef SFS_PORT_MEM_H
#define SFS_PORT_MEM_H

#include "port_bits.h"
#include "port_sched.h"

#define __GFP_DIRECT_RECLAIM	((__force gfp_t)0x01u)
#define __GFP_FS		((__force gfp_t)0x02u)
#define __GFP_IO		((__force gfp_t)0x04u)
#define __GFP_NOFAIL		((__force gfp_t)0x08u)
#define __GFP_NOWARN		((__force gfp_t)0x10u)
#define __GFP_ZERO		((__force gfp_t)0x20u)
#define __GFP_HIGH		((__force gfp_t)0x40u)
#define __GFP_KSWAPD_RECLAIM	((__force gfp_t)0x80u)
#define __GFP_NORETRY		((__force gfp_t)0x100u)
#define __GFP_RETRY_MAYFAIL	((__force gfp_t)0x200u)
#define __GFP_NOMEMALLOC	((__force gfp_t)0x400u)
#define __GFP_ACCOUNT		((__force gfp_t)0x800u)
#define __GFP_RECLAIM		(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)

#define GFP_KERNEL	(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_USER	GFP_KERNEL
#define GFP_NOFS	(__GFP_RECLAIM | __GFP_IO)
#define GFP_NOIO	__GFP_RECLAIM
#define GFP_ATOMIC	(__GFP_HIGH | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT	__GFP_KSWAPD_RECLAIM

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return !!(gfp & __GFP_DIRECT_RECLAIM);
}

/* countdown to a failure, 0 when off; failures made; attempts counted */
extern long port_alloc_fail;
extern unsigned long port_alloc_failed;
extern unsigned long port_alloc_tries;

void *port_alloc(size_t size, size_t align, gfp_t gfp) __must_check;

static inline void *kmalloc(size_t size, gfp_t gfp)
{
	return port_alloc(size, 0, gfp);
}

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return port_alloc(size, 0, gfp | __GFP_ZERO);
}

static inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return port_alloc(size_mul(n, size), 0, gfp);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp | __GFP_ZERO);
}

void *krealloc(const void *p, size_t size, gfp_t gfp) __must_check;
void *kmemdup(const void *src, size_t len, gfp_t gfp);
char *kmemdup_nul(const char *s, size_t len, gfp_t gfp);
char *kstrdup(const char *s, gfp_t gfp);
char *kstrndup(const char *s, size_t max, gfp_t gfp);
void kfree(const void *p);

static inline void *krealloc_array(void *p, size_t n, size_t size, gfp_t gfp)
{
	return krealloc(p, size_mul(n, size), gfp);
}

#define kmalloc_node(s, g, n)		kmalloc(s, g)
#define kzalloc_node(s, g, n)		kzalloc(s, g)
#define kvmalloc(s, g)			kmalloc(s, g)
#define kvzalloc(s, g)			kzalloc(s, g)
#define kvmalloc_array(n, s, g)		kmalloc_array(n, s, g)
#define kvcalloc(n, s, g)		kcalloc(n, s, g)
#define kvmemdup(p, l, g)		kmemdup(p, l, g)
#define kvfree(p)			kfree(p)
#define kfree_const(p)			kfree(p)
#define kfree_sensitive(p)		kfree(p)
#define vmalloc(s)			kmalloc(s, GFP_KERNEL)
#define vzalloc(s)			kzalloc(s, GFP_KERNEL)
#define vfree(p)			kfree(p)
#define ZERO_OR_NULL_PTR(p)		((p) == NULL)

#define __get_free_page(g) \
	((unsigned long)port_alloc(PAGE_SIZE, PAGE_SIZE, (g)))
#define get_zeroed_page(g)		__get_free_page((g) | __GFP_ZERO)
#define free_page(a)			kfree((void *)(a))
#define alloc_pages_exact(s, g)		port_alloc((s), PAGE_SIZE, (g))
#define free_pages_exact(p, s)		kfree(p)

static inline unsigned long *bitmap_zalloc(unsigned int nbits, gfp_t gfp)
{
	return kcalloc(BITS_TO_LONGS(nbits), sizeof(unsigned long), gfp);
}

#define bitmap_free(p)			kfree(p)

/* ---- object caches; destroying one with live objects warns ---- */

struct kmem_cache {
	const char *name;
	unsigned int size;
	unsigned int align;
	void (*ctor)(void *obj);
	unsigned long nr_live;
};

#define SLAB_HWCACHE_ALIGN	((__force slab_flags_t)0x1u)
#define SLAB_PANIC		((__force slab_flags_t)0x2u)
#define SLAB_RECLAIM_ACCOUNT	((__force slab_flags_t)0x4u)
#define SLAB_MEM_SPREAD		((__force slab_flags_t)0x8u)
#define SLAB_ACCOUNT		((__force slab_flags_t)0x10u)
#define SLAB_TYPESAFE_BY_RCU	((__force slab_flags_t)0x20u)

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, slab_flags_t flags,
				     void (*ctor)(void *obj));
void kmem_cache_destroy(struct kmem_cache *c);
void *kmem_cache_alloc(struct kmem_cache *c, gfp_t gfp) __must_check;
void kmem_cache_free(struct kmem_cache *c, void *p);

#define kmem_cache_zalloc(c, g)	kmem_cache_alloc((c), (g) | __GFP_ZERO)
#define KMEM_CACHE(s, flags)						\
	kmem_cache_create(#s, sizeof(struct s), __alignof__(struct s),	\
			  (flags), NULL)

/* scopes change nothing here, they are only checked for balance */
unsigned int memalloc_nofs_save(void);
void memalloc_nofs_restore(unsigned int flags);
#define memalloc_noio_save()		memalloc_nofs_save()
#define memalloc_noio_restore(f)	memalloc_nofs_restore(f)
#define memalloc_noreclaim_save()	memalloc_nofs_save()
#define memalloc_noreclaim_restore(f)	memalloc_nofs_restore(f)

char *kasprintf(gfp_t gfp, const char *fmt, ...) __printf(2, 3);
char *kvasprintf(gfp_t gfp, const char *fmt, va_list ap) __printf(2, 0);

#endif
