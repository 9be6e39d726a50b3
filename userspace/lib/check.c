// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offline check: the supers, the order of the passes, reports.
 */
#include "lib/check_priv.h"

#include "fs/ns/ns.h"

enum sfs_check_limits {
	SFS_CHECK_MAX_EACH	= 100,	/* reports per identifier by default */
	SFS_CHECK_TEXT_BYTES	= 256,
};

struct sfs_ck_reported {
	const char *id;
	u64 nr;
};

/* ---- reports --------------------------------------------------------------------- */

/* How many with this identifier there were before. */
static u64 sfs_check_count(struct sfs_check *ck, const char *id)
{
	struct sfs_ck_reported *rep;
	size_t i;

	for (i = 0; i < ck->reported.nr; i++) {
		rep = sfs_vec_at(&ck->reported, struct sfs_ck_reported, i);
		if (!strcmp(rep->id, id))
			return rep->nr++;
	}
	rep = sfs_vec_add(&ck->reported, sizeof(*rep));
	if (!rep) {
		sfs_check_nomem(ck);
		return 0;
	}
	rep->id = id;
	rep->nr = 1;
	return 0;
}

static void sfs_check_tell(struct sfs_check *ck, const char *id,
			   const char *text)
{
	const struct sfs_check_problem problem = { .id = id, .text = text };

	if (ck->params->problem)
		ck->params->problem(ck->params->arg, &problem);
}

