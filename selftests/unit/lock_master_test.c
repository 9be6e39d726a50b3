// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock master: each answer in its order, and a random crowd of mounts whose
 * messages are delayed, checked against what a lock promises.
 */
#include "format/port.h"
#include "lock/lock_priv.h"
#include "lock/master.h"

#include <setjmp.h>

#include <cmocka.h>

#include "events.h"

static void log_grant(void *arg, u64 node, const struct sfs_lock_name *name,
		      enum sfs_lock_mode mode, int error, const void *lvb)
{
	event("%llu:%s%s%.8s ", (unsigned long long)node, mode_name(mode),
	      lvb ? "=" : "", lvb ? (const char *)lvb : "");
}

static void log_revoke(void *arg, u64 node, const struct sfs_lock_name *name,
		       enum sfs_lock_mode mode)
{
	event("%llu>%s ", (unsigned long long)node, mode_name(mode));
}

static const struct sfs_lock_master_ops log_ops = {
	.grant = log_grant,
	.revoke = log_revoke,
};

static const struct sfs_lock_name five = { SFS_LOCK_GROUP, 5 };
static struct sfs_lock_master *m;

static int setup(void **state)
{
	events[0] = '\0';
	m = sfs_lock_master_create(&log_ops, NULL);
	assert_non_null(m);
	return 0;
}

static int teardown(void **state)
{
	sfs_lock_master_destroy(m);
	return 0;
}

static int ask(u64 node, enum sfs_lock_mode mode)
{
	return sfs_lock_master_request(m, node, &five, mode);
}

static int down_to(u64 node, enum sfs_lock_mode mode, const char *text)
{
	u8 lvb[SFS_LOCK_LVB_BYTES] = { 0 };

	if (text)
		strscpy((char *)lvb, text, sizeof(lvb));
	return sfs_lock_master_released(m, node, &five, mode,
					text ? lvb : NULL);
}

static u64 nr_locks(void)
{
	struct sfs_lock_master_stats stats;

	sfs_lock_master_stats(m, &stats);
	return stats.nr_locks;
}

/* ---- answers ---------------------------------------------------------------------- */

static void test_order(void **state)
{
	sfs_lock_master_open(m);
	assert_int_equal(ask(1, SFS_LOCK_EX), 0);
	assert_events("1:EX ");
	assert_int_equal(ask(2, SFS_LOCK_PR), 0);
	assert_events("1>PR ");
	/* one more reader waits behind; nobody is asked twice */
	assert_int_equal(ask(3, SFS_LOCK_PR), 0);
	assert_events("");
	assert_int_equal(down_to(1, SFS_LOCK_PR, "one"), 0);
	assert_events("2:PR=one 3:PR=one ");
	/* a writer takes its turn before a later reader */
	assert_int_equal(ask(4, SFS_LOCK_EX), 0);
	assert_events("1>NL 2>NL 3>NL ");
	assert_int_equal(ask(5, SFS_LOCK_PR), 0);
	assert_int_equal(down_to(2, SFS_LOCK_NL, NULL), 0);
	assert_int_equal(down_to(1, SFS_LOCK_NL, NULL), 0);
	assert_events("");
	assert_int_equal(down_to(3, SFS_LOCK_NL, NULL), 0);
	assert_events("4:EX=one 4>PR ");
	assert_int_equal(down_to(4, SFS_LOCK_NL, "four"), 0);
	assert_events("5:PR=four ");
}

static void test_upgrades(void **state)
{
	sfs_lock_master_open(m);
	assert_int_equal(ask(1, SFS_LOCK_PR), 0);
	assert_int_equal(ask(2, SFS_LOCK_PR), 0);
	assert_events("1:PR 2:PR ");
	/* both want more: the first one's turn is first */
	assert_int_equal(ask(1, SFS_LOCK_EX), 0);
	assert_events("2>NL ");
	assert_int_equal(ask(2, SFS_LOCK_EX), 0);
	assert_events("");
	assert_int_equal(down_to(2, SFS_LOCK_NL, NULL), 0);
	assert_events("1:EX 1>NL ");
	assert_int_equal(down_to(1, SFS_LOCK_NL, "a"), 0);
	assert_events("2:EX=a ");
	/* the holder of PR knows the value */
	assert_int_equal(down_to(2, SFS_LOCK_PR, "b"), 0);
	assert_int_equal(ask(2, SFS_LOCK_EX), 0);
	assert_events("2:EX ");
}

