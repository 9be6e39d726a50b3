// SPDX-License-Identifier: GPL-2.0-only
/*
 * errno_matrix FAMILY... - what calls answer, in the manner of pjdfstest
 *
 * Each case runs in a process of its own, in a new directory below the current
 * one that holds what scene_make() puts there, and says which errno it got; 0 is
 * success.  One line a case: its name and the errno.  Exit status 1 when one is
 * not what the table has.  Needs root; READONLY names a directory of a read-only
 * mount of the same volume, MOUNTED a mount point below it, OTHER a directory of
 * another filesystem.
 *
 * Family emlink: MOST names a directory that has as many subdirectories as can be,
 * among them "sub", and the file "f", which has as many names as can be, also "g".
 * Families enospc* fill the volume, and what they left is removed: the space must
 * be there again.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

struct test {
	const char *family;
	const char *name;
	int want;
	int (*run)(void);
	struct test *next;
};

static struct test *first;
static struct test **end = &first;

#define TEST(fam, id, err, ...)						\
	static int run_##fam##_##id(void) { __VA_ARGS__; }		\
	static struct test test_##fam##_##id = {			\
		.family = #fam, .name = #fam "-" #id, .want = err,	\
		.run = run_##fam##_##id,				\
	};								\
	__attribute__((constructor)) static void add_##fam##_##id(void)	\
	{								\
		*end = &test_##fam##_##id;				\
		end = &test_##fam##_##id.next;				\
	}
/* the errno of a call, or of one that must succeed first */
#define E(call)		((call) < 0 ? errno : 0)
#define MUST(call)	do { if ((call) < 0) die(#call); } while (0)
/* one call in one case */
#define CALL(fam, id, err, call)	TEST(fam, id, err, return E(call))
#define USER(fam, id, err, call)	TEST(fam, id, err, user(); return E(call))

static char name255[NAME_MAX + 1];
static char name256[NAME_MAX + 2];
static char path_long[PATH_MAX + 1];
/* volatile: compilers know better */
static char *volatile nowhere = (char *)1;
static char ro[PATH_MAX], mounted[PATH_MAX], other[PATH_MAX], most[PATH_MAX];

/* errnos of calls are below DIED; the kernel, no filesystem, decides about ANY */
enum { DIED = 255, ANY = -1 };

static void die(const char *what)
{
	fprintf(stderr, "errno_matrix: %s: %s\n", what, strerror(errno));
	_exit(DIED);
}

static void user(void)
{
	MUST(setgroups(0, NULL));
	MUST(setresgid(1000, 1000, 1000));
	MUST(setresuid(1000, 1000, 1000));
}

static int fd(const char *path, int flags)
{
	int ret = open(path, flags, 0644);

	MUST(ret);
	return ret;
}

