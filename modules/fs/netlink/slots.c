// SPDX-License-Identifier: GPL-2.0-only
/*
 * Family scoutfs_lock: changing the quorum slots of a mounted volume.
 */
#include <linux/inet.h>

#include "fs/netlink/netlink.h"
#include "lock/cluster_info.h"

/*
 * What the kernel says of an error is a constant text, in 6.1, so there is one for
 * each slot that may be in the way.
 */
#define SFS_NL_SLOTS(X)							\
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)				\
	X(8) X(9) X(10) X(11) X(12) X(13) X(14)

static const char * const sfs_nl_slot_in_use[] = {
#define SFS_NL_SLOT(nr)							\
	"a mount has quorum slot " #nr ": see \"scoutfs members list\" and the kernel's log",
	SFS_NL_SLOTS(SFS_NL_SLOT)
#undef SFS_NL_SLOT
};

static const char * const sfs_nl_slot_same[] = {
#define SFS_NL_SLOT(nr)		"quorum slot " #nr " has that address and port",
	SFS_NL_SLOTS(SFS_NL_SLOT)
#undef SFS_NL_SLOT
};

static_assert(ARRAY_SIZE(sfs_nl_slot_in_use) == SFS_QUORUM_SLOTS_MAX);
static_assert(ARRAY_SIZE(sfs_nl_slot_same) == SFS_QUORUM_SLOTS_MAX);

static const char *sfs_nl_slot_text(const char * const *texts, int slot)
{
	return slot >= 0 && slot < SFS_QUORUM_SLOTS_MAX ? texts[slot] : NULL;
}

static const char *sfs_nl_slot_why(const struct sfs_lock_slot_change *change,
				   int error)
{
	switch (error) {
	case -EOPNOTSUPP:
		return "the lock provider of the mount has no quorum slots";
	case -ENOENT:
		return "the mount does not lead: see \"scoutfs leader show\"";
	case -EEXIST:
		return "the volume has that quorum slot already";
	case -ENXIO:
		return "the volume has no such quorum slot";
	case -EADDRINUSE:
		return sfs_nl_slot_text(sfs_nl_slot_same, change->culprit);
	case -EBUSY:
		return sfs_nl_slot_text(sfs_nl_slot_in_use, change->culprit);
	case -ENOTCONN:
		return "too few mounts have quorum slots to elect a leader by the new list";
	case -EAGAIN:
		return "an earlier change is not known to enough mounts yet: try again";
	}
	return NULL;
}

static_assert((int)SCOUTFS_SLOT_CHANGE_ADD == (int)SFS_LOCK_SLOT_ADD);
static_assert((int)SCOUTFS_SLOT_CHANGE_REPLACE == (int)SFS_LOCK_SLOT_REPLACE);
static_assert((int)SCOUTFS_SLOT_CHANGE_REMOVE == (int)SFS_LOCK_SLOT_REMOVE);

/* ---- addresses -------------------------------------------------------------------------- */

static int sfs_nl_addr_check(const struct sfs_net_addr *addr)
{
	static const u8 all_ones[4] = { 255, 255, 255, 255 };

	if (!addr->port || !memchr_inv(addr->addr, 0, sizeof(addr->addr)) ||
	    (addr->family == 4 && !memcmp(addr->addr, all_ones, 4)))
		return -EINVAL;
	return 0;
}

/* "1.2.3.4:5" or "[::1]:5", as addresses are shown */
static int sfs_nl_addr_parse(const char *text, struct sfs_net_addr *addr)
{
	char host[SFS_NET_ADDR_TEXT];
	char *port, *from = host;
	size_t len;

	memset(addr, 0, sizeof(*addr));
	if (strscpy(host, text, sizeof(host)) < 0)
		return -EINVAL;
	port = strrchr(host, ':');
	if (!port || port == host)
		return -EINVAL;
	*port++ = 0;
	if (kstrtou16(port, 10, &addr->port))
		return -EINVAL;
	len = strlen(host);
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = 0;
		from++;
		addr->family = 6;
		if (!in6_pton(from, -1, addr->addr, -1, NULL))
			return -EINVAL;
	} else {
		addr->family = 4;
		if (!in4_pton(from, -1, addr->addr, -1, NULL))
			return -EINVAL;
	}
	return sfs_nl_addr_check(addr);
}

