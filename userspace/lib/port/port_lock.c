// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutexes, read-write semaphores and spinlocks of cooperative tasks.
 *
 * A lock changes hands only between yield points, so plain fields suffice.
 */
#include "port_user.h"

static const char *port_name(const char *name)
{
	return name ? name : "(zeroed lock)";
}

/* ---- mutex ---- */

void port_mutex_init(struct mutex *m, const char *name)
{
	m->owner = NULL;
	m->name = name;
}

void mutex_destroy(struct mutex *m)
{
	WARN(m->owner, "mutex %s destroyed while locked", port_name(m->name));
}

void mutex_lock(struct mutex *m)
{
	might_sleep();
	port_yield_point();
	if (m->owner == current)
		port_die("self-deadlock: mutex_lock(%s)", port_name(m->name));
	while (m->owner)
		port_wait_named("mutex_lock", m->name, m, U64_MAX);
	m->owner = current;
}

void sema_init(struct semaphore *sem, int val)
{
	sem->count = val;
}

void down(struct semaphore *sem)
{
	might_sleep();
	port_yield_point();
	while (!sem->count)
		port_wait_on("down", sem, U64_MAX);
	sem->count--;
}

void up(struct semaphore *sem)
{
	sem->count++;
	port_wake_obj(sem);
}

int mutex_trylock(struct mutex *m)
{
	port_yield_point();
	if (m->owner)
		return 0;
	m->owner = current;
	return 1;
}

void mutex_unlock(struct mutex *m)
{
	WARN(m->owner != current, "mutex %s unlocked by another task",
	     port_name(m->name));
	m->owner = NULL;
	port_wake_obj(m);
	port_yield_point();
}

bool port_mutex_held(const struct mutex *m)
{
	return m->owner == current;
}

/* ---- rw_semaphore ---- */

void port_rwsem_init(struct rw_semaphore *s, const char *name)
{
	memset(s, 0, sizeof(*s));
	s->name = name;
}

static bool port_rwsem_reads(const struct rw_semaphore *s)
{
	int i;

	for (i = 0; i < PORT_RWSEM_READERS; i++)
		if (s->reader[i] == current)
			return true;
	return false;
}

static void port_rwsem_add_reader(struct rw_semaphore *s)
{
	int i;

	s->nr_readers++;
	for (i = 0; i < PORT_RWSEM_READERS; i++) {
		if (!s->reader[i]) {
			s->reader[i] = current;
			break;
		}
	}
}

void down_read(struct rw_semaphore *s)
{
	might_sleep();
	port_yield_point();
	if (s->writer == current)
		port_die("self-deadlock: down_read(%s) while writing",
			 port_name(s->name));
	WARN(port_rwsem_reads(s), "recursive down_read(%s)",
	     port_name(s->name));
	while (s->writer || s->nr_waiting_writers)
		port_wait_named("down_read", s->name, s, U64_MAX);
	port_rwsem_add_reader(s);
}

int down_read_trylock(struct rw_semaphore *s)
{
	port_yield_point();
	if (s->writer || s->nr_waiting_writers)
		return 0;
	port_rwsem_add_reader(s);
	return 1;
}

void up_read(struct rw_semaphore *s)
{
	bool is_known = false;
	unsigned int nr_known = 0;
	int i;

	for (i = 0; i < PORT_RWSEM_READERS; i++) {
		if (!is_known && s->reader[i] == current) {
			s->reader[i] = NULL;
			is_known = true;
		} else if (s->reader[i]) {
			nr_known++;
		}
	}
	/* not remembered is fine only while there were more than fit */
	WARN(!s->nr_readers || (!is_known && nr_known >= s->nr_readers),
	     "up_read(%s) by a task that does not hold it",
	     port_name(s->name));
	if (s->nr_readers)
		s->nr_readers--;
	port_wake_obj(s);
	port_yield_point();
}

void down_write(struct rw_semaphore *s)
{
	might_sleep();
	port_yield_point();
	if (s->writer == current || port_rwsem_reads(s))
		port_die("self-deadlock: down_write(%s)", port_name(s->name));
	while (s->writer || s->nr_readers) {
		s->nr_waiting_writers++;
		port_wait_named("down_write", s->name, s, U64_MAX);
		s->nr_waiting_writers--;
	}
	s->writer = current;
}

int down_write_trylock(struct rw_semaphore *s)
{
	port_yield_point();
	if (s->writer || s->nr_readers)
		return 0;
	s->writer = current;
	return 1;
}

void up_write(struct rw_semaphore *s)
{
	WARN(s->writer != current, "up_write(%s) by another task",
	     port_name(s->name));
	s->writer = NULL;
	port_wake_obj(s);
	port_yield_point();
}

void downgrade_write(struct rw_semaphore *s)
{
	WARN(s->writer != current, "downgrade_write(%s) by another task",
	     port_name(s->name));
	s->writer = NULL;
	port_rwsem_add_reader(s);
	port_wake_obj(s);
}

bool port_rwsem_held_write(const struct rw_semaphore *s)
{
	return s->writer == current;
}

bool port_rwsem_held_read(const struct rw_semaphore *s)
{
	return port_rwsem_reads(s) || s->nr_readers > PORT_RWSEM_READERS;
}

bool port_rwsem_held(const struct rw_semaphore *s)
{
	return port_rwsem_held_write(s) || port_rwsem_held_read(s);
}

/* ---- spinlock ---- */

void port_spin_init(spinlock_t *l, const char *name)
{
	l->owner = NULL;
	l->name = name;
}

void spin_lock(spinlock_t *l)
{
	port_yield_point();
	if (l->owner)
		port_die("self-deadlock: spin_lock(%s) owned by %s",
			 port_name(l->name), l->owner->comm);
	l->owner = current;
	port_atomic_depth++;
}

int spin_trylock(spinlock_t *l)
{
	port_yield_point();
	if (l->owner)
		return 0;
	l->owner = current;
	port_atomic_depth++;
	return 1;
}

void spin_unlock(spinlock_t *l)
{
	if (l->owner != current)
		port_die("spin_unlock(%s) not held", port_name(l->name));
	l->owner = NULL;
	port_atomic_depth--;
	port_yield_point();
}

bool port_spin_held(const spinlock_t *l)
{
	return l->owner == current;
}
