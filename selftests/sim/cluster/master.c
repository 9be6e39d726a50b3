// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock provider "sim": one lock master for all machines.
 *
 * Requests queue per lock, first come first served; whoever conflicts with the
 * first one gets a revoke.  Messages take virtual time, those of different locks
 * overtake each other, those of one lock between one machine and the master stay
 * in order in each direction.
 *
 * The master keeps the value of each lock.  It drops values of locks that
 * nobody has when the root map has their root, never before.
 */
#include "cluster.h"
#include "lock/lock_priv.h"

enum {
	CL_MESSAGE_NS	= 3000000,
	CL_NO_REVOKE	= 0xff,
	CL_BUCKETS	= 256,
};

/* One machine's part in one lock. */
struct cl_party {
	struct cl_node *node;		/* the mount these are about */
	struct sfs_lock *handle;	/* the machine's; NULL: none */
	u8 mode;			/* granted, as the master knows */
	u8 revoke;			/* asked to go down to, CL_NO_REVOKE */
	bool is_waiting;
	u8 want;
	u64 ticket;			/* place in the queue */
	u64 last_in_ns;			/* newest message to the master */
	u64 last_out_ns;		/* newest message from it */
};

struct cl_lock {
	struct list_head link;
	enum sfs_lock_type type;
	u64 nr;
	bool has_value;
	u8 lvb[SFS_LOCK_LVB_BYTES] __aligned(8);
	struct cl_party party[CL_NODES];
};

enum cl_message_kind {
	CL_REQUEST,
	CL_RELEASED,
	CL_GRANT,
	CL_REVOKE,
};

struct cl_message {
	struct list_head link;		/* those to the master */
	enum cl_message_kind kind;
	struct cl_node *node;
	struct cl_lock *lock;
	u8 mode;
	bool has_value;
	bool is_lost;
	u8 lvb[SFS_LOCK_LVB_BYTES] __aligned(8);
};

static struct {
	struct list_head bucket[CL_BUCKETS];
	struct list_head incoming;
	u64 ticket;
} cl_master;

static void cl_master_try(struct cl_lock *lock);

static struct cl_lock *cl_lock_find(enum sfs_lock_type type, u64 nr)
{
	struct list_head *bucket =
		&cl_master.bucket[sim_mix(nr * 4 + type) % CL_BUCKETS];
	struct cl_lock *lock;
	unsigned int i;

	list_for_each_entry(lock, bucket, link) {
		if (lock->type == type && lock->nr == nr)
			return lock;
	}
	lock = calloc(1, sizeof(*lock));
	if (!lock)
		port_die("out of memory");
	lock->type = type;
	lock->nr = nr;
	for (i = 0; i < CL_NODES; i++)
		lock->party[i].revoke = CL_NO_REVOKE;
	list_add_tail(&lock->link, bucket);
	return lock;
}

static u64 cl_lock_version(const struct cl_lock *lock)
{
	const struct sfs_disk_root_entry *entry = (const void *)lock->lvb;

	return lock->has_value ? le64_to_cpu(entry->version) : 0;
}

/* The machine's own part; a new mount begins with nothing. */
static struct cl_party *cl_party_of(struct cl_lock *lock, struct cl_node *node)
{
	struct cl_party *p = &lock->party[node->nr];

	if (p->node != node) {
		if (p->mode || p->is_waiting)
			cl_fail("lock %u/%llu: mount %u takes over what mount %u has",
				lock->type, lock->nr, node->mount,
				p->node->mount);
		p->node = node;
		p->handle = NULL;
		p->revoke = CL_NO_REVOKE;
	}
	return p;
}

/* ---- messages --------------------------------------------------------------------- */

static struct cl_message *cl_message_new(enum cl_message_kind kind,
					 struct cl_lock *lock,
					 struct cl_node *node, unsigned int mode,
					 const void *lvb)
{
	struct cl_message *m = calloc(1, sizeof(*m));

	if (!m)
		port_die("out of memory");
	m->kind = kind;
	m->lock = lock;
	m->node = node;
	m->mode = mode;
	if (lvb) {
		m->has_value = true;
		memcpy(m->lvb, lvb, sizeof(m->lvb));
	}
	INIT_LIST_HEAD(&m->link);
	return m;
}

