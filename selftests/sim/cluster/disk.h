/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two devices all machines share, with volatile write caches.
 *
 * A completed write is seen by everybody at once and is durable after a flush
 * that started later, or when it carried FUA.  Writes, reads and flushes take
 * virtual time.  The writes a machine had started when it died may land until
 * it is fenced, whole, torn or not at all.
 */
#ifndef CL_DISK_H
#define CL_DISK_H

#include "fiber.h"
#include "format/dev.h"

/* One machine's way to one of the devices. */
struct cl_dev {
	struct sfs_dev dev;
	struct cl_node *node;	/* NULL: the leader's */
	unsigned int nr;
};

/* Deliberate defects, to see that they are noticed. */
enum cl_disk_defect {
	CL_DISK_NO_FLUSH	= 1 << 0,
	CL_DISK_NO_FENCE	= 1 << 1,
};

extern unsigned int cl_disk_defects;

void cl_disk_init(unsigned int nr, struct sim_img *base);
void cl_disk_dev_init(struct cl_dev *d, unsigned int nr, struct cl_node *node);
/* Does it wait for a write? */
bool cl_disk_is_writing(const struct cl_node *node);
/* The machine died; what it had started may still land. */
void cl_disk_node_died(const struct cl_node *node);
/* From now on nothing of it does. */
void cl_disk_fence(const struct cl_node *node);
/* Power goes off: what the device has afterwards. */
void cl_disk_power_loss(unsigned int nr, struct sim_img *img);
/* What everybody sees now. */
const struct sim_img *cl_disk_contents(unsigned int nr);

#endif
