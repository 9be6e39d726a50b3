#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest timeout=300
# An unlinked file goes with its last user: whoever that is, whoever dies before.
. "$(dirname "$0")/../../lib.sh"

fence_start
mkfs_cluster 2
mount_all 2 quorum_heartbeat_timeout_ms=4000
mount_nth 2 quorum_heartbeat_timeout_ms=4000
used() {
	sync -f "$MNT0"
	stat -f -c '%b %f' "$MNT0" | awk '{ print $1 - $2 }'
}
is_free() {
	[ "$(used)" -lt $((before + 1500)) ]
}
: >"$MNT0/warm"
before=$(used)
say "all close at once"
for round in 1 2 3; do
	head -c 10M /dev/zero >"$MNT1/f$round"
	pids=()
	for i in 0 1 2; do
		(exec 5<"$(mnt_of $i)/f$round" && : >/tmp/open.$round.$i && while [ ! -e /tmp/go.$round ]; do sleep 0.05; done) & pids+=($!)
	done
	wait_until 20 test -e /tmp/open.$round.0 -a -e /tmp/open.$round.1 -a -e /tmp/open.$round.2
	rm "$MNT0/f$round"
	sync -f "$MNT1"
	[ "$(used)" -ge $((before + 2000)) ] || fail "the space of an open file was given away"
	: >/tmp/go.$round
	wait_all "${pids[@]}"
	wait_until 60 is_free
done
say "the one that has it open dies"
head -c 10M /dev/zero >"$MNT1/f"
sync -f "$MNT1"
exec 5<"$MNT2/f"
rm "$MNT0/f"
kill_nth 2
exec 5<&-
wait_until 90 is_free
wait_until 10 no_fence_dirs
mount_nth 2 quorum_heartbeat_timeout_ms=4000
say "the one that unlinked it dies"
head -c 10M /dev/urandom >/tmp/bytes
cp /tmp/bytes "$MNT1/f"
sync -f "$MNT1"
exec 5<"$MNT1/f"
rm "$MNT2/f"
sync -f "$MNT2"
kill_nth 2
wait_until 60 no_fence_dirs
# any mount may try now
sleep 20
cmp /tmp/bytes <(cat <&5) || fail "the open file lost its bytes"
exec 5<&-
wait_until 90 is_free
end_cluster
