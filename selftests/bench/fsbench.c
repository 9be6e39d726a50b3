// SPDX-License-Identifier: GPL-2.0-only
/*
 * One benchmark step: plain system calls from one process.
 *
 *	fsbench STEP DIR COUNT
 *
 * prints "STEP COUNT SECONDS SYNC_SECONDS P99_MS BUSY_NS"; SYNC_SECONDS is what a
 * syncfs() after the step took, P99_MS is 0 but for steps that time each call, BUSY_NS
 * is how long processors ran tasks, that sync included. Files are DIR/dNNN/fNNNN,
 * PER_DIR in each directory; create makes what stat, readdir, rename and unlink work on.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PER_DIR = 1000, MIB = 1 << 20, STREAMS = 4, STREAM_WRITE = 1 << 16 };

static const char *dir;
static long count;
static char buf[MIB];
static double p99_ms;
static ssize_t small_bytes = 4096;

static void die(const char *what)
{
	fprintf(stderr, "fsbench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Time of all tasks on all processors; counted when they give them up. */
static unsigned long long busy_ns(void)
{
	FILE *f = fopen("/proc/schedstat", "r");
	unsigned long long sum = 0, ns;
	char line[4096];

	if (!f)
		die("/proc/schedstat");
	usleep(1000);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "cpu%*u %*u %*u %*u %*u %*u %*u %llu", &ns) == 1)
			sum += ns;
	fclose(f);
	return sum;
}

static const char *file_path(char prefix, long i)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/d%03ld/%c%04ld", dir, i / PER_DIR,
		 prefix, i % PER_DIR);
	return path;
}

static void make_dirs(void)
{
	char path[4096];

	for (long i = 0; i * PER_DIR < count; i++) {
		snprintf(path, sizeof(path), "%s/d%03ld", dir, i);
		if (mkdir(path, 0755) && errno != EEXIST)
			die(path);
	}
}

static void do_create(void)
{
	for (long i = 0; i < count; i++) {
		const char *path = file_path('f', i);
		int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);

		if (fd < 0 || close(fd))
			die(path);
	}
}

/* What archives and mail spools are full of. */
static void do_small(void)
{
	for (long i = 0; i < count; i++) {
		const char *path = file_path('s', i);
		int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);

		if (fd < 0 || write(fd, buf, small_bytes) != small_bytes ||
		    close(fd))
			die(path);
	}
}

static void do_read_small(void)
{
	for (long i = 0; i < count; i++) {
		const char *path = file_path('s', i);
		int fd = open(path, O_RDONLY);

		if (fd < 0 || read(fd, buf, 4096) != small_bytes || close(fd))
			die(path);
	}
}

static void do_mkdir(void)
{
	for (long i = 0; i < count; i++) {
		const char *path = file_path('m', i);

		if (mkdir(path, 0755))
			die(path);
	}
}

static void do_stat(void)
{
	struct stat st;

	for (long i = 0; i < count; i++) {
		const char *path = file_path('f', i);

		if (stat(path, &st))
			die(path);
	}
}

/* Lists each directory and stats what it names, like "ls -l". */
static void do_readdir(void)
{
	char path[4096];
	struct stat st;
	long seen = 0;

	for (long i = 0; i * PER_DIR < count; i++) {
		struct dirent *de;
		DIR *d;

		snprintf(path, sizeof(path), "%s/d%03ld", dir, i);
		d = opendir(path);
		if (!d)
			die(path);
		while ((de = readdir(d))) {
			if (de->d_name[0] == '.')
				continue;
			if (fstatat(dirfd(d), de->d_name, &st,
				    AT_SYMLINK_NOFOLLOW))
				die(de->d_name);
			seen++;
		}
		closedir(d);
	}
	if (seen != count) {
		fprintf(stderr, "fsbench: readdir saw %ld of %ld\n", seen,
			count);
		exit(1);
	}
}

static void do_rename(void)
{
	char from[4096];

	for (long i = 0; i < count; i++) {
		strcpy(from, file_path('f', i));
		if (rename(from, file_path('r', i)))
			die(from);
	}
}

static void do_unlink(void)
{
	for (long i = 0; i < count; i++) {
		const char *path = file_path('r', i);

		if (unlink(path))
			die(path);
	}
}

static int open_one(const char *name, int flags)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags, 0644);
	if (fd < 0)
		die(path);
	return fd;
}