static const char *in(const char *dir, const char *name)
{
	static char path[2][PATH_MAX * 2];
	static int i;

	i = !i;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void file_make(const char *path, mode_t mode)
{
	int f = open(path, O_RDWR | O_CREAT, 0600);

	MUST(f);
	MUST(write(f, "bytes", 5) == 5 ? 0 : -1);
	MUST(fchmod(f, mode));
	close(f);
}

static void dir_make(const char *path, mode_t mode)
{
	MUST(mkdir(path, 0700));
	MUST(chmod(path, mode));
}

/* f file, d directory with f, e empty one, s sticky, p private, u the user's */
static void scene_make(void)
{
	umask(0);
	file_make("f", 0644);
	dir_make("d", 0755);
	file_make("d/f", 0644);
	dir_make("e", 0755);
	dir_make("s", 01777);
	file_make("s/f", 0666);
	dir_make("s/d", 0777);
	dir_make("p", 0700);
	file_make("p/f", 0644);
	dir_make("u", 0755);
	file_make("u/f", 0644);
	MUST(chown("u", 1000, 1000));
	MUST(chown("u/f", 1000, 1000));
	MUST(symlink("f", "l"));
	MUST(symlink("loop", "loop"));
	MUST(symlink("nothing", "dangling"));
	MUST(mkfifo("fifo", 0666));
	MUST(mknod("sock", S_IFSOCK | 0666, 0));
}

/* ---- what every call with a path answers ----------------------------------- */

#define PATHS(fam, CALLP)						\
	CALL(fam, enoent, ENOENT, CALLP("none/x"))			\
	CALL(fam, enotdir, ENOTDIR, CALLP("f/x"))			\
	CALL(fam, eloop, ELOOP, CALLP("loop/x"))			\
	CALL(fam, name_256, ENAMETOOLONG, CALLP(name256))		\
	CALL(fam, path_max, ENAMETOOLONG, CALLP(path_long))		\
	CALL(fam, empty, ENOENT, CALLP(""))				\
	CALL(fam, efault, EFAULT, CALLP(nowhere))			\
	USER(fam, search, EACCES, CALLP("p/f"))

#define P_OPEN(p)	open(p, O_RDONLY)
#define P_CREAT(p)	creat(p, 0644)
#define P_MKDIR(p)	mkdir(p, 0755)
#define P_MKNOD(p)	mknod(p, S_IFIFO | 0644, 0)
#define P_LINK(p)	link(p, "new")
#define P_LINK2(p)	link("f", p)
#define P_SYMLINK(p)	symlink("target", p)
#define P_UNLINK(p)	unlink(p)
#define P_RMDIR(p)	rmdir(p)
#define P_RENAME(p)	rename(p, "new")
#define P_RENAME2(p)	rename("f", p)
#define P_TRUNC(p)	truncate(p, 1)
#define P_CHMOD(p)	chmod(p, 0600)
#define P_CHOWN(p)	chown(p, 1, 1)
#define P_UTIME(p)	utimensat(AT_FDCWD, p, NULL, 0)
#define P_READLINK(p)	readlink(p, (char [8]) { 0 }, 8)
#define P_STATX(p)	statx(AT_FDCWD, p, 0, STATX_ALL, &(struct statx) { 0 })
#define P_GETX(p)	getxattr(p, "user.a", NULL, 0)
#define P_SETX(p)	setxattr(p, "user.a", "v", 1, 0)
#define P_LISTX(p)	listxattr(p, NULL, 0)
#define P_REMX(p)	removexattr(p, "user.a")

PATHS(open, P_OPEN)
PATHS(creat, P_CREAT)
PATHS(mkdir, P_MKDIR)
PATHS(mknod, P_MKNOD)
PATHS(link, P_LINK)
PATHS(link_to, P_LINK2)
PATHS(symlink, P_SYMLINK)
PATHS(unlink, P_UNLINK)
PATHS(rmdir, P_RMDIR)
PATHS(rename, P_RENAME)
PATHS(rename_to, P_RENAME2)
PATHS(truncate, P_TRUNC)
PATHS(chmod, P_CHMOD)
PATHS(chown, P_CHOWN)
PATHS(readlink, P_READLINK)
PATHS(statx, P_STATX)
PATHS(getxattr, P_GETX)
PATHS(setxattr, P_SETX)
PATHS(listxattr, P_LISTX)
PATHS(removexattr, P_REMX)
CALL(utimensat, enoent, ENOENT, P_UTIME("none"))
CALL(utimensat, enotdir, ENOTDIR, P_UTIME("f/x"))
CALL(utimensat, eloop, ELOOP, P_UTIME("loop"))
CALL(utimensat, name_256, ENAMETOOLONG, P_UTIME(name256))
USER(utimensat, search, EACCES, P_UTIME("p/f"))

/* ---- names that are made -------------------------------------------------------- */

#define MADE(fam, CALLP)						\
	CALL(fam, eexist, EEXIST, CALLP("f"))				\
	CALL(fam, eexist_dangling, EEXIST, CALLP("dangling"))		\
	CALL(fam, name_255, 0, CALLP(name255))				\
	USER(fam, dir_not_writable, EACCES, CALLP("d/new"))		\
	CALL(fam, erofs, EROFS, CALLP(in(ro, "new")))

#define EXCL(p)		open(p, O_CREAT | O_EXCL | O_RDWR, 0644)
MADE(open_excl, EXCL)
MADE(mkdir, P_MKDIR)
MADE(mknod, P_MKNOD)
MADE(symlink, P_SYMLINK)
CALL(link, eexist, EEXIST, link("f", "d"))
CALL(link, name_255, 0, link("f", name255))
CALL(link, directory, EPERM, link("d", "new"))
CALL(link, exdev, EXDEV, link("f", in(other, "new")))
CALL(link, symlink_itself, 0, link("dangling", "new"))
USER(link, dir_not_writable, EACCES, link("u/f", "d/new"))
CALL(link, erofs, EROFS, link(in(ro, "file"), in(ro, "new")))
USER(mknod, device, EPERM, mknod("new", S_IFCHR | 0666, makedev(1, 3)))
CALL(mknod, bad_type, EINVAL, mknod("new", S_IFMT, 0))
CALL(symlink, target_empty, ENOENT, symlink("", "new"))
CALL(symlink, target_long, ENAMETOOLONG, symlink(path_long, "new"))

/* ---- open ------------------------------------------------------------------------- */

CALL(open, directory_write, EISDIR, open("d", O_RDWR))
CALL(open, directory_creat, EISDIR, open("d", O_CREAT | O_RDONLY, 0644))
CALL(open, o_directory, ENOTDIR, open("f", O_DIRECTORY))
CALL(open, o_nofollow, ELOOP, open("l", O_NOFOLLOW))
CALL(open, fifo_no_reader, ENXIO, open("fifo", O_WRONLY | O_NONBLOCK))
CALL(open, socket, ENXIO, open("sock", O_RDONLY))
CALL(open, creat_dangling, 0, open("dangling", O_CREAT | O_RDWR, 0644))
USER(open, write_denied, EACCES, open("f", O_RDWR))
USER(open, trunc_denied, EACCES, open("f", O_RDONLY | O_TRUNC))
USER(open, noatime, EPERM, open("f", O_RDONLY | O_NOATIME))
CALL(open, erofs, EROFS, open(in(ro, "file"), O_RDWR))
CALL(open, erofs_creat, EROFS, open(in(ro, "new"), O_RDWR | O_CREAT, 0644))
CALL(open, tmpfile_readonly, EINVAL, open("d", O_TMPFILE | O_RDONLY, 0644))
CALL(open, tmpfile_of_file, ENOTDIR, open("f", O_TMPFILE | O_RDWR, 0644))
USER(open, tmpfile_denied, EACCES, open("d", O_TMPFILE | O_RDWR, 0644))
CALL(open, tmpfile_erofs, EROFS, open(ro, O_TMPFILE | O_RDWR, 0644))
TEST(open, emfile, EMFILE,
     MUST(setrlimit(RLIMIT_NOFILE, &(struct rlimit) { 3, 3 }));
     return E(open("f", O_RDONLY)))
TEST(open, tmpfile_linked, 0,
     int f = fd(".", O_TMPFILE | O_RDWR);
     return E(linkat(f, "", AT_FDCWD, "new", AT_EMPTY_PATH)))
TEST(open, tmpfile_excl, ENOENT,
     int f = fd(".", O_TMPFILE | O_RDWR | O_EXCL);
     return E(linkat(f, "", AT_FDCWD, "new", AT_EMPTY_PATH)))
TEST(open, text_busy, ETXTBSY,
     pid_t pid;
     int pipes[2];
     /* ends with the exec */
     MUST(pipe2(pipes, O_CLOEXEC));
     MUST(system("cp /bin/sleep prog"));
     pid = fork();
     MUST(pid);
     if (!pid) {
	     execl("./prog", "prog", "100", NULL);
	     _exit(1);
     }
     close(pipes[1]);
     MUST(read(pipes[0], (char [1]) { 0 }, 1));
     int ret = E(open("prog", O_RDWR));
     kill(pid, SIGKILL);
     return ret)

/* ---- names that go --------------------------------------------------------------- */

CALL(unlink, directory, EISDIR, unlink("d"))
USER(unlink, dir_not_writable, EACCES, unlink("d/f"))
USER(unlink, sticky, EPERM, unlink("s/f"))
CALL(unlink, erofs, EROFS, unlink(in(ro, "file")))
CALL(unlink, mounted, EBUSY, rmdir(mounted))
CALL(unlink, bad_flag, EINVAL, unlinkat(AT_FDCWD, "f", 0x4000))
CALL(rmdir, file, ENOTDIR, rmdir("f"))
CALL(rmdir, symlink, ENOTDIR, rmdir("l"))
CALL(rmdir, not_empty, ENOTEMPTY, rmdir("d"))
CALL(rmdir, dot, EINVAL, rmdir("e/."))
CALL(rmdir, dot_dot, ENOTEMPTY, rmdir("e/.."))
USER(rmdir, sticky, EPERM, rmdir("s/d"))
CALL(rmdir, erofs, EROFS, rmdir(in(ro, "dir")))
CALL(rename, dir_over_file, ENOTDIR, rename("d", "f"))
CALL(rename, file_over_dir, EISDIR, rename("f", "e"))
CALL(rename, not_empty, ENOTEMPTY, rename("e", "d"))
CALL(rename, below_itself, EINVAL, rename("d", "d/x"))
CALL(rename, dot, EBUSY, rename("d/.", "new"))
CALL(rename, exdev, EXDEV, rename("f", in(other, "new")))
CALL(rename, mounted, EBUSY, rename(mounted, in(mounted, "../new")))
CALL(rename, name_255, 0, rename("f", name255))
CALL(rename, erofs, EROFS, rename(in(ro, "file"), in(ro, "new")))
USER(rename, sticky_source, EPERM, rename("s/f", "s/new"))
USER(rename, sticky_target, EPERM, rename("u/f", "s/f"))
USER(rename, dir_not_writable, EACCES, rename("u/f", "d/new"))
#define REN2(a, b, flags)	renameat2(AT_FDCWD, a, AT_FDCWD, b, flags)
CALL(rename, noreplace, EEXIST, REN2("f", "d/f", RENAME_NOREPLACE))
CALL(rename, exchange_none, ENOENT, REN2("f", "none", RENAME_EXCHANGE))
CALL(rename, exchange_both, EINVAL,
     REN2("f", "d", RENAME_EXCHANGE | RENAME_NOREPLACE))
CALL(rename, exchange_whiteout, EINVAL,
     REN2("f", "d", RENAME_EXCHANGE | RENAME_WHITEOUT))
CALL(rename, exchange_below, EINVAL, REN2("d", "d/f", RENAME_EXCHANGE))
CALL(rename, bad_flag, EINVAL, REN2("f", "new", 0x80))
CALL(rename, exchange_types, 0, REN2("f", "d", RENAME_EXCHANGE))
USER(rename, whiteout_by_user, 0, REN2("u/f", "u/g", RENAME_WHITEOUT))

/* ---- attributes --------------------------------------------------------------------- */

CALL(truncate, directory, EISDIR, truncate("d", 0))
CALL(truncate, negative, EINVAL, truncate("f", -1))
CALL(truncate, fifo, EINVAL, truncate("fifo", 0))
USER(truncate, denied, EACCES, truncate("f", 0))
CALL(truncate, erofs, EROFS, truncate(in(ro, "file"), 0))
CALL(ftruncate, read_only_fd, EINVAL, ftruncate(fd("f", O_RDONLY), 0))
CALL(ftruncate, bad_fd, EBADF, ftruncate(99, 0))
TEST(ftruncate, rlimit, EFBIG,
     signal(SIGXFSZ, SIG_IGN);
     MUST(setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 100, 100 }));
     return E(ftruncate(fd("f", O_RDWR), 101)))
