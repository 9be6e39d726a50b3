// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two devices all machines share, with volatile write caches.
 */
#include "full.h"

enum {
	CL_IO_NS	= 200000,
	CL_FLUSH_NS	= 2000000,
	CL_LATE_NS	= 400000000,	/* writes of dead machines */
	CL_PAGE_LATE_NS	= 400000000,
};

#define CL_VERY_LATE_NS	(10ULL * NSEC_PER_SEC)

/* A write that was started; afterwards one that is not durable. */
struct cl_io {
	struct list_head link;
	const struct cl_node *node;
	unsigned int nr;
	unsigned int flags;
	u64 off;
	u32 len;
	u8 *data;
	const void *src;	/* must not change before it is complete */
	u64 number;		/* of the completion */
	struct sfs_io_batch *batch;
	bool is_node_dead;
	bool is_late;
	bool is_dropped;
};

struct cl_disk {
	struct sim_img cur;
	struct sim_img durable;
	struct list_head inflight;
	struct list_head pending;	/* by number */
	u64 nr_completed;
};

static struct cl_disk cl_disk[SIM_NR_DEVS];
unsigned int cl_disk_defects;

void cl_disk_init(unsigned int nr, struct sim_img *base)
{
	struct cl_disk *d = &cl_disk[nr];

	sim_img_init_layer(&d->cur, base);
	sim_img_init_layer(&d->durable, base);
	INIT_LIST_HEAD(&d->inflight);
	INIT_LIST_HEAD(&d->pending);
	d->nr_completed = 0;
}

const struct sim_img *cl_disk_contents(unsigned int nr)
{
	return &cl_disk[nr].cur;
}

static void cl_io_free(struct cl_io *io)
{
	list_del(&io->link);
	free(io->data);
	free(io);
}

/* ---- writes ------------------------------------------------------------------------ */

/* Older writes to the same place cannot come back any more. */
static void cl_disk_make_durable(struct cl_disk *d, const struct cl_io *io)
{
	struct cl_io *p, *n;

	sim_img_write(&d->durable, io->off, io->data, io->len);
	list_for_each_entry_safe(p, n, &d->pending, link) {
		if (p->off >= io->off && p->off + p->len <= io->off + io->len)
			cl_io_free(p);
	}
}

static void cl_io_land(struct cl_io *io)
{
	struct cl_disk *d = &cl_disk[io->nr];

	io->number = ++d->nr_completed;
	sim_img_write(&d->cur, io->off, io->data, io->len);
	if ((io->flags & SFS_IO_FUA) && !(cl_disk_defects & CL_DISK_NO_FLUSH)) {
		cl_disk_make_durable(d, io);
		list_del_init(&io->link);
	} else {
		list_move_tail(&io->link, &d->pending);
	}
}

/* Sectors of a write land, as it happens. */
static void cl_io_tear(struct cl_io *io)
{
	struct cl_io part;
	u32 off;

	for (off = 0; off < io->len; off += SIM_SECTOR_BYTES) {
		struct cl_io *p;

		if (cl_chance(50))
			continue;
		p = calloc(1, sizeof(*p));
		if (!p)
			port_die("out of memory");
		part = *io;
		*p = part;
		p->flags = 0;
		p->off += off;
		p->len = SIM_SECTOR_BYTES;
		p->data = malloc(p->len);
		memcpy(p->data, io->data + off, p->len);
		INIT_LIST_HEAD(&p->link);
		cl_io_land(p);
	}
}

/* How long its way to the devices stands still. */
static u64 cl_stall_ns(const struct cl_node *node)
{
	u64 now = cl_now();

	return node && node->stall_until_ns > now ? node->stall_until_ns - now :
						    0;
}

static void cl_dev_sleep(const struct cl_dev *cd, u64 ns)
{
	u64 stall_ns;

	while ((stall_ns = cl_stall_ns(cd->node)))
		port_sleep_ns(stall_ns);
	cl_sleep_below(ns);
}

/*
 * Leaders change meanwhile; only fencing ends it.  But who takes a quorum slot over is
 * told by nobody that the one before is fenced: of as many holders as a page has
 * copies, all but one must be over with their last writes.
 */
