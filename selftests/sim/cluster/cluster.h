/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cluster simulator: several mounts of one volume in one process.
 *
 * fiber.c	fibers, the virtual clock, the schedule
 * global.c	mutexes of the whole process
 * disk.c	the shared devices
 * master.c	lock provider "sim": one lock master for all machines
 * rpc.c	leader services as requests to the leader's fibers
 * full.c	instead of these two: the product's own provider and sessions
 * transport.c	what the sessions go over: transport "sim"
 * oracle.c	what the namespace should be, with an undo log per mount
 * ops.c	operations of the workload and their places in the order
 * node.c	machines: mounting, unmounting, dying, being recovered
 * worker.c	what runs their work queues
 * run.c	one seed from mkfs to the last check
 * main.c	many seeds
 *
 * Mounting is the only way in which a machine knows of the others; the leader
 * is a machine of its own, which dies only with all others.  With the whole stack
 * the machines elect one of them.
 */
#ifndef CL_CLUSTER_H
#define CL_CLUSTER_H

#include "disk.h"
#include "fs/coord/coord.h"
#include "fs/ns/fs.h"
#include "fs/ns/ns.h"

enum {
	CL_NODES	= 4,
	CL_FIBERS	= 3,	/* of the workload, per machine */
	CL_INODE_LOCKS	= 16,
	CL_MOUNTS	= 512,	/* of a run */
};

enum cl_node_state {
	CL_NODE_DOWN,
	CL_NODE_STARTING,
	CL_NODE_UP,
	CL_NODE_STOPPING,	/* its fibers end, then it unmounts */
	CL_NODE_DEAD,		/* until it is recovered */
};

/**
 * struct cl_node - a machine; a new one for each mount
 * @nr: place in the cluster
 * @mount: counts all mounts of the run, from 1
 * @state: enum cl_node_state
 * @dev: its ways to the devices
 * @vol: volume
 * @fs: mount
 * @rid: of the mount
 * @peer: how the leader knows it
 * @watching: worker that looks for items of its work queues
 * @idle_workers: the others that have nothing to do
 * @nr_workers: so far
 * @nr_fibers: of the workload that still run
 * @nr_folds: of its log for others' recoveries
 * @nr_ops: left for each of its fibers
 * @nr_calls: leader requests being executed
 * @nr_messages: lock messages to the master on their way
 * @inode_lock: like the VFS's: one change of a file's data at a time
 * @rename_lock: like the VFS's: one rename between directories at a time
 * @synced: steps of the model up to here are known to be durable
 * @is_rolled_back: the model has only what its record says
 * @cluster: its part in the cluster, since it leads or led
 * @withdraw_work: ends waits for others
 * @is_fenced: nothing of it runs or lands any more
 * @is_paused: its fibers do not run
 * @resumed_ns: when they did again
 * @stall_until_ns: its reads and writes take at least until then
 * @drift_permille: how much faster its clock runs
 * @started_ns: when it began to mount
 * @is_calm: was mounted when nothing happens any more
 * @is_clean: was unmounted in good order
 * @is_last: stays down then
 */
struct cl_node {
	unsigned int nr;
	unsigned int mount;
	enum cl_node_state state;
	struct cl_dev dev[SIM_NR_DEVS];
	struct sfs_volume vol;
	struct sfs_fs *fs;
	u64 rid;
	struct sfs_coord_peer peer;
	struct cl_worker *watching;
	struct list_head idle_workers;
	unsigned int nr_workers;
	unsigned int nr_fibers;
	unsigned int nr_folds;
	unsigned int nr_ops;
	unsigned int nr_calls;
	unsigned int nr_messages;
	struct mutex inode_lock[CL_INODE_LOCKS];
	struct mutex rename_lock;
	size_t synced;
	bool is_rolled_back;
	struct sfs_cluster *cluster;
	struct work_struct withdraw_work;
	bool is_fenced;
	bool is_paused;
	u64 resumed_ns;
	u64 stall_until_ns;
	int drift_permille;
	u64 started_ns;
	bool is_calm;
	bool is_clean;
	bool is_last;
};

