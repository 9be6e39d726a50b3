// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dump of a volume.
 *
 * One printer per structure writes name=value pairs of text or members of a
 * JSON object.  Blocks are read by the check's code, which verifies them.
 */
#include "lib/print.h"

#include "fs/ns/items.h"
#include "lib/check_priv.h"
#include "lib/json.h"

struct sfs_print {
	const struct sfs_print_params *params;
	struct sfs_check *ck;
	struct sfs_json json;
};

/* ---- values ------------------------------------------------------------------- */

static void sfs_pr_list(struct sfs_print *pr, const char *name)
{
	if (pr->params->is_json)
		sfs_json_open(&pr->json, name, '[');
	else
		fprintf(pr->params->out, "%s\n", name);
}

static void sfs_pr_list_end(struct sfs_print *pr)
{
	if (pr->params->is_json)
		sfs_json_close(&pr->json, ']');
}

static void sfs_pr_begin(struct sfs_print *pr, const char *kind)
{
	if (pr->params->is_json) {
		sfs_json_open(&pr->json, NULL, '{');
		sfs_json_str(&pr->json, "kind", kind);
		return;
	}
	fprintf(pr->params->out, "  %s", kind);
}

static void sfs_pr_end(struct sfs_print *pr)
{
	if (pr->params->is_json)
		sfs_json_close(&pr->json, '}');
	else
		fputc('\n', pr->params->out);
}

static void sfs_pr_num(struct sfs_print *pr, const char *name, u64 val)
{
	if (pr->params->is_json)
		sfs_json_num(&pr->json, name, val);
	else
		fprintf(pr->params->out, " %s=%llu", name, val);
}

static void sfs_pr_hex(struct sfs_print *pr, const char *name, u64 val)
{
	if (pr->params->is_json)
		sfs_json_hex(&pr->json, name, val);
	else
		fprintf(pr->params->out, " %s=%016llx", name, val);
}

static void sfs_pr_bytes(struct sfs_print *pr, const char *name,
			 const void *bytes, size_t len)
{
	const u8 *p = bytes;
	size_t i;

	if (pr->params->is_json) {
		sfs_json_bytes(&pr->json, name, bytes, len);
		return;
	}
	fprintf(pr->params->out, " %s=\"", name);
	for (i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] >= 0x7f || p[i] == '"' || p[i] == '\\')
			fprintf(pr->params->out, "\\x%02x", p[i]);
		else
			fputc(p[i], pr->params->out);
	}
	fputc('"', pr->params->out);
}

static void sfs_pr_str(struct sfs_print *pr, const char *name, const char *str,
		       size_t max)
{
	sfs_pr_bytes(pr, name, str, strnlen(str, max));
}

static void sfs_pr_time(struct sfs_print *pr, const char *name,
			const struct timespec64 *ts)
{
	char text[48];

	snprintf(text, sizeof(text), "%lld.%09ld", (long long)ts->tv_sec,
		 ts->tv_nsec);
	sfs_pr_str(pr, name, text, sizeof(text));
}

static void sfs_pr_tree(struct sfs_print *pr, const char *name,
			const struct sfs_disk_tree *tree)
{
	char text[96];

	snprintf(text, sizeof(text), "height %u block %llu seq %llu crc %08x",
		 tree->height, le64_to_cpu(tree->ref.blkno),
		 le64_to_cpu(tree->ref.seq), le32_to_cpu(tree->ref.crc));
	sfs_pr_str(pr, name, text, sizeof(text));
}

static void sfs_pr_header(struct sfs_print *pr, const struct sfs_block_hdr *hdr)
{
	sfs_pr_hex(pr, "fsid", le64_to_cpu(hdr->fsid));
	sfs_pr_num(pr, "blkno", le64_to_cpu(hdr->blkno));
	sfs_pr_num(pr, "seq", le64_to_cpu(hdr->seq));
}

static void sfs_pr_extents(struct sfs_print *pr, const char *kind,
			   const struct sfs_disk_extent *ext, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		sfs_pr_begin(pr, kind);
		sfs_pr_num(pr, "start", le64_to_cpu(ext[i].start));
		sfs_pr_num(pr, "len", le64_to_cpu(ext[i].len));
		sfs_pr_end(pr);
	}
}

