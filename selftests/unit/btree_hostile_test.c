// SPDX-License-Identifier: GPL-2.0-only
/*
 * Btrees from a hostile device: the validator names what is wrong with a
 * block, and what it lets pass neither breaks memory nor runs for ever.
 */
#include "format/btree_priv.h"

#include <setjmp.h>

#include <cmocka.h>

#include "mock_block.h"

#define OWNER		77
#define BLOCK_BYTES	4096

static u64 seed;

static u64 rnd(u64 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed * 0x2545f4914f6cdd1dULL >> 11) % below;
}

static u64 rnd64(void)
{
	return rnd(1ULL << 32) << 32 | rnd(1ULL << 32);
}

static struct sfs_key rnd_key(void)
{
	return SFS_KEY(rnd(4) ? 9 : rnd64(), rnd(256), rnd64(), rnd64());
}

/* A committed tree; every item has a value of len bytes. */
static void grow_tree(struct mock *m, struct sfs_tree *tree,
		      unsigned int block_bytes, unsigned int nr,
		      unsigned int len)
{
	u8 *val = mock_malloc(len);
	struct sfs_key key;

	memset(val, 0x77, len);
	mock_init(m, block_bytes);
	m->evict = true;
	sfs_tree_init(tree, OWNER);
	while (nr--) {
		key = rnd_key();
		assert_int_equal(sfs_btree_insert(&m->tr, tree, &key, val,
						  len), 0);
	}
	mock_commit(m, tree);
	free(val);
}

/* ---- one block, one fault ------------------------------------------------------ */

static struct sfs_btree_block *bt;
static struct sfs_btree_slot *slot;	/* item 1 */

static void set_val_len(unsigned int len)
{
	slot->val_len = cpu_to_le16(len);
}

static void bad_level(void) { bt->level = SFS_TREE_HEIGHT_MAX; }
static void bad_prefix_len(void) { bt->prefix_len = SFS_KEY_BYTES + 1; }
static void bad_prefix_pad(void) { bt->prefix[31] = 1; }
static void bad_pad(void) { bt->pad = cpu_to_le32(1); }
static void bad_hdr_pad(void) { bt->hdr.pad[6] = 1; }
static void bad_empty(void) { bt->nr_items = 0; }
static void bad_nr(void) { bt->nr_items = cpu_to_le16(65535); }
static void bad_free_high(void) { bt->free_off = cpu_to_le32(BLOCK_BYTES + 1); }
static void bad_free_low(void) { bt->free_off = cpu_to_le32(96); }
static void bad_garbage(void) { le32_add_cpu(&bt->garbage_bytes, 1); }
static void bad_garbage_big(void) { bt->garbage_bytes = cpu_to_le32(U32_MAX); }
static void bad_off_low(void) { slot->off = 0; }
static void bad_off_high(void) { slot->off = cpu_to_le16(BLOCK_BYTES - 4); }
static void bad_off_max(void) { slot->off = cpu_to_le16(65535); }
static void bad_val_len(void) { set_val_len(SFS_VAL_MAX(BLOCK_BYTES) + 1); }
static void bad_key_len(void) { slot->key_len = SFS_KEY_BYTES + 1; }
static void bad_head(void) { slot->head[2] ^= 1; }

static void bad_zero_off(void)
{
	slot->key_len = 0;
	set_val_len(0);
}

static void bad_order(void)
{
	swap(slot[0], slot[1]);
}

static void bad_twice(void)
{
	/* the same key at another place */
	memcpy(sfs_btree_suffix(bt, slot + 1), sfs_btree_suffix(bt, slot),
	       slot->key_len);
	slot[1].key_len = slot->key_len;
	memcpy(slot[1].head, slot->head, sizeof(slot->head));
}

static void bad_trailing(void)
{
	sfs_btree_suffix(bt, slot)[slot->key_len - 1] = 0;
}

static void bad_ref_null(void) { memset(sfs_btree_val(bt, 1), 0, 8); }
static void bad_ref_pad(void) { sfs_btree_val(bt, 1)[23] = 1; }
static void bad_ref_len(void) { set_val_len(23); }

