// SPDX-License-Identifier: GPL-2.0-only
/*
 * The super block's operations and the filesystem context.
 */
#include "fs/vfs/options.h"
#include "fs/vfs/vfs.h"

#include <linux/fs_parser.h>
#include <linux/statfs.h>

/* One inode number needs 32 for each 64 KiB of metadata, says the ABI. */
#define SFS_STATFS_SHIFT	16
#define SFS_STATFS_INODES	32

/* Metadata blocks in blocks of 4096 bytes. */
static u64 sfs_statfs_meta(const struct sfs_volume *vol, u64 blocks)
{
	return blocks << (vol->block_shift - SFS_DATA_BLOCK_SHIFT);
}

static void sfs_statfs_fsid(const struct sfs_volume *vol, __kernel_fsid_t *fsid)
{
	const u8 *uuid = vol->sb->uuid;

	fsid->val[0] = get_unaligned_le32(uuid) ^ get_unaligned_le32(uuid + 4);
	fsid->val[1] = get_unaligned_le32(uuid + 8) ^
		       get_unaligned_le32(uuid + 12);
}

static int sfs_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct sfs_sb_info *sbi = SFS_SB(dentry->d_sb);
	struct sfs_volume *vol = &sbi->vol;
	struct sfs_fs_stat st;
	u64 reserved;
	int ret;

	ret = sfs_fs_statfs(sbi->fs, &st);
	if (ret)
		return ret;
	buf->f_type = SFS_SUPER_MAGIC_FTYPE;
	buf->f_bsize = SFS_DATA_BLOCK_BYTES;
	buf->f_frsize = SFS_DATA_BLOCK_BYTES;
	buf->f_namelen = SFS_NAME_MAX;
	buf->f_blocks = sfs_statfs_meta(vol, st.total_meta_blocks) +
			st.total_data_blocks;
	buf->f_bfree = sfs_statfs_meta(vol, st.free_meta_blocks) +
		       st.free_data_blocks;
	reserved = sfs_statfs_meta(vol, min(st.reserved_meta_blocks,
					    st.free_meta_blocks));
	buf->f_bavail = buf->f_bfree - reserved;
	buf->f_files = (st.total_meta_blocks << vol->block_shift >>
			SFS_STATFS_SHIFT) * SFS_STATFS_INODES;
	buf->f_ffree = buf->f_files > st.nr_inodes ?
		       buf->f_files - st.nr_inodes : 0;
	sfs_statfs_fsid(vol, &buf->f_fsid);
	return 0;
}

static int sfs_sync_fs(struct super_block *sb, int is_wait)
{
	struct sfs_fs *fs = SFS_SB(sb)->fs;
	int ret;

	if (!is_wait) {
		sfs_sb_kick(SFS_SB(sb));
		return 0;
	}
	/* what the VFS has handed us while it wrote back */
	flush_work(&SFS_SB(sb)->atime_work);
	/* data that was written over in place has no transaction of its own */
	if (!fs->vol->read_only && !sfs_volume_error(fs->vol)) {
		ret = fs->vol->data->ops->flush(fs->vol->data);
		if (ret)
			return ret;
	}
	return sfs_fs_sync(fs);
}

static void sfs_put_super(struct super_block *sb)
{
	sfs_mount_stop(SFS_SB(sb));
}

static void sfs_umount_begin(struct super_block *sb)
{
	struct sfs_sb_info *sbi = SFS_SB(sb);

	sbi->is_forced = true;
	sfs_volume_withdraw(&sbi->vol, -EIO, "forced unmount");
	sfs_fs_shutdown(sbi->fs);
}

/*
 * The VFS keeps writers out and has synced; inodes without links are left to be
 * deleted later.  So with background work standing still nothing is written but
 * the multi-mount guard's page, without which another host might believe that we
 * are dead.
 */
