#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Ordinary users and user namespaces cannot mount it.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
expect_fail setpriv --reuid=1000 --clear-groups mount -t scoutfs -o "metadev_path=$META" "$DATA" "$MNT"
expect_fail unshare -Urm mount -t scoutfs -o "metadev_path=$META" "$DATA" "$MNT"
! vol_is_mounted || fail "is mounted"
mount_vol
end_clean
