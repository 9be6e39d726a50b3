#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# read(), write(), append and truncate give the bytes and sizes they should.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f rw|creat
read 0 9 = ''
write 0 hello = 5
seek 0 0 set = 0
read 0 99 = hello
read 0 99 = ''
pread 0 3 99 = lo
pread 0 5 99 = ''
pread 0 500 99 = ''
pwrite 0 1 E = 1
pread 0 0 99 = hEllo
seek 0 0 end = 5
seek 0 -9 cur = EINVAL
open 1 f wr|append
write 1 world = 5
stat f size = 10
open 2 f rd
read 2 99 = hElloworld
write 2 x = EBADF
read 1 1 = EBADF

ftruncate 0 3
stat f size = 3
pread 0 0 99 = hEl
# what was cut off must not come back
ftruncate 0 8
pread 0 0 99 = hEl.....
truncate f -1 = EINVAL
ftruncate 2 0 = EINVAL
truncate . 0 = EISDIR
truncate missing 0 = ENOENT
stat f blocks = 8
stat f blksize = 4096
ftruncate 0 0
stat f blocks = 0
pwrite 0 4095 xy = 2
stat f size = 4097
stat f blocks = 16
ftruncate 0 4096
stat f blocks = 8
ftruncate 0 4097
pread 0 4094 9 = .x.
EOF
drop_caches
fsop "$MNT" <<'EOF'
open 0 f rd
pread 0 4094 9 = .x.
EOF
remount_vol
fsop "$MNT" <<'EOF'
open 0 f rd
stat f size = 4097
pread 0 4094 9 = .x.
pread 0 0 3 = ...
EOF
end_clean
