/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Offline check of a volume: reads everything, writes nothing.
 *
 * A volume that was not unmounted is checked as recovery will find it: the
 * newest root of each group among the root map and the mount logs, pools and
 * transfers in flight as the ids on both sides say.
 */
#ifndef SFS_CHECK_H
#define SFS_CHECK_H

#include "format/dev.h"
#include "format/port.h"

/*
 * What check itself finds: identifier and meaning.  Append only; the
 * identifiers are documented in scoutfs-corruption(7), as are those of the
 * structural validators (super-*, record-*, btree-*, extlist-*).
 */
#define SFS_CHECK_PROBLEMS(X) \
	X("super-missing",	"neither copy of the super block is sound") \
	X("super-copy",		"one copy of the super block is not sound") \
	X("super-features",	"unknown format version or features") \
	X("super-data",		"the data device's super is damaged or foreign") \
	X("super-device-size",	"a device is smaller than the super says") \
	X("super-counter",	"a counter of the super block is wrong") \
	X("block-read",		"a metadata block cannot be read") \
	X("block-bounds",	"a reference points outside the device") \
	X("block-csum",		"a metadata block's checksum is wrong") \
	X("block-fsid",		"a metadata block belongs to another volume") \
	X("block-address",	"a metadata block is not at its own address") \
	X("block-reference",	"a metadata block is not the one referred to") \
	X("block-owner",	"a metadata block belongs to another tree") \
	X("block-type",		"a metadata block has another type") \
	X("block-shared",	"a metadata block is referred to twice") \
	X("tree-height",	"a tree's height is impossible") \
	X("tree-level",		"a tree block has another level than its place") \
	X("tree-fence",		"a key is outside of what the parent says") \
	X("tree-ref",		"an empty tree has a reference or vice versa") \
	X("item-unknown",	"an item of a kind that does not belong there") \
	X("item-size",		"an item's value has an impossible length") \
	X("item-value",		"an item's value is impossible") \
	X("free-index",		"free extents by position and by size differ") \
	X("free-touching",	"neighbouring free extents are not merged") \
	X("extent-bounds",	"an extent lies outside of the device") \
	X("meta-shared",	"metadata blocks belong to two owners") \
	X("meta-leaked",	"metadata blocks belong to nobody") \
	X("data-shared",	"data blocks belong to two owners") \
	X("data-leaked",	"data blocks belong to nobody") \
	X("mount-slot",		"a mount table entry is impossible") \
	X("record-missing",	"a mount in use has no valid record") \
	X("record-count",	"a counter of a mount record is wrong") \
	X("record-seq",		"a record's numbers are ahead of the leader's") \
	X("pool-list",		"a list of pool extents is damaged") \
	X("group-number",	"a group number was never handed out") \
	X("group-entry",	"a root entry does not describe its group") \
	X("group-seq",		"a change is newer than its root entry says") \
	X("group-damaged",	"part of a group tree cannot be read") \
	X("inode-missing",	"items of an inode that does not exist") \
	X("inode-number",	"an inode number that was never handed out") \
	X("inode-value",	"an inode's attributes are impossible") \
	X("inode-nlink",	"a link count is wrong") \
	X("inode-links",	"names and parent links do not match") \
	X("inode-type",		"an entry's type is not its inode's") \
	X("inode-blocks",	"an inode's block counts are wrong") \
	X("inode-item",		"an item its kind of inode cannot have") \
	X("orphan-unlisted",	"an unlinked inode is not listed as an orphan") \
	X("orphan-linked",	"an inode with names is listed as an orphan") \
	X("dir-entry",		"a directory entry is damaged") \
	X("dir-hash",		"entries and their hash items do not match") \
	X("dir-size",		"a directory's size or entry count is wrong") \
	X("dir-position",	"an entry is at an impossible position") \
	X("dir-dangling",	"an entry refers to an inode that does not exist") \
	X("dir-duplicate",	"a directory has the same name twice") \
	X("dir-unreachable",	"a directory cannot be reached from the root") \
	X("file-extent",	"a file extent is impossible") \
	X("file-overlap",	"file extents overlap") \
	X("symlink-size",	"a symbolic link's target has another length") \
	X("xattr-chunks",	"an extended attribute is damaged") \
	X("inode-count",	"the count of inodes is wrong")

struct sfs_check_problem {
	const char *id;
	const char *text;
};

struct sfs_check_stat {
	u64 nr_problems;
	u64 nr_mounts;		/* in the mount table: not unmounted */
	u64 nr_groups;
	u64 nr_inodes;
	u64 nr_orphans;
	u64 nr_blocks;		/* metadata blocks read */
	u64 total_meta_blocks;
	u64 free_meta_blocks;	/* in trees, pools and on the way */
	u64 total_data_blocks;
	u64 free_data_blocks;
};

/**
 * struct sfs_check_params - how to check and whom to tell
 * @problem: called for each problem, may be NULL
 * @progress: called now and then with blocks done and expected, may be NULL
 * @arg: passed to both
 * @max_each: problems reported of each identifier, 0: 100
 */
struct sfs_check_params {
	void (*problem)(void *arg, const struct sfs_check_problem *p);
	void (*progress)(void *arg, u64 done, u64 total);
	void *arg;
	unsigned int max_each;
};

/**
 * sfs_check() - check a volume
 * @meta: metadata device
 * @data: data device, the metadata device for one device, or NULL: its super
 *	is not looked at then
 * @params: reporting
 * @st: filled
 *
 * Return: 0 when it could be checked, whatever was found; -EINVAL when this
 * is no scoutfs volume or has unknown features; -ENOMEM.
 */
int sfs_check(struct sfs_dev *meta, struct sfs_dev *data,
	      const struct sfs_check_params *params, struct sfs_check_stat *st);

#endif
