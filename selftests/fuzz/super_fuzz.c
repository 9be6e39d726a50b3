// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer: super blocks and quorum pages of any bytes, checksums put right.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	union {
		struct sfs_super_block sb;
		struct sfs_quorum_page quorum;
	} page;
	u64 fsid;

	memset(&page, 0, sizeof(page));
	memcpy(&page, data, min_t(size_t, size, sizeof(page)));
	sfs_hdr_seal(&page, sizeof(page));
	fsid = le64_to_cpu(page.sb.hdr.fsid);
	if (!sfs_super_check(&page.sb, SFS_BLOCK_SUPER_META) &&
	    !sfs_super_check(&page.sb, SFS_BLOCK_SUPER_DATA))
		port_die("a super block of two types");
	if (!sfs_quorum_check(&page.quorum, fsid, 0) &&
	    strnlen(page.quorum.node, 64) == 64)
		port_die("a node name without an end");
	if (!sfs_quorum_check(&page.quorum, fsid, 0) &&
	    (le32_to_cpu(page.quorum.nr_led) > SFS_QUORUM_LED_MAX ||
	     le32_to_cpu(page.quorum.vote_for) > SFS_QUORUM_SLOTS_MAX ||
	     le64_to_cpu(page.quorum.term) > SFS_QUORUM_TERM_MAX ||
	     le64_to_cpu(page.quorum.vote_term) >
	     le64_to_cpu(page.quorum.term)))
		port_die("an election that cannot go on");
	return 0;
}
