// SPDX-License-Identifier: GPL-2.0-only
/*
 * fsop [DIR]: runs system calls from standard input, in DIR, and compares their
 * results.
 *
 *	[let NAME | show] OP ARGS... [= | != | > | >= | < EXPECTED...]
 *
 * Without EXPECTED the call must succeed; "= ENOENT" wants that error, anything
 * else the result (see the table of ops below for what that is); "= any" takes all. "show" prints the result.
 * NAME's value replaces @NAME in later arguments; x{255} is x 255 times; '' is
 * the empty string. Descriptors are slots 0 to 31 of this program's own.
 * All lines are tried; exit 1 when one of them was not as expected.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MAX_ARGS	64
#define MAX_SLOTS	32
#define MAX_VARS	32
#define MAX_TEXT	(1 << 17)

static char out[MAX_TEXT];	/* result of the op */
static char buf[MAX_TEXT];
static int slots[MAX_SLOTS];
static char *args[MAX_ARGS];
static int nr_args;

static struct {
	char *name;
	char *val;
} vars[MAX_VARS];

/* ---- arguments --------------------------------------------------------- */

static const char *arg(int i)
{
	if (i >= nr_args)
		errx(2, "%s: argument %d is missing", args[0], i);
	return strcmp(args[i], "''") ? args[i] : "";
}

static long long num(int i)
{
	char *end;
	const char *text = arg(i);
	long long val = strtoll(text, &end, 0);

	if (!*text || *end)
		errx(2, "%s: '%s' is no number", args[0], text);
	return val;
}

static unsigned int octal(int i)
{
	return strtoul(arg(i), NULL, 8);
}

static int slot(int i)
{
	long long nr = num(i);

	if (nr < 0 || nr >= MAX_SLOTS)
		errx(2, "%s: slot %lld", args[0], nr);
	return slots[nr];
}

struct word {
	const char *name;
	unsigned int val;
};

static const struct word open_words[] = {
	{ "rd", O_RDONLY }, { "wr", O_WRONLY }, { "rw", O_RDWR },
	{ "creat", O_CREAT }, { "excl", O_EXCL }, { "trunc", O_TRUNC },
	{ "append", O_APPEND }, { "dir", O_DIRECTORY }, { "tmp", O_TMPFILE },
	{ "nofollow", O_NOFOLLOW }, { "direct", O_DIRECT }, { "path", O_PATH },
	{ "sync", O_SYNC }, { "dsync", O_DSYNC }, { "nonblock", O_NONBLOCK },
	{ "noatime", O_NOATIME }, {}
};

static const struct word rename_words[] = {
	{ "noreplace", RENAME_NOREPLACE }, { "exchange", RENAME_EXCHANGE },
	{ "whiteout", RENAME_WHITEOUT }, { "bad", 1U << 30 }, {}
};

static const struct word xattr_words[] = {
	{ "create", XATTR_CREATE }, { "replace", XATTR_REPLACE },
	{ "bad", 1U << 20 }, {}
};

static const struct word whence_words[] = {
	{ "set", SEEK_SET }, { "cur", SEEK_CUR }, { "end", SEEK_END },
	{ "data", SEEK_DATA }, { "hole", SEEK_HOLE }, {}
};

/* words joined with | */
static unsigned int flags(int i, const struct word *words)
{
	unsigned int val = 0;
	char *text, *word, *save;
	int k;

	if (i >= nr_args)
		return 0;
	text = strdup(arg(i));
	for (word = strtok_r(text, "|", &save); word;
	     word = strtok_r(NULL, "|", &save)) {
		for (k = 0; words[k].name && strcmp(word, words[k].name); k++)
			;
		if (!words[k].name)
			errx(2, "%s: flag '%s'", args[0], word);
		val |= words[k].val;
	}
	free(text);
	return val;
}

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + len, sizeof(out) - len, fmt, ap);
	va_end(ap);
}

static long long say_num(long long val)
{
	if (val >= 0)
		say("%lld", val);
	return val;
}

/* ---- names --------------------------------------------------------------- */

static long long op_open(void)
{
	int fd = open(arg(2), flags(3, open_words),
		      nr_args > 4 ? octal(4) : 0644);

	if (fd >= 0)
		slots[num(1)] = fd;
	return fd;
}

