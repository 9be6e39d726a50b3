/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Btree keys: four numbers in memory, an order-preserving byte string on disk.
 *
 * The encoding is big endian {ino, type, a, b} without its trailing zero
 * bytes.  Comparing two encodings as byte strings, the shorter one first where
 * one is a prefix of the other, gives the order of the numbers.
 */
#ifndef SFS_KEY_H
#define SFS_KEY_H

#include "format/port.h"
#include "format/format.h"

struct sfs_key {
	u64 ino;	/* group trees: inode; other trees: kind */
	u64 a;
	u64 b;
	u8 type;	/* group trees: item type; other trees: space or 0 */
};

#define SFS_KEY(ino_, type_, a_, b_) \
	((struct sfs_key){ .ino = (ino_), .type = (type_), .a = (a_), .b = (b_) })
#define SFS_KEY_MIN SFS_KEY(0, 0, 0, 0)
#define SFS_KEY_MAX SFS_KEY(U64_MAX, U8_MAX, U64_MAX, U64_MAX)

static inline int sfs_key_cmp(const struct sfs_key *x, const struct sfs_key *y)
{
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	if (x->b != y->b)
		return x->b < y->b ? -1 : 1;
	return 0;
}

/* The next key in order; wraps from the largest to the smallest. */
static inline void sfs_key_inc(struct sfs_key *key)
{
	if (++key->b == 0 && ++key->a == 0 && ++key->type == 0)
		key->ino++;
}

static inline bool sfs_key_is_max(const struct sfs_key *key)
{
	return key->ino == U64_MAX && key->type == U8_MAX &&
	       key->a == U64_MAX && key->b == U64_MAX;
}

/* Encode into 25 bytes; returns the length without trailing zero bytes. */
unsigned int sfs_key_encode(const struct sfs_key *key, u8 *bytes);
/* Decode len <= 25 bytes; missing ones are zero. */
void sfs_key_decode(struct sfs_key *key, const u8 *bytes, unsigned int len);

#endif
