#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host nodes
# A fence request on one node cuts the power of the other, and is answered only then.
. "$(dirname "$0")/../../lib.sh"

require_root
vm_nodes_start 2
vm_fence_start
vm_fence_mode ignore
echo n2 >"$VM_SHARE/rid/0123456789abcdef"
# as a leader would show it
# request RID
request() {
	vm_run n1 "mkdir -p /tmp/fs/f.1.r.2/fence/$1 && cd /tmp/fs/f.1.r.2/fence/$1 &&
		echo client_reconnect >reason && echo $1 >rid && echo 0 >error && echo 0 >fenced"
}
answer() {
	vm_run n1 "cd /tmp/fs/f.1.r.2/fence/$1 && cat fenced error" | tr '\n' ' '
}
answered() {
	[ "$(answer "$1")" != "0 0 " ]
}
request 0123456789abcdef
vm_run n1 'setsid bash /share/selftests/vm/fence-relay /tmp/fs >/tmp/fence.log 2>&1 </dev/null &'
sleep 3
[ "$(answer 0123456789abcdef)" = "0 0 " ] || fail "answered: $(answer 0123456789abcdef)"
vm_running n2 || fail "its power is cut too early"
vm_fence_mode ok
wait_until 20 answered 0123456789abcdef
! vm_running n2 || fail "it is said to be fenced and runs"
[ "$(answer 0123456789abcdef)" = "1 0 " ] || fail "answer: $(answer 0123456789abcdef)"
vm_fenced n2 || fail "log: $(cat "$VM_RUN_DIR/fence.log")"
# a mount that nobody knows cannot be fenced
request 00000000deadbeef
wait_until 20 answered 00000000deadbeef
[ "$(answer 00000000deadbeef)" = "0 1 " ] || fail "answer: $(answer 00000000deadbeef)"
vm_running n1 || fail "the leader is gone"
