// SPDX-License-Identifier: GPL-2.0-only
/*
 * Btree keys: encoding and decoding.
 */
#include "format/key.h"

#define SFS_KEY_OFF_TYPE	8
#define SFS_KEY_OFF_A		9
#define SFS_KEY_OFF_B		17

/* Bytes of a big endian number without its trailing zero bytes. */
static unsigned int sfs_key_num_bytes(u64 num)
{
	return 8 - __ffs64(num) / 8;
}

unsigned int sfs_key_encode(const struct sfs_key *key, u8 *bytes)
{
	put_unaligned_be64(key->ino, bytes);
	bytes[SFS_KEY_OFF_TYPE] = key->type;
	put_unaligned_be64(key->a, bytes + SFS_KEY_OFF_A);
	put_unaligned_be64(key->b, bytes + SFS_KEY_OFF_B);

	if (key->b)
		return SFS_KEY_OFF_B + sfs_key_num_bytes(key->b);
	if (key->a)
		return SFS_KEY_OFF_A + sfs_key_num_bytes(key->a);
	if (key->type)
		return SFS_KEY_OFF_A;
	if (key->ino)
		return sfs_key_num_bytes(key->ino);
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_key_encode);

void sfs_key_decode(struct sfs_key *key, const u8 *bytes, unsigned int len)
{
	u8 buf[SFS_KEY_BYTES];

	if (len < SFS_KEY_BYTES) {
		memset(buf, 0, sizeof(buf));
		memcpy(buf, bytes, len);
		bytes = buf;
	}
	key->ino = get_unaligned_be64(bytes);
	key->type = bytes[SFS_KEY_OFF_TYPE];
	key->a = get_unaligned_be64(bytes + SFS_KEY_OFF_A);
	key->b = get_unaligned_be64(bytes + SFS_KEY_OFF_B);
}
EXPORT_SYMBOL_GPL(sfs_key_decode);
