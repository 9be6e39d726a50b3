// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quorum election: single situations, races, hostile messages.
 */
#include "quorum_mounts.h"

/* ---- single situations ---- */

static struct qs_inst *begin_led(unsigned int nr, unsigned int timeout_ms)
{
	struct qs_inst *leader;
	unsigned int i;

	qs_begin(nr, nr, timeout_ms, 10000);
	for (i = 0; i < nr; i++)
		qs_start(i);
	leader = qs_wait_leader(NULL, 2000);
	assert_non_null(leader);
	qs_run_ms(timeout_ms);
	assert_ptr_equal(qs_leading(), leader);
	return leader;
}

/* Between two runs of that mount. */
static void settle(struct qs_inst *inst)
{
	while (!inst->is_idle && !inst->is_dead)
		qs_step();
}

static u64 term_of(struct qs_inst *inst)
{
	struct sfs_quorum_status st;

	sfs_quorum_status(inst->q, &st);
	return st.term;
}

/* Who was cut off does not disturb those who work when it comes back. */
static void test_lost_contact(void **state)
{
	unsigned int nr, i, lost;

	for (nr = 3; nr <= 5; nr++) {
		struct qs_inst *leader = begin_led(nr, 2000);
		u64 term = leader->lead_term;

		lost = (leader->node->slot + 1) % nr;
		for (i = 0; i < nr; i++)
			qs.cut[i][lost] = qs.cut[lost][i] = i != lost;
		qs_run_ms(20000);
		assert_int_equal(qs.node[lost].inst->leader_slot, -1);
		memset(qs.cut, 0, sizeof(qs.cut));
		qs_run_ms(20000);
		assert_ptr_equal(qs_leading(), leader);
		assert_int_equal(qs.nr_elected, 1);
		assert_int_equal(leader->lead_term, term);
		for (i = 0; i < nr; i++)
			assert_int_equal(qs.node[i].inst->leader_slot,
					 leader->node->slot);
		qs_end();
	}
}

/* A leader that reaches no majority is deposed when its lease is over. */
static void test_isolated_leader(void **state)
{
	struct qs_inst *leader = begin_led(3, 2000);
	unsigned int slot = leader->node->slot;
	unsigned int i;

	for (i = 0; i < 3; i++)
		qs.cut[i][slot] = qs.cut[slot][i] = i != slot;
	qs_run_ms(1200);
	assert_true(leader->leads);
	qs_run_ms(400);
	assert_false(leader->leads);
	assert_int_equal(leader->deposed_error, -ETIMEDOUT);
	assert_non_null(qs_wait_leader(leader, 2000));
	qs_end();
}

/* Without its own page a leader is none, however many answer it. */
static void test_leader_without_disk(void **state)
{
	unsigned int nr;

	for (nr = 1; nr <= 3; nr++) {
		struct qs_inst *leader = begin_led(nr, 2000);

		leader->node->disk = QS_DISK_FAILS;
		leader->node->disk_until = U64_MAX;
		qs_run_ms(1800);
		assert_false(leader->leads);
		assert_int_equal(leader->deposed_error, -ETIMEDOUT);
		assert_int_equal(!!qs_wait_leader(leader, 3000), nr > 1);
		qs_end();
	}
}

/* From the death of the leader: the timeout, and well under a second. */
static void test_failover_time(void **state)
{
	static const unsigned int timeout_ms[] = { 2000, 10000 };
	unsigned int nr, i;

	for (nr = 2; nr <= 5; nr++) {
		for (i = 0; i < ARRAY_SIZE(timeout_ms); i++) {
			struct qs_inst *leader = begin_led(nr, timeout_ms[i]);
			u64 start = qs.now;
			u64 ms;

			qs_crash(leader);
			assert_non_null(qs_wait_leader(leader, 20000));
			ms = (qs.now - start) / QS_MS;
			if (ms < timeout_ms[i] * 7 / 8 ||
			    ms > timeout_ms[i] * 102 / 100 + 900)
				fail_msg("%u slots: %llu ms after a timeout of %u",
					 nr, (unsigned long long)ms,
					 timeout_ms[i]);
			qs_end();
		}
	}
}

