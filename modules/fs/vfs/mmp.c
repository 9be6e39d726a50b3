// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multi-mount protection: one page on the metadata device says who has the
 * volume mounted, for volumes whose locks do not reach other nodes.
 *
 *	free --write own page, wait, read it back--> ours --unmount--> free
 *	foreign --beat did not move for two intervals--> as if free
 *	foreign --beat moved--> -EBUSY
 *
 * While it is ours the page is read before each beat: when somebody else wrote
 * it nevertheless (a machine that slept, a race lost) the mount is withdrawn.
 */
#include "fs/vfs/vfs.h"

#include <linux/delay.h>
#include <linux/random.h>
#include <linux/utsname.h>

enum sfs_mmp_limits {
	SFS_MMP_INTERVAL_MS	= 5000,
	SFS_MMP_INTERVAL_MAX_MS	= 60000,
	SFS_MMP_POLL_MS		= 500,
	SFS_MMP_VERIFY_MS	= 100,	/* longer than a write takes */
};

/* This mount's claim. */
struct sfs_mmp {
	struct sfs_volume *vol;
	struct sfs_quorum_page *own;	/* as we last wrote it */
	struct sfs_quorum_page *found;	/* as last read */
	struct workqueue_struct *wq;
	struct delayed_work beat_work;
};

enum sfs_mmp_state {
	SFS_MMP_FREE,
	SFS_MMP_OURS,
	SFS_MMP_FOREIGN,
	SFS_MMP_DAMAGED,
};

static u64 sfs_mmp_byte(void)
{
	return SFS_QUORUM_BYTES + SFS_MMP_PAGE * SFS_PAGE_BYTES;
}

static int sfs_mmp_read(struct sfs_mmp *mmp, enum sfs_mmp_state *state)
{
	struct sfs_quorum_page *page = mmp->found;
	struct sfs_volume *vol = mmp->vol;
	int ret;

	ret = vol->meta->ops->read(vol->meta, sfs_mmp_byte(), page,
				   sizeof(*page));
	if (ret)
		return ret;
	if (sfs_quorum_check(page, vol->fsid, SFS_MMP_PAGE))
		*state = memchr_inv(page, 0, sizeof(*page)) ? SFS_MMP_DAMAGED :
							      SFS_MMP_FREE;
	else if (!page->rid)
		*state = SFS_MMP_FREE;
	else if (le64_to_cpu(page->rid) == vol->rid)
		*state = SFS_MMP_OURS;
	else
		*state = SFS_MMP_FOREIGN;
	return 0;
}

static int sfs_mmp_write(struct sfs_mmp *mmp, u64 rid)
{
	struct sfs_quorum_page *page = mmp->own;
	struct sfs_volume *vol = mmp->vol;

	page->rid = cpu_to_le64(rid);
	le64_add_cpu(&page->beat, 1);
	le64_add_cpu(&page->hdr.seq, 1);
	sfs_hdr_seal(page, sizeof(*page));
	return vol->meta->ops->write_sync(vol->meta, sfs_mmp_byte(), page,
					  sizeof(*page), SFS_IO_FUA);
}

static void sfs_mmp_fill(struct sfs_mmp *mmp)
{
	struct sfs_quorum_page *page = mmp->own;

	page->hdr.magic = cpu_to_le32(SFS_MAGIC_QUORUM);
	page->hdr.fsid = cpu_to_le64(mmp->vol->fsid);
	page->hdr.blkno = cpu_to_le64(sfs_mmp_byte() >> SFS_PAGE_SHIFT);
	page->hdr.seq = mmp->found->hdr.seq;
	page->hdr.owner = cpu_to_le64(SFS_MMP_PAGE);
	page->hdr.type = SFS_BLOCK_QUORUM;
	page->interval_ms = cpu_to_le32(SFS_MMP_INTERVAL_MS);
	strscpy(page->node, init_utsname()->nodename, sizeof(page->node));
}

static int sfs_mmp_sleep(unsigned int ms)
{
	return msleep_interruptible(ms) ? -EINTR : 0;
}

static int sfs_mmp_busy(struct sfs_mmp *mmp)
{
	sfs_err(mmp->vol, "volume is in use by node \"%.64s\" (mount %016llx)",
		mmp->found->node, le64_to_cpu(mmp->found->rid));
	return -EBUSY;
}

