// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making a volume.
 *
 *	first block      root group tree: one leaf with the root directory
 *	the next         volume tree: one leaf
 *	then             the leader's pool
 *	up to the end    one extent in the free trees
 *
 * The two trees are single leaves and are encoded here directly; everything
 * later is the business of the btree code.
 */
#include "lib/mkfs.h"

#include "format/key.h"
#include "format/volume.h"

enum sfs_mkfs_limits {
	SFS_MKFS_POOL_BLOCKS	= 1024,	/* most blocks of the leader's pool */
	SFS_MKFS_MIN_GROUPS	= 4,	/* kept before the first fresh group */
	SFS_MKFS_MIN_BLOCKS	= 256,	/* of metadata behind the fixed part */
	SFS_MKFS_ZERO_BYTES	= 64 << 10,
	SFS_MKFS_SEQ		= 1,
};

struct sfs_mkfs {
	struct sfs_dev *meta;
	struct sfs_dev *data;
	const struct sfs_mkfs_params *p;
	struct sfs_super_block sb;
	unsigned int block_bytes;
	u8 *block;
};

/* ---- parameters ----------------------------------------------------------- */

void sfs_mkfs_params_init(struct sfs_mkfs_params *p)
{
	memset(p, 0, sizeof(*p));
	p->format_version = SFS_FORMAT_VERSION_MAX;
	p->block_shift = SFS_BLOCK_SHIFT_MIN;
	p->group_shift = SFS_GROUP_SHIFT_DEFAULT;
	p->nr_slots = SFS_SLOTS_DEFAULT;
	p->lock_provider = "local";
	p->transport = "";
}

u64 sfs_mkfs_one_device_split(u64 size_bytes)
{
	u64 split = size_bytes / 8;

	if (split < SFS_MKFS_SMALL_BYTES)
		split = SFS_MKFS_SMALL_BYTES;
	return split & ~((1ULL << 20) - 1);
}

const char *sfs_size_text(char *buf, size_t size, u64 bytes, const char *sep)
{
	static const char * const units[] = { "B", "KB", "MB", "GB", "TB",
					      "PB" };
	double val = bytes;
	unsigned int i = 0;

	while (val >= 1024 && i + 1 < sizeof(units) / sizeof(units[0])) {
		val /= 1024;
		i++;
	}
	snprintf(buf, size, "%.2f%s%s", val, sep, units[i]);
	return buf;
}

static u64 sfs_mkfs_limit(u64 size, u64 max)
{
	return max && max < size ? max : size;
}

static u64 sfs_mkfs_meta_bytes(const struct sfs_dev *meta,
			       const struct sfs_mkfs_params *p)
{
	u64 size = p->one_device ? p->data_start_bytes : meta->size_bytes;

	return sfs_mkfs_limit(size, p->max_meta_bytes) >> p->block_shift
			<< p->block_shift;
}

static u64 sfs_mkfs_data_bytes(const struct sfs_dev *data,
			       const struct sfs_mkfs_params *p)
{
	u64 size = data->size_bytes > p->data_start_bytes ?
		   data->size_bytes - p->data_start_bytes : 0;

	return sfs_mkfs_limit(size, p->max_data_bytes) >> SFS_DATA_BLOCK_SHIFT
			<< SFS_DATA_BLOCK_SHIFT;
}

static int sfs_mkfs_too_small(char *error, u64 bytes, u64 min, bool small,
			      const char *what)
{
	char is[32];
	char want[32];

	snprintf(error, SFS_MKFS_ERROR_BYTES,
		 "%s too small for min %s %s device%s",
		 sfs_size_text(is, sizeof(is), bytes, ""),
		 sfs_size_text(want, sizeof(want), min, ""), what,
		 small ? ", allowing with -A" : "");
	return -EINVAL;
}

