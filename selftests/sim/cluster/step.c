// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the model says about an operation, and what the operation does to it.
 */
#include "fs/ns/items.h"
#include "ops.h"

const char * const cl_op_names[CL_OP_NR] = {
	[CL_OP_CREATE] = "create",
	[CL_OP_LINK] = "link",
	[CL_OP_UNLINK] = "unlink",
	[CL_OP_RENAME] = "rename",
	[CL_OP_SETATTR] = "setattr",
	[CL_OP_SETXATTR] = "setxattr",
	[CL_OP_GETATTR] = "getattr",
	[CL_OP_LOOKUP] = "lookup",
	[CL_OP_READDIR] = "readdir",
	[CL_OP_GETXATTR] = "getxattr",
	[CL_OP_WRITE] = "write",
	[CL_OP_READ] = "read",
	[CL_OP_TRUNCATE] = "truncate",
	[CL_OP_PUNCH] = "punch",
	[CL_OP_DELETE] = "delete",
};

/* Results the model allows now: several reasons may hold at once. */
struct cl_verdict {
	int error[CL_ERRORS];
	unsigned int nr;
};

static void cl_may(struct cl_verdict *v, int error)
{
	unsigned int i;

	for (i = 0; i < v->nr; i++) {
		if (v->error[i] == error)
			return;
	}
	if (v->nr == CL_ERRORS)
		port_die("too many errors");
	v->error[v->nr++] = error;
}

static void cl_may_if(struct cl_verdict *v, bool is_so, int error)
{
	if (is_so)
		cl_may(v, error);
}

static bool cl_is_linked(u64 ino)
{
	return cl_get(ino, CL_EXISTS, 0) && cl_get(ino, CL_NLINK, 0);
}

static bool cl_is_link_to_dir(u64 ino)
{
	return ino && cl_is_dir(ino);
}

/* ---- what may happen ------------------------------------------------------------- */

static void cl_judge_create(struct cl_verdict *v, const struct cl_op *op)
{
	cl_may_if(v, !cl_is_linked(op->dir), -ENOENT);
	cl_may_if(v, cl_get(op->dir, CL_NAME, op->name), -EEXIST);
}

static void cl_judge_link(struct cl_verdict *v, const struct cl_op *op)
{
	cl_judge_create(v, op);
	cl_may_if(v, !cl_is_linked(op->ino), -ENOENT);
}

static void cl_judge_unlink(struct cl_verdict *v, const struct cl_op *op)
{
	u64 is = cl_get(op->dir, CL_NAME, op->name);

	cl_may_if(v, !cl_is_linked(op->dir) || !is, -ENOENT);
	cl_may_if(v, is && is != op->ino, -EAGAIN);
	cl_may_if(v, is == op->ino && cl_get(is, CL_ENTRIES, 0), -ENOTEMPTY);
}

static void cl_judge_rename(struct cl_verdict *v, const struct cl_op *op)
{
	u64 is = cl_get(op->dir, CL_NAME, op->name);
	u64 target = cl_get(op->dir2, CL_NAME, op->name2);
	bool is_exchange = op->flags & SFS_RENAME_EXCHANGE;
	bool is_dir = cl_is_link_to_dir(op->ino);
	bool is_target_dir = cl_is_link_to_dir(op->target);

	cl_may_if(v, !cl_is_linked(op->dir) || !cl_is_linked(op->dir2) || !is,
		  -ENOENT);
	cl_may_if(v, is && is != op->ino, -EAGAIN);
	cl_may_if(v, target != op->target, -EAGAIN);
	cl_may_if(v, target && (op->flags & SFS_RENAME_NOREPLACE), -EEXIST);
	cl_may_if(v, is_dir && cl_is_below(op->dir2, op->ino), -EINVAL);
	cl_may_if(v, is_exchange && is_target_dir &&
		  cl_is_below(op->dir, op->target), -EINVAL);
	if (is_exchange || !op->target || op->ino == op->target)
		return;
	cl_may_if(v, is_dir && !is_target_dir, -ENOTDIR);
	cl_may_if(v, !is_dir && is_target_dir, -EISDIR);
	cl_may_if(v, is_dir && is_target_dir &&
		  cl_get(op->target, CL_ENTRIES, 0), -ENOTEMPTY);
}

