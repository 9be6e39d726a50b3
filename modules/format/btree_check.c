// SPDX-License-Identifier: GPL-2.0-only
/*
 * The structural validator of btree blocks.
 *
 * What passes here can be searched, changed and built again without another
 * look at a bound.  Relations between blocks are checked by paths.
 */
#include "format/btree_priv.h"

/* Item bytes are claimed in windows, so that the map fits on the stack. */
#define SFS_CLAIM_WINDOW	4096

static bool sfs_btree_is_zero(const u8 *bytes, unsigned int len)
{
	while (len--) {
		if (bytes[len])
			return false;
	}
	return true;
}

static const char *sfs_btree_check_head(const struct sfs_btree_block *bt,
					unsigned int block_bytes)
{
	unsigned int nr = sfs_btree_nr(bt);
	u32 slots_end = sizeof(*bt) + nr * sizeof(struct sfs_btree_slot);
	u32 free_off = le32_to_cpu(bt->free_off);

	if (bt->level >= SFS_TREE_HEIGHT_MAX)
		return "btree-level";
	if (bt->prefix_len > SFS_KEY_BYTES)
		return "btree-prefix-len";
	if (!sfs_btree_is_zero(bt->prefix + bt->prefix_len,
			       sizeof(bt->prefix) - bt->prefix_len))
		return "btree-prefix-padding";
	if (bt->pad || !sfs_btree_is_zero(bt->hdr.pad, sizeof(bt->hdr.pad)))
		return "btree-padding";
	if (!nr)
		return "btree-empty";
	if (free_off > block_bytes || slots_end > free_off)
		return "btree-free-off";
	if (le32_to_cpu(bt->garbage_bytes) > block_bytes - free_off)
		return "btree-garbage";
	return NULL;
}

static const char *sfs_btree_check_slot(const struct sfs_btree_block *bt,
					unsigned int block_bytes,
					unsigned int idx)
{
	const struct sfs_btree_slot *slot = sfs_btree_slots(bt) + idx;
	u32 off = le16_to_cpu(slot->off);
	u32 len = slot->key_len + le16_to_cpu(slot->val_len);
	const u8 *suffix;
	unsigned int i;

	if (bt->prefix_len + slot->key_len > SFS_KEY_BYTES)
		return "btree-key-len";
	if (le16_to_cpu(slot->val_len) > SFS_VAL_MAX(block_bytes))
		return "btree-val-len";
	if (!len && off)
		return "btree-slot-bounds";
	if (len && (off < le32_to_cpu(bt->free_off) || off > block_bytes ||
		    len > block_bytes - off))
		return "btree-slot-bounds";

	suffix = sfs_btree_suffix(bt, slot);
	if (slot->key_len && !suffix[slot->key_len - 1])
		return "btree-key-trailing-zero";
	for (i = 0; i < sizeof(slot->head); i++) {
		if (slot->head[i] != (i < slot->key_len ? suffix[i] : 0))
			return "btree-slot-head";
	}
	return NULL;
}

static const char *sfs_btree_check_branch_item(const struct sfs_btree_block *bt,
					       unsigned int idx)
{
	struct sfs_disk_ref ref;

	if (sfs_btree_val_len(bt, idx) != sizeof(ref))
		return "btree-ref-len";
	memcpy(&ref, sfs_btree_val(bt, idx), sizeof(ref));
	if (!ref.blkno)
		return "btree-ref-null";
	if (ref.pad)
		return "btree-ref-padding";
	if (idx == 0 && sfs_btree_slots(bt)->key_len)
		return "btree-first-key";
	return NULL;
}

/* Strictly ascending; compares suffixes, which follow one prefix. */
static bool sfs_btree_check_order(const struct sfs_btree_block *bt,
				  unsigned int idx)
{
	const struct sfs_btree_slot *slot = sfs_btree_slots(bt) + idx;
	unsigned int both = min(slot[-1].key_len, slot->key_len);
	int c;

	c = memcmp(sfs_btree_suffix(bt, slot - 1), sfs_btree_suffix(bt, slot),
		   both);
	return c < 0 || (c == 0 && slot[-1].key_len < slot->key_len);
}

/* Claim bytes of a window; false when one of them is taken. */
static bool sfs_btree_claim(unsigned long *map, unsigned int from,
			    unsigned int to)
{
	unsigned int word;
	unsigned int end;
	unsigned long mask;

	while (from < to) {
		word = from / BITS_PER_LONG;
		end = min_t(unsigned int, to, (word + 1) * BITS_PER_LONG);
		mask = GENMASK((end - 1) % BITS_PER_LONG, from % BITS_PER_LONG);
		if (map[word] & mask)
			return false;
		map[word] |= mask;
		from = end;
	}
	return true;
}

static const char *sfs_btree_check_window(const struct sfs_btree_block *bt,
					  unsigned int start)
{
	unsigned long map[SFS_CLAIM_WINDOW / BITS_PER_LONG] = { 0 };
	const struct sfs_btree_slot *slot = sfs_btree_slots(bt);
	unsigned int end = start + SFS_CLAIM_WINDOW;
	unsigned int nr = sfs_btree_nr(bt);
	unsigned int from;
	unsigned int to;

	for (; nr--; slot++) {
		from = le16_to_cpu(slot->off);
		to = from + slot->key_len + le16_to_cpu(slot->val_len);
		if (to <= start || from >= end)
			continue;
		from = max(from, start);
		to = min(to, end);
		if (!sfs_btree_claim(map, from - start, to - start))
			return "btree-items-overlap";
	}
	return NULL;
}

static const char *sfs_btree_check_items(const struct sfs_btree_block *bt,
					 unsigned int block_bytes)
{
	unsigned int nr = sfs_btree_nr(bt);
	const char *why;
	u32 used = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		why = sfs_btree_check_slot(bt, block_bytes, i);
		if (!why && bt->level)
			why = sfs_btree_check_branch_item(bt, i);
		if (why)
			return why;
		if (i > sfs_btree_first(bt) && !sfs_btree_check_order(bt, i))
			return "btree-key-order";
		used += sfs_btree_slots(bt)[i].key_len +
			sfs_btree_val_len(bt, i);
	}
	if (used + le32_to_cpu(bt->garbage_bytes) !=
	    block_bytes - le32_to_cpu(bt->free_off))
		return "btree-garbage";
	return NULL;
}

const char *sfs_btree_check_block(const void *data, unsigned int block_bytes)
{
	const struct sfs_btree_block *bt = data;
	const char *why;
	unsigned int at;

	why = sfs_btree_check_head(bt, block_bytes);
	if (!why)
		why = sfs_btree_check_items(bt, block_bytes);
	at = round_down(le32_to_cpu(bt->free_off), SFS_CLAIM_WINDOW);
	for (; !why && at < block_bytes; at += SFS_CLAIM_WINDOW)
		why = sfs_btree_check_window(bt, at);
	return why;
}
EXPORT_SYMBOL_GPL(sfs_btree_check_block);
