/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What commands that ask about a file of a mounted volume have in common.
 */
#ifndef SFS_FILE_H
#define SFS_FILE_H

#include "lib/cmd.h"

/* ARGP_KEY_ARG and ARGP_KEY_END of a command with one path. */
error_t sfs_file_parse(struct argp_state *state, int key, const char *arg,
		       const char **path);
/* Open the path; a message and -errno when that fails. */
int sfs_file_open(const char *path, int flags);

/* Of the path, or what the environment names, or the current directory. */
int sfs_file_open_mount(const char *path);

int sfs_cmd_stat(int argc, char **argv);
int sfs_cmd_get_attr_x(int argc, char **argv);
int sfs_cmd_ino_path(int argc, char **argv);
int sfs_cmd_referring_entries(int argc, char **argv);

#endif
