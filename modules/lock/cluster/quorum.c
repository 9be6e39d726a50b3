// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quorum, see quorum.h: messages, elections among three slots or more, leading.
 *
 * Why there is one leader at a time: a vote is given once in a term, and never by
 * who heard a leader less than a timeout ago.  A leader's lease counts
 * from when it sent what a majority answered, and is shorter than that.  A mount
 * that starts remembers nothing of what it answered, so it waits for a timeout if
 * any page says that somebody leads.
 */
#include "lock/cluster/quorum_priv.h"

unsigned int sfs_quorum_lease_ms(unsigned int timeout_ms)
{
	return timeout_ms / 4 * 3;
}

unsigned int sfs_quorum_interval_ms(unsigned int timeout_ms)
{
	return clamp_t(unsigned int, timeout_ms / 10, 100, 1000);
}

/* xorshift; good enough to make two mounts differ */
u64 sfs_quorum_random(struct sfs_quorum *q, unsigned int below_ms)
{
	q->rnd ^= q->rnd << 13;
	q->rnd ^= q->rnd >> 7;
	q->rnd ^= q->rnd << 17;
	return (q->rnd >> 11) % (sfs_quorum_ms(below_ms) + 1);
}

u64 sfs_quorum_jitter(struct sfs_quorum *q)
{
	return sfs_quorum_random(q, min(q->p.timeout_ms / 10,
					(unsigned int)SFS_QUORUM_JITTER_MS));
}

static bool sfs_quorum_is_on_disk(const struct sfs_quorum *q)
{
	return q->need == 1;
}

/* ---- sending ------------------------------------------------------------ */

static void sfs_quorum_send(struct sfs_quorum *q, unsigned int slot, u8 type,
			    u64 term, u64 stamp, bool is_granted, u64 now_ns)
{
	struct sfs_quorum_msg msg = {
		.term = cpu_to_le64(term),
		.stamp = cpu_to_le64(stamp),
		.list_version = cpu_to_le64(q->p.list_version),
		.type = type,
		.is_granted = is_granted,
	};

	q->other[slot].send_term = term;
	q->other[slot].send_type = type;
	q->other[slot].send_ns = now_ns;
	q->p.ops->send(q->p.arg, slot, &msg, sizeof(msg));
}

static void sfs_quorum_send_all(struct sfs_quorum *q, u8 type, u64 term,
				u64 now_ns)
{
	unsigned int slot;

	for (slot = 0; slot < SFS_QUORUM_SLOTS_MAX; slot++)
		if (q->p.slots & 1U << slot && slot != q->p.slot)
			sfs_quorum_send(q, slot, type, term, now_ns, true,
					now_ns);
}

/* ---- roles -------------------------------------------------------------- */

static void sfs_quorum_tell_leader(struct sfs_quorum *q)
{
	if (q->told_leader == q->leader_slot && q->told_term == q->term)
		return;
	q->told_leader = q->leader_slot;
	q->told_term = q->term;
	q->p.ops->leader(q->p.arg, q->leader_slot, q->term);
}

/*
 * The wait begins now: @now_ns is from before reads and writes that may have taken
 * long.  Leases count from such times, waiting for others' must not.
 */
void sfs_quorum_follow(struct sfs_quorum *q, u64 now_ns, u64 wait_ns)
{
	now_ns = max(now_ns, ktime_get_ns());
	q->role = SFS_QUORUM_FOLLOWER;
	q->stage = SFS_QUORUM_WAITS;
	q->vote_bits = 0;
	q->timeout_ns = max(now_ns + wait_ns, q->pause_ns);
}

void sfs_quorum_extend(struct sfs_quorum *q, u64 until_ns)
{
	if (q->role != SFS_QUORUM_LEADER || until_ns <= q->lease_ns)
		return;
	q->lease_ns = until_ns;
	q->p.ops->lease(q->p.arg, until_ns);
}

/* The page says so already. */
void sfs_quorum_lead(struct sfs_quorum *q, u64 now_ns)
{
	q->role = SFS_QUORUM_LEADER;
	q->stage = SFS_QUORUM_WAITS;
	q->leader_slot = q->p.slot;
	q->leader_term = q->term;
	q->lease_ns = 0;
	q->beat_ns = now_ns;
	q->p.ops->elected(q->p.arg, q->term);
	sfs_quorum_tell_leader(q);
}

