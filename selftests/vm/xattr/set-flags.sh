#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# XATTR_CREATE and XATTR_REPLACE and removal give the errors they should.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f wr|creat
setx f user.a one replace = ENODATA
getx f user.a = ENODATA
setx f user.a one create
setx f user.a two create = EEXIST
getx f user.a = one
setx f user.a two replace
getx f user.a = two
setx f user.a three
getx f user.a = three
setx f user.a x create|replace = EINVAL
setx f user.b x create|replace = EINVAL
setx f user.a x bad = EINVAL
setx f user.a '' replace
getx f user.a = ''
setx f user.a x create = EEXIST
rmx f user.a
rmx f user.a = ENODATA
getx f user.a = ENODATA
rmx f user.never = ENODATA
setx missing user.a x = ENOENT

mkdir d
setx d user.d dirs
getx d user.d = dirs
EOF
end_clean
