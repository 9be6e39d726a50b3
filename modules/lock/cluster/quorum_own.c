// SPDX-License-Identifier: GPL-2.0-only
/*
 * The own quorum page, and leaders of before that did not step down.
 *
 * Nobody writes another slot's page.  So what became of a former leader is noted
 * in the page of the one that had it fenced, and counts for all.
 */
#include "lock/cluster/quorum_priv.h"

static int sfs_quorum_own_read(struct sfs_quorum *q, unsigned int slot)
{
	return q->p.ops->read_page(q->p.arg, slot, q->found);
}

/* But for what changes with a beat. */
static bool sfs_quorum_is_same(const struct sfs_quorum_page *a,
			       const struct sfs_quorum_page *b)
{
	size_t from = offsetof(struct sfs_quorum_page, term);

	return a->rid == b->rid && a->flags == b->flags &&
	       !memcmp((const u8 *)a + from, (const u8 *)b + from,
		       sizeof(*a) - from);
}

int sfs_quorum_own_write(struct sfs_quorum *q, bool leads)
{
	struct sfs_quorum_page *page = q->page;
	bool is_beat;
	int ret;

	page->rid = cpu_to_le64(q->p.rid);
	page->interval_ms =
		cpu_to_le32(sfs_quorum_interval_ms(q->p.timeout_ms));
	page->term = cpu_to_le64(q->term);
	page->flags = cpu_to_le32(leads ? SFS_QUORUM_LEADS : 0);
	le64_add_cpu(&page->beat, 1);
	is_beat = sfs_quorum_is_same(page, q->written);
	ret = q->p.ops->write_page(q->p.arg, q->p.slot, page, is_beat);
	if (!ret && !is_beat)
		memcpy(q->written, page, sizeof(*page));
	return ret;
}

int sfs_quorum_own_vote(struct sfs_quorum *q, u64 term, unsigned int slot)
{
	q->page->vote_term = cpu_to_le64(term);
	q->page->vote_for = cpu_to_le32(slot);
	return sfs_quorum_own_write(q, false);
}

/* ---- who is fenced ------------------------------------------------------ */

static bool sfs_quorum_page_has_fenced(const struct sfs_quorum_page *page,
				       u64 rid)
{
	unsigned int i;

	for (i = 0; i < SFS_QUORUM_FENCED_MAX; i++)
		if (le64_to_cpu(page->fenced[i]) == rid)
			return true;
	return false;
}

/* 1: it is; 0: nobody noted it, not even in a slot that was removed since. */
static int sfs_quorum_is_fenced(struct sfs_quorum *q, u64 rid)
{
	unsigned int slot;
	int ret;

	if (sfs_quorum_page_has_fenced(q->page, rid))
		return 1;
	for (slot = 0; slot < SFS_QUORUM_SLOTS_MAX; slot++) {
		if (slot == q->p.slot)
			continue;
		ret = sfs_quorum_own_read(q, slot);
		if (ret)
			return ret;
		if (sfs_quorum_page_has_fenced(q->found, rid))
			return 1;
	}
	return 0;
}

/* ---- taking the slot ---------------------------------------------------- */

/* Somebody else's page: does it change?  -EBUSY. */
static int sfs_quorum_own_watch(struct sfs_quorum *q)
{
	u64 beat = le64_to_cpu(q->found->beat);
	unsigned int interval_ms =
		clamp_t(u32, le32_to_cpu(q->found->interval_ms), 100, 2000);
	unsigned long wait = msecs_to_jiffies(interval_ms / 2) + 1;
	unsigned int i;
	int ret;

	for (i = 0; i < 5; i++) {
		schedule_timeout_uninterruptible(wait);
		ret = sfs_quorum_own_read(q, q->p.slot);
		if (ret)
			return ret;
		if (!q->found->rid)
			return 0;
		if (le64_to_cpu(q->found->beat) != beat)
			return -EBUSY;
	}
	return 0;
}

/*
 * Those that the holders of other slots had fenced: only here they can be taken off
 * the list, which is short.
 */
