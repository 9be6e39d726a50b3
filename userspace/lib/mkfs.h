/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making a volume: checks of the parameters and the writing itself.
 */
#ifndef SFS_MKFS_H
#define SFS_MKFS_H

#include "format/dev.h"
#include "format/format.h"
#include "format/port.h"

#define SFS_MKFS_MIN_BYTES	(64ULL << 30)	/* of each device */
#define SFS_MKFS_SMALL_BYTES	(32ULL << 20)	/* the same with allow_small */
#define SFS_MKFS_ERROR_BYTES	160

/**
 * struct sfs_mkfs_params - what to make
 * @fsid: random, not 0
 * @uuid: for people and udev
 * @format_version: SFS_FORMAT_VERSION_MIN to _MAX
 * @block_shift: metadata block size
 * @group_shift: inode numbers per group
 * @nr_slots: most mounts at once
 * @lock_provider: name, shorter than SFS_PROVIDER_BYTES
 * @transport: name or ""
 * @max_meta_bytes: use at most that much of the metadata device, 0: all
 * @max_data_bytes: the same of the data device
 * @data_start_bytes: one device: where its data begins; else 0
 * @data_alloc_zone_blocks: 0: off
 * @quorum: configured slots; family 0 is an unused one
 * @one_device: both device arguments are the same
 * @allow_small: devices may be smaller than SFS_MKFS_MIN_BYTES
 * @now: times of the root directory
 */
struct sfs_mkfs_params {
	u64 fsid;
	u8 uuid[16];
	u32 format_version;
	u32 block_shift;
	u32 group_shift;
	u32 nr_slots;
	const char *lock_provider;
	const char *transport;
	u64 max_meta_bytes;
	u64 max_data_bytes;
	u64 data_start_bytes;
	u64 data_alloc_zone_blocks;
	struct sfs_disk_quorum_slot quorum[SFS_QUORUM_SLOTS_MAX];
	bool one_device;
	bool allow_small;
	struct timespec64 now;
};

/* Defaults for everything but fsid, uuid and now. */
void sfs_mkfs_params_init(struct sfs_mkfs_params *p);

/* Where data begins on one device of this size: an eighth, 32 MiB at least. */
u64 sfs_mkfs_one_device_split(u64 size_bytes);

/**
 * sfs_mkfs_check() - can a volume be made?
 * @meta: metadata device, only its size is used
 * @data: data device, only its size is used
 * @p: parameters
 * @error: SFS_MKFS_ERROR_BYTES, filled with a text when not
 *
 * Return: 0 or -EINVAL.
 */
int sfs_mkfs_check(const struct sfs_dev *meta, const struct sfs_dev *data,
		   const struct sfs_mkfs_params *p, char *error);

/**
 * sfs_mkfs() - write an empty volume
 * @meta: metadata device
 * @data: data device; the same one for one device
 * @p: parameters
 * @out: the super block written, may be NULL
 *
 * The supers are written last: a failure leaves no valid volume.
 * Return: 0, -EINVAL for what sfs_mkfs_check() refuses, -ENOMEM, -EIO.
 */
int sfs_mkfs(struct sfs_dev *meta, struct sfs_dev *data,
	     const struct sfs_mkfs_params *p, struct sfs_super_block *out);

/* "12.50MB"; at least 16 bytes of buffer */
const char *sfs_size_text(char *buf, size_t size, u64 bytes, const char *sep);

#endif
