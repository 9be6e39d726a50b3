#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# O_TMPFILE makes a file without a name that linkat() can give one.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
mkdir d
open 0 d rw|tmp 0640
fstat 0 nlink = 0
fstat 0 mode = 100640
ls d = ''
write 0 contents = 8
linkfd 0 d/f
fstat 0 nlink = 1
ls d = f
open 1 d/f rd
read 1 99 = contents
linkfd 0 d/f = EEXIST
linkfd 0 d/g
stat d/f nlink = 2
fsync 0

open 2 d wr|tmp
write 2 more
linkempty 2 empty
stat empty size = 4

# O_EXCL: it can never get a name
open 3 d wr|tmp|excl
linkfd 3 d/never = ENOENT
open 4 d rd|tmp = EINVAL
open 4 missing wr|tmp = ENOENT
open 4 d/f wr|tmp = ENOTDIR
umask 077
open 5 d rw|tmp 0666
fstat 5 mode = 100600
write 5 lost
EOF
remount_vol
fsop "$MNT" <<'EOF'
ls d = f g
open 0 d/g rd
read 0 99 = contents
stat d/f nlink = 2
stat empty size = 4
EOF
end_clean
