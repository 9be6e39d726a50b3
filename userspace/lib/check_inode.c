// SPDX-License-Identifier: GPL-2.0-only
/*
 * The items of one inode, fed in key order: the inode first, then chunks of a
 * symlink's target, xattrs, backrefs, entries, hash items, extents.
 *
 * What can be judged from them alone is judged when the next inode begins;
 * names and parent links are handed to check_links.c.
 */
#include "lib/check_priv.h"

#include "fs/ns/items.h"

struct sfs_ck_name {
	u64 hash;
	u64 pos;
};

struct sfs_ck_inode {
	struct sfs_ck_group *grp;
	u64 ino;
	struct sfs_inode in;
	bool has_inode;
	bool is_bad;		/* the inode item does not decode */
	bool has_missing;	/* items without an inode were reported */

	u64 contents;		/* bytes of a symlink or an inline file */
	bool has_first;		/* block 0 has data, or is offline */
	u64 nr_chunks;

	u64 xattr_key;		/* of the one being read */
	u64 xattr_left;		/* bytes that further chunks must bring */
	u64 xattr_chunk;	/* chunk expected next, 0: none is open */

	u64 nr_entries;
	u64 nr_subdirs;
	u64 name_bytes;
	struct sfs_vec names;	/* struct sfs_ck_name of the entries */
	struct sfs_vec hashes;	/* the same of the hash items */

	u64 ext_end;
	u64 online;
	u64 offline;
};

struct sfs_ck_inode *sfs_ck_inode_create(struct sfs_check *ck,
					 struct sfs_ck_group *grp)
{
	struct sfs_ck_inode *ci = kzalloc(sizeof(*ci), GFP_KERNEL);

	if (ci)
		ci->grp = grp;
	return ci;
}

void sfs_ck_inode_destroy(struct sfs_ck_inode *ci)
{
	sfs_vec_exit(&ci->names);
	sfs_vec_exit(&ci->hashes);
	kfree(ci);
}

static void sfs_ck_inode_begin(struct sfs_ck_inode *ci, u64 ino)
{
	struct sfs_vec names = ci->names;
	struct sfs_vec hashes = ci->hashes;
	struct sfs_ck_group *grp = ci->grp;

	memset(ci, 0, sizeof(*ci));
	ci->grp = grp;
	ci->ino = ino;
	ci->names = names;
	ci->names.nr = 0;
	ci->hashes = hashes;
	ci->hashes.nr = 0;
}

/* ---- the inode item ---------------------------------------------------------- */

static void sfs_ck_inode_remember(struct sfs_check *ck, struct sfs_ck_inode *ci)
{
	struct sfs_inode *in = &ci->in;
	struct sfs_cki *cki = sfs_ino_hash_get(&ck->inodes, ci->ino);

	if (!cki) {
		sfs_check_nomem(ck);
		return;
	}
	cki->flags |= SFS_CKI_EXISTS;
	cki->mode = in->mode;
	cki->nlink = in->nlink;
	cki->parent_ino = in->parent_ino;
	if (in->parent_ino && ci->ino != SFS_ROOT_INO)
		sfs_check_add_link(ck, ci->ino, in->parent_ino,
				   in->parent_pos);
}

static void sfs_ck_inode_values(struct sfs_check *ck, struct sfs_ck_inode *ci)
{
	struct sfs_inode *in = &ci->in;
	u64 next_seq = le64_to_cpu(ck->sb.next_seq);
	const char *bad = NULL;

	if (in->meta_seq >= next_seq || in->data_seq >= next_seq)
		bad = "seq";
	else if (!S_ISREG(in->mode) &&
		 (in->online_blocks || in->offline_blocks))
		bad = "block counts";
	else if (!S_ISDIR(in->mode) && (in->next_pos || in->nr_entries))
		bad = "directory fields";
	else if (!S_ISCHR(in->mode) && !S_ISBLK(in->mode) && in->rdev)
		bad = "device number";
	else if (S_ISLNK(in->mode) &&
		 (!in->size || in->size > SFS_SYMLINK_MAX))
		bad = "size";
	else if (in->flags & ~(SFS_INODE_USER | SFS_INODE_INTERNAL))
		bad = "flags";
	if (bad)
		sfs_check_report(ck, "inode-value", "inode %llu: impossible %s",
				 ci->ino, bad);
}

