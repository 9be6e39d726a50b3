// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock provider "sim": the product's lock master, reached by messages.
 *
 * Messages take virtual time, those of different locks overtake each other,
 * those of one lock between one machine and the master stay in order in each
 * direction.  Values that the root map has are forgotten now and then, as by a
 * leader, and never before it has them.
 *
 * What every grant and release must obey whoever decides is checked here:
 * modes that go together, versions that never go back.
 */
#include "cluster.h"
#include "lock/lock_priv.h"
#include "lock/master.h"

enum {
	CL_MESSAGE_NS	= 3000000,
	CL_BUCKETS	= 256,
	CL_MASTER_FIBERS = 2,
};

/* One machine's way to and from the master for one lock. */
struct cl_party {
	struct cl_node *node;		/* the mount these are about */
	struct sfs_lock *handle;	/* the machine's; NULL: none */
	u8 mode;			/* granted by the master, not released */
	u64 last_in_ns;			/* newest message to the master */
	u64 last_out_ns;		/* newest message from it */
	bool is_delivering;	/* the client is being called */
};

struct cl_lock {
	struct list_head link;
	struct sfs_lock_name name;
	u64 version;			/* newest of all values released */
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
	struct list_head arrived_link;	/* those it has not looked at yet */
	enum cl_message_kind kind;
	struct cl_node *node;
	struct cl_lock *lock;
	u8 mode;
	bool has_value;
	bool is_lost;
	u8 lvb[SFS_LOCK_LVB_BYTES] __aligned(8);
};

static struct {
	struct sfs_lock_master *master;
	struct list_head bucket[CL_BUCKETS];
	struct list_head incoming;
	struct list_head arrived[CL_MASTER_FIBERS];
} cl_master;

static struct cl_lock *cl_lock_find(enum sfs_lock_type type, u64 nr)
{
	struct list_head *bucket =
		&cl_master.bucket[sim_mix(nr * 4 + type) % CL_BUCKETS];
	struct cl_lock *lock;

	list_for_each_entry(lock, bucket, link) {
		if (lock->name.type == type && lock->name.nr == nr)
			return lock;
	}
	lock = calloc(1, sizeof(*lock));
	if (!lock)
		port_die("out of memory");
	lock->name.type = type;
	lock->name.nr = nr;
	list_add_tail(&lock->link, bucket);
	return lock;
}

/* The machine's own part; a new mount begins with nothing. */
static struct cl_party *cl_party_of(struct cl_lock *lock, struct cl_node *node)
{
	struct cl_party *p = &lock->party[node->nr];

	if (p->node != node) {
		if (p->mode)
			cl_fail("lock %u/%llu: mount %u takes over what mount %u has",
				lock->name.type, lock->name.nr, node->mount,
				p->node->mount);
		p->node = node;
		p->handle = NULL;
	}
	return p;
}

static struct cl_node *cl_node_of_rid(u64 rid)
{
	unsigned int i;

	for (i = 0; i < cl.nr_mounts; i++) {
		if (cl.mount[i]->rid == rid)
			return cl.mount[i];
	}
	cl_fail("the master knows a mount %016llx that is none", rid);
	return NULL;
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
	INIT_LIST_HEAD(&m->arrived_link);
	return m;
}

static u64 cl_message_time(u64 *last_ns)
{
	u64 at = port_now_ns() + (cl_chance(30) ? 1 : cl_below(CL_MESSAGE_NS));

	*last_ns = max(at, *last_ns + 1);
	return *last_ns;
}

static void cl_check_version(struct cl_lock *lock, const struct cl_message *m)
{
	const struct sfs_disk_root_entry *e = (const void *)m->lvb;
	u64 version = le64_to_cpu(e->version);

	if (!m->has_value || lock->name.type != SFS_LOCK_GROUP)
		return;
	if (version < lock->version)
		cl_fail("group %llu: version goes back from %llu to %llu",
			lock->name.nr, lock->version, version);
	lock->version = version;
}

static void cl_master_receive(struct cl_message *m)
{
	struct cl_party *p = cl_party_of(m->lock, m->node);
	const struct sfs_lock_name *name = &m->lock->name;
	int ret;

	if (m->kind == CL_REQUEST) {
		ret = sfs_lock_master_request(cl_master.master, m->node->rid,
					      name, m->mode);
	} else {
		cl_check_version(m->lock, m);
		p->mode = m->mode;
		ret = sfs_lock_master_released(cl_master.master, m->node->rid,
					       name, m->mode,
					       m->has_value ? m->lvb : NULL);
	}
	if (ret)
		cl_fail("lock %u/%llu: message %u of mount %u: error %d",
			name->type, name->nr, m->kind, m->node->mount, ret);
}

