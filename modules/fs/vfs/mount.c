// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount and unmount: devices, volume, multi-mount guard, mount, work, sysfs.
 *
 * Parts start in this order and stop in reverse.  Whoever may still run when
 * the mount stops: revocations until the lock space is gone (they find no
 * inodes), background work until it is cancelled, shrinkers until removed.
 */
#include "fs/netlink/netlink.h"
#include "fs/vfs/options.h"
#include "fs/vfs/trace.h"
#include "fs/vfs/vfs.h"

#include <linux/fs_parser.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/random.h>

/* ---- background work ------------------------------------------------------------ */

static void sfs_sb_work(struct work_struct *work)
{
	struct sfs_sb_info *sbi = container_of(to_delayed_work(work),
					       struct sfs_sb_info, work);
	struct sfs_fs *fs = READ_ONCE(sbi->fs);
	unsigned int nofs;

	if (!fs || READ_ONCE(sbi->is_frozen))
		return;
	nofs = memalloc_nofs_save();
	/* errors are reported and kept where they happen; this comes again */
	sfs_fs_work(fs, SFS_COMMIT_AGE_MS);
	if (!fs->read_only)
		sfs_prealloc_work(sbi);
	memalloc_nofs_restore(nofs);
	queue_delayed_work(sbi->wq, &sbi->work,
			   msecs_to_jiffies(SFS_WORK_INTERVAL_MS));
}

void sfs_sb_kick(struct sfs_sb_info *sbi)
{
	/* NULL: not open yet, the first round comes by itself */
	if (READ_ONCE(sbi->fs) && !READ_ONCE(sbi->is_frozen))
		mod_delayed_work(sbi->wq, &sbi->work, 0);
}

void sfs_sb_work_stop(struct sfs_sb_info *sbi)
{
	WRITE_ONCE(sbi->is_frozen, true);
	/* a late kick finds nothing to do */
	cancel_delayed_work_sync(&sbi->work);
}

void sfs_sb_work_start(struct sfs_sb_info *sbi)
{
	WRITE_ONCE(sbi->is_frozen, false);
	sfs_sb_kick(sbi);
}

static void sfs_mount_kick(void *arg)
{
	sfs_sb_kick(arg);
}

static int sfs_mount_start_queues(struct sfs_sb_info *sbi)
{
	sbi->wq = alloc_workqueue("scoutfs/%s", WQ_MEM_RECLAIM | WQ_UNBOUND, 0,
				  sbi->vol.ident);
	sbi->io_wq = alloc_workqueue("scoutfs_io/%s", WQ_MEM_RECLAIM, 0,
				     sbi->vol.ident);
	return sbi->wq && sbi->io_wq ? 0 : -ENOMEM;
}

static void sfs_mount_stop_queues(struct sfs_sb_info *sbi)
{
	if (sbi->wq)
		destroy_workqueue(sbi->wq);
	if (sbi->io_wq)
		destroy_workqueue(sbi->io_wq);
}

/* ---- devices --------------------------------------------------------------------- */

/* A volume on one device: its super says so, and no other device is named. */
static int sfs_mount_check_one_device(struct fs_context *fc,
				      struct sfs_sb_info *sbi)
{
	struct sfs_super_block *sb;
	const char *why = NULL;
	int ret;

	sb = kmalloc(sizeof(*sb), GFP_KERNEL);
	if (!sb)
		return -ENOMEM;
	ret = sfs_super_read(&sbi->data_dev, sb, &why);
	if (ret == -EUCLEAN)
		ret = invalf(fc, "%s: metadev_path is missing, no volume on one device (%s)",
			     sbi->data_dev.name, why);
	else if (!ret && !(le64_to_cpu(sb->incompat) & SFS_INCOMPAT_ONE_DEVICE))
		ret = invalf(fc, "%s: metadata device, mount the data device instead",
			     sbi->data_dev.name);
	kfree(sb);
	sbi->is_one_device = !ret;
	return ret;
}

