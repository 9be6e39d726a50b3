#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Asynchronous direct I/O tells of a device that fails, and goes on when it works again.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_nth 0
trap 'dmsetup resume data0' EXIT
table=$(dmsetup table data0)
head -c 262144 /dev/zero | tr '\0' a >"$MNT0/f"
drop_caches
# the first write finds out that there are no privileges to take away
aioq write "$MNT0/f" 1 a >/dev/null
for what in read write; do
	dmsetup suspend --nolockfs --noflush data0
	aioq $what "$MNT0/f" 16 a >/tmp/aioq.out &
	wait_until 10 grep -q submitted /tmp/aioq.out
	dmsetup load data0 --table "0 $(blockdev --getsz "$DATA") error"
	dmsetup resume data0
	wait $! || fail "$what: $(cat /tmp/aioq.out)"
	grep -q "done 16 failed 16" /tmp/aioq.out || fail "$what: $(cat /tmp/aioq.out)"
	dmsetup suspend --nolockfs --noflush data0
	dmsetup load data0 --table "$table"
	dmsetup resume data0
	aioq $what "$MNT0/f" 16 a | grep -q "done 16 failed 0" ||
		fail "$what: fails for ever"
done
umount "$MNT0"
check_vol
