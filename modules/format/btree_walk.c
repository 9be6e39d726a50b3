// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of items, and all blocks of a tree.
 */
#include "format/btree_priv.h"

/* Read ahead this many bytes of leaves, in halves. */
#define SFS_BTREE_AHEAD_BYTES	(256U << 10)
/* handed to the block cache at once */
#define SFS_BTREE_AHEAD_REFS	16

/* ---- walk ------------------------------------------------------------------ */

/**
 * struct sfs_btree_ahead - what a walk has asked the device for
 * @parent: number of the level 1 block whose children these are
 * @next: first child that was not asked for
 */
struct sfs_btree_ahead {
	u64 parent;
	unsigned int next;
};

/* Start to read the leaves that follow, up to the last key of the range. */
static void sfs_btree_read_ahead(struct sfs_volume *vol,
				 const struct sfs_btree_path *path,
				 const struct sfs_bkey *last,
				 struct sfs_btree_ahead *ahead)
{
	unsigned int window = max_t(unsigned int, 2, SFS_BTREE_AHEAD_BYTES /
						     sfs_volume_block_bytes(vol));
	struct sfs_ref refs[SFS_BTREE_AHEAD_REFS];
	const struct sfs_btree_block *bt;
	struct sfs_bkey key;
	unsigned int nr = 0;
	unsigned int end;

	if (path->height < 2)
		return;
	bt = sfs_btree_of(path->blk[1]);
	if (ahead->parent != path->blk[1]->blkno) {
		ahead->parent = path->blk[1]->blkno;
		ahead->next = path->idx[1] + 1;
	}
	if (ahead->next > path->idx[1] + window / 2)
		return;
	end = min(path->idx[1] + 1 + window, sfs_btree_nr(bt));
	for (; ahead->next < end; ahead->next++) {
		sfs_btree_key(bt, ahead->next, &key);
		if (sfs_bkey_cmp(&key, last) > 0)
			break;
		sfs_btree_child(bt, ahead->next, &refs[nr++]);
		if (nr == SFS_BTREE_AHEAD_REFS) {
			sfs_block_readahead(vol, refs, nr);
			nr = 0;
		}
	}
	sfs_block_readahead(vol, refs, nr);
}

void sfs_btree_readahead(struct sfs_volume *vol, struct sfs_tree *tree)
{
	struct sfs_ref refs[SFS_BTREE_AHEAD_REFS];
	const struct sfs_btree_block *bt;
	struct sfs_block *blk;
	unsigned int nr = 0;
	unsigned int i;

	if (tree->height != 2 || sfs_btree_read(vol, tree, &tree->ref, 1, &blk))
		return;
	bt = sfs_btree_of(blk);
	for (i = 0; i < sfs_btree_nr(bt); i++) {
		sfs_btree_child(bt, i, &refs[nr++]);
		if (nr == SFS_BTREE_AHEAD_REFS) {
			sfs_block_readahead(vol, refs, nr);
			nr = 0;
		}
	}
	sfs_block_readahead(vol, refs, nr);
	sfs_block_put(blk);
}
EXPORT_SYMBOL_GPL(sfs_btree_readahead);

/* Returns what ended the walk, or 0 and whether the range ends in this leaf. */
static int sfs_btree_walk_leaf(const struct sfs_btree_path *path,
			       const struct sfs_bkey *last,
			       sfs_btree_item_fn fn, void *arg, bool *is_over)
{
	const struct sfs_btree_block *bt = sfs_btree_of(path->blk[0]);
	struct sfs_bkey bkey;
	struct sfs_key key;
	unsigned int end;
	unsigned int i;
	bool found;
	int ret;

	end = sfs_btree_search(bt, last, &found);
	if (found)
		end++;
	for (i = path->idx[0]; i < end; i++) {
		sfs_btree_key(bt, i, &bkey);
		sfs_key_decode(&key, bkey.bytes, SFS_KEY_BYTES);
		ret = fn(arg, &key, sfs_btree_val(bt, i),
			 sfs_btree_val_len(bt, i));
		if (ret)
			return ret;
	}
	*is_over = end < sfs_btree_nr(bt);
	return 0;
}

