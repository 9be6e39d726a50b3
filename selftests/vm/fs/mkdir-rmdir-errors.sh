#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# mkdir() and rmdir() work and refuse as POSIX says.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
mkdir d 0750
stat d mode = 040750
mkdir d = EEXIST
mkdir slash/
open 0 f wr|creat
mkdir f = EEXIST
mkdir f/x = ENOTDIR
mkdir missing/x = ENOENT
mkdir '' = ENOENT
mkdir d/a{255}
mkdir d/a{256} = ENAMETOOLONG
mkdir . = EEXIST
symlink nowhere l
mkdir l = EEXIST

rmdir missing = ENOENT
rmdir f = ENOTDIR
rmdir l = ENOTDIR
rmdir f/x = ENOTDIR
rmdir d = ENOTEMPTY
rmdir d/. = EINVAL
rmdir d/a{255}/.. = ENOTEMPTY
rmdir a{256} = ENAMETOOLONG
unlink d = EISDIR
rmdir d/a{255}
rmdir d
stat d mode = ENOENT

# a directory that is gone but in use takes nothing new
mkdir gone
open 1 gone rd|dir
cd gone
rmdir ../gone
open 2 x wr|creat = ENOENT
mkdir y = ENOENT
symlink x y = ENOENT
link ../f y = ENOENT
rename ../f y = ENOENT
ls . = ENOENT
fstat 1 nlink = 0
EOF
end_clean
