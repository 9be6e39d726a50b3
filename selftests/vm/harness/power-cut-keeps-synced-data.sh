#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: host
# A power cut ends the machine at once, and the next boot finds its disks.
. "$(dirname "$0")/../../lib.sh"

vm_lib "$VM" 'mkfs.ext4 -q -F /dev/sfs-ext4
	mount -t ext4 /dev/sfs-ext4 $SCRATCH_MNT
	echo kept >$SCRATCH_MNT/file; sync $SCRATCH_MNT/file'
vm_kill "$VM"
! vm_running "$VM" || fail "still running"
vm_start "$VM"
vm_wait_boot "$VM"
vm_lib "$VM" 'mount -t ext4 /dev/sfs-ext4 $SCRATCH_MNT; grep -qx kept $SCRATCH_MNT/file
	umount $SCRATCH_MNT'