static void cl_judge(struct cl_verdict *v, const struct cl_op *op)
{
	bool exists = op->ino && cl_get(op->ino, CL_EXISTS, 0);

	v->nr = 0;
	switch (op->kind) {
	case CL_OP_CREATE:
		cl_judge_create(v, op);
		break;
	case CL_OP_LINK:
		cl_judge_link(v, op);
		break;
	case CL_OP_UNLINK:
		cl_judge_unlink(v, op);
		break;
	case CL_OP_RENAME:
		cl_judge_rename(v, op);
		break;
	case CL_OP_LOOKUP:
		cl_may_if(v, !cl_get(op->dir, CL_NAME, op->name), -ENOENT);
		break;
	case CL_OP_READDIR:
	case CL_OP_READ:	/* what does not exist is one hole */
		break;
	case CL_OP_DELETE:
		cl_may_if(v, exists && cl_get(op->ino, CL_NLINK, 0), -EBUSY);
		break;
	case CL_OP_GETXATTR:	/* what does not exist has none */
		cl_may_if(v, !exists || !cl_get(op->ino, CL_XATTR, op->idx),
			  -ENODATA);
		break;
	case CL_OP_SETXATTR:
		cl_may_if(v, !cl_get(op->ino, CL_XATTR, op->idx) && !op->val,
			  -ENODATA);
		fallthrough;
	default:
		cl_may_if(v, !exists, -ESTALE);
		break;
	case CL_OP_WRITE:
	case CL_OP_TRUNCATE:
	case CL_OP_PUNCH:
		cl_may_if(v, !exists, -ESTALE);
		/*
		 * The file was lost with its mount and another kind of inode got
		 * the number: nobody but us kept it in mind.
		 */
		cl_may_if(v, exists && !S_ISREG(cl_get(op->ino, CL_MODE, 0)),
			  -EINVAL);
		break;
	}
	if (!v->nr)
		cl_may(v, 0);
}

/* ---- what happens ----------------------------------------------------------------- */

static void cl_add(u64 ino, enum cl_kind kind, s64 n)
{
	cl_set(ino, kind, 0, cl_get(ino, kind, 0) + n);
}

static void cl_name_set(u64 dir, unsigned int name, u64 ino)
{
	u64 old = cl_get(dir, CL_NAME, name);
	s64 n = !!ino - !!old;

	cl_set(dir, CL_NAME, name, ino);
	cl_add(dir, CL_ENTRIES, n);
	cl_add(dir, CL_SIZE, n * (s64)strlen(cl_name(name)));
	cl_add(dir, CL_NLINK, cl_is_link_to_dir(ino) - cl_is_link_to_dir(old));
	if (cl_is_link_to_dir(ino))
		cl_set(ino, CL_PARENT, 0, dir);
}

static void cl_drop_link(u64 ino)
{
	if (!cl_is_dir(ino)) {
		cl_add(ino, CL_NLINK, -1);
		return;
	}
	cl_set(ino, CL_NLINK, 0, 0);
	cl_set(ino, CL_PARENT, 0, 0);
}

static void cl_free_blocks(u64 ino, unsigned int from, unsigned int to)
{
	for (; from < to && from < CL_BLOCKS; from++)
		cl_set(ino, CL_BLOCK, from, 0);
}

static void cl_do_create(struct cl_op *op, const struct sfs_change *ch)
{
	op->ino = ch->node[1].in.ino;
	if (cl_get(op->ino, CL_MODE, 0))
		cl_fail("inode number %llu used again", op->ino);
	cl_inode_add(op->ino);
	cl_set(op->ino, CL_EXISTS, 0, 1);
	cl_set(op->ino, CL_MODE, 0, op->mode);
	cl_set(op->ino, CL_NLINK, 0, S_ISDIR(op->mode) ? 2 : 1);
	cl_name_set(op->dir, op->name, op->ino);
}

static void cl_do_rename(struct cl_op *op)
{
	if (op->ino == op->target)
		return;
	if (op->flags & SFS_RENAME_EXCHANGE) {
		cl_name_set(op->dir, op->name, op->target);
		cl_name_set(op->dir2, op->name2, op->ino);
		return;
	}
	if (op->target) {
		cl_name_set(op->dir2, op->name2, 0);
		cl_drop_link(op->target);
	}
	cl_name_set(op->dir, op->name, 0);
	cl_name_set(op->dir2, op->name2, op->ino);
}

u64 cl_op_file_size(const struct cl_op *op)
{
	return (u64)(op->idx + op->len) * SFS_DATA_BLOCK_BYTES - 7;
}

static void cl_do_write(struct cl_op *op)
{
	unsigned int i;

	for (i = 0; i < op->len; i++)
		cl_set(op->ino, CL_BLOCK, op->idx + i, op->val);
	cl_set(op->ino, CL_SIZE, 0, max(cl_get(op->ino, CL_SIZE, 0),
					cl_op_file_size(op)));
}

