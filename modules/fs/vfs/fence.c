// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/fs/scoutfs/IDENT/fence/RID: requests of a mount that leads, and answers.
 *
 * A directory for each open request of this mount.  They come and go by a work
 * item, because requests are announced under a lock that the files take, too.
 * Names, modes and newlines are the ABI's.
 */
#include "fs/vfs/vfs.h"
#include "lock/fence.h"

#include <linux/sysfs.h>

struct sfs_fence_dir {
	struct kobject kobj;
	struct list_head link;		/* sfs_fence_dirs.dirs */
	u64 fsid;
	u64 owner;
	u64 rid;
	bool is_current;
};

struct sfs_fence_dirs {
	struct sfs_sb_info *sbi;
	struct kobject *parent;
	struct sfs_fence_listener listener;
	struct work_struct work;
	struct list_head dirs;		/* the work's */
};

static struct sfs_fence_dir *sfs_fence_dir(struct kobject *kobj)
{
	return container_of(kobj, struct sfs_fence_dir, kobj);
}

/* ---- files ------------------------------------------------------------------------- */

struct sfs_fence_look {
	const struct sfs_fence_dir *dir;
	struct sfs_fence_info info;
	bool is_found;
};

static bool sfs_fence_look(void *arg, const struct sfs_fence_info *info)
{
	struct sfs_fence_look *look = arg;

	if (info->fsid != look->dir->fsid || info->owner != look->dir->owner ||
	    info->rid != look->dir->rid)
		return true;
	look->info = *info;
	look->is_found = true;
	return false;
}

static bool sfs_fence_find(struct kobject *kobj, struct sfs_fence_info *info)
{
	struct sfs_fence_look look = { .dir = sfs_fence_dir(kobj) };

	sfs_fence_for_each(sfs_fence_look, &look);
	*info = look.info;
	return look.is_found;
}

static ssize_t rid_show(struct kobject *kobj, struct kobj_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%016llx", sfs_fence_dir(kobj)->rid);
}

static ssize_t ipv4_addr_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	struct sfs_fence_info info;

	if (!sfs_fence_find(kobj, &info))
		return -ENODEV;
	/* 0.0.0.0: not known, or none of IPv4 */
	if (info.addr.family != 4)
		memset(info.addr.addr, 0, sizeof(info.addr.addr));
	return sysfs_emit(buf, "%pI4", info.addr.addr);
}

static ssize_t reason_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	struct sfs_fence_info info;

	if (!sfs_fence_find(kobj, &info))
		return -ENODEV;
	return sysfs_emit(buf, "%s", sfs_fence_reason_name(info.reason));
}

static ssize_t elapsed_secs_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	struct sfs_fence_info info;

	if (!sfs_fence_find(kobj, &info))
		return -ENODEV;
	return sysfs_emit(buf, "%llu", div_u64(info.elapsed_ms, MSEC_PER_SEC));
}

static ssize_t fenced_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	struct sfs_fence_info info;

	if (!sfs_fence_find(kobj, &info))
		return -ENODEV;
	return sysfs_emit(buf, "%u", info.is_fenced);
}

static ssize_t error_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	struct sfs_fence_info info;

	if (!sfs_fence_find(kobj, &info))
		return -ENODEV;
	return sysfs_emit(buf, "%u", info.is_error);
}

/* Any write is the answer; one that comes late changes nothing. */
static ssize_t fenced_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *buf, size_t len)
{
	struct sfs_fence_dir *dir = sfs_fence_dir(kobj);

	sfs_fence_answer(dir->fsid, dir->owner, dir->rid, true);
	return len;
}

static ssize_t error_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *buf, size_t len)
{
	struct sfs_fence_dir *dir = sfs_fence_dir(kobj);

	sfs_fence_answer(dir->fsid, dir->owner, dir->rid, false);
	return len;
}

static struct kobj_attribute sfs_fence_rid = __ATTR_RO(rid);
static struct kobj_attribute sfs_fence_ipv4_addr = __ATTR_RO(ipv4_addr);
static struct kobj_attribute sfs_fence_reason_attr = __ATTR_RO(reason);
static struct kobj_attribute sfs_fence_elapsed_secs = __ATTR_RO(elapsed_secs);
static struct kobj_attribute sfs_fence_fenced = __ATTR_RW(fenced);
static struct kobj_attribute sfs_fence_error = __ATTR_RW(error);

static struct attribute *sfs_fence_attrs[] = {
	&sfs_fence_rid.attr,
	&sfs_fence_ipv4_addr.attr,
	&sfs_fence_reason_attr.attr,
	&sfs_fence_elapsed_secs.attr,
	&sfs_fence_fenced.attr,
	&sfs_fence_error.attr,
	NULL
};
ATTRIBUTE_GROUPS(sfs_fence);