/* ---- the command ------------------------------------------------------------------------ */

static int sfs_nl_slot_parse(struct genl_info *info,
			     struct sfs_lock_slot_change *change)
{
	struct nlattr **attrs = info->attrs;
	bool has_addr = attrs[SCOUTFS_LOCK_A_ADDR];
	bool is_wanted;

	memset(change, 0, sizeof(*change));
	if (!attrs[SCOUTFS_LOCK_A_SLOT] || !attrs[SCOUTFS_LOCK_A_SLOT_CHANGE]) {
		NL_SET_ERR_MSG(info->extack, "a slot and what to do are needed");
		return -EINVAL;
	}
	change->slot = nla_get_u32(attrs[SCOUTFS_LOCK_A_SLOT]);
	change->what = nla_get_u32(attrs[SCOUTFS_LOCK_A_SLOT_CHANGE]);
	if (change->slot >= SFS_QUORUM_SLOTS_MAX) {
		NL_SET_ERR_MSG(info->extack, "quorum slots are numbered 0 to 14");
		return -EINVAL;
	}
	is_wanted = change->what != SFS_LOCK_SLOT_REMOVE;
	if (change->what < SFS_LOCK_SLOT_ADD ||
	    change->what > SFS_LOCK_SLOT_REMOVE || has_addr != is_wanted) {
		NL_SET_ERR_MSG(info->extack, "add and replace need an address, remove has none");
		return -EINVAL;
	}
	if (has_addr && sfs_nl_addr_parse(nla_data(attrs[SCOUTFS_LOCK_A_ADDR]),
					  &change->addr)) {
		NL_SET_ERR_MSG(info->extack, "not an address and port of a quorum slot");
		return -EINVAL;
	}
	return 0;
}

static int sfs_nl_slot_reply(struct genl_info *info,
			     const struct sfs_lock_slot_change *change)
{
	char text[SFS_NET_ADDR_TEXT];
	struct sk_buff *skb;
	void *hdr;
	int ret;

	ret = sfs_nl_reply_begin(info, &sfs_nl_lock_family,
				 SCOUTFS_LOCK_CMD_SLOT_CHANGE, &skb, &hdr);
	if (ret)
		return ret;
	ret = nla_put_u32(skb, SCOUTFS_LOCK_A_SLOT, change->slot) ?:
	      nla_put_u32(skb, SCOUTFS_LOCK_A_SLOT_CHANGE, change->what) ?:
	      nla_put_u64_64bit(skb, SCOUTFS_LOCK_A_LIST_VERSION,
				change->version, SCOUTFS_LOCK_A_PAD);
	if (!ret && change->addr.family) {
		sfs_net_addr_print(&change->addr, text, sizeof(text));
		ret = nla_put_string(skb, SCOUTFS_LOCK_A_ADDR, text);
	}
	return sfs_nl_reply_end(info, skb, hdr, ret);
}

int sfs_nl_slot_change(struct sk_buff *in, struct genl_info *info)
{
	struct sfs_lock_slot_change change;
	struct sfs_sb_info *sbi;
	int ret;

	ret = sfs_nl_slot_parse(info, &change);
	if (!ret)
		ret = sfs_nl_mount(info->attrs, SCOUTFS_LOCK_A_FSID,
				   SCOUTFS_LOCK_A_RID, info->extack, &sbi);
	if (ret)
		return ret;
	ret = sfs_lock_space_change_slot(sbi->fs->locks, &change);
	sfs_mounts_put(sbi);
	if (!ret)
		return sfs_nl_slot_reply(info, &change);
	/* constant texts of this file */
	if (info->extack)
		info->extack->_msg = sfs_nl_slot_why(&change, ret);
	return ret;
}
