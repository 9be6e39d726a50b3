// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of a btree's shape: split, merge, shrink.
 *
 * A change first makes its path writable, which changes no contents, then
 * plans bottom-up and gets all blocks and memory the plan asks for, and only
 * then touches the first block.  Nothing after that can fail, so a failure
 * leaves the items as they were.
 *
 * An edit is the sequence of items a block would have with one item more, or
 * with the value of one replaced.  It is cut in two where it does not fit:
 * in the middle by bytes, or at the new item where items come in order.
 */
#include "format/btree_priv.h"

/**
 * struct sfs_btree_edit - one block with one more item
 * @bt: block
 * @block_bytes: its size
 * @idx: of the item in the edited sequence
 * @is_replaced: the item takes the place of the one that is there
 * @key: of the item
 * @val: of the item
 * @len: of the value
 * @split: 0, or the first item that goes to the new block
 * @right: new block
 * @ref: to the new block
 * @disk_ref: what the parent will hold
 */
struct sfs_btree_edit {
	struct sfs_btree_block *bt;
	unsigned int block_bytes;
	unsigned int idx;
	bool is_replaced;
	struct sfs_bkey key;
	const void *val;
	unsigned int len;
	unsigned int split;
	struct sfs_block *right;
	struct sfs_ref ref;
	struct sfs_disk_ref disk_ref;
};

/**
 * struct sfs_btree_plan - what one insertion will do
 * @scratch: room for one block
 * @nr: levels that change
 * @root: new root, when the old one is split
 * @root_ref: to it
 * @edits: from the leaf up
 */
struct sfs_btree_plan {
	void *scratch;
	unsigned int nr;
	struct sfs_block *root;
	struct sfs_ref root_ref;
	struct sfs_btree_edit edits[SFS_TREE_HEIGHT_MAX];
};

/* ---- the edited sequence ------------------------------------------------- */

static unsigned int sfs_btree_edit_nr(const struct sfs_btree_edit *e)
{
	return sfs_btree_nr(e->bt) + !e->is_replaced;
}

/* Index in the block of an item that is not the edited one. */
static unsigned int sfs_btree_edit_src(const struct sfs_btree_edit *e,
				       unsigned int i)
{
	return i > e->idx && !e->is_replaced ? i - 1 : i;
}

static void sfs_btree_edit_key(const struct sfs_btree_edit *e, unsigned int i,
			       struct sfs_bkey *key)
{
	if (i == e->idx)
		*key = e->key;
	else
		sfs_btree_key(e->bt, sfs_btree_edit_src(e, i), key);
}

static unsigned int sfs_btree_edit_val_len(const struct sfs_btree_edit *e,
					   unsigned int i)
{
	if (i == e->idx)
		return e->len;
	return sfs_btree_val_len(e->bt, sfs_btree_edit_src(e, i));
}

static const void *sfs_btree_edit_val(const struct sfs_btree_edit *e,
				      unsigned int i)
{
	if (i == e->idx)
		return e->val;
	return sfs_btree_val(e->bt, sfs_btree_edit_src(e, i));
}

/*
 * The prefix of a block with the items from, ..., to - 1; the first one of a
 * branch loses its key.
 */
static unsigned int sfs_btree_edit_prefix(const struct sfs_btree_edit *e,
					  unsigned int from, unsigned int to,
					  struct sfs_bkey *first)
{
	struct sfs_bkey last;

	from += sfs_btree_first(e->bt);
	if (from >= to)
		return 0;
	sfs_btree_edit_key(e, from, first);
	sfs_btree_edit_key(e, to - 1, &last);
	return sfs_bkey_common(first, &last);
}

/* Bytes the items take in a block of their own. */
static unsigned int sfs_btree_edit_bytes(const struct sfs_btree_edit *e,
					 unsigned int from, unsigned int to)
{
	unsigned int keyless = from + sfs_btree_first(e->bt);
	unsigned int bytes = 0;
	unsigned int prefix;
	struct sfs_bkey key;
	unsigned int i;

	prefix = sfs_btree_edit_prefix(e, from, to, &key);
	for (i = from; i < to; i++) {
		bytes += sizeof(struct sfs_btree_slot) +
			 sfs_btree_edit_val_len(e, i);
		if (i < keyless)
			continue;
		sfs_btree_edit_key(e, i, &key);
		if (key.len > prefix)
			bytes += key.len - prefix;
	}
	return bytes;
}

