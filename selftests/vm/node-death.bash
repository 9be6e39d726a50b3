# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A node of VM_NODES dies under load; victim_of LEADER says which. Sourced by
# tests of the cluster area.

heartbeat=5000
opts=quorum_heartbeat_timeout_ms=$heartbeat

vm_nodes_start "$VM_NODES"
vm_fence_start
vm_nodes_mkfs "$VM_NODES"
vm_nodes_mount "$VM_NODES" $opts
promises=$VM_RUN_DIR/promises
rm -f "$promises".*
leader=$(vm_leader)
victim=$(victim_of "$leader")
survivor=$((victim % VM_NODES + 1))
say "n$leader leads, n$victim will die, n$survivor is watched"

vm_run "n$victim" 'mkdir $MNT/dead; touch $MNT/dead/f; sync'
works=()
for ((i = 1; i <= VM_NODES; i++)); do
	# the log comes over ssh: the memory of the one that dies is lost
	vm_run "n$i" "crashload run \$MNT $i 2" >"$promises.$i" 2>"$VM_RUN_DIR/work.$i" &
	works[i]=$!
done
have_promised() {
	local i

	for ((i = 1; i <= VM_NODES; i++)); do
		[ "$(wc -l <"$promises.$i")" -ge "$1" ] || return 1
	done
}
wait_until 90 have_promised 40
vm_kill "n$victim"
start=$(date +%s%N)
wait "${works[victim]}" || :
# it wants the lock that the dead node had
vm_run "n$survivor" 'mv $MNT/dead/f $MNT/dead/g; touch $MNT/dead/new'
took=$((($(date +%s%N) - start) / 1000000))
say "n$survivor got the dead node's lock after $took ms"
cat "$VM_RUN_DIR/fence.log"
vm_fenced "n$victim" || fail "n$victim was not fenced"
[ "$(wc -l <"$VM_RUN_DIR/fence.log")" = 1 ] || fail "others were fenced"
[ $took -le "$(resume_ms $heartbeat)" ] || fail "it took $took ms"
for ((i = 1; i <= VM_NODES; i++)); do
	[ $i != "$victim" ] || continue
	kill -0 "${works[i]}" || fail "the work on n$i ended: $(cat "$VM_RUN_DIR/work.$i")"
	count=$(wc -l <"$promises.$i")
	more() {
		[ "$(wc -l <"$promises.$i")" -gt $((count + 20)) ]
	}
	wait_until 30 more
done
for ((i = 1; i <= VM_NODES; i++)); do
	[ $i = "$victim" ] || vm_run "n$i" 'pkill -KILL -x crashload' || :
	wait "${works[i]}" || :
done
cat "$promises".* >"$VM_SHARE/promises"
say "$(wc -l <"$VM_SHARE/promises") promises"
vm_run "n$survivor" 'crashload verify $MNT </share/promises'

# it comes back, as another mount
vm_node_start "$victim"
vm_wait_boot "n$victim"
vm_node_mount "$victim" $opts
vm_run "n$victim" 'test -e $MNT/dead/new && crashload verify $MNT </share/promises && echo back >$MNT/back'
vm_run "n$survivor" 'grep -qx back $MNT/back'
vm_nodes_end "$VM_NODES"
