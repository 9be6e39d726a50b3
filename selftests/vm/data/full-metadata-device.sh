#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# When metadata is full creates are ENOSPC, rm still works, and then creates do.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol -m 32M
mount_vol
mkdir "$MNT/d" "$MNT/keep"
cp /etc/services "$MNT/keep/"
i=0
value=$(head -c 60000 /dev/zero | tr '\0' v)
while :; do
	: >"$MNT/d/f$i" || break
	setfattr -n user.fill -v "$value" "$MNT/d/f$i" || break
	i=$((i + 1))
	[ $i -lt 2000 ] || fail "32 MiB take more than $i x 60000 bytes"
done 2>/tmp/err
grep -q "No space left" /tmp/err || fail "another error: $(cat /tmp/err)"
say "full after $i files"
[ $i -gt 100 ] || fail "full too early"
# to the brim with small things
for i in $(seq 3000); do
	: >"$MNT/d/s$i" || break
done 2>/dev/null
say "full after $i more empty files"
sync || fail "sync when full"
cmp /etc/services "$MNT/keep/services"
remount_vol
cmp /etc/services "$MNT/keep/services"
# rm works when nothing else does
rm -r "$MNT/d"
sync
try() {
	sync
	mkdir -p "$MNT/new" && : >"$MNT/new/file" && setfattr -n user.x -v "$value" "$MNT/new/file"
}
wait_until 30 try
for i in $(seq 100); do
	: >"$MNT/new/f$i"
done
end_clean
