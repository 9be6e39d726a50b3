// SPDX-License-Identifier: GPL-2.0-only
/*
 * scoutfs OBJECT VERB: what the kernel says of its mounts, as text and as JSON.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/quorum_arg.h"
#include "scoutfs/fields.h"

enum { SFS_COLUMNS_MAX = 16 };

/**
 * struct sfs_verb - one row of the command line
 * @object: first word
 * @verb: second word
 * @doc: for --help
 * @family: netlink family
 * @cmd: command
 * @is_dump: the answer is a list
 * @needs_mount: is about one mount
 * @fields: what is shown
 * @answer: SCOUTFS_FENCE_STATE_* that is sent, 0: asks only
 * @change: SCOUTFS_SLOT_CHANGE_* that is sent, 0: asks only
 */
struct sfs_verb {
	const char *object;
	const char *verb;
	const char *doc;
	const char *family;
	u8 cmd;
	bool is_dump;
	bool needs_mount;
	const struct sfs_field *fields;
	u32 answer;
	u32 change;
};

#define FS	.family = SCOUTFS_GENL_NAME
#define LOCK	.family = SCOUTFS_LOCK_GENL_NAME
#define NET	.family = SCOUTFS_NET_GENL_NAME

static const struct sfs_verb sfs_verbs[] = {
	{ "mounts", "list", "List the mounts of this kernel.",
	  FS, .cmd = SCOUTFS_CMD_MOUNT_GET, .is_dump = true,
	  .fields = sfs_mount_fields },
	{ "mounts", "show", "Show a mount and its options.",
	  FS, .cmd = SCOUTFS_CMD_MOUNT_GET, .needs_mount = true,
	  .fields = sfs_mount_fields },
	{ "mounts", "counters", "Show the counters of a mount.",
	  FS, .cmd = SCOUTFS_CMD_COUNTERS_GET, .needs_mount = true,
	  .fields = sfs_counter_fields },
	{ "fences", "list", "List requests to fence lost mounts.",
	  FS, .cmd = SCOUTFS_CMD_FENCE_GET, .is_dump = true,
	  .fields = sfs_fence_fields },
	{ "fences", "done", "The mount RID cannot write any more.",
	  FS, .cmd = SCOUTFS_CMD_FENCE_ANSWER,
	  .answer = SCOUTFS_FENCE_STATE_FENCED },
	{ "fences", "error", "The mount RID could not be fenced.",
	  FS, .cmd = SCOUTFS_CMD_FENCE_ANSWER,
	  .answer = SCOUTFS_FENCE_STATE_ERROR },
	{ "providers", "list", "List the lock providers that are loaded.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_PROVIDER_GET, .is_dump = true,
	  .fields = sfs_provider_fields },
	{ "locks", "list", "List the cluster locks that a mount has cached.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_LOCK_GET, .is_dump = true,
	  .needs_mount = true, .fields = sfs_lock_fields },
	{ "locks", "master", "List all mounts' locks, as the leader sees them.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_MASTER_GET, .is_dump = true,
	  .needs_mount = true, .fields = sfs_master_fields },
	{ "locks", "stats", "Show what a mount's locks did.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_STATS_GET, .needs_mount = true,
	  .fields = sfs_lock_stats_fields },
	{ "members", "list", "List the members of the cluster, on its leader.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_MEMBER_GET, .is_dump = true,
	  .needs_mount = true, .fields = sfs_member_fields },
	{ "leader", "show", "Show who leads, as far as a mount knows.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_LEADER_GET, .needs_mount = true,
	  .fields = sfs_leader_fields },
	{ "quorum", "show", "Show a mount's part in elections.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_QUORUM_GET, .needs_mount = true,
	  .fields = sfs_quorum_fields },
	{ "quorum", "slots", "List the quorum slots that a mount knows.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_SLOT_GET, .is_dump = true,
	  .needs_mount = true, .fields = sfs_slot_fields },
	{ "quorum", "add", "Add a quorum slot, on the leader.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_SLOT_CHANGE, .needs_mount = true,
	  .fields = sfs_slot_change_fields, .change = SCOUTFS_SLOT_CHANGE_ADD },
	{ "quorum", "replace",
	  "Give a quorum slot that no mount has another address, on the leader.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_SLOT_CHANGE, .needs_mount = true,
	  .fields = sfs_slot_change_fields,
	  .change = SCOUTFS_SLOT_CHANGE_REPLACE },
	{ "quorum", "remove",
	  "Remove a quorum slot that no mount has, on the leader.",
	  LOCK, .cmd = SCOUTFS_LOCK_CMD_SLOT_CHANGE, .needs_mount = true,
	  .fields = sfs_slot_change_fields,
	  .change = SCOUTFS_SLOT_CHANGE_REMOVE },
	{ "transports", "list", "List the network transports that are loaded.",
	  NET, .cmd = SCOUTFS_NET_CMD_TRANSPORT_GET, .is_dump = true,
	  .fields = sfs_transport_fields },
	{ "peers", "list", "List a mount's sessions with other mounts.",
	  NET, .cmd = SCOUTFS_NET_CMD_PEER_GET, .is_dump = true,
	  .needs_mount = true, .fields = sfs_peer_fields },
	{ "peers", "stats", "Show what came over the network and was refused.",
	  NET, .cmd = SCOUTFS_NET_CMD_STATS_GET, .needs_mount = true,
	  .fields = sfs_net_stats_fields },
};