static long long op_close(void)
{
	return close(slot(1));
}

static long long op_mkdir(void)
{
	return mkdir(arg(1), nr_args > 2 ? octal(2) : 0755);
}

static long long op_rmdir(void)
{
	return rmdir(arg(1));
}

static long long op_unlink(void)
{
	return unlink(arg(1));
}

static long long op_link(void)
{
	return link(arg(1), arg(2));
}

/* link a descriptor to a name through /proc */
static long long op_linkfd(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", slot(1));
	return linkat(AT_FDCWD, path, AT_FDCWD, arg(2), AT_SYMLINK_FOLLOW);
}

static long long op_linkempty(void)
{
	return linkat(slot(1), "", AT_FDCWD, arg(2), AT_EMPTY_PATH);
}

static long long op_symlink(void)
{
	return symlink(arg(1), arg(2));
}

static long long op_readlink(void)
{
	ssize_t len = readlink(arg(1), buf, sizeof(buf) - 1);

	if (len >= 0)
		say("%.*s", (int)len, buf);
	return len;
}

static long long op_rename(void)
{
	return syscall(SYS_renameat2, AT_FDCWD, arg(1), AT_FDCWD, arg(2),
		       flags(3, rename_words));
}

/* mknod PATH TYPE-AND-MODE [MAJOR MINOR] */
static long long op_mknod(void)
{
	dev_t dev = nr_args > 4 ? makedev(num(3), num(4)) : 0;

	return mknod(arg(1), octal(2), dev);
}

/* creates the files PREFIX0 to PREFIXn-1 */
static long long op_many(void)
{
	char path[4096];
	long long i;
	int fd;

	for (i = 0; i < num(2); i++) {
		snprintf(path, sizeof(path), "%s%lld", arg(1), i);
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
		if (fd < 0)
			return -1;
		close(fd);
	}
	return 0;
}

/* ---- directories ------------------------------------------------------------ */

struct dent {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

/* every entry from position pos on; what: 'n' names, 'o' offsets, 't' types */
static long long dents(const char *path, long long pos, int what, int max)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);
	static char dirbuf[32768];
	const char *sep = "";
	struct dent *de;
	long ret, at;

	if (fd < 0)
		return fd;
	if (lseek(fd, pos, SEEK_SET) < 0)
		return -1;
	while ((ret = syscall(SYS_getdents64, fd, dirbuf,
			      sizeof(dirbuf))) > 0) {
		for (at = 0; at < ret && max--; at += de->reclen) {
			de = (struct dent *)(dirbuf + at);
			if (what == 'n' && (!strcmp(de->name, ".") ||
					    !strcmp(de->name, "..")))
				continue;
			if (what == 'o')
				say("%s%lld", sep, (long long)de->off);
			else if (what == 't')
				say("%s%s:%u", sep, de->name, de->type);
			else
				say("%s%s", sep, de->name);
			sep = " ";
		}
	}
	close(fd);
	return ret;
}

static long long op_ls(void)
{
	return dents(arg(1), 0, 'n', -1);
}

static long long op_offsets(void)
{
	return dents(arg(1), 0, 'o', -1);
}

static long long op_types(void)
{
	return dents(arg(1), 0, 't', -1);
}

/* names from a position on, with . and .. */
static long long op_lsfrom(void)
{
	return dents(arg(1), num(2), 'a', -1);
}

/* ---- attributes ---------------------------------------------------------------- */

