// SPDX-License-Identifier: GPL-2.0-only
/*
 * The quorum's life: creation, the mailbox, one run of the state machine, and
 * what both ways of election share.
 *
 * Why two leases never overlap.  A lease counts from a time t at which a majority
 * (with three slots or more) was sent a heartbeat that it has answered; each of
 * them votes for nobody before t + 7/8 of the timeout, and two majorities share a
 * slot.  A slot that restarts has forgotten what it answered: when a page shows
 * that somebody led and did not step down it is restrained as long.
 *
 * See quorum_device.c for one and two slots.
 */
#include "lock/cluster/quorum_priv.h"

unsigned int sfs_quorum_lease_ms(unsigned int timeout_ms)
{
	return timeout_ms - timeout_ms / 4;
}
EXPORT_SYMBOL_GPL(sfs_quorum_lease_ms);

unsigned int sfs_quorum_interval_ms(unsigned int timeout_ms)
{
	return max(timeout_ms / 10, 1U);
}
EXPORT_SYMBOL_GPL(sfs_quorum_interval_ms);

static u64 sfs_quorum_timeout_ns(const struct sfs_quorum *q)
{
	return sfs_quorum_ns(q->p.timeout_ms);
}

static u64 sfs_quorum_interval_ns(const struct sfs_quorum *q)
{
	return sfs_quorum_ns(sfs_quorum_interval_ms(q->p.timeout_ms));
}

/* Below max_ms; xorshift, because runs have to be repeatable. */
u64 sfs_quorum_random_ns(struct sfs_quorum *q, u64 max_ms)
{
	q->random ^= q->random << 13;
	q->random ^= q->random >> 7;
	q->random ^= q->random << 17;
	return ((q->random >> 32) * sfs_quorum_ns(max_ms)) >> 32;
}

static u64 sfs_quorum_jitter_ns(struct sfs_quorum *q)
{
	return sfs_quorum_random_ns(q, min_t(u64, q->p.timeout_ms / 10,
					     SFS_QUORUM_RANDOM_MAX_MS));
}

static unsigned int sfs_quorum_round_ms(const struct sfs_quorum *q)
{
	return clamp_t(unsigned int, q->p.timeout_ms / 20,
		       SFS_QUORUM_ROUND_MIN_MS, SFS_QUORUM_ROUND_MAX_MS);
}

/* Patience with answers grows, for networks and disks slower than expected. */
u64 sfs_quorum_round_ns(struct sfs_quorum *q)
{
	unsigned int ms = sfs_quorum_round_ms(q);

	return sfs_quorum_ns((u64)ms << min(q->attempts, 3U)) +
	       sfs_quorum_random_ns(q, ms);
}

/* ---- messages --------------------------------------------------------------------- */

void sfs_quorum_send(struct sfs_quorum *q, unsigned int slot, u8 type, u64 term,
		     u64 stamp)
{
	struct sfs_quorum_msg msg = {
		.version	= SFS_QUORUM_MSG_VERSION,
		.type		= type,
		.timeout_ms	= cpu_to_le32(q->p.timeout_ms),
		.term		= cpu_to_le64(term),
		.stamp		= cpu_to_le64(stamp),
	};

	static_assert(sizeof(msg) <= SFS_QUORUM_MSG_MAX);
	spin_lock(&q->lock);
	q->status.peer[slot].send_term = term;
	q->status.peer[slot].send_ns = q->now;
	q->status.peer[slot].send_type = type;
	spin_unlock(&q->lock);
	q->p.ops->send(q->p.arg, slot, &msg, sizeof(msg));
}

void sfs_quorum_send_all(struct sfs_quorum *q, u8 type, u64 term, u64 stamp)
{
	unsigned int i;

	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++)
		if (q->p.slots & (1U << i) && i != q->p.slot)
			sfs_quorum_send(q, i, type, term, stamp);
}

