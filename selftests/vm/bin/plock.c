// SPDX-License-Identifier: GPL-2.0-only
/*
 * File locks from the command line.
 *
 * plock hold TYPE PATH KIND [START LEN]	take it, say so, hold until EOF
 * plock try TYPE PATH KIND [START LEN]		exit 0: got it, 1: somebody has it
 * plock wait SECS TYPE PATH KIND [START LEN]	the same, waiting; 2: a signal
 * plock get TYPE PATH KIND START LEN		"free", or who has it: KIND START
 *						LEN PID
 * plock count TYPE PATH ROUNDS			add 1 to the number in the file,
 *						each time under the lock
 * plock deadlock PATH0 PATH1			two processes that wait for each
 *						other; 0: one of them is told
 * plock lease PATH				exit 0: got a lease
 *
 * TYPE is posix, ofd or flock; KIND r or w; LEN 0: to the end.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

struct lock {
	const char *type;
	const char *path;
	char kind;
	off_t start;
	off_t len;
	int fd;
};

static void parse(struct lock *l, int argc, char **argv)
{
	if (argc != 3 && argc != 5)
		errx(3, "TYPE PATH KIND [START LEN]");
	l->type = argv[0];
	l->path = argv[1];
	l->kind = argv[2][0];
	l->start = argc == 5 ? strtoll(argv[3], NULL, 0) : 0;
	l->len = argc == 5 ? strtoll(argv[4], NULL, 0) : 0;
	l->fd = open(l->path, O_RDWR | O_CREAT, 0644);
	if (l->fd < 0 && errno == EISDIR)
		l->fd = open(l->path, O_RDONLY);
	if (l->fd < 0)
		err(3, "%s", l->path);
}

/* kind u: unlock. 0 or -1 and errno. */
static int lock_it(const struct lock *l, char kind, int is_wait)
{
	int is_ofd = !strcmp(l->type, "ofd");
	struct flock fl = {
		.l_type = kind == 'u' ? F_UNLCK : kind == 'w' ? F_WRLCK :
								F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = l->start,
		.l_len = l->len,
	};

	if (!strcmp(l->type, "flock"))
		return flock(l->fd, (kind == 'u' ? LOCK_UN :
				     kind == 'w' ? LOCK_EX : LOCK_SH) |
				    (is_wait ? 0 : LOCK_NB));
	if (is_wait)
		return fcntl(l->fd, is_ofd ? F_OFD_SETLKW : F_SETLKW, &fl);
	return fcntl(l->fd, is_ofd ? F_OFD_SETLK : F_SETLK, &fl);
}

static int result(int ret)
{
	if (!ret)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return 1;
	if (errno == EINTR)
		return 2;
	err(3, "lock");
}

static int hold(int argc, char **argv)
{
	struct lock l;
	char buf[64];

	parse(&l, argc, argv);
	if (lock_it(&l, l.kind, 1))
		err(3, "lock");
	if (write(1, "held\n", 5) != 5)
		err(3, "stdout");
	while (read(0, buf, sizeof(buf)) > 0)
		;
	return 0;
}

static void on_alarm(__attribute__((unused)) int sig)
{
}

static int wait_for(int argc, char **argv)
{
	const struct sigaction sa = { .sa_handler = on_alarm };
	struct lock l;

	parse(&l, argc - 1, argv + 1);
	sigaction(SIGALRM, &sa, NULL);
	alarm(atoi(argv[0]));
	return result(lock_it(&l, l.kind, 1));
}

static int try_it(int argc, char **argv)
{
	struct lock l;

	parse(&l, argc, argv);
	return result(lock_it(&l, l.kind, 0));
}

static int get(int argc, char **argv)
{
	struct flock fl = { .l_whence = SEEK_SET };
	struct lock l;

	parse(&l, argc, argv);
	fl.l_type = l.kind == 'w' ? F_WRLCK : F_RDLCK;
	fl.l_start = l.start;
	fl.l_len = l.len;
	if (fcntl(l.fd, !strcmp(l.type, "ofd") ? F_OFD_GETLK : F_GETLK, &fl))
		err(3, "getlk");
	if (fl.l_type == F_UNLCK)
		puts("free");
	else
		printf("%c %lld %lld %d\n", fl.l_type == F_WRLCK ? 'w' : 'r',
		       (long long)fl.l_start, (long long)fl.l_len, fl.l_pid);
	return 0;
}

static int count(int argc, char **argv)
{
	uint64_t nr;
	struct lock l;
	long rounds;

	if (argc != 3)
		errx(3, "TYPE PATH ROUNDS");
	rounds = atol(argv[2]);
	argv[2] = "w";
	parse(&l, argc, argv);
	while (rounds--) {
		if (lock_it(&l, 'w', 1))
			err(3, "lock");
		nr = 0;
		if (pread(l.fd, &nr, sizeof(nr), 0) < 0)
			err(3, "read");
		nr++;
		if (pwrite(l.fd, &nr, sizeof(nr), 0) != sizeof(nr))
			err(3, "write");
		if (lock_it(&l, 'u', 1))
			err(3, "unlock");
	}
	return 0;
}

static void meet(int to, int from)
{
	char c = 'x';

	if (write(to, &c, 1) != 1 || read(from, &c, 1) != 1)
		err(3, "pipe");
}

/* 0: got both, 10: was told of the deadlock */
static int one_side(char *path, int side, int to, int from)
{
	char *argv[] = { "posix", path, "w", side ? "1" : "0", "1" };
	struct lock l;

	parse(&l, 5, argv);
	alarm(60);
	if (lock_it(&l, 'w', 1))
		err(3, "lock");
	meet(to, from);
	l.start = !side;
	if (!lock_it(&l, 'w', 1))
		return 0;
	if (errno != EDEADLK)
		err(3, "second lock");
	return 10;
}

static int deadlock(int argc, char **argv)
{
	int there[2], back[2], status, ret;
	pid_t pid;

	if (argc != 2 || pipe(there) || pipe(back))
		errx(3, "PATH0 PATH1");
	pid = fork();
	if (!pid)
		exit(one_side(argv[1], 1, back[1], there[0]));
	ret = one_side(argv[0], 0, there[1], back[0]);
	/* the lock that the other one waits for goes with us */
	if (ret) {
		close(open(argv[0], O_RDONLY));
		printf("the first was told\n");
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		errx(3, "the other died");
	if (WEXITSTATUS(status) == 10)
		printf("the second was told\n");
	return ret + WEXITSTATUS(status) != 10;
}

static int lease(int argc, char **argv)
{
	int fd;

	if (argc != 1)
		errx(3, "PATH");
	fd = open(argv[0], O_RDONLY);
	if (fd < 0)
		err(3, "%s", argv[0]);
	if (!fcntl(fd, F_SETLEASE, F_RDLCK))
		return 0;
	if (errno != EINVAL)
		err(3, "lease");
	return 1;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} ops[] = {
	{ "hold", hold }, { "try", try_it }, { "wait", wait_for },
	{ "get", get }, { "count", count }, { "deadlock", deadlock },
	{ "lease", lease },
};

int main(int argc, char **argv)
{
	unsigned int i;

	for (i = 0; argc > 2 && i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(argv[1], ops[i].name))
			return ops[i].run(argc - 2, argv + 2);
	errx(3, "plock OP ...");
}
