/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VFS half of a mount: what its files share.
 *
 * Attributes.  A cached inode carries the attributes of its item together with
 * the generation of its group's lock under which they were read.  While the
 * group's generation is the same nobody else changed them; each operation of
 * this mount takes its results into the inode.  Otherwise they are read again
 * before use (sfs_inode_revalidate()).  i_size of a file belongs to this mount
 * from then on, because data that is not written back yet makes it larger than
 * the item says; revocation writes back first, so a new generation begins with
 * the item's size.
 *
 * Dentries.  d_time holds the generation of the parent's group under which the
 * name was looked up; generations are unique within a mount.
 *
 * Pages.  A page is dirtied only by users of the group's lock in EX and is clean
 * before EX is given up: see sfs_data_hold().  Direct I/O is over before the lock
 * that it was submitted under is given up: see fs/data/direct.c.
 *
 * Lock order: i_rwsem, mapping->invalidate_lock, cluster locks, page lock or
 * transaction hold, group rwsem.  Nobody waits for a cluster lock with a page lock
 * held, or touches user memory that may have to be faulted in while a user of a
 * cluster lock.
 */
#ifndef SFS_VFS_H
#define SFS_VFS_H

#include "format/dev_bdev.h"
#include "fs/ns/ns.h"

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/kobject.h>
#include <linux/llist.h>
#include <linux/workqueue.h>

struct export_operations;
struct fileattr;
struct sfs_fence_dirs;
struct sfs_mmp;
struct seq_file;

enum sfs_vfs_limits {
	SFS_COMMIT_AGE_MS	= 5000,	/* an open transaction gets this old */
	SFS_WORK_INTERVAL_MS	= 1000,
	SFS_READDIR_BYTES	= 16384,
};

/* Values of the mount options; numbers may change through sysfs at any time. */
struct sfs_mount_opts {
	char *metadev_path;	/* NULL: volume on one device */
	char *lock_provider;	/* overrides the volume's when not NULL */
	u64 data_prealloc_blocks;
	u64 data_prealloc_contig_only;
	u64 ino_alloc_per_lock;
	u64 lock_idle_count;
	u64 log_merge_wait_timeout_ms;
	u64 orphan_scan_delay_ms;
	u64 quorum_heartbeat_timeout_ms;
	u64 tcp_keepalive_timeout_ms;
	s64 quorum_slot_nr;	/* -1: none */
	bool is_acl;
};

/*
 * struct sfs_sb_info - one mount
 * @sb: its super block
 * @vol: the volume
 * @fs: the mount's other half; NULL before it is open and when it closes
 * @opts: mount options
 * @meta_dev: metadata device, unused with one device
 * @data_dev: data device
 * @meta_handle: the open metadata device
 * @is_one_device: both are on @data_dev
 * @is_clustered: other mounts may have the volume as well
 * @lock_owner_key: makes numbers of owners of file locks
 * @mmp: multi-mount guard, NULL: locks reach other nodes, or read-only device
 * @wq: background work
 * @io_wq: ends of write-back; never waits for @wq
 * @work: the background work of each second
 * @withdraw_work: tells who waits for locks
 * @gate: read by revocations, written once when the unmount begins
 * @is_frozen: nothing may be written, background work stands still
 * @is_unmounting: inodes are clean and must not be referenced any more
 * @is_forced: umount -f: nothing more is written
 * @iputs: inodes whose reference a revocation could not drop
 * @iput_work: drops them
 * @asked: inodes of a group in which another mount deletes some
 * @asked_work: drops those that nobody uses
 * @atimes: inodes whose time of last access is to be stored
 * @atime_work: stores it
 * @prealloc_lock: guards @preallocs, @nr_preallocs and what inodes have of them
 * @preallocs: inodes with space set aside, see prealloc.c
 * @nr_preallocs: their number
 * @trim_lock: whoever has it discards free blocks
 * @evict_wait: an inode on its way out of the cache has no pages any more
 * @ahead: groups that walks over directories will want, see ahead.c
 * @cache_shrinker: of metadata blocks
 * @group_shrinker: of groups
 * @kobj: directory in sysfs
 * @kobj_gone: nobody uses it any more
 * @has_kobj: it was added
 * @fence_dirs: fence requests in sysfs
 * @mounts_link: in the list of mounts
 * @pins: of those who use it through that list
 * @pins_gone: nobody does any more
 * @is_listed: it was added
 */
