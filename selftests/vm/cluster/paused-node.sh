#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes long alone
# A node that stood still for long writes nothing when it goes on.
. "$(dirname "$0")/../../lib.sh"

heartbeat=5000
vm_nodes_start 2
vm_fence_start
vm_nodes_mkfs 2
vm_nodes_mount 2 quorum_heartbeat_timeout_ms=$heartbeat

say "a short stop harms nobody"
leader=$(vm_leader)
other=$((3 - leader))
vm_pause "n$other"
sleep 1.5
vm_continue "n$other"
vm_run "n$leader" 'echo 1 >$MNT/f'
vm_run "n$other" 'grep -qx 1 $MNT/f'
[ ! -s "$VM_RUN_DIR/fence.log" ] || fail "fenced: $(cat "$VM_RUN_DIR/fence.log")"

say "a long one of the leader"
vm_fence_mode ignore
vm_run "n$leader" '(while echo x >>$MNT/log && sync $MNT/log; do sleep 0.05; done) >/dev/null 2>&1 &'
sleep 1
vm_pause "n$leader"
sleep 15
vm_continue "n$leader"
sleep 1
before=$(vm_node_writes "$leader")
sleep 2
after=$(vm_node_writes "$leader")
[ "$after" = "$before" ] || fail "it writes: $before, $after"
[ "$(vm_run "n$leader" 'cat /sys/fs/scoutfs/*/quorum/is_leader 2>/dev/null')" != 1 ] || fail "it still leads"
vm_fence_mode ok
vm_run "n$other" 'echo 2 >>$MNT/log && sync $MNT/log'
vm_fenced "n$leader" || fail "it was not fenced"
vm_run "n$other" 'umount $MNT && fsck.scoutfs -n $META $DATA'
