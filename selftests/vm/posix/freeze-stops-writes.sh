#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A frozen mount has all on its devices and writes nothing, whatever waits to be done;
# thawed it goes on.
. "$(dirname "$0")/../../lib.sh"

# the guard against other hosts goes on, with a page of 8 sectors each few seconds
GUARD_MS=4000
FROZEN=9

mkfs_vol
mount_vol
head -c 5M /dev/urandom >/tmp/bytes
cp /tmp/bytes "$MNT/old"
exec 3<"$MNT/old" 4<>"$MNT/unlinked"
cp /tmp/bytes /proc/self/fd/4
rm "$MNT/unlinked"
mkdir "$MNT/d"
cp /tmp/bytes "$MNT/d/unsynced"
fsfreeze -f "$MNT"
# who waits could not be killed
trap 'fsfreeze -u "$MNT" || :; kill $(jobs -p) 2>/dev/null || :' EXIT

data_sectors=$(disk_stat "$DATA" write_sectors)
meta_sectors=$(disk_stat "$META" write_sectors)
start=$EPOCHREALTIME
# it must not have the files open as well
(exec 3<&- 4<&-; echo later >"$MNT/later") &
# what would be work: last close of a file without links, reading, syncing
exec 4<&-
[ "$(head -c 100 <&3 | md5sum)" = "$(head -c 100 /tmp/bytes | md5sum)" ] || fail "bytes"
sync
expect_fail fsfreeze -f "$MNT"
sleep $FROZEN
ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
data_sectors=$(($(disk_stat "$DATA" write_sectors) - data_sectors))
meta_sectors=$(($(disk_stat "$META" write_sectors) - meta_sectors))
say "$ms ms, $data_sectors and $meta_sectors sectors"
[ $data_sectors = 0 ] || fail "the data device was written to"
[ $meta_sectors -le $((8 * (ms / GUARD_MS + 1))) ] || fail "the metadata device was written to"
[ ! -s "$MNT/later" ] || fail "a write went through"

# what there is survives as it is
umount -f "$MNT" 2>/dev/null || :
fsfreeze -u "$MNT"
wait || :
exec 3<&-
umount "$MNT"
forget_guard
mount_vol
cmp /tmp/bytes "$MNT/old"
cmp /tmp/bytes "$MNT/d/unsynced"
expect_error "Invalid argument" fsfreeze -u "$MNT"

# once more, and all that waited happens
fsfreeze -f "$MNT"
(echo later >"$MNT/later2") &
sleep 1
fsfreeze -u "$MNT"
wait
[ "$(cat "$MNT/later2")" = later ] || fail "the write that waited"
end_clean
