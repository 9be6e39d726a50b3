#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Dirty bytes, sizes and times are right after each revocation, and readers see them.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol lock=revoke
# as often as it can
echo 200 >/sys/module/scoutfs_lock_revoke/parameters/interval_us
trap 'echo 2000 >/sys/module/scoutfs_lock_revoke/parameters/interval_us' EXIT
fsx -s 31 -n 500 "$MNT/f"
fsx -s 32 -n 60 -l 2000000 "$MNT/g"
for i in $(seq 20); do
	printf '%d ' "$i" >>"$MNT/log"
	touch -d "@$i.5" "$MNT/log"
	[ "$(stat -c %Y "$MNT/log")" = "$i" ] || fail "mtime is $(stat -c %Y "$MNT/log"), not $i"
done
[ "$(cat "$MNT/log")" = "$(seq -s ' ' 20) " ] || fail "log: $(cat "$MNT/log")"
exec 5<>"$MNT/unlinked"
rm "$MNT/unlinked"
for i in $(seq 10); do
	echo "$i" >&5
	mkdir "$MNT/dir$i"
done
[ "$(wc -l </proc/self/fd/5)" = 10 ] || fail "the unlinked file lost bytes"
exec 5>&-
umount_vol
check_vol
mount_vol
[ "$(cat "$MNT/log")" = "$(seq -s ' ' 20) " ] || fail "log after a remount: $(cat "$MNT/log")"
end_clean
