// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory allocation with failure injection.
 */
#include <malloc.h>

#include "port_user.h"

/* what kmalloc() refuses in the kernel's page allocator, times a lot */
#define PORT_ALLOC_MAX	((size_t)1 << 40)

long port_alloc_fail;
unsigned long port_alloc_failed;
unsigned long port_alloc_tries;

static int port_nofs_depth;

static bool port_alloc_refused(gfp_t gfp)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		might_sleep();
	if (gfp & __GFP_NOFAIL)
		return false;
	port_alloc_tries++;
	if (port_alloc_fail > 0 && --port_alloc_fail == 0) {
		port_alloc_failed++;
		return true;
	}
	return false;
}

static void *port_alloc_check(void *p, gfp_t gfp)
{
	if (!p && (gfp & __GFP_NOFAIL))
		port_die("out of memory in a __GFP_NOFAIL allocation");
	return p;
}

void *port_alloc(size_t size, size_t align, gfp_t gfp)
{
	void *p = NULL;

	if (port_alloc_refused(gfp))
		return NULL;
	if (size > PORT_ALLOC_MAX)
		return port_alloc_check(NULL, gfp);

	if (align > __alignof__(max_align_t)) {
		if (posix_memalign(&p, align, size ? size : 1))
			p = NULL;
		else if (gfp & __GFP_ZERO)
			memset(p, 0, size);
	} else if (gfp & __GFP_ZERO) {
		p = calloc(1, size ? size : 1);
	} else {
		p = malloc(size ? size : 1);
	}
	return port_alloc_check(p, gfp);
}

void *krealloc(const void *old, size_t size, gfp_t gfp)
{
	size_t had;
	void *p;

	if (!old)
		return port_alloc(size, 0, gfp);
	if (!size) {
		kfree(old);
		return NULL;
	}
	if (port_alloc_refused(gfp))
		return NULL;
	if (size > PORT_ALLOC_MAX)
		return port_alloc_check(NULL, gfp);

	had = malloc_usable_size((void *)old);
	p = port_alloc_check(realloc((void *)old, size), gfp);
	if (p && (gfp & __GFP_ZERO) && size > had)
		memset((char *)p + had, 0, size - had);
	return p;
}

void kfree(const void *p)
{
	free((void *)p);
}

void *kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *p = kmalloc(len, gfp);

	if (p)
		memcpy(p, src, len);
	return p;
}

char *kmemdup_nul(const char *s, size_t len, gfp_t gfp)
{
	char *p;

	if (!s)
		return NULL;
	p = kmalloc(len + 1, gfp);
	if (p) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	return s ? kmemdup_nul(s, strlen(s), gfp) : NULL;
}

char *kstrndup(const char *s, size_t max, gfp_t gfp)
{
	return s ? kmemdup_nul(s, strnlen(s, max), gfp) : NULL;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, slab_flags_t flags,
				     void (*ctor)(void *obj))
{
	struct kmem_cache *c = kzalloc(sizeof(*c), GFP_KERNEL);

	(void)flags;
	if (!c)
		return NULL;
	c->name = name;
	c->size = size;
	c->align = align;
	c->ctor = ctor;
	return c;
}

void kmem_cache_destroy(struct kmem_cache *c)
{
	if (!c)
		return;
	WARN(c->nr_live, "cache %s destroyed with %lu live objects", c->name,
	     c->nr_live);
	kfree(c);
}

void *kmem_cache_alloc(struct kmem_cache *c, gfp_t gfp)
{
	void *p = port_alloc(c->size, c->align, gfp);

	if (!p)
		return NULL;
	c->nr_live++;
	if (c->ctor)
		c->ctor(p);
	return p;
}

void kmem_cache_free(struct kmem_cache *c, void *p)
{
	if (!p)
		return;
	WARN(!c->nr_live, "cache %s frees more than it allocated", c->name);
	c->nr_live--;
	kfree(p);
}

unsigned int memalloc_nofs_save(void)
{
	return port_nofs_depth++;
}

void memalloc_nofs_restore(unsigned int flags)
{
	(void)flags;
	WARN_ON(port_nofs_depth <= 0);
	port_nofs_depth--;
}

char *kvasprintf(gfp_t gfp, const char *fmt, va_list ap)
{
	va_list copy;
	char *p;
	int len;

	va_copy(copy, ap);
	len = port_vsnprintf(NULL, 0, fmt, copy);
	va_end(copy);
	p = kmalloc(len + 1, gfp);
	if (p)
		port_vsnprintf(p, len + 1, fmt, ap);
	return p;
}

char *kasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = kvasprintf(gfp, fmt, ap);
	va_end(ap);
	return p;
}
