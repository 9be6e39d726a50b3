// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes: stat, chmod and its kin, times, permission.
 */
#include "fs/data/data.h"
#include "fs/vfs/vfs.h"

#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/posix_acl.h>

/* ---- reading ---------------------------------------------------------------- */

/*
 * Blocks count when they are written.  Programs take a file with a size and
 * without blocks for a hole, so what is still dirty is counted; when that is much,
 * it is guessed.
 */
u64 sfs_attr_online_blocks(struct inode *inode, u64 stored)
{
	struct address_space *mapping = inode->i_mapping;
	u64 all, dirty;

	if (!READ_ONCE(mapping->nrpages))
		return stored;
	all = DIV_ROUND_UP_ULL(i_size_read(inode), SFS_DATA_BLOCK_BYTES);
	if (stored >= all || !(mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) ||
			       mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK)))
		return stored;
	if (sfs_data_dirty_blocks(inode, all - stored, 0, &dirty))
		dirty = (u64)READ_ONCE(mapping->nrpages)
			<< (PAGE_SHIFT - SFS_DATA_BLOCK_SHIFT);
	return stored + min(all - stored, dirty);
}

int sfs_attr_refresh(struct inode *inode)
{
	if (sfs_inode_is_valid(inode) &&
	    !test_bit(SFS_INODE_ATTRS_STALE, &SFS_I(inode)->flags))
		return 0;
	return sfs_inode_reread(inode, 0);
}

int sfs_getattr(struct mnt_idmap *idmap, const struct path *path,
		struct kstat *stat, u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	struct sfs_inode_info *si = SFS_I(inode);
	int ret;

	if (!sfs_inode_is_valid(inode))
		sfs_ahead_stat(path->dentry);
	ret = sfs_attr_refresh(inode);
	if (ret)
		return ret;
	generic_fillattr(idmap, mask, inode, stat);
	/* never changes, so it needs no lock */
	stat->btime = si->ni.crtime;
	stat->result_mask |= STATX_BTIME;
	generic_fill_statx_attr(inode, stat);
	stat->attributes_mask |= STATX_ATTR_NODUMP;
	if (READ_ONCE(si->ni.flags) & SFS_INODE_NODUMP)
		stat->attributes |= STATX_ATTR_NODUMP;
	if (!S_ISREG(inode->i_mode))
		return 0;
	if (mask & STATX_DIOALIGN) {
		stat->result_mask |= STATX_DIOALIGN;
		stat->dio_mem_align = bdev_dma_alignment(inode->i_sb->s_bdev) + 1;
		stat->dio_offset_align =
			bdev_logical_block_size(inode->i_sb->s_bdev);
	}
	stat->blocks = sfs_attr_online_blocks(inode, stat->blocks >>
					      (SFS_DATA_BLOCK_SHIFT - 9))
		       << (SFS_DATA_BLOCK_SHIFT - 9);
	return 0;
}

int sfs_permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	int ret;

	if (!sfs_inode_is_valid(inode)) {
		if (mask & MAY_NOT_BLOCK)
			return -ECHILD;
		ret = sfs_inode_reread(inode, 0);
		if (ret)
			return ret;
		/* the VFS has asked before */
		if (mask & MAY_WRITE && IS_IMMUTABLE(inode))
			return -EPERM;
	}
	return generic_permission(idmap, inode, mask);
}

/* ---- changing ----------------------------------------------------------------- */

int sfs_attr_store(struct inode *inode, unsigned int mask,
		   const struct sfs_inode *attr, unsigned int ns_flags)
{
	struct sfs_inode ni;
	int ret;

	ret = sfs_ns_setattr(sfs_inode_fs(inode), sfs_ino(inode), mask, attr,
			     ns_flags, &ni);
	if (!ret)
		sfs_inode_update(inode, &ni);
	return ret;
}

static unsigned int sfs_attr_from_iattr(struct mnt_idmap *idmap,
					struct inode *inode,
					const struct iattr *iattr,
					struct sfs_inode *attr)
{
	struct user_namespace *ns = i_user_ns(inode);
	unsigned int mask = 0;

	if (iattr->ia_valid & ATTR_MODE) {
		attr->mode = iattr->ia_mode;
		mask |= SFS_ATTR_MODE;
	}
	if (iattr->ia_valid & ATTR_UID) {
		attr->uid = from_kuid(ns, from_vfsuid(idmap, ns,
						      iattr->ia_vfsuid));
		mask |= SFS_ATTR_UID;
	}
	if (iattr->ia_valid & ATTR_GID) {
		attr->gid = from_kgid(ns, from_vfsgid(idmap, ns,
						      iattr->ia_vfsgid));
		mask |= SFS_ATTR_GID;
	}
	if (iattr->ia_valid & ATTR_ATIME) {
		attr->atime = iattr->ia_atime;
		mask |= SFS_ATTR_ATIME;
	}
	if (iattr->ia_valid & ATTR_MTIME) {
		attr->mtime = iattr->ia_mtime;
		mask |= SFS_ATTR_MTIME;
	}
	if (iattr->ia_valid & ATTR_CTIME) {
		attr->ctime = iattr->ia_ctime;
		mask |= SFS_ATTR_CTIME;
	}
	return mask;
}

