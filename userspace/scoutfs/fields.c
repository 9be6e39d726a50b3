// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of netlink messages as fields of text and JSON.
 */
#include "scoutfs/fields.h"

static const char * const sfs_mount_states[] = {
	"joining", "mounted", "withdrawn"
};

const char * const sfs_fence_state_names[SFS_FENCE_STATE_NAMES] = {
	"open", "fenced", "error", "ended"
};

static const char * const sfs_lock_modes[] = { "NL", "PR", "EX" };

static const char * const sfs_lock_types[] = {
	[1] = "group", [2] = "rename", [3] = "leader"
};

static const char * const sfs_member_states[] = {
	[1] = "expected", [2] = "joining", [3] = "ready", [4] = "lost",
	[5] = "fenced"
};

static const char * const sfs_slot_changes[] = {
	[SCOUTFS_SLOT_CHANGE_ADD] = "add",
	[SCOUTFS_SLOT_CHANGE_REPLACE] = "replace",
	[SCOUTFS_SLOT_CHANGE_REMOVE] = "remove",
};

static const char * const sfs_roles[] = { "follower", "candidate", "leader" };

const struct sfs_field sfs_mount_fields[] = {
	SFS_FIELD(SCOUTFS_A_IDENT, STR, "ident"),
	SFS_FIELD(SCOUTFS_A_FSID, HEX, "fsid"),
	SFS_FIELD(SCOUTFS_A_RID, HEX, "rid"),
	SFS_FIELD(SCOUTFS_A_DEVICE, STR, "device"),
	SFS_FIELD(SCOUTFS_A_LOCK_PROVIDER, STR, "lock_provider"),
	SFS_FIELD_NAMES(SCOUTFS_A_STATE, "state", sfs_mount_states),
	SFS_FIELD(SCOUTFS_A_QUORUM_SLOT, U32, "quorum_slot"),
	SFS_FIELD(SCOUTFS_A_READ_ONLY, FLAG, "read_only"),
	SFS_FIELD(SCOUTFS_A_ERROR, U32, "error"),
	SFS_FIELD(SCOUTFS_A_OPTION, VALUES, "options"),
	{ 0 }
};

const struct sfs_field sfs_counter_fields[] = {
	SFS_FIELD(SCOUTFS_A_COUNTER, VALUES, "counters"),
	{ 0 }
};

const struct sfs_field sfs_fence_fields[] = {
	SFS_FIELD(SCOUTFS_A_FSID, HEX, "fsid"),
	SFS_FIELD(SCOUTFS_A_RID, HEX, "asked_by"),
	SFS_FIELD(SCOUTFS_A_FENCE_RID, HEX, "rid"),
	SFS_FIELD(SCOUTFS_A_FENCE_ADDR, STR, "addr"),
	SFS_FIELD(SCOUTFS_A_FENCE_REASON, STR, "reason"),
	SFS_FIELD(SCOUTFS_A_FENCE_ELAPSED_MS, U64, "elapsed_ms"),
	SFS_FIELD_NAMES(SCOUTFS_A_FENCE_STATE, "state", sfs_fence_state_names),
	{ 0 }
};

const struct sfs_field sfs_provider_fields[] = {
	SFS_FIELD(SCOUTFS_LOCK_A_PROVIDER, STR, "name"),
	{ 0 }
};

const struct sfs_field sfs_lock_fields[] = {
	SFS_FIELD_NAMES(SCOUTFS_LOCK_A_TYPE, "type", sfs_lock_types),
	SFS_FIELD(SCOUTFS_LOCK_A_NUMBER, U64, "number"),
	SFS_FIELD_NAMES(SCOUTFS_LOCK_A_MODE, "mode", sfs_lock_modes),
	SFS_FIELD(SCOUTFS_LOCK_A_USERS_PR, U32, "users_pr"),
	SFS_FIELD(SCOUTFS_LOCK_A_USERS_EX, U32, "users_ex"),
	SFS_FIELD(SCOUTFS_LOCK_A_WAITERS, U32, "waiters"),
	SFS_FIELD(SCOUTFS_LOCK_A_WAIT_MS, U64, "wait_ms"),
	SFS_FIELD(SCOUTFS_LOCK_A_REVOKED, FLAG, "revoked"),
	{ 0 }
};

const struct sfs_field sfs_lock_stats_fields[] = {
	SFS_FIELD(SCOUTFS_LOCK_A_PROVIDER, STR, "provider"),
	SFS_FIELD(SCOUTFS_LOCK_A_LOCKS, U64, "locks"),
	SFS_FIELD(SCOUTFS_LOCK_A_HITS, U64, "hits"),
	SFS_FIELD(SCOUTFS_LOCK_A_WAITS, U64, "waits"),
	SFS_FIELD(SCOUTFS_LOCK_A_GRANTS, U64, "grants"),
	SFS_FIELD(SCOUTFS_LOCK_A_REVOKES, U64, "revokes"),
	SFS_FIELD(SCOUTFS_LOCK_A_RETURNS, U64, "returns"),
	SFS_FIELD(SCOUTFS_LOCK_A_ERRORS, U64, "errors"),
	{ 0 }
};

