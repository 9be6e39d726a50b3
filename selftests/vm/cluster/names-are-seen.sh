#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Each mount sees at once what the other does to names, in both directions.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
both_ways() {
	sed -e "s,A/,test$1/,g" -e "s,B/,test$2/,g" | fsop /mnt
}
for way in "0 1" "1 0"; do
	# shellcheck disable=SC2086
	both_ways $way <<'EOF'
# what is not there is remembered by the reader, so look first
stat B/f ino = ENOENT
open 0 A/f wr|creat|excl
let ino stat A/f ino
stat B/f ino = @ino
open 1 B/f wr|creat|excl = EEXIST
mkdir A/d
mkdir B/d = EEXIST
stat B/d/x ino = ENOENT
open 2 A/d/x wr|creat
ls B/d = x
open 3 B/d/y wr|creat
ls A/d = x y
types B/d = .:4 ..:4 x:8 y:8

rename A/d/x A/d/z
ls B/d = y z
stat B/d/x ino = ENOENT
rename B/d/z B/moved
stat A/d/z ino = ENOENT
ls A/d = y
let ino stat A/moved ino
stat B/moved ino = @ino
rename A/f B/f = EXDEV
rename A/moved A/f exchange
stat B/f ino = @ino

link A/f A/d/hard
stat B/f nlink = 2
let hard stat B/d/hard ino
stat A/f ino = @hard
unlink B/f
stat A/f ino = ENOENT
stat A/d/hard nlink = 1

symlink target A/sym
readlink B/sym = target
unlink B/sym
readlink A/sym = ENOENT
symlink other B/sym
readlink A/sym = other

rmdir B/d = ENOTEMPTY
unlink A/d/hard
unlink B/d/y
ls A/d = ''
rmdir B/d
stat A/d ino = ENOENT
mkdir A/d/e = ENOENT
unlink A/sym
unlink B/moved
ls A/ = ''
ls B/ = ''
EOF
done
end_cluster
