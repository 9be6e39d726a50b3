/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The archive interface: ioctls of files and directories of a scoutfs volume.
 *
 * Names, numbers and layouts are those that archive agents are built with; they never
 * change.  Everything is native endian and naturally aligned, so that callers of 32
 * and 64 bits have the same layouts.  Pointers travel in __u64 fields.  Padding is
 * ignored on input and zero on output.
 *
 * A small block has 4096 bytes, a large block 65536.
 *
 * What scoutfs does not implement yet it answers with ENOTTY; see
 * Documentation/archive.rst.
 */
#ifndef SCOUTFS_IOCTL_H
#define SCOUTFS_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SCOUTFS_IOCTL_MAGIC 0xE8

/* ---- inodes by the order of their changes -------------------------------- */

/* Ordered by major, minor, ino. */
struct scoutfs_ioctl_walk_inodes_entry {
	__u64 major;
	__u64 ino;
	__u32 minor;
	__u8 _pad[4];
};

enum {
	SCOUTFS_IOC_WALK_INODES_META_SEQ	= 0,
	SCOUTFS_IOC_WALK_INODES_DATA_SEQ	= 1,
	SCOUTFS_IOC_WALK_INODES_UNKNOWN		= 2,	/* the first invalid one */
};

struct scoutfs_ioctl_walk_inodes {
	struct scoutfs_ioctl_walk_inodes_entry first;
	struct scoutfs_ioctl_walk_inodes_entry last;
	__u64 entries_ptr;
	__u32 nr_entries;
	__u8 index;
	__u8 _pad[11];
};

#define SCOUTFS_IOC_WALK_INODES \
	_IOW(SCOUTFS_IOCTL_MAGIC, 1, struct scoutfs_ioctl_walk_inodes)

/* ---- names ---------------------------------------------------------------- */

struct scoutfs_ioctl_ino_path {
	__u64 ino;
	__u64 dir_ino;
	__u64 dir_pos;
	__u64 result_ptr;
	__u16 result_bytes;
	__u8 _pad[6];
};

struct scoutfs_ioctl_ino_path_result {
	__u64 dir_ino;
	__u64 dir_pos;
	__u16 path_bytes;	/* with the NUL */
	__u8 _pad[6];
	__u8 path[];
};

#define SCOUTFS_IOC_INO_PATH \
	_IOW(SCOUTFS_IOCTL_MAGIC, 2, struct scoutfs_ioctl_ino_path)

/* ---- data that is offline -------------------------------------------------- */

struct scoutfs_ioctl_release {
	__u64 offset;
	__u64 length;
	__u64 data_version;
};

#define SCOUTFS_IOC_RELEASE \
	_IOW(SCOUTFS_IOCTL_MAGIC, 3, struct scoutfs_ioctl_release)

struct scoutfs_ioctl_stage {
	__u64 data_version;
	__u64 buf_ptr;
	__u64 offset;
	__s32 length;
	__u32 _pad;
};

#define SCOUTFS_IOC_STAGE \
	_IOW(SCOUTFS_IOCTL_MAGIC, 4, struct scoutfs_ioctl_stage)

struct scoutfs_ioctl_stat_more {
	__u64 meta_seq;
	__u64 data_seq;
	__u64 data_version;
	__u64 online_blocks;
	__u64 offline_blocks;
	__u64 crtime_sec;
	__u32 crtime_nsec;
	__u8 _pad[4];
};

#define SCOUTFS_IOC_STAT_MORE \
	_IOR(SCOUTFS_IOCTL_MAGIC, 5, struct scoutfs_ioctl_stat_more)

struct scoutfs_ioctl_data_waiting_entry {
	__u64 ino;
	__u64 iblock;
	__u8 op;
	__u8 _pad[7];
};

#define SCOUTFS_IOC_DWO_READ		(1 << 0)
#define SCOUTFS_IOC_DWO_WRITE		(1 << 1)
#define SCOUTFS_IOC_DWO_CHANGE_SIZE	(1 << 2)
#define SCOUTFS_IOC_DWO_UNKNOWN		(0xffU << 3)

