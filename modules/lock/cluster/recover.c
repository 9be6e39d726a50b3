// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members that are lost: fencing, and taking back what they had.
 *
 * Nothing a lost member held is touched before it is known that it cannot write
 * any more.  Then all others bring their logs into the root map, and the roots of
 * the lost join them: from here on the root map is the truth about every group
 * that no live member holds in EX, and values of the lost one's locks are
 * forgotten.  Only then its space, its slot and its locks are free.
 *
 * Several members lost at a time are recovered together, when all are fenced.
 */
#include "lock/cluster/cluster.h"

/* A mount without a slot changed nothing, and needs no fencing. */
static bool sfs_cl_is_in_table(struct sfs_cluster *c, u64 rid)
{
	u64 next = rid - 1;
	int ret = c->ops->next_member(c->arg, &next);

	/* not knowing is as bad as knowing that it is */
	return ret ? ret != -ENOENT : next == rid;
}

/* ---- losing a member ---------------------------------------------------- */

static void sfs_cl_fence_done(void *arg, int error)
{
	struct sfs_cl_peer *peer = arg;
	struct sfs_cluster *c = peer->c;

	mutex_lock(&c->members_lock);
	peer->fence_error = error;
	peer->is_fence_done = true;
	if (!error)
		peer->state = SFS_CL_PEER_FENCED;
	mutex_unlock(&c->members_lock);
	if (error == -ETIMEDOUT)
		sfs_cl_err(c, "nobody fenced rid %016llx", peer->rid);
	else if (error)
		sfs_cl_err(c, "error indicated by fence action for rid %016llx",
			   peer->rid);
	else
		sfs_cl_info(c, "rid %016llx is fenced", peer->rid);
	sfs_cl_lead_kick(c);
}

/* Who may not lead any more does not judge others. */
static bool sfs_cl_may_judge(struct sfs_cluster *c)
{
	return ktime_get_ns() < READ_ONCE(c->quorum_lease_ns);
}

/* false: not begun, looking at the table took longer than the lease */
static bool sfs_cl_fence_peer(struct sfs_cluster *c, struct sfs_cl_peer *peer)
{
	struct sfs_fence *fence;

	/* it led before and has been fenced for that */
	if (xa_load(&c->fenced, peer->rid) ||
	    !sfs_cl_is_in_table(c, peer->rid)) {
		mutex_lock(&c->members_lock);
		peer->state = SFS_CL_PEER_FENCED;
		mutex_unlock(&c->members_lock);
		sfs_cl_lead_kick(c);
		return true;
	}
	if (!sfs_cl_may_judge(c))
		return false;
	sfs_cl_info(c, "rid %016llx is lost, asking for it to be fenced",
		    peer->rid);
	fence = sfs_fence_start(c->fsid, c->rid, peer->rid, &peer->addr,
				peer->reason, SFS_FENCE_TIMEOUT_MS,
				sfs_cl_fence_done, peer);
	if (IS_ERR(fence)) {
		sfs_cl_fence_done(peer, PTR_ERR(fence));
		return true;
	}
	mutex_lock(&c->members_lock);
	peer->fence = fence;
	mutex_unlock(&c->members_lock);
	return true;
}

static bool sfs_cl_is_silent_locked(struct sfs_cluster *c,
				    const struct sfs_cl_peer *peer, u64 now_ns)
{
	lockdep_assert_held(&c->members_lock);
	if (peer->state == SFS_CL_EXPECTED)
		return xa_load(&c->fenced, peer->rid) ||
		       now_ns >= c->gather_until_ns;
	return now_ns >= peer->heard_ns +
			 peer->timeout_ms * (u64)NSEC_PER_MSEC;
}

/*
 * The next one that has been silent for too long, referenced and marked LOST; or one
 * that is LOST without having been asked for to be fenced.
 */
static struct sfs_cl_peer *sfs_cl_next_silent(struct sfs_cluster *c, u64 now_ns)
{
	struct sfs_cl_peer *peer, *found = NULL;

	mutex_lock(&c->members_lock);
	list_for_each_entry(peer, &c->members, link) {
		if (peer->state == SFS_CL_PEER_LOST) {
			if (peer->fence || peer->is_fence_done)
				continue;
		} else if (peer->state > SFS_CL_PEER_LOST ||
			   peer->rid == c->rid ||
			   !sfs_cl_is_silent_locked(c, peer, now_ns)) {
			continue;
		} else {
			peer->reason = peer->state == SFS_CL_EXPECTED ?
				       SFS_FENCE_CLIENT_RECOVERY :
				       SFS_FENCE_CLIENT_RECONNECT;
			peer->state = SFS_CL_PEER_LOST;
			peer->is_fence_done = false;
			if (peer->session)
				sfs_net_close(peer->session);
		}
		refcount_inc(&peer->refs);
		found = peer;
		break;
	}
	mutex_unlock(&c->members_lock);
	return found;
}

