#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Bytes written, appended, punched and cut off by one mount are what the other reads.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
for way in "0 1" "1 0"; do
	read -r a b <<<"$way"
	sed -e "s,A/,test$a/,g" -e "s,B/,test$b/,g" <<'EOF' | fsop /mnt
open 0 A/f rw|creat
open 1 B/f rw
read 1 9 = ''
write 0 hello
pread 1 0 9 = hello
pwrite 1 0 J
pread 0 0 9 = Jello
open 2 A/f wr|append
open 3 B/f wr|append
write 2 -one
write 3 -two
write 2 -three
pread 1 0 99 = Jello-one-two-three
pread 0 0 99 = Jello-one-two-three
# cached by both, then cut by one
ftruncate 0 5
pread 1 0 99 = Jello
write 3 !
pread 0 0 99 = Jello!
ftruncate 1 2
ftruncate 0 3
seek 1 0 end = 3
open 4 A/f wr|trunc
pread 1 0 99 = ''
# far away from each other
pwrite 0 0 low
pwrite 1 1000000 high
pread 1 0 3 = low
pread 0 1000000 9 = high
fstat 0 size = 1000004
unlink A/f
EOF
done
say "whole files, through the cache and around it"
for i in 1 2 3 4 5 6; do
	from=$(mnt_of $((i % 2))) to=$(mnt_of $(((i + 1) % 2)))
	head -c $((i * 700001)) /dev/urandom >/tmp/new
	cp /tmp/new "$from/big"
	cmp /tmp/new "$to/big"
	head -c 4096 /dev/urandom >/tmp/patch
	dd if=/tmp/patch of="$to/big" bs=4096 seek=3 conv=notrunc oflag=direct status=none
	dd if=/tmp/patch of=/tmp/new bs=4096 seek=3 conv=notrunc status=none
	cmp /tmp/new "$from/big"
	dd if="$from/big" of=/tmp/direct bs=1M iflag=direct status=none
	cmp /tmp/new /tmp/direct
done
end_cluster
