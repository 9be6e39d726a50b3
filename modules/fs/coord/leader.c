// SPDX-License-Identifier: GPL-2.0-only
/*
 * The leader's pipeline: the volume tree under the super block.
 *
 * The leader's own metadata blocks come from a pool that the super holds.  It
 * is filled from the free trees at the start of an operation, while it still
 * has enough for the operation and for filling itself.
 */
#include "fs/coord/coord.h"

/* Seqs are promised by the super in steps of this. */
#define SFS_SEQ_STEP		4096
#define SFS_SEQ_LOW		64
/* And group numbers in steps of this, of 2^48 or more that there are. */
#define SFS_GROUP_STEP		65536
/* The leader's pool is kept between these many blocks. */
#define SFS_LEADER_POOL_LOW	320
#define SFS_LEADER_POOL_FILL	640
#define SFS_LEADER_POOL_HIGH	2048
#define SFS_LEADER_POOL_EXTENTS	120

static struct sfs_leader *leader_of(void *arg)
{
	return arg;
}

static u64 take_seq(struct sfs_leader *ld)
{
	u64 seq;

	spin_lock(&ld->seq_lock);
	seq = ld->next_seq++;
	spin_unlock(&ld->seq_lock);
	return seq;
}

static u64 leader_trans_next_seq(void *arg)
{
	return take_seq(leader_of(arg));
}

/* The transaction is closed: make the super's image. */
static int leader_prepare(void *arg, u64 seq)
{
	struct sfs_leader *ld = arg;
	struct sfs_super_block *sb = ld->sb;
	int ret;

	ret = sfs_btree_fill_crcs(&ld->trans, &ld->tree);
	if (ret)
		return ret;
	sfs_tree_to_disk(&sb->volume, &ld->tree);
	ret = sfs_trans_encode_pool(&ld->trans, SFS_OWNER_LEADER_POOL,
				    &ld->pool_list, sb->pool,
				    SFS_SUPER_EXTENTS, &sb->pool_nr);
	if (ret)
		return ret;
	sfs_ref_to_disk(&sb->pool_list, &ld->pool_list);
	spin_lock(&ld->seq_lock);
	sb->next_seq = cpu_to_le64(ld->next_seq + SFS_SEQ_STEP);
	sb->next_group = cpu_to_le64(ld->next_group + SFS_GROUP_STEP);
	spin_unlock(&ld->seq_lock);
	le64_add_cpu(&sb->hdr.seq, 1);
	memcpy(ld->image, sb, sizeof(*sb));
	return 0;
}

static int leader_write_root(void *arg, u64 seq)
{
	struct sfs_leader *ld = arg;

	return sfs_super_write(ld->vol, ld->image);
}

static void leader_durable(void *arg, u64 seq)
{
	struct sfs_leader *ld = arg;

	spin_lock(&ld->seq_lock);
	ld->seq_limit = le64_to_cpu(ld->image->next_seq);
	ld->group_limit = le64_to_cpu(ld->image->next_group);
	spin_unlock(&ld->seq_lock);
	sfs_count(ld->vol, leader_commit);
}

/* Operations check their space first, see refill_pool(). */
static int leader_need_space(void *arg, u64 blocks, unsigned int flags)
{
	return -ENOSPC;
}

static const struct sfs_trans_ops leader_trans_ops = {
	.next_seq	= leader_trans_next_seq,
	.prepare	= leader_prepare,
	.write_root	= leader_write_root,
	.durable	= leader_durable,
	.need_space	= leader_need_space,
};

static struct lock_class_key leader_commit_key;
static struct lock_class_key leader_trans_key;

static int leader_load(struct sfs_leader *ld)
{
	struct sfs_super_block *sb = ld->sb;
	const char *why;
	u64 seq;
	int ret;

	/* another mount may have led since the volume was opened */
	ret = sfs_super_read(ld->vol->meta, sb, &why);
	if (ret)
		return ret;
	sfs_tree_from_disk(&ld->tree, &sb->volume, SFS_OWNER_VOLUME);
	ld->next_seq = le64_to_cpu(sb->next_seq);
	ld->seq_limit = ld->next_seq;
	ld->next_group = le64_to_cpu(sb->next_group);
	ld->group_limit = ld->next_group;
	seq = take_seq(ld);
	ret = sfs_trans_init(&ld->trans, ld->vol, &leader_trans_ops, ld, seq);
	if (ret)
		return ret;
	/* inside of ld->lock, which is inside of a mount's commit_lock */
	lockdep_set_class(&ld->trans.commit_lock, &leader_commit_key);
	lockdep_set_class(&ld->trans.lock, &leader_trans_key);
	sfs_ref_from_disk(&ld->pool_list, &sb->pool_list);
	return sfs_pool_read(ld->vol, &ld->trans.pool, SFS_OWNER_LEADER_POOL,
			     sb->pool, le32_to_cpu(sb->pool_nr),
			     &ld->pool_list);
}

