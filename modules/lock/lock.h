/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cluster locks as the filesystem uses them, and what a provider supplies.
 *
 *	NL --acquire(PR)--> PR --acquire(EX)--> EX
 *	EX --revoke(PR)--> [invalidate] -> PR --revoke(NL)--> [invalidate] -> NL
 *
 * A handle caches the mode it was granted until the provider revokes it.
 * Acquire counts a user and returns at once while the cached mode suffices and
 * no revoke is being served; that path takes the handle's spinlock only.  A
 * revoke waits until no user's mode is above the one wanted, calls
 * invalidate() and tells the provider.  PR and EX here are between mounts: the
 * users of one mount exclude each other by other means.
 *
 * Rules for tasks, because a pending revoke holds back new users:
 *  - a task that is a user does not acquire the same handle again, neither in
 *    the same mode nor to upgrade PR to EX: the revoke would wait for the user
 *    and the acquire for the revoke;
 *  - a task takes several handles in ascending order of type and number;
 *  - callbacks acquire nothing.
 */
#ifndef SFS_LOCK_H
#define SFS_LOCK_H

#include "format/port.h"

#define SFS_LOCK_API_VERSION	1
#define SFS_LOCK_LVB_BYTES	96

enum sfs_lock_mode {
	SFS_LOCK_NL = 0,
	SFS_LOCK_PR = 1,
	SFS_LOCK_EX = 2,
};

enum sfs_lock_type {
	SFS_LOCK_GROUP	= 1,	/* nr: group number */
	SFS_LOCK_RENAME	= 2,	/* nr: 0; directories change parents */
	SFS_LOCK_LEADER	= 3,	/* nr: 0; held by the leader */
};

enum sfs_lock_acquire_flags {
	SFS_LOCK_TRY	= 1 << 0,	/* -EAGAIN instead of waiting */
	/* nobody else ever held it: the provider may grant without asking */
	SFS_LOCK_FRESH	= 1 << 1,
};

struct sfs_disk_quorum_slot;
struct sfs_lock;
struct sfs_lock_space;

/**
 * struct sfs_lock_client_ops - what the filesystem supplies
 * @granted: the mode was raised from @from to @to; the LVB is valid.  Runs
 *	once per raise and before any user of the new mode, in an acquirer or in
 *	a work item; users of @from may exist.  Sleeps.  On error the grant is
 *	given back and everybody who waited for it gets the error.
 * @invalidate: the mode is about to be lowered from @from to @to.  Must make
 *	what the holder did durable, write the LVB, and drop caches that @to
 *	does not cover.  No user above @to exists.  Sleeps, inside a
 *	memalloc_nofs scope; for different locks in parallel; never from an acquire's context.
 *	An error shuts the space down, because what is not durable must not be
 *	handed on.
 * @release: the handle is going away; drop what priv refers to
 *
 * For one handle these never overlap.  All three are required.
 */
struct sfs_lock_client_ops {
	int (*granted)(void *arg, struct sfs_lock *lock,
		       enum sfs_lock_mode from, enum sfs_lock_mode to);
	int (*invalidate)(void *arg, struct sfs_lock *lock,
			  enum sfs_lock_mode from, enum sfs_lock_mode to);
	void (*release)(void *arg, struct sfs_lock *lock);
};

/**
 * struct sfs_lock_leader_ops - what the filesystem does as a member of a cluster
 * @lead: this mount leads: start the leader's services.  Whoever led before is
 *	fenced or has ended its own services
 * @unlead: end them, what they did is durable unless the volume is withdrawn;
 *	no other call to a leader runs or follows
 * @next_member: the mount with the lowest rid above *@rid that has a slot;
 *	-ENOENT when there is none
 * @recover_roots: a mount is lost and fenced: what it committed is in the root
 *	map afterwards.  All others have folded before
 * @recover: its space and its slot are taken back; its locks are freed after it
 * @value: what the root map says of a lock whose value nobody remembers; -ENOENT
 * @serve: a request of the mount @rid by sfs_lock_space_call()
 * @fold: as a member: what this mount committed is in the root map afterwards;
 *	-EAGAIN: a commit is under way, which may wait for the leader: again
 * @rejoin: as a member: there is a new leader and requests reach it; tell it what
 *	it cannot know.  It serves no lock and forgets no member before all that
 *	are alive did so
 * @answer: as a member: a question of the leader's, see sfs_lock_space_ask();
 *	asks the leader nothing
 * @lost: this mount is not a member any more, the others have recovered it:
 *	write nothing any more
 * @set_slots: as the leader: @slots is the list of quorum slots after the one with
 *	@version; durable on return.  -EAGAIN: the newest list is another one; -ENOENT:
 *	does not lead
 * @lease: writes may be submitted until @until_ns (CLOCK_MONOTONIC) and wait
 *	after that for this to be called again
 *
 * All sleep, and all but @lease may do I/O.  Between @lead and @unlead those of
 * the leader run in parallel, but @recover_roots and @recover for one rid never
 * overlap.  -errno of @lead, @recover_roots, @recover: this mount cannot lead.
 */