/* A revoke to PR that becomes one to NL. */
static void test_lower_still(void **state)
{
	sfs_lock_master_open(m);
	assert_int_equal(ask(1, SFS_LOCK_EX), 0);
	assert_int_equal(ask(2, SFS_LOCK_PR), 0);
	assert_events("1:EX 1>PR ");
	sfs_lock_master_stop(m, 2);
	assert_events("");
	assert_int_equal(ask(3, SFS_LOCK_EX), 0);
	assert_events("1>NL ");
	/* the answer to the first one is not enough */
	assert_int_equal(down_to(1, SFS_LOCK_PR, "x"), 0);
	assert_events("");
	assert_int_equal(down_to(1, SFS_LOCK_NL, NULL), 0);
	assert_events("3:EX=x ");
}

static void test_protocol_errors(void **state)
{
	const struct sfs_lock_name bad = { 99, 1 };

	sfs_lock_master_open(m);
	assert_int_equal(sfs_lock_master_request(m, 1, &bad, SFS_LOCK_PR),
			 -EPROTO);
	assert_int_equal(sfs_lock_master_released(m, 1, &bad, SFS_LOCK_NL,
						  NULL), -EPROTO);
	assert_int_equal(ask(1, SFS_LOCK_NL), -EPROTO);
	assert_int_equal(ask(1, 3), -EPROTO);
	assert_int_equal(down_to(1, SFS_LOCK_PR, NULL), -EPROTO);
	assert_int_equal(down_to(1, SFS_LOCK_NL, "nl"), -EPROTO);
	/* the answer to a revoke that crossed a release */
	assert_int_equal(down_to(1, SFS_LOCK_NL, NULL), 0);
	assert_int_equal(ask(1, SFS_LOCK_PR), 0);
	assert_int_equal(down_to(1, SFS_LOCK_EX, NULL), -EPROTO);
	assert_int_equal(down_to(1, SFS_LOCK_NL, "pr"), -EPROTO);
	assert_int_equal(ask(2, SFS_LOCK_EX), 0);
	assert_int_equal(ask(2, SFS_LOCK_EX), -EPROTO);
	assert_int_equal(sfs_lock_master_assert(m, 3, &five, SFS_LOCK_PR,
						NULL), -EPROTO);
	assert_events("1:PR 1>NL ");
}

struct values {
	unsigned int nr;
	struct sfs_lock_name name;
	u8 lvb[SFS_LOCK_LVB_BYTES];
};

static bool take_value(void *arg, const struct sfs_lock_name *name,
		       const void *lvb)
{
	struct values *values = arg;

	values->nr++;
	values->name = *name;
	memcpy(values->lvb, lvb, sizeof(values->lvb));
	return true;
}

static unsigned int get_values(struct values *values)
{
	values->nr = 0;
	sfs_lock_master_visit_values(m, take_value, values);
	return values->nr;
}

static void test_values_until_folded(void **state)
{
	struct values old, new;

	sfs_lock_master_open(m);
	assert_int_equal(ask(1, SFS_LOCK_EX), 0);
	assert_int_equal(get_values(&old), 0);
	assert_int_equal(down_to(1, SFS_LOCK_NL, "v"), 0);
	assert_int_equal(get_values(&old), 1);
	assert_true(old.name.type == five.type && old.name.nr == five.nr);
	assert_string_equal((char *)old.lvb, "v");
	assert_events("1:EX ");
	/* held: known to be in the root map or not, it is given on */
	assert_int_equal(ask(2, SFS_LOCK_EX), 0);
	assert_int_equal(get_values(&new), 0);
	sfs_lock_master_forget(m, &old.name, old.lvb);
	assert_int_equal(down_to(2, SFS_LOCK_PR, "w"), 0);
	assert_int_equal(ask(3, SFS_LOCK_PR), 0);
	assert_events("2:EX=v 3:PR=w ");
	assert_int_equal(down_to(2, SFS_LOCK_NL, NULL), 0);
	assert_int_equal(down_to(3, SFS_LOCK_NL, NULL), 0);
	/* changed since it was looked at */
	sfs_lock_master_forget(m, &old.name, old.lvb);
	assert_int_equal(nr_locks(), 1);
	assert_int_equal(get_values(&new), 1);
	sfs_lock_master_forget(m, &new.name, new.lvb);
	assert_int_equal(nr_locks(), 0);
	sfs_lock_master_forget(m, &new.name, new.lvb);
	assert_int_equal(ask(2, SFS_LOCK_PR), 0);
	assert_events("2:PR ");
	/* without a value there is nothing to keep */
	assert_int_equal(down_to(2, SFS_LOCK_NL, NULL), 0);
	assert_int_equal(nr_locks(), 0);
}