USER(chmod, not_owner, EPERM, chmod("f", 0600))
CALL(chmod, erofs, EROFS, chmod(in(ro, "file"), 0600))
USER(chown, not_owner, EPERM, chown("f", 1000, -1))
USER(chown, give_away, EPERM, chown("u/f", 0, -1))
USER(chown, foreign_group, EPERM, chown("u/f", -1, 5))
CALL(chown, erofs, EROFS, chown(in(ro, "file"), 1, 1))
USER(utimensat, now_denied, EACCES, P_UTIME("f"))
USER(utimensat, set_denied, EPERM, utimensat(AT_FDCWD, "f",
     (struct timespec [2]) { { 1, 1 }, { 1, 1 } }, 0))
CALL(utimensat, bad_nsec, EINVAL, utimensat(AT_FDCWD, "f",
     (struct timespec [2]) { { 1, 2000000000 }, { 1, 1 } }, 0))
CALL(utimensat, erofs, EROFS, P_UTIME(in(ro, "file")))
CALL(readlink, file, EINVAL, P_READLINK("f"))
CALL(readlink, no_room, EINVAL, readlink("l", (char [1]) { 0 }, 0))
CALL(statx, bad_mask, EINVAL, statx(AT_FDCWD, "f", 0, STATX__RESERVED,
				    &(struct statx) { 0 }))
