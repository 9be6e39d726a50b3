/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The on-disk format.
 *
 * All integers are little endian, naturally aligned, padding explicit and
 * zero; only btree keys are stored big endian, because they are compared as
 * byte strings.  Documentation/format.rst holds the same tables in prose; the
 * asserts below keep the two alike.
 *
 * Units: a "metadata block" is 1 << block_shift bytes and is numbered from
 * the start of the metadata device; a "data block" is 4096 bytes and is
 * numbered from data_start_bytes of the data device; a "page" is 4096 bytes
 * and is what supers, quorum blocks and mount records occupy.
 */
#ifndef SFS_FORMAT_H
#define SFS_FORMAT_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <assert.h>
#include <stddef.h>
#ifndef SFS_PORT_H
#include <linux/types.h>
#endif
#endif

/* ---- geometry -------------------------------------------------------- */

#define SFS_PAGE_BYTES		4096
#define SFS_PAGE_SHIFT		12
#define SFS_DATA_BLOCK_SHIFT	12
#define SFS_DATA_BLOCK_BYTES	4096

#define SFS_BLOCK_SHIFT_MIN	12
#define SFS_BLOCK_SHIFT_MAX	16
#define SFS_BLOCK_BYTES_MAX	(1 << SFS_BLOCK_SHIFT_MAX)

#define SFS_SUPER_A_BYTES	(64ULL << 10)	/* byte address of super A */
#define SFS_SUPER_B_BYTES	(128ULL << 10)	/* byte address of super B */
#define SFS_QUORUM_COPY_BYTES	(132ULL << 10)	/* second copies, but for MMP */
#define SFS_QUORUM_BYTES	(192ULL << 10)	/* first quorum page */
#define SFS_QUORUM_PAGES	16		/* one per slot, the last for MMP */
#define SFS_MMP_PAGE		15
#define SFS_RECORDS_BYTES	(256ULL << 10)	/* first mount record */
#define SFS_DATA_FIRST_BLOCK	256		/* 1 MiB kept for the data super */

#define SFS_SLOTS_MIN		1
#define SFS_SLOTS_MAX		1024
#define SFS_SLOTS_DEFAULT	64
#define SFS_QUORUM_SLOTS_MAX	15

/* of data_alloc_zone_blocks: least blocks, most zones */
#define SFS_DATA_ZONE_BLOCKS	1048576
#define SFS_DATA_ZONES_MAX	1024

#define SFS_GROUP_SHIFT_MIN	4
#define SFS_GROUP_SHIFT_MAX	16
#define SFS_GROUP_SHIFT_DEFAULT	8

#define SFS_ROOT_INO		1ULL
#define SFS_FIRST_USER_INO	1024ULL

#define SFS_NAME_MAX		255
#define SFS_SYMLINK_MAX		4095
#define SFS_XATTR_NAME_MAX	255
#define SFS_XATTR_VALUE_MAX	65535
#define SFS_LINK_MAX		0x7fffffffU
#define SFS_FORMAT_VERSION_MIN	1
#define SFS_FORMAT_VERSION_MAX	2

/* ---- magic numbers and types ------------------------------------------ */

#define SFS_MAGIC_SUPER		0x70757373U	/* "ssup" */
#define SFS_MAGIC_RECORD	0x63657273U	/* "srec" */
#define SFS_MAGIC_QUORUM	0x6f757173U	/* "squo" */
#define SFS_MAGIC_BTREE		0x72746273U	/* "sbtr" */
#define SFS_MAGIC_EXTLIST	0x74787373U	/* "ssxt" */

#define SFS_SUPER_MAGIC_FTYPE	0x554f4353	/* statfs f_type, fixed by the ABI */

enum sfs_block_type {
	SFS_BLOCK_SUPER_META	= 1,
	SFS_BLOCK_SUPER_DATA	= 2,
	SFS_BLOCK_RECORD	= 3,
	SFS_BLOCK_QUORUM	= 4,
	SFS_BLOCK_BTREE		= 5,
	SFS_BLOCK_EXTLIST	= 6,
};

/* Feature words: a set bit that is not known refuses what its word says. */
#define SFS_COMPAT_KNOWN	0ULL
#define SFS_RO_COMPAT_KNOWN	0ULL
#define SFS_INCOMPAT_ONE_DEVICE	(1ULL << 0)	/* data lives behind the metadata */
#define SFS_INCOMPAT_INLINE	(1ULL << 1)	/* small files have their bytes in items */
#define SFS_INCOMPAT_KNOWN	(SFS_INCOMPAT_ONE_DEVICE | SFS_INCOMPAT_INLINE)