void sfs_quorum_depose(struct sfs_quorum *q, u64 now_ns, int error)
{
	u64 term = q->term;

	if (q->role != SFS_QUORUM_LEADER)
		return;
	q->leader_slot = -1;
	sfs_quorum_follow(q, now_ns, sfs_quorum_timeout_ns(q) +
				     sfs_quorum_jitter(q));
	q->p.ops->deposed(q->p.arg, term, error);
	sfs_quorum_tell_leader(q);
}

/* Somebody leads in a term that is not over. */
void sfs_quorum_hear_leader(struct sfs_quorum *q, unsigned int slot, u64 term,
			    u64 now_ns)
{
	q->term = term;
	q->leader_slot = slot;
	q->heard_ns = max(now_ns, ktime_get_ns());
	sfs_quorum_follow(q, now_ns, sfs_quorum_timeout_ns(q) +
				     sfs_quorum_jitter(q));
	sfs_quorum_tell_leader(q);
}

/* Has no leader been heard for a whole timeout? */
static bool sfs_quorum_is_free(const struct sfs_quorum *q, u64 now_ns)
{
	return q->role != SFS_QUORUM_LEADER &&
	       (!q->heard_ns ||
		now_ns >= q->heard_ns + sfs_quorum_timeout_ns(q));
}

/* A newer term exists: what was begun in this one is void. */
static void sfs_quorum_catch_up(struct sfs_quorum *q, u64 term, u64 now_ns)
{
	if (term <= q->term)
		return;
	if (q->role == SFS_QUORUM_LEADER)
		sfs_quorum_depose(q, now_ns, -ESTALE);
	else if (q->stage != SFS_QUORUM_WAITS)
		sfs_quorum_follow(q, now_ns, sfs_quorum_jitter(q) +
					     sfs_quorum_ms(50));
	q->term = term;
}

/* ---- being elected ------------------------------------------------------ */

static void sfs_quorum_ask(struct sfs_quorum *q, enum sfs_quorum_stage stage,
			   u64 now_ns)
{
	unsigned int interval_ms = sfs_quorum_interval_ms(q->p.timeout_ms);

	q->stage = stage;
	q->vote_bits = 1U << q->p.slot;
	q->asked_ns = now_ns;
	q->timeout_ns = now_ns + sfs_quorum_ms(interval_ms) +
			sfs_quorum_jitter(q);
	if (stage == SFS_QUORUM_PREVOTES)
		sfs_quorum_send_all(q, SFS_QM_PREVOTE, q->term + 1, now_ns);
	else
		sfs_quorum_send_all(q, SFS_QM_VOTE, q->term, now_ns);
}

static void sfs_quorum_stand(struct sfs_quorum *q, u64 now_ns)
{
	q->term++;
	q->role = SFS_QUORUM_CANDIDATE;
	q->leader_slot = -1;
	if (sfs_quorum_own_vote(q, q->term, q->p.slot)) {
		sfs_quorum_follow(q, now_ns, sfs_quorum_timeout_ns(q));
		return;
	}
	sfs_quorum_ask(q, SFS_QUORUM_VOTES, now_ns);
}

static void sfs_quorum_win(struct sfs_quorum *q, u64 now_ns)
{
	unsigned int slot;
	int ret;

	/* all votes were for the list by which they are counted, see quorum_list.c */
	ret = sfs_quorum_list_look(q, now_ns);
	if (ret < 0)
		sfs_quorum_follow(q, now_ns, sfs_quorum_timeout_ns(q));
	if (ret)
		return;
	q->disk_ns = now_ns;
	if (sfs_quorum_own_write(q, true)) {
		sfs_quorum_follow(q, now_ns, sfs_quorum_timeout_ns(q));
		return;
	}
	for (slot = 0; slot < SFS_QUORUM_SLOTS_MAX; slot++)
		q->other[slot].acked_ns = 0;
	sfs_quorum_lead(q, now_ns);
	/*
	 * Votes promise nothing for the time to come, so there is no lease before
	 * a majority has answered a heartbeat: a time to get one, told to nobody.
	 */
	q->lease_ns = q->asked_ns + sfs_quorum_lease_ns(q);
}

