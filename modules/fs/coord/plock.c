// SPDX-License-Identifier: GPL-2.0-only
/*
 * Table of fcntl() and flock() locks: its objects and its calls, see plock.h.
 */
#include "fs/coord/plock_priv.h"

/* ---- objects ------------------------------------------------------------ */

static int sfs_plock_cmp(u64 a, u64 b)
{
	return a < b ? -1 : a > b;
}

static int sfs_plock_mount_cmp(const void *key, const struct rb_node *node)
{
	const u64 *rid = key;

	return sfs_plock_cmp(*rid, rb_entry(node, struct sfs_plock_mount,
					    node)->rid);
}

static int sfs_plock_mount_add_cmp(struct rb_node *node,
				   const struct rb_node *other)
{
	return sfs_plock_mount_cmp(&rb_entry(node, struct sfs_plock_mount,
					     node)->rid, other);
}

struct sfs_plock_mount *sfs_plock_mount_find(struct sfs_plock_table *table,
					     u64 rid)
{
	struct rb_node *node = rb_find(&rid, &table->mounts,
				       sfs_plock_mount_cmp);

	return rb_entry_safe(node, struct sfs_plock_mount, node);
}

static struct sfs_plock_mount *
sfs_plock_mount_get(struct sfs_plock_table *table, u64 rid)
{
	struct sfs_plock_mount *mount = sfs_plock_mount_find(table, rid);

	if (mount)
		return mount;
	mount = kzalloc(sizeof(*mount), table->params.gfp);
	if (!mount)
		return NULL;
	mount->rid = rid;
	mount->owners = RB_ROOT;
	mount->waits = RB_ROOT;
	INIT_LIST_HEAD(&mount->decided);
	rb_find_add(&mount->node, &table->mounts, sfs_plock_mount_add_cmp);
	table->nr.nr_mounts++;
	return mount;
}

static void sfs_plock_mount_put(struct sfs_plock_table *table,
				struct sfs_plock_mount *mount)
{
	if (!RB_EMPTY_ROOT(&mount->owners))
		return;
	WARN_ON_ONCE(mount->nr || !list_empty(&mount->decided));
	rb_erase(&mount->node, &table->mounts);
	table->nr.nr_mounts--;
	kfree(mount);
}

struct sfs_plock_owner_key {
	u64 id;
	u8 space;
};

static int sfs_plock_owner_cmp(const void *key, const struct rb_node *node)
{
	const struct sfs_plock_owner *owner =
		rb_entry(node, struct sfs_plock_owner, node);
	const struct sfs_plock_owner_key *k = key;

	return sfs_plock_cmp(k->id, owner->id) ?:
	       sfs_plock_cmp(k->space, owner->space);
}

static int sfs_plock_owner_add_cmp(struct rb_node *node,
				   const struct rb_node *other)
{
	const struct sfs_plock_owner *owner =
		rb_entry(node, struct sfs_plock_owner, node);
	struct sfs_plock_owner_key key = { owner->id, owner->space };

	return sfs_plock_owner_cmp(&key, other);
}

struct sfs_plock_owner *sfs_plock_owner_find(struct sfs_plock_mount *mount,
					     u8 space, u64 id)
{
	struct sfs_plock_owner_key key = { id, space };
	struct rb_node *node = rb_find(&key, &mount->owners,
				       sfs_plock_owner_cmp);

	return rb_entry_safe(node, struct sfs_plock_owner, node);
}

static struct sfs_plock_owner *
sfs_plock_owner_get(struct sfs_plock_table *table, u64 rid,
		    const struct sfs_plock *lock)
{
	struct sfs_plock_mount *mount = sfs_plock_mount_get(table, rid);
	struct sfs_plock_owner *owner;

	if (!mount)
		return NULL;
	owner = sfs_plock_owner_find(mount, lock->space, lock->owner);
	if (owner)
		return owner;
	owner = kzalloc(sizeof(*owner), table->params.gfp);
	if (!owner) {
		sfs_plock_mount_put(table, mount);
		return NULL;
	}
	owner->mount = mount;
	owner->id = lock->owner;
	owner->space = lock->space;
	owner->is_ofd = lock->is_ofd;
	INIT_LIST_HEAD(&owner->holders);
	INIT_LIST_HEAD(&owner->waits);
	rb_find_add(&owner->node, &mount->owners, sfs_plock_owner_add_cmp);
	table->nr.nr_owners++;
	return owner;
}

static void sfs_plock_owner_put(struct sfs_plock_table *table,
				struct sfs_plock_owner *owner)
{
	struct sfs_plock_mount *mount = owner->mount;