static void bad_first_key(void)
{
	slot[-1].key_len = 1;
	slot[-1].head[0] = sfs_btree_suffix(bt, slot - 1)[0] = 1;
	le16_add_cpu(&slot[-1].off, -1);
	sfs_btree_suffix(bt, slot - 1)[0] = 1;
}

struct fault {
	void (*make)(void);
	const char *why;
};

static const struct fault leaf_faults[] = {
	{ bad_level,		"btree-level" },
	{ bad_prefix_len,	"btree-prefix-len" },
	{ bad_prefix_pad,	"btree-prefix-padding" },
	{ bad_pad,		"btree-padding" },
	{ bad_hdr_pad,		"btree-padding" },
	{ bad_empty,		"btree-empty" },
	{ bad_nr,		"btree-free-off" },
	{ bad_free_high,	"btree-free-off" },
	{ bad_free_low,		"btree-free-off" },
	{ bad_garbage,		"btree-garbage" },
	{ bad_garbage_big,	"btree-garbage" },
	{ bad_off_low,		"btree-slot-bounds" },
	{ bad_off_high,		"btree-slot-bounds" },
	{ bad_off_max,		"btree-slot-bounds" },
	{ bad_zero_off,		"btree-slot-bounds" },
	{ bad_val_len,		"btree-val-len" },
	{ bad_key_len,		"btree-key-len" },
	{ bad_head,		"btree-slot-head" },
	{ bad_order,		"btree-key-order" },
	{ bad_twice,		"btree-key-order" },
	{ bad_trailing,		"btree-key-trailing-zero" },
};

static const struct fault branch_faults[] = {
	{ bad_level,		"btree-level" },
	{ bad_nr,		"btree-free-off" },
	{ bad_order,		"btree-key-order" },
	{ bad_ref_null,		"btree-ref-null" },
	{ bad_ref_pad,		"btree-ref-padding" },
	{ bad_ref_len,		"btree-ref-len" },
	{ bad_first_key,	"btree-first-key" },
};

static void check_faults(const void *sound, const struct fault *faults,
			 unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		memcpy(bt, sound, BLOCK_BYTES);
		assert_null(sfs_btree_check_block(bt, BLOCK_BYTES));
		faults[i].make();
		assert_string_equal(sfs_btree_check_block(bt, BLOCK_BYTES) ?:
				    "sound", faults[i].why);
	}
}

static void test_faults(void **state)
{
	struct sfs_tree tree;
	struct sfs_ref leaf;
	struct mock m;

	grow_tree(&m, &tree, BLOCK_BYTES, 200, 30);
	assert_int_equal(tree.height, 2);
	bt = mock_malloc(BLOCK_BYTES);
	slot = sfs_btree_slots(bt) + 1;
	sfs_btree_child(m.slots[tree.ref.blkno].image, 0, &leaf);
	check_faults(m.slots[leaf.blkno].image, leaf_faults,
		     ARRAY_SIZE(leaf_faults));
	check_faults(m.slots[tree.ref.blkno].image, branch_faults,
		     ARRAY_SIZE(branch_faults));
	free(bt);
	mock_exit(&m);
}

/* Two items over the same bytes, all lengths adding up. */
static void test_overlap(void **state)
{
	static const u8 prefix;
	struct sfs_bkey key = { .len = 1 };
	struct sfs_btree_slot *slots;
	unsigned int bytes;
	u8 val[40] = { 0 };

	for (bytes = 4096; bytes <= 65536; bytes *= 2) {
		bt = calloc(1, bytes);
		sfs_btree_build_start(bt, bytes, 0, &key, prefix);
		for (key.bytes[0] = 1; key.bytes[0] < 5; key.bytes[0]++)
			sfs_btree_build_add(bt, &key, val, 40);
		assert_null(sfs_btree_check_block(bt, bytes));
		slots = sfs_btree_slots(bt);
		/* item 2 one byte into item 1; keys stay as they are */
		*((u8 *)bt + le16_to_cpu(slots[2].off) + 1) = 3;
		le16_add_cpu(&slots[2].off, 1);
		assert_string_equal(sfs_btree_check_block(bt, bytes),
				    "btree-items-overlap");
		free(bt);
	}
}

