// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mount table, grants of space to mounts and returns from them.
 *
 * A grant is named by an id that grows: its extents stand in GRANT items until
 * the mount's record says that it has them.  A return is named likewise: its
 * extents stand in a tree of the mount's until the mount item says that they
 * were taken, and a cursor there says how many of them already were.
 */
#include "fs/coord/coord.h"

static struct sfs_key mount_key(u32 slot)
{
	return SFS_KEY(SFS_VOL_MOUNT, 0, slot, 0);
}

int sfs_mount_item_read(struct sfs_leader *ld, u32 slot,
			struct sfs_disk_mount *item)
{
	struct sfs_key key = mount_key(slot);
	int ret = sfs_btree_lookup(ld->vol, &ld->tree, &key, item,
				   sizeof(*item));

	if (ret >= 0 && ret != sizeof(*item)) {
		sfs_err(ld->vol, "mount slot %u: mount-item-size: corrupt",
			slot);
		return -EUCLEAN;
	}
	return min(ret, 0);
}

int sfs_mount_item_write(struct sfs_leader *ld, u32 slot,
			 const struct sfs_disk_mount *item)
{
	struct sfs_key key = mount_key(slot);

	return sfs_btree_set(&ld->trans, &ld->tree, &key, item, sizeof(*item));
}

int sfs_mount_item_next(struct sfs_leader *ld, u32 *slot,
			struct sfs_disk_mount *item)
{
	struct sfs_key last = SFS_KEY(SFS_VOL_MOUNT, 0, U32_MAX, 0);
	struct sfs_key key = SFS_KEY(SFS_VOL_MOUNT, 0, *slot, 0);
	int ret;

	mutex_lock(&ld->lock);
	ret = sfs_btree_next(ld->vol, &ld->tree, &key, &last, item,
			     sizeof(*item));
	mutex_unlock(&ld->lock);
	if (ret >= 0 && ret != sizeof(*item))
		ret = -EUCLEAN;
	*slot = key.a;
	return min(ret, 0);
}

/* ---- grants ---------------------------------------------------------------------- */

static struct sfs_key grant_key(u8 space, u32 slot, u64 id, u64 start)
{
	return SFS_KEY(SFS_VOL_GRANT, space, (u64)slot << 48 | id, start);
}

/* Forget one grant that the mount has; -ENOENT when there is none. */
static int drop_one_taken(struct sfs_leader *ld, u8 space, u32 slot,
			  u64 taken_id)
{
	struct sfs_key key = grant_key(space, slot, 0, 0);
	struct sfs_key last = grant_key(space, slot, taken_id, U64_MAX);
	int ret = sfs_leader_begin(ld, 1);

	if (ret)
		return ret;
	ret = sfs_btree_next(ld->vol, &ld->tree, &key, &last, NULL, 0);
	if (ret >= 0)
		ret = sfs_btree_delete(&ld->trans, &ld->tree, &key);
	sfs_leader_end(ld, 1);
	return ret;
}

static int drop_taken(struct sfs_leader *ld, u8 space, u32 slot, u64 taken_id)
{
	int ret;

	do {
		ret = drop_one_taken(ld, space, slot, taken_id);
	} while (!ret);
	return ret == -ENOENT ? 0 : ret;
}

static u64 grantable(struct sfs_leader *ld, u8 space, bool reserve)
{
	u64 have = sfs_free_blocks(ld, space);
	u64 keep = space == SFS_SPACE_META ? sfs_leader_meta_reserve(ld) : 0;

	/* The last few stay with the leader, or it could take nothing back. */
	if (reserve)
		keep /= 4;
	return have > keep ? have - keep : 0;
}

/* range NULL: any place, data of the mount's zone first */
static int take_free(struct sfs_leader *ld, u32 slot, u8 space, u64 want,
		     struct sfs_free_range *range, struct sfs_extent *ext)
{
	if (range)
		return sfs_free_take_at(ld, space, range, want, &ext->start,
					&ext->len);
	if (space == SFS_SPACE_DATA)
		return sfs_zone_take(ld, slot, want, &ext->start, &ext->len);
	return sfs_free_take(ld, space, want, &ext->start, &ext->len);
}

static int grant_one(struct sfs_leader *ld, u32 slot, u8 space, u64 want,
		     bool reserve, struct sfs_free_range *range,
		     struct sfs_grant *grant)
{
	struct sfs_extent *ext = &grant->ext[grant->nr];
	const unsigned int changes = SFS_FREE_CHANGES + 2;
	struct sfs_disk_mount item;
	struct sfs_key key;
	__le64 val;
	int ret;

