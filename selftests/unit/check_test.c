// SPDX-License-Identifier: GPL-2.0-only
/*
 * mkfs makes volumes that the check finds clean; the check names damage of
 * each kind and goes on.
 */
#include "format/port.h"

#include <setjmp.h>

#include <cmocka.h>

#include "format/key.h"
#include "format/volume.h"
#include "fs/ns/ns.h"
#include "lib/check.h"
#include "lib/mkfs.h"
#include "lib/print.h"
#include "lock/provider.h"

enum { IMG_BYTES = 40 << 20, IDS_MAX = 32 };

/* ---- a device in memory ------------------------------------------------------ */

struct mem_dev {
	struct sfs_dev dev;
	u8 *mem;
};

static int mem_read(struct sfs_dev *dev, u64 off, void *buf, u32 len)
{
	struct mem_dev *md = dev->priv;

	if (off > dev->size_bytes || len > dev->size_bytes - off)
		return -EIO;
	memcpy(buf, md->mem + off, len);
	return 0;
}

static int mem_write_sync(struct sfs_dev *dev, u64 off, void *buf, u32 len,
			  unsigned int flags)
{
	struct mem_dev *md = dev->priv;

	if (off > dev->size_bytes || len > dev->size_bytes - off)
		return -EIO;
	memcpy(md->mem + off, buf, len);
	return 0;
}

static void mem_write(struct sfs_dev *dev, struct sfs_io_batch *batch, u64 off,
		      void **bufs, u32 nr, u32 buf_len)
{
	u32 i;

	atomic_inc(&batch->pending);
	for (i = 0; i < nr; i++)
		mem_write_sync(dev, off + (u64)i * buf_len, bufs[i], buf_len,
			       0);
	sfs_io_batch_end(batch, 0);
}

static int mem_flush(struct sfs_dev *dev)
{
	return 0;
}

static const struct sfs_dev_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.write_sync = mem_write_sync,
	.flush = mem_flush,
};

struct vol {
	struct mem_dev meta;
	struct mem_dev data;
	struct sfs_super_block sb;
	char id[IDS_MAX][32];
	unsigned int nr_ids;
	struct sfs_check_stat st;
};

static void mem_init(struct mem_dev *md)
{
	md->mem = calloc(1, IMG_BYTES);
	assert_non_null(md->mem);
	md->dev.ops = &mem_ops;
	md->dev.priv = md;
	md->dev.size_bytes = IMG_BYTES;
}

static void quiet(int level, const char *msg)
{
	(void)level;
	(void)msg;
}

static void params_fill(struct sfs_mkfs_params *p)
{
	sfs_mkfs_params_init(p);
	p->fsid = 0x1234567890abcdefULL;
	p->allow_small = true;
	p->nr_slots = 4;
	p->now.tv_sec = 1700000000;
}

static void vol_make(struct vol *v)
{
	struct sfs_mkfs_params p;

	params_fill(&p);
	assert_int_equal(sfs_mkfs(&v->meta.dev, &v->data.dev, &p, &v->sb), 0);
}

static int vol_setup(void **state)
{
	struct vol *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	mem_init(&v->meta);
	mem_init(&v->data);
	vol_make(v);
	*state = v;
	return 0;
}

static int vol_teardown(void **state)
{
	struct vol *v = *state;

	free(v->meta.mem);
	free(v->data.mem);
	free(v);
	return 0;
}

/* ---- checking -------------------------------------------------------------------- */

static void on_problem(void *arg, const struct sfs_check_problem *p)
{
	struct vol *v = arg;

	if (v->nr_ids < IDS_MAX)
		strscpy(v->id[v->nr_ids++], p->id, sizeof(v->id[0]));
}

static int vol_check(struct vol *v)
{
	const struct sfs_check_params params = {
		.problem = on_problem,
		.arg = v,
	};

	v->nr_ids = 0;
	return sfs_check(&v->meta.dev, &v->data.dev, &params, &v->st);
}

static bool vol_has(const struct vol *v, const char *id)
{
	unsigned int i;

	for (i = 0; i < v->nr_ids; i++) {
		if (!strcmp(v->id[i], id))
			return true;
	}
	return false;
}