static void test_one_slot(void **state)
{
	struct qs_inst *inst;

	qs_begin(1, 1, 10000, 0);
	inst = qs_start(0);
	assert_ptr_equal(qs_wait_leader(NULL, 200), inst);
	qs_run_ms(30000);
	assert_ptr_equal(qs_leading(), inst);
	assert_int_equal(qs.nr_elected, 1);
	/* its successor waits for the lease of the dead one */
	qs_crash(inst);
	inst = qs_start(0);
	assert_null(qs_wait_leader(NULL, 7000));
	assert_ptr_equal(qs_wait_leader(NULL, 2500), inst);
	assert_int_equal(inst->lead_term, 2);
	/* one that has left leaves no lease */
	sfs_quorum_resign(inst->q, 0);
	qs_wake_at(inst, qs.now);
	qs_run_ms(100);
	assert_false(inst->leads);
	qs_crash(inst);
	inst = qs_start(0);
	assert_ptr_equal(qs_wait_leader(NULL, 200), inst);
	qs_end();
}

static void test_slot_in_use(void **state)
{
	struct qs_inst *leader = begin_led(3, 2000);
	struct qs_node *n = leader->node;
	struct qs_inst *second;
	u64 start = qs.now;

	second = qs_start(n->slot);
	n->inst = leader;
	while (!second->is_done)
		qs_step();
	assert_int_equal(second->create_error, -EBUSY);
	assert_in_range(qs.now - start, 0, 2 * 200 * QS_MS * 11 / 10);
	qs_run_ms(3000);
	assert_ptr_equal(qs_leading(), leader);
	assert_int_equal(qs.nr_elected, 1);

	/* a sleeper loses its slot, and finds out when it wakes */
	leader->paused_until = qs.now + 12000 * QS_MS;
	second = qs_start(n->slot);
	qs_run_ms(6000);
	assert_true(second->is_up);
	assert_ptr_not_equal(qs_leading(), leader);
	assert_non_null(qs_leading());
	qs_run_ms(10000);
	assert_false(leader->leads);
	assert_false(second->is_dead);
	assert_int_equal(le64_to_cpu(qs.page[n->slot].rid), second->rid);
	qs_end();
}

static void test_create_checks(void **state)
{
	struct sfs_quorum_params p = {
		.fsid = 1, .rid = 1, .slot = 0, .slots = 1, .timeout_ms = 2000,
		.ops = &qs_ops,
	};
	struct sfs_quorum *q;

	p.slot = 1;
	assert_int_equal(sfs_quorum_create(&p, &q), -EINVAL);
	p.slot = SFS_QUORUM_SLOTS_MAX;
	assert_int_equal(sfs_quorum_create(&p, &q), -EINVAL);
	p.slot = 0;
	p.slots = 1U << SFS_QUORUM_SLOTS_MAX | 1;
	assert_int_equal(sfs_quorum_create(&p, &q), -EINVAL);
	p.slots = 1;
	p.timeout_ms = 0;
	assert_int_equal(sfs_quorum_create(&p, &q), -EINVAL);
	assert_int_equal(sfs_quorum_lease_ms(10000), 7500);
	assert_int_equal(sfs_quorum_interval_ms(10000), 1000);
}