/* ---- fuzzing one block ------------------------------------------------------------ */

static void mutate(u8 *block, unsigned int bytes)
{
	struct sfs_btree_block *b = (void *)block;
	unsigned int nr = min(sfs_btree_nr(b), (bytes - 96) / 8);
	struct sfs_btree_slot *s = sfs_btree_slots(b);
	unsigned int i = nr ? rnd(nr) : 0, k = nr ? rnd(nr) : 0;

	switch (rnd(9)) {
	case 0:
		block[rnd(bytes)] ^= 1 << rnd(8);
		break;
	case 1:
		block[48 + rnd(48)] = rnd(256);
		break;
	case 2:
		((u8 *)(s + i))[rnd(8)] = rnd(256);
		break;
	case 3:
		swap(s[i], s[k]);
		break;
	case 4:
		s[i].off = s[k].off;
		break;
	case 5:
		b->nr_items = cpu_to_le16(rnd(3) ? nr + rnd(5) - 2 :
						   rnd(65536));
		break;
	case 6:
		le32_add_cpu(&b->free_off, (u32)rnd(9) - 4);
		break;
	case 7:
		/* shorter, with the garbage right */
		if (le16_to_cpu(s[i].val_len)) {
			le16_add_cpu(&s[i].val_len, -1);
			le32_add_cpu(&b->garbage_bytes, 1);
		}
		break;
	default:
		b->level = rnd(3);
	}
}

/* Anything may come back, but it does, and memory stays whole. */
static void use_tree(struct mock *m, struct sfs_tree *tree, int nr)
{
	u64 bound = 20 * m->nr_live + 1000;
	struct sfs_key key, other;
	u8 val[900] = { 0 };

	while (nr--) {
		m->nr_reads = 0;
		key = rnd_key();
		other = rnd(2) ? rnd_key() : SFS_KEY_MAX;
		switch (rnd(8)) {
		case 0:
			sfs_btree_lookup(&m->vol, tree, &key, val, 900);
			break;
		case 1:
			sfs_btree_next(&m->vol, tree, &key, &other, val, 900);
			break;
		case 2:
			other = SFS_KEY_MIN;
			sfs_btree_prev(&m->vol, tree, &key, &other, val, 900);
			break;
		case 3:
			other = SFS_KEY_MAX;
			if (sfs_btree_next(&m->vol, tree, &key, &other, NULL,
					   0) >= 0)
				sfs_btree_delete(&m->tr, tree, &key);
			break;
		case 4:
			sfs_btree_delete_range(&m->tr, tree, &key, &other,
					       rnd(50));
			break;
		default:
			sfs_btree_set(&m->tr, tree, &key, val, rnd(900));
		}
		assert_int_equal(m->nr_refs, 0);
		assert_true(m->nr_reads < bound);
	}
}

static int read_item(void *arg, const struct sfs_key *key, const void *val,
		     unsigned int len)
{
	static u8 copy[SFS_BLOCK_BYTES_MAX];

	memcpy(copy, val, len);
	return 0;
}

static int see_block(void *arg, const struct sfs_ref *ref, u8 level,
		     struct sfs_block *blk, int err)
{
	++*(u64 *)arg;
	return 0;
}

static void read_tree(struct mock *m, struct sfs_tree *tree)
{
	struct sfs_key min = SFS_KEY_MIN, max = SFS_KEY_MAX;
	u64 seen = 0;

	m->nr_reads = 0;
	sfs_btree_walk(&m->vol, tree, &min, &max, read_item, NULL);
	sfs_btree_visit_blocks(&m->vol, tree, see_block, &seen);
	assert_int_equal(m->nr_refs, 0);
	assert_true(m->nr_reads < 20 * m->nr_live + 1000);
}

