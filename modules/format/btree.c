// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copy-on-write btrees: the calls for one item.
 */
#include "format/btree_priv.h"

enum sfs_btree_mode {
	SFS_BTREE_INSERT	= 1 << 0,	/* the key may be new */
	SFS_BTREE_UPDATE	= 1 << 1,	/* the key may be there */
};

void sfs_tree_init(struct sfs_tree *tree, u64 owner)
{
	memset(&tree->ref, 0, sizeof(tree->ref));
	tree->height = 0;
	tree->owner = owner;
}
EXPORT_SYMBOL_GPL(sfs_tree_init);

void sfs_tree_from_disk(struct sfs_tree *tree, const struct sfs_disk_tree *disk,
			u64 owner)
{
	sfs_tree_init(tree, owner);
	sfs_ref_from_disk(&tree->ref, &disk->ref);
	tree->height = disk->height;
}
EXPORT_SYMBOL_GPL(sfs_tree_from_disk);

void sfs_tree_to_disk(struct sfs_disk_tree *disk, const struct sfs_tree *tree)
{
	memset(disk, 0, sizeof(*disk));
	sfs_ref_to_disk(&disk->ref, &tree->ref);
	disk->height = tree->height;
}
EXPORT_SYMBOL_GPL(sfs_tree_to_disk);

/* Copy a value out; returns its full length. */
static int sfs_btree_copy_val(const struct sfs_btree_block *bt,
			      unsigned int idx, void *val, unsigned int size)
{
	unsigned int len = sfs_btree_val_len(bt, idx);

	size = min(size, len);
	if (size)
		memcpy(val, sfs_btree_val(bt, idx), size);
	return len;
}

