/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network transports: selected by name, of one API version, pinned while used.
 *
 * A transport moves bytes in order over connections, which may break at any
 * time, and datagrams, which may get lost.  It knows nothing of sessions: what
 * has to arrive is sent again on the next connection by its user.
 */
#ifndef SFS_NET_TRANSPORT_H
#define SFS_NET_TRANSPORT_H

#include "net/net.h"

#define SFS_NET_API_VERSION	4

struct module;

/**
 * struct sfs_transport_user - what a transport calls back
 * @accepted: somebody connected from @from; returns the owner's pointer for the
 *	connection, or NULL: release it, no callback for it follows
 * @connected: a connection that was asked for exists, frames can be sent
 * @received: bytes came, in order and of any number; -errno: shut the connection
 *	down
 * @lost: the connection is over, or did not come about; exactly once and the
 *	last callback of a connection
 * @datagram: a datagram came from @from
 *
 * Callbacks of one connection never overlap.  All are called in process context
 * with no lock held that the transport's calls take, and may sleep.
 */
struct sfs_transport_user {
	void *(*accepted)(void *arg, void *conn,
			  const struct sfs_net_addr *from);
	void (*connected)(void *owner);
	int (*received)(void *owner, const void *data, u32 len);
	void (*lost)(void *owner, int error);
	void (*datagram)(void *arg, const struct sfs_net_addr *from,
			 const void *data, u32 len);
};

/**
 * struct sfs_transport_params - one endpoint
 * @addr: where to listen, for connections and datagrams; family 0: nowhere
 * @fsid: volume
 * @keepalive_ms: a connection is lost when the other side is silent for so long
 * @datagram_max: bytes of the longest datagram that is handed on
 * @user: callbacks, valid until close()
 * @arg: passed to accepted() and datagram()
 * @wq: for the transport's work items, outlives close(); unbound, for reclaim
 */
struct sfs_transport_params {
	struct sfs_net_addr addr;
	u64 fsid;
	unsigned int keepalive_ms;
	u32 datagram_max;
	const struct sfs_transport_user *user;
	void *arg;
	struct workqueue_struct *wq;
};

/**
 * struct sfs_transport_ops - one transport
 * @owner: module that is pinned while the transport is used
 * @name: as stored in the super block, shorter than 16 bytes
 * @open: begin to listen; *ep is the transport's own, set
 *	before the first callback; sleeps
 * @close: no accepted() and datagram() run or follow; called when all
 *	connections are lost and released; sleeps
 * @connect: begin a connection to @addr for @owner; sets *conn before the first
 *	callback, when it cannot fail any more; connected() or lost() follows.
 *	-errno: neither does, *conn stays NULL
 * @send: one whole frame in order, given in two pieces; may wait for the other
 *	side to take bytes until shutdown(); one call at a time for a connection;
 *	-errno: the connection is of no use any more, shut it down
 * @shutdown: end a connection, lost() follows; may be called at any time before
 *	release(), and several times; does not wait for callbacks
 * @release: the user forgets a connection after lost(), perhaps in lost()
 * @send_datagram: from the listening address; may get lost.  NULL: the transport
 *	has none, each takes a connection of its own
 * @list: the registry's
 *
 * Stays valid and unchanged while registered.
 */
struct sfs_transport_ops {
	struct module *owner;
	const char *name;
	int (*open)(const struct sfs_transport_params *params, void **ep);
	void (*close)(void *ep);
	int (*connect)(void *ep, const struct sfs_net_addr *addr, void *owner,
		       void **conn);
	int (*send)(void *conn, const void *head, u32 head_len,
		    const void *body, u32 body_len);
	void (*shutdown)(void *conn);
	void (*release)(void *conn);
	int (*send_datagram)(void *ep, const struct sfs_net_addr *addr,
			     const void *data, u32 len);
	struct list_head list;
};

int sfs_transport_register(struct sfs_transport_ops *ops, u32 version);
void sfs_transport_unregister(struct sfs_transport_ops *ops);

void sfs_transport_for_each(bool (*fn)(void *arg, const char *name), void *arg);

int sfs_transport_get(const char *name, struct sfs_transport_ops **ret);
void sfs_transport_put(struct sfs_transport_ops *ops);

/* Transports that userspace programs link in and register by themselves. */
int sfs_net_loop_init(void);
void sfs_net_loop_exit(void);

#endif