static long long say_stat(const struct statx *st)
{
	const char *field = arg(2);
	const struct {
		const char *name;
		unsigned long long val;
	} nums[] = {
		{ "ino", st->stx_ino }, { "nlink", st->stx_nlink },
		{ "uid", st->stx_uid }, { "gid", st->stx_gid },
		{ "size", st->stx_size }, { "blocks", st->stx_blocks },
		{ "blksize", st->stx_blksize },
		{ "major", st->stx_rdev_major },
		{ "minor", st->stx_rdev_minor },
	};
	const struct {
		const char *name;
		const struct statx_timestamp *ts;
	} times[] = {
		{ "atime", &st->stx_atime }, { "mtime", &st->stx_mtime },
		{ "ctime", &st->stx_ctime }, { "btime", &st->stx_btime },
	};
	size_t i;

	for (i = 0; i < sizeof(nums) / sizeof(nums[0]); i++) {
		if (!strcmp(field, nums[i].name)) {
			say("%llu", nums[i].val);
			return 0;
		}
	}
	for (i = 0; i < 4; i++) {
		if (strcmp(field, times[i].name))
			continue;
		if (!strcmp(field, "btime") && !(st->stx_mask & STATX_BTIME)) {
			errno = ENODATA;
			return -1;
		}
		say("%lld.%09u", (long long)times[i].ts->tv_sec,
		    times[i].ts->tv_nsec);
		return 0;
	}
	if (strcmp(field, "mode"))
		errx(2, "no field %s", field);
	say("%06o", st->stx_mode);
	return 0;
}

static long long op_stat(void)
{
	struct statx st;

	if (statx(AT_FDCWD, arg(1), AT_SYMLINK_NOFOLLOW,
		  STATX_BASIC_STATS | STATX_BTIME, &st))
		return -1;
	return say_stat(&st);
}

static long long op_fstat(void)
{
	struct statx st;

	if (statx(slot(1), "", AT_EMPTY_PATH,
		  STATX_BASIC_STATS | STATX_BTIME, &st))
		return -1;
	return say_stat(&st);
}

static long long op_access(void)
{
	return faccessat(AT_FDCWD, arg(1), octal(2), AT_EACCESS);
}

static long long op_chmod(void)
{
	return chmod(arg(1), octal(2));
}

static long long op_chown(void)
{
	return lchown(arg(1), num(2), num(3));
}

static void parse_time(struct timespec *ts, const char *text)
{
	long long sec;
	long nsec;

	if (!strcmp(text, "now")) {
		ts->tv_nsec = UTIME_NOW;
	} else if (!strcmp(text, "omit")) {
		ts->tv_nsec = UTIME_OMIT;
	} else {
		if (sscanf(text, "%lld.%9ld", &sec, &nsec) != 2)
			errx(2, "no time: %s", text);
		ts->tv_sec = sec;
		ts->tv_nsec = nsec;
	}
}

/* utimes PATH ATIME MTIME, each SECONDS.NNNNNNNNN, now or omit */
static long long op_utimes(void)
{
	struct timespec ts[2] = {};

	parse_time(&ts[0], arg(2));
	parse_time(&ts[1], arg(3));
	return utimensat(AT_FDCWD, arg(1), ts, AT_SYMLINK_NOFOLLOW);
}

static long long op_truncate(void)
{
	return truncate(arg(1), num(2));
}

static long long op_ftruncate(void)
{
	return ftruncate(slot(1), num(2));
}

/* statfs PATH FIELD */
static long long op_statfs(void)
{
	const char *field = arg(2);
	struct statfs st;

	if (statfs(arg(1), &st))
		return -1;
	if (!strcmp(field, "type"))
		say("%#lx", (unsigned long)st.f_type);
	else if (!strcmp(field, "fsid"))
		say("%08x%08x", st.f_fsid.__val[0], st.f_fsid.__val[1]);
	else if (!strcmp(field, "bsize"))
		say("%lu", (unsigned long)st.f_bsize);
	else if (!strcmp(field, "frsize"))
		say("%lu", (unsigned long)st.f_frsize);
	else if (!strcmp(field, "namelen"))
		say("%lu", (unsigned long)st.f_namelen);
	else if (!strcmp(field, "blocks"))
		say("%llu", (unsigned long long)st.f_blocks);
	else if (!strcmp(field, "bfree"))
		say("%llu", (unsigned long long)st.f_bfree);
	else if (!strcmp(field, "bavail"))
		say("%llu", (unsigned long long)st.f_bavail);
	else if (!strcmp(field, "files"))
		say("%llu", (unsigned long long)st.f_files);
	else if (!strcmp(field, "ffree"))
		say("%llu", (unsigned long long)st.f_ffree);
	else
		errx(2, "no field %s", field);
	return 0;
}

