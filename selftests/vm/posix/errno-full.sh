#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest pending timeout=1200
# Calls that need space are ENOSPC on a full volume, as on XFS; what deletes gives it back.
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../errno.bash"

mkfs_vol -m 32M -d 64M
mount_vol
errno_on "$MNT" enospc >/tmp/errno.scoutfs || fail "not what the table says"
end_clean
require_cmd mkfs.xfs
mkfs.xfs -qf -d size=300m /dev/sfs-xfs
mount -t xfs /dev/sfs-xfs "$SCRATCH_MNT"
errno_on "$SCRATCH_MNT" enospc >/tmp/errno.xfs || say "XFS differs from the table"
umount "$SCRATCH_MNT"
errno_same
