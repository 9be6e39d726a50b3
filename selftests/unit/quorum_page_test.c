// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quorum pages: reading and writing them, who leads by them, what is sound.
 */
#include "format/port.h"
#include "lock/cluster/quorum.h"

#include <setjmp.h>

#include <cmocka.h>

static u8 dev_bytes[SFS_QUORUM_PAGES * SFS_PAGE_BYTES];
static unsigned int dev_reads, dev_repaired_at;
static int dev_error;

static int dev_read(struct sfs_dev *dev, u64 off, void *buf, u32 len)
{
	assert_in_range(off, SFS_QUORUM_BYTES,
			SFS_QUORUM_BYTES + sizeof(dev_bytes) - len);
	memcpy(buf, dev_bytes + off - SFS_QUORUM_BYTES, len);
	if (++dev_reads < dev_repaired_at)
		((u8 *)buf)[100] ^= 1;
	return dev_error;
}

static int dev_write(struct sfs_dev *dev, u64 off, void *buf, u32 len,
		     unsigned int flags)
{
	assert_true(flags & SFS_IO_FUA);
	memcpy(dev_bytes + off - SFS_QUORUM_BYTES, buf, len);
	return dev_error;
}

static void test_pages(void **state)
{
	static const struct sfs_dev_ops ops = {
		.read = dev_read, .write_sync = dev_write,
	};
	struct sfs_dev dev = { .ops = &ops };
	struct sfs_volume vol = { .meta = &dev, .fsid = 5, .ident = "test" };
	static struct sfs_quorum_page page, got;
	unsigned int slot;
	u64 term, rid;

	memset(dev_bytes, 0, sizeof(dev_bytes));
	assert_int_equal(sfs_quorum_find_leader(&vol, &slot, &term, &rid),
			 -ENOENT);
	page.rid = cpu_to_le64(3);
	page.term = cpu_to_le64(9);
	page.flags = cpu_to_le32(SFS_QUORUM_LEADS);
	page.lead_term = cpu_to_le64(8);
	assert_int_equal(sfs_quorum_page_write(&vol, 14, &page), 0);
	assert_int_equal(sfs_quorum_page_read(&vol, 14, &got), 0);
	assert_memory_equal(&page, &got, sizeof(page));
	page.rid = cpu_to_le64(4);
	page.lead_term = cpu_to_le64(7);
	assert_int_equal(sfs_quorum_page_write(&vol, 2, &page), 0);
	assert_int_equal(sfs_quorum_find_leader(&vol, &slot, &term, &rid), 0);
	assert_int_equal(slot, 14);
	assert_int_equal(term, 8);
	assert_int_equal(rid, 3);
	assert_int_equal(sfs_quorum_page_write(&vol, 15, &page), -EINVAL);
	assert_int_equal(sfs_quorum_page_read(&vol, 15, &got), -EINVAL);

	/* met while it was written: look again */
	dev_reads = 0;
	dev_repaired_at = 3;
	assert_int_equal(sfs_quorum_page_read(&vol, 2, &got), 0);
	assert_memory_equal(&page, &got, sizeof(page));
	dev_bytes[14 * SFS_PAGE_BYTES + 200] ^= 1;
	assert_int_equal(sfs_quorum_page_read(&vol, 14, &got), 0);
	assert_int_equal(le32_to_cpu(got.flags), SFS_QUORUM_DAMAGED);
	assert_int_equal(got.rid, 0);
	assert_int_equal(sfs_quorum_find_leader(&vol, &slot, &term, &rid), 0);
	assert_int_equal(slot, 2);
	dev_error = -EIO;
	assert_int_equal(sfs_quorum_page_read(&vol, 2, &got), -EIO);
	assert_int_equal(sfs_quorum_page_write(&vol, 2, &page), -EIO);
	assert_int_equal(sfs_quorum_find_leader(&vol, &slot, &term, &rid),
			 -EIO);
	dev_error = 0;
}

static void test_page_check(void **state)
{
	static struct sfs_quorum_page sound, page;

	sound.hdr.magic = cpu_to_le32(SFS_MAGIC_QUORUM);
	sound.hdr.fsid = cpu_to_le64(5);
	sound.hdr.type = SFS_BLOCK_QUORUM;
	sound.term = cpu_to_le64(10);
	sound.nr_led = cpu_to_le32(1);
	sound.led[0].rid = cpu_to_le64(1);
	sound.led[0].term = cpu_to_le64(10);
#define CHECK(field, value, why) do {					\
	page = sound;							\
	page.field = value;						\
	sfs_hdr_seal(&page, sizeof(page));				\
	if (why)							\
		assert_string_equal(sfs_quorum_check(&page, 5, 0), why); \
	else								\
		assert_null(sfs_quorum_check(&page, 5, 0));		\
} while (0)
	CHECK(beat, cpu_to_le64(1), (char *)NULL);
	CHECK(flags, cpu_to_le32(2), "quorum-flags");
	CHECK(flags, cpu_to_le32(SFS_QUORUM_DAMAGED), "quorum-flags");
	CHECK(nr_led, cpu_to_le32(SFS_QUORUM_LED_MAX + 1), "quorum-led");
	CHECK(led[0].rid, 0, "quorum-led");
	CHECK(led[0].term, cpu_to_le64(11), "quorum-led");
	CHECK(vote_for, cpu_to_le32(SFS_QUORUM_VOTE_NONE), (char *)NULL);
	CHECK(vote_for, cpu_to_le32(SFS_QUORUM_VOTE_NONE + 1), "quorum-vote");
	CHECK(vote_term, cpu_to_le64(11), "quorum-term");
	CHECK(lead_term, cpu_to_le64(11), "quorum-term");
	CHECK(follow_term, cpu_to_le64(11), "quorum-term");
	CHECK(fenced_term[14], cpu_to_le64(11), "quorum-term");
	CHECK(term, cpu_to_le64(SFS_QUORUM_TERM_MAX + 1), "quorum-term");
#undef CHECK
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_page_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