static int sfs_freeze_fs(struct super_block *sb)
{
	struct sfs_sb_info *sbi = SFS_SB(sb);
	int ret;

	sfs_sb_work_stop(sbi);
	/* what that work and the last deletions have changed */
	ret = sfs_sync_fs(sb, 1);
	if (ret)
		sfs_sb_work_start(sbi);
	return ret;
}

static int sfs_unfreeze_fs(struct super_block *sb)
{
	sfs_sb_work_start(SFS_SB(sb));
	return 0;
}

#define SFS_SUPER_OPS					\
	.alloc_inode	= sfs_alloc_inode,		\
	.free_inode	= sfs_free_inode,		\
	.drop_inode	= sfs_drop_inode,		\
	.evict_inode	= sfs_evict_inode,		\
	.write_inode	= sfs_write_inode,		\
	.put_super	= sfs_put_super,		\
	.sync_fs	= sfs_sync_fs,			\
	.statfs		= sfs_statfs,			\
	.umount_begin	= sfs_umount_begin,		\
	.show_options	= sfs_opts_show

const struct super_operations sfs_super_ops = {
	SFS_SUPER_OPS,
	.freeze_fs	= sfs_freeze_fs,
	.unfreeze_fs	= sfs_unfreeze_fs,
};

/* One mount cannot freeze what others write to: fsfreeze(8) is told so. */
const struct super_operations sfs_super_cluster_ops = {
	SFS_SUPER_OPS,
};

/* ---- filesystem context --------------------------------------------------------- */

static void sfs_fc_free(struct fs_context *fc)
{
	struct sfs_fc *sfc = fc->fs_private;

	if (!sfc)
		return;
	sfs_opts_exit(&sfc->opts);
	kfree(sfc);
}

static int sfs_reconfigure_rw(struct fs_context *fc, struct sfs_sb_info *sbi)
{
	int ret = sfs_volume_error(&sbi->vol);

	if (ret) {
		errorf(fc, "the mount was withdrawn: unmount it");
		return ret;
	}
	if (sbi->vol.read_only) {
		errorf(fc, "a device is read-only, or unknown features make the volume so");
		return -EROFS;
	}
	sbi->fs->read_only = false;
	return 0;
}

static int sfs_reconfigure(struct fs_context *fc)
{
	struct super_block *sb = fc->root->d_sb;
	struct sfs_sb_info *sbi = SFS_SB(sb);
	struct sfs_fc *sfc = fc->fs_private;
	bool is_ro = fc->sb_flags & SB_RDONLY;
	int ret;

	ret = sfs_opts_check_remount(fc, &sbi->opts);
	if (ret)
		return ret;
	if (!sb_rdonly(sb) && is_ro)
		sfs_prealloc_return(sbi);
	sync_filesystem(sb);
	if (sb_rdonly(sb) && !is_ro) {
		ret = sfs_reconfigure_rw(fc, sbi);
		if (ret)
			return ret;
	}
	if (!sb_rdonly(sb) && is_ro)
		sbi->fs->read_only = true;
	/* remount(2) would take it away */
	fc->sb_flags |= SB_I_VERSION;
	sfs_opts_remount(&sbi->opts, &sfc->opts);
	sfs_sb_kick(sbi);
	return 0;
}

static const struct fs_context_operations sfs_context_ops = {
	.free		= sfs_fc_free,
	.parse_param	= sfs_opts_parse,
	.get_tree	= sfs_mount_get_tree,
	.reconfigure	= sfs_reconfigure,
};

int sfs_init_fs_context(struct fs_context *fc)
{
	struct sfs_fc *sfc = kzalloc(sizeof(*sfc), GFP_KERNEL);
	int ret = 0;

	if (!sfc)
		return -ENOMEM;
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE)
		ret = sfs_opts_copy(&sfc->opts,
				    &SFS_SB(fc->root->d_sb)->opts);
	else
		sfs_opts_init(&sfc->opts);
	if (ret) {
		kfree(sfc);
		return ret;
	}
	fc->log.prefix = "scoutfs";
	fc->fs_private = sfc;
	fc->ops = &sfs_context_ops;
	return 0;
}
