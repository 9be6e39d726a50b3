#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# umount -f ends I/O at once, always finishes, and the volume recovers.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
echo kept >"$MNT/kept"
sync
for i in $(seq 200); do
	echo "$i" >"$MNT/maybe$i"
done
exec 5<>"$MNT/open"
# busy: it is not unmounted, but nothing works any more
expect_fail umount -f "$MNT"
expect_error "Input/output error" touch "$MNT/new"
expect_error "Input/output error" sync "$MNT/kept"
expect_fail dd of=/proc/self/fd/5 conv=fsync status=none <<<x
exec 5>&-
writes=$(disk_stat "$META" writes)
umount -f "$MNT"
[ "$(disk_stat "$META" writes)" = "$writes" ] || fail "it wrote"
check_vol
forget_guard
mount_vol
grep -qx kept "$MNT/kept"
: >"$MNT/new"
# with readers and writers at work
for i in 1 2 3; do
	(while echo x >>"$MNT/w$i" && cat "$MNT/kept"; do :; done) >/dev/null 2>&1 &
done
sleep 1
umount -f "$MNT" 2>/dev/null || :
wait
! vol_is_mounted || umount -f "$MNT"
check_vol
forget_guard
mount_vol
grep -qx kept "$MNT/kept"
end_clean
