/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions between the mounts of one volume.
 *
 *	connect --> connecting --hello, accept--> open --close, error--> closed
 *	                 ^                          |
 *	                 +--- connection lost ------+ (resumed: nothing is lost)
 *
 * A mount has one endpoint, which may listen at an address and connects to
 * others.  A session joins two mounts; it outlives connections: what was sent
 * and not acknowledged is sent again on the next one, so that within a session
 * every message arrives exactly once and in order within its class.  Classes
 * are queued and delivered apart and do not block one another.  When a session
 * is closed nobody knows how much of the rest arrived; whoever needs an answer
 * all the same asks in a new session, which is why requests must bear being
 * repeated (I5).
 *
 * A mount may hold a session with itself; it takes no transport.
 *
 * Datagrams are apart from sessions: they may get lost, doubled, reordered.  They
 * go out from the listening address: who listens nowhere sends none.
 *
 * All bytes from the network are checked for length, checksum and volume before
 * a callback sees them; their contents are the callbacks' to check.  What is wrong
 * ends the connection it came on, is counted (struct sfs_net_stats) and logged.
 *
 * What owners must do:
 *
 * - Be ready for accept() and datagram() before sfs_net_create() has returned: the
 *   endpoint listens by then.  Where @ret points to is set before the first of them.
 * - Keep a session that accept() agrees to by a reference of their own, and put it
 *   when they are done with it, as the one that sfs_net_connect() returned; both
 *   outlive closed(), sfs_net_close() and sfs_net_destroy().
 * - Close sessions that were accepted: they stay for as long as the owner wants,
 *   with or without a connection.  Only those of this side give up by themselves.
 * - Not wait in serve() for another request of the same session:
 *   SFS_NET_MAX_SERVING of them are served at a time.
 * - Bound what they send: what the other side has not consumed stays queued.
 */
#ifndef SFS_NET_H
#define SFS_NET_H

#include "format/format.h"
#include "format/port.h"

/* Longest payload of a message, a request or a reply; of a datagram; of a hello. */
#define SFS_NET_PAYLOAD_MAX	8192
#define SFS_NET_DATAGRAM_MAX	512
#define SFS_NET_HELLO_MAX	64

/* Requests of one session that are served at a time; more wait for their turn. */
#define SFS_NET_MAX_SERVING	16

enum sfs_net_class {
	SFS_NET_MEMBER	= 0,	/* heartbeats, membership */
	SFS_NET_LOCK	= 1,
	SFS_NET_REQUEST	= 2,	/* calls and their replies */
	SFS_NET_BULK	= 3,
	SFS_NET_NR_CLASSES = 4,
};

/* Where a mount can be reached. */
struct sfs_net_addr {
	u8 family;		/* 4, 6, SFS_FAMILY_VSOCK; 0: nowhere */
	u32 port;		/* host order */
	u8 addr[16];		/* network order, IPv4 or CID in the first four */
};

#define SFS_NET_ADDR_TEXT	56

/* As text: 192.0.2.1:5000, [2001:db8:..]:5000, vsock:2:5000, "-"; needs SFS_NET_ADDR_TEXT bytes. */
void sfs_net_addr_print(const struct sfs_net_addr *addr, char *buf, u32 size);

struct sfs_net;
struct sfs_net_peer;

