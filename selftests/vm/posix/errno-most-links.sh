#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest damages
# What has as many links as can be gets no more of them: EMLINK, as on XFS.
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../errno.bash"

# most_make: what the program needs, but for the numbers of links
most_make() {
	mkdir -p "$1/most/sub" "$1/names"
	touch "$1/most/f"
	ln "$1/most/f" "$1/most/g"
	dir=$(stat -c %i "$1/most")
	file=$(stat -c %i "$1/most/f")
}

# most_links DIRS NAMES: in the inodes
most_links() {
	umount_vol
	setnlink "$META" "$DATA" "$dir" "$1"
	setnlink "$META" "$DATA" "$file" "$2"
}

max=$(((1 << 31) - 1))
mkfs_vol
mount_vol
most_make "$MNT"
most_links $max $max
mount_vol
[ "$(stat -c %h "$MNT/most" "$MNT/most/f" | xargs)" = "$max $max" ] || fail "other numbers of links"
MOST=$MNT/most errno_on "$MNT" emlink >/tmp/errno.scoutfs || fail "not what the table says"
[ "$(stat -c %h "$MNT/most" "$MNT/most/f" | xargs)" = "$max $max" ] || fail "the numbers changed"
# nothing else is wrong with the volume
most_links 3 2
check_vol
require_cmd mkfs.xfs xfs_db
mkfs.xfs -qf /dev/sfs-xfs
mount -t xfs /dev/sfs-xfs "$SCRATCH_MNT"
most_make "$SCRATCH_MNT"
umount "$SCRATCH_MNT"
for ino in "$dir" "$file"; do
	xfs_db -x -c "inode $ino" -c "write -d core.nlinkv2 $max" /dev/sfs-xfs
done
mount -t xfs /dev/sfs-xfs "$SCRATCH_MNT"
MOST=$SCRATCH_MNT/most errno_on "$SCRATCH_MNT" emlink >/tmp/errno.xfs ||
	say "XFS differs from the table"
umount "$SCRATCH_MNT"
errno_same
