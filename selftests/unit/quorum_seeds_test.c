// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quorum election: seeds of the simulator with faults of all kinds, and what must
 * work again after each.  QUORUM_SEEDS=N runs more seeds, QUORUM_SEED=n repeats
 * one and tells what happens.
 */
#include "quorum_mounts.h"

enum { SEEDS = 2000 };

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
	struct qs_inst *leader = qs_leading();
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
	if (qs_leading() != leader)
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
	leader = qs_leading();
	if (!leader)
		qs_fail("nobody leads");
	expect_leader_known(leader);
	if (qs.nr == 1)
		return;
	ms = leader_goes(leader);
	qs_say("within %llu ms", (unsigned long long)ms);
	leader = qs_wait_leader(leader, ms);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
