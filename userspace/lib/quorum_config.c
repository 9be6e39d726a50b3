// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replacing the quorum slots of a volume that nobody has mounted.
 *
 *	no page moves --> no mount in the table --> no leader to be fenced
 *	--> still nothing has moved --> pages --> super, older copy --> the other
 *
 * That a device is claimed says nothing about other hosts, so a mount of theirs
 * has to be seen on the device: a mount with a quorum slot, and a mount without
 * the cluster, show life in a page.  Mounts without a slot need a leader, who
 * has one.  Between the last look and the write somebody may still begin to
 * mount; nothing can be done about that from here, and it is why the caller has
 * to promise that the volume is offline.
 *
 * What earlier holders left in the pages speaks of the old list by number:
 *
 * - A page that says that its mount leads, or lists leaders of before, asks for
 *   a fence until somebody notes in another page that it was done.  In a slot that
 *   goes away it would lie in wait until the number is used again, when the note
 *   may be gone; then a mount is to be fenced that nobody knows, for ever.
 *   All are fenced or have stepped down, or the change is refused, so these
 *   claims are dropped.  The notes stay: they harm nobody, and without them a
 *   crash between two pages could leave a claim without its note.
 * - A vote counts for the number of a slot, which may be another host's now.
 *   All pages begin a term that is newer than any of them has seen: nobody has
 *   voted in it, and who asks for votes asks for a later one.
 * - A rid stands for a mount that would be waited for.
 *
 * A page like that is what its holder leaves behind at unmount, so it goes with
 * the old list as well as with the new one: pages may be written first.  Other
 * hosts remember nothing that contradicts it, because none has the volume mounted.
 */
#include "lib/quorum_config.h"

#include "lib/check_priv.h"
#include "lock/cluster/quorum.h"
#include "lock/lock.h"

enum sfs_qc_limits {
	SFS_QC_POLL_MS		= 500,
	SFS_QC_INTERVAL_MIN_MS	= 500,
	SFS_QC_INTERVAL_MAX_MS	= 60000,
	SFS_QC_INTERVAL_MS	= 5000,		/* of a page that is damaged */
	SFS_QC_RIDS_MAX		= 8,		/* named in a message */
	SFS_QC_NR_RAW		= SFS_QUORUM_SLOTS_MAX + SFS_QUORUM_PAGES,
};

/* Second copies of pages lie before the first ones, and are read with them. */
static_assert(SFS_QUORUM_COPY_BYTES + SFS_QUORUM_SLOTS_MAX * SFS_PAGE_BYTES ==
	      SFS_QUORUM_BYTES);

struct sfs_qc {
	const struct sfs_quorum_config *params;
	struct sfs_dev *meta;
	struct sfs_volume vol;		/* as far as reads and writes of pages need it */
	struct sfs_super_block sb;
	struct sfs_super_block sb_again;
	struct sfs_quorum_page raw[SFS_QC_NR_RAW];	/* as first read */
	struct sfs_quorum_page again[SFS_QC_NR_RAW];
	struct sfs_quorum_page pages[SFS_QUORUM_PAGES];	/* those of @raw that count */
	struct sfs_quorum_page fresh;			/* to write */
	char problem[160];		/* the first one the check had */
	char rids[SFS_QC_RIDS_MAX * 24];
	unsigned int nr_mounts;
	char *error;
};

static int __printf(3, 4) sfs_qc_refuse(struct sfs_qc *qc, int err,
					const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(qc->error, SFS_QUORUM_CONFIG_ERROR_BYTES, fmt, ap);
	va_end(ap);
	return err;
}

/* ---- the super -------------------------------------------------------------------- */

static int sfs_qc_bad_super(struct sfs_qc *qc, int err, const char *why)
{
	if (err == -EUCLEAN && !strcmp(why, "super-is-data-device"))
		return sfs_qc_refuse(qc, -EINVAL,
				     "is a data device, the metadata device is needed");
	if (err == -EUCLEAN && !strcmp(why, "super-magic"))
		return sfs_qc_refuse(qc, -EINVAL,
				     "is no scoutfs metadata device");
	return sfs_qc_refuse(qc, err, "no super block can be read: %s",
			     why ?: strerror(-err));
}

static int sfs_qc_read_super(struct sfs_qc *qc)
{
	const char *why = NULL;
	int ret;

	if (qc->meta->size_bytes < SFS_RECORDS_BYTES)
		return sfs_qc_refuse(qc, -EINVAL,
				     "is too small for a scoutfs metadata device");
	ret = sfs_super_read(qc->meta, &qc->sb, &why);
	if (ret)
		return sfs_qc_bad_super(qc, ret, why);
	if (sfs_lock_name_is_local(qc->sb.lock_provider))
		return sfs_qc_refuse(qc, -EINVAL,
				     "was made for one node (mkfs without -Q, lock provider %s) and has no use for quorum slots",
				     qc->sb.lock_provider);
	qc->vol.meta = qc->meta;
	qc->vol.fsid = le64_to_cpu(qc->sb.hdr.fsid);
	qc->vol.lease_until_ns = U64_MAX;
	return 0;
}