static void sfs_pr_unknown(struct sfs_print *pr, const struct sfs_key *key,
			   unsigned int len)
{
	sfs_pr_begin(pr, "unknown");
	sfs_pr_num(pr, "ino", key->ino);
	sfs_pr_num(pr, "type", key->type);
	sfs_pr_num(pr, "a", key->a);
	sfs_pr_num(pr, "b", key->b);
	sfs_pr_num(pr, "bytes", len);
	sfs_pr_end(pr);
}

static u64 sfs_pr_le64(const u8 *val, unsigned int len)
{
	return len == sizeof(__le64) ? get_unaligned_le64(val) : 0;
}

/* ---- super -------------------------------------------------------------------------- */

static void sfs_print_super(struct sfs_print *pr,
			    const struct sfs_super_block *sb)
{
	unsigned int i;

	sfs_pr_list(pr, "super");
	sfs_pr_begin(pr, "super");
	sfs_pr_header(pr, &sb->hdr);
	sfs_pr_hex(pr, "compat", le64_to_cpu(sb->compat));
	sfs_pr_hex(pr, "ro_compat", le64_to_cpu(sb->ro_compat));
	sfs_pr_hex(pr, "incompat", le64_to_cpu(sb->incompat));
	sfs_pr_num(pr, "format_version", le32_to_cpu(sb->format_version));
	sfs_pr_num(pr, "block_shift", le32_to_cpu(sb->block_shift));
	sfs_pr_num(pr, "group_shift", le32_to_cpu(sb->group_shift));
	sfs_pr_num(pr, "nr_slots", le32_to_cpu(sb->nr_slots));
	sfs_pr_num(pr, "first_meta_block", le64_to_cpu(sb->first_meta_block));
	sfs_pr_num(pr, "total_meta_blocks", le64_to_cpu(sb->total_meta_blocks));
	sfs_pr_num(pr, "total_data_blocks", le64_to_cpu(sb->total_data_blocks));
	sfs_pr_num(pr, "data_start_bytes", le64_to_cpu(sb->data_start_bytes));
	sfs_pr_num(pr, "next_seq", le64_to_cpu(sb->next_seq));
	sfs_pr_num(pr, "next_group", le64_to_cpu(sb->next_group));
	sfs_pr_num(pr, "nr_inodes", le64_to_cpu(sb->nr_inodes));
	sfs_pr_num(pr, "free_meta_blocks", le64_to_cpu(sb->free_meta_blocks));
	sfs_pr_num(pr, "free_data_blocks", le64_to_cpu(sb->free_data_blocks));
	sfs_pr_num(pr, "data_alloc_zone_blocks",
		   le64_to_cpu(sb->data_alloc_zone_blocks));
	sfs_pr_str(pr, "lock_provider", sb->lock_provider, SFS_PROVIDER_BYTES);
	sfs_pr_str(pr, "transport", sb->transport, SFS_PROVIDER_BYTES);
	sfs_pr_num(pr, "quorum_version", le64_to_cpu(sb->quorum_version));
	sfs_pr_tree(pr, "volume", &sb->volume);
	sfs_pr_end(pr);
	for (i = 0; i < SFS_QUORUM_SLOTS_MAX; i++) {
		if (!sb->quorum[i].family)
			continue;
		sfs_pr_begin(pr, "quorum_slot");
		sfs_pr_num(pr, "nr", i);
		sfs_pr_num(pr, "family", sb->quorum[i].family);
		sfs_pr_hex(pr, "addr", get_unaligned_be32(sb->quorum[i].addr));
		sfs_pr_num(pr, "port", le16_to_cpu(sb->quorum[i].port));
		sfs_pr_end(pr);
	}
	sfs_pr_extents(pr, "pool", sb->pool, le32_to_cpu(sb->pool_nr));
	sfs_pr_list_end(pr);
}

/* ---- volume tree ---------------------------------------------------------------------- */

static void sfs_print_root_entry(struct sfs_print *pr,
				 const struct sfs_disk_root_entry *e)
{
	sfs_pr_num(pr, "version", le64_to_cpu(e->version));
	sfs_pr_num(pr, "nr_numbers", le32_to_cpu(e->nr_numbers));
	sfs_pr_num(pr, "nr_inodes", le32_to_cpu(e->nr_inodes));
	sfs_pr_num(pr, "max_meta_seq", le64_to_cpu(e->max_meta_seq));
	sfs_pr_num(pr, "max_data_seq", le64_to_cpu(e->max_data_seq));
	sfs_pr_hex(pr, "flags", le32_to_cpu(e->flags));
	sfs_pr_tree(pr, "tree", &e->tree);
}