int sfs_leader_start(struct sfs_volume *vol, struct sfs_leader **ret_ld)
{
	struct sfs_leader *ld;
	int ret = -ENOMEM;

	ld = kzalloc(sizeof(*ld), GFP_KERNEL);
	if (!ld)
		return -ENOMEM;
	ld->vol = vol;
	mutex_init(&ld->lock);
	spin_lock_init(&ld->seq_lock);
	ld->sb = kmalloc(sizeof(*ld->sb), GFP_KERNEL);
	ld->image = kmalloc(sizeof(*ld->image), GFP_KERNEL);
	if (!ld->sb || !ld->image)
		goto err;
	ret = leader_load(ld);
	if (ret) {
		sfs_trans_exit(&ld->trans);
		goto err;
	}
	*ret_ld = ld;
	return 0;

err:
	kfree(ld->sb);
	kfree(ld->image);
	kfree(ld);
	return ret;
}

void sfs_leader_stop(struct sfs_leader *ld)
{
	if (!ld)
		return;
	sfs_trans_exit(&ld->trans);
	mutex_destroy(&ld->lock);
	kfree(ld->sb);
	kfree(ld->image);
	kfree(ld);
}

int sfs_leader_commit(struct sfs_leader *ld)
{
	return sfs_trans_commit(&ld->trans);
}

/* ---- operations ---------------------------------------------------------------- */

static u64 changes_to_blocks(struct sfs_leader *ld, unsigned int nr_changes)
{
	return (u64)nr_changes * SFS_BTREE_DIRTY_MAX(ld->tree.height + 1);
}

static int refill_pool(struct sfs_leader *ld)
{
	u64 start, len;
	int ret;

	ret = sfs_free_take(ld, SFS_SPACE_META, SFS_LEADER_POOL_FILL, &start,
			    &len);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	return sfs_trans_add_space(&ld->trans, start, len);
}

/* Give fragments back so that the pool fits the super. */
static int drain_pool(struct sfs_leader *ld)
{
	struct sfs_trans *tr = &ld->trans;
	struct sfs_extent ext;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 4 && !ret; i++) {
		mutex_lock(&tr->lock);
		if ((tr->pool.nr <= SFS_LEADER_POOL_EXTENTS &&
		     tr->pool.total <= SFS_LEADER_POOL_HIGH) ||
		    tr->pool.total <= SFS_LEADER_POOL_FILL) {
			mutex_unlock(&tr->lock);
			break;
		}
		ext = tr->pool.ext[tr->pool.nr - 1];
		ext.len = min_t(u64, ext.len,
				tr->pool.total - SFS_LEADER_POOL_FILL);
		ret = sfs_pool_remove(&tr->pool, ext.start, ext.len);
		mutex_unlock(&tr->lock);
		if (!ret)
			ret = sfs_free_add(ld, SFS_SPACE_META, ext.start,
					   ext.len);
	}
	return ret;
}

static int balance_pool(struct sfs_leader *ld)
{
	u64 blocks = changes_to_blocks(ld, 4 * SFS_FREE_CHANGES);
	struct sfs_trans *tr = &ld->trans;
	int ret;

	if (tr->pool.total >= SFS_LEADER_POOL_LOW &&
	    tr->pool.total <= SFS_LEADER_POOL_HIGH &&
	    tr->pool.nr <= SFS_LEADER_POOL_EXTENTS)
		return 0;
	ret = sfs_trans_hold(tr, blocks, SFS_HOLD_RESERVE);
	if (ret)
		return ret == -ENOSPC ? 0 : ret;
	if (tr->pool.total < SFS_LEADER_POOL_LOW)
		ret = refill_pool(ld);
	else
		ret = drain_pool(ld);
	sfs_trans_release(tr, blocks);
	return ret;
}

