#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Names of one file share everything, and the last one takes it away.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
mkdir d
mkdir e
open 0 a rw|creat
link a b
link a d/c
let ino stat a ino
stat b ino = @ino
stat d/c ino = @ino
stat a nlink = 3
write 0 bytes = 5
open 1 d/c rd
read 1 99 = bytes
chmod b 0600
stat a mode = 100600

link a b = EEXIST
link a d = EEXIST
link d x = EPERM
link missing x = ENOENT
link a missing/x = ENOENT
link a a/x = ENOTDIR
link a x{256} = ENAMETOOLONG
link a x{255}
unlink x{255}

# the link itself, not what it points to
symlink a l
link l m
stat m nlink = 2
readlink m = a
stat a nlink = 3

unlink a
stat b nlink = 2
unlink b
stat d/c nlink = 1
rename d/c e/c
link e/c back
EOF
remount_vol
fsop "$MNT" <<'EOF'
let ino stat back ino
stat e/c ino = @ino
stat back nlink = 2
open 0 back rd
read 0 99 = bytes
unlink e/c
unlink back
fstat 0 nlink = 0
pread 0 0 99 = bytes
EOF
end_clean