static void assert_clean(struct vol *v)
{
	assert_int_equal(vol_check(v), 0);
	if (v->nr_ids)
		fail_msg("%s", v->id[0]);
}

static void assert_finds(struct vol *v, const char *id)
{
	vol_check(v);
	if (!vol_has(v, id))
		fail_msg("%s not among %u, the first %s", id, v->nr_ids,
			 v->nr_ids ? v->id[0] : "none");
}

/* ---- a volume with something on it --------------------------------------------------- */

static u64 make(struct sfs_fs *fs, u64 dir, const char *name, u32 mode)
{
	struct sfs_create args = {
		.dir = dir,
		.name = name,
		.name_len = strlen(name),
		.mode = mode,
		.target = S_ISLNK(mode) ? "target" : NULL,
		.target_len = S_ISLNK(mode) ? 6 : 0,
	};
	struct sfs_inode inode, parent;

	assert_int_equal(sfs_ns_create(fs, &args, &inode, &parent), 0);
	return inode.ino;
}

static void fill(struct sfs_fs *fs)
{
	struct timespec64 now = { .tv_sec = 1 };
	struct sfs_inode inode, parent;
	struct sfs_map map;
	char name[32];
	u64 dir, file;
	int i;

	dir = make(fs, SFS_ROOT_INO, "dir", S_IFDIR | 0755);
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "file %d", i);
		file = make(fs, dir, name, S_IFREG | 0644);
	}
	make(fs, dir, "link", S_IFLNK | 0777);
	assert_int_equal(sfs_ns_link(fs, file, SFS_ROOT_INO, "hard", 4, false,
				     now, &inode, &parent), 0);
	assert_int_equal(sfs_ns_setxattr(fs, file, "user.a", name, 9, 0, now,
					 &inode), 0);
	assert_int_equal(sfs_ns_set_flags(fs, file, SFS_INODE_USER &
					  ~SFS_INODE_DIRSYNC, 0, now, &inode),
			 0);
	assert_int_equal(sfs_ns_alloc(fs, file, 0, 10, 10, 0, &map), 0);
	assert_int_equal(sfs_ns_written(fs, file, 0, 10, 40960, 0), 0);
}

static void vol_fill(struct vol *v, bool is_clean)
{
	struct sfs_volume vol = {
		.meta = &v->meta.dev,
		.data = &v->data.dev,
		.rid = 77,
	};
	struct sfs_fs_params params = { .vol = &vol, .rid = 77 };
	struct sfs_fs *fs;

	assert_int_equal(sfs_volume_open(&vol), 0);
	assert_int_equal(sfs_fs_open(&params, &fs), 0);
	fill(fs);
	assert_int_equal(sfs_fs_sync(fs), 0);
	sfs_fs_close(fs, !is_clean);
	sfs_volume_close(&vol);
}

static struct sfs_super_block *super_of(struct vol *v)
{
	struct sfs_super_block *a = (void *)v->meta.mem + SFS_SUPER_A_BYTES;
	struct sfs_super_block *b = (void *)v->meta.mem + SFS_SUPER_B_BYTES;

	return le64_to_cpu(a->hdr.seq) > le64_to_cpu(b->hdr.seq) ? a : b;
}

static void *block_of(struct vol *v, u64 blkno)
{
	return v->meta.mem + blkno * SFS_PAGE_BYTES;
}

/* ---- an item of a group, changed behind everybody's back ------------------------------ */

struct damage {
	struct vol *v;
	u8 type;
	/* changes the value, which keeps its length; true when it did */
	bool (*change)(u8 *val, unsigned int len);
	bool is_done;
};

/* Returns true when the block changed; references to it are fixed on the way. */
static bool damage_subtree(struct damage *dm, struct sfs_disk_ref *ref);

static bool damage_item(struct damage *dm, struct sfs_btree_block *bt,
			struct sfs_btree_slot *slot)
{
	u8 *val = (u8 *)bt + le16_to_cpu(slot->off) + slot->key_len;
	u8 bytes[SFS_KEY_BYTES] = { 0 };
	struct sfs_disk_ref ref;
	struct sfs_key key;

