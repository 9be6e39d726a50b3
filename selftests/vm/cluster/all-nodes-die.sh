#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes long alone
# After a power cut of all nodes one alone recovers the volume, with all that was synced.
. "$(dirname "$0")/../../lib.sh"

vm_nodes_start 2
vm_fence_start
vm_nodes_mkfs 2
vm_nodes_mount 2
promises=$VM_RUN_DIR/promises
for i in 1 2; do
	vm_run n$i "crashload run \$MNT $i 2" >"$promises.$i" 2>/dev/null &
done
have_promised() {
	[ "$(wc -l <"$promises.1")" -ge 60 ] && [ "$(wc -l <"$promises.2")" -ge 60 ]
}
wait_until 90 have_promised
vm_kill n1
vm_kill n2
wait
cat "$promises".? >"$VM_SHARE/promises"
vm_node_start 2
vm_wait_boot n2
start=$(date +%s)
vm_node_mount 2
say "mounted after $(($(date +%s) - start)) s; $(cat "$VM_RUN_DIR/fence.log")"
vm_run n2 'crashload verify $MNT </share/promises'
vm_node_start 1
vm_wait_boot n1
vm_node_mount 1
vm_run n1 'crashload verify $MNT </share/promises'
vm_nodes_end 2
