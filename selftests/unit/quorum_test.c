// SPDX-License-Identifier: GPL-2.0-only
/*
 * Elections on the simulated cluster of quorum_sim.c.
 *
 * At every step: at most one node's lease is valid, a term has one leader, terms do
 * not go back, the list of slots changes by one slot and one version at a time, and
 * what was reported as changed stays.  When all is well again there is a leader, in a
 * slot of the newest list.  SEED=n repeats one; MISTAKE=names makes mistakes:
 *
 *	vote-not-written	a vote does not reach the page
 *	two-at-once		a change of two slots
 *	stale-winner		who wins does not look for a newer list
 *	blind-leader		a leader does not look for a newer list
 *	any-version		votes are given whatever list they are asked by
 *	adopt-and-vote		who learns of a newer list votes at once
 *	old-page		an added slot's page is not made new
 *	one-copy		no page is written to both copies at once
 *	one-place		a page has one copy
 *
 * adopt-and-vote is found within a hundred seeds.  The rules overlap: most of the
 * others take thousands, or are covered by another rule as far as is known.
 */
#include "quorum_sim.h"

#if defined(__SANITIZE_ADDRESS__)
/* a node that crashes while it starts takes its memory along */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

static void run_seed(u64 nr)
{
	unsigned int i, rounds;

	qs_begin(nr);
	qs_loss_percent = qs_rnd(3) ? 0 : qs_rnd(30);
	qs_stall_permille = qs_rnd(2) ? 0 : qs_rnd(10);
	qs_late_percent = qs_rnd(2) ? 0 : qs_rnd(20);
	qs_reset((unsigned int[]) { 1, 2, 2, 3, 3, 5 }[qs_rnd(6)]);
	for (rounds = qs_rnd(12); rounds; rounds--) {
		qs_run_until(qs_now + qs_rnd(4000 * MS));
		qs_trouble();
	}
	qs_heal();
	/* slots may still come */
	for (i = 0; i < 10; i++) {
		qs_start_nodes(true);
		qs_run_until(qs_now + T_MS * MS);
	}
	if (!qs_is_led())
		qs_failed("nobody leads", &qs_nodes[0]);
	for (i = 0; i < QS_NODES; i++)
		if (qs_nodes[i].is_alive)
			qs_node_crash(&qs_nodes[i]);
	qs_check_lists();
}

static void test_seeds(void **state)
{
	const char *one = getenv("SEED");
	const char *many = getenv("SEEDS");
	u64 nr = many ? strtoull(many, NULL, 0) : 1500;
	u64 i;

	if (one) {
		run_seed(strtoull(one, NULL, 0));
		return;
	}
	for (i = 1; i <= nr; i++)
		run_seed(i);
	print_message("# %llu seeds, %llu elections, %llu crashes, %llu late writes, %llu changes and %llu lost ones\n",
		      nr, qs_nr_elected, qs_nr_crashes, qs_nr_late, qs_nr_changes,
		      qs_nr_lost_changes);
}

/* A leader that resigns is followed by another one at once. */
static void test_resign(void **state)
{
	unsigned int i, old = 0;
	u64 from;

	qs_begin(12345);
	qs_heal();
	qs_is_fixed = true;
	qs_reset(3);
	qs_run_until(5000 * MS);
	while (old < qs_nr_nodes && !qs_has_lease(&qs_nodes[old]))
		old++;
	assert_true(old < qs_nr_nodes);
	sfs_quorum_resign(qs_nodes[old].q, 10 * T_MS);
	from = qs_now;
	qs_nodes[old].wake_ns = qs_now;
	do {
		qs_run_until(qs_now + 10 * MS);
		for (i = 0; i < qs_nr_nodes; i++)
			if (i != old && qs_has_lease(&qs_nodes[i]))
				break;
	} while (i == qs_nr_nodes && qs_now < from + T_MS * MS);
	print_message("# the next one led after %llu ms\n", (qs_now - from) / MS);
	assert_true(qs_now - from < T_MS * MS / 2);
	for (i = 0; i < qs_nr_nodes; i++)
		qs_node_crash(&qs_nodes[i]);
}

/* A slot whose list is full of leaders that another slot's holder had fenced. */
static void test_led_and_fenced(void **state)
{
	struct sfs_quorum_page first = { 0 }, second = { 0 };
	unsigned int i, copy;

	qs_heal();
	qs_clear(3);
	first.rid = cpu_to_le64(999);
	first.flags = cpu_to_le32(SFS_QUORUM_LEADS);
	for (i = 0; i < SFS_QUORUM_LED_MAX; i++) {
		first.led[i].rid = cpu_to_le64(1000 + i);
		second.fenced[i] = cpu_to_le64(1000 + i);
	}
	/* one of them was not */
	second.fenced[2] = 0;
	sfs_quorum_page_write(&qs_vol, 0, &first);
	sfs_quorum_page_write(&qs_vol, 1, &second);
	qs_node_start(&qs_nodes[0]);
	qs_run_until(3000 * MS);
	assert_non_null(qs_nodes[0].q);
	for (copy = 0; copy < 2; copy++)
		for (i = 0; i < SFS_QUORUM_LED_MAX; i++)
			assert_int_equal(le64_to_cpu(qs_disk[0].copy[copy].led[i].rid),
					 i == 2 ? 1002 : i ? 0 : 999);
	qs_node_crash(&qs_nodes[0]);
}

static int setup(void **state)
{
	port_clock = qs_clock;
	port_clock_advance = qs_advance;
	qs_mistake = getenv("MISTAKE");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_resign),
		cmocka_unit_test(test_led_and_fenced),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