/* A time in memory that nobody stored yet goes along with other changes. */
static unsigned int sfs_attr_add_atime(struct inode *inode,
				       struct sfs_inode *attr)
{
	if (!test_and_clear_bit(SFS_INODE_ATIME_DIRTY, &SFS_I(inode)->flags))
		return 0;
	attr->atime = inode_get_atime(inode);
	return SFS_ATTR_ATIME;
}

/*
 * What the VFS has asked of an inode that may have been out of date.  What it does
 * of its own accord, such as taking the bits that a write takes, it may always.
 */
static int sfs_attr_check(struct mnt_idmap *idmap, struct dentry *dentry,
			  struct iattr *iattr)
{
	struct inode *inode = d_inode(dentry);
	int ret;

	ret = sfs_inode_revalidate(inode);
	if (!ret && !(iattr->ia_valid & ATTR_FORCE))
		ret = may_setattr(idmap, inode, iattr->ia_valid);
	if (!ret && (iattr->ia_valid & ATTR_SIZE) &&
	    (IS_IMMUTABLE(inode) || IS_APPEND(inode)))
		ret = -EPERM;
	return ret ? ret : setattr_prepare(idmap, dentry, iattr);
}

static int sfs_attr_change(struct inode *inode, const struct iattr *iattr,
			   unsigned int mask, struct sfs_inode *attr)
{
	if (!(iattr->ia_valid & ATTR_FORCE) &&
	    iattr->ia_valid & (ATTR_MODE | ATTR_UID | ATTR_GID |
			       ATTR_TIMES_SET))
		mask |= SFS_ATTR_GUARDED;
	if (mask & SFS_ATTR_ATIME)
		clear_bit(SFS_INODE_ATIME_DIRTY, &SFS_I(inode)->flags);
	else
		mask |= sfs_attr_add_atime(inode, attr);
	if (mask & SFS_ATTR_MODE && IS_POSIXACL(inode))
		return sfs_acl_chmod(inode, mask, attr);
	return sfs_attr_store(inode, mask, attr, 0);
}

int sfs_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
		struct iattr *iattr)
{
	struct inode *inode = d_inode(dentry);
	struct sfs_inode attr;
	unsigned int mask;
	int ret;

	ret = sfs_attr_check(idmap, dentry, iattr);
	if (ret)
		return ret;
	if (iattr->ia_valid & ATTR_SIZE) {
		ret = sfs_data_truncate(inode, iattr->ia_size,
					current_time(inode));
		if (ret)
			return ret;
	}

	mask = sfs_attr_from_iattr(idmap, inode, iattr, &attr);
	if (iattr->ia_valid & ATTR_SIZE &&
	    !(iattr->ia_valid & (ATTR_MTIME_SET | ATTR_ATIME_SET)))
		mask &= ~(SFS_ATTR_MTIME | SFS_ATTR_CTIME);	/* done */
	return mask ? sfs_attr_change(inode, iattr, mask, &attr) : 0;
}

/*
 * A time of last access is kept in memory and stored with the next change, or
 * by the VFS's lazy write-back; it is not worth taking EX for.
 */
static void sfs_attr_touch_atime(struct inode *inode)
{
	inode_set_atime_to_ts(inode, current_time(inode));
	set_bit(SFS_INODE_ATIME_DIRTY, &SFS_I(inode)->flags);
	__mark_inode_dirty(inode, I_DIRTY_TIME);
}

static int sfs_attr_update_time(struct inode *inode, int flags,
				unsigned int ns_flags)
{
	struct sfs_inode attr;
	unsigned int mask = 0;

	if (flags & S_ATIME)
		sfs_attr_touch_atime(inode);
	attr.mtime = current_time(inode);
	attr.ctime = attr.mtime;
	if (flags & S_MTIME)
		mask |= SFS_ATTR_MTIME;
	if (flags & (S_CTIME | S_VERSION))
		mask |= SFS_ATTR_CTIME;
	/* who updates the times of a file is about to change its bytes */
	if (S_ISREG(inode->i_mode) && mask)
		mask |= SFS_ATTR_MTIME | SFS_ATTR_DATA_CHANGED;
	if (!mask)
		return 0;
	mask |= sfs_attr_add_atime(inode, &attr);
	return sfs_attr_store(inode, mask, &attr, ns_flags);
}

int sfs_update_time(struct inode *inode, int flags)
{
	return sfs_attr_update_time(inode, flags, 0);
}

SFS_COMPAT_DEFINE_UPDATE_TIME(sfs_update_time)

/* Once per write(2), however fine the clock: data_version tells. */
int sfs_inode_touch_data(struct inode *inode)
{
	struct sfs_inode ni;
	int ret;

	WRITE_ONCE(SFS_I(inode)->written_at, jiffies);
	ret = sfs_ns_touch(sfs_inode_fs(inode), sfs_ino(inode),
			   current_time(inode), SFS_NS_IO, &ni);
	if (!ret)
		sfs_inode_update(inode, &ni);
	return ret;
}

