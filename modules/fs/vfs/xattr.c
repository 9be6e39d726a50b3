// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended attributes: the VFS's handlers, listing, and what new inodes get.
 *
 * Values are not cached; each call sees what all mounts have set.
 */
#include "fs/vfs/vfs.h"

#include <linux/posix_acl_xattr.h>
#include <linux/security.h>
#include <linux/xattr.h>

static int sfs_xattr_handler_get(const struct xattr_handler *handler,
				 struct dentry *dentry, struct inode *inode,
				 const char *name, void *buf, size_t size)
{
	return sfs_ns_getxattr(sfs_inode_fs(inode), sfs_ino(inode),
			       xattr_full_name(handler, name), buf,
			       min_t(size_t, size, SFS_XATTR_VALUE_MAX));
}

static int sfs_xattr_handler_set(const struct xattr_handler *handler,
				 struct mnt_idmap *idmap,
				 struct dentry *dentry, struct inode *inode,
				 const char *name, const void *value,
				 size_t size, int flags)
{
	struct sfs_inode attr = { .ctime = current_time(inode) };
	struct sfs_xattr_change xattr = {
		.name = xattr_full_name(handler, name),
		.value = value,
		.len = min_t(size_t, size, U32_MAX),
		.flags = (flags & XATTR_CREATE ? SFS_XATTR_CREATE : 0) |
			 (flags & XATTR_REPLACE ? SFS_XATTR_REPLACE : 0),
	};
	unsigned int mask = SFS_ATTR_CTIME;
	struct sfs_inode ni;
	int ret;

	/* a write takes the file's capabilities, also when it appends */
	if (value || strcmp(xattr.name, XATTR_NAME_CAPS))
		mask |= SFS_ATTR_GUARDED;
	ret = sfs_ns_setattr_xattr(sfs_inode_fs(inode), sfs_ino(inode), &xattr,
				   mask, &attr, &ni);
	if (!ret)
		sfs_inode_update(inode, &ni);
	return ret;
}

static const struct xattr_handler sfs_xattr_user_handler = {
	.prefix	= XATTR_USER_PREFIX,
	.get	= sfs_xattr_handler_get,
	.set	= sfs_xattr_handler_set,
};

static const struct xattr_handler sfs_xattr_trusted_handler = {
	.prefix	= XATTR_TRUSTED_PREFIX,
	.get	= sfs_xattr_handler_get,
	.set	= sfs_xattr_handler_set,
};

static const struct xattr_handler sfs_xattr_security_handler = {
	.prefix	= XATTR_SECURITY_PREFIX,
	.get	= sfs_xattr_handler_get,
	.set	= sfs_xattr_handler_set,
};

const struct xattr_handler SFS_COMPAT_HANDLER_PTR sfs_xattr_handlers[] = {
	&sfs_xattr_user_handler,
	&sfs_xattr_trusted_handler,
	&sfs_xattr_security_handler,
	SFS_COMPAT_ACL_HANDLERS
	NULL
};

/* ---- listing ------------------------------------------------------------------ */

/* Drop the names that only administrators see; the length that is left. */
static ssize_t sfs_xattr_filter(char *names, ssize_t len)
{
	char *from = names, *to = names, *end = names + len;

	while (from < end) {
		size_t bytes = strnlen(from, end - from - 1) + 1;

		if (strncmp(from, XATTR_TRUSTED_PREFIX,
			    XATTR_TRUSTED_PREFIX_LEN)) {
			memmove(to, from, bytes);
			to += bytes;
		}
		from += bytes;
	}
	return to - names;
}

/* All names in memory of ours; between two looks the list may grow. */
static ssize_t sfs_xattr_list_all(struct inode *inode, char **names)
{
	ssize_t len;

	for (;;) {
		len = sfs_ns_listxattr(sfs_inode_fs(inode), sfs_ino(inode),
				       NULL, 0);
		if (len <= 0)
			return len;
		*names = kvmalloc(len, GFP_KERNEL);
		if (!*names)
			return -ENOMEM;
		len = sfs_ns_listxattr(sfs_inode_fs(inode), sfs_ino(inode),
				       *names, len);
		if (len != -ERANGE)
			return len;
		kvfree(*names);
		*names = NULL;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
}

ssize_t sfs_listxattr(struct dentry *dentry, char *buf, size_t size)
{
	struct inode *inode = d_inode(dentry);
	char *names = NULL;
	ssize_t len;

	if (capable(CAP_SYS_ADMIN))
		return sfs_ns_listxattr(sfs_inode_fs(inode), sfs_ino(inode),
					buf, size);
	len = sfs_xattr_list_all(inode, &names);
	if (len > 0)
		len = sfs_xattr_filter(names, len);
	if (len > 0 && size) {
		if (len > size)
			len = -ERANGE;
		else
			memcpy(buf, names, len);
	}
	kvfree(names);
	return len;
}

/* ---- new inodes ------------------------------------------------------------------ */

int sfs_new_xattrs_add(struct sfs_new_xattrs *xattrs, const char *prefix,
		       const char *name, void *value, unsigned int len)
{
	char *full = kasprintf(GFP_KERNEL, "%s%s", prefix, name);

	if (!full || WARN_ON_ONCE(xattrs->nr == SFS_NEW_XATTRS_MAX)) {
		kfree(full);
		kfree(value);
		return -ENOMEM;
	}
	xattrs->xattr[xattrs->nr].name = full;
	xattrs->xattr[xattrs->nr].value = value;
	xattrs->xattr[xattrs->nr].len = len;
	xattrs->nr++;
	return 0;
}

static int sfs_new_xattrs_label(struct inode *inode, const struct xattr *label,
				void *arg)
{
	int ret = 0;

	for (; label->name && !ret; label++) {
		void *value = kmemdup(label->value, label->value_len,
				      GFP_KERNEL);

		if (!value)
			return -ENOMEM;
		ret = sfs_new_xattrs_add(arg, XATTR_SECURITY_PREFIX,
					 label->name, value, label->value_len);
	}
	return ret;
}

int sfs_new_xattrs_init(struct sfs_new_xattrs *xattrs, struct inode *inode,
			struct inode *dir, const struct qstr *name)
{
	int ret;

	xattrs->nr = 0;
	ret = sfs_acl_inherit(xattrs, inode, dir);
	if (!ret)
		ret = security_inode_init_security(inode, dir, name,
						   sfs_new_xattrs_label,
						   xattrs);
	if (ret)
		sfs_new_xattrs_exit(xattrs);
	return ret;
}

void sfs_new_xattrs_exit(struct sfs_new_xattrs *xattrs)
{
	while (xattrs->nr) {
		xattrs->nr--;
		kfree(xattrs->xattr[xattrs->nr].name);
		kfree(xattrs->xattr[xattrs->nr].value);
	}
}
