#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Files of many sizes have their bytes after a cache drop and after a remount.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
mkdir -p /tmp/src
for size in 1 511 512 513 4095 4096 4097 8191 8192 65535 65536 65537 1048575 1048577 5000000; do
	head -c $size /dev/urandom >/tmp/src/$size
done
cp -r /tmp/src "$MNT/dst"
diff -r /tmp/src "$MNT/dst"
drop_caches
diff -r /tmp/src "$MNT/dst"
remount_vol
diff -r /tmp/src "$MNT/dst"
# over existing bytes, shorter
cp /tmp/src/4097 "$MNT/dst/5000000"
cp "$MNT/dst/65537" "$MNT/dst/1"
remount_vol
cmp /tmp/src/4097 "$MNT/dst/5000000"
cmp /tmp/src/65537 "$MNT/dst/1"
end_clean
