// SPDX-License-Identifier: GPL-2.0-only
/*
 * What commands that ask about a file of a mounted volume have in common.
 */
#include "scoutfs/file.h"

int sfs_file_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	int err = errno;

	if (fd >= 0)
		return fd;
	fprintf(stderr, "failed to open '%s': %s (%d)\n", path, strerror(err),
		err);
	return -err;
}

int sfs_file_open_mount(const char *path)
{
	if (!path)
		path = getenv("SCOUTFS_MOUNT_PATH");
	return sfs_file_open(path ? path : ".", O_RDONLY);
}