CALL(statx, bad_fd, EBADF, statx(99, "f", 0, 0, &(struct statx) { 0 }))

/* ---- bytes ---------------------------------------------------------------------------- */

static char buf[4096] __attribute__((aligned(4096)));

CALL(read, directory, EISDIR, read(fd("d", O_RDONLY), buf, 1))
CALL(read, write_only, EBADF, read(fd("f", O_WRONLY), buf, 1))
CALL(read, efault, EFAULT, read(fd("f", O_RDONLY), nowhere, 5))
CALL(read, negative, EINVAL, pread(fd("f", O_RDONLY), buf, 1, -1))
CALL(read, pread_fifo, ESPIPE, pread(fd("fifo", O_RDWR), buf, 1, 0))
CALL(write, read_only, EBADF, write(fd("f", O_RDONLY), buf, 1))
CALL(write, efault, EFAULT, write(fd("f", O_RDWR), nowhere, 5))
CALL(write, negative, EINVAL, pwrite(fd("f", O_RDWR), buf, 1, -1))
CALL(write, past_the_end, EINVAL, pwrite(fd("f", O_RDWR), buf, 1, LLONG_MAX))
CALL(write, pwrite_fifo, ESPIPE, pwrite(fd("fifo", O_RDWR), buf, 1, 0))
TEST(write, rlimit, EFBIG,
     signal(SIGXFSZ, SIG_IGN);
     MUST(setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 100, 100 }));
     return E(pwrite(fd("f", O_RDWR), buf, 1, 100)))
TEST(write, up_to_rlimit, 0,
     MUST(setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 100, 100 }));
     return pwrite(fd("f", O_RDWR), buf, 10, 95) == 5 ? 0 : EIO)
CALL(lseek, fifo, ESPIPE, lseek(fd("fifo", O_RDWR), 0, SEEK_SET))
CALL(lseek, negative, EINVAL, lseek(fd("f", O_RDONLY), -1, SEEK_SET))
CALL(lseek, bad_whence, EINVAL, lseek(fd("f", O_RDONLY), 0, 77))
CALL(lseek, data_past_end, ENXIO, lseek(fd("f", O_RDONLY), 5, SEEK_DATA))
CALL(lseek, hole_past_end, ENXIO, lseek(fd("f", O_RDONLY), 5, SEEK_HOLE))
CALL(lseek, bad_fd, EBADF, lseek(99, 0, SEEK_SET))
CALL(fallocate, read_only, EBADF, fallocate(fd("f", O_RDONLY), 0, 0, 1))
CALL(fallocate, no_bytes, EINVAL, fallocate(fd("f", O_RDWR), 0, 0, 0))
CALL(fallocate, negative, EINVAL, fallocate(fd("f", O_RDWR), 0, -1, 1))
CALL(fallocate, too_large, EFBIG,
     fallocate(fd("f", O_RDWR), 0, LLONG_MAX, LLONG_MAX))
CALL(fallocate, fifo, ESPIPE, fallocate(fd("fifo", O_RDWR), 0, 0, 1))
CALL(fallocate, bad_mode, EOPNOTSUPP, fallocate(fd("f", O_RDWR), 0x4000, 0, 1))
CALL(fallocate, punch_alone, EOPNOTSUPP,
     fallocate(fd("f", O_RDWR), FALLOC_FL_PUNCH_HOLE, 0, 1))
