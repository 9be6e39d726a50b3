#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest pending
# Hundreds of silent or half-open connections to the leader do not keep members out.
. "$(dirname "$0")/../../lib.sh"

mkfs_cluster 2
mount_all 2
leader=$(wait_leader)
port=$((CLUSTER_PORT + leader))
peerjunk 127.0.0.1 $port hold 600 60 & holder=$!
sleep 3
start=$(date +%s%N)
for i in $(seq 20); do
	echo "$i" >"$MNT0/n$i"
	grep -qx "$i" "$MNT1/n$i"
done
took=$((($(date +%s%N) - start) / 1000000))
say "20 rounds took $took ms"
[ $took -lt 10000 ] || fail "work took $took ms"
# a new member comes in, too
mount_nth 2
grep -qx 20 "$MNT2/n20"
umount_nth 2
is_leader "$leader" || fail "the leader changed"
kill $holder 2>/dev/null || :
wait $holder 2>/dev/null || :
umount_all
mount_all 2
grep -qx 7 "$MNT1/n7"
end_cluster
