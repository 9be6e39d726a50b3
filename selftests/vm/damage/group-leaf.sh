#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest damages
# A damaged block of a group is EUCLEAN there; all other groups work.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/damage/blocks.bash
. "$(dirname "$0")/blocks.bash"

damage_vol
bad=$(group_of "$MNT/a/p0-50")
umount_vol
block=$(group_block "$bad")
say "group $bad, block $block"
flip "$block"
fsck_finds block-csum
grep -q "block-csum: .*$block" /tmp/found || fail "fsck does not name block $block: $(cat /tmp/found)"
mark_log
mount_vol
works=0
lost=0
for file in "$MNT"/[ab]/*; do
	if out=$(LC_ALL=C stat "$file" 2>&1); then
		[ "$(group_of "$file")" != "$bad" ] || fail "$file of the damaged group works"
		works=$((works + 1))
	else
		[[ $out == *"Structure needs cleaning"* ]] || fail "$file: $out"
		lost=$((lost + 1))
	fi
done
say "$works work, $lost are lost"
[[ $lost -ge 1 && $lost -le 16 ]] || fail "$lost files are lost"
[ $((works + lost)) = 210 ] || fail "$((works + lost)) files"
log_says "metadata block $block of [0-9a-f]*: block-csum: corrupt" || fail "log: $(show_log)"
# the rest can change, and the mount goes on
for i in $(seq 50); do
	: >"$MNT/b/new$i"
done
rm "$MNT/b/p0-1"
mkdir "$MNT/c"
echo bytes >"$MNT/c/file"
expect_error "Structure needs cleaning" rm "$MNT/a/p0-50"
expect_error "Structure needs cleaning" touch "$MNT/a/p0-50"
sync
drop_caches
grep -q bytes "$MNT/c/file"
expect_error "Structure needs cleaning" cat "$MNT/a/p0-50"
umount_vol
mount_vol
grep -q bytes "$MNT/c/file"
[ -e "$MNT/b/new50" ] || fail "changes of other groups are lost"
umount_vol