static void sfs_ck_inode_self(struct sfs_check *ck, struct sfs_ck_inode *ci,
			      const struct sfs_key *key, const u8 *val,
			      unsigned int len)
{
	u64 number = ci->ino & ((1ULL << ck->group_shift) - 1);
	struct sfs_ck_group *grp = ci->grp;

	if (key->a || key->b) {
		sfs_check_report(ck, "item-unknown",
				 "inode %llu: inode item %llu/%llu", ci->ino,
				 key->a, key->b);
		return;
	}
	ci->has_inode = true;
	grp->nr_inodes++;
	grp->max_number = max(grp->max_number, number);
	if (!ci->ino || sfs_inode_decode(&ci->in, ci->ino, val, len)) {
		ci->is_bad = true;
		sfs_check_report(ck, "inode-value",
				 "inode %llu: the item does not decode",
				 ci->ino);
		return;
	}
	grp->max_meta_seq = max(grp->max_meta_seq, ci->in.meta_seq);
	grp->max_data_seq = max(grp->max_data_seq, ci->in.data_seq);
	sfs_ck_inode_values(ck, ci);
	sfs_ck_inode_remember(ck, ci);
}

/* ---- symlinks and xattrs -------------------------------------------------------- */

static unsigned int sfs_ck_chunk_bytes(const struct sfs_check *ck)
{
	return SFS_VAL_MAX(ck->block_bytes);
}

static void sfs_ck_inode_bytes(struct sfs_check *ck, struct sfs_ck_inode *ci,
			       const struct sfs_key *key, const u8 *val,
			       unsigned int len)
{
	bool is_file = S_ISREG(ci->in.mode);

	if (key->b || key->a != ci->nr_chunks || !len ||
	    ci->contents % sfs_ck_chunk_bytes(ck) ||
	    (is_file ? key->a > 0 : memchr(val, 0, len) != NULL))
		sfs_check_report(ck, is_file ? "file-inline" : "symlink-size",
				 "inode %llu: chunk %llu of the %s", ci->ino,
				 key->a, is_file ? "bytes" : "target");
	ci->nr_chunks++;
	ci->contents += len;
}

static void sfs_ck_xattr_end(struct sfs_check *ck, struct sfs_ck_inode *ci)
{
	if (ci->xattr_chunk && ci->xattr_left)
		sfs_check_report(ck, "xattr-chunks",
				 "inode %llu: xattr %016llx lacks %llu bytes",
				 ci->ino, ci->xattr_key, ci->xattr_left);
	ci->xattr_chunk = 0;
}

static bool sfs_ck_xattr_first(struct sfs_check *ck, struct sfs_ck_inode *ci,
			       const struct sfs_key *key, const u8 *val,
			       unsigned int len)
{
	struct sfs_disk_xattr xa;

	if (key->b || len < sizeof(xa))
		return false;
	memcpy(&xa, val, sizeof(xa));
	if (!xa.name_len || len < sizeof(xa) + xa.name_len ||
	    memchr(val + sizeof(xa), 0, xa.name_len))
		return false;
	ci->xattr_key = key->a;
	ci->xattr_chunk = 1;
	ci->xattr_left = sizeof(xa) + xa.name_len + le16_to_cpu(xa.val_len);
	return true;
}

static void sfs_ck_inode_xattr(struct sfs_check *ck, struct sfs_ck_inode *ci,
			       const struct sfs_key *key, const u8 *val,
			       unsigned int len)
{
	bool is_next = ci->xattr_chunk && key->a == ci->xattr_key &&
		       key->b == ci->xattr_chunk;
	bool ok = true;

	if (is_next) {
		ci->xattr_chunk++;
	} else {
		sfs_ck_xattr_end(ck, ci);
		ok = sfs_ck_xattr_first(ck, ci, key, val, len);
	}
	if (ok && len != min_t(u64, ci->xattr_left, sfs_ck_chunk_bytes(ck)))
		ok = false;
	if (!ok) {
		sfs_check_report(ck, "xattr-chunks",
				 "inode %llu: xattr %016llx chunk %llu",
				 ci->ino, key->a, key->b);
		ci->xattr_chunk = 0;
		return;
	}
	ci->xattr_left -= len;
}

