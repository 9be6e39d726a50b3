// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cached inodes: their life and the freshness of their attributes.
 */
#include "fs/data/data.h"
#include "fs/vfs/trace.h"
#include "fs/vfs/vfs.h"

#include <linux/iversion.h>
#include <linux/pagemap.h>
#include <linux/posix_acl.h>

static struct kmem_cache *sfs_inode_cache;

/* ---- memory ----------------------------------------------------------------- */

static void sfs_inode_init_once(void *obj)
{
	struct sfs_inode_info *si = obj;

	spin_lock_init(&si->lock);
	spin_lock_init(&si->ioend_lock);
	INIT_LIST_HEAD(&si->ioends);
	INIT_LIST_HEAD(&si->prealloc_link);
	INIT_WORK(&si->ioend_work, sfs_data_ioend_work);
	inode_init_once(&si->vfs_inode);
}

int sfs_inodes_init(void)
{
	sfs_inode_cache = kmem_cache_create("scoutfs_inode",
					    sizeof(struct sfs_inode_info), 0,
					    SLAB_RECLAIM_ACCOUNT |
					    SLAB_ACCOUNT, sfs_inode_init_once);
	return sfs_inode_cache ? 0 : -ENOMEM;
}

void sfs_inodes_exit(void)
{
	/* inodes are freed under RCU */
	rcu_barrier();
	kmem_cache_destroy(sfs_inode_cache);
}

struct inode *sfs_alloc_inode(struct super_block *sb)
{
	struct sfs_inode_info *si = alloc_inode_sb(sb, sfs_inode_cache,
						   GFP_KERNEL);

	if (!si)
		return NULL;
	memset(&si->ni, 0, sizeof(si->ni));
	si->gen = 0;
	si->dirty_seq = 0;
	si->grp = NULL;
	si->flags = 0;
	atomic64_set(&si->map_seq, 0);
	atomic64_set(&si->free_seq, 0);
	si->last_map.gen = 0;
	si->stream.blocks = 0;
	si->direct_new = 0;
	si->written_at = jiffies;
	si->direct_map.bytes = 0;
	return &si->vfs_inode;
}

void sfs_free_inode(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
	kmem_cache_free(sfs_inode_cache, SFS_I(inode));
}

/* ---- attributes --------------------------------------------------------------- */

static bool sfs_inode_is_later(struct timespec64 a, struct timespec64 b)
{
	return timespec64_compare(&a, &b) > 0;
}

/* Everything but the size of a file, see vfs.h. */
static void sfs_inode_apply_locked(struct inode *inode)
	__must_hold(&SFS_I(inode)->lock)
{
	struct sfs_inode_info *si = SFS_I(inode);
	const struct sfs_inode *ni = &si->ni;

	lockdep_assert_held(&si->lock);
	inode->i_mode = ni->mode;
	i_uid_write(inode, ni->uid);
	i_gid_write(inode, ni->gid);
	sfs_fileattr_apply(inode, ni->flags);
	set_nlink(inode, ni->nlink);
	if (!test_bit(SFS_INODE_ATIME_DIRTY, &si->flags) ||
	    sfs_inode_is_later(ni->atime, inode_get_atime(inode)))
		inode_set_atime_to_ts(inode, ni->atime);
	inode_set_mtime_to_ts(inode, ni->mtime);
	inode_set_ctime_to_ts(inode, ni->ctime);
	inode_set_iversion_queried(inode, ni->iversion);
	inode->i_blocks = ni->online_blocks << (SFS_DATA_BLOCK_SHIFT - 9);
	if (!S_ISREG(ni->mode))
		i_size_write(inode, ni->size);
}

static void sfs_inode_dirtied_locked(struct inode *inode)
	__must_hold(&SFS_I(inode)->lock)
{
	struct sfs_inode_info *si = SFS_I(inode);

	/* the operation is over: its transaction is this one or older */
	si->dirty_seq = max(si->dirty_seq,
			    sfs_trans_seq(&sfs_inode_fs(inode)->trans));
}

