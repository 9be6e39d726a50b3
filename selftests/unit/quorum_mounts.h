/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator's mounts: starting, ending and running them.
 */
#ifndef QUORUM_MOUNTS_H
#define QUORUM_MOUNTS_H

#include "quorum_sim.h"

/* ---- mounts ---- */

/* What the leader's first step is: fence who led and did not step down. */
static void qs_fence(struct qs_inst *inst)
{
	struct sfs_quorum_stale stale;
	u64 rid;
	int ret;

	while (!(ret = sfs_quorum_next_stale_leader(inst->q, &stale))) {
		if (!stale.rid || stale.rid > qs.nr_rids ||
		    stale.rid == inst->rid || stale.slot >= qs.nr)
			qs_fail("there is no mount %llu",
				(unsigned long long)stale.rid);
		qs.fate[stale.rid].is_fenced = true;
		ret = sfs_quorum_clear_stale_leader(inst->q, &stale);
		if (ret)
			break;
	}
	if (ret != -ENOENT)
		return;		/* the disk; the next run asks again */
	inst->wants_fencing = false;
	for (rid = 1; rid <= qs.nr_rids && !qs.has_tears; rid++)
		if (rid != inst->rid && qs.fate[rid].has_led &&
		    !qs.fate[rid].is_fenced)
			qs_fail("slot %u did not find mount %llu, which led",
				inst->node->slot, (unsigned long long)rid);
}

static void qs_inst_live(struct qs_inst *inst)
{
	while (!inst->is_dead) {
		u64 start = qs_local(inst->node);
		u64 next = sfs_quorum_run(inst->q, start);

		if (!inst->is_dead && inst->leads &&
		    start >= inst->lease_until)
			qs_fail("slot %u is not deposed though its lease is over",
				inst->node->slot);
		if (!inst->is_dead && inst->leads && inst->wants_fencing) {
			qs_fence(inst);
			continue;
		}
		inst->is_idle = true;
		qs_sleep_until(qs_real(inst->node, next));
		inst->is_idle = false;
	}
}

static void qs_inst_main(void)
{
	struct qs_inst *inst = qs.current;
	struct qs_node *n = inst->node;
	struct sfs_quorum_params params = {
		.fsid = 1, .rid = inst->rid, .slot = n->slot,
		.slots = qs.slots, .timeout_ms = n->timeout_ms,
		.seed = qs_below(U64_MAX), .node = "sim", .ops = &qs_ops,
		.arg = inst,
	};

	__sanitizer_finish_switch_fiber(NULL, &qs.main_stack, &qs.main_bytes);
	inst->create_error = sfs_quorum_create(&params, &inst->q);
	if (!inst->create_error) {
		inst->is_up = true;
		qs_inst_live(inst);
		sfs_quorum_destroy(inst->q);
		inst->q = NULL;
	} else if (!inst->is_dead) {
		qs_say("slot %u: create says %d", n->slot, inst->create_error);
		qs_at(qs.now + n->timeout_ms * QS_MS / 2, QS_START, n->slot,
		      NULL);
	}
	inst->is_dead = true;
	inst->is_done = true;
	qs_suspend(inst);
	abort();
}

static struct qs_inst *qs_start(unsigned int slot)
{
	struct qs_inst *inst = calloc(1, sizeof(*inst));
	struct qs_node *n = &qs.node[slot];

	inst->node = n;
	inst->rid = ++qs.nr_rids;
	assert_true(inst->rid < QS_RIDS);
	inst->leader_slot = -1;
	inst->dies_deposed = qs_chance(50);
	inst->next = qs.insts;
	qs.insts = inst;
	n->inst = inst;
	n->wants_up = true;
	qs_say("slot %u: mount %llu", slot, (unsigned long long)inst->rid);
	inst->stack = qs.nr_free_stacks ? qs.free_stack[--qs.nr_free_stacks] :
					  malloc(QS_STACK_BYTES);
	getcontext(&inst->ctx);
	inst->ctx.uc_stack.ss_sp = inst->stack;
	inst->ctx.uc_stack.ss_size = QS_STACK_BYTES;
	makecontext(&inst->ctx, qs_inst_main, 0);
	qs_wake_at(inst, qs.now);
	return inst;
}

/* Only what is on the disk survives. */
static void qs_crash(struct qs_inst *inst)
{
	if (!inst || inst->is_done)
		return;
	qs_say("slot %u dies", inst->node->slot);
	inst->is_dead = true;
	inst->wake_seq++;
	qs_resume(inst);
	assert_true(inst->is_done);
}

static bool qs_is_alive(const struct qs_inst *inst)
{
	return inst && inst->is_up && !inst->is_dead;
}

