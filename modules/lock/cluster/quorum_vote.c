// SPDX-License-Identifier: GPL-2.0-only
/*
 * Election by majority, for three slots or more.
 *
 *	FOLLOWS --timeout--> ASKS --majority would--> STANDS --majority--> CONFIRMS
 *	   ^                  | ^----------- no, or no answer ----'  |
 *	   +-- heartbeat -----+                     LEADING <--lease-+
 *
 * A vote or a candidacy is on the own page before it is sent, and so is the newest
 * term whose leader is obeyed.
 *
 * The term counts on when a slot stands for election and is refused.  Such a
 * candidate has voted for nobody else, so it may give up and obey the leader of an
 * older term (follow_term) that turns out to be alive; deposing that leader
 * instead would help nobody.
 */
#include "lock/cluster/quorum_priv.h"

static unsigned int sfs_quorum_vote_majority(const struct sfs_quorum *q)
{
	return q->nr_slots / 2 + 1;
}

static void sfs_quorum_vote_learn(struct sfs_quorum *q, u64 term)
{
	q->term = max(q->term, term);
}

/* While a leader may count on this slot nobody else gets its vote. */
static bool sfs_quorum_vote_may(const struct sfs_quorum *q,
				const struct sfs_quorum_mail *m)
{
	if (sfs_quorum_leads(q) || q->now < q->restrain_until ||
	    q->now < q->promise_until)
		return false;
	if (m->term == q->vote_term && m->slot == q->vote_for)
		return m->term >= q->follow_term;
	/* who was elected needs a moment to say so */
	if (q->now < q->grace_until && m->slot != q->vote_for)
		return false;
	return m->term > q->vote_term && m->term > q->follow_term;
}

static void sfs_quorum_vote_asked(struct sfs_quorum *q,
				  const struct sfs_quorum_mail *m)
{
	if (sfs_quorum_vote_may(q, m))
		sfs_quorum_send(q, m->slot, SFS_QUORUM_PREVOTE_OK, m->term,
				m->stamp);
	else if (q->term)
		sfs_quorum_send(q, m->slot, SFS_QUORUM_VOTE_NO, q->term,
				m->stamp);
}

static void sfs_quorum_vote_give(struct sfs_quorum *q,
				 const struct sfs_quorum_mail *m)
{
	if (!sfs_quorum_vote_may(q, m)) {
		if (q->term)
			sfs_quorum_send(q, m->slot, SFS_QUORUM_VOTE_NO, q->term,
					m->stamp);
		return;
	}
	sfs_quorum_vote_learn(q, m->term);
	q->vote_term = m->term;
	q->vote_for = m->slot;
	q->votes = 0;
	q->follow_term = max(q->follow_term, m->term);
	q->grace_until = q->now + 2 * sfs_quorum_round_ns(q);
	sfs_quorum_follow_none(q, q->grace_until);
	if (q->saved_follow_term < q->follow_term && sfs_quorum_own_write(q))
		return;
	sfs_quorum_send(q, m->slot, SFS_QUORUM_VOTE_OK, m->term, m->stamp);
}

static void sfs_quorum_vote_heartbeat(struct sfs_quorum *q,
				      const struct sfs_quorum_mail *m)
{
	u64 timeout_ms = max(m->timeout_ms, q->p.timeout_ms);

	if (m->term < q->follow_term) {
		sfs_quorum_send(q, m->slot, SFS_QUORUM_HEARTBEAT_NO,
				q->follow_term, m->stamp);
		return;
	}
	if (m->term <= q->ended_term)
		return;
	if (sfs_quorum_leads(q)) {
		if (m->term == q->lead_term)
			return;	/* nobody else was elected in it */
		sfs_quorum_depose(q, -ESTALE);
	}
	q->promise_until = max(q->promise_until, m->recv_ns +
			       sfs_quorum_promise_ns(timeout_ms));
	sfs_quorum_obey(q, m->slot, m->term, m->recv_ns);
	if (q->saved_follow_term < q->follow_term && sfs_quorum_own_write(q))
		return;
	sfs_quorum_send(q, m->slot, SFS_QUORUM_HEARTBEAT_OK, m->term, m->stamp);
}

