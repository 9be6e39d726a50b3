#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A file handle is good after a remount, wherever its file was moved; directories
# are connected to the root by their handles alone.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
mkdir -p "$MNT/a/b/c/d" "$MNT/many"
echo deep >"$MNT/a/b/c/d/file"
echo linked >"$MNT/many/file"
mkfifo "$MNT/fifo"
# entries before and behind a name, more than one reading of the directory holds
: | tee "$MNT"/many/{1..80}-"$(printf 'x%.0s' {1..200})"
mkdir "$MNT/many/sub"
: | tee "$MNT"/many/{81..160}-"$(printf 'x%.0s' {1..200})"
ln "$MNT/many/file" "$MNT/a/link"
rm "$MNT/many/file"

file=$(fhandle get "$MNT/a/b/c/d/file")
dir=$(fhandle get "$MNT/a/b/c/d")
link=$(fhandle get "$MNT/a/link")
sub=$(fhandle get "$MNT/many/sub")
fifo=$(fhandle get "$MNT/fifo")
ino=$(stat -c %i "$MNT/a/b/c/d")
[ "$dir" = "$(fhandle make 0x81 "$ino")" ] || fail "handle of $ino is $dir"

remount_vol
[ "$(fhandle path "$MNT" "$dir")" = "$MNT/a/b/c/d" ] || fail "path of d"
[ "$(fhandle path "$MNT" "$sub")" = "$MNT/many/sub" ] || fail "path of sub"
[ "$(fhandle read "$MNT" "$file")" = deep ] || fail "file's bytes"
[ "$(fhandle read "$MNT" "$link")" = linked ] || fail "link's bytes"
# what has a parent's number as well, and what programs make
[ "$(fhandle ino "$MNT" "$(fhandle make 0x81 "$ino" 0)")" = "$ino" ] || fail "0x81, 16 bytes"
[ "$(fhandle ino "$MNT" "$(fhandle make 0x82 "$ino" 1)")" = "$ino" ] || fail "0x82"
[ "$(fhandle ino "$MNT" "$(fhandle make 0x81 1)")" = 1 ] || fail "root"
(exec 3<>"$MNT/fifo"; [ "$(fhandle ino "$MNT" "$fifo")" = "$(stat -c %i "$MNT/fifo")" ]) ||
	fail "fifo"

mv "$MNT/a/b/c" "$MNT/many/c2"
mv "$MNT/many/c2/d/file" "$MNT/file2"
remount_vol
[ "$(fhandle path "$MNT" "$dir")" = "$MNT/many/c2/d" ] || fail "path of moved d"
[ "$(fhandle read "$MNT" "$file")" = deep ] || fail "moved file's bytes"
end_clean
