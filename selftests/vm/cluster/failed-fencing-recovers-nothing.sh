#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# While the fence agent fails nothing of the lost mount is touched; when it succeeds the cluster goes on.
. "$(dirname "$0")/../../lib.sh"

fence_start
mkfs_cluster 2
mount_all 2 quorum_heartbeat_timeout_ms=3000
leader=$(wait_leader)
victim=$((1 - leader))
other=$(mnt_of "$leader")
mkdir "$(mnt_of $victim)/v"
echo synced >"$(mnt_of $victim)/v/f"
sync -f "$(mnt_of $victim)"
touch /tmp/fence.error
dmesg -C
kill_nth $victim
(echo new >"$other/v/new") & blocked=$!
has_error() {
	grep -q ' error$' /tmp/fence.log
}
wait_until 30 has_error
sleep 5
[ -d /proc/$blocked ] || fail "the dead mount's lock was given away before it was fenced"
dmesg | grep -q "error indicated by fence action" || fail "the log does not say that the agent failed"
# what others hold is theirs
rm /tmp/fence.error
wait_until 60 test ! -d /proc/$blocked
wait $blocked
grep -q ' fenced$' /tmp/fence.log || fail "nobody asked again: $(cat /tmp/fence.log)"
grep -qx synced "$other/v/f"
grep -qx new "$other/v/new"
end_cluster