/* The majority would vote for this slot: stand. */
static void sfs_quorum_vote_stand(struct sfs_quorum *q)
{
	sfs_quorum_vote_self(q, q->round_term);
	q->stage = SFS_QUORUM_STANDS;
	q->round_end = U64_MAX;
	q->is_round_new = true;
	if (sfs_quorum_own_write(q)) {
		sfs_quorum_follow_none(q, q->now + sfs_quorum_round_ns(q));
		return;
	}
	sfs_quorum_send_all(q, SFS_QUORUM_VOTE, q->vote_term, q->now);
}

/* Does it answer what was asked last? */
static bool sfs_quorum_vote_counts(const struct sfs_quorum *q,
				   const struct sfs_quorum_mail *m)
{
	if (m->type == SFS_QUORUM_PREVOTE_OK)
		return q->stage == SFS_QUORUM_ASKS &&
		       m->stamp == q->round_stamp && m->term == q->round_term;
	return q->stage == SFS_QUORUM_STANDS && m->term == q->vote_term;
}

static void sfs_quorum_vote_count(struct sfs_quorum *q,
				  const struct sfs_quorum_mail *m)
{
	if (!sfs_quorum_vote_counts(q, m))
		return;
	q->votes |= 1U << m->slot;
	if (hweight32(q->votes) < sfs_quorum_vote_majority(q))
		return;
	if (q->stage == SFS_QUORUM_ASKS)
		sfs_quorum_vote_stand(q);
	else
		sfs_quorum_won(q);
}

static void sfs_quorum_vote_answered(struct sfs_quorum *q,
				     const struct sfs_quorum_mail *m)
{
	if (!sfs_quorum_leads(q))
		return;
	if (m->type == SFS_QUORUM_HEARTBEAT_NO) {
		if (m->term <= q->lead_term)
			return;
		sfs_quorum_vote_learn(q, m->term);
		sfs_quorum_depose(q, -ESTALE);
		return;
	}
	if (m->term == q->lead_term && m->stamp >= q->lead_start &&
	    m->stamp <= q->now)
		q->ack[m->slot] = max(q->ack[m->slot], m->stamp);
}

void sfs_quorum_vote_mail(struct sfs_quorum *q,
			  const struct sfs_quorum_mail *m)
{
	switch (m->type) {
	case SFS_QUORUM_PREVOTE:
		sfs_quorum_vote_asked(q, m);
		break;
	case SFS_QUORUM_VOTE:
		sfs_quorum_vote_give(q, m);
		break;
	case SFS_QUORUM_PREVOTE_OK:
	case SFS_QUORUM_VOTE_OK:
		sfs_quorum_vote_count(q, m);
		break;
	case SFS_QUORUM_VOTE_NO:
		sfs_quorum_vote_learn(q, m->term);
		break;
	case SFS_QUORUM_HEARTBEAT:
		sfs_quorum_vote_heartbeat(q, m);
		break;
	case SFS_QUORUM_HEARTBEAT_OK:
	case SFS_QUORUM_HEARTBEAT_NO:
		sfs_quorum_vote_answered(q, m);
		break;
	}
}

static void sfs_quorum_vote_ask(struct sfs_quorum *q)
{
	sfs_quorum_follow_none(q, q->now);
	q->stage = SFS_QUORUM_ASKS;
	q->votes = 1U << q->p.slot;
	q->round_stamp = q->now;
	q->round_term = max3(q->term, q->vote_term, q->follow_term) + 1;
	q->round_end = U64_MAX;
	q->is_round_new = true;
	sfs_quorum_send_all(q, SFS_QUORUM_PREVOTE, q->round_term,
			    q->round_stamp);
}

void sfs_quorum_vote_run(struct sfs_quorum *q)
{
	bool is_round = q->stage == SFS_QUORUM_ASKS ||
			q->stage == SFS_QUORUM_STANDS;
	u64 round = sfs_quorum_round_ns(q);

	if (is_round && q->now >= q->round_end) {
		q->attempts++;
		if (sfs_quorum_may_stand(q))
			sfs_quorum_vote_ask(q);
		else
			sfs_quorum_follow_none(q, q->now + round);
	} else if (q->stage == SFS_QUORUM_FOLLOWS && q->now >= q->deadline) {
		if (sfs_quorum_may_stand(q))
			sfs_quorum_vote_ask(q);
		else
			sfs_quorum_follow_none(q, max3(q->restrain_until,
						       q->promise_until,
						       q->now + round));
	}
}
