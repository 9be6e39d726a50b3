#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A tree that another mount has looked at all over is removed: its space comes back soon, and no orphans are left.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
inodes() {
	sync -f "$MNT0"
	sync -f "$MNT1"
	stat -f -c '%c %d' "$1" | awk '{ print $1 - $2 }'
}
before=$(inodes "$MNT0")
for d in $(seq 10); do
	mkdir "$MNT0/d$d"
	for f in $(seq 60); do
		echo "$f" >"$MNT0/d$d/f$f"
	done
done
find "$MNT1" -type f -exec cat {} + >/dev/null
[ "$(inodes "$MNT0")" -ge $((before + 600)) ] || fail "inodes: $(inodes "$MNT0")"
start=$SECONDS
rm -r "$MNT0"/d*
say "rm took $((SECONDS - start)) s"
gone() {
	[ "$(inodes "$MNT0")" = "$before" ]
}
wait_until 60 gone
say "gone after $((SECONDS - start)) s"
umount_all
fsck.scoutfs -n -v "$META" "$DATA" >/tmp/check.out
grep -q ', 0 orphans,' /tmp/check.out || fail "orphans: $(cat /tmp/check.out)"
