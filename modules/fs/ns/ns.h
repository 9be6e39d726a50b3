/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The namespace on group trees: complete, atomic, cluster-safe operations on
 * inodes, names, xattrs and extents.  No VFS types; also built for userspace.
 *
 * Each function takes the cluster locks and the transaction hold it needs and
 * drops them before it returns.  Callers hold no page lock, except where a
 * function says that it may be called with one.  What a mount's own threads
 * must not do at once to the same object (two creates of the same name) is
 * excluded by the group's rwsem inside; the results are always consistent.
 *
 * Errors everywhere: -EIO withdrawn or device, -EUCLEAN corrupt group,
 * -ENOSPC, -ENOMEM, -EINTR killed while waiting for a cluster lock, -EROFS.
 */
#ifndef SFS_NS_H
#define SFS_NS_H

#include "format/port.h"
#include "fs/ns/fs.h"

/**
 * struct sfs_inode - an inode's attributes in memory
 * @ino: number, never reused
 * @mode: type and permission bits
 * @nlink: names; 2 + subdirectories for a directory; 0: only open any more
 * @uid: owner
 * @gid: owning group
 * @rdev: devices: encoded as new_encode_dev() does
 * @flags: SFS_INODE_*
 * @size: bytes; of a directory the sum of its entries' name lengths
 * @parent_ino: directory of the first link, 0 when unlinked; root: itself
 * @parent_pos: position of the first link there
 * @meta_seq: transaction that last changed the inode
 * @data_seq: transaction that last changed the data
 * @data_version: changes with the data, see the ABI
 * @atime: last read
 * @mtime: last change of data or entries
 * @ctime: last change
 * @crtime: creation
 * @online_blocks: data blocks of 4096 bytes that are written
 * @offline_blocks: those that are offline, with and without space
 * @next_pos: directories: position of the next new entry
 * @nr_entries: directories
 * @alloc_group: directories: group of new files, 0: the directory's own
 * @iversion: grows with each change that others can see
 * @project: project id
 * @next_xattr_id: id of the next new xattr
 */
struct sfs_inode {
	u64 ino;
	u32 mode;
	u32 nlink;
	u32 uid;
	u32 gid;
	u32 rdev;
	u32 flags;
	u64 size;
	u64 parent_ino;
	u64 parent_pos;
	u64 meta_seq;
	u64 data_seq;
	u64 data_version;
	struct timespec64 atime;
	struct timespec64 mtime;
	struct timespec64 ctime;
	struct timespec64 crtime;
	u64 online_blocks;
	u64 offline_blocks;
	u64 next_pos;
	u64 nr_entries;
	u64 alloc_group;
	u64 iversion;
	u64 project;
	u64 next_xattr_id;
};

/*
 * Flags of an inode.  The user's are those of chattr(1), see flags.c; internal
 * ones are this layer's.
 */
#define SFS_INODE_SYNC		(1U << 0)	/* each write is durable */
#define SFS_INODE_IMMUTABLE	(1U << 1)
#define SFS_INODE_APPEND	(1U << 2)	/* bytes and names are added only */
#define SFS_INODE_NODUMP	(1U << 3)
#define SFS_INODE_NOATIME	(1U << 4)
#define SFS_INODE_DIRSYNC	(1U << 5)	/* each change of names is durable */
#define SFS_INODE_USER		(SFS_INODE_SYNC | SFS_INODE_IMMUTABLE |	\
				 SFS_INODE_APPEND | SFS_INODE_NODUMP |	\
				 SFS_INODE_NOATIME | SFS_INODE_DIRSYNC)
#define SFS_INODE_FIXED		(SFS_INODE_IMMUTABLE | SFS_INODE_APPEND)
#define SFS_INODE_TRUNCATE	(1U << 31)	/* extents past the size are left */
#define SFS_INODE_DELETING	(1U << 30)	/* half of it is gone already */
#define SFS_INODE_INLINE	(1U << 29)	/* its bytes are in an item, see inline.c */
#define SFS_INODE_INTERNAL	(SFS_INODE_TRUNCATE | SFS_INODE_DELETING | \
				 SFS_INODE_INLINE)

/*
 * How an operation gets the cluster lock of its inode.  NOWAIT: the caller has a
 * page locked; -EAGAIN when it would be waited for.  IO: it is not asked for,
 * because it cannot be given up: the caller is a user of it, or the page that it
 * writes back is dirty (SFS_OP_IO).
 */
