// SPDX-License-Identifier: GPL-2.0-only
/*
 * Family scoutfs: mounts, their counters, fence requests, and events.
 */
#include "fs/netlink/netlink.h"
#include "fs/vfs/options.h"
#include "lock/cluster_info.h"

enum { SFS_NL_IDENT_MAX = 64 };

static const struct nla_policy sfs_nl_policy[SCOUTFS_A_MAX + 1] = {
	[SCOUTFS_A_FSID]	= { .type = NLA_U64 },
	[SCOUTFS_A_RID]		= { .type = NLA_U64 },
	[SCOUTFS_A_FENCE_RID]	= { .type = NLA_U64 },
	[SCOUTFS_A_FENCE_STATE]	= NLA_POLICY_RANGE(NLA_U32,
						   SCOUTFS_FENCE_STATE_FENCED,
						   SCOUTFS_FENCE_STATE_ERROR),
};

static int sfs_nl_put_u64(struct sk_buff *skb, int attr, u64 val)
{
	return nla_put_u64_64bit(skb, attr, val, SCOUTFS_A_PAD);
}

/* ---- mounts -------------------------------------------------------------------------- */

static int sfs_nl_put_mount_id(struct sk_buff *skb, struct sfs_sb_info *sbi)
{
	return sfs_nl_put_u64(skb, SCOUTFS_A_FSID, sbi->vol.fsid) ?:
	       sfs_nl_put_u64(skb, SCOUTFS_A_RID, sbi->vol.rid) ?:
	       nla_put_string(skb, SCOUTFS_A_IDENT, sbi->vol.ident) ?:
	       nla_put_string(skb, SCOUTFS_A_DEVICE, sbi->sb->s_id) ?:
	       nla_put_u32(skb, SCOUTFS_A_DEV_MAJOR, MAJOR(sbi->sb->s_dev)) ?:
	       nla_put_u32(skb, SCOUTFS_A_DEV_MINOR, MINOR(sbi->sb->s_dev));
}

static int sfs_nl_put_value(struct sk_buff *skb, int attr, const char *name,
			    u64 val)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_string(skb, SCOUTFS_VALUE_A_NAME, name) ||
	    nla_put_u64_64bit(skb, SCOUTFS_VALUE_A_VALUE, val,
			      SCOUTFS_VALUE_A_PAD)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static u32 sfs_nl_mount_state(struct sfs_sb_info *sbi)
{
	if (sfs_volume_error(&sbi->vol))
		return SCOUTFS_MOUNT_STATE_WITHDRAWN;
	return READ_ONCE(sbi->fs) ? SCOUTFS_MOUNT_STATE_MOUNTED :
				    SCOUTFS_MOUNT_STATE_JOINING;
}

static int sfs_nl_put_mount(struct sk_buff *skb, struct sfs_sb_info *sbi)
{
	const char *provider = sbi->opts.lock_provider ?:
			       sbi->vol.sb->lock_provider;
	unsigned int i;
	int ret;

	ret = sfs_nl_put_mount_id(skb, sbi) ?:
	      nla_put_string(skb, SCOUTFS_A_LOCK_PROVIDER, provider) ?:
	      nla_put_u32(skb, SCOUTFS_A_STATE, sfs_nl_mount_state(sbi));
	if (!ret && sfs_volume_error(&sbi->vol))
		ret = nla_put_u32(skb, SCOUTFS_A_ERROR,
				  -sfs_volume_error(&sbi->vol));
	if (!ret && sb_rdonly(sbi->sb))
		ret = nla_put_flag(skb, SCOUTFS_A_READ_ONLY);
	if (!ret && sbi->opts.quorum_slot_nr >= 0)
		ret = nla_put_u32(skb, SCOUTFS_A_QUORUM_SLOT,
				  sbi->opts.quorum_slot_nr);
	for (i = 0; !ret && i < sfs_nr_opt_nums; i++)
		ret = sfs_nl_put_value(skb, SCOUTFS_A_OPTION,
				       sfs_opt_nums[i].name,
				       READ_ONCE(*sfs_opt_num_ptr(&sfs_opt_nums[i],
								  &sbi->opts)));
	return ret;
}

static int sfs_nl_mount_get(struct sk_buff *in, struct genl_info *info)
{
	u64 fsid, rid;
	struct sfs_sb_info *sbi;
	struct sk_buff *skb;
	void *hdr;
	int ret;

	if (!info->attrs[SCOUTFS_A_FSID] || !info->attrs[SCOUTFS_A_RID]) {
		NL_SET_ERR_MSG(info->extack, "fsid and rid of a mount are missing");
		return -EINVAL;
	}
	fsid = nla_get_u64(info->attrs[SCOUTFS_A_FSID]);
	rid = nla_get_u64(info->attrs[SCOUTFS_A_RID]);
	/* also one that waits for its cluster */
	sbi = sfs_mounts_get(fsid, rid);
	if (!sbi) {
		NL_SET_ERR_MSG(info->extack, "no such mount in this kernel");
		return -ENODEV;
	}
	ret = sfs_nl_reply_begin(info, &sfs_nl_family, SCOUTFS_CMD_MOUNT_GET,
				 &skb, &hdr);
	if (!ret)
		ret = sfs_nl_reply_end(info, skb, hdr,
				       sfs_nl_put_mount(skb, sbi));
	sfs_mounts_put(sbi);
	return ret;
}

