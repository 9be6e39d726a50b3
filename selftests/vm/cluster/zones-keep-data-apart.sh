#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# With data_alloc_zone_blocks set, mounts write into zones of their own; any mount reads and sets it.
. "$(dirname "$0")/../../lib.sh"

zone=1048576
mkfs_cluster 2
mount_all 2
opt0=$(sysfs_of 0)/volume_options/data_alloc_zone_blocks
opt1=$(sysfs_of 1)/volume_options/data_alloc_zone_blocks
[ "$(stat -c %a "$opt0")" = 644 ] || fail "mode $(stat -c %a "$opt0")"
# set_opt FILE BYTES: in one write(2)
set_opt() {
	printf %b "$2" | dd of="$1" bs=4096 iflag=fullblock status=none
}
# is VALUE: for both
is() {
	cmp "$opt0" <(printf %s "$1") && cmp "$opt1" <(printf %s "$1")
}

is ""
for bad in 0 1048575 0xfffff 2097153 99999999999999999999 -1 x; do
	expect_error "Invalid argument" set_opt "$opt0" "$bad"
	expect_error "Invalid argument" set_opt "$opt1" "$bad"
done
expect_error "Numerical result out of range" set_opt "$opt1" 00000000000000000000000000000000
is ""
# whoever leads, and in all bases
set_opt "$opt0" 0x200000
is 2097152
set_opt "$opt1" 06000000
is 1572864
set_opt "$opt0" "\r"
is ""
set_opt "$opt1" "$zone\n"
is $zone
expect_error "Invalid argument" set_opt "$opt1" 1
is $zone

# zones_of FILE: the zones that it has blocks in
zones_of() {
	sync "$1"
	filefrag -b4096 -v "$1" | awk -v zone=$zone '
		$1 ~ /^[0-9]+:$/ {
			split($4, at, /\.+/)
			split($5, to, /[.:]+/)
			print int(at[1] / zone)
			print int(to[1] / zone)
		}' | sort -nu | xargs
}
# several grants for each
write_all() {
	local i

	for ((i = 0; i < 5; i++)); do
		head -c 40M /dev/zero >"$MNT0/a$i" &
		head -c 40M /dev/zero >"$MNT1/b$i"
		wait $!
	done
}
write_all
a=$(zones_of "$MNT0/a4")
b=$(zones_of "$MNT1/b4")
say "zones: $a and $b"
[[ "$a $b" = "0 1" || "$a $b" = "1 0" ]] || fail "mount 0 has zone $a, mount 1 has zone $b"

# with a mount gone its zone is anybody's, but whoever is left stays where it is
umount_nth 1
head -c 300M /dev/zero >"$MNT0/c"
[ "$(zones_of "$MNT0/c")" = "$a" ] || fail "it moved to zone $(zones_of "$MNT0/c")"

# volume wide and persistent, for read-only mounts to see
umount_nth 0
mount_all 2
opt0=$(sysfs_of 0)/volume_options/data_alloc_zone_blocks
opt1=$(sysfs_of 1)/volume_options/data_alloc_zone_blocks
is $zone
mount -o remount,ro "$MNT1"
is $zone
expect_error "Read-only file system" set_opt "$opt1" "\n"
expect_error "Read-only file system" set_opt "$opt1" $zone
mount -o remount,rw "$MNT1"
set_opt "$opt1" "\nwhatever follows"
is ""
umount_all
check_vol

# from the beginning
mkfs_cluster 2 -z $zone
mount_all 2
opt0=$(sysfs_of 0)/volume_options/data_alloc_zone_blocks
opt1=$(sysfs_of 1)/volume_options/data_alloc_zone_blocks
is $zone
head -c 1M /dev/zero >"$MNT0/a"
head -c 1M /dev/zero >"$MNT1/b"
[ "$(zones_of "$MNT0/a")" != "$(zones_of "$MNT1/b")" ] || fail "both in zone $(zones_of "$MNT0/a")"
end_cluster
