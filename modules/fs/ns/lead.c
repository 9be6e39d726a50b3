// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mount in its cluster: what the lock provider asks of the filesystem when
 * this mount leads, when others come and go, and while it is a member.
 *
 * Requests of other mounts come with the rid that the provider vouches for; the
 * slot that goes with it stands in the mount table.
 */
#include "fs/coord/plock_serve.h"
#include "fs/coord/proto.h"
#include "fs/ns/fs.h"

/**
 * struct sfs_fs_peer - a mount that asks this leader
 * @coord: what the services know of it
 * @join_lock: it joins and leaves alone
 */
struct sfs_fs_peer {
	struct sfs_coord_peer coord;
	struct rw_semaphore join_lock;
};

/* ---- who asks ----------------------------------------------------------- */

/* The slot of a mount that is in the table; -ENOENT. */
static int find_slot(struct sfs_leader *ld, u64 rid, u32 *slot)
{
	struct sfs_disk_mount item;
	int ret;

	for (*slot = 0;; (*slot)++) {
		ret = sfs_mount_item_next(ld, slot, &item);
		if (ret || le64_to_cpu(item.rid) == rid)
			return ret;
	}
}

static struct sfs_fs_peer *new_peer(struct sfs_fs *fs, u64 rid)
{
	struct sfs_fs_peer *peer, *old;
	int ret;

	peer = kzalloc(sizeof(*peer), GFP_NOFS);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	init_rwsem(&peer->join_lock);
	peer->coord.rid = rid;
	ret = find_slot(fs->leader, rid, &peer->coord.slot);
	if (ret && ret != -ENOENT) {
		kfree(peer);
		return ERR_PTR(ret);
	}
	peer->coord.is_joined = !ret;
	old = xa_cmpxchg(&fs->peers, rid, NULL, peer, GFP_NOFS);
	if (!old)
		return peer;
	kfree(peer);
	return xa_is_err(old) ? ERR_PTR(xa_err(old)) : old;
}

static void drop_peer(struct sfs_fs *fs, u64 rid)
{
	struct sfs_fs_peer *peer = xa_erase(&fs->peers, rid);

	if (peer && fs->leader)
		sfs_coord_peer_end(fs->leader, &peer->coord);
	kfree(peer);
}

void sfs_fs_peers_exit(struct sfs_fs *fs)
{
	struct sfs_fs_peer *peer;
	unsigned long rid;

	xa_for_each(&fs->peers, rid, peer)
		drop_peer(fs, rid);
	xa_destroy(&fs->peers);
}

/* ---- leading ------------------------------------------------------------ */

static int ask_member(void *arg, u64 rid, u8 type, const void *req, u32 req_len,
		      void *reply, u32 reply_max, u32 *reply_len)
{
	struct sfs_fs *fs = arg;

	return sfs_lock_space_ask(fs->locks, rid, type, req, req_len, reply,
				  reply_max, reply_len);
}

/*
 * What needs other mounts.  Whoever is in the table may hold file locks that this
 * leader does not know of.
 */
static int start_clustered(struct sfs_fs *fs, struct sfs_leader *ld)
{
	const struct sfs_plock_service_params params = {
		.ask = ask_member,
		.arg = fs,
	};
	struct sfs_disk_mount item;
	u32 slot;
	u64 rid;
	int ret;

	ld->ask = ask_member;
	ld->ask_arg = fs;
	ld->plocks = sfs_plock_service_create(&params);
	if (!ld->plocks)
		return -ENOMEM;
	for (slot = 0;; slot++) {
		ret = sfs_mount_item_next(ld, &slot, &item);
		if (ret)
			return ret == -ENOENT ? 0 : ret;
		rid = le64_to_cpu(item.rid);
		ret = sfs_plock_service_expect(ld->plocks, rid);
		if (ret)
			return ret;
	}
}

static void stop_leader(struct sfs_leader *ld)
{
	if (!ld)
		return;
	sfs_plock_service_destroy(ld->plocks);
	sfs_leader_stop(ld);
}

