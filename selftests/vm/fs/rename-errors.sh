#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# rename() moves, replaces and refuses as POSIX says.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 a rw|creat
write 0 A
open 1 b rw|creat
write 1 B
let ino stat a ino
rename a b
stat b ino = @ino
stat a ino = ENOENT
fstat 1 nlink = 0
rename b b
stat b ino = @ino

# two names of one file: nothing happens
link b h
rename b h
stat b nlink = 2

rename missing x = ENOENT
rename b missing/x = ENOENT
rename b h/x = ENOTDIR
rename h/x y = ENOTDIR
rename b x{256} = ENAMETOOLONG
rename x{256} y = ENAMETOOLONG
rename . x = EBUSY
rename b .. = EBUSY
rename b x{255}
rename x{255} b

mkdir d
mkdir d/sub
mkdir e
mkdir full
open 2 full/f wr|creat
rename d full = ENOTEMPTY
rename d b = ENOTDIR
rename b d = EISDIR
rename d d/sub/x = EINVAL
rename d d/x = EINVAL
rename d/sub d = ENOTEMPTY
rename d d/sub = EINVAL
rename d e
stat e nlink = 3
stat d nlink = ENOENT
stat e/sub nlink = 2
let top stat . nlink
rename e/sub sub
stat e nlink = 2
stat . nlink > @top
rename sub e/sub
stat . nlink = @top

# a directory's .. follows
let up stat e ino
stat e/sub/.. ino = @up
rename e/sub full/sub
let up stat full ino
stat full/sub/.. ino = @up
stat full nlink = 3

symlink nowhere l
rename b l
stat l mode = 100644
rename full/sub l = ENOTDIR
EOF
remount_vol
fsop "$MNT" <<'EOF'
ls . = h full e l
ls full = f sub
open 0 l rd
read 0 9 = A
stat l nlink = 2
EOF
end_clean
