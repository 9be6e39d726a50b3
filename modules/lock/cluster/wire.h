/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages between the members of a cluster and its leader.
 *
 * Types are never reused.  A member says HELLO when it asks for a session; then it
 * tells what it holds (ASSERT, RANGE), and what it waits for (REQUEST), ends with
 * ASSERTED, folds, and calls READY.  From then on it is as any other.  When it leaves
 * it has released all, says so with DRAINED, and calls BYE.
 */
#ifndef SFS_CLUSTER_WIRE_H
#define SFS_CLUSTER_WIRE_H

#include "lock/lock.h"

#define SFS_CLUSTER_VERSION	4

/* class LOCK */
enum sfs_cluster_lock_msg {
	/* member to leader */
	SFS_CL_REQUEST	= 1,	/* struct sfs_cl_lock_msg: mode wanted */
	SFS_CL_RELEASED	= 2,	/* mode held now; value if it was EX */
	SFS_CL_ASSERT	= 3,	/* mode held; value under PR */
	SFS_CL_RANGE	= 4,	/* struct sfs_cl_range_msg */
	SFS_CL_ASSERTED	= 5,	/* empty */
	SFS_CL_DRAINED	= 6,	/* empty: holds nothing for good, BYE comes */
	/* leader to member */
	SFS_CL_GRANT	= 16,	/* mode held now; value when one is known */
	SFS_CL_REVOKE	= 17,	/* mode to go down to */
};

/* class MEMBER: struct sfs_cl_beat_msg */
enum sfs_cluster_member_msg {
	SFS_CL_BEAT	= 1,	/* member to leader */
	SFS_CL_ECHO	= 2,	/* and back */
};

/* Calls; those below SFS_CL_CALL_OWN are the filesystem's. */
enum sfs_cluster_call {
	SFS_CL_CALL_OWN		= 192,
	/* member to leader: empty request */
	SFS_CL_CALL_READY	= 192,	/* asserted, folded, rejoined; empty reply */
	SFS_CL_CALL_BYE		= 193,	/* holds nothing; reply: struct sfs_cl_bye_msg */
	/* leader to member: empty request, reply: struct sfs_cl_status_msg */
	SFS_CL_CALL_FOLD	= 208,
};

#define SFS_CL_HAS_VALUE	(1U << 0)

struct sfs_cl_lock_msg {
	__le64 nr;
	__u8 type;		/* enum sfs_lock_type */
	__u8 mode;		/* enum sfs_lock_mode */
	__u8 flags;		/* SFS_CL_HAS_VALUE: the value follows */
	__u8 pad[5];
};

static_assert(sizeof(struct sfs_cl_lock_msg) == 16);

struct sfs_cl_range_msg {
	__le64 first;
	__le64 count;
};

static_assert(sizeof(struct sfs_cl_range_msg) == 16);

struct sfs_cl_beat_msg {
	__le64 sent_ns;		/* the member's own clock */
};

static_assert(sizeof(struct sfs_cl_beat_msg) == 8);

struct sfs_cl_status_msg {
	__le32 is_error;
	__le32 pad;
};

static_assert(sizeof(struct sfs_cl_status_msg) == 8);

/* May who says BYE go? */
enum sfs_cl_bye {
	SFS_CL_BYE_GO	= 1,	/* those who stay elect without it */
	SFS_CL_BYE_LAST	= 2,	/* all leave: votes until the leader resigns */
	SFS_CL_BYE_WAIT	= 3,	/* it is needed by those who stay: ask again */
};

struct sfs_cl_bye_msg {
	__le32 answer;		/* enum sfs_cl_bye */
	__le32 pad;
};

static_assert(sizeof(struct sfs_cl_bye_msg) == 8);

#define SFS_CL_REJOINS	(1U << 0)	/* was a member of an earlier leader */
#define SFS_CL_READS	(1U << 1)	/* never writes, and has no slot */
#define SFS_CL_VOTES	(1U << 2)	/* has a quorum slot */
#define SFS_CL_HELLO_FLAGS	(SFS_CL_REJOINS | SFS_CL_READS | SFS_CL_VOTES)

/* Refusals of a session: no leader, or not one that knows this member. */
#define SFS_CL_NO_LEADER	(-EAGAIN)
#define SFS_CL_NO_MEMBER	(-EPERM)

struct sfs_cl_hello_msg {
	__le32 version;		/* SFS_CLUSTER_VERSION */
	__le32 flags;		/* SFS_CL_HELLO_FLAGS */
	__le32 heartbeat_ms;
	__le32 pad;
};

static_assert(sizeof(struct sfs_cl_hello_msg) == 16);

struct sfs_cl_welcome_msg {
	__le32 version;
	__le32 heartbeat_ms;
	__le64 term;
};

static_assert(sizeof(struct sfs_cl_welcome_msg) == 16);

/* A datagram: a message of the election. */
#define SFS_CL_DATAGRAM_QUORUM	1

struct sfs_cl_quorum_msg {
	__le32 slot;		/* the sender's */
	__le32 pad;
	__u8 msg[];
};

static_assert(sizeof(struct sfs_cl_quorum_msg) == 8);

#endif
