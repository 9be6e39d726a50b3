// SPDX-License-Identifier: GPL-2.0-only
/*
 * The leader's and the mounts' own structures: volume tree, free trees, mount
 * table, records, logs, pools, and space on its way between them.
 */
#include "lib/check_priv.h"

/* Sum of extents, and those that are the leader's already. */
struct sfs_ck_freed {
	struct sfs_ck_mount *mnt;
	enum sfs_own_kind kind;
	u64 skip;		/* extents taken already */
	u64 sum[SFS_SPACE_DATA + 1];
	u64 end;		/* of the extent before */
	u8 space;
	bool is_taken;
};

static bool sfs_check_item_len(struct sfs_check *ck, const char *tree,
			       const struct sfs_key *key, unsigned int len,
			       unsigned int want)
{
	if (len == want)
		return true;
	sfs_check_report(ck, "item-size",
			 "%s: item %llu/%u/%llu/%llu has %u bytes instead of %u",
			 tree, key->ino, key->type, key->a, key->b, len, want);
	return false;
}

static bool sfs_check_space_type(struct sfs_check *ck, const char *tree,
				 const struct sfs_key *key, u64 space)
{
	if (space == SFS_SPACE_META || space == SFS_SPACE_DATA)
		return true;
	sfs_check_report(ck, "item-unknown", "%s: item %llu/%u/%llu/%llu", tree,
			 key->ino, key->type, key->a, key->b);
	return false;
}

static void *sfs_check_add(struct sfs_check *ck, struct sfs_vec *vec,
			   size_t elem_bytes)
{
	void *elem = sfs_vec_add(vec, elem_bytes);

	if (!elem)
		sfs_check_nomem(ck);
	return elem;
}

/* ---- volume tree --------------------------------------------------------------- */

static void sfs_check_add_root(struct sfs_check *ck, u64 group, u64 log_seq,
			       const void *entry)
{
	struct sfs_ck_root *root = sfs_check_add(ck, &ck->roots, sizeof(*root));

	if (!root)
		return;
	root->group = group;
	root->log_seq = log_seq;
	memcpy(&root->entry, entry, sizeof(root->entry));
}

static void sfs_check_free_pos(struct sfs_check *ck, const struct sfs_key *key,
			       const u8 *val)
{
	struct sfs_ck_ext *ext;
	struct sfs_ck_ext *last;
	u64 len = get_unaligned_le64(val);

	if (key->b || !sfs_check_bounds(ck, key->type, key->a, len)) {
		sfs_check_report(ck, "extent-bounds",
				 "free %s blocks %llu, %llu",
				 sfs_space_name(key->type), key->a, len);
		return;
	}
	ext = sfs_check_add(ck, &ck->free_pos[key->type], sizeof(*ext));
	if (!ext)
		return;
	ext->start = key->a;
	ext->len = len;
	if (ck->free_pos[key->type].nr > 1) {
		last = ext - 1;
		if (last->start + last->len == ext->start)
			sfs_check_report(ck, "free-touching",
					 "free %s blocks %llu, %llu and %llu, %llu",
					 sfs_space_name(key->type), last->start,
					 last->len, ext->start, ext->len);
	}
	sfs_check_own(ck, key->type, key->a, len, SFS_OWN_FREE, 0);
}

static void sfs_check_free_size(struct sfs_check *ck, const struct sfs_key *key)
{
	struct sfs_ck_ext *ext;

	ext = sfs_check_add(ck, &ck->free_size[key->type], sizeof(*ext));
	if (!ext)
		return;
	ext->start = key->b;
	ext->len = ~key->a;
}

static void sfs_check_mount_item(struct sfs_check *ck,
				 const struct sfs_key *key, const u8 *val)
{
	struct sfs_ck_mount *mnt;

	if (key->type || key->b || key->a >= le32_to_cpu(ck->sb.nr_slots)) {
		sfs_check_report(ck, "mount-slot", "mount slot %llu", key->a);
		return;
	}
	mnt = sfs_check_add(ck, &ck->mounts, sizeof(*mnt));
	if (!mnt)
		return;
	memset(mnt, 0, sizeof(*mnt));
	mnt->slot = key->a;
	memcpy(&mnt->table, val, sizeof(mnt->table));
	if (!mnt->table.rid || mnt->table.rid == cpu_to_le64(U64_MAX))
		sfs_check_report(ck, "mount-slot", "slot %u: rid %016llx",
				 mnt->slot, le64_to_cpu(mnt->table.rid));
}

