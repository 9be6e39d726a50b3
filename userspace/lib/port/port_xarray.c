// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sparse arrays: a radix tree of 64-slot nodes.
 *
 * The root covers indices from 0 up.  A node with no entries does not exist,
 * except below a root kept tall because of it never being shrunk.  A mark set
 * in a node says that the slot's entry, or some entry below it, has the mark.
 */
#include "port_user.h"

enum { XA_BITS = 6, XA_SLOTS = 1 << XA_BITS, XA_MARKS = 3 };

struct port_xa_node {
	struct port_xa_node *parent;
	u8 shift;		/* bits of the index below this level */
	u8 offset;		/* in the parent */
	u8 nr_used;
	u64 marks[XA_MARKS];
	void *slots[XA_SLOTS];
};

static unsigned int xa_slot(const struct port_xa_node *n, unsigned long index)
{
	return (index >> n->shift) & (XA_SLOTS - 1);
}

/* is @index beyond what the tree under @n can hold? */
static bool xa_beyond(const struct port_xa_node *n, unsigned long index)
{
	unsigned int bits = n->shift + XA_BITS;

	return bits < BITS_PER_LONG && (index >> bits) != 0;
}

static struct port_xa_node *xa_leaf(const struct xarray *xa,
				    unsigned long index)
{
	struct port_xa_node *n = xa->root;

	if (!n || xa_beyond(n, index))
		return NULL;
	while (n && n->shift)
		n = n->slots[xa_slot(n, index)];
	return n;
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	struct port_xa_node *n = xa_leaf(xa, index);

	return n ? n->slots[xa_slot(n, index)] : NULL;
}

/* ---- marks ---- */

static bool xa_node_marked(const struct port_xa_node *n, unsigned int slot,
			   unsigned int mark)
{
	return (n->marks[mark] >> slot) & 1;
}

static void xa_mark_up(struct port_xa_node *n, unsigned int slot,
		       unsigned int mark)
{
	while (n && !xa_node_marked(n, slot, mark)) {
		n->marks[mark] |= BIT_ULL(slot);
		slot = n->offset;
		n = n->parent;
	}
}

static void xa_unmark_up(struct port_xa_node *n, unsigned int slot,
			 unsigned int mark)
{
	while (n && xa_node_marked(n, slot, mark)) {
		n->marks[mark] &= ~BIT_ULL(slot);
		if (n->marks[mark])
			return;
		slot = n->offset;
		n = n->parent;
	}
}

bool xa_marked(const struct xarray *xa, xa_mark_t mark)
{
	return xa->root && xa->root->marks[(__force unsigned int)mark];
}

bool xa_get_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	struct port_xa_node *n = xa_leaf(xa, index);

	return n && xa_node_marked(n, xa_slot(n, index),
				   (__force unsigned int)mark);
}

void __xa_set_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	struct port_xa_node *n = xa_leaf(xa, index);

	lockdep_assert_held(&xa->xa_lock);
	if (n && n->slots[xa_slot(n, index)])
		xa_mark_up(n, xa_slot(n, index), (__force unsigned int)mark);
}

void __xa_clear_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	struct port_xa_node *n = xa_leaf(xa, index);

	lockdep_assert_held(&xa->xa_lock);
	if (n)
		xa_unmark_up(n, xa_slot(n, index),
			     (__force unsigned int)mark);
}

void xa_set_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	xa_lock(xa);
	__xa_set_mark(xa, index, mark);
	xa_unlock(xa);
}

void xa_clear_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	xa_lock(xa);
	__xa_clear_mark(xa, index, mark);
	xa_unlock(xa);
}

/* ---- changing ---- */

/* the lock is held here, though the kernel drops it to allocate */
static struct port_xa_node *xa_node_new(struct port_xa_node *parent,
					unsigned int shift,
					unsigned int offset, gfp_t gfp)
{
	struct port_xa_node *n;

	n = kzalloc(sizeof(*n), gfp & ~__GFP_DIRECT_RECLAIM);
	if (!n)
		return NULL;
	n->parent = parent;
	n->shift = shift;
	n->offset = offset;
	if (parent) {
		parent->slots[offset] = n;
		parent->nr_used++;
	}
	return n;
}

