#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest damages
# A damaged volume tree refuses the mount and says which block.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/damage/blocks.bash
. "$(dirname "$0")/blocks.bash"

damage_vol
umount_vol
block=$(tree_block volume)
say "block $block"
flip "$block"
fsck_finds block-csum
mark_log
expect_error "Structure needs cleaning" mount_vol
log_says "metadata block $block of .*block-csum: corrupt" || fail "log: $(show_log)"
expect_error "Structure needs cleaning" mount_vol ro
