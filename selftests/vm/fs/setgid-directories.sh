#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# In a setgid directory children get its group, and directories the bit too.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
mkdir d
chown d 0 500
chmod d 02777
open 0 d/f wr|creat
stat d/f gid = 500
stat d/f mode = 100644
mkdir d/sub 0755
stat d/sub gid = 500
stat d/sub mode = 042755
symlink x d/l
stat d/l gid = 500
mknod d/p 010644
stat d/p gid = 500
open 1 d rw|tmp
fstat 1 gid = 500
mkdir plain
open 0 plain/f wr|creat
stat plain/f gid = 0

# an executable of somebody who is not in the group does not get the bit
user 1000 1000
open 0 d/exe wr|creat 02775
stat d/exe gid = 500
stat d/exe mode = 100755
user 0 0
EOF
end_clean