/* ---- common header and reference -------------------------------------- */

/*
 * csum is crc32c (seed ~0, not inverted at the end) of the whole block with
 * this field zero.  owner is a group number, or SFS_OWNER_* for other trees.
 */
struct sfs_block_hdr {
	__le32 magic;
	__le32 csum;
	__le64 fsid;
	__le64 blkno;		/* own address in units of the block's own size */
	__le64 seq;		/* transaction that wrote it; supers: generation */
	__le64 owner;
	__u8 type;
	__u8 pad[7];
};

static_assert(sizeof(struct sfs_block_hdr) == 48);

#define SFS_OWNER_SPECIAL	(1ULL << 63)
#define SFS_OWNER_VOLUME	(SFS_OWNER_SPECIAL | (1ULL << 32))
#define SFS_OWNER_LEADER_POOL	(SFS_OWNER_SPECIAL | (2ULL << 32))
#define SFS_OWNER_MLOG(slot)	(SFS_OWNER_SPECIAL | (3ULL << 32) | (slot))
#define SFS_OWNER_FREED(slot)	(SFS_OWNER_SPECIAL | (4ULL << 32) | (slot))
#define SFS_OWNER_POOL(slot)	(SFS_OWNER_SPECIAL | (5ULL << 32) | (slot))

/* A null reference is all zero. crc is the csum field of the block. */
struct sfs_disk_ref {
	__le64 blkno;
	__le64 seq;
	__le32 crc;
	__le32 pad;
};

static_assert(sizeof(struct sfs_disk_ref) == 24);

struct sfs_disk_tree {
	struct sfs_disk_ref ref;
	__u8 height;		/* 0: empty tree, null ref */
	__u8 pad[7];
};

static_assert(sizeof(struct sfs_disk_tree) == 32);

struct sfs_disk_extent {
	__le64 start;
	__le64 len;
};

static_assert(sizeof(struct sfs_disk_extent) == 16);

/* ---- btree blocks ------------------------------------------------------ */

/*
 * Keys are 25 big endian bytes {ino, type, a, b}, stored without their
 * trailing zero bytes and without the prefix that all keys present in the
 * block share.
 *
 * Slots follow the header at byte 96, in key order; keys and values are packed
 * downwards from the block's end, each item's suffix bytes directly before its
 * value, without alignment.  Nothing below free_off is in use; garbage_bytes
 * counts the holes at and above it.  An item with neither suffix nor value has
 * offset 0, because the end of a 64 KiB block does not fit into 16 bits.
 * A branch's item value is a struct sfs_disk_ref; its key is the lowest key
 * its child may hold; item 0 stands for minus infinity and has key_len 0.
 */
#define SFS_KEY_BYTES		25

struct sfs_btree_block {
	struct sfs_block_hdr hdr;
	__u8 level;		/* 0: leaf */
	__u8 prefix_len;	/* 0..SFS_KEY_BYTES */
	__le16 nr_items;
	__le32 free_off;
	__le32 garbage_bytes;
	__le32 pad;
	__u8 prefix[32];	/* bytes past prefix_len zero */
};

static_assert(sizeof(struct sfs_btree_block) == 96);

struct sfs_btree_slot {
	__le16 off;		/* of the suffix, from the block's start */
	__le16 val_len;
	__u8 key_len;		/* of the suffix */
	__u8 head[3];		/* first bytes of the suffix, zero padded */
};

static_assert(sizeof(struct sfs_btree_slot) == 8);

#define SFS_TREE_HEIGHT_MAX	12
/* largest value for a block size: at least four items fit into a block */
#define SFS_VAL_MAX(block_bytes) \
	(((block_bytes) - sizeof(struct sfs_btree_block)) / 4 - \
	 sizeof(struct sfs_btree_slot) - SFS_KEY_BYTES)

/*
 * A regular file of at most so many bytes, and no more than fit into one item, may
 * have its contents in one, chunk 0, instead of in block 0.
 */
#define SFS_INLINE_BYTES_MAX	2048

/* ---- items of a group tree: key {ino, type, a, b} ---------------------- */

