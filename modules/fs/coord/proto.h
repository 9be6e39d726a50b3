/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to the leader and its replies on the wire.
 *
 * Types are never reused.  A reply begins with struct sfs_coord_reply and has
 * nothing behind it unless its status is SFS_COORD_OK.
 */
#ifndef SFS_COORD_PROTO_H
#define SFS_COORD_PROTO_H

#include "fs/coord/plock.h"
#include "fs/coord/service.h"

enum sfs_coord_type {
	SFS_COORD_NEXT_SEQ	= 1,
	SFS_COORD_GROUP_RANGE	= 2,
	SFS_COORD_JOIN		= 3,
	SFS_COORD_LEAVE		= 4,
	SFS_COORD_GRANT		= 5,
	SFS_COORD_RETURN	= 6,
	SFS_COORD_FOLD		= 7,
	SFS_COORD_LOOKUP_ROOT	= 8,
	SFS_COORD_NEXT_ORPHAN	= 9,
	SFS_COORD_DEL_ORPHAN	= 10,
	SFS_COORD_STAT		= 11,
	SFS_COORD_PLOCK_BEGIN	= 12,	/* see plock_serve.h */
	SFS_COORD_PLOCK_HELD	= 13,
	SFS_COORD_PLOCK_END	= 14,
	SFS_COORD_PLOCK_SET	= 15,
	SFS_COORD_PLOCK_ACCEPT	= 16,
	SFS_COORD_PLOCK_CANCEL	= 17,
	SFS_COORD_PLOCK_TEST	= 18,
	SFS_COORD_INODES_OPEN	= 19,
	SFS_COORD_GRANT_AT	= 20,
	SFS_COORD_ZONE		= 21,
	SFS_COORD_NR_TYPES	= 22,
};

/* What a leader asks a member: types of sfs_lock_space_ask(). */
enum sfs_coord_question {
	SFS_COORD_ASK_PLOCKS	= 1,	/* __le64 numbers of decided waits */
	SFS_COORD_ASK_OPEN	= 2,	/* as INODES_OPEN */
};

/* Error numbers differ between machines, these do not. */
enum sfs_coord_status {
	SFS_COORD_OK		= 0,
	SFS_COORD_ENOENT	= 1,
	SFS_COORD_EIO		= 2,
	SFS_COORD_ENOMEM	= 3,
	SFS_COORD_EBUSY		= 4,
	SFS_COORD_ENOSPC	= 5,
	SFS_COORD_EROFS		= 6,
	SFS_COORD_EUCLEAN	= 7,
	SFS_COORD_ESHUTDOWN	= 8,
	SFS_COORD_ESTALE	= 9,
	SFS_COORD_EAGAIN	= 10,
	SFS_COORD_EINPROGRESS	= 11,
	SFS_COORD_EDEADLK	= 12,
	SFS_COORD_ENOLCK	= 13,
	SFS_COORD_EINVAL	= 14,
	SFS_COORD_NR_STATUSES	= 15,
};

/* -errno of a status; -EPROTO for one that is none (proto.c) */
int sfs_coord_error(u32 status);
/* The status of 0 or -errno; SFS_COORD_EIO for what has none. */
u32 sfs_coord_status(int error);

struct sfs_coord_reply {
	__le32 status;
	__le32 pad;
};

static_assert(sizeof(struct sfs_coord_reply) == 8);

/* Requests and replies of one number. */
struct sfs_coord_u64 {
	__le64 value;
};

static_assert(sizeof(struct sfs_coord_u64) == 8);

struct sfs_coord_grant_req {
	__le64 taken_id;
	__le64 have_id;
	__le64 want;
	__u8 space;
	__u8 reserve;
	__u8 pad[6];
};

static_assert(sizeof(struct sfs_coord_grant_req) == 32);

/* struct sfs_free_range; the reply is GRANT's */
struct sfs_coord_grant_at_req {
	__le64 taken_id;
	__le64 have_id;
	__le64 want;
	__le64 from;
	__le64 end;
	__le64 min_len;
};

static_assert(sizeof(struct sfs_coord_grant_at_req) == 48);

struct sfs_coord_grant_reply {
	__le64 id;
	__le32 nr;
	__le32 space;		/* enum sfs_space */
	struct sfs_disk_extent ext[SFS_GRANT_EXTENTS];
};

static_assert(sizeof(struct sfs_coord_grant_reply) == 272);

/* ZONE: data_alloc_zone_blocks; the answer is what it is then, struct sfs_coord_u64 */
struct sfs_coord_zone_req {
	__le64 blocks;		/* with set; 0: off */
	__u8 set;
	__u8 pad[7];
};

