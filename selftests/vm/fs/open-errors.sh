#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# open() creates, opens and refuses as POSIX says.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f wr|creat|excl 0640
open 1 f wr|creat|excl = EEXIST
open 1 f wr|creat
stat f mode = 100640
open 1 missing rd = ENOENT
open 1 missing/x wr|creat = ENOENT
open 1 f/x rd = ENOTDIR
open 1 f/x wr|creat = ENOTDIR
open 1 f rd|dir = ENOTDIR
open 2 '' wr|creat = ENOENT

mkdir d
open 1 d wr = EISDIR
open 1 d rw = EISDIR
open 1 d wr|creat = EISDIR
open 1 d rd|creat|excl = EEXIST
open 1 d rd|dir
read 1 10 = EISDIR
write 1 x = EBADF

open 2 a{255} wr|creat
open 2 a{256} wr|creat = ENAMETOOLONG
open 2 a{256} rd = ENAMETOOLONG
stat d/b{256} size = ENAMETOOLONG
stat a{255} size = 0

symlink loop loop
open 2 loop rd = ELOOP
open 2 loop/x wr|creat = ELOOP
symlink f l
open 2 l rd
open 2 l rd|nofollow = ELOOP
open 2 l wr|creat|excl = EEXIST
symlink target dangling
open 2 dangling rd = ENOENT
open 2 dangling wr|creat|excl = EEXIST
open 2 dangling wr|creat
stat target size = 0

open 3 f wr|trunc
write 3 hello = 5
open 4 f rd|trunc
stat f size = 0
EOF
end_clean
