#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A clean volume mounts from read-only devices with -o ro, and is not written to.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
echo hello >"$MNT/file"
umount_vol
blockdev --setro "$META" "$DATA"
trap 'blockdev --setrw "$META" "$DATA"' EXIT
mount_vol ro
grep -qx hello "$MNT/file"
expect_error "Read-only" touch "$MNT/new"
expect_fail mount -o remount,rw "$MNT"
grep -qx hello "$MNT/file"
umount_vol
blockdev --setrw "$META" "$DATA"
mount_vol
end_clean
