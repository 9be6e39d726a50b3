#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# mount and umount print nothing, and unmounting commits what was done.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
out=$(mount_vol 2>&1)
[ -z "$out" ] || fail "mount said: $out"
for i in $(seq 50); do
	echo "$i" >"$MNT/f$i"
done
out=$(umount_vol 2>&1)
[ -z "$out" ] || fail "umount said: $out"
check_vol
mount_vol
for i in $(seq 50); do
	[ "$(<"$MNT/f$i")" = "$i" ] || fail "f$i holds $(<"$MNT/f$i")"
done
end_clean
