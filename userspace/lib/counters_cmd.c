// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs counters: the counters of a mount from its sysfs directory.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/cmd.h"

enum { SFS_COUNTERS_MAX = 1024, SFS_COUNTERS_COLUMN_GAP = 2 };

struct sfs_counter_value {
	char name[64];
	char value[32];
};

struct sfs_counters_args {
	const char *dir;
	bool is_table;
	struct sfs_counter_value *val;
	size_t nr;
};

static const struct argp_option sfs_counters_options[] = {
	{ "table", 't', NULL, 0, "Show several in a line", 0 },
	{ 0 }
};

static error_t sfs_counters_parse(int key, char *arg, struct argp_state *state)
{
	struct sfs_counters_args *args = state->input;

	switch (key) {
	case 't':
		args->is_table = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->dir)
			argp_error(state, "more than one directory given");
		args->dir = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->dir)
			argp_error(state, "must provide the sysfs directory");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp sfs_counters_argp = {
	.options = sfs_counters_options,
	.parser = sfs_counters_parse,
	.args_doc = "/sys/fs/scoutfs/IDENT",
	.doc = "Show the counters of a mount.",
};

static int sfs_counter_read(int dir, const char *name,
			    struct sfs_counter_value *val)
{
	ssize_t len;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	len = read(fd, val->value, sizeof(val->value) - 1);
	close(fd);
	if (len < 0)
		return -errno;
	val->value[len] = 0;
	val->value[strcspn(val->value, "\n")] = 0;
	strscpy(val->name, name, sizeof(val->name));
	return 0;
}

static int sfs_counters_read(struct sfs_counters_args *args)
{
	char path[PATH_MAX];
	struct dirent *de;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/counters", args->dir);
	dir = opendir(path);
	if (!dir) {
		ret = -errno;
		fprintf(stderr, "failed to open '%s': %s (%d)\n", path,
			strerror(-ret), -ret);
		return ret;
	}
	while (!ret && args->nr < SFS_COUNTERS_MAX && (de = readdir(dir))) {
		if (de->d_name[0] == '.')
			continue;
		ret = sfs_counter_read(dirfd(dir), de->d_name,
				       &args->val[args->nr]);
		args->nr += !ret;
	}
	closedir(dir);
	return ret;
}

static int sfs_counter_cmp(const void *a, const void *b)
{
	const struct sfs_counter_value *x = a;
	const struct sfs_counter_value *y = b;

	return strcmp(x->name, y->name);
}

static void sfs_counters_print(const struct sfs_counters_args *args)
{
	struct winsize ws = { .ws_col = 80 };
	size_t columns = 1;
	size_t name = 0;
	size_t value = 0;
	size_t rows;
	size_t i;
	size_t j;

	for (i = 0; i < args->nr; i++) {
		name = max(name, strlen(args->val[i].name));
		value = max(value, strlen(args->val[i].value));
	}
	if (args->is_table) {
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws);
		columns = ws.ws_col / (name + value + 1 +
				       SFS_COUNTERS_COLUMN_GAP) ?: 1;
	}
	rows = (args->nr + columns - 1) / columns;
	for (i = 0; i < rows; i++) {
		for (j = i; j < args->nr; j += rows)
			printf("%-*s %*s%s", (int)name, args->val[j].name,
			       (int)value, args->val[j].value,
			       j + rows < args->nr ? "  " : "");
		putchar('\n');
	}
}

int sfs_cmd_counters(int argc, char **argv)
{
	struct sfs_counters_args args = { .dir = NULL };
	int ret;

	argp_parse(&sfs_counters_argp, argc, argv, 0, NULL, &args);
	args.val = calloc(SFS_COUNTERS_MAX, sizeof(*args.val));
	ret = args.val ? sfs_counters_read(&args) : -ENOMEM;
	if (!ret) {
		qsort(args.val, args.nr, sizeof(*args.val), sfs_counter_cmp);
		sfs_counters_print(&args);
	}
	free(args.val);
	return ret ? sfs_cmd_failed("counters", ret) : 0;
}