int sfs_leader_begin(struct sfs_leader *ld, unsigned int nr_changes)
{
	u64 blocks = changes_to_blocks(ld, nr_changes);
	int ret;
	int i;

	mutex_lock(&ld->lock);
	ret = balance_pool(ld);
	/* What the open transaction freed is usable once it is durable. */
	for (i = 0; !ret && i < 4; i++) {
		ret = sfs_trans_hold(&ld->trans, blocks, SFS_HOLD_RESERVE);
		if (ret != -ENOSPC)
			break;
		ret = sfs_leader_commit(ld) ?: balance_pool(ld);
		if (!ret && i == 3)
			ret = -ENOSPC;
	}
	if (ret)
		mutex_unlock(&ld->lock);
	return ret;
}

void sfs_leader_end(struct sfs_leader *ld, unsigned int nr_changes)
{
	/* The tree may be higher than at begin: give back what was taken. */
	sfs_trans_release(&ld->trans, ld->trans.reserved);
	mutex_unlock(&ld->lock);
}

/* ---- small services ---------------------------------------------------------------- */

u64 sfs_leader_next_seq(struct sfs_leader *ld)
{
	bool low;
	int ret;

	spin_lock(&ld->seq_lock);
	low = ld->next_seq + SFS_SEQ_LOW >= ld->seq_limit;
	spin_unlock(&ld->seq_lock);
	if (low && !ld->vol->read_only) {
		mutex_lock(&ld->lock);
		sfs_trans_changed(&ld->trans);
		ret = sfs_leader_commit(ld);
		mutex_unlock(&ld->lock);
		if (ret)
			return 0;
	}
	return take_seq(ld);
}

static bool take_groups(struct sfs_leader *ld, u64 nr, u64 *first)
{
	bool is_promised;

	spin_lock(&ld->seq_lock);
	*first = ld->next_group;
	is_promised = nr <= ld->group_limit - ld->next_group;
	if (is_promised)
		ld->next_group += nr;
	spin_unlock(&ld->seq_lock);
	return is_promised;
}

