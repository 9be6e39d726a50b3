#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Asynchronous direct I/O returns before the device has done it, and what would take its
# blocks away, write to them or unmount the volume waits for it.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/aioq.bash
. "$(dirname "$0")/../aioq.bash"

mkfs_vol
mount_nth 0
trap 'dmsetup resume data0' EXIT
new_file() {
	head -c 262144 /dev/zero | tr '\0' "$1" >"$MNT0/f"
	drop_caches
}

for what in read write; do
	new_file a
	queue $what a
	waits truncate -s 0 "$MNT0/f"
	new_file a
	queue $what a
	waits fallocate -p -o 4096 -l 200000 "$MNT0/f"
done
new_file a
queue read a
waits fallocate -z -o 4096 -l 200000 "$MNT0/f"

# a write that comes later is later, though it goes through the page cache
new_file a
queue write b
waits dd if=/dev/zero of="$MNT0/f" bs=4096 conv=notrunc count=64 status=none
drop_caches
head -c 262144 /dev/zero | cmp - "$MNT0/f"

# the mount is in use until they are done
new_file a
queue write b
expect_fail umount "$MNT0"
dmsetup resume data0
wait $queue
umount "$MNT0"
mount_nth 0
[ "$(tr -d a <"$MNT0/f" | wc -c)" = 65536 ] || fail "not written"

# and if nobody sees it any more
queue write c
umount -l "$MNT0"
dmsetup resume data0
wait $queue
wait_until 60 sh -c "! ls /sys/fs/scoutfs | grep -q r\\."
mount_nth 0
[ "$(tr -d a <"$MNT0/f" | tr -d c | wc -c)" = 0 ] || fail "not written by the last"
umount "$MNT0"
check_vol
