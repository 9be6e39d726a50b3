#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest damages
# A damaged upper block of a directory's tree is EUCLEAN for that directory only.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/damage/blocks.bash
. "$(dirname "$0")/blocks.bash"

mkfs_vol
mount_vol
mkdir "$MNT/big" "$MNT/small"
manyfiles create "$MNT/big" 1500
: >"$MNT/small/file"
# away from the group of the root
group=$(($(stat -c %i "$MNT/big") >> 8))
root=$(($(stat -c %i "$MNT") >> 8))
umount_vol
block=$(group_block $group)
level=$(diskpage "$META" $((block * 4096)) u8:48)
say "group $group (root's is $root), block $block of level $level"
[ "$level" -ge 1 ] || fail "the tree is no tree"
flip "$block" 200
fsck_finds block-csum
mark_log
if [ "$group" = "$root" ]; then
	expect_error "Structure needs cleaning" mount_vol
else
	mount_vol
	expect_error "Structure needs cleaning" find "$MNT/big"
	: >"$MNT/small/other"
	umount_vol
fi
log_says "metadata block $block of .*block-csum: corrupt" || fail "log: $(show_log)"
