#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest damages
# Blocks that became zeroes are errors for their files, without an oops.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/damage/blocks.bash
. "$(dirname "$0")/blocks.bash"

damage_vol
bad=$(group_of "$MNT/b/data2")
umount_vol
block=$(group_block "$bad")
dd if=/dev/zero of="$META" bs=4096 seek="$block" count=1 conv=notrunc,fsync status=none
mount_vol
expect_error "Structure needs cleaning" cat "$MNT/b/data2"
expect_fail find "$MNT" -ls >/dev/null 2>&1
expect_fail rm -r "$MNT/b"
: >"$MNT/new"
sync
umount_vol
mount_vol
[ -e "$MNT/new" ] || fail "a new file is gone"
umount_vol
