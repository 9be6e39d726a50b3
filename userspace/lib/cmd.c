// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the commands have in common.
 */
#include "lib/cmd.h"

#include "format/volume.h"
#include "lib/dev_file.h"

int sfs_cmd_failed(const char *cmd, int err)
{
	err = err < 0 ? -err : err;
	fprintf(stderr, "scoutfs: %s failed: %s (%d)\n", cmd, strerror(err),
		err);
	return 1;
}

static bool sfs_cmd_parse(const char *arg, u64 *val, char **end)
{
	if (!isdigit((unsigned char)arg[0]))
		return false;
	errno = 0;
	*val = strtoull(arg, end, 0);
	return errno == 0;
}

u64 sfs_cmd_number(struct argp_state *state, const char *arg, const char *what)
{
	char *end;
	u64 val;

	if (!sfs_cmd_parse(arg, &val, &end) || *end)
		argp_error(state, "invalid %s '%s'", what, arg);
	return val;
}

u64 sfs_cmd_size(struct argp_state *state, const char *arg, const char *what)
{
	static const char suffixes[] = "KMGTP";
	const char *suffix;
	unsigned int shift = 0;
	char *end;
	u64 val;

	if (!sfs_cmd_parse(arg, &val, &end))
		argp_error(state, "invalid %s '%s'", what, arg);
	if (*end) {
		suffix = strchr(suffixes, toupper((unsigned char)*end));
		if (!suffix || end[1])
			argp_error(state, "invalid %s '%s'", what, arg);
		else
			shift = 10 * (suffix - suffixes + 1);
	}
	if (shift && val > U64_MAX >> shift)
		argp_error(state, "%s '%s' is too large", what, arg);
	return val << shift;
}

static int sfs_cmd_open_failed(const char *path, int err)
{
	fprintf(stderr, "failed to open '%s': %s (%d)%s\n", path,
		strerror(-err), -err,
		err == -EBUSY ? ": it is mounted or used otherwise" : "");
	return err;
}

static int sfs_cmd_open_dev(struct sfs_dev *dev, const char *path)
{
	int ret = sfs_dev_file_open(dev, path, false, false);

	return ret ? sfs_cmd_open_failed(path, ret) : 0;
}

int sfs_cmd_open_excl(struct sfs_dev *dev, const char *path)
{
	int ret = sfs_dev_file_open(dev, path, true, true);

	return ret ? sfs_cmd_open_failed(path, ret) : 0;
}

int sfs_cmd_open(struct sfs_cmd_devs *devs, const char *meta, const char *data)
{
	struct sfs_super_block sb;
	const char *why;
	int ret;

	memset(devs, 0, sizeof(*devs));
	ret = sfs_cmd_open_dev(&devs->meta_dev, meta);
	if (ret)
		return ret;
	if (data) {
		ret = sfs_cmd_open_dev(&devs->data_dev, data);
		if (ret)
			sfs_dev_file_close(&devs->meta_dev);
		else
			devs->data = &devs->data_dev;
		return ret;
	}
	if (!sfs_super_read(&devs->meta_dev, &sb, &why) &&
	    (le64_to_cpu(sb.incompat) & SFS_INCOMPAT_ONE_DEVICE))
		devs->data = &devs->meta_dev;
	return 0;
}

void sfs_cmd_close(struct sfs_cmd_devs *devs)
{
	sfs_dev_file_close(&devs->meta_dev);
	if (devs->data == &devs->data_dev)
		sfs_dev_file_close(&devs->data_dev);
}
