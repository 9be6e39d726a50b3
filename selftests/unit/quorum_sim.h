/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small cluster that elects, see quorum_sim.c.  There is one of it in a program.
 */
#ifndef QUORUM_SIM_H
#define QUORUM_SIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <ucontext.h>

#include <cmocka.h>

#include "lock/cluster/quorum_priv.h"
#include "port_user.h"

#define QS_NODES	5
#define T_MS		2000
#define MS		1000000ULL

struct qs_node {
	ucontext_t ctx;
	char *stack;
	void *fake_stack;
	bool is_alive;
	bool is_new;		/* its fiber has not begun */
	struct sfs_quorum *q;
	u64 rid;
	u64 rate;		/* of its clock, per mille */
	u64 wake_ns;		/* real time, U64_MAX: never */
	u64 until_ns;		/* does nothing before, real time */
	u64 restart_ns;
	u64 lease_ns;		/* own time */
	u64 last_term;
	bool is_leader;
	struct sfs_quorum_page writing;	/* may land after a crash */
	unsigned int writing_copy;
	bool is_writing;
	bool is_doomed;		/* crashes while it writes */
	struct sfs_quorum_page room;
	u64 told_config;	/* newest it has adopted, for MISTAKE */
	/* a list on its way into the super block */
	bool is_changing;
	bool has_landed;
	u64 lands_ns, done_ns;
	u64 new_version;
	u32 new_slots;
};

/*
 * The device, and per slot a write of a dead node that did not land yet.  What lands
 * late, or torn, spoils its copy until somebody writes it: one copy at a time.
 */
struct qs_slot_pages {
	struct sfs_quorum_page copy[2];
	bool is_spoilt[2];
	bool has_late;
	struct sfs_quorum_page late;
	unsigned int late_copy;
	u64 late_ns;
};

extern struct qs_node qs_nodes[QS_NODES];
extern struct qs_slot_pages qs_disk[QS_NODES];
extern struct sfs_volume qs_vol;
extern unsigned int qs_nr_nodes;	/* that there are at first */
extern u64 qs_now;
/* how bad it is */
extern unsigned int qs_loss_percent, qs_stall_permille, qs_late_percent;
extern const char *qs_mistake;
extern bool qs_is_fixed;		/* nobody changes slots */
/* what happened so far */
extern u64 qs_nr_elected, qs_nr_crashes, qs_nr_changes, qs_nr_lost_changes;
extern u64 qs_nr_late;

/* port_clock and port_clock_advance */
u64 qs_clock(void);
void qs_advance(u64 until_ns);

/* The numbers of a seed from here on. */
void qs_begin(u64 seed);
u64 qs_rnd(u64 below);
/* An empty device with so many slots, and nobody is there. */
void qs_clear(unsigned int count);
/* The same with a node in each. */
void qs_reset(unsigned int count);
void qs_run_until(u64 end);
/* Somebody crashes, stands still, is cut off, or all is connected again. */
void qs_trouble(void);
/* Everybody who is there works, and so does all between them. */
void qs_heal(void);
/* Those that have a slot, but for some that stay away. */
void qs_start_nodes(bool all);
void qs_node_start(struct qs_node *n);
void qs_node_crash(struct qs_node *n);
bool qs_has_lease(const struct qs_node *n);
bool qs_is_led(void);
void qs_check_lists(void);
void qs_failed(const char *why, const struct qs_node *n);

#endif
