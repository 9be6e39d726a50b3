// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounting and unmounting without the VFS, and a mount's background work.
 *
 * Parts start in the order in which the functions below call them and stop in
 * reverse: the locks, and with them a leader, come first.  A clean unmount ends
 * with the leader taking the slot back exactly as it would after a crash.
 */
#include "fs/ns/ns.h"
#include "lock/fence.h"

/*
 * Blocks of the metadata pool that only deletes may use: more than one of them
 * ever reserves, see SFS_EXT_MANY and SFS_DELETE_ITEMS.
 */
#define SFS_POOL_KEEP		512
#define SFS_GROUPS_MAX		16384
#define SFS_FOLD_ENTRIES	4096
/* times that what is free is asked for while it moves */
#define SFS_STATFS_TRIES	4
#define SFS_OFFER_EXTENTS	1024
#define SFS_DIRTY_COMMIT	4096
/* every this many calls of the work look for orphans and small returns */
#define SFS_WORK_SLOW		8
/* and fold, so that the leader can forget about emptied groups */
#define SFS_WORK_FOLD		64
#define SFS_ORPHAN_BATCH	64

static void fs_init(struct sfs_fs *fs, const struct sfs_fs_params *params)
{
	fs->vol = params->vol;
	fs->rid = params->rid;
	fs->read_only = params->read_only;
	fs->invalidate_inodes = params->invalidate_inodes;
	fs->inode_is_open = params->inode_is_open;
	fs->inodes_open = params->inodes_open;
	fs->kick = params->kick;
	fs->vfs_arg = params->vfs_arg;
	spin_lock_init(&fs->creating_lock);
	INIT_LIST_HEAD(&fs->creating);
	sema_init(&fs->asking, SFS_OTHERS_ASKING_MAX);
	init_rwsem(&fs->mlog_sem);
	init_rwsem(&fs->leader_sem);
	init_rwsem(&fs->fold_sem);
	mutex_init(&fs->freed_lock);
	mutex_init(&fs->return_lock);
	mutex_init(&fs->grant_lock);
	mutex_init(&fs->data_lock);
	mutex_init(&fs->range_lock);
	spin_lock_init(&fs->group_lock);
	sfs_pool_init(&fs->data_pool);
	mutex_init(&fs->trim_lock);
	xa_init(&fs->groups);
	xa_init(&fs->orphans);
	xa_init(&fs->peers);
	INIT_LIST_HEAD(&fs->group_lru);
	INIT_LIST_HEAD(&fs->dirty_groups);
	fs->nr_groups_max = SFS_GROUPS_MAX;
	atomic64_set(&fs->inode_delta, 0);
}

/*
 * Slots of mounts that died are free again when they are recovered, which begins when
 * a new leader has waited for them and an agent has answered.  Who gives up before
 * may be that leader.
 */
static int take_slot(struct sfs_fs *fs, unsigned int heartbeat_ms)
{
	unsigned long patience = 3 * heartbeat_ms + SFS_FENCE_TIMEOUT_MS;
	unsigned long until = jiffies + msecs_to_jiffies(patience);
	int ret;

	for (;;) {
		ret = sfs_coord_join(&fs->coord, fs->rid, &fs->slot);
		if (ret != -EBUSY || !heartbeat_ms || time_after(jiffies, until))
			return ret;
		if (schedule_timeout_killable(HZ))
			return -EINTR;
	}
}

/* Undone by the caller, but for the pipeline itself. */
static int start_pipeline(struct sfs_fs *fs, unsigned int heartbeat_ms)
{
	u64 seq;
	int ret;

	fs->rec = kzalloc(sizeof(*fs->rec), GFP_KERNEL);
	if (!fs->rec)
		return -ENOMEM;
	if (!fs->vol->read_only) {
		ret = take_slot(fs, heartbeat_ms);
		if (ret)
			return ret;
	}
	sfs_tree_init(&fs->mlog, SFS_OWNER_MLOG(fs->slot));
	sfs_tree_init(&fs->freed, SFS_OWNER_FREED(fs->slot));
	sfs_tree_init(&fs->ret, SFS_OWNER_FREED(fs->slot));
	seq = sfs_coord_next_seq(&fs->coord);
	if (!seq) {
		if (!fs->vol->read_only)
			sfs_coord_leave(&fs->coord, fs->slot, fs->rid);
		return -EIO;
	}
	ret = sfs_trans_init(&fs->trans, fs->vol, &sfs_fs_trans_ops, fs, seq);
	fs->trans.keep = SFS_POOL_KEEP;
	if (ret && !fs->vol->read_only)
		sfs_coord_leave(&fs->coord, fs->slot, fs->rid);
	return ret;
}

