/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The block layer in memory, for tests of what stands on it.
 *
 * Included by one file of a program, it takes the place of block.c and
 * trans.c there.  It is strict: a block of an earlier transaction must not
 * change, references must be exact, numbers must not be freed twice, and a
 * clean block nobody has a reference on leaves memory at once where @evict is
 * set, so that the sanitizer sees who still looks at it.
 */
#ifndef SFS_MOCK_BLOCK_H
#define SFS_MOCK_BLOCK_H

#include "format/btree.h"
#include "format/trans.h"
#include "format/volume.h"

enum mock_state {
	MOCK_FREE,
	MOCK_LIVE,
	MOCK_DYING,	/* freed, and reusable after the commit */
};

struct mock_slot {
	enum mock_state state;
	struct sfs_block *blk;	/* in memory */
	void *image;		/* on the device */
	u64 seq;
	bool is_seen;
};

/**
 * struct mock - one volume with one pipeline
 * @slots: by block number, 0 is never used
 * @nr_live: blocks that are not free and not dying
 * @nr_refs: references callers have
 * @nr_allocs: blocks allocated since the test last cleared it
 * @nr_reads: blocks looked up likewise
 * @fail_at: countdown to a failure of a read or an allocation, 0: off
 * @nr_failed: failures made
 */
struct mock {
	struct sfs_volume vol;
	struct sfs_trans tr;
	struct mock_slot *slots;
	u64 nr_slots;
	u64 *unused;
	u64 nr_unused;
	u64 nr_live;
	long nr_refs;
	u64 nr_allocs;
	u64 nr_reads;
	u64 nr_ahead;
	long fail_at;
	u64 nr_failed;
	bool evict;
	bool is_hostile;	/* images may be wrong, references too */
};

#define MOCK_CHECK(cond)	assert_true(cond)

/* The mock that blocks belong to: only one is in use at a time. */
static struct mock *mock_current;

static struct mock *mock_of(struct sfs_volume *vol)
{
	return container_of(vol, struct mock, vol);
}

static bool mock_fails(struct mock *m)
{
	if (!m->fail_at || --m->fail_at)
		return false;
	m->nr_failed++;
	return true;
}

static void *mock_malloc(size_t size)
{
	void *p = malloc(size);

	MOCK_CHECK(p);
	return p;
}

static void mock_init(struct mock *m, unsigned int block_bytes)
{
	memset(m, 0, sizeof(*m));
	m->vol.block_bytes = block_bytes;
	m->tr.vol = &m->vol;
	m->tr.seq = 1000;
	mock_current = m;
}

static void mock_forget(struct mock_slot *s)
{
	if (s->blk) {
		free(s->blk->data);
		free(s->blk);
	}
	s->blk = NULL;
}

static void mock_exit(struct mock *m)
{
	u64 i;

	MOCK_CHECK(m->nr_refs == 0);
	for (i = 0; i < m->nr_slots; i++) {
		mock_forget(&m->slots[i]);
		free(m->slots[i].image);
	}
	free(m->slots);
	free(m->unused);
}

static u64 mock_new_number(struct mock *m)
{
	u64 more = 1024;

	if (!m->nr_unused) {
		m->slots = realloc(m->slots,
				   (m->nr_slots + more) * sizeof(*m->slots));
		m->unused = realloc(m->unused,
				    (m->nr_slots + more) * sizeof(u64));
		MOCK_CHECK(m->slots && m->unused);
		memset(m->slots + m->nr_slots, 0, more * sizeof(*m->slots));
		for (; more; more--) {
			if (m->nr_slots + more > 1)
				m->unused[m->nr_unused++] =
					m->nr_slots + more - 1;
		}
		m->nr_slots += 1024;
	}
	return m->unused[--m->nr_unused];
}

static struct sfs_block *mock_block(struct mock *m, u64 blkno, u64 seq,
				    const void *data)
{
	struct sfs_block *blk = mock_malloc(sizeof(*blk));

	memset(blk, 0, sizeof(*blk));
	blk->data = mock_malloc(m->vol.block_bytes);
	memcpy(blk->data, data, m->vol.block_bytes);
	blk->blkno = blkno;
	blk->seq = seq;
	atomic_set(&blk->refs, 1);
	m->slots[blkno].blk = blk;
	return blk;
}

