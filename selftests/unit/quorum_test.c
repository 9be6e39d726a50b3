// SPDX-License-Identifier: GPL-2.0-only
/*
 * Elections on a small simulated cluster: one to five slot holders, each a fiber
 * with a clock of its own, a shared device whose writes take time, messages that
 * are late, lost, doubled; nodes crash, come back, stand still.  What a node was
 * writing when it crashed is there, is lost, is torn or lands late, when another one
 * may have the slot.
 *
 * The leader adds, removes and moves slots meanwhile, one at a time; what it writes
 * then may land late, by when it crashed or lost its lease.
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
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <ucontext.h>

#include <cmocka.h>

#include "lock/cluster/quorum_priv.h"
#include "port_user.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>

/* a node that crashes while it starts takes its memory along */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

#define NR_NODES	5
#define NR_LETTERS	4096
#define NR_TERMS	100000
#define NR_VERSIONS	1000
#define STACK_BYTES	(128 << 10)
#define T_MS		2000
#define MS		1000000ULL

struct node {
	ucontext_t ctx;
	char *stack;
	void *fake_stack;
	bool is_alive;
	bool is_new;		/* its fiber has not begun */
	struct sfs_quorum *q;
	u64 rid;
	u64 rate;		/* of its clock, per mille */
	u64 wake_ns;		/* real time, U64_MAX: never */
	u64 until_ns;		/* does nothing before, real time */
	u64 restart_ns;
	u64 lease_ns;		/* own time */
	u64 last_term;
	bool is_leader;
	struct sfs_quorum_page writing;	/* may land after a crash */
	unsigned int writing_copy;
	bool is_writing;
	bool is_doomed;		/* crashes while it writes */
	struct sfs_quorum_page room;
	u64 told_config;	/* newest it has adopted, for MISTAKE */
	/* a list on its way into the super block */
	bool is_changing;
	bool has_landed;
	u64 lands_ns, done_ns;
	u64 new_version;
	u32 new_slots;
};

struct letter {
	u64 at_ns;
	unsigned int from, to;
	u32 len;
	u8 msg[SFS_QUORUM_MSG_MAX] __aligned(8);
};

/*
 * The device, and per slot a write of a dead node that did not land yet.  What lands
 * late, or torn, spoils its copy until somebody writes it: one copy at a time.
 */
struct slot_pages {
	struct sfs_quorum_page copy[2];
	bool is_spoilt[2];
	bool has_late;
	struct sfs_quorum_page late;
	unsigned int late_copy;
	u64 late_ns;
};

static struct node nodes[NR_NODES];
static struct slot_pages disk[NR_NODES];
static struct sfs_dev dev;
static struct sfs_volume vol;
static struct letter letters[NR_LETTERS];
static unsigned int nr_letters, nr_nodes;
static u64 now, seed, rnd_state, next_rid;
static ucontext_t main_ctx;
static void *main_fake;
static const void *main_stack;
static size_t main_stack_bytes;
static struct node *current_node;
static u64 term_leader[NR_TERMS];
static bool cut[NR_NODES][NR_NODES];
static unsigned int loss_percent, stall_permille, late_percent;
static u64 nr_elected, nr_crashes, nr_changes, nr_lost_changes, nr_late;
/* the super block, and all lists that were in it */
static u64 config_version;
static u32 lists[NR_VERSIONS];
static u64 reported[NR_VERSIONS];	/* slots, + 1 << 32 when it was reported */
static const char *mistake;
static bool is_fixed;			/* nobody changes slots */

static u64 rnd(u64 below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state >> 11) % below;
}

static u64 node_time(const struct node *n)
{
	return now / 1000 * n->rate + 1000 * MS;
}

static u64 real_time(const struct node *n, u64 own_ns)
{
	return own_ns <= 1000 * MS ? 0 : (own_ns - 1000 * MS) / n->rate * 1000;
}

static u64 test_clock(void)
{
	return current_node ? node_time(current_node) : now;
}

/* ---- fibers --------------------------------------------------------------------- */

static void switch_to(ucontext_t *from, void **fake, ucontext_t *to,
		      const void *bottom, size_t bytes)
{
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_start_switch_fiber(fake, bottom, bytes);
#endif
	swapcontext(from, to);
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_finish_switch_fiber(*fake, NULL, NULL);
#endif
}

