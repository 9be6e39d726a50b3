// SPDX-License-Identifier: GPL-2.0-only
/*
 * Simulated devices with a volatile write cache.
 */
#include "sim_dev.h"

unsigned int sim_defects;

u64 sim_mix(u64 x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

u64 sim_rand(struct sim_rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15ULL;
	return sim_mix(rng->state);
}

static void *sim_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		port_die("out of memory");
	return p;
}

/* ---- images ----------------------------------------------------------------------- */

void sim_img_init_flat(struct sim_img *img, u64 size_bytes)
{
	memset(img, 0, sizeof(*img));
	img->size_bytes = size_bytes;
	img->flat = sim_alloc(size_bytes);
}

void sim_img_init_layer(struct sim_img *img, const struct sim_img *parent)
{
	memset(img, 0, sizeof(*img));
	img->parent = parent;
	img->size_bytes = parent->size_bytes;
}

void sim_img_exit(struct sim_img *img)
{
	size_t i;

	for (i = 0; i < img->size; i++)
		free(img->page[i].data);
	free(img->page);
	free(img->flat);
	memset(img, 0, sizeof(*img));
}

static struct sim_page *sim_img_place(const struct sim_img *img, u64 nr)
{
	size_t i = sim_mix(nr) & (img->size - 1);

	while (img->page[i].data && img->page[i].nr != nr)
		i = (i + 1) & (img->size - 1);
	return &img->page[i];
}

static const u8 *sim_img_page(const struct sim_img *img, u64 nr)
{
	static const u8 zeroes[SFS_PAGE_BYTES];

	for (; img; img = img->parent) {
		if (img->size) {
			const struct sim_page *page = sim_img_place(img, nr);

			if (page->data)
				return page->data;
		}
		if (img->flat)
			return img->flat + nr * SFS_PAGE_BYTES;
	}
	return zeroes;
}

static void sim_img_grow(struct sim_img *img)
{
	struct sim_img bigger = *img;
	size_t i;

	bigger.size = img->size ? img->size * 2 : 64;
	bigger.page = sim_alloc(bigger.size * sizeof(*bigger.page));
	for (i = 0; i < img->size; i++) {
		if (img->page[i].data)
			*sim_img_place(&bigger, img->page[i].nr) = img->page[i];
	}
	free(img->page);
	*img = bigger;
}

static u8 *sim_img_own_page(struct sim_img *img, u64 nr)
{
	struct sim_page *page;
	const u8 *old;

	if (img->flat)
		return img->flat + nr * SFS_PAGE_BYTES;
	if (img->nr * 4 >= img->size * 3)
		sim_img_grow(img);
	page = sim_img_place(img, nr);
	if (!page->data) {
		old = sim_img_page(img->parent, nr);
		page->nr = nr;
		page->data = sim_alloc(SFS_PAGE_BYTES);
		memcpy(page->data, old, SFS_PAGE_BYTES);
		img->nr++;
	}
	return page->data;
}

void sim_img_read(const struct sim_img *img, u64 off, void *buf, u32 len)
{
	while (len) {
		u32 in = off % SFS_PAGE_BYTES;
		u32 part = min_t(u32, len, SFS_PAGE_BYTES - in);

		memcpy(buf, sim_img_page(img, off / SFS_PAGE_BYTES) + in, part);
		off += part;
		buf += part;
		len -= part;
	}
}

void sim_img_write(struct sim_img *img, u64 off, const void *buf, u32 len)
{
	while (len) {
		u32 in = off % SFS_PAGE_BYTES;
		u32 part = min_t(u32, len, SFS_PAGE_BYTES - in);

		memcpy(sim_img_own_page(img, off / SFS_PAGE_BYTES) + in, buf,
		       part);
		off += part;
		buf += part;
		len -= part;
	}
}

/* ---- recording -------------------------------------------------------------------------- */

void sim_log_exit(struct sim_log *log)
{
	size_t i;

	for (i = 0; i < log->nr; i++)
		free(log->ev[i].data);
	free(log->ev);
	memset(log, 0, sizeof(*log));
}

static size_t sim_log_add(struct sim_log *log, enum sim_event_kind kind, u8 dev)
{
	struct sim_event *ev;

	if (log->nr == log->size) {
		log->size = log->size ? log->size * 2 : 1024;
		log->ev = realloc(log->ev, log->size * sizeof(*log->ev));
		if (!log->ev)
			port_die("out of memory");
	}
	ev = &log->ev[log->nr];
	memset(ev, 0, sizeof(*ev));
	ev->kind = kind;
	ev->dev = dev;
	ev->op = log->op;
	return log->nr++;
}

