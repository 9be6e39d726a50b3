#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host
# Files that were unlinked and open when the power failed are gone afterwards.
. "$(dirname "$0")/../../lib.sh"

vm_lib "$VM" 'mkfs_vol
	mount_vol orphan_scan_delay_ms=100
	mkdir $MNT/d
	for i in 1 2 3 4 5; do dd if=/dev/zero of=$MNT/d/f$i bs=1M count=2 status=none; done
	echo kept >$MNT/kept
	tail -f $MNT/d/f1 $MNT/d/f2 $MNT/d/f3 >/dev/null 2>&1 &
	sleep 0.5
	rm $MNT/d/f[123]
	sync $MNT/kept'
vm_kill "$VM"
vm_start "$VM"
vm_wait_boot "$VM"
vm_lib "$VM" 'check_vol
	forget_guard
	fsck.scoutfs -v $META $DATA | tee /dev/stderr | grep -q " 3 orphans" || fail "no orphans in the volume"
	mount_vol orphan_scan_delay_ms=100
	grep -qx kept $MNT/kept
	[ "$(echo $(ls $MNT/d))" = "f4 f5" ] || fail "other files: $(ls $MNT/d)"
	gone() {
		sync
		# root, d, kept, f4, f5
		[ "$(fsop $MNT <<<"show statfs . files")" = "$(($(fsop $MNT <<<"show statfs . ffree") + 5))" ]
	}
	wait_until 60 gone
	end_clean
	fsck.scoutfs -v $META $DATA | tee /dev/stderr | grep -q " 0 orphans" || fail "orphans are left"'
