// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this mount holds of the cluster's locks, and telling the leader.
 *
 * A record per handle has what the leader and this mount agree on: the mode that
 * was granted and not given up, and the mode that was asked for.  Messages about
 * locks are sent under the stream semaphore (read) to the leader that was told
 * all; with no such leader only the record changes, and the next one is told.
 * What was released in between without a message is durable and gets to the new
 * leader with the fold that follows the assertions.
 *
 * Fresh numbers are this mount's in EX until it used them or somebody else asked.
 */
#include "lock/cluster/cluster.h"

struct sfs_cl_rec {
	struct sfs_lock *lock;
	struct sfs_lock_name name;
	u8 mode;		/* under the xarray's lock, as asked */
	u8 asked;
};

/* ---- messages ----------------------------------------------------------- */

u32 sfs_cl_lock_msg_encode(void *buf, const struct sfs_lock_name *name,
			   enum sfs_lock_mode mode, const void *lvb)
{
	struct sfs_cl_lock_msg *msg = buf;

	memset(msg, 0, sizeof(*msg));
	msg->nr = cpu_to_le64(name->nr);
	msg->type = name->type;
	msg->mode = mode;
	if (!lvb)
		return sizeof(*msg);
	msg->flags = SFS_CL_HAS_VALUE;
	memcpy(msg + 1, lvb, SFS_LOCK_LVB_BYTES);
	return SFS_CL_LOCK_MSG_MAX;
}

int sfs_cl_lock_msg_decode(const void *data, u32 len, struct sfs_lock_name *name,
			   enum sfs_lock_mode *mode, const void **lvb)
{
	const struct sfs_cl_lock_msg *msg = data;
	bool has_value;

	if (len < sizeof(*msg))
		return -EPROTO;
	has_value = msg->flags & SFS_CL_HAS_VALUE;
	if (len != (has_value ? SFS_CL_LOCK_MSG_MAX : sizeof(*msg)) ||
	    msg->flags & ~SFS_CL_HAS_VALUE || msg->mode > SFS_LOCK_EX ||
	    msg->type < SFS_LOCK_GROUP || msg->type > SFS_LOCK_LEADER ||
	    memchr_inv(msg->pad, 0, sizeof(msg->pad)))
		return -EPROTO;
	name->type = msg->type;
	name->nr = le64_to_cpu(msg->nr);
	*mode = msg->mode;
	*lvb = has_value ? msg + 1 : NULL;
	return 0;
}

static void sfs_cl_held_send(struct sfs_net_peer *to, u8 type,
			     const struct sfs_lock_name *name,
			     enum sfs_lock_mode mode, const void *lvb)
{
	u8 buf[SFS_CL_LOCK_MSG_MAX] __aligned(8);

	/* a closed session: the next leader is told */
	sfs_net_send(to, SFS_NET_LOCK, type, buf,
		     sfs_cl_lock_msg_encode(buf, name, mode, lvb), 0);
}

/* The caller holds the stream. */
static void sfs_cl_held_tell(struct sfs_cluster *c, u8 type,
			     const struct sfs_lock_name *name,
			     enum sfs_lock_mode mode, const void *lvb)
{
	if (c->stream_to)
		sfs_cl_held_send(c->stream_to, type, name, mode, lvb);
}

/* ---- the provider's calls ----------------------------------------------- */

static struct sfs_cl_rec *sfs_cl_rec_add(struct sfs_cluster *c,
					 struct sfs_lock *lock)
{
	struct sfs_cl_rec *rec = kzalloc(sizeof(*rec), GFP_NOFS);

	if (!rec)
		return NULL;
	rec->lock = lock;
	rec->name.type = sfs_lock_type(lock);
	rec->name.nr = sfs_lock_nr(lock);
	if (xa_insert(&c->recs[rec->name.type], rec->name.nr, rec, GFP_NOFS)) {
		kfree(rec);
		return NULL;
	}
	sfs_lock_set_provider_priv(lock, rec);
	return rec;
}

/* Nobody ever had it but us: 1: then it is ours, no message. */
static int sfs_cl_rec_take_fresh(struct sfs_cluster *c, struct sfs_cl_rec *rec)
{
	u64 owner;
	int ret;

	if (rec->name.type != SFS_LOCK_GROUP)
		return 0;
	ret = sfs_lock_ranges_take(&c->own, rec->name.nr, &owner);
	if (ret > 0) {
		xa_lock(&c->recs[SFS_LOCK_GROUP]);
		rec->mode = SFS_LOCK_EX;
		xa_unlock(&c->recs[SFS_LOCK_GROUP]);
	}
	return ret;
}

