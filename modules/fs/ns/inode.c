// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inode items: encoding, reading, attribute changes.
 *
 * An item that decodes is sane in every field the rest of the code computes
 * with; whoever holds a struct sfs_inode need not check it again.
 */
#include "fs/ns/items.h"

static_assert(SFS_IW_NR <= 32);

static u64 sfs_pair(u32 high, u32 low)
{
	return (u64)high << 32 | low;
}

static void sfs_inode_to_words(const struct sfs_inode *inode, u64 *w)
{
	w[SFS_IW_MODE_NLINK] = sfs_pair(inode->mode, inode->nlink);
	w[SFS_IW_UID_GID] = sfs_pair(inode->uid, inode->gid);
	w[SFS_IW_SIZE] = inode->size;
	w[SFS_IW_PARENT_INO] = inode->parent_ino;
	w[SFS_IW_PARENT_POS] = inode->parent_pos;
	w[SFS_IW_META_SEQ] = inode->meta_seq;
	w[SFS_IW_DATA_SEQ] = inode->data_seq;
	w[SFS_IW_DATA_VERSION] = inode->data_version;
	w[SFS_IW_ATIME_SEC] = inode->atime.tv_sec;
	w[SFS_IW_MTIME_SEC] = inode->mtime.tv_sec;
	w[SFS_IW_CTIME_SEC] = inode->ctime.tv_sec;
	w[SFS_IW_CRTIME_SEC] = inode->crtime.tv_sec;
	w[SFS_IW_AM_NSEC] = sfs_pair(inode->atime.tv_nsec,
				     inode->mtime.tv_nsec);
	w[SFS_IW_CC_NSEC] = sfs_pair(inode->ctime.tv_nsec,
				     inode->crtime.tv_nsec);
	w[SFS_IW_ONLINE_BLOCKS] = inode->online_blocks;
	w[SFS_IW_OFFLINE_BLOCKS] = inode->offline_blocks;
	w[SFS_IW_NEXT_POS] = inode->next_pos;
	w[SFS_IW_NR_ENTRIES] = inode->nr_entries;
	w[SFS_IW_ALLOC_GROUP] = inode->alloc_group;
	w[SFS_IW_IVERSION] = inode->iversion;
	w[SFS_IW_RDEV_FLAGS] = sfs_pair(inode->rdev, inode->flags);
	w[SFS_IW_PROJECT] = inode->project;
	w[SFS_IW_NEXT_XATTR_ID] = inode->next_xattr_id;
}

static void sfs_inode_from_words(struct sfs_inode *inode, const u64 *w)
{
	inode->mode = upper_32_bits(w[SFS_IW_MODE_NLINK]);
	inode->nlink = lower_32_bits(w[SFS_IW_MODE_NLINK]);
	inode->uid = upper_32_bits(w[SFS_IW_UID_GID]);
	inode->gid = lower_32_bits(w[SFS_IW_UID_GID]);
	inode->size = w[SFS_IW_SIZE];
	inode->parent_ino = w[SFS_IW_PARENT_INO];
	inode->parent_pos = w[SFS_IW_PARENT_POS];
	inode->meta_seq = w[SFS_IW_META_SEQ];
	inode->data_seq = w[SFS_IW_DATA_SEQ];
	inode->data_version = w[SFS_IW_DATA_VERSION];
	inode->atime.tv_sec = w[SFS_IW_ATIME_SEC];
	inode->mtime.tv_sec = w[SFS_IW_MTIME_SEC];
	inode->ctime.tv_sec = w[SFS_IW_CTIME_SEC];
	inode->crtime.tv_sec = w[SFS_IW_CRTIME_SEC];
	inode->atime.tv_nsec = upper_32_bits(w[SFS_IW_AM_NSEC]);
	inode->mtime.tv_nsec = lower_32_bits(w[SFS_IW_AM_NSEC]);
	inode->ctime.tv_nsec = upper_32_bits(w[SFS_IW_CC_NSEC]);
	inode->crtime.tv_nsec = lower_32_bits(w[SFS_IW_CC_NSEC]);
	inode->online_blocks = w[SFS_IW_ONLINE_BLOCKS];
	inode->offline_blocks = w[SFS_IW_OFFLINE_BLOCKS];
	inode->next_pos = w[SFS_IW_NEXT_POS];
	inode->nr_entries = w[SFS_IW_NR_ENTRIES];
	inode->alloc_group = w[SFS_IW_ALLOC_GROUP];
	inode->iversion = w[SFS_IW_IVERSION];
	inode->rdev = upper_32_bits(w[SFS_IW_RDEV_FLAGS]);
	inode->flags = lower_32_bits(w[SFS_IW_RDEV_FLAGS]);
	inode->project = w[SFS_IW_PROJECT];
	inode->next_xattr_id = w[SFS_IW_NEXT_XATTR_ID];
}

