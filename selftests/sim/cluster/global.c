// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutexes of the whole process, linked in front of the product's: no machine dies
 * with one of them, as no kernel's death leaves a mutex of another one locked.
 */
#include "fiber.h"

void __real_mutex_lock(struct mutex *m);
void __wrap_mutex_lock(struct mutex *m);
void __real_mutex_unlock(struct mutex *m);
void __wrap_mutex_unlock(struct mutex *m);

/* What belongs to one machine was allocated. */
static bool cl_is_global(const void *p)
{
	extern char __data_start[], _end[];

	return (const char *)p >= __data_start && (const char *)p < _end;
}

void __wrap_mutex_lock(struct mutex *m)
{
	struct cl_fiber *f;

	__real_mutex_lock(m);
	f = cl_fiber_current();
	if (cl_is_global(m) && f)
		f->nr_global++;
}

void __wrap_mutex_unlock(struct mutex *m)
{
	struct cl_fiber *f = cl_fiber_current();

	if (cl_is_global(m) && f)
		f->nr_global--;
	__real_mutex_unlock(m);
}
