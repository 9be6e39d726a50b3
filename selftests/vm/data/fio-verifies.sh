#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# What fio wrote, by calls and by maps, in blocks of one size and of many, it reads back, now and after a remount.
. "$(dirname "$0")/../../lib.sh"

require_cmd fio
mkfs_vol
mount_vol
size=8m
[ "$TEST_LONG" = 0 ] || size=256m
# job NAME OPTIONS...: the seed is the same for each run of a job, so that a run that
# only verifies expects what the one before wrote
job() {
	local name=$1
	shift

	fio --name="$name" --filename="$MNT/$name" --size=$size --verify=crc32c \
		--verify_fatal=1 --randrepeat=1 --allrandrepeat=1 --minimal "$@" \
		>/tmp/fio.out 2>&1 || fail "fio $name $*: $(tail -n 5 /tmp/fio.out)"
}
all() {
	job pages --rw=randwrite --bs=4k --ioengine=psync --fsync=256 "$@"
	job mixed --rw=randwrite --bsrange=512-64k --bs_unaligned --norandommap=0 --ioengine=psync "$@"
	job maps --rw=randwrite --bs=4k --ioengine=mmap "$@"
	job stream --rw=write --bs=128k --ioengine=psync "$@"
}
all
remount_vol
all --verify_only
rm "$MNT/pages" "$MNT/maps"
end_clean
