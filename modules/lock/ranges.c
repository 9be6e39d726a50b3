// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of numbers, see ranges.h.
 */
#include "lock/ranges.h"

struct sfs_lock_range {
	struct rb_node node;
	struct sfs_lock_range_info info;
};

static struct sfs_lock_range *sfs_lock_range_of(struct rb_node *node)
{
	return rb_entry(node, struct sfs_lock_range, node);
}

void sfs_lock_ranges_init(struct sfs_lock_ranges *rs)
{
	mutex_init(&rs->lock);
	rs->tree = RB_ROOT;
}
EXPORT_SYMBOL_GPL(sfs_lock_ranges_init);

void sfs_lock_ranges_exit(struct sfs_lock_ranges *rs)
{
	struct sfs_lock_range *range, *next;

	rbtree_postorder_for_each_entry_safe(range, next, &rs->tree, node)
		kfree(range);
	rs->tree = RB_ROOT;
	mutex_destroy(&rs->lock);
}
EXPORT_SYMBOL_GPL(sfs_lock_ranges_exit);

static struct sfs_lock_range *
sfs_lock_range_alloc(const struct sfs_lock_range_info *info)
{
	struct sfs_lock_range *range = kzalloc(sizeof(*range), GFP_NOFS);

	if (range)
		range->info = *info;
	return range;
}

/* -EPROTO: it overlaps another one. */
static int sfs_lock_range_insert_locked(struct sfs_lock_ranges *rs,
					struct sfs_lock_range *range)
{
	struct rb_node **link = &rs->tree.rb_node;
	struct rb_node *parent = NULL;
	struct sfs_lock_range *other;

	lockdep_assert_held(&rs->lock);
	while (*link) {
		parent = *link;
		other = sfs_lock_range_of(parent);
		if (range->info.last < other->info.first)
			link = &parent->rb_left;
		else if (range->info.first > other->info.last)
			link = &parent->rb_right;
		else
			return -EPROTO;
	}
	rb_link_node(&range->node, parent, link);
	rb_insert_color(&range->node, &rs->tree);
	return 0;
}

int sfs_lock_ranges_add(struct sfs_lock_ranges *rs, u64 owner, u64 first,
			u64 count)
{
	struct sfs_lock_range_info info = { .owner = owner, .first = first };
	struct sfs_lock_range *range;
	int ret;

	if (!count || count - 1 > U64_MAX - first)
		return -EPROTO;
	info.last = first + (count - 1);
	range = sfs_lock_range_alloc(&info);
	if (!range)
		return -ENOMEM;
	mutex_lock(&rs->lock);
	ret = sfs_lock_range_insert_locked(rs, range);
	mutex_unlock(&rs->lock);
	if (ret)
		kfree(range);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_lock_ranges_add);

static struct sfs_lock_range *
sfs_lock_range_find_locked(struct sfs_lock_ranges *rs, u64 nr)
{
	struct rb_node *pos = rs->tree.rb_node;
	struct sfs_lock_range *range, *best = NULL;

	lockdep_assert_held(&rs->lock);
	while (pos) {
		range = sfs_lock_range_of(pos);
		if (nr > range->info.last) {
			pos = pos->rb_right;
		} else {
			best = range;
			pos = pos->rb_left;
		}
	}
	return best;
}

/* Numbers are mostly taken in order, from the front. */
static int sfs_lock_range_cut_locked(struct sfs_lock_ranges *rs,
				     struct sfs_lock_range *range, u64 nr)
{
	struct sfs_lock_range_info rest = range->info;
	struct sfs_lock_range *behind;

	if (range->info.first == range->info.last) {
		rb_erase(&range->node, &rs->tree);
		kfree(range);
	} else if (nr == range->info.first) {
		range->info.first++;
	} else if (nr == range->info.last) {
		range->info.last--;
	} else {
		rest.first = nr + 1;
		behind = sfs_lock_range_alloc(&rest);
		if (!behind)
			return -ENOMEM;
		range->info.last = nr - 1;
		WARN_ON_ONCE(sfs_lock_range_insert_locked(rs, behind));
	}
	return 0;
}

int sfs_lock_ranges_take(struct sfs_lock_ranges *rs, u64 nr, u64 *owner)
{
	struct sfs_lock_range *range;
	int ret = 0;

	mutex_lock(&rs->lock);
	range = sfs_lock_range_find_locked(rs, nr);
	if (range && range->info.first <= nr) {
		*owner = range->info.owner;
		ret = sfs_lock_range_cut_locked(rs, range, nr) ?: 1;
	}
	mutex_unlock(&rs->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_lock_ranges_take);

void sfs_lock_ranges_remove(struct sfs_lock_ranges *rs, u64 owner)
{
	struct sfs_lock_range *range;
	struct rb_node *pos, *next;

	mutex_lock(&rs->lock);
	for (pos = rb_first(&rs->tree); pos; pos = next) {
		next = rb_next(pos);
		range = sfs_lock_range_of(pos);
		if (range->info.owner != owner)
			continue;
		rb_erase(pos, &rs->tree);
		kfree(range);
	}
	mutex_unlock(&rs->lock);
}
EXPORT_SYMBOL_GPL(sfs_lock_ranges_remove);

bool sfs_lock_ranges_next(struct sfs_lock_ranges *rs, u64 nr,
			  struct sfs_lock_range_info *info)
{
	struct sfs_lock_range *range;

	mutex_lock(&rs->lock);
	range = sfs_lock_range_find_locked(rs, nr);
	if (range)
		*info = range->info;
	mutex_unlock(&rs->lock);
	return range;
}
EXPORT_SYMBOL_GPL(sfs_lock_ranges_next);