/* ---- data ---------------------------------------------------------------------- */

static long long op_write(void)
{
	return say_num(write(slot(1), arg(2), strlen(arg(2))));
}

static long long op_pwrite(void)
{
	return say_num(pwrite(slot(1), arg(3), strlen(arg(3)), num(2)));
}

static long long op_read(void)
{
	ssize_t len = read(slot(1), buf, num(2));

	if (len >= 0)
		say("%.*s", (int)len, buf);
	return len;
}

/* pread SLOT OFFSET LEN: the bytes, a zero byte is shown as a dot */
static long long op_pread(void)
{
	ssize_t i, len = pread(slot(1), buf, num(3), num(2));

	for (i = 0; i < len; i++)
		say("%c", buf[i] ?: '.');
	return len;
}

static long long op_seek(void)
{
	return say_num(lseek(slot(1), num(2), flags(3, whence_words)));
}

static long long op_fsync(void)
{
	return fsync(slot(1));
}

static long long op_fdatasync(void)
{
	return fdatasync(slot(1));
}

static long long op_syncfs(void)
{
	return syncfs(slot(1));
}

static long long op_fallocate(void)
{
	return fallocate(slot(1), num(2), num(3), num(4));
}

/* ---- extended attributes --------------------------------------------------------- */

/* setx PATH NAME VALUE|#LENGTH [FLAGS]: #LENGTH is that many letters */
static long long op_setx(void)
{
	const char *val = arg(3);
	size_t i, len = strlen(val);

	if (*val == '#') {
		len = strtoul(val + 1, NULL, 10);
		if (len > sizeof(buf))
			errx(2, "setx: too long");
		for (i = 0; i < len; i++)
			buf[i] = 'a' + i % 23;
		val = buf;
	}
	return lsetxattr(arg(1), arg(2), val, len, flags(4, xattr_words));
}

static long long op_getx(void)
{
	ssize_t len = lgetxattr(arg(1), arg(2), buf, 65536);

	if (len >= 0)
		say("%.*s", (int)len, buf);
	return len;
}

/* getxsize PATH NAME SIZE: the length, with a buffer of SIZE; its bytes, when
 * there are any, must be those of "setx #LENGTH" */
static long long op_getxsize(void)
{
	ssize_t i, len = lgetxattr(arg(1), arg(2), buf, num(3));

	for (i = 0; num(3) && i < len; i++) {
		if (buf[i] != 'a' + i % 23) {
			say("byte %zd differs", i);
			return 0;
		}
	}
	return say_num(len);
}

static long long op_listx(void)
{
	return say_num(llistxattr(arg(1), buf, num(2)));
}

static long long op_hasx(void)
{
	ssize_t at, len = llistxattr(arg(1), buf, sizeof(buf));
	int nr = 0;

	if (len < 0)
		return len;
	for (at = 0; at < len; at += strlen(buf + at) + 1)
		nr += !strcmp(buf + at, arg(2));
	return say_num(nr);
}

static long long op_countx(void)
{
	ssize_t at, len = llistxattr(arg(1), buf, sizeof(buf));
	int nr = 0;

	if (len < 0)
		return len;
	for (at = 0; at < len; at += strlen(buf + at) + 1)
		nr++;
	return say_num(nr);
}

static long long op_rmx(void)
{
	return lremovexattr(arg(1), arg(2));
}

/* manyx PATH PREFIX COUNT: attributes PREFIX0... of value vN */
static long long op_manyx(void)
{
	char name[256], val[32];
	long long i;

	for (i = 0; i < num(3); i++) {
		snprintf(name, sizeof(name), "%s%lld", arg(2), i);
		snprintf(val, sizeof(val), "v%lld", i);
		if (lsetxattr(arg(1), name, val, strlen(val), 0))
			return -1;
	}
	return 0;
}

static long long op_checkx(void)
{
	char name[256], val[32];
	long long i;

	for (i = 0; i < num(3); i++) {
		snprintf(name, sizeof(name), "%s%lld", arg(2), i);
		snprintf(val, sizeof(val), "v%lld", i);
		memset(buf, 0, sizeof(val));
		if (lgetxattr(arg(1), name, buf, sizeof(val)) < 0)
			return -1;
		if (strcmp(buf, val)) {
			say("%s is %s", name, buf);
			return 0;
		}
	}
	return 0;
}

