#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Asynchronous direct I/O beside truncation and holes never gets at blocks that another
# file has by now.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
size=$((4 << 20))
head -c $size /dev/zero | tr '\0' a >/tmp/a
head -c $size /dev/zero | tr '\0' b >/tmp/b
cp /tmp/a "$MNT/a"
sync
aioq -t 10 read "$MNT/a" 32 a0 >/tmp/read.out &
reader=$!
aioq -t 10 write "$MNT/a" 8 a >/tmp/write.out &
writer=$!
for ((n = 0; n == 0 || SECONDS < 10; n++)); do
	if ((n % 2)); then
		truncate -s 0 "$MNT/a"
	else
		fallocate -p -o 0 -l $size "$MNT/a"
	fi
	# freed blocks are given away after a commit
	sync -f "$MNT"
	dd if=/tmp/b of="$MNT/b$((n % 2))" bs=1M oflag=direct status=none
	dd if=/tmp/a of="$MNT/a" bs=1M oflag=direct conv=notrunc status=none
	cmp "$MNT/b$((n % 2))" /tmp/b
	rm -f "$MNT/b$(((n + 1) % 2))"
done
wait $reader || fail "the reader"
wait $writer || fail "the writer"
say "$n rounds, $(tail -n 1 /tmp/read.out), $(tail -n 1 /tmp/write.out)"
tr -d 'a\0' <"$MNT/a" | cmp - /dev/null
end_clean
