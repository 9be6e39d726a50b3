// SPDX-License-Identifier: GPL-2.0-only
/*
 * File locks of several mounts: tasks on fibers lock and unlock at random while
 * requests and answers are slow, get lost, come twice or long after, leaders come
 * and go, and mounts die.  One seed is one schedule; PLOCK_SEED=n runs that one.
 *
 * What is checked: no two owners ever hold what excludes each other, whoever
 * waits gets the lock or an error at last, and the leader, the mirrors and the
 * owners agree in the end.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "fs/coord/plock_member.h"
#include "fs/coord/plock_serve.h"
#include "fs/coord/proto.h"

#include <setjmp.h>

#include <cmocka.h>

#include "../sim/cluster/fiber.c"

u64 sim_mix(u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

u64 sim_rand(struct sim_rng *rng)
{
	return sim_mix(rng->state += 0x9e3779b97f4a7c15ULL);
}

enum {
	NR_NODES	= 3,
	NR_PROCS	= 4,	/* of a mount; the last two are one owner */
	NR_OWNERS	= 3,
	NR_FILES	= 2,
	NR_BYTES	= 8,
	NR_OPS		= 25,
	NR_EVENTS	= 12,
	NR_OLD		= 16,	/* requests that come once more */
	NET_NS		= 3000000,
	EVENT_NS	= 60000000,
};

struct lock_arg;

struct proc {
	struct node *node;
	unsigned int nr;
	unsigned int owner;
	struct cl_fiber *fiber;
	const struct lock_arg *asking;
};

/* A mount.  cl_node is the fibers' word for what they die with. */
struct node {
	u64 rid;
	struct sfs_plock_member *m;
	struct sfs_coord_peer peer;
	struct proc proc[NR_PROCS];
	unsigned int nr_running;
	bool is_dead;
};

struct rpc {
	struct list_head link;
	struct node *node;
	u8 type;
	u8 req[SFS_COORD_REQUEST_MAX] __aligned(8);
	unsigned int req_len;
	u8 reply[SFS_COORD_REPLY_MAX] __aligned(8);
	unsigned int reply_len;
	int done;		/* 1: answered, -1: ask again */
};

static struct {
	struct node node[NR_NODES];
	struct sfs_leader ld;		/* of which only the file locks are used */
	bool is_up;
	unsigned int epoch;
	unsigned int nr_executing;
	struct list_head queue;
	struct rpc *old[NR_OLD];
	bool is_over;
	unsigned int nr_changes, nr_deaths, nr_grants, nr_waits, nr_deadlocks;
	unsigned int nr_signals;
} w;

/*
 * Per byte: what its owner may rely on, and what he was told.  The first is less
 * while he asks for less, because the leader may have done it already.
 */
static u8 relied[NR_NODES][NR_OWNERS][2][NR_FILES][NR_BYTES];
static u8 told[NR_NODES][NR_OWNERS][2][NR_FILES][NR_BYTES];

static struct node *node_of(u64 rid)
{
	return &w.node[rid - 1];
}

/* ---- the network ------------------------------------------------------------------ */

static void remember(const struct rpc *rpc)
{
	struct rpc **slot = &w.old[cl_below(NR_OLD)];

	if (!*slot)
		*slot = malloc(sizeof(**slot));
	**slot = *rpc;
}

static void execute(struct rpc *rpc)
{
	int ret;

	w.nr_executing++;
	ret = sfs_coord_serve(&w.ld, &rpc->node->peer, rpc->type, rpc->req,
			      rpc->req_len, rpc->reply, &rpc->reply_len);
	w.nr_executing--;
	port_wake_obj(&w.nr_executing);
	if (ret)
		cl_fail("bad request %u of mount %llu", rpc->type,
			rpc->node->rid);
	cl_trace("request %u of mount %llu: status %u", rpc->type,
		 rpc->node->rid, rpc->reply[0]);
}