/* Somebody's page, or a damaged one: does it change? */
static int sfs_mmp_watch(struct sfs_mmp *mmp, enum sfs_mmp_state state)
{
	struct sfs_quorum_page *first = mmp->own;	/* not filled yet */
	unsigned int left_ms = SFS_MMP_INTERVAL_MS;
	int ret;

	if (state == SFS_MMP_DAMAGED)
		strscpy(mmp->found->node, "?", sizeof(mmp->found->node));
	else
		left_ms = clamp_t(u32, le32_to_cpu(mmp->found->interval_ms),
				  SFS_MMP_POLL_MS, SFS_MMP_INTERVAL_MAX_MS);
	memcpy(first, mmp->found, sizeof(*first));
	left_ms = 2 * left_ms + 1000;
	sfs_warn(mmp->vol,
		 "not unmounted cleanly by node \"%.64s\", waiting %u s for signs of life",
		 first->node, left_ms / 1000);
	while (left_ms) {
		unsigned int ms = min_t(u32, left_ms, SFS_MMP_POLL_MS);

		ret = sfs_mmp_sleep(ms);
		if (!ret)
			ret = sfs_mmp_read(mmp, &state);
		if (ret)
			return ret;
		if (state != SFS_MMP_DAMAGED &&
		    memcmp(first, mmp->found, sizeof(*first)))
			return state == SFS_MMP_FREE ? 0 : sfs_mmp_busy(mmp);
		left_ms -= ms;
	}
	return 0;
}

static int sfs_mmp_claim(struct sfs_mmp *mmp)
{
	enum sfs_mmp_state state;
	unsigned int wait_ms = SFS_MMP_VERIFY_MS;
	int ret;

	ret = sfs_mmp_read(mmp, &state);
	if (ret)
		return ret;
	if (state != SFS_MMP_FREE) {
		ret = sfs_mmp_watch(mmp, state);
		if (ret)
			return ret;
		/* several nodes may have waited for the same one */
		wait_ms += get_random_u32() % SFS_MMP_POLL_MS;
	}
	memset(mmp->own, 0, sizeof(*mmp->own));
	sfs_mmp_fill(mmp);
	ret = sfs_mmp_write(mmp, mmp->vol->rid);
	if (!ret)
		ret = sfs_mmp_sleep(wait_ms);
	if (!ret)
		ret = sfs_mmp_read(mmp, &state);
	if (!ret && state != SFS_MMP_OURS)
		ret = sfs_mmp_busy(mmp);
	return ret;
}

static void sfs_mmp_beat_work(struct work_struct *work)
{
	struct sfs_mmp *mmp = container_of(to_delayed_work(work),
					   struct sfs_mmp, beat_work);
	enum sfs_mmp_state state;
	unsigned int nofs;
	int ret;

	if (sfs_volume_error(mmp->vol))
		return;
	nofs = memalloc_nofs_save();
	ret = sfs_mmp_read(mmp, &state);
	if (!ret && state != SFS_MMP_OURS)
		ret = sfs_mmp_busy(mmp);
	if (!ret)
		ret = sfs_mmp_write(mmp, mmp->vol->rid);
	memalloc_nofs_restore(nofs);
	if (ret)
		sfs_volume_withdraw(mmp->vol, ret, "multi-mount-guard");
	else
		queue_delayed_work(mmp->wq, &mmp->beat_work,
				   msecs_to_jiffies(SFS_MMP_INTERVAL_MS));
}

static void sfs_mmp_destroy(struct sfs_mmp *mmp)
{
	if (mmp->wq)
		destroy_workqueue(mmp->wq);
	kfree(mmp->own);
	kfree(mmp->found);
	kfree(mmp);
}

int sfs_mmp_start(struct sfs_volume *vol, struct sfs_mmp **ret_mmp)
{
	struct sfs_mmp *mmp = kzalloc(sizeof(*mmp), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!mmp)
		return -ENOMEM;
	mmp->vol = vol;
	INIT_DELAYED_WORK(&mmp->beat_work, sfs_mmp_beat_work);
	mmp->own = kzalloc(sizeof(*mmp->own), GFP_KERNEL);
	mmp->found = kzalloc(sizeof(*mmp->found), GFP_KERNEL);
	mmp->wq = alloc_workqueue("scoutfs_mmp/%s",
				  WQ_MEM_RECLAIM | WQ_HIGHPRI, 1, vol->ident);
	if (mmp->own && mmp->found && mmp->wq)
		ret = sfs_mmp_claim(mmp);
	if (ret) {
		sfs_mmp_destroy(mmp);
		return ret;
	}
	queue_delayed_work(mmp->wq, &mmp->beat_work,
			   msecs_to_jiffies(SFS_MMP_INTERVAL_MS));
	*ret_mmp = mmp;
	return 0;
}

void sfs_mmp_stop(struct sfs_mmp *mmp, bool is_clean)
{
	enum sfs_mmp_state state;

	if (!mmp)
		return;
	cancel_delayed_work_sync(&mmp->beat_work);
	if (is_clean && !sfs_volume_error(mmp->vol) &&
	    !sfs_mmp_read(mmp, &state) && state == SFS_MMP_OURS &&
	    sfs_mmp_write(mmp, 0))
		sfs_warn(mmp->vol, "could not release the multi-mount guard");
	sfs_mmp_destroy(mmp);
}
