// SPDX-License-Identifier: GPL-2.0-only
/*
 * fsx: random operations on one file, compared with a model in memory.
 *
 *	fsx [-s SEED] [-n OPS] [-l MAXLEN] [-r COMMAND] FILE [SAME-FILE]
 *
 * Reads and writes at random offsets, also direct ones, appends, mmap reads and
 * writes, truncates down and up, fallocate(2), fsyncs, drops of the file's pages,
 * reopens. COMMAND runs about once in 500 operations while the file is closed (an
 * unmount and a mount). SAME-FILE is its path by another mount: each operation goes
 * by one of them, and now and then the other must show all that was done.
 * After a difference the last operations are shown; exit 1.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_OPS		40
#define SECTOR		512

static const char *path;
static const char *paths[2];
static int nr_paths;
static int side;
static const char *command;
static unsigned char *model, *tmp;
static uint64_t rnd_state = 1;
static long maxlen = 256 << 10;
static long size;
static int fd = -1;
static int direct_fd = -1;
static int fds[2], direct_fds[2];
static long op_nr;
static char oplog[LOG_OPS][112];

static uint32_t rnd(uint32_t below)
{
	rnd_state = rnd_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (rnd_state >> 33) % below;
}

#define LOG(fmt, ...) \
	snprintf(oplog[op_nr % LOG_OPS], sizeof(oplog[0]), "by %d: " fmt, \
		 side, ##__VA_ARGS__)

static void die(const char *what)
{
	long i;

	fprintf(stderr, "fsx: %s: op %ld: %s (%m)\n", path, op_nr, what);
	for (i = op_nr >= LOG_OPS ? op_nr - LOG_OPS + 1 : 0; i <= op_nr; i++)
		fprintf(stderr, "  %ld: %s\n", i, oplog[i % LOG_OPS]);
	exit(1);
}

/* from here on by that path */
static void use(int which)
{
	side = which;
	path = paths[side];
	fd = fds[side];
	direct_fd = direct_fds[side];
}

static void open_one(int flags)
{
	fd = open(path, O_RDWR | flags, 0644);
	if (fd < 0)
		die("open");
	direct_fd = open(path, O_RDWR | O_DIRECT);
	if (direct_fd < 0)
		die("direct open");
	fds[side] = fd;
	direct_fds[side] = direct_fd;
}

static void open_file(int flags)
{
	int was = side, i;

	for (i = 0; i < nr_paths; i++) {
		use(i);
		open_one(i ? 0 : flags);
	}
	use(was);
}

static void close_file(void)
{
	int i;

	for (i = 0; i < nr_paths; i++) {
		close(fds[i]);
		close(direct_fds[i]);
	}
}

static void check_size(void)
{
	struct stat st;

	if (fstat(fd, &st))
		die("fstat");
	if (st.st_size != size) {
		fprintf(stderr, "size is %lld, not %ld\n",
			(long long)st.st_size, size);
		die("wrong size");
	}
}

static void compare(long off, long len, const unsigned char *got)
{
	long i;

	if (!memcmp(got, model + off, len))
		return;
	for (i = 0; got[i] == model[off + i]; i++)
		;
	fprintf(stderr, "byte %ld (page %ld) is %#x, not %#x\n", off + i,
		(off + i) / 4096, got[i], model[off + i]);
	die("wrong byte");
}

/* aligned one time in four: whole pages and their edges */
static long rnd_off(long below)
{
	long off = rnd(below);

	switch (rnd(8)) {
	case 0:
	case 1:
		return off & ~4095L;
	case 2:
		return off | 4095;
	default:
		return off;
	}
}

static long rnd_len(void)
{
	switch (rnd(4)) {
	case 0:
		return 1 + rnd(64);
	case 1:
		return 1 + rnd(4096);
	case 2:
		return 4096 * (1 + rnd(8));
	default:
		return 1 + rnd(65536);
	}
}

static void fill(long len)
{
	unsigned char c = 1 + rnd(255);
	long i;

	for (i = 0; i < len; i++)
		tmp[i] = (unsigned char)(c + i) ?: 1;
}

static void grow(long to)
{
	if (to <= size)
		return;
	memset(model + size, 0, to - size);
	size = to;
}

static void do_write(bool is_append)
{
	long off = is_append ? size : rnd_off(maxlen), len = rnd_len();

	if (off >= maxlen)
		off = maxlen - 1;
	if (len > maxlen - off)
		len = maxlen - off;
	LOG("write %ld +%ld (size %ld)", off, len, size);
	fill(len);
	if (pwrite(fd, tmp, len, off) != len)
		die("pwrite");
	grow(off + len);
	memcpy(model + off, tmp, len);
}

static void check_read(int from, unsigned char *buf, long off, long len)
{
	long want = off >= size ? 0 : size - off < len ? size - off : len;
	ssize_t got = pread(from, buf, len, off);

	if (got != want) {
		fprintf(stderr, "read %zd, not %ld\n", got, want);
		die("pread");
	}
	compare(off, want, buf);
}

static void do_read(void)
{
	long off = rnd_off(maxlen), len = rnd_len();

	LOG("read %ld +%ld (size %ld)", off, len, size);
	check_read(fd, tmp, off, len);
}