struct sfs_sb_info {
	struct super_block *sb;
	struct sfs_volume vol;
	struct sfs_fs *fs;
	struct sfs_mount_opts opts;
	struct sfs_dev meta_dev;
	struct sfs_dev data_dev;
	struct sfs_compat_bdev meta_handle;
	bool is_one_device;
	bool is_clustered;
	u64 lock_owner_key;
	struct sfs_mmp *mmp;

	struct workqueue_struct *wq;
	struct workqueue_struct *io_wq;
	struct delayed_work work;
	struct work_struct withdraw_work;
	bool is_frozen;

	struct rw_semaphore gate;
	bool is_unmounting;
	bool is_forced;
	struct llist_head iputs;
	struct work_struct iput_work;
	struct llist_head asked;
	struct work_struct asked_work;
	struct llist_head atimes;
	struct work_struct atime_work;
	spinlock_t prealloc_lock;	/* see above */
	struct list_head preallocs;
	unsigned long nr_preallocs;
	struct mutex trim_lock;		/* see above */
	wait_queue_head_t evict_wait;

	struct sfs_ahead *ahead;
	struct shrinker *cache_shrinker;
	struct shrinker *group_shrinker;

	struct kobject kobj;
	struct completion kobj_gone;
	bool has_kobj;
	struct sfs_fence_dirs *fence_dirs;

	struct list_head mounts_link;
	refcount_t pins;
	struct completion pins_gone;
	bool is_listed;
};

enum sfs_inode_bits {
	SFS_INODE_ATTRS_STALE,	/* the item changed in ways not told us */
	SFS_INODE_ATIME_DIRTY,	/* i_atime is newer than the item's */
	SFS_INODE_FLUSH_DATA,	/* data was written over without a transaction */
	SFS_INODE_ASKED,	/* in the mount's asked */
	SFS_INODE_ATIME_QUEUED,	/* in the mount's atimes */
	SFS_INODE_WANTED,	/* others have deleted it: delete it at the end */
	SFS_INODE_DROP,		/* leaves the cache with its last user */
	SFS_INODE_NO_PAGES,	/* on its way out of the cache */
	SFS_INODE_LISTED,	/* a directory that was read */
	SFS_INODE_WALKED,	/* and whose entries are looked up, see ahead.c */
	SFS_INODE_KEEP_SPACE,	/* space past the size is the user's */
	SFS_INODE_SMALL,	/* page 0 may be dirty without a block, see data/small.c */
};

/* A mapping, true while map_seq and the generation of the lock are these. */
struct sfs_data_last {
	struct sfs_map map;
	u64 seq;
	u64 gen;
};

/*
 * Blocks [0, blocks) of the file, and no others, are online or going to be, while
 * free_seq and the generation are these; 0: not known.
 */
struct sfs_data_stream {
	u64 blocks;
	u64 seq;
	u64 gen;
};

/* A written extent, likewise; no bytes: none. */
struct sfs_direct_map {
	loff_t pos;
	loff_t bytes;
	u64 addr;
	u64 seq;
	u64 gen;
};

