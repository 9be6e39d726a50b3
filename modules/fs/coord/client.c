// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking the leader: directly where it is, else by message.
 */
#include "fs/coord/proto.h"

/* What comes back must be as long as the service's answer is. */
int sfs_coord_call(struct sfs_coord *co, u8 type, const void *req,
		   unsigned int req_len, void *answer, unsigned int answer_len)
{
	u8 buf[SFS_COORD_REPLY_MAX] __aligned(8);
	const struct sfs_coord_reply *reply = (void *)buf;
	unsigned int len = 0;
	int ret;

	ret = co->call(co->arg, type, req, req_len, buf, &len);
	if (ret)
		return ret;
	if (len < sizeof(*reply) || len > sizeof(buf))
		return -EPROTO;
	ret = sfs_coord_error(le32_to_cpu(reply->status));
	if (ret)
		return ret;
	if (len != sizeof(*reply) + answer_len)
		return -EPROTO;
	if (answer_len)
		memcpy(answer, reply + 1, answer_len);
	return 0;
}

/* A request and an answer of one number each; NULL: none. */
static int sfs_coord_call_u64(struct sfs_coord *co, u8 type, const u64 *req,
			      u64 *answer)
{
	struct sfs_coord_u64 out = { .value = cpu_to_le64(req ? *req : 0) };
	struct sfs_coord_u64 in;
	int ret;

	ret = sfs_coord_call(co, type, &out, req ? sizeof(out) : 0, &in,
			     answer ? sizeof(in) : 0);
	if (!ret && answer)
		*answer = le64_to_cpu(in.value);
	return ret;
}

u64 sfs_coord_next_seq(struct sfs_coord *co)
{
	u64 seq;

	if (co->leader)
		return sfs_leader_next_seq(co->leader);
	return sfs_coord_call_u64(co, SFS_COORD_NEXT_SEQ, NULL, &seq) ? 0 : seq;
}

int sfs_coord_group_range(struct sfs_coord *co, u64 nr, u64 *first)
{
	if (co->leader)
		return sfs_leader_group_range(co->leader, nr, first);
	return sfs_coord_call_u64(co, SFS_COORD_GROUP_RANGE, &nr, first);
}

int sfs_coord_join(struct sfs_coord *co, u64 rid, u32 *slot)
{
	u64 value;
	int ret;

	if (co->leader)
		return sfs_leader_join(co->leader, rid, slot);
	ret = sfs_coord_call_u64(co, SFS_COORD_JOIN, &rid, &value);
	if (!ret && value > U32_MAX)
		ret = -EPROTO;
	if (!ret)
		*slot = value;
	return ret;
}

int sfs_coord_leave(struct sfs_coord *co, u32 slot, u64 rid)
{
	if (co->leader)
		return sfs_leader_recover_slot(co->leader, slot, rid);
	return sfs_coord_call_u64(co, SFS_COORD_LEAVE, &rid, NULL);
}

static int sfs_coord_call_grant(struct sfs_coord *co, u8 type, const void *req,
				unsigned int req_len, struct sfs_grant *grant)
{
	struct sfs_coord_grant_reply answer;
	unsigned int i;
	int ret;

	ret = sfs_coord_call(co, type, req, req_len, &answer, sizeof(answer));
	if (ret)
		return ret;
	grant->id = le64_to_cpu(answer.id);
	grant->nr = le32_to_cpu(answer.nr);
	grant->space = le32_to_cpu(answer.space);
	if (!grant->nr || grant->nr > SFS_GRANT_EXTENTS ||
	    (grant->space != SFS_SPACE_META && grant->space != SFS_SPACE_DATA))
		return -EPROTO;
	for (i = 0; i < grant->nr; i++) {
		grant->ext[i].start = le64_to_cpu(answer.ext[i].start);
		grant->ext[i].len = le64_to_cpu(answer.ext[i].len);
	}
	return 0;
}

int sfs_coord_grant(struct sfs_coord *co, u32 slot, u64 taken_id, u64 have_id,
		    u8 space, u64 want, bool reserve, struct sfs_grant *grant)
{
	struct sfs_coord_grant_req req = {
		.taken_id = cpu_to_le64(taken_id),
		.have_id = cpu_to_le64(have_id),
		.want = cpu_to_le64(want),
		.space = space,
		.reserve = reserve,
	};

	if (co->leader)
		return sfs_leader_grant(co->leader, slot, taken_id, have_id,
					space, want, reserve, grant);
	return sfs_coord_call_grant(co, SFS_COORD_GRANT, &req, sizeof(req),
				    grant);
}

int sfs_coord_grant_at(struct sfs_coord *co, u32 slot, u64 taken_id,
		       u64 have_id, const struct sfs_free_range *range,
		       u64 want, struct sfs_grant *grant)
{
	struct sfs_coord_grant_at_req req = {
		.taken_id = cpu_to_le64(taken_id),
		.have_id = cpu_to_le64(have_id),
		.want = cpu_to_le64(want),
		.from = cpu_to_le64(range->from),
		.end = cpu_to_le64(range->end),
		.min_len = cpu_to_le64(range->min_len),
	};

	if (co->leader)
		return sfs_leader_grant_at(co->leader, slot, taken_id, have_id,
					   range, want, grant);
	return sfs_coord_call_grant(co, SFS_COORD_GRANT_AT, &req, sizeof(req),
				    grant);
}