static int sfs_quorum_own_drop_led(struct sfs_quorum *q)
{
	struct sfs_quorum_led *led = q->page->led;
	unsigned int i;
	int ret;

	for (i = 0; i < SFS_QUORUM_LED_MAX; i++) {
		if (!led[i].rid)
			continue;
		ret = sfs_quorum_is_fenced(q, le64_to_cpu(led[i].rid));
		if (ret < 0)
			return ret;
		if (ret)
			memset(&led[i], 0, sizeof(led[i]));
	}
	return 0;
}

/* Who led from here and did not step down must not be forgotten. */
static int sfs_quorum_own_keep_led(struct sfs_quorum *q)
{
	struct sfs_quorum_page *page = q->page;
	unsigned int i;
	int ret;

	ret = sfs_quorum_own_drop_led(q);
	if (ret || !(le32_to_cpu(page->flags) & SFS_QUORUM_LEADS))
		return ret;
	for (i = 0; i < SFS_QUORUM_LED_MAX; i++) {
		if (page->led[i].rid && page->led[i].rid != page->rid)
			continue;
		page->led[i].rid = page->rid;
		page->led[i].term = page->term;
		return 0;
	}
	pr_err("scoutfs: quorum slot %u: %u mounts led from it and were never fenced\n",
	       q->p.slot, SFS_QUORUM_LED_MAX);
	return -EBUSY;
}

/*
 * Keeps the term, the vote and what was noted; from here on nobody else may have
 * the slot.
 */
int sfs_quorum_own_take(struct sfs_quorum *q)
{
	int ret;

	ret = sfs_quorum_own_read(q, q->p.slot);
	if (!ret && q->found->rid && le64_to_cpu(q->found->rid) != q->p.rid)
		ret = sfs_quorum_own_watch(q);
	if (ret)
		return ret;
	memcpy(q->page, q->found, sizeof(*q->page));
	ret = sfs_quorum_own_keep_led(q);
	if (ret)
		return ret;
	sfs_quorum_page_overtake(q->page);
	strscpy(q->page->node, q->p.node, sizeof(q->page->node));
	q->term = le64_to_cpu(q->page->term);
	return sfs_quorum_own_write(q, false);
}

int sfs_quorum_newest_term(struct sfs_quorum *q, u32 slots, u64 *term)
{
	unsigned int slot;
	int ret = 0;

	*term = q->term;
	for (slot = 0; slot < SFS_QUORUM_SLOTS_MAX && !ret; slot++) {
		if (!(slots & 1U << slot) || slot == q->p.slot)
			continue;
		ret = sfs_quorum_own_read(q, slot);
		if (!ret)
			*term = max(*term, le64_to_cpu(q->found->term));
	}
	return ret;
}

/* Does any other page say that its mount leads?  Takes over their terms. */
bool sfs_quorum_sees_leads(struct sfs_quorum *q)
{
	bool sees = false;
	unsigned int slot;

	for (slot = 0; slot < SFS_QUORUM_SLOTS_MAX; slot++) {
		if (!(q->p.slots & 1U << slot) || slot == q->p.slot)
			continue;
		if (sfs_quorum_own_read(q, slot)) {
			sees = true;
			continue;
		}
		q->other[slot].beat = le64_to_cpu(q->found->beat);
		/* whoever led in it may have asked others than those of this list */
		q->term = max(q->term, le64_to_cpu(q->found->term));
		if (le32_to_cpu(q->found->flags) & SFS_QUORUM_LEADS)
			sees = true;
	}
	/* from the own slot, and perhaps alive on another machine */
	for (slot = 0; slot < SFS_QUORUM_LED_MAX; slot++)
		if (q->page->led[slot].rid)
			sees = true;
	return sees;
}

/*
 * Nobody else writes it: nobody has the slot.  What is said there by the last one who
 * had it counts no more; the notes stay.  Whoever gets it has voted for this leader.
 */
