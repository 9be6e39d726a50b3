// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quorum election: seeds of the simulator with faults of all kinds, and single
 * situations.  QUORUM_SEEDS=N runs more seeds, QUORUM_SEED=n repeats one and
 * tells what happens.
 */
#include "quorum_sim.h"

enum { SEEDS = 2000 };

/* ---- leaders ---- */

static struct qs_inst *leading(void)
{
	struct qs_inst *inst;

	for (inst = qs.insts; inst; inst = inst->next)
		if (qs_has_lease(inst))
			return inst;
	return NULL;
}

/* Until somebody other than @not leads, at most so long. */
static struct qs_inst *wait_leader(struct qs_inst *not, u64 ms)
{
	u64 end = qs.now + ms * QS_MS;

	while (qs.nr_events && qs.heap[0].at <= end) {
		struct qs_inst *inst = leading();

		if (inst && inst != not)
			return inst;
		qs_step();
	}
	qs.now = max(qs.now, end);
	return NULL;
}

/* ---- seeds ---- */

static void fault_crash(struct qs_node *n)
{
	if (!qs_is_alive(n->inst) && !qs_chance(20))
		return;
	qs_crash(n->inst);
	qs_at(qs.now + qs_below(n->timeout_ms * 3 / 2) * QS_MS, QS_START,
	      n->slot, NULL);
}

static void fault_leave(struct qs_node *n, bool is_for_good)
{
	if (!qs_is_alive(n->inst))
		return;
	qs_say("slot %u resigns%s", n->slot, is_for_good ? " for good" : "");
	sfs_quorum_resign(n->inst->q, is_for_good ? 0 :
			  1 + qs_below(2 * n->timeout_ms));
	/* says that it does not write as a leader any more */
	qs.fate[n->inst->rid].has_led = false;
	if (n->inst->is_idle)
		qs_wake_at(n->inst, qs.now);
	if (is_for_good)
		qs_at(qs.now + n->timeout_ms * QS_MS / 2, QS_CRASH, n->slot,
		      n->inst);
}

static void fault_cut(void)
{
	unsigned int side = qs_below(1 << qs.nr);
	bool is_one_way = qs_chance(25);
	unsigned int i, j;

	qs_say("cut %#x%s", side, is_one_way ? " one way" : "");
	for (i = 0; i < qs.nr; i++)
		for (j = 0; j < qs.nr; j++)
			qs.cut[i][j] = ((side >> i) ^ (side >> j)) & 1 &&
				       (!is_one_way || (side >> i) & 1);
}

static void fault_disk(struct qs_node *n)
{
	n->disk = QS_DISK_SLOW + qs_below(3);
	n->disk_until = qs.now + qs_below(2 * n->timeout_ms) * QS_MS;
	qs_say("disk of slot %u: %d", n->slot, n->disk);
}

static void fault_pause(struct qs_node *n)
{
	n->paused_until = qs.now + qs_below(2 * n->timeout_ms) * QS_MS;
	n->is_frozen = qs_chance(50);
	qs_say("slot %u sleeps", n->slot);
}

static void fault_timeout(struct qs_node *n)
{
	n->timeout_ms = 1000 + qs_below(2000);
	qs_say("slot %u: timeout %u", n->slot, n->timeout_ms);
	if (!qs_is_alive(n->inst))
		return;
	sfs_quorum_set_timeout(n->inst->q, n->timeout_ms);
	if (n->inst->is_idle)
		qs_wake_at(n->inst, qs.now);
	if (qs_chance(40)) {
		qs_run_ms(qs_below(30));
		fault_cut();
	}
}

/* Half of the time it is about the leader. */
static void fault(void)
{
	struct qs_inst *leader = leading();
	struct qs_node *n = &qs.node[qs_below(qs.nr)];

	if (leader && qs_chance(50))
		n = leader->node;
	switch (qs_below(16)) {
	case 0 ... 2:
		fault_crash(n);
		break;
	case 3:
		fault_leave(n, true);
		break;
	case 4:
		fault_leave(n, false);
		break;
	case 5 ... 6:
		fault_cut();
		break;
	case 7 ... 8:
		memset(qs.cut, 0, sizeof(qs.cut));
		break;
	case 9 ... 10:
		fault_disk(n);
		break;
	case 11 ... 12:
		fault_pause(n);
		break;
	case 13:
		fault_timeout(n);
		break;
	case 14:
		qs.loss_pct = qs_below(30);
		qs.dup_pct = qs_below(20);
		qs.delay_max_us = 1 + qs_below(200000);
		break;
	default:
		fault_crash(n);
		fault_crash(&qs.node[qs_below(qs.nr)]);
	}
}

