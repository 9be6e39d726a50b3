// SPDX-License-Identifier: GPL-2.0-only
/*
 * Other quorum slots for an unmounted volume: what is written, what is refused
 * with which words, and what a crash leaves.
 */
#include "ns_volume.h"

#include "lib/quorum_config.h"

enum {
	FIXED_BYTES	= 1 << 20,	/* what a change may write, and more */
	TORN_BYTES	= 256,		/* before the super's list of slots */
};

struct qt {
	struct nv nv;
	struct sfs_disk_quorum_slot slots[SFS_QUORUM_SLOTS_MAX];
	struct sfs_super_block out;
	char error[SFS_QUORUM_CONFIG_ERROR_BYTES];
	u8 *before;			/* the fixed part, to compare and restore */
	unsigned int waited_ms;
	/* called once when so much time has passed */
	void (*hook)(struct qt *qt);
	unsigned int hook_ms;
};

static_assert(TORN_BYTES <= offsetof(struct sfs_super_block, quorum));

/* ---- a device that fails ------------------------------------------------------ */

static unsigned int nr_writes, nr_writes_max;

static int failing_write_sync(struct sfs_dev *dev, u64 off, void *buf, u32 len,
			      unsigned int flags)
{
	if (nr_writes++ < nr_writes_max)
		return nv_dev_write_sync(dev, off, buf, len, flags);
	if (nr_writes == nr_writes_max + 1)
		nv_dev_write_sync(dev, off, buf, TORN_BYTES, flags);
	return -EIO;
}

static const struct sfs_dev_ops failing_ops = {
	.read = nv_dev_read,
	.write = nv_dev_write,
	.write_sync = failing_write_sync,
	.flush = nv_dev_flush,
};

/* ---- a volume ----------------------------------------------------------------- */

static void set_slot(struct sfs_disk_quorum_slot *slots, unsigned int nr,
		     u8 host, u16 port)
{
	slots[nr] = (struct sfs_disk_quorum_slot) {
		.addr = { 192, 0, 2, host },
		.port = cpu_to_le16(port),
		.family = 4,
	};
}

static void make(struct qt *qt, const char *provider)
{
	struct sfs_mkfs_params p;

	sfs_mkfs_params_init(&p);
	p.fsid = 0x5f5f;
	p.nr_slots = 16;
	p.allow_small = true;
	p.lock_provider = provider;
	p.now = nv_now(&qt->nv);
	set_slot(p.quorum, 0, 1, 100);
	set_slot(p.quorum, 1, 2, 100);
	set_slot(p.quorum, 2, 3, 100);
	assert_int_equal(sfs_mkfs(&qt->nv.meta, &qt->nv.data, &p, NULL), 0);
}

static int setup(void **state)
{
	struct qt *qt = calloc(1, sizeof(*qt));

	assert_non_null(qt);
	qt->before = malloc(FIXED_BYTES);
	assert_non_null(qt->before);
	nv_dev_init(&qt->nv.meta, NV_META_BYTES);
	nv_dev_init(&qt->nv.data, NV_DATA_BYTES);
	make(qt, "cluster");
	/* the first stays, the second moves, the third goes, one is new */
	set_slot(qt->slots, 0, 1, 100);
	set_slot(qt->slots, 1, 9, 900);
	set_slot(qt->slots, 5, 5, 500);
	*state = qt;
	return 0;
}

static int teardown(void **state)
{
	struct qt *qt = *state;

	nv_exit(&qt->nv);
	free(qt->before);
	free(qt);
	return 0;
}

static struct sfs_super_block *super_at(struct qt *qt, u64 byte)
{
	return (void *)((u8 *)qt->nv.meta.priv + byte);
}

static struct sfs_quorum_page *page_of(struct qt *qt, unsigned int nr)
{
	return (void *)((u8 *)qt->nv.meta.priv + SFS_QUORUM_BYTES +
			nr * SFS_PAGE_BYTES);
}

static struct sfs_quorum_page *second_of(struct qt *qt, unsigned int nr)
{
	return (void *)((u8 *)qt->nv.meta.priv + SFS_QUORUM_COPY_BYTES +
			nr * SFS_PAGE_BYTES);
}

