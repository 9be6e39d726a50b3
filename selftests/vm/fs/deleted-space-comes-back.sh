#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# After everything is deleted the free counts are what they were.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
nums() {
	fsop "$MNT" <<<"show statfs . $1"
}
# the first round lets trees and pools grow
for round in 1 2 3; do
	mkdir "$MNT/d"
	manyfiles create "$MNT/d" 300 2
	dd if=/dev/zero of="$MNT/d/big" bs=1M count=8 status=none
	for i in $(seq 20); do
		head -c 20000 /dev/zero >"$MNT/d/s$i"
	done
	setfattr -n user.x -v "$(head -c 8000 /dev/zero | tr '\0' v)" "$MNT/d/big"
	rm -rf "$MNT/d"
	remount_vol
	now="$(nums bfree) $(nums ffree)"
	say "round $round: $now"
	[ $round != 1 ] || first=$now
done
read -r free files <<<"$now"
read -r free1 files1 <<<"$first"
[ "$files" = "$files1" ] || fail "inodes are lost: $files1 then $files"
[ "$free" -ge $((free1 - 8)) ] || fail "blocks are lost: $free1 then $free"
end_clean
