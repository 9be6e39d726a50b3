#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# What fsync, fdatasync, O_SYNC, syncfs and sync promise outlives a forced unmount.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
cd "$MNT" || exit
fsop . <<'EOF'
mkdir d
open 0 d/fsync rw|creat
write 0 one
rename d/fsync d/renamed
link d/renamed second
setx second user.x value
fsync 0
EOF
cd /
umount -f "$MNT"
forget_guard
mount_vol
fsop "$MNT" <<'EOF'
ls d = renamed
stat d/renamed nlink = 2
getx second user.x = value
open 0 second rw
read 0 9 = one
ftruncate 0 1
pwrite 0 4096 data
fdatasync 0
EOF
umount -f "$MNT"
forget_guard
mount_vol
fsop "$MNT" <<'EOF'
stat second size = 4100
open 0 second rd
pread 0 0 2 = o.
pread 0 4096 9 = data
open 1 osync wr|creat|sync
write 1 bytes
EOF
umount -f "$MNT"
forget_guard
mount_vol
grep -q bytes "$MNT/osync"
mkdir -p "$MNT/x/y"
cp /etc/services "$MNT/x/y/"
sync -f "$MNT/x"
umount -f "$MNT"
forget_guard
mount_vol
cmp /etc/services "$MNT/x/y/services"
rm -r "$MNT/x"
sync
umount -f "$MNT"
forget_guard
mount_vol
[ ! -e "$MNT/x" ] || fail "x is back"
end_clean
