// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flags of inodes that users set, as chattr(1) does.
 *
 * The VFS looks at the flags that it knows of an inode, which another mount may
 * have changed since.  So what concerns names and attributes is decided here
 * once more, by what the items say while the operation has their locks.
 *
 *	             IMMUTABLE           APPEND
 *	directory    no name comes       names only come
 *	             or goes
 *	any inode    no link comes or goes; owner, mode, times and xattrs stay
 *	file         bytes stay          bytes are added
 *
 * Bytes are the VFS's matter, see fs/vfs/file.c.
 */
#include "fs/ns/items.h"

/* Of which new files, and directories, begin with those of their directory. */
#define SFS_FLAGS_INHERITED	(SFS_INODE_SYNC | SFS_INODE_NODUMP | \
				 SFS_INODE_NOATIME)

u32 sfs_flags_inherit(u32 dir_flags, u32 mode)
{
	if (S_ISDIR(mode))
		return dir_flags & (SFS_FLAGS_INHERITED | SFS_INODE_DIRSYNC);
	return S_ISREG(mode) ? dir_flags & SFS_FLAGS_INHERITED : 0;
}

int sfs_flags_may_add(const struct sfs_inode *dir)
{
	return dir->flags & SFS_INODE_IMMUTABLE ? -EPERM : 0;
}

int sfs_flags_may_remove(const struct sfs_inode *dir,
			 const struct sfs_inode *inode)
{
	return (dir->flags | inode->flags) & SFS_INODE_FIXED ? -EPERM : 0;
}

static int sfs_flags_change(struct sfs_change *ch, u64 ino, u32 set, u32 clear,
			    struct timespec64 now)
{
	struct sfs_node *node = &ch->node[0];
	int ret;

	ret = sfs_node_read(&ch->op, ino, node);
	if (ret)
		return ret;
	if (set & SFS_INODE_DIRSYNC && !S_ISDIR(node->in.mode))
		return -EINVAL;
	node->in.flags = (node->in.flags & ~clear) | set;
	sfs_node_touch(&ch->op, node, now);
	return sfs_node_write(ch, node);
}

int sfs_ns_set_flags(struct sfs_fs *fs, u64 ino, u32 set, u32 clear,
		     struct timespec64 now, struct sfs_inode *inode)
{
	struct sfs_change *ch;
	int ret;

	if ((set | clear) & ~SFS_INODE_USER)
		return -EINVAL;
	ret = sfs_change_create(fs, 1, 1, 0, &ch);
	if (ret)
		return ret;
	sfs_change_begin(ch, fs);
	sfs_op_add(&ch->op, ino, SFS_LOCK_EX);
	ret = sfs_op_start(&ch->op, 1, 0);
	if (!ret)
		ret = sfs_flags_change(ch, ino, set, clear, now);
	ret = sfs_change_end(ch, ret);
	if (!ret)
		*inode = ch->node[0].in;
	sfs_change_destroy(ch);
	return ret;
}