struct scoutfs_ioctl_data_waiting {
	__u64 flags;
	__u64 after_ino;
	__u64 after_iblock;
	__u64 ents_ptr;
	__u16 ents_nr;
	__u8 _pad[6];
};

#define SCOUTFS_IOC_DATA_WAITING_FLAGS_UNKNOWN	(~0ULL)

#define SCOUTFS_IOC_DATA_WAITING \
	_IOW(SCOUTFS_IOCTL_MAGIC, 6, struct scoutfs_ioctl_data_waiting)

struct scoutfs_ioctl_setattr_more {
	__u64 data_version;
	__u64 i_size;
	__u64 flags;
	__u64 ctime_sec;
	__u32 ctime_nsec;
	__u32 crtime_nsec;
	__u64 crtime_sec;
};

#define SCOUTFS_IOC_SETATTR_MORE_OFFLINE	(1 << 0)
#define SCOUTFS_IOC_SETATTR_MORE_UNKNOWN	(~1ULL)

#define SCOUTFS_IOC_SETATTR_MORE \
	_IOW(SCOUTFS_IOCTL_MAGIC, 7, struct scoutfs_ioctl_setattr_more)

/* ---- extended attributes --------------------------------------------------- */

struct scoutfs_ioctl_listxattr_hidden {
	__u64 id_pos;
	__u64 buf_ptr;
	__u32 buf_bytes;
	__u32 hash_pos;
};

#define SCOUTFS_IOC_LISTXATTR_HIDDEN \
	_IOWR(SCOUTFS_IOCTL_MAGIC, 8, struct scoutfs_ioctl_listxattr_hidden)

struct scoutfs_ioctl_search_xattrs {
	__u64 next_ino;
	__u64 last_ino;
	__u64 name_ptr;
	__u64 inodes_ptr;
	__u64 output_flags;
	__u64 nr_inodes;
	__u16 name_bytes;
	__u8 _pad[6];
};

/* output_flags: all up to last_ino was searched */
#define SCOUTFS_SEARCH_XATTRS_OFLAG_END	(1ULL << 0)

#define SCOUTFS_IOC_SEARCH_XATTRS \
	_IOW(SCOUTFS_IOCTL_MAGIC, 9, struct scoutfs_ioctl_search_xattrs)

/* ---- the volume ------------------------------------------------------------ */

struct scoutfs_ioctl_statfs_more {
	__u64 fsid;
	__u64 rid;
	__u64 committed_seq;
	__u64 total_meta_blocks;	/* large */
	__u64 total_data_blocks;	/* small */
	__u64 reserved_meta_blocks;	/* large */
};

#define SCOUTFS_IOC_STATFS_MORE \
	_IOR(SCOUTFS_IOCTL_MAGIC, 10, struct scoutfs_ioctl_statfs_more)

struct scoutfs_ioctl_data_wait_err {
	__u64 ino;
	__u64 data_version;
	__u64 offset;
	__u64 count;
	__u64 op;
	__s64 err;
};

#define SCOUTFS_IOC_DATA_WAIT_ERR \
	_IOW(SCOUTFS_IOCTL_MAGIC, 11, struct scoutfs_ioctl_data_wait_err)

struct scoutfs_ioctl_alloc_detail {
	__u64 entries_ptr;
	__u64 entries_nr;
};

struct scoutfs_ioctl_alloc_detail_entry {
	__u64 id;
	__u64 blocks;
	__u8 type;
	__u8 meta:1,
	     avail:1,
	     __bit_pad:6;
	__u8 __pad[6];
};

#define SCOUTFS_IOC_ALLOC_DETAIL \
	_IOW(SCOUTFS_IOCTL_MAGIC, 12, struct scoutfs_ioctl_alloc_detail)

