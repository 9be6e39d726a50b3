/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private to the namespace code: items of a group tree and changes to them.
 *
 * An operation that changes the namespace is a struct sfs_change.  It reads and
 * validates all it needs first, so that damage is met before anything changed;
 * then it changes items through sfs_change_*(), which remember how to take each
 * change back.  sfs_change_end() with an error does so.  A half operation that
 * cannot be taken back withdraws the mount: it must never commit.
 */
#ifndef SFS_ITEMS_H
#define SFS_ITEMS_H

#include "format/port.h"
#include "fs/ns/fs.h"
#include "fs/ns/ns.h"

enum sfs_ns_limits {
	SFS_NS_RETRIES		= 64,	/* of one operation */
	SFS_FIRST_POS		= 2,	/* . and .. are 0 and 1 */
	SFS_DIRENT_ITEM_MAX	= sizeof(struct sfs_disk_dirent) + SFS_NAME_MAX,
	SFS_XATTR_HEAD_MAX	= sizeof(struct sfs_disk_xattr) +
				  SFS_XATTR_NAME_MAX,
	SFS_EXT_FEW		= 8,	/* extents loaded to change one range */
	SFS_EXT_MANY		= 16,	/* extents one transaction frees */
	SFS_DELETE_ITEMS	= 64,	/* items one transaction deletes */
};

/* What a step of a retried operation returns to be run again. */
#define SFS_AGAIN		1

/* Files end here: 2^63 bytes. */
#define SFS_FILE_BLOCKS_MAX	(1ULL << (63 - SFS_DATA_BLOCK_SHIFT))

/* ---- names ------------------------------------------------------------------ */

#define SFS_HASH_MUL		0x9e3779b97f4a7c15ULL

static inline u64 sfs_hash_mix(u64 h)
{
	h ^= h >> 32;
	h *= SFS_HASH_MUL;
	return h ^ (h >> 29);
}

/**
 * sfs_name_hash() - hash of a name in the keys of DIRENT_HASH items
 * @name: bytes
 * @len: their number
 *
 * Part of the disk format.  The state begins as the length; each little endian
 * 64 bit word of the name, the last one padded with zero bytes, is xored in
 * and the state then mixed twice.  Two crc32c with different seeds would not
 * do: for names of one length either follows from the other.  Names that
 * collide are told apart by comparing them.
 * Return: the hash.
 */
static inline u64 sfs_name_hash(const char *name, unsigned int len)
{
	u64 h = len;
	u8 tail[8] = {};

	for (; len >= 8; name += 8, len -= 8)
		h = sfs_hash_mix(sfs_hash_mix(h ^ get_unaligned_le64(name)));
	memcpy(tail, name, len);
	return sfs_hash_mix(sfs_hash_mix(h ^ get_unaligned_le64(tail)));
}

/* 0; -ENOENT when empty, -ENAMETOOLONG, -EINVAL for / and NUL inside, . and .. */
int sfs_name_check(const char *name, unsigned int len);

static inline u8 sfs_mode_dtype(u32 mode)
{
	return (mode & S_IFMT) >> 12;
}

/* ---- changes (change.c) ------------------------------------------------- */

/* An inode that is being changed, and its item as it was read. */
struct sfs_node {
	struct sfs_inode in;
	unsigned int item_len;
	u8 item[SFS_INODE_ITEM_MAX];
};

/* A directory entry and its item as it was read. */
struct sfs_dent {
	u64 ino;
	u64 pos;
	u8 dtype;
	unsigned int name_len;
	unsigned int item_len;
	u8 item[SFS_DIRENT_ITEM_MAX];
};

enum sfs_undo_kind {
	SFS_UNDO_INSERT,
	SFS_UNDO_UPDATE,
	SFS_UNDO_DELETE,
};

/* One btree change; @old stays valid until the change ended. */
struct sfs_undo {
	struct sfs_key key;
	const void *old;
	unsigned int old_len;
	enum sfs_undo_kind kind;
};

/**
 * struct sfs_change - one operation that changes the namespace
 * @fs: the mount
 * @bytes: of memory it has
 * @op: its groups
 * @nr_undo: btree changes made so far
 * @max_undo: room for them
 * @undo: the changes, to be taken back in reverse
 * @node: inodes taking part, as the operation likes
 * @dent: entries taking part
 */
