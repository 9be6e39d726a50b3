// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quorum pages on a volume's metadata device.
 *
 * A page is written by the holder of its slot alone and read by all; a reader
 * that meets a write half done looks again.
 */
#include "lock/cluster/quorum.h"

enum {
	SFS_QUORUM_READ_TRIES	= 4,
	SFS_QUORUM_READ_WAIT_MS	= 2,
};

static u64 sfs_quorum_page_byte(unsigned int slot)
{
	return SFS_QUORUM_BYTES + (u64)slot * SFS_PAGE_BYTES;
}

int sfs_quorum_page_read(struct sfs_volume *vol, unsigned int slot,
			 struct sfs_quorum_page *page)
{
	const char *why = NULL;
	unsigned int i;
	int ret;

	if (slot >= SFS_QUORUM_SLOTS_MAX)
		return -EINVAL;
	for (i = 0; i < SFS_QUORUM_READ_TRIES; i++) {
		if (i)
			msleep(SFS_QUORUM_READ_WAIT_MS);
		ret = vol->meta->ops->read(vol->meta,
					   sfs_quorum_page_byte(slot), page,
					   sizeof(*page));
		if (ret)
			return ret;
		if (!memchr_inv(page, 0, sizeof(*page)))
			return 0;
		why = sfs_quorum_check(page, vol->fsid, slot);
		if (!why)
			return 0;
	}
	pr_warn_ratelimited("scoutfs %s warning: quorum page %u: %s\n",
			    vol->ident, slot, why);
	memset(page, 0, sizeof(*page));
	page->flags = cpu_to_le32(SFS_QUORUM_DAMAGED);
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_quorum_page_read);

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
	sfs_hdr_seal(page, sizeof(*page));
	return vol->meta->ops->write_sync(vol->meta, byte, page, sizeof(*page),
					  SFS_IO_FUA);
}
EXPORT_SYMBOL_GPL(sfs_quorum_page_write);

int sfs_quorum_find_leader(struct sfs_volume *vol, unsigned int *slot,
			   u64 *term, u64 *rid)
{
	struct sfs_quorum_page *page;
	bool is_found = false;
	unsigned int i;
	int error = 0;
	int ret;

	page = kmalloc(sizeof(*page), GFP_NOFS);
	if (!page)
		return -ENOMEM;
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		ret = sfs_quorum_page_read(vol, i, page);
		if (ret) {
			error = ret;
			continue;
		}
		if (!(le32_to_cpu(page->flags) & SFS_QUORUM_LEADS) ||
		    (is_found && le64_to_cpu(page->lead_term) <= *term))
			continue;
		is_found = true;
		*slot = i;
		*term = le64_to_cpu(page->lead_term);
		*rid = le64_to_cpu(page->rid);
	}
	kfree(page);
	if (is_found)
		return 0;
	return error ?: -ENOENT;
}
EXPORT_SYMBOL_GPL(sfs_quorum_find_leader);
