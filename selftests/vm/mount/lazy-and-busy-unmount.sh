#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# umount is refused while a file is open; umount -l waits for the last close.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
exec 5<>"$MNT/file"
expect_error "busy" umount "$MNT"
umount -l "$MNT"
! vol_is_mounted || fail "still mounted"
echo through >&5
expect_error "busy" mkfs.scoutfs -f -A "$META" "$DATA"
rm -f "$MNT/file"
exec 5>&-
wait_until 20 bash -c '[ -z "$(ls /sys/fs/scoutfs 2>/dev/null)" ]'
check_vol
mount_vol
grep -qx through "$MNT/file"
end_clean
