// SPDX-License-Identifier: GPL-2.0-only
/*
 * aioq [-t SECONDS] read|write FILE DEPTH BYTES: a queue of asynchronous direct
 * requests of 4 KiB in a file.
 *
 * The requests are spread over the file; with -t new ones follow, at random, until
 * the time is over.  What is written is the first of BYTES, what is read must be one
 * of them in all of a request; "0" means a byte of zero.  A read may find the file too
 * short.  Prints "submitted" when the first ones are, and at last "done", with the
 * number of requests and of those that failed with EIO.  Other errors end it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BYTES		4096
#define DEPTH_MAX	64

static struct iocb cbs[DEPTH_MAX];
static unsigned char *bufs[DEPTH_MAX];
static aio_context_t ctx;
static bool is_write;
static const char *bytes;
static unsigned long nr_done, nr_failed;

static unsigned char byte_of(char c)
{
	return c == '0' ? 0 : c;
}

static void submit(int fd, int i, uint64_t block)
{
	struct iocb *cb = &cbs[i];

	*cb = (struct iocb) {
		.aio_data = i,
		.aio_lio_opcode = is_write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
		.aio_fildes = fd,
		.aio_buf = (uintptr_t)bufs[i],
		.aio_nbytes = BYTES,
		.aio_offset = block * BYTES,
	};
	if (syscall(SYS_io_submit, ctx, 1, &cb) != 1)
		err(1, "io_submit");
}

static void check_read(int i, long long len)
{
	const unsigned char *buf = bufs[i];
	long long at;

	if (!len)
		return;
	for (at = 0; bytes[at]; at++)
		if (byte_of(bytes[at]) == buf[0])
			break;
	if (!bytes[at])
		errx(1, "byte 0x%02x at %llu", buf[0],
		     (unsigned long long)cbs[i].aio_offset);
	for (at = 1; at < len; at++)
		if (buf[at] != buf[0])
			errx(1, "bytes 0x%02x and 0x%02x at %llu", buf[0], buf[at],
			     (unsigned long long)cbs[i].aio_offset + at);
}

static int complete(void)
{
	struct io_event ev;
	int i;

	if (syscall(SYS_io_getevents, ctx, 1, 1, &ev, NULL) != 1)
		err(1, "io_getevents");
	i = ev.data;
	nr_done++;
	if (ev.res == -EIO)
		nr_failed++;
	else if (ev.res < 0)
		errx(1, "request: %s", strerror(-ev.res));
	else if (is_write && ev.res != BYTES)
		errx(1, "%lld bytes written", (long long)ev.res);
	else if (!is_write)
		check_read(i, ev.res);
	return i;
}

int main(int argc, char **argv)
{
	int depth, fd, i, left;
	uint64_t blocks;
	time_t end = 0;
	struct stat st;

	if (argc > 2 && !strcmp(argv[1], "-t")) {
		end = time(NULL) + atoi(argv[2]);
		argv += 2;
		argc -= 2;
	}
	if (argc != 5)
		errx(2, "aioq [-t SECONDS] read|write FILE DEPTH BYTES");
	is_write = !strcmp(argv[1], "write");
	depth = atoi(argv[3]);
	bytes = argv[4];
	fd = open(argv[2], O_RDWR | O_DIRECT);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", argv[2]);
	blocks = st.st_size / BYTES;
	if (depth < 1 || depth > DEPTH_MAX || blocks < (uint64_t)depth)
		errx(2, "depth %d", depth);
	if (syscall(SYS_io_setup, depth, &ctx))
		err(1, "io_setup");
	for (i = 0; i < depth; i++) {
		if (posix_memalign((void **)&bufs[i], BYTES, BYTES))
			err(1, "memory");
		memset(bufs[i], byte_of(bytes[0]), BYTES);
		submit(fd, i, i * (blocks / depth));
	}
	puts("submitted");
	fflush(stdout);
	for (left = depth; left; ) {
		i = complete();
		if (time(NULL) < end)
			submit(fd, i, random() % blocks);
		else
			left--;
	}
	printf("done %lu failed %lu\n", nr_done, nr_failed);
	return 0;
}