static int sfs_mount_open_meta(struct fs_context *fc, struct sfs_sb_info *sbi)
{
	struct super_block *sb = sbi->sb;
	const char *path = sbi->opts.metadev_path;
	bool is_write = !sb_rdonly(sb);
	struct block_device *bdev;
	dev_t dev;
	int ret;

	ret = lookup_bdev(path, &dev);
	if (ret) {
		errorf(fc, "metadev_path=%s: error %d", path, ret);
		return ret;
	}
	if (dev == sb->s_bdev->bd_dev)
		return sfs_mount_check_one_device(fc, sbi);

	bdev = sfs_compat_bdev_open(&sbi->meta_handle, path, true, sb);
	if (IS_ERR(bdev) && !is_write &&
	    (PTR_ERR(bdev) == -EACCES || PTR_ERR(bdev) == -EROFS))
		bdev = sfs_compat_bdev_open(&sbi->meta_handle, path, false, sb);
	if (IS_ERR(bdev)) {
		errorf(fc, "metadev_path=%s: error %ld", path, PTR_ERR(bdev));
		return PTR_ERR(bdev);
	}
	sync_blockdev(bdev);
	invalidate_bdev(bdev);
	sfs_dev_bdev_init(&sbi->meta_dev, bdev);
	if (bdev_read_only(bdev))
		sbi->vol.read_only = true;
	return 0;
}

static int sfs_mount_open_devices(struct fs_context *fc,
				  struct sfs_sb_info *sbi)
{
	struct block_device *bdev = sbi->sb->s_bdev;
	int ret;

	sync_blockdev(bdev);
	invalidate_bdev(bdev);
	sfs_dev_bdev_init(&sbi->data_dev, bdev);
	sbi->vol.read_only = bdev_read_only(bdev);
	if (sbi->opts.metadev_path)
		ret = sfs_mount_open_meta(fc, sbi);
	else
		ret = sfs_mount_check_one_device(fc, sbi);
	if (ret)
		return ret;
	sbi->vol.data = &sbi->data_dev;
	sbi->vol.meta = sbi->is_one_device ? &sbi->data_dev : &sbi->meta_dev;
	if (sbi->vol.read_only && !sb_rdonly(sbi->sb)) {
		errorf(fc, "a device is read-only: mount with -o ro");
		return -EROFS;
	}
	return 0;
}

/* ---- volume and mount --------------------------------------------------------------- */

/* Whoever waits for a lock shall hear of it. */
static void sfs_mount_withdraw_work(struct work_struct *work)
{
	struct sfs_sb_info *sbi = container_of(work, struct sfs_sb_info,
					       withdraw_work);
	struct sfs_fs *fs = READ_ONCE(sbi->fs);

	if (fs)
		sfs_fs_shutdown(fs);
}

/* In any context. */
static void sfs_mount_on_withdraw(void *arg, int error)
{
	struct sfs_sb_info *sbi = arg;

	sfs_nl_mount_event(sbi, SCOUTFS_CMD_WITHDRAW_NTF, error);
	if (READ_ONCE(sbi->fs))
		queue_work(sbi->wq, &sbi->withdraw_work);
}

static u64 sfs_mount_new_rid(void)
{
	u64 rid;

	do {
		rid = get_random_u64();
	} while (!rid || rid == U64_MAX);
	return rid;
}

static int sfs_mount_check_slot(struct fs_context *fc, struct sfs_sb_info *sbi)
{
	s64 nr = sbi->opts.quorum_slot_nr;

	if (nr >= 0 && !sbi->vol.sb->quorum[nr].family)
		return invalf(fc, "quorum_slot_nr=%lld: the volume has no such slot",
			      nr);
	return 0;
}

static bool sfs_mount_is_local(const struct sfs_sb_info *sbi)
{
	return sfs_lock_name_is_local(sbi->opts.lock_provider ?:
				      sbi->vol.sb->lock_provider);
}

static int sfs_mount_open_fs(struct sfs_sb_info *sbi)
{
	struct sfs_fs_params params = {
		.vol = &sbi->vol,
		.lock_provider = sbi->opts.lock_provider,
		.rid = sbi->vol.rid,
		.read_only = sb_rdonly(sbi->sb),
		.quorum_slot = sbi->opts.quorum_slot_nr,
		.heartbeat_ms = sbi->opts.quorum_heartbeat_timeout_ms,
		.keepalive_ms = sbi->opts.tcp_keepalive_timeout_ms,
		.invalidate_inodes = sfs_revoke_inodes,
		.inode_is_open = sfs_asked_is_open,
		.inodes_open = sfs_asked_open,
		.kick = sfs_mount_kick,
		.vfs_arg = sbi,
	};
	unsigned int nofs;
	struct sfs_fs *fs;
	int ret;

	nofs = memalloc_nofs_save();
	ret = sfs_fs_open(&params, &fs);
	memalloc_nofs_restore(nofs);
	if (ret)
		return ret;
	/* a device that cannot be written makes no member of a cluster */
	sbi->is_clustered = sfs_lock_space_is_clustered(fs->locks) &&
			    !sbi->vol.read_only;
	sfs_flock_init(sbi);
	WRITE_ONCE(sbi->fs, fs);
	return 0;
}

