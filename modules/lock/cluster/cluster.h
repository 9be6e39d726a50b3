/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lock provider "cluster": one mount's part in a cluster.
 *
 *	election.c	drives the quorum, when the mount has a slot
 *	member.c	the session with the leader, leases, losing membership
 *	held.c		what this mount holds: messages about locks, re-assertion
 *	leader.c	sessions of members while this mount leads
 *	lead.c		from being elected to serving, and back
 *	recover.c	members that are lost: fencing, folding, recovery
 *	slots.c		the list of quorum slots, and changing it
 *	provider.c	the provider's table, join and leave
 *
 * Work that may wait for others runs in items of its own: the election in one,
 * heartbeats in one, joining a leader in one, leading in one.  Each may be
 * stopped by none of the others' waits.
 *
 * Lock order: stream (held.c) -> fresh_lock -> recs' spinlocks; members_lock is taken with
 * none of them held and held across no wait.
 */
#ifndef SFS_CLUSTER_H
#define SFS_CLUSTER_H

#include "lock/cluster/quorum.h"
#include "lock/cluster/wire.h"
#include "lock/cluster_info.h"
#include "lock/fence.h"
#include "lock/lock_priv.h"
#include "lock/master.h"
#include "lock/ranges.h"
#include "net/net.h"

enum {
	SFS_CL_POLL_MS		= 250,	/* looking for a leader on the device */
	SFS_CL_RETRY_MS		= 100,	/* between attempts at something */
	SFS_CL_STALE_FENCE_MS	= 30000,
};

/* What this mount is to its leader. */
enum sfs_cl_member_state {
	SFS_CL_ALONE,		/* no leader is known */
	SFS_CL_CONNECTING,	/* asked for a session */
	SFS_CL_JOINING,		/* telling what it holds */
	SFS_CL_JOINED,
	SFS_CL_LOST,		/* the others have taken it for dead */
};

enum sfs_cl_lead_state {
	SFS_CL_FOLLOWS,
	SFS_CL_ELECTED,		/* fencing who led before */
	SFS_CL_GATHERING,	/* members come back; locks are not served */
	SFS_CL_SERVING,
	SFS_CL_RESIGNING,	/* orderly: ends its services */
	SFS_CL_DEPOSED,		/* not orderly: the mount is withdrawn */
};

/* Another mount, or this one, as its leader sees it. */
enum sfs_cl_peer_state {
	SFS_CL_EXPECTED,	/* in the mount table, not heard of by this leader */
	SFS_CL_PEER_JOINING,
	SFS_CL_PEER_READY,
	SFS_CL_PEER_LOST,	/* being fenced */
	SFS_CL_PEER_FENCED,	/* cannot write any more */
};

/**
 * struct sfs_cl_peer - a mount as its leader sees it
 * @link: in sfs_cluster.members
 * @refs: one is the list's
 * @rid: of the mount
 * @state: enum sfs_cl_peer_state
 * @has_asserted: all of ASSERT and RANGE came
 * @is_told: it called READY
 * @has_drained: all that it released came, it leaves
 * @has_slot: it votes
 * @is_leaving: it said that it wants to go
 * @has_roots: PEER_FENCED, and the root map has what it committed
 * @session: with it, referenced; NULL when there is none
 * @addr: where it was seen last
 * @heard_ns: when the last heartbeat came
 * @timeout_ms: silence after which it is lost
 * @reason: why it is PEER_LOST
 * @fence: the request, while it is PEER_LOST
 * @fence_error: the request's result when @is_fence_done
 * @is_fence_done: the agent answered
 * @c: the mount that leads
 */
struct sfs_cl_peer {
	struct list_head link;
	refcount_t refs;
	u64 rid;
	enum sfs_cl_peer_state state;
	bool has_asserted;
	bool is_told;
	bool has_drained;
	bool has_slot;
	bool is_leaving;
	bool has_roots;
	struct sfs_net_peer *session;
	struct sfs_net_addr addr;
	u64 heard_ns;
	unsigned int timeout_ms;
	enum sfs_fence_reason reason;
	struct sfs_fence *fence;
	int fence_error;
	bool is_fence_done;
	struct sfs_cluster *c;
};

