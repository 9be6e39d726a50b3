#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Deep queues of direct reads and writes, by AIO and by io_uring, get the bytes right.
. "$(dirname "$0")/../../lib.sh"
require_cmd fio

mkfs_vol
mount_vol
for engine in libaio io_uring; do
	# the first round finds holes and unwritten blocks, the second written ones
	for overwrite in 0 1; do
		fio --name=q --filename="$MNT/f" --size=16m --rw=randwrite --bs=4k-32k \
			--direct=1 --ioengine=$engine --iodepth=16 --verify=crc32c \
			--verify_backlog=256 --verify_fatal=1 --overwrite=$overwrite \
			--randseed=$overwrite --fallocate=none >/tmp/fio.out ||
			fail "$engine: $(tail -n 40 /tmp/fio.out)"
	done
done
# two of them, and a reader through the page cache beside
fio --name=cached --filename="$MNT/f" --size=16m --rw=randread --bs=4k --time_based \
	--runtime=4 --ioengine=psync --name=q --filename="$MNT/f" --size=8m --numjobs=2 \
	--offset_increment=8m --rw=randrw --bs=4k --direct=1 --ioengine=libaio \
	--iodepth=16 --verify=crc32c --verify_fatal=1 --verify_backlog=64 \
	>/tmp/fio.out || fail "beside: $(tail -n 40 /tmp/fio.out)"

# those that shall be durable are when they are completed: four at a time share a flush
flushes=$(disk_stat "$DATA" flushes)
fio --name=q --filename="$MNT/f" --size=1m --rw=randwrite --bs=4k --direct=1 \
	--sync=dsync --ioengine=libaio --iodepth=4 --number_ios=32 >/tmp/fio.out ||
	fail "O_DSYNC: $(tail -n 40 /tmp/fio.out)"
flushes=$(($(disk_stat "$DATA" flushes) - flushes))
[ "$flushes" -ge 6 ] || fail "$flushes flushes for 32 writes"
end_clean