static void sfs_quorum_count(struct sfs_quorum *q, u64 now_ns)
{
	if (hweight32(q->vote_bits) < q->need)
		return;
	if (q->stage == SFS_QUORUM_PREVOTES)
		sfs_quorum_stand(q, now_ns);
	else if (q->stage == SFS_QUORUM_VOTES)
		sfs_quorum_win(q, now_ns);
}

/* A timeout: would others vote, by the newest list of slots? */
static void sfs_quorum_ask_first(struct sfs_quorum *q, u64 now_ns)
{
	int ret = sfs_quorum_list_look(q, now_ns);

	if (ret < 0)
		sfs_quorum_follow(q, now_ns, sfs_quorum_timeout_ns(q));
	else if (!ret)
		sfs_quorum_ask(q, SFS_QUORUM_PREVOTES, now_ns);
}

/* ---- leading ------------------------------------------------------------ */

static unsigned int sfs_quorum_nr_acked(const struct sfs_quorum *q, u32 slots,
					u64 at_ns)
{
	unsigned int i, nr = 1;

	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++)
		nr += slots & 1U << i && i != q->p.slot &&
		      q->other[i].acked_ns >= at_ns;
	return nr;
}

u64 sfs_quorum_majority_ns(const struct sfs_quorum *q, u32 slots)
{
	unsigned int i, need = sfs_quorum_need(slots);
	u64 best = 0, at;

	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		at = q->other[i].acked_ns;
		if (slots & 1U << i && i != q->p.slot && at > best &&
		    sfs_quorum_nr_acked(q, slots, at) >= need)
			best = at;
	}
	return min(best, q->disk_ns);
}

static void sfs_quorum_lead_beat(struct sfs_quorum *q, u64 now_ns)
{
	/* which list it goes by is part of what a lease needs from the device */
	int ret = sfs_quorum_list_look(q, now_ns);

	if (q->role != SFS_QUORUM_LEADER)
		return;
	sfs_quorum_send_all(q, SFS_QM_HEARTBEAT, q->term, now_ns);
	if (ret < 0)
		return;
	if (sfs_quorum_is_on_disk(q)) {
		sfs_quorum_disk_beat(q, now_ns);
		return;
	}
	if (!sfs_quorum_own_write(q, true))
		q->disk_ns = now_ns;
	sfs_quorum_extend(q, sfs_quorum_majority_ns(q, q->p.slots) +
			     sfs_quorum_lease_ns(q));
}

/* ---- messages ----------------------------------------------------------- */

/* Votes are for who goes by the same list. */
static bool sfs_quorum_has_list(const struct sfs_quorum *q,
				const struct sfs_quorum_letter *l)
{
	return le64_to_cpu(l->msg.list_version) == q->p.list_version;
}

static void sfs_quorum_got_prevote(struct sfs_quorum *q,
				   const struct sfs_quorum_letter *l, u64 term,
				   u64 stamp, u64 now_ns)
{
	bool would = term > q->term && sfs_quorum_has_list(q, l) &&
		     sfs_quorum_is_free(q, now_ns);

	sfs_quorum_send(q, l->from, SFS_QM_PREVOTE_REPLY, would ? term : q->term,
			stamp, would, now_ns);
}

