#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# An unlinked file works while it is open; then its space comes back.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
free() {
	fsop "$MNT" <<<"show statfs . $1"
}
has_free() {
	sync
	[ "$(free bfree)" -ge "$1" ] && [ "$(free ffree)" = "$2" ]
}
: >"$MNT/first"
sync
before=$(free bfree)
files=$(free ffree)

exec 5<>"$MNT/file"
rm "$MNT/file"
dd if=/dev/urandom of=/tmp/bytes bs=1M count=4 status=none
cat /tmp/bytes >&5
sync
cmp /tmp/bytes /proc/self/fd/5 || fail "other bytes"
[ "$(free bfree)" -le $((before - 1024)) ] || fail "the file has no space"
[ "$(free ffree)" = $((files - 1)) ] || fail "it does not count as a file"
truncate -s 1M /proc/self/fd/5
[ "$(stat -L -c %h:%s /proc/self/fd/5)" = 0:1048576 ] || fail "size after truncate"
drop_caches
cmp -n 1048576 /tmp/bytes /proc/self/fd/5 || fail "other bytes after a cache drop"
exec 5>&-
# the copy-on-write trees may have grown by some blocks
wait_until 30 has_free $((before - 64)) "$files"

mkdir "$MNT/d"
exec 5<"$MNT/d"
rmdir "$MNT/d"
[ "$(stat -L -c %h /proc/self/fd/5)" = 0 ] || fail "nlink of the directory"
exec 5>&-
wait_until 30 has_free $((before - 64)) "$files"
end_clean