/**
 * struct sfs_net_ops - what the owner of an endpoint supplies
 * @accept: somebody asks for a session, @hello is what he says of himself; fill
 *	@reply (SFS_NET_HELLO_MAX bytes) and set @reply_len; 0, or the -errno he is
 *	told.  Not called again when a session is resumed.  An older session of the
 *	same mount has ended before, and its closed() has returned.
 * @opened: a session that this side asked for is open; @hello is the answer
 * @receive: a message; 0, or -EPROTO: no correct peer would have sent it, the
 *	session ends.  For one session and class never overlaps, in the order in
 *	which they were sent; classes run in parallel.
 * @serve: a request; fill @reply (SFS_NET_PAYLOAD_MAX bytes, aligned to 8) and
 *	set @reply_len; 0, -EPROTO as above, -ENOMEM: try again a moment later, or
 *	-ENOTCONN: there will be no reply.  Up to SFS_NET_MAX_SERVING at once for a
 *	session.
 * @closed: the session is over; no other callback for it runs or follows, and
 *	its calls have failed.  @error is why: 0 the other side closed it, the
 *	errno of accept() on the other side, -EPROTO, -ETIMEDOUT after give_up_ms
 *	without a connection, -ESTALE the other side does not know it any more,
 *	-ECONNRESET the other mount has begun a new one.  Does not begin after
 *	sfs_net_close() of this side; one that runs then is waited for by
 *	sfs_net_close_sync().
 * @datagram: a datagram of the mount @rid came from @from
 *
 * All are called in process context with memory allocated as by GFP_NOFS, and may
 * sleep; they may send, and they may
 * start and close sessions but not wait for a session's end.
 */
struct sfs_net_ops {
	int (*accept)(void *arg, struct sfs_net_peer *peer, const void *hello,
		      u32 hello_len, void *reply, u32 *reply_len);
	void (*opened)(void *arg, struct sfs_net_peer *peer, const void *hello,
		       u32 hello_len);
	int (*receive)(void *arg, struct sfs_net_peer *peer,
		       enum sfs_net_class class, u8 type, const void *data,
		       u32 len);
	int (*serve)(void *arg, struct sfs_net_peer *peer, u8 type,
		     const void *req, u32 req_len, void *reply,
		     u32 *reply_len);
	void (*closed)(void *arg, struct sfs_net_peer *peer, int error);
	void (*datagram)(void *arg, const struct sfs_net_addr *from, u64 rid,
			 u8 type, const void *data, u32 len);
};

/**
 * struct sfs_net_params - one endpoint
 * @transport: name of a registered transport, loaded when it is not
 * @fsid: volume; frames of other volumes are refused
 * @rid: this mount
 * @addr: where to listen, also for datagrams; family 0: nowhere
 * @keepalive_ms: a connection that is silent for so long is given up; at least
 *	100
 * @ops: callbacks, valid until sfs_net_destroy()
 * @arg: passed to them
 */
struct sfs_net_params {
	const char *transport;
	u64 fsid;
	u64 rid;
	struct sfs_net_addr addr;
	unsigned int keepalive_ms;
	const struct sfs_net_ops *ops;
	void *arg;
};

/*
 * 0; -ENOENT: no such transport; -EADDRINUSE, -EADDRNOTAVAIL, -EACCES,
 * -EAFNOSUPPORT: the address; -ENOMEM.  @ret is NULL after an error.
 */
int sfs_net_create(const struct sfs_net_params *params, struct sfs_net **ret);
/* Ends all sessions without a closed(); waits for callbacks that run. */
void sfs_net_destroy(struct sfs_net *net);

/**
 * sfs_net_connect() - ask another mount for a session
 * @net: endpoint
 * @addr: where it listens; family 0: with this mount itself
 * @hello: what to say of oneself, at most SFS_NET_HELLO_MAX bytes; copied
 * @hello_len: bytes of it
 * @give_up_ms: end the session after so long without a connection
 * @priv: see sfs_net_peer_priv()
 *
 * Returns at once; opened() or closed() follows.
 * Return: the session, referenced, or ERR_PTR(-ENOMEM, -ESHUTDOWN).
 */
struct sfs_net_peer *sfs_net_connect(struct sfs_net *net,
				     const struct sfs_net_addr *addr,
				     const void *hello, u32 hello_len,
				     unsigned int give_up_ms, void *priv);

/*
 * End a session: calls fail, nothing is delivered any more after what runs now.
 * Does not wait.  What was sent before is still sent if the connection is up.
 */
