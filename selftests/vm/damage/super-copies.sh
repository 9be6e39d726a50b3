#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest damages
# One damaged super block is no harm; with both the volume is refused.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/damage/blocks.bash
. "$(dirname "$0")/blocks.bash"

mkfs_vol
mount_vol
echo hello >"$MNT/file"
umount_vol
for at in 65536 131072; do
	dd if="$META" of=/tmp/super bs=4096 skip=$((at / 4096)) count=1 status=none
	newest=$(super_field seq)
	dd if=/dev/urandom of="$META" bs=4096 seek=$((at / 4096)) count=1 conv=notrunc,fsync status=none
	if [ "$(super_field seq)" = "$newest" ]; then
		# the older copy: nothing is lost
		fsck_finds super-copy
		mount_vol
		grep -qx hello "$MNT/file"
		echo more >>"$MNT/file"
		umount_vol
	else
		dd if=/tmp/super of="$META" bs=4096 seek=$((at / 4096)) count=1 conv=notrunc,fsync status=none
	fi
done
check_vol
mount_vol
grep -qx hello "$MNT/file"
grep -qx more "$MNT/file" || fail "no copy was the older one"
umount_vol
diskpage -n "$META" 65536 u64:800=0x1234
diskpage -n "$META" 131072 u64:800=0x1234
mark_log
expect_error "wrong fs type, bad option" mount_vol
log_says "super-csum" || fail "log: $(show_log)"
ret=0
fsck.scoutfs -n "$META" "$DATA" >/tmp/found 2>&1 || ret=$?
[ $ret -ge 4 ] || fail "fsck exits with $ret"
grep -q "super" /tmp/found || fail "fsck says: $(cat /tmp/found)"
# the data device's
mkfs_vol
diskpage -n "$DATA" 65536 u64:800=0x1234
expect_error "wrong fs type, bad option" mount_vol
fsck_finds super-data