static u64 cl_late_ns(const struct cl_io *io)
{
	if (!cl.is_full)
		return CL_LATE_NS;
	if (cl_full_is_quorum_page(io->nr, io->off))
		return CL_PAGE_LATE_NS;
	return cl_chance(25) ? CL_VERY_LATE_NS : CL_LATE_NS;
}

/* Time is up: it lands, unless its machine died and it was lost with it. */
static void cl_io_timer(void *arg)
{
	struct cl_io *io = arg;
	struct sfs_io_batch *batch = io->batch;

	if (io->is_dropped) {
		cl_io_free(io);
		return;
	}
	if (io->is_node_dead && !io->is_late && cl_chance(80)) {
		io->is_late = true;
		cl_timer_add(cl_now() + cl_below(cl_late_ns(io)), cl_io_timer,
			     io);
		return;
	}
	if (!io->is_node_dead && cl_stall_ns(io->node)) {
		cl_timer_add(cl_now() + cl_stall_ns(io->node) +
			     cl_below(CL_IO_NS), cl_io_timer, io);
		return;
	}
	if (!io->is_node_dead && memcmp(io->data, io->src, io->len))
		cl_fail("bytes changed while they were written at %llu",
			io->off);
	cl_io_land(io);
	if (list_empty(&io->link)) {
		free(io->data);
		io->data = NULL;
	}
	/* a dead machine's batch is memory nobody looks at any more */
	if (batch)
		sfs_io_batch_end(batch, 0);
}

static void cl_io_start(struct cl_dev *cd, struct sfs_io_batch *batch, u64 off,
			const void *buf, u32 len, unsigned int flags)
{
	struct cl_disk *d = &cl_disk[cd->nr];
	struct cl_io *io = calloc(1, sizeof(*io));

	if (off % SIM_SECTOR_BYTES || len % SIM_SECTOR_BYTES ||
	    off > cd->dev.size_bytes || len > cd->dev.size_bytes - off)
		cl_fail("%s: write of %u bytes at %llu", cd->dev.name, len,
			off);
	if (!io || !(io->data = malloc(len)))
		port_die("out of memory");
	memcpy(io->data, buf, len);
	io->src = buf;
	io->node = cd->node;
	io->nr = cd->nr;
	io->flags = flags;
	io->off = off;
	io->len = len;
	io->batch = batch;
	list_add_tail(&io->link, &d->inflight);
	cl_timer_add(cl_now() + 1000 + cl_below(CL_IO_NS), cl_io_timer,
		     io);
}

/* ---- device operations ------------------------------------------------------------------- */

static int cl_dev_read(struct sfs_dev *dev, u64 off, void *buf, u32 len)
{
	struct cl_dev *cd = dev->priv;

	if (off > dev->size_bytes || len > dev->size_bytes - off)
		return -EIO;
	cl_dev_sleep(cd, CL_IO_NS);
	sim_img_read(&cl_disk[cd->nr].cur, off, buf, len);
	return 0;
}

static void cl_dev_write(struct sfs_dev *dev, struct sfs_io_batch *batch,
			 u64 off, void **bufs, u32 nr, u32 buf_len)
{
	struct cl_dev *cd = dev->priv;
	u32 i;

	cl_full_check_write(cd->node, cd->nr, off);
	atomic64_inc(&dev->nr_writes);
	for (i = 0; i < nr; i++) {
		atomic_inc(&batch->pending);
		cl_io_start(cd, batch, off + (u64)i * buf_len, bufs[i],
			    buf_len, 0);
	}
}

static int cl_dev_flush(struct sfs_dev *dev)
{
	struct cl_dev *cd = dev->priv;
	struct cl_disk *d = &cl_disk[cd->nr];
	u64 number = d->nr_completed;
	struct cl_io *p, *n;

	atomic64_inc(&dev->nr_flushes);
	cl_dev_sleep(cd, CL_FLUSH_NS);
	if (cl_disk_defects & CL_DISK_NO_FLUSH)
		return 0;
	list_for_each_entry_safe(p, n, &d->pending, link) {
		if (p->number > number)
			break;
		sim_img_write(&d->durable, p->off, p->data, p->len);
		cl_io_free(p);
	}
	return 0;
}

