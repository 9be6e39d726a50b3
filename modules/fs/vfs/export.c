// SPDX-License-Identifier: GPL-2.0-only
/*
 * File handles, for the NFS server and open_by_handle_at(2).
 *
 * Inode numbers are never reused, so a number alone is a handle for ever, on each
 * mount.  Types and layout are part of the ABI.  Handles come from anywhere: what
 * does not name an inode with links, or one that is in use here, is -ESTALE.
 */
#include "fs/vfs/vfs.h"

#include <linux/dcache.h>
#include <linux/exportfs.h>

/* Numbers are in the byte order of the machine, as the ABI has it. */
struct sfs_fid {
	u64 ino;
	u64 parent_ino;		/* SFS_FID_PARENT only */
} __packed __aligned(4);

enum sfs_fid_types {
	SFS_FID_INO	= 0x81,
	SFS_FID_PARENT	= 0x82,
};

enum sfs_fid_words {
	SFS_FID_INO_WORDS	= 2,
	SFS_FID_PARENT_WORDS	= 4,
};

static_assert(offsetof(struct sfs_fid, parent_ino) == 4 * SFS_FID_INO_WORDS);
static_assert(sizeof(struct sfs_fid) == 4 * SFS_FID_PARENT_WORDS);

static int sfs_encode_fh(struct inode *inode, __u32 *fh, int *max_words,
			 struct inode *parent)
{
	int words = parent ? SFS_FID_PARENT_WORDS : SFS_FID_INO_WORDS;
	struct sfs_fid *fid = (void *)fh;

	if (*max_words < words) {
		*max_words = words;
		return FILEID_INVALID;
	}
	*max_words = words;
	fid->ino = sfs_ino(inode);
	if (!parent)
		return SFS_FID_INO;
	fid->parent_ino = sfs_ino(parent);
	return SFS_FID_PARENT;
}

/* ---- from handles to dentries ----------------------------------------------- */

static struct inode *sfs_export_iget(struct super_block *sb, u64 ino)
{
	struct inode *inode = sfs_iget(sb, ino);
	int ret;

	if (IS_ERR(inode))
		return inode;
	ret = sfs_inode_revalidate(inode);
	/* without links it lives as long as it is open */
	if (!ret && !inode->i_nlink && atomic_read(&inode->i_count) == 1)
		ret = -ESTALE;
	if (ret) {
		iput(inode);
		return ERR_PTR(ret);
	}
	return inode;
}

static struct dentry *sfs_export_dentry(struct super_block *sb, u64 ino)
{
	return d_obtain_alias(sfs_export_iget(sb, ino));
}

static struct dentry *sfs_fh_to_dentry(struct super_block *sb, struct fid *fid,
				       int words, int type)
{
	const struct sfs_fid *own = (void *)fid->raw;

	/* programs make long ones without a parent */
	if (!(type == SFS_FID_INO && words >= SFS_FID_INO_WORDS) &&
	    !(type == SFS_FID_PARENT && words >= SFS_FID_PARENT_WORDS))
		return ERR_PTR(-ESTALE);
	return sfs_export_dentry(sb, own->ino);
}

static struct dentry *sfs_fh_to_parent(struct super_block *sb, struct fid *fid,
				       int words, int type)
{
	const struct sfs_fid *own = (void *)fid->raw;

	if (type != SFS_FID_PARENT || words < SFS_FID_PARENT_WORDS)
		return ERR_PTR(-ESTALE);
	return sfs_export_dentry(sb, own->parent_ino);
}

/* ---- from inodes to names ------------------------------------------------------ */

static struct dentry *sfs_get_parent(struct dentry *child)
{
	u64 dir, pos;
	int ret;

	ret = sfs_ns_parent(sfs_inode_fs(d_inode(child)),
			    sfs_ino(d_inode(child)), &dir, &pos);
	if (ret)
		return ERR_PTR(ret);
	return sfs_export_dentry(child->d_sb, dir);
}

struct sfs_export_name {
	struct inode *dir;
	u64 ino;
	char *name;		/* NAME_MAX + 1 bytes */
	void *buf;		/* SFS_READDIR_BYTES */
};

/* The inode's name among the entries of @len bytes; *pos is what follows them. */
static int sfs_export_pick(struct sfs_export_name *look, unsigned int len,
			   u64 *pos)
{
	const struct sfs_readdir_entry *entry;
	unsigned int off;

	for (off = 0; off < len; off += entry->rec_len) {
		entry = look->buf + off;
		*pos = entry->next;
		if (entry->ino != look->ino)
			continue;
		memcpy(look->name, entry->name, entry->name_len);
		look->name[entry->name_len] = 0;
		return 0;
	}
	return -ENOENT;
}

/* Where its first link is, if that is in this directory. */
static int sfs_export_first_link(struct sfs_export_name *look)
{
	struct sfs_fs *fs = sfs_inode_fs(look->dir);
	u64 dir, pos;
	int ret;

	ret = sfs_ns_parent(fs, look->ino, &dir, &pos);
	if (ret)
		return ret;
	if (dir != sfs_ino(look->dir))
		return -ENOENT;
	/* no more than one entry has to be read */
	ret = sfs_ns_readdir(fs, dir, pos, look->buf,
			     sizeof(struct sfs_readdir_entry) + NAME_MAX + 1);
	return ret < 0 ? ret : sfs_export_pick(look, ret, &pos);
}

/* Another link, or the first one was renamed between two looks. */
static int sfs_export_scan(struct sfs_export_name *look)
{
	u64 pos = 0;
	int ret;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = sfs_ns_readdir(sfs_inode_fs(look->dir),
				     sfs_ino(look->dir), pos, look->buf,
				     SFS_READDIR_BYTES);
		if (ret <= 0)
			return ret ? ret : -ENOENT;
		ret = sfs_export_pick(look, ret, &pos);
	} while (ret == -ENOENT);
	return ret;
}

/* The caller looks up the name and begins again if it means something else. */
static int sfs_get_name(struct dentry *parent, char *name,
			struct dentry *child)
{
	struct sfs_export_name look = {
		.dir = d_inode(parent),
		.ino = sfs_ino(d_inode(child)),
		.name = name,
	};
	int ret;

	look.buf = kmalloc(SFS_READDIR_BYTES, GFP_KERNEL);
	if (!look.buf)
		return -ENOMEM;
	ret = sfs_export_first_link(&look);
	if (ret == -ENOENT)
		ret = sfs_export_scan(&look);
	kfree(look.buf);
	return ret;
}

/* The server has promised it; write_inode() has nothing to do with transactions. */
static int sfs_commit_metadata(struct inode *inode)
{
	return sfs_inode_sync(inode);
}

const struct export_operations sfs_export_ops = {
	.encode_fh		= sfs_encode_fh,
	.fh_to_dentry		= sfs_fh_to_dentry,
	.fh_to_parent		= sfs_fh_to_parent,
	.get_parent		= sfs_get_parent,
	.get_name		= sfs_get_name,
	.commit_metadata	= sfs_commit_metadata,
};
