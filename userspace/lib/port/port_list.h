/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Doubly linked lists with a head of the same type, and hash lists with a
 * single-pointer head.
 */
#ifndef SFS_PORT_LIST_H
#define SFS_PORT_LIST_H

#include "port_types.h"

struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };

#define LIST_POISON1	((void *)0xdead000000000100UL)
#define LIST_POISON2	((void *)0xdead000000000122UL)

#undef LIST_HEAD
#undef LIST_HEAD_INIT
#define LIST_HEAD_INIT(n)	{ &(n), &(n) }
#define LIST_HEAD(n)		struct list_head n = LIST_HEAD_INIT(n)

static inline void INIT_LIST_HEAD(struct list_head *l)
{
	l->next = l;
	l->prev = l;
}

static inline void port_list_link(struct list_head *a, struct list_head *b)
{
	a->next = b;
	b->prev = a;
}

static inline void port_list_insert(struct list_head *n, struct list_head *prev,
				    struct list_head *next)
{
	if (unlikely(next->prev != prev || prev->next != next || n == prev ||
		     n == next))
		port_die("list_add corruption: %p between %p and %p",
			 (void *)n, (void *)prev, (void *)next);
	port_list_link(prev, n);
	port_list_link(n, next);
}

static inline void list_add(struct list_head *n, struct list_head *head)
{
	port_list_insert(n, head, head->next);
}

static inline void list_add_tail(struct list_head *n, struct list_head *head)
{
	port_list_insert(n, head->prev, head);
}

static inline void __list_del_entry(struct list_head *n)
{
	if (unlikely(n->next == LIST_POISON1 || n->prev == LIST_POISON2 ||
		     n->next->prev != n || n->prev->next != n))
		port_die("list_del corruption: %p", (void *)n);
	port_list_link(n->prev, n->next);
}

static inline void list_del(struct list_head *n)
{
	__list_del_entry(n);
	n->next = LIST_POISON1;
	n->prev = LIST_POISON2;
}

static inline void list_del_init(struct list_head *n)
{
	__list_del_entry(n);
	INIT_LIST_HEAD(n);
}

#define list_del_init_careful(n)	list_del_init(n)

static inline void list_replace(struct list_head *old, struct list_head *n)
{
	port_list_link(n, old->next);
	port_list_link(old->prev, n);
}

static inline void list_replace_init(struct list_head *old,
				     struct list_head *n)
{
	list_replace(old, n);
	INIT_LIST_HEAD(old);
}

static inline void list_swap(struct list_head *a, struct list_head *b)
{
	struct list_head *pos = b->prev;

	__list_del_entry(b);
	list_replace(a, b);
	if (pos == a)
		pos = b;
	list_add(a, pos);
}

static inline void list_move(struct list_head *n, struct list_head *head)
{
	__list_del_entry(n);
	list_add(n, head);
}

static inline void list_move_tail(struct list_head *n, struct list_head *head)
{
	__list_del_entry(n);
	list_add_tail(n, head);
}

static inline void list_bulk_move_tail(struct list_head *head,
				       struct list_head *first,
				       struct list_head *last)
{
	port_list_link(first->prev, last->next);
	port_list_link(head->prev, first);
	port_list_link(last, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

static inline bool list_empty_careful(const struct list_head *head)
{
	return list_empty(head) && head->prev == head;
}

static inline bool list_is_first(const struct list_head *n,
				 const struct list_head *head)
{
	return n->prev == head;
}

static inline bool list_is_last(const struct list_head *n,
				const struct list_head *head)
{
	return n->next == head;
}

static inline bool list_is_head(const struct list_head *n,
				const struct list_head *head)
{
	return n == head;
}

static inline bool list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

static inline void list_rotate_left(struct list_head *head)
{
	if (!list_empty(head))
		list_move_tail(head->next, head);
}

static inline void list_rotate_to_front(struct list_head *n,
					struct list_head *head)
{
	list_move_tail(head, n);
}

static inline void port_list_splice(struct list_head *list,
				    struct list_head *prev,
				    struct list_head *next)
{
	struct list_head *first = list->next;
	struct list_head *last = list->prev;

	port_list_link(prev, first);
	port_list_link(last, next);
}

static inline void list_splice(struct list_head *list, struct list_head *head)
{
	if (!list_empty(list))
		port_list_splice(list, head, head->next);
}

static inline void list_splice_tail(struct list_head *list,
				    struct list_head *head)
{
	if (!list_empty(list))
		port_list_splice(list, head->prev, head);
}

static inline void list_splice_init(struct list_head *list,
				    struct list_head *head)
{
	list_splice(list, head);
	INIT_LIST_HEAD(list);
}

static inline void list_splice_tail_init(struct list_head *list,
					 struct list_head *head)
{
	list_splice_tail(list, head);
	INIT_LIST_HEAD(list);
}

/* move everything up to and including @entry from @head to @list */
static inline void list_cut_position(struct list_head *list,
				     struct list_head *head,
				     struct list_head *entry)
{
	struct list_head *rest = entry->next;

	if (list_empty(head) || entry == head) {
		INIT_LIST_HEAD(list);
		return;
	}
	port_list_link(list, head->next);
	port_list_link(entry, list);
	port_list_link(head, rest);
}

static inline void list_cut_before(struct list_head *list,
				   struct list_head *head,
				   struct list_head *entry)
{
	list_cut_position(list, head, entry->prev);
}

static inline size_t list_count_nodes(struct list_head *head)
{
	struct list_head *pos;
	size_t nr = 0;

	for (pos = head->next; pos != head; pos = pos->next)
		nr++;
	return nr;
}

#define list_entry(p, type, member)	container_of(p, type, member)
#define list_first_entry(p, type, m)	list_entry((p)->next, type, m)
#define list_last_entry(p, type, m)	list_entry((p)->prev, type, m)
#define list_first_entry_or_null(p, type, m) ({				\
	struct list_head *port_lh_ = (p);				\
	struct list_head *port_lf_ = READ_ONCE(port_lh_->next);		\
	port_lf_ != port_lh_ ? list_entry(port_lf_, type, m) : NULL; })
