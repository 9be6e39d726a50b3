// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs monitor: a line for each event, until it is interrupted.
 */
#include <time.h>

#include "scoutfs/fields.h"

static const struct sfs_field sfs_event_fields[] = {
	SFS_FIELD(SCOUTFS_A_IDENT, STR, "ident"),
	SFS_FIELD(SCOUTFS_A_FSID, HEX, "fsid"),
	SFS_FIELD(SCOUTFS_A_RID, HEX, "rid"),
	SFS_FIELD(SCOUTFS_A_DEVICE, STR, "device"),
	SFS_FIELD(SCOUTFS_A_ERROR, U32, "error"),
	SFS_FIELD(SCOUTFS_A_FENCE_RID, HEX, "fence_rid"),
	SFS_FIELD(SCOUTFS_A_FENCE_ADDR, STR, "fence_addr"),
	SFS_FIELD(SCOUTFS_A_FENCE_REASON, STR, "fence_reason"),
	SFS_FIELD_NAMES(SCOUTFS_A_FENCE_STATE, "fence_state",
			sfs_fence_state_names),
	{ 0 }
};

struct sfs_monitor_args {
	bool is_json;
};

static const char *sfs_event_name(u8 cmd)
{
	switch (cmd) {
	case SCOUTFS_CMD_MOUNT_NTF:
		return "mount";
	case SCOUTFS_CMD_UNMOUNT_NTF:
		return "unmount";
	case SCOUTFS_CMD_WITHDRAW_NTF:
		return "withdraw";
	case SCOUTFS_CMD_FENCE_NTF:
		return "fence";
	default:
		return "unknown";
	}
}

static void sfs_monitor_visit(void *arg, u8 cmd, struct nlattr **attrs)
{
	const struct sfs_monitor_args *args = arg;
	const struct sfs_field *field;
	struct timespec now;
	char text[256];

	clock_gettime(CLOCK_REALTIME, &now);
	if (args->is_json)
		printf("{\"time\": %lld.%09ld, \"event\": \"%s\"",
		       (long long)now.tv_sec, now.tv_nsec, sfs_event_name(cmd));
	else
		printf("%lld.%09ld %s", (long long)now.tv_sec, now.tv_nsec,
		       sfs_event_name(cmd));
	for (field = sfs_event_fields; field->name; field++) {
		if (!attrs[field->attr])
			continue;
		/* neither idents nor devices nor addresses have quotes */
		sfs_field_text(field, attrs, text, sizeof(text));
		if (!args->is_json)
			printf(" %s=%s", field->name, text);
		else if (field->type == SFS_FIELD_U32)
			printf(", \"%s\": %s", field->name, text);
		else
			printf(", \"%s\": \"%s\"", field->name, text);
	}
	puts(args->is_json ? "}" : "");
	fflush(stdout);
}

static const struct argp_option sfs_monitor_options[] = {
	{ "json", 'j', NULL, 0, "Write a JSON object per line", 0 },
	{ 0 }
};

static error_t sfs_monitor_parse(int key, char *arg, struct argp_state *state)
{
	struct sfs_monitor_args *args = state->input;

	switch (key) {
	case 'j':
		args->is_json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp sfs_monitor_argp = {
	.options = sfs_monitor_options,
	.parser = sfs_monitor_parse,
	.doc = "Show mounts, unmounts, withdrawals and fence requests as they come.",
};

int sfs_cmd_monitor(int argc, char **argv)
{
	struct sfs_monitor_args args = { 0 };
	struct sfs_nlc nlc = { .visit = sfs_monitor_visit, .arg = &args };
	int ret;

	argp_parse(&sfs_monitor_argp, argc, argv, 0, NULL, &args);
	ret = sfs_nlc_open(&nlc, SCOUTFS_GENL_NAME);
	if (!ret) {
		ret = sfs_nlc_subscribe(&nlc, SCOUTFS_GENL_NAME,
					SCOUTFS_GENL_MCGRP_EVENTS);
		while (!ret) {
			ret = sfs_nlc_listen(&nlc);
			if (ret != -ENOBUFS)
				break;
			fprintf(stderr, "events were lost\n");
			ret = 0;
		}
		sfs_nlc_close(&nlc);
	} else {
		fprintf(stderr, "%s\n", nlc.text);
	}
	return sfs_cmd_failed("monitor", ret);
}