struct sfs_change {
	struct sfs_fs *fs;
	size_t bytes;
	struct sfs_op op;
	unsigned int nr_undo;
	unsigned int max_undo;
	struct sfs_undo *undo;
	struct sfs_node *node;
	struct sfs_dent *dent;
};

/*
 * With room for so many btree changes, inodes and entries; all of it is in one
 * piece of memory, which is not cleared.  -EROFS, -ENOMEM; may be begun and ended
 * again and again until destroyed.
 */
int sfs_change_create(struct sfs_fs *fs, unsigned int max_undo,
		      unsigned int nr_nodes, unsigned int nr_dents,
		      struct sfs_change **ret);
void sfs_change_destroy(struct sfs_change *ch);
void sfs_change_begin(struct sfs_change *ch, struct sfs_fs *fs);
/* Takes the changes back when ret < 0; ends the op; returns ret. */
int sfs_change_end(struct sfs_change *ch, int ret);

#ifndef __KERNEL__
/* Tests: N lets the Nth change from now fail with -ENOMEM, once; 0: none. */
extern long sfs_change_fail;
#endif

/* The key's group is part of the op; it becomes dirty. */
int sfs_change_insert(struct sfs_change *ch, const struct sfs_key *key,
		      const void *val, unsigned int len);
int sfs_change_update(struct sfs_change *ch, const struct sfs_key *key,
		      const void *val, unsigned int len, const void *old,
		      unsigned int old_len);
int sfs_change_delete(struct sfs_change *ch, const struct sfs_key *key,
		      const void *old, unsigned int old_len);

/* Bytes of a chunk of a symlink or an xattr. */
static inline unsigned int sfs_chunk_bytes(struct sfs_volume *vol)
{
	return SFS_VAL_MAX(sfs_volume_block_bytes(vol));
}

static inline unsigned int sfs_nr_chunks(struct sfs_volume *vol,
					 unsigned int bytes)
{
	return DIV_ROUND_UP(bytes, sfs_chunk_bytes(vol));
}

/*
 * Reservation, in btree changes, of n changes with neighbouring keys: together
 * they dirty a path, at most two blocks each, and their share of branches, for
 * which a fourth of the changes suffices.
 */
static inline unsigned int sfs_run_ops(unsigned int n)
{
	return n <= 4 ? n : 2 + n / 4;
}

/* ---- inodes (inode.c) --------------------------------------------------- */

/* -ESTALE when the inode does not exist */
int sfs_node_read(struct sfs_op *op, u64 ino, struct sfs_node *node);
int sfs_node_write(struct sfs_change *ch, struct sfs_node *node);
int sfs_node_insert(struct sfs_change *ch, struct sfs_node *node);
int sfs_node_delete(struct sfs_change *ch, struct sfs_node *node);
/* The inode changes in this transaction: meta_seq. */
void sfs_node_seq(struct sfs_op *op, struct sfs_node *node);
/* The same for its data: data_seq and meta_seq. */
void sfs_node_data_seq(struct sfs_op *op, struct sfs_node *node);
/* Attributes by enum sfs_attr_mask, and what follows them: -EINVAL. */
int sfs_node_set_attrs(struct sfs_op *op, struct sfs_node *node,
		       unsigned int mask, const struct sfs_inode *attr);
/* meta_seq, iversion and ctime */
void sfs_node_touch(struct sfs_op *op, struct sfs_node *node,
		    struct timespec64 now);

/* ---- flags (flags.c) ---------------------------------------------------- */

/* What a new inode gets of its directory's flags. */
u32 sfs_flags_inherit(u32 dir_flags, u32 mode);
/* May names be added to the directory?  -EPERM */
int sfs_flags_may_add(const struct sfs_inode *dir);
/* May names be removed from the directory, and this inode lose one?  -EPERM */
int sfs_flags_may_remove(const struct sfs_inode *dir,
			 const struct sfs_inode *inode);

/* ---- changes that wait for the commit (touch.c) ------------------------- */