static void sfs_check_grant_item(struct sfs_check *ck,
				 const struct sfs_key *key, const u8 *val)
{
	struct sfs_ck_grant *grant;

	grant = sfs_check_add(ck, &ck->grants, sizeof(*grant));
	if (!grant)
		return;
	grant->slot = key->a >> 48;
	grant->id = key->a & (U64_MAX >> 16);
	grant->space = key->type;
	grant->start = key->b;
	grant->len = get_unaligned_le64(val);
}

static void sfs_check_add_orphan(struct sfs_check *ck, u64 ino)
{
	struct sfs_ck_orphan *orphan;

	orphan = sfs_check_add(ck, &ck->orphans, sizeof(*orphan));
	if (!orphan)
		return;
	orphan->ino = ino;
}

/* The entry counts as one of the root map: older ones in logs are history. */
static void sfs_check_emptied(struct sfs_check *ck, const struct sfs_key *key,
			      const u8 *val)
{
	struct sfs_disk_emptied emptied;

	memcpy(&emptied, val, sizeof(emptied));
	if (key->type || key->b || emptied.entry.tree.height) {
		sfs_check_report(ck, "item-value", "emptied group %llu",
				 key->a);
		return;
	}
	sfs_check_add_root(ck, key->a, 0, &emptied.entry);
}

static void sfs_check_volume_item(struct sfs_check *ck, void *arg,
				  const struct sfs_key *key, const u8 *val,
				  unsigned int len)
{
	static const char tree[] = "volume tree";

	switch (key->ino) {
	case SFS_VOL_ROOTMAP:
		if (sfs_check_item_len(ck, tree, key, len,
				       sizeof(struct sfs_disk_root_entry)))
			sfs_check_add_root(ck, key->a, 0, val);
		break;
	case SFS_VOL_FREE_POS:
		if (sfs_check_space_type(ck, tree, key, key->type) &&
		    sfs_check_item_len(ck, tree, key, len, sizeof(__le64)))
			sfs_check_free_pos(ck, key, val);
		break;
	case SFS_VOL_FREE_SIZE:
		if (sfs_check_space_type(ck, tree, key, key->type) &&
		    sfs_check_item_len(ck, tree, key, len, 0))
			sfs_check_free_size(ck, key);
		break;
	case SFS_VOL_MOUNT:
		if (sfs_check_item_len(ck, tree, key, len,
				       sizeof(struct sfs_disk_mount)))
			sfs_check_mount_item(ck, key, val);
		break;
	case SFS_VOL_GRANT:
		if (sfs_check_space_type(ck, tree, key, key->type) &&
		    sfs_check_item_len(ck, tree, key, len, sizeof(__le64)))
			sfs_check_grant_item(ck, key, val);
		break;
	case SFS_VOL_ORPHAN:
		if (sfs_check_item_len(ck, tree, key, len, 0))
			sfs_check_add_orphan(ck, key->a);
		break;
	case SFS_VOL_EMPTIED:
		if (sfs_check_item_len(ck, tree, key, len,
				       sizeof(struct sfs_disk_emptied)))
			sfs_check_emptied(ck, key, val);
		break;
	default:
		sfs_check_report(ck, "item-unknown",
				 "%s: item %llu/%u/%llu/%llu", tree, key->ino,
				 key->type, key->a, key->b);
	}
}

