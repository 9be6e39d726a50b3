#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Four processes make 2000 names in one directory; each is there once.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
mkdir "$MNT/d"
manyfiles create "$MNT/d" 2000 4
find "$MNT/d" -type f -printf '%f\n' >/tmp/names
[ "$(wc -l </tmp/names)" = 2000 ] || fail "$(wc -l </tmp/names) names"
[ "$(sort -u /tmp/names | wc -l)" = 2000 ] || fail "a name is there twice"
manyfiles stat "$MNT/d" 2000 4
[ "$(stat -c %s "$MNT/d")" = "$(tr -d '\n' </tmp/names | wc -c)" ] || fail "size of the directory"
[ "$(find "$MNT/d" -type f -printf '%i\n' | sort -u | wc -l)" = 2000 ] || fail "an inode has two names"
remount_vol
find "$MNT/d" -type f -printf '%f\n' | cmp - /tmp/names || fail "another order after a remount"
manyfiles unlink "$MNT/d" 2000 4
rmdir "$MNT/d"
end_clean
