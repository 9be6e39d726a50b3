// SPDX-License-Identifier: GPL-2.0-only
/*
 * File locks of one mount: the member's side of plock_serve.h.
 *
 * The mirror is what the leader's table has of this mount, as far as answers
 * told.  A request is sent with the token of the last BEGIN.  When its answer
 * comes and the token is another one by now, what it did is wiped out, or it did
 * nothing: it is sent again.  Answers are taken into the mirror and the token is
 * changed under one mutex, so what BEGIN wiped out is either told the leader
 * again from the mirror, or asked for again.  What is under way then may have been
 * done by the leader that is gone, who may have given others what it sets free: of
 * locks that such a request takes away or makes weaker only what is left is told.
 * (If a request that makes a part of a lock weaker and another part stronger is
 * refused by the new leader, the weaker part has been lost.)
 *
 * A wait is known to the leader that was asked only: with a new token everybody
 * who waits asks anew.
 */
#include "fs/coord/plock_member.h"
#include "fs/coord/plock_serve.h"
#include "fs/coord/proto.h"

enum {
	SFS_PLOCK_GRACE_MS	= 100,	/* between tries until all have told */
};

/* Requests for the files of a lane, one at a time. */
struct sfs_plock_member_lane {
	struct mutex lock;		/* one request at a time */
	u64 id;			/* of the newest request */
	const struct sfs_plock *asking;	/* what it may do, until it is answered */
};

/**
 * struct sfs_plock_member - the mount's file locks
 * @coord: reaches the leader
 * @rid: mount
 * @lane: by inode number; what is asked is guarded by @mirror_lock
 * @begin_lock: one task tells the leader what is held; guards @begin_nr
 * @begin_nr: number of the last BEGIN
 * @mirror_lock: guards @mirror; answers and changes of @token
 * @mirror: what is held
 * @lock: guards @waiters and what they wait for
 * @token: of the last BEGIN, 0: none yet
 * @is_ready: the leader knows what is held
 * @is_shutdown: nobody waits any more
 * @waiters: struct sfs_plock_waiter
 * @wait: for @is_ready
 */
struct sfs_plock_member {
	struct sfs_coord coord;
	u64 rid;
	struct sfs_plock_member_lane lane[SFS_PLOCK_LANES];
	struct mutex begin_lock;	/* begin_nr */
	u64 begin_nr;
	struct mutex mirror_lock;	/* mirror */
	struct sfs_plock_table *mirror;
	spinlock_t lock;	/* waiters */
	u64 token;
	bool is_ready;
	bool is_shutdown;
	struct list_head waiters;
	wait_queue_head_t wait;
};

/* A task that waits for a lock: @id is known under @token; @done: look again. */
struct sfs_plock_waiter {
	struct list_head link;
	u64 id;
	u64 token;
	struct completion done;
};

/* A request in a lane. */
struct sfs_plock_request {
	u8 type;
	const struct sfs_plock *lock;	/* what success brings */
	u64 wait_id;			/* ACCEPT, CANCEL */
	struct sfs_plock_waiter *waiter;	/* SET: NULL: do not wait */
	bool is_killable;		/* signals end it */
};

/* ---- life --------------------------------------------------------------- */

struct sfs_plock_member *
sfs_plock_member_create(const struct sfs_coord *coord, u64 rid)
{
	struct sfs_plock_member *m = kzalloc(sizeof(*m), GFP_KERNEL);
	struct sfs_plock_params params = {
		.mount_max = U32_MAX,
		.gfp = GFP_NOFS | __GFP_NOFAIL,
	};
	unsigned int i;

	if (!m)
		return NULL;
	m->coord = *coord;
	m->rid = rid;
	for (i = 0; i < SFS_PLOCK_LANES; i++) {
		mutex_init(&m->lane[i].lock);
		m->lane[i].id = i;
	}
	mutex_init(&m->begin_lock);
	mutex_init(&m->mirror_lock);
	spin_lock_init(&m->lock);
	INIT_LIST_HEAD(&m->waiters);
	init_waitqueue_head(&m->wait);
	m->mirror = sfs_plock_table_create(&params);
	if (m->mirror)
		return m;
	kfree(m);
	return NULL;
}

void sfs_plock_member_destroy(struct sfs_plock_member *m)
{
	if (!m)
		return;
	WARN_ON_ONCE(!list_empty(&m->waiters));
	sfs_plock_table_destroy(m->mirror);
	kfree(m);
}

