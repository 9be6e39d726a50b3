// SPDX-License-Identifier: GPL-2.0-only
/*
 * The own quorum page, and what all pages tell about mounts that led and did
 * not step down.
 *
 * A mount that leads is in led[] of its page from before it leads until it
 * resigns.  Whoever holds the slot next keeps the list.  Who has had such a mount
 * fenced says so in fenced_term[] of its own page, because no page has two
 * writers.
 */
#include "lock/cluster/quorum_priv.h"

/* What the scan of all pages finds. */
struct sfs_quorum_scan {
	u64 fenced[SFS_QUORUM_SLOTS_MAX];
	u64 term;			/* newest on any page */
	u32 interval_ms;		/* longest of slots with such leaders */
	bool is_damaged;		/* a page that may have named one */
	bool is_found;
	struct sfs_quorum_stale lowest;	/* of these, in the oldest term */
};

static unsigned int sfs_quorum_own_nr_led(const struct sfs_quorum_page *page)
{
	return min_t(u32, le32_to_cpu(page->nr_led), SFS_QUORUM_LED_MAX);
}

static void sfs_quorum_own_del_led(struct sfs_quorum_page *page, unsigned int i)
{
	unsigned int nr = sfs_quorum_own_nr_led(page);

	memmove(&page->led[i], &page->led[i + 1],
		(nr - i - 1) * sizeof(page->led[0]));
	memset(&page->led[nr - 1], 0, sizeof(page->led[0]));
	page->nr_led = cpu_to_le32(nr - 1);
}

/* Forget others that led this slot in terms up to that one. */
static void sfs_quorum_own_prune(struct sfs_quorum *q, u64 term)
{
	struct sfs_quorum_page *page = q->page;
	unsigned int i = sfs_quorum_own_nr_led(page);

	while (i--)
		if (le64_to_cpu(page->led[i].rid) != q->p.rid &&
		    le64_to_cpu(page->led[i].term) <= term)
			sfs_quorum_own_del_led(page, i);
}

static int sfs_quorum_own_set_led(struct sfs_quorum *q, u64 term)
{
	struct sfs_quorum_page *page = q->page;
	unsigned int nr = sfs_quorum_own_nr_led(page);
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (le64_to_cpu(page->led[i].rid) == q->p.rid)
			break;
	if (!term) {
		if (i < nr)
			sfs_quorum_own_del_led(page, i);
		return 0;
	}
	if (i == SFS_QUORUM_LED_MAX)
		return -ENOSPC;
	page->led[i].rid = cpu_to_le64(q->p.rid);
	page->led[i].term = cpu_to_le64(term);
	page->nr_led = cpu_to_le32(max(nr, i + 1));
	return 0;
}

static int sfs_quorum_own_fill(struct sfs_quorum *q)
{
	struct sfs_quorum_page *page = q->page;
	u64 lead_term = sfs_quorum_leads(q) ? q->lead_term : q->led_term;
	bool is_leading = sfs_quorum_leads(q) || q->now < q->lease_until;

	page->rid = cpu_to_le64(q->is_gone ? 0 : q->p.rid);
	page->interval_ms =
		cpu_to_le32(sfs_quorum_interval_ms(q->p.timeout_ms));
	page->flags = cpu_to_le32(is_leading ? SFS_QUORUM_LEADS : 0);
	page->lead_term = cpu_to_le64(is_leading ? lead_term : 0);
	memcpy(page->node, q->node, sizeof(page->node));
	/* sfs_quorum_clear_stale_leader() may have raised it */
	page->term = cpu_to_le64(max(le64_to_cpu(page->term), q->term));
	page->vote_term = cpu_to_le64(q->vote_term);
	page->vote_for = cpu_to_le32(q->vote_for);
	page->follow_term = cpu_to_le64(q->follow_term);
	return sfs_quorum_own_set_led(q, lead_term);
}

static int sfs_quorum_own_put_locked(struct sfs_quorum *q)
	__must_hold(&q->page_lock)
{
	le64_add_cpu(&q->page->hdr.seq, 1);
	le64_add_cpu(&q->page->beat, 1);
	return q->p.ops->write_page(q->p.arg, q->page);
}

/* Does the page on the device still say that the slot is ours? */
static int sfs_quorum_own_look_locked(struct sfs_quorum *q)
	__must_hold(&q->page_lock)
{
	int ret;

	ret = q->p.ops->read_page(q->p.arg, q->p.slot, q->scratch);
	if (ret)
		return ret;
	if (q->scratch->hdr.magic && le64_to_cpu(q->scratch->rid) != q->p.rid)
		return -ESTALE;
	return 0;
}