static void do_fsync(void)
{
	int fd = open_one("fsync", O_CREAT | O_TRUNC | O_WRONLY);

	for (long i = 0; i < count; i++)
		if (write(fd, buf, 4096) != 4096 || fsync(fd))
			die("write and fsync");
	close(fd);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void write_for_ever(void)
{
	int fd = open_one("bulk", O_CREAT | O_TRUNC | O_WRONLY);

	for (long i = 0;; i++)
		if (pwrite(fd, buf, MIB, i % 256 * MIB) != MIB)
			die("bulk write");
}

/* fsync of a small file while another process writes as fast as it can. */
static void do_fsync_busy(void)
{
	double *took = calloc(count, sizeof(*took));
	pid_t pid = fork();
	int fd;

	if (!took || pid < 0)
		die("fork");
	if (!pid)
		write_for_ever();
	fd = open_one("fsync", O_CREAT | O_TRUNC | O_WRONLY);
	for (long i = 0; i < count; i++) {
		double start = now();

		if (write(fd, buf, 4096) != 4096 || fsync(fd))
			die("write and fsync");
		took[i] = now() - start;
	}
	close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	qsort(took, count, sizeof(*took), compare_doubles);
	p99_ms = took[(count * 99 - 1) / 100] * 1e3;
	free(took);
}

/* Files of their own, by so many processes; COUNT fsyncs in all. */
static void fsync_side_by_side(int nr_procs)
{
	char name[16];
	int status;

	for (int nr = 0; nr < nr_procs; nr++) {
		pid_t pid = fork();
		int fd;

		if (pid < 0)
			die("fork");
		if (pid)
			continue;
		snprintf(name, sizeof(name), "fsync%d", nr);
		fd = open_one(name, O_CREAT | O_TRUNC | O_WRONLY);
		for (long i = nr; i < count; i += nr_procs)
			if (write(fd, buf, 4096) != 4096 || fsync(fd))
				die("write and fsync");
		_exit(0);
	}
	while (wait(&status) > 0)
		if (status)
			exit(1);
}

static void do_fsync_1(void)
{
	fsync_side_by_side(1);
}

static void do_fsync_4(void)
{
	fsync_side_by_side(4);
}

static void do_fsync_16(void)
{
	fsync_side_by_side(16);
}

/* Several files that grow side by side: COUNT MiB in all. */
static void do_streams(void)
{
	for (int nr = 0; nr < STREAMS; nr++) {
		pid_t pid = fork();
		char name[16];
		int fd;

		if (pid < 0)
			die("fork");
		if (pid)
			continue;
		snprintf(name, sizeof(name), "stream%d", nr);
		fd = open_one(name, O_CREAT | O_TRUNC | O_WRONLY);
		for (long i = 0; i < count * (MIB / STREAM_WRITE) / STREAMS; i++)
			if (write(fd, buf, STREAM_WRITE) != STREAM_WRITE)
				die("write");
		exit(0);
	}
	for (int nr = 0; nr < STREAMS; nr++) {
		int status;

		if (wait(&status) < 0 || status)
			die("a stream");
	}
}

static void do_write(void)
{
	int fd = open_one("big", O_CREAT | O_TRUNC | O_WRONLY);

	for (long i = 0; i < count; i++)
		if (write(fd, buf, MIB) != MIB)
			die("write");
	if (fsync(fd))
		die("fsync");
	close(fd);
}

static void do_read(void)
{
	int fd = open_one("big", O_RDONLY);

	for (long i = 0; i < count; i++)
		if (read(fd, buf, MIB) != MIB)
			die("read");
	close(fd);
}

static const struct {
	const char *name;
	void (*run)(void);
} steps[] = {
	{ "create", do_create }, { "mkdir", do_mkdir },
	{ "stat", do_stat },	 { "readdir", do_readdir },
	{ "rename", do_rename }, { "unlink", do_unlink },
	{ "fsync", do_fsync },	 { "write", do_write },
	{ "read", do_read },	 { "small", do_small },
	{ "readsmall", do_read_small },
	{ "streams", do_streams }, { "fsync-busy", do_fsync_busy },
	{ "fsync-1", do_fsync_1 }, { "fsync-4", do_fsync_4 },
	{ "fsync-16", do_fsync_16 },
};

int main(int argc, char **argv)
{
	double start, end, synced;
	unsigned long long busy;
	int fd;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: fsbench STEP DIR COUNT [BYTES]\n"
			"BYTES, at most 4096: of each file of small and readsmall\n");
		return 2;
	}
	if (argc == 5)
		small_bytes = atol(argv[4]);
	if (small_bytes < 1 || small_bytes > 4096)
		die("BYTES");
	dir = argv[2];
	count = atol(argv[3]);
	memset(buf, 0x5a, sizeof(buf));

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(argv[1], steps[i].name))
			continue;
		if (!strcmp(argv[1], "create") || !strcmp(argv[1], "mkdir") ||
		    !strcmp(argv[1], "small"))
			make_dirs();
		fd = open(dir, O_RDONLY | O_DIRECTORY);
		if (fd < 0 || syncfs(fd))
			die(dir);
		busy = busy_ns();
		start = now();
		steps[i].run();
		end = now();
		if (syncfs(fd))
			die("syncfs");
		synced = now();
		printf("%s %ld %.6f %.6f %.3f %llu\n", argv[1], count, end - start,
		       synced - end, p99_ms, busy_ns() - busy);
		return 0;
	}
	fprintf(stderr, "fsbench: no step %s\n", argv[1]);
	return 2;
}
