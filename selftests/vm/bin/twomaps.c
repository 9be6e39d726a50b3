// SPDX-License-Identifier: GPL-2.0-only
/*
 * twomaps FILE0 FILE1 ROUNDS: the same file by two mounts, at least 64 KiB long.
 *
 * Each is mapped, shared; in turn one side writes a number at some place, by map
 * or by pwrite(), and the other must read it, both ways.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES	65536

static int fd[2];
static volatile uint64_t *map[2];

static uint64_t by_read(int side, size_t at)
{
	uint64_t val;

	if (pread(fd[side], &val, sizeof(val), at * sizeof(val)) != sizeof(val))
		err(1, "read");
	return val;
}

static void check(unsigned long round, const char *how, uint64_t got,
		  uint64_t want)
{
	if (got != want)
		errx(1, "round %lu: %s gives %llu, not %llu", round, how,
		     (unsigned long long)got, (unsigned long long)want);
}

static void one_round(unsigned long round)
{
	size_t at = (round * 7919) % (BYTES / sizeof(uint64_t));
	uint64_t val = round + 1;
	int from = round & 1;
	int to = !from;

	if (round & 2)
		map[from][at] = val;
	else if (pwrite(fd[from], &val, sizeof(val), at * sizeof(val)) !=
		 sizeof(val))
		err(1, "write");
	if (round & 4) {
		check(round, "the other map", map[to][at], val);
		check(round, "the other's read", by_read(to, at), val);
	} else {
		check(round, "the other's read", by_read(to, at), val);
		check(round, "the other map", map[to][at], val);
	}
	check(round, "the own map", map[from][at], val);
	check(round, "the own read", by_read(from, at), val);
}

int main(int argc, char **argv)
{
	unsigned long rounds;

	if (argc != 4)
		errx(2, "usage: twomaps FILE0 FILE1 ROUNDS");
	for (int i = 0; i < 2; i++) {
		void *p;

		fd[i] = open(argv[1 + i], O_RDWR);
		if (fd[i] < 0)
			err(1, "%s", argv[1 + i]);
		p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fd[i], 0);
		if (p == MAP_FAILED)
			err(1, "mmap");
		map[i] = p;
	}
	rounds = strtoul(argv[3], NULL, 10);
	for (unsigned long i = 0; i < rounds; i++)
		one_round(i);
	return 0;
}