	if (bt->level) {
		memcpy(&ref, val, sizeof(ref));
		if (!damage_subtree(dm, &ref))
			return false;
		memcpy(val, &ref, sizeof(ref));
		return true;
	}
	memcpy(bytes, bt->prefix, bt->prefix_len);
	memcpy(bytes + bt->prefix_len, (u8 *)bt + le16_to_cpu(slot->off),
	       slot->key_len);
	sfs_key_decode(&key, bytes, SFS_KEY_BYTES);
	if (key.ino < SFS_FIRST_USER_INO || key.type != dm->type)
		return false;
	return dm->change(val, le16_to_cpu(slot->val_len));
}

static bool damage_subtree(struct damage *dm, struct sfs_disk_ref *ref)
{
	struct sfs_btree_block *bt = block_of(dm->v, le64_to_cpu(ref->blkno));
	struct sfs_btree_slot *slot = (void *)(bt + 1);
	unsigned int i;

	for (i = 0; i < le16_to_cpu(bt->nr_items) && !dm->is_done; i++)
		dm->is_done = damage_item(dm, bt, slot + i);
	if (!dm->is_done)
		return false;
	sfs_hdr_seal(bt, SFS_PAGE_BYTES);
	ref->crc = bt->hdr.csum;
	return true;
}

/* In all groups of the root map of an unmounted volume. */
static void damage_groups(struct damage *dm)
{
	struct sfs_super_block *sb = super_of(dm->v);
	struct sfs_btree_block *bt = block_of(dm->v,
					le64_to_cpu(sb->volume.ref.blkno));
	struct sfs_btree_slot *slot = (void *)(bt + 1);
	unsigned int i;

	assert_int_equal(bt->level, 0);
	for (i = 0; i < le16_to_cpu(bt->nr_items) && !dm->is_done; i++) {
		struct sfs_disk_root_entry entry;
		u8 *val = (u8 *)bt + le16_to_cpu(slot[i].off) +
			  slot[i].key_len;

		if (le16_to_cpu(slot[i].val_len) != sizeof(entry))
			continue;
		memcpy(&entry, val, sizeof(entry));
		damage_subtree(dm, &entry.tree.ref);
		memcpy(val, &entry, sizeof(entry));
	}
	assert_true(dm->is_done);
	sfs_hdr_seal(bt, SFS_PAGE_BYTES);
	sb->volume.ref.crc = bt->hdr.csum;
	sfs_hdr_seal(sb, sizeof(*sb));
}

static void assert_damage(struct vol *v, u8 type,
			  bool (*change)(u8 *val, unsigned int len),
			  const char *id)
{
	struct damage dm = { .v = v, .type = type, .change = change };

	damage_groups(&dm);
	assert_finds(v, id);
	assert_int_equal(v->st.nr_mounts, 0);
}

/* ---- tests ------------------------------------------------------------------------------- */

static void test_fresh(void **state)
{
	struct vol *v = *state;

	assert_clean(v);
	assert_int_equal(v->st.nr_inodes, 1);
	assert_int_equal(v->st.nr_mounts, 0);
	assert_int_equal(v->st.free_data_blocks,
			 v->st.total_data_blocks - SFS_DATA_FIRST_BLOCK);
}

static void test_block_sizes(void **state)
{
	struct vol *v = *state;
	struct sfs_mkfs_params p;
	u32 shift;

	for (shift = 12; shift <= 16; shift++) {
		params_fill(&p);
		p.block_shift = shift;
		assert_int_equal(sfs_mkfs(&v->meta.dev, &v->data.dev, &p,
					  &v->sb), 0);
		assert_clean(v);
	}
}

