/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One operation of the workload, and what the model says about it.
 *
 * An operation takes its place in the one order of all operations while it has
 * its locks: a change when sfs_change_end() is about to keep it, everything else
 * at sfs_op_end().  A result must be what the model says at one of these places.
 */
#ifndef CL_OPS_H
#define CL_OPS_H

#include "oracle.h"

enum cl_op_kind {
	CL_OP_CREATE,
	CL_OP_LINK,
	CL_OP_UNLINK,
	CL_OP_RENAME,
	CL_OP_SETATTR,
	CL_OP_SETXATTR,
	CL_OP_GETATTR,
	CL_OP_LOOKUP,
	CL_OP_READDIR,
	CL_OP_GETXATTR,
	CL_OP_WRITE,
	CL_OP_READ,
	CL_OP_TRUNCATE,
	CL_OP_PUNCH,
	CL_OP_DELETE,
	CL_OP_NR,
};

enum { CL_ERRORS = 12, CL_SEEN = 16 };

/**
 * struct cl_op - an operation under way
 * @kind: enum cl_op_kind
 * @node: machine
 * @dir: directory of the name, of the old one
 * @name: number of the name, of the old one
 * @dir2: directory of the new name
 * @name2: number of it
 * @ino: what it is about; of a create: what was made
 * @target: what the new name refers to
 * @flags: of the rename
 * @mode: of what is made, or the new one
 * @idx: of the xattr, first block
 * @len: blocks
 * @val: of the xattr (0: remove it), of the blocks, new size
 * @is_ready: a write may be shown now
 * @is_applied: the model has it
 * @error: results that the model allowed at one of the places
 * @nr_errors: their number
 * @seen: what the model had at the newest place, for what only reads
 */
struct cl_op {
	enum cl_op_kind kind;
	struct cl_node *node;
	u64 dir;
	unsigned int name;
	u64 dir2;
	unsigned int name2;
	u64 ino;
	u64 target;
	unsigned int flags;
	u32 mode;
	unsigned int idx;
	unsigned int len;
	u64 val;
	bool is_ready;
	bool is_applied;
	int error[CL_ERRORS];
	unsigned int nr_errors;
	u64 seen[CL_SEEN];
};

extern const char * const cl_op_names[CL_OP_NR];

/* The operation is at one of its places. */
void cl_op_look(struct cl_op *op);
/* It changes the model, in that transaction; fails unless the model allows. */
void cl_op_apply(struct cl_op *op, const struct sfs_change *ch);
/* May it have ended so?  Fails the run otherwise. */
void cl_op_check(struct cl_op *op, int ret);
u64 cl_op_file_size(const struct cl_op *op);

#endif
