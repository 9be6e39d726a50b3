// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups in memory: finding their roots, handing them over, dropping them.
 *
 *	absent --get--> not loaded --load--> loaded --revoke to NL--> not loaded
 *
 * The root of a group is the newest of: the lock's value block, this mount's
 * log, the root map (I3).  The value block has each root that is committed, so
 * that it is right whenever EX is given up: the group may have left memory, its
 * log entry may be folded, and an empty group may have left the root map.  A
 * group is only dropped while its last change is durable.
 */
#include "fs/ns/fs.h"

#define SFS_GROUP_RANGE		1024	/* fresh numbers asked for at once */
#define SFS_GROUP_BATCH		16

static_assert(sizeof(struct sfs_disk_root_entry) <= SFS_LOCK_LVB_BYTES);

static struct sfs_group *group_alloc(struct sfs_fs *fs, u64 nr)
{
	struct sfs_group *grp = kzalloc(sizeof(*grp), GFP_NOFS);

	if (!grp)
		return NULL;
	grp->lock = sfs_lock_get(fs->locks, SFS_LOCK_GROUP, nr);
	if (!grp->lock) {
		kfree(grp);
		return NULL;
	}
	grp->nr = nr;
	init_rwsem(&grp->rwsem);
	sfs_tree_init(&grp->tree, nr);
	atomic_set(&grp->refs, 2);
	INIT_LIST_HEAD(&grp->dirty_link);
	INIT_LIST_HEAD(&grp->lru);
	return grp;
}

static void group_free(struct sfs_group *grp)
{
	kfree(grp->others);
	kfree(grp->touched);
	sfs_lock_put(grp->lock);
	kfree_rcu(grp, rcu);
}

static struct sfs_group *group_find(struct sfs_fs *fs, u64 nr)
{
	struct sfs_group *grp;

	rcu_read_lock();
	grp = xa_load(&fs->groups, nr);
	if (grp && !atomic_inc_not_zero(&grp->refs))
		grp = NULL;
	rcu_read_unlock();
	return grp;
}

struct sfs_group *sfs_group_get(struct sfs_fs *fs, u64 nr)
{
	struct sfs_group *grp;
	int ret;

	for (;;) {
		grp = group_find(fs, nr);
		if (grp) {
			if (!READ_ONCE(grp->referenced))
				WRITE_ONCE(grp->referenced, true);
			return grp;
		}
		grp = group_alloc(fs, nr);
		if (!grp)
			return ERR_PTR(-ENOMEM);
		ret = xa_insert(&fs->groups, nr, grp, GFP_NOFS);
		if (!ret)
			break;
		group_free(grp);
		if (ret != -EBUSY)
			return ERR_PTR(ret);
		cond_resched();
	}
	spin_lock(&fs->group_lock);
	list_add_tail(&grp->lru, &fs->group_lru);
	fs->nr_groups++;
	spin_unlock(&fs->group_lock);
	if (fs->nr_groups > fs->nr_groups_max)
		sfs_group_shrink(fs, SFS_GROUP_BATCH);
	return grp;
}

void sfs_group_put(struct sfs_fs *fs, struct sfs_group *grp)
{
	/* The table's reference is the last one, but for a late revocation. */
	if (atomic_dec_and_test(&grp->refs))
		group_free(grp);
}

static bool group_evict_locked(struct sfs_fs *fs, struct sfs_group *grp)
	__must_hold(&fs->group_lock)
{
	lockdep_assert_held(&fs->group_lock);
	if (grp->referenced || grp->dirty_seq > fs->trans.durable_seq ||
	    atomic_cmpxchg(&grp->refs, 1, 0) != 1) {
		grp->referenced = false;
		list_move_tail(&grp->lru, &fs->group_lru);
		return false;
	}
	list_del_init(&grp->lru);
	fs->nr_groups--;
	return true;
}

unsigned long sfs_group_shrink(struct sfs_fs *fs, unsigned long nr)
{
	unsigned long scan = 4 * nr;
	unsigned long freed = 0;
	struct sfs_group *grp;

	while (freed < nr && scan--) {
		spin_lock(&fs->group_lock);
		grp = list_first_entry_or_null(&fs->group_lru,
					       struct sfs_group, lru);
		if (grp && !group_evict_locked(fs, grp)) {
			spin_unlock(&fs->group_lock);
			continue;
		}
		spin_unlock(&fs->group_lock);
		if (!grp)
			break;
		xa_erase(&fs->groups, grp->nr);
		group_free(grp);
		freed++;
	}
	sfs_count_add(fs->vol, group_evict, freed);
	/* Nobody needs as many lock handles any more. */
	if (freed)
		sfs_lock_shrink(fs->locks, freed);
	return freed;
}

void sfs_groups_exit(struct sfs_fs *fs)
{
	struct sfs_group *grp;
	unsigned long nr;

	xa_for_each(&fs->groups, nr, grp) {
		if (!list_empty(&grp->dirty_link)) {
			list_del_init(&grp->dirty_link);
			atomic_dec(&grp->refs);
		}
		/* A revocation may be at work in it until the locks are gone. */
		xa_erase(&fs->groups, nr);
		sfs_group_put(fs, grp);
	}
	xa_destroy(&fs->groups);
}

