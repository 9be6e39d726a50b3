#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A file that another mount has open works on after its last name is gone, then its space comes back.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
# the other mount tells the leader now and then what it made and deleted
inodes() {
	stat -f -c '%c %d' "$MNT0" | awk '{ print $1 - $2 }'
}
before=$(inodes)
head -c 20M /dev/urandom >/tmp/bytes
cp /tmp/bytes "$MNT0/f"
exec 5<>"$MNT1/f"
cmp /tmp/bytes /proc/self/fd/5
rm "$MNT0/f"
expect_fail cat "$MNT1/f"
[ "$(stat -L -c %h /proc/self/fd/5)" = 0 ] || fail "links: $(stat -L -c %h /proc/self/fd/5)"
drop_caches
cmp /tmp/bytes <(dd bs=1M status=none <&5) || fail "the open file lost its bytes"
echo more >&5
sync -f "$MNT1"
[ "$(stat -L -c %s /proc/self/fd/5)" = $((20 * 1048576 + 5)) ] || fail "the open file cannot grow"
# the name may come again, for another file
echo new >"$MNT0/f"
grep -qx new "$MNT1/f"
rm "$MNT1/f"
is_there() {
	[ "$(inodes)" = $((before + 1)) ]
}
wait_until 60 is_there
exec 5>&-
is_gone() {
	[ "$(inodes)" = "$before" ]
}
wait_until 60 is_gone
end_cluster
fsck.scoutfs -n -v "$META" "$DATA" >/tmp/check.out
awk '/^metadata:/ { used = $10 - $8 } END { exit used >= 5000 }' /tmp/check.out ||
	fail "the space did not come back: $(cat /tmp/check.out)"
