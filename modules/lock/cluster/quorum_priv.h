/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the quorum:
 *
 *	quorum.c	life, mailbox, one run, being leader, becoming follower
 *	quorum_own.c	the own page: taking the slot, writing, who led before
 *	quorum_vote.c	election by majority, three slots or more
 *	quorum_device.c	election by the device, one slot or two
 *	quorum_page.c	pages on a volume's device
 *
 * Times are those that sfs_quorum_run() was told at its start.  What takes place
 * later in that run takes place later than now_ns by any amount, because pages
 * are read and written.  So now_ns may stand for "not before" (when a heartbeat
 * was sent, when a write began) but never for "not after": when that is needed
 * the now_ns of the next run is taken.
 */
#ifndef SFS_QUORUM_PRIV_H
#define SFS_QUORUM_PRIV_H

#include "lock/cluster/quorum.h"
#include "lock/cluster/quorum_msg.h"

enum sfs_quorum_limits {
	SFS_QUORUM_MAIL_MAX	= 64,	/* messages between two runs */
	SFS_QUORUM_TIMEOUT_MAX_MS = 600000,
	SFS_QUORUM_ROUND_MIN_MS	= 20,
	SFS_QUORUM_ROUND_MAX_MS	= 250,
	SFS_QUORUM_RANDOM_MAX_MS = 300,
	SFS_QUORUM_LOOK_MAX_MS	= 500,	/* for a leader, at the start */
	SFS_QUORUM_SPREAD_MS	= 50,	/* after a leader has resigned */
	SFS_QUORUM_VERIFY_MS	= 50,	/* taking a slot at the same time */
	SFS_QUORUM_RESIGN_SENDS	= 2,
};

/* No message moves the term further than that, so that none uses them up. */
#define SFS_QUORUM_TERM_JUMP	(1ULL << 32)

/* More elections than there can have been since another page was written. */
#define SFS_QUORUM_TERM_SKIP	(1ULL << 20)

enum sfs_quorum_stage {
	SFS_QUORUM_FOLLOWS,
	SFS_QUORUM_ASKS,	/* pre-vote */
	SFS_QUORUM_STANDS,	/* vote */
	SFS_QUORUM_CLAIMS,	/* the device's way: claim written, waiting */
	SFS_QUORUM_CONFIRMS,	/* elected, without a lease yet */
	SFS_QUORUM_LEADING,
	SFS_QUORUM_LEFT,	/* resigned for good */
	SFS_QUORUM_LOST,	/* another mount has taken the slot */
};

/* A message, decoded. */
struct sfs_quorum_mail {
	u8 slot;
	u8 type;
	u32 timeout_ms;
	u64 term;
	u64 stamp;
	u64 recv_ns;
};

/**
 * struct sfs_quorum - one slot holder's state
 * @p: parameters; timeout_ms is the current one
 * @node: copy of the name
 * @nr_slots: of the volume
 * @lock: guards @mail, @nr_mail, the wishes and @status
 * @mail: received and not looked at
 * @nr_mail: in @mail
 * @wants_resign: wish of sfs_quorum_resign()
 * @is_resign_early: the mount was deposed since
 * @wants_pause_ms: its argument
 * @wants_timeout_ms: wish of sfs_quorum_set_timeout(), 0: none
 * @status: as of the end of the last run
 * @page_lock: guards @page and @scratch; held over I/O
 * @page: own page as last written, or about to be
 * @scratch: a page as read
 * @now: of this run
 * @is_started: there was a run
 * @stage: enum sfs_quorum_stage
 * @term: newest seen
 * @vote_term: newest voted in
 * @vote_for: and for whom
 * @follow_term: oldest term whose leader is obeyed
 * @lead_term: while CONFIRMS or LEADING
 * @led_term: newest led in without having stepped down; 0: none
 * @last_led_term: for the status
 * @saved_term: @term on the device
 * @saved_follow_term: @follow_term on the device
 * @is_lost: the own page shows another mount
 * @is_gone: the own page is to say that nobody holds the slot
 * @leader_slot: known leader or -1
 * @ended_term: newest whose leader is known to have resigned
 * @told_slot: what @leader was told last
 * @told_term: likewise
 * @deadline: when to stand for election
 * @restrain_ms: from create: a leader of before might count on this slot
 * @restrain_until: no vote and no candidacy before
 * @promise_until: no vote and no candidacy before, because of a heartbeat
 * @grace_until: others than who got the vote are refused before
 * @pause_until: no candidacy before
 * @round_end: of ASKS, STANDS, CONFIRMS
 * @is_round_new: @round_end is to be set by the next run
 * @round_stamp: of the messages of ASKS
 * @round_term: likewise
 * @attempts: rounds since a leader was known
 * @votes: slots that granted
 * @next_send: next heartbeats
 * @next_beat: next page write
 * @lead_start: begin of CONFIRMS
 * @ack: newest stamp each slot has answered, 0: none
 * @disk_base: begin of the newest page write that counts
 * @lease_until: lease told to the owner, 0: none
 * @lease_timeout_ms: timeout the lease is computed from
 * @raised_ns: @lease_timeout_ms may rise to the timeout for what is newer
 * @resign_left: further RESIGN messages to send
 * @resign_term: their term
 * @other: the device's way: the other slot or -1
 * @next_poll: when to read the other page
 * @seen: the other page's state when it moved last
 * @has_looked: at the other page
 * @seen_ns: not before the write of @seen was complete, 0: not known yet
 * @is_seen_new: @seen_ns is to be set by the next run
 * @is_claim_new: likewise @judge_at
 * @judge_at: when to look whether the claim stands
 * @random: state of the generator
 */
