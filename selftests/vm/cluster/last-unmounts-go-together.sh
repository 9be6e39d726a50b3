#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# An unmount that would leave too few to elect a leader waits for the others, be it the
# leader's or not; they work on meanwhile, and all end cleanly.
. "$(dirname "$0")/../../lib.sh"

fence_start
mkfs_cluster 3
for who in leader follower; do
	mount_all 3
	umount_nth 0
	leaves=$(wait_leader)
	[ $who = leader ] || leaves=$((3 - leaves))
	stays=$((3 - leaves))
	mnt=$(mnt_of $stays)
	umount_nth "$leaves" & waiting=$!
	for i in $(seq 30); do
		echo "$i" >"$mnt/$who.$i"
		sleep 0.2
	done
	kill -0 $waiting || fail "slot $leaves left, so that slot $stays has no leader"
	sync -f "$mnt/$who.30"
	# perhaps that of the mount that leaves, which is in sysfs no more
	leader=$(scoutfs leader show "$mnt")
	grep -q '^is_joined *yes' <<<"$leader" || fail "$who leaves, and nobody leads: $leader"
	umount_nth $stays
	wait $waiting
	check_vol
done

# nobody had anything to recover
mount_all 3
[ "$(find "$MNT0" -type f | wc -l)" = 60 ] || fail "files are missing: $(ls "$MNT0")"
[ ! -s /tmp/fence.log ] || fail "somebody was fenced: $(cat /tmp/fence.log)"
end_cluster
