#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A quorum slot that is none, or that another mount holds, is refused, and nobody else is disturbed.
. "$(dirname "$0")/../../lib.sh"

mkfs_cluster 2
cluster_devs 3
mount_all 2
try() {
	mkdir -p "$MNT2"
	timeout 60 mount -t scoutfs -o "metadev_path=/dev/mapper/meta2,quorum_slot_nr=$1" /dev/mapper/data2 "$MNT2"
}
expect_error "bad option" try 2
expect_fail try 15
expect_fail try -1
expect_fail try 0,quorum_slot_nr=1
for slot in 0 1; do
	expect_fail try $slot
	dmesg | tail -n 20 | grep -qi "slot" || fail "the log does not speak of the slot"
done
echo still >"$MNT0/works"
grep -qx still "$MNT1/works"
[ -z "$(fence_dirs)" ] || fail "somebody is to be fenced"
# it is free again after its holder is gone
umount_nth 1
try 1
grep -qx still "$MNT2/works"
end_cluster