static bool sfs_quorum_mail_decode(struct sfs_quorum *q,
				   struct sfs_quorum_mail *m, unsigned int slot,
				   const void *data, u32 len)
{
	struct sfs_quorum_msg msg;

	if (slot >= SFS_QUORUM_SLOTS_MAX || slot == q->p.slot ||
	    !(q->p.slots & (1U << slot)) || len != sizeof(msg))
		return false;
	memcpy(&msg, data, sizeof(msg));
	m->slot = slot;
	m->type = msg.type;
	m->timeout_ms = le32_to_cpu(msg.timeout_ms);
	m->term = le64_to_cpu(msg.term);
	m->stamp = le64_to_cpu(msg.stamp);
	return msg.version == SFS_QUORUM_MSG_VERSION && !msg.pad &&
	       m->type && m->type < SFS_QUORUM_MSG_TYPES &&
	       m->term && m->term <= SFS_QUORUM_TERM_MAX &&
	       m->timeout_ms && m->timeout_ms <= SFS_QUORUM_TIMEOUT_MAX_MS;
}

void sfs_quorum_receive(struct sfs_quorum *q, unsigned int from_slot,
			const void *msg, u32 len, u64 now_ns)
{
	struct sfs_quorum_mail m;

	if (!sfs_quorum_mail_decode(q, &m, from_slot, msg, len))
		return;
	m.recv_ns = now_ns;
	spin_lock(&q->lock);
	q->status.peer[from_slot].recv_term = m.term;
	q->status.peer[from_slot].recv_ns = now_ns;
	q->status.peer[from_slot].recv_type = m.type;
	/* when there are too many it is as if some were lost on the way */
	if (q->nr_mail < SFS_QUORUM_MAIL_MAX)
		q->mail[q->nr_mail++] = m;
	spin_unlock(&q->lock);
}
EXPORT_SYMBOL_GPL(sfs_quorum_receive);

static bool sfs_quorum_mail_next(struct sfs_quorum *q,
				 struct sfs_quorum_mail *m)
{
	bool is_there;

	spin_lock(&q->lock);
	is_there = q->nr_mail;
	if (is_there) {
		*m = q->mail[0];
		q->nr_mail--;
		memmove(&q->mail[0], &q->mail[1],
			q->nr_mail * sizeof(q->mail[0]));
	}
	spin_unlock(&q->lock);
	return is_there;
}

/* ---- following --------------------------------------------------------------------- */

static void sfs_quorum_tell_leader(struct sfs_quorum *q, u64 term)
{
	if (q->leader_slot == q->told_slot &&
	    (q->leader_slot < 0 || term == q->told_term))
		return;
	q->told_slot = q->leader_slot;
	q->told_term = term;
	q->p.ops->leader(q->p.arg, q->leader_slot, term);
}

void sfs_quorum_obey(struct sfs_quorum *q, unsigned int slot, u64 term,
		     u64 recv_ns)
{
	q->term = max(q->term, term);
	q->follow_term = max(q->follow_term, term);
	q->stage = SFS_QUORUM_FOLLOWS;
	q->attempts = 0;
	q->resign_left = 0;
	q->deadline = recv_ns + sfs_quorum_timeout_ns(q) +
		      sfs_quorum_jitter_ns(q);
	q->leader_slot = slot;
	sfs_quorum_tell_leader(q, term);
}

void sfs_quorum_follow_none(struct sfs_quorum *q, u64 deadline)
{
	q->stage = SFS_QUORUM_FOLLOWS;
	q->deadline = max(deadline, q->pause_until);
	q->leader_slot = -1;
	sfs_quorum_tell_leader(q, 0);
}

bool sfs_quorum_may_stand(const struct sfs_quorum *q)
{
	return q->now >= q->restrain_until && q->now >= q->promise_until &&
	       q->now >= q->pause_until && q->term < SFS_QUORUM_TERM_MAX;
}

void sfs_quorum_vote_self(struct sfs_quorum *q, u64 term)
{
	q->term = max(q->term, term);
	q->vote_term = term;
	q->vote_for = q->p.slot;
	q->votes = 1U << q->p.slot;
}

/*
 * The leader does not lead any more.  It was elected, so leases of all leaders
 * before it are over, and its own is given up.
 */
void sfs_quorum_ended(struct sfs_quorum *q, u64 term)
{
	/* heartbeats that were overtaken */
	q->ended_term = max(q->ended_term, term);
	q->promise_until = 0;
	q->restrain_until = 0;
	q->attempts = 0;
	sfs_quorum_follow_none(q, q->now + sfs_quorum_random_ns(q,
								SFS_QUORUM_SPREAD_MS));
}

