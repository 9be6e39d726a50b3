// SPDX-License-Identifier: GPL-2.0-only
/*
 * One step of the bench for several nodes, on one of them.
 *
 *	clusterbench create START DIR PREFIX COUNT	empty files DIR/PREFIX-N
 *	clusterbench stat   START DIR PREFIX COUNT	stat them by name
 *	clusterbench write  START FILE OFFSET SECONDS	64 bytes at OFFSET, again and
 *							again
 *
 * All begin at START, seconds since the epoch ("0": at once), so that nodes work
 * at the same time; a start that is over is an error.  Prints
 * "STEP COUNT SECONDS LONGEST", the last the longest single operation in s.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CELL = 64 };

static double longest;

static void die(const char *what)
{
	fprintf(stderr, "clusterbench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* After one operation that began at @t. */
static double lap(double t)
{
	double end = now();

	if (end - t > longest)
		longest = end - t;
	return end;
}

static void wait_start(const char *text)
{
	struct timespec start = { .tv_sec = atoll(text) };
	struct timespec ts;

	if (!start.tv_sec)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (ts.tv_sec >= start.tv_sec) {
		fprintf(stderr, "clusterbench: the start is over\n");
		exit(1);
	}
	while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &start, NULL))
		;
}

static long do_create(const char *dir, const char *prefix, long count)
{
	char path[4096];
	double t = now();

	for (long i = 0; i < count; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%s-%ld", dir, prefix, i);
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
		if (fd < 0 || close(fd))
			die(path);
		t = lap(t);
	}
	return count;
}

static long do_stat(const char *dir, const char *prefix, long count)
{
	char path[4096];
	struct stat st;
	double t = now();

	for (long i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s-%ld", dir, prefix, i);
		if (stat(path, &st))
			die(path);
		t = lap(t);
	}
	return count;
}

/* The cell holds the number of writes so far, so that a lost one is seen. */
static long do_write(const char *file, long offset, double seconds)
{
	double t = now();
	double end = t + seconds;
	char cell[CELL];
	long count = 0;
	int fd = open(file, O_RDWR);

	if (fd < 0)
		die(file);
	while (t < end) {
		memset(cell, 0, CELL);
		snprintf(cell, CELL, "%ld\n", ++count);
		if (pwrite(fd, cell, CELL, offset) != CELL)
			die("write");
		t = lap(t);
	}
	if (close(fd))
		die("close");
	return count;
}

int main(int argc, char **argv)
{
	double start;
	long count;

	if (argc != 6) {
		fprintf(stderr,
			"usage: clusterbench create|stat START DIR PREFIX COUNT\n"
			"       clusterbench write START FILE OFFSET SECONDS\n");
		return 2;
	}
	wait_start(argv[2]);
	start = now();
	if (!strcmp(argv[1], "create")) {
		count = do_create(argv[3], argv[4], atol(argv[5]));
	} else if (!strcmp(argv[1], "stat")) {
		count = do_stat(argv[3], argv[4], atol(argv[5]));
	} else if (!strcmp(argv[1], "write")) {
		count = do_write(argv[3], atol(argv[4]), atof(argv[5]));
	} else {
		fprintf(stderr, "clusterbench: no step %s\n", argv[1]);
		return 2;
	}
	printf("%s %ld %.6f %.3f\n", argv[1], count, now() - start, longest);
	return 0;
}
