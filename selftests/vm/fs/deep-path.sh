#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A path 200 directories deep works, and moves as a whole.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
cd "$MNT" || exit
path=top
for i in $(seq 199); do
	path=$path/d$i
done
mkdir -p "$path"
echo bottom >"$path/file"
[ "$(find top -type d | wc -l)" = 200 ] || fail "not 200 directories"
mv top moved
grep -qx bottom "moved${path#top}/file"
cd "moved${path#top}" || exit
[ "$(pwd -P)" = "$MNT/moved${path#top}" ] || fail "pwd is $(pwd -P)"
cd /
remount_vol
grep -qx bottom "$MNT/moved${path#top}/file"
rm -r "$MNT/moved"
[ "$(stat -c %h:%s "$MNT")" = 2:0 ] || fail "the root is not empty"
end_clean
