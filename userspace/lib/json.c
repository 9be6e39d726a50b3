// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing JSON as it comes.
 */
#include "lib/json.h"

static void sfs_json_quote(struct sfs_json *js, const u8 *bytes, size_t len)
{
	size_t i;

	fputc('"', js->out);
	for (i = 0; i < len; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			fprintf(js->out, "\\%c", bytes[i]);
		else if (bytes[i] < 0x20 || bytes[i] >= 0x7f)
			fprintf(js->out, "\\u%04x", bytes[i]);
		else
			fputc(bytes[i], js->out);
	}
	fputc('"', js->out);
}

static void sfs_json_next(struct sfs_json *js, const char *name)
{
	if (js->has_before)
		fputc(',', js->out);
	fprintf(js->out, "\n%*s", (int)js->depth * 2, "");
	if (name) {
		sfs_json_quote(js, (const u8 *)name, strlen(name));
		fputs(": ", js->out);
	}
	js->has_before = true;
}

void sfs_json_open(struct sfs_json *js, const char *name, char which)
{
	sfs_json_next(js, name);
	fputc(which, js->out);
	js->depth++;
	js->has_before = false;
}

void sfs_json_close(struct sfs_json *js, char which)
{
	js->depth--;
	if (js->has_before)
		fprintf(js->out, "\n%*s", (int)js->depth * 2, "");
	fputc(which, js->out);
	js->has_before = true;
}

void sfs_json_start(struct sfs_json *js, FILE *out)
{
	memset(js, 0, sizeof(*js));
	js->out = out;
	js->depth = 1;
	fputc('{', out);
}

void sfs_json_end(struct sfs_json *js)
{
	sfs_json_close(js, '}');
	fputc('\n', js->out);
}

void sfs_json_num(struct sfs_json *js, const char *name, u64 val)
{
	sfs_json_next(js, name);
	fprintf(js->out, "%llu", val);
}

void sfs_json_bool(struct sfs_json *js, const char *name, bool val)
{
	sfs_json_next(js, name);
	fputs(val ? "true" : "false", js->out);
}

void sfs_json_hex(struct sfs_json *js, const char *name, u64 val)
{
	sfs_json_next(js, name);
	fprintf(js->out, "\"%016llx\"", val);
}

void sfs_json_bytes(struct sfs_json *js, const char *name, const void *bytes,
		    size_t len)
{
	sfs_json_next(js, name);
	sfs_json_quote(js, bytes, len);
}
