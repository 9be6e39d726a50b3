#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A mounted volume's devices are busy for a second mount and for mkfs.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
mkdir -p "$SCRATCH_MNT"
# the same data device: mount(2) finds the same filesystem or says busy
if mount -t scoutfs -o "metadev_path=$META" "$DATA" "$SCRATCH_MNT" 2>/dev/null; then
	touch "$SCRATCH_MNT/same"
	[ -e "$MNT/same" ] || fail "two filesystems on one device"
	umount "$SCRATCH_MNT"
fi
expect_error "busy" mkfs.scoutfs -f -A "$META" "$DATA"
expect_error "busy" mkfs.scoutfs -f -A "$META" "$SCRATCH"
# the same disks under other names
dmsetup create alias-data --table "0 $(blockdev --getsz "$DATA") linear $DATA 0" 2>/dev/null &&
	fail "device-mapper got a mounted device"
# a foreign data device with our metadata device
dd if=/dev/zero of="$SCRATCH" bs=1M count=1 conv=fsync status=none
expect_fail mount -t scoutfs -o "metadev_path=$META" "$SCRATCH" "$SCRATCH_MNT"
: >"$MNT/works"
end_clean
