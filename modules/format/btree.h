/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copy-on-write btrees with prefix-sharing keys and variable-size values.
 *
 * The caller serialises: lookups of one tree may run in parallel, changes need
 * the tree alone, and changes happen inside a transaction hold whose
 * reservation covers SFS_BTREE_DIRTY_MAX(height) blocks for each of them.
 * A change that fails leaves the tree as it was.
 */
#ifndef SFS_BTREE_H
#define SFS_BTREE_H

#include "format/port.h"
#include "format/block.h"
#include "format/key.h"

/**
 * struct sfs_tree - handle of one tree
 * @ref: root block, null when empty
 * @height: number of levels, 0 when empty
 * @owner: group number or SFS_OWNER_*; every block carries it
 */
struct sfs_tree {
	struct sfs_ref ref;
	u8 height;
	u64 owner;
};

/* blocks one insert, update or delete may allocate: copy, split, new root */
#define SFS_BTREE_DIRTY_MAX(height)	(2 * (height) + 3)

void sfs_tree_init(struct sfs_tree *tree, u64 owner);
void sfs_tree_from_disk(struct sfs_tree *tree, const struct sfs_disk_tree *disk,
			u64 owner);
void sfs_tree_to_disk(struct sfs_disk_tree *disk, const struct sfs_tree *tree);

/*
 * Errors of every call: those of sfs_block_read(), and -EUCLEAN for blocks
 * that do not fit together.  Changes also return those of sfs_block_new().
 * All calls sleep, allocate with GFP_NOFS, and take no locks of their own.
 */

/**
 * sfs_btree_lookup() - copy the value of an exact key
 * @vol: volume
 * @tree: tree
 * @key: key
 * @val: buffer, may be NULL when @size is 0
 * @size: its size; a longer value is cut
 *
 * Return: the value's full length, -ENOENT, or an error.
 */
int sfs_btree_lookup(struct sfs_volume *vol, struct sfs_tree *tree,
		     const struct sfs_key *key, void *val, unsigned int size);

/**
 * sfs_btree_next() - first item at or after a key
 * @vol: volume
 * @tree: tree
 * @key: in: first key wanted; out: key of the item found, else unchanged
 * @last: largest key wanted, inclusive
 * @val: buffer, may be NULL when @size is 0
 * @size: its size; a longer value is cut
 *
 * Return: the value's full length, -ENOENT when there is none up to @last, or
 * an error.
 */
int sfs_btree_next(struct sfs_volume *vol, struct sfs_tree *tree,
		   struct sfs_key *key, const struct sfs_key *last, void *val,
		   unsigned int size);

/**
 * sfs_btree_prev() - last item at or before a key
 * @vol: volume
 * @tree: tree
 * @key: in: last key wanted; out: key of the item found, else unchanged
 * @first: smallest key wanted, inclusive
 * @val: buffer, may be NULL when @size is 0
 * @size: its size; a longer value is cut
 *
 * Return: the value's full length, -ENOENT when there is none down to @first,
 * or an error.
 */
int sfs_btree_prev(struct sfs_volume *vol, struct sfs_tree *tree,
		   struct sfs_key *key, const struct sfs_key *first, void *val,
		   unsigned int size);

/*
 * Called for each item of a walk with the value in place (only valid during
 * the call, of any alignment).  The tree must not be changed meanwhile.
 * Return 0 to go on, anything else ends the walk with it.
 */
typedef int (*sfs_btree_item_fn)(void *arg, const struct sfs_key *key,
				 const void *val, unsigned int len);

/**
 * sfs_btree_walk() - call a function for each item of a range in order
 * @vol: volume
 * @tree: tree
 * @first: smallest key, inclusive
 * @last: largest key, inclusive
 * @fn: function
 * @arg: its first argument
 *
 * Leaves that follow are read ahead.
 * Return: 0 at the end of the range, what @fn returned, or an error.
 */
int sfs_btree_walk(struct sfs_volume *vol, struct sfs_tree *tree,
		   const struct sfs_key *first, const struct sfs_key *last,
		   sfs_btree_item_fn fn, void *arg);

/*
 * Read all leaves of a tree of two levels in few requests, because its user will
 * want most of them soon.  Errors are met by whoever needs the block.
 */
void sfs_btree_readahead(struct sfs_volume *vol, struct sfs_tree *tree);

