#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# st_blocks counts written blocks, before and after the write-back.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
blocks() {
	stat -c %b "$MNT/f"
}
dd if=/dev/zero of="$MNT/f" bs=1M count=1 status=none
sync
[ "$(blocks)" = 2048 ] || fail "1 MiB has $(blocks) sectors"
truncate -s 512k "$MNT/f"
[ "$(blocks)" = 1024 ] || fail "half of it has $(blocks) sectors"
remount_vol
[ "$(blocks)" = 1024 ] || fail "after a remount $(blocks) sectors"
truncate -s 1G "$MNT/f"
sync
[ "$(blocks)" = 1024 ] || fail "with a hole $(blocks) sectors"
echo x >>"$MNT/f"
sync
[ "$(blocks)" = 1032 ] || fail "one more block makes $(blocks) sectors"
# over written blocks: nothing new
dd if=/dev/zero of="$MNT/f" bs=64k count=8 conv=notrunc,fsync status=none
[ "$(blocks)" = 1032 ] || fail "overwriting makes $(blocks) sectors"
rm "$MNT/f"
# space that was set aside for a growing file is given back when it is closed
printf x >"$MNT/f"
sync
[ "$(blocks)" = 8 ] || fail "one byte has $(blocks) sectors"
end_clean