TEST(fallocate, no_space, ENOSPC,
     return E(fallocate(fd("f", O_RDWR), 0, 0, 1LL << 40)))
TEST(fallocate, rlimit, EFBIG,
     signal(SIGXFSZ, SIG_IGN);
     MUST(setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 100, 100 }));
     return E(fallocate(fd("f", O_RDWR), 0, 0, 101)))

#define MAP(len, prot, flags, f) \
	(mmap(NULL, len, prot, flags, f, 0) == MAP_FAILED ? -1 : 0)
CALL(mmap, directory, ENODEV, MAP(4096, PROT_READ, MAP_SHARED, fd("d", 0)))
CALL(mmap, write_only, EACCES,
     MAP(4096, PROT_READ, MAP_SHARED, fd("f", O_WRONLY)))
CALL(mmap, read_only_fd, EACCES,
     MAP(4096, PROT_WRITE, MAP_SHARED, fd("f", O_RDONLY)))
CALL(mmap, private_of_read_only, 0,
     MAP(4096, PROT_WRITE, MAP_PRIVATE, fd("f", O_RDONLY)))
CALL(mmap, no_bytes, EINVAL, MAP(0, PROT_READ, MAP_SHARED, fd("f", O_RDONLY)))
CALL(mmap, bad_fd, EBADF, MAP(4096, PROT_READ, MAP_SHARED, 99))
CALL(fsync, bad_fd, EBADF, fsync(99))
CALL(fsync, fifo, EINVAL, fsync(fd("fifo", O_RDWR)))
CALL(fsync, directory, 0, fsync(fd("d", O_RDONLY)))
#define COPY(a, b, flags)	copy_file_range(a, NULL, b, NULL, 5, flags)
CALL(copy, directory, EISDIR, COPY(fd("d", 0), fd("u/f", O_RDWR), 0))
CALL(copy, target_read_only, EBADF, COPY(fd("f", 0), fd("u/f", 0), 0))
CALL(copy, append, EBADF, COPY(fd("f", 0), fd("u/f", O_RDWR | O_APPEND), 0))
CALL(copy, bad_flag, EINVAL, COPY(fd("f", 0), fd("u/f", O_RDWR), 1))
CALL(copy, fifo, EINVAL, COPY(fd("fifo", O_RDWR), fd("u/f", O_RDWR), 0))
TEST(copy, overlap, EINVAL, int f = fd("f", O_RDWR);
     return E(copy_file_range(f, &(off64_t) { 0 }, f, &(off64_t) { 2 }, 3, 0)))

#define LOCK(f, cmd, type, start) \
	fcntl(f, cmd, &(struct flock) { .l_type = type, .l_start = start, \
					.l_len = 1 })
CALL(flock, write_of_read_only, EBADF, LOCK(fd("f", 0), F_SETLK, F_WRLCK, 0))
CALL(flock, read_of_write_only, EBADF,
     LOCK(fd("f", O_WRONLY), F_SETLK, F_RDLCK, 0))
CALL(flock, negative, EINVAL, LOCK(fd("f", O_RDWR), F_SETLK, F_WRLCK, -1))
CALL(flock, bad_type, EINVAL, LOCK(fd("f", O_RDWR), F_SETLK, 77, 0))
TEST(flock, taken, EAGAIN,
     MUST(LOCK(fd("f", O_RDWR), F_OFD_SETLK, F_WRLCK, 0));
     return E(LOCK(fd("f", O_RDWR), F_OFD_SETLK, F_WRLCK, 0)))
CALL(getdents, file, ENOTDIR, getdents64(fd("f", 0), buf, sizeof(buf)))
CALL(getdents, no_room, EINVAL, getdents64(fd("d", 0), buf, 8))
CALL(getdents, bad_fd, EBADF, getdents64(99, buf, sizeof(buf)))
TEST(getdents, removed, ENOENT, int f = fd("e", 0); MUST(rmdir("e"));
     return E(getdents64(f, buf, sizeof(buf))))

/* ---- extended attributes ---------------------------------------------------------------- */

static char value[XATTR_SIZE_MAX + 1];

CALL(getxattr, absent, ENODATA, P_GETX("f"))
CALL(getxattr, no_prefix, EOPNOTSUPP, getxattr("f", "nothing", NULL, 0))
CALL(getxattr, user_of_symlink, ENODATA, lgetxattr("l", "user.a", NULL, 0))
TEST(getxattr, erange, ERANGE, MUST(setxattr("f", "user.a", "vv", 2, 0));
     return E(getxattr("f", "user.a", buf, 1)))
USER(getxattr, denied, EACCES, getxattr("p/f", "user.a", NULL, 0))
CALL(setxattr, erofs, EROFS, P_SETX(in(ro, "file")))
CALL(setxattr, replace_absent, ENODATA,
     setxattr("f", "user.a", "v", 1, XATTR_REPLACE))
TEST(setxattr, create_present, EEXIST, MUST(P_SETX("f"));
     return E(setxattr("f", "user.a", "v", 1, XATTR_CREATE)))
