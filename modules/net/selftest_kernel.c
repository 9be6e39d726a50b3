// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test module: two endpoints of one kernel that talk over a transport.
 *
 * Loading it opens them and a session in each direction; writing a number to
 * parameter "run" sends so many messages and calls both ways and fails unless
 * all came once and in order.  Tests break connections meanwhile.
 */
#include <linux/in6.h>
#include <linux/vm_sockets.h>

#include "net/net.h"

enum { SFS_NETTEST_FSID = 0x7e57, SFS_NETTEST_WAIT_S = 60 };

static char *transport = "tcp";
module_param(transport, charp, 0444);
MODULE_PARM_DESC(transport, "name of the transport");
static int family = 4;
module_param(family, int, 0444);
MODULE_PARM_DESC(family, "4, 6, or 40: VSOCK");
static ushort port = 17701;
module_param(port, ushort, 0444);
MODULE_PARM_DESC(port, "the first of two ports");

struct sfs_nettest {
	struct sfs_net *net;
	struct sfs_net_peer *peer;	/* that this side asked for */
	u64 nr_sent;
	atomic64_t nr_received;
	atomic_t nr_bad;
	atomic_t nr_served;
	atomic_t nr_datagrams;
	atomic_t nr_accepted;
	atomic_t nr_closed;
	bool is_open;
};

static struct sfs_nettest sfs_nettests[2];
static DECLARE_WAIT_QUEUE_HEAD(sfs_nettest_wait);
static DEFINE_MUTEX(sfs_nettest_mutex);		/* one run at a time */

static int sfs_nettest_accept(void *arg, struct sfs_net_peer *peer,
			      const void *hello, u32 hello_len, void *reply,
			      u32 *reply_len)
{
	struct sfs_nettest *t = arg;

	atomic_inc(&t->nr_accepted);
	memcpy(reply, hello, hello_len);
	*reply_len = hello_len;
	return 0;
}

static void sfs_nettest_opened(void *arg, struct sfs_net_peer *peer,
			       const void *hello, u32 hello_len)
{
	struct sfs_nettest *t = arg;

	if (hello_len != 5 || memcmp(hello, "hello", 5))
		atomic_inc(&t->nr_bad);
	WRITE_ONCE(t->is_open, true);
	wake_up_all(&sfs_nettest_wait);
}

static int sfs_nettest_receive(void *arg, struct sfs_net_peer *peer,
			       enum sfs_net_class class, u8 type,
			       const void *data, u32 len)
{
	struct sfs_nettest *t = arg;
	u64 nr;

	memcpy(&nr, data, sizeof(nr));
	if (nr != atomic64_read(&t->nr_received))
		atomic_inc(&t->nr_bad);
	atomic64_inc(&t->nr_received);
	wake_up_all(&sfs_nettest_wait);
	return 0;
}

static int sfs_nettest_serve(void *arg, struct sfs_net_peer *peer, u8 type,
			     const void *req, u32 req_len, void *reply,
			     u32 *reply_len)
{
	struct sfs_nettest *t = arg;

	atomic_inc(&t->nr_served);
	memcpy(reply, req, req_len);
	*reply_len = req_len;
	return 0;
}

static void sfs_nettest_closed(void *arg, struct sfs_net_peer *peer, int error)
{
	struct sfs_nettest *t = arg;

	pr_err("scoutfs net test: closed: %d\n", error);
	atomic_inc(&t->nr_closed);
	wake_up_all(&sfs_nettest_wait);
}

static void sfs_nettest_datagram(void *arg, const struct sfs_net_addr *from,
				 u64 rid, u8 type, const void *data, u32 len)
{
	struct sfs_nettest *t = arg;

	if (len != 4 || memcmp(data, "ping", 4) || from->family != family)
		atomic_inc(&t->nr_bad);
	atomic_inc(&t->nr_datagrams);
	wake_up_all(&sfs_nettest_wait);
}

static const struct sfs_net_ops sfs_nettest_ops = {
	.accept		= sfs_nettest_accept,
	.opened		= sfs_nettest_opened,
	.receive	= sfs_nettest_receive,
	.serve		= sfs_nettest_serve,
	.closed		= sfs_nettest_closed,
	.datagram	= sfs_nettest_datagram,
};

static struct sfs_net_addr sfs_nettest_addr(unsigned int nr)
{
	struct sfs_net_addr addr = { .family = family, .port = port + nr };
	static const u8 loopback4[4] = { 127, 0, 0, 1 };

	if (family == SFS_FAMILY_VSOCK)
		put_unaligned_be32(VMADDR_CID_LOCAL, addr.addr);
	else if (family == 6)
		memcpy(addr.addr, &in6addr_loopback, sizeof(addr.addr));
	else
		memcpy(addr.addr, loopback4, sizeof(loopback4));
	return addr;
}