/* Put what passes into a tree of one leaf and use it. */
static void test_fuzz_block(void **state)
{
	static const unsigned int sizes[] = { 4096, 16384, 65536 };
	u64 passed = 0, tried = 0, was;
	struct sfs_tree base_tree, tree;
	struct mock base, m;
	unsigned int s;
	u8 *block;
	int i, k;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		grow_tree(&base, &base_tree, sizes[s], sizes[s] / 50, 25);
		block = mock_malloc(sizes[s]);
		for (i = 0; i < (s ? 6000 : 60000); i++) {
			u64 n = 1 + rnd(base.nr_live);

			while (base.slots[n].state != MOCK_LIVE)
				n = n % (base.nr_slots - 1) + 1;
			memcpy(block, base.slots[n].image, sizes[s]);
			for (k = 1 + rnd(3); k; k--)
				mutate(block, sizes[s]);
			tried++;
			if (sfs_btree_check_block(block, sizes[s]))
				continue;
			passed++;
			mock_init(&m, sizes[s]);
			m.is_hostile = true;
			m.evict = true;
			sfs_tree_init(&tree, OWNER);
			struct sfs_key key = rnd_key();

			sfs_btree_insert(&m.tr, &tree, &key, NULL, 0);
			mock_commit(&m, &tree);
			memcpy(m.slots[tree.ref.blkno].image, block, sizes[s]);
			tree.height = ((struct sfs_btree_block *)block)->level +
				      1;
			was = port_warn_count;
			read_tree(&m, &tree);
			use_tree(&m, &tree, 30);
			read_tree(&m, &tree);
			assert_true(port_warn_count == was);
			mock_exit(&m);
		}
		free(block);
		mock_current = &base;
		mock_exit(&base);
	}
	printf("# %llu of %llu mutated blocks passed the validator\n",
	       (unsigned long long)passed, (unsigned long long)tried);
	assert_true(passed > 1000);
}

/* ---- fuzzing whole trees -------------------------------------------------------------- */

static void clone(struct mock *m, const struct mock *base)
{
	u64 i;

	mock_init(m, base->vol.block_bytes);
	m->tr.seq = base->tr.seq;
	m->is_hostile = true;
	m->evict = true;
	m->nr_slots = base->nr_slots;
	m->nr_live = base->nr_live;
	m->nr_unused = base->nr_unused;
	m->slots = calloc(m->nr_slots, sizeof(*m->slots));
	m->unused = mock_malloc(m->nr_slots * sizeof(u64));
	assert_non_null(m->slots);
	memcpy(m->unused, base->unused, m->nr_unused * sizeof(u64));
	for (i = 1; i < m->nr_slots; i++) {
		if (base->slots[i].state != MOCK_LIVE)
			continue;
		m->slots[i].state = MOCK_LIVE;
		m->slots[i].seq = base->slots[i].seq;
		m->slots[i].image = mock_malloc(base->vol.block_bytes);
		memcpy(m->slots[i].image, base->slots[i].image,
		       base->vol.block_bytes);
	}
}

static struct sfs_btree_block *rnd_block(struct mock *m, int want_branch)
{
	struct sfs_btree_block *b;
	u64 n;

	do {
		n = 1 + rnd(m->nr_slots - 1);
		b = m->slots[n].state == MOCK_LIVE ? m->slots[n].image : NULL;
	} while (!b || (want_branch && !b->level && rnd(10000)));
	return b;
}

/* References that lead elsewhere, each sound by itself. */
static void mutate_refs(struct mock *m)
{
	struct sfs_btree_block *x = rnd_block(m, 1), *y = rnd_block(m, 1);
	unsigned int i, k;
	struct sfs_ref a, b;

	if (!x->level || !y->level ||
	    sfs_btree_check_block(x, BLOCK_BYTES) ||
	    sfs_btree_check_block(y, BLOCK_BYTES))
		return;		/* broken before */
	i = rnd(sfs_btree_nr(x));
	k = rnd(sfs_btree_nr(y));
	sfs_btree_child(x, i, &a);
	sfs_btree_child(y, k, &b);
	switch (rnd(4)) {
	case 0:
		sfs_btree_set_child(x, i, &b);	/* shared */
		break;
	case 1:
		sfs_btree_set_child(x, i, &b);	/* exchanged */
		sfs_btree_set_child(y, k, &a);
		break;
	case 2:
		a.blkno = le64_to_cpu(y->hdr.blkno);	/* a cycle, perhaps */
		a.seq = le64_to_cpu(y->hdr.seq);
		sfs_btree_set_child(x, i, &a);
		break;
	default:
		/* all children the same */
		for (i = 0; i < sfs_btree_nr(x); i++)
			sfs_btree_set_child(x, i, &b);
	}
}

