#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Options out of range, malformed, repeated or unknown are EINVAL; the others mount.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
bad() {
	expect_error "wrong fs type, bad option" mount_vol "$1"
}
for opt in data_prealloc_blocks=0 data_prealloc_blocks=4503599627370496 \
	   data_prealloc_contig_only=2 data_prealloc_contig_only=-1 \
	   ino_alloc_per_lock=0 ino_alloc_per_lock=1025 \
	   lock_idle_count=31 lock_idle_count=100001 \
	   log_merge_wait_timeout_ms=99 log_merge_wait_timeout_ms=60001 \
	   orphan_scan_delay_ms=99 orphan_scan_delay_ms=60001 \
	   quorum_heartbeat_timeout_ms=1999 quorum_heartbeat_timeout_ms=60001 \
	   quorum_slot_nr=15 quorum_slot_nr=-1 \
	   tcp_keepalive_timeout_ms=3000 \
	   orphan_scan_delay_ms=x orphan_scan_delay_ms= orphan_scan_delay_ms=100x \
	   orphan_scan_delay_ms orphan_scan_delay_ms=18446744073709551617 \
	   orphan_scan_delay_ms=1000,orphan_scan_delay_ms=1000 \
	   quorum_slot_nr=0 bogus bogus=1 acl=1; do
	bad "$opt"
done
[ "$(lsmod | awk '$1 == "scoutfs" { print $3 }')" = 0 ] || fail "a failed mount holds the module"
# the limits themselves, in all notations
for opts in data_prealloc_blocks=1,data_prealloc_contig_only=0,ino_alloc_per_lock=1,lock_idle_count=32,log_merge_wait_timeout_ms=100,orphan_scan_delay_ms=100,quorum_heartbeat_timeout_ms=2000,tcp_keepalive_timeout_ms=3001 \
	    data_prealloc_blocks=4503599627370495,data_prealloc_contig_only=1,ino_alloc_per_lock=1024,lock_idle_count=100000,log_merge_wait_timeout_ms=60000,orphan_scan_delay_ms=60000,quorum_heartbeat_timeout_ms=60000 \
	    ino_alloc_per_lock=1,ino_alloc_per_lock=0x10,orphan_scan_delay_ms=0310; do
	mount_vol "$opts"
	cat /sys/fs/scoutfs/*/mount_options/* >/dev/null
	last="$(cat /sys/fs/scoutfs/*/mount_options/ino_alloc_per_lock) $(cat /sys/fs/scoutfs/*/mount_options/orphan_scan_delay_ms)"
	umount_vol
done
[ "$last" = "16 200" ] || fail "hexadecimal and octal: $last"
check_vol