static void sfs_print_mount_item(struct sfs_print *pr, const u8 *val,
				 unsigned int len)
{
	struct sfs_disk_mount mnt;

	if (len != sizeof(mnt))
		return;
	memcpy(&mnt, val, sizeof(mnt));
	sfs_pr_hex(pr, "rid", le64_to_cpu(mnt.rid));
	sfs_pr_num(pr, "folded_seq", le64_to_cpu(mnt.folded_seq));
	sfs_pr_num(pr, "grant_id", le64_to_cpu(mnt.grant_id));
	sfs_pr_num(pr, "return_id", le64_to_cpu(mnt.return_id));
	sfs_pr_num(pr, "return_cursor", le64_to_cpu(mnt.return_cursor));
	sfs_pr_hex(pr, "flags", le32_to_cpu(mnt.flags));
	sfs_pr_num(pr, "cursor", le32_to_cpu(mnt.cursor));
}

static void sfs_print_space_item(struct sfs_print *pr, const char *kind,
				 unsigned int space, u64 start, u64 len)
{
	sfs_pr_begin(pr, kind);
	sfs_pr_str(pr, "space", sfs_space_name(space), 16);
	sfs_pr_num(pr, "start", start);
	sfs_pr_num(pr, "len", len);
}

static void sfs_print_volume_item(struct sfs_check *ck, void *arg,
				  const struct sfs_key *key, const u8 *val,
				  unsigned int len)
{
	struct sfs_disk_root_entry entry;
	struct sfs_print *pr = arg;

	switch (key->ino) {
	case SFS_VOL_ROOTMAP:
		sfs_pr_begin(pr, "root");
		sfs_pr_num(pr, "group", key->a);
		memset(&entry, 0, sizeof(entry));
		memcpy(&entry, val, min_t(size_t, len, sizeof(entry)));
		sfs_print_root_entry(pr, &entry);
		break;
	case SFS_VOL_FREE_POS:
		sfs_print_space_item(pr, "free_pos", key->type, key->a,
				     sfs_pr_le64(val, len));
		break;
	case SFS_VOL_FREE_SIZE:
		sfs_print_space_item(pr, "free_size", key->type, key->b,
				     ~key->a);
		break;
	case SFS_VOL_MOUNT:
		sfs_pr_begin(pr, "mount");
		sfs_pr_num(pr, "slot", key->a);
		sfs_print_mount_item(pr, val, len);
		break;
	case SFS_VOL_GRANT:
		sfs_print_space_item(pr, "grant", key->type, key->b,
				     sfs_pr_le64(val, len));
		sfs_pr_num(pr, "slot", key->a >> 48);
		sfs_pr_num(pr, "id", key->a & (U64_MAX >> 16));
		break;
	case SFS_VOL_ORPHAN:
		sfs_pr_begin(pr, "orphan");
		sfs_pr_num(pr, "ino", key->a);
		break;
	case SFS_VOL_EMPTIED:
		sfs_pr_begin(pr, "emptied");
		sfs_pr_num(pr, "group", key->a);
		memset(&entry, 0, sizeof(entry));
		memcpy(&entry, val, min_t(size_t, len, sizeof(entry)));
		sfs_print_root_entry(pr, &entry);
		break;
	default:
		sfs_pr_unknown(pr, key, len);
		return;
	}
	sfs_pr_end(pr);
}

/* ---- mounts --------------------------------------------------------------------------- */

static void sfs_print_mlog_item(struct sfs_check *ck, void *arg,
				const struct sfs_key *key, const u8 *val,
				unsigned int len)
{
	struct sfs_disk_mlog_root root;
	struct sfs_print *pr = arg;

	switch (key->ino) {
	case SFS_MLOG_ROOT:
		memset(&root, 0, sizeof(root));
		memcpy(&root, val, min_t(size_t, len, sizeof(root)));
		sfs_pr_begin(pr, "log_root");
		sfs_pr_num(pr, "group", key->a);
		sfs_pr_num(pr, "seq", le64_to_cpu(root.seq));
		sfs_print_root_entry(pr, &root.entry);
		break;
	case SFS_MLOG_ORPHAN:
		sfs_pr_begin(pr, "log_orphan");
		sfs_pr_num(pr, "ino", key->a);
		break;
	default:
		sfs_pr_unknown(pr, key, len);
		return;
	}
	sfs_pr_end(pr);
}

