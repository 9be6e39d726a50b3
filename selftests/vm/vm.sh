# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Virtual machines for tests; sourced by run-vm, run-demo, the bench and by host
# tests.
#
# A run has one directory, $VM_RUN_DIR, with one folder per machine in it; all
# state is in files there, so that a host test (its own process) can use and kill
# machines that the runner started. Root of a guest is the host's "/" read-only
# over 9p below a tmpfs overlay; $VM_SHARE appears in every guest as /share,
# read-write.
#
# Nothing outlives the run: a guard process kills what is left when the process
# that called vm_init is gone, however it went.

VM_TOP=${VM_TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
VM_BUILD=${BUILD:-$VM_TOP/build}
VM_DIR=$VM_BUILD/vm
VM_BOOT_SECONDS=${VM_BOOT_SECONDS:-180}

# shellcheck source=selftests/vm/net.sh
. "$VM_TOP/selftests/vm/net.sh"
# shellcheck source=selftests/vm/nodes.sh
. "$VM_TOP/selftests/vm/nodes.sh"

# serial:size of the disks every machine gets
VM_DISKS="meta:2G data:8G xfs:8G ext4:8G scratch:1G"

vm_die() {
	echo "vm: $*" >&2
	exit 1
}

# --- the run ---------------------------------------------------------------

# vm_init KVER KERNEL_IMAGE ROOT_OVERLAY: start a run. ROOT_OVERLAY is what
# "make install DESTDIR=" produced for KVER (may be missing).
vm_init() {
	VM_KVER=$1
	VM_KERNEL=$2
	local overlay=$3

	[ -r "$VM_KERNEL" ] || vm_die "no kernel image $VM_KERNEL"
	command -v qemu-system-x86_64 >/dev/null ||
		vm_die "qemu-system-x86_64 is missing (make deps)"

	mkdir -p "$VM_DIR"
	vm_reap_dead_runs
	VM_RUN_DIR=$VM_DIR/run.$$
	VM_SHARE=$VM_RUN_DIR/share
	# a path for sockets has to be short
	VM_SOCKS=$(mktemp -d /tmp/sfs-vm.XXXXXX)
	mkdir -p "$VM_RUN_DIR" "$VM_SHARE"/{keys,boot,root,tests}
	echo "$VM_SOCKS" >"$VM_RUN_DIR/socks"
	export VM_TOP VM_BUILD VM_DIR VM_RUN_DIR VM_SHARE VM_SOCKS VM_KVER VM_KERNEL
	vm_start_guard

	VM_ACCEL=$(vm_accel) || exit 1
	VM_INITRD=$(vm_initramfs) || exit 1
	export VM_ACCEL VM_INITRD

	ssh-keygen -q -t ed25519 -N '' -f "$VM_SHARE/keys/host"
	ssh-keygen -q -t ed25519 -N '' -f "$VM_SHARE/keys/client"
	cp "$VM_TOP/selftests/vm/init" "$VM_SHARE/init"
	mkdir -p "$VM_SHARE/selftests"
	cp -a "$VM_TOP/selftests/lib.sh" "$VM_TOP/selftests/vm" \
		"$VM_TOP/selftests/bench" "$VM_SHARE/selftests/"
	if [ -d "$overlay" ]; then
		flock -s "$VM_DIR/root.lock" cp -a "$overlay/." "$VM_SHARE/root/" ||
			vm_die "cannot copy $overlay"
	fi
	vm_depmod || vm_die "depmod failed"
	vm_build_bin || vm_die "a test program does not build"
}

# The guest gets the module index that includes our modules; made here because
# depmod takes long in an emulated machine.
vm_depmod() {
	local mods=$VM_SHARE/root/lib/modules/$VM_KVER host=/lib/modules/$VM_KVER f

	mkdir -p "$mods"
	if [ -d "$host/kernel" ]; then
		for f in modules.order modules.builtin modules.builtin.modinfo; do
			cp "$host/$f" "$mods/" || return 1
		done
		ln -sfn "$host/kernel" "$mods/kernel"
	fi
	depmod -b "$VM_SHARE/root" "$VM_KVER" || return 1
	rm -f "$mods/kernel"
}

# Programs that include of "lib/" are built with the library of the programs.
vm_build_bin() {
	local src lib=$VM_BUILD/userspace/libsfs.a
	local -a with

	mkdir -p "$VM_SHARE/bin"
	for src in "$VM_TOP"/selftests/vm/bin/*.c "$VM_TOP"/selftests/bench/*.c; do
		[ -e "$src" ] || continue
		with=()
		if grep -q '^#include "lib/' "$src"; then
			# built by "make programs"; without, tests that need it fail
			[ -e "$lib" ] || continue
			with=(-Wno-unused-parameter -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
			      "-I$VM_TOP/modules" "-I$VM_TOP/userspace"
			      "-I$VM_TOP/userspace/lib/port" "$lib")
		fi
		gcc -std=gnu11 -O2 -Wall -Wextra -Werror -pthread -o \
			"$VM_SHARE/bin/$(basename "${src%.c}")" "$src" "${with[@]}" ||
			return 1
	done
}

# vm_fork: in a subshell of the process that called vm_init. It has a run of its
# own from here on, with the same things: what is in one run is no concern of the other.
vm_fork() {
	local share=$VM_SHARE

	VM_RUN_DIR=$VM_DIR/run.$BASHPID
	VM_SHARE=$VM_RUN_DIR/share
	VM_SOCKS=$(mktemp -d /tmp/sfs-vm.XXXXXX)
	mkdir -p "$VM_RUN_DIR"
	echo "$VM_SOCKS" >"$VM_RUN_DIR/socks"
	vm_start_guard
	cp -a "$share" "$VM_RUN_DIR/" || vm_die "cannot copy $share"
}

# Kills what a run left and removes its files; $1 is a run directory.
vm_reap_run() {
	local dir=$1 pidfile socks

	for pidfile in "$dir"/*/pid; do
		[ -e "$pidfile" ] || continue
		vm_kill_pidfile "$pidfile"
	done
	vm_net_reap "$dir"
	socks=$(cat "$dir/socks" 2>/dev/null)
	case $socks in
	/tmp/sfs-vm.*) rm -rf "$socks" ;;
	esac
	rm -rf "$dir"
}

