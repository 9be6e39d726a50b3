#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# RENAME_WHITEOUT leaves a character device 0:0 where the old name was, in the same
# place of the directory; nothing is left of one that failed.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 a rw|creat
write 0 A
open 1 b wr|creat
open 2 c wr|creat
mkdir d
mkdir d/sub
let a stat a ino
let sub stat d/sub ino

rename a a2 whiteout
stat a2 ino = @a
stat a nlink = 1
stat a size = 0
types . = .:4 ..:4 a:2 b:8 c:8 d:4 a2:8
# over another, in another directory, a directory
rename a2 b whiteout
stat b ino = @a
rename b d/b whiteout
stat d/b ino = @a
rename d/sub sub whiteout
stat sub ino = @sub
stat d nlink = 2
stat d/sub nlink = 1
# a whiteout is like any other file
rename a a3 whiteout
unlink a
rename d/b c whiteout|noreplace = EEXIST
rename d/b new whiteout|noreplace
rename c a3 exchange|whiteout = EINVAL
rename missing x whiteout = ENOENT
rename c sub whiteout = EISDIR
mkdir sub/x
rename d sub whiteout = ENOTEMPTY
rmdir sub/x
types . = .:4 ..:4 c:8 d:4 a2:2 b:2 sub:4 a3:2 new:8
types d = .:4 ..:4 sub:2 b:2
EOF
[ "$(stat -c '%F %t:%T %a' "$MNT/b")" = "character special file 0:0 0" ] ||
	fail "whiteout is $(stat -c '%F %t:%T %a' "$MNT/b")"
remount_vol
fsop "$MNT" <<'EOF'
types . = .:4 ..:4 c:8 d:4 a2:2 b:2 sub:4 a3:2 new:8
types d = .:4 ..:4 sub:2 b:2
open 0 new rd
read 0 9 = A
EOF
end_clean