/* ---- does somebody have it mounted? -------------------------------------------------- */

static int sfs_qc_read_pages(struct sfs_qc *qc, struct sfs_quorum_page *raw)
{
	int ret = qc->meta->ops->read(qc->meta, SFS_QUORUM_COPY_BYTES, raw,
				      sizeof(qc->raw));

	return ret ? sfs_qc_refuse(qc, ret, "quorum pages cannot be read") : 0;
}

static bool sfs_qc_is_sound(const struct sfs_qc *qc,
			    const struct sfs_quorum_page *page, unsigned int nr)
{
	return !sfs_quorum_check(page, qc->vol.fsid, nr);
}

static bool sfs_qc_is_blank(const struct sfs_quorum_page *page)
{
	return !memchr_inv(page, 0, sizeof(*page));
}

/* Of two copies that are not sound one that is not blank, as a sign of damage. */
static void sfs_qc_choose_pages(struct sfs_qc *qc)
{
	const struct sfs_quorum_page *first = &qc->raw[SFS_QUORUM_SLOTS_MAX];
	const struct sfs_quorum_page *second = qc->raw;
	unsigned int nr;
	int copy;

	for (nr = 0; nr < SFS_QUORUM_SLOTS_MAX; nr++, first++, second++) {
		copy = sfs_quorum_newest_copy(first, second, qc->vol.fsid, nr);
		if (copy < 0)
			copy = sfs_qc_is_blank(first);
		qc->pages[nr] = copy ? *second : *first;
	}
	qc->pages[SFS_MMP_PAGE] = *first;
}

/* How long a mount that is alive may leave its page as it is, twice, and more. */
static unsigned int sfs_qc_watch_ms(const struct sfs_qc *qc)
{
	unsigned int watch_ms = 0;
	unsigned int nr;

	for (nr = 0; nr < SFS_QUORUM_PAGES; nr++) {
		const struct sfs_quorum_page *page = &qc->pages[nr];
		unsigned int ms = SFS_QC_INTERVAL_MS;

		if (sfs_qc_is_blank(page))
			continue;
		if (sfs_qc_is_sound(qc, page, nr)) {
			if (!page->rid)
				continue;
			ms = clamp_t(u32, le32_to_cpu(page->interval_ms),
				     SFS_QC_INTERVAL_MIN_MS,
				     SFS_QC_INTERVAL_MAX_MS);
		}
		watch_ms = max(watch_ms, 2 * ms + 1000);
	}
	return watch_ms;
}

static int sfs_qc_busy(struct sfs_qc *qc, const struct sfs_quorum_page *page,
		       unsigned int nr)
{
	char what[32] = "multi-mount guard";
	char node[sizeof(page->node)];
	unsigned int i;

	if (nr != SFS_MMP_PAGE)
		snprintf(what, sizeof(what), "quorum slot %u", nr);
	if (!sfs_qc_is_sound(qc, page, nr))
		return sfs_qc_refuse(qc, -EBUSY,
				     "is in use: the page of the %s changes",
				     what);
	strscpy(node, page->node, sizeof(node));
	for (i = 0; node[i]; i++)
		if (!isprint((unsigned char)node[i]))
			node[i] = '?';
	return sfs_qc_refuse(qc, -EBUSY,
			     "is in use by node \"%s\" (mount %016llx, %s)",
			     node, le64_to_cpu(page->rid), what);
}

/* Also one that ends: what it leaves behind was not looked at. */
static int sfs_qc_look_again(struct sfs_qc *qc)
{
	unsigned int i;
	int ret;

	ret = sfs_qc_read_pages(qc, qc->again);
	for (i = 0; i < SFS_QC_NR_RAW && !ret; i++) {
		if (memcmp(&qc->again[i], &qc->raw[i], sizeof(qc->raw[i])))
			ret = sfs_qc_busy(qc, &qc->again[i],
					  i < SFS_QUORUM_SLOTS_MAX ? i :
					  i - SFS_QUORUM_SLOTS_MAX);
	}
	return ret;
}

static int sfs_qc_watch(struct sfs_qc *qc)
{
	unsigned int left_ms;
	int ret;

	ret = sfs_qc_read_pages(qc, qc->raw);
	if (ret)
		return ret;
	sfs_qc_choose_pages(qc);
	for (left_ms = sfs_qc_watch_ms(qc); left_ms && !ret;) {
		unsigned int ms = min(left_ms, (unsigned int)SFS_QC_POLL_MS);

		qc->params->wait(qc->params->arg, ms);
		ret = sfs_qc_look_again(qc);
		left_ms -= ms;
	}
	return ret;
}

