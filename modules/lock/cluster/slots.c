// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of quorum slots as this mount knows it, and changing it.
 *
 * It is in the super block, so what a mount has opened is the list of then.  What
 * makes other lists safe is in quorum_list.c; here is where they come from.
 */
#include "lock/cluster/cluster.h"

static void sfs_cl_slots_take(struct sfs_cluster *c,
			      const struct sfs_super_block *sb)
{
	u64 version = le64_to_cpu(sb->quorum_version);

	spin_lock(&c->list_lock);
	if (version > c->list_version) {
		c->list_version = version;
		memcpy(c->list, sb->quorum, sizeof(c->list));
	}
	spin_unlock(&c->list_lock);
}

void sfs_cl_slots_init(struct sfs_cluster *c)
{
	spin_lock_init(&c->list_lock);
	mutex_init(&c->change_lock);
	sfs_cl_slots_take(c, c->vol->sb);
	if (c->slot >= 0)
		c->own_slot = c->list[c->slot];
}

int sfs_cl_slots_read(struct sfs_cluster *c)
{
	struct sfs_super_block *sb = &c->list_sb[0];
	const char *why;

	if (sfs_super_read_into(c->vol->meta, sb, &c->list_sb[1], &why) ||
	    le64_to_cpu(sb->hdr.fsid) != c->fsid)
		return -EIO;
	sfs_cl_slots_take(c, sb);
	return 0;
}

u32 sfs_cl_slots(struct sfs_cluster *c, u64 *version)
{
	u32 slots = 0;
	int i;

	spin_lock(&c->list_lock);
	*version = c->list_version;
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++)
		if (c->list[i].family &&
		    (i != c->slot || !memcmp(&c->list[i], &c->own_slot,
					     sizeof(c->own_slot))))
			slots |= 1U << i;
	spin_unlock(&c->list_lock);
	return slots;
}

void sfs_cl_slot_addr(struct sfs_cluster *c, unsigned int slot,
		      struct sfs_net_addr *addr)
{
	struct sfs_disk_quorum_slot disk;

	memset(addr, 0, sizeof(*addr));
	if (slot >= SFS_QUORUM_SLOTS_MAX)
		return;
	spin_lock(&c->list_lock);
	disk = c->list[slot];
	spin_unlock(&c->list_lock);
	if (!disk.family)
		return;
	addr->family = disk.family;
	addr->port = le16_to_cpu(disk.port);
	memcpy(addr->addr, disk.addr, sizeof(addr->addr));
}

/* ---- may a slot change? ------------------------------------------------- */

static void sfs_cl_slots_encode(struct sfs_disk_quorum_slot *disk,
				const struct sfs_net_addr *addr)
{
	memset(disk, 0, sizeof(*disk));
	disk->family = addr->family;
	disk->port = cpu_to_le16(addr->port);
	memcpy(disk->addr, addr->addr, sizeof(disk->addr));
}

/* The next list into @list; does it follow from the present one? */
static int sfs_cl_slots_edit(struct sfs_cluster *c,
			     struct sfs_lock_slot_change *change,
			     struct sfs_disk_quorum_slot *list, u64 *version)
{
	struct sfs_disk_quorum_slot disk;
	bool is_there;
	unsigned int i;

	if (change->slot >= SFS_QUORUM_SLOTS_MAX)
		return -EINVAL;
	spin_lock(&c->list_lock);
	*version = c->list_version;
	memcpy(list, c->list, sizeof(c->list));
	spin_unlock(&c->list_lock);
	is_there = list[change->slot].family;
	if (is_there && change->what == SFS_LOCK_SLOT_ADD)
		return -EEXIST;
	if (!is_there && change->what != SFS_LOCK_SLOT_ADD)
		return -ENXIO;
	sfs_cl_slots_encode(&disk, &change->addr);
	for (i = 0; disk.family && i < SFS_QUORUM_SLOTS_MAX; i++) {
		if (memcmp(&list[i], &disk, sizeof(disk)))
			continue;
		change->culprit = i;
		return -EADDRINUSE;
	}
	list[change->slot] = disk;
	return sfs_quorum_slots_fit(list, c->vol->sb->transport) ? 0 :
	       -EAFNOSUPPORT;
}

static bool sfs_cl_slots_is_member(struct sfs_cluster *c, u64 rid)
{
	bool is_member;

	mutex_lock(&c->members_lock);
	is_member = sfs_cl_peer_find_locked(c, rid);
	mutex_unlock(&c->members_lock);
	return is_member;
}

/*
 * A mount that is alive writes its page, one that stands still or is being fenced is
 * in the member list.  Who begins to mount after this look finds that the slot is gone.
 */
static int sfs_cl_slots_is_free(struct sfs_cluster *c,
				struct sfs_lock_slot_change *change,
				struct sfs_quorum_page *page)
{
	unsigned int left_ms, ms;
	__le64 beat;
	int ret;

