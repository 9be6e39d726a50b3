// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transports over sockets.
 *
 *	tcp	TCP; datagrams over UDP at the same port
 *	mptcp	MPTCP, which is TCP over several paths at once; UDP likewise
 *	vsock	VSOCK, between a virtual machine and its host; no datagrams
 *
 * Sockets' callbacks run in softirq and only queue work items of the endpoint's
 * queue; those read, accept, and call the user.  A connection's rx_work is the
 * only caller of its callbacks, so they never overlap.
 *
 * A socket's sk_user_data is its object's until sk_callback_lock was taken to
 * clear it; after that no callback queues anything.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/tcp.h>
#include <linux/vm_sockets.h>
#include <net/sock.h>

#include "net/transport.h"

enum {
	SFS_TCP_BACKLOG		= 64,
	SFS_TCP_ACCEPT_BATCH	= 16,
	SFS_TCP_RX_BYTES	= 16384,
};

struct sfs_tcp_kind {
	int family;			/* one of those it has sockets of */
	int protocol;			/* of connections */
	bool has_datagrams;
	const char *needs;		/* what may be missing, for the log */
};

struct sfs_tcp {
	const struct sfs_tcp_kind *kind;
	struct sfs_transport_params params;
	struct net *ns;
	struct socket *listener;	/* NULL when it listens nowhere */
	struct socket *udp;
	struct work_struct accept_work;
	struct work_struct udp_work;
	void *datagram;			/* udp_work's */
	void (*saved_ready)(struct sock *sk);	/* the listener's */
	void (*saved_udp_ready)(struct sock *sk);
	spinlock_t lock;		/* guards is_closing against queueing */
	bool is_closing;
};

struct sfs_tcp_conn {
	struct sfs_tcp *tcp;
	refcount_t refs;		/* user, socket until lost(), work item */
	struct socket *sock;
	void *owner;
	void *buf;			/* rx_work's */
	struct work_struct rx_work;
	void (*saved_ready)(struct sock *sk);
	void (*saved_state)(struct sock *sk);
	void (*saved_error)(struct sock *sk);
	bool is_asking;			/* connected() is to come; rx_work's */
	bool is_lost;			/* rx_work's */
	bool is_shut;
};

/* ---- addresses ---- */