static int sfs_nl_put_mount_item(struct sk_buff *skb, const void *item)
{
	return sfs_nl_put_mount(skb, (struct sfs_sb_info *)item);
}

static bool sfs_nl_dump_mount(void *arg, struct sfs_sb_info *sbi)
{
	return sfs_nl_iter_put(arg, sfs_nl_put_mount_item, sbi);
}

static int sfs_nl_mount_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sfs_nl_iter iter;

	sfs_nl_iter_init(&iter, skb, cb, &sfs_nl_family, SCOUTFS_CMD_MOUNT_GET);
	cb->seq = sfs_mounts_generation();
	if (!iter.dump->is_over)
		sfs_mounts_for_each(sfs_nl_dump_mount, &iter);
	return sfs_nl_iter_done(&iter, 0);
}

static int sfs_nl_put_counters(struct sk_buff *skb, struct sfs_sb_info *sbi)
{
	unsigned int i;
	int ret = sfs_nl_put_mount_id(skb, sbi);

	for (i = 0; !ret && i < SFS_CNT_NR; i++)
		ret = sfs_nl_put_value(skb, SCOUTFS_A_COUNTER,
				       sfs_counter_names[i],
				       atomic64_read(&sbi->vol.counters[i]));
	return ret;
}

static int sfs_nl_counters_get(struct sk_buff *in, struct genl_info *info)
{
	struct sfs_sb_info *sbi;
	struct sk_buff *skb;
	void *hdr;
	int ret;

	ret = sfs_nl_mount(info->attrs, SCOUTFS_A_FSID, SCOUTFS_A_RID,
			   info->extack, &sbi);
	if (ret)
		return ret;
	ret = sfs_nl_reply_begin(info, &sfs_nl_family, SCOUTFS_CMD_COUNTERS_GET,
				 &skb, &hdr);
	if (!ret)
		ret = sfs_nl_reply_end(info, skb, hdr,
				       sfs_nl_put_counters(skb, sbi));
	sfs_mounts_put(sbi);
	return ret;
}

/* ---- fence requests -------------------------------------------------------------------- */

static u32 sfs_nl_fence_state(const struct sfs_fence_info *info)
{
	if (info->is_error)
		return SCOUTFS_FENCE_STATE_ERROR;
	return info->is_fenced ? SCOUTFS_FENCE_STATE_FENCED :
				 SCOUTFS_FENCE_STATE_OPEN;
}

static int sfs_nl_put_fence(struct sk_buff *skb,
			    const struct sfs_fence_info *info, u32 state)
{
	char addr[SFS_NET_ADDR_TEXT];

	sfs_net_addr_print(&info->addr, addr, sizeof(addr));
	return sfs_nl_put_u64(skb, SCOUTFS_A_FSID, info->fsid) ?:
	       sfs_nl_put_u64(skb, SCOUTFS_A_RID, info->owner) ?:
	       sfs_nl_put_u64(skb, SCOUTFS_A_FENCE_RID, info->rid) ?:
	       nla_put_string(skb, SCOUTFS_A_FENCE_ADDR, addr) ?:
	       nla_put_string(skb, SCOUTFS_A_FENCE_REASON,
			      sfs_fence_reason_name(info->reason)) ?:
	       sfs_nl_put_u64(skb, SCOUTFS_A_FENCE_ELAPSED_MS,
			      info->elapsed_ms) ?:
	       nla_put_u32(skb, SCOUTFS_A_FENCE_STATE, state);
}

static int sfs_nl_put_fence_item(struct sk_buff *skb, const void *item)
{
	const struct sfs_fence_info *info = item;

	return sfs_nl_put_fence(skb, info, sfs_nl_fence_state(info));
}

static bool sfs_nl_dump_fence(void *arg, const struct sfs_fence_info *info)
{
	return sfs_nl_iter_put(arg, sfs_nl_put_fence_item, info);
}

/* Requests made and ended; a dump that sees this change was interrupted. */
static atomic_t sfs_nl_fence_seq = ATOMIC_INIT(1);

static int sfs_nl_fence_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sfs_nl_iter iter;

	sfs_nl_iter_init(&iter, skb, cb, &sfs_nl_family, SCOUTFS_CMD_FENCE_GET);
	cb->seq = atomic_read(&sfs_nl_fence_seq);
	if (!iter.dump->is_over)
		sfs_fence_for_each(sfs_nl_dump_fence, &iter);
	return sfs_nl_iter_done(&iter, 0);
}

