#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Transport mptcp makes connections of MPTCP; where that is switched off it says so and makes none.
. "$(dirname "$0")/../../lib.sh"

sysctl=/proc/sys/net/mptcp/enabled
ip link set lo up
[ -e $sysctl ] || skip "a kernel without MPTCP"

# accepted connections of MPTCP so far
nr_accepted() {
	awk '$1 == "MPTcpExt:" && !n { for (n = 2; $n != "MPCapableACKRX"; n++); next }
		$1 == "MPTcpExt:" { print $n }' /proc/net/netstat
}

before=$(nr_accepted)
modprobe scoutfs_net_selftest transport=mptcp
after=$(nr_accepted)
say "$((after - before)) connections"
[ "$((after - before))" -ge 2 ] || fail "that was not MPTCP"
rmmod scoutfs_net_selftest

before=$after
modprobe scoutfs_net_selftest transport=tcp
[ "$(nr_accepted)" = "$before" ] || fail "tcp is MPTCP, too"
rmmod scoutfs_net_selftest

echo 0 >$sysctl
expect_error "Protocol not available" modprobe scoutfs_net_selftest transport=mptcp
dmesg | grep -q "transport mptcp needs .*net.mptcp.enabled=1" || fail "the log does not tell why"

# a mount says so at once, also one that only connects
mkfs_cluster 1 --transport mptcp
expect_fail mount_nth 0
CLUSTER_SLOTS=0 expect_fail mount_nth 1
echo 1 >$sysctl
mount_nth 0
end_cluster
