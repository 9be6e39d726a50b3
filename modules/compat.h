/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel differences: the only file that knows them.
 *
 * Code uses the newest kernel's shape; this file supplies it to older ones, by
 * what probes of the kernel tree found, never by version.
 */
#ifndef SFS_COMPAT_H
#define SFS_COMPAT_H

#endif
