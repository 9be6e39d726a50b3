// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quorum pages on the metadata device: two copies of each, the newer one counts.
 *
 * A mount that dies has at most one write of its page on the way, and until somebody
 * has it fenced that may land when another mount has the slot.  One copy alone would
 * bring back a term, a vote and a leader of before, for good if the new holder dies
 * before its next beat.  So
 *
 * - writes go to the two copies in turns, by the parity of hdr.seq, which counts them;
 * - a beat is one of them.  What must not be lost, that is anything else, takes two:
 *   it is in both copies before it counts as done;
 * - who takes a page over leaves out two numbers: its own are greater than that of a
 *   write on its way, and the first one goes to the older copy.
 *
 * Hence a late write destroys one copy, with a number that is smaller than the other's,
 * and so does a torn one.  A copy that is not sound counts as absent, as it is in
 * volumes from before there were two.
 *
 * The limit: as many such writes as copies, such as that of a dead mount and one of the
 * next holder, torn when it dies as well, before it was able to write both anew.
 */
#include "lock/cluster/quorum.h"

static u64 sfs_quorum_copy_byte(unsigned int slot, unsigned int copy)
{
	return (copy ? SFS_QUORUM_COPY_BYTES : SFS_QUORUM_BYTES) +
	       slot * SFS_PAGE_BYTES;
}

static bool sfs_quorum_copy_is_sound(const struct sfs_quorum_page *page,
				     u64 fsid, unsigned int slot,
				     unsigned int copy)
{
	return !sfs_quorum_check(page, fsid, slot) &&
	       le64_to_cpu(page->hdr.blkno) ==
	       sfs_quorum_copy_byte(slot, copy) >> SFS_PAGE_SHIFT;
}

int sfs_quorum_newest_copy(const struct sfs_quorum_page *first,
			   const struct sfs_quorum_page *second, u64 fsid,
			   unsigned int slot)
{
	bool has_first = sfs_quorum_copy_is_sound(first, fsid, slot, 0);

	if (!sfs_quorum_copy_is_sound(second, fsid, slot, 1))
		return has_first ? 0 : -ENOENT;
	return !has_first || le64_to_cpu(second->hdr.seq) >
			     le64_to_cpu(first->hdr.seq);
}

int sfs_quorum_page_read(struct sfs_volume *vol, unsigned int slot,
			 struct sfs_quorum_page *page,
			 struct sfs_quorum_page *room)
{
	int ret;

	if (slot >= SFS_QUORUM_SLOTS_MAX)
		return -EINVAL;
	ret = vol->meta->ops->read(vol->meta, sfs_quorum_copy_byte(slot, 0),
				   page, sizeof(*page));
	if (!ret)
		ret = vol->meta->ops->read(vol->meta,
					   sfs_quorum_copy_byte(slot, 1), room,
					   sizeof(*room));
	if (ret)
		return ret;
	ret = sfs_quorum_newest_copy(page, room, vol->fsid, slot);
	/* torn both: the writer notices, or is dead */
	if (ret < 0)
		memset(page, 0, sizeof(*page));
	else if (ret)
		memcpy(page, room, sizeof(*page));
	return 0;
}

int sfs_quorum_page_beat(struct sfs_volume *vol, unsigned int slot,
			 struct sfs_quorum_page *page)
{
	u64 byte;
	int ret;

	if (slot >= SFS_QUORUM_SLOTS_MAX)
		return -EINVAL;
	le64_add_cpu(&page->hdr.seq, 1);
	byte = sfs_quorum_copy_byte(slot, le64_to_cpu(page->hdr.seq) & 1);
	page->hdr.magic = cpu_to_le32(SFS_MAGIC_QUORUM);
	page->hdr.fsid = cpu_to_le64(vol->fsid);
	page->hdr.blkno = cpu_to_le64(byte >> SFS_PAGE_SHIFT);
	page->hdr.owner = cpu_to_le64(slot);
	page->hdr.type = SFS_BLOCK_QUORUM;
	sfs_hdr_seal(page, sizeof(*page));
	ret = vol->meta->ops->write_sync(vol->meta, byte, page, sizeof(*page),
					 SFS_IO_FUA);
	/* the copy may be torn: the next write must not go to the other one */
	if (ret)
		le64_add_cpu(&page->hdr.seq, 1);
	return ret;
}

int sfs_quorum_page_write(struct sfs_volume *vol, unsigned int slot,
			  struct sfs_quorum_page *page)
{
	int ret = sfs_quorum_page_beat(vol, slot, page);

	return ret ?: sfs_quorum_page_beat(vol, slot, page);
}

int sfs_quorum_find_leader(struct sfs_volume *vol, u32 slots,
			   unsigned int *slot, u64 *term, u64 *rid)
{
	struct sfs_quorum_page *page = kmalloc_array(2, sizeof(*page),
						     GFP_NOFS);
	int found = -ENOENT;
	unsigned int i;
	int ret = 0;

	if (!page)
		return -ENOMEM;
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX && !ret; i++) {
		if (!(slots & 1U << i))
			continue;
		ret = sfs_quorum_page_read(vol, i, page, &page[1]);
		if (ret || !(le32_to_cpu(page->flags) & SFS_QUORUM_LEADS) ||
		    (!found && le64_to_cpu(page->term) <= *term))
			continue;
		*slot = i;
		*term = le64_to_cpu(page->term);
		*rid = le64_to_cpu(page->rid);
		found = 0;
	}
	kfree(page);
	return ret ?: found;
}
