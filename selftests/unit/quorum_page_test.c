// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two copies of a quorum page: what counts when one is torn, was never written,
 * or is hit by a write of a mount that had the slot before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lock/cluster/quorum_priv.h"
#include "port_user.h"

enum {
	FSID		= 0x5f5f,
	SLOT		= 3,
	DEV_BYTES	= 256 << 10,
};

/* A write that was started and may land later. */
struct late {
	u64 off;
	struct sfs_quorum_page page;
};

static u8 mem[DEV_BYTES];
static struct sfs_dev dev;
static struct sfs_volume vol;
static struct late late;
static unsigned int nr_writes;
static bool is_holding, is_failing;
static u64 clock_ns;

/* ---- the device ------------------------------------------------------------------- */

static int dev_read(struct sfs_dev *d, u64 off, void *buf, u32 len)
{
	memcpy(buf, mem + off, len);
	return 0;
}

static void tear(u64 off, const void *buf)
{
	memcpy(mem + off, buf, SFS_PAGE_BYTES / 2);
	memset(mem + off + SFS_PAGE_BYTES / 2, 0xa5, 512);
}

static int dev_write_sync(struct sfs_dev *d, u64 off, void *buf, u32 len,
			  unsigned int flags)
{
	assert_int_equal(len, SFS_PAGE_BYTES);
	assert_true(flags & SFS_IO_FUA);
	nr_writes++;
	if (is_holding) {
		/* the machine dies, nothing follows */
		late.off = off;
		memcpy(&late.page, buf, len);
		return -EIO;
	}
	if (is_failing) {
		tear(off, buf);
		return -EIO;
	}
	memcpy(mem + off, buf, len);
	return 0;
}

static const struct sfs_dev_ops dev_ops = {
	.read		= dev_read,
	.write_sync	= dev_write_sync,
};

static u64 test_clock(void)
{
	return clock_ns;
}

static void test_advance(u64 until_ns)
{
	clock_ns = max(clock_ns, until_ns);
}

static int setup(void **state)
{
	memset(mem, 0, sizeof(mem));
	dev.ops = &dev_ops;
	vol.meta = &dev;
	vol.fsid = FSID;
	nr_writes = 0;
	is_holding = false;
	is_failing = false;
	clock_ns = NSEC_PER_SEC;
	port_clock = test_clock;
	port_clock_advance = test_advance;
	return 0;
}

/* ---- pages -------------------------------------------------------------------------- */

static u64 byte_of(unsigned int copy)
{
	return (copy ? 132 << 10 : 192 << 10) + SLOT * SFS_PAGE_BYTES;
}

static struct sfs_quorum_page *copy_of(unsigned int copy)
{
	return (void *)(mem + byte_of(copy));
}

static void read_page(struct sfs_quorum_page *page)
{
	static struct sfs_quorum_page room;

	assert_int_equal(sfs_quorum_page_read(&vol, SLOT, page, &room), 0);
}

static u64 term_found(void)
{
	static struct sfs_quorum_page page;

	read_page(&page);
	return le64_to_cpu(page.term);
}

static void write_term(struct sfs_quorum_page *page, u64 term)
{
	page->term = cpu_to_le64(term);
	assert_int_equal(sfs_quorum_page_write(&vol, SLOT, page), 0);
}

static void beat(struct sfs_quorum_page *page)
{
	le64_add_cpu(&page->beat, 1);
	assert_int_equal(sfs_quorum_page_beat(&vol, SLOT, page), 0);
}

/* The holder dies while it writes. */
static void die(struct sfs_quorum_page *page, struct late *where)
{
	is_holding = true;
	le64_add_cpu(&page->beat, 1);
	assert_int_equal(sfs_quorum_page_beat(&vol, SLOT, page), -EIO);
	is_holding = false;
	*where = late;
}

static void take(struct sfs_quorum_page *page, u64 term)
{
	read_page(page);
	sfs_quorum_page_overtake(page);
	write_term(page, term);
}

