#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A mount does not give a file away while its device has asynchronous direct I/O of it,
# and deep queues of two mounts in one file get the bytes right.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/aioq.bash
. "$(dirname "$0")/../aioq.bash"
require_cmd fio

setup_cluster 2
trap 'dmsetup resume data0' EXIT
head -c 262144 /dev/zero | tr '\0' a >"$MNT0/f"
sync -f "$MNT0"
PRIME_OP=read PRIME=ab
queue read a
waits truncate -s 100 "$MNT1/f"
head -c 262144 /dev/zero | tr '\0' a >"$MNT0/f"
sync -f "$MNT0"
PRIME_OP=write PRIME=a
queue write b
count_b() {
	[ "$(tr -d a <"$MNT1/f" | wc -c)" = 65536 ]
}
waits count_b

for n in 0 1; do
	fio --name=q --filename="$(mnt_of $n)/g" --size=4m --offset=$((n * 4))m \
		--rw=randwrite --bs=4k --direct=1 --ioengine=libaio --iodepth=16 \
		--verify=crc32c --verify_fatal=1 --verify_backlog=32 --loops=3 \
		--fallocate=none >/tmp/fio$n.out &
	pids[n]=$!
done
for n in 0 1; do
	wait "${pids[n]}" || fail "mount $n: $(tail -n 40 /tmp/fio$n.out)"
done
for n in 0 1; do
	fio --name=q --filename="$(mnt_of $((1 - n)))/g" --size=4m --offset=$((n * 4))m \
		--rw=randread --bs=4k --direct=1 --ioengine=io_uring --iodepth=16 \
		--verify=crc32c --verify_fatal=1 >/tmp/fio.out ||
		fail "what mount $n wrote: $(tail -n 40 /tmp/fio.out)"
done
end_cluster
