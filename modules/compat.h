/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel differences: the only file that knows them.
 *
 * Code uses the newest kernel's shape; this file supplies it to older ones, by
 * what the probes in Kbuild found, never by version.  Names that begin with
 * sfs_compat_ or SFS_COMPAT_ stand for what no macro can make look like the
 * newest shape.
 */
#ifndef SFS_COMPAT_H
#define SFS_COMPAT_H

#include <linux/blkdev.h>
#include <linux/fs.h>
#ifdef HAVE_FILELOCK_H		/* 6.3 */
#include <linux/filelock.h>
#endif
#include <linux/iomap.h>
#include <linux/shrinker.h>

#ifdef HAVE_LINUX_UNALIGNED	/* 6.12 */
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* ---- inodes ---------------------------------------------------------------- */

#ifndef HAVE_INODE_GET_CTIME	/* 6.6 */
static inline struct timespec64
inode_set_ctime_to_ts(struct inode *inode, struct timespec64 ts)
{
	inode->i_ctime = ts;
	return ts;
}

static inline struct timespec64 inode_get_ctime(const struct inode *inode)
{
	return inode->i_ctime;
}
#endif

#ifndef HAVE_INODE_GET_MTIME	/* 6.7 */
static inline struct timespec64
inode_set_atime_to_ts(struct inode *inode, struct timespec64 ts)
{
	inode->i_atime = ts;
	return ts;
}

static inline struct timespec64
inode_set_mtime_to_ts(struct inode *inode, struct timespec64 ts)
{
	inode->i_mtime = ts;
	return ts;
}

static inline struct timespec64 inode_get_atime(const struct inode *inode)
{
	return inode->i_atime;
}

static inline struct timespec64 inode_get_mtime(const struct inode *inode)
{
	return inode->i_mtime;
}
#endif

#ifndef HAVE_MNT_IDMAP		/* 6.3 */
#define mnt_idmap		user_namespace
#define nop_mnt_idmap		init_user_ns
#define file_mnt_idmap(file)	file_mnt_user_ns(file)
#endif

#ifndef HAVE_FILLATTR_MASK	/* 6.6 */
#define generic_fillattr(idmap, mask, inode, stat) \
	generic_fillattr(idmap, inode, stat)
#endif

#ifdef HAVE_UPDATE_TIME_NOW	/* 6.6 */
#define SFS_COMPAT_UPDATE_TIME(fn)	fn
#define SFS_COMPAT_DECLARE_UPDATE_TIME(fn) \
	int fn(struct inode *inode, int flags)
#define SFS_COMPAT_DEFINE_UPDATE_TIME(fn)
#else
#define SFS_COMPAT_UPDATE_TIME(fn)	fn##_to
#define SFS_COMPAT_DECLARE_UPDATE_TIME(fn) \
	int fn##_to(struct inode *inode, struct timespec64 *now, int flags)
/* the time is current_time() for each caller */
#define SFS_COMPAT_DEFINE_UPDATE_TIME(fn)				\
	int fn##_to(struct inode *inode, struct timespec64 *now, int flags) \
	{								\
		return fn(inode, flags);				\
	}
#endif

#ifdef HAVE_CONST_XATTR		/* 6.8 */
#define SFS_COMPAT_HANDLER_PTR	*const
#else
#define SFS_COMPAT_HANDLER_PTR	*
#endif

#ifdef HAVE_GET_INODE_ACL	/* 6.2 */
#define sfs_compat_acl_object		dentry
#define sfs_compat_acl_inode(object)	d_inode(object)
#define SFS_COMPAT_ACL_HANDLERS		/* the VFS knows them */
#else
#define get_inode_acl		get_acl		/* the operation and the function */
#define sfs_compat_acl_object		inode
#define sfs_compat_acl_inode(object)	(object)
#define SFS_COMPAT_ACL_HANDLERS						\
	&posix_acl_access_xattr_handler,				\
	&posix_acl_default_xattr_handler,
#endif

