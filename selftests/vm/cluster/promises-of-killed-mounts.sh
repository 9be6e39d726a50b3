#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Mounts that vanish in the middle of parallel work keep all that they had synced.
. "$(dirname "$0")/../../lib.sh"

fence_start
mkfs_cluster 3
mount_all 3 quorum_heartbeat_timeout_ms=3000
# verify MNT: the promises of all mounts, whose paths differ in the mount point
verify() {
	cat /tmp/promises.* | sed "s,/mnt/test[0-9]/,$1/," | crashload verify "$1"
}
has_promised() {
	[ "$(cat /tmp/promises.* 2>/dev/null | wc -l)" -ge "$1" ]
}
rounds=2
[ "$TEST_LONG" = 0 ] || rounds=3
for round in $(seq $rounds); do
	rm -f /tmp/promises.*
	works=()
	for i in 0 1 2; do
		crashload run "$(mnt_of $i)" "$round$i" 2 >"/tmp/promises.$i" 2>"/tmp/work.err.$i" &
		works+=($!)
	done
	wait_until 60 has_promised $((100 + RANDOM % 200))
	victim=$((round - 1))
	say "round $round: kills $victim$(! is_leader $victim || echo ', the leader'), $(cat /tmp/promises.* | wc -l) promises"
	kill_nth $victim
	wait "${works[$victim]}" || :
	# the others are at work all the time, and go on
	count=$(cat /tmp/promises.* | wc -l)
	wait_until 30 has_promised $((count + 100))
	for i in 0 1 2; do
		pkill -KILL -P "${works[i]}" 2>/dev/null || :
		kill -KILL "${works[i]}" 2>/dev/null || :
		wait "${works[i]}" 2>/dev/null || :
	done
	other=$(mnt_of $(((victim + 1) % 3)))
	verify "$other"
	mount_nth $victim quorum_heartbeat_timeout_ms=3000
	verify "$(mnt_of $victim)"
done
end_cluster
