// SPDX-License-Identifier: GPL-2.0-only
/*
 * Family scoutfs_lock: providers, locks, statistics, members, leader, quorum.
 */
#include "fs/netlink/netlink.h"
#include "lock/cluster_info.h"

static const struct nla_policy sfs_nl_lock_policy[SCOUTFS_LOCK_A_MAX + 1] = {
	[SCOUTFS_LOCK_A_FSID]		= { .type = NLA_U64 },
	[SCOUTFS_LOCK_A_RID]		= { .type = NLA_U64 },
	[SCOUTFS_LOCK_A_WAITING]	= { .type = NLA_FLAG },
	[SCOUTFS_LOCK_A_ADDR]		= { .type = NLA_NUL_STRING, .len = SFS_NET_ADDR_TEXT },
	[SCOUTFS_LOCK_A_SLOT]		= { .type = NLA_U32 },
	[SCOUTFS_LOCK_A_SLOT_CHANGE]	= { .type = NLA_U32 },
};

static int sfs_nl_lock_u64(struct sk_buff *skb, int attr, u64 val)
{
	return nla_put_u64_64bit(skb, attr, val, SCOUTFS_LOCK_A_PAD);
}

static int sfs_nl_lock_flag(struct sk_buff *skb, int attr, bool is_set)
{
	return is_set ? nla_put_flag(skb, attr) : 0;
}

static int sfs_nl_lock_addr(struct sk_buff *skb, const struct sfs_net_addr *addr)
{
	char text[SFS_NET_ADDR_TEXT];

	sfs_net_addr_print(addr, text, sizeof(text));
	return nla_put_string(skb, SCOUTFS_LOCK_A_ADDR, text);
}

static int sfs_nl_lock_mount(struct nlattr **attrs,
			     struct netlink_ext_ack *extack,
			     struct sfs_sb_info **sbi)
{
	return sfs_nl_mount(attrs, SCOUTFS_LOCK_A_FSID, SCOUTFS_LOCK_A_RID,
			    extack, sbi);
}

/* Why the provider has no answer. */
static int sfs_nl_lock_why(struct netlink_ext_ack *extack, int ret,
			   const char *enoent)
{
	switch (ret) {
	case -EOPNOTSUPP:
		NL_SET_ERR_MSG(extack, "the lock provider of the mount has no cluster");
		break;
	case -ENOENT:
		/* constant texts of this file */
		if (extack)
			extack->_msg = enoent;
		break;
	case -EAGAIN:
		NL_SET_ERR_MSG(extack, "the leader begins or ends to lead");
		break;
	}
	return ret;
}

/* ---- providers -------------------------------------------------------------------------- */

static int sfs_nl_put_provider(struct sk_buff *skb, const void *name)
{
	return nla_put_string(skb, SCOUTFS_LOCK_A_PROVIDER, name);
}

static bool sfs_nl_dump_provider(void *arg, const char *name)
{
	return sfs_nl_iter_put(arg, sfs_nl_put_provider, name);
}

static int sfs_nl_provider_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sfs_nl_iter iter;

	sfs_nl_iter_init(&iter, skb, cb, &sfs_nl_lock_family,
			 SCOUTFS_LOCK_CMD_PROVIDER_GET);
	if (!iter.dump->is_over)
		sfs_lock_provider_for_each(sfs_nl_dump_provider, &iter);
	return sfs_nl_iter_done(&iter, 0);
}

/* ---- locks of a mount --------------------------------------------------------------------- */

static int sfs_nl_put_lock(struct sk_buff *skb, const struct sfs_lock_info *info)
{
	int ret;

	ret = nla_put_u32(skb, SCOUTFS_LOCK_A_TYPE, info->type) ?:
	      sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_NUMBER, info->nr) ?:
	      nla_put_u32(skb, SCOUTFS_LOCK_A_MODE, info->mode) ?:
	      nla_put_u32(skb, SCOUTFS_LOCK_A_USERS_PR, info->users_pr) ?:
	      nla_put_u32(skb, SCOUTFS_LOCK_A_USERS_EX, info->users_ex) ?:
	      nla_put_u32(skb, SCOUTFS_LOCK_A_WAITERS, info->waiters) ?:
	      sfs_nl_lock_flag(skb, SCOUTFS_LOCK_A_REVOKED, info->revoking);
	if (!ret && info->waiters)
		ret = sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_WAIT_MS,
				      info->oldest_wait_ms);
	return ret;
}

