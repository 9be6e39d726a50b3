// SPDX-License-Identifier: GPL-2.0-only
/*
 * File locks by message: the leader's side, see plock_serve.h.
 *
 * One mutex guards everything here and the table; nothing is waited for with it
 * held.  Each mount that is served has an object until it is dropped; its news
 * are told by a work item of its own, so that a mount that does not answer holds
 * up nobody else's.
 */
#include "fs/coord/plock_serve.h"
#include "fs/coord/proto.h"

enum {
	SFS_PLOCK_TELL_RETRY_MS	= 200,
};

/* The newest request of a lane. */
struct sfs_plock_lane {
	u64 id;
	int result;
};

/**
 * struct sfs_plock_peer - a mount that is served
 * @svc: service
 * @link: in the service's peers
 * @rid: mount
 * @begin_nr: number of its newest BEGIN, 0: none
 * @token: of that
 * @is_ready: it has told what it holds
 * @is_awaited: others wait until it has
 * @tell: tells it of decided waits
 * @lane: newest requests
 */
struct sfs_plock_peer {
	struct sfs_plock_service *svc;
	struct list_head link;
	u64 rid;
	u64 begin_nr;
	u64 token;
	bool is_ready;
	bool is_awaited;
	struct delayed_work tell;
	struct sfs_plock_lane lane[SFS_PLOCK_LANES];
};

/**
 * struct sfs_plock_service - the leader's file locks
 * @params: as given
 * @lock: guards all that follows and the peers
 * @table: locks
 * @peers: struct sfs_plock_peer
 * @nr_awaited: mounts that must tell what they hold before others are served
 * @wq: tells news
 */
struct sfs_plock_service {
	struct sfs_plock_service_params params;
	struct mutex lock;		/* all below */
	struct sfs_plock_table *table;
	struct list_head peers;
	unsigned int nr_awaited;
	struct workqueue_struct *wq;
};

/* ---- peers -------------------------------------------------------------- */

static struct sfs_plock_peer *
sfs_plock_peer_find_locked(struct sfs_plock_service *svc, u64 rid)
	__must_hold(&svc->lock)
{
	struct sfs_plock_peer *peer;

	list_for_each_entry(peer, &svc->peers, link) {
		if (peer->rid != rid)
			continue;
		/* who asks often is found fast */
		list_move(&peer->link, &svc->peers);
		return peer;
	}
	return NULL;
}

static void sfs_plock_tell_work(struct work_struct *work);

static struct sfs_plock_peer *
sfs_plock_peer_get_locked(struct sfs_plock_service *svc, u64 rid)
	__must_hold(&svc->lock)
{
	struct sfs_plock_peer *peer = sfs_plock_peer_find_locked(svc, rid);

	if (peer)
		return peer;
	peer = kzalloc(sizeof(*peer), GFP_NOFS);
	if (!peer)
		return NULL;
	peer->svc = svc;
	peer->rid = rid;
	INIT_DELAYED_WORK(&peer->tell, sfs_plock_tell_work);
	list_add(&peer->link, &svc->peers);
	return peer;
}

static void sfs_plock_await_locked(struct sfs_plock_peer *peer)
	__must_hold(&peer->svc->lock)
{
	struct sfs_plock_service *svc = peer->svc;

	if (peer->is_awaited)
		return;
	peer->is_awaited = true;
	if (!svc->nr_awaited++)
		sfs_plock_table_pause(svc->table);
}

static void sfs_plock_arrived_locked(struct sfs_plock_peer *peer)
	__must_hold(&peer->svc->lock)
{
	struct sfs_plock_service *svc = peer->svc;

	if (!peer->is_awaited)
		return;
	peer->is_awaited = false;
	if (!--svc->nr_awaited)
		sfs_plock_table_resume(svc->table);
}

int sfs_plock_service_expect(struct sfs_plock_service *svc, u64 rid)
{
	struct sfs_plock_peer *peer;

	mutex_lock(&svc->lock);
	peer = sfs_plock_peer_get_locked(svc, rid);
	if (peer)
		sfs_plock_await_locked(peer);
	mutex_unlock(&svc->lock);
	return peer ? 0 : -ENOMEM;
}

void sfs_plock_service_drop(struct sfs_plock_service *svc, u64 rid)
{
	struct sfs_plock_peer *peer;

	mutex_lock(&svc->lock);
	peer = sfs_plock_peer_find_locked(svc, rid);
	if (peer) {
		list_del(&peer->link);
		sfs_plock_drop_mount(svc->table, rid);
		sfs_plock_arrived_locked(peer);
	}
	mutex_unlock(&svc->lock);
	if (!peer)
		return;
	cancel_delayed_work_sync(&peer->tell);
	kfree(peer);
}

/* ---- news --------------------------------------------------------------- */