	ret = sfs_quorum_page_read(c->vol, change->slot, page, &page[1]);
	if (ret || !page->rid)
		return ret;
	change->culprit = change->slot;
	change->culprit_rid = le64_to_cpu(page->rid);
	if (sfs_cl_slots_is_member(c, change->culprit_rid))
		return -EBUSY;
	beat = page->beat;
	/* two and a half of its intervals, as who takes a slot over waits */
	left_ms = clamp_t(u32, le32_to_cpu(page->interval_ms), 100, 2000);
	left_ms += left_ms * 3 / 2;
	for (; left_ms; left_ms -= ms) {
		ms = min_t(unsigned int, left_ms, SFS_CL_RETRY_MS);
		if (fatal_signal_pending(current))
			return -EINTR;
		schedule_timeout_uninterruptible(msecs_to_jiffies(ms));
		ret = sfs_quorum_page_read(c->vol, change->slot, page,
					   &page[1]);
		if (ret)
			return ret;
		if (page->beat != beat)
			return page->rid ? -EBUSY : 0;
	}
	return 0;
}

/* ---- changing ----------------------------------------------------------- */

static u32 sfs_cl_slots_mask(const struct sfs_disk_quorum_slot *list)
{
	u32 slots = 0;
	unsigned int i;

	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++)
		if (list[i].family)
			slots |= 1U << i;
	return slots;
}

/* The super block has it: this mount goes by it soon, or leads no more. */
static void sfs_cl_slots_made(struct sfs_cluster *c, u64 version)
{
	unsigned long until = jiffies + msecs_to_jiffies(c->heartbeat_ms);

	sfs_quorum_reread_list(c->quorum);
	sfs_cl_election_kick(c);
	while (sfs_quorum_list_version(c->quorum) < version &&
	       READ_ONCE(c->lead_state) == SFS_CL_SERVING &&
	       time_before(jiffies, until))
		schedule_timeout_uninterruptible(1);
}

/* That enough mounts know the present list, and answer, takes a heartbeat. */
static int sfs_cl_slots_ask_quorum(struct sfs_cluster *c, u32 slots,
				   u64 *version)
{
	unsigned long until = jiffies + msecs_to_jiffies(c->heartbeat_ms);
	u64 since_ns = ktime_get_ns();
	int ret;

	for (;;) {
		ret = sfs_quorum_may_change(c->quorum, slots, since_ns,
					    version);
		if ((ret != -EAGAIN && ret != -ENOTCONN) ||
		    time_after(jiffies, until))
			return ret;
		schedule_timeout_uninterruptible(msecs_to_jiffies(SFS_CL_RETRY_MS));
	}
}

static int sfs_cl_slots_do_change(struct sfs_cluster *c,
				  struct sfs_lock_slot_change *change,
				  struct sfs_disk_quorum_slot *list,
				  struct sfs_quorum_page *page)
{
	u64 version, asked;
	int ret;

	if (!c->quorum || READ_ONCE(c->lead_state) != SFS_CL_SERVING)
		return -ENOENT;
	ret = sfs_cl_slots_edit(c, change, list, &version);
	if (!ret)
		ret = sfs_cl_slots_is_free(c, change, page);
	if (!ret)
		ret = sfs_cl_slots_ask_quorum(c, sfs_cl_slots_mask(list),
					      &asked);
	/* another list came while this one was edited */
	if (!ret && asked != version)
		ret = -EAGAIN;
	if (!ret)
		ret = c->ops->set_slots(c->arg, version, list);
	if (ret)
		return ret;
	change->version = version + 1;
	sfs_cl_info(c, "quorum slot %u was %s: list %llu", change->slot,
		    change->what == SFS_LOCK_SLOT_ADD ? "added" :
		    change->what == SFS_LOCK_SLOT_REMOVE ? "removed" :
		    "given another address", change->version);
	sfs_cl_slots_made(c, change->version);
	return 0;
}

int sfs_cl_slots_change(void *priv, struct sfs_lock_slot_change *change)
{
	struct sfs_disk_quorum_slot *list;
	struct sfs_quorum_page *page;
	struct sfs_cluster *c = priv;
	int ret = -ENOMEM;

	change->culprit = -1;
	list = kmalloc_array(SFS_QUORUM_SLOTS_MAX, sizeof(*list), GFP_KERNEL);
	page = kmalloc_array(2, sizeof(*page), GFP_KERNEL);
	if (list && page) {
		mutex_lock(&c->change_lock);
		ret = sfs_cl_slots_do_change(c, change, list, page);
		mutex_unlock(&c->change_lock);
	}
	if (ret == -EBUSY)
		sfs_cl_info(c, "quorum slot %d stays as it is: mount %016llx has it",
			    change->culprit, change->culprit_rid);
	kfree(list);
	kfree(page);
	return ret;
}

int sfs_cl_slots_visit(void *priv, sfs_lock_slot_fn *fn, void *arg)
{
	struct sfs_lock_slot_info info;
	struct sfs_cluster *c = priv;
	unsigned int i;

	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		info = (struct sfs_lock_slot_info) {
			.slot = i,
			.is_own = (int)i == c->slot,
		};
		sfs_cl_slot_addr(c, i, &info.addr);
		if (info.addr.family && !fn(arg, &info))
			break;
	}
	return 0;
}
