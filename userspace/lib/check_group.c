// SPDX-License-Identifier: GPL-2.0-only
/*
 * Group trees: the newest root of each group, and its items.
 */
#include "lib/check_priv.h"

struct sfs_ck_group_walk {
	struct sfs_ck_group grp;
	struct sfs_ck_inode *inode;
};

/* By group, the newest first, the root map before a log of the same version. */
static int sfs_ck_root_cmp(const void *a, const void *b)
{
	const struct sfs_ck_root *x = a;
	const struct sfs_ck_root *y = b;
	u64 vx = le64_to_cpu(x->entry.version);
	u64 vy = le64_to_cpu(y->entry.version);

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (vx != vy)
		return vx > vy ? -1 : 1;
	return x->log_seq < y->log_seq ? -1 : x->log_seq > y->log_seq;
}

static void sfs_check_group_item(struct sfs_check *ck, void *arg,
				 const struct sfs_key *key, const u8 *val,
				 unsigned int len)
{
	struct sfs_ck_group_walk *w = arg;

	if (key->ino >> ck->group_shift != w->grp.nr) {
		sfs_check_report(ck, "item-unknown",
				 "group %llu: item %llu/%u/%llu/%llu of another group",
				 w->grp.nr, key->ino, key->type, key->a,
				 key->b);
		return;
	}
	sfs_ck_inode_item(ck, w->inode, key, val, len);
}

static void sfs_check_group_entry(struct sfs_check *ck,
				  const struct sfs_ck_root *root,
				  const struct sfs_ck_group *grp)
{
	const struct sfs_disk_root_entry *e = &root->entry;
	u64 nr_numbers = le32_to_cpu(e->nr_numbers);

	if (grp->nr_inodes != le32_to_cpu(e->nr_inodes))
		sfs_check_report(ck, "group-entry",
				 "group %llu: %llu inodes, the entry says %u",
				 grp->nr, grp->nr_inodes,
				 le32_to_cpu(e->nr_inodes));
	if (nr_numbers > 1ULL << ck->group_shift)
		sfs_check_report(ck, "group-entry",
				 "group %llu: %llu numbers were handed out",
				 grp->nr, nr_numbers);
	if (grp->nr_inodes && grp->max_number >= nr_numbers)
		sfs_check_report(ck, "inode-number",
				 "group %llu: number %llu is used, %llu were handed out",
				 grp->nr, grp->max_number, nr_numbers);
	if (grp->max_meta_seq > le64_to_cpu(e->max_meta_seq) ||
	    grp->max_data_seq > le64_to_cpu(e->max_data_seq))
		sfs_check_report(ck, "group-seq",
				 "group %llu: changes up to %llu and %llu, the entry says %llu and %llu",
				 grp->nr, grp->max_meta_seq, grp->max_data_seq,
				 le64_to_cpu(e->max_meta_seq),
				 le64_to_cpu(e->max_data_seq));
}

/* What is said of inodes whose items could not be read is not believed. */
static void sfs_check_group_unsure(struct sfs_check *ck, u64 group)
{
	u64 first = group << ck->group_shift;
	u64 i;

	for (i = 0; i < 1ULL << ck->group_shift; i++) {
		struct sfs_cki *cki;

		cki = sfs_ino_hash_get(&ck->inodes, first + i ?: 1);
		if (!cki) {
			sfs_check_nomem(ck);
			return;
		}
		cki->flags |= SFS_CKI_UNSURE;
	}
}

static void sfs_check_group(struct sfs_check *ck,
			    const struct sfs_ck_root *root)
{
	struct sfs_ck_group_walk w = { .grp = { .nr = root->group } };
	int ret;

	ck->st->nr_groups++;
	if (root->group >= le64_to_cpu(ck->sb.next_group))
		sfs_check_report(ck, "group-number",
				 "group %llu, those below %llu were handed out",
				 root->group, le64_to_cpu(ck->sb.next_group));
	w.inode = sfs_ck_inode_create(ck, &w.grp);
	if (!w.inode) {
		sfs_check_nomem(ck);
		return;
	}
	ret = sfs_check_tree(ck, &root->entry.tree, root->group, SFS_OWN_GROUP,
			     root->group, sfs_check_group_item, &w);
	sfs_ck_inode_finish(ck, w.inode);
	sfs_ck_inode_destroy(w.inode);
	ck->st->nr_inodes += w.grp.nr_inodes;
	if (ret) {
		sfs_check_report(ck, "group-damaged",
				 "group %llu, inodes %llu to %llu", root->group,
				 root->group << ck->group_shift,
				 ((root->group + 1) << ck->group_shift) - 1);
		sfs_check_group_unsure(ck, root->group);
		return;
	}
	sfs_check_group_entry(ck, root, &w.grp);
}

void sfs_check_sort_roots(struct sfs_check *ck)
{
	sort(ck->roots.mem, ck->roots.nr, sizeof(struct sfs_ck_root),
	     sfs_ck_root_cmp, NULL);
}

void sfs_check_groups(struct sfs_check *ck)
{
	const struct sfs_ck_root *last = NULL;
	size_t i;

	sfs_check_sort_roots(ck);
	for (i = 0; i < ck->roots.nr && !ck->error; i++) {
		const struct sfs_ck_root *root =
			sfs_vec_at(&ck->roots, struct sfs_ck_root, i);

		if (last && last->group == root->group)
			continue;
		last = root;
		if (root->entry.tree.height || root->entry.nr_inodes)
			sfs_check_group(ck, root);
	}
}
