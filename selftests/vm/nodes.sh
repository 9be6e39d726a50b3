# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Nodes of a cluster: machines n1, n2, ... on one network with one pair of disks
# between them, and the agent that fences them; sourced by vm.sh.

VM_NODE_PORT=19100

# vm_nodes_start COUNT [OPTION]...: boots n1 to nCOUNT, in parallel; OPTIONs as
# for vm_start
vm_nodes_start() {
	local count=$1 i
	shift

	vm_net_start
	mkdir -p "$VM_RUN_DIR/shared"
	truncate -s 2G "$VM_RUN_DIR/shared/meta.img"
	truncate -s 8G "$VM_RUN_DIR/shared/data.img"
	for ((i = 1; i <= count; i++)); do
		vm_node_start "$i" "$@"
	done
	for ((i = 1; i <= count; i++)); do
		vm_wait_boot "n$i" || return 1
	done
}

# vm_node_start N [OPTION]...: does not wait
vm_node_start() {
	local nr=$1 file
	shift

	# whatever it had mounted went with its power: that needs no cut
	for file in "$VM_SHARE"/rid/*; do
		if [ "$(cat "$file" 2>/dev/null)" = "n$nr" ]; then
			echo "n$nr before" >"$file"
		fi
	done
	vm_start "n$nr" "node=$nr" cpus=1 "mem=${VM_NODE_MEM:-1024}" cache=none \
		"disk=meta:$VM_RUN_DIR/shared/meta.img" \
		"disk=data:$VM_RUN_DIR/shared/data.img" "$@"
}

# vm_nodes_mkfs SLOTS [OPTION]...: a new volume; n1 to nSLOTS have its quorum slots
vm_nodes_mkfs() {
	local slots=$1 i
	local -a quorum=()
	shift

	for ((i = 1; i <= slots; i++)); do
		quorum+=(-Q "$((i - 1)),$VM_NET.$i,$VM_NODE_PORT")
	done
	echo "$slots" >"$VM_RUN_DIR/shared/slots"
	vm_run n1 "mkfs.scoutfs -f -A ${quorum[*]} $* \$META \$DATA >/dev/null"
}

# vm_node_mount N [OPTIONS]: on $MNT of nN, which has slot N - 1 if there is one;
# OPTIONS is a comma list. Fence requests that the mount makes are passed on to
# the agent from when it begins.
vm_node_mount() {
	local nr=$1 opts=metadev_path=\$META${2:+,$2}

	[ "$nr" -gt "$(cat "$VM_RUN_DIR/shared/slots")" ] ||
		opts+=,quorum_slot_nr=$((nr - 1))
	mkdir -p "$VM_SHARE/fence" "$VM_SHARE/rid"
	# the relay first: a mount may have to wait for others to be fenced
	vm_run "n$nr" "mkdir -p \$MNT
		setsid bash /share/selftests/vm/fence-relay >/tmp/fence.log 2>&1 </dev/null &
		mount -t scoutfs -o $opts \$DATA \$MNT &&
		echo n$nr >/share/rid/\$(cat /sys/fs/scoutfs/*/rid)"
}

# vm_nodes_mount COUNT [OPTIONS]: n1 to nCOUNT, in parallel: the first ones may
# have to wait for the others
vm_nodes_mount() {
	local count=$1 i ret=0
	local -a pids=()
	shift

	for ((i = 1; i <= count; i++)); do
		vm_node_mount "$i" "$@" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || ret=1
	done
	return $ret
}

# vm_nodes_end COUNT: unmount all at once; the volume is clean
vm_nodes_end() {
	local i ret=0
	local -a pids=()

	for ((i = 1; i <= $1; i++)); do
		vm_run "n$i" 'umount $MNT' &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || ret=1
	done
	[ $ret = 0 ] || { echo "vm: umount failed" >&2; return 1; }
	vm_run n1 'fsck.scoutfs -n $META $DATA'
}

# vm_leader: prints N of the node that leads; fails when none says so
vm_leader() {
	local dir name

	for dir in "$VM_RUN_DIR"/n[1-9]*/; do
		name=$(basename "$dir")
		vm_running "$name" || continue
		if [ "$(vm_run "$name" 'cat /sys/fs/scoutfs/*/quorum/is_leader 2>/dev/null')" = 1 ]; then
			echo "${name#n}"
			return
		fi
	done
	return 1
}

# vm_node_writes N: a line that changes when nN writes anything but its quorum page,
# which it does all the time: writes to the data device, sectors of the metadata
# device beyond a page for each write, and commits.
vm_node_writes() {
	vm_run "n$1" 'for dev in $META $DATA; do
			cat /sys/block/$(basename $(readlink -f $dev))/stat
		done
		cat /sys/fs/scoutfs/*/counters/trans_commit' |
		awk 'NR == 1 { meta = $7 - 8 * $5 } NR == 2 { data = $5 } NR > 2 { commits = commits " " $1 }
			END { print data, meta, commits }'
}

# --- fencing ------------------------------------------------------------------

# The agent of the cluster, until the calling test ends: cuts the power of the
# node whose mount shall be fenced, then says so. What it does is in
# $VM_RUN_DIR/fence.log, a line "EPOCH RID NODE ANSWER" each. vm_fence_mode says
# what it answers: "ok" (the default), "error" without doing anything, or
# "ignore".
vm_fence_start() {
	mkdir -p "$VM_SHARE/fence" "$VM_SHARE/rid"
	# what a test before left open
	rm -f "$VM_SHARE"/fence/*.request "$VM_SHARE"/fence/*.answer
	: >"$VM_RUN_DIR/fence.log"
	vm_fence_mode ok
	vm_fence_serve $$ </dev/null >>"$VM_RUN_DIR/fence.err" 2>&1 &
	disown
}

vm_fence_mode() {
	echo "$1" >"$VM_SHARE/fence/mode"
}

# vm_fence_serve PID: until that process is gone
vm_fence_serve() {
	local req

	trap - ERR
	set +e
	while [ -d "/proc/$1" ] && [ -d "$VM_RUN_DIR" ]; do
		for req in "$VM_SHARE"/fence/*.request; do
			[ ! -e "$req" ] || vm_fence_answer "$req"
		done
		sleep 0.1
	done
}

# vm_fence_answer FILE: named HOST.RID.request, as fence-relay makes it
vm_fence_answer() {
	local rid node='' was='' mode

	mode=$(cat "$VM_SHARE/fence/mode")
	[ "$mode" != ignore ] || return 0
	rid=$(basename "$1" .request)
	rid=${rid#*.}
	read -r node was 2>/dev/null <"$VM_SHARE/rid/$rid"
	if [ -z "$node" ]; then
		mode=error
	elif [ "$mode" = ok ] && [ -z "$was" ]; then
		vm_kill "$node"
	fi
	echo "$(date +%s.%N) $rid ${node:--}${was:+-$was} $mode" >>"$VM_RUN_DIR/fence.log"
	echo "$mode" >"${1%.request}.answer.new"
	mv "${1%.request}.answer.new" "${1%.request}.answer"
	rm -f "$1"
}

# vm_fenced NODE: has its power been cut by the agent?
vm_fenced() {
	grep -q " $1 ok\$" "$VM_RUN_DIR/fence.log"
}
