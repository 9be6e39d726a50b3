// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits for whom: queues, offers, deadlocks.
 *
 * Only holders and offers make a deadlock.  Places in a queue cannot: whoever
 * waits because of his place holds nothing, so nobody waits for him but those
 * behind him, who hold nothing either.
 *
 * Owners with one task are part of a new circle only when they begin to wait.  A
 * process with several tasks may also close one by getting a lock while another
 * of its tasks waits: its waits are looked at again then.
 */
#include "fs/coord/plock_priv.h"

static bool sfs_plock_overlaps(const struct sfs_plock *a,
			       const struct sfs_plock *b)
{
	return a->start <= b->end && b->start <= a->end &&
	       (a->kind == SFS_PLOCK_WRITE || b->kind == SFS_PLOCK_WRITE);
}

static bool sfs_plock_holder_blocks(struct sfs_plock_holder *holder,
				    const struct sfs_plock *lock)
{
	struct sfs_plock_range *range;

	range = sfs_plock_range_find(holder, lock->start, lock->end);
	for (; range; range = sfs_plock_range_next(range, lock->end))
		if (lock->kind == SFS_PLOCK_WRITE ||
		    range->kind == SFS_PLOCK_WRITE)
			return true;
	return false;
}

bool sfs_plock_is_blocked(struct sfs_plock_file *file,
			  const struct sfs_plock_owner *owner,
			  const struct sfs_plock *lock)
{
	struct sfs_plock_holder *holder;
	struct sfs_plock_wait *wait;

	list_for_each_entry(holder, &file->holders, file_link)
		if (holder->owner != owner &&
		    sfs_plock_holder_blocks(holder, lock))
			return true;
	list_for_each_entry(wait, &file->offered, file_link)
		if (wait->owner != owner &&
		    sfs_plock_overlaps(&wait->lock, lock))
			return true;
	return false;
}

bool sfs_plock_has_queue(struct sfs_plock_file *file,
			 const struct sfs_plock_owner *owner,
			 const struct sfs_plock *lock,
			 const struct sfs_plock_wait *before)
{
	struct sfs_plock_wait *wait;

	list_for_each_entry(wait, &file->queued, file_link) {
		if (wait == before)
			break;
		if (wait->state == SFS_PLOCK_QUEUED && wait->owner != owner &&
		    sfs_plock_overlaps(&wait->lock, lock))
			return true;
	}
	return false;
}

/* ---- deadlocks ---------------------------------------------------------- */

/* A search: owners that have been found and not looked at. */
struct sfs_plock_search {
	u64 visit;
	const struct sfs_plock_owner *goal;
	struct list_head todo;
};

/* true: the goal. */
static bool sfs_plock_found(struct sfs_plock_search *search,
			    struct sfs_plock_owner *owner)
{
	if (owner == search->goal)
		return true;
	if (owner->visit != search->visit && !owner->is_ofd) {
		owner->visit = search->visit;
		list_add_tail(&owner->visit_link, &search->todo);
	}
	return false;
}

/* Everybody whom a request waits for; true: the goal is among them. */
static bool sfs_plock_search_wait(struct sfs_plock_search *search,
				  struct sfs_plock_file *file,
				  const struct sfs_plock_owner *owner,
				  const struct sfs_plock *lock)
{
	struct sfs_plock_holder *holder;
	struct sfs_plock_wait *wait;

	list_for_each_entry(holder, &file->holders, file_link)
		if (holder->owner != owner &&
		    sfs_plock_holder_blocks(holder, lock) &&
		    sfs_plock_found(search, holder->owner))
			return true;
	list_for_each_entry(wait, &file->offered, file_link)
		if (wait->owner != owner &&
		    sfs_plock_overlaps(&wait->lock, lock) &&
		    sfs_plock_found(search, wait->owner))
			return true;
	return false;
}