static void run_node(struct node *n)
{
	current_node = n;
	switch_to(&main_ctx, &main_fake, &n->ctx, n->stack, STACK_BYTES);
	current_node = NULL;
}

static void pause_node(u64 ns)
{
	struct node *n = current_node;

	n->wake_ns = now + ns;
	switch_to(&n->ctx, &n->fake_stack, &main_ctx, main_stack,
		  main_stack_bytes);
}

/* schedule_timeout() in the code under test */
static void advance(u64 until_ns)
{
	u64 real_ns = current_node ? real_time(current_node, until_ns) : until_ns;

	if (current_node)
		pause_node(real_ns > now ? real_ns - now + 1000 : 1000);
	else
		now = real_ns;
}

/* ---- what the code under test asks for ---------------------------------------------- */

static unsigned int nr_of(const struct node *n)
{
	return n - nodes;
}

static void test_send(void *arg, unsigned int slot, const void *msg, u32 len)
{
	struct node *n = arg;
	unsigned int copies = rnd(100) < 5 ? 2 : 1;

	if (cut[nr_of(n)][slot] || rnd(100) < loss_percent)
		return;
	while (copies--) {
		struct letter *l = &letters[nr_letters];

		if (nr_letters == NR_LETTERS)
			return;
		nr_letters++;
		l->at_ns = now + (rnd(10) ? rnd(3 * MS) : rnd(400 * MS));
		l->from = nr_of(n);
		l->to = slot;
		l->len = len;
		memcpy(l->msg, msg, len);
	}
}

/* The super block's copies: now and then all but one of those who use them wait. */
static u64 list_delay(void)
{
	return late_percent && rnd(100) < late_percent ? rnd(4000 * MS) :
							 rnd(2 * MS);
}

static u64 disk_delay(void)
{
	if (rnd(1000) < stall_permille)
		return rnd(6000 * MS);
	return rnd(2 * MS);
}

static bool is_mistake(const char *name)
{
	return mistake && strstr(mistake, name);
}

/* Of the pages of slots that a node may have; the others are blank. */
static struct slot_pages *pages_at(u64 off, unsigned int *copy)
{
	unsigned int slot;

	*copy = off < SFS_QUORUM_BYTES;
	slot = (off - (*copy ? SFS_QUORUM_COPY_BYTES : SFS_QUORUM_BYTES)) /
	       SFS_PAGE_BYTES;
	if (is_mistake("one-place"))
		*copy = 0;
	return slot < NR_NODES ? &disk[slot] : NULL;
}

static int dev_read(struct sfs_dev *d, u64 off, void *buf, u32 len)
{
	u64 delay = disk_delay();
	u64 before = rnd(delay + 1);
	struct sfs_quorum_page *page = buf;
	struct slot_pages *sp;
	unsigned int copy;

	if (current_node)
		pause_node(before);
	memset(buf, 0, len);
	sp = pages_at(off, &copy);
	if (sp)
		memcpy(buf, &sp->copy[copy], len);
	if (is_mistake("one-place") && page->hdr.magic) {
		page->hdr.blkno = cpu_to_le64(off >> SFS_PAGE_SHIFT);
		sfs_hdr_seal(page, len);
	}
	if (current_node)
		pause_node(delay - before);
	return 0;
}

static void page_land(struct slot_pages *sp, unsigned int copy,
		      const struct sfs_quorum_page *page)
{
	memcpy(&sp->copy[copy], page, sizeof(*page));
	sp->is_spoilt[copy] = false;
}

static int dev_write_sync(struct sfs_dev *d, u64 off, void *buf, u32 len,
			  unsigned int flags)
{
	u64 delay = disk_delay();
	u64 before = rnd(delay + 1);
	struct node *n = current_node;
	struct slot_pages *sp;
	unsigned int copy;

	sp = pages_at(off, &copy);
	if (!n) {
		page_land(sp, copy, buf);
		return 0;
	}
	/* the page of a slot that is being added */
	if (sp != &disk[nr_of(n)]) {
		pause_node(rnd(2 * MS));
		if (!is_mistake("old-page"))
			page_land(sp, copy, buf);
		return 0;
	}
	memcpy(&n->writing, buf, len);
	n->writing_copy = copy;
	n->is_writing = true;
	pause_node(before);
	page_land(sp, copy, &n->writing);
	n->is_writing = false;
	pause_node(delay - before);
	return 0;
}

