#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# What was synced is there after forced unmounts in the middle of work.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
: >/tmp/promises
for round in 1 2 3; do
	crashload run "$MNT" $round 3 >>/tmp/promises 2>/dev/null &
	pid=$!
	sleep 2
	umount -f "$MNT" 2>/dev/null || :
	wait $pid || :
	# its children end with their first error
	for _ in $(seq 100); do
		! vol_is_mounted || umount -f "$MNT" 2>/dev/null || { sleep 0.1; continue; }
		break
	done
	! vol_is_mounted || fail "cannot unmount"
	check_vol
	forget_guard
	mount_vol
	crashload verify "$MNT" </tmp/promises
done
end_clean
