/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mount options on their way from mount(2) to the mount.
 */
#ifndef SFS_OPTIONS_H
#define SFS_OPTIONS_H

#include <linux/fs_context.h>

#include "fs/vfs/vfs.h"

/**
 * struct sfs_fc - what a filesystem context collects
 * @opts: values so far
 * @seen: options that were given, by number
 */
struct sfs_fc {
	struct sfs_mount_opts opts;
	unsigned long seen;
};

int sfs_opts_copy(struct sfs_mount_opts *dst, const struct sfs_mount_opts *src);
int sfs_opts_check_remount(struct fs_context *fc,
			   const struct sfs_mount_opts *old);
void sfs_opts_remount(struct sfs_mount_opts *opts, struct sfs_mount_opts *new);

#endif
