// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount records that were written along with their blocks: which one counts, and
 * what makes a record certain.
 */
#include "ns_volume.h"

static int setup(void **state)
{
	return nv_setup(state, NV_META_BYTES, NV_DATA_BYTES, 12, 4);
}

static struct sfs_mount_record *read_record(struct nv *nv)
{
	struct sfs_mount_record *rec = malloc(sizeof(*rec));

	assert_int_equal(sfs_record_read(&nv->vol, nv->fs->slot, nv->rid, rec), 0);
	return rec;
}

static u64 record_seq(struct nv *nv, bool *is_tentative)
{
	struct sfs_mount_record *rec = read_record(nv);
	u64 seq = le64_to_cpu(rec->hdr.seq);

	*is_tentative = le32_to_cpu(rec->flags) & SFS_RECORD_TENTATIVE;
	free(rec);
	return seq;
}

/* What recovery would take: the seq; *ret as sfs_record_find(). */
static u64 found_seq(struct nv *nv, int *ret)
{
	struct sfs_mount_record *rec = malloc(sizeof(*rec));
	u64 seq;

	*ret = sfs_record_find(&nv->vol, nv->fs->slot, nv->rid, rec);
	assert_true(*ret >= 0);
	seq = le64_to_cpu(rec->hdr.seq);
	free(rec);
	return seq;
}

/*
 * Changes in several groups and of freed space, synced; the seq.  A sync is a commit
 * when the last one is too long ago, as on a busy machine.
 */
static u64 sync_changes(struct nv *nv, const char *name)
{
	bool is_tentative = false;
	unsigned int i;
	char path[64];
	u64 seq = 0;

	for (i = 0; i < 100 && !is_tentative; i++) {
		assert_int_equal(sfs_fs_sync(nv->fs), 0);
		snprintf(path, sizeof(path), "%s-%u", name, i);
		nv_file(nv, nv_dir(nv, 1, path), "file");
		assert_int_equal(nv_truncate(nv, nv_lookup(nv, 1, "full"),
					     4096 * (200 - i)), 0);
		assert_int_equal(sfs_fs_fsync(nv->fs), 0);
		seq = record_seq(nv, &is_tentative);
	}
	assert_true(is_tentative);
	return seq;
}

static void make_full(struct nv *nv)
{
	u64 ino = nv_file(nv, 1, "full");
	struct sfs_map map;

	assert_int_equal(sfs_ns_alloc(nv->fs, ino, 0, 256, 256, 0, &map), 0);
	assert_int_equal(sfs_ns_written(nv->fs, ino, 0, 256, 256 * 4096, 0), 0);
}

static struct sfs_block_hdr *block_at(struct nv *nv, u64 blkno)
{
	return (void *)((u8 *)nv->meta.priv + (blkno << nv->vol.block_shift));
}

static bool is_block_of(struct nv *nv, const struct sfs_block_hdr *hdr, u64 seq)
{
	u32 magic = le32_to_cpu(hdr->magic);

	return (magic == SFS_MAGIC_BTREE || magic == SFS_MAGIC_EXTLIST) &&
	       le64_to_cpu(hdr->seq) == seq &&
	       le32_to_cpu(hdr->csum) == sfs_hdr_csum(hdr, nv->vol.block_bytes);
}

/* Without any one of its blocks the transaction did not happen. */
static void test_each_block_counts(void **state)
{
	unsigned int nr = 0, nr_freed = 0, nr_log = 0;
	struct nv *nv = *state;
	struct sfs_block_hdr *hdr;
	u64 seq, blkno;
	int ret;

	make_full(nv);
	seq = sync_changes(nv, "a");
	assert_int_equal(found_seq(nv, &ret), seq);
	assert_int_equal(ret, 1);
	for (blkno = nv->vol.first_meta_block;
	     blkno < nv->vol.total_meta_blocks; blkno++) {
		hdr = block_at(nv, blkno);
		if (!is_block_of(nv, hdr, seq))
			continue;
		nr++;
		nr_freed += le64_to_cpu(hdr->owner) == SFS_OWNER_FREED(nv->fs->slot);
		nr_log += le64_to_cpu(hdr->owner) == SFS_OWNER_MLOG(nv->fs->slot);
		hdr->csum ^= cpu_to_le32(1);
		assert_true(found_seq(nv, &ret) < seq);
		assert_int_equal(ret, 1);
		hdr->csum ^= cpu_to_le32(1);
	}
	assert_true(nr_freed && nr_log && nr > nr_freed + nr_log + 1);
	assert_int_equal(found_seq(nv, &ret), seq);
}

