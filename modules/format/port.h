/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The port layer: everything shared code may use of its surroundings.
 *
 * Code in modules/format, modules/lock, modules/fs/ns and modules/fs/coord is
 * built for the kernel and for userspace from the same files.  It includes this
 * header and nothing else from outside.  In the kernel the names below are the
 * kernel's own; userspace/lib/port/ supplies the same names with the same
 * meaning for a deterministic, cooperative scheduler.
 */
#ifndef SFS_PORT_H
#define SFS_PORT_H

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/crc32c.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <asm/byteorder.h>

#include "compat.h"

#else

#include "port_user.h"

#endif

#endif