CALL(setxattr, bad_flag, EINVAL, setxattr("f", "user.a", "v", 1, 4))
CALL(setxattr, name_long, ERANGE, setxattr("f", name256, "v", 1, 0))
CALL(setxattr, name_empty, ERANGE, setxattr("f", "", "v", 1, 0))
CALL(setxattr, prefix_alone, EINVAL, setxattr("f", "user.", "v", 1, 0))
CALL(setxattr, value_long, E2BIG,
     setxattr("f", "user.a", value, sizeof(value), 0))
CALL(setxattr, no_prefix, EOPNOTSUPP, setxattr("f", "nothing", "v", 1, 0))
CALL(setxattr, user_of_symlink, EPERM, lsetxattr("l", "user.a", "v", 1, 0))
CALL(setxattr, user_of_fifo, EPERM, P_SETX("fifo"))
CALL(setxattr, user_of_socket, EPERM, P_SETX("sock"))
CALL(setxattr, trusted_of_symlink, 0, lsetxattr("l", "trusted.a", "v", 1, 0))
CALL(setxattr, trusted_of_fifo, 0, setxattr("fifo", "trusted.a", "v", 1, 0))
CALL(setxattr, security_of_symlink, 0, lsetxattr("l", "security.a", "v", 1, 0))
USER(setxattr, denied, EACCES, P_SETX("f"))
USER(setxattr, sticky_dir, EPERM, P_SETX("s"))
USER(setxattr, trusted_denied, EPERM, setxattr("u/f", "trusted.a", "v", 1, 0))
/* EPERM says the kernel, but 6.1 does not ask when it has the LSM "bpf" */
USER(setxattr, security_by_owner, ANY, setxattr("u/f", "security.a", "v", 1, 0))
USER(getxattr, trusted_hidden, ENODATA, getxattr("u/f", "trusted.a", NULL, 0))
USER(getxattr, security_is_read, ENODATA,
     getxattr("u/f", "security.a", NULL, 0))
TEST(getxattr, security_of_others, 0,
     MUST(setxattr("u/f", "security.a", "v", 1, 0));
     user();
     return E(getxattr("u/f", "security.a", buf, 8)))
TEST(listxattr, trusted_hidden, 0,
     MUST(setxattr("u/f", "trusted.a", "v", 1, 0));
     MUST(setxattr("u/f", "security.a", "v", 1, 0));
     user();
     return listxattr("u/f", NULL, 0) == sizeof("security.a") ? 0 : EIO)
TEST(listxattr, erange, ERANGE, MUST(P_SETX("f"));
     return E(listxattr("f", buf, 1)))
CALL(removexattr, absent, ENODATA, P_REMX("f"))
CALL(removexattr, erofs, EROFS, P_REMX(in(ro, "file")))
USER(removexattr, security_by_owner, ANY, removexattr("u/f", "security.a"))

/* ---- as many links as can be; MOST is the same afterwards ------------------------------- */

CALL(emlink, link, EMLINK, link(in(most, "f"), "new"))
CALL(emlink, link_there, EMLINK, link(in(most, "f"), in(most, "new")))
CALL(emlink, mkdir, EMLINK, mkdir(in(most, "new"), 0755))
CALL(emlink, rename, EMLINK, rename("d", in(most, "new")))
CALL(emlink, exchange_in, EMLINK,
     REN2("d", in(most, "f"), RENAME_EXCHANGE))
CALL(emlink, exchange_out, EMLINK,
     REN2(in(most, "f"), "d", RENAME_EXCHANGE))
CALL(emlink, eexist, EEXIST, mkdir(in(most, "f"), 0755))
TEST(emlink, create, 0, MUST(mknod(in(most, "new"), S_IFREG | 0644, 0));
     return E(unlink(in(most, "new"))))
TEST(emlink, rename_file, 0, MUST(rename("f", in(most, "new")));
     return E(unlink(in(most, "new"))))
TEST(emlink, rename_within, 0, MUST(rename(in(most, "sub"), in(most, "new")));
     return E(rename(in(most, "new"), in(most, "sub"))))
TEST(emlink, rename_of_all_names, 0, MUST(rename(in(most, "f"), "new"));
     return E(rename("new", in(most, "f"))))
CALL(emlink, rename_over_dir, 0, rename("e", in(most, "sub")))
TEST(emlink, exchange_dirs, 0,
     MUST(REN2("e", in(most, "sub"), RENAME_EXCHANGE));
     return E(REN2("e", in(most, "sub"), RENAME_EXCHANGE)))
TEST(emlink, one_goes_one_comes, 0, MUST(rmdir(in(most, "sub")));
     MUST(mkdir(in(most, "sub"), 0755));
     MUST(unlink(in(most, "g")));
     return E(link(in(most, "f"), in(most, "g"))))

/* ---- no space: calls that take some are repeated until there is none -------------------- */

enum { TRIES = 20000, READY = 3000 };

/* n without end, in a path, and long, so that directories grow */
static const char *nth(const char *dir, int n)
{
	static char path[2][PATH_MAX];
	static int i;

	i = !i;
	snprintf(path[i], sizeof(path[i]), "%s/%0200d", dir, n);
	return path[i];
}

