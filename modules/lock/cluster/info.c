// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this mount's part in the cluster looks like, for people and tools.
 */
#include "lock/cluster/cluster.h"

bool sfs_cl_info_is_leader(void *priv)
{
	const struct sfs_cluster *c = priv;

	switch (READ_ONCE(c->lead_state)) {
	case SFS_CL_ELECTED:
	case SFS_CL_GATHERING:
	case SFS_CL_SERVING:
		return true;
	default:
		return false;
	}
}

int sfs_cl_info_quorum_status(void *priv, struct sfs_lock_quorum_info *info)
{
	struct sfs_cluster *c = priv;

	if (!c->quorum)
		return -ENOENT;
	sfs_quorum_status(c->quorum, &info->quorum);
	info->is_leader = sfs_cl_info_is_leader(c);
	return 0;
}

int sfs_cl_info_leader(void *priv, struct sfs_lock_leader_info *info)
{
	struct sfs_cluster *c = priv;
	int slot;

	mutex_lock(&c->member_lock);
	slot = c->leader_slot;
	info->term = c->leader_term;
	if (c->session && c->is_session_open)
		info->rid = sfs_net_peer_rid(c->session);
	info->is_joined = c->member_state == SFS_CL_JOINED;
	mutex_unlock(&c->member_lock);
	if (slot < 0 || slot >= SFS_QUORUM_SLOTS_MAX)
		return -ENOENT;
	info->slot = slot;
	info->is_self = sfs_cl_info_is_leader(c);
	sfs_cl_slot_addr(c, slot, &info->addr);
	return 0;
}

static enum sfs_lock_member_state
sfs_cl_info_state(enum sfs_cl_peer_state state)
{
	switch (state) {
	case SFS_CL_EXPECTED:
		return SFS_LOCK_MEMBER_EXPECTED;
	case SFS_CL_PEER_JOINING:
		return SFS_LOCK_MEMBER_JOINING;
	case SFS_CL_PEER_READY:
		return SFS_LOCK_MEMBER_READY;
	case SFS_CL_PEER_LOST:
		return SFS_LOCK_MEMBER_LOST;
	case SFS_CL_PEER_FENCED:
		break;
	}
	return SFS_LOCK_MEMBER_FENCED;
}

int sfs_cl_info_members(void *priv, sfs_lock_member_fn *fn, void *arg)
{
	struct sfs_lock_member_info info;
	struct sfs_cluster *c = priv;
	struct sfs_cl_peer *peer;
	u64 now = ktime_get_ns();

	if (!sfs_cl_info_is_leader(c))
		return -ENOENT;
	mutex_lock(&c->members_lock);
	list_for_each_entry(peer, &c->members, link) {
		info = (struct sfs_lock_member_info) {
			.rid = peer->rid,
			.addr = peer->addr,
			.state = sfs_cl_info_state(peer->state),
			.is_self = peer->rid == c->rid,
		};
		if (peer->heard_ns && peer->heard_ns < now)
			info.silent_ms = div_u64(now - peer->heard_ns,
						 NSEC_PER_MSEC);
		if (!fn(arg, &info))
			break;
	}
	mutex_unlock(&c->members_lock);
	return 0;
}

int sfs_cl_info_peers(void *priv, sfs_lock_peer_fn *fn, void *arg)
{
	struct sfs_cluster *c = priv;

	sfs_net_visit_peers(c->net, fn, arg);
	return 0;
}

int sfs_cl_info_net_stats(void *priv, struct sfs_net_stats *stats)
{
	struct sfs_cluster *c = priv;

	sfs_net_stats(c->net, stats);
	return 0;
}

int sfs_cl_info_master_locks(void *priv, sfs_lock_master_fn *fn, void *arg)
{
	struct sfs_cluster *c = priv;
	int ret = -ENOENT;

	/* somebody who begins or ends to lead waits for things */
	if (!down_read_trylock(&c->serve_sem))
		return -EAGAIN;
	if (c->master) {
		sfs_lock_master_for_each(c->master, fn, arg);
		ret = 0;
	}
	up_read(&c->serve_sem);
	return ret;
}
