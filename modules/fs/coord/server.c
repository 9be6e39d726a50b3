// SPDX-License-Identifier: GPL-2.0-only
/*
 * Serving what mounts ask of the leader, see proto.h.
 *
 * Requests are bytes from outside: lengths, numbers and padding are checked
 * here, trees by the validators of their blocks.  A mount speaks for itself
 * only: its rid and slot are the session's.
 */
#include "fs/coord/plock_serve.h"
#include "fs/coord/proto.h"

/* Most numbers of groups one request gets. */
#define SFS_COORD_RANGE_MAX	65536
/* and most blocks, a bound for arithmetic only */
#define SFS_COORD_WANT_MAX	(1ULL << 48)

/* One request while it is served. */
struct sfs_coord_serving {
	struct sfs_leader *ld;
	struct sfs_coord_peer *peer;
	const void *req;
	unsigned int req_len;
	void *answer;
	unsigned int answer_len;
};

static u64 sfs_coord_req_u64(const struct sfs_coord_serving *sv)
{
	const struct sfs_coord_u64 *req = sv->req;

	return le64_to_cpu(req->value);
}

static void sfs_coord_answer_u64(struct sfs_coord_serving *sv, u64 value)
{
	struct sfs_coord_u64 *answer = sv->answer;

	answer->value = cpu_to_le64(value);
	sv->answer_len = sizeof(*answer);
}

/* ---- services ------------------------------------------------------------------------ */

static int sfs_serve_next_seq(struct sfs_coord_serving *sv)
{
	u64 seq = sfs_leader_next_seq(sv->ld);

	if (!seq)
		return sfs_volume_error(sv->ld->vol) ?: -EIO;
	sfs_coord_answer_u64(sv, seq);
	return 0;
}

static int sfs_serve_group_range(struct sfs_coord_serving *sv)
{
	u64 nr = sfs_coord_req_u64(sv);
	u64 first;
	int ret;

	if (!nr || nr > SFS_COORD_RANGE_MAX)
		return -EPROTO;
	ret = sfs_leader_group_range(sv->ld, nr, &first);
	if (!ret)
		sfs_coord_answer_u64(sv, first);
	return ret;
}

static int sfs_serve_join(struct sfs_coord_serving *sv)
{
	struct sfs_coord_peer *peer = sv->peer;
	int ret = 0;

	if (sfs_coord_req_u64(sv) != peer->rid)
		return -EPROTO;
	if (!peer->is_joined)
		ret = sfs_leader_join(sv->ld, peer->rid, &peer->slot);
	if (!ret) {
		peer->is_joined = true;
		sfs_coord_answer_u64(sv, peer->slot);
	}
	return ret;
}

static int sfs_serve_leave(struct sfs_coord_serving *sv)
{
	struct sfs_coord_peer *peer = sv->peer;
	int ret = 0;

	if (sfs_coord_req_u64(sv) != peer->rid)
		return -EPROTO;
	/*
	 * Asked again, the slot may be another mount's by now; or another leader
	 * took it back and could not say so any more.
	 */
	if (peer->is_joined && sfs_leader_is_joined(sv->ld, peer->slot, peer->rid))
		ret = sfs_leader_recover_slot(sv->ld, peer->slot, peer->rid);
	if (!ret && sv->ld->plocks)
		sfs_plock_service_drop(sv->ld->plocks, peer->rid);
	if (!ret) {
		peer->has_left = true;
		sfs_coord_peer_end(sv->ld, peer);
	}
	return ret;
}

static void sfs_coord_answer_grant(struct sfs_coord_serving *sv,
				   const struct sfs_grant *grant)
{
	struct sfs_coord_grant_reply *answer = sv->answer;
	unsigned int i;

	memset(answer, 0, sizeof(*answer));
	answer->id = cpu_to_le64(grant->id);
	answer->nr = cpu_to_le32(grant->nr);
	answer->space = cpu_to_le32(grant->space);
	for (i = 0; i < grant->nr; i++) {
		answer->ext[i].start = cpu_to_le64(grant->ext[i].start);
		answer->ext[i].len = cpu_to_le64(grant->ext[i].len);
	}
	sv->answer_len = sizeof(*answer);
}

