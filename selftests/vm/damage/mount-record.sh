#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest damages
# An unclean volume whose mount record is lost is refused, and so is its log's loss.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/damage/blocks.bash
. "$(dirname "$0")/blocks.bash"

unclean() {
	damage_vol
	sync
	: >"$MNT/late"
	sync
	umount -f "$MNT"
	forget_guard
}
# both places of slot 0
unclean
scoutfs print -S "$META" | grep -q "^  record " || fail "no record"
dd if=/dev/urandom of="$META" bs=4096 seek=64 count=2 conv=notrunc,fsync status=none
fsck_finds record-missing
mark_log
expect_error "Structure needs cleaning" mount_vol
log_says "record" || fail "log: $(show_log)"

unclean
block=$(tree_block mlog)
say "mount log at block $block"
flip "$block"
fsck_finds block-csum
mark_log
expect_error "Structure needs cleaning" mount_vol
log_says "metadata block $block of .*block-csum: corrupt" || fail "log: $(show_log)"
