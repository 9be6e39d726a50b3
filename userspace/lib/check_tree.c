// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading blocks and trees for the check: on its own, without the cache and
 * the btree code it is meant to judge.  Only the structural validators are
 * shared; a block they passed can be decoded without further care.
 */
#include "lib/check_priv.h"

#include "format/btree.h"

/* A key as bytes; fences and separators are compared as such. */
struct sfs_ck_fence {
	u8 low[SFS_KEY_BYTES];
	u8 high[SFS_KEY_BYTES];
	bool has_high;
};

struct sfs_ck_walk {
	u64 owner;
	enum sfs_own_kind kind;
	u64 id;
	sfs_check_item_fn fn;
	void *arg;
	int ret;
};

static void sfs_check_block_report(struct sfs_check *ck, const char *what,
				   const struct sfs_disk_ref *ref,
				   enum sfs_own_kind kind, u64 id)
{
	char own[64];

	sfs_check_report(ck, what, "metadata block %llu of %s",
			 le64_to_cpu(ref->blkno),
			 sfs_own_text(own, sizeof(own), kind, id));
}

static const char *sfs_check_header(struct sfs_check *ck,
				    const struct sfs_disk_ref *ref, u64 owner,
				    u8 type, const u8 *buf)
{
	const struct sfs_block_hdr *hdr = (const void *)buf;

	if (le32_to_cpu(hdr->csum) != sfs_hdr_csum(buf, ck->block_bytes))
		return "block-csum";
	if (le64_to_cpu(hdr->fsid) != ck->fsid)
		return "block-fsid";
	if (hdr->blkno != ref->blkno)
		return "block-address";
	if (hdr->seq != ref->seq || hdr->csum != ref->crc)
		return "block-reference";
	if (le64_to_cpu(hdr->owner) != owner)
		return "block-owner";
	if (hdr->type != type)
		return "block-type";
	return sfs_block_check(buf, ck->block_bytes);
}

static void sfs_check_progress(struct sfs_check *ck)
{
	ck->st->nr_blocks++;
	if (ck->params->progress && !(ck->st->nr_blocks & 63))
		ck->params->progress(ck->params->arg, ck->st->nr_blocks,
				     ck->expected_blocks);
}

/* Read, own and verify one block; problems are reported. */
int sfs_check_read(struct sfs_check *ck, const struct sfs_disk_ref *ref,
		   u64 owner, u8 type, enum sfs_own_kind kind, u64 id, u8 *buf)
{
	u64 blkno = le64_to_cpu(ref->blkno);
	const char *why = NULL;

	if (blkno < ck->first_meta || blkno >= ck->total_meta) {
		why = "block-bounds";
	} else if (__test_and_set_bit(blkno, ck->seen) && !ck->may_repeat) {
		why = "block-shared";
	} else {
		sfs_check_own(ck, SFS_SPACE_META, blkno, 1, kind, id);
		sfs_check_progress(ck);
		if (ck->meta->ops->read(ck->meta, blkno << ck->block_shift, buf,
					ck->block_bytes))
			why = "block-read";
		else
			why = sfs_check_header(ck, ref, owner, type, buf);
	}
	if (!why)
		return 0;
	sfs_check_block_report(ck, why, ref, kind, id);
	ck->is_damaged = true;
	return -EUCLEAN;
}

/* The whole key of an item, zero padded; item 0 of a branch gives the prefix. */
static void sfs_check_key(const struct sfs_btree_block *bt, unsigned int i,
			  u8 *bytes)
{
	const struct sfs_btree_slot *slot =
		(const struct sfs_btree_slot *)(bt + 1) + i;

	memset(bytes, 0, SFS_KEY_BYTES);
	memcpy(bytes, bt->prefix, bt->prefix_len);
	memcpy(bytes + bt->prefix_len, (const u8 *)bt + le16_to_cpu(slot->off),
	       slot->key_len);
}

static const u8 *sfs_check_val(const struct sfs_btree_block *bt, unsigned int i,
			       unsigned int *len)
{
	const struct sfs_btree_slot *slot =
		(const struct sfs_btree_slot *)(bt + 1) + i;

	*len = le16_to_cpu(slot->val_len);
	return (const u8 *)bt + le16_to_cpu(slot->off) + slot->key_len;
}

