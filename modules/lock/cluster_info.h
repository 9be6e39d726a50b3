/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a provider that reaches other nodes can say about its cluster.
 *
 * For people and tools: sysfs and netlink show it, nothing acts on it.  All but
 * sfs_lock_space_change_slot() answer while locks, members or the leader are stuck.
 * Each returns -EOPNOTSUPP with a provider that has no such thing.
 */
#ifndef SFS_LOCK_CLUSTER_INFO_H
#define SFS_LOCK_CLUSTER_INFO_H

#include "lock/cluster/quorum.h"
#include "lock/master.h"
#include "net/net.h"

/* What a member is to its leader. */
enum sfs_lock_member_state {
	SFS_LOCK_MEMBER_EXPECTED	= 1,	/* not heard of by this leader yet */
	SFS_LOCK_MEMBER_JOINING		= 2,
	SFS_LOCK_MEMBER_READY		= 3,
	SFS_LOCK_MEMBER_LOST		= 4,	/* being fenced */
	SFS_LOCK_MEMBER_FENCED		= 5,	/* being recovered */
};

/**
 * struct sfs_lock_member_info - one mount as the leader sees it
 * @rid: of the mount
 * @addr: where it was last seen; family 0: not yet
 * @state: enum sfs_lock_member_state
 * @is_self: this mount, which leads
 * @silent_ms: since the last heartbeat
 */
struct sfs_lock_member_info {
	u64 rid;
	struct sfs_net_addr addr;
	enum sfs_lock_member_state state;
	bool is_self;
	u64 silent_ms;
};

/**
 * struct sfs_lock_leader_info - who leads, as far as a mount knows
 * @slot: quorum slot of the leader
 * @term: in which it leads
 * @rid: of the leader, 0: no session with it yet
 * @addr: of its slot
 * @is_self: this mount leads
 * @is_joined: this mount is a member
 */
struct sfs_lock_leader_info {
	unsigned int slot;
	u64 term;
	u64 rid;
	struct sfs_net_addr addr;
	bool is_self;
	bool is_joined;
};

/**
 * struct sfs_lock_quorum_info - a slot holder's part in the election
 * @quorum: its state
 * @is_leader: it was elected, and has not stepped down
 */
struct sfs_lock_quorum_info {
	struct sfs_quorum_status quorum;
	bool is_leader;
};

/**
 * struct sfs_lock_slot_info - one quorum slot of the newest list a mount knows
 * @slot: number
 * @addr: address and port
 * @is_own: this mount has it
 */
struct sfs_lock_slot_info {
	unsigned int slot;
	struct sfs_net_addr addr;
	bool is_own;
};

enum sfs_lock_slot_what {
	SFS_LOCK_SLOT_ADD	= 1,
	SFS_LOCK_SLOT_REPLACE	= 2,	/* another address */
	SFS_LOCK_SLOT_REMOVE	= 3,
};

/**
 * struct sfs_lock_slot_change - a change of one quorum slot
 * @slot: number
 * @what: enum sfs_lock_slot_what
 * @addr: new address and port; family 0 to remove
 * @version: set to that of the new list
 * @culprit: set to the slot that is in the way, -1: none
 * @culprit_rid: the mount that has it
 */
struct sfs_lock_slot_change {
	unsigned int slot;
	enum sfs_lock_slot_what what;
	struct sfs_net_addr addr;
	u64 version;
	int culprit;
	u64 culprit_rid;
};

/* false: no more.  None of these may sleep. */
typedef bool sfs_lock_member_fn(void *arg,
				const struct sfs_lock_member_info *info);
typedef bool sfs_lock_peer_fn(void *arg, const struct sfs_net_peer_info *info);
typedef bool sfs_lock_master_fn(void *arg,
				const struct sfs_lock_master_info *info);
typedef bool sfs_lock_slot_fn(void *arg, const struct sfs_lock_slot_info *info);

/* -ENOENT: the mount has no quorum slot. */
int sfs_lock_space_quorum_status(struct sfs_lock_space *space,
				 struct sfs_lock_quorum_info *info);
/* Never waits, unlike the above. */
bool sfs_lock_space_is_leader(struct sfs_lock_space *space);
/* -ENOENT: none is known. */
int sfs_lock_space_leader(struct sfs_lock_space *space,
			  struct sfs_lock_leader_info *info);
/* As the leader, else -ENOENT. */
int sfs_lock_space_members(struct sfs_lock_space *space, sfs_lock_member_fn *fn,
			   void *arg);
int sfs_lock_space_peers(struct sfs_lock_space *space, sfs_lock_peer_fn *fn,
			 void *arg);
int sfs_lock_space_net_stats(struct sfs_lock_space *space,
			     struct sfs_net_stats *stats);
/* Locks as the master sees them.  -ENOENT: it is elsewhere; -EAGAIN: busy. */
int sfs_lock_space_master_locks(struct sfs_lock_space *space,
				sfs_lock_master_fn *fn, void *arg);
int sfs_lock_space_slots(struct sfs_lock_space *space, sfs_lock_slot_fn *fn,
			 void *arg);
/*
 * As the leader: change one quorum slot; durable on return.  -ENOENT: does not lead;
 * -EEXIST, -ENXIO: there is such a slot, or none; -EADDRINUSE: another slot has the
 * address; -EBUSY: a mount has the slot; -ENOTCONN: too few would be there to elect;
 * -EAGAIN: an earlier change is on its way; -EINTR; -EIO, -ENOMEM.
 */
int sfs_lock_space_change_slot(struct sfs_lock_space *space,
			       struct sfs_lock_slot_change *change);
const char *sfs_lock_space_provider(struct sfs_lock_space *space);

/* Names of the registered providers. */
void sfs_lock_provider_for_each(bool (*fn)(void *arg, const char *name),
				void *arg);

#endif
