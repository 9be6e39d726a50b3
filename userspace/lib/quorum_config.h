/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replacing the quorum slots of a volume that nobody has mounted.
 */
#ifndef SFS_QUORUM_CONFIG_H
#define SFS_QUORUM_CONFIG_H

#include "format/dev.h"
#include "format/format.h"
#include "format/port.h"

#define SFS_QUORUM_CONFIG_ERROR_BYTES	512

/* Can the transport reach all?  That of VSOCK reaches slots of VSOCK, no other. */
bool sfs_quorum_slots_fit(const struct sfs_disk_quorum_slot *slots,
			  const char *transport);

/**
 * struct sfs_quorum_config - what to change it to
 * @slots: SFS_QUORUM_SLOTS_MAX of them, the complete new list; family 0 is an
 *	unused one; at least one is used
 * @wait: let that many ms pass, 0: none; reads after it see what other hosts
 *	wrote before it
 * @arg: passed to @wait
 */
struct sfs_quorum_config {
	const struct sfs_disk_quorum_slot *slots;
	void (*wait)(void *arg, unsigned int ms);
	void *arg;
};

/**
 * sfs_quorum_config_replace() - give an unmounted volume other quorum slots
 * @meta: its metadata device; nobody on this host uses it
 * @qc: the new slots
 * @error: SFS_QUORUM_CONFIG_ERROR_BYTES, filled with a text on failure
 * @out: the super block written, may be NULL
 *
 * A page that a mount may have left behind is watched for a few of its
 * intervals.  A crash leaves the old list or the new one, whole; so does an
 * error, but for one that says that the second copy could not be written.
 *
 * Return: 0; -EINVAL for what is no metadata device of a clustered volume, or
 * an unknown format; -EBUSY when a mount has it, was not unmounted, or led and
 * is not fenced; -EUCLEAN for damage; -EIO, -ENOMEM.
 */
int sfs_quorum_config_replace(struct sfs_dev *meta,
			      const struct sfs_quorum_config *qc, char *error,
			      struct sfs_super_block *out);

#endif
