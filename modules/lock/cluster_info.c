// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a lock space says about its cluster: asks the provider.
 */
#include "lock/cluster_info.h"
#include "lock/lock_priv.h"

int sfs_lock_space_quorum_status(struct sfs_lock_space *space,
				 struct sfs_lock_quorum_info *info)
{
	memset(info, 0, sizeof(*info));
	if (!space->provider->quorum_status)
		return -EOPNOTSUPP;
	return space->provider->quorum_status(space->provider_priv, info);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_quorum_status);

bool sfs_lock_space_is_leader(struct sfs_lock_space *space)
{
	return space->provider->is_leader &&
	       space->provider->is_leader(space->provider_priv);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_is_leader);

int sfs_lock_space_leader(struct sfs_lock_space *space,
			  struct sfs_lock_leader_info *info)
{
	memset(info, 0, sizeof(*info));
	if (!space->provider->leader)
		return -EOPNOTSUPP;
	return space->provider->leader(space->provider_priv, info);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_leader);

int sfs_lock_space_members(struct sfs_lock_space *space, sfs_lock_member_fn *fn,
			   void *arg)
{
	if (!space->provider->members)
		return -EOPNOTSUPP;
	return space->provider->members(space->provider_priv, fn, arg);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_members);

int sfs_lock_space_peers(struct sfs_lock_space *space, sfs_lock_peer_fn *fn,
			 void *arg)
{
	if (!space->provider->peers)
		return -EOPNOTSUPP;
	return space->provider->peers(space->provider_priv, fn, arg);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_peers);

int sfs_lock_space_slots(struct sfs_lock_space *space, sfs_lock_slot_fn *fn,
			 void *arg)
{
	if (!space->provider->visit_slots)
		return -EOPNOTSUPP;
	return space->provider->visit_slots(space->provider_priv, fn, arg);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_slots);

int sfs_lock_space_change_slot(struct sfs_lock_space *space,
			       struct sfs_lock_slot_change *change)
{
	if (!space->provider->change_slot)
		return -EOPNOTSUPP;
	return space->provider->change_slot(space->provider_priv, change);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_change_slot);

int sfs_lock_space_net_stats(struct sfs_lock_space *space,
			     struct sfs_net_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	if (!space->provider->net_stats)
		return -EOPNOTSUPP;
	return space->provider->net_stats(space->provider_priv, stats);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_net_stats);

int sfs_lock_space_master_locks(struct sfs_lock_space *space,
				sfs_lock_master_fn *fn, void *arg)
{
	if (!space->provider->master_locks)
		return -EOPNOTSUPP;
	return space->provider->master_locks(space->provider_priv, fn, arg);
}
EXPORT_SYMBOL_GPL(sfs_lock_space_master_locks);

const char *sfs_lock_space_provider(struct sfs_lock_space *space)
{
	return space->provider->name;
}
EXPORT_SYMBOL_GPL(sfs_lock_space_provider);