static void test_one_device(void **state)
{
	struct vol *v = *state;
	const struct sfs_check_params params = {
		.problem = on_problem,
		.arg = v,
	};
	struct sfs_mkfs_params p;

	params_fill(&p);
	p.one_device = true;
	p.data_start_bytes = 32 << 20;
	/* 8 MiB are too small for data */
	assert_int_equal(sfs_mkfs(&v->meta.dev, &v->meta.dev, &p, &v->sb),
			 -EINVAL);
	v->meta.mem = realloc(v->meta.mem, 2 * IMG_BYTES);
	assert_non_null(v->meta.mem);
	memset(v->meta.mem, 0, 2 * IMG_BYTES);
	v->meta.dev.size_bytes = 2 * IMG_BYTES;
	assert_int_equal(sfs_mkfs(&v->meta.dev, &v->meta.dev, &p, &v->sb), 0);
	v->nr_ids = 0;
	assert_int_equal(sfs_check(&v->meta.dev, &v->meta.dev, &params,
				   &v->st), 0);
	assert_int_equal(v->nr_ids, 0);
}

static void test_sizes(void **state)
{
	struct vol *v = *state;
	char error[SFS_MKFS_ERROR_BYTES];
	struct sfs_mkfs_params p;

	params_fill(&p);
	p.allow_small = false;
	assert_int_equal(sfs_mkfs_check(&v->meta.dev, &v->data.dev, &p, error),
			 -EINVAL);
	assert_string_equal(error,
			    "40.00MB too small for min 64.00GB meta device");
	p.allow_small = true;
	p.max_data_bytes = 1 << 20;
	assert_int_equal(sfs_mkfs_check(&v->meta.dev, &v->data.dev, &p, error),
			 -EINVAL);
	assert_string_equal(error,
			    "1.00MB too small for min 32.00MB data device, allowing with -A");
}

/* data_alloc_zone_blocks, on a device of 8 TiB and some */
static void test_mkfs_zones(void **state)
{
	static const u64 good[] = { 0, 2097153, 2097154, (1ULL << 31) + 1 };
	static const u64 bad[] = { 1, 1048575, 1048576, 2097152,
				   (1ULL << 31) + 2, U64_MAX };
	struct vol *v = *state;
	char error[SFS_MKFS_ERROR_BYTES];
	struct sfs_dev data = { .size_bytes = (1ULL << 43) + 4096 };
	struct sfs_mkfs_params p;
	unsigned int i;

	params_fill(&p);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		p.data_alloc_zone_blocks = good[i];
		assert_int_equal(sfs_mkfs_check(&v->meta.dev, &data, &p, error),
				 0);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		p.data_alloc_zone_blocks = bad[i];
		assert_int_equal(sfs_mkfs_check(&v->meta.dev, &data, &p, error),
				 -EINVAL);
	}
	assert_string_equal(error,
			    "zones of 18446744073709551615 data blocks (-z): must be 1048576 to the device's 2147483649 and give at most 1024 zones");
	/* what is used of the device counts */
	p.max_data_bytes = 4ULL << 30;
	p.data_alloc_zone_blocks = 1048577;
	assert_int_equal(sfs_mkfs_check(&v->meta.dev, &data, &p, error),
			 -EINVAL);
	p.data_alloc_zone_blocks = 1048576;
	assert_int_equal(sfs_mkfs_check(&v->meta.dev, &data, &p, error), 0);
}

static void test_filled(void **state)
{
	struct vol *v = *state;

	vol_fill(v, true);
	assert_clean(v);
	assert_int_equal(v->st.nr_mounts, 0);
	assert_int_equal(v->st.nr_inodes, 303);
}

static void test_unclean(void **state)
{
	struct vol *v = *state;

	vol_fill(v, false);
	assert_clean(v);
	assert_int_equal(v->st.nr_mounts, 1);
	assert_int_equal(v->st.nr_inodes, 303);
}

static void test_supers(void **state)
{
	struct vol *v = *state;
	struct sfs_super_block *sb = super_of(v);

	sb->free_data_blocks = cpu_to_le64(5);
	sfs_hdr_seal(sb, sizeof(*sb));
	assert_finds(v, "super-counter");
	/* a torn copy is what a crash leaves: the other one is taken */
	sb->free_data_blocks = cpu_to_le64(6);
	assert_clean(v);
	memset(v->meta.mem + SFS_SUPER_A_BYTES, 0x55, SFS_PAGE_BYTES);
	memset(v->meta.mem + SFS_SUPER_B_BYTES, 0x55, SFS_PAGE_BYTES);
	assert_int_equal(vol_check(v), -EINVAL);
	assert_true(vol_has(v, "super-missing"));
}