enum sfs_ns_flags {
	SFS_NS_NOWAIT	= 1 << 0,
	SFS_NS_IO	= 1 << 1,
};

/* ---- inode.c --------------------------------------------------------------- */

/* Encode into at most SFS_INODE_ITEM_MAX bytes; returns the length. */
#define SFS_INODE_ITEM_MAX	(4 + 8 * SFS_IW_NR)
unsigned int sfs_inode_encode(const struct sfs_inode *inode, void *buf);
/* 0 or -EUCLEAN */
int sfs_inode_decode(struct sfs_inode *inode, u64 ino, const void *buf,
		     unsigned int len);

/*
 * Read an inode: -ESTALE when it does not exist. *gen, when not NULL, is set to
 * the group's lock generation under which the copy is valid.
 */
int sfs_ns_getattr(struct sfs_fs *fs, u64 ino, unsigned int flags,
		   struct sfs_inode *inode, u64 *gen);

enum sfs_attr_mask {
	SFS_ATTR_MODE		= 1 << 0,
	SFS_ATTR_UID		= 1 << 1,
	SFS_ATTR_GID		= 1 << 2,
	SFS_ATTR_ATIME		= 1 << 3,
	SFS_ATTR_MTIME		= 1 << 4,
	SFS_ATTR_CTIME		= 1 << 5,
	SFS_ATTR_CRTIME		= 1 << 6,
	SFS_ATTR_DATA_CHANGED	= 1 << 7,	/* bytes: data_version+1, data_seq */
	SFS_ATTR_SIZE		= 1 << 8,	/* grow the stored size to at least size */
	SFS_ATTR_PROJECT	= 1 << 9,
	SFS_ATTR_GUARDED	= 1 << 10,	/* -EPERM when one of SFS_INODE_FIXED */
};

/*
 * Change attributes from *attr by mask; iversion and meta_seq follow unless the
 * mask is ATIME alone. MODE changes permission bits only. *inode is the result.
 * Does not truncate: see sfs_ns_truncate(). -ESTALE, -EINVAL for bad values.
 */
int sfs_ns_setattr(struct sfs_fs *fs, u64 ino, unsigned int mask,
		   const struct sfs_inode *attr, unsigned int flags,
		   struct sfs_inode *inode);

/*
 * Set and clear flags of SFS_INODE_USER, others than these stay; ctime, iversion,
 * meta_seq follow.  -EINVAL for other flags, and DIRSYNC of what is no directory.
 */
int sfs_ns_set_flags(struct sfs_fs *fs, u64 ino, u32 set, u32 clear,
		     struct timespec64 now, struct sfs_inode *inode);

/*
 * Bytes of the file change: mtime, ctime, data_version, data_seq, meta_seq,
 * iversion.  Cheap when it is not the first time in the transaction.
 */
int sfs_ns_touch(struct sfs_fs *fs, u64 ino, struct timespec64 now,
		 unsigned int flags, struct sfs_inode *inode);

/* ---- dir.c, name.c ----------------------------------------------------------- */

struct sfs_dirent {
	u64 ino;
	u64 pos;
	u8 dtype;
};

/* -ENOENT, -ENAMETOOLONG. Also returns the directory's lock generation. */
int sfs_ns_lookup(struct sfs_fs *fs, u64 dir, const char *name,
		  unsigned int len, struct sfs_dirent *de, u64 *gen);

struct sfs_create_xattr {
	const char *name;
	const void *value;
	unsigned int len;
};

/**
 * struct sfs_creating - an inode that is made, and not in the caller's cache yet
 * @link: in sfs_fs.creating, or empty
 * @ino: it
 *
 * A mount that is asked what it has open counts these, see others.c.
 */
struct sfs_creating {
	struct list_head link;
	u64 ino;
};

/**
 * struct sfs_create - what to make
 * @dir: parent directory
 * @name: NULL for an unlinked file (O_TMPFILE)
 * @name_len: bytes of @name
 * @mode: type and permission bits
 * @uid: owner
 * @gid: owning group
 * @rdev: of a device
 * @project: project id, that of the parent
 * @target: of a symlink
 * @target_len: bytes of @target
 * @now: all four times
 * @group_hint: alloc_group of the parent as last seen, 0: unknown; saves a
 *	second try in directories with more files than a group holds
 * @xattrs: set in the same transaction: ACLs, security labels; no name twice
 * @nr_xattrs: their number
 * @creating: initialised with sfs_creating_init(), and ended with sfs_creating_end()
 *	when the inode is in the caller's cache, or there is none; NULL: nobody
 *	will have it open
 */
