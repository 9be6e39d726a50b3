#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest damages
# A sound block in the wrong place, or an old one in its place, is noticed.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/damage/blocks.bash
. "$(dirname "$0")/blocks.bash"

damage_vol
a=$(group_of "$MNT/a/p0-50")
b=$(group_of "$MNT/b/p0-50")
umount_vol
from=$(group_block "$a")
to=$(group_block "$b")
dd if="$META" of="$META" bs=4096 skip="$from" seek="$to" count=1 conv=notrunc,fsync status=none
mark_log
mount_vol
expect_error "Structure needs cleaning" stat "$MNT/b/p0-50"
stat "$MNT/a/p0-50" >/dev/null
log_says "metadata block $to of [0-9a-f]*: block-[a-z]*: corrupt" || fail "log: $(show_log)"
umount_vol
# its own number, checksum and owner in order: still not the block that was written
diskpage "$META" $((to * 4096)) u64:16="$to" u64:32="$b"
mark_log
mount_vol
expect_error "Structure needs cleaning" stat "$MNT/b/p0-50"
log_says "metadata block $to of [0-9a-f]*: block-reference: corrupt" || fail "log: $(show_log)"
umount_vol
fsck_finds block-reference
