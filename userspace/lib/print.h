/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dump of a volume's structures, for people or as JSON.
 */
#ifndef SFS_PRINT_H
#define SFS_PRINT_H

#include "format/dev.h"

/**
 * struct sfs_print_params - how to print
 * @out: where to
 * @is_json: one JSON document instead of text
 * @skip_groups: leave out the group trees, which may be huge
 */
struct sfs_print_params {
	FILE *out;
	bool is_json;
	bool skip_groups;
};

/*
 * What cannot be read is named and left out.
 * Return: 0; -EINVAL when there is no valid super; -ENOMEM.
 */
int sfs_print(struct sfs_dev *meta, struct sfs_dev *data,
	      const struct sfs_print_params *params);

#endif
