// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root map: the newest root of each group, as far as mount logs are folded.
 *
 * Logs are folded one by one, in no order, so a log may bring a root that is
 * older than what another one brought before.  Versions tell; that of a group
 * which became empty is kept as an EMPTIED item, or the older root would bring
 * back a tree whose blocks are free.  The item may go when each mount's log was
 * folded completely since it was made: no log can bring an older root then.
 */
#include "fs/coord/coord.h"

#define SFS_PRUNE_BATCH		8

static struct sfs_key rootmap_key(u64 group)
{
	return SFS_KEY(SFS_VOL_ROOTMAP, 0, group, 0);
}

static struct sfs_key emptied_key(u64 group)
{
	return SFS_KEY(SFS_VOL_EMPTIED, 0, group, 0);
}

static int item_result(struct sfs_leader *ld, u64 group, int ret, int want)
{
	if (ret >= 0 && ret != want) {
		sfs_err(ld->vol, "group %llu: root-entry-size: corrupt", group);
		return -EUCLEAN;
	}
	return min(ret, 0);
}

/* The newest root that is known; -ENOENT. */
static int find_root(struct sfs_leader *ld, u64 group,
		     struct sfs_disk_root_entry *entry)
{
	struct sfs_key key = rootmap_key(group);
	struct sfs_disk_emptied emptied;
	int ret;

	ret = sfs_btree_lookup(ld->vol, &ld->tree, &key, entry, sizeof(*entry));
	if (ret != -ENOENT)
		return item_result(ld, group, ret, sizeof(*entry));
	key = emptied_key(group);
	ret = sfs_btree_lookup(ld->vol, &ld->tree, &key, &emptied,
			       sizeof(emptied));
	ret = item_result(ld, group, ret, sizeof(emptied));
	if (!ret)
		*entry = emptied.entry;
	return ret;
}

int sfs_leader_lookup_root(struct sfs_leader *ld, u64 group,
			   struct sfs_disk_root_entry *entry)
{
	int ret;

	mutex_lock(&ld->lock);
	ret = find_root(ld, group, entry);
	mutex_unlock(&ld->lock);
	return ret;
}

static int delete_if_there(struct sfs_leader *ld, const struct sfs_key *key)
{
	int ret = sfs_btree_delete(&ld->trans, &ld->tree, key);

	return ret == -ENOENT ? 0 : ret;
}

/* The new item comes first: with both there, doing it again is harmless. */
int sfs_rootmap_apply(struct sfs_leader *ld, u64 group,
		      const struct sfs_disk_root_entry *entry, u64 stamp)
{
	struct sfs_disk_emptied emptied = { .stamp = cpu_to_le64(stamp) };
	struct sfs_key empty = emptied_key(group);
	struct sfs_key root = rootmap_key(group);
	struct sfs_disk_root_entry old;
	int ret;

	ret = find_root(ld, group, &old);
	if (ret && ret != -ENOENT)
		return ret;
	if (!ret && le64_to_cpu(old.version) >= le64_to_cpu(entry->version))
		return 0;
	if (entry->tree.height) {
		ret = sfs_btree_set(&ld->trans, &ld->tree, &root, entry,
				    sizeof(*entry));
		return ret ?: delete_if_there(ld, &empty);
	}
	emptied.entry = *entry;
	ret = sfs_btree_set(&ld->trans, &ld->tree, &empty, &emptied,
			    sizeof(emptied));
	return ret ?: delete_if_there(ld, &root);
}

/* ---- emptied groups --------------------------------------------------------- */

/* Is all that the mount ever committed in the root map? */
static bool mount_is_folded(struct sfs_leader *ld, u32 slot,
			    const struct sfs_disk_mount *item,
			    struct sfs_mount_record *rec)
{
	return !sfs_record_read(ld->vol, slot, le64_to_cpu(item->rid), rec) &&
	       le64_to_cpu(rec->hdr.seq) <= le64_to_cpu(item->folded_seq);
}

/* Each mount was folded completely at this stamp or later. */
static int oldest_fold(struct sfs_leader *ld, u64 *stamp)
{
	struct sfs_mount_record *rec = kmalloc(sizeof(*rec), GFP_NOFS);
	struct sfs_disk_mount item;
	u32 slot = 0;
	u64 at;
	int ret;

	if (!rec)
		return -ENOMEM;
	*stamp = U64_MAX;
	while ((ret = sfs_mount_item_next(ld, &slot, &item)) == 0) {
		at = le64_to_cpu(item.folded_at);
		if (at < *stamp && !mount_is_folded(ld, slot, &item, rec))
			*stamp = at;
		slot++;
	}
	kfree(rec);
	return ret == -ENOENT ? 0 : ret;
}

/* Some of them from *group on; 1: more may follow. */
static int prune_batch(struct sfs_leader *ld, u64 stamp, u64 *group)
{
	struct sfs_key last = emptied_key(U64_MAX);
	struct sfs_disk_emptied emptied;
	unsigned int nr = 0;
	struct sfs_key key;
	int ret;

	ret = sfs_leader_begin(ld, SFS_PRUNE_BATCH);
	if (ret)
		return ret;
	while (!ret && nr < SFS_PRUNE_BATCH) {
		key = emptied_key(*group);
		ret = sfs_btree_next(ld->vol, &ld->tree, &key, &last, &emptied,
				     sizeof(emptied));
		ret = item_result(ld, key.a, ret, sizeof(emptied));
		if (ret)
			break;
		*group = key.a + 1;
		if (le64_to_cpu(emptied.stamp) > stamp)
			continue;
		ret = sfs_btree_delete(&ld->trans, &ld->tree, &key);
		nr++;
	}
	sfs_leader_end(ld, SFS_PRUNE_BATCH);
	return ret ?: 1;
}

int sfs_rootmap_prune(struct sfs_leader *ld)
{
	u64 group = 0;
	u64 stamp;
	int ret;

	ret = oldest_fold(ld, &stamp);
	if (ret)
		return ret;
	do {
		ret = prune_batch(ld, stamp, &group);
	} while (ret > 0);
	return ret == -ENOENT ? 0 : ret;
}
