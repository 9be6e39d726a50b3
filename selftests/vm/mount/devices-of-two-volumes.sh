#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Devices of two volumes do not mount together.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
dd if="$DATA" of=/tmp/data-super bs=64k count=4 status=none
mkfs_vol
dd if=/tmp/data-super of="$DATA" bs=64k conv=notrunc,fsync status=none
expect_error "wrong fs type, bad option" mount_vol
dmesg | tail -n 20 | grep -q "another volume" || fail "the log does not say why"
mkfs_vol
mount_vol
end_clean
