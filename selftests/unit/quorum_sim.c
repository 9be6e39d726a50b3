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
 */
#include "quorum_sim.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#define NR_LETTERS	4096
#define NR_TERMS	100000
#define NR_VERSIONS	1000
#define STACK_BYTES	(128 << 10)

struct letter {
	u64 at_ns;
	unsigned int from, to;
	u32 len;
	u8 msg[SFS_QUORUM_MSG_MAX] __aligned(8);
};

struct qs_node qs_nodes[QS_NODES];
struct qs_slot_pages qs_disk[QS_NODES];
static struct sfs_dev dev;
struct sfs_volume qs_vol;
static struct letter letters[NR_LETTERS];
static unsigned int nr_letters;
unsigned int qs_nr_nodes;
u64 qs_now;
static u64 seed, rnd_state, next_rid = 1;
static ucontext_t main_ctx;
static void *main_fake;
static const void *main_stack;
static size_t main_stack_bytes;
static struct qs_node *current_node;
static u64 term_leader[NR_TERMS];
static bool cut[QS_NODES][QS_NODES];
unsigned int qs_loss_percent, qs_stall_permille, qs_late_percent;
u64 qs_nr_elected, qs_nr_crashes, qs_nr_changes, qs_nr_lost_changes, qs_nr_late;
/* the super block, and all lists that were in it */
static u64 config_version;
static u32 lists[NR_VERSIONS];
static u64 reported[NR_VERSIONS];	/* slots, + 1 << 32 when it was reported */
const char *qs_mistake;
bool qs_is_fixed;

u64 qs_rnd(u64 below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state >> 11) % below;
}

static u64 node_time(const struct qs_node *n)
{
	return qs_now / 1000 * n->rate + 1000 * MS;
}

static u64 real_time(const struct qs_node *n, u64 own_ns)
{
	return own_ns <= 1000 * MS ? 0 : (own_ns - 1000 * MS) / n->rate * 1000;
}

