// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended attributes: one byte string per attribute, cut into chunks.
 *
 * The string is struct sfs_disk_xattr, the name, the value.  Chunk c of it is
 * the item {ino, XATTR, hash << 32 | id, c}; hash is the name's crc32c, id
 * tells names of one hash apart and grows with each new attribute of the
 * inode.  The first chunk always holds the whole name.  An attribute that is
 * set again keeps its id; its chunks are replaced one by one, in one
 * transaction.
 */
#include "fs/ns/items.h"

/* An attribute: where it is and how long. */
struct sfs_xattr {
	u64 a;			/* of the keys */
	unsigned int name_len;
	unsigned int val_len;
};

static u64 sfs_xattr_hash(const char *name)
{
	return (u64)crc32c(~0U, name, strlen(name)) << 32;
}

static unsigned int sfs_xattr_bytes(unsigned int name_len, unsigned int val_len)
{
	return sizeof(struct sfs_disk_xattr) + name_len + val_len;
}

unsigned int sfs_xattr_nr_chunks(struct sfs_volume *vol, const char *name,
				 unsigned int len)
{
	return sfs_nr_chunks(vol, sfs_xattr_bytes(strlen(name), len));
}

int sfs_xattr_check(const char *name, unsigned int len)
{
	if (!name[0] || strlen(name) > SFS_XATTR_NAME_MAX)
		return -ERANGE;
	return len > SFS_XATTR_VALUE_MAX ? -E2BIG : 0;
}

/* The head of chunk 0: lengths, and the name behind it. NULL when broken. */
static const struct sfs_disk_xattr *sfs_xattr_head(const void *val,
						   unsigned int len)
{
	const struct sfs_disk_xattr *head = val;

	if (len <= sizeof(*head) || !head->name_len ||
	    len < sizeof(*head) + head->name_len)
		return NULL;
	/* names go to callers as strings */
	if (memchr(head + 1, 0, head->name_len))
		return NULL;
	return head;
}

static int sfs_xattr_find(struct sfs_op *op, u64 ino, const char *name,
			  struct sfs_xattr *xa)
{
	u64 hash = sfs_xattr_hash(name);
	struct sfs_key key = SFS_KEY(ino, SFS_ITEM_XATTR, hash, 0);
	struct sfs_key last = SFS_KEY(ino, SFS_ITEM_XATTR, hash | U32_MAX,
				      U64_MAX);
	const struct sfs_disk_xattr *head;
	u8 val[SFS_XATTR_HEAD_MAX];
	int ret;

	for (;;) {
		ret = sfs_btree_next(op->fs->vol, sfs_op_tree(op, ino), &key,
				     &last, val, sizeof(val));
		if (ret < 0)
			return ret == -ENOENT ? -ENODATA : ret;
		head = sfs_xattr_head(val, min_t(int, ret, sizeof(val)));
		if (!head || key.b)
			return -EUCLEAN;
		if (head->name_len == strlen(name) &&
		    !memcmp(head + 1, name, head->name_len))
			break;
		if (key.a == last.a)
			return -ENODATA;
		key = SFS_KEY(ino, SFS_ITEM_XATTR, key.a + 1, 0);
		cond_resched();
	}
	xa->a = key.a;
	xa->name_len = head->name_len;
	xa->val_len = le16_to_cpu(head->val_len);
	return 0;
}

/* ---- reading ------------------------------------------------------------ */

/* Collects the chunks of one attribute. */
struct sfs_xattr_read {
	u8 *buf;
	unsigned int skip;	/* bytes of the string not wanted */
	unsigned int bytes;	/* of the string */
	unsigned int done;
	unsigned int chunk_bytes;
};

static int sfs_xattr_read_chunk(void *arg, const struct sfs_key *key,
				const void *val, unsigned int len)
{
	struct sfs_xattr_read *xr = arg;
	unsigned int want = min(xr->bytes - xr->done, xr->chunk_bytes);
	unsigned int skip = xr->done ? 0 : xr->skip;

	if (!want || len != want || key->b * xr->chunk_bytes != xr->done)
		return -EUCLEAN;
	if (len > skip)
		memcpy(xr->buf + xr->done + skip - xr->skip, val + skip,
		       len - skip);
	xr->done += len;
	return 0;
}