	if (!list_empty(&owner->holders) || !list_empty(&owner->waits))
		return;
	rb_erase(&owner->node, &mount->owners);
	table->nr.nr_owners--;
	kfree(owner);
	sfs_plock_mount_put(table, mount);
}

struct sfs_plock_file_key {
	u64 ino;
	u8 space;
};

static int sfs_plock_file_cmp(const void *key, const struct rb_node *node)
{
	const struct sfs_plock_file *file =
		rb_entry(node, struct sfs_plock_file, node);
	const struct sfs_plock_file_key *k = key;

	return sfs_plock_cmp(k->ino, file->ino) ?:
	       sfs_plock_cmp(k->space, file->space);
}

static int sfs_plock_file_add_cmp(struct rb_node *node,
				  const struct rb_node *other)
{
	const struct sfs_plock_file *file =
		rb_entry(node, struct sfs_plock_file, node);
	struct sfs_plock_file_key key = { file->ino, file->space };

	return sfs_plock_file_cmp(&key, other);
}

struct sfs_plock_file *sfs_plock_file_find(struct sfs_plock_table *table,
					   u64 ino, u8 space)
{
	struct sfs_plock_file_key key = { ino, space };
	struct rb_node *node = rb_find(&key, &table->files, sfs_plock_file_cmp);

	return rb_entry_safe(node, struct sfs_plock_file, node);
}

static struct sfs_plock_file *
sfs_plock_file_get(struct sfs_plock_table *table, const struct sfs_plock *lock)
{
	struct sfs_plock_file *file;

	file = sfs_plock_file_find(table, lock->ino, lock->space);
	if (file)
		return file;
	file = kzalloc(sizeof(*file), table->params.gfp);
	if (!file)
		return NULL;
	file->ino = lock->ino;
	file->space = lock->space;
	INIT_LIST_HEAD(&file->holders);
	INIT_LIST_HEAD(&file->queued);
	INIT_LIST_HEAD(&file->offered);
	rb_find_add(&file->node, &table->files, sfs_plock_file_add_cmp);
	table->nr.nr_files++;
	return file;
}

static void sfs_plock_file_put(struct sfs_plock_table *table,
			       struct sfs_plock_file *file)
{
	if (!list_empty(&file->holders) || !list_empty(&file->queued) ||
	    !list_empty(&file->offered))
		return;
	rb_erase(&file->node, &table->files);
	table->nr.nr_files--;
	kfree(file);
}

/* Along both lists at once: the shorter one decides how long it takes. */
struct sfs_plock_holder *sfs_plock_holder_find(struct sfs_plock_file *file,
					       struct sfs_plock_owner *owner)
{
	struct list_head *a = file->holders.next;
	struct list_head *b = owner->holders.next;
	struct sfs_plock_holder *holder;

	for (; a != &file->holders && b != &owner->holders;
	     a = a->next, b = b->next) {
		holder = list_entry(a, struct sfs_plock_holder, file_link);
		if (holder->owner == owner)
			return holder;
		holder = list_entry(b, struct sfs_plock_holder, owner_link);
		if (holder->file == file)
			return holder;
	}
	return NULL;
}

void sfs_plock_put(struct sfs_plock_table *table, struct sfs_plock_file *file,
		   struct sfs_plock_owner *owner)
{
	if (owner)
		sfs_plock_owner_put(table, owner);
	if (file)
		sfs_plock_file_put(table, file);
}

/* ---- tables ------------------------------------------------------------- */

struct sfs_plock_table *
sfs_plock_table_create(const struct sfs_plock_params *params)
{
	struct sfs_plock_table *table = kzalloc(sizeof(*table), GFP_KERNEL);

	if (!table)
		return NULL;
	table->params = *params;
	table->mounts = RB_ROOT;
	table->files = RB_ROOT;
	return table;
}

void sfs_plock_table_destroy(struct sfs_plock_table *table)
{
	struct rb_node *node;

	if (!table)
		return;
	table->params.decided = NULL;
	while ((node = rb_first(&table->mounts)))
		sfs_plock_drop_mount(table, rb_entry(node,
						     struct sfs_plock_mount,
						     node)->rid);
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&table->files));
	kfree(table);
}

void sfs_plock_stats(const struct sfs_plock_table *table,
		     struct sfs_plock_stats *stats)
{
	*stats = table->nr;
}

/* ---- locking ------------------------------------------------------------ */

