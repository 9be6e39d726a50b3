/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transport "sim": the network between machines.
 *
 * Connections carry bytes in order and late, break, and lose what was under way
 * then, down to a part of a frame.  Datagrams get lost, doubled and overtake each
 * other.  Where the way between two machines is cut nothing arrives: datagrams
 * are gone, the bytes of connections come when it is healed.  A machine that died
 * is silent.
 */
#ifndef CL_TRANSPORT_H
#define CL_TRANSPORT_H

#include "cluster.h"
#include "net/net.h"

void cl_net_init(void);
/* Where the machine at that place listens. */
void cl_net_addr(unsigned int nr, struct sfs_net_addr *addr);
/* Nothing goes from one place to the other; or it does again. */
void cl_net_cut(unsigned int from, unsigned int to, bool is_cut);
/* Connections of the machine break. */
void cl_net_break(const struct cl_node *node);
/* The machine died. */
void cl_net_node_died(const struct cl_node *node);
/* From now on nothing gets lost, doubled or broken by chance. */
void cl_net_calm(void);

#endif
