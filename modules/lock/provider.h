/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a lock provider supplies to the lock client.
 *
 * The client asks for modes; the provider answers with sfs_lock_grant() and
 * takes back with sfs_lock_revoke(), both callable from any context that may
 * sleep.  They call nothing back before they return, so a provider may hold its
 * own locks across them, and should: for one handle they must come in the order
 * in which they took effect.
 *
 * For one handle at most one request is outstanding; a revoke may cross it.
 * The client serves such a revoke first, and the provider, which has not
 * granted yet, grants after released().  While a revoke is unanswered the
 * client sends no new request.  released() follows a revoke only when the mode
 * was above the one wanted; otherwise the client's own released() crossed the
 * revoke and answers it.  A second revoke may lower the first one's mode.
 *
 * The provider may use a handle from its first request until forget() returns.
 */
#ifndef SFS_LOCK_PROVIDER_H
#define SFS_LOCK_PROVIDER_H

#include "lock/cluster_info.h"
#include "lock/lock.h"

struct module;

/**
 * struct sfs_lock_provider_ops - one lock provider
 * @owner: module that is pinned while a space uses it
 * @name: as stored in the super block, shorter than 16 bytes
 * @api_version: SFS_LOCK_API_VERSION it was built with
 * @join: a space is created; *priv is the provider's own; sleeps.  Providers
 *	with @call return when there is a leader
 * @leave: the space is going away, nothing is held any more; sleeps
 * @request: ask for a higher mode; answered by sfs_lock_grant(), possibly
 *	before this returns; sleeps. -errno: nothing was asked, no grant follows
 * @released: the client lowered its mode to @mode after a revoke or by itself,
 *	or gives back a grant it could not use (then without value); @lvb is the
 *	value to keep when the mode was EX, else NULL; sleeps
 * @forget: the handle goes away at NL, or in any mode after a shutdown; drop
 *	what the provider's pointer refers to; sleeps
 * @call: see sfs_lock_space_call(); NULL: each mount is its own leader
 * @ask: see sfs_lock_space_ask(); together with @call
 * @add_range: see sfs_lock_space_add_range(); NULL: nothing to do
 * @own_range: see sfs_lock_space_own_range(); together with @add_range
 * @shutdown: the space was shut down: wait for nothing any more; does not sleep;
 *	NULL: nothing to do
 * @quorum_status: this and what follows are described in cluster_info.h; NULL:
 *	-EOPNOTSUPP; none of them while join or leave runs
 * @is_leader: likewise, false
 * @leader: likewise
 * @members: likewise
 * @peers: likewise
 * @net_stats: likewise
 * @master_locks: likewise
 * @change_slot: likewise
 * @visit_slots: likewise
 * @list: the registry's
 *
 * For one handle request, released and forget never overlap.
 */
struct sfs_lock_provider_ops {
	struct module *owner;
	const char *name;
	u32 api_version;
	int (*join)(struct sfs_lock_space *space,
		    const struct sfs_lock_params *params, void **priv);
	void (*leave)(struct sfs_lock_space *space, void *priv);
	int (*request)(void *priv, struct sfs_lock *lock,
		       enum sfs_lock_mode mode, unsigned int flags);
	void (*released)(void *priv, struct sfs_lock *lock,
			 enum sfs_lock_mode mode, const void *lvb);
	void (*forget)(void *priv, struct sfs_lock *lock);
	int (*call)(void *priv, u8 type, const void *req, u32 req_len,
		    void *reply, u32 reply_max, u32 *reply_len);
	int (*ask)(void *priv, u64 rid, u8 type, const void *req, u32 req_len,
		   void *reply, u32 reply_max, u32 *reply_len);
	int (*add_range)(void *priv, u64 rid, u64 first, u64 count);
	int (*own_range)(void *priv, u64 first, u64 count);
	void (*shutdown)(void *priv);
	int (*quorum_status)(void *priv, struct sfs_lock_quorum_info *info);
	bool (*is_leader)(void *priv);
	int (*leader)(void *priv, struct sfs_lock_leader_info *info);
	int (*members)(void *priv, sfs_lock_member_fn *fn, void *arg);
	int (*peers)(void *priv, sfs_lock_peer_fn *fn, void *arg);
	int (*net_stats)(void *priv, struct sfs_net_stats *stats);
	int (*master_locks)(void *priv, sfs_lock_master_fn *fn, void *arg);
	int (*change_slot)(void *priv, struct sfs_lock_slot_change *change);
	int (*visit_slots)(void *priv, sfs_lock_slot_fn *fn, void *arg);
	struct list_head list;
};

/* 0, -EPROTO: other API version, -EEXIST: name taken, -EINVAL: bad table */
int sfs_lock_provider_register(struct sfs_lock_provider_ops *ops);
void sfs_lock_provider_unregister(struct sfs_lock_provider_ops *ops);

/*
 * Answers the outstanding request, with at least the mode asked for. error < 0:
 * the request failed. lvb NULL: no value is known yet (zeroes); a value is used
 * when the client is at NL, it knows better in PR.
 */
void sfs_lock_grant(struct sfs_lock *lock, enum sfs_lock_mode mode, int error,
		    const void *lvb);
/* Take back down to mode; returns at once, released() follows. */
void sfs_lock_revoke(struct sfs_lock *lock, enum sfs_lock_mode mode);
void *sfs_lock_provider_priv(struct sfs_lock *lock);
void sfs_lock_set_provider_priv(struct sfs_lock *lock, void *priv);

/* Providers that userspace programs link in and register by themselves. */
int sfs_lock_local_init(void);
void sfs_lock_local_exit(void);
int sfs_lock_cluster_init(void);
void sfs_lock_cluster_exit(void);

#endif
