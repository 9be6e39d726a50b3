// SPDX-License-Identifier: GPL-2.0-only
/*
 * mkfs.scoutfs: the same as "scoutfs mkfs".
 */
#include "lib/cmd.h"

int main(int argc, char **argv)
{
	return sfs_cmd_mkfs(argc, argv);
}