/* The first copy, which counts then. */
static void seal_page(struct qt *qt, unsigned int nr)
{
	struct sfs_quorum_page *page = page_of(qt, nr);

	if (nr != SFS_MMP_PAGE)
		page->hdr.seq = second_of(qt, nr)->hdr.seq;
	le64_add_cpu(&page->hdr.seq, 2);
	page->hdr.magic = cpu_to_le32(SFS_MAGIC_QUORUM);
	page->hdr.fsid = cpu_to_le64(0x5f5f);
	page->hdr.blkno = cpu_to_le64((SFS_QUORUM_BYTES >> SFS_PAGE_SHIFT) +
				      nr);
	page->hdr.owner = cpu_to_le64(nr);
	page->hdr.type = SFS_BLOCK_QUORUM;
	sfs_hdr_seal(page, sizeof(*page));
}

/* A page as a mount that ended without a word leaves it. */
static struct sfs_quorum_page *fill_page(struct qt *qt, unsigned int nr,
					 u64 rid)
{
	struct sfs_quorum_page *page = page_of(qt, nr);

	page->rid = cpu_to_le64(rid);
	page->beat = cpu_to_le64(40);
	page->interval_ms = cpu_to_le32(1000);
	strscpy(page->node, "n\033ode", sizeof(page->node));
	page->term = cpu_to_le64(7);
	page->vote_term = cpu_to_le64(7);
	page->vote_for = cpu_to_le32(1);
	seal_page(qt, nr);
	return page;
}

static void on_wait(void *arg, unsigned int ms)
{
	void (*hook)(struct qt *qt);
	struct qt *qt = arg;

	qt->waited_ms += ms;
	hook = qt->hook;
	if (hook && qt->waited_ms >= qt->hook_ms) {
		qt->hook = NULL;
		hook(qt);
	}
}

static int replace(struct qt *qt)
{
	const struct sfs_quorum_config qc = {
		.slots = qt->slots,
		.wait = on_wait,
		.arg = qt,
	};

	qt->waited_ms = 0;
	qt->error[0] = 0;
	return sfs_quorum_config_replace(&qt->nv.meta, &qc, qt->error,
					 &qt->out);
}

static void read_super(struct qt *qt, struct sfs_super_block *sb)
{
	const char *why;

	assert_int_equal(sfs_super_read(&qt->nv.meta, sb, &why), 0);
}

static bool has_new_list(struct qt *qt, const struct sfs_super_block *sb)
{
	return !memcmp(sb->quorum, qt->slots, sizeof(sb->quorum));
}

static void save(struct qt *qt)
{
	memcpy(qt->before, qt->nv.meta.priv, FIXED_BYTES);
}

static void assert_says(struct qt *qt, const char *text)
{
	if (!strstr(qt->error, text))
		fail_msg("'%s' is not in '%s'", text, qt->error);
}

/* Refused for that reason, and nothing is written. */
static void assert_refused(struct qt *qt, int err, const char *text)
{
	save(qt);
	assert_int_equal(replace(qt), err);
	assert_says(qt, text);
	assert_memory_equal(qt->before, qt->nv.meta.priv, FIXED_BYTES);
}

static void assert_works(struct qt *qt)
{
	struct sfs_super_block sb;
	int ret = replace(qt);

	if (ret)
		fail_msg("%d: %s", ret, qt->error);
	read_super(qt, &sb);
	assert_true(has_new_list(qt, &sb));
	nv_check(&qt->nv);
}

/* ---- the list ----------------------------------------------------------------- */

static void the_whole_list_is_replaced(void **state)
{
	struct qt *qt = *state;
	struct sfs_super_block was, a, b;

	read_super(qt, &was);
	assert_works(qt);
	memcpy(&a, super_at(qt, SFS_SUPER_A_BYTES), sizeof(a));
	memcpy(&b, super_at(qt, SFS_SUPER_B_BYTES), sizeof(b));
	assert_null(sfs_super_check(&a, SFS_BLOCK_SUPER_META));
	assert_null(sfs_super_check(&b, SFS_BLOCK_SUPER_META));
	/* damage of either copy leaves the new list */
	assert_true(has_new_list(qt, &a));
	assert_true(has_new_list(qt, &b));
	assert_int_equal(le64_to_cpu(a.quorum_version), 2);
	assert_int_equal(le64_to_cpu(b.quorum_version), 2);
	assert_memory_equal(&qt->out, &b, sizeof(b));
	/* and nothing else has changed */
	memcpy(&a.hdr, &was.hdr, sizeof(a.hdr));
	memcpy(a.quorum, was.quorum, sizeof(a.quorum));
	a.quorum_version = was.quorum_version;
	assert_memory_equal(&a, &was, sizeof(a));
	/* nobody was there to wait for */
	assert_int_equal(qt->waited_ms, 0);
}