static void test_death(void **state)
{
	sfs_lock_master_open(m);
	assert_int_equal(ask(1, SFS_LOCK_EX), 0);
	assert_int_equal(down_to(1, SFS_LOCK_PR, "old"), 0);
	assert_int_equal(ask(1, SFS_LOCK_EX), 0);
	assert_int_equal(ask(2, SFS_LOCK_EX), 0);
	assert_int_equal(ask(3, SFS_LOCK_PR), 0);
	assert_events("1:EX 1:EX 1>NL ");
	/* what a lost mount holds stays held; what it asked for does not */
	sfs_lock_master_stop(m, 1);
	sfs_lock_master_stop(m, 2);
	sfs_lock_master_remove(m, 2);
	assert_events("");
	/* its value stays until somebody drops it */
	sfs_lock_master_remove(m, 1);
	assert_events("3:PR=old ");
}

static void test_dropped_values(void **state)
{
	u8 lvb[SFS_LOCK_LVB_BYTES] = "old";
	struct sfs_lock_name name = { SFS_LOCK_GROUP, 5 };

	sfs_lock_master_open(m);
	for (name.nr = 5; name.nr < 7; name.nr++) {
		assert_int_equal(sfs_lock_master_request(m, 1, &name,
							 SFS_LOCK_EX), 0);
		assert_int_equal(sfs_lock_master_released(m, 1, &name,
							  SFS_LOCK_NL, lvb), 0);
		assert_int_equal(sfs_lock_master_request(m, 2, &name,
				 name.nr == 5 ? SFS_LOCK_EX : SFS_LOCK_PR), 0);
	}
	events[0] = '\0';
	sfs_lock_master_stop(m, 2);
	sfs_lock_master_drop_values(m, 2);
	assert_int_equal(ask(3, SFS_LOCK_PR), 0);
	sfs_lock_master_remove(m, 2);
	assert_events("2>PR 3:PR ");
	/* under PR the value is what it was */
	name.nr = 6;
	assert_int_equal(sfs_lock_master_request(m, 3, &name, SFS_LOCK_PR), 0);
	assert_events("3:PR=old ");
}

static void test_ranges(void **state)
{
	const struct sfs_lock_name name = { SFS_LOCK_GROUP, 110 };

	sfs_lock_master_open(m);
	assert_int_equal(sfs_lock_master_add_range(m, 1, 100, 50), 0);
	assert_int_equal(sfs_lock_master_add_range(m, 2, 149, 1), -EPROTO);
	assert_int_equal(sfs_lock_master_add_range(m, 2, 0, U64_MAX), -EPROTO);
	assert_int_equal(sfs_lock_master_add_range(m, 2, 2, U64_MAX), -EPROTO);
	assert_int_equal(sfs_lock_master_add_range(m, 2, 1, 0), -EPROTO);
	assert_int_equal(sfs_lock_master_add_range(m, 2, 150, 50), 0);
	assert_int_equal(sfs_lock_master_add_range(m, 2, 50, 50), 0);
	assert_int_equal(nr_locks(), 0);
	/* the owner is asked to go down */
	assert_int_equal(sfs_lock_master_request(m, 2, &name, SFS_LOCK_PR), 0);
	assert_events("1>PR ");
	assert_int_equal(sfs_lock_master_released(m, 1, &name, SFS_LOCK_NL,
						  NULL), 0);
	assert_events("2:PR ");
	assert_int_equal(ask(2, SFS_LOCK_PR), 0);
	assert_events("2:PR ");
	/* its own request needs nobody */
	assert_int_equal(sfs_lock_master_request(m, 1,
			 &(struct sfs_lock_name) { SFS_LOCK_GROUP, 111 },
			 SFS_LOCK_PR), 0);
	assert_events("1:EX ");
	/* a range is of groups only */
	assert_int_equal(sfs_lock_master_request(m, 2,
			 &(struct sfs_lock_name) { SFS_LOCK_RENAME, 112 },
			 SFS_LOCK_EX), 0);
	assert_events("2:EX ");
	sfs_lock_master_remove(m, 1);
	assert_int_equal(sfs_lock_master_request(m, 3,
			 &(struct sfs_lock_name) { SFS_LOCK_GROUP, 113 },
			 SFS_LOCK_EX), 0);
	assert_events("3:EX ");
}

