#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest alone
# When the leader unmounts another one leads, without loss, fencing, or a long stop.
. "$(dirname "$0")/../../lib.sh"

fence_start
heartbeat=20000
setup_cluster 3 quorum_heartbeat_timeout_ms=$heartbeat
for round in 1 2 3; do
	leader=$(wait_leader)
	other=$(((leader + 1) % 3))
	(for i in $(seq 60); do echo "$i" >"$(mnt_of $other)/r$round.$i"; done) & worker=$!
	start=$(date +%s%N)
	umount_nth "$leader"
	wait $worker
	: >"$(mnt_of $other)/after$round"
	took=$((($(date +%s%N) - start) / 1000000))
	say "round $round: slot $leader left, the work took $took ms"
	# an orderly leave is no timeout
	[ $took -lt $((heartbeat * 3 / 4)) ] || fail "it took $took ms"
	wait_leader >/dev/null
	mount_nth "$leader" quorum_heartbeat_timeout_ms=$heartbeat
	[ "$(find "$(mnt_of "$leader")" -name "r$round.*" | wc -l)" = 60 ] || fail "files are missing"
done
[ ! -s /tmp/fence.log ] || fail "somebody was fenced: $(cat /tmp/fence.log)"
no_fence_dirs || fail "somebody is to be fenced"
status=$(sysfs_of 0)/quorum/status
awk 'NF < 2 { exit 1 }' "$status" || fail "lines of $(cat "$status")"
grep -qE '^role [0-2] \((follower|candidate|leader)\)$' "$status" || fail "role: $(cat "$status")"
end_cluster
