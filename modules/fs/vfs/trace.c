// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one place where the tracepoints' code is made.
 */
#include "fs/vfs/vfs.h"

#define CREATE_TRACE_POINTS
#include "fs/vfs/trace.h"
