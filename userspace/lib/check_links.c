// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names and inodes across groups.
 *
 * Each name (directory, position) of an inode must be among the links the
 * inode knows: its parent link and its backrefs.  Both sides are summed up per
 * inode with a mixing function, so that memory does not grow with links.
 */
#include "lib/check_priv.h"

#include "fs/ns/items.h"

/* ---- table of inodes ---------------------------------------------------------- */

static u64 sfs_ck_mix(u64 x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ (x >> 33);
}

static struct sfs_cki *sfs_ino_hash_place(struct sfs_ino_hash *hash, u64 ino)
{
	size_t i = sfs_ck_mix(ino) & (hash->size - 1);

	while (hash->slot[i].ino && hash->slot[i].ino != ino)
		i = (i + 1) & (hash->size - 1);
	return &hash->slot[i];
}

static bool sfs_ino_hash_grow(struct sfs_ino_hash *hash)
{
	struct sfs_ino_hash bigger = {
		.nr = hash->nr,
		.size = hash->size ? hash->size * 2 : 1024,
	};
	size_t i;

	bigger.slot = kcalloc(bigger.size, sizeof(*bigger.slot), GFP_KERNEL);
	if (!bigger.slot)
		return false;
	for (i = 0; i < hash->size; i++) {
		if (hash->slot[i].ino)
			*sfs_ino_hash_place(&bigger, hash->slot[i].ino) =
				hash->slot[i];
	}
	kfree(hash->slot);
	*hash = bigger;
	return true;
}

struct sfs_cki *sfs_ino_hash_find(struct sfs_ino_hash *hash, u64 ino)
{
	struct sfs_cki *cki;

	if (!hash->size || !ino)
		return NULL;
	cki = sfs_ino_hash_place(hash, ino);
	return cki->ino ? cki : NULL;
}

struct sfs_cki *sfs_ino_hash_get(struct sfs_ino_hash *hash, u64 ino)
{
	struct sfs_cki *cki;

	if (hash->nr * 4 >= hash->size * 3 && !sfs_ino_hash_grow(hash))
		return NULL;
	cki = sfs_ino_hash_place(hash, ino);
	if (!cki->ino) {
		cki->ino = ino;
		hash->nr++;
	}
	return cki;
}

/* ---- names and links ------------------------------------------------------------- */

static u64 sfs_ck_link_mix(u64 dir, u64 pos)
{
	return sfs_ck_mix(sfs_ck_mix(dir) + pos);
}

void sfs_check_add_name(struct sfs_check *ck, u64 ino, u64 dir, u64 pos,
			u8 dtype)
{
	struct sfs_cki *cki = sfs_ino_hash_get(&ck->inodes, ino);

	if (!cki) {
		sfs_check_nomem(ck);
		return;
	}
	if (cki->nr_dirents && cki->dtype != dtype)
		sfs_check_report(ck, "inode-type",
				 "directory %llu: entry at %llu has type %u, another name of inode %llu %u",
				 dir, pos, dtype, ino, cki->dtype);
	cki->dtype = dtype;
	cki->seen_dir = dir;
	cki->nr_dirents++;
	cki->dirent_sum += sfs_ck_link_mix(dir, pos);
}

void sfs_check_add_link(struct sfs_check *ck, u64 ino, u64 dir, u64 pos)
{
	struct sfs_cki *cki = sfs_ino_hash_get(&ck->inodes, ino);

	if (!cki) {
		sfs_check_nomem(ck);
		return;
	}
	cki->nr_links++;
	cki->link_sum += sfs_ck_link_mix(dir, pos);
}

/*
 * Listed ones that do not exist are no damage: another mount deleted them, and
 * the mount's log or the volume's list forgets them later.
 */
static void sfs_check_orphans(struct sfs_check *ck)
{
	size_t i;

	for (i = 0; i < ck->orphans.nr; i++) {
		const struct sfs_ck_orphan *orphan =
			sfs_vec_at(&ck->orphans, struct sfs_ck_orphan, i);
		struct sfs_cki *cki;

		cki = sfs_ino_hash_find(&ck->inodes, orphan->ino);
		if (cki && (cki->flags & (SFS_CKI_EXISTS | SFS_CKI_UNSURE)))
			cki->flags |= SFS_CKI_ORPHAN;
	}
}

static void sfs_check_dangling(struct sfs_check *ck, const struct sfs_cki *cki)
{
	if (cki->nr_dirents)
		sfs_check_report(ck, "dir-dangling",
				 "directory %llu: an entry refers to inode %llu, which does not exist",
				 cki->seen_dir, cki->ino);
}

