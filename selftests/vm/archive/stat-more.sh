#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# STAT_MORE and "scoutfs stat": sequence numbers, data_version, block counts, creation,
# as section 3.6 of the archive ABI has them.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
field() {
	scoutfs stat -s "$2" "$1"
}
# same FILE FIELD VALUE, more FILE FIELD VALUE: it is that, or grew from that
same() {
	[ "$(field "$1" "$2")" = "$3" ] || fail "$1: $2 is $(field "$1" "$2"), not $3"
}
more() {
	[ "$(field "$1" "$2")" -gt "$3" ] || fail "$1: $2 is $(field "$1" "$2") after $3"
}
f=$MNT/f
: >"$f"
same "$f" data_version 0
same "$f" online_blocks 0
same "$f" offline_blocks 0
[ "$(field "$f" crtime)" = "$(stat -c %.9W "$f")" ] || fail "crtime $(field "$f" crtime)"
m=$(field "$f" meta_seq)
same "$f" data_seq "$m"
# a write, as soon as it has happened
dd if=/dev/zero of="$f" bs=4k count=5 conv=notrunc status=none
more "$f" data_version 0
same "$f" online_blocks 5
sync -f "$MNT"
same "$f" online_blocks 5
v=$(field "$f" data_version)
d=$(field "$f" data_seq)
# what changes no data changes meta_seq alone
sync -f "$MNT"
m=$(field "$f" meta_seq)
chmod 600 "$f"
more "$f" meta_seq "$m"
same "$f" data_seq "$d"
same "$f" data_version "$v"
# a truncate to another size is one change
sync -f "$MNT"
truncate -s 8k "$f"
same "$f" data_version $((v + 1))
same "$f" online_blocks 2
more "$f" data_seq "$d"
v=$((v + 1))
truncate -s 8k "$f"
same "$f" data_version $v
fallocate -n -o 1M -l 1M "$f"
same "$f" data_version $v
same "$f" online_blocks 2
# a few bytes, wherever they are, are a block
echo x >"$MNT/small"
same "$MNT/small" online_blocks 1
sync -f "$MNT"
same "$MNT/small" online_blocks 1
# all of it, and of a directory
mkdir "$MNT/d"
same "$MNT/d" online_blocks 0
same "$MNT/d" data_version 0
scoutfs stat "$f" >/tmp/stat
sed 's/[0-9.]*$/N/' /tmp/stat | diff - <(printf '%-17s N\n' meta_seq data_seq data_version \
	online_blocks offline_blocks crtime)
python3 -c '
import json, sys
want = dict(line.split() for line in open("/tmp/stat"))
got = json.load(sys.stdin)
assert {k: str(v) for k, v in got.items()} == want, (got, want)' < <(scoutfs stat --json "$f")
# coherent after a remount
scoutfs stat "$f" >/tmp/stat
remount_vol
scoutfs stat "$f" | diff /tmp/stat -
# what it says when it fails
code=0
scoutfs stat >/tmp/out 2>&1 || code=$?
[ $code = 64 ] || fail "without a path: exit $code"
code=0
scoutfs stat -s no_such "$f" >/tmp/out 2>&1 || code=$?
[ $code = 64 ] || fail "unknown field: exit $code"
code=0
scoutfs stat "$MNT/none" >/tmp/out 2>&1 || code=$?
[ $code = 1 ] || fail "no file: exit $code"
diff /tmp/out - <<END
failed to open '$MNT/none': No such file or directory (2)
scoutfs: stat failed: No such file or directory (2)
END
scoutfs stat /dev/null >/tmp/out 2>&1
echo "ioctl failed: Inappropriate ioctl for device (25)" | diff /tmp/out -
mkfifo "$MNT/fifo"
exec 3<>"$MNT/fifo"
scoutfs stat "$MNT/fifo" >/tmp/out 2>&1
echo "ioctl failed: Inappropriate ioctl for device (25)" | diff /tmp/out -
exec 3>&-
# memory that is not there
python3 - "$f" <<'PYTHON'
import ctypes, errno, os, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open(sys.argv[1], os.O_RDONLY)
if libc.ioctl(fd, ctypes.c_ulong(0x8038e805), ctypes.c_void_p(8)) != -1 or ctypes.get_errno() != errno.EFAULT:
    sys.exit("no EFAULT")
# another size is another call
if libc.ioctl(fd, ctypes.c_ulong(0x8040e805), ctypes.create_string_buffer(64)) != -1 or ctypes.get_errno() != errno.ENOTTY:
    sys.exit("no ENOTTY")
PYTHON
end_clean
