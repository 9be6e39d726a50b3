#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A volume on one device works without metadev_path.
. "$(dirname "$0")/../../lib.sh"

mkfs.scoutfs -f -A "$SCRATCH" >/dev/null
mkdir -p "$SCRATCH_MNT"
mount -t scoutfs "$SCRATCH" "$SCRATCH_MNT"
cp -r /usr/include/asm-generic "$SCRATCH_MNT/dir"
head -c 5000000 /dev/urandom >/tmp/bytes
cp /tmp/bytes "$SCRATCH_MNT/"
[[ $(awk -v mnt="$SCRATCH_MNT" '$2 == mnt { print $4 }' /proc/mounts) != *metadev_path* ]] || fail "shows a metadev_path"
umount "$SCRATCH_MNT"
fsck.scoutfs -n "$SCRATCH"
mount -t scoutfs "$SCRATCH" "$SCRATCH_MNT"
cmp /tmp/bytes "$SCRATCH_MNT/bytes"
diff -r /usr/include/asm-generic "$SCRATCH_MNT/dir"
rm -r "$SCRATCH_MNT/dir" "$SCRATCH_MNT/bytes"
umount "$SCRATCH_MNT"
fsck.scoutfs -n "$SCRATCH"
# and the device may be named twice
mount -t scoutfs -o "metadev_path=$SCRATCH" "$SCRATCH" "$SCRATCH_MNT"
umount "$SCRATCH_MNT"