void sfs_cl_recover_look(struct sfs_cluster *c, u64 now_ns)
{
	struct sfs_cl_peer *peer;
	bool is_begun = true;

	while (is_begun && sfs_cl_may_judge(c) &&
	       (peer = sfs_cl_next_silent(c, now_ns)) != NULL) {
		sfs_lock_master_stop(c->master, peer->rid);
		is_begun = sfs_cl_fence_peer(c, peer);
		sfs_cl_peer_put(peer);
	}
}

/* ---- taking back -------------------------------------------------------- */

struct sfs_cl_count {
	unsigned int nr[SFS_CL_PEER_FENCED + 1];
	int fence_error;
};

static void sfs_cl_count_peers(struct sfs_cluster *c, struct sfs_cl_count *count)
{
	struct sfs_cl_peer *peer;

	memset(count, 0, sizeof(*count));
	mutex_lock(&c->members_lock);
	list_for_each_entry(peer, &c->members, link) {
		count->nr[peer->state]++;
		if (peer->state == SFS_CL_PEER_LOST && peer->is_fence_done)
			count->fence_error = peer->fence_error;
	}
	mutex_unlock(&c->members_lock);
}

bool sfs_cl_recover_is_over(struct sfs_cluster *c)
{
	struct sfs_cl_count count;

	sfs_cl_count_peers(c, &count);
	return !count.nr[SFS_CL_EXPECTED] && !count.nr[SFS_CL_PEER_JOINING] &&
	       !count.nr[SFS_CL_PEER_LOST] && !count.nr[SFS_CL_PEER_FENCED];
}

/* The n-th ready member's session, referenced; NULL past the last. */
static struct sfs_net_peer *sfs_cl_nth_ready(struct sfs_cluster *c,
					     unsigned int n)
{
	struct sfs_net_peer *session = NULL;
	struct sfs_cl_peer *peer;

	mutex_lock(&c->members_lock);
	list_for_each_entry(peer, &c->members, link) {
		if (peer->state != SFS_CL_PEER_READY || n--)
			continue;
		session = peer->session;
		if (session)
			sfs_net_peer_get(session);
		else	/* about to be lost: it has not folded */
			session = ERR_PTR(-ENOTCONN);
		break;
	}
	mutex_unlock(&c->members_lock);
	return session;
}

static int sfs_cl_fold_one(struct sfs_net_peer *session)
{
	struct sfs_cl_status_msg status;
	u32 len;
	int ret;

	ret = sfs_net_call(session, SFS_CL_CALL_FOLD, NULL, 0, &status,
			   sizeof(status), &len, false);
	if (!ret && len != sizeof(status))
		ret = -EPROTO;
	return ret ?: status.is_error ? -EIO : 0;
}

/* An error: somebody is about to be lost; it comes again. */
static int sfs_cl_fold_all(struct sfs_cluster *c)
{
	struct sfs_net_peer *session;
	unsigned int n;
	int ret = 0;

	for (n = 0; !ret; n++) {
		session = sfs_cl_nth_ready(c, n);
		if (!session)
			break;
		if (IS_ERR(session))
			return PTR_ERR(session);
		ret = sfs_cl_fold_one(session);
		sfs_net_peer_put(session);
	}
	return ret;
}

/* The first that is fenced, with its roots in the root map or not; NULL. */
static struct sfs_cl_peer *sfs_cl_next_fenced(struct sfs_cluster *c,
					      bool has_roots)
{
	struct sfs_cl_peer *peer, *found = NULL;

	mutex_lock(&c->members_lock);
	list_for_each_entry(peer, &c->members, link) {
		if (peer->state != SFS_CL_PEER_FENCED ||
		    peer->has_roots != has_roots)
			continue;
		refcount_inc(&peer->refs);
		found = peer;
		break;
	}
	mutex_unlock(&c->members_lock);
	return found;
}

static int sfs_cl_recover_roots(struct sfs_cluster *c)
{
	struct sfs_cl_peer *peer;
	int ret = 0;

	while (!ret && (peer = sfs_cl_next_fenced(c, false))) {
		ret = c->ops->recover_roots(c->arg, peer->rid);
		peer->has_roots = !ret;
		sfs_cl_peer_put(peer);
	}
	return ret;
}

static void sfs_cl_fence_end(struct sfs_cluster *c, struct sfs_cl_peer *peer)
{
	struct sfs_fence *fence;

	mutex_lock(&c->members_lock);
	fence = peer->fence;
	peer->fence = NULL;
	mutex_unlock(&c->members_lock);
	if (fence)
		sfs_fence_end(fence);
}

static int sfs_cl_recover_one(struct sfs_cluster *c, struct sfs_cl_peer *peer)
{
	int ret;

	sfs_lock_master_drop_values(c->master, peer->rid);
	ret = c->ops->recover(c->arg, peer->rid);
	if (ret)
		return ret;
	sfs_lock_master_remove(c->master, peer->rid);
	sfs_cl_info(c, "rid %016llx is recovered", peer->rid);
	sfs_cl_fence_end(c, peer);
	sfs_cl_peer_remove(c, peer);
	return 0;
}

