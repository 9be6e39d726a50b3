# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For tests that damage a volume; sourced after lib.sh.

# A new volume with dirs a and b, 100 files each, in groups of 16 inodes;
# mounted.
damage_vol() {
	mkfs_vol --group-inodes=16
	mount_vol
	mkdir "$MNT/a" "$MNT/b"
	manyfiles create "$MNT/a" 100
	manyfiles create "$MNT/b" 100
	for i in 0 1 2 3 4; do
		head -c 100000 /dev/zero | tr '\0' "$i" >"$MNT/a/data$i"
		head -c 100000 /dev/zero | tr '\0' "$i" >"$MNT/b/data$i"
	done
}

# group_of PATH: of its inode
group_of() {
	echo $(($(stat -c %i "$1") >> 4))
}

# group_block GROUP: root block of the group's tree; unmounted
group_block() {
	scoutfs print "$META" | sed -n "s/^  root group=$1 .*tree=\"height [0-9]* block \([0-9]*\) .*/\1/p"
}

# super_field NAME: as scoutfs print shows it
super_field() {
	scoutfs print -S "$META" | sed -n "s/^  super .* $1=\([0-9a-z]*\).*/\1/p"
}

# Root block of a tree of the super or of the mount record: volume, mlog, ...
tree_block() {
	scoutfs print -S "$META" |
		sed -n "s/^  \(super\|record\) .* $1=\"height [1-9][0-9]* block \([0-9]*\) .*/\2/p"
}

# flip BLOCK [BYTE]: changes a byte of a metadata block
flip() {
	local at=$(($1 * 4096 + ${2:-3000}))
	local old

	old=$(od -A n -t u1 -j $at -N 1 "$META")
	# shellcheck disable=SC2059
	printf "\\x$(printf %x $(((old + 0x55) & 255)))" |
		dd of="$META" bs=1 seek=$at conv=notrunc,fsync status=none
}

mark_log() {
	echo "damage-test-mark-$$-$((++mark))" >/dev/kmsg
}
mark=0

# log_says TEXT: the kernel's log does since the mark
log_says() {
	dmesg | sed "1,/damage-test-mark-$$-$mark\$/d" | grep -q -- "$1"
}

show_log() {
	dmesg | sed "1,/damage-test-mark-$$-$mark\$/d"
}

# fsck_finds ID: and exits with 4, errors left
fsck_finds() {
	local ret=0

	fsck.scoutfs -n "$META" "$DATA" >/tmp/found 2>&1 || ret=$?
	[ $ret = 4 ] || fail "fsck exits with $ret: $(head -n 20 /tmp/found)"
	grep -q "^$1: " /tmp/found || fail "fsck does not find $1: $(head -n 20 /tmp/found)"
}