u64 qs_clock(void)
{
	return current_node ? node_time(current_node) : qs_now;
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

static void run_node(struct qs_node *n)
{
	current_node = n;
	switch_to(&main_ctx, &main_fake, &n->ctx, n->stack, STACK_BYTES);
	current_node = NULL;
}

static void pause_node(u64 ns)
{
	struct qs_node *n = current_node;

	n->wake_ns = qs_now + ns;
	switch_to(&n->ctx, &n->fake_stack, &main_ctx, main_stack,
		  main_stack_bytes);
}

/* schedule_timeout() in the code under test */
void qs_advance(u64 until_ns)
{
	u64 real_ns = current_node ? real_time(current_node, until_ns) : until_ns;

	if (current_node)
		pause_node(real_ns > qs_now ? real_ns - qs_now + 1000 : 1000);
	else
		qs_now = real_ns;
}

/* ---- what the code under test asks for ---------------------------------------------- */

static unsigned int nr_of(const struct qs_node *n)
{
	return n - qs_nodes;
}

static void test_send(void *arg, unsigned int slot, const void *msg, u32 len)
{
	struct qs_node *n = arg;
	unsigned int copies = qs_rnd(100) < 5 ? 2 : 1;

	if (cut[nr_of(n)][slot] || qs_rnd(100) < qs_loss_percent)
		return;
	while (copies--) {
		struct letter *l = &letters[nr_letters];

		if (nr_letters == NR_LETTERS)
			return;
		nr_letters++;
		l->at_ns = qs_now + (qs_rnd(10) ? qs_rnd(3 * MS) : qs_rnd(400 * MS));
		l->from = nr_of(n);
		l->to = slot;
		l->len = len;
		memcpy(l->msg, msg, len);
	}
}

/* The super block's copies: now and then all but one of those who use them wait. */
static u64 list_delay(void)
{
	return qs_late_percent && qs_rnd(100) < qs_late_percent ? qs_rnd(4000 * MS) :
							 qs_rnd(2 * MS);
}

static u64 disk_delay(void)
{
	if (qs_rnd(1000) < qs_stall_permille)
		return qs_rnd(6000 * MS);
	return qs_rnd(2 * MS);
}

static bool is_mistake(const char *name)
{
	return qs_mistake && strstr(qs_mistake, name);
}

/* Of the pages of slots that a node may have; the others are blank. */
static struct qs_slot_pages *pages_at(u64 off, unsigned int *copy)
{
	unsigned int slot;

	*copy = off < SFS_QUORUM_BYTES;
	slot = (off - (*copy ? SFS_QUORUM_COPY_BYTES : SFS_QUORUM_BYTES)) /
	       SFS_PAGE_BYTES;
	if (is_mistake("one-place"))
		*copy = 0;
	return slot < QS_NODES ? &qs_disk[slot] : NULL;
}

static int dev_read(struct sfs_dev *d, u64 off, void *buf, u32 len)
{
	u64 delay = disk_delay();
	u64 before = qs_rnd(delay + 1);
	struct sfs_quorum_page *page = buf;
	struct qs_slot_pages *sp;
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

static void page_land(struct qs_slot_pages *sp, unsigned int copy,
		      const struct sfs_quorum_page *page)
{
	memcpy(&sp->copy[copy], page, sizeof(*page));
	sp->is_spoilt[copy] = false;
}

static int dev_write_sync(struct sfs_dev *d, u64 off, void *buf, u32 len,
			  unsigned int flags)
{
	u64 delay = disk_delay();
	u64 before = qs_rnd(delay + 1);
	struct qs_node *n = current_node;
	struct qs_slot_pages *sp;
	unsigned int copy;

	sp = pages_at(off, &copy);
	if (!n) {
		page_land(sp, copy, buf);
		return 0;
	}
	/* the page of a slot that is being added */
	if (sp != &qs_disk[nr_of(n)]) {
		pause_node(qs_rnd(2 * MS));
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
	memset(qs_disk, 0, sizeof(qs_disk));
	dev.ops = &dev_ops;
	qs_vol.meta = &dev;
	qs_vol.fsid = 1;
}

/* The node crashes in the middle of a write. */
static void disk_crash(struct qs_node *n)
{
	struct qs_slot_pages *sp = &qs_disk[nr_of(n)];
	bool may_spoil = !sp->has_late && !sp->is_spoilt[0] &&
			 !sp->is_spoilt[1];

	switch (qs_rnd(may_spoil ? 4 : 2)) {
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
		sp->late_ns = qs_now + qs_rnd(qs_rnd(2) ? 5000 * MS : 100 * MS);
		break;
	}
}

static void late_land(struct qs_slot_pages *sp)
{
	sp->has_late = false;
	page_land(sp, sp->late_copy, &sp->late);
	sp->is_spoilt[sp->late_copy] = true;
	qs_nr_late++;
}

static int test_read(void *arg, unsigned int slot, struct sfs_quorum_page *page)
{
	struct qs_node *n = arg;

	return sfs_quorum_page_read(&qs_vol, slot, page, &n->room);
}

/* What is there, with the beat of @page. */
static void forget_vote(unsigned int slot, struct sfs_quorum_page *page)
{
	const struct qs_slot_pages *sp = &qs_disk[slot];
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
	struct qs_node *n = arg;
	struct sfs_quorum_page copy = *page;
	int ret;

	if (slot == nr_of(n) && is_mistake("vote-not-written") && n->q &&
	    !(le32_to_cpu(page->flags) & SFS_QUORUM_LEADS) &&
	    le64_to_cpu(page->vote_term) == n->q->term)
		forget_vote(slot, &copy);
	ret = is_beat || is_mistake("one-copy") ?
	      sfs_quorum_page_beat(&qs_vol, slot, &copy) :
	      sfs_quorum_page_write(&qs_vol, slot, &copy);
	page->hdr = copy.hdr;
	return ret;
}

void qs_failed(const char *why, const struct qs_node *n)
{
	fail_msg("seed %llu at %llu ms: %s (node %u, list %llu: 0x%x)", seed,
		 qs_now / MS, why, nr_of(n), config_version,
		 lists[config_version]);
}

/* ---- the list of slots ---------------------------------------------------------------- */

static int test_read_list(void *arg, u64 *version, u32 *slots)
{
	struct qs_node *n = arg;
	u64 delay = list_delay();
	u64 before = qs_rnd(delay + 1);
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
	struct qs_node *n = arg;

	/* its mount ends */
	n->lease_ns = 0;
	n->is_leader = false;
}

static void list_land(struct qs_node *n)
{
	if (n->new_version != config_version + 1)
		qs_failed("two changes of one list", n);
	if (n->new_version >= NR_VERSIONS)
		qs_failed("too many changes", n);
	config_version = n->new_version;
	lists[config_version] = n->new_slots;
	n->has_landed = true;
}

/* It does not write any more: what it wrote is there, or will not be. */
static void list_fence(struct qs_node *n)
{
	if (n->is_changing && !n->has_landed) {
		if (qs_rnd(2))
			list_land(n);
		else
			qs_nr_lost_changes++;
	}
	n->is_changing = false;
}

static void list_done(struct qs_node *n)
{
	reported[n->new_version] = n->new_slots | 1ULL << 32;
	qs_nr_changes++;
	n->is_changing = false;
	sfs_quorum_reread_list(n->q);
}

void qs_check_lists(void)
{
	u64 i;

	for (i = 1; i < NR_VERSIONS; i++) {
		if (!reported[i])
			continue;
		if (i > config_version || lists[i] != (u32)reported[i])
			qs_failed("a change that was reported is gone", &qs_nodes[0]);
	}
}

/* One slot that nobody uses goes or comes, or gets another address. */
static u32 pick_slots(u32 slots)
{
	unsigned int i = qs_rnd(QS_NODES);

	if (qs_nodes[i].is_alive)
		return 0;
	return slots & 1U << i && !qs_rnd(3) ? slots : slots ^ 1U << i;
}

/* Two slots at once are refused. */
static void check_two(struct qs_node *n)
{
	u32 slots = n->q->p.slots;
	u64 version;

	slots ^= 1U << (nr_of(n) + 1) % QS_NODES;
	slots ^= 1U << (nr_of(n) + 2) % QS_NODES;
	if (!sfs_quorum_may_change(n->q, slots, 0, &version))
		qs_failed("two slots may change at once", n);
}

static void list_change(struct qs_node *n)
{
	u32 slots = pick_slots(n->q->p.slots);
	unsigned int i;
	u64 version;

	for (i = 0; i < QS_NODES; i++)
		if (i != nr_of(n))
			list_fence(&qs_nodes[i]);
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
	n->lands_ns = qs_now + list_delay();
	n->done_ns = n->lands_ns + list_delay();
}

/* ---- what the code under test tells ---------------------------------------------------- */

static void test_elected(void *arg, u64 term)
{
	struct qs_node *n = arg;

	qs_nr_elected++;
	if (term >= NR_TERMS || (term_leader[term] &&
				 term_leader[term] != n->rid))
		qs_failed("two leaders of one term", n);
	term_leader[term] = n->rid;
	if (term <= n->last_term)
		qs_failed("a term went back", n);
	n->last_term = term;
	n->is_leader = true;
	n->lease_ns = 0;
}

static void test_deposed(void *arg, u64 term, int error)
{
	struct qs_node *n = arg;

	n->is_leader = false;
	n->lease_ns = 0;
}

static void test_leader(void *arg, int slot, u64 term)
{
	struct qs_node *n = arg;

	if (slot >= 0 && term < n->last_term)
		qs_failed("a term went back", n);
	if (slot >= 0)
		n->last_term = term;
}

static void test_lease(void *arg, u64 until_ns)
{
	struct qs_node *n = arg;

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
static bool node_works(struct qs_node *n)
{
	if (is_mistake("adopt-and-vote") && n->told_config != n->q->p.list_version &&
	    n->q->role != SFS_QUORUM_LEADER) {
		n->q->heard_ns = 0;
		n->q->timeout_ns = node_time(n);
	}
	n->told_config = n->q->p.list_version;
	if (n->is_changing && qs_now >= n->done_ns) {
		list_done(n);
		return true;
	}
	if (n->is_leader && !n->is_changing && !qs_is_fixed && !qs_rnd(10))
		list_change(n);
	return false;
}

/* ---- nodes ------------------------------------------------------------------------------ */

static void node_main(void)
{
	struct qs_node *n = current_node;
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
			qs_failed("create", n);
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
			next = qs_now;
		if (n->is_changing)
			next = min(next, n->done_ns);
		pause_node(next > qs_now ? next - qs_now + 1000 : 1000);
	}
}

void qs_node_start(struct qs_node *n)
{
	n->rid = next_rid++;
	n->rate = 950 + qs_rnd(101);
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
	n->wake_ns = qs_now;
	if (!n->stack)
		n->stack = malloc(STACK_BYTES);
	getcontext(&n->ctx);
	n->ctx.uc_stack.ss_sp = n->stack;
	n->ctx.uc_stack.ss_size = STACK_BYTES;
	n->ctx.uc_link = NULL;
	makecontext(&n->ctx, node_main, 0);
}

/* The machine is gone; what it was writing may get there. */
void qs_node_crash(struct qs_node *n)
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
	qs_nr_crashes++;
}

bool qs_has_lease(const struct qs_node *n)
{
	return n->is_alive && n->is_leader && node_time(n) < n->lease_ns;
}

static void check_leases(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < QS_NODES; i++)
		nr += qs_has_lease(&qs_nodes[i]);
	if (nr > 1)
		qs_failed("two leases are valid", &qs_nodes[0]);
}

/* ---- time --------------------------------------------------------------------------------- */

static void deliver(unsigned int i)
{
	struct letter l = letters[i];
	struct qs_node *n = &qs_nodes[l.to];

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
	if (n->wake_ns > qs_now && !n->is_writing && n->wake_ns > qs_now + MS)
		n->wake_ns = max(qs_now, n->until_ns);
}

static bool is_listed(unsigned int nr)
{
	return lists[config_version] & 1U << nr;
}

/* Often another one has the slot at once. */
static void node_dies_writing(struct qs_node *n)
{
	qs_node_crash(n);
	if (is_listed(nr_of(n)) && qs_rnd(2))
		qs_node_start(n);
}

static void step(u64 end)
{
	unsigned int i, best_letter = NR_LETTERS;
	struct qs_node *best = NULL, *lands = NULL;
	struct qs_slot_pages *late = NULL;
	u64 at = end;

	for (i = 0; i < nr_letters; i++) {
		if (letters[i].at_ns < at) {
			at = letters[i].at_ns;
			best_letter = i;
		}
	}
	for (i = 0; i < QS_NODES; i++) {
		if (qs_nodes[i].is_changing && !qs_nodes[i].has_landed &&
		    qs_nodes[i].lands_ns < at) {
			at = qs_nodes[i].lands_ns;
			lands = &qs_nodes[i];
		}
	}
	for (i = 0; i < QS_NODES; i++) {
		u64 wake = max(qs_nodes[i].wake_ns, qs_nodes[i].until_ns);

		if (qs_nodes[i].is_alive && wake < at) {
			at = wake;
			best = &qs_nodes[i];
			lands = NULL;
		}
	}
	for (i = 0; i < QS_NODES; i++) {
		if (qs_disk[i].has_late && qs_disk[i].late_ns < at) {
			at = qs_disk[i].late_ns;
			late = &qs_disk[i];
		}
	}
	qs_now = max(qs_now, at);
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

void qs_run_until(u64 end)
{
	while (qs_now < end)
		step(end);
}

/* Those that have a slot, but for some that stay away. */
void qs_start_nodes(bool all)
{
	unsigned int i;

	for (i = 0; i < QS_NODES; i++)
		if (!qs_nodes[i].is_alive && qs_now >= qs_nodes[i].restart_ns &&
		    is_listed(i) && (all || qs_rnd(3)))
			qs_node_start(&qs_nodes[i]);
}

void qs_trouble(void)
{
	struct qs_node *n = &qs_nodes[qs_rnd(QS_NODES)];
	unsigned int i, k;

	switch (qs_rnd(7)) {
	case 0:
		if (n->is_alive && qs_rnd(2))
			qs_node_crash(n);
		n->is_doomed = n->is_alive;
		n->restart_ns = qs_now + qs_rnd(3000 * MS);
		break;
	case 1:
		n->until_ns = qs_now + qs_rnd(5000 * MS);
		break;
	case 2:
		for (i = 0; i < QS_NODES; i++)
			for (k = 0; k < QS_NODES; k++)
				cut[i][k] = (i == nr_of(n)) != (k == nr_of(n));
		break;
	case 3:
		/* one direction only */
		for (i = 0; i < QS_NODES; i++)
			cut[nr_of(n)][i] = true;
		break;
	case 4:
		for (i = 0; i < QS_NODES; i++)
			for (k = 0; k < QS_NODES; k++)
				cut[i][k] = !qs_rnd(4);
		break;
	default:
		memset(cut, 0, sizeof(cut));
		break;
	}
	qs_start_nodes(qs_rnd(2));
}

void qs_clear(unsigned int count)
{
	qs_rnd(2);
	qs_now = 0;
	nr_letters = 0;
	next_rid = 1;
	qs_nr_nodes = count;
	config_version = 1;
	memset(lists, 0, sizeof(lists));
	memset(reported, 0, sizeof(reported));
	lists[1] = (1U << count) - 1;
	disk_reset();
	memset(cut, 0, sizeof(cut));
	memset(term_leader, 0, sizeof(term_leader));
}

void qs_reset(unsigned int count)
{
	unsigned int i;

	qs_clear(count);
	for (i = 0; i < QS_NODES; i++) {
		qs_nodes[i].restart_ns = 0;
		if (i < count)
			qs_node_start(&qs_nodes[i]);
	}
}

/* Everybody who is there works, and so does all between them. */
void qs_heal(void)
{
	unsigned int i;

	memset(cut, 0, sizeof(cut));
	qs_loss_percent = 0;
	qs_stall_permille = 0;
	qs_late_percent = 0;
	for (i = 0; i < QS_NODES; i++) {
		qs_nodes[i].until_ns = 0;
		qs_nodes[i].restart_ns = 0;
		qs_nodes[i].is_doomed = false;
	}
}

bool qs_is_led(void)
{
	unsigned int i;

	for (i = 0; i < QS_NODES; i++)
		if (qs_has_lease(&qs_nodes[i]) && is_listed(i))
			return true;
	return false;
}

void qs_begin(u64 nr)
{
	seed = nr;
	rnd_state = nr * 0x9e3779b97f4a7c15 + 1;
	qs_rnd(2);
}
