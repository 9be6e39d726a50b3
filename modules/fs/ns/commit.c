// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a mount's commit writes: the mount log, and the mount record that makes
 * the whole transaction visible at once (I1).
 *
 * Everything here but folding and sfs_fs_offer_returns() runs with the
 * transaction closed and nobody inside.
 */
#include "fs/ns/items.h"

static u64 fs_next_seq(void *arg)
{
	struct sfs_fs *fs = arg;

	return sfs_coord_next_seq(&fs->coord);
}

void sfs_root_to_disk(struct sfs_disk_root_entry *disk,
		      const struct sfs_group *grp)
{
	memset(disk, 0, sizeof(*disk));
	sfs_tree_to_disk(&disk->tree, &grp->tree);
	disk->version = cpu_to_le64(grp->version);
	disk->max_meta_seq = cpu_to_le64(grp->max_meta_seq);
	disk->max_data_seq = cpu_to_le64(grp->max_data_seq);
	disk->nr_numbers = cpu_to_le32(grp->nr_numbers);
	disk->nr_inodes = cpu_to_le32(grp->nr_inodes);
	disk->flags = cpu_to_le32(grp->flags);
}

/* Entries that the root map has need no place in the log. */
static int drop_folded(struct sfs_fs *fs)
{
	struct sfs_key first = SFS_KEY(SFS_MLOG_ROOT, 0, 0, 0);
	struct sfs_key last = SFS_KEY(SFS_MLOG_ROOT, 0, U64_MAX, 0);
	int ret;

	if (!fs->mlog_folded)
		return 0;
	do {
		ret = sfs_btree_delete_range(&fs->trans, &fs->mlog, &first,
					     &last, 1024);
	} while (ret > 0);
	fs->mlog_folded = false;
	fs->nr_mlog = 0;
	return ret;
}

static int log_root(struct sfs_fs *fs, struct sfs_group *grp, u64 seq)
{
	struct sfs_key key = SFS_KEY(SFS_MLOG_ROOT, 0, grp->nr, 0);
	struct sfs_disk_mlog_root root;

	grp->version++;
	sfs_root_to_disk(&root.entry, grp);
	/* EX is not given up before this commit is durable, nor if it fails */
	memcpy(sfs_lock_lvb(grp->lock), &root.entry, sizeof(root.entry));
	root.seq = cpu_to_le64(seq);
	fs->nr_mlog++;
	return sfs_btree_set(&fs->trans, &fs->mlog, &key, &root, sizeof(root));
}

/* Before mlog_sem is taken: a group's rwsem comes first. */
static int store_touched(struct sfs_fs *fs)
{
	struct sfs_group *grp;
	int ret = 0;

	list_for_each_entry(grp, &fs->dirty_groups, dirty_link) {
		ret = sfs_touched_commit(&fs->trans, grp);
		if (ret)
			break;
	}
	return ret;
}

static int log_groups(struct sfs_fs *fs, u64 seq)
{
	struct sfs_group *grp, *tmp;
	int ret = 0;

	list_for_each_entry_safe(grp, tmp, &fs->dirty_groups, dirty_link) {
		if (!ret)
			ret = sfs_btree_fill_crcs(&fs->trans, &grp->tree);
		if (!ret)
			ret = log_root(fs, grp, seq);
		list_del_init(&grp->dirty_link);
		sfs_group_put(fs, grp);
	}
	return ret;
}

/*
 * A return that the leader took is history; extents freed since may be offered
 * as the next one.
 */
static int seal_return(struct sfs_fs *fs)
{
	int ret;

	mutex_lock(&fs->freed_lock);
	if (fs->ret.height && fs->return_acked == fs->return_id)
		sfs_tree_init(&fs->ret, fs->freed.owner);
	ret = sfs_btree_fill_crcs(&fs->trans, &fs->freed);
	if (!ret && fs->want_return && !fs->ret.height && fs->freed.height) {
		fs->ret = fs->freed;
		sfs_tree_init(&fs->freed, fs->ret.owner);
		memcpy(fs->ret_blocks, fs->freed_blocks,
		       sizeof(fs->ret_blocks));
		memset(fs->freed_blocks, 0, sizeof(fs->freed_blocks));
		fs->nr_freed = 0;
		fs->return_id++;
		fs->want_return = false;
	}
	mutex_unlock(&fs->freed_lock);
	return ret;
}