int sfs_leader_group_range(struct sfs_leader *ld, u64 nr, u64 *first)
{
	int ret;

	if (nr > SFS_GROUP_STEP)
		return -EINVAL;
	while (!take_groups(ld, nr, first)) {
		ret = sfs_leader_begin(ld, 0);
		if (ret)
			return ret;
		sfs_trans_changed(&ld->trans);
		sfs_leader_end(ld, 0);
		ret = sfs_leader_commit(ld);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Both copies, so that damage of the newer one does not bring the old list back.  The
 * change is made with the first of them: whether the second could be written is not
 * asked, for a volume that cannot be written withdraws.
 */
int sfs_leader_set_slots(struct sfs_leader *ld, u64 version,
			 const struct sfs_disk_quorum_slot *slots)
{
	struct sfs_super_block *sb = ld->sb;
	int ret;

	ret = sfs_leader_begin(ld, 0);
	if (ret)
		return ret;
	if (le64_to_cpu(sb->quorum_version) == version) {
		sb->quorum_version = cpu_to_le64(version + 1);
		memcpy(sb->quorum, slots, sizeof(sb->quorum));
		sfs_trans_changed(&ld->trans);
	} else {
		ret = -EAGAIN;
	}
	sfs_leader_end(ld, 0);
	if (!ret)
		ret = sfs_leader_commit(ld);
	if (ret)
		return ret;
	mutex_lock(&ld->lock);
	sfs_trans_changed(&ld->trans);
	mutex_unlock(&ld->lock);
	sfs_leader_commit(ld);
	return 0;
}

/*
 * The first record of an incarnation is durable before the mount table names
 * it: whoever is in the table has a record, or the volume is damaged.
 */
static int write_first_record(struct sfs_leader *ld, u64 rid, u32 slot)
{
	struct sfs_mount_record *rec = kzalloc(sizeof(*rec), GFP_KERNEL);
	u64 page = sfs_record_byte(slot, 0) >> SFS_PAGE_SHIFT;
	int ret;

	if (!rec)
		return -ENOMEM;
	rec->hdr.magic = cpu_to_le32(SFS_MAGIC_RECORD);
	rec->hdr.fsid = cpu_to_le64(ld->vol->fsid);
	rec->hdr.blkno = cpu_to_le64(page);
	rec->hdr.owner = cpu_to_le64(slot);
	rec->hdr.type = SFS_BLOCK_RECORD;
	rec->rid = cpu_to_le64(rid);
	rec->slot = cpu_to_le32(slot);
	ret = sfs_record_write(ld->vol, rec);
	kfree(rec);
	return ret;
}

/* The slot that rid has already, else the first free one. */
static int find_slot(struct sfs_leader *ld, u64 rid, u32 *slot, bool *is_old)
{
	u32 nr_slots = le32_to_cpu(ld->sb->nr_slots);
	struct sfs_disk_mount item;
	u32 i, found = nr_slots;
	int ret;

	*is_old = false;
	for (i = 0; i < nr_slots; i++) {
		ret = sfs_mount_item_read(ld, i, &item);
		if (ret < 0 && ret != -ENOENT)
			return ret;
		if (ret == -ENOENT) {
			found = min(found, i);
		} else if (le64_to_cpu(item.rid) == rid) {
			*is_old = true;
			found = i;
			break;
		}
	}
	*slot = found;
	if (found < nr_slots)
		return 0;
	sfs_err(ld->vol, "all %u mount slots are in use", nr_slots);
	return -EBUSY;
}

int sfs_leader_join(struct sfs_leader *ld, u64 rid, u32 *slot)
{
	struct sfs_disk_mount item = {
		.rid = cpu_to_le64(rid),
	};
	bool is_old;
	int ret;

	ret = sfs_leader_begin(ld, 1);
	if (ret)
		return ret;
	ret = find_slot(ld, rid, slot, &is_old);
	if (!ret && !is_old)
		ret = write_first_record(ld, rid, *slot) ?:
		      sfs_mount_item_write(ld, *slot, &item);
	sfs_leader_end(ld, 1);
	return ret ?: sfs_leader_commit(ld);
}

bool sfs_leader_is_joined(struct sfs_leader *ld, u32 slot, u64 rid)
{
	struct sfs_disk_mount item;
	int ret;

	mutex_lock(&ld->lock);
	ret = sfs_mount_item_read(ld, slot, &item);
	mutex_unlock(&ld->lock);
	/* not knowing is for the service that follows to find out */
	return ret ? ret != -ENOENT : le64_to_cpu(item.rid) == rid;
}

int sfs_leader_next_orphan(struct sfs_leader *ld, u64 *ino)
{
	struct sfs_key key = SFS_KEY(SFS_VOL_ORPHAN, 0, *ino, 0);
	struct sfs_key last = SFS_KEY(SFS_VOL_ORPHAN, 0, U64_MAX, 0);
	int ret;

	mutex_lock(&ld->lock);
	ret = sfs_btree_next(ld->vol, &ld->tree, &key, &last, NULL, 0);
	mutex_unlock(&ld->lock);
	if (ret >= 0)
		*ino = key.a;
	return min(ret, 0);
}

int sfs_leader_del_orphan(struct sfs_leader *ld, u64 ino)
{
	struct sfs_key key = SFS_KEY(SFS_VOL_ORPHAN, 0, ino, 0);
	int ret = sfs_leader_begin(ld, 1);

	if (ret)
		return ret;
	ret = sfs_btree_delete(&ld->trans, &ld->tree, &key);
	sfs_leader_end(ld, 1);
	return ret == -ENOENT ? 0 : ret;
}

u64 sfs_leader_meta_reserve(const struct sfs_leader *ld)
{
	u64 total = ld->vol->total_meta_blocks;

	/* A 64th, between 1 MiB and 256 MiB worth of 4 KiB blocks. */
	return clamp_t(u64, total / 64, 256, 65536);
}

void sfs_leader_stat(struct sfs_leader *ld, struct sfs_leader_stat *st)
{
	struct sfs_trans *tr = &ld->trans;

	mutex_lock(&ld->lock);
	mutex_lock(&tr->lock);
	st->free_meta_blocks = le64_to_cpu(ld->sb->free_meta_blocks) +
			       tr->pool.total + tr->freed.total +
			       tr->writing_freed.total;
	mutex_unlock(&tr->lock);
	st->free_data_blocks = le64_to_cpu(ld->sb->free_data_blocks);
	st->reserved_meta_blocks = sfs_leader_meta_reserve(ld);
	st->nr_inodes = le64_to_cpu(ld->sb->nr_inodes) +
			atomic64_read(&ld->inode_delta);
	mutex_unlock(&ld->lock);
}