/* By itself, or because a later one is. */
static void assert_certain(struct nv *nv, u64 seq, bool is_itself)
{
	u64 found;
	int ret;

	found = found_seq(nv, &ret);
	assert_int_equal(ret, 0);
	assert_true(is_itself ? found == seq : found >= seq);
}

/* Whatever lets others build on it makes it certain first. */
static void test_what_settles(void **state)
{
	struct nv *nv = *state;
	u64 seq;

	make_full(nv);
	seq = sync_changes(nv, "commit");
	assert_int_equal(sfs_trans_commit_seq(&nv->fs->trans, seq), 0);
	assert_certain(nv, seq, true);
	seq = sync_changes(nv, "sync");
	assert_int_equal(sfs_fs_sync(nv->fs), 0);
	assert_certain(nv, seq, true);
	seq = sync_changes(nv, "fold");
	assert_int_equal(sfs_fs_fold(nv->fs), 0);
	assert_certain(nv, seq, true);
	/* the first one does more than the next */
	assert_int_equal(sfs_fs_work(nv->fs, 3000), 0);
	seq = sync_changes(nv, "work");
	assert_int_equal(sfs_fs_work(nv->fs, 3000), 0);
	assert_certain(nv, seq, false);
	seq = sync_changes(nv, "return");
	assert_int_equal(sfs_fs_offer_returns(nv->fs), 0);
	assert_certain(nv, seq, false);
}

/* The record before it is chosen once and for all, in place of the other one. */
static void test_settled_stays(void **state)
{
	struct nv *nv = *state;
	struct sfs_mount_record *rec = malloc(sizeof(*rec));
	struct sfs_block_hdr *hdr = NULL;
	u64 seq, blkno;
	int ret;

	make_full(nv);
	seq = sync_changes(nv, "a");
	for (blkno = nv->vol.first_meta_block; !hdr; blkno++)
		if (is_block_of(nv, block_at(nv, blkno), seq))
			hdr = block_at(nv, blkno);
	hdr->csum ^= cpu_to_le32(1);
	assert_int_equal(sfs_record_find(&nv->vol, nv->fs->slot, nv->rid, rec), 1);
	assert_int_equal(sfs_record_settle(&nv->vol, rec), 0);
	hdr->csum ^= cpu_to_le32(1);
	assert_true(found_seq(nv, &ret) < seq);
	assert_int_equal(ret, 0);
	free(rec);
	/* the mount does not know: as after a crash */
	nv_umount(nv, true);
	nv_check(nv);
	nv_mount(nv);
}

/* Recovery makes it certain before anything else, so that it finds it again. */
static void test_recovery_settles(void **state)
{
	struct nv *nv = *state;
	struct sfs_mount_record *rec = malloc(sizeof(*rec));
	u32 slot = nv->fs->slot;
	u64 seq, rid = nv->rid;

	make_full(nv);
	seq = sync_changes(nv, "a");
	nv_umount(nv, true);
	nv_mount(nv);
	nv_open_volume(nv, &nv->leader_vol, 99);
	assert_int_equal(sfs_record_read(&nv->leader_vol, slot, rid, rec), 0);
	assert_int_equal(le64_to_cpu(rec->hdr.seq), seq);
	assert_false(le32_to_cpu(rec->flags) & SFS_RECORD_TENTATIVE);
	sfs_volume_close(&nv->leader_vol);
	free(rec);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, nv_teardown)
		T(test_each_block_counts),
		T(test_what_settles),
		T(test_settled_stays),
		T(test_recovery_settles),
	};

	return cmocka_run_group_tests_name("mount records", tests,
					   nv_group_setup, nv_group_teardown);
}
