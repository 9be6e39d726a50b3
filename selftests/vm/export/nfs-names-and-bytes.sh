#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# The NFS server creates, writes, renames, links, deletes, and reads back; both sides
# see the same.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/export/nfs.bash
. "$(dirname "$0")/nfs.bash"

mkfs_vol
mount_vol
nfs_start "$MNT"
mkdir -p "$NFS/d/e"
head -c 300000 /dev/urandom >/tmp/bytes
cp /tmp/bytes "$NFS/d/e/file"
cmp /tmp/bytes "$MNT/d/e/file"
ln "$NFS/d/e/file" "$NFS/link"
mv "$NFS/d/e" "$NFS/e2"
cmp /tmp/bytes "$NFS/e2/file"
ln -s target "$NFS/sym"
chmod 640 "$NFS/link"
[ "$(stat -c '%a %h %s' "$MNT/e2/file")" = "640 2 300000" ] || fail "attributes"
[ "$(readlink "$MNT/sym")" = target ] || fail "symlink"
rm "$NFS/e2/file" "$NFS/sym"
rmdir "$NFS/d"
[ "$(ls -m "$MNT")" = "e2, link" ] || fail "names: $(ls -m "$MNT")"
# changes behind the server
echo appended >>"$MNT/link"
[ "$(tail -c 9 "$NFS/link")" = appended ] || fail "appended bytes"
mkdir "$MNT/e2/new"
[ "$(ls "$NFS/e2")" = new ] || fail "new directory"
# the server asks for locks, and there are none of the client's
(flock -n 3 || fail "lock over NFS") 3>>"$NFS/link"
nfs_stop
check_vol
