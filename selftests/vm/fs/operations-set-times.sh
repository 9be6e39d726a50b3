#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Operations change the times they should, and no others.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
mkdir d
open 0 d/f rw|creat
write 0 bytes
mkdir e

utimes d 100.000000000 100.000000000
open 1 d/g wr|creat
stat d mtime > 1000000
stat d atime = 100.000000000

utimes d 100.000000000 100.000000000
utimes d/f 100.000000000 100.000000000
let c stat d/f ctime
sleep 20
link d/f e/f
stat d mtime = 100.000000000
stat d/f mtime = 100.000000000
stat d/f ctime != @c

utimes e 100.000000000 100.000000000
let c stat d/f ctime
sleep 20
unlink e/f
stat e mtime > 1000000
stat d/f ctime != @c
stat d/f mtime = 100.000000000

utimes d 100.000000000 100.000000000
utimes e 100.000000000 100.000000000
let c stat d/f ctime
sleep 20
rename d/f e/f
stat d mtime > 1000000
stat e mtime > 1000000
stat e/f mtime = 100.000000000
stat e/f ctime != @c

let c stat e/f ctime
sleep 20
chmod e/f 0600
stat e/f mtime = 100.000000000
stat e/f ctime != @c

let c stat e/f ctime
sleep 20
write 0 more
stat e/f mtime > 1000000
stat e/f ctime != @c
stat e/f atime = 100.000000000

utimes e/f 100.000000000 100.000000000
truncate e/f 3
stat e/f mtime > 1000000
utimes e/f 100.000000000 100.000000000
pread 0 0 9 = byt
stat e/f mtime = 100.000000000

# reading makes atime new when it was not newer than mtime
stat e/f atime > 1000000
utimes e 100.000000000 100.000000000
mkdir e/sub
stat e mtime > 1000000
utimes e 100.000000000 100.000000000
rmdir e/sub
stat e mtime > 1000000
EOF
remount_vol
fsop "$MNT" <<'EOF'
stat e/f size = 3
stat e mtime > 1000000
EOF
end_clean
