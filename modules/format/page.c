// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks of what stands at fixed addresses: supers, mount records, quorum
 * pages; and the dispatch of block checks by type.
 *
 * All of them are pure: they look at one page of hostile bytes and name what
 * is wrong by a stable identifier, see scoutfs-corruption(7).
 */
#include "format/btree.h"
#include "format/volume.h"

u32 sfs_hdr_csum(const void *data, unsigned int len)
{
	static const u8 zero[4];
	const u8 *bytes = data;
	u32 crc;

	crc = crc32c(~0U, bytes, 4);	/* magic */
	crc = crc32c(crc, zero, 4);	/* csum */
	return crc32c(crc, bytes + 8, len - 8);
}
EXPORT_SYMBOL_GPL(sfs_hdr_csum);

void sfs_hdr_seal(void *page, unsigned int len)
{
	struct sfs_block_hdr *hdr = page;

	hdr->csum = cpu_to_le32(sfs_hdr_csum(page, len));
}
EXPORT_SYMBOL_GPL(sfs_hdr_seal);

u64 sfs_first_meta_block(unsigned int nr_slots, unsigned int block_shift)
{
	u64 bytes = SFS_RECORDS_BYTES + 2ULL * nr_slots * SFS_PAGE_BYTES;

	return round_up(bytes, 1ULL << SFS_BLOCK_SHIFT_MAX) >> block_shift;
}
EXPORT_SYMBOL_GPL(sfs_first_meta_block);

/* On one device the data begins behind the metadata, else at the start. */
static const char *super_data_start_check(const struct sfs_super_block *sb,
					  u64 meta_bytes)
{
	bool is_one = le64_to_cpu(sb->incompat) & SFS_INCOMPAT_ONE_DEVICE;
	u64 start = le64_to_cpu(sb->data_start_bytes);

	if (is_one ? start < meta_bytes : start != 0)
		return "super-data-start";
	if (start & (SFS_DATA_BLOCK_BYTES - 1) || start > S64_MAX / 2)
		return "super-data-start";
	return NULL;
}

static const char *super_geometry_check(const struct sfs_super_block *sb)
{
	u32 shift = le32_to_cpu(sb->block_shift);
	u32 slots = le32_to_cpu(sb->nr_slots);
	u32 group = le32_to_cpu(sb->group_shift);
	u64 total = le64_to_cpu(sb->total_meta_blocks);

	if (shift < SFS_BLOCK_SHIFT_MIN || shift > SFS_BLOCK_SHIFT_MAX)
		return "super-block-size";
	if (group < SFS_GROUP_SHIFT_MIN || group > SFS_GROUP_SHIFT_MAX)
		return "super-group-size";
	if (slots < SFS_SLOTS_MIN || slots > SFS_SLOTS_MAX)
		return "super-slots";
	if (le64_to_cpu(sb->first_meta_block) !=
	    sfs_first_meta_block(slots, shift))
		return "super-first-block";
	if (total <= le64_to_cpu(sb->first_meta_block) ||
	    total > (U64_MAX >> SFS_BLOCK_SHIFT_MAX))
		return "super-meta-size";
	if (le64_to_cpu(sb->total_data_blocks) <= SFS_DATA_FIRST_BLOCK ||
	    le64_to_cpu(sb->total_data_blocks) >
	    (U64_MAX >> (SFS_DATA_BLOCK_SHIFT + 1)))
		return "super-data-size";
	return super_data_start_check(sb, total << shift);
}

static bool name_is_sound(const char *name, unsigned int len)
{
	const char *nul = memchr(name, 0, len);

	return nul && !memchr_inv(nul, 0, len - (nul - name));
}

static bool quorum_slot_is_sound(const struct sfs_disk_quorum_slot *slot)
{
	unsigned int used = slot->family == 6 ? 16 : 4;

	switch (slot->family) {
	case 0:
		return !memchr_inv(slot, 0, sizeof(*slot));
	case 4:
	case 6:
	case SFS_FAMILY_VSOCK:
		return slot->port && memchr_inv(slot->addr, 0, used) &&
		       !memchr_inv(slot->addr + used, 0,
				   sizeof(slot->addr) - used) &&
		       !memchr_inv(slot->pad, 0, sizeof(slot->pad));
	}
	return false;
}

bool sfs_quorum_slots_fit(const struct sfs_disk_quorum_slot *slots,
			  const char *transport)
{
	bool is_vsock = !strcmp(transport, "vsock");
	unsigned int nr;
	u8 family;

	for (nr = 0; nr < SFS_QUORUM_SLOTS_MAX; nr++) {
		family = slots[nr].family;
		if (is_vsock ? family && family != SFS_FAMILY_VSOCK :
			       family == SFS_FAMILY_VSOCK)
			return false;
	}
	return true;
}
EXPORT_SYMBOL_GPL(sfs_quorum_slots_fit);