static int sfs_serve_grant(struct sfs_coord_serving *sv)
{
	const struct sfs_coord_grant_req *req = sv->req;
	struct sfs_grant grant;
	int ret;

	if ((req->space != SFS_SPACE_META && req->space != SFS_SPACE_DATA) ||
	    req->reserve > 1 || memchr_inv(req->pad, 0, sizeof(req->pad)) ||
	    !req->want || le64_to_cpu(req->want) > SFS_COORD_WANT_MAX)
		return -EPROTO;
	ret = sfs_leader_grant(sv->ld, sv->peer->slot,
			       le64_to_cpu(req->taken_id),
			       le64_to_cpu(req->have_id), req->space,
			       le64_to_cpu(req->want), req->reserve, &grant);
	if (!ret)
		sfs_coord_answer_grant(sv, &grant);
	return ret;
}

static int sfs_serve_grant_at(struct sfs_coord_serving *sv)
{
	const struct sfs_coord_grant_at_req *req = sv->req;
	struct sfs_free_range range = {
		.from = le64_to_cpu(req->from),
		.end = le64_to_cpu(req->end),
		.min_len = le64_to_cpu(req->min_len),
	};
	struct sfs_grant grant;
	int ret;

	if (!req->want || le64_to_cpu(req->want) > SFS_COORD_WANT_MAX ||
	    range.from > range.end || range.end > SFS_COORD_WANT_MAX ||
	    range.min_len > SFS_COORD_WANT_MAX)
		return -EPROTO;
	ret = sfs_leader_grant_at(sv->ld, sv->peer->slot,
				  le64_to_cpu(req->taken_id),
				  le64_to_cpu(req->have_id), &range,
				  le64_to_cpu(req->want), &grant);
	if (!ret)
		sfs_coord_answer_grant(sv, &grant);
	return ret;
}

/* Also what the blocks under it cannot tell: the root. */
static int sfs_coord_req_tree(const struct sfs_coord_serving *sv, u64 owner,
			      u64 *id, struct sfs_tree *tree)
{
	const struct sfs_coord_tree_req *req = sv->req;

	if (req->tree.height > SFS_TREE_HEIGHT_MAX ||
	    memchr_inv(req->tree.pad, 0, sizeof(req->tree.pad)))
		return -EPROTO;
	sfs_tree_from_disk(tree, &req->tree, owner);
	*id = le64_to_cpu(req->id);
	return 0;
}

static int sfs_serve_return(struct sfs_coord_serving *sv)
{
	u32 slot = sv->peer->slot;
	struct sfs_tree tree;
	u64 id;
	int ret;

	ret = sfs_coord_req_tree(sv, SFS_OWNER_FREED(slot), &id, &tree);
	return ret ?: sfs_leader_return(sv->ld, slot, id, &tree);
}

static int sfs_serve_fold(struct sfs_coord_serving *sv)
{
	u32 slot = sv->peer->slot;
	struct sfs_tree tree;
	u64 seq;
	int ret;

	ret = sfs_coord_req_tree(sv, SFS_OWNER_MLOG(slot), &seq, &tree);
	return ret ?: sfs_leader_fold(sv->ld, slot, &tree, seq);
}

static int sfs_serve_lookup_root(struct sfs_coord_serving *sv)
{
	struct sfs_disk_root_entry *entry = sv->answer;
	int ret;

	ret = sfs_leader_lookup_root(sv->ld, sfs_coord_req_u64(sv), entry);
	if (!ret)
		sv->answer_len = sizeof(*entry);
	return ret;
}

static int sfs_serve_next_orphan(struct sfs_coord_serving *sv)
{
	u64 ino = sfs_coord_req_u64(sv);
	int ret = sfs_leader_next_orphan(sv->ld, &ino);

	if (!ret)
		sfs_coord_answer_u64(sv, ino);
	return ret;
}

