// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX ACLs: xattrs in the form that getxattr(2) shows them in.
 *
 * The VFS caches them with the inode; they are forgotten when the group's lock
 * was away (sfs_inode_refresh()).
 */
#include "fs/vfs/vfs.h"

#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>

/* Enough for nearly all of them. */
#define SFS_ACL_BYTES_FEW	512

static const char *sfs_acl_name(int type)
{
	return type == ACL_TYPE_ACCESS ? XATTR_NAME_POSIX_ACL_ACCESS :
					 XATTR_NAME_POSIX_ACL_DEFAULT;
}

static struct posix_acl *sfs_acl_read(struct inode *inode, int type,
				      unsigned int size)
{
	void *value = kvmalloc(size, GFP_KERNEL);
	struct posix_acl *acl;
	int len;

	if (!value)
		return ERR_PTR(-ENOMEM);
	len = sfs_ns_getxattr(sfs_inode_fs(inode), sfs_ino(inode),
			      sfs_acl_name(type), value, size);
	if (len == -ENODATA)
		acl = NULL;
	else if (len < 0)
		acl = ERR_PTR(len);
	else
		acl = posix_acl_from_xattr(&init_user_ns, value, len);
	kvfree(value);
	return acl;
}

struct posix_acl *sfs_get_acl(struct inode *inode, int type, bool rcu)
{
	struct posix_acl *acl;

	if (rcu)
		return ERR_PTR(-ECHILD);
	acl = sfs_acl_read(inode, type, SFS_ACL_BYTES_FEW);
	if (acl == ERR_PTR(-ERANGE))
		acl = sfs_acl_read(inode, type, SFS_XATTR_VALUE_MAX);
	return acl;
}

static void *sfs_acl_encode(const struct posix_acl *acl, size_t *size)
{
	void *value;
	int ret;

	*size = posix_acl_xattr_size(acl->a_count);
	value = kmalloc(*size, GFP_KERNEL);
	if (!value)
		return ERR_PTR(-ENOMEM);
	ret = posix_acl_to_xattr(&init_user_ns, acl, value, *size);
	if (ret < 0) {
		kfree(value);
		return ERR_PTR(ret);
	}
	return value;
}

/* The ACL, NULL: none, and attributes in one transaction. */
static int sfs_acl_store(struct inode *inode, struct posix_acl *acl, int type,
			 unsigned int flags, unsigned int mask,
			 const struct sfs_inode *attr)
{
	struct sfs_xattr_change xattr = {
		.name = sfs_acl_name(type),
		.flags = flags,
	};
	void *value = NULL;
	size_t size = 0;
	struct sfs_inode ni;
	int ret;

	if (acl) {
		value = sfs_acl_encode(acl, &size);
		if (IS_ERR(value))
			return PTR_ERR(value);
	}
	xattr.value = value;
	xattr.len = size;
	ret = sfs_ns_setattr_xattr(sfs_inode_fs(inode), sfs_ino(inode), &xattr,
				   mask, attr, &ni);
	kfree(value);
	if (ret)
		return ret;
	sfs_inode_update(inode, &ni);
	set_cached_acl(inode, type, acl);
	return 0;
}

int sfs_set_acl(struct mnt_idmap *idmap,
		struct sfs_compat_acl_object *object, struct posix_acl *acl,
		int type)
{
	struct inode *inode = sfs_compat_acl_inode(object);
	unsigned int mask = SFS_ATTR_CTIME | SFS_ATTR_GUARDED;
	umode_t mode = inode->i_mode;
	struct sfs_inode attr;
	unsigned int flags = 0;
	int ret;

	if (type == ACL_TYPE_DEFAULT && !S_ISDIR(inode->i_mode))
		return acl ? -EACCES : 0;
	if (type == ACL_TYPE_ACCESS && acl) {
		ret = posix_acl_update_mode(idmap, inode, &mode, &acl);
		if (ret)
			return ret;
	}
	attr.mode = mode;
	attr.ctime = current_time(inode);
	if (mode != inode->i_mode) {
		mask |= SFS_ATTR_MODE;
		flags = SFS_XATTR_MAY_LACK;
	}
	ret = sfs_acl_store(inode, acl, type, flags, mask, &attr);
	return !acl && ret == -ENODATA ? 0 : ret;
}

int sfs_acl_chmod(struct inode *inode, unsigned int mask,
		  const struct sfs_inode *attr)
{
	struct posix_acl *acl = get_inode_acl(inode, ACL_TYPE_ACCESS);
	int ret;

	if (IS_ERR(acl))
		return PTR_ERR(acl);
	if (!acl)
		return sfs_attr_store(inode, mask, attr, 0);
	/* takes the one and returns another, or none with an error */
	ret = __posix_acl_chmod(&acl, GFP_KERNEL, attr->mode);
	if (ret)
		return ret;
	ret = sfs_acl_store(inode, acl, ACL_TYPE_ACCESS, SFS_XATTR_REPLACE,
			    mask, attr);
	posix_acl_release(acl);
	/* another mount has removed it since */
	if (ret == -ENODATA)
		ret = sfs_attr_store(inode, mask, attr, 0);
	return ret;
}

static int sfs_acl_add(struct sfs_new_xattrs *xattrs, struct posix_acl *acl,
		       int type)
{
	size_t size;
	void *value;
	int ret = 0;

	if (acl) {
		value = sfs_acl_encode(acl, &size);
		ret = IS_ERR(value) ? PTR_ERR(value) :
		      sfs_new_xattrs_add(xattrs, "", sfs_acl_name(type), value,
					 size);
	}
	posix_acl_release(acl);
	return ret;
}

/* What a new inode gets from its directory; with ACLs on, umask too. */
int sfs_acl_inherit(struct sfs_new_xattrs *xattrs, struct inode *inode,
		    struct inode *dir)
{
	struct posix_acl *default_acl, *acl;
	int ret, ret2;

	ret = posix_acl_create(dir, &inode->i_mode, &default_acl, &acl);
	if (ret)
		return ret;
	ret = sfs_acl_add(xattrs, default_acl, ACL_TYPE_DEFAULT);
	ret2 = sfs_acl_add(xattrs, acl, ACL_TYPE_ACCESS);
	return ret ? ret : ret2;
}
