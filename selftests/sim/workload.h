/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operations of the workload share.
 */
#ifndef SIM_WORKLOAD_H
#define SIM_WORKLOAD_H

#include "sim.h"

/* Later each time. */
struct timespec64 sim_time(void);
/* Around a call; part_ino: an inode that it may change in several transactions, or 0. */
void sim_begin(struct sim *sim, u64 part_ino);
/* True when it was done; a full volume may refuse. */
bool sim_end(struct sim *sim, const char *what, int ret);
/* A random inode that is linked; want: S_IFDIR, S_IFREG, 0: any but the root. */
struct m_inode *sim_pick(struct sim *sim, u32 want);
void sim_op_sync(struct sim *sim);

/* workload_data.c: something with the bytes of a file */
void sim_data_op(struct sim *sim);

#endif