static int sfs_serve_del_orphan(struct sfs_coord_serving *sv)
{
	return sfs_leader_del_orphan(sv->ld, sfs_coord_req_u64(sv));
}

static void sfs_coord_peer_delta(struct sfs_leader *ld,
				 struct sfs_coord_peer *peer, s64 delta)
{
	atomic64_add(delta - atomic64_xchg(&peer->inode_delta, delta),
		     &ld->inode_delta);
}

void sfs_coord_peer_end(struct sfs_leader *ld, struct sfs_coord_peer *peer)
{
	sfs_coord_peer_delta(ld, peer, 0);
}

static int sfs_serve_stat(struct sfs_coord_serving *sv)
{
	struct sfs_coord_stat_reply *answer = sv->answer;
	struct sfs_leader_stat st;

	sfs_coord_peer_delta(sv->ld, sv->peer, sfs_coord_req_u64(sv));
	sfs_leader_stat(sv->ld, &st);
	answer->free_meta_blocks = cpu_to_le64(st.free_meta_blocks);
	answer->free_data_blocks = cpu_to_le64(st.free_data_blocks);
	answer->reserved_meta_blocks = cpu_to_le64(st.reserved_meta_blocks);
	answer->nr_inodes = cpu_to_le64(st.nr_inodes);
	sv->answer_len = sizeof(*answer);
	return 0;
}

static int sfs_serve_inodes_open(struct sfs_coord_serving *sv)
{
	const struct sfs_coord_open_req *req = sv->req;
	struct sfs_open_map map;
	int ret;

	if (le64_to_cpu(req->first) & (sfs_open_inos(sv->ld->vol) - 1) ||
	    !sfs_open_decode(sv->ld->vol, &map, &req->wanted))
		return -EPROTO;
	ret = sfs_leader_inodes_open(sv->ld, sv->peer->rid, req, &map);
	if (ret)
		return ret;
	sfs_open_encode(sv->answer, &map);
	sv->answer_len = sizeof(struct sfs_coord_open);
	return 0;
}

static int sfs_serve_zone(struct sfs_coord_serving *sv)
{
	const struct sfs_coord_zone_req *req = sv->req;
	u64 blocks = le64_to_cpu(req->blocks);
	int ret = 0;

	if (req->set > 1 || memchr_inv(req->pad, 0, sizeof(req->pad)) ||
	    (!req->set && blocks))
		return -EPROTO;
	if (req->set)
		ret = sfs_leader_set_data_zone(sv->ld, blocks);
	else
		sfs_leader_data_zone(sv->ld, &blocks);
	if (!ret)
		sfs_coord_answer_u64(sv, blocks);
	return ret;
}

/* ---- file locks --------------------------------------------------------- */

static int sfs_serve_plock_begin(struct sfs_coord_serving *sv)
{
	u64 nr = sfs_coord_req_u64(sv);
	u64 token;
	int ret;

	if (!sv->ld->plocks || !nr)
		return -EPROTO;
	ret = sfs_plock_service_begin(sv->ld->plocks, sv->peer->rid, nr,
				      &token);
	if (!ret)
		sfs_coord_answer_u64(sv, token);
	return ret;
}

static int sfs_serve_plock_held(struct sfs_coord_serving *sv)
{
	const struct sfs_coord_plock_held_req *req = sv->req;
	unsigned int nr = (sv->req_len - sizeof(*req)) / sizeof(req->lock[0]);
	struct sfs_plock lock;
	unsigned int i;
	int ret, err = 0;

	if (!sv->ld->plocks || req->head.id)
		return -EPROTO;
	for (i = 0; i < nr; i++) {
		if (!sfs_coord_plock_decode(&lock, &req->lock[i]) ||
		    lock.kind == SFS_PLOCK_UNLOCK)
			return -EPROTO;
		ret = sfs_plock_service_held(sv->ld->plocks, sv->peer->rid,
					     le64_to_cpu(req->head.token),
					     &lock);
		/* one that cannot be had is no reason to lose the others */
		err = err ?: ret;
	}
	return err;
}