static int sfs_plock_unlock(struct sfs_plock_table *table, u64 rid,
			    const struct sfs_plock *lock)
{
	struct sfs_plock_mount *mount = sfs_plock_mount_find(table, rid);
	struct sfs_plock_owner *owner;
	struct sfs_plock_file *file;
	int ret;

	owner = mount ? sfs_plock_owner_find(mount, lock->space, lock->owner) :
			NULL;
	file = sfs_plock_file_find(table, lock->ino, lock->space);
	if (!owner || !file)
		return 0;
	ret = sfs_plock_range_set(table, file, owner, lock);
	if (!ret)
		sfs_plock_pump(table, file);
	sfs_plock_put(table, file, owner);
	return ret;
}

/* A lock of flock() that cannot be converted; the caller pumps. */
static void sfs_plock_give_up(struct sfs_plock_table *table,
			      struct sfs_plock_file *file,
			      struct sfs_plock_owner *owner)
{
	struct sfs_plock_holder *holder = sfs_plock_holder_find(file, owner);

	if (holder)
		sfs_plock_holder_drop(table, holder);
}

/* Somebody is in the way, or first in the queue. */
static int sfs_plock_queue(struct sfs_plock_table *table,
			   struct sfs_plock_file *file,
			   struct sfs_plock_owner *owner,
			   const struct sfs_plock *lock, u64 wait_id)
{
	int ret = -EAGAIN;

	if (wait_id) {
		if (sfs_plock_is_deadlock(table, file, owner, lock))
			return -EDEADLK;
		ret = sfs_plock_wait_add(table, file, owner, lock, wait_id);
		if (ret)
			return ret;
		ret = -EINPROGRESS;
	}
	if (lock->space == SFS_PLOCK_FLOCK)
		sfs_plock_give_up(table, file, owner);
	return ret;
}

static int sfs_plock_take(struct sfs_plock_table *table,
			  struct sfs_plock_file *file,
			  struct sfs_plock_owner *owner,
			  const struct sfs_plock *lock, u64 wait_id)
{
	int ret;

	if (sfs_plock_is_blocked(file, owner, lock) ||
	    (wait_id && list_empty(&owner->holders) &&
	     sfs_plock_has_queue(file, owner, lock, NULL)))
		return sfs_plock_queue(table, file, owner, lock, wait_id);
	ret = sfs_plock_range_set(table, file, owner, lock);
	if (!ret)
		sfs_plock_owner_gained(table, owner);
	return ret;
}

int sfs_plock_set(struct sfs_plock_table *table, u64 rid,
		  const struct sfs_plock *lock, u64 wait_id)
{
	struct sfs_plock_owner *owner;
	struct sfs_plock_file *file;
	int ret = -ENOMEM;

	if (lock->kind == SFS_PLOCK_UNLOCK)
		return sfs_plock_unlock(table, rid, lock);
	owner = sfs_plock_owner_get(table, rid, lock);
	file = sfs_plock_file_get(table, lock);
	if (owner && file) {
		ret = sfs_plock_take(table, file, owner, lock, wait_id);
		/* a write lock may have become a read lock, or gone */
		sfs_plock_pump(table, file);
	}
	sfs_plock_put(table, file, owner);
	return ret;
}

static struct sfs_plock_wait *
sfs_plock_wait_find(struct sfs_plock_table *table, u64 rid, u64 wait_id)
{
	struct sfs_plock_mount *mount = sfs_plock_mount_find(table, rid);
	struct rb_node *node = mount ? mount->waits.rb_node : NULL;
	struct sfs_plock_wait *wait;

	while (node) {
		wait = rb_entry(node, struct sfs_plock_wait, node);
		if (wait->id == wait_id)
			return wait;
		node = wait_id < wait->id ? node->rb_left : node->rb_right;
	}
	return NULL;
}

int sfs_plock_accept(struct sfs_plock_table *table, u64 rid, u64 wait_id)
{
	struct sfs_plock_wait *wait = sfs_plock_wait_find(table, rid, wait_id);
	struct sfs_plock_owner *owner;
	struct sfs_plock_file *file;
	struct sfs_plock lock;
	int ret = -EDEADLK;

	if (!wait)
		return -ENOENT;
	if (wait->state == SFS_PLOCK_QUEUED)
		return -EINPROGRESS;
	owner = wait->owner;
	file = wait->file;
	lock = wait->lock;
	if (wait->state == SFS_PLOCK_OFFERED)
		ret = sfs_plock_range_set(table, file, owner, &lock);
	sfs_plock_wait_del(table, wait);
	if (!ret)
		sfs_plock_owner_gained(table, owner);
	sfs_plock_pump(table, file);
	sfs_plock_put(table, file, owner);
	return ret;
}