/* Sectors, from memory that begins at one. */
static void do_direct(bool is_write)
{
	long off = rnd_off(maxlen) / SECTOR * SECTOR;
	long len = (rnd_len() + SECTOR - 1) / SECTOR * SECTOR;
	unsigned char *buf = tmp + SECTOR * rnd(2);

	if (len > maxlen - off)
		len = (maxlen - off) / SECTOR * SECTOR;
	if (len <= 0)
		return;
	LOG("direct %s %ld +%ld (size %ld)", is_write ? "write" : "read", off,
	    len, size);
	if (is_write) {
		fill(len + SECTOR);
		if (pwrite(direct_fd, buf, len, off) != len)
			die("direct pwrite");
		grow(off + len);
		memcpy(model + off, buf, len);
		return;
	}
	check_read(direct_fd, buf, off, len);
}

static void do_fallocate(void)
{
	static const int modes[] = {
		0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
		FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	};
	int mode = modes[rnd(sizeof(modes) / sizeof(modes[0]))];
	long off = rnd_off(maxlen), len = rnd_len(), end;

	if (off >= maxlen)
		off = maxlen - 1;
	if (len > maxlen - off)
		len = maxlen - off;
	LOG("fallocate %#x %ld +%ld (size %ld)", mode, off, len, size);
	if (fallocate(fd, mode, off, len))
		die("fallocate");
	if (!(mode & FALLOC_FL_KEEP_SIZE))
		grow(off + len);
	end = off + len < size ? off + len : size;
	if (mode & ~FALLOC_FL_KEEP_SIZE && off < end)
		memset(model + off, 0, end - off);
	check_size();
}

static void do_mmap(bool is_write)
{
	long off, len, base;
	unsigned char *map;

	if (!size)
		return;
	off = rnd_off(size);
	if (off >= size)
		off = size - 1;
	len = rnd_len();
	if (len > size - off)
		len = size - off;
	LOG("mmap %s %ld +%ld (size %ld)", is_write ? "write" : "read", off,
	    len, size);
	base = off & ~4095L;
	map = mmap(NULL, off - base + len, PROT_READ | PROT_WRITE, MAP_SHARED,
		   fd, base);
	if (map == MAP_FAILED)
		die("mmap");
	if (is_write) {
		fill(len);
		memcpy(map + off - base, tmp, len);
		memcpy(model + off, tmp, len);
	} else {
		memcpy(tmp, map + off - base, len);
		compare(off, len, tmp);
	}
	if (munmap(map, off - base + len))
		die("munmap");
}

static void do_truncate(void)
{
	long to = rnd_off(maxlen);

	if (rnd(3) == 0)
		to = size + 1 + rnd(8192);
	else if (rnd(3) == 0 && size)
		to = size - 1 - rnd(size);
	if (to > maxlen)
		to = maxlen;
	LOG("truncate %ld (size %ld)", to, size);
	if (ftruncate(fd, to))
		die("ftruncate");
	grow(to);
	size = to;
	check_size();
}

static void check_all(void)
{
	check_size();
	if (size && pread(fd, tmp, size, 0) != size)
		die("read of all");
	compare(0, size, tmp);
}

static void do_reopen(const char *run)
{
	LOG("reopen%s (size %ld)", run ? " with command" : "", size);
	close_file();
	if (run && system(run))
		die("command");
	open_file(0);
	check_all();
}

static void random_op(void)
{
	uint32_t what = rnd(1000);

	if (what < 200)
		do_write(false);
	else if (what < 240)
		do_write(true);
	else if (what < 340)
		do_direct(true);
	else if (what < 410)
		do_fallocate();
	else if (what < 480)
		do_direct(false);
	else if (what < 560)
		do_read();
	else if (what < 680)
		do_mmap(true);
	else if (what < 780)
		do_mmap(false);
	else if (what < 920)
		do_truncate();
	else if (what < 950) {
		LOG("fsync");
		if (what & 1 ? fsync(fd) : fdatasync(fd))
			die("fsync");
	} else if (what < 980) {
		LOG("drop pages");
		if (fsync(fd))
			die("fsync");
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	} else if (what < 998 || !command) {
		do_reopen(NULL);
	} else {
		do_reopen(command);
	}
}

static void one_op(void)
{
	if (nr_paths == 1) {
		random_op();
		return;
	}
	use(rnd(2));
	random_op();
	if (rnd(4))
		return;
	use(!side);
	check_all();
}

int main(int argc, char **argv)
{
	long seed = 1, nr = 1000;
	int opt;

	while ((opt = getopt(argc, argv, "s:n:l:r:")) != -1) {
		switch (opt) {
		case 's':
			seed = atol(optarg);
			break;
		case 'n':
			nr = atol(optarg);
			break;
		case 'l':
			maxlen = atol(optarg);
			break;
		case 'r':
			command = optarg;
			break;
		default:
			return 2;
		}
	}
	nr_paths = argc - optind;
	if (nr_paths < 1 || nr_paths > 2)
		errx(2, "usage: fsx [-s SEED] [-n OPS] [-l MAXLEN] [-r COMMAND] FILE [SAME-FILE]");
	paths[0] = argv[optind];
	paths[1] = argv[argc - 1];
	use(0);
	rnd_state = seed * 0x9e3779b97f4a7c15ULL + 1;
	model = calloc(1, maxlen);
	/* a sector more than the longest transfer */
	if (!model || posix_memalign((void **)&tmp, 4096,
				     (maxlen > 65536 ? maxlen : 65536) + 2 * SECTOR))
		err(2, "memory");
	open_file(O_CREAT | O_TRUNC);
	for (op_nr = 0; op_nr < nr; op_nr++)
		one_op();
	LOG("end");
	check_all();
	do_reopen(command);
	printf("# fsx: seed %ld: %ld operations, %ld bytes\n", seed, nr, size);
	return 0;
}
