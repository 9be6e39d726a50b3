// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer: whole volumes with changed bytes, all checksums put right.
 *
 * The input is a byte of flags and a list of changes {page, offset, length,
 * bytes}; pages are counted among those in use.  After the changes every tree
 * that can be followed gets its checksums, from the leaves to the root, so that
 * the code behind the checksums is reached.
 */
#include "fuzz.h"

#include "lib/check.h"
#include "lib/print.h"

enum fuzz_flags {
	FUZZ_UNCLEAN	= 1 << 0,
	FUZZ_WRITE	= 1 << 1,	/* mount read-write: recovery runs */
};

enum { FUZZ_DEPTH_MAX = 8, FUZZ_DIRS_MAX = 64, FUZZ_CHANGES_MAX = 64 };

static struct {
	struct sim_img base[2][SIM_NR_DEVS];
	u32 *used[2];		/* metadata pages that are not zero */
	u32 nr_used[2];
	u8 seen[FUZZ_DEV_BYTES / SFS_PAGE_BYTES];
} fuzz;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void fuzz_find_used(unsigned int which)
{
	u32 nr_pages = FUZZ_DEV_BYTES / SFS_PAGE_BYTES;
	u32 i;

	fuzz.used[which] = calloc(nr_pages, sizeof(u32));
	for (i = 0; i < nr_pages; i++) {
		if (memchr_inv(fuzz.base[which][SIM_META].flat +
			       (u64)i * SFS_PAGE_BYTES, 0, SFS_PAGE_BYTES))
			fuzz.used[which][fuzz.nr_used[which]++] = i;
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	unsigned int which;

	fuzz_start();
	for (which = 0; which < 2; which++) {
		fuzz_volume_make(fuzz.base[which], !which);
		fuzz_find_used(which);
	}
	return 0;
}

/* ---- checksums --------------------------------------------------------------------- */

static bool fuzz_fix_ref(struct sim_img *img, struct sfs_disk_ref *ref,
			 unsigned int depth);

static void fuzz_fix_child(struct sim_img *img, u8 *block, unsigned int off,
			   unsigned int depth)
{
	struct sfs_disk_ref ref;

	if (off + sizeof(ref) > SFS_PAGE_BYTES)
		return;
	memcpy(&ref, block + off, sizeof(ref));
	if (fuzz_fix_ref(img, &ref, depth + 1))
		memcpy(block + off, &ref, sizeof(ref));
}

static void fuzz_fix_children(struct sim_img *img, u8 *block,
			      unsigned int depth)
{
	struct sfs_btree_block *bt = (void *)block;
	struct sfs_btree_slot *slot = (void *)(bt + 1);
	unsigned int nr = le16_to_cpu(bt->nr_items);
	unsigned int i;

	for (i = 0; i < nr && (u8 *)(slot + i + 1) <= block + SFS_PAGE_BYTES;
	     i++) {
		unsigned int off = le16_to_cpu(slot[i].off) + slot[i].key_len;
		unsigned int len = le16_to_cpu(slot[i].val_len);

		/* branches, and the root entries of volume tree and logs */
		if (bt->level || len == sizeof(struct sfs_disk_root_entry) ||
		    len == sizeof(struct sfs_disk_mlog_root))
			fuzz_fix_child(img, block, off, depth);
	}
}

static bool fuzz_fix_ref(struct sim_img *img, struct sfs_disk_ref *ref,
			 unsigned int depth)
{
	u64 blkno = le64_to_cpu(ref->blkno);
	struct sfs_block_hdr *hdr;
	u8 block[SFS_PAGE_BYTES];

	if (!blkno || blkno >= FUZZ_DEV_BYTES / SFS_PAGE_BYTES ||
	    depth > FUZZ_DEPTH_MAX)
		return false;
	sim_img_read(img, blkno * SFS_PAGE_BYTES, block, sizeof(block));
	hdr = (void *)block;
	if (!fuzz.seen[blkno]) {
		fuzz.seen[blkno] = 1;
		if (hdr->type == SFS_BLOCK_BTREE)
			fuzz_fix_children(img, block, depth);
		else
			fuzz_fix_child(img, block,
				       offsetof(struct sfs_extlist_block, next),
				       depth);
		sfs_hdr_seal(block, sizeof(block));
		sim_img_write(img, blkno * SFS_PAGE_BYTES, block,
			      sizeof(block));
	}
	ref->crc = hdr->csum;
	return true;
}

static void fuzz_fix_page(struct sim_img *img, u64 byte)
{
	u8 page[SFS_PAGE_BYTES];
	struct sfs_block_hdr *hdr = (void *)page;
	struct sfs_super_block *sb = (void *)page;
	struct sfs_mount_record *rec = (void *)page;

	sim_img_read(img, byte, page, sizeof(page));
	if (le32_to_cpu(hdr->magic) == SFS_MAGIC_SUPER) {
		fuzz_fix_ref(img, &sb->volume.ref, 0);
		fuzz_fix_ref(img, &sb->pool_list, 0);
	} else if (le32_to_cpu(hdr->magic) == SFS_MAGIC_RECORD) {
		fuzz_fix_ref(img, &rec->mlog.ref, 0);
		fuzz_fix_ref(img, &rec->freed.ref, 0);
		fuzz_fix_ref(img, &rec->ret.ref, 0);
		fuzz_fix_ref(img, &rec->pool_list, 0);
	} else {
		return;
	}
	sfs_hdr_seal(page, sizeof(page));
	sim_img_write(img, byte, page, sizeof(page));
}

static void fuzz_fix_all(struct sim_img *img)
{
	unsigned int i;

	memset(fuzz.seen, 0, sizeof(fuzz.seen));
	fuzz_fix_page(img, SFS_SUPER_A_BYTES);
	fuzz_fix_page(img, SFS_SUPER_B_BYTES);
	for (i = 0; i < 4; i++)
		fuzz_fix_page(img, SFS_RECORDS_BYTES + i * SFS_PAGE_BYTES);
}

static void fuzz_change(struct sim_img *img, unsigned int which, const u8 *data,
			size_t size)
{
	unsigned int nr;

	for (nr = 0; nr < FUZZ_CHANGES_MAX && size >= 6; nr++) {
		u32 page = get_unaligned_le16(data) % fuzz.nr_used[which];
		u32 off = get_unaligned_le16(data + 2) % SFS_PAGE_BYTES;
		u32 len = min_t(u32, data[4] % 32 + 1, size - 5);

		len = min_t(u32, len, SFS_PAGE_BYTES - off);
		sim_img_write(img, (u64)fuzz.used[which][page] *
			      SFS_PAGE_BYTES + off, data + 5, len);
		data += 5 + len;
		size -= 5 + len;
	}
}

/* ---- use ------------------------------------------------------------------------------- */

static void fuzz_look(struct sfs_fs *fs, const struct sfs_inode *in)
{
	static char buf[SFS_XATTR_VALUE_MAX];
	struct sfs_map map;

	sfs_ns_listxattr(fs, in->ino, buf, sizeof(buf));
	sfs_ns_getxattr(fs, in->ino, "user.large", buf, sizeof(buf));
	if (S_ISLNK(in->mode))
		sfs_ns_readlink(fs, in->ino, buf, sizeof(buf));
	if (S_ISREG(in->mode))
		sfs_ns_map(fs, in->ino, 0, 100, 0, &map);
}

static void fuzz_walk(struct sfs_fs *fs)
{
	static u64 buf[1024];
	u64 dirs[FUZZ_DIRS_MAX] = { SFS_ROOT_INO };
	unsigned int nr = 1;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		int len = sfs_ns_readdir(fs, dirs[i], 2, buf, sizeof(buf));
		int off = 0;

		while (off < len) {
			struct sfs_readdir_entry *de = (void *)buf + off;
			struct sfs_inode in;

			off += de->rec_len;
			if (sfs_ns_getattr(fs, de->ino, 0, &in, NULL))
				continue;
			fuzz_look(fs, &in);
			if (S_ISDIR(in.mode) && nr < FUZZ_DIRS_MAX)
				dirs[nr++] = in.ino;
		}
	}
}

