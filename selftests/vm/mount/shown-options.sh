#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# /proc/mounts shows the options of the ABI in its order.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
shown() {
	awk -v mnt="$MNT" '$2 == mnt { print $1, $3, $4 }' /proc/mounts
}
mount_vol
want="$(readlink -f "$DATA") scoutfs rw,relatime,acl,data_prealloc_blocks=2048,data_prealloc_contig_only=1,ino_alloc_per_lock=1024,metadev_path=$META,orphan_scan_delay_ms=10000,tcp_keepalive_timeout_ms=24000"
got=$(shown | sed "s#^$DATA #$(readlink -f "$DATA") #")
[ "$got" = "$want" ] || fail "shown: $got, not: $want"
umount_vol
mount_vol noacl,data_prealloc_blocks=5,ino_alloc_per_lock=7,lock_idle_count=100,orphan_scan_delay_ms=200,tcp_keepalive_timeout_ms=5000
want="rw,relatime,data_prealloc_blocks=5,data_prealloc_contig_only=1,ino_alloc_per_lock=7,metadev_path=$META,noacl,orphan_scan_delay_ms=200,tcp_keepalive_timeout_ms=5000"
got=$(shown | cut -d' ' -f3)
[ "$got" = "$want" ] || fail "shown: $got, not: $want"
# by device number, as fencing agents look for it
[ "$(findmnt -n -o TARGET -t scoutfs -S "$(readlink -f "$DATA")")" = "$MNT" ] || fail "findmnt does not find it by its data device"
end_clean
