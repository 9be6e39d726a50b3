#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# INO_PATH and "scoutfs ino-path": each link's path, errors, names that change meanwhile.
. "$(dirname "$0")/../../lib.sh"

require_cmd python3
mkfs_vol
mount_vol
mkdir -p "$MNT/a/b/c"
: >"$MNT/a/b/c/f"
ino=$(stat -c %i "$MNT/a/b/c/f")
paths() {
	scoutfs ino-path -p "$MNT" "$1"
}
[ "$(paths "$ino")" = a/b/c/f ] || fail "path $(paths "$ino")"
[ "$(paths "$(stat -c %i "$MNT/a")")" = a ] || fail "a directory of the root"
ln "$MNT/a/b/c/f" "$MNT/g"
ln "$MNT/a/b/c/f" "$MNT/a/h"
diff <(paths "$ino" | sort) <(printf '%s\n' a/b/c/f a/h g)
[ "$(cd "$MNT" && scoutfs ino-path "$ino" | wc -l)" = 3 ] || fail "in the current directory"
[ "$(SCOUTFS_MOUNT_PATH=$MNT scoutfs ino-path "$ino" | wc -l)" = 3 ] || fail "by the environment"
# the first link goes, the others stay
rm "$MNT/a/b/c/f"
diff <(paths "$ino" | sort) <(printf '%s\n' a/h g)
mv "$MNT/a" "$MNT/moved"
diff <(paths "$ino" | sort) <(printf '%s\n' g moved/h)
ln -s nowhere "$MNT/sym"
[ "$(paths "$(stat -c %i "$MNT/sym")")" = sym ] || fail "a symbolic link"
# what has no name: the root, an unlinked file, a number of nobody
[ -z "$(paths 1)" ] || fail "the root has a name"
exec 3>"$MNT/gone"
gone=$(stat -c %i "$MNT/gone")
rm "$MNT/gone"
[ -z "$(paths "$gone")" ] || fail "an unlinked file has a name"
exec 3>&-
[ -z "$(paths 123456789)" ] || fail "a file that does not exist has a name"
# long: a path of far more than PATH_MAX
(
	cd "$MNT" || exit
	name=$(printf 'x%.0s' {1..250})
	for _ in {1..30}; do
		mkdir "$name"
		cd "$name" || exit
	done
	: >deep
	stat -c %i deep >/tmp/deep
)
long=$(paths "$(cat /tmp/deep)")
[ ${#long} = $((30 * 251 + 4)) ] || fail "${#long} bytes"
cat >/tmp/inopath.py <<'PYTHON'
import ctypes, errno, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open(sys.argv[1], os.O_RDONLY)
ino = int(sys.argv[2])
want = sys.argv[3].encode()

def ask(ino, dir_ino, dir_pos, size, ptr=None):
    buf = ctypes.create_string_buffer(b"\xa5" * 70000, 70000)
    arg = struct.pack("=QQQQH6x", ino, dir_ino, dir_pos, ctypes.addressof(buf) if ptr is None else ptr, size)
    ret = libc.ioctl(fd, ctypes.c_ulong(0x4028e802), ctypes.create_string_buffer(arg, 40))
    return 0 if ret == 0 else ctypes.get_errno(), buf.raw

def expect(what, got, want):
    if got != want:
        sys.exit("%s: %s, not %s" % (what, got, want))

need = 24 + len(want) + 1
err, buf = ask(ino, 0, 0, need)
expect("just enough", err, 0)
dir_ino, dir_pos, nr = struct.unpack_from("=QQH", buf)
expect("path", (nr, buf[24:need]), (len(want) + 1, want + b"\0"))
expect("behind it", buf[need:need + 8], b"\xa5" * 8)
err, buf = ask(ino, 0, 0, need - 1)
expect("too small", (err, buf[:24]), (errno.ENAMETOOLONG, b"\xa5" * 24))
for size in (0, 1, 23, 24):
    expect("size %d" % size, ask(ino, 0, 0, size)[0], errno.ENAMETOOLONG)
expect("from its place", ask(ino, dir_ino, dir_pos, need)[0], 0)
expect("behind its place", ask(ino, dir_ino, dir_pos + 1, need)[0], errno.ENOENT)
expect("behind its directory", ask(ino, dir_ino + 1, 0, need)[0], errno.ENOENT)
expect("bad result", ask(ino, 0, 0, need, 8)[0], errno.EFAULT)
ret = libc.ioctl(fd, ctypes.c_ulong(0x4028e802), ctypes.c_void_p(8))
expect("bad argument", (ret, ctypes.get_errno()), (-1, errno.EFAULT))
os.setuid(65534)
ret = libc.ioctl(fd, ctypes.c_ulong(0x4028e802), ctypes.c_void_p(8))
expect("no capability", (ret, ctypes.get_errno()), (-1, errno.EPERM))
PYTHON
mkdir "$MNT/one"
: >"$MNT/one/file"
python3 /tmp/inopath.py "$MNT" "$(stat -c %i "$MNT/one/file")" one/file
# a name that moves to and fro is told as one of the two
mkdir -p "$MNT/x/y" "$MNT/z"
: >"$MNT/x/y/m"
ino=$(stat -c %i "$MNT/x/y/m")
(for _ in {1..40}; do
	mv "$MNT/x/y" "$MNT/z/y"
	mv "$MNT/z/y" "$MNT/x/y"
done) &
while kill -0 $! 2>/dev/null; do
	case $(paths "$ino") in
	x/y/m | z/y/m) ;;
	*) fail "moving: $(paths "$ino")" ;;
	esac
done
wait $!
end_clean
