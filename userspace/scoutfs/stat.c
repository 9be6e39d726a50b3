// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs stat: what stat(2) does not tell of an inode.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "fs/scoutfs_ioctl.h"
#include "lib/json.h"
#include "scoutfs/file.h"

struct sfs_stat_args {
	const char *path;
	const char *field;
	bool is_json;
};

static const struct sfs_stat_field {
	const char *name;
	size_t offset;	/* of a __u64 */
	bool is_time;	/* the nanoseconds are crtime_nsec */
} sfs_stat_fields[] = {
#define FIELD(name) \
	{ #name, offsetof(struct scoutfs_ioctl_stat_more, name), false }
	FIELD(meta_seq),
	FIELD(data_seq),
	FIELD(data_version),
	FIELD(online_blocks),
	FIELD(offline_blocks),
#undef FIELD
	{ "crtime", offsetof(struct scoutfs_ioctl_stat_more, crtime_sec), true },
};

static const struct argp_option sfs_stat_options[] = {
	{ "single-field", 's', "NAME", 0, "Print the value of this field only", 0 },
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ 0 }
};

static bool sfs_stat_is_field(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sfs_stat_fields); i++)
		if (!strcmp(name, sfs_stat_fields[i].name))
			return true;
	return false;
}

static error_t sfs_stat_parse(int key, char *arg, struct argp_state *state)
{
	struct sfs_stat_args *args = state->input;

	switch (key) {
	case 's':
		if (!sfs_stat_is_field(arg))
			argp_error(state, "no field is named '%s'", arg);
		args->field = arg;
		return 0;
	case 'j':
		args->is_json = true;
		return 0;
	case ARGP_KEY_ARG:
	case ARGP_KEY_END:
		return sfs_file_parse(state, key, arg, &args->path);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp sfs_stat_argp = {
	.options = sfs_stat_options,
	.parser = sfs_stat_parse,
	.args_doc = "FILE",
	.doc = "Show what stat(2) does not tell of a file.",
};

static void sfs_stat_text(const struct sfs_stat_field *field,
			  const struct scoutfs_ioctl_stat_more *stm, char *text,
			  size_t size)
{
	u64 val;

	memcpy(&val, (const char *)stm + field->offset, sizeof(val));
	if (field->is_time)
		snprintf(text, size, "%lld.%09u", (long long)val,
			 stm->crtime_nsec);
	else
		snprintf(text, size, "%llu", (unsigned long long)val);
}

static void sfs_stat_print(const struct sfs_stat_args *args,
			   const struct scoutfs_ioctl_stat_more *stm)
{
	const struct sfs_stat_field *field;
	char text[40];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sfs_stat_fields); i++) {
		field = &sfs_stat_fields[i];
		sfs_stat_text(field, stm, text, sizeof(text));
		if (!args->field)
			printf("%-17s %s\n", field->name, text);
		else if (!strcmp(args->field, field->name))
			printf("%s\n", text);
	}
}

static void sfs_stat_print_json(const struct sfs_stat_args *args,
				const struct scoutfs_ioctl_stat_more *stm)
{
	const struct sfs_stat_field *field;
	struct sfs_json js;
	char text[40];
	size_t i;
	u64 val;

	sfs_json_start(&js, stdout);
	for (i = 0; i < ARRAY_SIZE(sfs_stat_fields); i++) {
		field = &sfs_stat_fields[i];
		if (args->field && strcmp(args->field, field->name))
			continue;
		memcpy(&val, (const char *)stm + field->offset, sizeof(val));
		sfs_stat_text(field, stm, text, sizeof(text));
		/* a number would lose digits in most readers */
		if (field->is_time)
			sfs_json_str(&js, field->name, text);
		else
			sfs_json_num(&js, field->name, val);
	}
	sfs_json_end(&js);
}

int sfs_cmd_stat(int argc, char **argv)
{
	struct sfs_stat_args args = { .path = NULL };
	struct scoutfs_ioctl_stat_more stm;
	int fd;

	argp_parse(&sfs_stat_argp, argc, argv, 0, NULL, &args);
	fd = sfs_file_open(args.path, O_RDONLY);
	if (fd < 0)
		return sfs_cmd_failed("stat", fd);
	if (ioctl(fd, SCOUTFS_IOC_STAT_MORE, &stm)) {
		/* scripts know it as a success */
		fprintf(stderr, "ioctl failed: %s (%d)\n", strerror(errno),
			errno);
	} else if (args.is_json) {
		sfs_stat_print_json(&args, &stm);
	} else {
		sfs_stat_print(&args, &stm);
	}
	close(fd);
	return 0;
}
