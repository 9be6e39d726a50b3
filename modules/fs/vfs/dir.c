// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names: looking up, making, linking, removing, renaming.
 *
 * The VFS holds i_rwsem of the directories of a change, which orders this
 * mount's tasks; what other mounts did since the dentries were looked up is
 * found out by the operation itself and reported as -ESTALE, upon which the
 * VFS begins again and looks up afresh.
 */
#include "fs/vfs/vfs.h"

#include <linux/dcache.h>
#include <linux/namei.h>
#include <linux/posix_acl.h>

/* ---- dentries ----------------------------------------------------------------- */

static bool sfs_dentry_is_fresh(const struct dentry *dentry,
				const struct inode *dir)
{
	struct sfs_group *grp = READ_ONCE(SFS_I(dir)->grp);

	return grp && READ_ONCE(dentry->d_time) == sfs_group_generation(grp);
}

static int sfs_dentry_lookup(struct inode *dir, struct dentry *dentry,
			     struct sfs_dirent *de, u64 *gen)
{
	struct name_snapshot name;
	int ret;

	take_dentry_name_snapshot(&name, dentry);
	ret = sfs_ns_lookup(sfs_inode_fs(dir), sfs_ino(dir), name.name.name,
			    name.name.len, de, gen);
	release_dentry_name_snapshot(&name);
	return ret;
}

/* Does the name still mean what it meant? */
static int sfs_dentry_reread(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct sfs_dirent de;
	u64 gen;
	int ret;

	ret = sfs_dentry_lookup(dir, dentry, &de, &gen);
	if (ret && ret != -ENOENT)
		return ret == -ESTALE ? 0 : ret;
	if (ret ? !!inode : !inode || sfs_ino(inode) != de.ino)
		return 0;
	WRITE_ONCE(dentry->d_time, gen);
	return 1;
}

static int sfs_d_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct dentry *parent;
	struct inode *dir;
	int ret;

	if (flags & LOOKUP_RCU) {
		dir = d_inode_rcu(READ_ONCE(dentry->d_parent));
		return dir && sfs_dentry_is_fresh(dentry, dir) ? 1 : -ECHILD;
	}
	parent = dget_parent(dentry);
	dir = d_inode(parent);
	ret = sfs_dentry_is_fresh(dentry, dir) ||
	      sfs_dentry_reread(dir, dentry);
	dput(parent);
	return ret;
}

const struct dentry_operations sfs_dentry_ops = {
	.d_revalidate	= sfs_d_revalidate,
};

static struct dentry *sfs_lookup(struct inode *dir, struct dentry *dentry,
				 unsigned int flags)
{
	struct inode *inode = NULL;
	struct sfs_dirent de;
	struct dentry *alias;
	u64 gen = 0;
	int ret;

	ret = sfs_ns_lookup(sfs_inode_fs(dir), sfs_ino(dir),
			    dentry->d_name.name, dentry->d_name.len, &de, &gen);
	if (ret && ret != -ENOENT)
		return ERR_PTR(ret);
	if (!ret)
		inode = sfs_iget(dir->i_sb, de.ino);
	if (!IS_ERR(inode))
		sfs_ahead_looked_up(dir, inode);
	WRITE_ONCE(dentry->d_time, gen);
	alias = d_splice_alias(inode, dentry);
	if (!IS_ERR_OR_NULL(alias))
		WRITE_ONCE(alias->d_time, gen);
	return alias;
}

/*
 * The end of an operation on the directory's names.  -EAGAIN: a name means
 * something else by now.
 */
static int sfs_dir_end(struct inode *dir, int ret)
{
	if (ret)
		return ret == -EAGAIN ? -ESTALE : ret;
	return IS_DIRSYNC(dir) ? sfs_inode_sync(dir) : 0;
}

/* ---- making -------------------------------------------------------------------- */

/*
 * The lock generation under which what an operation returned is valid: known
 * when the inode is of a group that was watched since before the operation.
 */
struct sfs_watch {
	struct sfs_group *grp;
	u64 gen;
};

static void sfs_watch_init(struct sfs_watch *watch, const struct inode *inode)
{
	watch->grp = SFS_I(inode)->grp;
	watch->gen = sfs_group_generation(watch->grp);
}

