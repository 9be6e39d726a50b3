/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the sessions: endpoint, connection, session, and who guards what.
 *
 * Locks, all spinlocks, in this order: sfs_net.lock, sfs_net_peer.lock,
 * sfs_net_conn.lock.  No callback, no call of the transport and no allocation
 * happens under any of them.
 *
 * References: a session is kept by its owner, by the endpoint's list until it
 * is over, by each connection that serves it and by each work item of it that
 * is queued.  A connection is kept by its transport until lost(), by the session
 * it is attached to, and by its work item.  Nothing outlives the endpoint's work
 * queues but sessions that the owner still refers to; those are closed and
 * look at nothing but themselves.
 */
#ifndef SFS_NET_PRIV_H
#define SFS_NET_PRIV_H

#include "net/frame.h"
#include "net/transport.h"

enum sfs_net_limits {
	SFS_NET_CREDITS		= 64,	/* frames of a stream not consumed */
	SFS_NET_ACK_EVERY	= 16,
	SFS_NET_MAX_GREETING	= 64,	/* connections without a session */
	SFS_NET_CONNECT_MS	= 2000,	/* soon, when the other side is back */
	SFS_NET_MAX_DATAGRAMS	= 8,	/* connections that bring one to an address */
	SFS_NET_GREETING_MS	= 5000,
	SFS_NET_PING_MS		= 1000,
	SFS_NET_BACKOFF_MIN_MS	= 50,
	SFS_NET_BACKOFF_MAX_MS	= 500,
	SFS_NET_LINGER_MS	= 1000,
	SFS_NET_KEEPALIVE_MIN_MS = 100,
};

struct sfs_net {
	const struct sfs_net_ops *ops;
	void *arg;
	u64 fsid;
	u64 rid;
	unsigned int keepalive_ms;
	struct sfs_net_addr addr;
	struct sfs_transport_ops *transport;
	void *ep;
	struct workqueue_struct *wq;
	struct workqueue_struct *serve_wq;	/* serve() may take long */
	spinlock_t lock;		/* guards what says so */
	struct list_head peers;		/* lock; sessions that are not over */
	struct list_head conns;		/* lock; connections not lost */
	unsigned int nr_greeting;	/* lock; accepted, without a session */
	u64 next_session;		/* lock */
	bool is_ending;			/* lock */
	struct sfs_net_stats stats;	/* lock */
	struct delayed_work reap_work;	/* ends what greets or lingers too long */
	wait_queue_head_t wait;		/* for empty lists */
};

struct sfs_net_conn {
	struct sfs_net *net;
	refcount_t refs;
	struct list_head entry;		/* net->lock */
	const struct sfs_transport_ops *transport;
	void *handle;
	bool is_accepted;
	bool is_datagram;		/* made to bring one: @first */
	struct sfs_net_addr addr;
	struct sfs_frame_reader reader;	/* received() only */
	struct work_struct tx_work;

	spinlock_t lock;		/* guards what follows */
	struct sfs_net_peer *peer;	/* set once */
	struct sfs_frame *first;	/* to be sent before anything else */
	u64 deadline_ns;		/* to be ended then; U64_MAX: never */
	bool is_greeting;		/* counted in net->nr_greeting; net->lock */
	bool is_connected;
	bool is_open;			/* hello is over, streams may flow */
	bool is_refused;		/* @first said no */
	bool is_shut;
	bool is_expiring;		/* it has been told when to end */
	bool is_close_sent;
};

enum sfs_peer_state {
	SFS_PEER_CONNECTING,	/* ours, the first answer has not come */
	SFS_PEER_ACCEPTING,	/* theirs, accept() has not returned */
	SFS_PEER_OPEN,
	SFS_PEER_CLOSING,	/* waits for callbacks that run, then closed() */
	SFS_PEER_CLOSED,
};

