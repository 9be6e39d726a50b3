#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest alone
# Hundreds of silent or half-open connections to the leader do not keep members out.
. "$(dirname "$0")/../../lib.sh"

mkfs_cluster 2
mount_all 2
leader=$(wait_leader)
port=$((CLUSTER_PORT + leader))
rounds 20
before=$TOOK_MS
mount_ms() {
	local start

	start=$(date +%s%N)
	mount_nth 2
	MOUNT_MS=$((($(date +%s%N) - start) / 1000000))
}
mount_ms
mount_before=$MOUNT_MS
umount_nth 2
peerjunk 127.0.0.1 $port hold 600 300 & holder=$!
sleep 3
rounds 20
took=$TOOK_MS
say "20 rounds took $before ms, and $took ms with it"
[ "$took" -lt $((3 * before + 5000)) ] || fail "work took $took ms instead of $before"
# a new member comes in, too
mount_ms
say "a mount took $mount_before ms, and $MOUNT_MS ms with it"
[ "$MOUNT_MS" -lt $((3 * mount_before + 5000)) ] || fail "a mount took $MOUNT_MS ms instead of $mount_before"
kill -0 $holder || fail "the flood is over"
grep -qx 20 "$MNT2/n20"
umount_nth 2
is_leader "$leader" || fail "the leader changed"
kill $holder 2>/dev/null || :
wait $holder 2>/dev/null || :
umount_all
mount_all 2
grep -qx 7 "$MNT1/n7"
end_cluster