/* Marks are taken in order, last over mounts, and cover nothing newer. */
static void test_stale_leaders(void **state)
{
	struct sfs_quorum_stale stale, newer;
	struct qs_inst *leader;
	unsigned int i;

	qs_begin(1, 3, 2000, 0);
	qs.fences = false;
	qs.nr_rids = 90;
	for (i = 0; i < 3; i++) {
		qs.page[i].hdr.magic = cpu_to_le32(SFS_MAGIC_QUORUM);
		qs.page[i].term = cpu_to_le64(20);
	}
	qs.page[1].nr_led = cpu_to_le32(2);
	qs.page[1].led[0].rid = cpu_to_le64(77);
	qs.page[1].led[0].term = cpu_to_le64(9);
	qs.page[1].led[1].rid = cpu_to_le64(78);
	qs.page[1].led[1].term = cpu_to_le64(5);
	for (i = 0; i < 3; i++)
		qs_start(i);
	assert_null(qs_wait_leader(NULL, 1700));
	leader = qs_wait_leader(NULL, 2000);
	assert_non_null(leader);
	settle(leader);

	assert_int_equal(sfs_quorum_next_stale_leader(leader->q, &stale), 0);
	assert_int_equal(stale.slot, 1);
	assert_int_equal(stale.rid, 78);
	assert_int_equal(stale.term, 5);
	newer = stale;
	newer.rid = 77;
	newer.term = 9;
	assert_int_equal(sfs_quorum_clear_stale_leader(leader->q, &newer),
			 -EINVAL);
	assert_int_equal(sfs_quorum_clear_stale_leader(leader->q, &stale), 0);
	assert_int_equal(sfs_quorum_next_stale_leader(leader->q, &stale), 0);
	assert_int_equal(stale.rid, 77);
	leader->node->disk = QS_DISK_FAILS;
	leader->node->disk_until = U64_MAX;
	assert_int_equal(sfs_quorum_next_stale_leader(leader->q, &stale), -EIO);
	assert_int_equal(sfs_quorum_clear_stale_leader(leader->q, &newer), -EIO);
	leader->node->disk_until = 0;
	assert_int_equal(sfs_quorum_clear_stale_leader(leader->q, &newer), 0);
	assert_int_equal(sfs_quorum_next_stale_leader(leader->q, &stale),
			 -ENOENT);
	/* again, as after a lost answer */
	assert_int_equal(sfs_quorum_clear_stale_leader(leader->q, &newer), 0);
	qs_run_ms(3000);
	settle(leader);
	assert_int_equal(sfs_quorum_next_stale_leader(leader->q, &stale),
			 -ENOENT);
	qs_end();
}

/* A heartbeat that its sender's resignation has overtaken changes nothing. */
static void test_overtaken(void **state)
{
	unsigned int nr;

	for (nr = 2; nr <= 3; nr++) {
		struct qs_inst *leader = begin_led(nr, 2000);
		unsigned int from = leader->node->slot;
		struct sfs_quorum_msg late = {
			.version = SFS_QUORUM_MSG_VERSION,
			.type = SFS_QUORUM_HEARTBEAT,
			.timeout_ms = cpu_to_le32(2000),
			.term = cpu_to_le64(leader->lead_term),
		};
		unsigned int i;

		sfs_quorum_resign(leader->q, 0);
		qs_wake_at(leader, qs.now);
		for (i = 0; i < nr; i++) {
			struct qs_inst *to = qs.node[i].inst;

			if (to == leader)
				continue;
			while (to->leader_slot == (int)from)
				qs_step();
			sfs_quorum_receive(to->q, from, &late, sizeof(late),
					   qs_local(to->node));
		}
		assert_false(leader->leads);
		qs_crash(leader);
		assert_non_null(qs_wait_leader(leader, 900));
		qs_end();
	}
}

/* Who led may be what a damaged page does not tell any more. */
static void test_damaged_page(void **state)
{
	struct qs_inst *leader = begin_led(2, 2000);
	unsigned int slot = leader->node->slot;

	qs_crash(qs.node[!slot].inst);
	qs_run_ms(3000);
	assert_ptr_equal(qs_leading(), leader);
	settle(leader);
	/* its lease lasts, it does nothing any more, and its last write is torn */
	leader->paused_until = U64_MAX;
	qs_tear(slot);
	qs.page[!slot].rid = 0;
	qs_start(!slot);
	assert_null(qs_wait_leader(leader, 1500));
	assert_non_null(qs_wait_leader(leader, 1500));
	assert_true(qs.elected_term > leader->lead_term);
	leader->leads = false;
	qs_end();
}

