// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of an inode by its number: archive ABI, 1.4 and 1.19.
 *
 * Each link is looked up by itself, so names that change meanwhile may be missed or
 * told as they were; one that stays is always told.  An entry that is no longer where
 * the inode says is asked for again: the inode says it anew then.
 */
#include "fs/scoutfs_ioctl.h"
#include "fs/vfs/vfs.h"

enum {
	SFS_REFERRER_TRIES	= 10,	/* times that names may change meanwhile */
	SFS_REFERRER_ALIGN	= 16,	/* of records */
};

struct sfs_referrer {
	u64 dir;
	u64 pos;
	u8 dtype;
	u8 len;
	char name[SFS_NAME_MAX + 1];
};

/* -EAGAIN: the entry there is of another inode, or gone. */
static int sfs_referrer_name(struct sfs_fs *fs, u64 ino,
			     struct sfs_referrer *ref)
{
	u8 buf[sizeof(struct sfs_readdir_entry) + SFS_NAME_MAX + 9]
		__aligned(8);
	const struct sfs_readdir_entry *entry = (void *)buf;
	int ret;

	ret = sfs_ns_readdir(fs, ref->dir, ref->pos, buf, sizeof(buf));
	if (ret < 0)
		return ret == -ESTALE || ret == -ENOENT || ret == -ENOTDIR ?
		       -EAGAIN : ret;
	if (!ret || entry->pos != ref->pos || entry->ino != ino)
		return -EAGAIN;
	ref->dtype = entry->dtype;
	ref->len = entry->name_len;
	memcpy(ref->name, entry->name, ref->len);
	ref->name[ref->len] = 0;
	return 0;
}

/* The first one at or after ref's place; -ENOENT, -ELOOP. */
static int sfs_referrer_next(struct sfs_fs *fs, u64 ino,
			     struct sfs_referrer *ref)
{
	const u64 dir = ref->dir, pos = ref->pos;
	unsigned int tries;
	int ret;

	for (tries = 0; tries <= SFS_REFERRER_TRIES; tries++) {
		ref->dir = dir;
		ref->pos = pos;
		ret = sfs_ns_next_link(fs, ino, &ref->dir, &ref->pos);
		if (!ret)
			ret = sfs_referrer_name(fs, ino, ref);
		if (ret != -EAGAIN)
			return ret == -ESTALE ? -ENOENT : ret;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return -ELOOP;
}

/* ---- paths ---------------------------------------------------------------- */

/* Being written from its end to its beginning. */
struct sfs_ino_path {
	char *buf;
	unsigned int at;	/* where it begins */
	unsigned int size;
};

static int sfs_ino_path_prepend(struct sfs_ino_path *path,
				const struct sfs_referrer *ref)
{
	bool is_last = path->at == path->size;

	if (path->at < ref->len + 1)
		return -ENAMETOOLONG;
	path->buf[--path->at] = is_last ? 0 : '/';
	path->at -= ref->len;
	memcpy(path->buf + path->at, ref->name, ref->len);
	return 0;
}

/* From the target's entry upwards; -EAGAIN: a parent vanished. */
static int sfs_ino_path_walk(struct sfs_fs *fs, struct sfs_referrer *ref,
			     struct sfs_ino_path *path)
{
	u64 ino;
	int ret;

	path->at = path->size;
	for (;;) {
		ret = sfs_ino_path_prepend(path, ref);
		if (ret || ref->dir == SFS_ROOT_INO)
			return ret;
		ino = ref->dir;
		ret = sfs_ns_parent(fs, ino, &ref->dir, &ref->pos);
		if (!ret)
			ret = sfs_referrer_name(fs, ino, ref);
		if (ret)
			return ret == -ENOENT || ret == -ESTALE ? -EAGAIN : ret;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
}

static int sfs_ino_path_find(struct sfs_fs *fs,
			     const struct scoutfs_ioctl_ino_path *args,
			     struct scoutfs_ioctl_ino_path_result *res,
			     struct sfs_referrer *ref,
			     struct sfs_ino_path *path)
{
	unsigned int tries;
	int ret;