static int sfs_serve_plock_end(struct sfs_coord_serving *sv)
{
	const struct sfs_coord_plock_head *req = sv->req;

	if (!sv->ld->plocks || req->id)
		return -EPROTO;
	return sfs_plock_service_end(sv->ld->plocks, sv->peer->rid,
				     le64_to_cpu(req->token));
}

static int sfs_serve_plock_set(struct sfs_coord_serving *sv)
{
	const struct sfs_coord_plock_req *req = sv->req;
	struct sfs_plock lock;

	if (!sv->ld->plocks || !req->head.id || req->wait > 1 ||
	    memchr_inv(req->pad, 0, sizeof(req->pad)) ||
	    !sfs_coord_plock_decode(&lock, &req->lock))
		return -EPROTO;
	return sfs_plock_service_set(sv->ld->plocks, sv->peer->rid,
				     le64_to_cpu(req->head.token),
				     le64_to_cpu(req->head.id), &lock,
				     req->wait);
}

static int sfs_serve_plock_accept(struct sfs_coord_serving *sv)
{
	const struct sfs_coord_plock_wait_req *req = sv->req;

	if (!sv->ld->plocks || !req->head.id || !req->wait_id)
		return -EPROTO;
	return sfs_plock_service_accept(sv->ld->plocks, sv->peer->rid,
					le64_to_cpu(req->head.token),
					le64_to_cpu(req->head.id),
					le64_to_cpu(req->wait_id));
}

static int sfs_serve_plock_cancel(struct sfs_coord_serving *sv)
{
	const struct sfs_coord_plock_wait_req *req = sv->req;

	if (!sv->ld->plocks || !req->head.id || !req->wait_id)
		return -EPROTO;
	return sfs_plock_service_cancel(sv->ld->plocks, sv->peer->rid,
					le64_to_cpu(req->head.token),
					le64_to_cpu(req->head.id),
					le64_to_cpu(req->wait_id));
}

static int sfs_serve_plock_test(struct sfs_coord_serving *sv)
{
	const struct sfs_coord_plock_req *req = sv->req;
	struct sfs_coord_plock_test_reply *answer = sv->answer;
	struct sfs_plock lock, conflict = { };
	u64 rid;
	int ret;

	if (!sv->ld->plocks || req->head.id || req->wait ||
	    memchr_inv(req->pad, 0, sizeof(req->pad)) ||
	    !sfs_coord_plock_decode(&lock, &req->lock) ||
	    lock.kind == SFS_PLOCK_UNLOCK)
		return -EPROTO;
	ret = sfs_plock_service_test(sv->ld->plocks, sv->peer->rid,
				     le64_to_cpu(req->head.token), &lock,
				     &conflict, &rid);
	if (ret)
		return ret;
	answer->rid = cpu_to_le64(rid);
	sfs_coord_plock_encode(&answer->lock, &conflict);
	sv->answer_len = sizeof(*answer);
	return 0;
}

/* ---- dispatch -------------------------------------------------------------------------- */