static void test_assert(void **state)
{
	u8 lvb[SFS_LOCK_LVB_BYTES] = "told";

	assert_int_equal(ask(9, SFS_LOCK_PR), 0);
	assert_int_equal(sfs_lock_master_assert(m, 1, &five, SFS_LOCK_PR, lvb),
			 0);
	assert_int_equal(sfs_lock_master_assert(m, 2, &five, SFS_LOCK_PR, lvb),
			 0);
	assert_int_equal(sfs_lock_master_assert(m, 3, &five, SFS_LOCK_EX, NULL),
			 -EPROTO);
	assert_int_equal(sfs_lock_master_assert(m, 1, &five, SFS_LOCK_PR, lvb),
			 -EPROTO);
	assert_int_equal(sfs_lock_master_assert(m, 1,
			 &(struct sfs_lock_name) { SFS_LOCK_GROUP, 6 },
			 SFS_LOCK_EX, NULL), 0);
	/* nothing is granted before everybody told */
	assert_events("");
	sfs_lock_master_open(m);
	assert_events("9:PR=told ");
	assert_int_equal(sfs_lock_master_request(m, 9,
			 &(struct sfs_lock_name) { SFS_LOCK_GROUP, 6 },
			 SFS_LOCK_PR), 0);
	assert_events("1>PR ");
}

struct seen {
	unsigned int nr;
	unsigned int waiting;
	unsigned int revoked;
};

static bool see(void *arg, const struct sfs_lock_master_info *info)
{
	struct seen *seen = arg;

	seen->nr++;
	seen->waiting += info->want != SFS_LOCK_NL && info->wait_ms >= 70;
	seen->revoked += info->is_revoked && info->wait_ms >= 70;
	return seen->nr < 3;
}

static void test_visible(void **state)
{
	struct seen seen = { 0 };

	sfs_lock_master_open(m);
	assert_int_equal(ask(1, SFS_LOCK_EX), 0);
	assert_int_equal(ask(2, SFS_LOCK_EX), 0);
	msleep(75);
	sfs_lock_master_for_each(m, see, &seen);
	assert_true(seen.nr == 2 && seen.waiting == 1 && seen.revoked == 1);
	assert_int_equal(ask(3, SFS_LOCK_PR), 0);
	assert_int_equal(ask(4, SFS_LOCK_PR), 0);
	memset(&seen, 0, sizeof(seen));
	sfs_lock_master_for_each(m, see, &seen);
	assert_int_equal(seen.nr, 3);
}

static void test_no_memory(void **state)
{
	unsigned int i;
	int ret = -ENOMEM;

	sfs_lock_master_open(m);
	assert_int_equal(sfs_lock_master_add_range(m, 7, 0, 10), 0);
	for (i = 1; ret == -ENOMEM; i++) {
		port_alloc_fail = i;
		ret = ask(1, SFS_LOCK_EX);
		port_alloc_fail = 0;
		if (ret)
			assert_events("");
	}
	assert_int_equal(ret, 0);
	assert_true(i > 3);
	assert_events("7>NL ");
	port_alloc_fail = 1;
	assert_int_equal(sfs_lock_master_add_range(m, 7, 20, 10), -ENOMEM);
	port_alloc_fail = 0;
}

/* ---- a crowd ----------------------------------------------------------------------- */

#define NR_NODES	6
#define NR_LOCKS	5
#define NR_MESSAGES	8
#define NR_STEPS	400000

struct message {
	bool is_grant;
	u8 mode;
	bool has_value;
	u64 value;
};

/* One mount's view of one lock; messages arrive in order, some time later. */
struct view {
	struct message queue[NR_MESSAGES];
	unsigned int head;
	unsigned int tail;
	u8 mode;
	u8 asked;
	u8 want;	/* revoked to, or NO_MODE */
	u64 value;
};

