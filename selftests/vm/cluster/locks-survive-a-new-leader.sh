#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# When another mount leads locks are held as before, and who waits gets his turn.
. "$(dirname "$0")/../../lib.sh"

fence_start
mkfs_cluster 3
mount_all 3 quorum_heartbeat_timeout_ms=4000
: >"$MNT0/f"
for how in umount kill; do
	leader=$(wait_leader)
	a=$(mnt_of $(((leader + 1) % 3)))
	b=$(mnt_of $(((leader + 2) % 3)))
	rm -f /tmp/hold /tmp/held
	mkfifo /tmp/hold
	plock hold posix "$a/f" w 0 100 </tmp/hold >/tmp/held & holder=$!
	exec 7>/tmp/hold
	exec 6<"$a/f"
	flock -s 6
	wait_until 20 grep -q held /tmp/held
	plock wait 120 posix "$b/f" w 50 100 6>&- 7>&- & waiter=$!
	sleep 1
	${how}_nth "$leader"
	wait_leader 60 >/dev/null
	expect_fail plock try posix "$b/f" r 99 1
	plock try posix "$b/f" w 150 1 || fail "$how: more is locked than was"
	expect_fail plock try flock "$b/f" w
	plock try flock "$b/f" r || fail "$how: flock is stronger than it was"
	kill -0 $waiter || fail "$how: the waiter did not wait"
	exec 7>&- 6<&-
	wait $holder
	wait $waiter || fail "$how: the waiter did not get it"
	plock try posix "$a/f" w || fail "$how: still locked"
	rm -f /tmp/hold /tmp/held
	wait_until 30 no_fence_dirs
	mount_nth "$leader" quorum_heartbeat_timeout_ms=4000
done
end_cluster