struct cl_opts {
	u64 seed;
	bool is_full;
	bool is_verbose;
};

/* What happened in a run, for the result line. */
struct cl_stat {
	u64 nr_ops;
	u64 nr_crashes;
	u64 nr_recoveries;
	u64 nr_remounts;
	u64 nr_enospc;
	u64 nr_power_losses;
	u64 nr_leaders;
	u64 nr_fences;
	u64 nr_withdrawn;
};

/**
 * struct cluster - the only one
 * @node: machines by place, NULL: none yet
 * @nr_nodes: places
 * @mount: all mounts so far
 * @nr_mounts: their number
 * @leader: shared by all; NULL with the whole stack
 * @leader_dev: its ways to the devices
 * @leader_vol: its volume
 * @stat: what happened
 * @is_full: the whole stack
 * @pace_ns: longest pause between operations
 * @lazy_percent: of work items that begin late
 * @nr_done: machines that stay down
 */
struct cluster {
	struct cl_node *node[CL_NODES];
	unsigned int nr_nodes;
	struct cl_node *mount[CL_MOUNTS];
	unsigned int nr_mounts;
	struct sfs_leader *leader;
	struct cl_dev leader_dev[SIM_NR_DEVS];
	struct sfs_volume leader_vol;
	struct cl_stat stat;
	bool is_full;
	u64 pace_ns;
	unsigned int lazy_percent;
	unsigned int nr_done;
};

extern struct cluster cl;

/* Deliberate mistakes of the cluster's own parts: cl_mistake(NAME). */
extern const char *cl_mistake_name;
bool cl_mistake(const char *name);

/* ---- node.c -------------------------------------------------------------------- */

struct cl_node *cl_node_start(unsigned int nr, unsigned int nr_ops);
void cl_node_crash(struct cl_node *node);
/* After a crash: fence, recover, release the locks. */
void cl_node_recover(struct cl_node *node);
struct cl_node *cl_node_current(void);
/* for cl_drift_permille */
int cl_node_drift(const struct cl_node *node);
/* It has lost its place in the cluster: whatever it does may fail. */
bool cl_node_is_lost(const struct cl_node *node);
/* Commits are short: look for one to interrupt. */
void cl_wait_for_write(const struct cl_node *node);

/* ---- worker.c ------------------------------------------------------------------ */

void cl_workers_start(struct cl_node *node);
/* The machine is down. */
void cl_workers_stop(struct cl_node *node);

/* ---- master.c ------------------------------------------------------------------ */

void cl_master_init(void);
/* Messages of the machine that are on their way may be lost. */
void cl_master_node_died(struct cl_node *node);
/* It is fenced: no message of it comes any more. */
void cl_master_node_stopped(struct cl_node *node);
/* The root map has all roots: it knows better than the values of what it held. */
void cl_master_drop_values(struct cl_node *node);
/* It is recovered: others may have what it held. */
void cl_master_node_recovered(struct cl_node *node);
/* Who holds and waits for what. */
void cl_master_print(void);
/* Nobody holds or waits for anything, or the run fails. */
void cl_master_check_idle(void);

/* ---- rpc.c --------------------------------------------------------------------- */

void cl_rpc_start(void);
/* struct sfs_coord's call; arg is the node */
int cl_coord_call(void *arg, u8 type, const void *req, unsigned int req_len,
		  void *reply, unsigned int *reply_len);
void cl_rpc_node_died(struct cl_node *node);
/* Until none of the machine's requests is being executed. */
void cl_rpc_drain(struct cl_node *node);

/* ---- ops.c --------------------------------------------------------------------- */

void cl_workload_fiber(void *arg);
void cl_background_fiber(void *arg);
/* Compare a mounted volume with the model. */
void cl_verify(struct sfs_fs *fs, struct sfs_dev *data);

/* ---- run.c --------------------------------------------------------------------- */

void cl_run(const struct cl_opts *opts);

#endif