/* The string without its first skip bytes, all in chunk 0, into buf. */
static int sfs_xattr_read(struct sfs_op *op, u64 ino,
			  const struct sfs_xattr *xa, void *buf,
			  unsigned int skip)
{
	struct sfs_xattr_read xr = {
		.buf = buf,
		.skip = skip,
		.bytes = sfs_xattr_bytes(xa->name_len, xa->val_len),
		.chunk_bytes = sfs_chunk_bytes(op->fs->vol),
	};
	struct sfs_key first = SFS_KEY(ino, SFS_ITEM_XATTR, xa->a, 0);
	struct sfs_key last = SFS_KEY(ino, SFS_ITEM_XATTR, xa->a, U64_MAX);
	int ret;

	ret = sfs_btree_walk(op->fs->vol, sfs_op_tree(op, ino), &first, &last,
			     sfs_xattr_read_chunk, &xr);
	if (!ret && xr.done != xr.bytes)
		ret = -EUCLEAN;
	return ret;
}

int sfs_ns_getxattr(struct sfs_fs *fs, u64 ino, const char *name, void *value,
		    unsigned int size)
{
	struct sfs_xattr xa;
	struct sfs_op op;
	int ret;

	ret = sfs_xattr_check(name, 0);
	if (ret)
		return ret;
	sfs_op_init(&op, fs);
	sfs_op_add(&op, ino, SFS_LOCK_PR);
	ret = sfs_op_start(&op, 0, 0);
	if (!ret)
		ret = sfs_xattr_find(&op, ino, name, &xa);
	if (!ret && size && xa.val_len > size)
		ret = -ERANGE;
	if (!ret && size)
		ret = sfs_xattr_read(&op, ino, &xa, value,
				     sfs_xattr_bytes(xa.name_len, 0));
	sfs_op_end(&op);
	return ret ? ret : (int)xa.val_len;
}

struct sfs_xattr_list {
	char *buf;
	unsigned int size;
	unsigned int used;
};

static int sfs_xattr_list_one(void *arg, const struct sfs_key *key,
			      const void *val, unsigned int len)
{
	const struct sfs_disk_xattr *head;
	struct sfs_xattr_list *xl = arg;

	if (key->b)
		return 0;
	head = sfs_xattr_head(val, len);
	if (!head)
		return -EUCLEAN;
	if (xl->used + head->name_len + 1 > INT_MAX)
		return -E2BIG;
	if (xl->size) {
		if (xl->used + head->name_len + 1 > xl->size)
			return -ERANGE;
		memcpy(xl->buf + xl->used, head + 1, head->name_len);
		xl->buf[xl->used + head->name_len] = 0;
	}
	xl->used += head->name_len + 1;
	return 0;
}

int sfs_ns_listxattr(struct sfs_fs *fs, u64 ino, char *buf, unsigned int size)
{
	struct sfs_xattr_list xl = { .buf = buf, .size = size };
	struct sfs_key first = SFS_KEY(ino, SFS_ITEM_XATTR, 0, 0);
	struct sfs_key last = SFS_KEY(ino, SFS_ITEM_XATTR, U64_MAX, U64_MAX);
	struct sfs_op op;
	int ret;

	sfs_op_init(&op, fs);
	sfs_op_add(&op, ino, SFS_LOCK_PR);
	ret = sfs_op_start(&op, 0, 0);
	if (!ret)
		ret = sfs_btree_walk(fs->vol, sfs_op_tree(&op, ino), &first,
				     &last, sfs_xattr_list_one, &xl);
	sfs_op_end(&op);
	return ret ? ret : (int)xl.used;
}

/* ---- changing ----------------------------------------------------------- */

/* An attribute's string as it is or shall be; bytes 0: not there. */
struct sfs_xattr_str {
	u8 *buf;
	unsigned int bytes;
};

static int sfs_xattr_make(struct sfs_xattr_str *str, const char *name,
			  const void *value, unsigned int len)
{
	unsigned int name_len = strlen(name);
	struct sfs_disk_xattr *head;

	str->bytes = sfs_xattr_bytes(name_len, len);
	str->buf = kvmalloc(str->bytes, GFP_NOFS);
	if (!str->buf)
		return -ENOMEM;
	head = (void *)str->buf;
	head->val_len = cpu_to_le16(len);
	head->name_len = name_len;
	memcpy(head + 1, name, name_len);
	if (len)
		memcpy((u8 *)(head + 1) + name_len, value, len);
	return 0;
}