struct scoutfs_ioctl_move_blocks {
	__u64 from_fd;
	__u64 from_off;
	__u64 len;
	__u64 to_off;
	__u64 data_version;
	__u64 flags;
};

#define SCOUTFS_IOC_MB_STAGE	(1 << 0)
#define SCOUTFS_IOC_MB_UNKNOWN	(~1ULL)

#define SCOUTFS_IOC_MOVE_BLOCKS \
	_IOW(SCOUTFS_IOCTL_MAGIC, 13, struct scoutfs_ioctl_move_blocks)

/* 0: stays as it is */
struct scoutfs_ioctl_resize_devices {
	__u64 new_total_meta_blocks;	/* large */
	__u64 new_total_data_blocks;	/* small */
};

#define SCOUTFS_IOC_RESIZE_DEVICES \
	_IOW(SCOUTFS_IOCTL_MAGIC, 14, struct scoutfs_ioctl_resize_devices)

/* ---- totals ---------------------------------------------------------------- */

#define SCOUTFS_IOCTL_XATTR_TOTAL_NAME_NR 3

struct scoutfs_ioctl_xattr_total {
	__u64 name[SCOUTFS_IOCTL_XATTR_TOTAL_NAME_NR];
	__u64 total;
	__u64 count;
};

struct scoutfs_ioctl_read_xattr_totals {
	__u64 pos_name[SCOUTFS_IOCTL_XATTR_TOTAL_NAME_NR];
	__u64 totals_ptr;
	__u64 totals_bytes;
};

#define SCOUTFS_IOC_READ_XATTR_TOTALS \
	_IOW(SCOUTFS_IOCTL_MAGIC, 15, struct scoutfs_ioctl_read_xattr_totals)

/* ---- inodes ---------------------------------------------------------------- */

struct scoutfs_ioctl_get_allocated_inos {
	__u64 start_ino;
	__u64 inos_ptr;
	__u64 inos_bytes;
};

#define SCOUTFS_IOC_GET_ALLOCATED_INOS \
	_IOW(SCOUTFS_IOCTL_MAGIC, 16, struct scoutfs_ioctl_get_allocated_inos)

struct scoutfs_ioctl_get_referring_entries {
	__u64 ino;
	__u64 dir_ino;
	__u64 dir_pos;
	__u64 entries_ptr;
	__u64 entries_bytes;
};

/* The next one begins entry_bytes further on. */
struct scoutfs_ioctl_dirent {
	__u64 dir_ino;
	__u64 dir_pos;
	__u64 ino;
	__u16 entry_bytes;
	__u8 flags;
	__u8 d_type;
	__u8 name_len;		/* without the NUL */
	__u8 name[3];		/* as long as it is */
};

#define SCOUTFS_IOCTL_DIRENT_FLAG_LAST	(1 << 0)

#define SCOUTFS_IOC_GET_REFERRING_ENTRIES \
	_IOW(SCOUTFS_IOCTL_MAGIC, 17, struct scoutfs_ioctl_get_referring_entries)

struct scoutfs_ioctl_inode_attr_x {
	__u64 x_mask;
	__u64 x_flags;
	__u64 meta_seq;
	__u64 data_seq;
	__u64 data_version;
	__u64 online_blocks;
	__u64 offline_blocks;
	__u64 ctime_sec;
	__u32 ctime_nsec;
	__u32 crtime_nsec;
	__u64 crtime_sec;
	__u64 size;
	__u64 bits;
	__u64 project_id;
};

