/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the election, see quorum.h.
 */
#ifndef SFS_QUORUM_MSG_H
#define SFS_QUORUM_MSG_H

#include "lock/cluster/quorum.h"

enum sfs_quorum_msg_type {
	SFS_QM_PREVOTE		= 1,	/* would you vote for me in this term? */
	SFS_QM_PREVOTE_REPLY	= 2,
	SFS_QM_VOTE		= 3,
	SFS_QM_VOTE_REPLY	= 4,
	SFS_QM_HEARTBEAT	= 5,	/* I lead in this term */
	SFS_QM_HEARTBEAT_REPLY	= 6,
	SFS_QM_RESIGN		= 7,	/* I led in this term */
	SFS_QM_NR_TYPES		= 8,
};

struct sfs_quorum_msg {
	__le64 term;
	__le64 stamp;		/* the asker's clock; replies return it */
	__le64 list_version;	/* of the sender's list of slots */
	__u8 type;		/* enum sfs_quorum_msg_type */
	__u8 is_granted;	/* replies */
	__u8 pad[6];
};

static_assert(sizeof(struct sfs_quorum_msg) == 32);
static_assert(sizeof(struct sfs_quorum_msg) <= SFS_QUORUM_MSG_MAX);

#endif