static int fs_lead(void *arg)
{
	struct sfs_fs *fs = arg;
	struct sfs_leader *ld;
	int ret;

	ret = sfs_leader_start(fs->vol, &ld);
	if (ret)
		return ret;
	/* alone: nobody else could be alive, or hold anything */
	if (!sfs_lock_space_is_clustered(fs->locks))
		ret = sfs_leader_recover_all(ld);
	else
		ret = start_clustered(fs, ld);
	if (ret) {
		stop_leader(ld);
		return ret;
	}
	down_write(&fs->leader_sem);
	fs->leader = ld;
	up_write(&fs->leader_sem);
	return 0;
}

static void fs_unlead(void *arg)
{
	struct sfs_fs *fs = arg;
	struct sfs_leader *ld;

	down_write(&fs->leader_sem);
	ld = fs->leader;
	fs->leader = NULL;
	sfs_fs_peers_exit(fs);
	up_write(&fs->leader_sem);
	if (ld && !sfs_volume_error(fs->vol) && !fs->vol->read_only)
		sfs_leader_commit(ld);
	stop_leader(ld);
}

static int fs_next_member(void *arg, u64 *rid)
{
	struct sfs_disk_mount item;
	struct sfs_fs *fs = arg;
	u64 best = U64_MAX;
	u32 slot;
	int ret;

	for (slot = 0;; slot++) {
		ret = sfs_mount_item_next(fs->leader, &slot, &item);
		if (ret)
			break;
		if (le64_to_cpu(item.rid) > *rid)
			best = min(best, le64_to_cpu(item.rid));
	}
	if (ret != -ENOENT)
		return ret;
	*rid = best;
	return best == U64_MAX ? -ENOENT : 0;
}

static int fs_recover_roots(void *arg, u64 rid)
{
	struct sfs_fs *fs = arg;
	u32 slot;
	int ret = find_slot(fs->leader, rid, &slot);

	/* it never joined, or has left */
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	sfs_info(fs->vol, "reclaiming orphan log trees for rid %016llx", rid);
	return sfs_leader_recover_roots(fs->leader, slot, rid);
}

static int fs_recover(void *arg, u64 rid)
{
	struct sfs_fs *fs = arg;
	u32 slot;
	int ret = find_slot(fs->leader, rid, &slot);

	if (!ret) {
		ret = sfs_leader_recover_slot(fs->leader, slot, rid);
		if (!ret)
			sfs_count(fs->vol, reclaimed_open_logs);
	}
	if (ret == -ENOENT)
		ret = 0;
	/* the others may have its file locks as they may have its groups */
	if (!ret && fs->leader->plocks)
		sfs_plock_service_drop(fs->leader->plocks, rid);
	down_write(&fs->leader_sem);
	drop_peer(fs, rid);
	up_write(&fs->leader_sem);
	return ret;
}

static int fs_value(void *arg, enum sfs_lock_type type, u64 nr, void *lvb)
{
	struct sfs_fs *fs = arg;

	if (type != SFS_LOCK_GROUP)
		return -ENOENT;
	memset(lvb, 0, SFS_LOCK_LVB_BYTES);
	return sfs_leader_lookup_root(fs->leader, nr, lvb);
}

static bool is_join_or_leave(u8 type)
{
	return type == SFS_COORD_JOIN || type == SFS_COORD_LEAVE;
}

/* The numbers are the asker's before he hears of it. */
static int own_range(struct sfs_fs *fs, u64 rid, const void *req,
		     const void *reply)
{
	const struct sfs_coord_reply *head = reply;
	const struct sfs_coord_u64 *first = (const void *)(head + 1);
	const struct sfs_coord_u64 *count = req;

	if (head->status != cpu_to_le32(SFS_COORD_OK))
		return 0;
	return sfs_lock_space_add_range(fs->locks, rid,
					le64_to_cpu(first->value),
					le64_to_cpu(count->value));
}

static int serve_peer(struct sfs_fs *fs, struct sfs_fs_peer *peer, u8 type,
		      const void *req, u32 req_len, void *reply, u32 *reply_len)
{
	int ret;

	if (is_join_or_leave(type))
		down_write(&peer->join_lock);
	else
		down_read(&peer->join_lock);
	ret = sfs_coord_serve(fs->leader, &peer->coord, type, req, req_len,
			      reply, reply_len);
	if (!ret && type == SFS_COORD_GROUP_RANGE)
		ret = own_range(fs, peer->coord.rid, req, reply);
	if (is_join_or_leave(type))
		up_write(&peer->join_lock);
	else
		up_read(&peer->join_lock);
	return ret;
}

