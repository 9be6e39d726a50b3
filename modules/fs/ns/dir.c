// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories: entries, looking them up, listing them.
 *
 * An entry is a DIRENT item at its position, which holds the name, and a
 * DIRENT_HASH item, which leads from the name's hash to the position.  Both
 * are in the directory's group, always both or none.  Positions grow and are
 * never reused.
 */
#include "fs/ns/items.h"

int sfs_name_check(const char *name, unsigned int len)
{
	if (!len)
		return -ENOENT;
	if (len > SFS_NAME_MAX)
		return -ENAMETOOLONG;
	if (memchr(name, '/', len) || memchr(name, 0, len))
		return -EINVAL;
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return -EINVAL;
	return 0;
}

/* The value of a DIRENT item; the name is behind it. NULL when it is broken. */
static const struct sfs_disk_dirent *sfs_dirent_check(const void *val,
						      unsigned int len)
{
	const struct sfs_disk_dirent *disk = val;

	if (len <= sizeof(*disk) || len > SFS_DIRENT_ITEM_MAX)
		return NULL;
	if (!disk->ino || disk->dtype > 15)
		return NULL;
	if (sfs_name_check((const char *)(disk + 1), len - sizeof(*disk)))
		return NULL;
	return disk;
}

static int sfs_dent_read(struct sfs_op *op, u64 dir, u64 pos,
			 struct sfs_dent *dent)
{
	struct sfs_key key = SFS_KEY(dir, SFS_ITEM_DIRENT, pos, 0);
	const struct sfs_disk_dirent *disk;
	int ret;

	ret = sfs_btree_lookup(op->fs->vol, sfs_op_tree(op, dir), &key,
			       dent->item, sizeof(dent->item));
	if (ret < 0)
		return ret;
	disk = sfs_dirent_check(dent->item, ret);
	if (!disk)
		return -EUCLEAN;
	dent->ino = le64_to_cpu(disk->ino);
	dent->dtype = disk->dtype;
	dent->pos = pos;
	dent->item_len = ret;
	dent->name_len = ret - sizeof(*disk);
	return 0;
}

static const char *sfs_dent_name(const struct sfs_dent *dent)
{
	return (const char *)dent->item + sizeof(struct sfs_disk_dirent);
}

int sfs_dent_find(struct sfs_op *op, u64 dir, const char *name,
		  unsigned int len, struct sfs_dent *dent)
{
	u64 hash = sfs_name_hash(name, len);
	struct sfs_key key = SFS_KEY(dir, SFS_ITEM_DIRENT_HASH, hash, 0);
	struct sfs_key last = SFS_KEY(dir, SFS_ITEM_DIRENT_HASH, hash, U64_MAX);
	int ret;

	for (;;) {
		ret = sfs_btree_next(op->fs->vol, sfs_op_tree(op, dir), &key,
				     &last, NULL, 0);
		if (ret < 0)
			return ret;
		ret = sfs_dent_read(op, dir, key.b, dent);
		if (ret)
			return ret == -ENOENT ? -EUCLEAN : ret;
		if (dent->name_len == len &&
		    !memcmp(sfs_dent_name(dent), name, len))
			return 0;
		if (key.b == U64_MAX)
			return -ENOENT;
		key.b++;
		cond_resched();
	}
}

int sfs_dir_read(struct sfs_op *op, u64 dir, struct sfs_node *node)
{
	int ret = sfs_node_read(op, dir, node);

	if (ret)
		return ret == -ESTALE ? -ENOENT : ret;
	if (!S_ISDIR(node->in.mode))
		return -ENOTDIR;
	return node->in.nlink ? 0 : -ENOENT;
}

/* ---- changes ------------------------------------------------------------ */

static unsigned int sfs_dirent_fill(void *val, const char *name,
				    unsigned int len, u64 ino, u8 dtype)
{
	struct sfs_disk_dirent *disk = val;

	disk->ino = cpu_to_le64(ino);
	disk->dtype = dtype;
	memcpy(disk + 1, name, len);
	return sizeof(*disk) + len;
}