enum sfs_item_type {
	SFS_ITEM_INODE		= 1,	/* a=0 b=0: packed inode, see below */
	SFS_ITEM_BYTES		= 2,	/* a=chunk b=0: symlink's target, inline file */
	SFS_ITEM_XATTR		= 3,	/* a=hash<<32|id b=chunk: see below */
	SFS_ITEM_BACKREF	= 4,	/* a=dir b=pos: further hard links, empty */
	SFS_ITEM_DIRENT		= 5,	/* a=pos b=0: struct sfs_disk_dirent+name */
	SFS_ITEM_DIRENT_HASH	= 6,	/* a=hash b=pos: empty */
	SFS_ITEM_EXTENT		= 7,	/* a=first block b=0: sfs_disk_file_extent */
};

/*
 * An inode item is a bitmap of the non-zero words below (__le32), followed by
 * those words (__le64) in order; times are two words each.
 */
enum sfs_inode_word {
	SFS_IW_MODE_NLINK	= 0,	/* mode << 32 | nlink */
	SFS_IW_UID_GID		= 1,	/* uid << 32 | gid */
	SFS_IW_SIZE		= 2,
	SFS_IW_PARENT_INO	= 3,	/* first parent link, 0: none */
	SFS_IW_PARENT_POS	= 4,
	SFS_IW_META_SEQ		= 5,
	SFS_IW_DATA_SEQ		= 6,
	SFS_IW_DATA_VERSION	= 7,
	SFS_IW_ATIME_SEC	= 8,
	SFS_IW_MTIME_SEC	= 9,
	SFS_IW_CTIME_SEC	= 10,
	SFS_IW_CRTIME_SEC	= 11,
	SFS_IW_AM_NSEC		= 12,	/* atime nsec << 32 | mtime nsec */
	SFS_IW_CC_NSEC		= 13,	/* ctime nsec << 32 | crtime nsec */
	SFS_IW_ONLINE_BLOCKS	= 14,
	SFS_IW_OFFLINE_BLOCKS	= 15,
	SFS_IW_NEXT_POS		= 16,	/* directories: position of next entry */
	SFS_IW_NR_ENTRIES	= 17,	/* directories */
	SFS_IW_ALLOC_GROUP	= 18,	/* directories: group new files go to */
	SFS_IW_IVERSION		= 19,
	SFS_IW_RDEV_FLAGS	= 20,	/* rdev << 32 | flags */
	SFS_IW_PROJECT		= 21,
	SFS_IW_NEXT_XATTR_ID	= 22,
	SFS_IW_NR		= 23,
};

struct sfs_disk_dirent {
	__le64 ino;
	__u8 dtype;		/* DT_* */
	/* name bytes follow, not NUL terminated, 1..255 */
} __attribute__((packed));

static_assert(sizeof(struct sfs_disk_dirent) == 9);

#define SFS_EXT_UNWRITTEN	(1U << 0)
#define SFS_EXT_OFFLINE		(1U << 1)

struct sfs_disk_file_extent {
	__le64 phys;		/* data block; 0 for offline without space */
	__le64 len;		/* data blocks */
	__le32 flags;		/* SFS_EXT_* */
	__le32 pad;
};

static_assert(sizeof(struct sfs_disk_file_extent) == 24);

/*
 * xattr chunk 0 begins with this, then the name, then value bytes; further
 * chunks hold value bytes only.  Every chunk but the last is full.
 */
struct sfs_disk_xattr {
	__le16 val_len;
	__u8 name_len;
	/* name and value bytes follow */
} __attribute__((packed));

static_assert(sizeof(struct sfs_disk_xattr) == 3);

/* ---- root entries: volume tree and mount logs -------------------------- */

#define SFS_ROOT_RETIRED	(1U << 0)	/* no more numbers from this group */

struct sfs_disk_root_entry {
	struct sfs_disk_tree tree;
	__le64 version;		/* grows with every EX grant, I3 */
	__le64 max_meta_seq;
	__le64 max_data_seq;
	__le32 nr_numbers;	/* inode numbers handed out in this group */
	__le32 nr_inodes;	/* inodes that exist */
	__le32 flags;		/* SFS_ROOT_* */
	__le32 pad;
};

static_assert(sizeof(struct sfs_disk_root_entry) == 72);

/* ---- mount log: key {kind, 0, a, b} ------------------------------------- */