static const struct sfs_dev_ops dev_ops = {
	.read		= dev_read,
	.write_sync	= dev_write_sync,
};

static void disk_reset(void)
{
	memset(disk, 0, sizeof(disk));
	dev.ops = &dev_ops;
	vol.meta = &dev;
	vol.fsid = 1;
}

/* The node crashes in the middle of a write. */
static void disk_crash(struct node *n)
{
	struct slot_pages *sp = &disk[nr_of(n)];
	bool may_spoil = !sp->has_late && !sp->is_spoilt[0] &&
			 !sp->is_spoilt[1];

	switch (rnd(may_spoil ? 4 : 2)) {
	case 0:
		break;
	case 1:
		page_land(sp, n->writing_copy, &n->writing);
		break;
	case 2:
		memset(&sp->copy[n->writing_copy], 0x5a, SFS_PAGE_BYTES / 2);
		sp->is_spoilt[n->writing_copy] = true;
		break;
	default:
		sp->has_late = true;
		sp->late = n->writing;
		sp->late_copy = n->writing_copy;
		sp->late_ns = now + rnd(rnd(2) ? 5000 * MS : 100 * MS);
		break;
	}
}

static void late_land(struct slot_pages *sp)
{
	sp->has_late = false;
	page_land(sp, sp->late_copy, &sp->late);
	sp->is_spoilt[sp->late_copy] = true;
	nr_late++;
}

static int test_read(void *arg, unsigned int slot, struct sfs_quorum_page *page)
{
	struct node *n = arg;

	return sfs_quorum_page_read(&vol, slot, page, &n->room);
}

/* What is there, with the beat of @page. */
static void forget_vote(unsigned int slot, struct sfs_quorum_page *page)
{
	const struct slot_pages *sp = &disk[slot];
	struct sfs_quorum_page old = { 0 };
	int copy = sfs_quorum_newest_copy(&sp->copy[0], &sp->copy[1], 1, slot);

	if (copy >= 0)
		old = sp->copy[copy];
	old.hdr.seq = page->hdr.seq;
	old.beat = page->beat;
	old.rid = page->rid;
	memcpy(page, &old, sizeof(old));
}

static int test_write(void *arg, unsigned int slot,
		      struct sfs_quorum_page *page, bool is_beat)
{
	struct node *n = arg;
	struct sfs_quorum_page copy = *page;
	int ret;

	if (slot == nr_of(n) && is_mistake("vote-not-written") && n->q &&
	    !(le32_to_cpu(page->flags) & SFS_QUORUM_LEADS) &&
	    le64_to_cpu(page->vote_term) == n->q->term)
		forget_vote(slot, &copy);
	ret = is_beat || is_mistake("one-copy") ?
	      sfs_quorum_page_beat(&vol, slot, &copy) :
	      sfs_quorum_page_write(&vol, slot, &copy);
	page->hdr = copy.hdr;
	return ret;
}

static void failed(const char *why, const struct node *n)
{
	fail_msg("seed %llu at %llu ms: %s (node %u, list %llu: 0x%x)", seed,
		 now / MS, why, nr_of(n), config_version,
		 lists[config_version]);
}

/* ---- the list of slots ---------------------------------------------------------------- */

static int test_read_list(void *arg, u64 *version, u32 *slots)
{
	struct node *n = arg;
	u64 delay = list_delay();
	u64 before = rnd(delay + 1);
	bool is_blind;

	pause_node(before);
	*version = config_version;
	pause_node(delay - before);
	is_blind = !n->q ? false : n->q->role == SFS_QUORUM_CANDIDATE ?
		   is_mistake("stale-winner") :
		   n->q->role == SFS_QUORUM_LEADER &&
		   is_mistake("blind-leader") && *version != n->new_version;
	if (is_blind)
		*version = n->q->p.list_version;
	*slots = lists[*version];
	return 0;
}

static void test_removed(void *arg)
{
	struct node *n = arg;

	/* its mount ends */
	n->lease_ns = 0;
	n->is_leader = false;
}

