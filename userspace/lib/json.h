/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing JSON as it comes, without a tree in memory.
 */
#ifndef SFS_JSON_H
#define SFS_JSON_H

#include "format/port.h"

struct sfs_json {
	FILE *out;
	unsigned int depth;
	bool has_before;	/* a comma is due before the next value */
};

/* The document is one object. */
void sfs_json_start(struct sfs_json *js, FILE *out);
void sfs_json_end(struct sfs_json *js);
/* name NULL inside of an array; which: '{' or '[', '}' or ']' */
void sfs_json_open(struct sfs_json *js, const char *name, char which);
void sfs_json_close(struct sfs_json *js, char which);
void sfs_json_num(struct sfs_json *js, const char *name, u64 val);
void sfs_json_bool(struct sfs_json *js, const char *name, bool val);
/* Bytes that are not ASCII text become \u00XX. */
void sfs_json_bytes(struct sfs_json *js, const char *name, const void *bytes,
		    size_t len);
static inline void sfs_json_str(struct sfs_json *js, const char *name,
				const char *str)
{
	sfs_json_bytes(js, name, str, strlen(str));
}

void sfs_json_hex(struct sfs_json *js, const char *name, u64 val);

#endif