static u64 cl_message_time(u64 *last_ns)
{
	u64 at = port_now_ns() + (cl_chance(30) ? 1 : cl_below(CL_MESSAGE_NS));

	*last_ns = max(at, *last_ns + 1);
	return *last_ns;
}

static void cl_master_receive(struct cl_message *m)
{
	struct cl_party *p = cl_party_of(m->lock, m->node);

	if (m->kind == CL_REQUEST) {
		if (p->is_waiting)
			cl_fail("lock %u/%llu: two requests of mount %u",
				m->lock->type, m->lock->nr, m->node->mount);
		p->is_waiting = true;
		p->want = m->mode;
		p->ticket = ++cl_master.ticket;
		return;
	}
	if (m->has_value) {
		const struct sfs_disk_root_entry *e = (const void *)m->lvb;

		if (p->mode != SFS_LOCK_EX)
			cl_fail("lock %u/%llu: a value without EX of mount %u",
				m->lock->type, m->lock->nr, m->node->mount);
		if (m->lock->type == SFS_LOCK_GROUP &&
		    le64_to_cpu(e->version) < cl_lock_version(m->lock))
			cl_fail("group %llu: version goes back from %llu to %llu",
				m->lock->nr, cl_lock_version(m->lock),
				le64_to_cpu(e->version));
		memcpy(m->lock->lvb, m->lvb, sizeof(m->lvb));
		m->lock->has_value = true;
	}
	p->mode = m->mode;
	if (p->mode <= p->revoke)
		p->revoke = CL_NO_REVOKE;
}

static void cl_message_to_master(void *arg)
{
	struct cl_message *m = arg;
	struct cl_lock *lock = m->lock;

	list_del(&m->link);
	m->node->nr_messages--;
	if (!m->is_lost) {
		cl_trace("master: mount %u lock %u/%llu %s %u version %llu",
			 m->node->mount, lock->type, lock->nr,
			 m->kind == CL_REQUEST ? "wants" : "is down to",
			 m->mode, cl_lock_version(lock));
		cl_master_receive(m);
		cl_master_try(lock);
	}
	port_wake_obj(m->node);
	free(m);
}

static void cl_message_to_node(void *arg)
{
	struct cl_message *m = arg;
	struct cl_party *p = &m->lock->party[m->node->nr];

	/* what comes too late for the handle is not for the next one */
	if (p->node == m->node && p->handle &&
	    m->node->state != CL_NODE_DEAD) {
		if (m->kind == CL_GRANT)
			sfs_lock_grant(p->handle, m->mode, 0,
				       m->has_value ? m->lvb : NULL);
		else
			sfs_lock_revoke(p->handle, m->mode);
	}
	free(m);
}

static void cl_send_to_master(struct cl_node *node, struct sfs_lock *handle,
			      enum cl_message_kind kind, unsigned int mode,
			      const void *lvb)
{
	struct cl_lock *lock = cl_lock_find(sfs_lock_type(handle),
					    sfs_lock_nr(handle));
	struct cl_party *p = cl_party_of(lock, node);
	struct cl_message *m = cl_message_new(kind, lock, node, mode, lvb);

	p->handle = handle;
	node->nr_messages++;
	list_add_tail(&m->link, &cl_master.incoming);
	cl_timer_add(cl_message_time(&p->last_in_ns), cl_message_to_master, m);
}

static void cl_send_to_node(struct cl_lock *lock, struct cl_party *p,
			    enum cl_message_kind kind, unsigned int mode,
			    const void *lvb)
{
	cl_trace("master: lock %u/%llu %s mount %u to %u", lock->type, lock->nr,
		 kind == CL_GRANT ? "grants" : "revokes", p->node->mount, mode);
	cl_timer_add(cl_message_time(&p->last_out_ns), cl_message_to_node,
		     cl_message_new(kind, lock, p->node, mode, lvb));
}

