#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# fallocate(2) gives space, takes it back, zeroes; what it cannot do it refuses.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
cd "$MNT" || exit
kib() {
	echo $(($(stat -f -c '%f*%S' . | bc) / 1024))
}
expect() {
	[ "$2" = "$3" ] || fail "$1: $2, not $3"
}
# metadata takes some
expect_kib() {
	if [ "$2" -lt "$3" ] || [ "$2" -gt $(($3 + 200)) ]; then
		fail "$1: $2 KiB, not $3"
	fi
}

# space for a file of 8 MiB, which is there, then used, and nothing more taken
sync -f .
free=$(kib)
fallocate -l 8M f
sync -f .
expect_kib "taken after fallocate" "$((free - $(kib)))" 8192
expect size "$(stat -c %s f)" 8388608
expect "bytes read" "$(tr -d '\0' <f | wc -c)" 0
head -c 8388608 /dev/urandom >/tmp/bytes
dd if=/tmp/bytes of=f bs=1M conv=notrunc status=none
sync -f .
expect_kib "taken after writing" "$((free - $(kib)))" 8192
expect "extents" "$(filefrag f | grep -o '[0-9]* extent')" "1 extent"

# a hole of unaligned ends: whole blocks are given back, the rest is zero
fallocate -p -o 1000 -l 4000000 f
head -c 4001000 /dev/zero >/tmp/zero
dd if=/tmp/zero of=/tmp/bytes bs=4000000 count=4000000 seek=1000 iflag=count_bytes \
	oflag=seek_bytes conv=notrunc status=none
cmp f /tmp/bytes
sync -f .
expect_kib "taken with a hole" "$((free - $(kib)))" $((8192 - 975 * 4))
cd /
remount_vol
cd "$MNT" || exit
cmp f /tmp/bytes

# zeroes keep their space
dd if=/tmp/zero of=/tmp/bytes bs=1M count=1000000 seek=5000001 iflag=count_bytes \
	oflag=seek_bytes conv=notrunc status=none
fallocate -z -o 5000001 -l 1000000 f
cmp f /tmp/bytes
sync -f .
expect_kib "taken with zeroes" "$((free - $(kib)))" $((8192 - 975 * 4))
drop_caches
cmp f /tmp/bytes

# past the size, with and without a new one
fallocate -n -o 8M -l 1M f
expect "size kept" "$(stat -c %s f)" 8388608
fallocate -z -o 8M -l 4097 f
expect "size after zeroing" "$(stat -c %s f)" 8392705
expect "bytes there" "$(tail -c 4097 f | tr -d '\0' | wc -c)" 0
truncate -s 8M f
cmp f /tmp/bytes
# truncation to the same size gives back what is past it
truncate -s 8M f
sync -f .
expect_kib "taken after truncation" "$((free - $(kib)))" $((8192 - 975 * 4))

# times and version: a change of bytes is one, space is none
before=$(stat -c '%y %z' f)
fallocate -n -o 0 -l 1M f
expect "times" "$(stat -c '%y %z' f)" "$before"
fallocate -p -o 0 -l 4096 f
[ "$(stat -c '%y %z' f)" != "$before" ] || fail "times stay with a hole"

for opt in "-c -o 0 -l 4096" "-i -o 0 -l 4096"; do
	# shellcheck disable=SC2086
	fallocate $opt f 2>/tmp/err && fail "fallocate $opt works"
	grep -q "not supported" /tmp/err || fail "fallocate $opt: $(cat /tmp/err)"
done

# more than there is: an error, and the file has no size of which nothing is there
fallocate -l 1T g 2>/tmp/err && fail "1 TiB fits"
grep -q "No space left" /tmp/err || fail "fallocate -l 1T: $(cat /tmp/err)"
expect "size after ENOSPC" "$(stat -c %s g)" 0
rm g
: >g
rm f g
cd /
end_clean