static void sfs_quorum_mail_resign(struct sfs_quorum *q,
				   const struct sfs_quorum_mail *m)
{
	if (q->stage == SFS_QUORUM_FOLLOWS && m->slot == q->leader_slot &&
	    m->term == q->told_term)
		sfs_quorum_ended(q, m->term);
}

/* ---- leading ----------------------------------------------------------------------- */

/* The time since which a majority follows, as far as is known; 0: none. */
static u64 sfs_quorum_ack_base(const struct sfs_quorum *q)
{
	unsigned int need = q->nr_slots / 2;	/* besides this slot */
	u64 base = 0;
	unsigned int i, j, nr;

	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		nr = 0;
		for (j = 0; j < SFS_QUORUM_SLOTS_MAX; j++)
			nr += q->ack[j] && q->ack[j] >= q->ack[i];
		if (nr >= need)
			base = max(base, q->ack[i]);
	}
	return base;
}

void sfs_quorum_lease_update(struct sfs_quorum *q)
{
	u64 base = q->disk_base;
	u64 until;

	if (!sfs_quorum_leads(q))
		return;
	if (!sfs_quorum_is_device(q))
		base = min(base, sfs_quorum_ack_base(q));
	if (!base)
		return;
	if (base >= q->raised_ns)
		q->lease_timeout_ms = q->p.timeout_ms;
	until = base + sfs_quorum_ns(sfs_quorum_lease_ms(q->lease_timeout_ms));
	if (until <= q->now || until <= q->lease_until ||
	    (q->stage == SFS_QUORUM_CONFIRMS && READ_ONCE(q->wants_resign)))
		return;
	q->lease_until = until;
	if (q->stage == SFS_QUORUM_CONFIRMS) {
		q->stage = SFS_QUORUM_LEADING;
		q->led_term = q->lead_term;
		q->last_led_term = q->lead_term;
		q->leader_slot = q->p.slot;
		q->p.ops->elected(q->p.arg, q->lead_term);
		sfs_quorum_tell_leader(q, q->lead_term);
	}
	q->p.ops->lease(q->p.arg, until);
}

static void sfs_quorum_lead_beat(struct sfs_quorum *q)
{
	if (sfs_quorum_own_write(q))
		return;
	if (sfs_quorum_is_device(q) && !sfs_quorum_device_confirms(q))
		return;
	q->disk_base = q->now;
}

int sfs_quorum_won(struct sfs_quorum *q)
{
	q->stage = SFS_QUORUM_CONFIRMS;
	q->lead_term = q->vote_term;
	q->follow_term = q->vote_term;
	q->lead_start = q->now;
	memset(q->ack, 0, sizeof(q->ack));
	q->disk_base = 0;
	q->lease_until = 0;
	q->lease_timeout_ms = q->p.timeout_ms;
	q->raised_ns = 0;
	q->next_send = q->now;
	q->round_end = q->now +
		       sfs_quorum_ns(sfs_quorum_lease_ms(q->p.timeout_ms));
	sfs_quorum_lead_beat(q);
	if (sfs_quorum_leads(q) && !q->disk_base)
		sfs_quorum_depose(q, -EIO);
	return sfs_quorum_leads(q) ? 0 : -EIO;
}

void sfs_quorum_depose(struct sfs_quorum *q, int error)
{
	bool was_leading = q->stage == SFS_QUORUM_LEADING;
	u64 term = q->lead_term;

	spin_lock(&q->lock);
	if (!error)
		q->led_term = 0;
	else if (was_leading)
		q->is_resign_early = q->wants_resign;
	spin_unlock(&q->lock);
	/* the page shows it as leading until its lease is over */
	if (!error || !was_leading)
		q->lease_until = 0;
	q->stage = SFS_QUORUM_FOLLOWS;
	q->attempts = 0;
	q->next_beat = q->now;
	if (was_leading)
		q->p.ops->deposed(q->p.arg, term, error);
	sfs_quorum_follow_none(q, q->now + sfs_quorum_timeout_ns(q) +
				  sfs_quorum_jitter_ns(q));
}