enum sfs_mlog_kind {
	SFS_MLOG_ROOT	= 1,	/* a=group: struct sfs_disk_mlog_root */
	SFS_MLOG_ORPHAN	= 2,	/* a=ino: empty; unlinked and not yet deleted */
};

struct sfs_disk_mlog_root {
	struct sfs_disk_root_entry entry;
	__le64 seq;		/* transaction that wrote this entry */
};

static_assert(sizeof(struct sfs_disk_mlog_root) == 80);

/* ---- freed tree of a mount: key {space, 0, start, 0} -> __le64 len ------ */

enum sfs_space {
	SFS_SPACE_META	= 1,
	SFS_SPACE_DATA	= 2,
};

/* ---- volume tree: key {kind, space, a, b} ------------------------------- */

enum sfs_volume_kind {
	SFS_VOL_ROOTMAP		= 1,	/* a=group: struct sfs_disk_root_entry */
	SFS_VOL_FREE_POS	= 2,	/* type=space a=start: __le64 len */
	SFS_VOL_FREE_SIZE	= 3,	/* type=space a=~len b=start: empty */
	SFS_VOL_MOUNT		= 4,	/* a=slot: struct sfs_disk_mount */
	SFS_VOL_GRANT		= 5,	/* type=space a=slot<<48|id b=start: __le64 len */
	SFS_VOL_ORPHAN		= 6,	/* a=ino: empty, of mounts that are gone */
	SFS_VOL_EMPTIED		= 7,	/* a=group: struct sfs_disk_emptied */
};

#define SFS_MOUNT_RECOVERING	(1U << 0)	/* being taken back, see cursor */

struct sfs_disk_mount {
	__le64 rid;
	__le64 folded_seq;	/* log entries up to here are in the root map */
	__le64 grant_id;	/* last grant made */
	__le64 return_id;	/* last return taken */
	__le64 folded_at;	/* stamp of the last fold of its log */
	__le64 return_cursor;	/* extents of return_id + 1 taken already */
	__le32 flags;		/* SFS_MOUNT_* */
	__le32 cursor;		/* pool extents taken back by recovery */
};

static_assert(sizeof(struct sfs_disk_mount) == 56);

/*
 * A group whose last inode is gone, until every mount's log that may have an
 * older root of it has been folded.
 */
struct sfs_disk_emptied {
	struct sfs_disk_root_entry entry;	/* its tree is empty */
	__le64 stamp;		/* of the fold that found it empty */
};

static_assert(sizeof(struct sfs_disk_emptied) == 80);

/* ---- extent list blocks: pools too long for their page ------------------ */

struct sfs_extlist_block {
	struct sfs_block_hdr hdr;
	struct sfs_disk_ref next;
	__le32 nr;
	__le32 pad;
	struct sfs_disk_extent ext[];
};

static_assert(sizeof(struct sfs_extlist_block) == 80);

/* ---- super block: one page ---------------------------------------------- */

#define SFS_FAMILY_VSOCK	40

struct sfs_disk_quorum_slot {
	__u8 addr[16];		/* the first four bytes: IPv4; CID, big endian */
	__le16 port;
	__u8 family;		/* 0: unused, all zero; 4, 6, SFS_FAMILY_VSOCK */
	__u8 pad[5];
};

static_assert(sizeof(struct sfs_disk_quorum_slot) == 24);

#define SFS_PROVIDER_BYTES	16
#define SFS_SUPER_EXTENTS	160

struct sfs_super_block {
	struct sfs_block_hdr hdr;	/* seq is the generation */
	__u8 uuid[16];
	__le64 compat;
	__le64 ro_compat;
	__le64 incompat;
	__le32 format_version;
	__le32 block_shift;
	__le32 group_shift;
	__le32 nr_slots;
	__le64 first_meta_block;	/* first one for trees */
	__le64 total_meta_blocks;	/* device size in metadata blocks */
	__le64 total_data_blocks;
	__le64 data_start_bytes;	/* of data block 0 on the data device */
	__le64 next_seq;		/* transaction seqs from here are unused */
	__le64 next_group;		/* groups from here are unused */
	__le64 nr_inodes;		/* of mounts that are gone, plus bases */
	__le64 free_meta_blocks;	/* in the free trees */
	__le64 free_data_blocks;
	__le64 data_alloc_zone_blocks;	/* 0: off */
	char lock_provider[SFS_PROVIDER_BYTES];	/* NUL padded */
	char transport[SFS_PROVIDER_BYTES];
	struct sfs_disk_tree volume;
	__le64 quorum_version;
	struct sfs_disk_quorum_slot quorum[SFS_QUORUM_SLOTS_MAX];
	/* the leader's own pool of metadata blocks */
	struct sfs_disk_ref pool_list;	/* extents past the inline ones */
	__le32 pool_nr;			/* inline */
	__le32 pad;
	struct sfs_disk_extent pool[SFS_SUPER_EXTENTS];
	__u8 reserved[888];
};

