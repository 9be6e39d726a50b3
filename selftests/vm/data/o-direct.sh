#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# O_DIRECT is accepted, and its bytes and those of the page cache are the same.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
head -c 1048576 /dev/urandom >/tmp/bytes
dd if=/tmp/bytes of="$MNT/f" bs=64k oflag=direct status=none
cmp /tmp/bytes "$MNT/f"
dd if="$MNT/f" bs=128k iflag=direct status=none | cmp - /tmp/bytes
# a direct write over cached bytes
dd if=/tmp/bytes of="$MNT/f" bs=4k count=1 skip=10 seek=3 conv=notrunc oflag=direct status=none
dd if=/tmp/bytes of=/tmp/bytes2 bs=1M status=none
dd if=/tmp/bytes of=/tmp/bytes2 bs=4k count=1 skip=10 seek=3 conv=notrunc status=none
cmp /tmp/bytes2 "$MNT/f"
# and a direct read of dirty pages
dd if=/tmp/bytes of="$MNT/f" bs=4k count=1 skip=20 seek=5 conv=notrunc status=none
dd if=/tmp/bytes of=/tmp/bytes2 bs=4k count=1 skip=20 seek=5 conv=notrunc status=none
dd if="$MNT/f" bs=64k iflag=direct status=none | cmp - /tmp/bytes2
remount_vol
cmp /tmp/bytes2 "$MNT/f"
end_clean
