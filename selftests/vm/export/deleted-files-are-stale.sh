#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A handle works while its file is open, and is stale from when it is deleted.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
for f in closed open left; do
	echo $f >"$MNT/$f"
done
mkdir "$MNT/dir"
closed=$(fhandle get "$MNT/closed")
open=$(fhandle get "$MNT/open")
left=$(fhandle get "$MNT/left")
dir=$(fhandle get "$MNT/dir")

rm "$MNT/closed"
rmdir "$MNT/dir"
expect_error ESTALE fhandle read "$MNT" "$closed"
expect_error ESTALE fhandle ino "$MNT" "$dir"
exec 3<"$MNT/open"
rm "$MNT/open"
[ "$(fhandle read "$MNT" "$open")" = open ] || fail "not there while it is open"
exec 3<&-
expect_error ESTALE fhandle read "$MNT" "$open"

# without links, and nobody has deleted it yet
exec 3<"$MNT/left"
rm "$MNT/left"
sync
umount -f "$MNT" 2>/dev/null || :
exec 3<&-
umount "$MNT"
forget_guard
mount_vol
expect_error ESTALE fhandle read "$MNT" "$left"
remount_vol
for handle in "$closed" "$open" "$left" "$dir"; do
	expect_error ESTALE fhandle ino "$MNT" "$handle"
done
end_clean