int sfs_dent_add(struct sfs_change *ch, struct sfs_node *dir, const char *name,
		 unsigned int len, u64 ino, u8 dtype, u64 *pos)
{
	struct sfs_inode *in = &dir->in;
	struct sfs_key key;
	u8 val[SFS_DIRENT_ITEM_MAX];
	unsigned int val_len = sfs_dirent_fill(val, name, len, ino, dtype);
	int ret;

	if (in->next_pos >= S64_MAX)
		return -ENOSPC;
	key = SFS_KEY(in->ino, SFS_ITEM_DIRENT, in->next_pos, 0);
	ret = sfs_change_insert(ch, &key, val, val_len);
	if (ret)
		return ret;
	key = SFS_KEY(in->ino, SFS_ITEM_DIRENT_HASH, sfs_name_hash(name, len),
		      in->next_pos);
	ret = sfs_change_insert(ch, &key, NULL, 0);
	if (ret)
		return ret;
	*pos = in->next_pos++;
	in->nr_entries++;
	in->size += len;
	return 0;
}

int sfs_dent_del(struct sfs_change *ch, struct sfs_node *dir,
		 const struct sfs_dent *dent)
{
	struct sfs_inode *in = &dir->in;
	u64 hash = sfs_name_hash(sfs_dent_name(dent), dent->name_len);
	struct sfs_key key;
	int ret;

	if (!in->nr_entries || in->size < dent->name_len)
		return -EUCLEAN;
	key = SFS_KEY(in->ino, SFS_ITEM_DIRENT, dent->pos, 0);
	ret = sfs_change_delete(ch, &key, dent->item, dent->item_len);
	if (ret)
		return ret;
	key = SFS_KEY(in->ino, SFS_ITEM_DIRENT_HASH, hash, dent->pos);
	ret = sfs_change_delete(ch, &key, NULL, 0);
	if (ret)
		return ret;
	in->nr_entries--;
	in->size -= dent->name_len;
	return 0;
}

int sfs_dent_set(struct sfs_change *ch, u64 dir, const struct sfs_dent *dent,
		 u64 ino, u8 dtype)
{
	struct sfs_key key = SFS_KEY(dir, SFS_ITEM_DIRENT, dent->pos, 0);
	u8 val[SFS_DIRENT_ITEM_MAX];
	unsigned int len = sfs_dirent_fill(val, sfs_dent_name(dent),
					   dent->name_len, ino, dtype);

	return sfs_change_update(ch, &key, val, len, dent->item,
				 dent->item_len);
}

void sfs_dir_touch(struct sfs_op *op, struct sfs_node *dir,
		   struct timespec64 now)
{
	sfs_node_touch(op, dir, now);
	dir->in.mtime = now;
}

/* ---- reading ------------------------------------------------------------ */

int sfs_ns_lookup(struct sfs_fs *fs, u64 dir, const char *name,
		  unsigned int len, struct sfs_dirent *de, u64 *gen)
{
	struct sfs_dent dent;
	struct sfs_op op;
	int ret;

	if (len > SFS_NAME_MAX)
		return -ENAMETOOLONG;
	sfs_op_init(&op, fs);
	sfs_op_add(&op, dir, SFS_LOCK_PR);
	ret = sfs_op_start(&op, 0, 0);
	if (ret)
		goto out;
	if (gen)
		*gen = sfs_group_generation(sfs_op_group(&op, dir));
	ret = sfs_dent_find(&op, dir, name, len, &dent);
	if (!ret)
		*de = (struct sfs_dirent) {
			.ino = dent.ino,
			.pos = dent.pos,
			.dtype = dent.dtype,
		};
out:
	sfs_op_end(&op);
	return ret;
}

struct sfs_readdir {
	char *buf;
	unsigned int size;
	unsigned int used;
	struct sfs_readdir_entry *prev;
};

