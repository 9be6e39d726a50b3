// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/fs/scoutfs/IDENT: identity, counters and options of each mount.
 *
 * Names, modes and newlines are the ABI's.
 */
#include "fs/vfs/vfs.h"
#include "lock/cluster_info.h"

#include <linux/kdev_t.h>
#include <linux/sysfs.h>

static struct kset *sfs_kset;

/* A file: show and store get it back, @nr says which of several. */
struct sfs_sysfs_attr {
	struct attribute attr;
	ssize_t (*show)(struct sfs_sb_info *sbi, unsigned int nr, char *buf);
	ssize_t (*store)(struct sfs_sb_info *sbi, unsigned int nr,
			 const char *buf);
	unsigned int nr;
};

#define SFS_SYSFS_ATTR(name_, mode_, show_, store_, nr_)		\
	static struct sfs_sysfs_attr sfs_sysfs_##name_ = {		\
		.attr	= { .name = #name_, .mode = mode_ },		\
		.show	= show_,					\
		.store	= store_,					\
		.nr	= nr_,						\
	}

static struct sfs_sb_info *sfs_sysfs_sbi(struct kobject *kobj)
{
	return container_of(kobj, struct sfs_sb_info, kobj);
}

static ssize_t sfs_sysfs_show(struct kobject *kobj, struct attribute *attr,
			      char *buf)
{
	struct sfs_sysfs_attr *a = container_of(attr, struct sfs_sysfs_attr,
						attr);

	return a->show(sfs_sysfs_sbi(kobj), a->nr, buf);
}

static ssize_t sfs_sysfs_store(struct kobject *kobj, struct attribute *attr,
			       const char *buf, size_t len)
{
	struct sfs_sysfs_attr *a = container_of(attr, struct sfs_sysfs_attr,
						attr);
	ssize_t ret;

	if (!a->store)
		return -EIO;
	ret = a->store(sfs_sysfs_sbi(kobj), a->nr, buf);
	return ret ? ret : len;
}

static const struct sysfs_ops sfs_sysfs_ops = {
	.show	= sfs_sysfs_show,
	.store	= sfs_sysfs_store,
};

/* ---- identity ------------------------------------------------------------------ */

static ssize_t sfs_sysfs_show_dev(struct sfs_sb_info *sbi, unsigned int nr,
				  char *buf)
{
	dev_t dev = sbi->sb->s_bdev->bd_dev;

	return sysfs_emit(buf, "%u:%u\n", MAJOR(dev), MINOR(dev));
}

static ssize_t sfs_sysfs_show_version(struct sfs_sb_info *sbi, unsigned int nr,
				      char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  le32_to_cpu(sbi->vol.sb->format_version));
}

static ssize_t sfs_sysfs_show_fsid(struct sfs_sb_info *sbi, unsigned int nr,
				   char *buf)
{
	return sysfs_emit(buf, "%016llx\n", sbi->vol.fsid);
}

static ssize_t sfs_sysfs_show_rid(struct sfs_sb_info *sbi, unsigned int nr,
				  char *buf)
{
	return sysfs_emit(buf, "%016llx\n", sbi->vol.rid);
}

SFS_SYSFS_ATTR(data_device_maj_min, 0444, sfs_sysfs_show_dev, NULL, 0);
SFS_SYSFS_ATTR(format_version, 0444, sfs_sysfs_show_version, NULL, 0);
SFS_SYSFS_ATTR(fsid, 0444, sfs_sysfs_show_fsid, NULL, 0);
SFS_SYSFS_ATTR(rid, 0444, sfs_sysfs_show_rid, NULL, 0);

static struct attribute *sfs_sysfs_identity[] = {
	&sfs_sysfs_data_device_maj_min.attr,
	&sfs_sysfs_format_version.attr,
	&sfs_sysfs_fsid.attr,
	&sfs_sysfs_rid.attr,
	NULL
};

static const struct attribute_group sfs_sysfs_identity_group = {
	.attrs	= sfs_sysfs_identity,
};

/* ---- counters -------------------------------------------------------------------- */

static ssize_t sfs_sysfs_show_counter(struct sfs_sb_info *sbi, unsigned int nr,
				      char *buf)
{
	return sysfs_emit(buf, "%lld\n",
			  atomic64_read(&sbi->vol.counters[nr]));
}

