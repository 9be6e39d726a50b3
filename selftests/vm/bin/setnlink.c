// SPDX-License-Identifier: GPL-2.0-only
/*
 * setnlink META DATA INO NLINK - as many links as nobody wants to make
 *
 * The volume must not be mounted.  What refers to the inode is not changed: fsck
 * complains until the number is right again.
 */
#include <err.h>

#include "fs/ns/items.h"
#include "lib/dev_file.h"

int sfs_lock_local_init(void);

static struct sfs_dev meta, data;

static int set_nlink(struct sfs_fs *fs, u64 ino, u32 nlink)
{
	struct sfs_change *ch;
	int ret;

	ret = sfs_change_create(fs, 1, 1, 0, &ch);
	if (ret)
		return ret;
	sfs_change_begin(ch, fs);
	sfs_op_add(&ch->op, ino, SFS_LOCK_EX);
	ret = sfs_op_start(&ch->op, 1, 0);
	if (!ret)
		ret = sfs_node_read(&ch->op, ino, &ch->node[0]);
	if (!ret) {
		ch->node[0].in.nlink = nlink;
		ret = sfs_node_write(ch, &ch->node[0]);
	}
	ret = sfs_change_end(ch, ret);
	sfs_change_destroy(ch);
	return ret ?: sfs_fs_sync(fs);
}

int main(int argc, char **argv)
{
	struct sfs_volume vol = { .meta = &meta, .data = &data, .rid = 99 };
	struct sfs_fs_params params = { .vol = &vol, .rid = 99 };
	struct sfs_fs *fs;
	int ret;

	if (argc != 5)
		errx(2, "usage: setnlink META DATA INO NLINK");
	ret = sfs_lock_local_init();
	if (!ret)
		ret = sfs_dev_file_open(&meta, argv[1], true, true);
	if (!ret)
		ret = sfs_dev_file_open(&data, argv[2], true, true);
	if (!ret)
		ret = sfs_volume_open(&vol);
	if (!ret)
		ret = sfs_fs_open(&params, &fs);
	if (ret)
		errx(1, "open: %s", strerror(-ret));
	ret = set_nlink(fs, strtoull(argv[3], NULL, 0),
			strtoul(argv[4], NULL, 0));
	if (ret)
		errx(1, "%s: %s", argv[3], strerror(-ret));
	sfs_fs_close(fs, false);
	sfs_volume_close(&vol);
	sfs_dev_file_close(&meta);
	sfs_dev_file_close(&data);
	return 0;
}