#ifndef HAVE_SUPER_SET_UUID	/* 6.9 */
static inline void super_set_uuid(struct super_block *sb, const u8 *uuid,
				  unsigned int len)
{
	memcpy(&sb->s_uuid, uuid, min_t(unsigned int, len, sizeof(sb->s_uuid)));
}
#endif

/* ---- files and mappings ------------------------------------------------------ */

#ifndef HAVE_FILEMAP_SPLICE_READ	/* 6.5 */
#define filemap_splice_read	generic_file_splice_read
#endif

#ifndef HAVE_ERROR_REMOVE_FOLIO	/* 6.8 */
#define error_remove_folio	error_remove_page
#define generic_error_remove_folio	generic_error_remove_page
#endif

#ifndef HAVE_IOMAP_DIRTY_FOLIO	/* 6.6 */
#define iomap_dirty_folio	filemap_dirty_folio
#endif

#ifndef HAVE_IOMAP_WRITE_PRIVATE	/* 6.12 */
#define iomap_file_buffered_write(iocb, from, ops, private) \
	iomap_file_buffered_write(iocb, from, ops)
#endif

#ifdef HAVE_IOMAP_IOEND_FROM_BIO	/* 6.9 */
#define sfs_compat_ioend_bio(ioend)	(&(ioend)->io_bio)
#else
#define sfs_compat_ioend_bio(ioend)	((ioend)->io_bio)

static inline struct iomap_ioend *iomap_ioend_from_bio(struct bio *bio)
{
	return bio->bi_private;
}
#endif

#ifdef HAVE_MAP_BLOCKS_LEN	/* 6.9 */
#define SFS_COMPAT_MAP_BLOCKS(fn)	fn
#define SFS_COMPAT_DEFINE_MAP_BLOCKS(fn)
#else
#define SFS_COMPAT_MAP_BLOCKS(fn)	fn##_at
#define SFS_COMPAT_DEFINE_MAP_BLOCKS(fn)				\
	static int fn##_at(struct iomap_writepage_ctx *wpc,		\
			   struct inode *inode, loff_t pos)		\
	{								\
		return fn(wpc, inode, pos, i_blocksize(inode));		\
	}
#endif

/* What asks a mapping with the folio locked whether it is still true. */
#ifdef HAVE_IOMAP_FOLIO_OPS	/* 6.3 */
#define SFS_COMPAT_FOLIO_OPS(name, valid)				\
	static const struct iomap_folio_ops name = {			\
		.iomap_valid	= valid,				\
	}
#define sfs_compat_set_folio_ops(iomap, ops)	((iomap)->folio_ops = (ops))
#else
#define SFS_COMPAT_FOLIO_OPS(name, valid)				\
	static const struct iomap_page_ops name = {			\
		.iomap_valid	= valid,				\
	}
#define sfs_compat_set_folio_ops(iomap, ops)	((iomap)->page_ops = (ops))
#endif

/* ---- block devices ------------------------------------------------------ */

#ifdef HAVE_BDEV_FILE		/* 6.9 */
struct sfs_compat_bdev {
	struct file *file;
};

static inline struct block_device *
sfs_compat_bdev_open(struct sfs_compat_bdev *handle, const char *path,
		     bool write, void *holder)
{
	blk_mode_t mode = BLK_OPEN_READ | (write ? BLK_OPEN_WRITE : 0);

	handle->file = bdev_file_open_by_path(path, mode, holder, NULL);
	if (IS_ERR(handle->file)) {
		struct block_device *bdev = ERR_CAST(handle->file);

		handle->file = NULL;
		return bdev;
	}
	return file_bdev(handle->file);
}

static inline void sfs_compat_bdev_close(struct sfs_compat_bdev *handle)
{
	if (handle->file)
		bdev_fput(handle->file);
	handle->file = NULL;
}
#else
struct sfs_compat_bdev {
	struct block_device *bdev;
	fmode_t mode;
};

