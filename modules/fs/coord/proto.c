// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors on the wire.
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