	ret = sfs_leader_begin(ld, changes);
	if (ret)
		return ret;
	want = min(want, grantable(ld, space, reserve));
	ret = want ? sfs_mount_item_read(ld, slot, &item) : -ENOENT;
	if (ret)
		goto out;
	if (!grant->id)
		grant->id = le64_to_cpu(item.grant_id) + 1;
	ret = take_free(ld, slot, space, want, range, ext);
	if (ret)
		goto out;
	key = grant_key(space, slot, grant->id, ext->start);
	val = cpu_to_le64(ext->len);
	item.grant_id = cpu_to_le64(grant->id);
	ret = sfs_btree_insert(&ld->trans, &ld->tree, &key, &val,
			       sizeof(val)) ?:
	      sfs_mount_item_write(ld, slot, &item);
	if (ret)
		sfs_volume_withdraw(ld->vol, ret, "grant");
	else
		grant->nr++;
out:
	sfs_leader_end(ld, changes);
	return ret;
}

/* Read a grant of before; -ENOENT when there is none, or none of that space. */
static int read_grant(struct sfs_leader *ld, u32 slot, u64 id, u8 space,
		      struct sfs_grant *grant)
{
	struct sfs_key key = grant_key(space, slot, id, 0);
	struct sfs_key last = grant_key(space, slot, id, U64_MAX);
	__le64 len;
	int ret = 0;

	memset(grant, 0, sizeof(*grant));
	grant->id = id;
	grant->space = space;
	mutex_lock(&ld->lock);
	while (grant->nr < SFS_GRANT_EXTENTS) {
		ret = sfs_btree_next(ld->vol, &ld->tree, &key, &last, &len,
				     sizeof(len));
		if (ret < 0)
			break;
		grant->ext[grant->nr].start = key.b;
		grant->ext[grant->nr].len = le64_to_cpu(len);
		grant->nr++;
		sfs_key_inc(&key);
	}
	mutex_unlock(&ld->lock);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	return grant->nr ? 0 : -ENOENT;
}

/* The oldest grant after have_id, made for a request whose reply got lost. */
static int repeat_grant(struct sfs_leader *ld, u32 slot, u64 have_id,
			struct sfs_grant *grant)
{
	struct sfs_disk_mount item;
	u8 space;
	int ret;

	mutex_lock(&ld->lock);
	ret = sfs_mount_item_read(ld, slot, &item);
	mutex_unlock(&ld->lock);
	if (ret)
		return ret == -ENOENT ? -ESTALE : ret;
	if (le64_to_cpu(item.grant_id) <= have_id)
		return -ENOENT;
	ret = -ENOENT;
	for (space = SFS_SPACE_META; space <= SFS_SPACE_DATA; space++) {
		ret = read_grant(ld, slot, have_id + 1, space, grant);
		if (ret != -ENOENT)
			break;
	}
	if (ret == -ENOENT) {
		sfs_err(ld->vol, "mount slot %u: grant-missing: corrupt", slot);
		ret = -EUCLEAN;
	}
	return ret ?: sfs_leader_commit(ld);
}

/* 1: it is one of before, again. */
static int begin_grant(struct sfs_leader *ld, u32 slot, u64 taken_id,
		       u64 have_id, u8 space, struct sfs_grant *grant)
{
	int ret = repeat_grant(ld, slot, have_id, grant);

	if (ret != -ENOENT)
		return ret ?: 1;
	memset(grant, 0, sizeof(*grant));
	grant->space = space;
	return drop_taken(ld, space, slot, taken_id);
}

static int end_grant(struct sfs_leader *ld)
{
	sfs_count(ld->vol, leader_grant);
	return sfs_leader_commit(ld);
}

int sfs_leader_grant(struct sfs_leader *ld, u32 slot, u64 taken_id, u64 have_id,
		     u8 space, u64 want, bool reserve, struct sfs_grant *grant)
{
	u64 got = 0;
	int ret = 0;

	if (space == SFS_SPACE_DATA)
		ret = sfs_zone_load(ld);
	if (!ret)
		ret = begin_grant(ld, slot, taken_id, have_id, space, grant);
	while (!ret && got < want && grant->nr < SFS_GRANT_EXTENTS) {
		ret = grant_one(ld, slot, space, want - got, reserve, NULL,
				grant);
		if (!ret)
			got += grant->ext[grant->nr - 1].len;
	}
	if (ret == -ENOENT)
		ret = got ? 0 : -ENOSPC;
	return ret ? min(ret, 0) : end_grant(ld);
}

int sfs_leader_grant_at(struct sfs_leader *ld, u32 slot, u64 taken_id,
			u64 have_id, const struct sfs_free_range *range,
			u64 want, struct sfs_grant *grant)
{
	struct sfs_free_range rest = *range;
	u64 half;
	int ret;

	ret = begin_grant(ld, slot, taken_id, have_id, SFS_SPACE_DATA, grant);
	/* others must not find the volume full because of this */
	mutex_lock(&ld->lock);
	half = sfs_free_blocks(ld, SFS_SPACE_DATA) / 2;
	mutex_unlock(&ld->lock);
	want = min(want, max(half, max_t(u64, range->min_len, 1)));
	while (!ret && !grant->nr) {
		ret = grant_one(ld, slot, SFS_SPACE_DATA, want, false, &rest,
				grant);
		/* the lock is free for others in between */
		if (ret == -EAGAIN)
			ret = 0;
	}
	if (ret == -ENOENT)
		ret = -ENOSPC;
	return ret ? min(ret, 0) : end_grant(ld);
}