static void sim_dev_flush_event(struct sim_dev *sd)
{
	if (sd->log && !(sim_defects & SIM_IGNORE_FLUSH))
		sim_log_add(sd->log, SIM_FLUSH, sd->nr);
}

static size_t sim_dev_put(struct sim_dev *sd, u64 off, const void *buf, u32 len)
{
	struct sim_log *log = sd->log;
	struct sim_event *ev;
	size_t idx = 0;

	if (off % SIM_SECTOR_BYTES || len % SIM_SECTOR_BYTES ||
	    off > sd->img->size_bytes || len > sd->img->size_bytes - off)
		port_die("%s: write of %u bytes at %llu", sd->dev.name, len,
			 off);
	if (log) {
		idx = sim_log_add(log, SIM_WRITE, sd->nr);
		ev = &log->ev[idx];
		ev->off = off;
		ev->len = len;
		ev->data = sim_alloc(len);
		memcpy(ev->data, buf, len);
		ev->is_record = sd->nr == SIM_META &&
				off >= SFS_RECORDS_BYTES &&
				off < log->records_end;
	}
	sim_img_write(sd->img, off, buf, len);
	if (log && log->ev[idx].is_record && log->on_record)
		log->on_record(log->arg, idx);
	return idx;
}

static int sim_dev_read(struct sfs_dev *dev, u64 off, void *buf, u32 len)
{
	struct sim_dev *sd = dev->priv;

	if (off > dev->size_bytes || len > dev->size_bytes - off)
		return -EIO;
	sim_img_read(sd->img, off, buf, len);
	return 0;
}

static void sim_dev_write(struct sfs_dev *dev, struct sfs_io_batch *batch,
			  u64 off, void **bufs, u32 nr, u32 buf_len)
{
	struct sim_dev *sd = dev->priv;
	u32 i;

	atomic64_inc(&dev->nr_writes);
	atomic_inc(&batch->pending);
	for (i = 0; i < nr; i++)
		sim_dev_put(sd, off + (u64)i * buf_len, bufs[i], buf_len);
	sfs_io_batch_end(batch, 0);
}

static int sim_dev_flush(struct sfs_dev *dev)
{
	atomic64_inc(&dev->nr_flushes);
	sim_dev_flush_event(dev->priv);
	return 0;
}

static int sim_dev_write_sync(struct sfs_dev *dev, u64 off, void *buf, u32 len,
			      unsigned int flags)
{
	struct sim_dev *sd = dev->priv;
	size_t write;
	size_t idx;

	atomic64_inc(&dev->nr_writes);
	if ((flags & SFS_IO_PREFLUSH) && !(sim_defects & SIM_IGNORE_PREFLUSH))
		sim_dev_flush(dev);
	write = sim_dev_put(sd, off, buf, len);
	if (!sd->log)
		return 0;
	if ((flags & SFS_IO_FUA) &&
	    !(sim_defects & (SIM_IGNORE_FUA | SIM_IGNORE_FLUSH))) {
		idx = sim_log_add(sd->log, SIM_DURABLE, sd->nr);
		sd->log->ev[idx].write = write;
	}
	return 0;
}

/* Nobody may need what was there. */
static int sim_dev_discard(struct sfs_dev *dev, u64 off, u64 len)
{
	struct sim_dev *sd = dev->priv;
	u8 rubbish[SFS_DATA_BLOCK_BYTES];

	memset(rubbish, 0xd5, sizeof(rubbish));
	for (; len; off += sizeof(rubbish), len -= sizeof(rubbish))
		sim_dev_put(sd, off, rubbish, sizeof(rubbish));
	return 0;
}

static const struct sfs_dev_ops sim_dev_ops = {
	.read = sim_dev_read,
	.write = sim_dev_write,
	.write_sync = sim_dev_write_sync,
	.flush = sim_dev_flush,
	.discard = sim_dev_discard,
};

void sim_dev_init(struct sim_dev *sd, struct sim_img *img, struct sim_log *log,
		  unsigned int nr)
{
	memset(sd, 0, sizeof(*sd));
	sd->img = img;
	sd->log = log;
	sd->nr = nr;
	sd->dev.ops = &sim_dev_ops;
	sd->dev.priv = sd;
	sd->dev.size_bytes = img->size_bytes;
	snprintf(sd->dev.name, sizeof(sd->dev.name), "sim-%s",
		 nr == SIM_META ? "meta" : "data");
}

/* ---- replays ---------------------------------------------------------------------------- */

void sim_replay_init(struct sim_replay *rp, const struct sim_log *log,
		     struct sim_img *meta, struct sim_img *data)
{
	memset(rp, 0, sizeof(*rp));
	rp->log = log;
	rp->durable[SIM_META] = meta;
	rp->durable[SIM_DATA] = data;
}