int sfs_quorum_own_write(struct sfs_quorum *q)
{
	int ret;

	q->next_beat = q->now +
		       sfs_quorum_ns(sfs_quorum_interval_ms(q->p.timeout_ms));
	mutex_lock(&q->page_lock);
	ret = sfs_quorum_own_look_locked(q);
	if (ret == -ESTALE) {
		pr_err("scoutfs error: fsid %016llx, mount %016llx: quorum slot %u was taken by mount %016llx\n",
		       q->p.fsid, q->p.rid, q->p.slot,
		       le64_to_cpu(q->scratch->rid));
		q->is_lost = true;
	}
	if (!ret)
		ret = sfs_quorum_own_fill(q);
	if (!ret)
		ret = sfs_quorum_own_put_locked(q);
	if (!ret) {
		q->saved_term = q->term;
		q->saved_follow_term = q->follow_term;
	}
	mutex_unlock(&q->page_lock);
	return ret;
}

/* ---- who led and did not step down ------------------------------------------------- */

static void sfs_quorum_scan_led(struct sfs_quorum *q,
				struct sfs_quorum_scan *scan, unsigned int slot)
{
	const struct sfs_quorum_page *page = q->scratch;
	unsigned int i;

	for (i = 0; i < sfs_quorum_own_nr_led(page); i++) {
		u64 rid = le64_to_cpu(page->led[i].rid);
		u64 term = le64_to_cpu(page->led[i].term);

		if (rid == q->p.rid || term <= scan->fenced[slot])
			continue;
		scan->interval_ms = max(scan->interval_ms,
					le32_to_cpu(page->interval_ms));
		if (scan->is_found && term >= scan->lowest.term)
			continue;
		scan->is_found = true;
		scan->lowest.slot = slot;
		scan->lowest.rid = rid;
		scan->lowest.term = term;
	}
}

/* Of one slot, or of all: slots that are configured no longer count, too. */
static int sfs_quorum_scan_locked(struct sfs_quorum *q, int only,
				  struct sfs_quorum_scan *scan)
	__must_hold(&q->page_lock)
{
	struct sfs_quorum_page *page = q->scratch;
	unsigned int i, j;
	int ret;

	memset(scan, 0, sizeof(*scan));
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		ret = q->p.ops->read_page(q->p.arg, i, page);
		if (ret)
			return ret;
		scan->term = max(scan->term, le64_to_cpu(page->term));
		if (le32_to_cpu(page->flags) & SFS_QUORUM_DAMAGED)
			scan->is_damaged = true;
		for (j = 0; j < SFS_QUORUM_SLOTS_MAX; j++)
			scan->fenced[j] = max(scan->fenced[j],
					      le64_to_cpu(page->fenced_term[j]));
	}
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		if (only >= 0 && i != (unsigned int)only)
			continue;
		ret = q->p.ops->read_page(q->p.arg, i, page);
		if (ret)
			return ret;
		sfs_quorum_scan_led(q, scan, i);
	}
	return 0;
}

int sfs_quorum_next_stale_leader(struct sfs_quorum *q,
				 struct sfs_quorum_stale *stale)
{
	struct sfs_quorum_scan scan;
	int ret;

	mutex_lock(&q->page_lock);
	ret = sfs_quorum_scan_locked(q, -1, &scan);
	mutex_unlock(&q->page_lock);
	if (ret)
		return ret;
	if (!scan.is_found)
		return -ENOENT;
	*stale = scan.lowest;
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_quorum_next_stale_leader);

