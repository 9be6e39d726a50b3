#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A file may have 2^60 bytes and up to 2^63 - 1.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f rw|creat
ftruncate 0 1152921504606846976
stat f size = 1152921504606846976
stat f blocks = 0
pwrite 0 1152921504606846974 end = 3
pwrite 0 576460752303423488 middle = 6
pwrite 0 0 first = 5
pread 0 1152921504606846970 99 = ....end
pread 0 288230376151711744 4 = ....
fsync 0
stat f size = 1152921504606846977
stat f blocks = 32
seek 0 5 hole = 4096
seek 0 4096 data = 576460752303423488
seek 0 576460752303427584 data = 1152921504606842880

open 1 g rw|creat
ftruncate 1 9223372036854775807
stat g size = 9223372036854775807
pwrite 1 9223372036854775806 x = 1
pread 1 9223372036854775806 1 = x
fsync 1
EOF
remount_vol
fsop "$MNT" <<'EOF'
open 0 f rw
pread 0 576460752303423487 8 = .middle.
pread 0 1152921504606846970 99 = ....end
ftruncate 0 576460752303423490
# dirty blocks are counted by guess
fsync 0
stat f blocks = 16
pread 0 576460752303423487 99 = .mi
ftruncate 0 1152921504606846976
pread 0 576460752303423487 8 = .mi.....
stat g size = 9223372036854775807
open 1 g rw
pread 1 9223372036854775805 2 = .x
ftruncate 1 0
unlink f
unlink g
EOF
end_clean
