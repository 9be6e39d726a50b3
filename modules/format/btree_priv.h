/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the btree share.
 *
 * btree_block.c  one block: search, change in place, build
 * btree_path.c   from the root to a leaf and on to the next one
 * btree_edit.c   changes of the tree: split, merge, shrink
 * btree_check.c  the structural validator
 * btree_walk.c   whole trees and ranges
 * btree.c        the calls for one item
 *
 * Item 0 of a branch has no key of its own: its child holds whatever lies
 * below the key of item 1.  The prefix of a block is one that its keys share;
 * it is chosen whenever the block is built, and a key that does not share it
 * makes the block be built again.  Such a key always lies at an edge, so where
 * the shorter prefix does not fit the key can have a block of its own.
 */
#ifndef SFS_BTREE_PRIV_H
#define SFS_BTREE_PRIV_H

#include "format/port.h"
#include "format/btree.h"
#include "format/trans.h"
#include "format/volume.h"

/* An encoded key, padded with zeros so that any three bytes can be read. */
#define SFS_BKEY_BYTES	32

struct sfs_bkey {
	u8 bytes[SFS_BKEY_BYTES];
	unsigned int len;	/* without trailing zero bytes */
};

/**
 * struct sfs_btree_path - blocks from the root to a leaf, all referenced
 * @blk: by level
 * @idx: item of the block that the path goes through or ends at
 * @height: of the tree when the path was made
 * @bottom: lowest level the path reaches
 * @found: the item at the end has the key that was looked for
 */
struct sfs_btree_path {
	struct sfs_block *blk[SFS_TREE_HEIGHT_MAX];
	u16 idx[SFS_TREE_HEIGHT_MAX];
	u8 height;
	u8 bottom;
	bool found;
};

static inline struct sfs_btree_block *sfs_btree_of(const struct sfs_block *blk)
{
	return blk->data;
}

static inline unsigned int sfs_btree_nr(const struct sfs_btree_block *bt)
{
	return le16_to_cpu(bt->nr_items);
}

static inline struct sfs_btree_slot *
sfs_btree_slots(const struct sfs_btree_block *bt)
{
	return (struct sfs_btree_slot *)(bt + 1);
}

static inline u8 *sfs_btree_suffix(const struct sfs_btree_block *bt,
				   const struct sfs_btree_slot *slot)
{
	return (u8 *)bt + le16_to_cpu(slot->off);
}

static inline u8 *sfs_btree_val(const struct sfs_btree_block *bt,
				unsigned int idx)
{
	const struct sfs_btree_slot *slot = sfs_btree_slots(bt) + idx;

	return sfs_btree_suffix(bt, slot) + slot->key_len;
}

static inline unsigned int sfs_btree_val_len(const struct sfs_btree_block *bt,
					     unsigned int idx)
{
	return le16_to_cpu(sfs_btree_slots(bt)[idx].val_len);
}

/* Bytes of a block that slots, keys and values share. */
static inline unsigned int sfs_btree_space(unsigned int block_bytes)
{
	return block_bytes - sizeof(struct sfs_btree_block);
}

/* Bytes that slots, keys and values take. */
static inline unsigned int sfs_btree_used(const struct sfs_btree_block *bt,
					  unsigned int block_bytes)
{
	return sfs_btree_nr(bt) * sizeof(struct sfs_btree_slot) + block_bytes -
	       le32_to_cpu(bt->free_off) - le32_to_cpu(bt->garbage_bytes);
}

/* Bytes between the last slot and the lowest item. */
static inline unsigned int sfs_btree_gap(const struct sfs_btree_block *bt)
{
	return le32_to_cpu(bt->free_off) - sizeof(*bt) -
	       sfs_btree_nr(bt) * sizeof(struct sfs_btree_slot);
}

/* The first item with a key of its own. */
static inline unsigned int sfs_btree_first(const struct sfs_btree_block *bt)
{
	return bt->level ? 1 : 0;
}

static inline void sfs_btree_child(const struct sfs_btree_block *bt,
				   unsigned int idx, struct sfs_ref *ref)
{
	const u8 *val = sfs_btree_val(bt, idx);

	ref->blkno = get_unaligned_le64(val);
	ref->seq = get_unaligned_le64(val + offsetof(struct sfs_disk_ref, seq));
	ref->crc = get_unaligned_le32(val + offsetof(struct sfs_disk_ref, crc));
}

