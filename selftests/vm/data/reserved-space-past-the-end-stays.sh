#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Space past the end that fallocate(2) reserved stays, whatever was set aside beside it.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
blocks() {
	filefrag -v "$1" | awk '$1 ~ /^[0-9]+:/ { sub(/:/, "", $6); n += $6 } END { print n }'
}
# while the inode is cached, and then again without it
: >"$MNT/f"
fallocate -n -o 8M -l 4M "$MNT/f"
drop_caches
[ "$(blocks "$MNT/f")" = 1024 ] || fail "reserved: $(blocks "$MNT/f") blocks"
dd if=/dev/zero of="$MNT/f" bs=64k count=40 conv=notrunc status=none
sync -f "$MNT"
[ "$(blocks "$MNT/f")" -gt $((1024 + 640)) ] || fail "nothing was set aside"
drop_caches
[ "$(blocks "$MNT/f")" = $((1024 + 640)) ] || fail "beside reserved space: $(blocks "$MNT/f") blocks"
# what was set aside and is then reserved
dd if=/dev/zero of="$MNT/g" bs=64k count=40 status=none
sync -f "$MNT"
all=$(blocks "$MNT/g")
[ "$all" -gt 640 ] || fail "nothing was set aside for g"
fallocate -n -l $((all * 4096)) "$MNT/g"
drop_caches
[ "$(blocks "$MNT/g")" = "$all" ] || fail "reserved in place: $(blocks "$MNT/g") blocks, not $all"
end_clean