struct sfs_object_args {
	const struct sfs_verb *verb;
	const char *target;	/* mount, or rid to fence */
	bool has_slot;
	u32 slot;		/* to change */
	char addr[SFS_QUORUM_ARG_TEXT];
	bool is_json;
	bool is_waiting;
};

/* ---- finding the mount, or the fence request ------------------------------------- */

struct sfs_target {
	const char *text;
	struct stat st;
	bool has_stat;
	bool is_fence;
	u64 fsid;
	u64 rid;
	u64 fence_rid;
	unsigned int nr;	/* that fit */
};

static bool sfs_target_fits(const struct sfs_target *t, struct nlattr **attrs)
{
	char rid[17];

	if (!t->text)
		return true;
	snprintf(rid, sizeof(rid), "%016llx",
		 (u64)nla_get_u64(attrs[t->is_fence ? SCOUTFS_A_FENCE_RID :
				  SCOUTFS_A_RID]));
	if (!strcmp(t->text, rid))
		return true;
	if (t->is_fence)
		return false;
	if (attrs[SCOUTFS_A_IDENT] &&
	    !strcmp(t->text, nla_get_string(attrs[SCOUTFS_A_IDENT])))
		return true;
	return t->has_stat && attrs[SCOUTFS_A_DEV_MAJOR] &&
	       attrs[SCOUTFS_A_DEV_MINOR] &&
	       major(t->st.st_dev) == nla_get_u32(attrs[SCOUTFS_A_DEV_MAJOR]) &&
	       minor(t->st.st_dev) == nla_get_u32(attrs[SCOUTFS_A_DEV_MINOR]);
}

static void sfs_target_visit(void *arg, u8 cmd, struct nlattr **attrs)
{
	struct sfs_target *t = arg;

	if (!attrs[SCOUTFS_A_FSID] || !attrs[SCOUTFS_A_RID] ||
	    (t->is_fence && !attrs[SCOUTFS_A_FENCE_RID]) ||
	    !sfs_target_fits(t, attrs))
		return;
	t->fsid = nla_get_u64(attrs[SCOUTFS_A_FSID]);
	t->rid = nla_get_u64(attrs[SCOUTFS_A_RID]);
	if (t->is_fence)
		t->fence_rid = nla_get_u64(attrs[SCOUTFS_A_FENCE_RID]);
	t->nr++;
}

static int sfs_target_find(struct sfs_target *t)
{
	struct sfs_nlc nlc = { .visit = sfs_target_visit, .arg = t };
	struct nl_msg *msg;
	int ret;

	t->has_stat = !t->is_fence && t->text && !stat(t->text, &t->st);
	ret = sfs_nlc_open(&nlc, SCOUTFS_GENL_NAME);
	if (ret) {
		fprintf(stderr, "%s\n", nlc.text);
		return ret;
	}
	msg = sfs_nlc_msg(&nlc, t->is_fence ? SCOUTFS_CMD_FENCE_GET :
			  SCOUTFS_CMD_MOUNT_GET, true);
	ret = msg ? sfs_nlc_ask(&nlc, msg) : -ENOMEM;
	sfs_nlc_close(&nlc);
	if (ret || t->nr == 1)
		return ret;
	if (!t->nr)
		fprintf(stderr, "no %s%s%s\n",
			t->is_fence ? "fence request for " : "scoutfs mount ",
			t->text ?: "", t->text ? "" : "here");
	else
		fprintf(stderr, "%u fit, say which\n", t->nr);
	return t->nr ? -EINVAL : -ENOENT;
}