static bool sfs_nl_dump_lock(void *arg, const struct sfs_lock_info *info)
{
	struct sfs_nl_iter *iter = arg;
	void *hdr;

	/* where to go on if this one does not fit */
	iter->dump->type = info->type;
	iter->dump->next = info->nr;
	if (iter->is_waiting_only && !info->waiters)
		return true;
	hdr = sfs_nl_iter_begin(iter);
	return sfs_nl_iter_end(iter, hdr,
			       hdr ? sfs_nl_put_lock(iter->skb, info) : 0);
}

static int sfs_nl_lock_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = sfs_compat_dump_attrs(cb);
	struct sfs_nl_iter iter;
	struct sfs_sb_info *sbi;
	int ret;

	sfs_nl_iter_init(&iter, skb, cb, &sfs_nl_lock_family,
			 SCOUTFS_LOCK_CMD_LOCK_GET);
	if (iter.dump->is_over)
		return 0;
	ret = sfs_nl_lock_mount(attrs, cb->extack, &sbi);
	if (ret)
		return ret;
	iter.is_waiting_only = attrs[SCOUTFS_LOCK_A_WAITING];
	cb->seq = sfs_lock_space_seq(sbi->fs->locks);
	sfs_lock_visit_from(sbi->fs->locks, iter.dump->type, iter.dump->next,
			    sfs_nl_dump_lock, &iter);
	sfs_mounts_put(sbi);
	return sfs_nl_iter_done(&iter, 0);
}

static int sfs_nl_put_stats(struct sk_buff *skb, struct sfs_sb_info *sbi)
{
	struct sfs_lock_stats st;

	sfs_lock_space_stats(sbi->fs->locks, &st);
	return nla_put_string(skb, SCOUTFS_LOCK_A_PROVIDER,
			      sfs_lock_space_provider(sbi->fs->locks)) ?:
	       sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_LOCKS, st.nr_locks) ?:
	       sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_HITS, st.hits) ?:
	       sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_WAITS, st.waits) ?:
	       sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_GRANTS, st.grants) ?:
	       sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_REVOKES, st.revokes) ?:
	       sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_RETURNS, st.returns) ?:
	       sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_ERRORS, st.errors);
}

/* ---- the cluster ---------------------------------------------------------------------------- */

static int sfs_nl_put_master(struct sk_buff *skb, const void *item)
{
	const struct sfs_lock_master_info *info = item;
	int ret;

	ret = nla_put_u32(skb, SCOUTFS_LOCK_A_TYPE, info->name.type) ?:
	      sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_NUMBER, info->name.nr) ?:
	      sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_HOLDER, info->node) ?:
	      nla_put_u32(skb, SCOUTFS_LOCK_A_MODE, info->mode) ?:
	      nla_put_u32(skb, SCOUTFS_LOCK_A_WANT, info->want) ?:
	      sfs_nl_lock_flag(skb, SCOUTFS_LOCK_A_REVOKED, info->is_revoked);
	if (!ret && (info->want || info->is_revoked))
		ret = sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_WAIT_MS,
				      info->wait_ms);
	return ret;
}

static bool sfs_nl_dump_master(void *arg,
			       const struct sfs_lock_master_info *info)
{
	struct sfs_nl_iter *iter = arg;

	if (iter->is_waiting_only && !info->want && !info->is_revoked)
		return true;
	return sfs_nl_iter_put(iter, sfs_nl_put_master, info);
}

static int sfs_nl_put_member(struct sk_buff *skb, const void *item)
{
	const struct sfs_lock_member_info *info = item;

	return sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_MEMBER_RID, info->rid) ?:
	       sfs_nl_lock_addr(skb, &info->addr) ?:
	       nla_put_u32(skb, SCOUTFS_LOCK_A_MEMBER_STATE, info->state) ?:
	       sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_SILENT_MS,
			       info->silent_ms) ?:
	       sfs_nl_lock_flag(skb, SCOUTFS_LOCK_A_SELF, info->is_self);
}

static bool sfs_nl_dump_member(void *arg, const struct sfs_lock_member_info *info)
{
	return sfs_nl_iter_put(arg, sfs_nl_put_member, info);
}

