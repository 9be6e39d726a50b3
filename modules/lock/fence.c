// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fence requests, see fence.h.
 *
 * A request is answered once, by an agent, by its time-out, or not at all when it
 * is ended before.  The answer is taken under the list's lock and passed on by a
 * work item, which sfs_fence_end() waits for.
 */
#include "lock/fence.h"

struct sfs_fence {
	struct list_head link;
	struct sfs_fence_info info;	/* but elapsed_ms */
	u64 since_ns;
	bool is_answered;
	int error;
	void (*done)(void *arg, int error);
	void *arg;
	struct delayed_work timeout_work;
	struct work_struct done_work;
};

static DEFINE_MUTEX(sfs_fences_lock);	/* both lists, and the answers */
static LIST_HEAD(sfs_fences);
static LIST_HEAD(sfs_fence_listeners);

static const char * const sfs_fence_reason_names[] = {
	[SFS_FENCE_CLIENT_RECOVERY]	= "client_recovery",
	[SFS_FENCE_CLIENT_RECONNECT]	= "client_reconnect",
	[SFS_FENCE_QUORUM_BLOCK_LEADER]	= "quorum_block_leader",
};

/**
 * sfs_fence_reason_name() - a reason's name in the ABI
 * @reason: enum sfs_fence_reason
 *
 * Return: the name; "unknown" for what is none.
 */
const char *sfs_fence_reason_name(enum sfs_fence_reason reason)
{
	if (reason < SFS_FENCE_CLIENT_RECOVERY ||
	    reason > SFS_FENCE_QUORUM_BLOCK_LEADER)
		return "unknown";
	return sfs_fence_reason_names[reason];
}
EXPORT_SYMBOL_GPL(sfs_fence_reason_name);

static struct sfs_fence_info sfs_fence_info(const struct sfs_fence *fence)
{
	struct sfs_fence_info info = fence->info;

	info.elapsed_ms = div_u64(ktime_get_ns() - fence->since_ns,
				  NSEC_PER_MSEC);
	return info;
}

static void sfs_fence_announce_locked(const struct sfs_fence *fence,
				      bool is_new)
{
	struct sfs_fence_info info = sfs_fence_info(fence);
	struct sfs_fence_listener *listener;

	lockdep_assert_held(&sfs_fences_lock);
	list_for_each_entry(listener, &sfs_fence_listeners, list)
		listener->changed(listener, &info, is_new);
}

/* ---- answers ------------------------------------------------------------------------ */

static void sfs_fence_done_work(struct work_struct *work)
{
	struct sfs_fence *fence = container_of(work, struct sfs_fence,
					       done_work);

	fence->done(fence->arg, fence->error);
}

static void sfs_fence_answer_locked(struct sfs_fence *fence, int error)
{
	lockdep_assert_held(&sfs_fences_lock);
	fence->is_answered = true;
	fence->error = error;
	fence->info.is_fenced = !error;
	fence->info.is_error = error;
	queue_work(system_unbound_wq, &fence->done_work);
}

static void sfs_fence_timeout_work(struct work_struct *work)
{
	struct sfs_fence *fence = container_of(to_delayed_work(work),
					       struct sfs_fence, timeout_work);

	mutex_lock(&sfs_fences_lock);
	if (!fence->is_answered)
		sfs_fence_answer_locked(fence, -ETIMEDOUT);
	mutex_unlock(&sfs_fences_lock);
}

/**
 * sfs_fence_answer() - pass on what an agent says
 * @fsid: volume
 * @owner: rid of the mount that asked
 * @rid: mount that was to be fenced
 * @is_fenced: it cannot write any more; false: the agent failed
 *
 * Context: Process context; takes the lock of all requests.
 * Return: 0, -ENOENT when there is no such request without an answer.
 */
