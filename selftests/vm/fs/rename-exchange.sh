#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# RENAME_EXCHANGE swaps two names of any kind; entries keep their places.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 a rw|creat
write 0 A
open 1 b rw|creat
mkdir d
mkdir d/sub
open 2 d/sub/f wr|creat
mkdir e
let a stat a ino
let b stat b ino
let sub stat d/sub ino

rename a b exchange
stat a ino = @b
stat b ino = @a
rename a missing exchange = ENOENT
rename missing a exchange = ENOENT
rename a a exchange

# a file and a full directory, in two directories
rename a d/sub exchange
stat a ino = @sub
stat a nlink = 2
stat a/f size = 0
stat d/sub ino = @b
stat d nlink = 2
stat . nlink = 5
let top stat . ino
stat a/.. ino = @top

rename d d/sub exchange = EINVAL
rename d/sub d exchange = EINVAL
mkdir e/inner
rename e e/inner exchange = EINVAL
rename e/inner e exchange = EINVAL
ls . = a b d e
EOF
remount_vol
fsop "$MNT" <<'EOF'
ls . = a b d e
types . = .:4 ..:4 a:4 b:8 d:4 e:4
open 0 b rd
read 0 9 = A
stat a/f size = 0
EOF
end_clean
