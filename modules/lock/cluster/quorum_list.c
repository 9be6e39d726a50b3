// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another list of slots, while mounts elect and lead.
 *
 * The list is in the super block and has a version.  Only a leader writes it, and
 * before he does so the leaders before him are fenced: lists follow one another, each
 * differs from the one before by one slot at most, and any two majorities of
 * neighbours have a slot in common.  A slot that a live mount has stays as it is.
 * Versions ride on all messages.  Let a list land on the device at some instant.
 *
 * 1. A candidate looks for a newer list when it has all the votes (with two slots:
 *    when its claim is on the device), and leads only if there is none.  So whoever
 *    is elected by the old list has won before the new one landed.
 * 2. A leader looks with every heartbeat; a list that cannot be read is a beat that
 *    was not written.  So a lease by the old list began before the new one landed.
 * 3. Who learns of a newer list, or mounts while a page says that somebody leads, does
 *    not vote or stand for a timeout.  So nobody is elected by the new list until
 *    leases by the old rule are over or a majority has prolonged them by the new
 *    one.  This, and not a common slot, is what carries over between the device's
 *    rule of two slots and the majority of three.
 *    For the same reason it takes over the newest term of all pages: with two slots a
 *    mount is elected without a vote of the other one.
 * 4. Votes are given only to who names the list that the voter has; who hears of a
 *    newer one reads it first.  So a mount that missed a change learns of it when it
 *    asks, and is not elected by others.
 * 5. A leader does not make the next change before a majority has the present list
 *    (with one slot or two, 1. does it alone), nor one to slots of which too few answer
 *    him now: he would lose his lease.
 *
 * A leader that dies leaves the old list or the new one on the device.  Either counts
 * for the next one, who looks again when all leaders of before are fenced, at the
 * latest with his next heartbeat; what was reported as done is durable and stays.
 *
 * Why not two leaders: let 0 have a lease by list n + 1, and 1 be elected by list n.
 * By 1. the votes for 1 were given before n + 1 landed; one of those voters prolonged
 * the lease of 0.  If it voted for 1 before that, 0 has the higher term, which the
 * voters of 0 do not leave again, and 1 gets no majority of answers.  If it voted for
 * 1 after it had answered 0, a timeout lay between, and that lease of 0 was over.
 */
#include "lock/cluster/quorum_priv.h"

void sfs_quorum_list_use(struct sfs_quorum *q, u64 version, u32 slots)
{
	q->p.list_version = version;
	q->p.slots = slots;
	q->nr_slots = hweight32(slots);
	WRITE_ONCE(q->need, sfs_quorum_need(slots));
}

static void sfs_quorum_list_remove_own(struct sfs_quorum *q, u64 now_ns)
{
	q->is_removed = true;
	if (q->role == SFS_QUORUM_LEADER)
		sfs_quorum_depose(q, now_ns, -ESTALE);
	q->p.ops->removed(q->p.arg);
}

static void sfs_quorum_list_adopt(struct sfs_quorum *q, u64 term, u64 now_ns)
{
	if (!(q->p.slots & 1U << q->p.slot)) {
		sfs_quorum_list_remove_own(q, now_ns);
		return;
	}
	if (q->role == SFS_QUORUM_LEADER && term == q->term) {
		/* the others shall know at once */
		q->beat_ns = now_ns;
		return;
	}
	sfs_quorum_depose(q, now_ns, -ESTALE);
	q->term = term;
	q->heard_ns = ktime_get_ns();
	sfs_quorum_follow(q, now_ns, sfs_quorum_timeout_ns(q) +
				     sfs_quorum_jitter(q));
}

int sfs_quorum_list_look(struct sfs_quorum *q, u64 now_ns)
{
	u64 version, term;
	u32 slots;
	int ret;

	ret = q->p.ops->read_list(q->p.arg, &version, &slots);
	if (ret || version <= q->p.list_version)
		return ret;
	ret = sfs_quorum_newest_term(q, q->p.slots | slots, &term);
	if (ret)
		return ret;
	sfs_quorum_list_use(q, version, slots);
	sfs_quorum_list_adopt(q, term, now_ns);
	return 1;
}

/* Others' word is a reason to look, not more often than it makes sense. */
void sfs_quorum_list_heard(struct sfs_quorum *q, u64 version, u64 now_ns)
{
	if (version <= q->p.list_version || q->is_removed ||
	    (q->list_ns && now_ns < q->list_ns + sfs_quorum_ms(100)))
		return;
	q->list_ns = now_ns;
	sfs_quorum_list_look(q, now_ns);
}

/* How many of @slots have the list that this mount has? */
static unsigned int sfs_quorum_list_known(const struct sfs_quorum *q, u32 slots)
{
	unsigned int i, nr = 0;

	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++)
		nr += slots & 1U << i &&
		      (i == q->p.slot ||
		       q->other[i].list_version >= q->p.list_version);
	return nr;
}

static int sfs_quorum_list_check(struct sfs_quorum *q, u32 slots, u64 since_ns,
				 u64 now_ns)
{
	u32 old = q->p.slots;

	if (q->role != SFS_QUORUM_LEADER || now_ns >= q->lease_ns)
		return -ENOENT;
	if (hweight32(old ^ slots) > 1 || !(slots & 1U << q->p.slot) ||
	    slots >> SFS_QUORUM_SLOTS_MAX)
		return -EINVAL;
	if (q->need > 1 && sfs_quorum_list_known(q, old) < q->need)
		return -EAGAIN;
	/* not older answers: who unmounts leaves some */
	if (sfs_quorum_need(slots) > 1 &&
	    sfs_quorum_majority_ns(q, slots) < since_ns)
		return -ENOTCONN;
	return 0;
}

int sfs_quorum_may_change(struct sfs_quorum *q, u32 slots, u64 since_ns,
			  u64 *version)
{
	u64 now_ns = ktime_get_ns();
	u32 added;
	int ret;

	mutex_lock(&q->lock);
	ret = sfs_quorum_list_look(q, now_ns);
	if (ret > 0)
		ret = -EAGAIN;
	if (!ret)
		ret = sfs_quorum_list_check(q, slots, since_ns,
					    ktime_get_ns());
	added = slots & ~q->p.slots;
	if (!ret && added)
		ret = sfs_quorum_page_renew(q, ffs(added) - 1);
	*version = q->p.list_version;
	mutex_unlock(&q->lock);
	return ret;
}

void sfs_quorum_reread_list(struct sfs_quorum *q)
{
	mutex_lock(&q->lock);
	q->wants_list = true;
	mutex_unlock(&q->lock);
}

u64 sfs_quorum_list_version(struct sfs_quorum *q)
{
	u64 version;

	mutex_lock(&q->lock);
	version = q->p.list_version;
	mutex_unlock(&q->lock);
	return version;
}
