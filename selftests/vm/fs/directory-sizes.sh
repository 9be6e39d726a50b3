#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A directory's size is the sum of its names' lengths, its nlink 2 + subdirectories.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
mkdir d
stat d size = 0
stat d nlink = 2
stat d blocks = 0
open 0 d/abc wr|creat
stat d size = 3
mkdir d/sub
stat d size = 6
stat d nlink = 3
symlink target d/l
mknod d/fifo 010644
stat d size = 11
stat d nlink = 3
open 0 d/x{255} wr|creat
stat d size = 266
link d/abc d/abcd
stat d size = 270
rename d/abcd d/ab
stat d size = 268
rename d/ab d/x{255}
stat d size = 266
mkdir e
rename d/sub e/longer
stat d size = 263
stat d nlink = 2
stat e size = 6
stat e nlink = 3
rename d/l e/longer exchange
stat d size = 263
stat e size = 6
stat d nlink = 3
stat e nlink = 2
EOF
remount_vol
fsop "$MNT" <<'EOF'
stat d size = 263
stat d nlink = 3
stat e size = 6
unlink d/x{255}
unlink d/abc
unlink d/fifo
rmdir d/l
stat d size = 0
stat d nlink = 2
EOF
end_clean