static void sfs_print_freed_item(struct sfs_check *ck, void *arg,
				 const struct sfs_key *key, const u8 *val,
				 unsigned int len)
{
	struct sfs_print *pr = arg;

	sfs_print_space_item(pr, "freed", key->ino, key->a,
			     sfs_pr_le64(val, len));
	sfs_pr_end(pr);
}

static void sfs_print_record(struct sfs_print *pr,
			     const struct sfs_mount_record *rec)
{
	sfs_pr_begin(pr, "record");
	sfs_pr_header(pr, &rec->hdr);
	sfs_pr_num(pr, "slot", le32_to_cpu(rec->slot));
	sfs_pr_hex(pr, "rid", le64_to_cpu(rec->rid));
	sfs_pr_hex(pr, "flags", le32_to_cpu(rec->flags));
	sfs_pr_num(pr, "return_id", le64_to_cpu(rec->return_id));
	sfs_pr_num(pr, "grant_id", le64_to_cpu(rec->grant_id));
	sfs_pr_num(pr, "next_group", le64_to_cpu(rec->next_group));
	sfs_pr_num(pr, "end_group", le64_to_cpu(rec->end_group));
	sfs_pr_num(pr, "inode_delta", le64_to_cpu(rec->inode_delta));
	sfs_pr_num(pr, "nr_freed_meta", le64_to_cpu(rec->nr_freed_meta));
	sfs_pr_num(pr, "nr_freed_data", le64_to_cpu(rec->nr_freed_data));
	sfs_pr_tree(pr, "mlog", &rec->mlog);
	sfs_pr_tree(pr, "freed", &rec->freed);
	sfs_pr_tree(pr, "ret", &rec->ret);
	sfs_pr_end(pr);
	sfs_pr_extents(pr, "pool_meta", rec->meta_ext,
		       le32_to_cpu(rec->nr_meta_ext));
	sfs_pr_extents(pr, "pool_data", rec->data_ext,
		       le32_to_cpu(rec->nr_data_ext));
}

static void sfs_print_mount(struct sfs_print *pr,
			    const struct sfs_ck_mount *mnt)
{
	const struct sfs_mount_record *rec = mnt->rec;
	u64 taken = le64_to_cpu(mnt->table.return_id);

	if (!rec)
		return;
	sfs_print_record(pr, rec);
	sfs_check_tree(pr->ck, &rec->mlog, SFS_OWNER_MLOG(mnt->slot),
		       SFS_OWN_MLOG, mnt->slot, sfs_print_mlog_item, pr);
	if (taken < le64_to_cpu(rec->return_id))
		sfs_check_tree(pr->ck, &rec->ret, SFS_OWNER_FREED(mnt->slot),
			       SFS_OWN_FREED_TREE, mnt->slot,
			       sfs_print_freed_item, pr);
	if (taken <= le64_to_cpu(rec->return_id))
		sfs_check_tree(pr->ck, &rec->freed, SFS_OWNER_FREED(mnt->slot),
			       SFS_OWN_FREED_TREE, mnt->slot,
			       sfs_print_freed_item, pr);
}

/* Copies are told by the address in their headers. */
static void sfs_print_guards(struct sfs_print *pr, u64 byte, u32 count)
{
	struct sfs_check *ck = pr->ck;
	struct sfs_quorum_page page;
	u32 nr;

	for (nr = 0; nr < count; nr++) {
		if (ck->meta->ops->read(ck->meta, byte + nr * SFS_PAGE_BYTES,
					&page, sizeof(page)) ||
		    sfs_quorum_check(&page, ck->fsid, nr))
			continue;
		sfs_pr_begin(pr, nr == SFS_MMP_PAGE ? "mount_guard" : "quorum");
		sfs_pr_num(pr, "nr", nr);
		sfs_pr_header(pr, &page.hdr);
		sfs_pr_hex(pr, "rid", le64_to_cpu(page.rid));
		sfs_pr_num(pr, "beat", le64_to_cpu(page.beat));
		sfs_pr_num(pr, "interval_ms", le32_to_cpu(page.interval_ms));
		sfs_pr_str(pr, "node", page.node, sizeof(page.node));
		sfs_pr_end(pr);
	}
}

/* ---- groups ----------------------------------------------------------------------------- */

