#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# What an NFS server has answered is on the devices.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/export/nfs.bash
. "$(dirname "$0")/nfs.bash"

mkfs_vol
mount_vol
nfs_start "$MNT"
mkdir "$NFS/old"
sync
mkdir "$NFS/dir"
ln -s target "$NFS/sym"
mv "$NFS/old" "$NFS/dir/new"
chmod 700 "$NFS/dir"
# no more is written from now on
umount -f "$MNT" 2>/dev/null || :
nfs_stop
forget_guard
mount_vol
[ "$(ls -m "$MNT")" = "dir, sym" ] || fail "there is: $(ls -m "$MNT")"
[ -d "$MNT/dir/new" ] || fail "the renamed directory is not there"
[ "$(stat -c %a "$MNT/dir")" = 700 ] || fail "mode"
end_clean
