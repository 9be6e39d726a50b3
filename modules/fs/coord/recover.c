// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folding mount logs, and taking back what a mount that is gone had.
 *
 * Every step may be repeated: folding compares versions, returns and pools
 * have cursors in the mount item, and the last step removes the mount item and
 * what it stood for at once.  A clean unmount is the same thing done by the
 * mount itself after its last commit.
 */
#include "fs/coord/coord.h"

#define SFS_FOLD_BATCH		4

/* ---- fold -------------------------------------------------------------------------- */

struct fold_batch {
	struct {
		u64 group;
		struct sfs_disk_root_entry entry;
	} root[SFS_FOLD_BATCH];
	unsigned int nr;
};

/*
 * Entries up to folded_seq are in the root map already, or their groups became
 * empty since: they must not come back.
 */
static int read_roots(struct sfs_leader *ld, struct sfs_tree *mlog,
		      u64 folded_seq, u64 *group, struct fold_batch *batch)
{
	struct sfs_key last = SFS_KEY(SFS_MLOG_ROOT, 0, U64_MAX, 0);
	struct sfs_disk_mlog_root root;
	struct sfs_key key;
	int ret;

	batch->nr = 0;
	while (batch->nr < SFS_FOLD_BATCH) {
		key = SFS_KEY(SFS_MLOG_ROOT, 0, *group, 0);
		ret = sfs_btree_next(ld->vol, mlog, &key, &last, &root,
				     sizeof(root));
		if (ret == -ENOENT)
			break;
		if (ret >= 0 && ret != sizeof(root))
			ret = -EUCLEAN;
		if (ret < 0)
			return ret;
		*group = key.a + 1;
		if (le64_to_cpu(root.seq) <= folded_seq)
			continue;
		batch->root[batch->nr].group = key.a;
		batch->root[batch->nr].entry = root.entry;
		batch->nr++;
	}
	return 0;
}

static int apply_batch(struct sfs_leader *ld, const struct fold_batch *batch,
		       u64 stamp)
{
	const unsigned int changes = SFS_FOLD_BATCH * SFS_ROOTMAP_CHANGES;
	unsigned int i;
	int ret;

	ret = sfs_leader_begin(ld, changes);
	if (ret)
		return ret;
	for (i = 0; i < batch->nr && !ret; i++)
		ret = sfs_rootmap_apply(ld, batch->root[i].group,
					&batch->root[i].entry, stamp);
	sfs_leader_end(ld, changes);
	return ret;
}

static int set_folded(struct sfs_leader *ld, u32 slot, u64 seq, u64 stamp)
{
	struct sfs_disk_mount item;
	int ret;

	ret = sfs_leader_begin(ld, 1);
	if (ret)
		return ret;
	ret = sfs_mount_item_read(ld, slot, &item);
	if (!ret) {
		item.folded_seq = cpu_to_le64(seq);
		if (stamp)
			item.folded_at = cpu_to_le64(stamp);
		ret = sfs_mount_item_write(ld, slot, &item);
	}
	sfs_leader_end(ld, 1);
	return ret;
}

static int fold_log(struct sfs_leader *ld, u32 slot,
		    const struct sfs_tree *mlog, u64 seq, u64 stamp,
		    u64 mount_stamp)
{
	struct sfs_tree tree = *mlog;
	struct sfs_disk_mount item;
	struct fold_batch *batch;
	u64 group = 0;
	int ret;

	mutex_lock(&ld->lock);
	ret = sfs_mount_item_read(ld, slot, &item);
	mutex_unlock(&ld->lock);
	if (ret)
		return ret;
	batch = kmalloc(sizeof(*batch), GFP_NOFS);
	if (!batch)
		return -ENOMEM;
	do {
		ret = read_roots(ld, &tree, le64_to_cpu(item.folded_seq),
				 &group, batch);
		if (!ret && batch->nr)
			ret = apply_batch(ld, batch, stamp);
	} while (!ret && batch->nr == SFS_FOLD_BATCH);
	kfree(batch);
	return ret ?: set_folded(ld, slot, seq, mount_stamp);
}

