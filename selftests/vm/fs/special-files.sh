#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# FIFOs, sockets and device nodes keep their type and numbers.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
mknod fifo 010640
mknod sock 0140600
mknod null 020666 1 3
mknod big 060600 4095 1048575
mknod plain 0100600
mknod fifo 010640 = EEXIST
mknod missing/x 010640 = ENOENT
mknod x{256} 010640 = ENAMETOOLONG
open 0 null wr
write 0 gone = 4
open 1 fifo rd|nonblock
open 2 fifo wr
write 2 through
read 1 99 = through
open 3 sock rd = ENXIO
open 4 big rd = ENXIO
user 1000 1000
mknod denied 010600 = EACCES
user 0 0
chmod . 0777
user 1000 1000
mknod mine 010600
mknod chr 020600 1 3 = EPERM
EOF
remount_vol
fsop "$MNT" <<'EOF'
stat fifo mode = 010640
stat sock mode = 140600
stat null mode = 020644
stat null major = 1
stat null minor = 3
stat big mode = 060600
stat big major = 4095
stat big minor = 1048575
stat big blocks = 0
stat mine uid = 1000
types . = .:4 ..:4 fifo:1 sock:12 null:2 big:6 plain:8 mine:1
EOF
end_clean