static struct sfs_sysfs_attr sfs_sysfs_counts[] = {
#define SFS_SYSFS_COUNTER(name_, text)					\
	[SFS_CNT_##name_] = {						\
		.attr	= { .name = #name_, .mode = 0644 },		\
		.show	= sfs_sysfs_show_counter,			\
		.nr	= SFS_CNT_##name_,				\
	},
	SFS_COUNTERS(SFS_SYSFS_COUNTER)
#undef SFS_SYSFS_COUNTER
};

static struct attribute *sfs_sysfs_counters[] = {
#define SFS_SYSFS_COUNTER(name, text) \
	[SFS_CNT_##name] = &sfs_sysfs_counts[SFS_CNT_##name].attr,
	SFS_COUNTERS(SFS_SYSFS_COUNTER)
#undef SFS_SYSFS_COUNTER
	[SFS_CNT_NR] = NULL
};

static const struct attribute_group sfs_sysfs_counter_group = {
	.name	= "counters",
	.attrs	= sfs_sysfs_counters,
};

/* ---- mount options ------------------------------------------------------------------ */

static ssize_t sfs_sysfs_show_num(struct sfs_sb_info *sbi, unsigned int nr,
				  char *buf)
{
	const struct sfs_opt_num *opt = &sfs_opt_nums[nr];

	int len;

	/* without newline, says the ABI */
	len = sysfs_emit(buf, "%llu",
			 READ_ONCE(*sfs_opt_num_ptr(opt, &sbi->opts)));
	return len;
}

static ssize_t sfs_sysfs_store_num(struct sfs_sb_info *sbi, unsigned int nr,
				   const char *buf)
{
	int ret = sfs_opt_num_set(&sfs_opt_nums[nr], &sbi->opts, buf);

	/* the work reads them anew */
	if (!ret)
		sfs_sb_kick(sbi);
	return ret;
}

static ssize_t sfs_sysfs_show_metadev(struct sfs_sb_info *sbi, unsigned int nr,
				      char *buf)
{
	int len;

	/* without newline, says the ABI */
	len = sysfs_emit(buf, "%s", sbi->opts.metadev_path ?: "");
	return len;
}

static ssize_t sfs_sysfs_show_slot(struct sfs_sb_info *sbi, unsigned int nr,
				   char *buf)
{
	return sysfs_emit(buf, "%lld\n", sbi->opts.quorum_slot_nr);
}

SFS_SYSFS_ATTR(metadev_path, 0444, sfs_sysfs_show_metadev, NULL, 0);
SFS_SYSFS_ATTR(quorum_slot_nr, 0444, sfs_sysfs_show_slot, NULL, 0);

/* Filled from the table of options when the module starts. */
#define SFS_SYSFS_NUMS_MAX	16
static struct sfs_sysfs_attr sfs_sysfs_nums[SFS_SYSFS_NUMS_MAX];
static struct attribute *sfs_sysfs_options[SFS_SYSFS_NUMS_MAX + 3] = {
	&sfs_sysfs_metadev_path.attr,
	&sfs_sysfs_quorum_slot_nr.attr,
};

static const struct attribute_group sfs_sysfs_option_group = {
	.name	= "mount_options",
	.attrs	= sfs_sysfs_options,
};

static void sfs_sysfs_fill_options(void)
{
	unsigned int nr = 2;
	unsigned int i;

	for (i = 0; i < sfs_nr_opt_nums && i < SFS_SYSFS_NUMS_MAX; i++) {
		struct sfs_sysfs_attr *a = &sfs_sysfs_nums[i];

		if (!sfs_opt_nums[i].is_sysfs)
			continue;
		a->attr.name = sfs_opt_nums[i].name;
		a->attr.mode = 0644;
		a->show = sfs_sysfs_show_num;
		a->store = sfs_sysfs_store_num;
		a->nr = i;
		sfs_sysfs_options[nr++] = &a->attr;
	}
}

/* ---- volume options: all mounts' ------------------------------------------------------------ */

/* of what is written to one */
#define SFS_SYSFS_VOLUME_CHARS	31

static ssize_t sfs_sysfs_show_zone(struct sfs_sb_info *sbi, unsigned int nr,
				   char *buf)
{
	struct sfs_fs *fs = READ_ONCE(sbi->fs);
	u64 blocks;
	int ret;

	if (!fs)
		return -EAGAIN;
	ret = sfs_fs_data_zone(fs, &blocks);
	if (ret || !blocks)
		return ret;
	/* without newline, says the ABI */
	return sysfs_emit(buf, "%llu", blocks);
}

static int sfs_sysfs_parse_zone(const char *buf, u64 *blocks)
{
	*blocks = 0;
	if (*buf == '\n' || *buf == '\r')
		return 0;
	if (strlen(buf) > SFS_SYSFS_VOLUME_CHARS)
		return -ERANGE;
	/* what is too large for a u64 is too large for the device */
	if (kstrtou64(buf, 0, blocks) || !*blocks)
		return -EINVAL;
	return 0;
}

static ssize_t sfs_sysfs_store_zone(struct sfs_sb_info *sbi, unsigned int nr,
				    const char *buf)
{
	struct sfs_fs *fs = READ_ONCE(sbi->fs);
	u64 blocks;
	int ret;

	if (!fs)
		return -EAGAIN;
	ret = sfs_sysfs_parse_zone(buf, &blocks);
	if (ret)
		return ret;
	sb_start_write(sbi->sb);
	ret = sfs_fs_set_data_zone(fs, blocks);
	sb_end_write(sbi->sb);
	if (ret == -EINVAL)
		sfs_warn(&sbi->vol,
			 "data_alloc_zone_blocks %llu: must be %u to %llu and give at most %u zones",
			 blocks, SFS_DATA_ZONE_BLOCKS,
			 sbi->vol.total_data_blocks, SFS_DATA_ZONES_MAX);
	return ret;
}

SFS_SYSFS_ATTR(data_alloc_zone_blocks, 0644, sfs_sysfs_show_zone,
	       sfs_sysfs_store_zone, 0);

static struct attribute *sfs_sysfs_volume[] = {
	&sfs_sysfs_data_alloc_zone_blocks.attr,
	NULL
};

static const struct attribute_group sfs_sysfs_volume_group = {
	.name	= "volume_options",
	.attrs	= sfs_sysfs_volume,
};

/* ---- quorum: of mounts with a slot -------------------------------------------------------- */

static ssize_t sfs_sysfs_show_is_leader(struct sfs_sb_info *sbi,
					unsigned int nr, char *buf)
{
	struct sfs_fs *fs = READ_ONCE(sbi->fs);
	int len;

	/* without newline, says the ABI; nobody leads who is not a member yet */
	len = sysfs_emit(buf, "%u", fs && sfs_lock_space_is_leader(fs->locks));
	return len;
}

static const char * const sfs_sysfs_roles[] = {
	[SFS_QUORUM_FOLLOWER]	= "follower",
	[SFS_QUORUM_CANDIDATE]	= "candidate",
	[SFS_QUORUM_LEADER]	= "leader",
};

static int sfs_sysfs_emit_secs(char *buf, int at, s64 ns)
{
	u32 rem;
	u64 secs = div_u64_rem(abs(ns), NSEC_PER_SEC, &rem);

	return sysfs_emit_at(buf, at, "%s%llu.%09u\n", ns < 0 ? "-" : "", secs,
			     rem);
}

static int sfs_sysfs_emit_peer(char *buf, int at, const char *label,
			       unsigned int slot, u64 term, u8 type, s64 ns)
{
	int len;

	len = sysfs_emit_at(buf, at, "%s %u term %llu type %u secs_since ",
			    label, slot, term, type);
	return len + sfs_sysfs_emit_secs(buf, at + len, ns);
}

static int sfs_sysfs_emit_peers(char *buf, int at,
				const struct sfs_quorum_status *q, u64 now)
{
	int start = at;
	unsigned int i;

	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		if (q->peer[i].send_ns)
			at += sfs_sysfs_emit_peer(buf, at, "last_send to", i,
						  q->peer[i].send_term,
						  q->peer[i].send_type,
						  now - q->peer[i].send_ns);
		if (q->peer[i].recv_ns)
			at += sfs_sysfs_emit_peer(buf, at, "last_recv from", i,
						  q->peer[i].recv_term,
						  q->peer[i].recv_type,
						  now - q->peer[i].recv_ns);
	}
	return at - start;
}

static ssize_t sfs_sysfs_show_quorum(struct sfs_sb_info *sbi, unsigned int nr,
				     char *buf)
{
	struct sfs_fs *fs = READ_ONCE(sbi->fs);
	struct sfs_lock_quorum_info *info;
	const struct sfs_quorum_status *q;
	u64 now;
	int ret;

	if (!fs)
		return -EAGAIN;
	info = kmalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	ret = sfs_lock_space_quorum_status(fs->locks, info);
	if (ret)
		goto out;
	q = &info->quorum;
	now = ktime_get_ns();
	ret = sysfs_emit(buf, "quorum_slot_nr %u\nterm %llu\nserver_start_term %llu\n",
			 q->slot, q->term, q->leader_term);
	ret += sysfs_emit_at(buf, ret, "server_event %u\nrole %u (%s)\n",
			     info->is_leader, q->role,
			     sfs_sysfs_roles[q->role]);
	ret += sysfs_emit_at(buf, ret, "vote_for %d\nvote_bits 0x%x (count %u)\n",
			     q->vote_for, q->vote_bits, hweight32(q->vote_bits));
	ret += sysfs_emit_at(buf, ret, "timeout_in_secs ");
	ret += sfs_sysfs_emit_secs(buf, ret, q->timeout_ns - now);
	ret += sfs_sysfs_emit_peers(buf, ret, q, now);
out:
	kfree(info);
	return ret;
}

SFS_SYSFS_ATTR(is_leader, 0444, sfs_sysfs_show_is_leader, NULL, 0);
SFS_SYSFS_ATTR(status, 0444, sfs_sysfs_show_quorum, NULL, 0);

static struct attribute *sfs_sysfs_quorum[] = {
	&sfs_sysfs_is_leader.attr,
	&sfs_sysfs_status.attr,
	NULL
};

static const struct attribute_group sfs_sysfs_quorum_group = {
	.name		= "quorum",
	.attrs		= sfs_sysfs_quorum,
};

/* ---- directories ----------------------------------------------------------------------- */

static const struct attribute_group *sfs_sysfs_groups[] = {
	&sfs_sysfs_identity_group,
	&sfs_sysfs_counter_group,
	&sfs_sysfs_option_group,
	&sfs_sysfs_volume_group,
	NULL
};

static void sfs_sysfs_release(struct kobject *kobj)
{
	complete(&sfs_sysfs_sbi(kobj)->kobj_gone);
}

static const struct kobj_type sfs_sysfs_type = {
	.release	= sfs_sysfs_release,
	.sysfs_ops	= &sfs_sysfs_ops,
	.default_groups	= sfs_sysfs_groups,
};

int sfs_sysfs_add(struct sfs_sb_info *sbi)
{
	int ret;

	sbi->kobj.kset = sfs_kset;
	ret = kobject_init_and_add(&sbi->kobj, &sfs_sysfs_type, NULL, "%s",
				   sbi->vol.ident);
	if (ret) {
		kobject_put(&sbi->kobj);
		wait_for_completion(&sbi->kobj_gone);
		return ret;
	}
	sbi->has_kobj = true;
	kobject_uevent(&sbi->kobj, KOBJ_ADD);
	/* requests belong to leaders, and only who has a slot can lead */
	if (sbi->opts.quorum_slot_nr < 0)
		return 0;
	ret = sysfs_create_group(&sbi->kobj, &sfs_sysfs_quorum_group);
	return ret ?: sfs_fence_dirs_add(sbi);
}

void sfs_sysfs_del(struct sfs_sb_info *sbi)
{
	if (!sbi->has_kobj)
		return;
	sbi->has_kobj = false;
	sfs_fence_dirs_del(sbi);
	kobject_uevent(&sbi->kobj, KOBJ_REMOVE);
	kobject_del(&sbi->kobj);
	kobject_put(&sbi->kobj);
	wait_for_completion(&sbi->kobj_gone);
}

int sfs_sysfs_init(void)
{
	sfs_sysfs_fill_options();
	sfs_kset = kset_create_and_add("scoutfs", NULL, fs_kobj);
	return sfs_kset ? 0 : -ENOMEM;
}

void sfs_sysfs_exit(void)
{
	kset_unregister(sfs_kset);
}