int sfs_leader_fold(struct sfs_leader *ld, u32 slot,
		    const struct sfs_tree *mlog, u64 seq)
{
	u64 stamp = sfs_leader_next_seq(ld);
	int ret;

	if (!stamp)
		return -EIO;
	ret = fold_log(ld, slot, mlog, seq, stamp, stamp) ?:
	      sfs_rootmap_prune(ld);
	if (ret)
		return ret;
	sfs_count(ld->vol, leader_fold);
	return sfs_leader_commit(ld);
}

/*
 * The mount is gone and values of its locks may be older than its last roots:
 * emptied groups are kept while it is in the table, so its stamp stays.
 */
static int fold_dead(struct sfs_leader *ld, u32 slot,
		     const struct sfs_tree *mlog, u64 seq)
{
	u64 stamp = sfs_leader_next_seq(ld);
	int ret;

	if (!stamp)
		return -EIO;
	ret = fold_log(ld, slot, mlog, seq, stamp, 0);
	if (ret)
		return ret;
	sfs_count(ld->vol, leader_fold);
	return sfs_leader_commit(ld);
}

/* ---- recovery of one slot -------------------------------------------------------------- */

struct recovery {
	struct sfs_leader *ld;
	u32 slot;
	struct sfs_mount_record *rec;
	struct sfs_tree mlog;
	struct sfs_tree freed;
	struct sfs_tree ret;
	struct sfs_ref pool_list;
	struct sfs_pool meta;
	struct sfs_pool data;
};

static int load_record(struct recovery *rv, u64 rid)
{
	struct sfs_leader *ld = rv->ld;
	struct sfs_mount_record *rec = rv->rec;
	struct sfs_ref none = { 0 };
	int ret;

	ret = sfs_record_find(ld->vol, rv->slot, rid, rec);
	/* what follows reuses blocks by which it was found */
	if (ret > 0)
		ret = sfs_record_settle(ld->vol, rec);
	if (ret == -ENOENT) {
		sfs_err(ld->vol, "slot %u rid %016llx: record-missing: corrupt",
			rv->slot, rid);
		return -EUCLEAN;
	}
	if (ret)
		return ret;
	sfs_tree_from_disk(&rv->mlog, &rec->mlog, SFS_OWNER_MLOG(rv->slot));
	sfs_tree_from_disk(&rv->freed, &rec->freed, SFS_OWNER_FREED(rv->slot));
	sfs_tree_from_disk(&rv->ret, &rec->ret, SFS_OWNER_FREED(rv->slot));
	sfs_ref_from_disk(&rv->pool_list, &rec->pool_list);
	ret = sfs_pool_read(ld->vol, &rv->meta, SFS_OWNER_POOL(rv->slot),
			    rec->meta_ext, le32_to_cpu(rec->nr_meta_ext),
			    &rv->pool_list);
	return ret ?: sfs_pool_read(ld->vol, &rv->data, 0, rec->data_ext,
				    le32_to_cpu(rec->nr_data_ext), &none);
}

static int recover_orphans(struct recovery *rv)
{
	struct sfs_key last = SFS_KEY(SFS_MLOG_ORPHAN, 0, U64_MAX, 0);
	struct sfs_key key = SFS_KEY(SFS_MLOG_ORPHAN, 0, 0, 0);
	struct sfs_leader *ld = rv->ld;
	struct sfs_key vol_key;
	int ret;

	for (;;) {
		ret = sfs_btree_next(ld->vol, &rv->mlog, &key, &last, NULL, 0);
		if (ret < 0)
			return ret == -ENOENT ? 0 : ret;
		ret = sfs_leader_begin(ld, 1);
		if (ret)
			return ret;
		vol_key = SFS_KEY(SFS_VOL_ORPHAN, 0, key.a, 0);
		ret = sfs_btree_set(&ld->trans, &ld->tree, &vol_key, NULL, 0);
		sfs_leader_end(ld, 1);
		if (ret)
			return ret;
		sfs_key_inc(&key);
	}
}