bool sfs_plock_is_deadlock(struct sfs_plock_table *table,
			   struct sfs_plock_file *file,
			   struct sfs_plock_owner *owner,
			   const struct sfs_plock *lock)
{
	struct sfs_plock_search search = {
		.visit = ++table->visit,
		.goal = owner,
	};
	struct sfs_plock_owner *next;
	struct sfs_plock_wait *wait;

	if (file->space != SFS_PLOCK_FCNTL || owner->is_ofd)
		return false;
	INIT_LIST_HEAD(&search.todo);
	if (sfs_plock_search_wait(&search, file, owner, lock))
		return true;
	while (!list_empty(&search.todo)) {
		next = list_first_entry(&search.todo, struct sfs_plock_owner,
					visit_link);
		list_del(&next->visit_link);
		list_for_each_entry(wait, &next->waits, owner_link)
			if (wait->state == SFS_PLOCK_QUEUED &&
			    sfs_plock_search_wait(&search, wait->file, next,
						  &wait->lock))
				return true;
	}
	return false;
}

/* ---- waits -------------------------------------------------------------- */

static bool sfs_plock_wait_less(struct rb_node *node,
				const struct rb_node *other)
{
	return rb_entry(node, struct sfs_plock_wait, node)->id <
	       rb_entry(other, struct sfs_plock_wait, node)->id;
}

int sfs_plock_wait_add(struct sfs_plock_table *table,
		       struct sfs_plock_file *file,
		       struct sfs_plock_owner *owner,
		       const struct sfs_plock *lock, u64 id)
{
	struct sfs_plock_mount *mount = owner->mount;
	struct sfs_plock_wait *wait;

	if (mount->nr >= table->params.mount_max)
		return -ENOLCK;
	wait = kzalloc(sizeof(*wait), table->params.gfp);
	if (!wait)
		return -ENOMEM;
	wait->id = id;
	wait->lock = *lock;
	wait->state = SFS_PLOCK_QUEUED;
	wait->file = file;
	wait->owner = owner;
	list_add_tail(&wait->file_link, &file->queued);
	list_add_tail(&wait->owner_link, &owner->waits);
	INIT_LIST_HEAD(&wait->decided_link);
	rb_add(&wait->node, &mount->waits, sfs_plock_wait_less);
	mount->nr++;
	table->nr.nr_waits++;
	return 0;
}

void sfs_plock_wait_del(struct sfs_plock_table *table,
			struct sfs_plock_wait *wait)
{
	struct sfs_plock_mount *mount = wait->owner->mount;

	list_del(&wait->file_link);
	list_del(&wait->owner_link);
	list_del(&wait->decided_link);
	rb_erase(&wait->node, &mount->waits);
	mount->nr--;
	table->nr.nr_waits--;
	kfree(wait);
}

static void sfs_plock_decide(struct sfs_plock_table *table,
			     struct sfs_plock_wait *wait,
			     enum sfs_plock_state state)
{
	struct sfs_plock_mount *mount = wait->owner->mount;

	wait->state = state;
	list_add_tail(&wait->decided_link, &mount->decided);
	if (table->params.decided)
		table->params.decided(table->params.arg, mount->rid);
}

void sfs_plock_pump(struct sfs_plock_table *table, struct sfs_plock_file *file)
{
	struct sfs_plock_wait *wait, *next;

	if (table->is_paused)
		return;
	list_for_each_entry_safe(wait, next, &file->queued, file_link) {
		if (wait->state != SFS_PLOCK_QUEUED ||
		    sfs_plock_is_blocked(file, wait->owner, &wait->lock))
			continue;
		if (list_empty(&wait->owner->holders) &&
		    sfs_plock_has_queue(file, wait->owner, &wait->lock, wait))
			continue;
		list_move_tail(&wait->file_link, &file->offered);
		sfs_plock_decide(table, wait, SFS_PLOCK_OFFERED);
	}
}

void sfs_plock_owner_gained(struct sfs_plock_table *table,
			    struct sfs_plock_owner *owner)
{
	struct sfs_plock_wait *wait;

	list_for_each_entry(wait, &owner->waits, owner_link) {
		if (wait->state != SFS_PLOCK_QUEUED)
			continue;
		if (sfs_plock_is_deadlock(table, wait->file, owner,
					  &wait->lock))
			sfs_plock_decide(table, wait, SFS_PLOCK_FAILED);
		/* others need not wait for it, or it needs not queue now */
		sfs_plock_pump(table, wait->file);
	}
}
