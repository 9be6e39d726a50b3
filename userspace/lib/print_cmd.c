// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs print.
 */
#include "lib/cmd.h"
#include "lib/print.h"

enum { SFS_PRINT_OPT_JSON = 256 };

struct sfs_print_args {
	struct sfs_print_params params;
	const char *meta;
	const char *data;
};

static const struct argp_option sfs_print_options[] = {
	{ "skip-likely-huge", 'S', NULL, 0, "Leave out the group trees", 0 },
	{ "json", SFS_PRINT_OPT_JSON, NULL, 0, "Print JSON", 0 },
	{ 0 }
};

static error_t sfs_print_parse(int key, char *arg, struct argp_state *state)
{
	struct sfs_print_args *args = state->input;

	switch (key) {
	case 'S':
		args->params.skip_groups = true;
		return 0;
	case SFS_PRINT_OPT_JSON:
		args->params.is_json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!args->meta)
			args->meta = arg;
		else if (!args->data)
			args->data = arg;
		else
			argp_error(state, "too many arguments");
		return 0;
	case ARGP_KEY_END:
		if (!args->meta)
			argp_error(state, "no metadata device given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp sfs_print_argp = {
	.options = sfs_print_options,
	.parser = sfs_print_parse,
	.args_doc = "META-DEVICE [DATA-DEVICE]",
	.doc = "Show the metadata structures of a volume.",
};

int sfs_cmd_print(int argc, char **argv)
{
	struct sfs_print_args args = { .params = { .out = stdout } };
	struct sfs_cmd_devs devs;
	int ret;

	argp_parse(&sfs_print_argp, argc, argv, 0, NULL, &args);
	ret = sfs_cmd_open(&devs, args.meta, args.data);
	if (!ret) {
		ret = sfs_print(&devs.meta_dev, devs.data, &args.params);
		sfs_cmd_close(&devs);
	}
	return ret ? sfs_cmd_failed("print", ret) : 0;
}