static struct mock_slot *mock_slot(struct mock *m, const struct sfs_ref *ref)
{
	struct mock_slot *s;

	s = ref->blkno < m->nr_slots ? &m->slots[ref->blkno] : NULL;
	if (s && (s->state != MOCK_LIVE || s->seq != ref->seq))
		s = NULL;
	MOCK_CHECK(s || m->is_hostile);
	return s;
}

/* ---- block.h ---------------------------------------------------------------- */

void sfs_ref_from_disk(struct sfs_ref *ref, const struct sfs_disk_ref *disk)
{
	ref->blkno = le64_to_cpu(disk->blkno);
	ref->seq = le64_to_cpu(disk->seq);
	ref->crc = le32_to_cpu(disk->crc);
}

void sfs_ref_to_disk(struct sfs_disk_ref *disk, const struct sfs_ref *ref)
{
	disk->blkno = cpu_to_le64(ref->blkno);
	disk->seq = cpu_to_le64(ref->seq);
	disk->crc = cpu_to_le32(ref->crc);
	disk->pad = 0;
}

void sfs_block_get(struct sfs_block *blk)
{
	mock_current->nr_refs++;
	atomic_inc(&blk->refs);
}

void sfs_block_put(struct sfs_block *blk)
{
	struct mock *m = mock_current;

	MOCK_CHECK(atomic_read(&blk->refs) > 1);
	m->nr_refs--;
	if (atomic_dec_return(&blk->refs) > 1)
		return;
	if (m->slots[blk->blkno].blk != blk) {
		free(blk->data);	/* freed while the caller had it */
		free(blk);
	} else if (m->evict && !sfs_block_is_dirty(blk)) {
		mock_forget(&m->slots[blk->blkno]);
	}
}

int sfs_block_read(struct sfs_volume *vol, const struct sfs_ref *ref, u64 owner,
		   u8 type, struct sfs_block **ret)
{
	struct mock *m = mock_of(vol);
	const struct sfs_block_hdr *hdr;
	struct mock_slot *s;

	m->nr_reads++;
	if (mock_fails(m))
		return -EIO;
	s = mock_slot(m, ref);
	if (!s)
		return -EUCLEAN;
	if (!s->blk && m->is_hostile &&
	    sfs_btree_check_block(s->image, m->vol.block_bytes))
		return -EUCLEAN;
	if (!s->blk) {
		hdr = s->image;
		MOCK_CHECK(m->is_hostile ||
			   ref->crc == le32_to_cpu(hdr->csum));
		mock_block(m, ref->blkno, ref->seq, s->image);
	}
	hdr = s->blk->data;
	if (le64_to_cpu(hdr->owner) != owner || hdr->type != type)
		return -EUCLEAN;
	atomic_inc(&s->blk->refs);
	m->nr_refs++;
	*ret = s->blk;
	return 0;
}

void sfs_block_readahead(struct sfs_volume *vol, struct sfs_ref *refs,
			 unsigned int nr)
{
	struct mock *m = mock_of(vol);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u64 blkno = refs[i].blkno;

		MOCK_CHECK(m->is_hostile ||
			   (blkno < m->nr_slots &&
			    m->slots[blkno].state == MOCK_LIVE));
	}
	m->nr_ahead += nr;
}

static void mock_stamp(struct mock *m, struct sfs_block *blk,
		       struct sfs_ref *ref)
{
	struct sfs_block_hdr *hdr = blk->data;
	struct mock_slot *s = &m->slots[blk->blkno];

	hdr->blkno = cpu_to_le64(blk->blkno);
	hdr->seq = cpu_to_le64(m->tr.seq);
	hdr->csum = 0;
	set_bit(SFS_BLOCK_DIRTY, &blk->flags);
	s->state = MOCK_LIVE;
	s->seq = m->tr.seq;
	m->nr_live++;
	m->nr_allocs++;
	m->nr_refs++;
	atomic_inc(&blk->refs);
	ref->blkno = blk->blkno;
	ref->seq = blk->seq;
	ref->crc = 0;
}