/* Make the items hold one string instead of another; old stays until the end. */
static int sfs_xattr_replace(struct sfs_change *ch, u64 ino, u64 a,
			     const struct sfs_xattr_str *old,
			     const struct sfs_xattr_str *new)
{
	unsigned int size = sfs_chunk_bytes(ch->op.fs->vol);
	unsigned int off;
	struct sfs_key key;
	int ret = 0;

	for (off = 0; !ret && (off < old->bytes || off < new->bytes);
	     off += size) {
		key = SFS_KEY(ino, SFS_ITEM_XATTR, a, off / size);
		if (off >= old->bytes)
			ret = sfs_change_insert(ch, &key, new->buf + off,
						min(size, new->bytes - off));
		else if (off >= new->bytes)
			ret = sfs_change_delete(ch, &key, old->buf + off,
						min(size, old->bytes - off));
		else
			ret = sfs_change_update(ch, &key, new->buf + off,
						min(size, new->bytes - off),
						old->buf + off,
						min(size, old->bytes - off));
	}
	return ret;
}

int sfs_xattr_insert(struct sfs_change *ch, u64 ino, u32 id, const char *name,
		     const void *value, unsigned int len)
{
	struct sfs_xattr_str old = {};
	struct sfs_xattr_str new;
	int ret;

	ret = sfs_xattr_make(&new, name, value, len);
	if (ret)
		return ret;
	ret = sfs_xattr_replace(ch, ino, sfs_xattr_hash(name) | id, &old, &new);
	kvfree(new.buf);
	return ret;
}

/* One attribute being set or removed, and what changes of the inode with it. */
struct sfs_xattr_set {
	struct sfs_change *ch;
	u64 ino;
	const struct sfs_xattr_change *xattr;
	unsigned int mask;		/* enum sfs_attr_mask */
	const struct sfs_inode *attr;
	struct sfs_xattr_str old;	/* what is there, read under the lock */
	struct sfs_xattr_str new;
	unsigned int nr_chunks;		/* reserved, of both together */
	u64 a;				/* of the keys */
};

/* A key nobody uses: ids that wrapped around may be in use. */
static int sfs_xattr_new_id(struct sfs_xattr_set *xs, struct sfs_inode *in)
{
	struct sfs_op *op = &xs->ch->op;
	struct sfs_key key;
	unsigned int tries;
	int ret;

	for (tries = 0; tries < SFS_NS_RETRIES; tries++) {
		xs->a = sfs_xattr_hash(xs->xattr->name) |
			(u32)in->next_xattr_id++;
		key = SFS_KEY(in->ino, SFS_ITEM_XATTR, xs->a, 0);
		ret = sfs_btree_lookup(op->fs->vol, sfs_op_tree(op, in->ino),
				       &key, NULL, 0);
		if (ret < 0)
			return ret == -ENOENT ? 0 : ret;
	}
	return -ENOSPC;
}

/* There is none of the name. */
static int sfs_xattr_set_absent(struct sfs_xattr_set *xs)
{
	const struct sfs_xattr_change *xattr = xs->xattr;

	if (!xattr->value)
		return xattr->flags & SFS_XATTR_MAY_LACK ? 0 : -ENODATA;
	if (xattr->flags & SFS_XATTR_REPLACE)
		return -ENODATA;
	return sfs_xattr_new_id(xs, &xs->ch->node[0].in);
}