/* ---- lists ------------------------------------------------------------------------ */

struct sfs_list {
	const struct sfs_field *fields;
	char *(*rows)[SFS_COLUMNS_MAX];
	size_t nr;
	struct sfs_json *js;
	FILE *json_out;
	int error;
};

static void sfs_list_clear(struct sfs_list *list)
{
	size_t i, j;

	for (i = 0; i < list->nr; i++)
		for (j = 0; j < SFS_COLUMNS_MAX; j++)
			free(list->rows[i][j]);
	free(list->rows);
	list->rows = NULL;
	list->nr = 0;
}

static void sfs_list_visit(void *arg, u8 cmd, struct nlattr **attrs)
{
	struct sfs_list *list = arg;
	char text[256];
	void *rows;
	size_t i;

	if (list->js) {
		sfs_json_open(list->js, NULL, '{');
		for (i = 0; list->fields[i].name; i++)
			sfs_field_json(&list->fields[i], attrs, list->js);
		sfs_json_close(list->js, '}');
		return;
	}
	rows = reallocarray(list->rows, list->nr + 1, sizeof(*list->rows));
	if (!rows) {
		list->error = -ENOMEM;
		return;
	}
	list->rows = rows;
	memset(list->rows[list->nr], 0, sizeof(*list->rows));
	for (i = 0; list->fields[i].name && i < SFS_COLUMNS_MAX; i++) {
		if (list->fields[i].type == SFS_FIELD_VALUES)
			break;
		sfs_field_text(&list->fields[i], attrs, text, sizeof(text));
		list->rows[list->nr][i] = strdup(text);
		if (!list->rows[list->nr][i])
			list->error = -ENOMEM;
	}
	list->nr++;
}

static void sfs_list_print(const struct sfs_list *list)
{
	const struct sfs_field *fields = list->fields;
	size_t width[SFS_COLUMNS_MAX];
	size_t nr_fields = 0;
	size_t i, j;

	for (j = 0; fields[j].name && fields[j].type != SFS_FIELD_VALUES; j++) {
		width[j] = strlen(fields[j].name);
		for (i = 0; i < list->nr; i++)
			width[j] = max(width[j], strlen(list->rows[i][j]));
		nr_fields++;
	}
	if (!list->nr)
		return;
	for (j = 0; j < nr_fields; j++)
		printf("%-*s%s", j + 1 < nr_fields ? (int)width[j] : 0,
		       fields[j].name, j + 1 < nr_fields ? "  " : "\n");
	for (i = 0; i < list->nr; i++)
		for (j = 0; j < nr_fields; j++)
			printf("%-*s%s", j + 1 < nr_fields ? (int)width[j] : 0,
			       list->rows[i][j],
			       j + 1 < nr_fields ? "  " : "\n");
}

static void sfs_one_visit(void *arg, u8 cmd, struct nlattr **attrs)
{
	struct sfs_list *list = arg;
	const struct sfs_field *field;

	if (!list->js) {
		sfs_fields_print(list->fields, attrs);
		return;
	}
	for (field = list->fields; field->name; field++)
		sfs_field_json(field, attrs, list->js);
}

/* ---- asking ------------------------------------------------------------------------ */