vm_reap_dead_runs() {
	local dir

	for dir in "$VM_DIR"/run.*; do
		[ -d "$dir" ] || continue
		[ -d "/proc/${dir##*.}" ] || vm_reap_run "$dir"
	done
}

# Waits for the process of this run, or the one that it was forked from, to go.
vm_start_guard() {
	local pid=$BASHPID

	VM_TOP=$VM_TOP BUILD=$VM_BUILD setsid bash -c '
		while [ -d "/proc/$1" ] && [ -d "/proc/$2" ]; do
			sleep 1
		done
		[ -d "/proc/$2" ] || kill "$1" 2>/dev/null
		for try in 1 2 3 4 5; do
			[ ! -d "/proc/$1" ] || sleep "$try"
		done
		. "$VM_TOP/selftests/vm/vm.sh"
		vm_reap_run "$3"
	' guard "$pid" "$$" "$VM_RUN_DIR" </dev/null >/dev/null 2>&1 &
	disown
}

# End of the run: machines die, serial logs stay in build/vm/log.
vm_exit() {
	local dir

	[ -n "${VM_RUN_DIR:-}" ] && [ -d "$VM_RUN_DIR" ] || return 0
	mkdir -p "$VM_DIR/log"
	for dir in "$VM_RUN_DIR"/*/; do
		[ ! -e "$dir/serial.log" ] ||
			cp "$dir/serial.log" "$VM_DIR/log/$(basename "$dir").serial.log"
	done
	vm_reap_run "$VM_RUN_DIR"
}

# --- KVM or not, initramfs --------------------------------------------------

# "kvm" only if a machine really boots with it: the device node may be there
# and hang. Cached per boot of the host.
vm_accel() {
	local cache tmp

	cache=$VM_DIR/accel-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -s "$cache" ]; then
		rm -f "$VM_DIR"/accel-*
		echo tcg >"$cache"
		if [ -w /dev/kvm ]; then
			tmp=$(mktemp -d /tmp/sfs-vm.XXXXXX)
			mkdir -p "$tmp/root/bin"
			cp /bin/busybox "$tmp/root/bin/"
			printf '#!/bin/busybox sh\necho PROBE-OK >/dev/ttyS0\n/bin/busybox poweroff -f\n' \
				>"$tmp/root/init"
			chmod +x "$tmp/root/init"
			mkdir "$tmp/root/dev"
			mknod "$tmp/root/dev/ttyS0" c 4 64 2>/dev/null
			(cd "$tmp/root" && find . | cpio -o -H newc --quiet) >"$tmp/initrd"
			timeout -s KILL 15 qemu-system-x86_64 -M q35 -accel kvm -cpu host \
				-m 256 -nodefaults -no-user-config -display none -no-reboot \
				-serial "file:$tmp/serial" -kernel "$VM_KERNEL" \
				-initrd "$tmp/initrd" -append "console=ttyS0 panic=-1" \
				>/dev/null 2>&1
			if grep -q PROBE-OK "$tmp/serial" 2>/dev/null; then
				echo kvm >"$cache"
			fi
			rm -rf "$tmp"
		fi
	fi
	cat "$cache"
}

# Prints the path of an initramfs for $VM_KVER, made when needed.
vm_initramfs() {
	local out=$VM_DIR/initramfs-$VM_KVER tmp mod path

	if [ -s "$out" ] && [ "$out" -nt "${BASH_SOURCE[0]}" ] &&
	   [ "$out" -nt "$VM_TOP/selftests/vm/initramfs-init" ] &&
	   [ "$out" -nt "$VM_KERNEL" ]; then
		echo "$out"
		return
	fi
	tmp=$(mktemp -d /tmp/sfs-vm.XXXXXX)
	mkdir -p "$tmp"/{bin,dev,proc,sys,mnt,modules}
	cp /bin/busybox "$tmp/bin/"
	cp "$VM_TOP/selftests/vm/initramfs-init" "$tmp/init"
	chmod +x "$tmp/init"
	: >"$tmp/modules/order"
	# a kernel without /lib/modules/$VM_KVER has them built in
	if [ -d "/lib/modules/$VM_KVER/kernel" ]; then
		for mod in virtio_pci virtio_blk virtio_net virtio_rng 9p 9pnet_virtio overlay; do
			modprobe --show-depends -S "$VM_KVER" "$mod"
		done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r path; do
			cp "$path" "$tmp/modules/"
			basename "$path" >>"$tmp/modules/order"
		done
		if [ ! -s "$tmp/modules/order" ]; then
			echo "vm: modprobe finds no modules for $VM_KVER" >&2
			rm -rf "$tmp"
			return 1
		fi
	fi
	(cd "$tmp" && find . | cpio -o -H newc --quiet | gzip -1) >"$out.$$" &&
		mv "$out.$$" "$out"
	rm -rf "$tmp"
	echo "$out"
}

# --- one machine ------------------------------------------------------------

# vm_start NAME [mem=MB] [cpus=N] [cache=none|writeback|unsafe] [append=ARGS]
#	[discard=unmap|ignore] [disk=SERIAL:PATH]... [node=N] [icount]
#
# Boots NAME. Its disks are kept from an earlier start; vm_new_disks empties
# them. disk= adds one more, or replaces its own of that serial; several machines
# may share it, with cache=none. node= puts it on the network of vm_net_start.
# With icount and cpus=1 the machine's clock counts instructions, as nanoseconds.
# "cache" is what QEMU does with the host's page cache; all but "none" look like
# a disk with a volatile cache. Does not wait: see vm_wait_boot.
vm_start() {
	local name=$1 dir=$VM_RUN_DIR/$1 opt mem=${VM_MEM:-2048} cpus=2 cache=writeback
	local append='' discard=unmap disk try port aio node='' accel=$VM_ACCEL
	local -a args=() extra=() where=() net=()

	shift
	for opt in "$@"; do
		case $opt in
		mem=*) mem=${opt#*=} ;;
		cpus=*) cpus=${opt#*=} ;;
		cache=*) cache=${opt#*=} ;;
		discard=*) discard=${opt#*=} ;;
		append=*) append=${opt#*=} ;;
		disk=*) extra+=("${opt#*=}") ;;
		node=*) node=${opt#*=} ;;
		icount) accel=icount ;;
		*) vm_die "vm_start: unknown option $opt" ;;
		esac
	done
	! vm_running "$name" || vm_die "vm_start: $name is already running"
	mkdir -p "$dir"
	rm -f "$VM_SHARE/boot/$name"

	case $accel in
	kvm) args+=(-accel kvm -cpu host) ;;
	icount) args+=(-accel "tcg,thread=single" -icount "shift=0,sleep=off" -cpu max) ;;
	*) args+=(-accel "tcg,thread=multi" -cpu max) ;;
	esac
	aio=threads
	[ "$cache" != none ] || aio=native
	for disk in $VM_DISKS; do
		case " ${extra[*]}" in
		*" ${disk%%:*}:"*) continue ;;
		esac
		[ -e "$dir/${disk%%:*}.img" ] ||
			truncate -s "${disk#*:}" "$dir/${disk%%:*}.img"
		extra+=("${disk%%:*}:$dir/${disk%%:*}.img")
	done
	for disk in "${extra[@]}"; do
		args+=(-drive "if=none,id=d-${disk%%:*},file=${disk#*:},format=raw,cache=$cache,aio=$aio,file.locking=off,discard=$discard"
		       -device "virtio-blk-pci,drive=d-${disk%%:*},serial=${disk%%:*},share-rw=on")
	done

	rm -f "$dir/node"
	if [ -n "$node" ]; then
		vm_net_plug "$name" "$node"
		where=(nsenter "--net=$(vm_net_file)")
		net=(-netdev "tap,id=net1,ifname=tap$node,script=no,downscript=no"
		     -device "virtio-net-pci,netdev=net1,romfile=,mac=52:54:00:99:00:$(printf %02x "$node")")
		append+=" sfs.addr=$VM_NET.$node"
	fi

	for try in 1 2 3 4 5; do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 40000))
		"${where[@]}" setsid qemu-system-x86_64 -name "sfs-$name" -M q35 "${args[@]}" \
			-m "$mem" -smp "$cpus" -nodefaults -no-user-config \
			-display none -no-reboot -rtc base=utc \
			-chardev "file,id=serial,path=$dir/serial.log,append=on" \
			-serial chardev:serial \
			-qmp "unix:$VM_SOCKS/$name.qmp,server=on,wait=off" \
			-kernel "$VM_KERNEL" -initrd "$VM_INITRD" \
			-append "console=ttyS0 panic=-1 oops=panic loglevel=7 mitigations=off no_timer_check net.ifnames=0 random.trust_cpu=on rcupdate.rcu_cpu_stall_timeout=200 workqueue.watchdog_thresh=0 sfs.name=$name $append" \
			-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
			-device virtio-9p-pci,fsdev=root,mount_tag=root \
			-fsdev "local,id=share,path=$VM_SHARE,security_model=none,multidevs=remap" \
			-device virtio-9p-pci,fsdev=share,mount_tag=share \
			-device virtio-rng-pci \
			-netdev "user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" \
			-device virtio-net-pci,netdev=net0,romfile= "${net[@]}" \
			</dev/null >"$dir/qemu.log" 2>&1 &
		echo $! >"$dir/pid"
		disown
		echo "$port" >"$dir/port"
		sleep 0.3
		vm_running "$name" && return 0
		grep -q 'Could not set up host forwarding' "$dir/qemu.log" || break
	done
	cat "$dir/qemu.log" >&2
	vm_die "$name does not start (try $try)"
}

# True while NAME's QEMU lives.
vm_running() {
	vm_pid_is_qemu "$(cat "$VM_RUN_DIR/$1/pid" 2>/dev/null)"
}

# Guards against a recycled pid; zombies of this shell have no exe.
vm_pid_is_qemu() {
	[ -n "$1" ] && case $(readlink "/proc/$1/exe" || :) in
	*/qemu-system-*) true ;;
	# not exec'ed yet
	*/setsid | */bash | */nsenter) [ "$(cat "/proc/$1/comm" 2>/dev/null)" != tail ] ;;
	*) false ;;
	esac
}

