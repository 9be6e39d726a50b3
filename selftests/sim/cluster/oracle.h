/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the namespace should be: cells with a value each, and a log of steps.
 *
 * A step belongs to a transaction of a mount.  When the mount dies, the steps
 * of its transactions that are not durable are taken back, newest first: what
 * they changed was locked by the mount, so nobody built upon it.
 */
#ifndef CL_ORACLE_H
#define CL_ORACLE_H

#include "cluster.h"

enum {
	CL_NAMES	= 10,	/* different names per directory */
	CL_XATTRS	= 2,
	CL_BLOCKS	= 10,	/* of a file */
};

enum cl_kind {
	CL_EXISTS,
	CL_MODE,
	CL_NLINK,
	CL_SIZE,
	CL_ENTRIES,
	CL_PARENT,	/* of a directory */
	CL_XATTR,	/* index: number; 0: not set */
	CL_BLOCK,	/* index: block; tag of what is written, 0: nothing */
	CL_NAME,	/* index: number of the name; inode, 0: no such entry */
};

void cl_oracle_init(void);
u64 cl_get(u64 ino, enum cl_kind kind, unsigned int idx);
/* Inside a step. */
void cl_set(u64 ino, enum cl_kind kind, unsigned int idx, u64 val);
void cl_step_begin(const struct cl_node *node, u64 seq);
void cl_step_end(void);

/* Number of steps' changes so far. */
size_t cl_oracle_pos(void);
/*
 * The mount is gone and its record says seq: take back what is newer.  False
 * when that is something that was known to be durable.
 */
bool cl_oracle_rollback(unsigned int mount, u64 seq, size_t synced);

/* Inodes that were ever made, by number; the root is the first. */
void cl_inode_add(u64 ino);
unsigned int cl_nr_inodes(void);
u64 cl_inode(unsigned int i);

bool cl_is_dir(u64 ino);
/* A directory that has an entry somewhere, and so on up to the root? */
bool cl_is_below(u64 dir, u64 top);
const char *cl_name(unsigned int idx);
int cl_name_index(const char *name, unsigned int len);

#endif