int sfs_btree_lookup(struct sfs_volume *vol, struct sfs_tree *tree,
		     const struct sfs_key *key, void *val, unsigned int size)
{
	struct sfs_ref ref = tree->ref;
	unsigned int level = tree->height;
	struct sfs_btree_block *bt;
	struct sfs_block *blk;
	struct sfs_bkey bkey;
	unsigned int idx;
	bool found;
	int ret;

	ret = sfs_tree_check(tree);
	if (ret)
		return ret;
	if (!level)
		return -ENOENT;

	sfs_bkey_encode(&bkey, key);
	while (level--) {
		ret = sfs_btree_read(vol, tree, &ref, level, &blk);
		if (ret)
			return ret;
		bt = sfs_btree_of(blk);
		if (level) {
			idx = sfs_btree_search_child(bt, &bkey);
			sfs_btree_child(bt, idx, &ref);
		} else {
			idx = sfs_btree_search(bt, &bkey, &found);
			ret = found ? sfs_btree_copy_val(bt, idx, val, size) :
				      -ENOENT;
		}
		sfs_block_put(blk);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_btree_lookup);

/* The item at the end of a path. */
static int sfs_btree_take_item(const struct sfs_btree_path *path,
			       struct sfs_key *key, struct sfs_bkey *bkey,
			       void *val, unsigned int size)
{
	const struct sfs_btree_block *bt = sfs_btree_of(path->blk[0]);

	sfs_btree_key(bt, path->idx[0], bkey);
	sfs_key_decode(key, bkey->bytes, SFS_KEY_BYTES);
	return sfs_btree_copy_val(bt, path->idx[0], val, size);
}

int sfs_btree_next(struct sfs_volume *vol, struct sfs_tree *tree,
		   struct sfs_key *key, const struct sfs_key *last, void *val,
		   unsigned int size)
{
	struct sfs_btree_path path;
	struct sfs_bkey bkey;
	struct sfs_bkey blast;
	struct sfs_key found;
	int ret;

	ret = sfs_tree_check(tree);
	if (ret)
		return ret;
	if (!tree->height)
		return -ENOENT;

	sfs_bkey_encode(&bkey, key);
	sfs_bkey_encode(&blast, last);
	sfs_btree_path_init(&path, tree);
	ret = sfs_btree_path_descend(vol, tree, &path, &bkey, 0);
	if (!ret && path.idx[0] == sfs_btree_nr(sfs_btree_of(path.blk[0])))
		ret = sfs_btree_path_next(vol, tree, &path, &blast);
	if (ret > 0)
		ret = -ENOENT;
	if (!ret) {
		ret = sfs_btree_take_item(&path, &found, &bkey, val, size);
		if (sfs_bkey_cmp(&bkey, &blast) > 0)
			ret = -ENOENT;
		else
			*key = found;
	}
	sfs_btree_path_put(&path);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_btree_next);

int sfs_btree_prev(struct sfs_volume *vol, struct sfs_tree *tree,
		   struct sfs_key *key, const struct sfs_key *first, void *val,
		   unsigned int size)
{
	struct sfs_btree_path path;
	struct sfs_bkey bfirst;
	struct sfs_bkey bkey;
	struct sfs_key found;
	int ret;

	ret = sfs_tree_check(tree);
	if (ret)
		return ret;
	if (!tree->height)
		return -ENOENT;

	sfs_bkey_encode(&bkey, key);
	sfs_bkey_encode(&bfirst, first);
	sfs_btree_path_init(&path, tree);
	ret = sfs_btree_path_descend(vol, tree, &path, &bkey, 0);
	if (!ret && !path.found) {
		if (path.idx[0])
			path.idx[0]--;
		else
			ret = sfs_btree_path_prev(vol, tree, &path, &bfirst);
	}
	if (ret > 0)
		ret = -ENOENT;
	if (!ret) {
		ret = sfs_btree_take_item(&path, &found, &bkey, val, size);
		if (sfs_bkey_cmp(&bkey, &bfirst) < 0)
			ret = -ENOENT;
		else
			*key = found;
	}
	sfs_btree_path_put(&path);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_btree_prev);

/* The first item of an empty tree. */
static int sfs_btree_plant(struct sfs_trans *tr, struct sfs_tree *tree,
			   const struct sfs_bkey *key, const void *val,
			   unsigned int len)
{
	struct sfs_block *blk;
	struct sfs_ref ref;
	int ret;

	ret = sfs_block_new(tr, tree->owner, SFS_BLOCK_BTREE, &ref, &blk);
	if (ret)
		return ret;
	sfs_btree_build_start(sfs_btree_of(blk),
			      sfs_volume_block_bytes(sfs_trans_volume(tr)), 0,
			      key, key->len);
	sfs_btree_build_add(sfs_btree_of(blk), key, val, len);
	sfs_block_put(blk);
	tree->ref = ref;
	tree->height = 1;
	return 0;
}

static int sfs_btree_store(struct sfs_trans *tr, struct sfs_tree *tree,
			   const struct sfs_key *key, const void *val,
			   unsigned int len, unsigned int mode)
{
	struct sfs_volume *vol = sfs_trans_volume(tr);
	struct sfs_btree_path path;
	struct sfs_bkey bkey;
	int ret;

	if (len > SFS_VAL_MAX(sfs_volume_block_bytes(vol)))
		return -E2BIG;
	ret = sfs_tree_check(tree);
	if (ret)
		return ret;
	sfs_bkey_encode(&bkey, key);
	if (!tree->height)
		return mode & SFS_BTREE_INSERT ?
			sfs_btree_plant(tr, tree, &bkey, val, len) : -ENOENT;

	sfs_btree_path_init(&path, tree);
	ret = sfs_btree_path_descend(vol, tree, &path, &bkey, 0);
	if (ret)
		goto out;
	ret = path.found ? -EEXIST : -ENOENT;
	if (!(mode & (path.found ? SFS_BTREE_UPDATE : SFS_BTREE_INSERT)))
		goto out;
	ret = sfs_btree_dirty_path(tr, tree, &path, 0);
	if (ret)
		goto out;
	if (!sfs_btree_put(sfs_btree_of(path.blk[0]), path.idx[0], path.found,
			   &bkey, val, len, false))
		ret = sfs_btree_grow(tr, tree, &path, &bkey, val, len);
out:
	sfs_btree_path_put(&path);
	return ret;
}

int sfs_btree_insert(struct sfs_trans *tr, struct sfs_tree *tree,
		     const struct sfs_key *key, const void *val,
		     unsigned int len)
{
	return sfs_btree_store(tr, tree, key, val, len, SFS_BTREE_INSERT);
}
EXPORT_SYMBOL_GPL(sfs_btree_insert);

int sfs_btree_update(struct sfs_trans *tr, struct sfs_tree *tree,
		     const struct sfs_key *key, const void *val,
		     unsigned int len)
{
	return sfs_btree_store(tr, tree, key, val, len, SFS_BTREE_UPDATE);
}
EXPORT_SYMBOL_GPL(sfs_btree_update);

int sfs_btree_set(struct sfs_trans *tr, struct sfs_tree *tree,
		  const struct sfs_key *key, const void *val, unsigned int len)
{
	return sfs_btree_store(tr, tree, key, val, len,
			       SFS_BTREE_INSERT | SFS_BTREE_UPDATE);
}
EXPORT_SYMBOL_GPL(sfs_btree_set);

int sfs_btree_delete(struct sfs_trans *tr, struct sfs_tree *tree,
		     const struct sfs_key *key)
{
	struct sfs_btree_path path;
	struct sfs_bkey bkey;
	int ret;

	ret = sfs_tree_check(tree);
	if (ret)
		return ret;
	if (!tree->height)
		return -ENOENT;
	sfs_bkey_encode(&bkey, key);
	sfs_btree_path_init(&path, tree);
	ret = sfs_btree_path_descend(sfs_trans_volume(tr), tree, &path, &bkey,
				     0);
	if (!ret)
		ret = path.found ? sfs_btree_prune(tr, tree, &path, 0,
						   path.idx[0],
						   path.idx[0] + 1) : -ENOENT;
	sfs_btree_path_put(&path);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_btree_delete);