int sfs_quorum_clear_stale_leader(struct sfs_quorum *q,
				  const struct sfs_quorum_stale *stale)
{
	struct sfs_quorum_page *page = q->page;
	struct sfs_quorum_scan scan;
	int ret;

	if (stale->slot >= SFS_QUORUM_SLOTS_MAX || stale->rid == q->p.rid)
		return -EINVAL;
	mutex_lock(&q->page_lock);
	ret = sfs_quorum_scan_locked(q, stale->slot, &scan);
	if (ret || !scan.is_found)
		goto out;
	/* the mark covers older terms, too */
	ret = -EINVAL;
	if (scan.lowest.rid != stale->rid || scan.lowest.term != stale->term)
		goto out;
	ret = sfs_quorum_own_look_locked(q);
	if (ret)
		goto out;
	page->fenced_term[stale->slot] = cpu_to_le64(stale->term);
	if (le64_to_cpu(page->term) < stale->term)
		page->term = cpu_to_le64(stale->term);
	if (stale->slot == q->p.slot)
		sfs_quorum_own_prune(q, stale->term);
	ret = sfs_quorum_own_put_locked(q);
out:
	mutex_unlock(&q->page_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_quorum_clear_stale_leader);

/* ---- taking the slot ------------------------------------------------------------------ */

static bool sfs_quorum_own_moved(const struct sfs_quorum_page *a,
				 const struct sfs_quorum_page *b)
{
	return a->rid != b->rid || a->beat != b->beat ||
	       a->hdr.seq != b->hdr.seq;
}

/* A foreign mount's page: does it move?  Returns how long we looked. */
static int sfs_quorum_own_watch(struct sfs_quorum *q, unsigned int *watched_ms)
	__must_hold(&q->page_lock)
{
	unsigned int interval_ms, step_ms;
	int ret;

	interval_ms = clamp_t(u32, le32_to_cpu(q->page->interval_ms), 1,
			      SFS_QUORUM_TIMEOUT_MAX_MS / 10);
	step_ms = max(interval_ms / 4, 1U);
	for (*watched_ms = 0; *watched_ms < 2 * interval_ms;
	     *watched_ms += step_ms) {
		msleep(step_ms);
		ret = q->p.ops->read_page(q->p.arg, q->p.slot, q->scratch);
		if (ret)
			return ret;
		if (sfs_quorum_own_moved(q->page, q->scratch)) {
			if (q->scratch->rid)
				return -EBUSY;
			memcpy(q->page, q->scratch, sizeof(*q->page));
			return 0;
		}
	}
	return 0;
}

/*
 * Another mount led and did not step down: its lease may still hold because of
 * what this slot's holder of before has promised, which nobody remembers.
 */
static void sfs_quorum_own_restrain(struct sfs_quorum *q,
				    const struct sfs_quorum_scan *scan,
				    unsigned int watched_ms)
{
	u32 timeout_ms;

	if (!scan->is_found && !scan->is_damaged)
		return;
	timeout_ms = clamp_t(u32, scan->interval_ms, 1,
			     SFS_QUORUM_TIMEOUT_MAX_MS / 10) * 10;
	timeout_ms = max(timeout_ms, q->p.timeout_ms);
	q->restrain_ms = timeout_ms / 8 * 7;
	q->restrain_ms -= min(q->restrain_ms, watched_ms);
}

static void sfs_quorum_own_load(struct sfs_quorum *q,
				const struct sfs_quorum_scan *scan)
{
	struct sfs_quorum_page *page = q->page;

	if (!page->hdr.magic) {
		/*
		 * Blank, or damaged: this slot may have voted in any term that a
		 * candidate's page shows.
		 */
		q->term = scan->term;
		/* nobody may know in which it has led itself */
		if (le32_to_cpu(page->flags) & SFS_QUORUM_DAMAGED)
			q->term += SFS_QUORUM_TERM_SKIP;
		q->vote_term = scan->term;
		q->vote_for = SFS_QUORUM_VOTE_NONE;
		q->follow_term = scan->term;
		return;
	}
	q->term = le64_to_cpu(page->term);
	q->vote_term = le64_to_cpu(page->vote_term);
	q->vote_for = le32_to_cpu(page->vote_for);
	q->follow_term = le64_to_cpu(page->follow_term);
	sfs_quorum_own_prune(q, scan->fenced[q->p.slot]);
}

int sfs_quorum_own_take(struct sfs_quorum *q)
{
	unsigned int watched_ms = 0;
	struct sfs_quorum_scan scan;
	int ret;

	mutex_lock(&q->page_lock);
	ret = q->p.ops->read_page(q->p.arg, q->p.slot, q->page);
	if (!ret && q->page->rid && le64_to_cpu(q->page->rid) != q->p.rid)
		ret = sfs_quorum_own_watch(q, &watched_ms);
	if (!ret)
		ret = sfs_quorum_scan_locked(q, -1, &scan);
	if (ret)
		goto out;
	sfs_quorum_own_load(q, &scan);
	sfs_quorum_own_restrain(q, &scan, watched_ms);
	ret = sfs_quorum_own_fill(q);
	if (!ret)
		ret = sfs_quorum_own_put_locked(q);
	if (ret)
		goto out;
	q->saved_term = q->term;
	q->saved_follow_term = q->follow_term;
	/* two that take the slot at the same time: the later write stays */
	msleep(clamp_t(unsigned int, q->p.timeout_ms / 40, 1,
		       SFS_QUORUM_VERIFY_MS));
	ret = sfs_quorum_own_look_locked(q);
	if (ret == -ESTALE)
		ret = -EBUSY;
out:
	mutex_unlock(&q->page_lock);
	return ret;
}
