// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening a volume, its super blocks and mount records on the device, and
 * its withdrawal.
 *
 * Supers and records alternate between two places; the newest that verifies is
 * the truth, so a torn write loses the write, never the volume.
 */
#include "format/volume.h"
#include "format/btree.h"

/* Blocks of cache without memory pressure; mount may set another bound. */
#define SFS_CACHE_BLOCKS	65536

const char * const sfs_counter_names[SFS_CNT_NR] = {
#define SFS_COUNTER_NAME(name, text)	#name,
	SFS_COUNTERS(SFS_COUNTER_NAME)
#undef SFS_COUNTER_NAME
};
EXPORT_SYMBOL_GPL(sfs_counter_names);

/* ---- supers --------------------------------------------------------------------- */

static int read_super_copy(struct sfs_dev *dev, u64 byte, u8 type,
			   struct sfs_super_block *sb, const char **why)
{
	int ret = dev->ops->read(dev, byte, sb, sizeof(*sb));

	if (ret) {
		*why = "super-read";
		return ret;
	}
	*why = sfs_super_check(sb, type);
	if (!*why && type == SFS_BLOCK_SUPER_META &&
	    le64_to_cpu(sb->hdr.blkno) != byte >> SFS_PAGE_SHIFT)
		*why = "super-address";
	return *why ? -EUCLEAN : 0;
}

int sfs_super_read_into(struct sfs_dev *dev, struct sfs_super_block *sb,
			struct sfs_super_block *other, const char **why)
{
	const char *why_b;
	int ret_a, ret_b;

	ret_a = read_super_copy(dev, SFS_SUPER_A_BYTES, SFS_BLOCK_SUPER_META,
				sb, why);
	ret_b = read_super_copy(dev, SFS_SUPER_B_BYTES, SFS_BLOCK_SUPER_META,
				other, &why_b);
	if (!ret_b && (ret_a || le64_to_cpu(other->hdr.seq) >
				le64_to_cpu(sb->hdr.seq))) {
		memcpy(sb, other, sizeof(*sb));
		*why = NULL;
		ret_a = 0;
	}
	return ret_a;
}
EXPORT_SYMBOL_GPL(sfs_super_read_into);

int sfs_super_read(struct sfs_dev *dev, struct sfs_super_block *sb,
		   const char **why)
{
	struct sfs_super_block *other = kmalloc(sizeof(*other), GFP_KERNEL);
	int ret;

	if (!other)
		return -ENOMEM;
	ret = sfs_super_read_into(dev, sb, other, why);
	kfree(other);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_super_read);

int sfs_super_read_data(struct sfs_dev *dev, u64 byte,
			struct sfs_super_block *sb, const char **why)
{
	return read_super_copy(dev, byte + SFS_SUPER_A_BYTES,
			       SFS_BLOCK_SUPER_DATA, sb, why);
}
EXPORT_SYMBOL_GPL(sfs_super_read_data);

int sfs_super_write(struct sfs_volume *vol, struct sfs_super_block *sb)
{
	u64 byte = le64_to_cpu(sb->hdr.seq) & 1 ? SFS_SUPER_A_BYTES :
						  SFS_SUPER_B_BYTES;
	int ret = sfs_volume_may_write(vol);

	if (ret)
		return ret;
	sb->hdr.blkno = cpu_to_le64(byte >> SFS_PAGE_SHIFT);
	sfs_hdr_seal(sb, sizeof(*sb));
	return vol->meta->ops->write_sync(vol->meta, byte, sb, sizeof(*sb),
					  SFS_IO_PREFLUSH | SFS_IO_FUA);
}
EXPORT_SYMBOL_GPL(sfs_super_write);

/* ---- open and close ------------------------------------------------------------------ */

static int refuse(struct sfs_dev *dev, const char *what, const char *why)
{
	pr_err("scoutfs: %s device %s: %s\n", what, dev->name, why);
	return -EINVAL;
}

static int check_features(struct sfs_volume *vol)
{
	struct sfs_super_block *sb = vol->sb;
	u64 unknown = le64_to_cpu(sb->incompat) & ~SFS_INCOMPAT_KNOWN;
	u32 version = le32_to_cpu(sb->format_version);

	if (version < SFS_FORMAT_VERSION_MIN ||
	    version > SFS_FORMAT_VERSION_MAX) {
		pr_err("scoutfs: %s: format version %u is not supported (%u to %u are)\n",
		       vol->meta->name, version, SFS_FORMAT_VERSION_MIN,
		       SFS_FORMAT_VERSION_MAX);
		return -EINVAL;
	}
	if (unknown) {
		pr_err("scoutfs: %s: unknown incompatible features 0x%llx\n",
		       vol->meta->name, unknown);
		return -EINVAL;
	}
	unknown = le64_to_cpu(sb->ro_compat) & ~SFS_RO_COMPAT_KNOWN;
	if (unknown && vol->user_read_only)
		vol->read_only = true;
	if (unknown && !vol->read_only) {
		pr_err("scoutfs: %s: unknown features 0x%llx allow read-only mounts only\n",
		       vol->meta->name, unknown);
		return -EINVAL;
	}
	return 0;
}

