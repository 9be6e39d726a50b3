#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A client goes on with its files and directories after the server's volume was
# unmounted and mounted again, whatever its caches hold.
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=selftests/vm/export/nfs.bash
. "$(dirname "$0")/nfs.bash"

for check in no_subtree_check subtree_check; do
	mkfs_vol
	mount_vol
	# not all of the volume
	mkdir "$MNT/top"
	nfs_start "$MNT/top" $check
	mkdir -p "$NFS/a/b/c"
	echo bytes >"$NFS/a/b/c/file"
	# the client has its handle, and asks for no names on the way to it
	exec 3<"$NFS/a/b/c"
	c=/proc/self/fd/3
	nfs_unserve
	mount_vol
	# a subtree that nobody has looked at since
	mv "$MNT/top/a/b" "$MNT/top/b2"
	remount_vol
	echo 2 >/proc/sys/vm/drop_caches
	nfs_serve "$MNT/top" $check
	[ "$(cat $c/file)" = bytes ] || fail "bytes ($check)"
	echo new >$c/file2
	mv $c/file $c/../file
	[ "$(cat $c/../file)" = bytes ] || fail "moved file's bytes ($check)"
	[ "$(ls "$MNT/top/b2/c")" = file2 ] || fail "names ($check)"
	exec 3<&-
	nfs_stop
	check_vol
done
