/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands that work on unmounted volumes, shared by scoutfs, mkfs.scoutfs and
 * fsck.scoutfs, and what their parsers have in common.
 */
#ifndef SFS_CMD_H
#define SFS_CMD_H

#include <argp.h>

#include "format/dev.h"
#include "format/format.h"
#include "format/port.h"

/* exit status of fsck(8) */
enum sfs_fsck_exit {
	SFS_FSCK_CLEAN		= 0,
	SFS_FSCK_ERRORS		= 4,
	SFS_FSCK_FAILED		= 8,
	SFS_FSCK_USAGE		= 16,
};

/* argv[0] is the command's name; the result is the exit status */
int sfs_cmd_mkfs(int argc, char **argv);
int sfs_cmd_change_quorum_config(int argc, char **argv);
int sfs_cmd_check(int argc, char **argv);
int sfs_cmd_print(int argc, char **argv);
int sfs_cmd_counters(int argc, char **argv);

/* "scoutfs: CMD failed: text (errno)" on standard error; returns 1 */
int sfs_cmd_failed(const char *cmd, int err);

/* Numbers and sizes (suffix K to P); argp_error() when they are not. */
u64 sfs_cmd_number(struct argp_state *state, const char *arg, const char *what);
u64 sfs_cmd_size(struct argp_state *state, const char *arg, const char *what);

/**
 * struct sfs_cmd_devs - the opened devices of a volume
 * @data: NULL when it was not given and the volume needs another device
 */
struct sfs_cmd_devs {
	struct sfs_dev meta_dev;
	struct sfs_dev data_dev;
	struct sfs_dev *data;
};

/* Open for reading; one path is enough for a volume on one device. */
int sfs_cmd_open(struct sfs_cmd_devs *devs, const char *meta, const char *data);
void sfs_cmd_close(struct sfs_cmd_devs *devs);
/* Open for writing what nobody on this host uses; tells why when it cannot. */
int sfs_cmd_open_excl(struct sfs_dev *dev, const char *path);

#endif
