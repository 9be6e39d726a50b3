// SPDX-License-Identifier: GPL-2.0-only
/*
 * CRC32C, bits reflected, without inversion before or after.
 */
#include "port_user.h"

#define PORT_CRC32C_POLY	0x82f63b78u

/* port_crc_table[n][b]: byte b followed by n zero bytes */
static u32 port_crc_table[8][256];

static void __attribute__((constructor)) port_crc32c_init(void)
{
	u32 crc;
	int i, j;

	for (i = 0; i < 256; i++) {
		crc = i;
		for (j = 0; j < 8; j++)
			crc = (crc >> 1) ^ (crc & 1 ? PORT_CRC32C_POLY : 0);
		port_crc_table[0][i] = crc;
	}
	for (i = 0; i < 256; i++) {
		crc = port_crc_table[0][i];
		for (j = 1; j < 8; j++) {
			crc = (crc >> 8) ^ port_crc_table[0][crc & 0xff];
			port_crc_table[j][i] = crc;
		}
	}
}

u32 port_crc32c_table(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;
	u32 lo, hi;

	for (; len >= 8; len -= 8, p += 8) {
		lo = get_unaligned_le32(p) ^ crc;
		hi = get_unaligned_le32(p + 4);
		crc = port_crc_table[7][lo & 0xff] ^
		      port_crc_table[6][(lo >> 8) & 0xff] ^
		      port_crc_table[5][(lo >> 16) & 0xff] ^
		      port_crc_table[4][lo >> 24] ^
		      port_crc_table[3][hi & 0xff] ^
		      port_crc_table[2][(hi >> 8) & 0xff] ^
		      port_crc_table[1][(hi >> 16) & 0xff] ^
		      port_crc_table[0][hi >> 24];
	}
	while (len--)
		crc = (crc >> 8) ^ port_crc_table[0][(crc ^ *p++) & 0xff];
	return crc;
}

#if defined(__x86_64__) && !defined(__CHECKER__)
__attribute__((target("sse4.2")))
static u32 port_crc32c_sse42(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;
	u64 crc64 = crc;
	u64 v;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&v, p, sizeof(v));
		crc64 = __builtin_ia32_crc32di(crc64, v);
	}
	crc = (u32)crc64;
	while (len--)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return crc;
}

u32 crc32c(u32 crc, const void *data, unsigned int len)
{
	static int has_sse42 = -1;

	if (has_sse42 < 0)
		has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
	return has_sse42 ? port_crc32c_sse42(crc, data, len) :
			   port_crc32c_table(crc, data, len);
}
#else
u32 crc32c(u32 crc, const void *data, unsigned int len)
{
	return port_crc32c_table(crc, data, len);
}
#endif