static void the_version_rises_each_time(void **state)
{
	struct qt *qt = *state;
	struct sfs_super_block sb;

	assert_works(qt);
	memset(qt->slots, 0, sizeof(qt->slots));
	set_slot(qt->slots, 14, 14, 65535);
	assert_works(qt);
	assert_works(qt);
	read_super(qt, &sb);
	assert_int_equal(le64_to_cpu(sb.quorum_version), 4);
	/* nor do pages that were left in good order have to be watched */
	assert_int_equal(qt->waited_ms, 0);
}

/* ---- the wrong device --------------------------------------------------------- */

static void other_devices_are_refused(void **state)
{
	struct qt *qt = *state;
	u64 size = qt->nv.meta.size_bytes;

	qt->nv.meta.size_bytes = 100000;
	assert_refused(qt, -EINVAL, "is too small");
	qt->nv.meta.size_bytes = size;
	/* a torn copy is what a crash leaves, any other damage is for fsck */
	super_at(qt, SFS_SUPER_A_BYTES)->uuid[0] ^= 1;
	assert_works(qt);
	memset(super_at(qt, SFS_SUPER_A_BYTES), 0, SFS_PAGE_BYTES);
	assert_refused(qt, -EUCLEAN, "super-copy: copy A: super-magic");
	memset(super_at(qt, SFS_SUPER_B_BYTES), 0, SFS_PAGE_BYTES);
	assert_refused(qt, -EINVAL, "is no scoutfs metadata device");
	memcpy(super_at(qt, SFS_SUPER_A_BYTES),
	       (u8 *)qt->nv.data.priv + SFS_SUPER_A_BYTES, SFS_PAGE_BYTES);
	assert_refused(qt, -EINVAL, "is a data device");
	make(qt, "cluster");
	super_at(qt, SFS_SUPER_A_BYTES)->uuid[0] ^= 1;
	super_at(qt, SFS_SUPER_B_BYTES)->uuid[0] ^= 1;
	assert_refused(qt, -EUCLEAN, "no super block can be read: super-csum");
}

static void volumes_for_one_node_are_refused(void **state)
{
	struct qt *qt = *state;

	make(qt, "local");
	assert_refused(qt, -EINVAL, "was made for one node (mkfs without -Q, lock provider local)");
	make(qt, "revoke");
	assert_refused(qt, -EINVAL, "lock provider revoke");
	make(qt, "other");
	assert_works(qt);
}

static void unknown_features_are_refused(void **state)
{
	struct qt *qt = *state;
	struct sfs_super_block *sb = super_at(qt, SFS_SUPER_B_BYTES);

	sb->ro_compat = cpu_to_le64(1ULL << 40);
	sfs_hdr_seal(sb, sizeof(*sb));
	assert_refused(qt, -EINVAL, "super-features");
}

static void a_damaged_mount_table_is_refused(void **state)
{
	struct qt *qt = *state;
	u64 blkno = le64_to_cpu(super_at(qt, SFS_SUPER_B_BYTES)->volume.ref.blkno);

	((u8 *)qt->nv.meta.priv)[blkno * SFS_PAGE_BYTES + 200] ^= 1;
	assert_refused(qt, -EUCLEAN, "is not sound, see fsck.scoutfs: block-");
}

/* ---- somebody has it ---------------------------------------------------------- */

static void mount(struct qt *qt, struct sfs_volume *vol, u64 rid, bool is_clean)
{
	struct sfs_fs_params params = {
		.vol = vol,
		.rid = rid,
		.lock_provider = "local",
	};
	struct sfs_fs *fs;

	nv_open_volume(&qt->nv, vol, rid);
	assert_int_equal(sfs_fs_open(&params, &fs), 0);
	assert_int_equal(sfs_fs_sync(fs), 0);
	sfs_fs_close(fs, !is_clean);
	sfs_volume_close(vol);
}

static void mounts_that_did_not_unmount_are_named(void **state)
{
	struct qt *qt = *state;
	struct sfs_volume *vol = calloc(1, sizeof(*vol));

	assert_non_null(vol);
	mount(qt, vol, 0x77abc, false);
	assert_refused(qt, -EBUSY,
		       "has 1 mount that did not unmount (rid 0000000000077abc)");
	mount(qt, vol, 0x77abd, true);
	assert_works(qt);
	free(vol);
}

static void hook_beat(struct qt *qt)
{
	le64_add_cpu(&page_of(qt, 1)->beat, 1);
	seal_page(qt, 1);
	save(qt);
}

