#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# GET_ATTR_X and "scoutfs get-attr-x": what is asked for, no byte behind it, and errors.
. "$(dirname "$0")/../../lib.sh"

require_cmd python3
mkfs_vol
mount_vol
f=$MNT/f
dd if=/dev/zero of="$f" bs=4k count=3 status=none
sync -f "$MNT"
chmod 600 "$f"
cat >/tmp/attrx.py <<'PYTHON'
import ctypes, errno, os, struct, sys

GET = 0x4068e812
libc = ctypes.CDLL(None, use_errno=True)
names = ["meta_seq", "data_seq", "data_version", "online_blocks", "offline_blocks",
         "ctime", "crtime", "size", "retention", "project_id"]
ends = [24, 32, 40, 48, 56, 68, 80, 88, 96, 104]

def get(fd, mask, flags=0):
    buf = ctypes.create_string_buffer(b"\xa5" * 112, 112)
    struct.pack_into("=QQ", buf, 0, mask, flags)
    ret = libc.ioctl(fd, ctypes.c_ulong(GET), buf)
    return (0 if ret == 0 else ctypes.get_errno()), buf.raw

def expect(what, got, want):
    if got != want:
        sys.exit("%s: %s, not %s" % (what, got, want))

fd = os.open(sys.argv[1], os.O_RDONLY)
err, full = get(fd, 0x3ff)
expect("all", err, 0)
expect("all: what was asked for", struct.unpack_from("=QQ", full), (0x3ff, 0))
expect("all: behind it", full[104:], b"\xa5" * 8)
st = os.fstat(fd)
expect("size", struct.unpack_from("=Q", full, 80)[0], st.st_size)
expect("blocks", struct.unpack_from("=QQ", full, 40), (st.st_blocks // 8, 0))
expect("ctime", struct.unpack_from("=QI", full, 56), divmod(st.st_ctime_ns, 10**9))
for i, name in enumerate(names):
    err, one = get(fd, 1 << i)
    expect(name, err, 0)
    expect(name + ": bytes behind it", one[ends[i]:], b"\xa5" * (112 - ends[i]))
    start = ends[i] - (12 if name in ("ctime", "crtime") else 8)
    if name == "crtime":
        expect(name, one[68:80], full[68:80])
        start = 68
    elif name == "ctime":
        expect(name, one[56:68], full[56:68])
        start = 56
    else:
        expect(name, one[start:ends[i]], full[start:ends[i]])
    expect(name + ": what was not asked for", one[16:start], bytes(start - 16))
# nothing is asked for, nothing is written
err, none = get(fd, 0, 1 << 63)
expect("mask 0", (err, none[16:]), (0, b"\xa5" * 96))
expect("unknown bit", get(fd, 1 << 10)[0], errno.EINVAL)
expect("unknown bit", get(fd, 1 | 1 << 63)[0], errno.EINVAL)
expect("unknown flag", get(fd, 1, 2)[0], errno.EINVAL)
expect("known flag", get(fd, 1, 1)[0], 0)
for where in (8, 2**47):
    ret = libc.ioctl(fd, ctypes.c_ulong(GET), ctypes.c_void_p(where))
    expect("bad address", (ret, ctypes.get_errno()), (-1, errno.EFAULT))
PYTHON
python3 /tmp/attrx.py "$f"
python3 /tmp/attrx.py "$f" # and once it is clean
# the command
[ "$(scoutfs get-attr-x -s "$f")" = 12288 ] || fail "size $(scoutfs get-attr-x -s "$f")"
[ "$(scoutfs get-attr-x --size "$f")" = 12288 ] || fail "long option"
[ "$(scoutfs get-attr-x -t "$f")" = 0 ] || fail "retention"
[ "$(scoutfs get-attr-x -s -n "$f")" = $'online_blocks: 3\nsize: 12288' ] || fail "two of them"
scoutfs get-attr-x "$f" | sed 's/: .*//' | diff - <(printf '%s\n' meta_seq data_seq data_version \
	online_blocks offline_blocks ctime crtime size retention project_id)
scoutfs get-attr-x --json "$f" | python3 -c '
import json, sys
j = json.load(sys.stdin)
assert j["size"] == 12288 and j["retention"] is False and len(j) == 10, j'
code=0
scoutfs get-attr-x /dev/null >/tmp/out 2>&1 || code=$?
[ $code = 1 ] || fail "exit $code"
diff /tmp/out - <<'END'
attr_x ioctl failed on '/dev/null': Inappropriate ioctl for device (25)
scoutfs: get-attr-x failed: Inappropriate ioctl for device (25)
END
# for everybody who has it open
chmod 644 "$f"
setpriv --reuid 65534 --clear-groups scoutfs get-attr-x -p "$f" | grep -qx 0 || fail "not for users"
# the first format has neither
umount_vol
mkfs_vol -V 1
mount_vol
: >"$MNT/f"
expect_error "Operation not supported (95)" scoutfs get-attr-x -p "$MNT/f"
expect_error "Operation not supported (95)" scoutfs get-attr-x -t "$MNT/f"
scoutfs get-attr-x -v "$MNT/f" | grep -qx 0 || fail "data_version"
end_clean