static struct view views[NR_NODES][NR_LOCKS];
static bool is_dead[NR_NODES];
static u64 truth[NR_LOCKS];		/* value of the newest EX release */
static bool may_be_unknown[NR_LOCKS];
static u64 rnd_state;
static u64 nr_granted;

static unsigned int rnd(unsigned int n)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state % n;
}

static void queue_message(u64 node, const struct sfs_lock_name *name,
			  struct message msg)
{
	struct view *v = &views[node][name->nr];

	assert_true(v->tail - v->head < NR_MESSAGES);
	v->queue[v->tail++ % NR_MESSAGES] = msg;
}

static void crowd_grant(void *arg, u64 node, const struct sfs_lock_name *name,
			enum sfs_lock_mode mode, int error, const void *lvb)
{
	struct message msg = { .is_grant = true, .mode = mode };

	assert_int_equal(error, 0);
	assert_false(is_dead[node]);
	if (lvb) {
		msg.has_value = true;
		memcpy(&msg.value, lvb, sizeof(msg.value));
	}
	queue_message(node, name, msg);
	nr_granted++;
}

static void crowd_revoke(void *arg, u64 node, const struct sfs_lock_name *name,
			 enum sfs_lock_mode mode)
{
	/* a dead one's messages go nowhere */
	if (!is_dead[node])
		queue_message(node, name, (struct message) { .mode = mode });
}

static const struct sfs_lock_master_ops crowd_ops = {
	.grant = crowd_grant,
	.revoke = crowd_revoke,
};

/* Nobody, dead ones included, holds more than goes with the others. */
static void check_modes(unsigned int nr)
{
	unsigned int node, ex = 0, pr = 0;

	for (node = 0; node < NR_NODES; node++) {
		ex += views[node][nr].mode == SFS_LOCK_EX;
		pr += views[node][nr].mode == SFS_LOCK_PR;
	}
	assert_true(ex <= 1 && !(ex && pr));
}

static void go_down(unsigned int node, unsigned int nr, u8 mode)
{
	struct view *v = &views[node][nr];
	struct sfs_lock_name name = { SFS_LOCK_GROUP, nr };
	u8 lvb[SFS_LOCK_LVB_BYTES] = { 0 };
	bool was_ex = v->mode == SFS_LOCK_EX;

	if (was_ex) {
		if (rnd(2))
			v->value++;
		truth[nr] = v->value;
		may_be_unknown[nr] = false;
		memcpy(lvb, &v->value, sizeof(v->value));
	}
	v->mode = mode;
	if (v->want != SFS_LOCK_NO_MODE && mode <= v->want)
		v->want = SFS_LOCK_NO_MODE;
	assert_int_equal(sfs_lock_master_released(m, node, &name, mode,
						  was_ex ? lvb : NULL), 0);
}

static void deliver(unsigned int node, unsigned int nr)
{
	struct view *v = &views[node][nr];
	struct message *msg;

	if (v->head == v->tail)
		return;
	msg = &v->queue[v->head++ % NR_MESSAGES];
	if (!msg->is_grant) {
		if (v->mode > msg->mode)
			v->want = min(v->want, msg->mode);
		return;
	}
	assert_true(msg->mode >= v->asked && v->asked != SFS_LOCK_NL);
	/* a revoke that crossed the request is answered first */
	assert_int_equal(v->want, SFS_LOCK_NO_MODE);
	if (v->mode == SFS_LOCK_NL) {
		if (!msg->has_value)
			assert_true(may_be_unknown[nr]);
		else
			assert_int_equal(msg->value, truth[nr]);
		v->value = truth[nr];
	}
	v->mode = msg->mode;
	v->asked = SFS_LOCK_NL;
	check_modes(nr);
}

static void act(unsigned int node, unsigned int nr)
{
	struct view *v = &views[node][nr];
	struct sfs_lock_name name = { SFS_LOCK_GROUP, nr };

	if (v->want != SFS_LOCK_NO_MODE) {
		go_down(node, nr, rnd(4) ? v->want : SFS_LOCK_NL);
	} else if (!v->asked && v->mode < SFS_LOCK_EX && rnd(3)) {
		v->asked = v->mode + 1 + (v->mode == SFS_LOCK_NL && rnd(2));
		assert_int_equal(sfs_lock_master_request(m, node, &name,
							 v->asked), 0);
	} else if (!v->asked && v->mode > SFS_LOCK_NL && !rnd(4)) {
		go_down(node, nr, rnd(v->mode));
	}
}

