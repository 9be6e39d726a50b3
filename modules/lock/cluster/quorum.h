/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quorum: which of the mounts that hold a quorum slot leads.
 *
 *	follower --timeout, pre-vote won--> candidate --majority--> leader
 *	    ^                                   |                     |
 *	    +------- newer term, lost ----------+----- lease over ----+
 *
 * Each slot holder has a page on the metadata device with its term, its vote
 * and whether it leads; nobody else writes it.  A vote is on the device before it
 * is sent.  A page that says that its mount leads, although it does not any more,
 * stands for a mount that has to be fenced; who takes the slot over keeps that.  With three
 * slots or more a majority of the configured slots elects.  With one or two the
 * device decides: a candidate writes its claim, waits longer than a write takes,
 * reads all pages, and gives way to a claim of a higher term, or of the same
 * term and a lower slot.
 *
 * A leader leads until a lease that counts from when it sent the newest
 * heartbeat that a majority has answered (with two slots: from when it began the
 * newest write of its page that is on the device while the other page holds no
 * newer term); the lease is shorter than the followers' timeout, so it is over
 * before anybody else is elected.
 *
 * The list of slots changes while mounts elect and lead, see quorum_list.c.
 *
 * This is a state machine without threads: the owner calls sfs_quorum_run() when
 * it asks to and hands in what was received.
 */
#ifndef SFS_QUORUM_H
#define SFS_QUORUM_H

#include "format/volume.h"

enum {
	SFS_QUORUM_MSG_MAX	= 64,	/* longest message in bytes */
};

struct sfs_quorum;

enum sfs_quorum_role {
	SFS_QUORUM_FOLLOWER	= 0,	/* as in the ABI's quorum/status */
	SFS_QUORUM_CANDIDATE	= 1,
	SFS_QUORUM_LEADER	= 2,
};

/**
 * struct sfs_quorum_ops - what the owner supplies
 * @send: a message to the holder of a slot; may get lost
 * @read_page: the page of a slot; all zeroes when it is blank or damaged
 * @write_page: write the page of a slot, durable on return: the own one, and that
 *	of a slot that is being added; a beat may get lost later on, nothing else
 * @elected: this mount leads in @term from now on
 * @deposed: it does not any more, and its lease is over or given up; @error is
 *	0 after sfs_quorum_resign()
 * @leader: the holder of @slot leads in @term; -1: nobody is known to
 * @lease: this mount leads until @until_ns at least
 * @read_list: the newest list of slots on the device: its version, and a bit mask
 *	that lacks the own slot when that is somebody else's now
 * @removed: the own slot is not in the list any more: takes no part, for ever
 *
 * Called from sfs_quorum_run() only, in order; may sleep, @elected and @deposed
 * should only start the work that follows from them.
 */
struct sfs_quorum_ops {
	void (*send)(void *arg, unsigned int slot, const void *msg, u32 len);
	int (*read_page)(void *arg, unsigned int slot,
			 struct sfs_quorum_page *page);
	int (*write_page)(void *arg, unsigned int slot,
			  struct sfs_quorum_page *page, bool is_beat);
	void (*elected)(void *arg, u64 term);
	void (*deposed)(void *arg, u64 term, int error);
	void (*leader)(void *arg, int slot, u64 term);
	void (*lease)(void *arg, u64 until_ns);
	int (*read_list)(void *arg, u64 *version, u32 *slots);
	void (*removed)(void *arg);
};

/**
 * struct sfs_quorum_params - one slot holder
 * @fsid: volume
 * @rid: this mount
 * @slot: its quorum slot
 * @slots: bit mask of the slots the volume has
 * @list_version: of the list that @slots is from
 * @timeout_ms: without a heartbeat for so long a leader is taken for lost; all
 *	other times derive from it
 * @seed: for the random part of timeouts; two mounts have different ones
 * @node: host name for people, may be ""
 * @ops: callbacks
 * @arg: passed to them
 */
struct sfs_quorum_params {
	u64 fsid;
	u64 rid;
	unsigned int slot;
	u32 slots;
	u64 list_version;
	unsigned int timeout_ms;
	u64 seed;
	const char *node;
	const struct sfs_quorum_ops *ops;
	void *arg;
};

/* Times in ms that follow from the timeout, for all parts of the cluster. */
unsigned int sfs_quorum_lease_ms(unsigned int timeout_ms);	/* 3/4 */
unsigned int sfs_quorum_interval_ms(unsigned int timeout_ms);	/* heartbeats */

/*
 * Reads the own page: 0; -EBUSY when another mount that is alive holds the slot
 * (its beat moves while we look, which takes two of its intervals at most);
 * -EINVAL for a slot that is none; -ESTALE: not any more; -EIO, -ENOMEM.
 */
int sfs_quorum_create(const struct sfs_quorum_params *params,
		      struct sfs_quorum **ret);
/* Without a word to the others: resign first when that is in order. */
void sfs_quorum_destroy(struct sfs_quorum *q);

/*
 * Do what is due at @now_ns (CLOCK_MONOTONIC).  Reads and writes pages, calls
 * back.  Return: when to call again at the latest.
 */
