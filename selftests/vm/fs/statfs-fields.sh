#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# statfs() has the values of the ABI, and they follow creates and deletes.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
total=$((($(blockdev --getsize64 "$META") + $(blockdev --getsize64 "$DATA")) / 4096))
fsop "$MNT" <<EOF
statfs . type = 0x554f4353
statfs . bsize = 4096
statfs . frsize = 4096
statfs . namelen = 255
statfs . fsid != 0000000000000000
statfs . blocks > $((total * 98 / 100))
statfs . blocks < $((total + 1))
statfs . files > 1000
statfs . bavail > 0
let avail statfs . bavail
statfs . bfree >= @avail
open 0 f wr|creat
mkdir d
syncfs 0
EOF
nums() {
	fsop "$MNT" <<<"show statfs . $1"
}
files=$(nums ffree)
free=$(nums bfree)
dd if=/dev/zero of="$MNT/big" bs=1M count=16 conv=fsync status=none
[ "$(nums ffree)" = $((files - 1)) ] || fail "ffree after a create"
[ "$(nums bfree)" -le $((free - 4096)) ] || fail "bfree after 16 MiB"
[ "$(nums bfree)" -ge $((free - 4096 - 4096)) ] || fail "bfree fell too much: $free $(nums bfree)"
fsid=$(nums fsid)
remount_vol
[ "$(nums fsid)" = "$fsid" ] || fail "fsid changed"
[ "$(nums ffree)" = $((files - 1)) ] || fail "ffree after a remount"
end_clean
