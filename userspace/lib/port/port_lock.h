/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mutexes, read-write semaphores and spinlocks that know their owner.
 *
 * Taking a lock a second time and sleeping while atomic end the program;
 * releasing a lock somebody else holds and taking a semaphore for reading twice
 * warn.  New readers wait behind waiting writers, as in the kernel.
 */
#ifndef SFS_PORT_LOCK_H
#define SFS_PORT_LOCK_H

#include "port_sched.h"

enum { PORT_RWSEM_READERS = 4 };	/* readers remembered by name */

struct lock_class_key { char unused; };
struct lockdep_map { const char *name; };

struct mutex {
	struct task_struct *owner;
	const char *name;
};

struct semaphore {
	unsigned int count;
};

void sema_init(struct semaphore *sem, int val);
void down(struct semaphore *sem);
void up(struct semaphore *sem);

struct rw_semaphore {
	struct task_struct *writer;
	struct task_struct *reader[PORT_RWSEM_READERS];
	unsigned int nr_readers;
	unsigned int nr_waiting_writers;
	const char *name;
};

typedef struct spinlock {
	struct task_struct *owner;
	const char *name;
} spinlock_t;

typedef spinlock_t raw_spinlock_t;

/* ---- mutex ---- */

#define __MUTEX_INITIALIZER(n)	{ .name = #n }
#define DEFINE_MUTEX(n)		struct mutex n = __MUTEX_INITIALIZER(n)
#define mutex_init(m)		port_mutex_init((m), #m)
#define __mutex_init(m, n, key)	port_mutex_init((m), (n))

void port_mutex_init(struct mutex *m, const char *name);
void mutex_destroy(struct mutex *m);
void mutex_lock(struct mutex *m);
int mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);

static inline bool mutex_is_locked(struct mutex *m)
{
	return m->owner != NULL;
}

#define mutex_lock_nested(m, s)		mutex_lock(m)
#define mutex_lock_nest_lock(m, l)	mutex_lock(m)
#define mutex_lock_io(m)		mutex_lock(m)
#define mutex_lock_killable(m)		({ mutex_lock(m); 0; })
#define mutex_lock_interruptible(m)	({ mutex_lock(m); 0; })
#define mutex_lock_killable_nested(m, s) ({ mutex_lock(m); 0; })

/* ---- rw_semaphore ---- */

#define __RWSEM_INITIALIZER(n)	{ .name = #n }
#define DECLARE_RWSEM(n)	struct rw_semaphore n = __RWSEM_INITIALIZER(n)
#define init_rwsem(s)		port_rwsem_init((s), #s)

void port_rwsem_init(struct rw_semaphore *s, const char *name);
void down_read(struct rw_semaphore *s);
int down_read_trylock(struct rw_semaphore *s);
void up_read(struct rw_semaphore *s);
void down_write(struct rw_semaphore *s);
int down_write_trylock(struct rw_semaphore *s);
void up_write(struct rw_semaphore *s);
void downgrade_write(struct rw_semaphore *s);

static inline int rwsem_is_locked(struct rw_semaphore *s)
{
	return s->writer || s->nr_readers;
}

static inline int rwsem_is_contended(struct rw_semaphore *s)
{
	return s->nr_waiting_writers != 0;
}

#define down_read_nested(s, c)		down_read(s)
#define down_write_nested(s, c)		down_write(s)
#define down_write_nest_lock(s, l)	down_write(s)
#define down_read_killable(s)		({ down_read(s); 0; })
#define down_write_killable(s)		({ down_write(s); 0; })
#define down_read_interruptible(s)	({ down_read(s); 0; })
#define down_write_killable_nested(s, c) ({ down_write(s); 0; })

/* ---- spinlock ---- */

#define __SPIN_LOCK_UNLOCKED(n)	{ .name = #n }
#define DEFINE_SPINLOCK(n)	spinlock_t n = __SPIN_LOCK_UNLOCKED(n)
#define spin_lock_init(l)	port_spin_init((l), #l)

void port_spin_init(spinlock_t *l, const char *name);
void spin_lock(spinlock_t *l);
int spin_trylock(spinlock_t *l);
void spin_unlock(spinlock_t *l);

static inline int spin_is_locked(spinlock_t *l)
{
	return l->owner != NULL;
}

#define spin_is_contended(l)		0
#define spin_lock_nested(l, c)		spin_lock(l)
#define spin_lock_bh(l)			spin_lock(l)
#define spin_unlock_bh(l)		spin_unlock(l)
#define spin_lock_irq(l)		spin_lock(l)
#define spin_unlock_irq(l)		spin_unlock(l)
#define spin_lock_irqsave(l, f)		do { (f) = 0; spin_lock(l); } while (0)
#define spin_lock_irqsave_nested(l, f, c) spin_lock_irqsave(l, f)
#define spin_unlock_irqrestore(l, f) \
	do { (void)(f); spin_unlock(l); } while (0)
