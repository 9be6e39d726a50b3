/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole stack: what main.c's -F changes in a run.
 */
#ifndef CL_FULL_H
#define CL_FULL_H

#include "cluster.h"
#include "lib/mkfs.h"

void cl_full_draw_plan(void);
void cl_full_mkfs_params(struct sfs_mkfs_params *p);
/* The machines begin; cl.nr_done counts those that ended for good. */
void cl_full_start(void);
/* What the machines are at. */
void cl_full_print(void);

/* For node.c */
int cl_full_drift(void);
void cl_full_mount_params(const struct cl_node *node,
			  struct sfs_fs_params *params);
void cl_full_before_unmount(struct cl_node *node);
bool cl_full_is_forced(const struct cl_node *node);

/* Is that where the election writes? */
bool cl_full_is_quorum_page(unsigned int nr, u64 off);
/* A write begins. */
void cl_full_check_write(const struct cl_node *node, unsigned int nr, u64 off);
/* What it left is being taken back. */
void cl_full_check_recovery(const struct cl_node *node);

#endif