static void die(unsigned int node)
{
	unsigned int nr;

	is_dead[node] = true;
	sfs_lock_master_stop(m, node);
	for (nr = 0; nr < NR_LOCKS; nr++) {
		struct view *v = &views[node][nr];

		/* a grant may be on its way */
		v->head = v->tail;
		v->asked = SFS_LOCK_NL;
	}
}

/* Some of what it had in EX it changed and committed, without saying so. */
static void drop_values(unsigned int node)
{
	unsigned int nr;

	for (nr = 0; nr < NR_LOCKS; nr++) {
		if (views[node][nr].mode == SFS_LOCK_EX)
			truth[nr] += rnd(2);
		/* a grant may never have arrived */
		may_be_unknown[nr] = true;
	}
	sfs_lock_master_drop_values(m, node);
}

static void recover(unsigned int node)
{
	unsigned int nr;

	drop_values(node);
	for (nr = 0; nr < NR_LOCKS; nr++) {
		memset(&views[node][nr], 0, sizeof(views[node][nr]));
		views[node][nr].want = SFS_LOCK_NO_MODE;
	}
	sfs_lock_master_remove(m, node);
	is_dead[node] = false;
}

static void fold(void)
{
	struct values values;

	if (!get_values(&values))
		return;
	may_be_unknown[values.name.nr] = true;
	sfs_lock_master_forget(m, &values.name, values.lvb);
}

/* Everybody lets go when asked: then nobody waits for ever. */
static void drain(void)
{
	unsigned int rounds, node, nr;

	for (node = 0; node < NR_NODES; node++)
		if (is_dead[node])
			recover(node);
	for (rounds = 0; rounds < 4 * NR_NODES; rounds++) {
		for (node = 0; node < NR_NODES; node++) {
			for (nr = 0; nr < NR_LOCKS; nr++) {
				struct view *v = &views[node][nr];

				while (v->head != v->tail)
					deliver(node, nr);
				if (v->want != SFS_LOCK_NO_MODE)
					go_down(node, nr, v->want);
			}
		}
	}
	for (node = 0; node < NR_NODES; node++)
		for (nr = 0; nr < NR_LOCKS; nr++)
			assert_int_equal(views[node][nr].asked, SFS_LOCK_NL);
}

static void test_crowd(void **state)
{
	const char *seed = getenv("SEED");
	unsigned int i, node, nr;

	rnd_state = (seed ? strtoull(seed, NULL, 0) : 1) * 0x9e3779b97f4a7c15;
	sfs_lock_master_destroy(m);
	m = sfs_lock_master_create(&crowd_ops, NULL);
	sfs_lock_master_open(m);
	memset(views, 0, sizeof(views));
	for (node = 0; node < NR_NODES; node++)
		for (nr = 0; nr < NR_LOCKS; nr++)
			views[node][nr].want = SFS_LOCK_NO_MODE;
	for (nr = 0; nr < NR_LOCKS; nr++)
		may_be_unknown[nr] = true;
	for (i = 0; i < NR_STEPS; i++) {
		node = rnd(NR_NODES);
		nr = rnd(NR_LOCKS);
		if (is_dead[node] && !rnd(50)) {
			recover(node);
		} else if (!is_dead[node] && !rnd(4000)) {
			die(node);
		} else if (!rnd(200)) {
			fold();
		} else if (!rnd(20000)) {
			drain();
		} else if (!is_dead[node]) {
			if (rnd(2))
				deliver(node, nr);
			else
				act(node, nr);
		}
	}
	drain();
	print_message("# %llu grants\n", (unsigned long long)nr_granted);
	assert_true(nr_granted > NR_STEPS / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(test_order),
		TEST(test_upgrades),
		TEST(test_lower_still),
		TEST(test_protocol_errors),
		TEST(test_values_until_folded),
		TEST(test_death),
		TEST(test_dropped_values),
		TEST(test_ranges),
		TEST(test_assert),
		TEST(test_visible),
		TEST(test_no_memory),
		TEST(test_crowd),
	};

	print_message("# lock_master_test SEED=%s\n", getenv("SEED") ?: "1");
	return cmocka_run_group_tests_name("lock master", tests, NULL, NULL);
}
