/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers share: a volume with something of everything on it.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "fs/ns/ns.h"
#include "sim_dev.h"

enum { FUZZ_DEV_BYTES = 32 << 20 };

/* Filled and unmounted, or as a crash left it. */
void fuzz_volume_make(struct sim_img *img, bool is_clean);
void fuzz_start(void);

#endif
