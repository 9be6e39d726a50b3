#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host
# A power cut during recovery, or right after it, loses nothing.
. "$(dirname "$0")/../../lib.sh"

vm_lib "$VM" 'mkfs_vol; mount_vol
	cp -r /usr/include/asm-generic $MNT/dir; sync
	manyfiles create $MNT 200; mkdir $MNT/later'
delays=0.$((1 + RANDOM % 5))
[ "$TEST_LONG" = 0 ] || delays="0.1 0.5"
for delay in $delays; do
	say "power cut after $delay s"
	vm_kill "$VM"
	vm_start "$VM"
	vm_wait_boot "$VM"
	vm_lib "$VM" forget_guard
	vm_run "$VM" 'mount -t scoutfs -o metadev_path=$META $DATA $MNT' &
	pid=$!
	sleep "$delay"
	vm_kill "$VM"
	wait $pid || :
	vm_start "$VM"
	vm_wait_boot "$VM"
	vm_lib "$VM" 'check_vol'
done
vm_lib "$VM" 'forget_guard
	mount_vol
	diff -r /usr/include/asm-generic $MNT/dir
	end_clean'