const char *sfs_super_check(const struct sfs_super_block *sb, u8 type)
{
	const char *why;
	unsigned int i;

	if (le32_to_cpu(sb->hdr.magic) != SFS_MAGIC_SUPER)
		return "super-magic";
	if (le32_to_cpu(sb->hdr.csum) != sfs_hdr_csum(sb, sizeof(*sb)))
		return "super-csum";
	if (sb->hdr.type != SFS_BLOCK_SUPER_META &&
	    sb->hdr.type != SFS_BLOCK_SUPER_DATA)
		return "super-type";
	if (sb->hdr.type != type)
		return type == SFS_BLOCK_SUPER_META ? "super-is-data-device" :
						      "super-is-meta-device";
	if (!sb->hdr.fsid)
		return "super-fsid";
	why = super_geometry_check(sb);
	if (why)
		return why;
	if (!name_is_sound(sb->lock_provider, SFS_PROVIDER_BYTES) ||
	    !sb->lock_provider[0] ||
	    !name_is_sound(sb->transport, SFS_PROVIDER_BYTES))
		return "super-provider";
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++)
		if (!quorum_slot_is_sound(&sb->quorum[i]))
			return "super-quorum";
	if (le32_to_cpu(sb->pool_nr) > SFS_SUPER_EXTENTS)
		return "super-pool";
	if (sb->volume.height > SFS_TREE_HEIGHT_MAX)
		return "super-volume-tree";
	return NULL;
}
EXPORT_SYMBOL_GPL(sfs_super_check);

const char *sfs_record_check(const struct sfs_mount_record *rec, u64 fsid,
			     u32 slot)
{
	if (le32_to_cpu(rec->hdr.magic) != SFS_MAGIC_RECORD)
		return "record-magic";
	if (le32_to_cpu(rec->hdr.csum) != sfs_hdr_csum(rec, sizeof(*rec)))
		return "record-csum";
	if (rec->hdr.type != SFS_BLOCK_RECORD)
		return "record-type";
	if (le64_to_cpu(rec->hdr.fsid) != fsid)
		return "record-fsid";
	if (le32_to_cpu(rec->slot) != slot ||
	    le64_to_cpu(rec->hdr.owner) != slot)
		return "record-slot";
	if (le32_to_cpu(rec->flags) & ~SFS_RECORD_TENTATIVE)
		return "record-flags";
	if (le32_to_cpu(rec->nr_meta_ext) > SFS_RECORD_EXTENTS ||
	    le32_to_cpu(rec->nr_data_ext) > SFS_RECORD_DATA_EXTENTS)
		return "record-extents";
	if (rec->mlog.height > SFS_TREE_HEIGHT_MAX ||
	    rec->freed.height > SFS_TREE_HEIGHT_MAX ||
	    rec->ret.height > SFS_TREE_HEIGHT_MAX)
		return "record-height";
	return NULL;
}
EXPORT_SYMBOL_GPL(sfs_record_check);

const char *sfs_quorum_check(const struct sfs_quorum_page *page, u64 fsid,
			     u32 nr)
{
	if (le32_to_cpu(page->hdr.magic) != SFS_MAGIC_QUORUM)
		return "quorum-magic";
	if (le32_to_cpu(page->hdr.csum) != sfs_hdr_csum(page, sizeof(*page)))
		return "quorum-csum";
	if (page->hdr.type != SFS_BLOCK_QUORUM)
		return "quorum-type";
	if (le64_to_cpu(page->hdr.fsid) != fsid)
		return "quorum-fsid";
	if (le64_to_cpu(page->hdr.owner) != nr)
		return "quorum-slot";
	if (!name_is_sound(page->node, sizeof(page->node)))
		return "quorum-node";
	return NULL;
}
EXPORT_SYMBOL_GPL(sfs_quorum_check);

const char *sfs_block_check(const void *data, unsigned int block_bytes)
{
	const struct sfs_block_hdr *hdr = data;

	if (memchr_inv(hdr->pad, 0, sizeof(hdr->pad)))
		return "block-padding";
	switch (hdr->type) {
	case SFS_BLOCK_BTREE:
		if (le32_to_cpu(hdr->magic) != SFS_MAGIC_BTREE)
			return "block-magic";
		return sfs_btree_check_block(data, block_bytes);
	case SFS_BLOCK_EXTLIST:
		if (le32_to_cpu(hdr->magic) != SFS_MAGIC_EXTLIST)
			return "block-magic";
		return sfs_extlist_check(data, block_bytes);
	default:
		return "block-type";
	}
}
EXPORT_SYMBOL_GPL(sfs_block_check);
