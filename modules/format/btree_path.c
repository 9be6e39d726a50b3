// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths through a btree: down to a leaf and on to its neighbours.
 *
 * A block was checked by itself when it was read.  What a path adds are the
 * relations between blocks: each has the level its parent's place demands,
 * and its keys lie between the two keys that lead to it.  Without the latter
 * two parents could share a child, and a walk of such an image need not end
 * in anybody's lifetime.  A dirty block passed when it was clean.
 */
#include "format/btree_priv.h"

/* A handle that came from disk is as hostile as a block. */
int sfs_tree_check(const struct sfs_tree *tree)
{
	if (tree->height > SFS_TREE_HEIGHT_MAX ||
	    !tree->height != sfs_ref_is_null(&tree->ref))
		return -EUCLEAN;
	return 0;
}

/* Read a block of a known level. */
int sfs_btree_read(struct sfs_volume *vol, struct sfs_tree *tree,
		   const struct sfs_ref *ref, u8 level, struct sfs_block **ret)
{
	struct sfs_btree_block *bt;
	int err;

	err = sfs_block_read(vol, ref, tree->owner, SFS_BLOCK_BTREE, ret);
	if (err)
		return err;
	bt = sfs_btree_of(*ret);
	if (bt->level != level || !bt->nr_items) {
		sfs_block_put(*ret);
		*ret = NULL;
		return -EUCLEAN;
	}
	return 0;
}

void sfs_btree_path_init(struct sfs_btree_path *path,
			 const struct sfs_tree *tree)
{
	memset(path->blk, 0, sizeof(path->blk));
	path->height = tree->height;
	path->bottom = tree->height;
	path->found = false;
}

void sfs_btree_path_put(struct sfs_btree_path *path)
{
	unsigned int l;

	for (l = path->bottom; l < path->height; l++) {
		if (path->blk[l])
			sfs_block_put(path->blk[l]);
		path->blk[l] = NULL;
	}
	path->bottom = path->height;
}

/* The key that the block at that level may not be below; false: none. */
bool sfs_btree_path_low(const struct sfs_btree_path *path, u8 level,
			struct sfs_bkey *low)
{
	unsigned int l;

	for (l = level + 1; l < path->height; l++) {
		if (path->idx[l]) {
			sfs_btree_key(sfs_btree_of(path->blk[l]), path->idx[l],
				      low);
			return true;
		}
	}
	return false;
}

/* The key that the block at that level must be below; false: none. */
bool sfs_btree_path_high(const struct sfs_btree_path *path, u8 level,
			 struct sfs_bkey *high)
{
	const struct sfs_btree_block *bt;
	unsigned int l;

	for (l = level + 1; l < path->height; l++) {
		bt = sfs_btree_of(path->blk[l]);
		if (path->idx[l] + 1U < sfs_btree_nr(bt)) {
			sfs_btree_key(bt, path->idx[l] + 1, high);
			return true;
		}
	}
	return false;
}

static int sfs_btree_path_check(const struct sfs_btree_path *path, u8 level)
{
	const struct sfs_btree_block *bt = sfs_btree_of(path->blk[level]);
	unsigned int nr = sfs_btree_nr(bt);
	unsigned int first = sfs_btree_first(bt);
	struct sfs_bkey fence;
	struct sfs_bkey key;

	if (first == nr)
		return 0;
	if (sfs_btree_path_low(path, level, &fence)) {
		sfs_btree_key(bt, first, &key);
		if (sfs_bkey_cmp(&key, &fence) < (int)first)
			return -EUCLEAN;
	}
	if (sfs_btree_path_high(path, level, &fence)) {
		sfs_btree_key(bt, nr - 1, &key);
		if (sfs_bkey_cmp(&key, &fence) >= 0)
			return -EUCLEAN;
	}
	return 0;
}

/* Read the block that the path, or the tree, names for a level. */
int sfs_btree_path_read(struct sfs_volume *vol, struct sfs_tree *tree,
			struct sfs_btree_path *path, u8 level)
{
	struct sfs_ref ref = tree->ref;
	int ret;

