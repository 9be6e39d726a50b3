// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount records: one write makes a transaction visible (I1).
 *
 * A record is written when all of its transaction is durable, or, to save a round
 * of the device, together with its blocks.  Then it says so (SFS_RECORD_TENTATIVE),
 * and whoever recovers the mount makes sure that all blocks of the transaction are
 * there before he believes it; else the record before it counts, of which nothing
 * was reused yet.  That works as long as nobody but the mount itself may reuse what
 * the transaction wrote: before others may, the mount writes the record once more,
 * without the flag (see sfs_trans_commit()).  Recovery does the same first of all,
 * so that it finds the same record when it is begun again.
 */
#include "format/btree_priv.h"
#include "format/volume.h"

static bool sfs_record_is_tentative(const struct sfs_mount_record *rec)
{
	return le32_to_cpu(rec->flags) & SFS_RECORD_TENTATIVE;
}

/* Of two with the same seq the one that is certain. */
static bool sfs_record_is_newer(const struct sfs_mount_record *a,
				const struct sfs_mount_record *b)
{
	u64 a_seq = le64_to_cpu(a->hdr.seq), b_seq = le64_to_cpu(b->hdr.seq);

	return a_seq > b_seq ||
	       (a_seq == b_seq && !sfs_record_is_tentative(a));
}

/* The newest one before @limit that is valid. */
static int sfs_record_read_before(struct sfs_volume *vol, u32 slot, u64 rid,
				  u64 limit, struct sfs_mount_record *rec)
{
	struct sfs_mount_record *cur;
	int found = -ENOENT;
	int i, ret;

	cur = kmalloc(sizeof(*cur), GFP_NOFS);
	if (!cur)
		return -ENOMEM;
	for (i = 0; i < 2; i++) {
		ret = vol->meta->ops->read(vol->meta, sfs_record_byte(slot, i),
					   cur, sizeof(*cur));
		if (ret) {
			found = ret;
			break;
		}
		if (sfs_record_check(cur, vol->fsid, slot) ||
		    le64_to_cpu(cur->rid) != rid ||
		    (le64_to_cpu(cur->hdr.blkno) & 1) != (u64)i ||
		    le64_to_cpu(cur->hdr.seq) >= limit ||
		    (!found && !sfs_record_is_newer(cur, rec)))
			continue;
		memcpy(rec, cur, sizeof(*rec));
		found = 0;
	}
	kfree(cur);
	return found;
}

int sfs_record_read(struct sfs_volume *vol, u32 slot, u64 rid,
		    struct sfs_mount_record *rec)
{
	return sfs_record_read_before(vol, slot, rid, U64_MAX, rec);
}
EXPORT_SYMBOL_GPL(sfs_record_read);

/* ---- is all of it there? -------------------------------------------------- */

/* A look for the blocks of one transaction. */
struct sfs_record_look {
	struct sfs_volume *vol;
	u64 seq;
	int (*leaf)(struct sfs_record_look *look,
		    const struct sfs_btree_block *bt);
};

/* Into *ret, to be freed; -ENODATA when something else is there. */
static int sfs_record_block(struct sfs_record_look *look,
			    const struct sfs_ref *ref, u64 owner, u8 type,
			    void **ret)
{
	struct sfs_volume *vol = look->vol;
	struct sfs_block_hdr *hdr;
	int err;

	if (ref->blkno >= vol->total_meta_blocks)
		return -EUCLEAN;
	hdr = kmalloc(vol->block_bytes, GFP_NOFS);
	if (!hdr)
		return -ENOMEM;
	err = vol->meta->ops->read(vol->meta, ref->blkno << vol->block_shift,
				   hdr, vol->block_bytes);
	if (!err && (sfs_block_verify(vol, hdr, ref) ||
		     le64_to_cpu(hdr->owner) != owner || hdr->type != type))
		err = -ENODATA;
	if (err) {
		kfree(hdr);
		return err;
	}
	*ret = hdr;
	return 0;
}

static int sfs_record_look_below(struct sfs_record_look *look,
				 const struct sfs_ref *ref, u64 owner,
				 unsigned int height)
{
	struct sfs_btree_block *bt;
	struct sfs_ref child;
	unsigned int i;
	int ret;

	/* what is older was durable before */
	if (!height || ref->seq != look->seq)
		return 0;
	ret = sfs_record_block(look, ref, owner, SFS_BLOCK_BTREE, (void **)&bt);
	if (ret)
		return ret;
	if (bt->level != height - 1)
		ret = -ENODATA;
	else if (!bt->level && look->leaf)
		ret = look->leaf(look, bt);
	for (i = 0; !ret && bt->level && i < sfs_btree_nr(bt); i++) {
		sfs_btree_child(bt, i, &child);
		ret = sfs_record_look_below(look, &child, owner, bt->level);
	}
	kfree(bt);
	return ret;
}

static int sfs_record_look_tree(struct sfs_record_look *look,
				const struct sfs_disk_tree *disk, u64 owner)
{
	struct sfs_tree tree;

	if (disk->height > SFS_TREE_HEIGHT_MAX)
		return -EUCLEAN;
	sfs_tree_from_disk(&tree, disk, owner);
	return sfs_record_look_below(look, &tree.ref, owner, tree.height);
}

