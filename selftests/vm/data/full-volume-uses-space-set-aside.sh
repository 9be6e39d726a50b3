#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A write that finds no space takes what other files of the mount have set aside, but not
# what fallocate(2) reserved past their ends.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol -d 64M
mount_vol
# each of them has about as much set aside as it has bytes
for i in 1 2 3 4; do
	dd if=/dev/zero of="$MNT/aside$i" bs=64k count=36 status=none
done
: >"$MNT/reserved"
fallocate -n -l 4M "$MNT/reserved"
sync -f "$MNT"
trims() {
	cat /sys/fs/scoutfs/*/counters/prealloc_trim
}
[ "$(trims)" = 0 ] || fail "given back already"
expect_error "No space left" dd if=/dev/zero of="$MNT/fill" bs=4k status=none
[ "$(trims)" -ge 4 ] || fail "$(trims) files gave space back"
sync -f "$MNT"
bytes=$(stat -c %s "$MNT/fill")
# 1 MiB of the device is the super's
[ "$bytes" -ge $(((63 - 9 - 4) << 20)) ] || fail "full after $bytes bytes"
# what is reserved can be written
dd if=/dev/urandom of="$MNT/reserved" bs=1M count=4 conv=notrunc,fsync status=none
[ "$(stat -c %b "$MNT/reserved")" = 8192 ] || fail "the reserved space is not all there"
end_clean
