/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to the leader and its replies on the wire.
 *
 * Types are never reused.  A reply begins with struct sfs_coord_reply and has
 * nothing behind it unless its status is SFS_COORD_OK.
 */
#ifndef SFS_COORD_PROTO_H
#define SFS_COORD_PROTO_H

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
	SFS_COORD_NR_TYPES	= 12,
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
	SFS_COORD_NR_STATUSES	= 10,
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

struct sfs_coord_grant_reply {
	__le64 id;
	__le32 nr;
	__le32 space;		/* enum sfs_space */
	struct sfs_disk_extent ext[SFS_GRANT_EXTENTS];
};

static_assert(sizeof(struct sfs_coord_grant_reply) == 272);

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

#endif
