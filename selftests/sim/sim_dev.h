/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Simulated devices with a volatile write cache.
 *
 * A device is an image of the latest contents and, when it records, a log of
 * what was written and flushed.  A replay goes through a log and knows at each
 * event what is durable and what is not; from there it makes images as a crash
 * might leave them.  Images are layers of changed pages over a parent.
 */
#ifndef SIM_DEV_H
#define SIM_DEV_H

#include "format/dev.h"
#include "format/format.h"
#include "format/port.h"

enum { SIM_SECTOR_BYTES = 512, SIM_META = 0, SIM_DATA = 1, SIM_NR_DEVS = 2 };

/* ---- random numbers ------------------------------------------------------------ */

struct sim_rng {
	u64 state;
};

u64 sim_mix(u64 x);
u64 sim_rand(struct sim_rng *rng);
static inline u64 sim_below(struct sim_rng *rng, u64 n)
{
	return sim_rand(rng) % n;
}

static inline bool sim_chance(struct sim_rng *rng, unsigned int percent)
{
	return sim_below(rng, 100) < percent;
}

/* ---- images ------------------------------------------------------------------------ */

struct sim_page {
	u64 nr;
	u8 *data;
};

struct sim_img {
	const struct sim_img *parent;
	u8 *flat;		/* of the lowest layer */
	u64 size_bytes;
	struct sim_page *page;
	size_t nr;
	size_t size;		/* power of two or 0 */
};

void sim_img_init_flat(struct sim_img *img, u64 size_bytes);
void sim_img_init_layer(struct sim_img *img, const struct sim_img *parent);
void sim_img_exit(struct sim_img *img);
void sim_img_read(const struct sim_img *img, u64 off, void *buf, u32 len);
void sim_img_write(struct sim_img *img, u64 off, const void *buf, u32 len);

/* ---- logs ---------------------------------------------------------------------------- */

enum sim_event_kind {
	SIM_WRITE,
	SIM_FLUSH,	/* all writes before are durable */
	SIM_DURABLE,	/* the write with FUA at index @write is */
};

struct sim_event {
	enum sim_event_kind kind;
	u8 dev;
	bool is_record;		/* a mount record was written */
	u32 len;
	u32 op;			/* operation under way */
	u64 write;
	u64 off;
	u8 *data;
};

struct sim_log {
	struct sim_event *ev;
	size_t nr;
	size_t size;
	u32 op;			/* set by the workload */
	u64 records_end;	/* metadata bytes of records end here */
	/* told of each mount record as it is written */
	void (*on_record)(void *arg, size_t event);
	void *arg;
};

void sim_log_exit(struct sim_log *log);

/* Deliberate defects of the device, to see that they are noticed. */
enum sim_defect {
	SIM_IGNORE_FLUSH	= 1 << 0,
	SIM_IGNORE_PREFLUSH	= 1 << 1,
	SIM_IGNORE_FUA		= 1 << 2,
};

extern unsigned int sim_defects;

struct sim_dev {
	struct sfs_dev dev;
	struct sim_img *img;
	struct sim_log *log;	/* NULL: not recorded */
	u8 nr;
};

void sim_dev_init(struct sim_dev *sd, struct sim_img *img, struct sim_log *log,
		  unsigned int nr);

/* ---- replays --------------------------------------------------------------------------- */

struct sim_replay {
	const struct sim_log *log;
	struct sim_img *durable[SIM_NR_DEVS];
	size_t pos;
	size_t *pending[SIM_NR_DEVS];	/* events */
	size_t nr_pending[SIM_NR_DEVS];
	size_t size[SIM_NR_DEVS];
};

void sim_replay_init(struct sim_replay *rp, const struct sim_log *log,
		     struct sim_img *meta, struct sim_img *data);
void sim_replay_exit(struct sim_replay *rp);
/* Complete the events before that one. */
void sim_replay_to(struct sim_replay *rp, size_t pos);
/* Layers over the durable images: what a crash during event pos might leave. */
void sim_replay_crash(struct sim_replay *rp, struct sim_rng *rng,
		      struct sim_img *img);

#endif