void sfs_inode_update(struct inode *inode, const struct sfs_inode *ni)
{
	struct sfs_inode_info *si = SFS_I(inode);

	spin_lock(&si->lock);
	/* results of operations may come here in another order */
	if (ni->iversion >= si->ni.iversion) {
		si->ni = *ni;
		sfs_inode_apply_locked(inode);
	}
	sfs_inode_dirtied_locked(inode);
	spin_unlock(&si->lock);
}

void sfs_inode_changed(struct inode *inode)
{
	struct sfs_inode_info *si = SFS_I(inode);

	spin_lock(&si->lock);
	sfs_inode_dirtied_locked(inode);
	spin_unlock(&si->lock);
	set_bit(SFS_INODE_ATTRS_STALE, &si->flags);
}

/* What else is cached of an inode whose lock was away. */
static void sfs_inode_forget(struct inode *inode)
{
	forget_all_cached_acls(inode);
	inode_set_flags(inode, 0, S_NOSEC);
}

static void sfs_inode_refresh(struct inode *inode, const struct sfs_inode *ni,
			      u64 gen)
{
	struct sfs_inode_info *si = SFS_I(inode);
	bool is_newer;

	spin_lock(&si->lock);
	/* an operation of ours may have ended since the item was read */
	if (gen < si->gen || ni->iversion < si->ni.iversion) {
		spin_unlock(&si->lock);
		return;
	}
	is_newer = gen > si->gen;
	si->ni = *ni;
	sfs_inode_apply_locked(inode);
	if (is_newer) {
		if (S_ISREG(ni->mode))
			i_size_write(inode, ni->size);
		sfs_inode_forget(inode);
		/* pairs with sfs_inode_is_valid() */
		smp_store_release(&si->gen, gen);
	}
	spin_unlock(&si->lock);
}

/*
 * Read the item again.  A deleted inode keeps what it had, but has no links,
 * so it goes away with its last user.
 */
int sfs_inode_reread(struct inode *inode, unsigned int ns_flags)
{
	struct sfs_inode_info *si = SFS_I(inode);
	struct sfs_inode ni;
	u64 gen;
	int ret;

	if (is_bad_inode(inode) || !si->grp)
		return -EIO;
	clear_bit(SFS_INODE_ATTRS_STALE, &si->flags);
	/* pairs with set_bit() in sfs_inode_changed(): later ones set it again */
	smp_mb__after_atomic();
	ret = sfs_ns_getattr(sfs_inode_fs(inode), si->ni.ino, ns_flags, &ni,
			     &gen);
	trace_scoutfs_revalidate(inode, gen, ret);
	if (ret == -ESTALE) {
		spin_lock(&si->lock);
		clear_nlink(inode);
		spin_unlock(&si->lock);
	}
	if (ret) {
		set_bit(SFS_INODE_ATTRS_STALE, &si->flags);
		return ret;
	}
	if ((ni.mode ^ inode->i_mode) & S_IFMT)
		return -ESTALE;
	sfs_inode_refresh(inode, &ni, gen);
	return 0;
}

/* ---- finding and making ---------------------------------------------------------- */

static void sfs_inode_set_ops(struct inode *inode)
{
	bool is_clustered = SFS_SB(inode->i_sb)->is_clustered;

	switch (inode->i_mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &sfs_file_inode_ops;
		inode->i_fop = is_clustered ? &sfs_file_cluster_ops :
					      &sfs_file_ops;
		inode->i_mapping->a_ops = &sfs_data_aops;
		mapping_set_large_folios(inode->i_mapping);
		break;
	case S_IFDIR:
		inode->i_op = &sfs_dir_inode_ops;
		inode->i_fop = is_clustered ? &sfs_dir_cluster_ops :
					      &sfs_dir_file_ops;
		break;
	case S_IFLNK:
		inode->i_op = &sfs_symlink_inode_ops;
		break;
	default:
		inode->i_op = &sfs_special_inode_ops;
		init_special_inode(inode, inode->i_mode,
				   new_decode_dev(SFS_I(inode)->ni.rdev));
	}
}

