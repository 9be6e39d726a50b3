// SPDX-License-Identifier: GPL-2.0-only
/*
 * diskpage: changes a page or block of a device and gives it a right checksum.
 *
 *	diskpage [-b BYTES] [-n] DEVICE OFFSET [uN:BYTE=VALUE | uN:BYTE]...
 *
 * N is 8, 16, 32 or 64, little endian. "uN:BYTE" prints, the other form sets.
 * When something was set the checksum (crc32c of all BYTES with the field at
 * byte 4 zero, seed ~0, not inverted at the end) is written too, unless -n.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CSUM_BYTE	4

static unsigned char page[65536];

static uint32_t crc32c(const unsigned char *p, size_t len)
{
	uint32_t crc = ~0U;
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

static bool change(const char *word, size_t bytes)
{
	unsigned int bits, byte, i;
	const char *eq = strchr(word, '=');
	uint64_t val = 0;

	if (sscanf(word, "u%u:%i", &bits, (int *)&byte) != 2 || bits % 8 ||
	    bits > 64 || byte + bits / 8 > bytes)
		errx(2, "bad field: %s", word);
	if (!eq) {
		for (i = bits / 8; i--;)
			val = val << 8 | page[byte + i];
		printf("%llu\n", (unsigned long long)val);
		return false;
	}
	val = strtoull(eq + 1, NULL, 0);
	for (i = 0; i < bits / 8; i++, val >>= 8)
		page[byte + i] = val;
	return true;
}

int main(int argc, char **argv)
{
	bool is_sealed = true, is_changed = false;
	size_t bytes = 4096;
	uint32_t crc;
	off_t off;
	int fd, opt, i;

	while ((opt = getopt(argc, argv, "b:n")) != -1) {
		if (opt == 'b')
			bytes = strtoul(optarg, NULL, 0);
		else if (opt == 'n')
			is_sealed = false;
		else
			return 2;
	}
	if (argc - optind < 3 || bytes > sizeof(page))
		errx(2, "usage: diskpage [-b BYTES] [-n] DEVICE OFFSET uN:BYTE[=VALUE]...");
	off = strtoull(argv[optind + 1], NULL, 0);
	fd = open(argv[optind], O_RDWR);
	if (fd < 0)
		err(2, "%s", argv[optind]);
	if (pread(fd, page, bytes, off) != (ssize_t)bytes)
		err(2, "read");
	for (i = optind + 2; i < argc; i++)
		is_changed |= change(argv[i], bytes);
	if (!is_changed)
		return 0;
	if (is_sealed) {
		memset(page + CSUM_BYTE, 0, sizeof(crc));
		crc = crc32c(page, bytes);
		for (i = 0; i < 4; i++)
			page[CSUM_BYTE + i] = crc >> (8 * i);
	}
	if (pwrite(fd, page, bytes, off) != (ssize_t)bytes || fsync(fd))
		err(2, "write");
	return 0;
}