static int sfs_mkfs_check_sizes(const struct sfs_dev *meta,
				const struct sfs_dev *data,
				const struct sfs_mkfs_params *p, char *error)
{
	u64 min = p->allow_small ? SFS_MKFS_SMALL_BYTES : SFS_MKFS_MIN_BYTES;
	u64 meta_bytes = sfs_mkfs_meta_bytes(meta, p);
	u64 data_bytes = sfs_mkfs_data_bytes(data, p);
	u64 first;

	if (meta_bytes < min && !(p->one_device &&
				  meta_bytes >= SFS_MKFS_SMALL_BYTES))
		return sfs_mkfs_too_small(error, meta_bytes, min,
					  p->allow_small, "meta");
	if (data_bytes < min)
		return sfs_mkfs_too_small(error, data_bytes, min,
					  p->allow_small, "data");

	first = sfs_first_meta_block(p->nr_slots, p->block_shift);
	if ((meta_bytes >> p->block_shift) < first + SFS_MKFS_MIN_BLOCKS)
		return sfs_mkfs_too_small(error, meta_bytes,
				(first + SFS_MKFS_MIN_BLOCKS) << p->block_shift,
				p->allow_small, "meta");
	return 0;
}

static int sfs_mkfs_check_zones(const struct sfs_dev *data,
				const struct sfs_mkfs_params *p, char *error)
{
	u64 total = sfs_mkfs_data_bytes(data, p) >> SFS_DATA_BLOCK_SHIFT;

	if (!p->data_alloc_zone_blocks ||
	    sfs_data_zones_fit(total, p->data_alloc_zone_blocks))
		return 0;
	snprintf(error, SFS_MKFS_ERROR_BYTES,
		 "zones of %llu data blocks (-z): must be %u to the device's %llu and give at most %u zones",
		 p->data_alloc_zone_blocks, SFS_DATA_ZONE_BLOCKS, total,
		 SFS_DATA_ZONES_MAX);
	return -EINVAL;
}

int sfs_mkfs_check(const struct sfs_dev *meta, const struct sfs_dev *data,
		   const struct sfs_mkfs_params *p, char *error)
{
	const char *bad = NULL;

	if (!p->fsid)
		bad = "fsid must not be 0";
	else if (p->format_version < SFS_FORMAT_VERSION_MIN ||
		 p->format_version > SFS_FORMAT_VERSION_MAX)
		bad = "unknown format version";
	else if (p->block_shift < SFS_BLOCK_SHIFT_MIN ||
		 p->block_shift > SFS_BLOCK_SHIFT_MAX)
		bad = "metadata block size must be 4096 to 65536";
	else if (p->group_shift < SFS_GROUP_SHIFT_MIN ||
		 p->group_shift > SFS_GROUP_SHIFT_MAX)
		bad = "inodes per group must be 16 to 65536";
	else if (p->nr_slots < SFS_SLOTS_MIN || p->nr_slots > SFS_SLOTS_MAX)
		bad = "number of mount slots must be 1 to 1024";
	else if (strlen(p->lock_provider) >= SFS_PROVIDER_BYTES ||
		 !p->lock_provider[0])
		bad = "bad lock provider name";
	else if (strlen(p->transport) >= SFS_PROVIDER_BYTES)
		bad = "bad transport name";
	else if (!sfs_quorum_slots_fit(p->quorum, p->transport))
		bad = "the transport cannot reach these quorum slots";
	else if (p->one_device != (p->data_start_bytes != 0))
		bad = "only one device has a start of data";
	else if (p->data_start_bytes % (1ULL << SFS_BLOCK_SHIFT_MAX))
		bad = "start of data must be a multiple of 64 KiB";

	if (bad) {
		snprintf(error, SFS_MKFS_ERROR_BYTES, "%s", bad);
		return -EINVAL;
	}
	return sfs_mkfs_check_sizes(meta, data, p, error) ?:
	       sfs_mkfs_check_zones(data, p, error);
}

/* ---- single leaves ---------------------------------------------------------- */

static void sfs_mkfs_leaf_init(struct sfs_mkfs *mk, u64 owner, u64 blkno)
{
	struct sfs_btree_block *bt = (void *)mk->block;

	memset(mk->block, 0, mk->block_bytes);
	bt->hdr.magic = cpu_to_le32(SFS_MAGIC_BTREE);
	bt->hdr.fsid = cpu_to_le64(mk->p->fsid);
	bt->hdr.blkno = cpu_to_le64(blkno);
	bt->hdr.seq = cpu_to_le64(SFS_MKFS_SEQ);
	bt->hdr.owner = cpu_to_le64(owner);
	bt->hdr.type = SFS_BLOCK_BTREE;
	bt->free_off = cpu_to_le32(mk->block_bytes);
}