vm_kill_pidfile() {
	local pid

	pid=$(cat "$1" 2>/dev/null)
	rm -f "$1"
	[ -n "$pid" ] || return 0
	! vm_pid_is_qemu "$pid" || kill -KILL "$pid" 2>/dev/null
	while vm_pid_is_qemu "$pid"; do
		sleep 0.05
	done
}

# Power cut: NAME is gone at once; its disks keep what QEMU had written.
vm_kill() {
	vm_kill_pidfile "$VM_RUN_DIR/$1/pid"
	rm -f "$VM_SOCKS/$1"
}

# Empties NAME's disks; NAME must not run.
vm_new_disks() {
	! vm_running "$1" || vm_die "vm_new_disks: $1 is running"
	rm -f "$VM_RUN_DIR/$1"/*.img
}

# Waits for NAME to answer commands; nonzero when it died or is too slow.
vm_wait_boot() {
	local name=$1 end=$((SECONDS + VM_BOOT_SECONDS))

	while [ ! -e "$VM_SHARE/boot/$name" ]; do
		if ! vm_running "$name"; then
			echo "vm: $name died while booting" >&2
			return 1
		fi
		if [ $SECONDS -ge $end ]; then
			echo "vm: $name did not boot in $VM_BOOT_SECONDS s" >&2
			return 1
		fi
		sleep 0.1
	done
	vm_run "$name" "date -s @$(date +%s.%N) >/dev/null"
}

# vm_run NAME CMD ARGS...: runs it as root in NAME and passes on its exit code;
# a single CMD is a line for the guest's shell. 255: NAME cannot be reached.
# Standard input is empty unless VM_STDIN=1.
vm_run() {
	local name=$1 cmd redirect=-n
	local -a where=()
	shift

	[ "${VM_STDIN:-0}" = 0 ] || redirect=-T
	if [ $# = 1 ]; then
		cmd=$1
	else
		cmd=$(printf '%q ' "$@")
	fi
	[ ! -e "$VM_RUN_DIR/$name/node" ] || where=(nsenter "--net=$(vm_net_file)")
	"${where[@]}" ssh "$redirect" -F /dev/null -i "$VM_SHARE/keys/client" \
		-p "$(cat "$VM_RUN_DIR/$name/port")" -l root \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o LogLevel=ERROR -o IdentitiesOnly=yes -o ConnectTimeout=60 \
		-o ControlMaster=auto -o ControlPath="$VM_SOCKS/$name" \
		-o ControlPersist=yes -o ServerAliveInterval=30 \
		-o ServerAliveCountMax=20 127.0.0.1 ". /share/env; $cmd"
}

# Orderly power-off of NAME.
vm_stop() {
	local end=$((SECONDS + 60))

	vm_running "$1" || return 0
	vm_run "$1" 'sync; (sleep 0.2; busybox poweroff -f) >/dev/null 2>&1 &' || :
	while vm_running "$1" && [ $SECONDS -lt $end ]; do
		sleep 0.1
	done
	vm_kill "$1"
}

# vm_serial_tail NAME [LINES]
vm_serial_tail() {
	tail -n "${2:-50}" "$VM_RUN_DIR/$1/serial.log" 2>/dev/null | tr -d '\r'
}

# Start NAME if it does not run, and wait for it.
vm_ensure() {
	vm_running "$1" || vm_start "$@" || return 1
	[ -e "$VM_SHARE/boot/$1" ] || vm_wait_boot "$1"
}

# Kernel complaints in the serial logs since the offsets noted by
# vm_mark_serial; prints them, true if there are any.
VM_SPLATS='WARNING: |BUG: |kernel BUG|Oops|general protection fault|KASAN|UBSAN|INFO: task .* blocked for more|possible circular locking|possible recursive locking|inconsistent lock state|bad unlock balance|lock held when returning|suspicious RCU usage|DEBUG_LOCKS_WARN_ON|detected stalls|self-detected stall|soft lockup|unreferenced object|refcount_t:|list_(add|del) corruption|Kernel panic|inserting extent.*overlaps existing|VFS: Busy inodes'

vm_mark_serial() {
	local dir

	for dir in "$VM_RUN_DIR"/*/; do
		[ ! -e "$dir/serial.log" ] ||
			stat -c %s "$dir/serial.log" >"$dir/serial.mark"
	done
}

vm_serial_since_mark() {
	local dir

	for dir in "$VM_RUN_DIR"/*/; do
		[ ! -e "$dir/serial.log" ] ||
			tail -c "+$(($(cat "$dir/serial.mark" 2>/dev/null || echo 0) + 1))" \
				"$dir/serial.log" | tr -d '\r'
	done
}

vm_splats() {
	vm_serial_since_mark | grep -aE "$VM_SPLATS"
}
