// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quorum slots on the command line, and how they are told.
 */
#include "lib/quorum_arg.h"

#include <arpa/inet.h>

#include "lib/cmd.h"

static int sfs_quorum_arg_addr(struct sfs_disk_quorum_slot *qs,
			       const char *addr)
{
	static const u8 all_ones[4] = { 255, 255, 255, 255 };
	static const u8 zeroes[16];

	if (inet_pton(AF_INET, addr, qs->addr) == 1) {
		qs->family = 4;
		if (!memcmp(qs->addr, all_ones, sizeof(all_ones)))
			return -EINVAL;
	} else if (inet_pton(AF_INET6, addr, qs->addr) == 1) {
		qs->family = 6;
	}
	if (!qs->family || !memcmp(qs->addr, zeroes, sizeof(zeroes)))
		return -EINVAL;
	return 0;
}

void sfs_quorum_arg_parse(struct argp_state *state, char *arg,
			  struct sfs_disk_quorum_slot *slots)
{
	char *addr = strchr(arg, ',');
	char *port = strrchr(arg, ',');
	struct sfs_disk_quorum_slot slot = { .family = 0 };
	unsigned int i;
	u64 nr;
	u64 val;

	if (!addr || port == addr)
		argp_error(state, "quorum slot '%s' must be NR,ADDR,PORT", arg);
	*addr++ = 0;
	*port++ = 0;
	nr = sfs_cmd_number(state, arg, "quorum slot number");
	if (nr >= SFS_QUORUM_SLOTS_MAX)
		argp_error(state, "quorum slot number %llu must be below %u",
			   nr, SFS_QUORUM_SLOTS_MAX);
	if (sfs_quorum_arg_addr(&slot, addr))
		argp_error(state, "invalid quorum slot address '%s'", addr);
	val = sfs_cmd_number(state, port, "quorum slot port");
	if (!val || val > 65535)
		argp_error(state, "quorum slot port %llu must be 1 to 65535",
			   val);
	slot.port = cpu_to_le16(val);

	if (slots[nr].family)
		argp_error(state, "quorum slot %llu given twice", nr);
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		if (!memcmp(&slots[i], &slot, sizeof(slot)))
			argp_error(state,
				   "quorum slots %u and %llu have the same address and port",
				   i, nr);
	}
	slots[nr] = slot;
}

void sfs_quorum_arg_text(const struct sfs_disk_quorum_slot *qs, char *buf,
			 size_t size)
{
	char addr[INET6_ADDRSTRLEN] = "";

	inet_ntop(qs->family == 6 ? AF_INET6 : AF_INET, qs->addr, addr,
		  sizeof(addr));
	snprintf(buf, size, qs->family == 6 ? "[%s]:%u" : "%s:%u", addr,
		 le16_to_cpu(qs->port));
}

void sfs_quorum_arg_print(const struct sfs_super_block *sb)
{
	const char *label = "quorum slots:";
	unsigned int i;

	printf("  %-23s %llu\n", "quorum config version:",
	       le64_to_cpu(sb->quorum_version));
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		char addr[SFS_QUORUM_ARG_TEXT];

		if (!sb->quorum[i].family)
			continue;
		sfs_quorum_arg_text(&sb->quorum[i], addr, sizeof(addr));
		printf("  %-23s %u: %s\n", label, i, addr);
		label = "";
	}
}
