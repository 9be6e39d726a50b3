#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Times have nanoseconds and reach before 1970 and after 2106.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f wr|creat
utimes f 1.000000001 2.999999999
stat f atime = 1.000000001
stat f mtime = 2.999999999
mkdir d
utimes d -1.500000000 -2147483649.000000001
stat d atime = -1.500000000
symlink x l
utimes l 4294967296.123456789 17179869183.987654321
stat l mtime = 17179869183.987654321
open 0 old wr|creat
utimes old -62135596800.000000000 253402300799.999999999
open 0 part wr|creat
utimes part 5.000000000 6.000000000
utimes part omit 7.000000000
stat part atime = 5.000000000
utimes part now omit
stat part mtime = 7.000000000
stat part atime > 1600000000
utimes part 8.000000000 8.000000000
EOF
remount_vol
fsop "$MNT" <<'EOF'
stat f atime = 1.000000001
stat f mtime = 2.999999999
stat d atime = -1.500000000
stat d mtime = -2147483649.000000001
stat l atime = 4294967296.123456789
stat l mtime = 17179869183.987654321
stat old atime = -62135596800.000000000
stat old mtime = 253402300799.999999999
stat part atime = 8.000000000
stat part mtime = 8.000000000
EOF
end_clean