static inline struct block_device *
sfs_compat_bdev_open(struct sfs_compat_bdev *handle, const char *path,
		     bool write, void *holder)
{
	struct block_device *bdev;

	handle->mode = FMODE_READ | FMODE_EXCL | (write ? FMODE_WRITE : 0);
	bdev = blkdev_get_by_path(path, handle->mode, holder);
	handle->bdev = IS_ERR(bdev) ? NULL : bdev;
	return bdev;
}

static inline void sfs_compat_bdev_close(struct sfs_compat_bdev *handle)
{
	if (handle->bdev)
		blkdev_put(handle->bdev, handle->mode);
	handle->bdev = NULL;
}
#endif

/* ---- file locks --------------------------------------------------------- */

#ifdef HAVE_FILE_LOCK_CORE	/* 6.9 */
#define SFS_COMPAT_FL(fl, field)	((fl)->c.flc_##field)
#else
#define SFS_COMPAT_FL(fl, field)	((fl)->fl_##field)
#endif

/* ---- shrinkers ---------------------------------------------------------- */

#ifdef HAVE_SHRINKER_ALLOC	/* 6.7 */
static inline void *sfs_compat_shrinker_data(struct shrinker *shrinker)
{
	return shrinker->private_data;
}
#else
struct sfs_compat_shrinker {
	struct shrinker shrinker;
	void *private_data;
};

static inline void *sfs_compat_shrinker_data(struct shrinker *shrinker)
{
	return container_of(shrinker, struct sfs_compat_shrinker,
			    shrinker)->private_data;
}
#endif

typedef unsigned long (*sfs_compat_shrink_fn)(struct shrinker *shrinker,
					      struct shrink_control *sc);

static inline struct shrinker *
sfs_compat_shrinker_create(sfs_compat_shrink_fn count,
			   sfs_compat_shrink_fn scan, void *data,
			   const char *kind, const char *name)
{
#ifdef HAVE_SHRINKER_ALLOC
	struct shrinker *shrinker = shrinker_alloc(0, "scoutfs-%s:%s", kind,
						   name);

	if (!shrinker)
		return NULL;
	shrinker->private_data = data;
#else
	struct sfs_compat_shrinker *own = kzalloc(sizeof(*own), GFP_KERNEL);
	struct shrinker *shrinker = &own->shrinker;

	if (!own)
		return NULL;
	own->private_data = data;
#endif
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
#ifdef HAVE_SHRINKER_ALLOC
	shrinker_register(shrinker);
#else
	if (register_shrinker(shrinker, "scoutfs-%s:%s", kind, name)) {
		kfree(own);
		return NULL;
	}
#endif
	return shrinker;
}

static inline void sfs_compat_shrinker_destroy(struct shrinker *shrinker)
{
	if (!shrinker)
		return;
#ifdef HAVE_SHRINKER_ALLOC
	shrinker_free(shrinker);
#else
	unregister_shrinker(shrinker);
	kfree(container_of(shrinker, struct sfs_compat_shrinker, shrinker));
#endif
}

/* 6.7: the attributes of a dump's request are in a genl_info. */
#ifdef HAVE_GENL_INFO_DUMP
#define sfs_compat_dump_attrs(cb)	(genl_dumpit_info(cb)->info.attrs)
#else
#define sfs_compat_dump_attrs(cb)	(genl_dumpit_info(cb)->attrs)
#endif

/* ---- sockets: macros, since few files include what they need ------------------ */

#ifdef HAVE_SK_USE_TASK_FRAG	/* 6.2 */
#define sfs_compat_set_task_frag(sk, use)	((sk)->sk_use_task_frag = (use))
#else
/* follows from GFP_NOFS */
#define sfs_compat_set_task_frag(sk, use)	((void)(sk))
#endif

#ifndef HAVE_SK_NET_REFCNT_UPGRADE	/* 6.12.x, 6.15 */
#define sk_net_refcnt_upgrade(sk)	do {				\
		struct net *net_ = sock_net(sk);			\
									\
		(sk)->sk_net_refcnt = 1;				\
		get_net_track(net_, &(sk)->ns_tracker, GFP_KERNEL);	\
		sock_inuse_add(net_, 1);				\
	} while (0)
#endif

#endif