static void sfs_quorum_got_vote(struct sfs_quorum *q,
				const struct sfs_quorum_letter *l, u64 term,
				u64 stamp, u64 now_ns)
{
	unsigned int from = l->from;
	bool has_voted = le64_to_cpu(q->page->vote_term) >= term;
	bool is_same = le64_to_cpu(q->page->vote_term) == term &&
		       le32_to_cpu(q->page->vote_for) == from;
	bool grants = is_same;

	if (!sfs_quorum_has_list(q, l)) {
		sfs_quorum_send(q, from, SFS_QM_VOTE_REPLY, q->term, stamp,
				false, now_ns);
		return;
	}
	/* who hears a leader is not moved by others' terms */
	if (!is_same && !sfs_quorum_is_free(q, now_ns))
		term = min(term, q->term);
	sfs_quorum_catch_up(q, term, now_ns);
	if (!has_voted && term == q->term && sfs_quorum_is_free(q, now_ns)) {
		grants = !sfs_quorum_own_vote(q, term, from);
		/* let it win */
		if (grants)
			q->timeout_ns = max(q->timeout_ns, now_ns +
					    sfs_quorum_ms(4 * SFS_QUORUM_JITTER_MS) +
					    sfs_quorum_jitter(q));
	}
	sfs_quorum_send(q, from, SFS_QM_VOTE_REPLY, grants ? term : q->term,
			stamp, grants, now_ns);
}

static void sfs_quorum_got_reply(struct sfs_quorum *q,
				 const struct sfs_quorum_letter *l, u64 term,
				 u64 now_ns)
{
	enum sfs_quorum_stage stage = l->msg.type == SFS_QM_PREVOTE_REPLY ?
				      SFS_QUORUM_PREVOTES : SFS_QUORUM_VOTES;
	u64 asked = stage == SFS_QUORUM_PREVOTES ? q->term + 1 : q->term;

	if (!l->msg.is_granted) {
		sfs_quorum_catch_up(q, term, now_ns);
		return;
	}
	/* the stamp tells this attempt from earlier ones */
	if (q->stage != stage || term != asked || !sfs_quorum_has_list(q, l) ||
	    le64_to_cpu(l->msg.stamp) != q->asked_ns)
		return;
	q->vote_bits |= 1U << l->from;
	sfs_quorum_count(q, now_ns);
}

static void sfs_quorum_got_heartbeat(struct sfs_quorum *q, unsigned int from,
				     u64 term, u64 stamp, u64 now_ns)
{
	bool is_current = term >= q->term &&
			  !(term == q->term && q->role == SFS_QUORUM_LEADER);

	if (is_current && q->role == SFS_QUORUM_LEADER)
		sfs_quorum_depose(q, now_ns, -ESTALE);
	if (is_current)
		sfs_quorum_hear_leader(q, from, term, now_ns);
	sfs_quorum_send(q, from, SFS_QM_HEARTBEAT_REPLY, q->term, stamp,
			is_current, now_ns);
}

static void sfs_quorum_got_ack(struct sfs_quorum *q,
			       const struct sfs_quorum_letter *l, u64 term,
			       u64 now_ns)
{
	u64 stamp = le64_to_cpu(l->msg.stamp);

	if (!l->msg.is_granted) {
		sfs_quorum_catch_up(q, term, now_ns);
		return;
	}
	if (q->role != SFS_QUORUM_LEADER || term != q->term || stamp > now_ns)
		return;
	q->other[l->from].acked_ns = max(q->other[l->from].acked_ns, stamp);
	if (!sfs_quorum_is_on_disk(q))
		sfs_quorum_extend(q, sfs_quorum_majority_ns(q, q->p.slots) +
				     sfs_quorum_lease_ns(q));
}

/* Its lease is given up: nobody need wait for it to end. */
static void sfs_quorum_got_resign(struct sfs_quorum *q, unsigned int from,
				  u64 term, u64 now_ns)
{
	if (term != q->term || q->leader_slot != (int)from)
		return;
	q->leader_slot = -1;
	q->heard_ns = 0;
	q->timeout_ns = max(now_ns + sfs_quorum_random(q, 100), q->pause_ns);
	sfs_quorum_tell_leader(q);
}

