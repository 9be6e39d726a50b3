#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# copy_file_range(), sendfile() and splice() move bytes from and to files, between
# files of two mounts too.
. "$(dirname "$0")/../../lib.sh"

require_cmd python3
mkfs_vol
mount_vol
head -c 3000001 /dev/urandom >"$MNT/src"
python3 - "$MNT" <<'EOF'
import os, sys
os.chdir(sys.argv[1])
src = os.open("src", os.O_RDONLY)
size = os.fstat(src).st_size

def all_of(name, step):
    dst = os.open(name, os.O_RDWR | os.O_CREAT, 0o644)
    done = 0
    while done < size:
        n = step(dst, done)
        assert n > 0, (name, done)
        done += n
    assert os.fstat(dst).st_size == size, name

all_of("range", lambda dst, done: os.copy_file_range(src, dst, size - done, done, done))
all_of("sendfile", lambda dst, done: os.sendfile(dst, src, done, size - done))
r, w = os.pipe()

def piped(dst, done):
    n = os.splice(src, w, min(65536, size - done), offset_src=done)
    got = 0
    while got < n:
        got += os.splice(r, dst, n - got, offset_dst=done + got)
    return n
all_of("splice", piped)

# an unaligned piece of a file into itself, and the end of the file
own = os.open("range", os.O_RDWR)
assert os.copy_file_range(own, own, 5000, 77, 1000003) == 5000
assert os.copy_file_range(src, own, 100, size, 0) == 0
src_bytes = open("src", "rb").read()
own_bytes = open("range", "rb").read()
assert own_bytes[1000003:1005003] == src_bytes[77:5077]
assert own_bytes[:1000003] == src_bytes[:1000003]
EOF
cmp "$MNT/src" "$MNT/sendfile"
cmp "$MNT/src" "$MNT/splice"
remount_vol
cmp "$MNT/src" "$MNT/sendfile"
cmp "$MNT/src" "$MNT/splice"
[ "$(stat -c %s "$MNT/range")" = 3000001 ] || fail "size"
end_clean

setup_cluster 2
head -c 300000 /dev/urandom >"$MNT0/src"
python3 - "$MNT0/src" "$MNT1/dst" <<'EOF'
import os, sys
src = os.open(sys.argv[1], os.O_RDONLY)
dst = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT, 0o644)
done = 0
while done < 300000:
    done += os.sendfile(dst, src, done, 300000 - done)
EOF
cmp "$MNT0/src" "$MNT1/dst"
end_cluster
