#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Whoever uses a mount that was withdrawn gets an error and does not wait for a leader.
. "$(dirname "$0")/../../lib.sh"

fence_start
setup_cluster 2 quorum_heartbeat_timeout_ms=4000
other=$((1 - $(wait_leader)))
mnt=$(mnt_of $other)
echo 1 >"$mnt/f"
sync -f "$mnt/f"
exec 5<"$mnt/f"
rid_of $other >>/tmp/killed
expect_fail umount -f "$mnt"
pids=()
for i in 1 2 3; do
	stat -f "$mnt" >/dev/null 2>&1 & pids+=($!)
	mkdir "$mnt/d$i" 2>/dev/null & pids+=($!)
	sync -f "$mnt/f" 2>/dev/null & pids+=($!)
done
ended() {
	! kill -0 "${pids[@]}" 2>/dev/null
}
wait_until 5 ended
exec 5<&-
wait_until 5 unmounted_nth $other
echo 2 >"$(mnt_of $((1 - other)))/f"
mount_nth $other
grep -qx 2 "$mnt/f"
end_cluster
