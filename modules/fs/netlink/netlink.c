// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink: dumps, replies, finding mounts; the same for all families.
 */
#include "fs/netlink/netlink.h"

/* ---- dumps ----------------------------------------------------------------------- */

void sfs_nl_iter_init(struct sfs_nl_iter *iter, struct sk_buff *skb,
		      struct netlink_callback *cb,
		      const struct genl_family *family, u8 cmd)
{
	BUILD_BUG_ON(sizeof(struct sfs_nl_dump) > sizeof(cb->ctx));

	*iter = (struct sfs_nl_iter) {
		.skb = skb,
		.cb = cb,
		.dump = (void *)cb->ctx,
		.family = family,
		.cmd = cmd,
	};
}

void *sfs_nl_iter_begin(struct sfs_nl_iter *iter)
{
	struct netlink_callback *cb = iter->cb;
	void *hdr;

	hdr = genlmsg_put(iter->skb, NETLINK_CB(cb->skb).portid,
			  cb->nlh->nlmsg_seq, iter->family, NLM_F_MULTI,
			  iter->cmd);
	if (!hdr)
		iter->is_full = true;
	else
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

bool sfs_nl_iter_end(struct sfs_nl_iter *iter, void *hdr, int ret)
{
	if (!hdr)
		return false;
	if (ret) {
		genlmsg_cancel(iter->skb, hdr);
		iter->is_full = true;
		return false;
	}
	genlmsg_end(iter->skb, hdr);
	return true;
}

bool sfs_nl_iter_put(struct sfs_nl_iter *iter,
		     int (*put)(struct sk_buff *skb, const void *item),
		     const void *item)
{
	void *hdr;

	if (iter->at++ < iter->dump->next)
		return true;
	hdr = sfs_nl_iter_begin(iter);
	if (!sfs_nl_iter_end(iter, hdr, hdr ? put(iter->skb, item) : 0))
		return false;
	iter->dump->next++;
	return true;
}

int sfs_nl_iter_done(struct sfs_nl_iter *iter, int ret)
{
	if (ret)
		return ret;
	/* not even one fits: there is no use in trying again */
	if (iter->is_full && !iter->skb->len)
		return -EMSGSIZE;
	if (!iter->is_full)
		iter->dump->is_over = true;
	return iter->skb->len;
}

/* ---- mounts and replies -------------------------------------------------------------- */

int sfs_nl_mount(struct nlattr **attrs, int fsid_attr, int rid_attr,
		 struct netlink_ext_ack *extack, struct sfs_sb_info **ret)
{
	struct sfs_sb_info *sbi;

	if (!attrs || !attrs[fsid_attr] || !attrs[rid_attr]) {
		NL_SET_ERR_MSG(extack, "fsid and rid of a mount are missing");
		return -EINVAL;
	}
	sbi = sfs_mounts_get(nla_get_u64(attrs[fsid_attr]),
			     nla_get_u64(attrs[rid_attr]));
	if (!sbi) {
		NL_SET_ERR_MSG(extack, "no such mount in this kernel");
		return -ENODEV;
	}
	if (!READ_ONCE(sbi->fs)) {
		NL_SET_ERR_MSG(extack, "the mount waits for its cluster");
		sfs_mounts_put(sbi);
		return -EAGAIN;
	}
	*ret = sbi;
	return 0;
}

int sfs_nl_reply_begin(struct genl_info *info, const struct genl_family *family,
		       u8 cmd, struct sk_buff **skb, void **hdr)
{
	*skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!*skb)
		return -ENOMEM;
	*hdr = genlmsg_put(*skb, info->snd_portid, info->snd_seq, family, 0,
			   cmd);
	if (*hdr)
		return 0;
	nlmsg_free(*skb);
	return -EMSGSIZE;
}

int sfs_nl_reply_end(struct genl_info *info, struct sk_buff *skb, void *hdr,
		     int ret)
{
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

/* ---- the module's start and end -------------------------------------------------------- */

int sfs_nl_init(void)
{
	int ret;

	ret = genl_register_family(&sfs_nl_family);
	if (ret)
		return ret;
	ret = genl_register_family(&sfs_nl_lock_family);
	if (ret)
		goto err_fs;
	ret = genl_register_family(&sfs_nl_net_family);
	if (ret)
		goto err_lock;
	sfs_fence_listen(&sfs_nl_fence_listener);
	return 0;

err_lock:
	genl_unregister_family(&sfs_nl_lock_family);
err_fs:
	genl_unregister_family(&sfs_nl_family);
	return ret;
}

void sfs_nl_exit(void)
{
	sfs_fence_unlisten(&sfs_nl_fence_listener);
	genl_unregister_family(&sfs_nl_net_family);
	genl_unregister_family(&sfs_nl_lock_family);
	genl_unregister_family(&sfs_nl_family);
}
