#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes long alone
# A leader whose metadata disk stands still is replaced, and its late writes do no harm.
. "$(dirname "$0")/../../lib.sh"

heartbeat=5000
vm_nodes_start 2
vm_fence_start
vm_nodes_mkfs 2
vm_nodes_mount 2 quorum_heartbeat_timeout_ms=$heartbeat
leader=$(vm_leader)
other=$((3 - leader))
vm_run "n$leader" 'mkdir $MNT/l; echo kept >$MNT/l/f; sync'
vm_run "n$leader" '(for i in $(seq 1000); do echo $i >$MNT/l/n$i; sync $MNT/l/n$i; done) >/dev/null 2>&1 &'
sleep 1
vm_stall_disk "n$leader" meta
start=$(date +%s%N)
vm_run "n$other" 'grep -qx kept $MNT/l/f && echo new >$MNT/l/f && sync $MNT/l/f'
took=$((($(date +%s%N) - start) / 1000000))
say "n$other went on after $took ms"
vm_fenced "n$leader" || fail "it was not fenced"
[ $took -le "$(resume_ms $heartbeat)" ] || fail "it took $took ms"
vm_node_start "$leader"
vm_wait_boot "n$leader"
vm_node_mount "$leader"
vm_run "n$leader" 'grep -qx new $MNT/l/f'
vm_nodes_end 2
