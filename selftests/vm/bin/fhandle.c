// SPDX-License-Identifier: GPL-2.0-only
/*
 * File handles.
 *
 * fhandle get FILE		prints TYPE:HEX of its handle
 * fhandle read MOUNT HANDLE	prints the file's bytes
 * fhandle path MOUNT HANDLE	prints the path that /proc knows of what is opened
 * fhandle ino MOUNT HANDLE	prints its inode number
 * fhandle hold MOUNT HANDLE	keeps it open until it reads a line
 * fhandle make TYPE NUMBER...	prints a handle of these 64-bit numbers
 * fhandle random MOUNT SEED COUNT
 *	tries COUNT made-up handles of all types and lengths; prints inode numbers of
 *	those that it could open, and errors other than ESTALE and EINVAL
 *
 * Errors are printed by name on standard error: exit 1.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static union {
	struct file_handle fh;
	char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
} handle;

static void print_handle(void)
{
	unsigned int i;

	printf("%x:", handle.fh.handle_type);
	for (i = 0; i < handle.fh.handle_bytes; i++)
		printf("%02x", handle.fh.f_handle[i]);
	printf("\n");
}

static void parse_handle(const char *text)
{
	unsigned int byte;
	int type, n;

	if (sscanf(text, "%x:%n", &type, &n) != 1)
		errx(2, "%s is no handle", text);
	handle.fh.handle_type = type;
	handle.fh.handle_bytes = 0;
	for (text += n; sscanf(text, "%2x", &byte) == 1; text += 2)
		handle.fh.f_handle[handle.fh.handle_bytes++] = byte;
}

static int open_mount(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

static int open_handle(char **argv)
{
	int fd;

	parse_handle(argv[3]);
	fd = open_by_handle_at(open_mount(argv[2]), &handle.fh, O_RDONLY);
	if (fd < 0)
		errx(1, "%s: %s", argv[3], strerrorname_np(errno));
	return fd;
}

static void get(const char *path)
{
	int id;

	handle.fh.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, path, &handle.fh, &id, 0))
		errx(1, "%s: %s", path, strerrorname_np(errno));
	print_handle();
}

static void cat(int fd)
{
	static char buf[65536];
	ssize_t len;

	while ((len = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, len, stdout);
	if (len < 0)
		errx(1, "read: %s", strerrorname_np(errno));
}

static void print_path(int fd)
{
	char link[64], path[4096];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path));
	if (len < 0)
		err(1, "%s", link);
	printf("%.*s\n", (int)len, path);
}

static void print_ino(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		errx(1, "fstat: %s", strerrorname_np(errno));
	printf("%llu\n", (unsigned long long)st.st_ino);
}

static void make(int argc, char **argv)
{
	uint64_t nr;
	int i;

	handle.fh.handle_type = strtoul(argv[2], NULL, 0);
	for (i = 3; i < argc; i++) {
		nr = strtoull(argv[i], NULL, 0);
		memcpy(handle.fh.f_handle + 8 * (i - 3), &nr, 8);
	}
	handle.fh.handle_bytes = 8 * (argc - 3);
	print_handle();
}

static void try_random(int dir)
{
	unsigned int i;
	int fd;

	handle.fh.handle_type = lrand48() & 1 ? 0x81 + (lrand48() & 1) :
						lrand48() & 0xff;
	handle.fh.handle_bytes = lrand48() % 33;
	for (i = 0; i < sizeof(handle.fh.f_handle) + 32; i++)
		handle.fh.f_handle[i] = lrand48() >> 8;
	/* small numbers too, which lead to groups that exist */
	if (lrand48() & 1)
		memset(handle.fh.f_handle + 2, 0, 6);
	fd = open_by_handle_at(dir, &handle.fh, O_RDONLY);
	if (fd >= 0) {
		print_ino(fd);
		close(fd);
	} else if (errno != ESTALE && errno != EINVAL) {
		printf("%s: ", strerrorname_np(errno));
		print_handle();
	}
}

int main(int argc, char **argv)
{
	const char *op = argc > 2 ? argv[1] : "";
	long i;
	int dir;

	if (!strcmp(op, "get")) {
		get(argv[2]);
	} else if (!strcmp(op, "make")) {
		make(argc, argv);
	} else if (!strcmp(op, "random") && argc == 5) {
		dir = open_mount(argv[2]);
		srand48(atol(argv[3]));
		for (i = 0; i < atol(argv[4]); i++)
			try_random(dir);
	} else if (argc != 4) {
		errx(2, "get, read, path, ino, hold, make, random");
	} else if (!strcmp(op, "read")) {
		cat(open_handle(argv));
	} else if (!strcmp(op, "path")) {
		print_path(open_handle(argv));
	} else if (!strcmp(op, "ino")) {
		print_ino(open_handle(argv));
	} else if (!strcmp(op, "hold")) {
		open_handle(argv);
		printf("open\n");
		fflush(stdout);
		getchar();
	} else {
		errx(2, "no operation %s", op);
	}
	return 0;
}
