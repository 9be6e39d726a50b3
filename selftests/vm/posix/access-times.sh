#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# relatime, noatime, strictatime, nodiratime and lazytime mean what mount(8) says, and a
# time of access survives an unmount.
. "$(dirname "$0")/../../lib.sh"

OLD=1000000000

# expect OPTIONS NAME touched|same: reading it changes its time of access, or not.
expect() {
	local before after is=same

	mount -o "remount,$1" "$MNT"
	before=$(stat -c %x "$MNT/$2")
	if [ -d "$MNT/$2" ]; then
		ls "$MNT/$2" >/dev/null
	else
		cat "$MNT/$2" >/dev/null
	fi
	after=$(stat -c %x "$MNT/$2")
	[ "$after" = "$before" ] || is=touched
	[ $is = "$3" ] || fail "$1, $2: $is"
}

# kept NAME: an unmount does not change it.
kept() {
	local before

	before=$(stat -c %x "$MNT/$1")
	remount_vol
	[ "$(stat -c %x "$MNT/$1")" = "$before" ] ||
		fail "$1: $(stat -c %x "$MNT/$1") instead of $before after the unmount"
}

mkfs_vol
mount_vol strictatime
mkdir "$MNT/dir"
for f in old new; do
	echo bytes >"$MNT/$f"
done
# read after the last change, and before it
touch -a -d @$OLD "$MNT/old"
cat "$MNT/new"
ls "$MNT/dir"

expect noatime old same
expect relatime new same
expect nodiratime,strictatime dir same
expect relatime old touched
kept old
touch -a -d @$OLD "$MNT/old"
expect lazytime,relatime old touched
kept old
expect strictatime new touched
expect strictatime,diratime dir touched
kept dir
kept new

# lazytime does not lose the times of writes
remount_vol lazytime
touch -d @$OLD "$MNT/old"
echo more >>"$MNT/old"
mtime=$(stat -c %y "$MNT/old")
remount_vol
[ "$(stat -c %y "$MNT/old")" = "$mtime" ] || fail "mtime"
[ "$(stat -c %Y "$MNT/old")" != $OLD ] || fail "the write did not change mtime"
end_clean
