#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# An unlinked file goes with its last user: whoever that is, whoever dies before.
. "$(dirname "$0")/../../lib.sh"

cd "$(mktemp -d)" || fail "no directory"
fence_start
mkfs_cluster 2
mount_all 2 quorum_heartbeat_timeout_ms=4000
mount_nth 2 quorum_heartbeat_timeout_ms=4000
# a mount that is asked tells the leader what it made
inodes() {
	local n

	for n in 2 1 0; do
		stat -f -c '%c %d' "$(mnt_of $n)"
	done | awk 'END { print $1 - $2 }'
}
is_gone() {
	[ "$(inodes)" = "$before" ]
}
is_there() {
	[ "$(inodes)" = $((before + 1)) ]
}
before=$(inodes)
say "all close at once"
for round in 1 2 3; do
	head -c 10M /dev/zero >"$MNT1/f$round"
	pids=()
	for i in 0 1 2; do
		(exec 5<"$(mnt_of $i)/f$round" && : >open.$round.$i && while [ ! -e go.$round ]; do sleep 0.05; done &&
			[ "$(cat <&5 | wc -c)" = 10485760 ]) & pids+=($!)
	done
	wait_until 20 test -e open.$round.0 -a -e open.$round.1 -a -e open.$round.2
	rm "$MNT0/f$round"
	wait_until 60 is_there
	: >go.$round
	wait_all "${pids[@]}"
	wait_until 60 is_gone
done
say "the one that has it open dies"
head -c 10M /dev/zero >"$MNT1/f"
sync -f "$MNT1"
(exec 5<"$MNT2/f" && exec sleep 1000) &
sleeper=$!
wait_until 20 fuser -s "$MNT2/f"
rm "$MNT0/f"
wait_until 60 is_there
kill_nth 2
wait $sleeper 2>/dev/null || :
wait_until 90 is_gone
wait_until 10 no_fence_dirs
mount_nth 2 quorum_heartbeat_timeout_ms=4000
say "the one that unlinked it dies"
head -c 10M /dev/urandom >bytes
cp bytes "$MNT1/f"
sync -f "$MNT1"
exec 5<"$MNT1/f"
rm "$MNT2/f"
sync -f "$MNT2"
kill_nth 2
wait_until 60 no_fence_dirs
# any mount may try now
sleep 20
cmp bytes <(cat <&5) || fail "the open file lost its bytes"
exec 5<&-
wait_until 90 is_gone
end_cluster
