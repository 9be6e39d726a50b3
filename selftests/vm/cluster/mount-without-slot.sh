#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A mount without a quorum slot joins, works, and outlives a change of the leader.
. "$(dirname "$0")/../../lib.sh"

mkfs_cluster 2
mount_all 2
mount_nth 2
[ ! -e "$(sysfs_of 2)/quorum" ] || fail "it has a quorum directory"
[ ! -e "$(sysfs_of 2)/fence" ] || fail "it has a fence directory"
echo from-2 >"$MNT2/f"
grep -qx from-2 "$MNT0/f"
leader=$(wait_leader)
other=$((1 - leader))
umount_nth "$leader"
wait_until 30 is_leader $other
echo again >"$MNT2/g"
grep -qx again "$(mnt_of $other)/g"
umount_nth 2
end_cluster