int sfs_plock_cancel(struct sfs_plock_table *table, u64 rid, u64 wait_id)
{
	struct sfs_plock_wait *wait = sfs_plock_wait_find(table, rid, wait_id);
	struct sfs_plock_owner *owner;
	struct sfs_plock_file *file;

	if (!wait)
		return -ENOENT;
	owner = wait->owner;
	file = wait->file;
	sfs_plock_wait_del(table, wait);
	sfs_plock_pump(table, file);
	sfs_plock_put(table, file, owner);
	return 0;
}

static void sfs_plock_drop_owner(struct sfs_plock_table *table,
				 struct sfs_plock_owner *owner)
{
	struct sfs_plock_holder *holder, *next_holder;
	struct sfs_plock_wait *wait, *next_wait;

	list_for_each_entry_safe(wait, next_wait, &owner->waits, owner_link)
		sfs_plock_wait_del(table, wait);
	list_for_each_entry_safe(holder, next_holder, &owner->holders,
				 owner_link)
		sfs_plock_holder_drop(table, holder);
	sfs_plock_owner_put(table, owner);
}

static void sfs_plock_pump_all(struct sfs_plock_table *table)
{
	struct rb_node *node = rb_first(&table->files);
	struct sfs_plock_file *file;

	while (node) {
		file = rb_entry(node, struct sfs_plock_file, node);
		node = rb_next(node);
		sfs_plock_pump(table, file);
		sfs_plock_file_put(table, file);
	}
}

/* All of it goes before anybody gets any of it, or the order would suffer. */
void sfs_plock_drop_mount(struct sfs_plock_table *table, u64 rid)
{
	struct sfs_plock_mount *mount = sfs_plock_mount_find(table, rid);
	struct rb_node *node;

	if (!mount)
		return;
	/* the mount goes with its last owner */
	do {
		node = rb_first(&mount->owners);
		sfs_plock_drop_owner(table, rb_entry(node,
						     struct sfs_plock_owner,
						     node));
		mount = sfs_plock_mount_find(table, rid);
	} while (mount);
	sfs_plock_pump_all(table);
}

bool sfs_plock_has_mount(struct sfs_plock_table *table, u64 rid)
{
	return sfs_plock_mount_find(table, rid);
}

void sfs_plock_table_pause(struct sfs_plock_table *table)
{
	table->is_paused = true;
}

void sfs_plock_table_resume(struct sfs_plock_table *table)
{
	table->is_paused = false;
	sfs_plock_pump_all(table);
}

/* ---- asking ------------------------------------------------------------- */

static void sfs_plock_conflict(const struct sfs_plock_file *file,
			       const struct sfs_plock_owner *owner, u64 start,
			       u64 end, u32 pid, u8 kind,
			       struct sfs_plock *conflict, u64 *rid)
{
	if (conflict->kind != SFS_PLOCK_UNLOCK && conflict->start <= start)
		return;
	*conflict = (struct sfs_plock) {
		.ino = file->ino,
		.owner = owner->id,
		.start = start,
		.end = end,
		.pid = pid,
		.space = file->space,
		.kind = kind,
		.is_ofd = owner->is_ofd,
	};
	*rid = owner->mount->rid;
}

static bool sfs_plock_is_own(const struct sfs_plock_owner *owner, u64 rid,
			     const struct sfs_plock *lock)
{
	return owner->id == lock->owner && owner->mount->rid == rid;
}

bool sfs_plock_test(struct sfs_plock_table *table, u64 rid,
		    const struct sfs_plock *lock, struct sfs_plock *conflict,
		    u64 *conflict_rid)
{
	bool is_write = lock->kind == SFS_PLOCK_WRITE;
	struct sfs_plock_holder *holder;
	struct sfs_plock_range *range;
	struct sfs_plock_file *file;
	struct sfs_plock_wait *wait;

	conflict->kind = SFS_PLOCK_UNLOCK;
	file = sfs_plock_file_find(table, lock->ino, lock->space);
	if (!file)
		return false;
	list_for_each_entry(holder, &file->holders, file_link) {
		if (sfs_plock_is_own(holder->owner, rid, lock))
			continue;
		range = sfs_plock_range_find(holder, lock->start, lock->end);
		for (; range; range = sfs_plock_range_next(range, lock->end))
			if (is_write || range->kind == SFS_PLOCK_WRITE)
				sfs_plock_conflict(file, holder->owner,
						   range->start, range->end,
						   range->pid, range->kind,
						   conflict, conflict_rid);
	}
	list_for_each_entry(wait, &file->offered, file_link) {
		const struct sfs_plock *w = &wait->lock;

		if (!sfs_plock_is_own(wait->owner, rid, lock) &&
		    w->start <= lock->end && w->end >= lock->start &&
		    (is_write || w->kind == SFS_PLOCK_WRITE))
			sfs_plock_conflict(file, wait->owner, w->start, w->end,
					   w->pid, w->kind, conflict,
					   conflict_rid);
	}
	return conflict->kind != SFS_PLOCK_UNLOCK;
}

