/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attributes of netlink messages as fields of text and JSON.
 */
#ifndef SFS_CLI_FIELDS_H
#define SFS_CLI_FIELDS_H

#include "lib/json.h"
#include "scoutfs/nl.h"

enum sfs_field_type {
	SFS_FIELD_U64,
	SFS_FIELD_U32,
	SFS_FIELD_HEX,
	SFS_FIELD_STR,
	SFS_FIELD_FLAG,
	SFS_FIELD_ENUM,
	SFS_FIELD_VALUES,	/* nested names and values, several */
};

/**
 * struct sfs_field - one attribute
 * @attr: its number
 * @type: enum sfs_field_type
 * @name: in JSON and as label
 * @names: of an enum's values
 * @nr_names: how many
 */
struct sfs_field {
	int attr;
	enum sfs_field_type type;
	const char *name;
	const char * const *names;
	unsigned int nr_names;
};

#define SFS_FIELD(attr_, type_, name_) \
	{ .attr = attr_, .type = SFS_FIELD_##type_, .name = name_ }
#define SFS_FIELD_NAMES(attr_, name_, names_) \
	{ .attr = attr_, .type = SFS_FIELD_ENUM, .name = name_, \
	  .names = names_, .nr_names = ARRAY_SIZE(names_) }

enum { SFS_FENCE_STATE_NAMES = SCOUTFS_FENCE_STATE_ENDED + 1 };
extern const char * const sfs_fence_state_names[SFS_FENCE_STATE_NAMES];

extern const struct sfs_field sfs_mount_fields[];
extern const struct sfs_field sfs_counter_fields[];
extern const struct sfs_field sfs_fence_fields[];
extern const struct sfs_field sfs_provider_fields[];
extern const struct sfs_field sfs_lock_fields[];
extern const struct sfs_field sfs_lock_stats_fields[];
extern const struct sfs_field sfs_master_fields[];
extern const struct sfs_field sfs_member_fields[];
extern const struct sfs_field sfs_leader_fields[];
extern const struct sfs_field sfs_quorum_fields[];
extern const struct sfs_field sfs_slot_fields[];
extern const struct sfs_field sfs_slot_change_fields[];
extern const struct sfs_field sfs_transport_fields[];
extern const struct sfs_field sfs_peer_fields[];
extern const struct sfs_field sfs_net_stats_fields[];

/* The text of a field; "-" when it is not there. */
void sfs_field_text(const struct sfs_field *field, struct nlattr **attrs,
		    char *buf, size_t size);
void sfs_field_json(const struct sfs_field *field, struct nlattr **attrs,
		    struct sfs_json *js);
/* "name: value" lines. */
void sfs_fields_print(const struct sfs_field *fields, struct nlattr **attrs);

#endif
