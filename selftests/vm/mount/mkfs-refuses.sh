#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# mkfs overwrites nothing without -f, and explains what it refuses.
. "$(dirname "$0")/../../lib.sh"

mkfs.ext4 -q -F "$SCRATCH"
expect_error "existing ext4 signature" mkfs.scoutfs -A "$SCRATCH"
expect_error "existing ext4 signature" mkfs.scoutfs -A "$SCRATCH" "$DATA"
expect_error "existing ext4 signature" mkfs.scoutfs -A "$META" "$SCRATCH"
mount -t ext4 "$SCRATCH" "$SCRATCH_MNT"
expect_error "busy" mkfs.scoutfs -f -A "$SCRATCH"
umount "$SCRATCH_MNT"
mkfs.scoutfs -f -A "$SCRATCH" >/dev/null
expect_error "existing scoutfs signature" mkfs.scoutfs -A "$SCRATCH"
# the ext4 is gone for blkid, too
[ "$(blkid -p -o value -s TYPE "$SCRATCH" || :)" != ext4 ] || fail "blkid still sees ext4"
mkfs_vol
expect_error "existing scoutfs signature" mkfs.scoutfs -A "$META" "$DATA"
expect_error "too small" mkfs.scoutfs -f "$META" "$DATA"
expect_error "same device" mkfs.scoutfs -f -A "$META" "$META"
expect_error "No such file" mkfs.scoutfs -f -A "$META" /no/such/device
expect_error "format version" mkfs.scoutfs -f -A -V 9 "$META" "$DATA"
# 8 GiB of data
for bad in 1 1048575 2097153 18446744073709551615; do
	expect_error "zones of $bad data blocks (-z)" mkfs.scoutfs -f -A -z $bad "$META" "$DATA"
done
check_vol
# block and group sizes, and version 1
for opts in "--meta-block-size=64K" "--group-inodes=16" "--meta-block-size=16K --group-inodes=65536" "-V 1 --mount-slots=1"; do
	# shellcheck disable=SC2086
	mkfs_vol $opts
	mount_vol
	mkdir "$MNT/d"
	manyfiles create "$MNT/d" 100
	remount_vol
	manyfiles stat "$MNT/d" 100
	umount_vol
	check_vol
done
