// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns which blocks: invariant I4.
 *
 * Every owner adds its extents; sorted by position they must cover each
 * device exactly once.
 */
#include "lib/check_priv.h"

void *sfs_vec_add(struct sfs_vec *vec, size_t elem_bytes)
{
	if (vec->nr == vec->size) {
		size_t size = vec->size ? vec->size * 2 : 64;
		void *mem = krealloc(vec->mem, size * elem_bytes, GFP_KERNEL);

		if (!mem)
			return NULL;
		vec->mem = mem;
		vec->size = size;
	}
	return (char *)vec->mem + vec->nr++ * elem_bytes;
}

void sfs_vec_exit(struct sfs_vec *vec)
{
	kfree(vec->mem);
	memset(vec, 0, sizeof(*vec));
}

const char *sfs_space_name(unsigned int space)
{
	return space == SFS_SPACE_META ? "metadata" : "data";
}

const char *sfs_own_text(char *buf, size_t size, enum sfs_own_kind kind, u64 id)
{
	static const struct {
		const char *text;
		bool has_id;
	} names[SFS_OWN_NR] = {
		[SFS_OWN_VOLUME]	= { "the volume tree", false },
		[SFS_OWN_LEADER_LIST]	= { "the leader's pool list", false },
		[SFS_OWN_LEADER_POOL]	= { "the leader's pool", false },
		[SFS_OWN_FREE]		= { "free space", false },
		[SFS_OWN_GRANT]		= { "grants to slot", true },
		[SFS_OWN_MLOG]		= { "the log of slot", true },
		[SFS_OWN_FREED_TREE]	= { "the freed trees of slot", true },
		[SFS_OWN_FREED]		= { "freed space of slot", true },
		[SFS_OWN_RETURN]	= { "returns of slot", true },
		[SFS_OWN_POOL_LIST]	= { "the pool list of slot", true },
		[SFS_OWN_POOL]		= { "the pools of slot", true },
		[SFS_OWN_GROUP]		= { "group", true },
		[SFS_OWN_FILE]		= { "inode", true },
	};

	if (names[kind].has_id)
		snprintf(buf, size, "%s %llu", names[kind].text, id);
	else
		snprintf(buf, size, "%s", names[kind].text);
	return buf;
}

static u64 sfs_check_first(const struct sfs_check *ck, unsigned int space)
{
	return space == SFS_SPACE_META ? ck->first_meta : SFS_DATA_FIRST_BLOCK;
}

static u64 sfs_check_total(const struct sfs_check *ck, unsigned int space)
{
	return space == SFS_SPACE_META ? ck->total_meta : ck->total_data;
}

bool sfs_check_bounds(struct sfs_check *ck, unsigned int space, u64 start,
		      u64 len)
{
	u64 total = sfs_check_total(ck, space);

	return len && start >= sfs_check_first(ck, space) && start < total &&
	       len <= total - start;
}

/* Extents are in bounds or are reported and ignored. */
void sfs_check_own(struct sfs_check *ck, unsigned int space, u64 start, u64 len,
		   enum sfs_own_kind kind, u64 id)
{
	struct sfs_vec *vec = &ck->own[space];
	struct sfs_own *own;
	char text[64];

	if (!sfs_check_bounds(ck, space, start, len)) {
		sfs_check_report(ck, "extent-bounds",
				 "%s blocks %llu, %llu of %s",
				 sfs_space_name(space), start, len,
				 sfs_own_text(text, sizeof(text), kind, id));
		return;
	}
	if (vec->nr) {
		own = sfs_vec_at(vec, struct sfs_own, vec->nr - 1);
		if (own->kind == kind && own->id == id &&
		    own->start + own->len == start) {
			own->len += len;
			return;
		}
	}
	own = sfs_vec_add(vec, sizeof(*own));
	if (!own) {
		sfs_check_nomem(ck);
		return;
	}
	own->start = start;
	own->len = len;
	own->kind = kind;
	own->id = id;
}

static int sfs_own_cmp(const void *a, const void *b)
{
	const struct sfs_own *x = a;
	const struct sfs_own *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->len < y->len ? -1 : x->len > y->len;
}

static void sfs_check_leak(struct sfs_check *ck, unsigned int space, u64 from,
			   u64 to)
{
	if (from < to)
		sfs_check_report(ck, space == SFS_SPACE_META ? "meta-leaked" :
							       "data-leaked",
				 "%s blocks %llu to %llu belong to nobody",
				 sfs_space_name(space), from, to - 1);
}

static void sfs_check_shared(struct sfs_check *ck, unsigned int space,
			     const struct sfs_own *x, const struct sfs_own *y)
{
	u64 last = min(x->start + x->len, y->start + y->len) - 1;
	char one[64];
	char two[64];

	sfs_check_report(ck, space == SFS_SPACE_META ? "meta-shared" :
						       "data-shared",
			 "%s blocks %llu to %llu belong to %s and to %s",
			 sfs_space_name(space), y->start, last,
			 sfs_own_text(one, sizeof(one), x->kind, x->id),
			 sfs_own_text(two, sizeof(two), y->kind, y->id));
}

static bool sfs_own_is_free(enum sfs_own_kind kind)
{
	return kind == SFS_OWN_LEADER_POOL || kind == SFS_OWN_FREE ||
	       kind == SFS_OWN_GRANT || kind == SFS_OWN_FREED ||
	       kind == SFS_OWN_RETURN || kind == SFS_OWN_POOL;
}

/* What a damaged tree owned is unknown: then nothing is called leaked. */
static void sfs_check_space(struct sfs_check *ck, unsigned int space)
{
	struct sfs_vec *vec = &ck->own[space];
	const struct sfs_own *last = NULL;
	u64 end = sfs_check_first(ck, space);
	u64 nr_free = 0;
	size_t i;

	sort(vec->mem, vec->nr, sizeof(struct sfs_own), sfs_own_cmp, NULL);
	for (i = 0; i < vec->nr; i++) {
		const struct sfs_own *own = sfs_vec_at(vec, struct sfs_own, i);

		if (sfs_own_is_free(own->kind))
			nr_free += own->len;
		if (own->start < end && last)
			sfs_check_shared(ck, space, last, own);
		else if (!ck->is_damaged)
			sfs_check_leak(ck, space, end, own->start);
		if (own->start + own->len > end) {
			end = own->start + own->len;
			last = own;
		}
	}
	if (!ck->is_damaged)
		sfs_check_leak(ck, space, end, sfs_check_total(ck, space));
	if (space == SFS_SPACE_META)
		ck->st->free_meta_blocks = nr_free;
	else
		ck->st->free_data_blocks = nr_free;
}

void sfs_check_owners(struct sfs_check *ck)
{
	sfs_check_space(ck, SFS_SPACE_META);
	sfs_check_space(ck, SFS_SPACE_DATA);
}
