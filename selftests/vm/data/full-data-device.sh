#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A full data device is ENOSPC; nothing else breaks, and rm makes room again.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol -d 64M
mount_vol
head -c 3000000 /dev/urandom >/tmp/bytes
cp /tmp/bytes "$MNT/keep"
sync
expect_error "No space left" dd if=/dev/zero of="$MNT/fill" bs=256k status=none
sync
size=$(stat -c %s "$MNT/fill")
say "filled with $size bytes"
[ "$size" -gt $((48 << 20)) ] || fail "full after $size bytes"
cmp /tmp/bytes "$MNT/keep"
expect_error "No space left" dd if=/dev/zero of="$MNT/fill" bs=4k oflag=append conv=notrunc status=none
# metadata still works
mkdir "$MNT/d"
: >"$MNT/d/empty"
mv "$MNT/keep" "$MNT/d/keep"
# and so does writing over what is there
dd if=/tmp/bytes of="$MNT/d/keep" bs=4k conv=notrunc,fsync status=none
dd if=/dev/zero of="$MNT/fill" bs=4k count=10 conv=notrunc,fsync status=none
# a mapped hole finds no space: an error, not a crash
truncate -s 1M "$MNT/d/hole"
expect_fail bash -c 'xfs_io -c "mmap -rw 0 4096" -c "mwrite 0 4096" "$1" >/dev/null 2>&1' - "$MNT/d/hole"
remount_vol
cmp /tmp/bytes "$MNT/d/keep"
[ "$(stat -c %s "$MNT/fill")" = "$size" ] || fail "size changed by a remount"
rm "$MNT/fill"
try() {
	sync
	dd if=/dev/zero of="$MNT/again" bs=1M count=40 conv=fsync status=none 2>/dev/null
}
wait_until 30 try
cmp /tmp/bytes "$MNT/d/keep"
truncate -s 1M "$MNT/again"
try2() {
	sync
	dd if=/dev/zero of="$MNT/more" bs=1M count=30 conv=fsync status=none 2>/dev/null
}
wait_until 30 try2
end_clean
