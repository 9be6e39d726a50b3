// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs change-quorum-config.
 */
#include <uuid/uuid.h>

#include "lib/cmd.h"
#include "lib/dev_file.h"
#include "lib/quorum_arg.h"
#include "lib/quorum_config.h"

struct sfs_qc_args {
	struct sfs_disk_quorum_slot slots[SFS_QUORUM_SLOTS_MAX];
	struct sfs_dev dev;
	const char *meta;
	bool is_offline;
	bool has_slots;
	bool has_waited;
};

static const struct argp_option sfs_qc_options[] = {
	{ "offline", 'F', NULL, 0,
	  "The volume is not mounted anywhere (required)", 0 },
	{ "quorum-slot", 'Q', "NR,ADDR,PORT", 0,
	  "Member that may become leader; those that are not given go away (required)", 0 },
	{ 0 }
};

static error_t sfs_qc_parse(int key, char *arg, struct argp_state *state)
{
	struct sfs_qc_args *args = state->input;

	switch (key) {
	case 'F':
		args->is_offline = true;
		return 0;
	case 'Q':
		sfs_quorum_arg_parse(state, arg, args->slots);
		args->has_slots = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->meta)
			argp_error(state, "too many arguments");
		args->meta = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->meta)
			argp_error(state, "no metadata device given");
		if (!args->is_offline)
			argp_error(state, "-F is required: the volume must not be mounted anywhere");
		if (!args->has_slots)
			argp_error(state, "-Q is required: at least one quorum slot");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp sfs_qc_argp = {
	.options = sfs_qc_options,
	.parser = sfs_qc_parse,
	.args_doc = "META-DEVICE",
	.doc = "Replace all quorum slots of a volume that is not mounted.",
};

static void sfs_qc_wait(void *arg, unsigned int ms)
{
	struct sfs_qc_args *args = arg;

	if (ms && !args->has_waited)
		fprintf(stderr,
			"%s: a mount may not have ended well, waiting for signs of life\n",
			args->meta);
	if (ms)
		args->has_waited = true;
	msleep(ms);
	sfs_dev_file_drop_cache(&args->dev);
}

static void sfs_qc_print(const struct sfs_qc_args *args,
			 const struct sfs_super_block *sb)
{
	char uuid[UUID_STR_LEN];

	uuid_unparse_lower(sb->uuid, uuid);
	printf("Successfully changed the quorum configuration:\n");
	printf("  %-23s %s\n", "meta device path:", args->meta);
	printf("  %-23s %016llx\n", "fsid:", le64_to_cpu(sb->hdr.fsid));
	printf("  %-23s %s\n", "uuid:", uuid);
	sfs_quorum_arg_print(sb);
}

static int sfs_qc_device(struct sfs_qc_args *args, struct sfs_super_block *sb)
{
	const struct sfs_quorum_config qc = {
		.slots = args->slots,
		.wait = sfs_qc_wait,
		.arg = args,
	};
	char error[SFS_QUORUM_CONFIG_ERROR_BYTES] = "";
	int ret;

	ret = sfs_cmd_open_excl(&args->dev, args->meta);
	if (ret)
		return ret;
	ret = sfs_quorum_config_replace(&args->dev, &qc, error, sb);
	if (ret)
		fprintf(stderr, "'%s' %s\n", args->meta, error);
	sfs_dev_file_close(&args->dev);
	return ret;
}

int sfs_cmd_change_quorum_config(int argc, char **argv)
{
	struct sfs_qc_args args = { .meta = NULL };
	struct sfs_super_block sb;
	int ret;

	argp_parse(&sfs_qc_argp, argc, argv, 0, NULL, &args);
	ret = sfs_qc_device(&args, &sb);
	if (ret)
		return sfs_cmd_failed("change-quorum-config", ret);
	sfs_qc_print(&args, &sb);
	return 0;
}