static void land(const struct late *where, bool is_torn)
{
	if (is_torn)
		tear(where->off, &where->page);
	else
		memcpy(mem + where->off, &where->page, SFS_PAGE_BYTES);
}

/* ---- tests --------------------------------------------------------------------------- */

/* There is anything in the place of the second copy. */
static void volumes_with_one_copy_work(void **state)
{
	static const u8 fill[] = { 0, 0x5a, 0xff };
	struct sfs_quorum_page page, *copy = copy_of(0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fill); i++) {
		setup(state);
		write_term(memset(&page, 0, sizeof(page)), 7);
		memset(copy_of(1), fill[i], SFS_PAGE_BYTES);
		/* as they have it: each write goes there */
		copy->hdr.seq = cpu_to_le64(12 + i);
		sfs_hdr_seal(copy, sizeof(*copy));
		assert_int_equal(term_found(), 7);
		take(&page, 8);
		assert_int_equal(le64_to_cpu(copy_of(0)->term), 8);
		assert_int_equal(le64_to_cpu(copy_of(1)->term), 8);
		assert_int_equal(term_found(), 8);
	}
	/* a blank one is blank */
	setup(state);
	read_page(&page);
	assert_null(memchr_inv(&page, 0, sizeof(page)));
}

static void beats_go_to_the_copies_in_turns(void **state)
{
	struct sfs_quorum_page page = { 0 }, found;
	u64 i;

	write_term(&page, 7);
	assert_int_equal(nr_writes, 2);
	for (i = 1; i < 8; i++) {
		beat(&page);
		read_page(&found);
		assert_int_equal(le64_to_cpu(found.beat), i);
		assert_memory_equal(&found, copy_of(le64_to_cpu(found.hdr.seq) & 1),
				    sizeof(found));
		/* the other one is that of before */
		assert_int_equal(le64_to_cpu(copy_of(!(le64_to_cpu(found.hdr.seq) & 1))->beat),
				 i - 1);
	}
	assert_int_equal(nr_writes, 9);
}

static void either_copy_may_be_torn(void **state)
{
	struct sfs_quorum_page page, found;
	unsigned int copy, nr_beats, i;

	for (i = 0; i < 6; i++) {
		copy = i & 1;
		setup(state);
		write_term(memset(&page, 0, sizeof(page)), 7);
		for (nr_beats = i / 2; nr_beats; nr_beats--)
			beat(&page);
		copy_of(copy)->reserved[9] ^= 1;
		assert_int_equal(term_found(), 7);
		/* both: as if nobody had ever had the slot */
		copy_of(!copy)->reserved[9] ^= 1;
		read_page(&found);
		assert_null(memchr_inv(&found, 0, sizeof(found)));
	}
}

static void copies_count_in_their_places_only(void **state)
{
	struct sfs_quorum_page page = { 0 };

	write_term(&page, 7);
	write_term(&page, 8);
	memset(copy_of(0), 0, SFS_PAGE_BYTES);
	memcpy(copy_of(0), copy_of(1), SFS_PAGE_BYTES);
	memset(copy_of(1), 0, SFS_PAGE_BYTES);
	assert_int_equal(term_found(), 0);
}

/*
 * A mount dies after @before beats with a write on its way, which lands after the next
 * holder has written his own page @after times, every third time something new.
 */
static void late_write(void **state, unsigned int before, unsigned int after,
		       bool is_torn)
{
	struct sfs_quorum_page old = { 0 }, new;
	struct late where;
	u64 term = 4;
	unsigned int i;

	setup(state);
	write_term(&old, 3);
	for (i = 0; i < before; i++)
		beat(&old);
	die(&old, &where);
	take(&new, term);
	for (i = 0; i < after; i++) {
		if (i % 3 == 2)
			write_term(&new, ++term);
		else
			beat(&new);
	}
	land(&where, is_torn);
	/* what is durable stays, and the next one to have the slot finds it */
	assert_int_equal(term_found(), term);
	beat(&new);
	assert_int_equal(term_found(), term);
	take(&new, term + 1);
	assert_int_equal(le64_to_cpu(copy_of(0)->term), term + 1);
	assert_int_equal(le64_to_cpu(copy_of(1)->term), term + 1);
}