void sfs_check_report(struct sfs_check *ck, const char *id, const char *fmt,
		      ...)
{
	u64 max = ck->params->max_each ?: SFS_CHECK_MAX_EACH;
	u64 nr = sfs_check_count(ck, id);
	char text[SFS_CHECK_TEXT_BYTES];
	va_list ap;

	ck->st->nr_problems++;
	if (nr > max)
		return;
	if (nr == max) {
		sfs_check_tell(ck, id, "more of these, not shown");
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sfs_check_tell(ck, id, text);
}

/* ---- supers ------------------------------------------------------------------------- */

static const char *sfs_check_super_copy(struct sfs_check *ck, u64 byte,
					struct sfs_super_block *sb)
{
	const char *why;

	if (ck->meta->ops->read(ck->meta, byte, sb, sizeof(*sb)))
		return "super-read";
	why = sfs_super_check(sb, SFS_BLOCK_SUPER_META);
	if (!why && le64_to_cpu(sb->hdr.blkno) != byte >> SFS_PAGE_SHIFT)
		return "super-address";
	return why;
}

/*
 * The newer of two.  One of them may be torn by a crash, which is no damage;
 * so only one that verifies and contradicts the other is reported.
 */
static int sfs_check_supers(struct sfs_check *ck)
{
	static const u64 bytes[2] = { SFS_SUPER_A_BYTES, SFS_SUPER_B_BYTES };
	struct sfs_super_block *sb;
	const char *why[2];
	unsigned int i;
	bool found = false;

	sb = kmalloc(sizeof(*sb), GFP_KERNEL);
	if (!sb)
		return -ENOMEM;
	for (i = 0; i < 2; i++) {
		why[i] = sfs_check_super_copy(ck, bytes[i], sb);
		if (why[i])
			continue;
		if (found && sb->hdr.fsid != ck->sb.hdr.fsid)
			sfs_check_report(ck, "super-copy",
					 "the copies belong to different volumes");
		if (!found || le64_to_cpu(sb->hdr.seq) >
			      le64_to_cpu(ck->sb.hdr.seq))
			memcpy(&ck->sb, sb, sizeof(*sb));
		found = true;
	}
	kfree(sb);
	if (!found) {
		sfs_check_report(ck, "super-missing", "A: %s, B: %s", why[0],
				 why[1]);
		return -EINVAL;
	}
	for (i = 0; i < 2; i++) {
		/* a write torn by a crash leaves the magic, and one good copy */
		if (why[i] && strcmp(why[i], "super-csum"))
			sfs_check_report(ck, "super-copy", "copy %c: %s",
					 'A' + i, why[i]);
	}
	return 0;
}

static int sfs_check_features(struct sfs_check *ck)
{
	u32 version = le32_to_cpu(ck->sb.format_version);

	u64 incompat = le64_to_cpu(ck->sb.incompat);
	u64 ro_compat = le64_to_cpu(ck->sb.ro_compat);

	if (version >= SFS_FORMAT_VERSION_MIN &&
	    version <= SFS_FORMAT_VERSION_MAX &&
	    !(incompat & ~SFS_INCOMPAT_KNOWN) &&
	    !(ro_compat & ~SFS_RO_COMPAT_KNOWN))
		return 0;
	sfs_check_report(ck, "super-features",
			 "format version %u, incompatible 0x%llx, read-only compatible 0x%llx",
			 version, incompat, ro_compat);
	return -EINVAL;
}

static void sfs_check_data_super(struct sfs_check *ck)
{
	u64 start = le64_to_cpu(ck->sb.data_start_bytes);
	struct sfs_super_block sb;
	const char *why = NULL;

	if (sfs_super_read_data(ck->data, start, &sb, &why))
		sfs_check_report(ck, "super-data", "%s", why);
	else if (sb.hdr.fsid != ck->sb.hdr.fsid)
		sfs_check_report(ck, "super-data",
				 "belongs to volume %016llx, the metadata to %016llx",
				 le64_to_cpu(sb.hdr.fsid), ck->fsid);
	if (ck->data->size_bytes < start ||
	    (ck->data->size_bytes - start) >> SFS_DATA_BLOCK_SHIFT <
	    ck->total_data)
		sfs_check_report(ck, "super-device-size",
				 "data device has %llu bytes",
				 ck->data->size_bytes);
}

static int sfs_check_geometry(struct sfs_check *ck)
{
	const struct sfs_super_block *sb = &ck->sb;
	unsigned int i;

	ck->fsid = le64_to_cpu(sb->hdr.fsid);
	ck->block_shift = le32_to_cpu(sb->block_shift);
	ck->block_bytes = 1U << ck->block_shift;
	ck->group_shift = le32_to_cpu(sb->group_shift);
	ck->first_meta = le64_to_cpu(sb->first_meta_block);
	ck->total_meta = le64_to_cpu(sb->total_meta_blocks);
	ck->total_data = le64_to_cpu(sb->total_data_blocks);
	ck->st->total_meta_blocks = ck->total_meta;
	ck->st->total_data_blocks = ck->total_data;
	if (ck->meta->size_bytes >> ck->block_shift < ck->total_meta) {
		sfs_check_report(ck, "super-device-size",
				 "metadata device has %llu bytes",
				 ck->meta->size_bytes);
		/* what lies behind the end cannot be read anyway */
		ck->total_meta = ck->meta->size_bytes >> ck->block_shift;
		if (ck->total_meta <= ck->first_meta)
			return -EINVAL;
	}
	ck->expected_blocks = ck->total_meta - ck->first_meta;
	ck->expected_blocks -= min(ck->expected_blocks,
				   le64_to_cpu(sb->free_meta_blocks));

	ck->seen = kcalloc(BITS_TO_LONGS(ck->total_meta), sizeof(long),
			   GFP_KERNEL);
	if (!ck->seen)
		return -ENOMEM;
	for (i = 0; i <= SFS_TREE_HEIGHT_MAX; i++) {
		ck->buf[i] = kmalloc(ck->block_bytes, GFP_KERNEL);
		if (!ck->buf[i])
			return -ENOMEM;
	}
	return 0;
}

/* ---- totals --------------------------------------------------------------------------- */

static void sfs_check_inode_count(struct sfs_check *ck)
{
	u64 sum = le64_to_cpu(ck->sb.nr_inodes);
	size_t i;

	if (ck->is_damaged)
		return;
	for (i = 0; i < ck->mounts.nr; i++) {
		struct sfs_ck_mount *mnt = sfs_vec_at(&ck->mounts,
						      struct sfs_ck_mount, i);

		if (mnt->rec)
			sum += le64_to_cpu(mnt->rec->inode_delta);
	}
	if (sum != ck->st->nr_inodes)
		sfs_check_report(ck, "inode-count",
				 "%llu inodes, super and records say %lld",
				 ck->st->nr_inodes, (long long)sum);
}

static void sfs_check_passes(struct sfs_check *ck)
{
	if (ck->data)
		sfs_check_data_super(ck);
	sfs_check_volume(ck);
	if (!ck->error)
		sfs_check_mounts(ck);
	if (!ck->error)
		sfs_check_groups(ck);
	if (ck->error)
		return;
	sfs_check_links(ck);
	sfs_check_inode_count(ck);
	sfs_check_owners(ck);
}

int sfs_check_open(struct sfs_dev *meta, struct sfs_dev *data,
		   const struct sfs_check_params *params,
		   struct sfs_check_stat *st, struct sfs_check **ret_ck)
{
	struct sfs_check *ck = kzalloc(sizeof(*ck), GFP_KERNEL);
	int ret;

	if (!ck)
		return -ENOMEM;
	memset(st, 0, sizeof(*st));
	ck->meta = meta;
	ck->data = data;
	ck->params = params;
	ck->st = st;

	ret = sfs_check_supers(ck);
	if (!ret)
		ret = sfs_check_features(ck);
	if (!ret)
		ret = sfs_check_geometry(ck);
	if (ret)
		sfs_check_close(ck);
	else
		*ret_ck = ck;
	return ret;
}

void sfs_check_close(struct sfs_check *ck)
{
	unsigned int i;

	sfs_check_volume_exit(ck);
	kfree(ck->inodes.slot);
	sfs_vec_exit(&ck->reported);
	for (i = 0; i <= SFS_TREE_HEIGHT_MAX; i++)
		kfree(ck->buf[i]);
	kfree(ck->seen);
	kfree(ck);
}

int sfs_check(struct sfs_dev *meta, struct sfs_dev *data,
	      const struct sfs_check_params *params, struct sfs_check_stat *st)
{
	struct sfs_check *ck;
	int ret;

	ret = sfs_check_open(meta, data, params, st, &ck);
	if (ret)
		return ret;
	sfs_check_passes(ck);
	ret = ck->error;
	if (params->progress)
		params->progress(params->arg, st->nr_blocks, st->nr_blocks);
	sfs_check_close(ck);
	return ret;
}