static u64 sfs_watch_gen(const struct sfs_watch *watch, struct sfs_fs *fs,
			 u64 ino)
{
	if (sfs_ino_group(fs, ino) != watch->grp->nr ||
	    sfs_group_generation(watch->grp) != watch->gen)
		return 0;
	return watch->gen;
}

/* An inode that nobody knows yet, with what it inherits. */
static struct inode *sfs_new_inode(struct mnt_idmap *idmap, struct inode *dir,
				   umode_t mode)
{
	struct inode *inode = new_inode(dir->i_sb);

	if (inode)
		inode_init_owner(idmap, inode, dir, mode);
	return inode;
}

static int sfs_create_item(struct inode *inode, struct inode *dir,
			   struct sfs_create *args)
{
	struct sfs_inode_info *di = SFS_I(dir);
	struct sfs_fs *fs = sfs_inode_fs(dir);
	struct sfs_creating creating;
	struct sfs_inode ni, dir_ni;
	struct sfs_watch watch;
	int ret;

	sfs_creating_init(&creating);
	args->creating = &creating;
	args->dir = di->ni.ino;
	args->mode = inode->i_mode;
	args->uid = i_uid_read(inode);
	args->gid = i_gid_read(inode);
	args->project = READ_ONCE(di->ni.project);
	args->group_hint = READ_ONCE(di->ni.alloc_group);
	args->now = current_time(inode);
	sfs_watch_init(&watch, dir);
	ret = sfs_ns_create(fs, args, &ni, &dir_ni);
	if (!ret) {
		sfs_inode_update(dir, &dir_ni);
		ret = sfs_inode_insert(inode, &ni,
				       sfs_watch_gen(&watch, fs, ni.ino));
	}
	sfs_creating_end(fs, &creating);
	args->creating = NULL;
	/* NULL: will be read when it is wanted */
	if (!ret && args->target)
		inode->i_link = kstrndup(args->target, args->target_len,
					 GFP_KERNEL);
	return ret;
}

/*
 * Make what @inode describes by its type, owner and mode; NULL: no memory.
 * Returns it hashed and I_NEW, or another one that has the number already.
 */
static struct inode *sfs_create_inode(struct inode *inode, struct inode *dir,
				      const struct qstr *label_name,
				      struct sfs_create *args)
{
	struct super_block *sb = dir->i_sb;
	struct sfs_new_xattrs xattrs;
	u64 ino;
	int ret;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	ret = sfs_new_xattrs_init(&xattrs, inode, dir, label_name);
	if (!ret) {
		args->xattrs = xattrs.xattr;
		args->nr_xattrs = xattrs.nr;
		ret = sfs_create_item(inode, dir, args);
		if (!xattrs.nr && !ret)
			cache_no_acl(inode);
		sfs_new_xattrs_exit(&xattrs);
	}
	if (!ret)
		return inode;

	ino = sfs_ino(inode);
	make_bad_inode(inode);	/* evicting it deletes nothing */
	iput(inode);
	if (ret != -EBUSY || !ino)
		return ERR_PTR(ret);
	/* somebody guessed the number and was faster */
	inode = sfs_iget(sb, ino);
	return inode;
}

static int sfs_create_name(struct inode *inode, struct inode *dir,
			   struct dentry *dentry, struct sfs_create *args)
{
	args->name = dentry->d_name.name;
	args->name_len = dentry->d_name.len;
	inode = sfs_create_inode(inode, dir, &dentry->d_name, args);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	if (inode->i_state & I_NEW)
		d_instantiate_new(dentry, inode);
	else
		d_instantiate(dentry, inode);
	return sfs_dir_end(dir, 0);
}

static int sfs_create(struct mnt_idmap *idmap, struct inode *dir,
		      struct dentry *dentry, umode_t mode, bool is_excl)
{
	struct sfs_create args = { };
	int ret;

	ret = sfs_create_name(sfs_new_inode(idmap, dir, mode), dir, dentry,
			      &args);
	/*
	 * Another mount was faster, and open(2) without O_EXCL is content with
	 * its file: upon this error the VFS looks the name up again.
	 */
	return ret == -EEXIST && !is_excl ? -ESTALE : ret;
}

