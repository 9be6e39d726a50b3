// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transport "tcp": frames over TCP, datagrams over UDP at the same port.
 *
 * A thread for each connection receives; one accepts, one receives datagrams.
 * Sockets live in the network namespace of whoever mounts.  Memory for sending is
 * asked for without going back into the filesystem.
 *
 * Lengths are checked before anything is allocated or read for them; what comes
 * is the net layer's to judge.
 */
#include "net/transport.h"

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/sched/mm.h>
#include <linux/tcp.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

enum {
	SFS_TCP_CONNECT_MS	= 2000,
	SFS_TCP_POLL_MS		= 300,
	SFS_TCP_BACKLOG		= 64,
};

enum { SFS_TCP_DATAGRAM_MAX = sizeof(struct sfs_frame_hdr) +
			      SFS_NET_DATAGRAM_MAX };

struct sfs_tcp_endpoint {
	struct sfs_net *net;
	struct net *netns;
	struct sfs_net_addr addr;
	unsigned int keepalive_ms;
	struct socket *listener;	/* NULL: listens nowhere */
	struct socket *udp;
	struct task_struct *accept_task;
	struct task_struct *udp_task;
	/* of the thread that receives; one byte more than may come */
	u8 datagram[SFS_TCP_DATAGRAM_MAX + 1] __aligned(8);
};

struct sfs_tcp_conn {
	struct socket *sock;
	struct sfs_conn *conn;		/* NULL: it was not wanted */
	struct task_struct *task;
	struct completion started;
};

/* After an error that may stay. */
static void sfs_tcp_rest(void)
{
	schedule_timeout_interruptible(msecs_to_jiffies(SFS_TCP_POLL_MS));
}

/* ---- addresses ---------------------------------------------------------- */

static int sfs_tcp_sockaddr(const struct sfs_net_addr *addr,
			    struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (void *)ss;
	struct sockaddr_in *in = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (addr->family == 6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(addr->port);
		memcpy(&in6->sin6_addr, addr->addr, sizeof(in6->sin6_addr));
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(addr->port);
	memcpy(&in->sin_addr, addr->addr, sizeof(in->sin_addr));
	return sizeof(*in);
}

static void sfs_tcp_net_addr(const struct sockaddr_storage *ss,
			     struct sfs_net_addr *addr)
{
	const struct sockaddr_in6 *in6 = (const void *)ss;
	const struct sockaddr_in *in = (const void *)ss;

	memset(addr, 0, sizeof(*addr));
	if (ss->ss_family == AF_INET6) {
		addr->family = 6;
		addr->port = ntohs(in6->sin6_port);
		memcpy(addr->addr, &in6->sin6_addr, sizeof(in6->sin6_addr));
	} else {
		addr->family = 4;
		addr->port = ntohs(in->sin_port);
		memcpy(addr->addr, &in->sin_addr, sizeof(in->sin_addr));
	}
}

/* ---- sockets ------------------------------------------------------------ */

static int sfs_tcp_socket(struct sfs_tcp_endpoint *ep, u8 family, int type,
			  struct socket **ret_sock)
{
	struct socket *sock;
	int ret;

	ret = sock_create_kern(ep->netns, family == 6 ? AF_INET6 : AF_INET,
			       type,
			       type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP,
			       &sock);
	if (ret)
		return ret;
	sock->sk->sk_allocation = GFP_NOFS;
	sock->sk->sk_use_task_frag = false;
	sock_set_reuseaddr(sock->sk);
	*ret_sock = sock;
	return 0;
}

static void sfs_tcp_tune(struct sfs_tcp_endpoint *ep, struct socket *sock)
{
	unsigned int secs = max(ep->keepalive_ms / 4 / 1000, 1U);

	sock->sk->sk_allocation = GFP_NOFS;
	sock->sk->sk_use_task_frag = false;
	tcp_sock_set_nodelay(sock->sk);
	sock_set_keepalive(sock->sk);
	tcp_sock_set_keepidle(sock->sk, secs);
	tcp_sock_set_keepintvl(sock->sk, secs);
	tcp_sock_set_keepcnt(sock->sk, 3);
	tcp_sock_set_user_timeout(sock->sk, ep->keepalive_ms);
}

static int sfs_tcp_bind(struct sfs_tcp_endpoint *ep, int type,
			struct socket **ret_sock)
{
	struct sockaddr_storage ss;
	struct socket *sock;
	int len = sfs_tcp_sockaddr(&ep->addr, &ss);
	int ret;

	ret = sfs_tcp_socket(ep, ep->addr.family, type, &sock);
	if (ret)
		return ret;
	ret = kernel_bind(sock, (struct sockaddr *)&ss, len);
	if (!ret && type == SOCK_STREAM)
		ret = kernel_listen(sock, SFS_TCP_BACKLOG);
	if (ret) {
		sock_release(sock);
		return ret;
	}
	sock->sk->sk_rcvtimeo = msecs_to_jiffies(SFS_TCP_POLL_MS);
	*ret_sock = sock;
	return 0;
}

/* ---- receiving ---------------------------------------------------------- */

static int sfs_tcp_read(struct socket *sock, void *buf, u32 len)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL };
	int ret;

	while (vec.iov_len) {
		ret = kernel_recvmsg(sock, &msg, &vec, 1, vec.iov_len,
				     MSG_NOSIGNAL);
		if (ret == -EAGAIN || ret == -EINTR)
			continue;
		if (ret <= 0)
			return ret ?: -ENOTCONN;
		vec.iov_base += ret;
		vec.iov_len -= ret;
	}
	return 0;
}

