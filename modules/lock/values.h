/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A provider's memory of value blocks, by lock type and number.
 *
 * Values of locks with a handle are kept; of the others as many as fit, those
 * unused for longest are dropped.  A lost value reads as unknown, never as an
 * older one.
 */
#ifndef SFS_LOCK_VALUES_H
#define SFS_LOCK_VALUES_H

#include "lock/lock.h"

struct sfs_lock_values;

/* NULL: no memory.  max_idle: how many values without a handle to keep. */
struct sfs_lock_values *sfs_lock_values_create(unsigned int max_idle);
void sfs_lock_values_destroy(struct sfs_lock_values *values);

/* A handle was lowered from EX: this is its lock's value now. */
void sfs_lock_values_store(struct sfs_lock_values *values,
			   enum sfs_lock_type type, u64 nr, const void *lvb);
/* A handle wants the value, SFS_LOCK_LVB_BYTES to lvb; false: unknown. */
bool sfs_lock_values_load(struct sfs_lock_values *values,
			  enum sfs_lock_type type, u64 nr, void *lvb);
/* The handle is gone. */
void sfs_lock_values_idle(struct sfs_lock_values *values,
			  enum sfs_lock_type type, u64 nr);

#endif