/* The inode was changed by the op; what it has is what sfs_ns_touch() goes on from. */
void sfs_touched_add(struct sfs_op *op, const struct sfs_inode *in);
void sfs_touched_drop(struct sfs_group *grp, u64 ino);
/* The node was read from its item: bring it up to date, in a change the item, too. */
int sfs_touched_read(struct sfs_op *op, u64 ino, struct sfs_node *node);
/* The same for all items of a group, when the transaction is closed. */
int sfs_touched_commit(struct sfs_trans *tr, struct sfs_group *grp);

/* ---- directories (dir.c) ------------------------------------------------ */

/* 0, -ENOENT */
int sfs_dent_find(struct sfs_op *op, u64 dir, const char *name,
		  unsigned int len, struct sfs_dent *dent);
/* Read a directory that is to be changed: -ENOENT when removed, -ENOTDIR. */
int sfs_dir_read(struct sfs_op *op, u64 dir, struct sfs_node *node);
/* Add and remove entries; the caller writes the directory's node afterwards. */
int sfs_dent_add(struct sfs_change *ch, struct sfs_node *dir, const char *name,
		 unsigned int len, u64 ino, u8 dtype, u64 *pos);
int sfs_dent_del(struct sfs_change *ch, struct sfs_node *dir,
		 const struct sfs_dent *dent);
/* Let an entry refer to another inode. */
int sfs_dent_set(struct sfs_change *ch, u64 dir, const struct sfs_dent *dent,
		 u64 ino, u8 dtype);
/* An entry changed: mtime, ctime, iversion, meta_seq. */
void sfs_dir_touch(struct sfs_op *op, struct sfs_node *dir,
		   struct timespec64 now);

/* ---- links (name.c) ----------------------------------------------------- */

enum sfs_link_kind {
	SFS_LINK_FIRST,		/* in the inode item, no other to take its place */
	SFS_LINK_PROMOTE,	/* in the inode item, @dir and @pos replace it */
	SFS_LINK_BACKREF,	/* an item: @dir and @pos */
};

struct sfs_link {
	enum sfs_link_kind kind;
	u64 dir;
	u64 pos;
};

/* How an inode is linked to the entry at pos of dir; -EUCLEAN when it is not. */
int sfs_link_find(struct sfs_op *op, const struct sfs_node *node, u64 dir,
		  u64 pos, struct sfs_link *link);
/* Drop that link: parent, nlink, backrefs; node is written by the caller. */
int sfs_link_drop(struct sfs_change *ch, struct sfs_node *node,
		  const struct sfs_link *link);
/* Let the link be to another entry. */
int sfs_link_move(struct sfs_change *ch, struct sfs_node *node,
		  const struct sfs_link *link, u64 dir, u64 pos);

/* ---- xattrs (xattr.c) --------------------------------------------------- */

/* -ERANGE, -E2BIG */
int sfs_xattr_check(const char *name, unsigned int len);
unsigned int sfs_xattr_nr_chunks(struct sfs_volume *vol, const char *name,
				 unsigned int len);
/* Insert an xattr of a new inode. */
int sfs_xattr_insert(struct sfs_change *ch, u64 ino, u32 id, const char *name,
		     const void *value, unsigned int len);

/* ---- extents (edit.c) --------------------------------------------------- */

struct sfs_ext {
	u64 block;
	u64 len;
	u64 phys;
	u32 flags;
};

enum sfs_edit_action {
	SFS_EDIT_DROP,			/* everything */
	SFS_EDIT_DROP_UNWRITTEN,	/* preallocation */
	SFS_EDIT_WRITTEN,		/* unwritten becomes written */
	SFS_EDIT_ZERO,			/* what has space becomes unwritten */
};

/**
 * struct sfs_edit - change a range of a file's extents
 * @ch: the operation
 * @node: the file
 * @end: the range is done up to here
 * @more: extents of the range follow at or after @end
 * @max: room in @old and @drop
 * @nr_old: extents in @old
 * @nr_new: extents in @new
 * @nr_drop: extents in @drop
 * @old: what is there: the range's extents and the ones that touch it
 * @new: what shall be there, merged
 * @drop: space to free
 * @old_val: values of the items of @old
 * @bytes: of a file that was inline, or NULL
 */
struct sfs_edit {
	struct sfs_change *ch;
	struct sfs_node *node;
	u64 end;
	bool more;
	unsigned int max;
	unsigned int nr_old;
	unsigned int nr_new;
	unsigned int nr_drop;
	struct sfs_ext *old;
	struct sfs_ext *new;
	struct sfs_ext *drop;
	struct sfs_disk_file_extent *old_val;
	u8 *bytes;
};

