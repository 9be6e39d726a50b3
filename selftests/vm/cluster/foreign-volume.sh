#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A mount whose volume names the port of another volume's leader does not join that one.
. "$(dirname "$0")/../../lib.sh"

mkfs_cluster 1
mount_nth 0
echo ours >"$MNT0/f"
# another volume with the same address, on the scratch disk
dmsetup create fmeta --table "0 524288 linear $SCRATCH 0"
dmsetup create fdata --table "0 1048576 linear $SCRATCH 524288"
mkfs.scoutfs -f -A -Q "0,127.0.0.1,$CLUSTER_PORT" /dev/mapper/fmeta /dev/mapper/fdata >/dev/null
mkdir -p /mnt/foreign
foreign() {
	timeout -s INT "$1" mount -t scoutfs -o "metadev_path=/dev/mapper/fmeta$2" /dev/mapper/fdata /mnt/foreign
}
expect_fail foreign 15 ""
expect_fail foreign 30 ,quorum_slot_nr=0
! mountpoint -q /mnt/foreign || fail "it is mounted"
echo more >>"$MNT0/f"
umount_nth 0
# the port is free now
foreign 60 ,quorum_slot_nr=0
[ ! -e /mnt/foreign/f ] || fail "that is the other volume"
echo theirs >/mnt/foreign/g
umount /mnt/foreign
mount_nth 0
[ "$(cat "$MNT0/f")" = $'ours\nmore' ] || fail "the volume changed"
[ ! -e "$MNT0/g" ] || fail "the other volume wrote to this one"
end_cluster
