// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock provider "revoke": like "local", but takes locks away at random.
 *
 * For tests, on one node: a thread per space revokes one of the most recently
 * granted locks every interval_us, to PR or to NL.  A request that crosses a
 * revoke is granted when the revoke was answered, as a cluster would do it.
 *
 * Lock order: p->mutex is held across the calls into the client, so that the
 * client sees grants and revokes in order; p->values is inside it.
 */
#include "lock/provider.h"
#include "lock/values.h"

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>

enum {
	SFS_LOCK_REVOKE_MAX_IDLE_VALUES = 4096,
	SFS_LOCK_REVOKE_RECENT = 16,	/* of so many locks one is revoked */
	SFS_LOCK_REVOKE_NONE = 0xff,
};

static unsigned int interval_us = 2000;
module_param(interval_us, uint, 0644);
MODULE_PARM_DESC(interval_us, "time between two revocations, 0: none");

static ulong seed = 1;
module_param(seed, ulong, 0644);
MODULE_PARM_DESC(seed, "of the choice of locks and modes, for new spaces");

static unsigned long nr_revokes;
module_param(nr_revokes, ulong, 0444);
MODULE_PARM_DESC(nr_revokes, "revocations so far, of all spaces");

struct sfs_lock_revoke {
	struct mutex mutex;	/* guards all below and the records */
	struct list_head held;	/* records above NL, newest grant first */
	struct sfs_lock_values *values;
	struct rnd_state rnd;
	struct task_struct *task;
};

/* What this provider knows of a handle; its pointer in the handle. */
struct sfs_lock_revoke_rec {
	struct list_head link;	/* p->held */
	struct sfs_lock *lock;
	u8 mode;
	u8 revoke_to;		/* unanswered revoke */
	u8 asked;		/* request that waits for the answer */
};

static void sfs_lock_revoke_grant_locked(struct sfs_lock_revoke *p,
					 struct sfs_lock_revoke_rec *rec,
					 enum sfs_lock_mode mode)
{
	u8 lvb[SFS_LOCK_LVB_BYTES];
	bool is_known;

	is_known = sfs_lock_values_load(p->values, sfs_lock_type(rec->lock),
					sfs_lock_nr(rec->lock), lvb);
	rec->mode = mode;
	rec->asked = SFS_LOCK_NL;
	list_move(&rec->link, &p->held);
	sfs_lock_grant(rec->lock, mode, 0, is_known ? lvb : NULL);
}

static void sfs_lock_revoke_one_locked(struct sfs_lock_revoke *p)
{
	u32 nr = prandom_u32_state(&p->rnd) % SFS_LOCK_REVOKE_RECENT;
	bool is_to_nl = prandom_u32_state(&p->rnd) & 1;
	struct sfs_lock_revoke_rec *rec, *found = NULL;

	list_for_each_entry(rec, &p->held, link) {
		if (rec->revoke_to == SFS_LOCK_REVOKE_NONE)
			found = rec;
		if (!nr--)
			break;
	}
	if (!found)
		return;
	found->revoke_to = found->mode == SFS_LOCK_EX && !is_to_nl ?
			   SFS_LOCK_PR : SFS_LOCK_NL;
	nr_revokes++;
	sfs_lock_revoke(found->lock, found->revoke_to);
}

static int sfs_lock_revoke_thread(void *arg)
{
	struct sfs_lock_revoke *p = arg;
	unsigned int us;

	while (!kthread_should_stop()) {
		us = READ_ONCE(interval_us);
		if (!us) {
			schedule_timeout_interruptible(HZ / 10);
			continue;
		}
		us = clamp_t(unsigned int, us, 20, USEC_PER_SEC);
		usleep_range(us, us + us / 4);
		mutex_lock(&p->mutex);
		sfs_lock_revoke_one_locked(p);
		mutex_unlock(&p->mutex);
	}
	return 0;
}

