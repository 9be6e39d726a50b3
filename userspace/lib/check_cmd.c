// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs check and fsck.scoutfs: report what the check finds.
 */
#include <unistd.h>

#include "lib/check.h"
#include "lib/cmd.h"
#include "lib/json.h"
#include "lib/mkfs.h"

enum sfs_check_opt {
	SFS_CHECK_OPT_JSON = 256,
	SFS_CHECK_OPT_IDS,
};

struct sfs_check_args {
	const char *meta;
	const char *data;
	bool is_json;
	bool is_verbose;
	struct sfs_json json;
	bool has_bar;
	u64 bar_shown;		/* per mille last drawn */
};

static const struct argp_option sfs_check_options[] = {
	{ "dry-run", 'n', NULL, 0, "Change nothing; always the case", 0 },
	{ "verbose", 'v', NULL, 0, "Show counts", 0 },
	{ "force", 'f', NULL, 0, "Ignored, for fsck(8)", 0 },
	{ "auto", 'a', NULL, 0, "Ignored, for fsck(8)", 0 },
	{ "preen", 'p', NULL, 0, "Ignored, for fsck(8)", 0 },
	{ "yes", 'y', NULL, 0, "Ignored, for fsck(8): nothing is repaired", 0 },
	{ "progress", 'C', "FD", OPTION_ARG_OPTIONAL, "Ignored, for fsck(8)",
	  0 },
	{ "json", SFS_CHECK_OPT_JSON, NULL, 0, "Report as JSON", 0 },
	{ "list-problems", SFS_CHECK_OPT_IDS, NULL, 0,
	  "Show the identifiers of all problems and exit", 0 },
	{ 0 }
};

static void sfs_check_list_ids(void)
{
#define SFS_CHECK_ID(id, text)	printf("%-20s %s\n", id, text);
	SFS_CHECK_PROBLEMS(SFS_CHECK_ID)
#undef SFS_CHECK_ID
}

static error_t sfs_check_parse(int key, char *arg, struct argp_state *state)
{
	struct sfs_check_args *args = state->input;

	switch (key) {
	case 'v':
		args->is_verbose = true;
		return 0;
	case 'n':
	case 'f':
	case 'a':
	case 'p':
	case 'y':
	case 'C':
		return 0;
	case SFS_CHECK_OPT_JSON:
		args->is_json = true;
		return 0;
	case SFS_CHECK_OPT_IDS:
		sfs_check_list_ids();
		exit(SFS_FSCK_CLEAN);
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

static const struct argp sfs_check_argp = {
	.options = sfs_check_options,
	.parser = sfs_check_parse,
	.args_doc = "META-DEVICE [DATA-DEVICE]",
	.doc = "Check an unmounted scoutfs volume and report what is wrong.",
};

/* ---- progress ------------------------------------------------------------------- */

enum { SFS_CHECK_BAR_WIDTH = 40 };

static void sfs_check_bar_clear(struct sfs_check_args *args)
{
	if (args->has_bar)
		fprintf(stderr, "\r%*s\r", SFS_CHECK_BAR_WIDTH + 12, "");
}

static void sfs_check_bar(void *arg, u64 done, u64 total)
{
	static const char hashes[] = "########################################";
	struct sfs_check_args *args = arg;
	u64 part = total ? min(done, total) * 1000 / total : 1000;

	if (!args->has_bar || part == args->bar_shown)
		return;
	args->bar_shown = part;
	fprintf(stderr, "\r[%-*.*s] %3llu.%llu%%", SFS_CHECK_BAR_WIDTH,
		(int)(part * SFS_CHECK_BAR_WIDTH / 1000), hashes, part / 10,
		part % 10);
}

/* ---- reports ----------------------------------------------------------------------- */

static void sfs_check_problem(void *arg, const struct sfs_check_problem *p)
{
	struct sfs_check_args *args = arg;

	if (args->is_json) {
		sfs_json_open(&args->json, NULL, '{');
		sfs_json_str(&args->json, "id", p->id);
		sfs_json_str(&args->json, "text", p->text);
		sfs_json_close(&args->json, '}');
		return;
	}
	sfs_check_bar_clear(args);
	args->bar_shown = U64_MAX;
	printf("%s: %s\n", p->id, p->text);
}

static void sfs_check_json_end(struct sfs_json *js,
			       const struct sfs_check_stat *st, int ret)
{
	sfs_json_close(js, ']');
	sfs_json_num(js, "error", ret < 0 ? -ret : 0);
	sfs_json_num(js, "nr_problems", st->nr_problems);
	sfs_json_num(js, "nr_mounts", st->nr_mounts);
	sfs_json_num(js, "nr_groups", st->nr_groups);
	sfs_json_num(js, "nr_inodes", st->nr_inodes);
	sfs_json_num(js, "nr_orphans", st->nr_orphans);
	sfs_json_num(js, "nr_blocks", st->nr_blocks);
	sfs_json_num(js, "total_meta_blocks", st->total_meta_blocks);
	sfs_json_num(js, "free_meta_blocks", st->free_meta_blocks);
	sfs_json_num(js, "total_data_blocks", st->total_data_blocks);
	sfs_json_num(js, "free_data_blocks", st->free_data_blocks);
	sfs_json_end(js);
}

static void sfs_check_summary(const struct sfs_check_args *args,
			      const struct sfs_check_stat *st)
{
	if (args->is_verbose) {
		printf("%llu groups, %llu inodes, %llu orphans, %llu metadata blocks read\n",
		       st->nr_groups, st->nr_inodes, st->nr_orphans,
		       st->nr_blocks);
		printf("metadata: %llu of %llu blocks free, data: %llu of %llu\n",
		       st->free_meta_blocks, st->total_meta_blocks,
		       st->free_data_blocks, st->total_data_blocks);
	}
	printf("%s: %s%s, %llu problems\n", args->meta,
	       st->nr_problems ? "damaged" : "clean",
	       st->nr_mounts ? ", was not unmounted" : "", st->nr_problems);
}

static int sfs_check_run(struct sfs_check_args *args)
{
	const struct sfs_check_params params = {
		.problem = sfs_check_problem,
		.progress = sfs_check_bar,
		.arg = args,
	};
	struct sfs_check_stat st;
	struct sfs_cmd_devs devs;
	int ret;

	ret = sfs_cmd_open(&devs, args->meta, args->data);
	if (ret)
		return ret;
	if (args->is_json) {
		sfs_json_start(&args->json, stdout);
		sfs_json_open(&args->json, "problems", '[');
	}
	ret = sfs_check(&devs.meta_dev, devs.data, &params, &st);
	sfs_check_bar_clear(args);
	if (args->is_json)
		sfs_check_json_end(&args->json, &st, ret);
	else if (!ret)
		sfs_check_summary(args, &st);
	sfs_cmd_close(&devs);
	return ret < 0 ? ret : st.nr_problems != 0;
}

int sfs_cmd_check(int argc, char **argv)
{
	struct sfs_check_args args = { .bar_shown = U64_MAX };
	int ret;

	argp_err_exit_status = SFS_FSCK_USAGE;
	argp_parse(&sfs_check_argp, argc, argv, 0, NULL, &args);
	args.has_bar = !args.is_json && isatty(STDERR_FILENO);
	ret = sfs_check_run(&args);
	if (ret < 0) {
		sfs_cmd_failed("check", ret);
		return SFS_FSCK_FAILED;
	}
	return ret ? SFS_FSCK_ERRORS : SFS_FSCK_CLEAN;
}