static int check_data_device(struct sfs_volume *vol)
{
	struct sfs_super_block *data_sb;
	const char *why;
	int ret;

	data_sb = kmalloc(sizeof(*data_sb), GFP_KERNEL);
	if (!data_sb)
		return -ENOMEM;
	ret = sfs_super_read_data(vol->data, vol->data_start_bytes, data_sb,
				  &why);
	if (ret == -EUCLEAN)
		ret = refuse(vol->data, "data", why);
	else if (!ret && data_sb->hdr.fsid != vol->sb->hdr.fsid)
		ret = refuse(vol->data, "data",
			     "super-fsid: belongs to another volume");
	kfree(data_sb);
	return ret;
}

static int check_sizes(struct sfs_volume *vol)
{
	u64 data_bytes = vol->data_start_bytes +
			 (vol->total_data_blocks << SFS_DATA_BLOCK_SHIFT);

	if (vol->meta->size_bytes >> vol->block_shift < vol->total_meta_blocks)
		return refuse(vol->meta, "metadata",
			      "super-meta-size: device is smaller than its volume");
	if (vol->data->size_bytes < data_bytes)
		return refuse(vol->data, "data",
			      "super-data-size: device is smaller than its volume");
	return 0;
}

static void decode_super(struct sfs_volume *vol)
{
	struct sfs_super_block *sb = vol->sb;

	vol->fsid = le64_to_cpu(sb->hdr.fsid);
	vol->block_shift = le32_to_cpu(sb->block_shift);
	vol->block_bytes = 1U << vol->block_shift;
	vol->group_shift = le32_to_cpu(sb->group_shift);
	vol->first_meta_block = le64_to_cpu(sb->first_meta_block);
	vol->total_meta_blocks = le64_to_cpu(sb->total_meta_blocks);
	vol->total_data_blocks = le64_to_cpu(sb->total_data_blocks);
	vol->data_start_bytes = le64_to_cpu(sb->data_start_bytes);
	snprintf(vol->ident, sizeof(vol->ident), "f.%06llx.r.%06llx",
		 vol->fsid >> 40, vol->rid >> 40);
}

int sfs_volume_open(struct sfs_volume *vol)
{
	const char *why = NULL;
	int ret;

	init_waitqueue_head(&vol->lease_wait);
	vol->lease_until_ns = U64_MAX;
	vol->sb = kmalloc(sizeof(*vol->sb), GFP_KERNEL);
	if (!vol->sb)
		return -ENOMEM;
	ret = sfs_super_read(vol->meta, vol->sb, &why);
	if (ret == -EUCLEAN)
		ret = refuse(vol->meta, "metadata", why);
	if (ret)
		goto err;
	decode_super(vol);
	ret = check_features(vol);
	if (!ret)
		ret = check_data_device(vol);
	if (!ret)
		ret = check_sizes(vol);
	if (!ret)
		ret = sfs_cache_init(&vol->cache, SFS_CACHE_BLOCKS);
	if (ret)
		goto err;
	return 0;

err:
	kfree(vol->sb);
	vol->sb = NULL;
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_volume_open);

void sfs_volume_close(struct sfs_volume *vol)
{
	sfs_cache_exit(vol);
	kfree(vol->sb);
	vol->sb = NULL;
}
EXPORT_SYMBOL_GPL(sfs_volume_close);

void sfs_volume_withdraw(struct sfs_volume *vol, int error, const char *why)
{
	if (cmpxchg(&vol->error, 0, -EIO))
		return;
	sfs_err(vol, "withdrawn: %s: error %d; nothing more is written", why,
		error);
	wake_up_all(&vol->lease_wait);
	if (vol->on_withdraw)
		vol->on_withdraw(vol->withdraw_arg, error);
}
EXPORT_SYMBOL_GPL(sfs_volume_withdraw);

/* ---- the lease ------------------------------------------------------------------------- */

static bool has_lease(struct sfs_volume *vol)
{
	u64 until_ns = READ_ONCE(vol->lease_until_ns);

	return until_ns == U64_MAX || ktime_get_ns() < until_ns;
}

int sfs_volume_may_write(struct sfs_volume *vol)
{
	if (!sfs_volume_error(vol) && likely(has_lease(vol)))
		return 0;
	wait_event(vol->lease_wait, sfs_volume_error(vol) || has_lease(vol));
	return sfs_volume_error(vol);
}
EXPORT_SYMBOL_GPL(sfs_volume_may_write);

void sfs_volume_lease(struct sfs_volume *vol, u64 until_ns)
{
	WRITE_ONCE(vol->lease_until_ns, until_ns);
	wake_up_all(&vol->lease_wait);
}
EXPORT_SYMBOL_GPL(sfs_volume_lease);