/* ---- granting ------------------------------------------------------------------------ */

static bool cl_conflicts(const struct cl_party *p, unsigned int want)
{
	return want == SFS_LOCK_EX ? p->mode > SFS_LOCK_NL :
				     p->mode > SFS_LOCK_PR;
}

static struct cl_party *cl_first_waiting(struct cl_lock *lock)
{
	struct cl_party *first = NULL;
	unsigned int i;

	for (i = 0; i < CL_NODES; i++) {
		struct cl_party *p = &lock->party[i];

		if (p->is_waiting && (!first || p->ticket < first->ticket))
			first = p;
	}
	return first;
}

/* Take from others what the first one needs; true when nothing is left. */
static bool cl_clear_way(struct cl_lock *lock, struct cl_party *first)
{
	unsigned int to = first->want == SFS_LOCK_EX ? SFS_LOCK_NL :
						       SFS_LOCK_PR;
	bool is_clear = first->revoke == CL_NO_REVOKE;
	unsigned int i;

	for (i = 0; i < CL_NODES; i++) {
		struct cl_party *p = &lock->party[i];

		if (p == first || !cl_conflicts(p, first->want))
			continue;
		is_clear = false;
		if (p->revoke <= to)
			continue;
		p->revoke = to;
		cl_send_to_node(lock, p, CL_REVOKE, to, NULL);
	}
	return is_clear;
}

static void cl_master_try(struct cl_lock *lock)
{
	struct cl_party *first;

	while ((first = cl_first_waiting(lock))) {
		if (!cl_clear_way(lock, first))
			return;
		first->is_waiting = false;
		first->mode = max(first->mode, first->want);
		cl_send_to_node(lock, first, CL_GRANT, first->mode,
				lock->has_value ? lock->lvb : NULL);
	}
}

/* ---- deaths --------------------------------------------------------------------------- */

void cl_master_node_died(struct cl_node *node)
{
	bool is_late = cl_chance(50);
	struct cl_message *m;

	list_for_each_entry(m, &cl_master.incoming, link) {
		/* what was sent last is lost first */
		if (m->node == node && (is_late || cl_chance(30))) {
			is_late = true;
			m->is_lost = true;
		}
	}
}

#define cl_for_each_lock(lock, b)					\
	for ((b) = 0; (b) < CL_BUCKETS; (b)++)				\
		list_for_each_entry(lock, &cl_master.bucket[b], link)

void cl_master_node_recovered(struct cl_node *node)
{
	struct cl_message *m;
	struct cl_lock *lock;
	unsigned int b;

	list_for_each_entry(m, &cl_master.incoming, link) {
		if (m->node == node)
			m->is_lost = true;
	}
	cl_for_each_lock(lock, b) {
		struct cl_party *p = &lock->party[node->nr];

		if (p->node != node)
			continue;
		p->mode = SFS_LOCK_NL;
		p->is_waiting = false;
		p->revoke = CL_NO_REVOKE;
		p->handle = NULL;
		cl_master_try(lock);
	}
}

/* Its roots are folded: what it committed last may be newer than the value. */
void cl_master_renew_values(struct cl_node *node)
{
	struct sfs_disk_root_entry entry;
	struct cl_lock *lock;
	unsigned int b;

	cl_for_each_lock(lock, b) {
		struct cl_party *p = &lock->party[node->nr];

		if (p->node != node || p->mode != SFS_LOCK_EX ||
		    lock->type != SFS_LOCK_GROUP ||
		    sfs_leader_lookup_root(cl.leader, lock->nr, &entry) ||
		    le64_to_cpu(entry.version) <= cl_lock_version(lock))
			continue;
		memcpy(lock->lvb, &entry, sizeof(entry));
		lock->has_value = true;
	}
}

/* ---- values ---------------------------------------------------------------------------- */

static bool cl_lock_is_unused(const struct cl_lock *lock)
{
	unsigned int i;

	for (i = 0; i < CL_NODES; i++) {
		if (lock->party[i].mode || lock->party[i].is_waiting)
			return false;
	}
	return true;
}