static void sfs_check_link_counts(struct sfs_check *ck,
				  const struct sfs_cki *cki)
{
	u32 want = cki->nr_dirents;

	if (S_ISDIR(cki->mode))
		want = cki->nlink ? 1 : 0;
	if (!S_ISDIR(cki->mode) && cki->nlink != cki->nr_dirents)
		sfs_check_report(ck, "inode-nlink",
				 "inode %llu: %u names, link count %u",
				 cki->ino, cki->nr_dirents, cki->nlink);
	if (cki->nr_dirents != want || cki->nr_links != cki->nr_dirents ||
	    cki->link_sum != cki->dirent_sum)
		sfs_check_report(ck, "inode-links",
				 "inode %llu: %u names, %u parent links and backrefs%s",
				 cki->ino, cki->nr_dirents, cki->nr_links,
				 cki->nr_links == cki->nr_dirents ?
				 ", to other entries" : "");
}

static void sfs_check_one_link(struct sfs_check *ck, const struct sfs_cki *cki)
{
	if (!(cki->flags & SFS_CKI_EXISTS)) {
		sfs_check_dangling(ck, cki);
		return;
	}
	if (cki->ino == SFS_ROOT_INO)
		return;
	if (cki->nr_dirents && cki->dtype != sfs_mode_dtype(cki->mode))
		sfs_check_report(ck, "inode-type",
				 "inode %llu of mode %o: entries of type %u",
				 cki->ino, cki->mode, cki->dtype);
	sfs_check_link_counts(ck, cki);
	if (!cki->nlink && !(cki->flags & SFS_CKI_ORPHAN))
		sfs_check_report(ck, "orphan-unlisted", "inode %llu",
				 cki->ino);
	if (cki->nlink && (cki->flags & SFS_CKI_ORPHAN))
		sfs_check_report(ck, "orphan-linked",
				 "inode %llu with link count %u", cki->ino,
				 cki->nlink);
	if (!cki->nlink)
		ck->st->nr_orphans++;
}

/* ---- reachability -------------------------------------------------------------------- */

/*
 * Follow parents from a directory until one that is known to be reached.
 * Those on the way are walked a second time to mark them.
 */
static bool sfs_check_climb(struct sfs_check *ck, struct sfs_cki *dir,
			    u8 set, u8 stop)
{
	struct sfs_cki *cki = dir;

	while (cki && !(cki->flags & stop)) {
		cki->flags |= set;
		if (!S_ISDIR(cki->mode) || !(cki->flags & SFS_CKI_EXISTS))
			return (cki->flags & SFS_CKI_UNSURE) != 0;
		cki = sfs_ino_hash_find(&ck->inodes, cki->parent_ino);
	}
	return cki && (cki->flags & SFS_CKI_REACHED);
}

static void sfs_check_reach(struct sfs_check *ck, struct sfs_cki *dir)
{
	if (dir->flags & SFS_CKI_REACHED)
		return;
	if (sfs_check_climb(ck, dir, SFS_CKI_WALKING,
			    SFS_CKI_REACHED | SFS_CKI_WALKING)) {
		sfs_check_climb(ck, dir, SFS_CKI_REACHED, SFS_CKI_REACHED);
		return;
	}
	sfs_check_report(ck, "dir-unreachable", "directory %llu with parent %llu",
			 dir->ino, dir->parent_ino);
	/* one report for all below it */
	sfs_check_climb(ck, dir, SFS_CKI_REACHED, SFS_CKI_REACHED);
}

static void sfs_check_tree_of_dirs(struct sfs_check *ck)
{
	struct sfs_cki *root = sfs_ino_hash_find(&ck->inodes, SFS_ROOT_INO);
	size_t i;

	if (!root || !(root->flags & SFS_CKI_EXISTS) || !S_ISDIR(root->mode)) {
		if (!root || !(root->flags & SFS_CKI_UNSURE))
			sfs_check_report(ck, "inode-missing",
					 "the root directory");
		return;
	}
	root->flags |= SFS_CKI_REACHED;
	for (i = 0; i < ck->inodes.size; i++) {
		struct sfs_cki *cki = &ck->inodes.slot[i];

		if (cki->ino && (cki->flags & SFS_CKI_EXISTS) &&
		    S_ISDIR(cki->mode) && cki->nlink)
			sfs_check_reach(ck, cki);
	}
}

/* A damaged group says nothing sure about its own inodes, or of others' names. */
void sfs_check_links(struct sfs_check *ck)
{
	size_t i;

	sfs_check_orphans(ck);
	for (i = 0; i < ck->inodes.size; i++) {
		struct sfs_cki *cki = &ck->inodes.slot[i];

		if (cki->ino && !(cki->flags & SFS_CKI_UNSURE) &&
		    (!ck->is_damaged || !(cki->flags & SFS_CKI_EXISTS)))
			sfs_check_one_link(ck, cki);
	}
	sfs_check_tree_of_dirs(ck);
}