/* Items come in key order. */
static void sfs_mkfs_leaf_add(struct sfs_mkfs *mk, struct sfs_key key,
			      const void *val, unsigned int val_len)
{
	struct sfs_btree_block *bt = (void *)mk->block;
	struct sfs_btree_slot *slot = (void *)(bt + 1);
	unsigned int nr = le16_to_cpu(bt->nr_items);
	u8 bytes[SFS_KEY_BYTES] = { 0 };
	unsigned int len = sfs_key_encode(&key, bytes);
	u32 off = le32_to_cpu(bt->free_off) - len - val_len;

	memcpy(mk->block + off, bytes, len);
	if (val_len)
		memcpy(mk->block + off + len, val, val_len);
	slot += nr;
	slot->off = cpu_to_le16(off);
	slot->val_len = cpu_to_le16(val_len);
	slot->key_len = len;
	memcpy(slot->head, bytes, len < 3 ? len : 3);
	bt->nr_items = cpu_to_le16(nr + 1);
	bt->free_off = cpu_to_le32(off);
}

static int sfs_mkfs_leaf_write(struct sfs_mkfs *mk, struct sfs_disk_tree *tree)
{
	struct sfs_btree_block *bt = (void *)mk->block;
	u64 blkno = le64_to_cpu(bt->hdr.blkno);

	sfs_hdr_seal(mk->block, mk->block_bytes);
	memset(tree, 0, sizeof(*tree));
	tree->ref.blkno = bt->hdr.blkno;
	tree->ref.seq = bt->hdr.seq;
	tree->ref.crc = bt->hdr.csum;
	tree->height = 1;
	return mk->meta->ops->write_sync(mk->meta, blkno * mk->block_bytes,
					 mk->block, mk->block_bytes, 0);
}

/* ---- the root directory ------------------------------------------------------- */

static unsigned int sfs_mkfs_pack_words(const u64 *words, u8 *buf)
{
	__le32 bits = 0;
	unsigned int len = sizeof(bits);
	unsigned int i;

	for (i = 0; i < SFS_IW_NR; i++) {
		__le64 word = cpu_to_le64(words[i]);

		if (!words[i])
			continue;
		bits |= cpu_to_le32(1U << i);
		memcpy(buf + len, &word, sizeof(word));
		len += sizeof(word);
	}
	memcpy(buf, &bits, sizeof(bits));
	return len;
}

static int sfs_mkfs_write_root(struct sfs_mkfs *mk, u64 blkno,
			       struct sfs_disk_root_entry *entry)
{
	const struct timespec64 *now = &mk->p->now;
	u64 nsec = (u64)now->tv_nsec << 32 | (u64)now->tv_nsec;
	u64 words[SFS_IW_NR] = {
		[SFS_IW_MODE_NLINK] = (u64)(S_IFDIR | 0755) << 32 | 2,
		[SFS_IW_PARENT_INO] = SFS_ROOT_INO,
		[SFS_IW_META_SEQ] = SFS_MKFS_SEQ,
		[SFS_IW_ATIME_SEC] = now->tv_sec,
		[SFS_IW_MTIME_SEC] = now->tv_sec,
		[SFS_IW_CTIME_SEC] = now->tv_sec,
		[SFS_IW_CRTIME_SEC] = now->tv_sec,
		[SFS_IW_AM_NSEC] = nsec,
		[SFS_IW_CC_NSEC] = nsec,
		[SFS_IW_NEXT_POS] = 2,
		[SFS_IW_IVERSION] = 1,
	};
	u8 item[sizeof(__le32) + sizeof(words)];
	unsigned int len = sfs_mkfs_pack_words(words, item);

	memset(entry, 0, sizeof(*entry));
	entry->version = cpu_to_le64(1);
	entry->max_meta_seq = cpu_to_le64(SFS_MKFS_SEQ);
	entry->nr_numbers = cpu_to_le32(2);
	entry->nr_inodes = cpu_to_le32(1);

	sfs_mkfs_leaf_init(mk, 0, blkno);
	sfs_mkfs_leaf_add(mk, SFS_KEY(SFS_ROOT_INO, SFS_ITEM_INODE, 0, 0), item,
			  len);
	return sfs_mkfs_leaf_write(mk, &entry->tree);
}

/* ---- the volume tree ------------------------------------------------------------ */

