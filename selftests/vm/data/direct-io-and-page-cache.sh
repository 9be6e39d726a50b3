#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Direct I/O does not go through the page cache, and is what the page cache shows.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
cached() {
	fincore -bno PAGES "$MNT/f" | tr -d ' '
}
head -c 4194304 /dev/urandom >/tmp/bytes
dd if=/tmp/bytes of="$MNT/f" bs=256k oflag=direct status=none
[ "$(cached)" = 0 ] || fail "$(cached) pages after direct writes"
dd if="$MNT/f" bs=1M iflag=direct status=none | cmp - /tmp/bytes
[ "$(cached)" = 0 ] || fail "$(cached) pages after direct reads"

# one that the device cannot do: not aligned
dd if=/tmp/bytes of="$MNT/f" bs=1000 count=7 seek=3 conv=notrunc oflag=direct status=none
dd if=/tmp/bytes of=/tmp/copy bs=4M status=none
dd if=/tmp/bytes of=/tmp/copy bs=1000 count=7 seek=3 conv=notrunc status=none
cmp "$MNT/f" /tmp/copy

# a sector into a new block, and behind the end: the rest is zero
dd if=/tmp/bytes of="$MNT/g" bs=512 count=1 seek=11 oflag=direct status=none
[ "$(stat -c %s "$MNT/g")" = 6144 ] || fail "size $(stat -c %s "$MNT/g")"
head -c 5632 "$MNT/g" | tr -d '\0' | cmp - /dev/null
tail -c 512 "$MNT/g" | cmp -n 512 - /tmp/bytes
drop_caches
head -c 5632 "$MNT/g" | tr -d '\0' | cmp - /dev/null

# durable when it says so
dd if=/tmp/bytes of="$MNT/h" bs=64k oflag=direct,sync status=none
remount_vol
cmp "$MNT/h" /tmp/bytes
cmp "$MNT/f" /tmp/copy

# how things have to be aligned
fsop "$MNT" <<'END'
open 0 f rw|direct
pwrite 0 1 x
END
# a transfer from and to a mapping of the file itself
cat >/tmp/self.py <<'END'
import mmap, os, sys
path = sys.argv[1]
fd = os.open(path, os.O_RDWR | os.O_DIRECT)
m = mmap.mmap(fd, 1 << 20)
view = memoryview(m)
os.preadv(fd, [view[0:65536]], 524288)
assert m[0:65536] == m[524288:589824], "read into the file"
os.pwritev(fd, [view[524288:589824]], 131072)
assert m[131072:196608] == m[524288:589824], "write from the file"
END
timeout 60 python3 /tmp/self.py "$MNT/h" || fail "direct I/O with a mapping of the file: $?"
end_clean
