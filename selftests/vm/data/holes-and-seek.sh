#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Holes read as zeroes, take no space, and SEEK_DATA and SEEK_HOLE find them.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f rw|creat
seek 0 0 data = ENXIO
seek 0 0 hole = ENXIO
ftruncate 0 1048576
stat f blocks = 0
seek 0 0 data = ENXIO
seek 0 0 hole = 0
seek 0 5000 hole = 5000
pwrite 0 40960 data
pwrite 0 819200 data
EOF
check() {
	fsop "$MNT" <<'EOF'
open 0 f rw
stat f blocks = 16
stat f size = 1048576
seek 0 0 data = 40960
seek 0 40960 data = 40960
seek 0 40962 data = 40962
seek 0 40960 hole = 45056
seek 0 45056 hole = 45056
seek 0 45056 data = 819200
seek 0 819200 hole = 823296
seek 0 823296 data = ENXIO
seek 0 823296 hole = 823296
seek 0 1048575 hole = 1048575
seek 0 1048576 hole = ENXIO
seek 0 1048576 data = ENXIO
pread 0 40958 8 = ..data..
pread 0 1048570 99 = ......
EOF
}
sync
check
drop_caches
check
remount_vol
check
[ "$(tr -d '\0' <"$MNT/f")" = datadata ] || fail "other bytes in the file"
# a copy that keeps holes
cp --sparse=always "$MNT/f" "$MNT/g"
cmp "$MNT/f" "$MNT/g"
sync
[ "$(stat -c %b "$MNT/g")" = 16 ] || fail "the copy has $(stat -c %b "$MNT/g") sectors"
# dirty pages count as data before they are written back
fsop "$MNT" <<'EOF'
open 0 new rw|creat
pwrite 0 1000000 x
seek 0 0 data = 999424
seek 0 999424 hole = 1000001
EOF
end_clean
