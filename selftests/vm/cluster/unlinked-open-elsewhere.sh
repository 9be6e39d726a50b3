#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest pending
# A file that another mount has open works on after its last name is gone, then its space comes back.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
used() {
	sync -f "$MNT0"
	sync -f "$MNT1"
	stat -f -c '%b %f' "$MNT0" | awk '{ print $1 - $2 }'
}
: >"$MNT0/warm"
before=$(used)
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
[ "$(used)" -ge $((before + 5000)) ] || fail "the space of an open file was given away"
exec 5>&-
is_free() {
	[ "$(used)" -lt $((before + 1000)) ]
}
wait_until 60 is_free
end_cluster
