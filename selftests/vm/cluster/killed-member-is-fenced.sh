#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest alone
# A member that vanishes is fenced and recovered: what it synced is there, and the others go on in time.
. "$(dirname "$0")/../../lib.sh"

fence_start
mkfs_cluster 2
heartbeat=4000
mount_all 2 quorum_heartbeat_timeout_ms=$heartbeat
for round in 1 2; do
	leader=$(wait_leader)
	victim=$((1 - leader))
	[ $round = 1 ] || { mount_nth 2 quorum_heartbeat_timeout_ms=$heartbeat; victim=2; }
	dir=$(mnt_of $victim)/v$round
	mkdir "$dir"
	numbers 100 "$dir/f"
	sync -f "$dir"
	rid=$(rid_of $victim)
	numbers 20 "$dir/unsynced"
	kill_nth $victim
	# needs the victim's locks
	other=$(mnt_of "$leader")
	: >"$other/v$round/new"
	took=$((($(date +%s%N) - KILLED_NS) / 1000000))
	say "round $round: went on after $took ms; $(cat /tmp/fence.log)"
	grep -q " $rid client_reconnect fenced\$" /tmp/fence.log || fail "no fence request for $rid"
	[ $took -le "$(resume_ms $heartbeat)" ] || fail "it took $took ms"
	expect_numbers 100 "$other/v$round/f"
	wait_until 10 no_fence_dirs
	mount_nth $victim quorum_heartbeat_timeout_ms=$heartbeat
	[ -e "$dir/new" ] || fail "the new mount does not see what was done without it"
	[ "$(rid_of $victim)" != "$rid" ] || fail "the rid came again"
done
end_cluster
