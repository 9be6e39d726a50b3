/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the check share.
 *
 * check.c         supers, order of the passes, reports
 * check_tree.c    reading blocks and trees
 * check_own.c     who owns which blocks
 * check_volume.c  volume tree, mount records and logs, pools
 * check_group.c   items of one group
 * check_inode.c   one inode's items
 * check_links.c   names and inodes across groups
 */
#ifndef SFS_CHECK_PRIV_H
#define SFS_CHECK_PRIV_H

#include "format/key.h"
#include "format/volume.h"
#include "lib/check.h"

/* ---- growing arrays ---------------------------------------------------------- */

struct sfs_vec {
	void *mem;
	size_t nr;
	size_t size;
};

/* Room for one more element, uninitialised; NULL for lack of memory. */
void *sfs_vec_add(struct sfs_vec *vec, size_t elem_bytes);
void sfs_vec_exit(struct sfs_vec *vec);

#define sfs_vec_at(vec, type, i)	((type *)(vec)->mem + (i))

/* ---- owners -------------------------------------------------------------------- */

enum sfs_own_kind {
	SFS_OWN_VOLUME,
	SFS_OWN_LEADER_LIST,
	SFS_OWN_LEADER_POOL,
	SFS_OWN_FREE,
	SFS_OWN_GRANT,
	SFS_OWN_MLOG,
	SFS_OWN_FREED_TREE,
	SFS_OWN_FREED,
	SFS_OWN_RETURN,
	SFS_OWN_POOL_LIST,
	SFS_OWN_POOL,
	SFS_OWN_GROUP,
	SFS_OWN_FILE,
	SFS_OWN_NR,
};

struct sfs_own {
	u64 start;
	u64 len;
	u64 id;			/* slot, group or inode */
	enum sfs_own_kind kind;
};

/* ---- what is known of an inode --------------------------------------------------- */

enum sfs_cki_flags {
	SFS_CKI_EXISTS		= 1 << 0,
	SFS_CKI_ORPHAN		= 1 << 1,	/* listed as one */
	SFS_CKI_REACHED		= 1 << 2,
	SFS_CKI_WALKING		= 1 << 3,
	SFS_CKI_UNSURE		= 1 << 4,	/* its group is damaged */
};

struct sfs_cki {
	u64 ino;		/* 0: empty place of the hash */
	u64 parent_ino;
	u64 seen_dir;		/* a directory with a name of it */
	u64 dirent_sum;		/* of all names found */
	u64 link_sum;		/* of parent link and backrefs */
	u32 nlink;
	u32 nr_dirents;
	u32 nr_links;
	u16 mode;
	u8 dtype;		/* of the names found, 0: none */
	u8 flags;
};

struct sfs_ino_hash {
	struct sfs_cki *slot;
	size_t nr;
	size_t size;		/* power of two */
};

struct sfs_cki *sfs_ino_hash_get(struct sfs_ino_hash *hash, u64 ino);
struct sfs_cki *sfs_ino_hash_find(struct sfs_ino_hash *hash, u64 ino);

/* ---- the check ---------------------------------------------------------------------- */

/* One candidate for the newest root of a group. */
struct sfs_ck_root {
	u64 group;
	u64 log_seq;		/* 0: from the root map */
	struct sfs_disk_root_entry entry;
};

struct sfs_ck_mount {
	u32 slot;
	struct sfs_disk_mount table;
	struct sfs_mount_record *rec;	/* NULL: none valid */
};

struct sfs_ck_grant {
	u64 start;
	u64 len;
	u64 id;
	u32 slot;
	u8 space;
};

struct sfs_ck_orphan {
	u64 ino;
};

struct sfs_ck_ext {
	u64 start;
	u64 len;
};

