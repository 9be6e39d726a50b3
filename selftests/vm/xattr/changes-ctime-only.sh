#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Setting and removing an attribute changes ctime and not mtime.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f wr|creat
utimes f 100.000000000 100.000000000
let c stat f ctime
sleep 20
setx f user.a one
stat f ctime != @c
let c stat f ctime
sleep 20
setx f user.a two
stat f ctime != @c
let c stat f ctime
sleep 20
rmx f user.a
stat f ctime != @c
stat f mtime = 100.000000000
let c stat f ctime
sleep 20
rmx f user.a = ENODATA
setx f user.a x replace = ENODATA
getx f user.a = ENODATA
listx f 0 = 0
stat f ctime = @c
stat f atime = 100.000000000
stat f blocks = 0
EOF
end_clean
