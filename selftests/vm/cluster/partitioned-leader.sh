#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes long alone
# A leader that is cut off from the majority steps down before another one leads.
. "$(dirname "$0")/../../lib.sh"

heartbeat=6000
vm_nodes_start 3
vm_fence_start
vm_fence_mode ignore
vm_nodes_mkfs 3
vm_nodes_mount 3 quorum_heartbeat_timeout_ms=$heartbeat
leader=$(vm_leader)
other=$((leader % 3 + 1))
vm_run "n$leader" 'mkdir $MNT/l; echo old >$MNT/l/f; sync'
leads() {
	[ "$(vm_run "n$1" 'cat /sys/fs/scoutfs/*/quorum/is_leader')" = 1 ]
}
vm_partition "n$leader"
start=$(date +%s%N)
new=
while [ -z "$new" ]; do
	for i in 1 2 3; do
		[ $i = "$leader" ] || ! leads $i || new=$i
	done
	[ $((($(date +%s%N) - start) / 1000000)) -lt 40000 ] || fail "nobody else leads"
done
say "n$new leads after $((($(date +%s%N) - start) / 1000000)) ms"
! leads "$leader" || fail "two lead"
expect_fail timeout 20 bash -c '. "$VM_TOP/selftests/vm/vm.sh"; vm_run "$@"' - "n$leader" \
	'echo bad >$MNT/l/bad && sync $MNT/l/bad'
# the new one waits for the fencing
vm_fence_mode ok
vm_run "n$other" 'grep -qx old $MNT/l/f && echo new >$MNT/l/f'
vm_fenced "n$leader" || fail "the old leader was not fenced"
vm_node_start "$leader"
vm_wait_boot "n$leader"
vm_node_mount "$leader" quorum_heartbeat_timeout_ms=$heartbeat
vm_run "n$leader" 'grep -qx new $MNT/l/f && test ! -e $MNT/l/bad'
vm_nodes_end 3