static void late_writes_of_others_do_no_harm(void **state)
{
	unsigned int before, after;

	for (before = 0; before < 4; before++) {
		for (after = 0; after < 12; after++) {
			late_write(state, before, after, false);
			late_write(state, before, after, true);
		}
	}
}

/*
 * A write of one mount destroyed what the next one wrote last, and that one's lands
 * when the third has the slot: its number is greater than any that was found.
 */
static void numbers_on_their_way_are_left_out(void **state)
{
	struct sfs_quorum_page first = { 0 }, second, third;
	struct late where, where2;
	unsigned int nr_beats, i;

	for (nr_beats = 0; nr_beats < 4; nr_beats++) {
		setup(state);
		write_term(memset(&first, 0, sizeof(first)), 3);
		die(&first, &where);
		take(&second, 4);
		for (i = 0; i < nr_beats; i++)
			beat(&second);
		land(&where, false);
		die(&second, &where2);
		take(&third, 5);
		land(&where2, false);
		assert_int_equal(term_found(), 5);
	}
}

/* The copy that is good is not written before the other one is good again. */
static void a_write_that_failed_is_repeated_there(void **state)
{
	struct sfs_quorum_page page = { 0 };
	unsigned int i;

	write_term(&page, 7);
	for (i = 0; i < 3; i++) {
		beat(&page);
		is_failing = true;
		assert_int_equal(sfs_quorum_page_beat(&vol, SLOT, &page), -EIO);
		assert_int_equal(term_found(), 7);
		/* torn as well, by a machine that dies */
		assert_int_equal(sfs_quorum_page_beat(&vol, SLOT, &page), -EIO);
		assert_int_equal(term_found(), 7);
		is_failing = false;
	}
	beat(&page);
	assert_int_equal(term_found(), 7);
}

static void the_leader_is_found_by_either_copy(void **state)
{
	struct sfs_quorum_page page = { 0 };
	unsigned int copy, slot;
	u64 term, rid;

	page.rid = cpu_to_le64(0xabc);
	page.flags = cpu_to_le32(SFS_QUORUM_LEADS);
	for (copy = 0; copy < 2; copy++) {
		write_term(&page, 7 + copy);
		memset(copy_of(copy), 0, SFS_PAGE_BYTES);
		assert_int_equal(sfs_quorum_find_leader(&vol, 0x7fff, &slot,
							&term, &rid), 0);
		assert_int_equal(slot, SLOT);
		assert_int_equal(term, 7 + copy);
		assert_int_equal(rid, 0xabc);
	}
}

/* ---- a mount with that slot ------------------------------------------------------------- */

static unsigned int nr_elected;

static void q_send(void *arg, unsigned int slot, const void *msg, u32 len)
{
}

static int q_read(void *arg, unsigned int slot, struct sfs_quorum_page *page)
{
	static struct sfs_quorum_page room;

	return sfs_quorum_page_read(&vol, slot, page, &room);
}

static int q_write(void *arg, unsigned int slot, struct sfs_quorum_page *page,
		   bool is_beat)
{
	clock_ns += NSEC_PER_MSEC;
	return is_beat ? sfs_quorum_page_beat(&vol, slot, page) :
			 sfs_quorum_page_write(&vol, slot, page);
}

static void assert_both(u64 rid, u64 term, u32 flags)
{
	unsigned int copy;

	for (copy = 0; copy < 2; copy++) {
		assert_int_equal(le64_to_cpu(copy_of(copy)->rid), rid);
		assert_int_equal(le64_to_cpu(copy_of(copy)->term), term);
		assert_int_equal(le32_to_cpu(copy_of(copy)->flags), flags);
	}
}