struct sfs_create {
	u64 dir;
	const char *name;
	unsigned int name_len;
	u32 mode;
	u32 uid;
	u32 gid;
	u32 rdev;
	u64 project;
	const char *target;
	unsigned int target_len;
	struct timespec64 now;
	u64 group_hint;
	const struct sfs_create_xattr *xattrs;
	unsigned int nr_xattrs;
	struct sfs_creating *creating;
};

static inline void sfs_creating_init(struct sfs_creating *creating)
{
	INIT_LIST_HEAD(&creating->link);
}

void sfs_creating_end(struct sfs_fs *fs, struct sfs_creating *creating);

/*
 * *inode: the new inode; *dir: the parent afterwards. -EEXIST, -EMLINK, -ENOENT
 * when the directory was removed, -ENOTDIR, -ENAMETOOLONG, -EINVAL.
 */
int sfs_ns_create(struct sfs_fs *fs, const struct sfs_create *args,
		  struct sfs_inode *inode, struct sfs_inode *dir);
/*
 * -EMLINK, -EEXIST, -EPERM for a directory; -ENOENT when the inode is gone or
 * has nlink 0, unless @from_tmpfile, or the directory was removed.
 */
int sfs_ns_link(struct sfs_fs *fs, u64 ino, u64 dir, const char *name,
		unsigned int len, bool from_tmpfile, struct timespec64 now,
		struct sfs_inode *inode, struct sfs_inode *dir_inode);
/*
 * Remove a name that refers to ino (0: whatever it refers to). A directory must
 * be empty (-ENOTEMPTY); is_rmdir with a non-directory is -ENOTDIR, without on a
 * directory -EISDIR. -ENOENT when there is no such name, -EAGAIN when it refers
 * to another inode by now. An inode whose nlink becomes 0 is recorded as an orphan in
 * the same transaction; sfs_ns_delete() removes it.
 */
int sfs_ns_unlink(struct sfs_fs *fs, u64 dir, const char *name,
		  unsigned int len, u64 ino, bool is_rmdir,
		  struct timespec64 now, struct sfs_inode *inode,
		  struct sfs_inode *dir_inode);

enum sfs_rename_flags {
	SFS_RENAME_NOREPLACE	= 1 << 0,
	SFS_RENAME_EXCHANGE	= 1 << 1,
	SFS_RENAME_WHITEOUT	= 1 << 2,
};

/**
 * struct sfs_rename - what to rename
 * @old_dir: directory of the old name
 * @old_name: name
 * @old_len: bytes of it
 * @new_dir: directory of the new name
 * @new_name: name
 * @new_len: bytes of it
 * @ino: inode the old name must refer to
 * @target_ino: inode the new name must refer to, 0 when it must not exist
 * @whiteout_ino: with WHITEOUT the inode without links that gets the old name,
 *	made by sfs_ns_create(); 0 otherwise
 * @flags: enum sfs_rename_flags
 * @now: time of the change
 *
 * A name that refers to something else by now is -EAGAIN: look up again.  An
 * old name that is gone is -ENOENT, a new one that appeared is -EEXIST with
 * NOREPLACE.  A renamed entry gets the next position of its directory; entries
 * that are exchanged keep theirs, and a whiteout has that of the old name.  Both
 * names of one inode: nothing happens.
 */
struct sfs_rename {
	u64 old_dir;
	const char *old_name;
	unsigned int old_len;
	u64 new_dir;
	const char *new_name;
	unsigned int new_len;
	u64 ino;
	u64 target_ino;
	u64 whiteout_ino;
	unsigned int flags;
	struct timespec64 now;
};

/* Attributes afterwards; those of an inode whose number was 0 are not set. */
struct sfs_rename_result {
	struct sfs_inode old_dir;
	struct sfs_inode new_dir;
	struct sfs_inode inode;
	struct sfs_inode target;
	struct sfs_inode whiteout;
};