static_assert(sizeof(struct sfs_coord_zone_req) == 16);

/* FOLD: id is the log's seq; RETURN: id of the return. */
struct sfs_coord_tree_req {
	__le64 id;
	struct sfs_disk_tree tree;
};

static_assert(sizeof(struct sfs_coord_tree_req) == 40);
static_assert(sizeof(struct sfs_coord_tree_req) <= SFS_COORD_REQUEST_MAX);

struct sfs_coord_stat_reply {
	__le64 free_meta_blocks;
	__le64 free_data_blocks;
	__le64 reserved_meta_blocks;
	__le64 nr_inodes;
};

static_assert(sizeof(struct sfs_coord_stat_reply) == 32);
static_assert(sizeof(struct sfs_coord_reply) +
	      sizeof(struct sfs_coord_grant_reply) <= SFS_COORD_REPLY_MAX);

/* ---- inodes that are open ----------------------------------------------- */

/* struct sfs_open_map, and the answer */
struct sfs_coord_open {
	__le64 word[SFS_OPEN_WORDS];
};

static_assert(sizeof(struct sfs_coord_open) == 128);
static_assert(sizeof(struct sfs_coord_reply) + sizeof(struct sfs_coord_open) <=
	      SFS_COORD_REPLY_MAX);

struct sfs_coord_open_req {
	__le64 first;		/* a multiple of sfs_open_inos() */
	struct sfs_coord_open wanted;
};

static_assert(sizeof(struct sfs_coord_open_req) == 136);

void sfs_open_encode(struct sfs_coord_open *disk,
		     const struct sfs_open_map *map);
/* false: it has bits that stand for nothing */
bool sfs_open_decode(const struct sfs_volume *vol, struct sfs_open_map *map,
		     const struct sfs_coord_open *disk);

/* ---- file locks --------------------------------------------------------- */

enum sfs_coord_plock_flags {
	SFS_COORD_PLOCK_OFD	= 1 << 0,
};

/* struct sfs_plock */
struct sfs_coord_plock {
	__le64 ino;
	__le64 owner;
	__le64 start;
	__le64 end;
	__le32 pid;
	__u8 space;
	__u8 kind;
	__u8 flags;		/* SFS_COORD_PLOCK_OFD */
	__u8 pad;
};

static_assert(sizeof(struct sfs_coord_plock) == 40);

/*
 * @token: of the BEGIN since when the leader knows what the mount holds
 * @id: of the request; its low bits are the lane, in which ids grow
 */
struct sfs_coord_plock_head {
	__le64 token;
	__le64 id;
};

static_assert(sizeof(struct sfs_coord_plock_head) == 16);

/* SET and, without wait, TEST */
struct sfs_coord_plock_req {
	struct sfs_coord_plock_head head;
	struct sfs_coord_plock lock;
	__u8 wait;		/* under the id of the request */
	__u8 pad[7];
};

static_assert(sizeof(struct sfs_coord_plock_req) == 64);
static_assert(sizeof(struct sfs_coord_plock_req) <= SFS_COORD_REQUEST_MAX);

/* ACCEPT, CANCEL */
struct sfs_coord_plock_wait_req {
	struct sfs_coord_plock_head head;
	__le64 wait_id;
};

static_assert(sizeof(struct sfs_coord_plock_wait_req) == 24);

/* HELD: up to SFS_COORD_PLOCK_BATCH locks */
#define SFS_COORD_PLOCK_BATCH	48

struct sfs_coord_plock_held_req {
	struct sfs_coord_plock_head head;
	struct sfs_coord_plock lock[];
};

static_assert(sizeof(struct sfs_coord_plock_held_req) == 16);
static_assert(16 + 40 * SFS_COORD_PLOCK_BATCH <= SFS_COORD_REQUEST_MAX);

struct sfs_coord_plock_test_reply {
	__le64 rid;		/* mount of the conflict */
	struct sfs_coord_plock lock;	/* kind 0: there is none */
};

static_assert(sizeof(struct sfs_coord_plock_test_reply) == 48);

/* Most numbers in one SFS_COORD_ASK_PLOCKS. */
#define SFS_COORD_PLOCK_NEWS	32

void sfs_coord_plock_encode(struct sfs_coord_plock *disk,
			    const struct sfs_plock *lock);
/* false: it is none */
bool sfs_coord_plock_decode(struct sfs_plock *lock,
			    const struct sfs_coord_plock *disk);

/*
 * Ask the leader by message: the answer of exactly @answer_len bytes, or the
 * service's error, or -EPROTO (client.c).
 */
int sfs_coord_call(struct sfs_coord *co, u8 type, const void *req,
		   unsigned int req_len, void *answer, unsigned int answer_len);

#endif