static int sfs_mkdir(struct mnt_idmap *idmap, struct inode *dir,
		     struct dentry *dentry, umode_t mode)
{
	return sfs_create(idmap, dir, dentry, mode | S_IFDIR, true);
}

static int sfs_mknod(struct mnt_idmap *idmap, struct inode *dir,
		     struct dentry *dentry, umode_t mode, dev_t rdev)
{
	struct sfs_create args = { .rdev = new_encode_dev(rdev) };

	return sfs_create_name(sfs_new_inode(idmap, dir, mode), dir, dentry,
			       &args);
}

static int sfs_symlink(struct mnt_idmap *idmap, struct inode *dir,
		       struct dentry *dentry, const char *target)
{
	struct sfs_create args = {
		.target = target,
		.target_len = strlen(target),
	};

	if (args.target_len > SFS_SYMLINK_MAX)
		return -ENAMETOOLONG;
	return sfs_create_name(sfs_new_inode(idmap, dir, S_IFLNK | 0777), dir,
			       dentry, &args);
}

static int sfs_tmpfile(struct mnt_idmap *idmap, struct inode *dir,
		       struct file *file, umode_t mode)
{
	struct sfs_create args = { };
	struct inode *inode;

	inode = sfs_create_inode(sfs_new_inode(idmap, dir, mode), dir, NULL,
				 &args);
	if (IS_ERR(inode))
		return finish_open_simple(file, PTR_ERR(inode));
	/* d_tmpfile() takes a link away that it believes is there */
	set_nlink(inode, 1);
	d_tmpfile(file, inode);
	if (inode->i_state & I_NEW)
		unlock_new_inode(inode);
	return finish_open_simple(file, 0);
}

/* ---- links ---------------------------------------------------------------------- */

static int sfs_link(struct dentry *old_dentry, struct inode *dir,
		    struct dentry *dentry)
{
	struct inode *inode = d_inode(old_dentry);
	struct sfs_inode ni, dir_ni;
	bool is_tmpfile;
	int ret;

	is_tmpfile = !inode->i_nlink && (inode->i_state & I_LINKABLE);
	ret = sfs_ns_link(sfs_inode_fs(dir), sfs_ino(inode), sfs_ino(dir),
			  dentry->d_name.name, dentry->d_name.len, is_tmpfile,
			  current_time(inode), &ni, &dir_ni);
	if (ret)
		return sfs_dir_end(dir, ret);
	sfs_inode_update(dir, &dir_ni);
	sfs_inode_update(inode, &ni);
	ihold(inode);
	d_instantiate(dentry, inode);
	return sfs_dir_end(dir, 0);
}

static int sfs_remove(struct inode *dir, struct dentry *dentry, bool is_rmdir)
{
	struct inode *inode = d_inode(dentry);
	struct sfs_inode ni, dir_ni;
	int ret;

	ret = sfs_ns_unlink(sfs_inode_fs(dir), sfs_ino(dir),
			    dentry->d_name.name, dentry->d_name.len,
			    sfs_ino(inode), is_rmdir, current_time(dir), &ni,
			    &dir_ni);
	if (ret)
		return sfs_dir_end(dir, ret);
	sfs_inode_update(dir, &dir_ni);
	sfs_inode_update(inode, &ni);
	return sfs_dir_end(dir, 0);
}

static int sfs_unlink(struct inode *dir, struct dentry *dentry)
{
	return sfs_remove(dir, dentry, false);
}

static int sfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	return sfs_remove(dir, dentry, true);
}

/* ---- rename ----------------------------------------------------------------------- */

static void sfs_rename_update(struct inode *old_dir, struct inode *new_dir,
			      struct inode *inode, struct inode *target,
			      const struct sfs_rename_result *res)
{
	sfs_inode_update(old_dir, &res->old_dir);
	if (new_dir != old_dir)
		sfs_inode_update(new_dir, &res->new_dir);
	sfs_inode_update(inode, &res->inode);
	if (target && target != inode)
		sfs_inode_update(target, &res->target);
}