/* One direction each way of one class, or of replies. */
struct sfs_net_stream {
	struct sfs_net_peer *peer;
	/* sending */
	struct list_head queue;		/* not consumed, in order */
	struct sfs_frame *next;		/* first one not sent on this connection */
	u64 queued_seq;			/* the newest */
	u64 sent_seq;			/* the newest sent on any connection */
	u64 acked_seq;
	/* receiving */
	struct list_head received;	/* not consumed */
	u64 received_seq;
	u64 consumed_seq;
	u64 told_seq;			/* what the other side was told of that */
	struct work_struct rx_work;
};

struct sfs_net_peer {
	struct sfs_net *net;
	refcount_t refs;
	struct list_head entry;		/* net->lock */
	bool is_ours;
	bool is_self;
	u64 session;
	u64 rid;			/* ours: 0 until the first answer */
	void *priv;
	unsigned int give_up_ms;

	spinlock_t lock;		/* guards what follows */
	enum sfs_peer_state state;
	int error;			/* why it is over */
	bool is_owner_done;		/* no callbacks any more */
	bool is_known;			/* to the owner: ours, or accept() said yes */
	bool is_drained;		/* deliver what came before the close */
	bool is_delivering;		/* opened() or accept() has returned */
	bool is_accept_begun;
	bool is_open_told;		/* opened() has begun */
	unsigned int nr_busy;		/* callbacks that run */
	unsigned int nr_serving;	/* requests */
	struct sfs_net_conn *conn;
	struct sfs_net_addr addr;
	u64 lost_ns;			/* when the connection was lost */
	u64 last_rx_ns;
	u64 last_tx_ns;
	u64 retry_ns;			/* when to connect again */
	unsigned int backoff_ms;
	bool need_ack;
	unsigned int next_stream;	/* whose turn it is */
	struct sfs_net_stream streams[SFS_NR_STREAMS];
	struct list_head calls;
	u64 next_request;
	struct sfs_frame *answer_frame;	/* theirs: what accept() said */
	u8 hello[SFS_NET_HELLO_MAX] __aligned(8); /* of the side that asked */
	u8 answer[SFS_NET_HELLO_MAX] __aligned(8); /* ours: for opened() */
	u32 hello_len;
	u32 answer_len;
	struct sfs_net_peer_info info;
	struct work_struct ctl_work;	/* accept(), opened(), closed() */
	struct delayed_work timer;
	wait_queue_head_t wait;
};

/* net.c */
struct sfs_net_peer *sfs_net_greet(struct sfs_net *net,
				   struct sfs_net_conn *conn,
				   const struct sfs_frame *hello, int *error);
void sfs_net_kick_waiting(struct sfs_net *net, u64 rid);
bool sfs_net_must_wait(struct sfs_net_peer *peer);
void sfs_net_forget_peer(struct sfs_net_peer *peer);
void sfs_net_count(struct sfs_net *net, u64 *counter);
void sfs_net_refused(struct sfs_net *net, const struct sfs_net_addr *from,
		     const char *why);
void sfs_net_bad_frame(struct sfs_net *net, const struct sfs_net_addr *from,
		       int error, const char *bad);
void sfs_net_datagram(struct sfs_net *net, const struct sfs_net_addr *from,
		      const void *data, u32 len);

/* conn.c */
extern const struct sfs_transport_user sfs_net_conn_user;
int sfs_net_conn_start(struct sfs_net_peer *peer, bool is_resume);
int sfs_net_conn_send_datagram(struct sfs_net *net,
			       const struct sfs_net_addr *addr,
			       struct sfs_frame *frame);
void sfs_net_conn_get(struct sfs_net_conn *conn);
void sfs_net_conn_put(struct sfs_net_conn *conn);
void sfs_net_conn_shutdown(struct sfs_net_conn *conn);
void sfs_net_conn_expire(struct sfs_net_conn *conn, unsigned int ms);
void sfs_net_conn_kick(struct sfs_net_conn *conn);
void sfs_net_conn_set_first(struct sfs_net_conn *conn, struct sfs_frame *first,
			    bool is_refusal);
