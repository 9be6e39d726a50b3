/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The crash simulator for one mount.
 *
 * workload.c runs random operations of the namespace on recording devices and
 * on the model; crash.c goes through the log and lets the volume crash, recover
 * and be checked; main.c runs many seeds.
 */
#ifndef SIM_H
#define SIM_H

#include "lib/check.h"
#include "model.h"
#include "sim_dev.h"

struct sim_opts {
	u64 seed;
	unsigned int nr_ops;
	unsigned int nr_crashes;
	long crash;		/* only this one, -1: all */
	bool is_verbose;
};

/* A mounted volume on two simulated devices, or on one. */
struct sim_mount {
	struct sim_dev dev[SIM_NR_DEVS];
	struct sfs_dev *data;
	struct sfs_volume vol;
	struct sfs_fs *fs;
};

struct sim {
	struct sim_opts opts;
	struct sim_rng rng;
	bool is_one_device;
	struct sim_img base[SIM_NR_DEVS];	/* as mkfs left them */
	struct sim_img cur[SIM_NR_DEVS];	/* latest contents */
	struct sim_log log;
	struct model model;
	struct sim_mount mnt;
	u64 records_end;
	unsigned int nr_mounts;

	/* profile of this seed, in percent or blocks */
	unsigned int max_files;
	unsigned int sync_percent;
	unsigned int data_percent;

	bool in_call;		/* an operation is under way */
	u64 part_ino;		/* which changes this inode in parts */
	bool has_failed;
	char failure[512];

	/* results */
	u64 nr_crashes;
	u64 nr_recovery_crashes;
	u64 nr_unclean;
};

extern u64 sim_now_ns;

/* Note the first failure. */
void sim_fail(struct sim *sim, const char *fmt, ...) __printf(2, 3);

int sim_mount(struct sim_mount *mnt, struct sim_img *img, struct sim_log *log,
	      bool is_one_device, u64 rid);
void sim_unmount(struct sim_mount *mnt, bool forced);

/* From now on commits happen in between, also of that mount when not NULL. */
void sim_preempt_start(u64 seed, struct sim_mount *mnt);

/* Not while something waits actively for what the interrupted one does. */
void sim_preempt_allow(bool is_allowed);

/* mkfs and all operations; the volume is left mounted and is thrown away. */
void sim_workload(struct sim *sim);
void sim_crashes(struct sim *sim);
void sim_exit(struct sim *sim);

#endif