static void fuzz_change_names(struct sfs_fs *fs)
{
	struct timespec64 now = { .tv_sec = 3 };
	struct sfs_create args = {
		.dir = SFS_ROOT_INO,
		.name = "new",
		.name_len = 3,
		.mode = S_IFREG | 0600,
	};
	struct sfs_inode inode, dir;

	sfs_ns_create(fs, &args, &inode, &dir);
	if (!sfs_ns_unlink(fs, SFS_ROOT_INO, "hard link", 9, 0, false, now,
			   &inode, &dir))
		sfs_ns_truncate(fs, inode.ino, 0, now, 0, &inode);
	sfs_fs_work(fs, 0);
}

static void fuzz_mount(struct sim_dev *dev, bool is_write)
{
	struct sfs_volume vol = {
		.meta = &dev[0].dev,
		.data = &dev[1].dev,
		.rid = 9,
		.read_only = !is_write,
	};
	struct sfs_fs_params params = {
		.vol = &vol,
		.rid = 9,
		.read_only = !is_write,
	};
	struct sfs_fs *fs;

	if (sfs_volume_open(&vol))
		return;
	if (!sfs_fs_open(&params, &fs)) {
		fuzz_walk(fs);
		if (is_write)
			fuzz_change_names(fs);
		sfs_fs_close(fs, false);
	}
	sfs_volume_close(&vol);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct sfs_check_params check_params;
	struct sim_img img[SIM_NR_DEVS];
	struct sim_dev dev[SIM_NR_DEVS];
	struct sfs_check_stat st;
	unsigned int which;
	unsigned int i;

	if (!size)
		return 0;
	which = data[0] & FUZZ_UNCLEAN ? 1 : 0;
	for (i = 0; i < SIM_NR_DEVS; i++) {
		sim_img_init_layer(&img[i], &fuzz.base[which][i]);
		sim_dev_init(&dev[i], &img[i], NULL, i);
	}
	fuzz_change(&img[SIM_META], which, data + 1, size - 1);
	fuzz_fix_all(&img[SIM_META]);
	sfs_check(&dev[0].dev, &dev[1].dev, &check_params, &st);
	fuzz_mount(dev, data[0] & FUZZ_WRITE);
	for (i = 0; i < SIM_NR_DEVS; i++)
		sim_img_exit(&img[i]);
	return 0;
}
