#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# The modules cannot be unloaded while a volume is mounted.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
for mod in scoutfs scoutfs_lock_local scoutfs_lock scoutfs_format; do
	grep -q "^$mod " /proc/modules || fail "$mod is not loaded"
	expect_error "is in use" rmmod $mod
done
: >"$MNT/works"
umount_vol
modprobe -r scoutfs scoutfs_lock_local
check_vol
mount_vol
[ -e "$MNT/works" ] || fail "the file is gone"
end_clean