static int sfs_readdir_fill(void *arg, const struct sfs_key *key,
			    const void *val, unsigned int len)
{
	struct sfs_readdir *rd = arg;
	const struct sfs_disk_dirent *disk = sfs_dirent_check(val, len);
	struct sfs_readdir_entry *entry;
	unsigned int rec_len;

	if (rd->prev)
		rd->prev->next = key->a;
	if (!disk || key->b)
		return -EUCLEAN;
	len -= sizeof(*disk);
	rec_len = ALIGN(offsetof(struct sfs_readdir_entry, name) + len, 8);
	if (rec_len > rd->size - rd->used)
		return -ERANGE;
	entry = (void *)(rd->buf + rd->used);
	entry->pos = key->a;
	entry->next = key->a + 1;
	entry->ino = le64_to_cpu(disk->ino);
	entry->dtype = disk->dtype;
	entry->name_len = len;
	entry->rec_len = rec_len;
	memcpy(entry->name, disk + 1, len);
	rd->used += rec_len;
	rd->prev = entry;
	return 0;
}

int sfs_ns_readdir(struct sfs_fs *fs, u64 dir, u64 pos, void *buf,
		   unsigned int size)
{
	struct sfs_readdir rd = { .buf = buf, .size = size };
	struct sfs_key first = SFS_KEY(dir, SFS_ITEM_DIRENT,
				       max_t(u64, pos, SFS_FIRST_POS), 0);
	struct sfs_key last = SFS_KEY(dir, SFS_ITEM_DIRENT, U64_MAX, U64_MAX);
	struct sfs_op op;
	int ret;

	sfs_op_init(&op, fs);
	sfs_op_add(&op, dir, SFS_LOCK_PR);
	ret = sfs_op_start(&op, 0, 0);
	if (!ret)
		ret = sfs_btree_walk(fs->vol, sfs_op_tree(&op, dir), &first,
				     &last, sfs_readdir_fill, &rd);
	sfs_op_end(&op);
	/* an error behind good entries is the next call's */
	return rd.used ? (int)rd.used : ret;
}

/* ---- symlinks ----------------------------------------------------------- */

struct sfs_readlink {
	char *buf;
	unsigned int size;
	unsigned int len;
	unsigned int chunk_bytes;
	u64 chunk;
};

static int sfs_readlink_fill(void *arg, const struct sfs_key *key,
			     const void *val, unsigned int len)
{
	struct sfs_readlink *rl = arg;

	if (key->a != rl->chunk++ || key->b || !len || len > rl->chunk_bytes ||
	    rl->len % rl->chunk_bytes || rl->len + len > SFS_SYMLINK_MAX)
		return -EUCLEAN;
	if (rl->len < rl->size)
		memcpy(rl->buf + rl->len, val, min(len, rl->size - rl->len));
	rl->len += len;
	return 0;
}

int sfs_ns_readlink(struct sfs_fs *fs, u64 ino, char *buf, unsigned int size)
{
	struct sfs_readlink rl = {
		.buf = buf,
		.size = size,
		.chunk_bytes = sfs_chunk_bytes(fs->vol),
	};
	struct sfs_key first = SFS_KEY(ino, SFS_ITEM_BYTES, 0, 0);
	struct sfs_key last = SFS_KEY(ino, SFS_ITEM_BYTES, U64_MAX, U64_MAX);
	struct sfs_node node;
	struct sfs_op op;
	int ret;

	sfs_op_init(&op, fs);
	sfs_op_add(&op, ino, SFS_LOCK_PR);
	ret = sfs_op_start(&op, 0, 0);
	if (!ret)
		ret = sfs_node_read(&op, ino, &node);
	if (!ret && !S_ISLNK(node.in.mode))
		ret = -EINVAL;
	if (!ret)
		ret = sfs_btree_walk(fs->vol, sfs_op_tree(&op, ino), &first,
				     &last, sfs_readlink_fill, &rl);
	if (!ret && (!rl.len || rl.len != node.in.size))
		ret = -EUCLEAN;
	sfs_op_end(&op);
	return ret ? ret : (int)min(rl.len, size);
}
