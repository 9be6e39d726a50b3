// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs many seeds, each in a process of its own, and prints TAP: a line for
 * every batch of seeds.
 *
 * cluster [-F] [-s first-seed] [-n seeds] [-b seeds-per-line]
 *         [-m mistake] [-d defect] [-x] [-v]
 *
 * -F runs the whole stack: the product's lock provider and sessions, not the
 * simulator's.  -x ends with the first seed that fails.
 */
#include <getopt.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cluster.h"
#include "lock/provider.h"

enum { CL_TEXT_BYTES = 640, CL_SEED_SECONDS = 120 };

struct cl_total {
	u64 nr_seeds;
	u64 nr_failed;
	u64 nr_switches;
	struct cl_stat stat;
};

/* What a seed's process says when it went well. */
struct cl_result {
	u64 nr_switches;
	struct cl_stat stat;
};

static int cl_fd = -1;
static char cl_last_error[CL_TEXT_BYTES];

static void cl_say(const char *text)
{
	dprintf(cl_fd, "%s%s%s", text, *cl_last_error ? "; log: " : "",
		cl_last_error);
}

/* Quiet, but the first complaint is part of the result. */
static void cl_log(int level, const char *msg)
{
	if (cl_is_verbose)
		cl_trace("log %d: %s", level, msg);
	if (level <= 4 && !*cl_last_error)
		snprintf(cl_last_error, sizeof(cl_last_error), "%.300s", msg);
	if (level == 0)
		cl_say("died");
	/* frames are lost and doubled, but none is ever made up */
	if (strstr(msg, " sent a bad "))
		cl_fail("%s", msg);
}

static void cl_seed(const struct cl_opts *opts, int fd)
{
	struct cl_result res;

	cl_fd = fd;
	cl_on_fail = cl_say;
	port_log = cl_log;
	alarm(CL_SEED_SECONDS);
	cl_run(opts);
	res.nr_switches = cl_nr_switches();
	res.stat = cl.stat;
	if (write(fd, &res, sizeof(res)) != sizeof(res))
		_exit(1);
	fflush(NULL);
	_exit(0);
}

static void cl_add_result(struct cl_total *t, const struct cl_result *res)
{
	t->nr_switches += res->nr_switches;
	t->stat.nr_ops += res->stat.nr_ops;
	t->stat.nr_crashes += res->stat.nr_crashes;
	t->stat.nr_recoveries += res->stat.nr_recoveries;
	t->stat.nr_remounts += res->stat.nr_remounts;
	t->stat.nr_enospc += res->stat.nr_enospc;
	t->stat.nr_power_losses += res->stat.nr_power_losses;
	t->stat.nr_leaders += res->stat.nr_leaders;
	t->stat.nr_fences += res->stat.nr_fences;
	t->stat.nr_withdrawn += res->stat.nr_withdrawn;
}

/* Run one seed; its complaint is printed. */
static void cl_fork(struct cl_total *t, const struct cl_opts *opts)
{
	char text[sizeof(struct cl_result) + CL_TEXT_BYTES * 2] = "";
	size_t len = 0;
	int fds[2];
	int status;
	ssize_t n;
	pid_t pid;

	fflush(NULL);
	if (pipe(fds))
		port_die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		port_die("fork: %s", strerror(errno));
	if (!pid) {
		close(fds[0]);
		cl_seed(opts, fds[1]);
	}
	close(fds[1]);
	while (len + 1 < sizeof(text) &&
	       (n = read(fds[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fds[0]);
	waitpid(pid, &status, 0);
	t->nr_seeds++;
	if (!status && len == sizeof(struct cl_result)) {
		cl_add_result(t, (void *)text);
		return;
	}
	t->nr_failed++;
	printf("# seed %llu: status 0x%x: %s\n# repeat with: make sim%s SEED=%llu\n",
	       opts->seed, status, text, opts->is_full ? " FULL=1" : "",
	       opts->seed);
}

static void cl_batch(struct cl_total *total, struct cl_opts opts, u64 nr,
		     u64 line)
{
	struct cl_total t = { 0 };
	u64 first = opts.seed;
	u64 i;

	for (i = 0; i < nr; i++, opts.seed++)
		cl_fork(&t, &opts);
	printf("%sok %llu cluster/%sseeds %llu to %llu: %llu ops, %llu crashes, %llu power losses, %llu failed\n",
	       t.nr_failed ? "not " : "", line, opts.is_full ? "full " : "", first, first + nr - 1,
	       t.stat.nr_ops, t.stat.nr_crashes, t.stat.nr_power_losses,
	       t.nr_failed);
	fflush(stdout);
	total->nr_seeds += t.nr_seeds;
	total->nr_failed += t.nr_failed;
	cl_add_result(total, &(struct cl_result){ t.nr_switches, t.stat });
}

static unsigned int cl_defect(const char *name)
{
	if (!strcmp(name, "ignore-flush"))
		return CL_DISK_NO_FLUSH;
	if (!strcmp(name, "no-fence"))
		return CL_DISK_NO_FENCE;
	fprintf(stderr, "unknown defect '%s'\n", name);
	exit(2);
}

static double cl_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct cl_opts opts = { .seed = 1 };
	u64 nr_seeds = 50, batch = 25, line = 0;
	bool ends_early = false;
	struct cl_total total = { 0 };
	double start = cl_seconds();
	u64 i;
	int c;

	while ((c = getopt(argc, argv, "Fs:n:b:m:d:xv")) != -1) {
		u64 val = optarg ? strtoull(optarg, NULL, 0) : 0;

		switch (c) {
		case 'F':
			opts.is_full = true;
			break;
		case 's':
			opts.seed = val;
			break;
		case 'n':
			nr_seeds = val;
			break;
		case 'b':
			batch = max_t(u64, val, 1);
			break;
		case 'm':
			cl_mistake_name = optarg;
			break;
		case 'd':
			cl_disk_defects |= cl_defect(optarg);
			break;
		case 'x':
			ends_early = true;
			break;
		case 'v':
			opts.is_verbose = true;
			break;
		default:
			return 2;
		}
	}
	if (sfs_lock_local_init())
		return 2;
	printf("TAP version 13\n1..%llu\n", DIV_ROUND_UP(nr_seeds, batch));
	for (i = 0; i < nr_seeds; i += batch) {
		if (ends_early && total.nr_failed)
			break;
		u64 nr = min(batch, nr_seeds - i);

		cl_batch(&total, opts, nr, ++line);
		opts.seed += nr;
	}
	printf("# cluster: %llu seeds, %.1f a second, %llu ops, %llu switches, %llu crashes, %llu recoveries, %llu remounts, %llu power losses, %llu without space, %llu failed\n",
	       total.nr_seeds, total.nr_seeds / (cl_seconds() - start),
	       total.stat.nr_ops, total.nr_switches, total.stat.nr_crashes,
	       total.stat.nr_recoveries, total.stat.nr_remounts,
	       total.stat.nr_power_losses, total.stat.nr_enospc,
	       total.nr_failed);
	if (opts.is_full)
		printf("# whole stack: %llu leaders, %llu fences, %llu withdrawn\n",
		       total.stat.nr_leaders, total.stat.nr_fences,
		       total.stat.nr_withdrawn);
	return total.nr_failed ? 1 : 0;
}
