// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges that an owner holds of a file.
 *
 * A change cuts what is in the way, which may split one range, then adds the new
 * one and joins it with neighbours of its kind.  All memory is there before the
 * first step, so a change is made as a whole or not at all.
 */
#include "fs/coord/plock_priv.h"

static struct sfs_plock_range *sfs_plock_range_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct sfs_plock_range, node);
}

struct sfs_plock_range *sfs_plock_range_find(struct sfs_plock_holder *holder,
					     u64 start, u64 end)
{
	struct sfs_plock_range *range, *found = NULL;
	struct rb_node *node = holder->ranges.rb_node;

	while (node) {
		range = sfs_plock_range_entry(node);
		if (range->end < start) {
			node = node->rb_right;
		} else {
			found = range;
			node = node->rb_left;
		}
	}
	return found && found->start <= end ? found : NULL;
}

struct sfs_plock_range *sfs_plock_range_next(struct sfs_plock_range *range,
					     u64 end)
{
	struct sfs_plock_range *next =
		sfs_plock_range_entry(rb_next(&range->node));

	return next && next->start <= end ? next : NULL;
}

static bool sfs_plock_range_less(struct rb_node *node,
				 const struct rb_node *other)
{
	return rb_entry(node, struct sfs_plock_range, node)->start <
	       rb_entry(other, struct sfs_plock_range, node)->start;
}

static void sfs_plock_range_add(struct sfs_plock_table *table,
				struct sfs_plock_holder *holder,
				struct sfs_plock_range *range)
{
	rb_add(&range->node, &holder->ranges, sfs_plock_range_less);
	holder->owner->mount->nr++;
	table->nr.nr_ranges++;
}

static void sfs_plock_range_del(struct sfs_plock_table *table,
				struct sfs_plock_holder *holder,
				struct sfs_plock_range *range)
{
	rb_erase(&range->node, &holder->ranges);
	holder->owner->mount->nr--;
	table->nr.nr_ranges--;
	kfree(range);
}

/* ---- holders ------------------------------------------------------------ */

static struct sfs_plock_holder *
sfs_plock_holder_create(struct sfs_plock_table *table,
			struct sfs_plock_file *file,
			struct sfs_plock_owner *owner)
{
	struct sfs_plock_holder *holder = kzalloc(sizeof(*holder),
						  table->params.gfp);

	if (!holder)
		return NULL;
	holder->file = file;
	holder->owner = owner;
	holder->ranges = RB_ROOT;
	list_add_tail(&holder->file_link, &file->holders);
	list_add_tail(&holder->owner_link, &owner->holders);
	return holder;
}

void sfs_plock_holder_drop(struct sfs_plock_table *table,
			   struct sfs_plock_holder *holder)
{
	struct rb_node *node;

	while ((node = rb_first(&holder->ranges)))
		sfs_plock_range_del(table, holder, sfs_plock_range_entry(node));
	list_del(&holder->file_link);
	list_del(&holder->owner_link);
	kfree(holder);
}

/* ---- changes ------------------------------------------------------------ */

/* Memory for a change, of which it may need less. */
struct sfs_plock_spare {
	struct sfs_plock_range *range[2];
	unsigned int nr;
};

/* Does the change leave both ends of one range? */
static bool sfs_plock_splits(struct sfs_plock_holder *holder,
			     const struct sfs_plock *lock)
{
	const struct sfs_plock_range *range;

	range = sfs_plock_range_find(holder, lock->start, lock->end);
	return range && range->start < lock->start && range->end > lock->end;
}

static int sfs_plock_spare_alloc(struct sfs_plock_table *table,
				 struct sfs_plock_holder *holder,
				 const struct sfs_plock *lock,
				 struct sfs_plock_spare *spare)
{
	unsigned int need = sfs_plock_splits(holder, lock) +
			    (lock->kind != SFS_PLOCK_UNLOCK);

