// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the namespace should be.
 */
#include "model.h"

#define M_SECTOR_MAGIC	0x73696d5f64617461ULL

static void *m_grow(void *mem, u32 *size, size_t elem_bytes)
{
	*size = *size ? *size * 2 : 256;
	mem = realloc(mem, *size * elem_bytes);
	if (!mem)
		port_die("out of memory");
	return mem;
}

void model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->inode = calloc(M_INODES, sizeof(*m->inode));
	m->hashes = m_grow(NULL, &m->size_hashes, sizeof(u64));
	if (!m->inode)
		port_die("out of memory");
	m_inode_add(m, SFS_ROOT_INO, S_IFDIR | 0755);
	m->hashes[0] = m->hash;
}

void model_exit(struct model *m)
{
	u32 i;
	u32 j;

	for (i = 0; i < m->nr_inodes; i++) {
		for (j = 0; m->inode[i].block && j < M_BLOCKS; j++)
			free(m->inode[i].block[j].w);
		free(m->inode[i].block);
	}
	free(m->inode);
	free(m->name);
	free(m->hashes);
	free(m->commit);
	free(m->sync);
}

/* ---- hashes -------------------------------------------------------------------------- */

u64 m_hash_bytes(const void *bytes, size_t len)
{
	const u8 *p = bytes;
	u64 h = sim_mix(len);
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return sim_mix(h) | 1;
}

u64 m_name_hash(u64 dir_ino, const char *name, unsigned int len, u64 ino)
{
	return sim_mix(m_hash_bytes(name, len) ^ sim_mix(dir_ino) ^
		       sim_mix(~ino));
}

u64 m_inode_hash(const struct m_inode *in)
{
	u64 h = sim_mix(in->ino) ^ sim_mix((u64)in->mode << 32 | in->nlink);
	u64 sum = 0;
	unsigned int i;

	if (!in->nlink)
		return 0;
	h = sim_mix(h ^ sim_mix(in->size) ^ in->link_hash);
	h = sim_mix(h ^ in->data_version);
	for (i = 0; i < M_XATTRS; i++) {
		if (in->xattr[i].hash)
			sum += sim_mix(in->xattr[i].hash + i);
	}
	for (i = 0; in->block && i < M_BLOCKS; i++) {
		if (in->block[i].is_written)
			sum += sim_mix(m_block_nr(i) ^ 0x5555);
	}
	return sim_mix(h + sum);
}

void m_change(struct model *m, struct m_inode *in)
{
	m->hash -= m_inode_hash(in);
}

void m_changed(struct model *m, struct m_inode *in)
{
	m->hash += m_inode_hash(in);
}

/* ---- inline files ------------------------------------------------------------------------ */

void m_inline_fill(u8 *bytes, u32 tag, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		bytes[i] = sim_mix(tag) >> (i % 8 * 8) ^ i;
}

void m_inline_set(struct m_inode *in, u32 tag, u32 len)
{
	u8 bytes[SFS_INLINE_BYTES_MAX];

	m_inline_fill(bytes, tag, len);
	in->inline_tag = tag;
	in->inline_len = len;
	in->link_hash = len ? m_hash_bytes(bytes, len) : 0;
}

/* ---- inodes and names ------------------------------------------------------------------- */

u32 m_inode_add(struct model *m, u64 ino, u32 mode)
{
	struct m_inode *in = &m->inode[m->nr_inodes];

	if (m->nr_inodes == M_INODES)
		port_die("too many inodes for the model");
	in->ino = ino;
	in->mode = mode;
	in->nlink = S_ISDIR(mode) ? 2 : 1;
	m_changed(m, in);
	return m->nr_inodes++;
}

struct m_inode *m_inode_find(struct model *m, u64 ino)
{
	u32 i;

	for (i = 0; i < m->nr_inodes; i++) {
		if (m->inode[i].ino == ino)
			return &m->inode[i];
	}
	return NULL;
}

struct m_name *m_name_find(struct model *m, u32 dir, const char *name)
{
	u32 i;

	for (i = 0; i < m->nr_names; i++) {
		struct m_name *n = &m->name[i];

		if (n->is_used && n->dir == dir && !strcmp(n->name, name))
			return n;
	}
	return NULL;
}

