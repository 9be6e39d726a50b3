// SPDX-License-Identifier: GPL-2.0-only
/*
 * Elections on the device, for volumes with one quorum slot or two.
 *
 * Both may write, so who leads is decided by what they read after they wrote: of
 * two that wrote at least one sees the other's.
 *
 *	waits --silence--> claim of a newer term written --a while--> read
 *	read: the other has a newer claim, an equal one and the lower slot, or
 *	      shows life: wait again
 *	else: "leads" written, read again: a newer term, or it leads, too: withdraw
 *	      the claim and wait again; else: leads
 *
 * A leader looks at the other's page with each beat and ends when it holds a
 * newer term.  The other one claims only after a time of silence that is longer
 * than the lease, which counts from before the newest beat was written.
 */
#include "lock/cluster/quorum_priv.h"

/* The other slot; -1: there is none. */
static int sfs_quorum_other_slot(const struct sfs_quorum *q)
{
	unsigned int i;

	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++)
		if (q->p.slots & 1U << i && i != q->p.slot)
			return i;
	return -1;
}

/* Its page into q->found; all zeroes when there is none. */
static int sfs_quorum_read_other(struct sfs_quorum *q, bool *has_moved)
{
	int slot = sfs_quorum_other_slot(q);
	int ret;

	*has_moved = false;
	memset(q->found, 0, sizeof(*q->found));
	if (slot < 0)
		return 0;
	ret = q->p.ops->read_page(q->p.arg, slot, q->found);
	if (!ret && q->other[slot].beat != le64_to_cpu(q->found->beat)) {
		*has_moved = true;
		q->other[slot].beat = le64_to_cpu(q->found->beat);
	}
	return ret;
}

static bool sfs_quorum_found_leads(const struct sfs_quorum *q)
{
	return le32_to_cpu(q->found->flags) & SFS_QUORUM_LEADS;
}

/* As a follower: signs of life of a leader on the device. */
void sfs_quorum_disk_look(struct sfs_quorum *q, u64 now_ns)
{
	u64 term;
	bool has_moved;

	if (q->stage != SFS_QUORUM_WAITS ||
	    sfs_quorum_read_other(q, &has_moved) || !q->found->rid)
		return;
	term = le64_to_cpu(q->found->term);
	if (sfs_quorum_found_leads(q) && has_moved && term >= q->term)
		sfs_quorum_hear_leader(q, sfs_quorum_other_slot(q), term,
				       now_ns);
	/* it stepped down: no need to wait */
	if (!sfs_quorum_found_leads(q) && q->leader_slot >= 0 &&
	    q->leader_slot == sfs_quorum_other_slot(q)) {
		q->leader_slot = -1;
		q->timeout_ns = min(q->timeout_ns,
				    now_ns + sfs_quorum_random(q, 100));
	}
}

static void sfs_quorum_give_way(struct sfs_quorum *q, u64 now_ns)
{
	q->term = max(q->term, le64_to_cpu(q->found->term));
	sfs_quorum_follow(q, now_ns, sfs_quorum_ms(q->p.timeout_ms / 4) +
			  sfs_quorum_random(q, q->p.timeout_ms / 4));
}

/*
 * The other one leads, with a beat that was written late: it may not see the claim
 * before its lease is over.
 */
static void sfs_quorum_give_way_to_leader(struct sfs_quorum *q, u64 now_ns)
{
	q->term = max(q->term, le64_to_cpu(q->found->term));
	sfs_quorum_follow(q, now_ns, sfs_quorum_timeout_ns(q) +
				     sfs_quorum_jitter(q));
}

