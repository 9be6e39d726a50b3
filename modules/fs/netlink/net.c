// SPDX-License-Identifier: GPL-2.0-only
/*
 * Family scoutfs_net: transports, and the sessions of a mount.
 */
#include "fs/netlink/netlink.h"
#include "lock/cluster_info.h"
#include "net/transport.h"

static const struct nla_policy sfs_nl_net_policy[SCOUTFS_NET_A_MAX + 1] = {
	[SCOUTFS_NET_A_FSID]	= { .type = NLA_U64 },
	[SCOUTFS_NET_A_RID]	= { .type = NLA_U64 },
};

static int sfs_nl_net_u64(struct sk_buff *skb, int attr, u64 val)
{
	return nla_put_u64_64bit(skb, attr, val, SCOUTFS_NET_A_PAD);
}

static int sfs_nl_put_transport(struct sk_buff *skb, const void *name)
{
	return nla_put_string(skb, SCOUTFS_NET_A_TRANSPORT, name);
}

static bool sfs_nl_dump_transport(void *arg, const char *name)
{
	return sfs_nl_iter_put(arg, sfs_nl_put_transport, name);
}

static int sfs_nl_transport_dump(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct sfs_nl_iter iter;

	sfs_nl_iter_init(&iter, skb, cb, &sfs_nl_net_family,
			 SCOUTFS_NET_CMD_TRANSPORT_GET);
	if (!iter.dump->is_over)
		sfs_transport_for_each(sfs_nl_dump_transport, &iter);
	return sfs_nl_iter_done(&iter, 0);
}

static int sfs_nl_put_peer(struct sk_buff *skb, const void *item)
{
	const struct sfs_net_peer_info *info = item;
	char addr[SFS_NET_ADDR_TEXT];
	int ret;

	sfs_net_addr_print(&info->addr, addr, sizeof(addr));
	ret = sfs_nl_net_u64(skb, SCOUTFS_NET_A_PEER_RID, info->rid) ?:
	      nla_put_string(skb, SCOUTFS_NET_A_ADDR, addr) ?:
	      sfs_nl_net_u64(skb, SCOUTFS_NET_A_SENT, info->nr_sent) ?:
	      sfs_nl_net_u64(skb, SCOUTFS_NET_A_RECEIVED, info->nr_received) ?:
	      sfs_nl_net_u64(skb, SCOUTFS_NET_A_RESENT, info->nr_resent) ?:
	      sfs_nl_net_u64(skb, SCOUTFS_NET_A_CONNECTS, info->nr_connects) ?:
	      sfs_nl_net_u64(skb, SCOUTFS_NET_A_QUEUED, info->nr_queued) ?:
	      sfs_nl_net_u64(skb, SCOUTFS_NET_A_BYTES_SENT, info->bytes_sent) ?:
	      sfs_nl_net_u64(skb, SCOUTFS_NET_A_BYTES_RECEIVED,
			     info->bytes_received) ?:
	      sfs_nl_net_u64(skb, SCOUTFS_NET_A_SILENT_MS, info->silent_ms);
	if (!ret && info->is_up)
		ret = nla_put_flag(skb, SCOUTFS_NET_A_UP);
	if (!ret && info->is_ours)
		ret = nla_put_flag(skb, SCOUTFS_NET_A_OURS);
	return ret;
}

static bool sfs_nl_dump_peer(void *arg, const struct sfs_net_peer_info *info)
{
	return sfs_nl_iter_put(arg, sfs_nl_put_peer, info);
}

static int sfs_nl_peer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sfs_nl_iter iter;
	struct sfs_sb_info *sbi;
	int ret;

	sfs_nl_iter_init(&iter, skb, cb, &sfs_nl_net_family,
			 SCOUTFS_NET_CMD_PEER_GET);
	if (iter.dump->is_over)
		return 0;
	ret = sfs_nl_mount(sfs_compat_dump_attrs(cb), SCOUTFS_NET_A_FSID,
			   SCOUTFS_NET_A_RID, cb->extack, &sbi);
	if (ret)
		return ret;
	ret = sfs_lock_space_peers(sbi->fs->locks, sfs_nl_dump_peer, &iter);
	sfs_mounts_put(sbi);
	if (ret == -EOPNOTSUPP)
		NL_SET_ERR_MSG(cb->extack, "the lock provider of the mount has no cluster");
	return sfs_nl_iter_done(&iter, ret);
}

static int sfs_nl_put_net_stats(struct sk_buff *skb, struct sfs_sb_info *sbi,
				struct netlink_ext_ack *extack)
{
	struct sfs_net_stats st;
	int ret;

	ret = sfs_lock_space_net_stats(sbi->fs->locks, &st);
	if (ret) {
		NL_SET_ERR_MSG(extack, "the lock provider of the mount has no cluster");
		return ret;
	}
	return sfs_nl_net_u64(skb, SCOUTFS_NET_A_BAD_FRAMES,
			      st.nr_bad_frames) ?:
	       sfs_nl_net_u64(skb, SCOUTFS_NET_A_FOREIGN, st.nr_foreign) ?:
	       sfs_nl_net_u64(skb, SCOUTFS_NET_A_REFUSED, st.nr_refused) ?:
	       sfs_nl_net_u64(skb, SCOUTFS_NET_A_PROTOCOL_ERRORS,
			      st.nr_protocol);
}

static int sfs_nl_net_stats_get(struct sk_buff *in, struct genl_info *info)
{
	struct sfs_sb_info *sbi;
	struct sk_buff *skb;
	void *hdr;
	int ret;

	ret = sfs_nl_mount(info->attrs, SCOUTFS_NET_A_FSID, SCOUTFS_NET_A_RID,
			   info->extack, &sbi);
	if (ret)
		return ret;
	ret = sfs_nl_reply_begin(info, &sfs_nl_net_family,
				 SCOUTFS_NET_CMD_STATS_GET, &skb, &hdr);
	if (!ret)
		ret = sfs_nl_reply_end(info, skb, hdr,
				       sfs_nl_put_net_stats(skb, sbi,
							    info->extack));
	sfs_mounts_put(sbi);
	return ret;
}

static const struct genl_ops sfs_nl_net_ops[] = {
	{
		.cmd	= SCOUTFS_NET_CMD_TRANSPORT_GET,
		.dumpit	= sfs_nl_transport_dump,
	},
	{
		.cmd	= SCOUTFS_NET_CMD_PEER_GET,
		.dumpit	= sfs_nl_peer_dump,
	},
	{
		.cmd	= SCOUTFS_NET_CMD_STATS_GET,
		.doit	= sfs_nl_net_stats_get,
	},
};

struct genl_family sfs_nl_net_family __ro_after_init = {
	.name		= SCOUTFS_NET_GENL_NAME,
	.version	= SCOUTFS_NET_GENL_VERSION,
	.maxattr	= SCOUTFS_NET_A_MAX,
	.policy		= sfs_nl_net_policy,
	.module		= THIS_MODULE,
	.ops		= sfs_nl_net_ops,
	.n_ops		= ARRAY_SIZE(sfs_nl_net_ops),
	.resv_start_op	= SCOUTFS_NET_CMD_STATS_GET + 1,
	.parallel_ops	= true,
};