/* One mount's part. */
struct sfs_cluster {
	/* constant after join */
	struct sfs_lock_space *space;
	const struct sfs_lock_leader_ops *ops;
	void *arg;			/* of @ops */
	struct sfs_volume *vol;
	u64 fsid;
	u64 rid;
	int slot;			/* -1: none */
	unsigned int heartbeat_ms;
	struct sfs_net *net;
	struct workqueue_struct *wq;	/* all works of the mount */
	wait_queue_head_t wait;		/* states that follow change */
	bool is_shutdown;		/* forced: wait for nothing */
	bool is_leaving;

	/* slots.c */
	struct sfs_disk_quorum_slot own_slot;	/* as it was at join; constant */
	struct sfs_super_block *list_sb;	/* two, to read into */
	spinlock_t list_lock;		/* the next two */
	u64 list_version;
	struct sfs_disk_quorum_slot list[SFS_QUORUM_SLOTS_MAX];
	struct mutex change_lock;	/* one change at a time */

	/* election.c */
	struct rw_semaphore quorum_sem;	/* quorum comes and goes */
	struct sfs_quorum *quorum;	/* NULL without a slot */
	struct sfs_quorum_page *quorum_room;	/* for its reads */
	bool is_election_over;
	struct workqueue_struct *quorum_wq;
	struct delayed_work quorum_work;

	/* member.c */
	struct mutex member_lock;	/* the next five */
	enum sfs_cl_member_state member_state;
	int leader_slot;		/* last heard of, -1: none */
	u64 leader_term;
	struct sfs_net_peer *session;	/* with the leader, referenced */
	u64 session_term;		/* leader_term when it was asked for */
	struct task_struct *joining;	/* tells a leader what it holds */
	struct task_struct *folding;	/* because the leader asked */
	bool was_member;		/* JOINED once */
	bool is_session_open;
	int session_error;		/* it closed, and why: > 0 not yet */
	struct delayed_work member_work;
	struct delayed_work beat_work;
	struct sfs_quorum_page *beat_page;	/* beat_work's */
	u64 lease_ns;			/* granted by a leader's echo */

	/* held.c */
	struct rw_semaphore stream;	/* messages about locks, and to whom */
	struct sfs_net_peer *stream_to;	/* NULL: tell the next leader */
	struct xarray recs[SFS_LOCK_NR_TYPES];
	struct mutex fresh_lock;	/* numbers leave @own for @recs */
	struct sfs_lock_ranges own;	/* fresh numbers, with EX on each */
	struct xarray disowned;		/* asked for before they were ours */

	/* leading */
	struct mutex members_lock;	/* list, peers' states, lead_state */
	enum sfs_cl_lead_state lead_state;
	int depose_error;
	u64 lead_term;
	bool is_leader_on;		/* ops->lead() worked */
	struct list_head members;
	struct sfs_lock_master *master;
	struct rw_semaphore serve_sem;	/* is_leader_on and master stay */
	u64 gather_until_ns;
	u64 quorum_lease_ns;
	struct delayed_work lead_work;	/* steps that may wait */
	struct delayed_work look_work;	/* who is silent: waits for nobody */
	struct xarray fenced;		/* rids of leaders of before */
	struct xarray let_go;		/* rids of those whose BYE was answered */
	/* by slot: pages of mounts that are no members; asked by the own BYE only */
	struct {
		u64 beat;		/* as last seen */
		u64 moved_ns;		/* when it was seen to be another one */
	} stranger[SFS_QUORUM_SLOTS_MAX];
};

/* ---- provider.c --------------------------------------------------------- */

void sfs_cl_wake(struct sfs_cluster *c);
#define sfs_cl_info(c, fmt, ...)	sfs_info((c)->vol, fmt, ##__VA_ARGS__)
#define sfs_cl_err(c, fmt, ...)		sfs_err((c)->vol, fmt, ##__VA_ARGS__)
static inline bool sfs_cl_is_down(const struct sfs_cluster *c)
{
	return READ_ONCE(c->is_shutdown);
}

/* ---- election.c --------------------------------------------------------- */

