#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# An unknown ro_compat feature allows read-only mounts, and those only.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
echo hello >"$MNT/file"
umount_vol
for at in 65536 131072; do
	diskpage "$META" $at u64:72=0x10
done
expect_error "wrong fs type, bad option" mount_vol
dmesg | tail -n 10 | grep -q "unknown features 0x10 allow read-only mounts only" || fail "the log does not say why"
sum=$(head -c 64M "$META" | md5sum)
mount_vol ro
grep -qx hello "$MNT/file"
expect_fail mount -o remount,rw "$MNT"
expect_error "Read-only" touch "$MNT/other"
umount_vol
[ "$(head -c 64M "$META" | md5sum)" = "$sum" ] || fail "the volume was written to"
for at in 65536 131072; do
	diskpage "$META" $at u64:72=0
done
mount_vol
end_clean