static int sfs_nl_put_slot(struct sk_buff *skb, const void *item)
{
	const struct sfs_lock_slot_info *info = item;

	return nla_put_u32(skb, SCOUTFS_LOCK_A_SLOT, info->slot) ?:
	       sfs_nl_lock_addr(skb, &info->addr) ?:
	       sfs_nl_lock_flag(skb, SCOUTFS_LOCK_A_SELF, info->is_own);
}

static bool sfs_nl_dump_slot(void *arg, const struct sfs_lock_slot_info *info)
{
	return sfs_nl_iter_put(arg, sfs_nl_put_slot, info);
}

static int sfs_nl_visit(struct sfs_lock_space *space, struct sfs_nl_iter *iter)
{
	switch (iter->cmd) {
	case SCOUTFS_LOCK_CMD_MEMBER_GET:
		return sfs_lock_space_members(space, sfs_nl_dump_member, iter);
	case SCOUTFS_LOCK_CMD_SLOT_GET:
		return sfs_lock_space_slots(space, sfs_nl_dump_slot, iter);
	}
	return sfs_lock_space_master_locks(space, sfs_nl_dump_master, iter);
}

/* A dump of what the leader knows, or each member. */
static int sfs_nl_leader_dump(struct sk_buff *skb, struct netlink_callback *cb,
			      u8 cmd)
{
	struct nlattr **attrs = sfs_compat_dump_attrs(cb);
	struct sfs_nl_iter iter;
	struct sfs_sb_info *sbi;
	int ret;

	sfs_nl_iter_init(&iter, skb, cb, &sfs_nl_lock_family, cmd);
	if (iter.dump->is_over)
		return 0;
	ret = sfs_nl_lock_mount(attrs, cb->extack, &sbi);
	if (ret)
		return ret;
	cb->seq = sfs_lock_space_seq(sbi->fs->locks);
	iter.is_waiting_only = attrs[SCOUTFS_LOCK_A_WAITING];
	ret = sfs_nl_visit(sbi->fs->locks, &iter);
	sfs_mounts_put(sbi);
	ret = sfs_nl_lock_why(cb->extack, ret, "the mount does not lead");
	return sfs_nl_iter_done(&iter, ret);
}

static int sfs_nl_master_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sfs_nl_leader_dump(skb, cb, SCOUTFS_LOCK_CMD_MASTER_GET);
}

static int sfs_nl_member_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sfs_nl_leader_dump(skb, cb, SCOUTFS_LOCK_CMD_MEMBER_GET);
}

static int sfs_nl_slot_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sfs_nl_leader_dump(skb, cb, SCOUTFS_LOCK_CMD_SLOT_GET);
}

static int sfs_nl_put_leader(struct sk_buff *skb, struct sfs_sb_info *sbi,
			     struct netlink_ext_ack *extack)
{
	struct sfs_lock_leader_info info;
	int ret;

	ret = sfs_lock_space_leader(sbi->fs->locks, &info);
	if (ret)
		return sfs_nl_lock_why(extack, ret, "no leader is known");
	ret = nla_put_u32(skb, SCOUTFS_LOCK_A_SLOT, info.slot) ?:
	      sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_TERM, info.term) ?:
	      sfs_nl_lock_addr(skb, &info.addr) ?:
	      sfs_nl_lock_flag(skb, SCOUTFS_LOCK_A_SELF, info.is_self) ?:
	      sfs_nl_lock_flag(skb, SCOUTFS_LOCK_A_JOINED, info.is_joined);
	if (!ret && info.rid)
		ret = sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_MEMBER_RID, info.rid);
	return ret;
}

static int sfs_nl_put_quorum(struct sk_buff *skb, struct sfs_sb_info *sbi,
			     struct netlink_ext_ack *extack)
{
	struct sfs_lock_quorum_info *info;
	const struct sfs_quorum_status *q;
	int ret;