static void leader_fiber(void *arg)
{
	unsigned int epoch;
	struct rpc *rpc;

	for (;;) {
		rpc = list_first_entry_or_null(&w.queue, struct rpc, link);
		if (!rpc || !w.is_up) {
			port_wait_on("requests", &w.queue, U64_MAX);
			continue;
		}
		list_del(&rpc->link);
		epoch = w.epoch;
		if (rpc->node->is_dead)
			continue;
		execute(rpc);
		if (cl_chance(30))
			remember(rpc);
		/* the answer is lost, with or without the leader */
		rpc->done = epoch != w.epoch || cl_chance(5) ? -1 : 1;
		port_wake_obj(rpc);
	}
}

static int call(void *arg, u8 type, const void *req, unsigned int req_len,
		void *reply, unsigned int *reply_len)
{
	struct rpc *rpc = calloc(1, sizeof(*rpc));

	rpc->node = arg;
	rpc->type = type;
	rpc->req_len = req_len;
	if (req_len)
		memcpy(rpc->req, req, req_len);
	do {
		rpc->done = 0;
		cl_sleep_below(NET_NS);
		list_add_tail(&rpc->link, &w.queue);
		port_wake_obj(&w.queue);
		while (!rpc->done)
			port_wait_on("leader", rpc, U64_MAX);
		cl_sleep_below(NET_NS);
	} while (rpc->done < 0);
	memcpy(reply, rpc->reply, rpc->reply_len);
	*reply_len = rpc->reply_len;
	free(rpc);
	return 0;
}

static int ask(void *arg, u64 rid, u8 type, const void *req, u32 req_len,
	       void *reply, u32 reply_max, u32 *reply_len)
{
	unsigned int times = 1 + cl_chance(10);
	unsigned int epoch = w.epoch;
	struct node *node = node_of(rid);

	cl_sleep_below(NET_NS);
	if (!w.is_up || epoch != w.epoch || node->is_dead || cl_chance(10))
		return -ENOTCONN;
	if (type != SFS_COORD_ASK_PLOCKS)
		cl_fail("question %u", type);
	while (times--)
		if (sfs_plock_member_news(node->m, req, req_len))
			cl_fail("bad news");
	*reply_len = 0;
	cl_sleep_below(NET_NS);
	return cl_chance(10) ? -ENOTCONN : 0;
}

/* A request that was executed long ago, perhaps by another leader. */
static void repeat_old(void)
{
	struct rpc *rpc = w.old[cl_below(NR_OLD)];
	struct rpc copy;

	if (!rpc || rpc->node->is_dead || !w.is_up)
		return;
	copy = *rpc;
	execute(&copy);
}

/* ---- what the owners do --------------------------------------------------------------- */

struct lock_arg {
	struct proc *proc;
	struct sfs_plock lock;
	unsigned int first, last;
};

static u8 *bytes(u8 (*what)[NR_OWNERS][2][NR_FILES][NR_BYTES],
		 const struct lock_arg *a)
{
	return what[a->proc->node->rid - 1][a->proc->owner]
		   [a->lock.space == SFS_PLOCK_FLOCK][a->lock.ino];
}

static void check_alone(const struct lock_arg *a)
{
	unsigned int node, owner, i;

	for (node = 0; node < NR_NODES; node++)
		for (owner = 0; owner < NR_OWNERS; owner++)
			for (i = a->first; i <= a->last; i++) {
				u8 has = relied[node][owner][a->lock.space - 1]
					       [a->lock.ino][i];

				if (node == a->proc->node->rid - 1 &&
				    owner == a->proc->owner)
					continue;
				if (has == SFS_PLOCK_WRITE ||
				    (has && a->lock.kind == SFS_PLOCK_WRITE))
					cl_fail("byte %u of file %llu: locked by %u/%u too",
						i, a->lock.ino, node + 1,
						owner);
			}
}

