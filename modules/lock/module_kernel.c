// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module around the lock client; programs link its parts alone.
 *
 * Nothing to set up: spaces are made by their users, who pin the module through
 * its symbols, and handles are freed under RCU by the kernel's own kfree_rcu().
 */
#include "lock/lock_priv.h"

MODULE_DESCRIPTION("scoutfs lock client and registry of lock providers");
MODULE_LICENSE("GPL");