static void list_land(struct node *n)
{
	if (n->new_version != config_version + 1)
		failed("two changes of one list", n);
	if (n->new_version >= NR_VERSIONS)
		failed("too many changes", n);
	config_version = n->new_version;
	lists[config_version] = n->new_slots;
	n->has_landed = true;
}

/* It does not write any more: what it wrote is there, or will not be. */
static void list_fence(struct node *n)
{
	if (n->is_changing && !n->has_landed) {
		if (rnd(2))
			list_land(n);
		else
			nr_lost_changes++;
	}
	n->is_changing = false;
}

static void list_done(struct node *n)
{
	reported[n->new_version] = n->new_slots | 1ULL << 32;
	nr_changes++;
	n->is_changing = false;
	sfs_quorum_reread_list(n->q);
}

static void check_lists(void)
{
	u64 i;

	for (i = 1; i < NR_VERSIONS; i++) {
		if (!reported[i])
			continue;
		if (i > config_version || lists[i] != (u32)reported[i])
			failed("a change that was reported is gone", &nodes[0]);
	}
}

/* One slot that nobody uses goes or comes, or gets another address. */
static u32 pick_slots(u32 slots)
{
	unsigned int i = rnd(NR_NODES);

	if (nodes[i].is_alive)
		return 0;
	return slots & 1U << i && !rnd(3) ? slots : slots ^ 1U << i;
}

/* Two slots at once are refused. */
static void check_two(struct node *n)
{
	u32 slots = n->q->p.slots;
	u64 version;

	slots ^= 1U << (nr_of(n) + 1) % NR_NODES;
	slots ^= 1U << (nr_of(n) + 2) % NR_NODES;
	if (!sfs_quorum_may_change(n->q, slots, 0, &version))
		failed("two slots may change at once", n);
}

static void list_change(struct node *n)
{
	u32 slots = pick_slots(n->q->p.slots);
	unsigned int i;
	u64 version;

	for (i = 0; i < NR_NODES; i++)
		if (i != nr_of(n))
			list_fence(&nodes[i]);
	check_two(n);
	if (is_mistake("two-at-once"))
		slots = slots ? pick_slots(slots) : 0;
	if (!slots)
		return;
	if (is_mistake("two-at-once") &&
	    hweight32(slots ^ n->q->p.slots) > 1)
		version = n->q->p.list_version;
	else if (sfs_quorum_may_change(n->q, slots,
				       node_time(n) - T_MS / 4 * MS, &version))
		return;
	/* writes are submitted under a lease; when they land is another matter */
	if (!n->is_leader || node_time(n) >= n->lease_ns)
		return;
	n->is_changing = true;
	n->has_landed = false;
	n->new_version = version + 1;
	n->new_slots = slots;
	n->lands_ns = now + list_delay();
	n->done_ns = n->lands_ns + list_delay();
}

/* ---- what the code under test tells ---------------------------------------------------- */

static void test_elected(void *arg, u64 term)
{
	struct node *n = arg;

	nr_elected++;
	if (term >= NR_TERMS || (term_leader[term] &&
				 term_leader[term] != n->rid))
		failed("two leaders of one term", n);
	term_leader[term] = n->rid;
	if (term <= n->last_term)
		failed("a term went back", n);
	n->last_term = term;
	n->is_leader = true;
	n->lease_ns = 0;
}

static void test_deposed(void *arg, u64 term, int error)
{
	struct node *n = arg;

	n->is_leader = false;
	n->lease_ns = 0;
}

static void test_leader(void *arg, int slot, u64 term)
{
	struct node *n = arg;

	if (slot >= 0 && term < n->last_term)
		failed("a term went back", n);
	if (slot >= 0)
		n->last_term = term;
}

static void test_lease(void *arg, u64 until_ns)
{
	struct node *n = arg;

	n->lease_ns = max(n->lease_ns, until_ns);
}

static const struct sfs_quorum_ops test_ops = {
	.send		= test_send,
	.read_page	= test_read,
	.write_page	= test_write,
	.elected	= test_elected,
	.deposed	= test_deposed,
	.leader		= test_leader,
	.lease		= test_lease,
	.read_list	= test_read_list,
	.removed	= test_removed,
};