/* No more than what is asked for now: the leader may have done it already. */
static void rely_less(const struct lock_arg *a)
{
	u8 *b = bytes(relied, a);
	unsigned int i;

	for (i = a->first; i <= a->last; i++)
		if (a->lock.space == SFS_PLOCK_FLOCK && b[i] != a->lock.kind)
			b[i] = SFS_PLOCK_UNLOCK;
		else
			b[i] = min(b[i], a->lock.kind);
}

static int set(void *arg, u8 kind)
{
	struct lock_arg *a = arg;
	unsigned int i;

	if (kind != SFS_PLOCK_UNLOCK) {
		/* records of ours that do not fit: the lock is given up */
		if (cl_chance(1))
			return -ENOMEM;
		check_alone(a);
	}
	memset(bytes(relied, a) + a->first, kind, a->last - a->first + 1);
	memset(bytes(told, a) + a->first, kind, a->last - a->first + 1);
	for (i = 0; i < NR_PROCS; i++) {
		const struct proc *p = &a->proc->node->proc[i];

		/* the owner's other task */
		if (p != a->proc && p->owner == a->proc->owner && p->asking)
			rely_less(p->asking);
	}
	return 0;
}

static bool holds_any(const struct proc *p, unsigned int space)
{
	const u8 *b = (void *)told[p->node->rid - 1][p->owner][space];
	unsigned int i;

	for (i = 0; i < NR_FILES * NR_BYTES; i++)
		if (b[i])
			return true;
	return false;
}

static int lock_it(struct lock_arg *a, bool is_wait)
{
	struct sfs_plock_apply apply = { .set = set, .arg = a };
	int ret;

	rely_less(a);
	a->proc->asking = a;
	cl_trace("%s space %u file %llu %u-%u kind %u",
		 is_wait ? "waits" : "asks", a->lock.space, a->lock.ino,
		 a->first, a->last, a->lock.kind);
	ret = sfs_plock_member_lock(a->proc->node->m, &a->lock, is_wait,
				    &apply);
	cl_trace("space %u file %llu %u-%u kind %u: %d", a->lock.space,
		 a->lock.ino, a->first, a->last, a->lock.kind, ret);
	a->proc->asking = NULL;
	a->proc->fiber->task.has_signal = false;
	return ret;
}

static void draw_lock(struct lock_arg *a, struct proc *p, unsigned int space)
{
	memset(a, 0, sizeof(*a));
	a->proc = p;
	a->last = NR_BYTES - 1;
	if (!space) {
		a->first = cl_below(NR_BYTES);
		a->last = a->first + cl_below(NR_BYTES - a->first);
	}
	a->lock = (struct sfs_plock) {
		.ino = cl_below(NR_FILES),
		.owner = p->owner,
		.start = a->first,
		.end = a->last == NR_BYTES - 1 ? U64_MAX : a->last,
		.space = space ? SFS_PLOCK_FLOCK : SFS_PLOCK_FCNTL,
		.kind = cl_below(3),
	};
}

static void one_op(struct proc *p)
{
	/* two tasks of one owner: byte ranges only, see below */
	unsigned int space = p->owner < NR_OWNERS - 1 && cl_chance(30);
	bool is_wait = cl_chance(60);
	struct lock_arg a;
	int ret;

	draw_lock(&a, p, space);
	if (space && cl_chance(50) && holds_any(p, 1))
		a.lock.kind = SFS_PLOCK_UNLOCK;
	/* deadlocks across the spaces are the programs' own fault */
	if (is_wait && (holds_any(p, 1) || (space && holds_any(p, 0))))
		is_wait = false;
	w.nr_waits += is_wait;
	ret = lock_it(&a, is_wait);
	w.nr_grants += !ret;
	w.nr_deadlocks += ret == -EDEADLK;
	if (ret && ret != -EINTR && ret != -ENOMEM &&
	    !(ret == -EAGAIN && !is_wait) &&
	    !(ret == -EDEADLK && is_wait && !space))
		cl_fail("error %d", ret);
}

