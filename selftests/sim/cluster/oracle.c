// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the namespace should be.
 */
#include "oracle.h"

enum { CL_CELLS = 1 << 16, CL_INODES = 8192 };

struct cl_cell {
	u64 ino;		/* 0: free */
	u32 kind;
	u32 idx;
	u64 val;
};

struct cl_undo {
	struct cl_cell *cell;
	u64 old;
	u64 seq;
	unsigned int mount;
	bool is_undone;
};

static struct {
	struct cl_cell cell[CL_CELLS];
	unsigned int nr_cells;
	struct cl_undo *change;
	size_t nr_changes;
	size_t size_changes;
	unsigned int mount;	/* of the step */
	u64 seq;
	u64 inode[CL_INODES];
	unsigned int nr_inodes;
} cl_oracle;

static struct cl_cell *cl_cell(u64 ino, enum cl_kind kind, unsigned int idx)
{
	u64 h = sim_mix(ino ^ sim_mix((u64)kind << 32 | idx));
	struct cl_cell *c;

	for (;; h++) {
		c = &cl_oracle.cell[h % CL_CELLS];
		if (!c->ino)
			break;
		if (c->ino == ino && c->kind == kind && c->idx == idx)
			return c;
	}
	if (++cl_oracle.nr_cells > CL_CELLS / 2)
		port_die("too many cells");
	c->ino = ino;
	c->kind = kind;
	c->idx = idx;
	return c;
}

u64 cl_get(u64 ino, enum cl_kind kind, unsigned int idx)
{
	return cl_cell(ino, kind, idx)->val;
}

void cl_step_begin(const struct cl_node *node, u64 seq)
{
	cl_oracle.mount = node->mount;
	cl_oracle.seq = seq;
}

void cl_step_end(void)
{
	cl_oracle.mount = 0;
}

void cl_set(u64 ino, enum cl_kind kind, unsigned int idx, u64 val)
{
	struct cl_cell *c = cl_cell(ino, kind, idx);
	struct cl_undo *ch;

	if (c->val == val)
		return;
	if (cl_oracle.nr_changes == cl_oracle.size_changes) {
		cl_oracle.size_changes = cl_oracle.size_changes * 2 ?: 1024;
		cl_oracle.change = realloc(cl_oracle.change,
					   cl_oracle.size_changes *
					   sizeof(*ch));
		if (!cl_oracle.change)
			port_die("out of memory");
	}
	ch = &cl_oracle.change[cl_oracle.nr_changes++];
	*ch = (struct cl_undo){
		.cell = c,
		.old = c->val,
		.seq = cl_oracle.seq,
		.mount = cl_oracle.mount,
	};
	c->val = val;
}

size_t cl_oracle_pos(void)
{
	return cl_oracle.nr_changes;
}

bool cl_oracle_rollback(unsigned int mount, u64 seq, size_t synced)
{
	size_t i = cl_oracle.nr_changes;
	bool is_fine = true;

	while (i--) {
		struct cl_undo *ch = &cl_oracle.change[i];

		if (ch->mount != mount || ch->seq <= seq || ch->is_undone)
			continue;
		ch->is_undone = true;
		ch->cell->val = ch->old;
		if (i < synced)
			is_fine = false;
	}
	return is_fine;
}

/* ---- inodes and names ------------------------------------------------------------- */

void cl_inode_add(u64 ino)
{
	if (cl_oracle.nr_inodes == CL_INODES)
		port_die("too many inodes");
	cl_oracle.inode[cl_oracle.nr_inodes++] = ino;
}

unsigned int cl_nr_inodes(void)
{
	return cl_oracle.nr_inodes;
}

u64 cl_inode(unsigned int i)
{
	return cl_oracle.inode[i];
}

bool cl_is_dir(u64 ino)
{
	return S_ISDIR(cl_get(ino, CL_MODE, 0));
}

bool cl_is_below(u64 dir, u64 top)
{
	unsigned int steps = 0;

	while (dir && dir != top && dir != SFS_ROOT_INO) {
		dir = cl_get(dir, CL_PARENT, 0);
		if (++steps > CL_INODES)
			cl_fail("a circle of directories");
	}
	return dir == top;
}

const char *cl_name(unsigned int idx)
{
	static char name[CL_NAMES][64];

	snprintf(name[idx], sizeof(name[idx]), idx % 4 ? "n%u" :
		 "n%u-a-longer-name-than-the-others-have", idx);
	return name[idx];
}

int cl_name_index(const char *name, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < CL_NAMES; i++) {
		if (strlen(cl_name(i)) == len && !memcmp(cl_name(i), name, len))
			return i;
	}
	return -1;
}

void cl_oracle_init(void)
{
	struct cl_node nobody = { .mount = 0 };

	memset(&cl_oracle, 0, sizeof(cl_oracle));
	cl_step_begin(&nobody, 0);
	cl_inode_add(SFS_ROOT_INO);
	cl_set(SFS_ROOT_INO, CL_EXISTS, 0, 1);
	cl_set(SFS_ROOT_INO, CL_MODE, 0, S_IFDIR | 0755);
	cl_set(SFS_ROOT_INO, CL_NLINK, 0, 2);
	cl_step_end();
}
