#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A write or truncate by an ordinary user takes away set-user and set-group bits.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 w rw|creat
chmod w 06777
open 0 t rw|creat
chmod t 06777
user 1000 1000
open 1 w wr
write 1 x
stat w mode = 100777
truncate t 100
stat t mode = 100777
user 0 0
chmod w 04755
open 1 w wr
write 1 x
stat w mode = 104755
EOF
remount_vol
fsop "$MNT" <<'EOF'
stat w mode = 104755
stat t mode = 100777
EOF
end_clean
