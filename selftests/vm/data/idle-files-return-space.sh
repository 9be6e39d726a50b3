#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest long
# A file that nobody writes to for two minutes gives space set aside for it back, open or
# not; one that is written to keeps it.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
extent_blocks() {
	filefrag -v "$1" | awk '$1 ~ /^[0-9]+:/ { sub(/:/, "", $6); n += $6 } END { print n }'
}
for f in idle busy; do
	dd if=/dev/zero of="$MNT/$f" bs=64k count=40 status=none
done
sync -f "$MNT"
before=$(extent_blocks "$MNT/busy")
[ "$before" -gt 740 ] || fail "$before blocks with what is set aside"
(
	while sleep 5; do
		printf x >>"$MNT/busy"
	done
) &
# opened later: nobody else has it
exec 3>>"$MNT/idle"
is_returned() {
	[ "$(extent_blocks "$MNT/idle")" = 640 ]
}
[ "$(extent_blocks "$MNT/idle")" = "$before" ] || fail "given back at once"
wait_until 150 is_returned
[ "$(extent_blocks "$MNT/busy")" = "$before" ] || fail "a file in use lost its space"
kill %1
wait %1 || true
printf more >&3
exec 3>&-
[ "$(stat -c %s "$MNT/idle")" = $((640 * 4096 + 4)) ] || fail "size after writing on"
end_clean
