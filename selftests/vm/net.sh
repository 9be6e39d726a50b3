# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The network between test machines, and what goes wrong in it; sourced by vm.sh.
#
# It is a bridge in a network namespace of the run's own, with one tap for each
# machine: node N has 10.99.0.N there and nothing of it is seen outside.
# Machines that are on it run in the namespace, so they are reached from there
# only; vm_run does that.

VM_NET=10.99.0

# Needs root. The namespace goes with the run, at the latest.
vm_net_start() {
	local ns=sfsvm.${VM_RUN_DIR##*.}

	[ "$(id -u)" = 0 ] || vm_die "a network of machines needs root"
	[ ! -e "$VM_RUN_DIR/netns" ] || return 0
	echo "$ns" >"$VM_RUN_DIR/netns"
	if ! { ip netns add "$ns" &&
	       ip -n "$ns" link set lo up &&
	       ip -n "$ns" link add br0 type bridge forward_delay 0 mcast_snooping 0 &&
	       ip -n "$ns" link set br0 up; }; then
		vm_die "cannot make network namespace $ns"
	fi
}

# Machines in it are killed first.
vm_net_stop() {
	local dir

	[ -e "$VM_RUN_DIR/netns" ] || return 0
	for dir in "$VM_RUN_DIR"/*/; do
		[ ! -e "$dir/node" ] || vm_kill "$(basename "$dir")"
	done
	vm_net_reap "$VM_RUN_DIR"
}

# vm_net_reap RUN_DIR: removes the namespace of a run; its machines are gone
vm_net_reap() {
	local ns

	ns=$(cat "$1/netns" 2>/dev/null)
	rm -f "$1/netns"
	case $ns in
	sfsvm.*) ip netns del "$ns" 2>/dev/null ;;
	esac
	return 0
}

vm_net_file() {
	echo "/run/netns/$(cat "$VM_RUN_DIR/netns")"
}

# vm_in_net CMD...: in the namespace
vm_in_net() {
	nsenter --net="$(vm_net_file)" "$@"
}

# vm_net_plug NAME NODE: its tap
vm_net_plug() {
	local ns

	ns=$(cat "$VM_RUN_DIR/netns") || vm_die "$1: no vm_net_start before"
	if ! ip -n "$ns" link show "tap$2" >/dev/null 2>&1; then
		ip -n "$ns" tuntap add "tap$2" mode tap || vm_die "cannot make tap$2"
		ip -n "$ns" link set "tap$2" master br0 || vm_die "cannot plug tap$2"
	fi
	ip -n "$ns" link set "tap$2" up || vm_die "cannot set tap$2 up"
	echo "$2" >"$VM_RUN_DIR/$1/node"
}

# vm_addr NAME: its address in the network
vm_addr() {
	echo "$VM_NET.$(cat "$VM_RUN_DIR/$1/node")"
}

# vm_partition NAME: nothing goes to or from it; its link stays up, as with a
# broken switch. vm_heal NAME ends that. vm_run works all the time.
vm_partition() {
	ip -n "$(cat "$VM_RUN_DIR/netns")" link set \
		"tap$(cat "$VM_RUN_DIR/$1/node")" down
}

vm_heal() {
	ip -n "$(cat "$VM_RUN_DIR/netns")" link set \
		"tap$(cat "$VM_RUN_DIR/$1/node")" up
}

# vm_netem NAME ARGS...: what tc-netem(8) does to packets that NAME sends; "none"
# ends it. In the guest: its kernel has netem, the host's need not.
vm_netem() {
	local name=$1
	shift

	if [ "$1" = none ]; then
		vm_run "$name" tc qdisc del dev eth1 root
	else
		vm_run "$name" "modprobe sch_netem && tc qdisc replace dev eth1 root netem $*"
	fi
}

# --- disks and processors that stand still -----------------------------------

vm_qmp() {
	local name=$1
	shift

	"$VM_TOP/selftests/vm/qmp" "$VM_SOCKS/$name.qmp" "$@"
}

# A byte per second: the first request that comes passes, all others wait.
vm_throttle() {
	vm_qmp "$1" block_set_io_throttle "{\"device\": \"d-$2\", \"bps\": $3,
		\"bps_rd\": 0, \"bps_wr\": 0, \"iops\": 0, \"iops_rd\": 0, \"iops_wr\": 0}" \
		>/dev/null
}

# vm_stall_disk NAME [SERIAL...]: requests to these disks (meta and data) take
# for ever while the machine runs on; vm_resume_disk lets them go on.
vm_stall_disk() {
	local name=$1 serial
	shift

	for serial in "${@:-meta}"; do
		vm_throttle "$name" "$serial" 1 || return 1
	done
}

vm_resume_disk() {
	local name=$1 serial
	shift

	for serial in "${@:-meta}"; do
		vm_throttle "$name" "$serial" 0 || return 1
	done
}

# The whole machine stands still and goes on where it was, not knowing.
vm_pause() {
	vm_qmp "$1" stop >/dev/null
}

vm_continue() {
	vm_qmp "$1" cont >/dev/null
}