/* A device without a name yet; if it gets none it is deleted at the end. */
static struct inode *sfs_whiteout_create(struct mnt_idmap *idmap,
					 struct inode *dir)
{
	struct sfs_create args = { .rdev = new_encode_dev(WHITEOUT_DEV) };
	struct inode *inode;

	inode = sfs_create_inode(sfs_new_inode(idmap, dir,
					       S_IFCHR | WHITEOUT_MODE),
				 dir, NULL, &args);
	if (!IS_ERR(inode) && (inode->i_state & I_NEW))
		unlock_new_inode(inode);
	return inode;
}

static unsigned int sfs_rename_flags(unsigned int flags)
{
	return (flags & RENAME_NOREPLACE ? SFS_RENAME_NOREPLACE : 0) |
	       (flags & RENAME_EXCHANGE ? SFS_RENAME_EXCHANGE : 0) |
	       (flags & RENAME_WHITEOUT ? SFS_RENAME_WHITEOUT : 0);
}

static int sfs_rename_inodes(struct inode *old_dir, struct dentry *old_dentry,
			     struct inode *new_dir, struct dentry *new_dentry,
			     struct inode *whiteout, unsigned int flags)
{
	struct inode *inode = d_inode(old_dentry);
	struct inode *target = d_inode(new_dentry);
	struct sfs_rename args = {
		.old_dir = sfs_ino(old_dir),
		.old_name = old_dentry->d_name.name,
		.old_len = old_dentry->d_name.len,
		.new_dir = sfs_ino(new_dir),
		.new_name = new_dentry->d_name.name,
		.new_len = new_dentry->d_name.len,
		.ino = sfs_ino(inode),
		.target_ino = target ? sfs_ino(target) : 0,
		.whiteout_ino = whiteout ? sfs_ino(whiteout) : 0,
		.flags = sfs_rename_flags(flags),
		.now = current_time(inode),
	};
	struct sfs_rename_result *res;
	int ret;

	res = kmalloc(sizeof(*res), GFP_KERNEL);
	if (!res)
		return -ENOMEM;
	ret = sfs_ns_rename(sfs_inode_fs(old_dir), &args, res);
	if (!ret) {
		sfs_rename_update(old_dir, new_dir, inode, target, res);
		if (whiteout)
			sfs_inode_update(whiteout, &res->whiteout);
		/* the VFS gives each dentry the other's place */
		swap(old_dentry->d_time, new_dentry->d_time);
	}
	kfree(res);
	return ret;
}

static int sfs_rename(struct mnt_idmap *idmap, struct inode *old_dir,
		      struct dentry *old_dentry, struct inode *new_dir,
		      struct dentry *new_dentry, unsigned int flags)
{
	struct inode *whiteout = NULL;
	int ret;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if (flags & RENAME_WHITEOUT) {
		whiteout = sfs_whiteout_create(idmap, old_dir);
		if (IS_ERR(whiteout))
			return PTR_ERR(whiteout);
	}
	ret = sfs_rename_inodes(old_dir, old_dentry, new_dir, new_dentry,
				whiteout, flags);
	iput(whiteout);
	/* both directories changed in one transaction */
	return sfs_dir_end(IS_DIRSYNC(old_dir) ? old_dir : new_dir, ret);
}

const struct inode_operations sfs_dir_inode_ops = {
	.lookup		= sfs_lookup,
	.create		= sfs_create,
	.mkdir		= sfs_mkdir,
	.mknod		= sfs_mknod,
	.symlink	= sfs_symlink,
	.tmpfile	= sfs_tmpfile,
	.link		= sfs_link,
	.unlink		= sfs_unlink,
	.rmdir		= sfs_rmdir,
	.rename		= sfs_rename,
	.getattr	= sfs_getattr,
	.setattr	= sfs_setattr,
	.permission	= sfs_permission,
	.listxattr	= sfs_listxattr,
	.update_time	= SFS_COMPAT_UPDATE_TIME(sfs_update_time),
	.get_inode_acl	= sfs_get_acl,
	.set_acl	= sfs_set_acl,
	.fileattr_get	= sfs_fileattr_get,
	.fileattr_set	= sfs_fileattr_set,
};
