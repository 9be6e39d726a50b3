// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs mkfs and mkfs.scoutfs: options, the devices' former contents, and
 * what is told about the result.
 */
#include <blkid/blkid.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "format/volume.h"
#include "lib/cmd.h"
#include "lib/dev_file.h"
#include "lib/mkfs.h"
#include "lib/quorum_arg.h"

enum sfs_mkfs_opt {
	SFS_MKFS_OPT_BLOCK = 256,
	SFS_MKFS_OPT_GROUP,
	SFS_MKFS_OPT_SLOTS,
	SFS_MKFS_OPT_PROVIDER,
	SFS_MKFS_OPT_TRANSPORT,
};

struct sfs_mkfs_args {
	struct sfs_mkfs_params p;
	const char *meta;
	const char *data;
	bool force;
	bool has_provider;
	bool has_quorum;
};

static const struct argp_option sfs_mkfs_options[] = {
	{ "quorum-slot", 'Q', "NR,ADDR,PORT", 0,
	  "Member that may become leader; without any the volume is for one node", 0 },
	{ "force", 'f', NULL, 0, "Overwrite existing data on the devices", 0 },
	{ "allow-small-size", 'A', NULL, 0, "Allow devices below 64 GiB", 0 },
	{ "max-meta-size", 'm', "SIZE", 0, "Use at most that much metadata", 0 },
	{ "max-data-size", 'd', "SIZE", 0, "Use at most that much data", 0 },
	{ "data-alloc-zone-blocks", 'z', "N", 0,
	  "Keep the data of mounts apart in zones of N 4KB blocks", 0 },
	{ "format-version", 'V', "N", 0, "1 or 2 (default 2)", 0 },
	{ "meta-block-size", SFS_MKFS_OPT_BLOCK, "SIZE", 0,
	  "4K (default) to 64K, a power of two", 0 },
	{ "group-inodes", SFS_MKFS_OPT_GROUP, "N", 0,
	  "Inode numbers per group, 16 to 65536, a power of two (256)", 0 },
	{ "mount-slots", SFS_MKFS_OPT_SLOTS, "N", 0,
	  "Most mounts at once, 1 to 1024 (64)", 0 },
	{ "lock-provider", SFS_MKFS_OPT_PROVIDER, "NAME", 0,
	  "Lock provider (local, with -Q cluster)", 0 },
	{ "transport", SFS_MKFS_OPT_TRANSPORT, "NAME", 0,
	  "Transport between members: tcp, mptcp, vsock, loop (as -Q needs it)", 0 },
	{ 0 }
};

/* ---- options ------------------------------------------------------------------- */

static u32 sfs_mkfs_parse_shift(struct argp_state *state, u64 val,
				const char *what)
{
	if (!val || (val & (val - 1)) || val > U32_MAX)
		argp_error(state, "%s must be a power of two", what);
	return __builtin_ctzll(val ?: 1);
}

static error_t sfs_mkfs_parse_format(int key, char *arg,
				     struct argp_state *state)
{
	struct sfs_mkfs_args *args = state->input;
	u64 val;