/**
 * sfs_btree_insert() - add an item
 * @tr: transaction the caller holds
 * @tree: tree
 * @key: key
 * @val: value, may be NULL when @len is 0; not inside a block of the tree
 * @len: its length, up to SFS_VAL_MAX()
 *
 * Return: 0, -EEXIST when the key is there, -E2BIG when the value is too long,
 * -EFBIG when the tree cannot grow higher, or an error.
 */
int sfs_btree_insert(struct sfs_trans *tr, struct sfs_tree *tree,
		     const struct sfs_key *key, const void *val,
		     unsigned int len);
/* The same for a key that is there, else -ENOENT; the length may change. */
int sfs_btree_update(struct sfs_trans *tr, struct sfs_tree *tree,
		     const struct sfs_key *key, const void *val,
		     unsigned int len);
/* Insert or update. */
int sfs_btree_set(struct sfs_trans *tr, struct sfs_tree *tree,
		  const struct sfs_key *key, const void *val, unsigned int len);

/**
 * sfs_btree_delete() - remove an item
 * @tr: transaction the caller holds
 * @tree: tree
 * @key: key
 *
 * Blocks that become empty are freed, small ones merged where that is possible.
 * Return: 0, -ENOENT when the key is not there, or an error.
 */
int sfs_btree_delete(struct sfs_trans *tr, struct sfs_tree *tree,
		     const struct sfs_key *key);

/**
 * sfs_btree_delete_range() - delete the items of a range, a bounded number
 * @tr: transaction the caller holds
 * @tree: tree
 * @first: smallest key, inclusive
 * @last: largest key, inclusive
 * @max_items: most items deleted by one call, but for whole leaves
 *
 * Whole leaves inside the range are dropped without being read and count as
 * four items each.  At most SFS_BTREE_DIRTY_MAX(height) + @max_items / 4 blocks
 * are allocated.  Items go in ascending order.
 * Return: 0 when nothing of the range is left; 1 when some is, or when that
 * cannot be told because of an error that the next call will return; or an
 * error, and nothing was deleted.
 */
int sfs_btree_delete_range(struct sfs_trans *tr, struct sfs_tree *tree,
			   const struct sfs_key *first,
			   const struct sfs_key *last, unsigned int max_items);

/**
 * sfs_btree_free_blocks() - free every block of a tree that nobody uses
 * @tr: transaction the caller holds
 * @tree: tree; becomes empty
 *
 * Leaves are not read.  All branches are in memory together, about one in a
 * hundred blocks.
 * Return: 0, or an error, and nothing was freed.
 */
int sfs_btree_free_blocks(struct sfs_trans *tr, struct sfs_tree *tree);

/*
 * Called with err != 0 and blk == NULL for a block that cannot be read or does
 * not fit its place; the visit goes on past it when fn returns 0.  level is
 * the one the block's place demands.
 */
typedef int (*sfs_btree_block_fn)(void *arg, const struct sfs_ref *ref,
				  u8 level, struct sfs_block *blk, int err);

/**
 * sfs_btree_visit_blocks() - call a function for each block, parents first
 * @vol: volume
 * @tree: tree
 * @fn: function
 * @arg: its first argument
 *
 * Values are not interpreted.
 * Return: 0, what @fn returned when that was not 0, -EUCLEAN when the handle
 * itself is bad.
 */
int sfs_btree_visit_blocks(struct sfs_volume *vol, struct sfs_tree *tree,
			   sfs_btree_block_fn fn, void *arg);

/**
 * sfs_btree_fill_crcs() - checksum the dirty blocks of a tree bottom-up
 * @tr: transaction that is closing; nobody changes the tree
 * @tree: tree; its root reference gets its crc
 *
 * Every block that carries the closing transaction's seq gets its csum, and
 * every reference to such a block the same number.  May be repeated.
 * Return: 0 or an error.
 */
int sfs_btree_fill_crcs(struct sfs_trans *tr, struct sfs_tree *tree);

/**
 * sfs_btree_check_block() - structural validator
 * @data: whole block, header already checked (magic, crc, fsid, own number)
 * @block_bytes: its size
 *
 * Pure: bounds of every field, sorted unique keys, zero padding, branch values
 * of the right length with non-null references, level in range.  Items do not
 * overlap; garbage_bytes is exact.
 * Return: NULL when sound, else a stable identifier of what is wrong such as
 * "btree-slot-bounds".
 */
const char *sfs_btree_check_block(const void *data, unsigned int block_bytes);

#endif