/*
 * struct sfs_inode_info - one cached inode
 * @lock: guards @ni, @gen, @dirty_seq and @direct_map
 * @ni: attributes; @ni.ino never changes
 * @gen: lock generation they are valid under, 0: none
 * @dirty_seq: no transaction after this one has changes of the inode
 * @grp: its group, referenced
 * @flags: enum sfs_inode_bits
 * @map_seq: grows when mappings may have changed; for iomap_valid()
 * @free_seq: grows when blocks may have been freed
 * @last_map: of the last write; guarded by i_rwsem
 * @stream: of a file that is written from front to back; guarded by i_rwsem
 * @direct_new: blocks without bytes that the running direct write has come to;
 *	written with i_rwsem
 * @direct_map: of the last direct I/O
 * @ioend_lock: guards @ioends
 * @ioends: write-back that came to its end and is not finished
 * @ioend_work: finishes it
 * @iput_node: in the mount's iputs
 * @asked_node: in the mount's asked
 * @atime_node: in the mount's atimes
 * @prealloc_link: in the mount's preallocs; guarded, like the next three, by its
 *	prealloc_lock
 * @prealloc_at: jiffies when it was put there, or looked at last
 * @prealloc_block: first of the blocks set aside
 * @prealloc_end: where they end
 * @written_at: jiffies of the last write(2)
 * @vfs_inode: the VFS's part
 */
struct sfs_inode_info {
	spinlock_t lock;	/* ni, gen, dirty_seq, direct_map */
	struct sfs_inode ni;
	u64 gen;
	u64 dirty_seq;
	struct sfs_group *grp;
	unsigned long flags;

	atomic64_t map_seq;
	atomic64_t free_seq;
	struct sfs_data_last last_map;
	struct sfs_data_stream stream;
	u64 direct_new;
	struct sfs_direct_map direct_map;

	spinlock_t ioend_lock;	/* ioends */
	struct list_head ioends;
	struct work_struct ioend_work;

	struct llist_node iput_node;
	struct llist_node asked_node;
	struct llist_node atime_node;

	struct list_head prealloc_link;
	unsigned long prealloc_at;
	u64 prealloc_block;
	u64 prealloc_end;
	unsigned long written_at;
	struct inode vfs_inode;
};

static inline struct sfs_inode_info *SFS_I(const struct inode *inode)
{
	return container_of(inode, struct sfs_inode_info, vfs_inode);
}

static inline struct sfs_sb_info *SFS_SB(const struct super_block *sb)
{
	return sb->s_fs_info;
}

static inline struct sfs_fs *sfs_inode_fs(const struct inode *inode)
{
	return SFS_SB(inode->i_sb)->fs;
}

static inline u64 sfs_ino(const struct inode *inode)
{
	return SFS_I(inode)->ni.ino;
}

/* ---- super.c, mount.c ------------------------------------------------------ */

int sfs_init_fs_context(struct fs_context *fc);
int sfs_mount_get_tree(struct fs_context *fc);
void sfs_mount_stop(struct sfs_sb_info *sbi);
void sfs_kill_sb(struct super_block *sb);
void sfs_sb_kick(struct sfs_sb_info *sbi);
/* Let background work stand still, and go on; the former waits for its end. */
void sfs_sb_work_stop(struct sfs_sb_info *sbi);
void sfs_sb_work_start(struct sfs_sb_info *sbi);
/* mounts that share the volume with others have the second ones */
extern const struct super_operations sfs_super_ops;
extern const struct super_operations sfs_super_cluster_ops;

/* ---- options.c --------------------------------------------------------------- */

/*
 * struct sfs_opt_num - a mount option that is a number
 * @name: of the option and of its sysfs file
 * @offset: of its u64 in struct sfs_mount_opts
 * @min: least value
 * @max: largest value
 * @value: default
 * @is_shown: in /proc/mounts, default or not
 * @is_sysfs: has a file there, which may be written
 * @is_once: may be given once only
 */
struct sfs_opt_num {
	const char *name;
	size_t offset;
	u64 min;
	u64 max;
	u64 value;
	bool is_shown;
	bool is_sysfs;
	bool is_once;
};