struct sfs_lock_leader_ops {
	int (*lead)(void *arg);
	void (*unlead)(void *arg);
	int (*next_member)(void *arg, u64 *rid);
	int (*recover_roots)(void *arg, u64 rid);
	int (*recover)(void *arg, u64 rid);
	int (*value)(void *arg, enum sfs_lock_type type, u64 nr, void *lvb);
	int (*serve)(void *arg, u64 rid, u8 type, const void *req, u32 req_len,
		     void *reply, u32 *reply_len);
	int (*fold)(void *arg);
	int (*rejoin)(void *arg);
	int (*answer)(void *arg, u8 type, const void *req, u32 req_len,
		      void *reply, u32 *reply_len);
	void (*lost)(void *arg, int error);
	int (*set_slots)(void *arg, u64 version,
			 const struct sfs_disk_quorum_slot *slots);
	void (*lease)(void *arg, u64 until_ns);
};

struct sfs_volume;

/**
 * struct sfs_lock_params - how to join a lock space
 * @provider: name, "local" or another registered provider
 * @fsid: volume
 * @rid: this mount
 * @ops: callbacks; stay valid until destroy
 * @leader_ops: likewise; NULL for tests of locks alone
 * @arg: passed to them
 * @vol: the opened volume, for providers that reach other nodes, else unused
 * @quorum_slot: slot of this mount or -1
 * @heartbeat_ms: silence after which a member or leader is taken for lost
 * @keepalive_ms: silence after which a connection is given up
 */
struct sfs_lock_params {
	const char *provider;
	u64 fsid;
	u64 rid;
	const struct sfs_lock_client_ops *ops;
	const struct sfs_lock_leader_ops *leader_ops;
	void *arg;
	struct sfs_volume *vol;
	int quorum_slot;
	unsigned int heartbeat_ms;
	unsigned int keepalive_ms;
};

/**
 * sfs_lock_space_create() - join a lock space
 * @params: how
 * @ret: the space; set before callbacks can run
 *
 * Loads the module scoutfs_lock_<provider> when it is not registered.  Waits for
 * a leader, which may be this mount: lead() was called then.  A provider without
 * a leader of its own makes each mount its own leader.
 * Return: 0, -ENOENT for an unknown provider, -EPROTO for another API
 * version, -EINTR when killed while waiting, -ENOMEM, or the provider's error.
 */
int sfs_lock_space_create(const struct sfs_lock_params *params,
			  struct sfs_lock_space **ret);
/*
 * The first half of leaving: revokes everything that is cached (invalidate() is
 * called for each held lock), waits for it, frees all handles.  No users and no
 * references may be left, and nobody may be in sfs_lock_shrink() or
 * sfs_lock_for_each(). Requests in flight are waited for; after a shutdown
 * nothing is.  Afterwards sfs_lock_space_call() still works.
 */
void sfs_lock_space_drain(struct sfs_lock_space *space);
/* The second half: not a member any more; unlead() is called if need be. */
void sfs_lock_space_destroy(struct sfs_lock_space *space);

/**
 * sfs_lock_space_call() - ask the leader, wherever it is
 * @space: space
 * @type: of the request, the filesystem's own
 * @req: request
 * @req_len: bytes of it
 * @reply: room for @reply_max bytes
 * @reply_max: longest reply that fits
 * @reply_len: set to what came
 *
 * Asks again, perhaps another leader, until there is an answer: a request must
 * bear being repeated.
 * Context: Sleeps, for as long as there is no leader.
 * Return: 0, -ESHUTDOWN, -EPROTO, -EOPNOTSUPP with a provider that has no leader;
 * inside of fold(), and of rejoin() of a mount that joins: -ENOTCONN.
 */
int sfs_lock_space_call(struct sfs_lock_space *space, u8 type, const void *req,
			u32 req_len, void *reply, u32 reply_max,
			u32 *reply_len);
/* As a member: the leader gave numbers of fresh groups to this mount. */
int sfs_lock_space_own_range(struct sfs_lock_space *space, u64 first,
			     u64 count);
/*
 * As the leader: ask a member.  -ENOTCONN: it is not there or was lost while it
 * was asked; -EPROTO; -EOPNOTSUPP with a provider that has no leader.
 */
int sfs_lock_space_ask(struct sfs_lock_space *space, u64 rid, u8 type,
		       const void *req, u32 req_len, void *reply, u32 reply_max,
		       u32 *reply_len);
bool sfs_lock_space_is_clustered(struct sfs_lock_space *space);
/* Is this a provider whose locks reach only mounts of the same kernel? */
static inline bool sfs_lock_name_is_local(const char *name)
{
	return !strcmp(name, "local") || !strcmp(name, "revoke");
}