static void sfs_quorum_lead_run(struct sfs_quorum *q)
{
	if (q->stage == SFS_QUORUM_CONFIRMS && q->now >= q->round_end)
		sfs_quorum_depose(q, -ETIMEDOUT);
	if (sfs_quorum_leads(q) && q->now >= q->next_send) {
		q->next_send = q->now + sfs_quorum_interval_ns(q);
		sfs_quorum_send_all(q, SFS_QUORUM_HEARTBEAT, q->lead_term,
				    q->now);
	}
	if (sfs_quorum_leads(q) && q->now >= q->next_beat)
		sfs_quorum_lead_beat(q);
	sfs_quorum_lease_update(q);
}

/* ---- wishes of the owner -------------------------------------------------------------- */

static void sfs_quorum_run_resign(struct sfs_quorum *q, unsigned int pause_ms,
				  bool is_early)
{
	if (sfs_quorum_leads(q)) {
		q->resign_left = SFS_QUORUM_RESIGN_SENDS;
		q->resign_term = q->lead_term;
		sfs_quorum_depose(q, 0);
	}
	/* asked for before an end that was not in order: that has to be fenced */
	if (!is_early) {
		q->led_term = 0;
		q->lease_until = 0;
	}
	q->is_gone = !pause_ms;
	/* if it fails the others have to find out by themselves */
	sfs_quorum_own_write(q);
	if (q->is_gone) {
		while (q->resign_left) {
			q->resign_left--;
			sfs_quorum_send_all(q, SFS_QUORUM_RESIGN,
					    q->resign_term, 0);
		}
		sfs_quorum_follow_none(q, q->now);
		q->stage = SFS_QUORUM_LEFT;
		return;
	}
	if (q->resign_left)
		sfs_quorum_send_all(q, SFS_QUORUM_RESIGN, q->resign_term, 0);
	q->pause_until = q->now + sfs_quorum_ns(pause_ms);
	if (q->leader_slot < 0)
		sfs_quorum_follow_none(q, q->pause_until +
					  sfs_quorum_jitter_ns(q));
}

static void sfs_quorum_run_timeout(struct sfs_quorum *q, unsigned int timeout_ms)
{
	timeout_ms = clamp_t(unsigned int, timeout_ms, 1,
			     SFS_QUORUM_TIMEOUT_MAX_MS);
	/* a longer lease begins when all that it counts on know of it */
	if (timeout_ms > q->p.timeout_ms)
		q->raised_ns = q->now;
	q->p.timeout_ms = timeout_ms;
	q->lease_timeout_ms = min(q->lease_timeout_ms, timeout_ms);
	q->next_beat = min(q->next_beat, q->now + sfs_quorum_interval_ns(q));
	q->next_send = min(q->next_send, q->now + sfs_quorum_interval_ns(q));
}

static void sfs_quorum_run_wishes(struct sfs_quorum *q)
{
	unsigned int timeout_ms, pause_ms;
	bool wants_resign, is_early;

	spin_lock(&q->lock);
	timeout_ms = q->wants_timeout_ms;
	pause_ms = q->wants_pause_ms;
	wants_resign = q->wants_resign;
	is_early = q->is_resign_early;
	q->wants_timeout_ms = 0;
	WRITE_ONCE(q->wants_resign, false);
	spin_unlock(&q->lock);
	if (timeout_ms)
		sfs_quorum_run_timeout(q, timeout_ms);
	if (wants_resign)
		sfs_quorum_run_resign(q, pause_ms, is_early);
}

void sfs_quorum_resign(struct sfs_quorum *q, unsigned int pause_ms)
{
	spin_lock(&q->lock);
	WRITE_ONCE(q->wants_resign, true);
	q->is_resign_early = false;
	q->wants_pause_ms = pause_ms;
	spin_unlock(&q->lock);
}
EXPORT_SYMBOL_GPL(sfs_quorum_resign);

void sfs_quorum_set_timeout(struct sfs_quorum *q, unsigned int timeout_ms)
{
	spin_lock(&q->lock);
	q->wants_timeout_ms = timeout_ms;
	spin_unlock(&q->lock);
}
EXPORT_SYMBOL_GPL(sfs_quorum_set_timeout);

/* ---- running ------------------------------------------------------------------------- */