static void sfs_plock_wake_all(struct sfs_plock_member *m)
{
	struct sfs_plock_waiter *waiter;

	spin_lock(&m->lock);
	list_for_each_entry(waiter, &m->waiters, link)
		complete(&waiter->done);
	spin_unlock(&m->lock);
	wake_up_all(&m->wait);
}

void sfs_plock_member_shutdown(struct sfs_plock_member *m)
{
	WRITE_ONCE(m->is_shutdown, true);
	sfs_plock_wake_all(m);
}

int sfs_plock_member_news(struct sfs_plock_member *m, const void *req,
			  unsigned int req_len)
{
	const __le64 *ids = req;
	struct sfs_plock_waiter *waiter;
	unsigned int i, nr = req_len / sizeof(*ids);

	if (!nr || nr > SFS_COORD_PLOCK_NEWS || req_len % sizeof(*ids))
		return -EPROTO;
	spin_lock(&m->lock);
	list_for_each_entry(waiter, &m->waiters, link)
		for (i = 0; i < nr; i++)
			if (waiter->id == le64_to_cpu(ids[i]))
				complete(&waiter->done);
	spin_unlock(&m->lock);
	return 0;
}

/* ---- a new leader ------------------------------------------------------- */

/* Locks on their way to a new leader. */
struct sfs_plock_telling {
	struct sfs_plock_member *m;
	struct sfs_coord_plock_held_req *req;
	unsigned int nr;
};

static int sfs_plock_tell_flush(struct sfs_plock_telling *telling)
{
	struct sfs_coord_plock_held_req *req = telling->req;
	int ret;

	if (!telling->nr)
		return 0;
	ret = sfs_coord_call(&telling->m->coord, SFS_COORD_PLOCK_HELD, req,
			     struct_size(req, lock, telling->nr), NULL, 0);
	telling->nr = 0;
	if (ret != -EIO && ret != -ENOLCK && ret != -ENOMEM)
		return ret;
	pr_err("scoutfs: rid=%016llx file locks were lost with the last leader (%d)\n",
	       telling->m->rid, ret);
	return 0;
}

static int sfs_plock_tell_one(void *arg, const struct sfs_plock *lock)
{
	struct sfs_plock_telling *telling = arg;

	sfs_coord_plock_encode(&telling->req->lock[telling->nr++], lock);
	if (telling->nr < SFS_COORD_PLOCK_BATCH)
		return 0;
	return sfs_plock_tell_flush(telling);
}

/* -ESTALE: the leader is another one again. */
static int sfs_plock_tell_held(struct sfs_plock_member *m, u64 token)
{
	struct sfs_plock_telling telling = { .m = m };
	struct sfs_coord_plock_head end = { .token = cpu_to_le64(token) };
	unsigned int i;
	int ret;

	telling.req = kzalloc(struct_size(telling.req, lock,
					  SFS_COORD_PLOCK_BATCH),
			      GFP_NOFS | __GFP_NOFAIL);
	telling.req->head = end;
	mutex_lock(&m->mirror_lock);
	/* answers to requests with other tokens do not count from here on */
	WRITE_ONCE(m->token, token);
	for (i = 0; i < SFS_PLOCK_LANES; i++)
		if (m->lane[i].asking)
			sfs_plock_weaken(m->mirror, m->rid, m->lane[i].asking);
	ret = sfs_plock_for_each(m->mirror, m->rid, sfs_plock_tell_one,
				 &telling);
	mutex_unlock(&m->mirror_lock);
	if (!ret)
		ret = sfs_plock_tell_flush(&telling);
	kfree(telling.req);
	if (!ret)
		ret = sfs_coord_call(&m->coord, SFS_COORD_PLOCK_END, &end,
				     sizeof(end), NULL, 0);
	return ret;
}

static int sfs_plock_begin_locked(struct sfs_plock_member *m)
	__must_hold(&m->begin_lock)
{
	struct sfs_coord_u64 nr, token;
	int ret;

	WRITE_ONCE(m->is_ready, false);
	do {
		nr.value = cpu_to_le64(++m->begin_nr);
		ret = sfs_coord_call(&m->coord, SFS_COORD_PLOCK_BEGIN, &nr,
				     sizeof(nr), &token, sizeof(token));
		if (!ret)
			ret = sfs_plock_tell_held(m, le64_to_cpu(token.value));
	} while (ret == -ESTALE);
	/* else who waits goes on waiting, until it is tried again */
	if (!ret) {
		WRITE_ONCE(m->is_ready, true);
		sfs_plock_wake_all(m);
	}
	return ret;
}