static void sfs_quorum_claim(struct sfs_quorum *q, u64 now_ns)
{
	bool has_moved;
	int ret = sfs_quorum_list_look(q, now_ns);

	if (ret < 0)
		sfs_quorum_follow(q, now_ns, sfs_quorum_timeout_ns(q));
	if (ret)
		return;
	if (sfs_quorum_read_other(q, &has_moved))
		return sfs_quorum_give_way(q, now_ns);
	/* it was silent, or would have been heard; so it moves just now */
	if (has_moved && sfs_quorum_found_leads(q))
		return sfs_quorum_hear_leader(q, sfs_quorum_other_slot(q),
					      max(q->term, le64_to_cpu(q->found->term)),
					      now_ns);
	/* a claim just made: let it have its way */
	if (has_moved && le64_to_cpu(q->found->term) > q->term)
		return sfs_quorum_give_way(q, now_ns);
	q->term = max(q->term, le64_to_cpu(q->found->term)) + 1;
	q->role = SFS_QUORUM_CANDIDATE;
	q->leader_slot = -1;
	q->vote_bits = 1U << q->p.slot;
	if (sfs_quorum_own_vote(q, q->term, q->p.slot))
		return sfs_quorum_give_way(q, now_ns);
	q->stage = SFS_QUORUM_CLAIMS;
	q->timeout_ns = ktime_get_ns();
	/* longer than a write takes */
	if (sfs_quorum_other_slot(q) >= 0)
		q->timeout_ns += sfs_quorum_ms(max(q->p.timeout_ms / 20, 100U));
}

/* Is what the other one says now stronger than the own claim? */
static bool sfs_quorum_must_give_way(struct sfs_quorum *q)
{
	u64 term = le64_to_cpu(q->found->term);

	if (term != q->term)
		return term > q->term;
	return le64_to_cpu(q->found->vote_term) == term &&
	       le32_to_cpu(q->found->vote_for) != q->p.slot &&
	       sfs_quorum_other_slot(q) < (int)q->p.slot;
}

static void sfs_quorum_claim_holds(struct sfs_quorum *q, u64 now_ns)
{
	bool has_moved;
	int ret = sfs_quorum_list_look(q, now_ns);

	if (ret < 0)
		sfs_quorum_give_way(q, now_ns);
	if (ret)
		return;
	if (sfs_quorum_read_other(q, &has_moved))
		return sfs_quorum_give_way(q, now_ns);
	if (sfs_quorum_found_leads(q) && has_moved)
		return sfs_quorum_give_way_to_leader(q, now_ns);
	if (sfs_quorum_must_give_way(q))
		return sfs_quorum_give_way(q, now_ns);
	q->disk_ns = now_ns;
	if (sfs_quorum_own_write(q, true))
		return sfs_quorum_give_way(q, now_ns);
	if (sfs_quorum_read_other(q, &has_moved) ||
	    le64_to_cpu(q->found->term) > q->term ||
	    (sfs_quorum_found_leads(q) && has_moved)) {
		/* nobody was told yet; if it cannot be written, nobody will be */
		if (!sfs_quorum_own_write(q, false))
			sfs_quorum_give_way_to_leader(q, now_ns);
		return;
	}
	sfs_quorum_lead(q, now_ns);
	sfs_quorum_extend(q, q->disk_ns +
			  sfs_quorum_ms(sfs_quorum_lease_ms(q->p.timeout_ms)));
}

/* A timeout. */
void sfs_quorum_disk_step(struct sfs_quorum *q, u64 now_ns)
{
	if (q->stage == SFS_QUORUM_CLAIMS)
		sfs_quorum_claim_holds(q, now_ns);
	else
		sfs_quorum_claim(q, now_ns);
}

/* A leader's beat: the lease counts from before it was written. */
void sfs_quorum_disk_beat(struct sfs_quorum *q, u64 now_ns)
{
	bool has_moved;

	if (sfs_quorum_own_write(q, true) ||
	    sfs_quorum_read_other(q, &has_moved))
		return;
	if (le64_to_cpu(q->found->term) > q->term)
		return sfs_quorum_depose(q, now_ns, -ESTALE);
	q->disk_ns = now_ns;
	sfs_quorum_extend(q, now_ns +
			  sfs_quorum_ms(sfs_quorum_lease_ms(q->p.timeout_ms)));
}
