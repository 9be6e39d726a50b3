#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A forced unmount ends with revocations going on, and the volume recovers.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol lock=revoke
echo kept >"$MNT/kept"
sync
# the unmount may meet no open file; what is below the mount point takes writes, too
for i in 1 2 3; do
	(while [ -e "$MNT/kept" ] && echo x >>"$MNT/w$i" && ls "$MNT" &&
		mv "$MNT/w$i" "$MNT/v$i"; do :; done) >/dev/null 2>&1 &
done
sleep 2
umount -f "$MNT" 2>/dev/null || :
wait
! vol_is_mounted || umount -f "$MNT"
check_vol
forget_guard
mount_vol
grep -qx kept "$MNT/kept"
end_clean
