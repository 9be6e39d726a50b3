// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module around the format layer; programs link its parts alone.
 */
#include "format/port.h"

MODULE_DESCRIPTION("scoutfs on-disk format: blocks, trees, pools, transactions");
MODULE_LICENSE("GPL");