static const struct sfs_coord_service {
	unsigned int req_len;
	bool needs_slot;	/* only mounts in the mount table may ask */
	int (*serve)(struct sfs_coord_serving *sv);
	unsigned int item_len;	/* of a list that follows */
} sfs_coord_services[SFS_COORD_NR_TYPES] = {
#define U64 sizeof(struct sfs_coord_u64)
	[SFS_COORD_NEXT_SEQ]	= { 0, true, sfs_serve_next_seq },
	[SFS_COORD_GROUP_RANGE]	= { U64, true, sfs_serve_group_range },
	[SFS_COORD_JOIN]	= { U64, false, sfs_serve_join },
	[SFS_COORD_LEAVE]	= { U64, false, sfs_serve_leave },
	[SFS_COORD_GRANT]	= { sizeof(struct sfs_coord_grant_req), true,
				    sfs_serve_grant },
	[SFS_COORD_GRANT_AT]	= { sizeof(struct sfs_coord_grant_at_req),
				    true, sfs_serve_grant_at },
	[SFS_COORD_RETURN]	= { sizeof(struct sfs_coord_tree_req), true,
				    sfs_serve_return },
	[SFS_COORD_FOLD]	= { sizeof(struct sfs_coord_tree_req), true,
				    sfs_serve_fold },
	[SFS_COORD_LOOKUP_ROOT]	= { U64, true, sfs_serve_lookup_root },
	[SFS_COORD_NEXT_ORPHAN]	= { U64, true, sfs_serve_next_orphan },
	[SFS_COORD_DEL_ORPHAN]	= { U64, true, sfs_serve_del_orphan },
	[SFS_COORD_STAT]	= { U64, true, sfs_serve_stat },
	/* whoever may be in the table says that it holds nothing, before it joins */
	[SFS_COORD_PLOCK_BEGIN]	= { U64, false, sfs_serve_plock_begin },
	[SFS_COORD_PLOCK_HELD]	= { sizeof(struct sfs_coord_plock_held_req),
				    true, sfs_serve_plock_held,
				    sizeof(struct sfs_coord_plock) },
	[SFS_COORD_PLOCK_END]	= { sizeof(struct sfs_coord_plock_head), false,
				    sfs_serve_plock_end },
	[SFS_COORD_PLOCK_SET]	= { sizeof(struct sfs_coord_plock_req), true,
				    sfs_serve_plock_set },
	[SFS_COORD_PLOCK_ACCEPT] = { sizeof(struct sfs_coord_plock_wait_req),
				     true, sfs_serve_plock_accept },
	[SFS_COORD_PLOCK_CANCEL] = { sizeof(struct sfs_coord_plock_wait_req),
				     true, sfs_serve_plock_cancel },
	[SFS_COORD_PLOCK_TEST]	= { sizeof(struct sfs_coord_plock_req), true,
				    sfs_serve_plock_test },
	[SFS_COORD_INODES_OPEN]	= { sizeof(struct sfs_coord_open_req), true,
				    sfs_serve_inodes_open },
	[SFS_COORD_ZONE]	= { sizeof(struct sfs_coord_zone_req), true,
				    sfs_serve_zone },
#undef U64
};

static bool sfs_coord_len_is_right(const struct sfs_coord_service *service,
				   unsigned int len)
{
	if (!service->item_len)
		return len == service->req_len;
	return len > service->req_len && len <= SFS_COORD_REQUEST_MAX &&
	       (len - service->req_len) % service->item_len == 0;
}

/*
 * Not for who has left: all but to leave again, and to say to a new leader that it
 * has no file locks.
 */
static bool sfs_coord_is_of_stayers(const struct sfs_coord_service *service,
				    u8 type)
{
	return service->needs_slot || type == SFS_COORD_JOIN;
}

int sfs_coord_serve(struct sfs_leader *ld, struct sfs_coord_peer *peer, u8 type,
		    const void *req, unsigned int req_len, void *reply,
		    unsigned int *reply_len)
{
	struct sfs_coord_reply *head = reply;
	struct sfs_coord_serving sv = {
		.ld = ld,
		.peer = peer,
		.req = req,
		.req_len = req_len,
		.answer = head + 1,
	};
	const struct sfs_coord_service *service;
	int ret;

	if (type >= SFS_COORD_NR_TYPES || !sfs_coord_services[type].serve)
		return -EPROTO;
	service = &sfs_coord_services[type];
	if (!sfs_coord_len_is_right(service, req_len) ||
	    (service->needs_slot && !peer->is_joined) ||
	    (peer->has_left && sfs_coord_is_of_stayers(service, type)))
		return -EPROTO;
	ret = service->serve(&sv);
	if (ret == -EPROTO)
		return ret;
	head->status = cpu_to_le32(sfs_coord_status(ret));
	head->pad = 0;
	*reply_len = sizeof(*head) + (ret ? 0 : sv.answer_len);
	return 0;
}
