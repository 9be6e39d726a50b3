/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small simulator of slot holders: one fiber each, a clock each, pages that
 * take time to read and write, messages that take time, get lost, come twice and
 * overtake each other.  One seed is one run.
 *
 * Checked all the time: no two leases at once by the true time, one leader per
 * term, elected terms grow, the terms of a page never go back, a leader whose
 * lease is over is deposed, and who is elected finds all that led and did not step
 * down.
 */
#ifndef QUORUM_SIM_H
#define QUORUM_SIM_H

#include "format/port.h"
#include "lock/cluster/quorum.h"
#include "lock/cluster/quorum_msg.h"

#include <sanitizer/common_interface_defs.h>
#include <setjmp.h>
#include <ucontext.h>

#include <cmocka.h>

enum {
	QS_NODES	= 5,
	QS_STACK_BYTES	= 128 << 10,
	QS_EVENTS	= 8192,
	QS_RIDS		= 4096,
	QS_VOTES	= 1024,
};

#define QS_MS	((u64)NSEC_PER_MSEC)

enum qs_event_type {
	QS_MSG,
	QS_WAKE,
	QS_CRASH,
	QS_START,
};

struct qs_event {
	u64 at, order;
	enum qs_event_type type;
	unsigned int from, to;
	struct qs_inst *inst;
	u64 seq;
	u32 len;
	u8 bytes[SFS_QUORUM_MSG_MAX];
};

enum qs_disk { QS_DISK_OK, QS_DISK_SLOW, QS_DISK_STUCK, QS_DISK_FAILS };

/* One slot and the machine it is on. */
struct qs_node {
	unsigned int slot;
	u32 rate_ppm;
	u64 offset;
	struct qs_inst *inst;		/* newest */
	enum qs_disk disk;
	u64 disk_until;
	u64 paused_until;
	bool is_frozen;			/* the pause holds up messages, too */
	bool wants_up;
	unsigned int timeout_ms;
};

/* One mount. */
struct qs_inst {
	struct qs_node *node;
	struct qs_inst *next;
	u64 rid;
	struct sfs_quorum *q;
	int create_error;
	bool is_up;			/* created */
	bool is_dead;
	bool is_done;
	bool is_idle;
	bool has_left;
	u64 wake_seq;
	u64 paused_until;
	bool leads;
	bool wants_fencing;
	bool dies_deposed;
	u64 lead_term;
	u64 lease_until;		/* own clock */
	int leader_slot;
	int deposed_error;
	ucontext_t ctx;
	void *stack;
	void *asan_stack;
};

struct qs_fate { bool has_led, is_fenced; };
struct qs_vote { u64 term; unsigned int who; };

static struct {
	u64 now, seed, random;
	unsigned int nr;
	u32 slots;
	struct qs_node node[QS_NODES];
	struct qs_inst *insts;
	struct qs_inst *current;
	struct sfs_quorum_page page[SFS_QUORUM_SLOTS_MAX];
	struct qs_event heap[QS_EVENTS];
	unsigned int nr_events;
	u64 order;
	bool cut[QS_NODES][QS_NODES];
	unsigned int loss_pct, dup_pct, delay_max_us, vote_crash_pct;
	struct qs_vote vote[QS_NODES][QS_VOTES];
	u64 nr_rids;
	struct qs_fate fate[QS_RIDS];
	u64 elected_term;
	unsigned int nr_elected, nr_deposed;
	bool has_tears;
	bool fences;			/* leaders do */
	ucontext_t main;
	void *main_asan;
	const void *main_stack;
	size_t main_bytes;
	void *free_stack[64];
	unsigned int nr_free_stacks;
	bool is_verbose;
} qs;

/* ---- chance ---- */

static u64 qs_below(u64 n)
{
	u64 z = qs.random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return n ? (z ^ (z >> 31)) % n : 0;
}

static bool qs_chance(unsigned int pct)
{
	return qs_below(100) < pct;
}

#define qs_say(fmt, ...) do {						\
	if (qs.is_verbose)						\
		printf("# %9.3f " fmt "\n", qs.now / 1e9, ##__VA_ARGS__); \
} while (0)

#define qs_fail(fmt, ...) do {						\
	printf("# seed %llu, %u slots, at %.3f s: " fmt "\n",		\
	       (unsigned long long)qs.seed, qs.nr, qs.now / 1e9,	\
	       ##__VA_ARGS__);						\
	fflush(stdout);							\
	abort();							\
} while (0)

/* ---- clocks ---- */

static u64 qs_local(const struct qs_node *n)
{
	return n->offset + qs.now / 1000 * n->rate_ppm / 1000 +
	       qs.now % 1000;
}