static bool sfs_mode_is_known(u32 mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return (mode & ~(u32)(S_IFMT | 07777)) == 0;
	}
	return false;
}

static bool sfs_time_is_sane(const struct timespec64 *ts)
{
	return (unsigned long)ts->tv_nsec < NSEC_PER_SEC;
}

static bool sfs_inode_is_sane(const struct sfs_inode *inode)
{
	if (!sfs_mode_is_known(inode->mode) || inode->nlink > SFS_LINK_MAX)
		return false;
	if (inode->size > S64_MAX)
		return false;
	if (!sfs_time_is_sane(&inode->atime) ||
	    !sfs_time_is_sane(&inode->mtime) ||
	    !sfs_time_is_sane(&inode->ctime) ||
	    !sfs_time_is_sane(&inode->crtime))
		return false;
	if (inode->online_blocks > SFS_FILE_BLOCKS_MAX ||
	    inode->offline_blocks > SFS_FILE_BLOCKS_MAX)
		return false;
	if (S_ISDIR(inode->mode))
		return inode->next_pos >= SFS_FIRST_POS &&
		       inode->next_pos <= S64_MAX;
	return true;
}

unsigned int sfs_inode_encode(const struct sfs_inode *inode, void *buf)
{
	u64 words[SFS_IW_NR];
	u8 *out = buf + sizeof(__le32);
	u32 bitmap = 0;
	unsigned int i;

	sfs_inode_to_words(inode, words);
	for (i = 0; i < SFS_IW_NR; i++) {
		if (!words[i])
			continue;
		bitmap |= 1U << i;
		put_unaligned_le64(words[i], out);
		out += sizeof(__le64);
	}
	put_unaligned_le32(bitmap, buf);
	return out - (u8 *)buf;
}

int sfs_inode_decode(struct sfs_inode *inode, u64 ino, const void *buf,
		     unsigned int len)
{
	u64 words[SFS_IW_NR];
	const u8 *in = buf;
	const u8 *end = in + len;
	u32 bitmap;
	unsigned int i;

	if (len < sizeof(__le32))
		return -EUCLEAN;
	bitmap = get_unaligned_le32(in);
	in += sizeof(__le32);
	if (bitmap >> SFS_IW_NR)
		return -EUCLEAN;
	for (i = 0; i < SFS_IW_NR; i++) {
		words[i] = 0;
		if (!(bitmap & (1U << i)))
			continue;
		if (end - in < (ptrdiff_t)sizeof(__le64))
			return -EUCLEAN;
		words[i] = get_unaligned_le64(in);
		in += sizeof(__le64);
		if (!words[i])
			return -EUCLEAN;
	}
	if (in != end)
		return -EUCLEAN;
	inode->ino = ino;
	sfs_inode_from_words(inode, words);
	return sfs_inode_is_sane(inode) ? 0 : -EUCLEAN;
}

/* ---- nodes -------------------------------------------------------------- */

