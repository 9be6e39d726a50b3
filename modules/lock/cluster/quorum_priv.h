/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quorum internals: the state, and what its files need of each other.
 *
 *	quorum.c	messages, elections among three slots and more, leading
 *	quorum_disk.c	elections on the device, with one slot or two
 *	quorum_own.c	the own page; leaders of before
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
	u64 send_term, send_ns, recv_term, recv_ns;
	u8 send_type, recv_type;
};

struct sfs_quorum {
	/* constant */
	struct sfs_quorum_params p;
	unsigned int nr_slots;
	unsigned int need;		/* votes, the own one included */

	struct mutex lock;		/* all that follows but the inbox */
	struct sfs_quorum_page *page;	/* own, as written or about to be */
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

/* quorum.c */
u64 sfs_quorum_random(struct sfs_quorum *q, unsigned int below_ms);
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

#endif