/* ---- returns ----------------------------------------------------------------------- */

#define SFS_RETURN_BATCH	2

struct return_batch {
	struct {
		u8 space;
		u64 start;
		u64 len;
	} ext[SFS_RETURN_BATCH];
	unsigned int nr;
};

/* Extents of a return tree from the cursor's key on. */
static int read_batch(struct sfs_leader *ld, struct sfs_tree *tree,
		      struct sfs_key *key, struct return_batch *batch)
{
	struct sfs_key last = SFS_KEY_MAX;
	__le64 val;
	int ret = 0;

	batch->nr = 0;
	while (batch->nr < SFS_RETURN_BATCH) {
		ret = sfs_btree_next(ld->vol, tree, key, &last, &val,
				     sizeof(val));
		if (ret < 0)
			break;
		if (key->ino != SFS_SPACE_META && key->ino != SFS_SPACE_DATA) {
			sfs_err(ld->vol, "return tree: item-value: corrupt");
			return -EUCLEAN;
		}
		batch->ext[batch->nr].space = key->ino;
		batch->ext[batch->nr].start = key->a;
		batch->ext[batch->nr].len = le64_to_cpu(val);
		batch->nr++;
		sfs_key_inc(key);
	}
	return ret == -ENOENT || ret > 0 ? 0 : ret;
}

static int skip_items(struct sfs_leader *ld, struct sfs_tree *tree,
		      struct sfs_key *key, u64 nr)
{
	struct sfs_key last = SFS_KEY_MAX;
	int ret;

	while (nr--) {
		ret = sfs_btree_next(ld->vol, tree, key, &last, NULL, 0);
		if (ret < 0)
			return ret == -ENOENT ? -EUCLEAN : ret;
		sfs_key_inc(key);
	}
	return 0;
}

static int take_batch(struct sfs_leader *ld, u32 slot,
		      const struct return_batch *batch)
{
	const unsigned int changes = SFS_RETURN_BATCH * SFS_FREE_CHANGES + 1;
	struct sfs_disk_mount item;
	unsigned int i;
	int ret;

	ret = sfs_leader_begin(ld, changes);
	if (ret)
		return ret;
	ret = sfs_mount_item_read(ld, slot, &item);
	for (i = 0; !ret && i < batch->nr; i++)
		ret = sfs_free_add(ld, batch->ext[i].space,
				   batch->ext[i].start, batch->ext[i].len);
	if (!ret) {
		le64_add_cpu(&item.return_cursor, batch->nr);
		ret = sfs_mount_item_write(ld, slot, &item);
		if (ret)
			sfs_volume_withdraw(ld->vol, ret, "return");
	}
	sfs_leader_end(ld, changes);
	return ret;
}

/* All extents are taken: so are the tree's own blocks, and the id is done. */
static int finish_return(struct sfs_leader *ld, u32 slot, u64 id,
			 struct sfs_tree *tree)
{
	struct sfs_disk_mount item;
	int ret;

	ret = sfs_leader_begin(ld, 1);
	if (ret)
		return ret;
	ret = sfs_mount_item_read(ld, slot, &item);
	if (!ret) {
		item.return_cursor = 0;
		item.return_id = cpu_to_le64(id);
		ret = sfs_mount_item_write(ld, slot, &item);
	}
	if (!ret) {
		ret = sfs_btree_free_blocks(&ld->trans, tree);
		if (ret)
			sfs_volume_withdraw(ld->vol, ret, "return");
	}
	sfs_leader_end(ld, 1);
	return ret;
}

int sfs_leader_return(struct sfs_leader *ld, u32 slot, u64 id,
		      const struct sfs_tree *ret_tree)
{
	struct sfs_tree tree = *ret_tree;
	struct sfs_key key = SFS_KEY_MIN;
	struct sfs_disk_mount item;
	struct return_batch batch;
	int ret;

	mutex_lock(&ld->lock);
	ret = sfs_mount_item_read(ld, slot, &item);
	mutex_unlock(&ld->lock);
	if (ret || le64_to_cpu(item.return_id) >= id)
		return ret;
	ret = skip_items(ld, &tree, &key, le64_to_cpu(item.return_cursor));
	while (!ret) {
		ret = read_batch(ld, &tree, &key, &batch);
		if (ret || !batch.nr)
			break;
		ret = take_batch(ld, slot, &batch);
	}
	if (!ret)
		ret = finish_return(ld, slot, id, &tree);
	if (ret)
		return ret;
	sfs_count(ld->vol, leader_return);
	return sfs_leader_commit(ld);
}
