// SPDX-License-Identifier: GPL-2.0-only
/*
 * fsck.scoutfs: the same as "scoutfs check", for fsck(8).
 */
#include "lib/cmd.h"

int main(int argc, char **argv)
{
	return sfs_cmd_check(argc, argv);
}
