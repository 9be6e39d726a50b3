/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames: what two endpoints exchange, on connections and as datagrams.
 *
 * A frame is a header and at most SFS_NET_PAYLOAD_MAX bytes.  The checksum
 * covers both.  Frames of a stream are numbered from 1 and are sent again until
 * the receiver has consumed them, which each frame tells for all streams; the
 * others have number 0 and live and die with their connection.
 *
 * Bytes from the network are hostile.  sfs_frame_check() is pure; the payload's
 * contents are not looked at.
 */
#ifndef SFS_NET_FRAME_H
#define SFS_NET_FRAME_H

#include "net/net.h"

#define SFS_FRAME_MAGIC		0x4e736673	/* "sfsN" */

enum {
	SFS_FRAME_VERSION	= 1,
	/* one stream per class, and replies, which never wait for requests */
	SFS_STREAM_REPLY	= SFS_NET_NR_CLASSES,
	SFS_NR_STREAMS		= 5,
};

static_assert(SFS_STREAM_REPLY + 1 == (int)SFS_NR_STREAMS);

enum sfs_frame_kind {
	SFS_FRAME_HELLO		= 1,	/* asks for a session, or resumes it */
	SFS_FRAME_HELLO_REPLY	= 2,	/* status, and the answer to hello */
	SFS_FRAME_MESSAGE	= 3,
	SFS_FRAME_REQUEST	= 4,
	SFS_FRAME_REPLY		= 5,
	SFS_FRAME_ACK		= 6,	/* nothing but acks; also a sign of life */
	SFS_FRAME_CLOSE		= 7,	/* the session is over; status says why */
	SFS_FRAME_DATAGRAM	= 8,
	SFS_FRAME_NR_KINDS	= 9,
};

enum sfs_frame_flags {
	SFS_FRAME_RESUME	= 1 << 0,	/* hello: the session was open */
};

/* Error numbers differ between machines, these do not; never reused. */
enum sfs_frame_status {
	SFS_FRAME_OK		= 0,
	SFS_FRAME_EPROTO	= 1,
	SFS_FRAME_ESTALE	= 2,
	SFS_FRAME_ECONNRESET	= 3,
	SFS_FRAME_ESHUTDOWN	= 4,
	SFS_FRAME_EBUSY		= 5,
	SFS_FRAME_EAGAIN	= 6,
	SFS_FRAME_ENOMEM	= 7,
	SFS_FRAME_EACCES	= 8,
	SFS_FRAME_EPERM		= 9,
	SFS_FRAME_ENOENT	= 10,
	SFS_FRAME_EINVAL	= 11,
	SFS_FRAME_EEXIST	= 12,
	SFS_FRAME_EOPNOTSUPP	= 13,
	SFS_FRAME_EIO		= 14,
	SFS_FRAME_ENOTCONN	= 15,
	SFS_FRAME_EHOSTUNREACH	= 16,
	SFS_FRAME_EROFS		= 17,
	SFS_FRAME_NR_STATUSES	= 18,
};

struct sfs_frame_hdr {
	__le32 magic;
	__le32 csum;		/* crc32c of header and payload, this field zero */
	__le64 fsid;
	__le64 rid;		/* sender */
	__le64 session;		/* of the side that asked for it; datagram: 0 */
	__u8 version;
	__u8 kind;
	__u8 stream;
	__u8 type;		/* the owner's own */
	__le32 len;		/* payload */
	__le64 seq;		/* in its stream */
	__le64 request;		/* request and reply: id */
	__le32 status;
	__le32 flags;
	__le64 ack[SFS_NR_STREAMS];	/* consumed so far */
};

static_assert(sizeof(struct sfs_frame_hdr) == 104);
static_assert(offsetof(struct sfs_frame_hdr, csum) == 4);
static_assert(offsetof(struct sfs_frame_hdr, session) == 24);
static_assert(offsetof(struct sfs_frame_hdr, kind) == 33);
static_assert(offsetof(struct sfs_frame_hdr, len) == 36);
static_assert(offsetof(struct sfs_frame_hdr, seq) == 40);
static_assert(offsetof(struct sfs_frame_hdr, status) == 56);
static_assert(offsetof(struct sfs_frame_hdr, ack) == 64);
static_assert(sizeof(struct sfs_frame_hdr) % 8 == 0);

/* A frame in memory; its header is in wire order. */
struct sfs_frame {
	struct list_head list;
	refcount_t refs;
	u32 len;
	/* one piece with what follows */
	struct sfs_frame_hdr hdr __aligned(8);
	u8 data[] __aligned(8);
};

static_assert(offsetof(struct sfs_frame, data) ==
	      offsetof(struct sfs_frame, hdr) + sizeof(struct sfs_frame_hdr));

/* Frames out of a stream of bytes. */
struct sfs_frame_reader {
	u64 fsid;
	u32 nr_bytes;			/* of the frame that is not complete */
	struct sfs_frame_hdr hdr;
	struct sfs_frame *frame;	/* when the header is complete */
};

/* Takes over the frame; -errno ends the reading. */
typedef int (*sfs_frame_fn)(void *arg, struct sfs_frame *frame);

struct sfs_frame *sfs_frame_alloc(u32 len);
void sfs_frame_get(struct sfs_frame *frame);
void sfs_frame_put(struct sfs_frame *frame);
void sfs_frame_put_list(struct list_head *frames);

u32 sfs_frame_csum(const struct sfs_frame_hdr *hdr, const void *data, u32 len);
/* Magic, version and checksum; the header is ready to be sent. */
void sfs_frame_seal(struct sfs_frame_hdr *hdr, const void *data);
const char *sfs_frame_check_hdr(const struct sfs_frame_hdr *hdr);
const char *sfs_frame_check(const struct sfs_frame_hdr *hdr, const void *data,
			    u32 len);

int sfs_frame_error(u32 status);
u32 sfs_frame_status(int error);

void sfs_frame_reader_init(struct sfs_frame_reader *reader, u64 fsid);
void sfs_frame_reader_exit(struct sfs_frame_reader *reader);
int sfs_frame_reader_push(struct sfs_frame_reader *reader, const void *data,
			  u32 len, sfs_frame_fn fn, void *arg,
			  const char **bad);

#endif
