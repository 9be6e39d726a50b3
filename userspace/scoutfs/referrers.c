// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs ino-path and get-referring-entries: names of an inode by its number.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "fs/scoutfs_ioctl.h"
#include "lib/json.h"
#include "scoutfs/file.h"

struct sfs_referrers_args {
	const char *mount;
	u64 ino;
	bool has_ino;
	bool is_json;
};

static const struct argp_option sfs_referrers_options[] = {
	{ "path", 'p', "PATH", 0, "A directory of the mounted volume", 0 },
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ 0 }
};

static error_t sfs_referrers_parse(int key, char *arg, struct argp_state *state)
{
	struct sfs_referrers_args *args = state->input;

	switch (key) {
	case 'p':
		args->mount = arg;
		return 0;
	case 'j':
		args->is_json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->has_ino)
			argp_error(state, "more than one inode number given");
		args->ino = sfs_cmd_number(state, arg, "inode number");
		args->has_ino = true;
		return 0;
	case ARGP_KEY_END:
		if (!args->has_ino)
			argp_error(state, "must provide inode number");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp sfs_ino_path_argp = {
	.options = sfs_referrers_options,
	.parser = sfs_referrers_parse,
	.args_doc = "INO",
	.doc = "Print the paths of an inode, without the mount's.",
};

static const struct argp sfs_referring_entries_argp = {
	.options = sfs_referrers_options,
	.parser = sfs_referrers_parse,
	.args_doc = "INO",
	.doc = "Print the directory entries that refer to an inode.",
};

static int sfs_ioctl_failed(const char *what)
{
	int err = errno;

	fprintf(stderr, "%s ioctl failed: %s (%d)\n", what, strerror(err), err);
	return -err;
}

/* ---- paths ---------------------------------------------------------------- */

static void sfs_ino_path_print(struct sfs_json *js,
			       const struct scoutfs_ioctl_ino_path_result *res)
{
	if (!js) {
		printf("%s\n", (const char *)res->path);
		return;
	}
	sfs_json_open(js, NULL, '{');
	sfs_json_num(js, "dir", res->dir_ino);
	sfs_json_num(js, "pos", res->dir_pos);
	sfs_json_str(js, "path", (const char *)res->path);
	sfs_json_close(js, '}');
}

/* js NULL: text */
static int sfs_ino_paths(int fd, u64 ino, struct sfs_json *js)
{
	struct scoutfs_ioctl_ino_path args = { .ino = ino };
	struct scoutfs_ioctl_ino_path_result *res;
	int ret = 0;

	args.result_bytes = 65535;
	res = malloc(args.result_bytes);
	if (!res)
		return -ENOMEM;
	args.result_ptr = (unsigned long)res;
	while (!ioctl(fd, SCOUTFS_IOC_INO_PATH, &args)) {
		sfs_ino_path_print(js, res);
		args.dir_ino = res->dir_ino;
		args.dir_pos = res->dir_pos + 1;
		if (!args.dir_pos)
			args.dir_ino++;
	}
	if (errno != ENOENT)
		ret = sfs_ioctl_failed("inodes_since");
	free(res);
	return ret;
}

/* ---- entries -------------------------------------------------------------- */

static const char *sfs_dirent_name(const struct scoutfs_ioctl_dirent *ent)
{
	return (const char *)ent + offsetof(struct scoutfs_ioctl_dirent, name);
}

static void sfs_dirent_print(struct sfs_json *js,
			     const struct scoutfs_ioctl_dirent *ent)
{
	if (!js) {
		printf("dir %llu pos %llu type %u name %s\n", ent->dir_ino,
		       ent->dir_pos, ent->d_type, sfs_dirent_name(ent));
		return;
	}
	sfs_json_open(js, NULL, '{');
	sfs_json_num(js, "dir", ent->dir_ino);
	sfs_json_num(js, "pos", ent->dir_pos);
	sfs_json_num(js, "type", ent->d_type);
	sfs_json_str(js, "name", sfs_dirent_name(ent));
	sfs_json_close(js, '}');
}

static int sfs_referring_entries(int fd, u64 ino, struct sfs_json *js)
{
	enum { BYTES = 256 * 1024 };
	struct scoutfs_ioctl_get_referring_entries args = { .ino = ino };
	const struct scoutfs_ioctl_dirent *ent = NULL;
	void *buf = malloc(BYTES);
	int ret;

	if (!buf)
		return -ENOMEM;
	args.entries_ptr = (unsigned long)buf;
	args.entries_bytes = BYTES;
	do {
		ret = ioctl(fd, SCOUTFS_IOC_GET_REFERRING_ENTRIES, &args);
		if (ret < 0)
			ret = sfs_ioctl_failed("get_referring_entries");
		for (ent = buf; ret > 0; ret--) {
			sfs_dirent_print(js, ent);
			args.dir_ino = ent->dir_ino;
			args.dir_pos = ent->dir_pos + 1;
			if (!args.dir_pos)
				args.dir_ino++;
			if (ent->flags & SCOUTFS_IOCTL_DIRENT_FLAG_LAST)
				break;
			ent = (const void *)ent + ent->entry_bytes;
		}
		/* all of what fitted was printed: there are more */
	} while (!ret && ent != buf);
	free(buf);
	return min(ret, 0);
}

/* ---- both ----------------------------------------------------------------- */

static int sfs_referrers(const struct argp *argp, int argc, char **argv,
			 int (*ask)(int fd, u64 ino, struct sfs_json *js))
{
	struct sfs_referrers_args args = { .mount = NULL };
	struct sfs_json js;
	int fd, ret;

	argp_parse(argp, argc, argv, 0, NULL, &args);
	fd = sfs_file_open_mount(args.mount);
	if (fd < 0)
		return sfs_cmd_failed(argv[0], fd);
	if (args.is_json) {
		sfs_json_start(&js, stdout);
		sfs_json_open(&js, "entries", '[');
	}
	ret = ask(fd, args.ino, args.is_json ? &js : NULL);
	if (args.is_json) {
		sfs_json_close(&js, ']');
		sfs_json_end(&js);
	}
	close(fd);
	return ret ? sfs_cmd_failed(argv[0], ret) : 0;
}

int sfs_cmd_ino_path(int argc, char **argv)
{
	return sfs_referrers(&sfs_ino_path_argp, argc, argv, sfs_ino_paths);
}

int sfs_cmd_referring_entries(int argc, char **argv)
{
	return sfs_referrers(&sfs_referring_entries_argp, argc, argv,
			     sfs_referring_entries);
}