int sfs_quorum_page_renew(struct sfs_quorum *q, unsigned int slot)
{
	struct sfs_quorum_page *old, *page = q->found;
	int ret;

	ret = sfs_quorum_own_read(q, slot);
	if (ret)
		return ret;
	old = kmemdup(page, sizeof(*page), GFP_NOFS);
	if (!old)
		return -ENOMEM;
	memset(page, 0, sizeof(*page));
	page->hdr.seq = old->hdr.seq;
	sfs_quorum_page_overtake(page);
	page->beat = cpu_to_le64(le64_to_cpu(old->beat) + 1);
	page->nr_fenced = old->nr_fenced;
	memcpy(page->fenced, old->fenced, sizeof(page->fenced));
	page->term = cpu_to_le64(q->term);
	page->vote_term = page->term;
	page->vote_for = cpu_to_le32(q->p.slot);
	kfree(old);
	return q->p.ops->write_page(q->p.arg, slot, page, false);
}

/* ---- leaders of before -------------------------------------------------- */

struct sfs_quorum_stale {
	u64 rid[SFS_QUORUM_LED_MAX + 1];
	u64 term[SFS_QUORUM_LED_MAX + 1];
	unsigned int nr;
};

static void sfs_quorum_stale_add(struct sfs_quorum *q,
				 struct sfs_quorum_stale *stale, __le64 rid,
				 __le64 term)
{
	if (!rid || le64_to_cpu(rid) == q->p.rid)
		return;
	stale->rid[stale->nr] = le64_to_cpu(rid);
	stale->term[stale->nr++] = le64_to_cpu(term);
}

static int sfs_quorum_stale_of(struct sfs_quorum *q, unsigned int slot,
			       struct sfs_quorum_stale *stale)
{
	const struct sfs_quorum_page *page = q->page;
	unsigned int i;
	int ret;

	stale->nr = 0;
	if (slot != q->p.slot) {
		ret = sfs_quorum_own_read(q, slot);
		if (ret)
			return ret;
		page = q->found;
	}
	if (le32_to_cpu(page->flags) & SFS_QUORUM_LEADS)
		sfs_quorum_stale_add(q, stale, page->rid, page->term);
	for (i = 0; i < SFS_QUORUM_LED_MAX; i++)
		sfs_quorum_stale_add(q, stale, page->led[i].rid,
				     page->led[i].term);
	return 0;
}

static int sfs_quorum_stale_in(struct sfs_quorum *q, unsigned int slot,
			       u64 *rid, u64 *term)
{
	struct sfs_quorum_stale stale;
	unsigned int i;
	int ret;

	ret = sfs_quorum_stale_of(q, slot, &stale);
	for (i = 0; !ret && i < stale.nr; i++) {
		ret = sfs_quorum_is_fenced(q, stale.rid[i]);
		if (ret < 0)
			return ret;
		if (!ret) {
			*rid = stale.rid[i];
			*term = stale.term[i];
			return 0;
		}
		ret = 0;
	}
	return ret ?: -ENOENT;
}

int sfs_quorum_next_stale_leader(struct sfs_quorum *q, unsigned int *slot,
				 u64 *rid, u64 *term)
{
	unsigned int i;
	int ret = -ENOENT;

	mutex_lock(&q->lock);
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX && ret == -ENOENT; i++) {
		if (!(q->p.slots & 1U << i))
			continue;
		ret = sfs_quorum_stale_in(q, i, rid, term);
		*slot = i;
	}
	mutex_unlock(&q->lock);
	return ret;
}

int sfs_quorum_clear_stale_leader(struct sfs_quorum *q, unsigned int slot,
				  u64 rid)
{
	struct sfs_quorum_page *page = q->page;
	unsigned int i;
	int ret;

	mutex_lock(&q->lock);
	i = le32_to_cpu(page->nr_fenced) % SFS_QUORUM_FENCED_MAX;
	page->fenced[i] = cpu_to_le64(rid);
	le32_add_cpu(&page->nr_fenced, 1);
	for (i = 0; i < SFS_QUORUM_LED_MAX; i++)
		if (le64_to_cpu(page->led[i].rid) == rid)
			memset(&page->led[i], 0, sizeof(page->led[i]));
	ret = sfs_quorum_own_write(q, q->role == SFS_QUORUM_LEADER);
	mutex_unlock(&q->lock);
	return ret;
}