/* frees @n and its parents while they are empty */
static void xa_prune(struct xarray *xa, struct port_xa_node *n)
{
	struct port_xa_node *parent;

	while (n && !n->nr_used) {
		parent = n->parent;
		if (parent) {
			parent->slots[n->offset] = NULL;
			parent->nr_used--;
		} else {
			xa->root = NULL;
		}
		kfree(n);
		n = parent;
	}
}

static bool xa_grow_root(struct xarray *xa, gfp_t gfp)
{
	struct port_xa_node *old = xa->root;
	struct port_xa_node *n;
	int i;

	n = xa_node_new(NULL, old->shift + XA_BITS, 0, gfp);
	if (!n)
		return false;
	n->slots[0] = old;
	n->nr_used = 1;
	for (i = 0; i < XA_MARKS; i++)
		n->marks[i] = old->marks[i] != 0;
	old->parent = n;
	xa->root = n;
	return true;
}

static struct port_xa_node *xa_leaf_create(struct xarray *xa,
					   unsigned long index, gfp_t gfp)
{
	struct port_xa_node *n, *next;
	unsigned int shift = 0;

	if (!xa->root) {
		while (shift + XA_BITS < BITS_PER_LONG &&
		       index >> (shift + XA_BITS))
			shift += XA_BITS;
		xa->root = xa_node_new(NULL, shift, 0, gfp);
		if (!xa->root)
			return NULL;
	}
	while (xa_beyond(xa->root, index))
		if (!xa_grow_root(xa, gfp))
			return NULL;

	for (n = xa->root; n->shift; n = next) {
		next = n->slots[xa_slot(n, index)];
		if (!next)
			next = xa_node_new(n, n->shift - XA_BITS,
					   xa_slot(n, index), gfp);
		if (!next) {
			xa_prune(xa, n);
			return NULL;
		}
	}
	return n;
}

void *__xa_erase(struct xarray *xa, unsigned long index)
{
	struct port_xa_node *n = xa_leaf(xa, index);
	unsigned int slot, i;
	void *old;

	lockdep_assert_held(&xa->xa_lock);
	if (!n)
		return NULL;
	slot = xa_slot(n, index);
	old = n->slots[slot];
	if (!old)
		return NULL;
	for (i = 0; i < XA_MARKS; i++)
		xa_unmark_up(n, slot, i);
	n->slots[slot] = NULL;
	n->nr_used--;
	xa_prune(xa, n);
	return old;
}

void *__xa_store(struct xarray *xa, unsigned long index, void *entry,
		 gfp_t gfp)
{
	struct port_xa_node *n;
	unsigned int slot;
	void *old;

	lockdep_assert_held(&xa->xa_lock);
	if (!entry)
		return __xa_erase(xa, index);
	if (WARN_ON_ONCE(((unsigned long)entry & 3) == 2))
		return port_xa_error(-EINVAL);

	n = xa_leaf_create(xa, index, gfp);
	if (!n)
		return port_xa_error(-ENOMEM);
	slot = xa_slot(n, index);
	old = n->slots[slot];
	n->slots[slot] = entry;
	if (!old)
		n->nr_used++;
	return old;
}

int __xa_insert(struct xarray *xa, unsigned long index, void *entry,
		gfp_t gfp)
{
	if (WARN_ON_ONCE(!entry))
		return -EINVAL;
	if (xa_load(xa, index))
		return -EBUSY;
	return xa_err(__xa_store(xa, index, entry, gfp));
}

void *__xa_cmpxchg(struct xarray *xa, unsigned long index, void *old,
		   void *entry, gfp_t gfp)
{
	void *curr = xa_load(xa, index);

	if (curr != old)
		return curr;
	return __xa_store(xa, index, entry, gfp);
}

int __xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit,
	       gfp_t gfp)
{
	u64 i = limit.min;
	int ret;

	if (!i && (xa->xa_flags & XA_FLAGS_ALLOC1) == XA_FLAGS_ALLOC1)
		i = 1;
	for (; i <= limit.max; i++) {
		ret = __xa_insert(xa, i, entry, gfp);
		if (ret == -EBUSY)
			continue;
		if (!ret)
			*id = i;
		return ret;
	}
	return -EBUSY;
}