static void test_fuzz_tree(void **state)
{
	struct sfs_tree base_tree, tree;
	struct mock base, m;
	u64 was = port_warn_count;
	int i, k;

	grow_tree(&base, &base_tree, BLOCK_BYTES, 400, 900);
	assert_true(base_tree.height >= 3);
	for (i = 0; i < 1500; i++) {
		clone(&m, &base);
		tree = base_tree;
		for (k = 1 + rnd(4); k; k--) {
			if (rnd(3))
				mutate_refs(&m);
			else
				mutate((u8 *)rnd_block(&m, rnd(2)),
				       BLOCK_BYTES);
		}
		if (rnd(20) == 0)
			tree.height = rnd(256);
		read_tree(&m, &tree);
		use_tree(&m, &tree, 60);
		read_tree(&m, &tree);
		sfs_btree_free_blocks(&m.tr, &tree);
		mock_exit(&m);
	}
	assert_true(port_warn_count == was);
	mock_current = &base;
	mock_exit(&base);
}

/* ---- blocks that do not fit together ---------------------------------------------------- */

static void test_shared_child(void **state)
{
	struct sfs_key min = SFS_KEY_MIN, max = SFS_KEY_MAX, key;
	struct sfs_btree_block *root;
	struct sfs_bkey bkey;
	struct sfs_tree tree;
	struct sfs_ref ref;
	struct mock m;

	grow_tree(&m, &tree, BLOCK_BYTES, 300, 100);
	root = m.slots[tree.ref.blkno].image;
	assert_true(tree.height == 2 && sfs_btree_nr(root) > 5);
	sfs_btree_child(root, 2, &ref);
	sfs_btree_set_child(root, 3, &ref);
	m.is_hostile = true;

	sfs_btree_key(root, 3, &bkey);
	sfs_key_decode(&key, bkey.bytes, SFS_KEY_BYTES);
	assert_int_equal(sfs_btree_walk(&m.vol, &tree, &min, &max, read_item,
					NULL), -EUCLEAN);
	assert_int_equal(sfs_btree_insert(&m.tr, &tree, &key, NULL, 0),
			 -EUCLEAN);
	assert_int_equal(sfs_btree_delete(&m.tr, &tree, &key), -EUCLEAN);
	assert_int_equal(sfs_btree_next(&m.vol, &tree, &key, &max, NULL, 0),
			 -EUCLEAN);
	assert_int_equal(sfs_btree_prev(&m.vol, &tree, &key, &min, NULL, 0),
			 -EUCLEAN);
	assert_int_equal(sfs_btree_lookup(&m.vol, &tree, &key, NULL, 0),
			 -ENOENT);

	/* levels and handles */
	tree.height = 3;
	assert_int_equal(sfs_btree_lookup(&m.vol, &tree, &key, NULL, 0),
			 -EUCLEAN);
	tree.height = SFS_TREE_HEIGHT_MAX + 1;
	assert_int_equal(sfs_btree_lookup(&m.vol, &tree, &key, NULL, 0),
			 -EUCLEAN);
	tree.height = 0;
	assert_int_equal(sfs_btree_insert(&m.tr, &tree, &key, NULL, 0),
			 -EUCLEAN);
	mock_exit(&m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_shared_child),
		cmocka_unit_test(test_fuzz_block),
		cmocka_unit_test(test_fuzz_tree),
	};
	const char *env = getenv("SEED");

	seed = env ? strtoull(env, NULL, 0) : 1;
	seed = seed ? seed : 1;
	printf("# btree_hostile_test SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
