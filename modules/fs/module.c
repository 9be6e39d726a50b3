// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module scoutfs: registers the filesystem and says what it is.
 */
#include "fs/netlink/netlink.h"
#include "fs/vfs/options.h"
#include "fs/vfs/vfs.h"

#include <linux/fs.h>

#ifndef SFS_GIT_DESCRIBE
#define SFS_GIT_DESCRIBE	"unknown"
#endif

/*
 * Notes for /sys/module/scoutfs/notes/: a section each, its bytes an ELF note
 * whose description is the text.
 */
#define SFS_NOTE(section_, text_)					\
	static const struct {						\
		u32 name_bytes;						\
		u32 desc_bytes;						\
		u32 type;						\
		char name[8];						\
		char desc[(sizeof(text_) + 3) & ~3];			\
	} sfs_note_##section_ __used __aligned(4)			\
	  __section(".note." #section_) = {				\
		.name_bytes	= sizeof("scoutfs"),			\
		.desc_bytes	= sizeof(text_),			\
		.type		= 0,					\
		.name		= "scoutfs",				\
		.desc		= text_,				\
	}

#define SFS_NOTE_MIN	__stringify(SFS_FORMAT_VERSION_MIN)
#define SFS_NOTE_MAX	__stringify(SFS_FORMAT_VERSION_MAX)

SFS_NOTE(git_describe, SFS_GIT_DESCRIBE);
SFS_NOTE(scoutfs_format_version_min, SFS_NOTE_MIN);
SFS_NOTE(scoutfs_format_version_max, SFS_NOTE_MAX);

struct file_system_type sfs_fs_type = {
	.owner			= THIS_MODULE,
	.name			= "scoutfs",
	.init_fs_context	= sfs_init_fs_context,
	.parameters		= sfs_opt_specs,
	.kill_sb		= sfs_kill_sb,
	.fs_flags		= FS_REQUIRES_DEV | FS_ALLOW_IDMAP,
};

static int __init sfs_module_init(void)
{
	int ret;

	BUILD_BUG_ON(BITS_PER_LONG != 64);	/* inode numbers are i_ino */
	BUILD_BUG_ON(SFS_XATTR_NAME_MAX != XATTR_NAME_MAX);

	ret = sfs_inodes_init();
	if (ret)
		return ret;
	ret = sfs_sysfs_init();
	if (ret)
		goto err_inodes;
	ret = sfs_nl_init();
	if (ret)
		goto err_sysfs;
	ret = register_filesystem(&sfs_fs_type);
	if (ret)
		goto err_netlink;
	return 0;

err_netlink:
	sfs_nl_exit();
err_sysfs:
	sfs_sysfs_exit();
err_inodes:
	sfs_inodes_exit();
	return ret;
}

static void __exit sfs_module_exit(void)
{
	unregister_filesystem(&sfs_fs_type);
	sfs_nl_exit();
	sfs_sysfs_exit();
	sfs_inodes_exit();
}

module_init(sfs_module_init);
module_exit(sfs_module_exit);
MODULE_ALIAS_FS("scoutfs");
MODULE_DESCRIPTION("scoutfs: clustered filesystem for very large archives");
MODULE_LICENSE("GPL");
MODULE_INFO(git_describe, SFS_GIT_DESCRIBE);
MODULE_INFO(scoutfs_format_version_min, SFS_NOTE_MIN);
MODULE_INFO(scoutfs_format_version_max, SFS_NOTE_MAX);