static void calm(void)
{
	unsigned int i;

	memset(qs.cut, 0, sizeof(qs.cut));
	qs.loss_pct = 0;
	qs.dup_pct = 5;
	qs.vote_crash_pct = 0;
	qs.delay_max_us = 5000;
	for (i = 0; i < qs.nr; i++) {
		qs.node[i].paused_until = qs.now;
		qs.node[i].disk_until = qs.now;
		if (!qs.node[i].inst || qs.node[i].inst->is_done)
			qs_at(qs.now, QS_START, i, NULL);
	}
	qs_say("calm");
}

static void expect_leader_known(struct qs_inst *leader)
{
	unsigned int i;

	qs_run_ms(leader->node->timeout_ms / 10 + 100);
	if (leading() != leader)
		qs_fail("the leader does not stay");
	for (i = 0; i < qs.nr; i++)
		if (qs_is_alive(qs.node[i].inst) &&
		    qs.now >= qs.node[i].paused_until &&
		    !qs.node[i].inst->has_left &&
		    qs.node[i].inst->leader_slot != (int)leader->node->slot)
			qs_fail("slot %u does not know who leads", i);
}

/* The leader goes, in some way; how long may it take until the next one? */
static u64 leader_goes(struct qs_inst *leader)
{
	unsigned int timeout_ms = 0;
	unsigned int i;

	for (i = 0; i < qs.nr; i++)
		timeout_ms = max(timeout_ms, qs.node[i].timeout_ms);
	switch (qs_below(4)) {
	case 0:
		sfs_quorum_resign(leader->q, 3 * timeout_ms);
		qs_wake_at(leader, qs.now);
		return qs.nr == 1 ? 3 * timeout_ms * 11 / 10 + 400 : 900;
	case 1:
		leader->has_left = true;
		sfs_quorum_resign(leader->q, 0);
		qs_wake_at(leader, qs.now);
		return 900;
	case 2:
		leader->node->paused_until = qs.now + 3 * timeout_ms * QS_MS;
		break;
	default:
		qs_crash(leader);
	}
	return timeout_ms * 21 / 20 + 300 + 900;
}

static void seed_ends(void)
{
	struct qs_inst *leader;
	u64 ms;

	/* three times the longest timeout: pages of the dead, promises, election */
	calm();
	qs_run_ms(3 * 3000 + 3000);
	leader = leading();
	if (!leader)
		qs_fail("nobody leads");
	expect_leader_known(leader);
	if (qs.nr == 1)
		return;
	ms = leader_goes(leader);
	qs_say("within %llu ms", (unsigned long long)ms);
	leader = wait_leader(leader, ms);
	if (!leader)
		qs_fail("no new leader in %llu ms", (unsigned long long)ms);
	expect_leader_known(leader);
}

static void faults_until(u64 end)
{
	qs_run_ms(2000);
	while (qs.now < end) {
		fault();
		qs_run_ms(qs_below(4) ? qs_below(600) : qs_below(4000));
	}
}

/* Slow messages, and voters that forget what they had in memory; slow disks. */
static void hectic_until(u64 end)
{
	unsigned int i;

	qs.delay_max_us = 1 + qs_below(1200000);
	qs.loss_pct = qs_below(20);
	qs.vote_crash_pct = qs_below(80);
	while (qs.now < end) {
		if (qs_chance(30))
			fault_crash(&qs.node[qs_below(qs.nr)]);
		if (qs_chance(20))
			fault_cut();
		for (i = 0; i < qs.nr && qs.nr <= 2; i++)
			fault_disk(&qs.node[i]);
		qs_run_ms(qs_below(1000));
	}
}