/* Every other one goes to the second copy. */
static void hook_second(struct qt *qt)
{
	struct sfs_quorum_page *page = second_of(qt, 1);

	memcpy(page, page_of(qt, 1), sizeof(*page));
	page->hdr.blkno = cpu_to_le64((SFS_QUORUM_COPY_BYTES >>
				       SFS_PAGE_SHIFT) + 1);
	le64_add_cpu(&page->hdr.seq, 1);
	le64_add_cpu(&page->beat, 1);
	sfs_hdr_seal(page, sizeof(*page));
	save(qt);
}

static void hook_leave(struct qt *qt)
{
	page_of(qt, 1)->rid = 0;
	hook_beat(qt);
}

static void hook_guard(struct qt *qt)
{
	fill_page(qt, SFS_MMP_PAGE, 0xbeef);
	save(qt);
}

static void hook_torn(struct qt *qt)
{
	page_of(qt, 1)->reserved[7]++;
	save(qt);
}

/* A leader commits. */
static void hook_super(struct qt *qt)
{
	struct sfs_super_block sb;
	u64 byte;

	read_super(qt, &sb);
	le64_add_cpu(&sb.hdr.seq, 1);
	byte = le64_to_cpu(sb.hdr.seq) & 1 ? SFS_SUPER_A_BYTES :
					     SFS_SUPER_B_BYTES;
	sb.hdr.blkno = cpu_to_le64(byte >> SFS_PAGE_SHIFT);
	sfs_hdr_seal(&sb, sizeof(sb));
	memcpy(super_at(qt, byte), &sb, sizeof(sb));
	save(qt);
}

static void assert_busy(struct qt *qt, void (*hook)(struct qt *qt),
			unsigned int hook_ms, const char *text)
{
	qt->hook = hook;
	qt->hook_ms = hook_ms;
	assert_refused(qt, -EBUSY, text);
	/* as soon as it shows */
	assert_int_equal(qt->waited_ms, hook_ms);
}

static void mounts_of_other_hosts_are_seen(void **state)
{
	struct qt *qt = *state;

	fill_page(qt, 1, 0xabc);
	/* no byte of the name may reach a terminal as it is */
	assert_busy(qt, hook_beat, 1500,
		    "is in use by node \"n?ode\" (mount 0000000000000abc, quorum slot 1)");
	assert_busy(qt, hook_second, 1500,
		    "is in use by node \"n?ode\" (mount 0000000000000abc, quorum slot 1)");
	assert_busy(qt, hook_leave, 1500, "is in use");
	page_of(qt, 1)->rid = cpu_to_le64(0xabc);
	assert_busy(qt, hook_torn, 1500, "the page of the quorum slot 1 changes");
	fill_page(qt, 1, 0);
	fill_page(qt, SFS_MMP_PAGE, 0xdef);
	assert_busy(qt, hook_guard, 1500, "multi-mount guard");
}

/* It begins to mount while the tables are looked at. */
static void who_comes_late_is_seen(void **state)
{
	struct qt *qt = *state;

	fill_page(qt, 1, 0xabc);
	assert_works(qt);
	fill_page(qt, 1, 0xabc);
	assert_busy(qt, hook_super, qt->waited_ms, "the super block changes");
}

static void a_page_that_stands_still_is_given_up(void **state)
{
	struct qt *qt = *state;
	struct sfs_quorum_page *page = fill_page(qt, 1, 0xabc);

	assert_works(qt);
	assert_in_range(qt->waited_ms, 2000, 10000);
	assert_int_equal(page->rid, 0);
	/* the guard is of mounts without the cluster */
	page = fill_page(qt, SFS_MMP_PAGE, 0xdef);
	page->interval_ms = cpu_to_le32(5000);
	seal_page(qt, SFS_MMP_PAGE);
	assert_works(qt);
	assert_in_range(qt->waited_ms, 10000, 20000);
	/* one that nobody can read */
	page = fill_page(qt, 1, 0xabc);
	page->beat = 0;
	assert_works(qt);
	assert_null(sfs_quorum_check(page, 0x5f5f, 1));
}

/* ---- leaders of before -------------------------------------------------------- */

