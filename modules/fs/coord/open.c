// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which inodes are open elsewhere: the leader asks all mounts but the one that
 * wants to know.  See fs/ns/others.c for what the answers are good for.
 */
#include "fs/coord/proto.h"

void sfs_open_encode(struct sfs_coord_open *disk, const struct sfs_open_map *map)
{
	unsigned int i;

	for (i = 0; i < SFS_OPEN_WORDS; i++)
		disk->word[i] = cpu_to_le64(map->word[i]);
}

bool sfs_open_decode(const struct sfs_volume *vol, struct sfs_open_map *map,
		     const struct sfs_coord_open *disk)
{
	unsigned int i;

	for (i = 0; i < SFS_OPEN_WORDS; i++)
		map->word[i] = le64_to_cpu(disk->word[i]);
	for (i = sfs_open_inos(vol); i < SFS_OPEN_INOS; i++)
		if (sfs_open_test(map, i))
			return false;
	return true;
}

static void sfs_open_set_all(const struct sfs_volume *vol,
			     struct sfs_open_map *map)
{
	unsigned int i;

	for (i = 0; i < sfs_open_inos(vol); i++)
		sfs_open_set(map, i);
}

/* Add what one mount has open. */
static void sfs_open_ask(struct sfs_leader *ld, u64 rid,
			 const struct sfs_coord_open_req *req,
			 struct sfs_open_map *open)
{
	struct sfs_coord_open answer;
	struct sfs_open_map map;
	unsigned int i;
	u32 len = 0;
	int ret;

	ret = ld->ask(ld->ask_arg, rid, SFS_COORD_ASK_OPEN, req, sizeof(*req),
		      &answer, sizeof(answer), &len);
	if (ret || len != sizeof(answer) ||
	    !sfs_open_decode(ld->vol, &map, &answer)) {
		/* it may be alive all the same */
		sfs_open_set_all(ld->vol, open);
		return;
	}
	for (i = 0; i < SFS_OPEN_WORDS; i++)
		open->word[i] |= map.word[i];
}

int sfs_leader_inodes_open(struct sfs_leader *ld, u64 rid,
			   const struct sfs_coord_open_req *req,
			   struct sfs_open_map *open)
{
	struct sfs_disk_mount item;
	u32 slot;
	int ret;

	memset(open, 0, sizeof(*open));
	if (!ld->ask)
		return 0;
	for (slot = 0;; slot++) {
		ret = sfs_mount_item_next(ld, &slot, &item);
		if (ret)
			return ret == -ENOENT ? 0 : ret;
		if (le64_to_cpu(item.rid) != rid)
			sfs_open_ask(ld, le64_to_cpu(item.rid), req, open);
	}
}
