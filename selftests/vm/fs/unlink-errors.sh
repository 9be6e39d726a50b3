#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# unlink() removes names and refuses as POSIX says.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
mkdir d
open 0 d/f wr|creat
unlink missing = ENOENT
unlink d/missing = ENOENT
unlink d = EISDIR
unlink d/f/x = ENOTDIR
unlink '' = ENOENT
unlink a{256} = ENAMETOOLONG
symlink d/f l
unlink l
stat d/f size = 0
stat l size = ENOENT
mknod p 010644
unlink p
unlink d/f
unlink d/f = ENOENT
stat d size = 0
ls . = d
# made again, it is another file
open 1 d/f wr|creat|excl
let a fstat 0 ino
fstat 1 ino != @a
EOF
end_clean
