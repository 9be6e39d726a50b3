#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Shared maps, read() and write() see the same bytes, and msync makes them durable.
. "$(dirname "$0")/../../lib.sh"

require_cmd xfs_io
mkfs_vol
mount_vol
xfs_io -f -c "pwrite -q -S 0x61 0 16k" -c "mmap -rw 0 16k" -c "mwrite -S 0x62 4090 12" \
	-c "pread -v 4088 16" -c "pwrite -q -S 0x63 8190 4" -c "mread -v 8188 8" "$MNT/f" >/tmp/out
cat /tmp/out
grep -q '61 61 62 62 62 62 62 62 62 62 62 62 62 62 61 61' /tmp/out || fail "read does not see the map"
grep -q '61 61 63 63 63 63 61 61' /tmp/out || fail "the map does not see write"
# a map into a hole; past the end it stays zero
xfs_io -f -c "truncate 6000" -c "mmap -rw 0 8192" -c "mwrite -S 0x64 100 10" \
	-c "mwrite -S 0x65 5990 100" -c "msync -s" "$MNT/g"
[ "$(stat -c %s "$MNT/g")" = 6000 ] || fail "a map changed the size"
truncate -s 8192 "$MNT/g"
[ "$(tail -c 2192 "$MNT/g" | tr -d '\0' | wc -c)" = 0 ] || fail "bytes past the end came to light"
umount -f "$MNT"
forget_guard
mount_vol
[ "$(head -c 6000 "$MNT/g" | tr -d '\0')" = ddddddddddeeeeeeeeee ] || fail "msync did not keep the bytes"
end_clean
