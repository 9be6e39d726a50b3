#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest alone
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
	numbers 100 "$(mnt_of "$leader")/l/f"
	numbers 100 "$(mnt_of $other)/o/f"
	sync -f "$(mnt_of "$leader")"
	rid=$(rid_of "$leader")
	kill_nth "$leader"
	: >"$(mnt_of $other)/l/new"
	took=$((($(date +%s%N) - KILLED_NS) / 1000000))
	say "$slots slots: went on after $took ms; $(cat /tmp/fence.log)"
	grep -q " $rid .* fenced\$" /tmp/fence.log || fail "the old leader was not fenced"
	[ $took -le "$(resume_ms $heartbeat)" ] || fail "it took $took ms"
	wait_leader >/dev/null
	# what was synced, and what a survivor wrote
	expect_numbers 100 "$(mnt_of $other)/l/f"
	expect_numbers 100 "$(mnt_of $other)/o/f"
	# twice in a row
	mount_nth "$leader" quorum_heartbeat_timeout_ms=$heartbeat
	end_cluster
done