/* The checks took a while. */
static int sfs_qc_still_free(struct sfs_qc *qc)
{
	const char *why;
	int ret;

	qc->params->wait(qc->params->arg, 0);
	ret = sfs_qc_look_again(qc);
	if (ret)
		return ret;
	if (sfs_super_read(qc->meta, &qc->sb_again, &why) ||
	    memcmp(&qc->sb_again, &qc->sb, sizeof(qc->sb)))
		return sfs_qc_refuse(qc, -EBUSY,
				     "is in use: the super block changes");
	return 0;
}

/* ---- was it left in good order? ------------------------------------------------------- */

static void sfs_qc_problem(void *arg, const struct sfs_check_problem *p)
{
	struct sfs_qc *qc = arg;

	if (!qc->problem[0])
		snprintf(qc->problem, sizeof(qc->problem), "%s: %s", p->id,
			 p->text);
}

static void sfs_qc_mount_item(struct sfs_check *ck, void *arg,
			      const struct sfs_key *key, const u8 *val,
			      unsigned int len)
{
	size_t used;
	struct sfs_qc *qc = arg;

	if (key->ino != SFS_VOL_MOUNT)
		return;
	used = strlen(qc->rids);
	if (len == sizeof(struct sfs_disk_mount) &&
	    qc->nr_mounts < SFS_QC_RIDS_MAX)
		snprintf(qc->rids + used, sizeof(qc->rids) - used,
			 "%s%016llx", used ? ", " : "",
			 get_unaligned_le64(val));
	qc->nr_mounts++;
}

static int sfs_qc_mounts(struct sfs_qc *qc)
{
	const struct sfs_check_params params = {
		.problem = sfs_qc_problem,
		.arg = qc,
	};
	struct sfs_check_stat st;
	struct sfs_check *ck;
	int ret;

	ret = sfs_check_open(qc->meta, NULL, &params, &st, &ck);
	if (!ret) {
		ret = sfs_check_tree(ck, &ck->sb.volume, SFS_OWNER_VOLUME,
				     SFS_OWN_VOLUME, 0, sfs_qc_mount_item, qc);
		ret = ck->error ?: ret;
		sfs_check_close(ck);
	}
	if (qc->problem[0])
		return sfs_qc_refuse(qc, ret ?: -EUCLEAN,
				     "is not sound, see fsck.scoutfs: %s",
				     qc->problem);
	if (ret)
		return sfs_qc_refuse(qc, ret, "cannot be checked: %s",
				     strerror(-ret));
	if (qc->nr_mounts)
		return sfs_qc_refuse(qc, -EBUSY,
				     "has %u mount%s that did not unmount (rid %s%s): mount and unmount it first",
				     qc->nr_mounts,
				     qc->nr_mounts == 1 ? "" : "s", qc->rids,
				     qc->nr_mounts > SFS_QC_RIDS_MAX ?
				     ", ..." : "");
	return 0;
}

static bool sfs_qc_is_fenced(const struct sfs_qc *qc, __le64 rid)
{
	unsigned int nr, i;

	for (nr = 0; nr < SFS_QUORUM_SLOTS_MAX; nr++) {
		if (!sfs_qc_is_sound(qc, &qc->pages[nr], nr))
			continue;
		for (i = 0; i < SFS_QUORUM_FENCED_MAX; i++)
			if (qc->pages[nr].fenced[i] == rid)
				return true;
	}
	return false;
}

static int sfs_qc_leader(struct sfs_qc *qc, unsigned int nr, __le64 rid)
{
	if (!rid || sfs_qc_is_fenced(qc, rid))
		return 0;
	return sfs_qc_refuse(qc, -EBUSY,
			     "was led by mount %016llx from quorum slot %u, which neither stepped down nor was fenced: mount and unmount it first",
			     le64_to_cpu(rid), nr);
}

/* It may stand still somewhere with writes on their way: see quorum.h. */
static int sfs_qc_leaders(struct sfs_qc *qc)
{
	unsigned int nr, i;
	int ret = 0;

	for (nr = 0; nr < SFS_QUORUM_SLOTS_MAX && !ret; nr++) {
		const struct sfs_quorum_page *page = &qc->pages[nr];

		/* nobody can have others fenced for a slot that is not used */
		if (!qc->sb.quorum[nr].family ||
		    !sfs_qc_is_sound(qc, page, nr))
			continue;
		if (le32_to_cpu(page->flags) & SFS_QUORUM_LEADS)
			ret = sfs_qc_leader(qc, nr, page->rid);
		for (i = 0; i < SFS_QUORUM_LED_MAX && !ret; i++)
			ret = sfs_qc_leader(qc, nr, page->led[i].rid);
	}
	return ret;
}

