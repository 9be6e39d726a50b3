#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Symbolic links hold 1 to 4095 bytes, and are followed up to 40 deep.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
symlink t one
stat one size = 1
stat one mode = 120777
readlink one = t
symlink x{4095} long
stat long size = 4095
symlink x{4096} toolong = ENAMETOOLONG
symlink '' empty = ENOENT
symlink x{500} l500
symlink x{1500} l1500
symlink t one = EEXIST
symlink t one/x = ENOENT
symlink t n{256} = ENAMETOOLONG
open 0 f rw|creat
readlink f = EINVAL
readlink . = EINVAL
write 0 bytes
mkdir d
symlink ../f d/up
open 1 d/up rd
read 1 9 = bytes
open 1 long rd = ENAMETOOLONG
EOF
cd "$MNT" || exit
ln -s f s0
for i in $(seq 1 41); do
	ln -s s$((i - 1)) s"$i"
done
grep -qx bytes s39
expect_error "Too many levels" cat s40
cd /
remount_vol
fsop "$MNT" <<'EOF'
readlink long = x{4095}
readlink l500 = x{500}
readlink l1500 = x{1500}
readlink one = t
readlink d/up = ../f
EOF
end_clean