int sfs_btree_walk(struct sfs_volume *vol, struct sfs_tree *tree,
		   const struct sfs_key *first, const struct sfs_key *last,
		   sfs_btree_item_fn fn, void *arg)
{
	struct sfs_btree_ahead ahead = { 0 };
	struct sfs_btree_path path;
	struct sfs_bkey bfirst;
	struct sfs_bkey blast;
	bool is_over = false;
	int ret;

	ret = sfs_tree_check(tree);
	if (ret || !tree->height || sfs_key_cmp(first, last) > 0)
		return ret;
	sfs_bkey_encode(&bfirst, first);
	sfs_bkey_encode(&blast, last);
	sfs_btree_path_init(&path, tree);
	ret = sfs_btree_path_descend(vol, tree, &path, &bfirst, 0);
	while (!ret) {
		sfs_btree_read_ahead(vol, &path, &blast, &ahead);
		ret = sfs_btree_walk_leaf(&path, &blast, fn, arg, &is_over);
		if (ret || is_over)
			break;
		ret = sfs_btree_path_next(vol, tree, &path, &blast);
		if (ret > 0) {
			ret = 0;
			break;
		}
	}
	sfs_btree_path_put(&path);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_btree_walk);

/* ---- deletion of a range ---------------------------------------------------- */

/* A leaf that is dropped unread counts as that many items. */
#define SFS_BTREE_LEAF_ITEMS	4

enum sfs_btree_sweep_state {
	SFS_SWEEP_MORE,		/* go on */
	SFS_SWEEP_OVER,		/* nothing of the range is left */
	SFS_SWEEP_STOP,		/* enough for one call */
};

/**
 * struct sfs_btree_sweep - one call of sfs_btree_delete_range()
 * @tr: transaction
 * @tree: tree
 * @from: nothing of the range is left below
 * @last: last key of the range
 * @items: more of them may be deleted
 * @blocks: more of them may be dirtied
 * @is_started: something was deleted
 */
struct sfs_btree_sweep {
	struct sfs_trans *tr;
	struct sfs_tree *tree;
	struct sfs_bkey from;
	struct sfs_bkey last;
	unsigned int items;
	unsigned int blocks;
	bool is_started;
};

/* Remove items that cost so much, unless the call did enough. */
static int sfs_btree_sweep_prune(struct sfs_btree_sweep *s,
				 struct sfs_btree_path *path, u8 level,
				 unsigned int from, unsigned int to,
				 unsigned int cost)
{
	u64 seq = sfs_trans_seq(s->tr);
	unsigned int nr = 0;
	unsigned int l;
	int ret;

	for (l = level; l < path->height; l++)
		nr += path->blk[l]->seq != seq;
	if (nr > s->blocks)
		return SFS_SWEEP_STOP;
	ret = sfs_btree_prune(s->tr, s->tree, path, level, from, to);
	if (ret)
		return ret;
	s->blocks -= nr;
	s->items -= min(s->items, cost);
	s->is_started = true;
	return SFS_SWEEP_MORE;
}

/*
 * Drop the leaves from the path's child on that lie in the range as a whole;
 * sets *nr_dropped.
 */
static int sfs_btree_sweep_leaves(struct sfs_btree_sweep *s,
				  struct sfs_btree_path *path,
				  unsigned int *nr_dropped)
{
	const struct sfs_btree_block *bt = sfs_btree_of(path->blk[1]);
	unsigned int max = DIV_ROUND_UP(s->items, SFS_BTREE_LEAF_ITEMS);
	unsigned int nr = sfs_btree_nr(bt);
	unsigned int from = path->idx[1];
	struct sfs_bkey high;
	struct sfs_bkey key;
	unsigned int to;
	int ret;

	*nr_dropped = 0;
	memset(&key, 0, sizeof(key));
	if (from)
		sfs_btree_key(bt, from, &key);
	else
		sfs_btree_path_low(path, 1, &key);
	if (sfs_bkey_cmp(&s->from, &key) > 0)
		return SFS_SWEEP_MORE;

	for (to = from; to < nr && to - from < max; to++) {
		if (to + 1 < nr)
			sfs_btree_key(bt, to + 1, &key);
		else if (!sfs_btree_path_high(path, 1, &key))
			break;
		/* all that is below this key is in the range */
		if (sfs_bkey_cmp(&key, &s->last) > 0)
			break;
		high = key;
	}
	if (to == from)
		return SFS_SWEEP_MORE;
	ret = sfs_btree_sweep_prune(s, path, 1, from, to,
				    (to - from) * SFS_BTREE_LEAF_ITEMS);
	if (ret == SFS_SWEEP_MORE) {
		*nr_dropped = to - from;
		s->from = high;
	}
	return ret;
}

/* Delete the items of the path's leaf that are in the range. */
static int sfs_btree_sweep_leaf(struct sfs_btree_sweep *s,
				struct sfs_btree_path *path)
{
	const struct sfs_btree_block *bt = sfs_btree_of(path->blk[0]);
	unsigned int from = path->idx[0];
	struct sfs_bkey high;
	unsigned int end;
	bool is_last;
	bool found;
	int ret;

