#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# The machine has the disks it should have and they take a filesystem.
. "$(dirname "$0")/../../lib.sh"
require_root

for disk in meta data xfs ext4 scratch; do
	[ -b /dev/sfs-$disk ] || fail "no disk $disk"
done

mkfs.ext4 -q -F /dev/sfs-ext4
mount -t ext4 /dev/sfs-ext4 "$SCRATCH_MNT"
head -c 1000000 /dev/urandom >"$SCRATCH_MNT/file"
sum=$(sha256sum <"$SCRATCH_MNT/file")
umount "$SCRATCH_MNT"
mount -t ext4 /dev/sfs-ext4 "$SCRATCH_MNT"
[ "$sum" = "$(sha256sum <"$SCRATCH_MNT/file")" ] || fail "bytes differ"
umount "$SCRATCH_MNT"