static const char *provider_name(const struct sfs_fs_params *params)
{
	return params->lock_provider ?: params->vol->sb->lock_provider;
}

/* How the leader is reached when it is not a part of this mount. */
static void init_coord(struct sfs_fs *fs, const struct sfs_fs_params *params)
{
	fs->coord.call = params->coord_call ?: sfs_fs_call_leader;
	fs->coord.arg = params->coord_call ? params->coord_arg : fs;
}

/* With the locks comes a leader: here, or wherever requests reach it. */
static int join_cluster(struct sfs_fs *fs, const struct sfs_fs_params *params)
{
	struct sfs_lock_params lp = {
		.provider = provider_name(params),
		.fsid = fs->vol->fsid,
		.rid = fs->rid,
		.ops = &sfs_group_lock_ops,
		.leader_ops = params->coord_call ? NULL : &sfs_fs_leader_ops,
		.arg = fs,
		.vol = fs->vol,
		.quorum_slot = params->quorum_slot,
		.heartbeat_ms = params->heartbeat_ms,
		.keepalive_ms = params->keepalive_ms,
	};
	int ret;

	init_coord(fs, params);
	fs->plocks = sfs_plock_member_create(&fs->coord, fs->rid);
	if (!fs->plocks)
		return -ENOMEM;
	ret = sfs_lock_space_create(&lp, &fs->locks);
	if (ret) {
		sfs_err(fs->vol, "lock provider \"%s\": error %d", lp.provider,
			ret);
		return ret;
	}
	if (!params->coord_call && !sfs_lock_space_is_clustered(fs->locks))
		fs->coord.leader = fs->leader;
	return 0;
}

int sfs_fs_open(const struct sfs_fs_params *params, struct sfs_fs **ret_fs)
{
	struct sfs_fs *fs = kzalloc(sizeof(*fs), GFP_KERNEL);
	int ret;

	if (!fs)
		return -ENOMEM;
	fs_init(fs, params);
	ret = join_cluster(fs, params);
	if (ret)
		goto err_free;
	ret = start_pipeline(fs, sfs_lock_space_is_clustered(fs->locks) ?
				 params->heartbeat_ms : 0);
	if (ret)
		goto err_space;
	down_write(&fs->fold_sem);
	fs->is_open = true;
	up_write(&fs->fold_sem);
	*ret_fs = fs;
	return 0;

err_space:
	sfs_lock_space_drain(fs->locks);
	sfs_lock_space_destroy(fs->locks);
	kfree(fs->rec);
err_free:
	sfs_plock_member_destroy(fs->plocks);
	sfs_fs_peers_exit(fs);
	kfree(fs->spare_change);
	kfree(fs);
	return ret;
}

void sfs_fs_shutdown(struct sfs_fs *fs)
{
	sfs_lock_space_shutdown(fs->locks);
	sfs_plock_member_shutdown(fs->plocks);
}