/* ---- running ---- */

static void qs_deliver(struct qs_event *ev)
{
	struct qs_node *n = &qs.node[ev->to];
	struct qs_inst *inst = n->inst;

	if (n->is_frozen && qs.now < n->paused_until) {
		ev->at = n->paused_until + qs_below(QS_MS);
		qs_push(ev);
		return;
	}
	if (!qs_is_alive(inst))
		return;
	sfs_quorum_receive(inst->q, ev->from, ev->bytes, ev->len, qs_local(n));
	if (inst->is_idle)
		qs_wake_at(inst, qs.now + qs_below(300000));
}

static void qs_wake(struct qs_event *ev)
{
	struct qs_inst *inst = ev->inst;

	if (inst->is_done || ev->seq != inst->wake_seq)
		return;
	if (qs.now < inst->paused_until)
		qs_wake_at(inst, inst->paused_until);
	else if (qs.now < inst->node->paused_until)
		qs_wake_at(inst, inst->node->paused_until + qs_below(QS_MS));
	else
		qs_resume(inst);
}

static void qs_step(void)
{
	struct qs_event ev;

	qs_pop(&ev);
	qs.now = max(qs.now, ev.at);
	switch (ev.type) {
	case QS_MSG:
		qs_deliver(&ev);
		break;
	case QS_WAKE:
		qs_wake(&ev);
		break;
	case QS_CRASH:
		qs_crash(ev.inst);
		qs_at(qs.now + qs_below(qs.node[ev.to].timeout_ms) *
		      (qs.vote_crash_pct ? QS_MS / 100 : QS_MS), QS_START,
		      ev.to, NULL);
		break;
	case QS_START:
		if (qs.node[ev.to].wants_up && (!qs.node[ev.to].inst ||
						qs.node[ev.to].inst->is_done))
			qs_start(ev.to);
		break;
	}
}

static void qs_run_until(u64 at)
{
	while (qs.nr_events && qs.heap[0].at <= at)
		qs_step();
	qs.now = max(qs.now, at);
}

static void qs_run_ms(u64 ms)
{
	qs_run_until(qs.now + ms * QS_MS);
}

static struct qs_inst *qs_leading(void)
{
	struct qs_inst *inst;

	for (inst = qs.insts; inst; inst = inst->next)
		if (qs_has_lease(inst))
			return inst;
	return NULL;
}

/* Until somebody other than @not leads, at most so long. */
static struct qs_inst *qs_wait_leader(struct qs_inst *not, u64 ms)
{
	u64 end = qs.now + ms * QS_MS;

	while (qs.nr_events && qs.heap[0].at <= end) {
		struct qs_inst *inst = qs_leading();

		if (inst && inst != not)
			return inst;
		qs_step();
	}
	qs.now = max(qs.now, end);
	return NULL;
}

static void qs_end(void)
{
	struct qs_inst *inst;

	while ((inst = qs.insts)) {
		qs_crash(inst);
		qs.insts = inst->next;
		free(inst);
	}
	while (qs.nr_free_stacks)
		free(qs.free_stack[--qs.nr_free_stacks]);
	port_clock = NULL;
	port_block = port_block_default;
}

static void qs_begin(u64 seed, unsigned int nr, unsigned int timeout_ms,
		     unsigned int skew_ppm)
{
	unsigned int i;

	qs_end();	/* a test that failed does not get there */
	memset(&qs.node, 0, sizeof(qs.node));
	memset(&qs.page, 0, sizeof(qs.page));
	memset(&qs.cut, 0, sizeof(qs.cut));
	memset(&qs.fate, 0, sizeof(qs.fate));
	memset(&qs.vote, 0, sizeof(qs.vote));
	qs.now = QS_MS;
	qs.seed = seed;
	qs.random = seed * 2654435761u;
	qs.nr = nr;
	qs.slots = (1U << nr) - 1;
	qs.nr_events = 0;
	qs.nr_rids = 0;
	qs.elected_term = 0;
	qs.nr_elected = 0;
	qs.nr_deposed = 0;
	qs.loss_pct = 0;
	qs.dup_pct = 0;
	qs.vote_crash_pct = 0;
	qs.delay_max_us = 500;
	qs.has_tears = false;
	qs.fences = true;
	for (i = 0; i < nr; i++) {
		qs.node[i].slot = i;
		qs.node[i].rate_ppm = 1000000 - skew_ppm +
				      qs_below(2 * skew_ppm + 1);
		qs.node[i].offset = qs_below(1ULL << 40);
		qs.node[i].timeout_ms = timeout_ms;
	}
	port_clock = qs_clock;
	port_block = qs_block;
}

#endif