/* Make a new, unpublished inode carry these attributes. */
static int sfs_inode_fill(struct inode *inode, const struct sfs_inode *ni,
			  u64 gen)
{
	struct sfs_inode_info *si = SFS_I(inode);
	struct sfs_fs *fs = sfs_inode_fs(inode);
	struct sfs_group *grp = sfs_group_get(fs, sfs_ino_group(fs, ni->ino));

	if (IS_ERR(grp))
		return PTR_ERR(grp);
	WRITE_ONCE(si->grp, grp);
	spin_lock(&si->lock);
	si->ni = *ni;
	sfs_inode_apply_locked(inode);
	i_size_write(inode, ni->size);
	si->gen = gen;
	spin_unlock(&si->lock);
	sfs_inode_set_ops(inode);
	return 0;
}

static int sfs_inode_test(struct inode *inode, void *arg)
{
	return SFS_I(inode)->ni.ino == *(u64 *)arg;
}

static int sfs_inode_set(struct inode *inode, void *arg)
{
	SFS_I(inode)->ni.ino = *(u64 *)arg;
	inode->i_ino = *(u64 *)arg;
	return 0;
}

struct inode *sfs_iget(struct super_block *sb, u64 ino)
{
	struct inode *inode = iget5_locked(sb, ino, sfs_inode_test,
					   sfs_inode_set, &ino);
	struct sfs_inode ni;
	u64 gen;
	int ret;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (!(inode->i_state & I_NEW))
		return inode;
	ret = sfs_ns_getattr(sfs_inode_fs(inode), ino, 0, &ni, &gen);
	if (!ret)
		ret = sfs_inode_fill(inode, &ni, gen);
	if (ret) {
		iget_failed(inode);
		return ERR_PTR(ret);
	}
	unlock_new_inode(inode);
	return inode;
}

int sfs_inode_insert(struct inode *inode, const struct sfs_inode *ni, u64 gen)
{
	u64 ino = ni->ino;
	int ret;

	ret = sfs_inode_fill(inode, ni, gen);
	if (ret)
		return ret;
	inode->i_ino = ino;
	sfs_inode_changed(inode);
	clear_bit(SFS_INODE_ATTRS_STALE, &SFS_I(inode)->flags);
	return insert_inode_locked4(inode, ino, sfs_inode_test, &ino);
}

/* ---- the end ---------------------------------------------------------------------- */

/*
 * Without links, as far as this mount knows or has been told; who else has it
 * open is the namespace's matter.
 */
static bool sfs_inode_is_deletable(struct inode *inode)
{
	struct sfs_inode_info *si = SFS_I(inode);
	struct sfs_fs *fs = sfs_inode_fs(inode);

	return (!inode->i_nlink || test_bit(SFS_INODE_WANTED, &si->flags)) &&
	       !is_bad_inode(inode) && si->grp &&
	       !SFS_SB(inode->i_sb)->is_forced && !fs->read_only &&
	       !sfs_volume_error(fs->vol);
}

int sfs_drop_inode(struct inode *inode)
{
	return generic_drop_inode(inode) ||
	       test_bit(SFS_INODE_DROP, &SFS_I(inode)->flags);
}

/*
 * Dirty pages of an inode that is deleted are worth nothing, unless another mount
 * has it open.  No cluster lock is waited for, see fs/vfs/revoke.c: dirty pages
 * prove that EX is held, so it is there, or somebody wants it.
 */