/* Begin to take part; nothing to do without a slot.  As sfs_quorum_create(). */
int sfs_cl_election_start(struct sfs_cluster *c);
void sfs_cl_election_init(struct sfs_cluster *c);
/* Nobody is elected or deposed, and no votes are cast, any more. */
void sfs_cl_election_end(struct sfs_cluster *c);
/* After that: leave without a word (forced), or resign first. */
void sfs_cl_election_stop(struct sfs_cluster *c);
void sfs_cl_election_kick(struct sfs_cluster *c);
void sfs_cl_election_datagram(struct sfs_cluster *c, const void *data, u32 len);

/* ---- slots.c ------------------------------------------------------------ */

void sfs_cl_slots_init(struct sfs_cluster *c);
/*
 * Take over a newer list from the device, if there is one.  0 or -EIO.  Called by the
 * quorum, or without a slot by the member.
 */
int sfs_cl_slots_read(struct sfs_cluster *c);
/* Bit mask of the list; without the own slot when that has another address now. */
u32 sfs_cl_slots(struct sfs_cluster *c, u64 *version);
/* The provider's table, see cluster_info.h. */
int sfs_cl_slots_change(void *priv, struct sfs_lock_slot_change *change);
int sfs_cl_slots_visit(void *priv, sfs_lock_slot_fn *fn, void *arg);
/* Address of a quorum slot; family 0: the volume has no such slot. */
void sfs_cl_slot_addr(struct sfs_cluster *c, unsigned int slot,
		      struct sfs_net_addr *addr);

/* ---- member.c ----------------------------------------------------------- */

void sfs_cl_member_init(struct sfs_cluster *c);
void sfs_cl_member_start(struct sfs_cluster *c);
/* No work of the member's runs or starts any more. */
void sfs_cl_member_stop(struct sfs_cluster *c);
/* The holder of @slot leads in @term; -1: nobody. */
void sfs_cl_member_leader(struct sfs_cluster *c, int slot, u64 term);
/* Session callbacks that are about the one with the leader. */
void sfs_cl_member_opened(struct sfs_cluster *c, struct sfs_net_peer *peer);
void sfs_cl_member_closed(struct sfs_cluster *c, struct sfs_net_peer *peer,
			  int error);
int sfs_cl_member_echo(struct sfs_cluster *c, const void *data, u32 len);
/* The session, referenced, if it is open now. */
struct sfs_net_peer *sfs_cl_member_try_session(struct sfs_cluster *c);
/* There is a session, and calls do not fail yet. */
bool sfs_cl_member_has_leader(struct sfs_cluster *c);
/* The session, referenced, once it is open; NULL after a shutdown. */
struct sfs_net_peer *sfs_cl_member_session(struct sfs_cluster *c);
/* The others have recovered this mount: it must not write any more. */
void sfs_cl_member_lost(struct sfs_cluster *c, int error);
/* A question of the leader's. */
int sfs_cl_member_serve(struct sfs_cluster *c, u8 type, const void *req,
			u32 req_len, void *reply, u32 *reply_len);

/* ---- held.c ------------------------------------------------------------- */

void sfs_cl_held_init(struct sfs_cluster *c);
void sfs_cl_held_exit(struct sfs_cluster *c);
int sfs_cl_request(void *priv, struct sfs_lock *lock, enum sfs_lock_mode mode,
		   unsigned int flags);
void sfs_cl_released(void *priv, struct sfs_lock *lock, enum sfs_lock_mode mode,
		     const void *lvb);
void sfs_cl_forget(void *priv, struct sfs_lock *lock);
/* Tell a leader all that is held and waited for, and from then on the rest. */
void sfs_cl_held_assert(struct sfs_cluster *c, struct sfs_net_peer *to);
/* Tell nobody until there is another leader. */
void sfs_cl_held_detach(struct sfs_cluster *c);
/* GRANT and REVOKE of the leader. */
int sfs_cl_held_receive(struct sfs_cluster *c, u8 type, const void *data,
			u32 len);
/* The leader gave fresh numbers to this mount. */
int sfs_cl_held_add_range(struct sfs_cluster *c, u64 first, u64 count);
/* Take apart a message; -EPROTO. lvb: NULL when it has none. */
int sfs_cl_lock_msg_decode(const void *data, u32 len, struct sfs_lock_name *name,
			   enum sfs_lock_mode *mode, const void **lvb);
/* Make one; its length. */
u32 sfs_cl_lock_msg_encode(void *buf, const struct sfs_lock_name *name,
			   enum sfs_lock_mode mode, const void *lvb);