int sfs_fence_answer(u64 fsid, u64 owner, u64 rid, bool is_fenced)
{
	struct sfs_fence *fence;
	int ret = -ENOENT;

	mutex_lock(&sfs_fences_lock);
	list_for_each_entry(fence, &sfs_fences, link) {
		if (fence->info.fsid != fsid || fence->info.owner != owner ||
		    fence->info.rid != rid || fence->is_answered)
			continue;
		sfs_fence_answer_locked(fence, is_fenced ? 0 : -EIO);
		ret = 0;
		break;
	}
	mutex_unlock(&sfs_fences_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(sfs_fence_answer);

/* ---- requests ----------------------------------------------------------------------- */

/* Described in fence.h. */
struct sfs_fence *sfs_fence_start(u64 fsid, u64 owner, u64 rid,
				  const struct sfs_net_addr *addr,
				  enum sfs_fence_reason reason,
				  unsigned int timeout_ms,
				  void (*done)(void *arg, int error),
				  void *arg)
{
	struct sfs_fence *fence = kzalloc(sizeof(*fence), GFP_NOFS);

	if (!fence)
		return ERR_PTR(-ENOMEM);
	fence->info.fsid = fsid;
	fence->info.owner = owner;
	fence->info.rid = rid;
	fence->info.addr = *addr;
	fence->info.reason = reason;
	fence->since_ns = ktime_get_ns();
	fence->done = done;
	fence->arg = arg;
	INIT_DELAYED_WORK(&fence->timeout_work, sfs_fence_timeout_work);
	INIT_WORK(&fence->done_work, sfs_fence_done_work);
	mutex_lock(&sfs_fences_lock);
	list_add_tail(&fence->link, &sfs_fences);
	queue_delayed_work(system_unbound_wq, &fence->timeout_work,
			   msecs_to_jiffies(timeout_ms));
	sfs_fence_announce_locked(fence, true);
	mutex_unlock(&sfs_fences_lock);
	return fence;
}
EXPORT_SYMBOL_GPL(sfs_fence_start);

/* Described in fence.h. */
void sfs_fence_end(struct sfs_fence *fence)
{
	mutex_lock(&sfs_fences_lock);
	fence->is_answered = true;	/* whoever comes now is late */
	list_del_init(&fence->link);
	sfs_fence_announce_locked(fence, false);
	mutex_unlock(&sfs_fences_lock);
	cancel_delayed_work_sync(&fence->timeout_work);
	cancel_work_sync(&fence->done_work);
	kfree(fence);
}
EXPORT_SYMBOL_GPL(sfs_fence_end);

/* Described in fence.h. */
void sfs_fence_for_each(bool (*fn)(void *arg, const struct sfs_fence_info *info),
			void *arg)
{
	struct sfs_fence_info info;
	struct sfs_fence *fence;

	mutex_lock(&sfs_fences_lock);
	list_for_each_entry(fence, &sfs_fences, link) {
		info = sfs_fence_info(fence);
		if (!fn(arg, &info))
			break;
	}
	mutex_unlock(&sfs_fences_lock);
}
EXPORT_SYMBOL_GPL(sfs_fence_for_each);

/* ---- listeners ------------------------------------------------------------------------ */

/**
 * sfs_fence_listen() - hear of requests
 * @listener: filled in, but for its list
 *
 * It hears of those that are open at once.
 * Context: Process context; changed() is called under the lock of all requests.
 */
void sfs_fence_listen(struct sfs_fence_listener *listener)
{
	struct sfs_fence_info info;
	struct sfs_fence *fence;

	mutex_lock(&sfs_fences_lock);
	list_add_tail(&listener->list, &sfs_fence_listeners);
	list_for_each_entry(fence, &sfs_fences, link) {
		info = sfs_fence_info(fence);
		listener->changed(listener, &info, true);
	}
	mutex_unlock(&sfs_fences_lock);
}
EXPORT_SYMBOL_GPL(sfs_fence_listen);

/* Described in fence.h. */
void sfs_fence_unlisten(struct sfs_fence_listener *listener)
{
	mutex_lock(&sfs_fences_lock);
	list_del_init(&listener->list);
	mutex_unlock(&sfs_fences_lock);
}
EXPORT_SYMBOL_GPL(sfs_fence_unlisten);