static inline void sfs_btree_ref_encode(struct sfs_disk_ref *disk,
					const struct sfs_ref *ref)
{
	disk->blkno = cpu_to_le64(ref->blkno);
	disk->seq = cpu_to_le64(ref->seq);
	disk->crc = cpu_to_le32(ref->crc);
	disk->pad = 0;
}

static inline void sfs_btree_set_child(struct sfs_btree_block *bt,
				       unsigned int idx,
				       const struct sfs_ref *ref)
{
	struct sfs_disk_ref disk;

	sfs_btree_ref_encode(&disk, ref);
	memcpy(sfs_btree_val(bt, idx), &disk, sizeof(disk));
}

static inline void sfs_btree_set_child_crc(struct sfs_btree_block *bt,
					   unsigned int idx, u32 crc)
{
	put_unaligned_le32(crc, sfs_btree_val(bt, idx) +
				offsetof(struct sfs_disk_ref, crc));
}

/* btree_block.c */
void sfs_bkey_encode(struct sfs_bkey *bkey, const struct sfs_key *key);
unsigned int sfs_bkey_common(const struct sfs_bkey *x,
			     const struct sfs_bkey *y);
static inline int sfs_bkey_cmp(const struct sfs_bkey *x,
			       const struct sfs_bkey *y)
{
	return memcmp(x->bytes, y->bytes, SFS_KEY_BYTES);
}

void sfs_btree_key(const struct sfs_btree_block *bt, unsigned int idx,
		   struct sfs_bkey *key);
unsigned int sfs_btree_search(const struct sfs_btree_block *bt,
			      const struct sfs_bkey *key, bool *found);
unsigned int sfs_btree_search_child(const struct sfs_btree_block *bt,
				    const struct sfs_bkey *key);
bool sfs_btree_shares_prefix(const struct sfs_btree_block *bt,
			     const struct sfs_bkey *key);
bool sfs_btree_put(struct sfs_btree_block *bt, unsigned int idx, bool replace,
		   const struct sfs_bkey *key, const void *val,
		   unsigned int len, bool dry_run);
void sfs_btree_remove(struct sfs_btree_block *bt, unsigned int from,
		      unsigned int to);
void sfs_btree_build_start(struct sfs_btree_block *bt, unsigned int block_bytes,
			   u8 level, const struct sfs_bkey *prefix,
			   unsigned int prefix_len);
void sfs_btree_build_add(struct sfs_btree_block *bt, const struct sfs_bkey *key,
			 const void *val, unsigned int len);
void sfs_btree_copy_items(struct sfs_btree_block *dst,
			  const struct sfs_btree_block *src,
			  unsigned int block_bytes);

/* btree_path.c */
int sfs_tree_check(const struct sfs_tree *tree);
int sfs_btree_read(struct sfs_volume *vol, struct sfs_tree *tree,
		   const struct sfs_ref *ref, u8 level, struct sfs_block **ret);
void sfs_btree_path_init(struct sfs_btree_path *path,
			 const struct sfs_tree *tree);
void sfs_btree_path_put(struct sfs_btree_path *path);
void sfs_btree_path_cut(struct sfs_btree_path *path, u8 level);
int sfs_btree_path_read(struct sfs_volume *vol, struct sfs_tree *tree,
			struct sfs_btree_path *path, u8 level);
int sfs_btree_path_descend(struct sfs_volume *vol, struct sfs_tree *tree,
			   struct sfs_btree_path *path,
			   const struct sfs_bkey *key, u8 bottom);
bool sfs_btree_path_low(const struct sfs_btree_path *path, u8 level,
			struct sfs_bkey *low);
bool sfs_btree_path_high(const struct sfs_btree_path *path, u8 level,
			 struct sfs_bkey *high);
int sfs_btree_path_next(struct sfs_volume *vol, struct sfs_tree *tree,
			struct sfs_btree_path *path,
			const struct sfs_bkey *last);
int sfs_btree_path_prev(struct sfs_volume *vol, struct sfs_tree *tree,
			struct sfs_btree_path *path,
			const struct sfs_bkey *first);

/* btree_edit.c */
int sfs_btree_dirty_path(struct sfs_trans *tr, struct sfs_tree *tree,
			 struct sfs_btree_path *path, u8 bottom);
int sfs_btree_grow(struct sfs_trans *tr, struct sfs_tree *tree,
		   struct sfs_btree_path *path, const struct sfs_bkey *key,
		   const void *val, unsigned int len);
int sfs_btree_prune(struct sfs_trans *tr, struct sfs_tree *tree,
		    struct sfs_btree_path *path, u8 level, unsigned int from,
		    unsigned int to);

#endif