static void sfs_print_inode(struct sfs_print *pr, u64 ino, const u8 *val,
			    unsigned int len)
{
	struct sfs_inode in;
	char mode[16];

	sfs_pr_begin(pr, "inode");
	sfs_pr_num(pr, "ino", ino);
	if (!sfs_inode_decode(&in, ino, val, len)) {
		snprintf(mode, sizeof(mode), "%06o", in.mode);
		sfs_pr_str(pr, "mode", mode, sizeof(mode));
		sfs_pr_num(pr, "nlink", in.nlink);
		sfs_pr_num(pr, "uid", in.uid);
		sfs_pr_num(pr, "gid", in.gid);
		sfs_pr_num(pr, "size", in.size);
		sfs_pr_num(pr, "rdev", in.rdev);
		sfs_pr_hex(pr, "flags", in.flags);
		sfs_pr_num(pr, "parent_ino", in.parent_ino);
		sfs_pr_num(pr, "parent_pos", in.parent_pos);
		sfs_pr_num(pr, "meta_seq", in.meta_seq);
		sfs_pr_num(pr, "data_seq", in.data_seq);
		sfs_pr_num(pr, "data_version", in.data_version);
		sfs_pr_num(pr, "online_blocks", in.online_blocks);
		sfs_pr_num(pr, "offline_blocks", in.offline_blocks);
		sfs_pr_num(pr, "next_pos", in.next_pos);
		sfs_pr_num(pr, "nr_entries", in.nr_entries);
		sfs_pr_num(pr, "alloc_group", in.alloc_group);
		sfs_pr_num(pr, "iversion", in.iversion);
		sfs_pr_num(pr, "project", in.project);
		sfs_pr_time(pr, "atime", &in.atime);
		sfs_pr_time(pr, "mtime", &in.mtime);
		sfs_pr_time(pr, "ctime", &in.ctime);
		sfs_pr_time(pr, "crtime", &in.crtime);
	}
	sfs_pr_end(pr);
}

static void sfs_print_dirent(struct sfs_print *pr, const struct sfs_key *key,
			     const u8 *val, unsigned int len)
{
	struct sfs_disk_dirent de;

	sfs_pr_begin(pr, "dirent");
	sfs_pr_num(pr, "dir", key->ino);
	sfs_pr_num(pr, "pos", key->a);
	if (len >= sizeof(de)) {
		memcpy(&de, val, sizeof(de));
		sfs_pr_num(pr, "ino", le64_to_cpu(de.ino));
		sfs_pr_num(pr, "type", de.dtype);
		sfs_pr_bytes(pr, "name", val + sizeof(de), len - sizeof(de));
	}
	sfs_pr_end(pr);
}

static void sfs_print_extent(struct sfs_print *pr, const struct sfs_key *key,
			     const u8 *val, unsigned int len)
{
	struct sfs_disk_file_extent fe;

	sfs_pr_begin(pr, "extent");
	sfs_pr_num(pr, "ino", key->ino);
	sfs_pr_num(pr, "block", key->a);
	if (len == sizeof(fe)) {
		memcpy(&fe, val, sizeof(fe));
		sfs_pr_num(pr, "len", le64_to_cpu(fe.len));
		sfs_pr_num(pr, "phys", le64_to_cpu(fe.phys));
		sfs_pr_hex(pr, "flags", le32_to_cpu(fe.flags));
	}
	sfs_pr_end(pr);
}

static void sfs_print_xattr(struct sfs_print *pr, const struct sfs_key *key,
			    const u8 *val, unsigned int len)
{
	struct sfs_disk_xattr xa;

	sfs_pr_begin(pr, "xattr");
	sfs_pr_num(pr, "ino", key->ino);
	sfs_pr_hex(pr, "hash_id", key->a);
	sfs_pr_num(pr, "chunk", key->b);
	if (!key->b && len >= sizeof(xa)) {
		memcpy(&xa, val, sizeof(xa));
		sfs_pr_bytes(pr, "name", val + sizeof(xa),
			     min_t(size_t, xa.name_len, len - sizeof(xa)));
		sfs_pr_num(pr, "value_bytes", le16_to_cpu(xa.val_len));
	}
	sfs_pr_end(pr);
}

static void sfs_print_plain(struct sfs_print *pr, const char *kind,
			    const struct sfs_key *key, const char *a,
			    const char *b)
{
	sfs_pr_begin(pr, kind);
	sfs_pr_num(pr, "ino", key->ino);
	if (key->type == SFS_ITEM_DIRENT_HASH)
		sfs_pr_hex(pr, a, key->a);
	else
		sfs_pr_num(pr, a, key->a);
	sfs_pr_num(pr, b, key->b);
	sfs_pr_end(pr);
}

