#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A file written from front to back is one extent, and FIEMAP tells holes from data.
. "$(dirname "$0")/../../lib.sh"

require_cmd xfs_io filefrag
mkfs_vol
mount_vol
dd if=/dev/zero of="$MNT/f" bs=64k count=32 conv=fsync status=none
extents=$(filefrag "$MNT/f" | sed -n 's/.*: \([0-9]*\) extents\{0,1\} found/\1/p')
[ "$extents" = 1 ] || fail "$extents extents: $(filefrag -v "$MNT/f")"
xfs_io -c "fiemap -v" "$MNT/f"
xfs_io -f -c "pwrite -q 1m 64k" -c "pwrite -q 4m 4k" -c "truncate 8m" -c fsync "$MNT/g"
xfs_io -c "fiemap" "$MNT/g" | tee /tmp/map
# in sectors of 512 bytes
grep -q ': \[2048\.\.2175\]: [0-9]' /tmp/map || fail "no extent at 1m"
grep -q ': \[8192\.\.8199\]: [0-9]' /tmp/map || fail "no extent at 4m"
grep -q ': \[0\.\.2047\]: hole' /tmp/map || fail "no hole at 0"
remount_vol
xfs_io -c "fiemap" "$MNT/g" | diff /tmp/map -
# no two files share a block
filefrag -v "$MNT/f" "$MNT/g" | awk '$1 ~ /^[0-9]+:/ { sub(/\.\./, "", $4); sub(/:/, "", $5); print $4, $5 }' |
	sort -n | awk '$1 <= last { print "overlap at " $1; bad = 1 } { last = $2 } END { exit bad }'
end_clean