static void proc_fiber(void *arg)
{
	struct proc *p = arg;
	unsigned int i;

	p->fiber = cl_fiber_current();
	for (i = 0; i < NR_OPS; i++) {
		one_op(p);
		/* to hold for ever would end the game */
		if (cl_chance(30)) {
			struct lock_arg a;

			draw_lock(&a, p, p->owner < NR_OWNERS - 1 &&
					 cl_chance(50));
			a.first = 0;
			a.last = NR_BYTES - 1;
			a.lock.start = 0;
			a.lock.end = U64_MAX;
			a.lock.kind = SFS_PLOCK_UNLOCK;
			if (lock_it(&a, false))
				cl_fail("unlock");
		}
		cl_sleep_below(2 * NET_NS);
	}
	for (i = 0; i < 2 * NR_FILES; i++) {
		struct lock_arg a;

		draw_lock(&a, p, 1);
		a.lock.ino = i / 2;
		a.lock.space = 1 + i % 2;
		a.lock.kind = SFS_PLOCK_UNLOCK;
		if (lock_it(&a, false))
			cl_fail("last unlock");
	}
	p->node->nr_running--;
	port_wake_obj(&w);
}

/* ---- what happens to them ----------------------------------------------------------------- */

static void rejoin_fiber(void *arg)
{
	struct node *node = arg;

	cl_sleep_below(10 * NET_NS);
	sfs_plock_member_rejoin(node->m);
}

static void start_service(void)
{
	struct sfs_plock_service_params params = { .ask = ask };
	unsigned int i;

	w.ld.plocks = sfs_plock_service_create(&params);
	for (i = 0; i < NR_NODES; i++)
		if (sfs_plock_service_expect(w.ld.plocks, i + 1))
			cl_fail("expect");
}

static void recover(struct node *node)
{
	memset(relied[node->rid - 1], 0, sizeof(relied[0]));
	memset(told[node->rid - 1], 0, sizeof(told[0]));
	sfs_plock_service_drop(w.ld.plocks, node->rid);
	cl_trace("mount %llu is recovered", node->rid);
}

static void change_leader(void)
{
	unsigned int i;

	cl_trace("the leader goes");
	w.is_up = false;
	w.epoch++;
	while (w.nr_executing)
		port_wait_on("executing", &w.nr_executing, U64_MAX);
	sfs_plock_service_destroy(w.ld.plocks);
	w.nr_changes++;
	cl_sleep_below(20 * NET_NS);
	start_service();
	w.is_up = true;
	cl_trace("a leader comes");
	port_wake_obj(&w.queue);
	for (i = 0; i < NR_NODES; i++)
		if (!w.node[i].is_dead)
			cl_fiber_start((void *)&w.node[i], false, rejoin_fiber,
				       &w.node[i], "rejoin%u", i + 1);
	for (i = 0; i < NR_NODES; i++)
		if (w.node[i].is_dead)
			recover(&w.node[i]);
}

static void kill_one(void)
{
	struct node *node = &w.node[cl_below(NR_NODES)];

	if (node->is_dead)
		return;
	cl_trace("mount %llu dies", node->rid);
	w.nr_deaths++;
	node->is_dead = true;
	node->nr_running = 0;
	cl_fiber_kill((void *)node);
	port_wake_obj(&w);
	cl_sleep_below(EVENT_NS);
	/* what began is over before it is recovered */
	while (w.nr_executing)
		port_wait_on("executing", &w.nr_executing, U64_MAX);
	recover(node);
}

static void signal_one(void)
{
	struct node *node = &w.node[cl_below(NR_NODES)];
	struct cl_fiber *f = node->proc[cl_below(NR_PROCS)].fiber;

	if (node->is_dead || !f || f->state == CL_FIBER_DEAD)
		return;
	f->task.has_signal = true;
	w.nr_signals++;
	if (f->state == CL_FIBER_BLOCKED)
		port_wake_obj(f->wait.obj);
}