static bool sfs_btree_edit_fits(const struct sfs_btree_edit *e,
				unsigned int from, unsigned int to)
{
	return sfs_btree_edit_bytes(e, from, to) <=
	       sfs_btree_space(e->block_bytes);
}

static void sfs_btree_edit_build(const struct sfs_btree_edit *e,
				 unsigned int from, unsigned int to,
				 struct sfs_btree_block *dst)
{
	unsigned int keyless = from + sfs_btree_first(e->bt);
	unsigned int prefix;
	struct sfs_bkey key;
	unsigned int i;

	prefix = sfs_btree_edit_prefix(e, from, to, &key);
	sfs_btree_build_start(dst, e->block_bytes, e->bt->level, &key, prefix);
	for (i = from; i < to; i++) {
		if (i >= keyless)
			sfs_btree_edit_key(e, i, &key);
		sfs_btree_build_add(dst, i < keyless ? NULL : &key,
				    sfs_btree_edit_val(e, i),
				    sfs_btree_edit_val_len(e, i));
	}
}

/* ---- where to split ------------------------------------------------------- */

/*
 * Items are placed downwards, so the ones near free_off came last.  A new
 * item right behind one of these continues a sequence.
 */
static bool sfs_btree_edit_is_sequential(const struct sfs_btree_edit *e)
{
	unsigned int window = e->block_bytes / 16;
	unsigned int off;

	if (e->is_replaced || e->idx <= sfs_btree_first(e->bt))
		return false;
	off = le16_to_cpu(sfs_btree_slots(e->bt)[e->idx - 1].off);
	return off && off - le32_to_cpu(e->bt->free_off) < window;
}

/* Half of the bytes to each side, with the prefix the block has. */
static unsigned int sfs_btree_edit_middle(const struct sfs_btree_edit *e)
{
	unsigned int nr = sfs_btree_edit_nr(e);
	unsigned int half = 0;
	unsigned int bytes = 0;
	unsigned int pass;
	unsigned int add;
	unsigned int i = 0;

	for (pass = 0; pass < 2; pass++) {
		bytes = 0;
		for (i = 0; i < nr; i++) {
			add = sizeof(struct sfs_btree_slot) +
			      sfs_btree_edit_val_len(e, i);
			if (i == e->idx)
				add += e->key.len - min_t(unsigned int,
						e->key.len, e->bt->prefix_len);
			else
				add += sfs_btree_slots(e->bt)
					[sfs_btree_edit_src(e, i)].key_len;
			if (pass && bytes + add / 2 >= half)
				break;
			bytes += add;
		}
		half = bytes / 2;
	}
	return clamp_t(unsigned int, i, 1, nr - 1);
}

static unsigned int sfs_btree_edit_choose(const struct sfs_btree_edit *e)
{
	unsigned int nr = sfs_btree_edit_nr(e);

	/* at an edge, because the others share what it does not */
	if (!sfs_btree_shares_prefix(e->bt, &e->key))
		return e->idx + 1 == nr ? nr - 1 : 1;
	if (sfs_btree_edit_is_sequential(e)) {
		if (e->idx + 1 == nr || !sfs_btree_edit_fits(e, 0, e->idx + 1))
			return e->idx;
		return e->idx + 1;
	}
	return sfs_btree_edit_middle(e);
}

/* Shortest key above all items to the left and not above those to the right. */
static void sfs_btree_edit_separator(const struct sfs_btree_edit *e,
				     struct sfs_bkey *key)
{
	struct sfs_bkey left;
	unsigned int keep;

	sfs_btree_edit_key(e, e->split, key);
	if (e->bt->level)
		return;
	sfs_btree_edit_key(e, e->split - 1, &left);
	keep = sfs_bkey_common(&left, key) + 1;
	memset(key->bytes + keep, 0, SFS_BKEY_BYTES - keep);
	key->len = keep;
}

