#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest long timeout=3600
# A million files: create, list, remount, look up, remove.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
step() {
	local start=$SECONDS

	"$@"
	say "$((SECONDS - start)) s: $*"
}
mkdir "$MNT/d"
step manyfiles create "$MNT/d" 1000000 4 5000
step sync
fsop "$MNT" <<<'show statfs . ffree'
step manyfiles walk "$MNT/d" 1000000
step remount_vol
step manyfiles walk "$MNT/d" 1000000
step manyfiles stat "$MNT/d" 1000000 4 5000
step remount_vol
step manyfiles unlink "$MNT/d" 1000000 4 5000
rmdir "$MNT/d"
step umount_vol
step check_vol