/* One extent of the pools, numbered through both; -ENOENT past the last. */
static int pool_extent(struct recovery *rv, u32 i, u8 *space,
		       struct sfs_extent *ext)
{
	if (i < rv->meta.nr) {
		*space = SFS_SPACE_META;
		*ext = rv->meta.ext[i];
		return 0;
	}
	i -= rv->meta.nr;
	if (i >= rv->data.nr)
		return -ENOENT;
	*space = SFS_SPACE_DATA;
	*ext = rv->data.ext[i];
	return 0;
}

static int recover_one_extent(struct recovery *rv)
{
	const unsigned int changes = SFS_FREE_CHANGES + 1;
	struct sfs_leader *ld = rv->ld;
	struct sfs_disk_mount item;
	struct sfs_extent ext;
	u8 space;
	int ret;

	ret = sfs_leader_begin(ld, changes);
	if (ret)
		return ret;
	ret = sfs_mount_item_read(ld, rv->slot, &item);
	if (!ret)
		ret = pool_extent(rv, le32_to_cpu(item.cursor), &space, &ext);
	if (!ret)
		ret = sfs_free_add(ld, space, ext.start, ext.len);
	if (!ret) {
		item.flags |= cpu_to_le32(SFS_MOUNT_RECOVERING);
		le32_add_cpu(&item.cursor, 1);
		ret = sfs_mount_item_write(ld, rv->slot, &item);
		if (ret)
			sfs_volume_withdraw(ld->vol, ret, "recovery");
	}
	sfs_leader_end(ld, changes);
	return ret;
}

static int recover_pools(struct recovery *rv)
{
	int ret;

	do {
		ret = recover_one_extent(rv);
	} while (!ret);
	return ret == -ENOENT ? 0 : ret;
}

/* A grant the record does not have goes back to the free trees. */
static int recover_one_grant(struct recovery *rv, u8 space)
{
	const unsigned int changes = SFS_FREE_CHANGES + 1;
	struct sfs_key last = SFS_KEY(SFS_VOL_GRANT, space,
				      (u64)rv->slot << 48 | U64_MAX >> 16,
				      U64_MAX);
	struct sfs_key key = SFS_KEY(SFS_VOL_GRANT, space,
				     (u64)rv->slot << 48, 0);
	struct sfs_leader *ld = rv->ld;
	u64 taken = le64_to_cpu(rv->rec->grant_id);
	__le64 len;
	int ret;

	ret = sfs_leader_begin(ld, changes);
	if (ret)
		return ret;
	ret = sfs_btree_next(ld->vol, &ld->tree, &key, &last, &len,
			     sizeof(len));
	if (ret >= 0) {
		ret = sfs_btree_delete(&ld->trans, &ld->tree, &key);
		if (!ret && (key.a & (U64_MAX >> 16)) > taken)
			ret = sfs_free_add(ld, space, key.b, le64_to_cpu(len));
	}
	sfs_leader_end(ld, changes);
	return ret;
}

static int recover_grants(struct recovery *rv)
{
	u8 space;
	int ret;

	for (space = SFS_SPACE_META; space <= SFS_SPACE_DATA; space++) {
		do {
			ret = recover_one_grant(rv, space);
		} while (!ret);
		if (ret != -ENOENT)
			return ret;
	}
	return 0;
}

static int free_list_block(void *arg, const struct sfs_ref *ref,
			   struct sfs_block *blk)
{
	sfs_block_free(arg, ref);
	return 0;
}

