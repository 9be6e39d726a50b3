#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A handle made on one mount works on another, and knows of what is done there.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
mkdir -p "$MNT0/a/b"
echo bytes >"$MNT0/a/b/file"
file=$(fhandle get "$MNT0/a/b/file")
dir=$(fhandle get "$MNT0/a/b")
[ "$(fhandle read "$MNT1" "$file")" = bytes ] || fail "bytes on mount 1"
[ "$(fhandle path "$MNT1" "$dir")" = "$MNT1/a/b" ] || fail "path on mount 1"

# mount 1 has them cached meanwhile
mv "$MNT0/a/b" "$MNT0/b2"
echo more >>"$MNT0/b2/file"
echo 2 >/proc/sys/vm/drop_caches
[ "$(fhandle path "$MNT1" "$dir")" = "$MNT1/b2" ] || fail "path on mount 1 after mv"
[ "$(fhandle read "$MNT1" "$file")" = $'bytes\nmore' ] || fail "bytes on mount 1 after mv"

# deleted by one, while the other has it open, and closed
exec 3<"$MNT1/b2/file"
rm "$MNT0/b2/file"
[ "$(fhandle read "$MNT1" "$file")" = $'bytes\nmore' ] || fail "gone though open"
exec 3<&-
expect_error ESTALE fhandle read "$MNT1" "$file"
expect_error ESTALE fhandle read "$MNT0" "$file"
ls "$MNT1/b2"
rmdir "$MNT0/b2"
expect_error ESTALE fhandle ino "$MNT1" "$dir"
end_cluster
