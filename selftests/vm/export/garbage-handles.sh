#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Made-up handles of any length are stale, and lead to nothing but inodes.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
echo here >"$MNT/file"
root=$(stat -c %i "$MNT")
ino=$(stat -c %i "$MNT/file")

for nr in 0 2 $((ino + 1)) $((ino << 8)) 0x7fffffffffffffff 0xffffffffffffffff \
	  0xffffffffffff0000; do
	expect_error ESTALE fhandle ino "$MNT" "$(fhandle make 0x81 "$nr")"
	expect_error ESTALE fhandle ino "$MNT" "$(fhandle make 0x82 "$nr" 1)"
done
# no parent, no number, half a number, another type
expect_error ESTALE fhandle ino "$MNT" "$(fhandle make 0x82 "$ino")"
expect_error ESTALE fhandle ino "$MNT" 81:01000000
expect_error ESTALE fhandle ino "$MNT" 82:010000000000000001000000
for type in 1 2 0x80 0x83 0xff; do
	expect_error ESTALE fhandle ino "$MNT" "$(fhandle make "$type" "$ino" "$root")"
done

out=$(fhandle random "$MNT" 1 20000 | sort -u | grep -vxE "$root|$ino" || :)
[ -z "$out" ] || fail "found: $out"
[ "$(fhandle read "$MNT" "$(fhandle make 0x81 "$ino")")" = here ] || fail "bytes"
end_clean
