/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The leader's services as a mount asks for them, here or over the network.
 *
 *	sfs_coord_*() --leader is here--> sfs_leader_*()
 *	             \--else encode, call() ~~> sfs_coord_serve() --/
 *
 * Every request may be sent again, to the same leader or to its successor (I5):
 * grants and returns have ids and cursors, folds compare versions, joining and
 * leaving name the rid, and numbers of groups and transactions that get lost
 * are never missed.
 */
#ifndef SFS_COORD_SERVICE_H
#define SFS_COORD_SERVICE_H

#include "fs/coord/coord.h"

/* Longest request and reply in bytes, whatever the service. */
#define SFS_COORD_REQUEST_MAX	2048
#define SFS_COORD_REPLY_MAX	320

/* Inodes of one question about what is open: of a group, if it has fewer. */
#define SFS_OPEN_INOS		1024
#define SFS_OPEN_WORDS		(SFS_OPEN_INOS / 64)

/* One bit for each inode from an aligned one on. */
struct sfs_open_map {
	u64 word[SFS_OPEN_WORDS];
};

static inline unsigned int sfs_open_inos(const struct sfs_volume *vol)
{
	return min(1U << vol->group_shift, (unsigned int)SFS_OPEN_INOS);
}

static inline bool sfs_open_test(const struct sfs_open_map *map,
				 unsigned int i)
{
	return map->word[i / 64] >> (i % 64) & 1;
}

static inline void sfs_open_set(struct sfs_open_map *map, unsigned int i)
{
	map->word[i / 64] |= 1ULL << (i % 64);
}

/**
 * struct sfs_coord - how a mount reaches the leader
 * @leader: in this kernel, or NULL
 * @call: send a request to the leader and wait for its reply: @type is enum
 *	sfs_coord_type; @reply has room for SFS_COORD_REPLY_MAX bytes and
 *	@reply_len is set to how many came; 0 or an error of the network; sleeps
 * @arg: passed to @call
 */
struct sfs_coord {
	struct sfs_leader *leader;
	int (*call)(void *arg, u8 type, const void *req, unsigned int req_len,
		    void *reply, unsigned int *reply_len);
	void *arg;
};

/* As the functions of coord.h with sfs_leader_ for sfs_coord_, and -EPROTO. */
u64 sfs_coord_next_seq(struct sfs_coord *co);
int sfs_coord_group_range(struct sfs_coord *co, u64 nr, u64 *first);
int sfs_coord_join(struct sfs_coord *co, u64 rid, u32 *slot);
int sfs_coord_leave(struct sfs_coord *co, u32 slot, u64 rid);
int sfs_coord_grant(struct sfs_coord *co, u32 slot, u64 taken_id, u64 have_id,
		    u8 space, u64 want, bool reserve, struct sfs_grant *grant);
int sfs_coord_grant_at(struct sfs_coord *co, u32 slot, u64 taken_id,
		       u64 have_id, const struct sfs_free_range *range,
		       u64 want, struct sfs_grant *grant);
int sfs_coord_return(struct sfs_coord *co, u32 slot, u64 id,
		     const struct sfs_tree *ret_tree);
int sfs_coord_fold(struct sfs_coord *co, u32 slot, const struct sfs_tree *mlog,
		   u64 seq);
int sfs_coord_lookup_root(struct sfs_coord *co, u64 group,
			  struct sfs_disk_root_entry *entry);
int sfs_coord_next_orphan(struct sfs_coord *co, u64 *ino);
int sfs_coord_del_orphan(struct sfs_coord *co, u64 ino);
/*
 * The volume's figures; inode_delta is what this mount made minus deleted. What
 * others did counts as of their last call.
 */
int sfs_coord_stat(struct sfs_coord *co, s64 inode_delta,
		   struct sfs_leader_stat *st);
/*
 * Which inodes from first on, a multiple of sfs_open_inos(), do other mounts have
 * open? Those that are wanted shall be deleted.  By message only.
 */
int sfs_coord_inodes_open(struct sfs_coord *co, u64 first,
			  const struct sfs_open_map *wanted,
			  struct sfs_open_map *open);

int sfs_coord_data_zone(struct sfs_coord *co, u64 *blocks);
int sfs_coord_set_data_zone(struct sfs_coord *co, u64 blocks);

/**
 * struct sfs_coord_peer - who asks, as the session that carries it knows
 * @rid: incarnation of the mount
 * @slot: its slot, valid once @is_joined
 * @is_joined: it is in the mount table, or was
 * @has_left: the slot is not its own any more
 * @inode_delta: what it said last, see sfs_coord_stat()
 */
struct sfs_coord_peer {
	u64 rid;
	u32 slot;
	bool is_joined;
	bool has_left;
	atomic64_t inode_delta;
};

/* It has left, or is recovered: its changes are in the super. */
void sfs_coord_peer_end(struct sfs_leader *ld, struct sfs_coord_peer *peer);

/**
 * sfs_coord_serve() - serve one request of a mount
 * @ld: leader
 * @peer: who asks; joining and leaving change it
 * @type: enum sfs_coord_type
 * @req: request as it came, aligned to 8 bytes
 * @req_len: bytes of it
 * @reply: room for SFS_COORD_REPLY_MAX bytes, aligned likewise
 * @reply_len: set to the bytes to send
 *
 * Errors of the service are in the reply.
 * Context: Sleeps, for I/O too.  Several requests of a peer may be served at
 *	once, but those to join or leave alone.
 * Return: 0, -EPROTO when no correct mount would have sent this; disconnect it.
 */
int sfs_coord_serve(struct sfs_leader *ld, struct sfs_coord_peer *peer, u8 type,
		    const void *req, unsigned int req_len, void *reply,
		    unsigned int *reply_len);

#endif
