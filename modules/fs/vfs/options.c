// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount options: one table serves parsing, /proc/mounts and sysfs.
 */
#include "fs/vfs/options.h"
#include "fs/vfs/vfs.h"

#include <linux/fs_parser.h>
#include <linux/seq_file.h>

/* Name, least, most, default, shown, in sysfs, only once.  By alphabet. */
#define SFS_OPT_NUMS(X)							    \
	X(data_prealloc_blocks,	      1, (1ULL << 52) - 1, 2048, 1, 1, 0)   \
	X(data_prealloc_contig_only,  0, 1, 1, 1, 1, 0)			    \
	X(ino_alloc_per_lock,	      1, 1024, 1024, 1, 1, 0)		    \
	X(lock_idle_count,	      32, 100000, 10000, 0, 1, 0)	    \
	X(log_merge_wait_timeout_ms,  100, 60000, 500, 0, 1, 0)		    \
	X(orphan_scan_delay_ms,	      100, 60000, 10000, 1, 1, 1)	    \
	X(quorum_heartbeat_timeout_ms, 2000, 60000, 10000, 0, 1, 0)	    \
	X(tcp_keepalive_timeout_ms,   3001, INT_MAX, 24000, 1, 0, 0)

enum sfs_opt {
#define SFS_OPT_ENUM(name, ...)	SFS_OPT_##name,
	SFS_OPT_NUMS(SFS_OPT_ENUM)
#undef SFS_OPT_ENUM
	SFS_OPT_NR_NUMS,
	SFS_OPT_acl = SFS_OPT_NR_NUMS,
	SFS_OPT_noacl,
	SFS_OPT_lock,
	SFS_OPT_metadev_path,
	SFS_OPT_quorum_slot_nr,
};

const struct sfs_opt_num sfs_opt_nums[] = {
#define SFS_OPT_NUM(name_, min_, max_, value_, shown_, sysfs_, once_)	\
	[SFS_OPT_##name_] = {						\
		.name		= #name_,				\
		.offset		= offsetof(struct sfs_mount_opts, name_), \
		.min		= min_,					\
		.max		= max_,					\
		.value		= value_,				\
		.is_shown	= shown_,				\
		.is_sysfs	= sysfs_,				\
		.is_once	= once_,				\
	},
	SFS_OPT_NUMS(SFS_OPT_NUM)
#undef SFS_OPT_NUM
};

const unsigned int sfs_nr_opt_nums = ARRAY_SIZE(sfs_opt_nums);

const struct fs_parameter_spec sfs_opt_specs[] = {
#define SFS_OPT_SPEC(name, ...)	fsparam_string(#name, SFS_OPT_##name),
	SFS_OPT_NUMS(SFS_OPT_SPEC)
#undef SFS_OPT_SPEC
	fsparam_flag("acl", SFS_OPT_acl),
	fsparam_flag("noacl", SFS_OPT_noacl),
	fsparam_string("lock", SFS_OPT_lock),
	fsparam_string("metadev_path", SFS_OPT_metadev_path),
	fsparam_string("quorum_slot_nr", SFS_OPT_quorum_slot_nr),
	{}
};

void sfs_opts_init(struct sfs_mount_opts *opts)
{
	unsigned int i;

	memset(opts, 0, sizeof(*opts));
	for (i = 0; i < sfs_nr_opt_nums; i++)
		*sfs_opt_num_ptr(&sfs_opt_nums[i], opts) =
			sfs_opt_nums[i].value;
	opts->quorum_slot_nr = -1;
	opts->is_acl = true;
}

int sfs_opts_copy(struct sfs_mount_opts *dst, const struct sfs_mount_opts *src)
{
	*dst = *src;
	dst->metadev_path = kstrdup(src->metadev_path, GFP_KERNEL);
	dst->lock_provider = kstrdup(src->lock_provider, GFP_KERNEL);
	if ((src->metadev_path && !dst->metadev_path) ||
	    (src->lock_provider && !dst->lock_provider)) {
		sfs_opts_exit(dst);
		return -ENOMEM;
	}
	return 0;
}

void sfs_opts_exit(struct sfs_mount_opts *opts)
{
	kfree(opts->metadev_path);
	kfree(opts->lock_provider);
	opts->metadev_path = NULL;
	opts->lock_provider = NULL;
}

int sfs_opt_num_set(const struct sfs_opt_num *opt, struct sfs_mount_opts *opts,
		    const char *text)
{
	u64 value;

	if (kstrtou64(text, 0, &value) || value < opt->min || value > opt->max)
		return -EINVAL;
	WRITE_ONCE(*sfs_opt_num_ptr(opt, opts), value);
	return 0;
}

static int sfs_opts_parse_slot(struct fs_context *fc, const char *text)
{
	struct sfs_fc *sfc = fc->fs_private;
	u64 value;

	if (kstrtou64(text, 0, &value) || value >= SFS_QUORUM_SLOTS_MAX)
		return invalf(fc, "quorum_slot_nr=%s: must be 0 to %u", text,
			      SFS_QUORUM_SLOTS_MAX - 1);
	sfc->opts.quorum_slot_nr = value;
	return 0;
}

