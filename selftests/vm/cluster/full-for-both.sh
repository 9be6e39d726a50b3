#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# When one mount fills the data device both get ENOSPC, both may delete, and both may write again.
. "$(dirname "$0")/../../lib.sh"

mkfs_cluster 2 -d 256M
mount_all 2
fill() {
	local i=0

	while head -c 1M /dev/zero >"$1/$2.$i" 2>>/tmp/err; do
		i=$((i + 1))
		[ $i -lt 400 ] || fail "256 MiB take more than that"
	done
	sync -f "$1" 2>>/tmp/err || :
}
fill "$MNT0" a & one=$!
fill "$MNT1" b & two=$!
wait_all $one $two
grep -q "No space left" /tmp/err || fail "another error: $(cat /tmp/err)"
expect_fail grep -v "No space left" /tmp/err
files=$(find "$MNT0" -type f | wc -l)
say "full with $files files of 1 MiB"
[ "$files" -gt 150 ] || fail "full too early"
# each deletes what the other made
rm "$MNT0"/b.* "$MNT1"/a.*
[ -z "$(ls "$MNT1")" ] || fail "still there: $(ls "$MNT1")"
refill() {
	sync -f "$MNT0"
	sync -f "$MNT1"
	head -c 50M /dev/urandom >/tmp/new
	cp /tmp/new "$MNT0/x" && sync "$MNT0/x" && cp /tmp/new "$MNT1/y" && sync "$MNT1/y"
}
wait_until 60 refill
cmp "$MNT0/y" "$MNT1/x"
end_cluster