	for (tries = 0; tries <= SFS_REFERRER_TRIES; tries++) {
		ref->dir = args->dir_ino;
		ref->pos = args->dir_pos;
		ret = sfs_referrer_next(fs, args->ino, ref);
		if (ret)
			return ret;
		res->dir_ino = ref->dir;
		res->dir_pos = ref->pos;
		ret = sfs_ino_path_walk(fs, ref, path);
		if (ret != -EAGAIN)
			return ret;
	}
	return -ELOOP;
}

static int sfs_ino_path_copy(const struct scoutfs_ioctl_ino_path *args,
			     struct scoutfs_ioctl_ino_path_result *res,
			     const struct sfs_ino_path *path)
{
	struct scoutfs_ioctl_ino_path_result __user *to =
		u64_to_user_ptr(args->result_ptr);

	res->path_bytes = path->size - path->at;
	/* the header last: with it there is a path */
	if (copy_to_user(to->path, path->buf + path->at, res->path_bytes) ||
	    copy_to_user(to, res, sizeof(*res)))
		return -EFAULT;
	return 0;
}

int sfs_ioctl_ino_path(struct file *file,
		       struct scoutfs_ioctl_ino_path __user *arg)
{
	struct sfs_fs *fs = sfs_inode_fs(file_inode(file));
	struct scoutfs_ioctl_ino_path_result res = { };
	struct scoutfs_ioctl_ino_path args;
	struct sfs_ino_path path = { };
	struct sfs_referrer *ref;
	int ret;

	if (!capable(CAP_DAC_READ_SEARCH))
		return -EPERM;
	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.result_bytes > sizeof(res))
		path.size = args.result_bytes - sizeof(res);
	path.buf = kvmalloc(path.size + 1, GFP_KERNEL);
	ref = kmalloc(sizeof(*ref), GFP_KERNEL);
	ret = path.buf && ref ?
	      sfs_ino_path_find(fs, &args, &res, ref, &path) : -ENOMEM;
	if (!ret)
		ret = sfs_ino_path_copy(&args, &res, &path);
	kfree(ref);
	kvfree(path.buf);
	return ret;
}

/* ---- entries -------------------------------------------------------------- */

/* Where records go. */
struct sfs_referrer_out {
	u8 __user *to;
	u64 left;
	u64 ino;
};

/* -EINVAL: it does not fit. */
static int sfs_referrer_put(struct sfs_referrer_out *out,
			    const struct sfs_referrer *ref, bool is_last)
{
	const unsigned int head = offsetof(struct scoutfs_ioctl_dirent, name);
	struct scoutfs_ioctl_dirent ent = {
		.dir_ino = ref->dir,
		.dir_pos = ref->pos,
		.ino = out->ino,
		.entry_bytes = round_up(head + ref->len + 1,
					SFS_REFERRER_ALIGN),
		.flags = is_last ? SCOUTFS_IOCTL_DIRENT_FLAG_LAST : 0,
		.d_type = ref->dtype,
		.name_len = ref->len,
	};

	if (out->left < ent.entry_bytes)
		return -EINVAL;
	if (copy_to_user(out->to, &ent, head) ||
	    copy_to_user(out->to + head, ref->name, ref->len + 1))
		return -EFAULT;
	out->to += ent.entry_bytes;
	out->left -= ent.entry_bytes;
	return 0;
}

/* The place right behind ref's; false: there is none. */
static bool sfs_referrer_behind(const struct sfs_referrer *ref,
				struct sfs_referrer *next)
{
	next->dir = ref->dir;
	next->pos = ref->pos + 1;
	return next->pos || ++next->dir;
}

/* ref: two of them, the first at the place to begin with. */
static int sfs_referrers_copy(struct sfs_fs *fs, struct sfs_referrer_out *out,
			      struct sfs_referrer *ref)
{
	bool is_last = false;
	int nr = 0;
	int ret;

	ret = sfs_referrer_next(fs, out->ino, &ref[0]);
	while (!ret && !is_last && nr < INT_MAX) {
		/* readers stop at the last one only */
		ret = sfs_referrer_behind(&ref[0], &ref[1]) ?
		      sfs_referrer_next(fs, out->ino, &ref[1]) : -ENOENT;
		is_last = ret == -ENOENT;
		if (ret && !is_last)
			break;
		ret = sfs_referrer_put(out, &ref[0], is_last);
		if (!ret)
			nr++;
		ref[0] = ref[1];
	}
	if (nr)
		return nr;
	return ret == -ENOENT ? 0 : ret;
}

int sfs_ioctl_referring_entries(struct file *file,
				struct scoutfs_ioctl_get_referring_entries __user *arg)
{
	struct scoutfs_ioctl_get_referring_entries args;
	struct sfs_referrer_out out;
	struct sfs_referrer *ref;
	int ret;

	if (!capable(CAP_DAC_READ_SEARCH))
		return -EPERM;
	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	ref = kcalloc(2, sizeof(*ref), GFP_KERNEL);
	if (!ref)
		return -ENOMEM;
	out.to = u64_to_user_ptr(args.entries_ptr);
	out.left = args.entries_bytes;
	out.ino = args.ino;
	ref[0].dir = args.dir_ino;
	ref[0].pos = args.dir_pos;
	ret = sfs_referrers_copy(sfs_inode_fs(file_inode(file)), &out, ref);
	kfree(ref);
	return ret;
}