static int sfs_mkfs_write_volume(struct sfs_mkfs *mk, u64 blkno,
				 const struct sfs_disk_root_entry *root,
				 u64 meta_start, u64 meta_len, u64 data_len)
{
	const struct {
		u64 start;
		u64 len;
	} ext[SFS_SPACE_DATA + 1] = {
		[SFS_SPACE_META] = { meta_start, meta_len },
		[SFS_SPACE_DATA] = { SFS_DATA_FIRST_BLOCK, data_len },
	};
	unsigned int space;

	sfs_mkfs_leaf_init(mk, SFS_OWNER_VOLUME, blkno);
	sfs_mkfs_leaf_add(mk, SFS_KEY(SFS_VOL_ROOTMAP, 0, 0, 0), root,
			  sizeof(*root));
	for (space = SFS_SPACE_META; space <= SFS_SPACE_DATA; space++) {
		__le64 len = cpu_to_le64(ext[space].len);

		sfs_mkfs_leaf_add(mk, SFS_KEY(SFS_VOL_FREE_POS, space,
					      ext[space].start, 0),
				  &len, sizeof(len));
	}
	for (space = SFS_SPACE_META; space <= SFS_SPACE_DATA; space++)
		sfs_mkfs_leaf_add(mk, SFS_KEY(SFS_VOL_FREE_SIZE, space,
					      ~ext[space].len,
					      ext[space].start), NULL, 0);
	return sfs_mkfs_leaf_write(mk, &mk->sb.volume);
}

static int sfs_mkfs_write_trees(struct sfs_mkfs *mk)
{
	struct sfs_super_block *sb = &mk->sb;
	u64 first = le64_to_cpu(sb->first_meta_block);
	u64 total = le64_to_cpu(sb->total_meta_blocks);
	u64 data = le64_to_cpu(sb->total_data_blocks) - SFS_DATA_FIRST_BLOCK;
	u64 pool = min_t(u64, SFS_MKFS_POOL_BLOCKS, (total - first) / 8);
	u64 free_start = first + 2 + pool;
	struct sfs_disk_root_entry root;
	int ret;

	ret = sfs_mkfs_write_root(mk, first, &root);
	if (ret)
		return ret;

	sb->pool_nr = cpu_to_le32(1);
	sb->pool[0].start = cpu_to_le64(first + 2);
	sb->pool[0].len = cpu_to_le64(pool);
	sb->free_meta_blocks = cpu_to_le64(total - free_start);
	sb->free_data_blocks = cpu_to_le64(data);
	return sfs_mkfs_write_volume(mk, first + 1, &root, free_start,
				     total - free_start, data);
}

/* ---- fixed places ------------------------------------------------------------------ */

static int sfs_mkfs_zero(struct sfs_dev *dev, u64 off, u64 len)
{
	void *zeroes = kzalloc(SFS_MKFS_ZERO_BYTES, GFP_KERNEL);
	int ret = 0;

	if (!zeroes)
		return -ENOMEM;
	while (len && !ret) {
		u32 part = min_t(u64, len, SFS_MKFS_ZERO_BYTES);

		ret = dev->ops->write_sync(dev, off, zeroes, part, 0);
		off += part;
		len -= part;
	}
	kfree(zeroes);
	return ret;
}

static void sfs_mkfs_fill_super(struct sfs_mkfs *mk)
{
	const struct sfs_mkfs_params *p = mk->p;
	struct sfs_super_block *sb = &mk->sb;
	u64 next_group = SFS_FIRST_USER_INO >> p->group_shift;

	if (next_group < SFS_MKFS_MIN_GROUPS)
		next_group = SFS_MKFS_MIN_GROUPS;

	sb->hdr.magic = cpu_to_le32(SFS_MAGIC_SUPER);
	sb->hdr.fsid = cpu_to_le64(p->fsid);
	memcpy(sb->uuid, p->uuid, sizeof(sb->uuid));
	sb->incompat = cpu_to_le64(SFS_INCOMPAT_INLINE |
				   (p->one_device ? SFS_INCOMPAT_ONE_DEVICE : 0));
	sb->format_version = cpu_to_le32(p->format_version);
	sb->block_shift = cpu_to_le32(p->block_shift);
	sb->group_shift = cpu_to_le32(p->group_shift);
	sb->nr_slots = cpu_to_le32(p->nr_slots);
	sb->first_meta_block = cpu_to_le64(sfs_first_meta_block(p->nr_slots,
							p->block_shift));
	sb->total_meta_blocks = cpu_to_le64(sfs_mkfs_meta_bytes(mk->meta, p) >>
					    p->block_shift);
	sb->total_data_blocks = cpu_to_le64(sfs_mkfs_data_bytes(mk->data, p) >>
					    SFS_DATA_BLOCK_SHIFT);
	sb->data_start_bytes = cpu_to_le64(p->data_start_bytes);
	sb->next_seq = cpu_to_le64(SFS_MKFS_SEQ + 1);
	sb->next_group = cpu_to_le64(next_group);
	sb->nr_inodes = cpu_to_le64(1);
	sb->data_alloc_zone_blocks = cpu_to_le64(p->data_alloc_zone_blocks);
	memcpy(sb->lock_provider, p->lock_provider, strlen(p->lock_provider));
	memcpy(sb->transport, p->transport, strlen(p->transport));
	sb->quorum_version = cpu_to_le64(1);
	memcpy(sb->quorum, p->quorum, sizeof(sb->quorum));
}

