#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A file can have a thousand attributes.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f wr|creat
manyx f user.attribute 1000
checkx f user.attribute 1000
countx f = 1000
EOF
remount_vol
fsop "$MNT" <<'EOF'
checkx f user.attribute 1000
countx f = 1000
rmx f user.attribute500
getx f user.attribute500 = ENODATA
countx f = 999
# set again, all of them
setx f user.attribute0 other
getx f user.attribute0 = other
manyx f user.attribute 1000
checkx f user.attribute 1000
countx f = 1000
EOF
rm "$MNT/f"
end_clean
