#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# GET_REFERRING_ENTRIES and "scoutfs get-referring-entries": records, the mark of the
# last one, continuing, errors.
. "$(dirname "$0")/../../lib.sh"

require_cmd python3
mkfs_vol
mount_vol
mkdir "$MNT/d"
: >"$MNT/f"
ino=$(stat -c %i "$MNT/f")
ln "$MNT/f" "$MNT/d/second name"
entries() {
	scoutfs get-referring-entries -p "$MNT" "$1"
}
entries "$ino" | sed 's/pos [0-9]*/pos P/' | sort | diff - <(sort <<END
dir 1 pos P type 8 name f
dir $(stat -c %i "$MNT/d") pos P type 8 name second name
END
)
entries "$(stat -c %i "$MNT/d")" | grep -qx 'dir 1 pos [0-9]* type 4 name d' || fail "a directory"
[ -z "$(entries 1)" ] || fail "the root is in a directory"
[ -z "$(entries 123456789)" ] || fail "what does not exist is in a directory"
# many of them, more than one call tells
for i in {1..60}; do
	ln "$MNT/f" "$MNT/d/$(printf '%0*d' $((i * 4)) "$i")"
done
ln "$MNT/f" "$MNT/d/$(printf '%0255d' 255)"
cat >/tmp/referring.py <<'PYTHON'
import ctypes, errno, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
top, ino, nlink = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
fd = os.open(top, os.O_RDONLY)

def ask(dir_ino, dir_pos, size):
    buf = ctypes.create_string_buffer(b"\xa5" * (size + 64), size + 64)
    arg = struct.pack("=QQQQQ", ino, dir_ino, dir_pos, ctypes.addressof(buf), size)
    ret = libc.ioctl(fd, ctypes.c_ulong(0x4028e811), ctypes.create_string_buffer(arg, 40))
    if buf.raw[size:] != b"\xa5" * 64:
        sys.exit("written past %d bytes" % size)
    return ret if ret >= 0 else -ctypes.get_errno(), buf.raw

def records(nr, buf):
    at, out = 0, []
    for _ in range(nr):
        d, p, i, size, flags, dtype, length = struct.unpack_from("=QQQHBBB", buf, at)
        name = buf[at + 29:at + 29 + length]
        if i != ino or size != (30 + length + 15) // 16 * 16 or dtype != 8 or buf[at + 29 + length] != 0:
            sys.exit("bad record at %d" % at)
        out.append((d, p, flags, name.decode()))
        at += size
    return out

def walk(size):
    out, d, p = [], 0, 0
    while True:
        nr, buf = ask(d, p, size)
        if nr <= 0:
            sys.exit("%d with %d bytes, and none was the last" % (nr, size))
        got = records(nr, buf)
        out += got
        if [r for r in got[:-1] if r[2]]:
            sys.exit("the last one is not the last")
        if got[-1][2]:
            return out
        d, p = got[-1][0], got[-1][1] + 1

all_of_them = walk(100000)
if len(all_of_them) != nlink or [r[:2] for r in all_of_them] != sorted(set(r[:2] for r in all_of_them)):
    sys.exit("%d records, or not in order" % len(all_of_them))
want = set(os.listdir(top + "/d")) | {"f"}
if set(r[3] for r in all_of_them) != want:
    sys.exit("names")
for size in (288, 300, 1000, 4096):
    if walk(size) != all_of_them:
        sys.exit("other records with %d bytes" % size)
nr, buf = ask(0, 0, 31)
if nr != -errno.EINVAL:
    sys.exit("too small: %d" % nr)
last = all_of_them[-1]
if ask(last[0], last[1] + 1, 1000)[0] != 0:
    sys.exit("behind the last")
ret = libc.ioctl(fd, ctypes.c_ulong(0x4028e811), ctypes.c_void_p(8))
if (ret, ctypes.get_errno()) != (-1, errno.EFAULT):
    sys.exit("no EFAULT")
os.setuid(65534)
if ask(0, 0, 1000)[0] != -errno.EPERM:
    sys.exit("no EPERM")
PYTHON
python3 /tmp/referring.py "$MNT" "$ino" "$(stat -c %h "$MNT/f")"
[ "$(entries "$ino" | wc -l)" = 63 ] || fail "$(entries "$ino" | wc -l) entries"
scoutfs get-referring-entries --json -p "$MNT" "$ino" |
	python3 -c 'import json, sys; assert len(json.load(sys.stdin)["entries"]) == 63'
end_clean