int sfs_node_read(struct sfs_op *op, u64 ino, struct sfs_node *node)
{
	struct sfs_key key = SFS_KEY(ino, SFS_ITEM_INODE, 0, 0);
	int ret;

	ret = sfs_btree_lookup(op->fs->vol, sfs_op_tree(op, ino), &key,
			       node->item, sizeof(node->item));
	if (ret < 0)
		return ret == -ENOENT ? -ESTALE : ret;
	if (ret > (int)sizeof(node->item))
		return -EUCLEAN;
	node->item_len = ret;
	ret = sfs_inode_decode(&node->in, ino, node->item, ret);
	return ret ? ret : sfs_touched_read(op, ino, node);
}

int sfs_node_write(struct sfs_change *ch, struct sfs_node *node)
{
	struct sfs_key key = SFS_KEY(node->in.ino, SFS_ITEM_INODE, 0, 0);
	u8 item[SFS_INODE_ITEM_MAX];
	unsigned int len = sfs_inode_encode(&node->in, item);

	sfs_touched_drop(sfs_op_group(&ch->op, node->in.ino), node->in.ino);
	return sfs_change_update(ch, &key, item, len, node->item,
				 node->item_len);
}

int sfs_node_insert(struct sfs_change *ch, struct sfs_node *node)
{
	struct sfs_key key = SFS_KEY(node->in.ino, SFS_ITEM_INODE, 0, 0);

	node->item_len = sfs_inode_encode(&node->in, node->item);
	return sfs_change_insert(ch, &key, node->item, node->item_len);
}

int sfs_node_delete(struct sfs_change *ch, struct sfs_node *node)
{
	struct sfs_key key = SFS_KEY(node->in.ino, SFS_ITEM_INODE, 0, 0);

	sfs_touched_drop(sfs_op_group(&ch->op, node->in.ino), node->in.ino);
	return sfs_change_delete(ch, &key, node->item, node->item_len);
}

void sfs_node_seq(struct sfs_op *op, struct sfs_node *node)
{
	struct sfs_group *grp = sfs_op_group(op, node->in.ino);

	node->in.meta_seq = max(node->in.meta_seq, op->seq);
	grp->max_meta_seq = max(grp->max_meta_seq, node->in.meta_seq);
}

void sfs_node_data_seq(struct sfs_op *op, struct sfs_node *node)
{
	struct sfs_group *grp = sfs_op_group(op, node->in.ino);

	sfs_node_seq(op, node);
	node->in.data_seq = max(node->in.data_seq, op->seq);
	grp->max_data_seq = max(grp->max_data_seq, node->in.data_seq);
}

void sfs_node_touch(struct sfs_op *op, struct sfs_node *node,
		    struct timespec64 now)
{
	sfs_node_seq(op, node);
	node->in.iversion++;
	node->in.ctime = now;
}

/* ---- attributes --------------------------------------------------------- */

int sfs_ns_getattr(struct sfs_fs *fs, u64 ino, unsigned int flags,
		   struct sfs_inode *inode, u64 *gen)
{
	struct sfs_node node;
	struct sfs_op op;
	int ret;

	sfs_op_init(&op, fs);
	sfs_op_add(&op, ino, SFS_LOCK_PR);
	ret = sfs_op_start(&op, 0, sfs_ns_op_flags(flags));
	if (!ret)
		ret = sfs_node_read(&op, ino, &node);
	if (!ret && node.in.flags & SFS_INODE_DELETING)
		ret = -ESTALE;
	if (!ret) {
		*inode = node.in;
		if (gen)
			*gen = sfs_group_generation(sfs_op_group(&op, ino));
	}
	sfs_op_end(&op);
	return ret;
}

