/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quorum internals: the state, and what its files need of each other.
 *
 *	quorum.c	messages, elections among three slots and more, leading
 *	quorum_disk.c	elections on the device, with one slot or two
 *	quorum_own.c	the own page; leaders of before
 *	quorum_list.c	another list of slots
 *	quorum_page.c	pages on the device
 */
#ifndef SFS_QUORUM_PRIV_H
#define SFS_QUORUM_PRIV_H

#include "lock/cluster/quorum_msg.h"

enum {
	SFS_QUORUM_INBOX_MAX	= 64,	/* messages that wait; more are lost */
	SFS_QUORUM_JITTER_MS	= 300,
};

/* How far an attempt to be elected has got. */
enum sfs_quorum_stage {
	SFS_QUORUM_WAITS,	/* follower */
	SFS_QUORUM_PREVOTES,	/* asks whether others would vote */
	SFS_QUORUM_VOTES,	/* asks for votes */
	SFS_QUORUM_CLAIMS,	/* its claim is on the device, others may see it */
};

struct sfs_quorum_letter {
	struct list_head link;
	unsigned int from;
	u64 at_ns;
	struct sfs_quorum_msg msg;
};

/* What is known of another slot. */
struct sfs_quorum_other {
	u64 acked_ns;		/* newest own heartbeat it answered, when sent */
	u64 beat;		/* of its page, as last seen */
	u64 list_version;	/* newest it is known to have */
	u64 send_term, send_ns, recv_term, recv_ns;
	u8 send_type, recv_type;
};

struct sfs_quorum {
	/* constant, but for slots, list_version and timeout_ms: under lock */
	struct sfs_quorum_params p;

	struct mutex lock;		/* all that follows but the inbox */
	unsigned int nr_slots;
	unsigned int need;		/* votes, the own one included */
	bool is_removed;		/* the own slot is not in the list */
	bool wants_list;		/* look for a newer one */
	u64 list_ns;			/* others' word for one was checked */
	struct sfs_quorum_page *page;	/* own, as written or about to be */
	struct sfs_quorum_page *written;	/* the same, but for beats since */
	struct sfs_quorum_page *found;	/* as last read */
	u64 rnd;
	u64 term;
	enum sfs_quorum_role role;
	enum sfs_quorum_stage stage;
	int leader_slot;
	int told_leader;		/* last said by ops->leader() */
	u64 told_term;
	u32 vote_bits;
	u64 heard_ns;			/* a leader was alive; 0: never */
	u64 timeout_ns;			/* then an election begins, or a stage ends */
	u64 beat_ns;			/* then the page is written, heartbeats go */
	u64 disk_ns;			/* newest own page write began */
	u64 asked_ns;			/* votes were asked for */
	u64 lease_ns;			/* until when this mount leads */
	u64 pause_ns;			/* no candidacy before */
	u64 leader_term;		/* term in which it led last */
	bool wants_resign;
	unsigned int pause_ms;
	struct sfs_quorum_other other[SFS_QUORUM_SLOTS_MAX];

	spinlock_t inbox_lock;		/* the two that follow */
	struct list_head inbox;
	unsigned int nr_inbox;
};

static inline u64 sfs_quorum_ms(unsigned int ms)
{
	return ms * (u64)NSEC_PER_MSEC;
}

static inline u64 sfs_quorum_lease_ns(const struct sfs_quorum *q)
{
	return sfs_quorum_ms(sfs_quorum_lease_ms(q->p.timeout_ms));
}

static inline u64 sfs_quorum_timeout_ns(const struct sfs_quorum *q)
{
	return sfs_quorum_ms(q->p.timeout_ms);
}

/* With one slot or two the device decides. */
static inline unsigned int sfs_quorum_need(u32 slots)
{
	return hweight32(slots) > 2 ? hweight32(slots) / 2 + 1 : 1;
}

/* quorum.c */
u64 sfs_quorum_random(struct sfs_quorum *q, unsigned int below_ms);
u64 sfs_quorum_jitter(struct sfs_quorum *q);
/* When was sent what enough of @slots have answered, the own disk included? */
u64 sfs_quorum_majority_ns(const struct sfs_quorum *q, u32 slots);
void sfs_quorum_follow(struct sfs_quorum *q, u64 now_ns, u64 wait_ns);
void sfs_quorum_lead(struct sfs_quorum *q, u64 now_ns);
void sfs_quorum_depose(struct sfs_quorum *q, u64 now_ns, int error);
void sfs_quorum_extend(struct sfs_quorum *q, u64 until_ns);
void sfs_quorum_hear_leader(struct sfs_quorum *q, unsigned int slot, u64 term,
			    u64 now_ns);

/* quorum_disk.c: with one slot or two */
void sfs_quorum_disk_look(struct sfs_quorum *q, u64 now_ns);
void sfs_quorum_disk_step(struct sfs_quorum *q, u64 now_ns);
void sfs_quorum_disk_beat(struct sfs_quorum *q, u64 now_ns);

/* quorum_own.c */
int sfs_quorum_own_take(struct sfs_quorum *q);
/* With the current term and beat, and whether it leads. */
int sfs_quorum_own_write(struct sfs_quorum *q, bool leads);
int sfs_quorum_own_vote(struct sfs_quorum *q, u64 term, unsigned int slot);
bool sfs_quorum_sees_leads(struct sfs_quorum *q);
/* Of all pages of @slots and of this mount; clobbers q->found. */
int sfs_quorum_newest_term(struct sfs_quorum *q, u32 slots, u64 *term);
/* As the leader: of a slot that nobody has had yet. */
int sfs_quorum_page_renew(struct sfs_quorum *q, unsigned int slot);

/* quorum_list.c */
void sfs_quorum_list_use(struct sfs_quorum *q, u64 version, u32 slots);
/* 1: there is a newer list, and it counts from now on; 0: there is none; -EIO. */
int sfs_quorum_list_look(struct sfs_quorum *q, u64 now_ns);
/* Somebody says that he has @version. */
void sfs_quorum_list_heard(struct sfs_quorum *q, u64 version, u64 now_ns);

#endif