/* ---- insertion that does not fit ------------------------------------------ */

static int sfs_btree_plan_levels(struct sfs_btree_plan *plan,
				 struct sfs_btree_path *path,
				 unsigned int block_bytes)
{
	struct sfs_btree_edit *e;
	unsigned int nr;
	unsigned int l;

	for (l = 0; ; l++) {
		e = &plan->edits[l];
		e->bt = sfs_btree_of(path->blk[l]);
		e->block_bytes = block_bytes;
		plan->nr = l + 1;
		if (sfs_btree_put(e->bt, e->idx, e->is_replaced, &e->key, NULL,
				  e->len, true))
			return 0;
		nr = sfs_btree_edit_nr(e);
		if (sfs_btree_edit_fits(e, 0, nr))
			return 0;
		e->split = sfs_btree_edit_choose(e);
		if (WARN_ON_ONCE(!sfs_btree_edit_fits(e, 0, e->split) ||
				 !sfs_btree_edit_fits(e, e->split, nr)))
			return -EUCLEAN;
		if (l + 1 == path->height)
			return l + 1 < SFS_TREE_HEIGHT_MAX ? 0 : -EFBIG;
		sfs_btree_edit_separator(e, &e[1].key);
		e[1].idx = path->idx[l + 1] + 1;
		e[1].val = &e->disk_ref;
		e[1].len = sizeof(e->disk_ref);
	}
}

static int sfs_btree_plan_alloc(struct sfs_btree_plan *plan,
				struct sfs_trans *tr,
				const struct sfs_tree *tree)
{
	struct sfs_btree_edit *e;
	unsigned int l;
	int ret;

	for (l = 0; l < plan->nr; l++) {
		e = &plan->edits[l];
		if (!e->split)
			continue;
		ret = sfs_block_new(tr, tree->owner, SFS_BLOCK_BTREE, &e->ref,
				    &e->right);
		if (ret) {
			e->right = NULL;
			return ret;
		}
		sfs_btree_ref_encode(&e->disk_ref, &e->ref);
	}
	if (!plan->edits[plan->nr - 1].split)
		return 0;
	ret = sfs_block_new(tr, tree->owner, SFS_BLOCK_BTREE, &plan->root_ref,
			    &plan->root);
	if (ret)
		plan->root = NULL;
	return ret;
}

/* Give back what sfs_btree_plan_alloc() got before it failed. */
static void sfs_btree_plan_unalloc(struct sfs_btree_plan *plan,
				   struct sfs_trans *tr)
{
	struct sfs_btree_edit *e;
	unsigned int l;

	for (l = 0; l < plan->nr; l++) {
		e = &plan->edits[l];
		if (!e->right)
			continue;
		sfs_block_put(e->right);
		sfs_block_free(tr, &e->ref);
	}
}

static void sfs_btree_plan_new_root(struct sfs_btree_plan *plan,
				    struct sfs_tree *tree)
{
	struct sfs_btree_edit *e = &plan->edits[plan->nr - 1];
	struct sfs_btree_block *bt = sfs_btree_of(plan->root);
	struct sfs_disk_ref left;
	struct sfs_bkey key;

	sfs_btree_ref_encode(&left, &tree->ref);
	sfs_btree_edit_separator(e, &key);
	sfs_btree_build_start(bt, e->block_bytes, tree->height, &key, key.len);
	sfs_btree_build_add(bt, NULL, &left, sizeof(left));
	sfs_btree_build_add(bt, &key, &e->disk_ref, sizeof(e->disk_ref));
	tree->ref = plan->root_ref;
	tree->height++;
	sfs_block_put(plan->root);
}

/* The new root first, because its separator is read from the old one. */
static void sfs_btree_plan_apply(struct sfs_btree_plan *plan,
				 struct sfs_tree *tree)
{
	struct sfs_btree_edit *e;
	unsigned int end;