	info = kmalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	ret = sfs_lock_space_quorum_status(sbi->fs->locks, info);
	if (ret) {
		ret = sfs_nl_lock_why(extack, ret,
				      "the mount has no quorum slot");
		goto out;
	}
	q = &info->quorum;
	ret = nla_put_u32(skb, SCOUTFS_LOCK_A_SLOT, q->slot) ?:
	      sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_TERM, q->term) ?:
	      nla_put_u32(skb, SCOUTFS_LOCK_A_ROLE, q->role) ?:
	      nla_put_u32(skb, SCOUTFS_LOCK_A_VOTES, q->vote_bits) ?:
	      sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_LEADER_TERM,
			      q->leader_term) ?:
	      sfs_nl_lock_flag(skb, SCOUTFS_LOCK_A_IS_LEADER, info->is_leader) ?:
	      sfs_nl_lock_u64(skb, SCOUTFS_LOCK_A_LIST_VERSION,
			      q->list_version) ?:
	      nla_put_u32(skb, SCOUTFS_LOCK_A_SLOT_BITS, q->slots);
	if (!ret && q->leader_slot >= 0)
		ret = nla_put_u32(skb, SCOUTFS_LOCK_A_LEADER_SLOT,
				  q->leader_slot);
	if (!ret && q->vote_for >= 0)
		ret = nla_put_u32(skb, SCOUTFS_LOCK_A_VOTE_FOR, q->vote_for);
out:
	kfree(info);
	return ret;
}

/* One mount, one answer. */
static int sfs_nl_lock_get(struct sk_buff *in, struct genl_info *info)
{
	struct sfs_sb_info *sbi;
	struct sk_buff *skb;
	void *hdr;
	int ret;

	ret = sfs_nl_lock_mount(info->attrs, info->extack, &sbi);
	if (ret)
		return ret;
	ret = sfs_nl_reply_begin(info, &sfs_nl_lock_family,
				 info->genlhdr->cmd, &skb, &hdr);
	if (ret)
		goto out;
	switch (info->genlhdr->cmd) {
	case SCOUTFS_LOCK_CMD_STATS_GET:
		ret = sfs_nl_put_stats(skb, sbi);
		break;
	case SCOUTFS_LOCK_CMD_LEADER_GET:
		ret = sfs_nl_put_leader(skb, sbi, info->extack);
		break;
	default:
		ret = sfs_nl_put_quorum(skb, sbi, info->extack);
		break;
	}
	ret = sfs_nl_reply_end(info, skb, hdr, ret);
out:
	sfs_mounts_put(sbi);
	return ret;
}

/* ---- the family ------------------------------------------------------------------------------ */

static const struct genl_ops sfs_nl_lock_ops[] = {
	{
		.cmd	= SCOUTFS_LOCK_CMD_PROVIDER_GET,
		.dumpit	= sfs_nl_provider_dump,
	},
	{
		.cmd	= SCOUTFS_LOCK_CMD_LOCK_GET,
		.dumpit	= sfs_nl_lock_dump,
	},
	{
		.cmd	= SCOUTFS_LOCK_CMD_STATS_GET,
		.doit	= sfs_nl_lock_get,
	},
	{
		.cmd	= SCOUTFS_LOCK_CMD_MASTER_GET,
		.dumpit	= sfs_nl_master_dump,
	},
	{
		.cmd	= SCOUTFS_LOCK_CMD_MEMBER_GET,
		.dumpit	= sfs_nl_member_dump,
	},
	{
		.cmd	= SCOUTFS_LOCK_CMD_LEADER_GET,
		.doit	= sfs_nl_lock_get,
	},
	{
		.cmd	= SCOUTFS_LOCK_CMD_QUORUM_GET,
		.doit	= sfs_nl_lock_get,
	},
	{
		.cmd	= SCOUTFS_LOCK_CMD_SLOT_GET,
		.dumpit	= sfs_nl_slot_dump,
	},
	{
		.cmd	= SCOUTFS_LOCK_CMD_SLOT_CHANGE,
		.flags	= GENL_ADMIN_PERM,
		.doit	= sfs_nl_slot_change,
	},
};

struct genl_family sfs_nl_lock_family __ro_after_init = {
	.name		= SCOUTFS_LOCK_GENL_NAME,
	.version	= SCOUTFS_LOCK_GENL_VERSION,
	.maxattr	= SCOUTFS_LOCK_A_MAX,
	.policy		= sfs_nl_lock_policy,
	.module		= THIS_MODULE,
	.ops		= sfs_nl_lock_ops,
	.n_ops		= ARRAY_SIZE(sfs_nl_lock_ops),
	.resv_start_op	= SCOUTFS_LOCK_CMD_SLOT_CHANGE + 1,
	.parallel_ops	= true,
};
