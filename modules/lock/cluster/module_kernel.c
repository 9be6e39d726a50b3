// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module around the cluster's parts; programs link them alone.
 */
#include "format/port.h"

MODULE_DESCRIPTION("scoutfs quorum election");
MODULE_LICENSE("GPL");