static void sfs_quorum_handle(struct sfs_quorum *q,
			      const struct sfs_quorum_letter *l, u64 now_ns)
{
	u64 term = le64_to_cpu(l->msg.term);
	u64 stamp = le64_to_cpu(l->msg.stamp);

	sfs_quorum_list_heard(q, le64_to_cpu(l->msg.list_version), now_ns);
	if (q->is_removed || !(q->p.slots & 1U << l->from))
		return;
	q->other[l->from].list_version =
		max(q->other[l->from].list_version,
		    le64_to_cpu(l->msg.list_version));
	q->other[l->from].recv_term = term;
	q->other[l->from].recv_type = l->msg.type;
	q->other[l->from].recv_ns = l->at_ns;
	switch (l->msg.type) {
	case SFS_QM_PREVOTE:
		sfs_quorum_got_prevote(q, l, term, stamp, now_ns);
		break;
	case SFS_QM_VOTE:
		sfs_quorum_got_vote(q, l, term, stamp, now_ns);
		break;
	case SFS_QM_PREVOTE_REPLY:
	case SFS_QM_VOTE_REPLY:
		sfs_quorum_got_reply(q, l, term, now_ns);
		break;
	case SFS_QM_HEARTBEAT:
		sfs_quorum_got_heartbeat(q, l->from, term, stamp, now_ns);
		break;
	case SFS_QM_HEARTBEAT_REPLY:
		sfs_quorum_got_ack(q, l, term, now_ns);
		break;
	case SFS_QM_RESIGN:
		sfs_quorum_got_resign(q, l->from, term, now_ns);
		break;
	}
}

/* A term that grew by more than any election takes it is not believed. */
static bool sfs_quorum_msg_is_sound(const struct sfs_quorum *q,
				    const struct sfs_quorum_msg *msg)
{
	return msg->type >= SFS_QM_PREVOTE && msg->type < SFS_QM_NR_TYPES &&
	       msg->is_granted <= 1 &&
	       !memchr_inv(msg->pad, 0, sizeof(msg->pad)) &&
	       le64_to_cpu(msg->term) < U64_MAX / 2 &&
	       le64_to_cpu(msg->list_version) < U64_MAX / 2;
}

void sfs_quorum_receive(struct sfs_quorum *q, unsigned int from_slot,
			const void *msg, u32 len, u64 now_ns)
{
	struct sfs_quorum_letter *l;

	/* whether there is such a slot is seen when it is handled */
	if (from_slot >= SFS_QUORUM_SLOTS_MAX || from_slot == q->p.slot || len != sizeof(l->msg) ||
	    !sfs_quorum_msg_is_sound(q, msg))
		return;
	l = kmalloc(sizeof(*l), GFP_NOFS);
	if (!l)
		return;
	l->from = from_slot;
	l->at_ns = now_ns;
	memcpy(&l->msg, msg, sizeof(l->msg));
	spin_lock(&q->inbox_lock);
	if (q->nr_inbox < SFS_QUORUM_INBOX_MAX) {
		list_add_tail(&l->link, &q->inbox);
		q->nr_inbox++;
		l = NULL;
	}
	spin_unlock(&q->inbox_lock);
	kfree(l);
}

static struct sfs_quorum_letter *sfs_quorum_next_letter(struct sfs_quorum *q)
{
	struct sfs_quorum_letter *l;

	spin_lock(&q->inbox_lock);
	l = list_first_entry_or_null(&q->inbox, struct sfs_quorum_letter, link);
	if (l) {
		list_del(&l->link);
		q->nr_inbox--;
	}
	spin_unlock(&q->inbox_lock);
	return l;
}

/* ---- running ------------------------------------------------------------ */

static void sfs_quorum_do_resign(struct sfs_quorum *q, u64 now_ns)
{
	bool was_leader = q->role == SFS_QUORUM_LEADER;
	u64 term = q->term;

	q->wants_resign = false;
	q->pause_ns = now_ns + sfs_quorum_ms(q->pause_ms);
	if (sfs_quorum_own_write(q, false))
		return;	/* the page says that it leads: it will be fenced */
	if (was_leader) {
		q->leader_slot = -1;
		sfs_quorum_follow(q, now_ns, sfs_quorum_timeout_ns(q));
		/* nobody else: after the pause it is this mount's turn again */
		if (q->nr_slots == 1)
			q->timeout_ns = q->pause_ns;
		q->heard_ns = 0;
		q->p.ops->deposed(q->p.arg, term, 0);
		sfs_quorum_send_all(q, SFS_QM_RESIGN, term, now_ns);
		sfs_quorum_tell_leader(q);
	}
}

