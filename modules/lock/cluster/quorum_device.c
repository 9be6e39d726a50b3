// SPDX-License-Identifier: GPL-2.0-only
/*
 * Election by the device, for one slot or two.
 *
 *	FOLLOWS --silence--> CLAIMS --claim stands--> CONFIRMS --> LEADING
 *	   ^                   |                         |            |
 *	   +---- give way -----+------- other leads -----+            |
 *	   +---- other claims a newer term, or lease over ------------+
 *
 * A claim is a newer term on the own page, voted for oneself.  Why two leases never
 * overlap, for A with a lease in term X and B that wants to lead in term Y:
 *
 * X = Y: each writes LEADS and then reads the other page; who sees the other's
 * gives way before it has a lease, and at least one of them sees it.
 *
 * X < Y: A extends its lease from s to s + 3/4 timeout only when it wrote its page
 * after s and then read B's page without a newer term, so before B's claim was
 * there.  B reads A's page after its claim was there.  Either A does not lead by
 * then, or all writes that can still count for A are complete, and their beat is
 * the one that B sees: B waits 7/8 of the timeout from when it knew that beat.
 *
 * The wait between claim and look (judge_at) is for two that start at the same
 * time: the lower slot's claim is seen then, and the other gives way early.
 *
 * Heartbeats are sent, too: they tell the other at once who leads, and keep it
 * from claiming while the leader's page is slow.
 */
#include "lock/cluster/quorum_priv.h"

/* What counts of the other page. */
struct sfs_quorum_peek {
	u64 rid;
	u64 term;
	u64 vote_term;
	unsigned int vote_for;
	bool is_leading;
	u64 lead_term;
	u32 timeout_ms;
	bool has_moved;
};

static void sfs_quorum_device_decode(struct sfs_quorum *q,
				     struct sfs_quorum_peek *peek)
{
	const struct sfs_quorum_page *page = q->scratch;
	u64 beat = le64_to_cpu(page->beat);
	u64 seq = le64_to_cpu(page->hdr.seq);

	peek->rid = le64_to_cpu(page->rid);
	peek->term = le64_to_cpu(page->term);
	peek->vote_term = le64_to_cpu(page->vote_term);
	peek->vote_for = le32_to_cpu(page->vote_for);
	/* a damaged page may have been that of a leader with a lease */
	peek->is_leading = le32_to_cpu(page->flags) &
			   (SFS_QUORUM_LEADS | SFS_QUORUM_DAMAGED);
	peek->lead_term = le64_to_cpu(page->lead_term);
	peek->timeout_ms = clamp_t(u32, le32_to_cpu(page->interval_ms), 1,
				   SFS_QUORUM_TIMEOUT_MAX_MS / 10) * 10;
	peek->timeout_ms = max(peek->timeout_ms, q->p.timeout_ms);
	peek->has_moved = peek->rid != q->seen.rid || beat != q->seen.beat ||
			  seq != q->seen.seq;
	q->seen.rid = peek->rid;
	q->seen.beat = beat;
	q->seen.seq = seq;
}

/* Read the other page; a blank one when there is no other slot. */
static int sfs_quorum_device_peek(struct sfs_quorum *q,
				  struct sfs_quorum_peek *peek)
{
	bool is_first = !q->has_looked;
	int ret;

	memset(peek, 0, sizeof(*peek));
	if (q->other < 0)
		return 0;
	mutex_lock(&q->page_lock);
	ret = q->p.ops->read_page(q->p.arg, q->other, q->scratch);
	if (!ret)
		sfs_quorum_device_decode(q, peek);
	mutex_unlock(&q->page_lock);
	if (ret)
		return ret;
	q->term = max(q->term, peek->term);
	q->has_looked = true;
	if (peek->has_moved || is_first) {
		q->seen_ns = 0;
		q->is_seen_new = true;
	}
	/* it may be from long ago */
	if (is_first)
		peek->has_moved = false;
	return 0;
}

bool sfs_quorum_device_confirms(struct sfs_quorum *q)
{
	bool was_leading = q->stage == SFS_QUORUM_LEADING;
	struct sfs_quorum_peek peek;

	if (sfs_quorum_device_peek(q, &peek))
		return false;
	if (peek.term <= q->lead_term &&
	    !(peek.is_leading && peek.lead_term == q->lead_term))
		return true;
	sfs_quorum_depose(q, -ESTALE);
	/* no more than a claim was given up, perhaps by the other, too */
	if (!was_leading)
		q->deadline = q->now + sfs_quorum_round_ns(q) * 4;
	return false;
}