static void xa_lock_for(struct xarray *xa, gfp_t gfp)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		might_sleep();
	xa_lock(xa);
}

void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	void *old;

	xa_lock_for(xa, gfp);
	old = __xa_store(xa, index, entry, gfp);
	xa_unlock(xa);
	return old;
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	void *old;

	xa_lock(xa);
	old = __xa_erase(xa, index);
	xa_unlock(xa);
	return old;
}

int xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	int ret;

	xa_lock_for(xa, gfp);
	ret = __xa_insert(xa, index, entry, gfp);
	xa_unlock(xa);
	return ret;
}

void *xa_cmpxchg(struct xarray *xa, unsigned long index, void *old,
		 void *entry, gfp_t gfp)
{
	void *curr;

	xa_lock_for(xa, gfp);
	curr = __xa_cmpxchg(xa, index, old, entry, gfp);
	xa_unlock(xa);
	return curr;
}

int xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit,
	     gfp_t gfp)
{
	int ret;

	xa_lock_for(xa, gfp);
	ret = __xa_alloc(xa, id, entry, limit, gfp);
	xa_unlock(xa);
	return ret;
}

/* 1 when the search had to begin again at the lower limit */
int xa_alloc_cyclic(struct xarray *xa, u32 *id, void *entry,
		    struct xa_limit limit, u32 *next, gfp_t gfp)
{
	struct xa_limit from = {
		.min = max(limit.min, *next), .max = limit.max,
	};
	int wrapped = 0;
	int ret;

	xa_lock_for(xa, gfp);
	ret = __xa_alloc(xa, id, entry, from, gfp);
	if (ret == -EBUSY && from.min > limit.min) {
		wrapped = 1;
		ret = __xa_alloc(xa, id, entry, limit, gfp);
	}
	if (!ret)
		*next = *id + 1;
	xa_unlock(xa);
	return ret ? ret : wrapped;
}

/* ---- searching ---- */

static u64 xa_candidates(const struct port_xa_node *n, xa_mark_t filter)
{
	u64 used = 0;
	unsigned int i;

	if (filter != XA_PRESENT)
		return n->marks[(__force unsigned int)filter];
	for (i = 0; i < XA_SLOTS; i++)
		if (n->slots[i])
			used |= BIT_ULL(i);
	return used;
}

/* first entry at or after @from under @n, whose first index is @base */
static void *xa_search(const struct port_xa_node *n, unsigned long base,
		       unsigned long from, unsigned long *index,
		       xa_mark_t filter)
{
	unsigned int slot = from > base ? xa_slot(n, from) : 0;
	u64 left = xa_candidates(n, filter) & (~0ULL << slot);
	unsigned long at;
	void *entry;

	while (left) {
		slot = __ffs64(left);
		left &= left - 1;
		at = base + ((unsigned long)slot << n->shift);
		if (!n->shift) {
			*index = at;
			return n->slots[slot];
		}
		entry = xa_search(n->slots[slot], at, max(from, at), index,
				  filter);
		if (entry)
			return entry;
	}
	return NULL;
}

void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max,
	      xa_mark_t filter)
{
	unsigned long at;
	void *entry;

	if (!xa->root || xa_beyond(xa->root, *index))
		return NULL;
	entry = xa_search(xa->root, 0, *index, &at, filter);
	if (!entry || at > max)
		return NULL;
	*index = at;
	return entry;
}

void *xa_find_after(struct xarray *xa, unsigned long *index, unsigned long max,
		    xa_mark_t filter)
{
	unsigned long at = *index + 1;
	void *entry;

	if (!at)
		return NULL;
	entry = xa_find(xa, &at, max, filter);
	if (entry)
		*index = at;
	return entry;
}

static void xa_free_node(struct port_xa_node *n)
{
	unsigned int i;

	if (n->shift)
		for (i = 0; i < XA_SLOTS; i++)
			if (n->slots[i])
				xa_free_node(n->slots[i]);
	kfree(n);
}

void xa_destroy(struct xarray *xa)
{
	xa_lock(xa);
	if (xa->root)
		xa_free_node(xa->root);
	xa->root = NULL;
	xa_unlock(xa);
}