static void leaders_that_are_not_fenced_are_named(void **state)
{
	struct qt *qt = *state;
	struct sfs_quorum_page *page = fill_page(qt, 1, 0xabc);

	page->flags = cpu_to_le32(SFS_QUORUM_LEADS);
	seal_page(qt, 1);
	assert_refused(qt, -EBUSY,
		       "was led by mount 0000000000000abc from quorum slot 1");
	page->flags = 0;
	page->led[3].rid = cpu_to_le64(0xdef);
	seal_page(qt, 1);
	assert_refused(qt, -EBUSY, "mount 0000000000000def");
	fill_page(qt, 2, 0)->fenced[15] = cpu_to_le64(0xdef);
	seal_page(qt, 2);
	assert_works(qt);
}

/* No mount would ask for its fence, so it must not be waited for either. */
static void a_slot_that_is_not_used_has_no_leader(void **state)
{
	struct qt *qt = *state;

	fill_page(qt, 9, 0xabc)->flags = cpu_to_le32(SFS_QUORUM_LEADS);
	seal_page(qt, 9);
	assert_works(qt);
	assert_int_equal(page_of(qt, 9)->flags, 0);
}

/* Pages of a volume whose slots 0 to 2 have seen something. */
static void fill_pages(struct qt *qt)
{
	struct sfs_quorum_page *page;

	page = fill_page(qt, 0, 0);
	page->fenced[0] = cpu_to_le64(0xabc);
	page->fenced[1] = cpu_to_le64(0xdef);
	page->nr_fenced = cpu_to_le32(2);
	seal_page(qt, 0);
	page = fill_page(qt, 1, 0xabc);
	page->flags = cpu_to_le32(SFS_QUORUM_LEADS);
	page->term = cpu_to_le64(9);
	seal_page(qt, 1);
	page = fill_page(qt, 2, 0);
	page->led[0].rid = cpu_to_le64(0xdef);
	page->led[0].term = cpu_to_le64(8);
	seal_page(qt, 2);
}

static void assert_fresh_copy(const struct sfs_quorum_page *page,
			      unsigned int nr, u64 byte)
{
	static const struct sfs_quorum_led none[SFS_QUORUM_LED_MAX];

	assert_null(sfs_quorum_check(page, 0x5f5f, nr));
	assert_int_equal(le64_to_cpu(page->hdr.blkno),
			 (byte >> SFS_PAGE_SHIFT) + nr);
	assert_int_equal(page->rid, 0);
	assert_int_equal(page->flags, 0);
	assert_int_equal(page->vote_term, 0);
	assert_memory_equal(page->led, none, sizeof(none));
	/* one that nobody voted or led in */
	assert_int_equal(le64_to_cpu(page->term), 10);
}

static void assert_fresh(struct qt *qt, unsigned int nr)
{
	assert_fresh_copy(page_of(qt, nr), nr, SFS_QUORUM_BYTES);
	assert_fresh_copy(second_of(qt, nr), nr, SFS_QUORUM_COPY_BYTES);
}

/* Of a volume from before there were second copies. */
static void anything_may_be_in_place_of_copies(void **state)
{
	struct qt *qt = *state;
	unsigned int nr;

	fill_pages(qt);
	memset(second_of(qt, 0), 0x5a, SFS_QUORUM_SLOTS_MAX * SFS_PAGE_BYTES);
	assert_works(qt);
	for (nr = 0; nr < 3; nr++)
		assert_fresh(qt, nr);
	assert_int_equal(le64_to_cpu(page_of(qt, 0)->fenced[0]), 0xabc);
}

static void claims_and_votes_are_gone_and_notes_stay(void **state)
{
	struct qt *qt = *state;
	unsigned int nr;

	fill_pages(qt);
	assert_works(qt);
	for (nr = 0; nr < 3; nr++)
		assert_fresh(qt, nr);
	assert_fresh(qt, 5);
	assert_int_equal(le64_to_cpu(page_of(qt, 0)->fenced[0]), 0xabc);
	assert_int_equal(le32_to_cpu(page_of(qt, 0)->nr_fenced), 2);
	assert_int_equal(le64_to_cpu(page_of(qt, 0)->beat), 41);
	assert_int_equal(page_of(qt, 3)->hdr.magic, 0);
}

/* ---- crashes ------------------------------------------------------------------ */

