#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest alone
# Garbage sent to the leader's TCP and UDP port is refused and disturbs nobody.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
leader=$(wait_leader)
port=$((CLUSTER_PORT + leader))
echo before >"$MNT0/f"
rounds 20
before=$TOOK_MS
dmesg -C
peerjunk 127.0.0.1 $port garbage 40
for slot in 0 1; do
	for n in 1 4 16 64 512 1400; do
		head -c $n /dev/urandom >"/dev/udp/127.0.0.1/$((CLUSTER_PORT + slot))"
	done
done
rounds 20
took=$TOOK_MS
say "20 rounds took $before ms, and $took ms with it"
[ "$took" -lt $((3 * before + 5000)) ] || fail "work took $took ms instead of $before"
is_leader "$leader" || fail "the leader changed"
[ -z "$(fence_dirs)" ] || fail "somebody is to be fenced"
# it says so, but not once per frame
lines=$(dmesg | grep -c scoutfs || :)
[ "$lines" -lt 60 ] || fail "$lines lines in the log"
end_cluster