#define list_last_entry_or_null(p, type, m) \
	(list_empty(p) ? NULL : list_last_entry(p, type, m))
#define list_next_entry(pos, m) \
	list_entry((pos)->m.next, __typeof__(*(pos)), m)
#define list_prev_entry(pos, m) \
	list_entry((pos)->m.prev, __typeof__(*(pos)), m)
#define list_next_entry_circular(pos, head, m)				\
	(list_is_last(&(pos)->m, head) ?				\
	 list_first_entry(head, __typeof__(*(pos)), m) :		\
	 list_next_entry(pos, m))
#define list_entry_is_head(pos, head, m)	(&(pos)->m == (head))

#define list_for_each(pos, head) \
	for (pos = (head)->next; pos != (head); pos = pos->next)
#define list_for_each_prev(pos, head) \
	for (pos = (head)->prev; pos != (head); pos = pos->prev)
#define list_for_each_continue(pos, head) \
	for (pos = pos->next; pos != (head); pos = pos->next)
#define list_for_each_safe(pos, n, head)				\
	for (pos = (head)->next, n = pos->next; pos != (head);		\
	     pos = n, n = pos->next)
#define list_for_each_prev_safe(pos, n, head)				\
	for (pos = (head)->prev, n = pos->prev; pos != (head);		\
	     pos = n, n = pos->prev)

#define list_for_each_entry_from(pos, head, m)				\
	for (; !list_entry_is_head(pos, head, m);			\
	     pos = list_next_entry(pos, m))
#define list_for_each_entry_from_reverse(pos, head, m)			\
	for (; !list_entry_is_head(pos, head, m);			\
	     pos = list_prev_entry(pos, m))
#define list_for_each_entry(pos, head, m)				\
	for (pos = list_first_entry(head, __typeof__(*pos), m);		\
	     !list_entry_is_head(pos, head, m);				\
	     pos = list_next_entry(pos, m))
#define list_for_each_entry_reverse(pos, head, m)			\
	for (pos = list_last_entry(head, __typeof__(*pos), m);		\
	     !list_entry_is_head(pos, head, m);				\
	     pos = list_prev_entry(pos, m))
#define list_prepare_entry(pos, head, m) \
	((pos) ? (pos) : list_entry(head, __typeof__(*pos), m))
#define list_for_each_entry_continue(pos, head, m)			\
	for (pos = list_next_entry(pos, m);				\
	     !list_entry_is_head(pos, head, m);				\
	     pos = list_next_entry(pos, m))
#define list_for_each_entry_continue_reverse(pos, head, m)		\
	for (pos = list_prev_entry(pos, m);				\
	     !list_entry_is_head(pos, head, m);				\
	     pos = list_prev_entry(pos, m))
#define list_for_each_entry_safe(pos, n, head, m)			\
	for (pos = list_first_entry(head, __typeof__(*pos), m),		\
	     n = list_next_entry(pos, m);				\
	     !list_entry_is_head(pos, head, m);				\
	     pos = n, n = list_next_entry(n, m))
#define list_for_each_entry_safe_continue(pos, n, head, m)		\
	for (pos = list_next_entry(pos, m),				\
	     n = list_next_entry(pos, m);				\
	     !list_entry_is_head(pos, head, m);				\
	     pos = n, n = list_next_entry(n, m))