static void m_name_count(struct model *m, const struct m_name *n, int sign)
{
	struct m_inode *dir = &m->inode[n->dir];

	m->hash += sign * m_name_hash(dir->ino, n->name, strlen(n->name),
				      m->inode[n->inode].ino);
	m_change(m, dir);
	dir->size += sign * (int)strlen(n->name);
	dir->nr_entries += sign;
	if (S_ISDIR(m->inode[n->inode].mode))
		dir->nlink += sign;
	m_changed(m, dir);
}

void m_name_add(struct model *m, u32 dir, u32 inode, const char *name)
{
	struct m_name *n = NULL;
	u32 i;

	for (i = 0; i < m->nr_names && !n; i++) {
		if (!m->name[i].is_used)
			n = &m->name[i];
	}
	if (!n) {
		if (m->nr_names == m->size_names)
			m->name = m_grow(m->name, &m->size_names, sizeof(*n));
		n = &m->name[m->nr_names++];
	}
	n->is_used = true;
	n->dir = dir;
	n->inode = inode;
	snprintf(n->name, sizeof(n->name), "%s", name);
	m_name_count(m, n, 1);
}

void m_name_del(struct model *m, struct m_name *n)
{
	m_name_count(m, n, -1);
	n->is_used = false;
}

void m_op_done(struct model *m)
{
	m->op++;
	if (m->op == m->size_hashes)
		m->hashes = m_grow(m->hashes, &m->size_hashes, sizeof(u64));
	m->hashes[m->op] = m->hash;
}

/* ---- file data ------------------------------------------------------------------------------ */

static void m_block_note(struct m_inode *in, unsigned int idx, u32 op, u32 tag)
{
	struct m_block *b;

	if (!in->block) {
		in->block = calloc(M_BLOCKS, sizeof(*in->block));
		if (!in->block)
			port_die("out of memory");
	}
	b = &in->block[idx];
	if (b->nr == b->size) {
		b->size = b->size ? b->size * 2 : 4;
		b->w = realloc(b->w, b->size * sizeof(*b->w));
		if (!b->w)
			port_die("out of memory");
	}
	b->w[b->nr++] = (struct m_write){ .op = op, .tag = tag };
}

void m_block_write(struct m_inode *in, unsigned int idx, u32 op, u32 tag)
{
	m_block_note(in, idx, op, tag);
	in->block[idx].is_written = true;
}

void m_block_scribble(struct m_inode *in, unsigned int idx, u32 tag)
{
	if (in->block && in->block[idx].is_written)
		m_block_note(in, idx, U32_MAX, tag);
}

void m_block_free(struct m_inode *in, unsigned int idx, u32 op)
{
	if (!in->block || !in->block[idx].is_written)
		return;
	m_block_note(in, idx, op, 0);
	in->block[idx].is_written = false;
}

bool m_block_accepts(const struct m_block *b, u32 op, u32 crash, u32 synced,
		     u32 tag)
{
	u32 floor = 0;
	unsigned int start = 0;
	unsigned int i;

	/* the life of the block that the state has */
	for (i = 0; i < b->nr; i++) {
		if (b->w[i].op <= op && !b->w[i].tag)
			start = i + 1;
	}
	for (i = start; i < b->nr && b->w[i].tag; i++) {
		/* its first write came with it; synced ones are durable */
		if (i == start || b->w[i].op <= synced)
			floor = b->w[i].tag;
	}
	for (i = start; i < b->nr && b->w[i].tag; i++) {
		if (b->w[i].tag == tag)
			return tag >= floor && tag <= crash;
	}
	return false;
}

void m_sector_fill(u8 *sector, u64 ino, u64 block, u32 tag)
{
	u64 words[4] = { M_SECTOR_MAGIC, ino, block, tag };

	memset(sector, (u8)tag, SIM_SECTOR_BYTES);
	memcpy(sector, words, sizeof(words));
}

u32 m_sector_tag(const u8 *sector, u64 ino, u64 block)
{
	u8 want[SIM_SECTOR_BYTES];
	u64 words[4];

	memcpy(words, sector, sizeof(words));
	if (words[0] != M_SECTOR_MAGIC || words[1] != ino || words[2] != block)
		return 0;
	m_sector_fill(want, ino, block, words[3]);
	return memcmp(want, sector, sizeof(want)) ? 0 : words[3];
}