/* The file has bytes up to size, zeroes perhaps; by who holds it, and i_rwsem. */
int sfs_inode_grow(struct inode *inode, loff_t size)
{
	struct sfs_inode attr = { .size = size };
	unsigned int mask;
	int ret;

	attr.mtime = current_time(inode);
	attr.ctime = attr.mtime;
	mask = SFS_ATTR_SIZE | SFS_ATTR_MTIME | SFS_ATTR_CTIME |
	       SFS_ATTR_DATA_CHANGED;
	ret = sfs_attr_store(inode, mask, &attr, SFS_NS_IO);
	if (!ret)
		i_size_write(inode, size);
	return ret;
}

static void sfs_attr_store_atime(struct inode *inode)
{
	struct sfs_inode attr;

	/* before the time is looked at: who changes it afterwards queues it */
	clear_bit(SFS_INODE_ATIME_QUEUED, &SFS_I(inode)->flags);
	/* pairs with the test in sfs_write_inode() */
	smp_mb__after_atomic();
	if (inode->i_nlink && sfs_attr_add_atime(inode, &attr))
		sfs_attr_store(inode, SFS_ATTR_ATIME, &attr, 0);
}

void sfs_attr_atime_work(struct work_struct *work)
{
	struct sfs_sb_info *sbi = container_of(work, struct sfs_sb_info,
					       atime_work);
	struct sfs_inode_info *si, *next;

	llist_for_each_entry_safe(si, next, llist_del_all(&sbi->atimes), atime_node) {
		sfs_attr_store_atime(&si->vfs_inode);
		iput(&si->vfs_inode);
	}
}

/*
 * Only for the time of last access; all else was stored at once.  A work item
 * stores it: evictions wait for us, and revocations for evictions, so the cluster
 * lock must not be waited for here.
 */
int sfs_write_inode(struct inode *inode, struct writeback_control *wbc)
{
	struct sfs_sb_info *sbi = SFS_SB(inode->i_sb);
	struct sfs_inode_info *si = SFS_I(inode);

	if (!inode->i_nlink || is_bad_inode(inode) || sbi->fs->read_only ||
	    !test_bit(SFS_INODE_ATIME_DIRTY, &si->flags))
		return 0;
	/* the unmount has stored it, and wants no references */
	if (!down_read_trylock(&sbi->gate))
		return 0;
	/* no reference is dropped here: the last one would wait for us */
	if (!sbi->is_unmounting &&
	    !test_and_set_bit(SFS_INODE_ATIME_QUEUED, &si->flags) &&
	    igrab(inode)) {
		llist_add(&si->atime_node, &sbi->atimes);
		queue_work(sbi->wq, &sbi->atime_work);
	}
	up_read(&sbi->gate);
	return 0;
}

static const char *sfs_get_link(struct dentry *dentry, struct inode *inode,
				struct delayed_call *done)
{
	char *target;
	int ret;

	/* a target never changes: once read it stays with the inode */
	if (!dentry)
		return ERR_PTR(-ECHILD);
	target = kmalloc(SFS_SYMLINK_MAX + 1, GFP_KERNEL);
	if (!target)
		return ERR_PTR(-ENOMEM);
	ret = sfs_ns_readlink(sfs_inode_fs(inode), sfs_ino(inode), target,
			      SFS_SYMLINK_MAX);
	if (ret >= 0) {
		char *fitting;

		target[ret] = 0;
		fitting = kstrdup(target, GFP_KERNEL);
		ret = fitting ? 0 : -ENOMEM;
		if (fitting && cmpxchg(&inode->i_link, NULL, fitting))
			kfree(fitting);
	}
	kfree(target);
	return ret ? ERR_PTR(ret) : READ_ONCE(inode->i_link);
}

static int sfs_fiemap(struct inode *inode, struct fiemap_extent_info *info,
		      u64 start, u64 len)
{
	int ret;

	inode_lock_shared(inode);
	ret = sfs_inode_revalidate(inode);
	if (!ret)
		ret = iomap_fiemap(inode, info, start, len,
				   &sfs_data_report_ops);
	inode_unlock_shared(inode);
	return ret;
}

#define SFS_ATTR_OPS						\
	.getattr	= sfs_getattr,				\
	.setattr	= sfs_setattr,				\
	.permission	= sfs_permission,			\
	.listxattr	= sfs_listxattr,			\
	.update_time	= SFS_COMPAT_UPDATE_TIME(sfs_update_time)

const struct inode_operations sfs_file_inode_ops = {
	SFS_ATTR_OPS,
	.get_inode_acl	= sfs_get_acl,
	.set_acl	= sfs_set_acl,
	.fileattr_get	= sfs_fileattr_get,
	.fileattr_set	= sfs_fileattr_set,
	.fiemap		= sfs_fiemap,
};

const struct inode_operations sfs_special_inode_ops = {
	SFS_ATTR_OPS,
	.get_inode_acl	= sfs_get_acl,
	.set_acl	= sfs_set_acl,
};

const struct inode_operations sfs_symlink_inode_ops = {
	SFS_ATTR_OPS,
	.get_link	= sfs_get_link,
};