int sfs_plock_member_rejoin(struct sfs_plock_member *m)
{
	int ret;

	mutex_lock(&m->begin_lock);
	ret = sfs_plock_begin_locked(m);
	mutex_unlock(&m->begin_lock);
	return ret;
}

/* ---- requests ----------------------------------------------------------- */

static bool sfs_plock_is_ready(const struct sfs_plock_member *m, u64 unknown)
{
	if (READ_ONCE(m->is_shutdown))
		return true;
	return READ_ONCE(m->is_ready) && READ_ONCE(m->token) != unknown;
}

/*
 * Until the leader knows what is held, under another token than the one it did
 * not know (0: none): 0, -EINTR, -ESHUTDOWN.  The provider calls
 * sfs_plock_member_rejoin() for each new leader.
 */
static int sfs_plock_await_ready(struct sfs_plock_member *m, u64 unknown,
				 bool is_killable)
{
	int ret = 0;

	if (is_killable)
		ret = wait_event_interruptible(m->wait,
					       sfs_plock_is_ready(m, unknown));
	else
		wait_event(m->wait, sfs_plock_is_ready(m, unknown));
	if (READ_ONCE(m->is_shutdown))
		return -ESHUTDOWN;
	return ret ? -EINTR : 0;
}

/* Not before all mounts have told what they hold. */
static int sfs_plock_await_others(bool is_killable)
{
	if (!is_killable)
		msleep(SFS_PLOCK_GRACE_MS);
	else if (msleep_interruptible(SFS_PLOCK_GRACE_MS))
		return -EINTR;
	return 0;
}

/* From now on news of this number wake the waiter. */
static void sfs_plock_waiter_arm(struct sfs_plock_member *m,
				 struct sfs_plock_waiter *waiter, u64 token,
				 u64 id)
{
	spin_lock(&m->lock);
	waiter->id = id;
	waiter->token = token;
	reinit_completion(&waiter->done);
	if (list_empty(&waiter->link))
		list_add(&waiter->link, &m->waiters);
	spin_unlock(&m->lock);
}

static void sfs_plock_waiter_disarm(struct sfs_plock_member *m,
				    struct sfs_plock_waiter *waiter)
{
	spin_lock(&m->lock);
	list_del_init(&waiter->link);
	spin_unlock(&m->lock);
}

/* Send it once, as number @id, under @token. */
static int sfs_plock_send_once(struct sfs_plock_member *m,
			       const struct sfs_plock_request *rq, u64 token,
			       u64 id)
{
	struct sfs_coord_plock_head head = {
		.token = cpu_to_le64(token),
		.id = cpu_to_le64(id),
	};
	struct sfs_coord_plock_wait_req wait = {
		.head = head,
		.wait_id = cpu_to_le64(rq->wait_id),
	};
	struct sfs_coord_plock_req set = {
		.head = head,
		.wait = rq->waiter ? 1 : 0,
	};

	if (rq->type != SFS_COORD_PLOCK_SET)
		return sfs_coord_call(&m->coord, rq->type, &wait, sizeof(wait),
				      NULL, 0);
	sfs_coord_plock_encode(&set.lock, rq->lock);
	return sfs_coord_call(&m->coord, rq->type, &set, sizeof(set), NULL, 0);
}

/* The token to send it with; it may be done from now on. */
static u64 sfs_plock_begin_asking(struct sfs_plock_member *m,
				  struct sfs_plock_member_lane *lane,
				  const struct sfs_plock_request *rq)
{
	u64 token;

	mutex_lock(&m->mirror_lock);
	if (rq->type != SFS_COORD_PLOCK_CANCEL)
		lane->asking = rq->lock;
	token = m->token;
	mutex_unlock(&m->mirror_lock);
	return token;
}

/*
 * What the answer means for what is held.  true: it is settled; until then some
 * leader may have done it whose answer got lost.
 */
