// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module around the network layer; programs link its parts alone.
 */
#include "net/transport.h"

MODULE_DESCRIPTION("scoutfs network layer: registry of transports");
MODULE_LICENSE("GPL");