	if (plan->root)
		sfs_btree_plan_new_root(plan, tree);
	for (e = plan->edits; e < plan->edits + plan->nr; e++) {
		if (sfs_btree_put(e->bt, e->idx, e->is_replaced, &e->key,
				  e->val, e->len, false))
			continue;
		end = e->split ?: sfs_btree_edit_nr(e);
		sfs_btree_edit_build(e, 0, end, plan->scratch);
		if (e->split) {
			sfs_btree_edit_build(e, end, sfs_btree_edit_nr(e),
					     sfs_btree_of(e->right));
			sfs_block_put(e->right);
		}
		sfs_btree_copy_items(e->bt, plan->scratch, e->block_bytes);
	}
}

/*
 * Insert at the end of a writable path, or replace the value there, where
 * that takes building blocks again.  Nothing has changed on error.
 */
int sfs_btree_grow(struct sfs_trans *tr, struct sfs_tree *tree,
		   struct sfs_btree_path *path, const struct sfs_bkey *key,
		   const void *val, unsigned int len)
{
	unsigned int block_bytes;
	struct sfs_btree_plan *plan;
	int ret = -ENOMEM;

	block_bytes = sfs_volume_block_bytes(sfs_trans_volume(tr));
	plan = kzalloc(sizeof(*plan), GFP_NOFS);
	if (!plan)
		return -ENOMEM;
	plan->scratch = kvmalloc(block_bytes, GFP_NOFS);
	if (!plan->scratch)
		goto out;

	plan->edits[0].idx = path->idx[0];
	plan->edits[0].is_replaced = path->found;
	plan->edits[0].key = *key;
	plan->edits[0].val = val;
	plan->edits[0].len = len;
	ret = sfs_btree_plan_levels(plan, path, block_bytes);
	if (ret)
		goto out;
	ret = sfs_btree_plan_alloc(plan, tr, tree);
	if (ret)
		sfs_btree_plan_unalloc(plan, tr);
	else
		sfs_btree_plan_apply(plan, tree);
out:
	kvfree(plan->scratch);
	kfree(plan);
	return ret;
}

/* ---- writable paths --------------------------------------------------------- */

/* Make the blocks of a path writable, from the root down to a level. */
int sfs_btree_dirty_path(struct sfs_trans *tr, struct sfs_tree *tree,
			 struct sfs_btree_path *path, u8 bottom)
{
	u64 seq = sfs_trans_seq(tr);
	struct sfs_btree_block *parent;
	struct sfs_ref ref;
	unsigned int l;
	int ret;

	for (l = path->height; l-- > bottom; ) {
		if (path->blk[l]->seq == seq)
			continue;
		parent = NULL;
		ref = tree->ref;
		if (l + 1 < path->height) {
			parent = sfs_btree_of(path->blk[l + 1]);
			sfs_btree_child(parent, path->idx[l + 1], &ref);
		}
		ret = sfs_block_dirty(tr, &path->blk[l], &ref);
		if (ret)
			return ret;
		if (parent)
			sfs_btree_set_child(parent, path->idx[l + 1], &ref);
		else
			tree->ref = ref;
	}
	return 0;
}

/* ---- removal ---------------------------------------------------------------- */

/* Bytes of one block's items under a prefix that is not shorter than needed. */
static unsigned int sfs_btree_bytes_under(const struct sfs_btree_block *bt,
					  unsigned int block_bytes,
					  unsigned int prefix)
{
	unsigned int bytes = sfs_btree_used(bt, block_bytes);

	if (bt->prefix_len > prefix)
		bytes += sfs_btree_nr(bt) * (bt->prefix_len - prefix);
	return bytes;
}

/*
 * What two neighbours have in common.  False when their items are not in
 * order, which a damaged neighbour may cause.
 */
static bool sfs_btree_merge_prefix(const struct sfs_btree_block *left,
				   const struct sfs_btree_block *right,
				   const struct sfs_bkey *sep,
				   struct sfs_bkey *first, unsigned int *prefix)
{
	unsigned int skip = sfs_btree_first(left);
	struct sfs_bkey last = *sep;
	struct sfs_bkey key;

