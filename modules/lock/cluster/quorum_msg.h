/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Election messages.
 *
 *	PREVOTE		would you vote for me in term?	PREVOTE_OK, VOTE_NO
 *	VOTE		vote for me in term		VOTE_OK, VOTE_NO
 *	HEARTBEAT	I lead in term			HEARTBEAT_OK, HEARTBEAT_NO
 *	RESIGN		I led in term and do not any more
 *
 * Answers carry the stamp of what they answer.  The term of a VOTE_NO is the
 * newest its sender has seen, that of a HEARTBEAT_NO the oldest it obeys.
 */
#ifndef SFS_QUORUM_MSG_H
#define SFS_QUORUM_MSG_H

#include "format/port.h"

enum { SFS_QUORUM_MSG_VERSION = 1 };

enum sfs_quorum_msg_type {
	SFS_QUORUM_PREVOTE	= 1,
	SFS_QUORUM_PREVOTE_OK	= 2,
	SFS_QUORUM_VOTE		= 3,
	SFS_QUORUM_VOTE_OK	= 4,
	SFS_QUORUM_VOTE_NO	= 5,
	SFS_QUORUM_HEARTBEAT	= 6,
	SFS_QUORUM_HEARTBEAT_OK	= 7,
	SFS_QUORUM_HEARTBEAT_NO	= 8,
	SFS_QUORUM_RESIGN	= 9,
	SFS_QUORUM_MSG_TYPES,
};

struct sfs_quorum_msg {
	__u8 version;
	__u8 type;
	__le16 pad;
	__le32 timeout_ms;	/* the sender's */
	__le64 term;
	__le64 stamp;		/* when it was sent, by the asker's clock */
};

static_assert(sizeof(struct sfs_quorum_msg) == 24);
static_assert(offsetof(struct sfs_quorum_msg, timeout_ms) == 4);
static_assert(offsetof(struct sfs_quorum_msg, term) == 8);
static_assert(offsetof(struct sfs_quorum_msg, stamp) == 16);

#endif