struct sfs_check {
	struct sfs_dev *meta;
	struct sfs_dev *data;
	const struct sfs_check_params *params;
	struct sfs_check_stat *st;
	struct sfs_super_block sb;
	u64 fsid;
	unsigned int block_bytes;
	unsigned int block_shift;
	unsigned int group_shift;
	u64 first_meta;
	u64 total_meta;
	u64 total_data;
	u64 expected_blocks;
	int error;			/* -ENOMEM */
	bool is_damaged;		/* a tree block could not be read */
	bool may_repeat;		/* blocks may be read more than once */

	u8 *buf[SFS_TREE_HEIGHT_MAX + 1];
	unsigned long *seen;		/* metadata blocks in trees and lists */

	struct sfs_vec own[SFS_SPACE_DATA + 1];
	struct sfs_vec free_pos[SFS_SPACE_DATA + 1];
	struct sfs_vec free_size[SFS_SPACE_DATA + 1];
	struct sfs_vec grants;
	struct sfs_vec mounts;
	struct sfs_vec roots;
	struct sfs_vec orphans;
	struct sfs_ino_hash inodes;
	struct sfs_vec reported;	/* struct sfs_ck_reported */
};

/* check.c */
int sfs_check_open(struct sfs_dev *meta, struct sfs_dev *data,
		   const struct sfs_check_params *params,
		   struct sfs_check_stat *st, struct sfs_check **ret_ck);
void sfs_check_close(struct sfs_check *ck);
void sfs_check_report(struct sfs_check *ck, const char *id, const char *fmt,
		      ...) __printf(3, 4);
static inline void sfs_check_nomem(struct sfs_check *ck)
{
	ck->error = -ENOMEM;
}

/* check_own.c */
void sfs_check_own(struct sfs_check *ck, unsigned int space, u64 start, u64 len,
		   enum sfs_own_kind kind, u64 id);
bool sfs_check_bounds(struct sfs_check *ck, unsigned int space, u64 start,
		      u64 len);
void sfs_check_owners(struct sfs_check *ck);
const char *sfs_own_text(char *buf, size_t size, enum sfs_own_kind kind,
			 u64 id);
const char *sfs_space_name(unsigned int space);

/* check_tree.c */
typedef void (*sfs_check_item_fn)(struct sfs_check *ck, void *arg,
				  const struct sfs_key *key, const u8 *val,
				  unsigned int len);
int sfs_check_read(struct sfs_check *ck, const struct sfs_disk_ref *ref,
		   u64 owner, u8 type, enum sfs_own_kind kind, u64 id, u8 *buf);
/* -EUCLEAN when part of the tree was not seen */
int sfs_check_tree(struct sfs_check *ck, const struct sfs_disk_tree *tree,
		   u64 owner, enum sfs_own_kind kind, u64 id,
		   sfs_check_item_fn fn, void *arg);

/* check_volume.c */
void sfs_check_volume(struct sfs_check *ck);
void sfs_check_mounts(struct sfs_check *ck);
void sfs_check_volume_exit(struct sfs_check *ck);

/* check_group.c */
void sfs_check_sort_roots(struct sfs_check *ck);
void sfs_check_groups(struct sfs_check *ck);

/* check_inode.c: items of one inode after another, in key order */
struct sfs_ck_group {
	u64 nr;
	u64 nr_inodes;
	u64 max_number;
	u64 max_meta_seq;
	u64 max_data_seq;
};

struct sfs_ck_inode;
struct sfs_ck_inode *sfs_ck_inode_create(struct sfs_check *ck,
					 struct sfs_ck_group *grp);
void sfs_ck_inode_destroy(struct sfs_ck_inode *ci);
void sfs_ck_inode_item(struct sfs_check *ck, struct sfs_ck_inode *ci,
		       const struct sfs_key *key, const u8 *val,
		       unsigned int len);
void sfs_ck_inode_finish(struct sfs_check *ck, struct sfs_ck_inode *ci);

/* check_links.c */
void sfs_check_add_name(struct sfs_check *ck, u64 ino, u64 dir, u64 pos,
			u8 dtype);
void sfs_check_add_link(struct sfs_check *ck, u64 ino, u64 dir, u64 pos);
void sfs_check_links(struct sfs_check *ck);

#endif
