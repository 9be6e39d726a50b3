#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Mounts that hold thousands of locks join the next leader, however late it hears of the last lock.
. "$(dirname "$0")/../../lib.sh"

nr=3000
dmesg -C
fence_start
mkfs_cluster 3
mount_all 3
leader=$(wait_leader)
one=$(((leader + 1) % 3))
two=$(((leader + 2) % 3))
mkdir "$MNT0/one" "$MNT0/two"
(cd "$(mnt_of $one)/one" && seq $nr | xargs mkdir) & first=$!
(cd "$(mnt_of $two)/two" && seq $nr | xargs mkdir) & second=$!
wait_all $first $second
sync -f "$(mnt_of $one)"
sync -f "$(mnt_of $two)"
kill_nth "$leader"
wait_leader >/dev/null
for i in $one $two; do
	(: >"$(mnt_of "$i")/one/1/by$i" && : >"$(mnt_of "$i")/two/$nr/by$i") &
	[ "$i" = $one ] && first=$! || second=$!
done
wait_all $first $second
[ "$(find "$(mnt_of $one)/one" "$(mnt_of $two)/two" | wc -l)" = $((2 * nr + 6)) ] ||
	fail "not all is there"
expect_fail grep -E "sent a bad|joining the leader: error" <(dmesg)
end_cluster
