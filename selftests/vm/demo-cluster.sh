#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The second part of "make run", beside two nodes n1 and n2 that are up: what
# one does the other sees, and what was synced survives the one that dies.
. "$(dirname "$0")/../lib.sh"
tree=${TREE:-/usr/include/linux}
name=${tree##*/}
heartbeat=5000
opts=quorum_heartbeat_timeout_ms=$heartbeat

now() {
	date +%s.%N
}

took() {
	awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'
}

step() {
	printf '%-26s %s\n' "$1" "$2"
}

vm_fence_start
t=$(now)
vm_nodes_mkfs 2
vm_nodes_mount 2 "$opts"
leader=$(vm_leader)
step "mount by two nodes" "$(took "$t") s; node $leader leads"

t=$(now)
vm_run n1 "cp -a $tree \$MNT/"
step "node 1 copies $tree" "$(took "$t") s, nothing synced yet"
t=$(now)
stats=$(vm_run n2 "/share/selftests/vm/compare-trees $tree \$MNT/$name")
read -r files dirs links bytes <<<"$stats"
step "node 2 compares it" "$files files, $dirs directories, $links symlinks, $bytes bytes: no difference, $(took "$t") s"

say "node 2 changes the tree, node 1 watches"
t=$(now)
for i in 1 2 3; do
	vm_run n2 "cd \$MNT/$name && echo 'round $i' >news && mkdir dir$i && mv news dir$i/ && chmod 600 dir$i/news && setfattr -n user.round -v $i dir$i/news"
	step "node 1 sees round $i" "$(vm_run n1 "cd \$MNT/$name && cat dir$i/news && stat -c 'mode %a, %s bytes' dir$i/news && getfattr -n user.round --only-values dir$i/news" | tr '\n' ' ')"
	[ "$(vm_run n1 "cat \$MNT/$name/dir$i/news")" = "round $i" ] || fail "node 1 does not see round $i"
done
vm_run n1 "test ! -e \$MNT/$name/news" || fail "node 1 sees a name that is gone"
step "three rounds" "$(took "$t") s"

promises=$VM_RUN_DIR/promises
for i in 1 2; do
	vm_run n$i "crashload run \$MNT $i 2" >"$promises.$i" 2>/dev/null &
done
enough() {
	[ "$(wc -l <"$promises.1")" -ge 60 ] && [ "$(wc -l <"$promises.2")" -ge 60 ]
}
wait_until 90 enough
vm_kill n1
t=$(now)
count=$(wc -l <"$promises.2")
step "node 1 loses its power" "it had synced $(wc -l <"$promises.1") things, node 2 $count; both were at work"
vm_run n2 "touch \$MNT/$name/after"
seconds=$(took "$t")
step "node 2 goes on" "in a directory of node 1 after $seconds s (timeout $((heartbeat / 1000)) s); $(awk '{ print "fenced " $2 " = " $3 }' "$VM_RUN_DIR/fence.log")"
vm_fenced n1 || fail "node 1 was not fenced"
more() {
	[ "$(wc -l <"$promises.2")" -gt $((count + 20)) ]
}
wait_until 60 more
vm_run n2 'pkill -KILL -x crashload' || :
wait
cat "$promises".[12] >"$VM_SHARE/promises"
vm_run n2 'crashload verify $MNT </share/promises' || fail "something synced is lost"
step "all that was synced" "$(wc -l <"$VM_SHARE/promises") promises of both nodes: kept"

t=$(now)
vm_node_start 1
vm_wait_boot n1
vm_node_mount 1 "$opts"
vm_run n1 "test -e \$MNT/$name/after && crashload verify \$MNT </share/promises" || fail "node 1 sees something else"
step "node 1 is back" "and sees the same, $(took "$t") s"
vm_nodes_end 2 >/dev/null
step "fsck.scoutfs -n" "clean"
echo "OK: two nodes, one tree; nothing that was synced was lost"
