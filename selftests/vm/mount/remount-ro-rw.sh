#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# remount,ro stops changes and keeps what was done; remount,rw takes them again.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
echo one >"$MNT/file"
exec 5>>"$MNT/file"
expect_error "busy" mount -o remount,ro "$MNT"
exec 5>&-
mount -o remount,ro "$MNT"
fsop "$MNT" <<'EOF'
open 0 file wr = EROFS
open 0 new wr|creat = EROFS
mkdir d = EROFS
unlink file = EROFS
rename file x = EROFS
link file x = EROFS
symlink x y = EROFS
mknod p 010644 = EROFS
chmod file 0600 = EROFS
chown file 1 1 = EROFS
truncate file 0 = EROFS
utimes file now now = EROFS
setx file user.a x = EROFS
open 0 file rd
read 0 9 != ''
EOF
grep -qE "^[^ ]+ $MNT scoutfs ro," /proc/mounts || fail "not shown as read-only"
cat "$MNT/file" >/dev/null
mount -o remount,rw "$MNT"
echo two >>"$MNT/file"
mkdir "$MNT/d"
mount -o remount,ro "$MNT"
mount -o remount,rw,orphan_scan_delay_ms=333 "$MNT"
[ "$(cat /sys/fs/scoutfs/*/mount_options/orphan_scan_delay_ms)" = 333 ] || fail "an option did not change"
expect_fail mount -o remount,noacl "$MNT"
expect_fail mount -o remount,tcp_keepalive_timeout_ms=4000 "$MNT"
expect_fail mount -o remount,orphan_scan_delay_ms=1 "$MNT"
expect_fail mount -o "remount,metadev_path=$SCRATCH" "$MNT"
expect_fail mount -o remount,bogus "$MNT"
: >"$MNT/still-writable"
umount_vol
mount_vol ro
[ "$(cat "$MNT/file")" = "$(printf 'one\ntwo')" ] || fail "other contents"
expect_error "Read-only" touch "$MNT/new"
mount -o remount,rw "$MNT"
touch "$MNT/new"
end_clean