extern const struct sfs_opt_num sfs_opt_nums[];
extern const unsigned int sfs_nr_opt_nums;
void sfs_opts_init(struct sfs_mount_opts *opts);
void sfs_opts_exit(struct sfs_mount_opts *opts);
int sfs_opts_parse(struct fs_context *fc, struct fs_parameter *param);
int sfs_opts_show(struct seq_file *m, struct dentry *root);
/* Set a number from text: 0 or -EINVAL, the value unchanged. */
int sfs_opt_num_set(const struct sfs_opt_num *opt, struct sfs_mount_opts *opts,
		    const char *text);
extern const struct fs_parameter_spec sfs_opt_specs[];

static inline u64 *sfs_opt_num_ptr(const struct sfs_opt_num *opt,
				   struct sfs_mount_opts *opts)
{
	return (void *)opts + opt->offset;
}

/* ---- mmp.c ------------------------------------------------------------------- */

/*
 * Make sure that no other node has mounted the volume, and tell them that we
 * have.  -EBUSY when one has; -EINTR.  Sleeps for many seconds after a crash.
 */
int sfs_mmp_start(struct sfs_volume *vol, struct sfs_mmp **ret);
/* is_clean: nothing of this mount is left to recover. */
void sfs_mmp_stop(struct sfs_mmp *mmp, bool is_clean);

/* ---- sysfs.c, shrink.c -------------------------------------------------- */

int sfs_sysfs_init(void);
void sfs_sysfs_exit(void);
int sfs_sysfs_add(struct sfs_sb_info *sbi);
void sfs_sysfs_del(struct sfs_sb_info *sbi);
int sfs_fence_dirs_add(struct sfs_sb_info *sbi);
void sfs_fence_dirs_del(struct sfs_sb_info *sbi);
int sfs_shrink_start(struct sfs_sb_info *sbi);
void sfs_shrink_stop(struct sfs_sb_info *sbi);

/* ---- mounts.c ------------------------------------------------------------------- */

void sfs_mounts_add(struct sfs_sb_info *sbi);
/* Waits for those who have it pinned. */
void sfs_mounts_del(struct sfs_sb_info *sbi);
/* Pinned; NULL: there is none.  Its fs is NULL while it joins its cluster. */
struct sfs_sb_info *sfs_mounts_get(u64 fsid, u64 rid);
void sfs_mounts_put(struct sfs_sb_info *sbi);
/* fn returns false to end; no mount comes or goes meanwhile. */
void sfs_mounts_for_each(bool (*fn)(void *arg, struct sfs_sb_info *sbi),
			 void *arg);
/* Changes when a mount comes or goes; never 0. */
unsigned int sfs_mounts_generation(void);

/* ---- inode.c, attr.c ------------------------------------------------------------ */

int sfs_inodes_init(void);
void sfs_inodes_exit(void);
struct inode *sfs_alloc_inode(struct super_block *sb);
void sfs_free_inode(struct inode *inode);
void sfs_evict_inode(struct inode *inode);
int sfs_drop_inode(struct inode *inode);
/* The inode, referenced; ERR_PTR: -ESTALE when it does not exist. */
struct inode *sfs_iget(struct super_block *sb, u64 ino);
/*
 * Give a new inode what sfs_ns_create() made, and hash it.  -EBUSY: somebody
 * was faster, use sfs_iget().
 */
int sfs_inode_insert(struct inode *inode, const struct sfs_inode *ni, u64 gen);

/* Also in RCU mode, where the inode may be on its way out. */
static inline bool sfs_inode_is_valid(const struct inode *inode)
{
	const struct sfs_inode_info *si = SFS_I(inode);
	const struct sfs_group *grp = READ_ONCE(si->grp);

	/* pairs with sfs_inode_refresh(): with it the attributes are seen */
	return grp && smp_load_acquire(&si->gen) == sfs_group_generation(grp);
}