u64 sfs_quorum_run(struct sfs_quorum *q, u64 now_ns);
/*
 * A message came; what follows is done by the next sfs_quorum_run(), which
 * should be soon.  Any context that may take a mutex; bytes are hostile.
 */
void sfs_quorum_receive(struct sfs_quorum *q, unsigned int from_slot,
			const void *msg, u32 len, u64 now_ns);
/*
 * Give up leading, and do not try again for @pause_ms: the page says so and the
 * others are told, so that they elect at once.  Done by the next run.
 */
void sfs_quorum_resign(struct sfs_quorum *q, unsigned int pause_ms);
/* The mount leaves: as above, at once, and the slot is free.  No run follows. */
void sfs_quorum_leave(struct sfs_quorum *q);
/* How many slots elect a leader, by the newest list that is known. */
unsigned int sfs_quorum_votes_needed(const struct sfs_quorum *q);
/* As the leader: other slots that have answered a heartbeat sent since @since_ns. */
u32 sfs_quorum_answering(struct sfs_quorum *q, u64 since_ns);
void sfs_quorum_set_timeout(struct sfs_quorum *q, unsigned int timeout_ms);

/*
 * May this mount, as the leader, make @slots the list after *@version?  They differ
 * from the present ones by one slot at most.  Makes the page of a slot that comes
 * new.  The caller makes one change at a time, has those fenced that led before,
 * writes nothing that is not based on *@version, and calls sfs_quorum_reread_list()
 * when it is durable.  0; -ENOENT: does not lead; -EAGAIN: an earlier change is not
 * known to enough mounts yet; -ENOTCONN: too few of @slots have answered what was
 * sent since @since_ns, so this mount would not lead any more; -EINVAL; -EIO.
 */
int sfs_quorum_may_change(struct sfs_quorum *q, u32 slots, u64 since_ns,
			  u64 *version);
/* There may be a newer list; the next run, which should be soon, looks. */
void sfs_quorum_reread_list(struct sfs_quorum *q);
/* The version that elections and leases go by. */
u64 sfs_quorum_list_version(struct sfs_quorum *q);

/*
 * Who led before, not counting this mount, and did not step down: has to be fenced.
 * 0, -ENOENT: nobody (any more), -EIO.
 */
int sfs_quorum_next_stale_leader(struct sfs_quorum *q, unsigned int *slot,
				 u64 *rid, u64 *term);
/* It is fenced: durably noted, for whoever leads later.  0 or -EIO. */
int sfs_quorum_clear_stale_leader(struct sfs_quorum *q, unsigned int slot,
				  u64 rid);

/**
 * struct sfs_quorum_status - for the ABI's quorum/status and netlink
 * @slot: own
 * @slots: bit mask of the slots, by the newest list that is known
 * @list_version: of that list
 * @term: current
 * @role: enum sfs_quorum_role
 * @leader_slot: -1: none known
 * @vote_for: slot voted for in this term, -1: none
 * @vote_bits: slots whose votes were received
 * @timeout_ns: when the next timeout is, CLOCK_MONOTONIC
 * @leader_term: term in which this mount led last, 0: never
 * @peer: per slot: newest message sent and received: term, type, time (0: none)
 */
struct sfs_quorum_status {
	unsigned int slot;
	u32 slots;
	u64 list_version;
	u64 term;
	enum sfs_quorum_role role;
	int leader_slot;
	int vote_for;
	u32 vote_bits;
	u64 timeout_ns;
	u64 leader_term;
	struct {
		u64 send_term, send_ns, recv_term, recv_ns;
		u8 send_type, recv_type;
	} peer[SFS_QUORUM_SLOTS_MAX];
};

void sfs_quorum_status(struct sfs_quorum *q, struct sfs_quorum_status *st);

/*
 * Who leads, from the device alone: for mounts without a slot.  The one of @slots whose
 * page says that it leads in the highest term; -ENOENT: none; -EIO.
 */
int sfs_quorum_find_leader(struct sfs_volume *vol, u32 slots,
			   unsigned int *slot, u64 *term, u64 *rid);
/*
 * Page of a slot, the newer of two copies; zeroes when both are blank or damaged.
 * @room is for the other copy.  0 or -EIO.
 */
int sfs_quorum_page_read(struct sfs_volume *vol, unsigned int slot,
			 struct sfs_quorum_page *page,
			 struct sfs_quorum_page *room);
/* Which of the two counts: 0 or 1; -ENOENT: none is sound. */
int sfs_quorum_newest_copy(const struct sfs_quorum_page *first,
			   const struct sfs_quorum_page *second, u64 fsid,
			   unsigned int slot);
/* Seals the page and writes both copies, durable on return. */
int sfs_quorum_page_write(struct sfs_volume *vol, unsigned int slot,
			  struct sfs_quorum_page *page);
/* The same of one copy, in turns: nothing but the beat is new. */
int sfs_quorum_page_beat(struct sfs_volume *vol, unsigned int slot,
			 struct sfs_quorum_page *page);

/* Before the first write of a page that another mount may have written last. */
static inline void sfs_quorum_page_overtake(struct sfs_quorum_page *page)
{
	le64_add_cpu(&page->hdr.seq, 2);
}

#endif