static bool is_busy(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_NODES; i++)
		nr += w.node[i].nr_running;
	return nr;
}

static void events_fiber(void *arg)
{
	unsigned int i;

	for (i = 0; i < NR_EVENTS && is_busy(); i++) {
		cl_sleep_below(EVENT_NS);
		switch (cl_below(8)) {
		case 0:
		case 1:
			change_leader();
			break;
		case 2:
			if (cl_chance(30))
				kill_one();
			break;
		case 3 ... 5:
			repeat_old();
			break;
		default:
			signal_one();
		}
	}
	w.is_over = true;
	port_wake_obj(&w);
}

/* ---- the end --------------------------------------------------------------------------------- */

static u8 most(unsigned int space, unsigned int file, unsigned int byte)
{
	unsigned int node, owner;
	u8 kind = SFS_PLOCK_UNLOCK;

	for (node = 0; node < NR_NODES; node++)
		for (owner = 0; owner < NR_OWNERS; owner++)
			kind = max(kind, told[node][owner][space][file][byte]);
	return kind;
}

/* All is free now: let it be different. */
static void lock_some(struct node *node)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		struct proc *p = &node->proc[cl_below(NR_PROCS)];
		struct lock_arg a;

		p->fiber = cl_fiber_current();
		draw_lock(&a, p, cl_chance(50));
		lock_it(&a, false);
	}
}

/* A stranger asks for each byte. */
static void compare(struct node *node)
{
	unsigned int space, file, byte;
	struct sfs_plock conflict;
	bool is_remote;

	for (space = 0; space < 2; space++)
		for (file = 0; file < NR_FILES; file++)
			for (byte = 0; byte < NR_BYTES; byte++) {
				struct sfs_plock lock = {
					.ino = file,
					.owner = 99,
					.start = space ? 0 : byte,
					.end = space ? U64_MAX : byte,
					.space = space + 1,
					.kind = SFS_PLOCK_WRITE,
				};

				if (sfs_plock_member_test(node->m, &lock,
							  &conflict,
							  &is_remote))
					cl_fail("test");
				if (conflict.kind != most(space, file, byte))
					cl_fail("space %u file %u byte %u: %u, not %u",
						space + 1, file, byte,
						conflict.kind,
						most(space, file, byte));
			}
}

static void start_node(unsigned int nr)
{
	struct node *node = &w.node[nr];
	struct sfs_coord coord = { .call = call, .arg = node };
	unsigned int i;

	node->rid = nr + 1;
	node->peer.rid = node->rid;
	node->peer.is_joined = true;
	node->m = sfs_plock_member_create(&coord, node->rid);
	node->nr_running = NR_PROCS;
	for (i = 0; i < NR_PROCS; i++) {
		node->proc[i] = (struct proc) {
			.node = node,
			.nr = i,
			.owner = min_t(unsigned int, i, NR_OWNERS - 1),
		};
		cl_fiber_start((void *)node, false, proc_fiber, &node->proc[i],
			       "%u/%u", nr + 1, i);
	}
}

static void worker_fiber(void *arg)
{
	for (;;)
		if (!port_run_one_work())
			port_wait_on("works", &port_system_wq,
				     port_next_work_ns());
}

static void run(u64 seed)
{
	unsigned int i;

	port_seed(seed);
	cl_sched_start(seed);
	INIT_LIST_HEAD(&w.queue);
	start_service();
	w.is_up = true;
	for (i = 0; i < 2; i++) {
		cl_fiber_start(NULL, true, leader_fiber, NULL, "leader%u", i);
		cl_fiber_start(NULL, true, worker_fiber, NULL, "worker%u", i);
	}
	for (i = 0; i < NR_NODES; i++) {
		start_node(i);
		cl_fiber_start((void *)&w.node[i], false, rejoin_fiber,
			       &w.node[i], "join%u", i + 1);
	}
	cl_fiber_start(NULL, false, events_fiber, NULL, "events");
	while (is_busy() || !w.is_over)
		port_wait_on("all", &w, U64_MAX);
	cl_trace("the end");
	if (cl_chance(80))
		for (i = 0; i < NR_NODES; i++)
			if (!w.node[i].is_dead)
				lock_some(&w.node[i]);
	if (cl_chance(50))
		change_leader();
	for (i = 0; i < NR_NODES; i++)
		if (!w.node[i].is_dead)
			compare(&w.node[i]);
	if (port_warn_count)
		cl_fail("%lu warnings", port_warn_count);
}