/* ns_flags: enum sfs_ns_flags */
int sfs_inode_reread(struct inode *inode, unsigned int ns_flags);
/* Take what an operation returned into the inode. */
void sfs_inode_update(struct inode *inode, const struct sfs_inode *ni);
/* An operation changed the inode's item and returned no attributes. */
void sfs_inode_changed(struct inode *inode);
/* Bytes of the file are about to change, see sfs_data_hold(): times, data_version. */
int sfs_inode_touch_data(struct inode *inode);
int sfs_inode_grow(struct inode *inode, loff_t size);
int sfs_inode_sync(struct inode *inode);

/* Before attributes are used: 0, -ESTALE when the inode is gone. */
static inline int sfs_inode_revalidate(struct inode *inode)
{
	return likely(sfs_inode_is_valid(inode)) ? 0 : sfs_inode_reread(inode, 0);
}

/* The same where they have to be exact: stored attributes may be newer than cached. */
int sfs_attr_refresh(struct inode *inode);
/* Of a file, with those that are dirty; stored: those of the item. */
u64 sfs_attr_online_blocks(struct inode *inode, u64 stored);
int sfs_getattr(struct mnt_idmap *idmap, const struct path *path,
		struct kstat *stat, u32 mask, unsigned int flags);
int sfs_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
		struct iattr *attr);
int sfs_permission(struct mnt_idmap *idmap, struct inode *inode, int mask);
int sfs_update_time(struct inode *inode, int flags);
SFS_COMPAT_DECLARE_UPDATE_TIME(sfs_update_time);
int sfs_write_inode(struct inode *inode, struct writeback_control *wbc);
void sfs_attr_atime_work(struct work_struct *work);
extern const struct inode_operations sfs_file_inode_ops;
extern const struct inode_operations sfs_symlink_inode_ops;
extern const struct inode_operations sfs_special_inode_ops;

/* Change attributes and take the result; mask: enum sfs_attr_mask. */
int sfs_attr_store(struct inode *inode, unsigned int mask,
		   const struct sfs_inode *attr, unsigned int ns_flags);

/* ---- fileattr.c ---------------------------------------------------------- */

int sfs_fileattr_get(struct dentry *dentry, struct fileattr *fa);
int sfs_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry,
		     struct fileattr *fa);
/* Tell the VFS of an inode's SFS_INODE_* */
void sfs_fileattr_apply(struct inode *inode, u32 flags);

/* ---- ahead.c ------------------------------------------------------------ */

int sfs_ahead_start(struct sfs_sb_info *sbi);
void sfs_ahead_stop(struct sfs_sb_info *sbi);
void sfs_ahead_listed(struct inode *dir, const void *buf, unsigned int len);
void sfs_ahead_looked_up(struct inode *dir, struct inode *inode);
void sfs_ahead_stat(struct dentry *dentry);

/* ---- dir.c, readdir.c --------------------------------------------------- */

extern const struct inode_operations sfs_dir_inode_ops;
extern const struct file_operations sfs_dir_file_ops;
extern const struct file_operations sfs_dir_cluster_ops;
extern const struct dentry_operations sfs_dentry_ops;

/* ---- export.c ----------------------------------------------------------- */

extern const struct export_operations sfs_export_ops;

/* ---- file.c ------------------------------------------------------------- */

/* mounts that share file locks with others have the second ones */
extern const struct file_operations sfs_file_ops;
extern const struct file_operations sfs_file_cluster_ops;
int sfs_fsync(struct file *file, loff_t start, loff_t end, int datasync);

/* ---- flock.c ------------------------------------------------------------ */

void sfs_flock_init(struct sfs_sb_info *sbi);
int sfs_flock_fcntl(struct file *file, int cmd, struct file_lock *fl);
int sfs_flock_flock(struct file *file, int cmd, struct file_lock *fl);

/* Leases are of one mount: there are none where another could break them. */
#define SFS_FLOCK_OPS					\
	.flock		= sfs_flock_flock,		\
	.setlease	= simple_nosetlease

