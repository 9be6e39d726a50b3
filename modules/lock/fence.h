/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fence requests: making sure that a mount which is lost cannot write any more.
 *
 *	requested --agent: fenced--> done, 0
 *	          \--agent: error, or no answer in time--> done, -errno
 *	          \--cancelled: nobody is told
 *
 * The leader asks, an agent in userspace acts: requests are shown through the
 * ABI's sysfs directories and announced over netlink, answers come back the
 * same ways.  The failure of an agent is an error and never a success.
 *
 * Requests belong to the mount that leads, known by its volume and rid.
 */
#ifndef SFS_LOCK_FENCE_H
#define SFS_LOCK_FENCE_H

#include "net/net.h"

enum { SFS_FENCE_TIMEOUT_MS = 30000 };

enum sfs_fence_reason {
	SFS_FENCE_CLIENT_RECOVERY	= 1,	/* did not come back to a new leader */
	SFS_FENCE_CLIENT_RECONNECT	= 2,	/* was lost */
	SFS_FENCE_QUORUM_BLOCK_LEADER	= 3,	/* led before and did not step down */
};

struct sfs_fence;

/**
 * sfs_fence_start() - ask for a mount to be fenced
 * @fsid: volume
 * @owner: rid of the mount that asks
 * @rid: mount to fence
 * @addr: where it was last seen; family 0: not known
 * @reason: why
 * @timeout_ms: answer with -ETIMEDOUT after so long
 * @done: called once, unless cancelled, in process context; may sleep
 * @arg: passed to it
 *
 * Return: the request, or ERR_PTR(-ENOMEM).
 */
struct sfs_fence *sfs_fence_start(u64 fsid, u64 owner, u64 rid,
				  const struct sfs_net_addr *addr,
				  enum sfs_fence_reason reason,
				  unsigned int timeout_ms,
				  void (*done)(void *arg, int error),
				  void *arg);
/* Ends the request and frees it; waits for done() if it runs. Also after it ran. */
void sfs_fence_end(struct sfs_fence *fence);

/* ---- for those who show requests and pass answers on ----------------------- */

/* The agent's answer: -ENOENT when there is no such open request. */
int sfs_fence_answer(u64 fsid, u64 owner, u64 rid, bool is_fenced);

struct sfs_fence_info {
	u64 fsid;
	u64 owner;
	u64 rid;
	struct sfs_net_addr addr;
	enum sfs_fence_reason reason;
	u64 elapsed_ms;
	bool is_fenced;
	bool is_error;
};

/* "client_recovery" and so on, as in the ABI */
const char *sfs_fence_reason_name(enum sfs_fence_reason reason);
/* Visit all requests; fn returns false to end and must not sleep. */
void sfs_fence_for_each(bool (*fn)(void *arg, const struct sfs_fence_info *info),
			void *arg);

/**
 * struct sfs_fence_listener - who wants to hear of requests
 * @changed: a request was made (@is_new), or it is over
 * @list: fence.c's
 */
struct sfs_fence_listener {
	void (*changed)(struct sfs_fence_listener *listener,
			const struct sfs_fence_info *info, bool is_new);
	struct list_head list;
};

void sfs_fence_listen(struct sfs_fence_listener *listener);
void sfs_fence_unlisten(struct sfs_fence_listener *listener);

#endif