/*
 * -EINVAL when a directory would move below itself; -ENOTEMPTY, -EISDIR,
 * -ENOTDIR, -EMLINK; -ENOENT when a directory was removed.  Within one mount
 * the caller runs one rename between two directories at a time.
 */
int sfs_ns_rename(struct sfs_fs *fs, const struct sfs_rename *args,
		  struct sfs_rename_result *res);

/*
 * Read entries at or after *pos (2 or more; . and .. are the caller's) into buf as
 * struct sfs_readdir_entry records, 8-byte aligned. Returns the bytes used, 0 at
 * the end, -ERANGE when not even one fits. Each entry's next is what d_off becomes: the
 * position of the following entry, or pos + 1 for the last one of the directory.
 */
struct sfs_readdir_entry {
	u64 pos;
	u64 next;
	u64 ino;
	u8 dtype;
	u8 name_len;
	u16 rec_len;
	char name[];
};

int sfs_ns_readdir(struct sfs_fs *fs, u64 dir, u64 pos, void *buf,
		   unsigned int size);
/* Up to SFS_SYMLINK_MAX bytes, no NUL; returns the length, cut to size. -EINVAL. */
int sfs_ns_readlink(struct sfs_fs *fs, u64 ino, char *buf, unsigned int size);
/*
 * For export: directory and position of an inode's first parent link; the root's
 * parent is itself. -ENOENT when unlinked, -ESTALE when gone.
 */
int sfs_ns_parent(struct sfs_fs *fs, u64 ino, u64 *dir, u64 *pos);
/*
 * The first directory entry of an inode at or after (*dir, *pos), in the order of
 * directory and position; what sfs_ns_readdir() finds there may be another one by then.
 * -ENOENT: there is none, or it is the root; -ESTALE: the inode does not exist.
 */
int sfs_ns_next_link(struct sfs_fs *fs, u64 ino, u64 *dir, u64 *pos);

/*
 * Delete an orphan (nlink 0) that nobody has open in this mount: items, extents,
 * xattrs, then the inode; many transactions when large. 0 also when it is gone
 * already; -EBUSY when nlink is not 0; -EAGAIN when another mount has it open, or
 * may have.  But for 0 and -EBUSY sfs_fs_work() tries again if this mount unlinked
 * it.
 */
int sfs_ns_delete(struct sfs_fs *fs, u64 ino);
/*
 * May another mount have this inode, which has no links, open?  Does not wait for
 * the cluster lock.  While false, and EX is held, none can open it.
 */
bool sfs_ns_is_open_elsewhere(struct sfs_fs *fs, u64 ino);

/* ---- xattr.c ------------------------------------------------------------ */

enum sfs_xattr_flags {
	SFS_XATTR_CREATE	= 1 << 0,	/* -EEXIST when there */
	SFS_XATTR_REPLACE	= 1 << 1,	/* -ENODATA when not there */
	SFS_XATTR_MAY_LACK	= 1 << 2,	/* removing what is not there does nothing */
};

/**
 * struct sfs_xattr_change - an xattr to set
 * @name: its name
 * @value: NULL removes it: -ENODATA when absent
 * @len: bytes of @value
 * @flags: enum sfs_xattr_flags
 */
struct sfs_xattr_change {
	const char *name;
	const void *value;
	unsigned int len;
	unsigned int flags;
};

/* Returns the value's length; -ENODATA; -ERANGE when size is not 0 and too small. */
int sfs_ns_getxattr(struct sfs_fs *fs, u64 ino, const char *name, void *value,
		    unsigned int size);
/*
 * An xattr and attributes change in one transaction; mask and attr as those of
 * sfs_ns_setattr(), without SIZE and DATA_CHANGED.  -ERANGE for a bad name, -E2BIG
 * for a long value.
 */
int sfs_ns_setattr_xattr(struct sfs_fs *fs, u64 ino,
			 const struct sfs_xattr_change *xattr,
			 unsigned int mask, const struct sfs_inode *attr,
			 struct sfs_inode *inode);
/* The same where ctime alone follows. */
int sfs_ns_setxattr(struct sfs_fs *fs, u64 ino, const char *name,
		    const void *value, unsigned int len, unsigned int flags,
		    struct timespec64 now, struct sfs_inode *inode);
/* NUL-terminated names; returns the bytes, or needed when size is 0; -ERANGE. */
int sfs_ns_listxattr(struct sfs_fs *fs, u64 ino, char *buf, unsigned int size);

