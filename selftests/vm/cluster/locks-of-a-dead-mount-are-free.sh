#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# What a mount that died had locked is free for the others once it is recovered, not before.
. "$(dirname "$0")/../../lib.sh"

fence_start
mkfs_cluster 2
mount_all 2 quorum_heartbeat_timeout_ms=4000
mount_nth 2 quorum_heartbeat_timeout_ms=4000
: >"$MNT0/f"
for type in posix flock; do
	rm -f /tmp/hold /tmp/held
	mkfifo /tmp/hold
	plock hold $type "$MNT2/f" w </tmp/hold >/tmp/held & holder=$!
	exec 7>/tmp/hold
	wait_until 20 grep -q held /tmp/held
	plock wait 60 $type "$MNT1/f" w 6>&- 7>&- & waiter=$!
	sleep 1
	expect_fail plock try $type "$MNT0/f" r
	: >/tmp/fence.log
	kill_nth 2
	exec 7>&-
	wait $holder 2>/dev/null || :
	wait $waiter || fail "$type: nobody gets it"
	[ -s /tmp/fence.log ] || fail "$type: it was given away before the mount was fenced"
	plock try $type "$MNT0/f" w || fail "$type: still taken"
	rm -f /tmp/hold /tmp/held
	wait_until 10 no_fence_dirs
	mount_nth 2 quorum_heartbeat_timeout_ms=4000
done
end_cluster