	if (sfs_btree_nr(right) > skip) {
		sfs_btree_key(right, skip, &key);
		if (sfs_bkey_cmp(&key, sep) < (int)skip)
			return false;
		sfs_btree_key(right, sfs_btree_nr(right) - 1, &last);
	}
	*first = *sep;
	if (sfs_btree_nr(left) > skip) {
		sfs_btree_key(left, sfs_btree_nr(left) - 1, &key);
		if (sfs_bkey_cmp(&key, sep) >= 0)
			return false;
		sfs_btree_key(left, skip, first);
	}
	*prefix = sfs_bkey_common(first, &last);
	return true;
}

static void sfs_btree_merge_add(struct sfs_btree_block *dst,
				const struct sfs_btree_block *src,
				const struct sfs_bkey *first)
{
	unsigned int nr = sfs_btree_nr(src);
	struct sfs_bkey key;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct sfs_bkey *use = &key;

		if (src->level && i == 0)
			use = first;
		else
			sfs_btree_key(src, i, &key);
		sfs_btree_build_add(dst, use, sfs_btree_val(src, i),
				    sfs_btree_val_len(src, i));
	}
}

/* Build both blocks' items as one in scratch, if they fit with some slack. */
static bool sfs_btree_merge_build(const struct sfs_btree_block *left,
				  const struct sfs_btree_block *right,
				  const struct sfs_bkey *sep,
				  struct sfs_btree_block *scratch,
				  unsigned int block_bytes)
{
	unsigned int space = sfs_btree_space(block_bytes);
	struct sfs_bkey first;
	unsigned int prefix;
	unsigned int bytes;

	if (!sfs_btree_merge_prefix(left, right, sep, &first, &prefix))
		return false;
	bytes = sfs_btree_bytes_under(left, block_bytes, prefix) +
		sfs_btree_bytes_under(right, block_bytes, prefix);
	if (left->level)
		bytes += SFS_KEY_BYTES;
	if (bytes > space - space / 4)
		return false;
	sfs_btree_build_start(scratch, block_bytes, left->level, &first,
			      prefix);
	sfs_btree_merge_add(scratch, left, NULL);
	sfs_btree_merge_add(scratch, right, sep);
	return true;
}

/*
 * Take over the items of the neighbour to the left or right.  The path's
 * block and its parent are writable; the neighbour need not be.
 */
static bool sfs_btree_merge(struct sfs_trans *tr, struct sfs_tree *tree,
			    struct sfs_btree_path *path, u8 level,
			    bool to_left, void *scratch)
{
	struct sfs_volume *vol = sfs_trans_volume(tr);
	unsigned int block_bytes = sfs_volume_block_bytes(vol);
	struct sfs_btree_block *parent = sfs_btree_of(path->blk[level + 1]);
	struct sfs_btree_block *bt = sfs_btree_of(path->blk[level]);
	unsigned int idx = path->idx[level + 1];
	unsigned int other = to_left ? idx - 1 : idx + 1;
	struct sfs_btree_block *sib;
	struct sfs_block *blk;
	struct sfs_bkey sep;
	struct sfs_ref own;
	struct sfs_ref ref;
	bool done;

	if (to_left ? idx == 0 : other == sfs_btree_nr(parent))
		return false;
	sfs_btree_child(parent, other, &ref);
	if (sfs_btree_read(vol, tree, &ref, level, &blk))
		return false;
	sib = sfs_btree_of(blk);
	sfs_btree_key(parent, max(idx, other), &sep);
	done = sfs_btree_merge_build(to_left ? sib : bt, to_left ? bt : sib,
				     &sep, scratch, block_bytes);
	sfs_block_put(blk);
	if (!done)
		return false;

	sfs_btree_copy_items(bt, scratch, block_bytes);
	sfs_btree_child(parent, idx, &own);
	sfs_btree_set_child(parent, min(idx, other), &own);
	sfs_btree_remove(parent, max(idx, other), max(idx, other) + 1);
	path->idx[level + 1] = min(idx, other);
	sfs_block_free(tr, &ref);
	return true;
}