/* ---- roots -------------------------------------------------------------- */

static int lookup_mlog(struct sfs_fs *fs, u64 nr,
		       struct sfs_disk_root_entry *entry)
{
	struct sfs_key key = SFS_KEY(SFS_MLOG_ROOT, 0, nr, 0);
	struct sfs_disk_mlog_root root;
	int ret;

	down_read(&fs->mlog_sem);
	/* The root map has what is folded, or newer: this may be outdated. */
	ret = fs->mlog_folded ? -ENOENT :
	      sfs_btree_lookup(fs->vol, &fs->mlog, &key, &root, sizeof(root));
	up_read(&fs->mlog_sem);
	if (ret < 0)
		return ret;
	if (ret != sizeof(root))
		return -EUCLEAN;
	*entry = root.entry;
	return 0;
}

static u64 entry_version(const struct sfs_disk_root_entry *entry)
{
	return le64_to_cpu(entry->version);
}

/* The newest root entry there is; version 0 when there is none. */
static int newest_root(struct sfs_fs *fs, struct sfs_lock *lock,
		       struct sfs_disk_root_entry *best)
{
	struct sfs_disk_root_entry entry;
	u64 nr = sfs_lock_nr(lock);
	int ret;

	memcpy(best, sfs_lock_lvb(lock), sizeof(*best));
	/* a value is the newest root; there is none after the last one forgot */
	if (best->version)
		return 0;
	ret = lookup_mlog(fs, nr, &entry);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (!ret && entry_version(&entry) > entry_version(best))
		*best = entry;
	ret = sfs_coord_lookup_root(&fs->coord, nr, &entry);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (!ret && entry_version(&entry) > entry_version(best))
		*best = entry;
	return 0;
}

static void use_root(struct sfs_group *grp,
		     const struct sfs_disk_root_entry *entry)
{
	sfs_tree_from_disk(&grp->tree, &entry->tree, grp->nr);
	grp->version = entry_version(entry);
	grp->max_meta_seq = le64_to_cpu(entry->max_meta_seq);
	grp->max_data_seq = le64_to_cpu(entry->max_data_seq);
	grp->nr_numbers = le32_to_cpu(entry->nr_numbers);
	grp->nr_inodes = le32_to_cpu(entry->nr_inodes);
	grp->flags = le32_to_cpu(entry->flags);
	/* No entry: numbers may have been used and all their inodes be gone. */
	if (!grp->version)
		grp->flags |= SFS_ROOT_RETIRED;
}

int sfs_group_load(struct sfs_fs *fs, struct sfs_group *grp)
{
	struct sfs_disk_root_entry entry;
	int ret = 0;

	/* pairs with the release below */
	if (smp_load_acquire(&grp->loaded))
		return 0;
	down_write(&grp->rwsem);
	if (!grp->loaded) {
		ret = newest_root(fs, grp->lock, &entry);
		if (!ret && entry.tree.height > SFS_TREE_HEIGHT_MAX)
			ret = -EUCLEAN;
		if (!ret) {
			use_root(grp, &entry);
			if (sfs_lock_mode(grp->lock) == SFS_LOCK_EX)
				memcpy(sfs_lock_lvb(grp->lock), &entry,
				       sizeof(entry));
			sfs_btree_readahead(fs->vol, &grp->tree);
			sfs_count(fs->vol, group_load);
			/* pairs with the acquire above */
			smp_store_release(&grp->loaded, true);
		}
	}
	up_write(&grp->rwsem);
	return ret;
}

bool sfs_group_is_loaded(struct sfs_fs *fs, u64 nr)
{
	struct sfs_group *grp;
	bool is_loaded;

	rcu_read_lock();
	grp = xa_load(&fs->groups, nr);
	is_loaded = grp && READ_ONCE(grp->loaded);
	rcu_read_unlock();
	return is_loaded;
}

void sfs_group_ahead(struct sfs_fs *fs, u64 nr)
{
	struct sfs_key key = SFS_KEY(nr << fs->vol->group_shift, 0, 0, 0);
	struct sfs_group *grp = sfs_group_get(fs, nr);

	if (IS_ERR(grp))
		return;
	/* errors are met by whoever needs it */
	if (!sfs_lock_acquire(grp->lock, SFS_LOCK_PR, 0)) {
		if (!READ_ONCE(grp->loaded) && !sfs_group_load(fs, grp)) {
			/* there is no such item, but the first one is beside it */
			down_read(&grp->rwsem);
			sfs_btree_lookup(fs->vol, &grp->tree, &key, NULL, 0);
			up_read(&grp->rwsem);
			sfs_count(fs->vol, group_ahead);
		}
		sfs_lock_release(grp->lock, SFS_LOCK_PR);
	}
	sfs_group_put(fs, grp);
}

/* ---- revocation --------------------------------------------------------- */