static void sfs_inode_end_pages(struct inode *inode)
{
	struct sfs_inode_info *si = SFS_I(inode);
	struct sfs_sb_info *sbi = SFS_SB(inode->i_sb);

	if (mapping_tagged(&inode->i_data, PAGECACHE_TAG_DIRTY) && si->grp &&
	    !is_bad_inode(inode) && !sfs_volume_error(&sbi->vol) &&
	    (!sfs_inode_is_deletable(inode) ||
	     sfs_ns_is_open_elsewhere(sbi->fs, si->ni.ino)))
		filemap_write_and_wait(&inode->i_data);
	truncate_inode_pages_final(&inode->i_data);
	set_bit(SFS_INODE_NO_PAGES, &si->flags);
	/* pairs with the one that wait_event() implies in sfs_revoke_get() */
	smp_mb__after_atomic();
	/* nobody waits, mostly */
	if (waitqueue_active(&sbi->evict_wait))
		wake_up_all(&sbi->evict_wait);
}

/* On a frozen mount it waits until that is over, but whoever drops it does not. */
static void sfs_inode_delete(struct inode *inode)
{
	struct sfs_fs *fs = sfs_inode_fs(inode);
	u64 ino = sfs_ino(inode);
	int ret;

	if (!sb_start_intwrite_trylock(inode->i_sb)) {
		sfs_orphan_left(fs, ino);
		return;
	}
	ret = sfs_ns_delete(fs, ino);
	sb_end_intwrite(inode->i_sb);
	if (ret && ret != -EBUSY && ret != -ESTALE && ret != -EAGAIN)
		sfs_warn(fs->vol,
			 "inode %llu is left to the orphan scan: error %d",
			 ino, ret);
}

void sfs_evict_inode(struct inode *inode)
{
	struct sfs_inode_info *si = SFS_I(inode);
	struct sfs_fs *fs = sfs_inode_fs(inode);
	struct sfs_group *grp = si->grp;
	bool is_deleted;

	sfs_inode_end_pages(inode);
	clear_inode(inode);
	if (!grp)
		return;
	is_deleted = sfs_inode_is_deletable(inode);
	sfs_prealloc_evict(inode, is_deleted);
	if (is_deleted)
		sfs_inode_delete(inode);
	WRITE_ONCE(si->grp, NULL);
	sfs_group_put(fs, grp);
}

/* ---- durability --------------------------------------------------------------------- */

/*
 * Data that was written over in place needs no transaction but the device's
 * flush.  With a commit to come the commit flushes, else we do.
 */
static int sfs_inode_flush_data(struct inode *inode, bool is_commit)
{
	struct sfs_fs *fs = sfs_inode_fs(inode);
	int ret;

	if (!is_commit)
		return fs->vol->data->ops->flush(fs->vol->data);
	ret = sfs_trans_hold(&fs->trans, 0, SFS_HOLD_RESERVE);
	if (ret)
		return ret;
	sfs_trans_new_data(&fs->trans);
	sfs_trans_changed(&fs->trans);
	sfs_trans_release(&fs->trans, 0);
	return 0;
}

/* Written back data and attributes become durable. */
int sfs_inode_sync(struct inode *inode)
{
	struct sfs_inode_info *si = SFS_I(inode);
	struct sfs_fs *fs = sfs_inode_fs(inode);
	bool is_commit;
	int ret;

	ret = sfs_volume_error(fs->vol);
	if (ret)
		return ret;
	is_commit = READ_ONCE(si->dirty_seq) >
		    READ_ONCE(fs->trans.synced_seq);
	if (test_and_clear_bit(SFS_INODE_FLUSH_DATA, &si->flags)) {
		/* write-back of other pages may not have reached the device */
		if (mapping_tagged(inode->i_mapping, PAGECACHE_TAG_WRITEBACK))
			set_bit(SFS_INODE_FLUSH_DATA, &si->flags);
		ret = sfs_inode_flush_data(inode, is_commit);
		if (ret)
			set_bit(SFS_INODE_FLUSH_DATA, &si->flags);
	}
	if (!ret && is_commit)
		ret = sfs_fs_fsync(fs);
	return ret;
}
