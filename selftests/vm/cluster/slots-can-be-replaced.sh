#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# The quorum slots of an unmounted volume are replaced: the old ones are gone, the new ones elect, the files are there.
. "$(dirname "$0")/../../lib.sh"

new_port=$((CLUSTER_PORT + 100))
# change DEVICE: three slots where there were two, at other ports
change() {
	timeout 120 scoutfs change-quorum-config -F -Q "0,127.0.0.1,$new_port" \
		-Q "1,127.0.0.1,$((new_port + 1))" -Q "2,127.0.0.1,$((new_port + 2))" "$1"
}

mkfs_cluster 2
cluster_devs 3
fence_start
mount_all 2
echo first >"$MNT0/first"
grep -qx first "$MNT1/first"

# mounted by this node; and, as another node would see it, through an alias
expect_error "Device or resource busy" change /dev/mapper/meta0
expect_error "is in use by node" change /dev/mapper/meta2
umount_nth 1
expect_error "is in use by node" change /dev/mapper/meta2
echo second >"$MNT0/second"

# a mount that did not end well has to be recovered first
rid=$(rid_of 0)
sync -f "$MNT0"
kill_nth 0
expect_error "did not unmount (rid $rid)" change /dev/mapper/meta2
mount_nth 0
umount_nth 0

change /dev/mapper/meta0
check_vol
scoutfs print -S /dev/mapper/meta0 >/tmp/print.out
grep -q " quorum_version=2 " /tmp/print.out || fail "the version has not risen"
[ "$(grep -c " port=191[0-9][0-9]$" /tmp/print.out)" = 3 ] || fail "the slots are others"
expect_fail grep -q " port=190[0-9][0-9]$" /tmp/print.out

export CLUSTER_SLOTS=3
mount_all 3
[ -z "$(fence_dirs)" ] || fail "somebody is to be fenced"
wait_leader >/dev/null
for mnt in "$MNT0" "$MNT1" "$MNT2"; do
	grep -qx first "$mnt/first"
	grep -qx second "$mnt/second"
done
echo third >"$MNT2/third"
grep -qx third "$MNT0/third"
end_cluster