/* ---- this process ------------------------------------------------------------------- */

static long long op_umask(void)
{
	umask(octal(1));
	return 0;
}

/* user UID GID; user 0 0 is root again */
static long long op_user(void)
{
	if (seteuid(0) || setgroups(0, NULL) || setegid(num(2)))
		return -1;
	return seteuid(num(1));
}

static long long op_cd(void)
{
	return chdir(arg(1));
}

static long long op_sleep(void)
{
	return usleep(1000 * num(1));
}

static long long op_echo(void)
{
	say("%s", arg(1));
	return 0;
}

static const struct {
	const char *name;
	long long (*run)(void);
} ops[] = {
	{ "open", op_open },		/* SLOT PATH FLAGS [MODE] */
	{ "close", op_close },
	{ "mkdir", op_mkdir },
	{ "rmdir", op_rmdir },
	{ "unlink", op_unlink },
	{ "link", op_link },
	{ "linkfd", op_linkfd },
	{ "linkempty", op_linkempty },
	{ "symlink", op_symlink },
	{ "readlink", op_readlink },	/* the target */
	{ "rename", op_rename },
	{ "mknod", op_mknod },
	{ "many", op_many },
	{ "ls", op_ls },		/* names */
	{ "lsfrom", op_lsfrom },	/* names */
	{ "offsets", op_offsets },	/* numbers */
	{ "types", op_types },		/* NAME:TYPE */
	{ "stat", op_stat },		/* the field */
	{ "fstat", op_fstat },		/* the field */
	{ "access", op_access },
	{ "chmod", op_chmod },
	{ "chown", op_chown },
	{ "utimes", op_utimes },
	{ "truncate", op_truncate },
	{ "ftruncate", op_ftruncate },
	{ "statfs", op_statfs },	/* the field */
	{ "write", op_write },		/* bytes written */
	{ "pwrite", op_pwrite },	/* bytes written */
	{ "read", op_read },		/* text */
	{ "pread", op_pread },		/* text */
	{ "seek", op_seek },		/* offset */
	{ "fsync", op_fsync },
	{ "fdatasync", op_fdatasync },
	{ "syncfs", op_syncfs },
	{ "fallocate", op_fallocate },	/* SLOT MODE OFFSET LEN */
	{ "setx", op_setx },
	{ "getx", op_getx },		/* the value */
	{ "getxsize", op_getxsize },	/* its length */
	{ "listx", op_listx },		/* length of the list */
	{ "hasx", op_hasx },		/* how often it is listed */
	{ "countx", op_countx },	/* how many are listed */
	{ "rmx", op_rmx },
	{ "manyx", op_manyx },
	{ "checkx", op_checkx },
	{ "umask", op_umask },
	{ "user", op_user },
	{ "cd", op_cd },
	{ "sleep", op_sleep },		/* MILLISECONDS */
	{ "echo", op_echo },		/* the argument */
};

/* ---- lines -------------------------------------------------------------------------- */

static const char *lookup(const char *name, size_t len)
{
	int i;

	for (i = 0; i < MAX_VARS && vars[i].name; i++) {
		if (strlen(vars[i].name) == len &&
		    !strncmp(vars[i].name, name, len))
			return vars[i].val;
	}
	errx(2, "no variable %.*s", (int)len, name);
}

static void assign(const char *name, const char *val)
{
	int i;

	for (i = 0; i < MAX_VARS && vars[i].name; i++) {
		if (!strcmp(vars[i].name, name))
			break;
	}
	if (i == MAX_VARS)
		errx(2, "too many variables");
	free(vars[i].val);
	if (!vars[i].name)
		vars[i].name = strdup(name);
	vars[i].val = strdup(val);
}