/* ---- links and names --------------------------------------------------------------- */

static void sfs_ck_inode_backref(struct sfs_check *ck, struct sfs_ck_inode *ci,
				 const struct sfs_key *key, unsigned int len)
{
	if (len || !key->a)
		sfs_check_report(ck, "item-size",
				 "inode %llu: backref %llu/%llu of %u bytes",
				 ci->ino, key->a, key->b, len);
	sfs_check_add_link(ck, ci->ino, key->a, key->b);
}

static void sfs_ck_add_name(struct sfs_check *ck, struct sfs_vec *vec, u64 hash,
			    u64 pos)
{
	struct sfs_ck_name *name = sfs_vec_add(vec, sizeof(*name));

	if (!name) {
		sfs_check_nomem(ck);
		return;
	}
	name->hash = hash;
	name->pos = pos;
}

static bool sfs_ck_name_ok(const char *name, unsigned int len)
{
	if (!len || len > SFS_NAME_MAX || memchr(name, 0, len) ||
	    memchr(name, '/', len))
		return false;
	return !(name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
}

static void sfs_ck_inode_dirent(struct sfs_check *ck, struct sfs_ck_inode *ci,
				const struct sfs_key *key, const u8 *val,
				unsigned int len)
{
	struct sfs_disk_dirent de;
	const char *name = (const char *)val + sizeof(de);
	u64 pos = key->a;

	if (len > sizeof(de))
		memcpy(&de, val, sizeof(de));
	if (key->b || len <= sizeof(de) || !de.ino ||
	    !sfs_ck_name_ok(name, len - sizeof(de))) {
		sfs_check_report(ck, "dir-entry",
				 "directory %llu: entry at %llu", ci->ino, pos);
		return;
	}
	len -= sizeof(de);
	if (pos < SFS_FIRST_POS || (!ci->is_bad && pos >= ci->in.next_pos))
		sfs_check_report(ck, "dir-position",
				 "directory %llu: entry at %llu, the next is %llu",
				 ci->ino, pos, ci->in.next_pos);
	ci->nr_entries++;
	ci->name_bytes += len;
	if (de.dtype == DT_DIR)
		ci->nr_subdirs++;
	sfs_ck_add_name(ck, &ci->names, sfs_name_hash(name, len), pos);
	sfs_check_add_name(ck, le64_to_cpu(de.ino), ci->ino, pos, de.dtype);
}

static int sfs_ck_name_cmp(const void *a, const void *b)
{
	const struct sfs_ck_name *x = a;
	const struct sfs_ck_name *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->pos < y->pos ? -1 : x->pos > y->pos;
}

/* Each entry has one hash item and the other way round. */
static void sfs_ck_dir_hashes(struct sfs_check *ck, struct sfs_ck_inode *ci)
{
	struct sfs_vec *names = &ci->names;
	struct sfs_vec *hashes = &ci->hashes;
	size_t i = 0;
	size_t j = 0;

	sort(names->mem, names->nr, sizeof(struct sfs_ck_name),
	     sfs_ck_name_cmp, NULL);
	while (i < names->nr || j < hashes->nr) {
		const struct sfs_ck_name *n = i < names->nr ?
			sfs_vec_at(names, struct sfs_ck_name, i) : NULL;
		const struct sfs_ck_name *h = j < hashes->nr ?
			sfs_vec_at(hashes, struct sfs_ck_name, j) : NULL;
		int c = !n ? 1 : !h ? -1 : sfs_ck_name_cmp(n, h);

		if (c < 0)
			sfs_check_report(ck, "dir-hash",
					 "directory %llu: entry at %llu has no hash item",
					 ci->ino, n->pos);
		else if (c > 0)
			sfs_check_report(ck, "dir-hash",
					 "directory %llu: hash item %016llx at %llu has no entry",
					 ci->ino, h->hash, h->pos);
		i += c <= 0;
		j += c >= 0;
	}
}

static void sfs_ck_dir_end(struct sfs_check *ck, struct sfs_ck_inode *ci)
{
	struct sfs_inode *in = &ci->in;
	u32 nlink = in->nlink ? 2 + ci->nr_subdirs : 0;

	sfs_ck_dir_hashes(ck, ci);
	if (in->nr_entries != ci->nr_entries || in->size != ci->name_bytes)
		sfs_check_report(ck, "dir-size",
				 "directory %llu: %llu entries, %llu bytes, the inode says %llu and %llu",
				 ci->ino, ci->nr_entries, ci->name_bytes,
				 in->nr_entries, in->size);
	if (in->nlink != nlink || (!in->nlink && ci->nr_entries))
		sfs_check_report(ck, "inode-nlink",
				 "directory %llu: %llu subdirectories, link count %u",
				 ci->ino, ci->nr_subdirs, in->nlink);
}

/* ---- extents ---------------------------------------------------------------------------- */

static void sfs_ck_inode_extent(struct sfs_check *ck, struct sfs_ck_inode *ci,
				const struct sfs_key *key, const u8 *val,
				unsigned int len)
{
	struct sfs_disk_file_extent fe;
	u64 blocks;
	u32 flags;

	if (len != sizeof(fe)) {
		sfs_check_report(ck, "item-size",
				 "inode %llu: extent at %llu of %u bytes",
				 ci->ino, key->a, len);
		return;
	}
	memcpy(&fe, val, sizeof(fe));
	blocks = le64_to_cpu(fe.len);
	flags = le32_to_cpu(fe.flags);
	if (key->b || !blocks || key->a >= SFS_FILE_BLOCKS_MAX ||
	    blocks > SFS_FILE_BLOCKS_MAX - key->a || fe.pad ||
	    (flags & ~(SFS_EXT_UNWRITTEN | SFS_EXT_OFFLINE)) ||
	    (!fe.phys && !(flags & SFS_EXT_OFFLINE))) {
		sfs_check_report(ck, "file-extent",
				 "inode %llu: extent at %llu, %llu blocks, flags %x",
				 ci->ino, key->a, blocks, flags);
		return;
	}
	if (key->a < ci->ext_end)
		sfs_check_report(ck, "file-overlap",
				 "inode %llu: extent at %llu, the one before ends at %llu",
				 ci->ino, key->a, ci->ext_end);
	ci->ext_end = max(ci->ext_end, key->a + blocks);
	if (!key->a && !(flags & SFS_EXT_UNWRITTEN))
		ci->has_first = true;
	/* unwritten ones count only where they lie over something offline */
	if (flags & SFS_EXT_OFFLINE)
		ci->offline += blocks;
	else if (!(flags & SFS_EXT_UNWRITTEN))
		ci->online += blocks;
	if (fe.phys)
		sfs_check_own(ck, SFS_SPACE_DATA, le64_to_cpu(fe.phys), blocks,
			      SFS_OWN_FILE, ci->ino);
}

/* ---- inline files ----------------------------------------------------------------------- */

/* The bytes of a small file take the place of block 0. */
static void sfs_ck_inline_end(struct sfs_check *ck, struct sfs_ck_inode *ci)
{
	struct sfs_inode *in = &ci->in;
	bool is_inline = in->flags & SFS_INODE_INLINE;
	const char *bad = NULL;

	if (is_inline != (ci->contents > 0))
		bad = is_inline ? "without its item" : "item without the flag";
	else if (!is_inline)
		return;
	else if (!(le64_to_cpu(ck->sb.incompat) & SFS_INCOMPAT_INLINE))
		bad = "in a volume without such files";
	else if (ci->contents > in->size ||
		 in->size > min_t(u64, SFS_INLINE_BYTES_MAX,
				  sfs_ck_chunk_bytes(ck)))
		bad = "too long";
	else if (ci->has_first)
		bad = "beside a block that is written";
	if (bad)
		sfs_check_report(ck, "file-inline",
				 "inode %llu: inline bytes: %s (%llu, size %llu)",
				 ci->ino, bad, ci->contents, in->size);
	ci->online += is_inline;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool sfs_ck_item_fits(u32 mode, u8 type)
{
	switch (type) {
	case SFS_ITEM_BYTES:
		return S_ISLNK(mode) || S_ISREG(mode);
	case SFS_ITEM_DIRENT:
	case SFS_ITEM_DIRENT_HASH:
		return S_ISDIR(mode);
	case SFS_ITEM_EXTENT:
		return S_ISREG(mode);
	case SFS_ITEM_BACKREF:
		return !S_ISDIR(mode);
	default:
		return true;
	}
}

void sfs_ck_inode_finish(struct sfs_check *ck, struct sfs_ck_inode *ci)
{
	struct sfs_inode *in = &ci->in;

	sfs_ck_xattr_end(ck, ci);
	if (!ci->has_inode || ci->is_bad)
		return;
	if (S_ISDIR(in->mode))
		sfs_ck_dir_end(ck, ci);
	if (S_ISLNK(in->mode) && in->size != ci->contents)
		sfs_check_report(ck, "symlink-size",
				 "inode %llu: %llu bytes of target, the inode says %llu",
				 ci->ino, ci->contents, in->size);
	if (S_ISREG(in->mode))
		sfs_ck_inline_end(ck, ci);
	if (in->online_blocks != ci->online || in->offline_blocks != ci->offline)
		sfs_check_report(ck, "inode-blocks",
				 "inode %llu: %llu blocks online, %llu offline, the inode says %llu and %llu",
				 ci->ino, ci->online, ci->offline,
				 in->online_blocks, in->offline_blocks);
	ci->has_inode = false;
}

static void sfs_ck_inode_misfit(struct sfs_check *ck, struct sfs_ck_inode *ci,
				const struct sfs_key *key)
{
	if (ci->has_inode) {
		if (!ci->is_bad && !sfs_ck_item_fits(ci->in.mode, key->type))
			sfs_check_report(ck, "inode-item",
					 "inode %llu of mode %o: item %u/%llu/%llu",
					 ci->ino, ci->in.mode, key->type,
					 key->a, key->b);
		return;
	}
	if (!ci->has_missing)
		sfs_check_report(ck, "inode-missing",
				 "inode %llu: item %u/%llu/%llu", ci->ino,
				 key->type, key->a, key->b);
	ci->has_missing = true;
}

void sfs_ck_inode_item(struct sfs_check *ck, struct sfs_ck_inode *ci,
		       const struct sfs_key *key, const u8 *val,
		       unsigned int len)
{
	if (key->ino != ci->ino) {
		sfs_ck_inode_finish(ck, ci);
		sfs_ck_inode_begin(ci, key->ino);
	}
	if (key->type == SFS_ITEM_INODE) {
		sfs_ck_inode_self(ck, ci, key, val, len);
		return;
	}
	sfs_ck_inode_misfit(ck, ci, key);
	switch (key->type) {
	case SFS_ITEM_BYTES:
		sfs_ck_inode_bytes(ck, ci, key, val, len);
		break;
	case SFS_ITEM_XATTR:
		sfs_ck_inode_xattr(ck, ci, key, val, len);
		break;
	case SFS_ITEM_BACKREF:
		sfs_ck_inode_backref(ck, ci, key, len);
		break;
	case SFS_ITEM_DIRENT:
		sfs_ck_inode_dirent(ck, ci, key, val, len);
		break;
	case SFS_ITEM_DIRENT_HASH:
		sfs_ck_add_name(ck, &ci->hashes, key->a, key->b);
		break;
	case SFS_ITEM_EXTENT:
		sfs_ck_inode_extent(ck, ci, key, val, len);
		break;
	default:
		sfs_check_report(ck, "item-unknown",
				 "inode %llu: item %u/%llu/%llu", ci->ino,
				 key->type, key->a, key->b);
	}
}
