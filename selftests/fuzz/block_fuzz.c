// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer: metadata blocks of any bytes pass or fail their validator, and one
 * that passes can be decoded.
 */
#include "fuzz.h"

#include "format/btree_priv.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void fuzz_decode(const struct sfs_btree_block *bt)
{
	struct sfs_bkey key, last;
	unsigned int i, idx;
	bool found;

	for (i = sfs_btree_first(bt); i < sfs_btree_nr(bt); i++) {
		sfs_btree_key(bt, i, &key);
		if (i > sfs_btree_first(bt) && sfs_bkey_cmp(&last, &key) >= 0)
			port_die("keys out of order");
		idx = sfs_btree_search(bt, &key, &found);
		if (!found || idx != i)
			port_die("a key is not found");
		last = key;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const struct sfs_block_hdr *hdr;
	u8 *block;

	if (size < 16)
		return 0;
	/* short inputs stand for blocks that end in zeroes */
	block = calloc(1, SFS_PAGE_BYTES);
	if (!block)
		return 0;
	memcpy(block, data, min_t(size_t, size, SFS_PAGE_BYTES));
	hdr = (void *)block;
	if (!sfs_block_check(block, SFS_PAGE_BYTES) &&
	    hdr->type == SFS_BLOCK_BTREE)
		fuzz_decode((void *)block);
	free(block);
	return 0;
}