void sim_replay_exit(struct sim_replay *rp)
{
	free(rp->pending[SIM_META]);
	free(rp->pending[SIM_DATA]);
}

static void sim_replay_apply(struct sim_replay *rp, const struct sim_event *ev)
{
	sim_img_write(rp->durable[ev->dev], ev->off, ev->data, ev->len);
}

static void sim_replay_pend(struct sim_replay *rp, unsigned int dev, size_t idx)
{
	if (rp->nr_pending[dev] == rp->size[dev]) {
		rp->size[dev] = rp->size[dev] ? rp->size[dev] * 2 : 256;
		rp->pending[dev] = realloc(rp->pending[dev],
					   rp->size[dev] * sizeof(size_t));
		if (!rp->pending[dev])
			port_die("out of memory");
	}
	rp->pending[dev][rp->nr_pending[dev]++] = idx;
}

static void sim_replay_flush(struct sim_replay *rp, unsigned int dev)
{
	size_t i;

	for (i = 0; i < rp->nr_pending[dev]; i++)
		sim_replay_apply(rp, &rp->log->ev[rp->pending[dev][i]]);
	rp->nr_pending[dev] = 0;
}

/* What was written to the same place before cannot come back any more. */
static void sim_replay_durable(struct sim_replay *rp, unsigned int dev,
			       size_t write)
{
	const struct sim_event *ev = &rp->log->ev[write];
	size_t n = 0;
	size_t i;

	sim_replay_apply(rp, ev);
	for (i = 0; i < rp->nr_pending[dev]; i++) {
		const struct sim_event *p = &rp->log->ev[rp->pending[dev][i]];

		if (rp->pending[dev][i] <= write && p->off >= ev->off &&
		    p->off + p->len <= ev->off + ev->len)
			continue;
		rp->pending[dev][n++] = rp->pending[dev][i];
	}
	rp->nr_pending[dev] = n;
}

void sim_replay_to(struct sim_replay *rp, size_t pos)
{
	for (; rp->pos < pos; rp->pos++) {
		const struct sim_event *ev = &rp->log->ev[rp->pos];

		switch (ev->kind) {
		case SIM_WRITE:
			sim_replay_pend(rp, ev->dev, rp->pos);
			break;
		case SIM_FLUSH:
			sim_replay_flush(rp, ev->dev);
			break;
		case SIM_DURABLE:
			sim_replay_durable(rp, ev->dev, ev->write);
			break;
		}
	}
}

/* How a crash treats the writes that are not durable. */
struct sim_fate {
	unsigned int keep_percent;	/* of writes, or of sectors */
	bool is_torn;			/* decided for each sector */
};

static struct sim_fate sim_fate_draw(struct sim_rng *rng)
{
	static const u8 percents[] = { 5, 25, 50, 75, 95 };
	struct sim_fate fate = { .keep_percent = 0 };
	u64 r = sim_below(rng, 100);

	if (r < 15)
		return fate;
	fate.keep_percent = 100;
	if (r < 25)
		return fate;
	fate.keep_percent = percents[sim_below(rng, ARRAY_SIZE(percents))];
	fate.is_torn = r >= 60;
	return fate;
}

static void sim_fate_apply(const struct sim_fate *fate, struct sim_rng *rng,
			   struct sim_img *img, const struct sim_event *ev)
{
	u32 off;

	if (!fate->is_torn) {
		if (sim_chance(rng, fate->keep_percent))
			sim_img_write(img, ev->off, ev->data, ev->len);
		return;
	}
	for (off = 0; off < ev->len; off += SIM_SECTOR_BYTES) {
		if (sim_chance(rng, fate->keep_percent))
			sim_img_write(img, ev->off + off, ev->data + off,
				      SIM_SECTOR_BYTES);
	}
}

void sim_replay_crash(struct sim_replay *rp, struct sim_rng *rng,
		      struct sim_img *img)
{
	const struct sim_log *log = rp->log;
	unsigned int dev;
	size_t i;

	for (dev = 0; dev < SIM_NR_DEVS; dev++) {
		struct sim_fate fate = sim_fate_draw(rng);

		if (!rp->durable[dev])
			continue;
		sim_img_init_layer(&img[dev], rp->durable[dev]);
		for (i = 0; i < rp->nr_pending[dev]; i++)
			sim_fate_apply(&fate, rng, &img[dev],
				       &log->ev[rp->pending[dev][i]]);
		/* the event the crash interrupts */
		if (rp->pos < log->nr && log->ev[rp->pos].dev == dev &&
		    log->ev[rp->pos].kind == SIM_WRITE)
			sim_fate_apply(&fate, rng, &img[dev],
				       &log->ev[rp->pos]);
	}
}
