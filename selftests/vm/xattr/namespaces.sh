#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# user, trusted and security attributes are for whom and what they should be.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
chmod . 0777
open 0 f wr|creat
mknod p 010666
symlink f l
setx f bogus.name x = EOPNOTSUPP
getx f bogus.name = EOPNOTSUPP
rmx f bogus.name = EOPNOTSUPP
setx f noprefix x = EOPNOTSUPP
setx f system.bogus x = EOPNOTSUPP

# only files and directories have attributes of users
setx p user.a x = EPERM
getx p user.a = ENODATA
setx l user.a x = EPERM
getx l user.a = ENODATA
setx p trusted.a x
getx p trusted.a = x
setx l trusted.a onlink
getx l trusted.a = onlink
getx f trusted.a = ENODATA

setx f user.mine root
setx f trusted.secret s
setx f security.label l
hasx f user.mine = 1
hasx f trusted.secret = 1
hasx f security.label = 1

user 1000 1000
getx f user.mine = root
setx f user.mine x = EACCES
rmx f user.mine = EACCES
setx f trusted.secret x = EPERM
rmx f trusted.secret = EPERM
getx f trusted.secret = ENODATA
getx f security.label = l
hasx f user.mine = 1
# only for those who may see them
hasx f trusted.secret = 0
open 1 own wr|creat
setx own user.a x
getx own user.a = x
user 0 0
chmod f 0600
user 1000 1000
getx f user.mine = EACCES
EOF
remount_vol
fsop "$MNT" <<'EOF'
getx l trusted.a = onlink
getx p trusted.a = x
getx f trusted.secret = s
getx f security.label = l
EOF
end_clean