#define spin_trylock_irqsave(l, f)	({ (f) = 0; spin_trylock(l); })
#define spin_trylock_bh(l)		spin_trylock(l)
#define cond_resched_lock(l)		((void)(l), 0)
#define raw_spin_lock_init		spin_lock_init
#define raw_spin_lock			spin_lock
#define raw_spin_unlock			spin_unlock

#define refcount_dec_and_mutex_lock(r, m) ({				\
	bool port_rm_ = false;						\
	if (!refcount_dec_not_one(r)) {					\
		mutex_lock(m);						\
		port_rm_ = refcount_dec_and_test(r);			\
		if (!port_rm_)						\
			mutex_unlock(m);				\
	}								\
	port_rm_; })
#define refcount_dec_and_lock(r, l) ({					\
	bool port_rl_ = false;						\
	if (!refcount_dec_not_one(r)) {					\
		spin_lock(l);						\
		port_rl_ = refcount_dec_and_test(r);			\
		if (!port_rl_)						\
			spin_unlock(l);					\
	}								\
	port_rl_; })

/* ---- assertions: these check, in every build ---- */

bool port_mutex_held(const struct mutex *m);
bool port_spin_held(const spinlock_t *l);
bool port_rwsem_held(const struct rw_semaphore *s);
bool port_rwsem_held_read(const struct rw_semaphore *s);
bool port_rwsem_held_write(const struct rw_semaphore *s);

#define lockdep_is_held(l) _Generic((l),				\
	struct mutex *: port_mutex_held,				\
	const struct mutex *: port_mutex_held,				\
	spinlock_t *: port_spin_held,					\
	const spinlock_t *: port_spin_held,				\
	struct rw_semaphore *: port_rwsem_held,				\
	const struct rw_semaphore *: port_rwsem_held)(l)
#define port_held_write(l) _Generic((l),				\
	struct mutex *: port_mutex_held,				\
	const struct mutex *: port_mutex_held,				\
	spinlock_t *: port_spin_held,					\
	const spinlock_t *: port_spin_held,				\
	struct rw_semaphore *: port_rwsem_held_write,			\
	const struct rw_semaphore *: port_rwsem_held_write)(l)

#define port_assert_lock(cond, what)					\
	do {								\
		if (unlikely(!(cond)))					\
			port_die("%s:%d: %s: %s", __FILE__, __LINE__,	\
				 __func__, what);			\
	} while (0)
#define lockdep_assert(c)	port_assert_lock(c, #c)
#define lockdep_assert_held(l)	port_assert_lock(lockdep_is_held(l),	\
						 "not held: " #l)
#define lockdep_assert_held_once(l)	lockdep_assert_held(l)
#define lockdep_assert_held_write(l)	port_assert_lock(port_held_write(l), \
						"not held for writing: " #l)
#define lockdep_assert_held_read(l)	port_assert_lock(		\
		port_rwsem_held_read(l), "not held for reading: " #l)
#define lockdep_assert_not_held(l)	port_assert_lock(!lockdep_is_held(l), \
						"must not be held: " #l)
#define assert_spin_locked(l)		lockdep_assert_held(l)

#define SINGLE_DEPTH_NESTING		1
#define lockdep_set_class(l, k)		((void)(l), (void)(k))
#define lockdep_set_class_and_name(l, k, n) ((void)(l), (void)(k))
#define lockdep_set_subclass(l, s)	((void)(l))
#define lockdep_set_novalidate_class(l)	((void)(l))
#define lockdep_register_key(k)		((void)(k))
#define lockdep_unregister_key(k)	((void)(k))
#define lockdep_init_map(m, n, k, s)	((void)(k), (void)((m)->name = (n)))
#define STATIC_LOCKDEP_MAP_INIT(n, k)	{ .name = (n) }
#define lock_map_acquire(m)		((void)(m))
#define lock_map_acquire_read(m)	((void)(m))
#define lock_map_release(m)		((void)(m))
#define rwsem_acquire(m, s, t, i)	((void)(m))
#define rwsem_acquire_read(m, s, t, i)	((void)(m))
#define rwsem_release(m, i)		((void)(m))
#define lock_acquired(m, i)		((void)(m))
#define lock_contended(m, i)		((void)(m))
#define _RET_IP_ \
	((unsigned long)(uintptr_t)__builtin_return_address(0))
#define _THIS_IP_			0UL

#endif