/* A leader of before, dead or alive, may still have a lease. */
static bool sfs_quorum_device_must_wait(const struct sfs_quorum *q,
					const struct sfs_quorum_peek *peek)
{
	return peek->is_leading &&
	       (!q->seen_ns || q->now < q->seen_ns +
				sfs_quorum_promise_ns(peek->timeout_ms));
}

static void sfs_quorum_device_follow(struct sfs_quorum *q)
{
	struct sfs_quorum_peek peek;

	q->next_poll = q->now +
		       sfs_quorum_ns(sfs_quorum_interval_ms(q->p.timeout_ms));
	if (q->other < 0 || sfs_quorum_device_peek(q, &peek))
		return;
	if (peek.lead_term && peek.has_moved &&
	    peek.lead_term >= q->follow_term)
		sfs_quorum_obey(q, q->other, peek.lead_term, q->now);
	else if (!peek.is_leading && q->leader_slot == q->other)
		sfs_quorum_ended(q, q->told_term);
}

static void sfs_quorum_device_claim(struct sfs_quorum *q)
{
	struct sfs_quorum_peek peek;
	u64 retry = q->now + sfs_quorum_round_ns(q);

	if (!sfs_quorum_may_stand(q) || sfs_quorum_device_peek(q, &peek) ||
	    sfs_quorum_device_must_wait(q, &peek)) {
		sfs_quorum_follow_none(q, retry);
		return;
	}
	sfs_quorum_follow_none(q, retry);
	sfs_quorum_vote_self(q, max3(q->term, q->vote_term,
				     q->follow_term) + 1);
	if (sfs_quorum_own_write(q))
		return;
	q->stage = SFS_QUORUM_CLAIMS;
	q->judge_at = U64_MAX;
	q->is_claim_new = true;
}

/* Did somebody else claim, too, and comes before us? */
static bool sfs_quorum_device_gives_way(const struct sfs_quorum *q,
					const struct sfs_quorum_peek *peek)
{
	if (peek->term != q->vote_term)
		return peek->term > q->vote_term;
	if (peek->is_leading && peek->lead_term == q->vote_term)
		return true;
	return peek->vote_term == q->vote_term &&
	       q->other < (int)q->p.slot &&
	       peek->vote_for == (unsigned int)q->other;
}

static void sfs_quorum_device_judge(struct sfs_quorum *q)
{
	struct sfs_quorum_peek peek;

	if (sfs_quorum_device_peek(q, &peek)) {
		sfs_quorum_follow_none(q, q->now + sfs_quorum_round_ns(q));
		return;
	}
	if (sfs_quorum_device_gives_way(q, &peek)) {
		/* time for the other to lead, in which case its page moves */
		sfs_quorum_follow_none(q, q->now + 4 * sfs_quorum_round_ns(q));
		return;
	}
	if (sfs_quorum_device_must_wait(q, &peek)) {
		q->judge_at = q->now +
			sfs_quorum_ns(sfs_quorum_interval_ms(q->p.timeout_ms));
		return;
	}
	sfs_quorum_won(q);
}

void sfs_quorum_device_mail(struct sfs_quorum *q,
			    const struct sfs_quorum_mail *m)
{
	if (m->type == SFS_QUORUM_HEARTBEAT && m->term >= q->follow_term &&
	    m->term > q->ended_term && q->stage == SFS_QUORUM_FOLLOWS)
		sfs_quorum_obey(q, m->slot, m->term, m->recv_ns);
}

void sfs_quorum_device_run(struct sfs_quorum *q)
{
	if (q->stage == SFS_QUORUM_CLAIMS && q->now >= q->judge_at)
		sfs_quorum_device_judge(q);
	if (q->stage == SFS_QUORUM_FOLLOWS && q->now >= q->next_poll)
		sfs_quorum_device_follow(q);
	if (q->stage == SFS_QUORUM_FOLLOWS && q->now >= q->deadline)
		sfs_quorum_device_claim(q);
}
