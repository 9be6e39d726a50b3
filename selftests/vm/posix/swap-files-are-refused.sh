#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# swapon(8) of a file fails: blocks move when they are written, nobody may write past
# the filesystem.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
head -c 1M /dev/zero >"$MNT/swap"
chmod 600 "$MNT/swap"
mkswap "$MNT/swap" >/dev/null
sync
expect_error "swapon failed" swapon "$MNT/swap"
[ "$(wc -l </proc/swaps)" = 1 ] || fail "$(cat /proc/swaps)"
# and it is a file as before
rm "$MNT/swap"
end_clean
