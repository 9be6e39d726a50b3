// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs many seeds, each in a process of its own, and prints TAP.
 *
 * sim [-s first-seed] [-n seeds] [-o operations] [-c crashes] [-k crash]
 *     [-j jobs] [-d defect] [-v]
 */
#include <getopt.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lock/provider.h"
#include "sim.h"

enum { SIM_JOBS_MAX = 64, SIM_TEXT_BYTES = 768 };

struct sim_job {
	pid_t pid;
	int fd;
	u64 seed;
};

struct sim_main {
	struct sim_opts opts;
	u64 nr_seeds;
	unsigned int nr_jobs;
	struct sim_job job[SIM_JOBS_MAX];
	unsigned int nr_running;
	u64 nr_done;
	u64 nr_failed;
	u64 nr_crashes;
	u64 nr_again;
};

static u64 sim_clock(void)
{
	return sim_now_ns;
}

static void sim_clock_advance(u64 ns)
{
	sim_now_ns = max(sim_now_ns, ns);
}

static void sim_quiet(int level, const char *msg)
{
	(void)level;
	(void)msg;
}

/* One seed; the result is one line on fd. */
static void sim_run(const struct sim_opts *opts, int fd)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		port_die("out of memory");
	sim->opts = *opts;
	port_clock = sim_clock;
	port_clock_advance = sim_clock_advance;
	if (!opts->is_verbose)
		port_log = sim_quiet;
	sim_workload(sim);
	if (!sim->has_failed)
		sim_crashes(sim);
	dprintf(fd, "%d %llu %llu seed %llu: %u ops, %zu events, %llu crashes, %llu unclean, %llu during recovery%s%s\n",
		sim->has_failed, sim->nr_crashes, sim->nr_recovery_crashes,
		opts->seed, sim->model.op, sim->log.nr, sim->nr_crashes,
		sim->nr_unclean, sim->nr_recovery_crashes,
		sim->has_failed ? ": " : "", sim->failure);
	sim_exit(sim);
	free(sim);
}

static void sim_start_job(struct sim_main *sm, u64 seed)
{
	struct sim_job *job = &sm->job[sm->nr_running++];
	struct sim_opts opts = sm->opts;
	int fds[2];

	opts.seed = seed;
	job->seed = seed;
	fflush(NULL);
	if (pipe(fds))
		port_die("pipe: %s", strerror(errno));
	job->pid = fork();
	if (job->pid < 0)
		port_die("fork: %s", strerror(errno));
	if (!job->pid) {
		close(fds[0]);
		sim_run(&opts, fds[1]);
		exit(0);
	}
	close(fds[1]);
	job->fd = fds[0];
}

static void sim_job_report(struct sim_main *sm, const struct sim_job *job,
			   int status, char *text)
{
	unsigned long long crashes = 0;
	unsigned long long again = 0;
	int failed = 1;
	int at = 0;

	sm->nr_done++;
	text[strcspn(text, "\n")] = 0;
	if (sscanf(text, "%d %llu %llu %n", &failed, &crashes, &again, &at) < 3 ||
	    !WIFEXITED(status) || WEXITSTATUS(status)) {
		failed = 1;
		at = 0;
		snprintf(text, SIM_TEXT_BYTES,
			 "seed %llu: died with status 0x%x", job->seed, status);
	}
	sm->nr_crashes += crashes;
	sm->nr_again += again;
	sm->nr_failed += failed != 0;
	printf("%sok %llu sim/%s\n", failed ? "not " : "", sm->nr_done,
	       text + at);
	if (failed)
		printf("# repeat with SEED=%llu OPS=%u CRASHES=%u [CRASH=k]\n",
		       job->seed, sm->opts.nr_ops, sm->opts.nr_crashes);
	fflush(stdout);
}

static void sim_reap(struct sim_main *sm)
{
	char text[SIM_TEXT_BYTES] = "";
	size_t len = 0;
	ssize_t n;
	int status;
	unsigned int i;
	pid_t pid;

	pid = wait(&status);
	for (i = 0; i < sm->nr_running; i++) {
		if (sm->job[i].pid == pid)
			break;
	}
	if (i == sm->nr_running)
		port_die("wait: %s", strerror(errno));
	while (len + 1 < sizeof(text) &&
	       (n = read(sm->job[i].fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(sm->job[i].fd);
	sim_job_report(sm, &sm->job[i], status, text);
	sm->job[i] = sm->job[--sm->nr_running];
}

static unsigned int sim_defect(const char *name)
{
	if (!strcmp(name, "ignore-flush"))
		return SIM_IGNORE_FLUSH;
	if (!strcmp(name, "ignore-preflush"))
		return SIM_IGNORE_PREFLUSH;
	if (!strcmp(name, "ignore-fua"))
		return SIM_IGNORE_FUA;
	fprintf(stderr, "unknown defect '%s'\n", name);
	exit(2);
}

static void sim_options(struct sim_main *sm, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "s:n:o:c:k:j:d:v")) != -1) {
		u64 val = optarg ? strtoull(optarg, NULL, 0) : 0;

		switch (c) {
		case 's':
			sm->opts.seed = val;
			break;
		case 'n':
			sm->nr_seeds = val;
			break;
		case 'o':
			sm->opts.nr_ops = val;
			break;
		case 'c':
			sm->opts.nr_crashes = val;
			break;
		case 'k':
			sm->opts.crash = val;
			break;
		case 'j':
			sm->nr_jobs = val;
			break;
		case 'd':
			sim_defects |= sim_defect(optarg);
			break;
		case 'v':
			sm->opts.is_verbose = true;
			break;
		default:
			exit(2);
		}
	}
	sm->nr_jobs = clamp_t(u64, sm->nr_jobs, 1, SIM_JOBS_MAX);
}

int main(int argc, char **argv)
{
	struct sim_main sm = {
		.opts = { .seed = 1, .nr_ops = 600, .nr_crashes = 600,
			  .crash = -1 },
		.nr_seeds = 20,
		.nr_jobs = sysconf(_SC_NPROCESSORS_ONLN),
	};
	u64 i;

	sim_options(&sm, argc, argv);
	if (sfs_lock_local_init())
		return 2;
	printf("TAP version 13\n1..%llu\n", sm.nr_seeds);
	for (i = 0; i < sm.nr_seeds; i++) {
		if (sm.nr_running == sm.nr_jobs)
			sim_reap(&sm);
		sim_start_job(&sm, sm.opts.seed + i);
	}
	while (sm.nr_running)
		sim_reap(&sm);
	printf("# %llu crash points, %llu more during recovery, seeds %llu to %llu, %llu failed\n",
	       sm.nr_crashes, sm.nr_again, sm.opts.seed,
	       sm.opts.seed + sm.nr_seeds - 1, sm.nr_failed);
	return sm.nr_failed ? 1 : 0;
}
