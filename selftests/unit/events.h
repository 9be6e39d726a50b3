/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened, as words in a text that tests compare.
 */
#ifndef SFS_TEST_EVENTS_H
#define SFS_TEST_EVENTS_H

#include "lock/lock.h"

static char events[2048];

static void event(const char *fmt, ...) __printf(1, 2);
static void event(const char *fmt, ...)
{
	size_t len = strlen(events);
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(events + len, sizeof(events) - len, fmt, ap);
	va_end(ap);
}

/* compare and forget */
#define assert_events(expected) do {					\
	assert_string_equal(events, expected);				\
	events[0] = '\0';						\
} while (0)

static inline const char *mode_name(enum sfs_lock_mode mode)
{
	return mode == SFS_LOCK_EX ? "EX" : mode == SFS_LOCK_PR ? "PR" : "NL";
}

#endif
