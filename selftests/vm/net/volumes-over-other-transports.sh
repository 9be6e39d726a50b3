#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A volume whose mounts talk over mptcp or vsock works as one over tcp, elections included.
. "$(dirname "$0")/../../lib.sh"

ip link set lo up
modprobe vsock_loopback 2>/dev/null || :

# volume TRANSPORT ADDRESS: as -Q and the list of peers have it
volume() {
	local leader other

	say "$1"
	export CLUSTER_ADDR=$2
	mkfs_cluster 3 --transport "$1"
	mount_all 3
	echo "$1" >"$MNT0/file"
	grep -qx "$1" "$MNT1/file" || fail "$1: a byte is not seen"
	rounds 20
	scoutfs peers list "$MNT0" | grep -qF "$2:" || fail "peers: $(scoutfs peers list "$MNT0")"
	scoutfs transports list | grep -qx "$1 *" || fail "transports: $(scoutfs transports list)"

	# the others elect another leader, which recovers nothing and serves all
	leader=$(wait_leader)
	umount_nth "$leader"
	other=$(((leader + 1) % 3))
	echo again >"$(mnt_of $other)/file"
	[ "$(wait_leader)" != "$leader" ] || fail "$1: nobody else leads"
	mount_nth "$leader"
	grep -qx again "$(mnt_of "$leader")/file" || fail "$1: bytes are lost"
	end_cluster
}

volume mptcp 127.0.0.1
volume vsock vsock:1

# where VSOCK cannot go
mkfs_cluster 1
expect_error "the transport cannot reach these quorum slots" \
	mkfs.scoutfs -f -A -Q 0,vsock:1,1 --transport tcp "$META" "$DATA"
expect_error "the transport cannot reach these quorum slots" \
	mkfs.scoutfs -f -A -Q 0,127.0.0.1,1 --transport vsock "$META" "$DATA"
mkfs.scoutfs -f -A -Q 0,vsock:77,1 "$META" "$DATA" >/dev/null
expect_fail mount_nth 0
dmesg | grep -q "the address of quorum slot 0 is none of this machine's" || fail "the log does not tell why"