int sfs_edit_create(struct sfs_fs *fs, unsigned int max, struct sfs_edit **ret);
void sfs_edit_destroy(struct sfs_edit *e);
/* The op that makes the inode has its group in EX still. */
void sfs_creating_begin(struct sfs_fs *fs, struct sfs_creating *creating,
			u64 ino);
/* The op has the inode's group, and is not started. */
void sfs_edit_begin(struct sfs_edit *e, struct sfs_fs *fs, u64 ino);
/* Lock an inode of any type and read it. */
int sfs_edit_start(struct sfs_edit *e, struct sfs_fs *fs, u64 ino,
		   unsigned int tree_ops, unsigned int flags);
int sfs_edit_load(struct sfs_edit *e, u64 first, u64 end);
int sfs_edit_push(struct sfs_edit *e, const struct sfs_ext *ext);
/* Load [first, end) and compute what the action makes of it. */
int sfs_edit_range(struct sfs_edit *e, u64 first, u64 end,
		   enum sfs_edit_action action);
/* Change the items; update block counts; the caller writes the node. */
int sfs_edit_items(struct sfs_edit *e, bool *counts_changed);
/* Free what was dropped: the last step, cannot be taken back half done. */
int sfs_edit_free(struct sfs_edit *e);
/* All of it; the inode is written when counts changed or is_changed. */
int sfs_edit_apply(struct sfs_edit *e, bool is_changed);

/* tree_ops of an edit that drops and one that does not; two for inode and bytes */
static inline unsigned int sfs_edit_ops(unsigned int max, bool is_drop)
{
	return 2 + sfs_run_ops(max + 2) + (is_drop ? max : 0);
}

/* The last extent that begins at or before block; -ENOENT. */
int sfs_ext_prev(struct sfs_op *op, u64 ino, u64 block, struct sfs_ext *ext);
/* The extent that contains block, or the next one after it; -ENOENT. */
int sfs_ext_find(struct sfs_op *op, u64 ino, u64 block, struct sfs_ext *ext);
/* enum sfs_op_flags of enum sfs_ns_flags */
static inline unsigned int sfs_ns_op_flags(unsigned int flags)
{
	return (flags & SFS_NS_NOWAIT ? SFS_OP_TRY : 0) |
	       (flags & SFS_NS_IO ? SFS_OP_IO : 0);
}

/* Lock a regular file for a change of its extents and read its inode. */
int sfs_file_start(struct sfs_edit *e, struct sfs_fs *fs, u64 ino,
		   unsigned int max, unsigned int flags);

/* ---- bytes of small files (inline.c); the caller writes the node -------- */

/* They are in block 0, or gone; nothing happens to a file that is not inline. */
int sfs_inline_drop(struct sfs_edit *e);
/* Those past the inode's size go. */
int sfs_inline_cut(struct sfs_edit *e);

static inline bool sfs_node_is_inline(const struct sfs_node *node)
{
	return node->in.flags & SFS_INODE_INLINE;
}

/* May the file grow to size?  Else its bytes have to be written to block 0 first. */
static inline bool sfs_inline_allows(struct sfs_fs *fs,
				     const struct sfs_node *node, u64 size)
{
	return !sfs_node_is_inline(node) || size <= sfs_inline_max(fs->vol);
}

/*
 * Complete a truncate that a crash, or another thread, left unfinished.
 * flags: 0 or SFS_OP_IO
 */
int sfs_truncate_finish(struct sfs_fs *fs, u64 ino, unsigned int flags);
/*
 * Shall what returned *ret be done again?  SFS_AGAIN: yes, when that has been
 * completed; *ret is why not, -EBUSY after SFS_NS_RETRIES.  *tries begins with 0.
 */
bool sfs_truncate_again(struct sfs_fs *fs, u64 ino, unsigned int flags,
			unsigned int *tries, int *ret);

static inline u64 sfs_size_blocks(u64 size)
{
	return (size + SFS_DATA_BLOCK_BYTES - 1) >> SFS_DATA_BLOCK_SHIFT;
}

#endif
