// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections inside one kernel: two ends that call each other.
 *
 * The sender's context carries the bytes into the other end's received().  An
 * end's mutex keeps its callbacks apart; no end's callback takes the other's
 * mutex, since users send from work items of their own.
 */
#include "net/net_priv.h"

struct sfs_pair;

struct sfs_pair_end {
	struct sfs_pair *pair;
	struct sfs_pair_end *other;
	const struct sfs_transport_user *user;
	struct workqueue_struct *wq;
	void *owner;
	struct mutex mutex;		/* callbacks; guards is_lost */
	bool is_lost;
	struct work_struct lost_work;
};

struct sfs_pair {
	refcount_t refs;		/* each end, each work item */
	spinlock_t lock;		/* guards the two below */
	bool is_made;			/* both ends have owners */
	bool is_shut;
	struct sfs_pair_end ends[2];
};

static void sfs_pair_put(struct sfs_pair *pair)
{
	if (refcount_dec_and_test(&pair->refs))
		kfree(pair);
}

static void sfs_pair_lost_work(struct work_struct *work)
{
	struct sfs_pair_end *end = container_of(work, struct sfs_pair_end,
						lost_work);
	struct sfs_pair *pair = end->pair;

	mutex_lock(&end->mutex);
	end->is_lost = true;
	mutex_unlock(&end->mutex);
	end->user->lost(end->owner, -ECONNRESET);
	sfs_pair_put(pair);
}

static void sfs_pair_end_init(struct sfs_pair *pair, unsigned int nr,
			      const struct sfs_pair_side *side)
{
	struct sfs_pair_end *end = &pair->ends[nr];

	end->pair = pair;
	end->other = &pair->ends[1 - nr];
	end->user = side->user;
	end->wq = side->wq;
	mutex_init(&end->mutex);
	INIT_WORK(&end->lost_work, sfs_pair_lost_work);
}

static void sfs_pair_queue_lost(struct sfs_pair *pair)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pair->ends); i++)
		queue_work(pair->ends[i].wq, &pair->ends[i].lost_work);
}

void sfs_pair_shutdown(void *conn)
{
	struct sfs_pair_end *end = conn;
	struct sfs_pair *pair = end->pair;
	bool is_first;

	spin_lock(&pair->lock);
	is_first = pair->is_made && !pair->is_shut;
	pair->is_shut = true;
	if (is_first)
		refcount_add(2, &pair->refs);
	spin_unlock(&pair->lock);
	if (is_first)
		sfs_pair_queue_lost(pair);
}
EXPORT_SYMBOL_GPL(sfs_pair_shutdown);

void sfs_pair_release(void *conn)
{
	struct sfs_pair_end *end = conn;

	sfs_pair_put(end->pair);
}
EXPORT_SYMBOL_GPL(sfs_pair_release);

static int sfs_pair_deliver(struct sfs_pair_end *end, const void *data, u32 len)
{
	int ret;

	if (!len)
		return 0;
	mutex_lock(&end->mutex);
	ret = end->is_lost ? -EPIPE : end->user->received(end->owner, data,
							  len);
	mutex_unlock(&end->mutex);
	return ret;
}

int sfs_pair_send(void *conn, const void *head, u32 head_len,
		  const void *body, u32 body_len)
{
	struct sfs_pair_end *end = conn;
	struct sfs_pair *pair = end->pair;
	bool is_shut;
	int ret;

	spin_lock(&pair->lock);
	is_shut = pair->is_shut;
	spin_unlock(&pair->lock);
	if (is_shut)
		return -EPIPE;
	ret = sfs_pair_deliver(end->other, head, head_len);
	if (!ret)
		ret = sfs_pair_deliver(end->other, body, body_len);
	return ret ? -EPIPE : 0;
}
EXPORT_SYMBOL_GPL(sfs_pair_send);

/**
 * sfs_pair_connect() - a connection between two users in this kernel
 * @from: side that asks; gets connected() before this returns
 * @owner: its pointer for the connection
 * @from_addr: where it comes from
 * @to: side that is asked by accepted()
 * @to_arg: its argument
 * @conn: set to the asking side's end
 *
 * Context: Process context; @to and what belongs to it must stay until this
 * returns.
 * Return: 0, -ENOMEM, -ECONNREFUSED.
 */
int sfs_pair_connect(const struct sfs_pair_side *from, void *owner,
		     const struct sfs_net_addr *from_addr,
		     const struct sfs_pair_side *to, void *to_arg, void **conn)
{
	struct sfs_pair *pair = kzalloc(sizeof(*pair), GFP_NOFS);
	struct sfs_pair_end *asking;
	bool is_shut;

	if (!pair)
		return -ENOMEM;
	asking = &pair->ends[0];
	refcount_set(&pair->refs, 2);
	spin_lock_init(&pair->lock);
	sfs_pair_end_init(pair, 0, from);
	sfs_pair_end_init(pair, 1, to);
	asking->owner = owner;
	pair->ends[1].owner = to->user->accepted(to_arg, &pair->ends[1],
						 from_addr);
	if (!pair->ends[1].owner) {
		kfree(pair);
		return -ECONNREFUSED;
	}
	*conn = asking;
	mutex_lock(&asking->mutex);
	from->user->connected(owner);
	mutex_unlock(&asking->mutex);

	spin_lock(&pair->lock);
	pair->is_made = true;
	is_shut = pair->is_shut;
	if (is_shut)
		refcount_add(2, &pair->refs);
	spin_unlock(&pair->lock);
	if (is_shut)
		sfs_pair_queue_lost(pair);
	return 0;
}
EXPORT_SYMBOL_GPL(sfs_pair_connect);

/* ---- the mount's connections with itself ---- */

static int sfs_self_connect(void *ep, const struct sfs_net_addr *addr,
			    void *owner, void **conn)
{
	struct sfs_net *net = ep;
	struct sfs_pair_side side = {
		.user = &sfs_net_conn_user,
		.wq = net->wq,
	};

	return sfs_pair_connect(&side, owner, addr, &side, net, conn);
}

const struct sfs_transport_ops sfs_self_ops = {
	.name		= "self",
	.connect	= sfs_self_connect,
	.send		= sfs_pair_send,
	.shutdown	= sfs_pair_shutdown,
	.release	= sfs_pair_release,
};
