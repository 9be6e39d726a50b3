/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames: what goes over connections and as datagrams.
 *
 * A header and a payload.  All bytes come from the network: sfs_frame_check()
 * looks at everything but the payload's contents.
 */
#ifndef SFS_NET_FRAME_H
#define SFS_NET_FRAME_H

#include "net/net.h"

#define SFS_FRAME_MAGIC		0x6d726673U	/* "sfrm" */
#define SFS_FRAME_VERSION	1

enum sfs_frame_kind {
	SFS_FRAME_HELLO		= 1,	/* struct sfs_hello_msg, then the owner's */
	SFS_FRAME_HELLO_REPLY	= 2,	/* the same */
	SFS_FRAME_MESSAGE	= 3,
	SFS_FRAME_REQUEST	= 4,
	SFS_FRAME_REPLY		= 5,
	SFS_FRAME_ACK		= 6,	/* struct sfs_ack_msg; also a sign of life */
	SFS_FRAME_CLOSE		= 7,	/* the session is over */
	SFS_FRAME_DATAGRAM	= 8,
	SFS_FRAME_NR_KINDS	= 9,
};

/*
 * csum is crc32c of the frame with this field zero, as of blocks.  seq counts the
 * messages, requests and replies of a class from 1; id names a request.
 */
struct sfs_frame_hdr {
	__le32 magic;
	__le32 csum;
	__le64 fsid;
	__le64 rid;		/* the sender's */
	__le64 session;		/* 0: a datagram */
	__le64 seq;
	__le64 id;
	__le32 len;		/* of the payload */
	__u8 version;
	__u8 kind;		/* enum sfs_frame_kind */
	__u8 class;		/* enum sfs_net_class */
	__u8 type;		/* the owner's */
};

static_assert(sizeof(struct sfs_frame_hdr) == 56);

#define SFS_FRAME_MAX	(sizeof(struct sfs_frame_hdr) + SFS_NET_PAYLOAD_MAX)

enum sfs_hello_status {
	SFS_HELLO_OK		= 0,
	SFS_HELLO_EAGAIN	= 1,
	SFS_HELLO_EPERM		= 2,
	SFS_HELLO_ESTALE	= 3,
	SFS_HELLO_EBUSY		= 4,
	SFS_HELLO_ENOMEM	= 5,
	SFS_HELLO_EPROTO	= 6,
	SFS_HELLO_NR		= 7,
};

/* Error numbers differ between machines, these do not. */
u32 sfs_hello_status(int error);
int sfs_hello_error(u32 status);

struct sfs_hello_msg {
	__le32 status;		/* of replies */
	__le32 is_resumed;
	__le64 next_seq[SFS_NET_NR_CLASSES];	/* expected by the sender */
};

static_assert(sizeof(struct sfs_hello_msg) == 40);

struct sfs_ack_msg {
	__le64 next_seq[SFS_NET_NR_CLASSES];	/* expected by the sender */
	__le64 nr_consumed[SFS_NET_NR_CLASSES];	/* done with, of all before */
};

static_assert(sizeof(struct sfs_ack_msg) == 64);

/* Fills csum. */
void sfs_frame_seal(struct sfs_frame_hdr *hdr);
/* Bytes of the whole frame, 0: the header is none. */
u32 sfs_frame_len(const struct sfs_frame_hdr *hdr);
/* NULL when sound, else what is wrong; @len bytes are there. */
const char *sfs_frame_check(const struct sfs_frame_hdr *hdr, u32 len);

#endif