static void sfs_fence_dir_release(struct kobject *kobj)
{
	kfree(sfs_fence_dir(kobj));
}

static const struct kobj_type sfs_fence_dir_type = {
	.release	= sfs_fence_dir_release,
	.sysfs_ops	= &kobj_sysfs_ops,
	.default_groups	= sfs_fence_groups,
};

/* ---- directories ---------------------------------------------------------------------- */

static void sfs_fence_dir_add(struct sfs_fence_dirs *fd, u64 rid)
{
	struct sfs_fence_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);

	if (!dir)
		return;	/* the request times out, and comes again */
	dir->fsid = fd->sbi->vol.fsid;
	dir->owner = fd->sbi->vol.rid;
	dir->rid = rid;
	dir->is_current = true;
	if (kobject_init_and_add(&dir->kobj, &sfs_fence_dir_type, fd->parent,
				 "%016llx", rid)) {
		kobject_put(&dir->kobj);
		return;
	}
	list_add_tail(&dir->link, &fd->dirs);
	kobject_uevent(&dir->kobj, KOBJ_ADD);
}

static void sfs_fence_dir_del(struct sfs_fence_dir *dir)
{
	list_del(&dir->link);
	kobject_del(&dir->kobj);
	kobject_put(&dir->kobj);
}

enum { SFS_FENCE_BATCH = 16 };

struct sfs_fence_new {
	struct sfs_fence_dirs *fd;
	unsigned int nr;
	u64 rid[SFS_FENCE_BATCH];
};

static bool sfs_fence_dirs_see(void *arg, const struct sfs_fence_info *info)
{
	struct sfs_fence_new *new = arg;
	struct sfs_fence_dir *dir;

	if (info->fsid != new->fd->sbi->vol.fsid ||
	    info->owner != new->fd->sbi->vol.rid)
		return true;
	list_for_each_entry(dir, &new->fd->dirs, link) {
		if (dir->rid == info->rid) {
			dir->is_current = true;
			return true;
		}
	}
	if (new->nr < SFS_FENCE_BATCH)
		new->rid[new->nr++] = info->rid;
	return true;
}

/* What is shown becomes what there is. */
static void sfs_fence_dirs_work(struct work_struct *work)
{
	struct sfs_fence_dirs *fd = container_of(work, struct sfs_fence_dirs,
						 work);
	struct sfs_fence_new new = { .fd = fd };
	struct sfs_fence_dir *dir, *next;
	unsigned int i;

	list_for_each_entry(dir, &fd->dirs, link)
		dir->is_current = false;
	sfs_fence_for_each(sfs_fence_dirs_see, &new);
	list_for_each_entry_safe(dir, next, &fd->dirs, link)
		if (!dir->is_current)
			sfs_fence_dir_del(dir);
	for (i = 0; i < new.nr; i++)
		sfs_fence_dir_add(fd, new.rid[i]);
	if (new.nr == SFS_FENCE_BATCH)
		queue_work(system_unbound_wq, &fd->work);
}

static void sfs_fence_dirs_changed(struct sfs_fence_listener *listener,
				   const struct sfs_fence_info *info,
				   bool is_new)
{
	struct sfs_fence_dirs *fd = container_of(listener,
						 struct sfs_fence_dirs,
						 listener);

	queue_work(system_unbound_wq, &fd->work);
}

int sfs_fence_dirs_add(struct sfs_sb_info *sbi)
{
	struct sfs_fence_dirs *fd = kzalloc(sizeof(*fd), GFP_KERNEL);

	if (!fd)
		return -ENOMEM;
	fd->sbi = sbi;
	INIT_LIST_HEAD(&fd->dirs);
	INIT_WORK(&fd->work, sfs_fence_dirs_work);
	fd->listener.changed = sfs_fence_dirs_changed;
	fd->parent = kobject_create_and_add("fence", &sbi->kobj);
	if (!fd->parent) {
		kfree(fd);
		return -ENOMEM;
	}
	sbi->fence_dirs = fd;
	sfs_fence_listen(&fd->listener);
	return 0;
}

void sfs_fence_dirs_del(struct sfs_sb_info *sbi)
{
	struct sfs_fence_dirs *fd = sbi->fence_dirs;
	struct sfs_fence_dir *dir, *next;

	if (!fd)
		return;
	sbi->fence_dirs = NULL;
	sfs_fence_unlisten(&fd->listener);
	cancel_work_sync(&fd->work);
	list_for_each_entry_safe(dir, next, &fd->dirs, link)
		sfs_fence_dir_del(dir);
	kobject_put(fd->parent);
	kfree(fd);
}