struct sfs_quorum {
	struct sfs_quorum_params p;
	char node[64];
	unsigned int nr_slots;

	spinlock_t lock;	/* the mailbox, wishes, status */
	struct sfs_quorum_mail mail[SFS_QUORUM_MAIL_MAX];
	unsigned int nr_mail;
	bool wants_resign;
	bool is_resign_early;
	unsigned int wants_pause_ms;
	unsigned int wants_timeout_ms;
	struct sfs_quorum_status status;

	struct mutex page_lock;	/* page and scratch, over I/O */
	struct sfs_quorum_page *page;
	struct sfs_quorum_page *scratch;

	u64 now;
	bool is_started;
	enum sfs_quorum_stage stage;
	u64 term;
	u64 vote_term;
	unsigned int vote_for;
	u64 follow_term;
	u64 lead_term;
	u64 led_term;
	u64 last_led_term;
	u64 saved_term;
	u64 saved_follow_term;
	bool is_lost;
	bool is_gone;

	int leader_slot;
	u64 ended_term;
	int told_slot;
	u64 told_term;
	u64 deadline;
	unsigned int restrain_ms;
	u64 restrain_until;
	u64 promise_until;
	u64 grace_until;
	u64 pause_until;
	u64 round_end;
	bool is_round_new;
	u64 round_stamp;
	u64 round_term;
	unsigned int attempts;
	u32 votes;

	u64 next_send;
	u64 next_beat;
	u64 lead_start;
	u64 ack[SFS_QUORUM_SLOTS_MAX];
	u64 disk_base;
	u64 lease_until;
	unsigned int lease_timeout_ms;
	u64 raised_ns;
	unsigned int resign_left;
	u64 resign_term;

	int other;
	u64 next_poll;
	struct {
		u64 rid, beat, seq;
	} seen;
	bool has_looked;
	u64 seen_ns;
	bool is_seen_new;
	bool is_claim_new;
	u64 judge_at;

	u64 random;
};

static inline u64 sfs_quorum_ns(u64 ms)
{
	return ms * NSEC_PER_MSEC;
}

/*
 * How long a heartbeat binds who answered it: longer than the leader's lease
 * (3/4), even when the leader's clock is slower by a tenth.
 */
static inline u64 sfs_quorum_promise_ns(u64 timeout_ms)
{
	return sfs_quorum_ns(timeout_ms) / 8 * 7;
}

static inline bool sfs_quorum_is_device(const struct sfs_quorum *q)
{
	return q->nr_slots <= 2;
}

static inline bool sfs_quorum_leads(const struct sfs_quorum *q)
{
	return q->stage == SFS_QUORUM_CONFIRMS ||
	       q->stage == SFS_QUORUM_LEADING;
}

static inline bool sfs_quorum_is_out(const struct sfs_quorum *q)
{
	return q->stage == SFS_QUORUM_LEFT || q->stage == SFS_QUORUM_LOST;
}

/* quorum.c */
u64 sfs_quorum_random_ns(struct sfs_quorum *q, u64 max_ms);
void sfs_quorum_send(struct sfs_quorum *q, unsigned int slot, u8 type, u64 term,
		     u64 stamp);
void sfs_quorum_send_all(struct sfs_quorum *q, u8 type, u64 term, u64 stamp);
/* Obey that leader; it was heard at recv_ns at the earliest. */
void sfs_quorum_obey(struct sfs_quorum *q, unsigned int slot, u64 term,
		     u64 recv_ns);
/* Nobody leads that we know of; stand for election at @deadline. */
void sfs_quorum_follow_none(struct sfs_quorum *q, u64 deadline);
/* The leader that is obeyed has resigned. */
void sfs_quorum_ended(struct sfs_quorum *q, u64 term);
void sfs_quorum_vote_self(struct sfs_quorum *q, u64 term);
/* Won: 0 when the page says so. */
int sfs_quorum_won(struct sfs_quorum *q);
/* Lost what sfs_quorum_won() began, or the leadership. */
void sfs_quorum_depose(struct sfs_quorum *q, int error);
/* Lease as far as heartbeats and page writes allow. */
void sfs_quorum_lease_update(struct sfs_quorum *q);
bool sfs_quorum_may_stand(const struct sfs_quorum *q);
u64 sfs_quorum_round_ns(struct sfs_quorum *q);

/* quorum_own.c */
int sfs_quorum_own_take(struct sfs_quorum *q);
/* State to the own page, durable; -ESTALE: the slot is another mount's. */
int sfs_quorum_own_write(struct sfs_quorum *q);

/* quorum_vote.c */
void sfs_quorum_vote_mail(struct sfs_quorum *q,
			  const struct sfs_quorum_mail *m);
void sfs_quorum_vote_run(struct sfs_quorum *q);

/* quorum_device.c */
void sfs_quorum_device_mail(struct sfs_quorum *q,
			    const struct sfs_quorum_mail *m);
void sfs_quorum_device_run(struct sfs_quorum *q);
/* After a page write: may the lease be extended? */
bool sfs_quorum_device_confirms(struct sfs_quorum *q);

#endif