static int sfs_lock_revoke_join(struct sfs_lock_space *space,
				const struct sfs_lock_params *params,
				void **priv)
{
	struct sfs_lock_revoke *p;
	int ret = -ENOMEM;

	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	mutex_init(&p->mutex);
	INIT_LIST_HEAD(&p->held);
	prandom_seed_state(&p->rnd, seed);
	p->values = sfs_lock_values_create(SFS_LOCK_REVOKE_MAX_IDLE_VALUES);
	if (!p->values)
		goto err_free;
	p->task = kthread_run(sfs_lock_revoke_thread, p, "sfs_lock_revoke");
	if (IS_ERR(p->task)) {
		ret = PTR_ERR(p->task);
		goto err_values;
	}
	*priv = p;
	return 0;

err_values:
	sfs_lock_values_destroy(p->values);
err_free:
	kfree(p);
	return ret;
}

static void sfs_lock_revoke_leave(struct sfs_lock_space *space, void *priv)
{
	struct sfs_lock_revoke *p = priv;

	kthread_stop(p->task);
	sfs_lock_values_destroy(p->values);
	mutex_destroy(&p->mutex);
	kfree(p);
}

static int sfs_lock_revoke_request(void *priv, struct sfs_lock *lock,
				   enum sfs_lock_mode mode, unsigned int flags)
{
	struct sfs_lock_revoke_rec *rec = sfs_lock_provider_priv(lock);
	struct sfs_lock_revoke *p = priv;

	if (!rec) {
		rec = kzalloc(sizeof(*rec), GFP_NOFS);
		if (!rec)
			return -ENOMEM;
		INIT_LIST_HEAD(&rec->link);
		rec->lock = lock;
		rec->revoke_to = SFS_LOCK_REVOKE_NONE;
		sfs_lock_set_provider_priv(lock, rec);
	}

	mutex_lock(&p->mutex);
	if (rec->revoke_to != SFS_LOCK_REVOKE_NONE)
		rec->asked = mode;
	else
		sfs_lock_revoke_grant_locked(p, rec, mode);
	mutex_unlock(&p->mutex);
	return 0;
}

static void sfs_lock_revoke_released(void *priv, struct sfs_lock *lock,
				     enum sfs_lock_mode mode, const void *lvb)
{
	struct sfs_lock_revoke_rec *rec = sfs_lock_provider_priv(lock);
	struct sfs_lock_revoke *p = priv;

	mutex_lock(&p->mutex);
	if (lvb)
		sfs_lock_values_store(p->values, sfs_lock_type(lock),
				      sfs_lock_nr(lock), lvb);
	rec->mode = mode;
	if (mode == SFS_LOCK_NL)
		list_del_init(&rec->link);
	if (rec->revoke_to >= mode)
		rec->revoke_to = SFS_LOCK_REVOKE_NONE;
	if (rec->revoke_to == SFS_LOCK_REVOKE_NONE && rec->asked)
		sfs_lock_revoke_grant_locked(p, rec, rec->asked);
	mutex_unlock(&p->mutex);
}

static void sfs_lock_revoke_forget(void *priv, struct sfs_lock *lock)
{
	struct sfs_lock_revoke_rec *rec = sfs_lock_provider_priv(lock);
	struct sfs_lock_revoke *p = priv;

	if (!rec)
		return;
	mutex_lock(&p->mutex);
	list_del_init(&rec->link);
	mutex_unlock(&p->mutex);
	sfs_lock_values_idle(p->values, sfs_lock_type(lock), sfs_lock_nr(lock));
	sfs_lock_set_provider_priv(lock, NULL);
	kfree(rec);
}

static struct sfs_lock_provider_ops sfs_lock_revoke_ops = {
	.owner = THIS_MODULE,
	.name = "revoke",
	.api_version = SFS_LOCK_API_VERSION,
	.join = sfs_lock_revoke_join,
	.leave = sfs_lock_revoke_leave,
	.request = sfs_lock_revoke_request,
	.released = sfs_lock_revoke_released,
	.forget = sfs_lock_revoke_forget,
};

static int __init sfs_lock_revoke_init(void)
{
	return sfs_lock_provider_register(&sfs_lock_revoke_ops);
}

static void __exit sfs_lock_revoke_exit(void)
{
	sfs_lock_provider_unregister(&sfs_lock_revoke_ops);
}

module_init(sfs_lock_revoke_init);
module_exit(sfs_lock_revoke_exit);
MODULE_ALIAS("scoutfs_lock-revoke");
MODULE_DESCRIPTION("scoutfs lock provider for tests: revokes at random");
MODULE_LICENSE("GPL");
