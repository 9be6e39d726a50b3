// SPDX-License-Identifier: GPL-2.0-only
/*
 * idmapmount SOURCE TARGET FIRST MAPPED COUNT: mounts the directory SOURCE on TARGET,
 * where owners FIRST and COUNT - 1 more appear as MAPPED and following.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* no <sys/mount.h>: it collides with the kernel's header in some versions */

static void write_map(pid_t pid, const char *name, char **argv)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%s %s %s\n", argv[3], argv[4], argv[5]) < 0 ||
	    fclose(f))
		err(1, "%s", path);
}

static int user_namespace(char **argv)
{
	char path[64], ready;
	int fd, pipefd[2];
	pid_t pid;

	if (pipe(pipefd))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		if (unshare(CLONE_NEWUSER) || write(pipefd[1], "x", 1) != 1)
			err(1, "unshare");
		for (;;)
			pause();
	}
	close(pipefd[1]);
	if (read(pipefd[0], &ready, 1) != 1)
		errx(1, "no user namespace");
	write_map(pid, "uid_map", argv);
	write_map(pid, "gid_map", argv);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		err(1, "%s", path);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

int main(int argc, char **argv)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	int tree;

	if (argc != 6)
		errx(2, "SOURCE TARGET FIRST MAPPED COUNT");
	attr.userns_fd = user_namespace(argv);
	tree = syscall(SYS_open_tree, AT_FDCWD, argv[1],
		       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		err(1, "open_tree %s", argv[1]);
	if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr,
		    sizeof(attr)))
		err(1, "mount_setattr");
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, argv[2],
		    MOVE_MOUNT_F_EMPTY_PATH))
		err(1, "move_mount %s", argv[2]);
	return 0;
}