#define SFS_CL_LOCK_MSG_MAX (sizeof(struct sfs_cl_lock_msg) + SFS_LOCK_LVB_BYTES)

/* ---- lead.c ------------------------------------------------------------- */

void sfs_cl_lead_init(struct sfs_cluster *c);
void sfs_cl_lead_kick(struct sfs_cluster *c);
void sfs_cl_lead_elected(struct sfs_cluster *c, u64 term);
void sfs_cl_lead_deposed(struct sfs_cluster *c, int error);
/* Give up leading in good order, and wait until that is done. */
void sfs_cl_lead_resign(struct sfs_cluster *c);
void sfs_cl_lead_stop(struct sfs_cluster *c);

/* ---- leader.c ----------------------------------------------------------- */

extern const struct sfs_lock_master_ops sfs_cl_master_ops;
int sfs_cl_leader_accept(struct sfs_cluster *c, struct sfs_net_peer *session,
			 const void *hello, u32 len, void *reply,
			 u32 *reply_len);
int sfs_cl_leader_receive(struct sfs_cluster *c, struct sfs_net_peer *session,
			  enum sfs_net_class class, u8 type, const void *data,
			  u32 len);
int sfs_cl_leader_serve(struct sfs_cluster *c, struct sfs_net_peer *session,
			u8 type, const void *req, u32 req_len, void *reply,
			u32 *reply_len);
void sfs_cl_leader_closed(struct sfs_cluster *c, struct sfs_net_peer *session,
			  int error);
int sfs_cl_leader_add_range(struct sfs_cluster *c, u64 rid, u64 first,
			    u64 count);
int sfs_cl_leader_ask(struct sfs_cluster *c, u64 rid, u8 type, const void *req,
		      u32 req_len, void *reply, u32 reply_max, u32 *reply_len);
/* members_lock is held.  NULL: there is none. */
struct sfs_cl_peer *sfs_cl_peer_find_locked(struct sfs_cluster *c, u64 rid);
struct sfs_cl_peer *sfs_cl_peer_add_locked(struct sfs_cluster *c, u64 rid);
void sfs_cl_peer_put(struct sfs_cl_peer *peer);
/* End its session and wait for what runs for it; members_lock is not held. */
void sfs_cl_peer_close(struct sfs_cl_peer *peer);
/* Out of the list. */
void sfs_cl_peer_remove(struct sfs_cluster *c, struct sfs_cl_peer *peer);
/* Calls to members and from them fail; waits for nothing. */
void sfs_cl_peers_hang_up(struct sfs_cluster *c);
/* All sessions with members end, and what runs for them; the list is empty then. */
void sfs_cl_peers_exit(struct sfs_cluster *c);

/* ---- recover.c ---------------------------------------------------------- */

/* Find who has been silent for too long, and start fencing; waits for nobody. */
void sfs_cl_recover_look(struct sfs_cluster *c, u64 now_ns);
/*
 * Recover all that are fenced, once nobody is being fenced any more.  0, or
 * -errno: this mount must not go on leading.
 */
int sfs_cl_recover_run(struct sfs_cluster *c);
/* Everybody who is in the table is there or was recovered. */
bool sfs_cl_recover_is_over(struct sfs_cluster *c);
/* Forget about requests that are open. */
void sfs_cl_recover_cancel(struct sfs_cluster *c);
/* Those who led before and did not step down: fence them; 0 or an error. */
int sfs_cl_recover_stale_leaders(struct sfs_cluster *c);

/* ---- info.c: the provider's table, see cluster_info.h ------------------- */

int sfs_cl_info_quorum_status(void *priv, struct sfs_lock_quorum_info *info);
bool sfs_cl_info_is_leader(void *priv);
int sfs_cl_info_leader(void *priv, struct sfs_lock_leader_info *info);
int sfs_cl_info_members(void *priv, sfs_lock_member_fn *fn, void *arg);
int sfs_cl_info_peers(void *priv, sfs_lock_peer_fn *fn, void *arg);
int sfs_cl_info_net_stats(void *priv, struct sfs_net_stats *stats);
int sfs_cl_info_master_locks(void *priv, sfs_lock_master_fn *fn, void *arg);

#endif
