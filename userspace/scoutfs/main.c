// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs: the command-line tool.
 */
#include "lib/cmd.h"
#include "scoutfs/file.h"
#include "scoutfs/nl.h"

static const struct sfs_cmd {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
} sfs_cmds[] = {
	{ "change-quorum-config", sfs_cmd_change_quorum_config,
	  "replace the quorum slots of an unmounted volume" },
	{ "check",	sfs_cmd_check,	  "check an unmounted volume" },
	{ "counters",	sfs_cmd_counters, "show the counters of a mount" },
	{ "fences",	sfs_cmd_object,	  "requests to fence lost mounts" },
	{ "get-attr-x",	sfs_cmd_get_attr_x, "attributes that stat(2) does not have" },
	{ "get-referring-entries", sfs_cmd_referring_entries,
	  "directory entries of an inode by its number" },
	{ "ino-path",	sfs_cmd_ino_path, "paths of an inode by its number" },
	{ "leader",	sfs_cmd_object,	  "who leads the cluster" },
	{ "locks",	sfs_cmd_object,	  "cluster locks of a mount" },
	{ "members",	sfs_cmd_object,	  "members of the cluster" },
	{ "mkfs",	sfs_cmd_mkfs,	  "make a volume" },
	{ "monitor",	sfs_cmd_monitor,  "show events as they come" },
	{ "mounts",	sfs_cmd_object,	  "mounts of this kernel" },
	{ "peers",	sfs_cmd_object,	  "sessions with other mounts" },
	{ "print",	sfs_cmd_print,	  "show the structures of a volume" },
	{ "providers",	sfs_cmd_object,	  "lock providers" },
	{ "quorum",	sfs_cmd_object,	  "a mount's part in elections" },
	{ "stat",	sfs_cmd_stat,	  "what stat(2) does not tell of a file" },
	{ "transports",	sfs_cmd_object,	  "network transports" },
};

static int sfs_usage(void)
{
	size_t i;

	fprintf(stderr, "usage: scoutfs COMMAND [args]\n\n");
	for (i = 0; i < ARRAY_SIZE(sfs_cmds); i++)
		fprintf(stderr, "  %-20s %s\n", sfs_cmds[i].name,
			sfs_cmds[i].text);
	fprintf(stderr, "\nCOMMAND --help shows its options.\n");
	return 1;
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return sfs_usage();
	for (i = 0; i < ARRAY_SIZE(sfs_cmds); i++) {
		if (!strcmp(argv[1], sfs_cmds[i].name))
			return sfs_cmds[i].run(argc - 1, argv + 1);
	}
	return sfs_usage();
}