/* What was started is stopped; also the end of a mount that worked. */
void sfs_mount_stop(struct sfs_sb_info *sbi)
{
	struct sfs_fs *fs = sbi->fs;
	unsigned int nofs;

	sfs_sysfs_del(sbi);
	sfs_mounts_del(sbi);
	sfs_shrink_stop(sbi);
	sfs_ahead_stop(sbi);
	if (fs) {
		/* who is kicked from now on finds nothing to do */
		WRITE_ONCE(sbi->fs, NULL);
		cancel_delayed_work_sync(&sbi->work);
		cancel_work_sync(&sbi->withdraw_work);
		nofs = memalloc_nofs_save();
		sfs_fs_close(fs, sbi->is_forced);
		memalloc_nofs_restore(nofs);
	}
	sfs_mmp_stop(sbi->mmp, !sbi->is_forced);
	sbi->mmp = NULL;
	if (sbi->vol.sb) {
		if (fs) {
			sfs_info(&sbi->vol, "unmounted");
			sfs_nl_mount_event(sbi, SCOUTFS_CMD_UNMOUNT_NTF, 0);
		}
		sfs_volume_close(&sbi->vol);
	}
	sfs_mount_stop_queues(sbi);
	sbi->wq = NULL;
	sbi->io_wq = NULL;
	sfs_compat_bdev_close(&sbi->meta_handle);
}

static int sfs_mount_start(struct fs_context *fc, struct sfs_sb_info *sbi)
{
	struct sfs_volume *vol = &sbi->vol;
	int ret;

	ret = sfs_mount_open_devices(fc, sbi);
	if (ret)
		return ret;
	vol->rid = sfs_mount_new_rid();
	vol->on_withdraw = sfs_mount_on_withdraw;
	vol->withdraw_arg = sbi;
	vol->user_read_only = sb_rdonly(sbi->sb);
	ret = sfs_volume_open(vol);
	if (ret) {
		errorf(fc, "no scoutfs volume that can be mounted, see the kernel log");
		/* damage of a super is a bad device to mount(2) */
		return ret == -EUCLEAN ? -EINVAL : ret;
	}
	ret = sfs_mount_check_slot(fc, sbi);
	if (!ret)
		ret = sfs_mount_start_queues(sbi);
	if (!ret && !vol->read_only && sfs_mount_is_local(sbi))
		ret = sfs_mmp_start(vol, &sbi->mmp);
	if (ret == -EBUSY)
		errorf(fc, "the volume is mounted by another node");
	/* joining may have to wait for an agent that reads it */
	if (!ret)
		ret = sfs_sysfs_add(sbi);
	if (!ret) {
		sfs_mounts_add(sbi);
		ret = sfs_mount_open_fs(sbi);
	}
	if (!ret)
		ret = sfs_shrink_start(sbi);
	if (!ret)
		ret = sfs_ahead_start(sbi);
	return ret;
}

static int sfs_mount_get_root(struct sfs_sb_info *sbi)
{
	struct super_block *sb = sbi->sb;
	struct inode *inode = sfs_iget(sb, SFS_ROOT_INO);

	if (!IS_ERR(inode) && !S_ISDIR(inode->i_mode)) {
		iput(inode);
		inode = ERR_PTR(-EUCLEAN);
	}
	if (IS_ERR(inode)) {
		sfs_err(&sbi->vol, "the root directory cannot be read: error %ld",
			PTR_ERR(inode));
		return PTR_ERR(inode) == -ESTALE ? -EUCLEAN : PTR_ERR(inode);
	}
	sb->s_root = d_make_root(inode);
	return sb->s_root ? 0 : -ENOMEM;
}

