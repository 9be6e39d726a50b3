/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quorum slots on the command line, and how they are told.
 */
#ifndef SFS_QUORUM_ARG_H
#define SFS_QUORUM_ARG_H

#include <argp.h>

#include "format/format.h"
#include "format/port.h"

/**
 * sfs_quorum_arg_parse() - take one NR,ADDR,PORT into a list of slots
 * @state: of the command's parser
 * @arg: the option's argument; its commas are overwritten
 * @slots: SFS_QUORUM_SLOTS_MAX of them; family 0 is an unused one
 *
 * Does not return but by argp_error() when @arg is no slot, or one that the
 * list has already by its number or by its address and port.
 */
void sfs_quorum_arg_parse(struct argp_state *state, char *arg,
			  struct sfs_disk_quorum_slot *slots);

enum { SFS_QUORUM_ARG_TEXT = 64 };
/* Address and port: 192.0.2.1:5000, [2001:db8:..]:5000. */
void sfs_quorum_arg_text(const struct sfs_disk_quorum_slot *qs, char *buf,
			 size_t size);

/* Version and slots of a volume on standard output, a line each. */
void sfs_quorum_arg_print(const struct sfs_super_block *sb);

#endif