static void sfs_quorum_beat(struct sfs_quorum *q, u64 now_ns)
{
	if (q->role == SFS_QUORUM_LEADER) {
		sfs_quorum_lead_beat(q, now_ns);
	} else {
		/* so that the slot is seen to be in use */
		sfs_quorum_own_write(q, false);
		if (sfs_quorum_is_on_disk(q))
			sfs_quorum_disk_look(q, now_ns);
	}
	q->beat_ns = now_ns +
		     sfs_quorum_ms(sfs_quorum_interval_ms(q->p.timeout_ms));
}

static void sfs_quorum_step(struct sfs_quorum *q, u64 now_ns)
{
	if (q->role == SFS_QUORUM_LEADER) {
		if (now_ns >= q->lease_ns)
			sfs_quorum_depose(q, now_ns, -ETIMEDOUT);
		return;
	}
	if (now_ns < q->timeout_ns)
		return;
	if (q->leader_slot >= 0) {
		q->leader_slot = -1;
		sfs_quorum_tell_leader(q);
	}
	if (sfs_quorum_is_on_disk(q))
		sfs_quorum_disk_step(q, now_ns);
	else if (q->stage == SFS_QUORUM_VOTES)
		sfs_quorum_follow(q, now_ns, sfs_quorum_jitter(q));
	else
		sfs_quorum_ask_first(q, now_ns);
}

static void sfs_quorum_work(struct sfs_quorum *q, u64 now_ns)
{
	if (q->wants_resign)
		sfs_quorum_do_resign(q, now_ns);
	if (now_ns >= q->beat_ns)
		sfs_quorum_beat(q, now_ns);
	sfs_quorum_step(q, now_ns);
}

u64 sfs_quorum_run(struct sfs_quorum *q, u64 now_ns)
{
	struct sfs_quorum_letter *l;
	u64 next;

	mutex_lock(&q->lock);
	/* what is over is over, whatever was received meanwhile */
	if (q->role == SFS_QUORUM_LEADER)
		sfs_quorum_step(q, now_ns);
	if (q->wants_list && sfs_quorum_list_look(q, now_ns) >= 0)
		q->wants_list = false;
	while ((l = sfs_quorum_next_letter(q)) != NULL) {
		sfs_quorum_handle(q, l, now_ns);
		kfree(l);
	}
	if (q->is_removed) {
		next = now_ns + sfs_quorum_timeout_ns(q);
	} else {
		sfs_quorum_work(q, now_ns);
		next = min(q->beat_ns, q->role == SFS_QUORUM_LEADER ?
				       q->lease_ns : q->timeout_ns);
	}
	mutex_unlock(&q->lock);
	return next;
}

void sfs_quorum_resign(struct sfs_quorum *q, unsigned int pause_ms)
{
	mutex_lock(&q->lock);
	q->wants_resign = true;
	q->pause_ms = pause_ms;
	mutex_unlock(&q->lock);
}

void sfs_quorum_leave(struct sfs_quorum *q)
{
	u64 now_ns = ktime_get_ns();

	mutex_lock(&q->lock);
	/* a slot that was removed is nobody's, or another mount's */
	if (!q->is_removed) {
		sfs_quorum_do_resign(q, now_ns);
		q->page->rid = 0;
		le64_add_cpu(&q->page->beat, 1);
		q->p.ops->write_page(q->p.arg, q->p.slot, q->page, false);
	}
	mutex_unlock(&q->lock);
}

unsigned int sfs_quorum_votes_needed(const struct sfs_quorum *q)
{
	/* asked under locks that come after q->lock */
	return READ_ONCE(q->need);
}

u32 sfs_quorum_answering(struct sfs_quorum *q, u64 since_ns)
{
	unsigned int slot;
	u32 slots = 0;

	mutex_lock(&q->lock);
	for (slot = 0; slot < SFS_QUORUM_SLOTS_MAX; slot++)
		if (slot != q->p.slot && q->other[slot].acked_ns >= since_ns)
			slots |= 1U << slot;
	slots &= q->p.slots;
	mutex_unlock(&q->lock);
	return slots;
}