static void sfs_mount_fill_sb(struct super_block *sb,
			      const struct sfs_sb_info *sbi)
{
	sb->s_magic = SFS_SUPER_MAGIC_FTYPE;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_time_gran = 1;
	sb->s_time_min = S64_MIN;
	sb->s_time_max = S64_MAX;
	sb->s_op = sbi->is_clustered ? &sfs_super_cluster_ops : &sfs_super_ops;
	sb->s_d_op = &sfs_dentry_ops;
	sb->s_export_op = &sfs_export_ops;
	sb->s_xattr = sfs_xattr_handlers;
	sb->s_iflags |= SB_I_CGROUPWB;
	sb->s_flags |= SB_I_VERSION | SB_NOSEC;
	if (sbi->opts.is_acl && IS_ENABLED(CONFIG_FS_POSIX_ACL))
		sb->s_flags |= SB_POSIXACL;
	super_set_uuid(sb, sbi->vol.sb->uuid, sizeof(sbi->vol.sb->uuid));
}

static struct sfs_sb_info *sfs_mount_alloc(struct super_block *sb,
					   struct sfs_fc *sfc)
{
	struct sfs_sb_info *sbi = kzalloc(sizeof(*sbi), GFP_KERNEL);

	if (!sbi)
		return NULL;
	sbi->sb = sb;
	/* the context is used for one mount only */
	sbi->opts = sfc->opts;
	sfc->opts.metadev_path = NULL;
	sfc->opts.lock_provider = NULL;
	INIT_DELAYED_WORK(&sbi->work, sfs_sb_work);
	INIT_WORK(&sbi->iput_work, sfs_revoke_iput_work);
	INIT_WORK(&sbi->withdraw_work, sfs_mount_withdraw_work);
	INIT_WORK(&sbi->asked_work, sfs_asked_work);
	INIT_WORK(&sbi->atime_work, sfs_attr_atime_work);
	init_llist_head(&sbi->iputs);
	init_llist_head(&sbi->asked);
	init_llist_head(&sbi->atimes);
	spin_lock_init(&sbi->prealloc_lock);
	INIT_LIST_HEAD(&sbi->preallocs);
	mutex_init(&sbi->trim_lock);
	init_waitqueue_head(&sbi->evict_wait);
	init_rwsem(&sbi->gate);
	init_completion(&sbi->kobj_gone);
	return sbi;
}

static int sfs_mount_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct sfs_sb_info *sbi;
	int ret;

	sbi = sfs_mount_alloc(sb, fc->fs_private);
	if (!sbi)
		return -ENOMEM;
	sb->s_fs_info = sbi;
	if (!sb_set_blocksize(sb, SFS_DATA_BLOCK_BYTES))
		return invalf(fc, "sectors of more than %u bytes",
			      SFS_DATA_BLOCK_BYTES);
	ret = sfs_mount_start(fc, sbi);
	if (ret)
		goto err;
	sfs_mount_fill_sb(sb, sbi);
	ret = sfs_mount_get_root(sbi);
	if (ret)
		goto err;
	queue_delayed_work(sbi->wq, &sbi->work,
			   msecs_to_jiffies(SFS_WORK_INTERVAL_MS));
	trace_scoutfs_mount(sb, &sbi->vol);
	sfs_nl_mount_event(sbi, SCOUTFS_CMD_MOUNT_NTF, 0);
	sfs_info(&sbi->vol, "mounted %s, locks by %s%s", sb->s_id,
		 sbi->opts.lock_provider ?: sbi->vol.sb->lock_provider,
		 sb_rdonly(sb) ? ", read-only" : "");
	return 0;

err:
	/* with a root put_super() comes and stops it */
	if (!sb->s_root) {
		sfs_revoke_stop(sbi);
		sfs_mount_stop(sbi);
	}
	return ret;
}

int sfs_mount_get_tree(struct fs_context *fc)
{
	return get_tree_bdev(fc, sfs_mount_fill_super);
}

void sfs_kill_sb(struct super_block *sb)
{
	struct sfs_sb_info *sbi = SFS_SB(sb);

	if (sbi && sb->s_root) {
		/* clean inodes need no revocation any more, and no references */
		sync_filesystem(sb);
		sfs_revoke_stop(sbi);
	}
	kill_block_super(sb);
	if (!sbi)
		return;
	sfs_opts_exit(&sbi->opts);
	kfree(sbi);
}