/* Read and check; SFS_AGAIN when more must be reserved. */
static int sfs_xattr_set_read(struct sfs_xattr_set *xs)
{
	struct sfs_op *op = &xs->ch->op;
	struct sfs_node *node = &xs->ch->node[0];
	struct sfs_xattr xa;
	unsigned int nr;
	int ret;

	ret = sfs_node_read(op, xs->ino, node);
	if (ret)
		return ret;
	ret = sfs_xattr_find(op, xs->ino, xs->xattr->name, &xa);
	if (ret)
		return ret == -ENODATA ? sfs_xattr_set_absent(xs) : ret;
	if (xs->xattr->flags & SFS_XATTR_CREATE)
		return -EEXIST;
	nr = sfs_nr_chunks(op->fs->vol, xs->new.bytes) +
	     sfs_nr_chunks(op->fs->vol,
			   sfs_xattr_bytes(xa.name_len, xa.val_len));
	if (nr > xs->nr_chunks) {
		xs->nr_chunks = nr;
		return SFS_AGAIN;
	}
	xs->old.bytes = sfs_xattr_bytes(xa.name_len, xa.val_len);
	xs->old.buf = kvmalloc(xs->old.bytes, GFP_NOFS);
	if (!xs->old.buf)
		return -ENOMEM;
	xs->a = xa.a;
	return sfs_xattr_read(op, xs->ino, &xa, xs->old.buf, 0);
}

static int sfs_xattr_set_once(struct sfs_xattr_set *xs, struct sfs_fs *fs,
			      struct sfs_inode *inode)
{
	struct sfs_change *ch;
	int ret;

	ret = sfs_change_create(fs, xs->nr_chunks + 1, 1, 0, &ch);
	if (ret)
		return ret;
	xs->ch = ch;
	sfs_change_begin(ch, fs);
	sfs_op_add(&ch->op, xs->ino, SFS_LOCK_EX);
	ret = sfs_op_start(&ch->op, 1 + sfs_run_ops(xs->nr_chunks), 0);
	if (!ret)
		ret = sfs_xattr_set_read(xs);
	if (!ret)
		ret = sfs_node_set_attrs(&ch->op, &ch->node[0], xs->mask,
					 xs->attr);
	if (!ret)
		ret = sfs_xattr_replace(ch, xs->ino, xs->a, &xs->old, &xs->new);
	if (!ret)
		ret = sfs_node_write(ch, &ch->node[0]);
	if (!ret)
		*inode = ch->node[0].in;
	ret = sfs_change_end(ch, ret);
	kvfree(xs->old.buf);
	xs->old = (struct sfs_xattr_str) {};
	sfs_change_destroy(ch);
	return ret;
}

static int sfs_xattr_change_check(const struct sfs_xattr_change *xattr,
				  unsigned int mask)
{
	unsigned int both = SFS_XATTR_CREATE | SFS_XATTR_REPLACE;

	if (xattr->flags & ~(both | SFS_XATTR_MAY_LACK) ||
	    (xattr->flags & both) == both ||
	    mask & (SFS_ATTR_SIZE | SFS_ATTR_DATA_CHANGED))
		return -EINVAL;
	return sfs_xattr_check(xattr->name, xattr->value ? xattr->len : 0);
}

int sfs_ns_setattr_xattr(struct sfs_fs *fs, u64 ino,
			 const struct sfs_xattr_change *xattr,
			 unsigned int mask, const struct sfs_inode *attr,
			 struct sfs_inode *inode)
{
	struct sfs_xattr_set xs = {
		.ino = ino,
		.xattr = xattr,
		.mask = mask,
		.attr = attr,
	};
	unsigned int tries;
	int ret;

	ret = sfs_xattr_change_check(xattr, mask);
	if (!ret && xattr->value)
		ret = sfs_xattr_make(&xs.new, xattr->name, xattr->value,
				     xattr->len);
	if (ret)
		return ret;
	/* most attributes fit into one chunk; others take a second try */
	xs.nr_chunks = 1 + sfs_nr_chunks(fs->vol, xs.new.bytes);
	for (tries = 0; tries < SFS_NS_RETRIES; tries++) {
		ret = sfs_xattr_set_once(&xs, fs, inode);
		if (ret != SFS_AGAIN)
			break;
		ret = -EBUSY;
	}
	kvfree(xs.new.buf);
	return ret;
}

int sfs_ns_setxattr(struct sfs_fs *fs, u64 ino, const char *name,
		    const void *value, unsigned int len, unsigned int flags,
		    struct timespec64 now, struct sfs_inode *inode)
{
	struct sfs_inode attr = { .ctime = now };
	struct sfs_xattr_change xattr = {
		.name = name,
		.value = value,
		.len = len,
		.flags = flags,
	};

	return sfs_ns_setattr_xattr(fs, ino, &xattr, SFS_ATTR_CTIME, &attr,
				    inode);
}