static void sfs_print_group_item(struct sfs_check *ck, void *arg,
				 const struct sfs_key *key, const u8 *val,
				 unsigned int len)
{
	struct sfs_print *pr = arg;

	switch (key->type) {
	case SFS_ITEM_INODE:
		sfs_print_inode(pr, key->ino, val, len);
		break;
	case SFS_ITEM_BYTES:
		sfs_pr_begin(pr, "bytes");
		sfs_pr_num(pr, "ino", key->ino);
		sfs_pr_num(pr, "chunk", key->a);
		sfs_pr_bytes(pr, "bytes", val, len);
		sfs_pr_end(pr);
		break;
	case SFS_ITEM_XATTR:
		sfs_print_xattr(pr, key, val, len);
		break;
	case SFS_ITEM_BACKREF:
		sfs_print_plain(pr, "backref", key, "dir", "pos");
		break;
	case SFS_ITEM_DIRENT:
		sfs_print_dirent(pr, key, val, len);
		break;
	case SFS_ITEM_DIRENT_HASH:
		sfs_print_plain(pr, "dirent_hash", key, "hash", "pos");
		break;
	case SFS_ITEM_EXTENT:
		sfs_print_extent(pr, key, val, len);
		break;
	default:
		sfs_pr_unknown(pr, key, len);
	}
}

static void sfs_print_groups(struct sfs_print *pr)
{
	struct sfs_check *ck = pr->ck;
	u64 last = U64_MAX;
	size_t i;

	sfs_check_sort_roots(ck);
	for (i = 0; i < ck->roots.nr && !ck->error; i++) {
		const struct sfs_ck_root *root =
			sfs_vec_at(&ck->roots, struct sfs_ck_root, i);

		if (root->group == last)
			continue;
		last = root->group;
		sfs_pr_begin(pr, "group");
		sfs_pr_num(pr, "group", root->group);
		sfs_print_root_entry(pr, &root->entry);
		sfs_pr_end(pr);
		sfs_check_tree(ck, &root->entry.tree, root->group,
			       SFS_OWN_GROUP, root->group,
			       sfs_print_group_item, pr);
	}
}

/* ---- all ------------------------------------------------------------------------------------ */

static void sfs_print_problem(void *arg, const struct sfs_check_problem *p)
{
	fprintf(stderr, "%s: %s\n", p->id, p->text);
}

static void sfs_print_all(struct sfs_print *pr)
{
	struct sfs_check *ck = pr->ck;
	size_t i;

	sfs_print_super(pr, &ck->sb);
	sfs_pr_list(pr, "volume_tree");
	sfs_check_tree(ck, &ck->sb.volume, SFS_OWNER_VOLUME, SFS_OWN_VOLUME, 0,
		       sfs_print_volume_item, pr);
	sfs_pr_list_end(pr);

	/* the check's own walk collects mounts and the newest roots */
	sfs_check_volume(ck);
	sfs_check_mounts(ck);
	sfs_pr_list(pr, "mounts");
	sfs_print_guards(pr, SFS_QUORUM_COPY_BYTES, SFS_QUORUM_SLOTS_MAX);
	sfs_print_guards(pr, SFS_QUORUM_BYTES, SFS_QUORUM_PAGES);
	for (i = 0; i < ck->mounts.nr; i++)
		sfs_print_mount(pr, sfs_vec_at(&ck->mounts,
					       struct sfs_ck_mount, i));
	sfs_pr_list_end(pr);
	if (pr->params->skip_groups)
		return;
	sfs_pr_list(pr, "groups");
	sfs_print_groups(pr);
	sfs_pr_list_end(pr);
}

int sfs_print(struct sfs_dev *meta, struct sfs_dev *data,
	      const struct sfs_print_params *params)
{
	static const struct sfs_check_params check_params = {
		.problem = sfs_print_problem,
	};
	struct sfs_print pr = { .params = params };
	struct sfs_check_stat st;
	int ret;

	ret = sfs_check_open(meta, data, &check_params, &st, &pr.ck);
	if (ret)
		return ret;
	pr.ck->may_repeat = true;
	if (params->is_json)
		sfs_json_start(&pr.json, params->out);
	sfs_print_all(&pr);
	if (params->is_json)
		sfs_json_end(&pr.json);
	ret = pr.ck->error;
	sfs_check_close(pr.ck);
	return ret;
}
