// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors and file locks on the wire.
 */
#include "fs/coord/proto.h"

static const int sfs_coord_errors[SFS_COORD_NR_STATUSES] = {
	[SFS_COORD_OK]		= 0,
	[SFS_COORD_ENOENT]	= -ENOENT,
	[SFS_COORD_EIO]		= -EIO,
	[SFS_COORD_ENOMEM]	= -ENOMEM,
	[SFS_COORD_EBUSY]	= -EBUSY,
	[SFS_COORD_ENOSPC]	= -ENOSPC,
	[SFS_COORD_EROFS]	= -EROFS,
	[SFS_COORD_EUCLEAN]	= -EUCLEAN,
	[SFS_COORD_ESHUTDOWN]	= -ESHUTDOWN,
	[SFS_COORD_ESTALE]	= -ESTALE,
	[SFS_COORD_EAGAIN]	= -EAGAIN,
	[SFS_COORD_EINPROGRESS]	= -EINPROGRESS,
	[SFS_COORD_EDEADLK]	= -EDEADLK,
	[SFS_COORD_ENOLCK]	= -ENOLCK,
	[SFS_COORD_EINVAL]	= -EINVAL,
};

int sfs_coord_error(u32 status)
{
	return status < SFS_COORD_NR_STATUSES ? sfs_coord_errors[status] :
						-EPROTO;
}

u32 sfs_coord_status(int error)
{
	u32 status;

	for (status = 0; status < SFS_COORD_NR_STATUSES; status++)
		if (sfs_coord_errors[status] == error)
			return status;
	return SFS_COORD_EIO;
}

void sfs_coord_plock_encode(struct sfs_coord_plock *disk,
			    const struct sfs_plock *lock)
{
	*disk = (struct sfs_coord_plock) {
		.ino = cpu_to_le64(lock->ino),
		.owner = cpu_to_le64(lock->owner),
		.start = cpu_to_le64(lock->start),
		.end = cpu_to_le64(lock->end),
		.pid = cpu_to_le32(lock->pid),
		.space = lock->space,
		.kind = lock->kind,
		.flags = lock->is_ofd ? SFS_COORD_PLOCK_OFD : 0,
	};
}

bool sfs_coord_plock_decode(struct sfs_plock *lock,
			    const struct sfs_coord_plock *disk)
{
	*lock = (struct sfs_plock) {
		.ino = le64_to_cpu(disk->ino),
		.owner = le64_to_cpu(disk->owner),
		.start = le64_to_cpu(disk->start),
		.end = le64_to_cpu(disk->end),
		.pid = le32_to_cpu(disk->pid),
		.space = disk->space,
		.kind = disk->kind,
		.is_ofd = disk->flags & SFS_COORD_PLOCK_OFD,
	};
	if (disk->pad || disk->flags & ~SFS_COORD_PLOCK_OFD ||
	    lock->kind > SFS_PLOCK_WRITE || lock->start > lock->end)
		return false;
	if (lock->space == SFS_PLOCK_FLOCK)
		return !lock->start && lock->end == U64_MAX && !lock->is_ofd;
	return lock->space == SFS_PLOCK_FCNTL;
}