/* Those that touch are one, as in a pool. */
static void encode_data_extent(struct sfs_mount_record *rec,
			       const struct sfs_extent *ext)
{
	u32 nr = le32_to_cpu(rec->nr_data_ext);
	struct sfs_disk_extent *disk = &rec->data_ext[nr];

	if (nr && le64_to_cpu(disk[-1].start) + le64_to_cpu(disk[-1].len) ==
		  ext->start) {
		le64_add_cpu(&disk[-1].len, ext->len);
		return;
	}
	if (WARN_ON_ONCE(nr == SFS_RECORD_DATA_EXTENTS))
		return;
	disk->start = cpu_to_le64(ext->start);
	disk->len = cpu_to_le64(ext->len);
	rec->nr_data_ext = cpu_to_le32(nr + 1);
}

/* With what is held beside it, in order. */
static void encode_data_pool(struct sfs_fs *fs, struct sfs_mount_record *rec)
{
	const struct sfs_extent *held = &fs->data_held;
	bool is_due = held->len;
	unsigned int i;

	memset(rec->data_ext, 0, sizeof(rec->data_ext));
	rec->nr_data_ext = 0;
	for (i = 0; i < fs->data_pool.nr; i++) {
		if (is_due && held->start < fs->data_pool.ext[i].start) {
			encode_data_extent(rec, held);
			is_due = false;
		}
		encode_data_extent(rec, &fs->data_pool.ext[i]);
	}
	if (is_due)
		encode_data_extent(rec, held);
}

static void encode_record(struct sfs_fs *fs, u64 seq)
{
	struct sfs_mount_record *rec = fs->rec;
	u64 page = sfs_record_byte(fs->slot, 0) >> SFS_PAGE_SHIFT;
	u64 parity = !(le64_to_cpu(rec->hdr.blkno) & 1);

	rec->hdr.magic = cpu_to_le32(SFS_MAGIC_RECORD);
	rec->hdr.fsid = cpu_to_le64(fs->vol->fsid);
	rec->hdr.blkno = cpu_to_le64(page + parity);
	rec->hdr.seq = cpu_to_le64(seq);
	rec->hdr.owner = cpu_to_le64(fs->slot);
	rec->hdr.type = SFS_BLOCK_RECORD;
	rec->rid = cpu_to_le64(fs->rid);
	rec->slot = cpu_to_le32(fs->slot);
	sfs_tree_to_disk(&rec->mlog, &fs->mlog);
	sfs_tree_to_disk(&rec->freed, &fs->freed);
	sfs_tree_to_disk(&rec->ret, &fs->ret);
	sfs_ref_to_disk(&rec->pool_list, &fs->pool_list);
	rec->return_id = cpu_to_le64(fs->return_id);
	rec->grant_id = cpu_to_le64(fs->grant_id);
	rec->next_group = cpu_to_le64(fs->next_group);
	rec->end_group = cpu_to_le64(fs->end_group);
	rec->inode_delta = cpu_to_le64(atomic64_read(&fs->inode_delta));
	rec->nr_freed_meta = cpu_to_le64(fs->freed_blocks[SFS_SPACE_META] +
					 fs->ret_blocks[SFS_SPACE_META]);
	rec->nr_freed_data = cpu_to_le64(fs->freed_blocks[SFS_SPACE_DATA] +
					 fs->ret_blocks[SFS_SPACE_DATA]);
	encode_data_pool(fs, rec);
}

