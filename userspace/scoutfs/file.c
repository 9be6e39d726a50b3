// SPDX-License-Identifier: GPL-2.0-only
/*
 * What commands that ask about a file of a mounted volume have in common.
 */
#include "scoutfs/file.h"

error_t sfs_file_parse(struct argp_state *state, int key, const char *arg,
		       const char **path)
{
	if (key == ARGP_KEY_END && !*path)
		argp_error(state, "no file path argument given");
	if (key == ARGP_KEY_ARG && *path)
		argp_error(state, "more than one file path argument given");
	if (key == ARGP_KEY_ARG)
		*path = arg;
	return 0;
}

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