	switch (key) {
	case SFS_MKFS_OPT_BLOCK:
		val = sfs_cmd_size(state, arg, "metadata block size");
		args->p.block_shift = sfs_mkfs_parse_shift(state, val,
						"metadata block size");
		return 0;
	case SFS_MKFS_OPT_GROUP:
		val = sfs_cmd_number(state, arg, "inodes per group");
		args->p.group_shift = sfs_mkfs_parse_shift(state, val,
						"inodes per group");
		return 0;
	case SFS_MKFS_OPT_SLOTS:
		val = sfs_cmd_number(state, arg, "number of mount slots");
		args->p.nr_slots = min_t(u64, val, U32_MAX);
		return 0;
	case SFS_MKFS_OPT_PROVIDER:
		args->p.lock_provider = arg;
		args->has_provider = true;
		return 0;
	case SFS_MKFS_OPT_TRANSPORT:
		args->p.transport = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void sfs_mkfs_parse_end(struct argp_state *state,
			       struct sfs_mkfs_args *args)
{
	if (!args->meta)
		argp_error(state, "no metadata device given");
	args->p.one_device = !args->data;
	if (args->has_quorum && !args->has_provider) {
		args->p.lock_provider = "cluster";
		if (!args->p.transport[0])
			args->p.transport =
				sfs_quorum_slots_fit(args->p.quorum, "tcp") ?
				"tcp" : "vsock";
	}
}

static error_t sfs_mkfs_parse(int key, char *arg, struct argp_state *state)
{
	struct sfs_mkfs_args *args = state->input;
	struct sfs_mkfs_params *p = &args->p;

	switch (key) {
	case 'Q':
		sfs_quorum_arg_parse(state, arg, p->quorum);
		args->has_quorum = true;
		return 0;
	case 'f':
		args->force = true;
		return 0;
	case 'A':
		p->allow_small = true;
		return 0;
	case 'm':
		p->max_meta_bytes = sfs_cmd_size(state, arg, "metadata size");
		return 0;
	case 'd':
		p->max_data_bytes = sfs_cmd_size(state, arg, "data size");
		return 0;
	case 'z':
		p->data_alloc_zone_blocks = sfs_cmd_number(state, arg,
							   "zone blocks");
		return 0;
	case 'V':
		p->format_version = min_t(u64, U32_MAX,
			sfs_cmd_number(state, arg, "format version"));
		if (p->format_version < SFS_FORMAT_VERSION_MIN ||
		    p->format_version > SFS_FORMAT_VERSION_MAX)
			argp_error(state, "format version '%s' must be %u to %u",
				   arg, SFS_FORMAT_VERSION_MIN,
				   SFS_FORMAT_VERSION_MAX);
		return 0;
	case ARGP_KEY_ARG:
		if (!args->meta)
			args->meta = arg;
		else if (!args->data)
			args->data = arg;
		else
			argp_error(state, "too many arguments");
		return 0;
	case ARGP_KEY_END:
		sfs_mkfs_parse_end(state, args);
		return 0;
	default:
		return sfs_mkfs_parse_format(key, arg, state);
	}
}

static const struct argp sfs_mkfs_argp = {
	.options = sfs_mkfs_options,
	.parser = sfs_mkfs_parse,
	.args_doc = "META-DEVICE DATA-DEVICE\nDEVICE",
	.doc = "Make a scoutfs volume on two devices, or on one for one node.",
};

/* ---- what is on the devices -------------------------------------------------------- */

static bool sfs_mkfs_same_device(const char *a, const char *b)
{
	struct stat x;
	struct stat y;

	if (stat(a, &x) || stat(b, &y))
		return false;
	if (S_ISBLK(x.st_mode) && S_ISBLK(y.st_mode))
		return x.st_rdev == y.st_rdev;
	return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* libblkid of this release does not know the format. */
static bool sfs_mkfs_has_super(struct sfs_dev *dev)
{
	struct sfs_super_block sb;
	u64 byte;

	for (byte = SFS_SUPER_A_BYTES; byte <= SFS_SUPER_B_BYTES;
	     byte += SFS_SUPER_B_BYTES - SFS_SUPER_A_BYTES) {
		if (byte + sizeof(sb) > dev->size_bytes ||
		    dev->ops->read(dev, byte, &sb, sizeof(sb)))
			continue;
		if (le32_to_cpu(sb.hdr.magic) == SFS_MAGIC_SUPER)
			return true;
	}
	return false;
}

static blkid_probe sfs_mkfs_probe(int fd)
{
	blkid_probe pr = blkid_new_probe();

	if (!pr)
		return NULL;
	if (blkid_probe_set_device(pr, fd, 0, 0)) {
		blkid_free_probe(pr);
		return NULL;
	}
	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_TYPE |
					  BLKID_SUBLKS_MAGIC |
					  BLKID_SUBLKS_BADCSUM);
	blkid_probe_enable_partitions(pr, 1);
	blkid_probe_set_partitions_flags(pr, BLKID_PARTS_MAGIC);
	return pr;
}

static int sfs_mkfs_refuse_signature(const char *path, const char *type)
{
	fprintf(stderr,
		"'%s' contains an existing %s signature, use -f to overwrite it\n",
		path, type);
	return -EEXIST;
}

/* Refuse what is there already; or, when forced, wipe its signatures. */
static int sfs_mkfs_signatures(struct sfs_dev *dev, const char *path,
			       bool force)
{
	const char *type = "unknown";
	blkid_probe pr;
	int ret = 0;
	int fd;

	if (!force && sfs_mkfs_has_super(dev))
		return sfs_mkfs_refuse_signature(path, "scoutfs");
	fd = open(path, (force ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	pr = sfs_mkfs_probe(fd);
	if (!pr) {
		close(fd);
		return -EIO;
	}
	while (!ret && blkid_do_probe(pr) == 0) {
		if (blkid_probe_lookup_value(pr, "TYPE", &type, NULL))
			blkid_probe_lookup_value(pr, "PTTYPE", &type, NULL);
		if (!force)
			ret = sfs_mkfs_refuse_signature(path, type);
		else if (blkid_do_wipe(pr, 0))
			ret = -EIO;
	}
	blkid_free_probe(pr);
	close(fd);
	return ret;
}

static int sfs_mkfs_open(struct sfs_dev *dev, const char *path, bool force)
{
	int ret = sfs_cmd_open_excl(dev, path);

	if (ret)
		return ret;
	if (!force)
		ret = sfs_mkfs_signatures(dev, path, false);
	if (ret)
		sfs_dev_file_close(dev);
	return ret;
}

/* ---- the result ------------------------------------------------------------------------ */

static void sfs_mkfs_print(const struct sfs_mkfs_args *args,
			   const struct sfs_super_block *sb)
{
	unsigned int shift = le32_to_cpu(sb->block_shift);
	u64 meta = le64_to_cpu(sb->total_meta_blocks);
	u64 data = le64_to_cpu(sb->total_data_blocks);
	char uuid[UUID_STR_LEN];
	char label[32];
	char size[32];

	uuid_unparse_lower(sb->uuid, uuid);
	printf("Created scoutfs filesystem:\n");
	printf("  %-23s %s\n", "meta device path:", args->meta);
	printf("  %-23s %s\n", "data device path:", args->data ?: args->meta);
	printf("  %-23s %016llx\n", "fsid:", le64_to_cpu(sb->hdr.fsid));
	printf("  %-23s %s\n", "uuid:", uuid);
	printf("  %-23s %u\n", "format version:",
	       le32_to_cpu(sb->format_version));
	snprintf(label, sizeof(label), "%uKB metadata blocks:",
		 1U << (shift - 10));
	printf("  %-23s %llu (%s)\n", label, meta,
	       sfs_size_text(size, sizeof(size), meta << shift, " "));
	printf("  %-23s %llu (%s)\n", "4KB data blocks:", data,
	       sfs_size_text(size, sizeof(size), data << SFS_DATA_BLOCK_SHIFT,
			     " "));
	printf("  %-23s %s\n", "lock provider:", sb->lock_provider);
	sfs_quorum_arg_print(sb);
}

static int sfs_mkfs_run(struct sfs_mkfs_args *args, struct sfs_dev *meta,
			struct sfs_dev *data, struct sfs_super_block *sb)
{
	struct sfs_mkfs_params *p = &args->p;
	char error[SFS_MKFS_ERROR_BYTES];
	uuid_t random;
	int ret;

	if (p->one_device)
		p->data_start_bytes =
			sfs_mkfs_one_device_split(meta->size_bytes);
	uuid_generate_random(random);
	memcpy(&p->fsid, random, sizeof(p->fsid));
	if (!p->fsid)
		p->fsid = 1;
	uuid_generate(p->uuid);
	ktime_get_real_ts64(&p->now);

	ret = sfs_mkfs_check(meta, data, p, error);
	if (ret) {
		fprintf(stderr, "%s\n", error);
		return ret;
	}
	if (args->force) {
		ret = sfs_mkfs_signatures(meta, args->meta, true);
		if (!ret && args->data)
			ret = sfs_mkfs_signatures(data, args->data, true);
		if (ret)
			return ret;
	}
	return sfs_mkfs(meta, data, p, sb);
}

static int sfs_mkfs_devices(struct sfs_mkfs_args *args,
			    struct sfs_super_block *sb)
{
	struct sfs_dev meta = { .ops = NULL };
	struct sfs_dev data = { .ops = NULL };
	int ret;

	if (args->data && sfs_mkfs_same_device(args->meta, args->data)) {
		fprintf(stderr, "'%s' and '%s' are the same device\n",
			args->meta, args->data);
		return -EINVAL;
	}
	ret = sfs_mkfs_open(&meta, args->meta, args->force);
	if (ret)
		return ret;
	if (args->data)
		ret = sfs_mkfs_open(&data, args->data, args->force);
	if (!ret) {
		ret = sfs_mkfs_run(args, &meta, args->data ? &data : &meta, sb);
		if (args->data)
			sfs_dev_file_close(&data);
	}
	sfs_dev_file_close(&meta);
	return ret;
}

int sfs_cmd_mkfs(int argc, char **argv)
{
	struct sfs_mkfs_args args = { .meta = NULL };
	struct sfs_super_block sb;
	int ret;

	sfs_mkfs_params_init(&args.p);
	argp_parse(&sfs_mkfs_argp, argc, argv, 0, NULL, &args);
	ret = sfs_mkfs_devices(&args, &sb);
	if (ret)
		return sfs_cmd_failed("mkfs", ret);
	sfs_mkfs_print(&args, &sb);
	return 0;
}