static int group_granted(void *arg, struct sfs_lock *lock,
			 enum sfs_lock_mode from, enum sfs_lock_mode to)
{
	return 0;	/* sfs_group_load() looks when somebody needs it */
}

/*
 * Everything this mount did in the group becomes durable before anybody else
 * may look (I2), file data included.
 */
static int group_write_back(struct sfs_fs *fs, struct sfs_group *grp,
			    enum sfs_lock_mode to)
{
	int ret = 0;

	if (fs->invalidate_inodes)
		ret = fs->invalidate_inodes(fs->vfs_arg, grp->nr,
					    to == SFS_LOCK_NL);
	if (!ret && grp->dirty_seq > READ_ONCE(fs->trans.durable_seq))
		ret = sfs_trans_commit_seq(&fs->trans, grp->dirty_seq);
	return ret;
}

static int group_invalidate(void *arg, struct sfs_lock *lock,
			    enum sfs_lock_mode from, enum sfs_lock_mode to)
{
	struct sfs_fs *fs = arg;
	struct sfs_group *grp;
	int ret;

	if (sfs_lock_type(lock) != SFS_LOCK_GROUP)
		return 0;
	sfs_count(fs->vol, lock_invalidate);
	grp = group_find(fs, sfs_lock_nr(lock));
	if (!grp)
		return 0;	/* dropped when it was durable: so is the value */
	sfs_others_forget(fs, grp);
	ret = group_write_back(fs, grp, to);
	down_write(&grp->rwsem);
	if (!ret && from == SFS_LOCK_EX && grp->loaded && grp->version)
		sfs_root_to_disk(sfs_lock_lvb(lock), grp);
	if (to == SFS_LOCK_NL)
		WRITE_ONCE(grp->loaded, false);
	up_write(&grp->rwsem);
	sfs_group_put(fs, grp);
	return ret;
}

static void group_release(void *arg, struct sfs_lock *lock)
{
}

const struct sfs_lock_client_ops sfs_group_lock_ops = {
	.granted	= group_granted,
	.invalidate	= group_invalidate,
	.release	= group_release,
};

/* ---- numbers ------------------------------------------------------------ */

static int next_range_locked(struct sfs_fs *fs)
	__must_hold(&fs->range_lock)
{
	u64 first;
	int ret;

	lockdep_assert_held(&fs->range_lock);
	ret = sfs_coord_group_range(&fs->coord, SFS_GROUP_RANGE, &first);
	if (!ret)
		ret = sfs_lock_space_own_range(fs->locks, first,
					       SFS_GROUP_RANGE);
	if (ret)
		return ret;
	fs->next_group = first;
	fs->end_group = first + SFS_GROUP_RANGE;
	return 0;
}

static int take_group_number(struct sfs_fs *fs, u64 *nr)
{
	int ret = 0;

	mutex_lock(&fs->range_lock);
	if (fs->next_group == fs->end_group)
		ret = next_range_locked(fs);
	if (!ret)
		*nr = fs->next_group++;
	mutex_unlock(&fs->range_lock);
	return ret;
}

int sfs_group_fresh(struct sfs_fs *fs, u64 *nr)
{
	struct sfs_group *grp;
	int ret;

	if (fs->read_only)
		return -EROFS;
	ret = take_group_number(fs, nr);
	if (ret)
		return ret;
	grp = sfs_group_get(fs, *nr);
	if (IS_ERR(grp))
		return PTR_ERR(grp);
	ret = sfs_lock_acquire(grp->lock, SFS_LOCK_EX, SFS_LOCK_FRESH);
	if (!ret) {
		/* Nobody ever used it: empty, and its numbers are unused. */
		down_write(&grp->rwsem);
		grp->flags = 0;
		/* pairs with the acquire in sfs_group_load() */
		smp_store_release(&grp->loaded, true);
		up_write(&grp->rwsem);
		sfs_others_none(fs, grp);
		sfs_lock_release(grp->lock, SFS_LOCK_EX);
	}
	sfs_group_put(fs, grp);
	return ret;
}

int sfs_group_take_ino(struct sfs_fs *fs, struct sfs_group *grp, u64 *ino)
{
	lockdep_assert_held_write(&grp->rwsem);
	if (grp->flags & SFS_ROOT_RETIRED ||
	    grp->nr_numbers >= 1U << fs->vol->group_shift ||
	    grp->nr < SFS_FIRST_USER_INO >> fs->vol->group_shift)
		return -ENOSPC;
	*ino = (grp->nr << fs->vol->group_shift) + grp->nr_numbers++;
	grp->nr_inodes++;
	atomic64_inc(&fs->inode_delta);
	sfs_count(fs->vol, inode_created);
	return 0;
}

void sfs_group_drop_ino(struct sfs_fs *fs, struct sfs_group *grp)
{
	lockdep_assert_held_write(&grp->rwsem);
	WARN_ON_ONCE(!grp->nr_inodes);
	grp->nr_inodes--;
	atomic64_dec(&fs->inode_delta);
	sfs_count(fs->vol, inode_deleted);
}
