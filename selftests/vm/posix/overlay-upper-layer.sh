#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# overlayfs takes scoutfs for its upper layer with all it asks of one: whiteouts,
# O_TMPFILE, trusted xattrs, handles.
. "$(dirname "$0")/../../lib.sh"

OVL=/mnt/overlay

mount_overlay() {
	mount -t overlay -o "lowerdir=/tmp/lower,upperdir=$MNT/upper,workdir=$MNT/work,$1" \
		overlay $OVL
}

expect() {
	local names

	names="$(ls -m $OVL) / $(ls -m $OVL/dir)"
	[ "$names" = "dir, moved2, sub2 / changed, kept" ] || fail "names: $names"
	[ "$(cat $OVL/moved2 $OVL/dir/*)" = $'moved\nchanged\nmore\nkept' ] || fail "bytes"
	[ "$(stat -c %a $OVL/dir/kept)" = 600 ] || fail "mode"
}

mkfs_vol
mount_vol
mkdir -p "$MNT/upper" "$MNT/work" /tmp/lower/dir/sub $OVL
for f in kept gone moved changed; do
	echo $f >/tmp/lower/dir/$f
done
dmesg -C
mount_overlay index=on,redirect_dir=on,metacopy=on
# it says what the upper layer lacks, and goes on without
log=$(dmesg | grep overlayfs || :)
[ -z "$log" ] || fail "$log"

rm $OVL/dir/gone
mv $OVL/dir/moved $OVL/moved2
echo more >>$OVL/dir/changed
mv $OVL/dir/sub $OVL/sub2
chmod 600 $OVL/dir/kept
expect
for f in gone moved; do
	[ "$(stat -c '%F %t:%T' "$MNT/upper/dir/$f")" = "character special file 0:0" ] ||
		fail "no whiteout of $f"
done
umount $OVL
remount_vol
mount_overlay index=on,redirect_dir=on,metacopy=on
expect
rm -r $OVL/dir
mkdir $OVL/dir
[ -z "$(ls $OVL/dir)" ] || fail "a new directory shows what was below the old one"
umount $OVL
end_clean