void sfs_quorum_set_timeout(struct sfs_quorum *q, unsigned int timeout_ms)
{
	mutex_lock(&q->lock);
	q->p.timeout_ms = timeout_ms;
	mutex_unlock(&q->lock);
}

/* ---- life --------------------------------------------------------------- */

static struct sfs_quorum *sfs_quorum_alloc(const struct sfs_quorum_params *p)
{
	struct sfs_quorum *q = kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q)
		return NULL;
	q->p = *p;
	sfs_quorum_list_use(q, p->list_version, p->slots);
	q->rnd = p->seed ?: 1;
	q->leader_slot = -1;
	q->told_leader = -1;
	mutex_init(&q->lock);
	spin_lock_init(&q->inbox_lock);
	INIT_LIST_HEAD(&q->inbox);
	q->page = kzalloc(sizeof(*q->page), GFP_KERNEL);
	q->written = kzalloc(sizeof(*q->written), GFP_KERNEL);
	q->found = kzalloc(sizeof(*q->found), GFP_KERNEL);
	if (q->page && q->written && q->found)
		return q;
	sfs_quorum_destroy(q);
	return NULL;
}

int sfs_quorum_create(const struct sfs_quorum_params *params,
		      struct sfs_quorum **ret_q)
{
	unsigned int listen_ms = 2 * sfs_quorum_interval_ms(params->timeout_ms);
	struct sfs_quorum *q;
	u64 now_ns;
	int ret;

	if (params->slot >= SFS_QUORUM_SLOTS_MAX ||
	    !(params->slots & 1U << params->slot))
		return -EINVAL;
	q = sfs_quorum_alloc(params);
	if (!q)
		return -ENOMEM;
	ret = sfs_quorum_own_take(q);
	/* who changes the list looks at the pages: either he sees, or this does */
	if (!ret)
		ret = sfs_quorum_list_look(q, ktime_get_ns());
	if (ret > 0)
		ret = q->is_removed ? -ESTALE : 0;
	if (ret) {
		sfs_quorum_destroy(q);
		return ret;
	}
	now_ns = ktime_get_ns();
	if (sfs_quorum_sees_leads(q)) {
		/* what an earlier mount of this slot may have answered counts */
		q->heard_ns = now_ns;
		listen_ms = params->timeout_ms;
	} else if (q->nr_slots == 1) {
		listen_ms = 0;
	}
	sfs_quorum_follow(q, now_ns, sfs_quorum_ms(listen_ms) +
				     sfs_quorum_jitter(q));
	q->beat_ns = now_ns;
	*ret_q = q;
	return 0;
}

void sfs_quorum_destroy(struct sfs_quorum *q)
{
	struct sfs_quorum_letter *l;

	while ((l = sfs_quorum_next_letter(q)) != NULL)
		kfree(l);
	mutex_destroy(&q->lock);
	kfree(q->page);
	kfree(q->written);
	kfree(q->found);
	kfree(q);
}

void sfs_quorum_status(struct sfs_quorum *q, struct sfs_quorum_status *st)
{
	unsigned int i;

	memset(st, 0, sizeof(*st));
	mutex_lock(&q->lock);
	st->slot = q->p.slot;
	st->slots = q->p.slots;
	st->list_version = q->p.list_version;
	st->term = q->term;
	st->role = q->role;
	st->leader_slot = q->leader_slot;
	st->vote_for = le64_to_cpu(q->page->vote_term) == q->term && q->term ?
		       (int)le32_to_cpu(q->page->vote_for) : -1;
	st->vote_bits = q->vote_bits;
	st->timeout_ns = q->role == SFS_QUORUM_LEADER ? q->lease_ns :
							q->timeout_ns;
	st->leader_term = q->leader_term;
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		st->peer[i].send_term = q->other[i].send_term;
		st->peer[i].send_ns = q->other[i].send_ns;
		st->peer[i].send_type = q->other[i].send_type;
		st->peer[i].recv_term = q->other[i].recv_term;
		st->peer[i].recv_ns = q->other[i].recv_ns;
		st->peer[i].recv_type = q->other[i].recv_type;
	}
	mutex_unlock(&q->lock);
}
