/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network transports: selected by name, of one API version, pinned while used.
 *
 * A transport moves whole frames over connections, in order, and datagrams.  What
 * frames mean, sessions, resending: all that is the net layer's.
 */
#ifndef SFS_NET_TRANSPORT_H
#define SFS_NET_TRANSPORT_H

#include "net/frame.h"

#define SFS_NET_API_VERSION	2

struct module;
struct sfs_conn;

/**
 * struct sfs_transport_ops - one transport
 * @owner: module that is pinned while the transport is used
 * @name: as stored in the super block, shorter than 16 bytes
 * @open: a mount's endpoint: listen for connections and datagrams at @addr
 *	(family 0: nowhere); *@priv is the transport's own; sleeps
 * @close: the endpoint goes away: nothing is accepted and no datagram delivered
 *	when this returns; all connections were released before
 * @connect: connect @conn to @addr and begin to deliver what comes; sleeps until
 *	it is connected, at most some seconds, or @shutdown was called
 * @send: send a frame; one at a time for a connection; sleeps; an error means that
 *	the connection is lost
 * @shutdown: end a connection: @connect and @send fail soon; does not sleep and
 *	may come at any time between @connect or sfs_conn_accept() and @release
 * @release: no callback for @conn runs or follows when this returns; sleeps; not
 *	called from callbacks
 * @datagram: send a datagram from the endpoint's own address; may lose it
 * @list: the registry's
 *
 * Stays valid and unchanged while registered.
 */
struct sfs_transport_ops {
	struct module *owner;
	const char *name;
	int (*open)(struct sfs_net *net, const struct sfs_net_addr *addr,
		    unsigned int keepalive_ms, void **priv);
	void (*close)(void *priv);
	int (*connect)(void *priv, const struct sfs_net_addr *addr,
		       struct sfs_conn *conn);
	int (*send)(struct sfs_conn *conn, const void *frame, u32 len);
	void (*shutdown)(struct sfs_conn *conn);
	void (*release)(struct sfs_conn *conn);
	int (*datagram)(void *priv, const struct sfs_net_addr *addr,
			const void *frame, u32 len);
	struct list_head list;
};

int sfs_transport_register(struct sfs_transport_ops *ops, u32 version);
void sfs_transport_unregister(struct sfs_transport_ops *ops);

void sfs_transport_for_each(bool (*fn)(void *arg, const char *name), void *arg);
int sfs_transport_get(const char *name, struct sfs_transport_ops **ret);
void sfs_transport_put(struct sfs_transport_ops *ops);

/* ---- what transports call -------------------------------------------------- */

/*
 * Somebody connected; NULL: not wanted, drop it.  Input may follow at once, so
 * @priv is what the transport finds by sfs_conn_priv() from then on.
 */
struct sfs_conn *sfs_conn_accept(struct sfs_net *net,
				 const struct sfs_net_addr *from, void *priv);
/*
 * A whole frame came, its length is that of sfs_frame_len().  Never overlaps for a
 * connection.  -EPROTO: shut it down, nothing more is wanted.  Sleeps.
 */
int sfs_conn_input(struct sfs_conn *conn, const void *frame, u32 len);
/* The connection is over; once, after the last input.  Never under send(). */
void sfs_conn_lost(struct sfs_conn *conn, int error);
void sfs_net_datagram_input(struct sfs_net *net,
			    const struct sfs_net_addr *from, const void *frame,
			    u32 len);
void *sfs_conn_priv(const struct sfs_conn *conn);
void sfs_conn_set_priv(struct sfs_conn *conn, void *priv);
struct sfs_net *sfs_conn_net(const struct sfs_conn *conn);

/* The transport inside of this kernel; the net layer uses it for sessions of a
 * mount with itself.
 */
extern struct sfs_transport_ops sfs_loop_ops;

#endif