int sfs_cl_request(void *priv, struct sfs_lock *lock, enum sfs_lock_mode mode,
		   unsigned int flags)
{
	struct sfs_cl_rec *rec = sfs_lock_provider_priv(lock);
	struct sfs_cluster *c = priv;
	int ret;

	down_read(&c->stream);
	/* to the leader's revoke it is fresh or it has a record, nothing between */
	mutex_lock(&c->fresh_lock);
	if (!rec)
		rec = sfs_cl_rec_add(c, lock);
	ret = rec ? sfs_cl_rec_take_fresh(c, rec) : -ENOMEM;
	mutex_unlock(&c->fresh_lock);
	if (!ret) {
		xa_lock(&c->recs[rec->name.type]);
		rec->asked = mode;
		xa_unlock(&c->recs[rec->name.type]);
		sfs_cl_held_tell(c, SFS_CL_REQUEST, &rec->name, mode, NULL);
	}
	up_read(&c->stream);
	if (ret > 0)
		sfs_lock_grant(lock, SFS_LOCK_EX, 0, NULL);
	return min(ret, 0);
}

void sfs_cl_released(void *priv, struct sfs_lock *lock, enum sfs_lock_mode mode,
		     const void *lvb)
{
	struct sfs_cl_rec *rec = sfs_lock_provider_priv(lock);
	struct sfs_cluster *c = priv;

	down_read(&c->stream);
	xa_lock(&c->recs[rec->name.type]);
	rec->mode = mode;
	xa_unlock(&c->recs[rec->name.type]);
	sfs_cl_held_tell(c, SFS_CL_RELEASED, &rec->name, mode, lvb);
	up_read(&c->stream);
}

void sfs_cl_forget(void *priv, struct sfs_lock *lock)
{
	struct sfs_cl_rec *rec = sfs_lock_provider_priv(lock);
	struct sfs_cluster *c = priv;

	if (!rec)
		return;
	down_read(&c->stream);
	xa_erase(&c->recs[rec->name.type], rec->name.nr);
	up_read(&c->stream);
	sfs_lock_set_provider_priv(lock, NULL);
	kfree(rec);
}

/* ---- what the leader says ----------------------------------------------- */

static int sfs_cl_held_grant(struct sfs_cluster *c,
			     const struct sfs_lock_name *name,
			     enum sfs_lock_mode mode, const void *lvb)
{
	struct xarray *xa = &c->recs[name->type];
	struct sfs_cl_rec *rec;
	int ret = 0;

	xa_lock(xa);
	rec = xa_load(xa, name->nr);
	if (rec && rec->asked == SFS_LOCK_NL) {
		ret = -EPROTO;
	} else if (rec) {
		rec->asked = SFS_LOCK_NL;
		rec->mode = max_t(u8, rec->mode, mode);
		sfs_lock_grant(rec->lock, mode, mode ? 0 : -EIO, lvb);
	}
	xa_unlock(xa);
	return ret;
}

/*
 * A lock without a record: fresh and not used yet, or given up and forgotten
 * when the revoke was on its way, or of a range that this mount has not heard of
 * yet; the answer is the same.
 */
static void sfs_cl_held_disown(struct sfs_cluster *c,
			       const struct sfs_lock_name *name)
{
	u64 owner;
	int ret = 0;

	if (name->type == SFS_LOCK_GROUP) {
		do {
			ret = sfs_lock_ranges_take(&c->own, name->nr, &owner);
			if (ret == -ENOMEM)
				schedule_timeout_uninterruptible(1);
		} while (ret == -ENOMEM);
		if (!ret)
			xa_store(&c->disowned, name->nr, xa_mk_value(1),
				 GFP_NOFS | __GFP_NOFAIL);
	}
	sfs_cl_held_tell(c, SFS_CL_RELEASED, name, SFS_LOCK_NL, NULL);
}

static int sfs_cl_held_revoke(struct sfs_cluster *c,
			      const struct sfs_lock_name *name,
			      enum sfs_lock_mode mode)
{
	struct xarray *xa = &c->recs[name->type];
	struct sfs_cl_rec *rec;

	if (mode == SFS_LOCK_EX)
		return -EPROTO;
	down_read(&c->stream);
	mutex_lock(&c->fresh_lock);
	xa_lock(xa);
	rec = xa_load(xa, name->nr);
	/* at or below it already: what said so has crossed the revoke */
	if (rec && rec->mode > mode)
		sfs_lock_revoke(rec->lock, mode);
	xa_unlock(xa);
	if (!rec)
		sfs_cl_held_disown(c, name);
	mutex_unlock(&c->fresh_lock);
	up_read(&c->stream);
	return 0;
}