/* ---- extent.c ----------------------------------------------------------- */

struct sfs_map {
	u64 block;	/* first data block of the file */
	u64 len;	/* blocks; a hole extends to the next extent or the limit */
	u64 phys;	/* 0: hole or offline without space */
	u32 flags;	/* SFS_EXT_*; a hole has phys 0 and none */
};

/* The extent or hole at block, cut to [block, block + len). */
int sfs_ns_map(struct sfs_fs *fs, u64 ino, u64 block, u64 len,
	       unsigned int flags, struct sfs_map *map);
/*
 * What a hole gets: blocks [block, block + len) are needed, [from, end) is given
 * space as far as it belongs to the same hole.
 */
struct sfs_fill {
	u64 from;
	u64 block;
	u64 len;
	u64 end;
};

/*
 * Make blocks have space: what is a hole gets unwritten extents (one call may cover
 * less; map says what of the needed ones, at least the first).  When there is less
 * contiguous space than is to be given and it would end before the first needed
 * block, that block is the last to get some.  Offline blocks without space get some
 * and stay offline, none before the first.  Attributes do not change.
 */
int sfs_ns_alloc_around(struct sfs_fs *fs, u64 ino, const struct sfs_fill *fill,
			unsigned int flags, struct sfs_map *map);
/* The same for [block, block + max(len, want)). */
int sfs_ns_alloc(struct sfs_fs *fs, u64 ino, u64 block, u64 len, u64 want,
		 unsigned int flags, struct sfs_map *map);
/*
 * Data of [block, block+len) is on the device: unwritten (offline or not) becomes
 * written; the stored size becomes at least size. Holes in the range are left.
 * meta_seq follows block counts and size; iversion and data_seq do not.
 */
int sfs_ns_written(struct sfs_fs *fs, u64 ino, u64 block, u64 len, u64 size,
		   unsigned int flags);
/*
 * Set the size and free everything past it, in several transactions when large;
 * a crash in between leaves the new size and SFS_INODE_TRUNCATE and is finished
 * before the file can grow again. mtime, ctime, iversion, data_seq; data_version
 * grows when the size differs. The caller has zeroed the tail of the last block
 * in the cache.  With SFS_NS_IO it makes the first transaction only; the inode has
 * SFS_INODE_TRUNCATE when there have to be more.
 */
int sfs_ns_truncate(struct sfs_fs *fs, u64 ino, u64 size, struct timespec64 now,
		    unsigned int flags, struct sfs_inode *inode);
/* The other transactions of one that was called with SFS_NS_IO. */
int sfs_ns_truncate_rest(struct sfs_fs *fs, u64 ino);
/*
 * Free unwritten blocks of [block, end) that are past the stored size (left by
 * preallocation); nothing that is dirty in the cache lies there.
 */
int sfs_ns_trim_prealloc(struct sfs_fs *fs, u64 ino, u64 block, u64 end,
			 unsigned int flags);
/*
 * Free [block, block+len) (punch), in several transactions when large; block
 * counts and meta_seq follow, other attributes are the caller's business.
 */
int sfs_ns_punch(struct sfs_fs *fs, u64 ino, u64 block, u64 len,
		 unsigned int flags);
/*
 * The same, but blocks with space keep it and become unwritten; none of them is
 * on its way to the device.  What is offline without space becomes a hole.
 */
int sfs_ns_zero(struct sfs_fs *fs, u64 ino, u64 block, u64 len,
		unsigned int flags);

/* ---- inline.c ----------------------------------------------------------- */

/* Bytes that a file of this volume can have inline; 0: none. */
unsigned int sfs_inline_max(const struct sfs_volume *vol);
/*
 * Store the whole contents of a file, at most sfs_inline_max() bytes; the stored
 * size becomes at least len.  meta_seq and block counts follow; iversion and
 * data_seq do not.  -EEXIST when block 0 has space: then the bytes belong there.
 */
int sfs_ns_inline_store(struct sfs_fs *fs, u64 ino, const void *bytes,
			unsigned int len, unsigned int flags);
/* Up to size bytes; returns how many are stored, -ENODATA when it is not inline. */
int sfs_ns_inline_read(struct sfs_fs *fs, u64 ino, void *buf, unsigned int size,
		       unsigned int flags);

#endif
