// SPDX-License-Identifier: GPL-2.0-only
/*
 * fsevents inotify|fanotify DIR: prints "ready", then each event of the directory's
 * entries as "WHAT NAME".
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <unistd.h>

/* inotify's and fanotify's bits are the same for these */
static const struct {
	uint32_t bit;
	const char *name;
} events[] = {
	{ IN_ACCESS, "access" }, { IN_MODIFY, "modify" },
	{ IN_ATTRIB, "attrib" }, { IN_CLOSE_WRITE, "close_write" },
	{ IN_MOVED_FROM, "from" }, { IN_MOVED_TO, "to" },
	{ IN_CREATE, "create" }, { IN_DELETE, "delete" },
};

#define NR_EVENTS	(sizeof(events) / sizeof(events[0]))

static void print_events(uint32_t mask, const char *name)
{
	unsigned int i;

	for (i = 0; i < NR_EVENTS; i++)
		if (mask & events[i].bit)
			printf("%s %s\n", events[i].name, name);
	fflush(stdout);
}

static void print_inotify(const char *buf, ssize_t len)
{
	const struct inotify_event *event;

	for (; len > 0; buf += sizeof(*event) + event->len,
			len -= sizeof(*event) + event->len) {
		event = (const void *)buf;
		print_events(event->mask, event->len ? event->name : ".");
	}
}

/* The name stands behind the handle of its directory. */
static const char *fanotify_name(const struct fanotify_event_metadata *event)
{
	const struct fanotify_event_info_fid *info = (const void *)(event + 1);
	const struct file_handle *fh = (const void *)info->handle;

	if (info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME)
		return ".";
	return (const char *)fh->f_handle + fh->handle_bytes;
}

static void print_fanotify(const void *buf, ssize_t len)
{
	const struct fanotify_event_metadata *event = buf;

	for (; FAN_EVENT_OK(event, len); event = FAN_EVENT_NEXT(event, len))
		print_events(event->mask, fanotify_name(event));
}

int main(int argc, char **argv)
{
	static char buf[65536] __attribute__((aligned(8)));
	uint32_t mask = 0;
	int is_inotify;
	unsigned int i;
	ssize_t len;
	int fd;

	if (argc != 3)
		errx(2, "inotify|fanotify DIR");
	for (i = 0; i < NR_EVENTS; i++)
		mask |= events[i].bit;
	is_inotify = !strcmp(argv[1], "inotify");
	fd = is_inotify ? inotify_init1(0) :
			  fanotify_init(FAN_CLASS_NOTIF |
					FAN_REPORT_DFID_NAME, 0);
	if (fd < 0)
		err(1, "%s", argv[1]);
	if (is_inotify ? inotify_add_watch(fd, argv[2], mask) < 0 :
			 fanotify_mark(fd, FAN_MARK_ADD,
				       mask | FAN_EVENT_ON_CHILD | FAN_ONDIR,
				       AT_FDCWD, argv[2]))
		err(1, "%s", argv[2]);
	printf("ready\n");
	fflush(stdout);
	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		if (is_inotify)
			print_inotify(buf, len);
		else
			print_fanotify(buf, len);
	}
	err(1, "read");
}