/* Whoever is told finds it in both copies. */
static void q_elected(void *arg, u64 term)
{
	nr_elected++;
	assert_both(0xabc, term, SFS_QUORUM_LEADS);
	assert_int_equal(le64_to_cpu(copy_of(0)->vote_term), term);
	assert_int_equal(le64_to_cpu(copy_of(1)->vote_term), term);
}

static void q_deposed(void *arg, u64 term, int error)
{
	assert_both(0xabc, term, 0);
}

static void q_leader(void *arg, int slot, u64 term)
{
}

static void q_lease(void *arg, u64 until_ns)
{
}

static int q_read_list(void *arg, u64 *version, u32 *slots)
{
	*version = 1;
	*slots = 1U << SLOT;
	return 0;
}

static const struct sfs_quorum_ops q_ops = {
	.send		= q_send,
	.read_page	= q_read,
	.write_page	= q_write,
	.elected	= q_elected,
	.deposed	= q_deposed,
	.leader		= q_leader,
	.lease		= q_lease,
	.read_list	= q_read_list,
	.removed	= NULL,
};

static void run_for(struct sfs_quorum *q, u64 ns)
{
	u64 end = clock_ns + ns;

	while (clock_ns < end)
		clock_ns = max(clock_ns + 1000, sfs_quorum_run(q, clock_ns));
}

static void only_beats_are_written_once(void **state)
{
	struct sfs_quorum_params p = {
		.fsid = FSID,
		.rid = 0xabc,
		.slot = SLOT,
		.slots = 1U << SLOT,
		.list_version = 1,
		.timeout_ms = 2000,
		.seed = 1,
		.node = "",
		.ops = &q_ops,
	};
	struct sfs_quorum *q;

	nr_elected = 0;
	assert_int_equal(sfs_quorum_create(&p, &q), 0);
	assert_int_equal(nr_writes, 2);
	assert_both(0xabc, 0, 0);
	/* two numbers were left out */
	assert_int_equal(le64_to_cpu(copy_of(1)->hdr.seq), 3);
	assert_int_equal(le64_to_cpu(copy_of(0)->hdr.seq), 4);
	run_for(q, NSEC_PER_SEC);
	assert_int_equal(nr_elected, 1);
	nr_writes = 0;
	/* a beat takes 200 ms */
	run_for(q, 10ULL * NSEC_PER_SEC);
	assert_in_range(nr_writes, 45, 52);
	nr_writes = 0;
	assert_int_equal(sfs_quorum_clear_stale_leader(q, SLOT, 0xdef), 0);
	assert_int_equal(nr_writes, 2);
	assert_int_equal(le64_to_cpu(copy_of(0)->fenced[0]), 0xdef);
	assert_int_equal(le64_to_cpu(copy_of(1)->fenced[0]), 0xdef);
	/* what failed is written twice again */
	is_failing = true;
	assert_int_equal(sfs_quorum_clear_stale_leader(q, SLOT, 0xeee), -EIO);
	is_failing = false;
	nr_writes = 0;
	run_for(q, 300 * NSEC_PER_MSEC);
	assert_int_equal(le64_to_cpu(copy_of(0)->fenced[1]), 0xeee);
	assert_int_equal(le64_to_cpu(copy_of(1)->fenced[1]), 0xeee);
	sfs_quorum_leave(q);
	assert_int_equal(copy_of(0)->rid, 0);
	assert_int_equal(copy_of(1)->rid, 0);
	sfs_quorum_destroy(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(volumes_with_one_copy_work, setup),
		cmocka_unit_test_setup(beats_go_to_the_copies_in_turns, setup),
		cmocka_unit_test_setup(either_copy_may_be_torn, setup),
		cmocka_unit_test_setup(copies_count_in_their_places_only, setup),
		cmocka_unit_test_setup(late_writes_of_others_do_no_harm, setup),
		cmocka_unit_test_setup(numbers_on_their_way_are_left_out, setup),
		cmocka_unit_test_setup(a_write_that_failed_is_repeated_there, setup),
		cmocka_unit_test_setup(the_leader_is_found_by_either_copy, setup),
		cmocka_unit_test_setup(only_beats_are_written_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