static void seed_run(u64 seed)
{
	static const unsigned int nr[] = { 1, 2, 2, 3, 3, 3, 4, 5 };
	bool is_hectic;
	u64 end;
	unsigned int i;

	qs_begin(seed, nr[seed % ARRAY_SIZE(nr)], 2000, 50000);
	qs.delay_max_us = 1 + qs_below(20000);
	qs.has_tears = qs_chance(25);
	is_hectic = qs_chance(25);
	for (i = 0; i < qs.nr; i++) {
		qs.node[i].wants_up = true;
		qs_at(qs.now + qs_below(500) * QS_MS * qs_below(4), QS_START,
		      i, NULL);
	}
	end = qs.now + (5 + qs_below(20)) * 1000 * QS_MS;
	if (is_hectic)
		hectic_until(end);
	else
		faults_until(end);
	seed_ends();
	qs_end();
}

static void test_seeds(void **state)
{
	const char *one = getenv("QUORUM_SEED");
	const char *nr = getenv("QUORUM_SEEDS");
	u64 seed, last = nr ? strtoull(nr, NULL, 0) : SEEDS;
	u64 elected = 0, deposed = 0;

	if (one) {
		qs.is_verbose = true;
		setvbuf(stdout, NULL, _IOLBF, 0);
		seed_run(strtoull(one, NULL, 0));
		qs.is_verbose = false;
		return;
	}
	for (seed = 1; seed <= last; seed++) {
		seed_run(seed);
		elected += qs.nr_elected;
		deposed += qs.nr_deposed;
	}
	printf("# %llu seeds, %llu leaders, %llu deposed\n",
	       (unsigned long long)last, (unsigned long long)elected,
	       (unsigned long long)deposed);
	/* faults that never hit would prove nothing */
	assert_true(elected > last * 2);
	assert_true(deposed > last / 4);
}

/* ---- single situations ---- */

static struct qs_inst *begin_led(unsigned int nr, unsigned int timeout_ms)
{
	struct qs_inst *leader;
	unsigned int i;

	qs_begin(nr, nr, timeout_ms, 10000);
	for (i = 0; i < nr; i++)
		qs_start(i);
	leader = wait_leader(NULL, 2000);
	assert_non_null(leader);
	qs_run_ms(timeout_ms);
	assert_ptr_equal(leading(), leader);
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
		assert_ptr_equal(leading(), leader);
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
	assert_non_null(wait_leader(leader, 2000));
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
		assert_int_equal(!!wait_leader(leader, 3000), nr > 1);
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
			assert_non_null(wait_leader(leader, 20000));
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
	assert_ptr_equal(wait_leader(NULL, 200), inst);
	qs_run_ms(30000);
	assert_ptr_equal(leading(), inst);
	assert_int_equal(qs.nr_elected, 1);
	/* its successor waits for the lease of the dead one */
	qs_crash(inst);
	inst = qs_start(0);
	assert_null(wait_leader(NULL, 7000));
	assert_ptr_equal(wait_leader(NULL, 2500), inst);
	assert_int_equal(inst->lead_term, 2);
	/* one that has left leaves no lease */
	sfs_quorum_resign(inst->q, 0);
	qs_wake_at(inst, qs.now);
	qs_run_ms(100);
	assert_false(inst->leads);
	qs_crash(inst);
	inst = qs_start(0);
	assert_ptr_equal(wait_leader(NULL, 200), inst);
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
	assert_ptr_equal(leading(), leader);
	assert_int_equal(qs.nr_elected, 1);

	/* a sleeper loses its slot, and finds out when it wakes */
	leader->paused_until = qs.now + 12000 * QS_MS;
	second = qs_start(n->slot);
	qs_run_ms(6000);
	assert_true(second->is_up);
	assert_ptr_not_equal(leading(), leader);
	assert_non_null(leading());
	qs_run_ms(10000);
	assert_false(leader->leads);
	assert_false(second->is_dead);
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
	assert_null(wait_leader(NULL, 1700));
	leader = wait_leader(NULL, 2000);
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
		assert_non_null(wait_leader(leader, 900));
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
	assert_ptr_equal(leading(), leader);
	settle(leader);
	/* its lease lasts, it does nothing any more, and its last write is torn */
	leader->paused_until = U64_MAX;
	qs_tear(slot);
	qs.page[!slot].rid = 0;
	qs_start(!slot);
	assert_null(wait_leader(leader, 1500));
	assert_non_null(wait_leader(leader, 1500));
	assert_true(qs.elected_term > leader->lead_term);
	leader->leads = false;
	qs_end();
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
		if (!leading())
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
		cmocka_unit_test(test_overtaken),
		cmocka_unit_test(test_damaged_page),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
