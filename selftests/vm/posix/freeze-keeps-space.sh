#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Files whose last user went while the mount was frozen are deleted after it.
. "$(dirname "$0")/../../lib.sh"

free_blocks() {
	stat -f -c %f "$MNT"
}

is_free_again() {
	sync
	[ $(($(free_blocks) + 200)) -ge "$before" ]
}

mkfs_vol
mount_vol
: >"$MNT/first"
sync
before=$(free_blocks)
exec 3>"$MNT/unlinked"
head -c 20M /dev/zero >&3
rm "$MNT/unlinked"
sync
[ "$(free_blocks)" -lt $((before - 4000)) ] || fail "the file has no blocks"
fsfreeze -f "$MNT"
exec 3>&-
fsfreeze -u "$MNT"
wait_until 30 is_free_again
end_clean
