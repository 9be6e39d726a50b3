#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes long alone
# A node that is cut off stops writing before its locks are given away, and is fenced.
. "$(dirname "$0")/../../lib.sh"

heartbeat=6000
vm_nodes_start 2
vm_fence_start
vm_nodes_mkfs 2
vm_nodes_mount 2 quorum_heartbeat_timeout_ms=$heartbeat
leader=$(vm_leader)
cut=$((3 - leader))
vm_run "n$cut" 'mkdir $MNT/c; touch $MNT/c/f; sync'

say "a short partition harms nobody"
vm_partition "n$cut"
sleep 2
vm_heal "n$cut"
vm_run "n$leader" 'echo 1 >$MNT/c/short'
vm_run "n$cut" 'grep -qx 1 $MNT/c/short'
[ ! -s "$VM_RUN_DIR/fence.log" ] || fail "fenced: $(cat "$VM_RUN_DIR/fence.log")"

say "a long one"
vm_fence_mode ignore
# prints the host's time of each durable write
vm_run "n$cut" 'i=0; while echo $i >$MNT/c/w && sync $MNT/c/w; do i=$((i + 1)); echo $i; sleep 0.05; done' |
	while read -r i; do echo "$(date +%s%N) $i"; done >"$VM_RUN_DIR/writes" 2>/dev/null &
sleep 2
vm_partition "n$cut"
start=$(date +%s%N)
has_request() {
	ls "$VM_SHARE"/fence/*.request >/dev/null 2>&1
}
wait_until 30 has_request
asked=$(date +%s%N)
say "the leader asked for fencing after $(((asked - start) / 1000000)) ms"
last=$(tail -n 1 "$VM_RUN_DIR/writes" | cut -d ' ' -f 1)
say "the last write of the cut-off node was after $(((last - start) / 1000000)) ms"
[ "$last" -lt "$asked" ] || fail "it wrote when the leader had given it up"
before=$(vm_node_writes "$cut")
sleep 4
after=$(vm_node_writes "$cut")
[ "$after" = "$before" ] || fail "the cut-off node writes: $before, $after"
[ "$(tail -n 1 "$VM_RUN_DIR/writes" | cut -d ' ' -f 1)" = "$last" ] || fail "it wrote again"
vm_running "n$cut" || fail "the node died"

say "the net heals before it is fenced: it is not let in with what it had"
vm_heal "n$cut"
vm_fence_mode ok
vm_run "n$leader" 'echo 2 >$MNT/c/w; echo 3 >$MNT/c/new; sync'
vm_fenced "n$cut" || fail "the lock was given away without fencing"
vm_node_start "$cut"
vm_wait_boot "n$cut"
vm_node_mount "$cut" quorum_heartbeat_timeout_ms=$heartbeat
vm_run "n$cut" 'grep -qx 2 $MNT/c/w && grep -qx 3 $MNT/c/new'
vm_nodes_end 2