int sfs_cl_held_receive(struct sfs_cluster *c, u8 type, const void *data,
			u32 len)
{
	struct sfs_lock_name name;
	enum sfs_lock_mode mode;
	const void *lvb;
	int ret;

	ret = sfs_cl_lock_msg_decode(data, len, &name, &mode, &lvb);
	if (ret)
		return ret;
	switch (type) {
	case SFS_CL_GRANT:
		return sfs_cl_held_grant(c, &name, mode, lvb);
	case SFS_CL_REVOKE:
		return sfs_cl_held_revoke(c, &name, mode);
	default:
		return -EPROTO;
	}
}

/* ---- fresh numbers ------------------------------------------------------ */

int sfs_cl_held_add_range(struct sfs_cluster *c, u64 first, u64 count)
{
	unsigned long nr;
	void *entry;
	u64 owner;
	int ret;

	down_write(&c->stream);
	ret = sfs_lock_ranges_add(&c->own, c->rid, first, count);
	/* somebody asked for one before we heard that we have it */
	if (!ret)
		xa_for_each(&c->disowned, nr, entry) {
			if (nr >= first && nr - first < count &&
			    sfs_lock_ranges_take(&c->own, nr, &owner) < 0)
				ret = -ENOMEM;
		}
	if (ret)
		/* as if never given: numbers are not missed */
		sfs_lock_ranges_remove(&c->own, c->rid);
	else
		xa_destroy(&c->disowned);
	up_write(&c->stream);
	return ret;
}

/* ---- a new leader ------------------------------------------------------- */

static void sfs_cl_held_assert_rec(struct sfs_net_peer *to,
				   const struct sfs_cl_rec *rec)
{
	if (rec->mode != SFS_LOCK_NL)
		sfs_cl_held_send(to, SFS_CL_ASSERT, &rec->name, rec->mode,
				 NULL);
	if (rec->asked != SFS_LOCK_NL)
		sfs_cl_held_send(to, SFS_CL_REQUEST, &rec->name, rec->asked,
				 NULL);
}

static void sfs_cl_held_assert_ranges(struct sfs_cluster *c,
				      struct sfs_net_peer *to)
{
	struct sfs_lock_range_info info = { 0 };
	struct sfs_cl_range_msg msg;
	u64 nr = 0;

	while (sfs_lock_ranges_next(&c->own, nr, &info)) {
		msg.first = cpu_to_le64(info.first);
		msg.count = cpu_to_le64(info.last - info.first + 1);
		sfs_net_send(to, SFS_NET_LOCK, SFS_CL_RANGE, &msg, sizeof(msg),
			     0);
		if (info.last == U64_MAX)
			break;
		nr = info.last + 1;
	}
}

void sfs_cl_held_assert(struct sfs_cluster *c, struct sfs_net_peer *to)
{
	struct sfs_cl_rec *rec;
	unsigned int type;
	unsigned long nr;

	sfs_net_peer_get(to);
	down_write(&c->stream);
	WARN_ON_ONCE(c->stream_to);
	for (type = 0; type < SFS_LOCK_NR_TYPES; type++)
		xa_for_each(&c->recs[type], nr, rec)
			sfs_cl_held_assert_rec(to, rec);
	sfs_cl_held_assert_ranges(c, to);
	sfs_net_send(to, SFS_NET_LOCK, SFS_CL_ASSERTED, NULL, 0, 0);
	c->stream_to = to;
	up_write(&c->stream);
}

void sfs_cl_held_detach(struct sfs_cluster *c)
{
	struct sfs_net_peer *old;

	down_write(&c->stream);
	old = c->stream_to;
	c->stream_to = NULL;
	up_write(&c->stream);
	if (old)
		sfs_net_peer_put(old);
}

/* ---- life --------------------------------------------------------------- */

void sfs_cl_held_init(struct sfs_cluster *c)
{
	unsigned int type;

	init_rwsem(&c->stream);
	mutex_init(&c->fresh_lock);
	for (type = 0; type < SFS_LOCK_NR_TYPES; type++)
		xa_init(&c->recs[type]);
	xa_init(&c->disowned);
	sfs_lock_ranges_init(&c->own);
}

void sfs_cl_held_exit(struct sfs_cluster *c)
{
	unsigned int type;

	for (type = 0; type < SFS_LOCK_NR_TYPES; type++)
		xa_destroy(&c->recs[type]);
	xa_destroy(&c->disowned);
	sfs_lock_ranges_exit(&c->own);
	mutex_destroy(&c->fresh_lock);
}
