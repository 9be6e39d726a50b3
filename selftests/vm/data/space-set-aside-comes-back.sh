#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Space set aside for a growing file is there after its close, and is given back when
# the inode leaves the cache and when the mount becomes read-only.
. "$(dirname "$0")/../../lib.sh"

require_cmd filefrag
mkfs_vol
mount_vol
# blocks that a file without holes has past its end
past_end() {
	local size

	size=$(stat -c %s "$1")
	filefrag -v "$1" | awk -v size=$((size / 4096)) '
		$1 ~ /^[0-9]+:/ { sub(/:/, "", $6); n += $6 } END { print n - size }'
}
write() {
	dd if=/dev/zero of="$1" bs=64k count="$2" status=none
	sync -f "$1"
	[ "$(past_end "$1")" -gt 100 ] || fail "$1: $(past_end "$1") blocks are set aside"
}
expect_none() {
	[ "$(past_end "$1")" = 0 ] || fail "$1: $(past_end "$1") blocks are still set aside $2"
}

write "$MNT/a" 40
head -c 2621440 /dev/zero >/tmp/zero
ino=$(stat -c %i "$MNT/a")
drop_caches
expect_none "$MNT/a" "without an inode in the cache"
[ "$(stat -c %i "$MNT/a")" = "$ino" ] || fail "another inode"
cmp /tmp/zero "$MNT/a"
# the same file goes on
dd if=/dev/zero of="$MNT/a" bs=64k count=40 seek=40 conv=notrunc status=none
[ "$(stat -c %s "$MNT/a")" = 5242880 ] || fail "size after writing on"

write "$MNT/b" 40
exec 3<"$MNT/b"	# so that its inode stays
mount -o remount,ro "$MNT"
expect_none "$MNT/b" "on a read-only mount"
mount -o remount,rw "$MNT"
exec 3<&-

write "$MNT/c" 40
remount_vol
expect_none "$MNT/c" "after a remount"
cmp /tmp/zero "$MNT/b"
cmp /tmp/zero "$MNT/c"
end_clean