/* The blocks that only the record refers to, and the slot itself. */
static int recover_finish(struct recovery *rv)
{
	struct sfs_key key = SFS_KEY(SFS_VOL_MOUNT, 0, rv->slot, 0);
	struct sfs_leader *ld = rv->ld;
	int ret;

	ret = sfs_leader_begin(ld, 1);
	if (ret)
		return ret;
	ret = sfs_btree_delete(&ld->trans, &ld->tree, &key);
	if (!ret) {
		sfs_zone_forget(ld, rv->slot);
		le64_add_cpu(&ld->sb->nr_inodes,
			     le64_to_cpu(rv->rec->inode_delta));
		ret = sfs_btree_free_blocks(&ld->trans, &rv->mlog) ?:
		      sfs_pool_list_visit(ld->vol, SFS_OWNER_POOL(rv->slot),
					  &rv->pool_list, free_list_block,
					  &ld->trans);
		if (ret)
			sfs_volume_withdraw(ld->vol, ret, "recovery");
	}
	sfs_leader_end(ld, 1);
	return ret ?: sfs_leader_commit(ld);
}

static int recover_record(struct recovery *rv)
{
	u64 id = le64_to_cpu(rv->rec->return_id);
	struct sfs_leader *ld = rv->ld;
	int ret;

	ret = fold_dead(ld, rv->slot, &rv->mlog,
			le64_to_cpu(rv->rec->hdr.seq));
	if (!ret)
		ret = recover_orphans(rv);
	if (!ret && rv->ret.height)
		ret = sfs_leader_return(ld, rv->slot, id, &rv->ret);
	/* What was freed and not offered yet is one more return. */
	if (!ret && rv->freed.height)
		ret = sfs_leader_return(ld, rv->slot, id + 1, &rv->freed);
	return ret ?: recover_pools(rv);
}

static int recover_all_of(struct recovery *rv)
{
	return recover_record(rv) ?: recover_grants(rv) ?: recover_finish(rv);
}

static int recover_only_roots(struct recovery *rv)
{
	return fold_dead(rv->ld, rv->slot, &rv->mlog,
			 le64_to_cpu(rv->rec->hdr.seq));
}

static int recover(struct sfs_leader *ld, u32 slot, u64 rid,
		   int (*step)(struct recovery *rv))
{
	struct recovery rv = { .ld = ld, .slot = slot };
	int ret;

	rv.rec = kmalloc(sizeof(*rv.rec), GFP_NOFS);
	if (!rv.rec)
		return -ENOMEM;
	sfs_pool_init(&rv.meta);
	sfs_pool_init(&rv.data);
	ret = load_record(&rv, rid);
	if (!ret)
		ret = step(&rv);
	if (ret)
		sfs_err(ld->vol, "recovery of slot %u rid %016llx: error %d",
			slot, rid, ret);
	sfs_pool_exit(&rv.meta);
	sfs_pool_exit(&rv.data);
	kfree(rv.rec);
	return ret;
}

int sfs_leader_recover_roots(struct sfs_leader *ld, u32 slot, u64 rid)
{
	return recover(ld, slot, rid, recover_only_roots);
}

int sfs_leader_recover_slot(struct sfs_leader *ld, u32 slot, u64 rid)
{
	return recover(ld, slot, rid, recover_all_of);
}

int sfs_leader_recover_all(struct sfs_leader *ld)
{
	struct sfs_disk_mount item;
	u32 slot = 0;
	u64 rid;
	int ret;

	while ((ret = sfs_mount_item_next(ld, &slot, &item)) == 0) {
		if (ld->vol->read_only) {
			sfs_err(ld->vol, "slot %u needs recovery, but the device is read-only",
				slot);
			return -EROFS;
		}
		rid = le64_to_cpu(item.rid);
		sfs_info(ld->vol, "reclaiming orphan log trees for rid %016llx",
			 rid);
		ret = sfs_leader_recover_slot(ld, slot, rid);
		if (ret)
			return ret;
		sfs_count(ld->vol, reclaimed_open_logs);
	}
	return ret == -ENOENT ? 0 : ret;
}
