// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quorum pages on the metadata device.
 */
#include "lock/cluster/quorum.h"

static u64 sfs_quorum_page_byte(unsigned int slot)
{
	return SFS_QUORUM_BYTES + slot * SFS_PAGE_BYTES;
}

int sfs_quorum_page_read(struct sfs_volume *vol, unsigned int slot,
			 struct sfs_quorum_page *page)
{
	int ret;

	if (slot >= SFS_QUORUM_SLOTS_MAX)
		return -EINVAL;
	ret = vol->meta->ops->read(vol->meta, sfs_quorum_page_byte(slot), page,
				   sizeof(*page));
	/* a torn write is as good as none: the writer notices, or is dead */
	if (!ret && sfs_quorum_check(page, vol->fsid, slot))
		memset(page, 0, sizeof(*page));
	return ret;
}

int sfs_quorum_page_write(struct sfs_volume *vol, unsigned int slot,
			  struct sfs_quorum_page *page)
{
	u64 byte = sfs_quorum_page_byte(slot);

	if (slot >= SFS_QUORUM_SLOTS_MAX)
		return -EINVAL;
	page->hdr.magic = cpu_to_le32(SFS_MAGIC_QUORUM);
	page->hdr.fsid = cpu_to_le64(vol->fsid);
	page->hdr.blkno = cpu_to_le64(byte >> SFS_PAGE_SHIFT);
	page->hdr.owner = cpu_to_le64(slot);
	page->hdr.type = SFS_BLOCK_QUORUM;
	le64_add_cpu(&page->hdr.seq, 1);
	sfs_hdr_seal(page, sizeof(*page));
	return vol->meta->ops->write_sync(vol->meta, byte, page, sizeof(*page),
					  SFS_IO_FUA);
}

int sfs_quorum_find_leader(struct sfs_volume *vol, u32 slots,
			   unsigned int *slot, u64 *term, u64 *rid)
{
	struct sfs_quorum_page *page = kmalloc(sizeof(*page), GFP_NOFS);
	int found = -ENOENT;
	unsigned int i;
	int ret = 0;

	if (!page)
		return -ENOMEM;
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX && !ret; i++) {
		if (!(slots & 1U << i))
			continue;
		ret = sfs_quorum_page_read(vol, i, page);
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