/* What a child process tells of its seed. */
struct result {
	unsigned int nr[6];
	char text[400];
};

static struct result *result;
static unsigned int totals[6];

static void note_fail(const char *text)
{
	strscpy(result->text, text, sizeof(result->text));
}

static void note_success(void)
{
	const unsigned int nr[6] = {
		w.nr_changes, w.nr_deaths, w.nr_grants,
		w.nr_waits, w.nr_deadlocks, w.nr_signals,
	};

	memcpy(result->nr, nr, sizeof(nr));
}

/* One seed in a process of its own; false: it failed. */
static bool run_seed(u64 seed)
{
	int status = -1;
	unsigned int i;
	pid_t pid;

	memset(result, 0, sizeof(*result));
	pid = fork();
	if (!pid) {
		/* the sanitizer does not like fibers, and says so each time */
		if (!cl_is_verbose)
			freopen("/dev/null", "w", stderr);
		cl_on_fail = note_fail;
		run(seed);
		note_success();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (i = 0; i < 6; i++)
		totals[i] += result->nr[i];
	if (status)
		print_error("# seed %llu: %s\n", (unsigned long long)seed,
			    result->text);
	return !status;
}

static void test_crowd(void **state)
{
	const char *text = getenv("PLOCK_SEED");
	const char *nr = getenv("PLOCK_SEEDS");
	u64 first = text ? strtoull(text, NULL, 0) : 1;
	u64 last = text ? first : nr ? strtoull(nr, NULL, 0) : 100;
	unsigned int nr_failed = 0;
	u64 seed;

	cl_is_verbose = text;
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(result, MAP_FAILED);
	for (seed = first; seed <= last; seed++)
		nr_failed += !run_seed(seed);
	print_message("# %u leaders changed, %u mounts died, %u locks, %u waits, %u deadlocks, %u signals\n",
		      totals[0], totals[1], totals[2], totals[3], totals[4],
		      totals[5]);
	assert_int_equal(nr_failed, 0);
}

/* What is asked under a new token before END is asked again, not given up. */
static void test_before_end(void **state)
{
	struct sfs_plock_service_params params = { .ask = ask };
	struct sfs_plock_service *svc = sfs_plock_service_create(&params);
	struct sfs_plock conflict, lock = {
		.ino = 1,
		.owner = 1,
		.end = 7,
		.space = SFS_PLOCK_FCNTL,
		.kind = SFS_PLOCK_WRITE,
	};
	u64 token, rid;

	assert_non_null(svc);
	assert_int_equal(sfs_plock_service_begin(svc, 1, 1, &token), 0);
	assert_int_equal(sfs_plock_service_set(svc, 1, token, 64, &lock, false),
			 -EBUSY);
	assert_int_equal(sfs_plock_service_test(svc, 1, token, &lock,
						&conflict, &rid), -EBUSY);
	assert_int_equal(sfs_plock_service_set(svc, 1, token + 1, 64, &lock,
					       false), -ESTALE);
	assert_int_equal(sfs_plock_service_end(svc, 1, token), 0);
	assert_int_equal(sfs_plock_service_held(svc, 1, token, &lock), -ESTALE);
	assert_int_equal(sfs_plock_service_set(svc, 1, token, 128, &lock,
					       false), 0);
	sfs_plock_service_destroy(svc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_end),
		cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests_name("plock_crowd", tests, NULL, NULL);
}