static int fs_serve(void *arg, u64 rid, u8 type, const void *req, u32 req_len,
		    void *reply, u32 *reply_len)
{
	struct sfs_fs *fs = arg;
	struct sfs_fs_peer *peer;
	int ret;

	down_read(&fs->leader_sem);
	peer = xa_load(&fs->peers, rid) ?: new_peer(fs, rid);
	ret = PTR_ERR_OR_ZERO(peer);
	if (!ret)
		ret = serve_peer(fs, peer, type, req, req_len, reply,
				 reply_len);
	up_read(&fs->leader_sem);
	return ret;
}

/* ---- being a member ----------------------------------------------------- */

static int fs_fold(void *arg)
{
	struct sfs_fs *fs = arg;
	int ret = 0;

	/* before there is no log, afterwards it is folded */
	down_read(&fs->fold_sem);
	if (fs->is_open)
		ret = sfs_fs_try_fold(fs);
	up_read(&fs->fold_sem);
	return ret;
}

/*
 * All else there is to know is in the mount table and in the log.  A mount that
 * has not joined yet says that it has no file locks: it may be in the table.
 */
static int fs_rejoin(void *arg)
{
	struct sfs_fs *fs = arg;

	return sfs_plock_member_rejoin(fs->plocks);
}

static int answer_open(struct sfs_fs *fs, const void *data, u32 len,
		       struct sfs_coord_open *reply, u32 *reply_len)
{
	const struct sfs_coord_open_req *req = data;
	unsigned int nr = sfs_open_inos(fs->vol);
	struct sfs_open_map open = { };
	struct sfs_open_map wanted;

	if (len != sizeof(*req) || le64_to_cpu(req->first) & (nr - 1) ||
	    !sfs_open_decode(fs->vol, &wanted, &req->wanted))
		return -EPROTO;
	/* first: from there they go to the cache, never back */
	sfs_creating_add_open(fs, le64_to_cpu(req->first), &open);
	if (fs->inodes_open)
		fs->inodes_open(fs->vfs_arg, le64_to_cpu(req->first), nr,
				&wanted, &open);
	sfs_open_encode(reply, &open);
	*reply_len = sizeof(*reply);
	return 0;
}

static int fs_answer(void *arg, u8 type, const void *req, u32 req_len,
		     void *reply, u32 *reply_len)
{
	struct sfs_fs *fs = arg;

	*reply_len = 0;
	switch (type) {
	case SFS_COORD_ASK_PLOCKS:
		return sfs_plock_member_news(fs->plocks, req, req_len);
	case SFS_COORD_ASK_OPEN:
		return answer_open(fs, req, req_len, reply, reply_len);
	}
	return -EPROTO;
}

static void fs_lost(void *arg, int error)
{
	struct sfs_fs *fs = arg;

	sfs_volume_withdraw(fs->vol, error, "not a member any more");
}

static int fs_set_slots(void *arg, u64 version,
			const struct sfs_disk_quorum_slot *slots)
{
	struct sfs_fs *fs = arg;
	int ret = -ENOENT;

	down_read(&fs->leader_sem);
	if (fs->leader)
		ret = sfs_leader_set_slots(fs->leader, version, slots);
	up_read(&fs->leader_sem);
	return ret;
}

static void fs_lease(void *arg, u64 until_ns)
{
	struct sfs_fs *fs = arg;

	sfs_volume_lease(fs->vol, until_ns);
}

const struct sfs_lock_leader_ops sfs_fs_leader_ops = {
	.lead		= fs_lead,
	.unlead		= fs_unlead,
	.next_member	= fs_next_member,
	.recover_roots	= fs_recover_roots,
	.recover	= fs_recover,
	.value		= fs_value,
	.serve		= fs_serve,
	.fold		= fs_fold,
	.rejoin		= fs_rejoin,
	.answer		= fs_answer,
	.lost		= fs_lost,
	.set_slots	= fs_set_slots,
	.lease		= fs_lease,
};

int sfs_fs_call_leader(void *arg, u8 type, const void *req,
		       unsigned int req_len, void *reply,
		       unsigned int *reply_len)
{
	struct sfs_fs *fs = arg;

	return sfs_lock_space_call(fs->locks, type, req, req_len, reply,
				   SFS_COORD_REPLY_MAX, reply_len);
}