/* errno of the first call that fails */
#define UNTIL(fam, id, call)						\
	TEST(fam, id, ENOSPC,						\
	     fam##_fill();						\
	     for (int n = 0; n < TRIES; n++) {				\
		     if ((call) < 0)					\
			     return errno;				\
	     }								\
	     return 0)
/* calls that work nevertheless */
#define STILL(fam, id, call)	TEST(fam, id, 0, fam##_fill(); return E(call))

static void must_be_full(const char *what)
{
	if (errno != ENOSPC)
		die(what);
}

/* All of the data space, down to the last block. */
static void fill_data(void)
{
	int f = fd("fill", O_RDWR | O_CREAT);
	off_t at = 0, len;

	for (len = 64 << 20; len >= 4096; len /= 2) {
		while (!fallocate(f, 0, at, len))
			at += len;
		must_be_full("fallocate");
	}
	close(f);
}

/* The metadata as well: large things, small ones, then inodes. */
static void fill_meta(void)
{
	static const unsigned int sizes[] = { 60000, 3000 };
	unsigned int i, n = 0;

	MUST(mkdir("full", 0755));
	for (i = 0; i < 2; i++) {
		do {
			errno = 0;
			if (mknod(nth("full", n), S_IFREG | 0644, 0) < 0)
				break;
		} while (!setxattr(nth("full", n++), "trusted.fill", value,
				   sizes[i], 0));
		must_be_full("setxattr");
	}
	while (!mknod(nth("full", n++), S_IFREG | 0644, 0))
		;
	must_be_full("mknod");
	sync();
}

/* Before: names to rename, a directory to remove, a file with 1 MiB and an xattr. */
static void enospc_fill(void)
{
	int f = fd("bytes", O_RDWR | O_CREAT);
	int n;

	for (n = 0; n < 256; n++)
		MUST(write(f, buf, sizeof(buf)) == sizeof(buf) ? 0 : -1);
	MUST(fsync(f));
	close(f);
	MUST(setxattr("bytes", "user.a", "v", 1, 0));
	MUST(mkdir("from", 0755));
	for (n = 0; n < READY; n++)
		MUST(mknod(nth("from", n), S_IFREG | 0644, 0));
	fill_data();
	fill_meta();
}

static int open_nth(int n)
{
	int f = open(nth("e", n), O_CREAT | O_RDWR, 0644);

	return f < 0 ? f : close(f);
}

static int write_at(const char *path, off_t at, size_t len, int flags)
{
	int f = open(path, O_RDWR | flags);
	int ret;

	if (f < 0)
		return f;
	ret = pwrite(f, buf, len, at) == (ssize_t)len ? 0 : -1;
	/* what was not written by the call may be found out by this one */
	if (!ret)
		ret = fsync(f);
	close(f);
	return ret;
}

static int setx_nth(const char *path, int n, unsigned int len)
{
	char name[XATTR_NAME_MAX];

	snprintf(name, sizeof(name), "user.%d", n);
	return setxattr(path, name, value, len, 0);
}

/* both leave no file open */
static int copy_nth(int n)
{
	off64_t from = 0, to = (n + 1) * 4096L;
	int in = fd("bytes", O_RDONLY);
	int out = fd("f", O_RDWR);
	int ret = copy_file_range(in, &from, out, &to, 4096, 0);

	if (ret > 0)
		ret = fsync(out);
	close(in);
	close(out);
	return ret;
}

static int allocate_nth(int n)
{
	int f = fd("f", O_RDWR);
	int ret = fallocate(f, 0, (n + 1) * 4096L, 4096);

	close(f);
	return ret;
}

static int tmpfile_nth(int n)
{
	int f = open(".", O_TMPFILE | O_RDWR, 0644);

	if (f < 0)
		return f;
	return linkat(f, "", AT_FDCWD, nth("e", n), AT_EMPTY_PATH) ?: close(f);
}

UNTIL(enospc, open, open_nth(n))
UNTIL(enospc, tmpfile, tmpfile_nth(n))
UNTIL(enospc, mkdir, mkdir(nth("e", n), 0755))
UNTIL(enospc, mknod, mknod(nth("e", n), S_IFIFO | 0644, 0))
UNTIL(enospc, symlink, symlink("target", nth("e", n)))
UNTIL(enospc, link, link("f", nth("e", n)))
UNTIL(enospc, rename, n < READY ? rename(nth("from", n), nth("e", n)) : 0)
UNTIL(enospc, write, write_at("f", (n + 1) * 4096L, 4096, 0))
UNTIL(enospc, write_direct, write_at("f", (n + 1) * 4096L, 4096, O_DIRECT))
UNTIL(enospc, copy, copy_nth(n))
UNTIL(enospc, fallocate, allocate_nth(n))
UNTIL(enospc, setxattr, setx_nth("f", n, 2000))
UNTIL(enospc, setxattr_large, setx_nth("f", n, 60000))
STILL(enospc, unlink, unlink(nth("from", 0)))
STILL(enospc, rmdir, rmdir("e"))
STILL(enospc, truncate, truncate("bytes", 0))
STILL(enospc, removexattr, removexattr("bytes", "user.a"))
STILL(enospc, overwrite, write_at("bytes", 8192, 4096, 0))
STILL(enospc, chmod, chmod("f", 0600))
STILL(enospc, utimensat, utimensat(AT_FDCWD, "f", NULL, 0))
STILL(enospc, truncate_up, truncate("bytes", 8 << 20))
STILL(enospc, punch, fallocate(fd("bytes", O_RDWR), FALLOC_FL_PUNCH_HOLE |
			       FALLOC_FL_KEEP_SIZE, 0, 4096))