static void sfs_quorum_run_first(struct sfs_quorum *q)
{
	u64 look_ns = 0;

	q->is_started = true;
	q->restrain_until = q->now + sfs_quorum_ns(q->restrain_ms);
	q->next_beat = q->now + sfs_quorum_interval_ns(q);
	q->next_poll = q->now;
	if (q->nr_slots > 1)
		look_ns = min(2 * sfs_quorum_interval_ns(q),
			      sfs_quorum_ns(SFS_QUORUM_LOOK_MAX_MS)) +
			  sfs_quorum_random_ns(q, SFS_QUORUM_SPREAD_MS);
	sfs_quorum_follow_none(q, max(q->now + look_ns, q->restrain_until));
}

/* What the last run did is done by now. */
static void sfs_quorum_run_stamp(struct sfs_quorum *q)
{
	if (q->is_seen_new)
		q->seen_ns = q->now;
	if (q->is_round_new)
		q->round_end = q->now + sfs_quorum_round_ns(q);
	if (q->is_claim_new)
		q->judge_at = q->now +
			      (q->other < 0 ? 0 : sfs_quorum_round_ns(q));
	q->is_seen_new = false;
	q->is_round_new = false;
	q->is_claim_new = false;
}

static void sfs_quorum_run_mail(struct sfs_quorum *q)
{
	unsigned int left = SFS_QUORUM_MAIL_MAX;
	struct sfs_quorum_mail m;

	while (left-- && sfs_quorum_mail_next(q, &m)) {
		if (sfs_quorum_is_out(q) || q->is_lost ||
		    m.term > q->term + SFS_QUORUM_TERM_JUMP)
			continue;
		if (m.type == SFS_QUORUM_RESIGN)
			sfs_quorum_mail_resign(q, &m);
		else if (sfs_quorum_is_device(q))
			sfs_quorum_device_mail(q, &m);
		else
			sfs_quorum_vote_mail(q, &m);
	}
}

static void sfs_quorum_run_lost(struct sfs_quorum *q)
{
	if (!q->is_lost || sfs_quorum_is_out(q))
		return;
	if (sfs_quorum_leads(q))
		sfs_quorum_depose(q, -ESTALE);
	sfs_quorum_follow_none(q, q->now);
	q->stage = SFS_QUORUM_LOST;
}

static void sfs_quorum_publish(struct sfs_quorum *q, u64 next)
{
	struct sfs_quorum_status *st = &q->status;

	spin_lock(&q->lock);
	st->term = q->term;
	st->role = sfs_quorum_leads(q) ? SFS_QUORUM_LEADER :
		   sfs_quorum_is_out(q) || q->stage == SFS_QUORUM_FOLLOWS ?
		   SFS_QUORUM_FOLLOWER : SFS_QUORUM_CANDIDATE;
	st->leader_slot = q->leader_slot;
	st->vote_for = q->vote_term == q->term &&
		       q->vote_for != SFS_QUORUM_VOTE_NONE && q->vote_term ?
		       (int)q->vote_for : -1;
	st->vote_bits = q->votes;
	st->leader_term = q->last_led_term;
	st->timeout_ns = sfs_quorum_leads(q) ? q->lease_until :
			 q->stage == SFS_QUORUM_FOLLOWS ? q->deadline : next;
	spin_unlock(&q->lock);
}

static u64 sfs_quorum_run_next(struct sfs_quorum *q)
{
	u64 next = q->next_beat;

	if (sfs_quorum_is_out(q))
		return q->now + 3600ULL * NSEC_PER_SEC;
	if (q->is_claim_new || q->is_round_new || q->is_seen_new)
		return q->now;
	switch (q->stage) {
	case SFS_QUORUM_FOLLOWS:
		next = min(next, q->deadline);
		if (q->other >= 0)
			next = min(next, q->next_poll);
		break;
	case SFS_QUORUM_CLAIMS:
		next = min(next, q->judge_at);
		break;
	case SFS_QUORUM_LEADING:
		next = min3(next, q->next_send, q->lease_until);
		break;
	case SFS_QUORUM_CONFIRMS:
		next = min3(next, q->next_send, q->round_end);
		break;
	default:
		next = min(next, q->round_end);
	}
	return next;
}

