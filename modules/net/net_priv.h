/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Net layer internals.
 *
 *	net.c		endpoints, accepting, datagrams, the clock
 *	conn.c		connections: their life, hello, what comes in
 *	peer.c		sessions: their life and end
 *	queue.c		sending, resending, credits, delivery
 *	call.c		requests and replies
 *
 * Lock order: net->lock -> peer->lock.  Neither is held across callbacks or calls
 * of a transport.
 */
#ifndef SFS_NET_PRIV_H
#define SFS_NET_PRIV_H

#include "net/transport.h"

enum {
	SFS_NET_WINDOW		= 256,	/* frames of a class not consumed yet */
	SFS_NET_ACK_EVERY	= 64,	/* consumed frames before an ack */
	SFS_NET_TICK_MS		= 100,
	SFS_NET_PING_MS		= 1000,
	SFS_NET_HELLO_MS	= 5000,	/* for a hello after connecting */
	SFS_NET_MAX_PENDING	= 64,	/* connections without one */
};

/* A message that was queued, until the other side has it. */
struct sfs_net_msg {
	struct list_head link;
	struct sfs_frame_hdr hdr;
	u8 payload[] __aligned(8);
};

/* it is sent in one piece */
static_assert(offsetof(struct sfs_net_msg, payload) ==
	      offsetof(struct sfs_net_msg, hdr) + sizeof(struct sfs_frame_hdr));

struct sfs_net_tx {
	struct list_head queue;		/* not acknowledged, oldest first */
	struct sfs_net_msg *next;	/* the first not sent on this connection */
	u64 next_seq;			/* of the next one queued */
	u64 nr_consumed;		/* by the other side */
};

struct sfs_net_rx {
	struct list_head queue;		/* received, not delivered */
	u64 next_seq;			/* expected */
	u64 nr_consumed;
	struct sfs_net_peer *peer;
	struct work_struct work;	/* delivers */
};

enum sfs_net_peer_state {
	SFS_PEER_NEW,			/* no hello was answered yet */
	SFS_PEER_OPEN,
	SFS_PEER_CLOSED,
};

struct sfs_net_peer {
	struct list_head link;		/* net->peers */
	refcount_t refs;
	struct sfs_net *net;
	u64 rid;			/* 0: not known yet */
	u64 session;
	bool is_ours;			/* asked for by this side */
	bool is_self;
	void *priv;
	struct sfs_net_addr addr;
	unsigned int give_up_ms;
	u32 hello_len;
	u8 hello[SFS_NET_HELLO_MAX];

	spinlock_t lock;		/* all that follows */
	enum sfs_net_peer_state state;
	bool is_closed_here;
	int error;
	struct sfs_conn *conn;		/* NULL: none; referenced */
	struct sfs_conn *connecting;	/* likewise */
	bool is_up;			/* conn has had its hello */
	u64 down_ns;			/* since when there is no connection */
	bool wants_ack;
	bool wants_close;		/* after what is queued */
	bool is_close_sent;
	u64 acked_ns;
	u64 heard_ns;
	struct sfs_net_tx tx[SFS_NET_NR_CLASSES];
	struct sfs_net_rx rx[SFS_NET_NR_CLASSES];
	struct xarray calls;		/* struct sfs_net_call by id */
	u64 next_id;
	atomic_t nr_serving;
	u64 nr_sent, nr_received, nr_resent, nr_connects;
	u64 bytes_sent, bytes_received;

	wait_queue_head_t wait;		/* nr_serving, the end */
	bool is_ended;
	struct work_struct send_work;
	struct work_struct connect_work;
	struct work_struct end_work;
};

struct sfs_net {
	const struct sfs_net_ops *ops;
	void *arg;
	struct sfs_transport_ops *transport;
	void *tpriv;			/* the transport's endpoint */
	u64 fsid;
	u64 rid;
	unsigned int keepalive_ms;
	struct workqueue_struct *wq;
	struct delayed_work tick_work;
	wait_queue_head_t wait;		/* peers and connections go */

	spinlock_t lock;		/* the next four */
	struct list_head peers;
	struct list_head conns;
	unsigned int nr_pending;	/* connections without a hello */
	bool is_leaving;

	atomic64_t nr_bad_frames;
	atomic64_t nr_foreign;
	atomic64_t nr_refused;
	atomic64_t nr_protocol;
};

struct sfs_conn {
	struct list_head link;		/* net->conns */
	refcount_t refs;
	struct sfs_net *net;
	const struct sfs_transport_ops *ops;
	void *priv;			/* the transport's */
	struct sfs_net_addr addr;
	struct sfs_net_peer *peer;	/* referenced, once it is known */
	u64 since_ns;
	bool is_pending;		/* counted in net->nr_pending */
	bool is_released;
	struct work_struct release_work;
};

/* ---- conn.c ---- */
struct sfs_conn *sfs_conn_create(struct sfs_net *net,
				 const struct sfs_transport_ops *ops,
				 const struct sfs_net_addr *addr);
void sfs_conn_get(struct sfs_conn *conn);
void sfs_conn_put(struct sfs_conn *conn);
/* It ends, and is released by a work item. */
void sfs_conn_end(struct sfs_conn *conn);
void sfs_conn_look(struct sfs_net *net, u64 now_ns);
int sfs_conn_say_hello(struct sfs_conn *conn, struct sfs_net_peer *peer,
		       u8 kind, int error, const void *hello, u32 len);

/* ---- peer.c ---- */
struct sfs_net_peer *sfs_peer_create(struct sfs_net *net, bool is_ours,
				     u64 rid, u64 session);
struct sfs_net_peer *sfs_peer_find(struct sfs_net *net, u64 rid);
void sfs_peer_close(struct sfs_net_peer *peer, int error, bool is_here);
void sfs_peer_wait_end(struct sfs_net_peer *peer);
/* The connection takes over; what was not received is sent again. */
void sfs_peer_attach(struct sfs_net_peer *peer, struct sfs_conn *conn,
		     const struct sfs_hello_msg *hello);
void sfs_peer_detach(struct sfs_net_peer *peer, struct sfs_conn *conn);
void sfs_peer_look(struct sfs_net_peer *peer, u64 now_ns);

/* ---- queue.c ---- */
void sfs_queue_init(struct sfs_net_peer *peer);
void sfs_queue_send_work(struct work_struct *work);
void sfs_queue_exit(struct sfs_net_peer *peer);
void sfs_queue_stop(struct sfs_net_peer *peer);
int sfs_queue_add(struct sfs_net_peer *peer, u8 kind, u8 class, u8 type, u64 id,
		  const void *data, u32 len, unsigned int flags);
int sfs_queue_input(struct sfs_net_peer *peer, const struct sfs_frame_hdr *hdr);
void sfs_queue_consumed(struct sfs_net_peer *peer, u8 class);
void sfs_queue_rewind_locked(struct sfs_net_peer *peer,
			     const struct sfs_hello_msg *hello);
void sfs_queue_kick(struct sfs_net_peer *peer);
int sfs_queue_ack(struct sfs_net_peer *peer, const struct sfs_ack_msg *ack);

/* ---- call.c ---- */
void sfs_call_fail_all(struct sfs_net_peer *peer);
int sfs_call_input(struct sfs_net_peer *peer, struct sfs_net_msg *msg);

#endif