static int sfs_coord_call_tree(struct sfs_coord *co, u8 type, u64 id,
			       const struct sfs_tree *tree)
{
	struct sfs_coord_tree_req req = { .id = cpu_to_le64(id) };

	sfs_tree_to_disk(&req.tree, tree);
	return sfs_coord_call(co, type, &req, sizeof(req), NULL, 0);
}

int sfs_coord_return(struct sfs_coord *co, u32 slot, u64 id,
		     const struct sfs_tree *ret_tree)
{
	if (co->leader)
		return sfs_leader_return(co->leader, slot, id, ret_tree);
	return sfs_coord_call_tree(co, SFS_COORD_RETURN, id, ret_tree);
}

int sfs_coord_fold(struct sfs_coord *co, u32 slot, const struct sfs_tree *mlog,
		   u64 seq)
{
	if (co->leader)
		return sfs_leader_fold(co->leader, slot, mlog, seq);
	return sfs_coord_call_tree(co, SFS_COORD_FOLD, seq, mlog);
}

int sfs_coord_lookup_root(struct sfs_coord *co, u64 group,
			  struct sfs_disk_root_entry *entry)
{
	struct sfs_coord_u64 req = { .value = cpu_to_le64(group) };

	if (co->leader)
		return sfs_leader_lookup_root(co->leader, group, entry);
	return sfs_coord_call(co, SFS_COORD_LOOKUP_ROOT, &req, sizeof(req),
			      entry, sizeof(*entry));
}

int sfs_coord_next_orphan(struct sfs_coord *co, u64 *ino)
{
	u64 from = *ino;

	if (co->leader)
		return sfs_leader_next_orphan(co->leader, ino);
	return sfs_coord_call_u64(co, SFS_COORD_NEXT_ORPHAN, &from, ino);
}

int sfs_coord_del_orphan(struct sfs_coord *co, u64 ino)
{
	if (co->leader)
		return sfs_leader_del_orphan(co->leader, ino);
	return sfs_coord_call_u64(co, SFS_COORD_DEL_ORPHAN, &ino, NULL);
}

int sfs_coord_inodes_open(struct sfs_coord *co, u64 first,
			  const struct sfs_open_map *wanted,
			  struct sfs_open_map *open)
{
	struct sfs_coord_open_req req = { .first = cpu_to_le64(first) };
	struct sfs_coord_open answer;
	unsigned int i;
	int ret;

	sfs_open_encode(&req.wanted, wanted);
	ret = sfs_coord_call(co, SFS_COORD_INODES_OPEN, &req, sizeof(req),
			     &answer, sizeof(answer));
	for (i = 0; !ret && i < SFS_OPEN_WORDS; i++)
		open->word[i] = le64_to_cpu(answer.word[i]);
	return ret;
}

int sfs_coord_stat(struct sfs_coord *co, s64 inode_delta,
		   struct sfs_leader_stat *st)
{
	struct sfs_coord_u64 req = { .value = cpu_to_le64(inode_delta) };
	struct sfs_coord_stat_reply answer;
	int ret;

	if (co->leader) {
		sfs_leader_stat(co->leader, st);
		st->nr_inodes += inode_delta;
		return 0;
	}
	ret = sfs_coord_call(co, SFS_COORD_STAT, &req, sizeof(req), &answer,
			     sizeof(answer));
	if (ret)
		return ret;
	st->free_meta_blocks = le64_to_cpu(answer.free_meta_blocks);
	st->free_data_blocks = le64_to_cpu(answer.free_data_blocks);
	st->reserved_meta_blocks = le64_to_cpu(answer.reserved_meta_blocks);
	st->nr_inodes = le64_to_cpu(answer.nr_inodes);
	return 0;
}

static int sfs_coord_call_zone(struct sfs_coord *co, bool set, u64 *blocks)
{
	struct sfs_coord_zone_req req = {
		.blocks = cpu_to_le64(set ? *blocks : 0),
		.set = set,
	};
	struct sfs_coord_u64 answer;
	int ret;

	ret = sfs_coord_call(co, SFS_COORD_ZONE, &req, sizeof(req), &answer,
			     sizeof(answer));
	if (!ret)
		*blocks = le64_to_cpu(answer.value);
	return ret;
}

int sfs_coord_data_zone(struct sfs_coord *co, u64 *blocks)
{
	if (!co->leader)
		return sfs_coord_call_zone(co, false, blocks);
	sfs_leader_data_zone(co->leader, blocks);
	return 0;
}

int sfs_coord_set_data_zone(struct sfs_coord *co, u64 blocks)
{
	if (co->leader)
		return sfs_leader_set_data_zone(co->leader, blocks);
	return sfs_coord_call_zone(co, true, &blocks);
}
