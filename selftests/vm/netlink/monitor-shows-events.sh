#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# scoutfs monitor shows mount, unmount and withdrawal.
. "$(dirname "$0")/../../lib.sh"

has_event() {
	grep -qE "^[0-9.]+ $1 " /tmp/events
}

modprobe scoutfs
mkfs_vol
scoutfs monitor >/tmp/events 2>&1 &
monitor=$!
trap 'kill $monitor 2>/dev/null || :' EXIT
sleep 1
mount_vol
rid=$(cat /sys/fs/scoutfs/*/rid)
wait_until 10 has_event mount
grep -q " mount .* rid=$rid" /tmp/events || fail "$(cat /tmp/events)"
! has_event unmount || fail "unmounted?"
umount_vol
wait_until 10 has_event unmount
! has_event withdraw || fail "withdrawn?"
mount_vol
rid=$(cat /sys/fs/scoutfs/*/rid)
umount -f "$MNT"
wait_until 10 has_event withdraw
grep -q " withdraw .* rid=$rid .*error=5" /tmp/events || fail "$(cat /tmp/events)"