	if (level + 1 < path->height)
		sfs_btree_child(sfs_btree_of(path->blk[level + 1]),
				path->idx[level + 1], &ref);
	ret = sfs_btree_read(vol, tree, &ref, level, &path->blk[level]);
	if (ret)
		return ret;
	path->bottom = level;
	if (sfs_block_is_dirty(path->blk[level]))
		return 0;
	return sfs_btree_path_check(path, level);
}

/*
 * Extend a path down to a level: in branches towards the key, in the block at
 * the bottom to the child or, in a leaf, to the first item not below the key.
 * The caller puts the path, on error too.
 */
int sfs_btree_path_descend(struct sfs_volume *vol, struct sfs_tree *tree,
			   struct sfs_btree_path *path,
			   const struct sfs_bkey *key, u8 bottom)
{
	const struct sfs_btree_block *bt;
	unsigned int level;
	int ret;

	while (path->bottom > bottom) {
		level = path->bottom - 1;
		ret = sfs_btree_path_read(vol, tree, path, level);
		if (ret)
			return ret;
		bt = sfs_btree_of(path->blk[level]);
		if (level)
			path->idx[level] = sfs_btree_search_child(bt, key);
		else
			path->idx[0] = sfs_btree_search(bt, key, &path->found);
	}
	return 0;
}

/* Go down to the first or the last item below the path's current bottom. */
static int sfs_btree_path_edge(struct sfs_volume *vol, struct sfs_tree *tree,
			       struct sfs_btree_path *path, bool to_last)
{
	unsigned int level;
	int ret;

	while (path->bottom) {
		level = path->bottom - 1;
		ret = sfs_btree_path_read(vol, tree, path, level);
		if (ret)
			return ret;
		path->idx[level] = to_last ?
			sfs_btree_nr(sfs_btree_of(path->blk[level])) - 1 : 0;
	}
	return 0;
}

/* Let go of the blocks below a level. */
void sfs_btree_path_cut(struct sfs_btree_path *path, u8 level)
{
	unsigned int l;

	for (l = path->bottom; l < level; l++) {
		sfs_block_put(path->blk[l]);
		path->blk[l] = NULL;
	}
	path->bottom = level;
}

/*
 * Move to the first item of the next leaf.  Returns 1 when there is none that
 * may hold keys up to the last one wanted.
 */
int sfs_btree_path_next(struct sfs_volume *vol, struct sfs_tree *tree,
			struct sfs_btree_path *path,
			const struct sfs_bkey *last)
{
	const struct sfs_btree_block *bt;
	struct sfs_bkey key;
	unsigned int l;

	for (l = 1; l < path->height; l++) {
		bt = sfs_btree_of(path->blk[l]);
		if (path->idx[l] + 1U < sfs_btree_nr(bt))
			break;
	}
	if (l >= path->height)
		return 1;
	sfs_btree_key(bt, path->idx[l] + 1, &key);
	if (sfs_bkey_cmp(&key, last) > 0)
		return 1;
	sfs_btree_path_cut(path, l);
	path->idx[l]++;
	return sfs_btree_path_edge(vol, tree, path, false);
}

/* Move to the last item of the leaf before; 1 when there is none. */
int sfs_btree_path_prev(struct sfs_volume *vol, struct sfs_tree *tree,
			struct sfs_btree_path *path,
			const struct sfs_bkey *first)
{
	const struct sfs_btree_block *bt;
	struct sfs_bkey key;
	unsigned int l;

	for (l = 1; l < path->height; l++) {
		if (path->idx[l])
			break;
	}
	if (l >= path->height)
		return 1;
	/* all to the left is below the key that leads here */
	bt = sfs_btree_of(path->blk[l]);
	sfs_btree_key(bt, path->idx[l], &key);
	if (sfs_bkey_cmp(&key, first) <= 0)
		return 1;
	sfs_btree_path_cut(path, l);
	path->idx[l]--;
	return sfs_btree_path_edge(vol, tree, path, true);
}