#define list_for_each_entry_safe_from(pos, n, head, m)			\
	for (n = list_next_entry(pos, m);				\
	     !list_entry_is_head(pos, head, m);				\
	     pos = n, n = list_next_entry(n, m))
#define list_for_each_entry_safe_reverse(pos, n, head, m)		\
	for (pos = list_last_entry(head, __typeof__(*pos), m),		\
	     n = list_prev_entry(pos, m);				\
	     !list_entry_is_head(pos, head, m);				\
	     pos = n, n = list_prev_entry(n, m))
#define list_safe_reset_next(pos, n, m)	(n = list_next_entry(pos, m))

/* nothing runs between the steps of a list operation here */
#define list_add_rcu(n, h)		list_add(n, h)
#define list_add_tail_rcu(n, h)		list_add_tail(n, h)
#define list_for_each_entry_rcu(pos, head, m, ...) \
	list_for_each_entry(pos, head, m)

static inline void list_del_rcu(struct list_head *n)
{
	__list_del_entry(n);
	n->prev = LIST_POISON2;
}

/* ---- hash lists ---- */

#define HLIST_HEAD_INIT		{ .first = NULL }
#define HLIST_HEAD(n)		struct hlist_head n = HLIST_HEAD_INIT
#define INIT_HLIST_HEAD(p)	((p)->first = NULL)

static inline void INIT_HLIST_NODE(struct hlist_node *n)
{
	n->next = NULL;
	n->pprev = NULL;
}

static inline bool hlist_unhashed(const struct hlist_node *n)
{
	return !n->pprev;
}

static inline bool hlist_empty(const struct hlist_head *h)
{
	return !READ_ONCE(h->first);
}

static inline void port_hlist_unlink(struct hlist_node *n)
{
	*n->pprev = n->next;
	if (n->next)
		n->next->pprev = n->pprev;
}

static inline void hlist_del(struct hlist_node *n)
{
	port_hlist_unlink(n);
	n->next = LIST_POISON1;
	n->pprev = LIST_POISON2;
}

static inline void hlist_del_init(struct hlist_node *n)
{
	if (hlist_unhashed(n))
		return;
	port_hlist_unlink(n);
	INIT_HLIST_NODE(n);
}

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	n->next = h->first;
	if (h->first)
		h->first->pprev = &n->next;
	h->first = n;
	n->pprev = &h->first;
}

static inline void hlist_add_before(struct hlist_node *n,
				    struct hlist_node *next)
{
	n->pprev = next->pprev;
	n->next = next;
	next->pprev = &n->next;
	*n->pprev = n;
}

static inline void hlist_add_behind(struct hlist_node *n,
				    struct hlist_node *prev)
{
	n->next = prev->next;
	prev->next = n;
	n->pprev = &prev->next;
	if (n->next)
		n->next->pprev = &n->next;
}

static inline void hlist_move_list(struct hlist_head *old,
				   struct hlist_head *to)
{
	to->first = old->first;
	if (to->first)
		to->first->pprev = &to->first;
	old->first = NULL;
}

#define hlist_entry(p, type, member)	container_of(p, type, member)
#define hlist_entry_safe(p, type, member) ({				\
	__typeof__(p) port_he_ = (p);					\
	port_he_ ? hlist_entry(port_he_, type, member) : NULL; })
#define hlist_for_each(pos, head) \
	for (pos = (head)->first; pos; pos = pos->next)
#define hlist_for_each_safe(pos, n, head)				\
	for (pos = (head)->first; pos && ({ n = pos->next; 1; }); pos = n)
#define hlist_for_each_entry(pos, head, m)				\
	for (pos = hlist_entry_safe((head)->first, __typeof__(*(pos)), m);\
	     pos;							\
	     pos = hlist_entry_safe((pos)->m.next, __typeof__(*(pos)), m))
#define hlist_for_each_entry_safe(pos, n, head, m)			\
	for (pos = hlist_entry_safe((head)->first, __typeof__(*(pos)), m);\
	     pos && ({ n = (pos)->m.next; 1; });			\
	     pos = hlist_entry_safe(n, __typeof__(*(pos)), m))

#define hlist_add_head_rcu(n, h)	hlist_add_head(n, h)
#define hlist_for_each_entry_rcu(pos, head, m, ...) \
	hlist_for_each_entry(pos, head, m)

static inline void hlist_del_rcu(struct hlist_node *n)
{
	port_hlist_unlink(n);
	n->pprev = LIST_POISON2;
}

#define hlist_del_init_rcu(n)		hlist_del_init(n)

#endif