static bool sfs_plock_take_answer(struct sfs_plock_member *m,
				  struct sfs_plock_member_lane *lane,
				  const struct sfs_plock_request *rq, u64 token,
				  int ret)
{
	struct sfs_plock lost = *rq->lock;
	bool is_settled;

	mutex_lock(&m->mirror_lock);
	is_settled = m->token == token && ret != -ESTALE && ret != -EBUSY;
	if (is_settled && !ret && rq->type != SFS_COORD_PLOCK_CANCEL)
		sfs_plock_set(m->mirror, m->rid, rq->lock, 0);
	lost.kind = SFS_PLOCK_UNLOCK;
	if (is_settled && (ret == -EAGAIN || ret == -EINPROGRESS) &&
	    rq->type == SFS_COORD_PLOCK_SET &&
	    rq->lock->space == SFS_PLOCK_FLOCK)
		sfs_plock_set(m->mirror, m->rid, &lost, 0);
	if (is_settled)
		lane->asking = NULL;
	mutex_unlock(&m->mirror_lock);
	return is_settled;
}

/* It is given up without an answer: what may have been done is done. */
static void sfs_plock_end_asking(struct sfs_plock_member *m,
				 struct sfs_plock_member_lane *lane,
				 const struct sfs_plock_request *rq)
{
	mutex_lock(&m->mirror_lock);
	if (lane->asking)
		sfs_plock_weaken(m->mirror, m->rid, rq->lock);
	lane->asking = NULL;
	mutex_unlock(&m->mirror_lock);
}

static int sfs_plock_send(struct sfs_plock_member *m,
			  struct sfs_plock_member_lane *lane,
			  const struct sfs_plock_request *rq)
{
	u64 token, unknown = 0;
	int ret;

	do {
		ret = sfs_plock_await_ready(m, unknown, rq->is_killable);
		if (ret)
			break;
		token = sfs_plock_begin_asking(m, lane, rq);
		lane->id += SFS_PLOCK_LANES;
		if (rq->waiter)
			sfs_plock_waiter_arm(m, rq->waiter, token, lane->id);
		ret = sfs_plock_send_once(m, rq, token, lane->id);
		if (sfs_plock_take_answer(m, lane, rq, token, ret))
			return ret;
		if (ret == -ESTALE)
			unknown = token;
		/* else the answer is of another leader */
		ret = ret == -EBUSY ? sfs_plock_await_others(rq->is_killable) :
				      0;
	} while (!ret);
	sfs_plock_end_asking(m, lane, rq);
	return ret;
}

static struct sfs_plock_member_lane *
sfs_plock_lane_of(struct sfs_plock_member *m, u64 ino)
{
	return &m->lane[ino % SFS_PLOCK_LANES];
}

/* Tell the caller's records; what they do not take is given up. */
static int sfs_plock_apply(struct sfs_plock_member *m,
			   struct sfs_plock_member_lane *lane,
			   const struct sfs_plock *lock,
			   const struct sfs_plock_apply *apply)
{
	struct sfs_plock undo = *lock;
	struct sfs_plock_request rq = {
		.type = SFS_COORD_PLOCK_SET,
		.lock = &undo,
	};
	int ret = apply->set(apply->arg, lock->kind);

	if (!ret)
		return 0;
	undo.kind = SFS_PLOCK_UNLOCK;
	apply->set(apply->arg, undo.kind);
	sfs_plock_send(m, lane, &rq);
	return ret;
}

/* ---- locking ------------------------------------------------------------ */

static int sfs_plock_member_unlock(struct sfs_plock_member *m,
				   const struct sfs_plock *lock,
				   const struct sfs_plock_apply *apply)
{
	struct sfs_plock_member_lane *lane = sfs_plock_lane_of(m, lock->ino);
	struct sfs_plock_request rq = {
		.type = SFS_COORD_PLOCK_SET,
		.lock = lock,
	};
	bool is_held;
	int ret;

	mutex_lock(&lane->lock);
	ret = apply->set(apply->arg, lock->kind);
	mutex_lock(&m->mirror_lock);
	is_held = sfs_plock_holds(m->mirror, m->rid, lock);
	mutex_unlock(&m->mirror_lock);
	if (!ret && is_held)
		ret = sfs_plock_send(m, lane, &rq);
	mutex_unlock(&lane->lock);
	return ret;
}