/* ---- races of two slots ---- */

/* Both claim at the same time, and writes take longer than the wait. */
static void test_claims_together(void **state)
{
	unsigned int seed, i, elected = 0;

	for (seed = 1; seed <= 1000; seed++) {
		qs_begin(seed, 2, 2000, 50000);
		for (i = 0; i < 2; i++) {
			qs_start(i);
			qs.cut[i][!i] = true;
		}
		/* not yet: so they would never do so together */
		qs_run_ms(300 + qs_below(150));
		for (i = 0; i < 2; i++) {
			qs.node[i].disk = QS_DISK_SLOW;
			qs.node[i].disk_until = 8000 * QS_MS;
		}
		qs_run_ms(8000);
		elected += qs.nr_elected;
		qs_end();
	}
	assert_true(elected > 500);
}

/*
 * A look at the leader's page that took long says nothing about when the beat was
 * written, and then the leader sleeps, with its lease.
 */
static void test_slow_look(void **state)
{
	unsigned int seed;

	for (seed = 1; seed <= 300; seed++) {
		struct qs_inst *leader = begin_led(2, 2000);
		struct qs_node *n = leader->node;
		struct qs_node *other = &qs.node[!n->slot];
		u64 stuck_ms = 1500 + seed * 7;

		qs.random += seed;
		qs.cut[0][1] = qs.cut[1][0] = true;
		qs_run_ms(qs_below(300));
		other->disk = QS_DISK_STUCK;
		other->disk_until = qs.now + stuck_ms * QS_MS;
		qs_run_ms(stuck_ms - 100 + qs_below(150));
		n->paused_until = qs.now + 1400 * QS_MS;
		qs_run_ms(4000);
		qs_end();
	}
}

/* ---- hostile messages ---- */

static void feed(struct qs_inst *inst, unsigned int from, const void *msg,
		 u32 len)
{
	settle(inst);
	if (inst->is_dead)
		return;
	sfs_quorum_receive(inst->q, from, msg, len, qs_local(inst->node));
	qs_wake_at(inst, qs.now);
	qs_run_ms(1);
}

static void test_malformed(void **state)
{
	struct qs_inst *leader = begin_led(3, 2000);
	unsigned int own = leader->node->slot, peer = (own + 1) % 3;
	struct sfs_quorum_msg good = {
		.version = SFS_QUORUM_MSG_VERSION,
		.type = SFS_QUORUM_HEARTBEAT_NO,
		.timeout_ms = cpu_to_le32(2000),
		.term = cpu_to_le64(leader->lead_term + 1),
	}, m;
	u8 longer[sizeof(m) + 1] = { 0 };

	memcpy(longer, &good, sizeof(good));
	feed(leader, peer, longer, sizeof(longer));
	feed(leader, peer, &good, sizeof(good) - 1);
	feed(leader, peer, &good, 0);
	feed(leader, own, &good, sizeof(good));
	feed(leader, 3, &good, sizeof(good));
	feed(leader, 1000, &good, sizeof(good));
#define BAD(field, value) do {						\
	m = good;							\
	m.field = value;						\
	feed(leader, peer, &m, sizeof(m));				\
} while (0)
	BAD(version, 2);
	BAD(type, 0);
	BAD(type, SFS_QUORUM_MSG_TYPES);
	BAD(type, 255);
	BAD(pad, cpu_to_le16(1));
	BAD(timeout_ms, 0);
	BAD(timeout_ms, cpu_to_le32(U32_MAX));
	BAD(term, 0);
	BAD(term, cpu_to_le64(leader->lead_term));
	BAD(term, cpu_to_le64(U64_MAX));
	BAD(term, cpu_to_le64(SFS_QUORUM_TERM_MAX));