/* @NAME and x{N} */
static char *expand(const char *word)
{
	static char tmp[MAX_TEXT];
	size_t len = 0;
	char *end;
	long n;

	while (*word) {
		if (*word == '@' && isalpha((unsigned char)word[1])) {
			size_t name = 1;
			const char *val;

			while (isalnum((unsigned char)word[name]) ||
			       word[name] == '_')
				name++;
			val = lookup(word + 1, name - 1);
			if (len + strlen(val) >= sizeof(tmp))
				errx(2, "too long");
			len += sprintf(tmp + len, "%s", val);
			word += name;
		} else if (*word == '{' && len) {
			n = strtol(word + 1, &end, 10);
			if (*end != '}' || n < 1 || len + n >= sizeof(tmp))
				errx(2, "bad repeat: %s", word);
			memset(tmp + len, tmp[len - 1], n - 1);
			len += n - 1;
			word = end + 1;
		} else {
			tmp[len++] = *word++;
		}
	}
	tmp[len] = 0;
	return strdup(tmp);
}

static bool is_expected(const char *cmp, const char *want)
{
	long long a = strtoll(out, NULL, 0), b = strtoll(want, NULL, 0);

	if (!strcmp(cmp, "="))
		return !strcmp(out, want) || !strcmp(want, "any");
	if (!strcmp(cmp, "!="))
		return strcmp(out, want) != 0;
	if (!isdigit((unsigned char)out[0]) && out[0] != '-')
		return false;
	if (!strcmp(cmp, ">"))
		return a > b;
	if (!strcmp(cmp, ">="))
		return a >= b;
	return a < b;
}

static bool is_cmp(const char *word)
{
	return !strcmp(word, "=") || !strcmp(word, "!=") ||
	       !strcmp(word, ">") || !strcmp(word, ">=") || !strcmp(word, "<");
}

static bool run_line(char *line, int line_nr)
{
	char *word, *save, *name = NULL, *cmp = NULL;
	static char want[MAX_TEXT], show[512];
	bool is_ok, is_shown = false;
	size_t i;
	int k;

	snprintf(show, sizeof(show), "%.*s", (int)strcspn(line, "\n"), line);
	nr_args = 0;
	want[0] = 0;
	for (word = strtok_r(line, " \t\n", &save); word;
	     word = strtok_r(NULL, " \t\n", &save)) {
		if (!cmp && nr_args && is_cmp(word)) {
			cmp = word;
			continue;
		}
		word = expand(word);
		if (cmp)
			snprintf(want + strlen(want),
				 sizeof(want) - strlen(want), "%s%s",
				 *want ? " " : "",
				 strcmp(word, "''") ? word : "");
		else if (nr_args == MAX_ARGS)
			errx(2, "line %d: too many words", line_nr);
		else
			args[nr_args++] = word;
	}
	if (!nr_args || args[0][0] == '#')
		return true;
	if (!strcmp(args[0], "let")) {
		name = args[1];
		nr_args -= 2;
		memmove(args, args + 2, nr_args * sizeof(args[0]));
	}
	if (!strcmp(args[0], "show")) {
		is_shown = true;
		memmove(args, args + 1, --nr_args * sizeof(args[0]));
	}
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (!strcmp(ops[i].name, args[0]))
			break;
	}
	if (i == sizeof(ops) / sizeof(ops[0]))
		errx(2, "line %d: no op %s", line_nr, args[0]);
	out[0] = 0;
	errno = 0;
	if (ops[i].run() < 0) {
		snprintf(out, sizeof(out), "%s", strerrorname_np(errno));
		is_ok = cmp && is_expected(cmp, want);
	} else {
		is_ok = !cmp || is_expected(cmp, want);
	}
	if (name)
		assign(name, out);
	if (is_shown)
		puts(out);
	if (!is_ok)
		printf("fsop line %d: %.200s: was '%.200s'\n", line_nr, show,
		       out);
	for (k = 0; k < nr_args; k++)
		free(args[k]);
	return is_ok;
}

int main(int argc, char **argv)
{
	char *line = NULL;
	int line_nr = 0, bad = 0, i;
	size_t size = 0;

	for (i = 0; i < MAX_SLOTS; i++)
		slots[i] = -1;
	umask(022);
	if (argc > 1 && chdir(argv[1]))
		err(2, "%s", argv[1]);
	while (getline(&line, &size, stdin) > 0)
		bad += !run_line(line, ++line_nr);
	return bad != 0;
}
