#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Attributes and xattrs changed by one mount are what the other reads, also through an open file.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
for way in "0 1" "1 0"; do
	read -r a b <<<"$way"
	sed -e "s,A/,test$a/,g" -e "s,B/,test$b/,g" <<'EOF' | fsop /mnt
open 0 A/f rw|creat
open 1 B/f rw
fstat 1 mode = 100644
chmod A/f 600
fstat 1 mode = 100600
stat B/f mode = 100600
chown B/f 1234 4321
fstat 0 uid = 1234
stat A/f gid = 4321
utimes A/f 12345.000000001 54321.123456789
stat B/f mtime = 54321.123456789
fstat 1 atime = 12345.000000001
truncate A/f 100000
fstat 1 size = 100000
ftruncate 1 7
stat A/f size = 7
fstat 0 size = 7
let ctime stat A/f ctime
sleep 20
chmod B/f 644
stat A/f ctime != @ctime

getx B/f user.x = ENODATA
setx A/f user.x one
getx B/f user.x = one
setx B/f user.x two replace
getx A/f user.x = two
setx A/f user.x three create = EEXIST
setx A/f user.y more
countx B/f = 2
rmx B/f user.x
getx A/f user.x = ENODATA
rmx A/f user.x = ENODATA
countx A/f = 1
mkdir A/d
stat B/ nlink = 3
chmod B/d 2777
stat A/d mode = 042777
rmdir A/d
unlink A/f
EOF
done
end_cluster
