#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Devices that are missing, swapped, no devices, blank or foreign are refused.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
try() {
	mount -t scoutfs "$@" "$MNT"
}
mkdir -p "$MNT"
expect_error "wrong fs type, bad option" try -o "metadev_path=$DATA" "$META"
expect_error "wrong fs type, bad option" try "$DATA"
expect_error "wrong fs type, bad option" try "$META"
expect_error "wrong fs type, bad option" try -o "metadev_path=$META" "$META"
expect_error "wrong fs type, bad option" try -o "metadev_path=$DATA" "$DATA"
expect_error "wrong fs type, bad option" try -o "metadev_path=$SCRATCH" "$DATA"
expect_error "wrong fs type, bad option" try -o "metadev_path=$META" "$SCRATCH"
expect_error "wrong fs type, bad option" try -o metadev_path= "$DATA"

errno_of() {
	strace -f -e trace=mount,fsconfig,fsmount -o /tmp/strace mount -t scoutfs "$@" "$MNT" 2>/dev/null || :
	grep -oE '= -1 E[A-Z]+' /tmp/strace | tail -n 1
}
[ "$(errno_of -o metadev_path=/no/such/device "$DATA")" = "= -1 ENOENT" ] || fail "missing device: $(cat /tmp/strace)"
[ "$(errno_of -o metadev_path=/etc/passwd "$DATA")" = "= -1 ENOTBLK" ] || fail "a file: $(cat /tmp/strace)"
[ "$(errno_of -o metadev_path=/dev/null "$DATA")" = "= -1 ENOTBLK" ] || fail "a character device: $(cat /tmp/strace)"
[ "$(errno_of -o metadev_path=/tmp "$DATA")" = "= -1 ENOTBLK" ] || fail "a directory: $(cat /tmp/strace)"

# garbage, and other filesystems
for kind in random xfs ext4; do
	case $kind in
	random) dd if=/dev/urandom of="$SCRATCH" bs=1M count=2 conv=fsync status=none ;;
	xfs) mkfs.xfs -q -f "$SCRATCH" ;;
	ext4) mkfs.ext4 -q -F "$SCRATCH" ;;
	esac
	expect_error "wrong fs type, bad option" try -o "metadev_path=$SCRATCH" "$DATA"
	expect_error "wrong fs type, bad option" try -o "metadev_path=$META" "$SCRATCH"
	expect_error "wrong fs type, bad option" try "$SCRATCH"
done
mount -t ext4 -o ro "$SCRATCH" "$SCRATCH_MNT"
umount "$SCRATCH_MNT"
# ours is refused by the others, and still works
expect_fail mount -t xfs "$DATA" "$MNT"
expect_fail mount -t ext4 "$META" "$MNT"
mount_vol
end_clean
