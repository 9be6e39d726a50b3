#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Names have up to 255 bytes and values up to 65535; more is ERANGE and E2BIG.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f wr|creat
# "user." is 5 of the 255 bytes
setx f user.n{250} value
getx f user.n{250} = value
setx f user.n{251} value = ERANGE
getx f user.n{251} = ERANGE
rmx f user.n{251} = ERANGE
setx f user. value = EINVAL
setx f user value = EOPNOTSUPP
setx f '' value = ERANGE

setx f user.big #65535
getxsize f user.big 65536 = 65535
setx f user.big #65536 = E2BIG
setx f user.more #65537 = E2BIG
getx f user.more = ENODATA
# what failed changed nothing
getxsize f user.big 65536 = 65535
setx f user.empty ''
getx f user.empty = ''
getxsize f user.empty 0 = 0
getxsize f user.empty 10 = 0
getx f user.absent = ENODATA
countx f = 3
EOF
remount_vol
fsop "$MNT" <<'EOF'
getx f user.n{250} = value
getxsize f user.big 65536 = 65535
getxsize f user.empty 10 = 0
hasx f user.empty = 1
countx f = 3
EOF
end_clean