/* ---- xattr.c, acl.c ----------------------------------------------------- */

extern const struct xattr_handler SFS_COMPAT_HANDLER_PTR sfs_xattr_handlers[];
ssize_t sfs_listxattr(struct dentry *dentry, char *buf, size_t size);
struct posix_acl *sfs_get_acl(struct inode *inode, int type, bool rcu);
int sfs_set_acl(struct mnt_idmap *idmap,
		struct sfs_compat_acl_object *object, struct posix_acl *acl,
		int type);

#define SFS_NEW_XATTRS_MAX	8

/* Xattrs that a new inode is created with; the memory is ours. */
struct sfs_new_xattrs {
	struct sfs_create_xattr xattr[SFS_NEW_XATTRS_MAX];
	unsigned int nr;
};

/* Collect security labels and ACLs; may change the inode's mode. */
int sfs_new_xattrs_init(struct sfs_new_xattrs *xattrs, struct inode *inode,
			struct inode *dir, const struct qstr *name);
void sfs_new_xattrs_exit(struct sfs_new_xattrs *xattrs);
/* Takes a copy of name and the value itself, also when it fails. */
int sfs_new_xattrs_add(struct sfs_new_xattrs *xattrs, const char *prefix,
		       const char *name, void *value, unsigned int len);
int sfs_acl_inherit(struct sfs_new_xattrs *xattrs, struct inode *inode,
		    struct inode *dir);
/*
 * Attributes by mask, of which the mode is one, and the access ACL that must go with
 * it, if there is one, in one transaction.
 */
int sfs_acl_chmod(struct inode *inode, unsigned int mask,
		  const struct sfs_inode *attr);

/* ---- revoke.c ----------------------------------------------------------- */

int sfs_revoke_inodes(void *arg, u64 group, bool is_drop);
/* Drop a reference where no inode may be evicted. */
void sfs_revoke_iput(struct sfs_sb_info *sbi, struct inode *inode);
void sfs_revoke_iput_work(struct work_struct *work);
/* No inode may be referenced by revocations after this. */
void sfs_revoke_stop(struct sfs_sb_info *sbi);

/* ---- asked.c ------------------------------------------------------------ */

bool sfs_asked_is_open(void *arg, u64 ino);
void sfs_asked_open(void *arg, u64 first, unsigned int nr,
		    const struct sfs_open_map *wanted,
		    struct sfs_open_map *open);
void sfs_asked_work(struct work_struct *work);

/* ---- prealloc.c --------------------------------------------------------- */

void sfs_prealloc_keep(struct inode *inode);
void sfs_prealloc_work(struct sfs_sb_info *sbi);
void sfs_prealloc_return(struct sfs_sb_info *sbi);
void sfs_prealloc_evict(struct inode *inode, bool is_deleted);
int sfs_prealloc_alloc(struct inode *inode, const struct sfs_fill *fill,
		       struct sfs_map *map);

/* ---- ioctl.c ------------------------------------------------------------ */

long sfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* ---- attr_x.c ----------------------------------------------------------- */

struct scoutfs_ioctl_stat_more;
struct scoutfs_ioctl_inode_attr_x;

int sfs_ioctl_stat_more(struct file *file,
			struct scoutfs_ioctl_stat_more __user *arg);
int sfs_ioctl_get_attr_x(struct file *file,
			 struct scoutfs_ioctl_inode_attr_x __user *arg);

/* ---- referrers.c -------------------------------------------------------- */

struct scoutfs_ioctl_ino_path;
struct scoutfs_ioctl_get_referring_entries;

int sfs_ioctl_ino_path(struct file *file,
		       struct scoutfs_ioctl_ino_path __user *arg);
int sfs_ioctl_referring_entries(struct file *file,
				struct scoutfs_ioctl_get_referring_entries __user *arg);

/* ---- module.c ----------------------------------------------------------- */

extern struct file_system_type sfs_fs_type;

#endif