void sfs_net_close(struct sfs_net_peer *peer);
/* The same, and wait until no callback for it runs; not from callbacks. */
void sfs_net_close_sync(struct sfs_net_peer *peer);
void sfs_net_peer_get(struct sfs_net_peer *peer);
void sfs_net_peer_put(struct sfs_net_peer *peer);
u64 sfs_net_peer_rid(const struct sfs_net_peer *peer);
/* Where the other side's connection came from or goes to. */
void sfs_net_peer_addr(struct sfs_net_peer *peer, struct sfs_net_addr *addr);
/* The owner's pointer, set in accept() or by sfs_net_connect(). */
void *sfs_net_peer_priv(const struct sfs_net_peer *peer);
void sfs_net_peer_set_priv(struct sfs_net_peer *peer, void *priv);
/* Calls fail; closed() comes when the callbacks that run now have returned. */
bool sfs_net_peer_is_over(struct sfs_net_peer *peer);

enum sfs_net_send_flags {
	/* drop it when there is no connection now: heartbeats */
	SFS_NET_DROPPABLE	= 1 << 0,
};

/**
 * sfs_net_send() - send a message
 * @peer: session
 * @class: anything but SFS_NET_REQUEST
 * @type: the owner's own
 * @data: payload, copied
 * @len: bytes of it, at most SFS_NET_PAYLOAD_MAX
 * @flags: enum sfs_net_send_flags
 *
 * Context: Process context, may allocate with GFP_NOFS | __GFP_NOFAIL; does not
 *	wait for the peer: what is queued is bounded by the owners' protocols.
 * Return: 0, -ENOTCONN when the session is closed.
 */
int sfs_net_send(struct sfs_net_peer *peer, enum sfs_net_class class, u8 type,
		 const void *data, u32 len, unsigned int flags);

/**
 * sfs_net_call() - send a request and wait for the reply
 * @peer: session
 * @type: the owner's own
 * @req: request
 * @req_len: bytes of it, at most SFS_NET_PAYLOAD_MAX
 * @reply: room for @reply_max bytes
 * @reply_max: a longer reply ends the session with -EPROTO
 * @reply_len: set to the bytes that came
 * @is_killable: give up when the task is killed; the request may take effect
 *
 * Context: Sleeps until the reply came or the session is closed.
 * Return: 0; -ENOTCONN: the session was closed, the request may have taken
 * effect; -EINTR; -EPROTO.
 */
int sfs_net_call(struct sfs_net_peer *peer, u8 type, const void *req,
		 u32 req_len, void *reply, u32 reply_max, u32 *reply_len,
		 bool is_killable);

/* To another mount's listening address; 0 or why it was surely not sent. */
int sfs_net_send_datagram(struct sfs_net *net, const struct sfs_net_addr *addr,
			  u8 type, const void *data, u32 len);

/**
 * struct sfs_net_peer_info - one session, for support
 * @rid: other mount
 * @addr: other side's address
 * @is_up: a connection exists now
 * @is_ours: this side asked for the session
 * @nr_sent: messages, calls and replies
 * @nr_received: likewise
 * @nr_resent: messages sent again after a connection was lost
 * @nr_connects: connections so far
 * @nr_queued: sent and not acknowledged
 * @bytes_sent: with headers
 * @bytes_received: likewise
 * @silent_ms: since the last frame came
 */
struct sfs_net_peer_info {
	u64 rid;
	struct sfs_net_addr addr;
	bool is_up;
	bool is_ours;
	u64 nr_sent;
	u64 nr_received;
	u64 nr_resent;
	u64 nr_connects;
	u64 nr_queued;
	u64 bytes_sent;
	u64 bytes_received;
	u64 silent_ms;
};

/* What went wrong at the edge, since the endpoint was made. */
struct sfs_net_stats {
	u64 nr_bad_frames;	/* magic, version, length, checksum */
	u64 nr_foreign;		/* of another volume */
	u64 nr_refused;		/* accept() said no; no hello, or too many without */
	u64 nr_protocol;	/* -EPROTO of callbacks */
};

/* false: enough seen; must not sleep */
typedef bool sfs_net_peer_fn(void *arg, const struct sfs_net_peer_info *info);
/* Visit all sessions. */
void sfs_net_visit_peers(struct sfs_net *net, sfs_net_peer_fn *fn, void *arg);
void sfs_net_stats(struct sfs_net *net, struct sfs_net_stats *stats);

#endif