static void sfs_plock_decided_cb(void *arg, u64 rid)
{
	struct sfs_plock_service *svc = arg;
	struct sfs_plock_peer *peer = sfs_plock_peer_find_locked(svc, rid);

	/* no peer: it is being dropped */
	if (peer)
		mod_delayed_work(svc->wq, &peer->tell, 0);
}

static unsigned int sfs_plock_news(struct sfs_plock_peer *peer, __le64 *news)
{
	u64 ids[SFS_COORD_PLOCK_NEWS];
	unsigned int i, nr;

	mutex_lock(&peer->svc->lock);
	nr = sfs_plock_decided(peer->svc->table, peer->rid, ids,
			       SFS_COORD_PLOCK_NEWS);
	mutex_unlock(&peer->svc->lock);
	for (i = 0; i < nr; i++)
		news[i] = cpu_to_le64(ids[i]);
	return nr;
}

static void sfs_plock_tell_work(struct work_struct *work)
{
	struct sfs_plock_peer *peer = container_of(to_delayed_work(work),
						   struct sfs_plock_peer, tell);
	struct sfs_plock_service *svc = peer->svc;
	__le64 news[SFS_COORD_PLOCK_NEWS];
	unsigned int i, nr;
	u32 len = 0;
	u64 nothing;
	int ret;

	nr = sfs_plock_news(peer, news);
	if (!nr)
		return;
	ret = svc->params.ask(svc->params.arg, peer->rid, SFS_COORD_ASK_PLOCKS,
			      news, nr * sizeof(news[0]), &nothing,
			      sizeof(nothing), &len);
	mutex_lock(&svc->lock);
	for (i = 0; !ret && i < nr; i++)
		sfs_plock_told(svc->table, peer->rid, le64_to_cpu(news[i]));
	mutex_unlock(&svc->lock);
	/* more of them, or it was not there: until it is dropped, at last */
	queue_delayed_work(svc->wq, &peer->tell,
			   ret ? msecs_to_jiffies(SFS_PLOCK_TELL_RETRY_MS) : 0);
}

/* ---- telling a new leader ----------------------------------------------- */

static u64 sfs_plock_new_token(void)
{
	u64 token;

	/* unlike those of other leaders */
	do {
		token = get_random_u64();
	} while (!token);
	return token;
}

static void sfs_plock_begin_locked(struct sfs_plock_peer *peer, u64 nr)
	__must_hold(&peer->svc->lock)
{
	struct sfs_plock_service *svc = peer->svc;

	/* nobody else gets what it held before it had the time to say so */
	if (sfs_plock_has_mount(svc->table, peer->rid))
		sfs_plock_await_locked(peer);
	sfs_plock_drop_mount(svc->table, peer->rid);
	memset(peer->lane, 0, sizeof(peer->lane));
	peer->is_ready = false;
	peer->begin_nr = nr;
	peer->token = sfs_plock_new_token();
}

int sfs_plock_service_begin(struct sfs_plock_service *svc, u64 rid, u64 nr,
			    u64 *token)
{
	struct sfs_plock_peer *peer;
	int ret = -ENOMEM;

	mutex_lock(&svc->lock);
	peer = sfs_plock_peer_get_locked(svc, rid);
	if (peer) {
		if (nr > peer->begin_nr)
			sfs_plock_begin_locked(peer, nr);
		*token = peer->token;
		ret = nr == peer->begin_nr ? 0 : -ESTALE;
	}
	mutex_unlock(&svc->lock);
	return ret;
}

/*
 * -ESTALE: it was not this leader, or not this beginning, that it talks to.
 * -EBUSY: it was, but too early.
 */
static int sfs_plock_peer_check_locked(struct sfs_plock_service *svc, u64 rid,
				       u64 token, bool is_ready,
				       struct sfs_plock_peer **peer)
	__must_hold(&svc->lock)
{
	*peer = sfs_plock_peer_find_locked(svc, rid);
	if (!*peer || !(*peer)->token || (*peer)->token != token)
		return -ESTALE;
	if ((*peer)->is_ready == is_ready)
		return 0;
	/* sent by one who learned the new token before all was told */
	return is_ready ? -EBUSY : -ESTALE;
}

int sfs_plock_service_held(struct sfs_plock_service *svc, u64 rid, u64 token,
			   const struct sfs_plock *lock)
{
	struct sfs_plock_peer *peer;
	int ret;

	mutex_lock(&svc->lock);
	ret = sfs_plock_peer_check_locked(svc, rid, token, false, &peer);
	if (!ret)
		ret = sfs_plock_set(svc->table, rid, lock, 0);
	mutex_unlock(&svc->lock);
	return ret == -EAGAIN ? -EIO : ret;
}

int sfs_plock_service_end(struct sfs_plock_service *svc, u64 rid, u64 token)
{
	struct sfs_plock_peer *peer;
	int ret;

	mutex_lock(&svc->lock);
	ret = sfs_plock_peer_check_locked(svc, rid, token, false, &peer);
	if (!ret) {
		peer->is_ready = true;
		sfs_plock_arrived_locked(peer);
	} else if (peer && peer->token == token) {
		ret = 0;	/* the answer got lost */
	}
	mutex_unlock(&svc->lock);
	return ret;
}