static int sfs_nl_fence_answer(struct sk_buff *in, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	int ret;

	if (!attrs[SCOUTFS_A_FSID] || !attrs[SCOUTFS_A_RID] ||
	    !attrs[SCOUTFS_A_FENCE_RID] || !attrs[SCOUTFS_A_FENCE_STATE]) {
		NL_SET_ERR_MSG(info->extack, "the request or its answer is missing");
		return -EINVAL;
	}
	ret = sfs_fence_answer(nla_get_u64(attrs[SCOUTFS_A_FSID]),
			       nla_get_u64(attrs[SCOUTFS_A_RID]),
			       nla_get_u64(attrs[SCOUTFS_A_FENCE_RID]),
			       nla_get_u32(attrs[SCOUTFS_A_FENCE_STATE]) ==
			       SCOUTFS_FENCE_STATE_FENCED);
	if (ret == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "no such open fence request");
	return ret;
}

/* ---- events ---------------------------------------------------------------------------- */

static void *sfs_nl_event_begin(struct sk_buff **skb, u8 cmd, gfp_t gfp)
{
	void *hdr;

	*skb = genlmsg_new(NLMSG_DEFAULT_SIZE, gfp);
	if (!*skb)
		return NULL;
	hdr = genlmsg_put(*skb, 0, 0, &sfs_nl_family, 0, cmd);
	if (!hdr)
		nlmsg_free(*skb);
	return hdr;
}

static void sfs_nl_event_end(struct sk_buff *skb, void *hdr, int ret, gfp_t gfp)
{
	if (ret) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	/* nobody need listen */
	genlmsg_multicast(&sfs_nl_family, skb, 0, 0, gfp);
}

/* In any context. */
void sfs_nl_mount_event(struct sfs_sb_info *sbi, u8 cmd, int error)
{
	struct sk_buff *skb;
	void *hdr;
	int ret;

	hdr = sfs_nl_event_begin(&skb, cmd, GFP_ATOMIC);
	if (!hdr)
		return;
	ret = sfs_nl_put_mount_id(skb, sbi);
	if (!ret && error)
		ret = nla_put_u32(skb, SCOUTFS_A_ERROR, -error);
	sfs_nl_event_end(skb, hdr, ret, GFP_ATOMIC);
}

static void sfs_nl_fence_changed(struct sfs_fence_listener *listener,
				 const struct sfs_fence_info *info, bool is_new)
{
	u32 state = sfs_nl_fence_state(info);
	struct sk_buff *skb;
	void *hdr;

	atomic_inc(&sfs_nl_fence_seq);
	if (!is_new && state == SCOUTFS_FENCE_STATE_OPEN)
		state = SCOUTFS_FENCE_STATE_ENDED;
	hdr = sfs_nl_event_begin(&skb, SCOUTFS_CMD_FENCE_NTF, GFP_NOFS);
	if (hdr)
		sfs_nl_event_end(skb, hdr, sfs_nl_put_fence(skb, info, state),
				 GFP_NOFS);
}

struct sfs_fence_listener sfs_nl_fence_listener = {
	.changed	= sfs_nl_fence_changed,
};

/* ---- the family ------------------------------------------------------------------------- */

static const struct genl_ops sfs_nl_ops[] = {
	{
		.cmd	= SCOUTFS_CMD_MOUNT_GET,
		.doit	= sfs_nl_mount_get,
		.dumpit	= sfs_nl_mount_dump,
	},
	{
		.cmd	= SCOUTFS_CMD_COUNTERS_GET,
		.doit	= sfs_nl_counters_get,
	},
	{
		.cmd	= SCOUTFS_CMD_FENCE_GET,
		.dumpit	= sfs_nl_fence_dump,
	},
	{
		.cmd	= SCOUTFS_CMD_FENCE_ANSWER,
		.flags	= GENL_ADMIN_PERM,
		.doit	= sfs_nl_fence_answer,
	},
};

static const struct genl_multicast_group sfs_nl_groups[] = {
	{ .name = SCOUTFS_GENL_MCGRP_EVENTS },
};

struct genl_family sfs_nl_family __ro_after_init = {
	.name		= SCOUTFS_GENL_NAME,
	.version	= SCOUTFS_GENL_VERSION,
	.maxattr	= SCOUTFS_A_MAX,
	.policy		= sfs_nl_policy,
	.module		= THIS_MODULE,
	.ops		= sfs_nl_ops,
	.n_ops		= ARRAY_SIZE(sfs_nl_ops),
	.resv_start_op	= SCOUTFS_CMD_FENCE_NTF + 1,
	.mcgrps		= sfs_nl_groups,
	.n_mcgrps	= ARRAY_SIZE(sfs_nl_groups),
	.parallel_ops	= true,
};
