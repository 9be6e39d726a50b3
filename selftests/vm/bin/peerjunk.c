// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peers that are none, for the port of a leader.
 *
 *	peerjunk ADDR PORT garbage COUNT	connections with random bytes in them
 *	peerjunk ADDR PORT hold COUNT SECONDS	connections that say nothing, or only
 *						the begin of something, and
 *						come again when they are ended
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	HOLD_MS		= 100,
	HOLD_AGAIN	= 40,	/* in each of these times */
};

static struct sockaddr_in peer = { .sin_family = AF_INET };

/* -1 when the other side does not want more; that is its right. */
static int connect_one(void)
{
	struct timeval wait = { .tv_sec = 2 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&peer, sizeof(peer))) {
		close(fd);
		return -1;
	}
	return fd;
}

static size_t junk(unsigned char *buf, size_t max, unsigned int seed)
{
	size_t len;

	srandom(seed);
	len = 1 + random() % max;
	for (size_t i = 0; i < len; i++)
		buf[i] = seed % 3 ? random() : 0xff;
	return len;
}

static void garbage(int count)
{
	unsigned char buf[65536];
	int open_nr = 0;

	for (int i = 0; i < count; i++) {
		int fd = connect_one();

		if (fd < 0)
			continue;
		open_nr++;
		/* refused in the middle is fine, too */
		if (send(fd, buf, junk(buf, i % 2 ? sizeof(buf) : 200, i),
			 MSG_NOSIGNAL) > 0 && i % 4)
			(void)!recv(fd, buf, sizeof(buf), 0);
		close(fd);
	}
	printf("%d of %d connected\n", open_nr, count);
	if (!open_nr)
		errx(1, "nobody listens");
}

static int hold_one(int i)
{
	unsigned char buf[16];
	int fd = connect_one();

	if (fd >= 0 && i % 2)
		send(fd, buf, junk(buf, sizeof(buf), i), MSG_NOSIGNAL);
	return fd;
}

static int is_over(int fd)
{
	char byte;
	ssize_t ret = recv(fd, &byte, 1, MSG_DONTWAIT);

	return !ret || (ret < 0 && errno != EAGAIN);
}

static int open_again(int *fds, int count)
{
	int nr = 0;

	for (int i = 0; i < count && nr < HOLD_AGAIN; i++) {
		if (fds[i] >= 0 && !is_over(fds[i]))
			continue;
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = hold_one(i);
		nr++;
	}
	return nr;
}

/* Those that the other side ends are opened again, so that it never has room. */
static void hold(int count, int seconds)
{
	time_t end = time(NULL) + seconds;
	int *fds = calloc(count, sizeof(*fds));
	int open_nr = 0;
	long nr = 0;

	if (!fds)
		err(1, "calloc");
	for (int i = 0; i < count; i++) {
		fds[i] = hold_one(i);
		open_nr += fds[i] >= 0;
	}
	printf("%d of %d connected\n", open_nr, count);
	fflush(stdout);
	if (!open_nr)
		errx(1, "nobody listens");
	while (time(NULL) < end) {
		nr += open_again(fds, count);
		usleep(HOLD_MS * 1000);
	}
	printf("%ld opened again\n", nr);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 4096, 4096 };

	if (argc < 5 || inet_pton(AF_INET, argv[1], &peer.sin_addr) != 1)
		errx(2, "usage: peerjunk ADDR PORT garbage|hold COUNT [SECONDS]");
	peer.sin_port = htons(atoi(argv[2]));
	setrlimit(RLIMIT_NOFILE, &files);
	if (!strcmp(argv[3], "garbage"))
		garbage(atoi(argv[4]));
	else if (!strcmp(argv[3], "hold") && argc == 6)
		hold(atoi(argv[4]), atoi(argv[5]));
	else
		errx(2, "what is %s?", argv[3]);
	return 0;
}
