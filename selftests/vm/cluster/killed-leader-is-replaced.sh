#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest pending
# When the leader vanishes another slot leads, has it fenced and recovers it, in time.
. "$(dirname "$0")/../../lib.sh"

fence_start
heartbeat=4000
for slots in 2 3; do
	mkfs_cluster $slots
	mount_all $slots quorum_heartbeat_timeout_ms=$heartbeat
	leader=$(wait_leader)
	other=$(((leader + 1) % slots))
	mkdir "$(mnt_of "$leader")/l" "$(mnt_of $other)/o"
	for i in $(seq 100); do
		echo "$i" >"$(mnt_of "$leader")/l/f$i"
		echo "$i" >"$(mnt_of $other)/o/f$i"
	done
	sync -f "$(mnt_of "$leader")"
	rid=$(rid_of "$leader")
	kill_nth "$leader"
	: >"$(mnt_of $other)/l/new"
	took=$((($(date +%s%N) - KILLED_NS) / 1000000))
	say "$slots slots: went on after $took ms; $(cat /tmp/fence.log)"
	grep -q " $rid .* fenced\$" /tmp/fence.log || fail "the old leader was not fenced"
	[ $took -le "$(resume_ms $heartbeat)" ] || fail "it took $took ms"
	wait_leader >/dev/null
	for i in $(seq 100); do
		grep -qx "$i" "$(mnt_of $other)/l/f$i" || fail "l/f$i is not what was synced"
		grep -qx "$i" "$(mnt_of $other)/o/f$i" || fail "o/f$i of a survivor is gone"
	done
	# twice in a row
	mount_nth "$leader" quorum_heartbeat_timeout_ms=$heartbeat
	end_cluster
done