/* The mount's part, in turns with the election; true: it wants to run soon. */
static bool node_works(struct node *n)
{
	if (is_mistake("adopt-and-vote") && n->told_config != n->q->p.list_version &&
	    n->q->role != SFS_QUORUM_LEADER) {
		n->q->heard_ns = 0;
		n->q->timeout_ns = node_time(n);
	}
	n->told_config = n->q->p.list_version;
	if (n->is_changing && now >= n->done_ns) {
		list_done(n);
		return true;
	}
	if (n->is_leader && !n->is_changing && !is_fixed && !rnd(10))
		list_change(n);
	return false;
}

/* ---- nodes ------------------------------------------------------------------------------ */

static void node_main(void)
{
	struct node *n = current_node;
	struct sfs_quorum_params p = {
		.fsid = 1,
		.rid = n->rid,
		.slot = nr_of(n),
		.slots = lists[config_version],
		.list_version = config_version,
		.timeout_ms = T_MS,
		.seed = n->rid * 77,
		.node = "",
		.ops = &test_ops,
		.arg = n,
	};
	u64 next;
	int ret;

#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_finish_switch_fiber(NULL, &main_stack, &main_stack_bytes);
#endif
	do {
		ret = sfs_quorum_create(&p, &n->q);
		if (ret && ret != -EBUSY && ret != -ESTALE)
			failed("create", n);
		if (ret)
			pause_node(500 * MS);
	} while (ret == -EBUSY);
	n->told_config = ret ? 0 : n->q->p.list_version;
	/* the slot was removed meanwhile */
	while (ret)
		pause_node(100000 * MS);
	for (;;) {
		next = real_time(n, sfs_quorum_run(n->q, node_time(n)));
		if (node_works(n))
			next = now;
		if (n->is_changing)
			next = min(next, n->done_ns);
		pause_node(next > now ? next - now + 1000 : 1000);
	}
}

static void node_start(struct node *n)
{
	n->rid = next_rid++;
	n->rate = 950 + rnd(101);
	n->last_term = 0;
	n->lease_ns = 0;
	n->is_leader = false;
	n->is_alive = true;
	n->is_writing = false;
	n->is_doomed = false;
	n->is_changing = false;
	n->new_version = 0;
	n->q = NULL;
	n->fake_stack = NULL;
	n->until_ns = 0;
	n->wake_ns = now;
	if (!n->stack)
		n->stack = malloc(STACK_BYTES);
	getcontext(&n->ctx);
	n->ctx.uc_stack.ss_sp = n->stack;
	n->ctx.uc_stack.ss_size = STACK_BYTES;
	n->ctx.uc_link = NULL;
	makecontext(&n->ctx, node_main, 0);
}

/* The machine is gone; what it was writing may get there. */
static void node_crash(struct node *n)
{
	struct sfs_quorum_letter *l, *next;

	list_fence(n);
	if (n->is_writing)
		disk_crash(n);
	if (n->q) {
		list_for_each_entry_safe(l, next, &n->q->inbox, link)
			kfree(l);
		kfree(n->q->page);
		kfree(n->q->written);
		kfree(n->q->found);
		kfree(n->q);
	}
	n->q = NULL;
	n->is_alive = false;
	n->is_leader = false;
	n->lease_ns = 0;
	n->wake_ns = U64_MAX;
	nr_crashes++;
}

static bool has_lease(const struct node *n)
{
	return n->is_alive && n->is_leader && node_time(n) < n->lease_ns;
}

static void check_leases(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_NODES; i++)
		nr += has_lease(&nodes[i]);
	if (nr > 1)
		failed("two leases are valid", &nodes[0]);
}

/* ---- time --------------------------------------------------------------------------------- */

static void deliver(unsigned int i)
{
	struct letter l = letters[i];
	struct node *n = &nodes[l.to];

	letters[i] = letters[--nr_letters];
	if (!n->is_alive || !n->q || cut[l.from][l.to])
		return;
	if (is_mistake("any-version"))
		((struct sfs_quorum_msg *)l.msg)->list_version =
			cpu_to_le64(n->q->p.list_version);
	current_node = n;
	sfs_quorum_receive(n->q, l.from, l.msg, l.len, node_time(n));
	current_node = NULL;
	/* it runs soon, unless it waits for the device */
	if (n->wake_ns > now && !n->is_writing && n->wake_ns > now + MS)
		n->wake_ns = max(now, n->until_ns);
}