#undef BAD
	assert_true(leader->leads);
	assert_int_equal(term_of(leader), leader->lead_term);
	/* the sound one works, so it is not all that is refused */
	feed(leader, peer, &good, sizeof(good));
	assert_false(leader->leads);
	assert_int_equal(leader->deposed_error, -ESTALE);
	qs_end();
}

/* Any bytes from a peer: no harm to memory, and elections go on after it. */
static void test_hostile(void **state)
{
	u64 seed;
	int i;

	for (seed = 1; seed <= 20; seed++) {
		begin_led(1 + seed % 5, 2000);
		qs.random += seed;
		for (i = 0; i < (int)qs.nr; i++)
			qs.node[i].inst->dies_deposed = false;
		for (i = 0; i < 500; i++) {
			struct sfs_quorum_msg m = {
				.version = SFS_QUORUM_MSG_VERSION,
				.type = qs_below(SFS_QUORUM_MSG_TYPES + 1),
				.timeout_ms = cpu_to_le32(1 + qs_below(4000)),
				.term = cpu_to_le64(qs_below(4) ?
						    1 + qs_below(i) :
						    qs_below(U64_MAX) >>
						    qs_below(64)),
				.stamp = cpu_to_le64(qs_below(U64_MAX) >>
						     qs_below(64)),
			};
			struct qs_inst *to = qs.node[qs_below(qs.nr)].inst;

			/* forged elections are none */
			if (m.type == SFS_QUORUM_VOTE_OK ||
			    m.type == SFS_QUORUM_HEARTBEAT_OK ||
			    m.type == SFS_QUORUM_RESIGN || !qs_is_alive(to))
				continue;
			feed(to, qs_below(qs.nr), &m, sizeof(m));
		}
		qs_run_ms(12000);
		if (!qs_leading())
			qs_fail("hostile %llu: nobody leads",
				(unsigned long long)seed);
		qs_end();
	}
}

static void test_status(void **state)
{
	struct qs_inst *leader = begin_led(3, 2000);
	struct qs_inst *other = qs.node[(leader->node->slot + 1) % 3].inst;
	struct sfs_quorum_status st;

	sfs_quorum_status(leader->q, &st);
	assert_int_equal(st.slot, leader->node->slot);
	assert_int_equal(st.role, SFS_QUORUM_LEADER);
	assert_int_equal(st.leader_slot, leader->node->slot);
	assert_int_equal(st.vote_for, leader->node->slot);
	assert_true(hweight32(st.vote_bits) >= 2);
	assert_int_equal(st.leader_term, leader->lead_term);
	assert_int_equal(st.timeout_ns, leader->lease_until);
	assert_int_equal(st.peer[other->node->slot].send_type,
			 SFS_QUORUM_HEARTBEAT);
	assert_int_equal(st.peer[other->node->slot].recv_type,
			 SFS_QUORUM_HEARTBEAT_OK);
	assert_int_equal(st.peer[leader->node->slot].send_ns, 0);
	sfs_quorum_status(other->q, &st);
	assert_int_equal(st.role, SFS_QUORUM_FOLLOWER);
	assert_int_equal(st.leader_slot, leader->node->slot);
	assert_int_equal(st.leader_term, 0);
	assert_true(st.timeout_ns > qs_local(other->node));
	qs_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_checks),
		cmocka_unit_test(test_one_slot),
		cmocka_unit_test(test_lost_contact),
		cmocka_unit_test(test_isolated_leader),
		cmocka_unit_test(test_leader_without_disk),
		cmocka_unit_test(test_failover_time),
		cmocka_unit_test(test_slot_in_use),
		cmocka_unit_test(test_stale_leaders),
		cmocka_unit_test(test_claims_together),
		cmocka_unit_test(test_slow_look),
		cmocka_unit_test(test_overtaken),
		cmocka_unit_test(test_damaged_page),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