static struct sfs_plock_holder *
sfs_plock_holder_of(struct sfs_plock_table *table, u64 rid,
		    const struct sfs_plock *lock)
{
	struct sfs_plock_mount *mount = sfs_plock_mount_find(table, rid);
	struct sfs_plock_owner *owner;
	struct sfs_plock_file *file;

	owner = mount ? sfs_plock_owner_find(mount, lock->space, lock->owner) :
			NULL;
	file = sfs_plock_file_find(table, lock->ino, lock->space);
	return owner && file ? sfs_plock_holder_find(file, owner) : NULL;
}

bool sfs_plock_holds(struct sfs_plock_table *table, u64 rid,
		     const struct sfs_plock *lock)
{
	struct sfs_plock_holder *holder;

	holder = sfs_plock_holder_of(table, rid, lock);
	return holder && sfs_plock_range_find(holder, lock->start, lock->end);
}

int sfs_plock_weaken(struct sfs_plock_table *table, u64 rid,
		     const struct sfs_plock *lock)
{
	struct sfs_plock weak = *lock;
	struct sfs_plock_holder *holder;
	struct sfs_plock_range *range;
	int ret = 0;

	for (; !ret; weak.start = weak.end + 1) {
		/* ranges are joined and holders go away meanwhile */
		holder = sfs_plock_holder_of(table, rid, lock);
		range = holder ? sfs_plock_range_find(holder, weak.start,
						      lock->end) : NULL;
		if (!range)
			break;
		weak.start = max(range->start, weak.start);
		weak.end = min(range->end, lock->end);
		weak.kind = lock->kind;
		if (lock->space == SFS_PLOCK_FLOCK && range->kind != lock->kind)
			weak.kind = SFS_PLOCK_UNLOCK;
		if (weak.kind < range->kind)
			ret = sfs_plock_set(table, rid, &weak, 0);
		if (weak.end == lock->end)
			break;
	}
	return ret;
}

static int sfs_plock_visit_holder(struct sfs_plock_holder *holder,
				  int (*fn)(void *arg,
					    const struct sfs_plock *lock),
				  void *arg)
{
	struct sfs_plock lock = {
		.ino = holder->file->ino,
		.owner = holder->owner->id,
		.space = holder->file->space,
		.is_ofd = holder->owner->is_ofd,
	};
	struct sfs_plock_range *range;
	int ret = 0;

	range = sfs_plock_range_find(holder, 0, U64_MAX);
	for (; range && !ret; range = sfs_plock_range_next(range, U64_MAX)) {
		lock.start = range->start;
		lock.end = range->end;
		lock.pid = range->pid;
		lock.kind = range->kind;
		ret = fn(arg, &lock);
	}
	return ret;
}

int sfs_plock_for_each(struct sfs_plock_table *table, u64 rid,
		       int (*fn)(void *arg, const struct sfs_plock *lock),
		       void *arg)
{
	struct sfs_plock_mount *mount = sfs_plock_mount_find(table, rid);
	struct rb_node *node = mount ? rb_first(&mount->owners) : NULL;
	struct sfs_plock_holder *holder;
	struct sfs_plock_owner *owner;
	int ret;

	for (; node; node = rb_next(node)) {
		owner = rb_entry(node, struct sfs_plock_owner, node);
		list_for_each_entry(holder, &owner->holders, owner_link) {
			ret = sfs_plock_visit_holder(holder, fn, arg);
			if (ret)
				return ret;
		}
	}
	return 0;
}

/* ---- what mounts must be told ------------------------------------------- */

unsigned int sfs_plock_decided(struct sfs_plock_table *table, u64 rid, u64 *ids,
			       unsigned int max)
{
	struct sfs_plock_mount *mount = sfs_plock_mount_find(table, rid);
	struct sfs_plock_wait *wait;
	unsigned int nr = 0;

	if (!mount)
		return 0;
	list_for_each_entry(wait, &mount->decided, decided_link) {
		if (nr == max)
			break;
		ids[nr++] = wait->id;
	}
	return nr;
}

void sfs_plock_told(struct sfs_plock_table *table, u64 rid, u64 wait_id)
{
	struct sfs_plock_wait *wait = sfs_plock_wait_find(table, rid, wait_id);

	if (wait)
		list_del_init(&wait->decided_link);
}