static int sfs_opts_parse_num(struct fs_context *fc, int id, const char *text)
{
	const struct sfs_opt_num *opt = &sfs_opt_nums[id];
	struct sfs_fc *sfc = fc->fs_private;

	if (sfs_opt_num_set(opt, &sfc->opts, text))
		return invalf(fc, "%s=%s: must be %llu to %llu", opt->name,
			      text, opt->min, opt->max);
	return 0;
}

static int sfs_opts_take_string(struct fs_context *fc, char **dst,
				struct fs_parameter *param)
{
	if (!*param->string)
		return invalf(fc, "%s: is empty", param->key);
	kfree(*dst);
	*dst = param->string;
	param->string = NULL;
	return 0;
}

int sfs_opts_parse(struct fs_context *fc, struct fs_parameter *param)
{
	struct sfs_fc *sfc = fc->fs_private;
	struct fs_parse_result result;
	int id = fs_parse(fc, sfs_opt_specs, param, &result);
	bool is_once;

	if (id < 0)
		return id;
	is_once = id == SFS_OPT_quorum_slot_nr ||
		  (id < SFS_OPT_NR_NUMS && sfs_opt_nums[id].is_once);
	/* mount(8) puts the options of a remount behind those that are set */
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE)
		is_once = false;
	if (__test_and_set_bit(id, &sfc->seen) && is_once)
		return invalf(fc, "%s: is given twice", param->key);

	switch (id) {
	case SFS_OPT_acl:
	case SFS_OPT_noacl:
		sfc->opts.is_acl = id == SFS_OPT_acl;
		return 0;
	case SFS_OPT_lock:
		return sfs_opts_take_string(fc, &sfc->opts.lock_provider,
					    param);
	case SFS_OPT_metadev_path:
		return sfs_opts_take_string(fc, &sfc->opts.metadev_path, param);
	case SFS_OPT_quorum_slot_nr:
		return sfs_opts_parse_slot(fc, param->string);
	default:
		return sfs_opts_parse_num(fc, id, param->string);
	}
}

static bool sfs_opts_differ(const char *a, const char *b)
{
	return strcmp(a ?: "", b ?: "");
}

/* What cannot change while mounted may be named again, but not differ. */
int sfs_opts_check_remount(struct fs_context *fc,
			   const struct sfs_mount_opts *old)
{
	const struct sfs_mount_opts *new = &((struct sfs_fc *)fc->fs_private)->opts;
	unsigned int i;

	if (sfs_opts_differ(old->metadev_path, new->metadev_path))
		return invalf(fc, "metadev_path: cannot change by remount");
	if (sfs_opts_differ(old->lock_provider, new->lock_provider))
		return invalf(fc, "lock: cannot change by remount");
	if (old->quorum_slot_nr != new->quorum_slot_nr)
		return invalf(fc, "quorum_slot_nr: cannot change by remount");
	if (old->is_acl != new->is_acl)
		return invalf(fc, "acl: cannot change by remount");
	for (i = 0; i < sfs_nr_opt_nums; i++) {
		const struct sfs_opt_num *opt = &sfs_opt_nums[i];

		if (!opt->is_sysfs &&
		    *sfs_opt_num_ptr(opt, (struct sfs_mount_opts *)old) !=
		    *sfs_opt_num_ptr(opt, (struct sfs_mount_opts *)new))
			return invalf(fc, "%s: cannot change by remount",
				      opt->name);
	}
	return 0;
}

void sfs_opts_remount(struct sfs_mount_opts *opts, struct sfs_mount_opts *new)
{
	unsigned int i;

	for (i = 0; i < sfs_nr_opt_nums; i++)
		WRITE_ONCE(*sfs_opt_num_ptr(&sfs_opt_nums[i], opts),
			   *sfs_opt_num_ptr(&sfs_opt_nums[i], new));
}

/* Options of the ABI by alphabet, then ours. */
int sfs_opts_show(struct seq_file *m, struct dentry *root)
{
	struct sfs_mount_opts *opts = &SFS_SB(root->d_sb)->opts;
	unsigned int i;

	if (opts->is_acl)
		seq_puts(m, ",acl");
	for (i = 0; i < sfs_nr_opt_nums; i++) {
		const struct sfs_opt_num *opt = &sfs_opt_nums[i];

		if (i == SFS_OPT_lock_idle_count) {
			if (opts->metadev_path)
				seq_show_option(m, "metadev_path",
						opts->metadev_path);
			if (!opts->is_acl)
				seq_puts(m, ",noacl");
		}
		if (i == SFS_OPT_tcp_keepalive_timeout_ms &&
		    opts->quorum_slot_nr >= 0)
			seq_printf(m, ",quorum_slot_nr=%lld",
				   opts->quorum_slot_nr);
		if (opt->is_shown)
			seq_printf(m, ",%s=%llu", opt->name,
				   READ_ONCE(*sfs_opt_num_ptr(opt, opts)));
	}
	if (opts->lock_provider)
		seq_show_option(m, "lock", opts->lock_provider);
	return 0;
}