static bool sfs_check_in_fence(const struct sfs_ck_fence *f, const u8 *key)
{
	return memcmp(key, f->low, SFS_KEY_BYTES) >= 0 &&
	       (!f->has_high || memcmp(key, f->high, SFS_KEY_BYTES) < 0);
}

static void sfs_check_leaf(struct sfs_check *ck, struct sfs_ck_walk *w,
			   const struct sfs_btree_block *bt)
{
	unsigned int nr = le16_to_cpu(bt->nr_items);
	unsigned int i;

	for (i = 0; i < nr && !ck->error; i++) {
		u8 bytes[SFS_KEY_BYTES];
		struct sfs_key key;
		const u8 *val;
		unsigned int len;

		sfs_check_key(bt, i, bytes);
		sfs_key_decode(&key, bytes, SFS_KEY_BYTES);
		val = sfs_check_val(bt, i, &len);
		w->fn(ck, w->arg, &key, val, len);
	}
}

/* All keys of a block inside of what its parent says? */
static bool sfs_check_fences(const struct sfs_btree_block *bt,
			     const struct sfs_ck_fence *f)
{
	unsigned int nr = le16_to_cpu(bt->nr_items);
	unsigned int first = bt->level ? 1 : 0;
	u8 bytes[SFS_KEY_BYTES];

	if (nr <= first)
		return true;
	sfs_check_key(bt, first, bytes);
	if (!sfs_check_in_fence(f, bytes))
		return false;
	sfs_check_key(bt, nr - 1, bytes);
	return sfs_check_in_fence(f, bytes);
}

static void sfs_check_subtree(struct sfs_check *ck, struct sfs_ck_walk *w,
			      const struct sfs_disk_ref *ref, u8 level,
			      const struct sfs_ck_fence *fence)
{
	struct sfs_btree_block *bt = (void *)ck->buf[level];
	unsigned int nr;
	unsigned int i;

	if (sfs_check_read(ck, ref, w->owner, SFS_BLOCK_BTREE, w->kind, w->id,
			   ck->buf[level])) {
		w->ret = -EUCLEAN;
		return;
	}
	if (bt->level != level) {
		sfs_check_block_report(ck, "tree-level", ref, w->kind, w->id);
		w->ret = -EUCLEAN;
		return;
	}
	if (!sfs_check_fences(bt, fence))
		sfs_check_block_report(ck, "tree-fence", ref, w->kind, w->id);
	if (!level) {
		sfs_check_leaf(ck, w, bt);
		return;
	}

	nr = le16_to_cpu(bt->nr_items);
	for (i = 0; i < nr && !ck->error; i++) {
		struct sfs_ck_fence sub = *fence;
		struct sfs_disk_ref child;
		unsigned int len;

		if (i)
			sfs_check_key(bt, i, sub.low);
		if (i + 1 < nr) {
			sfs_check_key(bt, i + 1, sub.high);
			sub.has_high = true;
		}
		memcpy(&child, sfs_check_val(bt, i, &len), sizeof(child));
		sfs_check_subtree(ck, w, &child, level - 1, &sub);
	}
}

int sfs_check_tree(struct sfs_check *ck, const struct sfs_disk_tree *tree,
		   u64 owner, enum sfs_own_kind kind, u64 id,
		   sfs_check_item_fn fn, void *arg)
{
	struct sfs_ck_walk w = {
		.owner = owner,
		.kind = kind,
		.id = id,
		.fn = fn,
		.arg = arg,
	};
	struct sfs_ck_fence fence = { .has_high = false };
	char own[64];

	if (!tree->height != !tree->ref.blkno) {
		sfs_check_report(ck, "tree-ref", "%s: height %u, block %llu",
				 sfs_own_text(own, sizeof(own), kind, id),
				 tree->height, le64_to_cpu(tree->ref.blkno));
		return -EUCLEAN;
	}
	if (!tree->height)
		return 0;
	if (tree->height > SFS_TREE_HEIGHT_MAX) {
		sfs_check_report(ck, "tree-height", "%s: height %u",
				 sfs_own_text(own, sizeof(own), kind, id),
				 tree->height);
		return -EUCLEAN;
	}
	sfs_check_subtree(ck, &w, &tree->ref, tree->height - 1, &fence);
	return w.ret;
}