int sfs_node_set_attrs(struct sfs_op *op, struct sfs_node *node,
		       unsigned int mask, const struct sfs_inode *attr)
{
	struct sfs_inode *in = &node->in;

	if (mask & SFS_ATTR_GUARDED && in->flags & SFS_INODE_FIXED)
		return -EPERM;
	if (mask & SFS_ATTR_MODE)
		in->mode = (in->mode & S_IFMT) | (attr->mode & 07777);
	if (mask & SFS_ATTR_UID)
		in->uid = attr->uid;
	if (mask & SFS_ATTR_GID)
		in->gid = attr->gid;
	if (mask & SFS_ATTR_ATIME)
		in->atime = attr->atime;
	if (mask & SFS_ATTR_MTIME)
		in->mtime = attr->mtime;
	if (mask & SFS_ATTR_CTIME)
		in->ctime = attr->ctime;
	if (mask & SFS_ATTR_CRTIME)
		in->crtime = attr->crtime;
	if (mask & SFS_ATTR_PROJECT)
		in->project = attr->project;
	if (mask & SFS_ATTR_SIZE)
		in->size = max(in->size, attr->size);
	if (mask & SFS_ATTR_DATA_CHANGED) {
		in->data_version++;
		sfs_node_data_seq(op, node);
	}
	/* reading a file is no change */
	if (mask & ~SFS_ATTR_ATIME) {
		sfs_node_seq(op, node);
		in->iversion++;
	}
	return sfs_inode_is_sane(in) ? 0 : -EINVAL;
}

static int sfs_setattr_once(struct sfs_change *ch, struct sfs_fs *fs, u64 ino,
			    unsigned int mask, const struct sfs_inode *attr,
			    unsigned int flags)
{
	struct sfs_node *node = &ch->node[0];
	struct sfs_inode *in = &node->in;
	int ret;

	sfs_change_begin(ch, fs);
	sfs_op_add(&ch->op, ino, SFS_LOCK_EX);
	ret = sfs_op_start(&ch->op, 1, flags);
	if (!ret)
		ret = sfs_node_read(&ch->op, ino, node);
	if (ret)
		goto out;
	/* growing over what an unfinished truncate left would show it */
	if ((mask & SFS_ATTR_SIZE) && attr->size > in->size &&
	    (in->flags & SFS_INODE_TRUNCATE)) {
		ret = SFS_AGAIN;
		goto out;
	}
	ret = sfs_node_set_attrs(&ch->op, node, mask, attr);
	if (!ret && !sfs_inline_allows(fs, node, in->size))
		ret = -EINVAL;
	if (!ret)
		ret = sfs_node_write(ch, node);
	if (!ret && mask & SFS_ATTR_DATA_CHANGED)
		sfs_touched_add(&ch->op, in);
out:
	return sfs_change_end(ch, ret);
}

int sfs_ns_setattr(struct sfs_fs *fs, u64 ino, unsigned int mask,
		   const struct sfs_inode *attr, unsigned int flags,
		   struct sfs_inode *inode)
{
	unsigned int op_flags = sfs_ns_op_flags(flags);
	struct sfs_change *ch;
	unsigned int tries = 0;
	int ret;

	ret = sfs_change_create(fs, 1, 1, 0, &ch);
	if (ret)
		return ret;
	do {
		ret = sfs_setattr_once(ch, fs, ino, mask, attr, op_flags);
	} while (sfs_truncate_again(fs, ino, op_flags, &tries, &ret));
	if (!ret)
		*inode = ch->node[0].in;
	sfs_change_destroy(ch);
	return ret;
}

int sfs_ns_parent(struct sfs_fs *fs, u64 ino, u64 *dir, u64 *pos)
{
	struct sfs_inode inode;
	int ret;

	ret = sfs_ns_getattr(fs, ino, 0, &inode, NULL);
	if (ret)
		return ret;
	if (ino == SFS_ROOT_INO) {
		*dir = SFS_ROOT_INO;
		*pos = 0;
		return 0;
	}
	if (!inode.parent_ino)
		return -ENOENT;
	*dir = inode.parent_ino;
	*pos = inode.parent_pos;
	return 0;
}