static int sfs_ck_ext_cmp(const void *a, const void *b)
{
	const struct sfs_ck_ext *x = a;
	const struct sfs_ck_ext *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Two sorted lists must be alike; name what is in one of them only. */
static void sfs_check_free_index(struct sfs_check *ck, unsigned int space)
{
	struct sfs_vec *pos = &ck->free_pos[space];
	struct sfs_vec *size = &ck->free_size[space];
	size_t i = 0;
	size_t j = 0;

	sort(size->mem, size->nr, sizeof(struct sfs_ck_ext), sfs_ck_ext_cmp,
	     NULL);
	while (i < pos->nr || j < size->nr) {
		const struct sfs_ck_ext *p = i < pos->nr ?
			sfs_vec_at(pos, struct sfs_ck_ext, i) : NULL;
		const struct sfs_ck_ext *s = j < size->nr ?
			sfs_vec_at(size, struct sfs_ck_ext, j) : NULL;

		if (p && s && p->start == s->start && p->len == s->len) {
			i++;
			j++;
			continue;
		}
		if (p && (!s || p->start <= s->start)) {
			sfs_check_report(ck, "free-index",
					 "%s blocks %llu, %llu are free by position only",
					 sfs_space_name(space), p->start,
					 p->len);
			i++;
		} else {
			sfs_check_report(ck, "free-index",
					 "%s blocks %llu, %llu are free by size only",
					 sfs_space_name(space), s->start,
					 s->len);
			j++;
		}
	}
}

static void sfs_check_free_count(struct sfs_check *ck, unsigned int space)
{
	u64 want = le64_to_cpu(space == SFS_SPACE_META ?
			       ck->sb.free_meta_blocks :
			       ck->sb.free_data_blocks);
	u64 sum = 0;
	size_t i;

	for (i = 0; i < ck->free_pos[space].nr; i++)
		sum += sfs_vec_at(&ck->free_pos[space], struct sfs_ck_ext,
				  i)->len;
	if (sum != want)
		sfs_check_report(ck, "super-counter",
				 "%llu %s blocks are free, the super says %llu",
				 sum, sfs_space_name(space), want);
}

/* ---- pools ------------------------------------------------------------------------- */

struct sfs_ck_pool {
	struct sfs_check *ck;
	enum sfs_own_kind kind;
	u64 id;
	u64 end;		/* of the extent before */
	u64 *skip;		/* extents taken back already */
	u8 space;
};

static void sfs_check_pool_extents(struct sfs_ck_pool *pool,
				   const struct sfs_disk_extent *ext,
				   unsigned int nr)
{
	unsigned int i;
	char own[64];

	for (i = 0; i < nr; i++) {
		u64 start = le64_to_cpu(ext[i].start);
		u64 len = le64_to_cpu(ext[i].len);

		if (pool->end && start <= pool->end)
			sfs_check_report(pool->ck, "pool-list",
					 "extent %llu, %llu of %s is out of order",
					 start, len,
					 sfs_own_text(own, sizeof(own),
						      pool->kind, pool->id));
		pool->end = start + len;
		if (pool->skip && *pool->skip)
			(*pool->skip)--;
		else
			sfs_check_own(pool->ck, pool->space, start, len,
				      pool->kind, pool->id);
	}
}

static void sfs_check_pool_list(struct sfs_ck_pool *pool,
				const struct sfs_disk_ref *list, u64 owner,
				enum sfs_own_kind list_kind)
{
	struct sfs_disk_ref ref = *list;
	struct sfs_check *ck = pool->ck;
	struct sfs_extlist_block *el = (void *)ck->buf[0];

	while (ref.blkno && !ck->error) {
		if (sfs_check_read(ck, &ref, owner, SFS_BLOCK_EXTLIST,
				   list_kind, pool->id, ck->buf[0]))
			return;
		sfs_check_pool_extents(pool, el->ext, le32_to_cpu(el->nr));
		ref = el->next;
	}
}

static void sfs_check_leader_pool(struct sfs_check *ck)
{
	struct sfs_ck_pool pool = {
		.ck = ck,
		.kind = SFS_OWN_LEADER_POOL,
		.space = SFS_SPACE_META,
	};

	sfs_check_pool_extents(&pool, ck->sb.pool, le32_to_cpu(ck->sb.pool_nr));
	sfs_check_pool_list(&pool, &ck->sb.pool_list, SFS_OWNER_LEADER_POOL,
			    SFS_OWN_LEADER_LIST);
}

static void sfs_check_mount_pools(struct sfs_check *ck,
				  struct sfs_ck_mount *mnt)
{
	struct sfs_mount_record *rec = mnt->rec;
	u64 skip = le32_to_cpu(mnt->table.cursor);
	struct sfs_ck_pool pool = {
		.ck = ck,
		.kind = SFS_OWN_POOL,
		.id = mnt->slot,
		.skip = &skip,
		.space = SFS_SPACE_META,
	};

	sfs_check_pool_extents(&pool, rec->meta_ext,
			       le32_to_cpu(rec->nr_meta_ext));
	sfs_check_pool_list(&pool, &rec->pool_list, SFS_OWNER_POOL(mnt->slot),
			    SFS_OWN_POOL_LIST);
	pool.end = 0;
	pool.space = SFS_SPACE_DATA;
	sfs_check_pool_extents(&pool, rec->data_ext,
			       le32_to_cpu(rec->nr_data_ext));
}

/* ---- freed trees --------------------------------------------------------------------- */

static void sfs_check_freed_item(struct sfs_check *ck, void *arg,
				 const struct sfs_key *key, const u8 *val,
				 unsigned int len)
{
	static const char tree[] = "freed tree";
	struct sfs_ck_freed *fr = arg;
	u64 blocks;

	if (!sfs_check_space_type(ck, tree, key, key->ino) ||
	    !sfs_check_item_len(ck, tree, key, len, sizeof(__le64)))
		return;
	blocks = get_unaligned_le64(val);
	if (key->type || key->b || !blocks ||
	    (fr->space == key->ino && key->a < fr->end))
		sfs_check_report(ck, "item-value",
				 "freed tree of slot %u: %s blocks %llu, %llu",
				 fr->mnt->slot, sfs_space_name(key->ino),
				 key->a, blocks);
	fr->space = key->ino;
	fr->end = key->a + blocks;
	fr->sum[key->ino] += blocks;
	if (fr->skip)
		fr->skip--;
	else
		sfs_check_own(ck, key->ino, key->a, blocks, fr->kind,
			      fr->mnt->slot);
}

/*
 * A return tree belongs to the mount until the leader took the return's id;
 * while it is taking, a cursor says how many extents are its own already.
 */
static void sfs_check_freed(struct sfs_check *ck, struct sfs_ck_mount *mnt,
			    const struct sfs_disk_tree *tree, u64 return_id,
			    struct sfs_ck_freed *fr)
{
	u64 taken = le64_to_cpu(mnt->table.return_id);

	fr->mnt = mnt;
	if (taken >= return_id)
		return;
	if (taken + 1 == return_id)
		fr->skip = le64_to_cpu(mnt->table.return_cursor);
	sfs_check_tree(ck, tree, SFS_OWNER_FREED(mnt->slot),
		       SFS_OWN_FREED_TREE, mnt->slot, sfs_check_freed_item, fr);
}

static void sfs_check_freed_count(struct sfs_check *ck,
				  struct sfs_ck_mount *mnt,
				  const struct sfs_ck_freed *freed,
				  const struct sfs_ck_freed *ret)
{
	const struct sfs_mount_record *rec = mnt->rec;
	u64 taken = le64_to_cpu(mnt->table.return_id);
	u64 meta = freed->sum[SFS_SPACE_META] + ret->sum[SFS_SPACE_META];
	u64 data = freed->sum[SFS_SPACE_DATA] + ret->sum[SFS_SPACE_DATA];

	/* what the leader took is not walked, and may not be there any more */
	if (ck->is_damaged || (rec->ret.height &&
			       taken >= le64_to_cpu(rec->return_id)) ||
	    taken > le64_to_cpu(rec->return_id))
		return;
	if (meta != le64_to_cpu(rec->nr_freed_meta) ||
	    data != le64_to_cpu(rec->nr_freed_data))
		sfs_check_report(ck, "record-count",
				 "slot %u: freed %llu metadata and %llu data blocks, the record says %llu and %llu",
				 mnt->slot, meta, data,
				 le64_to_cpu(rec->nr_freed_meta),
				 le64_to_cpu(rec->nr_freed_data));
}

static void sfs_check_mount_freed(struct sfs_check *ck,
				  struct sfs_ck_mount *mnt)
{
	struct sfs_ck_freed freed = { .kind = SFS_OWN_FREED };
	struct sfs_ck_freed ret = { .kind = SFS_OWN_RETURN };
	u64 id = le64_to_cpu(mnt->rec->return_id);

	sfs_check_freed(ck, mnt, &mnt->rec->ret, id, &ret);
	/* recovery takes what was not offered as one more return */
	sfs_check_freed(ck, mnt, &mnt->rec->freed, id + 1, &freed);
	sfs_check_freed_count(ck, mnt, &freed, &ret);
}

/* ---- mount logs ------------------------------------------------------------------------ */

static void sfs_check_mlog_item(struct sfs_check *ck, void *arg,
				const struct sfs_key *key, const u8 *val,
				unsigned int len)
{
	struct sfs_ck_mount *mnt = arg;
	struct sfs_disk_mlog_root root;

	switch (key->ino) {
	case SFS_MLOG_ROOT:
		if (!sfs_check_item_len(ck, "mount log", key, len,
					sizeof(root)))
			return;
		memcpy(&root, val, sizeof(root));
		if (le64_to_cpu(root.seq) > le64_to_cpu(mnt->rec->hdr.seq))
			sfs_check_report(ck, "record-seq",
					 "slot %u: log entry of group %llu has seq %llu, the record %llu",
					 mnt->slot, key->a,
					 le64_to_cpu(root.seq),
					 le64_to_cpu(mnt->rec->hdr.seq));
		/* what is folded is in the root map, or was replaced there */
		if (le64_to_cpu(root.seq) >
		    le64_to_cpu(mnt->table.folded_seq))
			sfs_check_add_root(ck, key->a, le64_to_cpu(root.seq),
					   &root.entry);
		break;
	case SFS_MLOG_ORPHAN:
		if (sfs_check_item_len(ck, "mount log", key, len, 0))
			sfs_check_add_orphan(ck, key->a);
		break;
	default:
		sfs_check_report(ck, "item-unknown",
				 "log of slot %u: item %llu/%u/%llu/%llu",
				 mnt->slot, key->ino, key->type, key->a,
				 key->b);
	}
}

/* ---- mounts ----------------------------------------------------------------------------- */

/* The one that recovery would take, with the rid of the mount table. */
static void sfs_check_read_record(struct sfs_check *ck,
				  struct sfs_ck_mount *mnt)
{
	struct sfs_volume vol = {
		.meta = ck->meta,
		.fsid = ck->fsid,
		.block_bytes = ck->block_bytes,
		.block_shift = ck->block_shift,
		.total_meta_blocks = ck->total_meta,
	};
	int ret;

	mnt->rec = kmalloc(sizeof(*mnt->rec), GFP_KERNEL);
	ret = !mnt->rec ? -ENOMEM :
	      sfs_record_find(&vol, mnt->slot, le64_to_cpu(mnt->table.rid),
			      mnt->rec);
	if (ret == -ENOMEM)
		sfs_check_nomem(ck);
	if (ret < 0) {
		kfree(mnt->rec);
		mnt->rec = NULL;
	}
}

static void sfs_check_record_seq(struct sfs_check *ck,
				 const struct sfs_ck_mount *mnt)
{
	const struct sfs_mount_record *rec = mnt->rec;

	if (le64_to_cpu(rec->hdr.seq) >= le64_to_cpu(ck->sb.next_seq))
		sfs_check_report(ck, "record-seq",
				 "slot %u: seq %llu, the super gave out those below %llu",
				 mnt->slot, le64_to_cpu(rec->hdr.seq),
				 le64_to_cpu(ck->sb.next_seq));
	if (le64_to_cpu(rec->end_group) > le64_to_cpu(ck->sb.next_group) ||
	    le64_to_cpu(rec->next_group) > le64_to_cpu(rec->end_group))
		sfs_check_report(ck, "record-seq",
				 "slot %u: groups %llu to %llu, the super gave out those below %llu",
				 mnt->slot, le64_to_cpu(rec->next_group),
				 le64_to_cpu(rec->end_group),
				 le64_to_cpu(ck->sb.next_group));
	if (le64_to_cpu(rec->grant_id) > le64_to_cpu(mnt->table.grant_id) ||
	    le64_to_cpu(mnt->table.return_id) >
	    le64_to_cpu(rec->return_id) + 1)
		sfs_check_report(ck, "record-seq",
				 "slot %u: grant %llu of %llu, return %llu of %llu",
				 mnt->slot, le64_to_cpu(rec->grant_id),
				 le64_to_cpu(mnt->table.grant_id),
				 le64_to_cpu(mnt->table.return_id),
				 le64_to_cpu(rec->return_id));
}

static void sfs_check_mount(struct sfs_check *ck, struct sfs_ck_mount *mnt)
{
	sfs_check_read_record(ck, mnt);
	if (!mnt->rec) {
		/* the first one is older than the table's entry */
		ck->is_damaged = true;
		sfs_check_report(ck, "record-missing",
				 "slot %u rid %016llx", mnt->slot,
				 le64_to_cpu(mnt->table.rid));
		return;
	}
	sfs_check_record_seq(ck, mnt);
	sfs_check_tree(ck, &mnt->rec->mlog, SFS_OWNER_MLOG(mnt->slot),
		       SFS_OWN_MLOG, mnt->slot, sfs_check_mlog_item, mnt);
	sfs_check_mount_pools(ck, mnt);
	sfs_check_mount_freed(ck, mnt);
}

static struct sfs_ck_mount *sfs_check_find_mount(struct sfs_check *ck, u32 slot)
{
	size_t i;

	for (i = 0; i < ck->mounts.nr; i++) {
		struct sfs_ck_mount *mnt = sfs_vec_at(&ck->mounts,
						      struct sfs_ck_mount, i);

		if (mnt->slot == slot)
			return mnt;
	}
	return NULL;
}

/* A grant is on its way until the mount's record has its id. */
static void sfs_check_grants(struct sfs_check *ck)
{
	size_t i;

	for (i = 0; i < ck->grants.nr; i++) {
		struct sfs_ck_grant *grant = sfs_vec_at(&ck->grants,
							struct sfs_ck_grant, i);
		struct sfs_ck_mount *mnt;
		u64 taken;

		mnt = sfs_check_find_mount(ck, grant->slot);
		if (!mnt) {
			sfs_check_report(ck, "mount-slot",
					 "grant %llu to slot %u, which nobody has",
					 grant->id, grant->slot);
			continue;
		}
		taken = mnt->rec ? le64_to_cpu(mnt->rec->grant_id) : 0;
		if (grant->id > taken)
			sfs_check_own(ck, grant->space, grant->start,
				      grant->len, SFS_OWN_GRANT, grant->slot);
	}
}

void sfs_check_volume(struct sfs_check *ck)
{
	unsigned int space;

	sfs_check_leader_pool(ck);
	sfs_check_tree(ck, &ck->sb.volume, SFS_OWNER_VOLUME, SFS_OWN_VOLUME, 0,
		       sfs_check_volume_item, NULL);
	if (ck->is_damaged)
		return;
	for (space = SFS_SPACE_META; space <= SFS_SPACE_DATA; space++) {
		sfs_check_free_index(ck, space);
		sfs_check_free_count(ck, space);
	}
}

void sfs_check_mounts(struct sfs_check *ck)
{
	size_t i;

	ck->st->nr_mounts = ck->mounts.nr;
	for (i = 0; i < ck->mounts.nr && !ck->error; i++)
		sfs_check_mount(ck, sfs_vec_at(&ck->mounts, struct sfs_ck_mount,
					       i));
	sfs_check_grants(ck);
}

void sfs_check_volume_exit(struct sfs_check *ck)
{
	unsigned int space;
	size_t i;

	for (i = 0; i < ck->mounts.nr; i++)
		kfree(sfs_vec_at(&ck->mounts, struct sfs_ck_mount, i)->rec);
	for (space = SFS_SPACE_META; space <= SFS_SPACE_DATA; space++) {
		sfs_vec_exit(&ck->free_pos[space]);
		sfs_vec_exit(&ck->free_size[space]);
		sfs_vec_exit(&ck->own[space]);
	}
	sfs_vec_exit(&ck->grants);
	sfs_vec_exit(&ck->mounts);
	sfs_vec_exit(&ck->roots);
	sfs_vec_exit(&ck->orphans);
}