STILL(enospc, fsync, fsync(fd("bytes", O_RDWR)))

/* data alone: names do not need any */
static void enospc_data_fill(void)
{
	file_make("bytes", 0644);
	MUST(truncate("bytes", 8192));
	MUST(system("sync -f ."));
	fill_data();
}

UNTIL(enospc_data, write, write_at("f", (n + 1) * 4096L, 4096, 0))
UNTIL(enospc_data, write_direct, write_at("f", (n + 1) * 4096L, 4096, O_DIRECT))
UNTIL(enospc_data, copy, copy_nth(n))
UNTIL(enospc_data, fallocate, allocate_nth(n))
STILL(enospc_data, mkdir, mkdir("new", 0755))
STILL(enospc_data, symlink, symlink(name255, "new"))
STILL(enospc_data, setxattr, setx_nth("f", 0, 60000))
STILL(enospc_data, few_bytes, write_at("d/f", 0, 100, 0))
STILL(enospc_data, truncate_up, truncate("bytes", 1 << 20))
/* what is stored in the inode of a small file needs a block then */
TEST(enospc_data, truncate_up_small, ENOSPC, enospc_data_fill();
     return E(truncate("f", 1 << 20)))

/* ---- running ------------------------------------------------------------------------------ */

static int remove_one(const char *path,
		      const struct stat *st __attribute__((unused)),
		      int type __attribute__((unused)),
		      struct FTW *ftw __attribute__((unused)))
{
	return remove(path);
}

static bool fills(const struct test *t)
{
	return !strncmp(t->family, "enospc", 6);
}

/* In bytes.  What was removed may be free a bit later. */
static off_t free_bytes(void)
{
	struct statvfs st;
	int f = fd(".", O_RDONLY);

	MUST(syncfs(f));
	MUST(fstatvfs(f, &st));
	close(f);
	return st.f_bfree * (off_t)st.f_frsize;
}

static bool space_returns(off_t before)
{
	const off_t slack = 4 << 20;
	off_t now;
	int i;

	for (i = 0; i < 600; i++) {
		now = free_bytes();
		if (now >= before - slack)
			return true;
		usleep(100000);
	}
	fprintf(stderr, "%jd bytes were free, now %jd\n", (intmax_t)before,
		(intmax_t)now);
	return false;
}

static int child(const struct test *t)
{
	int ret;

	if (mkdir("work", 0777) < 0 || chdir("work") < 0)
		die("work");
	scene_make();
	MUST(chmod(".", 0777));
	alarm(fills(t) ? 240 : 60);
	ret = t->run();
	return ret;
}

static bool run(const struct test *t)
{
	off_t before = fills(t) ? free_bytes() : 0;
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(child(t));
	MUST(pid);
	MUST(waitpid(pid, &status, 0));
	MUST(nftw("work", remove_one, 16, FTW_DEPTH | FTW_PHYS));
	if (fills(t) && !space_returns(before)) {
		printf("%s took space\n", t->name);
		return false;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) == DIED) {
		printf("%s died\n", t->name);
		return false;
	}
	printf("%s %s\n", t->name, strerrorname_np(WEXITSTATUS(status)) ?: "0");
	if (t->want == ANY || WEXITSTATUS(status) == t->want)
		return true;
	fprintf(stderr, "%s: got %s, not %s\n", t->name,
		strerrorname_np(WEXITSTATUS(status)) ?: "0",
		strerrorname_np(t->want) ?: "0");
	return false;
}

static void from_env(char *path, const char *name)
{
	const char *text = getenv(name) ?: "none";

	if (strlen(text) >= PATH_MAX)
		die(name);
	strcpy(path, text);
}

int main(int argc, char **argv)
{
	unsigned int done = 0, wrong = 0;
	const struct test *t;
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	memset(name255, 'n', NAME_MAX);
	memset(name256, 'n', NAME_MAX + 1);
	memset(path_long, 'p', PATH_MAX);
	for (i = 100; i < PATH_MAX; i += 100)
		path_long[i] = '/';
	from_env(ro, "READONLY");
	from_env(mounted, "MOUNTED");
	from_env(other, "OTHER");
	from_env(most, "MOST");
	for (t = first; t; t = t->next) {
		for (i = 1; i < argc && strcmp(argv[i], t->family); i++)
			;
		if (argc > 1 && i == argc)
			continue;
		done++;
		wrong += !run(t);
	}
	fprintf(stderr, "%u cases, %u wrong\n", done, wrong);
	return wrong || !done;
}