/* True when the change was made. */
static bool crash_after(struct qt *qt, unsigned int max)
{
	struct sfs_super_block old, sb;
	unsigned int nr;
	int ret;

	memcpy(qt->nv.meta.priv, qt->before, FIXED_BYTES);
	read_super(qt, &old);
	nr_writes = 0;
	nr_writes_max = max;
	qt->nv.meta.ops = &failing_ops;
	ret = replace(qt);
	qt->nv.meta.ops = &nv_dev_ops;
	assert_int_equal(ret, nr_writes > max ? -EIO : 0);
	assert_true(!ret || strstr(qt->error, "cannot be written"));

	nv_check(&qt->nv);
	read_super(qt, &sb);
	if (!has_new_list(qt, &sb)) {
		assert_memory_equal(&sb, &old, sizeof(sb));
	} else {
		assert_int_equal(le64_to_cpu(sb.quorum_version), 2);
		for (nr = 0; nr < 3; nr++)
			assert_fresh(qt, nr);
		assert_fresh(qt, 5);
	}
	if (ret)
		assert_works(qt);
	return !ret;
}

static void a_crash_leaves_one_of_the_lists(void **state)
{
	struct qt *qt = *state;
	unsigned int max = 0;

	fill_pages(qt);
	save(qt);
	while (!crash_after(qt, max))
		max++;
	/* four pages and the super, two copies of each */
	assert_int_equal(max, 10);
	/* and with the newest super in the other place */
	memcpy(qt->nv.meta.priv, qt->before, FIXED_BYTES);
	hook_super(qt);
	for (max = 0; !crash_after(qt, max); max++)
		;
	assert_int_equal(max, 10);
}

/* ---- what a super block may say of its slots ---------------------------------- */

static struct sfs_super_block slots_sb;

/* NULL, or what is wrong with the super block when slot 2 is @slot */
static const char *slot_check(const struct sfs_disk_quorum_slot *slot)
{
	slots_sb.quorum[2] = *slot;
	sfs_hdr_seal(&slots_sb, sizeof(slots_sb));
	return sfs_super_check(&slots_sb, SFS_BLOCK_SUPER_META);
}

#define assert_bad_slot(...)						\
	assert_string_equal(slot_check(&(struct sfs_disk_quorum_slot)	\
				       { __VA_ARGS__ }) ?: "sound", "super-quorum")
#define assert_good_slot(...)						\
	assert_null(slot_check(&(struct sfs_disk_quorum_slot){ __VA_ARGS__ }))

static void slots_are_checked(void **state)
{
	struct qt *qt = *state;

	slots_sb = *super_at(qt, SFS_SUPER_A_BYTES);
	assert_good_slot(.family = 0);
	assert_good_slot(.family = 4, .port = cpu_to_le16(1), .addr = { 1, 2, 3, 4 });
	assert_good_slot(.family = 6, .port = cpu_to_le16(1), .addr = { [15] = 1 });
	assert_good_slot(.family = SFS_FAMILY_VSOCK, .port = cpu_to_le16(1),
			 .addr = { 0, 0, 0, 2 });

	assert_bad_slot(.family = 5, .port = cpu_to_le16(1), .addr = { 1 });
	assert_bad_slot(.family = 0, .port = cpu_to_le16(1));
	assert_bad_slot(.family = 0, .addr = { 1 });
	assert_bad_slot(.family = 4, .addr = { 1 });
	assert_bad_slot(.family = 4, .port = cpu_to_le16(1));
	assert_bad_slot(.family = 4, .port = cpu_to_le16(1), .addr = { 1 },
			.pad = { [4] = 1 });
	assert_bad_slot(.family = 4, .port = cpu_to_le16(1), .addr = { 1, [4] = 1 });
	assert_bad_slot(.family = 6, .port = cpu_to_le16(1));
	assert_bad_slot(.family = SFS_FAMILY_VSOCK, .port = cpu_to_le16(1),
			.addr = { 0, 0, 0, 2, [15] = 1 });
	assert_bad_slot(.family = SFS_FAMILY_VSOCK, .port = cpu_to_le16(1));
}

int main(void)
{
#define QT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		QT(the_whole_list_is_replaced),
		QT(the_version_rises_each_time),
		QT(other_devices_are_refused),
		QT(volumes_for_one_node_are_refused),
		QT(unknown_features_are_refused),
		QT(a_damaged_mount_table_is_refused),
		QT(mounts_that_did_not_unmount_are_named),
		QT(mounts_of_other_hosts_are_seen),
		QT(who_comes_late_is_seen),
		QT(a_page_that_stands_still_is_given_up),
		QT(leaders_that_are_not_fenced_are_named),
		QT(a_slot_that_is_not_used_has_no_leader),
		QT(claims_and_votes_are_gone_and_notes_stay),
		QT(anything_may_be_in_place_of_copies),
		QT(a_crash_leaves_one_of_the_lists),
		QT(slots_are_checked),
	};

	return cmocka_run_group_tests(tests, nv_group_setup, nv_group_teardown);
}
