// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transport "loop": mounts of the same kernel (or program), without sockets.
 *
 * Callbacks are called without a lock, on an endpoint that is counted as used and
 * so stays.  Datagrams are delivered by a work item, since their senders may hold
 * what the receiver needs.
 */
#include "net/net_priv.h"

enum { SFS_LOOP_MAX_DATAGRAMS = 256 };	/* more get lost, as with sockets */

struct sfs_loop_datagram {
	struct list_head list;
	struct sfs_net_addr from;
	u32 len;
	u8 data[] __aligned(8);
};

struct sfs_loop {
	struct list_head list;
	struct sfs_transport_params params;
	unsigned int nr_users;		/* callers that call it back */
	struct list_head datagrams;
	unsigned int nr_datagrams;
	struct work_struct datagram_work;
};

static DEFINE_SPINLOCK(sfs_loop_lock);	/* the list, nr_users, datagrams */
static LIST_HEAD(sfs_loops);
static DECLARE_WAIT_QUEUE_HEAD(sfs_loop_wait);

static bool sfs_loop_is_at(const struct sfs_loop *loop, u64 fsid,
			   const struct sfs_net_addr *addr)
{
	unsigned int len = addr->family == 4 ? 4 : sizeof(addr->addr);

	return loop->params.fsid == fsid && addr->family &&
	       loop->params.addr.family == addr->family &&
	       loop->params.addr.port == addr->port &&
	       !memcmp(loop->params.addr.addr, addr->addr, len);
}

static struct sfs_loop *sfs_loop_find_locked(u64 fsid,
					     const struct sfs_net_addr *addr)
{
	struct sfs_loop *loop;

	lockdep_assert_held(&sfs_loop_lock);
	list_for_each_entry(loop, &sfs_loops, list)
		if (sfs_loop_is_at(loop, fsid, addr))
			return loop;
	return NULL;
}

static struct sfs_loop *sfs_loop_get(u64 fsid, const struct sfs_net_addr *addr)
{
	struct sfs_loop *loop;

	spin_lock(&sfs_loop_lock);
	loop = sfs_loop_find_locked(fsid, addr);
	if (loop)
		loop->nr_users++;
	spin_unlock(&sfs_loop_lock);
	return loop;
}

static void sfs_loop_put(struct sfs_loop *loop)
{
	spin_lock(&sfs_loop_lock);
	loop->nr_users--;
	wake_up_all(&sfs_loop_wait);
	spin_unlock(&sfs_loop_lock);
}

static struct sfs_loop_datagram *sfs_loop_next_datagram(struct sfs_loop *loop)
{
	struct sfs_loop_datagram *dgram;

	spin_lock(&sfs_loop_lock);
	dgram = list_first_entry_or_null(&loop->datagrams,
					 struct sfs_loop_datagram, list);
	if (dgram) {
		list_del(&dgram->list);
		loop->nr_datagrams--;
	}
	spin_unlock(&sfs_loop_lock);
	return dgram;
}

static void sfs_loop_datagram_work(struct work_struct *work)
{
	struct sfs_loop *loop = container_of(work, struct sfs_loop,
					     datagram_work);
	struct sfs_loop_datagram *dgram;

	while ((dgram = sfs_loop_next_datagram(loop))) {
		loop->params.user->datagram(loop->params.arg, &dgram->from,
					    dgram->data, dgram->len);
		kfree(dgram);
	}
}

static int sfs_loop_open(const struct sfs_transport_params *params, void **ep)
{
	struct sfs_loop *loop = kzalloc(sizeof(*loop), GFP_KERNEL);
	int ret = 0;

	if (!loop)
		return -ENOMEM;
	loop->params = *params;
	INIT_LIST_HEAD(&loop->datagrams);
	INIT_WORK(&loop->datagram_work, sfs_loop_datagram_work);
	*ep = loop;
	spin_lock(&sfs_loop_lock);
	if (sfs_loop_find_locked(params->fsid, &params->addr))
		ret = -EADDRINUSE;
	else
		list_add_tail(&loop->list, &sfs_loops);
	spin_unlock(&sfs_loop_lock);
	if (ret)
		kfree(loop);
	return ret;
}

static bool sfs_loop_is_unused(struct sfs_loop *loop)
{
	bool is_unused;

	spin_lock(&sfs_loop_lock);
	is_unused = !loop->nr_users;
	spin_unlock(&sfs_loop_lock);
	return is_unused;
}

static void sfs_loop_close(void *ep)
{
	struct sfs_loop *loop = ep;

	spin_lock(&sfs_loop_lock);
	list_del(&loop->list);
	spin_unlock(&sfs_loop_lock);
	wait_event(sfs_loop_wait, sfs_loop_is_unused(loop));
	flush_work(&loop->datagram_work);
	kfree(loop);
}

static int sfs_loop_connect(void *ep, const struct sfs_net_addr *addr,
			    void *owner, void **conn)
{
	struct sfs_loop *loop = ep;
	struct sfs_pair_side from = {
		.user = loop->params.user,
		.wq = loop->params.wq,
	};
	struct sfs_net_addr from_addr = loop->params.addr;
	struct sfs_loop *other;
	struct sfs_pair_side to;
	int ret;

	/* one that listens nowhere comes from somewhere all the same */
	if (!from_addr.family)
		from_addr.family = 4;
	other = sfs_loop_get(loop->params.fsid, addr);
	if (!other)
		return -ECONNREFUSED;
	to.user = other->params.user;
	to.wq = other->params.wq;
	ret = sfs_pair_connect(&from, owner, &from_addr, &to,
			       other->params.arg, conn);
	sfs_loop_put(other);
	return ret;
}

static int sfs_loop_send_datagram(void *ep, const struct sfs_net_addr *addr,
				  const void *data, u32 len)
{
	struct sfs_loop *loop = ep;
	struct sfs_loop_datagram *dgram;
	struct sfs_loop *other;
	bool is_kept = false;

	if (!loop->params.addr.family)
		return -EADDRNOTAVAIL;
	dgram = kmalloc(struct_size(dgram, data, len), GFP_NOFS);
	if (!dgram)
		return -ENOMEM;
	dgram->from = loop->params.addr;
	dgram->len = len;
	memcpy(dgram->data, data, len);

	spin_lock(&sfs_loop_lock);
	other = sfs_loop_find_locked(loop->params.fsid, addr);
	if (other && other->nr_datagrams < SFS_LOOP_MAX_DATAGRAMS) {
		is_kept = true;
		list_add_tail(&dgram->list, &other->datagrams);
		other->nr_datagrams++;
		queue_work(other->params.wq, &other->datagram_work);
	}
	spin_unlock(&sfs_loop_lock);
	if (!is_kept)
		kfree(dgram);
	return other ? 0 : -ECONNREFUSED;
}

static struct sfs_transport_ops sfs_loop_ops = {
	.name		= "loop",
	.open		= sfs_loop_open,
	.close		= sfs_loop_close,
	.connect	= sfs_loop_connect,
	.send		= sfs_pair_send,
	.shutdown	= sfs_pair_shutdown,
	.release	= sfs_pair_release,
	.send_datagram	= sfs_loop_send_datagram,
};

int sfs_net_loop_init(void)
{
	sfs_loop_ops.owner = THIS_MODULE;
	return sfs_transport_register(&sfs_loop_ops, SFS_NET_API_VERSION);
}

void sfs_net_loop_exit(void)
{
	sfs_transport_unregister(&sfs_loop_ops);
}
