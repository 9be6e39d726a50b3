#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# The bytes of small files are next to the inode, and move to a block when they grow.
. "$(dirname "$0")/../../lib.sh"

expect() {
	[ "$2" = "$3" ] || fail "$1: $2, not $3"
}
is_inline() {
	filefrag -v "$1" | grep -q inline
}

mkfs_vol
mount_vol
cd "$MNT" || exit
# files of 700 bytes take no data and write nothing to the data device
sync -f .
written=$(disk_stat "$DATA" write_sectors)
for ((i = 0; i < 50; i++)); do
	head -c 700 /dev/urandom >f$i
done
sha256sum f* >/tmp/sums
expect "st_blocks when dirty" "$(stat -c %b f0)" 8
sync -f .
filefrag -v f* | grep -B1 -A2 'physical_offset' | grep -v inline | grep '^ *0:' && fail "a file has a block"
expect "sectors written to the data device" "$(($(disk_stat "$DATA" write_sectors) - written))" 0
expect "st_blocks when stored" "$(stat -c %b f0)" 8
is_inline f0 || fail "$(filefrag -v f0)"
cd /
remount_vol
cd "$MNT" || exit
reads=$(disk_stat "$DATA" reads)
sha256sum --quiet -c /tmp/sums
expect "reads from the data device" "$(($(disk_stat "$DATA" reads) - reads))" 0

# an append that outgrows the item, one that does not; what was there is there
head -c 100 /dev/urandom >/tmp/more
cp f1 /tmp/f1
cat /tmp/more >>f1
cat /tmp/more >>/tmp/f1
drop_caches
cmp f1 /tmp/f1
is_inline f1 || fail "800 bytes: $(filefrag -v f1)"
for ((i = 0; i < 30; i++)); do
	cat /tmp/more >>f1
	cat /tmp/more >>/tmp/f1
done
cmp f1 /tmp/f1
sync -f .
! is_inline f1 || fail "3800 bytes are inline"
drop_caches
cmp f1 /tmp/f1

# the middle changes after the pages are gone
cp f2 /tmp/f2
drop_caches
for file in f2 /tmp/f2; do
	printf middle | dd of=$file bs=1 seek=300 conv=notrunc status=none
done
cmp f2 /tmp/f2
drop_caches
cmp f2 /tmp/f2

# shorter, then longer, up to a size that no item can have
for file in f3 /tmp/f3; do
	[ $file = f3 ] || cp f3 $file
	truncate -s 400 $file
	truncate -s 800 $file
done
drop_caches
cmp f3 /tmp/f3
truncate -s 1000000 f3 /tmp/f3
cmp f3 /tmp/f3
drop_caches
cmp f3 /tmp/f3
expect "data found at" "$(xfs_io -r -c 'seek -d 0' f3 | awk 'END { print $2 }')" 0

# space that is given does not hide the bytes
cp f4 /tmp/f4
drop_caches
fallocate -n -l 1M f4
cmp f4 /tmp/f4
drop_caches
cmp f4 /tmp/f4
for file in f4 /tmp/f4; do
	printf start | dd of=$file bs=1 conv=notrunc status=none
done
drop_caches
cmp f4 /tmp/f4

# punched, zeroed, read directly and written directly
cp f5 /tmp/f5
fallocate -p -o 100 -l 200 f5
dd if=/dev/zero of=/tmp/f5 bs=100 seek=1 count=2 conv=notrunc status=none
cmp f5 /tmp/f5
drop_caches
cmp f5 /tmp/f5
cp f6 /tmp/f6
drop_caches
dd if=f6 iflag=direct bs=4096 status=none | cmp - /tmp/f6
head -c 512 /dev/urandom >/tmp/sector
for file in f6 /tmp/f6; do
	flags=notrunc
	[ $file != f6 ] || set -- oflag=direct
	dd if=/tmp/sector of=$file bs=512 count=1 conv=$flags "$@" status=none
	set --
done
cmp f6 /tmp/f6
drop_caches
cmp f6 /tmp/f6

# mapped
cp f7 /tmp/f7
drop_caches
for file in f7 /tmp/f7; do
	xfs_io -c 'mmap -rw 0 700' -c 'mwrite -S 0x41 50 60' -c msync $file
done
cmp f7 /tmp/f7
is_inline f7 || fail "mapped: $(filefrag -v f7)"
drop_caches
cmp f7 /tmp/f7
cd /
end_clean
