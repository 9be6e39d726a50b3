/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Userspace side of modules/format/port.h: the kernel names shared code uses,
 * with the kernel's meaning, over a deterministic and cooperative scheduler.
 *
 * One operating system thread runs everything.  A primitive that cannot go on
 * calls the port_block hook and looks again when that returns; places where a
 * kernel could have been preempted call the port_yield hook.  See port_sched.h
 * for the hooks a simulator installs.  Every allocation is a malloc() of its
 * own, so that the address sanitizer sees each object.
 */
#ifndef SFS_PORT_USER_H
#define SFS_PORT_USER_H

#include "port_types.h"
#include "port_math.h"
#include "port_bits.h"
#include "port_misc.h"
#include "port_atomic.h"
#include "port_list.h"
#include "port_sched.h"
#include "port_lock.h"
#include "port_mem.h"
#include "port_rbtree.h"
#include "port_xarray.h"
#include "port_work.h"

#endif
