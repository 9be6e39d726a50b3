#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# An unmount that would leave too few to elect a leader waits for the others; they
# work on meanwhile, and all end cleanly.
. "$(dirname "$0")/../../lib.sh"

fence_start
setup_cluster 3
echo first >"$MNT0/file"
umount_nth 0
umount_nth 1 & waiting=$!
for i in $(seq 30); do
	echo "$i" >"$MNT2/file.$i"
	sleep 0.2
done
kill -0 $waiting || fail "slot 1 left, so that slot 2 has no leader"
sync -f "$MNT2/file"
is_leader 2 || is_leader 1 || fail "nobody leads"
umount_nth 2
wait $waiting
check_vol

# nobody had anything to recover
mount_all 3
[ "$(find "$MNT0" -type f | wc -l)" = 31 ] || fail "files are missing: $(ls "$MNT0")"
[ ! -s /tmp/fence.log ] || fail "somebody was fenced: $(cat /tmp/fence.log)"
end_cluster
