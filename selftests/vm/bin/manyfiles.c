// SPDX-License-Identifier: GPL-2.0-only
/*
 * manyfiles: makes, looks at or removes many files from several processes.
 *
 *	manyfiles create|stat|unlink|walk DIR COUNT [PROCESSES [FILES-PER-DIR]]
 *
 * Process P works on DIR/pP-N, with FILES-PER-DIR on DIR/pP/D/N. "walk" reads
 * all directories below DIR and wants to find COUNT files in all; create
 * prints nothing but errors.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *what;
static const char *dir;
static long count, procs = 1, per_dir;
static long found;

static void path_of(char *path, size_t size, long proc, long nr)
{
	if (per_dir)
		snprintf(path, size, "%s/p%ld/%ld/%ld", dir, proc,
			 nr / per_dir, nr);
	else
		snprintf(path, size, "%s/p%ld-%ld", dir, proc, nr);
}

static void create_one(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);

	if (fd < 0)
		err(1, "create %s", path);
	close(fd);
}

static void stat_one(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		err(1, "stat %s", path);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_size)
		errx(1, "%s: mode %o nlink %lu size %lld", path, st.st_mode,
		     (unsigned long)st.st_nlink, (long long)st.st_size);
}

static void make_dir(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		err(1, "mkdir %s", path);
}

static void dirs(long proc, long nr, bool is_last)
{
	char path[4096];

	if (!per_dir)
		return;
	if (!strcmp(what, "create") && nr % per_dir == 0) {
		snprintf(path, sizeof(path), "%s/p%ld", dir, proc);
		make_dir(path);
		snprintf(path, sizeof(path), "%s/p%ld/%ld", dir, proc,
			 nr / per_dir);
		make_dir(path);
	}
	if (!strcmp(what, "unlink") &&
	    (is_last || nr % per_dir == per_dir - 1)) {
		snprintf(path, sizeof(path), "%s/p%ld/%ld", dir, proc,
			 nr / per_dir);
		if (rmdir(path))
			err(1, "rmdir %s", path);
	}
}

static void run(long proc)
{
	long nr, mine = count / procs + (proc < count % procs);
	char path[4096];

	for (nr = 0; nr < mine; nr++) {
		if (!strcmp(what, "create"))
			dirs(proc, nr, false);
		path_of(path, sizeof(path), proc, nr);
		if (!strcmp(what, "create"))
			create_one(path);
		else if (!strcmp(what, "stat"))
			stat_one(path);
		else if (unlink(path))
			err(1, "unlink %s", path);
		if (!strcmp(what, "unlink"))
			dirs(proc, nr, nr == mine - 1);
	}
	if (per_dir && mine && !strcmp(what, "unlink")) {
		snprintf(path, sizeof(path), "%s/p%ld", dir, proc);
		if (rmdir(path))
			err(1, "rmdir %s", path);
	}
}

static int visit(const char *path, const struct stat *st, int type,
		 struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)ftw;
	if (type == FTW_DNR || type == FTW_NS)
		errx(1, "cannot read %s", path);
	found += type == FTW_F;
	return 0;
}

int main(int argc, char **argv)
{
	int status, ret = 0;
	long proc;

	if (argc < 4)
		errx(2, "usage: manyfiles create|stat|unlink|walk DIR COUNT [PROCESSES [FILES-PER-DIR]]");
	what = argv[1];
	dir = argv[2];
	count = atol(argv[3]);
	if (argc > 4)
		procs = atol(argv[4]);
	if (argc > 5)
		per_dir = atol(argv[5]);
	if (!strcmp(what, "walk")) {
		if (nftw(dir, visit, 64, FTW_PHYS))
			err(1, "walk");
		if (found != count)
			errx(1, "found %ld files, not %ld", found, count);
		return 0;
	}
	if (procs == 1) {
		run(0);
		return 0;
	}
	for (proc = 0; proc < procs; proc++) {
		if (!fork()) {
			run(proc);
			return 0;
		}
	}
	while (wait(&status) > 0)
		ret |= status != 0;
	return ret;
}
