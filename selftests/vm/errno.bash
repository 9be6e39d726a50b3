# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tests of errors: errno_matrix on a new volume and on XFS in the same machine.

# errno_on DIRECTORY FAMILY...: what is answered there, in DIRECTORY's OUT
errno_on() {
	local dir=$1 ro=/tmp/errno-ro other ret=0

	shift
	# nothing of what other tests left is in the way there
	other=$(mktemp -d)
	mkdir -p "$ro" "$dir/cases" "$dir/there" "$dir/ro/dir"
	echo bytes >"$dir/ro/file"
	chmod 755 "$dir" "$dir/cases"
	mount --bind "$dir/ro" "$ro"
	mount -o remount,bind,ro "$ro"
	mount -t tmpfs none "$dir/there"
	(cd "$dir/cases" && READONLY=$ro MOUNTED=$dir/there OTHER=$other \
		errno_matrix "$@") || ret=$?
	umount "$dir/there"
	umount "$ro"
	return $ret
}

# errno_same: what was answered there is the same
errno_same() {
	# POSIX has both; the archive ABI has ENOTEMPTY
	sed -i 's/^rename-not_empty EEXIST$/rename-not_empty ENOTEMPTY/' /tmp/errno.xfs
	diff /tmp/errno.xfs /tmp/errno.scoutfs || fail "XFS answers otherwise"
}

# errno_test FAMILY...: both are what the program's table says
errno_test() {
	mkfs_vol
	mount_vol
	errno_on "$MNT" "$@" >/tmp/errno.scoutfs || fail "not what the table says"
	end_clean
	require_cmd mkfs.xfs
	mkfs.xfs -qf /dev/sfs-xfs
	mount -t xfs /dev/sfs-xfs "$SCRATCH_MNT"
	errno_on "$SCRATCH_MNT" "$@" >/tmp/errno.xfs || say "XFS differs from the table"
	umount "$SCRATCH_MNT"
	errno_same
}