static int fs_prepare(void *arg, u64 seq)
{
	struct sfs_fs *fs = arg;
	int ret;

	ret = store_touched(fs);
	if (ret)
		return ret;
	down_write(&fs->mlog_sem);
	ret = drop_folded(fs);
	if (!ret)
		ret = log_groups(fs, seq);
	if (!ret)
		ret = sfs_orphans_log(fs);
	if (!ret)
		ret = sfs_btree_fill_crcs(&fs->trans, &fs->mlog);
	up_write(&fs->mlog_sem);
	if (!ret)
		ret = seal_return(fs);
	if (!ret)
		ret = sfs_trans_encode_pool(&fs->trans,
					    SFS_OWNER_POOL(fs->slot),
					    &fs->pool_list, fs->rec->meta_ext,
					    SFS_RECORD_EXTENTS,
					    &fs->rec->nr_meta_ext);
	if (!ret)
		encode_record(fs, seq);
	fs->opened_ns = 0;
	return ret;
}

static int fs_write_root(void *arg, u64 seq)
{
	struct sfs_fs *fs = arg;

	return sfs_record_write(fs->vol, fs->rec);
}

static void fs_start_root(void *arg, u64 seq, struct sfs_io_batch *batch)
{
	struct sfs_fs *fs = arg;

	sfs_record_start(fs->vol, fs->rec, batch);
}

static int fs_settle_root(void *arg)
{
	struct sfs_fs *fs = arg;

	return sfs_record_settle(fs->vol, fs->rec);
}

static void fs_durable(void *arg, u64 seq)
{
	struct sfs_fs *fs = arg;

	WRITE_ONCE(fs->grant_durable, le64_to_cpu(fs->rec->grant_id));
}

static int fs_need_space(void *arg, u64 blocks, unsigned int flags)
{
	return sfs_meta_refill(arg, blocks, flags & SFS_HOLD_RESERVE);
}

const struct sfs_trans_ops sfs_fs_trans_ops = {
	.next_seq	= fs_next_seq,
	.prepare	= fs_prepare,
	.write_root	= fs_write_root,
	.start_root	= fs_start_root,
	.settle_root	= fs_settle_root,
	.durable	= fs_durable,
	.need_space	= fs_need_space,
};

/*
 * Between two commits the log in memory is the durable one: fold it, and let
 * the next commit drop what was folded.
 */
static int fold_locked(struct sfs_fs *fs)
{
	int ret = sfs_trans_settle(&fs->trans);

	if (!ret && fs->mlog.height && fs->nr_mlog && !fs->mlog_folded)
		ret = sfs_coord_fold(&fs->coord, fs->slot, &fs->mlog,
				     fs->trans.durable_seq);
	if (!ret)
		fs->mlog_folded = fs->nr_mlog != 0;
	return ret;
}

int sfs_fs_fold(struct sfs_fs *fs)
{
	int ret;

	mutex_lock(&fs->trans.commit_lock);
	ret = fold_locked(fs);
	mutex_unlock(&fs->trans.commit_lock);
	return ret;
}

int sfs_fs_try_fold(struct sfs_fs *fs)
{
	int ret;

	if (!mutex_trylock(&fs->trans.commit_lock))
		return -EAGAIN;
	ret = fold_locked(fs);
	mutex_unlock(&fs->trans.commit_lock);
	return ret;
}

/* Offer what was freed and let the leader take it: durable on both sides. */
int sfs_fs_offer_returns(struct sfs_fs *fs)
{
	int ret;

	mutex_lock(&fs->return_lock);
	if (fs->return_acked == fs->return_id && fs->freed.height) {
		fs->want_return = true;
		sfs_trans_changed(&fs->trans);
	}
	ret = sfs_trans_commit(&fs->trans);
	if (!ret && fs->return_acked != fs->return_id) {
		mutex_lock(&fs->freed_lock);
		fs->return_sent = fs->return_id;
		mutex_unlock(&fs->freed_lock);
		ret = sfs_coord_return(&fs->coord, fs->slot, fs->return_id,
				       &fs->ret);
		if (!ret) {
			mutex_lock(&fs->freed_lock);
			memset(fs->ret_blocks, 0, sizeof(fs->ret_blocks));
			fs->return_acked = fs->return_id;
			mutex_unlock(&fs->freed_lock);
		}
	}
	mutex_unlock(&fs->return_lock);
	return ret;
}