const struct sfs_field sfs_master_fields[] = {
	SFS_FIELD_NAMES(SCOUTFS_LOCK_A_TYPE, "type", sfs_lock_types),
	SFS_FIELD(SCOUTFS_LOCK_A_NUMBER, U64, "number"),
	SFS_FIELD(SCOUTFS_LOCK_A_HOLDER, HEX, "rid"),
	SFS_FIELD_NAMES(SCOUTFS_LOCK_A_MODE, "mode", sfs_lock_modes),
	SFS_FIELD_NAMES(SCOUTFS_LOCK_A_WANT, "want", sfs_lock_modes),
	SFS_FIELD(SCOUTFS_LOCK_A_REVOKED, FLAG, "revoked"),
	SFS_FIELD(SCOUTFS_LOCK_A_WAIT_MS, U64, "wait_ms"),
	{ 0 }
};

const struct sfs_field sfs_member_fields[] = {
	SFS_FIELD(SCOUTFS_LOCK_A_MEMBER_RID, HEX, "rid"),
	SFS_FIELD(SCOUTFS_LOCK_A_ADDR, STR, "addr"),
	SFS_FIELD_NAMES(SCOUTFS_LOCK_A_MEMBER_STATE, "state",
			sfs_member_states),
	SFS_FIELD(SCOUTFS_LOCK_A_SILENT_MS, U64, "silent_ms"),
	SFS_FIELD(SCOUTFS_LOCK_A_SELF, FLAG, "is_self"),
	{ 0 }
};

const struct sfs_field sfs_leader_fields[] = {
	SFS_FIELD(SCOUTFS_LOCK_A_SLOT, U32, "slot"),
	SFS_FIELD(SCOUTFS_LOCK_A_TERM, U64, "term"),
	SFS_FIELD(SCOUTFS_LOCK_A_MEMBER_RID, HEX, "rid"),
	SFS_FIELD(SCOUTFS_LOCK_A_ADDR, STR, "addr"),
	SFS_FIELD(SCOUTFS_LOCK_A_SELF, FLAG, "is_self"),
	SFS_FIELD(SCOUTFS_LOCK_A_JOINED, FLAG, "is_joined"),
	{ 0 }
};

const struct sfs_field sfs_quorum_fields[] = {
	SFS_FIELD(SCOUTFS_LOCK_A_SLOT, U32, "slot"),
	SFS_FIELD(SCOUTFS_LOCK_A_TERM, U64, "term"),
	SFS_FIELD_NAMES(SCOUTFS_LOCK_A_ROLE, "role", sfs_roles),
	SFS_FIELD(SCOUTFS_LOCK_A_IS_LEADER, FLAG, "is_leader"),
	SFS_FIELD(SCOUTFS_LOCK_A_LEADER_SLOT, U32, "leader_slot"),
	SFS_FIELD(SCOUTFS_LOCK_A_LEADER_TERM, U64, "led_in_term"),
	SFS_FIELD(SCOUTFS_LOCK_A_VOTE_FOR, U32, "vote_for"),
	SFS_FIELD(SCOUTFS_LOCK_A_VOTES, U32, "vote_bits"),
	SFS_FIELD(SCOUTFS_LOCK_A_LIST_VERSION, U64, "list_version"),
	SFS_FIELD(SCOUTFS_LOCK_A_SLOT_BITS, U32, "slot_bits"),
	{ 0 }
};

const struct sfs_field sfs_slot_fields[] = {
	SFS_FIELD(SCOUTFS_LOCK_A_SLOT, U32, "slot"),
	SFS_FIELD(SCOUTFS_LOCK_A_ADDR, STR, "addr"),
	SFS_FIELD(SCOUTFS_LOCK_A_SELF, FLAG, "is_own"),
	{ 0 }
};

const struct sfs_field sfs_slot_change_fields[] = {
	SFS_FIELD_NAMES(SCOUTFS_LOCK_A_SLOT_CHANGE, "change", sfs_slot_changes),
	SFS_FIELD(SCOUTFS_LOCK_A_SLOT, U32, "slot"),
	SFS_FIELD(SCOUTFS_LOCK_A_ADDR, STR, "addr"),
	SFS_FIELD(SCOUTFS_LOCK_A_LIST_VERSION, U64, "list_version"),
	{ 0 }
};

const struct sfs_field sfs_transport_fields[] = {
	SFS_FIELD(SCOUTFS_NET_A_TRANSPORT, STR, "name"),
	{ 0 }
};

