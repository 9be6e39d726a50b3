#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A volume that another host has mounted is EBUSY; a dead host's is not.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
echo hello >"$MNT/file"
umount_vol
fsid=$(diskpage "$META" 65536 u64:8)
page=$(((192 << 10) + 15 * 4096))
# magic, fsid, own address, seq, slot, type, rid, interval
beat() {
	diskpage "$META" $page u32:0=0x6f757173 u64:8="$fsid" u64:16=$((page / 4096)) \
		u64:24="$1" u64:32=15 u8:40=4 u64:48=0x1234 u64:56="$1" u32:64=1000 u64:72=0x68
}
touch /tmp/alive
trap 'rm -f /tmp/alive' EXIT
(
	i=1
	while [ -e /tmp/alive ]; do
		i=$((i + 1))
		beat $i
		sleep 0.3
	done
) &
beat 1
expect_error "busy" mount_vol
dmesg | tail -n 10 | grep -q 'in use by node "h"' || fail "the log does not say by whom"
expect_error "busy" mount_vol ro
rm /tmp/alive
wait
# the host is dead now: its page stays as it is
start=$SECONDS
mount_vol
say "mounted after $((SECONDS - start)) s"
grep -qx hello "$MNT/file"
# somebody writes the page nevertheless: this mount stops
beat 99
noticed() {
	dmesg | tail -n 20 | grep -q multi-mount-guard
}
wait_until 30 noticed
expect_error "Input/output error" touch "$MNT/new"
umount_vol
forget_guard
mount_vol
end_clean