	end = sfs_btree_search(bt, &s->last, &found);
	if (found)
		end++;
	is_last = end < sfs_btree_nr(bt) ||
		  !sfs_btree_path_high(path, 0, &high) ||
		  sfs_bkey_cmp(&high, &s->last) > 0;
	if (from < end) {
		unsigned int to = min(end, from + s->items);

		ret = sfs_btree_sweep_prune(s, path, 0, from, to, to - from);
		if (ret != SFS_SWEEP_MORE)
			return ret;
		if (to < end)
			return SFS_SWEEP_STOP;
	}
	if (is_last)
		return SFS_SWEEP_OVER;
	s->from = high;
	return SFS_SWEEP_MORE;
}

static int sfs_btree_sweep_step(struct sfs_btree_sweep *s)
{
	struct sfs_volume *vol = sfs_trans_volume(s->tr);
	struct sfs_btree_path path;
	unsigned int nr_dropped = 0;
	int ret = SFS_SWEEP_MORE;

	if (!s->tree->height)
		return SFS_SWEEP_OVER;
	if (!s->items)
		return SFS_SWEEP_STOP;

	sfs_btree_path_init(&path, s->tree);
	if (path.height > 1) {
		ret = sfs_btree_path_descend(vol, s->tree, &path, &s->from, 1);
		if (!ret)
			ret = sfs_btree_sweep_leaves(s, &path, &nr_dropped);
	}
	if (ret == SFS_SWEEP_MORE && !nr_dropped) {
		ret = sfs_btree_path_descend(vol, s->tree, &path, &s->from, 0);
		if (!ret)
			ret = sfs_btree_sweep_leaf(s, &path);
	}
	sfs_btree_path_put(&path);
	return ret;
}

int sfs_btree_delete_range(struct sfs_trans *tr, struct sfs_tree *tree,
			   const struct sfs_key *first,
			   const struct sfs_key *last, unsigned int max_items)
{
	struct sfs_btree_sweep s = {
		.tr = tr,
		.tree = tree,
		.items = max(max_items, 1U),
		.blocks = SFS_BTREE_DIRTY_MAX(tree->height) + max_items / 4,
	};
	struct sfs_key key;
	int ret;

	ret = sfs_tree_check(tree);
	if (ret || sfs_key_cmp(first, last) > 0)
		return ret;
	sfs_bkey_encode(&s.from, first);
	sfs_bkey_encode(&s.last, last);
	do {
		ret = sfs_btree_sweep_step(&s);
	} while (ret == SFS_SWEEP_MORE);

	if (ret == SFS_SWEEP_OVER)
		return 0;
	if (ret == SFS_SWEEP_STOP) {
		sfs_key_decode(&key, s.from.bytes, SFS_KEY_BYTES);
		ret = sfs_btree_next(sfs_trans_volume(tr), tree, &key, last,
				     NULL, 0);
		return ret != -ENOENT;
	}
	/* the next call will meet the error again before it changes anything */
	return s.is_started ? 1 : ret;
}
EXPORT_SYMBOL_GPL(sfs_btree_delete_range);

/* ---- all blocks ------------------------------------------------------------- */

/* Move a path whose bottom was visited to the next block, if there is one. */
static bool sfs_btree_visit_advance(struct sfs_btree_path *path, u8 *level)
{
	unsigned int l;

	for (l = *level + 1; l < path->height; l++) {
		sfs_btree_path_cut(path, l);
		if (++path->idx[l] < sfs_btree_nr(sfs_btree_of(path->blk[l]))) {
			*level = l - 1;
			return true;
		}
	}
	return false;
}

/* Visit the blocks from a level up. */
static int sfs_btree_visit(struct sfs_volume *vol, struct sfs_tree *tree,
			   u8 bottom, sfs_btree_block_fn fn, void *arg)
{
	struct sfs_btree_path path;
	u8 level = tree->height - 1;
	struct sfs_ref ref;
	int err;
	int ret;

	sfs_btree_path_init(&path, tree);
	for (;;) {
		ref = tree->ref;
		if (level + 1 < path.height)
			sfs_btree_child(sfs_btree_of(path.blk[level + 1]),
					path.idx[level + 1], &ref);
		err = sfs_btree_path_read(vol, tree, &path, level);
		ret = fn(arg, &ref, level, err ? NULL : path.blk[level], err);
		if (ret)
			break;
		if (!err && level > bottom) {
			path.idx[level--] = 0;
			continue;
		}
		if (!sfs_btree_visit_advance(&path, &level))
			break;
	}
	sfs_btree_path_put(&path);
	return ret;
}

int sfs_btree_visit_blocks(struct sfs_volume *vol, struct sfs_tree *tree,
			   sfs_btree_block_fn fn, void *arg)
{
	int ret = sfs_tree_check(tree);

	if (ret || !tree->height)
		return ret;
	return sfs_btree_visit(vol, tree, 0, fn, arg);
}
EXPORT_SYMBOL_GPL(sfs_btree_visit_blocks);