static void test_foreign_data(void **state)
{
	struct vol *v = *state;
	struct sfs_super_block *sb = (void *)v->data.mem + SFS_SUPER_A_BYTES;

	sb->hdr.fsid = cpu_to_le64(99);
	sfs_hdr_seal(sb, sizeof(*sb));
	assert_finds(v, "super-data");
	v->data.dev.size_bytes /= 2;
	assert_finds(v, "super-device-size");
}

static void test_unknown_features(void **state)
{
	struct vol *v = *state;
	struct sfs_super_block *sb = super_of(v);

	sb->incompat = cpu_to_le64(1ULL << 40);
	sfs_hdr_seal(sb, sizeof(*sb));
	assert_int_equal(vol_check(v), -EINVAL);
	assert_true(vol_has(v, "super-features"));
}

static void test_pool(void **state)
{
	struct vol *v = *state;
	struct sfs_super_block *sb = super_of(v);

	le64_add_cpu(&sb->pool[0].len, -3);
	sfs_hdr_seal(sb, sizeof(*sb));
	assert_finds(v, "meta-leaked");
	le64_add_cpu(&sb->pool[0].len, 6);
	sfs_hdr_seal(sb, sizeof(*sb));
	assert_finds(v, "meta-shared");
	sb->pool[0].len = cpu_to_le64(U64_MAX - 5);
	sfs_hdr_seal(sb, sizeof(*sb));
	assert_finds(v, "extent-bounds");
}

static void test_torn_block(void **state)
{
	struct vol *v = *state;
	u64 root = le64_to_cpu(v->sb.first_meta_block);

	*((u8 *)block_of(v, root) + 4000) ^= 1;
	assert_finds(v, "block-csum");
	assert_true(vol_has(v, "group-damaged"));
	/* what the damaged block referred to is unknown, not leaked */
	assert_false(vol_has(v, "meta-leaked"));
}

/* Every way a block can be another than the one referred to. */
static void test_wrong_block(void **state)
{
	struct vol *v = *state;
	u64 root = le64_to_cpu(v->sb.first_meta_block);
	struct sfs_block_hdr *hdr = block_of(v, root);
	struct sfs_block_hdr old = *hdr;

	hdr->fsid = 0;
	sfs_hdr_seal(hdr, SFS_PAGE_BYTES);
	assert_finds(v, "block-fsid");
	*hdr = old;
	hdr->blkno = cpu_to_le64(root + 1);
	sfs_hdr_seal(hdr, SFS_PAGE_BYTES);
	assert_finds(v, "block-address");
	*hdr = old;
	hdr->seq = cpu_to_le64(2);
	sfs_hdr_seal(hdr, SFS_PAGE_BYTES);
	assert_finds(v, "block-reference");
	*hdr = old;
	assert_clean(v);
}

static bool change_nlink(u8 *val, unsigned int len)
{
	if (!(get_unaligned_le32(val) & (1U << SFS_IW_MODE_NLINK)))
		return false;
	val[4]++;
	return true;
}

static bool change_bits(u8 *val, unsigned int len)
{
	val[3] = 0xff;
	return true;
}

static bool change_flags(u8 *val, unsigned int len)
{
	struct sfs_inode in;

	assert_int_equal(sfs_inode_decode(&in, 1, val, len), 0);
	if (!in.flags)
		return false;
	in.flags |= 1U << 6;
	assert_int_equal(sfs_inode_encode(&in, val), len);
	return true;
}

static bool change_name(u8 *val, unsigned int len)
{
	val[len - 1] ^= 1;
	return true;
}

static bool change_dirent_ino(u8 *val, unsigned int len)
{
	val[6] = 0x77;
	return true;
}

