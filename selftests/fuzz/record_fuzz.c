// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer: mount records of any bytes, checksums put right.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct sfs_mount_record rec;

	memset(&rec, 0, sizeof(rec));
	memcpy(&rec, data, min_t(size_t, size, sizeof(rec)));
	sfs_hdr_seal(&rec, sizeof(rec));
	if (sfs_record_check(&rec, le64_to_cpu(rec.hdr.fsid),
			     le32_to_cpu(rec.slot)))
		return 0;
	if (le32_to_cpu(rec.nr_meta_ext) > SFS_RECORD_EXTENTS ||
	    le32_to_cpu(rec.nr_data_ext) > SFS_RECORD_DATA_EXTENTS)
		port_die("more extents than there is room for");
	return 0;
}
