/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the namespace should be: a model without transactions.
 *
 * The whole namespace has one hash, a sum over inodes and names, which the
 * walk of a recovered volume computes too.  The model remembers the hash after
 * each operation, and of each file block all writes it ever got.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "fs/ns/ns.h"
#include "sim_dev.h"

enum {
	M_BLOCKS	= 128,		/* file blocks per file, see m_block_nr() */
	M_FAR_INDEX	= 112,		/* those from here on lie far away */
	M_XATTRS	= 6,
	M_INODES	= 60000,
};

#define M_FAR_BLOCK	(1ULL << 40)

static inline u64 m_block_nr(unsigned int idx)
{
	return idx < M_FAR_INDEX ? idx : M_FAR_BLOCK + idx;
}

struct m_write {
	u32 op;			/* that made it visible; of a free: that freed it */
	u32 tag;		/* operation number when it was written; 0: freed */
};

struct m_block {
	bool is_written;
	u16 nr;
	u16 size;
	struct m_write *w;
};

struct m_xattr {
	u64 hash;		/* of the value; 0: not set */
};

struct m_inode {
	u64 ino;
	u32 mode;
	u32 nlink;
	u64 size;
	u64 data_version;
	u64 link_hash;		/* of a symlink's target, or an inline file's bytes */
	u32 inline_tag;		/* what they are made from */
	u32 inline_len;		/* 0: they are not inline */
	u64 nr_entries;
	struct m_xattr xattr[M_XATTRS];
	struct m_block *block;	/* M_BLOCKS of a file that was written */
	bool is_deleted;
};

struct m_name {
	u32 dir;		/* index of the inode */
	u32 inode;
	char name[256];
	bool is_used;
};

/* A mount record that was written, and what it made durable. */
struct m_commit {
	size_t event;		/* its write */
	u64 seq;
	size_t durable_event;	/* SIZE_MAX: not known to be durable */
	u32 op;			/* operations completed before */
	bool is_inside;		/* of the next one */
	u64 part_ino;		/* inode the next one changes in parts, or 0 */
	u64 hash;
	u64 part_hash;		/* of that inode */
};

struct m_sync {
	size_t event;
	u32 op;
};

struct model {
	struct m_inode *inode;
	u32 nr_inodes;
	struct m_name *name;
	u32 nr_names;
	u32 size_names;
	u64 hash;
	u32 op;			/* operations completed */
	u64 *hashes;		/* after each operation */
	u32 size_hashes;
	struct m_commit *commit;
	size_t nr_commits;
	size_t size_commits;
	struct m_sync *sync;
	size_t nr_syncs;
	size_t size_syncs;
};

void model_init(struct model *m);
void model_exit(struct model *m);
u64 m_hash_bytes(const void *bytes, size_t len);

/* Between these the inode changes: takes its share of the hash out and in. */
void m_change(struct model *m, struct m_inode *in);
void m_changed(struct model *m, struct m_inode *in);
u64 m_inode_hash(const struct m_inode *in);
u64 m_name_hash(u64 dir_ino, const char *name, unsigned int len, u64 ino);

u32 m_inode_add(struct model *m, u64 ino, u32 mode);
struct m_inode *m_inode_find(struct model *m, u64 ino);
struct m_name *m_name_find(struct model *m, u32 dir, const char *name);
void m_name_add(struct model *m, u32 dir, u32 inode, const char *name);
void m_name_del(struct model *m, struct m_name *name);
void m_block_write(struct m_inode *in, unsigned int idx, u32 op, u32 tag);
/* Written in place, if it is written, and nobody was told. */
void m_block_scribble(struct m_inode *in, unsigned int idx, u32 tag);
void m_block_free(struct m_inode *in, unsigned int idx, u32 op);
/* The first bytes of an inline file; and that it has len of them, 0: none. */
void m_inline_fill(u8 *bytes, u32 tag, u32 len);
void m_inline_set(struct m_inode *in, u32 tag, u32 len);
/* An operation is complete. */
void m_op_done(struct model *m);

/**
 * m_block_accepts() - may a sector of a file block hold what was written then?
 * @op: state of the namespace
 * @crash: operation under way at the crash
 * @synced: operations up to here were acknowledged as durable
 */
bool m_block_accepts(const struct m_block *b, u32 op, u32 crash, u32 synced,
		     u32 tag);

/* One sector of file data. */
void m_sector_fill(u8 *sector, u64 ino, u64 block, u32 tag);
/* Its tag, 0 when it is not a sector of that block. */
u32 m_sector_tag(const u8 *sector, u64 ino, u64 block);

#endif