void sfs_fs_close(struct sfs_fs *fs, bool forced)
{
	struct sfs_volume *vol = fs->vol;

	if (forced) {
		sfs_volume_withdraw(vol, -ENOLINK, "forced unmount");
	} else if (!vol->read_only) {
		sfs_trans_commit(&fs->trans);
		sfs_fs_fold(fs);
	}
	/* what could not be written must not be waited for */
	if (sfs_volume_error(vol))
		sfs_fs_shutdown(fs);
	/* nothing follows that would have to be folded for somebody's recovery */
	down_write(&fs->fold_sem);
	fs->is_open = false;
	up_write(&fs->fold_sem);
	/* revocations that commit; those that follow find nothing to write */
	sfs_lock_space_flush(fs->locks);
	/* Groups refer to lock handles, the pipeline to groups' trees. */
	sfs_trans_exit(&fs->trans);
	sfs_groups_exit(fs);
	sfs_lock_space_drain(fs->locks);
	if (!sfs_volume_error(vol) && !vol->read_only)
		sfs_coord_leave(&fs->coord, fs->slot, fs->rid);
	sfs_lock_space_destroy(fs->locks);
	sfs_plock_member_destroy(fs->plocks);
	sfs_fs_peers_exit(fs);
	xa_destroy(&fs->orphans);
	sfs_pool_exit(&fs->data_pool);
	kfree(fs->spare_change);
	kfree(fs->rec);
	kfree(fs);
}

int sfs_fs_sync(struct sfs_fs *fs)
{
	if (fs->vol->read_only)
		return 0;
	return sfs_trans_commit(&fs->trans);
}

int sfs_fs_fsync(struct sfs_fs *fs)
{
	if (fs->vol->read_only)
		return 0;
	return sfs_trans_sync(&fs->trans);
}

/* ---- background work ---------------------------------------------------- */

/*
 * Inodes that mounts that are gone left without links.  The deletion is durable
 * before the volume forgets about the orphan.
 */
static int delete_orphans(struct sfs_fs *fs)
{
	u64 *inos = kmalloc_array(SFS_ORPHAN_BATCH, sizeof(u64), GFP_KERNEL);
	unsigned int nr = 0, i;
	u64 ino = 0;
	int ret;

	if (!inos)
		return -ENOMEM;
	sfs_count(fs->vol, orphan_scan);
	while (nr < SFS_ORPHAN_BATCH) {
		ret = sfs_coord_next_orphan(&fs->coord, &ino);
		if (ret)
			break;
		if (fs->inode_is_open && fs->inode_is_open(fs->vfs_arg, ino)) {
			ino++;
			continue;
		}
		sfs_count(fs->vol, orphan_scan_attempts);
		ret = sfs_ns_delete(fs, ino);
		/* open in another mount: its turn comes again */
		if (ret == -EAGAIN)
			;
		else if (ret && ret != -EBUSY)
			sfs_warn(fs->vol, "deleting orphan %llu: error %d",
				 ino, ret);
		else
			inos[nr++] = ino;
		ino++;
	}
	if (!nr)
		sfs_count(fs->vol, orphan_scan_empty);
	ret = nr ? sfs_fs_sync(fs) : 0;
	for (i = 0; i < nr && !ret; i++)
		ret = sfs_coord_del_orphan(&fs->coord, inos[i]);
	kfree(inos);
	return ret;
}

static bool commit_is_due(struct sfs_fs *fs, unsigned int age_ms)
{
	u64 opened = READ_ONCE(fs->opened_ns);

	if (fs->trans.nr_dirty > SFS_DIRTY_COMMIT)
		return true;
	return opened && ktime_get_ns() - opened >= (u64)age_ms * 1000000;
}

/* So that statfs() of other mounts counts what this one makes. */
static int tell_inodes(struct sfs_fs *fs)
{
	struct sfs_leader_stat st;

	if (fs->coord.leader)
		return 0;
	return sfs_coord_stat(&fs->coord, atomic64_read(&fs->inode_delta), &st);
}

int sfs_fs_work(struct sfs_fs *fs, unsigned int age_ms)
{
	bool slow = fs->work_nr++ % SFS_WORK_SLOW == 0;
	bool fold = fs->work_nr % SFS_WORK_FOLD == 0 && fs->nr_mlog;
	int ret = sfs_volume_error(fs->vol);

	if (ret || fs->vol->read_only)
		return ret;
	sfs_meta_refill_ahead(fs);
	if (commit_is_due(fs, age_ms))
		ret = sfs_trans_commit(&fs->trans);
	else	/* of what was synced nothing stays so for long */
		ret = sfs_trans_commit_seq(&fs->trans,
					   READ_ONCE(fs->trans.synced_seq));
	if (!ret && (fold || fs->nr_mlog > SFS_FOLD_ENTRIES))
		ret = sfs_fs_fold(fs);
	if (!ret)
		ret = sfs_meta_trim(fs);
	if (!ret && (fs->nr_freed > SFS_OFFER_EXTENTS ||
		     (slow && fs->nr_freed)))
		ret = sfs_fs_offer_returns(fs);
	if (!ret && !fs->read_only && (slow || READ_ONCE(fs->has_left)))
		ret = sfs_orphans_retry(fs);
	if (!ret && slow && !fs->read_only)
		ret = delete_orphans(fs);
	if (!ret && slow)
		ret = tell_inodes(fs);
	return ret;
}