/* ---- requests ----------------------------------------------------------- */

/*
 * Whether a request shall be done: 0, and *lane is where its result goes.  Else
 * the result, with *lane NULL.
 */
static int sfs_plock_admit_locked(struct sfs_plock_service *svc, u64 rid,
				  u64 token, u64 id,
				  struct sfs_plock_lane **lane)
	__must_hold(&svc->lock)
{
	struct sfs_plock_lane *newest;
	struct sfs_plock_peer *peer;
	int ret;

	*lane = NULL;
	ret = sfs_plock_peer_check_locked(svc, rid, token, true, &peer);
	if (ret)
		return ret;
	newest = &peer->lane[id % SFS_PLOCK_LANES];
	if (id < newest->id)
		return -ESTALE;
	if (id == newest->id)
		return newest->result;
	newest->id = id;
	/* remembered, too: the mount asks again under another id */
	newest->result = -EBUSY;
	if (svc->nr_awaited)
		return -EBUSY;
	*lane = newest;
	return 0;
}

int sfs_plock_service_set(struct sfs_plock_service *svc, u64 rid, u64 token,
			  u64 id, const struct sfs_plock *lock, bool is_wait)
{
	struct sfs_plock_lane *lane;
	int ret;

	mutex_lock(&svc->lock);
	ret = sfs_plock_admit_locked(svc, rid, token, id, &lane);
	if (lane) {
		ret = sfs_plock_set(svc->table, rid, lock, is_wait ? id : 0);
		lane->result = ret;
	}
	mutex_unlock(&svc->lock);
	return ret;
}

/* What is said of a wait: it is over, or given up. */
static int sfs_plock_service_end_wait(struct sfs_plock_service *svc, u64 rid,
				      u64 token, u64 id, u64 wait_id,
				      int (*fn)(struct sfs_plock_table *table,
						u64 rid, u64 id))
{
	struct sfs_plock_lane *lane;
	int ret;

	mutex_lock(&svc->lock);
	ret = sfs_plock_admit_locked(svc, rid, token, id, &lane);
	if (lane) {
		ret = fn(svc->table, rid, wait_id);
		lane->result = ret;
	}
	mutex_unlock(&svc->lock);
	return ret;
}

int sfs_plock_service_accept(struct sfs_plock_service *svc, u64 rid, u64 token,
			     u64 id, u64 wait_id)
{
	return sfs_plock_service_end_wait(svc, rid, token, id, wait_id,
					  sfs_plock_accept);
}

int sfs_plock_service_cancel(struct sfs_plock_service *svc, u64 rid, u64 token,
			     u64 id, u64 wait_id)
{
	return sfs_plock_service_end_wait(svc, rid, token, id, wait_id,
					  sfs_plock_cancel);
}

int sfs_plock_service_test(struct sfs_plock_service *svc, u64 rid, u64 token,
			   const struct sfs_plock *lock,
			   struct sfs_plock *conflict, u64 *conflict_rid)
{
	struct sfs_plock_peer *peer;
	int ret;

	*conflict_rid = 0;
	mutex_lock(&svc->lock);
	ret = sfs_plock_peer_check_locked(svc, rid, token, true, &peer);
	if (!ret && svc->nr_awaited)
		ret = -EBUSY;
	if (!ret)
		sfs_plock_test(svc->table, rid, lock, conflict, conflict_rid);
	mutex_unlock(&svc->lock);
	return ret;
}

/* ---- life --------------------------------------------------------------- */

struct sfs_plock_service *
sfs_plock_service_create(const struct sfs_plock_service_params *params)
{
	struct sfs_plock_service *svc = kzalloc(sizeof(*svc), GFP_KERNEL);
	struct sfs_plock_params table = {
		.mount_max = SFS_PLOCK_MOUNT_MAX,
		.gfp = GFP_NOFS,
		.decided = sfs_plock_decided_cb,
		.arg = svc,
	};

	if (!svc)
		return NULL;
	svc->params = *params;
	mutex_init(&svc->lock);
	INIT_LIST_HEAD(&svc->peers);
	svc->table = sfs_plock_table_create(&table);
	svc->wq = alloc_workqueue("sfs_plock", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (svc->table && svc->wq)
		return svc;
	sfs_plock_service_destroy(svc);
	return NULL;
}

void sfs_plock_service_destroy(struct sfs_plock_service *svc)
{
	struct sfs_plock_peer *peer;

	if (!svc)
		return;
	while ((peer = list_first_entry_or_null(&svc->peers,
						struct sfs_plock_peer, link)))
		sfs_plock_service_drop(svc, peer->rid);
	if (svc->wq)
		destroy_workqueue(svc->wq);
	sfs_plock_table_destroy(svc->table);
	kfree(svc);
}
