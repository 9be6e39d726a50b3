// SPDX-License-Identifier: GPL-2.0-only
/*
 * One btree block: search, change in place, build.
 *
 * Everything here relies on sfs_btree_check_block() having passed the block
 * when it was read; nothing here fails half way.  An item without any bytes
 * (empty suffix, empty value) has offset 0, because the end of a 64 KiB block
 * does not fit into sixteen bits.
 */
#include "format/btree_priv.h"

#define SFS_HEAD_BYTES	sizeof_field(struct sfs_btree_slot, head)

static inline u32 sfs_btree_head(const u8 *bytes)
{
	return (u32)bytes[0] << 16 | (u32)bytes[1] << 8 | bytes[2];
}

static unsigned int sfs_bkey_trim(const u8 *bytes, unsigned int len)
{
	while (len && !bytes[len - 1])
		len--;
	return len;
}

/* Length of what follows a prefix of that length. */
static unsigned int sfs_bkey_suffix_len(const struct sfs_bkey *key,
					unsigned int prefix_len)
{
	return key->len > prefix_len ? key->len - prefix_len : 0;
}

void sfs_bkey_encode(struct sfs_bkey *bkey, const struct sfs_key *key)
{
	memset(bkey->bytes + SFS_BKEY_BYTES - 8, 0, 8);
	bkey->len = sfs_key_encode(key, bkey->bytes);
}

/* Length of the longest prefix that two keys share. */
unsigned int sfs_bkey_common(const struct sfs_bkey *x, const struct sfs_bkey *y)
{
	unsigned int i;

	for (i = 0; i < SFS_KEY_BYTES; i++) {
		if (x->bytes[i] != y->bytes[i])
			return i;
	}
	/* the same key: zeros at its end are better left to the next one */
	return x->len;
}

/* The whole key of an item; item 0 of a branch has none. */
void sfs_btree_key(const struct sfs_btree_block *bt, unsigned int idx,
		   struct sfs_bkey *key)
{
	const struct sfs_btree_slot *slot = sfs_btree_slots(bt) + idx;

	memcpy(key->bytes, bt->prefix, SFS_BKEY_BYTES);
	memcpy(key->bytes + bt->prefix_len, sfs_btree_suffix(bt, slot),
	       slot->key_len);
	if (slot->key_len)
		key->len = bt->prefix_len + slot->key_len;
	else
		key->len = sfs_bkey_trim(key->bytes, bt->prefix_len);
}

/* Order of an item's suffix and a searched one when their heads are alike. */
static int sfs_btree_cmp_tail(const struct sfs_btree_block *bt,
			      const struct sfs_btree_slot *slot,
			      const u8 *suffix, unsigned int len)
{
	unsigned int both = min_t(unsigned int, len, slot->key_len);
	int c;

	if (both > SFS_HEAD_BYTES) {
		c = memcmp(sfs_btree_suffix(bt, slot) + SFS_HEAD_BYTES,
			   suffix + SFS_HEAD_BYTES, both - SFS_HEAD_BYTES);
		if (c)
			return c;
	}
	return (int)slot->key_len - (int)len;
}

/*
 * The first item, of those with a key of their own, that is not below the
 * key; the number of items when there is none.
 */