/* What still runs for the lost ends first. */
static void sfs_cl_close_fenced(struct sfs_cluster *c)
{
	struct sfs_cl_peer *peer;

	for (;;) {
		mutex_lock(&c->members_lock);
		list_for_each_entry(peer, &c->members, link)
			if (peer->state == SFS_CL_PEER_FENCED && peer->session)
				break;
		if (list_entry_is_head(peer, &c->members, link))
			peer = NULL;
		else
			refcount_inc(&peer->refs);
		mutex_unlock(&c->members_lock);
		if (!peer)
			return;
		sfs_cl_peer_close(peer);
		sfs_cl_peer_put(peer);
	}
}

int sfs_cl_recover_run(struct sfs_cluster *c)
{
	struct sfs_cl_count count;
	struct sfs_cl_peer *peer;
	int ret;

	sfs_cl_count_peers(c, &count);
	if (count.fence_error)
		return count.fence_error;
	if (!count.nr[SFS_CL_PEER_FENCED] || count.nr[SFS_CL_PEER_LOST])
		return 0;
	/* their logs are not in the root map before they are ready */
	if (c->lead_state == SFS_CL_GATHERING &&
	    (count.nr[SFS_CL_EXPECTED] || count.nr[SFS_CL_PEER_JOINING]))
		return 0;
	sfs_cl_close_fenced(c);
	if (sfs_cl_fold_all(c))
		return 0;
	ret = sfs_cl_recover_roots(c);
	if (ret)
		return ret;
	/* fenced meanwhile: its roots are not in the root map yet */
	sfs_cl_count_peers(c, &count);
	if (count.nr[SFS_CL_PEER_LOST])
		return 0;
	/* others may be fenced meanwhile: in the next round */
	while (!ret && (peer = sfs_cl_next_fenced(c, true))) {
		ret = sfs_cl_recover_one(c, peer);
		sfs_cl_peer_put(peer);
	}
	return ret;
}

/* Whoever has a request that is open, referenced; NULL. */
static struct sfs_cl_peer *sfs_cl_next_request(struct sfs_cluster *c)
{
	struct sfs_cl_peer *peer, *found = NULL;

	mutex_lock(&c->members_lock);
	list_for_each_entry(peer, &c->members, link) {
		if (!peer->fence)
			continue;
		refcount_inc(&peer->refs);
		found = peer;
		break;
	}
	mutex_unlock(&c->members_lock);
	return found;
}

void sfs_cl_recover_cancel(struct sfs_cluster *c)
{
	struct sfs_cl_peer *peer;

	while ((peer = sfs_cl_next_request(c)) != NULL) {
		sfs_cl_fence_end(c, peer);
		sfs_cl_peer_put(peer);
	}
}

/* ---- leaders of before -------------------------------------------------- */

struct sfs_cl_stale {
	struct sfs_cluster *c;
	bool is_done;
	int error;
};

static void sfs_cl_stale_done(void *arg, int error)
{
	struct sfs_cl_stale *stale = arg;

	stale->error = error;
	/* pairs with the acquire of who waits: the error is there */
	smp_store_release(&stale->is_done, true);
	sfs_cl_wake(stale->c);
}

static int sfs_cl_fence_stale(struct sfs_cluster *c, unsigned int slot, u64 rid)
{
	struct sfs_cl_stale stale = { .c = c };
	struct sfs_net_addr addr;
	struct sfs_fence *fence;

	sfs_cl_slot_addr(c, slot, &addr);
	sfs_cl_info(c, "rid %016llx led before and did not step down, asking for it to be fenced",
		    rid);
	fence = sfs_fence_start(c->fsid, c->rid, rid, &addr,
				SFS_FENCE_QUORUM_BLOCK_LEADER,
				SFS_CL_STALE_FENCE_MS, sfs_cl_stale_done,
				&stale);
	if (IS_ERR(fence))
		return PTR_ERR(fence);
	/* pairs with the release in sfs_cl_stale_done() */
	wait_event(c->wait, smp_load_acquire(&stale.is_done) ||
		   sfs_cl_is_down(c) ||
		   READ_ONCE(c->lead_state) != SFS_CL_ELECTED);
	sfs_fence_end(fence);
	if (!stale.is_done)
		return -ESHUTDOWN;
	if (stale.error)
		sfs_cl_err(c, "error indicated by fence action for rid %016llx",
			   rid);
	return stale.error;
}

int sfs_cl_recover_stale_leaders(struct sfs_cluster *c)
{
	unsigned int slot;
	u64 rid, term;
	int ret;

	for (;;) {
		ret = sfs_quorum_next_stale_leader(c->quorum, &slot, &rid,
						   &term);
		if (ret)
			return ret == -ENOENT ? 0 : ret;
		ret = sfs_cl_fence_stale(c, slot, rid);
		if (!ret)
			ret = xa_err(xa_store(&c->fenced, rid, xa_mk_value(1),
					      GFP_NOFS));
		if (!ret)
			ret = sfs_quorum_clear_stale_leader(c->quorum, slot,
							    rid);
		if (ret)
			return ret;
	}
}