static void cl_do(struct cl_op *op, const struct sfs_change *ch)
{
	switch (op->kind) {
	case CL_OP_CREATE:
		cl_do_create(op, ch);
		break;
	case CL_OP_LINK:
		cl_add(op->ino, CL_NLINK, 1);
		cl_name_set(op->dir, op->name, op->ino);
		break;
	case CL_OP_UNLINK:
		cl_name_set(op->dir, op->name, 0);
		cl_drop_link(op->ino);
		break;
	case CL_OP_RENAME:
		cl_do_rename(op);
		break;
	case CL_OP_SETATTR:
		cl_set(op->ino, CL_MODE, 0, op->mode |
		       (cl_get(op->ino, CL_MODE, 0) & S_IFMT));
		break;
	case CL_OP_SETXATTR:
		cl_set(op->ino, CL_XATTR, op->idx, op->val);
		break;
	case CL_OP_WRITE:
		cl_do_write(op);
		break;
	case CL_OP_TRUNCATE:
		cl_set(op->ino, CL_SIZE, 0, op->val);
		cl_free_blocks(op->ino, DIV_ROUND_UP(op->val,
						     SFS_DATA_BLOCK_BYTES),
			       CL_BLOCKS);
		break;
	case CL_OP_PUNCH:
		cl_free_blocks(op->ino, op->idx, op->idx + op->len);
		break;
	case CL_OP_DELETE:
		cl_set(op->ino, CL_EXISTS, 0, 0);
		cl_free_blocks(op->ino, 0, CL_BLOCKS);
		break;
	default:
		cl_fail("%s changed something", cl_op_names[op->kind]);
	}
}

/* ---- the places ------------------------------------------------------------------------ */

static void cl_see(struct cl_op *op)
{
	unsigned int i;

	switch (op->kind) {
	case CL_OP_GETATTR:
		for (i = CL_EXISTS; i <= CL_ENTRIES; i++)
			op->seen[i] = cl_get(op->ino, i, 0);
		break;
	case CL_OP_LOOKUP:
		op->seen[0] = cl_get(op->dir, CL_NAME, op->name);
		break;
	case CL_OP_READDIR:
		for (i = 0; i < CL_NAMES; i++)
			op->seen[i] = cl_get(op->dir, CL_NAME, i);
		break;
	case CL_OP_GETXATTR:
		op->seen[0] = cl_get(op->ino, CL_XATTR, op->idx);
		break;
	case CL_OP_READ:
		for (i = 0; i < CL_BLOCKS; i++)
			op->seen[i] = cl_get(op->ino, CL_BLOCK, i);
		break;
	default:
		break;
	}
}

void cl_op_look(struct cl_op *op)
{
	struct cl_verdict v;
	unsigned int i, j;

	if (op->is_applied)
		return;
	cl_see(op);
	cl_judge(&v, op);
	for (i = 0; i < v.nr; i++) {
		for (j = 0; j < op->nr_errors; j++) {
			if (op->error[j] == v.error[i])
				break;
		}
		if (j == op->nr_errors && j < CL_ERRORS)
			op->error[op->nr_errors++] = v.error[i];
	}
}

void cl_op_apply(struct cl_op *op, const struct sfs_change *ch)
{
	struct cl_verdict v;

	/* what follows only frees more, or is a step on the way */
	if (op->is_applied || (op->kind == CL_OP_WRITE && !op->is_ready))
		return;
	cl_judge(&v, op);
	if (v.error[0])
		cl_fail("mount %u: %s of %llu/%u, inode %llu succeeds, must be error %d",
			op->node->mount, cl_op_names[op->kind], op->dir,
			op->name, op->ino, v.error[0]);
	cl_step_begin(op->node, ch->op.seq);
	cl_do(op, ch);
	cl_step_end();
	op->is_applied = true;
	cl_trace("%s is done, seq %llu", cl_op_names[op->kind], ch->op.seq);
}

static bool cl_op_only_reads(const struct cl_op *op)
{
	return op->kind == CL_OP_GETATTR || op->kind == CL_OP_LOOKUP ||
	       op->kind == CL_OP_READDIR || op->kind == CL_OP_GETXATTR ||
	       op->kind == CL_OP_READ;
}

void cl_op_check(struct cl_op *op, int ret)
{
	unsigned int i;

	cl.stat.nr_ops++;
	if (ret && cl_node_is_lost(op->node))
		return;
	/* the leader could not ask all others whether they have it open */
	if (ret == -EAGAIN && op->kind == CL_OP_DELETE && cl.is_full)
		return;
	if (ret == -ENOSPC) {
		cl.stat.nr_enospc++;
		return;
	}
	if (!ret && !cl_op_only_reads(op)) {
		if (!op->is_applied && (op->kind != CL_OP_WRITE || op->is_ready))
			cl_fail("mount %u: %s of %llu/%u, inode %llu did nothing",
				op->node->mount, cl_op_names[op->kind], op->dir,
				op->name, op->ino);
		return;
	}
	for (i = 0; i < op->nr_errors; i++) {
		if (op->error[i] == ret)
			return;
	}
	cl_fail("mount %u: %s of %llu/%u to %llu/%u, inode %llu: error %d, may be %d",
		op->node->mount, cl_op_names[op->kind], op->dir, op->name,
		op->dir2, op->name2, op->ino, ret,
		op->nr_errors ? op->error[0] : 1);
}