static bool cl_value_is_folded(struct cl_lock *lock)
{
	struct sfs_disk_root_entry entry;
	int ret;

	if (cl_mistake("drop-unfolded-value"))
		return true;
	ret = sfs_leader_lookup_root(cl.leader, lock->nr, &entry);
	return !ret && le64_to_cpu(entry.version) >= cl_lock_version(lock);
}

/* Now and then values that the root map has are forgotten. */
static void cl_value_fiber(void *arg)
{
	struct cl_lock *lock, *pick;
	unsigned int n, b;
	u64 version;

	for (;;) {
		cl_sleep_below(20 * NSEC_PER_MSEC);
		pick = NULL;
		n = 0;
		cl_for_each_lock(lock, b) {
			if (lock->type == SFS_LOCK_GROUP && lock->has_value &&
			    cl_lock_is_unused(lock) && !cl_below(++n))
				pick = lock;
		}
		if (!pick)
			continue;
		version = cl_lock_version(pick);
		if (cl_value_is_folded(pick) && cl_lock_is_unused(pick) &&
		    cl_lock_version(pick) == version) {
			cl_trace("master: forgets the value of %llu",
				 pick->nr);
			pick->has_value = false;
		}
	}
}

/* ---- the provider ------------------------------------------------------------------------- */

static int cl_join(struct sfs_lock_space *space, u64 fsid, u64 rid,
		   void **priv)
{
	struct cl_node *node = cl_node_current();

	node->wq = space->wq;
	*priv = node;
	return 0;
}

static void cl_leave(struct sfs_lock_space *space, void *priv)
{
	struct cl_node *node = priv;

	while (node->nr_messages)
		port_wait_on("lock messages", node, U64_MAX);
	node->wq = NULL;
}

static int cl_request(void *priv, struct sfs_lock *lock,
		      enum sfs_lock_mode mode, unsigned int flags)
{
	cl_send_to_master(priv, lock, CL_REQUEST, mode, NULL);
	return 0;
}

static void cl_released(void *priv, struct sfs_lock *lock,
			enum sfs_lock_mode mode, const void *lvb)
{
	cl_send_to_master(priv, lock, CL_RELEASED, mode, lvb);
}

static void cl_forget(void *priv, struct sfs_lock *handle)
{
	struct cl_lock *lock = cl_lock_find(sfs_lock_type(handle),
					    sfs_lock_nr(handle));

	cl_party_of(lock, priv)->handle = NULL;
}

static struct sfs_lock_provider_ops cl_provider_ops = {
	.name = "sim",
	.api_version = SFS_LOCK_API_VERSION,
	.join = cl_join,
	.leave = cl_leave,
	.request = cl_request,
	.released = cl_released,
	.forget = cl_forget,
};

void cl_master_init(void)
{
	unsigned int b;

	for (b = 0; b < CL_BUCKETS; b++)
		INIT_LIST_HEAD(&cl_master.bucket[b]);
	INIT_LIST_HEAD(&cl_master.incoming);
	if (sfs_lock_provider_register(&cl_provider_ops))
		cl_fail("no provider");
	cl_fiber_start(NULL, true, cl_value_fiber, NULL, "values");
}

void cl_master_print(void)
{
	struct cl_lock *lock;
	unsigned int b, i;

	cl_for_each_lock(lock, b) {
		if (!cl_first_waiting(lock))
			continue;
		for (i = 0; i < CL_NODES; i++) {
			const struct cl_party *p = &lock->party[i];

			if (p->node)
				cl_trace("lock %u/%llu: mount %u has %u, wants %u, revoke %d",
					 lock->type, lock->nr, p->node->mount,
					 p->mode, p->is_waiting ? p->want : 0,
					 p->revoke == CL_NO_REVOKE ? -1 :
					 p->revoke);
		}
	}
}

void cl_master_check_idle(void)
{
	struct cl_lock *lock;
	unsigned int b;

	cl_for_each_lock(lock, b) {
		if (!cl_lock_is_unused(lock))
			cl_fail("lock %u/%llu is held or waited for at the end",
				lock->type, lock->nr);
	}
}
