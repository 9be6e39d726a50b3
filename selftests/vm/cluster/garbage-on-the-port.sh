#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Garbage sent to the leader's TCP and UDP port is refused and disturbs nobody.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
leader=$(wait_leader)
port=$((CLUSTER_PORT + leader))
echo before >"$MNT0/f"
dmesg -C
peerjunk 127.0.0.1 $port garbage 40
for slot in 0 1; do
	for n in 1 4 16 64 512 1400; do
		head -c $n /dev/urandom >"/dev/udp/127.0.0.1/$((CLUSTER_PORT + slot))"
	done
done
start=$(date +%s%N)
for i in $(seq 20); do
	echo "$i" >"$MNT0/n$i"
	grep -qx "$i" "$MNT1/n$i"
done
took=$((($(date +%s%N) - start) / 1000000))
[ $took -lt 10000 ] || fail "work took $took ms"
is_leader "$leader" || fail "the leader changed"
[ -z "$(fence_dirs)" ] || fail "somebody is to be fenced"
# it says so, but not once per frame
lines=$(dmesg | grep -c scoutfs || :)
[ "$lines" -lt 60 ] || fail "$lines lines in the log"
end_cluster
