// SPDX-License-Identifier: GPL-2.0-only
/*
 * A volume with something of everything on it.
 */
#include "fuzz.h"

#include "lib/mkfs.h"
#include "lock/provider.h"

static void fuzz_quiet(int level, const char *msg)
{
	(void)level;
	(void)msg;
}

static u64 fuzz_clock(void)
{
	static u64 now = 1000;

	return now++;
}

void fuzz_start(void)
{
	if (!getenv("FUZZ_VERBOSE"))
		port_log = fuzz_quiet;
	port_clock = fuzz_clock;
	port_seed(1);
	if (sfs_lock_local_init())
		port_die("lock provider");
}

static void fuzz_need(int ret, const char *what)
{
	if (ret)
		port_die("%s: error %d", what, ret);
}

static u64 fuzz_create(struct sfs_fs *fs, u64 dir, const char *name, u32 mode)
{
	static char target[3000];
	struct sfs_create args = {
		.dir = dir,
		.name = name,
		.name_len = strlen(name),
		.mode = mode,
	};
	struct sfs_inode inode, parent;

	if (S_ISLNK(mode)) {
		memset(target, 't', sizeof(target));
		args.target = target;
		args.target_len = sizeof(target);
	}
	fuzz_need(sfs_ns_create(fs, &args, &inode, &parent), "create");
	return inode.ino;
}

static void fuzz_fill_file(struct sfs_fs *fs, u64 ino)
{
	static char value[5000];
	struct timespec64 now = { .tv_sec = 1 };
	struct sfs_inode inode;
	struct sfs_map map;
	u64 block;

	for (block = 0; block < 40; block += 4) {
		fuzz_need(sfs_ns_alloc(fs, ino, block, 2, 2, 0, &map),
			  "alloc");
		fuzz_need(sfs_ns_written(fs, ino, block, map.len,
					 (block + map.len) * 4096, 0),
			  "written");
	}
	fuzz_need(sfs_ns_setxattr(fs, ino, "user.small", value, 3, 0, now,
				  &inode), "setxattr");
	fuzz_need(sfs_ns_setxattr(fs, ino, "user.large", value, sizeof(value),
				  0, now, &inode), "setxattr");
	fuzz_need(sfs_ns_truncate(fs, ino, 30 * 4096, now, 0, &inode),
		  "truncate");
}

static void fuzz_fill(struct sfs_fs *fs)
{
	struct timespec64 now = { .tv_sec = 1 };
	struct sfs_inode inode, parent;
	u64 dir = fuzz_create(fs, SFS_ROOT_INO, "dir", S_IFDIR | 0755);
	u64 file = 0;
	char name[64];
	int i;

	for (i = 0; i < 120; i++) {
		snprintf(name, sizeof(name), "a file with number %d", i);
		file = fuzz_create(fs, dir, name, S_IFREG | 0644);
	}
	fuzz_fill_file(fs, file);
	fuzz_create(fs, dir, "symlink", S_IFLNK | 0777);
	fuzz_create(fs, dir, "subdir", S_IFDIR | 0755);
	fuzz_create(fs, SFS_ROOT_INO, "fifo", S_IFIFO | 0644);
	fuzz_need(sfs_ns_link(fs, file, SFS_ROOT_INO, "hard link", 9, false,
			      now, &inode, &parent), "link");
	/* an open, unlinked file */
	fuzz_need(sfs_ns_unlink(fs, dir, "a file with number 7",
				strlen("a file with number 7"), 0, false, now,
				&inode, &parent), "unlink");
	fuzz_need(sfs_fs_sync(fs), "sync");
}

void fuzz_volume_make(struct sim_img *img, bool is_clean)
{
	struct sim_dev dev[SIM_NR_DEVS];
	struct sfs_volume vol = { .rid = 5 };
	struct sfs_fs_params params = { .vol = &vol, .rid = 5 };
	struct sfs_mkfs_params p;
	struct sfs_fs *fs;
	unsigned int i;

	for (i = 0; i < SIM_NR_DEVS; i++) {
		sim_img_init_flat(&img[i], FUZZ_DEV_BYTES);
		sim_dev_init(&dev[i], &img[i], NULL, i);
	}
	sfs_mkfs_params_init(&p);
	p.fsid = 0x5c00f5;
	p.allow_small = true;
	p.nr_slots = 2;
	p.group_shift = 4;
	fuzz_need(sfs_mkfs(&dev[0].dev, &dev[1].dev, &p, NULL), "mkfs");

	vol.meta = &dev[0].dev;
	vol.data = &dev[1].dev;
	fuzz_need(sfs_volume_open(&vol), "volume");
	fuzz_need(sfs_fs_open(&params, &fs), "mount");
	fuzz_fill(fs);
	sfs_fs_close(fs, !is_clean);
	sfs_volume_close(&vol);
}