/* A root with a single child is not needed. */
static void sfs_btree_collapse(struct sfs_trans *tr, struct sfs_tree *tree)
{
	struct sfs_volume *vol = sfs_trans_volume(tr);
	struct sfs_ref ref = tree->ref;
	struct sfs_block *blk;
	bool is_single;

	while (tree->height > 1 &&
	       !sfs_btree_read(vol, tree, &ref, tree->height - 1, &blk)) {
		is_single = sfs_btree_nr(sfs_btree_of(blk)) == 1;
		if (is_single)
			sfs_btree_child(sfs_btree_of(blk), 0, &tree->ref);
		sfs_block_put(blk);
		if (!is_single)
			break;
		sfs_block_free(tr, &ref);
		ref = tree->ref;
		tree->height--;
	}
}

/*
 * Items were removed at a level: merge what became small, upwards as long as
 * that happens.  Merging is not owed to anyone: where a neighbour cannot be
 * read or memory is short it is left to a later removal.
 */
static void sfs_btree_rebalance(struct sfs_trans *tr, struct sfs_tree *tree,
				struct sfs_btree_path *path, u8 level)
{
	unsigned int block_bytes;
	void *scratch = NULL;
	unsigned int l;

	block_bytes = sfs_volume_block_bytes(sfs_trans_volume(tr));
	for (l = level; l + 1 < path->height; l++) {
		if (sfs_btree_used(sfs_btree_of(path->blk[l]), block_bytes) >=
		    sfs_btree_space(block_bytes) / 4)
			break;
		if (!scratch)
			scratch = kvmalloc(block_bytes,
					   GFP_NOFS | __GFP_NOWARN);
		if (!scratch)
			break;
		if (!sfs_btree_merge(tr, tree, path, l, false, scratch) &&
		    !sfs_btree_merge(tr, tree, path, l, true, scratch))
			break;
	}
	kvfree(scratch);

	if (sfs_btree_nr(sfs_btree_of(path->blk[path->height - 1])) == 1)
		sfs_btree_collapse(tr, tree);
}

/* Free the blocks of a path below a level, whose parents lead to them. */
static void sfs_btree_free_below(struct sfs_trans *tr, struct sfs_tree *tree,
				 struct sfs_btree_path *path, u8 level)
{
	struct sfs_ref ref;
	unsigned int l;

	for (l = path->bottom; l < level; l++) {
		ref = tree->ref;
		if (l + 1 < path->height)
			sfs_btree_child(sfs_btree_of(path->blk[l + 1]),
					path->idx[l + 1], &ref);
		sfs_block_free(tr, &ref);
	}
}

/*
 * Remove the items from, ..., to - 1 at the bottom of a path, with the
 * children they refer to, and the blocks that become empty by that.  The
 * children are leaves.  Nothing has changed on error; afterwards the path is
 * good for nothing but being put.
 */
int sfs_btree_prune(struct sfs_trans *tr, struct sfs_tree *tree,
		    struct sfs_btree_path *path, u8 level, unsigned int from,
		    unsigned int to)
{
	struct sfs_btree_block *bt = sfs_btree_of(path->blk[level]);
	unsigned int f = from;
	unsigned int t = to;
	unsigned int l = level;
	struct sfs_ref ref;
	unsigned int i;
	int ret;

	while (l < path->height && f == 0 &&
	       t == sfs_btree_nr(sfs_btree_of(path->blk[l]))) {
		l++;
		f = l < path->height ? path->idx[l] : 0;
		t = f + 1;
	}
	ret = sfs_btree_dirty_path(tr, tree, path, l);
	if (ret)
		return ret;

	bt = sfs_btree_of(path->blk[level]);
	for (i = from; bt->level && i < to; i++) {
		sfs_btree_child(bt, i, &ref);
		sfs_block_free(tr, &ref);
	}
	sfs_btree_free_below(tr, tree, path, l);
	if (l == path->height) {
		memset(&tree->ref, 0, sizeof(tree->ref));
		tree->height = 0;
		return 0;
	}
	sfs_btree_remove(sfs_btree_of(path->blk[l]), f, t);
	sfs_btree_rebalance(tr, tree, path, l);
	return 0;
}