/* ---- the change ------------------------------------------------------------------------ */

static u64 sfs_qc_new_term(const struct sfs_qc *qc)
{
	u64 term = 0;
	unsigned int nr;

	for (nr = 0; nr < SFS_QUORUM_SLOTS_MAX; nr++)
		if (sfs_qc_is_sound(qc, &qc->pages[nr], nr))
			term = max(term, le64_to_cpu(qc->pages[nr].term));
	return term + 1;
}

/* What a mount that unmounts leaves behind, of @term. */
static void sfs_qc_fresh_page(const struct sfs_qc *qc, unsigned int nr,
			      u64 term, struct sfs_quorum_page *fresh)
{
	const struct sfs_quorum_page *old = &qc->pages[nr];

	memset(fresh, 0, sizeof(*fresh));
	fresh->term = cpu_to_le64(term);
	if (!sfs_qc_is_sound(qc, old, nr))
		return;
	fresh->hdr.seq = old->hdr.seq;
	sfs_quorum_page_overtake(fresh);
	fresh->beat = cpu_to_le64(le64_to_cpu(old->beat) + 1);
	fresh->nr_fenced = old->nr_fenced;
	memcpy(fresh->fenced, old->fenced, sizeof(fresh->fenced));
}

static int sfs_qc_fit(struct sfs_qc *qc)
{
	if (sfs_quorum_slots_fit(qc->params->slots, qc->sb.transport))
		return 0;
	return sfs_qc_refuse(qc, -EINVAL,
			     "has transport \"%s\", which cannot reach these quorum slots",
			     qc->sb.transport);
}

static int sfs_qc_write_pages(struct sfs_qc *qc)
{
	struct sfs_quorum_page *fresh = &qc->fresh;
	u64 term = sfs_qc_new_term(qc);
	unsigned int nr;
	int ret;

	for (nr = 0; nr < SFS_QUORUM_SLOTS_MAX; nr++) {
		if (!qc->params->slots[nr].family &&
		    sfs_qc_is_blank(&qc->pages[nr]))
			continue;
		sfs_qc_fresh_page(qc, nr, term, fresh);
		ret = sfs_quorum_page_write(&qc->vol, nr, fresh);
		if (ret)
			return sfs_qc_refuse(qc, ret,
					     "the page of quorum slot %u cannot be written",
					     nr);
	}
	return 0;
}

/*
 * As the leader commits: the generation's parity chooses the older copy, so the
 * newer one is good until this one is durable.  The other follows, so that
 * damage of one copy does not bring the old list back.
 */
static int sfs_qc_write_supers(struct sfs_qc *qc)
{
	static const char * const what[2] = {
		"the super block cannot be written",
		"the second copy of the super block cannot be written; the change is made",
	};
	struct sfs_super_block *sb = &qc->sb;
	unsigned int i;
	int ret;

	le64_add_cpu(&sb->quorum_version, 1);
	memcpy(sb->quorum, qc->params->slots, sizeof(sb->quorum));
	for (i = 0; i < 2; i++) {
		le64_add_cpu(&sb->hdr.seq, 1);
		ret = sfs_super_write(&qc->vol, sb);
		if (ret)
			return sfs_qc_refuse(qc, ret, "%s", what[i]);
	}
	return 0;
}

static int sfs_qc_run(struct sfs_qc *qc)
{
	int ret;

	qc->params->wait(qc->params->arg, 0);
	ret = sfs_qc_read_super(qc);
	if (!ret)
		ret = sfs_qc_fit(qc);
	if (!ret)
		ret = sfs_qc_watch(qc);
	if (!ret)
		ret = sfs_qc_mounts(qc);
	if (!ret)
		ret = sfs_qc_leaders(qc);
	if (!ret)
		ret = sfs_qc_still_free(qc);
	if (!ret)
		ret = sfs_qc_write_pages(qc);
	if (!ret)
		ret = sfs_qc_write_supers(qc);
	return ret;
}

int sfs_quorum_config_replace(struct sfs_dev *meta,
			      const struct sfs_quorum_config *params,
			      char *error, struct sfs_super_block *out)
{
	struct sfs_qc *qc = kzalloc(sizeof(*qc), GFP_KERNEL);
	int ret;

	if (!qc) {
		snprintf(error, SFS_QUORUM_CONFIG_ERROR_BYTES, "no memory");
		return -ENOMEM;
	}
	qc->params = params;
	qc->meta = meta;
	qc->error = error;
	ret = sfs_qc_run(qc);
	if (!ret && out)
		memcpy(out, &qc->sb, sizeof(*out));
	kfree(qc);
	return ret;
}
