#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Devices that are smaller than their volume are refused.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
shrunk() {
	dmsetup create "$1" --table "0 $(($(blockdev --getsz "$2") / 2)) linear $2 0"
}
mkdir -p "$MNT"
shrunk half-meta "$META"
expect_error "wrong fs type, bad option" mount -t scoutfs -o metadev_path=/dev/mapper/half-meta "$DATA" "$MNT"
dmesg | tail -n 20 | grep -q "smaller than its volume" || fail "the log does not say why"
dmsetup remove --retry half-meta
shrunk half-data "$DATA"
expect_error "wrong fs type, bad option" mount -t scoutfs -o "metadev_path=$META" /dev/mapper/half-data "$MNT"
dmsetup remove --retry half-data
mount_vol
end_clean