static int sfs_tcp_to_sockaddr(const struct sfs_tcp *tcp,
			       const struct sfs_net_addr *addr,
			       struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_vm *vm = (struct sockaddr_vm *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	bool is_vsock = addr->family == SFS_FAMILY_VSOCK;
	bool has_vsock = tcp->kind->family == AF_VSOCK;

	memset(ss, 0, sizeof(*ss));
	if (is_vsock != has_vsock)
		return -EAFNOSUPPORT;
	switch (addr->family) {
	case 4:
		in->sin_family = AF_INET;
		in->sin_port = htons(addr->port);
		memcpy(&in->sin_addr, addr->addr, sizeof(in->sin_addr));
		return sizeof(*in);
	case 6:
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(addr->port);
		memcpy(&in6->sin6_addr, addr->addr, sizeof(in6->sin6_addr));
		return sizeof(*in6);
	case SFS_FAMILY_VSOCK:
		vm->svm_family = AF_VSOCK;
		vm->svm_port = addr->port;
		vm->svm_cid = get_unaligned_be32(addr->addr);
		return sizeof(*vm);
	}
	return -EAFNOSUPPORT;
}

static void sfs_tcp_from_sockaddr(const struct sockaddr_storage *ss,
				  struct sfs_net_addr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_vm *vm = (const struct sockaddr_vm *)ss;
	const struct sockaddr_in *in = (const struct sockaddr_in *)ss;

	memset(addr, 0, sizeof(*addr));
	if (ss->ss_family == AF_INET6) {
		addr->family = 6;
		addr->port = ntohs(in6->sin6_port);
		memcpy(addr->addr, &in6->sin6_addr, sizeof(in6->sin6_addr));
	} else if (ss->ss_family == AF_VSOCK) {
		addr->family = SFS_FAMILY_VSOCK;
		addr->port = vm->svm_port;
		put_unaligned_be32(vm->svm_cid, addr->addr);
	} else {
		addr->family = 4;
		addr->port = ntohs(in->sin_port);
		memcpy(addr->addr, &in->sin_addr, sizeof(in->sin_addr));
	}
}

/* ---- sockets ---- */

/* Never back into a filesystem, and never to a task's page fragment. */
static void sfs_tcp_set_alloc(struct socket *sock)
{
	sock->sk->sk_allocation = GFP_NOFS;
	sfs_compat_set_task_frag(sock->sk, false);
}

static int sfs_tcp_socket(struct sfs_tcp *tcp, int family, int type,
			  struct socket **ret)
{
	int protocol = type == SOCK_STREAM ? tcp->kind->protocol : 0;
	int error;

	error = sock_create_kern(tcp->ns, family, type, protocol, ret);
	if (error)
		return error;
	/* timers of a closing TCP socket need the namespace after us */
	sk_net_refcnt_upgrade((*ret)->sk);
	sfs_tcp_set_alloc(*ret);
	return 0;
}

/* As setsockopt(2).  What a protocol does not know it has to do without. */
static void sfs_tcp_set_option(struct socket *sock, int level, int name,
			       int value)
{
	sockptr_t val = KERNEL_SOCKPTR(&value);

	if (level == SOL_SOCKET && sock->sk->sk_protocol != IPPROTO_MPTCP)
		sock_setsockopt(sock, level, name, val, sizeof(value));
	else
		sock->ops->setsockopt(sock, level, name, val, sizeof(value));
}

static void sfs_tcp_set_keepalive(struct sfs_tcp *tcp, struct socket *sock)
{
	unsigned int ms = tcp->params.keepalive_ms;
	unsigned int idle_s = max(1U, ms / 3000);

	sfs_tcp_set_option(sock, SOL_TCP, TCP_NODELAY, 1);
	sfs_tcp_set_option(sock, SOL_SOCKET, SO_KEEPALIVE, 1);
	sfs_tcp_set_option(sock, SOL_TCP, TCP_KEEPIDLE, idle_s);
	sfs_tcp_set_option(sock, SOL_TCP, TCP_KEEPINTVL, idle_s);
	sfs_tcp_set_option(sock, SOL_TCP, TCP_KEEPCNT, 3);
	sfs_tcp_set_option(sock, SOL_TCP, TCP_USER_TIMEOUT, ms);
	lock_sock(sock->sk);
	sock->sk->sk_sndtimeo = msecs_to_jiffies(ms) + 1;
	release_sock(sock->sk);
}

static int sfs_tcp_bind(struct sfs_tcp *tcp, int type, struct socket **ret)
{
	struct sockaddr_storage ss;
	struct socket *sock;
	int len = sfs_tcp_to_sockaddr(tcp, &tcp->params.addr, &ss);
	int error;

	if (len < 0)
		return len;
	error = sfs_tcp_socket(tcp, ss.ss_family, type, &sock);
	if (error)
		return error;
	if (type == SOCK_STREAM)
		sfs_tcp_set_option(sock, SOL_SOCKET, SO_REUSEADDR, 1);
	if (ss.ss_family == AF_INET6)
		sfs_tcp_set_option(sock, SOL_IPV6, IPV6_V6ONLY, 1);
	error = kernel_bind(sock, (struct sockaddr *)&ss, len);
	if (error) {
		sock_release(sock);
		return error;
	}
	*ret = sock;
	return 0;
}

/* ---- connections ---- */

static void sfs_tcp_conn_put(struct sfs_tcp_conn *conn)
{
	if (!refcount_dec_and_test(&conn->refs))
		return;
	sock_release(conn->sock);
	kfree(conn->buf);
	kfree(conn);
}

static void sfs_tcp_conn_kick(struct sfs_tcp_conn *conn)
{
	refcount_inc(&conn->refs);
	if (!queue_work(conn->tcp->params.wq, &conn->rx_work))
		refcount_dec(&conn->refs);
}

static void sfs_tcp_conn_event(struct sock *sk)
{
	struct sfs_tcp_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn)
		sfs_tcp_conn_kick(conn);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void sfs_tcp_conn_state(struct sock *sk)
{
	struct sfs_tcp_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn) {
		/* who waits to send must see it too */
		conn->saved_state(sk);
		sfs_tcp_conn_kick(conn);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/* MPTCP and VSOCK tell a refused connection by nothing else. */
static void sfs_tcp_conn_error(struct sock *sk)
{
	struct sfs_tcp_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn) {
		conn->saved_error(sk);
		sfs_tcp_conn_kick(conn);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void sfs_tcp_conn_watch(struct sfs_tcp_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	conn->saved_ready = sk->sk_data_ready;
	conn->saved_state = sk->sk_state_change;
	conn->saved_error = sk->sk_error_report;
	sk->sk_user_data = conn;
	sk->sk_data_ready = sfs_tcp_conn_event;
	sk->sk_state_change = sfs_tcp_conn_state;
	sk->sk_error_report = sfs_tcp_conn_error;
	write_unlock_bh(&sk->sk_callback_lock);
}

static void sfs_tcp_conn_unwatch(struct sfs_tcp_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = conn->saved_ready;
	sk->sk_state_change = conn->saved_state;
	sk->sk_error_report = conn->saved_error;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* Reads what is there: -EAGAIN, or why the connection is over. */
static int sfs_tcp_conn_read(struct sfs_tcp_conn *conn)
{
	const struct sfs_transport_user *user = conn->tcp->params.user;
	int ret;

	while (!READ_ONCE(conn->is_shut)) {
		struct kvec vec = {
			.iov_base = conn->buf,
			.iov_len = SFS_TCP_RX_BYTES,
		};
		struct msghdr msg = { .msg_flags = MSG_DONTWAIT };

		ret = kernel_recvmsg(conn->sock, &msg, &vec, 1, vec.iov_len,
				     MSG_DONTWAIT);
		if (ret == 0)
			return -ECONNRESET;
		if (ret < 0)
			return ret;
		ret = user->received(conn->owner, conn->buf, ret);
		if (ret)
			return ret;
		cond_resched();
	}
	return -ENOTCONN;
}

/* Has the connection come about?  -EAGAIN: not yet. */
static int sfs_tcp_conn_asked(struct sfs_tcp_conn *conn)
{
	struct sock *sk = conn->sock->sk;
	int state = READ_ONCE(sk->sk_state);
	int error;

	if (READ_ONCE(conn->is_shut))
		return -ENOTCONN;
	if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return -EAGAIN;
	error = sock_error(sk);
	if (error)
		return error;
	if (state == TCP_CLOSE)
		return -ECONNREFUSED;
	conn->is_asking = false;
	conn->tcp->params.user->connected(conn->owner);
	return 0;
}

static void sfs_tcp_conn_rx_work(struct work_struct *work)
{
	struct sfs_tcp_conn *conn = container_of(work, struct sfs_tcp_conn,
						 rx_work);
	unsigned int nofs = memalloc_nofs_save();
	int error = 0;

	/* without an owner accepted() has not returned, and a kick follows */
	if (conn->is_lost || !READ_ONCE(conn->owner))
		goto out;
	if (conn->is_asking)
		error = sfs_tcp_conn_asked(conn);
	if (!error)
		error = sfs_tcp_conn_read(conn);
	if (error == -EAGAIN || error == -EINTR)
		goto out;

	conn->is_lost = true;
	sfs_tcp_conn_unwatch(conn);
	kernel_sock_shutdown(conn->sock, SHUT_RDWR);
	conn->tcp->params.user->lost(conn->owner, error);
	sfs_tcp_conn_put(conn);		/* the socket's */
out:
	memalloc_nofs_restore(nofs);
	sfs_tcp_conn_put(conn);
}

/* Takes over the socket when it succeeds. */
static struct sfs_tcp_conn *sfs_tcp_conn_create(struct sfs_tcp *tcp,
						struct socket *sock)
{
	struct sfs_tcp_conn *conn = kzalloc(sizeof(*conn), GFP_NOFS);

	if (!conn)
		return NULL;
	conn->buf = kmalloc(SFS_TCP_RX_BYTES, GFP_NOFS);
	if (!conn->buf) {
		kfree(conn);
		return NULL;
	}
	conn->tcp = tcp;
	refcount_set(&conn->refs, 2);
	conn->sock = sock;
	INIT_WORK(&conn->rx_work, sfs_tcp_conn_rx_work);
	sfs_tcp_set_keepalive(tcp, sock);
	return conn;
}

static int sfs_tcp_connect(void *ep, const struct sfs_net_addr *addr,
			   void *owner, void **ret)
{
	struct sfs_tcp *tcp = ep;
	struct sockaddr_storage ss;
	struct sfs_tcp_conn *conn;
	struct socket *sock;
	int len = sfs_tcp_to_sockaddr(tcp, addr, &ss);
	int error;

	if (len < 0)
		return len;
	error = sfs_tcp_socket(tcp, ss.ss_family, SOCK_STREAM, &sock);
	if (error)
		return error;
	conn = sfs_tcp_conn_create(tcp, sock);
	if (!conn) {
		sock_release(sock);
		return -ENOMEM;
	}
	conn->owner = owner;
	conn->is_asking = true;
	error = kernel_connect(sock, (struct sockaddr *)&ss, len, O_NONBLOCK);
	if (error && error != -EINPROGRESS) {
		refcount_dec(&conn->refs);
		sfs_tcp_conn_put(conn);
		return error;
	}
	*ret = conn;
	sfs_tcp_conn_watch(conn);
	/* what happened before that was not told */
	sfs_tcp_conn_kick(conn);
	return 0;
}

static int sfs_tcp_send(void *priv, const void *head, u32 head_len,
			const void *body, u32 body_len)
{
	struct sfs_tcp_conn *conn = priv;
	unsigned int nofs = memalloc_nofs_save();
	struct kvec vec[2] = {
		{ .iov_base = (void *)head, .iov_len = head_len },
		{ .iov_base = (void *)body, .iov_len = body_len },
	};
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL };
	size_t left = (size_t)head_len + body_len;
	int ret = 0;

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, vec,
		      body_len ? 2 : 1, left);
	while (left) {
		ret = sock_sendmsg(conn->sock, &msg);
		if (ret <= 0)
			break;
		left -= ret;
	}
	memalloc_nofs_restore(nofs);
	if (!left)
		return 0;
	return ret < 0 ? ret : -EPIPE;
}

static void sfs_tcp_shutdown(void *priv)
{
	struct sfs_tcp_conn *conn = priv;

	WRITE_ONCE(conn->is_shut, true);
	kernel_sock_shutdown(conn->sock, SHUT_RDWR);
	sfs_tcp_conn_kick(conn);
}

static void sfs_tcp_release(void *priv)
{
	sfs_tcp_conn_put(priv);
}

/* ---- the endpoint ---- */

static void sfs_tcp_kick(struct sfs_tcp *tcp, struct work_struct *work)
{
	spin_lock_bh(&tcp->lock);
	if (!tcp->is_closing)
		queue_work(tcp->params.wq, work);
	spin_unlock_bh(&tcp->lock);
}

static void sfs_tcp_listener_event(struct sock *sk)
{
	struct sfs_tcp *tcp;

	/* accepted sockets are born with the listener's callbacks */
	if (READ_ONCE(sk->sk_state) != TCP_LISTEN)
		return;
	read_lock_bh(&sk->sk_callback_lock);
	tcp = sk->sk_user_data;
	if (tcp)
		sfs_tcp_kick(tcp, &tcp->accept_work);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void sfs_tcp_udp_event(struct sock *sk)
{
	struct sfs_tcp *tcp;

	read_lock_bh(&sk->sk_callback_lock);
	tcp = sk->sk_user_data;
	if (tcp)
		sfs_tcp_kick(tcp, &tcp->udp_work);
	read_unlock_bh(&sk->sk_callback_lock);
}

/* Sets who is told of what comes; returns who was. */
static void *sfs_tcp_watch(struct socket *sock, struct sfs_tcp *tcp,
			   void (*ready)(struct sock *sk))
{
	struct sock *sk = sock->sk;
	void *saved;

	write_lock_bh(&sk->sk_callback_lock);
	saved = sk->sk_data_ready;
	sk->sk_user_data = tcp;
	sk->sk_data_ready = ready;
	write_unlock_bh(&sk->sk_callback_lock);
	return saved;
}

static void sfs_tcp_accept_one(struct sfs_tcp *tcp, struct socket *sock)
{
	struct sockaddr_storage ss;
	struct sfs_tcp_conn *conn;
	struct sfs_net_addr from;
	void *owner;

	/* not the listener's any more */
	sfs_tcp_watch(sock, NULL, tcp->saved_ready);
	if (kernel_getpeername(sock, (struct sockaddr *)&ss) < 0) {
		sock_release(sock);
		return;
	}
	sfs_tcp_from_sockaddr(&ss, &from);
	sfs_tcp_set_alloc(sock);
	conn = sfs_tcp_conn_create(tcp, sock);
	if (!conn) {
		sock_release(sock);
		return;
	}
	owner = tcp->params.user->accepted(tcp->params.arg, conn, &from);
	if (!owner) {
		refcount_dec(&conn->refs);
		sfs_tcp_conn_put(conn);
		return;
	}
	sfs_tcp_conn_watch(conn);
	WRITE_ONCE(conn->owner, owner);
	sfs_tcp_conn_kick(conn);
}

static void sfs_tcp_accept_work(struct work_struct *work)
{
	struct sfs_tcp *tcp = container_of(work, struct sfs_tcp, accept_work);
	unsigned int nofs = memalloc_nofs_save();
	struct socket *sock;
	unsigned int i;

	for (i = 0; i < SFS_TCP_ACCEPT_BATCH; i++) {
		if (kernel_accept(tcp->listener, &sock, O_NONBLOCK) < 0)
			break;
		sfs_tcp_accept_one(tcp, sock);
	}
	if (i == SFS_TCP_ACCEPT_BATCH)
		sfs_tcp_kick(tcp, &tcp->accept_work);
	memalloc_nofs_restore(nofs);
}

/* false: there is none */
static bool sfs_tcp_read_datagram(struct sfs_tcp *tcp)
{
	struct sockaddr_storage ss;
	struct kvec vec = {
		.iov_base = tcp->datagram,
		.iov_len = tcp->params.datagram_max,
	};
	struct msghdr msg = {
		.msg_name = &ss,
		.msg_flags = MSG_DONTWAIT,
	};
	struct sfs_net_addr from;
	int ret;

	ret = kernel_recvmsg(tcp->udp, &msg, &vec, 1, vec.iov_len,
			     MSG_DONTWAIT | MSG_TRUNC);
	if (ret < 0)
		/* an error of an earlier datagram is told once */
		return ret != -EAGAIN && ret != -EINTR;
	sfs_tcp_from_sockaddr(&ss, &from);
	/* one that is too long fails its check, and is counted there */
	tcp->params.user->datagram(tcp->params.arg, &from, tcp->datagram,
				   min_t(u32, ret, tcp->params.datagram_max));
	return true;
}

static void sfs_tcp_udp_work(struct work_struct *work)
{
	struct sfs_tcp *tcp = container_of(work, struct sfs_tcp, udp_work);
	unsigned int nofs = memalloc_nofs_save();

	while (!READ_ONCE(tcp->is_closing) && sfs_tcp_read_datagram(tcp))
		cond_resched();
	memalloc_nofs_restore(nofs);
}

static int sfs_tcp_send_datagram(void *ep, const struct sfs_net_addr *addr,
				 const void *data, u32 len)
{
	struct sfs_tcp *tcp = ep;
	unsigned int nofs = memalloc_nofs_save();
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };
	struct sockaddr_storage ss;
	struct msghdr msg = {
		.msg_name = &ss,
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL,
	};
	int ret = sfs_tcp_to_sockaddr(tcp, addr, &ss);

	msg.msg_namelen = ret;
	if (!tcp->udp || addr->family != tcp->params.addr.family)
		ret = -EADDRNOTAVAIL;
	if (ret >= 0)
		ret = kernel_sendmsg(tcp->udp, &msg, &vec, 1, len);
	memalloc_nofs_restore(nofs);
	return ret < 0 ? ret : 0;
}

static void sfs_tcp_free(struct sfs_tcp *tcp)
{
	if (tcp->listener)
		sock_release(tcp->listener);
	if (tcp->udp)
		sock_release(tcp->udp);
	put_net(tcp->ns);
	kfree(tcp->datagram);
	kfree(tcp);
}

static int sfs_tcp_listen(struct sfs_tcp *tcp)
{
	int error;

	tcp->datagram = kmalloc(tcp->params.datagram_max, GFP_KERNEL);
	if (!tcp->datagram)
		return -ENOMEM;
	error = sfs_tcp_bind(tcp, SOCK_STREAM, &tcp->listener);
	if (!error && tcp->kind->has_datagrams)
		error = sfs_tcp_bind(tcp, SOCK_DGRAM, &tcp->udp);
	if (error)
		return error;
	tcp->saved_ready = sfs_tcp_watch(tcp->listener, tcp,
					 sfs_tcp_listener_event);
	if (tcp->udp)
		tcp->saved_udp_ready = sfs_tcp_watch(tcp->udp, tcp,
						     sfs_tcp_udp_event);
	return kernel_listen(tcp->listener, SFS_TCP_BACKLOG);
}

static void sfs_tcp_close(void *ep)
{
	struct sfs_tcp *tcp = ep;

	spin_lock_bh(&tcp->lock);
	tcp->is_closing = true;
	spin_unlock_bh(&tcp->lock);
	if (tcp->saved_ready)
		sfs_tcp_watch(tcp->listener, NULL, tcp->saved_ready);
	if (tcp->saved_udp_ready)
		sfs_tcp_watch(tcp->udp, NULL, tcp->saved_udp_ready);
	cancel_work_sync(&tcp->accept_work);
	cancel_work_sync(&tcp->udp_work);
	sfs_tcp_free(tcp);
}

/* Else the first connection would tell, and be tried again and again. */
static int sfs_tcp_probe(struct sfs_tcp *tcp)
{
	const struct sfs_tcp_kind *kind = tcp->kind;
	struct socket *sock;
	int error;

	error = sfs_tcp_socket(tcp, kind->family, SOCK_STREAM, &sock);
	if (!error)
		sock_release(sock);
	else if (kind->needs)
		pr_err("scoutfs: transport %s: error %d\n", kind->needs, error);
	return error;
}

static int sfs_tcp_open_kind(const struct sfs_tcp_kind *kind,
			     const struct sfs_transport_params *params,
			     void **ep)
{
	struct sfs_tcp *tcp = kzalloc(sizeof(*tcp), GFP_KERNEL);
	int error;

	if (!tcp)
		return -ENOMEM;
	tcp->kind = kind;
	tcp->params = *params;
	tcp->ns = get_net(current->nsproxy->net_ns);
	INIT_WORK(&tcp->accept_work, sfs_tcp_accept_work);
	INIT_WORK(&tcp->udp_work, sfs_tcp_udp_work);
	spin_lock_init(&tcp->lock);
	*ep = tcp;
	error = sfs_tcp_probe(tcp);
	if (!error && params->addr.family)
		error = sfs_tcp_listen(tcp);
	if (error)
		sfs_tcp_close(tcp);
	return error;
}

/* ---- the transports ---- */

static int sfs_tcp_open(const struct sfs_transport_params *params, void **ep)
{
	static const struct sfs_tcp_kind kind = {
		.family = AF_INET,
		.has_datagrams = true,
	};

	return sfs_tcp_open_kind(&kind, params, ep);
}

static int sfs_mptcp_open(const struct sfs_transport_params *params, void **ep)
{
	static const struct sfs_tcp_kind kind = {
		.family = AF_INET,
		.protocol = IPPROTO_MPTCP,
		.has_datagrams = true,
		.needs = "mptcp needs CONFIG_MPTCP in the kernel, and net.mptcp.enabled=1",
	};

	return sfs_tcp_open_kind(&kind, params, ep);
}

static int sfs_vsock_open(const struct sfs_transport_params *params, void **ep)
{
	static const struct sfs_tcp_kind kind = {
		.family = AF_VSOCK,
		.needs = "vsock needs CONFIG_VSOCKETS in the kernel",
	};

	return sfs_tcp_open_kind(&kind, params, ep);
}

#define SFS_TCP_OPS							\
	.owner		= THIS_MODULE,					\
	.close		= sfs_tcp_close,				\
	.connect	= sfs_tcp_connect,				\
	.send		= sfs_tcp_send,					\
	.shutdown	= sfs_tcp_shutdown,				\
	.release	= sfs_tcp_release

static struct sfs_transport_ops sfs_tcp_ops[] = {
	{
		.name		= "tcp",
		.open		= sfs_tcp_open,
		.send_datagram	= sfs_tcp_send_datagram,
		SFS_TCP_OPS,
	}, {
		.name		= "mptcp",
		.open		= sfs_mptcp_open,
		.send_datagram	= sfs_tcp_send_datagram,
		SFS_TCP_OPS,
	}, {
		.name		= "vsock",
		.open		= sfs_vsock_open,
		SFS_TCP_OPS,
	},
};

static void sfs_tcp_unregister(unsigned int nr)
{
	while (nr--)
		sfs_transport_unregister(&sfs_tcp_ops[nr]);
}

static int __init sfs_tcp_module_init(void)
{
	unsigned int i;
	int error;

	for (i = 0; i < ARRAY_SIZE(sfs_tcp_ops); i++) {
		error = sfs_transport_register(&sfs_tcp_ops[i],
					       SFS_NET_API_VERSION);
		if (error) {
			sfs_tcp_unregister(i);
			return error;
		}
	}
	return 0;
}

static void __exit sfs_tcp_module_exit(void)
{
	sfs_tcp_unregister(ARRAY_SIZE(sfs_tcp_ops));
}

module_init(sfs_tcp_module_init);
module_exit(sfs_tcp_module_exit);
MODULE_ALIAS("scoutfs_net-tcp");
MODULE_ALIAS("scoutfs_net-mptcp");
MODULE_ALIAS("scoutfs_net-vsock");
MODULE_DESCRIPTION("scoutfs transports: TCP, MPTCP, VSOCK");
MODULE_LICENSE("GPL");