static_assert(offsetof(struct sfs_super_block, pool) == 648);
static_assert(sizeof(struct sfs_super_block) == SFS_PAGE_BYTES);

/* ---- mount record: one page, two per slot -------------------------------- */

#define SFS_RECORD_EXTENTS	200
#define SFS_RECORD_DATA_EXTENTS	32

#define SFS_RECORD_CLEAN	(1U << 0)	/* last record of a clean unmount */

#define SFS_RECORD_TENTATIVE	(1U << 0)	/* blocks of its seq may be missing */

struct sfs_mount_record {
	struct sfs_block_hdr hdr;	/* seq of the transaction, owner = slot */
	__le64 rid;
	__le32 slot;
	__le32 flags;			/* SFS_RECORD_* */
	struct sfs_disk_tree mlog;
	struct sfs_disk_tree freed;	/* extents freed, not offered yet */
	struct sfs_disk_tree ret;	/* extents offered under return_id */
	__le64 return_id;
	__le64 grant_id;		/* last grant taken into the pools */
	__le64 next_group;		/* own range of fresh groups */
	__le64 end_group;
	__le64 inode_delta;		/* created - deleted since mount, signed */
	__le64 nr_freed_meta;		/* blocks in freed and ret */
	__le64 nr_freed_data;
	struct sfs_disk_ref pool_list;	/* metadata extents past the inline */
	__le32 nr_meta_ext;
	__le32 nr_data_ext;
	struct sfs_disk_extent meta_ext[SFS_RECORD_EXTENTS];
	struct sfs_disk_extent data_ext[SFS_RECORD_DATA_EXTENTS];
	__u8 reserved[136];
};

static_assert(offsetof(struct sfs_mount_record, meta_ext) == 248);
static_assert(sizeof(struct sfs_mount_record) == SFS_PAGE_BYTES);

/*
 * ---- quorum page; the last one is the multi-mount guard ---------------------
 *
 * The others have a second copy: writes go to the two in turns, that of an odd seq
 * to the second one, and the sound one of the larger seq counts.
 */

#define SFS_QUORUM_LEADS	(1U << 0)	/* leads in term, or died leading */
#define SFS_QUORUM_LED_MAX	8
#define SFS_QUORUM_FENCED_MAX	16

/* A mount that led from this slot and did not step down. */
struct sfs_quorum_led {
	__le64 rid;
	__le64 term;
};

static_assert(sizeof(struct sfs_quorum_led) == 16);

struct sfs_quorum_page {
	struct sfs_block_hdr hdr;	/* seq counts the writes */
	__le64 rid;			/* 0: not mounted */
	__le64 beat;			/* changes with every heartbeat */
	__le32 interval_ms;
	__le32 flags;			/* SFS_QUORUM_*; 0 in the guard */
	char node[64];			/* host name, for people */
	__le64 term;			/* newest the slot has seen */
	__le64 vote_term;		/* newest it voted in */
	__le32 vote_for;		/* slot it voted for then */
	__le32 nr_fenced;		/* counts all entries ever made in fenced */
	struct sfs_quorum_led led[SFS_QUORUM_LED_MAX];	/* rid 0: no entry */
	__le64 fenced[SFS_QUORUM_FENCED_MAX];	/* former leaders, a ring */
	__u8 reserved[3680];
};

static_assert(sizeof(struct sfs_quorum_page) == SFS_PAGE_BYTES);
static_assert(SFS_SUPER_B_BYTES + SFS_PAGE_BYTES <= SFS_QUORUM_COPY_BYTES);
static_assert(SFS_QUORUM_COPY_BYTES + SFS_QUORUM_SLOTS_MAX * SFS_PAGE_BYTES ==
	      SFS_QUORUM_BYTES);

#endif
