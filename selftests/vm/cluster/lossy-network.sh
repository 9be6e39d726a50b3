#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes long alone
# Loss and delay on the network slow the cluster down but break nothing.
. "$(dirname "$0")/../../lib.sh"

vm_nodes_start 2
vm_fence_start
vm_nodes_mkfs 2
vm_nodes_mount 2
vm_netem n1 delay 20ms 10ms loss 5%
vm_netem n2 delay 20ms 10ms loss 5% duplicate 2%
vm_run n1 'mkdir $MNT/d'
for round in $(seq 8); do
	vm_run n1 "echo $round >\$MNT/d/one && sync \$MNT/d/one"
	vm_run n2 "grep -qx $round \$MNT/d/one && mv \$MNT/d/one \$MNT/d/two$round"
	vm_run n1 "grep -qx $round \$MNT/d/two$round"
done
vm_run n1 'clusterbench create 0 $MNT/d a 200' &
one=$!
vm_run n2 'clusterbench create 0 $MNT/d b 200'
wait $one
vm_run n1 'clusterbench stat 0 $MNT/d b 200'
vm_netem n1 none
vm_netem n2 none
[ ! -s "$VM_RUN_DIR/fence.log" ] || fail "fenced: $(cat "$VM_RUN_DIR/fence.log")"
vm_nodes_end 2
