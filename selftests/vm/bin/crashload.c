// SPDX-License-Identifier: GPL-2.0-only
/*
 * crashload: work to cut the power under, and what must be left of it.
 *
 *	crashload run DIR ROUND PROCESSES	works until it is killed
 *	crashload verify DIR <LOG		compares DIR with the log
 *
 * "run" prints a line when something has become durable, in one write:
 *
 *	f PATH BYTES SEED	a file that was fsynced, after its directory was
 *	g PATH			a name that is gone
 *
 * Each process has a directory of its own and makes, writes, renames, links,
 * truncates and removes there; what it does without fsync may be lost.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES_MAX	(256 << 10)

static unsigned char data[BYTES_MAX], back[BYTES_MAX];

static void fill(unsigned char *p, size_t len, uint64_t seed)
{
	size_t i;

	for (i = 0; i < len; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		p[i] = seed >> 56;
	}
}

static void say(const char *fmt, const char *path, size_t len, uint64_t seed)
{
	char line[512];
	int n = snprintf(line, sizeof(line), fmt, path, len,
			 (unsigned long long)seed);

	if (write(1, line, n) != n)
		exit(1);
}

static void need(bool is_ok, const char *what, const char *path)
{
	if (!is_ok)
		err(1, "%s %s", what, path);
}

static void sync_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	need(fd >= 0 && !fsync(fd), "fsync", path);
	close(fd);
}

static int write_file(const char *path, size_t len, uint64_t seed)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644);

	need(fd >= 0, "open", path);
	fill(data, len, seed);
	need(write(fd, data, len) == (ssize_t)len, "write", path);
	return fd;
}

static void worker(const char *top, int round, int proc)
{
	char dir[128], path[256], other[256], sub[256];
	unsigned int i, rnd = round * 31 + proc;
	uint64_t seed;
	size_t len;
	int fd;

	snprintf(dir, sizeof(dir), "%s/r%d-p%d", top, round, proc);
	need(!mkdir(dir, 0755), "mkdir", dir);
	for (i = 0;; i++) {
		rnd = rnd * 1103515245 + 12345;
		seed = ((uint64_t)round << 48) + ((uint64_t)proc << 32) + i;
		len = (rnd >> 8) % (i % 8 ? 20000 : BYTES_MAX);
		snprintf(path, sizeof(path), "%s/f%u", dir, i);
		snprintf(other, sizeof(other), "%s/n%u", dir, i);
		fd = write_file(path, len, seed);
		switch ((rnd >> 4) % 6) {
		case 0:
			need(!fsync(fd), "fsync", path);
			say("f %s %zu %llu\n", path, len, seed);
			break;
		case 1:
			/* as editors do it */
			need(!fsync(fd), "fsync", path);
			need(!rename(path, other), "rename", path);
			sync_dir(dir);
			say("f %s %zu %llu\n", other, len, seed);
			say("g %s\n", path, 0, 0);
			break;
		case 2:
			need(!link(path, other), "link", path);
			need(!unlink(path), "unlink", path);
			need(!fsync(fd), "fsync", path);
			say("f %s %zu %llu\n", other, len, seed);
			break;
		case 3:
			len /= 2;
			need(!ftruncate(fd, len), "ftruncate", path);
			need(!fdatasync(fd), "fdatasync", path);
			say("f %s %zu %llu\n", path, len, seed);
			break;
		case 4:
			/* a name that moves between directories */
			snprintf(sub, sizeof(sub), "%s/d%u", dir, i);
			need(!mkdir(sub, 0755), "mkdir", sub);
			snprintf(other, sizeof(other), "%s/d%u/x", dir, i);
			need(!rename(path, other), "rename", path);
			if (rnd & (1 << 20)) {
				need(!fsync(fd), "fsync", other);
				say("f %s %zu %llu\n", other, len, seed);
			}
			break;
		default:
			/* never synced; often gone again */
			if (rnd & (1 << 21)) {
				need(!unlink(path), "unlink", path);
				if (rnd & (1 << 22)) {
					sync_dir(dir);
					say("g %s\n", path, 0, 0);
				}
			}
			break;
		}
		close(fd);
	}
}

static int run(const char *top, int round, int procs)
{
	int proc, status;

	for (proc = 0; proc < procs; proc++) {
		if (!fork())
			worker(top, round, proc);
	}
	wait(&status);
	return 1;
}

static bool verify_file(const char *path, size_t len, uint64_t seed)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	size_t i;

	if (fd < 0) {
		warn("%s", path);
		return false;
	}
	if (fstat(fd, &st) || (size_t)st.st_size != len) {
		warnx("%s: %lld bytes, not %zu", path, (long long)st.st_size,
		      len);
		close(fd);
		return false;
	}
	fill(data, len, seed);
	if (read(fd, back, len) != (ssize_t)len) {
		warn("%s: read", path);
		close(fd);
		return false;
	}
	close(fd);
	for (i = 0; i < len && data[i] == back[i]; i++)
		;
	if (i < len)
		warnx("%s: byte %zu of %zu differs", path, i, len);
	return i == len;
}

/* DIR is where the volume is mounted now; the paths in the log are below it */
static int verify(const char *top)
{
	long nr = 0, bad = 0;
	char line[512], path[256];
	unsigned long long seed;
	struct stat st;
	size_t len;

	while (fgets(line, sizeof(line), stdin)) {
		/* the power cut may have cut the last line */
		if (line[strlen(line) - 1] != '\n')
			break;
		if (sscanf(line, "f %255s %zu %llu", path, &len, &seed) == 3) {
			if (strncmp(path, top, strlen(top)))
				errx(2, "%s is not below %s", path, top);
			bad += !verify_file(path, len, seed);
		} else if (sscanf(line, "g %255s", path) == 1) {
			if (!lstat(path, &st) || errno != ENOENT) {
				warnx("%s is still there", path);
				bad++;
			}
		} else {
			errx(2, "bad line: %s", line);
		}
		nr++;
	}
	printf("# %ld of %ld promises kept\n", nr - bad, nr);
	return bad != 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "run"))
		return run(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (argc == 3 && !strcmp(argv[1], "verify"))
		return verify(argv[2]);
	errx(2, "usage: crashload run DIR ROUND PROCESSES | verify DIR <LOG");
}