static int sfs_plock_member_ask(struct sfs_plock_member *m,
				const struct sfs_plock *lock,
				struct sfs_plock_waiter *waiter,
				const struct sfs_plock_apply *apply)
{
	struct sfs_plock_member_lane *lane = sfs_plock_lane_of(m, lock->ino);
	struct sfs_plock_request rq = {
		.type = SFS_COORD_PLOCK_SET,
		.lock = lock,
		.waiter = waiter,
		.is_killable = true,
	};
	int ret;

	if (mutex_lock_interruptible(&lane->lock))
		return -EINTR;
	ret = sfs_plock_send(m, lane, &rq);
	if (!ret)
		ret = sfs_plock_apply(m, lane, lock, apply);
	else if (lock->space == SFS_PLOCK_FLOCK &&
		 (ret == -EAGAIN || ret == -EINPROGRESS))
		apply->set(apply->arg, SFS_PLOCK_UNLOCK);
	mutex_unlock(&lane->lock);
	return ret;
}

/*
 * End a wait one way or the other: ACCEPT or CANCEL.  -ENOENT: the leader does not
 * know of it, because it is another one by now.
 */
static int sfs_plock_member_end_wait(struct sfs_plock_member *m, u8 type,
				     const struct sfs_plock *lock,
				     struct sfs_plock_waiter *waiter,
				     const struct sfs_plock_apply *apply)
{
	struct sfs_plock_member_lane *lane = sfs_plock_lane_of(m, lock->ino);
	struct sfs_plock_request rq = {
		.type = type,
		.lock = lock,
		.wait_id = waiter->id,
	};
	int ret = -ENOENT;

	mutex_lock(&lane->lock);
	if (READ_ONCE(m->token) == waiter->token)
		ret = sfs_plock_send(m, lane, &rq);
	if (!ret && type == SFS_COORD_PLOCK_ACCEPT)
		ret = sfs_plock_apply(m, lane, lock, apply);
	mutex_unlock(&lane->lock);
	return ret;
}

static int sfs_plock_member_wait(struct sfs_plock_member *m,
				 const struct sfs_plock *lock,
				 struct sfs_plock_waiter *waiter,
				 const struct sfs_plock_apply *apply)
{
	int ret;

	do {
		if (wait_for_completion_interruptible(&waiter->done)) {
			sfs_plock_member_end_wait(m, SFS_COORD_PLOCK_CANCEL,
						  lock, waiter, apply);
			return -EINTR;
		}
		/* what is decided after this wakes us again */
		sfs_plock_waiter_arm(m, waiter, waiter->token, waiter->id);
		ret = sfs_plock_member_end_wait(m, SFS_COORD_PLOCK_ACCEPT, lock,
						waiter, apply);
	} while (ret == -EINPROGRESS);
	return ret;
}

int sfs_plock_member_lock(struct sfs_plock_member *m,
			  const struct sfs_plock *lock, bool is_wait,
			  const struct sfs_plock_apply *apply)
{
	struct sfs_plock_waiter waiter;
	int ret;

	if (lock->kind == SFS_PLOCK_UNLOCK)
		return sfs_plock_member_unlock(m, lock, apply);
	INIT_LIST_HEAD(&waiter.link);
	init_completion(&waiter.done);
	do {
		ret = sfs_plock_member_ask(m, lock, is_wait ? &waiter : NULL,
					   apply);
		if (ret == -EINPROGRESS)
			ret = sfs_plock_member_wait(m, lock, &waiter, apply);
	} while (ret == -ENOENT);
	sfs_plock_waiter_disarm(m, &waiter);
	return ret;
}

int sfs_plock_member_test(struct sfs_plock_member *m,
			  const struct sfs_plock *lock,
			  struct sfs_plock *conflict, bool *is_remote)
{
	struct sfs_coord_plock_test_reply answer;
	struct sfs_coord_plock_req req = { };
	u64 token, unknown = 0;
	int ret;

	sfs_coord_plock_encode(&req.lock, lock);
	do {
		ret = sfs_plock_await_ready(m, unknown, true);
		if (ret)
			return ret;
		token = READ_ONCE(m->token);
		req.head.token = cpu_to_le64(token);
		ret = sfs_coord_call(&m->coord, SFS_COORD_PLOCK_TEST, &req,
				     sizeof(req), &answer, sizeof(answer));
		if (ret == -ESTALE)
			unknown = token;
		else if (ret != -EBUSY)
			break;
		else if (sfs_plock_await_others(true))
			return -EINTR;
	} while (true);
	if (ret)
		return ret;
	*is_remote = le64_to_cpu(answer.rid) != m->rid;
	conflict->kind = SFS_PLOCK_UNLOCK;
	if (answer.lock.kind == SFS_PLOCK_UNLOCK)
		return 0;
	return sfs_coord_plock_decode(conflict, &answer.lock) ? 0 : -EPROTO;
}