static struct nl_msg *sfs_object_msg(struct sfs_nlc *nlc,
				     const struct sfs_object_args *args,
				     const struct sfs_target *t)
{
	const struct sfs_verb *verb = args->verb;
	struct nl_msg *msg = sfs_nlc_msg(nlc, verb->cmd, verb->is_dump);
	int ret = 0;

	if (!msg)
		return NULL;
	/* fsid and rid have the same numbers in all families */
	if (verb->needs_mount || verb->answer)
		ret = nla_put_u64(msg, SCOUTFS_A_FSID, t->fsid) ?:
		      nla_put_u64(msg, SCOUTFS_A_RID, t->rid);
	if (!ret && verb->answer)
		ret = nla_put_u64(msg, SCOUTFS_A_FENCE_RID, t->fence_rid) ?:
		      nla_put_u32(msg, SCOUTFS_A_FENCE_STATE, verb->answer);
	if (!ret && args->is_waiting)
		ret = nla_put_flag(msg, SCOUTFS_LOCK_A_WAITING);
	if (!ret && verb->change)
		ret = nla_put_u32(msg, SCOUTFS_LOCK_A_SLOT, args->slot) ?:
		      nla_put_u32(msg, SCOUTFS_LOCK_A_SLOT_CHANGE,
				  verb->change);
	if (!ret && args->addr[0])
		ret = nla_put_string(msg, SCOUTFS_LOCK_A_ADDR, args->addr);
	if (!ret)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

static_assert((int)SCOUTFS_A_FSID == (int)SCOUTFS_LOCK_A_FSID);
static_assert((int)SCOUTFS_A_RID == (int)SCOUTFS_LOCK_A_RID);
static_assert((int)SCOUTFS_A_FSID == (int)SCOUTFS_NET_A_FSID);
static_assert((int)SCOUTFS_A_RID == (int)SCOUTFS_NET_A_RID);

/* The text of one try; thrown away when changes interrupted the dump. */
static int sfs_object_try(struct sfs_nlc *nlc,
			  const struct sfs_object_args *args,
			  const struct sfs_target *t, bool is_last)
{
	struct sfs_list list = { .fields = args->verb->fields };
	struct sfs_json js;
	char *json = NULL;
	size_t len = 0;
	struct nl_msg *msg;
	int ret;

	if (args->is_json) {
		list.json_out = open_memstream(&json, &len);
		if (!list.json_out)
			return -ENOMEM;
		list.js = &js;
		sfs_json_start(&js, list.json_out);
		if (args->verb->is_dump)
			sfs_json_open(&js, args->verb->object, '[');
	}
	nlc->visit = args->verb->is_dump ? sfs_list_visit : sfs_one_visit;
	nlc->arg = &list;
	msg = sfs_object_msg(nlc, args, t);
	ret = msg ? sfs_nlc_ask(nlc, msg) : -ENOMEM;
	ret = ret ?: list.error;
	if (!ret && nlc->was_interrupted && !is_last)
		ret = -EAGAIN;
	if (list.js) {
		if (args->verb->is_dump)
			sfs_json_close(&js, ']');
		if (nlc->was_interrupted)
			sfs_json_bool(&js, "interrupted", true);
		sfs_json_end(&js);
		fclose(list.json_out);
		if (!ret)
			fputs(json, stdout);
		free(json);
	} else if (!ret && args->verb->is_dump) {
		sfs_list_print(&list);
	}
	sfs_list_clear(&list);
	return ret;
}

static int sfs_object_run(const struct sfs_object_args *args)
{
	struct sfs_target t = { .text = args->target,
				.is_fence = args->verb->answer };
	struct sfs_nlc nlc = { 0 };
	unsigned int i;
	int ret = 0;

	if (args->verb->needs_mount || args->verb->answer)
		ret = sfs_target_find(&t);
	if (ret)
		return ret;
	ret = sfs_nlc_open(&nlc, args->verb->family);
	if (!ret) {
		i = 0;
		do {
			nlc.was_interrupted = false;
			ret = sfs_object_try(&nlc, args, &t,
					     i + 1 == SFS_NLC_DUMP_TRIES);
		} while (ret == -EAGAIN && nlc.was_interrupted &&
			 ++i < SFS_NLC_DUMP_TRIES);
		sfs_nlc_close(&nlc);
	}
	if (!ret && nlc.was_interrupted)
		fprintf(stderr, "changes interrupted the list, it may not be complete\n");
	if (ret && nlc.text[0])
		fprintf(stderr, "%s\n", nlc.text);
	return ret;
}

/* ---- command line ---------------------------------------------------------------------- */

static const struct argp_option sfs_object_options[] = {
	{ "json", 'j', NULL, 0, "Write JSON", 0 },
	{ 0 }
};

static const struct argp_option sfs_object_lock_options[] = {
	{ "json", 'j', NULL, 0, "Write JSON", 0 },
	{ "waiting", 'w', NULL, 0, "Only locks somebody waits for", 0 },
	{ 0 }
};

/* NR, or NR,ADDR,PORT as with mkfs */
static void sfs_object_parse_slot(struct argp_state *state, char *arg)
{
	struct sfs_disk_quorum_slot slots[SFS_QUORUM_SLOTS_MAX] = { 0 };
	struct sfs_object_args *args = state->input;
	u64 nr;

	args->has_slot = true;
	if (args->verb->change == SCOUTFS_SLOT_CHANGE_REMOVE) {
		nr = sfs_cmd_number(state, arg, "quorum slot number");
		if (nr >= SFS_QUORUM_SLOTS_MAX)
			argp_error(state, "quorum slot number %llu must be below %u",
				   nr, SFS_QUORUM_SLOTS_MAX);
		args->slot = nr;
		return;
	}
	sfs_quorum_arg_parse(state, arg, slots);
	while (!slots[args->slot].family)
		args->slot++;
	sfs_quorum_arg_text(&slots[args->slot], args->addr, sizeof(args->addr));
}

static error_t sfs_object_parse(int key, char *arg, struct argp_state *state)
{
	struct sfs_object_args *args = state->input;
	const struct sfs_verb *verb = args->verb;

	switch (key) {
	case 'j':
		if (verb->answer)
			argp_error(state, "there is nothing to write");
		args->is_json = true;
		return 0;
	case 'w':
		args->is_waiting = true;
		return 0;
	case ARGP_KEY_ARG:
		if (verb->change && !args->has_slot) {
			sfs_object_parse_slot(state, arg);
			return 0;
		}
		if (args->target || (!verb->needs_mount && !verb->answer))
			argp_error(state, "too many arguments");
		args->target = arg;
		return 0;
	case ARGP_KEY_END:
		if (verb->answer && !args->target)
			argp_error(state, "must provide the rid of a mount");
		if (verb->change && !args->has_slot)
			argp_error(state, "must provide a quorum slot");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool sfs_verb_lists_locks(const struct sfs_verb *verb)
{
	return verb->fields == sfs_lock_fields ||
	       verb->fields == sfs_master_fields;
}

static int sfs_object_usage(const char *object)
{
	size_t i;

	fprintf(stderr, "usage: scoutfs %s VERB [--json] [args]\n\n", object);
	for (i = 0; i < ARRAY_SIZE(sfs_verbs); i++)
		if (!strcmp(sfs_verbs[i].object, object))
			fprintf(stderr, "  %-10s %s\n", sfs_verbs[i].verb,
				sfs_verbs[i].doc);
	return 1;
}

int sfs_cmd_object(int argc, char **argv)
{
	struct sfs_object_args args = { 0 };
	struct argp argp = { .parser = sfs_object_parse };
	char name[64];
	size_t i;
	int ret;

	for (i = 0; argc >= 2 && i < ARRAY_SIZE(sfs_verbs); i++) {
		if (!strcmp(sfs_verbs[i].object, argv[0]) &&
		    !strcmp(sfs_verbs[i].verb, argv[1]))
			args.verb = &sfs_verbs[i];
	}
	if (!args.verb)
		return sfs_object_usage(argv[0]);
	snprintf(name, sizeof(name), "%s %s", args.verb->object,
		 args.verb->verb);
	argp.doc = args.verb->doc;
	argp.options = sfs_verb_lists_locks(args.verb) ?
		       sfs_object_lock_options : sfs_object_options;
	if (args.verb->answer)
		argp.args_doc = "RID";
	else if (args.verb->change)
		argp.args_doc = args.verb->change == SCOUTFS_SLOT_CHANGE_REMOVE ?
				"NR [PATH|IDENT|RID]" :
				"NR,ADDR,PORT [PATH|IDENT|RID]";
	else if (args.verb->needs_mount)
		argp.args_doc = "[PATH|IDENT|RID]";
	argv[1] = name;
	argp_parse(&argp, argc - 1, argv + 1, 0, NULL, &args);
	ret = sfs_object_run(&args);
	return ret ? sfs_cmd_failed(name, ret) : 0;
}