/*
 * As the leader, from within serve(): numbers of fresh groups go to a mount, which
 * has them in EX.
 */
int sfs_lock_space_add_range(struct sfs_lock_space *space, u64 rid, u64 first,
			     u64 count);
/*
 * Forced: who waits and who comes later gets -ESHUTDOWN, no callback but
 * release() starts any more, nothing is told to the provider.  Does not wait;
 * a callback that is running ends by itself.  May be called from callbacks.
 */
void sfs_lock_space_shutdown(struct sfs_lock_space *space);
/* Wait for the revocations and returns that can be served now. */
void sfs_lock_space_flush(struct sfs_lock_space *space);

/*
 * A handle, referenced, created when it does not exist; NULL: no memory.
 * It stays cached after the last put until sfs_lock_shrink() takes it.
 */
struct sfs_lock *sfs_lock_get(struct sfs_lock_space *space,
			      enum sfs_lock_type type, u64 nr);
void sfs_lock_put(struct sfs_lock *lock);

/**
 * sfs_lock_acquire() - become a user of a lock
 * @lock: handle
 * @mode: PR or EX
 * @flags: enum sfs_lock_acquire_flags
 *
 * Return: 0, -EAGAIN with SFS_LOCK_TRY, -ESHUTDOWN, -EINTR when killed while
 * waiting, or the error of granted().
 */
int sfs_lock_acquire(struct sfs_lock *lock, enum sfs_lock_mode mode,
		     unsigned int flags);
void sfs_lock_release(struct sfs_lock *lock, enum sfs_lock_mode mode);

/*
 * The value block, SFS_LOCK_LVB_BYTES, valid while the mode is PR or EX and
 * inside the callbacks; written only while EX.
 */
void *sfs_lock_lvb(struct sfs_lock *lock);
enum sfs_lock_mode sfs_lock_mode(struct sfs_lock *lock);
enum sfs_lock_type sfs_lock_type(struct sfs_lock *lock);
u64 sfs_lock_nr(struct sfs_lock *lock);
/* How each handle begins, for what is asked too often to be called for. */
struct sfs_lock_head {
	u64 generation;
};

/*
 * Grows whenever the mode went to NL; what was cached under another is stale.
 * No two handles of a space ever have the same one.
 */
static inline u64 sfs_lock_generation(const struct sfs_lock *lock)
{
	return READ_ONCE(((const struct sfs_lock_head *)lock)->generation);
}

/* The filesystem's own pointer, set under granted() or by the sole creator. */
void sfs_lock_set_priv(struct sfs_lock *lock, void *priv);
void *sfs_lock_priv(struct sfs_lock *lock);
/*
 * Return up to nr idle locks, about least recently used first, and free those
 * handles among them that nobody refers to.  Starts it and returns how many it
 * was, without sleeping: fit for a shrinker's scan.
 */
unsigned long sfs_lock_shrink(struct sfs_lock_space *space, unsigned long nr);

/* ---- for tests and support --------------------------------------------- */

/**
 * struct sfs_lock_stats - what a space did since it was created
 * @nr_locks: handles that exist now
 * @hits: acquires served from the cached mode
 * @waits: acquires that were not
 * @grants: times a mode was raised
 * @revokes: revocations by the provider, but those that found nothing to lower
 * @returns: idle locks that sfs_lock_shrink() picked
 * @errors: failed requests and callbacks
 */
struct sfs_lock_stats {
	u64 nr_locks;
	u64 hits;
	u64 waits;
	u64 grants;
	u64 revokes;
	u64 returns;
	u64 errors;
};

/* Visits all handles, so it costs what sfs_lock_for_each() costs. */
void sfs_lock_space_stats(struct sfs_lock_space *space,
			  struct sfs_lock_stats *stats);

/* Changes with each grant and revocation; never 0. */
u32 sfs_lock_space_seq(struct sfs_lock_space *space);

struct sfs_lock_info {
	enum sfs_lock_type type;
	u64 nr;
	enum sfs_lock_mode mode;
	unsigned int users_pr;
	unsigned int users_ex;
	unsigned int waiters;
	bool revoking;
	u64 oldest_wait_ms;
};

/* false: enough seen */
typedef bool sfs_lock_info_fn(void *arg, const struct sfs_lock_info *info);

/* Visit all handles; fn returns false to end.  Answers when locks are stuck. */
void sfs_lock_for_each(struct sfs_lock_space *space,
		       bool (*fn)(void *arg, const struct sfs_lock_info *info),
		       void *arg);
/* The same from this one on, in order of type and number. */
void sfs_lock_visit_from(struct sfs_lock_space *space, unsigned int type,
			 u64 nr, sfs_lock_info_fn *fn, void *arg);

#endif