static bool is_listed(unsigned int nr)
{
	return lists[config_version] & 1U << nr;
}

/* Often another one has the slot at once. */
static void node_dies_writing(struct node *n)
{
	node_crash(n);
	if (is_listed(nr_of(n)) && rnd(2))
		node_start(n);
}

static void step(u64 end)
{
	unsigned int i, best_letter = NR_LETTERS;
	struct node *best = NULL, *lands = NULL;
	struct slot_pages *late = NULL;
	u64 at = end;

	for (i = 0; i < nr_letters; i++) {
		if (letters[i].at_ns < at) {
			at = letters[i].at_ns;
			best_letter = i;
		}
	}
	for (i = 0; i < NR_NODES; i++) {
		if (nodes[i].is_changing && !nodes[i].has_landed &&
		    nodes[i].lands_ns < at) {
			at = nodes[i].lands_ns;
			lands = &nodes[i];
		}
	}
	for (i = 0; i < NR_NODES; i++) {
		u64 wake = max(nodes[i].wake_ns, nodes[i].until_ns);

		if (nodes[i].is_alive && wake < at) {
			at = wake;
			best = &nodes[i];
			lands = NULL;
		}
	}
	for (i = 0; i < NR_NODES; i++) {
		if (disk[i].has_late && disk[i].late_ns < at) {
			at = disk[i].late_ns;
			late = &disk[i];
		}
	}
	now = max(now, at);
	check_leases();
	if (late) {
		late_land(late);
	} else if (lands) {
		list_land(lands);
	} else if (best) {
		run_node(best);
		if (best->is_doomed && best->is_writing)
			node_dies_writing(best);
	} else if (best_letter < NR_LETTERS) {
		deliver(best_letter);
	}
}

static void run_until(u64 end)
{
	while (now < end)
		step(end);
}

/* Those that have a slot, but for some that stay away. */
static void start_nodes(bool all)
{
	unsigned int i;

	for (i = 0; i < NR_NODES; i++)
		if (!nodes[i].is_alive && now >= nodes[i].restart_ns &&
		    is_listed(i) && (all || rnd(3)))
			node_start(&nodes[i]);
}

static void trouble(void)
{
	struct node *n = &nodes[rnd(NR_NODES)];
	unsigned int i, k;

	switch (rnd(7)) {
	case 0:
		if (n->is_alive && rnd(2))
			node_crash(n);
		n->is_doomed = n->is_alive;
		n->restart_ns = now + rnd(3000 * MS);
		break;
	case 1:
		n->until_ns = now + rnd(5000 * MS);
		break;
	case 2:
		for (i = 0; i < NR_NODES; i++)
			for (k = 0; k < NR_NODES; k++)
				cut[i][k] = (i == nr_of(n)) != (k == nr_of(n));
		break;
	case 3:
		/* one direction only */
		for (i = 0; i < NR_NODES; i++)
			cut[nr_of(n)][i] = true;
		break;
	case 4:
		for (i = 0; i < NR_NODES; i++)
			for (k = 0; k < NR_NODES; k++)
				cut[i][k] = !rnd(4);
		break;
	default:
		memset(cut, 0, sizeof(cut));
		break;
	}
	start_nodes(rnd(2));
}

static void reset(unsigned int count)
{
	unsigned int i;

	rnd(2);
	now = 0;
	nr_letters = 0;
	next_rid = 1;
	nr_nodes = count;
	config_version = 1;
	memset(lists, 0, sizeof(lists));
	memset(reported, 0, sizeof(reported));
	lists[1] = (1U << count) - 1;
	disk_reset();
	memset(cut, 0, sizeof(cut));
	memset(term_leader, 0, sizeof(term_leader));
	for (i = 0; i < NR_NODES; i++) {
		nodes[i].restart_ns = 0;
		if (i < nr_nodes)
			node_start(&nodes[i]);
	}
}

