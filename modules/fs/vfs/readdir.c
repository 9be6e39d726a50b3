// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading directories: positions are those of the items, see ns.h.
 *
 * Entries are read into memory of ours first, so no cluster lock is held when
 * user memory is touched.
 */
#include "fs/vfs/vfs.h"

/* false: no more room, or the end. */
static bool sfs_readdir_emit(struct dir_context *ctx, const void *buf,
			     unsigned int len)
{
	const struct sfs_readdir_entry *entry;
	unsigned int off;

	for (off = 0; off < len; off += entry->rec_len) {
		entry = buf + off;
		/* becomes the d_off of the entry before this one */
		ctx->pos = entry->pos;
		if (!dir_emit(ctx, entry->name, entry->name_len, entry->ino,
			      entry->dtype))
			return false;
		ctx->pos = entry->next;
	}
	return true;
}

static int sfs_readdir(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file_inode(file);
	void *buf;
	int ret;

	if (ctx->pos < 0)
		return -EINVAL;
	if (!dir_emit_dots(file, ctx))
		return 0;
	buf = kmalloc(SFS_READDIR_BYTES, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	do {
		ret = sfs_ns_readdir(sfs_inode_fs(dir), sfs_ino(dir), ctx->pos,
				     buf, SFS_READDIR_BYTES);
		if (ret > 0 && fatal_signal_pending(current))
			ret = -EINTR;
		if (ret > 0)
			sfs_ahead_listed(dir, buf, ret);
	} while (ret > 0 && sfs_readdir_emit(ctx, buf, ret));
	kfree(buf);
	return min(ret, 0);
}

static loff_t sfs_dir_llseek(struct file *file, loff_t offset, int whence)
{
	return generic_file_llseek_size(file, offset, whence, S64_MAX,
					i_size_read(file_inode(file)));
}

#define SFS_DIR_FILE_OPS				\
	.llseek		= sfs_dir_llseek,		\
	.read		= generic_read_dir,		\
	.iterate_shared	= sfs_readdir,			\
	.unlocked_ioctl	= sfs_ioctl,			\
	.compat_ioctl	= compat_ptr_ioctl,		\
	.fsync		= sfs_fsync

const struct file_operations sfs_dir_file_ops = {
	SFS_DIR_FILE_OPS,
};

const struct file_operations sfs_dir_cluster_ops = {
	SFS_DIR_FILE_OPS,
	SFS_FLOCK_OPS,
	.lock		= sfs_flock_fcntl,
};