/*
 * Space that has no owner goes to and fro between the leader and the mount.  What is
 * on its way is counted by neither, so there is never more free than there is.
 */
struct sfs_space_moves {
	u64 sent;
	u64 acked;
	u64 grant;
};

static bool sfs_space_has_moved(struct sfs_fs *fs, struct sfs_space_moves *moves)
{
	const struct sfs_space_moves before = *moves;

	mutex_lock(&fs->freed_lock);
	moves->sent = fs->return_sent;
	moves->acked = fs->return_acked;
	mutex_unlock(&fs->freed_lock);
	moves->grant = READ_ONCE(fs->grant_id);
	return moves->sent != before.sent || moves->acked != before.acked ||
	       moves->grant != before.grant;
}

static void sfs_stat_own_space(struct sfs_fs *fs, struct sfs_fs_stat *st)
{
	struct sfs_trans *tr = &fs->trans;
	unsigned int nr_ret;

	mutex_lock(&tr->lock);
	st->free_meta_blocks = tr->pool.total + tr->freed.total +
			       tr->writing_freed.total;
	mutex_unlock(&tr->lock);
	mutex_lock(&fs->freed_lock);
	nr_ret = fs->return_sent != fs->return_id;
	st->free_meta_blocks += fs->freed_blocks[SFS_SPACE_META] +
				nr_ret * fs->ret_blocks[SFS_SPACE_META];
	st->free_data_blocks = fs->freed_blocks[SFS_SPACE_DATA] +
			       nr_ret * fs->ret_blocks[SFS_SPACE_DATA];
	mutex_unlock(&fs->freed_lock);
	mutex_lock(&fs->data_lock);
	st->free_data_blocks += fs->data_pool.total + fs->data_held.len;
	mutex_unlock(&fs->data_lock);
}

int sfs_fs_statfs(struct sfs_fs *fs, struct sfs_fs_stat *st)
{
	struct sfs_space_moves moves = { 0 };
	struct sfs_leader_stat ls;
	unsigned int tries;
	int ret;

	sfs_space_has_moved(fs, &moves);
	for (tries = 0; tries < SFS_STATFS_TRIES; tries++) {
		ret = sfs_coord_stat(&fs->coord,
				     atomic64_read(&fs->inode_delta), &ls);
		if (ret)
			return ret;
		sfs_stat_own_space(fs, st);
		if (!sfs_space_has_moved(fs, &moves))
			break;
	}
	st->free_meta_blocks += ls.free_meta_blocks;
	st->free_data_blocks += ls.free_data_blocks;
	st->total_meta_blocks = fs->vol->total_meta_blocks;
	st->total_data_blocks = fs->vol->total_data_blocks;
	st->reserved_meta_blocks = ls.reserved_meta_blocks;
	st->nr_inodes = ls.nr_inodes;
	st->committed_seq = READ_ONCE(fs->trans.durable_seq);
	return 0;
}

int sfs_fs_data_zone(struct sfs_fs *fs, u64 *blocks)
{
	return sfs_coord_data_zone(&fs->coord, blocks);
}

int sfs_fs_set_data_zone(struct sfs_fs *fs, u64 blocks)
{
	if (fs->read_only || fs->vol->read_only)
		return -EROFS;
	if (blocks && !sfs_data_zones_fit(fs->vol->total_data_blocks, blocks))
		return -EINVAL;
	return sfs_coord_set_data_zone(&fs->coord, blocks);
}