#define SCOUTFS_IOC_IAX_META_SEQ	(1ULL << 0)
#define SCOUTFS_IOC_IAX_DATA_SEQ	(1ULL << 1)
#define SCOUTFS_IOC_IAX_DATA_VERSION	(1ULL << 2)
#define SCOUTFS_IOC_IAX_ONLINE_BLOCKS	(1ULL << 3)
#define SCOUTFS_IOC_IAX_OFFLINE_BLOCKS	(1ULL << 4)
#define SCOUTFS_IOC_IAX_CTIME		(1ULL << 5)
#define SCOUTFS_IOC_IAX_CRTIME		(1ULL << 6)
#define SCOUTFS_IOC_IAX_SIZE		(1ULL << 7)
#define SCOUTFS_IOC_IAX_RETENTION	(1ULL << 8)
#define SCOUTFS_IOC_IAX_PROJECT_ID	(1ULL << 9)
/* those that are told in bits */
#define SCOUTFS_IOC_IAX__BITS		SCOUTFS_IOC_IAX_RETENTION
#define SCOUTFS_IOC_IAX__UNKNOWN	(~0ULL << 10)

#define SCOUTFS_IOC_IAX_F_SIZE_OFFLINE	(1ULL << 0)
#define SCOUTFS_IOC_IAX_F__UNKNOWN	(~0ULL << 1)

#define SCOUTFS_IOC_IAX_B_RETENTION	(1ULL << 0)

#define SCOUTFS_IOC_GET_ATTR_X \
	_IOW(SCOUTFS_IOCTL_MAGIC, 18, struct scoutfs_ioctl_inode_attr_x)
#define SCOUTFS_IOC_SET_ATTR_X \
	_IOW(SCOUTFS_IOCTL_MAGIC, 19, struct scoutfs_ioctl_inode_attr_x)

/* ---- quota ----------------------------------------------------------------- */

struct scoutfs_ioctl_quota_rule {
	__u64 name_val[3];
	__u64 limit;
	__u8 prio;
	__u8 op;
	__u8 rule_flags;
	__u8 name_source[3];
	__u8 name_flags[3];
	__u8 _pad[7];
};

struct scoutfs_ioctl_get_quota_rules {
	__u64 iterator[2];
	__u64 rules_ptr;
	__u64 rules_nr;
};

#define SCOUTFS_IOC_GET_QUOTA_RULES \
	_IOR(SCOUTFS_IOCTL_MAGIC, 20, struct scoutfs_ioctl_get_quota_rules)
#define SCOUTFS_IOC_ADD_QUOTA_RULE \
	_IOW(SCOUTFS_IOCTL_MAGIC, 21, struct scoutfs_ioctl_quota_rule)
#define SCOUTFS_IOC_DEL_QUOTA_RULE \
	_IOW(SCOUTFS_IOCTL_MAGIC, 22, struct scoutfs_ioctl_quota_rule)

/* ---- inodes by indx. attributes -------------------------------------------- */

/* Ordered by major, minor, ino. */
struct scoutfs_ioctl_xattr_index_entry {
	__u64 minor;
	__u64 ino;
	__u8 major;
	__u8 _pad[7];
};

struct scoutfs_ioctl_read_xattr_index {
	__u64 flags;
	struct scoutfs_ioctl_xattr_index_entry first;
	struct scoutfs_ioctl_xattr_index_entry last;
	__u64 entries_ptr;
	__u64 entries_nr;
};

#define SCOUTFS_IOC_READ_XATTR_INDEX \
	_IOR(SCOUTFS_IOCTL_MAGIC, 23, struct scoutfs_ioctl_read_xattr_index)

/* ---- repair ---------------------------------------------------------------- */

struct scoutfs_ioctl_punch_offline {
	__u64 offset;
	__u64 len;
	__u64 data_version;
	__u64 flags;
};

#define SCOUTFS_IOC_PUNCH_OFFLINE \
	_IOW(SCOUTFS_IOCTL_MAGIC, 24, struct scoutfs_ioctl_punch_offline)

struct scoutfs_ioctl_inject_totl_delta {
	__u64 name[SCOUTFS_IOCTL_XATTR_TOTAL_NAME_NR];
	__s64 total;
	__s64 count;
};

#define SCOUTFS_IOC_INJECT_TOTL_DELTA \
	_IOW(SCOUTFS_IOCTL_MAGIC, 25, struct scoutfs_ioctl_inject_totl_delta)

#endif