static int sfs_mkfs_write_super(struct sfs_mkfs *mk, struct sfs_dev *dev,
				u64 byte, u8 type, u64 generation)
{
	struct sfs_super_block *sb = &mk->sb;

	sb->hdr.type = type;
	sb->hdr.seq = cpu_to_le64(generation);
	sb->hdr.blkno = cpu_to_le64(byte >> SFS_PAGE_SHIFT);
	sfs_hdr_seal(sb, sizeof(*sb));
	return dev->ops->write_sync(dev, byte, sb, sizeof(*sb),
				    SFS_IO_PREFLUSH | SFS_IO_FUA);
}

/* The odd generation goes to A as in sfs_super_write(). */
static int sfs_mkfs_write_supers(struct sfs_mkfs *mk)
{
	int ret;

	ret = mk->data->ops->flush(mk->data);
	if (!ret)
		ret = sfs_mkfs_write_super(mk, mk->data,
					   mk->p->data_start_bytes +
					   SFS_SUPER_A_BYTES,
					   SFS_BLOCK_SUPER_DATA, 1);
	if (!ret)
		ret = sfs_mkfs_write_super(mk, mk->meta, SFS_SUPER_A_BYTES,
					   SFS_BLOCK_SUPER_META, 1);
	if (!ret)
		ret = sfs_mkfs_write_super(mk, mk->meta, SFS_SUPER_B_BYTES,
					   SFS_BLOCK_SUPER_META, 2);
	return ret;
}

static int sfs_mkfs_write(struct sfs_mkfs *mk)
{
	u64 fixed = le64_to_cpu(mk->sb.first_meta_block) << mk->p->block_shift;
	int ret;

	ret = sfs_mkfs_zero(mk->meta, 0, fixed);
	if (!ret)
		ret = sfs_mkfs_zero(mk->data, mk->p->data_start_bytes,
				    SFS_DATA_FIRST_BLOCK *
				    SFS_DATA_BLOCK_BYTES);
	if (!ret)
		ret = mk->meta->ops->flush(mk->meta);
	if (!ret)
		ret = sfs_mkfs_write_trees(mk);
	if (!ret)
		ret = sfs_mkfs_write_supers(mk);
	return ret;
}

int sfs_mkfs(struct sfs_dev *meta, struct sfs_dev *data,
	     const struct sfs_mkfs_params *p, struct sfs_super_block *out)
{
	char error[SFS_MKFS_ERROR_BYTES];
	struct sfs_mkfs *mk;
	int ret;

	ret = sfs_mkfs_check(meta, data, p, error);
	if (ret)
		return ret;

	mk = kzalloc(sizeof(*mk), GFP_KERNEL);
	if (!mk)
		return -ENOMEM;
	mk->meta = meta;
	mk->data = data;
	mk->p = p;
	mk->block_bytes = 1U << p->block_shift;
	mk->block = kzalloc(mk->block_bytes, GFP_KERNEL);
	if (!mk->block) {
		ret = -ENOMEM;
		goto err_free;
	}

	sfs_mkfs_fill_super(mk);
	ret = sfs_mkfs_write(mk);
	if (!ret && out)
		memcpy(out, &mk->sb, sizeof(*out));
	kfree(mk->block);
err_free:
	kfree(mk);
	return ret;
}