/**
 * struct sfs_btree_branches - the branches of a tree, all referenced
 * @blk: referenced blocks
 * @nr: how many
 * @size: room for so many
 */
struct sfs_btree_branches {
	struct sfs_block **blk;
	unsigned int nr;
	unsigned int size;
};

static int sfs_btree_branches_add(void *arg,
				  const struct sfs_ref *ref __always_unused,
				  u8 level __always_unused,
				  struct sfs_block *blk, int err)
{
	struct sfs_btree_branches *b = arg;
	unsigned int size = max(2 * b->size, 16U);
	struct sfs_block **grown;

	if (err)
		return err;
	if (b->nr == b->size) {
		grown = kvmalloc_array(size, sizeof(*grown), GFP_NOFS);
		if (!grown)
			return -ENOMEM;
		if (b->nr)
			memcpy(grown, b->blk, b->nr * sizeof(*grown));
		kvfree(b->blk);
		b->blk = grown;
		b->size = size;
	}
	sfs_block_get(blk);
	b->blk[b->nr++] = blk;
	return 0;
}

int sfs_btree_free_blocks(struct sfs_trans *tr, struct sfs_tree *tree)
{
	struct sfs_btree_branches b = { NULL };
	struct sfs_ref ref;
	unsigned int i;
	unsigned int k;
	int ret;

	ret = sfs_tree_check(tree);
	if (ret || !tree->height)
		return ret;
	/* All that is needed is in memory before the first block is freed. */
	if (tree->height > 1)
		ret = sfs_btree_visit(sfs_trans_volume(tr), tree, 1,
				      sfs_btree_branches_add, &b);
	for (i = 0; i < b.nr; i++) {
		struct sfs_btree_block *bt = sfs_btree_of(b.blk[i]);

		for (k = 0; !ret && k < sfs_btree_nr(bt); k++) {
			sfs_btree_child(bt, k, &ref);
			sfs_block_free(tr, &ref);
		}
		sfs_block_put(b.blk[i]);
	}
	kvfree(b.blk);
	if (ret)
		return ret;
	sfs_block_free(tr, &tree->ref);
	memset(&tree->ref, 0, sizeof(tree->ref));
	tree->height = 0;
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_btree_free_blocks);

/* ---- checksums -------------------------------------------------------------- */

static u32 sfs_btree_seal(struct sfs_block *blk, unsigned int block_bytes)
{
	struct sfs_block_hdr *hdr = blk->data;
	u32 crc;

	hdr->csum = 0;
	crc = crc32c(~0U, blk->data, block_bytes);
	hdr->csum = cpu_to_le32(crc);
	return crc;
}

/* Take the path to the next child of its bottom that has the seq. */
static bool sfs_btree_find_dirty(struct sfs_btree_path *path, u64 seq)
{
	u8 level = path->bottom;
	const struct sfs_btree_block *bt = sfs_btree_of(path->blk[level]);
	unsigned int nr = sfs_btree_nr(bt);
	struct sfs_ref ref;

	if (level == 0)
		return false;
	for (; path->idx[level] < nr; path->idx[level]++) {
		sfs_btree_child(bt, path->idx[level], &ref);
		if (ref.seq == seq) {
			path->idx[level - 1] = 0;
			return true;
		}
	}
	return false;
}

int sfs_btree_fill_crcs(struct sfs_trans *tr, struct sfs_tree *tree)
{
	struct sfs_volume *vol = sfs_trans_volume(tr);
	u64 seq = sfs_trans_seq(tr);
	struct sfs_btree_path path;
	u32 crc;
	int ret;
	u8 l;

	ret = sfs_tree_check(tree);
	if (ret || !tree->height || tree->ref.seq != seq)
		return ret;
	sfs_btree_path_init(&path, tree);
	path.idx[path.height - 1] = 0;
	ret = sfs_btree_path_read(vol, tree, &path, path.height - 1);
	while (!ret) {
		l = path.bottom;
		if (sfs_btree_find_dirty(&path, seq)) {
			ret = sfs_btree_path_read(vol, tree, &path, l - 1);
			continue;
		}
		crc = sfs_btree_seal(path.blk[l],
				     sfs_volume_block_bytes(vol));
		sfs_btree_path_cut(&path, ++l);
		if (l == path.height) {
			tree->ref.crc = crc;
			break;
		}
		sfs_btree_set_child_crc(sfs_btree_of(path.blk[l]),
					path.idx[l]++, crc);
	}
	sfs_btree_path_put(&path);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_btree_fill_crcs);