/* Both sides send @nr messages of all sizes and call now and then. */
static int sfs_nettest_exchange(unsigned int nr)
{
	unsigned int i, len, nr_bytes = SFS_NET_PAYLOAD_MAX;
	u8 *data = kzalloc(2 * nr_bytes, GFP_KERNEL);
	u32 reply_len;
	int ret = 0;

	if (!data)
		return -ENOMEM;
	for (i = 0; i < 2 * nr && !ret; i++) {
		struct sfs_nettest *t = &sfs_nettests[i % 2];

		len = 8 + get_random_u32() % (nr_bytes - 8);
		memcpy(data, &t->nr_sent, 8);
		ret = sfs_net_send(t->peer, SFS_NET_LOCK, 1, data, len, 0);
		t->nr_sent++;
		if (ret || i % 16 > 1)
			continue;
		ret = sfs_net_call(t->peer, 1, data, len, data + nr_bytes,
				   nr_bytes, &reply_len, true);
		if (!ret && (reply_len != len ||
			     memcmp(data, data + nr_bytes, len)))
			ret = -EILSEQ;
	}
	kfree(data);
	return ret;
}

static bool sfs_nettest_all_came(void)
{
	return atomic64_read(&sfs_nettests[0].nr_received) ==
	       sfs_nettests[1].nr_sent &&
	       atomic64_read(&sfs_nettests[1].nr_received) ==
	       sfs_nettests[0].nr_sent;
}

static bool sfs_nettest_log_peer(void *arg,
				 const struct sfs_net_peer_info *info)
{
	pr_info("scoutfs net test: rid %llu ours %d up %d connects %llu sent %llu resent %llu queued %llu\n",
		info->rid, info->is_ours, info->is_up, info->nr_connects,
		info->nr_sent, info->nr_resent, info->nr_queued);
	return true;
}

static int sfs_nettest_run(unsigned int nr)
{
	unsigned int i;
	int ret = sfs_nettest_exchange(nr);

	if (!ret && !wait_event_timeout(sfs_nettest_wait,
					sfs_nettest_all_came(),
					SFS_NETTEST_WAIT_S * HZ))
		ret = -ETIMEDOUT;
	for (i = 0; i < 2; i++) {
		struct sfs_nettest *t = &sfs_nettests[i];

		sfs_net_visit_peers(t->net, sfs_nettest_log_peer, NULL);
		if (atomic_read(&t->nr_bad) || atomic_read(&t->nr_closed) ||
		    atomic_read(&t->nr_accepted) != 1)
			ret = ret ?: -EILSEQ;
	}
	return ret;
}

static int sfs_nettest_set_run(const char *val, const struct kernel_param *kp)
{
	unsigned int nr;
	int ret = kstrtouint(val, 0, &nr);

	if (ret)
		return ret;
	mutex_lock(&sfs_nettest_mutex);
	ret = sfs_nettests[0].peer ? sfs_nettest_run(nr) : -EAGAIN;
	mutex_unlock(&sfs_nettest_mutex);
	return ret;
}

static const struct kernel_param_ops sfs_nettest_run_ops = {
	.set = sfs_nettest_set_run,
};

module_param_cb(run, &sfs_nettest_run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "send so many messages");

static void sfs_nettest_stop(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct sfs_nettest *t = &sfs_nettests[i];
		struct sfs_net_peer *peer = t->peer;

		if (peer)
			sfs_net_close_sync(peer);
		if (t->net)
			sfs_net_destroy(t->net);
		if (peer)
			sfs_net_peer_put(peer);
	}
}

static int sfs_nettest_start(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < 2; i++) {
		struct sfs_net_params params = {
			.transport = transport,
			.fsid = SFS_NETTEST_FSID,
			.rid = i + 1,
			.addr = sfs_nettest_addr(i),
			.keepalive_ms = 10000,
			.ops = &sfs_nettest_ops,
			.arg = &sfs_nettests[i],
		};

		ret = sfs_net_create(&params, &sfs_nettests[i].net);
		if (ret) {
			sfs_nettests[i].net = NULL;
			return ret;
		}
	}
	for (i = 0; i < 2; i++) {
		struct sfs_net_addr addr = sfs_nettest_addr(1 - i);
		struct sfs_net_peer *peer;

		peer = sfs_net_connect(sfs_nettests[i].net, &addr, "hello", 5,
				       SFS_NETTEST_WAIT_S * 1000, NULL);
		if (IS_ERR(peer))
			return PTR_ERR(peer);
		sfs_nettests[i].peer = peer;
	}
	return 0;
}

static int sfs_nettest_begin(void)
{
	struct sfs_net_addr addr = sfs_nettest_addr(1);
	int ret = sfs_nettest_start();

	if (ret)
		return ret;
	if (!wait_event_timeout(sfs_nettest_wait,
				READ_ONCE(sfs_nettests[0].is_open) &&
				READ_ONCE(sfs_nettests[1].is_open),
				SFS_NETTEST_WAIT_S * HZ))
		return -ETIMEDOUT;
	ret = sfs_net_send_datagram(sfs_nettests[0].net, &addr, 1, "ping", 4);
	if (ret)
		return ret;
	if (!wait_event_timeout(sfs_nettest_wait,
				atomic_read(&sfs_nettests[1].nr_datagrams),
				SFS_NETTEST_WAIT_S * HZ))
		return -ETIMEDOUT;
	return sfs_nettest_run(100);
}

static int __init sfs_nettest_module_init(void)
{
	int ret = sfs_nettest_begin();

	if (ret)
		sfs_nettest_stop();
	return ret;
}

static void __exit sfs_nettest_module_exit(void)
{
	sfs_nettest_stop();
}

module_init(sfs_nettest_module_init);
module_exit(sfs_nettest_module_exit);
MODULE_DESCRIPTION("scoutfs network layer: test of a transport");
MODULE_LICENSE("GPL");