u64 sfs_quorum_run(struct sfs_quorum *q, u64 now_ns)
{
	u64 next;

	q->now = max(q->now, now_ns);
	if (!q->is_started)
		sfs_quorum_run_first(q);
	sfs_quorum_run_stamp(q);
	/* before anything that might extend it */
	if (q->stage == SFS_QUORUM_LEADING && q->now >= q->lease_until)
		sfs_quorum_depose(q, -ETIMEDOUT);
	if (!sfs_quorum_is_out(q))
		sfs_quorum_run_wishes(q);
	sfs_quorum_run_mail(q);
	if (!sfs_quorum_is_out(q) && !q->is_lost) {
		if (sfs_quorum_is_device(q))
			sfs_quorum_device_run(q);
		else
			sfs_quorum_vote_run(q);
		sfs_quorum_lead_run(q);
	}
	if (!sfs_quorum_is_out(q) && !q->is_lost && q->now >= q->next_beat) {
		sfs_quorum_own_write(q);
		if (q->resign_left && q->leader_slot < 0) {
			q->resign_left--;
			sfs_quorum_send_all(q, SFS_QUORUM_RESIGN,
					    q->resign_term, 0);
		}
	}
	sfs_quorum_run_lost(q);
	next = sfs_quorum_run_next(q);
	sfs_quorum_publish(q, next);
	return next;
}
EXPORT_SYMBOL_GPL(sfs_quorum_run);

void sfs_quorum_status(struct sfs_quorum *q, struct sfs_quorum_status *st)
{
	spin_lock(&q->lock);
	*st = q->status;
	spin_unlock(&q->lock);
}
EXPORT_SYMBOL_GPL(sfs_quorum_status);

/* ---- life ---------------------------------------------------------------------------- */

static void sfs_quorum_init(struct sfs_quorum *q,
			    const struct sfs_quorum_params *params)
{
	unsigned int i;

	q->p = *params;
	strscpy(q->node, params->node ?: "", sizeof(q->node));
	q->nr_slots = hweight32(params->slots);
	q->other = -1;
	if (sfs_quorum_is_device(q))
		for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++)
			if (params->slots & (1U << i) && i != params->slot)
				q->other = i;
	spin_lock_init(&q->lock);
	mutex_init(&q->page_lock);
	q->random = params->seed ^ 0x9e3779b97f4a7c15ULL;
	if (!q->random)
		q->random = 1;
	for (i = 0; i < 8; i++)
		sfs_quorum_random_ns(q, 1);
	q->leader_slot = -1;
	q->told_slot = -1;
	q->lease_timeout_ms = params->timeout_ms;
	q->status.slot = params->slot;
	q->status.leader_slot = -1;
	q->status.vote_for = -1;
}

static void sfs_quorum_free(struct sfs_quorum *q)
{
	mutex_destroy(&q->page_lock);
	kfree(q->page);
	kfree(q->scratch);
	kfree(q);
}

int sfs_quorum_create(const struct sfs_quorum_params *params,
		      struct sfs_quorum **ret)
{
	struct sfs_quorum *q;
	int error = -ENOMEM;

	if (params->slot >= SFS_QUORUM_SLOTS_MAX ||
	    params->slots >> SFS_QUORUM_SLOTS_MAX ||
	    !(params->slots & (1U << params->slot)) || !params->rid ||
	    !params->timeout_ms ||
	    params->timeout_ms > SFS_QUORUM_TIMEOUT_MAX_MS)
		return -EINVAL;
	q = kzalloc(sizeof(*q), GFP_KERNEL);
	if (!q)
		return -ENOMEM;
	sfs_quorum_init(q, params);
	q->page = kzalloc(sizeof(*q->page), GFP_KERNEL);
	q->scratch = kzalloc(sizeof(*q->scratch), GFP_KERNEL);
	if (q->page && q->scratch)
		error = sfs_quorum_own_take(q);
	if (error) {
		sfs_quorum_free(q);
		return error;
	}
	*ret = q;
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_quorum_create);

void sfs_quorum_destroy(struct sfs_quorum *q)
{
	sfs_quorum_free(q);
}
EXPORT_SYMBOL_GPL(sfs_quorum_destroy);
