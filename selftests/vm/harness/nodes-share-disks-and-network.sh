#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes
# Nodes see each other's disk writes at once and reach each other, until they are partitioned or stalled.
. "$(dirname "$0")/../../lib.sh"

require_root
require_cmd ip nsenter
vm_nodes_start 2
vm_run n1 "busybox ping -c 1 -W 5 $(vm_addr n2) >/dev/null" || fail "no network"
vm_run n1 'dd if=/dev/urandom of=/tmp/b bs=4096 count=1 status=none; dd if=/tmp/b of=$META oflag=direct bs=4096 seek=5 status=none; cksum </tmp/b >/share/sum'
vm_run n2 'dd if=$META iflag=direct bs=4096 skip=5 count=1 status=none | cksum | cmp - /share/sum' || fail "the disk is not shared"

vm_partition n2
expect_fail vm_run n1 "busybox ping -c 1 -W 2 $(vm_addr n2) >/dev/null"
vm_heal n2
reaches() {
	vm_run n1 "busybox ping -c 1 -W 1 $(vm_addr n2) >/dev/null"
}
wait_until 10 reaches

vm_stall_disk n2 meta
writes() {
	vm_run n2 'dd if=/tmp/zero of=$META oflag=direct bs=4096 seek=7 count=2 status=none'
}
vm_run n2 'head -c 8192 /dev/zero >/tmp/zero'
writes & pid=$!
sleep 3
kill -0 $pid 2>/dev/null || fail "a stalled disk took the writes"
vm_run n2 'dd if=/tmp/zero of=$DATA oflag=direct bs=4096 count=1 status=none' || fail "the other disk is stalled, too"
vm_resume_disk n2 meta
wait $pid

vm_pause n2
expect_fail vm_run n1 "busybox ping -c 1 -W 2 $(vm_addr n2) >/dev/null"
vm_continue n2
wait_until 10 reaches
vm_run n2 true

ns=$(cat "$VM_RUN_DIR/netns")
vm_net_stop
! vm_running n1 || fail "a node outlived its network"
[ ! -e "/run/netns/$ns" ] || fail "the namespace is still there"