/* Not before the node's clock shows that. */
static u64 qs_real(const struct qs_node *n, u64 local)
{
	u64 d = local > n->offset ? local - n->offset : 0;

	if (local == U64_MAX)
		return U64_MAX;
	return (d / n->rate_ppm + 1) * 1000000 + 1000;
}

static u64 qs_clock(void)
{
	if (qs.current && qs.current->is_dead)
		return U64_MAX / 2;	/* no dead mount sleeps */
	return qs.current ? qs_local(qs.current->node) : qs.now;
}

/* ---- events ---- */

static bool qs_before(const struct qs_event *a, const struct qs_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void qs_push(struct qs_event *ev)
{
	unsigned int i = qs.nr_events++;

	assert_true(i < QS_EVENTS);
	ev->order = qs.order++;
	for (; i && qs_before(ev, &qs.heap[(i - 1) / 2]); i = (i - 1) / 2)
		qs.heap[i] = qs.heap[(i - 1) / 2];
	qs.heap[i] = *ev;
}

static void qs_pop(struct qs_event *ev)
{
	struct qs_event last;
	unsigned int i = 0, c;

	*ev = qs.heap[0];
	last = qs.heap[--qs.nr_events];
	while ((c = 2 * i + 1) < qs.nr_events) {
		if (c + 1 < qs.nr_events &&
		    qs_before(&qs.heap[c + 1], &qs.heap[c]))
			c++;
		if (!qs_before(&qs.heap[c], &last))
			break;
		qs.heap[i] = qs.heap[c];
		i = c;
	}
	qs.heap[i] = last;
}

static void qs_wake_at(struct qs_inst *inst, u64 at)
{
	struct qs_event ev = { .at = max(at, qs.now), .type = QS_WAKE,
			       .inst = inst, .seq = ++inst->wake_seq };

	qs_push(&ev);
}

static void qs_at(u64 at, enum qs_event_type type, unsigned int slot,
		  struct qs_inst *inst)
{
	struct qs_event ev = { .at = at, .type = type, .to = slot,
			       .inst = inst };

	qs_push(&ev);
}

/* ---- fibers ---- */

static void qs_enter_main(void)
{
	__sanitizer_finish_switch_fiber(qs.main_asan, NULL, NULL);
}

static void qs_resume(struct qs_inst *inst)
{
	qs.current = inst;
	__sanitizer_start_switch_fiber(&qs.main_asan, inst->stack,
				       QS_STACK_BYTES);
	swapcontext(&qs.main, &inst->ctx);
	qs_enter_main();
	qs.current = NULL;
	if (inst->is_done && inst->stack) {
		qs.free_stack[qs.nr_free_stacks++] = inst->stack;
		inst->stack = NULL;
	}
}

static void qs_suspend(struct qs_inst *inst)
{
	__sanitizer_start_switch_fiber(inst->is_done ? NULL :
				       &inst->asan_stack,
				       qs.main_stack, qs.main_bytes);
	swapcontext(&inst->ctx, &qs.main);
	__sanitizer_finish_switch_fiber(inst->asan_stack, NULL, NULL);
}

/* The current fiber sleeps until that time; at once when its mount is dead. */
static void qs_sleep_until(u64 at)
{
	struct qs_inst *inst = qs.current;

	if (!inst || inst->is_dead)	/* a test itself asks */
		return;
	qs_wake_at(inst, at);
	qs_suspend(inst);
}

static void qs_block(const char *why)
{
	assert_non_null(qs.current);
	assert_true(port_waiting.deadline_ns != U64_MAX);
	qs_sleep_until(qs_real(qs.current->node, port_waiting.deadline_ns));
}

/* ---- what a mount's quorum asks for ---- */

/* Whom the slot votes for in that term, by message; a candidate for itself. */
static void qs_check_vote(unsigned int slot, u64 term, unsigned int who)
{
	struct qs_vote *v = &qs.vote[slot][term % QS_VOTES];

	if (v->term == term && v->who != who)
		qs_fail("slot %u votes for %u and %u in term %llu", slot,
			v->who, who, (unsigned long long)term);
	v->term = term;
	v->who = who;
}

/* What a message promises is on the device before. */
static void qs_check_msg(struct qs_inst *inst, unsigned int to,
			 const struct sfs_quorum_msg *msg)
{
	unsigned int slot = inst->node->slot;
	const struct sfs_quorum_page *page = &qs.page[slot];
	u64 term = le64_to_cpu(msg->term);
	bool is_there = true;

	if (msg->type == SFS_QUORUM_VOTE || msg->type == SFS_QUORUM_VOTE_OK) {
		if (msg->type == SFS_QUORUM_VOTE)
			to = slot;
		qs_check_vote(slot, term, to);
		is_there = le64_to_cpu(page->vote_term) == term &&
			   le32_to_cpu(page->vote_for) == to;
	} else if (msg->type == SFS_QUORUM_HEARTBEAT_OK) {
		is_there = le64_to_cpu(page->follow_term) >= term;
	} else if (msg->type == SFS_QUORUM_HEARTBEAT) {
		is_there = le32_to_cpu(page->flags) == SFS_QUORUM_LEADS &&
			   le64_to_cpu(page->lead_term) == term;
	}
	if (!is_there && page->rid == cpu_to_le64(inst->rid))
		qs_fail("slot %u sends %u in term %llu and has not written it",
			slot, msg->type, (unsigned long long)term);
	if (msg->type != SFS_QUORUM_VOTE_OK || !qs_chance(qs.vote_crash_pct))
		return;
	if (qs_chance(50)) {
		qs.fate[inst->rid].has_led = false;
		sfs_quorum_resign(inst->q, 0);
	}
	qs_at(qs.now + 30 * QS_MS * qs_below(3), QS_CRASH, slot, inst);
}

static void qs_send(void *arg, unsigned int slot, const void *msg, u32 len)
{
	struct qs_inst *inst = arg;
	unsigned int from = inst->node->slot;
	struct qs_event ev = { .type = QS_MSG, .from = from, .to = slot,
			       .len = len };
	unsigned int copies = 1 + qs_chance(qs.dup_pct);

	assert_true(len <= SFS_QUORUM_MSG_MAX && slot < qs.nr && slot != from);
	if (inst->is_dead)
		return;
	qs_check_msg(inst, slot, msg);
	memcpy(ev.bytes, msg, len);
	while (copies--) {
		if (qs.cut[from][slot] || qs_chance(qs.loss_pct))
			continue;
		ev.at = qs.now + 50000 + qs_below(qs.delay_max_us) * 1000;
		qs_push(&ev);
	}
}

static enum qs_disk qs_disk(const struct qs_node *n)
{
	return qs.now < n->disk_until ? n->disk : QS_DISK_OK;
}

/* Half of an I/O's time, or until the disk works again. */
static void qs_disk_wait(struct qs_inst *inst, u64 max_us)
{
	struct qs_node *n = inst->node;
	u64 us = 20 + qs_below(max_us);

	if (qs_disk(n) == QS_DISK_SLOW)
		us += qs_below(n->timeout_ms * 150);
	qs_sleep_until(qs.now + us * 1000);
	while (qs_disk(n) == QS_DISK_STUCK && !inst->is_dead)
		qs_sleep_until(qs.now + 20 * QS_MS);
}

static int qs_read_page(void *arg, unsigned int slot,
			struct sfs_quorum_page *page)
{
	struct qs_inst *inst = arg;

	assert_true(slot < SFS_QUORUM_SLOTS_MAX);
	if (slot >= qs.nr) {
		memset(page, 0, sizeof(*page));
		return inst->is_dead ? -EIO : 0;
	}
	qs_disk_wait(inst, 200);
	memcpy(page, &qs.page[slot], sizeof(*page));
	qs_disk_wait(inst, 200);
	if (inst->is_dead || qs_disk(inst->node) == QS_DISK_FAILS)
		return -EIO;
	return 0;
}

static void qs_land(struct qs_inst *inst, const struct sfs_quorum_page *page)
{
	struct sfs_quorum_page *disk = &qs.page[inst->node->slot];

	if (disk->hdr.magic && disk->rid == page->rid &&
	    (le64_to_cpu(page->term) < le64_to_cpu(disk->term) ||
	     le64_to_cpu(page->vote_term) < le64_to_cpu(disk->vote_term) ||
	     le64_to_cpu(page->follow_term) < le64_to_cpu(disk->follow_term)))
		qs_fail("the terms of page %u go back", inst->node->slot);
	if (disk->vote_term && disk->vote_term == page->vote_term &&
	    disk->vote_for != page->vote_for)
		qs_fail("slot %u votes twice in term %llu", inst->node->slot,
			(unsigned long long)le64_to_cpu(page->vote_term));
	*disk = *page;
}

/* Two writers: none may have been torn before the other is whole again. */
static bool qs_may_tear(void)
{
	unsigned int i;

	for (i = 0; i < qs.nr; i++)
		if (!qs.page[i].hdr.magic)
			return false;
	return qs.has_tears;
}

static void qs_tear(unsigned int slot)
{
	qs_say("page %u is torn", slot);
	memset(&qs.page[slot], 0, sizeof(qs.page[slot]));
	qs.page[slot].flags = cpu_to_le32(SFS_QUORUM_DAMAGED);
}

static int qs_write_page(void *arg, struct sfs_quorum_page *page)
{
	struct qs_inst *inst = arg;
	bool lands = qs_chance(50);

	page->hdr.magic = cpu_to_le32(SFS_MAGIC_QUORUM);
	page->hdr.fsid = cpu_to_le64(1);
	page->hdr.owner = cpu_to_le64(inst->node->slot);
	page->hdr.type = SFS_BLOCK_QUORUM;
	sfs_hdr_seal(page, sizeof(*page));
	if (sfs_quorum_check(page, 1, inst->node->slot))
		qs_fail("slot %u writes a page that is %s", inst->node->slot,
			sfs_quorum_check(page, 1, inst->node->slot));
	if (inst->is_dead)
		return -EIO;
	qs_disk_wait(inst, 4000);
	if (inst->is_dead || qs_disk(inst->node) == QS_DISK_FAILS) {
		if (lands)
			qs_land(inst, page);
		else if (qs_may_tear() && qs_chance(30))
			qs_tear(inst->node->slot);
		return -EIO;
	}
	qs_land(inst, page);
	qs_disk_wait(inst, 4000);
	return inst->is_dead ? -EIO : 0;
}

static bool qs_has_lease(const struct qs_inst *inst)
{
	return inst->leads && !inst->is_dead &&
	       qs_local(inst->node) < inst->lease_until;
}

static void qs_elected(void *arg, u64 term)
{
	struct qs_inst *inst = arg;

	if (inst->is_dead)
		return;
	qs_say("slot %u leads in term %llu", inst->node->slot,
	       (unsigned long long)term);
	if (inst->leads)
		qs_fail("slot %u is elected twice", inst->node->slot);
	if (term <= qs.elected_term)
		qs_fail("slot %u is elected in term %llu after %llu",
			inst->node->slot, (unsigned long long)term,
			(unsigned long long)qs.elected_term);
	if (qs.page[inst->node->slot].rid == cpu_to_le64(inst->rid) &&
	    !(le32_to_cpu(qs.page[inst->node->slot].flags) & SFS_QUORUM_LEADS))
		qs_fail("slot %u leads and its page does not say so",
			inst->node->slot);
	qs.elected_term = term;
	qs.fate[inst->rid].has_led = true;
	qs.fate[inst->rid].is_fenced = false;
	qs.nr_elected++;
	inst->leads = true;
	inst->lead_term = term;
	inst->lease_until = 0;
	inst->wants_fencing = qs.fences;
}

static void qs_deposed(void *arg, u64 term, int error)
{
	struct qs_inst *inst = arg;

	if (inst->is_dead)
		return;
	qs_say("slot %u deposed in term %llu: %d", inst->node->slot,
	       (unsigned long long)term, error);
	if (!inst->leads || term != inst->lead_term)
		qs_fail("slot %u deposed without leading", inst->node->slot);
	if (error && error != -ETIMEDOUT && error != -ESTALE)
		qs_fail("deposed for %d", error);
	inst->leads = false;
	inst->deposed_error = error;
	qs.nr_deposed += error != 0;
	if (!error)
		qs.fate[inst->rid].has_led = false;
	else if (inst->dies_deposed)
		qs_at(qs.now, QS_CRASH, inst->node->slot, inst);
}

static void qs_leader(void *arg, int slot, u64 term)
{
	struct qs_inst *inst = arg;

	assert_true(slot < (int)qs.nr);
	if (slot >= 0 && !term)
		qs_fail("a leader in no term");
	inst->leader_slot = slot;
}

static void qs_lease(void *arg, u64 until_ns)
{
	struct qs_inst *inst = arg;
	struct qs_inst *other;

	if (inst->is_dead)
		return;
	if (!inst->leads)
		qs_fail("slot %u has a lease and does not lead",
			inst->node->slot);
	if (until_ns < inst->lease_until)
		qs_fail("the lease of slot %u shrinks", inst->node->slot);
	inst->lease_until = until_ns;
	if (!qs_has_lease(inst))
		return;
	for (other = qs.insts; other; other = other->next)
		if (other != inst && qs_has_lease(other))
			qs_fail("slots %u (term %llu) and %u (term %llu) have leases",
				inst->node->slot,
				(unsigned long long)inst->lead_term,
				other->node->slot,
				(unsigned long long)other->lead_term);
}

static const struct sfs_quorum_ops qs_ops = {
	.send		= qs_send,
	.read_page	= qs_read_page,
	.write_page	= qs_write_page,
	.elected	= qs_elected,
	.deposed	= qs_deposed,
	.leader		= qs_leader,
	.lease		= qs_lease,
};

#endif