static int cl_dev_write_sync(struct sfs_dev *dev, u64 off, void *buf, u32 len,
			     unsigned int flags)
{
	struct cl_dev *cd = dev->priv;
	struct sfs_io_batch batch;

	cl_full_check_write(cd->node, cd->nr, off);
	if (flags & SFS_IO_PREFLUSH)
		cl_dev_flush(dev);
	atomic64_inc(&dev->nr_writes);
	sfs_io_batch_init(&batch);
	atomic_inc(&batch.pending);
	cl_io_start(cd, &batch, off, buf, len, flags);
	return sfs_io_batch_wait(&batch);
}

/* Nobody may need what was there. */
static int cl_dev_discard(struct sfs_dev *dev, u64 off, u64 len)
{
	static u8 rubbish[SFS_DATA_BLOCK_BYTES];
	int ret = 0;

	memset(rubbish, 0xd5, sizeof(rubbish));
	for (; len && !ret; off += sizeof(rubbish), len -= sizeof(rubbish))
		ret = cl_dev_write_sync(dev, off, rubbish, sizeof(rubbish), 0);
	return ret;
}

static const struct sfs_dev_ops cl_dev_ops = {
	.read = cl_dev_read,
	.write = cl_dev_write,
	.write_sync = cl_dev_write_sync,
	.flush = cl_dev_flush,
	.discard = cl_dev_discard,
};

void cl_disk_dev_init(struct cl_dev *cd, unsigned int nr, struct cl_node *node)
{
	memset(cd, 0, sizeof(*cd));
	cd->node = node;
	cd->nr = nr;
	cd->dev.ops = &cl_dev_ops;
	cd->dev.priv = cd;
	cd->dev.size_bytes = cl_disk[nr].cur.size_bytes;
	snprintf(cd->dev.name, sizeof(cd->dev.name), "sim-%s",
		 nr == SIM_META ? "meta" : "data");
}

/* ---- crashes ----------------------------------------------------------------------------- */

bool cl_disk_is_writing(const struct cl_node *node)
{
	unsigned int nr;
	struct cl_io *io;

	for (nr = 0; nr < SIM_NR_DEVS; nr++) {
		list_for_each_entry(io, &cl_disk[nr].inflight, link) {
			if (io->node == node)
				return true;
		}
	}
	return false;
}

void cl_disk_node_died(const struct cl_node *node)
{
	unsigned int nr;
	struct cl_io *io;

	for (nr = 0; nr < SIM_NR_DEVS; nr++) {
		list_for_each_entry(io, &cl_disk[nr].inflight, link) {
			if (io->node != node || io->is_node_dead)
				continue;
			io->is_node_dead = true;
			io->batch = NULL;
			if (cl_chance(40))
				io->is_dropped = true;
		}
	}
}

void cl_disk_fence(const struct cl_node *node)
{
	unsigned int nr;
	struct cl_io *io, *n;

	if (cl_disk_defects & CL_DISK_NO_FENCE)
		return;
	for (nr = 0; nr < SIM_NR_DEVS; nr++) {
		list_for_each_entry_safe(io, n, &cl_disk[nr].inflight, link) {
			if (io->node != node || io->is_dropped)
				continue;
			if (cl_chance(50))
				cl_io_tear(io);
			io->is_dropped = true;
		}
	}
}

void cl_disk_power_loss(unsigned int nr, struct sim_img *img)
{
	static const u8 percents[] = { 0, 10, 50, 90, 100 };
	unsigned int keep = percents[cl_below(ARRAY_SIZE(percents))];
	bool is_torn = cl_chance(50);
	struct cl_disk *d = &cl_disk[nr];
	struct list_head *lists[] = { &d->pending, &d->inflight };
	struct cl_io *io;
	unsigned int l;
	u32 off;

	sim_img_init_layer(img, &d->durable);
	for (l = 0; l < ARRAY_SIZE(lists); l++) {
		list_for_each_entry(io, lists[l], link) {
			bool is_kept = cl_chance(keep);

			/* of a dead machine, lost or fenced: it cannot land */
			if (io->is_dropped)
				continue;
			for (off = 0; off < io->len; off += SIM_SECTOR_BYTES) {
				if (is_torn ? cl_chance(keep) : is_kept)
					sim_img_write(img, io->off + off,
						      io->data + off,
						      SIM_SECTOR_BYTES);
			}
		}
	}
}
