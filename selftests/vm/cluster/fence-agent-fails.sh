#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes long alone
# While the agent fails nothing of a dead node is given away; when it succeeds the survivor goes on.
. "$(dirname "$0")/../../lib.sh"

heartbeat=4000
vm_nodes_start 2
vm_fence_start
vm_fence_mode error
vm_nodes_mkfs 2
vm_nodes_mount 2 quorum_heartbeat_timeout_ms=$heartbeat
leader=$(vm_leader)
victim=$((3 - leader))
vm_run "n$victim" 'mkdir $MNT/v; echo synced >$MNT/v/f; sync'
vm_kill "n$victim"
vm_run "n$leader" 'echo new >$MNT/v/new && cat $MNT/v/f' >"$VM_RUN_DIR/blocked" &
blocked=$!
has_error() {
	grep -q "n$victim error\$" "$VM_RUN_DIR/fence.log"
}
wait_until 30 has_error
sleep 8
kill -0 $blocked 2>/dev/null || fail "the dead node's lock was given away before it was fenced"
vm_run "n$leader" 'dmesg | grep "error indicated by fence action"' || fail "the log does not say that the agent failed"
vm_fence_mode ok
wait_until 60 vm_fenced "n$victim"
wait $blocked
grep -qx synced "$VM_RUN_DIR/blocked"
vm_run "n$leader" 'grep -qx new $MNT/v/new && umount $MNT && fsck.scoutfs -n $META $DATA'