unsigned int sfs_btree_search(const struct sfs_btree_block *bt,
			      const struct sfs_bkey *key, bool *found)
{
	const struct sfs_btree_slot *slots = sfs_btree_slots(bt);
	unsigned int low = sfs_btree_first(bt);
	unsigned int high = sfs_btree_nr(bt);
	const u8 *suffix = key->bytes + bt->prefix_len;
	unsigned int len = sfs_bkey_suffix_len(key, bt->prefix_len);
	u32 head = sfs_btree_head(suffix);
	int c;

	*found = false;
	c = memcmp(key->bytes, bt->prefix, bt->prefix_len);
	if (c)
		return c < 0 ? low : high;

	while (low < high) {
		unsigned int mid = (low + high) / 2;
		u32 mid_head = sfs_btree_head(slots[mid].head);

		if (mid_head != head)
			c = mid_head < head ? -1 : 1;
		else
			c = sfs_btree_cmp_tail(bt, slots + mid, suffix, len);
		if (c == 0) {
			*found = true;
			return mid;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The child of a branch that holds the key. */
unsigned int sfs_btree_search_child(const struct sfs_btree_block *bt,
				    const struct sfs_bkey *key)
{
	bool found;
	unsigned int idx = sfs_btree_search(bt, key, &found);

	return found ? idx : idx - 1;
}

bool sfs_btree_shares_prefix(const struct sfs_btree_block *bt,
			     const struct sfs_bkey *key)
{
	return !memcmp(key->bytes, bt->prefix, bt->prefix_len);
}

/* Bytes of an item are no longer used. */
static void sfs_btree_drop_bytes(struct sfs_btree_block *bt, unsigned int off,
				 unsigned int bytes)
{
	if (!bytes)
		return;
	if (off == le32_to_cpu(bt->free_off))
		bt->free_off = cpu_to_le32(off + bytes);
	else
		le32_add_cpu(&bt->garbage_bytes, bytes);
}

/* Put suffix and value below all others; the gap is large enough. */
static void sfs_btree_place(struct sfs_btree_block *bt,
			    struct sfs_btree_slot *slot,
			    const struct sfs_bkey *key, const void *val,
			    unsigned int len)
{
	unsigned int key_len = sfs_bkey_suffix_len(key, bt->prefix_len);
	unsigned int off = le32_to_cpu(bt->free_off) - key_len - len;
	const u8 *suffix = key->bytes + bt->prefix_len;
	u8 *dst = (u8 *)bt + off;

	bt->free_off = cpu_to_le32(off);
	slot->off = cpu_to_le16(key_len + len ? off : 0);
	slot->val_len = cpu_to_le16(len);
	slot->key_len = key_len;
	memcpy(slot->head, suffix, SFS_HEAD_BYTES);
	memcpy(dst, suffix, key_len);
	if (len)
		memcpy(dst + key_len, val, len);
}

/* sfs_btree_put() for a key that is there and whose prefix is. */
static bool sfs_btree_put_again(struct sfs_btree_block *bt, unsigned int idx,
				const struct sfs_bkey *key, const void *val,
				unsigned int len, bool dry_run)
{
	struct sfs_btree_slot *slot = sfs_btree_slots(bt) + idx;
	unsigned int off = le16_to_cpu(slot->off);
	unsigned int old_len = le16_to_cpu(slot->val_len);
	unsigned int gap = sfs_btree_gap(bt);

	if (len <= old_len) {
		if (dry_run)
			return true;
		if (len)
			memcpy((u8 *)bt + off + slot->key_len, val, len);
		le32_add_cpu(&bt->garbage_bytes, old_len - len);
		slot->val_len = cpu_to_le16(len);
		if (!(slot->key_len + len))
			slot->off = 0;
		return true;
	}

	if (off == le32_to_cpu(bt->free_off))
		gap += slot->key_len + old_len;
	if (gap < slot->key_len + len)
		return false;
	if (!dry_run) {
		sfs_btree_drop_bytes(bt, off, slot->key_len + old_len);
		sfs_btree_place(bt, slot, key, val, len);
	}
	return true;
}

/*
 * Insert an item at idx, or replace the value of the item there.  Fails
 * without a change when the block would have to be built again first.
 */
bool sfs_btree_put(struct sfs_btree_block *bt, unsigned int idx, bool replace,
		   const struct sfs_bkey *key, const void *val,
		   unsigned int len, bool dry_run)
{
	struct sfs_btree_slot *slot = sfs_btree_slots(bt) + idx;
	unsigned int nr = sfs_btree_nr(bt);

	if (replace)
		return sfs_btree_put_again(bt, idx, key, val, len, dry_run);
	if (!sfs_btree_shares_prefix(bt, key))
		return false;
	if (sfs_btree_gap(bt) < sizeof(*slot) + len +
				sfs_bkey_suffix_len(key, bt->prefix_len))
		return false;
	if (dry_run)
		return true;

	memmove(slot + 1, slot, (nr - idx) * sizeof(*slot));
	bt->nr_items = cpu_to_le16(nr + 1);
	sfs_btree_place(bt, slot, key, val, len);
	return true;
}

/* Remove the items from, ..., to - 1. */
void sfs_btree_remove(struct sfs_btree_block *bt, unsigned int from,
		      unsigned int to)
{
	struct sfs_btree_slot *slots = sfs_btree_slots(bt);
	unsigned int nr = sfs_btree_nr(bt);
	unsigned int i;

	for (i = from; i < to; i++)
		sfs_btree_drop_bytes(bt, le16_to_cpu(slots[i].off),
				     slots[i].key_len +
				     le16_to_cpu(slots[i].val_len));
	memmove(slots + from, slots + to, (nr - to) * sizeof(*slots));
	nr -= to - from;
	bt->nr_items = cpu_to_le16(nr);

	if (bt->level && from == 0 && nr) {
		/* a branch's first item has no key */
		sfs_btree_drop_bytes(bt, le16_to_cpu(slots->off),
				     slots->key_len);
		le16_add_cpu(&slots->off, slots->key_len);
		slots->key_len = 0;
		memset(slots->head, 0, sizeof(slots->head));
	}
}

/* Begin to fill a block behind its header. */
void sfs_btree_build_start(struct sfs_btree_block *bt, unsigned int block_bytes,
			   u8 level, const struct sfs_bkey *prefix,
			   unsigned int prefix_len)
{
	bt->level = level;
	bt->prefix_len = prefix_len;
	bt->nr_items = 0;
	bt->free_off = cpu_to_le32(block_bytes);
	bt->garbage_bytes = 0;
	bt->pad = 0;
	memset(bt->prefix, 0, sizeof(bt->prefix));
	if (prefix_len)
		memcpy(bt->prefix, prefix->bytes, prefix_len);
}

/* Add the next item in order; it fits.  No key: item 0 of a branch. */
void sfs_btree_build_add(struct sfs_btree_block *bt, const struct sfs_bkey *key,
			 const void *val, unsigned int len)
{
	static const struct sfs_bkey none;
	unsigned int nr = sfs_btree_nr(bt);

	bt->nr_items = cpu_to_le16(nr + 1);
	sfs_btree_place(bt, sfs_btree_slots(bt) + nr, key ?: &none, val, len);
}

/* Replace all but the header with what was built elsewhere. */
void sfs_btree_copy_items(struct sfs_btree_block *dst,
			  const struct sfs_btree_block *src,
			  unsigned int block_bytes)
{
	unsigned int free_off = le32_to_cpu(src->free_off);
	unsigned int slots_end = free_off - sfs_btree_gap(src);

	memcpy((u8 *)dst + sizeof(dst->hdr), (u8 *)src + sizeof(src->hdr),
	       slots_end - sizeof(dst->hdr));
	memcpy((u8 *)dst + free_off, (u8 *)src + free_off,
	       block_bytes - free_off);
}