const struct sfs_field sfs_peer_fields[] = {
	SFS_FIELD(SCOUTFS_NET_A_PEER_RID, HEX, "rid"),
	SFS_FIELD(SCOUTFS_NET_A_ADDR, STR, "addr"),
	SFS_FIELD(SCOUTFS_NET_A_UP, FLAG, "is_up"),
	SFS_FIELD(SCOUTFS_NET_A_OURS, FLAG, "is_ours"),
	SFS_FIELD(SCOUTFS_NET_A_SENT, U64, "sent"),
	SFS_FIELD(SCOUTFS_NET_A_RECEIVED, U64, "received"),
	SFS_FIELD(SCOUTFS_NET_A_RESENT, U64, "resent"),
	SFS_FIELD(SCOUTFS_NET_A_CONNECTS, U64, "connects"),
	SFS_FIELD(SCOUTFS_NET_A_QUEUED, U64, "queued"),
	SFS_FIELD(SCOUTFS_NET_A_BYTES_SENT, U64, "bytes_sent"),
	SFS_FIELD(SCOUTFS_NET_A_BYTES_RECEIVED, U64, "bytes_received"),
	SFS_FIELD(SCOUTFS_NET_A_SILENT_MS, U64, "silent_ms"),
	{ 0 }
};

const struct sfs_field sfs_net_stats_fields[] = {
	SFS_FIELD(SCOUTFS_NET_A_BAD_FRAMES, U64, "bad_frames"),
	SFS_FIELD(SCOUTFS_NET_A_FOREIGN, U64, "foreign"),
	SFS_FIELD(SCOUTFS_NET_A_REFUSED, U64, "refused"),
	SFS_FIELD(SCOUTFS_NET_A_PROTOCOL_ERRORS, U64, "protocol_errors"),
	{ 0 }
};

/* ---- values ------------------------------------------------------------------- */

static const char *sfs_field_enum(const struct sfs_field *field, u32 val)
{
	if (val < field->nr_names && field->names[val])
		return field->names[val];
	return "unknown";
}

void sfs_field_text(const struct sfs_field *field, struct nlattr **attrs,
		    char *buf, size_t size)
{
	struct nlattr *attr = attrs[field->attr];

	if (field->type == SFS_FIELD_FLAG) {
		snprintf(buf, size, "%s", attr ? "yes" : "no");
		return;
	}
	if (!attr) {
		snprintf(buf, size, "-");
		return;
	}
	switch (field->type) {
	case SFS_FIELD_U64:
		snprintf(buf, size, "%llu", (u64)nla_get_u64(attr));
		break;
	case SFS_FIELD_HEX:
		snprintf(buf, size, "%016llx", (u64)nla_get_u64(attr));
		break;
	case SFS_FIELD_U32:
		snprintf(buf, size, "%u", nla_get_u32(attr));
		break;
	case SFS_FIELD_STR:
		snprintf(buf, size, "%s", nla_get_string(attr));
		break;
	default:
		snprintf(buf, size, "%s",
			 sfs_field_enum(field, nla_get_u32(attr)));
		break;
	}
}

typedef void sfs_value_fn(void *arg, const char *name, u64 value);

/* All attributes of one number: parsing keeps only the last. */
static void sfs_field_values(const struct sfs_field *field,
			     struct nlattr **attrs, sfs_value_fn *fn, void *arg)
{
	struct nlattr *val[SCOUTFS_VALUE_A_MAX + 1];
	struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, sfs_nlc_msg_of(attrs), GENL_HDRLEN, rem) {
		if (nla_type(attr) != field->attr ||
		    nla_parse_nested(val, SCOUTFS_VALUE_A_MAX, attr, NULL) < 0 ||
		    !val[SCOUTFS_VALUE_A_NAME] || !val[SCOUTFS_VALUE_A_VALUE])
			continue;
		fn(arg, nla_get_string(val[SCOUTFS_VALUE_A_NAME]),
		   nla_get_u64(val[SCOUTFS_VALUE_A_VALUE]));
	}
}

static void sfs_value_json(void *arg, const char *name, u64 value)
{
	sfs_json_num(arg, name, value);
}

static void sfs_value_print(void *arg, const char *name, u64 value)
{
	printf("%-28s %llu\n", name, value);
}

void sfs_field_json(const struct sfs_field *field, struct nlattr **attrs,
		    struct sfs_json *js)
{
	struct nlattr *attr = attrs[field->attr];
	char text[256];

	switch (field->type) {
	case SFS_FIELD_FLAG:
		sfs_json_bool(js, field->name, attr);
		return;
	case SFS_FIELD_VALUES:
		sfs_json_open(js, field->name, '{');
		sfs_field_values(field, attrs, sfs_value_json, js);
		sfs_json_close(js, '}');
		return;
	default:
		break;
	}
	if (!attr)
		return;
	if (field->type == SFS_FIELD_U64) {
		sfs_json_num(js, field->name, nla_get_u64(attr));
	} else if (field->type == SFS_FIELD_U32) {
		sfs_json_num(js, field->name, nla_get_u32(attr));
	} else {
		sfs_field_text(field, attrs, text, sizeof(text));
		sfs_json_str(js, field->name, text);
	}
}

void sfs_fields_print(const struct sfs_field *fields, struct nlattr **attrs)
{
	char text[256];

	for (; fields->name; fields++) {
		if (fields->type == SFS_FIELD_VALUES) {
			sfs_field_values(fields, attrs, sfs_value_print, NULL);
			continue;
		}
		sfs_field_text(fields, attrs, text, sizeof(text));
		printf("%-28s %s\n", fields->name, text);
	}
}
