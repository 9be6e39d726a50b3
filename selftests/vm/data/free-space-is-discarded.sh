#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# fstrim(8) discards the free blocks of the data device and nothing else; who may not do
# it, and where it cannot be done, gets an error.
. "$(dirname "$0")/../../lib.sh"

require_cmd fstrim
disk=$(basename "$(readlink -f "$DATA")")
# sectors discarded so far
discarded() {
	awk '{ print $14 }' "/sys/block/$disk/stat"
}
trim_bytes() {
	fstrim -v "$@" "$MNT" | sed -n 's/.*(\([0-9]*\) bytes).*/\1/p'
}

mkfs_vol -d 512M
mount_vol
for i in 1 2 3 4 5 6; do
	dd if=/dev/urandom of="$MNT/f$i" bs=1M count=8 status=none
done
sync -f "$MNT"
sums=$(cd "$MNT" && md5sum f1 f3 f5)
rm "$MNT/f2" "$MNT/f4" "$MNT/f6"
sync -f "$MNT"
before=$(discarded)
bytes=$(trim_bytes)
[ "$(($(discarded) - before))" = $((bytes / 512)) ] || fail "$bytes bytes, $(($(discarded) - before)) sectors"
# all but what the mount keeps for its writes
[ "$bytes" -gt $((400 << 20)) ] || fail "only $bytes bytes"
[ "$bytes" -lt $((488 << 20)) ] || fail "more than is free: $bytes bytes"
drop_caches
[ "$(cd "$MNT" && md5sum f1 f3 f5)" = "$sums" ] || fail "other bytes after fstrim"

# a part, and no short pieces
[ "$(trim_bytes -o 256M -l 64M)" = $((64 << 20)) ] || fail "not the part that was asked for"
[ "$(trim_bytes -m 500M)" = 0 ] || fail "extents shorter than 500M"
expect_error "Invalid argument" fstrim -o 600M "$MNT"

# written again
dd if=/dev/urandom of="$MNT/g" bs=1M count=100 conv=fsync status=none
sum=$(md5sum <"$MNT/g")
# two at once, of which one is killed, and a freeze in between
fstrim "$MNT" & first=$!
fstrim "$MNT" & second=$!
fsfreeze -f "$MNT"
fsfreeze -u "$MNT"
kill -KILL $second
wait $first
wait $second || :
[ "$(trim_bytes -o 256M -l 64M)" = $((64 << 20)) ] || fail "another part after a trim was killed"

# while files are written
(
	for i in 1 2 3 4 5 6 7 8; do
		dd if="$MNT/g" of="$MNT/h$((i % 4))" bs=1M count=20 status=none
	done
) &
fstrim "$MNT"
fstrim "$MNT"
wait %1
drop_caches
[ "$(md5sum <"$MNT/g")" = "$sum" ] || fail "other bytes of g"
for i in 0 1 2 3; do
	cmp -n $((20 << 20)) "$MNT/g" "$MNT/h$i"
done

expect_error "Operation not permitted" setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin \
	fstrim "$MNT"
mount -o remount,ro "$MNT"
expect_error "Read-only file system" fstrim "$MNT"
mount -o remount,rw "$MNT"
end_clean

# a disk that cannot
max=$(cat "/sys/block/$disk/queue/discard_max_bytes")
echo 0 >"/sys/block/$disk/queue/discard_max_bytes"
mount_vol
expect_error "not supported" fstrim "$MNT"
echo "$max" >"/sys/block/$disk/queue/discard_max_bytes"
end_clean