void sfs_net_conn_open(struct sfs_net_conn *conn);
void sfs_net_reap_work(struct work_struct *work);

/* peer.c */
struct sfs_net_peer *sfs_net_peer_create(struct sfs_net *net, bool is_ours,
					 const void *hello, u32 hello_len);
const char *sfs_net_peer_attach(struct sfs_net_peer *peer,
				struct sfs_net_conn *conn,
				const struct sfs_frame_hdr *hello);
bool sfs_net_peer_attach_ours(struct sfs_net_peer *peer,
			      struct sfs_net_conn *conn);
void sfs_net_peer_detach(struct sfs_net_peer *peer, struct sfs_net_conn *conn);
int sfs_net_peer_answered(struct sfs_net_peer *peer, struct sfs_net_conn *conn,
			  const struct sfs_frame *reply, const char **bad);
void sfs_net_peer_abort(struct sfs_net_peer *peer, int error);
void sfs_net_peer_end_locked(struct sfs_net_peer *peer, int error);
void sfs_net_peer_protocol(struct sfs_net_peer *peer, const char *what, u8 type,
			   int error);
void sfs_net_peer_kick_ctl(struct sfs_net_peer *peer);
void sfs_net_peer_kick_tx_locked(struct sfs_net_peer *peer);
void sfs_net_peer_start(struct sfs_net_peer *peer);
void sfs_net_peer_info(struct sfs_net_peer *peer,
		       struct sfs_net_peer_info *info);
void sfs_net_peer_leave_locked(struct sfs_net_peer *peer);
void sfs_net_peer_fill_hdr(struct sfs_net_peer *peer,
			   struct sfs_frame_hdr *hdr);
void sfs_net_peer_fill_hdr_locked(struct sfs_net_peer *peer,
				  struct sfs_frame_hdr *hdr);

/* stream.c */
void sfs_net_stream_init(struct sfs_net_peer *peer);
void sfs_net_stream_exit(struct sfs_net_peer *peer);
void sfs_net_stream_rewind_locked(struct sfs_net_peer *peer);
int sfs_net_stream_queue(struct sfs_net_peer *peer, unsigned int nr,
			 struct sfs_frame *frame, unsigned int flags);
bool sfs_net_stream_next(struct sfs_net_peer *peer, struct sfs_net_conn *conn,
			 struct sfs_frame_hdr *hdr, struct sfs_frame **frame);
const char *sfs_net_stream_ack_locked(struct sfs_net_peer *peer,
				      const struct sfs_frame_hdr *hdr,
				      struct list_head *done);
int sfs_net_stream_input(struct sfs_net_peer *peer, struct sfs_net_conn *conn,
			 struct sfs_frame *frame, const char **bad);
void sfs_net_stream_kick_rx_locked(struct sfs_net_peer *peer);
void sfs_net_stream_consumed_locked(struct sfs_net_peer *peer,
				    unsigned int nr);
bool sfs_net_stream_has_received(const struct sfs_net_peer *peer);

/* call.c */
void sfs_net_call_reply(struct sfs_net_peer *peer, struct sfs_frame *frame);
void sfs_net_call_fail_locked(struct sfs_net_peer *peer);
void sfs_net_call_serve(struct sfs_net_peer *peer, struct sfs_frame *frame);

/* pair.c */
struct sfs_pair_side {
	const struct sfs_transport_user *user;
	struct workqueue_struct *wq;
};

int sfs_pair_connect(const struct sfs_pair_side *from, void *owner,
		     const struct sfs_net_addr *from_addr,
		     const struct sfs_pair_side *to, void *to_arg, void **conn);
int sfs_pair_send(void *conn, const void *head, u32 head_len,
		  const void *body, u32 body_len);
void sfs_pair_shutdown(void *conn);
void sfs_pair_release(void *conn);
extern const struct sfs_transport_ops sfs_self_ops;

#endif