static bool change_dtype(u8 *val, unsigned int len)
{
	val[8] = DT_BLK;
	return true;
}

static bool change_extent_phys(u8 *val, unsigned int len)
{
	val[6] = 0x77;
	return true;
}

static bool change_extent_len(u8 *val, unsigned int len)
{
	val[8]--;
	return true;
}

static bool change_target(u8 *val, unsigned int len)
{
	val[0] = 0;
	return true;
}

static bool change_xattr_len(u8 *val, unsigned int len)
{
	val[0]++;
	return true;
}

static void test_items(void **state)
{
	static const struct {
		u8 type;
		bool (*change)(u8 *val, unsigned int len);
		const char *id;
	} cases[] = {
		{ SFS_ITEM_INODE, change_nlink, "inode-nlink" },
		{ SFS_ITEM_INODE, change_bits, "inode-value" },
		{ SFS_ITEM_INODE, change_flags, "inode-value" },
		{ SFS_ITEM_DIRENT, change_name, "dir-hash" },
		{ SFS_ITEM_DIRENT, change_dirent_ino, "dir-dangling" },
		{ SFS_ITEM_DIRENT, change_dtype, "inode-type" },
		{ SFS_ITEM_EXTENT, change_extent_phys, "extent-bounds" },
		{ SFS_ITEM_EXTENT, change_extent_len, "inode-blocks" },
		{ SFS_ITEM_EXTENT, change_extent_len, "data-leaked" },
		{ SFS_ITEM_BYTES, change_target, "symlink-size" },
		{ SFS_ITEM_XATTR, change_xattr_len, "xattr-chunks" },
	};
	struct vol *v = *state;
	u8 *good = malloc(IMG_BYTES);
	size_t i;

	assert_non_null(good);
	vol_fill(v, true);
	memcpy(good, v->meta.mem, IMG_BYTES);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memcpy(v->meta.mem, good, IMG_BYTES);
		assert_damage(v, cases[i].type, cases[i].change, cases[i].id);
	}
	memcpy(v->meta.mem, good, IMG_BYTES);
	assert_clean(v);
	free(good);
}

static void test_lost_record(void **state)
{
	struct vol *v = *state;
	u64 byte = SFS_RECORDS_BYTES;

	vol_fill(v, false);
	v->meta.mem[byte + 2000] ^= 1;
	v->meta.mem[byte + SFS_PAGE_BYTES + 2000] ^= 1;
	assert_finds(v, "record-missing");
}

static void test_print(void **state)
{
	struct vol *v = *state;
	struct sfs_print_params params = { .is_json = true };
	char *text = NULL;
	size_t len = 0;

	vol_fill(v, false);
	params.out = open_memstream(&text, &len);
	assert_non_null(params.out);
	assert_int_equal(sfs_print(&v->meta.dev, &v->data.dev, &params), 0);
	params.is_json = false;
	assert_int_equal(sfs_print(&v->meta.dev, &v->data.dev, &params), 0);
	fclose(params.out);
	assert_non_null(strstr(text, "\"name\": \"file 299\""));
	assert_non_null(strstr(text, "name=\"file 299\""));
	free(text);
}

int main(void)
{
#define VOL_TEST(func) cmocka_unit_test_setup_teardown(func, vol_setup, \
						       vol_teardown)
	const struct CMUnitTest tests[] = {
		VOL_TEST(test_fresh),
		VOL_TEST(test_block_sizes),
		VOL_TEST(test_one_device),
		VOL_TEST(test_sizes),
		VOL_TEST(test_mkfs_zones),
		VOL_TEST(test_filled),
		VOL_TEST(test_unclean),
		VOL_TEST(test_supers),
		VOL_TEST(test_foreign_data),
		VOL_TEST(test_unknown_features),
		VOL_TEST(test_pool),
		VOL_TEST(test_torn_block),
		VOL_TEST(test_wrong_block),
		VOL_TEST(test_items),
		VOL_TEST(test_lost_record),
		VOL_TEST(test_print),
	};

	port_log = quiet;
	if (sfs_lock_local_init())
		return 1;
	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
