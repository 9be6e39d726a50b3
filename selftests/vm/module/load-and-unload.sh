#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# All modules load and unload 15 times (50 in long runs), with mounts in between, and leave nothing behind.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
ours() {
	awk '$1 ~ /^scoutfs/ { print $1 }' /proc/modules
}
unload() {
	rmmod scoutfs scoutfs_lock_revoke scoutfs_lock_local scoutfs_lock
	rmmod scoutfs_net_tcp scoutfs_net_loop scoutfs_net scoutfs_format
	[ -z "$(ours)" ] || fail "still loaded: $(ours)"
}
slabs() {
	grep -cE '^(sfs|scoutfs)' /proc/slabinfo || :
}
modprobe -r scoutfs scoutfs_lock_local scoutfs_lock_revoke scoutfs_lock_cluster scoutfs_net_tcp scoutfs_net_loop scoutfs_net
[ -z "$(ours)" ] || fail "still loaded: $(ours)"
[ "$(slabs)" = 0 ] || fail "slab caches without modules"
[ ! -e /sys/fs/scoutfs ] || fail "/sys/fs/scoutfs without modules"
used() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|VmallocUsed|Percpu):/ { n += $2 } END { print n }' /proc/meminfo
}
times=15
[ "$TEST_LONG" = 0 ] || times=50
before=
for i in $(seq $times); do
	modprobe -a scoutfs scoutfs_lock_local scoutfs_lock_revoke scoutfs_net_tcp scoutfs_net_loop
	grep -qw scoutfs /proc/filesystems || fail "not in /proc/filesystems"
	if [ $((i % 5)) = 1 ]; then
		mount_vol
		mkdir "$MNT/d$i"
		manyfiles create "$MNT/d$i" 50
		dd if=/dev/zero of="$MNT/d$i/data" bs=64k count=4 status=none
		umount_vol
		grep -E '^(sfs|scoutfs)' /proc/slabinfo >/tmp/slabs || :
	fi
	unload
	[ "$(slabs)" = 0 ] || fail "slab caches stay: $(grep -E '^(sfs|scoutfs)' /proc/slabinfo)"
	! grep -qw scoutfs /proc/filesystems || fail "still in /proc/filesystems"
	[ "$i" != 5 ] || before=$(used)
done
after=$(used)
say "unreclaimable memory: $before then $after kB"
[ "$after" -lt $((before + 1024)) ] || fail "memory leaks: $before then $after kB"
mount_vol
manyfiles stat "$MNT/d1" 50
end_clean