/* A leaf of the mount log: the groups that the transaction changed. */
static int sfs_record_look_groups(struct sfs_record_look *look,
				  const struct sfs_btree_block *bt)
{
	struct sfs_record_look groups = { .vol = look->vol, .seq = look->seq };
	struct sfs_disk_mlog_root root;
	struct sfs_bkey bkey;
	struct sfs_key key;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < sfs_btree_nr(bt); i++) {
		sfs_btree_key(bt, i, &bkey);
		sfs_key_decode(&key, bkey.bytes, SFS_KEY_BYTES);
		if (key.ino != SFS_MLOG_ROOT)
			continue;
		if (sfs_btree_val_len(bt, i) != sizeof(root))
			return -EUCLEAN;
		memcpy(&root, sfs_btree_val(bt, i), sizeof(root));
		if (le64_to_cpu(root.seq) == look->seq)
			ret = sfs_record_look_tree(&groups, &root.entry.tree,
						   key.a);
	}
	return ret;
}

static int sfs_record_look_list(struct sfs_record_look *look,
				const struct sfs_disk_ref *list, u64 owner)
{
	u64 left = look->vol->total_meta_blocks;
	struct sfs_extlist_block *el;
	struct sfs_ref ref;
	int ret = 0;

	sfs_ref_from_disk(&ref, list);
	while (!ret && !sfs_ref_is_null(&ref) && ref.seq == look->seq) {
		if (!left--)
			return -EUCLEAN;
		ret = sfs_record_block(look, &ref, owner, SFS_BLOCK_EXTLIST,
				       (void **)&el);
		if (ret)
			break;
		sfs_ref_from_disk(&ref, &el->next);
		kfree(el);
	}
	return ret;
}

/* 0; -ENODATA: a block of the transaction is not there. */
static int sfs_record_look(struct sfs_volume *vol,
			   const struct sfs_mount_record *rec)
{
	struct sfs_record_look look = {
		.vol = vol,
		.seq = le64_to_cpu(rec->hdr.seq),
	};
	u32 slot = le32_to_cpu(rec->slot);
	int ret;

	ret = sfs_record_look_tree(&look, &rec->freed, SFS_OWNER_FREED(slot));
	if (!ret)
		ret = sfs_record_look_tree(&look, &rec->ret,
					   SFS_OWNER_FREED(slot));
	if (!ret)
		ret = sfs_record_look_list(&look, &rec->pool_list,
					   SFS_OWNER_POOL(slot));
	if (ret)
		return ret;
	look.leaf = sfs_record_look_groups;
	return sfs_record_look_tree(&look, &rec->mlog, SFS_OWNER_MLOG(slot));
}

/**
 * sfs_record_find() - the record that counts of a mount that is gone
 * @vol: volume
 * @slot: of the mount
 * @rid: of the mount
 * @rec: filled
 *
 * Context: Sleeps for I/O; the mount cannot write any more.
 * Return: 0 when it is certain; 1 when it counts, but its pages do not say so yet:
 * see sfs_record_settle(); -ENOENT when there is none; errors of the device.
 */
int sfs_record_find(struct sfs_volume *vol, u32 slot, u64 rid,
		    struct sfs_mount_record *rec)
{
	int ret;

	ret = sfs_record_read(vol, slot, rid, rec);
	if (ret || !sfs_record_is_tentative(rec))
		return ret;
	ret = sfs_record_look(vol, rec);
	if (!ret)
		return 1;
	if (ret != -ENODATA)
		return ret;
	/* the commit before it ended, or this one would not have begun */
	ret = sfs_record_read_before(vol, slot, rid, le64_to_cpu(rec->hdr.seq),
				     rec);
	return ret ? ret : 1;
}
EXPORT_SYMBOL_GPL(sfs_record_find);

/* ---- writing --------------------------------------------------------------- */

static u64 sfs_record_at(const struct sfs_mount_record *rec)
{
	/* hdr.blkno alternates with each write, see fs/ns/commit.c */
	return sfs_record_byte(le32_to_cpu(rec->slot),
			       le64_to_cpu(rec->hdr.blkno));
}

int sfs_record_write(struct sfs_volume *vol, struct sfs_mount_record *rec)
{
	int ret = sfs_volume_may_write(vol);

	if (ret)
		return ret;
	rec->flags &= ~cpu_to_le32(SFS_RECORD_TENTATIVE);
	sfs_hdr_seal(rec, sizeof(*rec));
	return vol->meta->ops->write_sync(vol->meta, sfs_record_at(rec), rec,
					  sizeof(*rec),
					  SFS_IO_PREFLUSH | SFS_IO_FUA);
}
EXPORT_SYMBOL_GPL(sfs_record_write);

int sfs_record_settle(struct sfs_volume *vol, struct sfs_mount_record *rec)
{
	rec->hdr.blkno = cpu_to_le64(le64_to_cpu(rec->hdr.blkno) ^ 1);
	return sfs_record_write(vol, rec);
}
EXPORT_SYMBOL_GPL(sfs_record_settle);

void sfs_record_start(struct sfs_volume *vol, struct sfs_mount_record *rec,
		      struct sfs_io_batch *batch)
{
	void *buf = rec;

	rec->flags |= cpu_to_le32(SFS_RECORD_TENTATIVE);
	sfs_hdr_seal(rec, sizeof(*rec));
	vol->meta->ops->write(vol->meta, batch, sfs_record_at(rec), &buf, 1,
			      sizeof(*rec));
}
EXPORT_SYMBOL_GPL(sfs_record_start);