/* Everybody who is there works, and so does all between them. */
static void heal(void)
{
	unsigned int i;

	memset(cut, 0, sizeof(cut));
	loss_percent = 0;
	stall_permille = 0;
	late_percent = 0;
	for (i = 0; i < NR_NODES; i++) {
		nodes[i].until_ns = 0;
		nodes[i].restart_ns = 0;
		nodes[i].is_doomed = false;
	}
}

static bool is_led(void)
{
	unsigned int i;

	for (i = 0; i < NR_NODES; i++)
		if (has_lease(&nodes[i]) && is_listed(i))
			return true;
	return false;
}

static void run_seed(u64 nr)
{
	unsigned int i, rounds;

	seed = nr;
	rnd_state = nr * 0x9e3779b97f4a7c15 + 1;
	rnd(2);
	loss_percent = rnd(3) ? 0 : rnd(30);
	stall_permille = rnd(2) ? 0 : rnd(10);
	late_percent = rnd(2) ? 0 : rnd(20);
	reset((unsigned int[]) { 1, 2, 2, 3, 3, 5 }[rnd(6)]);
	for (rounds = rnd(12); rounds; rounds--) {
		run_until(now + rnd(4000 * MS));
		trouble();
	}
	heal();
	/* slots may still come */
	for (i = 0; i < 10; i++) {
		start_nodes(true);
		run_until(now + T_MS * MS);
	}
	if (!is_led())
		failed("nobody leads", &nodes[0]);
	for (i = 0; i < NR_NODES; i++)
		if (nodes[i].is_alive)
			node_crash(&nodes[i]);
	check_lists();
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
		      nr, nr_elected, nr_crashes, nr_late, nr_changes,
		      nr_lost_changes);
}

/* A leader that resigns is followed by another one at once. */
static void test_resign(void **state)
{
	unsigned int i, old = 0;
	u64 from;

	seed = 0;
	rnd_state = 12345;
	loss_percent = 0;
	stall_permille = 0;
	late_percent = 0;
	is_fixed = true;
	reset(3);
	run_until(5000 * MS);
	while (old < nr_nodes && !has_lease(&nodes[old]))
		old++;
	assert_true(old < nr_nodes);
	sfs_quorum_resign(nodes[old].q, 10 * T_MS);
	from = now;
	nodes[old].wake_ns = now;
	do {
		run_until(now + 10 * MS);
		for (i = 0; i < nr_nodes; i++)
			if (i != old && has_lease(&nodes[i]))
				break;
	} while (i == nr_nodes && now < from + T_MS * MS);
	print_message("# the next one led after %llu ms\n", (now - from) / MS);
	assert_true(now - from < T_MS * MS / 2);
	for (i = 0; i < nr_nodes; i++)
		node_crash(&nodes[i]);
}

/* A slot whose list is full of leaders that another slot's holder had fenced. */
static void test_led_and_fenced(void **state)
{
	struct sfs_quorum_page first = { 0 }, second = { 0 };
	unsigned int i, copy;

	now = 0;
	nr_letters = 0;
	nr_nodes = 3;
	stall_permille = 0;
	disk_reset();
	memset(cut, 0, sizeof(cut));
	first.rid = cpu_to_le64(999);
	first.flags = cpu_to_le32(SFS_QUORUM_LEADS);
	for (i = 0; i < SFS_QUORUM_LED_MAX; i++) {
		first.led[i].rid = cpu_to_le64(1000 + i);
		second.fenced[i] = cpu_to_le64(1000 + i);
	}
	/* one of them was not */
	second.fenced[2] = 0;
	sfs_quorum_page_write(&vol, 0, &first);
	sfs_quorum_page_write(&vol, 1, &second);
	node_start(&nodes[0]);
	run_until(3000 * MS);
	assert_non_null(nodes[0].q);
	for (copy = 0; copy < 2; copy++)
		for (i = 0; i < SFS_QUORUM_LED_MAX; i++)
			assert_int_equal(le64_to_cpu(disk[0].copy[copy].led[i].rid),
					 i == 2 ? 1002 : i ? 0 : 999);
	node_crash(&nodes[0]);
}

static int setup(void **state)
{
	port_clock = test_clock;
	port_clock_advance = advance;
	mistake = getenv("MISTAKE");
	next_rid = 1;
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
