// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flags of files and directories as chattr(1) sets them: FS_IOC_SETFLAGS,
 * FS_IOC_FSSETXATTR.
 *
 * The project id of an inode is not that of these calls, says the archive ABI: it
 * has 64 bits and an ioctl of its own.
 */
#include "fs/vfs/vfs.h"

#include <linux/fileattr.h>
#include <linux/pagemap.h>

/* A flag: on disk, to users, to the VFS. */
struct sfs_fileattr_flag {
	u32 flag;
	u32 fl;
	unsigned int vfs;	/* 0: it has no use for it */
};

static const struct sfs_fileattr_flag sfs_fileattr_flags[] = {
	{ SFS_INODE_SYNC,	FS_SYNC_FL,		S_SYNC },
	{ SFS_INODE_IMMUTABLE,	FS_IMMUTABLE_FL,	S_IMMUTABLE },
	{ SFS_INODE_APPEND,	FS_APPEND_FL,		S_APPEND },
	{ SFS_INODE_NODUMP,	FS_NODUMP_FL,		0 },
	{ SFS_INODE_NOATIME,	FS_NOATIME_FL,		S_NOATIME },
	{ SFS_INODE_DIRSYNC,	FS_DIRSYNC_FL,		S_DIRSYNC },
};

void sfs_fileattr_apply(struct inode *inode, u32 flags)
{
	unsigned int set = 0;
	unsigned int mask = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sfs_fileattr_flags); i++) {
		mask |= sfs_fileattr_flags[i].vfs;
		if (flags & sfs_fileattr_flags[i].flag)
			set |= sfs_fileattr_flags[i].vfs;
	}
	inode_set_flags(inode, set, mask);
}

int sfs_fileattr_get(struct dentry *dentry, struct fileattr *fa)
{
	struct inode *inode = d_inode(dentry);
	unsigned int i;
	u32 flags;
	u32 fl = 0;
	int ret;

	ret = sfs_inode_revalidate(inode);
	if (ret)
		return ret;
	flags = READ_ONCE(SFS_I(inode)->ni.flags);
	for (i = 0; i < ARRAY_SIZE(sfs_fileattr_flags); i++)
		if (flags & sfs_fileattr_flags[i].flag)
			fl |= sfs_fileattr_flags[i].fl;
	fileattr_fill_flags(fa, fl);
	return 0;
}

/* -EOPNOTSUPP: not all of them are ours */
static int sfs_fileattr_decode(u32 fl, u32 *flags)
{
	unsigned int i;

	*flags = 0;
	for (i = 0; i < ARRAY_SIZE(sfs_fileattr_flags); i++) {
		if (!(fl & sfs_fileattr_flags[i].fl))
			continue;
		*flags |= sfs_fileattr_flags[i].flag;
		fl &= ~sfs_fileattr_flags[i].fl;
	}
	return fl ? -EOPNOTSUPP : 0;
}

/* By the VFS, who has asked for the rights and holds i_rwsem. */
int sfs_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry,
		     struct fileattr *fa)
{
	struct inode *inode = d_inode(dentry);
	struct sfs_inode ni;
	u32 flags, changed;
	int ret;

	if (fileattr_has_fsx(fa))
		return -EOPNOTSUPP;
	ret = sfs_fileattr_decode(fa->flags, &flags);
	if (ret)
		return ret;
	if (flags & SFS_INODE_DIRSYNC && !S_ISDIR(inode->i_mode))
		return -EOPNOTSUPP;
	/* what others change at the same time was not asked for */
	changed = (READ_ONCE(SFS_I(inode)->ni.flags) & SFS_INODE_USER) ^ flags;
	ret = sfs_ns_set_flags(sfs_inode_fs(inode), sfs_ino(inode),
			       changed & flags, changed & ~flags,
			       current_time(inode), &ni);
	if (ret)
		return ret;
	sfs_inode_update(inode, &ni);
	/* pages that are clean ask again before they are written through a mapping */
	if (changed & flags & SFS_INODE_IMMUTABLE && S_ISREG(inode->i_mode))
		ret = filemap_write_and_wait(inode->i_mapping);
	return ret;
}
