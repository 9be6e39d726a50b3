#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A walk that looks at the entries of a directory gets their groups ahead; a mere listing does not.
. "$(dirname "$0")/../../lib.sh"

nr=200
delay=20
counter() {
	cat /sys/fs/scoutfs/f.*.r.*/counters/"$1"
}
# the metadata device takes $delay ms for a read
cold() {
	umount "$MNT0"
	drop_caches
	mount_nth 0
}
modprobe dm-delay || skip "no dm-delay"
mkfs_vol
cluster_devs 1
dmsetup suspend meta0
dmsetup load meta0 --table "0 $(blockdev --getsz "$META") delay $META 0 $delay $META 0 0"
dmsetup resume meta0
mount_nth 0
mkdir "$MNT0/top"
(cd "$MNT0/top" && seq $nr | xargs mkdir && seq -f %g/file $nr | xargs touch)

cold
[ "$(find "$MNT0" | wc -l)" -gt $nr ]
cold
names=("$MNT0"/top/*)
[ ${#names[@]} = $nr ]
[ "$(counter group_ahead)" = 0 ] || fail "a listing read $(counter group_ahead) groups ahead"

cold
walk() {
	local t

	t=$(date +%s%N)
	[ "$(find "$MNT0" -type f -size 0 | wc -l)" = $nr ]
	took=$((($(date +%s%N) - t) / 1000000))
}
walk
cold_ms=$took
walk
say "a walk took $cold_ms ms, then $took ms, with $(counter group_ahead) of $(counter group_load) groups got ahead"
[ "$(counter group_ahead)" -gt $((nr / 2)) ] || fail "only $(counter group_ahead) groups were got ahead"
# one after another they take this long
[ $((cold_ms - took)) -lt $((nr * delay / 2)) ] || fail "the reads do not overlap"
# workers may be waiting for locks and reads when the volume is unmounted
cold
find "$MNT0" -type f -size 0 >/dev/null & pid=$!
wait_until 20 sh -c "[ \"\$(cat /sys/fs/scoutfs/f.*.r.*/counters/group_ahead)\" -gt 0 ]"
kill $pid
wait $pid 2>/dev/null || :
umount "$MNT0"
check_vol