static int sfs_tcp_read_frame(struct sfs_tcp_conn *tc, void *buf)
{
	struct sfs_frame_hdr *hdr = buf;
	u32 len;
	int ret;

	ret = sfs_tcp_read(tc->sock, hdr, sizeof(*hdr));
	if (ret)
		return ret;
	len = sfs_frame_len(hdr);
	/* let the net layer see, count and tell what it is */
	if (!len)
		return sfs_conn_input(tc->conn, hdr, sizeof(*hdr)) ?: -EPROTO;
	ret = sfs_tcp_read(tc->sock, hdr + 1, len - sizeof(*hdr));
	return ret ?: sfs_conn_input(tc->conn, hdr, len);
}

static int sfs_tcp_thread(void *arg)
{
	struct sfs_tcp_conn *tc = arg;
	unsigned int nofs = memalloc_nofs_save();
	void *buf;
	int ret = -ENOMEM;

	wait_for_completion(&tc->started);
	buf = tc->conn ? kmalloc(SFS_FRAME_MAX, GFP_KERNEL) : NULL;
	if (buf) {
		do {
			ret = sfs_tcp_read_frame(tc, buf);
		} while (!ret);
		kfree(buf);
	}
	memalloc_nofs_restore(nofs);
	if (tc->conn)
		sfs_conn_lost(tc->conn, ret);
	/* release() stops us */
	set_current_state(TASK_INTERRUPTIBLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static struct sfs_tcp_conn *sfs_tcp_conn_create(struct socket *sock)
{
	struct sfs_tcp_conn *tc = kzalloc(sizeof(*tc), GFP_NOFS);

	if (!tc)
		return NULL;
	tc->sock = sock;
	init_completion(&tc->started);
	tc->task = kthread_run(sfs_tcp_thread, tc, "scoutfs_tcp");
	if (!IS_ERR(tc->task))
		return tc;
	kfree(tc);
	return NULL;
}

static void sfs_tcp_conn_start(struct sfs_tcp_conn *tc, struct sfs_conn *conn)
{
	tc->conn = conn;
	complete(&tc->started);
}

/* ---- connections -------------------------------------------------------- */

static int sfs_tcp_connect(void *priv, const struct sfs_net_addr *addr,
			   struct sfs_conn *conn)
{
	struct sfs_tcp_endpoint *ep = priv;
	struct sockaddr_storage ss;
	struct sfs_tcp_conn *tc;
	struct socket *sock;
	int ret;

	ret = sfs_tcp_socket(ep, addr->family, SOCK_STREAM, &sock);
	if (ret)
		return ret;
	sfs_tcp_tune(ep, sock);
	sock->sk->sk_sndtimeo = msecs_to_jiffies(SFS_TCP_CONNECT_MS);
	tc = sfs_tcp_conn_create(sock);
	if (!tc) {
		sock_release(sock);
		return -ENOMEM;
	}
	/* from here on shutdown() finds the socket, release() frees both */
	sfs_conn_set_priv(conn, tc);
	ret = kernel_connect(sock, (struct sockaddr *)&ss,
			     sfs_tcp_sockaddr(addr, &ss), 0);
	if (!ret)
		sock->sk->sk_sndtimeo = MAX_SCHEDULE_TIMEOUT;
	else
		kernel_sock_shutdown(sock, SHUT_RDWR);
	sfs_tcp_conn_start(tc, conn);
	return ret;
}

static int sfs_tcp_send(struct sfs_conn *conn, const void *frame, u32 len)
{
	struct sfs_tcp_conn *tc = sfs_conn_priv(conn);
	struct kvec vec = { .iov_base = (void *)frame, .iov_len = len };
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL };
	int ret;

	while (vec.iov_len) {
		ret = kernel_sendmsg(tc->sock, &msg, &vec, 1, vec.iov_len);
		if (ret <= 0)
			return ret ?: -ENOTCONN;
		vec.iov_base += ret;
		vec.iov_len -= ret;
	}
	return 0;
}

static void sfs_tcp_shutdown(struct sfs_conn *conn)
{
	struct sfs_tcp_conn *tc = sfs_conn_priv(conn);

	if (tc)
		kernel_sock_shutdown(tc->sock, SHUT_RDWR);
}

static void sfs_tcp_release(struct sfs_conn *conn)
{
	struct sfs_tcp_conn *tc = sfs_conn_priv(conn);

	if (!tc)
		return;
	kernel_sock_shutdown(tc->sock, SHUT_RDWR);
	kthread_stop(tc->task);
	sock_release(tc->sock);
	sfs_conn_set_priv(conn, NULL);
	kfree(tc);
}

/* ---- endpoints ---------------------------------------------------------- */

static void sfs_tcp_accepted(struct sfs_tcp_endpoint *ep, struct socket *sock)
{
	struct sockaddr_storage ss;
	struct sfs_net_addr from;
	struct sfs_tcp_conn *tc;
	struct sfs_conn *conn;

	if (kernel_getpeername(sock, (struct sockaddr *)&ss) < 0) {
		sock_release(sock);
		return;
	}
	sfs_tcp_net_addr(&ss, &from);
	sfs_tcp_tune(ep, sock);
	sock->sk->sk_rcvtimeo = MAX_SCHEDULE_TIMEOUT;
	tc = sfs_tcp_conn_create(sock);
	if (!tc) {
		sock_release(sock);
		return;
	}
	conn = sfs_conn_accept(ep->net, &from, tc);
	if (conn) {
		sfs_tcp_conn_start(tc, conn);
		return;
	}
	sfs_tcp_conn_start(tc, NULL);
	kthread_stop(tc->task);
	sock_release(sock);
	kfree(tc);
}

static int sfs_tcp_accept_thread(void *arg)
{
	struct sfs_tcp_endpoint *ep = arg;
	unsigned int nofs = memalloc_nofs_save();
	struct socket *sock;
	int ret;

	while (!kthread_should_stop()) {
		ret = kernel_accept(ep->listener, &sock, 0);
		if (!ret)
			sfs_tcp_accepted(ep, sock);
		else if (ret != -EAGAIN)
			sfs_tcp_rest();
	}
	memalloc_nofs_restore(nofs);
	return 0;
}

static int sfs_tcp_udp_thread(void *arg)
{
	struct sfs_tcp_endpoint *ep = arg;
	struct sockaddr_storage ss;
	struct sfs_net_addr from;
	struct msghdr msg;
	struct kvec vec;
	int ret;

	while (!kthread_should_stop()) {
		msg = (struct msghdr) { .msg_name = &ss };
		vec = (struct kvec) { .iov_base = ep->datagram,
				      .iov_len = sizeof(ep->datagram) };
		ret = kernel_recvmsg(ep->udp, &msg, &vec, 1,
				     sizeof(ep->datagram), 0);
		if (ret > 0) {
			sfs_tcp_net_addr(&ss, &from);
			sfs_net_datagram_input(ep->net, &from, ep->datagram,
					       ret);
		} else if (ret < 0 && ret != -EAGAIN && ret != -ECONNREFUSED) {
			sfs_tcp_rest();
		}
	}
	return 0;
}

static int sfs_tcp_datagram(void *priv, const struct sfs_net_addr *addr,
			    const void *frame, u32 len)
{
	struct kvec vec = { .iov_base = (void *)frame, .iov_len = len };
	struct sfs_tcp_endpoint *ep = priv;
	struct sockaddr_storage ss;
	struct msghdr msg = {
		.msg_name = &ss,
		.msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT,
	};
	int ret;

	if (!ep->udp)
		return -ENOTCONN;
	msg.msg_namelen = sfs_tcp_sockaddr(addr, &ss);
	ret = kernel_sendmsg(ep->udp, &msg, &vec, 1, len);
	return min(ret, 0);
}

static void sfs_tcp_stop(struct sfs_tcp_endpoint *ep)
{
	if (ep->accept_task) {
		kernel_sock_shutdown(ep->listener, SHUT_RDWR);
		kthread_stop(ep->accept_task);
	}
	if (ep->udp_task) {
		kernel_sock_shutdown(ep->udp, SHUT_RDWR);
		kthread_stop(ep->udp_task);
	}
	if (ep->listener)
		sock_release(ep->listener);
	if (ep->udp)
		sock_release(ep->udp);
	put_net(ep->netns);
	kfree(ep);
}

static int sfs_tcp_run(struct task_struct **task, int (*fn)(void *arg),
		       struct sfs_tcp_endpoint *ep, const char *name)
{
	struct task_struct *new = kthread_run(fn, ep, "%s", name);

	if (IS_ERR(new))
		return PTR_ERR(new);
	*task = new;
	return 0;
}

static int sfs_tcp_listen(struct sfs_tcp_endpoint *ep)
{
	int ret;

	ret = sfs_tcp_bind(ep, SOCK_DGRAM, &ep->udp);
	if (!ret)
		ret = sfs_tcp_bind(ep, SOCK_STREAM, &ep->listener);
	if (!ret)
		ret = sfs_tcp_run(&ep->udp_task, sfs_tcp_udp_thread, ep,
				  "scoutfs_udp");
	if (!ret)
		ret = sfs_tcp_run(&ep->accept_task, sfs_tcp_accept_thread, ep,
				  "scoutfs_accept");
	return ret;
}

static int sfs_tcp_open(struct sfs_net *net, const struct sfs_net_addr *addr,
			unsigned int keepalive_ms, void **priv)
{
	struct sfs_tcp_endpoint *ep = kzalloc(sizeof(*ep), GFP_KERNEL);
	int ret = 0;

	if (!ep)
		return -ENOMEM;
	ep->net = net;
	ep->addr = *addr;
	ep->keepalive_ms = keepalive_ms;
	ep->netns = get_net(current->nsproxy->net_ns);
	/* datagrams may come as soon as it listens, and be answered */
	*priv = ep;
	if (addr->family)
		ret = sfs_tcp_listen(ep);
	if (ret)
		sfs_tcp_stop(ep);
	return ret;
}

static void sfs_tcp_close(void *priv)
{
	sfs_tcp_stop(priv);
}

static struct sfs_transport_ops sfs_tcp_ops = {
	.owner		= THIS_MODULE,
	.name		= "tcp",
	.open		= sfs_tcp_open,
	.close		= sfs_tcp_close,
	.connect	= sfs_tcp_connect,
	.send		= sfs_tcp_send,
	.shutdown	= sfs_tcp_shutdown,
	.release	= sfs_tcp_release,
	.datagram	= sfs_tcp_datagram,
};

static int __init sfs_tcp_init(void)
{
	return sfs_transport_register(&sfs_tcp_ops, SFS_NET_API_VERSION);
}

static void __exit sfs_tcp_exit(void)
{
	sfs_transport_unregister(&sfs_tcp_ops);
}

module_init(sfs_tcp_init);
module_exit(sfs_tcp_exit);
MODULE_ALIAS("scoutfs_net-tcp");
MODULE_DESCRIPTION("scoutfs transport: TCP and UDP");
MODULE_LICENSE("GPL");