/* Messages of one lock come to one fiber, so they stay in order. */
static void cl_master_fiber(void *arg)
{
	struct list_head *queue = arg;
	struct cl_message *m;

	for (;;) {
		m = list_first_entry_or_null(queue, struct cl_message,
					     arrived_link);
		if (!m) {
			port_wait_on("lock messages", queue, U64_MAX);
			continue;
		}
		list_del(&m->arrived_link);
		if (!m->is_lost) {
			cl_trace("master: mount %u lock %u/%llu %s %u",
				 m->node->mount, m->lock->name.type,
				 m->lock->name.nr,
				 m->kind == CL_REQUEST ? "wants" : "is down to",
				 m->mode);
			cl_master_receive(m);
		}
		list_del(&m->link);
		m->node->nr_messages--;
		port_wake_obj(m->node);
		free(m);
	}
}

static void cl_message_to_master(void *arg)
{
	struct cl_message *m = arg;
	struct list_head *queue =
		&cl_master.arrived[m->lock->name.nr % CL_MASTER_FIBERS];

	list_add_tail(&m->arrived_link, queue);
	port_wake_obj(queue);
}

static void cl_message_to_node(void *arg)
{
	struct cl_message *m = arg;
	struct cl_party *p = &m->lock->party[m->node->nr];

	/* what comes too late for the handle is not for the next one */
	if (p->node == m->node && p->handle &&
	    m->node->state != CL_NODE_DEAD) {
		p->is_delivering = true;
		if (m->kind == CL_GRANT)
			sfs_lock_grant(p->handle, m->mode, 0,
				       m->has_value ? m->lvb : NULL);
		else
			sfs_lock_revoke(p->handle, m->mode);
		p->is_delivering = false;
		port_wake_obj(p);
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

/* ---- what the master says ------------------------------------------------------------ */

static void cl_send_to_node(u64 rid, const struct sfs_lock_name *name,
			    enum cl_message_kind kind, unsigned int mode,
			    const void *lvb)
{
	struct cl_node *node = cl_node_of_rid(rid);
	struct cl_lock *lock = cl_lock_find(name->type, name->nr);
	struct cl_party *p = cl_party_of(lock, node);

	cl_trace("master: lock %u/%llu %s mount %u to %u", name->type, name->nr,
		 kind == CL_GRANT ? "grants" : "revokes", node->mount, mode);
	cl_timer_add(cl_message_time(&p->last_out_ns), cl_message_to_node,
		     cl_message_new(kind, lock, node, mode, lvb));
}

static void cl_master_grant(void *arg, u64 rid,
			    const struct sfs_lock_name *name,
			    enum sfs_lock_mode mode, int error, const void *lvb)
{
	struct cl_lock *lock = cl_lock_find(name->type, name->nr);
	struct cl_party *p = cl_party_of(lock, cl_node_of_rid(rid));
	unsigned int i;

	if (error)
		cl_fail("lock %u/%llu: error %d", name->type, name->nr, error);
	p->mode = mode;
	for (i = 0; i < CL_NODES; i++) {
		if (&lock->party[i] != p &&
		    lock->party[i].mode + mode > SFS_LOCK_EX)
			cl_fail("lock %u/%llu: %u beside %u", name->type,
				name->nr, mode, lock->party[i].mode);
	}
	cl_send_to_node(rid, name, CL_GRANT, mode, lvb);
}

static void cl_master_revoke(void *arg, u64 rid,
			     const struct sfs_lock_name *name,
			     enum sfs_lock_mode mode)
{
	cl_send_to_node(rid, name, CL_REVOKE, mode, NULL);
}

static const struct sfs_lock_master_ops cl_master_ops = {
	.grant = cl_master_grant,
	.revoke = cl_master_revoke,
};

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

void cl_master_node_stopped(struct cl_node *node)
{
	struct cl_message *m;

	list_for_each_entry(m, &cl_master.incoming, link) {
		if (m->node == node)
			m->is_lost = true;
	}
	while (node->nr_messages)
		port_wait_on("lock messages", node, U64_MAX);
	sfs_lock_master_stop(cl_master.master, node->rid);
}

#define cl_for_each_lock(lock, b)					\
	for ((b) = 0; (b) < CL_BUCKETS; (b)++)				\
		list_for_each_entry(lock, &cl_master.bucket[b], link)

/* The root map has all that anybody committed. */
void cl_master_drop_values(struct cl_node *node)
{
	struct cl_lock *lock;
	unsigned int b;

	sfs_lock_master_drop_values(cl_master.master, node->rid);
	cl_for_each_lock(lock, b) {
		if (lock->party[node->nr].node == node &&
		    lock->party[node->nr].mode == SFS_LOCK_EX)
			lock->version = 0;
	}
}

void cl_master_node_recovered(struct cl_node *node)
{
	struct cl_lock *lock;
	unsigned int b;

	cl_for_each_lock(lock, b) {
		struct cl_party *p = &lock->party[node->nr];

		if (p->node != node)
			continue;
		p->mode = SFS_LOCK_NL;
		p->handle = NULL;
	}
	sfs_lock_master_remove(cl_master.master, node->rid);
}

/* ---- values ---------------------------------------------------------------------------- */

struct cl_value {
	struct sfs_lock_name name;
	unsigned int nr;	/* seen before */
	u8 lvb[SFS_LOCK_LVB_BYTES] __aligned(8);
};

static bool cl_value_pick(void *arg, const struct sfs_lock_name *name,
			  const void *lvb)
{
	struct cl_value *value = arg;

	if (name->type == SFS_LOCK_GROUP && !cl_below(++value->nr)) {
		value->name = *name;
		memcpy(value->lvb, lvb, sizeof(value->lvb));
	}
	return true;
}

static bool cl_value_is_folded(const struct cl_value *value)
{
	const struct sfs_disk_root_entry *e = (const void *)value->lvb;
	struct sfs_disk_root_entry entry;
	int ret;

	if (cl_mistake("drop-unfolded-value"))
		return true;
	ret = sfs_leader_lookup_root(cl.leader, value->name.nr, &entry);
	return !ret && le64_to_cpu(entry.version) >= le64_to_cpu(e->version);
}

/* Now and then a value that the root map has is forgotten. */
static void cl_value_fiber(void *arg)
{
	for (;;) {
		struct cl_value value = { .nr = 0 };

		cl_sleep_below(20 * NSEC_PER_MSEC);
		sfs_lock_master_visit_values(cl_master.master, cl_value_pick,
					       &value);
		if (!value.nr || !cl_value_is_folded(&value))
			continue;
		cl_trace("master: forgets the value of %llu", value.name.nr);
		cl_lock_find(value.name.type, value.name.nr)->version = 0;
		sfs_lock_master_forget(cl_master.master, &value.name,
				       value.lvb);
	}
}

/* ---- the provider ------------------------------------------------------------------------- */

static int cl_join(struct sfs_lock_space *space,
			const struct sfs_lock_params *params, void **priv)
{
	*priv = cl_node_current();
	return 0;
}

static void cl_leave(struct sfs_lock_space *space, void *priv)
{
	struct cl_node *node = priv;

	while (node->nr_messages)
		port_wait_on("lock messages", node, U64_MAX);
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

	struct cl_party *p = cl_party_of(lock, priv);

	p->handle = NULL;
	/* the handle's memory goes when this returns */
	while (p->is_delivering)
		port_wait_on("delivery", p, U64_MAX);
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
	unsigned int i;

	for (i = 0; i < CL_BUCKETS; i++)
		INIT_LIST_HEAD(&cl_master.bucket[i]);
	INIT_LIST_HEAD(&cl_master.incoming);
	cl_master.master = sfs_lock_master_create(&cl_master_ops, NULL);
	if (!cl_master.master || sfs_lock_provider_register(&cl_provider_ops))
		cl_fail("no provider");
	sfs_lock_master_open(cl_master.master);
	for (i = 0; i < CL_MASTER_FIBERS; i++) {
		INIT_LIST_HEAD(&cl_master.arrived[i]);
		cl_fiber_start(NULL, true, cl_master_fiber,
			       &cl_master.arrived[i], "master%u", i);
	}
	cl_fiber_start(NULL, true, cl_value_fiber, NULL, "values");
}

static bool cl_print_part(void *arg, const struct sfs_lock_master_info *info)
{
	if (info->want || info->is_revoked)
		cl_trace("lock %u/%llu: mount %u has %u, wants %u%s",
			 info->name.type, info->name.nr,
			 cl_node_of_rid(info->node)->mount, info->mode,
			 info->want, info->is_revoked ? ", is revoked" : "");
	return true;
}

static bool cl_print_handle(void *arg, const struct sfs_lock_info *info)
{
	const struct cl_node *node = arg;

	if (info->users_pr || info->users_ex || info->waiters || info->revoking)
		cl_trace("mount %u: lock %u/%llu: mode %u, %u PR and %u EX users, %u waiters%s",
			 node->mount, info->type, info->nr, info->mode,
			 info->users_pr, info->users_ex, info->waiters,
			 info->revoking ? ", is revoked" : "");
	return true;
}

void cl_master_print(void)
{
	unsigned int i;

	sfs_lock_master_for_each(cl_master.master, cl_print_part, NULL);
	for (i = 0; i < cl.nr_mounts; i++) {
		if (cl.mount[i]->state == CL_NODE_UP && cl.mount[i]->fs)
			sfs_lock_for_each(cl.mount[i]->fs->locks,
					  cl_print_handle, cl.mount[i]);
	}
}

static bool cl_no_part(void *arg, const struct sfs_lock_master_info *info)
{
	cl_fail("lock %u/%llu is held or waited for at the end",
		info->name.type, info->name.nr);
	return false;
}

void cl_master_check_idle(void)
{
	sfs_lock_master_for_each(cl_master.master, cl_no_part, NULL);
}
