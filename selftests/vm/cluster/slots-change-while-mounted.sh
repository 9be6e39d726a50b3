#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Quorum slots come, move and go while the volume is mounted; who leads next is elected by the new list.
. "$(dirname "$0")/../../lib.sh"

hb=quorum_heartbeat_timeout_ms=4000

# quorum N VERB [ARG]...: on mount N
quorum() {
	local nr=$1 verb=$2
	shift 2

	scoutfs quorum "$verb" "$@" "$(mnt_of "$nr")"
}

addr_of() {
	echo "$1,127.0.0.1,$((CLUSTER_PORT + $1))"
}

list_of() {
	quorum "$1" show | awk '$1 == "list_version" { print $2 }'
}

has_list() {
	[ "$(list_of "$1")" = "$2" ]
}

# kill_leader: the next one is the new $leader, and the old one is recovered
kill_leader() {
	local old=$leader rid

	rid=$(rid_of "$old")
	sync -f "$(mnt_of "$old")"
	kill_nth "$old"
	leader=$(wait_leader)
	[ "$leader" != "$old" ] || fail "the dead mount leads"
	wait_until 30 is_recovered "$rid"
	say "mount $leader leads after $old"
}

is_recovered() {
	scoutfs members list "$(mnt_of "$leader")" >/tmp/members &&
		! grep -q "^$1 " /tmp/members
}

fence_start
mkfs_cluster 1
mount_nth 0 $hb
leader=0
echo zero >"$MNT0/f0"

# one slot, two, three: the new ones are used at once
export CLUSTER_SLOTS=4
for nr in 1 2; do
	quorum 0 add "$(addr_of $nr)"
	mount_nth $nr $hb
	echo "$nr" >"$(mnt_of $nr)/f$nr"
	grep -qx zero "$(mnt_of $nr)/f0"
done
leader=$(wait_leader)
[ "$leader" = 0 ] || fail "the leader has changed"
for nr in 1 2; do
	wait_until 10 has_list $nr 3
done
[ "$(scoutfs quorum slots --json "$MNT1" | grep -c '"addr"')" = 3 ] ||
	fail "a follower does not know the new slots"

# what must not be
expect_error "a mount has quorum slot 1:" quorum 0 remove 1
expect_error "a mount has quorum slot 2:" quorum 0 replace 2,127.0.0.1,19900
expect_error "a mount has quorum slot 0:" quorum 0 remove 0
expect_error "no such quorum slot" quorum 0 remove 7
expect_error "has that quorum slot already" quorum 0 add 2,127.0.0.1,19900
expect_error "quorum slot 1 has that address and port" quorum 0 add "3,127.0.0.1,$((CLUSTER_PORT + 1))"
expect_error "does not lead" quorum 1 add "$(addr_of 3)"
expect_error "invalid quorum slot address" quorum 0 add 3,0.0.0.0,19003
# a majority of four would not be there
umount_nth 2
expect_error "too few mounts" quorum 0 add "$(addr_of 3)"
[ "$(list_of 0)" = 3 ] || fail "something was changed"
mount_nth 2 $hb

# a slot that nobody has moves and goes
quorum 0 add 4,127.0.0.1,19004
quorum 0 remove 4
quorum 0 add "$(addr_of 3)"
quorum 0 replace 3,127.0.0.1,19903
mount_nth 3 $hb
[ "$(scoutfs quorum slots "$MNT3" | awk '$3 == "yes" { print $2 }')" = 127.0.0.1:19903 ] ||
	fail "slot 3 is not where it was moved to"

# three of four elect; then, of the three that are left, two; then one of two
for left in 3 2 1; do
	old=$leader
	kill_leader
	before=$(list_of "$leader")
	quorum "$leader" remove "$old"
	[ "$(list_of "$leader")" = $((before + 1)) ] || fail "the list has not changed"
	[ "$(scoutfs quorum slots "$(mnt_of "$leader")" | tail -n +2 | wc -l)" = $left ] ||
		fail "$left slots should be left"
done
mnt=$(mnt_of "$leader")
grep -qx zero "$mnt/f0"
grep -qx 1 "$mnt/f1"
grep -qx 2 "$mnt/f2"

# the slots of the dead are used again
for nr in 0 1 2 3; do
	[ $nr != "$leader" ] || continue
	quorum "$leader" add "$nr,127.0.0.1,$((CLUSTER_PORT + nr))"
	mount_nth $nr $hb
	break
done
sleep 1
[ -z "$(fence_dirs)" ] || fail "somebody is to be fenced again"
version=$(list_of "$leader")
end_cluster
scoutfs print -S /dev/mapper/meta0 >/tmp/print.out
grep -q " quorum_version=$version " /tmp/print.out || fail "the list on the device is another one"