int sfs_block_new(struct sfs_trans *tr, u64 owner, u8 type, struct sfs_ref *ref,
		  struct sfs_block **ret)
{
	struct mock *m = mock_of(tr->vol);
	struct sfs_block_hdr *hdr;
	void *zero;

	if (mock_fails(m))
		return -ENOSPC;
	zero = calloc(1, m->vol.block_bytes);
	MOCK_CHECK(zero);
	*ret = mock_block(m, mock_new_number(m), tr->seq, zero);
	free(zero);
	hdr = (*ret)->data;
	hdr->magic = cpu_to_le32(SFS_MAGIC_BTREE);
	hdr->owner = cpu_to_le64(owner);
	hdr->type = type;
	mock_stamp(m, *ret, ref);
	return 0;
}

int sfs_block_dirty(struct sfs_trans *tr, struct sfs_block **blk,
		    struct sfs_ref *ref)
{
	struct mock *m = mock_of(tr->vol);
	struct sfs_block *copy;
	u64 blkno;

	MOCK_CHECK(mock_slot(m, ref)->blk == *blk);
	if ((*blk)->seq == tr->seq)
		return 0;
	if (mock_fails(m))
		return -ENOSPC;
	blkno = mock_new_number(m);
	copy = mock_block(m, blkno, tr->seq, (*blk)->data);
	sfs_block_free(tr, ref);
	sfs_block_put(*blk);
	mock_stamp(m, copy, ref);
	*blk = copy;
	return 0;
}

void sfs_block_free(struct sfs_trans *tr, const struct sfs_ref *ref)
{
	struct mock *m = mock_of(tr->vol);
	struct mock_slot *s = mock_slot(m, ref);

	if (!s)
		return;		/* the pool would find out and withdraw */
	m->nr_live--;
	s->state = MOCK_DYING;
	if (s->seq == tr->seq) {
		s->state = MOCK_FREE;
		m->unused[m->nr_unused++] = ref->blkno;
	}
	if (s->state == MOCK_FREE && s->blk && atomic_read(&s->blk->refs) > 1)
		s->blk = NULL;
	else if (s->state == MOCK_FREE)
		mock_forget(s);
}

/* ---- for tests ---------------------------------------------------------------- */

static bool mock_is_same(struct mock *m, const void *a, const void *b)
{
	return !memcmp(a, b, m->vol.block_bytes);
}

/* A block goes to the device, or is compared with what went there. */
static void mock_commit_slot(struct mock *m, struct mock_slot *s)
{
	const struct sfs_block_hdr *hdr;

	if (s->state != MOCK_FREE && s->seq != m->tr.seq && s->blk)
		MOCK_CHECK(mock_is_same(m, s->image, s->blk->data));
	if (s->state == MOCK_DYING) {
		MOCK_CHECK(!s->blk || atomic_read(&s->blk->refs) == 1);
		mock_forget(s);
		s->state = MOCK_FREE;
		m->unused[m->nr_unused++] = s - m->slots;
	}
	if (s->state == MOCK_FREE || s->seq != m->tr.seq)
		return;
	hdr = s->blk->data;
	MOCK_CHECK(hdr->csum != 0);
	MOCK_CHECK(!sfs_btree_check_block(s->blk->data, m->vol.block_bytes));
	if (!s->image)
		s->image = mock_malloc(m->vol.block_bytes);
	memcpy(s->image, s->blk->data, m->vol.block_bytes);
	clear_bit(SFS_BLOCK_DIRTY, &s->blk->flags);
	if (m->evict)
		mock_forget(s);
}

/* @tree: the one that was changed */
static void mock_commit(struct mock *m, struct sfs_tree *tree)
{
	u64 i;

	MOCK_CHECK(m->nr_refs == 0);
	MOCK_CHECK(sfs_btree_fill_crcs(&m->tr, tree) == 0);
	for (i = 1; i < m->nr_slots; i++)
		mock_commit_slot(m, &m->slots[i]);
	m->tr.seq++;
}

#endif
