// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs get-attr-x: attributes of an inode by their masks.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "fs/scoutfs_ioctl.h"
#include "lib/json.h"
#include "scoutfs/file.h"

enum sfs_attr_kind {
	SFS_ATTR_U64,
	SFS_ATTR_TIME,	/* nsec is where the nanoseconds are */
	SFS_ATTR_BIT,	/* mask is the bit */
};

static const struct sfs_attr_field {
	const char *name;
	int key;
	u64 iax;
	enum sfs_attr_kind kind;
	size_t offset;
	size_t nsec;
	u64 mask;
} sfs_attr_fields[] = {
#define AT(member)	offsetof(struct scoutfs_ioctl_inode_attr_x, member)
	{ "meta_seq", 'm', SCOUTFS_IOC_IAX_META_SEQ, SFS_ATTR_U64,
	  AT(meta_seq), 0, 0 },
	{ "data_seq", 'd', SCOUTFS_IOC_IAX_DATA_SEQ, SFS_ATTR_U64,
	  AT(data_seq), 0, 0 },
	{ "data_version", 'v', SCOUTFS_IOC_IAX_DATA_VERSION, SFS_ATTR_U64,
	  AT(data_version), 0, 0 },
	{ "online_blocks", 'n', SCOUTFS_IOC_IAX_ONLINE_BLOCKS, SFS_ATTR_U64,
	  AT(online_blocks), 0, 0 },
	{ "offline_blocks", 'f', SCOUTFS_IOC_IAX_OFFLINE_BLOCKS, SFS_ATTR_U64,
	  AT(offline_blocks), 0, 0 },
	{ "ctime", 'c', SCOUTFS_IOC_IAX_CTIME, SFS_ATTR_TIME, AT(ctime_sec),
	  AT(ctime_nsec), 0 },
	{ "crtime", 'r', SCOUTFS_IOC_IAX_CRTIME, SFS_ATTR_TIME, AT(crtime_sec),
	  AT(crtime_nsec), 0 },
	{ "size", 's', SCOUTFS_IOC_IAX_SIZE, SFS_ATTR_U64, AT(size), 0, 0 },
	{ "retention", 't', SCOUTFS_IOC_IAX_RETENTION, SFS_ATTR_BIT, AT(bits),
	  0, SCOUTFS_IOC_IAX_B_RETENTION },
	{ "project_id", 'p', SCOUTFS_IOC_IAX_PROJECT_ID, SFS_ATTR_U64,
	  AT(project_id), 0, 0 },
#undef AT
};

struct sfs_attr_args {
	const char *path;
	u64 mask;
	bool is_json;
};

static const struct argp_option sfs_attr_options[] = {
	{ "meta_seq", 'm', NULL, 0, "Transaction that last changed the inode", 0 },
	{ "data_seq", 'd', NULL, 0, "Transaction that last changed its data", 0 },
	{ "data_version", 'v', NULL, 0, "Version of its data", 0 },
	{ "online_blocks", 'n', NULL, 0, "Blocks of 4 KiB that are online", 0 },
	{ "offline_blocks", 'f', NULL, 0, "Blocks of 4 KiB that are offline", 0 },
	{ "ctime", 'c', NULL, 0, "Time of the last change", 0 },
	{ "crtime", 'r', NULL, 0, "Time of creation", 0 },
	{ "size", 's', NULL, 0, "Size in bytes", 0 },
	{ "retention", 't', NULL, 0, "Whether the file must not change", 0 },
	{ "project_id", 'p', NULL, 0, "Project", 0 },
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ 0 }
};

static error_t sfs_attr_parse(int key, char *arg, struct argp_state *state)
{
	struct sfs_attr_args *args = state->input;
	size_t i;

	switch (key) {
	case 'j':
		args->is_json = true;
		return 0;
	case ARGP_KEY_ARG:
	case ARGP_KEY_END:
		return sfs_file_parse(state, key, arg, &args->path);
	}
	for (i = 0; i < ARRAY_SIZE(sfs_attr_fields); i++)
		if (sfs_attr_fields[i].key == key) {
			args->mask |= sfs_attr_fields[i].iax;
			return 0;
		}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp sfs_attr_argp = {
	.options = sfs_attr_options,
	.parser = sfs_attr_parse,
	.args_doc = "FILE",
	.doc = "Show attributes of a file, all of them when none is named.",
};

static u64 sfs_attr_val(const struct sfs_attr_field *field,
			const struct scoutfs_ioctl_inode_attr_x *iax)
{
	u64 val;

	memcpy(&val, (const char *)iax + field->offset, sizeof(val));
	return field->kind == SFS_ATTR_BIT ? !!(val & field->mask) : val;
}

static void sfs_attr_text(const struct sfs_attr_field *field,
			  const struct scoutfs_ioctl_inode_attr_x *iax,
			  char *text, size_t size)
{
	u64 val = sfs_attr_val(field, iax);
	__u32 nsec;

	if (field->kind == SFS_ATTR_TIME) {
		memcpy(&nsec, (const char *)iax + field->nsec, sizeof(nsec));
		snprintf(text, size, "%lld.%u", (long long)val, nsec);
	} else {
		snprintf(text, size, "%llu", (unsigned long long)val);
	}
}

static void sfs_attr_print(const struct scoutfs_ioctl_inode_attr_x *iax)
{
	bool is_one = hweight64(iax->x_mask) == 1;
	char text[40];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sfs_attr_fields); i++) {
		if (!(iax->x_mask & sfs_attr_fields[i].iax))
			continue;
		sfs_attr_text(&sfs_attr_fields[i], iax, text, sizeof(text));
		if (is_one)
			printf("%s\n", text);
		else
			printf("%s: %s\n", sfs_attr_fields[i].name, text);
	}
}

static void sfs_attr_print_json(const struct scoutfs_ioctl_inode_attr_x *iax)
{
	const struct sfs_attr_field *field;
	struct sfs_json js;
	char text[40];
	size_t i;

	sfs_json_start(&js, stdout);
	for (i = 0; i < ARRAY_SIZE(sfs_attr_fields); i++) {
		field = &sfs_attr_fields[i];
		if (!(iax->x_mask & field->iax))
			continue;
		sfs_attr_text(field, iax, text, sizeof(text));
		if (field->kind == SFS_ATTR_TIME)
			sfs_json_str(&js, field->name, text);
		else if (field->kind == SFS_ATTR_BIT)
			sfs_json_bool(&js, field->name, sfs_attr_val(field, iax));
		else
			sfs_json_num(&js, field->name, sfs_attr_val(field, iax));
	}
	sfs_json_end(&js);
}

int sfs_cmd_get_attr_x(int argc, char **argv)
{
	struct sfs_attr_args args = { .path = NULL };
	struct scoutfs_ioctl_inode_attr_x iax = { };
	int fd, err = 0;

	argp_parse(&sfs_attr_argp, argc, argv, 0, NULL, &args);
	fd = sfs_file_open(args.path, O_RDONLY);
	if (fd < 0)
		return sfs_cmd_failed("get-attr-x", fd);
	iax.x_mask = args.mask ?: ~SCOUTFS_IOC_IAX__UNKNOWN;
	if (ioctl(fd, SCOUTFS_IOC_GET_ATTR_X, &iax)) {
		err = errno;
		fprintf(stderr, "attr_x ioctl failed on '%s': %s (%d)\n",
			args.path, strerror(err), err);
	} else if (args.is_json) {
		sfs_attr_print_json(&iax);
	} else {
		sfs_attr_print(&iax);
	}
	close(fd);
	return err ? sfs_cmd_failed("get-attr-x", err) : 0;
}