	spare->nr = 0;
	if (need && holder->owner->mount->nr + need > table->params.mount_max)
		return -ENOLCK;
	while (spare->nr < need) {
		struct sfs_plock_range *range;

		range = kmalloc(sizeof(*range), table->params.gfp);
		if (!range)
			return -ENOMEM;
		spare->range[spare->nr++] = range;
	}
	return 0;
}

static void sfs_plock_spare_free(struct sfs_plock_spare *spare)
{
	while (spare->nr)
		kfree(spare->range[--spare->nr]);
}

/* Take [start, end] out of whatever is there. */
static void sfs_plock_cut(struct sfs_plock_table *table,
			  struct sfs_plock_holder *holder, u64 start, u64 end,
			  struct sfs_plock_spare *spare)
{
	struct sfs_plock_range *range, *right, *next;

	range = sfs_plock_range_find(holder, start, end);
	for (; range; range = next) {
		next = sfs_plock_range_next(range, end);
		if (range->start < start && range->end > end) {
			right = spare->range[--spare->nr];
			*right = *range;
			right->start = end + 1;
			range->end = start - 1;
			sfs_plock_range_add(table, holder, right);
		} else if (range->start < start) {
			range->end = start - 1;
		} else if (range->end > end) {
			range->start = end + 1;
		} else {
			sfs_plock_range_del(table, holder, range);
		}
	}
}

/* Join a range with its neighbours. */
static void sfs_plock_join(struct sfs_plock_table *table,
			   struct sfs_plock_holder *holder,
			   struct sfs_plock_range *range)
{
	struct sfs_plock_range *prev, *next;

	prev = sfs_plock_range_entry(rb_prev(&range->node));
	if (prev && prev->kind == range->kind &&
	    prev->end + 1 == range->start) {
		range->start = prev->start;
		sfs_plock_range_del(table, holder, prev);
	}
	next = sfs_plock_range_entry(rb_next(&range->node));
	if (next && next->kind == range->kind &&
	    range->end + 1 == next->start) {
		range->end = next->end;
		sfs_plock_range_del(table, holder, next);
	}
}

static void sfs_plock_change(struct sfs_plock_table *table,
			     struct sfs_plock_holder *holder,
			     const struct sfs_plock *lock,
			     struct sfs_plock_spare *spare)
{
	struct sfs_plock_range *range;

	sfs_plock_cut(table, holder, lock->start, lock->end, spare);
	if (lock->kind == SFS_PLOCK_UNLOCK)
		return;
	range = spare->range[--spare->nr];
	range->start = lock->start;
	range->end = lock->end;
	range->pid = lock->pid;
	range->kind = lock->kind;
	sfs_plock_range_add(table, holder, range);
	sfs_plock_join(table, holder, range);
}

/* All of it is held in this very kind: splitting and joining would cost memory. */
static bool sfs_plock_is_held(struct sfs_plock_holder *holder,
			      const struct sfs_plock *lock)
{
	const struct sfs_plock_range *range;

	range = sfs_plock_range_find(holder, lock->start, lock->end);
	return range && range->kind == lock->kind &&
	       range->start <= lock->start && range->end >= lock->end;
}

int sfs_plock_range_set(struct sfs_plock_table *table,
			struct sfs_plock_file *file,
			struct sfs_plock_owner *owner,
			const struct sfs_plock *lock)
{
	struct sfs_plock_holder *holder = sfs_plock_holder_find(file, owner);
	struct sfs_plock_spare spare;
	int ret;

	if (!holder && lock->kind == SFS_PLOCK_UNLOCK)
		return 0;
	if (!holder)
		holder = sfs_plock_holder_create(table, file, owner);
	if (!holder)
		return -ENOMEM;
	if (sfs_plock_is_held(holder, lock))
		return 0;
	ret = sfs_plock_spare_alloc(table, holder, lock, &spare);
	if (!ret)
		sfs_plock_change(table, holder, lock, &spare);
	sfs_plock_spare_free(&spare);
	if (RB_EMPTY_ROOT(&holder->ranges))
		sfs_plock_holder_drop(table, holder);
	return ret;
}
